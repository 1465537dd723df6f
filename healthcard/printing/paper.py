"""The text twin: the handover in words short enough for 74 mm, so that a destroyed code loses nothing essential.

    hers = sections(handover, "ht", first=first)        # the day of each person's first contact
    route = sections(handover, "es", beside=True)       # line for line, words only

Paper is read later: it speaks in dates, never of "today", "old", "overdue" or "days left", and what is true of one day (gestation,
a child's age) names the day, a mother's age its year. It names no organisation but the one she is sent to; who measured is in the code.
A line says what was found and what that means; only red lines name their rule. A "*" ends what rests on a row that nobody has read in
its source.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Final

from healthcard.clinic.handover import age
from healthcard.clinic.schedule import Due
from healthcard.clinic.summary import Danger, Dose, Growth, Handover, Origin, Supply, Who
from healthcard.vocabulary import Value
from healthcard.words.labels import Label, counted, day, has_label, joined, label, number
from healthcard.words.text import SECTIONS, Section
from healthcard.words.wording import SELF_EXPLAINED, Level, Line, Words, medicine_label

ON_PAPER: Final = SECTIONS[1:]  # a verdict is a reader's finding; paper can't know it
OPEN: Final = 1  # the highest sensitivity that may stand on a face (DP-07)
POSTPARTUM_DAYS: Final = 42  # up to here the day counts (WHO postnatal care), later the week or month
BIRTH_WEIGHT: Final = "birth_weight_g"
NOTHING: Final = "\u2013"  # in a table: not measured at that contact
IN_CODE: Final = ""  # in a table: perhaps measured
DOT: Final = "\u00a0· "  # never at the beginning of a line


@dataclass(frozen=True, slots=True)
class Cell:
    """One value in the table of values; `title` and `unit` stand in its head."""

    title: str
    unit: str
    value: str


@dataclass(frozen=True, slots=True)
class Column:
    """A quantity in the table of values: its figures by contact, and what stands where there is none."""

    title: Label
    unit: Label
    figures: Mapping[Origin, str]
    missing: str
    sensitivity: int


@dataclass(frozen=True, slots=True)
class Reading(Line):
    """What one contact measured: a line, and the same as a row of a table that starts with `date`."""

    date: str = ""
    cells: tuple[Cell, ...] = ()


def sections(handover: Handover, language: str, beside: bool = False, first: Sequence[date | None] = ()) -> tuple[Section, ...]:
    """The lines of the face in the order of SECTIONS; `beside` leaves out dates and figures, for they stand in the other language.

    `first` is the day of each person's first contact on the card: a mother's age is of its year. Nothing of sensitivity 2 or 3 is on the
    face, whatever the record holds.
    """
    words = Paper(handover, language, beside, first)
    return tuple(
        Section(key, label("section", key, language).text, tuple(line for line in getattr(words, key)() if line.sensitivity <= OPEN))
        for key in ON_PAPER
    )


class Paper(Words):
    """The lines of each section; a method has the name of its section."""

    def __init__(self, handover: Handover, language: str, beside: bool = False, first: Sequence[date | None] = ()) -> None:
        super().__init__(handover, language)
        self.beside, self.first = beside, first

    def when(self, origin: Origin, time: bool = False) -> Label:
        """Date, with its time where that counts, then "told by her"; without the date beside the other language."""
        written = _date(origin.date, self.language) if origin.date and not self.beside else ""
        told = self.ui("told_by_holder") if origin.told_by_holder else None
        return joined(", ", joined("\u00a0", written, origin.time if written and time else None), told)

    def as_of(self) -> Label | None:
        """In brackets, the day of which an age or a gestation is true."""
        return None if self.beside else Label(f"({_date(self.handover.today, self.language)})", False)

    def bracketed(self, words: Label | None) -> Label | None:
        return joined("", "(", words, ")") if words and words.text else None

    def blood(self, who: Who) -> Label:
        """The group; a negative one also in words, for a minus is soon overlooked."""
        if not who.blood_group or who.rhesus == "negative":
            return super().blood(who)
        return joined(" ", label("observation", "blood_group", self.language), who.blood_group)

    def danger(self) -> Iterator[Line]:
        """Danger signs of one contact stand in one line, and so do values that mean the same."""
        groups: dict[tuple[Origin, str, str], list[Danger]] = {}
        for line in (*self.handover.danger, *self.handover.watch):
            if line.sensitivity <= OPEN:
                groups.setdefault((line.origin, line.level, self.meaning(line).text), []).append(line)
        for (origin, red, _), lines in groups.items():
            what = joined(DOT, *(self.finding(line) for line in lines))
            when = None if lines[0].key == BIRTH_WEIGHT else self.when(origin, time=True)  # its day is the day of birth
            rule = lines[0].rules[0] if lines[0].kind == "value" else None
            source = f" ({rule.source.partition(';')[0]})" if rule and red == "red" and not self.beside else ""
            meaning = self.meaning(lines[0]) if rule else None
            said = joined("", joined(self.colon, joined(", ", what, when), meaning), source)
            draft = not all(rule.confirmed for line in lines for rule in line.rules)
            level: Level = "red" if red == "red" else "amber"
            yield self.line(said, level, origin, "danger", max(line.sensitivity for line in lines), draft)

    def meaning(self, line: Danger) -> Label:
        """What the first rule that a value met says; a danger sign says it itself."""
        return label("rule", str(line.rules[0].number), self.language) if line.kind == "value" else Label("", False)

    def finding(self, line: Danger) -> Label:
        """"Severe headache", "Blood pressure 166/112 mmHg"; beside the other language without the figure."""
        if line.kind == "finding":
            return label("finding", line.key, self.language)
        if line.key.endswith("_z"):
            return self.score(line.key.removesuffix("_z"), dict(line.values)[line.key], None)
        if not self.beside or any(isinstance(value, str) for _, value in line.values):
            return self.reading(line)
        if line.key == "gestation_days":
            return label("derived", "gestational_age_days", self.language)
        return _plain(self.quantity(line.key, line.values, line.origin.role))

    def time_critical(self) -> Iterator[Line]:
        for given in self.handover.time_critical:
            name = medicine_label(given.medicine, self.language, given.unit not in SELF_EXPLAINED)
            hour = None if given.origin.time else self.ui("time_unknown")
            text = joined(", ", joined(" ", name, self.taken(given)), self.when(given.origin, time=True), hour)
            yield self.line(text, "info", given.origin, "medicine", given.sensitivity)

    def who(self) -> Iterator[Line]:
        for who in self.handover.who:
            icon = "mother" if who.origin.role == "mother" else "baby"
            for parts in self.of_mother(who) if who.origin.role == "mother" else self.of_infant(who):
                text = joined(DOT, *parts)
                if text.text:
                    yield self.line(text, "info", who.origin, icon, who.sensitivity)

    def conditions(self, who: Who, dated: bool) -> list[Label]:
        known = [one for one in who.conditions if one.sensitivity <= OPEN]
        return [joined(" ", label("finding", one.finding, self.language), self.since(one.origin, dated)) for one in known]

    def since(self, origin: Origin, dated: bool) -> Label | None:
        """In brackets, the day of an entry; in a line that is `dated` only where it is another day."""
        return None if dated and origin.date == self.handover.today and not origin.told_by_holder else self.bracketed(self.when(origin))

    def of_mother(self, who: Who) -> Iterator[list[Label]]:
        language = self.language
        if who.gestation:
            weeks = joined(" ", label("derived", "gestational_age_days", language), self.gestation(who.gestation), self.as_of())
            dated = self.ui("dated_by", method=label("enumeration", f"dating.{who.dating}", language)) if who.dating else None
            due = who.expected
            expected = joined(" ", label("derived", "edd", language), _date(due, language) if not self.beside else None) if due else None
            yield [joined(", ", weeks, dated)]
            yield _there(expected)
        elif who.pregnant:
            yield [joined(self.colon, label("derived", "gestational_age_days", language), self.ui("unknown"))]
        if who.postpartum_days is not None:
            yield [joined(" ", self.after_birth(who.postpartum_days), self.as_of())]
        counts = ((key, getattr(who, key)) for key in ("gravida", "parity", "caesareans"))
        years = self.age_then(who.age_years, who.origin.person) if who.age_years is not None else None
        several = joined(" ", label("observation", "fetuses", language), str(who.fetuses)) if (who.fetuses or 1) > 1 else None
        yield _there(years, *(joined(" ", self.ui(key), str(n)) for key, n in counts if n is not None), several, self.blood(who))
        yield self.conditions(who, dated=False)

    def age_then(self, years: int, person: int) -> Label:
        """A mother's age with the year of which it is true: that of her first contact on the card."""
        first = self.first[person] if self.first and not self.beside else None
        year = Label(f"({first.year})", False) if first else None
        return joined(" ", self.ui("age"), counted("years", years, self.language, "years"), year)

    def after_birth(self, days: int) -> Label:
        since = age(self.handover.today - timedelta(days), self.handover.today)
        if since is None or days <= POSTPARTUM_DAYS:
            return counted("postpartum_day", days, self.language)
        return self.ui("after_birth", amount=counted(since.unit, since.count, self.language, since.unit))

    def of_infant(self, who: Who) -> Iterator[list[Label]]:
        language = self.language
        if who.age:
            about = label("enumeration", "born_precision.estimated", language) if who.age.approximate else None
            said = joined(", ", counted(who.age.unit, who.age.count, language, who.age.unit), about)
            years = joined(" ", self.ui("age"), said, self.as_of())
        else:
            years = joined(self.colon, self.ui("age"), self.ui("unknown"))
        sex = label("enumeration", f"sex.{who.sex}", language) if who.sex else None
        born = weeks = fed = None
        if who.birth_weight_g is not None and BIRTH_WEIGHT not in self.told(who.origin.person):
            born = joined(" ", self.ui("birth_weight"), str(who.birth_weight_g), label("unit", "g", language))
        if who.gestation_at_birth is not None:
            length = counted("weeks", who.gestation_at_birth, language, "weeks")
            weeks = joined(" ", label("observation", "gestation_weeks", language), length)
        if who.feeding:
            said = joined(self.colon, label("observation", "feeding", language), label("value", f"feeding.{who.feeding.word}", language))
            fed = joined(" ", said, self.since(who.feeding.origin, dated=True))
        yield _there(years, sex, born, weeks, self.blood(who), fed, *self.conditions(who, dated=True))

    def values(self) -> Iterator[Line]:
        for missing in self.handover.not_measured:
            what = joined(self.colon, _plain(self.quantity(missing.key, (), missing.origin.role)), self.ui("not_measured"))
            yield self.line(joined(", ", what, self.when(missing.origin)), "question", missing.origin, "scale", missing.sensitivity)
        for person in range(len(self.handover.people)):
            yield from self.table(self.columns(person))
        for growth in self.handover.growth:
            yield from self.growth(growth)

    def columns(self, person: int) -> list[Column]:
        """The quantities of one person's table; of a child's length only the last value is in the handover."""
        found = []
        for one in (series for series in self.handover.values if series.person == person):
            title = self.quantity(one.key, () if one.key == "blood_pressure" else one.points[0].values, one.role)
            figures = {point.origin: self.figure(one.key, dict(point.values)) for point in one.points}
            found.append(Column(_plain(title), label("unit", one.unit, self.language), figures, NOTHING, one.sensitivity))
        for growth in (growth for growth in self.handover.growth if growth.origin.person == person):
            sizes = [(key, value) for key, value in growth.inputs if key in ("length", "height")]
            for key, value in sizes:
                title = _plain(label("observation", key, self.language, growth.origin.role))
                figures = {growth.origin: self.figure(key, {key: value})}
                found.append(Column(title, label("unit", "cm", self.language), figures, IN_CODE, growth.sensitivity))
        return found

    def figure(self, key: str, values: Mapping[str, Value]) -> str:
        """"124/78"; of blood pressure also one part alone."""
        parts = ("systolic", "diastolic") if key == "blood_pressure" else (key,)
        return "/".join(number(values[part], self.language) if part in values else NOTHING for part in parts)  # type: ignore[arg-type]

    def table(self, columns: list[Column]) -> Iterator[Line]:
        """One row for each contact, the newest first; a row after the first gives way before anything else."""
        origins = {origin.contact or 0: origin for column in columns for origin in column.figures}
        for n, (_, origin) in enumerate(sorted(origins.items(), reverse=True)):
            figures = [column.figures.get(origin, column.missing) for column in columns]
            cells = tuple(Cell(c.title.text, c.unit.text, figure) for c, figure in zip(columns, figures, strict=True))
            there = [(c, figure) for c, figure in zip(columns, figures, strict=True) if figure not in (NOTHING, IN_CODE)]
            named = [joined(" ", c.title, None if self.beside else joined(" ", figure, c.unit)) for c, figure in there]
            when, level = self.when(origin), _earlier(n > 0)
            text, sensitivity = joined(DOT, when, *named), max(column.sensitivity for column in columns)
            draft = text.draft or any(column.title.draft or column.unit.draft for column in columns)
            yield Reading(text.text, level, origin.person, origin.role, "scale", draft, sensitivity, when.text, cells)

    def growth(self, growth: Growth) -> Iterator[Line]:
        """z-scores to measure again; those that met a rule are told as danger, the others follow from what stands in the table."""
        doubtful = [self.score(score.indicator, score.z, "implausible") for score in growth.scores if score.implausible]
        if doubtful:
            text = joined(", ", joined(DOT, *doubtful), self.when(growth.origin))
            yield self.line(text, "question", growth.origin, "scale", growth.sensitivity)

    def told(self, person: int) -> set[str]:
        return {line.key for line in (*self.handover.danger, *self.handover.watch) if line.origin.person == person}

    def score(self, indicator: str, z: Value, word: str | None) -> Label:
        figure = "" if self.beside else f"{number(z, self.language)} z"  # type: ignore[arg-type]
        remark = label("growth", word, self.language) if word else None
        return joined(" ", label("growth", indicator, self.language), figure, self.bracketed(remark))

    def medicines(self) -> Iterator[Line]:
        for line in self.handover.medicines:
            dose = joined(self.colon, medicine_label(line.medicine, self.language), self.taken(line))
            level = _earlier(line.state == "finished")
            yield self.line(joined(", ", dose, self.started(line)), level, line.origin, "medicine", line.sensitivity)

    def started(self, line: Supply) -> Label:
        told = self.ui("told_by_holder") if line.origin.told_by_holder else None
        since = None if self.beside or not line.origin.date else self.ui("from_date", date=_date(line.origin.date, self.language))
        return joined(", ", since, told)

    def vaccines(self) -> Iterator[Line]:
        """One line a person: "BCG 1: 13 Dec 2025 · Td 1: 30 Jun 2025, 2: 27 Oct 2025"."""
        for person in range(len(self.handover.people)):
            given: dict[str, list[Dose]] = {}
            for dose in self.handover.vaccines:
                if dose.origin.person == person and dose.sensitivity <= OPEN:
                    given.setdefault(dose.vaccine, []).append(dose)
            if given:
                lines = [dose for doses in given.values() for dose in doses]
                text = joined(DOT, *(joined(" ", label("vaccine", key, self.language), self.doses(doses)) for key, doses in given.items()))
                yield self.line(text, "info", lines[0].origin, "vaccine", max(dose.sensitivity for dose in lines))

    def doses(self, doses: Iterable[Dose]) -> Label:
        written = []
        for dose in doses:
            when = joined(", ", self.when(dose.origin), None if dose.origin.date else self.ui("date_unknown"))
            written.append(joined(self.colon, None if dose.dose is None else str(dose.dose), when))
        return joined(", ", *written)

    def due(self) -> Iterator[Line]:
        """What falls on one day for one person in one line, the soonest first; what was due before the card was made is due on that day
        (and tells no day of birth)."""

        def when(due: Due) -> tuple[date, int]:
            return max(due.due, self.handover.today), due.person

        for (on, person), found in groupby(sorted(self.handover.due, key=when), when):
            items = list(found)
            about = label("enumeration", "born_precision.estimated", self.language) if any(one.approximate for one in items) else None
            written = None if self.beside else _date(on, self.language)
            text = joined(self.colon, joined(", ", written, about), joined(DOT, *(self.due_item(one) for one in items)))
            yield Line(_capital(text.text), "info", person, self.handover.people[person], "next_visit",
                       text.draft or not all(one.confirmed for one in items), max(one.sensitivity for one in items))  # fmt: skip

    def due_item(self, due: Due) -> Label:
        key = f"{due.schedule}.{due.key}"
        what = label("schedule", key, self.language) if has_label("schedule", key) else Label(due.label_en, True)
        return what if due.confirmed else Label(f"{what.text}*", True)

    def referral(self) -> Iterator[Line]:
        for line in self.handover.referrals:
            urgency = label("enumeration", line.urgency if line.urgency.startswith("#") else f"urgency.{line.urgency}", self.language)
            reason = label("finding", line.reason, self.language) if line.reason else None
            to = self.ui("to_organisation", organisation=_unbroken(self.organisation(line.to))) if line.to and not self.beside else None
            what = joined(self.colon, joined(", ", label("service", line.service, self.language), urgency), reason)
            made = self.ui("referral_sent") if line.state == "sent" else None
            level: Level = "amber" if line.state == "to_do" and line.urgency == "urgent" else "info"
            text = joined(self.colon, made, joined(", ", what, to, self.when(line.origin)))
            yield self.line(text, level, line.origin, "referral", line.sensitivity)

    def more(self) -> Iterator[Line]:
        """What the vocabulary of this station has no word for."""
        for line in self.handover.unknown_codes:
            code = label("finding", line.code, self.language) if line.code[0] == "#" else self.ui("code", n=line.code)
            text = joined(", ", joined(self.colon, code, self.ui("unknown")), self.when(line.origin))
            yield self.line(text, "info", line.origin, "help", line.sensitivity)

    def line(self, text: Label, level: Level, origin: Origin, icon: str, sensitivity: int, draft: bool = False) -> Line:
        star = "*" if draft and not self.beside else ""
        return Line(_capital(text.text) + star, level, origin.person, origin.role, icon, text.draft or draft, sensitivity)


def _unbroken(name: Label) -> Label:
    """"gt-rc" with a hyphen at which no line breaks."""
    return Label(name.text.replace("-", "\u2011"), name.draft)


def _date(value: date, language: str) -> str:
    """A date that no line break parts."""
    return day(value, language).replace(" ", "\u00a0")


def _earlier(earlier: bool) -> Level:
    """What a later line or row supersedes gives way first where room ends."""
    return "old" if earlier else "info"


def _there(*labels: Label | None) -> list[Label]:
    return [label for label in labels if label and label.text]


def _plain(words: Label) -> Label:
    """A label without its remark in brackets: the face says by itself whose weight it is."""
    return Label(words.text.partition(" (")[0], words.draft)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
