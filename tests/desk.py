"""A station as a real server on loopback with a browser's session, for tests of the desk and of its page."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from api import station
from api.desk import Desk, Settings
from api.guard import SERVER
from healthcard import keyfile
from tests.serving import at_work
from tests.world import World

PASSPHRASE = "four words of a passphrase"


@dataclass(frozen=True)
class Session:
    """A browser that was let in: its client sends the cookie and the CSRF word."""

    client: httpx.Client
    desk: Desk
    address: str
    entrance: str

    def post(self, path: str, **body: Any) -> httpx.Response:
        return self.client.post(f"/api/{path}", json=body)


def settings(world: World, folder: Path, **how: Any) -> Settings:
    """A station of `world` with its key and bundle in `folder`; the cheapest key file that is one."""
    key, bundle = folder / "station.key", folder / "trust.bundle"
    if not bundle.exists():
        world.bundle.save(bundle)
        about = keyfile.KeyFile("station", world.bundle.network, "", "Ed25519", world.station_signer.key.public)
        keyfile.save(key, world.station_signer.secret, about, PASSPHRASE)
    return Settings(key, bundle, "consent", **how)


@contextmanager
def running(given: Settings, today: date, *, warm: bool = True) -> Iterator[Session]:
    """The station at work, and a browser in it; still locked. It is taken to be `warm`, for a second's printing is saved by that."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.bind(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    app = station.create_app(given, listening.getsockname()[1], now=lambda: today)
    app.state.desk.warm = warm
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, **SERVER))
    with listening, at_work(server, listening), httpx.Client(base_url=address, timeout=60) as client:
        yield Session(client, app.state.desk, address, app.state.entrance)


def enter(session: Session, *, unlock: bool = True) -> Session:
    """Let the browser in, and open the station."""
    client = session.client
    assert client.get(session.entrance).status_code == 303
    client.headers["x-healthcard-csrf"] = client.get("/api/state").json()["csrf"]
    if unlock:
        assert session.post("unlock", passphrase=PASSPHRASE).status_code == 204
    return session
