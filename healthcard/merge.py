"""Several parts of one card -> one record, whatever their order (spec section 10).

    [merged, *others] = merge(Source(part, verdict, issuer) for ...)

- Parts belong together by card id: a card, and the continuations that name it. Other cards are groups of their own.
- Equal parts are duplicates. Nothing else is taken for the same: contacts unite only where every value and the source are equal.
- Profile fields come from a verified part before any other, then from the latest, then from the continuation before its card, then
  from the greater id. Allergies and undated history unite.
- Two parts that each bring a new person under one number bring two people; what others add under that number is nobody's for sure.

It knows records and parts, no bytes and no keys. The merged record may hold more people and contacts than one card can.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from healthcard import vocabulary
from healthcard.part import Part
from healthcard.record import (
    HOLDER,
    AnyPerson,
    Birth,
    Contact,
    Infant,
    Model,
    Mother,
    Pregnancy,
    Record,
    contact_order,
    has_history,
    in_order,
    sort_contacts,
    trusted,
)  # fmt: skip
from healthcard.vocabulary import Vocabulary

HISTORY = -1  # stands for the undated history where contacts are numbered, as in the sealed part
# A value that says how another is meant goes with it: the precision of one birth date is not that of another.
QUALIFIES: Mapping[tuple[str, str], tuple[str, str]] = {("", "born_precision"): ("", "born"), ("pregnancy", "dating"): ("pregnancy", "lmp")}
_LMP, _DELIVERED, _OUTCOME = ("pregnancy", "lmp"), ("pregnancy", "delivered"), ("pregnancy", "outcome")
_NOT_FACTS = frozenset(("role", "allergies", "conditions", "vaccines_before", "history_source", "contacts"))

Facts = dict[tuple[str, str], Any]
Slot = list[tuple["Source", AnyPerson]]


@dataclass(frozen=True)
class Source:
    """One part as a reader found it; `issuer` is known where a signature fits, `opened` says that its sealed entries are in the record."""

    part: Part
    verdict: str
    issuer: str | None = None
    opened: bool = False
    kept: frozenset[tuple[str, str]] = frozenset()  # words that came sealed and are sealed again

    @property
    def verified(self) -> bool:
        return self.verdict == "verified"


@dataclass(frozen=True)
class Merged:
    """What the parts of one card say together.

    `parts` begins with the one whose issuer the record's own contacts are of: the card, or without it the best continuation.
    `refs` are the numbers of `record.people` on the card. `unverified` are the (person, contact) that no verified part has, HISTORY
    for the undated history. `ambiguous` are people made of rows that may belong to any of those with the same number: "which child?".
    """

    record: Record
    parts: tuple[Source, ...]
    refs: tuple[int, ...]
    unverified: frozenset[tuple[int, int]] = frozenset()
    ambiguous: frozenset[int] = frozenset()

    @property
    def issuer(self) -> str | None:
        return self.parts[0].issuer

    @property
    def card_id(self) -> bytes:
        part = self.parts[0].part
        return part.continues or part.id

    @property
    def on_card(self) -> int:
        """How many people, the first ones, stand on the card itself; 0 where it is not at hand."""
        part = self.parts[0].part
        return len(part.refs) if part.kind == "card" else 0


def merge(sources: Iterable[Source], known: Vocabulary | None = None) -> tuple[Merged, ...]:
    """The merged parts of each card: cards before continuations without one, verified before others, the latest first."""
    groups: dict[bytes, list[Source]] = {}
    for source in sources:
        groups.setdefault(source.part.continues or source.part.id, []).append(source)
    merged = [_unite(group, known or vocabulary.default()) for group in groups.values()]
    return tuple(sorted(merged, key=_newest_card, reverse=True)) if len(merged) > 1 else tuple(merged)


def every_entry(record: Record) -> frozenset[tuple[int, int]]:
    """All (person, contact) of a record, its undated histories included."""
    return frozenset(
        (p, c) for p, person in enumerate(record.people) for c in range(HISTORY if has_history(person) else 0, len(person.contacts))
    )


def _newest_card(merged: Merged) -> tuple[Any, ...]:
    return merged.parts[0].part.kind == "card", *_rank(merged.parts[0])


def _rank(source: Source) -> tuple[Any, ...]:
    """Who is believed: the greater. The last three only make the order complete where two parts share an id."""
    part = source.part
    return source.verified, part.issued, part.kind == "continuation", part.id, _content(part), source.issuer or "", source.verdict


def _content(part: Part) -> str:
    said = [part.kind, part.id.hex(), part.issued.isoformat(), part.refs, part.sealed.hex(), part.record.to_json()]
    return json.dumps(said, sort_keys=True)


def _unite(group: Sequence[Source], known: Vocabulary) -> Merged:
    if len(group) > 1:
        group = _distinct(group)
    if len(group) == 1:
        [source] = group
        record = source.part.record
        return Merged(record, (source,), source.part.refs, frozenset() if source.verified else every_entry(record))
    best = next((source for source in group if source.part.kind == "card"), group[0])
    slots, which = _slots(group, best)
    voices = {best.part.id: best.issuer} | {source.part.id: source.issuer for source in reversed(group) if source.issuer}
    people: list[AnyPerson] = []
    unverified: set[tuple[int, int]] = set()
    for p, (_, slot) in enumerate(slots):
        person, doubtful = _person(slot, voices, best.issuer, known)
        people.append(person)
        unverified |= {(p, c) for c in doubtful}
    said = group[0].part.record
    record = trusted(Record, {"language": said.language, "choices": said.choices, "people": tuple(people)})
    parts = (best, *(source for source in group if source is not best))
    return Merged(record, parts, tuple(ref for ref, _ in slots), frozenset(unverified), which)


def _distinct(group: Iterable[Source]) -> list[Source]:
    """Without duplicates, the most believed first; a damaged signature over a part that is at hand intact adds nothing."""
    kept: dict[str, dict[str | None, Source]] = {}
    for source in sorted(group, key=_rank):
        kept.setdefault(_content(source.part), {})[source.issuer] = source
    for same in kept.values():
        if len(same) > 1:
            same.pop(None, None)
    return sorted((source for same in kept.values() for source in same.values()), key=_rank, reverse=True)


def _slots(group: Sequence[Source], best: Source) -> tuple[list[tuple[int, Slot]], frozenset[int]]:
    """Who is who: the ref and the entries of each person of the merged record, and the numbers of those who may be any of several.

    A ref that the card does not have is a new person's. A part that gives a profile value or history for it brings a person;
    one that gives contacts only saw somebody whom another part brought.
    """
    found: dict[tuple[int, str], Slot] = {}
    for source in group:
        for ref, person in zip(source.part.refs, source.part.record.people, strict=True):
            found.setdefault((ref, person.role), []).append((source, person))
    if best.part.kind == "card":
        on_card = {(ref, person.role) for ref, person in zip(best.part.refs, best.part.record.people, strict=True)}
    else:
        on_card = {(0, "mother"), (0, "infant")}  # every card has a first person
    slots = [(key[0], found[key]) for key in sorted(on_card & found.keys())]
    ambiguous = set()
    for key in sorted(found.keys() - on_card):
        slot = found[key]
        brought: dict[bytes, date] = {}
        for source, person in slot:
            if _brings(person):
                brought.setdefault(source.part.id, source.part.issued)
        if len(brought) < 2:
            slots.append((key[0], slot))
            continue
        for part_id in sorted(brought, key=lambda i: (brought[i], i)):
            slots.append((key[0], [entry for entry in slot if entry[0].part.id == part_id]))
        if rest := [entry for entry in slot if entry[0].part.id not in brought]:
            ambiguous.add(len(slots))
            slots.append((key[0], rest))
    return slots, frozenset(ambiguous)


def _brings(person: AnyPerson) -> bool:
    return has_history(person) or person.allergies is not None or bool(facts(person))


def _person(slot: Slot, voices: Mapping[bytes, str | None], own: str | None, known: Vocabulary) -> tuple[AnyPerson, set[int]]:
    """One person of several parts, the most believed first, and the numbers of the contacts that no verified part has."""

    def resolved(source: Source, written: str | None) -> str | None:
        """Who vouches, None for the issuer of the card. An unknown issuer's own contacts count as told by the holder."""
        name = written or source.issuer or voices.get(source.part.id, HOLDER)
        return None if name == own else name

    fields = _profile([facts(person) for _, person in slot])
    listed = [person.allergies for _, person in slot if person.allergies is not None]
    if listed:
        fields["allergies"] = in_order("allergies", tuple({word for words in listed for word in words}), known)
    doubtful: set[int] = set()
    if history := [(source, person) for source, person in slot if has_history(person)]:
        verified = [entry for entry in history if entry[0].verified]
        if _histories(verified) != _histories(history):
            verified = history
            doubtful.add(HISTORY)
        fields |= _histories(verified, known)
        tellers = {resolved(source, person.history_source) for source, person in verified}
        fields["history_source"] = tellers.pop() if len(tellers) == 1 else HOLDER  # nobody vouches for all of it
    contacts: dict[Any, Contact] = {}
    vouched = set()
    for source, person in slot:
        for contact in person.contacts:
            one = with_source(contact, resolved(source, contact.source))
            key = contact_order(one)
            contacts.setdefault(key, one)
            if source.verified:
                vouched.add(key)
    fields["contacts"] = sort_contacts(tuple(contacts.values()))
    doubtful |= {n for n, contact in enumerate(fields["contacts"]) if contact_order(contact) not in vouched}
    fields["role"] = slot[0][1].role
    return trusted(Mother, fields) if fields["role"] == "mother" else trusted(Infant, fields), doubtful


def facts(person: AnyPerson) -> Facts:
    """The profile values of a person by group and name, without allergies and history."""
    found: Facts = {}
    for name in type(person).model_fields.keys() - _NOT_FACTS:
        value = getattr(person, name)
        if isinstance(value, Model):
            found |= {(name, inner): getattr(value, inner) for inner in type(value).model_fields if getattr(value, inner) is not None}
        elif isinstance(value, dict):
            found |= {(name, inner): wire for inner, wire in value.items()}
        elif value is not None:
            found["", name] = value
    return found


def _profile(given: Sequence[Facts]) -> dict[str, Any]:
    """The fields of a person from the facts of several parts, the most believed first."""
    chosen: Facts = {}
    giver: dict[tuple[str, str], int] = {}
    for n, said in enumerate(given):
        for name in said.keys() - chosen.keys():
            chosen[name], giver[name] = said[name], n
    for how, what in QUALIFIES.items():
        if what in chosen:
            chosen.pop(how, None)
            if how in given[giver[what]]:
                chosen[how] = given[giver[what]][how]
    # A later pregnancy than the one that ended on the card: what is known of its end is not of this one.
    if _LMP in chosen and _DELIVERED in chosen and chosen[_DELIVERED] < chosen[_LMP] and giver[_LMP] < giver[_DELIVERED]:
        for name in (_DELIVERED, _OUTCOME):
            if giver.get(name, -1) > giver[_LMP]:
                del chosen[name]
    fields: dict[str, Any] = {}
    groups: dict[str, dict[str, Any]] = {}
    for (group, field), value in chosen.items():
        (groups.setdefault(group, {}) if group else fields)[field] = value
    if raw := groups.get("unknown"):
        fields["unknown"] = dict(sorted(raw.items(), key=lambda item: int(item[0][1:])))
    if "pregnancy" in groups:
        fields["pregnancy"] = trusted(Pregnancy, groups["pregnancy"])
    if "birth" in groups:
        fields["birth"] = trusted(Birth, groups["birth"])
    return fields


def _histories(slot: Slot, known: Vocabulary | None = None) -> dict[str, Any]:
    """The undated history of all together; in the record's order where a vocabulary is given."""
    conditions = {word for _, person in slot for word in person.conditions or ()}
    vaccines = {(dose.vaccine, dose.dose): dose for _, person in slot for dose in person.vaccines_before or ()}
    if known is None:
        return {"conditions": conditions, "vaccines_before": vaccines.keys()}
    found = {"conditions": in_order("findings", tuple(conditions), known) or None}
    return found | {"vaccines_before": in_order("vaccines_before", tuple(vaccines.values()), known) or None}


def with_source(contact: Contact, source: str | None) -> Contact:
    """The same contact, vouched for by `source`."""
    return contact if contact.source == source else contact.model_copy(update={"source": source})
