"""What the environment may say to the verifier, and what is refused before anything starts."""

import os
from pathlib import Path

import pytest

from api.documents import Batch
from api.exports import CODES_A_REQUEST
from api.readings import unlocked
from api.settings import LEAST_RATE, Settings
from healthcard.errors import SettingError
from tests.command import program


@pytest.fixture
def bundle(demo: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "trust.bundle"
    copy.write_bytes((demo / "trust.bundle").read_bytes())
    return copy


def told(**environment: object) -> Settings:
    """Settings from HEALTHCARD_... variables, checked."""
    return Settings.from_environment({f"HEALTHCARD_{name}": str(value) for name, value in environment.items()}).checked()


def test_one_machine_needs_nothing_but_the_bundle(bundle: Path) -> None:
    said = told(BUNDLE=bundle)
    assert (said.host, said.port, said.open, said.database) == ("127.0.0.1", 8000, "local", str(bundle.with_suffix(".db")))


def test_every_setting_is_taken_and_an_argument_goes_first(bundle: Path, tmp_path: Path) -> None:
    secret = tmp_path / "passphrase"
    secret.write_text("demo")
    secret.chmod(0o600)
    environment = {
        "BUNDLE": bundle, "HOST": "0.0.0.0", "PORT": 80, "TLS_PROXY": "yes", "DATABASE": "postgresql://v@db/v", "OPEN": "verify",
        "RATE": 70, "OPEN_RATE": 80, "REFRESH_SECONDS": 9, "UNSEAL": f"{secret}{os.pathsep}{secret}", "UNSEAL_PASSPHRASE_FILE": secret,
    }  # fmt: skip
    assert told(**environment) == Settings(
        bundle, "0.0.0.0", 80, True, "postgresql://v@db/v", "verify", 70, 80, 9, (secret, secret), secret
    )
    variables = {f"HEALTHCARD_{name}": str(value) for name, value in environment.items()}
    assert Settings.from_environment(variables, port=81, host=None).port == 81


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"BUNDLE": ""}, "no trust bundle: set HEALTHCARD_BUNDLE"),
        ({"BUNDLE": "nowhere"}, "HEALTHCARD_BUNDLE: nowhere is not a file"),
        ({"HOST": "0.0.0.0"}, "reached from elsewhere, unencrypted; put a TLS proxy in front"),
        ({"HOST": "::"}, "reached from elsewhere"),
        ({"HOST": "verifier.example"}, "reached from elsewhere"),
        ({"HOST": "0.0.0.0", "TLS_PROXY": "yes", "OPEN": "local"}, "local is for a service that only this machine reaches"),
        ({"TLS_PROXY": "yes", "OPEN": "local"}, "local is for a service that only this machine reaches"),
        ({"OPEN": "decode"}, "everything else than verify needs a key"),
        ({"OPEN": "verify,decode"}, "everything else than verify needs a key"),
        ({"DEBUG": "1"}, "there is no debug mode"),
        ({"DATABSE": "x"}, "did you mean HEALTHCARD_DATABASE?"),
        ({"TLS_PROXY": "true"}, "HEALTHCARD_TLS_PROXY: yes or no"),
        ({"PORT": "65536"}, "HEALTHCARD_PORT: a whole number from 0 to 65535"),
        ({"PORT": "000000000999999"}, "HEALTHCARD_PORT: a whole number from 0 to 65535"),
        ({"RATE": "49"}, "HEALTHCARD_RATE: a whole number from 50 to 1000000"),
        ({"OPEN_RATE": "49"}, "HEALTHCARD_OPEN_RATE: a whole number from 50 to 1000000"),
        ({"RATE": "0000000010000000000"}, "HEALTHCARD_RATE: a whole number"),
        ({"RATE": "-1"}, "HEALTHCARD_RATE: a whole number"),
        ({"REFRESH_SECONDS": "60"}, "HEALTHCARD_REFRESH_SECONDS: a whole number from 1 to 30"),
        ({"DATABASE": "/nowhere/at/all.db"}, "can't be written"),
        ({"DATABASE": "/"}, "can't be written"),
        ({"DATABASE": "mysql://somewhere/else"}, "the path of an SQLite file, or postgresql://user@host/name"),
        ({"DATABASE": ":memory:"}, "HEALTHCARD_DATABASE: the path of an SQLite file, or postgresql://user@host/name"),
        ({"UNSEAL": "nowhere.key"}, "nowhere.key: No such file"),
    ],
)
def test_what_is_not_safe_is_refused_by_name(bundle: Path, environment: dict[str, str], message: str) -> None:
    with pytest.raises(SettingError, match=message.replace("?", r"\?").replace("(", r"\(")):
        told(**{"BUNDLE": bundle} | environment)


def test_without_a_setting_only_a_service_of_one_machine_is_open(bundle: Path) -> None:
    assert told(BUNDLE=bundle, HOST="::1").open == told(BUNDLE=bundle, HOST="localhost").open == "local"
    assert told(BUNDLE=bundle, TLS_PROXY="yes").open == told(BUNDLE=bundle, HOST="10.0.0.1", TLS_PROXY="yes").open == "nothing"


def test_a_key_that_others_can_read_is_refused(bundle: Path, tmp_path: Path) -> None:
    key, passphrase = tmp_path / "epoch.key", tmp_path / "passphrase"
    for file, mode in ((key, 0o600), (passphrase, 0o644)):
        file.write_text("x")
        file.chmod(mode)
    with pytest.raises(SettingError, match="passphrase: others can read it; run: chmod 600"):
        told(BUNDLE=bundle, UNSEAL=key, UNSEAL_PASSPHRASE_FILE=passphrase)
    passphrase.chmod(0o600)
    key.chmod(0o640)
    with pytest.raises(SettingError, match=r"epoch\.key: others can read it"):
        told(BUNDLE=bundle, UNSEAL=key, UNSEAL_PASSPHRASE_FILE=passphrase)
    key.chmod(0o600)
    with pytest.raises(SettingError, match="set HEALTHCARD_UNSEAL_PASSPHRASE_FILE too"):
        told(BUNDLE=bundle, UNSEAL=key)


def test_a_passphrase_file_that_is_no_text_is_refused_by_name(bundle: Path, tmp_path: Path) -> None:
    passphrase = tmp_path / "passphrase"
    passphrase.write_bytes(b"\xff\xfe secret")
    passphrase.chmod(0o600)
    with pytest.raises(SettingError, match="HEALTHCARD_UNSEAL_PASSPHRASE_FILE: not a file of UTF-8 text"):
        unlocked(told(BUNDLE=bundle, UNSEAL=passphrase, UNSEAL_PASSPHRASE_FILE=passphrase))


def test_the_least_rate_lets_a_whole_batch_through() -> None:
    [longest] = [rule.max_length for rule in Batch.model_fields["items"].metadata if hasattr(rule, "max_length")]
    assert longest == LEAST_RATE * CODES_A_REQUEST


def test_the_command_says_what_is_wrong_and_starts_nothing(bundle: Path) -> None:
    done = program("verifier", "--bundle", bundle, "--host", "0.0.0.0")
    assert (done.code, done.out) == (1, "") and done.err.startswith("healthcard: bad-setting\n  HEALTHCARD_HOST: 0.0.0.0")
    done = program("verifier", HEALTHCARD_BUNDLE=str(bundle), HEALTHCARD_DATABASE="/nowhere/x.db")
    assert done.code == 1 and "HEALTHCARD_DATABASE: /nowhere/x.db can't be written" in done.err
    assert not bundle.with_suffix(".db").exists()
