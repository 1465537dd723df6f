"""FHIR R4: a record as documents in the shape of the International Patient Summary, and back.

    documents = to_bundles(record, issued=card.issued, issuer=card.issuer)      one Bundle for each person
    record = from_bundles(*documents)                                           the same record again

What stands where, and what was checked of it, is in docs/exchange.md.
"""

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from typing import Any

from healthcard.errors import Problem, RecordError
from healthcard.exchange import fhir_reader, fhir_writer, mapping
from healthcard.exchange.fhir_document import Origin
from healthcard.exchange.fhir_terms import Json
from healthcard.record import Record


def to_bundles(
    record: Record, issued: date, issuer: str | None, *, verdict: str = "verified", unverified: Collection[tuple[int, int]] | None = None,
    now: datetime | None = None, known: mapping.ExchangeMapping | None = None,
) -> list[Json]:  # fmt: skip
    """A document Bundle for each person of `record`, in its order.

    `unverified` are the (person, contact) that no verified part of the card says, contact -1 the undated history; left out it is
    everything, unless the verdict is `verified`. Nothing is refused here: whether she agreed to an import is asked before (choice.py).
    """
    origin = Origin(issued, issuer, verdict, unverified)
    at = now or datetime.now(UTC)
    return [fhir_writer.document(record, n, origin, at, known or mapping.usual()) for n in range(len(record.people))]


def from_bundles(*bundles: Mapping[str, Any], known: mapping.ExchangeMapping | None = None) -> Record:
    """The record that documents were made from, people in the order given; a collection stands for the documents in it.

    Entries of the card's issuer have no source, as on the card: whoever signs the record again names the issuer first. Raises RecordError.
    """
    documents: list[Mapping[str, Any]] = []
    for bundle in bundles:
        try:
            inner = [entry["resource"] for entry in bundle["entry"]] if bundle["type"] == "collection" else [bundle]
        except fhir_reader.FAULTS:
            raise RecordError([Problem("bundles", "not a Bundle of FHIR")]) from None
        documents += inner
    return fhir_reader.record(documents, known or mapping.usual())


def collection(bundles: Collection[Json]) -> Json:
    """Documents of one card as one resource, for where only one can be sent."""
    entries = [{"fullUrl": bundle["identifier"]["value"], "resource": bundle} for bundle in bundles]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}
