"""The issued list of a station: 16 bytes of hash for each part that it signed, and nothing else.

The station keeps the list as a file and sends it to the keepers of the root. If its key is stolen, only listed parts stay `verified`
(issued-list mode). The file is hashes side by side, sorted, so that it says neither what was issued nor in which order; nobody who does
not hold a card can tell whether it is listed.
"""

from collections.abc import Iterable
from pathlib import Path

from healthcard import files, sign
from healthcard.errors import TrustError
from healthcard.trust.bundle import CARD_AAD, LISTED_HASH_SIZE, listed_hash

LARGEST = 16 * 1024 * 1024  # bytes: a million parts; a station never stops because its list is long


def issued_hash(token: bytes, network: str) -> bytes:
    """What the part in a token is listed as."""
    return listed_hash(sign.inspect(token).to_be_signed(CARD_AAD[network]))


def load(path: Path) -> frozenset[bytes]:
    """The hashes in a list; raises TrustError where the file is not one."""
    try:
        data = files.read(path, LARGEST)
    except OSError as error:
        raise TrustError(f"{path}: {error.strerror}") from None
    if len(data) > LARGEST or len(data) % LISTED_HASH_SIZE:
        raise TrustError(f"{path}: not an issued list")
    hashes = [data[n : n + LISTED_HASH_SIZE] for n in range(0, len(data), LISTED_HASH_SIZE)]
    if sorted(set(hashes)) != hashes:
        raise TrustError(f"{path}: not an issued list")
    return frozenset(hashes)


def add(path: Path, hashes: Iterable[bytes]) -> None:
    """Put hashes into a list, which is made where there is none; raises TrustError. A power cut leaves the old list or the new."""
    try:
        with files.locked(path):
            held = load(path) if path.exists() else frozenset()
            files.write_atomically(path, b"".join(sorted(held | set(hashes))))
    except OSError as error:
        raise TrustError(f"{path}: {error.strerror}") from None
