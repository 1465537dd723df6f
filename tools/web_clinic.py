"""What the pages need for the clinic and the words: WHO's growth tables, rules, limits, the schedule and every label.

Part of web_data.py, which writes web/data/.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from healthcard import growth, vocabulary
from healthcard.clinic import danger, handover, measured, predicate, rules, schedule_file, states
from healthcard.clinic.schedule_file import Item, Schedule
from healthcard.vocabulary import ROLES
from healthcard.words import labels, text, wording

GROWTH = Path(growth.__file__).with_name("growth_tables.bin")


def growth_json() -> dict[str, Any]:
    """The growth standards: columns L, M and S of each table and sex as second differences, which is what compresses best."""
    stored = zlib.decompress(GROWTH.read_bytes())
    numbers = (number for (number,) in struct.iter_unpack("<i", stored))
    columns = {
        table: {sex: [list(islice(numbers, axis.rows)) for _ in growth.SCALES] for sex in ("male", "female")}
        for table, axis in growth.TABLES.items()
    }
    return {
        "limits": {
            "nine_months": growth.NINE_MONTHS,
            "sixty_months": growth.SIXTY_MONTHS,
            "standing_from_day": growth.STANDING_FROM_DAY,
            "standing_from_cm": growth.STANDING_FROM_CM,
            "standing_correction_cm": growth.STANDING_CORRECTION_CM,
            "arm_from_day": growth.ARM_FROM_DAY,
        },
        "indicators": growth.INDICATORS,
        "plain": sorted(growth._PLAIN),
        "plausible": {name: growth._PLAUSIBLE.get(name, growth._PLAUSIBLE_OTHERS) for name in growth.INDICATORS},
        "classes": growth._CLASSES,
        "scales": growth.SCALES,
        "axes": {table: {"first": axis.first, "per_unit": axis.per_unit} for table, axis in growth.TABLES.items()},
        "columns": columns,
    }


def clinic_json() -> dict[str, Any]:
    """Rules, conflicts, the schedule, and the limits and lists that the modules of healthcard/clinic name."""
    return {
        "limits": {
            "longest_pregnancy": states.LONGEST_PREGNANCY,
            "pregnancy": handover.PREGNANCY_DAYS,
            "twenty_weeks": rules.TWENTY_WEEKS,
            "treatment_old_after": handover.TREATMENT_OLD_AFTER,
            "finished_shown": handover.FINISHED_SHOWN,
            "upcoming_shown": handover.UPCOMING_SHOWN,
            "vitals_old_after": measured.VITALS_OLD_AFTER,
            "weight_old_after": measured.WEIGHT_OLD_AFTER,
            "points_shown": measured.SHOWN,
            "early": schedule_file.EARLY,
        },
        "measurements": states.MEASUREMENTS,
        "oedema": states.OEDEMA,
        "parts": measured.PARTS,
        "slow": sorted(measured.SLOW),
        "growth_inputs": measured.GROWTH_INPUTS,
        "derived": {role: sorted(keys) for role, keys in predicate.DERIVED.items()},
        "ordered": sorted(predicate.ORDERED),
        "measured": rules.MEASURED,
        "danger_sign": rules.DANGER_SIGN,
        "danger_levels": danger.SHOWN,
        "tells_pregnancy": danger.TELLS_PREGNANCY,
        "thresholds": [asdict(rule) | {"confirmed": rule.confirmed} for rule in rules.thresholds()],
        "conflicts": [conflict_json(row) for row in vocabulary.read_csv(vocabulary.folder() / "conflicts.csv")],
        "schedule": [item_json(item) for item in items(schedule_file.default())],
    }


def conflict_json(row: dict[str, str]) -> dict[str, Any]:
    known = {name: row[name] for name in ("when_group_or_medicine", "with_kind", "with_key", "source")}
    return {"number": int(row["number"]), "question": row["question_en"], "confirmed": row["confidence"].startswith("read")} | known


def items(schedule: Schedule) -> Iterator[Item]:
    """The items of a schedule that concern anybody where it runs, in its order."""
    active = {item for role in ROLES for item in schedule.items_for(role, True)}
    return (item for item in schedule.items if item in active)


def item_json(item: Item) -> dict[str, Any]:
    """An item; what is empty or not known is left out."""
    fields = {name: sorted(value) if isinstance(value, frozenset) else value for name, value in asdict(item).items()}
    return {name: value for name, value in fields.items() if value or type(value) is int}


def labels_json() -> dict[str, Any]:
    """Every label in the languages of the interface, and what the modules of healthcard/words name."""
    sheet = vocabulary.read_csv(vocabulary.folder() / "labels.csv")
    return {
        "languages": labels.LANGUAGES,
        "face_only": labels.FACE_ONLY,
        "right_to_left": sorted(labels.RIGHT_TO_LEFT),
        "fractions": {str(part): sign for part, sign in labels.FRACTIONS.items()},
        "pieces": sorted(labels.PIECES),
        "singular_below_two": sorted(labels.SINGULAR_BELOW_TWO),
        "sections": text.SECTIONS,
        "scores_shown": wording.SCORES_SHOWN,
        "runs_out_soon": wording.RUNS_OUT_SOON,
        "self_explained": sorted(wording.SELF_EXPLAINED),
        "strengths": {m.key: m.row["strength"] for m in vocabulary.default().medicines.entries if m.row["strength"]},
        "labels": [[row["kind"], row["key"], row["role"], row["draft"], *(row[name] for name in labels.LANGUAGES)] for row in sheet],
    }


def face_labels_json(language: str) -> dict[str, Any]:
    """The labels of a language that has a table of its own."""
    sheet = vocabulary.read_csv(vocabulary.folder() / "labels" / f"{language}.csv")
    return {"labels": [[row["kind"], row["key"], row["role"], row["draft"], row[language]] for row in sheet]}


DATA = {
    "clinic.json": clinic_json,
    "growth.json": growth_json,
    "labels.json": labels_json,
    **{f"labels.{language}.json": partial(face_labels_json, language) for language in labels.FACE_ONLY},
}
