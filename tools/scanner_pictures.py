"""Makes the pictures of docs/scanner.md: what the tests of the scanner saw on a phone of 390 pixels, several screens to a picture.

    python tools/scanner_pictures.py     docs/pictures/scanner/*.png, from a run of tests/scanner; needs Chromium

Screens show the day on which they were made and the fonts of the machine, so no second run gives the same bytes: made by hand when the
pages change.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

CHECKOUT = Path(__file__).parent.parent
FOLDER = CHECKOUT / "docs" / "pictures" / "scanner"
TESTS = "in_every_language or fourteen or forty_days or light_zoom or destroyed or reads_a_photo"
PICTURES = {
    "reading": ("es-start", "es-reading", "ht-reading"),
    "holder": ("show-her-ht", "show-her-ar", "show-her-zh-Hans"),
    "trouble": ("v2-camera", "v3-destroyed", "one-file-start"),
}
HEIGHT, GAP, BETWEEN = 844, 20, (130, 130, 130)  # pixels: the first screen alone
COLOURS = 48


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        seen = Path(name)
        command = [sys.executable, "-m", "pytest", "tests/scanner", "-k", TESTS]
        subprocess.run(command, cwd=CHECKOUT, env=os.environ | {"HEALTHCARD_SCREENSHOTS": name}, check=True)
        FOLDER.mkdir(parents=True, exist_ok=True)
        for picture, names in PICTURES.items():
            beside([Image.open(seen / f"{one}.png").convert("RGB") for one in names]).save(FOLDER / f"{picture}.png", optimize=True)


def beside(screens: list[Image.Image]) -> Image.Image:
    """The first screen of each, from left to right, in few colours."""
    width = sum(screen.width for screen in screens) + GAP * (len(screens) - 1)
    sheet = Image.new("RGB", (width, HEIGHT), BETWEEN)
    left = 0
    for screen in screens:
        sheet.paste(screen.crop((0, 0, screen.width, HEIGHT)), (left, 0))
        left += screen.width + GAP
    return sheet.quantize(COLOURS)


if __name__ == "__main__":
    main()
