"""What was measured: the last values with their trend, a child's z-scores, and what the last contact left out."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Final

from healthcard.clinic import states
from healthcard.clinic.summary import Growth, NotMeasured, Origin, Point, Score, Series, Trend
from healthcard.growth import INDICATORS, STANDING_FROM_DAY, classify
from healthcard.record import AnyPerson, Contact
from healthcard.vocabulary import Role, Vocabulary

BLOOD_PRESSURE: Final = "blood_pressure"
PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    BLOOD_PRESSURE: ("systolic", "diastolic"),
    "haemoglobin": ("haemoglobin",),
    "weight": ("weight",),
    "muac": ("muac",),
}
GROUPS: Final = {part: group for group, parts in PARTS.items() for part in parts}
SHOWN: Final = 3
VITALS_OLD_AFTER: Final = 0  # days: a reading of an earlier day may be older than 24 h
WEIGHT_OLD_AFTER: Final = 7  # days; for all that changes over days and not over hours:
SLOW: Final = frozenset({"haemoglobin", "weight", "muac", "gestation_days", *(f"{name}_z" for name in INDICATORS)})
GROWTH_INPUTS: Final = ("weight", "length", "height", "oedema", "head_circumference", "muac")


def is_old(key: str, elapsed: int) -> bool:
    """Whether a value of `elapsed` days ago is greyed."""
    return key != "birth_weight_g" and elapsed > (WEIGHT_OLD_AFTER if key in SLOW else VITALS_OLD_AFTER)


def series(points: Mapping[str, list[Point]], person: int, role: Role, known: Vocabulary) -> tuple[Series, ...]:
    """The last three points of each quantity that has any, newest first."""
    quantities = known.observations[role].by_key
    found = []
    for key, measured in points.items():
        if measured:
            newest, quantity = tuple(reversed(measured[-SHOWN:])), quantities[PARTS[key][0]]
            found.append(Series(person, role, quantity.sensitivity, key, quantity.unit, newest, trend(newest)))
    return tuple(found)


def trend(points: Sequence[Point]) -> Trend | None:
    """Plain arithmetic on the last two: one word for all parts, None where parts disagree or nobody knows which came first."""
    if len(points) < 2:
        return None
    new, old = points[0], points[1]
    if new.origin.date == old.origin.date and (not new.origin.time or not old.origin.time or new.origin.time == old.origin.time):
        return None
    before = dict(old.values)
    signs = {(value > before[key]) - (value < before[key]) for key, value in new.values if key in before}  # type: ignore[operator]
    if not signs or signs >= {1, -1}:
        return None
    return "rising" if 1 in signs else "falling" if -1 in signs else "steady"


def growth(person: AnyPerson, origins: Sequence[Origin], elapsed: Callable[[date], int]) -> tuple[Growth, ...]:
    """A child's z-scores at the last contact that allowed any; nothing for a mother."""
    if person.role != "infant":
        return ()
    for contact, origin in zip(reversed(person.contacts), reversed(origins), strict=True):
        scores = states.growth(person, contact) if contact.observations else None
        if scores is None:
            continue
        days = states.age_days(person, contact.date)
        words = classify(scores, days)
        found = tuple(
            Score(name, z, None if name in scores.flags else words.get(name), name in scores.flags)
            for name in INDICATORS
            if (z := getattr(scores, name)) is not None
        )
        if found:
            inputs = tuple((key, value) for key, value in (contact.observations or {}).items() if key in GROWTH_INPUTS)
            return (Growth(origin, 0, days, inputs, found, is_old("weight", elapsed(contact.date))),)
    return ()


def not_measured(
    person: AnyPerson, last: Sequence[tuple[Contact, Origin]], profile: Origin, pregnant: bool, today: date
) -> tuple[NotMeasured, ...]:
    """What the contacts of the last day should have measured: blood pressure in pregnancy, weight and length of a child."""
    origin = last[-1][1] if last else profile
    seen = {key for contact, _ in last for key in contact.observations or ()}
    missing = []
    if pregnant and not {"systolic", "diastolic"} <= seen:
        missing.append(NotMeasured(origin, 1, BLOOD_PRESSURE))
    if person.role == "infant" and last and not any("infant_died" in (contact.findings or ()) for contact in person.contacts):
        days = states.age_days(person, today)
        if "weight" not in seen:
            missing.append(NotMeasured(origin, 0, "weight"))
        if seen.isdisjoint(("length", "height")):
            missing.append(NotMeasured(origin, 0, "height" if days is not None and days >= STANDING_FROM_DAY else "length"))
    return tuple(missing)
