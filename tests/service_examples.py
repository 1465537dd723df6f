"""Writes api/examples.json, the examples of the verifier's OpenAPI document, and docs/openapi.json, that document.

    python -m tests.service_examples             write the files (again: nothing changes)
    python -m tests.service_examples --check     exit with 1 where a file holds anything else

Every example is what the service answered to it, on the test network with its published keys. test_verifier.py asks it all again.
"""

import asyncio
import json
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from api import access, documents, verifier
from api.settings import Settings
from api.store import Store
from healthcard import card as cards
from healthcard import resources, vocabulary
from healthcard.record import Record
from healthcard.trust import uploads
from healthcard.trust.bundle import ISSUE
from tests.world import World

FILE = Path(verifier.__file__).with_name("examples.json")
SNAPSHOT = Path(__file__).parent.parent / "docs" / "openapi.json"
TODAY = date(2026, 7, 2)
CARD_ID = bytes.fromhex("5f0c9a3be1d27486")  # fixed, for the examples to be the same each time
RANDOM = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b|(?m:^[0-9a-f]{16}(?=,))")
MOMENT = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")


@dataclass(frozen=True)
class Example:
    """A request whose answer is shown; `content` is a body that is not JSON, so that only its answer is."""

    operation: str
    name: str
    request: Any = None
    content: bytes = b""
    media_type: str = documents.JSON
    parameters: dict[str, str] = field(default_factory=dict)


def record(import_: bool = False) -> Record:
    """A child whose arm was measured."""
    choices = {"import": import_, "count": False}
    return Record.from_json(json.loads(resources.example("muac_only.json")) | {"choices": choices})


def card_text(world: World, import_: bool = False) -> str:
    """The card of that child, its id fixed."""
    issued = world.issue(record(import_))
    match = cards.authorised(world.bundle, world.station_signer, ISSUE, world.today)
    part = replace(issued.part, id=CARD_ID)
    return cards.signed(part, world.station_signer, world.bundle, match, vocabulary.default(), cards.Sealing()).text


def asked(world: World) -> Iterator[Example]:
    """Every request that is shown, in an order in which each can be answered."""
    text, willing = {"texts": [card_text(world)]}, {"texts": [card_text(world, True)]}
    [shown] = text["texts"]
    altered = {"texts": [shown[:-1] + ("0" if shown[-1] != "0" else "1")]}
    yield Example("POST /v1/verify", "verified", text)
    yield Example("POST /v1/verify", "altered", altered)
    yield Example("POST /v1/verify", "unreadable", {"texts": ["not the text of a card"]})
    yield Example("POST /v1/decode", "verified", text)
    yield Example("POST /v1/batch", "one-of-three-malformed", {"items": [text, {"texts": []}, altered]})
    for form in ("fhir", "csv", "kobo"):
        yield Example("POST /v1/export", form, willing, parameters={"to": form})
    yield Example("GET /v1/vocabulary", "one-table-of-many")
    yield Example("GET /healthz", "ok")
    yield Example("GET /readyz", "ready")
    yield Example("GET /metrics", "counts")
    owner, station = world.organisation_signers["mx-rc"], world.station_signer
    cose, counts = "application/cose", {0: 60, 203: 30, 260: 9}
    yield Example("POST /v1/revocations", "kept", None, uploads.sign_withdrawals([bytes(8)], owner, "test"), cose)
    yield Example("GET /v1/revocations", "one-message")
    yield Example("POST /v1/issued", "kept", None, uploads.sign_issued(station.key, [bytes(16)], station, "test"), cose)
    yield Example("POST /v1/aggregates", "kept", None, uploads.sign_counts(date(2026, 6, 1), 1, counts, station, "test"), cose)
    yield Example("GET /v1/aggregates", "a-month")
    yield Example("PUT /v1/trust", "next", None, world.next_bundle().raw, "application/cbor")


def build() -> dict[str, Any]:
    """Requests and answers by operation and name, on TODAY."""
    world = World.build(TODAY)
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(answered(world, Path(folder)))


def application(world: World, folder: Path) -> FastAPI:
    world.bundle.save(folder / "trust.bundle")
    return verifier.create_app(Settings(folder / "trust.bundle"), now=lambda: world.today)


async def answered(world: World, folder: Path) -> dict[str, Any]:
    store = Store.open(str(folder / "trust.db"))
    partner, key = access.new_partner("Partner", frozenset(access.SCOPES), TODAY, TODAY)
    store.add_partner(partner)
    store.close()
    app, found = application(world, folder), dict[str, Any]()
    transport, headers = httpx.ASGITransport(app), {"Authorization": f"Bearer {key}"}
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://x", headers=headers) as client:
        for one in asked(world):
            method, path = one.operation.split()
            body = one.content or (json.dumps(one.request).encode() if one.request else b"")
            answer = await client.request(method, path, params=one.parameters, content=body, headers={"Content-Type": one.media_type})
            assert answer.status_code == 200, (one.operation, answer.text)
            found.setdefault(one.operation, {})[one.name] = shown(one, answer)
    return found


def shown(one: Example, answer: httpx.Response) -> dict[str, Any]:
    """The example as the document has it; what is random or of this moment is replaced, each by its own."""
    ids: dict[str, str] = {}

    def fixed(found: re.Match[str]) -> str:
        return ids.setdefault(found[0], f"{len(ids) + 1:016x}" if len(found[0]) == 16 else f"00000000-0000-4000-8000-{len(ids) + 1:012x}")

    text, media_type = MOMENT.sub("2026-07-02T12:00:00+00:00", RANDOM.sub(fixed, answer.text)), answer.headers["content-type"]
    said = json.loads(text) if "json" in media_type else text
    if one.operation == "GET /v1/vocabulary":
        said = {"urgency": said["urgency"]}
    found = {} if one.request is None else {"request": one.request}
    found |= {"parameters": one.parameters} if one.parameters else {}
    return found | {"media_type": media_type, "answer": said}


def document() -> dict[str, Any]:
    """The OpenAPI document of this release."""
    with tempfile.TemporaryDirectory() as folder:
        return application(World.build(TODAY), Path(folder)).openapi()


def main() -> int:
    stale = 0
    for path, make in ((FILE, build), (SNAPSHOT, document)):
        wanted = json.dumps(make(), indent=1, ensure_ascii=False) + "\n"
        if "--check" not in sys.argv[1:]:
            path.write_text(wanted, encoding="utf-8")
        stale |= path.read_text(encoding="utf-8") != wanted
        documents.examples.cache_clear()
    return int(stale)


if __name__ == "__main__":
    sys.exit(main())
