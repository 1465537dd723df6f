"""What a power cut or a full disk leaves of the SQLite store: everything acknowledged, once, and nothing by halves.

The real store works in a process of its own under strace, which writes down every write and every wait for the disk. `Disk` plays them
back up to any point and then cuts the power: whatever was not waited for is kept, lost or torn, as the dice have it. The real store
opens what is left. The same dice must find losses where SQLite is told not to wait.
"""

import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from api import store as stores
from api.store import Store
from healthcard.errors import StoreError
from tests import store_work

CAMPAIGN = bool(os.environ.get("HEALTHCARD_CAMPAIGN"))
CUTS, CUTS_WITHOUT_WAITING = (10_000, 300) if CAMPAIGN else (300, 100)
STEPS, STEPS_ON_FULL_DISK = (150, 25) if CAMPAIGN else (40, 5)
NAME = "trust.db"
CALLS = "openat,pwrite64,write,ftruncate,fsync,fdatasync,unlink,rename"
SECTOR = 512

CALL = re.compile(r"(\w+)\((.*)\) += (-?\d+)")
DESCRIPTOR = re.compile(r"\d+<([^>]*)>")
WRITTEN = re.compile(r'"((?:\\x[0-9a-f]{2})*)", (\d+)(?:, (\d+))?')


@dataclass
class File:
    """What is on the disk of one file, and what was written since the last wait: (offset, bytes), or a length alone."""

    held: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)

    def settle(self) -> None:
        for change in self.pending:
            _apply(self.held, change)
        self.pending.clear()

    def after_a_cut(self, dice: random.Random) -> bytes:
        """The content that is found: each pending change there, gone or torn."""
        found = bytearray(self.held)
        keep = dice.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        for offset, data in self.pending:
            fate = dice.random()
            if fate < keep:
                _apply(found, (offset, data))
            elif data is not None and fate < keep + (1 - keep) / 3:
                for at, piece in _torn(data, dice):
                    _apply(found, (offset + at, piece))
        return bytes(found)


def _apply(content: bytearray, change: tuple[int, bytes | None]) -> None:
    offset, data = change
    if data is None:
        del content[offset:]
    content.extend(bytes(max(0, offset - len(content))))
    if data is not None:
        content[offset : offset + len(data)] = data


def _torn(data: bytes, dice: random.Random) -> Iterator[tuple[int, bytes]]:
    """A part of a write: some of its sectors, or its first bytes."""
    if dice.random() < 0.5:
        yield 0, data[: dice.randrange(len(data))]
    else:
        for at in range(0, len(data), SECTOR):
            if dice.random() < 0.5:
                yield at, data[at : at + SECTOR]


class Disk:
    """A folder whose files and entries reach the disk when they are waited for."""

    def __init__(self) -> None:
        self.entries: dict[str, File] = {}  # as the running system sees them
        self.held: dict[str, File] = {}  # as they stand on the disk
        self.acknowledged = 0

    def play(self, call: str, arguments: str, result: int) -> None:
        """One system call."""
        if result < 0:
            return
        if call == "openat":
            name = _name(re.findall(r'"([^"]*)"', arguments)[0])
            if "O_CREAT" in arguments and name.startswith(NAME) and not name.endswith((".ack", "-shm")):
                self.entries.setdefault(name, File())
            return
        if call in ("unlink", "rename"):
            assert call == "unlink", "the model knows no rename"
            self.entries.pop(_name(re.findall(r'"([^"]*)"', arguments)[0]), None)
            return
        described = DESCRIPTOR.match(arguments)
        assert described, arguments[:80]
        name = _name(described[1])
        if name.endswith(".ack"):
            self.acknowledged += 1
        elif call in ("fsync", "fdatasync") and name not in self.entries:
            self.held = dict(self.entries)  # the folder itself
        elif name in self.entries:
            self._change(self.entries[name], call, arguments)

    def _change(self, file: File, call: str, arguments: str) -> None:
        if call in ("fsync", "fdatasync"):
            file.settle()
        elif call == "ftruncate":
            file.pending.append((int(arguments.rsplit(", ", 1)[1]), None))
        else:
            data, _, offset = WRITTEN.findall(arguments)[0]
            file.pending.append((int(offset), bytes.fromhex(data.replace("\\x", ""))))

    def cut(self, folder: Path, dice: random.Random) -> None:
        """Write into `folder` what is found after the power is back; entries that were not waited for are there or not."""
        for name in self.entries.keys() | self.held.keys():
            file = dice.choice((self.entries, self.held)).get(name)
            if file is not None:
                (folder / name).write_bytes(file.after_a_cut(dice))


def _name(path: str) -> str:
    return Path(bytes.fromhex(path.replace("\\x", "")).decode()).name


def recorded(folder: Path, synchronous: str) -> list[tuple[str, str, int]]:
    """The system calls of the work, in their order."""
    log, database = folder / "log", folder / NAME
    trace = ["strace", "-y", "-xx", "-s", "1000000", "-e", f"trace={CALLS}", "-o", str(log), "-P", str(folder)]
    files = [word for suffix in ("", "-wal", "-journal", ".ack") for word in ("-P", f"{database}{suffix}")]
    work = [sys.executable, "-m", "tests.store_work", "record", str(database), str(STEPS), synchronous]
    subprocess.run([*trace, *files, *work], check=True, timeout=120)
    calls = []
    for line in log.read_text().splitlines():
        if call := CALL.match(line):
            calls.append((call[1], call[2], int(call[3])))
    return calls


def cuts(calls: list[tuple[str, str, int]], many: int) -> Iterator[tuple[int, Disk, random.Random]]:
    """The disk at `many` points of the work, in their order, with dice for each."""
    points = sorted(random.Random(many).choices(range(len(calls) + 1), k=many))
    disk, played = Disk(), 0
    for number, point in enumerate(points):
        while played < point:
            disk.play(*calls[played])
            played += 1
        yield number, disk, random.Random(number)


def lost_or_doubled(calls: list[tuple[str, str, int]], many: int, folder: Path) -> list[int]:
    """The cuts after which the store does not hold exactly what was acknowledged, or that and the step that was under way."""
    states, wrong = store_work.expected(STEPS + 1), []
    for number, disk, dice in cuts(calls, many):
        place = folder / str(number)
        place.mkdir()
        disk.cut(place, dice)
        try:
            store = Store.open(str(place / NAME))
            held = store_work.found(store)
            store.close()
        except (StoreError, ValueError, AttributeError):  # no database any more, or rows of nothing that SQLite does not notice
            held = ()
        if held not in states[disk.acknowledged : disk.acknowledged + 2]:
            wrong.append(number)
        for left in place.iterdir():
            left.unlink()
    return wrong


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking at what is left needs no waiting for the disk."""
    monkeypatch.setattr(stores, "PRAGMAS", ("journal_mode=WAL", "synchronous=OFF"))


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str, int]]:
    return recorded(tmp_path_factory.mktemp("full"), "FULL")


def test_the_record_of_the_work_is_whole(calls: list[tuple[str, str, int]], tmp_path: Path) -> None:
    """Played back without a cut it gives the store as it is, so no write escapes the model; and it waits for the disk at each step."""
    disk = Disk()
    for call in calls:
        disk.play(*call)
    assert disk.acknowledged == STEPS
    for name, file in disk.entries.items():
        file.settle()
        (tmp_path / name).write_bytes(file.held)
    store = Store.open(str(tmp_path / NAME))
    assert store_work.found(store) == store_work.expected(STEPS)[STEPS]
    store.close()
    waits = [call for call, _, _ in calls if call in ("fsync", "fdatasync")]
    assert len(waits) >= STEPS and {NAME, f"{NAME}-wal"} <= disk.held.keys()
    named = [_name(described[1]) for call, arguments, _ in calls if call == "pwrite64" and (described := DESCRIPTOR.match(arguments))]
    assert named.count(NAME) > 20, "checkpoints"


def test_no_power_cut_loses_or_doubles_what_was_acknowledged(calls: list[tuple[str, str, int]], tmp_path: Path) -> None:
    assert lost_or_doubled(calls, CUTS, tmp_path) == []


@pytest.mark.parametrize("synchronous", ["OFF", "NORMAL"])
def test_the_same_cuts_find_the_losses_of_a_store_that_does_not_wait(tmp_path: Path, synchronous: str) -> None:
    record, images = tmp_path / "record", tmp_path / "images"
    record.mkdir()
    images.mkdir()
    wrong = len(lost_or_doubled(recorded(record, synchronous), CUTS_WITHOUT_WAITING, images))
    assert wrong > CUTS_WITHOUT_WAITING // 20


def test_a_disk_that_is_full_from_any_write_on_loses_nothing_acknowledged(tmp_path: Path) -> None:
    work = [sys.executable, "-m", "tests.store_work", "full", str(tmp_path), str(STEPS_ON_FULL_DISK)]
    done = subprocess.run(work, check=True, capture_output=True, text=True, timeout=300)
    states, ends = store_work.expected(STEPS_ON_FULL_DISK), []
    for line in done.stdout.splitlines():
        write, acknowledged, word = line.split()
        ends.append(word)
        store = Store.open(str(tmp_path / f"{write}.db"))  # there is room again
        assert store_work.found(store) == states[max(0, int(acknowledged))], line
        store.add_withdrawals(store_work.withdrawn(1000), store_work.DAY + timedelta(1))
        store.close()
    assert ends[-1] == "done" and set(ends[:-1]) == {"full"} and len(ends) > 2 * STEPS_ON_FULL_DISK, ends
