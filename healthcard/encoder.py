"""Record -> payload: every part has one encoding (spec sections 5 and 6)."""

import itertools
from collections.abc import Mapping, Sequence
from datetime import date

from healthcard import cbor
from healthcard.cbor import Item
from healthcard.errors import Problem, RecordError
from healthcard.part import (
    DOSE_UNKNOWN,
    EPOCH_ORDINAL,
    KINDS,
    NUMBERED,
    QUARTERS,
    REFERRAL,
    SMALL_AMOUNTS,
    SMALL_TIMINGS,
    TIME,
    USUAL,
    USUAL_PROFILE,
    VERSION,
    Part,
)  # fmt: skip
from healthcard.record import HOLDER, WITHHELD, Contact, Infant, MedicineGiven, Mother, Referral, VaccineDose, has_history, profile_values
from healthcard.vocabulary import FIRST_NUMBERED, ROLES, Vocabulary, unknown_number


def write(part: Part, organisations: Mapping[str, int], known: Vocabulary) -> bytes:
    """`encode` without the look at sensitivity: an entry can become sensitive after a card was printed."""
    record = part.record
    days = [day_number(contact.date) for person in record.people for contact in person.contacts]
    issued = day_number(part.issued)
    first, latest = (min(days), max(days)) if days else (issued, issued)
    if latest > issued:
        raise RecordError([Problem("contacts", "a date after the day of issue")])
    holder = known.enumerations["language"].number(record.language) * 4 + record.choices.import_ * 2 + record.choices.count
    head: list[Item] = [VERSION * 2 + KINDS.index(part.kind), part.id, part.continues, first, issued - latest, holder, part.sealed]
    writer = Writer(organisations, known, first)
    people: list[Item] = [writer.person(at, ref, person) for at, (ref, person) in enumerate(zip(part.refs, record.people, strict=True))]
    if writer.problems:
        raise RecordError(writer.problems)
    return cbor.dumps(head + people)


class Writer:
    def __init__(self, organisations: Mapping[str, int], known: Vocabulary, first: int) -> None:
        self.organisations, self.known, self.first = organisations, known, first
        self.problems: list[Problem] = []

    def person(self, at: int, ref: int, person: Mother | Infant) -> list[Item]:
        anchor = day = self.first
        if person.contacts:
            anchor = day_number(person.contacts[0].date)
        mask, values = self.profile(person, anchor)
        out: list[Item] = [ref * 2 + ROLES.index(person.role), mask, *values]
        if has_history(person):
            source = self.source(person.history_source, f"people[{at}].history")
            out.append([None, source, *self.events(person.conditions, person.vaccines_before, None)])
        rows = [(day_number(contact.date), self.row(at, n, contact)) for n, contact in enumerate(person.contacts)]
        if any(a[0] == b[0] for a, b in itertools.pairwise(rows)):
            rows.sort(key=lambda row: (row[0], cbor.dumps(row[1])))
            if any(a == b for a, b in itertools.pairwise(rows)):
                self.problems.append(Problem(f"people[{at}].contacts", "the same contact twice", "an organisation by name and by number?"))
        for row_day, row in rows:
            out.append([row_day - day, *row])
            day = row_day
        return out

    def profile(self, person: Mother | Infant, anchor: int) -> tuple[int, list[int]]:
        by_bit: dict[int, int] = {int(key[1:]): value for key, value in (person.unknown or {}).items()}
        lmp = person.pregnancy.lmp if person.role == "mother" and person.pregnancy else None
        for quantity, value in profile_values(person, self.known):
            if quantity.kind == "number":
                wire = quantity.write_known(value)
            elif quantity.kind == "day_before":
                wire = anchor - day_number(value) - quantity.scale.centre
            elif quantity.kind == "day_after_lmp":
                wire = day_number(value) - (day_number(lmp) + quantity.scale.centre if lmp else anchor)
            elif quantity.kind == "set":
                wire = sum(1 << self.known.allergies.number(word) - 1 for word in value)
            else:
                wire = quantity.to_wire(value)
            by_bit[quantity.number] = wire
        return sum(1 << bit for bit in by_bit) ^ USUAL_PROFILE[person.role], [by_bit[bit] for bit in sorted(by_bit)]

    def row(self, at: int, n: int, contact: Contact) -> list[Item]:
        by_key = self.known.observations[contact.role].by_key
        mask, values, numbered = USUAL[contact.role], [], []
        for key, value in (contact.observations or {}).items():  # in the order of their numbers
            quantity = by_key.get(key)
            number, wire = (quantity.number, quantity.write_known(value)) if quantity else (int(key[1:]), int(value))
            if number < FIRST_NUMBERED:
                mask ^= 1 << number
                values.append(wire)
            else:
                numbered.append([NUMBERED, number, wire])
        place = f"people[{at}].contacts[{n}]"
        source = self.source(contact.source, place) if contact.source else 0
        return [source, mask, *values, *self.events(contact.findings, contact.vaccines, contact, numbered, place)]

    def events(
        self, findings: Sequence[str] | None, vaccines: Sequence[VaccineDose] | None, contact: Contact | None,
        arrays: Sequence[Sequence[int]] = (), place: str = "",
    ) -> list[Item]:  # fmt: skip
        known = self.known
        plain = [known.findings.number(word) for word in findings or ()]
        doses = [_vaccine(known.vaccines.number(v.vaccine), v.dose) for v in vaccines or ()]
        lists: list[Item] = [list(array) for array in arrays]
        if contact:
            plain += [known.services.number(word) for word in contact.services or ()]
            lists += [self.medicine(given) for given in contact.medicines or ()]
            if contact.referral:
                lists.append(self.referral(contact.referral, place))
            if contact.time:
                lists.append([TIME, QUARTERS.index(contact.time)])
            lists += [cbor.loads(bytes.fromhex(text)) for text in contact.unknown or ()]
        if len(lists) > 1:
            lists.sort(key=cbor.dumps if contact and contact.unknown else _as_written)  # type: ignore[arg-type]
        return [*plain, *doses, *lists]

    def medicine(self, given: MedicineGiven) -> Item:
        medicine = self.known.medicines.by_key.get(given.medicine)
        number = medicine.number if medicine else int(given.medicine[1:])
        amount = medicine.scale.to_wire(given.amount) if medicine else int(given.amount)
        if given.timing is None or given.days is None:
            return [number, amount]
        timing = self.known.timings.number(given.timing)
        if amount in SMALL_AMOUNTS and timing <= SMALL_TIMINGS:
            return [number, -1 - (SMALL_AMOUNTS.index(amount) * SMALL_TIMINGS + timing - 1), given.days]
        return [number, amount, timing, given.days]

    def referral(self, referral: Referral, place: str) -> Item:
        known = self.known
        out: list[Item] = [REFERRAL, known.services.number(referral.service), known.enumerations["urgency"].number(referral.urgency)]
        out.append(known.findings.number(referral.reason) if referral.reason else 0)
        if referral.to:
            out.append(self.source(referral.to, f"{place}.referral.to"))
        return out

    def source(self, source: str | None, place: str) -> int:
        if source is None:
            return 0
        number = {HOLDER: 1, WITHHELD: 2}.get(source) or self.organisations.get(source) or unknown_number(source)
        if number is None:
            self.problems.append(Problem(f"{place}.source", "no such organisation in the trust bundle", "healthcard trust show lists them"))
        return number or 0


def _as_written(event: Sequence[int]) -> tuple[int, list[int]]:
    """What orders arrays of integers as their encoding does (shorter ones first, then 0, 1, ... -1, -2, ...), in a fifth of its time."""
    return len(event), [number if number >= 0 else cbor.LARGEST - number for number in event]


def _vaccine(number: int, dose: int | None) -> int:
    return -1 - ((number - 1) * 8 + (DOSE_UNKNOWN if dose is None else dose))


def day_number(day: date) -> int:
    return day.toordinal() - EPOCH_ORDINAL
