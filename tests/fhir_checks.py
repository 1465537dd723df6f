"""What no validator at hand checks of a FHIR document: references, units, bindings of required value sets, invariants, texts.

    assert faults(bundle) == []

The rules are those of FHIR R4 and, for the Composition, of the International Patient Summary 2.0; each table below holds what our
documents use and nothing else, so an element that is new has to be entered here before it passes. `validated` asks npm's `fhir`.
"""

import json
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

VALIDATOR = Path(__file__).with_name("fhir_validator")
DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")
DATED = re.compile(r"(DateTime|birthDate|authoredOn|whenHandedOver|recordedDate|period\.(start|end)|\.date)$")  # paths of dates
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
# Every unit that may occur; all but annotations in braces stand in the value set ucum-common of R4.
UCUM = {
    "kg", "g", "mm", "cm", "mm[Hg]", "Cel", "g/L", "mmol/L", "/min", "%", "s", "mL", "mg", "ug", "[IU]", "10*6.[IU]", "L/min",
    "a", "d", "wk", "1", "{score}", "{#}", "{tablet}", "{sachet}", "{capsule}", "{dose}", "{application}", "{puff}", "{vial}", "{implant}",
}  # fmt: skip
# Elements with a required binding: R4's codes that we may use.
BINDINGS: Mapping[str, str] = {
    "Bundle.type": "document",
    "Composition.status": "preliminary final",
    "Composition.confidentiality": "N R",
    "Patient.gender": "male female unknown",
    "Consent.status": "active",
    "Consent.provision.type": "deny",
    "Consent.provision.provision.type": "deny permit",
    "Encounter.status": "finished",
    "Observation.status": "final preliminary unknown",
    "MedicationAdministration.status": "completed",
    "MedicationDispense.status": "completed",
    "Immunization.status": "completed",
    "ServiceRequest.status": "active",
    "ServiceRequest.intent": "order",
    "ServiceRequest.priority": "routine urgent asap stat",
    "CarePlan.status": "active",
    "CarePlan.intent": "plan",
    "AllergyIntolerance.category": "food medication environment biologic",
    "AllergyIntolerance.clinicalStatus.coding.code": "active",
    "AllergyIntolerance.verificationStatus.coding.code": "unconfirmed",
    "Condition.verificationStatus.coding.code": "unconfirmed",
    "Observation.category.coding.code": "vital-signs laboratory exam survey",
    "Condition.category.coding.code": "encounter-diagnosis",
    "Composition.section.emptyReason.coding.code": "notasked unavailable",
    "Composition.section.text.status": "generated",
    "Composition.text.status": "generated",
}
# What each reference may lead to.
REFERENCES: Mapping[str, str] = {
    "Composition.subject": "Patient",
    "Composition.author": "Organization",
    "Consent.patient": "Patient",
    "Encounter.subject": "Patient",
    "Encounter.serviceProvider": "Organization",
    "Observation.subject": "Patient",
    "Observation.encounter": "Encounter",
    "Observation.performer": "Organization Patient",
    "Condition.subject": "Patient",
    "Condition.encounter": "Encounter",
    "AllergyIntolerance.patient": "Patient",
    "Immunization.patient": "Patient",
    "Immunization.encounter": "Encounter",
    "MedicationAdministration.subject": "Patient",
    "MedicationAdministration.context": "Encounter",
    "MedicationDispense.subject": "Patient",
    "MedicationDispense.context": "Encounter",
    "ServiceRequest.subject": "Patient",
    "ServiceRequest.encounter": "Encounter",
    "ServiceRequest.performer": "Organization",
    "CarePlan.subject": "Patient",
    "CarePlan.encounter": "Encounter",
    "CarePlan.activity.reference": "ServiceRequest",
    "Provenance.target": "Composition Condition Immunization",
    "Provenance.agent.who": "Organization Patient",
}
# Sections by code: what may stand in them (IPS 2.0); the first three are required.
SECTIONS: Mapping[str, str] = {
    "11450-4": "Condition",
    "48765-2": "AllergyIntolerance",
    "10160-0": "MedicationAdministration MedicationDispense",
    "11369-6": "Immunization",
    "30954-2": "Observation",
    "8716-3": "Observation",
    "10162-6": "Observation",
    "11348-0": "Condition",
    "18776-5": "CarePlan",
    "42348-3": "Consent",
    "danger_signs": "Observation",
    "contacts": "Encounter",
    "unknown": "Observation",
}
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


def faults(bundle: Mapping[str, Any]) -> list[str]:
    """Everything wrong with a document; empty where nothing is."""
    resources = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}
    found = [f"{path}: {value}" for path, value in leaves("Bundle", {"type": bundle["type"]}) if value not in BINDINGS[path].split()]
    if len(resources) < len(bundle["entry"]) or any(name != f"urn:uuid:{resource['id']}" for name, resource in resources.items()):
        found.append("Bundle.entry: a fullUrl twice, or not that of its resource")
    kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    if kinds[0] != "Composition" or kinds.count("Composition") != 1 or kinds.count("Patient") != 1:
        found.append("Bundle.entry: one Composition, in the first place, and one Patient")
    if "identifier" not in bundle or not INSTANT.fullmatch(bundle["timestamp"]):
        found.append("Bundle: identifier and timestamp")
    for resource in resources.values():
        found += [f"{resource['resourceType']}: {fault}" for fault in _resource_faults(resource, resources)]
    return found + _unreachable(resources) + _section_faults(bundle["entry"][0]["resource"], resources)


def leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Every plain value of a resource with its path, places in lists left out."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(f"{path}.{key}", inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(path, inner)
    else:
        yield path, value


def objects(path: str, value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object inside a resource with its path."""
    if isinstance(value, dict):
        yield path, value
        for key, inner in value.items():
            yield from objects(f"{path}.{key}", inner)
    elif isinstance(value, list):
        for inner in value:
            yield from objects(path, inner)


def _resource_faults(resource: Mapping[str, Any], resources: Mapping[str, Any]) -> Iterator[str]:
    kind = resource["resourceType"]
    for path, value in leaves(kind, resource):
        if path in BINDINGS and value not in BINDINGS[path].split():
            yield f"{path} is not a code of its value set"
        if value == "" or value is None:
            yield f"{path} is empty"
        if DATED.search(path) and not DATE.fullmatch(value):
            yield f"{path} is not a date"
    for path, inner in objects(kind, resource):
        if "reference" in inner and isinstance(inner["reference"], str):
            yield from _reference_faults(path, inner["reference"], resources)
        if "value" in inner and isinstance(inner["value"], int | float):
            yield from _quantity_faults(path, inner)
        if "coding" in inner and not all(one.get("system") and one.get("code") for one in inner["coding"]):
            yield f"{path} has a code without a system"
    yield from INVARIANTS.get(kind, lambda _: iter(()))(resource)


def _reference_faults(path: str, name: str, resources: Mapping[str, Any]) -> Iterator[str]:
    if name not in resources:
        yield f"{path} refers to nothing in the document"
    elif path not in REFERENCES and path != "Composition.section.entry":
        yield f"{path} is a reference that no table here allows"
    elif path in REFERENCES and resources[name]["resourceType"] not in REFERENCES[path].split():
        yield f"{path} refers to a {resources[name]['resourceType']}"


def _quantity_faults(path: str, quantity: Mapping[str, Any]) -> Iterator[str]:
    if quantity.get("unit") == "unknown unit":
        if "code" in quantity or "system" in quantity:
            yield f"{path} has a code for a unit that nobody knows"
    elif quantity.get("system") != "http://unitsofmeasure.org" or quantity.get("code") not in UCUM:
        yield f"{path} has no UCUM unit"


def _patient(patient: Mapping[str, Any]) -> Iterator[str]:
    for element in ("telecom", "address", "photo", "contact", "identifier", "maritalStatus"):
        if element in patient:
            yield f"{element} would identify her"
    if [set(name) for name in patient["name"]] != [{"_text"}] or patient["name"][0]["_text"]["extension"][0]["url"] != ABSENT:
        yield "a name, or none that is masked"
    if "birthDate" not in patient and patient["_birthDate"]["extension"][0]["url"] != ABSENT:
        yield "no birth date and no reason"
    if "birthDate" in patient and patient["meta"]["tag"][0]["code"] == "mother":
        yield "the birth date of an adult"


def _observation(observation: Mapping[str, Any]) -> Iterator[str]:
    values = [key for key in observation if key.startswith("value")]
    if len(values) + ("component" in observation) != 1:
        yield "not one value"
    for component in observation.get("component", ()):
        if sum(key.startswith("value") for key in component) != 1:
            yield "a component without a value"
    if "effectiveDateTime" not in observation:
        yield "no day"


def _dosage(administration: Mapping[str, Any]) -> Iterator[str]:
    if not {"dose", "rateQuantity"} & administration["dosage"].keys():
        yield "mad-1: neither dose nor rate"


def _allergy(allergy: Mapping[str, Any]) -> Iterator[str]:
    if "clinicalStatus" not in allergy:
        yield "ait-1: no clinical status"


def _consent(consent: Mapping[str, Any]) -> Iterator[str]:
    if "policyRule" not in consent:
        yield "ppc-1: no policy"


INVARIANTS = {
    "Patient": _patient,
    "Observation": _observation,
    "MedicationAdministration": _dosage,
    "AllergyIntolerance": _allergy,
    "Consent": _consent,
}


def _unreachable(resources: Mapping[str, Any]) -> list[str]:
    """Entries that neither the Composition leads to nor a Provenance of such: they would be no part of the document."""
    first = next(iter(resources))
    reached, left = {first}, [first]

    def follow(name: str) -> None:
        for _, inner in objects("", resources[name]):
            other = inner.get("reference")
            if isinstance(other, str) and other in resources and other not in reached:
                reached.add(other)
                left.append(other)

    while left:
        follow(left.pop())
    for name, resource in resources.items():
        if resource["resourceType"] == "Provenance" and any(target["reference"] in reached for target in resource["target"]):
            reached.add(name)
            follow(name)
    return [f"{resource['resourceType']}: nothing leads to it" for name, resource in resources.items() if name not in reached]


def _section_faults(composition: Mapping[str, Any], resources: Mapping[str, Any]) -> list[str]:
    found = []
    if composition["type"]["coding"][0]["code"] != "60591-5":
        found.append("Composition.type")
    _read(composition["text"]["div"])
    codes = [section["code"]["coding"][0]["code"] for section in composition["section"]]
    if set(list(SECTIONS)[:3]) - set(codes) or len(set(codes)) < len(codes):
        found.append("Composition.section: a required one is missing, or one stands twice")
    for code, section in zip(codes, composition["section"], strict=True):
        if ("entry" in section) == ("emptyReason" in section):
            found.append(f"section {code}: entries or a reason for none")
        lines = _read(section["text"]["div"])
        entries = [resources[entry["reference"]] for entry in section.get("entry", ()) if entry["reference"] in resources]
        found += [f"section {code}: a {kind}" for kind in {entry["resourceType"] for entry in entries} - set(SECTIONS[code].split())]
        if len(lines) != max(len(entries), 1):
            found.append(f"section {code}: not a line of text for each entry, or for the reason of none")
        for line, entry in zip(lines, entries, strict=False):
            found += [f"section {code}: the text leaves out a value" for said in _said(entry, resources) if said not in line]
    return found


def _read(div: str) -> list[str]:
    """The lines of a text; raises ParseError where it is not well-formed."""
    root = ElementTree.fromstring(div)
    assert root.tag == "{http://www.w3.org/1999/xhtml}div"
    return ["".join(item.itertext()) for item in root.iter("{http://www.w3.org/1999/xhtml}li")]


# Paths inside an entry whose text, number or date its line of the section's text has to say.
SAID = re.compile(
    r"(component\.code|medicationCodeableConcept|vaccineCode|valueCodeableConcept|timing\.code|^\.type)\.text$"
    r"|(valueQuantity|dose|doseQuantity|rateQuantity|daysSupply)\.value$"
    r"|\.(valueDateTime|valueString|doseNumberPositiveInt|occurrenceDateTime|whenHandedOver|recordedDate|period\.start)$"
)


def _said(entry: Mapping[str, Any], resources: Mapping[str, Any]) -> Iterator[str]:
    """What the line of text has to say of an entry."""
    for path, value in leaves("", entry):
        if SAID.search(path) or (path == ".code.text" and "component" not in entry):
            yield str(value)
        elif path == ".activity.reference.reference":
            yield resources[value]["code"]["text"]


@cache
def _installed() -> Path:
    """The validator's folder with what its lock file names, installed where it is not yet."""
    lock = VALIDATOR / "package-lock.json"
    done = VALIDATOR / "node_modules" / ".package-lock.json"
    if not done.exists() or done.stat().st_mtime < lock.stat().st_mtime:
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=VALIDATOR, check=True, capture_output=True, timeout=300)
    return VALIDATOR


def validated(resources: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """What npm's `fhir` has against each resource: structure, types and required codes of R4."""
    script = _installed() / "validate.js"
    done = subprocess.run(["node", script], input=json.dumps(resources), capture_output=True, text=True, check=True, timeout=300)
    found: list[list[str]] = json.loads(done.stdout)
    return found
