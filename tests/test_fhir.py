"""FHIR documents of every example and of any record: read by two validators and our own checks, and back to the same record."""

import copy
import json
import os
import re
import warnings
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import example, given, settings
from hypothesis import strategies as st

from healthcard import card, continuing, vocabulary
from healthcard.errors import ImportNotAllowed, RecordError, Unreadable
from healthcard.exchange import choice, fhir, mapping, targets
from healthcard.record import Record
from healthcard.trust import custody
from healthcard.trust.bundle import SealingKey
from tests import builders, exchanged, fhir_checks, strategies
from tests.command import healthcard
from tests.world import World

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of the package's own making
    from fhir.resources.R4B.bundle import Bundle  # the package has no R4; R4B did not change the resources that we use

ROOT = Path(__file__).parent.parent
EXAMPLES = {path.stem: Record.from_json(path.read_bytes()) for path in sorted((ROOT / "examples").glob("*.json"))}
TODAY = date(2026, 11, 20)
SECRET = bytes(range(1, 33))
LOINC, UCUM, OWN = "http://loinc.org", "http://unitsofmeasure.org", mapping.OWN
Json = dict[str, Any]


def documents(record: Record, **origin: Any) -> list[Json]:
    """The documents of `record` as they leave the house: JSON, read again."""
    made: list[Json] = json.loads(json.dumps(fhir.to_bundles(record, TODAY, "mx-rc", **origin)))
    return made


def resources(bundle: Json, kind: str) -> list[Json]:
    return [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind]


def coded(bundle: Json, kind: str, key: str) -> list[Json]:
    """The resources of a kind whose own code is `key`."""
    found = []
    for resource in resources(bundle, kind):
        concept = resource.get("code") or resource.get("medicationCodeableConcept") or resource.get("vaccineCode")
        if key in [one["code"] for one in concept["coding"] if one["system"].startswith(OWN)]:
            found.append(resource)
    return found


# --- every record: both validators, our own checks, and back ---------------------------------------------------------


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_documents_of_an_example_have_no_fault_and_say_the_same_record(name: str) -> None:
    made = documents(EXAMPLES[name])
    assert len(made) == len(EXAMPLES[name].people)
    for bundle in made:
        assert fhir_checks.faults(bundle) == []
        Bundle.model_validate(bundle)
    assert fhir.from_bundles(*made) == EXAMPLES[name]


ANY: list[Json] = []  # documents of some of the records that hypothesis drew, for the validator that takes long to start


@settings(max_examples=1000 if os.environ.get("HEALTHCARD_CAMPAIGN") else 30)
@given(strategies.records(), st.sampled_from(["verified", "altered", "unknown-issuer"]), st.sampled_from(["mx-rc", None]))
@example(Record.from_json({"language": "#40", "people": [{"role": "infant", "sex": "#33", "born_precision": "#44"}]}), "verified", None)
def test_the_documents_of_any_record_have_no_fault_and_say_the_same_record(record: Record, verdict: str, issuer: str | None) -> None:
    made: list[Json] = json.loads(json.dumps(fhir.to_bundles(record, TODAY, issuer, verdict=verdict)))
    for bundle in made:
        assert fhir_checks.faults(bundle) == []
        Bundle.model_validate(bundle)
    ANY.extend(made[: 60 - len(ANY)])
    assert fhir.from_bundles(fhir.collection(made)) == record


def test_a_second_validator_finds_no_fault_either() -> None:
    made = [bundle for record in EXAMPLES.values() for bundle in documents(record)] + ANY
    assert len(ANY) >= 30
    assert fhir_checks.validated([*made, fhir.collection(made[:3])]) == [[] for _ in range(len(made) + 1)]


def test_the_documents_lack_what_the_table_of_fields_says_and_no_more() -> None:
    record = exchanged.full()
    assert exchanged.fields(record) == {row["field"] for row in exchanged.FIELDS}
    assert exchanged.lost(record, fhir.from_bundles(*documents(record))) == exchanged.lacking("fhir") == set()


# --- the checks are worth something ----------------------------------------------------------------------------------


def broken(change: Callable[[Json], None]) -> Json:
    bundle = copy.deepcopy(documents(EXAMPLES["family_three_contacts"])[0])
    change(bundle)
    return bundle


def first(bundle: Json, kind: str) -> Json:
    return resources(bundle, kind)[0]


BREAKS: dict[str, tuple[Callable[[Json], Any], str]] = {
    "a reference to nothing": (lambda b: first(b, "Observation")["subject"].update(reference="urn:uuid:x"), "refers to nothing"),
    "a reference to another kind": (
        lambda b: first(b, "Observation")["subject"].update(reference=b["entry"][0]["fullUrl"]), "refers to a Composition",
    ),
    "a unit that is not UCUM": (lambda b: coded(b, "Observation", "haemoglobin")[0]["valueQuantity"].update(code="g/l"), "no UCUM unit"),
    "a number without a unit": (lambda b: coded(b, "Observation", "weight")[0].update(valueQuantity={"value": 5}), "no UCUM unit"),
    "a status that is none": (lambda b: first(b, "Immunization").update(status="done"), "not a code of its value set"),
    "two values": (lambda b: coded(b, "Observation", "weight")[0].update(valueBoolean=True), "not one value"),
    "no value": (lambda b: coded(b, "Observation", "weight")[0].pop("valueQuantity"), "not one value"),
    "a section without its text": (lambda b: b["entry"][0]["resource"]["section"][0]["text"].update(div=EMPTY), "not a line of text"),
    "a text that leaves out a value": (
        lambda b: b["entry"][0]["resource"]["section"][2]["text"].update(div=EMPTY.replace("<ul/>", "<ul>" + "<li/>" * 4 + "</ul>")),
        "leaves out a value",
    ),
    "no section for medicines": (
        lambda b: b["entry"][0]["resource"].update(section=b["entry"][0]["resource"]["section"][:2]), "a required one is missing",
    ),
    "an entry that nothing leads to": (
        lambda b: b["entry"].append({"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Organization", "id": "1", "name": "x"}}),
        "nothing leads to it",
    ),
    "a name": (lambda b: first(b, "Patient").update(name=[{"text": "x"}]), "none that is masked"),
    "an address": (lambda b: first(b, "Patient").update(address=[{"city": "x"}]), "would identify her"),
    "a birth date of an adult": (lambda b: first(b, "Patient").update(birthDate="1999-01-01"), "birth date of an adult"),
    "a time without a zone": (lambda b: first(b, "Encounter")["period"].update(start="2026-01-01T10:00"), "not a date"),
}  # fmt: skip
EMPTY = '<div xmlns="http://www.w3.org/1999/xhtml"><ul/></div>'


@pytest.mark.parametrize("fault", BREAKS)
def test_our_checks_find(fault: str) -> None:
    change, message = BREAKS[fault]
    assert any(message in found for found in fhir_checks.faults(broken(change)))


def test_each_validator_finds_what_it_is_there_for() -> None:
    unknown = broken(lambda b: first(b, "Encounter").update(colour="blue"))
    wrong = broken(lambda b: first(b, "Immunization").update(status="done"))
    with pytest.raises(ValueError, match="colour"):
        Bundle.model_validate(unknown)
    assert [bool(found) for found in fhir_checks.validated([unknown, wrong])] == [True, True]


# --- what the documents say ------------------------------------------------------------------------------------------


def test_a_measurement_has_the_codes_and_units_of_others_and_ours() -> None:
    bundle = documents(EXAMPLES["family_three_contacts"])[0]
    weight = coded(bundle, "Observation", "weight")[0]
    assert weight["code"]["coding"][0] == {"system": LOINC, "code": "29463-7"}
    assert weight["code"]["coding"][-1]["system"] == f"{OWN}/observations"
    assert weight["valueQuantity"] == {"value": 58.4, "unit": "kg", "system": UCUM, "code": "kg"}
    assert (weight["effectiveDateTime"], weight["status"]) == ("2025-06-30", "final")
    haemoglobin = coded(bundle, "Observation", "haemoglobin")[0]
    assert (haemoglobin["code"]["coding"][0]["code"], haemoglobin["valueQuantity"]["code"]) == ("718-7", "g/L")
    [organisation] = [o for o in resources(bundle, "Organization") if f"urn:uuid:{o['id']}" == weight["performer"][0]["reference"]]
    assert organisation["name"] == "pa-rc"


def test_blood_pressure_is_one_panel() -> None:
    pressure = coded_loinc(documents(EXAMPLES["family_three_contacts"])[0], "85354-9")
    assert len(pressure) == 3
    parts = [(part["code"]["coding"][0]["code"], part["valueQuantity"]["value"]) for part in pressure[0]["component"]]
    assert parts == [("8480-6", 112), ("8462-4", 70)]


def coded_loinc(bundle: Json, code: str) -> list[Json]:
    return [o for o in resources(bundle, "Observation") if {"system": LOINC, "code": code}.items() <= o["code"]["coding"][0].items()]


def test_given_here_is_an_administration_and_handed_over_a_dispense() -> None:
    medicines = [{"medicine": "magnesium_sulfate", "amount": 4}, {"medicine": "ors", "amount": 1, "timing": "four_times_daily", "days": 3}]
    [bundle] = documents(builders.mother(medicines=[*medicines, {"medicine": "oxygen", "amount": 2.5}]))
    [given] = coded(bundle, "MedicationAdministration", "magnesium_sulfate")
    assert given["dosage"] == {"dose": {"value": 4, "unit": "g", "system": UCUM, "code": "g"}}
    assert given["medicationCodeableConcept"]["coding"][0] == {"system": "http://www.whocc.no/atc", "code": "B05XA05"}
    [flow] = coded(bundle, "MedicationAdministration", "oxygen")
    assert flow["dosage"]["rateQuantity"]["code"] == "L/min"
    [handed] = resources(bundle, "MedicationDispense")
    [dosage] = handed["dosageInstruction"]
    assert (handed["daysSupply"]["value"], dosage["timing"]["code"]["coding"][0]["code"]) == (3, "QID")
    assert dosage["doseAndRate"][0]["doseQuantity"]["code"] == "{sachet}"


@pytest.mark.parametrize(
    ("allergies", "codes", "reason"),
    [(["egg"], ["egg"], None), ([], ["716186003"], None), (None, [], "notasked")],
    ids=["listed", "none, asked", "not asked"],
)
def test_the_three_states_of_allergies(allergies: list[str] | None, codes: list[str], reason: str | None) -> None:
    bundle = documents(builders.infant(age_days=90, **({} if allergies is None else {"allergies": allergies})))[0]
    assert [allergy["code"]["coding"][-1]["code"] for allergy in resources(bundle, "AllergyIntolerance")] == codes
    [section] = [s for s in bundle["entry"][0]["resource"]["section"] if s["code"]["coding"][0]["code"] == "48765-2"]
    assert section.get("emptyReason", {"coding": [{"code": None}]})["coding"][0]["code"] == reason


def test_nobody_is_named_and_no_id_comes_twice() -> None:
    first_time, second = documents(EXAMPLES["family_three_contacts"]), documents(EXAMPLES["family_three_contacts"])
    ids = re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", json.dumps(first_time))
    assert not set(ids) & set(re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", json.dumps(second)))
    [mother], [child] = (resources(bundle, "Patient") for bundle in first_time)
    assert mother["name"] == child["name"] == [{"_text": {"extension": [{"url": fhir_checks.ABSENT, "valueCode": "masked"}]}}]
    assert "birthDate" not in mother and mother["_birthDate"]["extension"][0]["valueCode"] == "masked"
    assert child["birthDate"] == "2025-12-12"


@pytest.mark.parametrize(
    ("precision", "shown"), [("month", "2024-03"), ("year", "2024"), ("estimated", "2024-03-15"), ("day", "2024-03-15")]
)
def test_a_birth_date_is_as_exact_as_the_record_s(precision: str, shown: str) -> None:
    record = builders.infant(born="2024-03-15", born_precision=precision)
    [bundle] = documents(record)
    assert first(bundle, "Patient")["birthDate"] == shown
    assert fhir.from_bundles(bundle) == record


def test_what_nobody_vouches_for_is_marked_and_the_rest_is_not() -> None:
    contacts = [builders.contact(builders.DAY - timedelta(n), observations={"weight": 60}, findings=["asthma"]) for n in (9, 1)]
    record = builders.mother(contacts=contacts)
    [bundle] = documents(record, verdict="altered", unverified={(0, 1)})
    older, newer = sorted(coded(bundle, "Observation", "weight"), key=lambda o: str(o["effectiveDateTime"]))
    assert (older["status"], newer["status"]) == ("final", "preliminary")
    assert "meta" not in older and newer["meta"]["tag"] == [{"system": f"{OWN}/verdict", "code": "altered"}]
    assert ["verificationStatus" in condition for condition in resources(bundle, "Condition")] == [False, True]
    composition = bundle["entry"][0]["resource"]
    assert composition["status"] == "preliminary" and "treat it as told by the holder" in composition["text"]["div"]
    assert [p["extension"][0]["valueCode"] for p in resources(bundle, "Provenance")] == ["altered"]


def test_what_she_told_is_unconfirmed_and_a_source_withheld_is_masked() -> None:
    contacts = [builders.contact(source="holder", findings=["asthma"]), builders.contact(source="withheld", observations={"weight": 60})]
    [bundle] = documents(builders.mother(contacts=contacts))
    assert first(bundle, "Condition")["verificationStatus"]["coding"][0]["code"] == "unconfirmed"
    assert first(bundle, "Observation")["performer"][0]["extension"][0]["valueCode"] == "masked"
    assert all("serviceProvider" not in encounter for encounter in resources(bundle, "Encounter"))


# --- back to a record ------------------------------------------------------------------------------------------------


def test_a_server_may_give_its_own_ids_and_order() -> None:
    record = EXAMPLES["twins_after_birth"]
    for bundle, person in zip(documents(record), record.people, strict=True):
        text = json.dumps(bundle)
        for n, entry in enumerate(bundle["entry"]):
            kind, name = entry["resource"]["resourceType"], entry["resource"]["id"]
            text = text.replace(f'"reference": "urn:uuid:{name}"', f'"reference": "{kind}/{n}"').replace(f'"id": "{name}"', f'"id": "{n}"')
            text = text.replace(f'"fullUrl": "urn:uuid:{name}"', f'"fullUrl": "https://hospital.example/fhir/{kind}/{n}"')
        moved = json.loads(text)
        moved["entry"][1:] = reversed(moved["entry"][1:])
        assert fhir.from_bundles(moved).people == (person,)


def test_a_code_of_another_system_alone_is_enough_where_it_stands_for_one_entry() -> None:
    [bundle] = documents(builders.mother(observations={"temperature": 38.2}, vaccines=[{"vaccine": "tdap"}]))
    for concept in (first(bundle, "Observation")["code"], first(bundle, "Immunization")["vaccineCode"]):
        concept["coding"] = concept["coding"][:1]
    [contact] = fhir.from_bundles(bundle).people[0].contacts
    assert (contact.observations, contact.vaccines and contact.vaccines[0].vaccine) == ({"temperature": 38.2}, "tdap")


def test_a_source_is_read_from_whom_an_entry_names_where_a_server_drops_extensions() -> None:
    contacts = [builders.contact(builders.DAY - timedelta(n), source=source) for n, source in enumerate(("pa-rc", None, "mx-rc"))]
    record = builders.mother(contacts=contacts, conditions=["asthma"], history_source="holder")
    [bundle] = documents(record)
    for resource in (*resources(bundle, "Encounter"), *resources(bundle, "Provenance")):
        resource.pop("extension", None)
    [mother] = fhir.from_bundles(bundle).people
    assert mother.history_source == "holder"
    # mx-rc is the issuer, whom no source stands for.
    assert [contact.source for contact in reversed(mother.contacts)] == ["pa-rc", None, None]


MARKER = "Xochitl-Marker"
UNREADABLE: dict[str, Callable[[Json], Any]] = {
    "another unit": lambda b: coded(b, "Observation", "haemoglobin")[0]["valueQuantity"].update(code="g/dL"),
    "a code of nobody's": lambda b: coded(b, "Observation", "weight")[0].update(code={"coding": [{"system": "x", "code": MARKER}]}),
    "a word of no table": lambda b: coded(b, "Observation", "malaria_test")[0].update(
        valueCodeableConcept={"coding": [{"system": f"{OWN}/observations/malaria_test", "code": MARKER}]}
    ),
    "a dose in another unit": lambda b: first(b, "MedicationDispense")["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"].update(
        code="mg"
    ),
    "a contact that is not there": lambda b: first(b, "MedicationDispense")["context"].update(reference=MARKER),
    "a name in place of a date": lambda b: first(b, "Encounter")["period"].update(start=MARKER),
    "a role that is none": lambda b: first(b, "Patient")["meta"]["tag"][0].update(code=MARKER),
    "a dose that was not given": lambda b: first(b, "Immunization").update(status="not-done"),
    "an entry made in error": lambda b: first(b, "Observation").update(status="entered-in-error"),
    "a diagnosis refuted": lambda b: coded(b, "AllergyIntolerance", "sulfonamides")[0].update(
        verificationStatus={"coding": [{"system": "x", "code": "refuted"}]}
    ),
    "an extension that turns it around": lambda b: first(b, "Observation").update(modifierExtension=[{"url": MARKER}]),
    "a dose that was too weak": lambda b: first(b, "Immunization").update(isSubpotent=True),
    "a dose number that is no text": lambda b: first(b, "Immunization").update(protocolApplied=[{"doseNumberString": float("inf")}]),
    "a dose of a day without its contact": lambda b: first(b, "Immunization").pop("encounter"),
    "a finding of a day without its contact": lambda b: b["entry"].append({"resource": {
        "resourceType": "Condition", "recordedDate": "2026-07-01", "code": first(b, "ServiceRequest")["reasonCode"][0],
    }}),
    "a referral that was only proposed": lambda b: first(b, "ServiceRequest").update(intent="proposal"),
    "a referral that is not to be": lambda b: first(b, "ServiceRequest").update(doNotPerform=True),
    "a value that is a bound": lambda b: coded(b, "Observation", "haemoglobin")[0]["valueQuantity"].update(comparator="<"),
    "an entry of somebody else": lambda b: first(b, "Observation")["subject"].update(reference=MARKER),
    "two values of one observation": lambda b: b["entry"].append(
        next(e for e in b["entry"] if e["resource"].get("valueQuantity", {}).get("code") == "Cel")
    ),
    "two patients": lambda b: b["entry"].append(next(e for e in b["entry"] if e["resource"]["resourceType"] == "Patient")),
    "a contact of nobody's": lambda b: [first(b, "Encounter").pop(name) for name in ("extension", "serviceProvider")],
    "another kind of bundle": lambda b: b.update(type="history"),
    "no patient": lambda b: b["entry"].remove(next(e for e in b["entry"] if e["resource"]["resourceType"] == "Patient")),
    "a list in place of an object": lambda b: b["entry"].append({"resource": [MARKER]}),
}


@pytest.mark.parametrize("fault", UNREADABLE)
def test_what_is_not_a_record_is_refused_with_its_place_and_without_its_value(fault: str) -> None:
    with pytest.raises(RecordError) as caught:
        fhir.from_bundles(broken(UNREADABLE[fault]))
    assert all(problem.place for problem in caught.value.problems)
    assert MARKER not in str(caught.value) and caught.value.__cause__ is None


def test_documents_of_two_records_are_no_record() -> None:
    one, other = documents(EXAMPLES["mother_first_contact"]), documents(EXAMPLES["muac_only"])
    with pytest.raises(RecordError, match="documents of one record only"):
        fhir.from_bundles(*one, *other)
    with pytest.raises(RecordError, match="no document"):
        fhir.from_bundles()


PLAIN = st.none() | st.booleans() | st.integers() | st.text()
JSON = st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


@settings(max_examples=100)
@given(st.data(), JSON)
def test_any_json_in_any_place_is_a_record_or_a_record_error(data: st.DataObject, junk: Any) -> None:
    bundle = copy.deepcopy(data.draw(st.sampled_from(DAMAGED)))
    at: Any = bundle
    while True:
        step = data.draw(st.sampled_from(sorted(at)) if isinstance(at, dict) else st.integers(0, len(at) - 1))
        if not (isinstance(at[step], dict | list) and at[step]) or data.draw(st.integers(0, 9)) == 0:
            break
        at = at[step]
    at[step] = junk
    try:
        fhir.from_bundles(bundle)
    except RecordError as error:
        assert error.problems


DAMAGED = documents(EXAMPLES["severe_pre_eclampsia"]) + documents(EXAMPLES["twins_after_birth"])


# --- the mapping -----------------------------------------------------------------------------------------------------


def test_every_row_of_the_mapping_is_of_an_entry_and_every_code_in_it_has_a_source() -> None:
    known, sheets = vocabulary.default(), set(mapping.CODES) | {"profile", "services", "allergies", "timings", "urgency"}
    rows = vocabulary.read_csv(ROOT / "healthcard" / "exchange" / "mapping.csv")
    assert len({(row["table"], row["key"]) for row in rows}) == len(rows)
    for row in rows:
        assert bool(row["code"]) == bool(row["system"]) == bool(row["source"]), row
        if row["table"] in sheets and not row["key"].startswith("*"):
            tables = [table for name, table in known.tables().items() if mapping.SHEETS.get(name, name) == row["table"]]
            assert any(row["key"] in table.by_key for table in tables), row


def test_every_observation_and_profile_field_has_a_place_of_its_own() -> None:
    held, known = mapping.usual(), vocabulary.default()
    for role in vocabulary.ROLES:
        for table in (f"observations_{role}", f"profile_{role}"):
            assert all(held.concept(table, key).section != "unknown" for key in known.tables()[table].by_key)


def test_a_code_that_is_only_recalled_is_not_exported() -> None:
    held, known = mapping.usual(), vocabulary.default()
    recalled = {
        "observations_mother": [e.key for e in known.observations["mother"].entries if e.row["loinc_check"] != "seen_in_source"],
        "findings": [e.key for e in known.findings.entries if e.row["icd10_title_checked"] in ("", "recalled")],
        "vaccines": [e.key for e in known.vaccines.entries if e.row["cvx_check"] != "checked"],
        "allergies": list(known.allergies.by_key),
    }
    named = {row["key"] for row in vocabulary.read_csv(ROOT / "healthcard" / "exchange" / "mapping.csv") if row["code"]}
    assert all(recalled.values())
    for table, keys in recalled.items():
        for key in keys:
            systems = {coding.system for coding in held.concept(table, key).codings} - {"http://www.whocc.no/atc"}
            assert key in named or systems == {f"{OWN}/{mapping.SHEETS.get(table, table)}"}, key


def test_every_unit_has_its_ucum_code() -> None:
    held, known = mapping.usual(), vocabulary.default()
    units = {held.concept("medicines", key).unit for key in known.medicines.by_key}
    for role in vocabulary.ROLES:
        units |= {held.concept(f"observations_{role}", q.key).unit for q in known.observations[role].entries if q.kind == "number"}
    assert units <= fhir_checks.UCUM


# --- the holder's choice, the command, what is sealed ----------------------------------------------------------------


@pytest.fixture(scope="module")
def world() -> World:
    """A network with a sealing key."""
    plain = World.build(TODAY)
    public = X25519PrivateKey.from_private_bytes(SECRET).public_key().public_bytes_raw()
    key = SealingKey(public, TODAY - timedelta(5), TODAY + timedelta(30))
    return replace(plain, bundle=custody.revise(plain.bundle, [plain.root_signer], TODAY, sealing=(key,)))


def choosing(**choices: bool) -> Record:
    data = builders.mother(on=TODAY, observations={"weight": 61.7}).to_json()
    return Record.from_json(data | {"choices": {"import": False, "count": False} | choices})


def read(world: World, *texts: str, **keys: Any) -> card.Reading:
    return card.read(*texts, bundle=world.bundle, now=TODAY, **keys)


def test_her_choice_is_honoured_and_vital_interest_needs_a_reason_of_the_list(world: World) -> None:
    yes, no = (read(world, world.issue(choosing(**{"import": said})).text) for said in (True, False))
    assert (choice.import_allowed(yes), choice.import_allowed(no)) == (True, False)
    assert json.loads(targets.export(yes, "fhir"))["type"] == "collection"
    with pytest.raises(ImportNotAllowed) as caught:
        targets.export(no, "fhir")
    assert caught.value.reason == "holder-said-no"
    for reason in choice.VITAL_INTEREST:
        assert fhir.from_bundles(json.loads(targets.export(no, "fhir", reason))) == no.record
    with pytest.raises(ImportNotAllowed) as caught:
        targets.export(yes, "fhir", "curiosity")
    assert caught.value.reason == "unknown-reason" and "curiosity" not in str(caught.value)


def altered(world: World, text: str, *others: str) -> card.Reading:
    """What a part says with one character of its signature changed, read with the others of its card."""
    for at in range(len(text) - 2, 0, -1):
        reading = read(world, text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :], *others)
        if reading.verdict == "altered":
            return reading
    raise AssertionError("no character of a signature")


def test_a_yes_that_nobody_signed_counts_for_nothing(world: World) -> None:
    reading = altered(world, world.issue(choosing(**{"import": True})).text)
    assert not choice.import_allowed(reading)
    with pytest.raises(ImportNotAllowed) as caught:
        targets.export(reading, "fhir")
    assert caught.value.reason == "not-verified"


def test_an_altered_card_is_exported_for_vital_interest_only_and_all_of_it_is_marked(world: World) -> None:
    reading = altered(world, world.issue(choosing(**{"import": True})).text)
    [bundle] = (entry["resource"] for entry in json.loads(targets.export(reading, "fhir", "life-at-risk"))["entry"])
    assert [observation["status"] for observation in resources(bundle, "Observation")] == ["preliminary"]
    assert fhir_checks.faults(bundle) == []


def test_of_a_card_and_an_altered_sticker_only_what_the_sticker_says_is_marked(world: World) -> None:
    text = world.issue(choosing(**{"import": True})).text
    change = {"person": 0, **builders.contact(TODAY, observations={"temperature": 38.2})}
    sticker = continuing.extend(read(world, text), change, world.station_signer, world.bundle, sticker=True, now=TODAY).text
    reading = altered(world, sticker, text)
    [bundle] = (entry["resource"] for entry in json.loads(targets.export(reading, "fhir", "life-at-risk"))["entry"])
    marked = {observation["code"]["text"]: observation["status"] for observation in resources(bundle, "Observation")}
    assert marked == {"Weight": "final", "Body temperature": "preliminary"}
    assert fhir_checks.faults(bundle) == []


def test_nothing_read_is_nothing_exported(world: World) -> None:
    with pytest.raises(Unreadable):
        targets.export(read(world, "MCT1:nothing"), "fhir", "life-at-risk")


def test_what_is_sealed_leaves_only_with_the_key_and_is_marked_restricted(world: World) -> None:
    text = world.issue(EXAMPLES["family_three_contacts_sealed"]).text
    closed, opened = (json.loads(targets.export(read(world, text, unseal=keys), "fhir")) for keys in ((), (SECRET,)))
    assert fhir.from_bundles(closed) == EXAMPLES["family_three_contacts"]
    assert fhir.from_bundles(opened) == EXAMPLES["family_three_contacts_sealed"]
    assert "hiv" not in json.dumps(closed).lower() and "syphilis" not in json.dumps(closed)
    mother = opened["entry"][0]["resource"]
    assert mother["entry"][0]["resource"]["confidentiality"] == "R"
    assert {o["meta"]["security"][0]["code"] for o in coded(mother, "Observation", "hiv_test")} == {"R"}
    assert all("meta" not in o for o in coded(mother, "Observation", "weight"))


def test_the_command_writes_the_documents_or_says_why_not(world: World, tmp_path: Path) -> None:
    world.bundle.save(tmp_path / "trust.bundle")
    for name, record in {"yes": EXAMPLES["family_three_contacts"], "no": choosing()}.items():
        (tmp_path / f"{name}.txt").write_text(world.issue(record).text + "\n")
    common = ("--bundle", tmp_path / "trust.bundle", "--to", "fhir")
    done = healthcard("export", tmp_path / "yes.txt", *common)
    assert (done.code, done.err) == (0, "")
    assert fhir.from_bundles(json.loads(done.out)) == EXAMPLES["family_three_contacts"]
    done = healthcard("export", tmp_path / "no.txt", *common)
    assert (done.code, done.out) == (1, "") and done.err.startswith("healthcard: import-not-allowed\n")
    assert "61.7" not in done.err and "weight" not in done.err
    done = healthcard("export", tmp_path / "no.txt", *common, "--vital-interest", "life-at-risk")
    assert (done.code, done.err) == (0, "") and json.loads(done.out)["resourceType"] == "Bundle"
    assert healthcard("export", tmp_path / "yes.txt", "--bundle", tmp_path / "trust.bundle", "--to", "paper").code == 2
    assert healthcard("export", tmp_path / "no.txt", *common, "--vital-interest", "curiosity").code == 2
