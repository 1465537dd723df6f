"""docs/operation.md and deploy/ are true: settings, container, stop, backup and restore. No container is run here."""

import re
import shlex
import signal
import sqlite3
import stat
import subprocess
import threading
import tomllib
from contextlib import suppress
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from api.settings import Settings
from api.store import Store
from healthcard import errors
from tests import postgres, store_work
from tests.command import SCRIPT, commands
from tests.test_verifier import waited

CHECKOUT = Path(__file__).parent.parent
PAGE = (CHECKOUT / "docs" / "operation.md").read_text(encoding="utf-8")
DEPLOY = CHECKOUT / "deploy"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return read


@pytest.fixture
def bundle(demo: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "trust.bundle"
    copy.write_bytes((demo / "trust.bundle").read_bytes())
    return copy


def variables_of_the_image() -> dict[str, str]:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    [said] = re.findall(r"^ENV (.*)$", text, re.M)
    return dict(word.split("=", 1) for word in shlex.split(said))


def test_every_setting_is_explained_with_its_default() -> None:
    rows = re.findall(r"^\| (`HEALTHCARD_[^|]*) \| ([^|]*) \|", PAGE, re.M)
    explained = {name: default for names, default in rows for name in re.findall(r"HEALTHCARD_(\w+)", names)}
    assert explained.keys() == {field.name.upper() for field in fields(Settings)}
    for field in fields(Settings):
        if type(field.default) in (int, float):
            assert str(field.default) in explained[field.name.upper()].replace(",", "").split()


def test_the_settings_of_image_and_compose_file_are_safe_ones(compose: dict[str, Any], bundle: Path) -> None:
    image = variables_of_the_image()
    environment = image | compose["services"]["verifier"]["environment"] | {"HEALTHCARD_BUNDLE": str(bundle)}
    told = Settings.from_environment(environment).checked()
    assert (told.host, told.open, told.tls_proxy) == ("0.0.0.0", "verify", True) and told.database.startswith("postgresql://verifier:")
    alone = Settings.from_environment(image | {"HEALTHCARD_BUNDLE": str(bundle), "HEALTHCARD_DATABASE": str(bundle.with_suffix(".db"))})
    assert alone.checked().open == "nothing"
    [mounted] = compose["services"]["verifier"]["volumes"]
    assert mounted.endswith(":ro") and image["HEALTHCARD_BUNDLE"].startswith(mounted.split(":")[1])


def test_only_the_proxy_is_reached_from_outside(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert {name for name, service in services.items() if "ports" in service} == {"proxy"}
    assert compose["networks"]["inside"]["internal"] is True
    assert services["verifier"]["networks"] == services["database"]["networks"] == ["inside"]
    for name in ("verifier", "proxy"):
        assert services[name]["read_only"] is True and services[name]["cap_drop"] == ["ALL"]
        assert services[name]["security_opt"] == ["no-new-privileges:true"]
    assert services["verifier"]["deploy"]["replicas"] == 2
    caddy = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
    assert "header_up -X-Forwarded-For" in caddy and caddy.count("{") == caddy.count("}") and not re.search(r"^\s*log\b", caddy, re.M)
    used = {name for service in services.values() for name in re.findall(r"\$\{(\w+)", str(service))}
    assert used == {"DATABASE_PASSWORD", "SITE", "TLS"} and all(name in PAGE for name in used)


def test_the_image_runs_a_command_that_exists_and_not_as_root() -> None:
    lines = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    stage = lines[max(at for at, line in enumerate(lines) if line.startswith("FROM ")) :]
    words = [line.split(maxsplit=1) for line in stage if line]
    assert ["USER", "verifier"] in words
    assert words[-1] == ["CMD", '["healthcard", "verifier"]'] and "verifier" in commands()
    for source in ("context: ..", "dockerfile: deploy/Dockerfile"):
        assert source in (DEPLOY / "compose.yaml").read_text(encoding="utf-8")


def test_the_build_takes_what_the_wheel_is_made_of_and_no_secret() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    texts = {"pyproject.toml", project["project"]["readme"], *project["project"]["license-files"]}
    rules = [line for line in (CHECKOUT / ".dockerignore").read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert rules[0] == "*" and {rule[1:] for rule in rules if rule.startswith("!")} == {*texts, *wheel["packages"], *wheel["force-include"]}
    ignored = (CHECKOUT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {"/deploy/.env", "/deploy/trust/"} <= set(ignored) and "deploy/.env" in PAGE and "deploy/trust/" in PAGE


def test_the_lines_for_containers_name_what_is_there(compose: dict[str, Any]) -> None:
    """Their services, and PostgreSQL's user and database; the command finds its settings in the container."""
    lines = re.findall(r"docker compose -f deploy/compose.yaml exec (?:-T )?(\w+) (\w+)\s(.*)", PAGE)
    assert [(service, program) for service, program, _ in lines] == [
        ("verifier", "healthcard"), ("database", "pg_dump"), ("database", "pg_restore"),
    ]  # fmt: skip
    database, verifier = compose["services"]["database"]["environment"], compose["services"]["verifier"]["environment"]
    assert database["POSTGRES_USER"] == database["POSTGRES_DB"] == "verifier" and "HEALTHCARD_DATABASE" in verifier
    assert lines[0][2].startswith("partner add ") and all("--username=verifier" in rest for _, _, rest in lines[1:])


def test_it_ends_what_is_under_way_and_then_itself(bundle: Path) -> None:
    with subprocess.Popen(
        [SCRIPT, "verifier", "--bundle", bundle, "--port", "0"],
        stderr=subprocess.PIPE, text=True, cwd=bundle.parent, start_new_session=True,
    ) as process:  # fmt: skip
        assert process.stderr
        address = waited(lambda: re.search(r"http://127\.0\.0\.1:\d+", process.stderr.readline()))[0]
        pdf = {"content": b"%PDF-1.7", "headers": {"Content-Type": "application/pdf"}}
        assert httpx.post(f"{address}/v1/verify", **pdf, timeout=30).status_code == 422
        assert len(in_session(process.pid)) > 1, "one for PDFs"
        answers: list[int] = []

        def body() -> Any:
            yield b'{"texts": ['
            process.send_signal(signal.SIGTERM)
            yield b'"MCT1:"]}'

        def send() -> None:
            answers.append(httpx.post(f"{address}/v1/verify", content=body(), headers={"Content-Type": "application/json"}).status_code)

        thread = threading.Thread(target=send)
        thread.start()
        thread.join(30)
        said = process.communicate(timeout=30)[1]
    assert answers == [200] and "Finished server process" in said and "Traceback" not in said
    assert not list(bundle.parent.glob("*.db-wal")), "the database is closed"
    waited(lambda: not in_session(process.pid))


def in_session(leader: int) -> list[str]:
    """The processes at work of those that this one started."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended since
            state, _, _, session = path.read_text().rpartition(")")[2].split()[:4]
            if int(session) == leader and state != "Z":
                found.append(path.parent.name)
    return found


def worked(store: Store) -> list[store_work.State]:
    """The states of the fixed work, which was done in `store`."""
    for step in range(10):
        store_work.do(step, store)
    return store_work.expected(10)


def test_a_copy_of_sqlite_taken_while_it_runs_comes_back_whole(tmp_path: Path) -> None:
    store = Store.open(str(tmp_path / "trust.db"))
    states = worked(store)
    [lines] = re.findall(r"^    umask .*\n    python3 -c .*\n", PAGE, re.M)
    subprocess.run(["sh", "-c", f"umask 022\n{lines}"], cwd=tmp_path, check=True)
    assert stat.S_IMODE((tmp_path / "backup.db").stat().st_mode) == 0o600
    store.count_vital_interest(date(2026, 7, 2), "later")
    store.close()
    for left in tmp_path.glob("trust.db*"):
        left.unlink()
    (tmp_path / "backup.db").rename(tmp_path / "trust.db")
    restored = Store.open(str(tmp_path / "trust.db"))
    assert store_work.found(restored) == states[10]
    assert sqlite3.connect(tmp_path / "trust.db").execute("PRAGMA journal_mode").fetchone() == ("wal",)
    restored.close()


def test_a_copy_of_postgresql_comes_back_whole(postgresql: postgres.Server) -> None:
    store = Store.open(postgresql.database())
    states, own = worked(store), f"d{postgresql.made}"
    dump = str(postgresql.folder / "backup.dump")
    postgresql.run("pg_dump", "--format=custom", f"--file={dump}", own)
    store.count_vital_interest(date(2026, 7, 2), "later")
    store.close()
    address = postgresql.database()
    postgresql.run("pg_restore", f"--dbname=d{postgresql.made}", dump)
    restored = Store.open(address)
    assert store_work.found(restored) == states[10]
    restored.close()


def test_the_words_of_the_page_are_those_of_the_program() -> None:
    words = {kind.code for kind in (errors.SettingError, errors.StoreError, errors.StoreFull)}
    assert set(re.findall(r"`([a-z]+-[a-z]+)`", PAGE)) == words
