"""Many cards as one PDF of A4 sheets; every code is read back from the page before a card counts as issued.

    pdf = sheets(cards)                                 # fronts and mirrored backs by turns, for duplex print turned on the long edge
    pdf = sheets(cards, Look("id1", "ht"))

The same cards give the same bytes. Typst remembers each step of a layout until its compile ends, which takes some 2.5 MB a card: so a few
sheets are compiled at a time, and their PDFs joined with their tags.
"""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2  # type: ignore[import-untyped]
import zxingcpp
from PIL import Image

from healthcard.card import Card
from healthcard.errors import PrintError
from healthcard.picture import pdfium_lock
from healthcard.printing import layout
from healthcard.printing.rendering import ROUTE_LANGUAGE, card_data
from healthcard.printing.templates import find

PAPER_MM = (210.0, 297.0)  # A4
SHEETS_AT_ONCE = 6  # laid out in one compile
READ_DPI, CLOSER_DPI = 150, 300  # a module of 0.40 mm is 2.4 pixels, and 4.7 where that was not enough
_QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)

Cell = tuple[int, int]  # row and column
Box = tuple[float, float, float, float]  # left, top, right, bottom in mm


@dataclass(frozen=True)
class Look:
    """How cards on sheets look; each as healthcard.printing.render takes it."""

    template: str = "a7"
    language: str | None = None
    route_language: str = ROUTE_LANGUAGE
    text_light: bool = False
    hours: str = ""
    own_templates: Path | None = None


@dataclass(frozen=True)
class Grid:
    """How cards of one format stand on A4; `turned` ones lie on their side."""

    columns: int
    rows: int
    turned: bool
    width_mm: float
    height_mm: float

    @property
    def cards(self) -> int:
        """Cards on one sheet."""
        return self.columns * self.rows

    def box(self, cell: Cell) -> Box:
        """Where a card of the grid, which stands in the middle of the paper, is cut."""
        width, height = (self.height_mm, self.width_mm) if self.turned else (self.width_mm, self.height_mm)
        left = (PAPER_MM[0] - self.columns * width) / 2 + cell[1] * width
        top = (PAPER_MM[1] - self.rows * height) / 2 + cell[0] * height
        return left, top, left + width, top + height


_GRIDS = {"a7": (2, 4, True), "id1": (2, 5, False)}  # columns, rows, turned


def grid(look: Look) -> Grid:
    """How cards of a look stand on A4; raises PrintError for a format that does not go on sheets."""
    format = find(look.template, look.own_templates)
    if look.template not in _GRIDS or format.height_mm is None:
        raise PrintError("no such cards on sheets; there are: " + ", ".join(_GRIDS))
    return Grid(*_GRIDS[look.template], format.width_mm, format.height_mm)


def face_data(card: Card, look: Look) -> Mapping[str, Any]:
    """What a card's face gets; raises PrintError and TooLarge for a card that can't be printed, before it spoils a sheet of others."""
    format = find(look.template, look.own_templates)
    data = card_data(card, look.language, look.route_language, look.text_light, format, look.hours)
    layout.check_characters(data, look.own_templates)
    return data


def sheets(cards: Sequence[Card], look: Look | None = None) -> bytes:
    """`cards` in their order as one PDF, each read back from both of its sides. Raises PrintError and TooLarge."""
    look = look or Look()
    return composed([card.text for card in cards], [face_data(card, look) for card in cards], look)


def composed(texts: Sequence[str], faces: Sequence[Mapping[str, Any]], look: Look) -> bytes:
    """One PDF of the cards whose card texts and face data these are, as `sheets` makes it. Raises PrintError."""
    if not texts:
        raise PrintError("no card to print")
    places = grid(look)
    step = SHEETS_AT_ONCE * places.cards
    parts = []
    for start in range(0, len(texts), step):
        some = faces[start : start + step]
        data = {"title": some[0]["title"]["text"], "columns": places.columns, "rows": places.rows, "turned": places.turned, "cards": some}
        parts.append(layout.compile_sheets(look.template, data, look.own_templates))
        check_scan(parts[-1], texts[start : start + step], places)
    return joined(parts)


def check_scan(pdf: bytes, texts: Sequence[str], places: Grid) -> None:
    """Raises PrintError unless every card stands in its place on the sheets, in front and behind, and reads as its card text."""
    with pdfium_lock:
        document = pypdfium2.PdfDocument(pdf)
        try:
            count = len(document)
            seen = [_codes(document[number], places) for number in range(count)]
        finally:
            document.close()
    for side in (0, 1):
        for number, text in enumerate(texts):
            sheet, (row, column) = number // places.cards, divmod(number % places.cards, places.columns)
            if side:
                column = places.columns - 1 - column
            page = 2 * sheet + side
            if page >= count or seen[page].pop((row, column), None) != [text]:
                raise PrintError("a code on the sheets does not read back as its card: nothing was issued")
    if any(seen):
        raise PrintError("the sheets show a code that is not of these cards: nothing was issued")


def _codes(page: pypdfium2.PdfPage, places: Grid) -> dict[Cell, list[str]]:
    """The texts on a page by the place where they stand; where a cell shows none, it is looked at more closely."""
    found: dict[Cell, list[str]] = {}
    cells = [(row, column) for row in range(places.rows) for column in range(places.columns)]
    for text, x, y in _read(_picture(page, READ_DPI), READ_DPI):
        cell = next((cell for cell in cells if _within(places.box(cell), x, y)), (-1, -1))
        found.setdefault(cell, []).append(text)
    for cell in cells:
        if cell not in found:
            close = [text for text, _, _ in _read(_picture(page, CLOSER_DPI, places.box(cell)), CLOSER_DPI)]
            if close:
                found[cell] = close
    return found


def _within(box: Box, x: float, y: float) -> bool:
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _picture(page: pypdfium2.PdfPage, dpi: int, box: Box = (0.0, 0.0, *PAPER_MM)) -> Image.Image:
    """A page, or the part of it in `box`, in grey."""
    left, top, right, bottom = (mm * 72 / 25.4 for mm in (box[0], box[1], PAPER_MM[0] - box[2], PAPER_MM[1] - box[3]))
    picture: Image.Image = page.render(scale=dpi / 72, grayscale=True, crop=(left, bottom, right, top)).to_pil()
    return picture


def _read(picture: Image.Image, dpi: int) -> Iterator[tuple[str, float, float]]:
    """Each text with the middle of its code in mm."""
    for code in zxingcpp.read_barcodes(picture, _QR, try_invert=False, text_mode=zxingcpp.TextMode.Plain):
        one, other = code.position.top_left, code.position.bottom_right
        yield code.text, (one.x + other.x) / 2 * 25.4 / dpi, (one.y + other.y) / 2 * 25.4 / dpi


def joined(parts: Sequence[bytes]) -> bytes:
    """One tagged PDF of several that Typst made of one template: the tags of each further part become a part of the first one's document.

    A page names its tags by a number in the parent tree (ISO 32000-1 section 14.7.4.4), so the numbers of further parts are shifted.
    """
    if len(parts) == 1:
        return parts[0]
    with pikepdf.open(io.BytesIO(parts[0])) as whole:
        tags = whole.Root.StructTreeRoot
        document = tags.K[0]
        for part in parts[1:]:
            with pikepdf.open(io.BytesIO(part)) as more:
                shift = int(tags.ParentTreeNextKey)
                for page in more.pages:
                    page.obj.StructParents += shift
                whole.pages.extend(more.pages)
                added = whole.copy_foreign(more.Root.StructTreeRoot)
                added.K[0].S, added.K[0].P = pikepdf.Name.Part, document
                document.K.append(added.K[0])
                for number, parents in zip(added.ParentTree.Nums[::2], added.ParentTree.Nums[1::2], strict=True):
                    tags.ParentTree.Nums.extend(pikepdf.Array([int(number) + shift, parents]))
                tags.ParentTreeNextKey = shift + int(added.ParentTreeNextKey)
        about = whole.Root.Metadata.read_bytes()
        whole.Root.Metadata.write(re.sub(rb"(?<=<xmpTPg:NPages>)\d+", b"%d" % len(whole.pages), about))
        file = io.BytesIO()
        whole.save(file, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return file.getvalue()
