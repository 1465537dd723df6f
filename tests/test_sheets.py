"""Sheets of cards: each card behind itself, away from the cuts, tagged, the same bytes each time, and refused where a code is wrong."""

import io
import json
import re
import subprocess
from collections import Counter
from datetime import date
from functools import cache
from itertools import product
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from benchmarks.families import families
from healthcard import symbol
from healthcard.card import Card
from healthcard.errors import PrintError, RecordError
from healthcard.printing import layout, sheets
from healthcard.printing.rendering import render
from healthcard.printing.sheets import PAPER_MM, Grid, Look, grid
from healthcard.printing.templates import find
from tests.world import World

DPI = 200
MM = DPI / 25.4
FORMATS = [name for name in ("a7", "id1") if name in layout.templates()]
every_format = pytest.mark.parametrize("template", FORMATS)


@cache
def cards(count: int) -> list[Card]:
    """Different cards of synthetic families, in the languages that stand from left to right."""
    world, made = World.build(date(2026, 11, 20)), []
    for record in families(4 * count):
        try:
            made.append(world.issue(record.model_copy(update={"language": ("es", "ht", "fr", "pt", "en")[len(made) % 5]})))
        except RecordError:
            continue
        if len(made) == count:
            break
    return made


@cache
def sheet_pdf(count: int, template: str = "a7") -> bytes:
    return sheets.sheets(cards(count), Look(template))


def pages(pdf: bytes, dpi: int = DPI) -> list[Image.Image]:
    document = pypdfium2.PdfDocument(pdf)
    return [page.render(scale=dpi / 72, grayscale=True).to_pil() for page in document]


def letters(pdf: bytes, page: int | None = None) -> Counter[str]:
    """How often each stands there; another program takes lines that go up the paper apart at other places than those that lie."""
    limits = [] if page is None else ["-f", str(page), "-l", str(page)]
    run = subprocess.run(["pdftotext", "-raw", *limits, "-", "-"], input=pdf, capture_output=True, check=True)
    return Counter("".join(run.stdout.decode().split()))


def codes(page: Image.Image) -> dict[str, zxingcpp.Position]:
    return {code.text: code.position for code in zxingcpp.read_barcodes(page, zxingcpp.BarcodeFormat.QRCode)}


def corners(position: zxingcpp.Position) -> list[tuple[float, float]]:
    """In mm: those of its three finder patterns, then the fourth."""
    found = (position.top_left, position.top_right, position.bottom_left, position.bottom_right)
    return [(corner.x / MM, corner.y / MM) for corner in found]


def middle(position: zxingcpp.Position) -> tuple[float, float]:
    xs, ys = zip(*corners(position), strict=True)
    return sum(xs) / 4, sum(ys) / 4


def cell_of(places: Grid, x: float, y: float) -> tuple[int, int]:
    [cell] = [c for c in product(range(places.rows), range(places.columns)) if (b := places.box(c))[0] < x < b[2] and b[1] < y < b[3]]
    return cell


# Where cards stand


@every_format
def test_a_back_stands_behind_its_front_when_the_sheet_is_turned_on_its_long_edge(template: str) -> None:
    places = grid(Look(template))
    found = cards(places.cards + 2)
    shown = pages(sheet_pdf(len(found), template))
    assert len(shown) == 4
    for number, card in enumerate(found):
        front, back = (codes(page)[card.text] for page in shown[number // places.cards * 2 :][:2])
        x, y = middle(back)
        assert cell_of(places, *middle(front)) == cell_of(places, PAPER_MM[0] - x, y) == divmod(number % places.cards, places.columns)


def test_an_a7_card_is_turned_on_its_own_long_edge_so_that_its_codes_lie_on_different_halves() -> None:
    card, places = cards(8)[0], grid(Look())
    front, back = (codes(page)[card.text] for page in pages(sheet_pdf(8))[:2])
    left, _, right, _ = places.box((0, 0))
    fold = (left + right) / 2  # the card lies on its side
    assert middle(front)[0] > fold and PAPER_MM[0] - middle(back)[0] < fold
    (one, two, *_), (other, another, *_) = corners(front), corners(back)  # along the upper edge of each symbol
    assert one[1] - two[1] > 20 and another[1] - other[1] > 20  # in front it goes up the paper, behind down


@every_format
def test_a_code_with_its_quiet_zone_is_three_millimetres_away_from_every_cut(template: str) -> None:
    places = grid(Look(template))
    for page in pages(sheet_pdf(places.cards, template)):
        found = codes(page)
        assert len(found) == places.cards
        for text, position in found.items():
            xs, ys = zip(*corners(position), strict=True)
            left, top, right, bottom = places.box(cell_of(places, *middle(position)))
            nearest = min(min(xs) - left, min(ys) - top, right - max(xs), bottom - max(ys))
            quiet = 4 * (max(xs) - min(xs)) / symbol.symbol(text, 40, find(template).dpi).modules  # type: ignore[arg-type]
            assert nearest - quiet > 3 - 0.15  # half a pixel of each


@every_format
def test_marks_stand_on_every_cut_at_the_edges_of_the_paper(template: str) -> None:
    places = grid(Look(template))
    page = pages(sheet_pdf(places.cards, template))[0]
    boxes = [places.box(cell) for cell in product(range(places.rows), range(places.columns))]
    across, down = {x for box in boxes for x in (box[0], box[2])}, {y for box in boxes for y in (box[1], box[3])}

    def dark(x: float, y: float) -> bool:
        around = page.crop((round((x - 0.4) * MM), round((y - 0.4) * MM), round((x + 0.4) * MM), round((y + 0.4) * MM)))
        return around.getextrema()[0] < 220

    inside = [x for x in across if 1 < x < PAPER_MM[0] - 1], [y for y in down if 1 < y < PAPER_MM[1] - 1]
    assert all(dark(x, 5) and dark(x, PAPER_MM[1] - 5) for x in inside[0])
    assert all(dark(5, y) and dark(PAPER_MM[0] - 5, y) for y in inside[1])


@every_format
def test_a_card_says_the_same_on_a_sheet_as_alone(template: str) -> None:
    found = cards(3)
    alone = sum((letters(render(card, template)) for card in found), Counter())
    assert letters(sheet_pdf(3, template)) == alone


# Many sheets


def test_sheets_of_several_compiles_are_one_tagged_document(monkeypatch: pytest.MonkeyPatch) -> None:
    found = cards(20)
    at_once = sheets.sheets(found)
    monkeypatch.setattr(sheets, "SHEETS_AT_ONCE", 1)
    pdf = sheets.sheets(found)
    assert [letters(pdf, page) for page in range(1, 7)] == [letters(at_once, page) for page in range(1, 7)]
    with pikepdf.open(io.BytesIO(pdf)) as document:
        assert not document.check_pdf_syntax()
        tags = document.Root.StructTreeRoot
        numbered = dict(zip(map(int, tags.ParentTree.Nums[::2]), tags.ParentTree.Nums[1::2], strict=True))
        assert [int(page.obj.StructParents) for page in document.pages] == sorted(numbered)[:6] == list(range(6))
        assert int(tags.ParentTreeNextKey) > max(numbered)
        for page in document.pages:
            assert {element.Pg.objgen for element in numbered[int(page.obj.StructParents)]} == {page.obj.objgen}
        assert len(tags.K) == 1
        with pikepdf.open(io.BytesIO(at_once)) as single:
            assert tagged(tags.K[0]) == tagged(single.Root.StructTreeRoot.K[0]) + Counter({"/Part": 2})
        about = document.Root.Metadata.read_bytes()
        assert b"<xmpTPg:NPages>6<" in about and b"<pdfuaid:part>1<" in about and b"<pdfaid:part>2<" in about


def tagged(element: pikepdf.Object) -> Counter[str]:
    """How many elements of each kind hang below one; every one names it as its parent."""
    found: Counter[str] = Counter()
    below = element.get("/K", [])
    for child in below if isinstance(below, pikepdf.Array) else [below]:
        if isinstance(child, pikepdf.Dictionary) and "/S" in child:
            assert child.P.objgen == element.objgen
            found += tagged(child) + Counter([str(child.S)])
    return found


def test_the_same_cards_give_the_same_bytes_after_others_were_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "SHEETS_AT_ONCE", 1)
    first = sheets.sheets(cards(12))
    sheets.sheets(cards(20)[12:])
    assert sheets.sheets(cards(12)) == first


def test_what_typst_remembers_of_a_sheet_is_let_go() -> None:
    """Else five hundred cards take more than a gigabyte."""

    def megabytes() -> float:
        sheets.sheets(cards(20)[len(held) % 2 * 8 :][:8])
        return int(re.findall(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())[0]) / 1024

    held: list[float] = []
    for _ in range(6):
        held.append(megabytes())
    assert held[-1] - held[1] < 30


# What is refused


def test_a_code_that_is_not_its_cards_is_refused() -> None:
    one, other, *_ = cards(3)
    faces = [json.loads(json.dumps(sheets.face_data(card, Look()))) for card in (one, other)]
    faces[1]["code_svg"] = faces[0]["code_svg"]
    with pytest.raises(PrintError, match="nothing was issued"):
        sheets.composed([one.text, other.text], faces, Look())


def test_two_cards_that_stand_in_each_others_place_are_refused() -> None:
    one, other, *_ = cards(3)
    with pytest.raises(PrintError, match="nothing was issued"):
        sheets.composed([other.text, one.text], [sheets.face_data(card, Look()) for card in (one, other)], Look())


def test_a_sheet_that_lacks_a_card_or_shows_one_more_is_refused() -> None:
    pdf, texts = sheet_pdf(3), [card.text for card in cards(3)]
    sheets.check_scan(pdf, texts, grid(Look()))
    for wrong in (texts[:2], [*texts, cards(4)[3].text], texts[::-1], [*texts, *(card.text for card in cards(20))]):
        with pytest.raises(PrintError, match="nothing was issued"):
            sheets.check_scan(pdf, wrong, grid(Look()))


def test_a_format_that_does_not_go_on_sheets_is_refused() -> None:
    for template in ("nothing", "poster", "a6"):
        with pytest.raises(PrintError):
            sheets.sheets(cards(3), Look(template))
