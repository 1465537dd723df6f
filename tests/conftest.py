"""What several test files share: the folder that `healthcard demo` leaves."""

from pathlib import Path

import pytest

from tests.command import Done, program


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
