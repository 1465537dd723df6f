"""Writes docs/languages.md and docs/languages/LANGUAGE.md: the sheets that speakers sign, and what no speaker has checked yet.

    python tools/language_docs.py            write them (again: nothing changes)
    python tools/language_docs.py --check    exit 1 where a file would change

Every line comes from healthcard/vocabulary/labels.csv and healthcard/vocabulary/labels/, those of screens from web/words/pages.json and
healthcard/exchange/form_words.csv.
"""

import csv
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence

from clinical_docs import ROOT, Row, rows, table, write

from healthcard.words.labels import FACE_LANGUAGES, FACE_ONLY, LANGUAGES, label

NAMES = {code: label("enumeration", f"language.{code}", "en").text for code in FACE_LANGUAGES}
HEAD = "<!-- Made by tools/language_docs.py from healthcard/vocabulary/labels.csv and healthcard/vocabulary/labels/. -->"


def name(row: Row) -> str:
    return "@".join(filter(None, (row["key"], row["role"])))


def english(row: Row) -> str:
    """The English words of a row; of a form that English lacks, those of its plural."""
    return label(row["kind"], re.sub(r"\.(two|few)$", ".other", row["key"]), "en", row["role"]).text


def is_draft(row: Row, language: str) -> bool:
    return language in row["draft"].split()


def marked(row: Row, language: str) -> str:
    return f"○ {row[language]}" if is_draft(row, language) else row[language]


def collapsed(kind: str, summary: str, columns: Sequence[str], lines: list[Sequence[str]]) -> Iterator[str]:
    """The lines of one kind behind their counts."""
    yield from ("<details>", f"<summary>{kind}: {len(lines)} lines; not checked: {summary or 'none'}</summary>", "")
    yield from table(columns, lines)
    yield from ("</details>", "")


def overview() -> str:
    labels = rows("labels")
    kinds = list(dict.fromkeys(row["kind"] for row in labels))
    tables = {language: labels if language in LANGUAGES else rows(f"labels/{language}") for language in FACE_LANGUAGES}
    unchecked = {code: Counter(row["kind"] for row in found if is_draft(row, code)) for code, found in tables.items()}
    out = [
        HEAD, "",
        "# Languages: what no speaker has checked yet", "",
        "A line that is not checked prints on TEST cards only, or beside a checked one. A speaker reads a column below, or the sheet of a"
        " language, strikes out what is wrong, and signs; a line then loses its mark in its table.", "",
        "The first five are languages of the interface, of faces and of the notice. The others are for faces and the notice: their tables"
        " hold what she can be told, the rest is shown in English. Digits are Latin in all: the whole route reads them, packages and"
        " devices show them. Medicines keep their international names, as the package in her hand has them. Dates are of the Gregorian"
        " calendar, with the month in words. The notice has at most 60 words, in Chinese at most 120 characters. The words of web pages"
        " and of forms have [a sheet of their own](languages/interface.md).", "",
    ]  # fmt: skip
    totals = [
        (NAMES[code], str(unchecked[code].total()), str(len(found) - unchecked[code].total()),
         "below" if code in LANGUAGES else f"[{code}](languages/{code}.md)", " ")
        for code, found in tables.items()
    ]  # fmt: skip
    out += table(("language", "not checked", "checked", "its lines", "speaker: name, date and signature"), totals)
    out += ["## Not checked, by kind", ""]
    out += table(
        ("kind", "lines", *(NAMES[code] for code in FACE_LANGUAGES)),
        [(kind, str(sum(row["kind"] == kind for row in labels)), *(str(found[kind]) for found in unchecked.values())) for kind in kinds],
    )
    out += ["## Every line", "", "○ stands before a text that is not checked.", ""]
    for kind in kinds:
        left = ", ".join(f"{NAMES[code]} {unchecked[code][kind]}" for code in LANGUAGES if unchecked[code][kind])
        lines = [(name(row), *(marked(row, code) for code in LANGUAGES)) for row in labels if row["kind"] == kind]
        out += collapsed(kind, left, ("key", *(NAMES[code] for code in LANGUAGES)), lines)
    return "\n".join(out).rstrip() + "\n"


def sheet(language: str) -> str:
    """Every line of a language of faces beside the English one."""
    found = rows(f"labels/{language}")
    left = Counter(row["kind"] for row in found if is_draft(row, language))
    out = [HEAD, "", f"# {NAMES[language]}: the lines of face and notice", ""]
    out += [f"No speaker has checked the {left.total()} of {len(found)} lines that are marked ○. [All languages](../languages.md)", ""]
    out += table(("speaker: name", "date", "signature"), [(" ", " ", " ")])
    for kind in dict.fromkeys(row["kind"] for row in found):
        lines = [(name(row), english(row), marked(row, language)) for row in found if row["kind"] == kind]
        out += collapsed(kind, str(left[kind] or ""), ("key", NAMES["en"], NAMES[language]), lines)
    return "\n".join(out).rstrip() + "\n"


def interface() -> str:
    """The words of web pages and of the forms of other systems, which no card prints."""
    pages = json.loads((ROOT / "web/words/pages.json").read_text(encoding="utf-8"))
    with (ROOT / "healthcard/exchange/form_words.csv").open(encoding="utf-8", newline="") as file:
        form = list(csv.DictReader(file))
    found = {
        "pages": [(key, *(f"○ {text}" for text in texts)) for key, texts in pages["words"].items()],
        "forms": [(row["key"], *(marked(row, code) for code in LANGUAGES)) for row in form],
    }
    columns = ("key", *(NAMES[code] for code in LANGUAGES))
    assert tuple(pages["languages"]) == LANGUAGES
    out = [
        "<!-- Made by tools/language_docs.py from web/words/pages.json and healthcard/exchange/form_words.csv. -->", "",
        "# The words of pages and forms", "",
        "They are on screens alone: what prints stands in [all languages](../languages.md). Of the pages no line is checked yet.", "",
    ]  # fmt: skip
    for kind, lines in found.items():
        left = Counter(code for line in lines for code, text in zip(LANGUAGES, line[1:], strict=True) if text.startswith("○"))
        out += collapsed(kind, ", ".join(f"{NAMES[code]} {left[code]}" for code in LANGUAGES if left[code]), columns, lines)
    return "\n".join(out).rstrip() + "\n"


def every_page() -> dict[str, str]:
    """What this program writes, by path."""
    sheets = {f"docs/languages/{code}.md": sheet(code) for code in FACE_ONLY}
    return {"docs/languages.md": overview(), "docs/languages/interface.md": interface()} | sheets


if __name__ == "__main__":
    sys.exit(write(every_page()))
