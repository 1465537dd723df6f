"""CSV in long form: every record there and back, no cell that starts a formula, faults by their row, and the way into DHIS2 (M4)."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from healthcard import card, vocabulary
from healthcard.errors import ImportNotAllowed, RecordError
from healthcard.exchange import long_form, mapping, targets
from healthcard.record import Record
from healthcard.sensitivity import sensitive
from healthcard.words.labels import LANGUAGES
from tests import builders, exchanged, strategies
from tests.command import healthcard
from tests.world import World

ROOT = Path(__file__).parent.parent
EXAMPLES = {path.stem: Record.from_json(path.read_bytes()) for path in sorted((ROOT / "examples").glob("*.json"))}
TODAY = date(2026, 11, 20)
MARKER = "Xochitl-Marker"
Row = dict[str, str]


def written(record: Record, **origin: Any) -> str:
    return long_form.to_csv(record, TODAY, "mx-rc", **origin)


def rows(text: str) -> list[Row]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def table(lines: list[Row]) -> str:
    file = io.StringIO()
    writer = csv.DictWriter(file, lines[0])
    writer.writeheader()
    writer.writerows(lines)
    return file.getvalue()


# --- there and back --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_rows_of_an_example_say_the_same_record_in_every_language(name: str, language: str) -> None:
    assert long_form.from_csv(written(EXAMPLES[name], language=language)) == (EXAMPLES[name],)


@settings(max_examples=2000 if os.environ.get("HEALTHCARD_CAMPAIGN") else 40)
@given(strategies.records(), st.sampled_from(LANGUAGES))
@example(Record.from_json({"language": "#40", "people": [{"role": "infant", "sex": "#33", "born_precision": "#44"}]}), "fr")
def test_m4_the_rows_of_any_record_say_the_same_record(record: Record, language: str) -> None:
    text = written(record, language=language)
    assert long_form.from_csv(text) == (record,)
    assert all(not row["value"].startswith(long_form.FORMULA[:-1]) or number(row["value"]) for row in rows(text))
    assert all(row["value"] for row in rows(text))


def test_m4_csv_lacks_what_the_table_of_fields_says_and_no_more() -> None:
    record = exchanged.full()
    [back] = long_form.from_csv(written(record))
    assert exchanged.lost(record, back) == exchanged.lacking("csv") == set()


def test_a_vaccine_is_given_whether_or_not_its_dose_is_known() -> None:
    record = builders.mother(vaccines=[{"vaccine": "td"}, {"vaccine": "td", "dose": 2}], vaccines_before=[{"vaccine": "td"}])
    text = written(record)
    told = [(row["contact"], row["entry"], row["data_element"], row["value"]) for row in rows(text) if row["key"] == "td"]
    assert told == [("", "0", "vaccines_before.td", "true"), ("0", "0", "vaccines.td", "true"), ("0", "0", "vaccines.td.dose", "2"),
                    ("0", "1", "vaccines.td", "true")]  # fmt: skip
    assert long_form.from_csv(text) == (record,)


def test_several_exports_in_one_file_any_order_of_columns_and_columns_of_others() -> None:
    first, second = EXAMPLES["mother_first_contact"], EXAMPLES["twins_after_birth"]
    lines = rows(written(first)) + rows(written(second))
    lines = [{"theirs": "x"} | dict(reversed(row.items())) for row in lines]
    for row in lines:  # as a spreadsheet saves it
        row["value"] = row["value"].upper() if row["value"] in ("true", "false") else row["value"]
    assert long_form.from_csv("\ufeff" + table(lines)) == (first, second)
    assert len({row["export"] for row in lines}) == 2


# --- what a cell is --------------------------------------------------------------------------------------------------


def number(cell: str) -> bool:
    return bool(re.fullmatch(r"-?\d+(\.\d+)?", cell))


def test_a_cell_that_would_be_a_formula_is_text_and_a_number_stays_a_number() -> None:
    child = builders.infant(observations={"oedema": "++", "weight": 4.25}, unknown={"#20": -7})
    values = {row["key"]: row["value"] for row in rows(written(child))}
    assert (values["oedema"], values["weight"], values["#20"]) == ("'++", "4.25", "-7")
    assert long_form.from_csv(written(child)) == (child,)


@given(st.text())
def test_no_text_at_all_starts_a_formula_and_each_is_read_again(cell: str) -> None:
    safe = long_form._safe(cell)
    assert number(safe) or not safe.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert long_form._plain(safe) == cell


def test_the_file_is_of_rfc_4180_with_one_row_for_each_fact() -> None:
    text = written(EXAMPLES["family_three_contacts"])
    lines = text.split("\r\n")
    assert lines[0].split(",") == list(long_form.COLUMNS) and lines[-1] == "" and "\n" not in "".join(lines)
    assert all(len(row) == len(long_form.COLUMNS) for row in csv.reader(lines[:-1], strict=True))


def test_a_fact_has_its_words_unit_and_codes() -> None:
    record = builders.mother(
        observations={"haemoglobin": 98}, medicines=[{"medicine": "gentamicin", "amount": 80}], allergies=[], findings=["pneumonia"]
    )
    found = {row["data_element"]: row for row in rows(written(record, language="es"))}
    shown = {
        name: [row[column] for column in ("label", "value", "unit", "system", "code")]
        for name, row in found.items()
        if row["kind"] in ("observations", "medicines", "allergies", "findings")
    }
    assert shown == {
        "allergies.none": ["Sin alergias (se preguntó)", "true", "", "http://snomed.info/sct", "716186003"],
        "mother.observations.haemoglobin": ["Hemoglobina", "98", "g/L", "http://loinc.org", "718-7"],
        "findings.pneumonia": ["Neumonía", "true", "", "http://hl7.org/fhir/sid/icd-10", "J18.9"],
        "medicines.gentamicin.amount": ["gentamicina 40 mg/mL", "80", "mg", "http://www.whocc.no/atc", "J01GB03"],
    }
    contact = found["findings.pneumonia"]
    assert [contact[name] for name in ("person", "role", "contact", "date", "issuer", "verdict")] == [
        "0", "mother", "0", "2026-07-01", "mx-rc", "verified",
    ]  # fmt: skip


def test_what_no_verified_part_says_is_marked_row_by_row() -> None:
    contacts = [builders.contact(builders.DAY, findings=["asthma"]), builders.contact(TODAY, findings=["pneumonia"])]
    record = builders.mother(contacts=contacts)
    verdicts = {row["key"]: row["verdict"] for row in rows(written(record, unverified={(0, 1)}))}
    assert (verdicts["asthma"], verdicts["pneumonia"]) == ("verified", "unverified")
    assert {row["verdict"] for row in rows(written(record, verdict="altered"))} == {"altered"}


def test_what_a_card_seals_is_marked_restricted() -> None:
    lines = rows(written(EXAMPLES["family_three_contacts_sealed"]))
    marked = {row["key"] for row in lines if row["confidentiality"] == "R"}
    sealed = {word for _, word, _ in sensitive(EXAMPLES["family_three_contacts_sealed"], vocabulary.default())}
    assert marked == sealed != set() and {row["confidentiality"] for row in lines} == {"", "R"}
    lost = builders.mother(pregnancy={"outcome": "stillbirth"})
    assert [row["key"] for row in rows(written(lost)) if row["confidentiality"]] == ["outcome"]


def test_every_code_of_a_data_element_is_short_enough_for_dhis2_and_means_one_thing() -> None:
    known = vocabulary.default()
    words = {name: entry.entries for name, entry in known.tables().items()}
    people = []
    for role in vocabulary.ROLES:
        observations = {q.key: next(iter(q.words.values())) if q.words else q.from_wire(0) for q in words[f"observations_{role}"]}
        medicines = [{"medicine": m.key, "amount": m.scale.from_wire(1), "timing": "weekly", "days": 1} for m in known.medicines.entries]
        contacts = [{"date": "2026-07-01", "observations": observations}] + [
            {"date": f"2026-08-{n + 1:02}", "medicines": medicines[n * 30 : n * 30 + 30]} for n in range(len(medicines) // 30 + 1)
        ]
        people.append({"role": role, "contacts": contacts})
    lines = rows(written(Record.from_json({"language": "en", "people": people})))
    assert max(len(row["data_element"]) for row in lines) <= 50
    meaning: dict[str, set[tuple[str, str]]] = {}
    for row in lines:
        meaning.setdefault(row["data_element"], set()).add((row["unit"], row["label"]))
    assert all(len(found) == 1 for found in meaning.values())


# --- faults ----------------------------------------------------------------------------------------------------------


def first(kind: str, lines: list[Row]) -> Row:
    return next(row for row in lines if row["kind"] == kind)


BREAKS: dict[str, Callable[[list[Row]], Any]] = {
    "a number that is none": lambda rows: first("observations", rows).update(value=MARKER),
    "a value off its step": lambda rows: first("observations", rows).update(key="weight", value="58.123"),
    "a word of no table": lambda rows: first("medicines", rows).update(key=MARKER),
    "another role": lambda rows: first("contact", rows).update(role=MARKER),
    "a date that is none": lambda rows: [row.update(date=MARKER) for row in rows if row["contact"] == "0" and row["person"] == "0"],
    "two dates of one contact": lambda rows: first("observations", rows).update(date="2026-01-01"),
    "a fact that is not there": lambda rows: first("services", rows).update(value=MARKER),
    "a vaccine that was not given": lambda rows: first("vaccines", rows).update(value="false"),
    "a dose that is none": lambda rows: first("vaccines", rows).update(part="dose", value=""),
    "a fact of nobody": lambda rows: first("services", rows).update(person=""),
    "a kind that is none": lambda rows: first("services", rows).update(kind=MARKER, key=MARKER, value=MARKER),
    "a name": lambda rows: first("person", rows).update(key="first_name", value=MARKER),
    "a person that is missing": lambda rows: [row.update(person="5") for row in rows if row["person"] == "1"],
    "a contact that is missing": lambda rows: [row.update(contact="7") for row in rows if row["contact"] == "0"],
    "the same fact twice": lambda rows: rows.append(first("observations", rows)),
    "an answer that is none": lambda rows: rows[1].update(value=MARKER),
    "a count that is none": lambda rows: first("contact", rows).update(contact=MARKER),
}


@pytest.mark.parametrize("fault", BREAKS)
def test_what_is_not_a_record_is_refused_by_its_row_and_without_its_value(fault: str) -> None:
    lines = rows(written(exchanged.full()))
    BREAKS[fault](lines)
    with pytest.raises(RecordError) as caught:
        long_form.from_csv(table(lines))
    assert caught.value.problems and all(re.fullmatch(r"row \d+", problem.place) for problem in caught.value.problems)
    assert MARKER not in str(caught.value) and caught.value.__cause__ is None


def test_a_fault_names_the_very_row() -> None:
    lines = rows(written(EXAMPLES["family_three_contacts"]))
    at = lines.index(first("medicines", lines))
    lines[at]["value"] = "0.333"
    with pytest.raises(RecordError, match=rf"row {at + 2}: off the step"):
        long_form.from_csv(table(lines))


@pytest.mark.parametrize("text", ["", "export,value\r\n", 'a,"b', "\x00", "\ufeff"])
def test_what_is_not_such_a_file_is_refused(text: str) -> None:
    with pytest.raises(RecordError):
        long_form.from_csv(text)
    with pytest.raises(RecordError, match="no facts"):
        long_form.from_csv(",".join(long_form.COLUMNS) + "\r\n")


@settings(max_examples=100)
@given(st.data())
def test_any_text_in_any_cell_is_a_record_or_a_record_error(data: st.DataObject) -> None:
    lines = rows(written(EXAMPLES["twins_after_birth"]))
    row = data.draw(st.sampled_from(lines))
    others = st.sampled_from([cell for line in lines for cell in line.values()])
    row[data.draw(st.sampled_from(long_form.READ))] = data.draw(others | st.text() | st.integers().map(str))
    try:
        long_form.from_csv(table(lines))
    except RecordError as error:
        assert error.problems


# --- the command, and into DHIS2 -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Path]:
    """A network, and a folder with its bundle and the card of a family that said yes."""
    made, folder = World.build(TODAY), tmp_path_factory.mktemp("csv")
    made.bundle.save(folder / "trust.bundle")
    (folder / "card.txt").write_text(made.issue(EXAMPLES["family_three_contacts"]).text + "\n")
    return made, folder


def test_m4_the_command_writes_rows_in_a_language_and_only_with_her_yes(world: tuple[World, Path]) -> None:
    made, folder = world
    done = healthcard("export", folder / "card.txt", "--bundle", folder / "trust.bundle", "--to", "csv", "--language", "ht")
    assert (done.code, done.err) == (0, "")
    assert long_form.from_csv(done.out) == (EXAMPLES["family_three_contacts"],)
    assert "Emoglobin" in done.out
    silent = builders.mother(on=TODAY, observations={"weight": 61.7})
    with pytest.raises(ImportNotAllowed):
        targets.export(card.read(made.issue(silent).text, bundle=made.bundle, now=TODAY), "csv")


def test_m4_the_script_of_the_page_for_partners_makes_events_of_the_rows(world: tuple[World, Path], tmp_path: Path) -> None:
    _, folder = world
    exported = healthcard("export", folder / "card.txt", "--bundle", folder / "trust.bundle", "--to", "csv").out
    wanted = ["mother.observations.systolic", "infant.observations.weight", "infant.observations.oedema"]
    events = sent_to_dhis2(exported, wanted, tmp_path)
    expected = [
        (contact.date.isoformat(), {f"{person.role}.observations.{key}": value for key, value in (contact.observations or {}).items()})
        for person in EXAMPLES["family_three_contacts"].people
        for contact in person.contacts
    ]
    expected = [(day, {code: str(value) for code, value in found.items() if code in wanted}) for day, found in expected]
    sent = [(event["occurredAt"], {one["dataElement"]: one["value"] for one in event["dataValues"]}) for event in events]
    assert sent == [(day, found) for day, found in expected if found] and sent
    assert all((event["program"], event["programStage"], event["orgUnit"]) == ("PROGRAM", "STAGE", "UNIT") for event in events)
    assert {event["status"] for event in events} == {"COMPLETED"}


def test_a_vaccine_without_a_dose_gets_to_dhis2_and_an_empty_value_never(tmp_path: Path) -> None:
    text = written(builders.mother(vaccines=[{"vaccine": "td"}]))
    [event] = sent_to_dhis2(text, ["vaccines.td", "vaccines.td.dose"], tmp_path)
    assert event["dataValues"] == [{"dataElement": "vaccines.td", "value": "true"}]
    lines = rows(text)
    first("vaccines", lines)["value"] = ""  # as exports of before had it
    with pytest.raises(AssertionError, match=r"vaccines\.td without a value"):
        sent_to_dhis2(table(lines), ["vaccines.td"], tmp_path)


@pytest.mark.parametrize(
    ("text", "said", "flag", "status"),
    [
        (written(builders.mother(observations={"muac": 231}), verdict="altered"), "altered: not all", "--unverified", "ACTIVE"),
        (written(builders.mother(observations={"muac": 231}), unverified={(0, 0)}), "unverified: not all", "--unverified", "ACTIVE"),
        (written(builders.mother(observations={"muac": 231, "hiv_test": "negative"})), "restricted", "--restricted", "COMPLETED"),
    ],
    ids=["altered", "which child", "restricted"],
)
def test_what_is_not_verified_or_restricted_gets_to_dhis2_only_when_the_script_is_told(
    text: str, said: str, flag: str, status: str, tmp_path: Path
) -> None:
    wanted = ["mother.observations.muac"]
    other = {"--unverified": "--restricted", "--restricted": "--unverified"}[flag]
    for told in ([], [other]):
        with pytest.raises(AssertionError, match=said):
            sent_to_dhis2(text, wanted, tmp_path, *told)
    [event] = sent_to_dhis2(text, wanted, tmp_path, flag)
    assert (event["status"], event["dataValues"]) == (status, [{"dataElement": wanted[0], "value": "231"}])


def sent_to_dhis2(text: str, wanted: list[str], folder: Path, *told: str) -> list[dict[str, Any]]:
    """The events that the script of the page for partners makes of an export; fails with what it said where it stops."""
    script, *_ = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs" / "partners.md").read_text(encoding="utf-8"), re.M | re.S)
    (folder / "elements.txt").write_text("\n".join(wanted) + "\n")
    command = [sys.executable, "-c", script, "PROGRAM", "STAGE", "UNIT", str(folder / "elements.txt"), *told]
    done = subprocess.run(command, input=text.encode(), capture_output=True)
    assert not done.returncode, done.stderr.decode()
    return json.loads(done.stdout)["events"]  # type: ignore[no-any-return]


def test_no_word_of_the_vocabulary_breaks_a_code_apart() -> None:
    assert not [entry.key for held in vocabulary.default().tables().values() for entry in held.entries if "." in entry.key]
    assert mapping.usual().named("absent", "no_known_allergy")[1].code == "716186003"
