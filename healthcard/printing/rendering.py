"""A card on paper: Card + template + languages -> PDF or PNG; a print counts only once it reads back as the same bytes."""

import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from PIL import Image

from healthcard import picture, symbol
from healthcard.card import Card
from healthcard.errors import NoCode, PrintError
from healthcard.printing import layout, paper, templates
from healthcard.printing.charts import charts
from healthcard.printing.check import proof
from healthcard.printing.layout import CardFace, Fit, Words
from healthcard.printing.readback import READ_DPI, codes, opened
from healthcard.printing.scripts import direction, prepared
from healthcard.printing.templates import Template
from healthcard.words.labels import FACE_LANGUAGES, day, filled, label
from healthcard.words.text import Section

ROUTE_LANGUAGE = "es"  # of most service points; printed beside hers
PNG_DPI = templates.USUAL_DPI
GAP_MM = 4.0  # between the sides in a picture
STRINGS = (
    *("code", "mother", "infant", "test", "test_card", "not_identity_document", "not_a_diagnosis", "unconfirmed"),
    *("keep_dry", "notes", "more_on_code", "temporary", "added", "tell_us", "desk_hours", "come_back_if", "next_visit"),
)
POSTER: Final = ("title", "about", "yours", "show", "add", "photo", "fold", "pictures")
PRINTED_AS: Final[Mapping[str, templates.Kind]] = {"card": "card", "continuation": "sticker"}  # a part's kind, its template's
ADDED: Final = frozenset({"danger", "time_critical", "values", "medicines", "vaccines", "referral"})  # sections of a sticker
HOURS: Final = re.compile(r"[0-9:.,;/h \u2013-]{1,40}")


def render(
    card: Card, template: str = "a7", language: str | None = None, *, route_language: str = ROUTE_LANGUAGE, text_light: bool = False,
    format: Literal["pdf", "png"] = "pdf", hours: str = "", own_templates: Path | None = None,
) -> bytes:  # fmt: skip
    """The printed card: a PDF of its sides, or one PNG (at the dpi of the template) with the sides next to each other.

    `language` is hers by default; where it has no texts yet the route's language stands alone. `hours` are those of the desk, in digits
    ("8:00-17:00"); `own_templates` is an organisation's folder of templates. Raises PrintError, and TooLarge where the code of this
    template can't hold the card.
    """
    found = templates.find(template, own_templates)
    data = card_data(card, language, route_language, text_light, found, hours)
    return _printed(found, data, format, own_templates)


def poster(
    language: str, route_language: str = ROUTE_LANGUAGE, *, template: str = "poster", format: Literal["pdf", "png"] = "pdf",
    hours: str = "", own_templates: Path | None = None,
) -> bytes:  # fmt: skip
    """How to use the card, for the wall of a service point; raises PrintError."""
    found = templates.find(template, own_templates)
    return _printed(found, poster_data(language, route_language, hours), format, own_templates)


def poster_files(
    language: str, route_language: str = ROUTE_LANGUAGE, *, template: str = "poster", hours: str = "", own_templates: Path | None = None
) -> dict[str, bytes]:
    """PDF and PNG of a poster by suffix; raises PrintError."""
    options: dict[str, Any] = {"template": template, "hours": hours, "own_templates": own_templates}
    return {f".{format}": poster(language, route_language, format=format, **options) for format in ("pdf", "png")}


def checked_files(
    card: Card, template: str = "a7", language: str | None = None, *, route_language: str = ROUTE_LANGUAGE, text_light: bool = False,
    hours: str = "", own_templates: Path | None = None,
) -> dict[str, bytes]:  # fmt: skip
    """Card text, PDF and PNG by suffix, after both were read back; raises PrintError where one does not read as this card."""
    files = {".txt": card.text.encode() + b"\n"}
    found = templates.find(template, own_templates)
    data = card_data(card, language, route_language, text_light, found, hours)
    for suffix, format in ((".pdf", "pdf"), (".png", "png")):
        made = _printed(found, data, format, own_templates)  # type: ignore[arg-type]
        if format == "pdf":
            check_scan(made, card)
        else:
            proof(made, card.text)
        files[suffix] = made
    return files


def fit(
    card: Card, template: str = "a7", language: str | None = None, *, route_language: str = ROUTE_LANGUAGE, text_light: bool = False,
    hours: str = "", own_templates: Path | None = None,
) -> Fit:  # fmt: skip
    """How many lines stand on such a print, and how many in the code alone; raises as `render`."""
    data = card_data(card, language, route_language, text_light, templates.find(template, own_templates), hours)
    return layout.fitted(template, data, own_templates)


def check_scan(made: bytes, card: Card) -> None:
    """Raises PrintError unless the picture or PDF reads as this very card and no other."""
    if made.startswith(b"%PDF-") and _reads_at_once(made, card):
        return
    try:
        found = picture.scan(made)
    except NoCode:
        found = []
    if found != [card.text]:
        raise PrintError("the printed code does not read back as the card: nothing was issued")


def _reads_at_once(pdf: bytes, card: Card) -> bool:
    """Whether every page shows this card and no other at the first look."""
    with opened(pdf) as pages:
        return all([code.text for code in codes(page, READ_DPI)] == [card.text] for page in pages)


def card_data(
    card: Card, language: str | None, route_language: str, text_light: bool, template: Template | None = None, hours: str = ""
) -> dict[str, object]:
    """What the template gets (the a7 by default): her language first, the route's beside it.

    Raises PrintError for a template of another kind: a sticker that looks like a card would seem to say all that is known of her.
    """
    template = template or templates.find("a7")
    if template.kind != (kind := PRINTED_AS[card.part.kind]):
        fitting = ", ".join(name for name, one in templates.registry().items() if one.kind == kind)
        raise PrintError(f"template {template.name} is for a {template.kind}, and this is a {kind}: take {fitting}, or your own")
    languages = Languages.of(language or card.record.language, route_language, real=card.network != "test")
    face = _card_face(card, template, languages, text_light, hours)
    first = [min((contact.date for contact in person.contacts), default=None) for person in card.record.people]
    shown = paper.sections(card.handover, languages.hers, first=first)
    beside = paper.sections(card.handover, languages.route, beside=True) if languages.route else None
    if template.kind == "sticker":
        shown, beside = _added(shown), _added(beside) if beside else None
    return _data(face, shown, beside)


def poster_data(language: str, route_language: str, hours: str = "") -> dict[str, object]:
    """What the template of a poster gets."""
    return _data(_poster_face(Languages.of(language, route_language), hours), (), None)


def side_by_side(pages: list[bytes], dpi: float = PNG_DPI, thermal: bool = False) -> bytes:
    """One PNG of several, with its size in dots per inch; of a thermal printer in pure black and white."""
    pictures = [Image.open(io.BytesIO(page)).convert("L") for page in pages]
    gap = round(GAP_MM * dpi / 25.4)
    sheet = Image.new("L", (sum(p.width for p in pictures) + gap * (len(pictures) - 1), max(p.height for p in pictures)), 255)
    left = 0
    for side in pictures:
        sheet.paste(side, (left, 0))
        left += side.width + gap
    if thermal:
        sheet = sheet.convert("1", dither=Image.Dither.NONE)
    file = io.BytesIO()
    sheet.save(file, "PNG", dpi=(dpi, dpi), optimize=True)
    return file.getvalue()


@dataclass(frozen=True)
class Languages:
    """Hers, and the route's where it is another; a language without texts is passed over."""

    hers: str
    route: str | None
    real: bool = False  # of a card that is no TEST card

    @classmethod
    def of(cls, *wanted: str, real: bool = False) -> "Languages":
        hers, *others = [name for name in dict.fromkeys(wanted) if name in FACE_LANGUAGES] or ["en"]
        return cls(hers, others[0] if others else None, real)

    def words(self, kind: str, key: str, role: str | None = None, **parts: Callable[[str], object]) -> Words:
        """A label in both languages; what it is filled with is made in each."""
        hers, route = (
            filled(label(kind, key, name, role), **{part: make(name) for part, make in parts.items()}) if name else None
            for name in (self.hers, self.route)
        )
        assert hers
        return Words(hers.text, route.text if route else None, bool(self.real and hers.draft and route and not route.draft))

    def plain(self, kind: str, key: str, role: str | None = None) -> dict[str, Any]:
        """Words for a chart, without their remark in brackets."""
        text, second, draft = self.words(kind, key, role)
        return {"text": text.partition(" (")[0], "second": second.partition(" (")[0] if second else None, "draft": draft}

    def draft(self, kind: str, key: str) -> bool:
        return any(label(kind, key, name).draft for name in (self.hers, self.route) if name)

    def strings(self, hours: str) -> dict[str, Words]:
        """What faces say beside their lines, by name; raises PrintError for hours that are none."""
        if hours and not HOURS.fullmatch(hours):
            raise PrintError("the hours of the desk are digits only, such as 8:00-17:00")
        found = {name: self.words("ui", {"infant": "baby", "code": "card_code"}.get(name, name)) for name in STRINGS}
        return found | ({"hours": Words(hours, None)} if hours else {})


def _poster_face(languages: Languages, hours: str) -> CardFace:
    used = [*(("ui", f"poster_{name}") for name in POSTER), *(("section", key) for key in layout.ORDER)]
    strings = languages.strings(hours) | {key.removeprefix("poster_"): languages.words(kind, key) for kind, key in used}
    if any(languages.draft(kind, key) for kind, key in used):
        strings["draft"] = languages.words("ui", "draft")
    return CardFace("", "real", languages.hers, direction(languages.hers), (), strings["title"], Words("", None), strings)


def _card_face(card: Card, template: Template, languages: Languages, text_light: bool, hours: str) -> CardFace:
    drawn = symbol.symbol(card.text, template.code_mm, template.dpi)
    code_mm = drawn.printed_mm(template.code_mm, template.dpi)
    return CardFace(
        code_svg=drawn.svg(code_mm),
        network="test" if card.network == "test" else "real",
        language=languages.hers,
        direction=direction(languages.hers),
        people=tuple(person.role for person in card.record.people),
        title=languages.words("ui", "keep_this_card"),
        issued=languages.words("ui", "issued_on", date=lambda language: day(card.issued, language)),
        strings=languages.strings(hours),
        text_light=text_light,
        code_mm=code_mm,
        charts=charts(card.record, languages.plain, languages.hers) if template.charts else (),
        numbers=[layout.number_among(card.told.everybody, n) for n in card.told.who] if card.told else (),
    )


def _data(face: CardFace, shown: Sequence[Section], beside: Sequence[Section] | None) -> dict[str, object]:
    made: dict[str, object] = prepared(layout.face(face, shown, beside), rtl=face.direction == "rtl")
    return made


def _added(sections: Sequence[Section]) -> tuple[Section, ...]:
    """What a sticker says of what was added: no questions, for it does not know the card."""
    told = [(section, tuple(line for line in section.lines if line.level != "question")) for section in sections if section.key in ADDED]
    return tuple(Section(section.key, section.title, lines) for section, lines in told)


def _printed(template: Template, data: dict[str, object], format: Literal["pdf", "png"], own: Path | None) -> bytes:
    pages = layout.compile_template(template.name, data, format, template.png_dpi, own)
    return pages[0] if format == "pdf" else side_by_side(pages, template.png_dpi, template.thermal)
