"""The content of a trust bundle, which the root signs: organisations with their stations, what is withdrawn, sealing keys (spec section 9).

`Content.encode` writes the one encoding that a content has; `Content.decode` accepts nothing else.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from healthcard import cbor
from healthcard.cbor import Item
from healthcard.errors import TrustError, Unreadable
from healthcard.sign import Key, inspect
from healthcard.trust import form as trust_form
from healthcard.trust.form import aad, array, byte_string, day, day_number, days, number, pieces, window

ISSUE, CONTINUE, REVOKE = 1, 2, 4
SCOPES = {"issue": ISSUE, "continue": CONTINUE, "revoke": REVOKE}
FIRST_ORGANISATION, LAST_ORGANISATION = 3, 999_999
CARD_HASH_SIZE, KEY_HASH_SIZE, LISTED_HASH_SIZE = 5, 8, 16
NAME = r"[a-z][a-z0-9-]{1,15}"
RESERVED_NAMES = ("holder", "withheld")


def card_hash(card_id: bytes) -> bytes:
    """What a withdrawn card is listed as: 5 bytes of SHA-256 over its id (DP-21)."""
    return hashlib.sha256(card_id).digest()[:CARD_HASH_SIZE]


def listed_hash(to_be_signed: bytes) -> bytes:
    """What an issued part is listed as: 16 bytes of SHA-256 over its Sig_structure."""
    return hashlib.sha256(to_be_signed).digest()[:LISTED_HASH_SIZE]


def key_hash(key: Key) -> bytes:
    """What a revoked key is listed as: 8 bytes of its thumbprint."""
    return key.thumbprint[:KEY_HASH_SIZE]


@dataclass(frozen=True)
class Station:
    """One device's key for about half a year; the place is nobody's business."""

    number: int
    scope: int
    key: Key
    first: date
    last: date

    def covers(self, scope: int, day: date) -> bool:
        return bool(self.scope & scope) and self.first <= day <= self.last


@dataclass(frozen=True)
class Organisation:
    """A National Society or partner: its number and short name for good, its key for about a year."""

    number: int
    name: str
    key: Key
    first: date
    last: date
    stations: tuple[Station, ...] = ()
    station_list: bytes = b""  # the stations as the organisation signed them
    delisted: date | None = None

    @property
    def sequence(self) -> int:
        """The number of the station list, 0 where there is none; each newer list has a larger one."""
        return number(array(cbor.loads(inspect(self.station_list).payload))[1]) if self.station_list else 0


@dataclass(frozen=True)
class RevokedKey:
    """A station key that is not believed from `day` on, but for the parts in `listed` where that is given (issued-list mode)."""

    key_hash: bytes
    day: date
    listed: frozenset[bytes] | None = None


@dataclass(frozen=True)
class SealingKey:
    """The X25519 key that sensitive entries are sealed to in one epoch."""

    public: bytes
    first: date
    last: date


@dataclass(frozen=True)
class Content:
    """What the root signs."""

    version: int
    issued: date
    expires: date
    organisations: tuple[Organisation, ...] = ()
    withdrawn: Mapping[bytes, date] = field(default_factory=dict)
    revoked: tuple[RevokedKey, ...] = ()
    sealing: tuple[SealingKey, ...] = ()

    def encode(self) -> bytes:
        organisations: list[Item] = [
            [o.number, o.name.encode(), o.key.public, *window(o.first, o.last), _day_or_null(o.delisted), o.station_list]
            for o in sorted(self.organisations, key=lambda o: o.number)
        ]
        cards = sorted(self.withdrawn.items())
        # A day counts back from `issued`, which is 1: most then take one byte or two, and twenty still fit the symbol of a small bundle.
        withdrawn: list[Item] = [b"".join(hashed for hashed, _ in cards), *((self.issued - day).days + 1 for _, day in cards)]
        revoked: list[Item] = [
            [r.key_hash, day_number(r.day), *([] if r.listed is None else [b"".join(sorted(r.listed))])]
            for r in sorted(self.revoked, key=lambda r: r.key_hash)
        ]
        keys = sorted(self.sealing, key=lambda s: (s.first, s.public))
        sealing: list[Item] = [[*window(s.first, s.last), s.public] for s in keys]
        head = [self.version, day_number(self.issued), day_number(self.expires)]
        return cbor.dumps([*head, organisations, withdrawn, revoked, sealing])

    @classmethod
    def decode(cls, payload: bytes, network: str) -> "Content":
        """The content that `payload` is; raises TrustError or Unreadable for anything but the only encoding of a right one."""
        version, issued, expires, organisations, withdrawn, revoked, sealing = array(cbor.loads(payload), 7)
        content = cls(
            number(version), day(issued), day(expires),
            tuple(_organisation(item, network) for item in array(organisations)), _withdrawn(array(withdrawn), day(issued)),
            tuple(_revoked(item) for item in array(revoked)), tuple(_sealing(item) for item in array(sealing)),
        )  # fmt: skip
        content._check()
        if content.encode() != payload:
            raise TrustError("not in its only encoding")
        return content

    def _check(self) -> None:
        """Raises TrustError for what two entries can't both say."""
        numbers, names = {o.number for o in self.organisations}, {o.name for o in self.organisations}
        if len(numbers) < len(self.organisations) or len(names) < len(self.organisations):
            raise TrustError("two organisations of one number or name")
        stations = [s for o in self.organisations for s in o.stations]
        publics = [o.key.public for o in self.organisations] + [s.key.public for s in stations]
        if len(set(publics)) < len(publics):
            raise TrustError("one key listed twice")
        if any(len({s.number for s in o.stations}) < len(o.stations) for o in self.organisations):
            raise TrustError("two stations of one number")
        if len({r.key_hash for r in self.revoked}) < len(self.revoked):
            raise TrustError("a key revoked twice")
        if len({(s.first, s.public) for s in self.sealing}) < len(self.sealing):
            raise TrustError("a sealing key twice")
        if self.expires < self.issued:
            raise TrustError("a bundle that expires before it is issued")


def station_list(owner: int, sequence: int, stations: Iterable[Station]) -> bytes:
    """The payload that an organisation signs: its stations by period."""
    periods: dict[tuple[int, int], list[Item]] = {}
    for s in sorted(stations, key=lambda s: (s.first, s.last, s.number)):
        periods.setdefault(window(s.first, s.last), []).append([s.number, s.scope, s.key.public])
    return cbor.dumps([owner, sequence, *([*period, *listed] for period, listed in periods.items())])


def signed_stations(signed: bytes, owner: int, key: Key, network: str) -> tuple[Station, ...]:
    """The stations in a list that organisation `owner` signed with `key`; raises TrustError or CardError for any other bytes."""
    payload = inspect(signed).verify(lambda _: [key], aad(network, "stations")).payload
    named, sequence, *periods = array(cbor.loads(payload))
    if named != owner:
        raise TrustError("a station list of another organisation")
    stations = []
    for period in periods:
        first, length, *listed = array(period)
        for item in listed:
            station, scope, public = array(item, 3)
            stations.append(Station(number(station), number(scope, 1, 7), Key(byte_string(public)), *days(first, length)))
    if station_list(owner, number(sequence), stations) != payload:
        raise TrustError("a station list that is not in its only encoding")
    return tuple(stations)


def _organisation(item: Item, network: str) -> Organisation:
    own, name, public, first, length, delisted, signed = array(item, 7)
    short = byte_string(name).decode("ascii", "replace")
    if not re.fullmatch(NAME, short) or short in RESERVED_NAMES:
        raise TrustError("an organisation's short name is 2 to 16 small letters, digits and hyphens")
    key, span, listed = Key(byte_string(public)), days(first, length), byte_string(signed)
    own = number(own, FIRST_ORGANISATION, LAST_ORGANISATION)
    stations = signed_stations(listed, own, key, network) if listed else ()
    return Organisation(own, short, key, *span, stations, listed, None if delisted is None else day(delisted))


def _withdrawn(items: list[Item], issued: date) -> Mapping[bytes, date]:
    hashes, *ages = items
    dates = [issued - timedelta(number(age, 1, day_number(issued) + 1) - 1) for age in ages]
    found = pieces(hashes, CARD_HASH_SIZE)
    if len(found) != len(dates):
        raise Unreadable("not one day for each hash")
    return dict(zip(found, dates, strict=True))


def _revoked(item: Item) -> RevokedKey:
    hashed, on, *listed = array(item)
    if len(listed) > 1:
        raise Unreadable("a revoked key that is not of its form")
    return RevokedKey(byte_string(hashed, KEY_HASH_SIZE), day(on), frozenset(pieces(listed[0], LISTED_HASH_SIZE)) if listed else None)


def _sealing(item: Item) -> SealingKey:
    first, length, public = array(item, 3)
    raw = byte_string(public, 32)
    try:  # a point of small order gives nothing but zeros with any key
        X25519PrivateKey.from_private_bytes(bytes(31) + b"\x40").exchange(X25519PublicKey.from_public_bytes(raw))
    except ValueError:
        raise TrustError("a degenerate sealing key") from None
    return SealingKey(raw, *days(first, length))


def _day_or_null(when: date | None) -> Item:
    return None if when is None else trust_form.day_number(when)
