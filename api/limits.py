"""How many requests a partner may make in a minute, on all instances together.

Each instance counts for itself and learns every few seconds what the others let through, so together they may pass the limit by what
they let through meanwhile.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping

MINUTE = 60


class Limits:
    """The counts of the running minute, by subject: a partner's id, or a word for all who have no key."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._minute = 0
        self._own: Counter[str] = Counter()
        self._others: Mapping[str, int] = {}

    def take(self, subject: str, most: int, requests: int = 1) -> int:
        """Count requests of `subject`; 0, or the seconds to wait where it would be more than `most`, and then none is counted."""
        self._turn()
        if self._own[subject] + self._others.get(subject, 0) + requests > most:
            return MINUTE - int(self._clock() % MINUTE)
        self._own[subject] += requests
        return 0

    def used(self) -> tuple[int, dict[str, int]]:
        """The running minute, counted from 1970, and what this instance let through in it."""
        self._turn()
        return self._minute, dict(self._own)

    def learn(self, minute: int, others: Mapping[str, int]) -> None:
        """What the other instances let through in a minute."""
        if minute == self._minute:
            self._others = others

    def _turn(self) -> None:
        minute = int(self._clock() // MINUTE)
        if minute != self._minute:
            self._minute, self._own, self._others = minute, Counter(), {}
