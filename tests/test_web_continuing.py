"""What a phone adds to a card is byte for byte what the library writes, and reads as verified once its key is listed (V7)."""

import json
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from healthcard import card, codec, vocabulary
from healthcard.continuing import extend
from healthcard.errors import RecordError
from healthcard.record import Record
from healthcard.sign import Key
from healthcard.trust import custody
from healthcard.trust.bundle import CONTINUE, TrustBundle
from healthcard.vocabulary import ROLES, Role
from tests import builders, strategies
from tests.world import STATION_OF, World

SCRIPT = Path(__file__).parent / "web" / "continuing.mjs"
TODAY = date(2026, 7, 2)
BUILDERS = {"mother": builders.mother, "infant": builders.infant}


def contacts(role: Role) -> st.SearchStrategy[tuple[Role, dict[str, Any]]]:
    return strategies.contacts(role, sensitive=False).map(lambda contact: (role, contact))


@pytest.fixture(scope="module")
def world() -> World:
    return World.build(TODAY)


def phone(bundle: TrustBundle, *questions: dict[str, Any]) -> dict[str, Any]:
    asked = json.dumps({"bundle": bundle.raw.hex(), "questions": questions})
    done = subprocess.run(["node", SCRIPT], input=asked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


def test_a_sticker_of_a_phone_is_read_with_its_card(world: World) -> None:
    """V7: he gives ORS and zinc, offline; the next scan merges."""
    child = builders.infant(on=date(2026, 6, 1), age_days=200, observations={"weight": 7})
    made = world.issue(child)
    contact = builders.contact(
        TODAY,
        medicines=[{"medicine": "ors", "amount": 1}, {"medicine": "zinc_20", "amount": 1, "timing": "once_daily", "days": 10}],
        observations={"muac": 121, "temperature": 38.2},
        findings=["watery_diarrhoea"],
    )
    told = phone(world.bundle, {"texts": [made.text], "change": {"person": 0, "contact": contact}, "today": TODAY.isoformat()})
    assert told["extractable"] is False
    [answer] = told["answers"]
    public = Key(bytes.fromhex(told["public"]))
    unlisted = card.read(made.text, answer["text"], bundle=world.bundle, now=TODAY)
    assert unlisted.verdict == "unknown-issuer" and unlisted.record
    owner = world.organisation_signers[STATION_OF]
    bundle = custody.add_station(world.bundle, [world.root_signer], STATION_OF, owner, public, CONTINUE, TODAY, TODAY)
    reading = card.read(made.text, answer["text"], bundle=bundle, now=TODAY)
    assert reading.verdict == "verified", reading.top.reason
    assert reading.record and [c.date for c in reading.record.people[0].contacts] == [date(2026, 6, 1), TODAY]
    assert reading.record.people[0].contacts[1].model_dump(mode="json", exclude_none=True) == Record.from_json(
        builders.infant(contacts=[contact]).to_json()
    ).people[0].contacts[0].model_dump(mode="json", exclude_none=True)


def test_what_no_record_holds_is_refused_at_the_place_that_the_library_names(world: World) -> None:
    """Nothing is written in its stead, and no message holds a word or a value that was entered but the key of an observation."""
    made = world.issue(builders.mother(on=TODAY, observations={"weight": 60}))
    wrong: list[dict[str, Any]] = [
        {"observations": {"weight": 60.03}},
        {"observations": {"malaria_test": "perhaps"}},
        {"observations": {"weight": None}},
        {"observations": {"wieght": 60}},
        {"findings": ["fever_mother", "feverish"]},
        {"findings": ["toString"]},
        {"services": ["connectivity", "connectivty"]},
        {"vaccines": [{"vaccine": "bcgg", "dose": 1}]},
        {"vaccines": [{"vaccine": "bcg", "dose": 7}]},
        {"vaccines": [{"vaccine": "bcg", "dose": 0.5}]},
        {"medicines": [{"medicine": "ors", "amount": 0.3}]},
        {"medicines": [{"medicine": "ors", "amount": 1}, {"medicine": "orss", "amount": 1}]},
        {"medicines": [{"medicine": "zinc_20", "amount": 1, "timing": "twise", "days": 10}]},
        {"medicines": [{"medicine": "zinc_20", "amount": 1, "timing": "once_daily", "days": 0}]},
        {"time": "10:07"},
        {"date": "2026-07-03"},
    ]
    reading = card.read(made.text, bundle=world.bundle, now=TODAY)
    changes = [{"person": 0, "contact": {"date": TODAY.isoformat()} | entry} for entry in wrong]
    changes.append({"person": 1, "contact": {"date": TODAY.isoformat()}})
    answers = phone(world.bundle, *({"texts": [made.text], "change": change, "today": TODAY.isoformat()} for change in changes))["answers"]
    for change, answer in zip(changes, answers, strict=True):
        with pytest.raises(RecordError) as refused:
            extend(reading, {"person": change["person"]} | change["contact"], world.station_signer, world.bundle, sticker=True, now=TODAY)
        assert (answer["error"], answer["message"].partition(": ")[0]) == ("invalid-record", refused.value.problems[0].place)
        assert not any(word in answer["message"] for word in ("feverish", "connectivty", "bcgg", "orss", "twise", "perhaps", "60.03"))


def test_a_phone_signs_nothing_that_it_has_no_word_for(world: World) -> None:
    made = world.issue(builders.mother(on=TODAY, observations={"weight": 60}))
    wordless: list[dict[str, Any]] = [{"observations": {"#77": 3}}, {"services": ["#299"]}, {"vaccines": [{"vaccine": "#99", "dose": 1}]}]
    changes = [{"person": 0, "contact": {"date": TODAY.isoformat()} | entry} for entry in wordless]
    answers = phone(world.bundle, *({"texts": [made.text], "change": change, "today": TODAY.isoformat()} for change in changes))["answers"]
    assert [answer.get("error") for answer in answers] == ["invalid-record"] * 3


def added_to(bundle: TrustBundle, *texts: str) -> codec.Part:
    """What a phone with `bundle` writes for the card that it shows of `texts`."""
    change = {"person": 0, "contact": {"date": TODAY.isoformat(), "services": ["connectivity"]}}
    [answer] = phone(bundle, {"texts": texts, "change": change, "today": TODAY.isoformat()})["answers"]
    return codec.decode(bytes.fromhex(answer["payload"]), bundle.organisation_names)


def test_a_sticker_goes_to_the_card_that_is_shown(world: World) -> None:
    """Whichever of two women's cards was scanned first."""
    cards = [world.issue(builders.mother(on=TODAY, observations={"weight": weight})) for weight in (60, 70)]
    shown = card.read(*(made.text for made in cards), bundle=world.bundle, now=TODAY).cards[0].card_id
    for one, other in (cards, cards[::-1]):
        assert added_to(world.bundle, one.text, other.text).continues == shown


def test_nobody_signs_that_she_agreed_where_no_verified_part_says_so(world: World) -> None:
    agreed = {"import": True, "count": True}
    made = world.issue(Record.from_json(builders.mother(on=TODAY, observations={"weight": 60}).to_json() | {"choices": agreed}))
    stranger = custody.found("test", [world.root_signer], 1, TODAY)
    for bundle, expected in ((world.bundle, agreed), (stranger, {"import": False, "count": False})):
        assert added_to(bundle, made.text).record.choices.model_dump(by_alias=True) == expected


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(ROLES).flatmap(contacts), min_size=20, max_size=20))
def test_whatever_a_contact_holds_is_written_as_the_library_writes_it(world: World, drawn: list[tuple[Role, dict[str, Any]]]) -> None:
    day = date(2026, 6, 1)
    held = {role: world.issue(make(on=day, observations={"temperature": 37})) for role, make in BUILDERS.items()}
    questions, made = [], []
    for role, contact in drawn:
        said = {name: entry for name, entry in contact.items() if name not in ("source", "referral", "unknown")}
        if '"#' not in json.dumps(said, default=str):
            [person] = Record.from_json({"language": "en", "people": [{"role": role, "contacts": [said]}]}).people
            made.append(person.contacts[0].model_dump(mode="json", exclude_none=True))
            questions.append({"texts": [held[role].text], "change": {"person": 0, "contact": made[-1]}, "today": "2199-01-01"})
    for said, answer in zip(made, phone(world.bundle, *questions)["answers"], strict=True):
        payload = bytes.fromhex(answer["payload"])
        part = codec.decode(payload, world.bundle.organisation_names)
        assert codec.write(part, world.bundle.organisation_numbers) == payload
        [contact] = part.record.people[0].contacts
        assert contact.model_dump(mode="json", exclude_none=True) == said


def test_the_vocabulary_of_the_pages_has_the_limits_that_make_one_type_again() -> None:
    shipped = json.loads((Path(__file__).parent.parent / "web/data/vocabulary.json").read_bytes())
    known = vocabulary.default().observations["infant"].by_key
    for entry in shipped["observations"]["infant"]:
        warn = known[entry["key"]].range.warn
        assert entry.get("warn") == (list(warn) if warn else None)
