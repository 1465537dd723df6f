"""The verifier under load on loopback, beside a route that only checks one signature: `python -m benchmarks.service`.

The reference is a FastAPI route with the same JSON body model that checks one Ed25519 signature of a card's length, under the same
uvicorn settings. Each server is a process of its own; the two are asked in turn, so that the machine's noise meets both. With
HEALTHCARD_CAMPAIGN the memory is watched over 200,000 requests instead of 10,000.
"""

import asyncio
import io
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from api import verifier
from api.documents import Texts
from api.guard import SERVER, shorter_records
from api.settings import Settings
from benchmarks.families import families
from healthcard import sign, symbol
from healthcard.card import Card
from tests.world import World

LEAST_RATIO = 0.6  # the aim
CONNECTIONS, ROUNDS, ROUND_SECONDS = 8, 30, 0.5
RATE, RATE_SECONDS, PICTURE_EACH = 100, 20, 20
WATCHED, LOOKS = 200_000 if os.environ.get("HEALTHCARD_CAMPAIGN") else 10_000, 10
TODAY = date(2026, 11, 20)


def main() -> None:
    """Print the figures."""
    world = World.build(TODAY)
    card = median_card(world)
    with tempfile.TemporaryDirectory() as name:
        world.bundle.save(Path(name) / "trust.bundle")
        (Path(name) / "card").write_bytes(card.token)
        with running("verifier", name) as ours, running("reference", name) as reference:
            asyncio.run(measured(ours, reference, card))


def median_card(world: World) -> Card:
    """The card of the median size of sixty families."""
    cards = sorted((world.issue(record) for record in families(60)), key=lambda made: len(made.token))
    return cards[len(cards) // 2]


async def measured(ours: "Process", reference: "Process", card: Card) -> None:
    text = request("/v1/verify", "application/json", json.dumps({"texts": [card.text]}).encode())
    picture = request("/v1/verify", "image/png", png(card))
    rounds = [(await rate(ours, text), await rate(reference, text)) for _ in range(ROUNDS)]
    mine, theirs = (max(one[side].answered for one in rounds) for side in (0, 1))  # the machine's noise only ever slows
    ratio = mine / theirs
    computed, other_computed = (min(one[side].computed for one in rounds) for side in (0, 1))
    print(f"Verify, median card of {len(card.token)} bytes, {CONNECTIONS} connections, one process: {mine:.0f} requests/s")
    print(f"  {ratio:.2f} of a route that only checks one signature ({theirs:.0f}/s; aim: >= {LEAST_RATIO:g})")
    print(f"  processor time of a request {1e6 * computed:.0f} us and {1e6 * other_computed:.0f} us: {other_computed / computed:.2f}")
    texts, pictures = await latencies(ours, text, picture)
    print(f"  at {RATE} requests/s, every {PICTURE_EACH}th a picture:")
    for kind, took in (("texts", texts), ("pictures", pictures)):
        print(f"    {kind:8} p50 {percentile(took, 50):6.1f} ms, p99 {percentile(took, 99):6.1f} ms")
    decode = request("/v1/decode", "application/json", json.dumps({"texts": [card.text]}).encode())
    batch = request("/v1/batch", "application/json", json.dumps({"items": [{"texts": [card.text]}] * 20}).encode())
    refused = request("/v1/verify", "application/json", b"[]")
    sizes = await memory(ours, [text] * 60 + [decode] * 36 + [refused] * 3 + [batch], picture)
    grown = sizes[-1] - sizes[1]
    print(f"  memory over {WATCHED} requests: {sizes[1]:.0f} MB after a tenth, {sizes[-1]:.0f} MB at the end ({grown:+.1f} MB)\n")


# --- servers -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Process:
    """A running server."""

    id: int
    port: int

    @property
    def seconds(self) -> float:
        """What it has computed so far, waiting left out: a measure that other programs of the machine hardly touch."""
        fields = Path(f"/proc/{self.id}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def megabytes(self) -> float:
        """What it holds in memory now."""
        [pages] = re.findall(r"^VmRSS:\s+(\d+) kB", Path(f"/proc/{self.id}/status").read_text(), re.M)
        return int(pages) / 1024


@contextmanager
def running(kind: str, folder: str) -> Iterator[Process]:
    command = [sys.executable, "-m", "benchmarks.service", kind, folder]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        try:
            yield Process(process.pid, int(process.stdout.readline()))
        finally:
            process.terminate()


def serve(kind: str, folder: Path) -> None:
    """Be one of the two servers, on a port that is written to standard output."""
    shorter_records()
    if kind == "verifier":
        app = verifier.create_app(Settings(folder / "trust.bundle"), now=lambda: TODAY)
    else:
        app = reference_app((folder / "card").read_bytes())
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named, or asyncio lets answers wait (Nagle)
    listening.bind(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(app, log_config=verifier.LOGGING, **SERVER)).run([listening])


def reference_app(token: bytes) -> FastAPI:
    """One route with the same body model that checks the signature of one card, and nothing else."""
    app, message = FastAPI(openapi_url=None), sign.inspect(token)
    key, signed = World.build(TODAY).station_signer.key, message.to_be_signed(b"healthcard-test/0")

    @app.post("/v1/verify")
    async def verify(_: Texts) -> JSONResponse:
        key.check(message.signature, signed)
        return JSONResponse({"verified": True})

    return app


# --- a client ------------------------------------------------------------------------------------------------------------


def request(path: str, media_type: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def png(card: Card) -> bytes:
    file = io.BytesIO()
    symbol.symbol(card.text).image(6).save(file, "PNG")
    return file.getvalue()


class Connection:
    """One connection that is kept open, and opened again where the server closed it because nobody asked for a while."""

    def __init__(self, server: Process) -> None:
        self._port = server.port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, sent: bytes) -> None:
        """Send and wait for the whole answer, which is 200 or a refusal of ours."""
        try:
            reader, head = await self._head(sent)
        except (ConnectionError, asyncio.IncompleteReadError):
            self._streams = None
            reader, head = await self._head(sent)
        assert head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 400")), head
        [length] = re.findall(rb"content-length: (\d+)", head)
        await reader.readexactly(int(length))

    async def _head(self, sent: bytes) -> tuple[asyncio.StreamReader, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(sent)
        return reader, await reader.readuntil(b"\r\n\r\n")

    async def close(self) -> None:
        if self._streams:
            self._streams[1].close()
            await self._streams[1].wait_closed()


@dataclass(frozen=True)
class Rate:
    """Requests answered in a second, and the seconds that the server computed for one."""

    answered: float
    computed: float


async def rate(server: Process, sent: bytes) -> Rate:
    """What a server does for a few connections that ask without a pause."""
    end, answered = time.perf_counter() + ROUND_SECONDS, 0

    async def ask() -> None:
        nonlocal answered
        connection = Connection(server)
        while time.perf_counter() < end:
            await connection.ask(sent)
            answered += 1
        await connection.close()

    start, computed = time.perf_counter(), server.seconds
    await asyncio.gather(*(ask() for _ in range(CONNECTIONS)))
    return Rate(answered / (time.perf_counter() - start), (server.seconds - computed) / answered)


async def latencies(server: Process, text: bytes, picture: bytes) -> tuple[list[float], list[float]]:
    """Milliseconds from the moment that each request was due, whether or not those before it were answered."""
    free: list[Connection] = []
    took: tuple[list[float], list[float]] = ([], [])
    start = time.perf_counter() + 0.1

    async def ask(number: int) -> None:
        due, is_picture = start + number / RATE, number % PICTURE_EACH == 0
        await asyncio.sleep(due - time.perf_counter())
        connection = free.pop() if free else Connection(server)
        await connection.ask(picture if is_picture else text)
        took[is_picture].append(1000 * (time.perf_counter() - due))
        free.append(connection)

    await asyncio.gather(*(ask(number) for number in range(RATE * RATE_SECONDS)))
    for connection in free:
        await connection.close()
    return took


async def memory(server: Process, mix: Sequence[bytes], picture: bytes) -> list[float]:
    """Megabytes at the start and after each tenth of the requests; one in a thousand is a picture."""
    sizes, connections = [server.megabytes], [Connection(server) for _ in range(CONNECTIONS)]

    async def ask(connection: Connection, first: int, last: int) -> None:
        for number in range(first, last, CONNECTIONS):
            await connection.ask(picture if number % 1000 == 0 else mix[number % len(mix)])

    for look in range(LOOKS):
        first, last = WATCHED * look // LOOKS, WATCHED * (look + 1) // LOOKS
        await asyncio.gather(*(ask(connection, first + n, last) for n, connection in enumerate(connections)))
        sizes.append(server.megabytes)
    for connection in connections:
        await connection.close()
    return sizes


def percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


if __name__ == "__main__":
    if len(sys.argv) == 3:
        serve(sys.argv[1], Path(sys.argv[2]))
    else:
        main()
