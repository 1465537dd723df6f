"""The languages of face and notice: complete, worded with care, shaped, in their direction, from our own fonts, each draft marked."""

import csv
import json
import re
import subprocess
import sys
import unicodedata
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import pypdfium2
import pytest
import uharfbuzz
from fontTools.ttLib import TTFont

from healthcard import card, vocabulary
from healthcard.commands import cards
from healthcard.errors import PrintError
from healthcard.printing import layout, paper, rendering
from healthcard.printing.scripts import END, LEFT_TO_RIGHT, direction, prepared
from healthcard.resources import folder
from healthcard.words import labels, text
from healthcard.words.labels import FACE_LANGUAGES, FACE_ONLY, LANGUAGES, RIGHT_TO_LEFT, Label, counted, day, label
from tests.test_labels import ACCUSING, LABELS, STATUS, name_of, numbers, table
from tests.test_printing import NAMES, issued, on_the_real_network, printed_lines, words

ROOT = Path(__file__).parent.parent
FONTS = folder("print_templates") / "fonts"
every_face_language = pytest.mark.parametrize("language", FACE_LANGUAGES)
every_added_language = pytest.mark.parametrize("language", FACE_ONLY)

HERS = {
    *("observation", "derived", "finding", "ui", "value", "enumeration", "service", "allergy", "vaccine", "timing", "medicine"),
    *("strength", "unit", "growth", "rule", "schedule", "section", "notice_text"),
    *("verdict", "notice"),  # on screen, before her eyes
}
FOR_STAFF = {"form", "conflict", "question"}  # in the five languages of the interface
ARABIC_FORMS = ("two", "few")  # beside one and other
CHINESE_LETTERS = 120  # two characters count as a word

# Parts of words: not every script has spaces or plain word edges.
BANNED = {
    "ar": "رفض|مرفوض|ممنوع|إنكار|غير قانوني|غير شرعي|مزور|مزيف|احتيال|تزوير|مهاجر|لاجئ|لجوء|الإيدز|نقص المناعة",
    "fa": r"\bرد شد\b|مردود|انکار|غیرقانونی|غیر قانونی|جعلی|تقلب|مهاجر|پناهنده|پناهجو|پناهندگی|ایدز",
    "ps": r"\bرد شو\b|انکار|غیرقانوني|غیر قانوني|جعلي|درغلي|مهاجر|کډوال|\bپناه|ایډز",  # noqa: RUF001
    "zh-Hans": "拒绝|否认|非法|伪造|假冒|假卡|虚假|欺诈|移民|难民|庇护|艾滋",
    "hi": "अस्वीकार|इनकार|इंकार|अवैध|गैरकानूनी|ग़ैरक़ानूनी|नकली|जाली|फ़र्ज़ी|फर्जी|धोखा|प्रवासी|शरणार्थी|शरण|एचआईवी|एड्स",
    "bn": "অস্বীকার|প্রত্যাখ্যান|অবৈধ|বেআইনি|নকল|জাল|ভুয়া|প্রতারণা|অভিবাসী|শরণার্থী|আশ্রয়প্রার্থী|এইচআইভি|এইডস",
    "ne": "अस्वीकार|इन्कार|अवैध|गैरकानुनी|नक्कली|जाली|किर्ते|ठगी|आप्रवासी|प्रवासी|शरणार्थी|शरण|एचआईभी|एड्स",
    "so": r"\bdiid|inkir|sharci-darro|sharci darro|been abuur|foorjari|khiyaano|muhaajir|tahriib|qaxooti|magangelyo",
    "am": "እምቢ|ተከልክ|ክልከላ|ሕገወጥ|ሕገ-ወጥ|ሐሰተኛ|ሀሰተኛ|ማጭበርበር|ስደተኛ|ጥገኝነት|ኤችአይቪ|ኤድስ",
}
CAPITALS_BANNED = r"(?-i:\b(HIV|AIDS|VIH|SIDA)\b)"  # in Somali "sida" means "how"
CARE = {
    "ar": "واصلوا الرعاية",
    "fa": "مراقبت را",
    "ps": "پاملرنې ته",
    "zh-Hans": "继续医护",
    "hi": "देखभाल जारी",
    "bn": "সেবা চালিয়ে",
    "ne": "हेरचाह जारी",
    "so": "Daryeelka",
    "am": "እንክብካቤውን ይቀጥሉ",
}
BAD = {
    "ar": "بطاقة مزورة للاجئ",
    "fa": "کارت جعلی پناهنده",
    "ps": "د کډوال جعلي کارت",
    "zh-Hans": "难民的伪造卡",
    "hi": "शरणार्थी का नकली कार्ड",
    "bn": "শরণার্থীর নকল কার্ড",
    "ne": "शरणार्थीको नक्कली कार्ड",
    "so": "kaar been abuur ah oo qaxooti",
    "am": "የስደተኛ ሐሰተኛ ካርድ",
}


@cache
def rows(language: str) -> list[dict[str, str]]:
    with (ROOT / "healthcard" / "vocabulary" / "labels" / f"{language}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def key(row: dict[str, str]) -> tuple[str, str, str]:
    return row["kind"], row["key"], row["role"]


ENGLISH = {key(row): row["en"] for row in LABELS}


def said_to_her() -> set[tuple[str, str, str]]:
    """Every entry that face, notice and verdict can say: what is sensitive never stands there, nor the name of a language."""
    tables = {"finding": "findings", "service": "services", "medicine": "medicines", "observation": "observations"}
    sensitive = {(kind, row["key"]) for kind, name in tables.items() for row in table(name) if int(row["sensitivity"]) > paper.OPEN}
    found = {key(row) for row in LABELS if row["kind"] in HERS and (row["kind"], row["key"]) not in sensitive}
    return {entry for entry in found if not entry[1].startswith("language.")}


def english(row: dict[str, str]) -> str:
    """The English words of a row; of a form that only Arabic has, those of the plural."""
    stem, _, form = row["key"].rpartition(".")
    return ENGLISH[row["kind"], f"{stem}.other" if form in ARABIC_FORMS else row["key"], row["role"]]


# The tables


def test_every_kind_of_label_is_hers_or_for_staff() -> None:
    assert {row["kind"] for row in LABELS} == HERS | FOR_STAFF


@every_added_language
def test_a_table_has_every_entry_that_she_can_be_told_and_no_other(language: str) -> None:
    forms = {
        ("ui", entry.replace(".other", f".{form}"), "") for _, entry, _ in ENGLISH if entry.endswith(".other") for form in ARABIC_FORMS
    }
    assert sorted({key(row) for row in rows(language)} ^ said_to_her()) == (sorted(forms) if language == "ar" else [])
    assert max(Counter(key(row) for row in rows(language)).values()) == 1


@every_added_language
def test_the_words_of_a_table_are_whole_normalised_and_have_the_facts_of_the_english_row(language: str) -> None:
    def facts(words: str) -> tuple[list[str], Counter[str]]:
        return sorted(re.findall(r"\{[^}]*\}", words)), numbers(words)

    wrong = []
    for row in rows(language):
        words = row[language]
        month = row["key"].startswith("month.")
        whole = words and words == words.strip() and "  " not in words and words == unicodedata.normalize("NFC", words)
        if not whole or (facts(words) != facts(english(row)) and not month):
            wrong.append(name_of(row))
    assert wrong == []


@every_added_language
def test_every_translation_is_a_draft_and_only_names_and_symbols_are_not(language: str) -> None:
    plain = [row for row in rows(language) if row["draft"] == ""]
    assert {row["draft"] for row in rows(language)} == {"", language}
    assert [name_of(row) for row in plain if row[language] != english(row)] == []
    assert {row["kind"] for row in plain} <= {
        "medicine",
        "strength",
        "unit",
        "value",
        "enumeration",
        "vaccine",
        "schedule",
    }  # blood groups are enumerated


@every_added_language
@pytest.mark.parametrize("name", NAMES)
def test_a_face_says_nothing_in_english_for_want_of_a_word(name: str, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    own = {key(row): Label(row[language], True) for row in rows(language)}
    monkeypatch.setattr(labels, "_table", lambda _: own)
    lines = [line for section in paper.sections(issued(name).handover, language) for line in section.lines]
    assert lines and rendering.card_data(issued(name), language, language, False)["sections"]


def test_no_month_reads_as_another_month_in_another_language() -> None:
    meaning = defaultdict(set)
    for language in FACE_LANGUAGES:
        for month in range(1, 13):
            meaning[label("ui", f"month.{month}", language).text.strip(".").casefold()].add(month)
    assert [word for word, months in meaning.items() if len(months) > 1] == []


@every_face_language
def test_digits_are_latin_and_dates_have_the_month_in_words(language: str) -> None:
    written = day(issued("muac_only").issued, language)
    assert re.findall(r"\d+", written)[-1 if language != "zh-Hans" else 0] == "2026"
    every = " ".join(row[language] for row in (LABELS if language in LANGUAGES else rows(language)))
    assert not {letter for letter in every if unicodedata.category(letter) == "Nd"} - set("0123456789")


def test_arabic_counts_in_its_own_forms() -> None:
    shown = {count: counted("days", count, "ar").text for count in (1, 2, 3, 10, 11, 100, 103)}
    assert shown == {1: "1 يوم", 2: "يومان (2)", 3: "3 أيام", 10: "10 أيام", 11: "11 يوماً", 100: "100 يوماً", 103: "103 أيام"}
    assert counted("days", 2, "hi").text == "2 दिन"


# The notice


@every_face_language
def test_the_notice_has_at_most_sixty_words_and_is_marked(language: str) -> None:
    notice = text.notice_text(language)
    if language == "zh-Hans":
        assert len(notice.text) <= CHINESE_LETTERS
    else:
        assert 35 <= len(notice.text.split()) <= 60
    assert notice.draft
    assert len({text.notice_text(name).text for name in FACE_LANGUAGES}) == len(FACE_LANGUAGES)


@every_face_language
def test_under_the_notice_stands_whom_to_tell_and_when(language: str) -> None:
    line = text.tell_us(language, "8:00-17:00")
    assert line.text.endswith(": 8:00-17:00") and line.text.startswith(label("ui", "tell_us", language).text) and line.draft
    assert {f"{name}.svg" for name in text.NOTICE_PICTOGRAMS} <= {path.name for path in (FONTS.parent / "pictograms").iterdir()}


# What no face may say (DP-22, DP-26, DP-27)


@every_added_language
def test_no_word_accuses_her_or_tells_her_status(language: str) -> None:
    banned = re.compile(f"{BANNED[language]}|{CAPITALS_BANNED}", re.IGNORECASE)
    assert [name_of(row) for row in rows(language) if banned.search(row[language])] == []
    assert len(set(re.findall(BANNED[language], BAD[language]))) == 2, "the list catches a sentence that holds two of its words"


@every_added_language
@pytest.mark.parametrize("name", ["severe_pre_eclampsia", "twins_after_birth"])
def test_a_printed_face_says_that_it_is_no_identity_document_and_no_banned_word(name: str, language: str) -> None:
    said = words(rendering.render(issued(name), language=language))
    assert not re.search(f"{BANNED[language]}|{CAPITALS_BANNED}", said, re.IGNORECASE)
    assert not re.search(rf"\b({STATUS['es'].removesuffix('|SIDA')}|{ACCUSING['es']})\b", said, re.IGNORECASE)
    data = rendering.card_data(issued(name), language, "es", False)
    sentence = label("ui", "not_identity_document", language).text
    assert data["strings"]["not_identity_document"]["text"] == sentence  # type: ignore[index]
    assert said.count(label("ui", "not_identity_document", "es").text) == 2
    if language not in RIGHT_TO_LEFT:
        assert said.replace(" ", "").count(sentence.replace(" ", "")) == 2


@every_added_language
@pytest.mark.parametrize("verdict", card.PRECEDENCE)
def test_every_verdict_says_how_care_goes_on(verdict: str, language: str) -> None:
    title, meaning, care = text.verdict_lines(verdict, (), language)
    assert CARE[language] in care and len({title, meaning, care}) == 3


def test_not_an_identity_document_is_said_in_words_of_each_language() -> None:
    assert len({label("ui", "not_identity_document", language).text for language in FACE_LANGUAGES}) == len(FACE_LANGUAGES)


# Glyphs


@cache
def shaper(file: str) -> uharfbuzz.Font:
    return uharfbuzz.Font(uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(FONTS / file))))


@cache
def weights() -> dict[str, list[str]]:
    """The files of each family."""
    found = defaultdict(list)
    for path in sorted(FONTS.glob("*.[ot]tf")):
        with TTFont(path) as font:
            found[font["name"].getBestFamilyName()].append(path.name)
    return found


@cache
def family_of(letter: str) -> str | None:
    """The first family that has a character, as a template chooses it."""
    families = json.loads((FONTS / "coverage.json").read_text(encoding="utf-8")).items()
    return next((family for family, runs in families if any(first <= ord(letter) <= last for first, last in runs)), None)


def boxes(words: str) -> list[str]:
    """The fonts that show an empty box for a part of `words`."""
    parts: list[tuple[str, str]] = []
    for letter in words:
        family = family_of(letter)
        if family is None:
            return [f"no font has U+{ord(letter):04X}"]
        if parts and (parts[-1][0] == family or unicodedata.category(letter) in ("Mn", "Mc", "Cf")):
            parts[-1] = parts[-1][0], parts[-1][1] + letter
        else:
            parts.append((family, letter))
    found = []
    for family, part in parts:
        for file in weights()[family]:
            buffer = uharfbuzz.Buffer()
            buffer.add_str(part)
            buffer.guess_segment_properties()
            uharfbuzz.shape(shaper(file), buffer)
            if any(glyph.codepoint == 0 for glyph in buffer.glyph_infos):
                found.append(f"{file}: {part!r}")
    return found


@every_face_language
def test_every_label_is_shaped_without_an_empty_box(language: str) -> None:
    table = {row[language] for row in (LABELS if language in LANGUAGES else rows(language))}
    assert [fault for words in table for fault in boxes(words)] == []


def test_an_empty_box_would_be_found() -> None:
    assert boxes("ยา") and boxes("葯") and not boxes("药")


def test_a_character_outside_the_chinese_subset_is_an_error_that_names_its_place() -> None:
    data = rendering.card_data(issued("muac_only"), "zh-Hans", "es", False)
    data["title"]["text"] = "龘"  # type: ignore[index]
    with pytest.raises(PrintError, match=r"title\.text"):
        layout.compile_template("a7", data)


def test_the_chinese_font_has_the_usual_characters() -> None:
    assert all(family_of(letter) for letter in "啊座健康妇婴疫苗随访")


# Direction


def test_three_languages_run_from_right_to_left() -> None:
    assert {language for language in FACE_LANGUAGES if direction(language) == "rtl"} == {"ar", "fa", "ps"}
    assert rendering.card_data(issued("muac_only"), "ps", "es", False)["direction"] == "rtl"


@pytest.mark.parametrize(
    ("words", "whole"),
    [
        ("فشار خون 166/112 mmHg، 10 اکتوبر 2026 16:45", ["166/112 mmHg", "10", "2026", "16:45"]),
        ("پروتئین 2+ یا بیشتر (WHO SMART ANC DT.17-24)", ["2+", "WHO SMART ANC DT.17-24"]),
        ("Nifedipine 10 mg 1 کپسول", ["Nifedipine", "10 mg", "1"]),
        ("الوزن للعمر \u22122.43 z، O+ أو A-", ["\u22122.43 z", "O+", "A-"]),
        ("100 000 IU؛ 60 mg حديد + 0.4 mg", ["100 000 IU", "60 mg", "0.4 mg"]),
        ("38.2 °C · 99 % · ½ قرص · WHO 2023", ["38.2 °C", "99 %", "½", "WHO 2023"]),
        ("النبض 112 /min\u060c 34\u00a0/min", ["112 /min", "34\u00a0/min"]),
        ("إلى gt\u2011rc، RTS,S", ["gt\u2011rc", "RTS,S"]),
    ],
)
def test_numbers_units_and_names_stay_whole(words: str, whole: list[str]) -> None:
    made = prepared({"text": words}, rtl=True)["text"]
    assert re.findall(f"{LEFT_TO_RIGHT}(.*?){END}", made) == whole
    assert made.replace(LEFT_TO_RIGHT, "").replace(END, "") == words


def test_commas_are_those_of_the_script_and_words_of_other_languages_are_left_alone() -> None:
    data = {"text": "ትኩሳት, ሕመም", "second": "Fiebre, dolor", "level": "red, black"}
    assert prepared(data, rtl=False) == data | {"text": "ትኩሳት፣ ሕመም"}
    assert prepared({"second": "Fiebre 38,2 °C"}, rtl=True) == {"second": "\u2068Fiebre 38,2 °C\u2069"}
    assert prepared({"value": "2+", "level": "info"}, rtl=True) == {"value": f"{LEFT_TO_RIGHT}2+{END}", "level": "info"}


def seen(pdf: bytes) -> str:
    """The letters of the first page line by line from left to right, as an eye finds them."""
    page = pypdfium2.PdfDocument(pdf)[0].get_textpage()
    letters = [(page.get_charbox(index), page.get_text_range(index, 1)) for index in range(page.count_chars())]
    lines = defaultdict(list)
    for (left, bottom, right, _), letter in letters:
        if right > left and letter.strip():
            lines[round((bottom) / 3)].append((left, letter))
    return "\n".join("".join(letter for _, letter in sorted(line)) for line in lines.values())


@pytest.mark.parametrize("language", sorted(RIGHT_TO_LEFT))
def test_a_blood_pressure_is_printed_from_left_to_right(language: str) -> None:
    pdf = rendering.render(issued("severe_pre_eclampsia"), language=language)
    digits = re.sub(r"[^0-9/\n]", "", seen(pdf))
    assert "166/112" in digits and "211/661" not in digits
    page = pypdfium2.PdfDocument(pdf)[0].get_textpage()
    text = page.get_text_range()
    number = [page.get_charbox(index)[0] for index in range(text.index("166/112"), text.index("166/112") + 7)]
    unit = page.get_charbox(text.index("mmHg"))[0]
    assert number == sorted(number) and unit > number[-1]


@pytest.mark.parametrize("language", sorted(RIGHT_TO_LEFT))
def test_the_sentences_of_the_route_keep_their_order(language: str) -> None:
    """On narrow paper the second one begins at the end of a line."""
    assert "Estonoesundocumentodeidentidad·Noes" in seen(rendering.render(issued("severe_pre_eclampsia"), "roll58", language))


@pytest.mark.parametrize("language", sorted(RIGHT_TO_LEFT))
def test_no_mark_below_a_letter_stands_in_the_words_of_the_route_on_the_poster(language: str) -> None:
    text = pypdfium2.PdfDocument(rendering.poster(language, "en"))[0].get_textpage()
    letters = [(text.get_text_range(n, 1), text.get_charbox(n)) for n in range(text.count_chars())]
    hers = [box for letter, box in letters if unicodedata.name(letter, "").startswith("ARABIC LETTER")]
    beside = [(letter, box) for letter, box in letters if letter.isascii() and letter.isalpha()]
    assert len(hers) > 100 and len(beside) > 100
    across = [(letter, a, b) for letter, a in beside for b in hers if min(a[2], b[2]) - max(a[0], b[0]) > 0.3]
    assert [letter for letter, a, b in across if min(a[3], b[3]) - max(a[1], b[1]) > 0.3] == []


# On paper


@pytest.mark.parametrize("route", ["es", "en", "fr"])
@every_added_language
def test_every_line_of_every_example_stands_on_the_paper(language: str, route: str) -> None:
    for name in NAMES:
        data = rendering.card_data(issued(name, late=route == "en"), language, route, False)
        assert layout.fitted("a7", data).hidden == 0, name


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("ar", ("الهيموغلوبين", "اللقاحات", "الرضيع")),
        ("fa", ("مادر", "نوزاد", "واکسن")),
        ("ps", ("مور", "ماشوم", "واکسینونه")),
        ("zh-Hans", ("母亲", "血红蛋白", "本卡不是身份证件")),
        ("hi", ("माँ", "हीमोग्लोबिन", "टीके")),
        ("bn", ("মা", "হিমোগ্লোবিন", "টিকা")),
        ("ne", ("आमा", "हेमोग्लोबिन", "खोप")),
        ("so", ("Hooyo", "Hemoglobin", "Tallaallada")),
        ("am", ("እናት", "ሄሞግሎቢን", "ክትባቶች")),
    ],
)
def test_another_program_finds_the_words_of_the_face(language: str, expected: tuple[str, ...]) -> None:
    pdf = rendering.render(issued("family_three_contacts"), language=language)
    said = re.sub(r"[\u200c\u200d\u202a-\u202e\u2066-\u2069]", "", words(pdf)).replace(" ", "")
    assert [word for word in expected if word.replace(" ", "") not in unicodedata.normalize("NFC", said)] == []
    assert f"/Lang ({language.split('-')[0]})".encode() in pdf or f"/Lang({language.split('-')[0]})".encode() in pdf


@every_added_language
def test_a_draft_of_an_added_language_never_stands_alone_on_a_real_card(language: str) -> None:
    data = rendering.card_data(on_the_real_network(issued("family_three_contacts")), language, "es", False)
    assert all(line["second"] for line in printed_lines(data) if line["draft"]) and data["withheld"] > 0  # type: ignore[operator]


def test_a_card_in_a_language_of_faces_is_shown_to_its_reader_in_english() -> None:
    record = issued("severe_pre_eclampsia").record
    assert record.language == "ar" and cards.screen_language(record) == cards.screen_language(None) == "en"
    assert cards.screen_language(issued("muac_only").record) == issued("muac_only").record.language


# The sheets that speakers sign


def cells(line: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def lines_of(page: Path) -> list[list[str]]:
    return [cells(line) for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("|")]


def test_the_sheets_are_current() -> None:
    done = subprocess.run([sys.executable, ROOT / "tools" / "language_docs.py", "--check"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_language_is_counted_with_what_no_speaker_has_checked() -> None:
    counted = {
        line[0]: (int(line[1]), int(line[2])) for line in lines_of(ROOT / "docs" / "languages.md") if len(line) == 5 and line[1].isdigit()
    }
    expected = {}
    for language in FACE_LANGUAGES:
        found = LABELS if language in LANGUAGES else rows(language)
        unchecked = sum(language in row["draft"].split() for row in found)
        expected[label("enumeration", f"language.{language}", "en").text] = (unchecked, len(found) - unchecked)
    assert counted == expected


@every_face_language
def test_every_label_stands_in_a_sheet_marked_where_no_speaker_checked_it(language: str) -> None:
    found = LABELS if language in LANGUAGES else rows(language)
    page = ROOT / "docs" / ("languages.md" if language in LANGUAGES else f"languages/{language}.md")
    column = LANGUAGES.index(language) + 1 if language in LANGUAGES else 2
    expected = Counter(("@".join(filter(None, key(row)[1:])), "○ " * (language in row["draft"].split()) + row[language]) for row in found)
    shown = Counter((line[0], line[column]) for line in lines_of(page) if len(line) == (6 if language in LANGUAGES else 3))
    assert not expected - shown
    assert vocabulary.folder().joinpath("labels.csv").is_file()
