"""Merging: the same record from the same parts in any order, nothing lost, nothing doubled, nothing taken for something else."""

import os
import random
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from healthcard.clinic.handover import Context, handover
from healthcard.errors import RecordError
from healthcard.merge import HISTORY, Merged, Source, merge
from healthcard.part import Part
from healthcard.record import Record, has_history
from tests import strategies
from tests.builders import contact, family, infant, mother

DAY = date(2026, 7, 1)
CARD = b"the card"
WEIGHT = {"weight": 58.4}
# Several whole records an example take their time.
FEWER = settings(max_examples=10_000 if os.environ.get("HEALTHCARD_CAMPAIGN") else 40, deadline=None)


def card(record: Record, issuer: str | None = "mx-rc", verdict: str = "verified", *, id: bytes = CARD, day: date = DAY) -> Source:
    return Source(Part("card", id, None, day, record, tuple(range(len(record.people)))), verdict, issuer)


def sticker(
    record: Record, issuer: str | None = "hn-rc", verdict: str = "verified", *, refs: tuple[int, ...] = (0,), id: bytes = b"sticker1",
    day: date = DAY, of: bytes = CARD,
) -> Source:  # fmt: skip
    return Source(Part("continuation", id, of, day, record, refs), verdict, issuer)


def merged(*sources: Source) -> Merged:
    """What the parts of one card say, the same in every order."""
    [first] = merge(sources)
    for shuffled in (sources[::-1], *(random.Random(n).sample(sources, len(sources)) for n in range(3))):
        assert merge(shuffled) == (first,)
    return first


def people(found: Merged) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = found.record.to_json()["people"]
    return answer


# --- contacts ------------------------------------------------------------------------------------------------------


def test_a_single_card_reads_as_it_is():
    record = mother(observations=WEIGHT)
    [found] = merge([card(record)])
    assert found.record is record and not found.unverified


def test_contacts_of_card_and_continuation_stand_together_by_day():
    found = merged(card(mother(on=DAY, observations=WEIGHT)), sticker(mother(on=DAY - timedelta(3), findings=["severe_headache"])))
    assert [c.get("source") for c in people(found)[0]["contacts"]] == ["hn-rc", None]


def test_a_contact_of_the_cards_own_issuer_in_a_continuation_needs_no_source():
    found = merged(card(mother(observations=WEIGHT)), sticker(mother(findings=["severe_headache"]), "mx-rc"))
    assert [c.get("source") for c in people(found)[0]["contacts"]] == [None, None]


def test_equal_contacts_of_one_organisation_are_one():
    again = contact(observations=WEIGHT, source="hn-rc")
    found = merged(card(mother(contacts=[again])), sticker(mother(observations=WEIGHT)))
    assert people(found)[0]["contacts"] == [again]


@pytest.mark.parametrize(
    "other",
    [
        {"observations": {"weight": 58.5}},
        {"observations": {"weight": 58.4, "systolic": 110}},
        {"time": "08:15"},
        {"source": "holder"},
        {"source": "gt-rc"},
        {"findings": ["severe_headache"]},
        {"medicines": [{"medicine": "ors", "amount": 1}]},
        {"vaccines": [{"vaccine": "td"}]},
        {"services": ["food_water"]},
        {"unknown": ["822303"]},
        {"on": DAY - timedelta(1)},
    ],
    ids=lambda other: ",".join(other),
)
def test_two_visits_that_differ_in_any_value_are_two(other):
    seen = contact(**{"on": DAY, "observations": WEIGHT} | other)
    found = merged(card(mother(observations=WEIGHT)), sticker(mother(contacts=[seen]), "mx-rc"))
    said = people(found)[0]["contacts"]
    assert len(said) == 2 and seen in said and contact(observations=WEIGHT) in said


def test_the_same_part_twice_is_one_part():
    one, two = card(mother(observations=WEIGHT)), sticker(infant(age_days=3), refs=(1,))
    assert merged(one, two, two, one) == merged(one, two)


# --- verdicts ------------------------------------------------------------------------------------------------------


def test_contacts_that_only_an_unverified_part_has_stay_marked():
    found = merged(card(mother(observations=WEIGHT)), sticker(mother(findings=["severe_headache"]), None, "unknown-issuer"))
    [marked] = found.unverified
    assert people(found)[0]["contacts"][marked[1]] == contact(findings=["severe_headache"], source="holder")


def test_a_contact_that_a_verified_part_has_too_is_verified():
    visit = mother(observations=WEIGHT)
    found = merged(card(visit), sticker(visit, "mx-rc", "withdrawn"))
    assert not found.unverified and len(people(found)[0]["contacts"]) == 1


def test_a_damaged_copy_of_a_part_at_hand_adds_nothing():
    one, born = card(mother(observations=WEIGHT)), sticker(infant(age_days=3), refs=(1,))
    assert merged(one, born, replace(born, verdict="altered", issuer=None)) == merged(one, born)


def test_an_altered_copy_of_the_card_doubles_no_contact_and_passes_for_none():
    same, changed = contact(DAY - timedelta(9), observations=WEIGHT), contact(observations={"systolic": 110})
    copy = card(mother(contacts=[same, contact(observations={"systolic": 170})]), None, "altered")
    found = merged(card(mother(contacts=[same, changed])), copy)
    assert [c["observations"] for c in people(found)[0]["contacts"]] == [WEIGHT, {"systolic": 110}, {"systolic": 170}]
    assert found.unverified == {(0, 2)}


def test_history_that_only_an_unverified_part_tells_is_marked_and_told_by_the_holder():
    told = mother(conditions=["previous_caesarean"], contacts=[])
    found = merged(card(mother(observations=WEIGHT)), sticker(told, None, "altered"))
    assert found.unverified == {(0, HISTORY)} and people(found)[0]["history_source"] == "holder"


def test_nothing_of_an_unverified_card_alone_counts_as_verified():
    record = family(mother(observations=WEIGHT, conditions=["previous_caesarean"]), infant(age_days=3))
    [found] = merge([card(record, None, "altered")])
    assert found.unverified == {(0, HISTORY), (0, 0), (1, 0)}


def test_the_handover_says_of_each_line_whether_it_is_verified():
    found = merged(card(mother(observations={"systolic": 120})), sticker(mother(observations={"haemoglobin": 80}), None, "altered"))
    summary = handover(Context(found.record, "altered", found.issuer, found.unverified), DAY)
    verified = {series.key: [point.origin.verified for point in series.points] for series in summary.values}
    assert verified["blood_pressure"] == [True] and verified["haemoglobin"] == [False]


# --- profile -------------------------------------------------------------------------------------------------------


def test_the_latest_part_wins_a_profile_field():
    late, early = DAY, DAY - timedelta(9)
    found = merged(card(mother(age_years=27), day=late), sticker(mother(age_years=29, blood_group="O+"), day=early))
    assert (people(found)[0]["age_years"], people(found)[0]["blood_group"]) == (27, "O+")


def test_a_continuation_wins_over_its_card_of_the_same_day():
    assert people(merged(card(mother(age_years=27)), sticker(mother(age_years=29))))[0]["age_years"] == 29


def test_a_verified_part_wins_over_a_later_one_that_is_not():
    later = sticker(mother(age_years=29, blood_group="O+"), None, "altered", day=DAY + timedelta(9))
    found = merged(card(mother(age_years=27)), later)
    assert (people(found)[0]["age_years"], people(found)[0]["blood_group"]) == (27, "O+")


def test_of_two_continuations_of_one_day_the_greater_id_wins():
    first, second = sticker(mother(age_years=27), id=b"sticker1"), sticker(mother(age_years=29), "gt-rc", id=b"sticker2")
    assert people(merged(card(mother()), first, second))[0]["age_years"] == 29


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (None, None, None),
        (None, [], []),
        ([], ["penicillins"], ["penicillins"]),
        (["sulfonamides"], ["penicillins"], ["penicillins", "sulfonamides"]),
        (["penicillins"], ["penicillins"], ["penicillins"]),
    ],
)
def test_allergies_unite_and_asked_none_removes_none(one, other, both):
    for first, second in ((one, other), (other, one)):
        given_first = mother(**({} if first is None else {"allergies": first}))
        given_second = mother(**({} if second is None else {"allergies": second}))
        united = people(merged(card(given_first), sticker(given_second)))[0].get("allergies")
        assert united is None if both is None else sorted(united) == sorted(both)


def test_undated_history_unites_and_keeps_a_source_only_where_all_agree():
    one = mother(conditions=["previous_caesarean"], history_source="holder", contacts=[])
    two = mother(conditions=["asthma"], vaccines_before=[{"vaccine": "td", "dose": 1}], history_source="holder", contacts=[])
    found = people(merged(card(one), sticker(two)))[0]
    assert set(found["conditions"]) == {"previous_caesarean", "asthma"} and found["vaccines_before"] == [{"vaccine": "td", "dose": 1}]
    assert found["history_source"] == "holder"
    same = mother(conditions=["asthma"], contacts=[])
    assert "history_source" not in people(merged(card(one.model_copy(update={"people": same.people})), sticker(same, "mx-rc")))[0]
    assert people(merged(card(same), sticker(same, "hn-rc")))[0]["history_source"] == "holder"


def test_an_exact_birth_date_does_not_take_the_precision_of_the_one_before():
    estimated = infant(born="2025-06-15", born_precision="month")
    found = people(merged(card(estimated), sticker(infant(born="2025-06-20"))))[0]
    assert found["born"] == "2025-06-20" and "born_precision" not in found


def test_a_new_pregnancy_does_not_inherit_the_end_of_the_last():
    ended = mother(pregnancy={"lmp": "2025-01-10", "delivered": "2025-10-12", "outcome": "live_birth", "gravida": 2}, contacts=[])
    later = sticker(mother(pregnancy={"lmp": "2026-03-01", "gravida": 3}, contacts=[]), day=DAY + timedelta(1))
    assert people(merged(card(ended), later))[0]["pregnancy"] == {"lmp": "2026-03-01", "gravida": 3}


def test_a_delivery_told_later_that_does_not_fit_is_kept_for_staff_to_see():
    late = sticker(mother(pregnancy={"delivered": "2026-02-20"}, contacts=[]))
    found = merged(card(mother(pregnancy={"lmp": "2026-03-01"}, contacts=[])), late)
    assert people(found)[0]["pregnancy"] == {"lmp": "2026-03-01", "delivered": "2026-02-20"}


def test_a_delivery_told_by_a_continuation_joins_the_pregnancy_of_the_card():
    born = sticker(mother(pregnancy={"delivered": "2026-06-30", "outcome": "live_birth"}, contacts=[]))
    found = merged(card(mother(pregnancy={"lmp": "2025-10-01", "dating": "lmp"}, contacts=[])), born)
    told = {"lmp": "2025-10-01", "dating": "lmp", "delivered": "2026-06-30", "outcome": "live_birth"}
    assert people(found)[0]["pregnancy"] == told


# --- people --------------------------------------------------------------------------------------------------------


def test_a_birth_joins_the_card_as_a_new_person():
    found = merged(card(mother()), sticker(infant(age_days=1), refs=(1,)))
    assert [p["role"] for p in people(found)] == ["mother", "infant"] and found.refs == (0, 1) and found.on_card == 1


def test_later_contacts_of_a_child_that_a_sticker_brought_are_that_childs():
    seen = sticker(infant(sex=None, observations={"muac": 131}), "gt-rc", refs=(1,), id=b"sticker2")
    found = merged(card(mother()), sticker(infant(age_days=1, contacts=[]), refs=(1,)), seen)
    assert [len(p["contacts"]) for p in people(found)] == [1, 1] and not found.ambiguous


def test_two_children_brought_under_one_number_stay_two_and_later_contacts_ask_which_child():
    girl = sticker(infant(age_days=1, contacts=[]), refs=(1,))
    boy = sticker(infant(age_days=1, sex="male", contacts=[]), "gt-rc", refs=(1,), id=b"sticker2")
    seen = sticker(infant(sex=None, observations={"muac": 131}), "pa-rc", refs=(1,), id=b"sticker3")
    found = merged(card(mother()), girl, boy, seen)
    assert [p.get("sex") for p in people(found)] == [None, "female", "male", None]
    assert found.ambiguous == {3} and found.refs == (0, 1, 1, 1)
    assert not merged(card(mother()), girl, boy).ambiguous


def test_two_children_told_alike_by_two_parts_stay_two():
    girl = infant(age_days=1, contacts=[])
    found = merged(card(mother()), sticker(girl, refs=(1,)), sticker(girl, "gt-rc", refs=(1,), id=b"sticker2"))
    assert len(people(found)) == 3


def test_a_person_of_another_role_under_the_number_of_one_on_the_card_is_somebody_else():
    found = merged(card(mother(observations=WEIGHT)), sticker(infant(observations={"muac": 131})))
    assert [len(p["contacts"]) for p in people(found)] == [1, 1]


# --- cards ---------------------------------------------------------------------------------------------------------


def test_continuations_without_their_card_are_shown_by_themselves():
    found = merged(sticker(mother(observations=WEIGHT)), sticker(mother(findings=["severe_headache"]), "gt-rc", id=b"sticker2"))
    assert found.on_card == 0 and found.card_id == CARD and len(people(found)[0]["contacts"]) == 2


def test_two_cards_are_not_mixed_and_the_latest_comes_first():
    old, new = card(mother(observations=WEIGHT)), card(mother(), id=b"new card", day=DAY + timedelta(30))
    other = sticker(mother(findings=["severe_headache"]))
    for order in ([old, new, other], [other, new, old], [new, old, other]):
        first, second = merge(order)
        assert first.record == new.part.record and len(second.parts) == 2


def test_a_verified_card_comes_before_a_later_one_that_is_not():
    good, bad = card(mother(observations=WEIGHT)), card(mother(), None, "altered", id=b"new card", day=DAY + timedelta(30))
    assert merge([bad, good])[0].record == good.part.record


def test_a_sticker_of_a_lost_card_does_not_come_before_a_card():
    good, stray = card(mother(), day=DAY - timedelta(5)), sticker(mother(observations=WEIGHT), of=b"lost one")
    assert merge([stray, good])[0].record == good.part.record


def test_nothing_merges_to_nothing():
    assert merge([]) == ()


# --- properties ----------------------------------------------------------------------------------------------------


@st.composite
def parts(draw: st.DrawFn) -> Source:
    """Any part, honest or not; ids are few, so that they meet."""
    record = draw(strategies.records(most_people=2))
    issuer = draw(st.sampled_from(["mx-rc", "hn-rc", None]))
    verdict = draw(st.sampled_from(["verified", "verified", "not-authorised", "withdrawn"])) if issuer else "altered"
    day = draw(st.dates(date(2026, 1, 1), date(2026, 1, 4)))
    if draw(st.booleans()):
        return card(record, issuer, verdict, id=draw(st.sampled_from([b"card one", b"card two"])), day=day)
    refs = draw(st.lists(st.integers(0, 4), min_size=len(record.people), max_size=len(record.people), unique=True))
    id_, of = draw(st.sampled_from([b"sticker1", b"sticker2"])), draw(st.sampled_from([b"card one", b"card two"]))
    return sticker(record, issuer, verdict, refs=tuple(sorted(refs)), id=id_, of=of, day=day)


def told(source: Source) -> set[Any]:
    """What the part says, contact by contact, without who vouches for it."""
    found = set()
    for ref, person in zip(source.part.refs, source.part.record.people, strict=True):
        found |= {(ref, person.role, repr(c.model_copy(update={"source": None}))) for c in person.contacts}
    return found


@FEWER
@given(st.lists(parts(), max_size=4), st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_matters(sources, rng):
    again = [*sources, *(rng.choice(sources) for _ in sources)]
    rng.shuffle(again)
    assert merge(again) == merge(sources)


@FEWER
@given(st.lists(parts(), max_size=4))
def test_no_contact_is_lost_invented_or_doubled(sources):
    found = merge(sources)
    said = set()
    for one in found:
        for ref, person in zip(one.refs, one.record.people, strict=True):
            rows = [(ref, person.role, repr(c)) for c in person.contacts]
            assert len(set(rows)) == len(rows)
            said |= {(one.card_id, ref, person.role, repr(c.model_copy(update={"source": None}))) for c in person.contacts}
    assert said == {(source.part.continues or source.part.id, *row) for source in sources for row in told(source)}


@FEWER
@given(st.lists(parts(), max_size=4))
def test_a_contact_is_verified_only_if_a_verified_part_says_it(sources):
    for one in merge(sources):
        vouched = set().union(*(told(source) for source in one.parts if source.verified))
        for p, (ref, person) in enumerate(zip(one.refs, one.record.people, strict=True)):
            for n, c in enumerate(person.contacts):
                if (p, n) not in one.unverified:
                    assert (ref, person.role, repr(c.model_copy(update={"source": None}))) in vouched


@FEWER
@given(st.lists(parts(), max_size=4))
def test_what_is_merged_is_a_record_if_a_card_could_hold_it(sources):
    for one in merge(sources):
        try:
            assert Record.from_json(one.record.to_json()) == one.record
        except RecordError as error:
            if len(one.parts) == 1:
                raise
            allowed = ("more than", "too many", "the same contact twice")
            assert all(problem.message.startswith(allowed) for problem in error.problems)


@given(strategies.records(), st.sampled_from(["verified", "withdrawn"]))
def test_an_empty_continuation_changes_nothing(record, verdict):
    role = record.people[0].role
    named = {person.history_source for person in record.people} | {c.source for person in record.people for c in person.contacts}
    one = card(record, "pa-rc", verdict)
    nothing = Record.from_json({"language": record.language, "choices": record.to_json()["choices"], "people": [{"role": role}]})
    assert "pa-rc" not in named
    found = merged(one, sticker(nothing, "pa-rc", verdict))
    assert found.record == record
    every = {(p, c) for p, person in enumerate(record.people) for c in range(-has_history(person), len(person.contacts))}
    assert found.unverified == (set() if verdict == "verified" else every)
