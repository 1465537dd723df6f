"""The check scan: is a print whole, full size and strong enough to be handed over?

    proof(pdf, card.text)                               # before printing: reads even from a poor printer, or PrintError
    results = check({"scan.png": data}, card.text, template)   # at the desk: scans or photos of what came out of the printer
    good = all(result.passed for result in results)

What a picture can't show is never taken for granted. A printer that scales shrinks code, quiet zone, ruler and words alike: inside the
print nothing tells, so full size needs a measure from outside it: the dots per inch of a flatbed scanner, the cut edges of the card where
they are the edges of the picture, or what a ruler of the desk shows for the 50 mm printed on the card, or for its code where a template
has no room for them (docs/check-scan.md). A card of two sides is whole only once both were seen.
"""

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageStat

from healthcard import picture
from healthcard.errors import PictureError, PrintError
from healthcard.finders import pixels_of, projection
from healthcard.picture import Seen
from healthcard.printing.templates import Template
from healthcard.symbol import Symbol, symbol

RULER_MM: Final = 50.0
MM_PER_INCH: Final = 25.4
LEAST_SIZE: Final = 0.98  # of full size; "fit to page" of usual printers gives 0.94 to 0.97
MOST_SIZE: Final = 1.03
PLAUSIBLE: Final = (0.85, 1.15)  # a size further off is no print of this template, but a measure that does not belong to it
SCANNER_DPI: Final = 150  # less is a screen's or a camera's word, not a scanner's
SQUARE: Final = 0.015  # by which the sides of a symbol may differ in a flatbed scan
LEAST_CONTRAST: Final = 0.60  # how much darker than paper black is, in grey levels of the picture
MOST_MISSING: Final = 0.03  # share of modules that look like the other kind
QUIET: Final = 4  # modules (ISO/IEC 18004 section 9.1)
MOST_INK: Final = 0.02  # share of the quiet zone of one side
_SAMPLES: Final = 4  # pixels along a module
PROOF_SCALE, PROOF_SPECKS, PROOF_SPECK_MM = 0.96, 0.02, (0.2, 0.5)
PROOF_BLACK, PROOF_SPREAD_MM = 110, 0.06  # faint toner, and what spreads of it


@dataclass(frozen=True)
class Result:
    """One check: `name` is its word, `place` the page or side, `measured` what was found, `advice` what to do if it did not pass."""

    name: str
    passed: bool
    place: str
    measured: str
    advice: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.place}: {self.measured}" + (f": {self.advice}" if self.advice else "")

    def to_json(self) -> dict[str, Any]:
        return {"check": self.name, "passed": self.passed, "place": self.place, "measured": self.measured, "advice": self.advice}


def proof(made: bytes | Image.Image, text: str) -> None:
    """Raises PrintError unless every code of a rendered PDF or picture reads as `text`, and reads so from a poor print of it too.

    The printer simulated shrinks to 96 %, spreads and loses toner, and prints faint: what passes has a margin.
    """
    seen = picture.codes(made)
    if not seen or any(code.text != text for code in seen):
        raise PrintError("the printed code does not read back as the card: nothing was issued")
    for code in seen:
        poor = _poor_print(_cut_out(code), code.dpi or SCANNER_DPI)
        if {found.text for found in picture.codes(poor)} != {text}:
            raise PrintError("the code would not read from a poor print: take a template with a larger code, or a printer of more dpi")


def check(
    pictures: Mapping[str, bytes | Image.Image], text: str, template: Template, *, sides: int = 0, dpi: float | None = None,
    ruler_mm: float | None = None,
) -> list[Result]:  # fmt: skip
    """What pictures of the print show, by their names, check by check and code by code; it may be handed over when all have passed.

    `sides` have been seen before and are well; `dpi` is the scanner's, where the file does not say it; `ruler_mm` is what a ruler shows
    for the printed 50 mm, of a template without them for the code from black edge to black edge. Raises PictureError, and PrintError for
    a template without a code.
    """
    if not template.code_mm:
        raise PrintError(f"template {template.name} has no code: there is nothing to check")
    results: list[Result] = []
    for name, taken in pictures.items():
        try:
            seen = picture.codes(taken)
        except PictureError as error:
            raise PictureError(f"{name}: {error}") from None
        results += _codes(seen, name, f"{name}, " if len(pictures) > 1 else "", text, template, dpi, ruler_mm)
    sides += number_of_codes(results)
    if sides < template.pages and all(result.passed for result in results if result.name == "bytes"):
        results.append(Result("sides", False, "card", f"{sides} of {template.pages} sides", "look at the other side too"))
    return results


def number_of_codes(results: Iterable[Result]) -> int:
    """How many codes of the card were read: one stands on each of its sides."""
    return sum(result.name == "bytes" and result.passed for result in results)


def _codes(
    seen: list[Seen], name: str, place: str, text: str, template: Template, dpi: float | None, ruler_mm: float | None
) -> Iterator[Result]:
    if not seen:
        yield Result("bytes", False, name, "no code that can be read",
                     "take the picture closer, flat and in even light; if it fails again, print the card again")  # fmt: skip
    elif others := sum(code.text != text for code in seen):
        yield Result("bytes", False, name, f"{others} of {len(seen)} codes are not this card",
                     "keep the prints apart and give the text file of the very card that was printed; if the other side of this one is"
                     " another's, print the sheet again, turned on the long edge")  # fmt: skip
    else:
        for number, code in enumerate(seen, 1):
            at = f"{place}code {number}" if len(seen) > 1 else f"{place}code"
            yield Result("bytes", True, at, "the very same")
            yield _size(code, at, template, dpi, ruler_mm)
            yield from _ink(code, at, template)


# --- full size -----------------------------------------------------------------------------------------------------


def _size(code: Seen, place: str, template: Template, dpi: float | None, ruler_mm: float | None) -> Result:
    """Full size, by the first measure from outside the print that there is."""
    found = _measures(code, template, dpi, ruler_mm)
    for by, size in found:
        if ruler_mm or dpi or PLAUSIBLE[0] <= size <= PLAUSIBLE[1]:
            measured = f"{size:.1%} of full size by {by}".replace("%", " %")
            if size < LEAST_SIZE:
                return Result("size", False, place, measured, "print again at 100 % (\"actual size\"), without \"fit to page\"")
            if size > MOST_SIZE:
                return Result("size", False, place, measured, "print again at 100 % (\"actual size\"), without \"fill the page\"")
            return Result("size", True, place, measured)
    measure = "the 50 mm on the card" if template.ruler else f"the code, {_ruled_mm(code, template):.1f} mm from black edge to black edge,"
    return Result("size", False, place, "a photo does not show it",
                  f"hold a ruler to {measure} and give --ruler-mm, or scan it on a flatbed scanner and give --dpi")  # fmt: skip


def _measures(code: Seen, template: Template, dpi: float | None, ruler_mm: float | None) -> Iterator[tuple[str, float]]:
    if ruler_mm:
        yield "the ruler", ruler_mm / _ruled_mm(code, template)
    side = _flat_side(code)
    if side is None:
        return
    full = _symbol_mm(code.text, template)
    if dpi:
        yield f"{dpi:g} dpi", side / dpi * MM_PER_INCH / full
    if code.dpi and code.dpi >= SCANNER_DPI:
        yield f"the {code.dpi:.0f} dpi of the file", side / code.dpi * MM_PER_INCH / full
    if template.height_mm:
        long, short = max(code.page.size), min(code.page.size)
        edge, other = max(template.width_mm, template.height_mm), min(template.width_mm, template.height_mm)
        if abs(long / short * other / edge - 1) < SQUARE / 2:
            yield "the edges of the card", side / long * edge / full


def _ruled_mm(code: Seen, template: Template) -> float:
    """What a ruler is held to: the printed 50 mm, or where there are none the code without its quiet zone."""
    return RULER_MM if template.ruler else _symbol_mm(code.text, template)


def _flat_side(code: Seen) -> float | None:
    """Side of the symbol in pixels; None where it was not seen straight from above, as on a flatbed scanner."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = code.corners
    sides = [abs(complex(x, y)) for x, y in ((bx - ax, by - ay), (cx - bx, cy - by), (dx - cx, dy - cy), (ax - dx, ay - dy))]
    diagonals = [abs(complex(cx - ax, cy - ay)), abs(complex(dx - bx, dy - by))]
    flat = max(sides) < (1 + SQUARE) * min(sides) and max(diagonals) < (1 + SQUARE) * min(diagonals)
    return sum(sides) / 4 if flat else None


def _symbol_mm(text: str, template: Template) -> float:
    """Printed side of the symbol without its quiet zone."""
    made = _expected(text, template)
    return made.module_mm(made.printed_mm(template.code_mm, template.dpi)) * made.modules


def _expected(text: str, template: Template) -> Symbol:
    return symbol(text, template.code_mm, template.dpi)


# --- ink -----------------------------------------------------------------------------------------------------------


def _ink(code: Seen, place: str, template: Template) -> Iterator[Result]:
    """Contrast, missing toner and the quiet zone, module by module against the symbol that was meant."""
    made = _expected(code.text, template)
    side = made.modules
    c = projection([(0, 0), (side, 0), (side, side), (0, side)], code.corners)
    wide = (side + 2 * QUIET) * _SAMPLES
    place_on_page = pixels_of(c, -QUIET, -QUIET, 1 / _SAMPLES)
    seen = code.page.transform((wide, wide), Image.Transform.PERSPECTIVE, place_on_page, Image.Resampling.BICUBIC).reduce(_SAMPLES)
    meant = made.image(1).convert("L")
    dark, light = (_middle(seen, _inner(meant, dark)) for dark in (True, False))
    contrast = max(0.0, (light - dark) / max(light, 1))
    measured = f"{contrast:.0%} darker than paper".replace("%", " %")
    faint = contrast < LEAST_CONTRAST
    advice = "change the toner or ink, switch off its saving mode and print again (in a photo: more and even light)"
    yield Result("contrast", not faint, place, measured, advice if faint else "")
    yield _missing(seen, meant, place)
    yield _quiet_zone(seen, place, dark)


def _missing(seen: Image.Image, meant: Image.Image, place: str) -> Result:
    """Modules that look like the other kind, by the grey around them."""
    around = seen.filter(ImageFilter.BoxBlur(4))
    wrong = [
        (value < mean) != (want == 0)
        for value, mean, want in zip(seen.tobytes(), around.tobytes(), meant.tobytes(), strict=True)
    ]
    side = seen.width
    inside = [wrong[y * side + x] for y in range(QUIET, side - QUIET) for x in range(QUIET, side - QUIET)]
    share = sum(inside) / len(inside)
    measured = f"{share:.1%} of the modules are not as printed".replace("%", " %")
    advice = "clean the printer or the glass; if white specks or dark streaks stay, change the toner and print again"
    return Result("damage", share <= MOST_MISSING, place, measured, "" if share <= MOST_MISSING else advice)


def _quiet_zone(seen: Image.Image, place: str, dark: float) -> Result:
    """Nothing stands within four modules of the symbol, on any side."""
    side = seen.width
    paper = seen.filter(ImageFilter.MaxFilter(2 * QUIET + 5))  # the lightest near each module: light falls unevenly on a photo
    ink = ImageChops.subtract(seen.point(lambda value: value - dark), paper.point(lambda value: 0.6 * (value - dark)))
    strips = {"on the left": (0, 0, QUIET, side), "on the right": (side - QUIET, 0, side, side),
              "above": (0, 0, side, QUIET), "below": (0, side - QUIET, side, side)}  # fmt: skip
    for name, box in strips.items():
        strip = ink.crop(box).tobytes()
        if strip.count(0) > MOST_INK * len(strip):
            measured = f"not white {name} of the code, or the picture ends there"
            advice = "cut further out, print without the mark, or take the picture with more around the code"
            return Result("quiet-zone", False, place, measured, advice)
    return Result("quiet-zone", True, place, "free on every side")


def _inner(meant: Image.Image, dark: bool) -> Image.Image:
    """Modules of one kind among their like, where blur of the camera does not reach."""
    spread = meant.filter(ImageFilter.MaxFilter(3) if dark else ImageFilter.MinFilter(3))
    return spread.point(lambda value: 255 * ((value == 0) if dark else (value == 255)))


def _middle(seen: Image.Image, mask: Image.Image) -> float:
    return float(ImageStat.Stat(seen, mask).median[0])


# --- the poor printer ----------------------------------------------------------------------------------------------


def _cut_out(code: Seen) -> Image.Image:
    """The code with a little more than its quiet zone."""
    xs, ys = zip(*code.corners, strict=True)
    margin = (max(xs) - min(xs)) / 10
    return code.page.crop((int(min(xs) - margin), int(min(ys) - margin), int(max(xs) + margin), int(max(ys) + margin)))


def _poor_print(code: Image.Image, dpi: float) -> Image.Image:
    """A code as a printer leaves it that scales to 96 %, spreads its toner, prints faint and leaves specks out; alike each time."""
    size = max(1, round(code.width * PROOF_SCALE)), max(1, round(code.height * PROOF_SCALE))
    printed = code.resize(size, Image.Resampling.BICUBIC).point(lambda value: 255 if value > 127 else 0)  # a dot is black or not there
    draw, chance = ImageDraw.Draw(printed), random.Random(0)
    area, dot = 0.0, dpi / MM_PER_INCH
    while area < PROOF_SPECKS * size[0] * size[1]:
        radius = chance.uniform(*PROOF_SPECK_MM) / 2 * dot
        x, y = chance.uniform(0, size[0]), chance.uniform(0, size[1])
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
        area += 3.14 * radius * radius
    spread = printed.filter(ImageFilter.GaussianBlur(PROOF_SPREAD_MM * dot))
    return spread.point(lambda value: PROOF_BLACK + value * (255 - PROOF_BLACK) // 255)
