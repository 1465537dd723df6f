"""Danger signs and values that met a rule, one line for each: blood pressure is one value with two parts."""

from collections.abc import Iterable, Mapping
from typing import Final

from healthcard.clinic import rules
from healthcard.clinic.measured import GROUPS, PARTS, is_old
from healthcard.clinic.rules import Fired
from healthcard.clinic.summary import Danger, Origin, RuleMet
from healthcard.record import Contact, Record
from healthcard.vocabulary import Quantity, Vocabulary

SHOWN: Final = ("red", "amber")
TELLS_PREGNANCY: Final = ("pregnant", "gestation", "postpartum")  # in the condition of a rule


def dangers(
    record: Record, last: Iterable[tuple[Contact, Origin]], elapsed: int, known: Vocabulary
) -> tuple[tuple[Danger, ...], tuple[Danger, ...]]:
    """What is red, then what is amber, in the contacts of one person's last day, `elapsed` days ago."""
    red: list[Danger] = []
    amber: list[Danger] = []
    for contact, origin in last:
        if origin.contact is None or not (contact.observations or contact.findings):
            continue
        table = known.findings.by_key
        signs: dict[str, list[Fired]] = {w: [] for w in contact.findings or () if w in table and table[w].row["kind"] == "danger_sign"}
        met: dict[str, list[Fired]] = {}
        for one in rules.fired(record, origin.person, origin.contact, known):
            if one.rule.observation == rules.DANGER_SIGN:
                for key, value in one.inputs:
                    if key == "finding" and value in signs:
                        signs[str(value)].append(one)
            elif one.rule.level in SHOWN:
                met.setdefault(GROUPS.get(one.rule.observation, one.rule.observation), []).append(one)
        for word, hits in signs.items():
            red.append(Danger(origin, table[word].sensitivity, "finding", word, "red", (), "", _said(hits), (("finding", word),), False))
        quantities = {**known.profile[origin.role].by_key, **known.observations[origin.role].by_key} if met else {}
        for key, hits in met.items():
            line = _value(key, hits, contact, origin, elapsed, quantities)
            (red if line.level == "red" else amber).append(line)
    return tuple(red), tuple(amber)


def _value(
    key: str, hits: list[Fired], contact: Contact, origin: Origin, elapsed: int, quantities: Mapping[str, Quantity]
) -> Danger:  # fmt: skip
    level = "red" if any(hit.rule.level == "red" for hit in hits) else "amber"
    said = [hit for hit in hits if hit.rule.level == level]
    parts, observations = PARTS.get(key, (key,)), contact.observations or {}
    inputs = tuple(dict.fromkeys(pair for hit in hits for pair in hit.inputs))
    values = tuple((part, observations[part]) for part in parts if part in observations)
    values = values or tuple(pair for pair in inputs if pair[0] in parts)
    quantity = quantities.get(parts[0])
    unit, sensitivity = (quantity.unit, quantity.sensitivity) if quantity else ("", 0)
    if any(word in f"{hit.rule.when} {key}" for hit in said for word in TELLS_PREGNANCY):
        sensitivity = max(sensitivity, 1)
    return Danger(origin, sensitivity, "value", key, level, values, unit, _said(said), inputs, is_old(key, elapsed))


def _said(hits: list[Fired]) -> tuple[RuleMet, ...]:
    """The rules met, less those that say a weaker thing on the same terms: of two limits the later row is the stricter."""
    kept = {(hit.rule.observation, hit.rule.op, hit.rule.when): hit.rule for hit in hits}
    return tuple(RuleMet(rule.number, rule.level, rule.meaning, rule.source, rule.confirmed) for rule in kept.values())
