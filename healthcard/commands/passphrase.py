"""Where a passphrase comes from: HEALTHCARD_PASSPHRASE, a file, or a question on the terminal."""

import getpass
import os
import sys
from pathlib import Path

from healthcard.errors import KeyFileError

SHORTEST = 12  # characters of a new passphrase that a person chooses: at ten guesses a second, fewer are soon guessed


def passphrase(file: Path | None = None, key: Path | None = None, *, confirm: bool = False) -> str:
    """The passphrase of the key file `key`; with `confirm` a new one, asked for twice.

    Raises KeyFileError where none is given and nobody can be asked, and where a new one is typed that is short.
    """
    if file is not None:
        try:
            return file.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError):
            raise KeyFileError(f"{file}: the passphrase file can't be read") from None
    if (given := os.environ.get("HEALTHCARD_PASSPHRASE")) is not None:
        if given.encode("utf-8", "replace").decode() != given:
            raise KeyFileError("HEALTHCARD_PASSPHRASE is not UTF-8 text")
        return given
    if not sys.stdin.isatty():
        raise KeyFileError("no passphrase: set HEALTHCARD_PASSPHRASE or give --passphrase-file")
    given = getpass.getpass(f"Passphrase of {key}: " if key else "Passphrase: ")
    if confirm and len(given) < SHORTEST:
        raise KeyFileError(f"a passphrase has at least {SHORTEST} characters: choose five words")
    if confirm and getpass.getpass("Again: ") != given:
        raise KeyFileError("the two passphrases differ")
    return given
