"""`healthcard scanner --export`: the one file opened from a disk, and the folder behind a plain server; in a real browser."""

import errno
import functools
import http.server
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page

from api import pages
from healthcard import resources
from healthcard.card import Card
from healthcard.commands import one_file
from healthcard.record import Record
from healthcard.resources import example
from tests import browser
from tests.command import healthcard
from tests.scanner.steps import believed, open_seal, read_text, screenshot, sealing
from tests.world import World


@pytest.fixture(scope="module")
def exported(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stick")
    world.bundle.save(folder / "trust.bundle")
    done = healthcard("scanner", "--export", str(folder / "stick"), "--bundle", str(folder / "trust.bundle"))
    assert done.code == 0, done.err
    return folder / "stick"


def from_file(page: Page, path: Path) -> tuple[list[str], list[str]]:
    """Open the one file; what goes wrong from here on, and every address that is asked for."""
    faults, asked = browser.watched(page), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    page.wait_for_selector("#type")
    return [fault for fault in faults if path.name not in fault], asked


def test_the_one_file_reads_a_photo_and_asks_for_nothing(exported: Path, front: Image.Image, tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    browser.camera_picture(front, share=0.8, tilt=5).save(photo)
    with browser.phone(tmp_path) as context:
        page = context.pages[0]
        faults, asked = from_file(page, exported / "scanner.html")
        assert page.locator("#scan").count() == 0 and "cámara" in page.locator("#standalone").inner_text()
        screenshot(page, "one-file-start")
        page.set_input_files("#photo", photo)
        assert browser.verdict(page) == "verified"
        assert page.locator("#section-danger li").count() > 0 and page.locator(".pictogram").count() > 0
        page.click("#show-her")
        page.select_option("#her-language", "ar")
        page.wait_for_selector("#holder[lang=ar][dir=rtl]")
        assert not [url for url in asked[1:] if not url.startswith(("data:", "blob:"))] and not faults


def test_the_one_file_reads_typed_text_with_the_curves_of_its_own(exported: Path, card: Card, tmp_path: Path) -> None:
    with browser.phone(tmp_path) as context:
        page = context.pages[0]
        page.goto((exported / "scanner.html").as_uri() + "?no-webcrypto")
        page.click("#type")
        page.fill("#text", card.text)
        page.click("#read")
        assert browser.verdict(page) == "verified"
        assert page.locator("#add-contact").count() == 0, "its key would be gone with the page"
        assert not browser.violations(page)


def test_the_one_file_without_a_list_of_issuers_takes_it_from_a_file(world: World, card: Card, tmp_path: Path) -> None:
    done = healthcard("scanner", "--export", str(tmp_path))
    assert done.code == 0, done.err
    world.bundle.save(tmp_path / "trust.bundle")
    with browser.phone(tmp_path) as context:
        page = context.pages[0]
        page.goto((tmp_path / "scanner.html").as_uri())
        page.set_input_files("#bundle-file", tmp_path / "trust.bundle")
        believed(page)
        page.click("text=Volver")
        page.click("#type")
        page.fill("#text", card.text)
        page.click("#read")
        assert browser.verdict(page) == "verified"


def test_the_one_file_opens_sealed_entries(world: World, tmp_path: Path) -> None:
    """In the page itself, which says so before it stands still."""
    made = sealing(world, tmp_path).issue(Record.from_json(example("family_three_contacts_sealed.json")))
    done = healthcard("scanner", "--export", str(tmp_path / "stick"), "--bundle", str(tmp_path / "trust.bundle"))
    assert done.code == 0, done.err
    with browser.phone(tmp_path) as context:
        page = context.pages[0]
        faults, _ = from_file(page, tmp_path / "stick" / "scanner.html")
        assert read_text(page, made.text) == "verified"
        open_seal(page, tmp_path / "epoch.key")
        page.wait_for_selector("#verdict")
        assert page.locator("#unlock").count() == 0
        assert not faults


@contextmanager
def plain_server(folder: Path) -> Iterator[str]:
    """What `python -m http.server` makes of a folder."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_folder_behind_a_plain_server_is_the_whole_scanner(exported: Path, front: Image.Image, tmp_path: Path) -> None:
    assert not [path for path in (exported / "scanner").rglob("*") if "station" in path.parts]
    with plain_server(exported / "scanner") as address, browser.phone(tmp_path, [browser.camera_picture(front)]) as context:
        page = context.pages[0]
        faults = browser.watched(page)
        page.goto(address)
        page.click("#from-network")
        believed(page)
        page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
        context.set_offline(True)
        page.reload()
        page.click("#scan")
        assert browser.verdict(page) == "verified"
        assert not faults


def test_a_folder_of_something_else_is_never_cleared(tmp_path: Path) -> None:
    (tmp_path / "scanner").mkdir()
    (tmp_path / "scanner" / "letters.txt").write_text("mine")
    done = healthcard("scanner", "--export", str(tmp_path))
    assert done.code == 1 and "choose another folder" in done.err
    assert (tmp_path / "scanner" / "letters.txt").read_text() == "mine"


def test_a_stick_without_space_keeps_the_edition_that_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def files() -> set[Path]:
        return {path for path in tmp_path.rglob("*") if path.is_file()}

    def full(source: str, target: str, **options: object) -> None:
        if Path(source).name == "sw.js":
            raise OSError(errno.ENOSPC, "No space left on device")
        Path(target).write_bytes(Path(source).read_bytes())

    assert healthcard("scanner", "--export", str(tmp_path)).code == 0
    whole = files()
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copyfile", full)
        done = healthcard("scanner", "--export", str(tmp_path))
    assert done.code == 1 and "is there space?" in done.said
    assert files() == whole and tmp_path / "scanner" / "sw.js" in whole
    assert healthcard("scanner", "--export", str(tmp_path)).code == 0


def test_the_policy_stands_in_the_page_as_the_service_sends_it() -> None:
    """Behind any other server the page keeps it; where it may be framed only a server can say."""
    [said] = re.findall(r'content="(default-src [^"]*)"', (resources.folder("web") / "index.html").read_text())
    assert said == pages.POLICY.replace("; frame-ancestors 'none'", "")


def test_no_browser_is_to_translate_the_page() -> None:
    """Her record would go to a service, and come back in words that nobody checked."""
    for page in ((resources.folder("web") / "index.html").read_text(), one_file.one_file(resources.folder("web"))):
        assert '<html lang="en" translate="no">' in page and re.search(r'<meta name="google" content="notranslate"', page)


def test_a_module_that_can_not_stand_in_one_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "scanner").mkdir()
    (tmp_path / "scanner" / "app.js").write_text('export const place = new URL("x.js", import.meta.url);\n')
    with pytest.raises(ValueError, match=r"app\.js: .*import\.meta"):
        one_file._script(tmp_path)
