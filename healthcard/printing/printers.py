"""A card or a sheet to a printer of CUPS, through a pipe: no file of ours is made.

    send(pdf, "desk", SHEET)
    send_card(checked_files(card, "roll58"), find("roll58"), "roll")

CUPS itself keeps a job on its disk until it is printed, and afterwards if it is told to: docs/batches.md says how to have it forget.
"""

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from typing import Final

from healthcard.errors import PrintError
from healthcard.printing.templates import Template

ACTUAL_SIZE: Final = ("print-scaling=none", "fit-to-page=false")  # a code printed smaller reads worse
SHEET: Final = ("media=A4", "sides=two-sided-long-edge", *ACTUAL_SIZE)
CARD: Final = ("sides=two-sided-long-edge", *ACTUAL_SIZE)
_SECONDS = 120  # for CUPS to take a job
_LISTING_SECONDS = 5
_NAME = re.compile(r"[^\s/#-][^\s/#]{0,126}")  # as CUPS allows it, and never an option


def names() -> list[str]:
    """The printers that CUPS knows here; none where there is no CUPS, or where it does not answer."""
    program = shutil.which("lpstat")
    if program is None:
        return []
    try:
        listed = subprocess.run([program, "-e"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=_LISTING_SECONDS, text=True)
    except (subprocess.TimeoutExpired, OSError):
        return []
    return [name for name in listed.stdout.split() if _NAME.fullmatch(name)]


def send_card(files: Mapping[str, bytes], template: Template, printer: str) -> None:
    """Print a card as checked_files makes it: a thermal printer gets the picture in its own dots, any other the PDF. Raises PrintError."""
    if template.thermal:
        send(files[".png"], printer, (f"ppi={round(template.png_dpi)}", *ACTUAL_SIZE))
    else:
        send(files[".pdf"], printer, CARD)


def send(data: bytes, printer: str, options: Sequence[str]) -> None:
    """Give a PDF or PNG to `printer`; returns when CUPS has taken it. Raises PrintError where it does not."""
    if not _NAME.fullmatch(printer):
        raise PrintError("no such printer: lpstat -e lists their names")
    program = shutil.which("lp")
    if program is None:
        raise PrintError("there is no program lp here (CUPS): write to a file and print that at actual size, on both sides")
    command = [program, "-d", printer, "-t", "cards", *(word for option in options for word in ("-o", option)), "-"]
    try:
        done = subprocess.run(command, input=data, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        raise PrintError(f"printer {printer}: the job was not taken within {_SECONDS} seconds") from None
    except OSError as error:
        raise PrintError(f"{program}: {error.strerror}") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise PrintError(f"printer {printer}: {said[-1][:200] if said else 'the job was refused'}")
