"""A phone that lacks something: space, memory, a file of the pages, the code reader. What can go on goes on; the rest is said."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page

from healthcard.card import Card
from tests import browser
from tests.scanner.steps import CAMERA_KEPT, believed, opened, read_text, screenshot, until

FULL = "IDBObjectStore.prototype.put = () => { throw new DOMException('full', 'QuotaExceededError'); };"
ABORTED = """
const put = IDBObjectStore.prototype.put;
IDBObjectStore.prototype.put = function (...given) { const asked = put.apply(this, given); this.transaction.abort(); return asked; };
"""
NO_MEMORY = """
indexedDB.open = () => {
  const asked = { error: new DOMException("Internal error opening backing store", "UnknownError") };
  setTimeout(() => asked.onerror(), 0);
  return asked;
};
"""
NO_DECODER = """
const Real = Worker;
window.Worker = function (address, options) {
  return new Real(String(address).includes("decoder") && !window.mended ? "/nowhere.js" : address, options);
};
"""
GREY = Image.new("RGB", browser.VIDEO, (90, 90, 90))


@pytest.mark.parametrize("lacking", [FULL, ABORTED], ids=["full", "aborted"])
def test_a_card_is_shown_where_the_phone_is_full(phone: BrowserContext, service: httpx.Client, card: Card, lacking: str) -> None:
    page = opened(phone, service)
    faults = browser.watched(page)
    page.evaluate(f"() => {{ {lacking} }}")
    assert read_text(page, card.text) == "verified" and page.locator("#verdict").count() == 1
    page.click("#add-contact")
    page.click("#make-key")
    page.wait_for_selector("text=no pudo guardarla")
    assert page.locator("#public-key").count() == 0, "a key that is lost with the page is given to nobody"
    assert not faults


def test_a_browser_that_keeps_nothing_reads_for_as_long_as_it_is_open(tmp_path: Path, service: httpx.Client, card: Card) -> None:
    with browser.phone(tmp_path) as context:
        context.add_init_script(NO_MEMORY)
        page = context.pages[0]
        faults = browser.watched(page)
        page.goto(str(service.base_url))
        page.click("#from-network")
        believed(page)
        assert "no pudo guardarla" in page.locator("main").inner_text()
        screenshot(page, "nothing-kept")
        page.click("text=Volver")
        assert read_text(page, card.text) == "verified"
        assert not faults


def test_a_kept_list_that_can_not_be_read_any_more_is_taken_again(phone: BrowserContext, service: httpx.Client, card: Card) -> None:
    page = opened(phone, service)
    page.evaluate("async () => (await import('/scanner/memory.js')).keep('bundle', new Uint8Array(3)).then(() => true)")
    page.reload()
    page.click("#from-network")
    believed(page)
    page.click("text=Volver")
    assert read_text(page, card.text) == "verified"


@pytest.fixture
def first_visit(tmp_path: Path) -> Iterator[Page]:
    with browser.phone(tmp_path) as context:
        yield context.pages[0]


@pytest.mark.parametrize("lost", ["**/data/growth.json", "**/words/pages.json", "**/scanner/dom.js"])
def test_a_file_that_is_lost_on_the_first_visit_is_no_blank_page(first_visit: Page, service: httpx.Client, lost: str) -> None:
    page = first_visit
    page.route(lost, lambda route: route.abort())
    page.goto(str(service.base_url))
    page.wait_for_selector("p[lang=es] a:visible")
    assert "intente otra vez" in page.locator("main").inner_text()
    assert not browser.violations(page)
    screenshot(page, "file-lost")
    page.unroute(lost)
    page.click("p[lang=es] a")
    page.wait_for_selector("#from-network")


def test_the_first_screen_says_whether_the_phone_is_ready_without_a_network(tmp_path: Path, service: httpx.Client) -> None:
    """One file that is lost while the worker installs, and it is not; the next visit mends it."""
    with browser.phone(tmp_path) as context:
        page = context.pages[0]
        context.route("**/data/labels.ne.json", lambda route: route.abort())
        page.goto(str(service.base_url))
        page.click("#from-network")
        believed(page)
        page.click("text=Volver")
        page.wait_for_timeout(3000)
        assert "siga en línea" in page.locator("#ready").inner_text()
        screenshot(page, "not-ready")
        context.unroute("**/data/labels.ne.json")
        page.reload()
        page.wait_for_selector("#ready:has-text('lee sin red')")
        context.set_offline(True)
        page.reload()
        page.wait_for_selector("#ready:has-text('lee sin red')")


def test_a_code_reader_that_does_not_start_is_said_and_tried_again(tmp_path: Path, service: httpx.Client, front: Image.Image) -> None:
    seen = browser.camera_picture(front)
    seen.save(tmp_path / "photo.jpg")
    with browser.phone(tmp_path, [seen]) as context:
        context.add_init_script(NO_DECODER)
        page = opened(context, service)
        page.click("#scan")
        page.wait_for_selector("#hint:has-text('no arrancó')")
        assert page.evaluate("() => document.body.dataset.camera") is None
        page.set_input_files("#photo", tmp_path / "photo.jpg")
        page.wait_for_selector("h1:has-text('no arrancó')")
        page.evaluate("() => { window.mended = true; }")
        page.set_input_files("#photo", tmp_path / "photo.jpg")
        assert browser.verdict(page) == "verified"


PUT_AWAY = """(state) => {
  Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
TRACKS = "() => window.given.getTracks().map(({ readyState }) => readyState).join()"


def test_a_camera_that_is_taken_away_is_said(tmp_path: Path, service: httpx.Client) -> None:
    """By her who withdraws the permission, or by another program."""
    with browser.phone(tmp_path, [GREY]) as context:
        context.add_init_script(CAMERA_KEPT)
        page = opened(context, service)
        page.click("#scan")
        page.wait_for_selector("body[data-camera=on]")
        page.evaluate("() => window.given.getTracks().forEach((track) => { track.stop(); track.dispatchEvent(new Event('ended')); })")
        page.wait_for_selector("#hint:has-text('No se puede usar la cámara')")
        assert page.evaluate("() => document.body.dataset.camera") is None


def test_a_phone_that_is_put_away_while_the_browser_asks_has_one_camera(tmp_path: Path, service: httpx.Client) -> None:
    with browser.phone(tmp_path, [GREY]) as context:
        context.add_init_script("""
            const real = navigator.mediaDevices && navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
            window.asked = [];
            if (real) navigator.mediaDevices.getUserMedia = async (wanted) => {
              const one = {};
              await new Promise((resolve) => window.asked.push(Object.assign(one, { allow: resolve })));
              return (one.given = await real(wanted));
            };
        """)
        page = opened(context, service)
        faults = browser.watched(page)
        page.click("#scan")
        page.evaluate(PUT_AWAY, "hidden")
        page.evaluate(PUT_AWAY, "visible")
        assert page.evaluate("() => { window.asked.forEach(({ allow }) => allow()); return window.asked.length; }") == 2
        page.wait_for_selector("body[data-camera=on]")
        until(page, "() => window.asked.every(({ given }) => given)")
        states = "() => window.asked.map(({ given }) => given.getTracks()[0].readyState).join()"
        until(page, f"() => ({states})() === 'ended,live'")
        page.click("text=Cancelar")
        assert page.evaluate(states) == "ended,ended"
        assert not faults


def test_a_phone_that_is_put_away_sees_and_tells_nothing(tmp_path: Path, service: httpx.Client, card: Card) -> None:
    """And goes on when it comes back: its camera looks again, its screen is as it was."""
    with browser.phone(tmp_path, [GREY]) as context:
        context.add_init_script(CAMERA_KEPT)
        context.add_init_script(browser.VOICES)
        page = opened(context, service)
        faults = browser.watched(page)
        page.click("#scan")
        page.wait_for_selector("body[data-camera=on]")
        page.evaluate(PUT_AWAY, "hidden")
        assert page.evaluate(TRACKS) == "ended"
        page.evaluate(PUT_AWAY, "visible")
        until(page, f"() => ({TRACKS})() === 'live'")
        page.click("text=Cancelar")
        assert read_text(page, card.text) == "verified"
        page.click("#show-her")
        page.click("#aloud")
        page.evaluate(PUT_AWAY, "hidden")
        assert page.evaluate("() => window.said").pop() == "silence"
        page.evaluate(PUT_AWAY, "visible")
        assert page.locator("#holder").count() == 1
        assert not faults


def test_hints_are_given_where_the_code_reader_never_answers(tmp_path: Path, service: httpx.Client) -> None:
    with browser.phone(tmp_path, [GREY]) as context:
        context.add_init_script("Worker.prototype.postMessage = () => {};")
        page = opened(context, service)
        page.clock.install()
        page.click("#scan")
        page.wait_for_selector("body[data-camera=on]")
        page.clock.fast_forward(15_000)
        page.wait_for_selector("#hint ul")
