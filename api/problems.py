"""What the services answer when they can't do what was asked: problem details (RFC 9457) with the words of healthcard.errors.

`type` stays "about:blank" and `title` the phrase of the status, as the RFC has it for problems without a page of their own; the
`code` tells them apart. Nothing that was sent is ever repeated.
"""

from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.requests import ClientDisconnect

from healthcard.errors import ImportNotAllowed, NoCode, PictureError, StoreError
from healthcard.exchange.choice import VITAL_INTEREST

MEDIA_TYPE = "application/problem+json"
UNEXPECTED, STOPPING = 500, "stopping"  # what may be the answer anywhere
PHRASES = {413: "Content Too Large", 422: "Unprocessable Content"}  # of RFC 9110; Python before 3.13 has older ones

# Code and detail of each status that a service refuses with; a picture (422) says its own.
WORDS = {
    400: (
        "invalid-request",
        'the body is not as in /openapi.json: {"texts": [...]} of 1 to 16 card texts; a batch {"items": [{"texts": [...]}]} of 1 to 500',
    ),
    404: ("not-found", "there is nothing at this address; /openapi.json lists what there is"),
    405: ("method-not-allowed", "this address does not take this method"),
    408: ("too-slow", "the body did not arrive in time"),
    413: ("too-large", "JSON and uploads may have 64 KiB, a trust bundle 256 KiB, a batch 2 MiB, a picture or PDF 20 MB"),
    415: ("unsupported-type", "the content type is application/json, image/png, image/jpeg or application/pdf, without a content encoding"),
    500: ("internal", ""),
    503: ("busy", "too many pictures at once; try again in a few seconds"),
}
# Status and detail of further codes.
FURTHER = {
    "unreadable": (400, "the body is not a signed upload of this kind; sign it with the function that docs/operation.md names"),
    "key-needed": (401, "send the key of the partner: Authorization: Bearer hck_..."),
    "unknown-key": (401, "no partner has this key; ask who runs the service for another"),
    "key-revoked": (403, "this key was revoked; ask who runs the service for another"),
    "key-expired": (403, "this key has expired; ask who runs the service for another"),
    "not-in-scope": (403, "this key is not for this; ask who runs the service for a wider scope"),
    "unknown-issuer": (403, "no key of the trust bundle has signed this"),
    "altered": (403, "the bytes do not match the signature, or it is of the other network or another kind of upload"),
    "not-authorised": (403, "this key may not sign this, or not any more"),
    "rollback": (409, "a newer trust bundle is held"),
    "superseded-upload": (409, "counts of this month with this number or a higher one are held; send them under a higher one (--number)"),
    "unsupported-upload": (415, "the content type of an upload is application/cose, of a trust bundle application/cbor"),
    "no-record": (422, "nothing of this card can be read, so there is nothing to export; scan it again"),
    "newer-version": (422, "a card of a later version of the format; who runs the service updates healthcard"),
    "bad-bundle": (422, "not a trust bundle of this network that its root has signed"),
    "too-many-requests": (429, "more requests than one partner may make in a minute; wait as long as Retry-After says"),
    "not-ready": (503, "the database was out of reach for a minute; try again later"),
    STOPPING: (503, "the service stops and did not finish this; send it again in a few seconds"),
    "bad-store": (503, "the database is out of reach; try again later"),
    "store-full": (507, "the disk of the service is full, nothing was changed; try again later"),
}
# Why a record may not go into another system, by `reason`; the message of healthcard.exchange.choice is the detail.
REASONS = {
    "holder-said-no": "the holder did not say yes to an import; vital interest needs a reason",
    "not-verified": "the card is altered: her choice is not known; vital interest needs a reason",
    "unknown-reason": f"vital interest has one of these reasons: {', '.join(VITAL_INTEREST)}",
}
PICTURE_EXAMPLES = {NoCode.code: "there is no code in the picture", PictureError.code: "a damaged or truncated picture"}

CODES = (*(code for code, _ in WORDS.values()), *FURTHER, ImportNotAllowed.code, *PICTURE_EXAMPLES)


class Problem(BaseModel):
    """What is wrong with a request, or with one item of a batch."""

    model_config = ConfigDict(extra="forbid")
    type: Literal["about:blank"]
    title: Annotated[str, Field(description="the phrase of the status")]
    status: int
    detail: Annotated[str | None, Field(description="what to do about it, for a person")] = None
    code: Annotated[str, Field(description="which problem, for a program", json_schema_extra={"enum": [*CODES]})]
    reason: Annotated[str | None, Field(description="why, with import-not-allowed", json_schema_extra={"enum": [*REASONS]})] = None


SCHEMA = {"$ref": "#/components/schemas/Problem"}  # where FastAPI puts the model


def install(app: FastAPI) -> None:
    """Answer every refusal of `app` with problem details."""
    app.add_exception_handler(AnyHTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _refused)
    app.add_exception_handler(PictureError, _bad_picture)
    app.add_exception_handler(StoreError, _store_failed)
    app.add_exception_handler(ImportNotAllowed, _not_allowed)
    app.add_exception_handler(ClientDisconnect, _gone)


class Refusal(HTTPException):
    """A refusal with a code of FURTHER."""

    def __init__(self, code: str, headers: dict[str, str] | None) -> None:
        super().__init__(FURTHER[code][0], headers=headers)
        self.code = code


def refusal(reason: int | str, headers: dict[str, str] | None = None) -> HTTPException:
    """The exception that a handler raises to refuse with the words of a status or of a code."""
    return HTTPException(reason, headers=headers) if isinstance(reason, int) else Refusal(reason, headers)


def response(status: int, code: str, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse(body(status, code, detail), status, headers, MEDIA_TYPE)


def stopping() -> JSONResponse:
    status, detail = FURTHER[STOPPING]
    return response(status, STOPPING, detail, {"Retry-After": "5"})


def body(status: int, code: str, detail: str, reason: str = "") -> dict[str, str | int]:
    said: dict[str, str | int] = {"type": "about:blank", "title": PHRASES.get(status) or HTTPStatus(status).phrase, "status": status}
    return said | ({"detail": detail} if detail else {}) | {"code": code} | ({"reason": reason} if reason else {})


def documented(*reasons: int | str) -> dict[int | str, Any]:
    """The OpenAPI responses of statuses and further codes and of STOPPING, by status, with an example of each code."""
    found: dict[int | str, dict[str, str]] = {}
    for reason in (*reasons, STOPPING):
        if isinstance(reason, int):
            found.setdefault(reason, {}).update(PICTURE_EXAMPLES if reason == 422 else dict([WORDS[reason]]))
        else:
            status, detail = FURTHER[reason]
            found.setdefault(status, {})[reason] = detail
    return {status: _documented(int(status), said) for status, said in found.items()}


def not_allowed() -> dict[int | str, Any]:
    """The OpenAPI response of a record that may not be imported, with an example of each reason."""
    code = ImportNotAllowed.code
    content = {"schema": SCHEMA, "examples": {reason: {"value": body(409, code, detail, reason)} for reason, detail in REASONS.items()}}
    return {409: {"description": code, "content": {MEDIA_TYPE: content}}}


def _documented(status: int, said: dict[str, str]) -> dict[str, Any]:
    content = {"schema": SCHEMA, "examples": {code: {"value": body(status, code, detail)} for code, detail in said.items()}}
    return {"description": " or ".join(said), "content": {MEDIA_TYPE: content}}


async def _refused(request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, AnyHTTPException) else 400
    code, detail = (error.code, FURTHER[error.code][1]) if isinstance(error, Refusal) else WORDS.get(status, ("refused", ""))
    if isinstance(error, RequestValidationError) and error.errors()[0]["loc"][0] == "query":  # what is named there is ours
        detail = f"the parameter {error.errors()[0]['loc'][1]} is missing or not as /openapi.json has it"
    request.state.outcome = code
    return response(status, code, detail, dict(getattr(error, "headers", None) or {}))


async def _bad_picture(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, PictureError)
    request.state.outcome = error.code
    return response(422, error.code, str(error))


async def _store_failed(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, StoreError)
    request.state.outcome = error.code
    status, detail = FURTHER[error.code]
    return response(status, error.code, detail, {} if status == 409 else {"Retry-After": "60"})


async def _not_allowed(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ImportNotAllowed)
    request.state.outcome = error.code
    return JSONResponse(body(409, error.code, str(error), error.reason), 409, media_type=MEDIA_TYPE)


async def _gone(request: Request, _: Exception) -> JSONResponse:
    """Nobody is left to read it, but the log says how it ended."""
    request.state.outcome = "disconnected"
    return response(400, *WORDS[400])
