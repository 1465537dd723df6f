import json
import os
from pathlib import Path

import pytest

from healthcard import keyfile
from healthcard.errors import KeyFileError, UnsafeKeyFile, WrongPassphrase

PASSPHRASE = "correct horse battery"


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "station.key"
    keyfile.generate(path, "station", "test", "mx-rc 1", "Ed25519", PASSPHRASE)
    return path


def changed(made: Path, folder: Path, **values: object) -> Path:
    path = folder / "changed.key"
    path.write_text(json.dumps(json.loads(made.read_text()) | values))
    path.chmod(0o600)
    return path


def test_a_key_file_is_for_its_owner_only(made):
    assert made.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("algorithm", ["Ed25519", "ESP256"])
def test_a_key_comes_back_with_its_passphrase_and_signs(algorithm, tmp_path):
    path = tmp_path / "a.key"
    about = keyfile.generate(path, "organisation", "real", "pa-rc", algorithm, PASSPHRASE)
    again, signer = keyfile.signer(path, PASSPHRASE)
    assert again == about == keyfile.describe(path)
    assert signer.key.check(signer.sign(b"message"), b"message")


def test_the_secret_is_not_in_the_file(made):
    _, secret = keyfile.unlock(made, PASSPHRASE)
    assert secret.hex() not in made.read_text()


def test_a_wrong_passphrase_is_said_to_be_wrong(made):
    with pytest.raises(WrongPassphrase, match="wrong passphrase"):
        keyfile.unlock(made, "correct horse batterz")


def test_a_key_file_that_others_can_read_is_refused_with_the_mend(made, tmp_path):
    path = changed(made, tmp_path)
    path.chmod(0o644)
    with pytest.raises(UnsafeKeyFile, match="chmod 600"):
        keyfile.unlock(path, PASSPHRASE)


def test_a_key_is_never_overwritten(made):
    with pytest.raises(KeyFileError, match="never overwritten"):
        keyfile.generate(made, "station", "test", "mx-rc 1", "Ed25519", PASSPHRASE)


@pytest.mark.parametrize("field", ["purpose", "network", "label", "public"])
def test_the_open_half_is_bound_to_the_secret(field, made, tmp_path):
    other = {"purpose": "root", "network": "real", "label": "pa-rc 1", "public": "00" * 32}[field]
    with pytest.raises(WrongPassphrase):
        keyfile.unlock(changed(made, tmp_path, **{field: other}), PASSPHRASE)


def test_the_guessing_cost_of_a_file_is_bounded(made, tmp_path):
    greedy = json.loads(made.read_text())["argon2id"] | {"memory_kib": 2**30}
    with pytest.raises(KeyFileError, match="not a key file"):
        keyfile.unlock(changed(made, tmp_path, argon2id=greedy), PASSPHRASE)


def test_the_cost_written_is_that_of_the_decision(made):
    settings = json.loads(made.read_text())["argon2id"]
    assert (settings["memory_kib"], settings["passes"]) == (64 * 1024, 3)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff\xfe", b"{" * 100_000, b'{"healthcard-key": 1}'])
def test_other_files_are_not_key_files(content, tmp_path):
    path = tmp_path / "other.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyFileError, match="not a key file"):
        keyfile.unlock(path, PASSPHRASE)


def test_a_missing_file_and_an_empty_passphrase_are_refused(tmp_path):
    with pytest.raises(KeyFileError, match="No such file"):
        keyfile.unlock(tmp_path / "none.key", PASSPHRASE)
    with pytest.raises(KeyFileError, match="needs a passphrase"):
        keyfile.generate(tmp_path / "a.key", "station", "test", "", "Ed25519", "")
    assert not os.listdir(tmp_path)


def test_a_key_of_the_other_network_or_purpose_is_refused(made):
    about = keyfile.describe(made)
    keyfile.require(about, "station", "test")
    with pytest.raises(KeyFileError, match="network"):
        keyfile.require(about, "station", "real")
    with pytest.raises(KeyFileError, match="one for the root is needed"):
        keyfile.require(about, "root", "test")
