"""What the words of a record are called elsewhere: one table for FHIR, CSV and Kobo.

    concept = mapping.usual().concept("observations_mother", "haemoglobin")
    concept.codings     every code of it, ours last: ours is the only one that each entry has
    concept.unit        UCUM: "g/L"

Codes come from the vocabulary, where its own check column says that they were read, and from mapping.csv, which names the source of
each. A code that is only recalled is not exported: the entry then goes under our own code alone. Resource, section and category are
those of FHIR and of the International Patient Summary.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from healthcard import vocabulary
from healthcard.vocabulary import ROLES, Entry, Medicine, Quantity, Vocabulary

OWN = "https://healthcard.example/vocabulary"  # a code system for each table: OWN/findings; a name, not an address
SYSTEMS: Mapping[str, str] = {
    "loinc": "http://loinc.org", "ucum": "http://unitsofmeasure.org", "snomed": "http://snomed.info/sct",
    "icd10": "http://hl7.org/fhir/sid/icd-10", "atc": "http://www.whocc.no/atc", "cvx": "http://hl7.org/fhir/sid/cvx",
    "gts": "http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation", "priority": "http://hl7.org/fhir/request-priority",
}  # fmt: skip
# By sheet of the vocabulary: the columns that hold codes, each with the column that says how it was checked and the words there for a
# code that was not read. ATC has no such column.
CODES: Mapping[str, tuple[tuple[str, str, frozenset[str]], ...]] = {
    "observations": (("loinc", "loinc_check", frozenset(("recalled", "to be confirmed"))),),
    "findings": (("icd10", "icd10_title_checked", frozenset(("recalled", ""))),),
    "medicines": (("atc", "", frozenset()),),
    "vaccines": (("cvx", "cvx_check", frozenset(("to be confirmed", ""))), ("atc", "", frozenset())),
}
SHEETS: Mapping[str, str] = {f"{sheet}_{role}": sheet for sheet in ("observations", "profile") for role in ROLES}
SENSITIVE = 2  # and above: marked as restricted where it is exported at all


@dataclass(frozen=True)
class Coding:
    """One code of a code system."""

    system: str
    code: str
    display: str = ""


@dataclass(frozen=True)
class Concept:
    """An entry of the vocabulary as others know it; `unit` is UCUM, empty where there is none or it is not known."""

    key: str
    label: str
    codings: tuple[Coding, ...]
    unit: str
    resource: str
    section: str
    category: str
    panel: str
    sensitive: bool

    @property
    def own(self) -> Coding:
        """The code that every entry has."""
        return self.codings[-1]


class ExchangeMapping:
    """The mapping of one vocabulary; tables are named as in `Vocabulary.tables`."""

    def __init__(self, known: Vocabulary) -> None:
        self.known = known
        self._tables = known.tables()
        self._rows = {(row["table"], row["key"]): row for row in vocabulary.read_csv(files(__package__) / "mapping.csv")}
        self._concepts = {(table, entry.key): self._of(table, entry) for table, held in self._tables.items() for entry in held.entries}
        self._words: dict[tuple[str, str, str], set[str]] = {}
        for (table, word), concept in self._concepts.items():
            for coding in concept.codings:
                self._words.setdefault((table, coding.system, coding.code), set()).add(word)

    def concept(self, table: str, word: str) -> Concept:
        """What `word` of a table is called; "#77" and whatever else the table does not have goes under our own code alone."""
        return self._concepts.get((table, word)) or self._of(table, Entry(0, word, word, 0, {}))

    def value(self, table: str, key: str, word: str) -> Concept:
        """What a coded value of an observation or profile field is called."""
        if listed := self.enumeration(table, key):
            return self.concept(listed, word)
        system = f"{OWN}/{SHEETS[table]}/{key}"
        return _concept(word, word, (Coding(system, word, word),), {})

    def panel(self, key: str) -> Concept:
        """What several observations together are called."""
        title, code = self.named("panels", key)
        return _concept(key, title, (code,), self._rows["panels", key])

    def enumeration(self, table: str, key: str) -> str:
        """The table of the values of a profile field; empty where the words are the field's own."""
        entry = self._tables[table].by_key.get(key)
        return entry.row.get("list", "") if entry else ""

    def word(self, table: str, codings: Iterable[tuple[str, str]]) -> str | None:
        """The word that (system, code) pairs stand for: our own code, else one of another system that stands for one entry alone."""
        pairs = list(codings)
        own = f"{OWN}/{SHEETS.get(table, table)}"
        for system, code in pairs:
            if system == own:
                return code
        for system, code in pairs:
            if len(words := self._words.get((table, system, code), ())) == 1:
                return next(iter(words))
        return None

    def named(self, table: str, key: str) -> tuple[str, Coding]:
        """Title and code of what only this mapping has: a section, a panel, the absence of allergies."""
        row = self._rows[table, key]
        codings = _sourced(row) or (Coding(f"{OWN}/{table}", key, row["display"]),)
        return row["display"], codings[0]

    def code(self, table: str, word: str) -> str:
        """The first code of another system than ours; empty where there is none."""
        codings = self.concept(table, word).codings
        return codings[0].code if len(codings) > 1 else ""

    def _of(self, table: str, entry: Entry) -> Concept:
        sheet = SHEETS.get(table, table)
        keys = (entry.key, f"*{entry.row.get('kind', '')}", "*")
        row: Mapping[str, str] = next((self._rows[sheet, key] for key in keys if (sheet, key) in self._rows), {})
        checked = tuple(
            Coding(SYSTEMS[column], entry.row[column], entry.row.get(f"{column}_title_checked", ""))
            for column, check, not_read in CODES.get(sheet, ())
            if entry.row.get(column) and entry.row.get(check) not in not_read
        )
        own = Coding(f"{OWN}/{sheet}", entry.key, entry.label)
        return _concept(entry.key, entry.label, (*_sourced(row), *checked, own), row, self._unit(entry), entry.sensitivity >= SENSITIVE)

    def _unit(self, entry: Entry) -> str:
        if isinstance(entry, Medicine):
            return self._rows["units", entry.unit]["code"]
        return (entry.unit or "1") if isinstance(entry, Quantity) and entry.kind == "number" else ""


def _concept(
    key: str, label: str, codings: tuple[Coding, ...], row: Mapping[str, str], unit: str = "", sensitive: bool = False
) -> Concept:  # fmt: skip
    resource, section, category, panel = (row.get(name, "") for name in ("resource", "section", "category", "panel"))
    return Concept(key, label, codings, unit, resource, section, category, panel, sensitive)


def _sourced(row: Mapping[str, str]) -> tuple[Coding, ...]:
    return (Coding(SYSTEMS[row["system"]], row["code"], row["display"]),) if row.get("system") else ()


@cache
def usual() -> ExchangeMapping:
    """The mapping of the vocabulary that ships with the package."""
    return ExchangeMapping(vocabulary.default())
