"""Records for tests in one line: `mother(observations={"systolic": 140}, gestation_days=200)`, `infant(age_days=59)`.

All else stays unknown. Days are counted back from `on`, the day of the one contact; for several contacts give `contacts`, a list of
`contact(...)`; for several people on one card join records with `family(...)`.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from healthcard.record import MotherContact, Record

DAY = date(2026, 7, 1)
ENTRIES = tuple(name for name in MotherContact.model_fields if name not in ("date", "unknown"))


def contact(on: date = DAY, **entries: Any) -> dict[str, Any]:
    """One contact as JSON; entries that are None or empty are left out."""
    return {"date": on.isoformat()} | {name: entry for name, entry in entries.items() if entry}


def mother(
    *,
    on: date = DAY,
    gestation_days: int | None = None,
    postpartum_days: int | None = None,
    contacts: Sequence[dict[str, Any]] | None = None,
    pregnancy: dict[str, Any] | None = None,
    **fields: Any,
) -> Record:
    """A card of one mother; `fields` belong to her or to her one contact. A negative `postpartum_days` is a birth to come."""
    pregnancy = dict(pregnancy or {})
    if gestation_days is not None:
        pregnancy["lmp"] = _before(on, gestation_days)
    if postpartum_days is not None:
        pregnancy["delivered"] = _before(on, postpartum_days)
    return _card("mother", on, contacts, fields, pregnancy=pregnancy)


def infant(
    *,
    on: date = DAY,
    age_days: int | None = None,
    sex: str | None = "female",
    born: str | None = None,
    contacts: Sequence[dict[str, Any]] | None = None,
    **fields: Any,
) -> Record:
    """A card of one child, a girl unless told; `fields` belong to the child or to its one contact."""
    return _card("infant", on, contacts, fields, sex=sex, born=born if age_days is None else _before(on, age_days))


def family(*records: Record) -> Record:
    """All people of these records on one card."""
    people = [person for record in records for person in record.to_json()["people"]]
    return Record.from_json(records[0].to_json() | {"people": people})


def _card(role: str, on: date, contacts: Sequence[dict[str, Any]] | None, fields: dict[str, Any], **person: Any) -> Record:
    entries = {name: fields.pop(name) for name in ENTRIES if name in fields}
    if contacts is None:
        contacts = [contact(on, **entries)]
    elif entries:
        raise TypeError(f"with contacts these belong inside them: {', '.join(entries)}")
    known = {name: value for name, value in (person | fields).items() if value or name == "allergies"}
    return Record.from_json({"language": "en", "people": [{"role": role, **known, "contacts": list(contacts)}]})


def _before(day: date, days: int) -> str:
    return (day - timedelta(days)).isoformat()
