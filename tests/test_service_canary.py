"""The service keeps and says nothing (DP-14, DP-15, DP-34): cards with marked values go through every route and every refusal, and no mark
stands in any file of the database, SQLite's or PostgreSQL's, in any line of log, in the metrics, or in any answer but to whoever showed
the card.
"""

import asyncio
import json
import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from api import guard, held, problems, readings
from api.store import Store
from healthcard import cbor, part, resources, sign, symbol
from healthcard.card import Card
from healthcard.errors import StoreError, StoreFull
from healthcard.record import Record
from healthcard.trust import custody, uploads
from healthcard.trust.bundle import CARD_AAD, published_signer
from tests import postgres
from tests.test_access import CBOR, COSE, Region, partner_id, seized_files
from tests.test_canary import MARKED_WORD, markers
from tests.test_verifier import JSON, PDF, PNG, altered, blank_picture, picture, send_raw, waited
from tests.world import World

TODAY, JUNE = date(2026, 7, 2), date(2026, 6, 1)
CARDS = 16
TEXT, FILE = {"Content-Type": JSON}, {"Content-Type": PNG}


@pytest.fixture(scope="module")
def world() -> World:
    return World.build(TODAY)


@pytest.fixture(scope="module")
def postgresql() -> Iterator[postgres.Server]:
    """A server that holds nothing of other tests: its log of changes is searched too."""
    with postgres.server() as made:
        yield made


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Either kind, empty."""
    made: str = str(tmp_path / "shared.db") if request.param == "SQLite" else request.getfixturevalue("postgresql").database()
    return made


def marked(world: World, n: int) -> Card:
    """A mother's card with a weight, a day and an hour of its own; every other one lets a partner import it."""
    said = json.loads(resources.example("mother_first_contact.json"))
    said["choices"] = {"import": n % 2 == 0, "count": False}
    contact = said["people"][0]["contacts"][0]
    contact |= {"date": str(TODAY - timedelta(1 + n % 60)), "source": "hn-rc"}
    contact["observations"]["weight"] = 40 + n / 10
    said["people"][0] |= {"conditions": ["diabetes_in_pregnancy"], "pregnancy": {"lmp": str(date(2026, 1, 1) + timedelta(n))}}
    return world.issue(Record.from_json(said))


class Asked:
    """What was asked of a region, and every refusal with its word."""

    def __init__(self, region: Region) -> None:
        self.region, self.key = region, region.key("verify", "decode", "export", "unseal", "admin")
        self.client = region.instance()
        self.routes: set[str] = set()
        self.refused: dict[str, str] = {}

    def __call__(
        self, method: str, path: str, content: Any = None, headers: dict[str, str] | None = None, **options: Any
    ) -> httpx.Response:
        told = {"User-Agent": MARKED_WORD, "X-Forwarded-For": MARKED_WORD} | self.key | (headers or {})
        body = content if isinstance(content, bytes) or content is None else json.dumps(content).encode()
        answer = self.client.request(method, path, content=body, headers=told, **options)
        self.routes.add(f"{method} {path.partition('?')[0]}")
        if answer.headers["content-type"] == problems.MEDIA_TYPE:
            self.refused[answer.json()["code"]] = self.refused.get(answer.json()["code"], "") + answer.text
        return answer


def answered(asked: Asked, made: Card) -> None:
    """Every route that takes a card."""
    one = {"texts": [made.text]}
    for path in ("/v1/verify", "/v1/decode", "/v1/export?to=fhir", "/v1/export?to=csv&vital_interest=life-at-risk"):
        asked("POST", path, one, TEXT)
        asked("POST", path, {"texts": [altered(made), made.text]}, TEXT)
        asked("POST", path, {"texts": [made.text[:-9]]}, TEXT)
    for scope in ("verify", "decode"):
        asked("POST", f"/v1/batch?scope={scope}", {"items": [one, {"texts": made.text}, {MARKED_WORD: 1}]}, TEXT)
    for path, body in (("/v1/verify", {"texts": made.text}), ("/v1/decode", {made.text: 1}), ("/v1/batch", one), ("/v1/export?to=x", one)):
        assert asked("POST", path, body, TEXT).status_code == 400
    asked("POST", f"/v1/decode?{made.text}", made.text.encode(), {"Content-Type": made.text[:20]})
    asked("GET", f"/v1/{made.id.hex()}")
    asked("DELETE", "/v1/verify", one)


def uploaded(asked: Asked, world: World, cards: list[Card]) -> None:
    """Every route that takes an upload, and its refusals."""
    owner, station, stranger = world.organisation_signers["mx-rc"], world.station_signer, published_signer(31)
    right = uploads.sign_withdrawals([made.id for made in cards[:5]], owner, "test")
    wrong = right[:-1] + bytes([right[-1] ^ 1])
    for token in (right, wrong, uploads.sign_withdrawals([cards[0].id], stranger, "test"), MARKED_WORD.encode(), cards[0].token):
        asked("POST", "/v1/revocations", token, COSE)
    asked("POST", "/v1/revocations", uploads.sign_withdrawals([cards[0].id], station, "test"), COSE)
    asked("POST", "/v1/revocations", {"id": cards[0].id.hex()}, TEXT)
    asked("POST", "/v1/issued", uploads.sign_issued(station.key, [bytes(16)], station, "test"), COSE)
    asked("GET", "/v1/issued", params={"station": "mx-rc/1", "until": str(TODAY)})
    asked("GET", "/v1/issued", params={"station": cards[0].text[:25], "until": cards[0].id.hex()})
    for sequence in (2, 1):
        asked("POST", "/v1/aggregates", uploads.sign_counts(JUNE, sequence, {0: 60}, station, "test"), COSE)
    asked("GET", "/v1/aggregates")
    for bundle in (world.next_bundle().raw, world.bundle.raw, custody.found("test", [stranger], 1, TODAY).raw):
        asked("PUT", "/v1/trust", bundle, CBOR)
    for path in ("/v1/revocations", "/v1/trust", "/v1/vocabulary", "/healthz", "/readyz", "/metrics"):
        asked("GET", path, headers={"If-None-Match": MARKED_WORD})


def refused(asked: Asked, world: World, made: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every refusal that is left, each provoked with the marked card in its body."""
    one, region = {"texts": [made.text]}, asked.region
    asked("POST", "/v1/decode", picture(made) + bytes(pictures_limit()), FILE)
    asked("POST", "/v1/decode", blank_picture(), FILE)
    asked("POST", "/v1/decode", made.text.encode(), FILE)
    asked("POST", "/v1/export?to=csv", {"texts": [later(made, world)]}, TEXT)
    for wrong in ("Bearer " + made.text, "Bearer hck_" + "a" * 8 + "_" + "A" * 43):
        asked("POST", "/v1/decode", one, TEXT | {"Authorization": wrong})
    for key, code in ((region.key("verify"), "not-in-scope"), (region.key("decode", days=-1), "key-expired")):
        waited(lambda key=key, code=code: asked("POST", "/v1/decode", one, TEXT | key).json()["code"] == code)
    gone = region.key("decode")
    region.store.revoke_partner(partner_id(gone), TODAY)
    waited(lambda: asked("POST", "/v1/decode", one, TEXT | gone).json()["code"] == "key-revoked")
    keyless = asked.client.post("/v1/decode", json=one)
    asked.refused[keyless.json()["code"]] = keyless.text
    revocation = uploads.sign_withdrawals([made.id], world.organisation_signers["mx-rc"], "test")
    for error in (StoreError(made.text), StoreFull(made.text)):
        with changed(monkeypatch, Store, "add_withdrawals", raising(error)):
            asked("POST", "/v1/revocations", revocation, COSE)
    with changed(monkeypatch, readings.cards, "read", raising(LookupError(f"{made.text} {MARKED_WORD}"))):
        for path, body in (("/v1/verify", one), ("/v1/decode", one), ("/v1/export?to=fhir", one), ("/v1/batch", {"items": [one]})):
            assert asked("POST", path, body, TEXT).status_code == 500
    with changed(monkeypatch, readings.cards, "read", raising(asyncio.CancelledError())):  # as when the service stops
        stopped = httpx.post(asked.client.base_url.join("/v1/verify"), json=one, headers=asked.key)
        asked.refused[stopped.json()["code"]] = stopped.text
    with changed(monkeypatch, readings, "MOST_WAITING", 0):
        asked("POST", "/v1/verify", picture(made), FILE)
    with changed(monkeypatch, guard, "BODY_SECONDS", 0.05):
        head = f"POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Type: {JSON}\r\nContent-Length: 5000\r\n\r\n{made.text}"
        asked.refused["too-slow"] = send_raw(asked.client, head.encode()).partition(b"\r\n\r\n")[2].decode()
    with changed(monkeypatch, held, "FRESH_SECONDS", 0):
        asked("POST", "/v1/decode", one, TEXT)
    for _ in range(region.settings["rate"]):
        if asked("POST", "/v1/verify", one, TEXT).status_code == 429:
            break


def pictures_limit() -> int:
    return readings.pictures.MAX_FILE


def later(made: Card, world: World) -> str:
    """The card as a later version of the format would begin it."""
    content = cbor.loads(sign.inspect(made.token).payload)
    assert isinstance(content, list)
    content[0] = 2 * (part.VERSION + 1)
    return symbol.card_text(sign.sign(cbor.dumps(content), world.station_signer, CARD_AAD["test"]), "test")


def raising(error: BaseException) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


@contextmanager
def changed(monkeypatch: pytest.MonkeyPatch, place: Any, name: str, value: Any) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(place, name, value)
        yield


def test_no_route_and_no_refusal_leaves_a_mark(
    world: World,
    database: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    cards, start = [marked(world, n) for n in range(CARDS)], time.time()
    with Region(world, database, tmp_path, rate=CARDS * 40) as region:
        asked = Asked(region)
        for made in cards:
            answered(asked, made)
        asked("POST", "/v1/decode", picture(cards[0]), FILE)
        asked("POST", "/v1/export?to=kobo", picture(cards[0], cards[2]), FILE)
        pdf = picture(cards[0], form="PDF")
        assert asked("POST", "/v1/decode", pdf, {"Content-Type": PDF}).json()["verdict"] == "verified"
        assert asked("POST", "/v1/decode", pdf[: len(pdf) // 2], {"Content-Type": PDF}).status_code == 422
        uploaded(asked, world, cards)
        refused(asked, world, cards[7], monkeypatch)
        metrics = asked.client.get("/metrics").text
        documented = asked.client.get("/openapi.json").json()["paths"]
        vital = region.store.vital_interest()
        seized = re.sub(rb"\0{64,}", b"\0", seized_files(region, request, start))  # without the empty pages
    assert asked.routes >= {f"{method.upper()} {path}" for path, methods in documented.items() for method in methods}
    assert asked.refused.keys() == set(problems.CODES), set(problems.CODES) ^ asked.refused.keys()
    assert vital == {(TODAY.replace(day=1), "life-at-risk"): CARDS * 3 // 2}, "where she said no, and where her yes was not verified"
    ours = [line for line in caplog.records if not line.name.startswith(("httpx", "httpcore"))]  # what the client here says is not ours
    logged = "\n".join(f"{line.name} {line.getMessage()} {line.args} {line.exc_text} {line.exc_info}" for line in ours)
    assert logged.count("/v1/export verified") >= CARDS // 2 and "/v1/decode LookupError" in logged
    assert len(seized) > 1000 and b"life-at-risk" in seized
    said = "".join((*asked.refused.values(), metrics, logged, *capfd.readouterr()))  # what the process for PDFs says too
    everything = said.encode() + seized
    found = [marker for made in cards for marker in markers(made) if marker in everything]
    assert not found, f"{len(found)} markers, such as {found[0]!r}"
    assert MARKED_WORD not in said and MARKED_WORD.encode() not in seized


def test_the_search_would_find_a_mark(world: World) -> None:
    made = marked(world, 3)
    places = (made.text.encode(), json.dumps(made.record.to_json()).encode(), made.id, made.token)
    assert all(any(marker in place for marker in markers(made)) for place in places)
