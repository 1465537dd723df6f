"""The handover in words: sections, numbers and plurals per language, what red says and what is never said."""

import io
import json
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from rich.console import Console

from healthcard import vocabulary
from healthcard.clinic.handover import Context, handover
from healthcard.clinic.schedule import load
from healthcard.record import Record
from healthcard.words import labels
from healthcard.words.labels import amount, counted, day, label, number
from healthcard.words.text import SECTIONS, Line, notice_text, person_label, sections, terminal, verdict_lines
from tests.builders import DAY, contact, family, infant, mother
from tests.strategies import contexts, todays

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.json"))
PICTOGRAMS = {path.stem for path in (Path(__file__).parent.parent / "print_templates" / "pictograms").glob("*.svg")}
LANGUAGES = ("en", "es", "fr", "pt", "ht")
VERDICTS = ("verified", "unknown-issuer", "altered", "not-authorised", "withdrawn", "unreadable", "newer-version")
NOTICES = ("old-bundle", "clock", "retired-key", "unknown-code", "implausible-value", "copied", "superseded")


def lines(record: Record, section: str, language: str = "en", today: date = DAY, **context: Any) -> list[Line]:
    summary = handover(Context(record, **{"verdict": "verified", "issuer": "mx-rc"} | context), today)
    return [line for found in sections(summary, language) if found.key == section for line in found.lines]


def texts(record: Record, section: str, language: str = "en", today: date = DAY, **context: Any) -> list[str]:
    return [line.text for line in lines(record, section, language, today, **context)]


def screen(record: Record, language: str = "en", width: int = 100, colour: bool = True, styled: bool = False) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=styled, color_system="standard" if styled else None)
    console.print(terminal(handover(Context(record, "verified", "mx-rc"), DAY), language, width, colour))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


# Numbers, dates, counts


@pytest.mark.parametrize(
    ("language", "written"), [("en", "38.2"), ("es", "38.2"), ("fr", "38,2"), ("pt", "38,2"), ("ht", "38,2")]
)  # fmt: skip
def test_the_decimal_mark_is_that_of_the_language(language: str, written: str) -> None:
    assert number(38.2, language) == written
    assert any(f"{written} °C" in text for text in texts(mother(observations={"temperature": 38.2}), "danger", language))


@pytest.mark.parametrize(
    ("language", "written"),
    [("en", "2 Feb 2026"), ("es", "2 feb 2026"), ("fr", "2 févr. 2026"), ("pt", "2 fev 2026"), ("ht", "2 fev 2026")],
)
def test_dates_have_the_month_as_a_word(language: str, written: str) -> None:
    assert day(date(2026, 2, 2), language) == written


@pytest.mark.parametrize(
    ("value", "unit", "language", "written"),
    [
        (1, "tablet", "en", "1 tablet"),
        (2, "tablet", "en", "2 tablets"),
        (0.5, "tablet", "en", "½ tablet"),
        (1.5, "tablet", "en", "1½ tablets"),
        (0.25, "sachet", "es", "¼ sobre"),
        (1.5, "tablet", "es", "1½ tabletas"),
        (2.75, "sachet", "es", "2¾ sobres"),
        (0.5, "tablet", "fr", "½ comprimé"),
        (1.5, "tablet", "fr", "1½ comprimé"),
        (2, "tablet", "fr", "2 comprimés"),
        (1.5, "sachet", "pt", "1½ sachê"),
        (2.5, "sachet", "pt", "2½ sachês"),
        (2, "tablet", "ht", "2 konprime"),
        (2.5, "mL", "en", "2.5 mL"),
        (2.5, "mL", "fr", "2,5 mL"),
        (0.5, "g", "es", "0.5 g"),
        (4, "g", "pt", "4 g"),
        (4.0, "g", "pt", "4 g"),
        (1500, "mL", "en", "1500 mL"),
    ],
)
def test_pieces_are_written_in_quarters_and_measured_amounts_in_decimals(value: float, unit: str, language: str, written: str) -> None:
    assert amount(value, unit, language).text == written


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_medicine_has_its_unit_in_the_singular_and_the_plural(language: str) -> None:
    for medicine in vocabulary.default().medicines.entries:
        for count in (1, 2):
            assert amount(count, medicine.unit, language).text.startswith(f"{count} ")


@pytest.mark.parametrize(
    ("count", "language", "written"),
    [
        (1, "en", "1 day left"),
        (2, "en", "2 days left"),
        (0, "en", "0 days left"),
        (1, "es", "queda 1 día"),
        (2, "es", "quedan 2 días"),
        (0, "fr", "reste 0 jour"),
        (1, "fr", "reste 1 jour"),
        (2, "fr", "restent 2 jours"),
        (0, "pt", "resta 0 dia"),
        (2, "pt", "restam 2 dias"),
        (1, "ht", "rete 1 jou"),
        (2, "ht", "rete 2 jou"),
    ],
)
def test_counted_phrases_take_the_singular_or_the_plural_of_the_language(count: int, language: str, written: str) -> None:
    assert counted("days_left", count, language).text == written


# Labels


def test_an_unknown_code_has_a_neutral_label_in_every_language() -> None:
    assert [label("finding", "#77", language).text for language in LANGUAGES] == ["code 77", "código 77", "code 77", "código 77", "kòd 77"]


def test_a_word_without_a_label_is_an_error() -> None:
    with pytest.raises(LookupError):
        label("finding", "made_up", "en")


def test_an_observation_has_the_label_of_its_role_or_of_both() -> None:
    assert label("observation", "weight", "en", "mother") != label("observation", "weight", "en", "infant")
    assert label("observation", "temperature", "en", "mother") == label("observation", "temperature", "en", "infant")


@pytest.mark.parametrize("language", ["sw", "ru", "tg", "#25"])
def test_a_language_without_a_table_is_english_and_a_draft(language: str) -> None:
    assert label("finding", "severe_headache", language) == (label("finding", "severe_headache", "en").text, True)
    assert not label("finding", "severe_headache", "en").draft


def test_drafts_are_marked_by_language() -> None:
    assert [label("finding", "labour", language).draft for language in LANGUAGES] == [False, False, False, False, True]


# Sections


def test_sections_come_in_their_fixed_order_with_a_title_in_every_language() -> None:
    for language in LANGUAGES:
        found = sections(handover(Context(mother()), DAY), language)
        assert tuple(section.key for section in found) == SECTIONS
        assert all(section.title for section in found)


def test_a_red_line_names_value_date_and_rule_and_is_no_diagnosis() -> None:
    record = mother(observations={"systolic": 166, "diastolic": 112}, time="16:45")
    (line,) = [line for line in lines(record, "danger") if line.level == "red"]
    assert line.text == (
        "Blood pressure 166/112 mmHg, 1 Jul 2026 16:45: severe hypertension range: urgent referral after a second reading "
        "(meets WHO SMART ANC DT.17-24; not a diagnosis)"
    )
    assert (line.icon, line.person, line.role) == ("danger", 0, "mother")


def test_a_red_rule_from_memory_says_that_it_is_not_confirmed_and_is_a_draft() -> None:
    (line,) = lines(mother(observations={"systolic": 80}), "danger")
    assert line.text.endswith("(meets IMPAC; not a diagnosis; rule not confirmed)") and line.draft


def test_with_checked_labels_only_what_rests_on_an_unconfirmed_row_is_a_draft(monkeypatch: pytest.MonkeyPatch) -> None:
    checked = {key: labels.Label(found.text, False) for key, found in labels._table("en").items()}
    monkeypatch.setattr(labels, "_table", lambda language: checked)
    assert [line.draft for line in lines(mother(observations={"systolic": 170, "diastolic": 115}), "danger")] == [False]
    assert [line.draft for line in lines(mother(observations={"systolic": 80}), "danger")] == [True]
    assert {line.draft for line in lines(mother(contacts=[], gestation_days=133), "due")} == {False}
    assert {line.draft for line in lines(infant(contacts=[], age_days=57), "due")} == {True}


def test_a_danger_sign_names_its_date_source_and_rule() -> None:
    assert texts(mother(findings=["severe_headache"], source="holder"), "danger") == [
        "Severe headache, 1 Jul 2026, told by her (meets WHO SMART ANC DT.01; not a diagnosis)"
    ]


def test_a_z_score_in_danger_shows_what_was_measured() -> None:
    (text,) = texts(infant(age_days=400, observations={"weight": 5.9, "length": 71}), "danger")[:1]
    assert re.match(r"Weight for length/height -[34]\.\d+ z \(5\.9 kg, 71 cm\), 1 Jul 2026: severe wasting range \(meets WHO;", text)


def test_what_is_not_verified_says_so_in_every_section_it_is_in() -> None:
    record = mother(
        findings=["severe_headache"], observations={"weight": 50}, allergies=["egg"], gestation_days=200,
        medicines=[{"medicine": "iron_folic_acid", "amount": 1, "timing": "once_daily", "days": 9}, {"medicine": "oxytocin", "amount": 10}],
        vaccines=[{"vaccine": "td", "dose": 1}], referral={"service": "laboratory", "urgency": "soon"},
    )  # fmt: skip
    remark = label("ui", "unverified_line", "en").text
    assert remark in texts(record, "who", verdict="altered", unverified=frozenset({(0, 0)}))[0]
    for section in ("danger", "time_critical", "allergies", "medicines", "vaccines", "referral"):
        doubtful = texts(record, section, verdict="altered", unverified=frozenset({(0, 0)}))
        assert doubtful and all(remark in text for text in doubtful), section
        assert not any(remark in text for text in texts(record, section))
    assert any(remark in text for text in texts(record, "values", verdict="altered", unverified=frozenset({(0, 0)})))


def test_a_time_critical_treatment_says_how_much_when_and_by_whom() -> None:
    record = mother(
        contacts=[
            contact(DAY, time="16:45", medicines=[{"medicine": "magnesium_sulfate", "amount": 4}]),
            contact(DAY - timedelta(1), medicines=[{"medicine": "nifedipine_10_ir", "amount": 1}], source="hn-rc"),
            contact(DAY - timedelta(2), medicines=[{"medicine": "gentamicin", "amount": 240}], source="holder"),
        ]
    )
    assert texts(record, "time_critical") == [
        "Magnesium sulfate 4 g, 1 Jul 2026 16:45, given by mx-rc",
        "Nifedipine 10 mg 1 capsule, 30 Jun 2026 time not known, given by hn-rc",
        "Gentamicin 240 mg, 29 Jun 2026 time not known, told by her",
    ]


def test_the_three_states_of_allergies_read_differently_in_every_language() -> None:
    for language in LANGUAGES:
        cards = (mother(allergies=["egg"]), mother(allergies=[]), mother())
        states = [texts(card, "allergies", language) for card in cards]
        assert all(len(state) == 1 for state in states) and len({state[0] for state in states}) == 3


def test_a_mother_is_described_by_gestation_dating_and_counts() -> None:
    record = mother(gestation_days=200, pregnancy={"dating": "ultrasound", "gravida": 3, "parity": 2, "caesareans": 1}, blood_group="A-")
    assert texts(record, "who") == [
        "Gestational age 28 weeks + 4 d, by ultrasound",
        "Expected date of delivery 19 Sep 2026",
        "Pregnancies 3 · Births 2 · Caesareans 1",
        "Blood group A- (Rh negative)",
    ]
    assert {line.sensitivity for line in lines(record, "who")} == {1}


def test_a_child_is_described_by_age_sex_and_birth() -> None:
    record = infant(age_days=7, birth={"weight_g": 2310, "gestation_weeks": 36}, observations={"feeding": "exclusive"})
    assert texts(record, "who") == [
        "Age 7 days · female",
        "Birth weight 2310 g · Gestational age at birth 36 weeks",
        "Breastfeeding: exclusive, 1 Jul 2026",
    ]
    assert texts(infant(born="2025-01-15", born_precision="month", sex=None), "who") == ["Age 17 months, estimated"]


def test_values_are_listed_newest_first_with_unit_source_trend_and_age() -> None:
    seen = [
        contact(DAY - timedelta(30), observations={"systolic": 108, "diastolic": 66}, source="cr-rc"),
        contact(DAY - timedelta(2), observations={"systolic": 124, "diastolic": 78}),
    ]
    assert texts(mother(contacts=seen), "values") == [
        "Blood pressure 124/78 mmHg (29 Jun 2026); 108/66 (1 Jun 2026, cr-rc) · rising · old value"
    ]
    assert lines(mother(contacts=seen), "values")[0].level == "old"


def test_half_a_blood_pressure_says_which_half() -> None:
    assert texts(mother(observations={"systolic": 124}), "values") == ["Blood pressure, upper 124 mmHg (1 Jul 2026)"]


def test_missing_blood_pressure_in_pregnancy_reads_not_measured() -> None:
    assert texts(mother(gestation_days=200), "values") == ["Blood pressure: not measured, 1 Jul 2026"]


def test_implausible_scores_ask_to_measure_again() -> None:
    found = lines(infant(age_days=400, observations={"weight": 30, "length": 71}), "values")
    assert [line.level for line in found if "implausible: measure again" in line.text] == ["question"] * 3


def test_a_z_score_without_a_remark_stands_alone_and_one_with_a_class_names_it() -> None:
    found = texts(infant(age_days=394, sex="male", observations={"weight": 8.6, "length": 71}), "values")
    assert re.fullmatch(
        r"Weight for length/height [\d.-]+ z; Length/height for age -[\d.]+ z \(Stunting\); Weight for age [\d.-]+ z, 1 Jul 2026", found[-1]
    )


def test_a_medicine_has_strength_amount_timing_days_and_when_it_runs_out() -> None:
    given = [{"medicine": "amoxicillin_dt_250", "amount": 1.5, "timing": "twice_daily", "days": 5}]
    at = [texts(infant(medicines=given), "medicines", "en", DAY + timedelta(elapsed))[0] for elapsed in (0, 4, 5)]
    head = "Amoxicillin 250 mg: 1½ tablets twice a day for 5 days · "
    assert at == [head + "runs out in 5 days · 1 Jul 2026", head + "runs out in 1 day · 1 Jul 2026", head + "finished · 1 Jul 2026"]
    iron = [{"medicine": "iron_folic_acid", "amount": 1, "timing": "once_daily", "days": 60}]
    (text,) = texts(mother(medicines=iron), "medicines", "fr")
    assert "60 mg de fer élément + 0,4 mg\u00a0: 1 comprimé une fois par jour pendant 60 jours" in text


def test_a_conflict_is_asked_as_a_question_with_the_entry_it_is_about() -> None:
    record = mother(allergies=["penicillins"], medicines=[{"medicine": "amoxicillin_500", "amount": 1}])
    (line,) = lines(record, "medicines")
    assert line.level == "question" and "amoxicillin 500 mg, 1 Jul 2026" in line.text and line.draft


def test_due_lines_say_overdue_now_or_when() -> None:
    found = texts(infant(contacts=[], age_days=57), "due")
    assert "Penta 1, PCV 1, polio 1, rotavirus 1: overdue (16 Jun 2026), rule not confirmed" in found
    assert texts(mother(contacts=[], gestation_days=133), "due")[-1] == "Antenatal contact 2: due on 8 Jul 2026"


def test_an_organisations_own_schedule_shows_its_own_words_as_a_draft(tmp_path: Path) -> None:
    file = tmp_path / "ours.csv"
    header = "key,label_en,for,anchor,due_days,overdue_days,condition,source,confidence,satisfied_by\n"
    file.write_text(header + "check,Heart check,infant,birth,0,,,Ours,read,observation pulse\n", encoding="utf-8")
    summary = handover(Context(infant(contacts=[], age_days=3)), DAY, load(file))
    (line,) = sections(summary, "es")[SECTIONS.index("due")].lines
    assert line.text.startswith("Heart check") and line.draft


def test_a_referral_says_where_to_how_soon_and_why() -> None:
    referral = {"service": "antenatal_care", "urgency": "routine", "reason": "anaemia_in_pregnancy", "to": "cr-rc"}
    record = mother(contacts=[contact(DAY, source="pa-rc", referral=referral)])
    (text,) = texts(record, "referral")
    assert text == "Referral to do: Antenatal care contact, routine, Anaemia in pregnancy, to cr-rc, 1 Jul 2026, pa-rc"


def test_unknown_codes_are_named_under_more_after_the_button() -> None:
    assert texts(mother(findings=["#150"]), "more") == ["More for clinicians", "Code 150: unknown, 1 Jul 2026"]


def test_people_of_one_role_are_told_apart() -> None:
    summary = handover(Context(family(mother(), infant(age_days=1), infant(age_days=2))), DAY)
    assert [person_label(summary, n, "en").text for n in range(3)] == ["Mother", "Baby 1", "Baby 2"]
    alone = handover(Context(family(mother(), infant())), DAY)
    assert person_label(alone, 1, "es").text == "Bebé"


@pytest.mark.parametrize("language", LANGUAGES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors])
@given(context=contexts(), today=todays())
def test_any_handover_reads_in_every_language_and_never_says_normal(language: str, context: Context, today: date) -> None:
    summary = handover(context, today)
    normal = re.compile(rf"\b{label('growth', 'normal', language).text}\b", re.IGNORECASE)
    for section in sections(summary, language):
        for line in section.lines:
            assert line.text and not re.search(r"[{}]|None|#\d| $|^ |  ", line.text), line.text
            assert line.icon in PICTOGRAMS
            assert section.key not in ("danger", "values") or not normal.search(line.text)
    assert terminal(summary, language, 60).plain


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_the_vocabulary_can_be_shown(language: str) -> None:
    known = vocabulary.default()
    kinds = {
        "finding": known.findings, "service": known.services, "allergy": known.allergies, "vaccine": known.vaccines,
        "medicine": known.medicines, "timing": known.timings,
    }  # fmt: skip
    for kind, table in kinds.items():
        for entry in table.entries:
            assert label(kind, entry.key, language).text
    for name, table in known.enumerations.items():
        assert all(label("enumeration", f"{name}.{entry.key}", language).text for entry in table.entries)
    for role in vocabulary.ROLES:
        for quantity in known.observations[role].entries:
            assert label("observation", quantity.key, language, role).text
            assert all(labels.value_label(quantity.key, word, language).text for word in quantity.words.values())


# Verdicts, notice


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_verdict_has_a_title_a_sentence_and_a_line_to_continue_care(language: str) -> None:
    for verdict in VERDICTS:
        assert len(set(verdict_lines(verdict, (), language))) == 3


def test_notices_follow_the_verdict_with_their_details() -> None:
    found = verdict_lines("verified", NOTICES, "en", 40, "mx-rc")[3:]
    assert len(found) == len(NOTICES)
    assert "40 days" in found[0] and "as copied by mx-rc" in found[5]
    assert not any("{" in text for text in verdict_lines("verified", NOTICES, "en"))


def test_the_age_of_the_list_of_issuers_is_always_said_where_it_is_known() -> None:
    assert verdict_lines("verified", (), "en", 1)[-1] == "list of issuers: 1 day old"
    assert "12" in verdict_lines("altered", ("clock",), "fr", 12)[-1]


def test_the_handover_shows_verdict_issuer_and_age_of_the_last_entry() -> None:
    assert texts(mother(), "verdict", today=DAY + timedelta(1))[-1] == "Signed by mx-rc · last entry 1 day ago"
    assert {line.level for line in lines(mother(), "verdict", verdict="altered")[:3]} == {"amber"}
    assert texts(mother(contacts=[]), "verdict", verdict=None, issuer=None) == []


def test_the_notice_to_the_mother_is_there_in_every_language() -> None:
    assert len({notice_text(language).text for language in LANGUAGES}) == 5


# Terminal


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_fits_its_width_and_shows_each_line(path: Path, language: str) -> None:
    record = Record.from_json(json.loads(path.read_text(encoding="utf-8")))
    text = screen(record, language, 80)
    assert max(len(row) for row in text.splitlines()) <= 80
    flat = " ".join(text.split())
    for section in sections(handover(Context(record, "verified", "mx-rc"), DAY), language):
        for line in section.lines if section.key not in ("verdict", "more") else ():
            assert " ".join(line.text.split()) in flat, line.text


def test_red_lines_are_marked_by_a_sign_and_inverse_video_with_or_without_colour() -> None:
    record = mother(findings=["severe_headache"])
    for colour in (True, False):
        text = screen(record, colour=colour, styled=True)
        (row,) = [row for row in text.splitlines() if "Severe headache" in row]
        assert row.startswith("\x1b[1;7m!! ")
    assert "\x1b" not in screen(record)


def test_on_a_family_card_every_line_says_whose_it_is() -> None:
    text = screen(family(mother(findings=["severe_headache"]), infant(observations={"muac": 110}, age_days=300)))
    assert "!! Mother: Severe headache" in text and "!! Baby: Arm circumference" in text


def test_brackets_in_a_line_are_printed_as_they_are(tmp_path: Path) -> None:
    file = tmp_path / "ours.csv"
    header = "key,label_en,for,anchor,due_days,overdue_days,condition,source,confidence,satisfied_by\n"
    file.write_text(header + "check,Check [bold],infant,birth,0,,,Ours,read,\n", encoding="utf-8")
    console = Console(file=io.StringIO(), width=80)
    console.print(terminal(handover(Context(infant(contacts=[], age_days=3)), DAY, load(file)), "en", 80))
    assert isinstance(console.file, io.StringIO) and "Check [bold]" in console.file.getvalue()
