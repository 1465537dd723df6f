"""The trust bundle: who may issue, continue and withdraw cards, signed by the network's root (spec section 9).

`TrustBundle.load` believes nothing that is not signed: the content by a threshold of the newest root keys, each newer root by the
thresholds of the one before and of itself, each organisation's stations by that organisation. Versions never go down
(`update`). Reading works for ever with any bundle: expiry is a notice, never a verdict.
"""

import hashlib
import itertools
import os
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache, cached_property
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from healthcard import cbor
from healthcard.cbor import Item
from healthcard.errors import CardError, Rollback, TrustError, Unreadable
from healthcard.sign import ED25519, ESP256, Key, Signer, SoftwareSigner, inspect, protected

NETWORKS = ("real", "test")
CARD_AAD = {"real": b"healthcard/0", "test": b"healthcard-test/0"}
ISSUE, CONTINUE, REVOKE = 1, 2, 4
SCOPES = {"issue": ISSUE, "continue": CONTINUE, "revoke": REVOKE}
FIRST_ORGANISATION = 3
LARGEST = 256 * 1024
CARD_HASH_SIZE, KEY_HASH_SIZE, LISTED_HASH_SIZE = 5, 8, 16
EPOCH = date(2020, 1, 1)



def aad(network: str, purpose: str) -> bytes:
    """What separates signatures of one purpose from all others: b"healthcard-test/0/bundle"."""
    return CARD_AAD[network] + b"/" + purpose.encode()


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
class Root:
    """The keys that may sign the bundle, and how many of them must."""

    threshold: int
    keys: tuple[Key, ...]

    def __post_init__(self) -> None:
        if not 1 <= self.threshold <= len(self.keys) or len({key.public for key in self.keys}) < len(self.keys):
            raise TrustError("root: the threshold needs that many distinct keys")


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
            [o.number, o.name.encode(), o.key.public, *_window(o), None if o.delisted is None else _day(o.delisted), o.station_list]
            for o in sorted(self.organisations, key=lambda o: o.number)
        ]
        cards = sorted(self.withdrawn.items())
        withdrawn: list[Item] = [b"".join(hashed for hashed, _ in cards), *(_day(day) for _, day in cards)]
        revoked: list[Item] = [
            [r.key_hash, _day(r.day), *([] if r.listed is None else [b"".join(sorted(r.listed))])]
            for r in sorted(self.revoked, key=lambda r: r.key_hash)
        ]
        sealing: list[Item] = [[*_window(s), s.public] for s in sorted(self.sealing, key=lambda s: (s.first, s.public))]
        return cbor.dumps([self.version, _day(self.issued), _day(self.expires), organisations, withdrawn, revoked, sealing])

    @classmethod
    def decode(cls, payload: bytes, network: str) -> "Content":
        version, issued, expires, organisations, withdrawn, revoked, sealing = _array(cbor.loads(payload), 7)
        hashes, *days = _array(withdrawn)
        cards = dict(zip(_pieces(hashes, CARD_HASH_SIZE), map(_date, days), strict=True))
        content = cls(
            _number(version), _date(issued), _date(expires),
            tuple(_organisation(item, network) for item in _array(organisations)), cards,
            tuple(_revoked(item) for item in _array(revoked)),
            tuple(SealingKey(_x25519(public), *_days(first, days)) for first, days, public in (_array(s, 3) for s in _array(sealing))),
        )  # fmt: skip
        numbers, names = {o.number for o in content.organisations}, {o.name for o in content.organisations}
        if len(numbers) < len(content.organisations) or len(names) < len(content.organisations):
            raise TrustError("two organisations of one number or name")
        stations = [s for o in content.organisations for s in o.stations]
        publics = [o.key.public for o in content.organisations] + [s.key.public for s in stations]
        if len(set(publics)) < len(publics):
            raise TrustError("one key listed twice")
        if any(len({s.number for s in o.stations}) < len(o.stations) for o in content.organisations):
            raise TrustError("two stations of one number")
        if len({r.key_hash for r in content.revoked}) < len(content.revoked) or content.expires < content.issued:
            raise TrustError("a key revoked twice, or a bundle that expires before it is issued")
        if content.encode() != payload:
            raise TrustError("not in its only encoding")
        return content


@dataclass(frozen=True)
class Match:
    """A station of the bundle that has the kid looked for, with its organisation and what was revoked."""

    organisation: Organisation
    station: Station
    revoked: RevokedKey | None


class TrustBundle:
    """A believed trust bundle; `raw` is what travels."""

    def __init__(self, raw: bytes, network: str, roots: Sequence[Root], content: Content) -> None:
        self.raw, self.network, self.roots, self.content = raw, network, tuple(roots), content

        self.version, self.issued, self.expires = content.version, content.issued, content.expires

    @property
    def roots_item(self) -> Item:
        """The chain of roots as it travels."""
        return _array(cbor.loads(self.raw))[1]

    @classmethod
    def load(cls, source: bytes | Path) -> "TrustBundle":
        """The bundle in a file or in bytes.

        Raises TrustError for anything that is not rightly signed by its own chain of roots, or not a bundle at all. Whoever
        names a first bundle by hand vouches for its first root; later ones come through `update`.
        """
        raw = _read(source) if isinstance(source, Path) else source
        if len(raw) > LARGEST:
            raise TrustError("trust bundle: larger than 256 KiB")
        try:
            return cls._load(raw)
        except (CardError, ValueError, TypeError, IndexError) as error:
            name = source if isinstance(source, Path) else "trust bundle"
            raise TrustError(f"{name}: not a trust bundle, {error if isinstance(error, CardError) else 'not well-formed'}") from None

    @classmethod
    def _load(cls, raw: bytes) -> "TrustBundle":
        number, roots_item, message = _array(cbor.loads(raw), 3)
        network = NETWORKS[_number(number, 0, 1)]
        first, *rotations = _array(roots_item)
        roots = [_root(_array(first))]
        for n, rotation in enumerate(rotations, 2):
            payload = _bytes(_array(rotation)[0])
            version, *rest = _array(cbor.loads(payload))
            if _number(version) != n:
                raise TrustError("root versions are not consecutive")
            roots.append(_root(rest))
            _check_signatures(roots[-2:], _array(rotation), aad(network, "root"))
        _check_signatures(roots[-1:], _array(message), aad(network, "bundle"))
        content = Content.decode(_bytes(_array(message)[0]), network)
        if network == "real":
            _refuse_published(roots, content)
        return cls(raw, network, roots, content)

    def update(self, newer: "TrustBundle") -> "TrustBundle":
        """The newer of two bundles of one network; raises Rollback for an older one, TrustError for another network or root."""
        if newer.network != self.network or newer.roots[: len(self.roots)] != self.roots:
            raise TrustError("a trust bundle of another network or root")
        if newer.version < self.version:
            raise Rollback("an older trust bundle than the one held")
        if newer.version == self.version and newer.raw != self.raw:
            raise TrustError("two trust bundles of one version")
        return newer

    def save(self, path: Path) -> None:
        """Write the bundle so that after any interruption the old or the new one is there; raises Rollback and TrustError as `update`."""
        if path.exists():
            TrustBundle.load(path).update(self)
        write_atomically(path, self.raw)

    @cached_property
    def organisation_numbers(self) -> Mapping[str, int]:
        return {o.name: o.number for o in self.content.organisations}

    @cached_property
    def organisation_names(self) -> Mapping[int, str]:
        return {o.number: o.name for o in self.content.organisations}

    @cached_property
    def _by_kid(self) -> Mapping[bytes, tuple[Match, ...]]:
        revoked = {r.key_hash: r for r in self.content.revoked}
        found: dict[bytes, tuple[Match, ...]] = {}
        for organisation in self.content.organisations:
            for station in organisation.stations:
                match = Match(organisation, station, revoked.get(key_hash(station.key)))
                found[station.key.kid] = (*found.get(station.key.kid, ()), match)
        return found

    def find(self, kid: bytes) -> tuple[Match, ...]:
        """The stations whose key has this kid; two keys may share one."""
        return self._by_kid.get(kid, ())

    def keys(self, kid: bytes) -> list[Key]:
        """The station keys with this kid."""
        return [match.station.key for match in self.find(kid)]

    def match(self, key: Key) -> Match | None:
        """The station of this very key."""
        return next((m for m in self.find(key.kid) if m.station.key.public == key.public), None)

    def sealing_key(self, day: date) -> SealingKey | None:
        """The sealing key of the epoch that `day` lies in, the newest where two overlap."""
        return max((s for s in self.content.sealing if s.first <= day <= s.last), key=lambda s: s.first, default=None)


def message(payload: bytes, signers: Iterable[Signer], purpose: bytes) -> list[Item]:
    """`payload` with a signature of each signer, ordered by kid."""
    signatures = sorted((protected(s.key), s.sign(_to_be_signed(protected(s.key), purpose, payload))) for s in signers)
    return [payload, *(piece for pair in signatures for piece in pair)]


def assemble(network: str, roots_item: Item, content_message: Sequence[Item]) -> TrustBundle:
    """The bundle of these pieces, checked as any other."""
    return TrustBundle.load(cbor.dumps([NETWORKS.index(network), roots_item, list(content_message)]))


def root_item(root: Root) -> list[Item]:
    return [root.threshold, *(key.public for key in root.keys)]


def station_list(number: int, sequence: int, stations: Iterable[Station]) -> bytes:
    """The payload that an organisation signs: its stations by period."""
    periods: dict[tuple[int, int], list[Item]] = {}
    for s in sorted(stations, key=lambda s: (s.first, s.last, s.number)):
        first, days = _window(s)
        periods.setdefault((first, days), []).append([s.number, s.scope, s.key.public])
    return cbor.dumps([number, sequence, *([*period, *listed] for period, listed in periods.items())])


def write_atomically(path: Path, data: bytes) -> None:
    """Replace a file so that a reader or a power cut sees the old or the new content, never less."""
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
        folder = os.open(path.parent, os.O_RDONLY) if os.name == "posix" else None
        if folder is not None:
            os.fsync(folder)
            os.close(folder)
    except OSError as error:
        raise TrustError(f"{path}: {error.strerror}") from None


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise TrustError(f"{path}: {error.strerror}") from None


def _to_be_signed(header: bytes, purpose: bytes, payload: bytes) -> bytes:
    # Sig_structure of RFC 9052 section 4.4 for one of several signers; the body has no header of its own.
    return b"\x85\x69Signature\x40" + cbor.dumps(header) + cbor.dumps(purpose) + cbor.dumps(payload)


def _check_signatures(roots: Sequence[Root], signed: Sequence[Item], purpose: bytes) -> None:
    """Raises TrustError unless a threshold of each root signed; every signature must be right, of a key of its own, and in order."""
    payload, *pieces = signed
    if len(pieces) % 2:
        raise TrustError("a signature without its header")
    pairs = [(_bytes(header), _bytes(signature, 64)) for header, signature in zip(pieces[::2], pieces[1::2], strict=True)]
    if pairs != sorted(pairs):
        raise TrustError("signatures not in order")
    signers: set[bytes] = set()  # distinct keys are counted, never signatures
    for header, signature in pairs:
        to_be_signed = _to_be_signed(header, purpose, _bytes(payload))
        keys = {key.public: key for root in roots for key in root.keys if protected(key) == header and key.public not in signers}
        right = next((public for public, key in keys.items() if key.check(signature, to_be_signed)), None)
        if right is None:
            raise TrustError("a signature that is not of a root key, or of one that signed already")
        signers.add(right)
    for root in roots:
        count = sum(key.public in signers for key in root.keys)
        if count < root.threshold:
            raise TrustError(f"signed by {count} of the {root.threshold} root keys that are needed")


def _x25519(item: Item) -> bytes:
    public = _bytes(item, 32)
    try:  # a point of small order gives nothing but zeros with any key
        X25519PrivateKey.from_private_bytes(bytes(31) + b"\x40").exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        raise TrustError("a degenerate sealing key") from None
    return public


def _root(item: Sequence[Item]) -> Root:
    threshold, *keys = item
    return Root(_number(threshold, 1, 16), tuple(Key(_bytes(key)) for key in keys))


def _organisation(item: Item, network: str) -> Organisation:
    number, name, public, first, days, delisted, signed = _array(item, 7)
    short = _bytes(name).decode("ascii", "replace")
    if not re.fullmatch(r"[a-z][a-z0-9-]{1,15}", short) or short in ("holder", "withheld"):
        raise TrustError("an organisation's short name is 2 to 16 small letters, digits and hyphens")
    key, window = Key(_bytes(public)), _days(first, days)
    listed = _bytes(signed)
    number = _number(number, FIRST_ORGANISATION, 999_999)
    stations = _stations(listed, number, key, network) if listed else ()
    return Organisation(number, short, key, *window, stations, listed, None if delisted is None else _date(delisted))


def _stations(signed: bytes, number: int, key: Key, network: str) -> tuple[Station, ...]:
    payload = inspect(signed).verify(lambda _: [key], aad(network, "stations")).payload
    owner, sequence, *periods = _array(cbor.loads(payload))
    if owner != number:
        raise TrustError("a station list of another organisation")
    stations = []
    for period in periods:
        first, days, *listed = _array(period)
        for item in listed:
            station, scope, public = _array(item, 3)
            stations.append(Station(_number(station), _number(scope, 1, 7), Key(_bytes(public)), *_days(first, days)))
    if station_list(number, _number(sequence), stations) != payload:
        raise TrustError("a station list that is not in its only encoding")
    return tuple(stations)


def _revoked(item: Item) -> RevokedKey:
    hashed, day, *listed = _array(item)
    if len(listed) > 1:
        raise TrustError("a revoked key that is not of its form")
    return RevokedKey(_bytes(hashed, KEY_HASH_SIZE), _date(day), frozenset(_pieces(listed[0], LISTED_HASH_SIZE)) if listed else None)


def _refuse_published(roots: Iterable[Root], content: Content) -> None:
    published = published_keys()
    keys = [key for root in roots for key in root.keys]
    keys += [key for o in content.organisations for key in (o.key, *(s.key for s in o.stations))]
    if any(key.public in published for key in keys):
        raise TrustError("a published test key in a real network")


def published_signer(number: int, algorithm: int = ED25519) -> SoftwareSigner:
    """Test key `number` (0 to 31): its secret is known to all, for the test vectors; a real network refuses it."""
    return SoftwareSigner.from_secret(algorithm, hashlib.sha256(b"healthcard published test key %d" % number).digest())


@cache
def published_keys() -> frozenset[bytes]:
    """The public halves of the published test keys."""
    return frozenset(published_signer(n, algorithm).key.public for n in range(32) for algorithm in (ED25519, ESP256))


def _array(item: Item, size: int | None = None) -> list[Item]:
    if not isinstance(item, list) or (size is not None and len(item) != size):
        raise Unreadable("not an array of its size")
    return item


def _bytes(item: Item, size: int | None = None) -> bytes:
    if not isinstance(item, bytes) or (size is not None and len(item) != size):
        raise Unreadable("not a byte string of its size")
    return item


def _number(item: Item, low: int = 0, high: int = cbor.LARGEST) -> int:
    if not isinstance(item, int) or not low <= item <= high:
        raise Unreadable("not a number in its range")
    return item


def _pieces(item: Item, size: int) -> list[bytes]:
    data = _bytes(item)
    pieces = [data[n : n + size] for n in range(0, len(data), size)]
    if len(data) % size or any(a >= b for a, b in itertools.pairwise(pieces)):
        raise Unreadable("hashes not in order")
    return pieces


def _day(day: date) -> int:
    return (day - EPOCH).days


def _date(item: Item) -> date:
    return EPOCH + timedelta(_number(item, 0, 2**16 - 1))


def _window(span: Organisation | Station | SealingKey) -> tuple[int, int]:
    return _day(span.first), (span.last - span.first).days + 1


def _days(first: Item, days: Item) -> tuple[date, date]:
    start = _date(first)
    return start, start + timedelta(_number(days, 1, 2**16) - 1)
