"""Token <-> card text <-> QR symbol, and picture -> card texts; knows text and pixels, nothing of what they mean.

    text = card_text(token, "real")                     # "MCH1:" + base45
    symbol(text, side_mm=40).svg(side_mm=40)            # the printed side is fixed, error correction takes what is left
    [text] = scan(photo)                                # PNG, JPEG, ..., PDF, a path or a PIL picture
    network, token = parse_card_text(text)

Readers are strict: one text per token, nothing stripped, nothing repaired, everything outside the rules is refused.
"""

import io
import math
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]
import qrcode  # type: ignore[import-untyped]
import zxingcpp
from PIL import Image, ImageChops, ImageFilter
from qrcode import constants, util

from healthcard.errors import NoCode, PictureError, PrintError, TooLarge, Unreadable

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


def symbol(text: str, side_mm: float = 40.0, dpi: int | None = None, min_module_mm: float = 0.40) -> Symbol:
    """The symbol that reads best at a fixed printed size: `side_mm` with quiet zone, modules of at least `min_module_mm`.

    Up to 300 `dpi` a module is whole dots. The highest error correction that the size has room for wins, then the smallest
    version that holds `text` at it. Raises TooLarge if not even level M holds it, PrintError if `text` has characters outside base45.
    """
    largest = _largest_version(side_mm, dpi, min_module_mm)
    fitting = [level for level in _LEVELS if len(text) <= _characters(largest, level)]
    if not fitting:
        room = _characters(largest, "M")
        raise TooLarge(
            f"a text of {len(text)} characters (token of {_token_bytes(len(text))} bytes); "
            f"a symbol of {side_mm:g} mm{f' at {dpi} dpi' if dpi else ''} holds {room} (token of {_token_bytes(room)} bytes)"
        )
    if not set(text) <= set(_ALPHABET):
        raise PrintError("a symbol holds characters of base45 only")
    level = fitting[-1]
    version = next(version for version in range(1, largest + 1) if len(text) <= _characters(version, level))
    code = qrcode.QRCode(version, _LEVELS[level], border=0, mask_pattern=_MASK)
    code.add_data(util.QRData(text.encode("ascii"), mode=util.MODE_ALPHA_NUM))  # bytes: a forced mode refuses str
    code.make(fit=False)
    return Symbol(version, level, tuple(tuple(bool(module) for module in row) for row in code.get_matrix()))


def capacity(side_mm: float = 40.0, dpi: int | None = None, level: str = "M", min_module_mm: float = 0.40) -> int:
    """Characters of the largest text that `symbol` prints at this size and level ("M", "Q" or "H"); 0 if no symbol fits."""
    return _characters(_largest_version(side_mm, dpi, min_module_mm), level)


def _largest_version(side_mm: float, dpi: int | None, min_module_mm: float) -> int:
    """The largest version whose modules are large enough; 0 if there is none."""
    if dpi and dpi <= _WHOLE_DOTS_UP_TO:
        modules = _dots(side_mm, dpi) // math.ceil(round(min_module_mm * dpi / _MM_PER_INCH, 6))
    else:
        modules = math.floor(round(side_mm / min_module_mm, 6))
    return max(0, min(40, (modules - 2 * _QUIET_ZONE - 17) // 4))  # version v has 17 + 4 v modules


def _dots(side_mm: float, dpi: int) -> int:
    return math.floor(round(side_mm * dpi / _MM_PER_INCH, 6))


def _characters(version: int, level: str) -> int:
    """Alphanumeric characters that one segment of a version and level holds (ISO/IEC 18004 table 7); 0 in version 0."""
    if version == 0:
        return 0
    bits = util.BIT_LIMIT_TABLE[_LEVELS[level]][version] - 4 - util.length_in_bits(util.MODE_ALPHA_NUM, version)
    return int(bits // 11 * 2 + (bits % 11 >= 6))


def _runs(row: tuple[bool, ...]) -> Iterator[tuple[int, int]]:
    """Start and end of each run of dark modules."""
    edges = [x for x in range(len(row) + 1) if (row[x - 1] if x else False) != (row[x] if x < len(row) else False)]
    return zip(edges[::2], edges[1::2], strict=True)


# --- scan ----------------------------------------------------------------------------------------------------------

MAX_FILE = 20_000_000  # bytes
MAX_PIXELS = 50_000_000
MAX_PAGES = 20
_MAX_SIDE = 32_000  # pixels; zxing reads up to 65535, and we look at it enlarged twice
_TOO_MANY_PIXELS = f"more than {MAX_PIXELS // 1_000_000} megapixels"
_PDF_DPI = 300
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")  # no format that runs a program or draws
_ORIENTATION = 0x0112  # Exif 2.32 section 4.6.4; mirrored pictures read as they are
_TURNS = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_270, 8: Image.Transpose.ROTATE_90}
_LOOK = 13_000_000  # pixels looked at as they are
_QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
_LOCAL, _GLOBAL = zxingcpp.Binarizer.LocalAverage, zxingcpp.Binarizer.GlobalHistogram
_CONTRASTS = ((1.0, 30, 2, _LOCAL), (1.5, 8, 1, _GLOBAL), (2.0, 12, 3, _GLOBAL), (1.0, 5, 2, _GLOBAL))  # enlarged by, radius, gain
_pdfium = threading.Lock()  # pdfium is not made for several threads


def scan(picture: bytes | str | Path | Image.Image, prefixes: tuple[str, ...] = tuple(PREFIXES.values())) -> list[str]:
    """Every distinct text in `picture` that starts with one of `prefixes`, in reading order (a PDF: page by page).

    `picture` is a PNG, JPEG, WebP, GIF, BMP, TIFF (first frame) or PDF as bytes or a path, or a PIL picture. Raises PictureError if it
    can't be opened or is more than 20 MB, 50 megapixels or 20 pages, NoCode if there is no such text in it.
    """
    data = picture if isinstance(picture, bytes | Image.Image) else _read_file(Path(picture))
    texts: dict[str, None] = {}
    others = False
    for page in _pages(data):
        found = _look(page)
        texts.update(dict.fromkeys(_reading_order({text: place for text, place in found.items() if text.startswith(prefixes)})))
        others = others or bool(found) or _other_code(page)
    if texts:
        return list(texts)
    if others:
        raise NoCode("there is a code in the picture, but not one of ours")
    raise NoCode("there is no code in the picture that can be read: hold the camera closer and still, the card flat, in even light")


def _look(page: Image.Image) -> dict[str, "_Place"]:
    """The texts of all QR codes on a page, with their places."""
    found: dict[str, _Place] = {}
    unread: list[_Place] = []
    for view, binarizer in _views(page):
        known = len(found)
        for code in zxingcpp.read_barcodes(view, _QR, binarizer=binarizer, text_mode=zxingcpp.TextMode.Plain, return_errors=True):
            place = _Place.of(code.position, view)
            if code.valid:
                found.setdefault(code.text, place)
            else:
                unread.append(place)
        unread = [place for place in unread if not any(read.covers(place) for read in found.values())]
        if 0 < known == len(found) and not unread:  # a second look has shown nothing new
            break
    return found


def _views(page: Image.Image) -> Iterator[tuple[Image.Image, zxingcpp.Binarizer]]:
    """The page, then clearer copies of it, those that help most pictures first (measured on simulated phone pictures)."""
    yield page, _LOCAL
    sharp = _resized(page, 2, 8_000_000).filter(ImageFilter.UnsharpMask(radius=4, percent=200, threshold=0))  # against blur
    yield sharp, _LOCAL
    yield sharp, _GLOBAL
    for factor, radius, gain, binarizer in _CONTRASTS:  # against shade, faded print, spots and creases
        yield _local_contrast(_resized(page, factor, 3_000_000), radius, gain), binarizer


def _local_contrast(page: Image.Image, radius: int, gain: float) -> Image.Image:
    """`gain` times the difference from the surroundings of `radius` pixels, around a middle grey."""
    return ImageChops.subtract(page, page.filter(ImageFilter.BoxBlur(radius)), scale=1 / gain, offset=128)


def _other_code(page: Image.Image) -> bool:
    """Whether the page shows a bar code of any other kind."""
    return bool(zxingcpp.read_barcodes(_resized(page, 1, 2_000_000)))


def _resized(page: Image.Image, factor: float, pixels: int) -> Image.Image:
    """`page` enlarged by `factor`, or by less (or made smaller) to have at most so many `pixels`."""
    factor = min(factor, math.sqrt(pixels / (page.width * page.height)))
    size = max(1, round(page.width * factor)), max(1, round(page.height * factor))
    return page.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)


@dataclass(frozen=True)
class _Place:
    """Upright box around a code, as shares of the page's width."""

    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def of(cls, position: zxingcpp.Position, view: Image.Image) -> "_Place":
        corners = (position.top_left, position.top_right, position.bottom_right, position.bottom_left)
        xs, ys = [corner.x / view.width for corner in corners], [corner.y / view.width for corner in corners]
        return cls(min(xs), min(ys), max(xs), max(ys))

    @property
    def centre(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def covers(self, other: "_Place") -> bool:
        x, y = other.centre
        return self.left <= x <= self.right and self.top <= y <= self.bottom


def _reading_order(found: dict[str, _Place]) -> list[str]:
    """Rows from the top, each from the left; codes whose centres differ by less than half a code in height share a row."""
    rows: list[list[str]] = []
    for text in sorted(found, key=lambda text: found[text].centre[1]):
        place = found[text]
        if rows and place.centre[1] - found[rows[-1][0]].centre[1] < (place.bottom - place.top) / 2:
            rows[-1].append(text)
        else:
            rows.append([text])
    return [text for row in rows for text in sorted(row, key=lambda text: found[text].left)]


def _read_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE + 1)
    except OSError:
        raise PictureError("the file can't be opened") from None


def _pages(picture: bytes | Image.Image) -> Iterator[Image.Image]:
    """The pages of a picture or PDF in grey (mode "L"), each at most _LOOK pixels; raises PictureError."""
    if isinstance(picture, bytes) and len(picture) > MAX_FILE:
        raise PictureError(f"more than {MAX_FILE // 1_000_000} MB")
    if isinstance(picture, bytes) and picture[:1024].lstrip().startswith(b"%PDF-"):
        yield from _pdf_pages(picture)
        return
    try:
        opened = Image.open(io.BytesIO(picture), formats=_FORMATS) if isinstance(picture, bytes) else picture
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError(_TOO_MANY_PIXELS) from None
    except Exception:  # a decoder fed with anything raises anything
        raise PictureError("not a picture: PNG, JPEG, WebP, GIF, BMP, TIFF or PDF") from None
    if not opened.width * opened.height:
        raise PictureError("a picture without pixels")
    if max(opened.size) > _MAX_SIDE:
        raise PictureError(f"a side of more than {_MAX_SIDE} pixels")
    if opened.width * opened.height > MAX_PIXELS:
        raise PictureError(_TOO_MANY_PIXELS)
    try:
        if isinstance(picture, bytes):
            opened.draft("L", opened.size)  # JPEG: decoded to grey, a quarter of the memory
        grey = _grey(opened)
    except Exception:
        raise PictureError("a damaged or truncated picture") from None
    yield grey.resize(_within(grey.size, _LOOK), Image.Resampling.BOX)


def _pdf_pages(data: bytes) -> Iterator[Image.Image]:
    try:
        with _pdfium:
            document = pypdfium2.PdfDocument(data)
            count = len(document)
    except Exception:
        raise PictureError("a damaged or locked PDF") from None
    try:
        if count > MAX_PAGES:
            raise PictureError(f"more than {MAX_PAGES} pages")
        for number in range(count):
            try:
                with _pdfium:
                    page = document[number]
                    width, height = page.get_width(), page.get_height()  # in points, 72 to an inch
                    scale = min(_PDF_DPI / 72, math.sqrt(_LOOK / (width * height)), _MAX_SIDE / max(width, height))
                    grey = page.render(scale=scale, grayscale=True).to_pil()
                    page.close()
            except Exception:
                raise PictureError("a damaged PDF") from None
            yield grey
    finally:
        with _pdfium:
            document.close()


def _grey(picture: Image.Image) -> Image.Image:
    """`picture` upright in grey, on white where it is transparent."""
    pixels = picture
    if picture.width * picture.height > _LOOK and picture.mode in ("L", "RGB", "RGBA", "CMYK"):
        pixels = picture.reduce(2)  # before there are more copies of it
    if pixels.has_transparency_data:
        colours = pixels.convert("RGBA")
        grey = Image.composite(colours.convert("L"), Image.new("L", colours.size, 255), colours.getchannel("A"))
    elif pixels.mode.startswith("I"):  # 16 bits: convert would cut off at 255
        grey = pixels.point(lambda value: value * (1 / 256)).convert("L")
    else:
        grey = pixels.convert("L")
    try:
        turn = _TURNS.get(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # damaged Exif data: the orientation decides no more than the reading order
        turn = None
    return grey.transpose(turn) if turn is not None else grey


def _within(size: tuple[int, int], pixels: int) -> tuple[int, int]:
    factor = min(1.0, math.sqrt(pixels / (size[0] * size[1])))
    return max(1, int(size[0] * factor)), max(1, int(size[1] * factor))
