"""Writes spec/vectors/: one file, one fault, the same bytes each time (spec section 14).

    python tools/vectors.py           write them all
    python tools/vectors.py --check   exit 1 if a file would change, come or go
"""

import sys
from pathlib import Path

import vector_bundles
import vector_codec
import vector_merged
import vector_sealed
import vector_symbols
import vector_tokens
import vector_values
import vector_verdicts
from vector_case import BundleCase, Case, SymbolsCase
from vector_merged import MergedCase

FOLDER = Path(__file__).parent.parent / "spec" / "vectors"


def files() -> dict[str, bytes]:
    """Every vector by its path in spec/vectors."""
    out: dict[str, bytes] = {}
    read_alone = (*vector_tokens.cases(), *vector_codec.cases(), *vector_values.cases())
    judged, listed = vector_verdicts.cases()
    cases: list[tuple[str, Case | BundleCase | SymbolsCase | MergedCase]] = [(f"{case.name}.txt", case) for case in (*read_alone, *judged)]
    cases += [(f"bundles/{case.name}.txt", case) for case in vector_bundles.cases(listed)]
    cases += [(f"symbols/{case.name}.txt", case) for case in vector_symbols.cases(listed)]
    cases += [(f"sealed/{case.name}.txt", case) for case in vector_sealed.cases()]
    cases += [(f"merged/{case.name}.txt", case) for case in vector_merged.cases()]
    for path, case in cases:
        if path in out:
            raise SystemExit(f"two vectors named {path}")
        out[path] = case.file()
    return out


def main() -> int:
    wanted = files()
    held = {path.relative_to(FOLDER).as_posix(): path.read_bytes() for path in FOLDER.rglob("*.txt")}
    if "--check" in sys.argv[1:]:
        changed = sorted(path for path in wanted.keys() | held.keys() if wanted.get(path) != held.get(path))
        for path in changed:
            print(f"spec/vectors/{path}: would change")
        return 1 if changed else 0
    for path in held.keys() - wanted.keys():
        (FOLDER / path).unlink()
    for path, data in wanted.items():
        (FOLDER / path).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / path).write_bytes(data)
    print(f"{len(wanted)} vectors")
    return 0


if __name__ == "__main__":
    sys.exit(main())
