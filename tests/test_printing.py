"""A card on paper: what the template is given, that the print reads back, that every example finds room, and what no face may say."""

import io
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from healthcard import card as cards
from healthcard import symbol
from healthcard.card import Card
from healthcard.errors import PrintError
from healthcard.printing import layout, proof, templates
from healthcard.printing import rendering as printing
from healthcard.printing.layout import Fit
from healthcard.record import Record
from healthcard.resources import folder
from healthcard.words import labels
from healthcard.words.labels import LANGUAGES
from tests.builders import infant, mother
from tests.test_labels import STATUS
from tests.world import World

EXAMPLES = Path(__file__).parent.parent / "examples"
SEALED = "family_three_contacts_sealed"  # holds what is refused in the open
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.json") if path.stem != SEALED)
LATER = date(2026, 11, 20)
every_example = pytest.mark.parametrize("name", NAMES)
every_language = pytest.mark.parametrize("language", LANGUAGES)


@cache
def issued(name: str, late: bool = False) -> Card:
    """The card of an example, issued on the day of its last contact or months later."""
    record = Record.from_json((EXAMPLES / f"{name}.json").read_bytes())
    last = max(contact.date for person in record.people for contact in person.contacts)
    return World.build(LATER if late else last).issue(record)


def words(pdf: bytes) -> str:
    """The text of the pages as another program extracts it, on one line."""
    run = subprocess.run(["pdftotext", "-raw", "-", "-"], input=pdf, capture_output=True, check=True)
    return " ".join(run.stdout.decode().split())


def all_checked(monkeypatch: pytest.MonkeyPatch, *languages: str) -> None:
    """As if speakers had checked every word of these languages."""
    table = labels._table

    def checked(language: str) -> dict[tuple[str, str, str], labels.Label]:
        return {key: labels.Label(found.text, found.draft and language not in languages) for key, found in table(language).items()}

    monkeypatch.setattr(labels, "_table", checked)


def on_the_real_network(card: Card) -> Card:
    return replace(card, network="real")


# Every example finds room


@every_example
@pytest.mark.parametrize("late", [False, True], ids=["at the last contact", "months later"])
@pytest.mark.parametrize(
    ("language", "route"), [("es", "en"), ("en", "es"), ("ht", "es"), ("fr", "es"), ("pt", "es"), ("es", "fr"), ("ht", "ht")]
)
def test_every_line_of_every_example_stands_on_the_paper(name: str, late: bool, language: str, route: str) -> None:
    data = printing.card_data(issued(name, late), language, route, False)
    fit = layout.fitted("a7", data)
    assert fit.hidden == 0 and fit.shown > 0


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_a_card_of_many_children_prints(count: int) -> None:
    child = infant(age_days=40, observations={"weight": 4.2}).to_json()["people"]
    record = Record.from_json({"language": "es", "people": [*mother(age_years=24).to_json()["people"], *child * count]})
    data = printing.card_data(World.build(date(2026, 7, 2)).issue(record), "es", "en", False)
    assert layout.fitted("a7", data).hidden == 0 and layout.compile_template("a7", data)


# What stands on the face


@every_example
@every_language
def test_no_face_looks_like_a_document_or_tells_a_status(name: str, language: str) -> None:
    """DP-26 and DP-27; the other half, no emblem, is what the templates may draw at all."""
    said = words(printing.render(issued(name), language=language))
    assert said.count(labels.label("ui", "not_identity_document", language).text) == 2
    for lists in {language, "es"}:
        assert not re.search(rf"\b({STATUS[lists]})\b", said, re.IGNORECASE)


def test_the_words_of_a_status_would_be_found() -> None:
    told = {"en": "a refugee", "es": "una migrante", "fr": "la migrante", "pt": "uma migrante", "ht": "yon imigran"}
    assert all(re.search(rf"\b({STATUS[language]})\b", text, re.IGNORECASE) for language, text in told.items())


def test_no_emblem_can_be_on_a_face_because_templates_draw_nothing_but_code_pictograms_and_lines() -> None:
    place = folder("print_templates")
    drawn = {path.stem for path in (place / "pictograms").iterdir()}
    assert drawn == {
        *("allergy", "baby", "danger", "dry", "help", "medicine", "mother", "next_visit", "photo", "referral", "scale", "scan"),
        *("seek_help", "speak", "sticker", "vaccine", "write"),
    }
    for template in place.glob("*.typ"):
        images = re.findall(r"\bimage\((.*)", template.read_text(encoding="utf-8"))
        assert all(found.startswith(("svg,", "bytes(card.code_svg)")) for found in images)


def test_a_card_that_tells_of_danger_says_that_this_is_no_diagnosis() -> None:
    assert "Not a diagnosis" in words(printing.render(issued("severe_pre_eclampsia"), language="en"))
    assert "Not a diagnosis" not in words(printing.render(issued("mother_first_contact"), language="en"))


def test_her_language_comes_first_and_the_routes_beside_it() -> None:
    said = words(printing.render(issued("mother_first_contact"), language="ht", route_language="es"))
    assert said.index("Manman") < said.index("Madre")
    assert "Silfamid" in said and "Sulfonamidas" in said


def test_where_her_language_has_no_texts_the_routes_stands_alone() -> None:
    data = printing.card_data(issued("severe_pre_eclampsia"), "sw", "es", False)
    assert data["language"] == "es" and data["title"]["second"] is None


def test_one_language_is_not_printed_twice() -> None:
    data = printing.card_data(issued("muac_only"), "es", "es", False)
    assert {line["second"] for side in data["sections"].values() for section in side for line in section["lines"]} == {None}


def test_an_age_is_printed_with_the_year_of_the_first_contact_on_the_card() -> None:
    assert "Edad 27 años (2025)" in words(printing.render(issued("family_three_contacts", late=True), language="es"))


def test_a_text_light_face_gets_no_line() -> None:
    data = printing.card_data(issued("severe_pre_eclampsia"), "en", "es", True)
    assert data["sections"] == {"front": [], "back": []} and data["withheld"] == 0


# Drafts


def printed_lines(data: dict[str, object]) -> list[dict[str, object]]:
    sides = data["sections"]
    assert isinstance(sides, dict)
    return [line for side in sides.values() for section in side for line in section["lines"]]


def test_the_real_network_prints_no_draft_where_neither_language_is_checked() -> None:
    card = on_the_real_network(issued("family_three_contacts"))
    data = printing.card_data(card, "ht", "es", False)
    assert not [line for line in printed_lines(data) if line["draft"]] and data["withheld"] > 0


def test_the_real_network_prints_a_draft_beside_a_checked_line(monkeypatch: pytest.MonkeyPatch) -> None:
    all_checked(monkeypatch, "es")
    card = on_the_real_network(issued("mother_first_contact"))
    data = printing.card_data(card, "ht", "es", False)
    found = printed_lines(data)
    assert [line for line in found if line["draft"] and line["second"]] and data["withheld"] == 0


def pairs(data: Any) -> Iterator[dict[str, Any]]:
    """All words of the data that are said in two languages."""
    if isinstance(data, dict) and "second" in data:
        yield data
    for part in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from pairs(part)


@pytest.mark.parametrize("name", ["a7", "id1", "a6", "roll58", "roll80", "sticker", "sticker58"])
def test_no_draft_of_hers_stands_alone_on_a_real_card(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    all_checked(monkeypatch, "es")
    template = templates.find(name)
    for sample in proof.samples(template).values():
        data = printing.card_data(on_the_real_network(sample), "ht", "es", False, template, "8:00-17:00")
        said = _plain(words(layout.compile_template(name, data)[0]))
        drafts = [pair for pair in pairs(data) if pair.get("draft")]
        assert len(drafts) > 10
        lone = [pair for pair in drafts if _plain(pair["text"]) in said and _plain(pair["second"] or pair["text"]) not in said]
        assert lone == []


def _plain(text: str) -> str:
    """Without blanks and hyphens: a line may end at one."""
    return re.sub(r"[\s-]", "", text)


def test_what_rests_on_a_row_from_memory_stays_off_real_cards_though_every_word_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    all_checked(monkeypatch, *LANGUAGES)
    real = printing.card_data(on_the_real_network(issued("twins_after_birth")), "es", "en", False)
    test = printing.card_data(issued("twins_after_birth"), "es", "en", False)
    assert not [line for line in printed_lines(real) if "*" in str(line["text"])] and real["withheld"] > 0
    assert [line for line in printed_lines(test) if "*" in str(line["text"])]


def test_a_real_card_whose_words_are_checked_prints_in_full_and_says_no_test(monkeypatch: pytest.MonkeyPatch) -> None:
    all_checked(monkeypatch, *LANGUAGES)
    card = on_the_real_network(issued("mother_first_contact"))
    data = printing.card_data(card, "en", "es", False)
    assert layout.fitted("a7", data) == Fit(shown=len(printed_lines(data)), hidden=0)
    assert "TEST" not in words(printing.render(card, language="en"))


# Reading back


def test_a_print_reads_back_as_its_card() -> None:
    card = issued("muac_only")
    for format in ("pdf", "png"):
        printing.check_scan(printing.render(card, format=format), card)  # type: ignore[arg-type]


def test_a_print_of_another_card_is_refused() -> None:
    with pytest.raises(PrintError):
        printing.check_scan(printing.render(issued("muac_only")), issued("mother_first_contact"))


def test_a_print_without_a_code_is_refused() -> None:
    blank = io.BytesIO()
    Image.new("L", (874, 1240), 255).save(blank, "PNG")
    with pytest.raises(PrintError):
        printing.check_scan(blank.getvalue(), issued("muac_only"))


def test_a_print_whose_code_was_swapped_at_the_last_moment_is_not_handed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    other = issued("mother_first_contact")
    drawn = symbol.symbol
    monkeypatch.setattr(symbol, "symbol", lambda text, *size: drawn(other.text, *size))
    with pytest.raises(PrintError):
        printing.checked_files(issued("muac_only"))


def test_checked_files_are_card_text_pdf_and_png() -> None:
    card = issued("muac_only")
    files = printing.checked_files(card)
    assert sorted(files) == [".pdf", ".png", ".txt"]
    assert files[".txt"].decode() == card.text + "\n" and files[".pdf"].startswith(b"%PDF-")


# Pictures


def test_the_picture_shows_both_sides_at_300_dpi() -> None:
    picture = Image.open(io.BytesIO(printing.render(issued("muac_only"), format="png")))
    assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    gap = round(printing.GAP_MM * 300 / 25.4)
    assert picture.size == (2 * 874 + gap, 1240)


def test_sides_of_different_height_stand_beside_each_other_on_white() -> None:
    def page(width: int, height: int) -> bytes:
        file = io.BytesIO()
        Image.new("L", (width, height), 0).save(file, "PNG")
        return file.getvalue()

    sheet = Image.open(io.BytesIO(printing.side_by_side([page(10, 20), page(30, 5)])))
    gap = round(printing.GAP_MM * printing.PNG_DPI / 25.4)
    assert sheet.size == (40 + gap, 20)
    assert sheet.getpixel((0, 19)) == 0 and sheet.getpixel((10 + gap, 19)) == 255 and sheet.getpixel((11, 0)) == 255


def test_a_pdf_of_the_same_card_has_the_same_bytes_after_other_cards_were_printed() -> None:
    card = issued("muac_only")
    first = printing.render(card)
    printing.render(issued("mother_first_contact"), language="fr")
    assert printing.render(card) == first


def test_the_card_that_was_printed_verifies() -> None:
    card = issued("muac_only")
    world = World.build(card.issued)
    assert cards.read(card.text, bundle=world.bundle, now=card.issued).verdict == "verified"
