"""Whether a partner may take a record into its own system: the holder's choice, which is a field of the record.

Without her yes there is one other ground, vital interest, for a stated reason of the closed list below. Whoever keeps counts adds one
to the reason's; nothing links it to a card.
"""

from collections.abc import Mapping

from healthcard.card import Reading, VerifiedReading
from healthcard.errors import ImportNotAllowed

# Drafts: a data protection officer confirms them for each deployment.
VITAL_INTEREST: Mapping[str, str] = {
    "life-at-risk": "a life is in danger now, and the record is needed to treat",
    "cannot-answer": "she can't be asked: unconscious, or not able to decide",
    "child-alone": "a child is alone, and nobody who may speak for it can be asked",
}


def import_allowed(reading: Reading) -> bool:
    """Whether the holder said yes to an import, and every part is verified: an unsigned yes is nobody's."""
    return isinstance(reading, VerifiedReading) and reading.record.choices.import_


def require_import_allowed(reading: Reading, vital_interest: str | None = None) -> None:
    """Raises ImportNotAllowed, with its reason, unless she said yes or `vital_interest` is a word of VITAL_INTEREST."""
    if vital_interest is not None and vital_interest not in VITAL_INTEREST:
        raise ImportNotAllowed("unknown-reason", f"vital interest has one of these reasons: {', '.join(VITAL_INTEREST)}")
    if vital_interest is None and not isinstance(reading, VerifiedReading):
        raise ImportNotAllowed("not-verified", f"the card is {reading.verdict}: her choice is not known; vital interest needs a reason")
    if vital_interest is None and not import_allowed(reading):
        raise ImportNotAllowed("holder-said-no", "the holder did not say yes to an import; vital interest needs a reason")
