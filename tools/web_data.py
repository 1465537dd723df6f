"""Writes web/data/: what the pages need of the Python package, as JSON.

    python tools/web_data.py             write it all (again: nothing changes)
    python tools/web_data.py --check     exit 1 where a file would change, come or go

The pages hold no word and no number of the vocabulary themselves: what a reader must know stands in these files.
"""

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import web_clinic

from healthcard import vocabulary
from healthcard.trust.published import published_keys
from healthcard.vocabulary import Entry, Medicine, Quantity, Scale

FOLDER = Path(__file__).parent.parent / "web" / "data"
Json = dict[str, object]


def entry_json(entry: Entry) -> Json:
    out: Json = {"number": entry.number, "key": entry.key, "sensitivity": entry.sensitivity}
    if kind := entry.row.get("kind"):
        out["kind"] = kind
    if entry.groups:
        out["groups"] = sorted(entry.groups)
    return out


def scale_json(scale: Scale) -> Json:
    """The step as a fraction, as the spec reads it (section 6.1)."""
    return {"numerator": scale.numerator, "denominator": scale.denominator, "centre": scale.centre}


def medicine_json(medicine: Medicine) -> Json:
    return entry_json(medicine) | {"unit": medicine.unit} | scale_json(medicine.scale)


def quantity_json(quantity: Quantity) -> Json:
    """An observation or a profile field; `words` are its coded values by number."""
    out = entry_json(quantity) | {"kind": quantity.kind, "unit": quantity.unit} | scale_json(quantity.scale)
    if quantity.kind == "coded":
        out["words"] = {str(number): word for number, word in quantity.words.items()}
    if quantity.path:
        out["path"] = quantity.path
    if quantity.range.reject:
        out["reject"] = list(quantity.range.reject)
    if quantity.range.warn:
        out["warn"] = list(quantity.range.warn)
    return out


def vocabulary_json() -> Json:
    """The tables that drive reading, every one a list in the order of the table."""
    known = vocabulary.default()
    simple: dict[str, Iterable[Entry]] = {
        name: getattr(known, name).entries for name in ("findings", "services", "vaccines", "timings", "allergies")
    }
    out: Json = {name: [entry_json(entry) for entry in entries] for name, entries in simple.items()}
    out["findings"] = [entry_json(entry) | {"role": entry.row["role"]} for entry in known.findings.entries]
    out["medicines"] = [medicine_json(medicine) for medicine in known.medicines.entries]
    out["enumerations"] = {name: [entry_json(entry) for entry in table.entries] for name, table in known.enumerations.items()}
    for name, tables in (("observations", known.observations), ("profile", known.profile)):
        out[name] = {role: [quantity_json(quantity) for quantity in table.entries] for role, table in tables.items()}
    return out


def published_keys_json() -> list[str]:
    """The test keys that a real network refuses (M74)."""
    return sorted(key.hex() for key in published_keys())


# Every file of web/data and what it holds; a file of its own registers here with one line.
DATA: Mapping[str, Callable[[], object]] = {
    "vocabulary.json": vocabulary_json,
    **web_clinic.DATA,
    "published_keys.json": published_keys_json,
}


def written(data: object, depth: int = 0) -> str:
    """JSON with one entry of a table to a line, so that a change shows as one line."""
    if isinstance(data, dict) and depth < 3 and any(isinstance(value, dict | list) for value in data.values()):
        inner = [f'"{name}": {written(value, depth + 1)}' for name, value in data.items()]
        return "{\n" + ",\n".join(inner) + "\n}"
    if isinstance(data, list) and any(isinstance(value, dict | list) for value in data):
        return "[\n" + ",\n".join(json.dumps(value, ensure_ascii=False) for value in data) + "\n]"
    return json.dumps(data, ensure_ascii=False)


def main() -> int:
    wanted = {name: (written(made()) + "\n").encode() for name, made in DATA.items()}
    held = {path.name: path.read_bytes() for path in FOLDER.iterdir()} if FOLDER.is_dir() else {}
    if "--check" in sys.argv[1:]:
        changed = sorted(name for name in wanted.keys() | held.keys() if wanted.get(name) != held.get(name))
        for name in changed:
            print(f"web/data/{name}: would change", file=sys.stderr)
        return 1 if changed else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in held.keys() - wanted.keys():
        (FOLDER / name).unlink()
    for name, data in wanted.items():
        (FOLDER / name).write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
