"""PDFs are looked at in a process of their own, for a small one may hold its reader for hours or fill the memory.

    texts = PdfReader().scan(pdf)                       # as healthcard.picture.scan

The first PDF starts the process, which then takes one after another. It ends with a PDF that takes more than SECONDS or MEMORY or that
crashes the reader; that one is refused, and the next starts another process. A PDF gets there by a pipe, never by a disk, and nothing
comes back but card texts or the words of a refusal.
"""

import faulthandler
import json
import os
import signal
import sys
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from healthcard import picture
from healthcard.errors import NoCode, PictureError

if sys.platform != "win32":
    import resource

SECONDS = 20.0  # by the clock, for one PDF
MEMORY = 1_000_000_000  # bytes of address space, where the system holds a process to it, as Linux does
TOO_MUCH = "it takes too much time or memory to look at: send fewer pages, or a photo of the card alone"


class PdfReader:
    """For one caller at a time."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._process: SpawnProcess | None = None
        self._connection: Connection

    def scan(self, pdf: bytes) -> list[str]:
        """The card texts in a PDF; raises PictureError. Blocks meanwhile."""
        if self._process is None or not self._process.is_alive():
            self._process, self._connection = _started(self._seconds)
        try:
            self._connection.send_bytes(pdf)
            texts, code, detail = json.loads(self._connection.recv_bytes())
        except (EOFError, OSError):
            self.close()
            raise PictureError(TOO_MUCH) from None
        if code:
            raise NoCode(detail) if code == NoCode.code else PictureError(detail)
        return [str(text) for text in texts]

    def close(self) -> None:
        """End the process, whatever it is at."""
        if self._process:
            self._process.kill()
            self._process.join()


def _started(seconds: float) -> tuple[SpawnProcess, Connection]:
    spawn = get_context("spawn")  # with nothing of ours in it: no key, no socket
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_work, args=(theirs, seconds), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def _work(connection: Connection, seconds: float) -> None:
    """Answer each PDF, until nobody is left to send one."""
    with suppress(EOFError, OSError), open(os.devnull, "w") as nowhere:
        _confine(nowhere.fileno())
        while True:
            pdf = connection.recv_bytes()
            faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)  # also where nobody is left who could end us
            connection.send_bytes(json.dumps(_found(pdf)).encode())
            faulthandler.cancel_dump_traceback_later()


def _confine(nowhere: int) -> None:
    """Be silent, step back for those who answer, and take no more than MEMORY."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the service, which answers what is under way
    for said in (1, 2):
        os.dup2(nowhere, said)
    if sys.platform != "win32":
        os.nice(5)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash leaves no picture of the memory on the disk
        with suppress(ValueError):  # not every system has this limit
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _found(pdf: bytes) -> tuple[list[str], str, str]:
    """The texts, or the code and the detail of a refusal."""
    try:
        return picture.scan(pdf), "", ""
    except PictureError as error:
        return [], error.code, str(error)
