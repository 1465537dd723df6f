"""Every form that a reading can be exported to, by name; the command and the service take theirs from here.

    text = export(reading, "fhir")
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from healthcard import vocabulary
from healthcard.card import PRECEDENCE, Reading
from healthcard.continuing import without
from healthcard.errors import NewerVersion, Unreadable
from healthcard.exchange import fhir, kobo, long_form
from healthcard.exchange.choice import require_import_allowed
from healthcard.merge import Merged, every_entry
from healthcard.sensitivity import sensitive

NEVER = 3  # the level that is on no card of ours: if one has it all the same, it goes nowhere from there


@dataclass(frozen=True)
class Target:
    """A form of export: what writes the parts of one card, with labels in a language, and the media type of what it writes."""

    media_type: str
    write: Callable[[Merged, str], str]


def export(reading: Reading, target: str, vital_interest: str | None = None, language: str = "en") -> str:
    """`reading` in the form of TARGETS[target]; `language` is that of labels, where the form has any for people to read.

    Sealed entries stand in it only where the reading was made with a key that opens them. Raises ImportNotAllowed without the holder's
    yes and without a reason of vital interest, and CardError where nothing could be read. Contacts of "which child?" count as not verified.
    """
    if not reading.cards:
        later = reading.verdict == NewerVersion.code
        raise NewerVersion("a later version of the format: update healthcard") if later else Unreadable("nothing that can be read")
    require_import_allowed(reading, vital_interest)
    merged, known = in_doubt(reading.cards[0]), vocabulary.default()
    kept_here = [place for place, _, level in sensitive(merged.record, known) if level >= NEVER]
    if kept_here:
        merged = replace(merged, record=without(merged.record, kept_here, known))
    return TARGETS[target].write(merged, language)


def in_doubt(merged: Merged) -> Merged:
    """`merged` with what may be another child's among what no verified part says: nobody vouches for whose it is."""
    ambiguous = {(person, contact) for person, contact in every_entry(merged.record) if person in merged.ambiguous}
    return replace(merged, unverified=merged.unverified | ambiguous)


def fhir_text(merged: Merged, language: str) -> str:
    """The documents of all people as one Bundle of type `collection`, in JSON."""
    issued = merged.parts[0].part.issued
    documents = fhir.to_bundles(merged.record, issued, merged.issuer, verdict=_verdict(merged), unverified=merged.unverified)
    return json.dumps(fhir.collection(documents), ensure_ascii=False, indent=1) + "\n"


def csv_text(merged: Merged, language: str) -> str:
    """One row for each fact."""
    issued = merged.parts[0].part.issued
    return long_form.to_csv(
        merged.record, issued, merged.issuer, verdict=_verdict(merged), unverified=merged.unverified, language=language
    )  # fmt: skip


def kobo_text(merged: Merged, language: str) -> str:
    """One submission of the form, in JSON."""
    made = kobo.to_submission(merged.record, kobo.FORM_ID, merged.issuer, merged.unverified)
    return json.dumps(made, ensure_ascii=False, indent=1) + "\n"


def _verdict(merged: Merged) -> str:
    return min((part.verdict for part in merged.parts), key=PRECEDENCE.index)


TARGETS: Mapping[str, Target] = {
    "fhir": Target("application/fhir+json", fhir_text),
    "csv": Target("text/csv; charset=utf-8", csv_text),
    "kobo": Target("application/json", kobo_text),
}
