"""`healthcard export CARD --to fhir|csv|kobo`: a record in the form that another system takes (docs/exchange.md)."""

import io
import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from healthcard import card, seal
from healthcard.commands.options import BundleFile, PassphraseFile
from healthcard.commands.passphrase import passphrase
from healthcard.commands.terminal import card_texts
from healthcard.exchange import targets
from healthcard.exchange.choice import VITAL_INTEREST
from healthcard.trust.bundle import TrustBundle
from healthcard.words.labels import LANGUAGES

NOT_VERIFIED = 3
Form = Enum("Form", {name: name for name in targets.TARGETS}, type=str)  # type: ignore[misc]
Language = Enum("Language", {name: name for name in LANGUAGES}, type=str)  # type: ignore[misc]
ENGLISH = Language("en")
Reason = Enum("Reason", {name: name for name in VITAL_INTEREST}, type=str)  # type: ignore[misc]


def export(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="CARD...", help="the card and its stickers, as for read; several inputs are merged", show_default=False),
    ],
    bundle: BundleFile,
    to: Annotated[Form, typer.Option("--to", help="form to export to", show_default=False)],
    vital_interest: Annotated[
        Reason | None, typer.Option("--vital-interest", help="why it is exported without her yes", show_default=False)
    ] = None,
    language: Annotated[Language, typer.Option("--language", "-l", help="of the labels in CSV")] = ENGLISH,
    unseal: Annotated[
        list[Path] | None, typer.Option("--unseal", help="key file of an epoch: what it opens is exported too", show_default=False)
    ] = None,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Write the record of a card for another system to standard output, where the holder lets it.

    What is sealed stays out unless a key opens it. Exit code 3 where the card is not verified.
    """
    trusted = TrustBundle.load(bundle)
    secrets = [seal.epoch_secret(file, passphrase(passphrase_file, file)) for file in unseal or ()]
    reading = card.read(*(text for given in inputs for text in card_texts(given)), bundle=trusted, unseal=secrets)
    if len(reading.cards) > 1:
        print(f"{len(reading.cards)} cards: the latest is exported", file=sys.stderr)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(newline="")  # CSV has its own line ends, on Windows too
    sys.stdout.write(targets.export(reading, to.value, vital_interest.value if vital_interest else None, language.value))
    for person in sorted(reading.cards[0].ambiguous):
        print(f"which child? people[{person}] may be another: exported as not verified", file=sys.stderr)
    if reading.verdict != "verified":
        raise typer.Exit(NOT_VERIFIED)
