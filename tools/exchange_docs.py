"""Writes the tables of docs/exchange.md between its marks; the words around them are written by hand.

    python tools/exchange_docs.py            write them (again: nothing changes)
    python tools/exchange_docs.py --check    exit 1 where the file would change

Everything comes from healthcard/exchange/ and healthcard/vocabulary/. What a target is said to lack is measured in its tests.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from healthcard import vocabulary
from healthcard.exchange import mapping
from healthcard.exchange.choice import VITAL_INTEREST
from healthcard.exchange.kobo_form import sheets
from healthcard.words.labels import LANGUAGES

ROOT = Path(__file__).parent.parent
FILE = ROOT / "docs" / "exchange.md"
FIELDS = ROOT / "healthcard" / "exchange" / "fields.csv"
LACKING = "**lacks it**"


def table(columns: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = (columns, ["---"] * len(columns), *lines)
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)


def fields() -> str:
    """Where each field of a record stands in each target."""
    rows = vocabulary.read_csv(FIELDS)
    names = [name for name in rows[0] if name != "field"]
    return table(["field", *names], [[f"`{row['field']}`", *(row[name] or LACKING for name in names)] for row in rows])


def systems() -> str:
    """How many entries of each table have a code of somebody else's."""
    held, lines = mapping.usual(), []
    shorts = {url: short for short, url in mapping.SYSTEMS.items()}
    for name, entries in vocabulary.default().tables().items():
        concepts = [held.concept(name, entry.key) for entry in entries.entries]
        found = [shorts[coding.system] for concept in concepts for coding in concept.codings[:-1]]
        counts = ", ".join(f"{found.count(short)} {short}" for short in sorted(set(found)))
        lines.append((f"`{name}`", concepts[0].own.system, str(len(concepts)), counts or "none"))
    return table(("table", "our code system", "entries", "with codes of others"), lines)


def observations() -> str:
    """Codes and units of what is measured."""
    held, lines = mapping.usual(), []
    for role in vocabulary.ROLES:
        for entry in vocabulary.default().observations[role].entries:
            concept = held.concept(f"observations_{role}", entry.key)
            codes = [coding.code for coding in concept.codings[:-1]]
            lines.append((role, f"`{entry.key}`", concept.label, ", ".join(codes), concept.unit, concept.section))
    return table(("of", "our code", "observation", "LOINC", "UCUM", "section"), lines)


def sources() -> str:
    """Where the codes were read that the vocabulary does not hold."""
    rows = vocabulary.read_csv(ROOT / "healthcard" / "exchange" / "mapping.csv")
    named = [row for row in rows if row["source"] and row["table"] not in ("units", "sections")]
    return table(("table", "entry", "system", "code", "read in"),
                 [(row["table"], f"`{row['key']}`", row["system"], row["code"], row["source"]) for row in named])  # fmt: skip


def reasons() -> str:
    return table(("reason", "what it means (draft)"), [(f"`{word}`", text) for word, text in VITAL_INTEREST.items()])


def kobo_questions() -> str:
    """What the form asks in English, as it is made without options and with one organisation."""
    made = sheets(("en",), organisations=("an organisation",))
    asked = {row["name"] for row in made["survey"]}
    lists = Counter(row["list_name"] for row in made["choices"])
    lines = []
    for row in sheets(("en",), organisations=("an organisation",), sensitive=True)["survey"]:
        if not row["type"].startswith(("end", "note")):
            kind, _, listed = row["type"].removeprefix("begin_").partition(" ")
            level = "" if row["name"] in asked else "with `--sensitive`"
            lines.append((f"`{row['name']}`", kind, row["label::English (en)"], str(lists[listed] or ""), level))
    return table(("name", "type", "words", "choices", "only"), lines)


def form_words() -> str:
    """The words that only exports and the form have."""
    rows = vocabulary.read_csv(ROOT / "healthcard" / "exchange" / "form_words.csv")
    marked = [[f"`{row['key']}`", *(("○ " if code in row["draft"].split() else "") + row[code] for code in LANGUAGES)] for row in rows]
    return table(("key", *LANGUAGES), marked)


TABLES = {made.__name__: made for made in (fields, systems, observations, sources, reasons, kobo_questions, form_words)}


def written(text: str) -> str:
    """`text` with each table in its place."""
    for name, made in TABLES.items():
        mark = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.S)
        if len(mark.findall(text)) != 1:
            raise SystemExit(f"{FILE.name}: no place for {name}")
        text = mark.sub(lambda found, made=made: f"{found[1]}{made()}\n{found[2]}", text)
    return text


def main() -> int:
    held = FILE.read_text(encoding="utf-8")
    made = written(held)
    if "--check" in sys.argv[1:]:
        return 1 if made != held else 0
    FILE.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
