"""The language of rules: `comparison` and `condition` turn text into tests of the `Facts` of one contact.

    condition = all ("or" all)*           all = term ("and" term)*
    term = "pregnant" | "not pregnant" | "finding" word,word,... (any of them) | value (">=" | ">" | "<" | "=") limit

A test answers with the inputs that made it true, or with None. What is not known is never true. The language has no negation ("not
pregnant" is a word of its own), so Kleene's "unknown" and "false" can share that one answer, and a missing value is never taken for
a normal one. A coded value that the vocabulary does not know ("#9") is in no set of words, not even in "not in".
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from operator import eq, ge, gt, lt
from typing import Any, Final, NamedTuple

from healthcard.growth import INDICATORS
from healthcard.vocabulary import Quantity, Role, Value, Vocabulary

# Values that are no observations: derived from the person, the date and the measurements of the contact.
DERIVED: Final[Mapping[Role, frozenset[str]]] = {
    "mother": frozenset({"gestation_days", "postpartum_days"}),
    "infant": frozenset({"age_days", "birth_weight_g", *(f"{indicator}_z" for indicator in INDICATORS)}),
}
ORDERED: Final = frozenset({"urine_protein", "urine_glucose", "oedema", "dehydration"})  # coded values that can be more or less
COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {">=": ge, ">": gt, "<": lt, "=": eq}


class Facts(NamedTuple):
    """All that a rule can ask at one contact."""

    values: Mapping[str, Value]  # observed and derived
    behind: Mapping[str, tuple[str, ...]]  # the values that a derived one came from
    ages: tuple[int, ...]  # ages in days that the day of birth, as exact as it was given, allows: ends of one span
    findings: tuple[str, ...]
    pregnant: bool | None


Inputs = tuple[tuple[str, Value], ...]
Test = Callable[[Facts], Inputs | None]


def comparison(key: str, op: str, value: str, role: Role, known: Vocabulary) -> Test:
    """The test that the value called `key` stands in relation `op` to `value`; raises ValueError where that can't be meant."""
    quantity = known.observations[role].by_key.get(key)
    if quantity is None and key not in DERIVED[role]:
        raise ValueError(f"{key} is no value of a {role}")
    holds = _coded(quantity, op, value) if quantity and quantity.kind == "coded" else _number(op, value)

    def test(facts: Facts) -> Inputs | None:
        if key not in facts.values:
            return None
        possible = facts.ages if key == "age_days" else (facts.values[key],)
        if not any(map(holds, possible)):
            return None
        return tuple((name, facts.values[name]) for name in (key, *facts.behind.get(key, ())))

    return test


def condition(text: str, role: Role, known: Vocabulary) -> Test:
    """The test of a `when` cell; an empty one always holds. Raises ValueError for a word that it does not understand."""
    if not text:
        return lambda facts: ()
    alternatives = []
    for alternative in text.split(" or "):
        terms = [_term(term, role, known) for term in alternative.split(" and ")]
        alternatives.append(_at_least(len(terms), terms))
    return _at_least(1, alternatives)


def _term(term: str, role: Role, known: Vocabulary) -> Test:
    match term.split():
        case ["pregnant"] if role == "mother":
            return _pregnant(True)
        case ["not", "pregnant"] if role == "mother":
            return _pregnant(False)
        case ["finding", words]:
            return _finding(words.split(","), known)
        case [key, op, value] if op in COMPARE:
            return comparison(key, op, value, role, known)
    raise ValueError(f"not understood: {term!r}")


def _finding(words: Sequence[str], known: Vocabulary) -> Test:
    for word in words:
        if word not in known.findings.by_key:
            raise ValueError(f"no such finding: {word}")
    return lambda facts: tuple(("finding", word) for word in words if word in facts.findings) or None


def _pregnant(wanted: bool) -> Test:
    def test(facts: Facts) -> Inputs | None:
        if facts.pregnant is not wanted:
            return None
        key = "gestation_days" if wanted else "postpartum_days"
        return ((key, facts.values[key]),) if key in facts.values else (("finding", "pregnant"),)

    return test


def _at_least(least: int, tests: Sequence[Test]) -> Test:
    def test(facts: Facts) -> Inputs | None:
        held = [inputs for test in tests if (inputs := test(facts)) is not None]
        return tuple(chain.from_iterable(held)) if len(held) >= least else None

    return test


def _number(op: str, value: str) -> Callable[[Any], bool]:
    match op, [float(part) for part in value.split(",")]:
        case ((">=" | ">" | "<" | "="), [limit]):
            compare = COMPARE[op]
            return lambda number: compare(number, limit)
        case "abs >", [limit]:
            return lambda number: bool(abs(number) > limit)
        case "outside", [low, high]:
            return lambda number: not low <= number <= high
    raise ValueError(f"no comparison of numbers: {op} {value}")


def _coded(quantity: Quantity, op: str, value: str) -> Callable[[Any], bool]:
    order = list(quantity.words.values())
    words = value.split(",")
    if not set(words) <= set(order):
        raise ValueError(f"{value} is not of the list of {quantity.key}")
    match op, words:
        case ("in", _) | ("=", [_]):
            chosen = words
        case "not in", _:
            chosen = [word for word in order if word not in words]
        case ((">=" | ">" | "<"), [word]) if quantity.key in ORDERED:
            chosen = [other for other in order if COMPARE[op](order.index(other), order.index(word))]
        case _:
            raise ValueError(f"no comparison of {quantity.key}: {op} {value}")
    return frozenset(chosen).__contains__
