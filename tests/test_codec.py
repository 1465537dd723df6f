"""Record <-> payload: one encoding for every part, and nothing lost in it."""

import json
import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from healthcard import cbor, codec, vocabulary
from healthcard.codec import Part
from healthcard.errors import CardError, NewerVersion, RecordError, Unreadable
from healthcard.record import EPOCH, Record
from tests import strategies
from tests.parts import NAMES, NUMBERS, REFERRAL, RICH, SLOW, TODAY, as_card, latest, parts

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.json"))

# --- round trip ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_every_example_comes_back_as_it_was_written(file: Path) -> None:
    text = json.loads(file.read_text())
    record = Record.from_json(text)
    names = {name: n for n, name in enumerate(["pa-rc", "cr-rc", "hn-rc", "gt-rc", "mx-rc", "co-rc", "ne-rc", "ml-rc", "td-rc"], 3)}
    payload = codec.write(as_card(record), names)
    part = codec.decode(payload, {number: name for name, number in names.items()})
    assert part == as_card(record)
    assert part.record.to_json() == record.to_json()
    assert Record.from_json(part.record.to_json()) == record
    assert without_order(record.to_json()) == without_order({"choices": {"import": False, "count": False}} | text)
    assert codec.write(part, names) == payload


def without_order(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_order(inner) for key, inner in value.items()}
    return sorted(map(without_order, value), key=str) if isinstance(value, list) else value


@given(parts())
@SLOW
def test_every_part_comes_back_as_it_was_written(part: Part) -> None:
    payload = codec.encode(part, NUMBERS)
    read = codec.decode(payload, NAMES)
    assert read == part
    assert read.record.to_json() == part.record.to_json()
    assert Record.from_json(json.dumps(read.record.to_json())) == read.record
    assert codec.encode(read, NUMBERS) == payload
    assert cbor.dumps(cbor.loads(payload)) == payload


@given(parts(), st.randoms(use_true_random=False))
@SLOW
def test_whatever_is_accepted_is_written_as_the_same_bytes(part: Part, chance: random.Random) -> None:
    """The other way round: from bytes that nobody wrote."""
    payload = bytearray(codec.encode(part, NUMBERS))
    for _ in range(40):
        changed = bytearray(payload)
        for _ in range(chance.randrange(1, 3)):
            at = chance.randrange(len(changed))
            changed[at] = chance.choice([changed[at] ^ 1 << chance.randrange(8), (changed[at] + 1) % 256, (changed[at] - 1) % 256])
        try:
            read = codec.decode(bytes(changed), NAMES)
        except CardError:
            continue
        assert codec.write(read, NUMBERS) == changed
        assert Record.from_json(read.record.to_json()) == read.record


@given(strategies.record_json(), st.randoms(use_true_random=False))
@SLOW
def test_order_carries_no_meaning(data: dict[str, Any], chance: random.Random) -> None:
    record = Record.from_json(data)
    other = Record.from_json(shuffled(data, chance))
    assert other == record
    assert other.to_json() == record.to_json()
    assert codec.write(as_card(other), NUMBERS) == codec.write(as_card(record), NUMBERS)


def shuffled(value: Any, chance: random.Random, key: str = "") -> Any:
    """The same JSON with keys and lists in another order, but for people: a person is known by her place."""
    if isinstance(value, dict):
        return {name: shuffled(inner, chance, name) for name, inner in chance.sample(list(value.items()), len(value))}
    if isinstance(value, list):
        return [shuffled(inner, chance) for inner in (value if key == "people" else chance.sample(value, len(value)))]
    return value


@given(strategies.records(sensitive=False), st.integers(1, 40))
@SLOW
def test_a_card_issued_before_its_last_contact_is_refused(record: Record, days: int) -> None:
    assume(any(person.contacts for person in record.people) and latest(record) - EPOCH > timedelta(days))
    with pytest.raises(RecordError, match="day of issue"):
        codec.encode(as_card(record, latest(record) - timedelta(days)), NUMBERS)


@given(st.data())
@SLOW
def test_contacts_of_one_day_come_back_in_the_one_order(data: st.DataObject) -> None:
    role = data.draw(st.sampled_from(vocabulary.ROLES))
    seen = data.draw(st.lists(strategies.contacts(role, sensitive=False), min_size=2, max_size=5))
    for contact in seen:
        contact["date"] = data.draw(st.sampled_from(["2026-07-01", "2026-07-02"]))
    people = [{"role": role, "contacts": seen}]
    try:
        record = Record.from_json({"language": "es", "people": people})
    except RecordError as error:
        assert "the same contact twice" in str(error)
        return
    read = codec.decode(codec.encode(as_card(record), NUMBERS), NAMES).record
    assert read == record
    assert Record.from_json({"language": "es", "people": [{"role": role, "contacts": seen[::-1]}]}) == record


def test_a_number_has_one_form_whether_written_with_a_point_or_not() -> None:
    def of(amount: float, weight: float) -> Record:
        medicines = [{"medicine": "iron_folic_acid", "amount": amount}]
        contact = {"date": "2026-07-01", "medicines": medicines, "observations": {"weight": weight}}
        return Record.from_json({"language": "es", "people": [{"role": "mother", "contacts": [contact]}]})

    def text(record: Record) -> str:
        return json.dumps(record.to_json(), sort_keys=True)

    read = codec.decode(codec.encode(as_card(of(1.0, 58.0)), NUMBERS), NAMES).record
    assert text(of(1.0, 58.0)) == text(of(1, 58)) == text(read)


def test_contacts_that_the_wire_cannot_tell_apart_are_refused_before_they_are_signed() -> None:
    """An organisation by its name and by its number is the same organisation to a reader."""
    contacts = [{"date": "2026-07-01", "source": source} for source in ("#7", "mx-rc")]
    record = Record.from_json({"language": "es", "people": [{"role": "mother", "contacts": contacts}]})
    with pytest.raises(RecordError, match="same contact twice"):
        codec.encode(as_card(record), NUMBERS)


def test_an_organisation_without_a_number_is_refused_with_its_place() -> None:
    contacts = [{"date": "2026-07-01", "source": "nobody"}, {"date": "2026-07-02", "referral": REFERRAL | {"to": "nobody-too"}}]
    mother = {"role": "mother", "conditions": ["previous_caesarean"], "history_source": "nowhere", "contacts": contacts}
    with pytest.raises(RecordError) as refused:
        codec.encode(as_card(Record.from_json({"language": "es", "people": [mother]})), NUMBERS)
    assert len(refused.value.problems) == 3
    assert all("organisation" in problem.message for problem in refused.value.problems)



def test_a_later_version_is_told_apart_from_nonsense() -> None:
    payload = cbor.loads(codec.encode(as_card(Record.from_json(RICH)), NUMBERS))
    assert isinstance(payload, list)
    for head in (2, 3, 4, 2**31 - 1):
        with pytest.raises(NewerVersion):
            codec.decode(cbor.dumps([head, *payload[1:]]), NAMES)
        with pytest.raises(NewerVersion):  # whatever a later version may look like
            codec.decode(cbor.dumps([head, None]), NAMES)
    for nonsense in (-1, None, b""):
        with pytest.raises(Unreadable):
            codec.decode(cbor.dumps([nonsense, *payload[1:]]), NAMES)


# --- bounds ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", ["2020-01-01", "2024-02-29", "2199-06-06"])
def test_the_first_and_the_last_day_of_a_card_are_kept(day: str) -> None:
    record = Record.from_json({"language": "es", "people": [{"role": "mother", "contacts": [{"date": day}]}]})
    assert codec.decode(codec.encode(as_card(record), NUMBERS), NAMES).record == record


def test_sixty_four_contacts_of_thirty_two_entries_are_kept() -> None:
    findings = [e.key for e in vocabulary.default().findings.entries if e.sensitivity < 2][:32]
    contacts = [{"date": (TODAY - timedelta(n)).isoformat(), "findings": findings} for n in range(64)]
    record = Record.from_json({"language": "es", "people": [{"role": "mother", "contacts": contacts}]})
    payload = codec.encode(as_card(record), NUMBERS)
    assert codec.decode(payload, NAMES).record == record
    item: Any = cbor.loads(payload)
    *head, mother = item
    *_, last = mother
    for longer in ([*mother, [1, *last[1:]]], [*mother[:-1], [*last, 199]]):
        with pytest.raises(Unreadable, match="more"):
            codec.decode(cbor.dumps([*head, longer]), NAMES)


def test_every_quarter_hour_is_kept() -> None:
    quarters = [f"{hour:02}:{minute:02}" for hour in range(24) for minute in (0, 15, 30, 45)]
    assert len(quarters) == 96
    for batch in (quarters[:48], quarters[48:]):
        contacts = [{"date": "2026-07-01", "time": time} for time in batch]
        record = Record.from_json({"language": "es", "people": [{"role": "mother", "contacts": contacts}]})
        assert codec.decode(codec.encode(as_card(record), NUMBERS), NAMES).record == record


@given(st.binary(max_size=200))
@example(b"")
@settings(max_examples=500)
def test_random_bytes_raise_nothing_but_card_errors(payload: bytes) -> None:
    try:
        part = codec.decode(payload, NAMES)
    except CardError:
        return
    assert codec.write(part, NUMBERS) == payload
