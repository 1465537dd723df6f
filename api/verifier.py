"""The service for partners: verify, decode and export cards, share the trust bundle and the vocabulary.

It has no signing key and keeps no record (schema.py says what it keeps). A card comes as text in JSON, or as a picture or PDF that is
the whole body:

    curl -d '{"texts": ["MCH1:..."]}' -H 'Content-Type: application/json' localhost:8000/v1/verify
    curl --data-binary @card.png -H 'Content-Type: image/png' localhost:8000/v1/decode

Whatever a card turns out to be is an answer (200) with its verdict; a body that can't be looked at is a problem (problems.py).
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import uvicorn
from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Match, Router
from starlette.types import Receive, Scope, Send

import healthcard
from healthcard import vocabulary
from healthcard.trust.bundle import TrustBundle

from . import documents, exports, problems, uploads
from .access import Access
from .documents import Decoded, DocumentedApp, Verdict
from .guard import LOGGING, SERVER, Guard, revalidated, shorter_records
from .held import Held
from .limits import Limits
from .metrics import MEDIA_TYPE, Metrics
from .pages import PagesBeside
from .readings import Readings, answer, decoded_json, verdict_json
from .settings import Settings
from .store import Store


def serve(settings: Settings) -> None:
    """Run the service until it is stopped; raises as `create_app`.

    A script calls this below `if __name__ == "__main__":`, for the process that looks at PDFs begins by importing the script.
    """
    shorter_records()
    uvicorn.run(create_app(settings), host=settings.host, port=settings.port, log_config=LOGGING, **SERVER)


def create_app(settings: Settings, *, now: Callable[[], date] = date.today, clock: Callable[[], float] = time.time) -> FastAPI:
    """The service as an ASGI application; `now` gives today's date, `clock` the seconds that rate limits count in.

    Raises SettingError for settings that are not safe, StoreError where the database can't be used, TrustError where the bundle can't be
    believed, KeyFileError where a key can't be unlocked.
    """
    settings = settings.checked()
    held = Held(settings.bundle, Store.open(settings.database), Limits(clock))
    access, metrics = Access(settings, held, now), Metrics()
    readings = Readings(settings, held, access, now)
    tables = json.dumps(vocabulary_json(), ensure_ascii=False).encode()
    app = DocumentedApp(
        title="healthcard verifier", version=healthcard.__version__, description=documents.DESCRIPTION,
        docs_url=None, redoc_url=None, redirect_slashes=False, lifespan=following(held, readings, settings.refresh_seconds),
        telemetry={"tracing": False, "metrics": False, "logs": False},  # whatever is installed beside us learns nothing of requests
    )  # fmt: skip
    app.add_middleware(Guard, bundle_version=lambda: held.version, count=metrics.count)
    problems.install(app)

    async def verify(request: Request) -> Response:
        """Verdict, notices, issuer and day of issue of one or several parts of a card; nothing of the record."""
        access.admit(request, "verify")
        return answer(verdict_json(await readings.of(request)))

    async def decode(request: Request) -> Response:
        """The whole reading: verdict, record, handover, and whether the holder lets a partner import it."""
        access.admit(request, "decode")
        return answer(decoded_json(await readings.of(request)))

    # First, for routes are looked through in order, and not in a router of their own, which would be looked through once more.
    for path, handler, model in (("/v1/verify", verify, Verdict), ("/v1/decode", decode, Decoded)):
        app.router.add_api_route(path, handler, methods=["POST"], route_class_override=DirectRoute, **documents.reading(model))
    app.include_router(exports.router(held, access, readings, now))
    app.include_router(uploads.router(held, access, now))

    @app.get("/v1/trust", **documents.trust())
    async def trust(request: Request) -> Response:
        """The trust bundle, signed, as it travels."""
        return revalidated(request, held.current().raw, "application/cbor")

    @app.get("/v1/vocabulary", **documents.vocabulary())
    async def vocabulary_tables(request: Request) -> Response:
        """The code tables: what the words of a record mean, in units and steps."""
        return revalidated(request, tables, documents.JSON)

    @app.get("/healthz", **documents.health())
    async def healthz() -> Response:
        """Whether the service runs, and how old its trust bundle is."""
        return JSONResponse(health_json(held.current(), now()))

    @app.get("/readyz", **documents.ready())
    async def readyz() -> Response:
        """Whether the service may be sent requests: it has looked at its database within the last minute."""
        if not held.fresh:
            raise problems.refusal("not-ready", {"Retry-After": "15"})
        return JSONResponse({"status": "ready"})

    @app.get("/metrics", dependencies=[Depends(access.watcher)], **documents.metrics())
    async def counted() -> Response:
        """Requests since the start by route and how they ended, exports by vital interest, the age of the trust bundle, for Prometheus."""
        bundle = held.current()
        return Response(metrics.text(bundle.version, bundle_age(bundle, now()), held.vital_interest), media_type=MEDIA_TYPE)

    app.router.routes += [HeadRoute(app.router), PagesBeside()]  # the offline scanner
    return app


class DirectRoute(APIRoute):
    """A route whose handler takes the request alone and makes the whole answer: FastAPI documents it, and costs nothing on the way."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler: Callable[[Request], Coroutine[Any, Any, Response]] = self.endpoint
        return handler


class HeadRoute(BaseRoute):
    """HEAD of whatever answers GET, as RFC 9110 section 9.3.2 has it: the server leaves the body out."""

    def __init__(self, router: Router) -> None:
        self._router = router

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return Match.FULL if scope["type"] == "http" and scope["method"] == "HEAD" else Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = {**scope, "method": "GET"}
        try:
            await self._router(asked, receive, send)
        finally:
            scope["route"] = asked.get("route")  # for the log


def following(held: Held, readings: Readings, seconds: float) -> Callable[[FastAPI], Any]:
    """While the application runs, what other instances write is looked at every few seconds."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        stop = asyncio.Event()
        task = asyncio.create_task(held.follow(seconds, stop))
        yield
        readings.close()
        stop.set()
        await task
        held.store.close()

    return lifespan


def health_json(bundle: TrustBundle, today: date) -> dict[str, Any]:
    """The trust bundle that the service goes by, and its age."""
    return {
        "status": "ok",
        "network": bundle.network,
        "bundle_version": bundle.version,
        "bundle_issued": bundle.issued.isoformat(),
        "bundle_age_days": bundle_age(bundle, today),
    }


def bundle_age(bundle: TrustBundle, today: date) -> int:
    return max(0, (today - bundle.issued).days)


def vocabulary_json() -> dict[str, list[dict[str, Any]]]:
    """The tables by name; `step` is what a value is a multiple of, `words` what a coded value may be."""
    return {name: [_entry(entry) for entry in table.entries] for name, table in vocabulary.default().tables().items()}


def _entry(entry: vocabulary.Entry) -> dict[str, Any]:
    out: dict[str, Any] = {"number": entry.number, "key": entry.key, "label": entry.label, "sensitivity": entry.sensitivity}
    if isinstance(entry, vocabulary.Quantity):
        out |= {"kind": entry.kind, "words": list(entry.words.values())}
    if isinstance(entry, vocabulary.Quantity | vocabulary.Medicine):
        out |= {"unit": entry.unit, "step": entry.scale.step}
    return out
