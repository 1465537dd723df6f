"""What moves between the open part and the sealed one: the entries, never the record as a whole (spec section 11).

    content = [? previous, [ref, row, event, ...], ...]     ascending by (ref, row)

`previous` is the id of the card that this one replaces. `ref` is the person's of the part (index * 2 + role). `row` counts the person's
dated rows in the order of the wire, from 0; -1 stands for profile and undated history. Events are those of the open part and in its
order, with these differences:

- every observation is [-3, number, value], one that has a bit in the mask too;
- the time of a contact, [-2, quarter], is never sealed;
- in row -1, [-4, bit, value] is a profile value, and [-5, source] the source of a history that is sealed as a whole (left out where it
  is the signer's own); there is nothing else but findings of kind condition and vaccines.

An entry that was sealed stays so, whether or not this vocabulary would seal it: `join` returns such words, `split` takes them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise
from typing import Any, TypeAlias, TypeVar

from healthcard import cbor
from healthcard.cbor import Item
from healthcard.decoder import _Reader
from healthcard.encoder import _day, _Writer
from healthcard.errors import Problem, RecordError, SealError, SensitiveContent, Unreadable
from healthcard.part import EPOCH_ORDINAL, ID_SIZE, NUMBERED, TIME, USUAL_PROFILE, Part
from healthcard.record import (
    Birth,
    Contact,
    Infant,
    Mother,
    Pregnancy,
    Record,
    Referral,
    build,
    has_history,
    profile_value,
    sort_contacts,
    trusted,
)  # fmt: skip
from healthcard.sensitivity import sensitive
from healthcard.vocabulary import ROLES, Quantity, Vocabulary, unknown

PROFILE, SOURCE = -4, -5  # events of row -1
UNDATED = -1
Kept: TypeAlias = frozenset[tuple[str, str]]  # (table, word): what is sealed although this vocabulary would leave it open
_LISTS = {"findings": "findings", "services": "services", "medicines": "medicines", "vaccines": "vaccines", "unknown": "unknown"}
_HISTORY = {"conditions": "findings", "vaccines_before": "vaccines"}


@dataclass(frozen=True)
class Row:
    """The sealed events of one dated row of a person, or of profile and history (row -1)."""

    ref: int
    row: int
    events: tuple[Item, ...] = field(repr=False)


@dataclass(frozen=True)
class Content:
    """What is sealed: the id of the card before this one, and entries by person and row."""

    previous: bytes | None = field(default=None, repr=False)
    rows: tuple[Row, ...] = ()


def encode_content(content: Content) -> bytes:
    """`content` in its only encoding."""
    previous: list[Item] = [] if content.previous is None else [content.previous]
    return cbor.dumps([*previous, *([row.ref, row.row, *row.events] for row in content.rows)])


def decode_content(data: bytes) -> Content:
    """The content in the bytes of an opened sealed part; what the entries say is looked at by `join`. Raises SealError."""
    try:
        items = cbor.loads(data, 1)  # as deep as an open part
    except Unreadable as error:
        raise SealError(f"sealed entries: {error}") from None
    if type(items) is not list:
        raise SealError("sealed entries: not an array")
    previous = items.pop(0) if items and type(items[0]) is bytes else None
    if previous is not None and len(previous) != ID_SIZE:
        raise SealError("sealed entries: the id of a card is 8 bytes")
    rows = []
    for item in items:
        if type(item) is not list or len(item) < 3 or type(item[0]) is not int or type(item[1]) is not int or item[1] < UNDATED:
            raise SealError("sealed entries: not a row")
        texts = [cbor.dumps(event) for event in item[2:]]
        if any(a > b or (a == b and not _is_medicine(event)) for (a, b), event in zip(pairwise(texts), item[2:], strict=False)):
            raise SealError("sealed entries: events not in order, or twice")
        rows.append(Row(item[0], item[1], tuple(item[2:])))
    if any((a.ref, a.row) >= (b.ref, b.row) for a, b in pairwise(rows)):
        raise SealError("sealed entries: rows not in order, or twice")
    return Content(previous, tuple(rows))


def split(
    part: Part, organisations: Mapping[str, int], known: Vocabulary, kept: Kept = frozenset(), previous: bytes | None = None
) -> tuple[Part, Content]:
    """`part` without its sensitive entries, and those entries; `kept` are words to be sealed besides, from an earlier `join`.

    A contact of sensitive entries alone leaves a row without any. Raises SensitiveContent for entries of level 3, naming them all;
    RecordError for an organisation without a number, and for contacts of one day that differ in sealed entries only.
    """
    if refused := [Problem(place, "never on a card", key) for place, key, level in sensitive(part.record, known) if level > 2]:
        raise SensitiveContent(refused)
    hidden = _Hidden(known, kept)
    divided = [[hidden.contact(contact) for contact in person.contacts] for person in part.record.people]
    histories = [hidden.person(person) for person in part.record.people]
    open_people = tuple(
        bare.model_copy(update={"contacts": sort_contacts(tuple(bare_contact for bare_contact, _ in contacts))})
        for (bare, _), contacts in zip(histories, divided, strict=True)
    )
    open_part = replace(part, record=part.record.model_copy(update={"people": open_people}))
    wire = _Wire(open_part, organisations, known)
    rows: list[Row] = []
    for at, ((_, person), contacts) in enumerate(zip(histories, divided, strict=True)):
        ref = part.refs[at] * 2 + ROLES.index(part.record.people[at].role)
        if person:
            rows.append(Row(ref, UNDATED, wire.person_events(at, person)))
        order = wire.order(at, [bare for bare, _ in contacts])
        for row, n in enumerate(order):
            if contact := contacts[n][1]:
                rows.append(Row(ref, row, wire.contact_events(at, n, contact)))
    if wire.writer.problems:
        raise RecordError(wire.writer.problems)
    return open_part, Content(previous, tuple(rows))


def join(part: Part, content: Content, organisations: Mapping[str, int], known: Vocabulary) -> tuple[Part, Kept]:
    """`part` with its sealed entries back, and the words among them that this vocabulary would not seal.

    Raises SealError for entries that fit no row, stand in the open part too, or are not of their form.
    """
    wire = _Wire(part, organisations, known)
    record = part.record.to_json()
    people = {ref * 2 + ROLES.index(p.role): (p, data) for ref, p, data in zip(part.refs, part.record.people, record["people"], strict=True)}
    orders: dict[int, list[int]] = {}
    kept: set[tuple[str, str]] = set()
    hidden = _Hidden(known, frozenset())
    try:
        for row in content.rows:
            if row.ref not in people:
                raise SealError("sealed entries: of a person who is not on the card")
            person, data = people[row.ref]
            if row.row == UNDATED:
                fields = wire.read_person(person, row.events)
                kept |= hidden.left_open_in_person(person.role, fields)
            else:
                order = orders.setdefault(row.ref, wire.order(0, person.contacts))
                if row.row >= len(order):
                    raise SealError("sealed entries: of a contact that is not on the card")
                fields = wire.read_contact(person, row.events)
                kept |= hidden.left_open_in_contact(person.role, fields)
                data = data["contacts"][order[row.row]]
            _merge(data, fields)
        joined = build(Record, record, known)
    except Unreadable as error:
        raise SealError(f"sealed entries: {error}") from None
    except RecordError:
        raise SealError("sealed entries: they don't fit the open part") from None
    return replace(part, record=joined, unknown=part.unknown or wire.reader.unknown), frozenset(kept)


class _Hidden:
    """Which entries of a record are to be sealed."""

    def __init__(self, known: Vocabulary, kept: Kept) -> None:
        self.known, self.kept, self.tables = known, kept, known.tables()

    def word(self, table: str, word: str) -> bool:
        if (table, word) in self.kept:
            return True
        entry = self.tables[table].by_key.get(word) if table in self.tables else None
        return entry is not None and entry.sensitivity >= 2

    def entry(self, table: str, entry: Any) -> bool:
        return self.word(table, _word_of(table, entry))

    def referral(self, referral: Referral) -> bool:
        named = self.word("services", referral.service) or (referral.reason is not None and self.word("findings", referral.reason))
        return named or self.word("referral", _referral_word(referral))

    def profile(self, role: str, quantity: Quantity, value: Any) -> bool:
        coded = quantity.kind == "coded" and self.word(quantity.row["list"], value)
        return coded or self.word(f"profile_{role}", quantity.key)

    def contact(self, contact: Contact) -> tuple[Contact, Contact | None]:
        """A contact without its entries to be sealed, and those, or None."""
        stay: dict[str, Any] = {}
        go: dict[str, Any] = {}
        table = f"observations_{contact.role}"
        observations = contact.observations or {}
        if moved := {key: value for key, value in observations.items() if self.word(table, key)}:
            go["observations"] = moved
            stay["observations"] = {key: value for key, value in observations.items() if key not in moved} or None
        for name, table in _LISTS.items():
            stays, goes = self._divide(table, getattr(contact, name))
            if goes:
                stay[name], go[name] = stays, goes
        if contact.referral and self.referral(contact.referral):
            stay["referral"], go["referral"] = None, contact.referral
        if not go:
            return contact, None
        return contact.model_copy(update=stay), trusted(type(contact), {"date": contact.date, **go})

    def person(self, person: Mother | Infant) -> tuple[Mother | Infant, Mother | Infant | None]:
        """A person without the entries of profile and history to be sealed, and those, or None; contacts are left alone."""
        stay: dict[str, Any] = {}
        go: dict[str, Any] = {}
        groups: dict[str, dict[str, Any]] = {}
        for name, table in _HISTORY.items():
            stays, goes = self._divide(table, getattr(person, name))
            if goes:
                stay[name], go[name] = stays, goes
        for quantity in self.known.profile[person.role].entries:
            value = profile_value(person, quantity)
            if value is not None and self.profile(person.role, quantity, value):
                group, name = quantity.place
                groups.setdefault(group, {})[name] = value
        for group, values in groups.items():
            model: Any = {"": None, "pregnancy": Pregnancy, "birth": Birth}[group]
            if model is None:
                stay |= dict.fromkeys(values)
                go |= values
            else:
                left = {name: value for name, value in getattr(person, group) if value is not None and name not in values}
                stay[group], go[group] = trusted(model, left) if left else None, trusted(model, values)
        raw = person.unknown or {}
        if moved := {key: value for key, value in raw.items() if self.word(f"profile_{person.role}", key)}:
            go["unknown"] = moved
            stay["unknown"] = {key: value for key, value in raw.items() if key not in moved} or None
        if not go:
            return person, None
        bare = person.model_copy(update=stay)
        if not has_history(bare):
            go["history_source"] = person.history_source
            bare = bare.model_copy(update={"history_source": None})
        return bare, trusted(type(person), {"role": person.role, **go})

    def left_open_in_contact(self, role: str, fields: Mapping[str, Any]) -> set[tuple[str, str]]:
        """The sealed entries that `contact` would not seal by itself."""
        found = {(f"observations_{role}", key) for key in fields.get("observations", ())}
        found |= {(table, _word_of(table, entry)) for name, table in _LISTS.items() for entry in fields.get(name, ())}
        found = {entry for entry in found if not self.word(*entry)}
        if (referral := fields.get("referral")) and not self.referral(referral):
            found.add(("referral", _referral_word(referral)))
        return found

    def left_open_in_person(self, role: str, fields: Mapping[str, Any]) -> set[tuple[str, str]]:
        """The sealed entries that `person` would not seal by itself."""
        found = {(table, _word_of(table, entry)) for name, table in _HISTORY.items() for entry in fields.get(name, ())}
        found = {entry for entry in found if not self.word(*entry)}
        found |= {(f"profile_{role}", key) for key in fields.get("unknown", ())}
        for quantity in self.known.profile["mother" if role == "mother" else "infant"].entries:
            group, name = quantity.place
            value = (getattr(fields[group], name, None) if group in fields else None) if group else fields.get(name)
            if value is not None and not self.profile(role, quantity, value):
                found.add((f"profile_{role}", quantity.key))
        return found

    def _divide(self, table: str, entries: tuple[Any, ...] | None) -> tuple[tuple[Any, ...] | None, tuple[Any, ...]]:
        goes = tuple(entry for entry in entries or () if self.entry(table, entry))
        return tuple(entry for entry in entries or () if not self.entry(table, entry)) or None, goes


class _Wire:
    """Entries to events and back, with the codec of the open part."""

    def __init__(self, part: Part, organisations: Mapping[str, int], known: Vocabulary) -> None:
        days = [_day(contact.date) for person in part.record.people for contact in person.contacts]
        self.part, self.known, self.first = part, known, min(days, default=_day(part.issued))
        self.writer = _Writer(organisations, known, self.first)
        self.reader = _Reader({number: name for name, number in organisations.items()}, known)

    def order(self, at: int, contacts: Sequence[Contact]) -> list[int]:
        """Positions in `contacts` in the order of their rows on the wire."""
        rows = sorted((contact.date, cbor.dumps(self.writer.row(at, n, contact)), n) for n, contact in enumerate(contacts))
        if same := [b for a, b in pairwise(rows) if a[:2] == b[:2]]:
            place = f"people[{at}].contacts[{same[0][2]}]"
            raise RecordError([Problem(place, "differs from another contact of that day in sealed entries only", "give the time of each")])
        return [n for _, _, n in rows]

    def contact_events(self, at: int, n: int, contact: Contact) -> tuple[Item, ...]:
        table = self.known.observations[contact.role]
        numbered = []
        for key, value in (contact.observations or {}).items():
            quantity = table.by_key.get(key)
            numbered.append([NUMBERED, table.number(key), quantity.to_wire(value) if quantity else int(value)])
        place = f"people[{at}].contacts[{n}]"
        return tuple(self.writer.events(contact.findings, contact.vaccines, contact, numbered, place))

    def person_events(self, at: int, person: Mother | Infant) -> tuple[Item, ...]:
        mask, values = self.writer.profile(person, self.anchor(self.part.record.people[at]))
        bits = _bits(mask ^ USUAL_PROFILE[person.role])
        arrays = [[PROFILE, bit, value] for bit, value in zip(bits, values, strict=True)]
        if source := self.writer.source(person.history_source, f"people[{at}].history"):
            arrays.append([SOURCE, source])
        return tuple(self.writer.events(person.conditions, person.vaccines_before, None, arrays))

    def read_contact(self, person: Mother | Infant, events: Iterable[Item]) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        rest: list[Item] = []
        for event in events:
            if type(event) is list and len(event) == 3 and event[0] == NUMBERED:
                self.reader.numbered(fields, person.role, _number(event[1]), event[2])
            elif type(event) is list and event[:1] == [TIME]:
                raise SealError("sealed entries: the time of a contact")
            else:
                rest.append(event)
        self.reader.events(fields, rest, person.role)
        return fields

    def read_person(self, person: Mother | Infant, events: Iterable[Item]) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        bits: dict[int, Item] = {}
        rest: list[Item] = []
        source: Item = 0
        for event in events:
            if type(event) is list and len(event) == 3 and event[0] == PROFILE and (bit := _number(event[1])) not in bits:
                bits[bit] = event[2]
            elif type(event) is list and len(event) == 2 and event[0] == SOURCE and _number(event[1]) and not source:
                source = event[1]
            else:
                rest.append(event)
        if bits:
            table = self.known.profile[person.role].by_number
            if max(bits) not in table and max(bits) > 30:
                raise SealError("sealed entries: not a profile bit")
            columns = [table.get(bit, bit) for bit in sorted(bits)]
            self.reader.profile(fields, columns, [bits[bit] for bit in sorted(bits)], self.anchor(person))
        if source and (not rest or has_history(person)):
            raise SealError("sealed entries: a source without a history of its own")
        if rest:
            self.reader.history(fields, [None, source, *rest])
        return fields

    def anchor(self, person: Mother | Infant) -> int:
        return _day(person.contacts[0].date) if person.contacts else self.first


T = TypeVar("T")


def _merge(data: dict[str, Any], fields: Mapping[str, Any]) -> None:
    """Put decoded entries into the JSON form of a contact or person; raises SealError for what stands there already."""
    for name, value in fields.items():
        if isinstance(value, Pregnancy | Birth):
            value = value.model_dump(mode="json", exclude_none=True)
        there = data.get(name)
        if there is None:
            data[name] = value
        elif isinstance(there, dict) and isinstance(value, dict) and there.keys().isdisjoint(value):
            there.update(value)
        elif isinstance(there, list) and isinstance(value, tuple) and name != "allergies":
            there.extend(value)
        else:
            raise SealError("sealed entries: an entry that stands in the open part too")


def _is_medicine(event: Item) -> bool:
    return type(event) is list and bool(event) and type(event[0]) is int and event[0] >= 0


def _number(item: Item) -> int:
    if type(item) is not int or item < 0:
        raise SealError("sealed entries: not a number in its range")
    return item


def _word_of(table: str, entry: Any) -> str:
    """The word by which an entry of a list is known."""
    word: str = entry.medicine if table == "medicines" else entry.vaccine if table == "vaccines" else entry
    return word


def _referral_word(referral: Referral) -> str:
    return f"{referral.service} {referral.reason}"


def _bits(mask: int) -> list[int]:
    return [bit for bit in range(mask.bit_length()) if mask >> bit & 1]
