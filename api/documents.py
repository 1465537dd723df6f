"""How the verifier's OpenAPI document describes each route; its examples are made by tests/service_examples.py."""

import json
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal, get_args

from fastapi import FastAPI, Response
from pydantic import BaseModel, ConfigDict, Field

from healthcard.exchange.targets import TARGETS
from healthcard.record import Record

from . import problems
from .metrics import MEDIA_TYPE as METRICS

DESCRIPTION = """Verifies and decodes care cards. It has no signing key, keeps no record and logs nothing of a card.

Every card that can be looked at is answered with 200 and a verdict: `verified`, `unknown-issuer`, `altered`, `not-authorised`,
`withdrawn`, `unreadable` or `newer-version`. A record without `verified` is to be treated as told by the holder."""

JSON = "application/json"
PDF = "application/pdf"
PICTURES = ("image/png", "image/jpeg", PDF)
MOST_TEXTS = 16  # of one card
VERDICT_HEADER, OTHER_CARDS_HEADER, WHICH_CHILD_HEADER = "Healthcard-Verdict", "Healthcard-Other-Cards", "Healthcard-Which-Child"
Word = Literal["unreadable", "newer-version", "unknown-issuer", "altered", "not-authorised", "withdrawn", "verified"]


class Texts(BaseModel):
    """The parts of one card: the text of each of its codes, in any order."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    texts: Annotated[list[str], Field(min_length=1, max_length=MOST_TEXTS)]


class PartVerdict(BaseModel):
    """One code of a card; what could not be read is left out."""

    model_config = ConfigDict(extra="forbid")
    verdict: Word
    notices: list[str]
    reason: Annotated[str, Field(description="why it is not verified, for a person")]
    issuer: str | None
    kind: str | None = None
    id: Annotated[str | None, Field(description="random, new at each issue")] = None
    issued: date | None = None
    sealed: Annotated[
        Literal["none", "closed", "opened", "damaged"] | None, Field(description="whether it has a sealed part, and whether it was opened")
    ] = None
    continues: Annotated[str | None, Field(description="id of the card that this part continues")] = None


class Verdict(BaseModel):
    """The verdict on a card: of several parts, the first by precedence."""

    model_config = ConfigDict(extra="forbid")
    verdict: Word
    notices: list[str]
    issuer: Annotated[str | None, Field(description="short name of the organisation")]
    issued: date | None
    bundle_age_days: Annotated[int, Field(ge=0)]
    parts: list[PartVerdict]


class Decoded(Verdict):
    """A card and its verdict; `record` and `handover` are null where nothing could be read."""

    record: Record | None
    handover: Annotated[dict[str, Any] | None, Field(description="the summary for the next station, in the order it is read")]
    unverified: Annotated[
        list[tuple[int, int]] | None, Field(description="merged parts: [person, contact] that no verified part has; -1 is undated history")
    ] = None
    which_child: Annotated[list[int] | None, Field(description="merged parts: people whose contacts may be another's")] = None
    other_cards: Annotated[int | None, Field(description="cards sent along that the record is not of")] = None
    import_allowed: Annotated[bool, Field(description="the holder lets a partner take over the record, and it is verified")]


class Batch(BaseModel):
    """Cards, each for itself; an item that is not like the schema gets a problem of its own, and the others their readings."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    items: Annotated[list[Any], Field(min_length=1, max_length=500, json_schema_extra={"items": Texts.model_json_schema()})]


class Results(BaseModel):
    """The result of each item, in the order of the items."""

    model_config = ConfigDict(extra="forbid")
    results: list[Decoded | Verdict | problems.Problem]


class Withdrawal(BaseModel):
    """A message by which an organisation withdrew cards of its own."""

    model_config = ConfigDict(extra="forbid")
    organisation: Annotated[str, Field(description="short name")]
    day: Annotated[date, Field(description="when it came to this service")]
    hashes: Annotated[list[str], Field(description="of card ids: the first 5 bytes of SHA-256, in hexadecimal")]
    message: Annotated[str, Field(description="as it was signed: COSE_Sign1, in base64")]


class Revocations(BaseModel):
    """Every message of the organisations that the trust bundle names, the oldest first."""

    model_config = ConfigDict(extra="forbid")
    revocations: list[Withdrawal]


class VocabularyEntry(BaseModel):
    """One word of a table; `unit`, `step` and `words` where it has values."""

    model_config = ConfigDict(extra="forbid")
    number: int
    key: str
    label: str
    sensitivity: Annotated[int, Field(ge=0, le=3)]
    kind: str | None = None
    words: list[str] | None = None
    unit: str | None = None
    step: str | None = None


class Health(BaseModel):
    """That the service runs, and with which trust bundle."""

    model_config = ConfigDict(extra="forbid")
    status: Literal["ok"]
    network: Literal["real", "test"]
    bundle_version: int
    bundle_issued: date
    bundle_age_days: Annotated[int, Field(ge=0)]


class Ready(BaseModel):
    """That the service has looked at its database within the last minute."""

    model_config = ConfigDict(extra="forbid")
    status: Literal["ready"]


class Accepted(BaseModel):
    """An upload that is kept; the same one again is accepted again and changes nothing."""

    model_config = ConfigDict(extra="forbid")
    organisation: Annotated[str, Field(description="short name of the sender's organisation")]
    entries: Annotated[int, Field(ge=0, description="how many the upload held")]


class Cell(BaseModel):
    """How often an organisation gave a service in a month, to people who agreed to being counted; 10 or more, of perhaps fewer people."""

    model_config = ConfigDict(extra="forbid")
    month: Annotated[str, Field(pattern=r"^\d{4}-\d\d$")]
    organisation: str
    service: str
    count: int


class Total(BaseModel):
    """The sum of the cells shown of a month and service."""

    model_config = ConfigDict(extra="forbid")
    month: Annotated[str, Field(pattern=r"^\d{4}-\d\d$")]
    service: str
    count: int


class Aggregates(BaseModel):
    """A cell that is not there is smaller than `smallest_cell`, or nothing."""

    model_config = ConfigDict(extra="forbid")
    smallest_cell: int
    rounded_to: Annotated[int, Field(description="counts are rounded down to a multiple of it")]
    cells: list[Cell]
    totals_of_cells: list[Total]


class Version(BaseModel):
    """The trust bundle that the service goes by."""

    model_config = ConfigDict(extra="forbid")
    bundle_version: int


# Every refusal of a caller that needs a key; without one only in the modes that settings.py names.
KEYED = ("key-needed", "unknown-key", "key-revoked", "key-expired", "not-in-scope", "too-many-requests", "not-ready")
WRITTEN = ("bad-store", "store-full")
SECURITY = "partner"
SCHEMES = {SECURITY: {"type": "http", "scheme": "bearer", "description": "the key of a partner, hck_..."}}
_MAY_BE_OPEN: list[dict[str, list[str]]] = [{}, {SECURITY: []}]
_NEEDS_KEY: list[dict[str, list[str]]] = [{SECURITY: []}]


def reading(answer: type[Verdict]) -> dict[str, Any]:
    """A route that takes card texts or a picture and answers with a reading."""
    content = {JSON: {"schema": Texts.model_json_schema()}} | {picture: {} for picture in PICTURES}
    return {
        "openapi_extra": {"requestBody": {"required": True, "content": content}, "security": _MAY_BE_OPEN},
        "responses": {200: {"model": answer, "description": "The reading, whatever its verdict."}}
        | _refusals(400, 408, 413, 415, 422, 503, *KEYED),
    }


def batch() -> dict[str, Any]:
    content = {JSON: {"schema": Batch.model_json_schema()}}
    answer = {"model": Results, "description": "A reading or a problem for each item, in their order; sent again, the same again."}
    return {
        "openapi_extra": {"requestBody": {"required": True, "content": content}, "security": _MAY_BE_OPEN},
        "responses": {200: answer} | _refusals(400, 408, 413, 415, *KEYED),
    }


def export() -> dict[str, Any]:
    described = {
        "description": "The record in the form asked for; how far to believe it stands in it too.",
        "content": {target.media_type: {} for target in TARGETS.values()},
        "headers": {
            VERDICT_HEADER: {"schema": {"enum": list(get_args(Word))}, "description": "the verdict on what was exported"},
            OTHER_CARDS_HEADER: {"schema": {"type": "integer"}, "description": "cards sent along that the record is not of"},
            WHICH_CHILD_HEADER: {
                "schema": {"type": "array", "items": {"type": "integer"}},
                "description": "people, counted from 0, whose contacts may be another's: each is marked as not verified",
            },
        },
    }
    refused = _refusals(400, 408, 413, 415, 422, 503, "no-record", "newer-version", *KEYED, *WRITTEN)
    return reading(Verdict) | {"response_class": Response, "responses": {200: described} | problems.not_allowed() | refused}


def revocations() -> dict[str, Any]:
    described = {"model": Revocations, "description": "The messages, signed as they came.", "headers": _ETAG}
    return {"responses": {200: described, 304: _NOT_MODIFIED} | _refusals("too-many-requests", "bad-store")}


def metrics() -> dict[str, Any]:
    described = {"description": "Prometheus' text format.", "content": {METRICS: {}}}
    security = {"openapi_extra": {"security": _MAY_BE_OPEN}}
    return security | {"response_class": Response, "responses": {200: described} | _refusals(*KEYED)}


def trust() -> dict[str, Any]:
    described = {"description": "The bundle (spec section 9).", "headers": _ETAG, "content": {"application/cbor": {}}}
    return {"response_class": Response, "responses": {200: described, 304: _NOT_MODIFIED} | _refusals()}


def vocabulary() -> dict[str, Any]:
    described = {"model": dict[str, list[VocabularyEntry]], "description": "Every table by its name.", "headers": _ETAG}
    return {"responses": {200: described, 304: _NOT_MODIFIED} | _refusals()}


def health() -> dict[str, Any]:
    return {"responses": {200: {"model": Health, "description": "The service runs."}} | _refusals()}


def ready() -> dict[str, Any]:
    return {"responses": {200: {"model": Ready, "description": "It answers partners."}} | _refusals("not-ready")}


def upload(kind: type[Any], *further: str) -> dict[str, Any]:
    """A route that takes a message of healthcard.trust.uploads."""
    body: dict[str, Any] = {"required": True, "description": kind.__doc__, "content": {"application/cose": {}}}
    refused = ("unreadable", 408, 413, "unsupported-upload", "unknown-issuer", "altered", "not-authorised", "too-many-requests")
    answer = {"model": Accepted, "description": "It is on the disk."}
    return {"openapi_extra": {"requestBody": body}, "responses": {200: answer} | _refusals(*refused, *WRITTEN, *further)}


def issued_list() -> dict[str, Any]:
    described = {"description": "Hashes of 16 bytes, sorted.", "content": {"application/octet-stream": {}}}
    responses = {200: described} | _refusals(400, 404, *KEYED, "bad-store")
    return {"openapi_extra": {"security": _NEEDS_KEY}, "response_class": Response, "responses": responses}


def aggregates() -> dict[str, Any]:
    responses = {200: {"model": Aggregates, "description": "What is 10 or more."}} | _refusals(*KEYED, "bad-store")
    return {"openapi_extra": {"security": _NEEDS_KEY}, "responses": responses}


def next_bundle() -> dict[str, Any]:
    body: dict[str, Any] = {"required": True, "description": "The bundle (spec section 9).", "content": {"application/cbor": {}}}
    answer = {"model": Version, "description": "What the service goes by now."}
    refused = (408, 413, "unsupported-upload", "rollback", "bad-bundle", *KEYED, *WRITTEN)
    return {"openapi_extra": {"requestBody": body, "security": _NEEDS_KEY}, "responses": {200: answer} | _refusals(*refused)}


_ETAG = {"ETag": {"schema": {"type": "string"}, "description": "give it back as If-None-Match"}}
_NOT_MODIFIED = {"description": "What If-None-Match names is what the service holds.", "headers": _ETAG}


def _refusals(*reasons: int | str) -> dict[int | str, Any]:
    return problems.documented(*reasons, problems.UNEXPECTED)


class DocumentedApp(FastAPI):
    """A FastAPI whose document shows examples.json; FastAPI itself would drop every null in them.

    A parameter that is wrong is answered with 400 here, so the 422 that FastAPI documents for it is taken out.
    """

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        components = document.setdefault("components", {})
        components["securitySchemes"] = SCHEMES
        for model in ("HTTPValidationError", "ValidationError"):
            components["schemas"].pop(model, None)
        for methods in document["paths"].values():
            for described in methods.values():
                if JSON in described["responses"].get("422", {}).get("content", {}):
                    del described["responses"]["422"]
        for operation, shown in examples().items():
            method, path = operation.split()
            described = document["paths"][path][method.lower()]
            for name, example in shown.items():
                answers = described["responses"]["200"]["content"][example["media_type"]]
                answers.setdefault("examples", {})[name] = {"value": example["answer"]}
                if "request" in example:
                    described["requestBody"]["content"][JSON].setdefault("examples", {})[name] = {"value": example["request"]}
        return document


@cache
def examples() -> dict[str, Any]:
    """Requests and answers as they were on the test network, by operation and name."""
    found: dict[str, Any] = json.loads((files(__package__) / "examples.json").read_text(encoding="utf-8"))
    return found
