"""A record as single facts, each with where its words and codes are found: what a table in long form has its rows from."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from healthcard.exchange.mapping import ExchangeMapping
from healthcard.record import AnyPerson, Contact, Record, profile_values

# Lists of words and of doses, by kind, each with the table of its words.
WORDS: Mapping[str, str] = {"allergies": "allergies", "conditions": "findings", "findings": "findings", "services": "services"}
DOSES = ("vaccines_before", "vaccines")
REFERRAL: Mapping[str, str] = {"service": "services", "urgency": "urgency", "reason": "findings", "to": ""}
NONE = "none"  # of allergies: asked, and there are none


@dataclass(frozen=True)
class Fact:
    """One value of a record; `table` and `word` are what is labelled and coded, `values` the table of a value that is a word."""

    kind: str
    key: str
    value: Any
    table: str = ""
    word: str = ""
    part: str = ""
    entry: int | None = None
    unit: str = ""
    values: str = ""


def of_card(record: Record) -> Iterator[Fact]:
    """What holds for the whole card."""
    yield Fact("card", "language", record.language, values="language")
    for name, said in record.choices.model_dump(by_alias=True).items():
        yield Fact("card", name, said)


def of_profile(person: AnyPerson, names: ExchangeMapping) -> Iterator[Fact]:
    """Fields of a person, allergies among them."""
    yield Fact("person", "role", person.role)
    table = f"profile_{person.role}"
    for quantity, value in profile_values(person, names.known):
        if quantity.kind == "set":
            continue
        group, name = quantity.place
        yield Fact(group or "person", name, value, table, quantity.key, unit=names.concept(table, quantity.key).unit,
                   values=names.enumeration(table, quantity.key))  # fmt: skip
    for key, raw in (person.unknown or {}).items():
        yield Fact("unknown", key, raw, table, key)
    if person.allergies == ():
        yield Fact("allergies", NONE, True, "absent", "no_known_allergy")
    yield from _words("allergies", person.allergies)


def of_history(person: AnyPerson) -> Iterator[Fact]:
    """The undated history."""
    yield from _words("conditions", person.conditions)
    yield from _doses("vaccines_before", person.vaccines_before)


def of_contact(contact: Contact, names: ExchangeMapping) -> Iterator[Fact]:
    """All that happened at one contact."""
    yield Fact("contact", "date", contact.date)
    table = f"observations_{contact.role}"
    for key, value in (contact.observations or {}).items():
        coded = table if isinstance(value, str) else ""
        yield Fact("observations", key, value, table, key, unit=names.concept(table, key).unit, values=coded)
    yield from _words("findings", contact.findings)
    for entry, given in enumerate(contact.medicines or ()):
        for part, value, unit, values in (
            ("amount", given.amount, names.concept("medicines", given.medicine).unit, ""),
            ("timing", given.timing, "", "timings"),
            ("days", given.days, "d", ""),
        ):
            if value is not None:
                yield Fact("medicines", given.medicine, value, "medicines", given.medicine, part, entry, unit, values)
    yield from _doses("vaccines", contact.vaccines)
    yield from _words("services", contact.services)
    for key, values in REFERRAL.items():
        if contact.referral and (value := getattr(contact.referral, key)) is not None:
            yield Fact("referral", key, value, values, value if values else "", values=values)
    for entry, event in enumerate(contact.unknown or ()):
        yield Fact("unknown", "", event, entry=entry)


def _words(kind: str, words: Collection[str] | None) -> Iterator[Fact]:
    for word in words or ():
        yield Fact(kind, word, True, WORDS[kind], word)


def _doses(kind: str, doses: Collection[Any] | None) -> Iterator[Fact]:
    for entry, given in enumerate(doses or ()):
        yield Fact(kind, given.vaccine, True, "vaccines", given.vaccine, entry=entry)
        if given.dose is not None:
            yield Fact(kind, given.vaccine, given.dose, "vaccines", given.vaccine, "dose", entry)
