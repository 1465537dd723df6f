"""What the commands of `healthcard trust` share: options, questions, signing, and what becomes of a change (docs/trust.md).

A change that enough keepers signed becomes the next bundle; one that too few signed becomes a draft, a file for the next keeper.
"""

import sys
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from healthcard import files, keyfile
from healthcard.commands.passphrase import passphrase
from healthcard.errors import TrustError
from healthcard.sign import Key, Signer
from healthcard.trust import custody
from healthcard.trust import report as bundle_report
from healthcard.trust.bundle import EPOCH, LARGEST, Content, Envelope, TrustBundle, taken_apart

Bundle = Annotated[Path, typer.Argument(metavar="BUNDLE", help="trust bundle file", show_default=False)]
RootKeys = Annotated[
    list[Path] | None, typer.Option("--root-key", help="key file of a keeper of the root; may be given several times", show_default=False)
]
Yes = Annotated[bool, typer.Option("--yes", help="do it without asking")]
DRAFT = ".draft"
MARGIN = 4 * 1024  # bytes of a bundle for signatures
YEARS = range(EPOCH.year, 2199)  # that a day of a bundle may be in


def asked(given: str | None, question: str, parameter: str) -> str:
    """What was given, or else typed in answer to `question`."""
    if given is not None:
        return given
    if not sys.stdin.isatty():
        raise typer.BadParameter("missing", param_hint=parameter)
    return str(typer.prompt(question, err=True)).strip()


def asked_if_any(question: str) -> str:
    """What was typed in answer to a question that may stay open; nothing where nobody can be asked."""
    return str(typer.prompt(question, default="", show_default=False, err=True)).strip() if sys.stdin.isatty() else ""


def confirm(question: str, yes: bool, *, final: bool = False) -> None:
    """Ask before something is done. Where nobody can be asked, what can't be undone (`final`) needs --yes."""
    if yes:
        return
    if sys.stdin.isatty():
        if not typer.confirm(question, err=True):
            print("Nothing was changed.", file=sys.stderr)
            raise typer.Exit(1)
    elif final:
        raise TrustError("this can't be undone, and there is nobody to ask: give --yes")


def today() -> date:
    """Today; raises TrustError for a clock that can't be right, for its day would be signed and be every reader's."""
    now = date.today()
    if now.year not in YEARS:
        raise TrustError(f"the clock of this device says {now}: set it")
    return now


def day(given: str | None, default: date, parameter: str) -> date:
    """A day as it is typed, 2027-01-01."""
    try:
        typed = date.fromisoformat(given) if given else default
    except ValueError:
        typed = date.min
    if typed.year not in YEARS:
        raise typer.BadParameter(f"a day is written 2027-01-01, of the years {YEARS[0]} to {YEARS[-1]}", param_hint=parameter)
    return typed


def public_key(given: str, purpose: str, network: str) -> Key:
    """The public key in a key file, or written in hexadecimal."""
    if (path := Path(given)).exists():
        about = keyfile.describe(path)
        keyfile.require(about, purpose, network)
        return about.key
    try:
        return Key(bytes.fromhex(given))
    except ValueError:
        raise TrustError(f"{given}: neither a key file nor a public key in hexadecimal") from None


def signer_of(path: Path, purpose: str, network: str, passphrase_file: Path | None) -> Signer:
    """The signer in a key file, for this purpose and network."""
    keyfile.require(keyfile.describe(path), purpose, network)
    return keyfile.signer(path, passphrase(passphrase_file, path))[1]


def publish(
    bundle: Path, held: TrustBundle | None, draft: Envelope, root_keys: Sequence[Path] | None, passphrase_file: Path | None, yes: bool,
    then: str, *, final: bool = False,
) -> None:  # fmt: skip
    """Show what changes, ask, sign with the root keys at hand, and write the next bundle, or a draft where signatures are missing."""
    waiting = bundle.with_name(bundle.name + DRAFT)
    if waiting.exists() and not _done(waiting, held):
        raise TrustError(f"{waiting}: a draft waits for signatures; sign it (healthcard trust sign) or delete it first")
    if len(draft.raw) > LARGEST - MARGIN:
        raise TrustError(f"the next bundle would be larger than {LARGEST // 1024} KiB, which no reader takes: leave something out")
    content = Content.decode(draft.message.payload, draft.network)
    tell([bundle_report.dated(content), *bundle_report.differences(held.content if held else None, content)])
    confirm("Is this right?", yes, final=final)
    signed = custody.signed(draft, _signers(root_keys, draft.network, passphrase_file))
    write(bundle, waiting, signed, then)


def write(bundle: Path, waiting: Path, signed: Envelope, then: str) -> None:
    """The next bundle, or `waiting` where more keepers have to sign; says what happens next."""
    if missing := signed.missing():
        try:
            files.write_atomically(waiting, signed.raw)
        except OSError as error:
            raise TrustError(f"{waiting}: {error.strerror}") from None
        print(f"{waiting}: {missing} more signatures of the root are needed. Give this file to the next keeper, who runs:")
        print(f"  healthcard trust sign {waiting.name} --root-key KEYFILE")
        print("The keys that may still sign it:", *map(bundle_report.fingerprint, signed.awaited()), sep="\n  ")
        return
    made = custody.complete(signed)
    made.save(bundle)
    waiting.unlink(missing_ok=True)
    print(f"{bundle}: version {made.version}{then}")


def _done(draft: Path, held: TrustBundle | None) -> bool:
    """Whether a draft has become a bundle, or can't any more: the bundle held is of its version or a later one."""
    try:
        envelope, content = taken_apart(draft)
    except TrustError:
        return False
    return held is not None and envelope.roots[0] == held.roots[0] and content.version <= held.version


def tell(lines: Iterable[str]) -> None:
    """What a command has to say before it asks."""
    for line in lines:
        print(f"  {line}", file=sys.stderr)


def _signers(root_keys: Sequence[Path] | None, network: str, passphrase_file: Path | None) -> list[Signer]:
    if root_keys is None and (given := asked_if_any("Your root key file (empty: leave it to other keepers)")):
        root_keys = [Path(given)]
    return [signer_of(path, "root", network, passphrase_file) for path in root_keys or ()]
