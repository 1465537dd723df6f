"""In the field, in a real browser: V1 to V3, an update during a scan, what stays on the phone, what goes over the network, keys alone."""

import json
from datetime import date, timedelta
from pathlib import Path

import httpx
import numpy as np
import pytest
import zxingcpp
from PIL import Image, ImageDraw
from playwright.sync_api import BrowserContext, Page
from starlette.applications import Starlette
from starlette.routing import Mount

from api.pages import Pages
from benchmarks.damage_photo import Box, photograph
from healthcard.card import Card
from healthcard.commands.scanner import copy_pages
from healthcard.printing.rendering import render
from healthcard.record import Record
from healthcard.resources import example
from healthcard.trust import custody
from healthcard.trust.bundle import published_signer
from healthcard.trust.texts import bundle_texts
from tests import browser
from tests.scanner.conftest import side_of
from tests.scanner.steps import opened, read_text, screenshot, until
from tests.test_verifier import running_app
from tests.world import World

# A camera that says it has light, zoom and focus, as a phone's; what is asked of it is kept.
CAMERA_OF_A_PHONE = """
window.asked = [];
MediaStreamTrack.prototype.getCapabilities = () => (
  { torch: true, zoom: { min: 1, max: 4, step: 0.1 }, focusMode: ["continuous", "single-shot"] });
MediaStreamTrack.prototype.applyConstraints = async ({ advanced }) => { window.asked.push(...advanced); };
"""
# A browser from before 2025: WebCrypto knows neither name.
OLD_WEBCRYPTO = """
for (const name of ["importKey", "generateKey"]) {
  const real = SubtleCrypto.prototype[name];
  SubtleCrypto.prototype[name] = function (...given) {
    const algorithm = given[name === "importKey" ? 2 : 0];
    const wanted = typeof algorithm === "string" ? algorithm : algorithm.name;
    if (["Ed25519", "X25519"].includes(wanted)) return Promise.reject(new DOMException("Unrecognized name.", "NotSupportedError"));
    return real.apply(this, given);
  };
}
"""
# All that a page can leave behind, as one text.
KEPT = """async () => {
  const kept = [JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage }), document.cookie, location.href, JSON.stringify(history.state)];
  for (const { name } of await indexedDB.databases()) {
    const database = await new Promise((resolve) => { indexedDB.open(name).onsuccess = ({ target }) => resolve(target.result); });
    for (const store of database.objectStoreNames) {
      const all = await new Promise((resolve) => { database.transaction(store).objectStore(store).getAll().onsuccess = ({ target }) => resolve(target.result); });
      const keys = await new Promise((resolve) => { database.transaction(store).objectStore(store).getAllKeys().onsuccess = ({ target }) => resolve(target.result); });
      kept.push(JSON.stringify(keys), ...all.map((value) => (value instanceof Uint8Array ? Array.from(value, (byte) => String.fromCharCode(byte)).join("") : JSON.stringify(value))));
    }
    database.close();
  }
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) kept.push(request.url);
  }
  return kept.join("\\n");
}"""  # noqa: E501


@pytest.fixture(scope="module")
def grey(card: Card) -> tuple[np.ndarray, float, Box]:
    """The printed front as grey levels, pixels per mm, and the place of its code."""
    front = side_of(render(card, format="png")).convert("L")
    [code] = zxingcpp.read_barcodes(front, zxingcpp.BarcodeFormat.QRCode)
    corner, side = code.position.top_left, code.position.top_right.x - code.position.top_left.x
    return np.asarray(front), front.height / 105, (corner.x, corner.y, side, side)


def shot(grey: tuple[np.ndarray, float, Box], condition: str, seed: int, glare: float = 0.0) -> Image.Image:
    """A camera picture of the card under a condition of the photo simulator, with a reflection as large as `glare` of its height."""
    page, px_per_mm, box = grey
    taken = Image.fromarray(photograph(page, px_per_mm, box, condition, seed)).convert("RGB")
    width, height = browser.VIDEO
    frame = Image.new("RGB", browser.VIDEO, browser.DESK)
    frame.paste(taken, ((width - taken.width) // 2, (height - taken.height) // 2))
    if glare:
        at, radius = (width // 2 + 40, height // 2 - 60), glare * height / 2
        ImageDraw.Draw(frame).ellipse((at[0] - radius, at[1] - radius / 3, at[0] + radius, at[1] + radius / 3), fill=(255, 255, 255))
    return frame


def test_v1_no_network_and_a_list_forty_days_old(tmp_path: Path) -> None:
    """Verdict, age of the list and the summary with danger first, within three seconds of the camera's start."""
    before = date.today() - timedelta(40)
    world = World.build(before)
    front = side_of(render(world.issue(Record.from_json(example("family_three_contacts.json"))), format="png"))
    copy_pages(tmp_path, world.bundle.raw)
    with browser.phone(tmp_path, [browser.camera_picture(front)]) as context:
        with running_app(Starlette(routes=[Mount("/", Pages(tmp_path / "scanner"))])) as service:
            page = opened(context, service)
        context.set_offline(True)
        page.reload()
        page.wait_for_selector("#scan")
        page.click("#scan")
        assert browser.verdict(page) == "verified"
        assert page.evaluate("() => performance.measure('scan', 'camera', 'verdict').duration") < 3000  # milliseconds
        assert "40 días" in page.locator("#verdict").inner_text()
        assert page.locator("h2").first.inner_text() == "Signos de peligro"
        screenshot(page, "v1-forty-days")


@pytest.mark.parametrize(("condition", "glare"), [("three creases", 0.0), ("field mix", 0.0), ("slight defocus", 0.16)])
def test_v2_creased_wet_and_glossy_cards_are_read(
    tmp_path: Path, service: httpx.Client, grey: tuple[np.ndarray, float, Box], condition: str, glare: float
) -> None:
    with browser.phone(tmp_path, [shot(grey, condition, seed, glare) for seed in (1, 2, 3)]) as context:
        page = opened(context, service)
        page.click("#scan")
        assert browser.verdict(page) == "verified"


def test_v2_light_zoom_and_focus_where_the_camera_has_them(tmp_path: Path, service: httpx.Client) -> None:
    with browser.phone(tmp_path, [Image.new("RGB", browser.VIDEO, (90, 90, 90))]) as context:
        context.add_init_script(CAMERA_OF_A_PHONE)
        page = opened(context, service)
        page.click("#scan")
        light = page.get_by_role("button", name="Luz")
        light.click()
        assert light.get_attribute("aria-pressed") == "true"
        page.get_by_label("Zoom").fill("2.5")
        page.get_by_role("button", name="Enfocar").click()
        page.wait_for_timeout(100)
        wanted = [{"focusMode": "continuous"}, {"torch": True}, {"zoom": 2.5}, {"focusMode": "single-shot"}, {"focusMode": "continuous"}]
        assert page.evaluate("() => window.asked") == wanted
        assert not browser.violations(page)
        screenshot(page, "v2-camera")


def test_v3_a_destroyed_code_leads_to_the_printed_words_and_a_new_card(
    phone: BrowserContext, service: httpx.Client, front: Image.Image, grey: tuple[np.ndarray, float, Box], tmp_path: Path
) -> None:
    x, y, side, _ = grey[2]
    destroyed = front.convert("RGB")
    ImageDraw.Draw(destroyed).rectangle((x, y, x + side, y + side), fill=(60, 50, 40))
    browser.camera_picture(destroyed).save(tmp_path / "photo.jpg")
    page = opened(phone, service)
    page.set_input_files("#photo", tmp_path / "photo.jpg")
    page.wait_for_selector("text=No hay código en esta imagen")
    said = page.locator("main").inner_text()
    assert "texto impreso" in said and "dele una tarjeta nueva" in said
    screenshot(page, "v3-destroyed")


def test_an_update_never_breaks_an_open_scan(tmp_path: Path, world: World, card: Card) -> None:
    """A new edition waits while a page is open, which goes on without a network; it takes over once all pages are closed."""
    copy_pages(tmp_path, world.bundle.raw)
    files = tmp_path / "scanner" / "files.js"
    versions = "async () => (await caches.keys()).sort().join()"
    with browser.phone(tmp_path) as context:
        with running_app(Starlette(routes=[Mount("/", Pages(tmp_path / "scanner"))])) as service:
            page = opened(context, service)
            assert read_text(page, card.text) == "verified"
            before = page.evaluate(versions)
            style = tmp_path / "scanner" / "style.css"
            style.write_text(style.read_text() + "\n:root { --edition: new; }\n")
            files.write_text(files.read_text().replace('self.VERSION = "', 'self.VERSION = "new'))
            page.evaluate("async () => { await (await navigator.serviceWorker.getRegistration()).update(); }")
            until(page, "async () => Boolean((await navigator.serviceWorker.getRegistration()).waiting)")
            assert page.locator("#verdict").count() == 1
        context.set_offline(True)
        page.click("#show-her")
        page.select_option("#her-language", "ar")
        page.wait_for_selector("#holder[lang=ar]")
        page.click("#back")
        page.click("#done")
        assert read_text(page, card.text) == "verified"
        assert len(page.evaluate(versions).split(",")) == 2
        blank, address = context.new_page(), page.url
        page.close()
        blank.wait_for_timeout(500)
        blank.goto(address)
        until(blank, f"async () => {{ const held = await ({versions})(); return held.includes('new') && !held.includes('{before}'); }}")
        assert blank.evaluate("() => getComputedStyle(document.documentElement).getPropertyValue('--edition')") == "new"
        assert read_text(blank, card.text) == "verified"


def test_v10_storage_search_after_closing(phone: BrowserContext, service: httpx.Client, card: Card) -> None:
    page = opened(phone, service)
    page.click("#scan")
    browser.verdict(page)
    page.click("#show-her")
    page.click("#back")
    visited = page.evaluate("() => history.length")
    page.click("#done")
    page.wait_for_selector("#scan")
    kept = page.evaluate(KEPT)
    assert "mx-rc" in kept and "newest-card" in kept and "data/labels.json" in kept, "the search finds what is kept on purpose"
    assert not [marker for marker in (card.text[:40], card.id.hex(), "2025-03-10", "5.62", "verified") if marker in kept]
    assert page.evaluate("() => history.length") == visited
    assert phone.cookies() == []


def test_leaving_clears_the_page_and_coming_back_starts_afresh(phone: BrowserContext, service: httpx.Client, card: Card) -> None:
    """Also where the browser keeps the page as it was, for its back button."""
    page = opened(phone, service)
    assert read_text(page, card.text) == "verified"
    page.evaluate("() => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    assert page.locator("main").inner_text() == ""
    page.evaluate("() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    assert page.locator("#scan").count() == 1 and page.locator("#verdict").count() == 0


def test_a_reading_that_was_cleared_while_it_ran_is_not_shown(phone: BrowserContext, service: httpx.Client, card: Card) -> None:
    phone.add_init_script("""
        const real = SubtleCrypto.prototype.verify;
        SubtleCrypto.prototype.verify = async function (...given) {
          if (window.slow) await new Promise((resolve) => setTimeout(resolve, 1500));
          return real.apply(this, given);
        };
    """)
    page = opened(phone, service)
    page.evaluate("() => { window.slow = true; }")
    page.click("#type")
    page.fill("#text", card.text)
    page.click("#read")
    page.evaluate("() => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    page.wait_for_timeout(3000)
    assert page.locator("main").inner_text() == ""


def test_a_whole_session_speaks_to_loopback_only(tmp_path: Path, service: httpx.Client, front: Image.Image) -> None:
    """As the browser itself logs it, below every page and worker."""
    log = tmp_path / "net.json"
    with browser.phone(tmp_path, [browser.camera_picture(front)], further=[f"--log-net-log={log}"]) as context:
        page = opened(context, service)
        page.click("#scan")
        browser.verdict(page)
        page.click("#show-her")
        page.select_option("#her-language", "ar")
        page.wait_for_selector("#holder[lang=ar]")
        page.click("#back")
        page.click("#done")
        page.click("#issuers")
        page.click("#from-network")
        page.wait_for_selector("#bundle-said:not(:empty)")
    started = [event["params"] for event in json.loads(log.read_text())["events"] if "initiator" in event.get("params", {})]
    # The browser's own errands (its updates) run under another key, and are no page's.
    of_pages = {asked["url"] for asked in started if "127.0.0.1" in asked["network_isolation_key"] + asked["initiator"]}
    assert len(of_pages) > 90
    assert not [url for url in of_pages if not url.startswith((f"{service.base_url}/", "blob:", "data:"))]


@pytest.mark.parametrize("lacking", ["by the browser", "by the switch"])
def test_the_curves_that_a_browser_lacks_give_the_same_verdict(
    phone: BrowserContext, service: httpx.Client, card: Card, lacking: str
) -> None:
    if lacking == "by the browser":
        phone.add_init_script(OLD_WEBCRYPTO)
    page = opened(phone, service)
    faults = browser.watched(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{service.base_url}/?no-webcrypto" if lacking == "by the switch" else f"{service.base_url}/")
    page.wait_for_selector("#scan")
    assert any(url.endswith("/fallback.js") for url in asked)
    assert read_text(page, card.text) == "verified" and not faults


def test_by_keyboard_alone_from_scan_to_done(phone: BrowserContext, service: httpx.Client) -> None:
    page = opened(phone, service)
    press(page, "scan")
    assert browser.verdict(page) == "verified"
    assert page.evaluate("() => document.activeElement.tagName") == "H1", "a screen reader starts at the heading"
    press(page, "show-her")
    page.wait_for_selector("#holder")
    press(page, "back")
    page.wait_for_selector("#verdict")
    press(page, "done")
    assert page.locator("#verdict").count() == 0 and page.locator("#scan").count() == 1


def press(page: Page, target: str) -> None:
    """Tab to the element, never backwards, and press Enter."""
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.id") == target:
            return page.keyboard.press("Enter")
    raise AssertionError(f"the keyboard does not reach {target}")


def test_a_pressed_button_is_seen_in_forced_colours(tmp_path: Path, service: httpx.Client) -> None:
    """Here light; at the desk a danger sign."""
    with browser.phone(tmp_path, [Image.new("RGB", browser.VIDEO, (90, 90, 90))]) as context:
        context.add_init_script(CAMERA_OF_A_PHONE)
        page = opened(context, service)
        page.emulate_media(forced_colors="active")
        page.click("#scan")
        light = page.get_by_role("button", name="Luz")
        painted = "(button) => getComputedStyle(button).backgroundColor"
        before = light.evaluate(painted)
        light.click()
        page.wait_for_selector("button[aria-pressed=true]")
        page.wait_for_timeout(300)
        assert light.evaluate(painted) != before
        screenshot(page, "forced-colours")


def test_nothing_moves_for_those_who_ask_for_no_motion(tmp_path: Path, service: httpx.Client) -> None:
    """Nor do the symbols of a long list of issuers take turns by themselves."""
    world = World.build(date.today())
    bundle = world.bundle
    for number in range(30, 50):
        bundle = custody.add_organisation(bundle, [world.root_signer], f"organisation-{number}", published_signer(number).key, world.today)
    assert len(bundle_texts(bundle)) > 1
    with browser.phone(tmp_path) as context:
        page = opened(context, service)
        page.click("#issuers")
        page.set_input_files("#bundle-file", {"name": "trust.bundle", "mimeType": "application/octet-stream", "buffer": bundle.raw})
        page.wait_for_selector("#bundle-said:not(:empty)")
        for motion in ("no-preference", "reduce"):
            page.emulate_media(reduced_motion="reduce" if motion == "reduce" else "no-preference")
            page.reload()
            page.click("#issuers")
            moving = page.evaluate("() => Array.from(document.querySelectorAll('*'), (e) => getComputedStyle(e)).filter((s) =>"
                                   " parseFloat(s.transitionDuration) > 0 || s.animationName !== 'none').length")  # fmt: skip
            page.click("#show-issuers")
            first = page.locator(".code path").get_attribute("d")
            page.wait_for_timeout(2000)
            turned = page.locator(".code path").get_attribute("d") != first
            assert (moving > 0, turned) == (motion == "no-preference",) * 2
        page.click("text=Código siguiente")
        assert page.locator(".code path").get_attribute("d") != first
