"""What a form of export must carry and what it may lack: a record with every field, and the fields that a record has lost on its way.

    back = from_target(to_target(full()))
    assert lost(full(), back) == lacking("fhir")
"""

from pathlib import Path
from typing import Any

from healthcard import cbor, vocabulary
from healthcard.record import Record
from tests import builders
from tests.fhir_checks import leaves
from tests.route import Route

FIELDS = vocabulary.read_csv(Path(__file__).parent.parent / "healthcard" / "exchange" / "fields.csv")
TABLES = ("observations", "unknown")  # objects whose keys are words or numbers of a table, each a field as a whole


def full() -> Record:
    """A record with every field, a mother's and a child's."""
    dose = {"vaccine": "td", "dose": 1}
    contact = {
        "date": "2026-07-01",
        "time": "16:45",
        "source": "hn-rc",
        "observations": {"muac": 121, "malaria_test": "negative"},
        "findings": ["convulsions_mother", "pneumonia"],
        "medicines": [{"medicine": "ors", "amount": 1, "timing": "as_needed", "days": 3}, {"medicine": "gentamicin", "amount": 80}],
        "vaccines": [dose],
        "services": ["food_water"],
        "referral": {"service": "laboratory", "urgency": "soon", "reason": "pneumonia", "to": "gt-rc"},
        "unknown": [cbor.dumps([-5, 1]).hex()],
    }
    history = {"conditions": ["asthma"], "vaccines_before": [dose], "history_source": "holder", "allergies": ["egg"], "unknown": {"#20": 7}}
    pregnancy = {"lmp": "2025-10-01", "dating": "lmp", "gravida": 2, "parity": 1, "caesareans": 0, "fetuses": 1}
    pregnancy |= {"delivered": "2026-06-20", "outcome": "live_birth"}
    mother = {"role": "mother", "age_years": 27, "blood_group": "O+", "pregnancy": pregnancy, "contacts": [contact]}
    child = {"role": "infant", "sex": "female", "born": "2026-06-20", "born_precision": "year", "blood_group": "A-", "contacts": [contact]}
    child |= {"birth": {"weight_g": 2870, "gestation_weeks": 39}}
    return Record.from_json({"language": "ht", "choices": {"import": True, "count": False}, "people": [mother | history, child | history]})


def which_child(route: Route) -> list[str]:
    """A card whose two stickers each brought a child of one number, and a third with a contact of either: people[3]."""
    day = route.today.isoformat()

    def born(sex: str, weight: float) -> dict[str, Any]:
        return {"people": [{"role": "infant", "sex": sex, "born": day, "contacts": [{"date": day, "observations": {"weight": weight}}]}]}

    mother = builders.mother(on=route.today, gestation_days=250).to_json() | {"choices": {"import": True, "count": True}}
    card = route.issue("pa-rc", Record.from_json(mother)).text
    girl = route.stick("hn-rc", [card], born("female", 3.1)).text
    boy = route.stick("gt-rc", [card], born("male", 2.2)).text
    seen = {"people": [{"person": 1, "contacts": [{"date": day, "observations": {"muac": 112}}]}]}
    return [card, girl, boy, route.stick("mx-rc", [card, girl], seen).text]


def fields(record: Record) -> set[str]:
    """Every field of a record that has a value, without places in lists: people.contacts.medicines.amount."""
    return {field for field, _ in _values(record)}


def lost(record: Record, back: Record) -> set[str]:
    """The fields of `record` whose values are not all in `back`."""
    kept = _values(back)
    return {field for field, value in _values(record) if (field, value) not in kept}


def lacking(target: str) -> set[str]:
    """The fields that a target is said to lack."""
    return {row["field"] for row in FIELDS if not row[target]}


def _values(record: Record) -> set[tuple[str, str]]:
    found = set()
    for path, value in leaves("", record.to_json()):
        steps = path.removeprefix(".").split(".")
        table = next((at for at, step in enumerate(steps) if step in TABLES), len(steps))
        found.add((".".join(steps[: table + 1]), f"{steps[table + 1 :]} {value}"))
    return found
