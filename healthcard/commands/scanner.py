"""`healthcard scanner --export DIR`: the scanner on a stick, for where no page can be had from a server."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from healthcard import resources
from healthcard.commands.one_file import one_file
from healthcard.errors import HealthcardError
from healthcard.files import write_atomically
from healthcard.trust.bundle import TrustBundle

PAGE, FOLDER = "scanner.html", "scanner"
# The desk needs the service, and the one-file copy has its parts within.
LEFT_OUT = shutil.ignore_patterns("station", "standalone", "package.json", "README.md")


def scanner(
    export: Annotated[Path, typer.Option("--export", metavar="DIR", help="folder to write into", show_default=False)],
    bundle: Annotated[
        Path | None, typer.Option("--bundle", "-b", help="trust bundle to bring along; else it is picked from a file", show_default=False)
    ] = None,
) -> None:
    """Copy the scanner to a folder: one file for photos and typed text, and all pages for a local server (docs/scanner.md)."""
    raw = TrustBundle.load(bundle).raw if bundle else None
    for path in copy_pages(export, raw):
        print(path)


def copy_pages(out: Path, bundle: bytes | None) -> tuple[Path, Path]:
    """Write `scanner.html` and the folder `scanner` below `out`, whose address v1/trust is the bundle; raises HealthcardError.

    What stood in that folder before goes once the new edition is whole: no page of an older one is mixed with it.
    """
    web = resources.folder("web")
    page, folder = out / PAGE, out / FOLDER
    try:
        out.mkdir(parents=True, exist_ok=True)
        if folder.exists() and not (folder / "sw.js").is_file():
            raise HealthcardError(f"{folder}: holds something else than the scanner; choose another folder")
        with TemporaryDirectory(dir=out) as beside:
            fresh = Path(beside) / FOLDER
            shutil.copytree(web, fresh, ignore=LEFT_OUT)
            if bundle is not None:
                (fresh / "v1").mkdir()
                write_atomically(fresh / "v1" / "trust", bundle)
            if folder.exists():
                shutil.rmtree(folder)
            fresh.rename(folder)
        write_atomically(page, one_file(web, bundle).encode())
    except OSError as error:  # of a copy that stopped half-way it has no words of the system
        raise HealthcardError(f"{out}: {error.strerror or 'not everything could be copied; is there space?'}") from None
    return page, folder
