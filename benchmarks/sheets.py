"""Five hundred records -> one PDF of A7 cards on A4 sheets, beside bare Typst on the same pages: `python -m benchmarks.sheets [COUNT]`.

Bare Typst is given the face data with the codes made beforehand, all in one compile, and only lays out and writes the PDF. Ours begins
with the text of the records: it reads, checks, signs, words, draws codes, lays out, reads every code back from its page, and joins the
PDF. Each is a process of its own with other records each time (Typst remembers what it has laid out), after a few warm cards.
"""

import json
import multiprocessing
import resource
import secrets
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date
from typing import Any

from benchmarks.families import families
from healthcard.card import Card
from healthcard.errors import RecordError
from healthcard.printing import layout, sheets
from healthcard.printing.rendering import check_scan, render
from healthcard.printing.sheets import Look, face_data, grid
from healthcard.record import Record
from tests.world import World

COUNT = 500
WARM = 8
SINGLE = 20
MOST_TIMES, MOST_MEGABYTES, MOST_TIMES_SINGLE = 3.0, 500, 5.0  # the aims
Measured = tuple[float, float]  # seconds, and the megabytes that the process needed at most


def main(count: int = COUNT) -> None:
    """Print the table."""
    seed = secrets.randbelow(1_000_000)
    print(f"{count} A7 cards on A4 sheets, records -> one PDF (aims: <= {MOST_TIMES:g} x bare Typst, < {MOST_MEGABYTES} MB; seed {seed})")
    (bare, bare_memory), (ours, memory) = (apart(work, count, seed) for work in (bare_sheets, our_sheets))
    print(f"  bare Typst {bare:6.1f} s {1000 * bare / count:6.1f} ms a card {bare_memory:6.0f} MB")
    print(f"  healthcard {ours:6.1f} s {1000 * ours / count:6.1f} ms a card {memory:6.0f} MB   {ours / bare:.2f} x bare Typst")
    single, _ = apart(our_single_against_bare, SINGLE, seed)
    print(f"One warm card, record -> PDF read back (aim: <= {MOST_TIMES_SINGLE:g} x bare Typst): {single:.2f} x\n")


def apart(work: Callable[[list[str]], float], count: int, seed: int) -> Measured:
    """`work` on so many records, in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measured, (work, count, seed))


def measured(work: Callable[[list[str]], float], count: int, seed: int) -> Measured:
    seconds = work(texts(count, seed))
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def texts(count: int, seed: int) -> list[str]:
    """The JSON of records that a station issues without a question, and before them some to warm up with."""
    world, found = World.build(date.today()), list[str]()
    while len(found) < count + WARM:
        for record in families(count, seed + len(found)):
            try:
                world.issue(record)
            except RecordError:
                continue
            found.append(json.dumps(record.to_json()))
    return found[: count + WARM]


def issued(world: World, records: list[str]) -> list[Card]:
    return [world.issue(Record.from_json(text)) for text in records]


def our_sheets(records: list[str]) -> float:
    world = World.build(date.today())
    sheets.sheets(issued(world, records[:WARM]))
    start = time.perf_counter()
    sheets.sheets(issued(world, records[WARM:]))
    return time.perf_counter() - start


def bare_sheets(records: list[str]) -> float:
    faces = [face_data(card, Look()) for card in issued(World.build(date.today()), records)]
    compiled(faces[:WARM])
    start = time.perf_counter()
    compiled(faces[WARM:])
    return time.perf_counter() - start


def compiled(faces: list[Any]) -> None:
    places = grid(Look())
    data = {"title": "cards", "columns": places.columns, "rows": places.rows, "turned": places.turned, "cards": faces}
    layout.compile_sheets("a7", data)


def our_single_against_bare(records: list[str]) -> float:
    """The median ratio of one card with all that belongs to it to the layout of another one's data."""
    world, ratios = World.build(date.today()), []
    for ours, bare in zip(records[::2], records[1::2], strict=False):
        data = face_data(issued(world, [bare])[0], Look())
        start = time.perf_counter()
        layout.compile_template("a7", data)
        between = time.perf_counter()
        [card] = issued(world, [ours])
        check_scan(render(card), card)
        ratios.append((time.perf_counter() - between) / (between - start))
    return statistics.median(ratios[WARM // 2 :])


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
