"""A fixed piece of work on a store, and what must stand in it after each step; as a program, under strace, for test_power_cut.py.

    python -m tests.store_work record DATABASE STEPS SYNCHRONOUS     each acknowledged step is a line of DATABASE.ack
    python -m tests.store_work full FOLDER STEPS                     once for each write of the work: that one and all later ones fail

Checkpoints come every 20 pages, not every 1,000, so that the cuts meet many of them.
"""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

from api import store as stores
from api.store import Partner, Store
from healthcard.errors import StoreError, StoreFull
from healthcard.sign import Key
from healthcard.trust.bundle import Organisation, published_signer
from healthcard.trust.uploads import MonthlyCounts, Sender, Withdrawals

DAY, LATER = date(2026, 7, 2), date(2027, 7, 2)
CHECKPOINT = "wal_autocheckpoint=20"
STATION = b"station1"
SENDER = Sender(Organisation(3, "pa-rc", Key(published_signer(1).key.public), DAY, LATER), None)


def do(step: int, store: Store) -> None:
    """One step of the work."""
    kind, turn = step % 5, step // 5
    if kind == 0:
        store.add_partner(partner(turn))
    elif kind == 1:
        store.add_withdrawals(withdrawn(turn), DAY)
    elif kind == 2:
        store.replace_counts(STATION, counted(turn), bytes([turn % 256]))
    elif kind == 3:
        store.count_vital_interest(DAY, "danger")
    else:
        store.revoke_partner(partner(turn).id, LATER)


def partner(turn: int) -> Partner:
    return Partner(f"p{turn:07}", f"Partner {turn}", bytes(32), frozenset({"verify"}), DAY, LATER)


def withdrawn(turn: int) -> Withdrawals:
    return Withdrawals(SENDER, frozenset((turn * 40 + n).to_bytes(5) for n in range(40)), f"message {turn}".encode())


def counted(turn: int) -> MonthlyCounts:
    """Of three months in turn; each document has services of its own, so that a half of one would show."""
    return MonthlyCounts(SENDER, date(2026, 1 + turn % 3, 1), turn, {200 + turn % 7 + n: 10 + turn for n in range(20)})


State = tuple[object, ...]


def found(store: Store) -> State:
    """Everything in a store."""
    counts = {(c.month, c.service): c.count for c in store.counts(LATER)}
    messages = frozenset(message.raw for message in store.revocations())
    return {p.id: p for p in store.partners()}, store.withdrawals(), messages, counts, store.vital_interest()


def expected(steps: int) -> list[State]:
    """What must stand in it after 0, 1, ... steps."""
    partners: dict[str, Partner] = {}
    withdrawals: frozenset[tuple[int, bytes]] = frozenset()
    messages: frozenset[bytes] = frozenset()
    documents: dict[date, MonthlyCounts] = {}
    vital: Counter[tuple[date, str]] = Counter()
    states: list[State] = []
    for step in range(steps + 1):
        counts = {(d.month, service): count for d in documents.values() for service, count in d.counts.items()}
        states.append((dict(partners), withdrawals, messages, counts, dict(vital)))
        kind, turn = step % 5, step // 5
        if kind == 0:
            partners[partner(turn).id] = partner(turn)
        elif kind == 1:
            withdrawals |= {(3, one) for one in withdrawn(turn).hashes}
            messages |= {withdrawn(turn).token}
        elif kind == 2:
            documents[counted(turn).month] = counted(turn)
        elif kind == 3:
            vital[date(2026, 7, 1), "danger"] += 1
        else:
            partners[partner(turn).id] = replace(partner(turn), revoked=LATER)
    return states


def record(database: str, steps: int, synchronous: str) -> None:
    """All the work, each step acknowledged when the store has returned."""
    stores.PRAGMAS = ("journal_mode=WAL", f"synchronous={synchronous}", CHECKPOINT)
    acknowledged = os.open(f"{database}.ack", os.O_WRONLY | os.O_CREAT)
    store = Store.open(database)
    for step in range(steps):
        do(step, store)
        os.write(acknowledged, b".")
    os._exit(0)  # without closing: no last checkpoint tidies up


def full(folder: Path, steps: int) -> Iterator[str]:
    """For the first write, the second, ...: "N acknowledged word" of the work on a disk that is full from the Nth write on."""
    stores.PRAGMAS = (*stores.PRAGMAS, CHECKPOINT)
    write, acknowledged = 0, -1
    while acknowledged < steps:
        write += 1
        database = folder / f"{write}.db"
        acknowledged, word = on_full_disk(database, write, steps)
        yield f"{write} {acknowledged} {word}"


def on_full_disk(database: Path, write: int, steps: int) -> tuple[int, str]:
    """The work in a process of its own whose writes fail, from one on; -1 where the store did not even open."""
    ready, release = os.pipe()
    said, say = os.pipe()
    child = os.fork()
    if not child:
        os.read(ready, 1)
        os.write(say, " ".join(map(str, worked(str(database), steps))).encode())
        os._exit(0)
    files = [word for suffix in ("", "-wal", "-shm", "-journal") for word in ("-P", f"{database}{suffix}")]
    inject = f"inject=pwrite64:error=ENOSPC:when={write}+"
    command = ["strace", "-e", "trace=pwrite64", "-e", inject, *files, "-o", os.devnull, "-p", str(child)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
        assert tracer.stderr and "attached" in tracer.stderr.readline()
        os.write(release, b".")
        acknowledged, word = os.read(said, 100).decode().split()
        os.waitpid(child, 0)
    for descriptor in (ready, release, said, say):
        os.close(descriptor)
    return int(acknowledged), word


def worked(database: str, steps: int) -> tuple[int, str]:
    """How many steps were acknowledged, and how it ended."""
    acknowledged = -1
    try:
        store = Store.open(database)
        for acknowledged in range(steps):
            do(acknowledged, store)
        acknowledged = steps
    except StoreFull:
        return acknowledged, "full"
    except StoreError:
        return acknowledged, "failed"
    return acknowledged, "done"


if __name__ == "__main__":
    mode, where, count, *rest = sys.argv[1:]
    if mode == "record":
        record(where, int(count), *rest)
    else:
        for line in full(Path(where), int(count)):
            print(line, flush=True)
