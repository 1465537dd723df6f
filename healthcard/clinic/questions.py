"""What staff are asked at entry without being stopped: growth that jumps, dates that disagree, a unit that may have slipped.

Only what staff enter now is judged, as in entry.py; a new measurement is compared with earlier ones of anybody. No question says a
value; a suggested correction is data of its own and stays out of every message.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple

from healthcard import vocabulary
from healthcard.clinic import rules, states
from healthcard.clinic.entry import suspected
from healthcard.growth import NINE_MONTHS
from healthcard.record import HOLDER, AnyPerson, Contact, InfantContact, Mother, Record, profile_values
from healthcard.vocabulary import Quantity, Role, Value, Vocabulary

# Limits of the questions; ASKED says where they come from.
Z_JUMP: Final = 3.0
SHORTER_CM: Final = 0.7
HEAD_CM: Final = 0.5
MOTHER_KG: Final = 8.0
MOTHER_KG_A_WEEK: Final = 1.0
FUNDAL_WEEKS: Final = (20, 36)
FUNDAL_CM: Final = 3.0


class Asked(NamedTuple):
    """Why a question is asked: what sort it is, from which limit on, where the limit comes from, and whether it was read there."""

    kind: str
    limit: str
    source: str
    confidence: str


_MGRS: Final = "WHO Multicentre Growth Reference Study: largest difference between two observers"
ASKED: Final = {
    "unit_slip": Asked("unit", "beyond a limit; within it if another unit was meant", "definitions of the units", "read"),
    "growth_jump": Asked("growth", f"z-score changed by more than {Z_JUMP:g} between two contacts", "no source: set wide", "draft"),
    "shorter": Asked("growth", f"shorter than before by more than {SHORTER_CM:g} cm", _MGRS, "recalled"),
    "smaller_head": Asked("growth", f"smaller than before by more than {HEAD_CM:g} cm", _MGRS, "recalled"),
    "mother_weight_jump": Asked(
        "growth", f"changed by more than {MOTHER_KG:g} kg + {MOTHER_KG_A_WEEK:g} kg a week since", "no source: set wide", "draft"
    ),
    "fundal_height": Asked(
        "pregnancy", "more than {:g} cm from the weeks of gestation, {} to {} weeks, one fetus".format(FUNDAL_CM, *FUNDAL_WEEKS),
        "antenatal practice: centimetres follow weeks", "recalled",
    ),
    "pregnant_before_lmp": Asked("pregnancy", "pregnant on a day before the last menstrual period", "definition", "read"),
    "pregnant_after_birth": Asked("pregnancy", "pregnant on a day after the birth", "definition", "read"),
    "no_birth": Asked("pregnancy", f"more than {states.LONGEST_PREGNANCY} days pregnant", "44 weeks", "recalled"),
    "births_and_pregnancies": Asked("pregnancy", "as many births before as pregnancies; more caesareans than births", "definition", "read"),
    "time_with_red": Asked("time", "a red rule was met, and no local time is given", "no source", "draft"),
    "length_and_height": Asked("position", "length and height at one contact", "WHO growth standards: one of them, by age", "read"),
    "standing_under_nine_months": Asked("position", "measured standing under nine months", "WHO anthro", "read"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """Something to look at again: `because` of other places, `suggestions` in our unit with the unit that may have been meant."""

    place: str
    kind: str
    text_key: str  # of the label "question"
    because: tuple[str, ...] = ()
    suggestions: tuple[tuple[Value, str], ...] = field(default=(), repr=False)


def questions(record: Record, today: date, issuer: str | None = None, known: Vocabulary | None = None) -> tuple[Question, ...]:
    """What to look at again before signing, in the order of the record; the card can be signed all the same."""
    known = known or vocabulary.default()
    asked: list[Question] = []
    for at, person in enumerate(record.people):
        place = f"people[{at}]"
        judged = [n for n, contact in enumerate(person.contacts) if contact.source in (None, HOLDER, issuer) and contact.date <= today]
        for quantity, value in profile_values(person, known):
            if quantity.range.warn and (meant := corrections(quantity, value)):
                asked.append(_question(f"{place}.{quantity.path}", "unit_slip", suggestions=meant))
        if person.role == "mother":
            asked += _of_pregnancy(person, place, judged)
        for n in judged:
            if person.contacts[n].time is None and any(one.rule.level == "red" for one in rules.fired(record, at, n, known)):
                asked.append(_question(f"{place}.contacts[{n}].time", "time_with_red"))
            asked += _of_measurements(person, place, n, known)
    return tuple(asked)


def _question(place: str, key: str, *because: str, suggestions: Iterable[tuple[Value, str]] = ()) -> Question:
    return Question(place, ASKED[key].kind, key, because, tuple(suggestions))


def _of_pregnancy(person: Mother, place: str, judged: list[int]) -> Iterator[Question]:
    at = f"{place}.pregnancy"
    if (pregnancy := person.pregnancy) is None:
        return
    gravida, parity, caesareans = pregnancy.gravida, pregnancy.parity, pregnancy.caesareans
    if gravida is not None and parity is not None and parity >= gravida:
        yield _question(f"{at}.parity", "births_and_pregnancies", f"{at}.gravida")
    if parity is not None and caesareans is not None and caesareans > parity:
        yield _question(f"{at}.caesareans", "births_and_pregnancies", f"{at}.parity")
    lmp, delivered, last = pregnancy.lmp, pregnancy.delivered, person.contacts[judged[-1]].date if judged else None
    if lmp and last and not delivered and not pregnancy.outcome and (last - lmp).days > states.LONGEST_PREGNANCY:
        yield _question(f"{at}.lmp", "no_birth", f"{place}.contacts[{judged[-1]}].date")
    several = (pregnancy.fetuses or 1) > 1 or "multiple_pregnancy" in (person.conditions or ())
    for n in judged:
        contact, here = person.contacts[n], f"{place}.contacts[{n}]"
        if "pregnant" in (contact.findings or ()):
            if lmp and contact.date < lmp:
                yield _question(f"{here}.date", "pregnant_before_lmp", f"{at}.lmp")
            if delivered and contact.date > delivered:
                yield _question(f"{here}.date", "pregnant_after_birth", f"{at}.delivered")
        several = several or "multiple_pregnancy" in (contact.findings or ())
        height, days = (contact.observations or {}).get("fundal_height"), states.gestation_days(person, contact.date)
        if several or height is None or days is None or not FUNDAL_WEEKS[0] * 7 <= days <= FUNDAL_WEEKS[1] * 7:
            continue
        if abs(height * 7 - days) > FUNDAL_CM * 7:  # in sevenths of a centimetre, which are exact
            yield _question(f"{here}.observations.fundal_height", "fundal_height", f"{at}.lmp")


class _Course(NamedTuple):
    """A number followed over contacts: the measurement behind it, and of which change, over so many weeks, a question is asked."""

    measurement: str
    text_key: str
    asked: Callable[[float, float], bool]


def _jumps(change: float, weeks: float) -> bool:
    return abs(change) > Z_JUMP


COURSES: Final[dict[Role, dict[str, _Course]]] = {
    "mother": {"weight": _Course("weight", "mother_weight_jump", lambda kg, weeks: abs(kg) > MOTHER_KG + MOTHER_KG_A_WEEK * weeks)},
    "infant": {
        "weight_for_age": _Course("weight", "growth_jump", _jumps),
        "length_for_age": _Course("length", "growth_jump", _jumps),
        "head_circumference_for_age": _Course("head_circumference", "growth_jump", _jumps),
        "arm_circumference_for_age": _Course("muac", "growth_jump", _jumps),
        "length_cm": _Course("length", "shorter", lambda cm, weeks: cm < -SHORTER_CM),
        "head_circumference": _Course("head_circumference", "smaller_head", lambda cm, weeks: cm < -HEAD_CM),
    },
}


def _of_measurements(person: AnyPerson, place: str, n: int, known: Vocabulary) -> Iterator[Question]:
    contact, by_key = person.contacts[n], known.observations[person.role].by_key
    values, here = contact.observations or {}, f"{place}.contacts[{n}].observations"
    suspects = suspected(person, contact)

    def meant(key: str, odd: Callable[[Contact], bool] = lambda contact: False) -> list[tuple[Value, str]]:
        found = [(slip, contact.model_copy(update={"observations": values | {key: slip[0]}})) for slip in _slips(by_key[key], values[key])]
        return [slip for slip, instead in found if key not in suspected(person, instead) and not odd(instead)]

    for key, value in values.items():
        if (key in suspects or (key in by_key and corrections(by_key[key], value))) and (suggestions := meant(key)):
            yield _question(f"{here}.{key}", "unit_slip", suggestions=suggestions)
    if person.role == "infant":
        age = None if person.born_precision == "year" else states.age_days(person, contact.date)
        if "length" in values and "height" in values:
            yield _question(f"{here}.height", "length_and_height", f"{here}.length")
        elif "height" in values and age is not None and age < NINE_MONTHS:
            yield _question(f"{here}.height", "standing_under_nine_months")
    told = set(suspects)
    for name, course in COURSES[person.role].items():
        key = _key(person, contact, course.measurement)
        earlier = next((m for m in range(n - 1, -1, -1) if _number(person, person.contacts[m], name) is not None), None)
        if key in told or earlier is None or _number(person, contact, name) is None:
            continue
        before = person.contacts[earlier]

        def odd(at: Contact, name: str = name, course: _Course = course, before: Contact = before) -> bool:
            then, now = _number(person, before, name), _number(person, at, name)
            return then is None or now is None or course.asked(round(now - then, 2), (at.date - before.date).days / 7)

        if odd(contact):
            told.add(key)
            because = f"{place}.contacts[{earlier}].observations.{_key(person, before, course.measurement)}"
            yield _question(f"{here}.{key}", course.text_key, because, suggestions=meant(key, odd))


def _key(person: AnyPerson, contact: Contact, measurement: str) -> str:
    """The observation that a measurement is: the length may be a height."""
    if measurement == "length" and person.role == "infant" and isinstance(contact, InfantContact):
        return states.length_key(person, contact)
    return measurement


def _number(person: AnyPerson, contact: Contact, name: str) -> float | None:
    """An observation or, of a child, what follows from its growth."""
    number: float | None = (contact.observations or {}).get(name)
    if number is None and person.role == "infant" and isinstance(contact, InfantContact):
        number = getattr(states.growth(person, contact), name, None)
    return number


def corrections(quantity: Quantity, value: float) -> list[tuple[Value, str]]:
    """What an unlikely number may have been meant as: (value in our unit, the unit it was in), likely ones only."""
    limits = quantity.range.warn
    return [] if limits is None or limits[0] <= value <= limits[1] else _slips(quantity, value)


def _slips(quantity: Quantity, value: float) -> list[tuple[Value, str]]:
    """The number in our unit, had it been typed in another one, wherever that gives a likely value."""
    found: list[tuple[Value, str]] = []
    scale, limits = quantity.scale, quantity.range.warn
    for factor, offset, unit in SLIPS_BY_KEY.get(quantity.key, ()):
        meant = scale.from_wire(round((value + offset) * factor * scale.denominator / scale.numerator) - scale.centre)
        if limits and limits[0] <= meant <= limits[1]:
            found.append((meant, unit))
    return found


# (factor, offset, unit): our value = (typed + offset) * factor.
SLIPS_BY_KEY: Final[dict[str, tuple[tuple[float, float, str], ...]]] = {
    "haemoglobin": ((10, 0, "g/dL"),),
    "muac": ((10, 0, "cm"),),
    "weight": ((0.001, 0, "g"), (0.45359237, 0, "lb")),
    "length": ((0.1, 0, "mm"), (100, 0, "m"), (2.54, 0, "in")),
    "height": ((0.1, 0, "mm"), (100, 0, "m"), (2.54, 0, "in")),
    "head_circumference": ((0.1, 0, "mm"), (2.54, 0, "in")),
    "fundal_height": ((0.1, 0, "mm"),),
    "birth_weight_g": ((1000, 0, "kg"), (453.59237, 0, "lb")),
    "temperature": ((5 / 9, -32, "degrees Fahrenheit"),),
    "glucose_random": ((1 / 18.0182, 0, "mg/dL"),),
    "glucose_fasting": ((1 / 18.0182, 0, "mg/dL"),),
}
