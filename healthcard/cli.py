"""The command line: every command by its name, a file for each group of them in `commands`.

Exit codes: 0 done, 1 refused with a reason, 2 usage, 3 a card that reads but is not `verified`.
"""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

import healthcard
from healthcard import keyfile, seal
from healthcard.commands import demo as demonstration
from healthcard.commands.batch import batch
from healthcard.commands.cards import extend, issue, read, show
from healthcard.commands.check import check
from healthcard.commands.export import export
from healthcard.commands.kobo import kobo_commands
from healthcard.commands.options import PassphraseFile
from healthcard.commands.partner import partner_commands
from healthcard.commands.passphrase import passphrase
from healthcard.commands.scanner import scanner
from healthcard.commands.station import station
from healthcard.commands.tables import size, vocabulary_command
from healthcard.commands.templates import template_commands
from healthcard.commands.terminal import reported, utf8
from healthcard.commands.trust import trust_commands
from healthcard.commands.upload import upload_commands
from healthcard.commands.verifier import verifier
from healthcard.trust.report import fingerprint

ABOUT = "Signed care cards for mothers and small children: issue, print, scan, read."
app = typer.Typer(help=ABOUT, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def main() -> None:
    """The entry point: failures of ours become one clear message and exit code 1."""
    utf8()
    with reported():
        app()


@app.command()
def demo(out: Annotated[Path, typer.Option(help="folder for the files of the demonstration")] = Path("demo")) -> None:
    """The whole way on a bundled record: keys, bundle, card as PDF and PNG, read back from the picture, summary."""
    made = demonstration.run(out)
    console = Console()
    show(made.reading, "en", console)
    print("\nLook at these files:")
    for path, what in made.files:
        print(f"  {path}  {what}")
    print(f"\nRead the card again: healthcard read {made.card} --bundle {made.bundle}")


@app.command()
def keygen(
    path: Annotated[Path, typer.Argument(metavar="KEYFILE", help="key file to write; never overwritten", show_default=False)],
    purpose: Annotated[Literal["root", "organisation", "station", "epoch"], typer.Option(help="what for; epoch: sealing")] = "station",
    label: Annotated[str, typer.Option(help="a name for the key: small letters, digits, blanks, dots, hyphens")] = "",
    algorithm: Annotated[Literal["Ed25519", "ESP256"], typer.Option(help="signature algorithm; ESP256 is P-256")] = "Ed25519",
    test: Annotated[bool, typer.Option("--test", help="a key of the test network, never mixed with the real one")] = False,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Make a key, wrapped with a passphrase, and print its public half."""
    network, secret = "test" if test else "real", passphrase(passphrase_file, path, confirm=True)
    if purpose == "epoch":
        made = seal.generate_epoch_key(path, network, label, secret)
    else:
        made = keyfile.generate(path, purpose, network, label, algorithm, secret)
    print(made.public.hex())
    if purpose != "epoch":
        print(f"its fingerprint, to compare by telephone: {fingerprint(made.key)}", file=sys.stderr)


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="print the version and stop")] = False) -> None:
    if version:
        print(healthcard.__version__)
        raise typer.Exit


# In the order of `healthcard --help`.
for _command in (issue, read, extend, check, batch, size, export, station, scanner, verifier):
    app.command()(_command)
app.command("vocabulary")(vocabulary_command)
for _name, _group in (
    ("trust", trust_commands),
    ("templates", template_commands),
    ("partner", partner_commands),
    ("upload", upload_commands),
    ("kobo", kobo_commands),
):
    app.add_typer(_group, name=_name)


if __name__ == "__main__":
    main()
