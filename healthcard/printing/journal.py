"""The journal of a batch: which lines were issued, printed and confirmed, without a word of what stands in them.

    with Journal.open(path, station_secret) as journal:
        name = journal.name(line, occurrence)           # 16 bytes; the same line under the same key has the same name
        journal.note(CONFIRMED, [name])                 # on the disk when this returns

A line is named by HMAC-SHA-256 under a key that comes from the station's secret and a random salt (HKDF, RFC 5869). The salt alone stands
in the file: whoever has the disk and no unlocked station key can't try out what a line may have said.

    file  = "HCJ1" salt[16] proof[16]  entry*           proof: this is the journal of that key
    entry = state[1] count[4] name[16]*count mac[16]    mac over the place in the file and what stands before it

Each entry is written whole or not at all: only the last can be torn by a power cut, and a torn one is cut off. Its state and count are on
the disk before its names are begun, so that they tell how far a torn one reaches. What reaches further, or has a right entry after it, is
damage, and nothing is done with such a journal.
"""

import hashlib
import hmac
import os
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from healthcard import files
from healthcard.errors import JournalError

if sys.platform != "win32":
    import fcntl

ISSUED: Final = 1  # signed, and read back from its sheet
PRINTED: Final = 2  # given to the printer, or written to the file asked for
CONFIRMED: Final = 3  # somebody has seen that it came out well
FILE: Final = 4  # not a state: the name of a PDF, then those of the lines on it

SIZE = 16  # bytes of a name, a salt, a proof, a mac
MAGIC = b"HCJ1"
_HEADER = len(MAGIC) + 2 * SIZE
_HEAD = 5  # bytes of an entry before its names
_LARGEST = 256 * 1024 * 1024


class Journal:
    """An open journal; one batch at a time has it."""

    def __init__(self, path: Path, descriptor: int, salt: bytes, secret: bytes) -> None:
        derived = HKDF(hashes.SHA256(), 32, salt, b"healthcard batch journal").derive(secret)
        self._path, self._descriptor, self._key = path, descriptor, derived
        self._end = _HEADER
        self._states: dict[bytes, int] = {}
        self._files: list[tuple[bytes, frozenset[bytes]]] = []

    @classmethod
    def open(cls, path: Path, secret: bytes) -> Self:
        """The journal at `path`, made where there is none, under the station's `secret`.

        Raises JournalError where it is of another key, damaged or in use, or can't be read or written.
        """
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        except OSError as error:
            raise JournalError(f"{path}: {error.strerror}") from None
        try:
            _lock(path, descriptor)
            data = files.read(path, _LARGEST)
            started = data[: len(MAGIC)] == MAGIC[: len(data)] and len(data) < _HEADER
            if started or (not any(data) and len(data) <= _HEADER):  # new, or torn when it was made
                return cls._new(path, descriptor, secret)
            made = cls(path, descriptor, data[len(MAGIC) : len(MAGIC) + SIZE], secret)
            made._load(data)
            return made
        except BaseException as error:
            os.close(descriptor)
            if isinstance(error, OSError):
                raise JournalError(f"{path}: {error.strerror}") from None
            raise

    @classmethod
    def _new(cls, path: Path, descriptor: int, secret: bytes) -> Self:
        salt = secrets.token_bytes(SIZE)
        made = cls(path, descriptor, salt, secret)
        made._write(0, MAGIC + salt + made._mac(b"journal"))
        files.sync_folder(path)
        return made

    def _load(self, data: bytes) -> None:
        if data[: len(MAGIC)] != MAGIC or len(data) > _LARGEST:
            raise JournalError(f"{self._path}: not a journal of a batch: restore it from a copy; with a new one all cards are made again")
        if not hmac.compare_digest(data[_HEADER - SIZE : _HEADER], self._mac(b"journal")):
            raise JournalError(f"{self._path}: the journal of another station's key; use that key, or name another journal")
        while entry := self._entry(data, self._end):
            self._take(*entry)
            self._end += _HEAD + (len(entry[1]) + 1) * SIZE
        torn = len(data) - self._end <= max(_HEAD, _reach(data[self._end :]))
        if not torn or any(self._entry(data, at) for at in range(self._end + 1, len(data))):
            raise JournalError(f"{self._path}: damaged; restore it from a copy, or check on paper what is printed")
        os.ftruncate(self._descriptor, self._end)

    def _entry(self, data: bytes, at: int) -> tuple[int, list[bytes]] | None:
        """State and names of the entry at a place; None where there is no whole one."""
        reach = _reach(data[at : at + _HEAD])
        end = at + reach - SIZE
        if not reach or at + reach > len(data):
            return None
        if not hmac.compare_digest(data[end : end + SIZE], self._mac(b"entry", at.to_bytes(8), data[at:end])):
            return None
        return data[at], [data[n : n + SIZE] for n in range(at + _HEAD, end, SIZE)]

    def _take(self, state: int, names: Sequence[bytes]) -> None:
        if state == FILE:
            self._files.append((names[0], frozenset(names[1:])))
        else:
            self._states |= dict.fromkeys(names, state)

    def name(self, line: bytes, occurrence: int) -> bytes:
        """What the journal calls the `occurrence`-th of equal lines, counted from 0: two equal lines are two cards."""
        return self._mac(b"line", occurrence.to_bytes(8), line)

    def confirmed(self, name: bytes) -> bool:
        """Whether a person has confirmed the card of this line."""
        return self._states.get(name) == CONFIRMED

    def begun(self, name: bytes) -> bool:
        """Whether the card of this line was signed and nobody has confirmed it: it may be on paper."""
        return self._states.get(name) in (ISSUED, PRINTED)

    def note(self, state: int, names: Sequence[bytes]) -> None:
        """Put lines into a state, all or none of them; raises JournalError where the disk does not take it."""
        if any(self.confirmed(name) for name in names):
            raise JournalError(f"{self._path}: a line is confirmed already")  # whoever asks has not looked
        if names:
            self._append(state, names)

    def note_file(self, content: bytes, names: Sequence[bytes]) -> None:
        """Remember that `content` is to be a file with the cards of these lines; raises JournalError."""
        self._append(FILE, [self._file_name(content), *names])

    def unfinished(self, content: bytes) -> bool:
        """Whether `content` is a file of this batch that nothing on is confirmed: it may be made again."""
        name = self._file_name(content)
        return any(name == known and not any(map(self.confirmed, names)) for known, names in self._files)

    def _append(self, state: int, names: Sequence[bytes]) -> None:
        entry = bytes((state,)) + len(names).to_bytes(_HEAD - 1) + b"".join(names)
        self._write(self._end, entry[:_HEAD])
        self._write(self._end + _HEAD, entry[_HEAD:] + self._mac(b"entry", self._end.to_bytes(8), entry))
        self._end += len(entry) + SIZE
        self._take(state, names)

    def _write(self, at: int, data: bytes) -> None:
        try:
            os.lseek(self._descriptor, at, os.SEEK_SET)
            left = memoryview(data)
            while left:
                left = left[os.write(self._descriptor, left) :]
            os.fsync(self._descriptor)
        except OSError as error:
            raise JournalError(f"{self._path}: {error.strerror}; make room and run the same command again") from None

    def _file_name(self, content: bytes) -> bytes:
        return self._mac(b"file", hashlib.sha256(content).digest())

    def _mac(self, use: bytes, *parts: bytes) -> bytes:
        return hmac.digest(self._key, b"\0".join((use, b"".join(parts))), "sha256")[:SIZE]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)


def _reach(data: bytes) -> int:
    """The length of the entry that `data` begins with, as its state and count say; 0 where no entry begins so."""
    count = int.from_bytes(data[1:_HEAD])
    return _HEAD + (count + 1) * SIZE if count and data[0] in (ISSUED, PRINTED, CONFIRMED, FILE) else 0


def _lock(path: Path, descriptor: int) -> None:
    """Keep the journal for this process until the file is closed; no lock on Windows."""
    if sys.platform == "win32":
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise JournalError(f"{path}: another batch is using this journal") from None
