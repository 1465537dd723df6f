"""Many cards as one PDF of A4 sheets; every code is read back from the page before a card counts as issued.

    pdf = sheets(cards)                                 # fronts and mirrored backs by turns, for duplex print turned on the long edge
    pdf = sheets(cards, Look("id1", "ht"))

The same cards give the same bytes. Typst remembers each step of a layout until its compile ends, which takes some 2.5 MB a card: so a few
sheets are compiled at a time, and their PDFs joined with their tags.
"""

import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2  # type: ignore[import-untyped]

from healthcard.card import Card
from healthcard.errors import PrintError
from healthcard.printing import layout
from healthcard.printing.readback import CLOSER_DPI, READ_DPI, Box, codes, opened
from healthcard.printing.rendering import ROUTE_LANGUAGE, card_data
from healthcard.printing.templates import find

PAPER_MM = (210.0, 297.0)  # A4
SHEETS_AT_ONCE = 6  # laid out in one compile

Cell = tuple[int, int]  # row and column


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
    grid(look)  # before the work of hundreds of faces
    return composed([card.text for card in cards], [face_data(card, look) for card in cards], look)


def composed(
    texts: Sequence[str], faces: Sequence[Mapping[str, Any]], look: Look, advance: Callable[[int], None] = lambda count: None
) -> bytes:
    """One PDF of the cards whose card texts and face data these are, as `sheets` makes it. Raises PrintError.

    `advance` is told of every few cards that are on their sheets and read back.
    """
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
        advance(len(some))
    return joined(parts)


def check_scan(pdf: bytes, texts: Sequence[str], places: Grid) -> None:
    """Raises PrintError unless every card stands in its place on the sheets, in front and behind, and reads as its card text."""
    with opened(pdf) as pages:
        seen = [_seen(page, places) for page in pages]
    for side in (0, 1):
        for number, text in enumerate(texts):
            sheet, (row, column) = number // places.cards, divmod(number % places.cards, places.columns)
            if side:
                column = places.columns - 1 - column
            page = 2 * sheet + side
            if page >= len(seen) or seen[page].pop((row, column), None) != [text]:
                where = f"card {number + 1}, {'behind' if side else 'in front'}"
                raise PrintError(f"{where}: its code on the sheet does not read back as the card: nothing was issued")
    if any(seen):
        raise PrintError("the sheets show a code that is not of these cards: nothing was issued")


def _seen(page: pypdfium2.PdfPage, places: Grid) -> dict[Cell | None, list[str]]:
    """The texts on a page by the place where they stand; a place that shows none is looked at more closely."""
    found: dict[Cell | None, list[str]] = {}
    boxes = {(row, column): places.box((row, column)) for row in range(places.rows) for column in range(places.columns)}
    for text, x, y in codes(page, READ_DPI):
        cell = next((cell for cell, box in boxes.items() if box[0] <= x <= box[2] and box[1] <= y <= box[3]), None)
        found.setdefault(cell, []).append(text)
    for cell, box in boxes.items():
        if cell not in found and (closer := codes(page, CLOSER_DPI, box)):
            found[cell] = [code.text for code in closer]
    return found


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
