"""Everything in the repository that a program made, made again or checked.

    python tools/generated.py             make it all again; a second run changes nothing
    python tools/generated.py --check     exit with 1 where a file is not what its program would write
"""

import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parent.parent

# What each program writes; each knows --check.
GENERATORS = {
    "healthcard/growth_tables.bin": ["tools/growth_tables.py"],
    "spec/vectors": ["tools/vectors.py"],
    "api/examples.json, docs/openapi.json": ["-m", "tests.service_examples"],
    "docs/pictures/card.png": ["tools/pictures.py"],
    "docs/gallery.md, docs/pictures/gallery, print_templates/example": ["tools/gallery.py"],
    "web/data": ["tools/web_data.py"],
    "web/files.js, web/pictograms": ["tools/web_files.py"],
    "docs/clinical.md": ["tools/clinical_docs.py"],
    "docs/languages.md, docs/languages": ["tools/language_docs.py"],
    "docs/exchange.md": ["tools/exchange_docs.py"],
}
# Made from what only one Debian release has, or npm: never made again here, but their parts must fit each other.
CHECKED_ONLY = {"print_templates/fonts/coverage.json": ["tools/fonts.py"], "web/vendor": ["tools/web_vendor.py"]}


def main() -> int:
    check = "--check" in sys.argv[1:]
    stale = []
    for made, program in (GENERATORS | CHECKED_ONLY).items():
        if program[0] != "-m" and not (CHECKOUT / program[0]).exists():
            continue
        only_check = check or made in CHECKED_ONLY
        done = subprocess.run([sys.executable, *program, *(["--check"] if only_check else [])], cwd=CHECKOUT)
        if done.returncode:
            stale.append((made, program))
    for made, program in stale:
        print(f"{made}: not what its program writes; run: python {' '.join(program)}", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
