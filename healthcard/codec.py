"""Record <-> payload bytes, following spec/healthcard.cddl line by line (spec sections 5 and 6).

`encode` writes the one payload that a part has; `decode` accepts nothing else, so the two are inverse on everything that reads.
Organisations travel as numbers; the caller gives their names from the trust bundle.
"""

from collections.abc import Mapping

from healthcard import decoder, encoder, vocabulary
from healthcard.errors import Problem, SensitiveContent
from healthcard.part import ID_SIZE, Kind, Part
from healthcard.sensitivity import sensitive
from healthcard.vocabulary import Vocabulary

__all__ = ["ID_SIZE", "Kind", "Part", "decode", "encode", "write"]


def encode(part: Part, organisations: Mapping[str, int], known: Vocabulary | None = None) -> bytes:
    """The payload of `part`; `organisations` are numbers by short name.

    Raises SensitiveContent for entries of sensitivity 2 or 3, naming them all; RecordError for an organisation without a number,
    and for a contact after the issue day.
    """
    known = known or vocabulary.default()
    if found := sensitive(part.record, known):
        instead = "make a new card" if part.kind == "continuation" else "seal it: --profile split, with a bundle that has a sealing key"
        message = f"sensitive: never in the open part of a card; leave it out, or {instead}"
        raise SensitiveContent([Problem(place, message, key) for place, key, _ in found])
    return encoder.write(part, organisations, known)


def write(part: Part, organisations: Mapping[str, int], known: Vocabulary | None = None) -> bytes:
    """`encode` without the look at sensitivity: an entry can become sensitive after a card was printed."""
    return encoder.write(part, organisations, known or vocabulary.default())


def decode(payload: bytes, organisations: Mapping[int, str], known: Vocabulary | None = None) -> Part:
    """The part that `payload` is; `organisations` are short names by number.

    Raises NewerVersion for a later major version, Unreadable for any other bytes that `encode` can't have written.
    """
    return decoder.read(payload, organisations, known or vocabulary.default())
