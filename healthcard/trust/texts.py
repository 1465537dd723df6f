"""A trust bundle as QR symbols on a colleague's screen: one for a small bundle, numbered ones for a larger (spec section 9).

    for text in bundle_texts(bundle):
        on_screen(text).show()
    newer = held.update(bundle_from_texts(scanned))     # in any order, any of them twice

A text is a prefix and base45 of CBOR: the bundle itself, or a piece of it `[number, of, checksum, bytes]`. The checksum only keeps
pieces of two bundles apart; what is believed is decided by the signatures alone.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from PIL import Image

from healthcard import cbor, symbol
from healthcard.cbor import Item
from healthcard.errors import TrustError, Unreadable
from healthcard.symbol import base45_decode, base45_encode
from healthcard.trust.bundle import TrustBundle
from healthcard.trust.form import array, byte_string, number

BUNDLE_PREFIXES = {"real": "MCHB1:", "test": "MCTB1:"}
PER_SYMBOL = 1500  # bytes: version 33 at level M, which a phone reads from a screen
MOST_SYMBOLS = 175  # of 1500 bytes, the largest bundle
CHECKSUM_SIZE = 8
PIXELS_PER_MODULE = 6  # on a screen
MAX_TEXT = 4096  # characters that a reader looks at


@dataclass(frozen=True)
class Piece:
    """One symbol's share of a bundle; `number` counts from 1."""

    number: int
    of: int
    checksum: bytes
    data: bytes


def bundle_texts(bundle: TrustBundle) -> list[str]:
    """The texts of the symbols that hold a bundle, of nearly equal length."""
    raw, prefix = bundle.raw, BUNDLE_PREFIXES[bundle.network]
    count = -(-len(raw) // PER_SYMBOL)
    if count == 1:
        return [prefix + base45_encode(raw)]
    size = -(-len(raw) // count)
    parts: list[list[Item]] = [[n + 1, count, _checksum(raw), raw[n * size : (n + 1) * size]] for n in range(count)]
    return [prefix + base45_encode(cbor.dumps(part)) for part in parts]


def on_screen(text: str) -> Image.Image:
    """The symbol of a text as a picture for a screen: the smallest that holds it, as coarse as can be."""
    version = next(version for version in range(1, 41) if len(text) <= symbol.characters_in(version, "M"))
    side_mm = float(4 * version + 17 + 8)  # one millimetre a module, quiet zone included
    return symbol.symbol(text, side_mm, min_module_mm=1).image(PIXELS_PER_MODULE)


def bundle_from_texts(texts: Iterable[str]) -> TrustBundle:
    """The bundle that these symbols hold, in any order, copies allowed.

    Raises TrustError for any other text, for symbols of several bundles, naming the symbols that are missing, and as `TrustBundle.load`.
    """
    try:
        found = {_parse(text) for text in texts}
    except Unreadable as error:
        raise TrustError(f"not a symbol of a trust bundle, {error}") from None
    if len({(prefix, piece.of, piece.checksum) for prefix, piece in found}) != 1:
        raise TrustError("symbols of several trust bundles: scan those of one" if found else "no symbol of a trust bundle")
    pieces = sorted((piece for _, piece in found), key=lambda piece: piece.number)
    of = pieces[0].of
    if missing := sorted(set(range(1, of + 1)) - {piece.number for piece in pieces}):
        raise TrustError(f"of {of} symbols these are missing: {', '.join(map(str, missing))}")
    raw = b"".join(piece.data for piece in pieces)
    if len(pieces) != of or _checksum(raw) != pieces[0].checksum:
        raise TrustError("the symbols do not make up one trust bundle")
    bundle = TrustBundle.load(raw)
    if {prefix for prefix, _ in found} != {BUNDLE_PREFIXES[bundle.network]}:
        raise TrustError("a trust bundle of the other network than its symbols say")
    return bundle


def _parse(text: str) -> tuple[str, Piece]:
    """A text as the piece that it is; a whole bundle is its own only piece."""
    prefix = next((prefix for prefix in BUNDLE_PREFIXES.values() if text.startswith(prefix)), None)
    if prefix is None or len(text) > MAX_TEXT:
        raise Unreadable("another prefix, or too long")
    data = base45_decode(text[len(prefix) :])
    items = array(cbor.loads(data))
    if len(items) == 3:  # a bundle, whose own form TrustBundle.load looks at
        return prefix, Piece(1, 1, _checksum(data), data)
    at, of, checksum, share = array(items, 4)
    count = number(of, 2, MOST_SYMBOLS)
    return prefix, Piece(number(at, 1, count), count, byte_string(checksum, CHECKSUM_SIZE), byte_string(share))


def _checksum(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()[:CHECKSUM_SIZE]
