"""How many contacts and services a station gave, by day and month: numbers only, of holders who said yes to being counted (DP-16).

The file holds two tables, of the current day and of months; a day gives way to the next, and nothing links a count to a card. It is
for its owner alone to read.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from healthcard import files, vocabulary
from healthcard.record import HOLDER, Record

SMALLEST_CELL = 10
CONTACTS, CONTACTS_NUMBER = "contacts", 0  # services have the numbers of their table


def services_given(record: Record, day: date, issuer: str) -> Counter[str]:
    """The services of the day's own contacts in `record`, and the contacts themselves; nothing where she did not say yes to counting.

    A service that is itself sensitive (level 2 or 3) is not counted.
    """
    found: Counter[str] = Counter()
    if not record.choices.count:
        return found
    services = vocabulary.default().services.by_key
    for person in record.people:
        for contact in person.contacts:
            if contact.date == day and contact.source in (None, HOLDER, issuer):
                open_services = [word for word in contact.services or () if word in services and services[word].sensitivity < 2]
                found.update([CONTACTS, *open_services])
    return found


def numbered(counts: Mapping[str, int]) -> dict[int, int]:
    """Counts by number, as a station signs them for a verifier (trust/uploads.py); words that are not ours are left out."""
    services = vocabulary.default().services.by_key
    numbers = {CONTACTS: CONTACTS_NUMBER} | {word: services[word].number for word in counts if word in services}
    return {numbers[word]: count for word, count in counts.items() if count and word in numbers}


def shown(counts: Mapping[str, int]) -> dict[str, int | None]:
    """The counts as they may be shown: None for a cell that is not zero and below 10."""
    return {word: None if 0 < count < SMALLEST_CELL else count for word, count in sorted(counts.items())}


@dataclass
class Counts:
    """The counts in `path`, or in memory alone where that is None."""

    path: Path | None = None
    day: date = date.min
    today: Counter[str] = field(default_factory=Counter)
    months: dict[str, Counter[str]] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path | None) -> "Counts":
        """The counts in a file, or none yet; raises OSError, and ValueError for a file of something else."""
        if path is None or not path.exists():
            return cls(path)
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            months = {month: Counter(counts) for month, counts in data["months"].items()}
            return cls(path, date.fromisoformat(data["day"]), Counter(data["today"]), months)
        except (ValueError, TypeError, LookupError, AttributeError):
            raise ValueError(f"{path}: not a file of counts") from None

    def add(self, found: Counter[str], day: date, today: date | None = None) -> None:
        """Count `found`, which was given on `day`, on top of what the file has by now; written before it returns.

        The table of the day is `today`'s, which is `day` where it is not said: what was given on another day is in its month alone.
        Raises OSError and ValueError, and has counted nothing then.
        """
        if not found:
            return
        if self.path is None:
            self._take(self._with(found, day, today or day))
            return
        with files.locked(self.path):
            counted = Counts.load(self.path)._with(found, day, today or day)
            data = {"day": counted.day.isoformat(), "today": counted.today, "months": counted.months}
            files.write_atomically(self.path, json.dumps(data, sort_keys=True, indent=1).encode() + b"\n", mode=0o600)
        self._take(counted)

    def _with(self, found: Counter[str], day: date, today: date) -> "Counts":
        """These counts and `found`, as others: nothing of these changes."""
        month = f"{day:%Y-%m}"
        so_far = self.today if today == self.day else Counter[str]()
        months = self.months | {month: self.months.get(month, Counter[str]()) + found}
        return Counts(self.path, today, so_far + found if day == today else so_far, months)

    def _take(self, counted: "Counts") -> None:
        self.day, self.today, self.months = counted.day, counted.today, counted.months

    def of_day(self, today: date) -> dict[str, int | None]:
        """What may be shown of one day."""
        return shown(self.today) if today == self.day else {}
