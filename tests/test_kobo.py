"""The Kobo form, valid for ODK Validate and complete; its submissions as records and cards, and records as submissions (M4)."""

import copy
import io
import json
import os
import re
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyxform.xls2xform import convert

from healthcard import card, vocabulary
from healthcard.errors import HealthcardError, ImportNotAllowed, RecordError
from healthcard.exchange import kobo, kobo_form, kobo_questions, targets
from healthcard.exchange.kobo_questions import Group, Node, Question, Repeat
from healthcard.faults import identity_problem
from healthcard.printing.batch import lines_of
from healthcard.record import HOLDER, Record
from healthcard.vocabulary import Quantity, unknown_number
from healthcard.words.labels import LANGUAGES
from tests import builders, exchanged, strategies
from tests.command import healthcard
from tests.fhir_checks import leaves
from tests.world import World

ROOT = Path(__file__).parent.parent
EXAMPLES = {path.stem: Record.from_json(path.read_bytes()) for path in sorted((ROOT / "examples").glob("*.json"))}
TODAY = date(2026, 11, 20)
ORGANISATIONS = ("pa-rc", "cr-rc", "hn-rc", "gt-rc", "mx-rc", "co-rc")
MARKER = "Xochitl-Marker"
CRITICAL = {"medicine": "gentamicin", "amount": 80}  # without its local time on no card
CAMPAIGN = bool(os.environ.get("HEALTHCARD_CAMPAIGN"))
XFORMS, XHTML = "{http://www.w3.org/2002/xforms}", "{http://www.w3.org/1999/xhtml}"
Json = dict[str, Any]


# --- the form --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def xform() -> ElementTree.Element:
    """The form in five languages with organisations, as pyxform and ODK Validate accept it."""
    warnings: list[str] = []
    made = convert(kobo.xlsform(organisations=ORGANISATIONS), warnings=warnings, validate=True, file_type=".xlsx")
    assert warnings == []
    return ElementTree.fromstring(made.xform)


def test_the_form_is_valid_and_speaks_every_language(xform: ElementTree.Element) -> None:
    translations = {one.get("lang"): one for one in xform.iter(f"{XFORMS}translation")}
    assert set(translations) == {kobo_form.column_language(language) for language in LANGUAGES}
    texts = {language: {text.get("id"): "".join(text.itertext()) for text in one} for language, one in translations.items()}
    assert len({frozenset(found) for found in texts.values()}) == 1
    assert all(text.strip() not in ("", "-") for found in texts.values() for text in found.values())


def test_the_form_with_sensitive_entries_in_any_language_is_a_form_too() -> None:
    warnings: list[str] = []
    convert(kobo.xlsform(("ht",), sensitive=True), warnings=warnings, validate=CAMPAIGN, file_type=".xlsx")
    assert warnings == []


def sheets(**options: Any) -> kobo_form.Sheets:
    return kobo_form.sheets(("en", "es"), organisations=ORGANISATIONS, **options)


def asked(**options: Any) -> set[str]:
    return {row["name"] for row in sheets(**options)["survey"]}


def test_nothing_asks_who_she_is_and_nothing_is_free_text() -> None:
    made = sheets(sensitive=True)
    assert {row["type"].split()[0] for row in made["survey"]} == {
        *("note", "begin_group", "end_group", "begin_repeat", "end_repeat"),
        *("select_one", "select_multiple", "integer", "decimal", "date"),
    }
    assert [row["name"] for row in made["survey"] if identity_problem(row["name"], "")] == []


def test_every_name_is_there_once_and_every_list_that_is_chosen_from() -> None:
    made = sheets(sensitive=True)
    names = [row["name"] for row in made["survey"] if not row["type"].startswith("end")]
    assert len(names) == len(set(names))
    lists = {row["list_name"] for row in made["choices"]}
    assert {row["type"].split()[1] for row in made["survey"] if row["type"].startswith("select")} == lists
    pairs = [(row["list_name"], row["name"]) for row in made["choices"]]
    assert len(pairs) == len(set(pairs)) and not [name for _, name in pairs if re.search(r"\s", name)]


def test_sensitive_entries_are_asked_for_only_where_a_network_wants_them_and_level_3_never() -> None:
    levels = {entry.key: entry.sensitivity for held in vocabulary.default().tables().values() for entry in held.entries}
    usual, wanted = ({row["name"] for row in sheets(sensitive=sensitive)["choices"]} for sensitive in (False, True))
    assert {levels.get(word, 0) for word in usual} == {0, 1} and {levels.get(word, 0) for word in wanted} == {0, 1, 2}
    assert asked(sensitive=True) - asked() == {"mother_hiv_test", "mother_syphilis_test", "mother_hepatitis_b_test", "infant_hiv_test"}
    sealed = [row for row in sheets(sensitive=True)["choices"] if row["name"] == "tuberculosis"]
    assert sealed and all("sealed" in row["label::English (en)"] for row in sealed)


def test_every_field_and_every_word_of_the_vocabulary_that_is_not_sensitive_has_its_place() -> None:
    known, names, made = vocabulary.default(), asked(), sheets()
    for role in vocabulary.ROLES:
        entries = (*known.observations[role].entries, *known.profile[role].entries)
        assert {f"{role}_{entry.key}" for entry in entries if entry.sensitivity < 2} <= names
    words = {row["name"] for row in made["choices"]}
    for name, held in known.tables().items():
        if name not in kobo_form.PER_ROLE:
            assert {entry.key for entry in held.entries if entry.sensitivity < 2} <= words, name


def test_without_a_bundle_nobody_is_asked_for_an_organisation() -> None:
    made = kobo_form.sheets(("en",))
    assert "referral_to" not in {row["name"] for row in made["survey"]}
    assert [row["name"] for row in made["choices"] if row["list_name"] == "sources"] == ["holder", "withheld"]


def test_every_word_of_the_form_is_there_in_every_language_with_the_same_places_to_fill() -> None:
    for row in vocabulary.read_csv(ROOT / "healthcard" / "exchange" / "form_words.csv"):
        assert len({frozenset(re.findall(r"{\w+}", row[language])) for language in LANGUAGES}) == 1, row["key"]
        assert all(row[language].strip() for language in LANGUAGES) and row["draft"].split() == list(LANGUAGES), row["key"]


def test_the_workbook_holds_the_sheets_and_no_formula() -> None:
    made = kobo_form.sheets(("fr", "ht"), organisations=ORGANISATIONS)
    book = openpyxl.load_workbook(io.BytesIO(kobo.xlsform(("fr", "ht"), organisations=ORGANISATIONS)))
    assert book.sheetnames == list(made)
    for name, rows in made.items():
        header, *lines = ([cell.value or "" for cell in row] for row in book[name].iter_rows())
        assert [{column: value for column, value in zip(header, line, strict=True) if value} for line in lines] == rows
        assert not [cell for row in book[name].iter_rows() for cell in row if cell.data_type == "f"]
    assert made["settings"][0]["default_language"] == "French (fr)"


def questions(nodes: tuple[Node, ...] | None = None) -> Iterator[Question]:
    for node in kobo_questions.usual() if nodes is None else nodes:
        if isinstance(node, Question):
            yield node
        else:
            yield from questions(node.inside)


def holds(constraint: str, value: float, **other: str) -> bool:
    """A constraint of numbers, worked out with the arithmetic of Python: doubles in both worlds."""
    text = constraint.replace(kobo_questions.STEPS, other.get("steps", ""))
    text = re.sub(r"(?<![\w.])\.(?!\d)", f"({value!r})", text).replace(" div ", " / ").replace(" mod ", " % ")
    return bool(eval(re.sub(r"(?<![<>])=", "==", text), {"round": round}))


def numbers() -> list[tuple[Question, Quantity]]:
    known, by_name = vocabulary.default(), {question.name: question for question in questions()}
    entries = [
        entry for role in vocabulary.ROLES for entry in (*known.observations[role].entries, *known.profile[role].entries)
        if entry.kind == "number"
    ]  # fmt: skip
    return [(by_name[f"{entry.role}_{entry.key}"], entry) for entry in entries]


def test_a_number_is_taken_where_entry_takes_it() -> None:
    for question, quantity in numbers():
        low, high = quantity.wire_limits if quantity.range.reject else (-100, 100)
        inside = [quantity.from_wire(wire) for wire in range(int(low), int(high) + 1, max(1, int(high - low) // 500))]
        assert all(holds(question.constraint, float(value)) for value in inside if question.constraint), question.name
        if quantity.range.reject:
            beyond = [quantity.from_wire(int(low) - 1), quantity.from_wire(int(high) + 1)]
            assert not any(holds(question.constraint, float(value)) for value in beyond), question.name
        assert question.whole == (quantity.scale.denominator == 1)
        if not question.whole or quantity.scale.numerator > 1:
            half = float(quantity.from_wire(int(low) + 1)) + quantity.scale.numerator / quantity.scale.denominator / 2
            assert not holds(question.constraint, half), question.name


def test_an_amount_is_taken_in_the_steps_of_its_medicine() -> None:
    [amount] = [question for question in questions() if question.name == "medicine_amount"]
    steps = {row["name"]: row["steps"] for row in sheets()["choices"] if row["list_name"] == "medicines"}
    for medicine in vocabulary.default().medicines.entries:
        assert medicine.scale.numerator == 1
        if medicine.key in steps:
            for wire in (*range(1, 60), 1001):
                assert holds(amount.constraint, float(medicine.scale.from_wire(wire)), steps=steps[medicine.key])
            assert not holds(amount.constraint, 1.03, steps=steps[medicine.key])
    assert not holds(amount.constraint, 0.0, steps="1")


# --- submissions -----------------------------------------------------------------------------------------------------


def submission(record: Record, **options: Any) -> Json:
    made: Json = json.loads(json.dumps(kobo.to_submission(record, kobo.FORM_ID, **options)))
    assert made["id"] == kobo.FORM_ID
    return made["submission"]  # type: ignore[no-any-return]


def at(given: Json, person: int = 0, contact: int = 0) -> Json:
    return given["person"][person]["contact"][contact]  # type: ignore[no-any-return]


def as_the_data_api_gives_it(given: Mapping[str, Any], path: str = "") -> Json:
    """Groups written out in the names, repeats as lists, everything text."""
    out: Json = {}
    for name, answer in given.items():
        if isinstance(answer, dict):
            out |= as_the_data_api_gives_it(answer, f"{path}{name}/")
        elif isinstance(answer, list):
            out[path + name] = [as_the_data_api_gives_it(inner, f"{path}{name}/") for inner in answer]
        else:
            out[path + name] = answer
    return out


OF_KOBO: Json = {
    "_id": 4711, "formhub/uuid": "3f", "__version__": "v1", "meta/instanceID": "uuid:3f", "meta/rootUuid": "uuid:3f", "_uuid": "3f",
    "_xform_id_string": "a7", "_attachments": [], "_status": "submitted_via_web", "_geolocation": [None, None], "_tags": [], "_notes": [],
    "_submission_time": "2026-07-01T10:00:00", "_validation_status": {}, "_submitted_by": MARKER, "start": "2026-07-01T09:00:00",
}  # fmt: skip


def as_xml(given: Mapping[str, Any]) -> bytes:
    def add(parent: ElementTree.Element, answers: Mapping[str, Any]) -> None:
        for name, answer in answers.items():
            for one in answer if isinstance(answer, list) else [answer]:
                child = ElementTree.SubElement(parent, name)
                if isinstance(one, dict):
                    add(child, one)
                else:
                    child.text = one

    root = ElementTree.Element(kobo.FORM_ID, {"xmlns": "http://openrosa.org/xforms", "id": "a7", "version": "1"})
    add(root, {"formhub": {"uuid": "3f"}} | dict(given))
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)


def read(source: Any) -> Record:
    data = source if isinstance(source, bytes) else json.dumps(source).encode()
    [one] = kobo.submissions(data)
    return kobo.from_submission(one)


def in_the_form(record: Record) -> Record:
    """What is left of a record without the entries that have no word here, which the form can't ask for."""
    data = record.to_json()
    for person in data["people"]:
        person.pop("unknown", None)
        for contact in person["contacts"]:
            contact.pop("unknown", None)
            kept = {key: value for key, value in contact.pop("observations", {}).items() if unknown_number(key) is None}
            if kept:
                contact["observations"] = kept
    return Record.from_json(data)


@pytest.mark.parametrize("name", EXAMPLES)
def test_m4_an_example_comes_back_from_every_shape_of_a_submission(name: str) -> None:
    record, sent = EXAMPLES[name], submission(EXAMPLES[name])
    flat = as_the_data_api_gives_it(sent) | OF_KOBO
    for shape in (sent, {"id": "a7", "submission": sent}, flat, [flat], {"count": 1, "next": None, "results": [flat]}, as_xml(sent)):
        assert read(shape) == record


@settings(max_examples=1000 if CAMPAIGN else 40)
@given(strategies.records())
@example(Record.from_json({"language": "#40", "people": [{"role": "infant", "sex": "#33", "born_precision": "#44"}]}))
def test_m4_any_record_comes_back_but_for_what_has_no_word(record: Record) -> None:
    try:
        left = in_the_form(record)
    except RecordError:  # two contacts that differ in nothing else
        return
    sent = submission(record)
    assert read(as_the_data_api_gives_it(sent) | OF_KOBO) == read(as_xml(sent)) == left


def test_m4_kobo_lacks_what_the_table_of_fields_says_and_no_more() -> None:
    record = exchanged.full()
    assert exchanged.lost(record, read(submission(record))) == exchanged.lacking("kobo") == {"people.unknown", "people.contacts.unknown"}


def test_a_submission_has_the_shape_of_the_form_and_answers_it_as_the_form_would(xform: ElementTree.Element) -> None:
    [root] = (next(iter(instance)) for instance in xform.iter(f"{XFORMS}instance") if not instance.get("id"))

    def paths(element: ElementTree.Element, path: str) -> Iterator[str]:
        for child in element:
            here = f"{path}/{child.tag.rpartition('}')[2]}"
            yield here
            yield from paths(child, here)

    in_form, choices = set(paths(root, "")), sheets(sensitive=True)["choices"]
    sealed = asked(sensitive=True) - asked()
    words = {name: {row["name"] for row in choices if row["list_name"] == name} for name in {row["list_name"] for row in choices}}
    by_name = {question.name: question for question in questions()}
    for record in (in_the_form(exchanged.full()), *EXAMPLES.values()):
        sent = submission(record)
        for path, answer in leaves("", sent):
            name = path.rpartition(".")[2]
            assert path.replace(".", "/") in in_form or name in sealed
            if name != "instanceID" and (question := by_name[name]).choices:
                assert set(answer.split() if question.kind == "words" else [answer]) <= words[question.choices], name


def test_questions_are_found_in_other_groups_and_empty_repeats_and_groups_are_nothing() -> None:
    moved = submission(EXAMPLES["mother_first_contact"])
    contact = at(moved)
    moved["person"][0]["their_group/findings"] = ""
    contact |= contact.pop("mother_observations", {})
    empty: Json = {"vaccines": [{"vaccine": ""}], "their_group": {}, "contact_source": None, "contact_time": ""}
    at(moved).update(empty | contact | {"medicines": [*contact.get("medicines", []), {}]})
    moved["person"].append({"person_role": "", "contact": [{"contact_date": ""}]})
    assert read(moved) == EXAMPLES["mother_first_contact"]
    empty = as_xml(submission(EXAMPLES["mother_first_contact"])).replace(b"</person>", b"<birth/><contact/></person>")
    assert read(empty) == EXAMPLES["mother_first_contact"]


def test_numbers_may_be_numbers_or_text() -> None:
    given = submission(builders.infant(observations={"weight": 4.25}))
    for answer in (4.25, "4.25", " 4.250 "):
        given["person"][0]["contact"][0]["infant_observations"]["infant_weight"] = answer
        [person] = read(given).people
        assert person.contacts[0].observations == {"weight": 4.25}


Place = tuple[Callable[[Json], Any], str]
REFUSED: dict[str, Place] = {
    "a word that is none": (lambda s: at(s).update(findings=MARKER), "person[1]/contact[1]/findings: not a word"),
    "a number that is none": (
        lambda s: at(s)["mother_observations"].update(mother_weight=MARKER), "person[1]/contact[1]/mother_weight: not a number",
    ),
    "a value off its step": (lambda s: at(s)["mother_observations"].update(mother_weight="58.123"), "mother_weight: off the step"),
    "a number without end": (lambda s: at(s)["mother_observations"].update(mother_weight=1e400), "mother_weight: not a number"),
    "a number of four hundred digits": (
        lambda s: at(s)["mother_observations"].update(mother_weight=10**400), "mother_weight: not a number",
    ),
    "a date that is none": (lambda s: at(s).update(contact_date=MARKER), "person[1]/contact[1]/contact_date: not a date"),
    "no date": (lambda s: at(s).pop("contact_date"), "person[1]/contact[1]/contact_date: is missing"),
    "no language": (lambda s: s["card"].pop("card_language"), "submission 3: card_language: is missing"),
    "nobody": (lambda s: s.pop("person"), "submission 3: person: is missing"),
    "no role": (lambda s: s["person"][0].pop("person_role"), "person[1]/mother_age_years: not asked of this person"),
    "neither yes nor no": (lambda s: s["card"].update(card_import=MARKER), "card_import: not one of its choices"),
    "a question for a child": (lambda s: at(s).update(infant_weight="4.2"), "contact[1]/infant_weight: not asked of this person"),
    "a question out of its place": (lambda s: s.update(findings="pneumonia"), "submission 3: findings: not asked here"),
    "two answers": (lambda s: at(s).update(mother_weight="58.1"), "contact[1]/mother_weight: answered twice"),
    "a question of nobody's": (lambda s: at(s).update(remarks=MARKER), "contact[1]/remarks: no such question"),
    "a name": (lambda s: s["person"][0].update(nombre_completo=MARKER), "person[1]/nombre_completo: identifies her"),
    "a name left empty": (lambda s: s["person"][0].update(first_name=""), "person[1]/first_name: identifies her"),
    "a name in a group": (lambda s: s.update({"who/surname": MARKER}), "submission 3: surname: identifies her"),
    "a position": (lambda s: s.update(_geolocation=[15.5, -88.0]), "_geolocation: identifies her"),
    "a picture": (lambda s: s.update(_attachments=[{"filename": MARKER}]), "_attachments: identifies her"),
    "a device": (lambda s: s.update(phonenumber=MARKER), "phonenumber: no such question"),
    "text in place of a repeat": (lambda s: s.update(person=MARKER), "submission 3: person[1]: not a group of answers"),
    "text in place of a group": (lambda s: s.update(card=MARKER), "submission 3: card: no such question"),
    "a group in place of text": (lambda s: at(s).update(findings={MARKER: MARKER}), "contact[1]/findings: not a list of words"),
    "days without a timing": (
        lambda s: at(s).update(medicines=[{"medicine": "ors", "medicine_amount": "1", "medicine_days": "3"}]),
        "person[1]/contact[1]/medicines[1]: timing and days go together",
    ),
    "half a referral": (lambda s: at(s).update(referral={"referral_service": "laboratory"}), "contact[1]/referral_urgency: is missing"),
    "a danger sign as a condition": (
        lambda s: s["person"][0].update(history={"conditions": "asthma convulsions_mother"}), "person[1]/conditions: not a condition",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", REFUSED)
def test_what_is_not_a_record_is_refused_by_submission_and_question_and_without_the_answer(fault: str) -> None:
    change, said = REFUSED[fault]
    given = copy.deepcopy(submission(in_the_form(exchanged.full())))
    at(given)["mother_observations"]["mother_weight"] = "58.1"  # for what is done to it
    change(given)
    with pytest.raises(RecordError) as caught:
        kobo.from_submission(given, 3)
    assert said in str(caught.value)
    assert all(problem.place.startswith("submission 3") for problem in caught.value.problems)
    assert MARKER not in str(caught.value) and caught.value.__cause__ is None


@pytest.mark.parametrize(
    "source",
    [b"", b"[1]", b"{", b'"x"', b"\xff", b"<a", b"<a/>", b'<?xml version="1.0" encoding="UTF-16"?><a><b/></a>', b"[" * 100_000,
     b"<a>" * 5000 + b"</a>" * 5000, b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a><b>&e;</b></a>'],
)  # fmt: skip
def test_what_is_no_submission_is_refused(source: bytes) -> None:
    with pytest.raises(RecordError):
        for one in kobo.submissions(source):
            kobo.from_submission(one)


def test_groups_within_groups_have_an_end() -> None:
    deep: Json = {}
    for _ in range(100_000):
        deep = {"card": deep}
    with pytest.raises(RecordError, match="submission 1"):
        kobo.from_submission(deep)


PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
JSON = st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


@settings(max_examples=100)
@given(st.data(), JSON)
def test_any_json_in_any_place_is_a_record_or_a_record_error(data: st.DataObject, junk: Any) -> None:
    given = copy.deepcopy(data.draw(st.sampled_from(DAMAGED)))
    here: Any = given
    while True:
        step = data.draw(st.sampled_from(sorted(here)) if isinstance(here, dict) else st.integers(0, len(here) - 1))
        if not (isinstance(here[step], dict | list) and here[step]) or data.draw(st.integers(0, 9)) == 0:
            break
        here = here[step]
    here[step] = junk
    try:
        kobo.from_submission(given)
    except RecordError as error:
        assert error.problems


DAMAGED = [submission(EXAMPLES["severe_pre_eclampsia"]), as_the_data_api_gives_it(submission(EXAMPLES["twins_after_birth"]))]


# --- whose entries they are ------------------------------------------------------------------------------------------


def test_entries_of_the_card_are_not_taken_for_the_partners_own_and_unverified_ones_are_told_by_her() -> None:
    contacts = [builders.contact(builders.DAY, source=source, findings=["asthma"]) for source in (None, "gt-rc", "withheld")]
    record = builders.mother(contacts=contacts, conditions=["asthma"])
    [mother] = read(submission(record, issuer="mx-rc")).people
    assert {contact.source for contact in mother.contacts} == {"mx-rc", "gt-rc", "withheld"} and mother.history_source == "mx-rc"
    doubtful = frozenset({(0, -1), *((0, n) for n in range(3))})
    [mother] = read({**submission(record, issuer="mx-rc", unverified=frozenset({(0, -1), (0, 0)}))}).people
    assert mother.history_source == HOLDER and sum(contact.source == HOLDER for contact in mother.contacts) == 1
    with pytest.raises(RecordError, match="the same contact twice"):
        read(submission(record, issuer="mx-rc", unverified=doubtful))


# --- the commands ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world() -> World:
    return World.build(TODAY)


def test_the_command_writes_a_form_with_the_organisations_of_a_bundle(world: World, tmp_path: Path) -> None:
    world.bundle.save(tmp_path / "trust.bundle")
    done = healthcard("kobo", "form", tmp_path / "form.xlsx", "--languages", "fr,es", "--bundle", tmp_path / "trust.bundle")
    assert (done.code, done.out, done.err) == (0, "", "")
    book = openpyxl.load_workbook(tmp_path / "form.xlsx")
    header, *lines = book["choices"].iter_rows(values_only=True)
    assert [name for name in header if str(name).startswith("label")] == ["label::French (fr)", "label::Spanish (es)"]
    assert set(world.bundle.organisation_numbers) == {line[1] for line in lines if line[0] == "organisations"}
    assert healthcard("kobo", "form", tmp_path / "form.xlsx", "--languages", "fr,xx").code == 2


def test_without_openpyxl_the_command_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    done = healthcard("kobo", "form", tmp_path / "form.xlsx")
    assert done.code == 1 and "pip install 'healthcard[exchange]'" in done.said
    with pytest.raises(HealthcardError):
        kobo.xlsform()
    assert list(tmp_path.iterdir()) == []


def test_m4_submissions_become_records_and_records_become_cards(world: World, tmp_path: Path) -> None:
    told = [as_the_data_api_gives_it(submission(EXAMPLES[name])) | OF_KOBO for name in ("family_three_contacts", "twins_after_birth")]
    (tmp_path / "answer.json").write_text(json.dumps({"results": told}))
    (tmp_path / "one.xml").write_bytes(as_xml(submission(EXAMPLES["muac_only"])))
    done = healthcard("kobo", "records", tmp_path / "answer.json", tmp_path / "one.xml", "--out", tmp_path / "records.ndjson")
    assert (done.code, done.out, done.err) == (0, "", "")
    lines = [Record.from_json(line.data) for line in lines_of((tmp_path / "records.ndjson").read_bytes())]
    assert lines == [EXAMPLES[name] for name in ("family_three_contacts", "twins_after_birth", "muac_only")]
    assert stat.S_IMODE((tmp_path / "records.ndjson").stat().st_mode) == 0o600 or os.name != "posix"
    assert [card.read(world.issue(record).text, bundle=world.bundle, now=TODAY).record for record in lines] == lines


def test_a_submission_that_comes_again_is_taken_once(tmp_path: Path) -> None:
    first, second = (as_the_data_api_gives_it(submission(EXAMPLES[name])) | OF_KOBO for name in ("muac_only", "twins_after_birth"))
    (tmp_path / "page1.json").write_text(json.dumps({"results": [first, second]}))
    (tmp_path / "page2.json").write_text(json.dumps({"results": [second, first | {"_uuid": "another"}]}))
    done = healthcard("kobo", "records", tmp_path / "page1.json", tmp_path / "page2.json")
    assert (done.code, done.err) == (0, "1 submissions came again and are taken once\n")
    found = [Record.from_json(line) for line in done.out.splitlines()]
    assert found == [EXAMPLES[name] for name in ("muac_only", "twins_after_birth", "muac_only")]


def test_a_submission_with_a_fault_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    good = submission(EXAMPLES["muac_only"])
    bad = copy.deepcopy(good)
    bad["person"][0]["full_name"] = MARKER
    (tmp_path / "answer.json").write_text(json.dumps([good, bad, good, bad | {"_id": 4711}]))
    (tmp_path / "other.json").write_text(f'["{MARKER}')
    done = healthcard("kobo", "records", tmp_path / "other.json", tmp_path / "answer.json")
    assert done.code == 1 and [Record.from_json(line) for line in done.out.splitlines()] == [EXAMPLES["muac_only"]] * 2
    lines = [line.strip() for line in done.err.splitlines()]
    assert lines[:2] == ["2 records written", "healthcard: invalid-record"] and lines[2].startswith(f"{tmp_path / 'other.json'}: line 1")
    refused = "person[1]/full_name: identifies her: never on a card (name, rule DP-01)"
    assert lines[3:] == [f"{tmp_path / 'answer.json'}: submission {number}: {refused}" for number in (2, 4711)]
    assert MARKER not in done.err and MARKER not in done.out


def test_what_entry_refuses_is_named_by_submission_and_question_before_any_card_is_made(tmp_path: Path) -> None:
    today = date.today()
    good = submission(builders.mother(on=today, observations={"muac": 231}))
    contacts = [builders.contact(today - timedelta(days), observations={"muac": 231}) for days in (1, 0, 2)]
    late = submission(builders.mother(contacts=contacts))
    late["person"][0]["contact"].reverse()  # the newest comes first: a record has its contacts in another order than the form
    at(late)["contact_date"] = (today + timedelta(1)).isoformat()
    wild, dose = copy.deepcopy(late), submission(builders.mother(on=today, time="10:00", medicines=[CRITICAL]))
    at(wild)["contact_date"] = today.isoformat()
    at(wild, contact=2)["mother_observations"]["mother_muac"] = "999"
    del at(dose)["contact_time"]
    (tmp_path / "answer.json").write_text(json.dumps([good, late, good, wild | {"_id": 4711}, dose]))
    done = healthcard("kobo", "records", tmp_path / "answer.json")
    assert done.code == 1 and len(done.out.splitlines()) == 2
    lines = [line.strip().removeprefix(f"{tmp_path / 'answer.json'}: ") for line in done.err.splitlines()]
    assert lines[:3] == ["2 records written", "healthcard: invalid-record",
                         "submission 2: person[1]/contact[1]/contact_date: in the future (is the clock of this device right?)"]  # fmt: skip
    assert lines[3].startswith("submission 4711: person[1]/contact[3]/mother_muac: can't be, outside ")
    assert lines[4].startswith("submission 5: person[1]/contact[1]/contact_time: needed with this medicine")
    assert len(lines) == 5 and "999" not in done.err


def test_what_is_only_unlikely_is_left_to_the_batch_that_asks_again() -> None:
    [low, high] = vocabulary.default().observations["mother"].by_key["muac"].range.warn or ()
    unlikely = builders.mother(on=TODAY, observations={"muac": int(high) + 1})
    assert low < high and kobo.from_submission(submission(unlikely), today=TODAY) == unlikely


def test_m4_a_card_is_exported_as_a_submission_only_with_her_yes(world: World, tmp_path: Path) -> None:
    world.bundle.save(tmp_path / "trust.bundle")
    (tmp_path / "card.txt").write_text(world.issue(EXAMPLES["family_three_contacts"]).text + "\n")
    done = healthcard("export", tmp_path / "card.txt", "--bundle", tmp_path / "trust.bundle", "--to", "kobo")
    assert (done.code, done.err) == (0, "")
    reading = card.read(world.issue(EXAMPLES["family_three_contacts"]).text, bundle=world.bundle, now=TODAY)
    back, issuer = read(json.loads(done.out)), reading.issuer
    expected = EXAMPLES["family_three_contacts"].to_json()
    for person in expected["people"]:
        person["contacts"] = [contact | {"source": contact.get("source", issuer)} for contact in person["contacts"]]
        if "conditions" in person or "vaccines_before" in person:
            person["history_source"] = person.get("history_source", issuer)
    assert back == Record.from_json(expected)
    silent = builders.mother(on=TODAY, observations={"weight": 61.7})
    with pytest.raises(ImportNotAllowed):
        targets.export(card.read(world.issue(silent).text, bundle=world.bundle, now=TODAY), "kobo")


def test_the_tree_of_questions_names_every_group_and_repeat_once() -> None:
    def every(nodes: tuple[Node, ...]) -> Iterator[str]:
        for node in nodes:
            yield node.name
            if isinstance(node, Group | Repeat):
                yield from every(node.inside)

    found = list(every(kobo_questions.usual()))
    assert len(found) == len(set(found)) == len(kobo_questions.names(kobo_questions.usual()))
