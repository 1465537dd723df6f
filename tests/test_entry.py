"""What is doubted at entry: every limit of the tables, each fault and question by name, and that no message says a value."""

import csv
import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from healthcard import growth, vocabulary
from healthcard.clinic import questions as asked
from healthcard.clinic.entry import check
from healthcard.clinic.questions import ASKED, Question, corrections, questions
from healthcard.errors import ConfirmationNeeded, Problem, RecordError
from healthcard.record import Record, same_value
from healthcard.words import labels
from tests.builders import DAY, contact, family, infant, mother
from tests.command import healthcard

TABLES = Path(__file__).parent.parent / "healthcard" / "vocabulary"
LATER = DAY + timedelta(7)


def day(days: int) -> str:
    """A day before (or after) DAY as written."""
    return (DAY + timedelta(days)).isoformat()


def problems(record: Record, *, issuer: str | None = None, again: tuple[str, ...] = ()) -> tuple[str, tuple[Problem, ...]]:
    """Whether a record is "accepted", "typed again" or "refused", and why."""
    try:
        check(record, LATER, again, issuer)
    except ConfirmationNeeded as error:
        return "typed again", error.problems
    except RecordError as error:
        return "refused", error.problems
    return "accepted", ()


def outcome(record: Record, **how: Any) -> tuple[str, list[str]]:
    word, found = problems(record, **how)
    return word, [problem.place for problem in found]


# --- the limits of the tables --------------------------------------------------------------------------------------


def limited() -> Iterator[tuple[str, dict[str, str]]]:
    for name in ("observations", "profile"):
        with (TABLES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            yield from ((name, row) for row in csv.DictReader(file) if row["warn_below"] or row["reject_below"])


LIMITED = list(limited())


def holding(name: str, row: dict[str, str], value: int | float) -> tuple[Record, str]:
    """A card that says nothing but this value, and where it stands; a child of no known sex and age has no z-score."""
    person = mother if row["role"] == "mother" else infant
    plain = {} if row["role"] == "mother" else {"sex": None}
    if name == "observations":
        return person(observations={row["key"]: value}, **plain), f"people[0].contacts[0].observations.{row['key']}"
    group, _, field = row["path"].rpartition(".")
    return person(**plain, **({group: {field: value}} if group else {field: value})), f"people[0].{row['path']}"


def plain(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 else float(value)


def test_the_tables_hold_the_limits_that_are_tried() -> None:
    assert [sum(name == table for name, _ in LIMITED) for table in ("observations", "profile")] == [33, 7]
    assert all(row[f"{limit}_{side}"] for _, row in LIMITED for limit in ("warn", "reject") for side in ("below", "above"))


@pytest.mark.parametrize(("name", "row"), LIMITED, ids=[f"{row['role']}-{row['key']}" for _, row in LIMITED])
@pytest.mark.parametrize("side", ["below", "above"])
def test_a_value_beyond_the_warn_limit_is_typed_again_and_one_beyond_the_reject_limit_is_refused(
    name: str, row: dict[str, str], side: str
) -> None:
    step = Fraction(row["step"]) * (-1 if side == "below" else 1)
    warn, reject = Fraction(row[f"warn_{side}"]), Fraction(row[f"reject_{side}"])
    for value, expected in ((warn, "accepted"), (warn + step, "typed again"), (reject, "typed again"), (reject + step, "refused")):
        if warn == reject:
            expected = "accepted" if value == warn else "refused"
        record, place = holding(name, row, plain(value))
        assert outcome(record) == (expected, [] if expected == "accepted" else [place]), f"at {plain(value)}"
        if expected == "typed again":
            assert outcome(record, again=(place,)) == ("accepted", [])
        if expected == "refused":
            assert outcome(record, again=(place,)) == ("refused", [place])


# --- typed again ---------------------------------------------------------------------------------------------------

WEIGHT = "people[0].contacts[0].observations.weight"
THREE_MONTHS = 91


@pytest.mark.parametrize("weight", [34, 14])
@pytest.mark.parametrize("sex", ["male", "female", None])
def test_34_kg_and_14_kg_at_three_months_are_typed_again(weight: int, sex: str | None) -> None:
    record = infant(age_days=THREE_MONTHS, sex=sex, observations={"weight": weight})
    assert outcome(record) == ("typed again", [WEIGHT])
    assert outcome(record, again=(WEIGHT,)) == ("accepted", [])


def test_a_usual_weight_is_not_typed_again() -> None:
    assert outcome(infant(age_days=THREE_MONTHS, observations={"weight": 6.1})) == ("accepted", [])


def test_typing_one_value_again_does_not_confirm_another() -> None:
    record = infant(age_days=THREE_MONTHS, observations={"weight": 14, "temperature": 34.5})
    temperature = "people[0].contacts[0].observations.temperature"
    assert outcome(record) == ("typed again", [WEIGHT, temperature])
    assert outcome(record, again=(temperature,)) == ("typed again", [WEIGHT])
    assert outcome(record, again=(WEIGHT, temperature)) == ("accepted", [])


def test_a_place_of_another_person_or_contact_confirms_nothing() -> None:
    record = infant(age_days=THREE_MONTHS, observations={"weight": 34})
    for place in ("people[1].contacts[0].observations.weight", "people[0].contacts[1].observations.weight", "weight", ""):
        assert outcome(record, again=(place,)) == ("typed again", [WEIGHT])


def test_the_value_typed_again_has_to_be_the_same() -> None:
    record = infant(age_days=THREE_MONTHS, observations={"weight": 3.4})
    assert same_value(record, WEIGHT, "3.4") and same_value(record, WEIGHT, "3,40")
    assert not same_value(record, WEIGHT, "34")
    assert not same_value(record, WEIGHT, "") and not same_value(record, "people[0].role", "infant")


def test_every_measurement_behind_an_implausible_score_is_typed_again() -> None:
    record = infant(age_days=400, observations={"weight": 9.5, "length": 50, "muac": 140, "temperature": 36.8})
    assert outcome(record) == ("typed again", [f"people[0].contacts[0].observations.{key}" for key in ("weight", "length")])


def test_the_limit_of_an_implausible_weight_is_where_who_puts_it() -> None:
    heaviest = max(n for n in range(600, 3000) if (growth.z_scores("female", THREE_MONTHS, n / 100).weight_for_age or 0) <= 5)
    assert outcome(infant(age_days=THREE_MONTHS, observations={"weight": heaviest / 100}))[0] == "accepted"
    assert outcome(infant(age_days=THREE_MONTHS, observations={"weight": (heaviest + 1) / 100}))[0] == "typed again"


def test_the_height_that_counts_is_doubted_and_not_the_length_beside_it() -> None:
    record = infant(born=day(-900)[:8] + "15", born_precision="month", observations={"length": 88, "height": 118})
    assert outcome(record) == ("typed again", ["people[0].contacts[0].observations.height"])


@pytest.mark.parametrize("more", [{"observations": {"oedema": "++"}}, {"findings": ["bilateral_oedema"]}], ids=["observed", "found"])
def test_a_weight_with_oedema_is_not_judged_by_age(more: dict[str, Any]) -> None:
    observations = {"weight": 14} | more.get("observations", {})
    assert outcome(infant(age_days=THREE_MONTHS, **more | {"observations": observations})) == ("accepted", [])


def test_a_child_born_to_the_year_is_not_judged_by_age() -> None:
    assert outcome(infant(born="2025-07-15", born_precision="year", observations={"weight": 25})) == ("accepted", [])


@pytest.mark.parametrize("source", ["pa-rc", "withheld", "#77"])
@pytest.mark.parametrize("observations", [{"weight": 34}, {"weight": 14}, {"weight": 44.9, "temperature": 20}])
def test_what_another_organisation_measured_is_not_judged(source: str, observations: dict[str, Any]) -> None:
    carried = infant(age_days=THREE_MONTHS, source=source, observations=observations, medicines=[{"medicine": "gentamicin", "amount": 20}])
    assert outcome(carried, issuer="mx-rc") == ("accepted", [])
    assert questions(carried, LATER, "mx-rc") == ()


@pytest.mark.parametrize("source", [None, "holder", "mx-rc"])
def test_what_we_measured_or_she_told_is_judged(source: str | None) -> None:
    assert outcome(infant(age_days=THREE_MONTHS, source=source, observations={"weight": 34}), issuer="mx-rc") == ("typed again", [WEIGHT])


def test_values_that_this_vocabulary_does_not_know_are_not_judged() -> None:
    record = infant(observations={"#29": 4000, "malaria_test": "#9"}, medicines=[{"medicine": "#999", "amount": 3}])
    assert outcome(record) == ("accepted", []) and questions(record, LATER) == ()


def test_an_older_vocabulary_judges_what_it_knows() -> None:
    known = vocabulary.default().without(("observations", "temperature"))
    written = infant(observations={"weight": 50, "#29": 1}).to_json()
    written["people"][0]["contacts"][0]["observations"]["#4"] = written["people"][0]["contacts"][0]["observations"].pop("#29")
    record = Record.from_json(written, known)
    with pytest.raises(RecordError) as refused:
        check(record, LATER, known=known)
    assert [problem.place for problem in refused.value.problems] == [WEIGHT]
    assert [question.text_key for question in questions(record, LATER, known=known)] == ["unit_slip"]


# --- faults --------------------------------------------------------------------------------------------------------

GENTAMICIN = {"medicine": "gentamicin", "amount": 20}
REFUSED = {
    "a_contact_in_the_future": (mother(on=LATER + timedelta(1)), "contacts[0].date"),
    "a_contact_before_the_birth": (infant(born=day(1)), "contacts[0].date"),
    "a_contact_before_the_month_of_birth": (infant(born="2026-08-15", born_precision="month"), "born contacts[0].date"),
    "a_contact_before_the_estimated_birth": (infant(born=day(3), born_precision="estimated"), "contacts[0].date"),
    "a_birth_in_the_future": (infant(born=day(9), contacts=[]), "born"),
    "a_year_of_birth_in_the_future": (infant(born="2027-07-15", born_precision="year", contacts=[]), "born"),
    "a_birth_to_the_day_of_a_child_seen_at_two_years": (infant(born=day(-731)), "born"),
    "a_last_menstrual_period_in_the_future": (mother(pregnancy={"lmp": day(8)}), "pregnancy.lmp"),
    "a_delivery_in_the_future": (mother(pregnancy={"delivered": day(8)}), "pregnancy.delivered"),
    "delivered_before_the_last_menstrual_period": (mother(pregnancy={"lmp": day(-10), "delivered": day(-11)}), "pregnancy.delivered"),
    "delivered_after_more_than_44_weeks": (mother(pregnancy={"lmp": day(-309), "delivered": day(0)}), "pregnancy.delivered"),
    "a_time_critical_medicine_given_here_without_a_time": (infant(age_days=9, medicines=[GENTAMICIN]), "contacts[0].time"),
}  # fmt: skip
ACCEPTED = {
    "a_contact_today": mother(on=LATER),
    "a_contact_on_the_day_of_birth": infant(age_days=0),
    "a_contact_early_in_the_month_of_birth": infant(born="2026-07-15", born_precision="month"),
    "a_contact_early_in_the_year_of_birth": infant(born="2026-12-15", born_precision="year"),
    "a_birth_to_the_day_of_a_child_seen_under_two_years": infant(born=day(-730)),
    "a_birth_to_the_day_of_a_child_that_turned_two_since": infant(born=day(7 - 731)),
    "a_birth_to_the_month_at_two_years": infant(born="2024-05-15", born_precision="month"),
    "a_last_menstrual_period_today": mother(pregnancy={"lmp": day(7)}),
    "delivered_on_the_day_of_the_last_menstrual_period": mother(pregnancy={"lmp": day(-10), "delivered": day(-10)}),
    "delivered_after_44_weeks": mother(pregnancy={"lmp": day(-308), "delivered": day(0)}),
    "a_time_critical_medicine_with_its_time": infant(age_days=9, time="14:30", medicines=[GENTAMICIN]),
    "a_time_critical_medicine_to_take_home": infant(age_days=9, medicines=[GENTAMICIN | {"timing": "once_daily", "days": 3}]),
    "another_medicine_without_a_time": infant(age_days=9, medicines=[{"medicine": "zinc_20", "amount": 1}]),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    record, places = REFUSED[name]
    expected = [f"people[0].{place}" for place in places.split()]
    assert outcome(record) == ("refused", expected)
    assert outcome(record, again=tuple(expected)) == ("refused", expected)


def test_a_missing_time_is_said_once_and_without_the_order_of_the_medicines() -> None:
    with pytest.raises(RecordError) as refused:
        check(infant(age_days=9, medicines=[{"medicine": "zinc_20", "amount": 1}, GENTAMICIN, GENTAMICIN]), LATER)
    assert [str(fault) for fault in refused.value.problems] == [
        "people[0].contacts[0].time: needed with this medicine (it is time-critical: give the local time)"
    ]


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name: str) -> None:
    assert outcome(ACCEPTED[name]) == ("accepted", [])


def test_every_time_critical_medicine_of_the_table_needs_its_time() -> None:
    with (TABLES / "medicines.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if "time_critical" in row["groups"].split()]
    assert len(rows) >= 20
    for row in rows:
        given = [{"medicine": row["key"], "amount": plain(Fraction(row["amount_step"]))}]
        assert outcome((infant if row["role"] == "infant" else mother)(medicines=given)) == ("refused", ["people[0].contacts[0].time"])


def test_all_faults_are_told_at_once_in_the_order_of_the_record() -> None:
    first = mother(on=LATER + timedelta(1), observations={"systolic": 301}, pregnancy={"gravida": 31})
    expected = ["people[0].pregnancy.gravida", "people[0].contacts[0].date", "people[0].contacts[0].observations.systolic"]
    assert outcome(family(first, infant(born=day(1), contacts=[contact()]))) == ("refused", [*expected, "people[1].contacts[0].date"])


# --- questions -----------------------------------------------------------------------------------------------------


def grown(first: dict[str, Any], then: dict[str, Any], **child: Any) -> Record:
    """A girl at 200 and 230 days."""
    born = {"born": day(-230)} | child
    return infant(contacts=[contact(DAY - timedelta(30), source="pa-rc", observations=first), contact(observations=then)], **born)


def pregnant(**entries: Any) -> Record:
    """30 weeks."""
    return mother(gestation_days=210, **entries)


def weighed(first: float, then: float, days: int) -> Record:
    earlier = contact(DAY - timedelta(days), source="pa-rc", observations={"weight": first})
    return mother(contacts=[earlier, contact(observations={"weight": then})])


OBSERVATIONS = "contacts[0].observations"
ASKS: dict[str, tuple[Record, str, str]] = {
    "haemoglobin_in_g_per_dl": (mother(observations={"haemoglobin": 11}), "unit_slip", f"{OBSERVATIONS}.haemoglobin"),
    "an_arm_in_cm": (infant(observations={"muac": 12}), "unit_slip", f"{OBSERVATIONS}.muac"),
    "a_temperature_in_fahrenheit": (mother(observations={"temperature": 98.6}), "unit_slip", f"{OBSERVATIONS}.temperature"),
    "pounds_at_three_months": (infant(age_days=91, observations={"weight": 14}), "unit_slip", f"{OBSERVATIONS}.weight"),
    "a_weight_far_up": (grown({"weight": 6}, {"weight": 11}), "growth_jump", "contacts[1].observations.weight"),
    "a_weight_far_down": (grown({"weight": 10}, {"weight": 6}), "growth_jump", "contacts[1].observations.weight"),
    "a_length_far_up": (grown({"length": 62}, {"length": 72}), "growth_jump", "contacts[1].observations.length"),
    "a_head_far_up": (grown({"head_circumference": 41}, {"head_circumference": 46}), "growth_jump",
                      "contacts[1].observations.head_circumference"),
    "an_arm_far_down": (grown({"muac": 155}, {"muac": 110}), "growth_jump", "contacts[1].observations.muac"),
    "a_child_that_shrank": (grown({"length": 68}, {"length": 67.2}), "shorter", "contacts[1].observations.length"),
    "a_head_that_shrank": (grown({"head_circumference": 43}, {"head_circumference": 42.4}), "smaller_head",
                           "contacts[1].observations.head_circumference"),
    "a_mother_in_pounds": (weighed(58, 128.7, 28), "mother_weight_jump", "contacts[1].observations.weight"),
    "a_fundus_too_high": (pregnant(observations={"fundal_height": 33.5}), "fundal_height", f"{OBSERVATIONS}.fundal_height"),
    "a_fundus_too_low": (pregnant(observations={"fundal_height": 26.5}), "fundal_height", f"{OBSERVATIONS}.fundal_height"),
    "pregnant_before_her_period": (mother(pregnancy={"lmp": day(1)}, findings=["pregnant"]), "pregnant_before_lmp", "contacts[0].date"),
    "pregnant_after_she_gave_birth": (mother(postpartum_days=1, findings=["pregnant"]), "pregnant_after_birth", "contacts[0].date"),
    "44_weeks_and_a_day": (mother(pregnancy={"lmp": day(-309)}), "no_birth", "pregnancy.lmp"),
    "as_many_births_as_pregnancies": (mother(pregnancy={"gravida": 2, "parity": 2}), "births_and_pregnancies", "pregnancy.parity"),
    "more_caesareans_than_births": (mother(pregnancy={"parity": 1, "caesareans": 2}), "births_and_pregnancies", "pregnancy.caesareans"),
    "a_red_pressure_without_a_time": (mother(observations={"systolic": 160}), "time_with_red", "contacts[0].time"),
    "a_danger_sign_without_a_time": (infant(findings=["convulsions_infant"]), "time_with_red", "contacts[0].time"),
    "length_and_height_together": (infant(age_days=700, observations={"length": 80, "height": 79.3}), "length_and_height",
                                   f"{OBSERVATIONS}.height"),
    "standing_at_eight_months": (infant(age_days=273, observations={"height": 70}), "standing_under_nine_months", f"{OBSERVATIONS}.height"),
}  # fmt: skip
SILENT: dict[str, Record] = {
    "a_usual_pregnancy": pregnant(observations={"weight": 60, "haemoglobin": 112, "systolic": 112, "diastolic": 70, "fundal_height": 30}),
    "haemoglobin_at_its_limit": mother(observations={"haemoglobin": 60}, time="10:00"),
    "a_low_value_that_no_unit_explains": mother(observations={"haemoglobin": 30}, time="10:00"),
    "a_weight_after_weight": grown({"weight": 7.3}, {"weight": 7.6}),
    "a_child_0_7_cm_shorter": grown({"length": 68}, {"length": 67.3}),
    "a_child_now_measured_standing": grown({"length": 80}, {"height": 78.7}, born=day(-600)),
    "a_head_half_a_centimetre_smaller": grown({"head_circumference": 43}, {"head_circumference": 42.5}),
    "weights_of_a_child_without_a_birth_date": grown({"weight": 6}, {"weight": 11}, born=None),
    "a_mother_12_kg_up_in_four_weeks": weighed(58, 70, 28),
    "a_mother_12_kg_down_in_four_weeks": weighed(70, 58, 28),
    "a_fundus_3_cm_up": pregnant(observations={"fundal_height": 33}),
    "a_fundus_3_cm_down": pregnant(observations={"fundal_height": 27}),
    "a_fundus_before_20_weeks": mother(gestation_days=139, observations={"fundal_height": 12}),
    "a_fundus_after_36_weeks": mother(gestation_days=253, observations={"fundal_height": 30}),
    "a_fundus_with_twins": pregnant(observations={"fundal_height": 36}, pregnancy={"fetuses": 2}),
    "a_fundus_with_twins_as_a_condition": pregnant(observations={"fundal_height": 36}, conditions=["multiple_pregnancy"]),
    "a_fundus_with_twins_found_today": pregnant(observations={"fundal_height": 36}, findings=["multiple_pregnancy"]),
    "a_fundus_without_a_date": mother(observations={"fundal_height": 12}),
    "pregnant_on_the_day_of_her_last_period": mother(pregnancy={"lmp": day(0)}, findings=["pregnant"]),
    "pregnant_on_the_day_of_the_birth": mother(postpartum_days=0, findings=["pregnant"]),
    "44_weeks": mother(pregnancy={"lmp": day(-308)}),
    "44_weeks_and_a_birth": mother(pregnancy={"lmp": day(-309), "delivered": day(-30)}),
    "44_weeks_and_an_outcome": mother(pregnancy={"lmp": day(-309), "outcome": "live_birth"}),
    "a_birth_less_than_pregnancies": mother(pregnancy={"gravida": 2, "parity": 1, "caesareans": 1}),
    "a_red_pressure_with_its_time": mother(observations={"systolic": 160}, time="09:15"),
    "an_amber_pressure_without_a_time": mother(observations={"systolic": 159}),
    "length_alone": infant(age_days=700, observations={"length": 80}),
    "standing_at_nine_months": infant(age_days=274, observations={"height": 70}),
    "standing_at_an_unknown_age": infant(observations={"height": 70}),
}  # fmt: skip


@pytest.mark.parametrize("name", ASKS)
def test_asks(name: str) -> None:
    record, text_key, place = ASKS[name]
    asked = [(question.text_key, question.place) for question in questions(record, LATER)]
    assert (text_key, f"people[0].{place}") in asked
    assert {key for key, _ in asked} <= {text_key, "time_with_red"}


@pytest.mark.parametrize("name", SILENT)
def test_asks_nothing(name: str) -> None:
    assert questions(SILENT[name], LATER) == ()


def test_each_question_is_asked_in_a_case_says_its_kind_and_has_words_in_every_language() -> None:
    assert {text_key for _, text_key, _ in ASKS.values()} == ASKED.keys()
    for record, text_key, _ in ASKS.values():
        assert [q.kind for q in questions(record, LATER) if q.text_key == text_key] == [ASKED[text_key].kind]
    for text_key in ASKED:
        assert len({labels.label("question", text_key, language).text for language in labels.LANGUAGES}) == len(labels.LANGUAGES)


def test_a_question_never_blocks() -> None:
    blocked = {"haemoglobin_in_g_per_dl", "an_arm_in_cm", "a_temperature_in_fahrenheit", "pounds_at_three_months"}
    assert {name for name, (record, *_) in ASKS.items() if outcome(record)[0] != "accepted"} == blocked


def test_a_z_score_may_change_by_three_and_no_more() -> None:
    first = growth.z_scores("female", 200, 7.3).weight_for_age
    assert first is not None
    changes = {n: (growth.z_scores("female", 230, n / 100).weight_for_age or 0) - first for n in range(760, 1300)}
    most = max(n for n, change in changes.items() if round(change, 2) <= 3)
    assert round(changes[most], 2) == 3.0
    assert questions(grown({"weight": 7.3}, {"weight": most / 100}), LATER) == ()
    after = next(n for n, change in changes.items() if round(change, 2) > 3)
    assert [q.text_key for q in questions(grown({"weight": 7.3}, {"weight": after / 100}), LATER)] == ["growth_jump"]


@pytest.mark.parametrize(("days", "most"), [(7, 9), (28, 12), (70, 18)])
def test_a_mother_may_change_by_8_kg_and_one_more_each_week(days: int, most: int) -> None:
    asked = [[q.text_key for q in questions(weighed(60, then, days), LATER)] for then in (60 + most, 60.1 + most, 60 - most, 59.9 - most)]
    assert asked == [[], ["mother_weight_jump"], [], ["mother_weight_jump"]]


def test_a_measurement_is_compared_with_the_last_one_before_it_whoever_took_it() -> None:
    contacts = [contact(DAY - timedelta(n), source=source, observations=observations) for n, source, observations in (
        (40, None, {"length": 66}), (30, "pa-rc", {"length": 68}), (20, "pa-rc", {"weight": 7}), (0, None, {"length": 66.5}),
    )]  # fmt: skip
    [question] = questions(infant(born=day(-230), contacts=contacts), LATER, "mx-rc")
    place = "people[0].contacts[{}].observations.length"
    assert question == Question(place.format(3), "growth", "shorter", (place.format(1),))


def test_the_right_person_and_contact_is_named() -> None:
    both = family(pregnant(observations={"systolic": 112}), grown({"length": 68}, {"length": 67}))
    assert [(q.place, q.because) for q in questions(both, LATER)] == [
        ("people[1].contacts[1].observations.length", ("people[1].contacts[0].observations.length",))
    ]


def test_a_contact_in_the_future_is_refused_and_raises_no_question() -> None:
    assert questions(mother(on=LATER + timedelta(1), observations={"systolic": 170}), LATER) == ()


# --- corrections ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "key", "typed", "meant"),
    [
        ("mother", "haemoglobin", 11, [(110, "g/dL")]),
        ("mother", "haemoglobin", 10.8, [(108, "g/dL")]),
        ("mother", "muac", 25.1, [(251, "cm")]),
        ("infant", "muac", 11.2, [(112, "cm")]),
        ("infant", "weight", 2870, [(2.87, "g")]),
        ("infant", "weight", 37, [(16.78, "lb")]),
        ("mother", "weight", 300, [(136.1, "lb")]),
        ("mother", "weight", 58400, [(58.4, "g")]),
        ("infant", "length", 710, [(71, "mm")]),
        ("infant", "length", 0.71, [(71, "m")]),
        ("infant", "length", 28, [(71.1, "in")]),
        ("mother", "height", 1.62, [(162, "m")]),
        ("mother", "height", 64, [(163, "in")]),
        ("mother", "temperature", 100.4, [(38, "degrees Fahrenheit")]),
        ("mother", "glucose_random", 95, [(5.3, "mg/dL")]),
        ("mother", "glucose_fasting", 92, [(5.1, "mg/dL")]),
        ("mother", "fundal_height", 310, [(31, "mm")]),
        ("infant", "head_circumference", 440, [(44, "mm")]),
        ("mother", "haemoglobin", 110, []),
        ("mother", "haemoglobin", 30, []),
        ("mother", "weight", 128.7, []),
        ("mother", "malaria_test", 1, []),
        ("mother", "systolic", 12, []),
    ],
)  # fmt: skip
def test_what_may_have_been_meant(role: vocabulary.Role, key: str, typed: float, meant: list[tuple[float, str]]) -> None:
    quantity = vocabulary.default().observations[role].by_key[key]
    assert corrections(quantity, typed) == meant
    for value, _ in meant:
        quantity.to_wire(value)  # on its step


def test_a_birth_weight_in_kilograms_or_pounds_is_meant_in_grams() -> None:
    quantity = vocabulary.default().profile["infant"].by_key["birth_weight_g"]
    assert corrections(quantity, 2.87) == [(2870, "kg"), (1300, "lb")]
    assert corrections(quantity, 6.3) == [(2860, "lb")]


@pytest.mark.parametrize(
    ("name", "suggested"),
    [
        ("haemoglobin_in_g_per_dl", ((110, "g/dL"),)),
        ("an_arm_in_cm", ((120, "cm"),)),
        ("a_temperature_in_fahrenheit", ((37, "degrees Fahrenheit"),)),
        ("pounds_at_three_months", ((6.35, "lb"),)),
        ("a_mother_in_pounds", ((58.4, "lb"),)),
        ("a_weight_far_up", ((4.99, "lb"),)),
        ("a_length_far_up", ()),
        ("a_weight_far_down", ()),
    ],
)
def test_a_question_offers_only_a_correction_that_would_not_be_asked_about(name: str, suggested: tuple[Any, ...]) -> None:
    record, text_key, _ = ASKS[name]
    assert [q.suggestions for q in questions(record, LATER) if q.text_key == text_key] == [suggested]


def test_pounds_are_seen_by_the_weight_before_where_the_age_alone_would_allow_them() -> None:
    record = grown({"weight": 5.5}, {"weight": 12.1})
    [question] = questions(record, LATER)
    assert (question.text_key, question.suggestions) == ("growth_jump", ((5.49, "lb"),))


def test_pounds_that_would_be_as_unlikely_are_not_offered() -> None:
    [question] = questions(weighed(58, 170, 28), LATER)
    assert (question.text_key, question.suggestions) == ("mother_weight_jump", ())
    assert questions(infant(age_days=30, observations={"weight": 37}), LATER) == ()


def test_one_measurement_is_asked_about_once() -> None:
    assert [q.text_key for q in questions(grown({"length": 72}, {"length": 62}), LATER)] == ["growth_jump"]
    assert [q.text_key for q in questions(grown({"weight": 6}, {"weight": 18}), LATER)] == ["unit_slip"]


# --- no value in any message ---------------------------------------------------------------------------------------

MARKED = [
    (mother(observations={"weight": 28.7, "systolic": 287, "haemoglobin": 17, "temperature": 98.7}), "28.7 287 17 98.7"),
    (mother(age_years=57, pregnancy={"gravida": 17, "parity": 19, "lmp": "2025-03-17"}), "57 17 19 2025-03-17"),
    (infant(age_days=93, observations={"weight": 17.31, "length": 123.7, "muac": 287}), "17.31 123.7 287"),
    (infant(born="2026-08-17", birth={"weight_g": 5870}), "2026-08-17 5870"),
    (grown({"weight": 5.57, "length": 68.9}, {"weight": 12.17, "length": 61.3}), "5.57 68.9 12.17 61.3"),
    (weighed(58.7, 128.7, 28), "58.7 128.7"),
    (pregnant(observations={"fundal_height": 17.5}), "17.5"),
]  # fmt: skip


@pytest.mark.parametrize(("record", "markers"), MARKED)
def test_no_message_says_a_value(record: Record, markers: str) -> None:
    _, found = problems(record)
    asked = questions(record, LATER)
    assert found or asked
    said = " ".join([*map(str, found), *map(repr, found), *map(str, asked), *map(repr, asked), *(f"{q}" for q in asked)])
    try:
        check(record, LATER)
    except RecordError as error:
        said += str(error) + repr(error)
    words = set(re.findall(r"[\w.-]*\w", said))
    assert words.isdisjoint(markers.split())
    suggested = {str(value) for question in asked for value, _ in question.suggestions}
    assert words.isdisjoint(suggested)


# --- the command line ----------------------------------------------------------------------------------------------


def test_issue_asks_on_standard_error_and_prints_the_card_all_the_same(demo: Path, tmp_path: Path) -> None:
    today = date.today()
    record = mother(contacts=[
        contact(today - timedelta(28), source="pa-rc", observations={"weight": 58.3}), contact(today, observations={"weight": 128.7}),
    ])  # fmt: skip
    file = tmp_path / "mother.json"
    file.write_text(json.dumps(record.to_json()))
    done = healthcard("issue", file, "--key", demo / "station.key", "--bundle", demo / "trust.bundle", "--out", tmp_path)
    assert done.code == 0
    assert done.err.splitlines() == [
        "people[0].contacts[1].observations.weight: A large change of weight since the last contact: weigh again. (meant in lb?)"
    ]
    assert (tmp_path / "mother.pdf").exists()


def test_the_limits_that_are_published_are_those_that_are_asked() -> None:
    limits = {"growth_jump": asked.Z_JUMP, "shorter": asked.SHORTER_CM, "smaller_head": asked.HEAD_CM, "fundal_height": asked.FUNDAL_CM}
    assert [name for name, limit in limits.items() if f"more than {limit:g} " not in f"{ASKED[name].limit} "] == []
