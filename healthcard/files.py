"""Files that must survive a power cut: read within bounds, written so that the old or the new content is there, never less."""

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform != "win32":
    import fcntl


def read(path: Path, most: int) -> bytes:
    """The content of a file; of a larger one the first `most` bytes and one more. Raises OSError."""
    with path.open("rb") as file:
        return file.read(most + 1)


def write_atomically(path: Path, data: bytes, mode: int = 0o644, draft: Path | None = None) -> None:
    """Replace a file so that a reader or a power cut sees the old or the new content; raises OSError that names the file.

    The new content is on the disk before it takes the place of the old. Without another `mode` the file is for its owner alone to write,
    for all to read. `draft` is where the new content stands meanwhile, cleared of what a kill left there; else a hidden file.
    """
    draft = draft or path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    try:
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(descriptor, left) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(draft, path)
    except BaseException as error:
        with suppress(OSError):
            os.unlink(draft)
        if isinstance(error, OSError):
            error.filename = str(path)  # a full disk names none, and nobody knows the draft
        raise
    sync_folder(path)


def draft_of(path: Path) -> Path:
    """Where the new content of a file with something about a person stands until it is whole: beside it, for everybody to see."""
    return path.with_name(path.name + ".part")


def sync_folder(path: Path) -> None:
    """Put the entry of a file in its folder on the disk too; raises OSError. Elsewhere than on POSIX a folder can't be opened."""
    if os.name == "posix":
        with _folder(path) as folder:
            os.fsync(folder)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes that do the same from the folder of `path` meanwhile; raises OSError. No lock on Windows."""
    if sys.platform == "win32":
        yield
        return
    with _folder(path) as folder:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield


@contextmanager
def _folder(path: Path) -> Iterator[int]:
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
