"""PDFs in a process of their own: read as everywhere, and whatever one of them does, the next is read. As Linux shows it, in /proc."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image

from api.pdf_reader import MEMORY, TOO_MUCH, PdfReader
from healthcard.errors import PictureError
from healthcard.picture import scan
from tests.pdfs import ENDLESS, MANY, SHAPE, bomb
from tests.test_picture import ONE
from tests.test_symbol import file_of, sheet
from tests.test_verifier import waited

CARD = file_of(sheet(ONE, columns=1), "PDF", resolution=300)


@pytest.fixture
def reader() -> Iterator[PdfReader]:
    reader = PdfReader(3)
    yield reader
    reader.close()


def running(process: int) -> bool:
    """Whether it is at work: one that has ended stays listed until somebody asks how."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_it_reads_and_refuses_as_the_library_does(reader: PdfReader) -> None:
    assert reader.scan(CARD) == scan(CARD) == [ONE]
    for pdf in (file_of(Image.new("L", (60, 60), 255), "PDF"), b"%PDF-1.7\nnothing more", b""):
        with pytest.raises(PictureError) as here:
            scan(pdf)
        with pytest.raises(PictureError) as there:
            reader.scan(pdf)
        assert (type(there.value), str(there.value)) == (type(here.value), str(here.value))


def test_a_pdf_that_holds_its_reader_is_given_up_and_the_next_is_read(reader: PdfReader, capfd: pytest.CaptureFixture[str]) -> None:
    assert len(ENDLESS) < 2_000
    reader.scan(CARD)
    start = time.monotonic()
    with pytest.raises(PictureError, match=TOO_MUCH):
        reader.scan(ENDLESS)
    assert 2.9 < time.monotonic() - start < 60
    assert reader.scan(CARD) == [ONE]
    assert capfd.readouterr() == ("", "")


def test_a_pdf_that_unpacks_to_more_than_there_is_room_for_is_given_up(capfd: pytest.CaptureFixture[str]) -> None:
    pdf = bomb()
    assert len(pdf) < 1_000_000 and MANY * len(SHAPE) < MEMORY, "it fits when unpacked, and not what is made of it"
    reader = PdfReader(120)
    before, peak = reader.scan(CARD), []
    watched = reader._process and reader._process.pid

    def watch() -> None:
        with suppress(OSError):  # until it has ended
            while "VmPeak:" in (said := Path(f"/proc/{watched}/status").read_text()):
                peak.append(int(said.split("VmPeak:")[1].split()[0]) * 1024)
                time.sleep(0.01)

    watching = threading.Thread(target=watch)
    watching.start()
    with pytest.raises(PictureError):
        reader.scan(pdf)
    assert reader.scan(CARD) == before == [ONE]
    reader.close()
    watching.join()
    assert MEMORY / 2 < max(peak) <= MEMORY
    assert capfd.readouterr() == ("", "")


def test_closing_ends_it_whatever_it_is_at() -> None:
    reader = PdfReader(120)
    reader.scan(CARD)
    assert reader._process and reader._process.pid
    refused: list[Exception] = []

    def scan_it() -> None:
        try:
            reader.scan(ENDLESS)
        except PictureError as error:
            refused.append(error)

    thread = threading.Thread(target=scan_it)
    thread.start()
    time.sleep(0.3)
    start = time.monotonic()
    reader.close()
    thread.join()
    assert refused and time.monotonic() - start < 30 and not running(reader._process.pid)


def test_it_ends_though_nobody_is_left_to_end_it() -> None:
    program = (
        "import threading, time; from tests import test_pdf_reader as t; reader = t.PdfReader(5); reader.scan(t.CARD)\n"
        "threading.Thread(target=reader.scan, args=(t.ENDLESS,)).start(); time.sleep(0.2)\n"
        "print(reader._process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=Path(__file__).parent.parent) as parent:
        assert parent.stdout
        process = int(parent.stdout.readline())
        assert running(process)
        parent.send_signal(signal.SIGKILL)
    waited(lambda: not running(process))
