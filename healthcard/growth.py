"""WHO z-scores of a child's measurements, birth to 60 months: `z_scores`, their words (`classify`), and a chart's lines (`curve`).

Source: WHO Child Growth Standards, Methods and development (2006, 2007), chapter 7 "Computation of centiles and z-scores". Where
the book leaves room we do what WHO's own R package `anthro` 1.1.0 does, to the second decimal:

- Ages count in days. Nothing is computed below zero, nor from 60 months (1826.25 days) on.
- A length is lying under 731 days and standing from there; the other position is corrected by 0.7 cm, no position by nothing.
  "Standing" under nine months is taken for a slip and ignored.
- Weight-for-length covers 45 to 110 cm, weight-for-height 65 to 120 cm. The age decides between them; without an age the position
  does; without either, 87 cm (`anthro`, R/z-score-weight-for-lenhei.R, join_on_l and join_on_h).
- Oedema is weight that is not the child's: with it there is no score that needs a weight.
- A score too far out to be true is kept and flagged: measure again.

What can't be computed is None, never 0, and no number raises. How the tables are stored: growth_tables.txt.
"""

import struct
import zlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import accumulate, islice
from typing import Final, NamedTuple

DAYS_PER_MONTH: Final = 30.4375
NINE_MONTHS: Final = 9 * DAYS_PER_MONTH
SIXTY_MONTHS: Final = 60 * DAYS_PER_MONTH
STANDING_FROM_DAY: Final = 731
STANDING_FROM_CM: Final = 87  # stands in for the age where none is known
STANDING_CORRECTION_CM: Final = 0.7  # a child is this much longer lying than standing
ARM_FROM_DAY: Final = 91


class Axis(NamedTuple):
    """Where the rows of a table start, how many they are, and how many make a day or a centimetre."""

    first: int
    rows: int
    per_unit: int


# In the order of the file, each for "male", then "female".
TABLES: Final = {
    "weight_for_age": Axis(0, 1827, 1),
    "length_for_age": Axis(0, 1827, 1),
    "bmi_for_age": Axis(0, 1827, 1),
    "head_circumference_for_age": Axis(0, 1827, 1),
    "arm_circumference_for_age": Axis(ARM_FROM_DAY, 1736, 1),
    "weight_for_length": Axis(450, 651, 10),
    "weight_for_height": Axis(650, 551, 10),
}
SCALES: Final = (10_000, 10_000, 100_000)  # L, M and S are stored as whole numbers of these
# These two follow the formula all the way; the others go on in straight lines beyond three (chapter 7).
_PLAIN: Final = frozenset({"length_for_age", "head_circumference_for_age"})
# Outside these a score is implausible (`anthro`, argument flag_threshold).
_PLAUSIBLE: Final = {"weight_for_age": (-6, 5), "length_for_age": (-6, 6)}
_PLAUSIBLE_OTHERS: Final = (-5, 5)

# WHO Training Course on Child Growth Assessment, module C (2008), table "Growth problems". Its two notes are words here: a weight
# for age above 1 is "better assessed from weight-for-length/height or BMI-for-age"; a length for age above 3 is "very tall".
_BODY: Final = ("severe_wasting", "wasting", "normal", "possible_risk_of_overweight", "overweight", "obese")
_CLASSES: Final = {
    "weight_for_age": ("severe_underweight", "underweight", "normal", *["assess_weight_for_length"] * 3),
    "length_for_age": ("severe_stunting", "stunting", "normal", "normal", "normal", "very_tall"),
    "weight_for_length": _BODY,
    "bmi_for_age": _BODY,
}

_Row = tuple[float, float, float]  # L, M, S


@dataclass(frozen=True, slots=True)
class ZScores:
    """The scores of one child on one day, to two decimals; None where there is none.

    `weight_for_length` is for height from 731 days on; `length_cm` is the length used, after the correction for position; `flags`
    names the indicators that are implausible.
    """

    weight_for_age: float | None = None
    length_for_age: float | None = None
    weight_for_length: float | None = None
    bmi_for_age: float | None = None
    head_circumference_for_age: float | None = None
    arm_circumference_for_age: float | None = None
    length_cm: float | None = None
    flags: frozenset[str] = frozenset()

    def implausible(self, indicator: str) -> bool:
        """Whether the score is too far out to be true: measure again."""
        return indicator in self.flags


INDICATORS: Final = tuple(name for name in ZScores.__slots__ if name not in ("length_cm", "flags"))


def z_scores(
    sex: str,
    age_days: float | None,
    weight_kg: float | None = None,
    length_cm: float | None = None,
    position: str | None = None,
    head_cm: float | None = None,
    muac_mm: float | None = None,
    oedema: bool = False,
) -> ZScores:
    """Every score that these measurements allow.

    `sex` is "male" or "female" (another word gives no score), `position` "lying", "standing" or None. Without an age there is
    weight-for-length alone. Of an age only whole days count.
    """
    length = _corrected(_measured(length_cm), position, age_days)
    tables = _tables().get(sex)
    if tables is None or (age_days is not None and not 0 <= age_days < SIXTY_MONTHS):
        return ZScores(length_cm=length)
    weight = None if oedema else _measured(weight_kg)
    arm = _measured(muac_mm)
    scores: dict[str, float] = {}

    if age_days is not None:
        measurements = {
            "weight_for_age": weight,
            "length_for_age": length,
            "bmi_for_age": weight / (length / 100) ** 2 if weight is not None and length is not None else None,
            "head_circumference_for_age": _measured(head_cm),
            "arm_circumference_for_age": arm / 10 if arm is not None and age_days >= ARM_FROM_DAY else None,
        }
        for name, y in measurements.items():
            if y is not None:
                scores[name] = _z(y, tables[name][int(age_days) - TABLES[name].first], plain=name in _PLAIN)

    if weight is not None and length is not None:
        table = "weight_for_height" if _by_height(length, position, age_days) else "weight_for_length"
        row = _row_at(tables[table], TABLES[table], length)
        if row is not None:
            scores["weight_for_length"] = _z(weight, row, plain=False)

    flags = frozenset(name for name, z in scores.items() if not _plausible(name, z))
    return ZScores(**scores, length_cm=length, flags=flags)


def classify(scores: ZScores, age_days: float | None) -> dict[str, str]:
    """WHO's word for each score that has one, by indicator: "severe_stunting", "wasting", "normal", ...; or "implausible".

    WHO publishes no words for head and arm circumference; of these only "implausible" is said. The words hold under 60 months: at
    another age there are none. An implausible score gets no word of its own.
    """
    if age_days is not None and not 0 <= age_days < SIXTY_MONTHS:
        return {}
    words = {}
    for indicator in INDICATORS:
        z = getattr(scores, indicator)
        if scores.implausible(indicator):
            words[indicator] = "implausible"
        elif z is not None and indicator in _CLASSES:
            words[indicator] = _CLASSES[indicator][(z >= -3) + (z >= -2) + (z > 1) + (z > 2) + (z > 3)]
    return words


def curve(indicator: str, sex: str, z: float) -> list[tuple[float, float]]:
    """The line of one z-score on a growth chart: (days or cm, kg or cm or kg/m²) for every row of WHO's table.

    `indicator` is a key of TABLES (weight-for-height has a table of its own), `sex` "male" or "female".
    """
    first, _, per_unit = TABLES[indicator]
    plain = indicator in _PLAIN
    return [(x / per_unit, _measurement(row, z, plain)) for x, row in enumerate(_tables()[sex][indicator], first)]


def _measured(value: float | None) -> float | None:
    """`value`, or None where there is none or nobody can have measured it (a power of such a number might overflow)."""
    return value if value is not None and 1e-6 < value < 1e6 else None


def _corrected(length: float | None, position: str | None, age_days: float | None) -> float | None:
    if length is None or age_days is None:
        return length
    if position == "standing" and NINE_MONTHS <= age_days < STANDING_FROM_DAY:
        return _measured(length + STANDING_CORRECTION_CM)
    if position == "lying" and age_days >= STANDING_FROM_DAY:
        return _measured(length - STANDING_CORRECTION_CM)
    return length


def _by_height(length: float, position: str | None, age_days: float | None) -> bool:
    if age_days is not None:
        return age_days >= STANDING_FROM_DAY
    if position in ("lying", "standing"):
        return position == "standing"
    return length >= STANDING_FROM_CM


def _row_at(rows: list[_Row], axis: Axis, length: float) -> _Row | None:
    """L, M and S at `length`, on a straight line between the rows below and above; None outside the table."""
    place = length * axis.per_unit - axis.first
    if not 0 <= place <= axis.rows - 1:
        return None
    below = int(place)
    part = place - below
    if not part:
        return rows[below]
    (l0, m0, s0), (l1, m1, s1) = rows[below], rows[below + 1]
    return l0 + part * (l1 - l0), m0 + part * (m1 - m0), s0 + part * (s1 - s0)


def _z(y: float, row: _Row, plain: bool) -> float:
    l, m, s = row  # noqa: E741 - the names of the book
    z: float = ((y / m) ** l - 1) / (s * l)
    if abs(z) > 3 and not plain:
        side = 1 if z > 0 else -1
        three, two = _measurement(row, 3 * side), _measurement(row, 2 * side)
        z = side * 3 + (y - three) / abs(three - two)
    return round(z, 2) + 0.0  # + 0.0: never "-0.0"


def _measurement(row: _Row, z: float, plain: bool = True) -> float:
    """The measurement at `z`: the inverse of `_z`, unrounded."""
    l, m, s = row  # noqa: E741
    if abs(z) > 3 and not plain:
        side = 1 if z > 0 else -1
        three, two = _measurement(row, 3 * side), _measurement(row, 2 * side)
        return three + (z - 3 * side) * abs(three - two)
    y: float = m * (1 + l * s * z) ** (1 / l)
    return y


def _plausible(indicator: str, z: float) -> bool:
    low, high = _PLAUSIBLE.get(indicator, _PLAUSIBLE_OTHERS)
    return low <= z <= high


@cache
def _tables() -> dict[str, dict[str, list[_Row]]]:
    """Rows by sex and table, read once; growth_tables.txt says how they are stored."""
    stored = zlib.decompress((files("healthcard") / "growth_tables.bin").read_bytes())
    numbers = (number for (number,) in struct.iter_unpack("<i", stored))
    tables: dict[str, dict[str, list[_Row]]] = {"male": {}, "female": {}}
    for name, axis in TABLES.items():
        for of_sex in tables.values():
            columns = [[n / scale for n in accumulate(accumulate(islice(numbers, axis.rows)))] for scale in SCALES]
            of_sex[name] = list(zip(*columns, strict=True))
    return tables
