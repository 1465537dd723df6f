"""The service for partners: verify and decode cards, share the trust bundle and the vocabulary.

It has no signing key and keeps no record (schema.py says what it keeps). A card comes as text in JSON, or as a picture or PDF that is
the whole body:

    curl -d '{"texts": ["MCH1:..."]}' -H 'Content-Type: application/json' localhost:8000/v1/verify
    curl --data-binary @card.png -H 'Content-Type: image/png' localhost:8000/v1/decode

Whatever a card turns out to be is an answer (200) with its verdict; a body that can't be looked at is a problem (problems.py).
"""

import asyncio
import hashlib
import json
import os
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import uvicorn
from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ValidationError

import healthcard
from healthcard import card as cards
from healthcard import picture as pictures
from healthcard import seal, vocabulary
from healthcard.card import Reading, VerifiedReading
from healthcard.trust.bundle import TrustBundle

from . import documents, problems, uploads
from .access import Access
from .documents import Decoded, DocumentedApp, Texts, Verdict
from .guard import LOGGING, SERVER, Guard, limited_body
from .held import Held
from .limits import Limits
from .pages import PagesBeside
from .settings import Settings
from .store import Store

LARGEST_JSON = 64 * 1024
SCAN_THREADS = max(1, (os.cpu_count() or 1) - 1)
MOST_WAITING = 16  # pictures in memory, those being looked at included


def serve(settings: Settings) -> None:
    """Run the service until it is stopped; raises as `create_app`."""
    uvicorn.run(create_app(settings), host=settings.host, port=settings.port, log_config=LOGGING, **SERVER)


def create_app(settings: Settings, *, now: Callable[[], date] = date.today, clock: Callable[[], float] = time.time) -> FastAPI:
    """The service as an ASGI application; `now` gives today's date, `clock` the seconds that rate limits count in.

    Raises SettingError for settings that are not safe, StoreError where the database can't be used, TrustError where the bundle can't be
    believed, KeyFileError where a key can't be unlocked.
    """
    settings = settings.checked()
    secrets = unlocked(settings)
    held = Held(settings.bundle, Store.open(settings.database), Limits(clock))
    access, scanner = Access(settings, held, now), Scanner()
    tables = json.dumps(vocabulary_json(), ensure_ascii=False).encode()
    app = DocumentedApp(
        title="healthcard verifier", version=healthcard.__version__, description=documents.DESCRIPTION,
        docs_url=None, redoc_url=None, redirect_slashes=False, lifespan=following(held, settings.refresh_seconds),
    )  # fmt: skip
    app.add_middleware(Guard, bundle_version=lambda: held.version)
    problems.install(app)
    app.include_router(uploads.router(held, access, now))

    async def reading(request: Request) -> Reading:
        unseal = secrets if access.may_unseal(request.state.partner) else ()
        found = cards.read(*await card_texts(request, scanner), bundle=held.current(), now=now(), unseal=unseal)
        request.state.outcome = found.verdict
        return found

    @app.post("/v1/verify", dependencies=[Depends(access.needs("verify"))], **documents.reading(Verdict))
    async def verify(request: Request) -> Response:
        """Verdict, notices, issuer and day of issue of one or several parts of a card; nothing of the record."""
        return JSONResponse(verdict_json(await reading(request)))

    @app.post("/v1/decode", dependencies=[Depends(access.needs("decode"))], **documents.reading(Decoded))
    async def decode(request: Request) -> Response:
        """The whole reading: verdict, record, handover, and whether the holder lets a partner import it."""
        found = await reading(request)
        return JSONResponse(found.to_json() | {"import_allowed": import_allowed(found)})

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

    app.router.routes.append(PagesBeside())  # the offline scanner
    return app


def following(held: Held, seconds: float) -> Callable[[FastAPI], Any]:
    """While the application runs, what other instances write is looked at every few seconds."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        stop = asyncio.Event()
        task = asyncio.create_task(held.follow(seconds, stop))
        yield
        stop.set()
        await task
        held.store.close()

    return lifespan


def unlocked(settings: Settings) -> list[bytes]:
    """The secrets of the epoch keys that this instance may unseal with; raises KeyFileError."""
    if not settings.unseal_passphrase_file:
        return []
    passphrase = settings.unseal_passphrase_file.read_text(encoding="utf-8").rstrip("\r\n")
    return [seal.epoch_secret(file, passphrase) for file in settings.unseal]


class Scanner:
    """Looks at pictures in threads of its own, few at a time, so that card texts are answered meanwhile."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(SCAN_THREADS, "scan")
        self._waiting = 0

    async def scan(self, picture: bytes) -> list[str]:
        """The card texts in a picture or PDF; raises PictureError, and refuses while too many others wait."""
        if self._waiting >= MOST_WAITING:
            raise problems.refusal(503, {"Retry-After": "5"})
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, pictures.scan, picture)
        finally:
            self._waiting -= 1


async def card_texts(request: Request, scanner: Scanner) -> list[str]:
    """The card texts that a request brings, whichever way."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type in documents.PICTURES:
        return await scanner.scan(await limited_body(request, pictures.MAX_FILE))
    if media_type != documents.JSON:
        raise problems.refusal(415)
    try:
        return Texts.model_validate_json(await limited_body(request, LARGEST_JSON)).texts
    except ValidationError:
        raise problems.refusal(400) from None


def import_allowed(reading: Reading) -> bool:
    """Whether a partner may take the record into its own system: the holder said so, and every part is verified."""
    return isinstance(reading, VerifiedReading) and reading.record.choices.import_


def verdict_json(reading: Reading) -> dict[str, Any]:
    """A reading without what the card says of people."""
    return {
        "verdict": reading.verdict,
        "notices": list(reading.notices),
        "issuer": reading.issuer,
        "issued": reading.issued.isoformat() if reading.issued else None,
        "bundle_age_days": reading.bundle_age_days,
        "parts": [part.to_json() for part in reading.parts],
    }


def health_json(bundle: TrustBundle, today: date) -> dict[str, Any]:
    """The trust bundle that the service goes by, and its age."""
    return {
        "status": "ok",
        "network": bundle.network,
        "bundle_version": bundle.version,
        "bundle_issued": bundle.issued.isoformat(),
        "bundle_age_days": max(0, (today - bundle.issued).days),
    }


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


def revalidated(request: Request, body: bytes, media_type: str) -> Response:
    """`body` with its ETag, or 304 where the client has it (RFC 9110 section 13.1.2)."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    held = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if held & {etag, "*"}:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)
