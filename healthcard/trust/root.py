"""The root of a network: keys with a threshold, their chain of rotations, and signatures of several keys over one payload (spec section 9).

Distinct keys are counted, never signatures; every signature that is there must be right. An `Envelope` is a trust bundle taken apart
this far. With enough signatures it is a bundle; with fewer it is a draft, which keepers pass from hand to hand to sign.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from healthcard import cbor
from healthcard.cbor import Item
from healthcard.errors import TrustError, Unreadable
from healthcard.sign import Key, Signer
from healthcard.trust.form import NETWORKS, aad, array, byte_string, number

MOST_KEYS = 16


@dataclass(frozen=True)
class Root:
    """The keys that may sign the bundle, and how many of them must."""

    threshold: int
    keys: tuple[Key, ...]

    def __post_init__(self) -> None:
        distinct = len({key.public for key in self.keys}) == len(self.keys)
        if not 1 <= self.threshold <= len(self.keys) <= MOST_KEYS or not distinct:
            raise TrustError(f"root: the threshold needs that many distinct keys, {MOST_KEYS} at most")

    def shortfall(self, signers: Iterable[Key]) -> int:
        """How many of its keys have yet to sign."""
        return max(0, self.threshold - len(set(self.keys) & set(signers)))


@dataclass(frozen=True)
class Signed:
    """A payload and the signatures over it, each with its header, in the order of their bytes."""

    payload: bytes
    signatures: tuple[tuple[bytes, bytes], ...] = ()

    @classmethod
    def parse(cls, item: Item) -> "Signed":
        payload, *rest = array(item)
        if len(rest) % 2:
            raise Unreadable("a signature without its header")
        pairs = tuple((byte_string(header), byte_string(signature, 64)) for header, signature in zip(rest[::2], rest[1::2], strict=True))
        if list(pairs) != sorted(pairs):
            raise TrustError("signatures not in order")
        return cls(byte_string(payload), pairs)

    def item(self) -> list[Item]:
        return [self.payload, *(piece for pair in self.signatures for piece in pair)]

    def signers(self, roots: Iterable[Root], purpose: bytes) -> frozenset[Key]:
        """The root keys that signed; raises TrustError for a signature of anyone else, a wrong one, and a second one of a key."""
        keys = {key for root in roots for key in root.keys}
        found: set[Key] = set()
        for header, signature in self.signatures:
            signed = _to_be_signed(header, purpose, self.payload)
            right = next((key for key in keys - found if key.protected == header and key.check(signature, signed)), None)
            if right is None:
                raise TrustError("a signature that is not of a root key, or of one that signed already")
            found.add(right)
        return frozenset(found)

    def signed_by(self, signer: Signer, purpose: bytes) -> "Signed":
        header = signer.key.protected
        pair = header, signer.sign(_to_be_signed(header, purpose, self.payload))
        return replace(self, signatures=tuple(sorted((*self.signatures, pair))))


@dataclass(frozen=True)
class Envelope:
    """A trust bundle or draft taken apart: of its form and rightly signed as far as it is signed; the content is not looked at."""

    network: str
    roots: tuple[Root, ...]  # the first, then one for each rotation
    rotations: tuple[Signed, ...]
    message: Signed

    @classmethod
    def parse(cls, raw: bytes) -> "Envelope":
        """Raises TrustError or Unreadable for wrong signatures and any other form; too few signatures are no fault here."""
        network, chain, message = array(cbor.loads(raw), 3)
        first, *rotations = array(chain)
        roots = [_root(array(first))]
        signed = tuple(Signed.parse(rotation) for rotation in rotations)
        for n, rotation in enumerate(signed, 2):
            version, *rest = array(cbor.loads(rotation.payload))
            if number(version) != n:
                raise TrustError("root versions are not consecutive")
            roots.append(_root(rest))
        envelope = cls(NETWORKS[number(network, 0, 1)], tuple(roots), signed, Signed.parse(message))
        _ = envelope.missing()
        return envelope

    @property
    def raw(self) -> bytes:
        chain: list[Item] = [root_item(self.roots[0]), *(rotation.item() for rotation in self.rotations)]
        return cbor.dumps([NETWORKS.index(self.network), chain, self.message.item()])

    def missing(self) -> int:
        """How many signatures this lacks to be a bundle: of the roots that are to sign, the most; raises TrustError for wrong ones."""
        lacking = [self.roots[-1].shortfall(self.message.signers(self.roots[-1:], aad(self.network, "bundle")))]
        for n, rotation in enumerate(self.rotations):
            pair = self.roots[n : n + 2]
            signers = rotation.signers(pair, aad(self.network, "root"))
            lacking += [root.shortfall(signers) for root in pair]
        return max(lacking)

    def awaited(self) -> tuple[Key, ...]:
        """The keys whose signature still counts."""
        keys = _awaited(self.message, self.roots[-1:], aad(self.network, "bundle"))
        for n, rotation in enumerate(self.rotations):
            keys += _awaited(rotation, self.roots[n : n + 2], aad(self.network, "root"))
        return tuple(dict.fromkeys(keys))

    def _to_sign(self) -> set[Root]:
        """The newest root, and those whose part in a rotation is not done."""
        roots = {self.roots[-1]}
        for n, rotation in enumerate(self.rotations):
            pair = self.roots[n : n + 2]
            signers = rotation.signers(pair, aad(self.network, "root"))
            if any(root.shortfall(signers) for root in pair):
                roots |= set(pair)
        return roots

    def rotated(self, root: Root) -> "Envelope":
        """With a new root, which the keys before it and its own have yet to sign."""
        payload = cbor.dumps([len(self.roots) + 1, *root_item(root)])
        return replace(self, roots=(*self.roots, root), rotations=(*self.rotations, Signed(payload)))

    def signed_by(self, signer: Signer) -> "Envelope":
        """With this signer's signature wherever the root still lacks one; raises TrustError for a key that is of no root here."""
        if all(signer.key not in root.keys for root in self._to_sign()):
            raise TrustError("not a root key of this network, or not any more")
        rotations = list(self.rotations)
        for n, rotation in enumerate(rotations):
            rotations[n] = _added(rotation, signer, self.roots[n : n + 2], aad(self.network, "root"))
        message = _added(self.message, signer, self.roots[-1:], aad(self.network, "bundle"))
        return replace(self, rotations=tuple(rotations), message=message)


def message(payload: bytes, signers: Iterable[Signer], purpose: bytes) -> list[Item]:
    """`payload` with a signature of each signer, as it travels."""
    signed = Signed(payload)
    for signer in signers:
        signed = signed.signed_by(signer, purpose)
    return signed.item()


def root_item(root: Root) -> list[Item]:
    return [root.threshold, *(key.public for key in root.keys)]


def _awaited(signed: Signed, roots: Sequence[Root], purpose: bytes) -> list[Key]:
    """The keys that have not signed, of the roots that lack signatures."""
    signers = signed.signers(roots, purpose)
    return [key for root in roots if root.shortfall(signers) for key in root.keys if key not in signers]


def _added(signed: Signed, signer: Signer, roots: Sequence[Root], purpose: bytes) -> Signed:
    return signed.signed_by(signer, purpose) if signer.key in _awaited(signed, roots, purpose) else signed


def _root(item: Sequence[Item]) -> Root:
    threshold, *keys = item
    return Root(number(threshold, 1, MOST_KEYS), tuple(Key(byte_string(key)) for key in keys))


def _to_be_signed(header: bytes, purpose: bytes, payload: bytes) -> bytes:
    # Sig_structure of RFC 9052 section 4.4 for one of several signers; the body has no header of its own.
    return b"\x85\x69Signature\x40" + cbor.dumps(header) + cbor.dumps(purpose) + cbor.dumps(payload)
