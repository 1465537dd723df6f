"""What may be shown of the monthly counts of stations (DP-16)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from healthcard import vocabulary
from healthcard.counts import CONTACTS, CONTACTS_NUMBER, SMALLEST_CELL

from .store import Count

MOST_SENSITIVE = 1
ROUNDED_TO = 5  # downwards, so that asking before and after a station sends its counts does not tell them


def shown(counts: Iterable[Count], organisations: Mapping[int, str]) -> dict[str, Any]:
    """Cells by month, organisation and service, and totals by month and service.

    A cell below 10, none included, is left out, the others are rounded down to fives. A total is the sum of the cells that are shown, so
    that no difference tells what is not. Sensitive services (level 2 and 3) and those we do not know are left out too.
    """
    words = service_words()
    enough = [c for c in counts if c.count >= SMALLEST_CELL and c.service in words and c.organisation in organisations]
    kept = [replace(c, count=c.count - c.count % ROUNDED_TO) for c in enough]
    totals: Counter[tuple[str, str]] = Counter()
    for c in kept:
        totals[f"{c.month:%Y-%m}", words[c.service]] += c.count
    cells = [
        {"month": f"{c.month:%Y-%m}", "organisation": organisations[c.organisation], "service": words[c.service], "count": c.count}
        for c in kept
    ]
    listed = [{"month": month, "service": service, "count": count} for (month, service), count in sorted(totals.items())]
    return {"smallest_cell": SMALLEST_CELL, "rounded_to": ROUNDED_TO, "cells": cells, "totals_of_cells": listed}


def service_words() -> dict[int, str]:
    """The services that are counted, by number."""
    entries = vocabulary.default().services.entries
    return {CONTACTS_NUMBER: CONTACTS} | {entry.number: entry.key for entry in entries if entry.sensitivity <= MOST_SENSITIVE}
