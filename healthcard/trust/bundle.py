"""The trust bundle: who may issue, continue and withdraw cards, signed by the network's root (spec section 9).

    bundle = TrustBundle.load(Path("trust.bundle"))
    newer = bundle.update(TrustBundle.load(data))       # never to a lower version
    newer.save(Path("trust.bundle"))

`TrustBundle.load` believes nothing that is not signed: the content by a threshold of the newest root keys, each newer root by the
thresholds of the one before and of itself, each organisation's stations by that organisation. Reading works for ever with any
bundle: expiry is a notice, never a verdict. This is the one door to form, content, root and published.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from healthcard import files
from healthcard.errors import CardError, Rollback, TrustError
from healthcard.sign import Key
from healthcard.trust.content import (
    CONTINUE,
    FIRST_ORGANISATION,
    ISSUE,
    KEY_HASH_SIZE,
    LISTED_HASH_SIZE,
    REVOKE,
    SCOPES,
    Content,
    Organisation,
    RevokedKey,
    SealingKey,
    Station,
    card_hash,
    key_hash,
    listed_hash,
    signed_stations,
    station_list,
)
from healthcard.trust.form import CARD_AAD, EPOCH, LARGEST, NETWORKS, aad
from healthcard.trust.published import published_keys, published_signer
from healthcard.trust.root import Envelope, Root, message, root_item

__all__ = [
    "CARD_AAD",
    "CONTINUE",
    "EPOCH",
    "FIRST_ORGANISATION",
    "ISSUE",
    "KEY_HASH_SIZE",
    "LARGEST",
    "LISTED_HASH_SIZE",
    "NETWORKS",
    "REVOKE",
    "SCOPES",
    "Content",
    "Envelope",
    "Match",
    "Organisation",
    "RevokedKey",
    "Root",
    "SealingKey",
    "Station",
    "TrustBundle",
    "aad",
    "card_hash",
    "key_hash",
    "listed_hash",
    "message",
    "published_keys",
    "published_signer",
    "root_item",
    "signed_stations",
    "station_list",
]


@dataclass(frozen=True)
class Match:
    """A station of the bundle that has the kid looked for, with its organisation and what was revoked."""

    organisation: Organisation
    station: Station
    revoked: RevokedKey | None


class TrustBundle:
    """A believed trust bundle; `raw` is what travels."""

    def __init__(self, envelope: Envelope, content: Content, reported: frozenset[tuple[int, bytes]] = frozenset()) -> None:
        self.envelope, self.content, self.raw, self._reported = envelope, content, envelope.raw, reported
        self.network, self.roots = envelope.network, envelope.roots
        self.version, self.issued, self.expires = content.version, content.issued, content.expires

    @classmethod
    def load(cls, source: bytes | Path) -> "TrustBundle":
        """The bundle in a file or in bytes.

        Raises TrustError for anything that is not rightly signed by its own chain of roots, or not a bundle at all. Whoever
        names a first bundle by hand vouches for its roots; later ones come through `update`.
        """
        envelope, content = taken_apart(source)
        if missing := envelope.missing():
            raise TrustError(f"{_name(source)}: {missing} more signatures of root keys are needed; until then it is a draft")
        return cls(envelope, content)

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
        try:
            with files.locked(path):  # between the look at the version held and its replacement nobody else writes
                if path.exists():
                    TrustBundle.load(path).update(self)
                files.write_atomically(path, self.raw)
        except OSError as error:
            raise TrustError(f"{path}: {error.strerror}") from None

    def with_reported(self, reported: frozenset[tuple[int, bytes]]) -> "TrustBundle":
        """This bundle, and what organisations (by number) withdrew of their own cards (by `card_hash`) and the root has not listed yet."""
        return TrustBundle(self.envelope, self.content, reported)

    def withdraws(self, card_id: bytes, organisation: Organisation) -> bool:
        """Whether a card of `organisation` was withdrawn, by the root or by the organisation itself."""
        if not self.content.withdrawn and not self._reported:
            return False
        hashed = card_hash(card_id)
        return hashed in self.content.withdrawn or (organisation.number, hashed) in self._reported

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


def taken_apart(source: bytes | Path) -> tuple[Envelope, Content]:
    """A bundle, or a draft of one that too few have signed: what is there is rightly signed and well-formed.

    Raises TrustError for anything else. `TrustBundle.load` is what a reader uses; this is for those who pass drafts on.
    """
    raw = _read(source) if isinstance(source, Path) else source
    if len(raw) > LARGEST:
        raise TrustError(f"{_name(source)}: larger than 256 KiB")
    try:
        envelope = Envelope.parse(raw)
        content = Content.decode(envelope.message.payload, envelope.network)
        if envelope.network == "real":
            _refuse_published(envelope, content)
        if envelope.raw != raw:
            raise TrustError("not in its only encoding")
    except (CardError, TrustError) as error:
        raise TrustError(f"{_name(source)}: not a trust bundle, {error}") from None
    except (ValueError, TypeError, IndexError):
        raise TrustError(f"{_name(source)}: not a trust bundle, not well-formed") from None
    return envelope, content


def _read(path: Path) -> bytes:
    try:
        return files.read(path, LARGEST)
    except OSError as error:
        raise TrustError(f"{path}: {error.strerror}") from None


def _name(source: bytes | Path) -> str:
    return str(source) if isinstance(source, Path) else "trust bundle"


def _refuse_published(envelope: Envelope, content: Content) -> None:
    keys = [key for root in envelope.roots for key in root.keys]
    keys += [key for o in content.organisations for key in (o.key, *(s.key for s in o.stations))]
    if any(key.public in published_keys() for key in keys):
        raise TrustError("a published test key in a real network")
