"""What several test files share: the folder that `healthcard demo` leaves, a database server, and how hypothesis draws."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import postgres
from tests.command import Done, program

# The same examples each time, so that a red run can be run again; the campaign draws new ones. Other tests may run beside these.
settings.register_profile(
    "healthcard",
    deadline=None,
    derandomize=not os.environ.get("HEALTHCARD_CAMPAIGN"),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("healthcard")


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Done]:
    """The folder of a demonstration that ran as a program, and what it said."""
    folder = tmp_path_factory.mktemp("demonstration") / "demo"
    return folder, program("demo", "--out", folder)


@pytest.fixture(scope="session")
def demo(demo_run: tuple[Path, Done]) -> Path:
    """A network to play with: root.key, station.key, trust.bundle and a card; the passphrase is demo."""
    folder, done = demo_run
    assert done.code == 0, done.err
    return folder


@pytest.fixture(scope="session")
def postgresql() -> Iterator[postgres.Server]:
    """A real PostgreSQL; each test takes a `database()` of its own."""
    with postgres.server() as running:
        yield running
