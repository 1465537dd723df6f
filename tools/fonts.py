"""Makes print_templates/fonts from the fonts of a Debian package; running it again changes no byte.

Source: Debian package fonts-noto-core, version 20201225-1 (Debian 12), `apt install fonts-noto-core`. Needs fonttools (a development
dependency). A later script is one more line in FONTS; `coverage.json` then tells healthcard.printing which characters each family can show.

    python tools/fonts.py
    python tools/fonts.py --check     needs no Debian package: exit with 1 where coverage.json is not that of the fonts
"""

import json
import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

PACKAGE = Path("/usr/share/fonts/truetype/noto")
COPYRIGHT = Path("/usr/share/doc/fonts-noto-core/copyright")
FONTS_FOLDER = Path(__file__).parent.parent / "print_templates" / "fonts"

LATIN = [
    (0x0020, 0x007E),  # Basic Latin
    (0x00A0, 0x017F),  # Latin-1 Supplement, Latin Extended-A
    (0x0180, 0x024F),  # Latin Extended-B
    (0x02BB, 0x02BC),  # letters that look like apostrophes, Somali and others
    (0x0300, 0x030C),  # combining accents
    (0x2010, 0x2027),  # dashes, quotation marks, bullet, ellipsis
    (0x202F, 0x203A),  # narrow no-break space, per mille, primes, angle quotation marks
    (0x2066, 0x2069),  # direction isolates
    (0x2070, 0x2089),  # superscripts and subscripts
]
SIGNS = [
    (0x2190, 0x2199),  # arrows
    (0x2212, 0x2212),  # minus
    (0x2248, 0x2248),  # almost equal
    (0x2260, 0x2265),  # not equal, less or equal, greater or equal
]
FONTS = {"NotoSans-Regular.ttf": LATIN, "NotoSans-Bold.ttf": LATIN, "NotoSansMath-Regular.ttf": SIGNS}
FEATURES = ["ccmp", "kern", "liga", "locl", "mark", "mkmk", "tnum"]


def make(name: str, ranges: list[tuple[int, int]]) -> TTFont:
    """The font `name` of the package, cut down to the characters in `ranges`."""
    font = TTFont(PACKAGE / name, recalcTimestamp=False)
    options = subset.Options(layout_features=FEATURES, hinting=False, name_IDs=["*"], notdef_outline=True, recalc_timestamp=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[code for first, last in ranges for code in range(first, last + 1)])
    subsetter.subset(font)
    return font


def runs(codes: set[int]) -> list[list[int]]:
    """`codes` as ascending [first, last] pairs."""
    pairs: list[list[int]] = []
    for code in sorted(codes):
        if pairs and code == pairs[-1][1] + 1:
            pairs[-1][1] = code
        else:
            pairs.append([code, code])
    return pairs


def licence() -> str:
    """The SIL Open Font License as the package carries it, with the copyright lines of Noto."""
    paragraphs = COPYRIGHT.read_text(encoding="utf-8").split("\n\n")
    owners = next(p for p in paragraphs if p.startswith("Files: *\n"))
    body = next(p for p in paragraphs if p.startswith("License: OFL-1.1\n"))
    years = [line.strip() for line in owners.split("Copyright:\n")[1].split("\nLicense")[0].splitlines()]
    head = ["This Font Software is licensed under the SIL Open Font License, Version 1.1.", "", "SIL OPEN FONT LICENSE Version 1.1", ""]
    lines = ["" if line == " ." else line[1:] for line in body.splitlines()[1:]]
    return "\n".join([*(f"Copyright {year}" for year in years), *head, *lines]) + "\n"


def coverage(fonts: list[TTFont]) -> str:
    """The table of the characters that each family can show, in the order in which templates try the families."""
    table: dict[str, set[int]] = {}
    for font in fonts:
        family, codes = font["name"].getBestFamilyName(), set(font.getBestCmap())
        table[family] = table.get(family, codes) & codes
    rows = [f' "{family}": {json.dumps(runs(codes))}' for family, codes in table.items()]
    return "{\n" + ",\n".join(rows) + "\n}\n"


def main() -> int:
    """Writes every font, the table of their characters, and the licence; or checks the table."""
    table = FONTS_FOLDER / "coverage.json"
    if "--check" in sys.argv[1:]:
        return int(table.read_text(encoding="utf-8") != coverage([TTFont(FONTS_FOLDER / name) for name in FONTS]))
    FONTS_FOLDER.mkdir(parents=True, exist_ok=True)
    fonts = {name: make(name, ranges) for name, ranges in FONTS.items()}
    for name, font in fonts.items():
        font.save(FONTS_FOLDER / name)
    table.write_text(coverage(list(fonts.values())), encoding="utf-8")
    (FONTS_FOLDER / "OFL.txt").write_text(licence(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
