"""Options and arguments that several commands take, each with one meaning."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from healthcard.words.labels import LANGUAGES


def known_language(language: str | None) -> str | None:
    """`language`, if we have words in it."""
    if language is not None and language not in LANGUAGES:
        raise typer.BadParameter(f"one of {', '.join(LANGUAGES)}")
    return language


def printable(side_mm: float) -> float:
    """`side_mm`, if a code can be that large on paper."""
    if not 10 <= side_mm <= 200:  # which nan is not either
        raise typer.BadParameter("10 to 200 mm")
    return side_mm


RecordFile = Annotated[Path, typer.Argument(metavar="RECORD.json", help="record to read, JSON", show_default=False)]
BundleFile = Annotated[Path, typer.Option("--bundle", "-b", help="trust bundle file", show_default=False)]
KeyFileOption = Annotated[Path, typer.Option("--key", "-k", help="key file of the station", show_default=False)]
PassphraseFile = Annotated[Path | None, typer.Option("--passphrase-file", help="file that holds the passphrase", show_default=False)]
Unseal = Annotated[list[Path] | None, typer.Option("--unseal", help="key file of an epoch: opens what is sealed", show_default=False)]
UnsealPassphrase = Annotated[
    Path | None, typer.Option("--unseal-passphrase-file", help="passphrase of the epoch keys, where it is another", show_default=False)
]
SealProfile = Annotated[
    Literal["split", "open"] | None,
    typer.Option("--profile", help="split: a sealed part, usual where the network has a sealing key; open: none", show_default=False),
]
Blocks = Annotated[int, typer.Option("--sealed-blocks", min=1, max=4, help="64 bytes each; more than one shows that there is much to hide")]
IssuedList = Annotated[
    Path | None,
    typer.Option("--issued-list", help="file that keeps a hash of each part signed here, for the keepers of the root", show_default=False),
]
TypedAgain = Annotated[
    list[str] | None, typer.Option(help="PLACE=VALUE: an unlikely value, typed a second time", show_default=False)
]
TextLight = Annotated[bool, typer.Option("--text-light", help="a face without clinical words")]
OnPrinter = Annotated[
    str | None, typer.Option("--printer", help="print on this printer of CUPS, and write no file", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="print JSON")]
Language = Annotated[
    str | None,
    typer.Option("--language", "-l", callback=known_language, help="en, es, fr, pt or ht; default: the record's own", show_default=False),
]
