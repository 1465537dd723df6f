"""CSV in long form, one row for each fact: for spreadsheets, and for DHIS2 by its `data_element` column; back to the same records.

    text = to_csv(record, issued=card.issued, issuer=card.issuer, language="es")
    [record] = from_csv(text)

RFC 4180 in UTF-8. `kind`, `key` and `part` say what a fact is, `entry` counts within a list (a medicine has up to three rows, a vaccine a
second one where its dose is known), `person` and `contact` count from 0. No cell starts a formula: text that a spreadsheet would take for
one stands behind an apostrophe.
"""

import csv
import io
import json
import re
import secrets
from collections.abc import Collection, Iterator
from datetime import date
from typing import Any

from healthcard.errors import Problem, RecordError
from healthcard.exchange import facts, mapping
from healthcard.exchange.facts import DOSES, NONE, WORDS, Fact
from healthcard.exchange.fhir_document import Origin
from healthcard.exchange.mapping import Coding, ExchangeMapping
from healthcard.exchange.places import located
from healthcard.exchange.words import coded_label, entry_label, form_label
from healthcard.merge import HISTORY
from healthcard.record import Record
from healthcard.vocabulary import Quantity
from healthcard.words.labels import label

COLUMNS = (
    "export", "issuer", "issued", "verdict", "person", "role", "contact", "date", "time", "source", "kind", "key", "part", "entry",
    "label", "value", "value_label", "unit", "system", "code", "confidentiality", "data_element",
)  # fmt: skip
READ = ("export", "person", "role", "contact", "date", "time", "source", "kind", "key", "part", "entry", "value")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")  # the last is ours: what stands behind it is text
NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,9})?")
TRUE = {"true": True, "false": False}  # in capitals once a spreadsheet has saved them
FAULTS = (KeyError, ValueError, TypeError, AttributeError)  # of rows that do not fit together
RESTRICTED = "R"  # of HL7's codes of confidentiality: what a card seals
OF_ROLE = ("person", "observations")  # kinds whose keys mean one thing of a mother and another of a child
Row = dict[str, str]


def to_csv(
    record: Record, issued: date, issuer: str | None, *, verdict: str = "verified", unverified: Collection[tuple[int, int]] | None = None,
    language: str = "en", known: ExchangeMapping | None = None,
) -> str:  # fmt: skip
    """Every fact of `record`, labels in `language`, under a random id of this export.

    `unverified` as for FHIR documents: rows that no verified part of the card says have the verdict `unverified`, or that of the card.
    Nothing is refused here: whether she agreed to an import is asked before (choice.py).
    """
    names, origin = known or mapping.usual(), Origin(issued, issuer, verdict, unverified)
    common = {"export": secrets.token_hex(8), "issuer": issuer or "", "issued": issued.isoformat()}
    rows: list[Row] = []

    def write(found: Iterator[Fact], vouched: bool, about: Row) -> None:
        rows.extend(common | {"verdict": origin.said(vouched)} | about | _cells(fact, about, names, language) for fact in found)

    write(facts.of_card(record), verdict == "verified", {})
    for at, person in enumerate(record.people):
        who = {"person": str(at), "role": person.role}
        write(facts.of_profile(person, names), origin.vouched(at), who)
        write(facts.of_history(person), origin.vouched(at, HISTORY), who | {"source": person.history_source or ""})
        for n, contact in enumerate(person.contacts):
            when = {"date": contact.date.isoformat(), "time": contact.time or "", "source": contact.source or ""}
            write(facts.of_contact(contact, names), origin.vouched(at, n), who | {"contact": str(n)} | when)
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, restval="")
    writer.writeheader()
    writer.writerows({name: _safe(cell) for name, cell in row.items()} for row in rows)
    return file.getvalue()


def from_csv(text: str, known: ExchangeMapping | None = None) -> tuple[Record, ...]:
    """The records of the exports in `text`, in the order of their first rows; columns may stand in any order, others are passed over.

    Raises RecordError, which names rows (the header is row 1) and columns, never a value.
    """
    names = known or mapping.usual()
    try:
        lines = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True))
    except csv.Error:
        raise RecordError([Problem("file", "not CSV", "comma, double quotes, UTF-8")]) from None
    header = lines[0] if lines else []
    if missing := [name for name in READ if name not in header]:
        raise RecordError([Problem("row 1", f"no column {missing[0]}", f"needed: {', '.join(READ)}")])
    exports: dict[str, _Export] = {}
    problems: list[Problem] = []
    for number, cells in enumerate(lines[1:], 2):
        if not any(cells):
            continue
        row = dict(zip(header, map(_plain, cells), strict=False))
        try:
            exports.setdefault(row["export"], _Export(names)).read(row, f"row {number}")
        except FAULTS:
            problems.append(Problem(f"row {number}", "not a fact of a record", "as healthcard export wrote it"))
    records = []
    for export in exports.values():
        try:
            records.append(export.record())
        except RecordError as error:
            problems += error.problems
    if problems or not records:
        raise RecordError(problems or [Problem("file", "no facts")])
    return tuple(records)


def _cells(fact: Fact, about: Row, names: ExchangeMapping, language: str) -> Row:
    """The columns of a fact."""
    coding: Coding | None = None
    if fact.table == "absent":
        coding = names.named(fact.table, fact.word)[1]
        named = label("ui", "allergies_none_asked", language)
    elif fact.table and fact.kind != "referral":
        named = entry_label(fact.table, fact.word, language)
    else:
        named = form_label(f"{fact.kind}_{fact.key}".rstrip("_"), language)
    if fact.table and not coding:
        coding = names.concept(fact.table, fact.word).codings[0]
    return {
        "kind": fact.kind,
        "key": fact.key,
        "part": fact.part,
        "entry": "" if fact.entry is None else str(fact.entry),
        "label": named.text,
        "value": _text(fact.value),
        "value_label": coded_label(fact.values, fact.key, fact.value, language).text if fact.values else "",
        "unit": fact.unit,
        "system": coding.system if coding else "",
        "code": coding.code if coding else "",
        "confidentiality": RESTRICTED if _sensitive(fact, names) else "",
        "data_element": ".".join(filter(None, (about["role"] if fact.kind in OF_ROLE else "", fact.kind, fact.key, fact.part))),
    }


def _sensitive(fact: Fact, names: ExchangeMapping) -> bool:
    worded = bool(fact.values) and names.concept(fact.values, fact.value).sensitive
    return worded or names.concept(fact.table, fact.word).sensitive


def _text(value: Any) -> str:
    return value if isinstance(value, str) else value.isoformat() if isinstance(value, date) else json.dumps(value)


def _safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) and not NUMBER.fullmatch(cell) else cell


def _plain(cell: str) -> str:
    return cell[1:] if cell.startswith("'") else cell


# --- and back --------------------------------------------------------------------------------------------------------


class _Export:
    """The rows of one export, as the JSON of a record; `places` is where each stands in the file."""

    def __init__(self, names: ExchangeMapping) -> None:
        self.names = names
        self.card: dict[str, Any] = {"choices": {}}
        self.tables = names.known.tables()
        self.people: dict[int, dict[str, Any]] = {}
        self.contacts: dict[tuple[int, int], dict[str, Any]] = {}
        self.entries: dict[tuple[Any, ...], dict[str, Any]] = {}
        self.places: dict[str, str] = {}

    def read(self, row: Row, place: str) -> None:
        """Raises ValueError or KeyError for what is no fact."""
        kind, key, value = row["kind"], row["key"], row["value"]
        if not row["person"]:
            if kind != "card":
                raise ValueError("a fact of nobody")
            owner = self.card if key == "language" else self.card["choices"]
            _put(owner, key, value if key == "language" else TRUE[value.lower()])
            self.places[key if key == "language" else f"choices.{key}"] = place
            return
        at = _count(row["person"])
        person = self.people.setdefault(at, {"role": row["role"], "contacts": []})
        here = f"people[{at}]"
        self.places.setdefault(here, place)
        if row["role"] != person["role"]:
            raise ValueError("two roles of one person")
        owner = person
        if row["contact"]:
            n = _count(row["contact"])
            when = {name: row[name] for name in ("date", "time", "source") if row[name]}
            owner = self.contacts.setdefault((at, n), dict(when))
            here = f"{here}.contacts[{n}]"
            self.places.setdefault(here, place)
            if any(owner.get(name) != when.get(name) for name in ("date", "time", "source")):
                raise ValueError("two dates of one contact")
        elif kind in ("conditions", "vaccines_before") and row["source"]:
            if person.setdefault("history_source", row["source"]) != row["source"]:
                raise ValueError("two sources of the history")
            self.places[f"{here}.history_source"] = place
        self._fact(owner, here, row, place)

    def _fact(self, owner: dict[str, Any], here: str, row: Row, place: str) -> None:
        kind, key, value = row["kind"], row["key"], row["value"]
        if kind in WORDS:
            _require_true(value)
            listed = owner.setdefault(kind, [])
            if key != NONE:
                self.places[f"{here}.{kind}[{len(listed)}]"] = place
                listed.append(key)
        elif kind in DOSES or kind == "medicines":
            name = "medicine" if kind == "medicines" else "vaccine"
            entry = self.entries.get((here, kind, row["entry"]))
            if entry is None:
                listed = owner.setdefault(kind, [])
                entry = self.entries[here, kind, row["entry"]] = {name: key}
                self.places[f"{here}.{kind}[{len(listed)}]"] = place
                listed.append(entry)
            if entry[name] != key:
                raise ValueError("two words of one entry")
            if kind in DOSES and not row["part"]:
                _require_true(value)
            else:
                _put(entry, row["part"], value if row["part"] == "timing" else _number(value))
        elif kind == "unknown" and row["contact"]:
            owner.setdefault(kind, []).append(value)
        elif (kind, key) not in (("person", "role"), ("contact", "date")):
            group = owner if kind == "person" else owner.setdefault(kind, {})
            self.places[f"{here}.{key}" if kind == "person" else f"{here}.{kind}.{key}"] = place
            self.places.setdefault(f"{here}.{kind}", place)
            _put(group, key, self._value(row))

    def _value(self, row: Row) -> Any:
        """A number, or the text that it is: what `kind` and `key` say, for "77" may also be a word."""
        kind, key, value = row["kind"], row["key"], row["value"]
        if kind == "unknown":
            return _number(value)
        role = row["role"]
        if kind == "observations":
            quantity = self.tables[f"observations_{role}"].by_key.get(key)
            return _number(value) if not isinstance(quantity, Quantity) or quantity.kind == "number" else value
        if kind == "referral":
            return value
        path = key if kind == "person" else f"{kind}.{key}"
        fields = {entry.row["path"]: entry.row["kind"] for entry in self.tables[f"profile_{role}"].entries}
        return _number(value) if fields.get(path) == "number" else value

    def record(self) -> Record:
        people = [person for _, person in sorted(self.people.items())]
        whole = next(iter(self.places.values()), "file")
        if sorted(self.people) != list(range(len(people))):
            raise RecordError([Problem(whole, "a person is missing", "persons count from 0")])
        for (at, n), contact in sorted(self.contacts.items()):
            if n != len(people[at]["contacts"]):
                raise RecordError([Problem(self.places[f"people[{at}].contacts[{n}]"], "a contact is missing", "contacts count from 0")])
            people[at]["contacts"].append(contact)
        try:
            return Record.from_json(self.card | {"people": people}, self.names.known)
        except RecordError as error:
            raise located(error, self.places, whole) from None


def _put(into: dict[str, Any], key: str, value: Any) -> None:
    """Raises ValueError for a second value: which of two was meant is nobody's guess."""
    if key in into or not key:
        raise ValueError("a second value")
    into[key] = value


def _require_true(cell: str) -> None:
    if not TRUE[cell.lower()]:
        raise ValueError("a fact that is not there")


def _count(cell: str) -> int:
    if not re.fullmatch(r"\d{1,3}", cell):
        raise ValueError("not a count")
    return int(cell)


def _number(cell: str) -> int | float:
    if not NUMBER.fullmatch(cell):
        raise ValueError("not a number")
    return float(cell) if "." in cell else int(cell)
