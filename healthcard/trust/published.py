"""The published test keys: everybody knows their secrets, so vectors can be made by anyone and a real network refuses them (M74)."""

import hashlib
from functools import cache

from healthcard.sign import ED25519, ESP256, SoftwareSigner

COUNT = 32


def published_signer(number: int, algorithm: int = ED25519) -> SoftwareSigner:
    """Test key `number` (0 to 31; the vectors make larger ones the same way)."""
    return SoftwareSigner.from_secret(algorithm, hashlib.sha256(b"healthcard published test key %d" % number).digest())


@cache
def published_keys() -> frozenset[bytes]:
    """The public halves of the published test keys."""
    return frozenset(published_signer(n, algorithm).key.public for n in range(COUNT) for algorithm in (ED25519, ESP256))
