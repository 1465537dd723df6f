"""Splitting a record in its open and its sealed part, and joining them: nothing lost, nothing doubled, nothing shown."""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from healthcard import cbor, codec, seal, sealed, sign, vocabulary
from healthcard.codec import Part
from healthcard.errors import RecordError, SealError, SensitiveContent
from healthcard.record import Record
from healthcard.sealed import Content, Row
from healthcard.sensitivity import sensitive
from healthcard.sign import ED25519, SoftwareSigner
from healthcard.vocabulary import Vocabulary
from tests import strategies
from tests.builders import contact, family, infant, mother
from tests.test_seal import PUBLIC, SECRET

EXAMPLES = Path(__file__).parents[1] / "examples"
KNOWN = vocabulary.default()
ORGANISATIONS = {"pa-rc": 3, "cr-rc": 4, "hn-rc": 5, "gt-rc": 6, "mx-rc": 7}
NAMES = {number: name for name, number in ORGANISATIONS.items()}
CARD, PREVIOUS = bytes(range(8)), bytes(range(8, 16))
STATION = SoftwareSigner.from_secret(ED25519, bytes(range(32)))
DAY = date(2026, 7, 1)

SLOW = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

SECRET_FINDINGS = ["hiv", "syphilis", "hepatitis_b", "depression", "contraception", "thoughts_of_self_harm"]
SECRET_CONDITIONS = [word for word in SECRET_FINDINGS if KNOWN.findings.by_key[word].row["kind"] == "condition"]
SECRET_MEDICINES = ["tenofovir_lamivudine_dolutegravir", "nevirapine", "isoniazid_300", "benzathine_benzylpenicillin"]
SECRET_TESTS = {"mother": ["hiv_test", "syphilis_test", "hepatitis_b_test"], "infant": ["hiv_test"]}


def part_of(record: Record) -> Part:
    last = max((c.date for p in record.people for c in p.contacts), default=DAY)
    return Part("card", CARD, None, last, record, tuple(range(len(record.people))))


def split(record: Record, **more: Any) -> tuple[Part, Content]:
    return sealed.split(part_of(record), ORGANISATIONS, KNOWN, **more)


def joined(part: Part, content: Content, known: Vocabulary = KNOWN) -> Record:
    return sealed.join(part, content, ORGANISATIONS, known)[0].record


def through_the_wire(part: Part, known: Vocabulary = KNOWN) -> Part:
    """What a reader has of an open part, and so without the order in which it was written."""
    return codec.decode(codec.write(part, ORGANISATIONS, known), NAMES, known)


def rows(*items: list[Any]) -> Content:
    return sealed.decode_content(cbor.dumps([*items]))


@st.composite
def records_with_secrets(draw: st.DrawFn) -> Record:
    """Any record without level 3, with entries of level 2 wherever they may stand."""
    data = draw(strategies.record_json(False, most_people=3))
    for person in data["people"]:
        add(draw, person, "conditions", st.sampled_from(SECRET_CONDITIONS))
        if person["role"] == "mother" and draw(st.booleans()):
            person.setdefault("pregnancy", {})["outcome"] = "stillbirth"
        for one in person["contacts"]:
            add(draw, one, "findings", st.sampled_from(SECRET_FINDINGS))
            for test in draw(st.lists(st.sampled_from(SECRET_TESTS[person["role"]]), unique=True)):
                one.setdefault("observations", {})[test] = draw(strategies.values(KNOWN.observations[person["role"]], test))
            for medicine in draw(st.lists(st.sampled_from(SECRET_MEDICINES), max_size=2)):
                one.setdefault("medicines", []).append({"medicine": medicine, "amount": 1, "timing": "once_daily", "days": 30})
            if draw(st.integers(0, 3)) == 0:
                one["referral"] = {"service": "antenatal_care", "urgency": "soon", "reason": "hiv", "to": "hn-rc"}
    return Record.from_json(data)


def add(draw: st.DrawFn, data: dict[str, Any], name: str, words: st.SearchStrategy[str]) -> None:
    if found := draw(st.lists(words, max_size=2, unique=True)):
        data[name] = [*data.get(name, []), *found]


# --- there and back --------------------------------------------------------------------------------------------------


@SLOW
@given(records_with_secrets(), st.none() | st.just(PREVIOUS))
def test_every_record_comes_back_whole(record: Record, previous: bytes | None) -> None:
    open_part, content = split(record, previous=previous)
    data = sealed.encode_content(content)
    assert sealed.decode_content(data) == content
    back, kept = sealed.join(through_the_wire(open_part), sealed.decode_content(data), ORGANISATIONS, KNOWN)
    assert back.record == record
    assert sealed.split(back, ORGANISATIONS, KNOWN, kept, previous) == (replace(open_part, unknown=back.unknown), content)


@SLOW
@given(records_with_secrets())
def test_the_open_part_holds_nothing_sensitive(record: Record) -> None:
    open_part, content = split(record)
    assert sensitive(open_part.record, KNOWN) == []
    assert codec.encode(open_part, ORGANISATIONS, KNOWN)
    assert bool(content.rows) == bool(sensitive(record, KNOWN))


@SLOW
@given(strategies.records(sensitive=False))
def test_a_record_without_secrets_stays_as_it_is(record: Record) -> None:
    open_part, content = split(record)
    assert (open_part.record, content) == (record, Content())
    assert sealed.encode_content(content) == b"\x80"
    assert sealed.join(open_part, content, ORGANISATIONS, KNOWN) == (open_part, frozenset())


@SLOW
@given(records_with_secrets())
def test_an_older_vocabulary_seals_again_what_it_does_not_know(record: Record) -> None:
    older = KNOWN.without(
        *(("findings", word) for word in SECRET_FINDINGS),
        *(("medicines", word) for word in SECRET_MEDICINES),
        *(("observations", word) for words in SECRET_TESTS.values() for word in words),
        ("enumerations", "stillbirth"),
    )
    sealed_again(record, older)


@SLOW
@given(records_with_secrets())
def test_a_vocabulary_that_would_leave_it_open_seals_it_again(record: Record) -> None:
    sheets = {name: [row | {"sensitivity": "0"} for row in listed] for name, listed in KNOWN._sheets.items()}
    sealed_again(record, Vocabulary(sheets))


def sealed_again(record: Record, older: Vocabulary) -> None:
    open_part, content = split(record)
    back, kept = sealed.join(through_the_wire(open_part, older), content, ORGANISATIONS, older)
    again, same = sealed.split(back, ORGANISATIONS, older, kept)
    assert same == content
    assert codec.write(again, ORGANISATIONS, older) == codec.write(open_part, ORGANISATIONS, KNOWN)
    if content.rows:
        assert sealed.split(back, ORGANISATIONS, older)[1] != content, "without `kept` it would be open"


def test_kept_words_stay_sealed_when_contacts_come_and_go() -> None:
    record = mother(contacts=[contact(DAY, findings=["hiv"]), contact(DAY + timedelta(9), findings=["anaemia_in_pregnancy"])])
    older = KNOWN.without(("findings", "hiv"))
    part, kept = sealed.join(*split(record), ORGANISATIONS, older)
    assert kept == {("findings", "#64")}
    data = part.record.to_json()
    data["people"][0]["contacts"] = [contact(DAY - timedelta(30)), *reversed(data["people"][0]["contacts"])]
    changed = replace(part, record=Record.from_json(data, older))
    open_part, content = sealed.split(changed, ORGANISATIONS, older, kept)
    assert "#64" not in json.dumps(open_part.record.to_json())
    assert content.rows == (Row(0, 1, (64,)),)


# --- what stands where -----------------------------------------------------------------------------------------------


def test_a_contact_of_secrets_alone_leaves_an_empty_row() -> None:
    record = mother(observations={"hiv_test": "positive"}, findings=["hiv"])
    open_part, content = split(record)
    assert open_part.record.to_json()["people"][0]["contacts"] == [{"date": "2026-07-01"}]
    assert content.rows == (Row(0, 0, (64, [-3, 47, 1])),)


def test_the_wire_of_a_family() -> None:
    record = family(
        mother(conditions=["syphilis"], pregnancy={"outcome": "stillbirth"}, medicines=[{"medicine": "isoniazid_300", "amount": 2}]),
        infant(age_days=40, findings=["hiv_exposed_infant"], on=DAY + timedelta(3)),
    )
    outcome = KNOWN.profile["mother"].by_key["outcome"]
    _, content = split(record, previous=PREVIOUS)
    assert content == Content(
        PREVIOUS,
        (Row(0, -1, (66, [-4, outcome.number, outcome.to_wire("stillbirth")])), Row(0, 0, ([125, 8],)), Row(3, 0, (65,))),
    )
    assert cbor.loads(sealed.encode_content(content)) == [
        PREVIOUS, [0, -1, 66, [-4, outcome.number, outcome.to_wire("stillbirth")]], [0, 0, [125, 8]], [3, 0, 65],
    ]  # fmt: skip


def test_a_referral_goes_whole_where_its_reason_does() -> None:
    referral = {"service": "antenatal_care", "urgency": "urgent", "reason": "hiv", "to": "hn-rc"}
    record = mother(referral=referral, findings=["anaemia_in_pregnancy"])
    open_part, content = split(record)
    assert open_part.record.people[0].contacts[0].referral is None
    assert open_part.record.people[0].contacts[0].findings == ("anaemia_in_pregnancy",)
    assert [event[:1] for event in content.rows[0].events if isinstance(event, list)] == [[-1]]
    assert joined(open_part, content) == record


@pytest.mark.parametrize("source", ["holder", "withheld", "hn-rc", None])
def test_the_source_of_a_history_that_is_sealed_as_a_whole_goes_along(source: str | None) -> None:
    record = mother(conditions=["hiv"], history_source=source)
    open_part, content = split(record)
    assert open_part.record.people[0].history_source is None
    assert len(content.rows[0].events) == (2 if source else 1)
    assert joined(through_the_wire(open_part), content) == record


def test_the_source_of_a_history_that_is_open_in_part_stays() -> None:
    record = mother(conditions=["hiv", "previous_caesarean"], history_source="holder")
    open_part, content = split(record)
    assert open_part.record.people[0].history_source == "holder"
    assert content.rows == (Row(0, -1, (64,)),)
    assert joined(through_the_wire(open_part), content) == record


def test_rows_count_in_the_order_of_the_wire() -> None:
    """Two contacts of one day stand in the record by time and content, on the wire by bytes."""
    contacts = [
        contact(time="09:00", source="hn-rc", observations={"weight": 60}, findings=["hiv"]),
        contact(time="17:00", findings=["syphilis"]),
    ]
    record = mother(contacts=contacts)
    open_part, content = split(record)
    assert content.rows == (Row(0, 0, (66,)), Row(0, 1, (64,)))
    assert joined(through_the_wire(open_part), content) == record


def test_contacts_of_one_day_that_differ_in_secrets_only_are_refused_by_place() -> None:
    twice = [contact(observations={"hiv_test": "negative"}), contact(observations={"hiv_test": "positive"})]
    with pytest.raises(RecordError, match=r"people\[0\]\.contacts\[\d\]: differs .* in sealed entries only"):
        split(mother(contacts=twice))
    record = mother(contacts=[one | {"time": f"0{n}:00"} for n, one in enumerate(twice)])
    assert joined(*split(record)) == record


def test_an_observation_with_a_bit_is_sealed_by_its_number() -> None:
    record = mother(observations={"weight": 58.4, "systolic": 112})
    open_part, content = split(record, kept=frozenset({("observations_mother", "weight")}))
    assert content.rows == (Row(0, 0, ([-3, 0, -16],)),)
    assert joined(open_part, content) == record


def test_a_profile_day_counts_from_the_persons_first_contact() -> None:
    record = family(mother(gestation_days=100, pregnancy={"delivered": "2026-06-01"}), infant(on=DAY - timedelta(50)))
    keeps = frozenset({("profile_mother", "delivered"), ("profile_mother", "lmp")})
    for kept in (keeps, *(frozenset({keep}) for keep in keeps)):
        open_part, content = split(record, kept=kept)
        back, again = sealed.join(through_the_wire(open_part), content, ORGANISATIONS, KNOWN)
        assert back.record == record
        assert again == kept


def test_an_unknown_event_that_was_sealed_returns() -> None:
    part = part_of(mother(findings=["anaemia_in_pregnancy"]))
    content = rows([0, 0, [-7, 1, b"x"]])
    back, kept = sealed.join(part, content, ORGANISATIONS, KNOWN)
    assert back.unknown
    assert sealed.split(back, ORGANISATIONS, KNOWN, kept) == (replace(part, unknown=True), content)
    assert sealed.split(back, ORGANISATIONS, KNOWN)[1] == Content()


def test_a_sealed_value_that_cannot_have_been_entered_is_noticed() -> None:
    part = part_of(infant())
    quantity = KNOWN.observations["infant"].by_key["stools_24h"]
    for stools, noticed in ((3, False), (400, True)):
        content = rows([1, 0, [-3, quantity.number, quantity.to_wire(stools)]])
        back, _ = sealed.join(part, content, ORGANISATIONS, KNOWN)
        assert back.implausible == noticed
        assert back.record.people[0].contacts[0].observations == {"stools_24h": stools}


# --- what is refused -------------------------------------------------------------------------------------------------


def test_level_three_is_refused_and_all_of_it_named() -> None:
    medicines = [{"medicine": "misoprostol", "amount": 1}]
    record = mother(findings=["sexual_violence", "hiv"], pregnancy={"outcome": "loss"}, medicines=medicines)
    with pytest.raises(SensitiveContent) as refused:
        split(record)
    assert {problem.place for problem in refused.value.problems} == {
        "people[0].pregnancy.outcome", "people[0].contacts[0].findings[1]", "people[0].contacts[0].medicines[0]",
    }  # fmt: skip


def test_an_organisation_without_a_number_is_refused() -> None:
    with pytest.raises(RecordError, match="no such organisation"):
        split(mother(findings=["hiv"], referral={"service": "antenatal_care", "urgency": "soon", "reason": "hiv", "to": "xx-rc"}))


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\x80\x00", b"\x00", b"\x40", b"\x81\x47" + bytes(7), b"\x9f\xff", b"\x81\x80",
        cbor.dumps([[0, 0]]), cbor.dumps([[0, -2, 64]]), cbor.dumps([[-1, 0, 64]]), cbor.dumps([[0, None, 64]]),
        cbor.dumps([PREVIOUS, PREVIOUS]), cbor.dumps([[0, 0, 64], PREVIOUS]), cbor.dumps([[0, [], 64]]),
        cbor.dumps([[0, 1, 64], [0, 0, 64]]), cbor.dumps([[0, 0, 64], [0, 0, 66]]), cbor.dumps([[2, 0, 64], [0, 0, 64]]),
        cbor.dumps([[0, 0, 66, 64]]), cbor.dumps([[0, 0, 64, 64]]), cbor.dumps([[0, 0, [-3, 47, 0], 64]]),
        cbor.dumps([[0, 0, [-3, 47, 0], [-3, 47, 0]]]), cbor.dumps([[0, 0, [-4, [[[[[[[0]]]]]]]]]]),
    ],
)  # fmt: skip
def test_content_of_another_form_is_refused(data: bytes) -> None:
    with pytest.raises(SealError):
        sealed.decode_content(data)


@pytest.mark.parametrize(
    "row",
    [
        [2, 0, 64], [1, 0, 64], [17, 0, 64],  # no such person, another role
        [0, 1, 64],  # no such contact
        [0, 0, 60], [0, 0, -113], [0, 0, 210], [0, -1, 41], [0, 0, [-3, 0, 0]], [0, -1, [-4, 0, 0]],  # in the open part too
        [0, 0, [-1, 210, 1, 0]],  # the open part has a referral
        [0, 0, [-2, 3]], [0, 0, None], [0, 0, b""], [0, 0, []], [0, 0, [None]], [0, 0, [-1, 210]], [0, 0, [0, 1]], [0, 0, [122, 1, 1, 30]],
        [0, 0, [-3, 47]], [0, 0, [-3, -1, 0]], [0, 0, [-3, 47, None]], [0, 0, [-3, 47, 0], [-3, 47, 1]],
        [0, -1, 1], [0, -1, 210], [0, -1, [1, 1]], [0, -1, [-2, 3]], [0, -1, [-3, 47, 0]], [0, -1, [-6, 0]],
        [0, -1, [-4, 31, 0]], [0, -1, [-4, [], 0]], [0, -1, [-4, 10]], [0, -1, [-4, 20, None]], [0, -1, [-4, 20, 0], [-4, 20, 1]],
        [0, -1, [-5, 1]], [0, -1, 64, [-5, 0]], [0, -1, 64, [-5, 1]], [0, -1, 64, [-5]],
        [0, 0, *range(1, 33)],
    ],
    ids=str,
)  # fmt: skip
def test_entries_that_fit_no_honest_open_part_are_refused(row: list[Any]) -> None:
    record = mother(
        age_years=26, conditions=[KNOWN.findings.words[41]], observations={"weight": 60}, findings=[KNOWN.findings.words[60]],
        vaccines=[{"vaccine": KNOWN.vaccines.words[15], "dose": 0}], services=[KNOWN.services.words[210]],
        referral={"service": "antenatal_care", "urgency": "soon"},
    )  # fmt: skip
    part = part_of(record)
    assert joined(part, rows([0, -1, 64, [-4, 20, 0]], [0, 0, 64])) != record
    with pytest.raises(SealError):
        sealed.join(part, rows(row), ORGANISATIONS, KNOWN)


@pytest.mark.parametrize("source", [1, 2, 5])
def test_a_history_without_an_open_one_may_have_a_source(source: int) -> None:
    back = joined(part_of(mother()), rows([0, -1, 64, [-5, source]]))
    assert back.people[0].history_source == {1: "holder", 2: "withheld", 5: "hn-rc"}[source]


ITEMS: st.SearchStrategy[Any] = st.recursive(
    st.integers(-9, 70) | st.integers(-(2**31) + 1, 2**31 - 1) | st.none() | st.binary(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.tuples(st.integers(-7, 3), st.lists(inner, max_size=3)).map(lambda e: [e[0], *e[1]]),
    max_leaves=8,
)
EVENTS = st.integers(1, 70) | st.tuples(st.just(-3), st.integers(0, 60), st.integers(-5, 5)).map(list) | ITEMS
ROWS = st.tuples(st.integers(0, 3), st.integers(-1, 2), st.lists(EVENTS, min_size=1, max_size=4).map(lambda e: sorted(e, key=cbor.dumps)))


@given(st.binary(max_size=120))
def test_any_bytes_are_content_or_refused(data: bytes) -> None:
    try:
        content = sealed.decode_content(data)
    except SealError:
        return
    assert sealed.encode_content(content) == data


@SLOW
@given(strategies.records(sensitive=False, most_people=2), st.lists(ROWS, max_size=3, unique_by=lambda row: row[:2]))
def test_any_content_joins_or_is_refused(record: Record, listed: list[Any]) -> None:
    data = cbor.dumps([[ref, row, *events] for ref, row, events in sorted(listed, key=lambda row: row[:2])])
    try:
        content = sealed.decode_content(data)
        back = joined(part_of(record), content)
    except SealError:
        return
    assert sealed.encode_content(content) == data
    assert Record.from_json(back.to_json()) == back


@SLOW
@given(records_with_secrets(), st.data())
def test_changed_content_has_one_encoding_or_is_refused(record: Record, data: st.DataObject) -> None:
    open_part, content = split(record)
    raw = bytearray(sealed.encode_content(content))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        changed = sealed.decode_content(bytes(raw))
        back = joined(through_the_wire(open_part), changed)
    except SealError:
        return
    assert sealed.encode_content(changed) == bytes(raw)
    assert Record.from_json(back.to_json()) == back


def test_no_message_holds_a_value() -> None:
    part = part_of(mother(observations={"hiv_test": "positive"}))
    with pytest.raises(SealError) as refused:
        sealed.join(part, rows([0, 0, [-3, 47, 1]]), ORGANISATIONS, KNOWN)
    assert "positive" not in str(refused.value) and "hiv" not in str(refused.value)
    assert "hiv" not in repr(rows([0, 0, 64])) and "64" not in repr(rows([0, 0, 64]))


# --- sizes -----------------------------------------------------------------------------------------------------------


def token(part: Part, content: Content) -> bytes:
    data = sealed.encode_content(content)
    part = replace(part, sealed=seal.seal(data, PUBLIC, "real", part.id))
    assert seal.open_sealed(part.sealed, [SECRET], "real", part.id) == data
    return sign.sign(codec.encode(part, ORGANISATIONS, KNOWN), STATION, b"healthcard/0")


@SLOW
@given(records_with_secrets(), st.none() | st.just(PREVIOUS))
def test_presence_absence_and_content_of_secrets_change_no_length(record: Record, previous: bytes | None) -> None:
    open_part, content = split(record, previous=previous)
    assume(seal.blocks_for(sealed.encode_content(content)) == 1)
    without = token(open_part, Content())
    assert len(token(open_part, content)) == len(without)
    others = sealed.Content(previous, (Row(0, -1, (64,)),))
    assert len(token(open_part, others)) == len(without)


@pytest.mark.parametrize(
    ("example", "budget"), [("family_three_contacts_sealed", 376), ("family_three_contacts", 376), ("mother_first_contact", 247)]
)
def test_a_sealed_part_stays_within_the_budget(example: str, budget: int) -> None:
    record = Record.from_json((EXAMPLES / f"{example}.json").read_bytes())
    open_part, content = split(record, previous=PREVIOUS)
    assert bool(content.rows) == example.endswith("_sealed")
    assert len(token(open_part, content)) <= budget
    assert joined(through_the_wire(open_part), content) == record
