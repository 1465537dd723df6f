"""Payload -> record: accepts what the encoder writes and nothing else (spec sections 5 and 6)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from math import inf
from operator import call, gt, lt
from typing import Any, NoReturn

from healthcard import cbor
from healthcard.cbor import Item
from healthcard.errors import NewerVersion, Unreadable
from healthcard.part import (
    DOSE_UNKNOWN,
    EPOCH_ORDINAL,
    FIRST_ORGANISATION,
    FIRST_SERVICE,
    ID_SIZE,
    KINDS,
    NUMBERED,
    QUARTERS,
    REFERRAL,
    SMALL_AMOUNTS,
    SMALL_TIMINGS,
    SOURCES,
    TIME,
    USUAL,
    USUAL_PROFILE,
    VERSION,
    Part,
)  # fmt: skip
from healthcard.record import (
    HOLDER,
    LAST_DAY,
    LAST_UNKNOWN_FORM,
    LONGEST_SUPPLY,
    MOST_CONTACTS,
    MOST_EVENTS,
    MOST_PEOPLE,
    OLDEST,
    WITHHELD,
    Birth,
    Choices,
    Contact,
    Infant,
    InfantContact,
    MedicineGiven,
    Mother,
    MotherContact,
    Pregnancy,
    Record,
    Referral,
    VaccineDose,
    in_order,
    sort_contacts,
    trusted,
)  # fmt: skip
from healthcard.vocabulary import FIRST_NUMBERED, ROLES, Quantity, Role, Table, Value, Vocabulary, unknown

_OLDEST, _NEWEST = OLDEST.toordinal() - EPOCH_ORDINAL, LAST_DAY


def read(payload: bytes, organisations: Mapping[int, str], known: Vocabulary) -> Part:
    """The part that `payload` is; raises NewerVersion or Unreadable."""
    return Reader(organisations, known).part(cbor.loads(payload))


def _bad(why: str) -> NoReturn:
    raise Unreadable(why)


def _whole(item: Item, low: int, high: int, what: str) -> int:
    if type(item) is not int or not low <= item <= high:
        raise Unreadable(f"{what}: not a number in its range")
    return item


class Reader:
    def __init__(self, organisations: Mapping[int, str], known: Vocabulary) -> None:
        self.organisations, self.known = organisations, known
        self.unknown = self.implausible = False

    def word(self, table: Table[Any], number: int) -> str:
        word = table.words.get(number)
        if word is None:
            self.unknown = True
            return unknown(number)
        return word

    def value(self, quantity: Quantity, wire: int) -> Value:
        value = quantity.from_wire(wire)
        if quantity.kind == "coded" and value[0] == "#":  # type: ignore[index]
            self.unknown = True
        return value

    def part(self, item: Item) -> Part:
        if type(item) is not list or not item:
            _bad("part: not an array")
        version, kind_bit = divmod(_whole(item[0], 0, cbor.LARGEST, "head"), 2)
        if version > VERSION:
            raise NewerVersion(f"format version {version}")
        if not 8 <= len(item) <= 7 + MOST_PEOPLE:
            _bad("part: not its number of elements")
        _, id_, continues, first, issued, holder, sealed, *people = item
        kind = KINDS[kind_bit]
        if type(id_) is not bytes or len(id_) != ID_SIZE:
            _bad("id: not 8 bytes")
        if (kind == "card") != (continues is None):
            _bad("continues: only and always in a continuation")
        if continues is not None and (type(continues) is not bytes or len(continues) != ID_SIZE):
            _bad("continues: not 8 bytes")
        if type(sealed) is not bytes or (sealed and kind == "continuation"):
            _bad("sealed: not a byte string, or in a continuation")
        first = _whole(first, 0, LAST_DAY, "first")
        language, choices = divmod(_whole(holder, 4, cbor.LARGEST, "holder"), 4)
        self.first, self.rows = first, 0
        self.days: list[int] = []
        refs: list[int] = []
        read = []
        for at, person in enumerate(people):
            ref, model = self.person(person)
            if (kind == "card" and ref != at) or (refs and ref <= refs[-1]):
                _bad("people: not in order")
            refs.append(ref)
            read.append(model)
        if self.days and min(self.days) != first:
            _bad("first: not the day of the earliest contact")
        latest = max(self.days, default=first)
        issue_day = latest + _whole(issued, 0, LAST_DAY - latest if self.days else 0, "issued")
        record = trusted(Record, {
            "language": self.word(self.known.enumerations["language"], language),
            "choices": trusted(Choices, {"import_": choices >= 2, "count": choices % 2 == 1}),
            "people": tuple(read),
        })  # fmt: skip
        issued_on = date.fromordinal(EPOCH_ORDINAL + issue_day)
        return Part(kind, id_, continues, issued_on, record, tuple(refs), sealed, self.unknown, self.implausible)

    def person(self, item: Item) -> tuple[int, Mother | Infant]:
        if type(item) is not list or len(item) < 2:
            _bad("person: not an array")
        ref, role_bit = divmod(_whole(item[0], 0, 2 * MOST_PEOPLE - 1, "ref"), 2)
        role = ROLES[role_bit]
        mask = _whole(item[1], 0, cbor.LARGEST, "profile mask")
        columns = columns_of(self.known, role, "profile", mask ^ USUAL_PROFILE[role])
        at = 2 + len(columns.keys)
        fields: dict[str, Any] = {"role": role}
        rows = item[at:]
        self.rows += len(rows)
        if self.rows > MOST_CONTACTS:
            _bad("more rows than a part holds")
        if rows and isinstance(history := rows[0], list) and history and history[0] is None:
            self.history(fields, history)
            del rows[0]
        day = self.first
        contacts: list[Contact] = []
        before: list[Item] = []
        anchor = None
        for row in rows:
            if type(row) is not list or len(row) < 3:
                _bad("row: not an array")
            step = _whole(row[0], 0, LAST_DAY - day, "row day")
            day += step
            if anchor is None:
                anchor = day
            elif not step and cbor.dumps(before[1:]) >= cbor.dumps(row[1:]):
                _bad("rows of one day: not in order")
            contacts.append(self.contact(role, row, day))
            before = row
            self.days.append(day)
        self.profile(fields, columns, item[2:at], self.first if anchor is None else anchor)
        fields["contacts"] = sort_contacts(tuple(contacts))
        return ref, trusted(Mother, fields) if role == "mother" else trusted(Infant, fields)

    def profile(self, fields: dict[str, Any], columns: "Columns", values: list[Any], anchor: int) -> None:
        groups: dict[str, dict[str, Any]] = {}
        raw, lmp = {}, None
        if len(values) != len(columns.keys):
            _bad("person: fewer values than its mask has bits")
        if values and set(map(type, values)) != {int}:
            _bad("profile value: not an integer")
        if any(map(lt, values, columns.lowest)) or any(map(gt, values, columns.highest)):
            self.implausible = True
        for key, quantity, wire in zip(columns.keys, columns.quantities, values, strict=True):
            if quantity is None:
                raw[key] = wire
                self.unknown = True
                continue
            kind = quantity.kind
            if kind == "day_before":
                day = anchor - (wire + quantity.scale.centre)
                value: Any = _date(day)
                if quantity.key == "lmp":
                    lmp = day
            elif kind == "day_after_lmp":
                value = _date((anchor if lmp is None else lmp + quantity.scale.centre) + wire)
            elif kind == "set":
                value = self.allergies(wire)
            else:
                value = self.value(quantity, wire)
            group, name = quantity.place
            (groups.setdefault(group, {}) if group else fields)[name] = value
        if raw:
            fields["unknown"] = raw
        if "pregnancy" in groups:
            fields["pregnancy"] = trusted(Pregnancy, groups["pregnancy"])
        if "birth" in groups:
            fields["birth"] = trusted(Birth, groups["birth"])
        if fields.get("born_precision") == "month" and "born" in fields and fields["born"].day != 15:
            _bad("born: day 15 stands for a month")

    def allergies(self, bits: int) -> tuple[str, ...]:
        if bits < 0:
            _bad("allergies: not a bit set")
        table = self.known.allergies
        return tuple(self.word(table, n + 1) for n in range(bits.bit_length()) if bits >> n & 1)

    def history(self, fields: dict[str, Any], row: list[Item]) -> None:
        if len(row) < 3:
            _bad("history: empty")
        source = self.source(row[1])
        found: dict[str, Any] = {}
        self.events(found, row[2:])
        if found.keys() - {"findings", "vaccines"}:
            _bad("history: only conditions and vaccines")
        by_key = self.known.findings.by_key
        if any(word in by_key and by_key[word].row["kind"] != "condition" for word in found.get("findings", ())):
            _bad("history: a finding that is not a condition")
        if source is not None:
            fields["history_source"] = source
        for name, key in (("findings", "conditions"), ("vaccines", "vaccines_before")):
            if name in found:
                fields[key] = found[name]

    def contact(self, role: Role, row: list[Item], day: int) -> Contact:
        fields: dict[str, Any] = {"date": date.fromordinal(EPOCH_ORDINAL + day)}
        if (source := self.source(row[1])) is not None:
            fields["source"] = source
        columns = columns_of(self.known, role, "row", _whole(row[2], 0, cbor.LARGEST, "mask") ^ USUAL[role])
        at = 3 + len(columns.keys)
        if at > 3:
            fields["observations"] = self.observations(columns, row[3:at])
        if len(row) > at:
            self.events(fields, row[at:], role)
        return trusted(MotherContact if role == "mother" else InfantContact, fields)

    def observations(self, columns: "Columns", wires: list[Any]) -> dict[str, Any]:
        if len(wires) != len(columns.keys):
            _bad("row: fewer values than its mask has bits")
        if set(map(type, wires)) != {int}:
            _bad("value: not an integer")
        if any(map(lt, wires, columns.lowest)) or any(map(gt, wires, columns.highest)):
            self.implausible = True
        if columns.known:
            try:
                return dict(zip(columns.keys, map(call, columns.readers, wires), strict=True))
            except KeyError:  # a coded value without a word
                pass
        self.unknown = True
        return {key: q.from_wire(w) if q else w for key, q, w in zip(columns.keys, columns.quantities, wires, strict=True)}

    def events(self, fields: dict[str, Any], events: list[Item], role: Role | None = None) -> None:
        if len(events) > MOST_EVENTS:
            _bad("more events than a row holds")
        known = self.known
        findings, services, vaccines, medicines = [], [], [], []
        arrays: list[Any] = []
        before = 0
        for event in events:
            if type(event) is int:
                rank = event if event >= 0 else cbor.LARGEST - event
                if rank <= before or arrays:
                    _bad("events: not in order, or twice")
                before = rank
                if event >= FIRST_SERVICE:  # findings below
                    services.append(self.word(known.services, event))
                elif event >= 0:
                    findings.append(self.word(known.findings, event))
                else:
                    number, dose = divmod(-1 - event, 8)
                    if number >= known.vaccines.high:
                        _bad("vaccine: not a number in its range")
                    vaccines.append(_dose(self.word(known.vaccines, number + 1), dose))
            elif type(event) is list:
                arrays.append(event)
            else:
                _bad("event: not an integer or an array")
        if any(not event or type(event[0]) is not int for event in arrays):
            _bad("event: an array that starts with no number")
        texts = [cbor.dumps(event) for event in arrays] if len(arrays) > 1 else []
        for n in range(1, len(texts)):
            if texts[n] < texts[n - 1] or (texts[n] == texts[n - 1] and arrays[n][0] < 0):
                _bad("events: not in order, or twice")
        for event in arrays:
            form: int = event[0]
            if form >= 0:
                medicines.append(self.medicine(event))
            elif role is None:
                _bad("history: only conditions and vaccines")
            elif form == REFERRAL and "referral" not in fields:
                fields["referral"] = self.referral(event)
            elif form == TIME and "time" not in fields and len(event) == 2:
                fields["time"] = QUARTERS[_whole(event[1], 0, 95, "time")]
            elif form == NUMBERED and len(event) == 3:
                self.numbered(fields, role, _whole(event[1], FIRST_NUMBERED, cbor.LARGEST, "observation"), event[2])
            elif form <= LAST_UNKNOWN_FORM:
                fields.setdefault("unknown", []).append(cbor.dumps(event).hex())
                self.unknown = True
            else:
                _bad("event: not of its form, or twice")
        if findings:
            fields["findings"] = tuple(findings)
        if services:
            fields["services"] = tuple(services)
        if vaccines:
            fields["vaccines"] = tuple(vaccines)
        if medicines:
            fields["medicines"] = in_order("medicines", tuple(medicines), known)
        if "unknown" in fields:
            fields["unknown"] = tuple(sorted(fields["unknown"]))

    def medicine(self, event: list[Any]) -> MedicineGiven:
        if set(map(type, event)) != {int}:
            _bad("medicine: not of its form")
        given = _medicine(self.known, *event)
        if given.medicine[0] == "#" or (given.timing and given.timing[0] == "#"):
            self.unknown = True
        return given

    def referral(self, event: list[Item]) -> Referral:
        if len(event) not in (4, 5):
            _bad("referral: not of its form")
        known = self.known
        service = _whole(event[1], FIRST_SERVICE, cbor.LARGEST, "service")
        urgency = _whole(event[2], 1, cbor.LARGEST, "urgency")
        reason = _whole(event[3], 0, FIRST_SERVICE - 1, "reason")
        fields = {"service": self.word(known.services, service), "urgency": self.word(known.enumerations["urgency"], urgency)}
        if reason:
            fields["reason"] = self.word(known.findings, reason)
        if len(event) == 5:
            to = self.source(event[4])
            fields["to"] = to if to and to not in (HOLDER, WITHHELD) else _bad("referral: not to an organisation")
        return trusted(Referral, fields)

    def numbered(self, fields: dict[str, Any], role: Role, number: int, wire: Item) -> None:
        if type(wire) is not int:
            _bad("value: not an integer")
        quantity = self.known.observations[role].by_number.get(number)
        observations = fields.setdefault("observations", {})
        key = quantity.key if quantity else unknown(number)
        if key in observations:
            _bad("observation: twice")
        observations[key] = self.value(quantity, wire) if quantity else wire
        self.unknown |= quantity is None
        if quantity and not quantity.wire_limits[0] <= wire <= quantity.wire_limits[1]:
            self.implausible = True

    def source(self, item: Item) -> str | None:
        number = _whole(item, 0, 999_999, "organisation")
        if number < FIRST_ORGANISATION:
            return SOURCES[number]
        name = self.organisations.get(number)
        if name is None:
            self.unknown = True
            return unknown(number)
        return name


@lru_cache(maxsize=512)
def _dose(vaccine: str, dose: int) -> VaccineDose:
    return trusted(VaccineDose, {"vaccine": vaccine} if dose == DOSE_UNKNOWN else {"vaccine": vaccine, "dose": dose})


@lru_cache(maxsize=1024)
def _medicine(known: Vocabulary, number: int, *rest: int) -> MedicineGiven:
    """The medicine of an event; the usual ones are few, and frozen."""
    if number < 1 or not 1 <= len(rest) <= 3:
        _bad("medicine: not of its form")
    amount, timing = rest[0], None
    if len(rest) == 2:
        packed, timing = divmod(-1 - _whole(amount, -len(SMALL_AMOUNTS) * SMALL_TIMINGS, -1, "dose"), SMALL_TIMINGS)
        amount, timing = SMALL_AMOUNTS[packed], timing + 1
    elif len(rest) == 3:
        timing = _whole(rest[1], 1, cbor.LARGEST, "timing")
        if timing <= SMALL_TIMINGS and amount in SMALL_AMOUNTS:
            _bad("medicine: a small dose in the long form")
    _whole(amount, 1, cbor.LARGEST, "amount")
    entry = known.medicines.by_number.get(number)
    fields: dict[str, Any] = {"medicine": known.medicines.word(number), "amount": entry.scale.from_wire(amount) if entry else amount}
    if timing is not None:
        fields |= {"timing": known.timings.word(timing), "days": _whole(rest[-1], 1, LONGEST_SUPPLY, "days")}
    return trusted(MedicineGiven, fields)


def _date(day: int) -> date:
    if not _OLDEST <= day <= _NEWEST:
        _bad("a day outside what a card can hold")
    return date.fromordinal(EPOCH_ORDINAL + day)


@dataclass(frozen=True)
class Columns:
    """What the set bits of one mask stand for, lowest first; None is a bit that the vocabulary does not know."""

    quantities: tuple[Quantity | None, ...]
    keys: tuple[str, ...]
    readers: tuple[Callable[[int], Value], ...]
    lowest: tuple[float, ...]  # of the reject range, as wire integers
    highest: tuple[float, ...]
    known: bool


@lru_cache(maxsize=512)
def columns_of(known: Vocabulary, role: Role, which: str, mask: int) -> Columns:
    table = (known.profile if which == "profile" else known.observations)[role].by_number
    bits = [bit for bit in range(mask.bit_length()) if mask >> bit & 1]
    found = tuple(table.get(bit) for bit in bits)
    limits = [quantity.wire_limits if quantity else (-inf, inf) for quantity in found]
    return Columns(
        found,
        tuple(quantity.key if quantity else unknown(bit) for bit, quantity in zip(bits, found, strict=True)),
        tuple(quantity.read_known for quantity in found if quantity),
        tuple(low for low, _ in limits),
        tuple(high for _, high in limits),
        None not in found,
    )
