"""Labels of what partners get: those of the coded tables, and the few that only an export or a form has (form_words.csv)."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from healthcard import vocabulary
from healthcard.vocabulary import ROLES, unknown_number
from healthcard.words.labels import Label, filled, label, value_label
from healthcard.words.wording import medicine_label

# Tables whose labels are of another kind than their own name without the plural's s.
KINDS: Mapping[str, str] = {"allergies": "allergy"}
OF_ROLE: Mapping[str, str] = {f"{sheet}_{role}": role for sheet in ("observations", "profile") for role in ROLES}


def entry_label(table: str, word: str, language: str) -> Label:
    """The words for an entry of a table, named as in `Vocabulary.tables`; for "#77" the neutral "code 77"."""
    if unknown_number(word) is not None:
        return filled(label("ui", "code", language), n=unknown_number(word))
    if table in OF_ROLE:
        return label("observation", word, language, OF_ROLE[table])
    if table in vocabulary.default().enumerations:
        return label("enumeration", f"{table}.{word}", language)
    return medicine_label(word, language) if table == "medicines" else label(KINDS.get(table, table.removesuffix("s")), word, language)


def coded_label(table: str, key: str, word: str, language: str) -> Label:
    """The words for a coded value of the observation `key`, or of an entry of another table."""
    return value_label(key, word, language) if table in OF_ROLE else entry_label(table, word, language)


def form_label(key: str, language: str, **parts: object) -> Label:
    """The words of form_words.csv for `key`; raises LookupError where it has none."""
    return filled(_table(language)[key], **parts)


@cache
def _table(language: str) -> Mapping[str, Label]:
    rows = vocabulary.read_csv(files(__package__) / "form_words.csv")
    return {row["key"]: Label(row[language], language in row["draft"].split()) for row in rows}
