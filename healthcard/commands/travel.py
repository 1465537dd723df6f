"""`healthcard trust sign | verify | show | export | import`: drafts and bundles on their way (docs/trust.md)."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Literal

import typer

from healthcard import files
from healthcard.commands.keepers import DRAFT, Bundle, RootKeys, Yes, asked, confirm, signer_of, tell, today, write
from healthcard.commands.options import PassphraseFile
from healthcard.errors import TrustError
from healthcard.trust import jwks, travel
from healthcard.trust import report as bundle_report
from healthcard.trust.bundle import TrustBundle, taken_apart
from healthcard.trust.texts import bundle_texts, on_screen

Json = Annotated[bool, typer.Option("--json", help="print JSON")]
BundleOrDraft = Annotated[Path, typer.Argument(metavar="BUNDLE", help="trust bundle file, or a draft of one", show_default=False)]
BUNDLE_BEGINS = b"\x83"  # an array of 3; no picture begins so


def sign(
    draft: Annotated[Path, typer.Argument(metavar="DRAFT", help="draft of a trust bundle, from another keeper", show_default=False)],
    root_key: RootKeys = None,
    bundle: Annotated[
        Path | None, typer.Option("--bundle", "-b", help="bundle held; default: DRAFT without .draft", show_default=False)
    ] = None,
    passphrase_file: PassphraseFile = None,
    yes: Yes = False,
) -> None:
    """As a keeper of the root: look at what a draft changes, and add your signature; with enough of them it becomes the bundle."""
    envelope, content = taken_apart(draft)
    if bundle is None and draft.suffix != DRAFT:
        raise typer.BadParameter("the draft's name does not end in .draft: name the bundle", param_hint="--bundle")
    target = bundle or draft.with_suffix("")
    held = TrustBundle.load(target) if target.exists() else None
    if held and (envelope.network, envelope.roots[: len(held.roots)]) != (held.network, held.roots):
        raise TrustError(f"{draft}: of another network or root than {target}")
    if held and content.version != held.version + 1:
        why = "it was signed by enough, or came too late" if content.version <= held.version else "import the newest bundle first"
        raise TrustError(f"{draft}: version {content.version}, which does not follow version {held.version} of {target}: {why}")
    if content.issued > max(today() + timedelta(1), held.issued if held else today()):
        raise TrustError(f"{draft}: dated {content.issued}, and here it is {today()}: one of the two clocks is wrong")
    if held is None:
        tell([f"{target} is not here to compare with (else name yours with --bundle); this is all that the draft says:"])
    tell([bundle_report.dated(content)])
    tell(bundle_report.new_root(held.roots[-1] if held else None, envelope.roots[-1]))
    tell(bundle_report.differences(held.content if held else None, content))
    confirm("Do you sign this?", yes, final=True)
    signed = envelope
    for path in root_key or [Path(asked(None, "Your root key file", "--root-key"))]:
        before, signed = signed, signed.signed_by(signer_of(path, "root", envelope.network, passphrase_file))
        if signed == before:
            raise TrustError(f"{path}: has signed this draft already, or is not needed any more")
    write(target, draft, signed, ". Give the new bundle to the other keepers and to every reader.")


def verify(bundle: BundleOrDraft, json_: Json = False) -> None:
    """Whether a file is a trust bundle that its root signed; exit code 1 for a draft, and for anything else."""
    envelope, content = taken_apart(bundle)
    missing = envelope.missing()
    if json_:
        print(json.dumps({"version": content.version, "missing_signatures": missing}))
    elif not missing:
        print(f"{bundle}: version {content.version} of a {envelope.network} network, {_age(content.issued)}; rightly signed by its root:")
        tell(map(bundle_report.fingerprint, envelope.roots[-1].keys))
    if missing:
        raise TrustError(f"{bundle}: a draft of version {content.version}; {missing} more signatures of the root are needed")


def show(bundle: BundleOrDraft, json_: Json = False) -> None:
    """What a bundle or draft says: version, age, organisations, stations, withdrawals."""
    envelope, content = taken_apart(bundle)
    size, missing = len(envelope.raw), envelope.missing()
    if json_:
        print(json.dumps(bundle_report.as_json(envelope, content, size), indent=1))
        return
    if missing:
        print(f"a draft: {missing} more signatures of the root are needed")
    for line in bundle_report.lines(envelope, content, size):
        print(line)


def export(
    bundle: Bundle,
    to: Annotated[Literal["file", "qr", "jwks"], typer.Option(help="a copy; pictures for a screen; keys as a JSON Web Key Set")],
    out: Annotated[Path, typer.Option(help="file, or folder (a USB stick)", show_default=False)],
) -> None:
    """Hand a bundle on: as a file, as QR symbols on a screen, or its keys for other systems."""
    held = TrustBundle.load(bundle)
    target = out / bundle.name if out.is_dir() else out
    try:
        match to:
            case "file":
                target = target if target.suffix == travel.SUFFIX else target.with_name(target.name + travel.SUFFIX)
                held.save(target)
                written = [target]
            case "jwks":
                target = target if target.suffix == ".json" else target.with_suffix(".json")
                files.write_atomically(target, json.dumps(jwks.key_set(held), indent=1).encode() + b"\n")
                written = [target]
            case "qr":
                written = _pictures(held, target)
    except OSError as error:
        raise TrustError(f"{error.filename or out}: {error.strerror}") from None
    for path in written:
        print(path)
    if to == "qr":
        print(f"Show {'it' if len(written) == 1 else 'them one after another'}; the other reads it with: healthcard trust import")


def import_(
    bundle: Bundle,
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="SOURCE...", help="file, folder, http address, or pictures of symbols", show_default=False)
    ] = None,
    yes: Yes = False,
) -> None:
    """Take over a newer bundle, from a file, a folder (USB stick), an address, or pictures of a colleague's screen."""
    held = TrustBundle.load(bundle) if bundle.exists() else None
    found = _found(bundle, sources or [asked(None, "File, folder, address or picture", "SOURCE")], held)
    if held and (found is None or found.raw == held.raw):
        print(f"{bundle}: version {held.version}, {_age(held.issued)}, is the newest there")
        return
    assert found
    if held is None:
        tell([f"a first bundle of a {found.network} network; ask your focal point whether these are its root keys:"])
        tell(map(bundle_report.fingerprint, found.roots[-1].keys))
        confirm("Are they?", yes, final=True)
    else:
        held.update(found)
        tell(bundle_report.new_root(held.roots[-1], found.roots[-1]))
        tell(bundle_report.differences(held.content, found.content))
    found.save(bundle)
    print(f"{bundle}: version {found.version}, {_age(found.issued)}")


COMMANDS: dict[str, Callable[..., None]] = {"sign": sign, "verify": verify, "show": show, "export": export, "import": import_}


def _found(bundle: Path, sources: list[str], held: TrustBundle | None) -> TrustBundle | None:
    """The bundle at the sources; None where the address says that it has no other than the one held."""
    first = sources[0]
    if len(sources) == 1 and first.lower().startswith(("http://", "https://")):
        return _fetched(bundle, first, held)
    if len(sources) == 1 and Path(first).is_dir():
        return travel.from_folder(Path(first), held)
    if len(sources) == 1 and files.read(Path(first), 1)[:1] == BUNDLE_BEGINS:
        return TrustBundle.load(Path(first))
    return travel.from_pictures(Path(source) for source in sources)


def _fetched(bundle: Path, url: str, held: TrustBundle | None) -> TrustBundle | None:
    """What the address has; its ETag is kept beside the bundle, so that the same bundle is not sent again."""
    memory = bundle.with_name(bundle.name + ".etag")
    known: list[str] = []
    if held and memory.exists():
        known = memory.read_text(encoding="utf-8", errors="replace").split("\n")
    found = travel.fetch(url, known[1] if len(known) > 1 and known[0] == f"{url} {held.version if held else 0}" else None)
    if found.bundle and found.etag:
        files.write_atomically(memory, f"{url} {found.bundle.version}\n{found.etag}\n".encode())
    return found.bundle


def _pictures(held: TrustBundle, target: Path) -> list[Path]:
    """Each symbol of a bundle as a picture: trust.png, or trust-1-of-3.png and so on."""
    texts, paths = bundle_texts(held), []
    for n, text in enumerate(texts, 1):
        name = target.stem if len(texts) == 1 else f"{target.stem}-{n}-of-{len(texts)}"
        path = target.with_name(f"{name}.png")
        on_screen(text).save(path)
        paths.append(path)
    return paths


def _age(issued: date) -> str:
    days = max(0, (date.today() - issued).days)
    return f"issued {issued}, {days} days ago"
