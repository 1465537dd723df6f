"""How large a record becomes as a card: bytes, characters, symbol, before anything is signed."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from healthcard import codec, symbol, vocabulary
from healthcard.card import USUAL_SEALING, sealed
from healthcard.codec import Part
from healthcard.record import HOLDER, WITHHELD, Record
from healthcard.sign import KID_SIZE, SIGNATURE_SIZE
from healthcard.trust.bundle import FIRST_ORGANISATION, TrustBundle


@dataclass(frozen=True)
class Size:
    """Of the token in bytes, of the card text in characters, and the symbol that holds it."""

    bytes: int
    characters: int
    version: int
    level: str
    side_mm: float

    def to_json(self) -> dict[str, Any]:
        drawn = {"version": self.version, "level": self.level, "side_mm": self.side_mm}
        return {"bytes": self.bytes, "characters": self.characters, "symbol": drawn}


def measure(record: Record, bundle: TrustBundle | None, today: date, side_mm: float = 40.0, dpi: int | None = None) -> Size:
    """The size of `record` issued on `today`, or on its last day where that is later; raises as `issue` for what can't be signed.

    With a sealed part where the bundle has a sealing key that day. Without a bundle, organisations count as numbers below 24.
    """
    known = vocabulary.default()
    numbers = bundle.organisation_numbers if bundle else _any_numbers(record)
    latest = max((contact.date for person in record.people for contact in person.contacts), default=today)
    part = Part("card", bytes(codec.ID_SIZE), None, max(today, latest), record, tuple(range(len(record.people))))
    if bundle:
        part = sealed(part, bundle, known, USUAL_SEALING)
    payload = codec.encode(part, numbers, known)
    token = len(payload) + FRAME + (1 if len(payload) < 24 else 2 if len(payload) < 256 else 3)
    text = symbol.card_text(b"\xa5" * token, "real")  # any bytes: the size is all that counts
    drawn = symbol.symbol(text, side_mm, dpi)
    return Size(token, len(text), drawn.version, drawn.level, side_mm)


# Array, protected header with kid, empty map, signature: all but the payload and its head.
FRAME = 1 + 1 + 5 + KID_SIZE + 1 + 2 + SIGNATURE_SIZE


def _any_numbers(record: Record) -> dict[str, int]:
    contacts = [contact for person in record.people for contact in person.contacts]
    names = {contact.source for contact in contacts} | {contact.referral.to for contact in contacts if contact.referral}
    names |= {person.history_source for person in record.people}
    named = sorted(name for name in names if name and name not in (HOLDER, WITHHELD) and name[0] != "#")
    return {name: number for number, name in enumerate(named, FIRST_ORGANISATION)}
