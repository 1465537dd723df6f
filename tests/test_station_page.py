"""The station page in a real browser: scenarios P1 to P6, P9, H6, H8 and H10 of the acceptance list, each by its name."""

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from PIL import Image
from playwright.sync_api import BrowserContext, Page

from healthcard import picture
from healthcard.card import Card, Reading, read
from healthcard.counts import services_given
from healthcard.printing.rendering import render
from healthcard.record import Record
from healthcard.resources import example
from healthcard.trust import custody
from healthcard.trust.bundle import SealingKey
from tests import browser, builders
from tests.desk import PASSPHRASE, Session, running, settings
from tests.scanner.steps import screenshot
from tests.world import World

TODAY = date.today()
MOTHER, CHILD = "people[0]", "people[1]"


@pytest.fixture(scope="module")
def world() -> World:
    return World.build(TODAY)


@pytest.fixture(scope="module")
def family(world: World) -> Card:
    """A card that was made before: a mother and her baby."""
    return world.issue(Record.from_json(example("family_three_contacts.json")))


@pytest.fixture(scope="module")
def context(family: Card, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """A browser on a laptop whose camera sees the front of that card."""
    both = Image.open(io.BytesIO(render(family, format="png")))
    front = both.crop((0, 0, both.width // 2, both.height))
    with browser.phone(tmp_path_factory.mktemp("browser"), [browser.camera_picture(front)], size=(1280, 900)) as opened:
        yield opened


@pytest.fixture
def session(world: World, tmp_path: Path) -> Iterator[Session]:
    with running(settings(world, tmp_path), TODAY) as started:
        yield started


@pytest.fixture
def page(session: Session, context: BrowserContext) -> Iterator[Page]:
    """The form of an open station; nothing may go wrong on the page, or ask for anything elsewhere."""
    with_faults = context.new_page()
    faults = browser.watched(with_faults)
    unlock(with_faults, session)
    yield with_faults
    with_faults.close()
    refused = "Failed to load resource: the server responded with a status of 4"  # what the station refuses is no fault of the page
    assert not [fault for fault in faults if refused not in fault]


def unlock(page: Page, session: Session) -> None:
    page.goto(session.address + session.entrance)
    page.fill("#passphrase", PASSPHRASE)
    page.keyboard.press("Enter")
    page.wait_for_selector("#size")


def at(place: str) -> str:
    return f'[id="{place}"]'


def agreed(page: Page, *, count: bool = False) -> None:
    """She was told, and answered."""
    page.check("#told")
    page.check('[data-place="choices.import"] label:has-text("No") input')
    page.check(f'[data-place="choices.count"] label:nth-of-type({2 if count else 1}) input')


def add(page: Page, person: str, text: str) -> None:
    """By typing, the first of what is found."""
    page.fill(at(f"{person}.add"), text)
    page.press(at(f"{person}.add"), "Enter")


def made(page: Page, session: Session) -> Card:
    """The card after F9."""
    page.keyboard.press("F9")
    page.wait_for_selector("#card-picture", timeout=30_000)
    return session.desk.made(session.desk._made).card


def verified(card: Card, world: World) -> Reading:
    reading = read(card.text, bundle=world.bundle, now=TODAY)
    assert reading.verdict == "verified" and reading.record
    return reading


def continued(page: Page, text: str) -> None:
    """A card typed in by a hand scanner, and its form."""
    page.click("#to-scan")
    page.keyboard.type(text)
    page.keyboard.press("Enter")
    page.click("#continue")
    page.wait_for_selector("#size")


class Typist:
    """A nurse who has a keyboard only; counts what she presses."""

    def __init__(self, page: Page) -> None:
        self.page, self.pressed = page, 0

    def type(self, *texts: str) -> None:
        """Each text and Enter, which goes on to the next field."""
        for text in texts:
            self.page.keyboard.type(text)
            self.press("Enter")
            self.pressed += len(text)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.pressed += 1

    def focused(self) -> str:
        return str(self.page.evaluate("() => document.activeElement.id || document.activeElement.name || document.activeElement.value"))


def test_p1_mother_infant_and_three_medicines_by_keyboard_alone(page: Page, session: Session, world: World) -> None:
    """The card is signed, reads verified, and took fewer keys than a slow typist presses in 90 seconds (three a second)."""
    nurse = Typist(page)
    assert nurse.focused() == "language.hers"
    nurse.type("criollo")
    nurse.press("Space", "Enter", "Space", "Enter", "Space", "Enter")  # told; no; no
    assert nurse.focused() == f"{MOTHER}.age_years"
    nurse.type("27", "", "31", "3", "2")
    nurse.press("ArrowRight", "Enter")  # allergies: asked, none
    nurse.type("64,9", "", "124", "78", "37,1", "109", "", "140", "negativo", "")
    nurse.press("ArrowRight", "ArrowRight", "ArrowRight", "Space")  # the fourth danger sign
    for words, fields in (("ferrosa folico", ("1", "una vez al d", "30")), ("paracetamol 500", ("2", "tres", "3")), ("prenatal", ())):
        nurse.press("F2")
        nurse.type(words, *fields)
    nurse.press("F3")
    assert nurse.focused() == f"{CHILD}.sex"
    nurse.type("femenino")
    nurse.type((TODAY - timedelta(100)).strftime("%m%d%Y"), "", "3150", "", "5,6", "", "58,5")  # exact to the day; allergies not asked
    nurse.press("F2")
    nurse.type("zinc", "1", "una vez al d", "10")
    screenshot(page, "station-form")
    card = made(page, session)
    record = verified(card, world).record
    assert record
    mother, child = (person.to_json() if hasattr(person, "to_json") else person.model_dump(exclude_none=True) for person in record.people)
    assert record.language == "ht" and mother["age_years"] == 27 and mother["allergies"] == ()
    [contact] = mother["contacts"]
    assert contact["observations"] == {
        "weight": 64.9, "systolic": 124, "diastolic": 78, "temperature": 37.1, "haemoglobin": 109, "fetal_heart_rate": 140,
        "malaria_test": "negative",
    }  # fmt: skip
    assert contact["findings"] == ("severe_headache",) and contact["services"] == ("antenatal_care",)
    assert [(given["medicine"], given["amount"], given["timing"], given["days"]) for given in contact["medicines"]] == [
        ("iron_folic_acid", 1, "once_daily", 30), ("paracetamol_500", 2, "three_times_daily", 3),
    ]  # fmt: skip
    assert mother["pregnancy"]["lmp"] == TODAY - timedelta(31 * 7)
    assert child["born"] == TODAY - timedelta(100) and child["contacts"][0]["observations"] == {"weight": 5.6, "length": 58.5}
    assert nurse.pressed < 270, nurse.pressed
    print(f"P1: {nurse.pressed} keys")


def test_p2_an_unlikely_weight_is_typed_again_and_never_confirmed_by_a_tap(page: Page, session: Session, world: World) -> None:
    agreed(page)
    page.click("#add-child")
    page.fill(at(f"{CHILD}.born"), (TODAY - timedelta(91)).isoformat())
    weight = f"{CHILD}.now.observations.weight"
    page.fill(at(weight), "34")
    page.wait_for_selector(at(f"{weight}.again"))
    screenshot(page, "station-typed-again")
    page.click("#make")
    page.wait_for_selector("#refused:not(:empty)")
    assert not session.desk._cards
    page.fill(at(f"{weight}.again"), "3,4")
    page.click("#make")
    page.wait_for_selector(f'[data-place="{weight}"] .problem, #refused:not(:empty)')
    assert not session.desk._cards
    page.fill(at(f"{weight}.again"), "34")
    assert verified(made(page, session), world)


def test_p3_the_notice_in_her_language_and_a_face_in_hers_and_the_routes(page: Page, session: Session, world: World) -> None:
    page.select_option(at("language.hers"), "ar")
    notice = page.wait_for_selector("#notice [lang=ar]")
    assert notice and notice.get_attribute("dir") == "rtl" and "بطاقة" in notice.inner_text()
    assert "Esta tarjeta guarda" in page.locator("#notice").inner_text()
    screenshot(page, "station-notice")
    page.select_option(at("language.hers"), "ht")
    agreed(page)
    card = made(page, session)
    document = pypdfium2.PdfDocument(session.desk.made(1).files[".pdf"])
    words = " ".join(side.get_textpage().get_text_range() for side in document)
    assert verified(card, world).record and "dokiman" in words and "documento" in words


def test_p4_she_declines_and_nothing_of_her_is_kept(page: Page, session: Session) -> None:
    fresh = page.locator("main").inner_text()
    page.fill(at(f"{MOTHER}.age_years"), "33")
    page.fill(at(f"{MOTHER}.now.observations.weight"), "61.7")
    saved(page, session, "61.7")
    page.click("#no-card")
    saved(page, session, "61.7", gone=True)
    assert page.input_value(at(f"{MOTHER}.age_years")) == ""
    assert page.locator("main").inner_text() == fresh and not session.desk._cards


def saved(page: Page, session: Session, marker: str, *, gone: bool = False) -> Any:
    """The draft once it holds, or no longer holds, what was typed."""
    for _ in range(100):
        if (marker in str(session.desk.draft)) != gone:
            return session.desk.draft
        page.wait_for_timeout(50)
    raise AssertionError("the draft was not kept")
