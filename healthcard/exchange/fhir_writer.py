"""What a record says of one person as entries of a FHIR R4 document, in the shape of the International Patient Summary.

Nobody has a name, and only a child has a birth date, as exact as the record's (DP-03). What no verified part of a card says is marked:
tag, status `preliminary`, verification status `unconfirmed`. Texts say in words whatever their entries say in codes.
"""

from datetime import date, datetime
from typing import Any

from healthcard.exchange.fhir_document import Document, Origin, Row
from healthcard.exchange.fhir_terms import (
    CHOICE,
    COUNTED_FROM,
    EVENT,
    LANGUAGE_TAG,
    LOCAL_TIME,
    NO_KNOWN_ALLERGY,
    PRECISION,
    ROLE,
    SEX,
    SOURCE,
    TERMINOLOGY,
    UNKNOWN_UNIT,
    URGENCY,
    Json,
    absent,
    codeable,
    coding,
    extension,
    plain,
    quantity,
)  # fmt: skip
from healthcard.exchange.mapping import Concept, ExchangeMapping
from healthcard.merge import HISTORY
from healthcard.record import HOLDER, WITHHELD, Contact, Infant, MedicineGiven, Mother, Record, Referral, VaccineDose, profile_values


def document(record: Record, at: int, origin: Origin, now: datetime, mapping: ExchangeMapping) -> Json:
    """The document Bundle of `record.people[at]`."""
    return _Writer(record, at, Document(origin, now, mapping)).written()


class _Writer:
    def __init__(self, record: Record, at: int, into: Document) -> None:
        self.record, self.at, self.into, self.mapping = record, at, into, into.mapping
        self.person: Mother | Infant = record.people[at]

    def written(self) -> Json:
        self.into.patient = self.into.add(self._patient())
        self._consent()
        self._profile()
        self._history()
        for number, contact in enumerate(self.person.contacts):
            self._contact(number, contact)
        return self.into.bundle(self.into.origin.vouched(self.at))

    # --- the person --------------------------------------------------------------------------------------------------

    def _patient(self) -> Json:
        language = self.mapping.concept("language", self.record.language)
        tongue = [coding(language.own)]
        if language.key in self.mapping.known.enumerations["language"].by_key:
            tongue.insert(0, {"system": LANGUAGE_TAG, "code": language.key})
        made: Json = {"resourceType": "Patient", "meta": {"tag": [{"system": ROLE, "code": self.person.role}]}}
        made["name"] = [{"_text": absent("masked")}]
        if isinstance(self.person, Infant):
            made |= _sex(self.person.sex) | _birth_date(self.person)
        else:
            made |= {"gender": "female", "_birthDate": absent("masked")}
        return made | {"communication": [{"language": {"coding": tongue}, "preferred": True}]}

    def _consent(self) -> None:
        said = self.record.choices.model_dump(by_alias=True)
        provisions = [{"type": "permit" if yes else "deny", "code": [plain(CHOICE, name)]} for name, yes in said.items()]
        made = {
            "resourceType": "Consent",
            "status": "active",
            "scope": plain(f"{TERMINOLOGY}/consentscope", "patient-privacy"),
            "category": [plain(CHOICE, "choices")],
            "patient": {"reference": self.into.patient},
            "dateTime": self.into.origin.issued.isoformat(),
            "policyRule": {"text": "What the holder of the card said yes to; no where she did not."},
            "provision": {"type": "deny", "provision": provisions},
        }
        self.into.add(made, "advance_directives", ", ".join(f"{name}: {'yes' if yes else 'no'}" for name, yes in said.items()))

    def _profile(self) -> None:
        table, vouched = f"profile_{self.person.role}", self.into.origin.vouched(self.at)
        row = Row(None, vouched, self.into.origin.issued.isoformat())
        first = Row(None, vouched, self.person.contacts[0].date.isoformat()) if self.person.contacts else row
        for field, value in profile_values(self.person, self.mapping.known):
            if self.mapping.concept(table, field.key).resource == "Observation":
                self._observation(table, field.key, value, first if field.key == "age_years" else row)
        for word, raw in (self.person.unknown or {}).items():
            self._observation(table, word, raw, row)
        for word in self.person.allergies or ():
            concept = self.mapping.concept("allergies", word)
            self._allergy(codeable(concept), {"category": [concept.category]} if concept.category else {}, concept.label, row)
        if self.person.allergies == ():
            title, code = self.mapping.named(*NO_KNOWN_ALLERGY)
            self._allergy({"coding": [coding(code)]}, {}, title, row)

    def _allergy(self, code: Json, category: Json, text: str, row: Row) -> None:
        made = self.into.resource("AllergyIntolerance", row)
        made["clinicalStatus"] = plain(f"{TERMINOLOGY}/allergyintolerance-clinical", "active")
        if row.told:
            made["verificationStatus"] = plain(f"{TERMINOLOGY}/allergyintolerance-verification", "unconfirmed")
        self.into.add(made | category | {"code": code} | self.into.of(row, "patient"), "allergies", text)

    def _history(self) -> None:
        row = Row(self.person.history_source, self.into.origin.vouched(self.at, HISTORY))
        made = [self._condition(word, row) for word in self.person.conditions or ()]
        made += [self._immunization(dose, row) for dose in self.person.vaccines_before or ()]
        if made:
            self.into.provenance(made, self.into.source(row), extension(SOURCE, "Code", row.source) if row.source else {})

    # --- contacts ----------------------------------------------------------------------------------------------------

    def _contact(self, number: int, contact: Contact) -> None:
        day, vouched = contact.date.isoformat(), self.into.origin.vouched(self.at, number)
        row = Row(contact.source, vouched, day, self._encounter(contact, Row(contact.source, vouched, day)))
        self._observations(contact, row)
        for word in contact.findings or ():
            concept = self.mapping.concept("findings", word)
            if concept.resource == "Condition":
                self._condition(word, row)
            else:
                self.into.add(self._observed(concept, row) | {"valueBoolean": True}, concept.section, _line(row, concept.label))
        for given in contact.medicines or ():
            self._medicine(given, row)
        for dose in contact.vaccines or ():
            self._immunization(dose, row)
        if contact.referral:
            self._referral(contact.referral, row)
        for event in contact.unknown or ():
            made = self.into.resource("Observation", row) | {"status": "unknown", "code": plain(EVENT, "unknown")} | self.into.of(row)
            made |= {"effectiveDateTime": row.day, "valueString": event}
            self.into.add(made, "unknown", _line(row, f"an entry of a later version: {event}"))

    def _encounter(self, contact: Contact, row: Row) -> str:
        services = [self.mapping.concept("services", word) for word in contact.services or ()]
        said = [extension(LOCAL_TIME, "Time", f"{contact.time}:00")] if contact.time else []
        said += [extension(SOURCE, "Code", contact.source)] if contact.source else []
        made = self.into.resource("Encounter", row, *services) | ({"extension": said} if said else {})
        made |= {"status": "finished", "class": {"system": f"{TERMINOLOGY}/v3-ActCode", "code": "AMB"}}
        made |= {"type": [codeable(service) for service in services]} if services else {}
        made |= self.into.of(row) | {"period": {"start": row.day, "end": row.day}}
        if row.source not in (HOLDER, WITHHELD):
            made["serviceProvider"] = self.into.source(row)
        text = [row.day, contact.time, row.source or self.into.issuer()["display"], *(service.label for service in services)]
        return self.into.add(made, "contacts", ", ".join(filter(None, text)))

    def _observed(self, concept: Concept, row: Row, *values: Concept) -> Json:
        """An Observation without its value; `values` are the words that it will have."""
        made = self.into.resource("Observation", row, concept, *values) | {"status": "final" if row.vouched else "preliminary"}
        made |= {"category": [plain(f"{TERMINOLOGY}/observation-category", concept.category)]} if concept.category else {}
        made |= {"code": codeable(concept)} | self.into.of(row)
        return made | {"effectiveDateTime": row.day, "performer": [self.into.source(row)]}

    def _value(self, table: str, concept: Concept, value: Any) -> tuple[Json, str, list[Concept]]:
        """The value of an observation or profile field as FHIR, in words, and the word that it is."""
        if isinstance(value, date):
            return {"valueDateTime": value.isoformat()}, value.isoformat(), []
        if isinstance(value, str):
            word = self.mapping.value(table, concept.key, value)
            return {"valueCodeableConcept": codeable(word)}, word.label, [word]
        return {"valueQuantity": quantity(value, concept.unit)}, _amount(value, concept), []

    def _observation(self, table: str, key: str, value: Any, row: Row) -> None:
        concept = self.mapping.concept(table, key)
        found, text, words = self._value(table, concept, value)
        self.into.add(self._observed(concept, row, *words) | found, concept.section, _line(row, f"{concept.label}: {text}"))

    def _observations(self, contact: Contact, row: Row) -> None:
        """An Observation each, but one for all parts of a panel."""
        table = f"observations_{contact.role}"
        panels: dict[str, list[tuple[Concept, Any]]] = {}
        for key, value in (contact.observations or {}).items():
            concept = self.mapping.concept(table, key)
            if concept.panel:
                panels.setdefault(concept.panel, []).append((concept, value))
            else:
                self._observation(table, key, value, row)
        for panel, parts in panels.items():
            whole = self.mapping.panel(panel)
            values = [(concept, *self._value(table, concept, value)) for concept, value in parts]
            component = [{"code": codeable(concept)} | found for concept, found, _, _ in values]
            text = ", ".join(f"{concept.label}: {said}" for concept, _, said, _ in values)
            self.into.add(self._observed(whole, row) | {"component": component}, whole.section, _line(row, text))

    def _condition(self, word: str, row: Row) -> str:
        concept = self.mapping.concept("findings", word)
        made = self.into.resource("Condition", row, concept)
        if row.told:
            made["verificationStatus"] = plain(f"{TERMINOLOGY}/condition-ver-status", "unconfirmed")
        if row.encounter:
            made["category"] = [plain(f"{TERMINOLOGY}/condition-category", "encounter-diagnosis")]
        made |= {"code": codeable(concept)} | self.into.of(row) | ({"recordedDate": row.day} if row.day else {})
        return self.into.add(made, concept.section if row.encounter else "past_illness", _line(row, concept.label))

    def _immunization(self, dose: VaccineDose, row: Row) -> str:
        concept = self.mapping.concept("vaccines", dose.vaccine)
        made = self.into.resource("Immunization", row, concept) | {"status": "completed", "vaccineCode": codeable(concept)}
        made |= self.into.of(row, "patient")
        made |= {"occurrenceDateTime": row.day} if row.day else {"occurrenceString": "before the first contact on the card"}
        made |= {"primarySource": False} if row.told else {}
        if dose.dose is not None:  # dose 0, at birth, is no positive integer
            made["protocolApplied"] = [{"doseNumberPositiveInt": dose.dose} if dose.dose else {"doseNumberString": "0"}]
        text = concept.label if dose.dose is None else f"{concept.label}, dose {dose.dose}"
        return self.into.add(made, concept.section, _line(row, text))

    def _medicine(self, given: MedicineGiven, row: Row) -> None:
        """What was given here as an administration, what was handed over to take as a dispense."""
        concept = self.mapping.concept("medicines", given.medicine)
        amount, text = quantity(given.amount, concept.unit), f"{concept.label}: {_amount(given.amount, concept)}"
        common = {"status": "completed", "medicationCodeableConcept": codeable(concept)} | self.into.of(row, encounter="context")
        if given.timing is None:
            how = "rateQuantity" if concept.unit.endswith("/min") else "dose"
            made = self.into.resource("MedicationAdministration", row, concept) | common
            made |= {"effectiveDateTime": row.day, "dosage": {how: amount}}
            self.into.add(made, concept.section, _line(row, f"{text}, given"))
            return
        timing = self.mapping.concept("timings", given.timing)
        dosage: Json = {"timing": {"code": codeable(timing)}} | ({"asNeededBoolean": True} if given.timing == "as_needed" else {})
        made = self.into.resource("MedicationDispense", row, concept) | common
        made |= {"daysSupply": quantity(given.days or 0, "d"), "whenHandedOver": row.day}
        made["dosageInstruction"] = [dosage | {"doseAndRate": [{"doseQuantity": amount}]}]
        self.into.add(made, concept.section, _line(row, f"{text}, {timing.label}, for {given.days} days, handed over"))

    def _referral(self, referral: Referral, row: Row) -> None:
        service, urgency = self.mapping.concept("services", referral.service), self.mapping.concept("urgency", referral.urgency)
        reason = [self.mapping.concept("findings", referral.reason)] if referral.reason else []
        made = self.into.resource("ServiceRequest", row, service, *reason)
        made |= {"extension": [extension(URGENCY, "Code", referral.urgency)], "status": "active", "intent": "order"}
        if priority := self.mapping.code("urgency", referral.urgency):
            made["priority"] = priority
        made |= {"code": codeable(service)} | self.into.of(row) | {"authoredOn": row.day}
        made |= {"performer": [self.into.organisation(referral.to)]} if referral.to else {}
        made |= {"reasonCode": [codeable(one) for one in reason]} if reason else {}
        text = [f"Referral to {service.label}", urgency.label, *(f"because of {one.label}" for one in reason), referral.to]
        plan = self.into.resource("CarePlan", row, service, *reason) | {"status": "active", "intent": "plan"} | self.into.of(row)
        plan["activity"] = [{"reference": {"reference": self.into.add(made)}}]
        self.into.add(plan, "plan", _line(row, ", ".join(filter(None, text))))


def _sex(sex: str | None) -> Json:
    if sex in ("female", "male", "unknown"):
        return {"gender": sex}
    return {"_gender": {"extension": [extension(SEX, "Code", sex)]}} if sex else {}


def _birth_date(child: Infant) -> Json:
    """As exact as the record's; the precision stands beside it where the form does not tell."""
    said = [extension(PRECISION, "Code", child.born_precision)] if child.born_precision else []
    if child.born is None:
        return {"_birthDate": {"extension": [*absent("unknown")["extension"], *said]}}
    day = child.born.isoformat()
    if child.born_precision == "year":
        said.append(extension(COUNTED_FROM, "Date", day))
    shown = {"month": day[:7], "year": day[:4]}.get(child.born_precision or "", day)
    return {"birthDate": shown} | ({"_birthDate": {"extension": said}} if said else {})


def _amount(value: int | float, concept: Concept) -> str:
    return f"{value} {concept.unit or UNKNOWN_UNIT}".removesuffix(" 1")


def _line(row: Row, text: str) -> str:
    return ", ".join(filter(None, [row.day, text, "as told" if row.told else ""]))
