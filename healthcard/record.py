"""The record: what was measured, given and found, per person and contact; frozen, pseudonymous, without free text.

One definition for the library, files and the API. A `Record` that exists can be written to a card: words are of the vocabulary,
numbers are multiples of their step, dates are safe, lists are in one order. What a clinician would doubt is checked apart, at
entry (entry.py). Build one with `Record.from_json`; all faults are reported at once, each with its place, none with its value.
"""

import itertools
import json
import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic import field_validator as check

from healthcard import cbor, vocabulary
from healthcard.errors import Problem, RecordError, Unreadable
from healthcard.faults import closest, identity_problem, parse_json, problem, problems, readable
from healthcard.vocabulary import Quantity, Role, Table, Value, Vocabulary

EPOCH = date(2020, 1, 1)
LAST_DAY = 2**16 - 1  # days after EPOCH that a contact may have: to 2199
OLDEST = date(1950, 1, 1)  # of a day in a profile
WIRE_LARGEST = cbor.LARGEST
EVENT_DEPTH = 3  # arrays around an event: part, person, row
LAST_UNKNOWN_FORM = -4  # arrays that start with -1 to -3 are referral, time and numbered observation
MOST_PEOPLE, MOST_CONTACTS, MOST_EVENTS = 8, 64, 32
LONGEST_SUPPLY = 3660  # days
HOLDER, WITHHELD = "holder", "withheld"

# What a value off its step most often is.
SLIPS: Mapping[str, str] = {
    "haemoglobin": "the unit is g/L: a value in g/dL is multiplied by 10",
    "muac": "the unit is mm: a value in cm is multiplied by 10",
    "weight": "the unit is kg: pounds are multiplied by 0.4536, grams divided by 1000",
    "birth_weight_g": "the unit is g, to the nearest 10 g",
    "temperature": "the unit is degrees Celsius",
    "glucose_random": "the unit is mmol/L: a value in mg/dL is divided by 18",
    "glucose_fasting": "the unit is mmol/L: a value in mg/dL is divided by 18",
}


def _vocabulary(info: ValidationInfo) -> Vocabulary:
    return (info.context or {}).get("vocabulary") or vocabulary.default()


def _word(table: Callable[[Vocabulary], Table[Any]]) -> AfterValidator:
    """A word of a table, or "#77" for a number that the table does not have."""

    def validate(value: str, info: ValidationInfo) -> str:
        known = _vocabulary(info)
        words = table(known)
        try:
            words.number(value)
        except ValueError:
            name = next(name for name, one in known.tables().items() if one is words)
            hints = closest(value, words.numbers), f"all are in: healthcard vocabulary {name}"
            raise problem("not a word of this table", " ".join(filter(None, hints))) from None
        return value

    return AfterValidator(validate)


def in_range(wire: int) -> int:
    """`wire`, if the wire can hold it; raises ValueError otherwise."""
    if abs(wire) > WIRE_LARGEST:
        raise ValueError("out of range")
    return wire


def _day(value: Any) -> date:
    if type(value) is not date:
        if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            raise problem("not a date", "dates are written 2026-07-02")
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise problem("no such date", "dates are written 2026-07-02") from None
    else:
        day = value
    if not OLDEST <= day <= EPOCH + timedelta(LAST_DAY):
        raise problem("a date outside what a card can hold")
    return day


def _contact_day(value: date) -> date:
    if value < EPOCH:
        raise problem("a date before 2020", "earlier care belongs in conditions and vaccines_before")
    return value


def _source(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9-]{1,15}|#[1-9]\d{0,5}", value) or value in ("#1", "#2"):
        raise problem("not a source", "an organisation of the trust bundle, holder, withheld, or left out")
    return value


def _destination(value: str) -> str:
    if value in (HOLDER, WITHHELD):
        raise problem("not an organisation")
    return _source(value)


def _unknown_event(value: str) -> str:
    try:
        event = cbor.loads(bytes.fromhex(value), EVENT_DEPTH)
    except (ValueError, Unreadable):
        event = None
    wrong = not isinstance(event, list) or not event or type(event[0]) is not int or event[0] > LAST_UNKNOWN_FORM
    if wrong or value != cbor.dumps(event).hex():
        raise problem("not an event that this version does not know", "unknown events are kept as they were read")
    return value


def _amount(value: Any) -> int | float:
    if type(value) not in (int, float) or not 0 < value <= WIRE_LARGEST:
        raise problem("not an amount", "a positive number in the medicine's own unit")
    return _plain(value)  # type: ignore[return-value]


Day = Annotated[date, BeforeValidator(_day)]
ContactDay = Annotated[date, BeforeValidator(_day), AfterValidator(_contact_day)]
QuarterHour = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):(00|15|30|45)$")]
Source = Annotated[str, AfterValidator(_source)]
Finding = Annotated[str, _word(lambda v: v.findings)]
Service = Annotated[str, _word(lambda v: v.services)]
Allergy = Annotated[str, _word(lambda v: v.allergies)]
Code = StrictInt | str
UNKNOWN = Annotated[str, Field(pattern=r"^#(0|[1-9]\d{0,9})$")]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Choices(Model):
    """What the holder said yes to: import of the record by a partner, being counted."""

    import_: StrictBool = Field(False, alias="import")
    count: StrictBool = False
    model_config = ConfigDict(serialize_by_alias=True)


class MedicineGiven(Model):
    """A medicine given here once or, with timing and days, handed over to take; `amount` (per time) in the medicine's own unit."""

    medicine: Annotated[str, _word(lambda v: v.medicines)]
    amount: Annotated[int | float, BeforeValidator(_amount)]
    timing: Annotated[str, _word(lambda v: v.timings)] | None = None
    days: Annotated[StrictInt, Field(ge=1, le=LONGEST_SUPPLY)] | None = None

    @model_validator(mode="after")
    def _whole(self, info: ValidationInfo) -> "MedicineGiven":
        if (self.timing is None) != (self.days is None):
            raise problem("timing and days go together", "leave both out for a medicine given here once")
        medicine = _vocabulary(info).medicines.by_key.get(self.medicine)
        try:
            in_range(medicine.scale.to_wire(self.amount) if medicine else int(self.amount))
        except ValueError:
            assert medicine
            raise problem(f"off the step of {medicine.scale.step}", f"the unit is {medicine.unit}", "amount") from None
        if not medicine and type(self.amount) is not int:
            raise problem("not a whole number of steps", place="amount")
        return self


class VaccineDose(Model):
    """A vaccine dose, 0 to 6; left out where it is a later one or not known."""

    vaccine: Annotated[str, _word(lambda v: v.vaccines)]
    dose: Annotated[StrictInt, Field(ge=0, le=6)] | None = None


class Referral(Model):
    """Where she was sent, how soon, for which finding, and to which organisation."""

    service: Service
    urgency: Annotated[str, _word(lambda v: v.enumerations["urgency"])]
    reason: Finding | None = None
    to: Annotated[str, AfterValidator(_destination)] | None = None


class Contact(Model):
    """What happened at one contact on one day; `time` in local quarter hours where it matters."""

    role: ClassVar[Role]

    date: ContactDay
    time: QuarterHour | None = None
    source: Source | None = None
    observations: Annotated[dict[str, Any], Field(min_length=1)] | None = None
    findings: Annotated[tuple[Finding, ...], Field(min_length=1)] | None = None
    medicines: Annotated[tuple[MedicineGiven, ...], Field(min_length=1)] | None = None
    vaccines: Annotated[tuple[VaccineDose, ...], Field(min_length=1)] | None = None
    services: Annotated[tuple[Service, ...], Field(min_length=1)] | None = None
    referral: Referral | None = None
    unknown: Annotated[tuple[Annotated[str, AfterValidator(_unknown_event)], ...], Field(min_length=1)] | None = None

    @check("observations")
    @classmethod
    def _observations(cls, values: dict[str, Any] | None, info: ValidationInfo) -> dict[str, Value] | None:
        if values is None:
            return None
        table = _vocabulary(info).observations[cls.role]
        found = []
        for key, value in values.items():
            try:
                table.number(key)
            except ValueError:
                found.append(identity_problem(key, key) or Problem(key, "no such observation", closest(key, table.by_key)))
                continue
            found += _value_problems(table.by_key.get(key), key, value)
        if found:
            raise problems(found)
        return {key: _plain(values[key]) for key in sorted(values, key=table.number)}

    @check("findings", "services", "vaccines", "medicines", "unknown")
    @classmethod
    def _ordered(cls, values: tuple[Any, ...] | None, info: ValidationInfo) -> tuple[Any, ...] | None:
        if values is None:
            return None
        ordered = in_order(info.field_name or "", values, _vocabulary(info))
        if info.field_name != "medicines" and any(a == b for a, b in itertools.pairwise(ordered)):
            raise problem("the same entry twice")
        return ordered

    @model_validator(mode="after")
    def _not_too_much(self, info: ValidationInfo) -> "Contact":
        lists = (self.findings, self.services, self.vaccines, self.medicines, self.unknown)
        table = _vocabulary(info).observations[self.role]
        numbered = sum(table.number(key) >= vocabulary.FIRST_NUMBERED for key in self.observations or ())
        if sum(len(entries or ()) for entries in lists) + (self.referral is not None) + (self.time is not None) + numbered > MOST_EVENTS:
            raise problem(f"more than {MOST_EVENTS} entries in one contact", "split it in two contacts")
        return self


class MotherContact(Contact):
    role = "mother"


class InfantContact(Contact):
    role = "infant"


PROFILE_VALUES = (
    "blood_group", "age_years", "sex", "born_precision", "weight_g", "gestation_weeks",
    "dating", "gravida", "parity", "caesareans", "fetuses", "outcome",
)  # fmt: skip


class Profile(Model):
    """Fields of a person that stand on the profile table of the vocabulary, each checked against its row."""

    role_name: ClassVar[Role]
    group: ClassVar[str] = ""

    @check(*PROFILE_VALUES, mode="before", check_fields=False)
    @classmethod
    def _field(cls, value: Any, info: ValidationInfo) -> Any:
        name = f"{cls.group}.{info.field_name}" if cls.group else info.field_name or ""
        quantity = profile_paths(_vocabulary(info), cls.role_name).get(name)
        if quantity is None or value is None or quantity.kind not in ("number", "coded"):
            return value
        found = _value_problems(quantity, "", value)
        if found:
            raise problems(found)
        return value


class Pregnancy(Profile):
    """The current or last pregnancy; parity counts births before it."""

    role_name = "mother"
    group = "pregnancy"

    lmp: Day | None = None
    dating: str | None = None
    gravida: int | None = None
    parity: int | None = None
    caesareans: int | None = None
    fetuses: int | None = None
    delivered: Day | None = None
    outcome: str | None = None

    @model_validator(mode="after")
    def _some(self) -> "Pregnancy":
        return _not_empty(self)


class Birth(Profile):
    """The birth of an infant: weight in g (steps of 10), gestation in whole weeks."""

    role_name = "infant"
    group = "birth"

    weight_g: int | None = None
    gestation_weeks: int | None = None

    @model_validator(mode="after")
    def _some(self) -> "Birth":
        return _not_empty(self)


class Person(Profile):
    """What holds for mother and infant alike; `conditions` and `vaccines_before` are undated history."""

    blood_group: str | None = None
    allergies: tuple[Allergy, ...] | None = None
    conditions: Annotated[tuple[Finding, ...], Field(min_length=1)] | None = None
    vaccines_before: Annotated[tuple[VaccineDose, ...], Field(min_length=1)] | None = None
    history_source: Source | None = None
    unknown: Annotated[dict[UNKNOWN, StrictInt], Field(min_length=1)] | None = None

    @check("allergies", "vaccines_before")
    @classmethod
    def _ordered(cls, values: tuple[Any, ...] | None, info: ValidationInfo) -> tuple[Any, ...] | None:
        if values is None:
            return None
        ordered = in_order(info.field_name or "", values, _vocabulary(info))
        if any(a == b for a, b in itertools.pairwise(ordered)):
            raise problem("the same entry twice")
        return ordered

    @check("conditions")
    @classmethod
    def _conditions(cls, values: tuple[str, ...] | None, info: ValidationInfo) -> tuple[str, ...] | None:
        if values is None:
            return None
        table = _vocabulary(info).findings
        found = [
            Problem(f"[{n}]", "not a condition", "danger signs and states belong to a dated contact")
            for n, word in enumerate(values)
            if word in table.by_key and table.by_key[word].row["kind"] != "condition"
        ]
        if found:
            raise problems(found)
        ordered = in_order("findings", values, _vocabulary(info))
        if any(a == b for a, b in itertools.pairwise(ordered)):
            raise problem("the same entry twice")
        return ordered

    @check("contacts", check_fields=False)
    @classmethod
    def _sorted(cls, values: tuple[Contact, ...]) -> tuple[Contact, ...]:
        ordered = sort_contacts(values)
        if any(a == b for a, b in itertools.pairwise(ordered)):
            raise problem("the same contact twice")
        return ordered

    @check("unknown")
    @classmethod
    def _unknown_bits(cls, values: dict[str, int] | None, info: ValidationInfo) -> dict[str, int] | None:
        table = _vocabulary(info).profile[cls.role_name]
        for key, value in (values or {}).items():
            bit = vocabulary.unknown_number(key)
            if bit is None or bit >= vocabulary.FIRST_NUMBERED or bit in table.by_number or abs(value) > WIRE_LARGEST:
                raise problem("not a profile bit that this vocabulary does not know")
        return dict(sorted(values.items(), key=lambda item: int(item[0][1:]))) if values else values

    @model_validator(mode="after")
    def _history_has_a_source(self) -> "Person":
        if self.history_source is not None and not (self.conditions or self.vaccines_before):
            raise problem("history_source without conditions or vaccines_before")
        if len(self.conditions or ()) + len(self.vaccines_before or ()) > MOST_EVENTS:
            raise problem(f"more than {MOST_EVENTS} entries of history")
        return self


class Mother(Person):
    """A mother; `age_years` at the first contact on the card."""

    role_name = "mother"

    role: Literal["mother"]
    age_years: int | None = None
    pregnancy: Pregnancy | None = None
    contacts: Annotated[tuple[MotherContact, ...], Field(max_length=MOST_CONTACTS)] = ()


class Infant(Person):
    """A child under five; `born` only as exact as growth and vaccines need (DP-03)."""

    role_name = "infant"

    role: Literal["infant"]
    sex: str | None = None
    born: Day | None = None
    born_precision: str | None = None
    birth: Birth | None = None
    contacts: Annotated[tuple[InfantContact, ...], Field(max_length=MOST_CONTACTS)] = ()

    @model_validator(mode="after")
    def _month_stands_on_day_15(self) -> "Infant":
        if self.born and self.born_precision == "month" and self.born.day != 15:
            raise problem("day 15 stands for a month", place="born")
        return self


AnyPerson = Annotated[Mother | Infant, Field(discriminator="role")]


class Record(Model):
    """One card's worth of care: her language, her choices, and up to eight people with their contacts."""

    language: Annotated[str, _word(lambda v: v.enumerations["language"])]
    choices: Choices = Field(default_factory=lambda: Choices.model_validate({}))
    people: Annotated[tuple[AnyPerson, ...], Field(min_length=1, max_length=MOST_PEOPLE)]

    @classmethod
    def from_json(cls, source: "str | bytes | Mapping[str, Any]", known: Vocabulary | None = None) -> "Record":
        """The record in JSON text or its parsed form.

        Raises RecordError with every fault found: syntax, unknown and identity keys (DP-01), words, steps, dates.
        """
        return build(cls, parse_json(source), known)

    def to_json(self) -> dict[str, Any]:
        """The normal JSON form: absent fields left out, choices and contacts always written."""
        out: dict[str, Any] = {"language": self.language, "choices": self.choices.model_dump(by_alias=True)}
        out["people"] = [
            {"role": person.role}
            | person.model_dump(mode="json", exclude_none=True, exclude={"contacts"})
            | {"contacts": [contact.model_dump(mode="json", exclude_none=True) for contact in person.contacts]}
            for person in self.people
        ]
        return out

    @model_validator(mode="after")
    def _fits_a_part(self) -> "Record":
        if sum(len(person.contacts) + has_history(person) for person in self.people) > MOST_CONTACTS:
            raise problem(f"more than {MOST_CONTACTS} contacts", "use a second card", "people")
        return self


def same_value(given: Record, place: str, typed: str) -> bool:
    """Whether the number at `place` ("people[0].contacts[1].observations.weight") is the one typed."""
    value: Any = given.to_json()
    try:
        for step in re.findall(r"[^.\[\]]+", place):
            value = value[int(step)] if isinstance(value, list) else value[step]
        return not isinstance(value, str) and float(typed.replace(",", ".")) == value
    except (KeyError, IndexError, ValueError, TypeError):
        return False


M = TypeVar("M", bound=BaseModel)


def build(model: type[M], data: Any, known: Vocabulary | None = None) -> M:
    """`data` as a `model`; raises RecordError with every fault found."""
    try:
        return model.model_validate(data, context={"vocabulary": known})
    except ValidationError as error:
        raise RecordError(readable(error, _keys())) from None


@cache
def _keys() -> tuple[str, ...]:
    models = (Record, Mother, Infant, Contact, Pregnancy, Birth, MedicineGiven, VaccineDose, Referral, Choices)
    return tuple({field.alias or name: None for model in models for name, field in model.model_fields.items()})


def in_order(name: str, values: tuple[Any, ...], known: Vocabulary) -> tuple[Any, ...]:
    """Entries in the one order a record keeps them in: by their numbers."""
    if len(values) < 2:
        return values
    tables: dict[str, Table[Any]] = {"findings": known.findings, "services": known.services, "allergies": known.allergies}
    if name in tables:
        return tuple(sorted(values, key=tables[name].number))
    if name == "medicines":
        return tuple(sorted(values, key=lambda m: medicine_order(m, known)))
    if name in ("vaccines", "vaccines_before"):
        return tuple(sorted(values, key=lambda v: (known.vaccines.number(v.vaccine), 7 if v.dose is None else v.dose)))
    return tuple(sorted(values))


def medicine_order(given: MedicineGiven, known: Vocabulary) -> tuple[Any, ...]:
    timing = known.timings.number(given.timing) if given.timing else 0
    return known.medicines.number(given.medicine), timing, given.days or 0, given.amount


def sort_contacts(contacts: "tuple[Contact, ...]") -> "tuple[Any, ...]":
    """Contacts by date, then time, then content: order carries no meaning."""
    if all(a.date < b.date for a, b in itertools.pairwise(contacts)):
        return contacts
    return tuple(sorted(contacts, key=contact_order))


def contact_order(contact: Contact) -> tuple[date, str, str]:
    """The one order of contacts: by day, local time, then their JSON with sorted keys and without blanks."""
    content = contact.model_dump(mode="json", exclude_none=True)
    return contact.date, contact.time or "", json.dumps(content, sort_keys=True, separators=(",", ":"))


def _plain(value: Value) -> Value:
    """55 for 55.0: one number has one form."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


@cache
def _paths(known: Vocabulary, role: Role) -> dict[str, Quantity]:
    return {quantity.path: quantity for quantity in known.profile[role].entries}


def profile_paths(known: Vocabulary, role: Role) -> Mapping[str, Quantity]:
    """Profile fields by where they stand in a person: "pregnancy.lmp"."""
    return _paths(known, role)


def has_history(person: "Mother | Infant") -> bool:
    """Whether the person has an undated first row."""
    return bool(person.conditions or person.vaccines_before)


def trusted(model: type[M], values: dict[str, Any]) -> M:
    """A model of values that were checked already, as the codec does: validating again would cost more than the signature.

    `values` holds every field of the model that is not None by default.
    """
    instance = _new(model)
    _set(instance, "__dict__", (_DEFAULTS.get(model) or _defaults(model)) | values)
    _set(instance, "__pydantic_fields_set__", set(values))
    _set(instance, "__pydantic_extra__", None)
    _set(instance, "__pydantic_private__", None)
    return instance


_new, _set = object.__new__, object.__setattr__
_DEFAULTS: dict[type[BaseModel], dict[str, Any]] = {}


def _defaults(model: type[BaseModel]) -> dict[str, Any]:
    return _DEFAULTS.setdefault(model, {name: None if info.is_required() else info.default for name, info in model.model_fields.items()})


@cache
def _places(known: Vocabulary, role: Role) -> tuple[tuple[str, tuple[tuple[str, Quantity], ...]], ...]:
    """Profile fields by the object that they stand in: the person itself (""), its pregnancy, its birth."""
    groups: dict[str, list[tuple[str, Quantity]]] = {}
    for quantity in known.profile[role].entries:
        group, name = quantity.place
        groups.setdefault(group, []).append((name, quantity))
    return tuple((group, tuple(fields)) for group, fields in groups.items())


def profile_values(person: "Mother | Infant", known: Vocabulary) -> list[tuple[Quantity, Any]]:
    """The profile fields that have a value, with it."""
    found = []
    for group, fields in _places(known, person.role):
        owner = getattr(person, group) if group else person
        if owner is not None:
            values = owner.__dict__
            found += [(quantity, value) for name, quantity in fields if (value := values[name]) is not None]
    return found


def _not_empty(model: M) -> M:
    if all(getattr(model, name) is None for name in type(model).model_fields):
        raise problem("empty", "leave it out where nothing is known")
    return model


def _value_problems(quantity: Quantity | None, key: str, value: Any) -> list[Problem]:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return [Problem(key, "not a number or a word")]
    if quantity is None:
        fits = isinstance(value, int) and abs(value) <= WIRE_LARGEST
        return [] if fits else [Problem(key, "not a whole number", "values of unknown observations are kept raw")]
    try:
        in_range(quantity.to_wire(value))
    except (ValueError, OverflowError):
        hint = SLIPS.get(quantity.key, "")
        if quantity.kind == "coded":
            words = ", ".join(quantity.words.values())
            return [Problem(key, "not a word of its list", f"one of {words}" if len(words) < 100 else "")]
        if isinstance(value, str):
            return [Problem(key, "not a number", hint)]
        unit = f" {quantity.unit}" if quantity.unit else ""
        return [Problem(key, f"off the step of {quantity.scale.step}{unit}", hint)]
    return []
