"""Schedule files: CSV -> items, checked whole; one file per country in vocabulary/schedules, or an organisation's own.

A row is one item. `anchor` says what its days count from: `gestation` (last menstrual period, while pregnant), `birth` (the child's;
for a mother the birth of this pregnancy), `first_contact`, `last_weight`, `last:MEDICINE` or `dose:VACCINE:N`. `condition` holds
terms split by ";": `pregnant`, `rh_negative`, `age_days < N`, `age_days >= N`, `every N` (days after the last one), `until N` (days
after the anchor), `programme NAME` (off unless the deployment names it). `satisfied_by` holds alternatives split by "|": `contact`,
`medicine KEY`, `observation KEY`, `VACCINE` or `VACCINE:DOSE`.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources.abc import Traversable
from typing import Any, Final

from healthcard import vocabulary
from healthcard.errors import HealthcardError
from healthcard.vocabulary import ROLES, Role, Vocabulary, read_csv

DEFAULT: Final = ("who", "epi-who")
COLUMNS: Final = ("key", "label_en", "for", "anchor", "due_days", "overdue_days", "condition", "source", "confidence", "satisfied_by")
EARLY: Final = 7  # days before it is due that an item may be done
LONGEST: Final = 36_525  # days of an offset


@dataclass(frozen=True, slots=True)
class Item:
    """One row of a schedule; days count from the anchor, `opens` and `closes` are the days between which a contact is this visit."""

    key: str
    schedule: str
    label_en: str
    roles: tuple[Role, ...]
    anchor: str
    due_days: int
    overdue_days: int | None
    source: str
    confidence: str
    pregnant: bool = False
    rh_negative: bool = False
    youngest: int | None = None
    oldest: int | None = None
    every: int | None = None
    until: int | None = None
    programme: str = ""
    contact: bool = False
    medicines: frozenset[str] = frozenset()
    observations: frozenset[str] = frozenset()
    vaccines: frozenset[str] = frozenset()
    dose: int | None = None
    interval: int = 0  # least days after the dose before
    opens: int = 0
    closes: int = LONGEST
    before: int | None = None  # where the visit before opens


@dataclass(frozen=True, slots=True)
class Schedule:
    """Items of one or more schedule files, in their order, and the programmes that run where the card is read."""

    items: tuple[Item, ...]
    programmes: frozenset[str] = frozenset()
    _for: dict[tuple[Role, bool], tuple[Item, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        active = [item for item in self.items if not item.programme or item.programme in self.programmes]
        asked = [(role, pregnant) for role in ROLES for pregnant in (True, False)]
        chosen = {
            (role, pregnant): tuple(item for item in active if role in item.roles and (pregnant or not item.pregnant))
            for role, pregnant in asked
        }
        object.__setattr__(self, "_for", chosen)

    def items_for(self, role: Role, pregnant: bool) -> tuple[Item, ...]:
        """The items that may concern such a person, less those of programmes that do not run here."""
        return self._for[role, pregnant]


def load(*names: str | Traversable, programmes: Collection[str] = (), known: Vocabulary | None = None) -> Schedule:
    """The items of schedules that ship with the package (by name) and of CSV files or folders of them (by path), in one schedule.

    Raises HealthcardError with every fault found.
    """
    items: list[Item] = []
    faults: list[str] = []
    for file in (file for name in names for file in _files(name)):
        name = file.name.removesuffix(".csv")
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,31}", name):
            faults.append("a schedule file is named in small letters, figures and hyphens")
            continue
        found, wrong = _read(file, name, known or vocabulary.default())
        items += _in_series(found)
        faults += wrong
    if len({(item.schedule, item.key) for item in items}) < len(items):
        faults.append("an item stands twice")
    if faults:
        raise HealthcardError("\n".join(faults))
    return Schedule(tuple(items), frozenset(programmes))


@cache
def default() -> Schedule:
    """WHO's contacts and WHO's vaccines."""
    return load(*DEFAULT)


def _files(name: str | Traversable) -> list[Traversable]:
    if isinstance(name, str):
        return [vocabulary.folder() / "schedules" / f"{name}.csv"]
    return sorted((f for f in name.iterdir() if f.name.endswith(".csv")), key=lambda f: f.name) if name.is_dir() else [name]


def _read(file: Traversable, name: str, known: Vocabulary) -> tuple[list[Item], list[str]]:
    try:
        rows = read_csv(file)
    except (OSError, UnicodeDecodeError):
        return [], [f"schedule {name}: no such file, or not UTF-8 text"]
    if not rows or {*rows[0]} - {None} != {*COLUMNS}:
        return [], [f"schedule {name}: the columns are {','.join(COLUMNS)}"]
    items, faults = [], []
    for line, row in enumerate(rows, 2):
        try:
            items.append(_item(name, row, known))
        except ValueError as fault:
            faults.append(f"schedule {name}, line {line}: {fault}")
    return items, faults


def _item(schedule: str, row: dict[str, str], known: Vocabulary) -> Item:
    if any(not isinstance(cell, str) for cell in row.values()):
        raise ValueError("too many or too few cells")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", row["key"]) or not row["label_en"] or not row["source"]:
        raise ValueError("key, label_en and source are needed, the key in small letters, figures and _")
    if row["for"] not in (*ROLES, "both"):
        raise ValueError("for is mother, infant or both")
    if not re.match(r"read|recalled", row["confidence"]):
        raise ValueError("confidence is read or recalled")
    due_days, late = _number(row["due_days"]), _number(row["overdue_days"]) if row["overdue_days"] else None
    if late is not None and late < due_days:
        raise ValueError("overdue before it is due")
    fields = _terms(row["condition"]) | _satisfied_by(row["satisfied_by"], known)
    roles = ROLES if row["for"] == "both" else tuple(role for role in ROLES if role == row["for"])
    return Item(
        row["key"], schedule, row["label_en"], roles, _anchor(row["anchor"], fields, known), due_days, late,
        row["source"], row["confidence"], **fields,
    )  # fmt: skip


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= LONGEST):
        raise ValueError(f"days are whole numbers up to {LONGEST}")
    return int(text)


def _anchor(anchor: str, fields: dict[str, Any], known: Vocabulary) -> str:
    kind, _, rest = anchor.partition(":")
    if anchor in ("gestation", "birth", "first_contact", "last_weight") or (kind == "last" and rest in known.medicines.by_key):
        return anchor
    vaccine, _, dose = rest.partition(":")
    if kind != "dose" or vaccine not in known.vaccines.by_key or fields.get("dose") != _number(dose) + 1:
        raise ValueError("no such anchor; dose:VACCINE:N is for the dose that follows dose N")
    return anchor


_TERMS: Final = {"every": "every", "until": "until", "age_days <": "oldest", "age_days >=": "youngest"}


def _terms(cell: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for term in filter(None, (part.strip() for part in cell.split(";"))):
        word, _, rest = term.rpartition(" ")
        if term in ("pregnant", "rh_negative"):
            fields[term] = True
        elif word == "programme":
            fields["programme"] = rest
        elif word in _TERMS:
            fields[_TERMS[word]] = _number(rest)
        else:
            raise ValueError("a condition that is not in the list")
    if fields.get("every") == 0:
        raise ValueError("every 0 days")
    return fields


def _satisfied_by(cell: str, known: Vocabulary) -> dict[str, Any]:
    found: dict[str, set[str]] = {"medicines": set(), "observations": set(), "vaccines": set()}
    observations = known.observations["mother"].by_key | known.observations["infant"].by_key  # type: ignore[operator]
    doses = set()
    for word in filter(None, cell.split("|")):
        kind, _, key = word.rpartition(" ")
        vaccine, _, dose = word.partition(":")
        if kind == "medicine" and key in known.medicines.by_key:
            found["medicines"].add(key)
        elif kind == "observation" and key in observations:
            found["observations"].add(key)
        elif vaccine in known.vaccines.by_key:
            found["vaccines"].add(vaccine)
            doses.add(_number(dose) if dose else None)
        elif word != "contact":
            raise ValueError("satisfied_by names something that is not in the vocabulary")
    contact = "contact" in cell.split("|")
    if contact + bool(found["vaccines"]) + bool(found["medicines"] or found["observations"]) > 1 or len(doses) > 1 or doses == {0}:
        raise ValueError("satisfied_by mixes visits, vaccines and treatments, or doses")
    fields: dict[str, Any] = {name: frozenset(keys) for name, keys in found.items()}
    return fields | {"contact": contact, "dose": doses.pop() if doses else None}


def _in_series(items: list[Item]) -> list[Item]:
    """The items of one file with the numbers that come from their neighbours: dose intervals, and when the time of a visit is."""
    out = []
    for item in items:
        alike = [other for other in items if _stem(other.key) == _stem(item.key) and other.anchor == item.anchor]
        earlier = max((other for other in alike if other.due_days < item.due_days), key=lambda i: i.due_days, default=None)
        later = min((other for other in alike if other.due_days > item.due_days), key=lambda i: i.due_days, default=None)
        gap = item.due_days - earlier.due_days if earlier else 0
        if item.contact:
            opens = item.due_days - min(EARLY, gap // 2) if earlier else 0
            closes = later.due_days - min(EARLY, (later.due_days - item.due_days) // 2) if later else item.due_days + (gap or LONGEST)
            item = replace(item, opens=opens, closes=closes)
        elif item.dose is not None:
            item = replace(item, interval=item.due_days if item.anchor.startswith("dose") else gap)
        out.append(item)
    opening = {(_stem(item.key), item.anchor, item.closes): item.opens for item in out if item.contact}
    return [replace(i, before=opening.get((_stem(i.key), i.anchor, i.opens))) if i.contact else i for i in out]


def _stem(key: str) -> str:
    return re.sub(r"_?\d+$", "", key)
