"""A family on the route, played by chance: cards, stickers, births, losses, re-issues, on devices that each saw something else.

After every step, what is left in her hands must read as one and the same record in any order, with nothing lost and nothing doubled.
What to expect is kept beside, from the steps alone.
"""

import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from healthcard.card import Card, VerifiedReading
from healthcard.errors import RecordError
from healthcard.record import Record
from tests.route import STATIONS, Route

RUNS = 10_000 if os.environ.get("HEALTHCARD_CAMPAIGN") else 300
TODAY = date(2026, 7, 9)
FIRST = TODAY - timedelta(20)  # the day of the trust bundle, and before any card
Seen = tuple[str, str]  # who vouches for a contact, and what it says


@dataclass
class Sticker:
    """One sticker in her hands: the contact it holds and under which number, and whether it brought that person."""

    text: str
    id: bytes
    issued: date
    ref: int
    brings: bool
    seen: set[Seen]


@dataclass
class Hands:
    """What she carries of one card."""

    card: Card
    people: list[tuple[str, set[Seen]]]
    stickers: list[Sticker] = field(default_factory=list)

    def expected(self, stickers: list[Sticker]) -> tuple[list[tuple[str, set[Seen]]], list[int], set[int]]:
        """The people of the card with these stickers, the number of each, and who may be any of several."""
        people = [(role, set(seen)) for role, seen in self.people]
        refs, open_question = list(range(len(people))), set()
        for sticker in stickers:
            if sticker.ref < len(self.people):
                people[sticker.ref][1].update(sticker.seen)
        for ref in sorted({sticker.ref for sticker in stickers if sticker.ref >= len(self.people)}):
            births = sorted((s for s in stickers if s.ref == ref and s.brings), key=lambda s: (s.issued, s.id))
            later: set[Seen] = set().union(*(s.seen for s in stickers if s.ref == ref and not s.brings))
            children = [("infant", set(s.seen)) for s in births]
            if len(children) > 1 and later:
                open_question.add(len(people) + len(children))
                children.append(("infant", later))
            elif not children:
                children = [("infant", later)]
            elif len(children) == 1:
                children[0][1].update(later)
            people += children
            refs += [ref] * len(children)
        return people, refs, open_question


@cache
def the_route() -> Route:
    return Route.build(FIRST)


class Journey(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.route, self.day = the_route(), FIRST
        self.hands: Hands | None = None
        self.others: list[str] = []  # texts of cards that were replaced

    @initialize(station=st.sampled_from(STATIONS), children=st.integers(0, 2), content=st.integers(0, 3))
    def a_card(self, station: str, children: int, content: int) -> None:
        people = [{"role": "mother", "age_years": 27, "contacts": [self.visit("mother", content)]}]
        people += [{"role": "infant", "born": "2026-01-15", "contacts": [self.visit("infant", n)]} for n in range(children)]
        record = Record.from_json({"language": "es", "people": people})
        seen = [{(station, said(contact)) for contact in person["contacts"]} for person in people]  # type: ignore[attr-defined]
        roles = [str(person["role"]) for person in people]
        self.hands = Hands(self.route.issue(station, record, self.day), list(zip(roles, seen, strict=True)))

    @rule(days=st.integers(0, 2))
    def time_passes(self, days: int) -> None:
        self.day = min(TODAY, self.day + timedelta(days))

    @rule(station=st.sampled_from(STATIONS), scanned=st.randoms(use_true_random=False), who=st.integers(0, 5), content=st.integers(0, 3))
    def a_visit_by_sticker(self, station: str, scanned: random.Random, who: int, content: int) -> None:
        at_hand = self.scan(scanned)
        people, refs, _ = self.hands.expected(at_hand)
        who %= len(people)
        contact = self.visit(people[who][0], content)
        texts = [self.hands.card.text, *(s.text for s in at_hand)]
        if refs.count(refs[who]) > 1:
            with pytest.raises(RecordError, match="which child"):
                self.route.stick(station, texts, {"person": who} | contact, self.day)
            return
        made = self.route.stick(station, texts, {"person": who} | contact, self.day)
        self.hands.stickers.append(Sticker(made.text, made.id, self.day, refs[who], False, {(station, said(contact))}))

    @rule(station=st.sampled_from(STATIONS), scanned=st.randoms(use_true_random=False), seen=st.booleans())
    def a_birth_by_sticker(self, station: str, scanned: random.Random, seen: bool) -> None:
        at_hand = self.scan(scanned)
        _, refs, _ = self.hands.expected(at_hand)
        contact = self.visit("infant", 1)
        child = {"role": "infant", "born": self.day.isoformat(), "contacts": [contact] if seen else []}
        texts = [self.hands.card.text, *(s.text for s in at_hand)]
        if max(refs) == 7:
            with pytest.raises(RecordError, match="8 people"):
                self.route.stick(station, texts, {"people": [child]}, self.day)
            return
        made = self.route.stick(station, texts, {"people": [child]}, self.day)
        rows = {(station, said(contact))} if seen else set()
        self.hands.stickers.append(Sticker(made.text, made.id, self.day, max(refs) + 1, True, rows))

    @precondition(lambda self: self.hands and self.hands.stickers)
    @rule(chance=st.randoms(use_true_random=False))
    def a_sticker_is_lost(self, chance: random.Random) -> None:
        self.hands.stickers.remove(chance.choice(self.hands.stickers))

    @rule(station=st.sampled_from(STATIONS), scanned=st.randoms(use_true_random=False))
    def a_new_card(self, station: str, scanned: random.Random) -> None:
        at_hand = self.scan(scanned)
        people, refs, open_question = self.hands.expected(at_hand)
        texts = [self.hands.card.text, *(s.text for s in at_hand)]
        whose = {p: refs.index(refs[p]) for p in open_question}
        for p, other in whose.items():
            people[other][1].update(people[p][1])
        people = [person for p, person in enumerate(people) if p not in whose]
        if len(people) > 8:
            with pytest.raises(RecordError, match="too many"):
                self.route.extend(station, texts, None, self.day, whose=whose)
            return
        made = self.route.extend(station, texts, None, self.day, whose=whose)
        self.others = [*self.others, *texts][-6:]
        self.hands = Hands(made, people)

    @invariant()
    def what_she_carries_reads_as_one_record(self) -> None:
        if self.hands is None:
            return
        texts = [self.hands.card.text, *(s.text for s in self.hands.stickers)]
        reading = self.route.read(*texts)
        shuffled = texts + texts[:2]
        random.Random(len(texts)).shuffle(shuffled)
        again = self.route.read(*shuffled)
        assert isinstance(reading, VerifiedReading) and again.cards == reading.cards
        assert reading.issuer == self.hands.card.issuer and not reading.cards[0].unverified
        people, refs, open_question = self.hands.expected(self.hands.stickers)
        assert [(p.role, {(c.source or reading.issuer, said(c.model_dump(mode="json", exclude_none=True))) for c in p.contacts})
                for p in reading.record.people] == people  # fmt: skip
        assert [len(p.contacts) for p in reading.record.people] == [len(seen) for _, seen in people]
        assert (list(reading.cards[0].refs), set(reading.cards[0].ambiguous)) == (refs, open_question)

    @invariant()
    def cards_that_were_replaced_do_not_mix_with_it(self) -> None:
        if self.hands is None or not self.others:
            return
        alone = self.route.read(self.hands.card.text, *(s.text for s in self.hands.stickers)).cards[0]
        assert alone in self.route.read(*self.others, *(s.text for s in self.hands.stickers), self.hands.card.text).cards

    def scan(self, chance: random.Random) -> list[Sticker]:
        """The stickers that a station happens to see."""
        assert self.hands
        return [sticker for sticker in self.hands.stickers if chance.random() < 0.7]

    def visit(self, role: str, content: int) -> dict[str, Any]:
        """A visit of today; few differ, so that some are alike in all but who made them."""
        contents: list[Callable[[], dict[str, Any]]] = [
            lambda: {"findings": ["watery_diarrhoea"]},
            lambda: {"observations": {"muac": 131 if role == "infant" else 251}},
            lambda: {"observations": {"muac": 132 if role == "infant" else 252}},
            lambda: {"medicines": [{"medicine": "ors", "amount": 1, "timing": "as_needed", "days": 2}]},
        ]
        return {"date": self.day.isoformat()} | contents[content]()


def said(contact: dict[str, Any]) -> str:
    """What a contact says, without who vouches for it."""
    return repr(sorted((name, repr(value)) for name, value in contact.items() if name != "source"))


def test_any_journey_gives_one_record_with_nothing_lost_or_doubled() -> None:
    run_state_machine_as_test(
        Journey,
        settings=settings(max_examples=RUNS, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)),
    )
