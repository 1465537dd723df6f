"""Typst template + data -> PDF, PNG or SVG, in memory: no data of a card touches the disk.

    data  = face(card_face, sections, route_sections)
    pages = compile_template("a7", data)                   # [one PDF]
    fit   = fitted("a7", data)                             # Fit(shown=14, hidden=0)

Rules: only our own fonts; a Typst warning is an error; a character that our fonts lack is an error before it can be an empty box; the same
data give the same bytes; no message of a failure holds words of the card. The data are described in print_templates/README.md.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

import typst

from healthcard.errors import PrintError
from healthcard.printing.templates import find, fonts_folder, registry, sources

Format = Literal["pdf", "png", "svg"]
PDF_STANDARDS: list[Any] = ["ua-1", "a-2a"]  # PDF/UA-1 and PDF/A-2, level A: tagged
SHEET = "sheet"  # sheet.typ: many cards of one format; its data has this name too
NOT_WORDS = {"code_svg"}  # data that is never set as text

SIDES = ("front", "back")
ORDER = ("danger", "time_critical", "allergies", "who", "values", "medicines", "vaccines", "due", "referral", "more")  # as they are read
PRIORITY = ("danger", "time_critical", "allergies", "referral", "who", "medicines", "due", "values", "vaccines", "more")  # as they get room
FRONT = ("danger", "time_critical", "allergies", "who", "medicines", "due", "referral")  # of a card of one person


class Line(Protocol):
    """One line of the text twin, as healthcard.paper makes it; one with `cells` and `date` is a row of a table too."""

    @property
    def text(self) -> str: ...
    @property
    def level(self) -> str: ...
    @property
    def person(self) -> int | None: ...
    @property
    def role(self) -> str | None: ...
    @property
    def icon(self) -> str: ...
    @property
    def draft(self) -> bool: ...


class Section(Protocol):
    """A titled run of lines, as healthcard.paper makes it."""

    @property
    def key(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def lines(self) -> Sequence[Line]: ...


class Words(NamedTuple):
    """The same in her language and in the route's; a `draft` of hers never stands alone where there is room for one of them."""

    text: str
    second: str | None
    draft: bool = False


@dataclass(frozen=True)
class CardFace:
    """What a face shows beside its lines; `people` are the roles in the record's order, `strings` the names that README.md lists.

    `code_mm` is the printed side of `code_svg`, `charts` are those of healthcard.printing.charts.
    """

    code_svg: str
    network: Literal["real", "test"]
    language: str
    direction: Literal["ltr", "rtl"]
    people: tuple[str, ...]
    title: Words
    issued: Words
    strings: Mapping[str, Words]
    text_light: bool = False
    code_mm: float = 40.0
    charts: Sequence[Mapping[str, Any]] = ()
    numbers: Sequence[int | None] = ()  # which of several each of `people` is, where more are on the card than these


@dataclass(frozen=True)
class Fit:
    """How many lines stand on the paper, and how many only in the code."""

    shown: int
    hidden: int


def face(card: CardFace, sections: Sequence[Section], route: Sequence[Section] | None = None) -> dict[str, Any]:
    """Template data of one card: `sections` in her language, `route` the same sections in the route's.

    A mother's lines stand on the front and her children's on the back; a card of one role has the urgent sections in front.
    On the real network a draft line prints only beside a checked line of the route; otherwise it is counted as withheld.
    A text-light face gets no line, nobody and no chart. Raises PrintError where the two languages do not match line for line.
    """
    both = {"mother", "infant"} <= set(card.people)
    numbers = card.numbers or [number_among(card.people, index) for index in range(len(card.people))]
    sides: dict[str, list[dict[str, Any]]] = {side: [] for side in SIDES}
    withheld = 0
    for section, other in () if card.text_light else _pairs(sections, route):
        lines: dict[str, list[dict[str, Any]]] = {side: [] for side in SIDES}
        for index, line in enumerate(section.lines):
            second = other.lines[index] if other else None
            if line.draft and card.network == "real" and (second is None or second.draft):
                withheld += 1
                continue
            back = line.role == "infant" if both else section.key not in FRONT
            _add(lines["back" if back else "front"], _line(line, second, numbers))
        for side in SIDES:
            if lines[side]:
                place = {"key": section.key, "order": ORDER.index(section.key), "priority": PRIORITY.index(section.key)}
                words = {"title": section.title, "second": other.title if other else None}
                sides[side].append({**place, **words, "lines": lines[side]})
    return {
        "code_svg": card.code_svg,
        "code_mm": card.code_mm,
        "network": card.network,
        "language": card.language,
        "direction": card.direction,
        "text_light": card.text_light,
        "title": _words(card.title),
        "issued": _words(card.issued),
        "people": [
            {"role": role, "number": numbers[index], "label": _words(card.strings[role]), "side": side}
            for index, role in enumerate(() if card.text_light else card.people)
            for side in (SIDES if not both else ("back",) if role == "infant" else ("front",))
        ],
        "strings": {name: _words(words) for name, words in card.strings.items()},
        "sections": sides,
        "charts": [] if card.text_light else list(card.charts),
        "withheld": withheld,
    }


def templates(templates_folder: Path | None = None) -> list[str]:
    """Names of what can be printed."""
    return list(registry(templates_folder))


def compile_template(
    template: str, data: Mapping[str, Any], format: Format = "pdf", dpi: float = 300, templates_folder: Path | None = None
) -> list[bytes]:
    """The card as one PDF, or as one PNG (at `dpi`) or SVG per page.

    Raises PrintError where the template is unknown, gives a warning, or shows a character that none of our fonts has.
    """
    return _compiled(template, _inputs(template, data, templates_folder), format, dpi)


def compile_sheets(template: str, data: Mapping[str, Any], templates_folder: Path | None = None) -> bytes:
    """Many cards on A4 sheets as one PDF; healthcard.printing.sheets makes `data`. Raises PrintError as compile_template does."""
    [pdf] = _compiled(template, _inputs(template, data, templates_folder, SHEET), "pdf")
    _forget()
    return pdf


def check_characters(data: Mapping[str, Any], templates_folder: Path | None = None) -> None:
    """Raises PrintError, with the places, where our fonts lack a character."""
    covered = _covered(fonts_folder(templates_folder) / "coverage.json")
    missing = [where for where, text in _texts(data) if not covered.issuperset(text)]
    if missing:
        raise PrintError("no font for a character in " + ", ".join(missing))


def _forget() -> None:
    """Let Typst drop what it remembers of a large layout: it keeps what the last ten compiles used, so ten empty ones follow."""
    for _ in range(10):
        typst.compile(b"", font_paths=_no_fonts(), ignore_system_fonts=True, format="svg")


@cache
def _no_fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False)


def _compiled(template: str, inputs: Mapping[str, Any], format: Format, dpi: float = 300) -> list[bytes]:
    try:
        standards = PDF_STANDARDS if format == "pdf" else []
        made, warnings = typst.compile_with_warnings(**inputs, format=format, ppi=dpi, pdf_standards=standards)
    except typst.TypstError:
        raise PrintError(f"template {template} can't be laid out with these data") from None  # its message may quote the card
    if warnings:
        raise PrintError(f"template {template} gave {len(warnings)} warnings, such as a missing font")
    return list(made) if isinstance(made, list) else [made]


def fitted(template: str, data: Mapping[str, Any], templates_folder: Path | None = None) -> Fit:
    """How many lines of `data` the template shows and how many it leaves to the code.

    Raises PrintError as compile_template does.
    """
    inputs = _inputs(template, data, templates_folder)
    try:
        answer = typst.query(inputs.pop("input"), "<fit>", field="value", one=True, **inputs)
    except RuntimeError:
        raise PrintError(f"template {template} can't be laid out with these data, or does not end with its <fit>") from None
    return Fit(**json.loads(answer))


def _inputs(template: str, data: Mapping[str, Any], own: Path | None, main: str | None = None) -> dict[str, Any]:
    """What Typst is given: files, fonts and data, all in memory; `main` is the file that it begins with, if not the template's own."""
    found = find(template, own)
    check_characters(data, own)
    given = {main or "data": json.dumps(data, sort_keys=True), "template": found.name}
    files, fonts = sources(main or found.name, own), _fonts(fonts_folder(own))
    root = fonts_folder()  # all else is in memory: no template reads the folder that somebody works in
    return {"input": files, "root": root, "font_paths": fonts, "ignore_system_fonts": True, "sys_inputs": given}


@cache
def _fonts(place: Path) -> typst.Fonts:
    """Our fonts and no others, read once."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[place])


@cache
def _covered(table: Path) -> frozenset[str]:
    families: dict[str, list[list[int]]] = json.loads(table.read_text(encoding="utf-8"))
    return frozenset(chr(code) for runs in families.values() for first, last in runs for code in range(first, last + 1))


def _texts(value: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Every text in the data that a template may print, with its place."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            if key not in NOT_WORDS:
                yield from _texts(part, f"{where}.{key}" if where else str(key))
    elif isinstance(value, (list, tuple)):
        for index, part in enumerate(value):
            yield from _texts(part, f"{where}[{index}]")


def _pairs(sections: Sequence[Section], route: Sequence[Section] | None) -> Iterator[tuple[Section, Section | None]]:
    if route is None:
        yield from ((section, None) for section in sections)
        return
    shapes = [[(section.key, len(section.lines)) for section in language] for language in (sections, route)]
    if shapes[0] != shapes[1]:
        raise PrintError("the two languages of the face do not match line for line")
    yield from zip(sections, route, strict=True)


def _line(line: Line, second: Line | None, numbers: Sequence[int | None]) -> dict[str, Any]:
    number = None if line.person is None else numbers[line.person]
    made: dict[str, Any] = {
        "text": _glued(line.text),
        "second": _glued(second.text) if second and _adds(second.text, line.text) else None,
        "level": line.level,
        "role": line.role,
        "numbers": [] if number is None else [number],
        "icon": line.icon,
        "draft": line.draft,
    }
    cells = getattr(line, "cells", ())
    if cells:
        others = getattr(second, "cells", None) or (None,) * len(cells)
        made["date"] = _glued(getattr(line, "date", ""))
        made["cells"] = [
            {
                "text": _glued(cell.title),
                "second": _glued(other.title) if other and other.title != cell.title else None,
                "unit": cell.unit,
                "value": cell.value,
            }
            for cell, other in zip(cells, others, strict=True)
        ]
    return made


def _add(lines: list[dict[str, Any]], line: dict[str, Any]) -> None:
    """Add a line; what is said of several people alike is said once."""
    for other in lines:
        if "cells" not in line and line["numbers"] and {**other, "numbers": line["numbers"]} == line:
            other["numbers"] += line["numbers"]
            return
    lines.append(line)


def _adds(second: str, first: str) -> bool:
    """Whether the second language has a word that the first has not: "BCG" is printed once."""
    return not set(re.findall(r"\w+", second)) <= set(re.findall(r"\w+", first))


def number_among(people: Sequence[str], index: int) -> int | None:
    """1, 2, ... for the first, second, ... of several people of one role; None for the only one."""
    role = people[index]
    return people[: index + 1].count(role) if Counter(people)[role] > 1 else None


def _words(words: Words) -> dict[str, str | bool | None]:
    return {"text": _glued(words.text), "second": None if words.second is None else _glued(words.second), "draft": words.draft}


def _glued(text: str) -> str:
    """`text` with no line break between a number and the unit or month after it, and with a true minus."""
    text = re.sub(r"(?<![\w-])-(?=\d)", "\u2212", text)
    return re.sub(r"(?<=\d) (?=[^\W\d]|[°%]|/\w)", "\u00a0", text)
