"""The thirty-second handover: what each section holds, what is never dropped, and what is never made up."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from healthcard.clinic.handover import Context, Handover, age, handover
from healthcard.clinic.rules import fired
from healthcard.record import Record
from tests.builders import DAY, contact, family, infant, mother
from tests.strategies import contacts, contexts, record_json, todays

MAGNESIUM = {"medicine": "magnesium_sulfate", "amount": 4}


def days(count: int) -> date:
    return DAY + timedelta(count)


def shown(record: Record, today: date = DAY, verdict: str | None = "verified", **context: Any) -> Handover:
    return handover(Context(record, verdict, **context), today)


def supply(medicine: str, given_for: int) -> dict[str, Any]:
    return {"medicine": medicine, "amount": 1, "timing": "once_daily", "days": given_for}


# 0 and 1: standing and danger


def test_the_age_of_the_last_entry_is_that_of_the_newest_contact_of_anyone() -> None:
    standing = shown(family(mother(on=days(-9)), infant(on=days(-3))), issuer="mx-rc").standing
    assert (standing.verdict, standing.issuer, standing.last_entry, standing.last_entry_days) == ("verified", "mx-rc", days(-3), 3)


def test_a_card_from_the_future_or_without_contacts_has_no_age_of_its_last_entry() -> None:
    assert shown(mother(on=days(1))).standing.last_entry_days is None
    assert shown(mother(contacts=[])).standing.last_entry is None


def test_blood_pressure_is_one_danger_line_with_both_readings_and_its_rules() -> None:
    record = mother(observations={"systolic": 166, "diastolic": 112}, findings=["severe_headache"], gestation_days=238)
    headache, pressure = shown(record).danger
    assert (headache.kind, headache.key) == ("finding", "severe_headache")
    assert pressure.key == "blood_pressure" and pressure.values == (("systolic", 166), ("diastolic", 112))
    assert {rule.number for rule in pressure.rules} == {3, 4, 5, 6} and {rule.level for rule in pressure.rules} == {"red"}
    assert ("finding", "severe_headache") in pressure.inputs
    assert shown(record).watch == ()


def test_of_two_limits_on_the_same_terms_the_stricter_one_is_named() -> None:
    (line,) = shown(infant(age_days=404, sex="male", observations={"weight": 6.5})).watch
    assert line.key == "weight_for_age_z"
    assert [rule.number for rule in line.rules] == [49]


def test_a_danger_line_names_date_source_rule_and_what_the_rule_looked_at() -> None:
    (line,) = shown(infant(age_days=400, observations={"muac": 114}, source="hn-rc")).danger
    assert (line.key, line.values, line.unit, line.origin.date, line.origin.source) == ("muac", (("muac", 114),), "mm", DAY, "hn-rc")
    assert line.rules[0].source == "WHO 2023; Sphere appendix 4" and line.rules[0].confirmed
    assert dict(line.inputs) == {"muac": 114, "age_days": 400}


def test_a_rule_from_memory_is_marked_unconfirmed() -> None:
    (line,) = shown(mother(observations={"systolic": 80, "diastolic": 50})).danger
    assert [(rule.number, rule.confirmed) for rule in line.rules] == [(8, False)]


def test_amber_values_are_to_watch_and_not_danger() -> None:
    summary = shown(mother(observations={"systolic": 142, "diastolic": 80}))
    assert summary.danger == () and [line.key for line in summary.watch] == ["blood_pressure"]


def test_danger_is_that_of_each_persons_last_day_and_of_every_contact_on_it() -> None:
    record = mother(
        contacts=[
            contact(days(-30), findings=["vaginal_bleeding"]),
            contact(DAY, time="08:00", findings=["severe_headache"]),
            contact(DAY, time="15:00", findings=["fever_mother"]),
        ]
    )
    assert [line.key for line in shown(record).danger] == ["severe_headache", "fever_mother"]


def test_a_later_contact_where_nothing_was_examined_does_not_hide_danger() -> None:
    record = mother(contacts=[contact(days(-1), observations={"systolic": 170, "diastolic": 115}), contact(DAY, services=["food_water"])])
    assert [line.key for line in shown(record).danger] == ["blood_pressure"]


def test_danger_told_by_her_or_from_an_unverified_part_is_shown_and_says_so() -> None:
    told = shown(mother(findings=["severe_headache"], source="holder")).danger[0].origin
    assert told.told_by_holder and told.verified
    doubtful = shown(mother(findings=["severe_headache"]), verdict="altered", unverified=frozenset({(0, 0)})).danger[0].origin
    assert not doubtful.told_by_holder and not doubtful.verified


# 2: time-critical treatments


def test_time_critical_treatments_have_amount_unit_date_time_and_source_newest_first() -> None:
    gentamicin = [contact(days(-n), medicines=[{"medicine": "gentamicin", "amount": 14}], source="hn-rc") for n in (3, 2, 1)]
    magnesium = contact(DAY, time="16:45", medicines=[MAGNESIUM])
    lines = shown(mother(contacts=[*gentamicin, magnesium])).time_critical
    assert [(line.medicine, line.origin.date) for line in lines] == [
        ("magnesium_sulfate", DAY), ("gentamicin", days(-1)), ("gentamicin", days(-2)), ("gentamicin", days(-3)),
    ]  # fmt: skip
    assert (lines[0].amount, lines[0].unit, lines[0].origin.time, lines[0].origin.source) == (4, "g", "16:45", None)
    assert lines[1].origin.source == "hn-rc"


@pytest.mark.parametrize("medicine", ["dexamethasone", "betamethasone", "oxytocin", "ringer_lactate"])
def test_antenatal_steroids_oxytocin_and_fluids_are_time_critical(medicine: str) -> None:
    (line,) = shown(mother(medicines=[{"medicine": medicine, "amount": 12}])).time_critical
    assert line.medicine == medicine and not line.old
    assert shown(mother(medicines=[{"medicine": medicine, "amount": 12}]), days(8)).time_critical[0].old


# 3: allergies


@pytest.mark.parametrize(
    ("allergies", "state", "words"),
    [(["sulfonamides", "egg"], "listed", ("sulfonamides", "egg")), ([], "none_asked", ()), (None, "not_asked", ())],
)
def test_allergies_are_in_one_of_three_states_for_every_person(allergies: Any, state: str, words: tuple[str, ...]) -> None:
    record = family(mother(**({} if allergies is None else {"allergies": allergies})), infant())
    hers, childs = shown(record).allergies
    assert (hers.state, hers.words) == (state, words)
    assert childs.state == "not_asked"


# 4: who


def test_gestation_is_in_weeks_and_days_today_and_birth_expected_280_days_after_the_last_period() -> None:
    who = shown(mother(gestation_days=199, pregnancy={"dating": "ultrasound", "gravida": 3, "parity": 2, "caesareans": 1}), days(1)).who[0]
    assert (who.gestation, who.dating, who.expected) == ((28, 4), "ultrasound", days(280 - 199))
    assert (who.gravida, who.parity, who.caesareans, who.pregnant) == (3, 2, 1, True)


@given(st.integers(0, 308))
def test_the_expected_day_does_not_move_while_gestation_grows(gestation: int) -> None:
    who = shown(mother(contacts=[], gestation_days=gestation)).who[0]
    assert who.gestation is not None and who.gestation[0] * 7 + who.gestation[1] == gestation and 0 <= who.gestation[1] < 7
    assert who.expected == days(280 - gestation)


def test_after_birth_days_postpartum_stand_in_place_of_gestation() -> None:
    who = shown(mother(gestation_days=290, postpartum_days=7)).who[0]
    assert (who.postpartum_days, who.gestation, who.expected, who.pregnant) == (7, None, None, False)
    assert shown(mother(postpartum_days=0)).who[0].postpartum_days == 0


def test_a_pregnancy_that_is_told_but_not_dated_has_no_gestation() -> None:
    who = shown(mother(findings=["pregnant"])).who[0]
    assert (who.pregnant, who.gestation, who.expected) == (True, None, None)


def test_what_nobody_recorded_about_a_person_is_none() -> None:
    who = shown(mother()).who[0]
    values = (who.pregnant, who.gestation, who.postpartum_days, who.gravida, who.parity, who.caesareans, who.rhesus, who.age_years)
    assert set(values) == {None}


@pytest.mark.parametrize(("group", "rhesus"), [("O+", "positive"), ("AB-", "negative"), ("#12", None)])
def test_rhesus_is_read_from_the_blood_group(group: str, rhesus: str | None) -> None:
    assert shown(mother(blood_group=group)).who[0].rhesus == rhesus


@pytest.mark.parametrize(
    ("born", "today", "count", "unit"),
    [
        ("2026-06-04", "2026-07-01", 27, "days"),
        ("2026-06-03", "2026-07-01", 4, "weeks"),
        ("2026-04-02", "2026-07-01", 12, "weeks"),
        ("2026-04-01", "2026-07-01", 3, "months"),
        ("2024-07-02", "2026-07-01", 23, "months"),
        ("2021-07-02", "2026-07-01", 59, "months"),
        ("2021-07-01", "2026-07-01", 5, "years"),
        ("2024-02-29", "2025-02-28", 11, "months"),
    ],
)
def test_age_is_said_in_days_weeks_months_then_years(born: str, today: str, count: int, unit: str) -> None:
    said = age(date.fromisoformat(born), date.fromisoformat(today))
    assert said is not None and (said.count, said.unit) == (count, unit)


def test_a_child_has_age_sex_birth_weight_gestation_and_its_last_known_feeding() -> None:
    seen = [contact(days(-9), observations={"feeding": "exclusive"}), contact(DAY, observations={"weight": 4})]
    who = shown(infant(age_days=30, birth={"weight_g": 2310, "gestation_weeks": 36}, contacts=seen)).who[0]
    assert who.age is not None and (who.age.count, who.age.unit, who.age.approximate) == (4, "weeks", False)
    assert (who.sex, who.birth_weight_g, who.gestation_at_birth) == ("female", 2310, 36)
    assert who.feeding is not None and (who.feeding.word, who.feeding.origin.date) == ("exclusive", days(-9))


def test_an_age_from_the_month_of_birth_is_approximate_and_one_before_birth_not_known() -> None:
    who = shown(infant(born="2025-01-15", born_precision="month")).who[0]
    assert who.age is not None and who.age.approximate
    assert shown(infant(born="2026-07-02")).who[0].age is None


def test_conditions_are_listed_once_at_their_last_date_and_danger_signs_are_not_among_them() -> None:
    seen = [contact(days(-60), findings=["asthma"]), contact(DAY, findings=["asthma", "severe_headache", "breastfeeding"])]
    who = shown(mother(contacts=seen, conditions=["previous_caesarean"], history_source="holder")).who[0]
    assert [(line.finding, line.origin.date) for line in who.conditions] == [
        ("previous_caesarean", None), ("asthma", DAY), ("breastfeeding", DAY),
    ]  # fmt: skip
    assert who.conditions[0].origin.told_by_holder


# 5: values


def test_the_last_three_values_are_shown_newest_first_with_their_trend() -> None:
    readings = [(110, 70), (112, 70), (118, 76), (124, 76)]
    seen = [contact(days(n - 3), observations={"systolic": s, "diastolic": d}) for n, (s, d) in enumerate(readings)]
    (series,) = shown(mother(contacts=seen)).values
    assert series.key == "blood_pressure" and series.trend == "rising"
    assert [dict(point.values) for point in series.points] == [{"systolic": s, "diastolic": d} for s, d in readings[:0:-1]]


@pytest.mark.parametrize(
    ("before", "after", "trend"),
    [
        ({"muac": 130}, {"muac": 128}, "falling"),
        ({"muac": 130}, {"muac": 130}, "steady"),
        ({"systolic": 120, "diastolic": 80}, {"systolic": 118, "diastolic": 80}, "falling"),
        ({"systolic": 120, "diastolic": 80}, {"systolic": 130, "diastolic": 70}, None),
        ({"systolic": 120}, {"diastolic": 70}, None),
    ],
    ids=["falling", "steady", "one_part", "parts_disagree", "nothing_in_common"],
)
def test_trend_is_plain_arithmetic_on_the_last_two(before: dict[str, Any], after: dict[str, Any], trend: str | None) -> None:
    assert shown(mother(contacts=[contact(days(-9), observations=before), contact(DAY, observations=after)])).values[0].trend == trend


def test_two_readings_of_one_day_without_times_have_no_trend() -> None:
    both = [contact(DAY, observations={"muac": 230}), contact(DAY, observations={"muac": 240}, source="hn-rc")]
    assert shown(mother(contacts=both)).values[0].trend is None


def test_one_reading_has_no_trend() -> None:
    assert shown(mother(observations={"weight": 50})).values[0].trend is None


@pytest.mark.parametrize(
    ("observations", "fresh_until"),
    [({"systolic": 120, "diastolic": 80}, 0), ({"weight": 50}, 7), ({"muac": 240}, 7), ({"haemoglobin": 120}, 7)],
)
def test_vitals_are_old_after_their_day_and_weights_after_a_week(observations: dict[str, Any], fresh_until: int) -> None:
    record = mother(observations=observations)
    assert not shown(record, days(fresh_until)).values[0].points[0].old
    assert shown(record, days(fresh_until + 1)).values[0].points[0].old


def test_a_pregnant_woman_without_blood_pressure_at_her_last_contact_has_it_named_as_not_measured() -> None:
    seen = [contact(days(-30), observations={"systolic": 120, "diastolic": 80}), contact(DAY, observations={"weight": 60})]
    (line,) = shown(mother(contacts=seen, gestation_days=200)).not_measured
    assert (line.key, line.origin.date) == ("blood_pressure", DAY)
    assert shown(mother(contacts=[], gestation_days=200)).not_measured[0].key == "blood_pressure"
    assert shown(mother(observations={"systolic": 120}, gestation_days=200)).not_measured
    assert not shown(mother(observations={"systolic": 120, "diastolic": 80}, gestation_days=200)).not_measured
    assert not shown(mother(contacts=seen)).not_measured


def test_a_child_measured_by_arm_alone_has_weight_and_length_named_as_not_measured() -> None:
    assert [line.key for line in shown(infant(age_days=400, observations={"muac": 130})).not_measured] == ["weight", "length"]
    assert [line.key for line in shown(infant(age_days=800, observations={"weight": 9})).not_measured] == ["height"]


def test_z_scores_are_those_of_the_last_contact_that_measured_with_whos_class() -> None:
    seen = [contact(days(-8), observations={"weight": 6.9, "length": 71}), contact(days(-1), observations={"temperature": 37})]
    (growth,) = shown(infant(age_days=402, sex="male", contacts=seen)).growth
    assert growth.origin.date == days(-8) and growth.old and growth.age_days == 394
    assert dict(growth.inputs) == {"weight": 6.9, "length": 71}
    scores = {score.indicator: score for score in growth.scores}
    assert scores["weight_for_length"].word == "wasting" and scores["length_for_age"].word == "stunting"


def test_an_implausible_z_score_has_no_class() -> None:
    scores = shown(infant(age_days=400, observations={"weight": 30, "length": 71})).growth[0].scores
    assert [(score.word, score.implausible) for score in scores if score.indicator == "weight_for_length"] == [(None, True)]


# 6 to 8: medicines, due, referral


@pytest.mark.parametrize(
    ("elapsed", "left", "state"),
    [(0, 5, "running"), (3, 2, "running"), (4, 1, "running"), (5, 0, "finished"), (12, -7, "finished")],
)
def test_days_left_are_days_given_less_days_elapsed(elapsed: int, left: int, state: str) -> None:
    (line,) = shown(mother(medicines=[supply("amoxicillin_500", 5)]), days(elapsed)).medicines
    assert (line.days_left, line.state) == (left, state)


def test_a_medicine_that_finished_more_than_a_week_ago_is_left_out() -> None:
    assert shown(mother(medicines=[supply("amoxicillin_500", 5)]), days(13)).medicines == ()


def test_a_clock_behind_the_card_gives_no_more_days_than_were_given() -> None:
    assert shown(mother(medicines=[supply("amoxicillin_500", 5)]), date(1970, 1, 1)).medicines[0].days_left == 5


def test_what_is_running_comes_before_what_is_finished_and_the_first_to_run_out_first() -> None:
    given_for = {"amoxicillin_500": 5, "iron_folic_acid": 60, "paracetamol_500": 2}
    record = mother(medicines=[supply(medicine, count) for medicine, count in given_for.items()])
    assert [line.medicine for line in shown(record, days(3)).medicines] == ["amoxicillin_500", "iron_folic_acid", "paracetamol_500"]


def test_due_shows_what_is_late_or_soon_and_at_least_the_next_item() -> None:
    assert {item.key for item in shown(infant(contacts=[], age_days=10)).due} >= {"penta_1", "bcg"}
    assert "measles_1" not in {item.key for item in shown(infant(contacts=[], age_days=10)).due}
    far = mother(gestation_days=290, postpartum_days=100, vaccines=[{"vaccine": "td", "dose": 2}])
    assert [item.key for item in shown(far).due] == ["tetanus_3"]


@pytest.mark.parametrize(
    ("later", "state"),
    [
        ([], "to_do"),
        ([contact(days(2), source="pa-rc", services=["food_water"])], "to_do"),
        ([contact(days(2), source="holder", findings=["asthma"])], "to_do"),
        ([contact(days(2), source="withheld", findings=["asthma"])], "to_do"),
        ([contact(days(2), source="cr-rc", findings=["asthma"])], "sent"),
        ([contact(days(2), findings=["asthma"])], "sent"),
    ],
    ids=["none_later", "same_source", "told", "source_withheld", "another", "the_issuer"],
)
def test_a_referral_is_to_do_until_another_organisation_saw_her_and_is_still_listed_then(later: list[Any], state: str) -> None:
    sent = contact(DAY, source="pa-rc", referral={"service": "antenatal_care", "urgency": "routine", "to": "cr-rc"})
    (line,) = shown(mother(contacts=[sent, *later]), days(5), issuer="mx-rc").referrals
    assert (line.state, line.service, line.to) == (state, "antenatal_care", "cr-rc")


def test_the_issuer_by_name_is_the_same_source_as_the_issuer_left_out() -> None:
    seen = [contact(DAY, source="mx-rc", referral={"service": "laboratory", "urgency": "soon"}), contact(days(1), findings=["asthma"])]
    assert shown(mother(contacts=seen), days(2), issuer="mx-rc").referrals[0].state == "to_do"


def test_conflicts_are_questions_asked_once_per_medicine_at_its_last_date() -> None:
    seen = [contact(days(-n), medicines=[supply("amoxicillin_500", 5)]) for n in (20, 3)]
    (question,) = shown(mother(allergies=["penicillins"], contacts=seen)).questions
    assert (question.number, question.entry, question.because, question.origin.date) == (1, "amoxicillin_500", "penicillins", days(-3))


def test_vaccines_are_listed_dated_or_undated_with_their_source() -> None:
    record = infant(vaccines_before=[{"vaccine": "bcg"}], history_source="holder", vaccines=[{"vaccine": "penta", "dose": 1}])
    before, now = shown(record).vaccines
    assert (before.vaccine, before.dose, before.origin.date, before.origin.told_by_holder) == ("bcg", None, None, True)
    assert (now.vaccine, now.dose, now.origin.date) == ("penta", 1, DAY)


# Unknown codes, sensitivity, JSON


def test_numbers_without_a_word_stay_visible_and_never_become_clinical_lines() -> None:
    record = mother(
        allergies=["#25"],
        unknown={"#14": 3},
        observations={"#20": 7, "malaria_test": "#9"},
        findings=["#150"],
        medicines=[{"medicine": "#300", "amount": 9, "timing": "#20", "days": 9}],
        vaccines=[{"vaccine": "#90", "dose": 1}],
        services=["#240"],
    )
    summary = shown(record)
    assert {(line.table, line.code) for line in summary.unknown_codes} == {
        ("allergy", "#25"), ("profile", "#14"), ("observation", "#20"), ("malaria_test", "#9"), ("finding", "#150"),
        ("medicine", "#300"), ("vaccine", "#90"), ("service", "#240"),
    }  # fmt: skip
    assert {line.sensitivity for line in summary.unknown_codes} == {1}
    assert not (summary.danger or summary.watch or summary.values or summary.medicines or summary.vaccines or summary.time_critical)
    assert summary.allergies[0].words == ("#25",)


def test_lines_carry_the_sensitivity_of_their_words() -> None:
    record = mother(gestation_days=100, findings=["epilepsy", "asthma"], medicines=[supply("isoniazid_300", 9)])
    summary = shown(record)
    assert summary.who[0].sensitivity == 1
    assert {line.finding: line.sensitivity for line in summary.who[0].conditions} == {"epilepsy": 1, "asthma": 0}
    assert summary.medicines[0].sensitivity == 2


def test_the_button_for_clinicians_is_always_there() -> None:
    assert shown(mother(contacts=[])).more is True


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(contexts(), todays())
def test_any_record_on_any_day_gives_a_handover_that_is_plain_json(context: Context, today: date) -> None:
    summary = handover(context, today)
    form = summary.to_json()
    assert json.loads(json.dumps(form)) == form
    assert len(summary.allergies) == len(summary.who) == len(context.record.people)
    assert (today, form["more"]) == (date.fromisoformat(form["today"]), True)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(contexts(), todays())
def test_every_line_comes_from_the_contact_it_names(context: Context, today: date) -> None:
    summary = handover(context, today)
    groups: list[Any] = [getattr(summary, name) for name in Handover.__slots__ if isinstance(getattr(summary, name), tuple)]
    origins = [line.origin for group in groups for line in group if hasattr(line, "origin")]
    for origin in (*origins, *(point.origin for series in summary.values for point in series.points)):
        person = context.record.people[origin.person]
        assert origin.role == person.role
        if origin.contact is not None:
            seen = person.contacts[origin.contact]
            assert (origin.date, origin.time, origin.source) == (seen.date, seen.time, seen.source)
            assert origin.told_by_holder == (seen.source == "holder")
            assert origin.verified == ((origin.person, origin.contact) not in context.unverified)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(record_json(), todays(), st.data())
def test_adding_a_contact_never_removes_a_medicine_that_is_still_running(form: dict[str, Any], today: date, data: st.DataObject) -> None:
    def running(people: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        lines = handover(Context(Record.from_json(form | {"people": people})), today).medicines
        return [(o.person, o.date, o.time, o.source, m.medicine, m.amount, m.timing, m.days) for m in lines for o in [m.origin]]

    person = data.draw(st.integers(0, len(form["people"]) - 1))
    more = data.draw(contacts(form["people"][person]["role"]))
    assume(more not in form["people"][person]["contacts"])
    people = [dict(one) for one in form["people"]]
    before = running(people)
    people[person]["contacts"] = [*people[person]["contacts"], more]
    after = running(people)
    for line in before:
        assert after.count(line) >= before.count(line)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(record_json(), todays(), st.randoms(use_true_random=False))
def test_the_order_in_which_contacts_are_given_does_not_matter(form: dict[str, Any], today: date, random: Any) -> None:
    mixed = [one | {"contacts": random.sample(one["contacts"], len(one["contacts"]))} for one in form["people"]]
    one, other = (handover(Context(Record.from_json(form | {"people": people})), today) for people in (form["people"], mixed))
    assert one == other


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(contexts(), todays())
def test_every_red_rule_of_the_last_examined_day_reaches_the_danger_section(context: Context, today: date) -> None:
    summary = handover(context, today)
    for number, person in enumerate(context.record.people):
        examined = [n for n, seen in enumerate(person.contacts) if seen.observations or seen.findings]
        last = [n for n in examined if person.contacts[n].date == person.contacts[examined[-1]].date]
        red = {(n, hit.rule.source) for n in last for hit in fired(context.record, number, n) if hit.rule.level == "red"}
        lines = [line for line in summary.danger if line.origin.person == number]
        assert red <= {(line.origin.contact, rule.source) for line in lines for rule in line.rules}
