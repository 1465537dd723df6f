"""The growth scores of the pages (web/growth.js) against the library's: WHO's own cases, random ones, and halves of a hundredth."""

import csv
import os
import random
from collections.abc import Iterable, Iterator

import pytest

from healthcard.growth import INDICATORS, classify, curve, z_scores
from tests.test_growth import CASES, POSITIONS, SEXES, SURVEY, in_mm, number
from tests.web_reader import WebReader

CAMPAIGN = bool(os.environ.get("HEALTHCARD_CAMPAIGN"))
NAMES = ("sex", "ageDays", "weightKg", "lengthCm", "position", "headCm", "muacMm", "oedema")

Measured = tuple[str, float | None, float | None, float | None, str | None, float | None, float | None, bool]


@pytest.fixture(scope="module")
def pages() -> Iterator[WebReader]:
    with WebReader(script="clinic.mjs") as started:
        yield started


def agree(pages: WebReader, cases: Iterable[Measured]) -> None:
    """Scores, flags, the length used and the words are the same in both."""
    cases = list(cases)
    answers = pages.ask([{"ask": "growth", **dict(zip(NAMES, measured, strict=True))} for measured in cases])
    for measured, answer in zip(cases, answers, strict=True):
        scores = z_scores(*measured)
        z = {name: getattr(scores, name) for name in INDICATORS if getattr(scores, name) is not None}
        assert {name: float(found) for name, found in answer["z"].items()} == z, measured
        found = set(answer["flags"]), answer["lengthCm"], answer["words"]
        assert found == (scores.flags, scores.length_cm, classify(scores, measured[1])), measured


def test_all_of_who_cases_have_the_same_scores_and_words(pages):
    cases: list[Measured] = []
    for row in csv.DictReader(CASES.read_text().splitlines()):
        age, position = int(row["age_days"]) if row["age_days"] else None, POSITIONS[row["measure"]]
        measures = number(row["weight_kg"]), number(row["lenhei_cm"]), position, number(row["headc_cm"]), in_mm(row["muac_cm"])
        cases.append((SEXES[row["sex"]], age, *measures, row["oedema"] == "y"))
    for row in csv.DictReader(SURVEY.read_text().splitlines()):
        measures = number(row["WEIGHT"]), number(row["HEIGHT"]), POSITIONS[row["measure"]], number(row["HEAD"]), in_mm(row["MUAC"])
        cases.append((SEXES[row["GENDER"]], int(row["age.days"]), *measures, row["oedema"] == "y"))
    assert len(cases) == 249 + 498
    agree(pages, cases)


def test_random_measurements_have_the_same_scores(pages):
    draw = random.Random(None if CAMPAIGN else 7)

    def one(low: float, high: float, decimals: int) -> float | None:
        """As it is measured, seldom not at all, with many decimals, implausible, or beyond what anybody can have measured."""
        value = draw.uniform(low, high)
        return draw.choice([None, value, -value, value * 100, value / 100, value * 1e7, value / 1e9, *[round(value, decimals)] * 15])

    def child() -> Measured:
        age = draw.choice([None, draw.uniform(-5, 1900), *[draw.randrange(1828)] * 10])
        measures = one(0.5, 35, 2), one(40, 125, 1), draw.choice(["lying", "standing", None]), one(25, 60, 1), one(60, 250, 0)
        return draw.choice(["male", "female", "female", "male", "unknown"]), age, *measures, draw.random() < 0.1

    for _ in range(200 if CAMPAIGN else 5):
        agree(pages, [child() for _ in range(1000)])


def test_a_score_halfway_between_two_hundredths_is_rounded_to_the_even_one(pages):
    # A score on an odd number of eighths is exactly halfway; Python goes to the even side, toFixed of JavaScript away from zero.
    cases: list[tuple[float, Measured]] = [
        (eighths / 8, ("female", day, None, length, None, None, None, False))
        for eighths in range(-39, 40, 2)
        for day, length in curve("length_for_age", "female", eighths / 8)[::60]
    ]
    agree(pages, [measured for _, measured in cases])
    halfway = [z for z, measured in cases if z_scores(*measured).length_for_age == round(z, 2)]
    assert sum(abs(round(z, 2)) < abs(z) for z in halfway) > 100
