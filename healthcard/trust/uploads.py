"""What a station or its organisation tells a verifier, signed: withdrawn cards, issued hashes, monthly counts (docs/operation.md).

    token = sign_withdrawals([card_id], signer, "test")         # body of POST /v1/revocations
    told = read_withdrawals(token, bundle, today)               # told.sender.organisation, told.hashes

Each is a COSE_Sign1 of the one shape of `sign`, over CBOR of the strict subset, with a purpose of its own in what is signed; none
holds a card id or a day of care. The readers raise Unreadable, UnknownIssuer, Altered or NotAuthorised; the signers TrustError for
more than one upload holds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from healthcard import cbor, sign
from healthcard.cbor import Item
from healthcard.errors import NotAuthorised, TrustError, Unreadable
from healthcard.sign import Key, Signer, Verified
from healthcard.trust.bundle import KEY_HASH_SIZE, LISTED_HASH_SIZE, REVOKE, Organisation, Station, TrustBundle, card_hash, key_hash
from healthcard.trust.content import CARD_HASH_SIZE
from healthcard.trust.form import EPOCH, aad, array, byte_string, number, pieces

LARGEST = 64 * 1024  # bytes of an upload; about 4,000 issued hashes, send more as several
ENVELOPE = 128  # of them at most for header and signature
MONTHS = 12 * 100


@dataclass(frozen=True)
class Sender:
    """Who signed an upload: an organisation of the bundle, or one of its stations."""

    organisation: Organisation
    station: Station | None


@dataclass(frozen=True)
class Withdrawals:
    """Cards that their own organisation does not stand by any more, by `card_hash`; `token` is the message as it was signed."""

    sender: Sender
    hashes: frozenset[bytes]
    token: bytes


@dataclass(frozen=True)
class IssuedHashes:
    """Pieces of the issued list of a station, which is named by its `key_hash`."""

    sender: Sender
    station: bytes
    hashes: frozenset[bytes]


@dataclass(frozen=True)
class MonthlyCounts:
    """How often a station gave each service (by number) in a month (its first day) to people who let themselves be counted.

    A document of a higher `sequence` takes the place of an earlier one of the same station and month.
    """

    sender: Sender
    month: date
    sequence: int
    counts: Mapping[int, int]


def sign_withdrawals(card_ids: Iterable[bytes], signer: Signer, network: str) -> bytes:
    """Withdraw cards of the signer's own organisation; the signer is the organisation, or a station that may revoke."""
    hashes = sorted({card_hash(card_id) for card_id in card_ids})
    return _signed([b"".join(hashes)], signer, network, "revocations")


def sign_issued(station: Key, hashes: Iterable[bytes], signer: Signer, network: str) -> bytes:
    """Hashes of the issued list of `station` (`issued.load`), signed by itself or by its organisation."""
    return _signed([key_hash(station), b"".join(sorted(set(hashes)))], signer, network, "issued")


def sign_counts(month: date, sequence: int, counts: Mapping[int, int], signer: Signer, network: str) -> bytes:
    """The counts of a station and month, of people whose choice `count` is yes and of no one else, signed by the station."""
    listed: list[Item] = [[service, count] for service, count in sorted(counts.items())]
    return _signed([_month_number(month), sequence, listed], signer, network, "aggregates")


def read_withdrawals(token: bytes, bundle: TrustBundle, today: date) -> Withdrawals:
    sender, payload = _opened(token, bundle, "revocations", today)
    if sender.station and not sender.station.covers(REVOKE, today):
        raise NotAuthorised("the station's key may not withdraw cards, or not today")
    return Withdrawals(sender, _hashes(payload), token)


def withdrawn_hashes(token: bytes) -> frozenset[bytes]:
    """What a message withdraws that `read_withdrawals` has believed before; here no signature is looked at."""
    return _hashes(cbor.loads(sign.inspect(token).payload))


def read_issued(token: bytes, bundle: TrustBundle, today: date) -> IssuedHashes:
    """A station whose half year is over may still send the rest of its list."""
    sender, payload = _opened(token, bundle, "issued", today)
    named, hashes = array(payload, 2)
    station = byte_string(named, KEY_HASH_SIZE)
    own = [sender.station] if sender.station else sender.organisation.stations
    if station not in {key_hash(s.key) for s in own}:
        raise NotAuthorised("the issued list of another station")
    return IssuedHashes(sender, station, frozenset(pieces(hashes, LISTED_HASH_SIZE)))


def read_counts(token: bytes, bundle: TrustBundle, today: date) -> MonthlyCounts:
    """A station whose half year is over may still send its months, and its next key none of them again."""
    sender, payload = _opened(token, bundle, "aggregates", today)
    if sender.station is None:
        raise NotAuthorised("monthly counts are signed by the station that counted")
    month, sequence, listed = array(payload, 3)
    counts = {number(service): number(count, 1) for service, count in (array(pair, 2) for pair in array(listed))}
    if list(counts) != sorted(counts) or len(counts) < len(array(listed)):
        raise Unreadable("services not in order")
    first = _first_day(number(month, 0, MONTHS))
    if first > today:
        raise Unreadable("a month to come")
    if not (sender.station.first.replace(day=1) <= first <= sender.station.last):
        raise NotAuthorised("a month outside the window of the station's key")
    return MonthlyCounts(sender, first, number(sequence), counts)


def _signed(payload: list[Item], signer: Signer, network: str, purpose: str) -> bytes:
    data = cbor.dumps(payload)
    if len(data) > LARGEST - ENVELOPE:
        raise TrustError("more than one upload holds; send it as several")
    return sign.sign(data, signer, aad(network, purpose))


def _opened(token: bytes, bundle: TrustBundle, purpose: str, today: date) -> tuple[Sender, Item]:
    """The sender and the payload; raises for a key that is not in the bundle, was revoked, or is an organisation's of another year."""
    verified = sign.inspect(token).verify(lambda kid: _keys(kid, bundle), aad(bundle.network, purpose))
    sender = _sender(verified, bundle, today)
    return sender, cbor.loads(verified.payload)


def _keys(kid: bytes, bundle: TrustBundle) -> list[Key]:
    return [*bundle.keys(kid), *(o.key for o in bundle.content.organisations if o.key.kid == kid)]


def _sender(verified: Verified, bundle: TrustBundle, today: date) -> Sender:
    match = bundle.match(verified.key)
    if match is None:
        [owner] = [o for o in bundle.content.organisations if o.key.public == verified.key.public]
        if not owner.first <= today <= owner.last:
            raise NotAuthorised("outside the window of the organisation's key")
        sender = Sender(owner, None)
    else:
        if match.revoked:
            raise NotAuthorised("the station's key was revoked")
        sender = Sender(match.organisation, match.station)
    if sender.organisation.delisted:
        raise NotAuthorised("the organisation was delisted")
    return sender


def _hashes(payload: Item) -> frozenset[bytes]:
    [hashes] = array(payload, 1)
    return frozenset(pieces(hashes, CARD_HASH_SIZE))


def _month_number(month: date) -> int:
    return (month.year - EPOCH.year) * 12 + month.month - 1


def _first_day(month: int) -> date:
    return date(EPOCH.year + month // 12, month % 12 + 1, 1)
