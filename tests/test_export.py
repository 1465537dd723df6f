"""What goes to no other system, whatever a card holds."""

import pytest

from healthcard import vocabulary
from healthcard.card import PartReading, VerifiedReading
from healthcard.exchange.targets import export
from healthcard.merge import Source, merge
from healthcard.part import Part
from healthcard.record import Choices
from tests import builders


@pytest.mark.parametrize("target", ["fhir", "csv", "kobo"])
def test_what_may_be_on_no_card_goes_nowhere_from_one_that_has_it(target: str) -> None:
    """A card of another vocabulary may hold what ours puts at level 3."""
    contact = builders.contact(services=["clinical_management_of_rape", "antenatal_care"], observations={"weight": 60})
    record = builders.mother(contacts=[contact]).model_copy(update={"choices": Choices(import_=True, count=False)})
    part = Part("card", bytes(8), None, builders.DAY, record, (0,))
    [merged] = merge([Source(part, "verified", "mx-rc")], vocabulary.default())
    reading = VerifiedReading((PartReading("verified", (), "", "mx-rc", part),), (), 0, builders.DAY, record, (merged,))
    written = export(reading, target)
    assert "rape" not in written and "antenatal_care" in written
