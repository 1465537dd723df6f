"""Submissions of the Kobo form <-> records: JSON of Kobo's data API (v2), the JSON that its servers take, and the XML of one instance.

Questions are found by their names, whatever groups a partner moved them to. What the form does not ask is refused: a question that would
identify her, a place, a picture. What Kobo itself adds about a submission is passed over, and nothing of it gets into a record.
"""

import json
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from xml.etree import ElementTree

from healthcard import vocabulary
from healthcard.clinic import entry
from healthcard.errors import Problem, RecordError
from healthcard.exchange.kobo_questions import NONE, Group, Node, Question, Repeat, names, questions
from healthcard.exchange.places import located
from healthcard.faults import identity_problem, parse_json
from healthcard.merge import HISTORY, with_source
from healthcard.record import HOLDER, Record, build
from healthcard.vocabulary import Role, Vocabulary

Json = dict[str, Any]
# What Kobo adds to the answers; "meta/instanceID" and the like by their last name.
OF_KOBO = frozenset((
    "_id", "_uuid", "_xform_id_string", "_status", "_submission_time", "_submitted_by", "_tags", "_notes", "_validation_status", "_edited",
    "_version_", "__version__", "_bamboo_dataset_id", "_geolocation", "_attachments", "_supplementalDetails", "formhub", "meta", "uuid",
    "instanceID", "deprecatedID", "rootUuid", "instanceName", "start", "end", "today",
))  # fmt: skip
# Of these only the empty form is passed over: a place or a picture was taken.
EMPTY_ONLY: Mapping[str, str] = {"_geolocation": "position", "_attachments": "photo"}
NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,9})?")
LARGEST = 10**15
YES: Mapping[str, bool] = {"yes": True, "no": False}
CONTACT = re.compile(r"people\[(\d+)\]\.contacts\[(\d+)\]")


def submissions(source: bytes) -> list[Mapping[str, Any]]:
    """The submissions in a file: an answer of the data API, a list, one submission, or the XML of one. Raises RecordError."""
    if source.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return [_from_xml(source)]
    found: Any = parse_json(source)
    if isinstance(found, dict) and isinstance(found.get("results"), list):
        found = found["results"]
    given = found if isinstance(found, list) else [found]
    given = [one["submission"] if isinstance(one, dict) and "submission" in one else one for one in given]
    if wrong := [n for n, one in enumerate(given, 1) if not isinstance(one, dict)]:
        raise RecordError([Problem(f"submission {n}", "not an object", "as Kobo's data API gives it") for n in wrong])
    return given


def from_submission(
    submission: Mapping[str, Any], number: int = 1, known: Vocabulary | None = None, *, today: date | None = None
) -> Record:
    """The record that a submission tells; with `today` also refused for what can't be at entry on that day (clinic/entry.py).

    Raises RecordError: every problem names the submission by `number` and the question, "submission 3: person[1]/contact[2]/findings",
    counted from 1, never the answer.
    """
    known = known or vocabulary.default()
    read = _Submission(known)
    try:
        data = read.answers(questions(known), submission, "", "", None)
        if not read.problems:
            record = Record.from_json(data, known)
            if today:
                _examine(record, data, today, known)
            return record
        problems = read.problems
    except RecordError as error:
        problems = list(located(error, read.places, "").problems)
    except RecursionError:
        problems = [Problem("", "groups within groups without end")]
    raise RecordError([replace(found, place=f"submission {number}: {found.place}".removesuffix(": ")) for found in problems])


def _examine(record: Record, data: Json, today: date, known: Vocabulary) -> None:
    """Raises RecordError for what entry refuses, with the places of `data`: a record keeps contacts in an order of its own."""

    def told(found: re.Match[str]) -> str:
        at, contact = int(found[1]), record.people[int(found[1])].contacts[int(found[2])]
        given = [build(type(contact), one, known) for one in data["people"][at]["contacts"]]
        return f"people[{at}].contacts[{given.index(contact)}]"

    faults, _ = entry.examine(record, today, None, known)
    if faults:
        raise RecordError([replace(fault, place=CONTACT.sub(told, fault.place)) for fault in faults])


def to_submission(
    record: Record, form_id: str, issuer: str | None = None, unverified: frozenset[tuple[int, int]] = frozenset(),
    known: Vocabulary | None = None,
) -> Json:  # fmt: skip
    """`record` as Kobo's servers take a submission of the form `form_id`, under a random id.

    In a form an entry without a source is the submitter's own: those of the card get `issuer` as theirs, and what no verified part of the
    card says, (person, contact) in `unverified`, is as told by the holder. Entries without a word here have no question and stay behind.
    """
    known = known or vocabulary.default()
    data = _attributed(record, issuer, unverified).to_json()
    return {"id": form_id, "submission": _answered(questions(known), data, None) | {"meta": {"instanceID": f"uuid:{uuid.uuid4()}"}}}


# --- a record as answers ---------------------------------------------------------------------------------------------


def _attributed(record: Record, issuer: str | None, unverified: frozenset[tuple[int, int]]) -> Record:
    """`record` with a source for each entry that is not the submitter's own."""
    people = []
    for at, person in enumerate(record.people):
        contacts = tuple(
            with_source(contact, HOLDER if (at, n) in unverified else contact.source or issuer) for n, contact in enumerate(person.contacts)
        )
        source = person.history_source or issuer if person.conditions or person.vaccines_before else None
        people.append(person.model_copy(update={
            "contacts": contacts, "history_source": HOLDER if source and (at, HISTORY) in unverified else source,
        }))  # fmt: skip
    return record.model_copy(update={"people": tuple(people)})


def _answered(nodes: Sequence[Node], data: Mapping[str, Any], role: str | None) -> Json:
    """The answers that `data`, the object of a repeat, gives to `nodes`."""
    out: Json = {}
    role = data.get("role", role)
    for node in nodes:
        answer: Any = None
        if isinstance(node, Question):
            answer = _answer(node, data)
        elif isinstance(node, Repeat):
            answer = [_answered(node.inside, item, role) for item in data.get(node.path, ())]
        elif node.role in (None, role):
            answer = _answered(node.inside, data, role)
        if answer:
            out[node.name] = answer
    return out


def _answer(question: Question, data: Mapping[str, Any]) -> str:
    value: Any = data
    for step in question.path:
        value = value.get(step) if isinstance(value, dict) else None
    if value is None:
        return ""
    if question.kind == "yes":
        return "yes" if value else "no"
    if question.kind == "words":
        return " ".join(value) or NONE
    return value if isinstance(value, str) else json.dumps(value)


# --- and back --------------------------------------------------------------------------------------------------------


class _Submission:
    """The answers of one submission, as the JSON of a record; `places` is the question of each place in it."""

    def __init__(self, known: Vocabulary) -> None:
        self.nodes = names(questions(known))
        self.problems: list[Problem] = []
        self.places: dict[str, str] = {}

    def answers(self, nodes: Sequence[Node], given: Mapping[str, Any], here: str, where: str, role: str | None) -> Json:
        """The object of a record that the answers of one repeat make; `here` is its place there, `where` its place in the form."""
        flat: Json = {}
        for name, answer in self._flat(given, where):
            if _blank(answer):
                continue
            if name in flat:
                self._refuse(f"{where}{name}", "answered twice")
            flat[name] = answer
        data: Json = {}
        for node, of_role in _asked(nodes):
            role = data.get("role", role)
            place, answer = f"{where}{node.name}", flat.pop(node.name, None)
            if of_role in (None, role):
                self.places[here + (node.path if isinstance(node, Repeat) else ".".join(node.path))] = place
            if answer is None:
                continue
            if of_role not in (None, role):
                self._refuse(place, "not asked of this person", "mother and child have questions of their own")
            elif isinstance(node, Repeat):
                self._repeat(node, answer, data, here, place, role)
            else:
                self._question(node, answer, data, place)
        for name in flat:  # known, but of another repeat
            self._refuse(f"{where}{name}", "not asked here")
        return data

    def _repeat(self, repeat: Repeat, items: Any, data: Json, here: str, where: str, role: str | None) -> None:
        made: list[Json] = []
        for n, item in enumerate(items if isinstance(items, list) else [items], 1):
            inner, place = f"{where}[{n}]", f"{here}{repeat.path}[{len(made)}]"
            if _blank(item):  # opened and left empty
                continue
            if not isinstance(item, Mapping):
                self._refuse(inner, "not a group of answers")
                continue
            self.places[place] = inner
            made.append(self.answers(repeat.inside, item, f"{place}.", f"{inner}/", role))
        if made:
            data[repeat.path] = made

    def _question(self, question: Question, answer: Any, data: Json, place: str) -> None:
        try:
            value = _value(question, answer)
        except ValueError as error:
            self._refuse(place, str(error))
            return
        owner = data
        for step in question.path[:-1]:
            owner = owner.setdefault(step, {})
        owner[question.path[-1]] = value

    def _flat(self, given: Mapping[str, Any], where: str) -> Iterator[tuple[str, Any]]:
        """Answers by the last part of their names, groups taken apart; what Kobo adds and what nobody asked is dealt with here."""
        for key, answer in given.items():
            name = key.rsplit("/", 1)[-1]
            if isinstance(self.nodes.get(name), Group) and isinstance(answer, Mapping):
                yield from self._flat(answer, where)
            elif name in self.nodes and not isinstance(self.nodes[name], Group):
                yield name, answer
            elif name not in OF_KOBO:
                place = f"{where}{name}"
                if refused := identity_problem(name, place) or (not _blank(answer) and Problem(place, "no such question of the form")):
                    self.problems.append(refused)
            elif name in EMPTY_ONLY and not _blank(answer):
                self._refuse(f"{where}{name}", "identifies her: never on a card", f"{EMPTY_ONLY[name]}, rule DP-01")

    def _refuse(self, place: str, message: str, hint: str = "") -> None:
        self.problems.append(Problem(place, message, hint))


def _asked(nodes: Sequence[Node], role: Role | None = None) -> Iterator[tuple[Question | Repeat, Role | None]]:
    """Questions and repeats of one object, whatever groups they are in, each with the role that its group is for."""
    for node in nodes:
        if isinstance(node, Group):
            yield from _asked(node.inside, node.role or role)
        else:
            yield node, role


def _blank(answer: Any) -> bool:
    """Whether nothing is answered, in whatever shape."""
    if isinstance(answer, list | dict):
        return all(_blank(inner) for inner in (answer.values() if isinstance(answer, dict) else answer))
    return answer in (None, "")


def _value(question: Question, answer: Any) -> Any:
    """The answer as a record has it; raises ValueError with what is wrong, never with the answer."""
    if question.kind == "words":
        words = answer.split() if isinstance(answer, str) else answer
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise ValueError("not a list of words")
        return [] if question.choices == "allergies" and words == [NONE] else words
    if question.kind == "number":
        if isinstance(answer, str) and NUMBER.fullmatch(answer.strip()):
            answer = float(answer)
        if type(answer) not in (int, float) or not abs(answer) < LARGEST:  # which no NaN is
            raise ValueError("not a number")
        return int(answer) if answer == int(answer) else answer
    if not isinstance(answer, str) or (question.kind == "yes" and answer not in YES):
        raise ValueError("not a date" if question.kind == "date" else "not one of its choices")
    return YES[answer] if question.kind == "yes" else answer


def _from_xml(source: bytes) -> Mapping[str, Any]:
    wrong = RecordError([Problem("submission 1", "not the XML of a submission", "UTF-8, without a document type")])
    try:
        text = source.decode("utf-8-sig")
        if "<!DOCTYPE" in text:  # entities that grow, files that are fetched
            raise wrong
        tree = _element(ElementTree.fromstring(text.encode()))
    except (UnicodeDecodeError, ElementTree.ParseError, RecursionError, LookupError, ValueError):
        raise wrong from None
    if not isinstance(tree, dict):
        raise wrong
    return tree


def _element(element: ElementTree.Element) -> Any:
    """An element as the JSON of a submission: its text, or its children by name, those of one name as a list."""
    if not len(element):
        return element.text or ""
    found: Json = {}
    for child in element:
        name, answer = child.tag.rpartition("}")[2], _element(child)
        if name in found:
            found[name] = [*(found[name] if isinstance(found[name], list) else [found[name]]), answer]
        else:
            found[name] = answer
    return found
