"""Picture -> card texts: PNG, JPEG, WebP, GIF, BMP, TIFF or PDF, from a scanner or an old phone's camera.

    [text] = scan(photo)                                # bytes, a path or a PIL picture

Every code of ours in a picture is found; a further view of it is tried only while something may still be unread.
"""

import io
import math
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]
import zxingcpp
from PIL import Image, ImageChops, ImageFilter

from healthcard import finders
from healthcard.errors import NoCode, PictureError
from healthcard.finders import Point
from healthcard.symbol import PREFIXES

MAX_FILE = 20_000_000  # bytes
MAX_PIXELS = 50_000_000
MAX_PAGES = 20
_MAX_SIDE = 32_000  # pixels; zxing reads up to 65535, and we look at it enlarged twice
_TOO_MANY_PIXELS = f"more than {MAX_PIXELS // 1_000_000} megapixels"
_PDF_DPI = 300
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")  # no format that runs a program or draws
_ORIENTATION = 0x0112  # Exif 2.32 section 4.6.4; mirrored pictures read as they are
_TURNS = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_270, 8: Image.Transpose.ROTATE_90}
_MENDED_PAGES = 4  # of a document; a photo has one
_LEAST_CONTRAST = 8  # grey levels
_LOOK = 13_000_000  # pixels looked at as they are
_QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
_LOCAL, _GLOBAL = zxingcpp.Binarizer.LocalAverage, zxingcpp.Binarizer.GlobalHistogram
_CONTRASTS = ((1.0, 30, 2, _LOCAL), (1.5, 8, 1, _GLOBAL), (2.0, 12, 3, _GLOBAL), (1.0, 5, 2, _GLOBAL))  # enlarged by, radius, gain
pdfium_lock = threading.Lock()  # pdfium is not made for several threads


def scan(
    picture: bytes | str | Path | Image.Image, prefixes: tuple[str, ...] = tuple(PREFIXES.values()), seconds: float = math.inf
) -> list[str]:
    """Every distinct text in `picture` that starts with one of `prefixes`, in reading order (a PDF: page by page).

    `picture` is a PNG, JPEG, WebP, GIF, BMP, TIFF (first frame) or PDF as bytes or a path, or a PIL picture. Raises PictureError if it
    can't be opened, is more than 20 MB, 50 megapixels or 20 pages, or takes more than so many `seconds` of the processor (asked between
    two looks, so a page of a PDF may hold it for longer); NoCode if there is no such text in it.
    """
    end = time.thread_time() + seconds
    data = picture if isinstance(picture, bytes | Image.Image) else _read_file(Path(picture))
    texts: dict[str, None] = {}
    others = False
    for number, (page, _) in enumerate(_pages(data)):
        found = _look(page, number < _MENDED_PAGES, end)
        ours = {text: place for text, place in reversed(found) if text.startswith(prefixes)}  # of one text twice, the first place
        texts.update(dict.fromkeys(_reading_order(ours)))
        others = others or bool(found) or _other_code(page)
    if texts:
        return list(texts)
    if others:
        raise NoCode("there is a code in the picture, but not one of ours")
    raise NoCode("there is no code in the picture that can be read: hold the camera closer and still, the card flat, in even light")


def is_pdf(picture: bytes) -> bool:
    """Whether a file is looked at as a PDF, whatever it is called."""
    return picture[:1024].lstrip().startswith(b"%PDF-")


@dataclass(frozen=True)
class Seen:
    """A QR code as it stands in a picture: its text, corners in pixels (clockwise from its top left), the page in grey, its dots per inch.

    `dpi` is what the file says, which a scanner knows and a camera does not; None where it says nothing.
    """

    text: str
    corners: tuple[Point, Point, Point, Point]
    page: Image.Image
    dpi: float | None


def codes(picture: bytes | Image.Image) -> list[Seen]:
    """Every QR code of a picture or PDF with its place, page by page, also where two bear one text.

    Raises PictureError as `scan` does, but not NoCode.
    """
    seen = []
    for page, dpi in _pages(picture):
        for text, place in _look(page):
            top_left, top_right, bottom_right, bottom_left = ((x * page.width, y * page.width) for x, y in place.corners)
            seen.append(Seen(text, (top_left, top_right, bottom_right, bottom_left), page, dpi))
    return seen


def _in_time(end: float) -> None:
    """Raises PictureError where this thread has worked until `end`: no picture keeps the others waiting for good."""
    if time.thread_time() > end:
        raise PictureError("it takes too long to look at: send fewer pages, or a photo of the card alone")


def _look(page: Image.Image, mending: bool = True, end: float = math.inf) -> list[tuple[str, "_Place"]]:
    """The texts of all QR codes on a page, each with its place; `mending` looks for damaged ones too, which takes long."""
    found: list[tuple[str, _Place]] = []
    unread: list[_Place] = []
    if _blank(page):
        return found
    for view, binarizer in _views(page):
        _in_time(end)
        known = len(found)
        for code in zxingcpp.read_barcodes(view, _QR, binarizer=binarizer, text_mode=zxingcpp.TextMode.Plain, return_errors=True):
            place = _Place.of(_corners(code), view.width)
            if not code.valid:
                unread.append(place)
            elif not any(text == code.text and read.covers(place) for text, read in found):
                found.append((code.text, place))
        unread = [place for place in unread if not any(read.covers(place) for _, read in found)]
        if 0 < known == len(found) and not unread:  # a second look has shown nothing new
            return found
    if mending and (not found or unread):
        found += _mended(page, {text for text, _ in found}, end)
    return found


def _mended(page: Image.Image, known: Collection[str], end: float) -> list[tuple[str, "_Place"]]:
    """The first further text of a symbol whose finder patterns are damaged, and its place."""
    for symbol in finders.mended(page):
        _in_time(end)
        for code in zxingcpp.read_barcodes(symbol.picture, _QR, text_mode=zxingcpp.TextMode.Plain):
            if code.text not in known:
                return [(code.text, _Place.of(symbol.corners, page.width))]
    return []


def _corners(code: zxingcpp.Barcode) -> tuple[Point, ...]:
    """Top left, top right, bottom right, bottom left."""
    place = code.position
    return tuple((corner.x, corner.y) for corner in (place.top_left, place.top_right, place.bottom_right, place.bottom_left))


def _blank(page: Image.Image) -> bool:
    """Whether nothing can be told from paper: an empty page of a PDF."""
    darkest, lightest = page.getextrema()
    return lightest - darkest < _LEAST_CONTRAST  # type: ignore[operator]


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
    return not _blank(page) and bool(zxingcpp.read_barcodes(_resized(page, 1, 2_000_000)))


def _resized(page: Image.Image, factor: float, pixels: int) -> Image.Image:
    """`page` enlarged by `factor`, or by less (or made smaller) to have at most so many `pixels`."""
    factor = min(factor, math.sqrt(pixels / (page.width * page.height)))
    size = max(1, round(page.width * factor)), max(1, round(page.height * factor))
    return page.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)


@dataclass(frozen=True)
class _Place:
    """Where a code stands: its corners and the upright box around it, as shares of the page's width."""

    corners: tuple[Point, ...]
    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def of(cls, corners: Sequence[Point], width: int) -> "_Place":
        xs, ys = [x / width for x, _ in corners], [y / width for _, y in corners]
        return cls(tuple(zip(xs, ys, strict=True)), min(xs), min(ys), max(xs), max(ys))

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


def _pages(picture: bytes | Image.Image) -> Iterator[tuple[Image.Image, float | None]]:
    """The pages of a picture or PDF in grey (mode "L"), each at most _LOOK pixels, with their dots per inch; raises PictureError."""
    if isinstance(picture, bytes) and len(picture) > MAX_FILE:
        raise PictureError(f"more than {MAX_FILE // 1_000_000} MB")
    if isinstance(picture, bytes) and is_pdf(picture):
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
    small = grey.resize(_within(grey.size, _LOOK), Image.Resampling.BOX)
    dpi = opened.info.get("dpi")
    yield small, float(dpi[0]) * max(small.size) / max(opened.size) if dpi else None


def _pdf_pages(data: bytes) -> Iterator[tuple[Image.Image, float | None]]:
    try:
        with pdfium_lock:
            document = pypdfium2.PdfDocument(data)
            count = len(document)
    except Exception:
        raise PictureError("a damaged or locked PDF") from None
    try:
        if count > MAX_PAGES:
            raise PictureError(f"more than {MAX_PAGES} pages")
        for number in range(count):
            try:
                with pdfium_lock:
                    page = document[number]
                    width, height = page.get_width(), page.get_height()  # in points, 72 to an inch
                    scale = min(_PDF_DPI / 72, math.sqrt(_LOOK / (width * height)), _MAX_SIDE / max(width, height))
                    grey = page.render(scale=scale, grayscale=True).to_pil()
                    page.close()
            except Exception:
                raise PictureError("a damaged PDF") from None
            yield grey, scale * 72
    finally:
        with pdfium_lock:
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
