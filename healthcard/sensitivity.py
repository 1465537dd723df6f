"""What must not stand in the open part of a card: entries that the vocabulary marks 2 or 3 (DP-07)."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from healthcard.record import Record
from healthcard.vocabulary import Entry, Table, Vocabulary


def sensitive(record: Record, known: Vocabulary) -> list[tuple[str, str, int]]:
    """Every entry of sensitivity 2 or 3 with its place, word and level (DP-07)."""
    levels = _levels(known)
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


@lru_cache(maxsize=8)
def _levels(known: Vocabulary) -> dict[str, dict[str, int]]:
    named: dict[str, Table[Any]] = {"findings": known.findings, "services": known.services, "vaccines": known.vaccines}
    named |= {"medicines": known.medicines, "outcome": known.enumerations["outcome"]}
    named |= {role: table for role, table in known.observations.items()}
    return {name: {e.key: e.sensitivity for e in _entries(table) if e.sensitivity >= 2} for name, table in named.items()}


def _entries(table: Table[Entry]) -> tuple[Entry, ...]:
    return table.entries
