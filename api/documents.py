"""How the verifier's OpenAPI document describes each route; its examples are made by tests/service_examples.py."""

import json
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Response
from pydantic import BaseModel, ConfigDict, Field

from healthcard.record import Record

from . import problems

DESCRIPTION = """Verifies and decodes care cards. It has no signing key, stores nothing and logs nothing of a card.

Every card that can be looked at is answered with 200 and a verdict: `verified`, `unknown-issuer`, `altered`, `not-authorised`,
`withdrawn`, `unreadable` or `newer-version`. A record without `verified` is to be treated as told by the holder."""

JSON = "application/json"
PICTURES = ("image/png", "image/jpeg", "application/pdf")
Word = Literal["unreadable", "newer-version", "unknown-issuer", "altered", "not-authorised", "withdrawn", "verified"]


class Texts(BaseModel):
    """The parts of one card: the text of each of its codes, in any order."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    texts: Annotated[list[str], Field(min_length=1, max_length=16)]


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


def reading(answer: type[Verdict]) -> dict[str, Any]:
    """A route that takes card texts or a picture and answers with a reading."""
    content = {JSON: {"schema": Texts.model_json_schema()}} | {picture: {} for picture in PICTURES}
    return {
        "openapi_extra": {"requestBody": {"required": True, "content": content}},
        "responses": {200: {"model": answer, "description": "The reading, whatever its verdict."}}
        | _refusals(400, 408, 413, 415, 422, 503),
    }


def trust() -> dict[str, Any]:
    described = {"description": "The bundle (spec section 9).", "headers": _ETAG, "content": {"application/cbor": {}}}
    return {"response_class": Response, "responses": {200: described, 304: _NOT_MODIFIED} | _refusals()}


def vocabulary() -> dict[str, Any]:
    described = {"model": dict[str, list[VocabularyEntry]], "description": "Every table by its name.", "headers": _ETAG}
    return {"responses": {200: described, 304: _NOT_MODIFIED} | _refusals()}


def health() -> dict[str, Any]:
    return {"responses": {200: {"model": Health, "description": "The service runs."}} | _refusals()}


_ETAG = {"ETag": {"schema": {"type": "string"}, "description": "give it back as If-None-Match"}}
_NOT_MODIFIED = {"description": "What If-None-Match names is what the service holds.", "headers": _ETAG}


def _refusals(*statuses: int) -> dict[int | str, Any]:
    return {status: problems.documented(status) for status in (*statuses, problems.UNEXPECTED)}


class DocumentedApp(FastAPI):
    """A FastAPI whose document shows examples.json; FastAPI itself would drop every null in them."""

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        for operation, shown in examples().items():
            method, path = operation.split()
            described = document["paths"][path][method.lower()]
            described["responses"]["200"]["content"][JSON]["examples"] = _values(shown, "answer")
            if "requestBody" in described:
                described["requestBody"]["content"][JSON]["examples"] = _values(shown, "request")
        return document


@cache
def examples() -> dict[str, Any]:
    """Requests and answers as they were on the test network, by operation and name."""
    found: dict[str, Any] = json.loads((files(__package__) / "examples.json").read_text(encoding="utf-8"))
    return found


def _values(shown: dict[str, Any], side: str) -> dict[str, Any]:
    return {name: {"value": example[side]} for name, example in shown.items()}
