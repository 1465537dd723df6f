"""Makes docs/gallery.md with its pictures: every template in several languages; and the data of one card, for designers.

    python tools/gallery.py             docs/gallery.md, docs/pictures/gallery, print_templates/example/a6.json
    python tools/gallery.py --check     exit with 1 where they show something else than is printed today

Running it again changes nothing. Pictures are compared by what they show: how they are compressed differs between machines.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pictures import laid_out, shows

CHECKOUT = Path(__file__).parent.parent
sys.path.insert(0, str(CHECKOUT))

from healthcard.printing import layout, proof, rendering, templates  # noqa: E402

PAGE = CHECKOUT / "docs" / "gallery.md"
PICTURES = CHECKOUT / "docs" / "pictures" / "gallery"
EXAMPLE = CHECKOUT / "print_templates" / "example" / "a6.json"
GAP, GREYS = 14, 8
DPI = {"a7": 160, "id1": 160, "a6": 150, "roll58": 130, "roll80": 130, "sticker58": 130, "sticker": 160, "poster": 80}
# Template, record, her language, the route's, and whether the face is text-light.
SHOWN = (
    ("a7", "family_three_contacts", "es", "en", False),
    ("a7", "twins_after_birth", "ht", "es", False),
    ("a7", "severe_pre_eclampsia", "ar", "es", False),
    ("a7", "child_severe_wasting", "zh-Hans", "es", False),
    ("a7", "family_three_contacts", "fr", "es", True),
    ("id1", "mother_first_contact", "pt", "es", False),
    ("id1", "family_three_contacts", "fa", "es", False),
    ("a6", "family_three_contacts", "es", "en", False),
    ("a6", "twins_after_birth", "bn", "en", False),
    ("roll58", "child_severe_wasting", "hi", "en", False),
    ("roll80", "mother_first_contact", "ps", "es", False),
    ("sticker58", "sticker", "ne", "en", False),
    ("sticker", "sticker", "es", "en", False),
    ("poster", "family_three_contacts", "so", "en", False),
    ("poster", "family_three_contacts", "am", "fr", False),
)
NAMES = {
    **{"es": "Spanish", "en": "English", "ht": "Haitian Creole", "ar": "Arabic", "zh-Hans": "Chinese", "fr": "French", "pt": "Portuguese"},
    **{"fa": "Dari/Farsi", "bn": "Bengali", "hi": "Hindi", "ps": "Pashto", "ne": "Nepali", "so": "Somali", "am": "Amharic"},
}


@dataclass(frozen=True)
class Shown:
    """One picture of the gallery: its file's name, its template, and what is said of it."""

    name: str
    template: str
    about: str
    png: bytes


def pictures() -> Iterator[Shown]:
    """Every picture, in the order of the page."""
    for name, record, hers, route, light in SHOWN:
        template = templates.find(name)
        if template.kind == "poster":
            data = rendering.poster_data(hers, route)
        else:
            data = rendering.card_data(proof.reference_cards()[record], hers, route, light, template)
        pages = layout.compile_template(name, data, "png", DPI[name])
        about = f"{NAMES[hers]} and {NAMES[route]}{', text-light' if light else ''}"
        yield Shown(f"{name}-{hers}{'-light' if light else ''}.png", name, about, laid_out(pages, GAP, GREYS))


def page(shown: list[Shown]) -> str:
    """docs/gallery.md."""
    lines = [
        "# What is printed",
        "",
        "Invented families on the test network: hence the hatched bars. `healthcard templates list` names the templates, `healthcard",
        "templates preview NAME --language LANGUAGE` prints one; [its README](../print_templates/README.md) is for designers. Made by",
        "`tools/gallery.py`; what no speaker has checked yet stands in [languages.md](languages.md).",
    ]
    for template in templates.registry().values():
        code = f", code {template.code_mm:g} mm" if template.code_mm else ""
        lines += ["", f"## {template.name}: {template.about}", "", f"{template.size}{code}."]
        width = 360 if template.height_mm is None or template.kind == "poster" else 640
        for one in shown:
            if one.template == template.name:
                picture = f'<img src="pictures/gallery/{one.name}" alt="{template.name} in {one.about}" width="{width}">'
                lines += ["", picture, "", f"*{one.about}*"]
    return "\n".join(lines) + "\n"


def example() -> str:
    """The data of one card as a template gets it, with all there is in it."""
    card = proof.reference_cards()[proof.FAMILY]
    data = rendering.card_data(card, "es", "en", False, templates.find("a6"), "8:00-17:00")
    return json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def main() -> int:
    shown = list(pictures())
    wanted = {PAGE: page(shown).encode(), EXAMPLE: example().encode()} | {PICTURES / one.name: one.png for one in shown}
    stale = [path for path, made in wanted.items() if not path.exists() or not same(path.read_bytes(), made)]
    stale += [path for path in PICTURES.glob("*") if path not in wanted]
    if "--check" in sys.argv[1:]:
        print(*(f"{path.relative_to(CHECKOUT)}: would change" for path in stale), sep="\n", end="\n" if stale else "")
        return 1 if stale else 0
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path in wanted:
            path.write_bytes(wanted[path])
        else:
            path.unlink()
        print(f"{path.relative_to(CHECKOUT)}: {'written' if path in wanted else 'removed'}")
    return 0


def same(held: bytes, made: bytes) -> bool:
    """Whether two files say the same; of pictures, whether they show the same."""
    return held == made or (made.startswith(b"\x89PNG") and held.startswith(b"\x89PNG") and shows(held) == shows(made))


if __name__ == "__main__":
    sys.exit(main())
