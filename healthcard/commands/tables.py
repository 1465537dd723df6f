"""`healthcard size | vocabulary`: what a record takes, and what its words mean."""

import json
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from healthcard import sizes, vocabulary
from healthcard.commands.options import Json, RecordFile, known_language, printable
from healthcard.commands.terminal import read_record
from healthcard.exchange.words import entry_label
from healthcard.trust.bundle import TrustBundle
from healthcard.vocabulary import Entry, Medicine, Quantity


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


def vocabulary_row(table: str, entry: Entry, language: str) -> dict[str, Any]:
    """One line of a table: number, word, label in the language, unit and sensitivity."""
    unit = entry.unit if isinstance(entry, Quantity | Medicine) else ""
    named = entry_label(table, entry.key, language)
    return {"number": entry.number, "key": entry.key, "label": named.text, "unit": unit, "sensitivity": entry.sensitivity}
