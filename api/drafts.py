"""A card before anybody signs it: what is to mend, what is asked, how large it would be, what its reader would be told.

A new card and one that is continued are looked at alike; of the latter only what is new is judged, and places are those of the change.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from healthcard import card as cards
from healthcard import continuing, symbol, vocabulary
from healthcard.card import Card, Profile, Reading, Sealing, Told
from healthcard.clinic import entry
from healthcard.clinic.handover import Context, handover
from healthcard.clinic.questions import Question, questions
from healthcard.codec import ID_SIZE, Part
from healthcard.errors import HealthcardError, Problem, RecordError
from healthcard.record import Record
from healthcard.sign import SoftwareSigner
from healthcard.trust.bundle import Match, TrustBundle


@dataclass(frozen=True)
class Draft:
    """`whole` is all that a reader would be told; `part` gives what would be signed and, of a sticker, what its face tells."""

    whole: Record = field(repr=False)
    faults: Sequence[Problem]
    doubts: Sequence[Problem]
    questions: Sequence[Question]
    sealing: Sealing
    part: Callable[[], tuple[Part, Told | None]]

    def unsigned(self, bundle: TrustBundle, match: Match) -> Card:
        """The card or sticker, signed by a key that nobody has: for its size and a preview, never for a printer."""
        part, told = self.part()
        return replace(cards.signed(part, SoftwareSigner.generate(), bundle, match, vocabulary.default(), self.sealing), told=told)


def new(record: Record, issuer: str, now: date, profile: Profile | None) -> Draft:
    """The draft of a new card."""
    part = Part("card", bytes(ID_SIZE), None, now, record, tuple(range(len(record.people))))
    faults, doubts = entry.examine(record, now, issuer, vocabulary.default())
    return Draft(record, faults, doubts, questions(record, now, issuer), Sealing(profile), lambda: (part, None))


def continued(reading: Reading, change: Any, issuer: str, now: date, profile: Profile | None, **how: Any) -> Draft:
    """The draft of what `continuing.extend` would sign; raises as `continuing.draft`."""
    made, known = continuing.draft(reading, change, issuer, now, **how), vocabulary.default()
    faults, doubts = made.examine(now, issuer, known)
    asked = [replace(one, place=place) for one in questions(made.whole, now, issuer) if (place := made.place(one.place))]
    return Draft(made.whole, faults, doubts, asked, made.sealing(profile), lambda: made.part(now, known))


def check(draft: Callable[[], Draft], bundle: TrustBundle, match: Match, now: date) -> dict[str, Any]:
    """All that can be said of a draft, as JSON: what can't be, what must be typed again, what is asked, the size and the summary."""
    found: dict[str, Any] = {"problems": [], "confirm": [], "questions": [], "size": None, "handover": None}
    try:
        made = draft()
        found |= {"problems": listed(made.faults), "confirm": listed(made.doubts), "questions": [_asked(one) for one in made.questions]}
        found["handover"] = handover(Context(made.whole, "verified", match.organisation.name), now).to_json()
        if not made.faults:
            found["size"] = _size(made.unsigned(bundle, match))
    except RecordError as error:
        found["problems"] = listed(error.problems)
    except HealthcardError as error:
        found["problems"] = [{"place": "", "code": error.code, "message": str(error), "hint": ""}]
    return found


def _size(card: Card) -> dict[str, Any]:
    drawn = symbol.symbol(card.text)
    return {"bytes": len(card.token), "largest": cards.LARGEST_TOKEN, "version": drawn.version, "level": drawn.level}


def _asked(one: Question) -> dict[str, Any]:
    return {"place": one.place, "kind": one.kind, "text_key": one.text_key, "suggestions": list(one.suggestions)}


def listed(problems: Sequence[Problem]) -> list[dict[str, str]]:
    """Problems as JSON."""
    return [{"place": p.place, "message": p.message, "hint": p.hint} for p in problems]
