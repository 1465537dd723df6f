"""What a clinician would doubt at entry: values that can't be, values to type again, dates that don't fit.

Only what staff enter now is judged (contacts of the signer's own organisation and what the holder told): a contact carried on
from another card was judged where it was made.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import lru_cache

from healthcard import growth, vocabulary
from healthcard.errors import ConfirmationNeeded, Problem, RecordError
from healthcard.record import HOLDER, SLIPS, Contact, Infant, Mother, Record, profile_value
from healthcard.vocabulary import Quantity, Value, Vocabulary

TWO_YEARS = 731  # days from which a birth date is kept to the month only (DP-03)
LONGEST_GESTATION = 308  # days


def check(record: Record, today: date, typed_again: Iterable[str] = (), issuer: str | None = None, known: Vocabulary | None = None) -> None:
    """Raises RecordError for what can't be, ConfirmationNeeded for unlikely values whose place is not in `typed_again`."""
    faults, doubts = examine(record, today, issuer, known or vocabulary.default())
    if faults:
        raise RecordError(faults)
    again = frozenset(typed_again)
    if open_doubts := [doubt for doubt in doubts if doubt.place not in again]:
        raise ConfirmationNeeded(open_doubts)


def examine(record: Record, today: date, issuer: str | None, known: Vocabulary) -> tuple[list[Problem], list[Problem]]:
    """What can't be (values beyond the reject range, impossible dates, a missing time of a critical medicine), and what must be
    typed again (values beyond the warn range, growth that WHO's limits call implausible for the age)."""
    faults: list[Problem] = []
    doubts: list[Problem] = []
    for at, person in enumerate(record.people):
        place = f"people[{at}]"
        for quantity in known.profile[person.role].entries:
            if quantity.range.warn and (value := profile_value(person, quantity)) is not None:
                _judge(quantity, value, f"{place}.{quantity.path}", faults, doubts)
        faults += _person_dates(person, place, today)
        critical = _time_critical(known)
        by_key = known.observations[person.role].by_key
        for n, contact in enumerate(person.contacts):
            if contact.source not in (None, HOLDER, issuer):
                continue
            here = f"{place}.contacts[{n}]"
            if contact.date > today:
                faults.append(Problem(f"{here}.date", "in the future", "is the clock of this device right?"))
            if isinstance(person, Infant) and person.born and person.born_precision in (None, "day") and contact.date < person.born:
                faults.append(Problem(f"{here}.date", "before the birth"))
            doubted = len(doubts)
            for key, value in (contact.observations or {}).items():
                measured = by_key.get(key)
                if measured and (limits := measured.range.warn) and not limits[0] <= value <= limits[1]:
                    _judge(measured, value, f"{here}.observations.{key}", faults, doubts)
            if isinstance(person, Infant) and doubted == len(doubts) and contact.observations:
                doubts += _growth(person, contact, here)
            if contact.time is None:
                for m, given in enumerate(contact.medicines or ()):
                    if given.timing is None and given.medicine in critical:
                        hint = f"medicines[{m}] is time-critical: give the local time"
                        faults.append(Problem(f"{here}.time", "needed with this medicine", hint))
    return faults, doubts


@lru_cache(maxsize=8)
def _time_critical(known: Vocabulary) -> frozenset[str]:
    return frozenset(entry.key for entry in known.medicines.entries if "time_critical" in entry.groups)


def _judge(quantity: Quantity, value: float, place: str, faults: list[Problem], doubts: list[Problem]) -> None:
    warn, reject = quantity.range.warn, quantity.range.reject
    if reject and not reject[0] <= value <= reject[1]:
        faults.append(_doubt(quantity, place, reject, "can't be"))
    elif warn and not warn[0] <= value <= warn[1]:
        doubts.append(_doubt(quantity, place, warn, "unlikely: type it again"))


def corrections(quantity: Quantity, value: float) -> list[tuple[Value, str]]:
    """What an unlikely number may have been meant as: (value in our unit, the unit it was in), likely ones only."""
    limits = quantity.range.warn
    if limits is None or limits[0] <= value <= limits[1]:
        return []
    found: list[tuple[Value, str]] = []
    for factor, offset, unit in SLIPS_BY_KEY.get(quantity.key, ()):
        scale = quantity.scale
        meant = round((value + offset) * factor * scale.denominator / scale.numerator) * scale.numerator / scale.denominator
        if limits[0] <= meant <= limits[1]:
            found.append((int(meant) if meant == int(meant) else meant, unit))
    return found


# (factor, offset, unit): our value = (typed + offset) * factor.
SLIPS_BY_KEY: dict[str, tuple[tuple[float, float, str], ...]] = {
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


def _doubt(quantity: Quantity, place: str, limits: tuple[float, float], message: str) -> Problem:
    unit = f" {quantity.unit}" if quantity.unit else ""
    hint = SLIPS.get(quantity.key, "")
    return Problem(place, f"{message}, outside {limits[0]:g} to {limits[1]:g}{unit}", hint)


def _person_dates(person: Mother | Infant, place: str, today: date) -> Iterator[Problem]:
    if isinstance(person, Infant):
        if person.born and person.born > today and person.born_precision in (None, "day"):
            yield Problem(f"{place}.born", "in the future")
        if person.born and (today - person.born).days >= TWO_YEARS and person.born_precision in (None, "day"):
            hint = "give day 15 of the month and born_precision month"
            yield Problem(f"{place}.born", "to the day, for a child of two years or more", hint)
        return
    pregnancy = person.pregnancy
    if pregnancy is None:
        return
    for name in ("lmp", "delivered"):
        if (day := getattr(pregnancy, name)) and day > today:
            yield Problem(f"{place}.pregnancy.{name}", "in the future")
    if pregnancy.lmp and pregnancy.delivered and not timedelta(0) <= pregnancy.delivered - pregnancy.lmp <= timedelta(LONGEST_GESTATION):
        yield Problem(f"{place}.pregnancy.delivered", "does not fit the last menstrual period", "0 to 44 weeks after it")


def _growth(person: Infant, contact: Contact, here: str) -> Iterator[Problem]:
    values = contact.observations or {}
    if values.keys().isdisjoint(("weight", "length", "height", "head_circumference", "muac")):
        return
    lying = values.get("length")
    age = (contact.date - person.born).days if person.born else None
    scores = growth.z_scores(
        person.sex or "unknown", age, values.get("weight"), lying or values.get("height"), "lying" if lying else "standing",
        values.get("head_circumference"), values.get("muac"), values.get("oedema", "none") != "none",
    )  # fmt: skip
    suspects = {key for indicator in scores.flags for key in GROWTH_INPUTS.get(indicator, ()) if key in values}
    for key in values:
        if key in suspects:
            yield Problem(f"{here}.observations.{key}", "implausible for the age: measure and type it again", "WHO growth standard limits")


GROWTH_INPUTS = {
    "weight_for_age": ("weight",),
    "length_for_age": ("length", "height"),
    "weight_for_length": ("weight", "length", "height"),
    "bmi_for_age": ("weight", "length", "height"),
    "head_circumference_for_age": ("head_circumference",),
    "arm_circumference_for_age": ("muac",),
}
