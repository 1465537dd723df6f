"""The lines of a handover in one language, section by section: `Words` has a method for each section, of the section's name.

Every word comes from vocabulary/labels.csv; a line is a draft as soon as one of its words is, or its rule was not read in its source.
"Normal" is never written: a z-score without a remark stands alone. Red never says what she has: it names the value, the date and
the rule, "not a diagnosis".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from healthcard import vocabulary
from healthcard.clinic.summary import Danger, Given, Handover, Origin, Series, Supply, Who
from healthcard.record import HOLDER, WITHHELD
from healthcard.vocabulary import Role, Value
from healthcard.words.labels import Label, amount, counted, day, decimals, filled, has_label, joined, label, number, value_label

Level = Literal["red", "amber", "info", "old", "question"]
SCORES_SHOWN: Final = ("weight_for_length", "length_for_age", "weight_for_age")  # others only where they are implausible
RUNS_OUT_SOON: Final = 7  # days
SELF_EXPLAINED: Final = frozenset({"mg", "g", "mcg", "IU", "million IU", "L/min"})  # an amount that needs no strength beside it


@dataclass(frozen=True, slots=True)
class Line:
    """Ready words: `icon` is a pictogram's file stem, `sensitivity` 1 stays off a text-light face, a `draft` prints on TEST cards only."""

    text: str
    level: Level
    person: int | None
    role: str | None
    icon: str
    draft: bool
    sensitivity: int = 0


def medicine_label(key: str, language: str, strength: bool = True) -> Label:
    """A medicine's name and strength: "paracetamol 500 mg"."""
    entry = vocabulary.default().medicines.by_key.get(key)
    name = label("medicine", key, language)
    written = entry.row["strength"] if entry and strength else ""
    if not written:
        return name
    worded = label("strength", written, language) if has_label("strength", written) else Label(decimals(written, language), False)
    return joined(" ", name, worded)


def _line(text: Label, level: Level, origin: Origin | None, icon: str, sensitivity: int = 0, draft: bool = False) -> Line:
    person, role = (origin.person, origin.role) if origin else (None, None)
    capital = text.text[:1].upper() + text.text[1:]
    return Line(capital, level, person, role, icon, text.draft or draft, sensitivity)


class Words:
    """The lines of each section; a method has the name of its section."""

    def __init__(self, handover: Handover, language: str) -> None:
        self.handover, self.language = handover, language
        self.colon, self.semicolon = ("\u00a0: ", "\u00a0; ") if language == "fr" else (": ", "; ")

    def ui(self, key: str, **parts: object) -> Label:
        return filled(label("ui", key, self.language), **parts)

    def verdict(self) -> Iterator[Line]:
        verdict = self.handover.standing.verdict
        if verdict:
            level: Level = "info" if verdict == "verified" else "amber"
            for part in (".title", "", ".care"):
                yield _line(label("verdict", f"{verdict}{part}", self.language), level, None, "help")
        standing = self.standing()
        if standing.text:
            yield _line(standing, "info", None, "help")

    def standing(self) -> Label:
        """Who signed it, and how old the last entry is."""
        issuer, days = self.handover.standing.issuer, self.handover.standing.last_entry_days
        signed = self.ui("signed_by", organisation=issuer) if issuer else None
        age = counted("last_entry", days, self.language) if days else self.ui("last_entry_today") if days == 0 else None
        return joined(" · ", signed, age)

    def danger(self) -> Iterator[Line]:
        for line in (*self.handover.danger, *self.handover.watch):
            what = label("finding", line.key, self.language) if line.kind == "finding" else self.reading(line)
            old = self.ui("old") if line.old else None
            said = joined("", joined(", ", what, *self.where(line.origin), old), self.because(line))
            level: Level = "red" if line.level == "red" else "amber"
            draft = not all(rule.confirmed for rule in line.rules)
            yield _line(said, level, line.origin, "danger", line.sensitivity, draft)

    def because(self, line: Danger) -> Label | None:
        """The rules that were met, in words and by source; a danger sign's own words say enough without the rule's."""
        if not line.rules:
            return None
        meanings = [label("rule", str(rule.number), self.language) for rule in line.rules] if line.kind == "value" else []
        met = self.ui("rule_met", rule=", ".join(dict.fromkeys(rule.source for rule in line.rules)))
        remark = None if all(rule.confirmed for rule in line.rules) else self.ui("unconfirmed")
        said = joined(self.semicolon, *dict.fromkeys(meanings))
        return joined("", self.colon if said.text else "", said, " (", joined(self.semicolon, met, remark), ")")

    def reading(self, line: Danger) -> Label:
        language, values = self.language, dict(line.values)
        if line.key == "gestation_days":
            return joined(" ", label("derived", "gestational_age_days", language), self.gestation(divmod(int(values[line.key]), 7)))
        if line.key.endswith("_z"):
            score = joined(" ", label("growth", line.key.removesuffix("_z"), language), number(_number(values[line.key]), language), "z")
            units = vocabulary.default().observations[line.origin.role].by_key
            measured = [self.measured(key, ((key, value),), units[key].unit) for key, value in line.inputs if key in units]
            return joined(" ", score, joined("", "(", joined(", ", *measured), ")") if measured else None)
        return joined(" ", self.quantity(line.key, line.values, line.origin.role), self.measured(line.key, line.values, line.unit))

    def quantity(self, key: str, values: tuple[tuple[str, Value], ...], role: Role) -> Label:
        if key == "blood_pressure":
            return label("ui", key, self.language) if len(values) != 1 else label("observation", values[0][0], self.language)
        return label("observation", key, self.language, role)

    def measured(self, key: str, values: tuple[tuple[str, Value], ...], unit: str) -> Label:
        """"166/112 mmHg", "38.2 °C", "3+"."""
        texts = [
            value_label(name, value, self.language) if isinstance(value, str) else Label(number(value, self.language), False)
            for name, value in values
        ]
        return joined(" ", joined("/", *texts), label("unit", unit, self.language) if unit else None)

    def where(self, origin: Origin) -> Iterator[Label]:
        """Date and time, then who says so where it is not the issuer, then whether that is not verified."""
        if origin.date:
            yield Label(day(origin.date, self.language) + (f" {origin.time}" if origin.time else ""), False)
        if origin.source:
            yield self.organisation(origin.source)
        if not origin.verified:
            yield self.ui("unverified_line")

    def organisation(self, source: str) -> Label:
        if source == HOLDER:
            return self.ui("told_by_holder")
        if source == WITHHELD:
            return self.ui("withheld_organisation")
        return self.ui("unknown_organisation") if source.startswith("#") else Label(source, False)

    def time_critical(self) -> Iterator[Line]:
        for given in self.handover.time_critical:
            name = medicine_label(given.medicine, self.language, given.unit not in SELF_EXPLAINED)
            who = given.origin.source or self.handover.standing.issuer
            by = self.organisation(who) if who else None
            if by and who not in (HOLDER, WITHHELD):
                by = self.ui("given_by", organisation=by)
            when = Label(day(given.origin.date, self.language), False) if given.origin.date else None
            at = Label(given.origin.time, False) if given.origin.time else self.ui("time_unknown")
            verified = None if given.origin.verified else self.ui("unverified_line")
            text = joined(", ", joined(" ", name, self.taken(given)), joined(" ", when, at), by, verified)
            yield _line(text, "old" if given.old else "info", given.origin, "medicine", given.sensitivity)

    def taken(self, given: Given | Supply) -> Label:
        how_much = amount(given.amount, given.unit, self.language)
        if not given.timing or not given.days:
            return how_much
        timing = label("timing", given.timing, self.language)
        return counted("to_take", given.days, self.language, amount=how_much, timing=timing)

    def allergies(self) -> Iterator[Line]:
        for line in self.handover.allergies:
            level: Level = "amber" if line.state == "listed" else "info" if line.state == "none_asked" else "question"
            if line.state == "listed":
                text = joined(self.colon, self.ui("allergy"), joined(", ", *(label("allergy", word, self.language) for word in line.words)))
            else:
                text = self.ui(f"allergies_{line.state}")
            verified = None if line.origin.verified else self.ui("unverified_line")
            yield _line(joined(", ", text, verified), level, line.origin, "allergy", line.sensitivity)

    def who(self) -> Iterator[Line]:
        for who in self.handover.who:
            lines = self.mother(who) if who.origin.role == "mother" else self.infant(who)
            icon = "mother" if who.origin.role == "mother" else "baby"
            doubt = None if who.origin.verified else self.ui("unverified_line")
            for text in lines:
                if text.text:
                    yield _line(joined(", ", text, doubt), "info", who.origin, icon, who.sensitivity)
                    doubt = None  # said once for the whole person
            for found in who.conditions:
                text = joined(", ", label("finding", found.finding, self.language), *self.where(found.origin))
                yield _line(text, "info", found.origin, icon, found.sensitivity)

    def mother(self, who: Who) -> Iterator[Label]:
        language = self.language
        if who.gestation:
            dated = self.ui("dated_by", method=label("enumeration", f"dating.{who.dating}", language)) if who.dating else None
            yield joined(" ", label("derived", "gestational_age_days", language), joined(", ", self.gestation(who.gestation), dated))
            if who.expected:
                yield joined(" ", label("derived", "edd", language), day(who.expected, language))
        elif who.pregnant:
            yield joined(self.colon, label("derived", "gestational_age_days", language), self.ui("unknown"))
        if who.postpartum_days is not None:
            yield counted("postpartum_day", who.postpartum_days, language)
        counts = [(key, getattr(who, key)) for key in ("gravida", "parity", "caesareans")]
        yield joined(" · ", *(joined(" ", self.ui(key), str(count)) for key, count in counts if count is not None))
        if who.fetuses and who.fetuses > 1:
            yield joined(" ", label("observation", "fetuses", language), str(who.fetuses))
        yield self.blood(who)
        if who.age_years is not None:
            yield joined(self.colon, label("observation", "age_years", language), counted("years", who.age_years, language, "years"))

    def infant(self, who: Who) -> Iterator[Label]:
        language = self.language
        age = None
        if who.age:
            about = label("enumeration", "born_precision.estimated", language) if who.age.approximate else None
            said = counted(who.age.unit, who.age.count, language, who.age.unit)
            age = joined(" ", self.ui("age"), joined(", ", said, about))
        sex = label("enumeration", f"sex.{who.sex}", language) if who.sex else None
        yield joined(" · ", age or joined(self.colon, self.ui("age"), self.ui("unknown")), sex)
        weight = who.birth_weight_g
        born = joined(" ", self.ui("birth_weight"), str(weight), label("unit", "g", language)) if weight is not None else None
        weeks = who.gestation_at_birth
        early = None
        if weeks is not None:
            early = joined(" ", label("observation", "gestation_weeks", language), counted("weeks", weeks, language, "weeks"))
        yield joined(" · ", born, early)
        if who.feeding:
            feeding = joined(self.colon, label("observation", "feeding", language), value_label("feeding", who.feeding.word, language))
            yield joined(", ", feeding, *self.where(who.feeding.origin))
        yield self.blood(who)

    def blood(self, who: Who) -> Label:
        if not who.blood_group or not who.rhesus:
            return Label("", False)
        rhesus = joined(" ", self.ui("rhesus"), label("value", who.rhesus, self.language))
        return joined(" ", label("observation", "blood_group", self.language), who.blood_group, joined("", "(", rhesus, ")"))

    def gestation(self, weeks_and_days: tuple[int, int]) -> Label:
        return self.ui("gestation", weeks=weeks_and_days[0], days=weeks_and_days[1])

    def values(self) -> Iterator[Line]:
        for missing in self.handover.not_measured:
            what = self.quantity(missing.key, (), missing.origin.role)
            when = [Label(day(missing.origin.date, self.language), False)] if missing.origin.date else []
            text = joined(", ", joined(self.colon, what, self.ui("not_measured")), *when)
            yield _line(text, "question", missing.origin, "scale", missing.sensitivity)
        for series in self.handover.values:
            newest = series.points[0]
            trend, old = self.ui(series.trend) if series.trend else None, self.ui("old") if newest.old else None
            text = joined(" · ", self.series(series), trend, old)
            yield _line(text, "old" if newest.old else "info", newest.origin, "scale", series.sensitivity)
        for growth in self.handover.growth:
            old = self.ui("old") if growth.old else None
            scores = {}
            for score in growth.scores:
                figure = joined(" ", label("growth", score.indicator, self.language), number(score.z, self.language), "z")
                if score.implausible:
                    text = joined(", ", joined(self.colon, figure, self.ui("implausible")), *self.where(growth.origin), old)
                    yield _line(text, "question", growth.origin, "scale", growth.sensitivity)
                elif score.indicator in SCORES_SHOWN:
                    remark = label("growth", score.word, self.language) if score.word and score.word != "normal" else None
                    scores[score.indicator] = joined(" ", figure, joined("", "(", remark, ")") if remark else None)
            if scores:
                shown = joined(self.semicolon, *(scores.get(name) for name in SCORES_SHOWN))
                text = joined(", ", shown, *self.where(growth.origin), old)
                yield _line(text, "old" if growth.old else "info", growth.origin, "scale", growth.sensitivity)

    def series(self, series: Series) -> Label:
        name = self.quantity(series.key, series.points[0].values, series.role)
        shown = []
        for n, point in enumerate(series.points):
            alone = len(point.values) == 1 and series.key == "blood_pressure" and n > 0
            part = label("observation", point.values[0][0], self.language) if alone else None
            value = self.measured(series.key, point.values, series.unit if n == 0 else "")
            shown.append(joined(" ", part, value, joined("", "(", joined(", ", *self.where(point.origin)), ")")))
        return joined(" ", name, joined(self.semicolon, *shown))

    def medicines(self) -> Iterator[Line]:
        for question in self.handover.questions:
            medicine = question.entry in vocabulary.default().medicines.by_key
            entry = medicine_label(question.entry, self.language) if medicine else label("vaccine", question.entry, self.language)
            remark = None if question.confirmed else self.ui("unconfirmed")
            details = joined("", "(", joined(", ", entry, *self.where(question.origin), remark), ")")
            text = joined(" ", label("conflict", str(question.number), self.language), details)
            yield _line(text, "question", question.origin, "medicine", question.sensitivity, not question.confirmed)
        for line in self.handover.medicines:
            name = medicine_label(line.medicine, self.language)
            if line.state == "finished":
                end = self.ui("finished")
            else:
                end = counted("runs_out_in" if line.days_left <= RUNS_OUT_SOON else "days_left", line.days_left, self.language)
            text = joined(" · ", joined(self.colon, name, self.taken(line)), end, joined(", ", *self.where(line.origin)))
            yield _line(text, "old" if line.state == "finished" else "info", line.origin, "medicine", line.sensitivity)

    def vaccines(self) -> Iterator[Line]:
        for line in self.handover.vaccines:
            name = label("vaccine", line.vaccine, self.language)
            dose = None if line.dose is None else joined(" ", label("unit", "dose", self.language), str(line.dose))
            undated = None if line.origin.date else self.ui("date_unknown")
            yield _line(joined(", ", name, dose, undated, *self.where(line.origin)), "info", line.origin, "vaccine", line.sensitivity)

    def due(self) -> Iterator[Line]:
        for due in self.handover.due:
            key = f"{due.schedule}.{due.key}"
            what = label("schedule", key, self.language) if has_label("schedule", key) else Label(due.label_en, True)
            on = day(due.due, self.language)
            state = self.ui("due_on", date=on)
            if due.state != "upcoming":
                state = joined("", self.ui("overdue" if due.state == "overdue" else "due_now"), f" ({on})")
            about = label("enumeration", "born_precision.estimated", self.language) if due.approximate else None
            text = joined(", ", joined(self.colon, what, state), about, None if due.confirmed else self.ui("unconfirmed"))
            role = self.handover.people[due.person]
            capital = text.text[:1].upper() + text.text[1:]
            level: Level = "amber" if due.state == "overdue" else "info"
            yield Line(capital, level, due.person, role, "next_visit", text.draft or not due.confirmed, due.sensitivity)

    def referral(self) -> Iterator[Line]:
        for line in self.handover.referrals:
            head = self.ui("referral_todo" if line.state == "to_do" else "referral_sent")
            urgency = label("enumeration", line.urgency if line.urgency.startswith("#") else f"urgency.{line.urgency}", self.language)
            reason = label("finding", line.reason, self.language) if line.reason else None
            to = self.ui("to_organisation", organisation=self.organisation(line.to)) if line.to else None
            what = joined(", ", label("service", line.service, self.language), urgency, reason, to, *self.where(line.origin))
            level: Level = "old" if line.state == "sent" else "amber" if line.urgency == "urgent" else "info"
            yield _line(joined(self.colon, head, what), level, line.origin, "referral", line.sensitivity)

    def more(self) -> Iterator[Line]:
        yield _line(self.ui("more_for_clinicians"), "info", None, "help")
        for line in self.handover.unknown_codes:
            code = label("finding", line.code, self.language) if line.code[0] == "#" else self.ui("code", n=line.code)
            text = joined(", ", joined(self.colon, code, self.ui("unknown")), *self.where(line.origin))
            yield _line(text, "info", line.origin, "help", line.sensitivity)


def _number(value: Value) -> int | float:
    assert not isinstance(value, str)
    return value
