"""The text twin: the key facts in short lines that stay true when they are read later, and that tell no more than a face may."""

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from healthcard.clinic.handover import Context, Handover, handover
from healthcard.printing.paper import ON_PAPER, OPEN, Reading, sections
from healthcard.record import Record
from healthcard.words import labels
from healthcard.words.labels import LANGUAGES, label
from healthcard.words.text import Section
from healthcard.words.wording import Line
from tests.builders import DAY, contact, family, infant, mother
from tests.strategies import contexts, todays

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.json"))
LATER = date(2026, 11, 20)
every_example = pytest.mark.parametrize("path", EXAMPLES, ids=[path.stem for path in EXAMPLES])
every_language = pytest.mark.parametrize("language", LANGUAGES)


def summary(record: Record, today: date = DAY) -> Handover:
    return handover(Context(record, "verified", "mx-rc"), today)


def lines(record: Record, section: str, language: str = "en", today: date = DAY, beside: bool = False) -> list[Line]:
    first = [person.contacts[0].date for person in record.people]
    made = sections(summary(record, today), language, beside, first)
    return [line for found in made if found.key == section for line in found.lines]


def texts(record: Record, section: str, language: str = "en", today: date = DAY, beside: bool = False) -> list[str]:
    """The lines with plain spaces, for where a line may break is not the matter here."""
    return [line.text.replace("\u00a0", " ") for line in lines(record, section, language, today, beside)]


def everything(found: tuple[Section, ...]) -> str:
    return "\n".join(line.text for section in found for line in section.lines).replace("\u00a0", " ")


# Medicines, vaccines, allergies


def test_a_medicine_has_its_dose_its_days_and_the_date_from_which_they_count() -> None:
    record = mother(medicines=[{"medicine": "amoxicillin_500", "amount": 1, "timing": "three_times_daily", "days": 7}])
    assert texts(record, "medicines") == ["Amoxicillin 500 mg: 1 capsule three times a day for 7 days, from 1 Jul 2026"]
    assert texts(record, "medicines", "es") == ["Amoxicilina 500 mg: 1 cápsula tres veces al día por 7 días, desde el 1 jul 2026"]


def test_what_is_printed_of_a_medicine_is_the_same_on_each_of_its_days() -> None:
    record = mother(medicines=[{"medicine": "amoxicillin_500", "amount": 1, "timing": "three_times_daily", "days": 7}])
    said = {tuple(texts(record, "medicines", today=DAY + timedelta(n))) for n in range(8)}
    assert len(said) == 1


def test_a_medicine_that_is_finished_gives_way_first() -> None:
    record = mother(medicines=[{"medicine": "amoxicillin_500", "amount": 1, "timing": "three_times_daily", "days": 7}])
    assert [line.level for line in lines(record, "medicines", today=DAY + timedelta(6))] == ["info"]
    assert [line.level for line in lines(record, "medicines", today=DAY + timedelta(8))] == ["old"]


def test_a_time_critical_treatment_has_amount_date_and_hour_or_says_that_nobody_noted_it() -> None:
    given = [{"medicine": "magnesium_sulfate", "amount": 4}]
    assert texts(mother(medicines=given, time="16:45"), "time_critical") == ["Magnesium sulfate 4 g, 1 Jul 2026 16:45"]
    assert texts(mother(medicines=given), "time_critical") == ["Magnesium sulfate 4 g, 1 Jul 2026, time not known"]


def test_vaccines_of_one_person_stand_in_one_line_with_dose_and_date() -> None:
    first = contact(date(2026, 1, 5), vaccines=[{"vaccine": "bcg", "dose": 1}, {"vaccine": "penta", "dose": 1}])
    second = contact(date(2026, 2, 9), vaccines=[{"vaccine": "penta", "dose": 2}])
    record = infant(contacts=[first, second])
    assert texts(record, "vaccines") == ["BCG 1: 5 Jan 2026 · DTwP-HepB-Hib pentavalent 1: 5 Jan 2026, 2: 9 Feb 2026"]
    assert texts(record, "vaccines", beside=True) == ["BCG 1 · DTwP-HepB-Hib pentavalent 1, 2"]


def test_a_vaccine_of_the_history_says_that_its_date_is_not_known() -> None:
    record = infant(vaccines_before=[{"vaccine": "bcg"}])
    assert texts(record, "vaccines") == ["BCG date not known"]


@pytest.mark.parametrize(
    ("allergies", "level", "said"),
    [
        (None, "question", "Allergies: not asked"),
        ([], "info", "No allergies (asked)"),
        (["penicillins"], "amber", "Allergy: Penicillins"),
    ],
    ids=["not asked", "asked, none", "listed"],
)  # fmt: skip
def test_allergies_have_three_states(allergies: list[str] | None, level: str, said: str) -> None:
    (line,) = lines(mother(allergies=allergies) if allergies is not None else mother(), "allergies")
    assert line.level == level and line.text.startswith(said)


# Danger


def test_danger_comes_first_and_red_before_amber() -> None:
    record = mother(observations={"systolic": 166, "diastolic": 112, "haemoglobin": 100}, findings=["severe_headache"], gestation_days=240)
    found = sections(summary(record), "en")
    assert found[0].key == "danger" and [line.level for line in found[0].lines] == ["red", "red", "amber"]


def test_danger_signs_of_one_contact_stand_in_one_line() -> None:
    record = mother(findings=["severe_headache", "blurred_vision"], time="16:45")
    assert texts(record, "danger") == ["Severe headache · Blurred vision, 1 Jul 2026 16:45"]


def test_a_red_value_has_its_date_what_it_means_and_a_short_source() -> None:
    record = mother(observations={"systolic": 166, "diastolic": 112})
    meaning = "severe hypertension range: urgent referral after a second reading"
    assert texts(record, "danger") == [f"Blood pressure 166/112 mmHg, 1 Jul 2026: {meaning} (WHO SMART ANC DT.17-24)"]
    child = infant(age_days=300, observations={"muac": 113})
    assert texts(child, "danger") == ["Arm circumference (MUAC) 113 mm, 1 Jul 2026: severe wasting range (WHO 2023)"]


def test_an_amber_value_has_its_date_and_what_it_means_but_no_source() -> None:
    record = mother(observations={"haemoglobin": 104}, gestation_days=240)
    assert texts(record, "danger") == ["Haemoglobin 104 g/L, 1 Jul 2026: below WHO cut-off, third trimester"]


def test_what_rests_on_a_row_that_nobody_read_has_a_star_and_is_a_draft() -> None:
    (line,) = lines(mother(observations={"systolic": 80}), "danger")
    assert line.text.endswith("*") and line.draft


def test_beside_the_other_language_a_danger_line_says_what_but_no_figure_and_no_date() -> None:
    record = mother(observations={"systolic": 166, "diastolic": 112})
    (text,) = texts(record, "danger", "es", beside=True)
    assert text.startswith("Presión arterial: rango de hipertensión") and not re.search(r"\d", text)


# Who, values, due, referral


def test_a_mothers_age_names_the_year_that_it_is_of_however_late_the_card_is_made() -> None:
    record = mother(contacts=[contact(date(2025, 6, 30)), contact(DAY)], age_years=27)
    assert texts(record, "who") == ["Age 27 years (2025)"] == texts(record, "who", today=LATER)
    assert texts(record, "who", beside=True) == ["Age 27 years"]


def test_a_gestation_names_its_day_and_the_expected_day_of_birth() -> None:
    record = mother(gestation_days=240, pregnancy={"dating": "ultrasound"})
    assert texts(record, "who")[:2] == [
        "Gestational age 34 weeks + 2 d (1 Jul 2026), by ultrasound", "Expected date of delivery 10 Aug 2026"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("days", "said"), [(7, "7 days after birth"), (42, "42 days after birth"), (43, "6 weeks after birth"), (200, "6 months after birth")]
)
def test_time_since_birth_is_told_in_the_measure_that_matters_and_names_its_day(days: int, said: str) -> None:
    assert texts(mother(postpartum_days=days), "who")[0] == f"{said} (1 Jul 2026)"


def test_an_age_names_its_day() -> None:
    assert texts(infant(age_days=10), "who") == ["Age 10 days (1 Jul 2026) · female"]


@every_example
@every_language
def test_no_day_of_birth_stands_on_the_face(path: Path, language: str) -> None:
    """DP-03; a dose due at birth would tell it."""
    record = Record.from_json(path.read_bytes())
    births = {person.born for person in record.people if person.role == "infant" and person.born}
    births |= {person.pregnancy.delivered for person in record.people if person.role == "mother" and person.pregnancy}
    for today in (LATER, max(c.date for p in record.people for c in p.contacts)):
        said = everything(sections(summary(record, today), language))
        assert not [born for born in births if born and labels.day(born, language) in said]


def test_values_are_one_row_a_contact_newest_first_with_a_dash_where_nobody_measured() -> None:
    record = mother(contacts=[contact(date(2026, 6, 1), observations={"systolic": 110, "diastolic": 70, "weight": 60.5}),
                              contact(DAY, observations={"weight": 61})])  # fmt: skip
    rows = [line for line in lines(record, "values") if isinstance(line, Reading)]
    assert [row.date.replace("\u00a0", " ") for row in rows] == ["1 Jul 2026", "1 Jun 2026"]
    assert [[(c.title, c.unit, c.value) for c in row.cells] for row in rows] == [
        [("Blood pressure", "mmHg", "\u2013"), ("Weight", "kg", "61")],
        [("Blood pressure", "mmHg", "110/70"), ("Weight", "kg", "60.5")],
    ]
    assert [row.level for row in rows] == ["info", "old"]
    assert rows[1].text.replace("\u00a0", " ") == "1 Jun 2026 · Blood pressure 110/70 mmHg · Weight 60.5 kg"


def test_a_blood_pressure_of_which_one_part_is_missing_says_which() -> None:
    (row,) = [line for line in lines(mother(observations={"diastolic": 70}), "values") if isinstance(line, Reading)]
    assert row.cells[0].value == "\u2013/70"


def test_what_should_have_been_measured_and_was_not_is_said() -> None:
    record = mother(gestation_days=200, observations={"weight": 61})
    assert "Blood pressure: not measured, 1 Jul 2026" in texts(record, "values")


def test_what_falls_on_one_day_stands_in_one_line_and_what_was_due_before_is_due_on_the_day_of_issue() -> None:
    said = texts(infant(age_days=30, contacts=[contact(DAY)]), "due")
    assert said[0].startswith("1 Jul 2026: ") and "BCG" in said[0]
    days = [text.partition(":")[0] for text in said]
    assert len(days) == len(set(days))


def test_a_referral_names_where_to_and_nobody_else() -> None:
    referral = {"service": "antenatal_care", "urgency": "routine", "reason": "anaemia_in_pregnancy", "to": "gt-rc"}
    record = mother(contacts=[contact(DAY, source="hn-rc", referral=referral)])
    (text,) = texts(record, "referral")
    assert text == "Antenatal care contact, routine: Anaemia in pregnancy, to gt\u2011rc, 1 Jul 2026"
    assert texts(record, "referral", beside=True) == ["Antenatal care contact, routine: Anaemia in pregnancy"]


# What a face never says


@every_example
@every_language
def test_the_face_names_no_organisation_but_the_one_she_is_sent_to(path: Path, language: str) -> None:
    record = Record.from_json(path.read_bytes())
    contacts = [c for person in record.people for c in person.contacts]
    sources = {c.source for c in contacts if c.source} | {"mx-rc"}
    destinations = {c.referral.to for c in contacts if c.referral and c.referral.to}
    said = everything(sections(summary(record, LATER), language)).replace("\u2011", "-")
    assert not [name for name in sources - destinations if name in said]


def test_what_she_told_herself_is_told_as_hers() -> None:
    record = mother(contacts=[contact(DAY, source="holder", observations={"weight": 61}, findings=["severe_headache"])])
    assert texts(record, "danger") == ["Severe headache, 1 Jul 2026, told by her"]
    (row,) = [line for line in lines(record, "values") if isinstance(line, Reading)]
    assert row.date.endswith("told by her")


@every_example
@every_language
def test_nothing_is_told_in_words_that_are_wrong_tomorrow(path: Path, language: str) -> None:
    words = ["today", "old", "overdue", "due_now", "finished", "last_entry_today", "rising", "falling", "steady"]
    stale = [label("ui", key, language).text for key in words]
    counted = ("days_left", "runs_out_in", "last_entry")
    stale += [re.sub(r"\{days\}", "", label("ui", f"{key}.{form}", language).text).strip() for key in counted for form in ("one", "other")]
    record = Record.from_json(path.read_bytes())
    for today in (LATER, max(c.date for p in record.people for c in p.contacts)):
        said = everything(sections(summary(record, today), language)).casefold()
        assert not [word for word in stale if re.search(rf"\b{re.escape(word.casefold())}\b", said)]


@given(contexts(), todays())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_both_languages_have_the_same_lines_and_nothing_above_the_open_level(context: Context, today: date) -> None:
    found = handover(context, today)
    shapes = []
    for language, beside in (("en", False), ("es", True), ("ht", False)):
        made = sections(found, language, beside)
        assert [section.key for section in made] == list(ON_PAPER)
        assert all(line.sensitivity <= OPEN for section in made for line in section.lines)
        assert all(line.text.strip() == line.text != "" for section in made for line in section.lines)
        shapes.append([[(line.person, line.level, len(getattr(line, "cells", ()))) for line in section.lines] for section in made])
    assert shapes[0] == shapes[1] == shapes[2]


@every_language
def test_a_sensitive_entry_stands_on_no_face_even_where_a_record_holds_it(language: str) -> None:
    """DP-07: such a record is not issued in the open; its face would still say nothing."""
    record = mother(findings=["partner_violence", "severe_headache"], conditions=["syphilis"],
                    observations={"hiv_test": "positive", "weight": 60})  # fmt: skip
    said = everything(sections(summary(record), language))
    for kind, key in (("finding", "partner_violence"), ("finding", "syphilis"), ("observation", "hiv_test")):
        assert label(kind, key, language).text not in said
    assert label("finding", "severe_headache", language).text in said


def test_a_line_is_a_draft_as_soon_as_one_word_is(monkeypatch: pytest.MonkeyPatch) -> None:
    record = mother(findings=["severe_headache", "labour"])
    assert [line.draft for line in lines(record, "danger", "ht")] == [True]
    assert [line.draft for line in lines(mother(findings=["severe_headache"]), "danger", "ht")] == [False]
    checked = {key: labels.Label(found.text, False) for key, found in labels._table("es").items()}
    monkeypatch.setattr(labels, "_table", lambda language: checked)
    assert not any(line.draft for line in lines(mother(observations={"weight": 60}), "values", "es"))


def test_an_entry_without_a_word_is_named_by_its_number() -> None:
    record = mother(findings=["#150"])
    assert texts(record, "more") == ["Code 150: unknown, 1 Jul 2026"]


def test_a_family_keeps_the_key_facts_of_each_person() -> None:
    record = family(mother(gestation_days=240, allergies=[]), infant(age_days=300, observations={"muac": 113, "weight": 6.1}))
    people: dict[str, set[Any]] = {s.key: {line.person for line in s.lines} for s in sections(summary(record), "en")}
    assert people["who"] == people["allergies"] == {0, 1} and people["values"] >= {1}
