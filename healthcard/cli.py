"""The command line: `healthcard demo`, `issue`, `read`, `size`, `vocabulary`, `keygen`, `trust ...`, `verifier`.

Exit codes: 0 done, 1 refused with a reason, 2 usage, 3 a card that reads but is not `verified`.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

import healthcard
from healthcard import card as cards
from healthcard import demo as demonstration
from healthcard import keyfile, picture, printing, record, resources, sizes, symbol, text, vocabulary
from healthcard.cli_trust import trust_commands
from healthcard.errors import ConfirmationNeeded, HealthcardError, NoCode, PictureError, Problem, RecordError
from healthcard.labels import label
from healthcard.passphrase import passphrase
from healthcard.record import Record
from healthcard.trust import TrustBundle
from healthcard.vocabulary import Entry, Medicine, Quantity

NOT_VERIFIED = 3
LARGEST_RECORD = 1024 * 1024

ABOUT = "Signed care cards for mothers and small children: issue, print, scan, read."
app = typer.Typer(help=ABOUT, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(trust_commands, name="trust")

BundleFile = Annotated[Path, typer.Option("--bundle", "-b", help="trust bundle file", show_default=False)]
KeyFileOption = Annotated[Path, typer.Option("--key", "-k", help="key file of the station", show_default=False)]
PassphraseFile = Annotated[Path | None, typer.Option("--passphrase-file", help="file that holds the passphrase", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="print JSON")]
Language = Annotated[
    str | None, typer.Option("--language", "-l", help="es, en, fr, pt or ht; default: the language of the record", show_default=False)
]


def main() -> None:
    """The entry point: failures of ours become one clear message and exit code 1."""
    with reported():
        app()


@contextmanager
def reported() -> Iterator[None]:
    try:
        yield
    except HealthcardError as error:
        lines = [str(problem) for problem in error.problems] if isinstance(error, RecordError) else [str(error)]
        print(f"healthcard: {error.code}", *lines, sep="\n  ", file=sys.stderr)
        sys.exit(1)


@app.command()
def demo(out: Annotated[Path, typer.Option(help="folder for the files of the demonstration")] = Path("demo")) -> None:
    """The whole way on a bundled record: keys, bundle, card as PDF and PNG, read back from the picture, summary."""
    made = demonstration.run(out)
    console = Console()
    show(made.reading, "en", console)
    console.print("\nLook at these files:")
    for path, what in made.files:
        console.print(f"  {path}  {what}", soft_wrap=True, highlight=False)


@app.command()
def keygen(
    path: Annotated[Path, typer.Argument(help="key file to write (never overwritten)", show_default=False)],
    purpose: Annotated[str, typer.Option(help="root, organisation or station")] = "station",
    label: Annotated[str, typer.Option(help="whose key it is: small letters, digits, hyphens")] = "",
    algorithm: Annotated[str, typer.Option(help="Ed25519 or ESP256")] = "Ed25519",
    test: Annotated[bool, typer.Option("--test", help="for the test network")] = False,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Make a key, wrapped with a passphrase, and print its public half."""
    made = keyfile.generate(path, purpose, "test" if test else "real", label, algorithm, passphrase(passphrase_file, confirm=True))
    print(made.public.hex())


@app.command()
def issue(
    record_file: Annotated[Path, typer.Argument(metavar="RECORD.json", show_default=False)],
    key: KeyFileOption,
    bundle: BundleFile,
    out: Annotated[Path, typer.Option(help="folder for NAME.txt, NAME.pdf and NAME.png")] = Path("."),
    template: Annotated[str, typer.Option(help="template of the face")] = "a7",
    language: Language = None,
    typed_again: Annotated[
        list[str] | None, typer.Option(help="PLACE=VALUE: an unlikely value, typed a second time", show_default=False)
    ] = None,
    text_light: Annotated[bool, typer.Option("--text-light", help="a face without clinical words")] = False,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Sign the record as a card and print it: NAME.txt (card text), NAME.pdf and NAME.png."""
    trusted = TrustBundle.load(bundle)
    given = read_record(record_file)
    about, signer = keyfile.signer(key, passphrase(passphrase_file))
    keyfile.require(about, "station", trusted.network)
    again = confirmed(given, typed_again or [])
    try:
        card = cards.issue(given, signer, trusted, typed_again=again)
    except ConfirmationNeeded as doubts:
        if not sys.stdin.isatty():
            print("give each as --typed-again PLACE=VALUE", file=sys.stderr)
            raise
        card = cards.issue(given, signer, trusted, typed_again=[*again, *ask_again(given, doubts)])
    files = printing.checked_files(card, template=template, language=language, text_light=text_light)
    out.mkdir(parents=True, exist_ok=True)
    for suffix, data in files.items():
        target = out / f"{record_file.stem}{suffix}"
        target.write_bytes(data)
        print(target)


@app.command()
def read(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="PICTURE|PDF|TEXT|-...", help="pictures, PDF or text files, card texts, or -", show_default=False),
    ],
    bundle: BundleFile,
    language: Language = None,
    json_: Json = False,
) -> None:
    """Verify and show cards; several inputs are merged. Exit code 3 where the card is not verified."""
    trusted = TrustBundle.load(bundle)
    texts = [found for given in inputs for found in card_texts(given)]
    reading = cards.read(*texts, bundle=trusted)
    if json_:
        print(json.dumps(reading.to_json(), indent=1, ensure_ascii=False))
    else:
        show(reading, language or (reading.record.language if reading.record else "en"), Console())
    if reading.verdict != "verified":
        raise typer.Exit(NOT_VERIFIED)


@app.command()
def size(
    record_file: Annotated[Path, typer.Argument(metavar="RECORD.json", show_default=False)],
    bundle: Annotated[Path | None, typer.Option("--bundle", "-b", help="trust bundle file", show_default=False)] = None,
    dpi: Annotated[int | None, typer.Option(help="dots per inch of the printer: modules are whole dots", show_default=False)] = None,
    side_mm: Annotated[float, typer.Option(help="printed side of the code with its quiet zone")] = 40.0,
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
    table: Annotated[str | None, typer.Argument(help="name of a table; without it, all names", show_default=False)] = None,
    language: Annotated[str, typer.Option("--language", "-l", help="es, en, fr, pt or ht")] = "en",
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
    bundle: BundleFile,
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="port to listen on")] = 8000,
) -> None:
    """Start the service with which partners verify and decode cards; it signs nothing and stores nothing."""
    TrustBundle.load(bundle)
    resources.service_module("verifier").serve(bundle, host, port)


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


def read_record(path: Path) -> Record:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_RECORD + 1)
    except OSError as error:
        raise RecordError([Problem(str(path), error.strerror or "can't be read")]) from None
    if len(data) > LARGEST_RECORD:
        raise RecordError([Problem(str(path), "larger than 1 MiB")])
    return Record.from_json(data)


def card_texts(given: str) -> list[str]:
    """The card texts that one argument of `read` stands for."""
    if given.startswith(tuple(symbol.PREFIXES.values())):
        return [given]
    if given == "-":
        return _texts_of(sys.stdin.buffer.read(picture.MAX_FILE + 1), "standard input")
    path = Path(given)
    try:
        with path.open("rb") as file:
            data = file.read(picture.MAX_FILE + 1)
    except OSError as error:
        raise PictureError(f"{given}: {error.strerror}") from None
    return _texts_of(data, given)


def _texts_of(data: bytes, name: str) -> list[str]:
    if data.lstrip().startswith(b"MC") and len(data) <= LARGEST_RECORD:
        return [line.rstrip("\r") for line in data.decode("ascii", "replace").split("\n") if line.strip()]
    try:
        return picture.scan(data)
    except NoCode as error:
        raise NoCode(f"{name}: {error}") from None
    except PictureError as error:
        raise PictureError(f"{name}: {error}") from None


def confirmed(given: Record, typed: list[str]) -> list[str]:
    """The places whose value was typed again alike."""
    again = []
    for item in typed:
        place, equals, value = item.partition("=")
        if not equals:
            raise typer.BadParameter("PLACE=VALUE", param_hint="--typed-again")
        if not record.same_value(given, place, value):
            raise RecordError([Problem(place, "typed again, but not the same value", "check the measurement")])
        again.append(place)
    return again


def ask_again(given: Record, doubts: ConfirmationNeeded) -> list[str]:
    """Ask for each unlikely value a second time; raises RecordError where it is not the same."""
    print("These values are unlikely. Look at the measurement, then type each one again.", file=sys.stderr)
    return confirmed(given, [f"{doubt.place}={typer.prompt(str(doubt), err=True)}" for doubt in doubts.problems])


def show(reading: cards.Reading, language: str, console: Console) -> None:
    """The thirty-second summary on a terminal."""
    for line in text.verdict_lines(reading.verdict, reading.notices, language, reading.bundle_age_days, reading.issuer):
        console.print(line, soft_wrap=True, highlight=False, markup=False)
    if reading.handover:
        console.print(text.terminal(reading.handover, language, console.width))


if __name__ == "__main__":
    os.environ.setdefault("PYTHONIOENCODING", "utf-8")
    main()
