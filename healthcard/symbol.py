"""Token <-> card text <-> QR symbol; knows text and modules, nothing of what they mean.

    text = card_text(token, "real")                     # "MCH1:" + base45
    symbol(text, side_mm=40).svg(side_mm=40)            # the printed side is fixed, error correction takes what is left
    network, token = parse_card_text(text)

Readers are strict: one text per token, nothing stripped, nothing repaired, everything outside the rules is refused.
"""

import io
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import qrcode  # type: ignore[import-untyped]
from PIL import Image
from qrcode import constants, util

from healthcard.errors import PrintError, TooLarge, Unreadable

# --- base45 (RFC 9285) and card text -------------------------------------------------------------------------------

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_NO_VALUE = 255
_VALUES = bytes(_ALPHABET.find(chr(byte)) % 256 for byte in range(256))  # find gives -1 outside the alphabet: _NO_VALUE
_PAIRS = [low + high for high in _ALPHABET for low in _ALPHABET]  # two characters by value, low digit first

PREFIXES = {"real": "MCH1:", "test": "MCT1:"}
MAX_TEXT = 4096  # characters that a reader looks at
MAX_TOKEN = 1024  # bytes


def base45_encode(data: bytes) -> str:
    """`data` in base45 (RFC 9285)."""
    count = len(data) // 2
    words = struct.unpack(f">{count}H", data[: 2 * count])
    text = "".join([_PAIRS[word % 2025] + _ALPHABET[word // 2025] for word in words])
    return text + _PAIRS[data[-1]] if len(data) % 2 else text


def base45_decode(text: str) -> bytes:
    """The bytes that `text` encodes in base45 (RFC 9285); raises Unreadable for anything that `base45_encode` does not write."""
    try:
        values = text.encode("ascii").translate(_VALUES)
    except UnicodeEncodeError:
        raise Unreadable("a character outside base45") from None
    if _NO_VALUE in values:
        raise Unreadable("a character outside base45")
    whole, rest = len(values) // 3 * 3, values[len(values) // 3 * 3 :]
    words = [a + 45 * b + 2025 * c for a, b, c in zip(values[0:whole:3], values[1:whole:3], values[2:whole:3], strict=True)]
    try:
        data = struct.pack(f">{len(words)}H", *words)
    except struct.error:
        raise Unreadable("three base45 characters above 65535") from None
    if not rest:
        return data
    if len(rest) == 1:
        raise Unreadable("a base45 character left over")
    last = rest[0] + 45 * rest[1]
    if last > 255:
        raise Unreadable("two base45 characters above 255")
    return data + bytes((last,))


def card_text(token: bytes, network: str) -> str:
    """Card text of `token`: the prefix of `network` ("real" or "test"), then base45; raises TooLarge above 1024 bytes."""
    if len(token) > MAX_TOKEN:
        raise TooLarge(f"a token of {len(token)} bytes; a card text carries {MAX_TOKEN}")
    return PREFIXES[network] + base45_encode(token)


def parse_card_text(text: str) -> tuple[str, bytes]:
    """Network and token of a card text; raises Unreadable, and reads nothing of a text above 4096 characters."""
    if len(text) > MAX_TEXT:
        raise Unreadable(f"more than {MAX_TEXT} characters")
    for network, prefix in PREFIXES.items():
        if text.startswith(prefix):
            if _token_bytes(len(text)) > MAX_TOKEN:
                raise Unreadable(f"a token of more than {MAX_TOKEN} bytes")
            return network, base45_decode(text[len(prefix) :])
    raise Unreadable("not a card text")


def _token_bytes(characters: int) -> int:
    """Length of the token in a card text of so many characters."""
    return max(0, characters - len(PREFIXES["real"])) * 2 // 3


# --- symbol --------------------------------------------------------------------------------------------------------

_QUIET_ZONE = 4  # modules on each side (ISO/IEC 18004 section 9.1)
_MM_PER_INCH = 25.4
_WHOLE_DOTS_UP_TO = 300  # dpi; finer printers blur a part of a dot away
_LEVELS = {"M": constants.ERROR_CORRECT_M, "Q": constants.ERROR_CORRECT_Q, "H": constants.ERROR_CORRECT_H}  # rising; never L
_MASK = 3  # fixed: which mask made no measurable difference to reading, and looking for the best takes nine tenths of the time


@dataclass(frozen=True)
class Symbol:
    """A QR symbol; `matrix` holds its rows without quiet zone, True is dark."""

    version: int
    level: str
    matrix: tuple[tuple[bool, ...], ...]

    @property
    def modules(self) -> int:
        """Modules along one side, without quiet zone."""
        return len(self.matrix)

    def module_mm(self, side_mm: float) -> float:
        """Size of a module when the symbol is printed `side_mm` wide, quiet zone included."""
        return side_mm / (self.modules + 2 * _QUIET_ZONE)

    def printed_mm(self, side_mm: float, dpi: float | None = None) -> float:
        """The side with quiet zone that a device of `dpi` prints in `side_mm`: up to 300 dpi a module is whole dots."""
        if not dpi or dpi > _WHOLE_DOTS_UP_TO:
            return side_mm
        side = self.modules + 2 * _QUIET_ZONE
        return _dots(side_mm, dpi) // side * side * _MM_PER_INCH / dpi

    def svg(self, side_mm: float) -> str:
        """The symbol as SVG, `side_mm` wide with its quiet zone: white ground and one black path, the same bytes each time."""
        side = self.modules + 2 * _QUIET_ZONE
        path = "".join(
            f"M{start + _QUIET_ZONE} {y + _QUIET_ZONE}h{end - start}v1H{start + _QUIET_ZONE}z"
            for y, row in enumerate(self.matrix)
            for start, end in _runs(row)
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{side_mm:g}mm" height="{side_mm:g}mm" viewBox="0 0 {side} {side}"'
            f' shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{side}v{side}H0z"/><path d="{path}"/></svg>'
        )

    def png(self, dpi: int, side_mm: float) -> bytes:
        """The symbol as PNG of `dpi`, each module whole dots, at most `side_mm` wide; raises TooLarge if a module has no dot."""
        dots = _dots(side_mm, dpi) // (self.modules + 2 * _QUIET_ZONE)
        if not dots:
            raise TooLarge(f"version {self.version} needs {self.modules + 2 * _QUIET_ZONE} dots; {side_mm:g} mm has {_dots(side_mm, dpi)}")
        file = io.BytesIO()
        self.image(dots).save(file, "PNG", dpi=(dpi, dpi), optimize=True)
        return file.getvalue()

    def image(self, pixels_per_module: int) -> Image.Image:
        """The symbol with its quiet zone as a black and white picture (mode "1")."""
        side = self.modules + 2 * _QUIET_ZONE
        picture = Image.new("1", (side, side), 1)
        dark = Image.frombytes("L", (self.modules, self.modules), bytes(0 if module else 255 for row in self.matrix for module in row))
        picture.paste(dark.convert("1"), (_QUIET_ZONE, _QUIET_ZONE))
        return picture.resize((side * pixels_per_module, side * pixels_per_module), Image.Resampling.NEAREST)


def symbol(text: str, side_mm: float = 40.0, dpi: float | None = None, min_module_mm: float = 0.40) -> Symbol:
    """The symbol that reads best at a fixed printed size: `side_mm` with quiet zone, modules of at least `min_module_mm`.

    Up to 300 `dpi` a module is whole dots. The highest error correction that the size has room for wins, then the smallest
    version that holds `text` at it. Raises TooLarge if not even level M holds it, PrintError if `text` has characters outside base45.
    """
    largest = _largest_version(side_mm, dpi, min_module_mm)
    fitting = [level for level in _LEVELS if len(text) <= characters_in(largest, level)]
    if not fitting:
        room = characters_in(largest, "M")
        raise TooLarge(
            f"a text of {len(text)} characters (token of {_token_bytes(len(text))} bytes); "
            f"a symbol of {side_mm:g} mm{f' at {dpi:g} dpi' if dpi else ''} holds {room} (token of {_token_bytes(room)} bytes)"
        )
    if not set(text) <= set(_ALPHABET):
        raise PrintError("a symbol holds characters of base45 only")
    level = fitting[-1]
    version = next(version for version in range(1, largest + 1) if len(text) <= characters_in(version, level))
    code = qrcode.QRCode(version, _LEVELS[level], border=0, mask_pattern=_MASK)
    code.add_data(util.QRData(text.encode("ascii"), mode=util.MODE_ALPHA_NUM))  # bytes: a forced mode refuses str
    code.make(fit=False)
    return Symbol(version, level, tuple(tuple(bool(module) for module in row) for row in code.get_matrix()))


def capacity(side_mm: float = 40.0, dpi: float | None = None, level: str = "M", min_module_mm: float = 0.40) -> int:
    """Characters of the largest text that `symbol` prints at this size and level ("M", "Q" or "H"); 0 if no symbol fits."""
    return characters_in(_largest_version(side_mm, dpi, min_module_mm), level)


def _largest_version(side_mm: float, dpi: float | None, min_module_mm: float) -> int:
    """The largest version whose modules are large enough; 0 if there is none."""
    if dpi and dpi <= _WHOLE_DOTS_UP_TO:
        modules = _dots(side_mm, dpi) // math.ceil(round(min_module_mm * dpi / _MM_PER_INCH, 6))
    else:
        modules = math.floor(round(side_mm / min_module_mm, 6))
    return max(0, min(40, (modules - 2 * _QUIET_ZONE - 17) // 4))  # version v has 17 + 4 v modules


def _dots(side_mm: float, dpi: float) -> int:
    return math.floor(round(side_mm * dpi / _MM_PER_INCH, 6))


def characters_in(version: int, level: str) -> int:
    """Alphanumeric characters that one segment of a version and level holds (ISO/IEC 18004 table 7); 0 in version 0."""
    if version == 0:
        return 0
    bits = util.BIT_LIMIT_TABLE[_LEVELS[level]][version] - 4 - util.length_in_bits(util.MODE_ALPHA_NUM, version)
    return int(bits // 11 * 2 + (bits % 11 >= 6))


def _runs(row: tuple[bool, ...]) -> Iterator[tuple[int, int]]:
    """Start and end of each run of dark modules."""
    edges = [x for x in range(len(row) + 1) if (row[x - 1] if x else False) != (row[x] if x < len(row) else False)]
    return zip(edges[::2], edges[1::2], strict=True)
