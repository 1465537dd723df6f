"""Words in other scripts, made ready for the template: their direction, and what stands inside them from another script.

Numbers, units and Latin names stay whole in words that run right to left, and the other language keeps its own order: Unicode isolates
say so to every program that lays the text out (UAX 9). Without them "118/76 mmHg" is printed as "mmHg 118/76", and the plus of "2+"
changes sides. Commas are those of the script.
"""

import re
from typing import Any, Final, Literal

from healthcard.words.labels import RIGHT_TO_LEFT

LEFT_TO_RIGHT, OWN_DIRECTION, END = "\u2066", "\u2068", "\u2069"  # LRI, FSI, PDI
WORDS: Final = frozenset({"text", "second", "title", "unit", "value", "date"})  # the data of a face that are set as text
ARABIC: Final = re.compile(r"[\u0600-\u08ff]")
COMMAS: Final = ((ARABIC, "\u060c "), (re.compile(r"[\u1200-\u135a]"), "\u1363 "))
# What stays whole: "Magnesium sulfate", "WHO 2023", "A-"; and a number with its sign and unit: "166/112 mmHg", "2+", "100 000 IU".
# A name and the number after it are two: what counts tablets goes with the word for tablets.
_LETTER = r"A-Za-z\u00b5\u00c0-\u024f"
_WORD = rf"[{_LETTER}](?:[{_LETTER}0-9./'\u2011\u2013\u2019\u2212-]*[{_LETTER}0-9]|,(?=[{_LETTER}]))*(?:[+\u2212-](?![\w\u2011]))?"
_NUMBER = r"[\u2212+<>\u2264\u2265]?(?:\d[\d./:\u2013-]*)?[\d\u00bc-\u00be]%?\+?(?:[ \u00a0]\d{3}(?!\d))*"
_AMOUNT = rf"{_NUMBER}(?:(?:/?[ \u00a0]?|[ \u00a0]/)(?:{_WORD}|[\u00b0%][A-Za-z]*))*"
LATIN: Final = re.compile(rf"{_WORD}(?:[ \u00a0]{_WORD})*(?:[ \u00a0]\d{{4}}(?!\d))?|{_AMOUNT}(?:[ \u00a0]\+[ \u00a0]{_AMOUNT})*")


def direction(language: str) -> Literal["ltr", "rtl"]:
    """Which way a language is written."""
    return "rtl" if language in RIGHT_TO_LEFT else "ltr"


def prepared(data: Any, rtl: bool, key: str = "") -> Any:
    """The data of a face (`rtl`: its own language runs right to left) with isolates and commas in every text that needs them."""
    if isinstance(data, dict):
        return {name: prepared(part, rtl, name) for name, part in data.items()}
    if isinstance(data, list):
        return [prepared(part, rtl, key) for part in data]
    return _text(data, rtl, key) if isinstance(data, str) and key in WORDS else data


def _text(text: str, rtl: bool, key: str) -> str:
    for letter, comma in COMMAS:
        if letter.search(text):
            text = text.replace(", ", comma)
    own = ARABIC.search(text)
    if own or (rtl and key != "second"):
        text = LATIN.sub(lambda run: f"{LEFT_TO_RIGHT}{run[0]}{END}", text)
    return f"{OWN_DIRECTION}{text}{END}" if key == "second" and (own or rtl) else text
