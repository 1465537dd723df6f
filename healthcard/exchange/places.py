"""Faults of a record under the names of where it was read from: a row of a table, a question of a form."""

from collections.abc import Mapping

from healthcard.errors import Problem, RecordError


def located(error: RecordError, places: Mapping[str, str], whole: str) -> RecordError:
    """`error` with the place of each problem as `places` names it, or the nearest one that it lies in; `whole` where there is none."""
    return RecordError([Problem(_nearest(problem.place, places, whole), problem.message, problem.hint) for problem in error.problems])


def _nearest(place: str, places: Mapping[str, str], whole: str) -> str:
    while place and place not in places:
        place = place[: max(place.rfind("."), place.rfind("["), 0)]
    return places.get(place, whole)
