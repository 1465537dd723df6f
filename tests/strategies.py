"""Hypothesis strategies for whole records and what a reader knows of them: every field, every role, numbers without a word included.

`records()` gives valid records only: what one can hold is what a card can hold.
"""

from datetime import date, timedelta
from functools import cache
from typing import Any

from hypothesis import strategies as st

from healthcard import cbor, vocabulary
from healthcard.clinic.handover import Context
from healthcard.record import Record
from healthcard.vocabulary import Quantity, Role, Table

FIRST_CONTACT, LAST_CONTACT = date(2020, 1, 1), date(2199, 6, 6)
ORGANISATIONS = st.sampled_from(["mx-rc", "hn-rc", "#9", "#700"])
SOURCES = st.none() | st.sampled_from(["holder", "withheld"]) | ORGANISATIONS
TIMES = st.none() | st.sampled_from([f"{hour:02}:{minute:02}" for hour in range(24) for minute in (0, 15, 30, 45)])
UNKNOWN_EVENTS: st.SearchStrategy[list[str]] = st.just([]) | st.lists(
    st.lists(st.integers(-9, 2**20) | st.binary(max_size=3), max_size=2).map(lambda rest: cbor.dumps([-4, *rest]).hex()),
    max_size=2,
    unique=True,
)
# Where the numbers without a word may lie, by table: the wire tells findings from services by them.
UNKNOWN = {
    "findings": (100, 199), "services": (235, 400), "medicines": (127, 500), "vaccines": (38, 120), "timings": (12, 40),
    "allergies": (23, 31), "urgency": (4, 20), "language": (25, 60),
}  # fmt: skip


@cache
def days(first: date = FIRST_CONTACT, last: date = LAST_CONTACT) -> st.SearchStrategy[date]:
    """Days of the years in which cards are in use, seldom any other that a card can hold."""
    near = st.dates(max(first, date(2024, 1, 1)), date(2027, 12, 31))
    return st.one_of(near, near, near, st.dates(first, last))


@cache
def words(name: str, sensitive: bool = True, unknown: bool = True) -> st.SearchStrategy[str]:
    """A word of a table of the vocabulary, seldom the number of an entry it does not have."""
    known = vocabulary.default()
    table: Table[Any] = known.enumerations[name] if name in known.enumerations else getattr(known, name)
    usual = st.sampled_from([entry.key for entry in table.entries if sensitive or entry.sensitivity < 2])
    return st.one_of(usual, usual, usual, numbers_without_a_word(table, *UNKNOWN[name])) if unknown else usual


@cache
def numbers_without_a_word(table: Table[Any], first: int, last: int) -> st.SearchStrategy[str]:
    free = [number for number in range(first, last + 1) if number not in table.by_number]
    return st.sampled_from([vocabulary.unknown(number) for number in free])


@cache
def values(table: Table[Quantity], key: str) -> st.SearchStrategy[Any]:
    """A value on the step of an observation or a profile field, believable or not; a word or "#77" of a coded one."""
    quantity = table.by_key[key]
    if quantity.kind == "coded":
        free = [number for number in range(20, 60) if number not in quantity.words]
        usual = st.sampled_from(sorted(quantity.words.values()))
        return st.one_of(usual, usual, st.sampled_from([vocabulary.unknown(number) for number in free]))
    near = st.integers(-40, 40).map(quantity.from_wire)
    return st.one_of(near, near, st.integers(-(2**20), 2**20).map(quantity.from_wire))


@st.composite
def observations(draw: st.DrawFn, role: Role, sensitive: bool) -> dict[str, Any]:
    table = vocabulary.default().observations[role]
    chosen = draw(st.lists(st.sampled_from(table.entries), max_size=9, unique_by=lambda entry: entry.key))
    found = {entry.key: draw(values(table, entry.key)) for entry in chosen if sensitive or entry.sensitivity < 2}
    if draw(st.integers(0, 5)) == 0:
        key = draw(numbers_without_a_word(table, 18, 30) | numbers_without_a_word(table, 60, 90))
        found[key] = draw(st.integers(-(2**31) + 1, 2**31 - 1))
    return found


@st.composite
def medicines(draw: st.DrawFn, sensitive: bool) -> dict[str, Any]:
    word = draw(words("medicines", sensitive))
    entry = vocabulary.default().medicines.by_key.get(word)
    steps = draw(st.integers(1, 400) | st.integers(1, 2**20))
    given = {"medicine": word, "amount": entry.scale.from_wire(steps) if entry else steps}
    if draw(st.booleans()):
        given |= {"timing": draw(words("timings")), "days": draw(st.integers(1, 90) | st.integers(1, 3660))}
    return given


@st.composite
def doses(draw: st.DrawFn) -> dict[str, Any]:
    return _present({"vaccine": draw(words("vaccines")), "dose": draw(st.none() | st.integers(0, 6))})


@st.composite
def referrals(draw: st.DrawFn, sensitive: bool) -> dict[str, Any]:
    return _present(
        {
            "service": draw(words("services", sensitive)),
            "urgency": draw(words("urgency")),
            "reason": draw(st.none() | words("findings", sensitive)),
            "to": draw(st.none() | ORGANISATIONS),
        }
    )


@st.composite
def contacts(draw: st.DrawFn, role: Role, sensitive: bool = True) -> dict[str, Any]:
    return _present(
        {
            "date": draw(days()).isoformat(),
            "time": draw(TIMES),
            "source": draw(SOURCES),
            "observations": draw(observations(role, sensitive)),
            "findings": draw(st.lists(words("findings", sensitive), max_size=4, unique=True)),
            "medicines": draw(st.lists(medicines(sensitive), max_size=4)),
            "vaccines": draw(st.lists(doses(), max_size=3, unique_by=_one_dose)),
            "services": draw(st.lists(words("services", sensitive), max_size=3, unique=True)),
            "referral": draw(st.none() | referrals(sensitive)),
            "unknown": draw(UNKNOWN_EVENTS),
        }
    )


@st.composite
def people(draw: st.DrawFn, sensitive: bool = True) -> dict[str, Any]:
    known = vocabulary.default()
    role: Role = draw(st.sampled_from(vocabulary.ROLES))
    profile = known.profile[role]
    person: dict[str, Any] = {"role": role}
    for quantity in draw(st.lists(st.sampled_from(profile.entries), unique_by=lambda entry: entry.key)):
        if quantity.key == "born_precision" or (not sensitive and quantity.key == "outcome"):
            continue
        value: Any
        if quantity.kind == "set":
            value = draw(st.lists(words("allergies"), max_size=3, unique=True))
        elif quantity.kind in ("number", "coded"):
            value = draw(values(profile, quantity.key))
        else:
            value = draw(days(date(1950, 1, 1))).isoformat()
        group, _, name = quantity.path.rpartition(".")
        (person.setdefault(group, {}) if group else person)[name] = value
    if "born" in person:
        precision = draw(st.none() | st.sampled_from(["day", "month", "year", "estimated"]))
        person |= _present({"born_precision": precision})
        if precision == "month":
            person["born"] = min(person["born"][:8] + "15", "2199-05-15")  # the last month that has its day 15 on a card
    if draw(st.integers(0, 5)) == 0:
        person["unknown"] = {draw(numbers_without_a_word(profile, 11, 30)): draw(st.integers(-(2**31) + 1, 2**31 - 1))}
    conditions = [f.key for f in known.findings.entries if f.row["kind"] == "condition" and (sensitive or f.sensitivity < 2)]
    history = {
        "conditions": draw(st.lists(st.sampled_from(conditions), max_size=3, unique=True)),
        "vaccines_before": draw(st.lists(doses(), max_size=3, unique_by=_one_dose)),
    }
    if any(history.values()):
        person |= _present(history | {"history_source": draw(SOURCES)})
    seen = draw(st.lists(contacts(role, sensitive), max_size=5, unique_by=lambda c: (c["date"], c.get("time"), c.get("source"))))
    return person | {"contacts": seen}


@st.composite
def record_json(draw: st.DrawFn, sensitive: bool = True, most_people: int = 4) -> dict[str, Any]:
    """The JSON form of a valid record, lists in any order."""
    return {
        "language": draw(words("language")),
        "choices": {"import": draw(st.booleans()), "count": draw(st.booleans())},
        "people": draw(st.lists(people(sensitive), min_size=1, max_size=most_people)),
    }


def records(sensitive: bool = True, most_people: int = 4) -> st.SearchStrategy[Record]:
    """Valid records; without entries of level 2 and 3 where `sensitive` is false."""
    return record_json(sensitive, most_people).map(Record.from_json)


@st.composite
def contexts(draw: st.DrawFn) -> Context:
    """A record with any verdict, issuer and unverified contacts."""
    record = draw(records())
    every = [(p, c) for p, person in enumerate(record.people) for c in range(len(person.contacts))]
    unverified = frozenset(draw(st.lists(st.sampled_from(every)))) if every else frozenset()
    verdict = draw(st.none() | st.sampled_from(["verified", "unknown-issuer", "altered", "not-authorised", "withdrawn"]))
    return Context(record, verdict, draw(st.none() | st.just("mx-rc")), unverified)


def todays() -> st.SearchStrategy[date]:
    """The day of reading: near the contacts, or that of a phone set to 1970 or 2199."""
    return st.one_of(days(), days(), st.just(date(1970, 1, 1)), days().map(lambda day: day + timedelta(30)))


def _one_dose(dose: dict[str, Any]) -> tuple[str, int | None]:
    return dose["vaccine"], dose.get("dose")


def _present(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, [], {})}
