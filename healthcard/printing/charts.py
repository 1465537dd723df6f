"""The growth charts of a face: WHO's lines of weight for length or height, a child's measured points, and the arm circumference.

Numbers and words only: how it looks is the template's. A child whose sex is not known has no chart, for there are no lines without it.
"""

from collections.abc import Callable
from typing import Any, Final

from healthcard import growth
from healthcard.clinic import rules, states
from healthcard.record import Infant, Record
from healthcard.words.labels import day, number

Words = tuple[str, str | None]
Pair = Callable[..., dict[str, Any]]  # words of a label by kind, key and role, in her language and in the route's

SPAN_CM: Final = 30  # of the length axis: of all the lengths of WHO's tables, lines would lie on each other
AHEAD_CM: Final = 10  # at least so much of it is left for what is measured later
LINES: Final = (-3, -2, 0, 2, 3)  # z-scores
ARM_MM: Final = (95, 155)
ARM_FROM_DAY: Final = 183  # the limits of the arm circumference hold from six months (WHO 2023)


def charts(record: Record, pair: Pair, language: str) -> list[dict[str, Any]]:
    """A chart for each child of the record, in its order, as print_templates/README.md describes it."""
    children = [person for person in record.people if isinstance(person, Infant)]
    drawn = [(n, child) for n, child in enumerate(children, 1) if child.sex in ("male", "female")]
    return [_chart(child, n if len(children) > 1 else None, pair, language) for n, child in drawn]


def _chart(child: Infant, position: int | None, pair: Pair, language: str) -> dict[str, Any]:
    assert child.sex
    standing, points = _points(child)
    indicator = "weight_for_height" if standing else "weight_for_length"
    axis = growth.TABLES[indicator]
    first, last = axis.first / axis.per_unit, (axis.first + axis.rows - 1) / axis.per_unit
    tallest = max((x for _, x, _ in points), default=first)
    start = min(max((tallest + AHEAD_CM - SPAN_CM) // 5 * 5, first), last - SPAN_CM)
    lines = {z: _line(indicator, child.sex, z, start) for z in LINES}
    seen = [(day(on, language), x, y) for on, x, y in points if start <= x <= start + SPAN_CM]
    heights = [y for line in lines.values() for _, y in line] + [y for _, _, y in seen]
    return {
        "number": position,
        "title": pair("growth", "weight_for_length"),
        "x": {"from": start, "to": start + SPAN_CM, **pair("observation", "height" if standing else "length", "infant"), "unit": "cm"},
        "y": {"from": int(min(heights)), "to": int(max(heights)) + 1, **pair("observation", "weight", "infant"), "unit": "kg"},
        "lines": [{"z": z, "points": line} for z, line in lines.items()],
        "points": [{"date": on, "x": x, "y": y} for on, x, y in seen],
        "said": "; ".join(f"{on}: {number(x, language)} cm, {number(y, language)} kg" for on, x, y in seen),
        "arm": _arm(child, pair, language),
    }


def _points(child: Infant) -> tuple[bool, list[tuple[Any, float, float]]]:
    """Whether height counts at the last measurement, and day, length and weight of each one, as if all had lain or stood alike."""
    found = []
    for contact in child.contacts:
        scores = states.growth(child, contact) if contact.observations else None
        if scores and scores.weight_for_length is not None and scores.length_cm is not None and contact.observations:
            days = states.age_days(child, contact.date)
            stands = states.length_key(child, contact) == "height" if days is None else days >= growth.STANDING_FROM_DAY
            found.append((contact.date, stands, scores.length_cm, float(contact.observations["weight"])))
    standing = found[-1][1] if found else False
    shift = growth.STANDING_CORRECTION_CM
    return standing, [(on, round(x + shift * (stood - standing), 1), y) for on, stood, x, y in found]


def _line(indicator: str, sex: str, z: float, start: float) -> list[tuple[float, float]]:
    """The line at every whole centimetre of the span."""
    return [(x, round(y, 2)) for x, y in growth.curve(indicator, sex, z) if x == int(x) and start <= x <= start + SPAN_CM]


def _arm(child: Infant, pair: Pair, language: str) -> dict[str, Any]:
    """The band of the arm circumference with its limits in mm, and the last value of an age for which they hold."""
    limits = {
        float(rule.value)
        for rule in rules.thresholds()
        if (rule.role, rule.observation, rule.op, rule.when) == ("infant", "muac", "<", f"age_days >= {ARM_FROM_DAY}")
    }
    measured = [
        (contact.date, contact.observations["muac"])
        for contact in child.contacts
        if contact.observations and "muac" in contact.observations and (states.age_days(child, contact.date) or 0) >= ARM_FROM_DAY
    ]
    on, mm = measured[-1] if measured else (None, None)
    return {
        "title": pair("observation", "muac", "infant"),
        "valid": pair("ui", "from_six_months"),
        "from": ARM_MM[0],
        "to": ARM_MM[1],
        "limits": sorted(limits),
        "mm": mm,
        "date": day(on, language) if on else "",
    }
