"""What writer and reader of FHIR share: URLs of FHIR and of ours, and the small shapes that every resource is made of."""

from collections.abc import Mapping
from typing import Any

from healthcard.exchange.mapping import OWN, SYSTEMS, Coding, Concept

Json = dict[str, Any]
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
DATA_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
LANGUAGE_TAG = "urn:ietf:bcp:47"
# Extensions of ours: what a record says and FHIR has no element for.
EXTENSION = "https://healthcard.example/fhir"
LOCAL_TIME = f"{EXTENSION}/local-time"  # of a contact: a dateTime of FHIR needs a time zone, which no card has
SOURCE = f"{EXTENSION}/source"  # the word of a record: an organisation, holder or withheld
PRECISION = f"{EXTENSION}/precision"  # of a birth date
SEX = f"{EXTENSION}/sex"  # a word that no gender of FHIR stands for
COUNTED_FROM = f"{EXTENSION}/counted-from"  # the day that stands for a year of birth
URGENCY = f"{EXTENSION}/urgency"  # our word: three of them have a priority of FHIR, which is said besides
VERDICT = f"{EXTENSION}/verdict"
# Code systems of ours beside those of the vocabulary's tables.
ROLE, CHOICE, ORGANISATION, VERDICTS, EVENT = (f"{OWN}/{name}" for name in ("role", "choice", "organisation", "verdict", "event"))
NO_KNOWN_ALLERGY = ("absent", "no_known_allergy")  # of the mapping
UNKNOWN_UNIT = "unknown unit"


def coding(given: Coding) -> Json:
    return {"system": given.system, "code": given.code} | ({"display": given.display} if given.display else {})


def codeable(concept: Concept) -> Json:
    """A concept with all its codes and its label."""
    return {"coding": [coding(one) for one in concept.codings], "text": concept.label}


def plain(system: str, code: str) -> Json:
    """A concept with one code alone."""
    return {"coding": [{"system": system, "code": code}]}


def quantity(value: int | float, unit: str) -> Json:
    """A number with its UCUM unit; without one it is of a kind that this vocabulary does not know."""
    if not unit:
        return {"value": value, "unit": UNKNOWN_UNIT}
    return {"value": value, "unit": unit, "system": SYSTEMS["ucum"], "code": unit}


def extension(url: str, kind: str, value: str) -> Json:
    return {"url": url, f"value{kind}": value}


def absent(reason: str) -> Json:
    """The content of an element that has no value."""
    return {"extension": [extension(DATA_ABSENT, "Code", reason)]}


def extended(element: Mapping[str, Any], url: str) -> Any:
    """The value of an extension; None where the element does not have it."""
    for one in element.get("extension", ()):
        if one["url"] == url:
            return next(value for name, value in one.items() if name.startswith("value"))
    return None
