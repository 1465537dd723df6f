"""Growth scores against pygrowup2: microseconds per child, the same children and scores, both in one run.

    python benchmarks/growth.py

The children are those of WHO's sample survey with a weight, a length and an arm circumference, whose age both can score.
"""

import csv
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files

from pygrowup import Observation  # type: ignore[import-untyped]

from healthcard.growth import z_scores

ROUNDS = 7


@dataclass(frozen=True)
class Child:
    sex: str
    age_days: int
    weight_kg: float
    length_cm: float
    position: str
    muac_mm: float


def children() -> list[Child]:
    survey = files("pygrowup") / "test_datasets" / "MySurvey_z_st.csv"
    return [
        Child(
            {"1": "male", "2": "female"}[row["GENDER"]],
            int(row["age.days"]),
            round(float(row["WEIGHT"]), 1),
            round(float(row["HEIGHT"]), 1),
            {"l": "lying", "h": "standing"}[row["measure"]],
            round(float(row["MUAC"]) * 10),
        )
        for row in csv.DictReader(survey.read_text().splitlines())
        if row["WEIGHT"] and row["HEIGHT"] and row["MUAC"] and row["measure"] and 91 <= int(row["age.days"]) <= 1826
    ]


def with_healthcard(child: Child) -> None:
    z_scores(child.sex, child.age_days, child.weight_kg, child.length_cm, child.position, muac_mm=child.muac_mm)


def with_pygrowup(child: Child) -> None:
    weight, length = Decimal(str(child.weight_kg)), Decimal(str(child.length_cm))
    observation = Observation(child.sex, age_in_days=child.age_days)
    observation.weight_for_age(weight)
    observation.length_or_height_for_age(length, recumbent=child.position == "lying")
    observation.bmi_for_age(weight / (length / 100) ** 2)
    observation.arm_circumference_for_age(Decimal(str(child.muac_mm / 10)))
    if child.age_days < 731:
        observation.weight_for_length(weight, length)
    else:
        observation.weight_for_height(weight, length)


def microseconds(score: Callable[[Child], None], group: Sequence[Child]) -> float:
    start = time.perf_counter()
    for child in group:
        score(child)
    return (time.perf_counter() - start) / len(group) * 1e6


def main() -> None:
    group = children()
    for score in (with_healthcard, with_pygrowup):  # loads the tables
        microseconds(score, group)
    rounds = [(microseconds(with_healthcard, group), microseconds(with_pygrowup, group)) for _ in range(ROUNDS)]
    ours, theirs = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"growth: {len(group)} children, five scores each, median of {ROUNDS} rounds")
    print(f"healthcard {ours:.1f} us a child, pygrowup2 {theirs:.1f} us, {theirs / ours:.0f} times faster")


if __name__ == "__main__":
    main()
