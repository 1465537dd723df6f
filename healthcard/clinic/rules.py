"""Thresholds and conflicts as data: the rules that a contact met (`fired`), the entries that raise a question (`conflicts`).

A rule that fires is no diagnosis: it names its source, shows the values that met it, and doses nothing. The rows are those of
vocabulary/thresholds.csv and conflicts.csv, read once and understood to the last word or refused. A threshold fires where
`observation op value` holds and its `when` holds (predicate.py has the language). What is not known never fires.

- A value beyond what can be true meets its `implausible` row and no other.
- Born to the month or to the year, a child has an age between two; a rule on age fires where it would for any of them. At such a
  border both sides may fire: to miss a sick child is worse than to look twice.
- A condition counts whenever it was found; a pregnancy only at the date of the entry.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date as Date
from functools import cache
from itertools import chain
from typing import Any, Final

from healthcard import vocabulary
from healthcard.clinic.predicate import Facts, Inputs, Test, comparison, condition
from healthcard.clinic.states import age_days, gestation_days, growth, is_pregnant, length_key, possible_ages, postpartum_days
from healthcard.growth import INDICATORS
from healthcard.record import AnyPerson, Contact, InfantContact, Record
from healthcard.vocabulary import ROLES, Table, Value, Vocabulary

__all__ = [
    "DANGER_SIGN", "LEVELS", "Conflict", "Fired", "Rule", "age_days", "conflicts", "fired", "gestation_days", "growth", "is_pregnant",
    "postpartum_days", "read_conflicts", "read_thresholds", "thresholds", "worst",
]  # fmt: skip

LEVELS: Final = ("info", "implausible", "amber", "red")  # in rising order
DANGER_SIGN: Final = "any danger_sign"  # stands for an observation: every finding of that kind fires by itself
TWENTY_WEEKS: Final = 140  # days since the last menstrual period
STATES: Final = frozenset({"pregnant", "pregnant_from_20_weeks"})
# What each z-score was computed from; "length" stands for the length or the height that counted.
MEASURED: Final[Mapping[str, tuple[str, ...]]] = {
    "weight_for_age": ("weight", "age_days"),
    "length_for_age": ("length", "age_days"),
    "weight_for_length": ("weight", "length"),
    "bmi_for_age": ("weight", "length", "age_days"),
    "head_circumference_for_age": ("head_circumference", "age_days"),
    "arm_circumference_for_age": ("muac", "age_days"),
}


@dataclass(frozen=True)
class Rule:
    """One row of thresholds.csv; `level` is a word of LEVELS."""

    number: int
    role: str
    observation: str
    op: str
    value: str
    when: str
    level: str
    meaning: str
    source: str
    confidence: str

    @property
    def confirmed(self) -> bool:
        """Whether the row was read in a source; one from memory may warn, and is shown as unconfirmed."""
        return self.confidence.startswith("read")


@dataclass(frozen=True)
class Fired:
    """A rule met at one contact; `inputs` are what met it, the rule's own value first, a finding as ("finding", its word)."""

    rule: Rule
    person: int
    contact: int
    date: Date
    inputs: tuple[tuple[str, int | float | str], ...]


@dataclass(frozen=True)
class Conflict:
    """A question that two entries of one person raise; contact and date are None for an undated vaccine."""

    number: int
    question: str
    source: str
    confidence: str
    person: int
    contact: int | None
    date: Date | None
    medicine_or_vaccine: str
    because: str

    @property
    def confirmed(self) -> bool:
        """Whether the row was read in a source; one from memory is shown as unconfirmed."""
        return self.confidence.startswith("read")


def fired(record: Record, person: int, contact: int, known: Vocabulary | None = None) -> tuple[Fired, ...]:
    """Every rule met at one contact, in the order of the table: also the milder ones, which `worst` drops."""
    someone = record.people[person]
    at = someone.contacts[contact]
    rows = _thresholds()[someone.role]
    facts = _facts(someone, at)
    findings = (known or vocabulary.default()).findings.by_key
    signs = [word for word in facts.findings if word in findings and findings[word].row["kind"] == "danger_sign"]
    met: list[tuple[Rule, Inputs]] = []
    for key in facts.values:
        hits = [(rule, inputs) for rule, test in rows.get(key, ()) if (inputs := test(facts)) is not None]
        met += [hit for hit in hits if hit[0].level == "implausible"] or hits
    for rule, test in rows.get(DANGER_SIGN, ()) if signs else ():
        if (inputs := test(facts)) is not None:
            met += [(rule, (("finding", word), *inputs)) for word in signs]
    met.sort(key=lambda hit: hit[0].number)
    return tuple(Fired(rule, person, contact, at.date, tuple(dict.fromkeys(inputs))) for rule, inputs in met)


def worst(met: Iterable[Fired]) -> tuple[Fired, ...]:
    """The highest level for each person and observation, the last one of equals; danger signs stay one by one."""
    kept: dict[tuple[int, str, Value], Fired] = {}
    for one in met:
        key = one.person, one.rule.observation, one.inputs[0][1] if one.rule.observation == DANGER_SIGN else ""
        if key not in kept or LEVELS.index(one.rule.level) >= LEVELS.index(kept[key].rule.level):
            kept[key] = one
    return tuple(kept.values())


def conflicts(record: Record, person: int, known: Vocabulary | None = None) -> tuple[Conflict, ...]:
    """What a person was given in spite of an allergy, a condition or a pregnancy, as questions; each once per contact."""
    someone = record.people[person]
    known = known or vocabulary.default()
    conditions = chain(someone.conditions or (), *(contact.findings or () for contact in someone.contacts))
    lasting = {("allergy", word) for word in someone.allergies or ()} | {("condition", word) for word in conditions}
    asked = []

    def ask(given: Iterable[tuple[Table[Any], str]], because: set[tuple[str, str]], contact: int | None, day: Date | None) -> None:
        for table, word in dict.fromkeys(given):
            names = {word, *(table.by_key[word].groups if word in table.by_key else ())}
            for row in _conflicts():
                if row["when_group_or_medicine"] in names and (row["with_kind"], row["with_key"]) in because:
                    texts = row["question_en"], row["source"], row["confidence"]
                    asked.append(Conflict(int(row["number"]), *texts, person, contact, day, word, row["with_key"]))

    ask([(known.vaccines, dose.vaccine) for dose in someone.vaccines_before or ()], lasting, None, None)
    for number, contact in enumerate(someone.contacts):
        given: list[tuple[Table[Any], str]] = [(known.medicines, entry.medicine) for entry in contact.medicines or ()]
        given += [(known.vaccines, entry.vaccine) for entry in contact.vaccines or ()]
        if given:
            ask(given, lasting | _states(someone, contact), number, contact.date)
    return tuple(asked)


def thresholds() -> tuple[Rule, ...]:
    """Every rule of the package, in the order of the table."""
    rows = chain.from_iterable(chain.from_iterable(of_role.values()) for of_role in _thresholds().values())
    return tuple(sorted((rule for rule, _ in rows), key=lambda rule: rule.number))


def _facts(person: AnyPerson, contact: Contact) -> Facts:
    values: dict[str, Value] = dict(contact.observations or {})
    behind: dict[str, tuple[str, ...]] = {}
    derived: dict[str, Value | None]
    if person.role == "infant" and isinstance(contact, InfantContact):
        derived = {"age_days": age_days(person, contact.date), "birth_weight_g": person.birth.weight_g if person.birth else None}
        if scores := growth(person, contact):
            length = length_key(person, contact)
            derived |= {f"{indicator}_z": getattr(scores, indicator) for indicator in INDICATORS}
            behind = {f"{name}_z": tuple(length if key == "length" else key for key in keys) for name, keys in MEASURED.items()}
    else:
        derived = {"gestation_days": gestation_days(person, contact.date), "postpartum_days": postpartum_days(person, contact.date)}
    values |= {key: value for key, value in derived.items() if value is not None}
    return Facts(values, behind, possible_ages(person, contact.date), contact.findings or (), is_pregnant(person, contact))


def _states(person: AnyPerson, contact: Contact) -> set[tuple[str, str]]:
    states = {("state", "pregnant")} if is_pregnant(person, contact) else set()
    days = gestation_days(person, contact.date)
    return states | {("state", "pregnant_from_20_weeks")} if days is not None and days >= TWENTY_WEEKS else states


# The tables

_Rules = Mapping[str, Mapping[str, Sequence[tuple[Rule, Test]]]]


@cache
def _thresholds() -> _Rules:
    return read_thresholds(vocabulary.read_csv(vocabulary.folder() / "thresholds.csv"), vocabulary.default())


@cache
def _conflicts() -> tuple[Mapping[str, str], ...]:
    return read_conflicts(vocabulary.read_csv(vocabulary.folder() / "conflicts.csv"), vocabulary.default())


def read_thresholds(rows: Iterable[Mapping[str, str]], known: Vocabulary) -> _Rules:
    """Rules with their tests, by role and observation; raises ValueError that names the row which is not fully understood."""
    tables: dict[str, dict[str, list[tuple[Rule, Test]]]] = {role: {} for role in ROLES}
    numbers: set[int] = set()
    for row in rows:
        try:
            rule = Rule(int(row["number"]), **{field.name: row[field.name] for field in fields(Rule)[1:]})
            test = _test(rule, known)
            if rule.level not in LEVELS or rule.number in numbers:
                raise ValueError("no such level, or a number that stands twice")
        except ValueError as error:
            raise ValueError(f"threshold {row['number']}: {error}") from None
        numbers.add(rule.number)
        tables[rule.role].setdefault(rule.observation, []).append((rule, test))
    return tables


def _test(rule: Rule, known: Vocabulary) -> Test:
    role = next((role for role in ROLES if role == rule.role), None)
    if role is None:
        raise ValueError("no such role")
    when = condition(rule.when, role, known)
    if rule.observation == DANGER_SIGN:
        if rule.op != "present" or rule.value:
            raise ValueError(f"{DANGER_SIGN} can only be present")
        return when
    own = comparison(rule.observation, rule.op, rule.value, role, known)

    def test(facts: Facts) -> Inputs | None:
        if (value := own(facts)) is None or (rest := when(facts)) is None:
            return None
        return value + rest

    return test


def read_conflicts(rows: Iterable[Mapping[str, str]], known: Vocabulary) -> tuple[Mapping[str, str], ...]:
    """The rows of conflicts.csv; raises ValueError that names the row with a word that means nothing, or that is no question."""
    tables: tuple[Table[Any], ...] = (known.medicines, known.vaccines)
    given = {name for table in tables for entry in table.entries for name in (entry.key, *entry.groups)}
    conditions = {entry.key for entry in known.findings.entries if entry.row["kind"] == "condition"}
    reasons = {"allergy": known.allergies.by_key.keys(), "condition": conditions, "state": STATES}
    checked = tuple(rows)
    for number, row in enumerate(checked):
        if row["when_group_or_medicine"] not in given:
            raise ValueError(f"conflict {row['number']}: no such medicine, vaccine or group")
        if row["with_key"] not in reasons.get(row["with_kind"], ()):
            raise ValueError(f"conflict {row['number']}: no such allergy, condition or state")
        if not row["question_en"].endswith(": check.") or any(row["number"] == other["number"] for other in checked[:number]):
            raise ValueError(f"conflict {row['number']}: not worded as a question, or a number that stands twice")
    return checked
