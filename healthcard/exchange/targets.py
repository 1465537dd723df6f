"""Every form that a reading can be exported to, by name; the command and the service take theirs from here.

    text = export(reading, "fhir")
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from healthcard.card import PRECEDENCE, Reading
from healthcard.errors import NewerVersion, Unreadable
from healthcard.exchange import fhir, kobo, long_form
from healthcard.exchange.choice import require_import_allowed
from healthcard.merge import Merged


@dataclass(frozen=True)
class Target:
    """A form of export: what writes a readable reading, with labels in a language, and the media type of what it writes."""

    media_type: str
    write: Callable[[Reading, str], str]


def export(reading: Reading, target: str, vital_interest: str | None = None, language: str = "en") -> str:
    """`reading` in the form of TARGETS[target]; `language` is that of labels, where the form has any for people to read.

    Sealed entries stand in it only where the reading was made with a key that opens them. Raises ImportNotAllowed without the holder's
    yes and without a reason of vital interest, and CardError where nothing could be read.
    """
    if not reading.cards:
        later = reading.verdict == NewerVersion.code
        raise NewerVersion("a later version of the format: update healthcard") if later else Unreadable("nothing that can be read")
    require_import_allowed(reading, vital_interest)
    return TARGETS[target].write(reading, language)


def fhir_text(reading: Reading, language: str) -> str:
    """The documents of all people as one Bundle of type `collection`, in JSON."""
    merged = reading.cards[0]
    issued = merged.parts[0].part.issued
    documents = fhir.to_bundles(merged.record, issued, merged.issuer, verdict=_verdict(merged), unverified=merged.unverified)
    return json.dumps(fhir.collection(documents), ensure_ascii=False, indent=1) + "\n"


def csv_text(reading: Reading, language: str) -> str:
    """One row for each fact."""
    merged = reading.cards[0]
    issued = merged.parts[0].part.issued
    return long_form.to_csv(
        merged.record, issued, merged.issuer, verdict=_verdict(merged), unverified=merged.unverified, language=language
    )  # fmt: skip


def kobo_text(reading: Reading, language: str) -> str:
    """One submission of the form, in JSON."""
    merged = reading.cards[0]
    made = kobo.to_submission(merged.record, kobo.FORM_ID, merged.issuer, merged.unverified)
    return json.dumps(made, ensure_ascii=False, indent=1) + "\n"


def _verdict(merged: Merged) -> str:
    return min((part.verdict for part in merged.parts), key=PRECEDENCE.index)


TARGETS: Mapping[str, Target] = {
    "fhir": Target("application/fhir+json", fhir_text),
    "csv": Target("text/csv; charset=utf-8", csv_text),
    "kobo": Target("application/json", kobo_text),
}
