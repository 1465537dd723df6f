"""The offline scanner in a real browser, through its camera: scenarios V1 to V10 and H7 of the acceptance list, each by its name."""

import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page

from api import verifier
from api.settings import Settings
from healthcard import picture
from healthcard.card import Card, read
from healthcard.printing.rendering import render
from healthcard.record import Record
from healthcard.resources import example
from healthcard.sign import Key
from healthcard.trust import custody
from healthcard.trust.bundle import CONTINUE
from tests import browser
from tests.test_verifier import running_app
from tests.world import STATION_OF, World

FOUNDED = date(2026, 10, 1)


@pytest.fixture(scope="module")
def world() -> World:
    return World.build(date.today())


@pytest.fixture(scope="module")
def card(world: World) -> Card:
    return world.issue(Record.from_json(example("family_three_contacts.json")))


@pytest.fixture(scope="module")
def front(card: Card) -> Image.Image:
    """The printed front of the card."""
    both = Image.open(io.BytesIO(render(card, format="png")))
    return both.crop((0, 0, both.width // 2, both.height))


@pytest.fixture(scope="module")
def service(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("service")
    world.bundle.save(folder / "trust.bundle")
    with running_app(verifier.create_app(Settings(folder / "trust.bundle"))) as client:
        yield client


@pytest.fixture
def phone(tmp_path: Path, front: Image.Image) -> Iterator[BrowserContext]:
    with browser.phone(tmp_path, [browser.camera_picture(front)]) as context:
        yield context


def opened(context: BrowserContext, service: httpx.Client) -> Page:
    """The scanner after its first visit: installed, and with the list of issuers."""
    page = context.pages[0]
    page.goto(str(service.base_url))
    page.click("#from-network")
    page.wait_for_selector("#bundle-said:not(:empty)")
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    page.wait_for_selector("#scan")
    return page


def test_first_visit_then_no_network_for_ever(world: World, front: Image.Image, tmp_path: Path) -> None:
    """V1: the server is gone and the network cut; reload, scan, verdict, summary with danger first."""
    world.bundle.save(tmp_path / "trust.bundle")
    with browser.phone(tmp_path, [browser.camera_picture(front)]) as context:
        with running_app(verifier.create_app(Settings(tmp_path / "trust.bundle"))) as service:
            page = opened(context, service)
        context.set_offline(True)
        faults = browser.watched(page)
        page.reload()
        page.click("#scan")
        assert browser.verdict(page) == "verified"
        headings = page.locator("h1, h2").all_inner_texts()
        assert "Verificada" in headings[0] and headings[1] == "Signos de peligro"
        assert "lista de emisores" in page.locator("#verdict").inner_text()
        assert not faults


def test_v8_he_reads_spanish_and_she_is_shown_her_language(phone: BrowserContext, service: httpx.Client) -> None:
    page = opened(phone, service)
    page.click("#scan")
    browser.verdict(page)
    page.click("#show-her")
    assert page.locator("#holder").get_attribute("lang") == "ht"
    page.select_option("#her-language", "en")
    assert "Danger signs" in page.locator("#holder").inner_text()


def test_v9_a_hand_scanner_that_types_works_in_the_same_page(phone: BrowserContext, service: httpx.Client, card: Card) -> None:
    page = opened(phone, service)
    page.keyboard.type(card.text)
    page.keyboard.press("Enter")
    assert browser.verdict(page) == "verified"


def test_v10_nothing_of_hers_stays_on_the_phone(tmp_path: Path, service: httpx.Client, card: Card, front: Image.Image) -> None:
    with browser.phone(tmp_path, [browser.camera_picture(front)]) as context:
        page = opened(context, service)
        page.click("#scan")
        browser.verdict(page)
        assert "hn-rc" in page.content()
        page.click("#done")
        assert "5,62" not in page.content() and "5.62" not in page.content()
        page.close()
    markers = [card.text[:40].encode(), card.text[:40].encode("utf-16-le"), card.id, card.id.hex().encode(), b"2025-03-10"]
    kept = [path.name for path, content in browser.written(tmp_path) if any(marker in content for marker in markers)]
    assert not kept


def test_h7_her_photo_of_the_card_scans_like_the_card(
    phone: BrowserContext, service: httpx.Client, front: Image.Image, tmp_path: Path
) -> None:
    page = opened(phone, service)
    photo = tmp_path / "photo.jpg"
    browser.camera_picture(front, share=0.7, tilt=8, blur=1.0).save(photo)
    page.set_input_files("#photo", photo)
    assert browser.verdict(page) == "verified"


@pytest.mark.parametrize("language", ["es", "en", "fr", "pt", "ht"])
def test_every_page_is_accessible(phone: BrowserContext, service: httpx.Client, card: Card, language: str) -> None:
    page = opened(phone, service)
    page.select_option("#language", language)
    assert not browser.violations(page)
    page.click("#type")
    assert not browser.violations(page)
    page.fill("#text", card.text)
    page.click("#read")
    browser.verdict(page)
    page.click("summary")
    assert not browser.violations(page)
    page.click("#show-her")
    assert not browser.violations(page)


def test_v7_he_adds_what_he_gave_offline_and_the_next_scan_merges(
    world: World, front: Image.Image, tmp_path: Path, card: Card
) -> None:
    """His phone makes its own key; once it is listed he signs a sticker without a network, and another reader merges it."""
    path = tmp_path / "trust.bundle"
    world.bundle.save(path)
    with browser.phone(tmp_path, [browser.camera_picture(front)]) as context:
        with running_app(verifier.create_app(Settings(path))) as service:
            page = opened(context, service)
            page.click("#scan")
            browser.verdict(page)
            page.click("#add-contact")
            page.click("#make-key")
            public = Key(bytes.fromhex(page.locator("#public-key").inner_text()))
            owner = world.organisation_signers[STATION_OF]
            listed = custody.add_station(world.bundle, [world.root_signer], STATION_OF, owner, public, CONTINUE, world.today, world.today)
            listed.save(path)
            page.reload()
            page.click("#issuers")
            page.click("#from-network")
            page.wait_for_selector("#bundle-said:not(:empty)")
        context.set_offline(True)
        page.reload()
        page.click("#scan")
        browser.verdict(page)
        page.click("#add-contact")
        page.select_option("#person", "1")
        supply = {"amount": "1", "timing": "once_daily", "days": "10"}
        for word, fields in (("sales de rehidratación", {"amount": "2"}), ("sulfato de zinc", supply)):
            label = page.locator(f'#words option[value^="{word}"]').first.get_attribute("value")
            assert label
            page.fill("#word", label)
            for name, value in fields.items():
                page.select_option(f"#{name}", value) if name == "timing" else page.fill(f"#{name}", value)
            page.click("#add-entry")
        assert not browser.violations(page)
        page.click("#sign")
        page.wait_for_selector("#sticker svg")
        drawn = Image.open(io.BytesIO(page.locator("#sticker").screenshot()))
    [sticker] = picture.scan(_png(drawn))
    reading = read(card.text, sticker, bundle=listed, now=world.today)
    assert reading.verdict == "verified" and reading.record
    given = [given.medicine for given in reading.record.people[1].contacts[-1].medicines or ()]
    assert given == ["ors", "zinc_20"]


def test_v7_nobody_adds_with_a_key_that_is_not_listed(phone: BrowserContext, service: httpx.Client) -> None:
    page = opened(phone, service)
    page.click("#scan")
    browser.verdict(page)
    page.click("#add-contact")
    page.click("#make-key")
    assert page.locator("#sign").count() == 0 and page.locator("#public-key").inner_text()


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
