"""COSE_Sign1 with one fixed shape: Ed25519 (-19) or ESP256 (-9) of RFC 9864 (spec section 4).

`sign` makes a token with a `Signer`; `inspect` takes a token apart without believing it; `Unverified.verify` is the only way to a
`Verified`. The key that signs and the key that verifies are two types, so a hardware key can come later. The algorithm is a
property of the key: a token whose header names another one has no key.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from healthcard import cbor
from healthcard.errors import Altered, TrustError, UnknownIssuer, Unreadable

ED25519, ESP256 = -19, -9
ALGORITHMS = {ED25519: "Ed25519", ESP256: "ESP256"}
KID_SIZE, SIGNATURE_SIZE = 4, 64

_ARRAY_AND_HEADER, _EMPTY_MAP, _SIGNATURE_HEAD = b"\x84\x49", b"\xa0", b"\x58\x40"
_PROTECTED_SIZE = 9
_P25519 = 2**255 - 19
_D = -121665 * pow(121666, -1, _P25519) % _P25519
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
# y of the eight points of small order: a signature under such a key says nothing.
_ORDER_8_Y = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL_ORDER_Y = frozenset((0, 1, _P25519 - 1, _ORDER_8_Y, _P25519 - _ORDER_8_Y))


@dataclass(frozen=True)
class Key:
    """A public key: 32 bytes are Ed25519 (RFC 8032), 33 bytes are a compressed P-256 point (ESP256).

    Raises TrustError for any other length, a point off the curve and an Ed25519 point of small order.
    """

    public: bytes

    def __post_init__(self) -> None:
        if len(self.public) == 32:
            y = int.from_bytes(self.public, "little") & (2**255 - 1)
            if y >= _P25519 or y in _SMALL_ORDER_Y:
                raise TrustError("a degenerate Ed25519 public key")
            if pow((y * y - 1) * (_D * y * y + 1), (_P25519 - 1) // 2, _P25519) != 1:  # OpenSSL does not look (RFC 8032 section 5.1.3)
                raise TrustError("not a point of its curve")
        elif len(self.public) != 33:
            raise TrustError("a public key is 32 bytes (Ed25519) or 33 bytes (P-256, compressed)")
        try:
            _ = self._loaded
        except ValueError:
            raise TrustError("not a point of its curve") from None

    @property
    def algorithm(self) -> int:
        return ED25519 if len(self.public) == 32 else ESP256

    @cached_property
    def thumbprint(self) -> bytes:
        """COSE Key Thumbprint with SHA-256 (RFC 9679)."""
        if isinstance(self._loaded, Ed25519PublicKey):
            key = b"\xa3\x01\x01\x20\x06\x21\x58\x20" + self.public
        else:
            x, y = self.coordinates
            key = b"\xa4\x01\x02\x20\x01\x21\x58\x20" + x + b"\x22\x58\x20" + y
        return hashlib.sha256(key).digest()

    @property
    def coordinates(self) -> tuple[bytes, bytes]:
        """x and y of a P-256 point, 32 bytes each."""
        point = self._loaded.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return point[1:33], point[33:]

    @property
    def kid(self) -> bytes:
        return self.thumbprint[:KID_SIZE]

    @cached_property
    def protected(self) -> bytes:
        """The protected header {1: algorithm, 4: kid} of what this key signs."""
        return b"\xa2\x01" + bytes([0x20 - 1 - self.algorithm]) + b"\x04\x44" + self.kid

    @cached_property
    def _loaded(self) -> Ed25519PublicKey | ec.EllipticCurvePublicKey:
        if len(self.public) == 32:
            return Ed25519PublicKey.from_public_bytes(self.public)
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), self.public)

    def check(self, signature: bytes, message: bytes) -> bool:
        """Whether `signature` (64 bytes) is this key's over `message`; an ESP256 signature must have its low s."""
        key = self._loaded
        try:
            if len(self.public) == 32:
                key.verify(signature, message)  # type: ignore[call-arg]
            else:
                r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
                if s > _P256_ORDER // 2:
                    return False  # the other form of the same signature: one card, one token
                key.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))  # type: ignore[call-arg]
        except (InvalidSignature, ValueError):
            return False
        return True


class Signer(Protocol):
    """Whatever can sign for a station: a key file now, a hardware key later."""

    @property
    def key(self) -> Key: ...

    def sign(self, message: bytes) -> bytes:
        """A signature of 64 bytes over `message`."""
        ...


@dataclass(frozen=True)
class SoftwareSigner:
    """A signer whose private key is in memory."""

    private: Ed25519PrivateKey | ec.EllipticCurvePrivateKey

    @classmethod
    def generate(cls, algorithm: int = ED25519) -> "SoftwareSigner":
        return cls(Ed25519PrivateKey.generate() if algorithm == ED25519 else ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def from_secret(cls, algorithm: int, secret: bytes) -> "SoftwareSigner":
        """The signer of a 32-byte secret: an Ed25519 seed or a P-256 scalar, big-endian."""
        if algorithm == ED25519:
            return cls(Ed25519PrivateKey.from_private_bytes(secret))
        return cls(ec.derive_private_key(int.from_bytes(secret), ec.SECP256R1()))

    @property
    def secret(self) -> bytes:
        if isinstance(self.private, Ed25519PrivateKey):
            return self.private.private_bytes_raw()
        return self.private.private_numbers().private_value.to_bytes(32)

    @cached_property
    def key(self) -> Key:
        public = self.private.public_key()
        if isinstance(public, Ed25519PublicKey):
            return Key(public.public_bytes_raw())
        return Key(public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint))

    def sign(self, message: bytes) -> bytes:
        if self.key.algorithm == ED25519:
            return self.private.sign(message)  # type: ignore[call-arg]
        algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        r, s = decode_dss_signature(self.private.sign(message, algorithm))  # type: ignore[call-arg]
        return r.to_bytes(32) + min(s, _P256_ORDER - s).to_bytes(32)


@dataclass(frozen=True)
class Verified:
    """A payload whose signature is right under `key`."""

    payload: bytes
    key: Key


@dataclass(frozen=True)
class Unverified:
    """A token taken apart; nothing in it is believed yet."""

    payload: bytes
    protected: bytes
    signature: bytes

    @property
    def algorithm(self) -> int:
        return -1 - (self.protected[2] - 0x20)

    @property
    def kid(self) -> bytes:
        return self.protected[-KID_SIZE:]

    def to_be_signed(self, aad: bytes) -> bytes:
        return to_be_signed(self.protected, aad, self.payload)

    def verify(self, find: Callable[[bytes], Iterable[Key]], aad: bytes) -> Verified:
        """The payload as signed by one of the keys that `find` gives for the kid (two may share it, each is tried).

        Raises UnknownIssuer where there is no such key of this algorithm, Altered where none of them signed these bytes.
        """
        keys = [key for key in find(self.kid) if key.protected == self.protected]
        if not keys:
            raise UnknownIssuer("no such key in the trust bundle")
        message = self.to_be_signed(aad)
        for key in keys:
            if key.check(self.signature, message):
                return Verified(self.payload, key)
        raise Altered("the bytes do not match the signature")


def sign(payload: bytes, signer: Signer, aad: bytes) -> bytes:
    """A COSE_Sign1 over `payload`, untagged; `aad` separates networks and purposes."""
    header = signer.key.protected
    signature = signer.sign(to_be_signed(header, aad, payload))
    head = cbor.byte_string_head(len(payload))
    return b"".join((_ARRAY_AND_HEADER, header, _EMPTY_MAP, head, payload, _SIGNATURE_HEAD, signature))


def inspect(token: bytes) -> Unverified:
    """The pieces of a COSE_Sign1 in our one shape; raises Unreadable for any other bytes."""
    header, rest = token[2 : 2 + _PROTECTED_SIZE], 2 + _PROTECTED_SIZE
    if token[:2] != _ARRAY_AND_HEADER or header[:2] != b"\xa2\x01" or header[2:3] not in (b"\x32", b"\x28") or header[3:5] != b"\x04\x44":
        raise Unreadable("not a COSE_Sign1 of ours")
    if token[rest : rest + 1] != _EMPTY_MAP:
        raise Unreadable("unprotected header not empty")
    payload, at = cbor.byte_string(token, rest + 1)
    if token[at : at + 2] != _SIGNATURE_HEAD or len(token) != at + 2 + SIGNATURE_SIZE:
        raise Unreadable("signature not 64 bytes, or bytes after it")
    return Unverified(payload, header, token[at + 2 :])


def to_be_signed(header: bytes, aad: bytes, payload: bytes) -> bytes:
    """Sig_structure of RFC 9052 section 4.4."""
    pieces = (header, aad, payload)
    return b"\x84\x6aSignature1" + b"".join([cbor.byte_string_head(len(piece)) + piece for piece in pieces])
