"""What the verifier service is told by the environment (docs/operation.md), each checked before anything starts.

    settings = Settings.from_environment(os.environ, bundle=Path("trust.bundle"))     # an argument goes before its variable

There is no configuration file and no debug mode. Every refusal is a SettingError that names the variable and what to do.
"""

import difflib
import ipaddress
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, cast

from healthcard.errors import SettingError

PREFIX = "HEALTHCARD_"
OPEN = ("local", "verify", "nothing")
POSTGRESQL = "postgresql://"
LEAST_RATE = 50  # requests that a batch of 500 cards of one code counts as


@dataclass(frozen=True)
class Settings:
    """The settings of one instance; HEALTHCARD_BUNDLE is `bundle`, and so on."""

    bundle: Path
    host: str = "127.0.0.1"
    port: int = 8000
    tls_proxy: bool = False  # a proxy in front encrypts what comes from elsewhere
    database: str = ""  # path of an SQLite file, or postgresql://...; empty: beside the bundle
    # Who may call without a key. local: whoever is on this machine may verify and decode, until the first partner is added;
    # verify: everybody may verify; nothing: nobody.
    open: Literal["local", "verify", "nothing"] = "local"
    rate: int = 600  # requests of one partner in a minute, on all instances together
    open_rate: int = 600  # requests without a key in a minute, where `open` is "verify"
    refresh_seconds: float = 15  # between two looks at what other instances wrote
    unseal: tuple[Path, ...] = ()  # key files of epochs, with os.pathsep between
    unseal_passphrase_file: Path | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], **arguments: Any) -> "Settings":
        """The settings in `environment`; an argument that is not None goes before its variable. Raises SettingError."""
        _refuse_typing_errors(environment)
        found: dict[str, Any] = {name: given for name, given in arguments.items() if given is not None}
        for name, take in _TAKEN.items():
            variable = PREFIX + name.upper()
            if name not in found and environment.get(variable):
                try:
                    found[name] = take(environment[variable])
                except ValueError as error:
                    raise SettingError(f"{variable}: {error}") from None
        if "bundle" not in found:
            raise SettingError("no trust bundle: set HEALTHCARD_BUNDLE or give --bundle")
        told = cls(**found)
        return (told if "open" in found or told.only_this_machine else replace(told, open="nothing")).checked()

    @property
    def only_this_machine(self) -> bool:
        """Whether no other machine reaches the service, not even through a proxy."""
        return loopback(self.host) and not self.tls_proxy

    def checked(self) -> "Settings":
        """These settings, with `database` filled in; raises SettingError where they are not safe together."""
        if not self.bundle.is_file():
            raise SettingError(f"HEALTHCARD_BUNDLE: {self.bundle} is not a file")
        if not loopback(self.host) and not self.tls_proxy:
            reached = f"HEALTHCARD_HOST: {self.host} is reached from elsewhere, unencrypted"
            raise SettingError(f"{reached}; put a TLS proxy in front and set HEALTHCARD_TLS_PROXY=yes")
        if self.open == "local" and not self.only_this_machine:
            raise SettingError("HEALTHCARD_OPEN: local is for a service that only this machine reaches; set verify or nothing")
        for file in (*self.unseal, *((self.unseal_passphrase_file,) if self.unseal_passphrase_file else ())):
            _refuse_if_others_read(file)
        if self.unseal and not self.unseal_passphrase_file:
            raise SettingError("HEALTHCARD_UNSEAL: set HEALTHCARD_UNSEAL_PASSPHRASE_FILE too; nobody is there to be asked at start")
        database = checked_database(self.database or default_database(self.bundle))
        if not database.startswith(POSTGRESQL):
            _refuse_unwritable(Path(database))
        return replace(self, database=database)


def default_database(bundle: Path) -> str:
    """The SQLite file of a service that goes by this trust bundle: trust.bundle -> trust.db beside it."""
    return str(bundle.with_suffix(".db"))


def checked_database(database: str) -> str:
    """The path of an SQLite file or the address of PostgreSQL; raises SettingError where it is neither."""
    if not database.startswith(POSTGRESQL) and ("://" in database or database == ":memory:"):
        raise SettingError("HEALTHCARD_DATABASE: the path of an SQLite file, or postgresql://user@host/name")
    return database


def loopback(host: str) -> bool:
    """Whether only this machine reaches `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refuse_typing_errors(environment: Mapping[str, str]) -> None:
    if environment.get("HEALTHCARD_DEBUG", "").lower() not in ("", "0", "no", "false"):
        raise SettingError("HEALTHCARD_DEBUG: there is no debug mode; it would log what people sent")
    known = [PREFIX + field.name.upper() for field in fields(Settings)]
    for name in environment:
        if name.startswith(PREFIX) and name not in known and (meant := difflib.get_close_matches(name, known, 1, 0.9)):
            raise SettingError(f"{name}: no such setting; did you mean {meant[0]}?")


def _refuse_if_others_read(file: Path) -> None:
    try:
        mode = file.stat().st_mode
    except OSError as error:
        raise SettingError(f"{file}: {error.strerror}") from None
    if os.name == "posix" and mode & 0o077:
        raise SettingError(f"{file}: others can read it; run: chmod 600 {file}")


def _refuse_unwritable(database: Path) -> None:
    place = database if database.exists() else database.parent
    if database.is_dir() or not os.access(place, os.W_OK) or not os.access(database.parent, os.W_OK):
        raise SettingError(f"HEALTHCARD_DATABASE: {database} can't be written; name a file in a folder that is this program's own")


def _number(low: int, high: int) -> Callable[[str], int]:
    def take(text: str) -> int:
        if not text.isdecimal() or len(text) > 9 or not low <= int(text) <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return int(text)

    return take


def _yes_or_no(text: str) -> bool:
    if text.lower() not in ("yes", "no"):
        raise ValueError("yes or no")
    return text.lower() == "yes"


def _open(text: str) -> Literal["local", "verify", "nothing"]:
    if text not in OPEN:
        raise ValueError(f"one of {', '.join(OPEN)}; everything else than verify needs a key")
    return cast(Literal["local", "verify", "nothing"], text)


def _paths(text: str) -> tuple[Path, ...]:
    return tuple(Path(path) for path in text.split(os.pathsep) if path)


_TAKEN: dict[str, Callable[[str], Any]] = {
    "bundle": Path,
    "host": str,
    "port": _number(0, 65535),
    "tls_proxy": _yes_or_no,
    "database": str,
    "open": _open,
    "rate": _number(LEAST_RATE, 10**6),
    "open_rate": _number(LEAST_RATE, 10**6),
    "refresh_seconds": _number(1, 30),
    "unseal": _paths,
    "unseal_passphrase_file": Path,
}
