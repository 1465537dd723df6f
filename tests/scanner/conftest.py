"""What the scanner's tests share: a network, a card of it printed, the service that serves the pages, and a phone over the card."""

import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext

from api import verifier
from api.settings import Settings
from healthcard.card import Card
from healthcard.printing.rendering import render
from healthcard.record import Record
from healthcard.resources import example
from tests import browser
from tests.test_verifier import running_app
from tests.world import World


@pytest.fixture(scope="package")
def world() -> World:
    return World.build(date.today())


@pytest.fixture(scope="package")
def card(world: World) -> Card:
    return world.issue(Record.from_json(example("family_three_contacts.json")))


@pytest.fixture(scope="package")
def front(card: Card) -> Image.Image:
    """The printed front of the card."""
    return side_of(render(card, format="png"))


def side_of(png: bytes) -> Image.Image:
    """The front, of both sides in one picture."""
    both = Image.open(io.BytesIO(png))
    return both.crop((0, 0, both.width // 2, both.height))


@pytest.fixture(scope="package")
def service(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("service")
    world.bundle.save(folder / "trust.bundle")
    with running_app(verifier.create_app(Settings(folder / "trust.bundle"))) as client:
        yield client


@pytest.fixture
def phone(tmp_path: Path, front: Image.Image) -> Iterator[BrowserContext]:
    with browser.phone(tmp_path, [browser.camera_picture(front)]) as context:
        yield context
