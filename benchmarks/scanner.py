"""The scanner in a real Chromium: from camera to verdict, time of a frame, bytes of the first visit; as it is and six times slower.

    python -m benchmarks.scanner

Chromium slows the page's own thread alone, and the scanner decodes in a worker. So the decoder also runs on the slowed thread, frame by
frame, and the last figure adds a frame with the card to the slowed scan: what a phone of that speed would need.
"""

import base64
import io
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.pages import Pages
from healthcard.commands.scanner import copy_pages
from healthcard.printing.rendering import render
from healthcard.record import Record
from healthcard.resources import example
from tests import browser
from tests.test_verifier import running_app
from tests.world import World

SLOWER = 6
SCANS, FRAMES = 5, 8
AIM_BYTES, AIM_VERDICT_MS, AIM_FRAME_MS = 900_000, 1500, 200
TOLD_FILES = 6
DECODE = """async ([picture, count]) => {
  const { prepare, textsOf } = await import(new URL("scanner/codes.js", location.href).href);
  if (!window.prepared) prepare({ locateFile: (name) => new URL(`vendor/zxing-wasm/reader/${name}`, location.href).href });
  window.prepared = true;
  const image = Object.assign(new Image(), { src: picture });
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const took = [];
  for (let n = 0; n <= count; n++) {
    const began = performance.now();
    context.drawImage(image, 0, 0);
    await textsOf(context.getImageData(0, 0, image.width, image.height), false);
    took.push(performance.now() - began);
  }
  return took.slice(1);
}"""  # the first loads the WebAssembly


@dataclass
class Counted:
    """An application, with the body bytes that went out for each path."""

    app: ASGIApp
    sent: dict[str, int] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def counting(message: Message) -> None:
            if scope["type"] == "http":
                self.sent[scope["path"]] = self.sent.get(scope["path"], 0) + len(message.get("body", b""))
            await send(message)

        await self.app(scope, receive, counting)


def main() -> None:
    """Print the figures beside their aims."""
    world = World.build(date.today())
    card = world.issue(Record.from_json(example("family_three_contacts.json")))
    both = Image.open(io.BytesIO(render(card, format="png")))
    picture = browser.camera_picture(both.crop((0, 0, both.width // 2, both.height)))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy_pages(folder, world.bundle.raw)
        pages = Counted(Pages(folder / "scanner"))
        with running_app(Starlette(routes=[Mount("/", pages)])) as service, browser.phone(folder, [picture]) as context:
            page = context.pages[0]
            page.goto(str(service.base_url))
            page.wait_for_selector("#from-network")
            print_first_visit(page, pages)
            page.click("#from-network")
            page.click("#issuers-right")
            page.wait_for_selector("#bundle-said:not(:empty)")
            pages.sent.clear()
            page.reload()
            page.wait_for_selector("#scan")
            page.wait_for_timeout(1000)
            print(f"  later visits: {len(pages.sent)} requests (aim: none)")
            slow = context.new_cdp_session(page)
            for rate in (1, SLOWER):
                slow.send("Emulation.setCPUThrottlingRate", {"rate": rate})
                print_speed(page, picture, rate)
    print()


def print_first_visit(page: Page, pages: Counted) -> None:
    """All that a phone fetches before it needs no network any more."""
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    total = sum(pages.sent.values())
    print(f"Scanner in Chromium: first visit {total / 1000:.0f} kB as sent (aim: <= {AIM_BYTES / 1000:.0f} kB)")
    largest = sorted(pages.sent.items(), key=lambda one: -one[1])[:TOLD_FILES]
    print("  the largest, in kB: " + ", ".join(f"{path} {size / 1000:.0f}" for path, size in largest))


def print_speed(page: Page, picture: Image.Image, rate: int) -> None:
    """Median and longest of a few scans, and of frames with and without a card."""
    scans = [scan(page) for _ in range(SCANS)]
    empty, full = (decoded(page, one) for one in (Image.new("RGB", browser.VIDEO, browser.DESK), picture))
    speed = f"{rate} x slower" if rate > 1 else "as it is"
    print(f"  {speed}: camera to verdict {told(scans)}, aim <= {AIM_VERDICT_MS} ms")
    print(f"  {speed}: a frame without a card {told(empty)}, with one {told(full)}, aim <= {AIM_FRAME_MS} ms")
    print(f"  {speed}: verdict and a frame on one thread {statistics.median(scans) + statistics.median(full):.0f} ms")


def scan(page: Page) -> float:
    """Milliseconds from the touch to the summary on the screen."""
    page.evaluate("() => { performance.clearMarks(); delete document.body.dataset.verdict; }")
    page.click("#scan")
    browser.verdict(page)
    took = float(page.evaluate("() => performance.measure('scan', 'camera', 'verdict').duration"))
    page.click("#done")
    return took


def decoded(page: Page, picture: Image.Image) -> Sequence[float]:
    """Milliseconds of each frame."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=80)
    took: list[float] = page.evaluate(DECODE, [f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}", FRAMES])
    return took


def told(milliseconds: Sequence[float]) -> str:
    return f"{statistics.median(milliseconds):.0f} ms (longest {max(milliseconds):.0f})"


if __name__ == "__main__":
    main()
