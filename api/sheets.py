"""Many records at once on sheets of paper, in memory: what a station holds until they are given out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from healthcard.card import Card
from healthcard.errors import HealthcardError
from healthcard.faults import parse_json
from healthcard.printing.batch import Refusal, lines_of
from healthcard.printing.sheets import Look, composed, face_data, grid


@dataclass(frozen=True)
class Sheets:
    """The cards of a batch, as one PDF."""

    pdf: bytes = field(repr=False)
    cards: tuple[Card, ...] = field(repr=False)


def sheets_of(
    data: bytes, issue: Callable[[Any], Card], look: Look, tell: Callable[[dict[str, Any]], None], go_on: Callable[[], None]
) -> tuple[Sheets, list[dict[str, Any]]]:
    """The sheets of the records in NDJSON, and the lines that could not be cards; `tell` gets a step for each line.

    Before each line and after every few sheets `go_on` is asked: what it raises ends the whole, and is no refused line.
    Raises PrintError where cards of this look do not go on sheets, before any is signed.
    """
    grid(look)
    lines = list(lines_of(data))
    made, faces, refused = [], [], []
    for done, line in enumerate(lines, 1):
        go_on()
        try:
            card = issue(parse_json(line.data))
            faces.append(face_data(card, look))
        except HealthcardError as error:
            refused.append(Refusal.of(line.number, error).to_json())
        else:
            made.append(card)
        tell({"signed": done, "of": len(lines)})
    pdf = composed([card.text for card in made], faces, look, advance=lambda count: go_on()) if made else b""
    return Sheets(pdf, tuple(made)), refused
