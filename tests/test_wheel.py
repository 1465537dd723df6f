"""The wheel alone, in an empty environment far from the checkout: it demonstrates, it serves, and it brings all it needs."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.command import PASSPHRASE

CHECKOUT = Path(__file__).parent.parent
SHIPPED = ("healthcard", "api", "print_templates", "examples", "web")
RECORD = "family_three_contacts"
START_SECONDS = 30


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built with the build backend of this environment."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(CHECKOUT)]
    subprocess.run(command, check=True, capture_output=True)
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a new environment that has the wheel and what it depends on, and no more."""
    place = tmp_path_factory.mktemp("empty") / "environment"
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    subprocess.run([str(place / "bin" / "python"), "-m", "pip", "install", *quiet, str(wheel)], check=True, env=outside())
    return place / "bin"


@pytest.fixture(scope="module")
def demo(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `healthcard demo` leaves."""
    folder = tmp_path_factory.mktemp("far")
    done = subprocess.run([str(programs / "healthcard"), "demo"], cwd=folder, capture_output=True, text=True, env=outside())
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Verified\n")
    return folder / "demo"


@pytest.fixture(scope="module")
def service(programs: Path, demo: Path) -> Iterator[httpx.Client]:
    """A client of `healthcard verifier`, on a port that the system chose."""
    command = [str(programs / "healthcard"), "verifier", "--bundle", str(demo / "trust.bundle"), "--port", "0"]
    with subprocess.Popen(command, cwd=demo, stderr=subprocess.PIPE, text=True, env=outside()) as process:
        try:
            with httpx.Client(base_url=address(process), timeout=30) as client:
                yield client
        finally:
            process.send_signal(signal.SIGINT)
            said = process.communicate(timeout=START_SECONDS)[1]
        assert "Finished server process" in said
        assert "Traceback" not in said


def address(process: subprocess.Popen[str]) -> str:
    """Where the server listens, from its own words."""
    assert process.stderr
    deadline = time.monotonic() + START_SECONDS
    for line in process.stderr:
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            return found[0]
        assert time.monotonic() < deadline
    raise AssertionError("the server did not start")


def outside() -> dict[str, str]:
    """An environment in which nothing of the checkout is found."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "HEALTHCARD", "VIRTUAL_ENV"))}


def test_the_wheel_holds_one_importable_name(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert len({name.split("/")[0] for name in names}) == 2
    assert {re.sub(r"-.*\.dist-info", "-dist-info", name.split("/")[0]) for name in names} == {"healthcard", "healthcard-dist-info"}


def test_the_wheel_holds_every_file_that_the_checkout_ships(wheel: Path) -> None:
    files = [path for folder in SHIPPED for path in (CHECKOUT / folder).rglob("*") if path.is_file() and path.suffix != ".pyc"]
    paths = [path.relative_to(CHECKOUT).as_posix() for path in files]
    held = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("healthcard/")}
    assert held == {path if path.startswith("healthcard/") else f"healthcard/{path}" for path in paths}
    needed = (
        "py.typed", "vocabulary/labels.csv", "growth_tables.bin", "api/examples.json", "print_templates/a7.typ",
        "print_templates/fonts/OFL.txt",
    )  # fmt: skip
    assert {f"healthcard/{path}" for path in needed} <= held


def test_the_demonstration_runs_from_the_wheel(demo: Path) -> None:
    left = {"root.key", "station.key", "trust.bundle", f"{RECORD}.txt", f"{RECORD}.pdf", f"{RECORD}.png"}
    assert {path.name for path in demo.iterdir()} == left


def test_a_card_is_issued_and_read_from_the_wheel(programs: Path, demo: Path, tmp_path: Path) -> None:
    environment = outside() | {"HEALTHCARD_PASSPHRASE": PASSPHRASE}
    record = CHECKOUT / "examples" / "muac_only.json"
    keys = ["--key", str(demo / "station.key"), "--bundle", str(demo / "trust.bundle")]
    subprocess.run([str(programs / "healthcard"), "issue", str(record), *keys], cwd=tmp_path, check=True, env=environment)
    read = [str(programs / "healthcard"), "read", "muac_only.pdf", *keys[2:], "--json"]
    done = subprocess.run(read, cwd=tmp_path, check=True, capture_output=True, env=environment)
    assert json.loads(done.stdout)["verdict"] == "verified"


def test_the_service_runs_from_the_wheel(service: httpx.Client, demo: Path) -> None:
    text = (demo / f"{RECORD}.txt").read_text().strip()
    picture = (demo / f"{RECORD}.png").read_bytes()
    by_text = service.post("/v1/decode", json={"texts": [text]})
    by_picture = service.post("/v1/decode", content=picture, headers={"Content-Type": "image/png"})
    by_pdf = service.post("/v1/decode", content=(demo / f"{RECORD}.pdf").read_bytes(), headers={"Content-Type": "application/pdf"})
    assert (by_text.status_code, by_picture.status_code, by_pdf.status_code) == (200, 200, 200)
    assert by_text.json() == by_picture.json() == by_pdf.json()
    assert by_text.json()["verdict"] == "verified"
    assert len(by_text.json()["record"]["people"]) == 2
    health = service.get("/healthz").json()
    assert (health["status"], health["network"], health["bundle_version"]) == ("ok", "test", 11)
