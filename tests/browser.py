"""A real Chromium, headless, whose camera sees what a test shows it; and what it keeps on disk, for tests of the pages.

    with phone(tmp_path, [camera_picture(front)]) as context:
        page = context.new_page()

HEALTHCARD_SLOW=6 makes every page six times slower, and each answer late: what a test takes for done too early shows itself.
"""

import contextlib
import io
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from PIL import Image, ImageFilter
from playwright.sync_api import BrowserContext, Page, Playwright, expect, sync_playwright

VIDEO = (1280, 960)  # pixels of the camera
FRAMES = 30  # of one picture; the fake device plays its file over and over
DESK = (112, 104, 96)
# No sandbox for root, as in a container; nothing that calls home.
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
)  # fmt: skip
SLOW, LATE = float(os.environ.get("HEALTHCARD_SLOW", "1")), 200  # times; milliseconds for each answer where it is slow
PATIENCE = 30_000 * SLOW  # milliseconds that a test waits for what a page shows
expect.set_options(timeout=PATIENCE)
# Two voices, whose words are kept: a browser of tests has none.
VOICES = """
window.said = [];
window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
Object.defineProperty(window, "speechSynthesis", { value: {
  getVoices: () => ["ht-HT", "es-MX"].map((lang) => ({ lang, localService: true })),
  speak: ({ text, lang }) => window.said.push(`${lang}: ${text}`),
  cancel: () => window.said.push("silence"),
} });
"""


def chromium() -> str:
    """The system's Chromium; the tests need one (make system-packages)."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert found, "no Chromium: run make system-packages"
    return found


def camera_picture(card: Image.Image, share: float = 0.9, tilt: float = 2.0, blur: float = 0.8, light: float = 0.85) -> Image.Image:
    """A printed side lying on a desk, as a phone's camera sees it: a little turned, soft and dim."""
    width, height = VIDEO
    scale = share * height / card.height
    seen = card.convert("RGB").resize((round(card.width * scale), round(card.height * scale)), Image.Resampling.LANCZOS)
    seen = seen.rotate(tilt, expand=True, fillcolor=DESK, resample=Image.Resampling.BICUBIC)
    frame = Image.new("RGB", VIDEO, DESK)
    frame.paste(seen, ((width - seen.width) // 2, (height - seen.height) // 2))
    return frame.filter(ImageFilter.GaussianBlur(blur)).point(lambda level: round(level * light))


def video(path: Path, pictures: Sequence[Image.Image]) -> Path:
    """A camera's film (MJPEG) that shows each picture for a second."""
    frames = []
    for picture in pictures:
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=80)
        frames.append(file.getvalue() * FRAMES)
    path.write_bytes(b"".join(frames))
    return path


@contextlib.contextmanager
def phone(
    folder: Path, pictures: Sequence[Image.Image] = (), *, language: str = "es-MX", size: tuple[int, int] = (390, 844),
    further: Sequence[str] = (), **options: Any,
) -> Iterator[BrowserContext]:  # fmt: skip
    """A browser with a profile of its own in `folder`, whose camera shows `pictures` in turn; none: no camera is allowed.

    `further` are arguments of Chromium, `options` those of a context.
    """
    arguments = [*ARGUMENTS, *further]
    if pictures:
        arguments.append(f"--use-file-for-fake-video-capture={video(folder / 'camera.mjpeg', pictures)}")
    with sync_playwright() as playwright, _launched(playwright, folder / "profile", arguments, language, size, options) as context:
        if pictures:
            context.grant_permissions(["camera"])
        context.set_default_timeout(PATIENCE)
        if SLOW > 1:
            context.on("page", _slow)
            for page in context.pages:
                _slow(page)
        yield context


def _slow(page: Page) -> None:
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOW})
    session.send("Network.enable")
    unlimited = {"offline": False, "latency": LATE, "downloadThroughput": -1, "uploadThroughput": -1}
    session.send("Network.emulateNetworkConditions", unlimited)


@contextlib.contextmanager
def _launched(
    playwright: Playwright, profile: Path, arguments: list[str], language: str, size: tuple[int, int], options: dict[str, Any]
) -> Iterator[BrowserContext]:
    context = playwright.chromium.launch_persistent_context(
        profile, executable_path=chromium(), args=arguments, locale=language, viewport={"width": size[0], "height": size[1]}, **options
    )
    try:
        yield context
    finally:
        context.close()


def watched(page: Page) -> list[str]:
    """What went wrong on a page, as it happens: errors of scripts, refusals by the policy, requests to elsewhere than loopback."""
    found: list[str] = []
    page.on("pageerror", lambda error: found.append(f"error: {error}"))
    page.on("console", lambda said: found.append(f"console: {said.text}") if said.type == "error" else None)
    page.on("request", lambda asked: None if _own(asked.url) else found.append(f"request: {asked.url}"))
    return found


def _own(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "http://localhost:", "blob:", "data:"))


def verdict(page: Page, timeout: float = PATIENCE) -> str:
    """The verdict once there is one; the page's policy lets no string be evaluated, so it is asked for again and again."""
    for _ in range(int(timeout // 50)):
        if found := page.evaluate("() => document.body.dataset.verdict || ''"):
            return str(found)
        page.wait_for_timeout(50)
    raise AssertionError("no verdict")


def violations(page: Page) -> list[str]:
    """What axe-core finds against WCAG 2.2 AA, each as rule and element."""
    results = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    return [f"{found['id']}: {node['html'][:120]}" for found in results.response["violations"] for node in found["nodes"]]


def written(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file that the browser left in its profile."""
    for root, _, names in os.walk(folder / "profile"):
        for name in names:
            path = Path(root) / name
            if path.is_file():
                yield path, path.read_bytes()
