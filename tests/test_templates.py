"""Every template: printed without a warning, tagged, readable, its distances and words as they must be; and an organisation's own.

Each template meets every language and every reference record here; the whole product is the campaign's.
"""

import io
import itertools
import json
import os
import re
import shutil
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from healthcard import symbol
from healthcard.card import Card, read
from healthcard.continuing import extend
from healthcard.errors import PrintError, TooLarge
from healthcard.growth import z_scores
from healthcard.printing import layout, proof, rendering, templates
from healthcard.printing.templates import Template
from healthcard.record import Record
from healthcard.resources import folder
from healthcard.words.labels import FACE_LANGUAGES, LANGUAGES, RIGHT_TO_LEFT, label
from tests.builders import contact, family, infant, mother
from tests.command import healthcard
from tests.test_labels import STATUS
from tests.test_symbol import zbar
from tests.world import World

TEMPLATES = templates.registry()
SAMPLES = {name: tuple(proof.samples(template)) for name, template in TEMPLATES.items()}
RECORDS = SAMPLES["a7"]
CAMPAIGN = bool(os.environ.get("HEALTHCARD_CAMPAIGN"))
PAIRS = [(language, route) for language in FACE_LANGUAGES for route in proof.routes(language)]
# Each template and pair of languages with one record, a next one each time; then each template and record in one pair.
PRODUCT = [(name, *pair, record) for name, records in SAMPLES.items() for pair in PAIRS for record in records]
CYCLE = [(name, *pair, SAMPLES[name][n % len(SAMPLES[name])]) for n, (name, pair) in enumerate(itertools.product(TEMPLATES, PAIRS))]
ROUND = [(name, *PAIRS[n % len(PAIRS)], record) for name, records in SAMPLES.items() for n, record in enumerate(records)]
COVER = list(dict.fromkeys([*CYCLE, *ROUND]))
every_template = pytest.mark.parametrize("name", TEMPLATES)
every_card_template = pytest.mark.parametrize("name", [name for name, template in TEMPLATES.items() if template.kind == "card"])


@cache
def printed(name: str, language: str, record: str | None = None, **options: object) -> bytes:
    """A template with a record of its samples, the one that shows it best if none is told."""
    route, card = proof.routes(language)[0], proof.samples(TEMPLATES[name])[record] if record else proof.sample(TEMPLATES[name])
    if TEMPLATES[name].kind == "poster":
        return rendering.poster(language, route, template=name, **options)  # type: ignore[arg-type]
    return rendering.render(card, name, language, route_language=route, **options)  # type: ignore[arg-type]


@cache
def words(pdf: bytes) -> str:
    """The text of all pages without blanks."""
    return "".join("".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf)).split()).replace("\ufffe", "-")


def pages(pdf: bytes, dpi: float) -> list[Image.Image]:
    return [page.render(scale=dpi / 72, grayscale=True).to_pil().convert("L") for page in pypdfium2.PdfDocument(pdf)]


def issued_late(name: str) -> Card:
    """A card of a bundled record as it would be made half a year later: much is overdue."""
    return World.build(date(2026, 11, 20)).issue(Record.from_json((folder("examples") / f"{name}.json").read_bytes()))


def card_of(record: Record) -> Card:
    day = max(one.date for person in record.people for one in person.contacts)
    return World.build(day).issue(record)


# Every template, language and record


@pytest.mark.parametrize(("name", "language", "route", "record"), PRODUCT if CAMPAIGN else COVER)
def test_a_print_has_no_fault(name: str, language: str, route: str, record: str) -> None:
    """No warning of Typst, page size, code at the dpi of the device, module, quiet zone, cut, fold, face lint: all of `proof.faults`."""
    assert list(proof.faults(TEMPLATES[name], proof.reference_cards()[record], language, route)) == []


def overprinted(pdf: bytes) -> list[str]:
    """The words in which a stroke of a pictogram stands, by more than half a millimetre; a child's number alone stands so."""
    found = []
    for page in pypdfium2.PdfDocument(pdf):
        drawn = [one.get_bounds() for one in page.get_objects([pypdfium2.raw.FPDF_PAGEOBJ_PATH])]
        strokes = [box for box in drawn if all(2 < side < 20 for side in (box[2] - box[0], box[3] - box[1]))]  # no line and no large box
        text = page.get_textpage()
        for left, bottom, right, top in map(text.get_rect, range(text.count_rects())):
            words = text.get_text_bounded(left, bottom, right, top)
            for x0, y0, x1, y1 in strokes:
                around = x0 <= left and right <= x1  # the white of the bar of a TEST card
                if min(right, x1) - max(left, x0) > 1.4 and min(top, y1) - max(bottom, y0) > 1.4 and not around and not words.isdigit():
                    found.append(words)
    return found


@pytest.mark.parametrize("language", ["en", "es", "fr", "pt", "ht", "so"])
@pytest.mark.parametrize("findings", [["unable_to_feed"], ["unable_to_feed", "lethargic"], ["unable_to_feed", "convulsions_infant"]])
def test_lines_end_above_what_is_said_of_the_rest(language: str, findings: list[str]) -> None:
    """However many red lines stand in one black box."""
    other = infant(age_days=39, birth={"weight_g": 1750}, allergies=[], observations={"weight": 2.61, "length": 45.5})
    for observations in ({"temperature": 35.1}, {"temperature": 35.1, "weight": 2.05}, {"respiratory_rate": 72, "weight": 2.05}):
        twin = infant(age_days=39, birth={"weight_g": 1420}, observations=observations, findings=findings)
        pdf = rendering.render(card_of(family(mother(postpartum_days=39), other, twin)), "id1", language, route_language=language)
        for page in pypdfium2.PdfDocument(pdf):
            text = page.get_textpage()
            boxes = [text.get_rect(n) for n in range(text.count_rects())]
            for left, bottom, right, top in boxes:
                if label("ui", "more_on_code", language).text in text.get_text_bounded(left, bottom, right, top):
                    assert [b for b in boxes if b[0] < right and left < b[2] and bottom + 1 < b[1] < top + 0.8] == []


@every_card_template
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_pictogram_stands_in_a_word(name: str, language: str) -> None:
    for route in proof.routes(language):
        for record in (proof.FAMILY, "severe_pre_eclampsia", "twins_after_birth"):
            pdf = rendering.render(proof.reference_cards()[record], name, language, route_language=route, hours="8:00-17:00")
            assert overprinted(pdf) == [], (route, record)


@every_template
@pytest.mark.parametrize("language", ["es", "ar"])
def test_a_text_light_print_has_no_fault(name: str, language: str) -> None:
    assert list(proof.faults(TEMPLATES[name], proof.sample(TEMPLATES[name]), language, text_light=True)) == []


@every_template
@pytest.mark.parametrize("language", ["ht", "fa", "zh-Hans", "bn"])
def test_the_pdf_is_tagged_and_the_same_each_time(name: str, language: str) -> None:
    made = printed(name, language)
    assert made == printed.__wrapped__(name, language)
    with pikepdf.open(io.BytesIO(made)) as pdf:
        assert pdf.Root.MarkInfo.Marked and pdf.Root.StructTreeRoot.K
        assert str(pdf.Root.Lang).startswith(language.split("-")[0])
        about = pdf.open_metadata()
        assert (about["pdfuaid:part"], about["pdfaid:part"], about["pdfaid:conformance"]) == ("1", "2", "A")
        assert about["dc:title"]


@every_template
def test_the_code_reads_at_300_and_at_203_dpi(name: str) -> None:
    template, card = TEMPLATES[name], proof.sample(TEMPLATES[name])
    made = printed(name, "es")
    for dpi in (300, 203):
        found = [code.text for page in pages(made, dpi) for code in zxingcpp.read_barcodes(page)]
        assert found == ([card.text] * template.pages if template.code_mm else [])


@every_template
def test_a_second_reader_reads_the_code_too(name: str, tmp_path: Path) -> None:
    template = TEMPLATES[name]
    found = [zbar(page, tmp_path) for page in pages(printed(name, "ht"), 300)] if template.code_mm else []
    assert found == [[proof.sample(template).text]] * (template.pages if template.code_mm else 0)


@every_template
@pytest.mark.parametrize("language", FACE_LANGUAGES)
def test_the_words_of_her_language_stand_on_it(name: str, language: str) -> None:
    said = words(printed(name, language))
    kind = TEMPLATES[name].kind
    keys = ["not_identity_document", *{"card": ["keep_dry"], "poster": ["tell_us", "desk_hours"], "sticker": []}[kind]]
    for key in keys:
        assert "".join(label("ui", key, language).text.split()) in said


@every_template
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_tells_a_status(name: str, language: str) -> None:
    said = "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(printed(name, language)))
    for lists in (STATUS[language], STATUS["es"]):
        assert not re.search(rf"\b({lists})\b", said, re.IGNORECASE)


def test_the_lint_of_faces_knows_the_words_that_labels_may_not_have() -> None:
    for told in ("a refugee", "una migrante", "la migrante", "uma imigrante", "yon imigran", "réfugiés", "VIH", "asilo"):
        assert proof.STATUS.search(told)


# What each is for


@every_card_template
def test_a_text_light_face_holds_no_line_nobody_and_no_chart(name: str) -> None:
    card = proof.reference_cards()[proof.FAMILY]
    data = rendering.card_data(card, "es", "en", True, TEMPLATES[name])
    assert (data["sections"], data["people"], data["charts"]) == ({"front": [], "back": []}, [], [])
    said = words(printed(name, "es", text_light=True))
    for kind, key in (("ui", "mother"), ("ui", "baby"), ("section", "medicines"), ("section", "vaccines"), ("growth", "weight_for_length")):
        assert "".join(label(kind, key, "es").text.split()) not in said


@pytest.mark.parametrize(("name", "dots"), [("roll58", 384), ("roll80", 576), ("sticker58", 384)])
def test_a_thermal_picture_is_black_and_white_and_as_wide_as_the_print_head(name: str, dots: int) -> None:
    picture = Image.open(io.BytesIO(printed(name, "bn", format="png")))
    assert (picture.width, picture.mode) == (dots, "1")
    assert picture.info["dpi"] == pytest.approx((203.2, 203.2), abs=0.1)


@pytest.mark.parametrize("name", ["roll58", "roll80"])
def test_a_print_that_fades_says_temporary(name: str) -> None:
    for language in ("es", "ht"):
        assert "".join(label("ui", "temporary", language).text.split()) in words(printed(name, language))


@every_card_template
def test_what_a_face_leaves_out_is_said(name: str) -> None:
    for record in RECORDS:
        data = rendering.card_data(proof.reference_cards()[record], "en", "es", False, TEMPLATES[name])
        hidden = layout.fitted(name, data).hidden
        said = words(printed(name, "en", record))
        assert (hidden > 0) == ("moreinthecode" in said)


def test_the_large_card_and_the_rolls_hold_every_line_of_every_record() -> None:
    for name, record, language in itertools.product(("a6", "roll58", "roll80"), RECORDS, ("es", "ht")):
        data = rendering.card_data(proof.reference_cards()[record], language, "fr", False, TEMPLATES[name])
        assert layout.fitted(name, data).hidden == 0, (name, record, language)


@pytest.mark.parametrize("record", RECORDS)
@pytest.mark.parametrize("language", ["en", "es", "fr", "ht"])
def test_on_the_small_card_every_urgent_line_stands_whatever_else_gives_way(record: str, language: str) -> None:
    data: dict[str, Any] = rendering.card_data(proof.reference_cards()[record], language, "en", False, TEMPLATES["id1"])
    sections = [section for side in data["sections"].values() for section in side]
    lines = [(one["key"], line) for one in sections for line in one["lines"]]
    urgent = [line for key, line in lines if line["level"] == "red" or key in ("time_critical", "allergies")]
    urgent += [line for key, line in lines if (key, line["level"]) == ("referral", "amber")]
    said = words(rendering.render(proof.reference_cards()[record], "id1", language, route_language="en"))
    assert [line["text"] for line in urgent if "".join(line["text"].split()) not in said] == []


@every_card_template
@pytest.mark.parametrize(("language", "route"), [("ht", "es"), ("en", "es"), ("es", "en"), ("es", "es")])
def test_no_later_visit_and_no_lesser_fact_stands_where_the_one_before_it_gave_way(name: str, language: str, route: str) -> None:
    for card in [*proof.samples(TEMPLATES[name]).values(), issued_late(proof.FAMILY)]:
        data: dict[str, Any] = rendering.card_data(card, language, route, False, TEMPLATES[name])
        if not layout.fitted(name, data).hidden:
            continue
        said = words(rendering.render(card, name, language, route_language=route)).replace("-", "")  # at which a line may break
        for section in [*data["sections"]["front"], *data["sections"]["back"]]:
            if section["key"] in ("who", "due"):
                ordered = sorted(section["lines"], key=lambda line: line["numbers"]) if section["key"] == "who" else section["lines"]
                for _, lines in itertools.groupby(ordered, key=lambda line: section["key"] == "due" or line["numbers"]):
                    stands = ["".join(line["text"].split()).replace("-", "") in said for line in lines]
                    assert stands == sorted(stands, reverse=True), section["key"]


def test_of_a_woman_in_danger_the_wallet_card_tells_the_referral_and_the_pregnancy_before_all_else_of_her() -> None:
    said = words(rendering.render(proof.reference_cards()["severe_pre_eclampsia"], "id1", "es", route_language="en"))
    assert "urgenciaobstétrica,ahora" in said and "34semanas+0d" in said


def test_issue_says_how_many_lines_no_paper_shows(tmp_path: Path, demo: Path) -> None:
    example = folder("examples") / f"{proof.FAMILY}.json"
    keys = ("--key", demo / "station.key", "--bundle", demo / "trust.bundle", "--language", "ht", "--out")
    small = healthcard("issue", example, *keys, tmp_path / "small", "--template", "id1")
    assert small.code == 0 and re.search(r"id1: \d+ of \d+ lines stand in the code alone, not on the paper", small.err)
    assert "lines stand" not in healthcard("issue", example, *keys, tmp_path / "usual").err


def test_a_sticker_tells_what_was_added_and_asks_nothing() -> None:
    card = proof.reference_cards()["sticker"]
    for name in ("sticker58", "sticker"):
        said = words(rendering.render(card, name, "en"))
        assert "Oralrehydrationsalts" in said and "Jul2026" in said
        assert "notasked" not in said and "notmeasured" not in said


@pytest.mark.parametrize("language", FACE_LANGUAGES)
def test_a_label_tells_danger_in_her_language_alone_where_both_have_no_room(language: str) -> None:
    world = World.build(date(2026, 7, 1))
    first = world.issue(mother(gestation_days=240, observations={"systolic": 118, "diastolic": 76}))
    change = {"person": 0, "date": "2026-07-01", "time": "18:00", "observations": {"systolic": 168, "diastolic": 112}}
    reading = read(first.text, bundle=world.bundle, now=world.today)
    sticker = extend(reading, change, world.station_signer, world.bundle, sticker=True, now=world.today)
    said = words(rendering.render(sticker, "sticker", language))
    if language == "so":  # longer than the label even alone
        assert "".join(label("ui", "more_on_code", "so").text.split()) in said
    else:
        assert "WHO" in said and "ANC" in said  # of the rule that a red line names


@pytest.mark.parametrize(
    ("name", "record"), [("a7", "sticker"), ("poster", "sticker"), ("sticker58", proof.FAMILY), ("poster", proof.FAMILY)]
)
def test_a_sticker_is_no_card_and_a_card_no_sticker(name: str, record: str) -> None:
    kind = "sticker" if record == "sticker" else "card"
    fitting = ", ".join(name for name, template in TEMPLATES.items() if template.kind == kind)
    with pytest.raises(PrintError, match=f"template {name} .* this is a {kind}: take {fitting}, or your own"):
        rendering.render(proof.reference_cards()[record], name)


# Codes: the printed size is fixed, modules are whole dots, the highest level that fits


@pytest.mark.parametrize("name", [name for name, template in TEMPLATES.items() if template.code_mm])
@pytest.mark.parametrize("characters", [150, 320, 480])
def test_the_code_has_its_size_and_the_highest_level_that_fits(name: str, characters: int) -> None:
    template = TEMPLATES[name]
    text = "MCT1:" + "A" * (characters - 5)
    drawn = symbol.symbol(text, template.code_mm, template.dpi)
    side = drawn.printed_mm(template.code_mm, template.dpi)
    assert template.code_mm * 0.8 < side <= template.code_mm
    assert drawn.module_mm(side) >= proof.MODULE_MM - 1e-9 and drawn.level in "MQH"
    if template.dpi:
        dots = drawn.module_mm(side) * template.dpi / 25.4
        assert dots == pytest.approx(round(dots))
    higher = {"M": "QH", "Q": "H", "H": ""}[drawn.level]
    assert all(symbol.capacity(template.code_mm, template.dpi, level) < characters for level in higher)


def test_a_card_that_the_code_of_a_template_cannot_hold_is_refused_with_what_it_holds() -> None:
    with pytest.raises(TooLarge, match="holds"):
        symbol.symbol("MCT1:" + "A" * 700, TEMPLATES["sticker"].code_mm)


# The growth chart


def chart_of(record: Record) -> list[dict[str, object]]:
    data = rendering.card_data(card_of(record), "en", "es", False, TEMPLATES["a6"])
    charts = data["charts"]
    assert isinstance(charts, list)
    return charts


def test_the_chart_has_whos_lines_and_the_points_that_were_measured() -> None:
    [chart] = chart_of(proof.reference_cards()[proof.FAMILY].record)
    assert [line["z"] for line in chart["lines"]] == [-3, -2, 0, 2, 3]  # type: ignore[attr-defined]
    for line in chart["lines"]:  # type: ignore[attr-defined]
        for length, weight in line["points"][::10]:
            found = z_scores("female", None, weight_kg=weight, length_cm=length, position="lying").weight_for_length
            assert found == pytest.approx(line["z"], abs=0.03)
    assert [(point["x"], point["y"]) for point in chart["points"]][-1] == (63.2, 5.62)  # type: ignore[attr-defined, index]


def test_standing_and_lying_measurements_stand_on_one_chart() -> None:
    first = contact(date(2025, 12, 1), observations={"weight": 10.5, "length": 80.0})
    later = contact(date(2026, 7, 1), observations={"weight": 11.9, "height": 87.0})
    [chart] = chart_of(infant(contacts=[first, later], born="2024-05-15", born_precision="month"))
    assert [point["x"] for point in chart["points"]] == [79.3, 87.0]  # type: ignore[attr-defined]
    assert chart["x"]["text"].startswith("Height")  # type: ignore[index]


def test_oedema_gives_no_point_and_a_child_of_unknown_sex_no_chart() -> None:
    [chart] = chart_of(infant(age_days=400, observations={"weight": 8.0, "length": 75.0, "oedema": "++"}))
    assert chart["points"] == []
    assert chart_of(infant(age_days=400, sex=None, observations={"weight": 8.0, "length": 75.0})) == []


def test_the_arm_band_marks_no_value_from_before_six_months() -> None:
    [young] = chart_of(infant(age_days=100, observations={"muac": 112}))
    [older] = chart_of(infant(age_days=300, observations={"muac": 112}))
    assert young["arm"]["mm"] is None and older["arm"]["mm"] == 112 and older["arm"]["limits"] == [115, 125]  # type: ignore[index]


def test_twins_have_a_chart_each_and_a_mother_alone_lines_for_a_pen() -> None:
    said = words(printed("a6", "en", "twins_after_birth"))
    assert "1Weightforlength" in said and "2Weightforlength" in said
    alone = words(printed("a6", "en", "mother_first_contact"))
    assert "Weightforlength" not in alone and alone.count("Notes") == 2


def collisions(pdf: bytes) -> list[str]:
    """The figures and signs in which a letter of another word stands."""
    found = []
    for page in pypdfium2.PdfDocument(pdf):
        text = page.get_textpage()
        letters = [(n, text.get_text_range(n, 1), text.get_charbox(n)) for n in range(text.count_chars())]
        for n, figure, (left, bottom, right, top) in (one for one in letters if one[1] in "0123456789+\u2212"):
            for m, letter, box in letters:
                across, up = min(right, box[2]) - max(left, box[0]), min(top, box[3]) - max(bottom, box[1])
                if abs(n - m) > 3 and letter.strip() and across > 0.4 and up > 0.4:
                    found.append(f"{figure} {letter} {left:.0f} {top:.0f}")
    return found


@pytest.mark.parametrize("language", ["es", "fr", "ht", "ps", "bn", "zh-Hans"])
@pytest.mark.parametrize("ages", [(500,), (500, 500, 500)])
def test_the_words_of_a_chart_stay_apart_and_on_the_paper(language: str, ages: tuple[int, ...]) -> None:
    for muac in (96, 121, 154):
        card = card_of(family(*(infant(age_days=age, observations={"weight": 10.4, "length": 79.0, "muac": muac}) for age in ages)))
        assert list(proof.faults(TEMPLATES["a6"], card, language)) == []
        assert collisions(rendering.render(card, "a6", language)) == []


@pytest.mark.parametrize("name", ["a7", "id1", "a6", "roll58", "roll80"])
@pytest.mark.parametrize("language", [name for name in FACE_LANGUAGES if name not in RIGHT_TO_LEFT])
def test_a_star_is_explained_on_its_side(name: str, language: str) -> None:
    where = any if (name, language) == ("a6", "so") else all  # too long for the bar on the back; the front has it
    meaning = "*" + "".join(label("ui", "unconfirmed", language).text.split())
    found = [printed(name, language, record) for record in ("twins_after_birth", "child_severe_wasting")]
    sides = ["".join(page.get_textpage().get_text_range().split()) for pdf in found for page in pypdfium2.PdfDocument(pdf)]
    starred = [said for said in sides if "*" in said]
    assert starred and where(meaning in said for said in starred)


# Hours of the desk


def test_the_hours_of_the_desk_stand_where_one_is_told_to_tell_us() -> None:
    card = proof.reference_cards()[proof.FAMILY]
    for name in ("a7", "a6", "roll58", "roll80"):
        assert "8:00-17:00" in words(rendering.render(card, name, "es", hours="8:00-17:00"))
    assert "8:00-17:00" in words(rendering.poster("ht", "es", hours="8:00-17:00"))


@pytest.mark.parametrize("hours", ["call 555 0199 ask for Ana", "<b>", "8" * 41])
def test_hours_are_no_place_for_other_words(hours: str) -> None:
    with pytest.raises(PrintError) as refused:
        rendering.poster("es", hours=hours)
    assert hours not in str(refused.value)


# The registry, and an organisation's own folder


def own_folder(tmp_path: Path, name: str = "ours", source: str | None = None, **entry: object) -> Path:
    """A folder of one template: a copy of the A7 unless told."""
    place = tmp_path / "templates"
    place.mkdir()
    (place / f"{name}.typ").write_text(source or (folder("print_templates") / "a7.typ").read_text(encoding="utf-8"), encoding="utf-8")
    usual = {"kind": "card", "about": "ours", "width_mm": 74, "height_mm": 105, "pages": 2, "fold_mm": 52.5, "code_mm": 40}
    (place / "templates.json").write_text(json.dumps({name: usual | entry}), encoding="utf-8")
    return place


def moved(source: str) -> str:
    return source.replace("x: 3mm, front: 57.6mm", "x: 1mm, front: 54.6mm")


def test_an_own_folder_needs_no_more_than_its_template_and_its_list(tmp_path: Path) -> None:
    place = own_folder(tmp_path)
    assert list(templates.registry(place)) == ["ours", *TEMPLATES]
    done = healthcard("templates", "check", place, "--language", "ht")
    assert (done.code, done.out) == (0, "ours: well\n"), done.err


def test_a_check_tells_each_fault_once_with_its_record_and_language_and_fails(tmp_path: Path) -> None:
    place = own_folder(tmp_path, width_mm=80)
    done = healthcard("templates", "check", "ours", "--templates", place, "--language", "es")
    assert done.code == 1 and "print-failed" in done.said
    said = "muac_only, es and en: page 1: 74.0 x 105.0 mm where templates.json says 80 x 105 mm"
    assert done.out.startswith("ours: ") and said in done.out


@pytest.mark.parametrize(
    ("change", "entry", "said"),
    [
        (moved, {}, "mm from the cut; 3 mm are needed"),
        (moved, {}, "mm from the fold; 5 mm are needed"),
        (lambda s: s.replace("code(card, side: code-at.side)", "code(card, side: 25mm)"), {}, "a module of the code is 0."),
        (lambda s: s.replace("code(card, side: code-at.side)", "[]"), {}, "0 codes read at 300 dpi"),
        (lambda s: s.replace("box(width: wide, disclaimer(card, judged, wide))", "[]"), {}, "no identity document"),
        (lambda s: s.replace("head(card, name, ", "text(font: \"Arial\")[x] + head(card, name, "), {}, "warnings"),
        (lambda s: s.replace("at(sheet.margin, y, box", "at(sheet.margin, y, [Refugiada])\n  at(sheet.margin, y, box"), {}, "Refugiada"),
        (lambda s: s + "\n#pagebreak()\n", {}, "3 pages where templates.json says 2"),
        (lambda s: s + "\n#nothing\n", {}, "can't be laid out"),
        (lambda s: s + '\n#if false { image("logo.png") }\n', {}, "no emblem and no logo"),
        (lambda s: s, {"width_mm": 80}, "where templates.json says 80 x 105 mm"),
    ],
)  # fmt: skip
def test_a_template_that_prints_what_no_card_may_be_is_told_so(tmp_path, change, entry, said) -> None:  # type: ignore[no-untyped-def]
    place = own_folder(tmp_path, source=change((folder("print_templates") / "a7.typ").read_text(encoding="utf-8")), **entry)
    template, card = templates.find("ours", place), proof.reference_cards()["muac_only"]
    assert said in "\n".join([*proof.drawn(template, place), *proof.faults(template, card, "es", "en", place)])


@pytest.mark.parametrize("path", ["record.json", "/record.json"])
def test_a_template_reads_no_file_of_the_folder_in_which_somebody_works(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "record.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    usual = (folder("print_templates") / "a7.typ").read_text(encoding="utf-8")
    for source, works in ((usual, True), (f'#let other = read("{path}")\n{usual}', False)):
        (tmp_path / str(works)).mkdir()
        place = own_folder(tmp_path / str(works), source=source)
        found = list(proof.faults(templates.find("ours", place), proof.reference_cards()["muac_only"], "es", own=place))
        assert (found == []) is works


def test_a_template_takes_no_package_from_the_network(tmp_path: Path) -> None:
    place = own_folder(tmp_path, source='#import "@preview/cetz:0.3.0": canvas\n')
    done = healthcard("templates", "check", place, "--language", "es")
    assert done.code == 1 and "ours.typ: takes a package from the network" in done.said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "an object for each template"),
        ("no json", "missing or not JSON"),
        ('{"x": {"kind": "card", "about": "", "width_mm": 74, "colour": 1}}', "x: there is no field colour"),
        ('{"x": {"kind": "card", "about": ""}}', "x: width_mm is missing"),
        ('{"x": {"kind": "passport", "about": "", "width_mm": 74}}', "kind is card, sticker or poster"),
        ('{"x": {"kind": "card", "about": "", "width_mm": "74"}}', "sizes are numbers"),
        ('{"x": {"kind": "card", "about": "", "width_mm": 74}}', "there is no file x.typ"),
    ],
)
def test_a_wrong_list_is_refused_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "templates.json").write_text(text, encoding="utf-8")
    with pytest.raises(PrintError, match=re.escape(said)):
        templates.sources(next(iter(templates.registry(tmp_path))), tmp_path)


def test_the_readme_for_designers_names_all_that_a_template_is_given() -> None:
    said = (folder("print_templates") / "README.md").read_text(encoding="utf-8")
    data = json.loads((folder("print_templates") / "example" / "a6.json").read_text(encoding="utf-8"))
    poster = rendering.poster_data("es", "en")
    line = next(line for side in data["sections"].values() for section in side for line in section["lines"] if "cells" in line)
    names = {*data, *data["strings"], *poster["strings"], *data["people"][0], *data["sections"]["front"][0], *line}  # type: ignore[misc]
    names |= {*data["charts"][0], *data["charts"][0]["arm"], *TEMPLATES["a7"].__dataclass_fields__} - {"name"}
    assert sorted(name for name in names - set(layout.ORDER) if not re.search(rf"[`\"]{name}[`\"]", said)) == []


def test_every_template_of_ours_has_its_file_and_every_file_its_entry() -> None:
    files = {path.stem for path in folder("print_templates").glob("*.typ")}
    assert files - {"common", "roll", "sheet"} == TEMPLATES.keys()


# The commands


def test_the_list_names_every_template_with_its_size() -> None:
    done = healthcard("templates", "list")
    assert [line.split()[0] for line in done.out.splitlines()] == list(TEMPLATES)
    assert "85.6 x 53.98 mm" in done.out and "48 mm wide" in done.out
    assert [Template(**one) for one in json.loads(healthcard("templates", "list", "--json").out)] == list(TEMPLATES.values())


@pytest.mark.parametrize("name", ["id1", "sticker", "poster"])
def test_a_preview_is_a_pdf_and_a_picture(name: str, tmp_path: Path) -> None:
    done = healthcard("templates", "preview", name, "--language", "so", "--out", tmp_path)
    assert done.out.split() == [str(tmp_path / f"{name}-so{suffix}") for suffix in (".pdf", ".png")], done.err
    assert (tmp_path / f"{name}-so.pdf").read_bytes().startswith(b"%PDF")
    with Image.open(tmp_path / f"{name}-so.png") as picture:
        assert picture.width > 300


def test_a_card_is_issued_on_an_organisations_own_template(tmp_path: Path, demo: Path) -> None:
    place = own_folder(tmp_path)
    example = folder("examples") / "muac_only.json"
    keys = ("--key", demo / "station.key", "--bundle", demo / "trust.bundle", "--out")
    done = healthcard("issue", example, *keys, tmp_path, "--template", "ours", "--templates", place)
    assert done.code == 0 and (tmp_path / "muac_only.pdf").exists(), done.err
    refused = healthcard("issue", example, *keys, tmp_path / "second", "--template", "ours")
    assert refused.code == 1 and "no such template; there are: a7" in refused.said


def test_our_files_alone_are_needed_to_print(tmp_path: Path) -> None:
    """A whole copy of the folder is an own folder too."""
    place = Path(shutil.copytree(folder("print_templates"), tmp_path / "copy"))
    card = proof.reference_cards()["muac_only"]
    assert rendering.render(card, own_templates=place) == rendering.render(card)
