"""`healthcard check`: the last look at a printed card before it is handed over."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from healthcard import picture
from healthcard.commands.templates import OwnTemplates
from healthcard.commands.terminal import card_texts, complain
from healthcard.errors import PictureError, PrintError
from healthcard.printing import templates
from healthcard.printing.check import Result
from healthcard.printing.check import check as check_print


def check(
    taken: Annotated[
        list[Path], typer.Argument(metavar="PICTURE...", help="scans or photos of the printed card, both sides of it", show_default=False)
    ],
    card: Annotated[str, typer.Option("--card", "-c", help="the card as issued: NAME.txt, its PDF, or its text", show_default=False)],
    template: Annotated[str, typer.Option(help="template that it was printed with")] = "a7",
    dpi: Annotated[
        float | None, typer.Option(min=75, max=4800, help="dots per inch of the scanner, if its file does not say them", show_default=False)
    ] = None,
    ruler_mm: Annotated[
        float | None, typer.Option(min=1, max=100, help="what a ruler shows for the printed 50 mm, else for the code", show_default=False)
    ] = None,
    own_templates: OwnTemplates = None,
    json_: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Whether a printed card may be handed over: the same bytes, full size, white around the code, strong and whole print."""
    wanted = list(dict.fromkeys(card_texts(card)))
    if len(wanted) != 1:
        raise typer.BadParameter("one card", param_hint="--card")
    pictures = {str(path): _read(path) for path in taken}
    results = check_print(pictures, wanted[0], templates.find(template, own_templates), dpi=dpi, ruler_mm=ruler_mm)
    passed = all(result.passed for result in results)
    if json_:
        print(json.dumps({"passed": passed, "checks": [result.to_json() for result in results]}, indent=1, ensure_ascii=False))
    else:
        _tell(results)
    if not passed:
        raise typer.Exit(1)


def _tell(results: list[Result]) -> None:
    for result in results:
        if result.passed:
            print(f"{result}")
    failed = [result for result in results if not result.passed]
    if failed:
        sys.stdout.flush()
        complain(PrintError.code, [*failed, "do not hand this card over"])


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(picture.MAX_FILE + 1)
    except OSError as error:
        raise PictureError(f"{path}: {error.strerror}") from None
