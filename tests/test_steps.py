"""Numbers on the wire: every value that can be entered is exact, and nothing between two steps gets in."""

import json
import math
from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from healthcard import codec, vocabulary
from healthcard.errors import RecordError
from healthcard.record import EPOCH, Record
from healthcard.vocabulary import Quantity
from tests.parts import NAMES, NUMBERS, as_card

NUMERIC = [
    (table, quantity)
    for table in ("observations", "profile")
    for entries in getattr(vocabulary.default(), table).values()
    for quantity in entries.entries
    if quantity.kind == "number"
]
each_number = pytest.mark.parametrize(("table", "quantity"), NUMERIC, ids=[f"{q.role}-{q.key}" for _, q in NUMERIC])


def step_of(quantity: Quantity) -> Decimal:
    return Decimal(quantity.row["step"] or "1")


def multiples(quantity: Quantity) -> range:
    """n of every n x step within the reject range."""
    low, high = (Decimal(quantity.row[f"reject_{side}"]) / step_of(quantity) for side in ("below", "above"))
    return range(math.ceil(low), math.floor(high) + 1)


def value_in_json(quantity: Quantity, n: int) -> Any:
    """n x step as JSON writes and reads it: through its decimal digits."""
    return json.loads(str(n * step_of(quantity)))


def placed(table: str, quantity: Quantity, values: Sequence[Any]) -> Record:
    """A record with these values: a contact or a person for each."""
    if table == "observations":
        days = [(EPOCH + timedelta(n)).isoformat() for n in range(len(values))]
        contacts = [{"date": day, "observations": {quantity.key: value}} for day, value in zip(days, values, strict=True)]
        return Record.from_json({"language": "es", "people": [{"role": quantity.role, "contacts": contacts}]})
    group, _, name = quantity.path.rpartition(".")
    people = [{"role": quantity.role} | ({group: {name: value}} if group else {name: value}) for value in values]
    return Record.from_json({"language": "es", "people": people})


def found(table: str, quantity: Quantity, record: Record) -> list[Any]:
    if table == "observations":
        return [contact.observations[quantity.key] for contact in record.people[0].contacts if contact.observations]
    return [codec_value(person, quantity) for person in record.people]


def codec_value(person: Any, quantity: Quantity) -> Any:
    for step in quantity.path.split("."):
        person = getattr(person, step)
    return person


@each_number
def test_every_multiple_of_the_step_is_exact_on_the_wire(table: str, quantity: Quantity) -> None:
    """All values that can be entered, through record, payload and back, against decimal arithmetic."""
    everything = list(multiples(quantity))
    assert len(everything) > 5
    for batch in batches(everything, 64 if table == "observations" else 8):
        values = [value_in_json(quantity, n) for n in batch]
        record = placed(table, quantity, values)
        assert [quantity.to_wire(value) for value in values] == [n - int(quantity.row["centre"] or 0) for n in batch]
        back = codec.decode(codec.encode(as_card(record), NUMBERS), NAMES).record
        assert found(table, quantity, back) == values
        assert [json.dumps(value) for value in found(table, quantity, back)] == [json.dumps(plain(value)) for value in values]


def plain(value: Any) -> Any:
    """A whole number is written without a point."""
    return int(value) if value == int(value) else value


def batches(values: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for at in range(0, len(values), size):
        yield values[at : at + size]


@each_number
def test_anything_between_two_multiples_is_refused(table: str, quantity: Quantity) -> None:
    everything = multiples(quantity)
    for n in {*everything[:: max(1, len(everything) // 25)], everything[-1]}:
        exact = Decimal(n) * step_of(quantity)
        between = [exact + step_of(quantity) * part for part in map(Decimal, ("0.5", "0.1", "0.01", "0.000001", "-0.25", "-0.001"))]
        nearest = [math.nextafter(float(exact), math.inf), math.nextafter(float(exact), -math.inf)]
        for value in [*map(float, between), *nearest]:
            with pytest.raises(RecordError) as refused:
                placed(table, quantity, [value])
            [fault] = refused.value.problems
            assert "off the step" in fault.message and fault.place.endswith(quantity.path or quantity.key)
            assert str(value) not in str(refused.value)


@each_number
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300, 2.0**40, 2**40, True, "1", "#1", None, [], {}], ids=str)
def test_what_is_no_number_of_the_wire_is_refused(table: str, quantity: Quantity, value: Any) -> None:
    if value is None and table == "profile":
        return  # leaves the field out
    with pytest.raises(RecordError):
        placed(table, quantity, [value])


@pytest.mark.parametrize("key", [entry.key for entry in vocabulary.default().medicines.entries])
def test_every_amount_of_a_medicine_is_exact_and_nothing_between(key: str) -> None:
    known = vocabulary.default()
    entry = known.medicines.by_key[key]
    step = Decimal(entry.row["amount_step"])
    amounts = [json.loads(str(n * step)) for n in [*range(1, 100), 1000, 12_345, 100_000]]
    for batch in batches(amounts, 32):
        back = codec.decode(codec.write(as_card(given_once(key, batch)), NUMBERS), NAMES).record
        assert [given.amount for given in back.people[0].contacts[0].medicines or ()] == batch
    for amount in (float(step / 2), float(step * 3 / 2), math.nextafter(float(step), 9), 0, -float(step)):
        with pytest.raises(RecordError):
            given_once(key, [amount])


def given_once(medicine: str, amounts: Sequence[float]) -> Record:
    """A contact at which a medicine was given in each of these amounts."""
    contact = {"date": "2026-07-01", "medicines": [{"medicine": medicine, "amount": amount} for amount in amounts]}
    return Record.from_json({"language": "es", "people": [{"role": "mother", "contacts": [contact]}]})
