"""The station page in a real browser: scenarios P1 to P6, P9, H6, H8 and H10 of the acceptance list, each by its name."""

import ast
import base64
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from PIL import Image
from playwright.sync_api import BrowserContext, Page, Route, expect

from healthcard.card import Card, Reading, read
from healthcard.continuing import extend
from healthcard.counts import services_given
from healthcard.faults import MESSAGES
from healthcard.picture import scan
from healthcard.printing.rendering import render
from healthcard.record import Record
from healthcard.resources import example
from healthcard.sign import SoftwareSigner
from healthcard.trust import custody
from healthcard.trust.bundle import ISSUE, SealingKey
from tests import browser, builders
from tests.desk import PASSPHRASE, Session, running, settings
from tests.scanner.steps import screenshot
from tests.world import STATION_OF, World

TODAY = date.today()
CHECKOUT = Path(__file__).parent.parent
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
    page.wait_for_selector("#card-picture")
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
    mother, child = (person.model_dump(exclude_none=True) for person in record.people)
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
    page.wait_for_selector(f'[data-place="{weight}"] .problem')
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
    assert verified(card, world).record and "pyès idantite" in words and "documento de identidad" in words


def test_h1_the_notice_is_read_aloud_in_her_language_where_there_is_a_voice(page: Page) -> None:
    page.add_init_script(browser.VOICES)
    page.reload()
    page.wait_for_selector("#size")
    page.select_option(at("language.hers"), "ht")
    page.click("#notice:has([lang=ht]) #aloud")
    said = page.evaluate("() => window.said")
    assert said[-1] == f"ht-HT: {page.locator('.notice').inner_text()}" and "Ou ka di non" in said[-1]
    assert not browser.violations(page)
    screenshot(page, "station-aloud")
    page.select_option(at("language.hers"), "am")
    page.wait_for_selector("#notice [lang=am]")
    assert page.evaluate("() => window.said").pop() == "silence" and page.locator("#aloud").count() == 0
    page.select_option(at("language.hers"), "es")
    page.click("#aloud")
    page.click("#to-day")
    page.wait_for_selector("#back")
    assert page.evaluate("() => window.said").pop() == "silence", "she went on"


def words_at(page: Page, place: str) -> str:
    """What is said of a field, once something is."""
    page.wait_for_selector(f'[data-place="{place}"] .said > *')
    return page.locator(f'[data-place="{place}"] .said').first.inner_text()


def test_a_contact_of_last_night_is_entered_by_keyboard(page: Page, session: Session, world: World) -> None:
    """Of another day as she tells it, and the weeks of pregnancy are those of that day."""
    yesterday = TODAY - timedelta(1)
    agreed(page)
    page.fill(at(f"{MOTHER}.weeks"), "31")
    nurse = Typist(page)
    nurse.press("F8")
    assert nurse.focused() == f"{MOTHER}.now.date" and page.input_value(at(nurse.focused())) == TODAY.isoformat()
    nurse.type(yesterday.strftime("%m%d%Y"))
    nurse.press("Space", "Enter")
    assert nurse.focused() == f"{MOTHER}.now.observations.weight"
    nurse.type("64,9")
    day = page.locator("#people h3").first.inner_text()
    assert f" {yesterday.year}" in day and "Hoy" not in day and day in page.locator(f'label[for="{MOTHER}.weeks"]').inner_text()
    assert not browser.violations(page)
    screenshot(page, "station-other-day")
    record = verified(made(page, session), world).record
    assert record and record.people[0].role == "mother" and record.people[0].pregnancy
    [contact] = record.people[0].contacts
    assert (contact.date, contact.source, contact.observations) == (yesterday, "holder", {"weight": 64.9})
    assert record.people[0].pregnancy.lmp == yesterday - timedelta(31 * 7)


def test_a_day_that_can_not_be_is_refused_at_its_field_and_today_is_a_key_away(page: Page, session: Session) -> None:
    date_of, born = f"{MOTHER}.now.date", TODAY - timedelta(20)
    agreed(page)
    page.fill(at(f"{MOTHER}.now.observations.weight"), "64,9")
    page.keyboard.press("F8")
    assert page.get_attribute(at(date_of), "max") == TODAY.isoformat() and page.get_attribute(at(date_of), "min") == "2020-01-01"
    for day, words in ((TODAY + timedelta(1), "futuro"), (date(2019, 12, 31), "2020"), (date(1900, 1, 1), "no cabe")):
        page.fill(at(date_of), day.isoformat())
        page.wait_for_selector(f'[data-place="{date_of}"] .problem:has-text("{words}")')
    page.keyboard.press("F9")
    page.wait_for_selector("#refused:not(:empty)")
    assert not session.desk._cards
    page.fill(at(date_of), "")
    page.focus(at(f"{MOTHER}.age_years"))
    page.fill(at(f"{MOTHER}.age_years"), "27")
    page.wait_for_selector(f'[data-place="{date_of}"]', state="hidden")
    assert "Hoy" in page.locator("#people h3").first.inner_text()
    page.click("#add-child")
    page.fill(at(f"{CHILD}.born"), born.isoformat())
    page.fill(at(f"{CHILD}.now.observations.weight"), "3,4")
    page.keyboard.press("F8")
    page.fill(at(f"{CHILD}.now.date"), (born - timedelta(1)).isoformat())
    assert "nacimiento" in words_at(page, f"{CHILD}.now.date")


def test_an_earlier_contact_stands_among_those_of_the_card_and_is_judged_on_its_day(
    page: Page, session: Session, world: World, family: Card
) -> None:
    """Between the second and the third: the fundal height is asked about for 27 weeks, the weight is typed again."""
    continued(page, family.text)
    weight, height = (f"{MOTHER}.now.observations.{key}" for key in ("weight", "fundal_height"))
    page.focus(at(weight))
    page.keyboard.press("F8")
    page.fill(at(f"{MOTHER}.now.date"), "2025-09-15")
    add(page, MOTHER, "altura uterina")
    page.fill(at(height), "40")
    page.fill(at(weight), "185")
    assert "semanas" in words_at(page, height)
    page.fill(at(f"{weight}.again"), "185")
    agreed(page)
    record = verified(made(page, session), world).record
    assert record
    contacts = record.people[0].contacts
    assert [contact.date.isoformat() for contact in contacts] == ["2025-06-30", "2025-08-25", "2025-09-15", "2025-10-27"]
    assert contacts[2].observations == {"weight": 185, "fundal_height": 40} and contacts[2].source is None


def test_p4_she_declines_and_nothing_of_her_is_kept(page: Page, session: Session) -> None:
    fresh = page.locator("main").inner_text()
    page.fill(at(f"{MOTHER}.age_years"), "33")
    page.fill(at(f"{MOTHER}.now.observations.weight"), "61.7")
    saved(page, session, "61.7")
    page.click("#no-card")
    saved(page, session, "61.7", gone=True)
    expect(page.locator(at(f"{MOTHER}.age_years"))).to_have_value("")
    expect(page.locator("main")).to_have_text(fresh, use_inner_text=True)
    assert not session.desk._cards


def saved(page: Page, session: Session, marker: str, *, gone: bool = False) -> Any:
    """The draft once it holds, or no longer holds, what was typed."""
    for _ in range(100):
        if (marker in str(session.desk.draft)) != gone:
            return session.desk.draft
        page.wait_for_timeout(50)
    raise AssertionError("the draft was not kept")


def sealing(world: World) -> World:
    """The same network with a sealing key."""
    public = X25519PrivateKey.from_private_bytes(bytes(range(1, 33))).public_key().public_bytes_raw()
    key = SealingKey(public, TODAY - timedelta(5), TODAY + timedelta(30))
    return replace(world, bundle=custody.revise(world.bundle, [world.root_signer], TODAY, sealing=(key,)))


def found_for(page: Page, text: str) -> list[str]:
    page.fill(at(f"{MOTHER}.add"), text)
    return page.locator(".found li").all_inner_texts()


def test_p5_few_words_on_the_face_and_nothing_sensitive_in_the_open(page: Page, session: Session, world: World) -> None:
    assert not found_for(page, "vih") and not found_for(page, "violencia") and found_for(page, "asma")
    page.press(at(f"{MOTHER}.add"), "Escape")
    agreed(page)
    page.fill(at(f"{MOTHER}.now.observations.haemoglobin"), "109")
    page.check("#text-light")
    page.keyboard.press("F4")
    page.wait_for_selector("#preview img")
    screenshot(page, "station-text-light")
    verified(made(page, session), world)
    document = pypdfium2.PdfDocument(session.desk.made(1).files[".pdf"])
    words = " ".join(side.get_textpage().get_text_range() for side in document)
    assert "Hemoglobina" not in words and "109" not in words


def test_p5_a_sealing_network_offers_what_is_sealed_and_marks_it(world: World, tmp_path: Path, context: BrowserContext) -> None:
    network = sealing(world)
    with running(settings(network, tmp_path), TODAY) as session:
        page = context.new_page()
        faults = browser.watched(page)
        unlock(page, session)
        assert any("sellado" in words for words in found_for(page, "vih")) and not found_for(page, "violencia")
        add(page, MOTHER, "prueba de vih")
        assert "sellado" in page.locator(".entry").inner_text()
        agreed(page)
        card = made(page, session)
        page.close()
    assert not faults
    shown = read(card.text, bundle=network.bundle, now=TODAY)
    assert shown.verdict == "verified" and shown.parts[0].seal == "closed" and "hiv" not in str(shown.record)


def test_p6_more_than_one_code_holds_is_said_before_anything_is_printed(page: Page, session: Session) -> None:
    page.fill(at(f"{MOTHER}.age_years"), "27")
    page.wait_for_selector("#size")
    assert "Cabe en un código" in page.locator("#size").inner_text()
    form = saved(page, session, "27")
    medicines = [{"medicine": "paracetamol_500", "amount": str(n), "timing": "as_needed", "days": str(100 + n)} for n in range(1, 31)]
    child = form["people"][0] | {"role": "infant", "profile": {}, "now": form["people"][0]["now"] | {"medicines": medicines}}
    session.desk.draft = form | {"people": [*form["people"], *(child for _ in range(6))]}
    page.reload()
    page.wait_for_selector("#problems .problem")
    assert "dos tarjetas" in page.locator("#problems").inner_text() and page.locator("#size").count() == 0


def test_p9_the_days_counts_hide_small_cells(page: Page, session: Session) -> None:
    contact = builders.contact(TODAY, services=["antenatal_care"])
    given = Record.from_json(builders.mother(contacts=[contact]).to_json() | {"choices": {"import": False, "count": True}})
    for _ in range(12):
        session.desk.counts.add(services_given(given, TODAY, "mx-rc"), TODAY)
    other = builders.mother(contacts=[builders.contact(TODAY, services=["laboratory"])]).to_json()
    once = Record.from_json(other | {"choices": {"import": False, "count": True}})
    session.desk.counts.add(services_given(once, TODAY, "mx-rc"), TODAY)
    page.click("#to-day")
    page.wait_for_selector("#counts")
    rows = page.locator("#counts tr").all_inner_texts()
    assert sorted(row.split("\t")[1] for row in rows) == ["12", "13", "menos de 10"]
    screenshot(page, "station-day")


def test_a_clock_that_is_known_to_be_wrong_is_said_above_every_page(world: World, context: BrowserContext, tmp_path: Path) -> None:
    with running(settings(world, tmp_path), TODAY - timedelta(2)) as behind:
        page = context.new_page()
        unlock(page, behind)
        assert "fecha de este equipo" in page.locator("#clock-wrong").inner_text()
        page.close()
    with running(settings(world, tmp_path), TODAY) as right:
        page = context.new_page()
        unlock(page, right)
        assert page.locator("#head strong").count() == 1 and page.locator("#clock-wrong").count() == 0
        page.close()


def test_h6_a_new_card_from_her_photo_and_what_is_not_verified_is_told_by_her(
    page: Page, session: Session, world: World, family: Card, tmp_path: Path
) -> None:
    both = Image.open(io.BytesIO(render(family, format="png")))
    photo = browser.camera_picture(both.crop((0, 0, both.width // 2, both.height)))
    photo.save(tmp_path / "photo.jpg", quality=85)
    page.click("#to-scan")
    page.set_input_files("#scan-file", tmp_path / "photo.jpg")
    page.wait_for_selector("#continue")
    assert page.locator("#verdict.verified").count() == 1
    screenshot(page, "station-reading")
    page.click("#continue")
    agreed(page)
    again = verified(made(page, session), world).record
    before = verified(family, world).record
    assert again and before and [len(person.contacts) for person in again.people] == [len(person.contacts) for person in before.people]


def test_h6_of_a_card_that_is_not_verified_she_tells_and_is_asked_again(page: Page, session: Session, world: World, tmp_path: Path) -> None:
    """A card whose issuer is not in the list: its content is told by her, her choices are asked again."""
    signer, owner = SoftwareSigner.generate(), world.organisation_signers[STATION_OF]
    bundle = custody.add_station(world.bundle, [world.root_signer], STATION_OF, owner, signer.key, ISSUE, TODAY, TODAY)
    unknown = replace(world, station_signer=signer, bundle=bundle).issue(Record.from_json(example("muac_only.json")))
    continued(page, unknown.text)
    assert page.locator('[data-place="choices.import"] input:checked').count() == 0
    agreed(page)
    record = verified(made(page, session), world).record
    assert record and {contact.source for person in record.people for contact in person.contacts} == {"holder"}


def test_a_card_is_continued_with_the_last_values_beside(page: Page, session: Session, world: World, family: Card) -> None:
    continued(page, family.text)
    beside = page.locator(f'[data-place="{MOTHER}.now.observations.weight"] .last').inner_text()
    assert beside == "64.9 · 27 oct 2025"
    page.fill(at(f"{MOTHER}.now.observations.weight"), "66,1")
    page.check("#new-sticker")
    add(page, CHILD, "zinc")
    page.fill(at(f"{CHILD}.now.medicines[0].amount"), "1")
    agreed(page)
    screenshot(page, "station-continued")
    sticker = made(page, session)
    assert sticker.part.kind == "continuation"
    screenshot(page, "station-sticker")
    both = read(family.text, sticker.text, bundle=world.bundle, now=TODAY)
    assert both.verdict == "verified" and both.record
    mother, child = both.record.people
    assert mother.contacts[-1].observations == {"weight": 66.1} and child.contacts[-1].medicines


def previewed(page: Page, world: World) -> Reading:
    """What the code in the picture says after F4."""
    page.keyboard.press("F4")
    page.wait_for_selector("#preview img")
    shown = page.evaluate(
        """async () => {
            const image = document.querySelector("#preview img");
            await image.decode();
            const canvas = Object.assign(document.createElement("canvas"), { width: image.naturalWidth, height: image.naturalHeight });
            canvas.getContext("2d").drawImage(image, 0, 0);
            return canvas.toDataURL();
        }"""
    )
    return read(*scan(base64.b64decode(shown.partition(",")[2])), bundle=world.bundle, now=TODAY)


def test_the_mornings_danger_stands_beside_the_afternoons_contact(page: Page, session: Session, world: World) -> None:
    """Of the same day and the same station, on a new card and on a sticker; gone once it is left out at her wish."""
    morning = replace(world, today=TODAY).issue(builders.mother(on=TODAY, observations={"systolic": 170, "diastolic": 110}))
    continued(page, morning.text)
    expect(page.locator("#danger")).to_contain_text("170/110")
    page.fill(at(f"{MOTHER}.now.observations.systolic"), "124")
    page.fill(at(f"{MOTHER}.now.observations.diastolic"), "78")
    saved(page, session, "124")
    for kind in ("#new-sticker", "#new-card"):
        page.check(kind)
        expect(page.locator("#problems .good")).to_be_visible()
        expect(page.locator("#danger")).to_contain_text("170/110")
    screenshot(page, "station-same-day")
    page.click("#leave-out summary")
    page.check(f'input[value="{MOTHER}.contacts[0]"]')
    expect(page.locator("#danger")).to_have_count(0)
    seen = previewed(page, world).record
    assert seen
    [person] = seen.people
    assert [contact.observations for contact in person.contacts] == [{"systolic": 124, "diastolic": 78}]


def test_the_preview_of_a_sticker_holds_the_change_alone(page: Page, world: World, family: Card) -> None:
    continued(page, family.text)
    page.check("#new-sticker")
    expect(page.locator("#problems")).to_contain_text("Una etiqueta solo añade")
    page.fill(at(f"{MOTHER}.now.observations.weight"), "66,1")
    seen = previewed(page, world)
    assert seen.top.part and seen.top.part.kind == "continuation" and seen.record
    [person] = seen.record.people
    assert [contact.observations for contact in person.contacts] == [{"weight": 66.1}]
    screenshot(page, "station-sticker-preview")


def test_h8_a_line_is_removed_at_her_wish(page: Page, session: Session, world: World, family: Card) -> None:
    continued(page, family.text)
    page.click("#leave-out summary")
    page.check(f'input[value="{MOTHER}.contacts[0].observations.malaria_test"]')
    page.check(f'input[value="{MOTHER}.contacts[1]"]')
    page.check("#withhold")
    agreed(page)
    screenshot(page, "station-leave-out")
    record = verified(made(page, session), world).record
    assert record
    contacts = record.people[0].contacts
    assert len(contacts) == 2 and "malaria_test" not in (contacts[0].observations or {})
    assert {contact.source for contact in contacts} == {"withheld"}


@pytest.fixture(scope="module")
def twins(world: World, family: Card) -> list[str]:
    """A card of a mother and a child with three stickers: two bring a newborn each, under one number; the third weighed one of them."""
    def stuck(texts: list[str], change: dict[str, Any]) -> str:
        reading = read(*texts, bundle=world.bundle, now=TODAY)
        return extend(reading, change, world.station_signer, world.bundle, sticker=True, now=TODAY).text

    born = (TODAY - timedelta(3)).isoformat()
    girl, boy = (stuck([family.text], {"people": [{"role": "infant", "sex": sex, "born": born}]}) for sex in ("female", "male"))
    weighed = {"person": 2, **builders.contact(TODAY - timedelta(1), observations={"weight": 3.1})}
    return [family.text, girl, boy, stuck([family.text, girl], weighed)]


def continued_of(page: Page, texts: list[str]) -> None:
    page.click("#to-scan")
    page.fill("#text", "\n".join(texts))
    page.click("#read")
    page.click("#continue")
    page.wait_for_selector("#size")


def test_the_next_womans_card_begins_anew_though_it_was_issued_before(page: Page, world: World) -> None:
    older, newer = (replace(world, today=day).issue(builders.mother(on=day, observations={"weight": weight}))
                    for day, weight in ((TODAY - timedelta(1), 48.5), (TODAY, 71.5)))  # fmt: skip
    page.click("#to-scan")
    for made in (newer, older):
        page.fill("#text", f'"{made.text.lower()}"')  # as a message or a hand scanner with another key held has it
        page.click("#read")
        page.wait_for_selector("#another")
        said = page.locator("main").text_content() or ""
        assert [weight in said for weight in ("71.5", "48.5")] == [made is newer, made is older]
        page.click("#another")
    page.fill("#text", "BONJOUR")
    page.click("#read")
    page.wait_for_function("document.querySelector('[role=alert]').textContent.includes('lector de mano')")


WHICH = '[data-place="whose.4"]'  # two born on the card, two newborns, and what may be of either


def test_which_child_is_asked_and_chosen_of_the_children_alone(page: Page, session: Session, world: World, twins: list[str]) -> None:
    continued_of(page, twins)
    children = page.locator(f"{WHICH} label").all_inner_texts()
    assert len(children) == 4 and [sum(word in child for child in children) for word in ("femenino", "masculino", "dejarlo")] == [2, 1, 1]
    assert "3.1" in page.locator(WHICH).inner_text() and page.locator(".person").count() == 4
    assert "Bebé 1: " in page.locator("#danger").inner_text(), "whose sign it is"
    agreed(page)
    page.keyboard.press("F9")
    assert "Pregúntele" in words_at(page, "whose.4") and not session.desk._cards
    screenshot(page, "station-which-child")
    assert not browser.violations(page)
    page.check(f'{WHICH} label:has-text("masculino") input')
    boy = next(n for n in (2, 3) if "masculino" in page.locator(f"{WHICH} label").nth(n - 1).inner_text())
    page.fill(at(f"people[{boy}].now.observations.weight"), "3,2")
    record = verified(made(page, session), world).record
    assert record and [(person.role, len(person.contacts)) for person in record.people[:2]] == [("mother", 3), ("infant", 3)]
    weights = {person["sex"]: [one["observations"]["weight"] for one in person["contacts"]] for person in record.to_json()["people"][2:]}
    assert weights == {"male": [3.1, 3.2], "female": []}


def test_what_nobody_can_say_whose_it_is_stays_off_the_new_card(page: Page, session: Session, world: World, twins: list[str]) -> None:
    continued_of(page, twins)
    agreed(page)
    page.check(f'{WHICH} label:has-text("dejarlo") input')
    record = verified(made(page, session), world).record
    assert record and [len(person.contacts) for person in record.people] == [3, 3, 0, 0]


def test_a_sticker_can_not_tell_twins_of_one_number_apart_and_says_so(page: Page, session: Session, twins: list[str]) -> None:
    continued_of(page, twins)
    page.check("#new-sticker")
    page.wait_for_selector(WHICH, state="detached")
    agreed(page)
    page.fill(at("people[2].now.observations.weight"), "3,2")
    page.keyboard.press("F9")
    page.wait_for_selector("#refused:has-text('haga una tarjeta nueva')")
    assert not session.desk._cards


def test_h10_a_card_is_made_anew_without_the_infant(page: Page, session: Session, world: World, family: Card) -> None:
    continued(page, family.text)
    page.click("#leave-out summary")
    page.check(f'input[value="{CHILD}"]')
    agreed(page)
    record = verified(made(page, session), world).record
    assert record and [person.role for person in record.people] == ["mother"]
    assert "infant" not in page.locator("main").inner_text()


def test_a_print_is_checked_and_handed_over_and_the_next_form_is_blank(page: Page, session: Session, tmp_path: Path) -> None:
    agreed(page)
    page.fill(at(f"{MOTHER}.age_years"), "27")
    made(page, session)
    screenshot(page, "station-made")
    page.click("#check-camera")  # another card lies under the camera
    for _ in range(100):
        if page.evaluate("() => document.querySelector('video').videoWidth"):
            break
        page.wait_for_timeout(50)
    page.click("#check-camera")
    page.wait_for_selector("#checked .problem")
    both = Image.open(io.BytesIO(session.desk.made(1).files[".png"]))
    sides = {"front": (0, 0, both.width // 2, both.height), "back": (both.width // 2, 0, both.width, both.height)}
    for name, box in sides.items():
        both.crop(box).save(tmp_path / f"{name}.png", dpi=(300, 300))
    page.set_input_files("#check-file", tmp_path / "front.png")
    page.wait_for_selector("#checked li:has-text('muestre también el otro')")
    screenshot(page, "station-one-side")
    page.set_input_files("#check-file", tmp_path / "back.png")
    page.wait_for_selector("#checked .good")
    screenshot(page, "station-checked")
    printed = page.get_attribute("#print", "href")
    assert printed and session.client.get(printed).status_code == 403, "only this browser gets it"
    page.click("#handed-over")
    page.wait_for_selector(at("language.hers"))
    assert page.input_value(at(f"{MOTHER}.age_years")) == "" and not session.desk._cards


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_a_key_that_takes_long_to_open_is_seen_to_be_under_way(session: Session, context: BrowserContext, motion: Any) -> None:
    """After a moment, once for several presses of the key, and still where somebody wants no motion."""
    page = context.new_page()
    page.emulate_media(reduced_motion=motion)
    page.clock.install()
    asked: list[Route] = []
    page.route("**/api/unlock", lambda route: asked.append(route))
    page.goto(session.address + session.entrance)
    page.fill("#passphrase", PASSPHRASE)
    page.clock.pause_at(datetime.now() + timedelta(hours=1))
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.clock.run_for(399)
    assert page.inner_text("#unlocking") == ""
    page.clock.run_for(1)
    assert page.inner_text("#unlocking") == "Abriendo la clave: unos segundos …" and page.inner_text("[role=alert]") == ""
    page.clock.resume()
    moving = page.evaluate("() => getComputedStyle(document.querySelector('#unlocking'), '::before').animationName")
    assert moving == {"no-preference": "breathing", "reduce": "none"}[motion]
    assert not browser.violations(page)
    screenshot(page, f"station-unlocking-{motion}")
    [one] = asked
    one.continue_()
    page.wait_for_selector("#people")
    page.close()


def test_the_camera_reads_a_card(page: Page) -> None:
    page.click("#to-scan")
    page.click("#scan-camera")
    page.wait_for_selector("#verdict.verified")


def test_a_reload_and_a_lock_keep_the_form(page: Page, session: Session) -> None:
    page.fill(at(f"{MOTHER}.now.observations.weight"), "61.7")
    add(page, MOTHER, "zinc")
    saved(page, session, "zinc_20")
    page.reload()
    page.wait_for_selector("#size")
    assert page.input_value(at(f"{MOTHER}.now.observations.weight")) == "61.7" and page.locator(".entry").count() == 1
    page.fill(at(f"{MOTHER}.age_years"), "29")
    session.desk.lock()
    page.keyboard.press("F4")
    page.wait_for_selector("#passphrase")
    assert "61.7" not in page.content()
    page.fill("#passphrase", "no")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=incorrecta")
    session.desk._again_at = 0.0
    page.fill("#passphrase", PASSPHRASE)
    page.keyboard.press("Enter")
    page.wait_for_selector("#size")
    assert page.input_value(at(f"{MOTHER}.age_years")) == "29"
    kept = page.evaluate("() => JSON.stringify([Object.keys(localStorage), sessionStorage.length, location.href])")
    assert kept == f'[[],0,"{session.address}/station/"]'


# --- interrupted ------------------------------------------------------------------------------------------------------


def test_a_page_left_alone_asks_whether_it_is_locked_and_keeps_the_station_open_no_longer(page: Page, session: Session) -> None:
    """A card that was just made would else be shown, and its key held, for as long as nobody comes."""
    agreed(page)
    made(page, session)
    page.clock.install()
    page.keyboard.press("Shift")
    last_use = session.desk._last_use
    for _ in range(2):
        with page.expect_response("**/api/state"):
            page.clock.fast_forward(602_000)
    assert session.desk._last_use == last_use and page.locator("#card-picture").count() == 1
    session.desk.lock()
    page.clock.fast_forward(2_000)
    page.wait_for_selector("#passphrase")


def test_what_is_typed_of_the_passphrase_stays_though_a_second_answer_says_locked(page: Page, session: Session) -> None:
    page.route("**/api/check", lambda route: late.append(route))
    late: list[Route] = []
    page.keyboard.press("F4")
    page.wait_for_timeout(100)
    session.desk.lock()
    page.click("#to-batch")
    page.click("#lock")
    page.type("#passphrase", PASSPHRASE[:5])
    for route in late:
        route.continue_()
    page.wait_for_timeout(500)
    page.keyboard.type(PASSPHRASE[5:])
    page.keyboard.press("Enter")
    page.wait_for_selector("#people")


def test_the_camera_is_off_once_its_screen_is_left(page: Page, session: Session) -> None:
    page.add_init_script("""
        const asked = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        window.tracks = [];
        navigator.mediaDevices.getUserMedia = async (wanted) => {
            const stream = await asked(wanted);
            window.tracks.push(...stream.getTracks());
            return stream;
        };
    """)
    page.reload()
    agreed(page)
    made(page, session)
    for leaving, arrived in (("#to-day", "#back"), ("#to-scan", "#text"), ("#lock", "#passphrase")):
        page.click("#check-camera")
        page.click("#check-camera")
        page.wait_for_function("() => document.querySelector('video').videoWidth > 0")
        page.click(leaving)
        page.wait_for_selector(arrived)
        states = page.evaluate("() => window.tracks.map(({ readyState }) => readyState)")
        assert states and set(states) == {"ended"}, leaving
        if leaving != "#lock":
            page.click("#to-form")
            page.wait_for_selector("#card-picture")


def test_a_late_answer_takes_the_place_of_no_other_screen(page: Page, family: Card) -> None:
    late: list[Route] = []
    for path in ("read", "counts"):
        page.route(f"**/api/{path}", lambda route: late.append(route))
    page.click("#to-scan")
    page.fill("#text", family.text)
    page.click("#read")
    page.click("#to-form")
    page.click("#to-day")
    page.click("#to-form")
    page.wait_for_selector("#told")
    assert len(late) == 2
    for route in late:
        with page.expect_response(route.request.url):
            route.continue_()
    page.wait_for_timeout(300)
    assert page.locator("#told").count() == 1 and page.locator("#continue, #counts").count() == 0


def test_a_card_under_way_for_her_who_declines_is_discarded(page: Page, session: Session) -> None:
    late: list[Route] = []
    page.route("**/api/issue", lambda route: late.append(route))
    agreed(page)
    page.fill(at(f"{MOTHER}.age_years"), "33")
    page.keyboard.press("F9")
    saved(page, session, "33")
    while not late:
        page.wait_for_timeout(50)
    page.click("#no-card")
    saved(page, session, "33", gone=True)
    with page.expect_response("**/discard", timeout=30_000):
        late[0].continue_()
    assert not session.desk._cards and session.desk.draft["made"] is None
    assert page.locator("#told").count() == 1 and page.input_value(at(f"{MOTHER}.age_years")) == ""


def test_a_second_tab_waits_until_the_first_is_closed(page: Page, session: Session, context: BrowserContext) -> None:
    """Two forms would be one draft: a reload would show one woman the other's."""
    page.fill(at(f"{MOTHER}.age_years"), "33")
    saved(page, session, "33")
    page.reload()
    page.wait_for_selector("#told")
    second = context.new_page()
    second.goto(f"{session.address}/station/")
    second.wait_for_selector("#second")
    assert "otra pestaña" in second.locator("main").inner_text()
    assert not browser.violations(second)
    page.close()
    second.wait_for_selector("#told")
    assert second.input_value(at(f"{MOTHER}.age_years")) == "33"
    second.close()


def test_a_form_begun_yesterday_keeps_its_day_and_another_woman_has_todays(page: Page, session: Session, world: World) -> None:
    """Whether it was left open over night, or midnight passed while somebody worked."""
    weight = at(f"{MOTHER}.now.observations.weight")
    page.fill(weight, "64,9")
    page.fill(at(f"{MOTHER}.weeks"), "31")
    form = saved(page, session, "'weeks': '31'")
    yesterday = TODAY - timedelta(1)
    assert form["day"] == TODAY.isoformat()
    session.desk.draft = form | {"day": yesterday.isoformat()}
    page.reload()
    page.wait_for_selector("#size")
    assert page.input_value(at(f"{MOTHER}.now.date")) == yesterday.isoformat() and page.is_visible(at(f"{MOTHER}.now.date"))
    agreed(page)
    record = verified(made(page, session), world).record
    assert record and record.people[0].role == "mother" and record.people[0].pregnancy
    assert [contact.date for contact in record.people[0].contacts] == [yesterday]
    assert record.people[0].pregnancy.lmp == yesterday - timedelta(31 * 7)
    tomorrow = TODAY + timedelta(1)
    page.route("**/api/state", lambda route: route.fulfill(json=route.fetch().json() | {"today": tomorrow.isoformat()}))
    page.click("#handed-over")
    page.wait_for_selector("#told")
    assert page.get_attribute(at(f"{MOTHER}.now.date"), "max") == tomorrow.isoformat() and not page.is_visible(at(f"{MOTHER}.now.date"))


def test_what_could_not_be_noted_is_said_and_tried_again(world: World, context: BrowserContext, tmp_path: Path) -> None:
    """The disk is full when she has her card: it is counted once there is room."""
    with running(settings(world, tmp_path, counts=tmp_path / "full" / "counts.json"), TODAY) as session:
        page = context.new_page()
        unlock(page, session)
        agreed(page, count=True)
        page.fill(at(f"{MOTHER}.now.observations.weight"), "64,9")
        made(page, session)
        page.click("#handed-over")
        page.wait_for_selector("#unnoted:has-text('no se pudo anotar')")
        assert session.desk._cards and not browser.violations(page)
        (tmp_path / "full").mkdir()
        page.click("#handed-over")
        page.wait_for_selector("#told")
        assert session.desk.counts.today == {"contacts": 1}
        page.close()


def test_a_station_that_was_closed_is_said_above_what_was_entered(page: Page, session: Session) -> None:
    page.fill(at(f"{MOTHER}.age_years"), "33")
    saved(page, session, "33")
    page.route("**/api/**", lambda route: route.fulfill(status=403, json={"code": "not-this-browser"}))  # another one at the same address
    page.keyboard.press("F9")
    page.wait_for_selector("#gone")
    assert "El puesto está cerrado" in page.locator("#gone").inner_text() and page.input_value(at(f"{MOTHER}.age_years")) == "33"
    assert not browser.violations(page)
    screenshot(page, "station-gone")
    page.unroute("**/api/**")
    page.fill(at(f"{MOTHER}.age_years"), "34")
    page.wait_for_selector("#gone", state="detached")


def test_a_begun_form_is_not_cleared_without_a_word(page: Page, session: Session, family: Card) -> None:
    def scanned() -> None:
        page.click("#to-scan")
        page.keyboard.type(family.text)
        page.keyboard.press("Enter")
        page.wait_for_selector("#continue")

    scanned()
    assert page.locator("#begun").count() == 0
    page.click("#to-form")
    page.fill(at(f"{MOTHER}.age_years"), "33")
    scanned()
    assert "se borra" in page.locator("#begun").inner_text()
    page.select_option("#language", "fr")
    page.wait_for_selector("html[lang=fr] #continue")
    assert "effacé" in page.locator("#begun").inner_text() and not browser.violations(page)
    screenshot(page, "station-begun")
    page.click("#back")
    assert page.input_value(at(f"{MOTHER}.age_years")) == "33"


def test_what_was_typed_again_stays_while_another_field_holds_no_number(page: Page, session: Session, world: World) -> None:
    weight, height = (f"{MOTHER}.now.observations.{key}" for key in ("weight", "systolic"))
    agreed(page)
    page.fill(at(weight), "185")
    page.fill(at(f"{weight}.again"), "185")
    page.fill(at(height), "12x")
    page.wait_for_selector(f'[data-place="{height}"] .problem')
    page.fill(at(height), "124")
    page.wait_for_selector(f'[data-place="{height}"] .problem', state="detached")
    assert page.input_value(at(f"{weight}.again")) == "185"
    assert verified(made(page, session), world)


def test_weeks_and_days_of_pregnancy_are_written_as_staff_write_them(page: Page, session: Session, world: World) -> None:
    weeks = f"{MOTHER}.weeks"
    agreed(page)
    page.fill(at(weeks), "310")
    assert words_at(page, weeks)
    page.fill(at(weeks), "31+3")
    page.wait_for_selector(f'[data-place="{weeks}"] .problem', state="detached")
    record = verified(made(page, session), world).record
    assert record and record.people[0].role == "mother" and record.people[0].pregnancy
    assert record.people[0].pregnancy.lmp == TODAY - timedelta(31 * 7 + 3)


def test_a_preview_goes_with_what_it_showed(page: Page) -> None:
    page.keyboard.press("F4")
    page.wait_for_selector("#preview img")
    page.fill(at(f"{MOTHER}.age_years"), "33")
    assert page.locator("#preview img").count() == 0


def test_a_file_of_records_becomes_sheets(page: Page, session: Session, tmp_path: Path) -> None:
    page.click("#to-batch")
    records = [example("muac_only.json").decode().replace("\n", ""), "{}"]
    (tmp_path / "records.ndjson").write_text("\n".join(records))
    page.set_input_files("#batch-file", tmp_path / "records.ndjson")
    page.click("#batch-start")
    page.wait_for_selector("#batch-print")
    assert page.locator("#batch-refused > li").count() == 1
    assert not browser.violations(page)
    screenshot(page, "station-batch")
    page.click("#to-scan")
    page.select_option("#language", "en")
    page.click("#to-batch")
    assert page.locator("#batch-refused > li").count() == 1, "how it went is there until they are given out"
    page.click("#batch-given")
    page.wait_for_selector("#size")
    assert session.desk._sheets is None


# What stays in the words of the station, of records that only other programs write; the last is the end of another text.
IN_ENGLISH = (
    "not valid here", "not an event", "not a profile bit", "history_source", "NaN and Infinity", "goes to another", "the new card would",
    "no such person", "not the role", "not contacts", "not a contact", "left out", "no such line", "7, outside",
)  # fmt: skip


def written(said: ast.expr) -> str:
    """A text as the library would say it, its figures 7 and 7 %."""
    parts = said.values if isinstance(said, ast.JoinedStr) else [said]
    share = [isinstance(part, ast.FormattedValue) and part.format_spec and "%" in ast.unparse(part.format_spec) for part in parts]
    figures = ["7 %" if per else "7" for per in share]
    return "".join(str(one.value) if isinstance(one, ast.Constant) else figure for one, figure in zip(parts, figures, strict=True))


def messages(*modules: str) -> set[str]:
    """What these modules say is wrong at a place, or was found of a print that does not pass."""
    found = set()
    for node in (node for name in modules for node in ast.walk(ast.parse((CHECKOUT / name).read_text(encoding="utf-8")))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            at = {"problem": 0, "Problem": 1, "Result": 3}.get(node.func.id)
            if at is not None and "True" not in map(ast.unparse, node.args):
                found.add(written(node.args[at]))
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "measured":
            found |= {written(said) for said in ast.walk(node.value) if isinstance(said, ast.JoinedStr) and "{" in ast.unparse(said)}
    return found


def test_whatever_is_wrong_with_a_record_or_a_print_is_said_in_the_words_of_the_page(page: Page) -> None:
    found = messages(
        "healthcard/record.py", "healthcard/faults.py", "healthcard/clinic/entry.py", "healthcard/codec.py", "healthcard/continuing.py",
        "healthcard/printing/check.py", "api/desk.py",
    ) | set(MESSAGES.values())  # fmt: skip
    margin = next(text for text in found if text.startswith("not white"))
    sides = {margin.replace("7", side, 1) for side in ("on the left", "on the right", "above", "below")}
    said = sorted(sides | {text for text in found if not text.startswith((*IN_ENGLISH, "not white")) and text.strip("7 %")})
    assert len(said) > 50
    shown = page.evaluate(
        """async (texts) => {
            const [{ inWords }, { loadTables }] = await Promise.all([import("/station/faults.js"), import("/scanner/tables.js")]);
            const tables = await loadTables();
            const desk = (code) => ({ page: tables.page(code), language: tables.language(code) });
            return texts.map((text) => tables.pageLanguages.map((code) => inWords(desk(code), text)));
        }""",
        [*said, "can't be, outside 30.5 to 45 Cel", "unlikely: type it again, outside 3 to 4", "no word of ours"],
    )
    *words, limits, unlikely, unknown = shown
    assert [text for text, row in zip(said, words, strict=True) if None in row] == []
    assert limits[1].endswith(" (30.5 \u2013 45 °C)") and limits[2].endswith(" (30,5 \u2013 45 °C)")
    assert unlikely[1].endswith(" (3 \u2013 4)") and unknown == [None] * 5


def test_faults_of_a_file_and_of_a_print_are_told_in_the_language_of_the_page(page: Page, session: Session, tmp_path: Path) -> None:
    far = json.loads(example("muac_only.json"))
    far["people"][0]["contacts"][-1]["observations"] = {"muac": 20}
    unlikely = builders.infant(on=TODAY, age_days=90, observations={"weight": 34}).to_json()
    lines = [json.dumps(record) for record in (far | {"name": "x"}, unlikely, {"people": []})]
    (tmp_path / "records.ndjson").write_text("\n".join([*lines, "{"]))
    agreed(page)
    made(page, session)
    both = Image.open(io.BytesIO(session.desk.made(1).files[".png"]))
    front = both.crop((0, 0, both.width // 2, both.height))
    front.point(lambda level: 150 + level * 105 // 255).save(tmp_path / "faint.png", dpi=(300, 300))
    told = {}
    for language in ("es", "en", "fr", "pt", "ht"):
        page.select_option("#language", language)
        page.wait_for_selector(f"html[lang={language}] #ruler")
        page.fill("#ruler", "47.5")
        page.set_input_files("#check-file", tmp_path / "faint.png")
        page.wait_for_selector("#checked li")
        prints = page.locator("#checked li").all_inner_texts()
        assert page.locator("#checked [lang=en]").count() == 0 and any("95" in text for text in prints)
        if language == "ht":
            screenshot(page, "station-check-ht")
        page.click("#to-batch")
        page.set_input_files("#batch-file", tmp_path / "records.ndjson")
        page.click("#batch-start")
        page.wait_for_selector("#batch-refused")
        assert page.locator("#batch-refused > li").count() == 4 and page.locator("#batch-refused [lang=en]").count() == 0
        refused = page.locator("#batch-refused").inner_text()
        assert "people[0].contacts[0].observations.weight" in refused and "choices" in refused
        told[language] = (*prints, refused)
        if language == "ht":
            assert not browser.violations(page)
            screenshot(page, "station-batch-ht")
        page.click("#to-form")
    assert "95,0 % de la taille" in str(told["fr"]) and "95.0 % of full size" in str(told["en"])
    assert len(set(told.values())) == 5


def test_a_question_offers_the_value_that_may_have_been_meant(page: Page) -> None:
    haemoglobin = f"{MOTHER}.now.observations.haemoglobin"
    page.fill(at(haemoglobin), "11")
    page.click(f'[data-place="{haemoglobin}"] .suggestion')
    page.wait_for_selector(f'[data-place="{haemoglobin}"] .suggestion', state="detached")
    assert page.input_value(at(haemoglobin)) == "110"


def test_the_local_time_is_asked_for_where_it_matters(page: Page) -> None:
    time = f'[data-place="{MOTHER}.now.time"]'
    assert not page.is_visible(time)
    add(page, MOTHER, "gentamicina")
    page.fill(at(f"{MOTHER}.now.medicines[0].amount"), "80")
    page.wait_for_selector(f"{time} .problem")
    page.select_option(at(f"{MOTHER}.now.time"), "14:30")
    page.wait_for_selector(f"{time} .problem", state="detached")
    assert page.is_visible(time)


def test_no_screen_has_a_fault_of_accessibility_in_any_language(
    page: Page, session: Session, family: Card
) -> None:
    """One screen in each language; what is said of the fields is on them."""
    def looked_at(language: str, name: str) -> None:
        page.select_option("#language", language)
        page.wait_for_timeout(200)
        screenshot(page, f"station-{name}-{language}")
        assert not browser.violations(page), name

    agreed(page)
    page.click("#add-child")
    page.fill(at(f"{CHILD}.now.observations.weight"), "34")
    page.fill(at(f"{MOTHER}.now.observations.systolic"), "170")
    page.fill(at(f"{MOTHER}.now.observations.haemoglobin"), "900")
    add(page, MOTHER, "paracetamol")
    page.wait_for_selector("#problems .problem")
    looked_at("en", "form")
    page.wait_for_selector("#problems .problem")
    looked_at("fr", "form")
    page.click("#no-card")
    page.wait_for_selector("#size")
    agreed(page)
    made(page, session)
    looked_at("pt", "made")
    page.click("#discard")
    page.wait_for_selector("#size")
    page.click("#to-day")
    looked_at("ht", "day")
    page.select_option("#language", "es")
    page.click("#to-scan")
    page.wait_for_selector("#text")
    assert not browser.violations(page)
    page.keyboard.type(family.text)
    page.keyboard.press("Enter")
    page.wait_for_selector("#continue")
    assert not browser.violations(page)
    page.click("#lock")
    page.wait_for_selector("#passphrase")
    looked_at("ht", "locked")


@pytest.mark.parametrize("width", [320, 1280])
def test_every_screen_is_usable_at_320_pixels_and_at_twice_the_size(
    page: Page, session: Session, twins: list[str], tmp_path: Path, width: int
) -> None:
    """1280 px at twice the size are 640 px of the page."""
    page.add_init_script(browser.VOICES)
    page.reload()
    page.wait_for_selector("#aloud")
    page.set_viewport_size({"width": width, "height": 700})
    if width == 1280:
        page.evaluate("() => { document.documentElement.style.fontSize = '225%'; }")
    add(page, MOTHER, "paracetamol")

    def fits(screen: str) -> None:
        overflow = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
        screenshot(page, f"station-{screen}-{width}")
        assert overflow <= 0, screen

    page.keyboard.press("F8")
    fits("form")
    continued_of(page, twins)
    page.check(f"{WHICH} input >> nth=0")
    page.click("#leave-out summary")
    fits("continued")
    agreed(page)
    made(page, session)
    fits("made")
    page.click("#to-batch")
    (tmp_path / "records.ndjson").write_text(json.dumps({"people": [], "name": "x", "choices": {"import": False, "count": False}}))
    page.set_input_files("#batch-file", tmp_path / "records.ndjson")
    page.click("#batch-start")
    page.wait_for_selector("#batch-refused")
    fits("batch")
