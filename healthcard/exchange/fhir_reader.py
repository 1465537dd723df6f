"""FHIR documents that `fhir_writer` wrote -> the record they were made from, also where a server gave them ids and an order of its own.

A reader of patient summaries in general this is not: a code that is no word of the vocabulary, a unit that is not the entry's own, a
status that takes an entry back ("not-done") and an entry of somebody else are faults, each with its place, never with its value. What a
document says besides (texts, tags, other resources) is passed over.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from healthcard.errors import Problem, RecordError
from healthcard.exchange.fhir_terms import (
    CHOICE,
    COUNTED_FROM,
    EVENT,
    LANGUAGE_TAG,
    LOCAL_TIME,
    PRECISION,
    ROLE,
    SEX,
    SOURCE,
    URGENCY,
    Json,
    extended,
)  # fmt: skip
from healthcard.exchange.mapping import OWN, SYSTEMS, ExchangeMapping
from healthcard.record import HOLDER, Record

FAULTS = (KeyError, TypeError, AttributeError, IndexError, StopIteration, ValueError)  # of JSON in another shape than a resource has
# What an entry may say of itself and still be one: any other word takes it back or makes it a plan.
STANDING: Mapping[str, frozenset[str]] = {
    "status": frozenset(("final", "preliminary", "amended", "corrected", "unknown", "finished", "completed", "active")),
    "intent": frozenset(("order",)),
    "verificationStatus": frozenset(("unconfirmed", "confirmed")),
    "clinicalStatus": frozenset(("active",)),
}
TURNED = ("modifierExtension", "doNotPerform", "isSubpotent")  # elements that make an entry say something else
DATED = ("recordedDate", "occurrenceDateTime")  # never of the history, which has no day


def record(bundles: Sequence[Mapping[str, Any]], mapping: ExchangeMapping) -> Record:
    """The record of documents, each that of one person; raises RecordError."""
    people, heads, problems = [], [], []
    for at, bundle in enumerate(bundles):
        read = _Document(bundle, f"bundles[{at}]", mapping)
        people.append(read.person)
        heads.append(read.head)
        problems += read.problems
    if not problems and any(head != heads[0] for head in heads):
        problems.append(Problem("bundles", "language or choices differ", "documents of one record only"))
    if problems or not people:
        raise RecordError(problems or [Problem("bundles", "no document")])
    return Record.from_json(heads[0] | {"people": people}, mapping.known)


class _Document:
    """One person, as the JSON of a record, and what all documents of a record have in common."""

    def __init__(self, bundle: Mapping[str, Any], place: str, mapping: ExchangeMapping) -> None:
        self.mapping = mapping
        self.problems: list[Problem] = []
        self.person: Json = {}
        self.head: Json = {}
        self.contacts: dict[str, Json] = {}
        self.role = ""
        self.patients: set[str] = set()  # what refers to the person
        self.issuer: str | None = None
        found: list[tuple[str, str, Json]] = []  # place, full URL, resource
        try:
            kinds = (bundle["resourceType"], bundle["type"], bundle["entry"][0]["resource"]["resourceType"])
            if kinds != ("Bundle", "document", "Composition"):
                raise ValueError("another kind of bundle")
            for at, entry in enumerate(bundle["entry"]):
                found.append((f"{place}.entry[{at}]", str(entry.get("fullUrl", "")), dict(entry["resource"])))
        except FAULTS:
            self.problems.append(Problem(place, "not a document of FHIR"))
            return
        readers: Mapping[str, Callable[[Json], None]] = {
            "Composition": self._composition,
            "Patient": self._patient,
            "Consent": self._consent,
            "Encounter": self._encounter,
            "Provenance": self._provenance,
            "Observation": self._observation,
            "Condition": self._condition,
            "AllergyIntolerance": self._allergy,
            "Immunization": self._immunization,
            "MedicationAdministration": self._given,
            "MedicationDispense": self._handed_over,
            "ServiceRequest": self._referral,
        }  # in this order: entries refer to patient and contacts
        self.organisations = dict(_organisations(found))
        for kind, read in readers.items():
            for where, name, resource in found:
                if resource.get("resourceType") == kind:
                    resource["fullUrl"] = name
                    try:
                        self._stands(resource)
                        read(resource)
                    except FAULTS:
                        self.problems.append(Problem(where, f"not a {kind} that a record has", "what healthcard export wrote"))
        # A document that a server copied may name an encounter by URL or by id: both stand for one contact.
        self.person["contacts"] = list({id(contact): contact for contact in self.contacts.values()}.values())

    # --- the frame ---------------------------------------------------------------------------------------------------

    def _word(self, table: str, concept: Mapping[str, Any]) -> str:
        word = self.mapping.word(table, [(one["system"], one["code"]) for one in concept["coding"]])
        if word is None:
            raise ValueError("no word of the table")
        return word

    def _row(self, resource: Json, name: str = "encounter") -> Json:
        """The contact that a resource belongs to; the person, for the history and the profile."""
        if name not in resource and any(day in resource for day in DATED):
            raise ValueError("a day without its contact")
        return self.contacts[resource[name]["reference"]] if name in resource else self.person

    def _stands(self, resource: Json) -> None:
        """Raises ValueError for an entry that is taken back, one that says something else, and one of another person."""
        for name, words in STANDING.items():
            said = resource.get(name)
            if said is not None and (said if isinstance(said, str) else said["coding"][0]["code"]) not in words:
                raise ValueError("taken back")
        whose = resource.get("subject") or resource.get("patient")
        if any(resource.get(name) for name in TURNED) or (self.patients and whose and whose["reference"] not in self.patients):
            raise ValueError("not what it seems")

    def _composition(self, composition: Json) -> None:
        self.issuer = self.organisations.get(composition["author"][0].get("reference"))

    def _source(self, resource: Json, who: Callable[[], Json]) -> str | None:
        """The source of a contact or of the history: its word, else whom it names; None where that is the issuer of the card."""
        if word := extended(resource, SOURCE):
            return str(word)
        name = who().get("reference")
        if name in self.patients:
            return HOLDER
        organisation = self.organisations[name] if name else None
        return None if organisation == self.issuer else organisation

    def _patient(self, patient: Json) -> None:
        if self.patients:
            raise ValueError("a second patient")
        self.patients = {patient["fullUrl"], f"Patient/{patient['id']}"}
        [self.role] = [tag["code"] for tag in patient["meta"]["tag"] if tag["system"] == ROLE]
        self.person["role"] = self.role
        tongue = patient["communication"][0]["language"]["coding"]
        own = [one["code"] for one in tongue if one["system"] == f"{OWN}/language"]
        self.head["language"] = (own or [one["code"] for one in tongue if one["system"] == LANGUAGE_TAG])[0]
        if self.role == "infant":
            self._child(patient)

    def _child(self, patient: Json) -> None:
        if sex := patient.get("gender") or extended(patient.get("_gender", {}), SEX):
            self.person["sex"] = sex
        about = patient.get("_birthDate", {})
        if precision := extended(about, PRECISION):
            self.person["born_precision"] = precision
        if shown := patient.get("birthDate"):
            self.person["born"] = extended(about, COUNTED_FROM) or (f"{shown}-15" if len(shown) == len("2026-07") else shown)

    def _consent(self, consent: Json) -> None:
        said = {one["code"][0]["coding"][0]["code"]: one["type"] == "permit" for one in consent["provision"]["provision"]
                if one["code"][0]["coding"][0]["system"] == CHOICE}  # fmt: skip
        self.head["choices"] = said

    def _encounter(self, encounter: Json) -> None:
        contact: Json = {"date": encounter["period"]["start"]}
        if time := extended(encounter, LOCAL_TIME):
            contact["time"] = time.removesuffix(":00")
        if source := self._source(encounter, lambda: encounter["serviceProvider"]):
            contact["source"] = source
        if "type" in encounter:
            contact["services"] = [self._word("services", service) for service in encounter["type"]]
        for name in (encounter["fullUrl"], f"Encounter/{encounter['id']}"):
            self.contacts[name] = contact

    def _provenance(self, provenance: Json) -> None:
        if source := self._source(provenance, lambda: provenance["agent"][0]["who"]):
            self.person["history_source"] = source

    # --- entries -----------------------------------------------------------------------------------------------------

    def _observation(self, observation: Json) -> None:
        row = self._row(observation)
        systems = {one["system"] for one in observation["code"]["coding"]}
        if EVENT in systems:
            row.setdefault("unknown", []).append(observation["valueString"])
        elif f"{OWN}/findings" in systems:
            if observation["valueBoolean"] is not True:
                raise ValueError("a finding that is not there")
            row.setdefault("findings", []).append(self._word("findings", observation["code"]))
        elif row is self.person:
            self._profile(observation)
        else:
            for part in observation.get("component", [observation]):
                _put(row.setdefault("observations", {}), *self._value(f"observations_{self.role}", part))

    def _value(self, table: str, part: Json) -> tuple[str, Any]:
        """Key and value of an observation or profile field."""
        key = self._word(table, part["code"])
        if "valueCodeableConcept" in part:
            values = self.mapping.value(table, key, "").own.system.removeprefix(f"{OWN}/")
            return key, self._word(values, part["valueCodeableConcept"])
        if "valueDateTime" in part:
            return key, part["valueDateTime"]
        return key, _number(part["valueQuantity"], self.mapping.concept(table, key).unit)

    def _profile(self, observation: Json) -> None:
        key, value = self._value(f"profile_{self.role}", observation)
        field = self.mapping.known.profile["mother" if self.role == "mother" else "infant"].by_key.get(key)
        if field is None:
            _put(self.person.setdefault("unknown", {}), key, value)
        else:
            group, name = field.place
            _put(self.person.setdefault(group, {}) if group else self.person, name, value)

    def _condition(self, condition: Json) -> None:
        row = self._row(condition)
        row.setdefault("conditions" if row is self.person else "findings", []).append(self._word("findings", condition["code"]))

    def _allergy(self, allergy: Json) -> None:
        listed = self.person.setdefault("allergies", [])
        _, none = self.mapping.named("absent", "no_known_allergy")
        if (none.system, none.code) not in [(one["system"], one["code"]) for one in allergy["code"]["coding"]]:
            listed.append(self._word("allergies", allergy["code"]))

    def _immunization(self, immunization: Json) -> None:
        row = self._row(immunization)
        dose: Json = {"vaccine": self._word("vaccines", immunization["vaccineCode"])}
        if "protocolApplied" in immunization:
            [applied] = immunization["protocolApplied"]
            dose["dose"] = applied["doseNumberPositiveInt"] if "doseNumberPositiveInt" in applied else int(str(applied["doseNumberString"]))
        row.setdefault("vaccines_before" if row is self.person else "vaccines", []).append(dose)

    def _medicine(self, resource: Json, amount: Json) -> Json:
        """A medicine of a contact, its amount in its own unit."""
        word = self._word("medicines", resource["medicationCodeableConcept"])
        given: Json = {"medicine": word, "amount": _number(amount, self.mapping.concept("medicines", word).unit)}
        self.contacts[resource["context"]["reference"]].setdefault("medicines", []).append(given)
        return given

    def _given(self, administration: Json) -> None:
        dosage = administration["dosage"]
        self._medicine(administration, dosage.get("dose") or dosage["rateQuantity"])

    def _handed_over(self, dispense: Json) -> None:
        [dosage] = dispense["dosageInstruction"]
        timing = self._word("timings", dosage["timing"]["code"])
        days = _number(dispense["daysSupply"], "d")
        self._medicine(dispense, dosage["doseAndRate"][0]["doseQuantity"]).update(timing=timing, days=days)

    def _referral(self, request: Json) -> None:
        contact = self.contacts[request["encounter"]["reference"]]
        if "referral" in contact:
            raise ValueError("a second referral of one contact")
        referral: Json = {"service": self._word("services", request["code"])}
        priority = [(SYSTEMS["priority"], request.get("priority", ""))]
        referral["urgency"] = extended(request, URGENCY) or self.mapping.word("urgency", priority)
        if "reasonCode" in request:
            referral["reason"] = self._word("findings", request["reasonCode"][0])
        if "performer" in request:
            referral["to"] = self.organisations[request["performer"][0]["reference"]]
        contact["referral"] = referral


def _organisations(found: Sequence[tuple[str, str, Json]]) -> Iterator[tuple[str, str]]:
    """Names of organisations by what may refer to them."""
    for _, name, resource in found:
        if resource.get("resourceType") == "Organization" and isinstance(resource.get("name"), str):
            yield name, resource["name"]
            yield f"Organization/{resource.get('id')}", resource["name"]


def _put(into: Json, key: str, value: Any) -> None:
    """Raises ValueError for a second value: which of two was meant is nobody's guess."""
    if key in into:
        raise ValueError("a second value")
    into[key] = value


def _number(quantity: Json, unit: str) -> int | float:
    """A number in the one unit that it may have; raises ValueError for another, and for a bound ("less than")."""
    if "comparator" in quantity or quantity.get("code", "") != unit or (unit and quantity["system"] != SYSTEMS["ucum"]):
        raise ValueError("another unit")
    value: int | float = quantity["value"]
    return value
