"""The clinic and the words of the pages (web/clinic, web/words) against the library's: not one difference.

Node runs once (web/clinic.mjs) and answers: readings, and the handover of a record on a day with its words.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from healthcard import resources, vocabulary
from healthcard.card import read
from healthcard.clinic import rules
from healthcard.clinic.handover import Context, handover
from healthcard.clinic.predicate import DERIVED
from healthcard.record import Record
from healthcard.trust.bundle import TrustBundle
from healthcard.words import labels, text
from tests.builders import DAY, contact, family, infant, mother
from tests.parts import RICH
from tests.route import Route
from tests.strategies import contexts, todays
from tests.test_text import EXAMPLES, NOTICES, VERDICTS
from tests.test_vectors import CARDS, FOLDER, MERGED, bundle, load
from tests.web_reader import WebReader

CAMPAIGN = bool(os.environ.get("HEALTHCARD_CAMPAIGN"))
# Those with a table of their own have some labels, the others none: the rest is English, as a draft.
LANGUAGES = (*labels.FACE_LANGUAGES, "sw")
SOME = (*labels.LANGUAGES, "ar", "sw")
LINE = ("text", "level", "person", "role", "icon", "draft", "sensitivity")

Case = tuple[Context, date]


@pytest.fixture(scope="module")
def pages() -> Iterator[WebReader]:
    with WebReader(script="clinic.mjs") as started:
        yield started


def same(answer: Any, expected: Any) -> None:
    """As JSON: order counts, 2.0 is 2, true is not 1."""
    expected = _whole(expected)
    if json.dumps(answer) != json.dumps(expected):
        assert json.dumps(answer, indent=1).splitlines() == json.dumps(expected, indent=1).splitlines()


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list | tuple) else value


def agree(pages: WebReader, cases: Iterable[Case], languages: tuple[str, ...] = LANGUAGES) -> None:
    """Handover, lines and labels of people are the same in both."""
    cases = list(cases)
    answers = pages.ask([question(context, today) | {"languages": languages} for context, today in cases])
    for (context, today), answer in zip(cases, answers, strict=True):
        summary = handover(context, today)
        same(answer["handover"], summary.to_json())
        for language in languages:
            same(answer["words"][language], [section_json(section) for section in text.sections(summary, language)])
            people = [text.person_label(summary, person, language)._asdict() for person in range(len(summary.people))]
            assert answer["people"][language] == people


def section_json(section: text.Section) -> dict[str, Any]:
    return {"key": section.key, "title": section.title, "lines": [{name: getattr(line, name) for name in LINE} for line in section.lines]}


def question(context: Context, today: date) -> dict[str, Any]:
    known = {"record": context.record.to_json(), "verdict": context.verdict, "issuer": context.issuer}
    return {"ask": "handover", "context": known | {"unverified": sorted(context.unverified)}, "today": today.isoformat()}


# Handover and words


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_have_the_same_handover_and_words_on_any_day(pages, path):
    record = Record.from_json(path.read_text(encoding="utf-8"))
    last = max(contact.date for person in record.people for contact in person.contacts)
    days = (date(1970, 1, 1), last - timedelta(1), last, last + timedelta(6), last + timedelta(200), date(2199, 6, 6))
    states = (None, None), ("verified", "mx-rc"), ("altered", "mx-rc")
    agree(pages, [(Context(record, verdict, issuer), today) for today in days for verdict, issuer in states])


def test_a_record_with_an_entry_of_every_kind_has_the_same_words_at_every_age_of_the_card(pages):
    context = Context(Record.from_json(RICH), "verified", "pa-rc", frozenset({(0, 1), (1, 0)}))
    agree(pages, [(context, date(2026, 6, 20) + timedelta(days)) for days in range(0, 1900, 19)], SOME)


def test_what_is_due_is_the_same_on_every_day_of_a_year_and_later(pages):
    doses = [{"vaccine": "bcg"}, {"vaccine": "penta"}, {"vaccine": "mr", "dose": 0}]
    child = infant(age_days=0, on=DAY, observations={"weight": 3.1}, vaccines=doses)
    woman = mother(gestation_days=20, on=DAY, findings=["pregnant"], vaccines=[{"vaccine": "td", "dose": 1}], blood_group="A-")
    examples = [Record.from_json(path.read_text(encoding="utf-8")) for path in EXAMPLES]
    told = mother(on=DAY, findings=["pregnant"])  # no date: pregnant as long as a pregnancy lasts
    for record in (child, woman, told, *examples):
        first = min(contact.date for person in record.people for contact in person.contacts)
        days = (*range(-5, 400, 1 if record in (child, woman, told) else 11), *range(400, 1900, 13))
        agree(pages, [(Context(record), first + timedelta(day)) for day in days], languages=())


@pytest.mark.parametrize(("systolic", "diastolic"), [(150, 95), (150, 80), (150, 70), (130, 80), (130, 70), (110, 95)])
def test_the_trend_of_two_parts_is_the_same_where_they_agree_and_where_not(pages, systolic, diastolic):
    before = contact(DAY - timedelta(7), observations={"systolic": 130, "diastolic": 80})
    record = mother(contacts=[before, contact(observations={"systolic": systolic, "diastolic": diastolic})])
    agree(pages, [(Context(record), DAY)], SOME)


@pytest.mark.parametrize("precision", ["day", "month", "year", "estimated"])
def test_a_child_is_as_old_as_its_day_of_birth_is_known(pages, precision):
    observations = {"weight": 5.2, "length": 70, "height": 68, "muac": 112, "temperature": 37.6, "respiratory_rate": 55}
    days = [date(2025, 7, 15) + timedelta(day) for day in range(-200, 800, 5)]
    records = [infant(born="2025-07-15", born_precision=precision, on=day, observations=observations) for day in days]
    agree(pages, [(Context(record), day + timedelta(1)) for record, day in zip(records, days, strict=True)], languages=())


@settings(max_examples=20_000 if CAMPAIGN else 500)
@given(contexts(), todays())
def test_any_record_has_the_same_handover_and_words(pages, context, today):
    agree(pages, [(context, today)], SOME)


@pytest.mark.parametrize("verdict", [None, *VERDICTS])
def test_a_reading_that_does_not_say_which_contacts_are_unverified_is_believed_by_its_verdict(pages, verdict):
    record = Record.from_json(RICH)
    contacts = frozenset((person, contact) for person, one in enumerate(record.people) for contact in range(len(one.contacts)))
    context = Context(record, verdict, "mx-rc", frozenset() if verdict in (None, "verified") else contacts)
    asked = question(context, DAY) | {"languages": []}
    del asked["context"]["unverified"]
    [answer] = pages.ask([asked])
    same(answer["handover"], handover(context, DAY).to_json())


# Rules


def stages(role: str) -> list[dict[str, int]]:
    """Every age, gestation and time after birth that a rule names, with the day before and after; and none known."""
    named = {match for rule in rules.thresholds() for match in re.findall(r"(\w+_days) \S+ (\d+)", rule.when)}
    known = {(key, int(limit) + step) for key, limit in named if key in DERIVED[role] for step in (-1, 0, 1)}
    return [{}, *({key: days} for key, days in sorted(known))]


def values(rule: rules.Rule) -> list[Any]:
    """The limits of a rule and the values next to them, or every word of a coded one; nothing for a derived value."""
    quantity = vocabulary.default().observations[rule.role].by_key.get(rule.observation)
    if quantity is None:
        return []
    if quantity.kind == "coded":
        return list(quantity.words.values())
    return [quantity.from_wire(quantity.to_wire(float(limit)) + step) for limit in rule.value.split(",") for step in (-1, 0, 1)]


@pytest.mark.parametrize(("role", "build"), [("mother", mother), ("infant", infant)])
def test_each_rule_has_the_same_handover_at_and_around_its_limits(pages, role, build):
    observed = {(rule.observation, value) for rule in rules.thresholds() if rule.role == role for value in values(rule)}
    records = [build(observations={key: value}, **stage) for stage in stages(role) for key, value in sorted(observed, key=str)]
    agree(pages, [(Context(record), DAY) for record in records], languages=())
    met = {one.rule.number for record in records for one in rules.fired(record, 0, 0)}
    alone = [rule for rule in rules.thresholds() if rule.role == role and re.match(r"$|pregnant|\w+_days", rule.when)]
    assert {rule.number for rule in alone if values(rule)} <= met


def test_each_finding_has_the_same_handover_beside_raised_pressure_and_every_conflict(pages):
    known = vocabulary.default()
    medicines = [{"medicine": entry.key, "amount": 1} for entry in known.medicines.entries if entry.groups]
    vaccines = [{"vaccine": entry.key} for entry in known.vaccines.entries if entry.groups]
    supplies = [contact(time=f"{n + 8:02}:00", medicines=medicines[n * 20 : n * 20 + 20]) for n in range(len(medicines) // 20 + 1)]
    cases = []
    for finding in known.findings.by_key:
        found = contact(observations={"systolic": 150, "diastolic": 95, "urine_protein": "3+"}, findings=[finding], vaccines=vaccines)
        weighed = contact(observations={"weight": 5.1, "length": 71}, findings=[finding])
        allergies = list(known.allergies.by_key)
        woman = mother(gestation_days=140, allergies=allergies, contacts=[found, *supplies])
        child = infant(age_days=300, allergies=allergies, contacts=[weighed, *supplies])
        cases.append((Context(family(child, woman), "verified", "hn-rc"), DAY + timedelta(1)))
    asked = {question.number for context, today in cases for question in handover(context, today).questions}
    assert asked == {int(row["number"]) for row in vocabulary.read_csv(vocabulary.folder() / "conflicts.csv")}
    agree(pages, cases, languages=("fr",))


# Cards


def same_reading(pages: WebReader, texts: list[str], trusted: TrustBundle, now: date) -> dict[str, Any]:
    """The pages read what `healthcard read --json` prints; only reasons are worded on their own, and a record has no order of names."""
    [answer] = pages.ask([{"ask": "read", "texts": texts, "bundle": trusted.raw.hex(), "now": now.isoformat()}])
    expected = read(*texts, bundle=trusted, now=now).to_json()
    for part in (*answer["parts"], *expected["parts"]):
        part.pop("reason", None)
    assert answer.pop("record") == expected.pop("record")
    same(answer, expected)
    return expected


def test_cards_of_the_vectors_have_the_same_reading_with_its_handover(pages):
    readings = []
    for path in (*(FOLDER / f"{name}.txt" for name in CARDS), *MERGED):
        vector = load(path)
        texts = vector.body.split("\n") if path in MERGED else [vector.body]
        readings.append(same_reading(pages, texts, bundle(vector.head["bundle"]), date.fromisoformat(vector.head["now"])))
    assert sum(reading["handover"] is not None for reading in readings) > 100


def test_cards_and_stickers_of_a_route_have_the_same_handover_whoever_can_check_them(pages):
    route = Route.build(DAY)
    first = route.issue("mx-rc", family(mother(observations={"weight": 58.4}, gestation_days=238), infant(age_days=200, sex="male")))
    given = {"medicines": [{"medicine": "magnesium_sulfate", "amount": 4}], "time": "10:00"}
    danger = {"findings": ["severe_headache"], "observations": {"systolic": 166, "diastolic": 112}}
    referral = {"referral": {"service": "emergency_obstetric_care", "urgency": "urgent", "reason": "convulsions_mother", "to": "gt-rc"}}
    texts = [first.text]
    for station, change in (
        ("hn-rc", {"person": 0} | danger | referral),
        ("gt-rc", {"person": 0} | given),
        ("pa-rc", {"person": 1, "observations": {"weight": 6.1, "length": 68.2}, "vaccines": [{"vaccine": "penta", "dose": 1}]}),
    ):
        texts.append(route.stick(station, texts, {"date": DAY.isoformat(), **change}).text)
    readings = [
        same_reading(pages, held, trusted, now)
        for held in (texts[:1], texts[:2], texts, texts[1:])
        for trusted in (route.bundle, route.world.bundle)  # the second knows one station only
        for now in (DAY, DAY + timedelta(40))
    ]
    assert any("unverified" in reading for reading in readings)


# What a reader found out, and the notice


@pytest.mark.parametrize("language", LANGUAGES)
def test_verdicts_notices_and_the_notice_have_the_same_words(pages, language):
    known = [(None, None), (0, "mx-rc"), (1, None), (200, "mx-rc")]
    asked = [(verdict, notices, *one) for verdict in VERDICTS for notices in ([], list(NOTICES)) for one in known]
    names = ("verdict", "notices", "bundleAgeDays", "issuer")
    answers = pages.ask([{"ask": "verdict", "code": language, **dict(zip(names, one, strict=True))} for one in asked])
    assert answers == [list(text.verdict_lines(verdict, notices, language, days, issuer)) for verdict, notices, days, issuer in asked]
    assert pages.ask([{"ask": "notice", "code": language}]) == [text.notice_text(language)._asdict()]


# Days

WEB = resources.folder("web")
MODULES = [WEB / "days.js", *WEB.glob("clinic/*.js"), *WEB.glob("words/*.js")]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_no_module_of_the_clinic_and_the_words_reads_a_clock_or_a_local_time(path):
    assert not re.search(r"new Date\(\)|Date\.now|performance|get(Full|Month|Date|Day|Hours)", path.read_text(encoding="utf-8"))
