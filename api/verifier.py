"""The service for partners: verify and decode cards, share the trust bundle and the vocabulary.

It has no signing key and stores nothing. A card comes as text in JSON, or as a picture or PDF that is the whole body:

    curl -d '{"texts": ["MCH1:..."]}' -H 'Content-Type: application/json' localhost:8000/v1/verify
    curl --data-binary @card.png -H 'Content-Type: image/png' localhost:8000/v1/decode

Whatever a card turns out to be is an answer (200) with its verdict; a body that can't be looked at is a problem (problems.py).
"""

import asyncio
import hashlib
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ValidationError

import healthcard
from healthcard import card as cards
from healthcard import picture as pictures
from healthcard import vocabulary
from healthcard.card import Reading, VerifiedReading
from healthcard.errors import TrustError
from healthcard.trust.bundle import TrustBundle

from . import documents, problems
from .documents import Decoded, DocumentedApp, Texts, Verdict
from .guard import LOGGING, Guard, log

LARGEST_JSON = 64 * 1024
BODY_SECONDS = 60
SCAN_THREADS = max(1, (os.cpu_count() or 1) - 1)
MOST_WAITING = 16  # pictures in memory, those being looked at included
# No access log, which holds client addresses; no header taken from a proxy; no protocol but HTTP.
SERVER: dict[str, Any] = {"access_log": False, "server_header": False, "proxy_headers": False, "ws": "none"}


def serve(bundle_file: Path, host: str, port: int) -> None:
    """Run the service until it is stopped; raises TrustError where the bundle can't be believed."""
    uvicorn.run(create_app(bundle_file), host=host, port=port, log_config=LOGGING, **SERVER)


def create_app(bundle_file: Path, *, now: Callable[[], date] = date.today) -> FastAPI:
    """The service as an ASGI application; `now` gives today's date."""
    held, scanner = HeldBundle(bundle_file), Scanner()
    tables = json.dumps(vocabulary_json(), ensure_ascii=False).encode()
    app = DocumentedApp(
        title="healthcard verifier", version=healthcard.__version__, description=documents.DESCRIPTION,
        docs_url=None, redoc_url=None, redirect_slashes=False,
    )  # fmt: skip
    app.add_middleware(Guard)
    problems.install(app)

    async def reading(request: Request) -> Reading:
        found = cards.read(*await card_texts(request, scanner), bundle=held.current(), now=now())
        request.state.outcome = found.verdict
        return found

    @app.post("/v1/verify", **documents.reading(Verdict))
    async def verify(request: Request) -> Response:
        """Verdict, notices, issuer and day of issue of one or several parts of a card; nothing of the record."""
        return JSONResponse(verdict_json(await reading(request)))

    @app.post("/v1/decode", **documents.reading(Decoded))
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

    return app


class HeldBundle:
    """The trust bundle of a file, read again when the file changes; only a newer one takes the place of the one held."""

    def __init__(self, path: Path) -> None:
        self._path, self._seen = path, _stamp(path)
        self._bundle = TrustBundle.load(path)

    def current(self) -> TrustBundle:
        stamp = _stamp(self._path)
        if stamp is not None and stamp != self._seen:
            self._seen = stamp
            try:
                self._bundle = self._bundle.update(TrustBundle.load(self._path))
                log.info("trust bundle: version %d", self._bundle.version)
            except TrustError as error:
                log.warning("trust bundle: kept version %d, %s", self._bundle.version, error.code)
        return self._bundle


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


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


async def limited_body(request: Request, limit: int) -> bytes:
    """The body, if it has at most `limit` bytes; a longer one is refused before it is read, or where it grows too long."""
    too_large = problems.refusal(413, {"Connection": "close"})
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > limit:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    raise too_large
    except TimeoutError:
        raise problems.refusal(408, {"Connection": "close"}) from None
    return bytes(body)


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
