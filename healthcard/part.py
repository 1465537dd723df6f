"""The signed content of one symbol, and the constants of its wire form (spec section 5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from healthcard.record import EPOCH, HOLDER, WITHHELD, Record
from healthcard.vocabulary import Role

VERSION = 0
Kind = Literal["card", "continuation"]
KINDS: tuple[Kind, Kind] = ("card", "continuation")
ID_SIZE = 8

# What is usually known costs no mask: a mask on the wire is exclusive-or these bits (docs/decisions/0002).
USUAL: Mapping[Role, int] = {"mother": 0x1FF, "infant": 0x7F}
USUAL_PROFILE: Mapping[Role, int] = {"mother": 0x7F, "infant": 0x0B}

FIRST_SERVICE = 200
FIRST_ORGANISATION = 3
SOURCES = {0: None, 1: HOLDER, 2: WITHHELD}
REFERRAL, TIME, NUMBERED = -1, -2, -3
DOSE_UNKNOWN = 7
# The usual amounts (in steps) and timings share one byte, -1 to -24.
SMALL_AMOUNTS, SMALL_TIMINGS = (1, 2, 4, 8), 6
QUARTERS = tuple(f"{quarter // 4:02}:{quarter % 4 * 15:02}" for quarter in range(96))
EPOCH_ORDINAL = EPOCH.toordinal()


@dataclass(frozen=True)
class Part:
    """The signed content of one symbol: a card, or a continuation of one.

    `refs` are the positions of `record.people` on the card: 0, 1, ... on a card itself, any in a continuation.
    `sealed` is empty where the network has no sealing key.
    """

    kind: Kind
    id: bytes
    continues: bytes | None
    issued: date
    record: Record
    refs: tuple[int, ...]
    sealed: bytes = b""
    unknown: bool = field(default=False, compare=False)  # read with a number that the vocabulary or bundle does not know
    implausible: bool = field(default=False, compare=False)  # read with a value that no entry would have let pass
