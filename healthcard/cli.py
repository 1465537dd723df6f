"""The command line: `healthcard demo`, `issue`, `read`, `extend`, `size`, `vocabulary`, `keygen`, `trust ...`, `verifier`, `partner ...`,
`templates ...`.

Exit codes: 0 done, 1 refused with a reason, 2 usage, 3 a card that reads but is not `verified`.
"""

import json
import os
import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console

import healthcard
from healthcard import card as cards
from healthcard import continuing, keyfile, resources, seal, sizes, vocabulary
from healthcard.clinic import entry
from healthcard.commands import demo as demonstration
from healthcard.commands.batch import batch as batch_command
from healthcard.commands.check import check as check_command
from healthcard.commands.export import export as export_command
from healthcard.commands.kobo import kobo_commands
from healthcard.commands.partner import partner_commands
from healthcard.commands.passphrase import passphrase
from healthcard.commands.scanner import scanner as scanner_command
from healthcard.commands.station import station as station_command
from healthcard.commands.templates import FaceLanguage, Hours, OwnTemplates, Route, template_commands
from healthcard.commands.terminal import card_texts, read_json, read_record, reported, show_questions, utf8, write_files
from healthcard.commands.trust import trust_commands
from healthcard.commands.upload import upload_commands
from healthcard.errors import ConfirmationNeeded
from healthcard.printing import printers
from healthcard.printing import rendering as printing
from healthcard.printing.templates import find
from healthcard.record import Record
from healthcard.trust import issued
from healthcard.trust.bundle import TrustBundle
from healthcard.vocabulary import Entry, Medicine, Quantity
from healthcard.words import text
from healthcard.words.labels import LANGUAGES, label

NOT_VERIFIED = 3

ABOUT = "Signed care cards for mothers and small children: issue, print, scan, read."
app = typer.Typer(help=ABOUT, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(trust_commands, name="trust")
app.add_typer(template_commands, name="templates")
app.add_typer(partner_commands, name="partner")
app.add_typer(kobo_commands, name="kobo")
app.add_typer(upload_commands, name="upload")
app.command("station")(station_command)
app.command("batch")(batch_command)
app.command("export")(export_command)
app.command("check")(check_command)
app.command("scanner")(scanner_command)


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
OnPrinter = Annotated[
    str | None, typer.Option("--printer", help="print on this printer of CUPS, and write no file", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="print JSON")]
Language = Annotated[
    str | None,
    typer.Option("--language", "-l", callback=known_language, help="en, es, fr, pt or ht; default: the record's own", show_default=False),
]


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


@app.command()
def issue(
    record_file: RecordFile,
    key: KeyFileOption,
    bundle: BundleFile,
    out: Annotated[Path, typer.Option(help="folder for NAME.txt, NAME.pdf and NAME.png")] = Path("."),
    template: Annotated[str, typer.Option(help="template of the face")] = "a7",
    language: FaceLanguage = None,
    route: Route = printing.ROUTE_LANGUAGE,
    typed_again: Annotated[
        list[str] | None, typer.Option(help="PLACE=VALUE: an unlikely value, typed a second time", show_default=False)
    ] = None,
    text_light: Annotated[bool, typer.Option("--text-light", help="a face without clinical words")] = False,
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
    files = printing.checked_files(
        card, template, language, route_language=route, text_light=text_light, hours=hours, own_templates=own_templates
    )
    note_issued(issued_list, card)
    if printer:
        printers.send_card(files, find(template, own_templates), printer)
        return
    for path in write_files(out / record_file.stem, files):
        print(path)


@app.command()
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


@app.command()
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
    typed_again: Annotated[
        list[str] | None, typer.Option(help="PLACE=VALUE: an unlikely value, typed a second time", show_default=False)
    ] = None,
    text_light: Annotated[bool, typer.Option("--text-light", help="a face without clinical words")] = False,
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
    change = read_json(changed) if changed else None
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
    files = printing.checked_files(
        card, template, language, route_language=route, text_light=text_light, hours=hours, own_templates=own_templates
    )
    note_issued(issued_list, card)
    for path in write_files(out / (changed.stem if changed else "card"), files):
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


@app.command()
def size(
    record_file: RecordFile,
    bundle: Annotated[Path | None, typer.Option("--bundle", "-b", help="trust bundle file", show_default=False)] = None,
    dpi: Annotated[int | None, typer.Option(min=50, max=4800, help="dots per inch of the printer", show_default=False)] = None,
    side_mm: Annotated[float, typer.Option(callback=printable, help="printed side of the code with its quiet zone")] = 40.0,
    json_: Json = False,
) -> None:
    """How large a record is as a card, before anything is signed."""
    found = sizes.measure(read_record(record_file), TrustBundle.load(bundle) if bundle else None, date.today(), side_mm, dpi)
    if json_:
        print(json.dumps(found.to_json()))
    else:
        print(f"{found.bytes} bytes, {found.characters} characters, symbol version {found.version}-{found.level}, {found.side_mm:g} mm")


@app.command("vocabulary")
def vocabulary_command(
    table: Annotated[str | None, typer.Argument(metavar="TABLE", help="name of a table; without it, all names", show_default=False)] = None,
    language: Annotated[str, typer.Option("--language", "-l", callback=known_language, help="en, es, fr, pt or ht")] = "en",
    json_: Json = False,
) -> None:
    """The code tables: numbers, words, units, labels."""
    tables = vocabulary.default().tables()
    if table is None:
        rows: list[dict[str, Any]] = [{"table": name, "entries": len(found.entries)} for name, found in tables.items()]
    elif table in tables:
        rows = [vocabulary_row(table, entry, language) for entry in tables[table].entries]
    else:
        raise typer.BadParameter(f"no such table; one of {', '.join(tables)}", param_hint="TABLE")
    if json_:
        print(json.dumps(rows, ensure_ascii=False, indent=1))
    else:
        for row in rows:
            print("\t".join(str(cell) for cell in row.values()))


@app.command()
def verifier(
    bundle: Annotated[
        Path | None, typer.Option("--bundle", "-b", help="trust bundle file; default: HEALTHCARD_BUNDLE", show_default=False)
    ] = None,
    host: Annotated[str | None, typer.Option(help="address to listen on; default: 127.0.0.1", show_default=False)] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="port to listen on; default: 8000", show_default=False)] = None,
) -> None:
    """Start the service with which partners verify and decode cards; it signs nothing and keeps no record."""
    settings = resources.service_module("settings").Settings.from_environment(os.environ, bundle=bundle, host=host, port=port)
    try:
        resources.service_module("verifier").serve(settings)
    except SystemExit as stop:  # uvicorn has said why, with an exit code that means something else here
        raise typer.Exit(1 if stop.code else 0) from None


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="print the version and stop")] = False) -> None:
    if version:
        print(healthcard.__version__)
        raise typer.Exit


def vocabulary_row(table: str, entry: Entry, language: str) -> dict[str, Any]:
    """One line of a table: number, word, label in the language, unit and sensitivity."""
    unit = entry.unit if isinstance(entry, Quantity | Medicine) else ""
    if isinstance(entry, Quantity):
        named = label("observation", entry.key, language, entry.role)
    elif table in vocabulary.default().enumerations:
        named = label("enumeration", f"{table}.{entry.key}", language)
    else:
        named = label({"allergies": "allergy"}.get(table, table.removesuffix("s")), entry.key, language)
    return {"number": entry.number, "key": entry.key, "label": named.text, "unit": unit, "sensitivity": entry.sensitivity}


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


if __name__ == "__main__":
    main()
