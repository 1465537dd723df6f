"""One document of FHIR: entries, sections with a line of text for each entry, the Composition in front, organisations, provenance.

It knows how a patient summary is built and nothing of what a record holds (fhir_writer.py).
"""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from html import escape

from healthcard.exchange.fhir_terms import ORGANISATION, TERMINOLOGY, VERDICT, VERDICTS, Json, absent, coding, extension, plain
from healthcard.exchange.mapping import SYSTEMS, Concept, ExchangeMapping
from healthcard.record import HOLDER, WITHHELD

DOCUMENT_TYPE = {"system": SYSTEMS["loinc"], "code": "60591-5", "display": "Patient summary Document"}
TITLE = "Patient summary from a care card"
# Sections that a patient summary always has, with the reason where one is empty, as a code of FHIR and in words.
REQUIRED = {
    "problems": ("unavailable", "The card says nothing of health problems."),
    "allergies": ("notasked", "Allergies were not asked about."),
    "medications": ("unavailable", "The card says nothing of medicines."),
}
NOBODY = "an issuer that is not known"


@dataclass(frozen=True)
class Origin:
    """Where a record comes from: the day of issue, who issued it (None: not known), the verdict, and what no verified part says."""

    issued: date
    issuer: str | None
    verdict: str
    unverified: Collection[tuple[int, int]] | None  # (person, contact); None: all of it, unless the verdict is `verified`

    def vouched(self, person: int, contact: int | None = None) -> bool:
        """Whether a verified part says it; of a profile, whether all parts are verified and nothing of the person is in doubt."""
        if contact is None:
            return self.verdict == "verified" and all(person != doubtful for doubtful, _ in self.unverified or ())
        return self.verdict == "verified" if self.unverified is None else (person, contact) not in self.unverified

    def said(self, vouched: bool) -> str:
        """The verdict that stands beside an entry."""
        return "verified" if vouched else self.verdict if self.verdict != "verified" else "unverified"


@dataclass(frozen=True)
class Row:
    """What the entries of one contact, of the history or of the profile have in common."""

    source: str | None
    vouched: bool
    day: str = ""
    encounter: str = ""

    @property
    def told(self) -> bool:
        """Whether it is as told by the holder: so she said, or nobody vouches for it."""
        return not self.vouched or self.source == HOLDER


@dataclass
class Section:
    """References to the entries of a section, and a line of text for each."""

    references: list[Json] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


class Document:
    """A document Bundle in the making; every id in it is random (DP-21)."""

    def __init__(self, origin: Origin, now: datetime, mapping: ExchangeMapping) -> None:
        self.origin, self.mapping = origin, mapping
        self.now = now.astimezone(UTC).isoformat(timespec="seconds")
        self.entries: list[Json] = []
        self.sections: dict[str, Section] = {}
        self.organisations: dict[str, str] = {}
        self.patient = ""  # what refers to the person; the first entry that is added
        self.sensitive = False

    def add(self, resource: Json, section: str = "", text: str = "") -> str:
        """Put a resource into the document and into a section; returns what refers to it."""
        name = _name()
        head = {"resourceType": resource["resourceType"], "id": name.removeprefix("urn:uuid:")}
        self.entries.append({"fullUrl": name, "resource": head | resource})
        if section:
            listed = self.sections.setdefault(section, Section())
            listed.references.append({"reference": name})
            listed.lines.append(text)
        return name

    def resource(self, kind: str, row: Row, *concepts: Concept) -> Json:
        """The beginning of a resource, with marks of what is sensitive and of what nobody vouches for."""
        meta: Json = {}
        if any(concept.sensitive for concept in concepts):
            self.sensitive = True
            meta["security"] = [{"system": f"{TERMINOLOGY}/v3-Confidentiality", "code": "R"}]
        if not row.vouched:
            meta["tag"] = [{"system": VERDICTS, "code": self.origin.said(False)}]
        return {"resourceType": kind} | ({"meta": meta} if meta else {})

    def of(self, row: Row, subject: str = "subject", encounter: str = "encounter") -> Json:
        """References of a resource to its person and its contact."""
        return {subject: {"reference": self.patient}} | ({encounter: {"reference": row.encounter}} if row.encounter else {})

    def organisation(self, name: str) -> Json:
        if name not in self.organisations:
            identifier = [{"system": ORGANISATION, "value": name}]
            self.organisations[name] = self.add({"resourceType": "Organization", "identifier": identifier, "name": name})
        return {"reference": self.organisations[name], "display": name}

    def source(self, row: Row) -> Json:
        """Who said or did what a row holds; without a source it is the issuer."""
        if row.source == HOLDER:
            return {"reference": self.patient}
        if row.source == WITHHELD:
            return absent("masked")
        return self.organisation(row.source) if row.source else self.issuer()

    def issuer(self) -> Json:
        return self.organisation(self.origin.issuer) if self.origin.issuer else {"display": NOBODY}

    def provenance(self, targets: Iterable[str], who: Json, said: Json) -> None:
        """Who vouches for entries; `said` is an extension."""
        made: Json = {"resourceType": "Provenance"} | ({"extension": [said]} if said else {})
        self.add(made | {"target": [{"reference": name} for name in targets], "recorded": self.now, "agent": [{"who": who}]})

    def bundle(self, vouched: bool) -> Json:
        """The whole document, with its Composition in the first place; `vouched` is of the person."""
        composition = self.add(self._composition(vouched))
        self.entries.insert(0, self.entries.pop())  # made last, for it refers to the others
        self.provenance([composition], self.issuer(), extension(VERDICT, "Code", self.origin.said(vouched)))
        return {
            "resourceType": "Bundle",
            "language": "en",
            "identifier": {"system": "urn:ietf:rfc:3986", "value": _name()},
            "type": "document",
            "timestamp": self.now,
            "entry": self.entries,
        }

    def _composition(self, vouched: bool) -> Json:
        issuer = self.issuer()
        about = f"Issued by {self.origin.issuer or NOBODY} on {self.origin.issued}."
        return {
            "resourceType": "Composition",
            "text": _narrative([about if vouched else f"{about} Not verified: treat it as told by the holder."]),
            "status": "final" if vouched else "preliminary",
            "type": {"coding": [DOCUMENT_TYPE]},
            "subject": {"reference": self.patient},
            "date": self.origin.issued.isoformat(),
            "author": [issuer],
            "title": TITLE,
            "confidentiality": "R" if self.sensitive else "N",
            "section": [self._section(name) for name in dict.fromkeys((*REQUIRED, *self.sections))],
        }

    def _section(self, name: str) -> Json:
        title, code = self.mapping.named("sections", name)
        made: Json = {"title": title, "code": {"coding": [coding(code)]}}
        if listed := self.sections.get(name):
            return made | {"text": _narrative(listed.lines), "entry": listed.references}
        reason, text = REQUIRED[name]
        return made | {"text": _narrative([text]), "emptyReason": plain(f"{TERMINOLOGY}/list-empty-reason", reason)}


def _name() -> str:
    return f"urn:uuid:{uuid.uuid4()}"


def _narrative(lines: Iterable[str]) -> Json:
    listed = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><ul>{listed}</ul></div>'}
