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
from healthcard.card import Card, Profile, Reading, Sealing, authorised, signed
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
    leave_out, whose = tuple(leave_out), dict(whose or {})
    if sticker:
        if change is None or leave_out or whose or withhold_sources:
            raise RecordError([Problem("change", "a continuation only adds", "a new card can leave out")])
    elif not lose_sealed and any(source.part.sealed and not source.opened for source in held.parts):
        hint = "open it with the epoch key, add a sticker instead, or tell her what is lost"
        raise SealedContentLost([Problem("sealed", "the new card would be without the sealed entries", hint)])
    if moved := [place for place in leave_out if place.startswith(tuple(f"people[{p}]" for p in whose))]:
        hint = "make the card first, and leave it out of that one"
        raise RecordError([Problem(place, "goes to another person, and would stay on the card", hint) for place in moved])
    carried = carry(held, issuer, whose, withhold_sources)
    added = read_change(change, carried, known) if change is not None else None
    if not sticker:
        gone = {*whose, *(int(place[7:-1]) for place in leave_out if re.fullmatch(r"people\[\d{1,4}\]", place))}
        if undecided := held.ambiguous - gone:
            told = "which child? no card is signed before that is decided", "say whose its contacts are, or leave it out"
            raise RecordError([Problem(f"people[{p}]", *told) for p in sorted(undecided)])
        carried = without(carried, [*leave_out, *(f"people[{p}]" for p in whose)], known)
        added = added and _renumbered(added, gone)
    result, whole = carried, None
    if added:
        result = _apply(carried, added, issuer, now, known)
        people = _people(added, result)
        _judge(added, people, now, typed_again, issuer, known)
    if sticker:
        assert added
        part, whole = _continuation(held, added, people, now)
    else:
        record = Record.from_json(result.to_json(), known)  # merged, it may be more than one card holds
        part = Part("card", secrets.token_bytes(codec.ID_SIZE), None, now, record, tuple(range(len(record.people))))
    previous = next((source.part.id for source in held.parts if source.part.kind == "card"), None)
    kept = frozenset(word for source in held.parts for word in source.kept)
    return replace(signed(part, signer, bundle, match, known, Sealing(profile, blocks, kept, previous)), told=whole)


def readable(reading: Reading) -> Merged:
    """The merged parts of the card that the record of a reading is of."""
    if reading.cards:
        return reading.cards[0]
    if reading.verdict == "newer-version":
        raise NewerVersion("a later version: this software can't continue it")
    raise Unreadable("nothing that can be read: nothing to continue")


def carry(held: Merged, issuer: str, whose: Mapping[int, int] | None = None, withhold_sources: bool = False) -> Record:
    """What a new card by `issuer` carries on, each entry with the source that is true there; the same people at the same numbers.

    Of a `whose` person the contacts go to the other one, who is to take its place.
    """

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
    for p, other in (whose or {}).items():
        if p not in held.ambiguous or not 0 <= other < len(people) or other in held.ambiguous or people[other].role != people[p].role:
            raise RecordError([Problem(f"people[{p}]", "not contacts of which it is open whose they are, or not a person they can be of")])
        people[other] = people[other].model_copy(update={"contacts": (*people[other].contacts, *people[p].contacts)})
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


def _judge(
    added: Added, people: tuple[AnyPerson, ...], now: date, typed_again: Iterable[str], issuer: str, known: Vocabulary
) -> None:  # fmt: skip
    """As `entry.check`, of what the change says alone; what is known of its `people` helps to judge it."""
    faults, doubts = entry.examine(added.record.model_copy(update={"people": people}), now, issuer, known)
    new = {f"people[{at}].contacts" for at in range(len(people))}
    for at, person in enumerate(added.record.people):
        new |= {f"people[{at}].{group or name}" for group, name in merging.facts(person)}

    def is_new(problem: Problem) -> bool:
        return any(problem.place == place or problem.place.startswith((f"{place}.", f"{place}[")) for place in new)

    if faults := [problem for problem in faults if is_new(problem)]:
        raise RecordError(faults)
    again = frozenset(typed_again)
    if doubts := [problem for problem in doubts if is_new(problem) and problem.place not in again]:
        raise ConfirmationNeeded(doubts)


def _continuation(held: Merged, added: Added, people: tuple[AnyPerson, ...], now: date) -> tuple[Part, Record]:
    """The part that holds the change alone, and the same with `people`; raises RecordError where a number would not say who is meant."""
    names = [(ref, person.role) for ref, person in zip(held.refs, held.record.people, strict=True)]
    found: list[Problem] = []
    named: list[tuple[int, AnyPerson, AnyPerson]] = []
    free = max(held.refs, default=0) + 1
    for at, (number, person, whole) in enumerate(zip(added.people, added.record.people, people, strict=True)):
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
        named.append((ref, person, whole))
    if found:
        raise RecordError(found)
    named.sort(key=lambda one: one[0])
    refs, alone, known = zip(*named, strict=True)
    record, told = (added.record.model_copy(update={"people": of}) for of in (alone, known))
    return Part("continuation", secrets.token_bytes(codec.ID_SIZE), held.card_id, now, record, refs), told


# --- leaving out ----------------------------------------------------------------------------------------------------


def without(record: Record, places: Iterable[str], known: Vocabulary | None = None) -> Record:
    """The record less what stands at `places`: "people[1]", "people[0].contacts[2].findings[0]", "people[0].pregnancy".

    A list or an object left empty goes too: without its last allergy a person was not asked, which is not "asked, none".
    Raises RecordError for a place that is not there, and where nothing would be left to put on a card.
    """
    data = record.to_json()
    paths = {place: _path(place) for place in places}
    if missing := [Problem(place, "no such line on the card") for place, path in paths.items() if not path or not _stands(data, path)]:
        raise RecordError(missing)
    for path in sorted(paths.values(), key=_order, reverse=True):  # from the end, so that the numbers before stay right
        _remove(data, path)
    for person in data.get("people", ()):
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
