"""What must not stand in the open part of a card (DP-07): every entry of level 2 and 3, wherever it stands, all named at once."""

import csv
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from healthcard import codec, vocabulary
from healthcard.errors import SensitiveContent
from healthcard.record import Record
from healthcard.vocabulary import Entry, Vocabulary
from tests import strategies
from tests.parts import NAMES, NUMBERS, REFERRAL, SLOW, as_card, words_of

CONTACT = {"date": "2026-07-01"}


def places_of(known: Vocabulary, table: str) -> Iterator[tuple[str, Entry, dict[str, Any]]]:
    """Every entry of a table in every place where it can stand: (place, entry, person)."""
    here = "people[0].contacts[0]"

    def seen(**entries: Any) -> dict[str, Any]:
        return {"role": "mother", "contacts": [CONTACT | entries]}

    if table == "findings":
        for entry in known.findings.entries:
            yield f"{here}.findings[0]", entry, seen(findings=[entry.key])
            yield f"{here}.referral.reason[0]", entry, seen(referral=REFERRAL | {"reason": entry.key})
            if entry.row["kind"] == "condition":
                yield "people[0].conditions[0]", entry, {"role": "mother", "conditions": [entry.key]}
    elif table == "services":
        for entry in known.services.entries:
            yield f"{here}.services[0]", entry, seen(services=[entry.key])
            yield f"{here}.referral.service[0]", entry, seen(referral=REFERRAL | {"service": entry.key})
    elif table == "medicines":
        for medicine in known.medicines.entries:
            yield f"{here}.medicines[0]", medicine, seen(medicines=[{"medicine": medicine.key, "amount": medicine.scale.from_wire(1)}])
    elif table == "vaccines":
        for entry in known.vaccines.entries:
            yield f"{here}.vaccines[0]", entry, seen(vaccines=[{"vaccine": entry.key}])
            yield "people[0].vaccines_before[0]", entry, {"role": "infant", "vaccines_before": [{"vaccine": entry.key}]}
    elif table == "observations":
        for role, quantities in known.observations.items():
            for quantity in quantities.entries:
                contact = CONTACT | {"observations": {quantity.key: quantity.from_wire(0)}}
                yield f"{here}.observations.{quantity.key}", quantity, {"role": role, "contacts": [contact]}
    else:
        for entry in known.enumerations["outcome"].entries:
            yield "people[0].pregnancy.outcome", entry, {"role": "mother", "pregnancy": {"outcome": entry.key}}


def refusals(people: Sequence[dict[str, Any]], known: Vocabulary) -> list[tuple[str, str]]:
    record = Record.from_json({"language": "es", "people": list(people)}, known)
    try:
        codec.encode(as_card(record), NUMBERS, known)
    except SensitiveContent as error:
        return [(problem.place, problem.hint) for problem in error.problems]
    return []


@pytest.mark.parametrize("table", ["findings", "services", "medicines", "vaccines", "observations", "outcome"])
def test_each_sensitive_entry_is_refused_wherever_it_stands(table: str, tmp_path: Path) -> None:
    """The entries of level 2 and 3 and no others; the tables that have none today are given one of each level."""
    known = marked(tmp_path, table) if table == "vaccines" else vocabulary.default()
    levels = set()
    for place, entry, person in places_of(known, table):
        assert refusals([person], known) == ([(place, entry.key)] if entry.sensitivity >= 2 else []), (place, entry.key)
        levels.add(entry.sensitivity)
    assert levels >= ({0, 2} if table == "observations" else {0, 2, 3}), "the test saw too little"


def marked(folder: Path, table: str) -> Vocabulary:
    """The vocabulary with the first two entries of `table` at levels 2 and 3."""
    for name in vocabulary.SHEETS:
        shutil.copy(str(vocabulary.folder() / f"{name}.csv"), folder)
    rows = vocabulary.read_csv(folder / f"{table}.csv")
    rows[0]["sensitivity"], rows[1]["sensitivity"] = "2", "3"
    with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return Vocabulary.load(folder)


def test_no_table_outside_the_check_has_a_sensitive_entry() -> None:
    """Whoever marks a language, an allergy or a profile field must teach the check about it first."""
    known = vocabulary.default()
    looked_at = {"findings", "services", "medicines", "vaccines", "observations_mother", "observations_infant", "outcome"}
    others = {name: table for name, table in known.tables().items() if name not in looked_at}
    assert others.keys() >= {"profile_mother", "profile_infant", "allergies", "timings", "language", "blood_group"}
    assert [entry.key for table in others.values() for entry in table.entries if entry.sensitivity >= 2] == []


def test_all_sensitive_entries_of_a_record_are_named_at_once() -> None:
    mother = {
        "role": "mother",
        "pregnancy": {"outcome": "loss"},
        "conditions": ["previous_caesarean", "hiv"],
        "contacts": [
            {
                "date": "2026-07-01",
                "observations": {"weight": 61.5, "hiv_test": "positive", "syphilis_test": "negative"},
                "findings": ["severe_headache", "sexual_violence"],
                "medicines": [{"medicine": "iron_folic_acid", "amount": 1}, {"medicine": "emergency_contraception", "amount": 1}],
                "services": ["food_water", "gbv_case_management"],
                "referral": {"service": "clinical_management_of_rape", "urgency": "routine", "reason": "trafficking_concern"},
            }
        ],
    }
    named = {word for _, word in refusals([mother, mother], vocabulary.default())}
    assert named == {
        "loss", "hiv", "hiv_test", "syphilis_test", "sexual_violence", "emergency_contraception", "gbv_case_management",
        "clinical_management_of_rape", "trafficking_concern",
    }  # fmt: skip
    places = [place for place, _ in refusals([mother, mother], vocabulary.default())]
    assert len(places) == len(set(places)) == 2 * len(named)
    assert {place.partition(".")[0] for place in places} == {"people[0]", "people[1]"}


def test_the_refusal_says_where_but_not_how_much() -> None:
    mother = {"role": "mother", "contacts": [CONTACT | {"observations": {"hiv_test": "positive"}}]}
    with pytest.raises(SensitiveContent) as refused:
        codec.encode(as_card(Record.from_json({"language": "es", "people": [mother]})), NUMBERS)
    assert "hiv_test" in str(refused.value)
    assert "positive" not in str(refused.value)


@given(strategies.records())
@SLOW
def test_a_record_is_refused_if_and_only_if_it_has_a_sensitive_word(record: Record) -> None:
    known = vocabulary.default()
    words = {entry.key for table in known.tables().values() for entry in table.entries if entry.sensitivity >= 2}
    held = words_of(record.to_json()) & words
    try:
        codec.encode(as_card(record), NUMBERS)
    except SensitiveContent as error:
        assert {problem.hint for problem in error.problems} == held
    else:
        assert not held


def test_what_became_sensitive_after_printing_is_still_read(tmp_path: Path) -> None:
    infant = {"role": "infant", "contacts": [CONTACT | {"vaccines": [{"vaccine": "bcg", "dose": 1}]}]}
    record = Record.from_json({"language": "es", "people": [infant]})
    payload = codec.encode(as_card(record), NUMBERS)
    later = marked(tmp_path, "vaccines")
    part = codec.decode(payload, NAMES, later)
    assert part.record == record
    with pytest.raises(SensitiveContent):
        codec.encode(part, NUMBERS, later)
    assert codec.write(part, NUMBERS, later) == payload
