"""Words, numbers, dates and counts in every language, from vocabulary/labels.csv and vocabulary/labels/LANGUAGE.csv.

The languages of the interface have a column each; those of face and notice only have a table of their own, with what she can be told.
What a table lacks, and a language without any, is shown in English, as a draft: a `Label` says whether its words are one that no speaker
has checked; a draft prints on TEST cards only. An entry without any row is a fault of the package and raises LookupError.

Digits are Latin in every language: the whole route reads them, medicine packages and devices show them, and a figure that is copied from
a card can't be taken for another. Dates are of the Gregorian calendar, with the month in words.
"""

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources.abc import Traversable
from typing import Final, NamedTuple

from healthcard import vocabulary
from healthcard.vocabulary import unknown_number

LANGUAGES: Final = ("en", "es", "fr", "pt", "ht")  # of the interface, and of faces
FACE_ONLY: Final = ("ar", "fa", "ps", "zh-Hans", "hi", "bn", "ne", "so", "am")
FACE_LANGUAGES: Final = (*LANGUAGES, *FACE_ONLY)
RIGHT_TO_LEFT: Final = frozenset({"ar", "fa", "ps"})
# Whole and quarter steps of what is counted in pieces are written as pharmacists do; measured amounts keep their decimals.
FRACTIONS: Final = {0.25: "¼", 0.5: "½", 0.75: "¾"}
PIECES: Final = frozenset({"tablet", "capsule", "sachet", "dose", "puff", "vial", "drop", "application", "implant"})
SINGULAR_BELOW_TWO: Final = frozenset({"fr", "pt"})  # "1½ comprimé", "0 jour"; the others: exactly one (CLDR plural rules)


class Label(NamedTuple):
    """Words in a language, and whether they are a draft."""

    text: str
    draft: bool


def label(kind: str, key: str, language: str, role: str | None = None) -> Label:
    """The words for one coded entry; for an unknown one ("#77") the neutral "code 77". Raises LookupError where the table has none."""
    number = unknown_number(key)
    if number is not None and kind != "ui":
        return filled(label("ui", "code", language), n=number)
    rows = _table(language)
    found = rows.get((kind, key, role or "")) or rows.get((kind, key, ""))
    if found is None:
        raise LookupError(f"no label {kind}/{key}")
    return found


def has_label(kind: str, key: str) -> bool:
    """Whether the table has words for an entry: an organisation's own schedule has none."""
    return (kind, key, "") in _table("en")


def value_label(observation: str, word: str, language: str) -> Label:
    """The words for a coded value, its own for this observation where the table has them."""
    return label("value", f"{observation}.{word}" if has_label("value", f"{observation}.{word}") else word, language)


def filled(template: Label, **parts: object) -> Label:
    """`template` with its placeholders filled in; a draft as soon as one part is."""
    draft = template.draft or any(isinstance(part, Label) and part.draft for part in parts.values())
    texts = {name: part.text if isinstance(part, Label) else str(part) for name, part in parts.items()}
    return Label(template.text.format_map(texts), draft)


def joined(separator: str, *parts: Label | str | None) -> Label:
    """The parts that are there, in one text; a draft as soon as one part is."""
    there = [part for part in parts if part is not None and part not in ("", Label("", False))]
    draft = any(isinstance(part, Label) and part.draft for part in there)
    return Label(separator.join(part.text if isinstance(part, Label) else part for part in there), draft)


def number(value: int | float, language: str) -> str:
    """A number with the decimal mark of the language: "38,2"."""
    return repr(value).replace(".", label("ui", "decimal", language).text)


def decimals(text: str, language: str) -> str:
    """A text of the coded tables ("31.25 mg/5 mL") with the decimal mark of the language."""
    return re.sub(r"(?<=\d)\.(?=\d)", label("ui", "decimal", language).text, text)


def day(value: date, language: str) -> str:
    """A date with the month as a word, so that day and month can't be taken for each other: "2 Jul 2026"."""
    month = label("ui", f"month.{value.month}", language).text
    parts = {"d": str(value.day), "MMM": month, "yyyy": str(value.year)}
    return re.sub(r"yyyy|MMM|d", lambda match: parts[match[0]], label("ui", "date_format", language).text)


def is_one(count: int | float, language: str) -> bool:
    """Whether a count takes the singular. A part of one does in every language: "½ tablet"."""
    return count < 2 if language in SINGULAR_BELOW_TWO else count == 1 or 0 < count < 1


def counted(key: str, count: int, language: str, name: str = "days", **parts: object) -> Label:
    """The phrase `key` for a count, in the form that the count takes: "runs out in 2 days"."""
    return filled(label("ui", f"{key}.{plural_form(count, language)}", language), **{name: count}, **parts)


def plural_form(count: int, language: str) -> str:
    """The name of the form (CLDR): Arabic has a dual, and a plural for the last two digits 3 to 10 only."""
    if is_one(count, language):
        return "one"
    if language == "ar":
        return "two" if count == 2 else "few" if 3 <= count % 100 <= 10 else "other"
    return "other"


def amount(value: int | float, unit: str, language: str) -> Label:
    """An amount in a medicine's own unit: "1½ tablets", "2.5 mL"."""
    words = label("unit", unit if is_one(value, language) else f"{unit}.plural", language)
    whole, part = divmod(value, 1)
    if unit in PIECES and part in FRACTIONS:
        figures = (str(int(whole)) if whole else "") + FRACTIONS[part]
    else:
        figures = number(int(value) if not part else value, language)
    return Label(f"{figures} {words.text}", words.draft)


@cache
def _table(language: str) -> Mapping[tuple[str, str, str], Label]:
    column = language if language in LANGUAGES else "en"
    table = _labels(vocabulary.folder() / "labels.csv", column, draft=column != language)
    if language in FACE_ONLY:
        table |= _labels(vocabulary.folder() / "labels" / f"{language}.csv", language)
    return table


def _labels(file: Traversable, column: str, draft: bool = False) -> dict[tuple[str, str, str], Label]:
    rows = vocabulary.read_csv(file)
    return {(row["kind"], row["key"], row["role"]): Label(row[column], draft or column in row["draft"].split()) for row in rows}
