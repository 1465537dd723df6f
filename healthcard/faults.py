"""What is wrong with a record, in words that name places and rules, never values; identity fields are refused by name (DP-01)."""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from healthcard import vocabulary
from healthcard.errors import Problem, RecordError


def problem(message: str, hint: str = "", place: str = "") -> PydanticCustomError:
    """The one kind of error our own checks raise: a fault at the field, or at `place` below it."""
    return problems([Problem(place, message, hint)])


def problems(found: list[Problem]) -> PydanticCustomError:
    return PydanticCustomError("problems", "not valid", {"problems": found})


def closest(word: str, words: Iterable[str]) -> str:
    """A hint at the nearest of `words`, or nothing."""
    found = get_close_matches(word, list(words), 1)
    return f"did you mean {found[0]}?" if found else ""


def parse_json(source: "str | bytes | Mapping[str, Any]") -> Any:
    """JSON text as plain values; raises RecordError with line and column, and for a key that stands twice."""
    if isinstance(source, Mapping):
        return source
    try:
        return json.loads(source, object_pairs_hook=_once, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise RecordError([Problem(f"line {error.lineno} column {error.colno}", "not valid JSON", error.msg)]) from None
    except UnicodeDecodeError:
        raise RecordError([Problem("record", "not UTF-8 text")]) from None
    except (RecursionError, ValueError):
        raise RecordError([Problem("record", "not valid JSON")]) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) < len(pairs):
        raise RecordError([Problem("record", "the same key twice in one object")])
    return out


def _no_constant(_: str) -> Any:
    raise RecordError([Problem("record", "NaN and Infinity are not numbers of a record")])


@cache
def _identity_words() -> Mapping[str, str]:
    rows = vocabulary.read_csv(vocabulary.folder() / "identity.csv")
    return {word: row["concept"] for row in rows for language, cell in row.items() if language != "concept" for word in cell.split("|")}


def identity_problem(key: str, place: str) -> Problem | None:
    """The refusal of a key that would identify her, in any of five languages (DP-01)."""
    plain = unicodedata.normalize("NFKD", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key)).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    words = _identity_words()
    concept = words.get(plain) or next((words[part] for part in plain.split("_") if part in words), None)
    return Problem(place, "identifies her: never on a card", f"{concept}, rule DP-01") if concept else None


MESSAGES = {
    "missing": "is missing",
    "literal_error": "not one of its words",
    "string_type": "not text",
    "int_type": "not a whole number",
    "int_from_float": "not a whole number",
    "bool_type": "not true or false",
    "dict_type": "not an object",
    "model_type": "not an object",
    "model_attributes_type": "not an object",
    "tuple_type": "not a list",
    "too_short": "empty: leave it out where nothing is known",
    "too_long": "too many entries",
    "greater_than_equal": "too small",
    "less_than_equal": "too large",
    "string_pattern_mismatch": "not of its form",
    "union_tag_invalid": "role is mother or infant",
    "union_tag_not_found": "role is missing: mother or infant",
}


def readable(error: ValidationError, keys: Iterable[str]) -> list[Problem]:
    """What pydantic found, in our words: places and rules, never values; `keys` are those a record may have."""
    found: list[Problem] = []
    for fault in error.errors(include_url=False, include_input=False):
        place = _place(fault["loc"])
        if fault["type"] == "too_short" and any(inner.place.startswith(place) for inner in found):
            continue  # pydantic counts only the entries without a fault
        if fault["type"] == "problems":
            for inner in fault["ctx"]["problems"]:
                found.append(Problem(_join(place, inner.place), inner.message, inner.hint))
        elif fault["type"] == "extra_forbidden":
            key = str(fault["loc"][-1])
            found.append(identity_problem(key, place) or _unknown_key(fault["loc"], key, place, keys))
        elif fault["type"] == "string_pattern_mismatch" and place.endswith(".time"):
            found.append(Problem(place, "not a quarter hour", "local time as 16:45"))
        else:
            found.append(Problem(place, MESSAGES.get(fault["type"], "not valid here")))
    return found


def _unknown_key(loc: tuple[int | str, ...], key: str, place: str, keys: Iterable[str]) -> Problem:
    if "mother" in loc and key in ("born", "birth"):
        return Problem(place, "identifies her: never on a card", "birth date of an adult, rule DP-01; give age_years")
    return Problem(place, "no such key", closest(key, keys))


def _place(loc: tuple[int | str, ...]) -> str:
    place = ""
    for at, part in enumerate(loc):
        if at == 2 and part in vocabulary.ROLES:
            continue  # the tag of the union, not a step of the path
        place = _join(place, f"[{part}]" if isinstance(part, int) else part)
    return place or "record"


def _join(place: str, part: str) -> str:
    return place + part if not place or not part or part.startswith("[") else f"{place}.{part}"
