"""The size budget of the format: it can't grow unseen."""

import statistics
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from benchmarks.families import families
from healthcard import sizes
from healthcard.errors import SensitiveContent
from healthcard.record import Record
from healthcard.trust import custody
from healthcard.trust.bundle import SealingKey
from tests.world import World

EXAMPLES = Path(__file__).parent.parent / "examples"


def example(name: str) -> Record:
    return Record.from_json((EXAMPLES / f"{name}.json").read_bytes())


def last_day(record: Record) -> date:
    return max(contact.date for person in record.people for contact in person.contacts)


@pytest.mark.parametrize(("name", "budget"), [("family_three_contacts", 260), ("mother_first_contact", 131)])
def test_the_reference_records_keep_to_the_budget(name, budget):
    record = example(name)
    assert sizes.measure(record, None, last_day(record)).bytes <= budget
    assert sizes.measure(record, None, date(2026, 12, 31)).bytes <= budget  # issued long after the last contact


def test_the_median_family_keeps_to_the_budget():
    found = [sizes.measure(record, None, last_day(record)).bytes for record in families(400)]
    assert statistics.median(found) <= 172


def test_the_size_foretold_is_the_size_of_the_card():
    world = World.build(date(2026, 11, 20))
    for name in ("family_three_contacts", "muac_only", "twins_after_birth"):
        issued = world.issue(example(name))
        foretold = sizes.measure(example(name), world.bundle, world.today)
        assert (foretold.bytes, foretold.characters) == (len(issued.token), len(issued.text))


@pytest.mark.parametrize("name", ["family_three_contacts", "family_three_contacts_sealed"])
def test_with_a_sealing_key_the_size_foretold_has_the_sealed_part_that_issue_adds(name):
    plain = World.build(date(2026, 11, 20))
    key = SealingKey(X25519PrivateKey.generate().public_key().public_bytes_raw(), plain.today, plain.today + timedelta(30))
    world = replace(plain, bundle=custody.revise(plain.bundle, [plain.root_signer], plain.today, sealing=(key,)))
    issued = world.issue(example(name))
    foretold = sizes.measure(example(name), world.bundle, world.today)
    assert (foretold.bytes, foretold.characters) == (len(issued.token), len(issued.text))


def test_the_size_of_what_cannot_be_signed_is_not_told():
    with pytest.raises(SensitiveContent):
        sizes.measure(example("family_three_contacts_sealed"), None, date(2026, 12, 31))


def test_a_coarse_printer_gets_a_smaller_symbol():
    record = example("family_three_contacts")
    fine, coarse = (sizes.measure(record, None, last_day(record), dpi=dpi) for dpi in (None, 300))
    assert fine.version <= 18
    assert coarse.version <= 17
