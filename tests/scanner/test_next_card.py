"""From one card to the next: hers alone is on the screen, whichever way it came there; in a real browser."""

import random
from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page

from api import verifier
from api.settings import Settings
from healthcard import card as cards
from healthcard import continuing
from healthcard.card import Card
from healthcard.printing.rendering import render
from healthcard.record import Record
from healthcard.resources import example
from healthcard.trust.texts import on_screen
from tests import browser
from tests.scanner.conftest import side_of
from tests.scanner.steps import CAMERA_KEPT, opened, read_text, screenshot
from tests.test_verifier import running_app
from tests.world import World

GREY = Image.new("RGB", browser.VIDEO, (90, 90, 90))
# The keys of a hand scanner, all at once.
SCANNED = """(text) => {
  for (const key of [...text, "Enter"]) document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
}"""


@pytest.fixture(scope="module")
def hers(world: World) -> Card:
    """A mother in danger, today."""
    return world.issue(Record.from_json(example("severe_pre_eclampsia.json")))


@pytest.fixture(scope="module")
def next_womans(world: World) -> Card:
    """The card of another, issued a day earlier."""
    yesterday = world.today - timedelta(1)
    return cards.issue(Record.from_json(example("muac_only.json")), world.station_signer, world.bundle, now=yesterday)


def by_hand_scanner(page: Page, text: str) -> str:
    page.evaluate("() => { delete document.body.dataset.verdict; }")
    page.keyboard.type(text)
    page.keyboard.press("Enter")
    return browser.verdict(page)


def shown(page: Page) -> str:
    return page.locator("main").inner_text()


def test_the_next_womans_card_by_hand_scanner_is_shown_alone(
    phone: BrowserContext, service: httpx.Client, hers: Card, next_womans: Card
) -> None:
    """Though it is older, and nobody pressed "done" in between."""
    page = opened(phone, service)
    assert by_hand_scanner(page, next_womans.text) == "verified"
    alone = shown(page)
    page.click("#done")
    assert by_hand_scanner(page, hers.text) == "verified"
    assert page.locator("#section-danger.red").count() == 1
    assert by_hand_scanner(page, next_womans.text) == "verified"
    assert shown(page) == alone
    screenshot(page, "next-woman")


def test_the_next_womans_unreadable_card_takes_the_first_ones_words_off_the_screen(
    phone: BrowserContext, service: httpx.Client, hers: Card
) -> None:
    page = opened(phone, service)
    assert by_hand_scanner(page, hers.text) == "verified"
    assert by_hand_scanner(page, hers.text[:100]) == "unreadable"
    assert page.locator("#section-danger").count() == 0


def test_a_sticker_and_a_copy_of_her_card_are_added_to_it(phone: BrowserContext, service: httpx.Client, world: World, hers: Card) -> None:
    change = {"person": 0, "date": world.today.isoformat(), "observations": {"systolic": 118, "diastolic": 76}}
    reading = cards.read(hers.text, bundle=world.bundle, now=world.today)
    sticker = continuing.extend(reading, change, world.station_signer, world.bundle, now=world.today, sticker=True)
    page = opened(phone, service)
    for texts in ((hers.text, sticker.text, hers.text), (sticker.text, hers.text)):
        for text in texts:
            assert by_hand_scanner(page, text) == "verified"
        assert page.locator(".parts li").count() == 2
        page.click("#done")


def test_the_next_womans_card_as_another_code_is_shown_alone(tmp_path: Path, service: httpx.Client, hers: Card, next_womans: Card) -> None:
    with browser.phone(tmp_path, [browser.camera_picture(side_of(render(next_womans, format="png")))]) as context:
        page = opened(context, service)
        assert read_text(page, hers.text) == "verified"
        page.evaluate("() => { delete document.body.dataset.verdict; }")
        page.click("#another")
        assert browser.verdict(page) == "verified"
        assert page.locator("#section-danger.red").count() == 0 and page.locator("#other-cards, .parts").count() == 0


def test_every_card_text_is_taken_from_a_hand_scanner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the letters of a prefix stand within it; the cards are the same in each run."""
    world = World.build(date(2026, 7, 2))
    world.bundle.save(tmp_path / "trust.bundle")
    monkeypatch.setattr("secrets.token_bytes", random.Random(2).randbytes)
    record = Record.from_json(example("muac_only.json"))
    texts = [world.issue(record).text for _ in range(60)]
    assert sum("MC" in text[2:] for text in texts) > 3
    with browser.phone(tmp_path) as context, running_app(verifier.create_app(Settings(tmp_path / "trust.bundle"))) as service:
        page = opened(context, service)
        page.clock.set_fixed_time("2026-07-02T10:00:00")
        for text in texts:
            page.evaluate("() => { delete document.body.dataset.verdict; }")
            page.evaluate(SCANNED, text)
            assert browser.verdict(page) == "verified", text
            assert page.locator(".parts").count() == 0


def test_a_hand_scanner_works_while_a_box_or_a_choice_has_the_focus(phone: BrowserContext, service: httpx.Client, card: Card) -> None:
    """And what it types ticks no box."""
    page = opened(phone, service)
    assert " " in card.text
    for focus in ("input[type=checkbox]", "#language"):
        page.reload()
        page.wait_for_selector("#scan")
        page.focus(focus)
        assert by_hand_scanner(page, card.text) == "verified"
        page.click("#done")
        assert not page.is_checked("input[type=checkbox]") and page.input_value("#language") == "es"


def test_what_was_typed_is_read_however_it_was_copied(phone: BrowserContext, service: httpx.Client, card: Card) -> None:
    page = opened(phone, service)
    text = card.text
    ways = (text.lower(), text.swapcase(), f"  {text}\n\n", f"{text[:200]}\n{text[200:]}", f"“{text}”", f'Tarjeta: "{text}"')
    for typed in ways:
        assert read_text(page, typed) == "verified", typed
        page.click("#done")
    assert by_hand_scanner(page, text.swapcase()) == "verified", "with Caps Lock"


def test_what_is_no_text_of_a_code_names_the_keyboard_of_the_hand_scanner(phone: BrowserContext, service: httpx.Client, card: Card) -> None:
    page = opened(phone, service)
    page.click("#type")
    page.fill("#text", "hola")
    page.click("#read")
    assert "idioma de teclado" in page.locator(".problem").inner_text()
    page.reload()
    page.wait_for_selector("#scan")
    page.keyboard.type(card.text.translate(str.maketrans("M:AQWZ", "?MQAZW")))  # as a French keyboard has it
    page.keyboard.press("Enter")
    assert "idioma de teclado" in page.locator(".problem").inner_text()
    screenshot(page, "keyboard-of-another-language")


def test_the_second_of_two_touches_is_not_for_the_screen_that_the_first_brought(
    phone: BrowserContext, service: httpx.Client, card: Card
) -> None:
    """On a small phone "done" lies where the first screen has its box for help desks, whose tick is kept and hides danger signs."""
    page = opened(phone, service)
    box = page.locator("label:has(input[type=checkbox])").bounding_box()
    assert box
    assert read_text(page, card.text) == "verified"
    page.click("#done")
    page.wait_for_selector("#scan")
    page.mouse.move(box["x"] + 60, box["y"] + box["height"] / 2)
    for count, ticked in ((2, False), (1, True)):
        page.mouse.down(click_count=count)
        page.mouse.up(click_count=count)
        assert page.is_checked("input[type=checkbox]") == ticked


def test_cancelling_another_code_leaves_no_camera_on(tmp_path: Path, service: httpx.Client, card: Card) -> None:
    with browser.phone(tmp_path, [GREY]) as context:
        context.add_init_script(CAMERA_KEPT)
        page = opened(context, service)
        assert read_text(page, card.text) == "verified"
        page.click("#another")
        page.wait_for_selector("body[data-camera=on]")
        page.click("text=Cancelar")
        page.wait_for_selector("#verdict")
        assert page.evaluate("() => window.given.getTracks().map(({ readyState }) => readyState)") == ["ended"]
        assert page.evaluate("() => document.body.dataset.camera") is None


def test_hints_are_given_for_another_code_too(tmp_path: Path, service: httpx.Client, card: Card) -> None:
    with browser.phone(tmp_path, [GREY]) as context:
        page = opened(context, service)
        page.clock.install()
        assert read_text(page, card.text) == "verified"
        page.click("#another")
        page.wait_for_selector("body[data-frame]")
        page.clock.fast_forward(15_000)
        page.wait_for_selector("#hint ul")


def test_a_symbol_of_a_list_beside_the_card_does_not_hide_it(tmp_path: Path, service: httpx.Client, front: Image.Image) -> None:
    """Not even one that is no list at all; seen alone, the camera says so and goes on."""
    no_list = on_screen("MCTB1:NOTHING HERE").convert("RGB")
    both = browser.camera_picture(front)
    both.paste(no_list.resize((260, 260)), (10, 10))
    both.save(tmp_path / "both.jpg")
    with browser.phone(tmp_path, [both]) as context:
        page = opened(context, service)
        page.set_input_files("#photo", tmp_path / "both.jpg")
        assert browser.verdict(page) == "verified"
        page.click("#done")
        page.evaluate("() => { delete document.body.dataset.verdict; }")
        page.click("#scan")
        assert browser.verdict(page) == "verified"


def test_the_camera_goes_on_at_a_symbol_that_is_no_list(tmp_path: Path, service: httpx.Client) -> None:
    no_list = on_screen("MCTB1:NOTHING HERE").convert("RGB").resize((500, 500))
    with browser.phone(tmp_path, [browser.camera_picture(no_list)]) as context:
        page = opened(context, service)
        page.click("#scan")
        page.wait_for_selector("#hint:has-text('Esa no es una lista')")
        assert page.evaluate("() => document.body.dataset.camera") == "on"
