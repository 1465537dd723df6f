"""What a clinician would doubt at entry: `check` stops what can't be and what must be typed again (questions.py stops nothing).

Only what staff enter now is judged (contacts of the signer's own organisation and what the holder told): a contact carried on
from another card was judged where it was made. No problem says a value.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from healthcard import vocabulary
from healthcard.clinic import rules, states
from healthcard.errors import ConfirmationNeeded, Problem, RecordError
from healthcard.record import HOLDER, SLIPS, AnyPerson, Contact, Infant, InfantContact, Record, profile_values, same_value
from healthcard.vocabulary import Quantity, Vocabulary

TWO_YEARS: Final = 731  # days from which a birth date is kept to the month only (DP-03)


def check(record: Record, today: date, typed_again: Iterable[str] = (), issuer: str | None = None, known: Vocabulary | None = None) -> None:
    """Raises RecordError for what can't be, ConfirmationNeeded for unlikely values whose place is not in `typed_again`."""
    faults, doubts = examine(record, today, issuer, known or vocabulary.default())
    if faults:
        raise RecordError(faults)
    again = frozenset(typed_again)
    if open_doubts := [doubt for doubt in doubts if doubt.place not in again]:
        raise ConfirmationNeeded(open_doubts)


def confirmed(record: Record, typed: Mapping[str, str]) -> list[str]:
    """The places of `typed`, if at each the value of the record was typed a second time; raises RecordError that names the others."""
    told = "typed again, but not the same value", "check the measurement"
    if wrong := [Problem(place, *told) for place, value in typed.items() if not same_value(record, place, value)]:
        raise RecordError(wrong)
    return list(typed)


def examine(record: Record, today: date, issuer: str | None, known: Vocabulary) -> tuple[list[Problem], list[Problem]]:
    """What can't be (values beyond the reject range, impossible dates, a missing time of a critical medicine), and what must be
    typed again (values beyond the warn range, growth that WHO's limits call implausible for the age)."""
    faults: list[Problem] = []
    doubts: list[Problem] = []
    critical = _time_critical(known)
    for at, person in enumerate(record.people):
        place = f"people[{at}]"
        for quantity, value in profile_values(person, known):
            if quantity.range.warn:
                _judge(quantity, value, f"{place}.{quantity.path}", faults, doubts)
        faults += _person_dates(person, place, today)
        by_key = known.observations[person.role].by_key
        for n, contact in enumerate(person.contacts):
            if contact.source not in (None, HOLDER, issuer):
                continue
            here = f"{place}.contacts[{n}]"
            if contact.date > today:
                faults.append(Problem(f"{here}.date", "in the future", "is the clock of this device right?"))
            if person.role == "infant" and _unborn(person, contact.date):
                faults.append(Problem(f"{here}.date", "before the birth"))
            suspects = suspected(person, contact)
            for key, value in (contact.observations or {}).items():
                measured = by_key.get(key)
                if measured and (limits := measured.range.warn) and not limits[0] <= value <= limits[1]:
                    _judge(measured, value, f"{here}.observations.{key}", faults, doubts)
                elif key in suspects:
                    message = "implausible for the age: measure and type it again"
                    doubts.append(Problem(f"{here}.observations.{key}", message, "WHO growth standard limits"))
            given_here = (given.medicine for given in contact.medicines or () if given.timing is None)
            if contact.time is None and not critical.isdisjoint(given_here):
                faults.append(Problem(f"{here}.time", "needed with this medicine", "it is time-critical: give the local time"))
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


def _doubt(quantity: Quantity, place: str, limits: tuple[float, float], message: str) -> Problem:
    unit = f" {quantity.unit}" if quantity.unit else ""
    return Problem(place, f"{message}, outside {limits[0]:g} to {limits[1]:g}{unit}", SLIPS.get(quantity.key, ""))


def _unborn(person: Infant, day: date) -> bool:
    """Whether `day` is before every day of birth that the precision allows."""
    return person.born is not None and day < person.born and not states.possible_ages(person, day)


def _person_dates(person: AnyPerson, place: str, today: date) -> Iterator[Problem]:
    if person.role == "infant":
        if _unborn(person, today):
            yield Problem(f"{place}.born", "in the future")
        # Growth before two years needs the day of birth; a card is not refused for having become older than its contacts.
        last = person.contacts[-1].date if person.contacts else today
        if person.born and (last - person.born).days >= TWO_YEARS and person.born_precision in (None, "day"):
            hint = "give day 15 of the month and born_precision month"
            yield Problem(f"{place}.born", "to the day, for a child of two years or more", hint)
        return
    pregnancy = person.pregnancy
    if pregnancy is None:
        return
    for name in ("lmp", "delivered"):
        if (day := getattr(pregnancy, name)) and day > today:
            yield Problem(f"{place}.pregnancy.{name}", "in the future")
    longest = timedelta(states.LONGEST_PREGNANCY)
    if pregnancy.lmp and pregnancy.delivered and not timedelta(0) <= pregnancy.delivered - pregnancy.lmp <= longest:
        yield Problem(f"{place}.pregnancy.delivered", "does not fit the last menstrual period", "0 to 44 weeks after it")


def suspected(person: AnyPerson, contact: Contact) -> frozenset[str]:
    """Measurements that make a z-score implausible; where the sex is not known, those that no girl and no boy can have."""
    if person.role != "infant" or not isinstance(contact, InfantContact) or (scores := states.growth(person, contact)) is None:
        return frozenset()
    flags = scores.flags
    if person.sex not in ("female", "male"):
        either = (states.growth(person.model_copy(update={"sex": sex}), contact) for sex in ("female", "male"))
        flags = frozenset.intersection(*(other.flags for other in either if other))
    length = states.length_key(person, contact) if flags else ""
    return frozenset(length if key == "length" else key for indicator in flags for key in rules.MEASURED[indicator])
