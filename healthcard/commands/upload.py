"""`healthcard upload withdrawals | issued | counts`: what a station or organisation signs for the verifiers (docs/operation.md).

Each writes a file; nothing is sent from here, so that a station without network can hand it on.
"""

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from healthcard import counts as counting
from healthcard import files, keyfile
from healthcard.commands.keepers import Bundle
from healthcard.commands.options import PassphraseFile
from healthcard.commands.passphrase import passphrase
from healthcard.errors import KeyFileError, TrustError
from healthcard.sign import Signer
from healthcard.trust import issued as issued_lists
from healthcard.trust import uploads
from healthcard.trust.bundle import TrustBundle

CARD_ID = re.compile(r"[0-9a-f]{16}")
MOST_HASHES = 4000

upload_commands = typer.Typer(help="What a station or organisation signs for the verifiers: a file to be sent.", no_args_is_help=True)

Key = Annotated[Path, typer.Option("--key", "-k", help="key file of the station or organisation", show_default=False)]
Out = Annotated[Path, typer.Option(help="file to write", show_default=False)]


@upload_commands.command()
def withdrawals(
    bundle: Bundle,
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="card ids in hexadecimal", show_default=False)],
    key: Key,
    out: Out,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Withdraw cards of your own organisation: for POST /v1/revocations, and for good. The upload has hashes of the ids."""
    if wrong := [one for one in ids if not CARD_ID.fullmatch(one)]:
        raise typer.BadParameter(f"{len(wrong)} of them not 16 digits of hexadecimal", param_hint="ID")
    network, signer = _signer(bundle, key, passphrase_file)
    _write(out, uploads.sign_withdrawals(map(bytes.fromhex, ids), signer, network), "revocations")


@upload_commands.command()
def issued(
    bundle: Bundle,
    issued_list: Annotated[Path, typer.Argument(metavar="LIST", help="the file of --issued-list", show_default=False)],
    key: Key,
    out: Out,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Let the keepers know what this station issued, before its key is stolen: for POST /v1/issued."""
    network, signer = _signer(bundle, key, passphrase_file)
    hashes = sorted(issued_lists.load(issued_list))
    for at in range(0, max(1, len(hashes)), MOST_HASHES):
        part = out.with_name(f"{out.stem}-{at // MOST_HASHES + 1}{out.suffix}") if len(hashes) > MOST_HASHES else out
        _write(part, uploads.sign_issued(signer.key, hashes[at : at + MOST_HASHES], signer, network), "issued")


@upload_commands.command()
def counts(
    bundle: Bundle,
    file: Annotated[Path, typer.Argument(metavar="COUNTS", help="the file of `healthcard station --counts`", show_default=False)],
    key: Key,
    out: Out,
    month: Annotated[str, typer.Option(help="as 2026-06", show_default=False)],
    number: Annotated[
        int | None, typer.Option(min=1, help="of the document, higher than the last; default: the sum of its counts", show_default=False)
    ] = None,
    passphrase_file: PassphraseFile = None,
) -> None:
    """The counts of a month, of people who let themselves be counted: for POST /v1/aggregates."""
    try:
        first = date.fromisoformat(f"{month}-01")
        held: Mapping[str, int] = counting.Counts.load(file).months.get(month, {})
    except ValueError:
        raise typer.BadParameter("a month as 2026-06 and a file of counts", param_hint="--month, COUNTS") from None
    network, signer = _signer(bundle, key, passphrase_file)
    numbered = counting.numbered(held)
    # Counts of a month only grow, so their sum says which document is the later one: unless the file was lost.
    token = uploads.sign_counts(first, number or sum(numbered.values()), numbered, signer, network)
    uploads.read_counts(token, TrustBundle.load(bundle), date.today())  # what the service would refuse is refused here
    _write(out, token, "aggregates")


def _signer(bundle: Path, key: Path, passphrase_file: Path | None) -> tuple[str, Signer]:
    """The network and who signs; raises KeyFileError for a key of another network or purpose."""
    network = TrustBundle.load(bundle).network
    about, signer = keyfile.signer(key, passphrase(passphrase_file, key))
    if about.purpose not in ("station", "organisation") or about.network != network:
        raise KeyFileError(f"{key}: not a key of a station or organisation of the {network} network")
    return network, signer


def _write(out: Path, token: bytes, address: str) -> None:
    try:
        files.write_atomically(out, token)
    except OSError as error:
        raise TrustError(f"{out}: {error.strerror}") from None
    print(f"{out}: send it with: curl --data-binary @{out.name} -H 'Content-Type: application/cose' ADDRESS/v1/{address}")
