"""Rules and conflicts: each row of both tables fires on one side of its border and is silent on the other, one step away.

A `Step` is two records that differ in one value by the smallest step there is. The rows named first fire in the first record and not in
the second; those of `instead` the other way round; no other row changes. Row numbers are those of thresholds.csv and conflicts.csv.
"""

import json
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from healthcard import vocabulary
from healthcard.clinic import rules
from healthcard.growth import INDICATORS
from healthcard.record import Infant, Record
from tests.builders import DAY, contact, family, infant, mother

KNOWN = vocabulary.default()
RULES = {rule.number: rule for rule in rules.thresholds()}
CONFLICTS = [int(row["number"]) for row in vocabulary.read_csv(vocabulary.folder() / "conflicts.csv")]


def she(*findings: str, gestation: int | None = None, postpartum: int | None = None, **observations: Any) -> Record:
    return mother(gestation_days=gestation, postpartum_days=postpartum, findings=findings, observations=observations)


def child(*findings: str, age: int | None = None, **observations: Any) -> Record:
    return infant(age_days=age, findings=findings, observations=observations)


def met(record: Record, person: int = 0, contact: int = 0) -> set[int]:
    return {one.rule.number for one in rules.fired(record, person, contact)}


@dataclass(frozen=True)
class Step:
    rows: set[int]
    fires: Record
    silent: Record
    instead: set[int] = field(default_factory=set)


STEPS = {
    # mother: pressure
    "systolic_140_is_raised": Step({1}, she(systolic=140), she(systolic=139)),
    "diastolic_90_is_raised": Step({2}, she(diastolic=90), she(diastolic=89)),
    "systolic_160_is_severe": Step({3}, she(systolic=160), she(systolic=159)),
    "diastolic_110_is_severe": Step({4}, she(diastolic=110), she(diastolic=109)),
    "pressure_with_headache_is_red": Step({1, 5}, she("severe_headache", systolic=140), she("severe_headache", systolic=139)),
    "raised_systolic_with_another_sign_is_not_row_5": Step({5}, she("severe_headache", systolic=140), she("leaking_fluid", systolic=140)),
    "diastolic_with_blurred_vision_is_red": Step({2, 6}, she("blurred_vision", diastolic=90), she("blurred_vision", diastolic=89)),
    "raised_diastolic_with_another_sign_is_not_row_6": Step({6}, she("dizziness", diastolic=90), she("labour", diastolic=90)),
    "protein_2_plus_with_raised_pressure_is_red": Step({7}, she(urine_protein="2+", systolic=140), she(urine_protein="1+", systolic=140)),
    "protein_needs_a_systolic_of_140": Step({1, 7}, she(urine_protein="4+", systolic=140), she(urine_protein="4+", systolic=139)),
    "protein_needs_a_diastolic_of_90": Step({2, 7}, she(urine_protein="2+", diastolic=90), she(urine_protein="2+", diastolic=89)),
    "systolic_under_90_is_low": Step({8}, she(systolic=89), she(systolic=90)),
    # mother: other vital signs
    "temperature_38_is_fever": Step({9}, she(temperature=38.0), she(temperature=37.9)),
    "temperature_under_36_is_low": Step({10}, she(temperature=35.9), she(temperature=36.0)),
    "pulse_under_60_is_slow": Step({11}, she(pulse=59), she(pulse=60)),
    "pulse_over_100_is_repeated": Step({12}, she(pulse=101), she(pulse=100)),
    "pulse_120_is_fast": Step({13}, she(pulse=120), she(pulse=119)),
    "thirty_breaths_are_fast": Step({14}, she(respiratory_rate=30), she(respiratory_rate=29)),
    "saturation_under_92_is_red": Step({15}, she(oxygen_saturation=91), she(oxygen_saturation=92)),
    "voice_is_not_alert": Step({34}, she(consciousness="voice"), she(consciousness="alert")),
    "capillary_refill_of_3_s_is_poor": Step({33}, she(capillary_refill=3), she(capillary_refill=2)),
    # mother: the unborn child
    "fetal_heart_under_100_is_slow": Step({16}, she(gestation=140, fetal_heart_rate=99), she(gestation=140, fetal_heart_rate=100)),
    "slow_fetal_heart_counts_from_20_weeks": Step({16}, she(gestation=140, fetal_heart_rate=99), she(gestation=139, fetal_heart_rate=99)),
    "fetal_heart_over_180_is_fast": Step({17}, she(gestation=140, fetal_heart_rate=181), she(gestation=140, fetal_heart_rate=180)),
    "fast_fetal_heart_counts_from_20_weeks": Step({17}, she(gestation=140, fetal_heart_rate=181), she(gestation=139, fetal_heart_rate=181)),
    "fetal_heart_not_heard_is_red": Step({18}, she(gestation=140, fetal_heart_rate=0), she(gestation=140, fetal_heart_rate=1)),
    "not_heard_counts_from_20_weeks": Step({16, 18}, she(gestation=140, fetal_heart_rate=0), she(gestation=139, fetal_heart_rate=0)),
    "reduced_fetal_movement_is_red": Step({19}, she(gestation=140, fetal_movement="reduced"), she(gestation=140, fetal_movement="normal")),
    "fetal_movement_counts_from_20_weeks": Step({19}, she(gestation=140, fetal_movement="none"), she(gestation=139, fetal_movement="none")),
    # mother: blood
    "haemoglobin_110_in_the_first_trimester": Step({20}, she(gestation=90, haemoglobin=109), she(gestation=90, haemoglobin=110)),
    "first_trimester_ends_at_91_days": Step({20}, she(gestation=90, haemoglobin=109), she(gestation=91, haemoglobin=109)),
    "haemoglobin_105_in_the_second_trimester": Step({21}, she(gestation=91, haemoglobin=104), she(gestation=91, haemoglobin=105)),
    "second_trimester_begins_at_91_days": Step({21}, she(gestation=91, haemoglobin=104), she(gestation=90, haemoglobin=104), {20}),
    "second_trimester_ends_at_196_days": Step({21}, she(gestation=195, haemoglobin=104), she(gestation=196, haemoglobin=104), {22}),
    "haemoglobin_110_in_the_third_trimester": Step({22}, she(gestation=196, haemoglobin=109), she(gestation=196, haemoglobin=110)),
    "third_trimester_begins_at_196_days": Step({22}, she(gestation=196, haemoglobin=109), she(gestation=195, haemoglobin=109)),
    "haemoglobin_under_70_in_pregnancy_is_severe": Step({23}, she("pregnant", haemoglobin=69), she("pregnant", haemoglobin=70)),
    "severe_anaemia_of_pregnancy_needs_a_pregnancy": Step({23}, she("pregnant", haemoglobin=69), she("breastfeeding", haemoglobin=69)),
    "haemoglobin_under_120_after_birth": Step({24}, she(postpartum=10, haemoglobin=119), she(postpartum=10, haemoglobin=120)),
    "not_pregnant_begins_on_the_day_of_birth": Step({24}, she(postpartum=0, haemoglobin=119), she(postpartum=-1, haemoglobin=119)),
    "haemoglobin_under_80_after_birth_is_severe": Step({25}, she(postpartum=10, haemoglobin=79), she(postpartum=10, haemoglobin=80)),
    "severe_after_birth_begins_on_the_day_of_birth": Step({24, 25}, she(postpartum=0, haemoglobin=79), she(postpartum=-1, haemoglobin=79)),
    "fasting_glucose_5_1_in_pregnancy": Step({26}, she(gestation=0, glucose_fasting=5.1), she(gestation=0, glucose_fasting=5.0)),
    "fasting_glucose_needs_a_pregnancy": Step({26}, she(gestation=0, glucose_fasting=5.1), she(gestation=-1, glucose_fasting=5.1)),
    "random_glucose_11_1_is_red": Step({27}, she(glucose_random=11.1), she(glucose_random=11.0)),
    # mother: the rest
    "arm_under_230_mm_in_pregnancy": Step({28}, she(gestation=100, muac=229), she(gestation=100, muac=230)),
    "arm_counts_for_six_months_after_birth": Step({28}, she(postpartum=182, muac=229), she(postpartum=183, muac=229)),
    "arm_under_210_mm_in_pregnancy_is_severe": Step({29}, she("pregnant", muac=209), she("pregnant", muac=210)),
    "severe_arm_counts_for_six_months_after_birth": Step({28, 29}, she(postpartum=182, muac=209), she(postpartum=183, muac=209)),
    "falciparum_is_positive": Step({30}, she(malaria_test="falciparum"), she(malaria_test="negative")),
    "an_invalid_malaria_test_is_not_positive": Step({30}, she(malaria_test="mixed"), she(malaria_test="invalid")),
    "blood_loss_of_500_ml_is_heavy": Step({31}, she(blood_loss=500), she(blood_loss=450)),
    "severe_dehydration_is_red": Step({32}, she(dehydration="severe"), she(dehydration="some")),
    "labour_before_37_weeks_is_red": Step({35}, she("labour", gestation=258), she("labour", gestation=259)),
    "preterm_needs_labour": Step({35}, she("labour", gestation=258), she("leaking_fluid", gestation=258)),
    "forty_one_weeks": Step({36}, she(gestation=287), she(gestation=286)),
    "forty_one_weeks_end_with_the_birth": Step({36}, she(gestation=290, postpartum=-1), she(gestation=290, postpartum=0)),
    "forty_one_weeks_end_at_forty_four": Step({36}, she(gestation=308), she(gestation=309)),
    "a_danger_sign_is_red_a_condition_is_not": Step({37}, she("vaginal_bleeding"), she("gestational_hypertension")),
    # infant: arm and oedema
    "arm_under_115_mm_is_severe": Step({40}, child(age=183, muac=114), child(age=183, muac=115)),
    "severe_arm_counts_from_183_days": Step({40, 41}, child(age=183, muac=114), child(age=182, muac=114)),
    "arm_under_125_mm_is_moderate": Step({41}, child(age=183, muac=124), child(age=183, muac=125)),
    "moderate_arm_counts_from_183_days": Step({41}, child(age=183, muac=124), child(age=182, muac=124)),
    "arm_under_110_mm_before_six_months": Step({42}, child(age=182, muac=109), child(age=182, muac=110)),
    "small_arm_counts_from_42_days": Step({42}, child(age=42, muac=109), child(age=41, muac=109)),
    "small_arm_counts_to_182_days": Step({42}, child(age=182, muac=109), child(age=183, muac=109), {40, 41}),
    "oedema_is_red": Step({43}, child(oedema="+"), child(oedema="none")),
    # infant: z-scores of a girl; the step is one of the scale or of the tape
    "weight_for_length_under_minus_3_is_severe": Step(
        {44}, child(age=400, weight=6.92, length=74.0), child(age=400, weight=6.93, length=74.0)
    ),
    "weight_for_length_under_minus_2_is_moderate": Step(
        {45}, child(age=400, weight=7.52, length=74.0), child(age=400, weight=7.53, length=74.0)
    ),
    "weight_for_length_under_minus_2_before_six_months": Step(
        {46}, child(age=182, weight=5.33, length=62.0), child(age=182, weight=5.34, length=62.0)
    ),
    "wasting_has_another_name_before_six_months": Step(
        {45, 48}, child(age=183, weight=5.33, length=62.0), child(age=182, weight=5.33, length=62.0), {46, 47}
    ),
    "weight_for_age_under_minus_2_before_six_months": Step({47}, child(age=182, weight=5.71), child(age=182, weight=5.72)),
    "weight_for_age_under_minus_2_is_underweight": Step({48}, child(age=183, weight=5.72), child(age=183, weight=5.73)),
    "weight_for_age_under_minus_3_is_severe": Step({49}, child(age=183, weight=5.08), child(age=183, weight=5.09)),
    "severe_underweight_counts_from_183_days": Step({48, 49}, child(age=183, weight=5.0), child(age=182, weight=5.0), {47}),
    "length_for_age_under_minus_2_is_stunting": Step({50}, child(age=400, length=70.0), child(age=400, length=70.1)),
    "head_under_minus_2_is_small": Step({51}, child(age=400, head_circumference=42.4), child(age=400, head_circumference=42.5)),
    "head_over_3_is_large": Step({52}, child(age=400, head_circumference=49.4), child(age=400, head_circumference=49.3)),
    # infant: vital signs
    "temperature_37_5_of_a_young_infant_is_red": Step({53}, child(age=59, temperature=37.5), child(age=59, temperature=37.4)),
    "a_young_infant_is_under_60_days": Step({53}, child(age=59, temperature=37.5), child(age=60, temperature=37.5), {55}),
    "temperature_35_4_of_a_young_infant_is_red": Step({54}, child(age=59, temperature=35.4), child(age=59, temperature=35.5)),
    "low_temperature_has_two_rows": Step({54}, child(age=59, temperature=35.4), child(age=60, temperature=35.4), {57}),
    "temperature_37_5_is_fever": Step({55}, child(age=60, temperature=37.5), child(age=60, temperature=37.4)),
    "temperature_38_5_is_high": Step({56}, child(age=60, temperature=38.5), child(age=60, temperature=38.4)),
    "high_fever_counts_from_60_days": Step({55, 56}, child(age=60, temperature=38.5), child(age=59, temperature=38.5), {53}),
    "temperature_under_35_5_is_low": Step({57}, child(age=60, temperature=35.4), child(age=60, temperature=35.5)),
    "sixty_breaths_of_a_young_infant_are_red": Step({58}, child(age=59, respiratory_rate=60), child(age=59, respiratory_rate=59)),
    "young_infants_breathe_to_59_days": Step({58}, child(age=59, respiratory_rate=60), child(age=60, respiratory_rate=60), {59}),
    "fifty_breaths_are_fast": Step({59}, child(age=60, respiratory_rate=50), child(age=60, respiratory_rate=49)),
    "fifty_breaths_count_under_a_year": Step({59}, child(age=364, respiratory_rate=50), child(age=365, respiratory_rate=50), {60}),
    "forty_breaths_are_fast_from_a_year": Step({60}, child(age=365, respiratory_rate=40), child(age=365, respiratory_rate=39)),
    "forty_breaths_count_from_365_days": Step({60}, child(age=365, respiratory_rate=40), child(age=364, respiratory_rate=40)),
    "saturation_under_90_is_severe": Step({61}, child(oxygen_saturation=89), child(oxygen_saturation=90)),
    "an_infant_that_answers_to_voice_is_not_alert": Step({69}, child(consciousness="voice"), child(consciousness="alert")),
    "an_infants_refill_of_3_s_is_poor": Step({70}, child(capillary_refill=3), child(capillary_refill=2)),
    # infant: blood
    "haemoglobin_105_under_two_years": Step({62}, child(age=183, haemoglobin=104), child(age=183, haemoglobin=105)),
    "haemoglobin_counts_from_183_days": Step({62}, child(age=183, haemoglobin=104), child(age=182, haemoglobin=104)),
    "haemoglobin_changes_at_730_days": Step({62}, child(age=729, haemoglobin=104), child(age=730, haemoglobin=104), {63}),
    "haemoglobin_110_from_two_years": Step({63}, child(age=730, haemoglobin=109), child(age=730, haemoglobin=110)),
    "haemoglobin_110_counts_from_730_days": Step({63}, child(age=730, haemoglobin=109), child(age=729, haemoglobin=109)),
    "haemoglobin_under_70_is_severe": Step({64}, child(age=60, haemoglobin=69), child(age=60, haemoglobin=70)),
    "severe_anaemia_counts_from_60_days": Step({64}, child(age=60, haemoglobin=69), child(age=59, haemoglobin=69)),
    "glucose_under_2_5_is_low": Step({65}, child(glucose_random=2.4), child(glucose_random=2.5)),
    "an_infants_falciparum_is_positive": Step({66}, child(malaria_test="falciparum"), child(malaria_test="negative")),
    # infant: the rest
    "severe_dehydration_is_not_some": Step({67}, child(dehydration="severe"), child(dehydration="some"), {68}),
    "some_dehydration_is_amber": Step({68}, child(dehydration="some"), child(dehydration="none")),
    "birth_weight_under_2500_g_is_low": Step(
        {71}, infant(age_days=59, birth={"weight_g": 2490}), infant(age_days=59, birth={"weight_g": 2500})
    ),
    "birth_weight_counts_to_59_days": Step(
        {71}, infant(age_days=59, birth={"weight_g": 2490}), infant(age_days=60, birth={"weight_g": 2490})
    ),
    "birth_weight_under_1500_g_is_very_low": Step(
        {72}, infant(age_days=59, birth={"weight_g": 1490}), infant(age_days=59, birth={"weight_g": 1500})
    ),
    "very_low_birth_weight_counts_to_59_days": Step(
        {71, 72}, infant(age_days=59, birth={"weight_g": 1490}), infant(age_days=60, birth={"weight_g": 1490})
    ),
    "apgar_under_7_is_low": Step({73}, child(age=1, apgar_5_min=6), child(age=1, apgar_5_min=7)),
    "apgar_counts_for_two_days": Step({73}, child(age=1, apgar_5_min=6), child(age=2, apgar_5_min=6)),
    "an_infants_danger_sign_is_red_a_condition_is_not": Step({74}, child("unable_to_feed"), child("watery_diarrhoea")),
    # infant: too far out to be true, and then no other row of that score
    "length_for_age_beyond_minus_6_is_implausible": Step({90}, child(age=400, length=59.5), child(age=400, length=59.6), {50}),
    "length_for_age_beyond_6_is_implausible": Step({90}, child(age=400, length=91.3), child(age=400, length=91.2)),
    "weight_for_age_beyond_minus_6_is_implausible": Step({91}, child(age=400, weight=4.08), child(age=400, weight=4.09), {48, 49}),
    "weight_for_age_beyond_5_is_implausible": Step({91}, child(age=400, weight=16.86), child(age=400, weight=16.85)),
    "weight_for_length_beyond_minus_5_is_implausible": Step(
        {92}, child(age=400, weight=5.72, length=74.0), child(age=400, weight=5.73, length=74.0), {44, 45}
    ),
    "weight_for_length_beyond_5_is_implausible": Step(
        {92}, child(age=400, weight=14.17, length=74.0), child(age=400, weight=14.16, length=74.0)
    ),
    "bmi_beyond_minus_5_is_implausible": Step({93}, child(age=400, weight=5.74, length=74.0), child(age=400, weight=5.75, length=74.0)),
    "bmi_beyond_5_is_implausible": Step({93}, child(age=400, weight=13.88, length=74.0), child(age=400, weight=13.87, length=74.0)),
    "head_beyond_minus_5_is_implausible": Step(
        {94}, child(age=400, head_circumference=38.3), child(age=400, head_circumference=38.4), {51}
    ),
    "head_beyond_5_is_implausible": Step({94}, child(age=400, head_circumference=52.1), child(age=400, head_circumference=52.0), {52}),
    "arm_for_age_beyond_minus_5_is_implausible": Step({95}, child(age=400, muac=93), child(age=400, muac=94)),
    "arm_for_age_beyond_5_is_implausible": Step({95}, child(age=400, muac=214), child(age=400, muac=213)),
}


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_one_step_makes_the_difference(step: Step) -> None:
    assert met(step.fires) - met(step.silent) == step.rows
    assert met(step.silent) - met(step.fires) == step.instead


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_a_step_is_the_smallest_there_is(step: Step) -> None:
    assert_one_step(step.fires, step.silent)


@pytest.mark.parametrize("number", RULES)
def test_every_row_has_its_border_tried(number: int) -> None:
    """Its value, and each condition that it has."""
    rule = RULES[number]
    changed = {changed_key(step.fires, step.silent) for step in STEPS.values() if number in step.rows | step.instead}
    own = {
        "any danger_sign": {"findings"},
        "gestation_days": {"lmp"},
        "birth_weight_g": {"weight_g"},
    }.get(rule.observation, {rule.observation})
    if rule.observation.endswith("_z"):
        own = {"weight", "length", "head_circumference", "muac"}
    assert changed & own
    if rule.when:
        assert changed - own


def leaves(value: Any, key: str = "") -> dict[str, Any]:
    """Every value of a JSON object by its path; findings stay together."""
    if isinstance(value, dict):
        return {path: leaf for name, inner in value.items() for path, leaf in leaves(inner, f"{key}.{name}").items()}
    if isinstance(value, list) and not key.endswith(".findings"):
        return {path: leaf for n, inner in enumerate(value) for path, leaf in leaves(inner, f"{key}.{n}").items()}
    return {key: value}


def differing(a: Record, b: Record) -> tuple[str, Any, Any]:
    one, other = leaves(a.to_json()), leaves(b.to_json())
    (path,) = {path for path in one.keys() | other.keys() if one.get(path) != other.get(path)}
    return path, one[path], other[path]


def changed_key(a: Record, b: Record) -> str:
    return differing(a, b)[0].rsplit(".", 1)[1]


def assert_one_step(a: Record, b: Record) -> None:
    path, one, other = differing(a, b)
    key = path.rsplit(".", 1)[1]
    role = a.people[0].role
    if key == "findings":
        assert len(set(one) - set(other)) == len(set(other) - set(one)) == 1
    elif key in ("lmp", "delivered", "born"):
        assert abs(date.fromisoformat(one) - date.fromisoformat(other)) == timedelta(1)
    else:
        quantity = KNOWN.profile[role].by_key["birth_weight_g"] if key == "weight_g" else KNOWN.observations[role].by_key[key]
        assert abs(quantity.to_wire(one) - quantity.to_wire(other)) == 1


WHOLE = {
    # what is not known is neither normal nor a danger
    "nothing_known_fires_nothing": (set(), she()),
    "an_infant_without_a_word_fires_nothing": (set(), infant(sex=None)),
    "missing_pressure_is_not_normal_and_not_raised": ({37}, she("severe_headache")),  # not 5, 6
    "protein_without_a_pressure_is_not_row_7": (set(), she(urine_protein="4+")),
    "haemoglobin_without_a_pregnancy_known_either_way": (set(), she(haemoglobin=60)),  # not 20-25
    "haemoglobin_of_a_pregnancy_without_dates_has_only_row_23": ({23}, she("pregnant", haemoglobin=60)),
    "fetal_movement_without_dates": (set(), she("pregnant", fetal_movement="none")),  # not 19
    "arm_of_a_child_without_an_age": (set(), child(muac=100)),  # not 40-42
    "fever_of_a_child_without_an_age": (set(), child(temperature=40.0)),  # not 53, 55, 56
    "wasting_needs_no_age": ({44}, infant(observations={"weight": 6.9, "length": 74.0})),  # not 45, 46
    "wasting_needs_a_sex": (set(), infant(age_days=400, sex=None, observations={"weight": 6.0, "length": 74.0})),
    "an_outcome_without_a_day_leaves_the_pregnancy_unknown": (
        set(),
        mother(gestation_days=200, pregnancy={"outcome": "live_birth"}, observations={"haemoglobin": 60, "muac": 180}),
    ),
    "an_unknown_word_is_not_more_than_alert": (set(), she(consciousness="#9", malaria_test="#9", urine_protein="#9", systolic=120)),
    "unknown_numbers_are_passed_over": (set(), she("#120", **{"#77": 5})),
    # whole pictures
    "alert_and_all_normal_fires_nothing": (
        set(),
        she(
            gestation=200,
            systolic=112,
            diastolic=70,
            temperature=36.8,
            pulse=84,
            respiratory_rate=16,
            oxygen_saturation=98,
            haemoglobin=121,
            muac=260,
            fetal_heart_rate=142,
            fetal_movement="normal",
            urine_protein="trace",
            malaria_test="negative",
            consciousness="alert",
            capillary_refill=2,
            dehydration="none",
            blood_loss=0,
            glucose_fasting=4.4,
            glucose_random=5.5,
        ),
    ),
    "a_healthy_girl_fires_nothing": (
        set(),
        child(
            age=400,
            weight=9.2,
            length=75.0,
            muac=140,
            head_circumference=45.5,
            oedema="none",
            temperature=36.8,
            respiratory_rate=30,
            oxygen_saturation=98,
            haemoglobin=118,
            consciousness="alert",
            capillary_refill=2,
            dehydration="none",
            malaria_test="negative",
        ),
    ),
    "severe_pre_eclampsia": (
        {1, 2, 3, 4, 5, 6, 7, 37},
        she("severe_headache", gestation=238, systolic=166, diastolic=112, urine_protein="3+"),
    ),
    # oedema
    "oedema_suppresses_wasting": ({43}, child(age=400, weight=6.0, length=74.0, oedema="+")),  # not 44, 45, 48, 49
    "oedema_as_a_finding_suppresses_wasting": ({74}, child("bilateral_oedema", age=400, weight=6.0, length=74.0)),
    "oedema_does_not_hide_the_arm": ({40, 41, 43}, child(age=400, weight=6.0, length=74.0, muac=112, oedema="++")),
    "no_oedema_hides_nothing": ({44, 45, 48, 49}, child(age=400, weight=6.0, length=74.0, oedema="none")),
    # pregnancy and birth
    "labour_at_term_is_only_a_sign": ({37}, she("labour", gestation=259)),  # not 35
    "after_birth_no_rule_of_pregnancy": ({24}, she(gestation=200, postpartum=1, haemoglobin=109, fetal_heart_rate=0, glucose_fasting=6.0)),
    "before_the_birth_she_was_pregnant": (
        {22},
        mother(gestation_days=270, postpartum_days=-3, pregnancy={"outcome": "live_birth"}, observations={"haemoglobin": 105}),
    ),
    "the_finding_pregnant_outweighs_a_past_birth": ({23}, she("pregnant", postpartum=400, haemoglobin=69)),  # not 24, 25
    "a_pregnancy_of_45_weeks_is_unknown": (set(), she(gestation=315, haemoglobin=90)),
    # ages that are not exact
    "born_to_the_month_a_border_fires_on_both_sides": (
        {40, 41, 42},
        infant(born="2025-12-15", born_precision="month", observations={"muac": 109}),  # 182 to 212 days
    ),
    "born_to_the_month_no_border_fires_on_one_side": (
        {42},
        infant(born="2026-01-15", born_precision="month", observations={"muac": 109}),  # 151 to 181 days
    ),
    "born_later_in_the_month_than_seen": ({53}, infant(born="2026-07-15", born_precision="month", observations={"temperature": 37.5})),
    "born_to_the_year_a_baby_may_be_young": (
        {53, 55},
        infant(born="2026-01-01", born_precision="year", observations={"temperature": 37.5}),  # 0 to 181 days
    ),
    "born_to_the_year_no_score_by_age": (
        {44, 45},
        infant(  # not 48, 49
            born="2024-06-15", born_precision="year", observations={"weight": 6.9, "length": 74.0}
        ),
    ),
    "an_estimated_day_of_birth_is_taken_at_its_word": (
        {42},
        infant(born="2025-12-31", born_precision="estimated", observations={"muac": 109}),  # 182 days
    ),
    "before_birth_nothing_depends_on_age": (set(), infant(born="2026-07-02", observations={"temperature": 37.5, "muac": 100})),
    "of_length_and_height_the_length_counts_under_two_years": ({50}, child(age=400, length=70.0, height=75.0)),
    "of_length_and_height_the_height_counts_from_two_years": (set(), child(age=731, length=70.0, height=86.0)),
}


@pytest.mark.parametrize(("rows", "record"), WHOLE.values(), ids=WHOLE)
def test_exactly_these_rows_fire(rows: set[int], record: Record) -> None:
    assert met(record) == rows


@pytest.mark.parametrize("sign", ["severe_headache", "blurred_vision", "epigastric_pain", "dizziness", "severe_vomiting"])
def test_raised_pressure_with_any_of_these_signs_is_red(sign: str) -> None:
    assert met(she(sign, systolic=140, diastolic=90)) == {1, 2, 5, 6, 37}


@pytest.mark.parametrize("parasite", ["falciparum", "vivax", "mixed"])
def test_every_parasite_is_positive(parasite: str) -> None:
    assert met(she(malaria_test=parasite)) == {30}
    assert met(child(malaria_test=parasite)) == {66}


@pytest.mark.parametrize("grade", ["+", "++", "+++"])
def test_every_grade_of_oedema_is_red_and_suppresses_weight(grade: str) -> None:
    assert met(child(age=400, weight=6.0, length=74.0, oedema=grade)) == {43}


def test_there_are_at_least_sixty_cases_with_names_of_their_own() -> None:
    assert len(STEPS.keys() | WHOLE.keys()) == len(STEPS) + len(WHOLE) >= 60


def test_a_fired_rule_shows_its_own_value_first_and_all_that_it_needed() -> None:
    fired = {one.rule.number: one for one in rules.fired(she("severe_headache", "dizziness", systolic=150), 0, 0)}
    assert fired[5].inputs == (("systolic", 150), ("finding", "severe_headache"), ("finding", "dizziness"))
    assert (fired[5].person, fired[5].contact, fired[5].date, fired[5].rule) == (0, 0, DAY, RULES[5])
    (anaemia,) = rules.fired(she(gestation=200, haemoglobin=109), 0, 0)
    assert anaemia.inputs == (("haemoglobin", 109), ("gestation_days", 200))
    (severe,) = rules.fired(she("pregnant", haemoglobin=69), 0, 0)
    assert severe.inputs == (("haemoglobin", 69), ("finding", "pregnant"))


def test_a_score_shows_the_measurements_behind_it() -> None:
    wasting, moderate = rules.fired(infant(age_days=400, observations={"weight": 7.3, "height": 73.3, "muac": 140}, sex="male"), 0, 0)[:2]
    assert wasting.inputs[0][0] == moderate.inputs[0][0] == "weight_for_length_z"
    assert [key for key, _ in moderate.inputs] == ["weight_for_length_z", "weight", "height", "age_days"]


def test_every_danger_sign_fires_by_itself() -> None:
    signs = rules.fired(she("labour", "vaginal_bleeding", "mastitis"), 0, 0)
    assert [one.inputs for one in signs] == [(("finding", "vaginal_bleeding"),), (("finding", "labour"),)]
    assert rules.worst(signs) == signs


def test_a_danger_sign_is_what_the_readers_vocabulary_calls_so() -> None:
    older = KNOWN.without(("findings", "labour"))
    assert rules.fired(she("labour"), 0, 0, older) == ()
    assert (
        rules.fired(
            Record.from_json(
                {"language": "en", "people": [{"role": "mother", "contacts": [{"date": "2026-07-01", "findings": ["#11"]}]}]}, older
            ),
            0,
            0,
        )
        == ()
    )


def test_the_worst_of_one_observation_is_kept() -> None:
    fired = rules.fired(she(systolic=166, diastolic=95, pulse=130, haemoglobin=109, gestation=200), 0, 0)
    assert [one.rule.number for one in fired] == [1, 2, 3, 12, 13, 22]
    assert {one.rule.number for one in rules.worst(fired)} == {3, 2, 13, 22}
    underweight = rules.worst(rules.fired(child(age=183, weight=5.0), 0, 0))
    assert [one.rule.number for one in underweight] == [49]  # 48 is amber too: the later row leads


def test_people_and_contacts_are_told_apart() -> None:
    card = family(
        mother(contacts=[contact(date(2026, 5, 1), observations={"systolic": 140}), contact(observations={"systolic": 120})]),
        infant(age_days=30, observations={"temperature": 38.0}),
    )
    assert [met(card, 0, 0), met(card, 0, 1), met(card, 1, 0)] == [{1}, set(), {53}]
    worst = rules.worst([*rules.fired(card, 0, 0), *rules.fired(card, 1, 0)])
    assert [(one.person, one.contact, one.date) for one in worst] == [(0, 0, date(2026, 5, 1)), (1, 0, DAY)]


def test_a_row_from_memory_is_not_confirmed() -> None:
    assert RULES[1].confirmed and RULES[20].confirmed  # read; read (secondary)
    assert not RULES[8].confirmed


# What a person is on a day


def test_gestation_runs_from_the_last_period_to_the_birth_or_44_weeks() -> None:
    person = mother(gestation_days=280, postpartum_days=-5).people[0]
    days = [DAY + timedelta(n) for n in (-281, -280, 0, 4, 5)]
    assert [rules.gestation_days(person, day) for day in days] == [None, 0, 280, 284, None]
    assert [rules.postpartum_days(person, day) for day in days] == [None, None, None, None, 0]
    overdue = mother(gestation_days=308).people[0]
    assert [rules.gestation_days(overdue, DAY + timedelta(n)) for n in (0, 1)] == [308, None]


def test_pregnant_has_three_answers() -> None:
    def pregnant(record: Record) -> bool | None:
        return rules.is_pregnant(record.people[0], record.people[0].contacts[0])

    assert pregnant(she(gestation=200)) is True
    assert pregnant(she("pregnant")) is True
    assert pregnant(she(postpartum=0)) is False
    assert pregnant(she()) is None
    assert pregnant(she(gestation=309)) is None
    assert pregnant(mother(gestation_days=200, pregnancy={"outcome": "loss"})) is None
    assert pregnant(child(age=400)) is None


def test_age_is_counted_from_the_day_as_written() -> None:
    assert rules.age_days(infant(age_days=59).people[0], DAY) == 59
    assert rules.age_days(infant(age_days=59).people[0], DAY - timedelta(60)) is None
    assert rules.age_days(infant(born="2025-12-15", born_precision="month").people[0], DAY) == 198
    assert rules.age_days(infant(born="2026-07-15", born_precision="month").people[0], DAY) == 0
    assert rules.age_days(infant().people[0], DAY) is None
    assert rules.age_days(mother().people[0], DAY) is None


def scores(record: Record) -> Any:
    return rules.growth(record.people[0], record.people[0].contacts[0])  # type: ignore[arg-type]


def test_growth_is_none_without_a_measurement() -> None:
    assert scores(child(age=400, temperature=37.0, oedema="none")) is None
    assert scores(child(age=400, weight=9.0)).weight_for_age is not None


def test_growth_knows_lying_from_standing() -> None:
    assert scores(child(age=400, height=75.0)).length_cm == pytest.approx(75.7)
    assert scores(child(age=800, length=85.0)).length_cm == pytest.approx(84.3)
    assert scores(child(age=400, length=75.0)).length_cm == 75.0


@pytest.mark.parametrize(("exactness", "counted"), [("day", "height"), ("year", "length")])
def test_the_length_that_is_shown_is_the_one_that_counted(exactness: str, counted: str) -> None:
    both = {"weight": 6.9, "length": 74.0, "height": 76.0}  # at 746 days; born to the year, no age says which to take
    fired = rules.fired(infant(born="2024-06-15", born_precision=exactness, observations=both), 0, 0)
    assert [[key for key, _ in one.inputs] for one in fired if one.rule.number == 44] == [["weight_for_length_z", "weight", counted]]


# Conflicts


def given_to(role: str, word: str, *findings: str, vaccine: bool = False, **person: Any) -> Record:
    entries: dict[str, Any] = {"vaccines": [{"vaccine": word}]} if vaccine else {"medicines": [{"medicine": word, "amount": 1}]}
    return (mother if role == "mother" else infant)(findings=findings, **entries, **person)


def questions(record: Record) -> set[int]:
    return {one.number for one in rules.conflicts(record, 0)}


ASKED = {
    "penicillin_with_its_allergy": (1, given_to("mother", "amoxicillin_500", allergies=["penicillins"]),
                                    given_to("mother", "amoxicillin_500", allergies=["sulfonamides"])),
    "cephalosporin_with_its_allergy": (2, given_to("infant", "ceftriaxone", allergies=["cephalosporins"]),
                                       given_to("infant", "ceftriaxone", allergies=["penicillins"])),
    "antimalarial_sulfonamide_with_its_allergy": (3, given_to("mother", "sulfadoxine_pyrimethamine", allergies=["sulfonamides"]),
                                                  given_to("mother", "chloroquine_150", allergies=["sulfonamides"])),
    "macrolide_with_its_allergy": (4, given_to("mother", "azithromycin_500", allergies=["macrolides"]),
                                   given_to("mother", "azithromycin_500", allergies=[])),
    "ibuprofen_with_nsaid_allergy": (5, given_to("mother", "ibuprofen_400", allergies=["nsaids"]),
                                     given_to("mother", "paracetamol_500", allergies=["nsaids"])),
    "peanut_paste_with_peanut_allergy": (6, given_to("infant", "rutf", allergies=["peanut"]),
                                         given_to("infant", "f75", allergies=["peanut"])),
    "milk_with_milk_allergy": (7, given_to("infant", "f100", allergies=["milk"]), given_to("infant", "f100", allergies=["egg"])),
    "primaquine_with_g6pd_deficiency": (8, given_to("infant", "primaquine_15", conditions=["g6pd_deficiency"]),
                                        given_to("infant", "chloroquine_150", conditions=["g6pd_deficiency"])),
    "primaquine_in_pregnancy": (9, given_to("mother", "primaquine_15", gestation_days=0),
                                given_to("mother", "primaquine_15", gestation_days=-1)),
    "nitrofurantoin_with_g6pd_deficiency": (10, given_to("mother", "nitrofurantoin_100", conditions=["g6pd_deficiency"]),
                                            given_to("mother", "nitrofurantoin_100", conditions=["asthma"])),
    "tetracycline_in_pregnancy": (11, given_to("mother", "doxycycline_100", gestation_days=308),
                                  given_to("mother", "doxycycline_100", gestation_days=309)),
    "fluoroquinolone_in_pregnancy": (12, given_to("mother", "ciprofloxacin_500", "pregnant"),
                                     given_to("mother", "ciprofloxacin_500", "breastfeeding")),
    "nsaid_from_20_weeks": (13, given_to("mother", "ibuprofen_200", gestation_days=140),
                            given_to("mother", "ibuprofen_200", gestation_days=139)),
    "nsaid_with_dengue": (14, given_to("mother", "ibuprofen_200", "dengue"), given_to("mother", "ibuprofen_200", "zika")),
    "live_vaccine_in_pregnancy": (15, given_to("mother", "mmr", vaccine=True, gestation_days=100),
                                  given_to("mother", "td", vaccine=True, gestation_days=100)),
    "iron_with_severe_malnutrition": (16, given_to("infant", "ferrous_sulfate_drops", "severe_acute_malnutrition"),
                                      given_to("infant", "ferrous_sulfate_drops", "moderate_acute_malnutrition")),
    "aspirin_with_nsaid_allergy": (17, given_to("mother", "aspirin_75", allergies=["nsaids"]),
                                   given_to("mother", "aspirin_75", allergies=["paracetamol"])),
    "aspirin_with_dengue": (18, given_to("mother", "aspirin_100", conditions=["dengue"]),
                            given_to("mother", "aspirin_100", conditions=["chikungunya"])),
}  # fmt: skip


@pytest.mark.parametrize(("number", "asks", "silent"), ASKED.values(), ids=ASKED)
def test_one_change_makes_the_question(number: int, asks: Record, silent: Record) -> None:
    assert questions(asks) == {number}
    assert questions(silent) == set()
    assert len(differing_keys(asks, silent)) == 1


def differing_keys(a: Record, b: Record) -> set[str]:
    one, other = leaves(a.to_json()), leaves(b.to_json())
    return {path.split(".contacts.")[-1].split(".")[0] for path in one.keys() | other.keys() if one.get(path) != other.get(path)}


def test_every_conflict_row_is_tried() -> None:
    assert sorted(number for number, _, _ in ASKED.values()) == CONFLICTS


QUIET = {
    "no_question_without_an_allergy_asked": given_to("mother", "amoxicillin_500"),
    "nobody_else_s_allergy_counts": family(given_to("mother", "amoxicillin_500"), mother(allergies=["penicillins"])),
    "after_the_birth_no_question_of_pregnancy": given_to("mother", "doxycycline_100", gestation_days=280, postpartum_days=0),
    "the_finding_pregnant_has_no_weeks": given_to("mother", "ibuprofen_200", "pregnant"),  # not 13
    "low_dose_aspirin_in_pregnancy": given_to("mother", "aspirin_75", gestation_days=200),  # not 13
    "an_undated_vaccine_knows_no_pregnancy": mother(vaccines_before=[{"vaccine": "mmr"}], gestation_days=100),  # not 15
    "unknown_medicines_and_vaccines": mother(
        medicines=[{"medicine": "#900", "amount": 1}], vaccines=[{"vaccine": "#90"}], allergies=["penicillins", "#30"], gestation_days=100
    ),
}


@pytest.mark.parametrize("record", QUIET.values(), ids=QUIET)
def test_no_question(record: Record) -> None:
    assert rules.conflicts(record, 0) == ()


def test_a_question_names_the_entry_its_day_and_the_reason() -> None:
    early, late = date(2026, 5, 1), DAY
    twice = [{"medicine": "amoxicillin_500", "amount": 1}, {"medicine": "amoxicillin_500", "amount": 2}]
    record = mother(allergies=["penicillins"], contacts=[contact(early, medicines=twice), contact(late, medicines=twice[:1])])
    first, second = rules.conflicts(record, 0)
    assert first.question == "Penicillin allergy is recorded and a penicillin was given or supplied: check."
    assert (first.number, first.medicine_or_vaccine, first.because, first.confirmed) == (1, "amoxicillin_500", "penicillins", False)
    assert [(one.person, one.contact, one.date) for one in (first, second)] == [(0, 0, early), (0, 1, late)]


def test_a_condition_counts_whenever_it_was_found() -> None:
    ibuprofen = {"medicines": [{"medicine": "ibuprofen_200", "amount": 1}]}
    record = mother(contacts=[contact(date(2026, 6, 1), **ibuprofen), contact(findings=["dengue"])])
    assert [(one.number, one.contact) for one in rules.conflicts(record, 0)] == [(14, 0)]


def test_a_pregnancy_counts_at_the_day_of_the_entry() -> None:
    doxycycline = {"medicines": [{"medicine": "doxycycline_100", "amount": 1}]}
    record = mother(
        pregnancy={"lmp": "2025-09-01", "delivered": "2026-06-05", "outcome": "live_birth"},
        contacts=[contact(date(2026, 6, 4), **doxycycline), contact(date(2026, 6, 6), **doxycycline)],
    )
    assert [(one.number, one.contact) for one in rules.conflicts(record, 0)] == [(11, 0)]


# Tables that are not understood to the last word are refused

ROW = dict(number="5", role="mother", observation="systolic", op=">=", value="140", when="", level="red")
ROW |= dict(meaning="", source="", confidence="")

FAULTS = {
    "role": {"role": "father"},
    "level": {"level": "purple"},
    "observation": {"observation": "systolic_pressure"},
    "observation_of_the_other_role": {"observation": "length"},
    "op": {"op": "=>"},
    "op_of_words_on_a_number": {"op": "in"},
    "not_a_number": {"value": "high"},
    "two_numbers": {"value": "140,160"},
    "one_number_for_outside": {"op": "outside"},
    "word_off_the_list": {"observation": "malaria_test", "op": "in", "value": "falciparum,ovale"},
    "order_of_words_without_one": {"observation": "malaria_test", "value": "vivax"},
    "danger_sign_compared": {"observation": "any danger_sign"},
    "unknown_word": {"when": "perhaps"},
    "unknown_finding": {"when": "finding severe_headache,headache"},
    "unknown_value": {"when": "gestation_weeks >= 20"},
    "unknown_word_after_and": {"when": "pregnant and tired"},
    "unfinished": {"when": "pregnant and"},
    "no_limit": {"when": "diastolic >="},
    "an_infants_word": {"when": "age_days < 60"},
    "a_mothers_word": {"role": "infant", "observation": "muac", "when": "pregnant"},
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_row_with_a_fault_is_refused_by_number(fault: dict[str, str]) -> None:
    assert rules.read_thresholds([ROW], KNOWN)
    with pytest.raises(ValueError, match=r"^threshold 5: "):
        rules.read_thresholds([ROW | fault], KNOWN)


def test_a_number_stands_once() -> None:
    with pytest.raises(ValueError, match=r"^threshold 5: "):
        rules.read_thresholds([ROW, ROW], KNOWN)


QUESTION = dict(
    number="3", when_group_or_medicine="nsaid", with_kind="allergy", with_key="nsaids", question_en="So: check.", source="", confidence=""
)


@pytest.mark.parametrize(
    "fault",
    [
        {"when_group_or_medicine": "painkiller"},
        {"with_key": "dengue"},
        {"with_kind": "state"},
        {"with_kind": "condition", "with_key": "labour"},
        {"with_kind": "mood"},
        {"question_en": "Stop ibuprofen."},
    ],
)
def test_a_conflict_with_a_fault_is_refused_by_number(fault: dict[str, str]) -> None:
    assert rules.read_conflicts([QUESTION], KNOWN)
    with pytest.raises(ValueError, match=r"^conflict 3: "):
        rules.read_conflicts([QUESTION | fault], KNOWN)


# Any record at all


unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # other tests may run beside these


def words(table: Any, *more: str) -> st.SearchStrategy[str]:
    return st.sampled_from([*table.numbers, *more])


def observations(role: Any) -> st.SearchStrategy[dict[str, Any]]:
    def values(quantity: Any) -> st.SearchStrategy[Any]:
        if quantity.kind == "coded":
            return st.sampled_from([*quantity.words.values(), "#9"])
        usual = st.integers(-quantity.scale.centre, quantity.scale.centre * 3 + 20)
        return st.one_of(usual, st.integers(-(2**31) + 1, 2**31 - 1)).map(quantity.from_wire)

    table = KNOWN.observations[role]
    known = {quantity.key: values(quantity) for quantity in table.entries}
    return st.fixed_dictionaries({}, optional=known | {"#77": st.integers(-5, 5)}).filter(bool)


DAYS = st.dates(date(2020, 1, 1), date(2027, 1, 1)).map(str)
FINDINGS = st.lists(words(KNOWN.findings, "#120"), min_size=1, max_size=4, unique=True)


def contacts(role: Any) -> st.SearchStrategy[list[dict[str, Any]]]:
    medicine = st.fixed_dictionaries({"medicine": words(KNOWN.medicines, "#900"), "amount": st.just(1)})
    vaccine = st.fixed_dictionaries({"vaccine": words(KNOWN.vaccines, "#90")})
    optional: dict[str, Any] = {
        "observations": observations(role),
        "findings": FINDINGS,
        "medicines": st.lists(medicine, min_size=1, max_size=3),
        "vaccines": st.lists(vaccine, min_size=1, max_size=1),
    }
    return st.lists(st.fixed_dictionaries({"date": DAYS}, optional=optional), max_size=2, unique_by=lambda entry: entry["date"])


def records() -> st.SearchStrategy[Record]:
    conditions = [entry.key for entry in KNOWN.findings.entries if entry.row["kind"] == "condition"]
    anyone: dict[str, Any] = {
        "allergies": st.lists(words(KNOWN.allergies), max_size=2, unique=True),
        "conditions": st.lists(st.sampled_from(conditions), min_size=1, max_size=2, unique=True),
    }
    pregnancy = st.fixed_dictionaries({"lmp": DAYS}, optional={"delivered": DAYS, "outcome": st.sampled_from(["live_birth", "#9"])})
    woman: dict[str, Any] = {"pregnancy": pregnancy}
    a_mother = st.fixed_dictionaries({"role": st.just("mother"), "contacts": contacts("mother")}, optional=anyone | woman)
    child: dict[str, Any] = {
        "sex": st.sampled_from(["female", "male", "unknown", "#9"]),
        "born": DAYS.map(lambda day: day[:8] + "15"),
        "born_precision": st.sampled_from(["day", "month", "year", "estimated", "#9"]),
        "birth": st.fixed_dictionaries({"weight_g": st.integers(0, 700).map(lambda n: n * 10)}),
    }
    an_infant = st.fixed_dictionaries({"role": st.just("infant"), "contacts": contacts("infant")}, optional=anyone | child)
    person = st.one_of(a_mother, an_infant)
    return person.map(lambda one: Record.from_json({"language": "en", "people": [one]}))


@unhurried
@given(records())
def test_any_record_is_answered(record: Record) -> None:
    for number, at in enumerate(record.people[0].contacts):
        for one in rules.fired(record, 0, number):
            assert RULES[one.rule.number] == one.rule and one.date == at.date and one.inputs
    for question in rules.conflicts(record, 0):
        assert question.question.endswith("check.")


@unhurried
@given(records())
def test_no_rule_fires_on_a_missing_value(record: Record) -> None:
    """Without an observation nothing names it, and whatever fires fired before: but for oedema, which hides scores, and a second length."""
    data = record.to_json()
    for number, at in enumerate(record.people[0].contacts):
        before = {one.rule.number for one in rules.fired(record, 0, number)}
        for key in at.observations or {}:
            fewer = json.loads(json.dumps(data))
            entries = fewer["people"][0]["contacts"][number]
            del entries["observations"][key]
            if not entries["observations"]:
                del entries["observations"]
            after = rules.fired(Record.from_json(fewer), 0, number)
            assert all(key not in dict(one.inputs) for one in after)
            assert key in ("oedema", "length", "height") or {one.rule.number for one in after} <= before


@unhurried
@given(records())
def test_an_implausible_score_meets_no_other_row(record: Record) -> None:
    person = record.people[0]
    for number in range(len(person.contacts)):
        fired = rules.fired(record, 0, number)
        flagged = {one.rule.observation for one in fired if one.rule.level == "implausible"}
        assert all(one.rule.level == "implausible" for one in fired if one.rule.observation in flagged)
        if isinstance(person, Infant) and (found := rules.growth(person, person.contacts[number])):
            assert flagged == {f"{indicator}_z" for indicator in INDICATORS if found.implausible(indicator)}
