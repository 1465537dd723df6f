"""Adding to a card, from the reading to what the next reader sees; scenarios V7, H6, H8, H10 and M8 by name."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from healthcard import card, continuing, picture, sign, symbol, vocabulary
from healthcard.card import VerifiedReading
from healthcard.clinic.handover import Handover
from healthcard.continuing import without, without_person
from healthcard.errors import (
    ConfirmationNeeded,
    NewerVersion,
    RecordError,
    SealedContentLost,
    SensitiveContent,
    TooLarge,
    TrustError,
    Unreadable,
)  # fmt: skip
from healthcard.merge import Source, merge
from healthcard.part import Part
from healthcard.printing import rendering, templates
from healthcard.record import Record
from healthcard.trust.bundle import CARD_AAD, card_hash
from tests.builders import contact, family, infant, mother
from tests.command import healthcard
from tests.route import Route

TODAY = date(2026, 7, 9)
YESTERDAY = TODAY - timedelta(1)
ORS_AND_ZINC = {
    "person": 1,
    "date": TODAY.isoformat(),
    "findings": ["watery_diarrhoea"],
    "medicines": [
        {"medicine": "ors", "amount": 1, "timing": "after_each_loose_stool", "days": 2},
        {"medicine": "zinc_20", "amount": 1, "timing": "once_daily", "days": 10},
    ],
}
SEEN = {"person": 0, "date": TODAY.isoformat(), "observations": {"systolic": 118, "diastolic": 76}}
BIRTH = {"people": [{"role": "infant", "sex": "female", "born": TODAY.isoformat(), "birth": {"weight_g": 3120}}]}
FAMILY = family(
    mother(on=YESTERDAY, observations={"weight": 58.4}, age_years=27, allergies=["penicillins"], pregnancy={"gravida": 2}),
    infant(on=YESTERDAY, observations={"muac": 131}, age_days=300),
)


@pytest.fixture(scope="module")
def route() -> Route:
    return Route.build(TODAY)


@pytest.fixture(scope="module")
def issued(route) -> card.Card:
    return route.issue("pa-rc", FAMILY)


def contacts(reading: card.Reading, person: int = 0) -> list[dict[str, Any]]:
    assert reading.record
    found: list[dict[str, Any]] = reading.record.to_json()["people"][person]["contacts"]
    return found


def places(error: RecordError) -> list[str]:
    return [problem.place for problem in error.problems]


def altered(text: str) -> str:
    """The card with a signature that does not fit."""
    _, token = symbol.parse_card_text(text)
    return symbol.card_text(token[:-1] + bytes([token[-1] ^ 1]), "test")


# --- stickers ------------------------------------------------------------------------------------------------------


def test_v7_ors_and_zinc_by_sticker_offline_and_the_next_scan_merges(route, issued):
    sticker = route.stick("hn-rc", [issued.text], ORS_AND_ZINC)
    for texts in ((issued.text, sticker.text), (sticker.text, issued.text), (sticker.text, issued.text, sticker.text)):
        reading = route.read(*texts, now=TODAY + timedelta(1))
        assert isinstance(reading, VerifiedReading) and [part.issuer for part in reading.parts].count("hn-rc") == 1
        assert contacts(reading, 1)[-1] == {**{k: v for k, v in ORS_AND_ZINC.items() if k != "person"}, "source": "hn-rc"}
        assert reading.handover
        running = {supply.medicine: supply.days_left for supply in reading.handover.medicines}
        assert running == {"ors": 1, "zinc_20": 9}


def test_m8_a_card_and_its_continuation_are_one_record(route, issued):
    sticker = route.stick("hn-rc", [issued.text], SEEN)
    answer = route.read(issued.text, sticker.text).to_json()
    assert (answer["verdict"], answer["issuer"], answer["issued"]) == ("verified", "pa-rc", TODAY.isoformat())
    assert [c.get("source") for c in answer["record"]["people"][0]["contacts"]] == [None, "hn-rc"]
    assert answer["parts"][1]["continues"] == issued.id.hex()
    assert not answer.keys() & {"unverified", "which_child", "other_cards"}


@pytest.mark.parametrize(
    "change",
    [
        ORS_AND_ZINC,
        SEEN | {"observations": {"weight": 61.2, "systolic": 118, "diastolic": 76, "temperature": 36.9, "haemoglobin": 104}},
        BIRTH,
    ],
    ids=["ORS and zinc", "an antenatal visit", "a birth"],
)
def test_a_continuation_with_one_contact_is_at_most_130_bytes(route, issued, change):
    sticker = route.stick("hn-rc", [issued.text], change)
    assert len(sticker.token) <= 130
    assert sticker.part.sealed == b""


def test_a_sticker_prints_within_30_mm_with_modules_of_half_a_millimetre(route, issued):
    sticker = route.stick("hn-rc", [issued.text], ORS_AND_ZINC)
    assert len(sticker.text) <= symbol.capacity(30, 203.2, min_module_mm=0.5)
    for template in ("sticker58", "sticker"):
        files = rendering.checked_files(sticker, template)
        assert picture.scan(files[".png"]) == [sticker.text] and files[".txt"].decode() == sticker.text + "\n"


FEVER = {"person": 1, "date": TODAY.isoformat(), "observations": {"weight": 6.8, "muac": 112, "temperature": 38.4}}
LIVED = family(
    mother(on=YESTERDAY, observations={"weight": 58.4}, allergies=["sulfonamides"], pregnancy={"lmp": "2025-10-02", "dating": "lmp"}),
    infant(
        on=YESTERDAY, born="2025-10-01", birth={"weight_g": 3120}, conditions=["asthma"], vaccines_before=[{"vaccine": "bcg", "dose": 1}],
        contacts=[contact(YESTERDAY, observations={"weight": 6.9, "length": 68.5}, medicines=[{"medicine": "ors", "amount": 1}])],
    ),
)  # fmt: skip


def told_of(handover: Handover, person: int) -> set[tuple[str, tuple[int, ...]]]:
    """What is said to be dangerous of one person, each with its rules."""
    found = [line for line in (*handover.danger, *handover.watch) if line.origin.person == person]
    return {(line.key, tuple(rule.number for rule in line.rules)) for line in found}


@pytest.mark.parametrize(("change", "person"), [(FEVER, 1), (SEEN | {"observations": {"muac": 205, "haemoglobin": 99}}, 0)])
def test_a_sticker_tells_the_danger_that_the_next_scan_of_card_and_sticker_finds(route, change, person):
    whole = route.issue("pa-rc", LIVED)
    sticker = route.stick("hn-rc", [whole.text], change)
    read = route.read(whole.text, sticker.text).handover
    assert len(told_of(read, person)) == 2 and told_of(sticker.handover, 0) == told_of(read, person)


def test_what_stands_on_the_card_alone_is_not_told_on_the_sticker_too(route):
    whole = route.issue("pa-rc", LIVED)
    said = route.stick("hn-rc", [whole.text], FEVER).handover
    assert [[point.values for point in series.points] for series in said.values] == [[(("weight", 6.8),)], [(("muac", 112),)]]
    assert {line.origin.date for line in (*said.danger, *said.watch)} == {TODAY} and said.people == ("infant",)
    assert not (said.medicines or said.time_critical or said.vaccines or said.referrals or said.who[0].conditions)


def test_the_face_of_a_sticker_prints_the_danger_in_its_black_box(route):
    whole = route.issue("pa-rc", LIVED)
    face = rendering.card_data(route.stick("hn-rc", [whole.text], FEVER), "en", "es", False, templates.find("sticker58"))
    lines = [line for section in face["sections"]["front"] for line in section["lines"] if section["key"] == "danger"]
    found = [(line["level"], line["text"].split(",")[0].replace("\u00a0", " ")) for line in lines]
    assert found == [("red", "Arm circumference (MUAC) 112 mm"), ("amber", "Temperature 38.4 °C")]


def test_a_sticker_says_which_of_several_children_it_is_of(route, issued):
    """By the numbers of the card, whoever else the sticker is of; a child that it brings is counted on."""

    def numbers(texts, change):
        face = rendering.card_data(route.stick("hn-rc", texts, change), "en", "es", False, templates.find("sticker58"))
        return {tuple(line["numbers"]) for side in face["sections"].values() for section in side for line in section["lines"]}

    twins = route.issue("pa-rc", family(mother(on=YESTERDAY), infant(on=YESTERDAY, age_days=90), infant(on=YESTERDAY, age_days=90)))
    said = contact(TODAY, observations={"temperature": 38.6})
    assert numbers([twins.text], {"person": 2, **said}) == {(2,)}
    assert numbers([twins.text], {"people": [{"person": at, "contacts": [said]} for at in (2, 0)]}) == {(), (2,)}
    assert numbers([issued.text], {"people": [BIRTH["people"][0] | {"contacts": [said]}]}) == {(2,)}
    assert numbers([issued.text], {"person": 1, **said}) == {()}


def test_a_sticker_has_an_id_of_its_own_and_can_be_withdrawn_alone(route, issued):
    first, second = route.stick("hn-rc", [issued.text], SEEN), route.stick("hn-rc", [issued.text], ORS_AND_ZINC)
    assert len({issued.id, first.id, second.id}) == 3
    assert len({card_hash(one.id) for one in (issued, first, second)}) == 3


def test_a_birth_and_a_new_fact_come_by_sticker(route, issued):
    change = {"people": [{"person": 0, "allergies": ["sulfonamides"], "pregnancy": {"parity": 1}}, *BIRTH["people"]]}
    reading = route.read(issued.text, route.stick("hn-rc", [issued.text], change).text)
    she, _, born = reading.record.people
    assert set(she.allergies) == {"penicillins", "sulfonamides"}
    assert (she.pregnancy.gravida, she.pregnancy.parity, she.age_years) == (2, 1, 27)
    assert born.birth.weight_g == 3120


def test_a_child_that_a_sticker_brought_is_seen_again_by_sticker(route, issued):
    birth = route.stick("hn-rc", [issued.text], BIRTH)
    again = route.stick("gt-rc", [birth.text, issued.text], {"person": 2, "date": TODAY.isoformat(), "vaccines": [{"vaccine": "bcg"}]})
    reading = route.read(again.text, issued.text, birth.text)
    assert contacts(reading, 2) == [{"date": TODAY.isoformat(), "source": "gt-rc", "vaccines": [{"vaccine": "bcg"}]}]


def test_a_precision_told_later_stands_for_the_date_that_is_known(route):
    one = route.issue("pa-rc", infant(born="2026-02-15", on=YESTERDAY))
    sticker = route.stick("hn-rc", [one.text], {"people": [{"person": 0, "born_precision": "month"}]})
    assert sticker.record.to_json()["people"][0]["born"] == "2026-02-15"
    [child] = route.read(one.text, sticker.text).record.people
    assert (child.born.isoformat(), child.born_precision) == ("2026-02-15", "month")


def test_language_and_choices_can_be_said_anew(route, issued):
    sticker = route.stick("hn-rc", [issued.text], {"language": "ar", "choices": {"import": True}, "people": [{"person": 0}]})
    reading = route.read(issued.text, sticker.text)
    assert (reading.record.language, reading.record.choices.import_) == ("ar", True)


# --- what a sticker refuses ----------------------------------------------------------------------------------------


def test_sensitive_entries_are_refused_by_name(route, issued):
    with pytest.raises(SensitiveContent) as refused:
        route.stick("hn-rc", [issued.text], SEEN | {"observations": {"hiv_test": "positive"}})
    assert places(refused.value) == ["people[0].contacts[0].observations.hiv_test"]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (SEEN | {"person": 2}, "people[0].person"),
        (SEEN | {"person": -1}, "people[0].person"),
        (SEEN | {"person": True}, "people[0].person"),
        ({"people": [{"person": 0}, {"person": 0}]}, "people[1].person"),
        ({"people": [{"person": 1, "role": "mother"}]}, "people[0].role"),
        ({"people": {}}, "change"),
        ([], "change"),
        (SEEN | {"name": "x"}, "people[0].contacts[0].name"),
        (SEEN | {"date": (TODAY + timedelta(1)).isoformat()}, "people[0].contacts[0].date"),
        (SEEN | {"observations": {"systolic": 900}}, "people[0].contacts[0].observations.systolic"),
        (SEEN | {"medicines": [{"medicine": "magnesium_sulfate", "amount": 4}]}, "people[0].contacts[0].time"),
        ({"people": [{"person": 1, "contacts": [{"date": "2024-01-01"}]}]}, "people[0].contacts[0].date"),
        ({"people": [{"person": 0, "pregnancy": {"delivered": "2027-01-01"}}]}, "people[0].pregnancy.delivered"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
@pytest.mark.parametrize("sticker", [True, False], ids=["sticker", "new card"])
def test_what_cannot_be_is_refused_by_its_place(route, issued, change, place, sticker):
    with pytest.raises(RecordError) as refused:
        route.extend("hn-rc", [issued.text], json.dumps(change), sticker=sticker)
    assert place in places(refused.value)


def test_a_child_of_whom_nothing_is_known_needs_a_card(route, issued):
    unknown = {"people": [{"role": "infant"}]}
    with pytest.raises(RecordError) as refused:
        route.stick("hn-rc", [issued.text], unknown)
    assert places(refused.value) == ["people[0]"]
    assert len(route.extend("hn-rc", [issued.text], unknown).record.people) == 3


def test_an_unlikely_value_is_typed_again_and_old_ones_are_not(route):
    place = "people[0].contacts[0].observations.systolic"
    record = mother(on=YESTERDAY, observations={"systolic": 262})
    odd = card.issue(record, route.signers["pa-rc"], route.bundle, now=TODAY, typed_again=[place])
    change = SEEN | {"observations": {"systolic": 265}}
    for sticker in (True, False):
        with pytest.raises(ConfirmationNeeded) as asked:
            route.extend("pa-rc", [odd.text], change, sticker=sticker)
        assert places(asked.value) == [place]
        route.extend("pa-rc", [odd.text], change, sticker=sticker, typed_again=[place])
        route.extend("pa-rc", [odd.text], SEEN, sticker=sticker)


def test_what_the_card_said_before_is_not_judged_again(route):
    """A child who turned two since, with a birth weight that was typed twice then."""
    place = "people[0].birth.weight_g"
    then = Route.build(TODAY - timedelta(25))
    small = infant(on=then.today, age_days=720, birth={"weight_g": 480})
    odd = card.issue(small, then.signers["pa-rc"], then.bundle, now=then.today, typed_again=[place])
    for sticker in (True, False):
        route.extend("hn-rc", [odd.text], SEEN | {"observations": {"muac": 140}}, sticker=sticker)
        with pytest.raises(ConfirmationNeeded) as asked:
            route.extend("hn-rc", [odd.text], {"people": [{"person": 0, "birth": {"weight_g": 490}}]}, sticker=sticker)
        assert places(asked.value) == [place]


def test_a_sticker_for_one_of_two_children_of_one_number_is_refused(route, issued):
    texts = [issued.text, *(route.stick(name, [issued.text], BIRTH).text for name in ("hn-rc", "gt-rc"))]
    with pytest.raises(RecordError, match="which child"):
        route.stick("mx-rc", texts, SEEN | {"person": 2, "observations": {"weight": 3.1}})


def test_facts_of_a_child_that_a_sticker_brought_need_a_new_card(route, issued):
    texts = [issued.text, route.stick("hn-rc", [issued.text], BIRTH).text]
    change = {"people": [{"person": 2, "blood_group": "O+"}]}
    with pytest.raises(RecordError, match="issue a new card"):
        route.stick("gt-rc", texts, change)
    assert route.extend("gt-rc", texts, change).record.people[2].blood_group == "O+"


def test_a_birth_on_a_card_that_is_not_at_hand_is_refused_and_a_contact_is_not(route, issued):
    sticker = route.stick("hn-rc", [issued.text], SEEN)
    with pytest.raises(RecordError, match="scan the card"):
        route.stick("gt-rc", [sticker.text], BIRTH)
    later = route.stick("gt-rc", [sticker.text], SEEN | {"findings": ["severe_headache"]})
    assert len(contacts(route.read(later.text, issued.text, sticker.text))) == 3


def test_a_ninth_person_is_refused(route):
    full = route.issue("pa-rc", family(mother(on=YESTERDAY), *(infant(on=YESTERDAY, age_days=300) for _ in range(7))))
    for sticker in (True, False):
        with pytest.raises(RecordError):
            route.extend("hn-rc", [full.text], BIRTH, sticker=sticker)


def test_a_sticker_leaves_nothing_out(route, issued):
    for options in ({"leave_out": ["people[1]"]}, {"withhold_sources": True}):
        with pytest.raises(RecordError, match="only adds"):
            route.extend("hn-rc", [issued.text], SEEN, sticker=True, **options)
    with pytest.raises(RecordError, match="only adds"):
        route.extend("hn-rc", [issued.text], None, sticker=True)


def test_what_cannot_be_read_is_not_continued(route, issued):
    for text, error in (("MCT1:XYZ", Unreadable), (newer(route), NewerVersion)):
        with pytest.raises(error):
            route.stick("hn-rc", [text], SEEN)


def test_a_key_that_may_not_continue_or_issue_signs_nothing(route, issued):
    stranger = route.world.root_signer
    for sticker in (True, False):
        with pytest.raises(TrustError):
            continuing.extend(route.read(issued.text), SEEN, stranger, route.bundle, sticker=sticker, now=TODAY)


# --- new cards -----------------------------------------------------------------------------------------------------


def test_a_new_card_has_a_new_id_and_every_contact_its_source(route, issued):
    sticker = route.stick("hn-rc", [issued.text], SEEN)
    new = route.extend("gt-rc", [sticker.text, issued.text], ORS_AND_ZINC)
    assert new.id not in (issued.id, sticker.id) and new.part.continues is None
    reading = route.read(new.text)
    assert reading.verdict == "verified" and "copied" in reading.notices
    assert [c.get("source") for c in contacts(reading)] == ["pa-rc", "hn-rc"]
    assert [c.get("source") for c in contacts(reading, 1)] == ["pa-rc", None]


def test_a_new_card_says_what_card_and_sticker_say_together(route, issued):
    change = {"people": [{"person": 0, "allergies": [], "contacts": [{k: v for k, v in SEEN.items() if k != "person"}]}, *BIRTH["people"]]}
    together = route.read(issued.text, route.stick("pa-rc", [issued.text], change).text)
    assert route.extend("pa-rc", [issued.text], change).record == together.record


def test_an_own_contact_that_another_carried_comes_home_without_a_source(route, issued):
    away = route.extend("hn-rc", [issued.text], SEEN)
    home = route.extend("pa-rc", [away.text], None)
    assert [c.get("source") for c in home.record.to_json()["people"][0]["contacts"]] == [None, "hn-rc"]


def test_sources_can_be_withheld(route, issued):
    told = route.extend("hn-rc", [issued.text], SEEN | {"source": "holder"})
    new = route.extend("gt-rc", [told.text], None, withhold_sources=True)
    assert [c["source"] for c in new.record.to_json()["people"][0]["contacts"]] == ["withheld", "holder"]
    assert route.read(new.text).notices == ()


def test_what_is_not_verified_is_told_by_the_holder_and_her_choices_are_asked_again(route):
    said = Record.from_json(FAMILY.to_json() | {"choices": {"import": True, "count": True}})
    photo = altered(route.issue("pa-rc", said).text)
    assert route.read(photo).verdict == "altered"
    new = route.extend("hn-rc", [photo], SEEN)
    assert [c.get("source") for c in new.record.to_json()["people"][0]["contacts"]] == ["holder", None]
    assert not new.record.choices.import_ and not new.record.choices.count
    assert route.read(new.text).verdict == "verified"


def test_only_what_is_not_verified_becomes_told_by_the_holder(route, issued):
    sticker = route.stick("hn-rc", [issued.text], SEEN)
    twisted = altered(route.stick("gt-rc", [issued.text], SEEN | {"findings": ["severe_headache"]}).text)
    new = route.extend("mx-rc", [issued.text, twisted, sticker.text], None)
    assert {c.get("source") for c in new.record.to_json()["people"][0]["contacts"]} == {"pa-rc", "hn-rc", "holder"}


def test_h6_lost_a_new_card_from_her_photo_of_it(route, issued):
    photo = symbol.symbol(issued.text).png(300, 40)
    new = route.extend("mx-rc", picture.scan(photo), None)
    assert new.id != issued.id
    assert [c["source"] for c in new.record.to_json()["people"][0]["contacts"]] == ["pa-rc"]


def test_h6_lost_without_a_photo_reported_by_the_mother(route):
    told = mother(observations={"weight": 58.4}, source="holder", on=YESTERDAY)
    handover = route.read(route.issue("mx-rc", told).text).handover
    assert [point.origin.told_by_holder for series in handover.values for point in series.points] == [True]


def test_h8_a_line_is_removed_at_her_wish(route, issued):
    seen = route.extend("hn-rc", [issued.text], SEEN | {"findings": ["severe_headache", "pregnant"]})
    new = route.extend("hn-rc", [seen.text], None, leave_out=["people[0].contacts[1].findings[0]", "people[1].contacts[0]"])
    assert len(new.record.people[0].contacts[1].findings) == 1 and new.record.people[1].contacts == ()
    assert new.record.people[0].contacts[0] == seen.record.people[0].contacts[0]


def test_h10_a_new_card_without_the_infant(route, issued):
    new = route.extend("hn-rc", [issued.text], SEEN, leave_out=["people[1]"])
    assert [p.role for p in new.record.people] == ["mother"] and len(new.record.people[0].contacts) == 2


def test_numbers_of_people_are_those_of_the_reading_also_where_some_are_left_out(route):
    three = route.issue("pa-rc", family(mother(on=YESTERDAY), infant(on=YESTERDAY, age_days=90), infant(on=YESTERDAY, age_days=700)))
    new = route.extend("pa-rc", [three.text], SEEN | {"person": 2, "observations": {"muac": 140}}, leave_out=["people[1]"])
    assert [len(p.contacts) for p in new.record.people] == [1, 2]
    with pytest.raises(RecordError, match="left out"):
        route.extend("pa-rc", [three.text], SEEN | {"person": 1, "observations": {"muac": 140}}, leave_out=["people[1]"])


def test_which_child_is_decided_before_a_new_card(route, issued):
    girl = route.stick("hn-rc", [issued.text], BIRTH)
    boy = route.stick("gt-rc", [issued.text], {"people": [BIRTH["people"][0] | {"sex": "male"}]})
    weighed = route.stick("mx-rc", [issued.text, girl.text], {"person": 2, "date": TODAY.isoformat(), "observations": {"weight": 3.1}})
    texts = [weighed.text, boy.text, issued.text, girl.text]
    reading = route.read(*texts)
    assert reading.to_json()["which_child"] == [4]
    with pytest.raises(RecordError) as refused:
        route.extend("pa-rc", texts, None)
    assert places(refused.value) == ["people[4]"]
    of_girl = next(p for p in (2, 3) if reading.record.people[p].sex == "female")
    decided = route.extend("pa-rc", texts, None, whose={4: of_girl}).record.people
    assert {p.sex: len(p.contacts) for p in decided[2:]} == {"female": 1, "male": 0}
    assert len(route.extend("pa-rc", texts, None, leave_out=["people[4]"]).record.people) == 4
    for wrong in ({4: 0}, {4: 9}, {4: 4}, {2: 3}):
        with pytest.raises(RecordError):
            route.extend("pa-rc", texts, None, whose=wrong)
    for line in ("people[4].contacts[0].observations.weight", "people[04].contacts[0].observations.weight"):  # H8: hers to decide too
        less = route.extend("pa-rc", texts, None, whose={4: of_girl}, leave_out=[line]).record.people
        assert [contact.observations for contact in next(p for p in less[2:] if p.sex == "female").contacts] == [None]
    with pytest.raises(RecordError) as refused:
        route.extend("pa-rc", texts, None, whose={4: of_girl}, leave_out=["people[4]"])
    assert places(refused.value) == ["people[4]"], "left out, and yet the girl's"


def test_sealed_entries_are_not_lost_by_mistake(route):
    part = Part("card", b"sealed 1", None, TODAY, FAMILY, (0, 1), bytes(114))
    match = card.authorised(route.bundle, route.signers["pa-rc"], 1, TODAY)
    sealed = card.signed(part, route.signers["pa-rc"], route.bundle, match, vocabulary.default(), card.Sealing())
    with pytest.raises(SealedContentLost):
        route.extend("hn-rc", [sealed.text], SEEN)
    assert route.extend("hn-rc", [sealed.text], SEEN, lose_sealed=True).part.sealed == b""
    assert route.stick("hn-rc", [sealed.text], SEEN).part.continues == sealed.id


def test_more_than_a_card_holds_is_refused_and_nothing_is_dropped(route):
    many = [contact(TODAY - timedelta(n % 20), time=f"{n // 20:02}:00", observations={"weight": 50 + n / 10}) for n in range(60)]
    full = Part("card", b"the card", None, TODAY, mother(contacts=many), (0,))
    with pytest.raises(TooLarge):
        continuing.extend(reading_of(full, route), SEEN, route.signers["pa-rc"], route.bundle, now=TODAY)
    words = ("severe_headache", "pregnant", "asthma", "dengue", "zika")
    more = mother(contacts=[contact(TODAY, findings=[word]) for word in words])
    extra = Part("continuation", b"sticker1", b"the card", TODAY, more, (0,))
    with pytest.raises(RecordError, match="too many"):
        continuing.extend(reading_of(full, route, extra), SEEN, route.signers["pa-rc"], route.bundle, now=TODAY)


# --- leaving out ---------------------------------------------------------------------------------------------------

RICH = mother(
    allergies=["penicillins", "sulfonamides"], conditions=["asthma"], history_source="holder", pregnancy={"gravida": 2, "parity": 1},
    contacts=[
        contact(YESTERDAY, observations={"weight": 58.4, "systolic": 118}, findings=["severe_headache", "pregnant"]),
        contact(TODAY, medicines=[{"medicine": "ors", "amount": 1}], referral={"service": "antenatal_care", "urgency": "routine"}),
    ],
)  # fmt: skip


@pytest.mark.parametrize(
    ("places", "gone"),
    [
        (["people[0].allergies[0]", "people[0].allergies[1]"], "allergies"),
        (["people[0].allergies"], "allergies"),
        (["people[0].allergies[0]", "people[0].allergies"], "allergies"),
        (["people[0].conditions[0]"], "conditions"),
        (["people[0].pregnancy.gravida", "people[0].pregnancy.parity"], "pregnancy"),
    ],
)
def test_what_is_left_empty_goes_too(places, gone):
    left = without(RICH, places).to_json()["people"][0]
    assert gone not in left and left["contacts"] == RICH.to_json()["people"][0]["contacts"]
    assert ("history_source" in left) == (gone != "conditions")


def test_every_line_can_be_left_out_alone_and_nothing_else_goes():
    data = RICH.to_json()["people"][0]["contacts"]
    assert without(RICH, ["people[0].contacts[0]"]).to_json()["people"][0]["contacts"] == data[1:]
    kept = without(RICH, ["people[0].contacts[0].observations.weight", "people[0].contacts[1].referral"]).to_json()["people"][0]["contacts"]
    assert kept[0] == data[0] | {"observations": {"systolic": 118}}
    assert kept[1] == {name: value for name, value in data[1].items() if name != "referral"}
    assert without(RICH, ["people[0].contacts[0]", "people[0].contacts[1]"]).to_json()["people"][0]["contacts"] == []


@pytest.mark.parametrize("place", ["people[1]", "people[0].contacts[2]", "people[0].x", "x", "", "people[0]contacts", "people", "language"])
def test_a_place_that_is_not_there_or_must_stay_is_refused(place):
    with pytest.raises(RecordError):
        without(RICH, [place])


def test_a_record_without_a_person_is_as_if_that_person_never_was():
    assert without_person(FAMILY, 1).people == FAMILY.people[:1]
    with pytest.raises(RecordError):
        without_person(RICH, 0)


# --- through the command line --------------------------------------------------------------------------------------


def test_v7_h8_and_h10_as_they_are_typed(demo: Path, tmp_path: Path) -> None:
    keys = ("--key", demo / "station.key", "--bundle", demo / "trust.bundle")
    printed = demo / "family_three_contacts.png"
    (tmp_path / "ors.json").write_text(json.dumps(ORS_AND_ZINC | {"date": date.today().isoformat()}))
    done = healthcard("extend", printed, tmp_path / "ors.json", *keys, "--sticker", "--out", tmp_path)
    assert (done.code, done.out.split()) == (0, [str(tmp_path / f"ors{suffix}") for suffix in (".txt", ".pdf", ".png")]), done.err
    read = healthcard("read", tmp_path / "ors.png", printed, "--bundle", demo / "trust.bundle", "--json")
    answer = json.loads(read.out)
    assert [part["kind"] for part in answer["parts"]] == ["continuation", "card"]
    before = json.loads(healthcard("read", printed, "--bundle", demo / "trust.bundle", "--json").out)["record"]["people"]
    assert [len(p["contacts"]) for p in answer["record"]["people"]] == [len(before[0]["contacts"]), len(before[1]["contacts"]) + 1]
    shown = healthcard("read", tmp_path / "ors.png", printed, "--bundle", demo / "trust.bundle")
    assert "continuation" in shown.out and shown.code == 0

    out = ("--out", tmp_path / "new")
    done = healthcard("extend", printed, tmp_path / "ors.png", *keys, *out, "--leave-out", "people[1]")
    assert done.code == 0, done.err
    answer = json.loads(healthcard("read", tmp_path / "new" / "card.pdf", "--bundle", demo / "trust.bundle", "--json").out)
    assert [p["contacts"] for p in answer["record"]["people"]] == [before[0]["contacts"]]


def test_the_command_line_refuses_what_makes_no_sense(demo: Path, tmp_path: Path) -> None:
    keys = ("--key", demo / "station.key", "--bundle", demo / "trust.bundle")
    text = demo / "family_three_contacts.txt"
    change = tmp_path / "change.json"
    change.write_text(json.dumps(SEEN | {"person": 7, "date": date.today().isoformat()}))
    assert healthcard("extend", change, *keys).code == 2
    assert healthcard("extend", text, *keys, "--sticker").code == 2
    assert healthcard("extend", text, *keys, "--whose", "one").code == 2
    refused = healthcard("extend", text, change, *keys, "--sticker", "--out", tmp_path)
    assert refused.code == 1 and "people[0].person" in refused.err and list(tmp_path.iterdir()) == [change]


# --- helpers -------------------------------------------------------------------------------------------------------


def newer(route: Route) -> str:
    """A card of a later major version."""
    payload = bytes([0x81, 0x02])
    return symbol.card_text(sign.sign(payload, route.signers["pa-rc"], CARD_AAD["test"]), "test")


def reading_of(*parts: Any) -> card.Reading:
    """What a reader has of parts that are too large for one symbol of ours."""
    first, route, *more = parts
    sources = [Source(part, "verified", "pa-rc") for part in (first, *more)]
    merged = merge(sources)
    read = tuple(card.PartReading("verified", (), "", "pa-rc", source.part) for source in sources)
    return VerifiedReading(read, (), 0, route.today, merged[0].record, merged)
