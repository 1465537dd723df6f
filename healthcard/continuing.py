"""Adding to a card: a continuation sticker, or a new card that carries the old one's content on.

    reading = read(*texts, bundle=bundle)
    sticker = extend(reading, {"person": 0, "date": "2026-07-09", "medicines": [...]}, signer, bundle, sticker=True)
    new     = extend(reading, change, signer, bundle)              # re-issue, with a new random id
    new     = extend(reading, None, signer, bundle, leave_out=["people[1]"])

A change is one contact with the number of its `person`, or {"people": [...]}: each with the number of a `person` on the card, or
without it a new one, and what is new of it. `language` and `choices` may stand beside `people`. Numbers and places are those of the
record of the reading; places of what is refused are those of the change, written with `people`.

On a new card nobody vouches for more than before: contacts of others keep their source, what was not verified becomes told by the
holder, and what she agreed to is asked again. Who it belongs to is never guessed: contacts of "which child?" need a decision (`whose`).
"""

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from healthcard import codec, vocabulary
from healthcard import merge as merging
from healthcard.card import Card, Profile, Reading, Sealing, Told, authorised, signed
from healthcard.clinic import entry
from healthcard.codec import Part
from healthcard.errors import ConfirmationNeeded, NewerVersion, Problem, RecordError, SealedContentLost, Unreadable
from healthcard.faults import parse_json
from healthcard.merge import HISTORY, Merged, Source, with_source
from healthcard.record import HOLDER, MOST_PEOPLE, WITHHELD, AnyPerson, Choices, Record, has_history
from healthcard.sign import Signer
from healthcard.trust.bundle import CONTINUE, ISSUE, TrustBundle
from healthcard.vocabulary import Vocabulary

Change = Mapping[str, Any] | str | bytes
_OF_PERSON = re.compile(r"people\[(?P<person>\d+)\](?:\.contacts\[(?P<contact>\d+)\])?(?P<rest>.*)")
_PLACE = re.compile(r"[^.\[\]]+(?:\.[^.\[\]]+|\[\d{1,4}\])*")


def extend(
    reading: Reading, change: Change | None, signer: Signer, bundle: TrustBundle, *,
    sticker: bool = False, now: date | None = None, typed_again: Iterable[str] = (), leave_out: Iterable[str] = (),
    whose: Mapping[int, int] | None = None, withhold_sources: bool = False, lose_sealed: bool = False,
    profile: Profile | None = None, blocks: int = 1, known: Vocabulary | None = None,
) -> Card:  # fmt: skip
    """The card of `reading` with `change`, as a new card or, with `sticker`, as a continuation of it that holds the change alone.

    For a new card: `leave_out` names places of the record to drop at her wish, `whose` says to which person the contacts of a "which
    child?" belong, `withhold_sources` keeps the organisations to ourselves, `lose_sealed` says that she agrees to lose sealed entries.

    Raises Unreadable or NewerVersion where there is nothing to continue, SealedContentLost, and what `issue` raises; only what the
    change says is judged as new, and only that can need `typed_again`.
    """
    known, now = known or vocabulary.default(), now or date.today()
    held = readable(reading)
    match = authorised(bundle, signer, CONTINUE if sticker else ISSUE, now)
    issuer = match.organisation.name
    if not sticker and not lose_sealed and any(source.part.sealed and not source.opened for source in held.parts):
        hint = "open it with the epoch key, add a sticker instead, or tell her what is lost"
        raise SealedContentLost([Problem("sealed", "the new card would be without the sealed entries", hint)])
    made = draft(
        reading, change, issuer, now, sticker=sticker, leave_out=leave_out, whose=whose, withhold_sources=withhold_sources, known=known
    )
    if made.undecided:
        told = "which child? no card is signed before that is decided", "say whose its contacts are, or leave it out"
        raise RecordError([Problem(f"people[{p}]", *told) for p in sorted(made.undecided)])
    faults, doubts = made.examine(now, issuer, known)
    if faults:
        raise RecordError(faults)
    again = frozenset(typed_again)
    if open_doubts := [doubt for doubt in doubts if doubt.place not in again]:
        raise ConfirmationNeeded(open_doubts)
    part, alone = made.part(now, known)
    return replace(signed(part, signer, bundle, match, known, made.sealing(profile, blocks)), told=alone)


@dataclass(frozen=True)
class Draft:
    """A continued card before anybody signs it: `whole` is what its reader will be told, `undecided` are the people of whom the
    holder has to say which child it is, `people` those of the change with all that is known of each, but without entries of before."""

    held: Merged
    sticker: bool
    whole: Record
    undecided: frozenset[int]
    added: "Added | None"
    people: tuple[AnyPerson, ...] = ()

    def examine(self, now: date, issuer: str, known: Vocabulary) -> tuple[list[Problem], list[Problem]]:
        """As `entry.examine`, of what the change says alone; what is known of its people helps to judge it."""
        if not self.added:
            return [], []
        faults, doubts = entry.examine(self.added.record.model_copy(update={"people": self.people}), now, issuer, known)
        new = {f"people[{at}].contacts" for at in range(len(self.people))}
        for at, person in enumerate(self.added.record.people):
            new |= {f"people[{at}].{group or name}" for group, name in merging.facts(person)}

        def is_new(problem: Problem) -> bool:
            return any(problem.place == place or problem.place.startswith((f"{place}.", f"{place}[")) for place in new)

        return [fault for fault in faults if is_new(fault)], [doubt for doubt in doubts if is_new(doubt)]

    def place(self, place: str) -> str | None:
        """Where a place of `whole` stands in the change; None where the change does not name it."""
        found = _OF_PERSON.fullmatch(place)
        if not found or not self.added or (number := int(found["person"])) not in self.added.people:
            return None
        at, contact = self.added.people.index(number), found["contact"]
        if contact is None:
            return f"people[{at}]{found['rest']}"
        ours, its = self.added.record.people[at].contacts, self.whole.people[number].contacts[int(contact)]
        return f"people[{at}].contacts[{ours.index(its)}]{found['rest']}" if its in ours else None

    def part(self, now: date, known: Vocabulary) -> tuple[Part, Told | None]:
        """What is to be signed and, of a sticker, what its face tells; raises RecordError."""
        if not self.sticker:
            record = Record.from_json(self.whole.to_json(), known)  # merged, it may be more than one card holds
            return Part("card", secrets.token_bytes(codec.ID_SIZE), None, now, record, tuple(range(len(record.people)))), None
        if not self.added:
            raise _only_adds()
        part, who = _continuation(self.held, self.added, now)
        told = self.added.record.model_copy(update={"people": tuple(self.people[self.added.people.index(number)] for number in who)})
        return part, Told(told, tuple(person.role for person in self.whole.people), who)

    def sealing(self, profile: Profile | None = None, blocks: int = 1) -> Sealing:
        previous = next((source.part.id for source in self.held.parts if source.part.kind == "card"), None)
        return Sealing(profile, blocks, frozenset(word for source in self.held.parts for word in source.kept), previous)


def draft(
    reading: Reading, change: Change | None, issuer: str, now: date, *,
    sticker: bool = False, leave_out: Iterable[str] = (), whose: Mapping[int, int] | None = None, withhold_sources: bool = False,
    known: Vocabulary | None = None,
) -> Draft:  # fmt: skip
    """The card that `extend` would sign for a station of `issuer`, to be looked at before; raises Unreadable, NewerVersion, RecordError."""
    known, held = known or vocabulary.default(), readable(reading)
    leave_out, whose = tuple(leave_out), dict(whose or {})
    if sticker and (leave_out or whose or withhold_sources):
        raise _only_adds()
    carried = carry(held, issuer, withhold_sources)
    added = read_change(change, carried, known) if change is not None else None
    undecided: frozenset[int] = frozenset()
    if not sticker:
        gone = _gone(held, leave_out, whose)
        undecided = held.ambiguous - gone
        carried = without(carried, leave_out, known, whose)
        added = added and _renumbered(added, gone)
    if not added:
        return Draft(held, sticker, carried, undecided, None)
    whole = _apply(carried, added, issuer, now, known)
    return Draft(held, sticker, whole, undecided, added, _people(added, whole))


def _only_adds() -> RecordError:
    return RecordError([Problem("change", "a continuation only adds", "a new card can leave out")])


def readable(reading: Reading) -> Merged:
    """The merged parts of the card that the record of a reading is of."""
    if reading.cards:
        return reading.cards[0]
    if reading.verdict == "newer-version":
        raise NewerVersion("a later version: this software can't continue it")
    raise Unreadable("nothing that can be read: nothing to continue")


def carry(held: Merged, issuer: str, withhold_sources: bool = False) -> Record:
    """What a new card by `issuer` carries on, each entry with the source that is true there; the same people at the same numbers."""

    def source(written: str | None, p: int, c: int) -> str | None:
        name = HOLDER if (p, c) in held.unverified else written or held.issuer
        if name == issuer:
            return None
        return WITHHELD if withhold_sources and name != HOLDER else name

    people: list[AnyPerson] = []
    for p, person in enumerate(held.record.people):
        carried: dict[str, Any] = {"contacts": tuple(with_source(c, source(c.source, p, n)) for n, c in enumerate(person.contacts))}
        if has_history(person):
            carried["history_source"] = source(person.history_source, p, HISTORY)
        people.append(person.model_copy(update=carried))
    update: dict[str, Any] = {"people": tuple(people)}
    if not any(source.verified for source in held.parts):
        update["choices"] = Choices.model_validate({})  # what she agreed to is asked again
    return held.record.model_copy(update=update)


@dataclass(frozen=True)
class Added:
    """A change as a record of its own; `people` are the numbers of its people on the card, new ones numbered on from the last."""

    record: Record
    people: tuple[int, ...]


def read_change(change: Change, carried: Record, known: Vocabulary | None = None) -> Added:
    """A change, checked as records are; raises RecordError for a person who is not on the card and for one that is named twice."""
    data = parse_json(change)
    if isinstance(data, Mapping) and "people" not in data:
        data = {"people": [{key: data[key] for key in ("person",) if key in data} | {"contacts": [_less(data, "person")]}]}
    listed = data.get("people") if isinstance(data, Mapping) else None
    if not isinstance(listed, list) or not all(isinstance(item, Mapping) for item in listed):
        raise RecordError([Problem("change", "not a contact and not a list of people")])
    found: list[Problem] = []
    people: list[dict[str, Any]] = []
    numbers: list[int] = []
    there = len(carried.people)
    for at, item in enumerate(listed):
        number = item.get("person")
        if number is None:
            number = max([there - 1, *numbers]) + 1
        elif type(number) is not int or not 0 <= number < there:
            found.append(Problem(f"people[{at}].person", "no such person on the card", "numbers count from 0, as in the record"))
            continue
        elif item.get("role") not in (None, carried.people[number].role):
            found.append(Problem(f"people[{at}].role", "not the role of this person"))
        elif number in numbers:
            found.append(Problem(f"people[{at}].person", "the same person twice"))
        numbers.append(number)
        said = dict(_less(item, "person"))
        if number < there:
            said = {"role": carried.people[number].role} | _qualified(said, carried.people[number])
        people.append(said)
    if found:
        raise RecordError(found)
    whole = carried.model_dump(mode="json", by_alias=True, include={"language", "choices"}) | dict(data) | {"people": people}
    return Added(Record.from_json(whole, known), tuple(numbers))


def _gone(held: Merged, leave_out: Iterable[str], whose: Mapping[int, int]) -> set[int]:
    """The people who are not on the new card: left out, or contacts that are another's."""
    people = held.record.people
    left = {p for place in leave_out if (p := _person(_path(place))) is not None}
    for p, other in whose.items():
        if p not in held.ambiguous or not 0 <= other < len(people) or other in held.ambiguous or people[other].role != people[p].role:
            raise RecordError([Problem(f"people[{p}]", "not contacts of which it is open whose they are, or not a person they can be of")])
        if p in left:
            raise RecordError([Problem(f"people[{p}]", "left out, and yet another's")])
    return {*whose, *left}


def _renumbered(added: Added, gone: set[int]) -> Added:
    """The change with the numbers that people have once those of `gone` are left out."""
    found = [f"people[{at}].person" for at, number in enumerate(added.people) if number in gone]
    if found:
        raise RecordError([Problem(place, "left out of the new card") for place in found])
    return Added(added.record, tuple(number - sum(left < number for left in gone) for number in added.people))


def _less(data: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name != key}


def _qualified(said: dict[str, Any], person: AnyPerson) -> dict[str, Any]:
    """What is said of a person, a value that only its precision or dating is new of included: the two go together."""
    facts = merging.facts(person)
    for (group, how), (_, what) in merging.QUALIFIES.items():
        owner = said.get(group) if group else said
        if isinstance(owner, Mapping) and how in owner and what not in owner and (value := facts.get((group, what))):
            completed = {**owner, what: value.isoformat()}
            said = said | {group: completed} if group else completed
    return said


def _apply(carried: Record, added: Added, issuer: str, now: date, known: Vocabulary) -> Record:
    """The carried record with the change: what a reader of the card and of a continuation merges."""
    card = Part("card", bytes(codec.ID_SIZE), None, now, carried, tuple(range(len(carried.people))))
    change = Part("continuation", bytes(codec.ID_SIZE), card.id, now, added.record, added.people)
    [merged] = merging.merge([Source(card, "verified", issuer), Source(change, "verified", issuer)], known)
    return merged.record


def _people(added: Added, result: Record) -> tuple[AnyPerson, ...]:
    """The people of a change with all that is known of each (how old, how far pregnant), but without entries of before."""

    def known(person: AnyPerson) -> dict[str, Any]:
        return {group or name: getattr(person, group or name) for group, name in merging.facts(person)}

    return tuple(
        person.model_copy(update=known(result.people[number])) for number, person in zip(added.people, added.record.people, strict=True)
    )


def _continuation(held: Merged, added: Added, now: date) -> tuple[Part, tuple[int, ...]]:
    """The part that holds the change alone, and the numbers of its people; raises RecordError where one would not say who is meant."""
    names = [(ref, person.role) for ref, person in zip(held.refs, held.record.people, strict=True)]
    found: list[Problem] = []
    named: list[tuple[int, AnyPerson, int]] = []
    free = max(held.refs, default=0) + 1
    for at, (number, person) in enumerate(zip(added.people, added.record.people, strict=True)):
        says = bool(merging.facts(person)) or person.allergies is not None or has_history(person)
        place = f"people[{at}]"
        if number < len(names):
            ref = held.refs[number]
            if names.count(names[number]) > 1:
                found.append(Problem(place, "which child? several have its number", "issue a new card"))
            elif says and number >= held.on_card:
                found.append(Problem(place, "a continuation brought this person; another can only add contacts", "issue a new card"))
        else:
            ref = free + number - len(names)
            if not held.on_card:
                found.append(Problem(place, "a new person, and the card itself was not read", "scan the card"))
            elif ref >= MOST_PEOPLE:
                found.append(Problem(place, f"more than {MOST_PEOPLE} people", "use a second card"))
            elif not says:
                found.append(Problem(place, "a new person of whom nothing is known", "give at least sex or age"))
        named.append((ref, person, number))
    if found:
        raise RecordError(found)
    named.sort(key=lambda one: one[0])
    refs, alone, who = zip(*named, strict=True)
    record = added.record.model_copy(update={"people": alone})
    return Part("continuation", secrets.token_bytes(codec.ID_SIZE), held.card_id, now, record, refs), who


# --- leaving out ----------------------------------------------------------------------------------------------------


def without(
    record: Record, places: Iterable[str], known: Vocabulary | None = None, whose: Mapping[int, int] | None = None
) -> Record:  # fmt: skip
    """The record less what stands at `places`: "people[1]", "people[0].contacts[2].findings[0]", "people[0].pregnancy".

    A list or an object left empty goes too: without its last allergy a person was not asked, which is not "asked, none". What is then
    left of the contacts of a `whose` person goes to the other one, who takes its place. Raises RecordError for a place that is not there,
    and where nothing would be left to put on a card.
    """
    data = record.to_json()
    paths = {place: _path(place) for place in places}
    if missing := [Problem(place, "no such line on the card") for place, path in paths.items() if not path or not _stands(data, path)]:
        raise RecordError(missing)
    gone = {p for path in paths.values() if (p := _person(path)) is not None}.union(whose or ())
    for path in sorted(paths.values(), key=_order, reverse=True):  # from the end, so that the numbers before stay right
        if _person(path) is None:
            _remove(data, path)
    people = data.pop("people", [])
    for p, other in (whose or {}).items():
        people[other].setdefault("contacts", []).extend(people[p].get("contacts", ()))
    data["people"] = [person for p, person in enumerate(people) if p not in gone]
    for person in data["people"]:
        if not person.keys() & {"conditions", "vaccines_before"}:
            person.pop("history_source", None)
        contacts = person.pop("contacts", [])
        person["contacts"] = [contact for n, contact in enumerate(contacts) if contact not in contacts[:n]]
    return Record.from_json(data, known)


def without_person(record: Record, person: int, known: Vocabulary | None = None) -> Record:
    """The record less one person; what others' entries tell of it (a delivery) stays."""
    return without(record, [f"people[{person}]"], known)


Path = tuple[str | int, ...]


def _path(place: str) -> Path:
    """The steps of a place; none where it is not written as one."""
    if not _PLACE.fullmatch(place):
        return ()
    return tuple(int(number) if number else name for name, number in re.findall(r"([^.\[\]]+)|\[(\d+)\]", place))


def _person(path: Path) -> int | None:
    """The number of the person that stands at `path`."""
    return path[1] if len(path) == 2 and path[0] == "people" and isinstance(path[1], int) else None


def _order(path: Path) -> list[tuple[str, int]]:
    return [(step, -1) if isinstance(step, str) else ("", step) for step in path]


def _stands(data: Any, path: Path) -> bool:
    for step in path:
        if isinstance(step, int):
            if not isinstance(data, list) or step >= len(data):
                return False
        elif not isinstance(data, dict) or step not in data:
            return False
        data = data[step]
    return True


def _remove(data: Any, path: Path) -> None:
    """Take out what stands at `path`, and what is left empty by that; contacts and a contact may be empty."""
    if not _stands(data, path):
        return  # went with another
    owners = [data]
    for step in path[:-1]:
        owners.append(owners[-1][step])
    for n in reversed(range(len(path))):
        del owners[n][path[n]]
        if owners[n] or (n and path[n - 1] in ("people", "contacts")):
            return
