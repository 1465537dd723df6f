"""What surrounds every answer of a service: headers, one line of log, and silence about anything unexpected.

A line says the hour, the route and how it ended, and nothing else (DP-14): no payload, no card id, no client address, no exact
time. Of an unexpected exception the class is named and no more, for its text may hold a value (DP-34).
"""

import logging
import logging.config
import time
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import problems

log = logging.getLogger("healthcard.service")

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Guard:
    """Outermost middleware; a header that the route set itself stays as it is."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        status = 0
        state = scope.setdefault("state", {})

        async def guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self.app(scope, receive, guarded)
        except Exception as error:
            log.error("%s %s", _route(scope), type(error).__name__)
            state["outcome"] = "internal"
            if not status:
                await problems.response(problems.UNEXPECTED, *problems.WORDS[problems.UNEXPECTED])(scope, receive, guarded)
        log.info("%s %s", _route(scope), state.get("outcome", status))


def _route(scope: Scope) -> str:
    """The route's own path; an address that is none of ours may hold anything and is not named."""
    return getattr(scope.get("route"), "path", "-")


class HourFormatter(logging.Formatter):
    """"2026-07-02T14Z INFO /v1/verify verified"; of an exception its class, of a stranger's message its logger."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        ours = record.name.startswith(("healthcard.", "uvicorn"))
        words = [self.formatTime(record, "%Y-%m-%dT%HZ"), record.levelname, record.getMessage().rstrip() if ours else record.name]
        if record.exc_info and record.exc_info[0]:
            words.append(record.exc_info[0].__name__)
        return " ".join(words)


LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"hour": {"()": HourFormatter}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "hour"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"healthcard": {"level": "INFO"}, "uvicorn": {"level": "INFO"}},
}
