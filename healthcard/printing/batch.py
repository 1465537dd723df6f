"""Many records -> sheets of cards: each line apart, cards in memory only, and after a stop the same input goes on where it ended.

    batch = Batch(journal, issue_line, Look("a7"))
    for line in lines_of(data):
        batch.add(line)                                 # a card in memory, or a line of batch.refused
    sheets = batch.send(leave, deliver)                 # the waiting cards as one PDF
    batch.confirm(sheets)                               # those of them that came out well

The journal learns that cards were issued before anything leaves, that they were printed when it has left, and that they are confirmed when
a person says so. So a card can be printed twice after a crash, but none is lost, and none is confirmed twice.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from healthcard.card import Card
from healthcard.errors import ConfirmationNeeded, HealthcardError, Problem, RecordError
from healthcard.printing.journal import CONFIRMED, ISSUED, PRINTED, Journal
from healthcard.printing.sheets import Look, composed, face_data, grid

LARGEST_LINE = 1024 * 1024  # bytes


@dataclass(frozen=True)
class Line:
    """One record of the input: its line, from 1, and how many equal lines stand before it."""

    number: int
    data: bytes = field(repr=False)
    occurrence: int


@dataclass(frozen=True)
class Refusal:
    """A line that became no card: what is wrong where, without what stands there."""

    line: int
    code: str
    problems: tuple[Problem, ...]

    @classmethod
    def of(cls, line: int, error: HealthcardError) -> "Refusal":
        problems = error.problems if isinstance(error, RecordError) else (Problem("record", str(error)),)
        if isinstance(error, ConfirmationNeeded):
            problems = tuple(replace(one, hint=f"--typed-again {line}:{one.place}=VALUE") for one in problems)
        return cls(line, error.code, tuple(replace(one, place=one.place.removeprefix("line 1 ")) for one in problems))  # of JSON

    def to_json(self) -> dict[str, Any]:
        problems = [{"place": one.place, "message": one.message, "hint": one.hint} for one in self.problems]
        return {"line": self.line, "code": self.code, "problems": problems}


@dataclass(frozen=True)
class Sheet:
    """The lines whose cards stand on one sheet of paper; `number` counts the sheets of this run from 1."""

    number: int
    lines: tuple[int, ...]
    names: tuple[bytes, ...] = field(repr=False)


def lines_of(data: bytes) -> Iterator[Line]:
    """The records of NDJSON; blank lines are none."""
    seen: Counter[bytes] = Counter()
    for number, line in enumerate(data.split(b"\n"), 1):
        if line := line.strip():
            yield Line(number, line, seen[line])
            seen[line] += 1


@dataclass
class Batch:
    """A run over an input; `issue` makes the card of a line or raises HealthcardError."""

    journal: Journal
    issue: Callable[[Line], Card]
    look: Look
    advance: Callable[[int], None] = lambda count: None  # is told of every few lines that are dealt with
    skipped: int = 0  # confirmed by an earlier run
    refused: list[Refusal] = field(default_factory=list)
    issued: int = 0
    confirmed: int = 0
    sheets: int = 0
    _ready: list[tuple[Line, Card, Any]] = field(default_factory=list, repr=False)

    @property
    def waiting(self) -> int:
        """Cards that wait for their sheet."""
        return len(self._ready)

    def done(self, line: Line) -> bool:
        """Whether an earlier run has confirmed the card of this line."""
        return self.journal.confirmed(self.journal.name(line.data, line.occurrence))

    def begun(self, line: Line) -> bool:
        """Whether an earlier run has signed a card of this line that nobody has confirmed."""
        return self.journal.begun(self.journal.name(line.data, line.occurrence))

    def add(self, line: Line) -> None:
        """Make the card of a line, unless it is done; what can't be a card is in `refused`."""
        if self.done(line):
            self.skipped += 1
            self.advance(1)
            return
        try:
            if len(line.data) > LARGEST_LINE:
                raise RecordError([Problem("record", "larger than 1 MiB")])
            card = self.issue(line)
            face = face_data(card, self.look)
        except HealthcardError as error:
            self.refused.append(Refusal.of(line.number, error))
            self.advance(1)
        else:
            self._ready.append((line, card, face))

    def send(self, leave: Callable[[Sequence[Card]], None], deliver: Callable[[bytes, Sequence[bytes]], None]) -> list[Sheet]:
        """The waiting cards as one PDF, read back, given to `deliver` with the names of its lines; the sheets that it has.

        `leave` learns of the cards before anything leaves the house. Raises PrintError; then nothing of them counts.
        """
        ready, self._ready = self._ready, []
        made = [card for _, card, _ in ready]
        names = [self.journal.name(line.data, line.occurrence) for line, _, _ in ready]
        pdf = composed([card.text for card in made], [face for _, _, face in ready], self.look, self.advance)
        self.journal.note(ISSUED, names)
        leave(made)
        deliver(pdf, names)
        self.journal.note(PRINTED, names)
        self.issued += len(made)
        step, sheets = grid(self.look).cards, []
        for start in range(0, len(ready), step):
            self.sheets += 1
            numbers = tuple(line.number for line, _, _ in ready[start : start + step])
            sheets.append(Sheet(self.sheets, numbers, tuple(names[start : start + step])))
        return sheets

    def confirm(self, sheets: Sequence[Sheet]) -> None:
        """Note that these sheets came out well, all at once or none."""
        names = [name for sheet in sheets for name in sheet.names]
        self.journal.note(CONFIRMED, names)
        self.confirmed += len(names)

    def to_json(self) -> dict[str, Any]:
        """What this run did, for scripts."""
        counts = {"issued": self.issued, "sheets": self.sheets, "confirmed": self.confirmed, "confirmed_before": self.skipped}
        return {**counts, "refused": [one.to_json() for one in self.refused]}
