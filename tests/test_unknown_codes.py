"""What a reader of an older edition does not know: kept, given back, issued again unchanged, and noticed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthcard import card, cbor, codec, vocabulary
from healthcard.cbor import Item
from healthcard.codec import Part
from healthcard.record import Record
from healthcard.vocabulary import Vocabulary
from tests.parts import NAMES, NUMBERS, RICH, SLOW, TODAY, as_card, parts, words_of
from tests.world import World

# What a reader may lack; `lmp` goes only with `delivered`, whose day is counted from it: no edition has one without the other.
COMBINATIONS: dict[str, list[tuple[str, str]]] = {
    "nothing": [],
    "an observation of each role": [("observations", "weight")],
    "coded observations": [("observations", "malaria_test"), ("observations", "feeding")],
    "numbered observations": [("observations", "pain_score"), ("observations", "apgar_1_min"), ("observations", "stools_24h")],
    "findings": [("findings", "severe_headache"), ("findings", "diabetes_in_pregnancy")],
    "medicines": [("medicines", "paracetamol_500"), ("medicines", "iron_folic_acid")],
    "timings": [("timings", "once_daily"), ("timings", "four_times_daily")],
    "vaccines": [("vaccines", "td"), ("vaccines", "bcg")],
    "services": [("services", "food_water"), ("services", "antenatal_care")],
    "allergies": [("allergies", "penicillins")],
    "enumerations": [("enumerations", key) for key in ("ht", "O+", "lmp", "live_birth", "routine", "female", "day")],
    "profile numbers": [("profile", "age_years"), ("profile", "birth_weight_g"), ("profile", "gestation_weeks"), ("profile", "gravida")],
    "profile days": [("profile", "lmp"), ("profile", "delivered"), ("profile", "born")],
    "profile sets": [("profile", "allergies"), ("profile", "blood_group")],
    "every observation": [("observations", entry.key) for table in vocabulary.default().observations.values() for entry in table.entries],
}


def kept(part: Part, fewer: Vocabulary, names: dict[int, str]) -> Part:
    """What a reader of `fewer` and `names` reads of `part`, after everything it does with it came out as it went in."""
    payload = codec.write(part, NUMBERS)
    numbers = {name: number for number, name in names.items()}
    read = codec.decode(payload, names, fewer)
    assert codec.write(read, numbers, fewer) == payload
    again = Record.from_json(json.dumps(read.record.to_json()), fewer)  # kept in a file in between
    assert again == read.record
    reissued = Part(read.kind, read.id, read.continues, read.issued, again, read.refs, read.sealed)
    assert codec.write(reissued, numbers, fewer) == payload
    assert codec.decode(codec.write(read, numbers, fewer), NAMES) == part
    return read


@pytest.mark.parametrize("gone", COMBINATIONS.values(), ids=COMBINATIONS.keys())
def test_a_reader_keeps_what_it_does_not_know(gone: list[tuple[str, str]]) -> None:
    record = Record.from_json(RICH)
    read = kept(as_card(record), vocabulary.default().without(*gone), NAMES)
    lost = words_of(record.to_json()) - words_of(read.record.to_json())
    assert read.unknown == bool(gone)
    assert read.record == record if not gone else lost, "the reader still had a word for it"
    if gone:
        assert any(word.startswith("#") for word in words_of(read.record.to_json()))


def test_unknown_values_are_raw_integers() -> None:
    fewer = vocabulary.default().without(("observations", "weight"), ("observations", "pain_score"), ("profile", "age_years"))
    mother = kept(as_card(Record.from_json(RICH)), fewer, NAMES).record.people[0]
    assert mother.unknown == {"#0": 1}  # 27 years are 1 more than the usual 26
    observations = [contact.observations for contact in mother.contacts]
    assert sorted((o["#0"], o.get("#41")) for o in observations if o and "#0" in o) == [(-19, None), (-16, 3)]  # 58.1 kg, 58.4 kg


REMOVABLE = sorted(
    {(sheet, row["key"]) for sheet in vocabulary.SHEETS for row in vocabulary.read_csv(vocabulary.folder() / f"{sheet}.csv")}
    - {("profile", "lmp"), ("profile", "delivered"), ("profile", "born_precision")}
)


@given(parts(), st.lists(st.sampled_from(REMOVABLE), max_size=60), st.booleans(), st.sets(st.sampled_from(sorted(NAMES))))
@SLOW
def test_any_reader_keeps_what_it_does_not_know(part: Part, gone: list[tuple[str, str]], dates: bool, orgs: set[int]) -> None:
    names = {number: name for number, name in NAMES.items() if number not in orgs}
    if dates:
        gone = [*gone, ("profile", "lmp"), ("profile", "delivered")]
    kept(part, vocabulary.default().without(*gone), names)


@pytest.fixture(scope="module")
def world() -> World:
    return World.build(TODAY)


def readings(world: World, text: str, known: Vocabulary) -> tuple[str, bool]:
    reading = card.read_part(text, world.bundle, TODAY, known)
    return reading.verdict, "unknown-code" in reading.notices


def test_the_notice_unknown_code_is_given_only_for_what_the_card_says(world: World) -> None:
    full = vocabulary.default()
    issued = world.issue(Record.from_json(RICH))
    assert readings(world, issued.text, full) == ("verified", False)
    assert readings(world, issued.text, full.without(("findings", "stiff_neck"), ("medicines", "zinc_20"))) == ("verified", False)
    for gone in COMBINATIONS.values():
        assert readings(world, issued.text, full.without(*gone)) == ("verified", bool(gone)), gone


@pytest.mark.parametrize("place", ["source", "history_source", "to"])
def test_an_organisation_that_the_bundle_does_not_name_is_kept_and_noticed(world: World, place: str) -> None:
    data = json.loads(json.dumps(RICH))
    mother = data["people"][0]
    if place == "history_source":
        mother["history_source"] = "#4711"
    elif place == "source":
        mother["contacts"][0]["source"] = "#4711"
    else:
        mother["contacts"][0]["referral"]["to"] = "#4711"
    issued = world.issue(Record.from_json(data))
    reading = card.read(issued.text, bundle=world.bundle, now=TODAY)
    assert (reading.verdict, reading.record) == ("verified", Record.from_json(data))
    assert "unknown-code" in reading.notices


def test_a_station_of_an_older_edition_issues_again_what_it_does_not_know(world: World) -> None:
    """Read with a reduced vocabulary, put on a new card by it, read with the full one: the record of the first card."""
    full = vocabulary.default()
    record = Record.from_json(RICH)
    for gone in COMBINATIONS.values():
        fewer = full.without(*gone)
        read = card.read(world.issue(record).text, bundle=world.bundle, now=TODAY, known=fewer)
        assert read.verdict == "verified" and read.record
        again = card.issue(read.record, world.station_signer, world.bundle, now=TODAY, known=fewer)
        assert card.read(again.text, bundle=world.bundle, now=TODAY, known=full).record == record


def test_unknown_events_keep_their_bytes(world: World) -> None:
    data = json.loads(json.dumps(RICH))
    arrays: list[Item] = [[-4], [-4, 1, None], [-77, [[b"\x00", [[]]]], -5], [-2147483647, 2147483647]]
    events = [cbor.dumps(event).hex() for event in arrays]
    data["people"][0]["contacts"][0]["unknown"] = events
    record = Record.from_json(data)
    issued = world.issue(record)
    reading = card.read(issued.text, bundle=world.bundle, now=TODAY)
    assert reading.record == record and "unknown-code" in reading.notices
    [contact] = (contact for contact in reading.record.people[0].contacts if contact.unknown)
    assert set(contact.unknown or ()) == set(events)
    assert codec.decode(codec.write(as_card(record), NUMBERS), NAMES).record == record
