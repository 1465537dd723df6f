"""What is due next for one person: the items of schedules (schedule_file.py) against a record, on a day.

Late starts. A missed dose is due now, and the next one no sooner after it than the schedule's own interval. Of numbered items only
the first one missing is listed; of visits (`contact`) only the one whose time it is, because a visit missed can't be made up: its time
ends when that of the next begins. A contact up to seven days early counts, or half the gap to the visit before if that is less.
A dose whose number is not known counts as one dose; a zero dose does not count. What is not on the card was not given, as far as
anyone knows: "overdue" asks, it does not accuse.
"""

from datetime import date, timedelta
from typing import Final, Literal, NamedTuple

from healthcard.clinic.schedule_file import EARLY, Item, Schedule, default, load
from healthcard.clinic.states import LONGEST_PREGNANCY, age_days, gestation_days, postpartum_days
from healthcard.record import AnyPerson, Contact, Infant, Mother, Record

__all__ = ["Due", "Schedule", "default", "due", "load", "pregnant_on"]

State = Literal["overdue", "due", "upcoming"]
STATES: Final[tuple[State, ...]] = ("overdue", "due", "upcoming")


class Due(NamedTuple):
    """One item that a person needs, by days counted from `anchor` on `start`.

    `confirmed` is false for a row from memory; `approximate` is true where the child's day of birth is. `sensitivity` is 1 where it
    tells of a pregnancy.
    """

    key: str
    schedule: str
    person: int
    due: date
    overdue: date | None
    state: State
    source: str
    confidence: str
    label_en: str
    anchor: str
    start: date
    approximate: bool
    sensitivity: int

    @property
    def confirmed(self) -> bool:
        return self.confidence.startswith("read")


def due(record: Record, person: int, today: date, schedules: Schedule | None = None) -> tuple[Due, ...]:
    """What `record.people[person]` needs on `today` and next, the overdue first; nothing for a child who died."""
    who = record.people[person]
    facts = _Facts(who, today)
    if facts.died:
        return ()
    found = []
    for item in (schedules or default()).items_for(who.role, facts.pregnant):
        start = facts.anchor(item)
        days = _days(item, start, facts) if start and start <= today else None
        if start and days:
            on, late = days
            state: State = "overdue" if late is not None and today > late else "due" if today >= on else "upcoming"
            approximate, sensitivity = facts.approximate and item.anchor == "birth", int(item.pregnant or item.anchor == "gestation")
            found.append(Due(
                item.key, item.schedule, person, on, late, state, item.source, item.confidence, item.label_en, item.anchor, start,
                approximate, sensitivity,
            ))  # fmt: skip
    return tuple(sorted(found, key=lambda d: (STATES.index(d.state), d.due, d.schedule, d.key)))


def pregnant_on(person: AnyPerson, today: date) -> bool | None:
    """Whether she is pregnant today, by her dates or by the finding `pregnant` of the last 44 weeks; None where not known."""
    if person.role != "mother":
        return None
    if gestation_days(person, today) is not None:
        return True
    pregnancy = person.pregnancy
    if pregnancy and (pregnancy.outcome is not None or postpartum_days(person, today) is not None):
        return False
    told = [c.date for c in person.contacts if c.findings and "pregnant" in c.findings]
    return True if told and 0 <= (today - told[-1]).days <= LONGEST_PREGNANCY else None


class _Facts:
    """What the items ask about one person, gathered in one walk over the contacts."""

    def __init__(self, who: Mother | Infant, today: date) -> None:
        self.today = today
        self.contacts: tuple[Contact, ...] = who.contacts
        self.doses: dict[str, list[tuple[int | None, date | None]]] = {}
        self.medicines: dict[str, list[date]] = {}
        self.observations: dict[str, list[date]] = {}
        self.died = False
        for dose in who.vaccines_before or ():
            self.doses.setdefault(dose.vaccine, []).append((dose.dose, None))
        for contact in who.contacts:
            day = contact.date
            for dose in contact.vaccines or ():
                self.doses.setdefault(dose.vaccine, []).append((dose.dose, day))
            for given in contact.medicines or ():
                self.medicines.setdefault(given.medicine, []).append(day)
            for key in contact.observations or ():
                self.observations.setdefault(key, []).append(day)
            if contact.findings:
                self.died = self.died or "infant_died" in contact.findings
        self.lmp = self.birth = None
        self.pregnant = self.approximate = self.weighed_at_birth = False
        if who.role == "mother":
            self.pregnant = pregnant_on(who, today) is True
            self.lmp, self.birth = (who.pregnancy.lmp, who.pregnancy.delivered) if who.pregnancy else (None, None)
        else:
            self.birth = who.born
            self.approximate = who.born_precision not in (None, "day")
            self.weighed_at_birth = who.birth is not None and who.birth.weight_g is not None
        self.age = age_days(who, today)
        self.rh_negative = (who.blood_group or "").endswith("-")

        first = who.contacts[0].date if who.contacts else None
        self.anchors = {"gestation": self.lmp if self.pregnant else None, "birth": self.birth, "first_contact": first}

    def anchor(self, item: Item) -> date | None:
        if item.anchor in self.anchors:
            return self.anchors[item.anchor]
        kind, _, rest = item.anchor.partition(":")
        if kind == "last":
            return max(self.medicines.get(rest, ()), default=None)
        if kind == "last_weight":
            weighed = self.observations.get("weight")
            # Never weighed: that is due today.
            return max(weighed) if weighed else self.birth if self.weighed_at_birth else self.today - timedelta(item.due_days)
        return self.last_dose(item.vaccines) or self.anchors["first_contact"]

    def dated(self, vaccines: frozenset[str]) -> set[date]:
        return {day for vaccine in vaccines for number, day in self.doses.get(vaccine, ()) if day is not None and number != 0}

    def last_dose(self, vaccines: frozenset[str]) -> date | None:
        return max(self.dated(vaccines), default=None)

    def count(self, vaccines: frozenset[str]) -> int:
        """How many doses of these interchangeable vaccines she or he surely had."""
        numbers = [1 if number is None else number for vaccine in vaccines for number, _ in self.doses.get(vaccine, ())]
        return max([len(self.dated(vaccines)), *numbers])


def _days(item: Item, start: date, facts: _Facts) -> tuple[date, date | None] | None:
    """When an item is due and from when on overdue; None where it does not apply or is done."""
    if item.rh_negative and not facts.rh_negative:
        return None
    if item.youngest is not None and (facts.age is None or facts.age < item.youngest):
        return None
    if item.oldest is not None and (facts.age is None or facts.age >= item.oldest):
        return None
    on = start + timedelta(item.due_days)

    if item.dose is not None:
        if facts.count(item.vaccines) != item.dose - 1:
            return None  # given, or the dose before it comes first
        last = facts.last_dose(item.vaccines)
        if last is not None and item.dose > 1:
            on = max(on, last + timedelta(item.interval))
    elif item.vaccines:
        if any(vaccine in facts.doses for vaccine in item.vaccines):
            return None
    elif item.contact:
        if not _is_the_next_visit(item, start, facts):
            return None
    else:
        done = [day for key in item.medicines for day in facts.medicines.get(key, ())]
        done += [day for key in item.observations for day in facts.observations.get(key, ())]
        if item.every is not None:
            on = max([on] + [day + timedelta(item.every) for day in done if day >= start])
        elif any(day > start and day >= on - timedelta(EARLY) for day in done):
            return None
    if item.until is not None and max(on, facts.today) > start + timedelta(item.until):
        return None
    return on, None if item.overdue_days is None else on + timedelta(item.overdue_days - item.due_days)


def _is_the_next_visit(item: Item, start: date, facts: _Facts) -> bool:
    now = (facts.today - start).days
    if now >= item.closes:
        return False
    days = [(contact.date - start).days for contact in facts.contacts]
    if now >= item.opens:
        return not any(item.opens <= day < item.closes for day in days)
    return item.before is not None and now >= item.before and any(item.before <= day < item.opens for day in days)
