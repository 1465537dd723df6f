"""Makes print_templates/fonts from the fonts of two Debian packages; running it again changes no byte.

Source, on Debian 12: fonts-noto-core 20201225-1, fonts-noto-cjk 1:20220127+repack1-1 (`apt install fonts-noto-core fonts-noto-cjk`).
Needs fonttools (a development dependency). A later script is one more line in SCRIPTS; `coverage.json` then tells healthcard.printing
which characters each family can show. Chinese has the 3,755 usual characters (GB 2312 level 1) and those of our own table: a character
outside them is an error when it is printed, and running this again mends it.

    python tools/fonts.py             writes the fonts and prints the size of each
    python tools/fonts.py --check     needs no Debian package: exit with 1 where coverage.json is not that of the fonts
"""

import json
import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

ROOT = Path(__file__).parent.parent
FONTS_FOLDER = ROOT / "print_templates" / "fonts"
CHINESE_TABLE = ROOT / "healthcard" / "vocabulary" / "labels" / "zh-Hans.csv"
CORE = Path("/usr/share/fonts/truetype/noto")
CJK = Path("/usr/share/fonts/opentype/noto")
COPYRIGHT = Path("/usr/share/doc/fonts-noto-core/copyright")
SIMPLIFIED = 2  # its place in the collections of Noto Sans CJK
WEIGHTS = ("Regular", "Bold")

Ranges = list[tuple[int, int]]
LATIN: Ranges = [
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
SIGNS: Ranges = [
    (0x2190, 0x2199),  # arrows
    (0x2212, 0x2212),  # minus
    (0x2248, 0x2248),  # almost equal
    (0x2260, 0x2265),  # not equal, less or equal, greater or equal
]
JOINERS = (0x200C, 0x200D)  # with and without a ligature: part of the spelling in Persian and in the scripts of India
SCRIPTS: dict[str, Ranges] = {
    "": LATIN,
    "Arabic": [(0x0600, 0x06FF), (0x0750, 0x077F), JOINERS],
    "Devanagari": [(0x0900, 0x097F), JOINERS],
    "Bengali": [(0x0964, 0x0965), (0x0980, 0x09FF), JOINERS],
    "Ethiopic": [(0x1200, 0x137F)],
}
CHINESE: Ranges = [(0x3000, 0x301F), (0xFF00, 0xFF5E)]  # punctuation and full-width forms
FEATURES = [*subset.Options._layout_features_default, "tnum"]


def level_1() -> set[int]:
    """The usual characters of Chinese: rows 16 to 55 of GB 2312."""
    cells = [(row, cell) for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF if row < 0xD7 else 0xFA)]
    return {ord(bytes(pair).decode("gb2312")) for pair in cells}


def sources() -> dict[str, tuple[Path, int, set[int]]]:
    """File name -> the font of the package, its place in a collection (-1: none), and the characters to keep."""
    found = {}
    for script, ranges in SCRIPTS.items():
        codes = {code for first, last in ranges for code in range(first, last + 1)}
        found |= {name: (CORE / name, -1, codes) for weight in WEIGHTS for name in [f"NotoSans{script}-{weight}.ttf"]}
    signs = {code for first, last in SIGNS for code in range(first, last + 1)}
    found["NotoSansMath-Regular.ttf"] = (CORE / "NotoSansMath-Regular.ttf", -1, signs)
    used = {ord(letter) for letter in CHINESE_TABLE.read_text(encoding="utf-8") if ord(letter) >= 0x2E80}
    chinese = level_1() | used | {code for first, last in CHINESE for code in range(first, last + 1)}
    return found | {f"NotoSansCJKsc-{weight}.otf": (CJK / f"NotoSansCJK-{weight}.ttc", SIMPLIFIED, chinese) for weight in WEIGHTS}


def make(source: Path, number: int, codes: set[int]) -> TTFont:
    """A font of the packages, cut down to `codes`."""
    font = TTFont(source, fontNumber=number, recalcTimestamp=False)
    options = subset.Options(layout_features=FEATURES, hinting=False, name_IDs=["*"], notdef_outline=True, recalc_timestamp=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=codes)
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


def licence(fonts: list[TTFont]) -> str:
    """The SIL Open Font License as the package carries it, with the copyright line of each font."""
    body = next(p for p in COPYRIGHT.read_text(encoding="utf-8").split("\n\n") if p.startswith("License: OFL-1.1\n"))
    owners = dict.fromkeys(font["name"].getDebugName(0) for font in fonts)
    head = ["This Font Software is licensed under the SIL Open Font License, Version 1.1.", "", "SIL OPEN FONT LICENSE Version 1.1", ""]
    lines = ["" if line == " ." else line[1:] for line in body.splitlines()[1:]]
    return "\n".join([*owners, *head, *lines]) + "\n"


def coverage(fonts: list[TTFont]) -> str:
    """The table of the characters that each family can show in every weight, in the order in which templates try the families."""
    table: dict[str, set[int]] = {}
    for font in fonts:
        family, codes = font["name"].getBestFamilyName(), set(font.getBestCmap())
        table[family] = table.get(family, codes) & codes
    rows = [f' "{family}": {json.dumps(runs(codes))}' for family, codes in table.items()]
    return "{\n" + ",\n".join(rows) + "\n}\n"


def main() -> int:
    """Writes every font, the table of their characters, and the licence; or checks the table."""
    table, wanted = FONTS_FOLDER / "coverage.json", sources()
    if "--check" in sys.argv[1:]:
        return int(table.read_text(encoding="utf-8") != coverage([TTFont(FONTS_FOLDER / name) for name in wanted]))
    FONTS_FOLDER.mkdir(parents=True, exist_ok=True)
    fonts = {name: make(*source) for name, source in wanted.items()}
    for name, font in fonts.items():
        font.save(FONTS_FOLDER / name)
        print(f"{name}: {len(font.getBestCmap())} characters, {(FONTS_FOLDER / name).stat().st_size / 1000:.0f} kB")
    table.write_text(coverage(list(fonts.values())), encoding="utf-8")
    (FONTS_FOLDER / "OFL.txt").write_text(licence(list(fonts.values())), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
