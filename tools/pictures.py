"""Makes the picture of a card that the README shows; running it again changes nothing.

    python tools/pictures.py             docs/pictures/card.png
    python tools/pictures.py --check     exit with 1 where it shows something else than the card prints today
"""

import io
import sys
from datetime import date
from pathlib import Path

from PIL import Image

CHECKOUT = Path(__file__).parent.parent
sys.path.insert(0, str(CHECKOUT))

from healthcard import card, vocabulary  # noqa: E402
from healthcard.part import Part  # noqa: E402
from healthcard.printing import layout  # noqa: E402
from healthcard.printing import rendering as printing  # noqa: E402
from healthcard.record import Record  # noqa: E402
from healthcard.trust.bundle import ISSUE  # noqa: E402
from tests.world import World  # noqa: E402

PICTURE = CHECKOUT / "docs" / "pictures" / "card.png"
RECORD = CHECKOUT / "examples" / "family_three_contacts.json"
DAY = date(2026, 7, 2)
CARD_ID = bytes.fromhex("0102030405060708")  # every other card's is random
LANGUAGE, ROUTE = "es", "en"
DPI = 254  # ten dots a millimetre
TABLE = 226  # grey of what the prints lie on
GAP = 30  # how much of it is seen, in dots
GREYS = 16


def picture() -> bytes:
    """Both sides of the card beside each other, as PNG."""
    world = World.build(DAY)
    record = Record.from_json(RECORD.read_bytes())
    part = Part("card", CARD_ID, None, DAY, record, tuple(range(len(record.people))))
    match = card.authorised(world.bundle, world.station_signer, ISSUE, DAY)
    issued = card.signed(part, world.station_signer, world.bundle, match, vocabulary.default(), card.USUAL_SEALING)
    pages = layout.compile_template("a7", printing.card_data(issued, LANGUAGE, ROUTE, False), "png", DPI)
    png = laid_out(pages, GAP, GREYS)
    printing.check_scan(png, issued)
    return png


def laid_out(pages: list[bytes], gap: int, greys: int) -> bytes:
    """The pages beside each other on a table of which `gap` dots are seen around each, as PNG of few greys."""
    sides = [Image.open(io.BytesIO(page)).convert("L") for page in pages]
    width, height = sum(side.width for side in sides) + gap * (len(sides) + 1), max(side.height for side in sides) + 2 * gap
    sheet = Image.new("L", (width, height), TABLE)
    left = gap
    for side in sides:
        sheet.paste(side, (left, gap))
        left += side.width + gap
    file = io.BytesIO()
    sheet.quantize(greys, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()


def shows(png: bytes) -> tuple[tuple[int, int], bytes]:
    """Size and pixels of a picture; how they are compressed differs between machines."""
    with Image.open(io.BytesIO(png)) as picture:
        return picture.size, picture.convert("L").tobytes()


def main() -> int:
    made = picture()
    if PICTURE.exists() and shows(PICTURE.read_bytes()) == shows(made):
        return 0
    if "--check" in sys.argv[1:]:
        print(f"{PICTURE.relative_to(CHECKOUT)}: would change")
        return 1
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_bytes(made)
    print(f"{PICTURE.relative_to(CHECKOUT)}: written, {len(made) // 1024} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
