"""What must not stand in the open part of a card: entries that the vocabulary marks 2 or 3 (DP-07)."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from healthcard.record import Record
from healthcard.vocabulary import Table, Vocabulary


def sensitive(record: Record, known: Vocabulary) -> list[tuple[str, str, int]]:
    """Every entry of sensitivity 2 or 3 with its place, word and level (DP-07)."""
    levels = _levels(known)
    if not _any(record, levels["any"]):
        return []
    found: list[tuple[str, str, int]] = []

    def look(table: str, words: Iterable[str] | None, place: str) -> None:
        marked = levels[table]
        for n, word in enumerate(words or ()):
            if word in marked:
                found.append((f"{place}[{n}]", word, marked[word]))

    for at, person in enumerate(record.people):
        place = f"people[{at}]"
        if person.role == "mother" and person.pregnancy and person.pregnancy.outcome in levels["outcome"]:
            outcome = person.pregnancy.outcome
            found.append((f"{place}.pregnancy.outcome", outcome, levels["outcome"][outcome]))
        look("findings", person.conditions, f"{place}.conditions")
        if person.vaccines_before:
            look("vaccines", [v.vaccine for v in person.vaccines_before], f"{place}.vaccines_before")
        for n, contact in enumerate(person.contacts):
            here = f"{place}.contacts[{n}]"
            if contact.observations and not levels[contact.role].keys().isdisjoint(contact.observations):
                marked = levels[contact.role]
                found += [(f"{here}.observations.{key}", key, marked[key]) for key in contact.observations if key in marked]
            if contact.findings:
                look("findings", contact.findings, f"{here}.findings")
            if contact.services:
                look("services", contact.services, f"{here}.services")
            if contact.medicines:
                look("medicines", [m.medicine for m in contact.medicines], f"{here}.medicines")
            if contact.vaccines:
                look("vaccines", [v.vaccine for v in contact.vaccines], f"{here}.vaccines")
            if contact.referral:
                look("services", [contact.referral.service], f"{here}.referral.service")
                look("findings", [contact.referral.reason or ""], f"{here}.referral.reason")
    return found


def _any(record: Record, words: Mapping[str, int]) -> bool:
    """Whether any word of the record is among `words`: nearly always not, and then nothing more is looked at."""
    absent = words.keys().isdisjoint
    for person in record.people:
        if person.role == "mother" and person.pregnancy and person.pregnancy.outcome in words:
            return True
        if not absent(person.conditions or ()) or any(dose.vaccine in words for dose in person.vaccines_before or ()):
            return True
        for contact in person.contacts:
            if not (absent(contact.observations or ()) and absent(contact.findings or ()) and absent(contact.services or ())):
                return True
            if any(given.medicine in words for given in contact.medicines or ()):
                return True
            if any(dose.vaccine in words for dose in contact.vaccines or ()):
                return True
            if contact.referral and (contact.referral.service in words or contact.referral.reason in words):
                return True
    return False


@lru_cache(maxsize=8)
def _levels(known: Vocabulary) -> dict[str, dict[str, int]]:
    named: dict[str, Table[Any]] = {"findings": known.findings, "services": known.services, "vaccines": known.vaccines}
    named |= {"medicines": known.medicines, "outcome": known.enumerations["outcome"]}
    named |= {role: table for role, table in known.observations.items()}
    levels = {name: {entry.key: entry.sensitivity for entry in table.entries if entry.sensitivity >= 2} for name, table in named.items()}
    return levels | {"any": {word: level for marked in levels.values() for word, level in marked.items()}}
