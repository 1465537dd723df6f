"""What the services answer when they can't do what was asked: problem details (RFC 9457) with the words of healthcard.errors.

`type` stays "about:blank" and `title` the phrase of the status, as the RFC has it for problems without a page of their own; the
`code` tells them apart. Nothing that was sent is ever repeated.
"""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.requests import ClientDisconnect

from healthcard.errors import NoCode, PictureError

MEDIA_TYPE = "application/problem+json"
UNEXPECTED = 500
PHRASES = {413: "Content Too Large", 422: "Unprocessable Content"}  # of RFC 9110; Python before 3.13 has older ones

# Code and detail of each status that a service refuses with; a picture (422) says its own.
WORDS = {
    400: ("invalid-request", 'the body is not a JSON object {"texts": [...]} of 1 to 16 card texts'),
    404: ("not-found", "there is nothing at this address; /openapi.json lists what there is"),
    405: ("method-not-allowed", "this address does not take this method"),
    408: ("too-slow", "the body did not arrive in time"),
    413: ("too-large", "JSON may have 64 KiB, a picture or PDF 20 MB"),
    415: ("unsupported-type", "the content type is application/json, image/png, image/jpeg or application/pdf"),
    500: ("internal", ""),
    503: ("busy", "too many pictures at once; try again in a few seconds"),
}
PICTURE_EXAMPLES = {NoCode.code: "there is no code in the picture", PictureError.code: "a damaged or truncated picture"}

SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"const": "about:blank"},
        "title": {"type": "string", "description": "the phrase of the status"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "what to do about it, for a person"},
        "code": {"enum": [code for code, _ in WORDS.values()] + list(PICTURE_EXAMPLES), "description": "which problem, for a program"},
    },
}


def install(app: FastAPI) -> None:
    """Answer every refusal of `app` with problem details."""
    app.add_exception_handler(AnyHTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _refused)
    app.add_exception_handler(PictureError, _bad_picture)
    app.add_exception_handler(ClientDisconnect, _gone)


def refusal(status: int, headers: dict[str, str] | None = None) -> HTTPException:
    """The exception that a handler raises to refuse with the words of `status`."""
    return HTTPException(status, headers=headers)


def response(status: int, code: str, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse(body(status, code, detail), status, headers, MEDIA_TYPE)


def body(status: int, code: str, detail: str) -> dict[str, str | int]:
    said: dict[str, str | int] = {"type": "about:blank", "title": PHRASES.get(status) or HTTPStatus(status).phrase, "status": status}
    return said | ({"detail": detail} if detail else {}) | {"code": code}


def documented(status: int) -> dict[str, Any]:
    """The OpenAPI response of `status`, with an example of each code."""
    said = PICTURE_EXAMPLES if status == 422 else dict([WORDS[status]])
    content = {"schema": SCHEMA, "examples": {code: {"value": body(status, code, detail)} for code, detail in said.items()}}
    return {"description": " or ".join(said), "content": {MEDIA_TYPE: content}}


async def _refused(request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, AnyHTTPException) else 400
    code, detail = WORDS.get(status, ("refused", ""))
    request.state.outcome = code
    return response(status, code, detail, dict(getattr(error, "headers", None) or {}))


async def _bad_picture(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, PictureError)
    request.state.outcome = error.code
    return response(422, error.code, str(error))


async def _gone(request: Request, _: Exception) -> JSONResponse:
    """Nobody is left to read it, but the log says how it ended."""
    request.state.outcome = "disconnected"
    return response(400, *WORDS[400])
