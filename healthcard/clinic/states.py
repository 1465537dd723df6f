"""What a person is on a day: how old, how far pregnant, how long after birth, how grown; None wherever it is not known."""

from calendar import monthrange
from datetime import date
from typing import Final, Literal

from healthcard.growth import STANDING_FROM_DAY, ZScores, z_scores
from healthcard.record import AnyPerson, Contact, Infant, InfantContact

LONGEST_PREGNANCY: Final = 308  # days since the last menstrual period: 44 weeks
MEASUREMENTS: Final = ("weight", "length", "height", "head_circumference", "muac")
OEDEMA: Final = ("+", "++", "+++")


def age_days(person: AnyPerson, day: date) -> int | None:
    """Age by the day of birth as written (day 15 stands for a month); None before birth, for a mother, or where not known."""
    ages = possible_ages(person, day)
    return ages[1] if ages else None


def gestation_days(person: AnyPerson, day: date) -> int | None:
    """Days since the last menstrual period while she is pregnant by it, 0 to 308: no birth by that day, no undated outcome."""
    pregnancy = person.pregnancy if person.role == "mother" else None
    if pregnancy is None or pregnancy.lmp is None or postpartum_days(person, day) is not None:
        return None
    if pregnancy.outcome is not None and pregnancy.delivered is None:
        return None
    days = (day - pregnancy.lmp).days
    return days if 0 <= days <= LONGEST_PREGNANCY else None


def postpartum_days(person: AnyPerson, day: date) -> int | None:
    """Days since she gave birth; None before it, or where no birth is recorded."""
    delivered = person.pregnancy.delivered if person.role == "mother" and person.pregnancy else None
    return (day - delivered).days if delivered is not None and delivered <= day else None


def is_pregnant(person: AnyPerson, contact: Contact) -> bool | None:
    """True by the finding `pregnant` of this contact or by her dates, False once she gave birth, None where not known."""
    if person.role == "mother":
        if "pregnant" in (contact.findings or ()) or gestation_days(person, contact.date) is not None:
            return True
        if postpartum_days(person, contact.date) is not None:
            return False
    return None


def growth(person: Infant, contact: InfantContact) -> ZScores | None:
    """The z-scores of one contact; None without any measurement.

    Born only to the year, a child has no score by age. Where length and height were both measured, the height counts from 731 days
    on. Oedema is the observation or the finding, whichever says so.
    """
    observations = contact.observations or {}
    if observations.keys().isdisjoint(MEASUREMENTS):
        return None
    length = length_key(person, contact)
    return z_scores(
        person.sex or "unknown",
        _age_for_scores(person, contact.date),
        weight_kg=observations.get("weight"),
        length_cm=observations.get(length),
        position="standing" if length == "height" else "lying",
        head_cm=observations.get("head_circumference"),
        muac_mm=observations.get("muac"),
        oedema=observations.get("oedema") in OEDEMA or "bilateral_oedema" in (contact.findings or ()),
    )


def length_key(person: Infant, contact: InfantContact) -> Literal["length", "height"]:
    """The observation that the scores take for the length."""
    observations = contact.observations or {}
    if "length" in observations and "height" in observations:
        age = _age_for_scores(person, contact.date)
        return "height" if age is not None and age >= STANDING_FROM_DAY else "length"
    return "height" if "height" in observations else "length"


def _age_for_scores(person: Infant, day: date) -> int | None:
    return None if person.born_precision == "year" else age_days(person, day)


def possible_ages(person: AnyPerson, day: date) -> tuple[int, ...]:
    """The youngest age in days that the precision of the day of birth allows, the age as written, and the oldest; or nothing.

    An estimated day is taken at its word: nobody says how far off it is.
    """
    if person.role != "infant" or person.born is None:
        return ()
    first = last = born = person.born
    if person.born_precision == "month":
        first, last = born.replace(day=1), born.replace(day=monthrange(born.year, born.month)[1])
    elif person.born_precision == "year":
        first, last = date(born.year, 1, 1), date(born.year, 12, 31)
    return tuple(max((day - other).days, 0) for other in (last, born, first)) if first <= day else ()
