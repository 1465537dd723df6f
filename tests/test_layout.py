"""The printed card: laid out without warnings, tagged, the same bytes each time, readable by machine and by eye. Invented people only."""

import io
import json
import re
import shutil
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
import qrcode
import qrcode.image.svg
import zxingcpp
from fontTools.ttLib import TTFont
from PIL import Image
from qrcode.util import MODE_ALPHA_NUM, QRData

from healthcard.errors import PrintError
from healthcard.printing.layout import PRIORITY, CardFace, Fit, Words, compile_template, face, fitted, templates
from healthcard.resources import folder

MM = 1 / 25.4  # inches

CODE_TEXT = "MCT1:" + ("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:" * 9)[:380]


@dataclass(frozen=True)
class Line:
    text: str
    level: str = "info"
    person: int | None = 0
    role: str | None = "mother"
    icon: str = "mother"
    draft: bool = False


@dataclass(frozen=True)
class Section:
    key: str
    title: str
    lines: tuple[Line, ...]


STRINGS = {
    "code": Words("Código legible por máquina", "Machine-readable code"),
    "mother": Words("Madre", "Mother"),
    "infant": Words("Bebé", "Baby"),
    "test": Words("PRUEBA", "TEST"),
    "test_card": Words("PRUEBA - no es una tarjeta real", "TEST - not a real card"),
    "not_identity_document": Words("No es un documento de identidad", "Not an identity document"),
    "not_a_diagnosis": Words("No es un diagnóstico", "Not a diagnosis"),
    "unconfirmed": Words("regla sin confirmar", "rule not confirmed"),
    "keep_dry": Words("Mantener seca", "Keep dry"),
    "notes": Words("Notas", "Notes"),
    "more_on_code": Words("Hay más en el código", "More in the code"),
}
ICONS = {
    "danger": "danger",
    "time_critical": "medicine",
    "allergies": "allergy",
    "who": "mother",
    "values": "scale",
    "medicines": "medicine",
    "vaccines": "vaccine",
    "due": "next_visit",
    "referral": "referral",
    "more": "help",
}
TITLES = {
    "danger": ("Signos de peligro", "Danger signs"),
    "time_critical": ("Tratamiento urgente dado", "Time-critical treatment given"),
    "allergies": ("Alergias", "Allergies"),
    "who": ("Embarazo y persona", "Pregnancy and person"),
    "values": ("Últimas mediciones", "Latest measurements"),
    "medicines": ("Medicamentos en curso", "Medicines still running"),
    "vaccines": ("Vacunas", "Vaccines"),
    "due": ("Próxima visita", "Next visit"),
    "referral": ("Referir a", "Refer to"),
}
# One line: section, person, level, words in Spanish, words in English.
Row = tuple[str, int | None, str, str, str]

MOTHER: list[Row] = [
    ("allergies", 0, "info", "Ninguna conocida (se preguntó)", "None known (asked)"),
    ("who", 0, "info", "Embarazo de 24 semanas + 3 días, por ecografía", "Gestation 24 weeks + 3 days, by ultrasound"),
    ("who", 0, "info", "Embarazos 2, partos 1, cesáreas 1 · grupo A\u2212", "Pregnancies 2, births 1, caesareans 1 · group A\u2212"),
    ("values", 0, "info", "Presión arterial 112/70 mmHg, 6 sep 2026", "Blood pressure 112/70 mmHg, 6 Sep 2026"),
    ("values", 0, "amber", "Hemoglobina 92 g/L ↓ (104, 98), 6 sep 2026", "Haemoglobin 92 g/L ↓ (104, 98), 6 Sep 2026"),
    ("values", 0, "old", "Peso 55,1 kg, 20 ago 2026 (antiguo)", "Weight 55.1 kg, 20 Aug 2026 (old)"),
    ("medicines", 0, "info", "Hierro + ácido fólico, 2 al día, quedan 84 días", "Iron + folic acid, twice daily, 84 days left"),
    ("due", 0, "info", "Control prenatal, 4 oct 2026", "Antenatal visit, 4 Oct 2026"),
    ("due", 0, "info", "Vacuna Td, segunda dosis, 4 oct 2026", "Td vaccine, second dose, 4 Oct 2026"),
]
INFANT: list[Row] = [
    ("allergies", 1, "question", "No se preguntó", "Not asked"),
    ("who", 1, "info", "Niña de 3 meses, lactancia exclusiva", "Girl, 3 months, exclusively breastfed"),
    ("values", 1, "info", "Peso 5,8 kg (z \u22120,21), 6 sep 2026", "Weight 5.8 kg (z \u22120.21), 6 Sep 2026"),
    ("values", 1, "info", "Longitud 59,5 cm (z \u22120,35), 6 sep 2026", "Length 59.5 cm (z \u22120.35), 6 Sep 2026"),
    ("vaccines", 1, "info", "BCG, 8 jun 2026", "BCG, 8 Jun 2026"),
    ("vaccines", 1, "info", "Hepatitis B al nacer, 8 jun 2026", "Hepatitis B birth dose, 8 Jun 2026"),
    ("vaccines", 1, "info", "Pentavalente 1, 3 ago 2026", "Pentavalent 1, 3 Aug 2026"),
    ("due", 1, "info", "Pentavalente 2, desde 31 ago 2026", "Pentavalent 2, from 31 Aug 2026"),
]
TWINS: list[Row] = [
    ("danger", 2, "red", "Temperatura baja, 35,3 °C, 6 sep 2026", "Low temperature, 35.3 °C, 6 Sep 2026"),
    ("who", 1, "info", "Niño de 7 días, nació con 2310 g", "Boy, 7 days, birth weight 2310 g"),
    ("who", 2, "info", "Niña de 7 días, nació con 2090 g", "Girl, 7 days, birth weight 2090 g"),
    ("values", 1, "info", "Peso 2,28 kg, 6 sep 2026", "Weight 2.28 kg, 6 Sep 2026"),
    ("values", 2, "amber", "Peso 2,01 kg, 6 sep 2026", "Weight 2.01 kg, 6 Sep 2026"),
    ("vaccines", 1, "info", "BCG, hepatitis B, 6 sep 2026", "BCG, hepatitis B, 6 Sep 2026"),
    ("due", 1, "info", "Pentavalente 1, 11 oct 2026", "Pentavalent 1, 11 Oct 2026"),
    ("due", 2, "info", "BCG, cuanto antes", "BCG, as soon as possible"),
    ("referral", 2, "red", "Atención del recién nacido, urgente", "Newborn care, urgent"),
]
PRE_ECLAMPSIA: list[Row] = [
    ("danger", 0, "red", "Presión arterial 168/112 mmHg, 10 oct 2026, 16:30", "Blood pressure 168/112 mmHg, 10 Oct 2026, 16:30"),
    ("danger", 0, "red", "Dolor de cabeza intenso, 10 oct 2026", "Severe headache, 10 Oct 2026"),
    ("danger", 0, "red", "Visión borrosa, 10 oct 2026", "Blurred vision, 10 Oct 2026"),
    ("time_critical", 0, "info", "Sulfato de magnesio 4 g, 10 oct 2026, 16:45", "Magnesium sulfate 4 g, 10 Oct 2026, 16:45"),
    ("time_critical", 0, "info", "Nifedipino 10 mg, 10 oct 2026, 16:45", "Nifedipine 10 mg, 10 Oct 2026, 16:45"),
    ("allergies", 0, "amber", "Penicilina", "Penicillin"),
    ("who", 0, "info", "Embarazo de 34 semanas + 2 días, por última regla", "Gestation 34 weeks + 2 days, by last period"),
    ("values", 0, "amber", "Proteína en orina +++, 10 oct 2026", "Urine protein +++, 10 Oct 2026"),
    ("referral", 0, "red", "Atención obstétrica de emergencia, ahora", "Emergency obstetric care, now"),
]
CROWD: list[Row] = [
    (
        "medicines",
        0,
        "info",
        f"Medicamento de ejemplo número {n}, dos veces al día, quedan {n} días",
        f"Sample medicine number {n}, twice daily",
    )
    for n in range(1, 61)
]


def sections(rows: list[Row], people: tuple[str, ...], language: int = 0) -> list[Section]:
    made = []
    for key in ("danger", "time_critical", "allergies", "who", "values", "medicines", "vaccines", "due", "referral"):
        lines = []
        for section, person, level, *words in rows:
            role = None if person is None else people[person]
            icon = "baby" if section == "who" and role == "infant" else ICONS[section]
            if section == key:
                lines.append(Line(words[language], level, person, role, icon))
        if lines:
            made.append(Section(key, TITLES[key][language], tuple(lines)))
    return made


def code_svg(text: str = CODE_TEXT) -> str:
    code = qrcode.QRCode(version=18, error_correction=qrcode.constants.ERROR_CORRECT_Q, border=4, mask_pattern=3)
    code.add_data(QRData(text.encode(), mode=MODE_ALPHA_NUM))
    code.make(fit=False)
    file = io.BytesIO()
    code.make_image(image_factory=qrcode.image.svg.SvgPathFillImage).save(file)
    return file.getvalue().decode()


def card(people: tuple[str, ...], **changes: object) -> CardFace:
    plain = CardFace(
        code_svg=code_svg(),
        network="test",
        language="es",
        direction="ltr",
        people=people,
        title=Words("Tarjeta de salud", "Health card"),
        issued=Words("Emitida el 10 oct 2026", "Issued 10 Oct 2026"),
        strings=STRINGS,
    )
    return replace(plain, **changes)


def sample(rows: list[Row], *people: str, **changes: object) -> dict:
    return face(card(people, **changes), sections(rows, people), sections(rows, people, 1))


SAMPLES = {
    "mother only": sample(MOTHER, "mother"),
    "mother and infant": sample(MOTHER + INFANT, "mother", "infant"),
    "twins": sample(MOTHER + TWINS, "mother", "infant", "infant"),
    "severe pre-eclampsia": sample(PRE_ECLAMPSIA, "mother"),
    "real network": sample(PRE_ECLAMPSIA, "mother", network="real"),
    "child only": face(card(("infant",)), sections([(k, 0, *rest) for k, _, *rest in INFANT], ("infant",))),
    "text-light": sample(MOTHER + INFANT, "mother", "infant", text_light=True),
    "far too much": sample(MOTHER + CROWD + INFANT, "mother", "infant"),
}
every_sample = pytest.mark.parametrize("data", SAMPLES.values(), ids=SAMPLES.keys())


def pdf(data: dict) -> bytes:
    return compile_template("a7", data)[0]


def words(data: dict) -> str:
    """The text of both pages in its order in the file, as another program extracts it, on one line."""
    run = subprocess.run(["pdftotext", "-raw", "-", "-"], input=pdf(data), capture_output=True, check=True)
    return " ".join(run.stdout.decode().split())


def pages(data: dict, dpi: int) -> list[Image.Image]:
    return [page.render(scale=dpi / 72).to_pil().convert("L") for page in pypdfium2.PdfDocument(pdf(data))]


@every_sample
def test_a_card_is_one_sheet_of_a7_printed_on_both_sides(data):
    sizes = [page.get_size() for page in pypdfium2.PdfDocument(pdf(data))]
    assert sizes == [(pytest.approx(74 * MM * 72, abs=0.01), pytest.approx(105 * MM * 72, abs=0.01))] * 2


@every_sample
def test_the_same_data_give_the_same_bytes(data):
    assert pdf(data) == pdf(json.loads(json.dumps(data)))


def test_no_time_of_printing_is_in_the_file():
    file = pdf(SAMPLES["mother only"])
    dates = set(re.findall(rb"D:(\d{8})", file)) | set(re.findall(rb"<xmp:(?:Create|Modify)Date>([^<]{10})", file))
    assert dates <= {b"20200101", b"2020-01-01"}
    assert time.strftime("%Y-%m-%d").encode() not in file


@every_sample
def test_the_pdf_is_tagged_and_says_so(data):
    file = pdf(data)
    for mark in (b"/MarkInfo", b"/StructTreeRoot", b"pdfuaid:part>1<", b"pdfaid:part>2<", b"pdfaid:conformance>A<"):
        assert mark in file
    assert pypdfium2.PdfDocument(file).get_metadata_value("Title") == data["title"]["text"]
    assert b"/Lang(es)" in file


def test_code_and_people_have_words_for_who_cannot_see_them():
    structure = pdf(SAMPLES["mother and infant"])
    assert structure.count(b"/Alt") >= 4  # a code and a person on each side


@every_sample
@pytest.mark.parametrize("dpi", [300, 203])
def test_the_code_on_each_side_reads_back(data, dpi):
    for page in pages(data, dpi):
        found = zxingcpp.read_barcodes(page)
        assert [code.text for code in found] == [CODE_TEXT]


@pytest.mark.parametrize("name", ["twins", "far too much", "real network"])
def test_nothing_stands_near_the_code_the_fold_or_the_cut(name):
    """Code at least 5 mm from the fold and 3 mm from the cut; its quiet zone is white; only the fold marks cross the fold."""
    scale = 300 * MM  # pixels per mm
    for index, page in enumerate(pages(SAMPLES[name], 300)):
        ink = np.asarray(page) < 160
        corners = zxingcpp.read_barcodes(page)[0].position
        edges = np.array([[p.x, p.y] for p in (corners.top_left, corners.top_right, corners.bottom_right, corners.bottom_left)]) / scale
        quiet = 40 * 4 / 97  # mm: four of version 18's 89 + 8 modules
        (left, top), (right, bottom) = edges.min(axis=0) - quiet, edges.max(axis=0) + quiet
        assert right - left == pytest.approx(40, abs=0.3)
        assert left >= 2.9 and top >= 3 and bottom <= 102
        assert top - 52.5 >= 4.9 if index == 0 else 52.5 - bottom >= 4.9
        rows, columns = (slice(round((low + 0.2) * scale), round((high - 0.2) * scale)) for low, high in ((top, bottom), (left, right)))
        frame = ink[rows, columns].copy()
        inner = round((quiet - 0.4) * scale)
        frame[inner:-inner, inner:-inner] = False
        assert not frame.any()
        assert not ink[round(51.9 * scale) : round(53.1 * scale), round(5 * scale) : round(69 * scale)].any()
        assert not ink[: round(3 * scale)].any() and not ink[round(102.3 * scale) :].any()


@every_sample
def test_every_side_says_that_it_is_no_identity_document(data):
    assert words(data).count("No es un documento de identidad") == 2
    assert words(data).count("Not an identity document") == 2


@every_sample
def test_only_test_cards_say_test_and_they_say_it_on_every_half(data):
    assert words(data).count("PRUEBA") == (4 if data["network"] == "test" else 0)
    assert words(data).count("no es una tarjeta real") == (1 if data["network"] == "test" else 0)


@pytest.mark.parametrize("name", ["mother only", "severe pre-eclampsia", "real network", "child only"])
def test_a_card_with_room_shows_every_line_in_both_languages(name):
    data = SAMPLES[name]
    shown = words(data)
    lines = [line for side in data["sections"].values() for section in side for line in section["lines"]]
    for line in lines:
        assert " ".join(line["text"].split()) in shown
        if line["second"]:
            assert " ".join(line["second"].split()) in shown
    assert fitted("a7", data) == Fit(shown=len(lines), hidden=0)
    assert "Hay más en el código" not in shown


def test_the_most_urgent_lines_come_first_and_survive_any_amount_of_others():
    data = sample(PRE_ECLAMPSIA + CROWD + [(k, 1, *rest) for k, _, *rest in INFANT], "mother", "infant")
    shown = words(data)
    reds = [(spanish, english) for _, _, level, spanish, english in PRE_ECLAMPSIA if level == "red"]
    for spanish, english in reds:
        assert spanish in shown and english in shown
    assert max(shown.index(spanish) for spanish, _ in reds[:3]) < shown.index("Tratamiento urgente") < shown.index("Penicilina")


def test_what_does_not_fit_is_counted_and_said():
    data = SAMPLES["far too much"]
    fit = fitted("a7", data)
    assert fit.hidden > 0
    assert fit.shown + fit.hidden == len(MOTHER) + len(CROWD) + len(INFANT)
    shown = words(data)
    assert "Hay más en el código" in shown
    printed = sum(" ".join(line["text"].split()) in shown for side in data["sections"].values() for s in side for line in s["lines"])
    assert printed == fit.shown


def test_the_route_gives_way_before_any_line_does_but_not_in_what_must_be_understood_at_once():
    """One child's vaccines after another, until the card can't hold them in two languages."""
    urgent = [("danger", 0, "red", "Dolor de cabeza intenso", "Severe headache"), ("allergies", 0, "amber", "Penicilina", "Penicillin")]
    vaccines = [("vaccines", 1, "info", f"Vacuna de ejemplo número {n}, dada aquí", f"Sample vaccine {n}, given here") for n in range(30)]
    data = sample(urgent + vaccines, "mother", "infant")
    shown = words(data)
    assert fitted("a7", data) == Fit(shown=32, hidden=0)
    assert "Severe headache" in shown and "Penicillin" in shown
    assert "Sample vaccine" not in shown and "Vacuna de ejemplo número 29" in shown


def test_a_draft_on_a_real_card_keeps_the_checked_line_beside_it_however_full_the_card_is():
    lines = tuple(Line(f"Línea sin revisar número {n}, larga como las de verdad", role="infant", person=1, draft=True) for n in range(60))
    checked = tuple(Line(f"Checked line {n}", role="infant", person=1) for n in range(60))
    face_of = card(("mother", "infant"), network="real")
    data = face(face_of, [Section("vaccines", "Vacunas", lines)], [Section("vaccines", "Vaccines", checked)])
    shown, fit = words(data), fitted("a7", data)
    assert 0 < fit.shown < 60
    assert [f"número {n}," in shown for n in range(60)] == [f"Checked line {n} " in shown + " " for n in range(60)]


def test_a_child_with_much_to_say_uses_the_room_on_the_mothers_side():
    many = [("vaccines", 1, "info", f"Vacuna de ejemplo número {n}, dada en el centro de salud", f"Sample {n}") for n in range(20)]
    data = sample(many, "mother", "infant")
    assert fitted("a7", data) == Fit(shown=20, hidden=0)
    front = pypdfium2.PdfDocument(pdf(data))[0].get_textpage().get_text_range()
    assert "Vacuna de ejemplo" in front


def test_twins_are_told_apart_by_number_and_what_both_share_is_said_once():
    infants = [line for section in SAMPLES["twins"]["sections"]["back"] for line in section["lines"]]
    assert {tuple(line["numbers"]) for line in infants} == {(1,), (2,)}
    assert "2 Temperatura baja" in words(SAMPLES["twins"])
    alike = [("allergies", n, "question", "No se preguntó", "Not asked") for n in (1, 2)]
    data = sample(alike, "mother", "infant", "infant")
    assert [line["numbers"] for line in data["sections"]["back"][0]["lines"]] == [[1, 2]]
    assert words(data).count("No se preguntó") == 1 and fitted("a7", data) == Fit(shown=1, hidden=0)


@dataclass(frozen=True)
class Cell:
    title: str
    unit: str
    value: str


@dataclass(frozen=True)
class Reading(Line):
    date: str = ""
    cells: tuple[Cell, ...] = ()


def test_values_stand_in_a_table_with_units_once_and_titles_in_both_languages():
    def reading(date: str, *values: str, titles: tuple[str, str] = ("Presión arterial", "Peso")) -> Reading:
        cells = tuple(Cell(title, unit, value) for title, unit, value in zip(titles, ("mmHg", "kg"), values, strict=True))
        return Reading("Presión 124/78", icon="scale", date=date, cells=cells)

    hers = [Section("values", "Valores", (reading("27 oct 2025", "124/78", "64.9"), reading("25 ago 2025", "108/66", "61.2")))]
    english = ("Blood pressure", "Weight")
    route = [Section("values", "Values", (reading("", "124/78", "64.9", titles=english), reading("", "108/66", "61.2", titles=english)))]
    shown = words(face(card(("mother",)), hers, route))
    for once in ("Presión arterial", "Blood pressure", "Weight", "124/78 mmHg", "64.9 kg", "27 oct 2025", "108/66", "61.2"):
        assert shown.count(once) == 1
    assert shown.count("mmHg") == 1


def test_a_row_of_values_says_whose_it_is_on_either_side():
    def row(person: int, value: str) -> Reading:
        return Reading(f"Peso {value}", "info", person, "infant", "scale", False, "6 sep 2026", (Cell("Peso", "kg", value),))

    values = Section("values", "Valores", (row(1, "2.28"), row(2, "2.01")))
    assert re.search(r"1 6 sep 2026 2\.28 kg 2 6 sep 2026 2\.01", words(face(card(("mother", "infant", "infant")), [values])))
    many = tuple(Line(f"Vacuna {n} de larga descripción, dada aquí", person=1, role="infant") for n in range(17))
    vaccines = Section("vaccines", "Vacunas", many)
    crowded = face(card(("mother", "infant", "infant")), [vaccines, values])
    assert fitted("a7", crowded).hidden == 0
    said = words(crowded)
    assert re.search(r"\b1 6 sep 2026", said) and re.search(r"\b2 6 sep 2026", said)


def test_what_the_second_language_says_alike_is_printed_once():
    def second(text: str, other: str) -> object:
        data = face(card(("mother",)), [Section("vaccines", "", (Line(text),))], [Section("vaccines", "", (Line(other),))])
        return data["sections"]["back"][0]["lines"][0]["second"]

    assert second("BCG 1: 13 dic 2025", "BCG 1") is None
    assert second("Polio 0: 13 dic 2025", "Oral polio 0") == "Oral polio 0"


@pytest.mark.parametrize("word", ["TEST", "PRUEBA MUY LARGA DE VERDAD", "X" * 200])
def test_the_test_mark_never_leaves_its_box(word):
    """Between the box in the head and the fold, and left of it, nothing of the word is seen."""
    strings = STRINGS | {"test": Words(word, None), "test_card": Words(f"{word} - {word}", None)}
    ink = np.asarray(pages(face(card(("mother",), strings=strings), []), 300)[0]) < 160
    scale = 300 * MM
    box = ink[round(10 * scale) : round(14 * scale), round(43.2 * scale) : round(70.6 * scale)]
    left = ink[round(3.4 * scale) : round(10 * scale), round(38 * scale) : round(43.1 * scale)]
    assert not box.any() and not left.any()


def test_a_text_light_face_is_given_no_clinical_line_and_prints_none():
    data = SAMPLES["text-light"]
    assert data["sections"] == {"front": [], "back": []}
    left = words(data)
    harmless = ("test_card", "test", "notes", "not_identity_document", "keep_dry")
    for expected in [*(words for name in harmless for words in STRINGS[name] if words), "50 mm"]:
        left = left.replace(expected, "")
    assert left.split() == []


def test_a_real_card_prints_a_draft_line_only_beside_a_checked_one():
    draft, checked = Line("Palabra sin revisar", draft=True), Line("Checked word")
    hers = [Section("medicines", "Medicamentos", (draft, Line("Palabra revisada")))]

    def lines(network: str, second: Line) -> tuple[list[str], int]:
        data = face(card(("mother",), network=network), hers, [Section("medicines", "Medicines", (second, checked))])
        return [line["text"] for section in data["sections"]["front"] for line in section["lines"]], data["withheld"]

    assert lines("real", checked) == (["Palabra sin revisar", "Palabra revisada"], 0)
    assert lines("real", draft) == (["Palabra revisada"], 1)
    assert lines("test", draft) == (["Palabra sin revisar", "Palabra revisada"], 0)
    alone = face(card(("mother",), network="real"), hers)
    assert alone["withheld"] == 1 and fitted("a7", alone) == Fit(shown=1, hidden=1)
    assert "Hay más en el código" in words(alone)


def test_two_languages_that_do_not_match_line_for_line_are_refused():
    with pytest.raises(PrintError):
        face(card(("mother",)), sections(MOTHER, ("mother",)), sections(MOTHER[:-1], ("mother",), 1))


def test_a_number_and_its_unit_stay_on_one_line():
    data = face(card(("mother",)), [Section("values", "", (Line("Hierro 60 mg, 4 oct 2026, 37,2 °C"),))])
    assert data["sections"]["back"][0]["lines"][0]["text"] == "Hierro 60\u00a0mg, 4\u00a0oct 2026, 37,2\u00a0°C"


def test_a_negative_number_has_a_true_minus_and_a_range_keeps_its_hyphen():
    data = face(card(("mother",)), [Section("values", "", (Line("Peso -2,43 z (DT.17-24)"),))])
    assert data["sections"]["back"][0]["lines"][0]["text"] == "Peso \u22122,43\u00a0z (DT.17-24)"


@pytest.mark.parametrize("format", ["pdf", "png", "svg"])
def test_a_character_without_a_font_is_refused_instead_of_printed_as_a_box(format):
    rows = [("medicines", 0, "info", "ยา sigilo", "Medicine")]
    with pytest.raises(PrintError) as refused:
        compile_template("a7", sample(rows, "mother"), format)
    assert "sections.front[0].lines[0].text" in str(refused.value)
    assert "sigilo" not in str(refused.value) and "ยา" not in str(refused.value)


def copied_templates(to: Path) -> Path:
    return Path(shutil.copytree(folder("print_templates"), to / "print_templates"))


def test_a_missing_font_family_is_refused(tmp_path):
    whole, without = copied_templates(tmp_path / "whole"), copied_templates(tmp_path / "without")
    assert compile_template("a7", SAMPLES["mother only"], templates_folder=whole)
    for font in (without / "fonts").glob("NotoSans-*.ttf"):
        font.unlink()
    with pytest.raises(PrintError):
        compile_template("a7", SAMPLES["mother only"], templates_folder=without)


def test_data_that_break_the_template_are_refused_without_their_words():
    data = json.loads(json.dumps(SAMPLES["mother only"]))
    data["sections"]["front"][0]["lines"][0].update(icon="sigilo")
    for attempt in (compile_template, fitted):
        with pytest.raises(PrintError) as refused:
            attempt("a7", data)
        assert "sigilo" not in str(refused.value)
        assert refused.value.__cause__ is None and refused.value.__suppress_context__


def test_an_unknown_template_is_refused_with_the_names_there_are():
    assert "a7" in templates() and "common" not in templates()
    with pytest.raises(PrintError, match="a7"):
        compile_template("../a7", SAMPLES["mother only"])


def test_a_png_has_exactly_the_dots_asked_for():
    for page in compile_template("a7", SAMPLES["mother only"], "png", dpi=300):
        assert Image.open(io.BytesIO(page)).size == (874, 1240)  # 74 x 105 mm


def test_printing_writes_nothing_to_disk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("TMPDIR", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    place = folder("print_templates")
    before = {path: path.stat().st_mtime_ns for path in place.rglob("*")}
    pdf(SAMPLES["twins"])
    assert {path: path.stat().st_mtime_ns for path in place.rglob("*")} == before
    assert list(tmp_path.iterdir()) == []


def test_the_table_of_characters_is_what_every_font_of_the_family_has():
    fonts = folder("print_templates") / "fonts"
    have: dict[str, set[int]] = {}
    for path in sorted(fonts.glob("*.[ot]tf")):
        assert path.stat().st_size < (1_600_000 if "CJK" in path.name else 300_000)
        font = TTFont(path)
        codes = set(font.getBestCmap())
        family = font["name"].getBestFamilyName()
        have[family] = have.get(family, codes) & codes
    table = json.loads((fonts / "coverage.json").read_text())
    assert {family: {c for a, b in runs for c in range(a, b + 1)} for family, runs in table.items()} == have
    assert "SIL OPEN FONT LICENSE Version 1.1" in (fonts / "OFL.txt").read_text()


def test_pictograms_share_one_grid_and_one_stroke():
    pictures = sorted((folder("print_templates") / "pictograms").glob("*.svg"))
    assert set(ICONS.values()) | {"baby", "scan", "dry"} <= {path.stem for path in pictures}
    for path in pictures:
        svg = path.read_text()
        assert 'viewBox="0 0 24 24"' in svg and 'stroke-width="1.8"' in svg
        assert set(re.findall(r'(?:stroke|fill)="([^"]+)"', svg)) <= {"none", "#000"}


def test_every_section_has_its_place_in_the_order_of_reading_and_of_room():
    assert set(PRIORITY) == set(ICONS) and PRIORITY[0] == "danger"
