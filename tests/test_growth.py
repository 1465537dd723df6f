"""Growth scores against WHO's own: 249 cases computed with WHO's R package `anthro`, and WHO's sample survey of 498 children."""

import csv
import importlib.util
import math
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthcard.growth import INDICATORS, TABLES, ZScores, classify, curve, z_scores

CASES = Path(__file__).parent / "data" / "growth_cases.csv"
SURVEY = files("pygrowup") / "test_datasets" / "MySurvey_z_st.csv"
TOOL = Path(__file__).parent.parent / "tools" / "growth_tables.py"
WHO_NAMES = {
    "weight_for_age": "wei",
    "length_for_age": "len",
    "weight_for_length": "wfl",
    "bmi_for_age": "bmi",
    "head_circumference_for_age": "hc",
    "arm_circumference_for_age": "ac",
}
SEXES = {"m": "male", "f": "female", "1": "male", "2": "female"}
POSITIONS = {"l": "lying", "h": "standing", "": None}

Expected = dict[str, tuple[float | None, bool]]


def number(text: str) -> float | None:
    return float(text) if text else None


def in_mm(text: str) -> float | None:
    return float(text) * 10 if text else None


def published(row: dict[str, str]) -> Expected:
    return {name: (number(row["z" + who]), row["f" + who] == "1") for name, who in WHO_NAMES.items()}


def ours(scores: ZScores) -> Expected:
    return {name: (getattr(scores, name), scores.implausible(name)) for name in WHO_NAMES}


def who_cases() -> Iterator[tuple[str, ZScores, dict[str, str]]]:
    for row in csv.DictReader(CASES.read_text().splitlines()):
        age = int(row["age_days"]) if row["age_days"] else None
        position, muac = POSITIONS[row["measure"]], in_mm(row["muac_cm"])
        measures = number(row["weight_kg"]), number(row["lenhei_cm"]), position, number(row["headc_cm"]), muac
        yield row["case_id"], z_scores(SEXES[row["sex"]], age, *measures, row["oedema"] == "y"), row


def who_survey() -> Iterator[tuple[int, ZScores, Expected]]:
    for row in csv.DictReader(SURVEY.read_text().splitlines()):
        age, muac = int(row["age.days"]), in_mm(row["MUAC"])
        measures = number(row["WEIGHT"]), number(row["HEIGHT"]), POSITIONS[row["measure"]], number(row["HEAD"]), muac
        yield age, z_scores(SEXES[row["GENDER"]], age, *measures, row["oedema"] == "y"), published(row)


def test_all_of_who_cases_agree_to_two_decimals_with_blanks_and_flags() -> None:
    cases = list(who_cases())
    assert len(cases) == 249
    assert {case: ours(scores) for case, scores, _ in cases} == {case: published(row) for case, _, row in cases}


def test_corrected_length_agrees_with_who_in_all_cases() -> None:
    for case, scores, row in who_cases():
        assert scores.length_cm == pytest.approx(number(row["clenhei"]), abs=1e-9), case


def test_who_sample_survey_agrees_for_every_child_under_sixty_months() -> None:
    children = [(scores, expected) for age, scores, expected in who_survey() if age <= 1826]
    assert len(children) == 494
    assert [ours(scores) for scores, _ in children] == [expected for _, expected in children]


def test_who_sample_survey_differs_only_in_four_children_past_sixty_months_whom_the_older_software_still_scored() -> None:
    # The survey's scores are from the older macros, which went on to day 1856; `anthro` stops at 60 months, and so do we.
    older = [(age, scores, expected) for age, scores, expected in who_survey() if age > 1826]
    assert [age for age, _, _ in older] == [1852, 1832, 1851, 1842]
    assert all(set(ours(scores).values()) == {(None, False)} for _, scores, _ in older)
    assert all(expected["weight_for_age"][0] is not None for _, _, expected in older)


@pytest.mark.parametrize(("age", "position", "used"), [
    (273, "standing", 80.0),  # under nine months nobody stands
    (274, "standing", 80.7),
    (730, "standing", 80.7),
    (731, "standing", 80.0),
    (730, "lying", 80.0),
    (731, "lying", 79.3),
    (730, None, 80.0),
    (731, None, 80.0),
    (None, "lying", 80.0),
    (None, "standing", 80.0),
])  # fmt: skip
def test_length_is_corrected_for_the_other_position(age: int | None, position: str | None, used: float) -> None:
    assert z_scores("female", age, 10, 80, position).length_cm == pytest.approx(used)


def test_length_turns_into_height_at_731_days() -> None:
    assert z_scores("male", 730, 4, 50).weight_for_length is not None
    assert z_scores("male", 731, 4, 50).weight_for_length is None  # for height there is nothing under 65 cm
    assert z_scores("male", 731, 20, 115).weight_for_length is not None


@pytest.mark.parametrize(("age", "length", "inside"), [
    (400, 44.9, False), (400, 45, True), (400, 110, True), (400, 110.1, False),
    (900, 64.9, False), (900, 65, True), (900, 120, True), (900, 120.1, False),
])  # fmt: skip
def test_weight_for_length_is_computed_within_the_table_and_not_beyond(age: int, length: float, inside: bool) -> None:
    assert (z_scores("female", age, 10, length).weight_for_length is not None) is inside


def test_correction_for_position_reaches_the_first_and_last_row() -> None:
    assert z_scores("male", 400, 3, 44.3, "standing").weight_for_length is not None
    assert z_scores("male", 400, 3, 44.2, "standing").weight_for_length is None
    assert z_scores("male", 900, 23, 120.7, "lying").weight_for_length is not None
    assert z_scores("male", 900, 23, 120.8, "lying").weight_for_length is None


def test_arm_circumference_counts_from_day_91() -> None:
    assert z_scores("male", 90, muac_mm=130) == ZScores()
    assert z_scores("male", 91, muac_mm=130).arm_circumference_for_age is not None


def test_nothing_is_computed_from_sixty_months_or_before_birth() -> None:
    everything = (15, 100, "standing", 50, 150)
    assert None not in {getattr(z_scores("male", 1826, *everything), name) for name in INDICATORS}
    assert {getattr(z_scores("male", 1827, *everything), name) for name in INDICATORS} == {None}
    assert {getattr(z_scores("male", -1, *everything), name) for name in INDICATORS} == {None}


def test_of_an_age_only_whole_days_count() -> None:
    assert z_scores("male", 730.9, 9, 80, "lying", 47, 140) == z_scores("male", 730, 9, 80, "lying", 47, 140)


def test_without_an_age_position_or_else_87_cm_picks_the_table() -> None:
    def alone(age: int | None, length: float, position: str | None = None) -> float | None:
        return z_scores("male", age, 11, length, position).weight_for_length

    by_length, by_height = alone(400, 87), alone(900, 87)
    assert by_length != by_height
    assert alone(None, 87, "lying") == by_length
    assert alone(None, 87, "standing") == by_height
    assert alone(None, 87) == by_height
    assert alone(None, 86.9) == alone(400, 86.9) != alone(900, 86.9)
    scores = z_scores("male", None, 11, 87, "lying", 47, 140)
    assert {name for name in INDICATORS if getattr(scores, name) is not None} == {"weight_for_length"}


def test_oedema_leaves_no_score_that_needs_a_weight() -> None:
    measures = ("female", 500, 8, 75, "lying", 46, 120)
    dry, swollen = z_scores(*measures), z_scores(*measures, oedema=True)
    assert {name for name in INDICATORS if getattr(swollen, name) is None} == {"weight_for_age", "weight_for_length", "bmi_for_age"}
    kept = ("length_for_age", "head_circumference_for_age", "arm_circumference_for_age")
    assert [getattr(swollen, name) for name in kept] == [getattr(dry, name) for name in kept]


@pytest.mark.parametrize("sex", ["unknown", "", "m", "Male", "intersex"])
def test_another_sex_gives_no_score(sex: str) -> None:
    assert z_scores(sex, 400, 9, 75, "lying", 46, 140) == ZScores(length_cm=75)


def test_missing_and_impossible_measurements_give_none_and_not_zero() -> None:
    assert z_scores("male", 400) == ZScores()
    assert z_scores("male", 400, 0, 0, None, 0, 0) == ZScores()
    assert z_scores("male", 400, -9, -75, None, -46, -140) == ZScores()
    assert z_scores("male", 400, math.nan, math.inf, None, -math.inf, math.nan) == ZScores()
    assert z_scores("male", None, weight_kg=9) == ZScores()
    assert z_scores("male", 800, 9, 0.7, "lying").bmi_for_age is None  # nothing is left after the correction


def test_a_hair_under_the_median_is_zero_without_a_minus_sign() -> None:
    assert str(z_scores("female", 0, weight_kg=3.232).weight_for_age) == "0.0"


@pytest.mark.parametrize(("row", "word"), [
    (-3.01, "severe_wasting"), (-3.0, "wasting"), (-2.01, "wasting"), (-2.0, "normal"), (1.0, "normal"),
    (1.01, "possible_risk_of_overweight"), (2.0, "possible_risk_of_overweight"), (2.01, "overweight"), (3.0, "overweight"),
    (3.01, "obese"),
])  # fmt: skip
def test_weight_for_length_and_bmi_have_the_words_of_who_table(row: float, word: str) -> None:
    assert classify(ZScores(weight_for_length=row, bmi_for_age=row), 400) == {"weight_for_length": word, "bmi_for_age": word}


@pytest.mark.parametrize(("row", "weight", "length"), [
    (-3.01, "severe_underweight", "severe_stunting"), (-3.0, "underweight", "stunting"), (-2.0, "normal", "normal"),
    (1.0, "normal", "normal"), (1.01, "assess_weight_for_length", "normal"), (3.0, "assess_weight_for_length", "normal"),
    (3.01, "assess_weight_for_length", "very_tall"),
])  # fmt: skip
def test_weight_and_length_for_age_have_the_words_of_who_table(row: float, weight: str, length: str) -> None:
    assert classify(ZScores(weight_for_age=row, length_for_age=row), 400) == {"weight_for_age": weight, "length_for_age": length}


def test_an_implausible_score_is_kept_but_never_classed() -> None:
    scores = z_scores("male", 200, 2, 66, "lying")
    assert scores.weight_for_length == -11.32
    assert scores.flags == {"weight_for_age", "weight_for_length", "bmi_for_age"}
    words = classify(scores, 200)
    assert words == {**dict.fromkeys(scores.flags, "implausible"), "length_for_age": "normal"}


def test_scores_without_words_and_missing_scores_are_left_out_of_the_classes() -> None:
    assert classify(ZScores(), 400) == {}
    assert classify(ZScores(head_circumference_for_age=-4, arm_circumference_for_age=-4), 400) == {}
    assert classify(ZScores(arm_circumference_for_age=-6, flags=frozenset({"arm_circumference_for_age"})), 400) == {
        "arm_circumference_for_age": "implausible"
    }


def test_classes_end_at_sixty_months_and_hold_at_an_unknown_age() -> None:
    scores = ZScores(weight_for_length=-2.5)
    assert classify(scores, 1827) == classify(scores, -1) == {}
    assert classify(scores, None) == classify(scores, 0) == {"weight_for_length": "wasting"}


def test_curve_has_a_point_for_every_row_and_the_published_median() -> None:
    for table, axis in TABLES.items():
        line = curve(table, "female", 0)
        assert len(line) == axis.rows
        assert [x for x, _ in line] == sorted({x for x, _ in line})
    # `anthro`, data-raw/growthstandards: weianthro.txt, first row; wfhanthro.txt, last row.
    assert curve("weight_for_age", "male", 0)[0] == (0, 3.3464)
    assert curve("weight_for_height", "female", 0)[-1] == (120, 22.8173)


Z = st.floats(-4.9, 4.9)
DAY = st.integers(0, 1826)
SEX = st.sampled_from(["male", "female"])
KG = st.floats(0.3, 45)


@given(SEX, DAY, Z)
def test_a_child_on_a_curve_has_the_score_of_that_curve(sex: str, day: int, z: float) -> None:
    def on(indicator: str) -> float:
        return dict(curve(indicator, sex, z))[day]

    near = pytest.approx(z, abs=0.0051)
    assert z_scores(sex, day, weight_kg=on("weight_for_age")).weight_for_age == near
    assert z_scores(sex, day, length_cm=on("length_for_age")).length_for_age == near
    assert z_scores(sex, day, head_cm=on("head_circumference_for_age")).head_circumference_for_age == near
    if day >= 91:
        assert z_scores(sex, day, muac_mm=10 * on("arm_circumference_for_age")).arm_circumference_for_age == near


@given(SEX, DAY, KG, KG, st.floats(45, 110))
def test_a_heavier_child_never_scores_lower(sex: str, day: int, one: float, other: float, length: float) -> None:
    light, heavy = (z_scores(sex, day, weight, length) for weight in sorted((one, other)))
    for name in ("weight_for_age", "weight_for_length", "bmi_for_age"):
        a, b = getattr(light, name), getattr(heavy, name)
        assert (a is None) == (b is None)
        assert a is None or a <= b


FINITE = st.floats(allow_nan=False, allow_infinity=False) | st.integers()
ANY_NUMBER = st.none() | FINITE | st.sampled_from([10**400, -(10**400), 1e-6, 1e6])


@given(
    st.sampled_from(["male", "female", "unknown"]) | st.text(),
    ANY_NUMBER | DAY,
    ANY_NUMBER | KG,
    ANY_NUMBER | st.floats(30, 130),
    st.sampled_from(["lying", "standing", None]) | st.text(),
    ANY_NUMBER,
    ANY_NUMBER,
    st.booleans(),
)
def test_no_finite_input_raises_and_every_score_is_finite(
    sex: str,
    age: float | None,
    weight: float | None,
    length: float | None,
    position: str | None,
    head: float | None,
    muac: float | None,
    oedema: bool,
) -> None:
    scores = z_scores(sex, age, weight, length, position, head, muac, oedema)
    found = {name: getattr(scores, name) for name in INDICATORS if getattr(scores, name) is not None}
    assert all(math.isfinite(z) and str(z) != "-0.0" for z in found.values())
    assert scores.flags <= found.keys()
    assert classify(scores, age).keys() <= found.keys()


@pytest.fixture
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("growth_tables", TOOL)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_stored_tables_are_what_the_tool_writes(tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tool.main(["--check"]) == 0
    monkeypatch.setattr(tool, "FILE", tmp_path / "growth_tables.bin")
    assert tool.main(["--check"]) == 1
    assert tool.main([]) == 0
    first = tool.FILE.read_bytes()
    assert tool.main([]) == tool.main(["--check"]) == 0
    assert tool.FILE.read_bytes() == first


def test_the_tool_notices_stored_tables_that_are_off_by_one(tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = bytearray(tool.content())
    content[1000] ^= 1
    monkeypatch.setattr(tool, "FILE", tmp_path / "growth_tables.bin")
    tool.FILE.write_bytes(tool.zlib.compress(bytes(content)))
    assert tool.main(["--check"]) == 1
