"""What is due: anchors, windows by day, late starts, repeats; and schedule files of an organisation's own."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from healthcard.clinic import schedule
from healthcard.clinic.schedule import Due, Schedule, due, load, pregnant_on
from healthcard.errors import HealthcardError
from healthcard.record import Record
from tests.builders import DAY, contact, infant, mother
from tests.strategies import records, todays

HEADER = "key,label_en,for,anchor,due_days,overdue_days,condition,source,confidence,satisfied_by\n"


def days(count: int) -> date:
    """The day `count` days after DAY."""
    return DAY + timedelta(count)


def listed(record: Record, today: date = DAY, schedules: Schedule | None = None) -> dict[str, Due]:
    return {item.key: item for item in due(record, 0, today, schedules)}


def dose(vaccine: str, number: int | None = None) -> dict[str, Any]:
    return {"vaccine": vaccine} | ({} if number is None else {"dose": number})


def own(tmp_path: Path, rows: str, name: str = "ours.csv") -> Path:
    file = tmp_path / name
    file.write_text(HEADER + rows, encoding="utf-8")
    return file


# Antenatal contacts


@pytest.mark.parametrize(
    ("gestation", "key", "state"),
    [
        (60, "anc1", "upcoming"),
        (84, "anc1", "due"),
        (91, "anc1", "due"),
        (92, "anc1", "overdue"),
        (132, "anc1", "overdue"),
        (133, "anc2", "upcoming"),
        (148, "anc2", "overdue"),
        (250, "anc6", "upcoming"),
        (290, "anc8", "overdue"),
    ],
)
def test_without_any_contact_only_the_antenatal_contact_whose_time_it_is_is_listed(gestation: int, key: str, state: str) -> None:
    record = mother(contacts=[], gestation_days=gestation)
    found = listed(record)
    assert [name for name in found if name.startswith("anc")] == [key]
    assert found[key].state == state


def test_an_antenatal_contact_is_overdue_seven_days_after_it_was_due() -> None:
    item = listed(mother(contacts=[], gestation_days=148))["anc2"]
    assert item.overdue == item.due + timedelta(7) and item.due == days(140 - 148)


@pytest.mark.parametrize(("seen_at", "next_key"), [(84, "anc2"), (134, "anc3"), (132, "anc2"), (238, "anc6")])
def test_a_contact_counts_for_the_visit_whose_time_it_falls_in(seen_at: int, next_key: str) -> None:
    found = listed(mother(gestation_days=seen_at))
    assert [name for name in found if name.startswith("anc")] == [next_key]
    assert found[next_key].state == "upcoming"


def test_a_contact_before_this_pregnancy_is_no_antenatal_contact() -> None:
    record = mother(contacts=[contact(days(-300))], gestation_days=100)
    assert listed(record)["anc1"].state == "overdue"


def test_after_birth_no_antenatal_contact_is_due() -> None:
    assert not [key for key in listed(mother(gestation_days=280, postpartum_days=1)) if key.startswith(("anc", "birth_41"))]


def test_at_41_weeks_referral_for_birth_is_due() -> None:
    assert listed(mother(contacts=[], gestation_days=287))["birth_41"].state == "due"


def test_a_pregnancy_of_45_weeks_without_a_birth_on_the_card_is_not_taken_for_one_that_lasts() -> None:
    assert pregnant_on(mother(contacts=[], gestation_days=308).people[0], DAY) is True
    assert pregnant_on(mother(contacts=[], gestation_days=309).people[0], DAY) is None


def test_pregnant_by_what_staff_found_holds_for_44_weeks_and_not_after_birth() -> None:
    told = [contact(days(-308), findings=["pregnant"])]
    assert pregnant_on(mother(contacts=told).people[0], DAY) is True
    assert pregnant_on(mother(contacts=told).people[0], days(1)) is None
    assert pregnant_on(mother(contacts=told, postpartum_days=2).people[0], DAY) is False
    assert pregnant_on(infant().people[0], DAY) is None


# After birth


@pytest.mark.parametrize("age", [0, 1, 2, 3, 6, 7, 15, 45, 76])
def test_mother_and_child_have_at_most_one_postnatal_contact_listed_at_a_time(age: int) -> None:
    for record in (mother(contacts=[], postpartum_days=age), infant(contacts=[], age_days=age)):
        assert len([key for key in listed(record) if key.startswith("pnc")]) == 1


def test_a_postnatal_contact_that_was_missed_is_not_listed_for_ever() -> None:
    assert "pnc4" in listed(infant(contacts=[], age_days=76))
    assert "pnc4" not in listed(infant(contacts=[], age_days=77))


# Vaccines


@pytest.mark.parametrize(("age", "state"), [(10, "upcoming"), (42, "due"), (56, "due"), (57, "overdue"), (400, "overdue")])
def test_the_first_penta_is_due_at_six_weeks_and_stays_due_when_missed(age: int, state: str) -> None:
    assert listed(infant(contacts=[], age_days=age))["penta_1"].state == state


def test_of_missed_doses_only_the_first_is_listed() -> None:
    found = listed(infant(contacts=[], age_days=500))
    assert "penta_1" in found and not {"penta_2", "penta_3", "measles_2"} & found.keys()


def test_after_a_late_first_dose_the_second_waits_for_the_usual_interval() -> None:
    record = infant(age_days=200, vaccines=[dose("penta", 1)])
    assert listed(record)["penta_2"].due == days(28)
    assert listed(record, days(27))["penta_2"].state == "upcoming"
    assert listed(record, days(28))["penta_2"].state == "due"
    assert listed(record, days(28 + 15))["penta_2"].state == "overdue"


def test_a_dose_on_time_leaves_the_next_at_its_own_age() -> None:
    record = infant(age_days=42, vaccines=[dose("penta", 1)])
    assert listed(record)["penta_2"].due == days(70 - 42)


def test_hexavalent_counts_where_pentavalent_is_due() -> None:
    record = infant(age_days=80, contacts=[contact(days(-38), vaccines=[dose("penta", 1)]), contact(DAY, vaccines=[dose("hexa", 2)])])
    assert "penta_3" in listed(record) and "penta_2" not in listed(record)


@pytest.mark.parametrize(
    ("before", "given", "key"),
    [
        ([dose("penta", 3)], [], "measles_1"),
        ([dose("penta")], [], "penta_2"),
        ([dose("penta"), dose("penta", 1)], [], "penta_2"),
        ([dose("penta", 0)], [], "penta_1"),
        ([], [dose("penta")], "penta_2"),
    ],
    ids=["third_told", "number_not_known", "perhaps_the_same_dose", "zero_dose", "dated_number_not_known"],
)
def test_doses_are_counted_as_far_as_the_card_surely_says(before: list[Any], given: list[Any], key: str) -> None:
    record = infant(age_days=300, vaccines_before=before, vaccines=given)
    assert key in listed(record) and len([k for k in listed(record) if k.startswith("penta")]) == (key != "measles_1")


def test_two_dated_doses_without_numbers_are_two_doses() -> None:
    record = infant(age_days=200, contacts=[contact(days(-60), vaccines=[dose("penta")]), contact(days(-20), vaccines=[dose("penta")])])
    assert "penta_3" in listed(record)


def test_a_measles_zero_dose_does_not_replace_the_first() -> None:
    assert "measles_1" in listed(infant(age_days=290, vaccines=[dose("measles", 0)]))


def test_the_birth_dose_of_hepatitis_b_is_not_asked_for_once_penta_is_due() -> None:
    assert listed(infant(contacts=[], age_days=41))["hepatitis_b_birth"].state == "overdue"
    assert "hepatitis_b_birth" not in listed(infant(contacts=[], age_days=42))


def test_tetanus_goes_by_the_first_contact_then_by_the_dose_before() -> None:
    pregnancy = {"lmp": days(-100).isoformat()}
    first = listed(mother(pregnancy=pregnancy))
    assert first["tetanus_1"].due == DAY and first["tetanus_1"].overdue == days(7) and "tetanus_2" not in first
    second = listed(mother(pregnancy=pregnancy, vaccines=[dose("td", 1)]))
    assert second["tetanus_2"].due == days(28) and "tetanus_1" not in second
    third = listed(mother(pregnancy=pregnancy, vaccines=[dose("td", 2)]))
    assert third["tetanus_3"].due == days(183)
    assert not [key for key in listed(mother(pregnancy=pregnancy, vaccines=[dose("td", 3)])) if key.startswith("tetanus")]


def test_after_an_undated_first_tetanus_dose_the_second_counts_from_the_first_contact() -> None:
    record = mother(gestation_days=100, vaccines_before=[dose("td", 1)])
    assert listed(record)["tetanus_2"].due == days(28)


# Repeated items, treatments and measurements


def test_vitamin_a_comes_back_after_180_days_until_59_months() -> None:
    given = [{"medicine": "vitamin_a_100k", "amount": 1}]
    assert listed(infant(contacts=[], age_days=183))["vitamin_a"].state == "due"
    assert listed(infant(age_days=200, medicines=given))["vitamin_a"].due == days(180)
    assert listed(infant(contacts=[], age_days=1795))["vitamin_a"].state == "due"
    assert "vitamin_a" not in listed(infant(contacts=[], age_days=1796))


def test_deworming_of_a_child_comes_back_after_183_days() -> None:
    given = [{"medicine": "albendazole_400", "amount": 1}]
    assert listed(infant(age_days=400, medicines=given))["deworming_child"].due == days(183)


def test_a_pregnant_woman_is_dewormed_once_after_the_first_trimester() -> None:
    given = [{"medicine": "albendazole_400", "amount": 1}]
    assert listed(mother(contacts=[], gestation_days=98))["deworming_mother"].state == "due"
    assert "deworming_mother" not in listed(mother(gestation_days=91, medicines=given), days(60))
    early = listed(mother(gestation_days=60, medicines=given), days(60))
    assert early["deworming_mother"].state == "due"


def test_weighing_is_due_30_days_after_the_last_weight_and_90_days_from_one_year_on() -> None:
    young = listed(infant(age_days=200, observations={"weight": 6}))
    assert young["growth_young"].due == days(30) and "growth_older" not in young
    assert listed(infant(age_days=365, observations={"weight": 8}))["growth_older"].due == days(90)


def test_a_child_never_weighed_is_to_be_weighed_today_and_one_weighed_at_birth_after_30_days() -> None:
    assert listed(infant(age_days=20, observations={"muac": 120}))["growth_young"].due == DAY
    assert listed(infant(age_days=20, birth={"weight_g": 3000}))["growth_young"].due == days(10)


def test_therapeutic_food_asks_for_a_visit_after_a_week_until_the_child_is_measured_again() -> None:
    food = [{"medicine": "rutf", "amount": 2, "timing": "once_daily", "days": 14}]
    record = infant(age_days=300, medicines=food, observations={"weight": 6})
    assert listed(record)["therapeutic_food_visit"].due == days(7)
    again = [contact(DAY, medicines=food), contact(days(6), observations={"muac": 118})]
    assert "therapeutic_food_visit" not in listed(infant(age_days=300, contacts=again), days(6))


def test_programmes_are_off_until_a_deployment_names_them() -> None:
    record = mother(contacts=[], gestation_days=200, blood_group="A-")
    assert not {"iptp", "anti_d"} & listed(record).keys()
    on = load("who", programmes={"malaria", "anti_d"})
    assert {"iptp", "anti_d"} <= listed(record, DAY, on).keys()
    given = mother(gestation_days=100, medicines=[{"medicine": "sulfadoxine_pyrimethamine", "amount": 3}])
    assert listed(given, DAY, on)["iptp"].due == days(28)
    assert "anti_d" not in listed(mother(contacts=[], gestation_days=200, blood_group="A+"), DAY, on)


def test_nothing_is_due_for_a_child_who_died() -> None:
    assert due(infant(age_days=100, findings=["infant_died"]), 0, DAY) == ()


def test_a_child_born_to_the_month_gets_approximate_days() -> None:
    record = infant(born="2026-05-15", born_precision="month", contacts=[])
    assert {item.approximate for item in due(record, 0, DAY) if item.anchor == "birth"} == {True}


def test_before_the_birth_nothing_counts_from_it() -> None:
    assert not [item for item in due(infant(contacts=[], born="2026-07-02"), 0, DAY) if item.anchor == "birth"]


def test_antenatal_items_are_marked_as_telling_of_a_pregnancy() -> None:
    assert {item.sensitivity for item in due(mother(contacts=[], gestation_days=200), 0, DAY)} == {1}
    assert {item.sensitivity for item in due(infant(contacts=[], age_days=200), 0, DAY)} == {0}


@settings(max_examples=60, deadline=None)
@given(records(), todays())
def test_any_record_on_any_day_lists_each_item_once_and_the_overdue_first(record: Record, today: date) -> None:
    for person in range(len(record.people)):
        found = due(record, person, today)
        assert len({(item.schedule, item.key) for item in found}) == len(found)
        assert [schedule.STATES.index(item.state) for item in found] == sorted(schedule.STATES.index(item.state) for item in found)
        for item in found:
            assert (item.state == "upcoming") == (item.due > today)
            assert (item.state == "overdue") == (item.overdue is not None and item.overdue < today)


# Files


def test_every_schedule_that_ships_with_the_package_loads() -> None:
    assert {item.schedule for item in load("who", "epi-who", "epi-pa").items} == {"who", "epi-who", "epi-pa"}


def test_an_organisation_adds_its_own_schedule_without_code(tmp_path: Path) -> None:
    file = own(tmp_path, "check,Heart check,infant,birth,10,20,,Our protocol 3,read,observation pulse\n")
    for source in (file, tmp_path):
        assert listed(infant(contacts=[], age_days=12), DAY, load("who", source))["check"].label_en == "Heart check"


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("Check,C,infant,birth,1,2,,S,read,contact", "key"),
        ("check,C,father,birth,1,2,,S,read,contact", "mother, infant or both"),
        ("check,C,infant,conception,1,2,,S,read,contact", "anchor"),
        ("check,C,infant,last:sugar,1,2,,S,read,contact", "anchor"),
        ("check,C,mother,dose:td:1,1,2,,S,read,td:3", "anchor"),
        ("check,C,infant,birth,-1,2,,S,read,contact", "whole numbers"),
        ("check,C,infant,birth,3,2,,S,read,contact", "overdue before"),
        ("check,C,infant,birth,1,2,when it rains,S,read,contact", "condition"),
        ("check,C,infant,birth,1,2,every 0,S,read,medicine rutf", "every 0"),
        ("check,C,infant,birth,1,2,,S,guessed,contact", "confidence"),
        ("check,C,infant,birth,1,2,,S,read,any contact", "vocabulary"),
        ("check,C,infant,birth,1,2,,S,read,medicine sugar", "vocabulary"),
        ("check,C,infant,birth,1,2,,S,read,contact|bcg", "mixes"),
        ("check,C,infant,birth,1,2,,S,read,penta:1|hexa:2", "mixes"),
        ("check,C,infant,birth,1,2,,,read,contact", "source"),
        ("check,C,infant,birth,1,2,,S,read", "cells"),
        ("check,C,infant,birth,1,2,,S,read,contact,more", "cells"),
    ],
)
def test_a_faulty_row_is_named_by_line_when_the_file_is_loaded(tmp_path: Path, row: str, complaint: str) -> None:
    with pytest.raises(HealthcardError, match=f"schedule ours, line 2: .*{complaint}"):
        load(own(tmp_path, row + "\n"))


def test_all_faults_of_a_file_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(HealthcardError) as refused:
        load(own(tmp_path, "a,A,father,birth,1,2,,S,read,contact\nb,B,infant,birth,x,2,,S,read,contact\n"))
    assert "line 2" in str(refused.value) and "line 3" in str(refused.value)


def test_a_file_that_is_not_there_or_has_other_columns_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n", encoding="utf-8")
    for source, complaint in ((tmp_path / "none.csv", "no such file"), (other, "columns"), (own(tmp_path, "", "X.csv"), "small letters")):
        with pytest.raises(HealthcardError, match=complaint):
            load(source)
    with pytest.raises(HealthcardError, match="no such file"):
        load("atlantis")


def test_the_same_item_twice_is_refused() -> None:
    with pytest.raises(HealthcardError, match="twice"):
        load("who", "who")
