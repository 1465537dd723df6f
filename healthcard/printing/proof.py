"""Whether a template prints what a card must be: compiled without a warning, codes that read at its dpi, room around them, no word amiss.

    for fault in faults(template, card, "ht"):          # "page 1: the code is 2.1 mm from the cut; 3 mm are needed"

What one print shows is measured on its raster, in mm; the cards of `reference_cards` hold the bundled records, on a test network of
published keys.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

import zxingcpp
from PIL import Image

from healthcard import card as cards
from healthcard import symbol, vocabulary
from healthcard.card import Card
from healthcard.continuing import extend
from healthcard.errors import HealthcardError
from healthcard.part import Part
from healthcard.printing import rendering, templates
from healthcard.printing.readback import opened
from healthcard.printing.templates import Template
from healthcard.record import Record
from healthcard.resources import folder
from healthcard.trust import custody
from healthcard.trust.bundle import CONTINUE, ISSUE, TrustBundle
from healthcard.trust.published import published_signer
from healthcard.words.labels import LANGUAGES, label

FROM_CUT_MM: Final = 3.0
FROM_FOLD_MM: Final = 5.0
MODULE_MM: Final = 0.40
QUIET_MODULES: Final = 4
CLEAR_MM: Final = 0.8  # at the edge of a page that is cut, nothing is printed
SLACK_MM: Final = 0.12  # what a raster may be off: a dot and a half at 300 dpi
INK: Final = 128  # darker is ink
# No word for a person's status or for an illness that marks her, in any language of the interface (DP-27).
STATUS: Final = re.compile(
    r"\b((?i:\w*migra\w*|\w*migré\w*|refugee\w*|refugi\w*|réfugi\w*|refij\w*|asylum\w*|asil\w*|azil\w*)|HIV|VIH|AIDS|SIDA)\b"
)
# A template draws codes and pictograms, never a picture of its own: that would be a logo or an emblem (DP-27).
PICTURE: Final = re.compile(r"\bimage\(\s*\"")
CARD_ID: Final = bytes.fromhex("0102030405060708")  # every other card's is random
Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels
SINCE: Final = timedelta(days=30)
FAMILY: Final = "family_three_contacts"
ADDED: Final = {
    "observations": {"temperature": 37.4},
    "medicines": [
        {"medicine": "ors", "amount": 1, "timing": "after_each_loose_stool", "days": 2},
        {"medicine": "zinc_20", "amount": 1, "timing": "once_daily", "days": 10},
    ],
}
DANGER: Final = {
    "observations": {"temperature": 38.4, "weight": 5.1, "length": 63.2},
    "findings": ["convulsions_infant", "unable_to_feed"],
    "referral": {"service": "therapeutic_nutrition", "urgency": "urgent", "to": "gt-rc"},
}


@cache
def reference_cards() -> Mapping[str, Card]:
    """A card of each bundled record that needs no sealing, by name, and two stickers for one; issued on the day of the last contact."""
    made = {}
    for path in sorted(folder("examples").glob("*.json")):
        if not path.stem.endswith("_sealed"):
            record = Record.from_json(path.read_bytes())
            day = max(contact.date for person in record.people for contact in person.contacts)
            part = Part("card", CARD_ID, None, day, record, tuple(range(len(record.people))))
            made[path.stem] = _signed(part, _bundle(day))
    family = made[FAMILY]
    bundle = _bundle(family.issued)
    reading = cards.read(family.text, bundle=bundle, now=family.issued)
    for name, added in (("sticker", ADDED), ("sticker_danger", ADDED | DANGER)):
        change = {"person": 1, "date": family.issued.isoformat(), **added}
        sticker = extend(reading, change, published_signer(1), bundle, sticker=True, now=family.issued)
        made[name] = replace(_signed(replace(sticker.part, id=CARD_ID[::-1]), bundle), told=sticker.told)
    return made


def sample(template: Template) -> Card:
    """The card that shows a template best."""
    return reference_cards()["sticker" if template.kind == "sticker" else FAMILY]


def samples(template: Template) -> dict[str, Card]:
    """The reference cards that are printed with a template, by name; for a poster one stands for all."""
    if template.kind == "poster":
        return {FAMILY: sample(template)}
    return {name: card for name, card in reference_cards().items() if rendering.PRINTED_AS[card.part.kind] == template.kind}


def routes(language: str) -> tuple[str, ...]:
    """The languages to print beside hers: another, and where the route speaks hers, her own, which then stands alone."""
    return ("en" if language == "es" else "es", *((language,) if language in LANGUAGES else ()))


def faults(
    template: Template, card: Card, language: str, route_language: str = "es", own: Path | None = None, text_light: bool = False
) -> Iterator[str]:
    """What is wrong with one print of `template`, in words that say what to mend; nothing where all is well."""
    try:
        if template.kind == "poster":
            pdf = rendering.poster(language, route_language, template=template.name, own_templates=own)
        else:
            pdf = rendering.render(card, template.name, language, route_language=route_language, text_light=text_light, own_templates=own)
    except HealthcardError as error:
        yield str(error)
        return
    with opened(pdf) as found:
        pages = [(page.get_size(), _picture(page, template.png_dpi), page.get_textpage().get_text_range()) for page in found]
    if len(pages) != template.pages:
        yield f"{len(pages)} pages where templates.json says {template.pages}: text runs over, or pages is wrong"
    for number, (points, page, _) in enumerate(pages, 1):
        for fault in (*_size(template, points), *_edge(template, page), *(_code(template, card, page) if template.code_mm else ())):
            yield f"page {number}: {fault}"
    yield from _words("".join(words for *_, words in pages), language, route_language)


def drawn(template: Template, own: Path | None) -> Iterator[str]:
    """What the template's own file must not do, whatever it prints."""
    if PICTURE.search(templates.sources(template.name, own)["main"].decode()):
        yield f"{template.name}.typ: draws a picture; codes and pictograms only, no emblem and no logo"


def _size(template: Template, points: tuple[float, float]) -> Iterator[str]:
    width, height = (length / 72 * 25.4 for length in points)
    if abs(width - template.width_mm) > SLACK_MM or (template.height_mm is not None and abs(height - template.height_mm) > SLACK_MM):
        yield f"{width:.1f} x {height:.1f} mm where templates.json says {template.size}"


def _edge(template: Template, page: Image.Image) -> Iterator[str]:
    """Ink where the page is cut: text has run out of its box."""
    if not template.edge_mm:
        inset = round(CLEAR_MM / 25.4 * template.png_dpi)
        edges = _ink(page)
        edges.paste(0, (inset, inset, page.width - inset, page.height - inset))
        if edges.getbbox():
            yield f"something is printed less than {CLEAR_MM:g} mm from the cut"


def _code(template: Template, card: Card, page: Image.Image) -> Iterator[str]:
    codes = zxingcpp.read_barcodes(page, zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    if [code.text for code in codes] != [card.text]:
        yield f"{len(codes)} codes read at {template.png_dpi:g} dpi; there must be the one of this card"
        return
    mm = 25.4 / template.png_dpi
    modules = symbol.symbol(card.text, template.code_mm, template.dpi).modules
    box = _extent(page, codes[0].position, modules)
    left, top, right, bottom = (edge * mm for edge in box)
    module = (right - left) / modules
    quiet = QUIET_MODULES * module
    if module < MODULE_MM - SLACK_MM / 10:
        yield f"a module of the code is {module:.2f} mm; {MODULE_MM:.2f} mm are needed"
    from_sides = template.edge_mm + min(left, page.width * mm - right) - quiet
    from_cut = min(from_sides, top - quiet, page.height * mm - bottom - quiet)
    if from_cut < FROM_CUT_MM - SLACK_MM:
        yield f"the code with its quiet zone is {from_cut:.1f} mm from the cut; {FROM_CUT_MM:g} mm are needed"
    if template.fold_mm is not None:
        from_fold = max(top - quiet - template.fold_mm, template.fold_mm - bottom - quiet)
        if from_fold < FROM_FOLD_MM - SLACK_MM:
            yield f"the code with its quiet zone is {from_fold:.1f} mm from the fold; {FROM_FOLD_MM:g} mm are needed"
    if _ink_around(page, box, quiet / mm):
        yield f"something stands in the quiet zone of the code; {QUIET_MODULES} modules around it must be white"


def _extent(page: Image.Image, place: zxingcpp.Position, modules: int) -> Box:
    """Left, top, right and bottom of a code in pixels: of its ink near to where the reader saw it, which is a module off or so."""
    corners = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
    xs, ys = [corner.x for corner in corners], [corner.y for corner in corners]
    near = round(2 * (max(xs) - min(xs)) / modules)
    left, top = min(xs) - near, min(ys) - near
    found = _ink(page.crop((left, top, max(xs) + near, max(ys) + near))).getbbox()
    assert found
    return left + found[0], top + found[1], left + found[2], top + found[3]


def _ink_around(page: Image.Image, box: Box, quiet: float) -> bool:
    """Whether there is ink in the ring of `quiet` pixels around `box`, but for the dot that a raster may be off."""
    left, top, right, bottom = box
    reach = round(quiet) - 1
    ring = _ink(page.crop((left - reach, top - reach, right + reach, bottom + reach)))
    ring.paste(0, (reach, reach, ring.width - reach, ring.height - reach))
    return ring.getbbox() is not None


def _ink(page: Image.Image) -> Image.Image:
    return page.point(lambda value: 255 * (value < INK))


def _words(text: str, language: str, route_language: str) -> Iterator[str]:
    said = "".join(text.split())
    if not any("".join(label("ui", "not_identity_document", name).text.split()) in said for name in (language, route_language)):
        yield "it does not say that it is no identity document"
    if found := STATUS.search(text):
        yield f"a word that tells a person's status or illness: {found[0]}"


def _picture(page: Any, dpi: float) -> Image.Image:
    picture: Image.Image = page.render(scale=dpi / 72, grayscale=True).to_pil().convert("L")
    return picture


def _signed(part: Part, bundle: TrustBundle) -> Card:
    """`part` as its station signs it; of `cards.issue` without the random id."""
    signer = published_signer(1)
    match = cards.authorised(bundle, signer, ISSUE, part.issued)
    return cards.signed(part, signer, bundle, match, vocabulary.default(), cards.USUAL_SEALING)


def _bundle(day: date) -> TrustBundle:
    root, owner, station, founded = published_signer(0), published_signer(2), published_signer(1), day - SINCE
    bundle = custody.add_organisation(custody.found("test", [root], 1, founded), [root], "mx-rc", owner.key, founded)
    for number, name in enumerate(("pa-rc", "cr-rc", "hn-rc", "gt-rc", "co-rc", "ne-rc", "ml-rc", "td-rc"), 3):
        bundle = custody.add_organisation(bundle, [root], name, published_signer(number).key, founded)
    return custody.add_station(bundle, [root], "mx-rc", owner, station.key, ISSUE | CONTINUE, founded, day)
