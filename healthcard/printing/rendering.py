"""A card on paper: Card + template + languages -> PDF or PNG; a print counts only once it reads back as the same bytes."""

import io
from typing import Literal

from PIL import Image

from healthcard import picture, symbol
from healthcard.card import Card
from healthcard.errors import NoCode, PrintError
from healthcard.printing import layout, paper
from healthcard.printing.layout import CardFace, Words
from healthcard.words.labels import LANGUAGES, day, filled, label

ROUTE_LANGUAGE = "es"  # of most service points; printed beside hers
CODE_MM = 40.0
PNG_DPI = 300
GAP_MM = 4.0  # between the sides in a picture
STRINGS = (
    *("code", "mother", "infant", "test", "test_card", "not_identity_document", "not_a_diagnosis", "unconfirmed"),
    *("keep_dry", "notes", "more_on_code"),
)


def render(
    card: Card, template: str = "a7", language: str | None = None, *, route_language: str = ROUTE_LANGUAGE, text_light: bool = False,
    format: Literal["pdf", "png"] = "pdf",
) -> bytes:  # fmt: skip
    """The printed card: a PDF of its sides, or one PNG (300 dpi) with the sides next to each other.

    `language` is hers by default; where it has no texts yet the route's language stands alone. Raises PrintError.
    """
    data = card_data(card, language, route_language, text_light)
    pages = layout.compile_template(template, data, format, PNG_DPI)
    return pages[0] if format == "pdf" else side_by_side(pages)


def checked_files(
    card: Card, template: str = "a7", language: str | None = None, *, route_language: str = ROUTE_LANGUAGE, text_light: bool = False,
) -> dict[str, bytes]:  # fmt: skip
    """Card text, PDF and PNG by suffix, after both were read back; raises PrintError where one does not read as this card."""
    files = {".txt": card.text.encode() + b"\n"}
    for suffix, format in ((".pdf", "pdf"), (".png", "png")):
        made = render(card, template, language, route_language=route_language, text_light=text_light, format=format)  # type: ignore[arg-type]
        check_scan(made, card)
        files[suffix] = made
    return files


def check_scan(made: bytes, card: Card) -> None:
    """Raises PrintError unless the picture or PDF reads as this very card and no other."""
    try:
        found = picture.scan(made)
    except NoCode:
        found = []
    if found != [card.text]:
        raise PrintError("the printed code does not read back as the card: nothing was issued")


def card_data(card: Card, language: str | None, route_language: str, text_light: bool) -> dict[str, object]:
    """What the template gets: her language first, the route's beside it."""
    wanted = dict.fromkeys((language or card.record.language, route_language))
    hers, *others = [name for name in wanted if name in LANGUAGES] or ["en"]
    route = others[0] if others else None
    shown, beside = paper.sections(card.handover, hers), paper.sections(card.handover, route, beside=True) if route else None

    def words(key: str, **parts: object) -> Words:
        found = [filled(label("ui", key, name), **parts).text if parts else label("ui", key, name).text for name in (hers, route) if name]
        return found[0], found[1] if route else None

    issued = words("issued_on", date="{date}")
    dates = [day(card.issued, name) for name in (hers, route) if name]
    face = CardFace(
        code_svg=symbol.symbol(card.text, CODE_MM).svg(CODE_MM),
        network="test" if card.network == "test" else "real",
        language=hers,
        direction="ltr",
        people=tuple(person.role for person in card.record.people),
        title=words("keep_this_card"),
        issued=(issued[0].replace("{date}", dates[0]), issued[1].replace("{date}", dates[1]) if issued[1] else None),
        strings={name: words({"infant": "baby", "code": "card_code"}.get(name, name)) for name in STRINGS},
        text_light=text_light,
    )
    return layout.face(face, shown, beside)


def side_by_side(pages: list[bytes]) -> bytes:
    """One PNG of several, with its size in dots per inch."""
    pictures = [Image.open(io.BytesIO(page)).convert("L") for page in pages]
    gap = round(GAP_MM * PNG_DPI / 25.4)
    sheet = Image.new("L", (sum(p.width for p in pictures) + gap * (len(pictures) - 1), max(p.height for p in pictures)), 255)
    left = 0
    for side in pictures:
        sheet.paste(side, (left, 0))
        left += side.width + gap
    file = io.BytesIO()
    sheet.save(file, "PNG", dpi=(PNG_DPI, PNG_DPI), optimize=True)
    return file.getvalue()
