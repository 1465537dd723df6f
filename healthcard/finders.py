"""Symbols that a plain reader does not find: finder patterns by their look, then the modules straightened and the fixed patterns mended.

    for symbol in mended(page): ...                        # a small clean picture each, likeliest first

A reader of QR symbols needs all three finder patterns whole, though they are not protected by error correction; a spot on one of them
hides a code whose data are all there. Here two are enough: the third is where geometry wants it, and where the card is not flat or is held
at a slant, the alignment patterns lead to it. Every module is averaged, so that specks weigh less than a module; finders, timing and
alignment patterns are drawn anew.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations, product
from typing import Any

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageMath
from qrcode import util  # type: ignore[import-untyped]

_COARSE, _FINE = 3, 5  # pixels a module has where finders are looked for, and where one is measured; odd, for a window has a middle
_SMALLEST, _STEP, _LARGEST = 2.0, 1.28, 24.0  # sizes of modules looked for, in pixels of the view
_PIXELS = 600_000  # of the view that is looked at
_TURNS = (0, 30, 60)  # degrees; a finder is known as such when it is turned by up to 15
_LIKE = 45  # hundredths; finders on poor pictures have 55 and more
_KEPT = 8  # finders looked at together
_WHOLE, _GUESSED = 3, 18  # squares measured; two finders give six of the latter
_TRIED = 9  # of them
_IN_TIME = 0.62  # share of the timing patterns; half of them by chance
_SAMPLES = 4  # pixels along a module when it is averaged
_QUIET = 4
_SHARES = (0.82, 0.88, 0.94, 1.0, 1.06, 1.13, 1.2)  # of a rough size of module
_CLEAR = 60  # likeness of an alignment pattern that is believed; it is smaller than a finder, so that others look like it
_ASTRAY = 2.0  # modules that one may lie from where its neighbours want it
_NOISE = 6  # grey levels that differ without a meaning

Point = tuple[float, float]


@dataclass(frozen=True)
class Finder:
    """A place that looks like a finder pattern: its centre and the size of a module in pixels, and how much it looks like one."""

    x: float
    y: float
    module: float
    likeness: float


@dataclass(frozen=True)
class Mended:
    """A straightened symbol as a clean picture, and its four corners on the page, clockwise from the top left."""

    picture: Image.Image
    corners: tuple[Point, Point, Point, Point]


def mended(page: Image.Image) -> Iterator[Mended]:
    """Symbols that may stand on a grey page, the likeliest first; most of them are none."""
    if min(page.size) < 21:
        return
    factor = min(2.0, math.sqrt(_PIXELS / (page.width * page.height)))
    size = max(1, round(page.width * factor)), max(1, round(page.height * factor))
    small = page.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)
    for turn in _TURNS:
        if turn and (small.width + small.height) ** 2 > 8 * _PIXELS:  # a strip, which would be mostly corners
            continue
        view = small.rotate(turn, Image.Resampling.BICUBIC, expand=True, fillcolor=128) if turn else small
        back = _turned(small.size, view.size, turn)
        known: dict[tuple[Finder, float], Finder] = {}
        exact = [_exact(view, corners, known) for corners in _squares(view, _finders(view))]
        for corners in sorted(exact, key=_likeness)[:_TRIED]:
            for symbol in _straightened(view, corners):
                places = [project(back, *corner) for corner in symbol.corners]
                yield Mended(symbol.picture, tuple((x / factor, y / factor) for x, y in places))  # type: ignore[arg-type]


def _turned(size: tuple[int, int], turned: tuple[int, int], degrees: float) -> tuple[float, ...]:
    """Coefficients that lead from a picture turned to the left, with all its corners, back to the picture."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    (w, h), (wide, high) = (size[0] / 2, size[1] / 2), (turned[0] / 2, turned[1] / 2)
    return (cosine, -sine, w - cosine * wide + sine * high, sine, cosine, h - sine * wide - cosine * high, 0, 0)


# --- finder patterns -----------------------------------------------------------------------------------------------


def _finders(page: Image.Image) -> list[Finder]:
    """Places that look like finder patterns, the likeliest first."""
    found: list[Finder] = []
    module = _SMALLEST
    while module <= min(_LARGEST, min(page.size) / 21):
        factor = _COARSE / module
        view = page.resize((round(page.width * factor), round(page.height * factor)), Image.Resampling.BICUBIC, reducing_gap=2.0)
        found += [Finder(x / factor, y / factor, module, like) for x, y, like in _peaks(_rings(view, _COARSE, 3))]
        module *= _STEP
    kept: list[Finder] = []
    for one in sorted(found, key=lambda one: -one.likeness):
        if len(kept) < _KEPT and all(math.dist((one.x, one.y), (other.x, other.y)) > 4 * other.module for other in kept):
            kept.append(one)
    return kept


def _rings(view: Image.Image, module: int, core: int) -> Image.Image:
    """How much each place looks like the centre of a dark square of `core` modules, a light ring and a dark one, each a module wide.

    In hundredths of the contrast around it: a clean finder has nearly 100.
    """
    sides = {"inner": core, "middle": core + 2, "outer": core + 4}
    means = {name: view.filter(ImageFilter.BoxBlur((side * module - 1) / 2)) for name, side in sides.items()}
    wide = ImageFilter.BoxBlur(((core + 6) * module - 1) / 2)
    means["deviation"] = ImageChops.difference(view, view.filter(wide)).filter(wide)
    i, m, o = (side * side for side in sides.values())

    def score(given: dict[str, Any]) -> Any:
        inner, middle, outer = (given["float"](given[name]) for name in sides)
        light, dark = (middle * m - inner * i) / (m - i), (outer * o - middle * m) / (o - m)
        return given["convert"]((light - (dark + inner) / 2) * 50 / (given["float"](given["deviation"]) + _NOISE), "L")

    rings: Image.Image = ImageMath.lambda_eval(score, **means)
    return rings


def _peaks(rings: Image.Image) -> Iterator[tuple[float, float, float]]:
    """Local maxima that look like a finder, and how much."""
    near = rings
    for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        near = ImageChops.lighter(near, ImageChops.offset(rings, x, y))
    top = ImageChops.subtract(near, rings).point(lambda lack: 0 if lack else 255)
    likeness, strong = rings.tobytes(), ImageChops.darker(top, rings.point(lambda value: 255 if value >= _LIKE else 0)).tobytes()
    at = strong.find(b"\xff")
    while at >= 0:
        y, x = divmod(at, rings.width)
        yield x + 0.5, y + 0.5, likeness[at]
        at = strong.find(b"\xff", at + 1)


def _measured(page: Image.Image, rough: Finder, reach: float = 1.5, angle: float = 0.0) -> Finder:
    """The likeliest finder, turned by `angle`, within `reach` modules of a rough one, as exactly as the picture allows."""
    best = Finder(rough.x, rough.y, rough.module, 0)
    for share in _SHARES:
        pixel = rough.module * share / _FINE
        side = round(2 * (reach + 6) * rough.module / pixel)
        a, b = pixel * math.cos(angle), pixel * math.sin(angle)
        place = (a, -b, rough.x - (a - b) * side / 2, b, a, rough.y - (a + b) * side / 2)
        view = page.transform((side, side), Image.Transform.AFFINE, place, Image.Resampling.BILINEAR)
        x, y, most = _summit(_rings(view, _FINE, 3), reach * _FINE)
        if most > best.likeness:
            best = Finder(a * x - b * y + place[2], b * x + a * y + place[5], rough.module * share, most)
    return best


def _summit(rings: Image.Image, reach: float) -> tuple[float, float, float]:
    """The highest place within `reach` of the middle, and how high it is."""
    left, top = int(rings.width / 2 - reach), int(rings.height / 2 - reach)
    near = rings.crop((left, top, rings.width - left, rings.height - top))
    most: int = near.getextrema()[1]  # type: ignore[assignment]
    points = [divmod(at, near.width) for at, value in enumerate(near.tobytes()) if value >= 0.97 * most]
    return left + sum(x for _, x in points) / len(points) + 0.5, top + sum(y for y, _ in points) / len(points) + 0.5, most


# --- squares of three finders --------------------------------------------------------------------------------------

_Corners = tuple[Finder, Finder, Finder]  # top left, top right, bottom left


def _squares(page: Image.Image, found: Sequence[Finder]) -> list[_Corners]:
    """Three finders each that can belong together; where only two do, the third where it must be; the likeliest first."""
    whole = [(a, b, c) for three in combinations(found, 3) for a, b, c in permutations(three) if _is_square(a, b, c)]
    guessed: list[_Corners] = []
    for one, other in combinations(found, 2):
        module = (one.module + other.module) / 2
        if not 0.75 < one.module / other.module < 1.34:
            continue
        for first, second in ((one, other), (other, one)):
            x, y = second.x - first.x, second.y - first.y
            for place, (dx, dy) in enumerate(((-y, x), (y, -x), ((x + y) / 2, (y - x) / 2))):
                third = Finder(first.x + dx, first.y + dy, module, 0)
                corners = ((first, second, third), (first, third, second), (third, second, first))[place]
                if 0 < third.x < page.width and 0 < third.y < page.height and _is_square(*corners):
                    guessed.append(corners)
    return sorted(whole, key=_likeness)[:_WHOLE] + sorted(guessed, key=_likeness)[:_GUESSED]


def _likeness(corners: _Corners) -> float:
    return -sum(one.likeness for one in corners)


def _exact(page: Image.Image, corners: _Corners, known: dict[tuple[Finder, float], Finder]) -> _Corners:
    """The same finders measured along their own sides, or as `known`; a guessed one stays where it was if nothing is seen near it."""
    corner, right, below = corners
    angle = math.atan2(right.y - corner.y + corner.x - below.x, right.x - corner.x + below.y - corner.y)
    quarter = round(angle % (math.pi / 2), 2)  # a finder turned by a quarter looks the same
    for one in corners:
        if (one, quarter) not in known:
            seen = _measured(page, one, 1.5 if one.likeness else 3.0, quarter)
            known[one, quarter] = seen if one.likeness or seen.likeness >= _LIKE else one
    corner, right, below = (known[one, quarter] for one in corners)
    return corner, right, below


def _is_square(corner: Finder, right: Finder, below: Finder) -> bool:
    u, v = (right.x - corner.x, right.y - corner.y), (below.x - corner.x, below.y - corner.y)
    across, down = math.hypot(*u), math.hypot(*v)
    modules = sorted(one.module for one in (corner, right, below))
    return (
        modules[2] < 1.4 * modules[0]
        and 0.75 < across / max(down, 1) < 1.34
        and u[0] * v[1] - u[1] * v[0] > 0.95 * across * down
        and 12 < (across + down) / 2 / modules[1] < 185
    )


# --- modules -------------------------------------------------------------------------------------------------------


def _straightened(page: Image.Image, corners: _Corners) -> Iterator[Mended]:
    """The symbol with these finders, for the version that its size tells and those next to it."""
    corner, right, below = corners
    modules = [one.module for one in corners if one.likeness]
    if not modules:
        return
    distance = (math.dist((corner.x, corner.y), (right.x, right.y)) + math.dist((corner.x, corner.y), (below.x, below.y))) / 2
    estimate = (distance / (sum(modules) / len(modules)) + 7 - 17) / 4
    versions = [version for version in range(round(estimate) - 1, round(estimate) + 2) if 1 <= version <= 40]
    for version in sorted(versions, key=lambda version: abs(version - estimate)):
        side = 17 + 4 * version
        far = side - 3.5
        three, seen = ((3.5, 3.5), (far, 3.5), (3.5, far)), [(one.x, one.y) for one in corners]
        to_page = projection([*three, (far, far)], [*seen, (right.x + below.x - corner.x, right.y + below.y - corner.y)])
        last = side - 6.5
        yield from _flat(page, to_page, version)
        if version > 1:
            x, y, _ = _alignment(page, to_page, last, last, 4.0)
            yield from _flat(page, projection([*three, (last, last)], [*seen, (x, y)]), version)
        if version > 6:
            yield from _bent(page, to_page, version, corners)


def _flat(page: Image.Image, to_page: Sequence[float], version: int) -> Iterator[Mended]:
    """The symbol of such corners and version."""
    side = 17 + 4 * version
    size = side * _SAMPLES
    grey = page.transform((size, size), Image.Transform.PERSPECTIVE, pixels_of(to_page, 0, 0, 1 / _SAMPLES), Image.Resampling.BICUBIC)
    top_left, top_right, bottom_right, bottom_left = (project(to_page, x, y) for x, y in ((0, 0), (side, 0), (side, side), (0, side)))
    yield from _symbol(grey, version, (top_left, top_right, bottom_right, bottom_left))


def _bent(page: Image.Image, to_page: Sequence[float], version: int, corners: _Corners) -> Iterator[Mended]:
    """The symbol as its alignment patterns lie, a piece between four of them at a time."""
    side, lines = 17 + 4 * version, [at + 0.5 for at in util.pattern_position(version)]
    last = len(lines) - 1
    drift = _drift(page, to_page, lines, corners)
    if not drift:
        return
    edges = [0.0, *lines[1:-1], float(side)]

    def place(i: int, j: int) -> Point:
        x, y = project(to_page, edges[i], edges[j])
        return x + drift[i, j][0], y + drift[i, j][1]

    mesh = []
    for i, j in product(range(last), repeat=2):
        box = tuple(round(edge * _SAMPLES) for edge in (edges[i], edges[j], edges[i + 1], edges[j + 1]))
        mesh.append((box, (*place(i, j), *place(i, j + 1), *place(i + 1, j + 1), *place(i + 1, j))))
    grey = page.transform((side * _SAMPLES, side * _SAMPLES), Image.Transform.MESH, mesh, Image.Resampling.BICUBIC)
    yield from _symbol(grey, version, (place(0, 0), place(last, 0), place(last, last), place(0, last)))


_Drift = dict[tuple[int, int], Point]  # by column and row of the alignment patterns, the finders in three corners


def _drift(page: Image.Image, to_page: Sequence[float], lines: Sequence[float], corners: _Corners) -> _Drift:
    """How far each alignment pattern lies from where a flat card has it, the next to the finders first; empty where most are not seen."""
    last = len(lines) - 1
    finders = ((0, 0), (last, 0), (0, last))
    drift: _Drift = {place: (0.0, 0.0) for place, one in zip(finders, corners, strict=True) if one.likeness}
    seen, missed = tuple(drift), 0
    nodes = [(i, j) for i in range(last + 1) for j in range(last + 1)]
    for node in sorted(nodes, key=lambda node: min(math.dist(node, one) for one in seen)):
        if node in drift:
            continue
        drift[node] = dx, dy = _expected(drift, *node)
        if node in finders:
            continue
        at = lines[node[0]], lines[node[1]]
        x, y, likeness = _alignment(page, (*to_page[:2], to_page[2] + dx, *to_page[3:5], to_page[5] + dy, *to_page[6:]), *at, _ASTRAY)
        if likeness >= _CLEAR:
            flat = project(to_page, *at)
            drift[node] = x - flat[0], y - flat[1]
        else:
            missed += 1
        if missed > 2 and 2 * missed > len(drift):
            return {}
    return drift


def _expected(drift: _Drift, i: int, j: int) -> Point:
    """How far off a pattern will be, as those near it are."""
    for x, y in product((-1, 1), repeat=2):
        if {(i + x, j), (i, j + y), (i + x, j + y)} <= drift.keys():
            (a, b), (c, d), (e, f) = drift[i + x, j], drift[i, j + y], drift[i + x, j + y]
            return a + c - e, b + d - f
    for x, y in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        if {(i + x, j + y), (i + 2 * x, j + 2 * y)} <= drift.keys():
            (a, b), (c, d) = drift[i + x, j + y], drift[i + 2 * x, j + 2 * y]
            return 2 * a - c, 2 * b - d
    return drift[min(drift, key=lambda one: math.dist(one, (i, j)))]


def _symbol(grey: Image.Image, version: int, corners: tuple[Point, Point, Point, Point]) -> Iterator[Mended]:
    """A straightened symbol drawn anew, unless its timing patterns tell that there is none."""
    modules = _modules(grey)
    if _in_time(modules) >= _IN_TIME:
        yield Mended(_drawn(modules, version), corners)


def _in_time(modules: Image.Image) -> float:
    """Share of the modules in the timing patterns that are as they should be: dark and light in turn."""
    side, values = modules.width, modules.tobytes()
    across, down = values[6 * side + 8 : 7 * side - 8], values[8 * side + 6 : (side - 8) * side : side]
    return sum((value > 0) == n % 2 for line in (across, down) for n, value in enumerate(line)) / (len(across) + len(down))


def _alignment(page: Image.Image, to_page: Sequence[float], x: float, y: float, reach: float) -> tuple[float, float, float]:
    """Where on the page the alignment pattern is seen that a flat card has at module (x, y), and how much it looks like one."""
    half = reach + 4
    side = round(2 * half * _FINE)
    place = pixels_of(to_page, x - half, y - half, 1 / _FINE)
    view = page.transform((side, side), Image.Transform.PERSPECTIVE, place, Image.Resampling.BICUBIC)
    u, v, likeness = _summit(_rings(view, _FINE, 1), reach * _FINE)
    return *project(to_page, x - half + u / _FINE, y - half + v / _FINE), likeness


def _modules(grey: Image.Image) -> Image.Image:
    """The modules of a straightened symbol, a pixel each, black or white."""
    modules = grey.reduce(_SAMPLES)
    around = modules.filter(ImageFilter.BoxBlur(4))
    return ImageChops.subtract(modules, around, offset=128).point(lambda value: 255 if value > 128 else 0)


def pixels_of(c: Sequence[float], x: float, y: float, s: float) -> tuple[float, ...]:
    """Coefficients `c` for a picture that begins at (x, y) and has pixels of size `s`."""
    w = c[6] * x + c[7] * y + 1
    a, b, d, e = c[0] * s, c[1] * s, c[3] * s, c[4] * s
    u, v = c[0] * x + c[1] * y + c[2], c[3] * x + c[4] * y + c[5]
    return (a / w, b / w, u / w, d / w, e / w, v / w, c[6] * s / w, c[7] * s / w)


def projection(places: Sequence[Point], seen: Sequence[Point]) -> tuple[float, ...]:
    """The eight coefficients of the projection that leads from each place to the point seen."""
    rows = []
    for (x, y), (u, v) in zip(places, seen, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    for n in range(8):
        pivot = max(range(n, 8), key=lambda row: abs(rows[row][n]))
        rows[n], rows[pivot] = rows[pivot], rows[n]
        rows[n] = [value / rows[n][n] for value in rows[n]]
        for other in range(8):
            if other != n:
                rows[other] = [a - rows[other][n] * b for a, b in zip(rows[other], rows[n], strict=True)]
    return tuple(row[8] for row in rows)


def project(c: Sequence[float], x: float, y: float) -> Point:
    over = c[6] * x + c[7] * y + 1
    return (c[0] * x + c[1] * y + c[2]) / over, (c[3] * x + c[4] * y + c[5]) / over


def _drawn(modules: Image.Image, version: int) -> Image.Image:
    """The modules with their fixed patterns (ISO/IEC 18004 section 6.3) and quiet zone drawn anew."""
    side = modules.width
    draw = ImageDraw.Draw(modules)
    for x, y in ((0, 0), (side - 7, 0), (0, side - 7)):
        draw.rectangle((x - 1, y - 1, x + 7, y + 7), fill=255)
        draw.rectangle((x, y, x + 6, y + 6), fill=0)
        draw.rectangle((x + 1, y + 1, x + 5, y + 5), fill=255)
        draw.rectangle((x + 2, y + 2, x + 4, y + 4), fill=0)
    for n in range(8, side - 8):
        modules.putpixel((n, 6), n % 2 * 255)
        modules.putpixel((6, n), n % 2 * 255)
    centres = util.pattern_position(version)
    for x in centres:
        for y in centres:
            if (x, y) not in ((6, 6), (6, side - 7), (side - 7, 6)):
                draw.rectangle((x - 2, y - 2, x + 2, y + 2), fill=0)
                draw.rectangle((x - 1, y - 1, x + 1, y + 1), fill=255)
                modules.putpixel((x, y), 0)
    sheet = Image.new("L", (side + 2 * _QUIET, side + 2 * _QUIET), 255)
    sheet.paste(modules, (_QUIET, _QUIET))
    return sheet.resize((4 * sheet.width, 4 * sheet.height), Image.Resampling.NEAREST)
