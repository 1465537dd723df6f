"""`healthcard issue | read | extend`: a record becomes a card, a card is read, and added to."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from healthcard import card as cards
from healthcard import continuing, keyfile, seal
from healthcard.clinic import entry
from healthcard.commands.options import (
    Blocks,
    BundleFile,
    IssuedList,
    Json,
    KeyFileOption,
    Language,
    OnPrinter,
    PassphraseFile,
    RecordFile,
    SealProfile,
    TextLight,
    TypedAgain,
    Unseal,
    UnsealPassphrase,
)
from healthcard.commands.passphrase import passphrase
from healthcard.commands.templates import FaceLanguage, Hours, OwnTemplates, Route
from healthcard.commands.terminal import card_texts, read_json, read_record, require_new, show_questions, write_files
from healthcard.errors import ConfirmationNeeded
from healthcard.printing import printers
from healthcard.printing import rendering as printing
from healthcard.printing.templates import find
from healthcard.record import Record
from healthcard.trust import issued
from healthcard.trust.bundle import TrustBundle
from healthcard.words import text
from healthcard.words.labels import LANGUAGES

NOT_VERIFIED = 3


def issue(
    record_file: RecordFile,
    key: KeyFileOption,
    bundle: BundleFile,
    out: Annotated[Path, typer.Option(help="folder for NAME.txt, NAME.pdf and NAME.png")] = Path("."),
    template: Annotated[str, typer.Option(help="template of the face")] = "a7",
    language: FaceLanguage = None,
    route: Route = printing.ROUTE_LANGUAGE,
    typed_again: TypedAgain = None,
    text_light: TextLight = False,
    hours: Hours = "",
    own_templates: OwnTemplates = None,
    profile: SealProfile = None,
    blocks: Blocks = 1,
    issued_list: IssuedList = None,
    printer: OnPrinter = None,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Sign the record as a card and print it: NAME.txt (card text), NAME.pdf and NAME.png, or on paper alone."""
    trusted = TrustBundle.load(bundle)
    given = read_record(record_file)
    stem = out / record_file.stem
    if not printer:
        require_new(stem)
    about, signer = keyfile.signer(key, passphrase(passphrase_file, key))
    keyfile.require(about, "station", trusted.network)
    again = confirmed(given, typed_again or [])
    match = trusted.match(signer.key)
    show_questions(given, match.organisation.name if match else None)
    try:
        card = cards.issue(given, signer, trusted, typed_again=again, profile=profile, blocks=blocks)
    except ConfirmationNeeded as doubts:
        if not sys.stdin.isatty():
            print("give each as --typed-again PLACE=VALUE", file=sys.stderr)
            raise
        again += ask_again(given, doubts)
        card = cards.issue(given, signer, trusted, typed_again=again, profile=profile, blocks=blocks)
    files = printed(card, template, language, route_language=route, text_light=text_light, hours=hours, own_templates=own_templates)
    note_issued(issued_list, card)
    if printer:
        printers.send_card(files, find(template, own_templates), printer)
        return
    write_card(stem, files)


def read(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="PICTURE|PDF|TEXT|-...", help="pictures, PDF or text files, card texts, or -", show_default=False),
    ],
    bundle: BundleFile,
    unseal: Unseal = None,
    language: Language = None,
    json_: Json = False,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Verify and show cards; several inputs are merged. Exit code 3 where the card is not verified."""
    trusted = TrustBundle.load(bundle)
    texts = [found for given in inputs for found in card_texts(given)]
    reading = cards.read(*texts, bundle=trusted, unseal=epoch_secrets(unseal, passphrase_file))
    if json_:
        print(json.dumps(reading.to_json(), indent=1, ensure_ascii=False))
    else:
        show(reading, language or screen_language(reading.record), Console())
    if reading.verdict != "verified":
        raise typer.Exit(NOT_VERIFIED)


def extend(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="CARD... [CHANGE.json]", help="the card and its stickers, as for read; then what is new", show_default=False
        ),
    ],
    key: KeyFileOption,
    bundle: BundleFile,
    sticker: Annotated[bool, typer.Option("--sticker", help="sign what is new alone, as a sticker beside the card")] = False,
    leave_out: Annotated[
        list[str] | None, typer.Option(help="PLACE: a line or person to leave out of the new card, people[1]", show_default=False)
    ] = None,
    whose: Annotated[
        list[str] | None, typer.Option(help="N=M: contacts of person N, whose are not known, are person M's", show_default=False)
    ] = None,
    withhold_sources: Annotated[bool, typer.Option("--withhold-sources", help="do not say which organisations saw her")] = False,
    lose_sealed: Annotated[bool, typer.Option("--lose-sealed", help="she agrees that sealed entries are lost")] = False,
    out: Annotated[Path, typer.Option(help="folder for the files, named after CHANGE")] = Path("."),
    template: Annotated[str | None, typer.Option(help="template; default: a7, of a sticker sticker58", show_default=False)] = None,
    language: FaceLanguage = None,
    route: Route = printing.ROUTE_LANGUAGE,
    typed_again: TypedAgain = None,
    text_light: TextLight = False,
    hours: Hours = "",
    own_templates: OwnTemplates = None,
    unseal: Unseal = None,
    unseal_passphrase_file: UnsealPassphrase = None,
    profile: SealProfile = None,
    blocks: Blocks = 1,
    issued_list: IssuedList = None,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Add to a card: a new card in its place, or a sticker beside it (NAME.txt, NAME.pdf and NAME.png).

    CHANGE.json: {"person": 0, ... a contact}, or {"people": [...]} for births and new facts. Several inputs are merged.
    """
    trusted = TrustBundle.load(bundle)
    changed = Path(inputs.pop()) if inputs[-1].endswith(".json") else None
    if not inputs:
        raise typer.BadParameter("no card", param_hint="CARD")
    if sticker and changed is None:
        raise typer.BadParameter("a sticker needs something new", param_hint="CHANGE.json")
    opened = epoch_secrets(unseal, unseal_passphrase_file or passphrase_file)
    reading = cards.read(*(found for given in inputs for found in card_texts(given)), bundle=trusted, unseal=opened)
    if len(reading.cards) > 1:
        print(f"{len(reading.cards)} cards: the latest is continued", file=sys.stderr)
    change = read_json(changed) if changed else None
    stem = out / (changed.stem if changed else "card")
    require_new(stem)
    about, signer = keyfile.signer(key, passphrase(passphrase_file, key))
    keyfile.require(about, "station", trusted.network)
    again: list[str] = []
    if change is not None and typed_again:
        again = confirmed(continuing.read_change(change, continuing.readable(reading).record).record, typed_again)
    card = continuing.extend(
        reading, change, signer, trusted, sticker=sticker, typed_again=again, leave_out=leave_out or (), whose=numbers(whose or []),
        withhold_sources=withhold_sources, lose_sealed=lose_sealed, profile=profile, blocks=blocks,
    )  # fmt: skip
    template = template or ("sticker58" if sticker else "a7")
    files = printed(card, template, language, route_language=route, text_light=text_light, hours=hours, own_templates=own_templates)
    note_issued(issued_list, card)
    write_card(stem, files)


def printed(card: cards.Card, template: str, language: str | None, **look: Any) -> dict[str, bytes]:
    """The files of a card, each read back; how many of its lines no paper shows is said on standard error."""
    files = printing.checked_files(card, template, language, **look)
    fit = printing.fit(card, template, language, **look)
    if fit.hidden:
        print(f"{template}: {fit.hidden} of {fit.shown + fit.hidden} lines stand in the code alone, not on the paper", file=sys.stderr)
    return files


def write_card(stem: Path, files: Mapping[str, bytes]) -> None:
    """Write a card's files and say where they are; raises PrintError where another's have come to stand there meanwhile."""
    require_new(stem)
    for path in write_files(stem, files):
        print(path)


def epoch_secrets(files: list[Path] | None, passphrase_file: Path | None) -> list[bytes]:
    """The secrets in the key files of --unseal."""
    return [seal.epoch_secret(file, passphrase(passphrase_file, file)) for file in files or ()]


def numbers(pairs: list[str]) -> dict[int, int]:
    """The N=M of --whose."""
    try:
        return {int(n): int(m) for n, _, m in (pair.partition("=") for pair in pairs)}
    except ValueError:
        raise typer.BadParameter("N=M, numbers of two people", param_hint="--whose") from None


def confirmed(given: Record, typed: list[str]) -> list[str]:
    """The places whose value was typed again alike."""
    pairs = [item.partition("=") for item in typed]
    if not all(equals for _, equals, _ in pairs):
        raise typer.BadParameter("PLACE=VALUE", param_hint="--typed-again")
    return entry.confirmed(given, {place: value for place, _, value in pairs})


def note_issued(issued_list: Path | None, card: cards.Card) -> None:
    """Keep what lets the card be told from a thief's, before it leaves the house."""
    if issued_list:
        issued.add(issued_list, [issued.issued_hash(card.token, card.network)])


def ask_again(given: Record, doubts: ConfirmationNeeded) -> list[str]:
    """Ask for each unlikely value a second time; raises RecordError where it is not the same."""
    print("These values are unlikely. Look at the measurement, then type each one again.", file=sys.stderr)
    return confirmed(given, [f"{doubt.place}={typer.prompt(str(doubt), err=True)}" for doubt in doubts.problems])


def screen_language(record: Record | None) -> str:
    """The record's own language where the interface has it; a language of faces alone is hers to read, not the reader's."""
    return record.language if record and record.language in LANGUAGES else "en"


def show(reading: cards.Reading, language: str, console: Console) -> None:
    """The thirty-second summary on a terminal."""
    for line in text.verdict_lines(reading.verdict, reading.notices, language, reading.bundle_age_days, reading.issuer):
        console.print(line, soft_wrap=True, highlight=False, markup=False)
    if len(reading.parts) > 1:
        for part in reading.parts:
            found = [part.part.kind, part.part.issued.isoformat()] if part.part else []
            print("  ", *found, part.issuer or "?", part.verdict)
    if len(reading.cards) > 1:
        print(f"   {len(reading.cards)} cards: the latest is shown")
    if reading.handover:
        console.print(text.terminal(reading.handover, language, console.width))
