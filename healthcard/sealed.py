"""The entries that move between the open part and the sealed one (spec section 11).

    content = [? previous, [ref, row, event, ...], ...]         ascending by (ref, row)

`previous` is the id of the card that this one replaces. `ref` is the person's in the part (index * 2 + role). `row` counts the person's
dated rows in their order on the wire, from 0; -1 stands for profile and undated history. Events are those of the open part and in the
same order, with these differences:

- every observation is [-3, number, value], also one that has a bit in the mask;
- a contact's time, [-2, quarter], is never sealed;
- row -1 holds conditions and vaccines, [-4, bit, value] for a profile value (a day counts from what it would in an open part without
  lmp), and [-5, source], the source of history where all of it is sealed and it is not the signer's own.

What was sealed stays so, whether or not this vocabulary would seal it: `join` returns such words, `split` takes them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from healthcard import cbor
from healthcard.cbor import Item
from healthcard.decoder import Reader, columns_of
from healthcard.encoder import Writer, day_number
from healthcard.errors import Problem, RecordError, SealError, SensitiveContent, Unreadable
from healthcard.part import ID_SIZE, NUMBERED, TIME, USUAL_PROFILE, Part
from healthcard.record import Birth, Contact, Infant, Mother, Pregnancy, Record, build, has_history, sort_contacts
from healthcard.sealable import Kept, Sealable
from healthcard.sensitivity import sensitive
from healthcard.vocabulary import FIRST_NUMBERED, ROLES, Vocabulary

PROFILE, SOURCE = -4, -5  # events of row -1
UNDATED = -1


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
    """The content in the bytes of an opened sealed part; what the events say is for `join` to see. Raises SealError."""
    try:
        items = cbor.loads(data, 1)  # an event is as deep as in an open part, or less
    except Unreadable as error:
        raise SealError(f"sealed entries: {error}") from None
    if not isinstance(items, list):
        raise SealError("sealed entries: not an array")
    previous = items[0] if items and isinstance(items[0], bytes) else None
    if previous is not None and len(previous) != ID_SIZE:
        raise SealError("sealed entries: the id of a card is 8 bytes")
    rows = tuple(_row(item) for item in items[previous is not None :])
    if any((a.ref, a.row) >= (b.ref, b.row) for a, b in pairwise(rows)):
        raise SealError("sealed entries: rows not in order, or twice")
    return Content(previous, rows)


def split(
    part: Part, organisations: Mapping[str, int], known: Vocabulary, kept: Kept = frozenset(), previous: bytes | None = None
) -> tuple[Part, Content]:
    """`part` without its sensitive entries, and those entries; `kept` are words to be sealed besides, from an earlier `join`.

    A contact of sensitive entries alone leaves an empty row. Raises SensitiveContent for entries of level 3, naming them all, and
    RecordError for an organisation without a number and for contacts of one day that differ in sealed entries only.
    """
    if refused := [Problem(place, "never on a card", key) for place, key, level in sensitive(part.record, known) if level > 2]:
        raise SensitiveContent(refused)
    sealable = Sealable(known, kept)
    people = [sealable.person(person) for person in part.record.people]
    contacts = [[sealable.contact(contact) for contact in person.contacts] for person in part.record.people]
    wire = _Wire(part, organisations, known)
    rows: list[Row] = []
    for at, person in enumerate(part.record.people):
        ref = part.refs[at] * 2 + ROLES.index(person.role)
        if (undated := people[at][1]) is not None:
            rows.append(Row(ref, UNDATED, wire.write_undated(at, undated, wire.anchor(person))))
        if any(dated for _, dated in contacts[at]):
            for row, n in enumerate(wire.order(at, [bare for bare, _ in contacts[at]])):
                if (dated := contacts[at][n][1]) is not None:
                    rows.append(Row(ref, row, wire.write_dated(at, n, dated)))
    if wire.writer.problems:
        raise RecordError(wire.writer.problems)
    bare_people = tuple(
        bare.model_copy(update={"contacts": sort_contacts(tuple(contact for contact, _ in pairs))})
        for (bare, _), pairs in zip(people, contacts, strict=True)
    )
    return replace(part, record=part.record.model_copy(update={"people": bare_people})), Content(previous, tuple(rows))


def join(part: Part, content: Content, organisations: Mapping[str, int], known: Vocabulary) -> tuple[Part, Kept]:
    """`part` with its sealed entries back, and the words of those that this vocabulary would leave open.

    Raises SealError for entries that fit no row, stand in the open part too, or are not of their form.
    """
    if not content.rows:
        return part, frozenset()
    wire, sealable = _Wire(part, organisations, known), Sealable(known)
    record = part.record.to_json()
    places = {index * 2 + ROLES.index(part.record.people[at].role): at for at, index in enumerate(part.refs)}
    orders: dict[int, list[int]] = {}
    kept: set[tuple[str, str]] = set()
    try:
        for row in content.rows:
            if row.ref not in places:
                raise SealError("sealed entries: of a person who is not on the card")
            at = places[row.ref]
            person, place = part.record.people[at], record["people"][at]
            if row.row == UNDATED:
                fields = wire.read_undated(person, row.events)
            else:
                order = orders[at] if at in orders else orders.setdefault(at, wire.order(at, person.contacts))
                if row.row >= len(order):
                    raise SealError("sealed entries: of a contact that is not on the card")
                fields, place = wire.read_dated(person, row.events), place["contacts"][order[row.row]]
            kept |= sealable.left_open(person.role, fields)
            _merge(place, fields)
        joined = build(Record, record, known)
    except Unreadable as error:
        raise SealError(f"sealed entries: {error}") from None
    except RecordError:
        raise SealError("sealed entries: they don't fit the open part") from None
    unknown, implausible = part.unknown or wire.reader.unknown, part.implausible or wire.reader.implausible
    return replace(part, record=joined, unknown=unknown, implausible=implausible), frozenset(kept)


class _Wire:
    """Entries to events and back, with the codec of the open part."""

    def __init__(self, part: Part, organisations: Mapping[str, int], known: Vocabulary) -> None:
        self.known = known
        self.first = min((day_number(c.date) for person in part.record.people for c in person.contacts), default=day_number(part.issued))
        self.writer = Writer(organisations, known, self.first)
        self.reader = Reader({number: name for name, number in organisations.items()}, known)

    def anchor(self, person: Mother | Infant) -> int:
        """The day that the days of a profile count from."""
        return day_number(person.contacts[0].date) if person.contacts else self.first

    def order(self, at: int, contacts: Sequence[Contact]) -> list[int]:
        """Positions in `contacts` in the order of their rows on the wire; raises RecordError where two would be one row."""
        rows = sorted((contact.date, cbor.dumps(self.writer.row(at, n, contact)), n) for n, contact in enumerate(contacts))
        for a, b in pairwise(rows):
            if a[:2] == b[:2]:
                place = f"people[{at}].contacts[{b[2]}]"
                raise RecordError([Problem(place, "differs from another contact of that day in sealed entries only", "give their times")])
        return [n for _, _, n in rows]

    def write_dated(self, at: int, n: int, entries: Contact) -> tuple[Item, ...]:
        table = self.known.observations[entries.role]
        numbered = []
        for key, value in (entries.observations or {}).items():
            quantity = table.by_key.get(key)
            numbered.append([NUMBERED, table.number(key), quantity.to_wire(value) if quantity else int(value)])
        return tuple(self.writer.events(entries.findings, entries.vaccines, entries, numbered, f"people[{at}].contacts[{n}]"))

    def read_dated(self, person: Mother | Infant, events: Iterable[Item]) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        others: list[Item] = []
        for event in events:
            form, *rest = event if isinstance(event, list) and event else [None]
            if form == NUMBERED and len(rest) == 2:
                self.reader.numbered(fields, person.role, _number(rest[0]), rest[1])
            elif form == TIME:
                raise SealError("sealed entries: the time of a contact")
            else:
                others.append(event)
        self.reader.events(fields, others, person.role)
        return fields

    def write_undated(self, at: int, entries: Mother | Infant, anchor: int) -> tuple[Item, ...]:
        mask, values = self.writer.profile(entries, anchor)
        mask ^= USUAL_PROFILE[entries.role]
        bits = [bit for bit in range(FIRST_NUMBERED) if mask >> bit & 1]
        arrays = [[PROFILE, bit, value] for bit, value in zip(bits, values, strict=True)]
        if source := self.writer.source(entries.history_source, f"people[{at}].history"):
            arrays.append([SOURCE, source])
        return tuple(self.writer.events(entries.conditions, entries.vaccines_before, None, arrays))

    def read_undated(self, person: Mother | Infant, events: Iterable[Item]) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        bits: dict[int, Item] = {}
        others: list[Item] = []
        source: Item = 0
        for event in events:
            form, *rest = event if isinstance(event, list) and event else [None]
            if form == PROFILE and len(rest) == 2 and (bit := _number(rest[0], most=FIRST_NUMBERED - 1)) not in bits:
                bits[bit] = rest[1]
            elif form == SOURCE and len(rest) == 1 and not source:
                source = _number(rest[0], least=1)
            else:
                others.append(event)
        if bits:
            columns = columns_of(self.known, person.role, "profile", sum(1 << bit for bit in bits))
            self.reader.profile(fields, columns, [bits[bit] for bit in sorted(bits)], self.anchor(person))
        if others:
            self.reader.history(fields, [None, source, *others])
        if source and (not others or has_history(person)):
            raise SealError("sealed entries: a source without a history of its own")
        return fields


def _row(item: Item) -> Row:
    if not isinstance(item, list) or len(item) < 3:
        raise SealError("sealed entries: not a row")
    ref, row, *events = item
    texts = [cbor.dumps(event) for event in events]
    for event, (a, b) in zip(events, pairwise(texts), strict=False):
        given = isinstance(event, list) and event and isinstance(event[0], int) and event[0] >= 0
        if a > b or (a == b and not given):  # only medicines may repeat
            raise SealError("sealed entries: events not in order, or twice")
    return Row(_number(ref), UNDATED if row == UNDATED else _number(row), tuple(events))


def _number(item: Item, least: int = 0, most: int = cbor.LARGEST) -> int:
    if not isinstance(item, int) or not least <= item <= most:
        raise SealError("sealed entries: not a number in its range")
    return item


def _merge(data: dict[str, Any], fields: Mapping[str, Any]) -> None:
    """Put decoded entries into the JSON form of a contact or person; raises SealError for what stands there already."""
    for name, value in fields.items():
        there = data.get(name)
        if isinstance(value, Pregnancy | Birth):
            value = value.model_dump(mode="json", exclude_none=True)
        if there is None:
            data[name] = value
        elif isinstance(there, dict) and isinstance(value, dict) and there.keys().isdisjoint(value):
            there.update(value)
        elif isinstance(there, list) and isinstance(value, tuple) and name != "allergies":
            there.extend(value)
        else:
            raise SealError("sealed entries: an entry that stands in the open part too")
