"""The sealed part: content that only holders of the network's epoch key can read (spec section 11).

HPKE (RFC 9180), base mode, single shot: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, without associated data.

    sealed = kid, 2 bytes | enc, 32 bytes | ciphertext
    kid    = the first bytes of the SHA-256 COSE Key Thumbprint (RFC 9679) of the X25519 key {1: 1, -1: 4, -2: x}
    info   = what separates the network's purposes (b"healthcard/0/sealed", which names the version), then the card's id, 8 bytes

The plaintext is the content, one byte 80, and 00 up to a multiple of 64 bytes. Nothing to seal is sealed as well: 114 bytes on every
card, whatever they hold.
"""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from healthcard import keyfile
from healthcard.errors import KeyFileError, NoSealingKey, SealError, SealTooLarge
from healthcard.keyfile import KeyFile
from healthcard.trust.bundle import aad

BLOCK = 64  # bytes of plaintext
KID_SIZE, ENC_SIZE, TAG_SIZE, ID_SIZE = 2, 32, 16, 8
SIZE = KID_SIZE + ENC_SIZE + BLOCK + TAG_SIZE
PURPOSE, ALGORITHM = "epoch", "X25519"


def seal(content: bytes, public: bytes, network: str, card_id: bytes, blocks: int = 1) -> bytes:
    """`content`, sealed to the X25519 key `public` for the card `card_id`: 114 bytes, and 64 more for each block above one.

    Raises SealTooLarge where `content` needs more than `blocks` (see `blocks_for`): a longer sealed part shows that there is more to
    hide, so whoever allows it asks first. Raises SealError for a degenerate key.
    """
    if blocks_for(content) > blocks:
        raise SealTooLarge(f"sealed entries need {blocks_for(content)} blocks of {BLOCK} bytes, {blocks} allowed: that would show")
    padded, info = (content + b"\x80").ljust(blocks * BLOCK, b"\0"), _info(network, card_id)
    try:
        return kid(public) + _suite().encrypt(padded, X25519PublicKey.from_public_bytes(public), info=info)
    except ValueError:
        raise SealError("not a key that can be sealed to") from None


def blocks_for(content: bytes) -> int:
    """How many blocks of 64 bytes `content` and its padding fill, at least one."""
    return len(content) // BLOCK + 1


def open_sealed(sealed: bytes, secrets: Sequence[bytes], network: str, card_id: bytes) -> bytes:
    """The content of a sealed part; `secrets` are the X25519 secrets held, of any epochs.

    Raises NoSealingKey where none of them has the kid, SealError where it was changed, belongs to another card, or is not of this form.
    """
    size = len(sealed) - (SIZE - BLOCK)
    if size < BLOCK or size % BLOCK:
        raise SealError("sealed part: not of its size")
    info = _info(network, card_id)
    keys = [X25519PrivateKey.from_private_bytes(secret) for secret in secrets]
    fitting = [key for key in keys if kid(key.public_key().public_bytes_raw()) == sealed[:KID_SIZE]]
    if not fitting:
        raise NoSealingKey("sealed part: its epoch's key is not held here")
    for key in fitting:  # two keys may share a kid
        try:
            padded = _suite().decrypt(sealed[KID_SIZE:], key, info=info)
        except InvalidTag:
            continue
        return _unpadded(padded)
    raise SealError("sealed part: changed, or of another card")


def kid(public: bytes) -> bytes:
    """The hint by which a reader finds the key: the first 2 bytes of its thumbprint."""
    return hashlib.sha256(b"\xa3\x01\x01\x20\x04\x21\x58\x20" + public).digest()[:KID_SIZE]


def generate_epoch_key(path: Path, network: str, label: str, passphrase: str) -> KeyFile:
    """Make an epoch's key and write it to a new key file; its public half goes into the trust bundle. Raises KeyFileError."""
    if not re.fullmatch(keyfile.LABEL, label):
        raise KeyFileError("a label is up to 40 small letters, digits, blanks, dots and hyphens")
    private = X25519PrivateKey.generate()
    about = KeyFile(PURPOSE, network, label, ALGORITHM, private.public_key().public_bytes_raw())
    keyfile.save(path, private.private_bytes_raw(), about, passphrase)
    return about


def epoch_secret(path: Path, passphrase: str) -> bytes:
    """The secret in an epoch's key file; raises as `keyfile.unlock`, and KeyFileError for a key that does not open sealed parts."""
    about, secret = keyfile.unlock(path, passphrase)
    if about.purpose != PURPOSE or about.algorithm != ALGORITHM:
        raise KeyFileError(f"{path}: a key for {about.purpose}, which opens no sealed part")
    if len(secret) != 32 or X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw() != about.public:
        raise KeyFileError(f"{path}: the public key is not that of the secret")
    return secret


def _suite() -> Suite:
    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def _info(network: str, card_id: bytes) -> bytes:
    if len(card_id) != ID_SIZE:
        raise ValueError("a card id is 8 bytes")
    return aad(network, "sealed") + card_id


def _unpadded(padded: bytes) -> bytes:
    content = padded.rstrip(b"\0")
    if content[-1:] != b"\x80":
        raise SealError("sealed part: not padded as every writer does")
    return content[:-1]
