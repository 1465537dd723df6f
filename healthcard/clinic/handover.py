"""The thirty-second handover: a record and a day -> the one-screen summary that the next station reads first.

`handover` turns a `Context` (a record and what the reader found out about it) into one frozen object of ten sections in fixed
order. It knows records only, never bytes or keys, and holds words of the vocabulary, never text: text.py puts it into a language.

- Nothing stands here that nobody measured, told or gave; what is missing is said to be missing or left out, never shown as normal.
- Danger is what was found on the last day on which anything was measured or found, so that a contact for food or a phone charge
  does not hide the reading of the day before.
- A number the vocabulary does not know ("#77") gives a line of `unknown_codes` and never a clinical value.
- Days count from dates; a clock behind the card gives no negative age and no medicine that runs out earlier.
"""

from datetime import date, timedelta
from typing import Any, Final, Literal

from healthcard import vocabulary
from healthcard.clinic import measured, rules, schedule, states
from healthcard.clinic.danger import dangers
from healthcard.clinic.schedule import Due, Schedule
from healthcard.clinic.summary import (
    Age,
    Allergies,
    Condition,
    Context,
    Dose,
    Feeding,
    Given,
    Handover,
    Origin,
    Point,
    Question,
    ReferralLine,
    Standing,
    Supply,
    UnknownCode,
    Who,
)  # fmt: skip
from healthcard.record import HOLDER, WITHHELD, AnyPerson, Contact
from healthcard.vocabulary import Role, Value, Vocabulary

__all__ = ["Context", "Handover", "age", "handover"]

PREGNANCY_DAYS: Final = 280  # from the last menstrual period to the expected day of birth
TREATMENT_OLD_AFTER: Final = 7  # days
FINISHED_SHOWN: Final = 7  # days after its last day that a medicine is still listed
UPCOMING_SHOWN: Final = 42  # days ahead; where nothing falls in them, the first item after


def handover(context: Context, today: date, schedules: Schedule | None = None, known: Vocabulary | None = None) -> Handover:
    """The summary of a record on `today`; what is due comes from `schedules` (default: WHO's)."""
    words = known or vocabulary.default()
    people = [_Person(context, index, today, words) for index in range(len(context.record.people))]
    last = max((contact.date for p in people for contact in p.contacts), default=None)
    elapsed = (today - last).days if last and last <= today else None

    def every(name: str) -> Any:
        return tuple(line for p in people for line in getattr(p, name))

    return Handover(
        today,
        tuple(p.role for p in people),
        Standing(context.verdict, context.issuer, last, elapsed),
        danger=every("danger"),
        watch=every("watch"),
        time_critical=tuple(sorted(every("time_critical"), key=_newest_first, reverse=True)),
        allergies=tuple(p.allergies() for p in people),
        who=tuple(p.who() for p in people),
        values=every("series"),
        not_measured=every("not_measured"),
        growth=every("growth"),
        medicines=tuple(sorted(every("medicines"), key=lambda s: (s.state != "running", abs(s.days_left)))),
        questions=tuple(line for p in people for line in p.questions()),
        vaccines=every("vaccines"),
        due=tuple(line for p in people for line in p.due(schedules)),
        referrals=every("referrals"),
        unknown_codes=every("unknown"),
    )


def age(born: date, today: date, approximate: bool = False) -> Age | None:
    """The age of a child born on `born`; None before birth."""
    days = (today - born).days
    if days < 0:
        return None
    if days < 28:
        return Age(days, "days", approximate)
    if days < 13 * 7:
        return Age(days // 7, "weeks", approximate)
    months = (today.year - born.year) * 12 + today.month - born.month - (today.day < born.day)
    return Age(months, "months", approximate) if months < 60 else Age(months // 12, "years", approximate)


class _Person:
    """The lines of one person, gathered in one walk over the contacts."""

    def __init__(self, context: Context, index: int, today: date, known: Vocabulary) -> None:
        self.context, self.index, self.today, self.known = context, index, today, known
        self.person: AnyPerson = context.record.people[index]
        self.role: Role = self.person.role
        self.contacts: tuple[Contact, ...] = self.person.contacts
        own = context.verdict in (None, "verified")
        self.profile = Origin(index, self.role, None, None, None, None, False, own)
        history = self.person.history_source
        self.history = Origin(index, self.role, None, None, None, history, history == HOLDER, own) if history else self.profile
        self.origins = [
            Origin(index, self.role, n, c.date, c.time, c.source, c.source == HOLDER, (index, n) not in context.unverified)
            for n, c in enumerate(self.contacts)
        ]
        examined = [c.date for c in self.contacts if c.observations or c.findings]
        self.last_day = examined[-1] if examined else self.contacts[-1].date if self.contacts else None
        self.pregnant = schedule.pregnant_on(self.person, today)

        self.time_critical: list[Given] = []
        self.medicines: list[Supply] = []
        self.vaccines: list[Dose] = []
        self.referrals: list[ReferralLine] = []
        self.unknown: list[UnknownCode] = []
        self.points: dict[str, list[Point]] = {key: [] for key in measured.PARTS}
        self.conditions: dict[str, Condition] = {}
        self.feeding: Feeding | None = None

        self._history()
        for contact, origin in zip(self.contacts, self.origins, strict=True):
            self._observations(contact, origin)
            self._findings(contact, origin)
            self._medicines(contact, origin)
            self._vaccines(contact, origin)
            if contact.referral:
                self._referral(contact, origin)
            for service in contact.services or ():
                self._code("service", service, origin)
            for raw in contact.unknown or ():
                self.unknown.append(UnknownCode(origin, 1, "entry", raw))
        self.referrals = [line for n, line in enumerate(self.referrals) if line.state == "to_do" or n == len(self.referrals) - 1]
        last = [(c, o) for c, o in zip(self.contacts, self.origins, strict=True) if c.date == self.last_day]
        since = self._elapsed(self.last_day) if self.last_day else 0
        self.danger, self.watch = dangers(context.record, last, since, known)
        self.series = measured.series(self.points, index, self.role, known)
        self.growth = measured.growth(self.person, self.origins, self._elapsed)
        self.not_measured = measured.not_measured(self.person, last, self.profile, self.pregnant is True, today)

    def _elapsed(self, day: date) -> int:
        return max((self.today - day).days, 0)

    def _code(self, table: str, word: str, origin: Origin) -> bool:
        """Whether `word` is a number without a word; it then gets a line of its own."""
        if word[0] != "#":
            return False
        self.unknown.append(UnknownCode(origin, 1, table, word))
        return True

    def _sensitivity(self, table: str, word: str) -> int:
        entry = getattr(self.known, table).by_key.get(word)
        return entry.sensitivity if entry else 1

    def _history(self) -> None:
        person = self.person
        for word in person.conditions or ():
            if not self._code("finding", word, self.history):
                self.conditions[word] = Condition(self.history, self._sensitivity("findings", word), word)
        for dose in person.vaccines_before or ():
            if not self._code("vaccine", dose.vaccine, self.history):
                self.vaccines.append(Dose(self.history, self._sensitivity("vaccines", dose.vaccine), dose.vaccine, dose.dose))
        for word in person.allergies or ():
            self._code("allergy", word, self.profile)
        for key in person.unknown or ():
            self._code("profile", key, self.profile)
        coded = [("blood_group", person.blood_group)]
        if person.role == "infant":
            coded += [("sex", person.sex), ("born_precision", person.born_precision)]
        elif person.pregnancy:
            coded += [("dating", person.pregnancy.dating), ("outcome", person.pregnancy.outcome)]
        for name, value in coded:
            if value:
                self._code(name, value, self.profile)

    def _observations(self, contact: Contact, origin: Origin) -> None:
        observations = contact.observations
        if not observations:
            return
        readings: dict[str, list[tuple[str, Value]]] = {}
        for key, value in observations.items():
            group = measured.GROUPS.get(key)
            if key[0] == "#":
                self._code("observation", key, origin)
            elif value.__class__ is str and self._code(key, value, origin):
                pass
            elif group:
                readings.setdefault(group, []).append((key, value))
            elif key == "feeding":
                self.feeding = Feeding(origin, 0, value)
        for group, values in readings.items():
            self.points[group].append(Point(origin, tuple(values), measured.is_old(group, self._elapsed(contact.date))))

    def _findings(self, contact: Contact, origin: Origin) -> None:
        for word in contact.findings or ():
            entry = self.known.findings.by_key.get(word)
            if entry is None:
                self._code("finding", word, origin)
            elif entry.row["kind"] == "condition" or (entry.row["kind"] == "status" and contact.date == self.last_day):
                self.conditions[word] = Condition(origin, entry.sensitivity, word)

    def _medicines(self, contact: Contact, origin: Origin) -> None:
        for given in contact.medicines or ():
            medicine = self.known.medicines.by_key.get(given.medicine)
            if medicine is None:
                self._code("medicine", given.medicine, origin)  # its amount is in steps that nobody here knows
                continue
            if given.timing:
                self._code("timing", given.timing, origin)
            unit, sensitivity = medicine.unit, medicine.sensitivity
            if "time_critical" in medicine.groups:
                old = self._elapsed(contact.date) > TREATMENT_OLD_AFTER
                line = Given(origin, sensitivity, given.medicine, given.amount, unit, given.timing, given.days, old)
                self.time_critical.append(line)
            if given.timing and given.days:
                left = given.days - self._elapsed(contact.date)
                if left >= -FINISHED_SHOWN:
                    state: Literal["running", "finished"] = "running" if left > 0 else "finished"
                    self.medicines.append(
                        Supply(origin, sensitivity, given.medicine, given.amount, unit, given.timing, given.days, left, state)
                    )

    def _vaccines(self, contact: Contact, origin: Origin) -> None:
        for dose in contact.vaccines or ():
            if not self._code("vaccine", dose.vaccine, origin):
                self.vaccines.append(Dose(origin, self._sensitivity("vaccines", dose.vaccine), dose.vaccine, dose.dose))

    def _referral(self, contact: Contact, origin: Origin) -> None:
        referral = contact.referral
        assert referral
        for table, word in (("service", referral.service), ("urgency", referral.urgency), ("finding", referral.reason)):
            if word:
                self._code(table, word, origin)
        issuer = self.context.issuer
        here = contact.source or issuer
        # Only a named organisation, another than the one that referred, is known to have seen her after it.
        seen = any(
            (c.date, c.time or "") > (contact.date, contact.time or "") and (c.source or issuer) not in (here, HOLDER, WITHHELD)
            for c in self.contacts
        )
        sensitivity = self._sensitivity("services", referral.service)
        if referral.reason:
            sensitivity = max(sensitivity, self._sensitivity("findings", referral.reason))
        state: Literal["to_do", "sent"] = "sent" if seen else "to_do"
        self.referrals.append(
            ReferralLine(origin, sensitivity, referral.service, referral.urgency, referral.reason, referral.to, state)
        )

    def allergies(self) -> Allergies:
        words = self.person.allergies
        state: Literal["listed", "none_asked", "not_asked"] = "not_asked" if words is None else "listed" if words else "none_asked"
        return Allergies(self.profile, 0, state, words or ())

    def who(self) -> Who:
        person = self.person
        group = _word(person.blood_group)
        rhesus: Literal["positive", "negative"] | None = None if not group else "negative" if group.endswith("-") else "positive"
        conditions = tuple(self.conditions.values())
        if person.role == "infant":
            exact = person.born_precision in (None, "day")
            return Who(
                self.profile, 0, conditions, group, rhesus,
                age=age(person.born, self.today, not exact) if person.born else None,
                sex=_word(person.sex),
                birth_weight_g=person.birth.weight_g if person.birth else None,
                gestation_at_birth=person.birth.gestation_weeks if person.birth else None,
                feeding=self.feeding,
            )  # fmt: skip
        pregnancy, days = person.pregnancy, states.gestation_days(person, self.today)
        lmp = pregnancy.lmp if pregnancy else None
        return Who(
            self.profile, 1, conditions, group, rhesus,
            age_years=person.age_years,
            pregnant=self.pregnant,
            gestation=divmod(days, 7) if days is not None else None,
            dating=_word(pregnancy.dating) if pregnancy else None,
            expected=lmp + timedelta(PREGNANCY_DAYS) if lmp and days is not None else None,
            postpartum_days=states.postpartum_days(person, self.today),
            gravida=pregnancy.gravida if pregnancy else None,
            parity=pregnancy.parity if pregnancy else None,
            caesareans=pregnancy.caesareans if pregnancy else None,
            fetuses=pregnancy.fetuses if pregnancy else None,
        )  # fmt: skip

    def questions(self) -> list[Question]:
        newest: dict[tuple[int, str], Question] = {}
        for one in rules.conflicts(self.context.record, self.index, self.known):
            origin = self.history if one.contact is None else self.origins[one.contact]
            word, because = one.medicine_or_vaccine, one.because
            sensitivity = max(
                self._sensitivity("medicines" if word in self.known.medicines.by_key else "vaccines", word),
                self._sensitivity("findings", because) if because in self.known.findings.by_key else int("pregnant" in because),
            )
            newest[one.number, word] = Question(
                origin, sensitivity, one.number, one.question, one.source, one.confirmed, word, because
            )
        return list(newest.values())

    def due(self, schedules: Schedule | None) -> tuple[Due, ...]:
        found = schedule.due(self.context.record, self.index, self.today, schedules)
        soon = tuple(d for d in found if d.state != "upcoming" or (d.due - self.today).days <= UPCOMING_SHOWN)
        return soon or found[:1]


def _word(value: str | None) -> str | None:
    """A coded value, unless this vocabulary has no word for it."""
    return None if value is None or value.startswith("#") else value


def _newest_first(line: Given) -> tuple[date, str, int]:
    assert line.origin.date
    return line.origin.date, line.origin.time or "", -line.origin.person
