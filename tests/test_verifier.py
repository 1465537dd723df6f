"""The service for partners, through a real server: what it answers, what it refuses, what it never says. Invented people only."""

import gzip
import io
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from PIL import Image
from pydantic import TypeAdapter

from api import documents, guard, pdf_reader, problems, readings, verifier
from api.settings import Settings
from healthcard import card, resources, symbol
from healthcard import picture as pictures
from healthcard.card import Card
from healthcard.errors import SettingError, TrustError
from healthcard.record import Record
from healthcard.trust import custody
from healthcard.trust.bundle import published_signer
from tests import service_examples
from tests.pdfs import ENDLESS
from tests.serving import at_work
from tests.world import ORGANISATIONS, World

TODAY = date(2026, 7, 2)
MARKER = "61.7"  # a weight, planted in a record and looked for everywhere it must not be
JSON, PNG, JPEG, PDF = "application/json", "image/png", "image/jpeg", "application/pdf"


@contextmanager
def running(bundle_file: Path, today: date = TODAY) -> Iterator[httpx.Client]:
    """The verifier as a real server on loopback, and a client of it."""
    with running_app(verifier.create_app(Settings(bundle_file), now=lambda: today)) as client:
        yield client


@contextmanager
def running_app(app: FastAPI) -> Iterator[httpx.Client]:
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, **guard.SERVER))
    with at_work(server):
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            yield client


@pytest.fixture(scope="module")
def world() -> World:
    return World.build(TODAY)


@pytest.fixture(scope="module")
def bundle_file(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("service") / "trust.bundle"
    world.bundle.save(path)
    return path


@pytest.fixture(scope="module")
def client(bundle_file: Path) -> Iterator[httpx.Client]:
    with running(bundle_file) as client:
        yield client


@pytest.fixture(scope="module")
def mother(world: World) -> Card:
    """A card whose holder lets a partner import it; her weight is the marker."""
    record = json.loads(resources.example("mother_first_contact.json"))
    record["people"][0]["contacts"][0]["observations"]["weight"] = float(MARKER)
    return world.issue(Record.from_json(record))


@pytest.fixture(scope="module")
def child(world: World) -> Card:
    """A card whose holder does not."""
    return world.issue(Record.from_json(resources.example("muac_only.json")))


def altered(card: Card) -> str:
    """The card's text with another signature."""
    network, token = symbol.parse_card_text(card.text)
    return symbol.card_text(token[:-1] + bytes([token[-1] ^ 1]), network)


def picture(*cards: Card, form: str = "PNG") -> bytes:
    """The symbols of `cards` side by side, as a file."""
    symbols = [symbol.symbol(card.text).image(5).convert("L") for card in cards]
    page = Image.new("L", (sum(s.width for s in symbols), max(s.height for s in symbols)), 255)
    left = 0
    for one in symbols:
        page.paste(one, (left, 0))
        left += one.width
    file = io.BytesIO()
    page.save(file, form)
    return file.getvalue()


def blank_picture() -> bytes:
    file = io.BytesIO()
    Image.new("L", (60, 60), 255).save(file, "PNG")
    return file.getvalue()


def post_texts(client: httpx.Client, route: str, *texts: str) -> dict[str, Any]:
    answer = client.post(route, json={"texts": texts})
    assert answer.status_code == 200
    said: dict[str, Any] = answer.json()
    return said


# --- what it answers -----------------------------------------------------------------------------------------------


def test_verify_gives_verdict_issuer_and_bundle_age_and_nothing_of_the_record(client: httpx.Client, mother: Card) -> None:
    answer = post_texts(client, "/v1/verify", mother.text)
    assert answer == {
        "verdict": "verified", "notices": ["copied"], "issuer": "mx-rc", "issued": "2026-07-02", "bundle_age_days": 0,
        "parts": [{
            "verdict": "verified", "notices": ["copied"], "reason": "", "issuer": "mx-rc",
            "kind": "card", "id": mother.id.hex(), "issued": "2026-07-02", "sealed": "none",
        }],
    }  # fmt: skip


def test_decode_gives_the_record_the_handover_and_her_choice(client: httpx.Client, mother: Card, child: Card) -> None:
    answer = post_texts(client, "/v1/decode", mother.text)
    assert answer["verdict"] == "verified" and answer["import_allowed"] is True
    assert Record.from_json(answer["record"]) == mother.record
    assert answer["handover"]["standing"]["verdict"] == "verified"
    assert post_texts(client, "/v1/decode", child.text)["import_allowed"] is False


def test_an_altered_card_is_shown_but_never_imported(client: httpx.Client, mother: Card) -> None:
    answer = post_texts(client, "/v1/decode", altered(mother))
    assert answer["verdict"] == "altered" and answer["import_allowed"] is False
    assert Record.from_json(answer["record"]) == mother.record


@pytest.mark.parametrize("text", ["", "not a card", "MCT1:", "MCT1:%%%", "MCT1:\N{BABY}", "x" * 5000])
def test_a_text_that_is_no_card_is_answered_with_its_verdict(client: httpx.Client, text: str) -> None:
    answer = post_texts(client, "/v1/decode", text)
    assert (answer["verdict"], answer["record"], answer["handover"]) == ("unreadable", None, None)
    assert answer["import_allowed"] is False


@pytest.mark.parametrize(("form", "media_type"), [("PNG", PNG), ("JPEG", JPEG), ("PDF", PDF), ("PNG", "Image/PNG; charset=binary")])
def test_a_picture_is_decoded_like_the_text_of_its_code(client: httpx.Client, mother: Card, form: str, media_type: str) -> None:
    answer = client.post("/v1/decode", content=picture(mother, form=form), headers={"Content-Type": media_type})
    assert answer.json() == post_texts(client, "/v1/decode", mother.text)


def test_several_parts_are_named_after_the_first_verdict_by_precedence(client: httpx.Client, mother: Card, child: Card) -> None:
    answer = post_texts(client, "/v1/verify", mother.text, altered(child), mother.text)
    assert [part["verdict"] for part in answer["parts"]] == ["verified", "altered"]
    assert answer["verdict"] == "altered"


def test_all_codes_of_a_picture_are_read(client: httpx.Client, mother: Card, child: Card) -> None:
    answer = client.post("/v1/verify", content=picture(mother, child), headers={"Content-Type": PNG}).json()
    assert [part["id"] for part in answer["parts"]] == [mother.id.hex(), child.id.hex()]


def test_a_picture_has_no_more_codes_than_a_request_has_texts(client: httpx.Client, world: World, child: Card) -> None:
    cards = [world.issue(child.record) for _ in range(documents.MOST_TEXTS + 1)]

    def verified(*shown: Card) -> httpx.Response:
        return client.post("/v1/verify", content=picture(*shown), headers={"Content-Type": PNG})

    assert len(verified(*cards[1:]).json()["parts"]) == documents.MOST_TEXTS
    assert is_problem(verified(*cards), 422, "bad-picture")


def test_the_age_of_the_bundle_counts_from_its_issue(bundle_file: Path, child: Card) -> None:
    with running(bundle_file, TODAY + timedelta(days=40)) as later:
        assert post_texts(later, "/v1/verify", child.text)["bundle_age_days"] == 40
        assert later.get("/healthz").json() == {
            "status": "ok", "network": "test", "bundle_version": 11, "bundle_issued": "2026-07-02", "bundle_age_days": 40,
        }  # fmt: skip


def test_the_trust_bundle_is_given_as_signed_and_once(client: httpx.Client, world: World) -> None:
    given = client.get("/v1/trust")
    assert (given.content, given.headers["content-type"]) == (world.bundle.raw, "application/cbor")
    etag = given.headers["etag"]
    for held in (etag, f"W/{etag}", f'"older", {etag}', "*"):
        again = client.get("/v1/trust", headers={"If-None-Match": held})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert client.get("/v1/trust", headers={"If-None-Match": '"older"'}).content == world.bundle.raw


def test_the_vocabulary_explains_every_word_of_a_decoded_record(client: httpx.Client, mother: Card) -> None:
    given = client.get("/v1/vocabulary")
    assert client.get("/v1/vocabulary", headers={"If-None-Match": given.headers["etag"]}).status_code == 304
    tables = {name: {entry["key"]: entry for entry in entries} for name, entries in given.json().items()}
    [contact] = post_texts(client, "/v1/decode", mother.text)["record"]["people"][0]["contacts"]
    assert contact["observations"].keys() <= tables["observations_mother"].keys()
    assert {given["medicine"] for given in contact["medicines"]} <= tables["medicines"].keys()
    assert (tables["observations_mother"]["haemoglobin"]["unit"], tables["observations_mother"]["weight"]["step"]) == ("g/L", "0.1")
    assert contact["observations"]["malaria_test"] in tables["observations_mother"]["malaria_test"]["words"]


# --- what it refuses -----------------------------------------------------------------------------------------------

TOO_MANY = json.dumps({"texts": ["MCT1:"] * 17})
REFUSED = {
    "JSON that breaks off": (400, "invalid-request", JSON, b'{"texts": ["' + MARKER.encode()),
    "JSON that is not UTF-8": (400, "invalid-request", JSON, b'{"texts": ["\xff"]}'),
    "half of a surrogate pair": (400, "invalid-request", JSON, b'{"texts": ["\\ud83d"]}'),
    "an empty body": (400, "invalid-request", JSON, b""),
    "a list": (400, "invalid-request", JSON, b'["' + MARKER.encode() + b'"]'),
    "another key": (400, "invalid-request", JSON, b'{"texts": ["MCT1:"], "' + MARKER.encode() + b'": 1}'),
    "a number for a text": (400, "invalid-request", JSON, b'{"texts": [' + MARKER.encode() + b"]}"),
    "no text": (400, "invalid-request", JSON, b'{"texts": []}'),
    "seventeen texts": (400, "invalid-request", JSON, TOO_MANY.encode()),
    "deeply nested JSON": (400, "invalid-request", JSON, b'{"texts":' + b"[" * 30_000),
    "JSON of more than 64 KiB": (413, "too-large", JSON, b'{"texts": ["' + b"0" * 65_536 + b'"]}'),
    "a picture of more than 20 MB": (413, "too-large", PNG, bytes(20_000_001)),
    "a form": (415, "unsupported-type", "multipart/form-data; boundary=x", b"--x--"),
    "a picture of another kind": (415, "unsupported-type", "image/heic", b"ftypheic"),
    "no content type": (415, "unsupported-type", "", b'{"texts": ["MCT1:"]}'),
    "a picture without a code": (422, "no-code", PNG, blank_picture()),
    "what is no picture": (422, "bad-picture", JPEG, MARKER.encode()),
    "a picture that breaks off": (422, "bad-picture", PNG, blank_picture()[:-40]),
    "an empty picture": (422, "bad-picture", PDF, b""),
}


def is_problem(answer: httpx.Response, status: int, code: str) -> bool:
    """Whether this is a problem of RFC 9457 with our word, and repeats nothing that was sent."""
    assert answer.headers["content-type"] == "application/problem+json" and answer.headers["cache-control"] == "no-store"
    said = answer.json()
    assert said.keys() <= {"type", "title", "status", "detail", "code"} and said["type"] == "about:blank" and said["title"]
    assert MARKER not in answer.text
    return (answer.status_code, said["status"], said["code"]) == (status, status, code)


@pytest.mark.parametrize("route", ["/v1/verify", "/v1/decode"])
@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_a_problem_with_its_word(client: httpx.Client, route: str, case: str) -> None:
    status, code, media_type, body = REFUSED[case]
    assert is_problem(client.post(route, content=body, headers={"Content-Type": media_type}), status, code)


def test_a_compressed_body_is_refused_by_its_encoding(client: httpx.Client, child: Card) -> None:
    body, headers = gzip.compress(json.dumps({"texts": [child.text]}).encode()), {"Content-Type": JSON, "Content-Encoding": "gzip"}
    assert is_problem(client.post("/v1/verify", content=body, headers=headers), 415, "unsupported-type")
    headers["Content-Type"] = "application/cose"
    assert is_problem(client.post("/v1/issued", content=body, headers=headers), 415, "unsupported-upload")


def test_another_address_or_method_is_a_problem_too(client: httpx.Client) -> None:
    assert is_problem(client.get(f"/v1/{MARKER}"), 404, "not-found")
    assert is_problem(client.post("/v1/verify/", json={}), 404, "not-found")
    assert is_problem(client.options("/"), 404, "not-found")
    for path in ("/healthz", "/v1/trust", "/v1/verify"):
        assert is_problem(client.options(path), 405, "method-not-allowed")
    wrong = client.get("/v1/decode", params={"text": MARKER})
    assert is_problem(wrong, 405, "method-not-allowed") and wrong.headers["allow"] == "POST"


def test_head_is_get_without_the_body(client: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    paths = ("/healthz", "/readyz", "/v1/trust", "/v1/vocabulary", "/v1/revocations", "/openapi.json", "/", "/nowhere", "/v1/verify")
    with caplog.at_level(logging.INFO, "healthcard"):
        for path in paths:
            got, headed = client.get(path), client.head(path)
            assert (headed.status_code, headed.content) == (got.status_code, b"") and headed.headers["date"]
            assert {**headed.headers, "date": ""} == {**got.headers, "date": ""}
        waited(lambda: caplog.text.count("/v1/verify method-not-allowed") == 2)
    said = [record.getMessage() for record in caplog.records if record.name == guard.log.name][-2 * len(paths) :]
    assert said[::2] == said[1::2] and "/v1/trust 200 bundle=11" in said


def send_raw(client: httpx.Client, request: bytes) -> bytes:
    """What the server sends back to these bytes until it closes."""
    with socket.create_connection((client.base_url.host, client.base_url.port), timeout=10) as connection:
        connection.sendall(request)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
        return received


@pytest.mark.parametrize(("media_type", "length"), [(JSON, 65_537), (PNG, 20_000_001), (PDF, 10**15)])
def test_a_body_announced_as_too_long_is_refused_unread(client: httpx.Client, media_type: str, length: int) -> None:
    head = f"POST /v1/decode HTTP/1.1\r\nHost: x\r\nContent-Type: {media_type}\r\nContent-Length: {length}\r\n\r\n"
    assert send_raw(client, head.encode()).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(("media_type", "limit"), [(JSON, 65_536), (PNG, 20_000_000)])
def test_a_body_of_no_announced_length_is_refused_at_the_first_byte_too_many(client: httpx.Client, media_type: str, limit: int) -> None:
    head = f"POST /v1/decode HTTP/1.1\r\nHost: x\r\nContent-Type: {media_type}\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = b"%x\r\n%s\r\n" % (limit, bytes(limit)) + b"1\r\n0\r\n"  # the end of the body never comes
    received = send_raw(client, head.encode() + chunks)
    assert received.startswith(b"HTTP/1.1 413 ") and b'"too-large"' in received


def test_a_body_that_does_not_come_is_given_up(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "BODY_SECONDS", 0.1)
    head = f"POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Type: {JSON}\r\nContent-Length: 50\r\n\r\n{{"
    assert b'"too-slow"' in send_raw(client, head.encode())


def test_texts_are_answered_while_pictures_are_looked_at_and_too_many_pictures_are_refused(
    client: httpx.Client, child: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at, go_on = threading.Event(), threading.Event()

    def slow_scan(_: bytes, *, seconds: float) -> list[str]:
        assert seconds == readings.SCAN_SECONDS
        looked_at.set()
        assert go_on.wait(20)
        return [child.text]

    monkeypatch.setattr(pictures, "scan", slow_scan)
    monkeypatch.setattr(readings, "MOST_WAITING", 2)  # one of them without a key
    answers: list[httpx.Response] = []

    def send() -> httpx.Response:
        return client.post("/v1/verify", content=b"a picture", headers={"Content-Type": PNG})

    first = threading.Thread(target=lambda: answers.append(send()))
    first.start()
    try:
        assert looked_at.wait(20)
        assert post_texts(client, "/v1/verify", child.text)["verdict"] == "verified"
        second = send()
        assert is_problem(second, 503, "busy") and second.headers["retry-after"] == "5"
    finally:
        go_on.set()
        first.join()
    assert answers[0].json()["verdict"] == "verified"
    assert send().status_code == 200


def test_only_so_many_pictures_arrive_at_once_and_the_next_is_refused_unread(client: httpx.Client, child: Card) -> None:
    head = f"POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Type: {PNG}\r\nContent-Length: 50\r\nExpect: 100-continue\r\n\r\n"
    received = []
    with ExitStack() as stack:
        for _ in range(readings.MOST_WAITING // 2 + 1):
            connection = stack.enter_context(socket.create_connection((client.base_url.host, client.base_url.port), timeout=10))
            connection.sendall(head.encode())
            received.append(connection.recv(65536))
        assert {said.split()[1] for said in received[:-1]} == {b"100"}
        assert received[-1].startswith(b"HTTP/1.1 503 ") and b"\r\nretry-after: 5\r\n" in received[-1]
        assert post_texts(client, "/v1/verify", child.text)["verdict"] == "verified"
    picture_of_it = {"content": picture(child), "headers": {"Content-Type": PNG}}
    assert waited(lambda: (answer := client.post("/v1/verify", **picture_of_it)).status_code == 200 and answer)  # when they are gone


def test_a_pdf_that_holds_its_reader_keeps_no_picture_waiting_and_is_given_up(
    bundle_file: Path, child: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readings, "PdfReader", partial(pdf_reader.PdfReader, 10.0))
    answers: list[httpx.Response] = []
    with running(bundle_file) as client:

        def send(content: bytes, called: str = PDF) -> httpx.Response:
            return client.post("/v1/verify", content=content, headers={"Content-Type": called})

        assert send(picture(child, form="PDF")).json()["verdict"] == "verified"
        endless = threading.Thread(target=lambda: answers.append(send(ENDLESS, PNG)))  # whatever it is called
        endless.start()
        assert send(picture(child), PNG).json()["verdict"] == post_texts(client, "/v1/verify", child.text)["verdict"] == "verified"
        assert endless.is_alive()
        endless.join()
        assert is_problem(answers[0], 422, "bad-picture") and answers[0].json()["detail"] == pdf_reader.TOO_MUCH
        assert send(picture(child, form="PDF")).json()["verdict"] == "verified"


def test_parameters_that_fail_validation_are_not_repeated() -> None:
    app = FastAPI()
    problems.install(app)

    @app.get("/count")
    async def count(number: int) -> int:
        return number

    with running_app(app) as client:
        assert client.get("/count", params={"number": 7}).json() == 7
        answer = client.get("/count", params={"number": MARKER})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-request") and MARKER not in answer.text
    assert answer.json()["detail"] == "the parameter number is missing or not as /openapi.json has it"


# --- what it never says --------------------------------------------------------------------------------------------


def test_every_answer_has_the_headers_and_none_opens_to_other_origins(client: httpx.Client, child: Card) -> None:
    origin = {"Origin": "https://elsewhere.example"}
    answers = [
        client.post("/v1/verify", json={"texts": [child.text]}, headers=origin),
        client.post("/v1/decode", json={"texts": [child.text]}, headers=origin),
        client.post("/v1/decode", content=b"", headers={"Content-Type": "text/plain"} | origin),
        client.options("/v1/decode", headers=origin | {"Access-Control-Request-Method": "POST"}),
        *(client.get(path, headers=origin) for path in ("/v1/trust", "/v1/vocabulary", "/healthz", "/openapi.json", "/nowhere")),
    ]
    for answer in answers:
        cached = answer.request.url.path in ("/v1/trust", "/v1/vocabulary")
        expected = guard.HEADERS | ({"Cache-Control": "no-cache"} if cached else {})
        assert {name: answer.headers[name] for name in expected} == expected
        assert "server" not in answer.headers and not any(name.startswith("access-control") for name in answer.headers)
    assert guard.HEADERS["Cache-Control"] == "no-store" and guard.HEADERS["X-Content-Type-Options"] == "nosniff"


SERVE = """
import sys
from pathlib import Path
from api import readings, settings, verifier
real = readings.cards.read
def read(*texts, **rest):
    if texts[0].startswith("fail"):
        raise ValueError(f"could not read {texts}")
    return real(*texts, **rest)
readings.cards.read = read
verifier.serve(settings.Settings(Path(sys.argv[1]), port=0))
"""


def test_nothing_that_was_sent_is_in_any_log_line(bundle_file: Path, mother: Card, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as file:
        command = [sys.executable, "-c", SERVE, str(bundle_file)]
        process = subprocess.Popen(command, cwd=Path(verifier.__file__).parents[1], stdout=file, stderr=file)
    try:
        port = waited(lambda: re.search(r"http://127\.0\.0\.1:(\d+)", log.read_text()))[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            assert post_texts(client, "/v1/decode", mother.text)["issuer"] == "mx-rc"
            assert post_texts(client, "/v1/verify", altered(mother))["verdict"] == "altered"
            assert client.post("/v1/decode", content=picture(mother), headers={"Content-Type": PNG}).status_code == 200
            assert client.post("/v1/decode", content=b'{"61.7', headers={"Content-Type": JSON}).status_code == 400
            assert client.get(f"/v1/{MARKER}?{mother.id.hex()}", headers={"User-Agent": MARKER}).status_code == 404
            assert is_problem(client.post("/v1/decode", json={"texts": [f"fail {MARKER} {mother.id.hex()}"]}), 500, "internal")
            send_raw(client, b"GET " + MARKER.encode() + b"\r\n\r\n")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    lines = log.read_text().splitlines()
    ours = [line.split(" ", 1)[1] for line in lines if re.match(r"\d{4}-\d\d-\d\dT\d\dZ (INFO|ERROR) (/|-)", line)]
    assert ours == [
        "INFO /v1/decode verified bundle=11", "INFO /v1/verify altered bundle=11", "INFO /v1/decode verified bundle=11",
        "INFO /v1/decode invalid-request bundle=11", "INFO - not-found bundle=11", "ERROR /v1/decode ValueError",
        "INFO /v1/decode internal bundle=11",
    ]  # fmt: skip
    said = "\n".join(line for line in lines if "Uvicorn running on" not in line)
    for secret in (MARKER, mother.id.hex(), mother.text[5:25], "127.0.0.1", "Traceback", "could not read"):
        assert secret not in said
    assert not re.search(r"\d\d:\d\d", said)  # no time finer than the hour


def waited(look: Callable[[], Any]) -> Any:
    """What `look` finds, as soon as it finds something."""
    deadline = time.monotonic() + 30
    while not (found := look()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return found


def test_an_unexpected_failure_says_its_class_in_the_log_and_nothing_to_the_client(
    client: httpx.Client, child: Card, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: str, **__: Any) -> None:
        raise LookupError(f"weight {MARKER}")

    monkeypatch.setattr(card, "read", fail)
    with caplog.at_level(logging.DEBUG):
        answer = client.post("/v1/decode", json={"texts": [child.text]})
    assert is_problem(answer, 500, "internal") and "detail" not in answer.json()
    assert "/v1/decode LookupError" in caplog.text and MARKER not in caplog.text and child.text not in caplog.text


def test_what_is_not_done_when_the_service_stops_is_told_to_come_again(bundle_file: Path, caplog: pytest.LogCaptureFixture) -> None:
    app = verifier.create_app(Settings(bundle_file), now=lambda: TODAY)
    settings = guard.SERVER | {"timeout_graceful_shutdown": 0.1}
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, **settings))
    with caplog.at_level(logging.INFO, "healthcard"), ExitStack() as stack:
        with at_work(server):
            address = server.servers[0].sockets[0].getsockname()
            connection = stack.enter_context(socket.create_connection(address, timeout=10))
            request = f"POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Type: {JSON}\r\nContent-Length: 50\r\nExpect: 100-continue\r\n\r\n"
            connection.sendall(request.encode())
            assert b" 100 " in connection.recv(65536)
        head, _, body = connection.makefile("rb").read().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 ") and b"retry-after: 5" in head and b"cache-control: no-store" in head
    assert json.loads(body) == problems.body(503, "stopping", problems.FURTHER["stopping"][1])
    assert "/v1/verify stopping bundle=11" in caplog.text


def test_a_client_that_goes_away_is_no_failure(client: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "healthcard"):
        with socket.create_connection((client.base_url.host, client.base_url.port)) as connection:
            connection.sendall(f"POST /v1/decode HTTP/1.1\r\nHost: x\r\nContent-Type: {PNG}\r\nContent-Length: 50\r\n\r\nhalf".encode())
        waited(lambda: "disconnected" in caplog.text)
    said = [record.getMessage() for record in caplog.records if record.name == guard.log.name]  # the line of the test before may come late
    assert said[-1] == "/v1/decode disconnected bundle=11" and len(said) <= 2


def test_log_lines_drop_exception_texts_and_messages_of_strangers() -> None:
    def line(logger: str, message: str, error: Exception | None = None) -> str:
        info = (type(error), error, None) if error else None
        return guard.HourFormatter().format(logging.LogRecord(logger, logging.ERROR, "", 0, message, (), info)).split(" ", 1)[1]

    assert line("uvicorn.error", "Exception in ASGI application\n", ValueError(MARKER)) == "ERROR Exception in ASGI application ValueError"
    assert line("asyncio", f"Task failed: {MARKER}", KeyError(MARKER)) == "ERROR asyncio KeyError"


# --- the trust bundle ----------------------------------------------------------------------------------------------


def test_a_newer_bundle_is_taken_without_a_restart_and_nothing_else_is(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, newer = tmp_path / "trust.bundle", world.next_bundle()
    stranger = custody.found("test", [published_signer(31)], 1, TODAY)
    path.write_bytes(world.bundle.raw)
    with running(path) as client, caplog.at_level(logging.INFO, "healthcard"):

        def served_after(content: bytes | None) -> bytes:
            if content is None:
                path.unlink()
            else:
                path.write_bytes(content)
                changed = path.stat().st_mtime_ns + 1_000_000
                os.utime(path, ns=(changed, changed))
            return client.get("/v1/trust").content

        assert client.get("/v1/trust").content == world.bundle.raw
        assert served_after(newer.raw) == newer.raw
        assert client.get("/healthz").json()["bundle_version"] == newer.version
        assert served_after(world.bundle.raw) == newer.raw, "an older one"
        assert served_after(newer.raw[:-1]) == newer.raw, "half a bundle"
        assert served_after(stranger.raw) == newer.raw, "one of another root"
        assert served_after(None) == newer.raw, "none"
    said = [record.getMessage() for record in caplog.records if record.getMessage().startswith("trust bundle")]
    kept = [f"trust bundle: kept version 12, {word}" for word in ("rollback", "bad-bundle", "bad-bundle")]
    assert said == ["trust bundle: version 12", *kept]


def test_the_service_does_not_start_without_a_bundle_it_believes(tmp_path: Path) -> None:
    with pytest.raises(SettingError):
        verifier.create_app(Settings(tmp_path / "missing"))
    (tmp_path / "trust.bundle").write_bytes(b"\x83\x00\x00\x00")
    with pytest.raises(TrustError):
        verifier.create_app(Settings(tmp_path / "trust.bundle"))


def test_the_world_of_the_tests_numbers_its_organisations_from_three(world: World) -> None:
    assert world.bundle.organisation_names == dict(enumerate(ORGANISATIONS, 3))
    match = world.bundle.match(world.station_signer.key)
    assert match is not None and match.organisation.name == "mx-rc"
    assert (world.bundle.network, world.bundle.issued) == ("test", TODAY)


# --- the OpenAPI document ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def document(client: httpx.Client) -> dict[str, Any]:
    said: dict[str, Any] = client.get("/openapi.json").json()
    return said


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {f"{method.upper()} {path}": described for path, methods in document["paths"].items() for method, described in methods.items()}


def test_examples_are_what_the_code_makes_today() -> None:
    assert json.loads(service_examples.FILE.read_text(encoding="utf-8")) == service_examples.build(), "run python -m tests.service_examples"


def test_documented_examples_are_accepted_and_answered_as_documented(client: httpx.Client, document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    tried = []
    for path in ("/v1/verify", "/v1/decode"):
        described = document["paths"][path]["post"]
        requests = described["requestBody"]["content"][JSON]["examples"]
        answers = described["responses"]["200"]["content"][JSON]["examples"]
        assert requests.keys() == answers.keys() and "verified" in requests
        for name, request in requests.items():
            assert post_texts(client, path, *request["value"]["texts"]) == answers[name]["value"]
            tried.append(name)
    assert tried == ["verified", "altered", "unreadable", "verified"]
    health, tables = (document["paths"][p]["get"]["responses"]["200"]["content"][JSON]["examples"] for p in ("/healthz", "/v1/vocabulary"))
    assert client.get("/healthz").json() == health["ok"]["value"]
    shown = tables["one-table-of-many"]["value"]
    assert shown and client.get("/v1/vocabulary").json() | shown == client.get("/v1/vocabulary").json()


def test_documented_problems_are_word_for_word_what_is_answered(client: httpx.Client, document: dict[str, Any]) -> None:
    for path in ("/v1/verify", "/v1/decode"):
        responses = document["paths"][path]["post"]["responses"]
        for status, code, media_type, body in REFUSED.values():
            shown = responses[str(status)]["content"]["application/problem+json"]["examples"][code]["value"]
            answered = client.post(path, content=body, headers={"Content-Type": media_type}).json()
            assert answered.keys() == shown.keys()
            assert answered == shown | ({"detail": answered["detail"]} if status == 422 else {})
        # 408, 500 and 503 are provoked one by one above; 401, 403 and 429 are in test_access.py
        assert set(responses) == {str(status) for status, *_ in REFUSED.values()} | {"200", "401", "403", "408", "429", "500", "503"}


def test_the_documented_models_describe_the_answers(client: httpx.Client, mother: Card, document: dict[str, Any]) -> None:
    documents.Verdict.model_validate(post_texts(client, "/v1/verify", mother.text, altered(mother), "no card"))
    documents.Decoded.model_validate(post_texts(client, "/v1/decode", mother.text))
    documents.Decoded.model_validate(post_texts(client, "/v1/decode", "no card"))
    documents.Health.model_validate(client.get("/healthz").json())
    TypeAdapter(dict[str, list[documents.VocabularyEntry]]).validate_python(client.get("/v1/vocabulary").json())
    assert set(operations(document)) == {
        "POST /v1/verify", "POST /v1/decode", "POST /v1/batch", "POST /v1/export", "GET /v1/trust", "PUT /v1/trust", "GET /v1/vocabulary",
        "POST /v1/revocations", "GET /v1/revocations", "POST /v1/issued", "GET /v1/issued", "POST /v1/aggregates", "GET /v1/aggregates",
        "GET /healthz", "GET /readyz", "GET /metrics",
    }  # fmt: skip
    for described in operations(document).values():
        assert described["summary"] and described["description"] and "200" in described["responses"]


def test_every_answer_and_every_body_of_the_document_has_an_example(document: dict[str, Any]) -> None:
    binary = {"application/cbor", "application/cose", "application/octet-stream", *documents.PICTURES}
    for name, described in operations(document).items():
        shown = list(described["responses"].items())
        if "requestBody" in described:
            shown.append(("body", described["requestBody"]))
        for status, answer in shown:
            for media_type, content in answer.get("content", {}).items():
                assert media_type in binary or content.get("examples"), (name, status, media_type)


def test_every_reference_of_the_document_leads_somewhere(document: dict[str, Any]) -> None:
    references = re.findall(r'"\$ref": "([^"]+)"', json.dumps(document))
    assert references
    for reference in references:
        found: Any = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
