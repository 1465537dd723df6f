"""The text twin: the handover in words short enough for 74 mm, so that a destroyed code loses nothing essential.

    hers = sections(handover, "ht")
    route = sections(handover, "es", beside=True)       # line for line, words only

Paper is read later: it speaks in dates, never of "today", "old", "overdue" or "days left", and what is true of one day (gestation,
age) names the day. It names no organisation but the one she is sent to; who measured is in the code. A line says what was found and
what that means; only red lines name their rule. A "*" ends what rests on a row that nobody has read in its source.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Final

from healthcard.handover import age
from healthcard.labels import Label, counted, day, has_label, joined, label, number
from healthcard.summary import Danger, Dose, Due, Handover, Origin, Series, Supply, Who
from healthcard.text import SECTIONS, Section
from healthcard.wording import SCORES_SHOWN, SELF_EXPLAINED, Level, Line, Words, medicine_label

ON_PAPER: Final = SECTIONS[1:]  # a verdict is a reader's finding; paper can't know it
OPEN: Final = 1  # the highest sensitivity that may stand on a face (DP-07)
POSTPARTUM_DAYS: Final = 42  # up to here the day counts (WHO postnatal care), later the week or month
NOTHING: Final = "–"  # in a table: not measured at that contact
DOT: Final = " · "


@dataclass(frozen=True, slots=True)
class Cell:
    """One value in the table of values; `title` and `unit` stand in its head."""

    title: str
    unit: str
    value: str


@dataclass(frozen=True, slots=True)
class Reading(Line):
    """What one contact measured: a line, and the same as a row of a table that starts with `date`."""

    date: str = ""
    cells: tuple[Cell, ...] = ()


def sections(handover: Handover, language: str, beside: bool = False) -> tuple[Section, ...]:
    """The lines of the face in the order of SECTIONS; `beside` leaves out dates and figures, for they stand in the other language.

    Nothing of sensitivity 2 or 3 is on it, whatever the record holds.
    """
    words = Paper(handover, language, beside)
    return tuple(
        Section(key, label("section", key, language).text, tuple(line for line in getattr(words, key)() if line.sensitivity <= OPEN))
        for key in ON_PAPER
    )


class Paper(Words):
    """The lines of each section; a method has the name of its section."""

    def __init__(self, handover: Handover, language: str, beside: bool = False) -> None:
        super().__init__(handover, language)
        self.beside = beside

    def when(self, origin: Origin, time: bool = False) -> Label:
        """Date, with its time where that counts, then "told by her"; without the date beside the other language."""
        written = day(origin.date, self.language) if origin.date and not self.beside else ""
        told = self.ui("told_by_holder") if origin.told_by_holder else None
        return joined(", ", joined(" ", written, origin.time if written and time else None), told)

    def as_of(self) -> Label | None:
        """In brackets, the day of which an age or a gestation is true."""
        return None if self.beside else Label(f"({day(self.handover.today, self.language)})", False)

    def danger(self) -> Iterator[Line]:
        for (origin, key), found in groupby((*self.handover.danger, *self.handover.watch), _one_line):
            lines = [line for line in found if line.sensitivity <= OPEN]
            if not lines:
                continue
            level: Level = "red" if lines[0].level == "red" else "amber"
            signs = [label("finding", line.key, self.language) for line in lines if line.kind == "finding"]
            said = joined(", ", joined(DOT, *signs), self.when(origin, time=True)) if not key else self.value_met(lines[0])
            draft = not all(rule.confirmed for line in lines for rule in line.rules)
            yield self.line(said, level, origin, "danger", max(line.sensitivity for line in lines), draft)

    def value_met(self, line: Danger) -> Label:
        """"Blood pressure 166/112 mmHg, 10 Oct 2026: severe hypertension range (WHO SMART ANC DT.17-24)"."""
        meaning = joined(self.semicolon, *dict.fromkeys(label("rule", str(rule.number), self.language) for rule in line.rules))
        source = f" ({line.rules[0].source.partition(';')[0]})" if line.level == "red" and line.rules and not self.beside else ""
        what = self.name(line) if self.beside and not any(isinstance(value, str) for _, value in line.values) else self.reading(line)
        value = joined(", ", what, self.when(line.origin, time=True))
        return joined("", joined(self.colon, value, meaning), source)

    def name(self, line: Danger) -> Label:
        if line.key == "gestation_days":
            return label("derived", "gestational_age_days", self.language)
        if line.key.endswith("_z"):
            return label("growth", line.key.removesuffix("_z"), self.language)
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
            known = [one for one in who.conditions if one.sensitivity <= OPEN]
            if known:
                notes = [(label("finding", one.finding, self.language), self.when(one.origin)) for one in known]
                text = joined(DOT, *(joined(" ", what, joined("", "(", when, ")") if when.text else None) for what, when in notes))
                yield self.line(text, "info", who.origin, icon, max(one.sensitivity for one in known))

    def of_mother(self, who: Who) -> Iterator[list[Label]]:
        language = self.language
        if who.gestation:
            weeks = joined(" ", label("derived", "gestational_age_days", language), self.gestation(who.gestation), self.as_of())
            dated = self.ui("dated_by", method=label("enumeration", f"dating.{who.dating}", language)) if who.dating else None
            due = who.expected
            expected = joined(" ", label("derived", "edd", language), day(due, language) if not self.beside else None) if due else None
            yield _there(joined(", ", weeks, dated), expected)
        elif who.pregnant:
            yield [joined(self.colon, label("derived", "gestational_age_days", language), self.ui("unknown"))]
        if who.postpartum_days is not None:
            yield [joined(" ", self.after_birth(who.postpartum_days), self.as_of())]
        counts = ((key, getattr(who, key)) for key in ("gravida", "parity", "caesareans"))
        years = joined(" ", self.ui("age"), counted("years", who.age_years, language, "years")) if who.age_years is not None else None
        several = joined(" ", label("observation", "fetuses", language), str(who.fetuses)) if (who.fetuses or 1) > 1 else None
        yield _there(years, *(joined(" ", self.ui(key), str(n)) for key, n in counts if n is not None), several, self.blood(who))

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
        yield _there(years, label("enumeration", f"sex.{who.sex}", language) if who.sex else None)
        born = weeks = fed = None
        if who.birth_weight_g is not None:
            born = joined(" ", self.ui("birth_weight"), str(who.birth_weight_g), label("unit", "g", language))
        if who.gestation_at_birth is not None:
            weeks = joined(" ", label("observation", "gestation_weeks", language), counted("weeks", who.gestation_at_birth, language, "weeks"))
        if who.feeding:
            said = joined(self.colon, label("observation", "feeding", language), label("value", f"feeding.{who.feeding.word}", language))
            when = self.when(who.feeding.origin)
            fed = joined(" ", said, joined("", "(", when, ")") if when.text else None)
        yield _there(born, weeks, self.blood(who), fed)

    def values(self) -> Iterator[Line]:
        for missing in self.handover.not_measured:
            what = joined(self.colon, self.quantity(missing.key, (), missing.origin.role), self.ui("not_measured"))
            yield self.line(joined(", ", what, self.when(missing.origin)), "question", missing.origin, "scale", missing.sensitivity)
        for person in range(len(self.handover.people)):
            yield from self.table([series for series in self.handover.values if series.person == person])
        for growth in self.handover.growth:
            units = {"length": "cm", "height": "cm"}
            inputs = dict(growth.inputs)
            sizes = [joined(" ", _plain(label("observation", key, self.language, growth.origin.role)), self.measured(key, ((key, inputs[key]),), unit))
                     for key, unit in units.items() if key in inputs]  # fmt: skip
            shown = [self.score(score.indicator, score.z, score.word, score.implausible)
                     for score in growth.scores if score.implausible or score.indicator in SCORES_SHOWN]  # fmt: skip
            text = joined(" ", joined(DOT, *sizes, *shown), joined("", "(", self.when(growth.origin), ")") if not self.beside else None)
            level: Level = "question" if any(score.implausible for score in growth.scores) else "info"
            if shown:
                yield self.line(text, level, growth.origin, "scale", growth.sensitivity)

    def score(self, indicator: str, z: float, word: str | None, implausible: bool) -> Label:
        figure = joined(" ", label("growth", indicator, self.language), None if self.beside else f"{number(z, self.language)} z")
        if implausible:
            return joined(self.colon, figure, self.ui("implausible"))
        return joined(" ", figure, joined("", "(", label("growth", word, self.language), ")") if word and word != "normal" else None)

    def table(self, columns: list[Series]) -> Iterator[Line]:
        """One row for each contact, the newest first; a row after the first gives way before anything else."""
        heads = [(_plain(self.quantity(c.key, c.points[0].values if c.key != "blood_pressure" else (), c.role)),
                  label("unit", c.unit, self.language)) for c in columns]  # fmt: skip
        origins = {point.origin.contact or 0: point.origin for column in columns for point in column.points}
        for n, (_, origin) in enumerate(sorted(origins.items(), reverse=True)):
            found = [self.figure(column, origin) for column in columns]
            cells = tuple(Cell(head.text, unit.text, figure) for (head, unit), figure in zip(heads, found, strict=True))
            named = [joined(" ", head, None if self.beside else joined(" ", figure, unit))
                     for (head, unit), figure in zip(heads, found, strict=True) if figure != NOTHING]  # fmt: skip
            when, level = self.when(origin), "old" if n else "info"
            text = joined(DOT, when, *named)
            draft = text.draft or any(part.draft for head in heads for part in head)
            yield Reading(text.text, level, origin.person, origin.role, "scale", draft, max(c.sensitivity for c in columns), when.text, cells)  # type: ignore[arg-type]  # fmt: skip

    def figure(self, column: Series, origin: Origin) -> str:
        """What one contact measured of a quantity; "124/–" where the lower blood pressure is missing."""
        values = next((dict(point.values) for point in column.points if point.origin == origin), None)
        if values is None:
            return NOTHING
        parts = ("systolic", "diastolic") if column.key == "blood_pressure" else (column.key,)
        return "/".join(number(values[part], self.language) if part in values else NOTHING for part in parts)  # type: ignore[arg-type]

    def medicines(self) -> Iterator[Line]:
        for line in self.handover.medicines:
            dose = joined(self.colon, medicine_label(line.medicine, self.language), self.taken(line))
            yield self.line(joined(", ", dose, self.started(line)), "info", line.origin, "medicine", line.sensitivity)

    def started(self, line: Supply) -> Label:
        told = self.ui("told_by_holder") if line.origin.told_by_holder else None
        since = None if self.beside or not line.origin.date else self.ui("from_date", date=day(line.origin.date, self.language))
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
        for (person, on), found in groupby(sorted(self.handover.due, key=_person_and_day), _person_and_day):
            items = list(found)
            about = label("enumeration", "born_precision.estimated", self.language) if any(one.approximate for one in items) else None
            written = None if self.beside else day(on, self.language)
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
            to = self.ui("to_organisation", organisation=self.organisation(line.to)) if line.to else None
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


def _one_line(line: Danger) -> tuple[Origin, str]:
    """Danger signs of one contact stand in one line, each value in its own."""
    return line.origin, "" if line.kind == "finding" else line.key


def _person_and_day(due: Due) -> tuple[int, object]:
    return due.person, due.due


def _there(*labels: Label | None) -> list[Label]:
    return [label for label in labels if label and label.text]


def _plain(words: Label) -> Label:
    """A label without its remark in brackets: the face says by itself whose weight it is."""
    return Label(words.text.partition(" (")[0], words.draft)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
