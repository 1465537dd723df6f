"""Bad records on the command line: every fault with its place and a hint, never with its value; unlikely values typed again."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests import builders
from tests.command import Done, healthcard, terminal

EXAMPLES = Path(__file__).parent.parent / "examples"
CARD = "family_three_contacts"
MARKER = "Xochitl-Marker"  # planted as a value wherever text may be tried
NUMBER = 61.73  # and as a number, off every step
CONTACT = "people[0].contacts[0]"


def written(folder: Path, content: object) -> Path:
    path = folder / "record.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def child(**contact: Any) -> dict[str, Any]:
    """A record of a child of three months, seen the day before yesterday."""
    observations = contact.pop("observations", {"muac": 121})
    found = builders.infant(on=date.today() - timedelta(2), age_days=91, observations={"muac": 121}).to_json()
    found["people"][0]["contacts"][0] |= {"observations": observations, **contact}
    return found


def issued(record: Path, network: Path, *more: object, out: Path | None = None) -> Done:
    keys = ("--key", network / "station.key", "--bundle", network / "trust.bundle")
    return healthcard("issue", record, *keys, "--out", out or record.parent / "cards", *more)


# --- records -------------------------------------------------------------------------------------------------------


def changed(*path: int | str, to: object) -> dict[str, Any]:
    """The record of a child with one field set."""
    record = child()
    at: Any = record
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = to
    return record


VISIT = ("people", 0, "contacts", 0)
BAD_RECORDS: Mapping[str, tuple[object, Sequence[str]]] = {
    "cut off in the middle": ('{"language": "en",\n "people": [{"role": "infa', ["line 2 column 22: not valid JSON"]),
    "a comma too many": ('{"language": "en",\n\n "people": [],}', ["line 3 column ", ": not valid JSON ("]),
    "not text": ("", ["line 1 column 1: not valid JSON"]),
    "a key that stands twice": ('{"language": "en", "language": "es"}', ["the same key twice in one object"]),
    "nested without end": ("[" * 100_000, ["record: not valid JSON"]),
    "a number of no end": ('{"language": NaN}', ["NaN and Infinity are not numbers"]),
    "no record": ([MARKER], ["record: not an object"]),
    "a key slightly wrong": (
        changed(*VISIT, "observation", to={"muac": NUMBER}), [f"{CONTACT}.observation: no such key (did you mean observations?)"],
    ),
    "an observation slightly wrong": (
        changed(*VISIT, "observations", to={"muack": NUMBER}), [f"{CONTACT}.observations.muack: no such observation (did you mean muac?)"],
    ),
    "a word slightly wrong": (
        changed(*VISIT, "findings", to=["convulsion", MARKER]),
        [f"{CONTACT}.findings[1]: not a word of this table (all are in: healthcard vocabulary findings)"],
    ),
    "a date in another order": (changed(*VISIT, "date", to="31/12/2025"), [f"{CONTACT}.date: not a date (dates are written 2026-07-02)"]),
    "a date that is none": (changed(*VISIT, "date", to="2026-02-30"), [f"{CONTACT}.date: no such date"]),
    "a language that is none": (
        changed("language", to=MARKER), ["language: not a word of this table (all are in: healthcard vocabulary language)"],
    ),
    "centimetres for millimetres": (
        changed(*VISIT, "observations", to={"muac": 12.15}), ["off the step of 1 mm (the unit is mm: a value in cm is multiplied by 10)"],
    ),
    "a weight as text": (
        changed(*VISIT, "observations", to={"weight": "61.73 kg"}), [f"{CONTACT}.observations.weight: not a number (the unit is kg"],
    ),
    "a time to the minute": (changed(*VISIT, "time", to="16:47"), [f"{CONTACT}.time: not a quarter hour (local time as 16:45)"]),
    "a medicine in its other form": (
        changed(*VISIT, "medicines", to=[{"medicine": "ors", "amount": MARKER}]), [f"{CONTACT}.medicines[0].amount: not an amount"],
    ),
    "an unknown event in another spelling": (
        changed(*VISIT, "unknown", to=["8123", "81 23"]), [f"{CONTACT}.unknown[1]: not an event that this version does not know"],
    ),
    "a choice under a name of the program": (
        changed("choices", to={"import_": True}), ["choices.import_: no such key (did you mean import?)"],
    ),
    "free text": (changed(*VISIT, "notes", to=MARKER), [f"{CONTACT}.notes: no such key"]),
}  # fmt: skip


@pytest.mark.parametrize("fault", BAD_RECORDS)
@pytest.mark.parametrize("command", ["size", "issue"])
def test_a_bad_record_is_refused_with_its_place_and_a_hint(command: str, fault: str, demo: Path, tmp_path: Path) -> None:
    content, messages = BAD_RECORDS[fault]
    record = written(tmp_path, content)
    done = issued(record, demo) if command == "issue" else healthcard("size", record)
    assert done.code == 1
    assert done.err.startswith("healthcard: invalid-record\n  ")
    for message in messages:
        assert message in done.err
    for value in (MARKER, str(NUMBER), "12.15", "16:47", "31/12/2025", "2026-02-30"):
        assert value not in done.out + done.err
    assert list(tmp_path.iterdir()) == [record]


def test_all_faults_are_told_at_once_each_with_its_place(tmp_path: Path) -> None:
    record = child(observations={"muac": 12.15, "weigth": 4.1}, findings=["fevr"])
    record["people"][0]["name"] = MARKER
    done = healthcard("size", written(tmp_path, record))
    assert [line.split(": ")[0].strip() for line in done.err.splitlines()[1:]] == [
        f"{CONTACT}.observations.muac", f"{CONTACT}.observations.weigth", f"{CONTACT}.findings[0]", "people[0].name",
    ]  # fmt: skip
    assert MARKER not in done.err


def test_haemoglobin_in_grams_per_decilitre_is_refused_with_the_unit_that_is_meant(demo: Path, tmp_path: Path) -> None:
    record = builders.mother(on=date.today(), observations={"haemoglobin": 108}).to_json()
    record["people"][0]["contacts"][0]["observations"]["haemoglobin"] = 10.8
    done = issued(written(tmp_path, record), demo)
    assert done.code == 1
    assert f"{CONTACT}.observations.haemoglobin: off the step of 1 g/L (the unit is g/L: a value in g/dL is multiplied by 10)" in done.err
    assert "10.8" not in done.err


IDENTITY = ("full_name", "fecha_de_nacimiento", "numéro_de_téléphone", "nacionalidade", "non_konple", "passportNumber")


@pytest.mark.parametrize("key", IDENTITY)
def test_a_field_that_identifies_her_is_refused_by_name_in_any_of_five_languages(key: str, tmp_path: Path) -> None:
    done = healthcard("size", written(tmp_path, changed("people", 0, key, to=MARKER)))
    assert done.code == 1
    assert f"people[0].{key}: identifies her: never on a card (" in done.err
    assert "rule DP-01" in done.err
    assert MARKER not in done.err


def test_entries_that_must_not_stand_in_the_open_part_are_named(demo: Path, tmp_path: Path) -> None:
    record = EXAMPLES / f"{CARD}_sealed.json"
    for done in (issued(record, demo, out=tmp_path), healthcard("size", record)):
        assert done.code == 1
        assert "healthcard: sensitive-content\n" in done.err
        assert "leave it out, or seal it: --profile split, with a bundle that has a sealing key" in done.err
        for n in range(3):
            for key in ("hiv_test", "syphilis_test"):
                assert f"people[0].contacts[{n}].observations.{key}" in done.err
        assert "positive" not in done.err
        assert "negative" not in done.err
    assert not list(tmp_path.iterdir())


def test_a_name_in_a_file_cannot_steer_the_terminal(tmp_path: Path) -> None:
    done = healthcard("size", written(tmp_path, changed("\x1b[2Jx", to=1)))
    assert done.code == 1
    assert "\x1b" not in done.err


# --- unlikely values -----------------------------------------------------------------------------------------------

WEIGHT = f"{CONTACT}.observations.weight"


@pytest.fixture
def unlikely(tmp_path: Path) -> Path:
    """A child of three months who weighs 34 kg."""
    return written(tmp_path, child(observations={"weight": 34}))


def test_an_unlikely_value_must_be_typed_again(unlikely: Path, demo: Path) -> None:
    done = issued(unlikely, demo)
    assert done.code == 1
    assert "give each as --typed-again PLACE=VALUE" in done.err
    assert f"confirmation-needed\n  {WEIGHT}: " in done.err
    assert "34" not in done.err
    assert not (unlikely.parent / "cards").exists()


@pytest.mark.parametrize("value", ["34", "34.0", "34,0"])
def test_typed_the_same_it_is_accepted(value: str, unlikely: Path, demo: Path) -> None:
    done = issued(unlikely, demo, "--typed-again", f"{WEIGHT}={value}")
    assert done.code == 0, done.err


@pytest.mark.parametrize("value", ["3.4", "", "34 kg", "nan"])
def test_typed_differently_it_is_refused(value: str, unlikely: Path, demo: Path) -> None:
    done = issued(unlikely, demo, "--typed-again", f"{WEIGHT}={value}")
    assert done.code == 1
    assert f"healthcard: invalid-record\n  {WEIGHT}: typed again, but not the same value" in done.err


def test_a_place_without_a_value_is_a_fault_of_usage(unlikely: Path, demo: Path) -> None:
    done = issued(unlikely, demo, "--typed-again", WEIGHT)
    assert (done.code, "PLACE=VALUE" in done.said) == (2, True)


def test_another_place_typed_again_confirms_nothing(unlikely: Path, demo: Path) -> None:
    assert issued(unlikely, demo, "--typed-again", "people[0].contacts[0].observations.muac=34").code == 1


@pytest.mark.parametrize(("typed", "code"), [("34", 0), ("3.4", 1)])
def test_at_a_terminal_the_value_is_asked_for(typed: str, code: int, unlikely: Path, demo: Path) -> None:
    command = ("issue", unlikely, "--key", demo / "station.key", "--bundle", demo / "trust.bundle", "--out", unlikely.parent / "cards")
    done = terminal(*command, answers=[(WEIGHT, typed)])
    assert done.code == code, done.out
    assert "type each one again" in done.out
    assert (unlikely.parent / "cards" / "record.pdf").exists() == (code == 0)
