"""What a handover is made of: the lines of its ten sections, frozen, and their JSON form.

Field names are stable: the API, the browser and the printed text twin read them. Every line has an `Origin` (person, contact, date,
source, told by her, verified) and a `sensitivity`, the highest of the words in it: 1 stays off a text-light face.

Lines are named tuples: a frozen dataclass costs three times as much to make, and a card's handover has a hundred of them.
"""

from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from typing import Any, Literal, NamedTuple

from healthcard.clinic.schedule import Due
from healthcard.record import Record
from healthcard.vocabulary import Role, Value

Trend = Literal["rising", "falling", "steady"]


@dataclass(frozen=True, slots=True)
class Context:
    """A record and what its reader knows of it; `unverified` are the (person, contact) of parts that are not verified."""

    record: Record
    verdict: str | None = None
    issuer: str | None = None
    unverified: frozenset[tuple[int, int]] = frozenset()


class Origin(NamedTuple):
    """Where a line comes from: a contact, or the profile (no contact, no date).

    `source` is None for the issuer, "holder", "withheld" or an organisation, whose entry the issuer copied.
    """

    person: int
    role: Role
    contact: int | None
    date: date | None
    time: str | None
    source: str | None
    told_by_holder: bool
    verified: bool


class Standing(NamedTuple):
    """Section 0: the card's verdict, its issuer and the age of its last entry in days (None: no entry, or later than today)."""

    verdict: str | None
    issuer: str | None
    last_entry: date | None
    last_entry_days: int | None


class RuleMet(NamedTuple):
    """A rule that a value met; not a diagnosis. `confirmed` is false where its row was not read in its source."""

    number: int
    level: str
    meaning: str
    source: str
    confirmed: bool


class Danger(NamedTuple):
    """A danger sign (`kind` "finding") or a value that met a rule; `values` are its readings, `inputs` all that rules looked at."""

    origin: Origin
    sensitivity: int
    kind: Literal["finding", "value"]
    key: str
    level: str
    values: tuple[tuple[str, Value], ...]
    unit: str
    rules: tuple[RuleMet, ...]
    inputs: tuple[tuple[str, Value], ...]
    old: bool


class Given(NamedTuple):
    """A time-critical treatment; `amount` in the medicine's own unit, `timing` and `days` where it was handed over to take."""

    origin: Origin
    sensitivity: int
    medicine: str
    amount: int | float
    unit: str
    timing: str | None
    days: int | None
    old: bool


class Allergies(NamedTuple):
    """One person's allergies in three states; words only where they are listed."""

    origin: Origin
    sensitivity: int
    state: Literal["listed", "none_asked", "not_asked"]
    words: tuple[str, ...]


class Condition(NamedTuple):
    """A condition or state, at the last date it was noted; undated in the history."""

    origin: Origin
    sensitivity: int
    finding: str


@dataclass(frozen=True, slots=True)
class Age:
    """An age as staff say it: days under 28 days, weeks under 13 weeks, months under five years, then years."""

    count: int
    unit: Literal["days", "weeks", "months", "years"]
    approximate: bool


class Feeding(NamedTuple):
    origin: Origin
    sensitivity: int
    word: str


class Who(NamedTuple):
    """One person; a field that does not apply or is not known is None. `gestation` is completed weeks and days, today."""

    origin: Origin
    sensitivity: int
    conditions: tuple[Condition, ...]
    blood_group: str | None
    rhesus: Literal["positive", "negative"] | None
    # mother
    age_years: int | None = None
    pregnant: bool | None = None
    gestation: tuple[int, int] | None = None
    dating: str | None = None
    expected: date | None = None
    postpartum_days: int | None = None
    gravida: int | None = None
    parity: int | None = None
    caesareans: int | None = None
    fetuses: int | None = None
    # infant
    age: Age | None = None
    sex: str | None = None
    birth_weight_g: int | None = None
    gestation_at_birth: int | None = None
    feeding: Feeding | None = None


class Point(NamedTuple):
    """What was measured of one quantity at one contact: blood pressure has two parts."""

    origin: Origin
    values: tuple[tuple[str, Value], ...]
    old: bool


class Series(NamedTuple):
    """The last three values of one quantity, newest first; `trend` compares the last two, None where they have no order."""

    person: int
    role: Role
    sensitivity: int
    key: str
    unit: str
    points: tuple[Point, ...]
    trend: Trend | None


class NotMeasured(NamedTuple):
    """What the last contact should have measured and did not: blood pressure in pregnancy, a child's weight and length."""

    origin: Origin
    sensitivity: int
    key: str


class Score(NamedTuple):
    """One z-score; `word` is WHO's class, None where there is none or the score is implausible."""

    indicator: str
    z: float
    word: str | None
    implausible: bool


class Growth(NamedTuple):
    """A child's z-scores at the last contact that measured for them."""

    origin: Origin
    sensitivity: int
    age_days: int | None
    inputs: tuple[tuple[str, Value], ...]
    scores: tuple[Score, ...]
    old: bool


class Supply(NamedTuple):
    """A medicine handed over to take: `days_left` = days given - days elapsed, 0 or less when finished."""

    origin: Origin
    sensitivity: int
    medicine: str
    amount: int | float
    unit: str
    timing: str
    days: int
    days_left: int
    state: Literal["running", "finished"]


class Dose(NamedTuple):
    """A vaccine dose; dated by its origin, or of the history."""

    origin: Origin
    sensitivity: int
    vaccine: str
    dose: int | None


class ReferralLine(NamedTuple):
    """A referral: `to_do` until another organisation saw the person later, then the last one is still listed as `sent`."""

    origin: Origin
    sensitivity: int
    service: str
    urgency: str
    reason: str | None
    to: str | None
    state: Literal["to_do", "sent"]


class Question(NamedTuple):
    """Two entries that ask for a second look (`number` of conflicts.csv)."""

    origin: Origin
    sensitivity: int
    number: int
    question: str
    source: str
    confirmed: bool
    entry: str
    because: str


class UnknownCode(NamedTuple):
    """An entry that this vocabulary has no word for; `table` says of what kind it is, `code` is "#77" or raw bytes in hex."""

    origin: Origin
    sensitivity: int
    table: str
    code: str


@dataclass(frozen=True, slots=True)
class Handover:
    """The one-screen summary; fields stand in the order they are read in. `more` is the button for clinicians, always there."""

    today: date
    people: tuple[Role, ...]
    standing: Standing
    danger: tuple[Danger, ...]
    watch: tuple[Danger, ...]
    time_critical: tuple[Given, ...]
    allergies: tuple[Allergies, ...]
    who: tuple[Who, ...]
    values: tuple[Series, ...]
    not_measured: tuple[NotMeasured, ...]
    growth: tuple[Growth, ...]
    medicines: tuple[Supply, ...]
    questions: tuple[Question, ...]
    vaccines: tuple[Dose, ...]
    due: tuple[Due, ...]
    referrals: tuple[ReferralLine, ...]
    unknown_codes: tuple[UnknownCode, ...]
    more: bool = True

    def to_json(self) -> dict[str, Any]:
        """The same as plain JSON values: field names as here, dates as 2026-07-02."""
        plain: dict[str, Any] = _plain(self)
        return plain


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Due):
        return {name: _plain(item) for name, item in value._asdict().items()} | {"confirmed": value.confirmed}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: _plain(item) for name, item in value._asdict().items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    return value
