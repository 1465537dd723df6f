"""What surrounds every answer of a service: headers, one line of log, and silence about anything unexpected.

A line says the hour, the route, how it ended and the version of the trust bundle, and nothing else (DP-14): no payload, no card id, no
client address, no exact time. Of an unexpected exception the class is named and no more, for its text may hold a value (DP-34).
"""

import asyncio
import hashlib
import logging
import logging.config
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from fastapi import Request, Response
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import problems

log = logging.getLogger("healthcard.service")

BODY_SECONDS = 60
STOP_SECONDS = 10  # for answers that are under way
# No access log, which holds client addresses; no header taken from a proxy; no protocol but HTTP.
SERVER: dict[str, Any] = {
    "access_log": False, "server_header": False, "proxy_headers": False, "ws": "none", "timeout_graceful_shutdown": STOP_SECONDS,
}  # fmt: skip

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_RAW_HEADERS = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]


class Guard:
    """Outermost middleware; a header that the route set itself stays as it is.

    `bundle_version` is for the log; `count` is told the route and how it ended, as the log is.
    """

    def __init__(
        self, app: ASGIApp, bundle_version: Callable[[], int] | None = None, count: Callable[[str, str], None] | None = None
    ) -> None:
        self.app, self._version, self._count = app, bundle_version, count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        status = 0
        state = scope.setdefault("state", {})

        async def guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                given = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(header for header in _RAW_HEADERS if header[0] not in given)]
            await send(message)

        try:
            await self.app(scope, receive, guarded)
        except Exception as error:
            log.error("%s %s", _route(scope), type(error).__name__)
            state["outcome"] = "internal"
            if not status:
                await problems.response(problems.UNEXPECTED, *problems.WORDS[problems.UNEXPECTED])(scope, receive, guarded)
        except asyncio.CancelledError:  # the service stops, and STOP_SECONDS were not enough
            state["outcome"] = problems.STOPPING
            if not status:
                await problems.stopping()(scope, receive, guarded)
            raise
        finally:
            version = f" bundle={self._version()}" if self._version else ""
            route, outcome = _route(scope), str(state.get("outcome", status))
            log.info("%s %s%s", route, outcome, version)
            if self._count:
                self._count(route, outcome)


async def limited_body(request: Request, limit: int) -> bytes:
    """The body, if it has at most `limit` bytes; a longer one is refused before it is read, or where it grows too long."""
    too_large = problems.refusal(413, {"Connection": "close"})
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > limit:
        raise too_large
    body, more = bytearray(), True
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while more:
                message = await request.receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnect
                body += message.get("body", b"")
                more = message.get("more_body", False)
                if len(body) > limit:
                    raise too_large
    except TimeoutError:
        raise problems.refusal(408, {"Connection": "close"}) from None
    return bytes(body)


def revalidated(request: Request, body: bytes, media_type: str) -> Response:
    """`body` with its ETag, or 304 where the client has it (RFC 9110 section 13.1.2)."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    held = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if held & {etag, "*"}:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)


def _route(scope: Scope) -> str:
    """The route's own path; an address that is none of ours may hold anything and is not named."""
    return getattr(scope.get("route"), "path", "-")


class HourFormatter(logging.Formatter):
    """"2026-07-02T14Z INFO /v1/verify verified"; of an exception its class, of a stranger's message its logger."""

    def format(self, record: logging.LogRecord) -> str:
        ours = record.name.startswith(("healthcard.", "uvicorn"))
        words = [_hour(int(record.created // 3600)), record.levelname, record.getMessage().rstrip() if ours else record.name]
        if record.exc_info and record.exc_info[0]:
            words.append(record.exc_info[0].__name__)
        return " ".join(words)


@lru_cache(maxsize=2)
def _hour(number: int) -> str:
    """An hour since 1970 in UTC."""
    return time.strftime("%Y-%m-%dT%HZ", time.gmtime(3600 * number))


def shorter_records() -> None:
    """Make log records without thread, process and place in the code, which no line says and each request would pay for."""
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # as Python's documentation of logging has it, under "Optimization"


LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"hour": {"()": HourFormatter}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "hour"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"healthcard": {"level": "INFO"}, "uvicorn": {"level": "INFO"}},
}
