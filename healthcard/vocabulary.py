"""The code tables: what every bit and number on a card means, in units, steps, ranges, words and sensitivity.

`default()` is the vocabulary that ships with the package; a `Vocabulary` can also be loaded from a folder of the same CSV files, or
reduced (`without`), which is how a reader of an older edition looks. A number that a vocabulary does not know is written "#77"
and survives reading and re-issue unchanged (spec section 6).
"""

import csv
import io
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from math import inf
from types import MappingProxyType
from typing import Generic, Literal, TypeVar

Role = Literal["mother", "infant"]
Value = int | float | str
ROLES: tuple[Role, Role] = ("mother", "infant")
FIRST_NUMBERED = 31  # observations below this number have a bit in the mask, the others are numbered events
LARGEST = 2**31 - 1
# Which numbers a table may ever give out: what the wire holds without meeting another table.
NUMBERS: Mapping[str, tuple[int, int]] = {
    "findings": (1, 199), "services": (200, LARGEST), "vaccines": (1, 2**28 - 1), "allergies": (1, 31), "language": (1, 2**29 - 1),
    "observations": (0, LARGEST), "profile": (0, FIRST_NUMBERED - 1),
}  # fmt: skip


def unknown(number: int) -> str:
    """The word for a number that the vocabulary does not know: "#77"."""
    return f"#{number}"


def unknown_number(word: str) -> int | None:
    """The number behind "#77", or None where `word` is not of that form."""
    digits = word[2:] if word[1:2] == "-" else word[1:]
    if word[:1] != "#" or not (digits.isascii() and digits.isdigit()) or (digits[0] == "0" and word != "#0") or len(digits) > 10:
        return None
    return int(word[1:])


@dataclass(frozen=True)
class Entry:
    """One coded word: a finding, service, vaccine, allergy, timing or value of an enumeration."""

    number: int
    key: str
    label: str
    sensitivity: int
    row: Mapping[str, str] = field(repr=False)

    @cached_property
    def groups(self) -> frozenset[str]:
        return frozenset(self.row.get("groups", "").split())


@dataclass(frozen=True)
class Scale:
    """How a number stands on the wire: `value / step - centre` (spec section 6), exact in every language.

    A multiple of the step is `n * numerator / denominator`, one correctly rounded division, so it is the same double
    that the decimal text of the value gives; anything else is off the step.
    """

    numerator: int
    denominator: int
    centre: int

    def to_wire(self, value: int | float) -> int:
        """Raises ValueError for a value off the step."""
        if self.numerator == self.denominator and type(value) is int:
            return value - self.centre
        n = round(value * self.denominator / self.numerator)
        if n * self.numerator / self.denominator != value:
            raise ValueError("off the step")
        return n - self.centre

    def from_wire(self, wire: int) -> int | float:
        n = (wire + self.centre) * self.numerator
        whole, rest = divmod(n, self.denominator)
        return n / self.denominator if rest else whole

    @property
    def step(self) -> str:
        """The step in decimal digits: "0.25"."""
        return f"{self.numerator / self.denominator:g}"


@dataclass(frozen=True)
class Range:
    """Limits of plausibility: outside `reject` a value is refused at entry, outside `warn` it is typed again."""

    reject: tuple[float, float] | None
    warn: tuple[float, float] | None


@dataclass(frozen=True)
class Quantity(Entry):
    """An observation or a profile field: a number on a scale, a coded value, a bit set or a day."""

    role: Role
    kind: str  # "number", "coded", "set", "day_before" or "day_after_lmp"
    unit: str
    scale: Scale
    range: Range
    words: Mapping[int, str]  # coded values and members of a set, by number
    path: str  # where a profile field stands in a person's JSON: "pregnancy.lmp"

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        return {word: number for number, word in self.words.items()}

    @cached_property
    def place(self) -> tuple[str, str]:
        """Group and name of a profile field in a person: ("pregnancy", "lmp"), ("", "age_years")."""
        group, _, name = self.path.rpartition(".")
        return group, name

    @cached_property
    def wire_limits(self) -> tuple[float, float]:
        """The reject range as wire integers."""
        if self.range.reject is None:
            return -inf, inf
        step = self.scale.numerator / self.scale.denominator
        low, high = self.range.reject
        return round(low / step) - self.scale.centre, round(high / step) - self.scale.centre

    @cached_property
    def read_known(self) -> Callable[[int], Value]:
        """`from_wire` for the hot path; raises KeyError for a coded value that has no word."""
        if self.kind == "coded":
            return {number - self.scale.centre: word for number, word in self.words.items()}.__getitem__
        return lru_cache(maxsize=256)(self.scale.from_wire)

    @cached_property
    def write_known(self) -> Callable[[Value], int]:
        """`to_wire` for the hot path: the values of a quantity are few."""
        return lru_cache(maxsize=512)(self.to_wire)

    def to_wire(self, value: Value) -> int:
        """The wire integer of a number or a coded value; raises ValueError for what the wire can't hold."""
        if self.kind == "coded":
            if not isinstance(value, str):
                raise ValueError("not a word")
            number = self.numbers.get(value)
            return (unknown_code(value, self.words, -LARGEST, LARGEST) if number is None else number) - self.scale.centre
        if isinstance(value, str):
            raise ValueError("not a number")
        return self.scale.to_wire(value)

    def from_wire(self, wire: int) -> Value:
        if self.kind == "coded":
            number = wire + self.scale.centre
            return self.words.get(number) or unknown(number)
        return self.scale.from_wire(wire)


@dataclass(frozen=True)
class Medicine(Entry):
    """One strength of a medicine; amounts are in its own unit and step."""

    scale: Scale
    unit: str


def unknown_code(word: str, known: Collection[int], low: int, high: int) -> int:
    """The number of "#77"; raises ValueError for another form, a number outside the table, and one that has a word of its own."""
    number = unknown_number(word)
    if number is None or number in known or not low <= number <= high:
        raise ValueError("not a word of this table")
    return number


E_co = TypeVar("E_co", bound=Entry, covariant=True)


class Table(Generic[E_co]):
    """Entries that are looked up by word and by number."""

    def __init__(self, name: str, entries: Iterable[E_co]) -> None:
        self.low, self.high = NUMBERS.get(name, (1, LARGEST))
        self.entries: tuple[E_co, ...] = tuple(entries)
        self.by_key: Mapping[str, E_co] = {e.key: e for e in self.entries}
        self.by_number: Mapping[int, E_co] = {e.number: e for e in self.entries}
        self.words: Mapping[int, str] = {e.number: e.key for e in self.entries}
        self.numbers: Mapping[str, int] = {e.key: e.number for e in self.entries}
        if len(self.by_number) < len(self.entries) or len(self.by_key) < len(self.entries):
            raise ValueError(f"{name}: a number or a key stands twice")

    def word(self, number: int) -> str:
        """The word for `number`, "#77" where it has none here."""
        return self.words.get(number) or unknown(number)

    def number(self, word: str) -> int:
        """The number of `word`, which may be "#77" for one without a word; raises ValueError for anything else."""
        number = self.numbers.get(word)
        return unknown_code(word, self.words, self.low, self.high) if number is None else number


class Vocabulary:
    """All tables of one edition of the vocabulary."""

    def __init__(self, sheets: Mapping[str, list[dict[str, str]]]) -> None:
        self._sheets = sheets
        listed: dict[str, list[Entry]] = {}
        for row in sheets["enumerations"]:
            listed.setdefault(row["list"], []).append(_entry(row))
        self.enumerations: Mapping[str, Table[Entry]] = {name: Table(name, entries) for name, entries in listed.items()}
        self.findings = Table("findings", [_entry(row) for row in sheets["findings"]])
        self.services = Table("services", [_entry(row) for row in sheets["services"]])
        self.vaccines = Table("vaccines", [_entry(row) for row in sheets["vaccines"]])
        self.timings = Table("timings", [_entry(row) for row in sheets["timings"]])
        self.allergies = Table("allergies", [_entry(row) for row in sheets["allergies"]])
        self.medicines = Table("medicines", [_medicine(row) for row in sheets["medicines"]])
        self.observations: Mapping[Role, Table[Quantity]] = {
            role: Table("observations", [_observation(row) for row in sheets["observations"] if row["role"] == role]) for role in ROLES
        }
        self.profile: Mapping[Role, Table[Quantity]] = {
            role: Table("profile", [self._profile_field(row) for row in sheets["profile"] if row["role"] == role]) for role in ROLES
        }

    @classmethod
    def load(cls, folder: Traversable) -> "Vocabulary":
        """The vocabulary in a folder of CSV files named as those in the package."""
        return cls({name: read_csv(folder / f"{name}.csv") for name in SHEETS})

    def without(self, *entries: tuple[str, str]) -> "Vocabulary":
        """This vocabulary less the given (sheet, key) entries: what a reader of an older edition knows."""
        gone = set(entries)
        return Vocabulary({name: [row for row in rows if (name, row["key"]) not in gone] for name, rows in self._sheets.items()})

    def tables(self) -> dict[str, Table[Entry]]:
        """Every table by the name that `healthcard vocabulary` shows."""
        named: dict[str, Table[Entry]] = {f"observations_{role}": table for role, table in self.observations.items()}
        named |= {f"profile_{role}": table for role, table in self.profile.items()}
        named |= {name: getattr(self, name) for name in ("findings", "services", "medicines", "vaccines", "timings", "allergies")}
        return named | dict(self.enumerations)

    def _profile_field(self, row: dict[str, str]) -> Quantity:
        if row["kind"] == "coded":
            words = self.enumerations[row["list"]].words
        else:
            words = {number - 1: word for number, word in self.allergies.words.items()} if row["kind"] == "set" else {}
        return _quantity(row, row["bit"], row["kind"], words, row["path"])


SHEETS = ("observations", "profile", "enumerations", "findings", "services", "medicines", "vaccines", "timings", "allergies")


def read_csv(file: Traversable) -> list[dict[str, str]]:
    """The rows of a UTF-8 CSV file by column name."""
    return list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))


def folder() -> Traversable:
    """Where the vocabulary of the package lies."""
    return files("healthcard") / "vocabulary"


@cache
def default() -> Vocabulary:
    """The vocabulary that ships with the package."""
    return Vocabulary.load(folder())


def _entry(row: dict[str, str]) -> Entry:
    return Entry(int(row["number"]), row["key"], row["label_en"], int(row["sensitivity"]), MappingProxyType(row))


def _medicine(row: dict[str, str]) -> Medicine:
    label = " ".join(part for part in (row["inn"], row["strength"], row["form"]) if part)
    scale = _scale(row["amount_step"], "0")
    return Medicine(int(row["number"]), row["key"], label, int(row["sensitivity"]), MappingProxyType(row), scale, row["dose_unit"])


def _observation(row: dict[str, str]) -> Quantity:
    words = dict(enumerate(row["values"].split("|"))) if row["values"] else {}
    return _quantity(row, row["bit"] or row["number"], "coded" if words else "number", words, "")


def _quantity(row: dict[str, str], number: str, kind: str, words: Mapping[int, str], path: str) -> Quantity:
    limits = Range(_limits(row, "reject"), _limits(row, "warn"))
    return Quantity(
        int(number), row["key"], row["label_en"], int(row["sensitivity"]), MappingProxyType(row),
        "mother" if row["role"] == "mother" else "infant", kind, row["unit"], _scale(row["step"], row["centre"]), limits, words, path,
    )  # fmt: skip


def _limits(row: dict[str, str], name: str) -> tuple[float, float] | None:
    below, above = row[f"{name}_below"], row[f"{name}_above"]
    return (float(below), float(above)) if below else None


def _scale(step: str, centre: str) -> Scale:
    fraction = Fraction(step or "1")
    return Scale(fraction.numerator, fraction.denominator, int(centre or 0))
