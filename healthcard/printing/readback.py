"""A PDF of ours looked at as it will be printed: the codes on its pages and where they stand.

    with opened(pdf) as pages:
        found = codes(pages[0], READ_DPI)               # [Code(text="MCH1:...", x_mm=52.3, y_mm=31.0)]

One quick look at a clean raster, where healthcard.picture looks at photos from every side.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

import pypdfium2  # type: ignore[import-untyped]
import zxingcpp

from healthcard.picture import pdfium_lock

READ_DPI: Final = 150  # a module of 0.40 mm is 2.4 pixels
CLOSER_DPI: Final = 300  # where that was not enough
_QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
_POINTS = 72 / 25.4  # in a millimetre

Box = tuple[float, float, float, float]  # left, top, right, bottom in mm


class Code(NamedTuple):
    """The text of a code, and its middle in mm from the upper left corner of what was looked at."""

    text: str
    x_mm: float
    y_mm: float


@contextmanager
def opened(pdf: bytes) -> Iterator[list[pypdfium2.PdfPage]]:
    """The pages of a PDF that we have made ourselves; nobody else uses pdfium meanwhile."""
    with pdfium_lock:
        document = pypdfium2.PdfDocument(pdf)
        try:
            yield list(document)
        finally:
            document.close()


def codes(page: pypdfium2.PdfPage, dpi: int, box: Box | None = None) -> list[Code]:
    """The codes on a page, or on the part of it in `box`."""
    crop = (0.0, 0.0, 0.0, 0.0)
    if box:
        right, bottom = page.get_width() - box[2] * _POINTS, page.get_height() - box[3] * _POINTS
        crop = (box[0] * _POINTS, bottom, right, box[1] * _POINTS)  # what is cut off: left, bottom, right, top
    picture = page.render(scale=dpi / 72, grayscale=True, crop=crop).to_pil()
    found = zxingcpp.read_barcodes(picture, _QR, try_invert=False, text_mode=zxingcpp.TextMode.Plain)
    return [Code(code.text, *_middle(code.position, 25.4 / dpi)) for code in found]


def _middle(position: zxingcpp.Position, mm: float) -> tuple[float, float]:
    one, other = position.top_left, position.bottom_right
    return (one.x + other.x) / 2 * mm, (one.y + other.y) / 2 * mm
