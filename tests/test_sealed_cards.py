"""Sealing through the whole way: issue, read with and without the epoch key, carry on, and what an onlooker can tell."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from healthcard import card, continuing
from healthcard.errors import RecordError, SealedContentLost, SensitiveContent, TrustError
from healthcard.printing import rendering as printing
from healthcard.record import Record
from healthcard.trust import custody
from healthcard.trust.bundle import SealingKey
from tests.world import World

EXAMPLES = Path(__file__).parent.parent / "examples"
TODAY = date(2026, 11, 20)
SECRET = bytes(range(1, 33))


def example(name: str) -> Record:
    return Record.from_json((EXAMPLES / f"{name}.json").read_bytes())


@pytest.fixture(scope="module")
def world() -> World:
    """A network with a sealing key."""
    plain = World.build(TODAY)
    public = X25519PrivateKey.from_private_bytes(SECRET).public_key().public_bytes_raw()
    key = SealingKey(public, TODAY - timedelta(5), TODAY + timedelta(30))
    return replace(plain, bundle=custody.revise(plain.bundle, [plain.root_signer], TODAY, sealing=(key,)))


def test_a_card_with_sensitive_entries_shows_them_to_the_epoch_key_only(world):
    record = example("family_three_contacts_sealed")
    issued = world.issue(record)
    closed = card.read(issued.text, bundle=world.bundle, now=TODAY)
    opened = card.read(issued.text, bundle=world.bundle, now=TODAY, unseal=[bytes(32), SECRET])
    assert (closed.verdict, opened.verdict) == ("verified", "verified")
    assert closed.record == example("family_three_contacts")
    assert opened.record == record
    assert [part.seal for part in (*closed.parts, *opened.parts)] == ["closed", "opened"]
    assert len(issued.token) <= 376


def test_every_card_of_a_sealing_network_is_as_long_whatever_it_seals(world):
    lengths = {len(world.issue(example(name)).token) for name in ("family_three_contacts", "family_three_contacts_sealed")}
    assert len(lengths) == 1


def test_the_median_and_the_first_contact_keep_to_the_sealed_budget(world):
    assert len(world.issue(example("mother_first_contact")).token) <= 247


def test_the_face_of_a_sealed_card_is_that_of_the_open_one(world):
    issued = world.issue(example("family_three_contacts_sealed"))
    same = replace(world.issue(example("family_three_contacts")), token=issued.token, text=issued.text, id=issued.id)
    assert printing.render(issued) == printing.render(same)


def test_level_3_is_never_on_a_card(world):
    data = example("mother_first_contact").to_json()
    data["people"][0]["contacts"][0]["findings"] = ["sexual_violence"]
    with pytest.raises(SensitiveContent, match="sexual_violence"):
        world.issue(Record.from_json(data))


def test_the_open_profile_refuses_what_it_cannot_seal(world):
    with pytest.raises(SensitiveContent):
        card.issue(example("family_three_contacts_sealed"), world.station_signer, world.bundle, now=TODAY, profile="open")
    with pytest.raises(TrustError, match="no sealing key"):
        card.issue(example("muac_only"), world.station_signer, World.build(TODAY).bundle, now=TODAY, profile="split")


def test_a_new_card_carries_sealed_entries_on_with_the_key_and_is_refused_without(world):
    old = world.issue(example("family_three_contacts_sealed"))
    change = {"person": 0, "date": TODAY.isoformat(), "observations": {"weight": 60.0}}
    closed = card.read(old.text, bundle=world.bundle, now=TODAY)
    with pytest.raises(SealedContentLost):
        continuing.extend(closed, change, world.station_signer, world.bundle, now=TODAY)
    opened = card.read(old.text, bundle=world.bundle, now=TODAY, unseal=[SECRET])
    new = continuing.extend(opened, change, world.station_signer, world.bundle, now=TODAY)
    assert new.id != old.id
    again = card.read(new.text, bundle=world.bundle, now=TODAY, unseal=[SECRET])
    tests = [contact.observations.get("hiv_test") for contact in again.record.people[0].contacts]
    assert tests == ["negative", "negative", "negative", None]
    without = card.read(new.text, bundle=world.bundle, now=TODAY).record
    assert all("hiv_test" not in contact.observations for contact in without.people[0].contacts)


@pytest.mark.parametrize(("profile", "days"), [("open", 0), (None, 60)])
def test_what_an_older_station_has_no_word_for_is_not_opened_by_a_new_card(world, profile, days):
    """It came sealed and is sealed again (M102); where nothing seals it, no card is signed, for its own tables would leave it open."""
    data = example("mother_first_contact").to_json()
    data["people"][0]["contacts"][0]["findings"] = ["hiv"]
    newer = world.issue(Record.from_json(data))
    older, day = card.vocabulary.default().without(("findings", "hiv")), TODAY + timedelta(days)
    opened = card.read(newer.text, bundle=world.bundle, now=day, unseal=[SECRET], known=older)

    def extended(**how):
        return continuing.extend(opened, None, world.station_signer, world.bundle, now=day, profile=profile, known=older, **how)

    with pytest.raises(SensitiveContent) as refused:
        extended()
    assert [problem.place for problem in refused.value.problems] == ["people[0].contacts[0].findings"]
    assert not extended(leave_out=["people[0].contacts[0].findings"]).record.people[0].contacts[0].findings


def test_the_older_card_is_superseded_where_the_seal_of_the_newer_tells(world):
    old = world.issue(example("family_three_contacts_sealed"))
    opened = card.read(old.text, bundle=world.bundle, now=TODAY, unseal=[SECRET])
    new = continuing.extend(opened, None, world.station_signer, world.bundle, now=TODAY)
    both = card.read(old.text, new.text, bundle=world.bundle, now=TODAY, unseal=[SECRET])
    assert ["superseded" in part.notices for part in both.parts] == [True, False]
    unopened = card.read(old.text, new.text, bundle=world.bundle, now=TODAY)
    assert not any("superseded" in part.notices for part in unopened.parts)
    assert unopened.verdict == "verified"


def test_a_sticker_never_seals_and_refuses_sensitive_entries_by_name(world):
    reading = card.read(world.issue(example("mother_first_contact")).text, bundle=world.bundle, now=TODAY)
    change = {"person": 0, "date": TODAY.isoformat(), "observations": {"hiv_test": "negative"}}
    with pytest.raises(RecordError, match=r"or make a new card \(hiv_test\)"):
        continuing.extend(reading, change, world.station_signer, world.bundle, now=TODAY, sticker=True)


def test_a_damaged_seal_changes_no_verdict(world):
    issued = world.issue(example("family_three_contacts_sealed"))
    public = X25519PrivateKey.from_private_bytes(SECRET).public_key()
    assert public.public_bytes_raw() == world.bundle.content.sealing[0].public
    part = replace(issued.part, sealed=issued.part.sealed[:-1] + bytes([issued.part.sealed[-1] ^ 1]))
    match = card.authorised(world.bundle, world.station_signer, 1, TODAY)
    damaged = card.signed(part, world.station_signer, World.build(TODAY).bundle, match, card.vocabulary.default(), card.Sealing("open"))
    reading = card.read(damaged.text, bundle=world.bundle, now=TODAY, unseal=[SECRET])
    assert (reading.verdict, reading.parts[0].seal) == ("verified", "damaged")
    assert reading.record == example("family_three_contacts")


def test_what_stands_sealed_is_noticed_once_it_is_opened(world):
    data = example("mother_first_contact").to_json()
    data["people"][0]["contacts"][0]["observations"]["hiv_test"] = "#9"
    issued = world.issue(Record.from_json(data))
    closed = card.read(issued.text, bundle=world.bundle, now=TODAY)
    opened = card.read(issued.text, bundle=world.bundle, now=TODAY, unseal=[SECRET])
    assert ("unknown-code" in closed.notices, "unknown-code" in opened.notices) == (False, True)
