"""Key files at rest: JSON, mode 0600, the secret wrapped with Argon2id (64 MiB, 3 passes) and AES-256-GCM.

The open half of the file (purpose, network, label, public key) is bound to the secret as associated data.
"""

import json
import os
import re
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from healthcard.errors import KeyFileError, UnsafeKeyFile, WrongPassphrase
from healthcard.sign import ALGORITHMS, Key, SoftwareSigner

PURPOSES = ("root", "organisation", "station", "epoch")
MEMORY_KIB, PASSES, LANES = 64 * 1024, 3, 1
_MOST_MEMORY_KIB, _MOST_PASSES = 1024 * 1024, 16  # what a file may ask of us
_LARGEST_FILE = 4096
_WHOSE = {"root": "the root", "organisation": "an organisation", "station": "a station", "epoch": "sealing"}
LABEL = r"[a-z0-9 .-]{0,40}"


@dataclass(frozen=True)
class KeyFile:
    """What a key file says openly: whose key it is and what for."""

    purpose: str
    network: str
    label: str
    algorithm: str
    public: bytes

    @property
    def key(self) -> Key:
        return Key(self.public)

    def _open_half(self) -> dict[str, str]:
        named = {"purpose": self.purpose, "network": self.network, "label": self.label}
        return named | {"algorithm": self.algorithm, "public": self.public.hex()}


def save(path: Path, secret: bytes, about: KeyFile, passphrase: str) -> None:
    """Write a new key file; raises KeyFileError where `path` exists (a key is never overwritten)."""
    if not passphrase:
        raise KeyFileError("a key file needs a passphrase")
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    settings = {"memory_kib": MEMORY_KIB, "passes": PASSES, "lanes": LANES, "salt": salt.hex()}
    open_half = about._open_half()
    wrapped = AESGCM(_derive(passphrase, settings)).encrypt(nonce, secret, _bound(open_half))
    content = {"healthcard-key": 1, **open_half, "argon2id": settings, "nonce": nonce.hex(), "wrapped": wrapped.hex()}
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeyFileError(f"{path}: exists already; a key is never overwritten") from None
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(json.dumps(content, indent=1) + "\n")
        file.flush()
        os.fsync(file.fileno())


def describe(path: Path) -> KeyFile:
    """The open half of a key file; needs no passphrase, and says nothing about the secret."""
    return _read(path)[0]


def unlock(path: Path, passphrase: str) -> tuple[KeyFile, bytes]:
    """The key file and its secret.

    Raises UnsafeKeyFile where others can read the file, WrongPassphrase, or KeyFileError for anything else.
    """
    if os.name == "posix" and path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise UnsafeKeyFile(f"{path}: others can read it; run: chmod 600 {path}")
    about, content = _read(path)
    try:
        wrapped, nonce = bytes.fromhex(content["wrapped"]), bytes.fromhex(content["nonce"])
        key = _derive(passphrase, content["argon2id"])
        return about, AESGCM(key).decrypt(nonce, wrapped, _bound(about._open_half()))
    except InvalidTag:
        raise WrongPassphrase(f"{path}: wrong passphrase, or the file was changed") from None
    except (KeyError, TypeError, ValueError):
        raise KeyFileError(f"{path}: not a key file") from None


def signer(path: Path, passphrase: str) -> tuple[KeyFile, SoftwareSigner]:
    """The signer in a key file; raises as `unlock`, and KeyFileError for a key that does not sign."""
    about, secret = unlock(path, passphrase)
    algorithm = next((number for number, name in ALGORITHMS.items() if name == about.algorithm), None)
    if algorithm is None:
        raise KeyFileError(f"{path}: a key for {about.purpose}, which does not sign")
    made = SoftwareSigner.from_secret(algorithm, secret)
    if made.key.public != about.public:
        raise KeyFileError(f"{path}: the public key is not that of the secret")
    return about, made


def _read(path: Path) -> tuple[KeyFile, dict[str, Any]]:
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST_FILE + 1)
        content = json.loads(text) if len(text) <= _LARGEST_FILE else None
        if not isinstance(content, dict) or content["healthcard-key"] != 1 or content["purpose"] not in PURPOSES:
            raise ValueError
        public = bytes.fromhex(content["public"])
        if content["network"] not in ("real", "test") or not re.fullmatch(LABEL, content["label"]):
            raise ValueError
        return KeyFile(content["purpose"], content["network"], content["label"], content["algorithm"], public), content
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}") from None
    except (KeyError, TypeError, ValueError):
        raise KeyFileError(f"{path}: not a key file") from None


def _derive(passphrase: str, settings: dict[str, Any]) -> bytes:
    memory, passes, lanes = int(settings["memory_kib"]), int(settings["passes"]), int(settings["lanes"])
    if not 8 <= memory <= _MOST_MEMORY_KIB or not 1 <= passes <= _MOST_PASSES or not 1 <= lanes <= 16:
        raise ValueError("cost out of range")
    salt = bytes.fromhex(settings["salt"])
    return Argon2id(salt=salt, length=32, iterations=passes, lanes=lanes, memory_cost=memory).derive(passphrase.encode())


def _bound(open_half: dict[str, str]) -> bytes:
    return json.dumps(open_half, sort_keys=True, separators=(",", ":")).encode()


def generate(path: Path, purpose: str, network: str, label: str, algorithm: str, passphrase: str) -> KeyFile:
    """Make a signing key and write it to a new key file; raises KeyFileError for an unknown purpose or algorithm."""
    number = next((number for number, name in ALGORITHMS.items() if name == algorithm), None)
    if number is None or purpose not in PURPOSES or purpose == "epoch":
        raise KeyFileError(f"a key is for root, organisation or station, and one of {', '.join(ALGORITHMS.values())}")
    if not re.fullmatch(LABEL, label):
        raise KeyFileError("a label is up to 40 small letters, digits, blanks, dots and hyphens")
    made = SoftwareSigner.generate(number)
    about = KeyFile(purpose, network, label, algorithm, made.key.public)
    save(path, made.secret, about, passphrase)
    return about


def require(about: KeyFile, purpose: str, network: str) -> None:
    """Raises KeyFileError where a key is for something else, or of the other network: the two are never mixed."""
    if about.purpose != purpose:
        raise KeyFileError(f"a key for {_WHOSE[about.purpose]} where one for {_WHOSE[purpose]} is needed")
    if about.network != network:
        raise KeyFileError(f"a key of the {about.network} network with a bundle of the {network} network")
