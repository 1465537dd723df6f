"""Batches: bad lines apart, nothing lost and nothing confirmed twice whatever happens, and no word of a record on the disk."""

import hashlib
import hmac
import json
import os
import random
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from healthcard import picture
from healthcard.card import read
from healthcard.errors import JournalError, NoCode, PrintError
from healthcard.printing import printers
from healthcard.printing.journal import CONFIRMED, ISSUED, PRINTED, Journal
from healthcard.trust.bundle import TrustBundle
from tests import builders
from tests.command import PASSPHRASE, SCRIPT, Done, program, terminal

CAMPAIGN = bool(os.environ.get("HEALTHCARD_CAMPAIGN"))
KILLS, FILE_KILLS, RECORDS = (200, 100, 300) if CAMPAIGN else (8, 10, 16)
CHANGES = 10  # of the disk in a run that writes a file: journal, three entries, draft, file, two entries
SECRET = bytes(range(32))
LP = """#!/bin/sh
# lp as CUPS has it, to paper: keeps what it was told and what came through the pipe. Its disk is another.
ulimit -S -f unlimited
test "$2" = desk || { echo "lp: The printer or class does not exist." >&2; exit 1; }
job=$(mktemp "$PAPER/job.XXXXXX")
printf '%s\\n' "$@" > "$job.options"
cat > "$job.pdf"
"""
POWER_CUT = 'kill -9 "$PPID"\n'  # as the last line of lp: the sheet is on paper, and nobody learns of it


def record(number: int, **entries: Any) -> dict[str, Any]:
    """One record that no other number has: its weight tells which."""
    seen = builders.contact(date.today() - timedelta(2), observations={"weight": 40 + number / 10}, **entries)
    return builders.mother(contacts=[seen]).to_json()


def weight(one: dict[str, Any]) -> float:
    return float(one["people"][0]["contacts"][0]["observations"]["weight"])


def ndjson(records: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(one) + "\n" for one in records)


@dataclass
class Desk:
    """A station with a printer: `home` is all of the disk that healthcard is given, what is printed lies elsewhere."""

    home: Path
    paper: Path
    demo: Path

    @property
    def journal(self) -> Path:
        return self.home / "in.ndjson.journal"

    @property
    def options(self) -> list[str]:
        return ["--key", str(self.demo / "station.key"), "--bundle", str(self.demo / "trust.bundle")]

    @property
    def environment(self) -> dict[str, str]:
        place = {"HOME": str(self.home), "TMPDIR": str(self.home), "PAPER": str(self.paper)}
        return {**place, "PATH": f"{self.paper.parent / 'bin'}:{os.environ['PATH']}"}

    def given(self, records: list[dict[str, Any]]) -> None:
        (self.home / "in.ndjson").write_text(ndjson(records))

    def batch(self, *arguments: object, prefix: tuple[str, ...] = (), stdin: bytes = b"") -> Done:
        """The command on in.ndjson, in `home`."""
        words = ["batch", self.home / "in.ndjson", *self.options, *arguments]
        return program(*words, prefix=("env", "-C", str(self.home), *prefix), stdin=stdin, **self.environment)

    def start(self, *arguments: object) -> subprocess.Popen[bytes]:
        command = [str(SCRIPT), "batch", str(self.home / "in.ndjson"), *self.options, *map(str, arguments)]
        environment = os.environ | self.environment | {"HEALTHCARD_PASSPHRASE": PASSPHRASE}
        return subprocess.Popen(command, cwd=self.home, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def weights(self, pdf: Path) -> Counter[float]:
        """Of the verified cards on a printed file, each counted once a side; nothing where the file is torn."""
        try:
            texts = picture.scan(pdf.read_bytes())
        except (NoCode, picture.PictureError):
            return Counter()
        bundle = TrustBundle.load(self.demo / "trust.bundle")
        readings = [read(text, bundle=bundle) for text in texts]
        assert all(reading.verdict == "verified" for reading in readings)
        return Counter(weight(reading.record.to_json()) for reading in readings if reading.record)

    def printed(self) -> Counter[float]:
        return sum((self.weights(job) for job in self.paper.glob("*.pdf")), Counter())


@pytest.fixture
def desk(tmp_path: Path, demo: Path) -> Desk:
    for folder in ("home", "paper", "bin"):
        (tmp_path / folder).mkdir()
    lp = tmp_path / "bin" / "lp"
    lp.write_text(LP)
    lp.chmod(0o755)
    return Desk(tmp_path / "home", tmp_path / "paper", demo)


def entries(journal: Path) -> Iterator[tuple[int, list[bytes]]]:
    """State and names of each entry, read as journal.py describes the file."""
    data = journal.read_bytes()[36:] if journal.exists() else b""
    while len(data) > 5 and len(data) >= (size := 5 + 16 * (int.from_bytes(data[1:5]) + 1)):
        yield data[0], [data[n : n + 16] for n in range(5, size - 16, 16)]
        data = data[size:]


def confirmations(journal: Path) -> Counter[bytes]:
    return Counter(name for state, names in entries(journal) if state == CONFIRMED for name in names)


# Lines


def test_every_line_becomes_a_card_on_the_sheets_and_equal_lines_become_two(desk: Desk) -> None:
    desk.given([record(1), record(2), record(1)])
    done = desk.batch("--out", "sheets.pdf", "--assume-printed", "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out) == {"issued": 3, "sheets": 1, "confirmed": 3, "confirmed_before": 0, "refused": []}
    assert desk.weights(desk.home / "sheets.pdf") == {40.1: 2, 40.2: 1}
    assert sorted(confirmations(desk.journal).values()) == [1, 1, 1]


def test_a_bad_line_is_named_with_its_fields_and_the_others_go_on(desk: Desk) -> None:
    wrong = record(2)
    wrong["people"][0]["contacts"][0]["observations"] |= {"colour": "red", "temperature": 99}
    wrong["people"][0]["contacts"][0]["observations"]["weight"] = 4000
    lines = [json.dumps(record(1)), json.dumps(wrong), "", '{"language": ', "\ufeff[]", json.dumps(record(3))]
    (desk.home / "in.ndjson").write_text("\n".join(lines))
    done = desk.batch("--out", "sheets.pdf", "--assume-printed", "--json")
    summary = json.loads(done.out)
    assert done.code == 1 and summary["issued"] == 2 and summary["confirmed"] == 2
    assert [one["line"] for one in summary["refused"]] == [2, 4, 5]
    places = [problem["place"] for problem in summary["refused"][0]["problems"]]
    assert all(place.startswith("people[0].contacts[0].observations.") and f"line 2: {place}: " in done.err for place in places)
    assert "4000" not in done.err and "red" not in done.err
    assert re.search(r"line 4: column \d+: not valid JSON", done.err)
    assert desk.weights(desk.home / "sheets.pdf") == {40.1: 1, 40.3: 1}


def test_lines_mended_later_are_printed_alone_and_never_over_a_file_that_counts(desk: Desk) -> None:
    (desk.home / "in.ndjson").write_text(ndjson([record(1)]) + "{}\n")
    assert desk.batch("--out", "sheets.pdf", "--assume-printed").code == 1
    before = (desk.home / "sheets.pdf").read_bytes()
    desk.given([record(1), record(2)])
    refused = desk.batch("--out", "sheets.pdf", "--assume-printed")
    assert refused.code == 1 and "exists already" in refused.said and (desk.home / "sheets.pdf").read_bytes() == before
    done = desk.batch("--out", "more.pdf", "--assume-printed", "--json")
    assert done.code == 0 and json.loads(done.out)["confirmed_before"] == 1
    assert desk.weights(desk.home / "more.pdf") == {40.2: 1}


def test_an_unlikely_value_is_left_out_until_it_is_typed_again(desk: Desk) -> None:
    child = builders.infant(age_days=300, on=date.today(), observations={"weight": 3.0, "length": 70}).to_json()
    desk.given([record(1), child])
    done = desk.batch("--out", "a.pdf", "--assume-printed", "--json")
    assert done.code == 1 and json.loads(done.out)["issued"] == 1
    [refusal] = json.loads(done.out)["refused"]
    assert refusal["code"] == "confirmation-needed"
    hints = [problem["hint"] for problem in refusal["problems"]]
    assert "--typed-again 2:people[0].contacts[0].observations.weight=VALUE" in hints
    values = {"weight": "3.0", "length": "70"}
    again = [word for hint in hints for word in hint.replace("VALUE", values[hint.rpartition(".")[2].partition("=")[0]]).split()]
    wrong = desk.batch("--out", "b.pdf", "--assume-printed", *(word.replace("=3.0", "=3.1") for word in again))
    assert wrong.code == 1 and "not the same value" in wrong.said
    assert desk.batch("--out", "b.pdf", "--assume-printed", *again).code == 0
    assert desk.weights(desk.home / "b.pdf") == {3: 1}


def test_what_is_only_asked_stops_no_card_and_names_the_line(desk: Desk) -> None:
    odd = builders.mother(contacts=[builders.contact(date.today(), observations={"systolic": 80, "diastolic": 79})]).to_json()
    desk.given([record(1), odd])
    done = desk.batch("--out", "a.pdf", "--assume-printed", "--json")
    assert done.code == 0 and json.loads(done.out)["issued"] == 2
    assert "line 2: people[0]" in done.err and "line 1: " not in done.err


def test_a_key_that_may_not_issue_stops_the_batch_before_any_line(desk: Desk) -> None:
    desk.given([record(1)])
    done = program("batch", desk.home / "in.ndjson", "--key", desk.demo / "root.key", "--bundle", desk.demo / "trust.bundle", "--out",
                   desk.home / "a.pdf")  # fmt: skip
    assert done.code == 1 and not list(desk.home.glob("a.pdf*")) and not desk.journal.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--out", "a.pdf", "--printer", "desk"],
        ["--json"],
        ["--out", "a.pdf", "--confirm", "--assume-printed"],
        ["--out", "a.pdf", "--language", "xx"],
        ["--out", "a.pdf", "--typed-again", "weight=3"],
        ["--out", "a.pdf", "--typed-again", "7:people[0].contacts[0].observations.weight=3"],  # there is no line 7
    ],
)
def test_arguments_that_do_not_go_together_are_a_matter_of_usage(desk: Desk, arguments: list[str]) -> None:
    desk.given([record(1)])
    assert desk.batch(*arguments).code == 2


def test_lines_that_another_run_has_confirmed_are_named_and_so_is_the_way_out_for_another_input(desk: Desk) -> None:
    desk.given([record(1), record(2), record(3)])
    done = desk.batch("--out", "a.pdf", "--assume-printed")
    assert done.code == 0 and f"all is confirmed: {desk.home}/in.ndjson and {desk.journal} can be deleted" in done.said
    desk.given([record(2), record(4), record(3), record(1)])
    done = desk.batch("--out", "b.pdf", "--assume-printed")
    assert desk.weights(desk.home / "b.pdf") == {40.4: 1}
    assert "lines 1, 3 to 4: confirmed before, no card now; if this is another input, name another journal" in done.said
    done = desk.batch("--out", "c.pdf", "--assume-printed", "--journal", "other")
    assert desk.weights(desk.home / "c.pdf").total() == 4 and "confirmed before" not in done.said


def test_a_line_is_the_same_only_byte_for_byte(desk: Desk) -> None:
    desk.given([record(1)])
    assert desk.batch("--out", "a.pdf", "--assume-printed").code == 0
    (desk.home / "in.ndjson").write_text(json.dumps(record(1), separators=(",", ":")))
    assert json.loads(desk.batch("--out", "b.pdf", "--assume-printed", "--json").out)["issued"] == 1


def test_a_disk_too_full_for_the_file_is_told_with_its_name_and_nothing_is_left(desk: Desk) -> None:
    desk.given([record(1)])
    done = desk.batch("--out", "sheets.pdf", "--assume-printed", prefix=("prlimit", "--fsize=20000:"))
    assert done.code == 1 and "sheets.pdf: File too large" in done.said
    assert not list(desk.home.glob("sheets.pdf*")) and not confirmations(desk.journal)


# Where the sheets go


def test_without_a_file_or_printer_the_pdf_goes_into_the_pipe_and_nothing_is_written_but_the_journal(desk: Desk) -> None:
    desk.given([record(1)])
    words = [str(SCRIPT), "batch", "-", "--journal", "j", *desk.options]
    environment = os.environ | desk.environment | {"HEALTHCARD_PASSPHRASE": PASSPHRASE}
    done = subprocess.run(words, input=(desk.home / "in.ndjson").read_bytes(), capture_output=True, cwd=desk.home, env=environment)
    assert done.returncode == 0 and done.stdout.startswith(b"%PDF-1.7") and b"not confirmed" in done.stderr
    assert {path.name for path in desk.home.iterdir()} == {"in.ndjson", "j"}


def test_each_sheet_goes_to_the_printer_by_itself_at_actual_size_on_both_sides(desk: Desk) -> None:
    desk.given([record(n) for n in range(10)])
    done = desk.batch("--printer", "desk", "--assume-printed")
    assert done.code == 0, done.err
    told = [path.read_text().split() for path in desk.paper.glob("*.options")]
    assert len(told) == 2 and desk.printed() == Counter(40 + n / 10 for n in range(10))
    for words in told:
        assert words[:2] == ["-d", "desk"] and words[-1] == "-"
        assert {"media=A4", "sides=two-sided-long-edge", "print-scaling=none", "fit-to-page=false"} <= set(words)


def test_a_printer_that_is_not_there_is_named_and_nothing_is_confirmed(desk: Desk) -> None:
    desk.given([record(1)])
    done = desk.batch("--printer", "attic", "--assume-printed")
    assert done.code == 1 and "printer attic: lp: The printer or class does not exist." in done.said
    assert not confirmations(desk.journal) and desk.batch("--printer", "desk", "--assume-printed").code == 0


def test_where_there_is_no_lp_the_message_says_what_else_can_be_done(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PrintError, match="write to a file"):
        printers.send(b"", "desk", printers.SHEET)


@pytest.mark.parametrize("name", ["", "-d", "two words", "a/b", "a#b", "x" * 200])
def test_a_name_that_no_printer_has_is_never_given_to_lp(name: str) -> None:
    with pytest.raises(PrintError, match="no such printer"):
        printers.send(b"", name, printers.SHEET)


@pytest.mark.parametrize(("template", "start", "said"), [("a7", b"%PDF", "sides=two-sided-long-edge"), ("roll58", b"\x89PNG", "ppi=203")])
def test_one_card_goes_to_the_printer_and_no_file_is_written(desk: Desk, template: str, start: bytes, said: str) -> None:
    (desk.home / "one.json").write_text(json.dumps(record(1)))
    words = ["issue", desk.home / "one.json", *desk.options, "--template", template, "--printer", "desk"]
    done = program(*words, prefix=("env", "-C", str(desk.home)), **desk.environment)
    assert done.code == 0 and {path.name for path in desk.home.iterdir()} == {"one.json"}
    [options] = desk.paper.glob("*.options")
    assert {said, "print-scaling=none"} <= set(options.read_text().split()) and options.with_suffix(".pdf").read_bytes().startswith(start)
    assert set(desk.printed()) == {40.1}


def test_sheets_that_came_out_badly_are_made_again_and_the_others_are_not(desk: Desk) -> None:
    desk.given([record(n) for n in range(10)])
    command = ["batch", desk.home / "in.ndjson", *desk.options, "--out", desk.home / "sheets.pdf"]
    done = terminal(*command, answers=[("Sheet 1 (lines 1 to 8)", "y"), ("Sheet 2 (lines 9 to 10)", "n")])
    assert done.code == 1 and "2 cards are not confirmed" in done.out and len(confirmations(desk.journal)) == 8
    whole = (desk.home / "sheets.pdf").read_bytes()
    refused = terminal(*command, answers=[])
    assert refused.code == 1 and "exists already" in refused.said and (desk.home / "sheets.pdf").read_bytes() == whole
    done = terminal(*command[:-1], desk.home / "more.pdf", answers=[("Sheet 1 (lines 9 to 10)", "y")])
    assert done.code == 0 and desk.weights(desk.home / "more.pdf") == {40.8: 1, 40.9: 1}
    assert "lines 9 to 10: issued before and not confirmed" in done.said
    assert sorted(confirmations(desk.journal).values()) == [1] * 10


def test_a_file_of_which_nothing_is_confirmed_is_made_again(desk: Desk) -> None:
    desk.given([record(1)])
    for _ in range(2):
        assert desk.batch("--out", "sheets.pdf").code == 0
    assert desk.weights(desk.home / "sheets.pdf") == {40.1: 1} and not confirmations(desk.journal)


def test_after_a_power_cut_the_lines_that_may_be_on_paper_are_named(desk: Desk) -> None:
    desk.given([record(n) for n in range(10)])
    lp = desk.paper.parent / "bin" / "lp"
    lp.write_text(LP + POWER_CUT)
    assert desk.batch("--printer", "desk", "--assume-printed").code == -signal.SIGKILL and desk.printed().total() == 8
    lp.write_text(LP)
    done = desk.batch("--printer", "desk", "--assume-printed")
    assert "lines 1 to 8: issued before and not confirmed, so they may be on paper: destroy those sheets" in done.said
    assert done.code == 0 and desk.printed() == Counter({40 + n / 10: 2 if n < 8 else 1 for n in range(10)})
    assert "not confirmed" not in desk.batch("--printer", "desk", "--assume-printed").said


# The journal


def test_a_state_is_there_after_the_journal_was_closed(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "j", SECRET) as journal:
        one, other = journal.name(b"a", 0), journal.name(b"a", 1)
        journal.note(CONFIRMED, [one])
        journal.note(PRINTED, [other])
    with Journal.open(tmp_path / "j", SECRET) as journal:
        assert journal.confirmed(journal.name(b"a", 0)) and not journal.confirmed(journal.name(b"a", 1))


def test_equal_lines_have_a_name_for_each_and_no_name_without_the_stations_secret(tmp_path: Path) -> None:
    names = []
    for secret in (SECRET, SECRET[::-1]):
        (tmp_path / "j").write_bytes(b"HCJ1" + bytes(16))  # the same salt: what differs is the secret
        with Journal.open(tmp_path / f"j{secret[0]}", secret) as journal:
            names += [journal.name(b"a line", occurrence) for occurrence in range(3)]
    assert len(set(names)) == 6


def test_nobody_without_the_key_can_try_out_what_a_line_says(tmp_path: Path) -> None:
    line, path = b'{"language": "es"}', tmp_path / "j"
    with Journal.open(path, SECRET) as journal:
        journal.note(ISSUED, [journal.name(line, 0)])
    data = path.read_bytes()
    salt = data[4:20]
    for key in (b"", salt, data[:36], data[20:36]):
        for guess in (line, line + b"\n", b"line\0" + bytes(8) + line):
            tried = hashlib.sha256(key + guess), hmac.new(key, guess, "sha256"), hashlib.blake2b(guess, key=key)
            assert not [one for one in tried if one.digest()[:8] in data]


def test_an_entry_torn_at_any_byte_is_cut_off_and_the_ones_before_stand(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with Journal.open(path, SECRET) as journal:
        names = [journal.name(b"%d" % n, 0) for n in range(4)]
        journal.note(CONFIRMED, names[:2])
        whole = path.stat().st_size
        journal.note(CONFIRMED, names[2:])
    data = path.read_bytes()
    for size in range(whole, len(data)):
        for tail in (b"", bytes((len(data) if size >= whole + 5 else whole + 5) - size)):  # told of a longer file before its bytes came
            path.write_bytes(data[:size] + tail)
            with Journal.open(path, SECRET) as journal:
                assert [journal.confirmed(name) for name in names] == [True, True, False, False]
                journal.note(CONFIRMED, names[2:])
            assert path.read_bytes() == data


@pytest.mark.parametrize("size", range(37))
def test_a_journal_torn_when_it_was_made_is_made_again(tmp_path: Path, size: int) -> None:
    path = tmp_path / "j"
    with Journal.open(path, SECRET):
        data = path.read_bytes()
    for torn in (data[:size], bytes(size)):
        path.write_bytes(torn)
        with Journal.open(path, SECRET) as journal:
            journal.note(ISSUED, [journal.name(b"a", 0)])


def test_a_journal_that_was_overwritten_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with Journal.open(path, SECRET) as journal:
        journal.note(CONFIRMED, [journal.name(b"a", 0)])
    path.write_bytes(bytes(path.stat().st_size))
    before = path.read_bytes()
    with pytest.raises(JournalError, match="restore it from a copy"):
        Journal.open(path, SECRET)
    assert path.read_bytes() == before


@pytest.mark.parametrize("entries", [1, 2, 17])
def test_zeros_where_whole_entries_stood_are_damage_and_not_a_torn_entry(tmp_path: Path, entries: int) -> None:
    path = tmp_path / "j"
    with Journal.open(path, SECRET) as journal:
        ends = [path.stat().st_size]
        for n in range(20):
            journal.note(CONFIRMED, [journal.name(b"%d" % n, 0)])
            ends.append(path.stat().st_size)
    data = path.read_bytes()
    for kept in (0, len(ends) - 1 - entries):
        damaged = data[: ends[kept]] + bytes(ends[kept + entries] - ends[kept])
        path.write_bytes(damaged)
        with pytest.raises(JournalError, match="restore it from a copy"):
            Journal.open(path, SECRET)
        assert path.read_bytes() == damaged


def test_damage_before_the_last_entry_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with Journal.open(path, SECRET) as journal:
        for n in range(3):
            journal.note(CONFIRMED, [journal.name(b"%d" % n, 0)])
    data = path.read_bytes()
    for at in range(36, len(data) - 37):
        path.write_bytes(data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :])
        with pytest.raises(JournalError, match="damaged"):
            Journal.open(path, SECRET)


def test_a_journal_of_another_key_another_file_and_one_in_use_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with Journal.open(path, SECRET), pytest.raises(JournalError, match="another batch"):
        Journal.open(path, SECRET)
    with pytest.raises(JournalError, match="another station's key"):
        Journal.open(path, SECRET[::-1])
    (tmp_path / "note").write_text("a note that somebody keeps here")
    for other in (tmp_path / "note", tmp_path, tmp_path / "no" / "j"):
        with pytest.raises(JournalError):
            Journal.open(other, SECRET)
    assert (tmp_path / "note").read_text() == "a note that somebody keeps here"


def test_nothing_is_confirmed_twice(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "j", SECRET) as journal:
        name = journal.name(b"a", 0)
        journal.note(CONFIRMED, [name])
        for state in (CONFIRMED, ISSUED):
            with pytest.raises(JournalError, match="already"):
                journal.note(state, [name])


def test_a_journal_on_a_full_disk_stops_the_batch_and_with_room_it_goes_on(desk: Desk) -> None:
    """No room for the journal itself, for the confirmation of the first sheet, for that of the second."""
    desk.given([record(n) for n in range(16)])
    entry, before = 5 + 16 * 9, Counter[bytes]()
    for room in (20, 36 + 2 * entry + 7, 36 + 6 * entry - 1):
        done = desk.batch("--printer", "desk", "--assume-printed", prefix=("prlimit", f"--fsize={room}:"))
        assert done.code == 1 and "bad-journal" in done.err and "make room" in done.said
        confirmed = confirmations(desk.journal)
        assert before <= confirmed and set(confirmed.values()) <= {1}
        before = confirmed
    assert desk.batch("--printer", "desk", "--assume-printed").code == 0
    assert sorted(confirmations(desk.journal).values()) == [1] * 16
    assert set(desk.printed()) == {40 + n / 10 for n in range(16)}


# Stopped at any moment


def test_killed_at_random_moments_every_record_is_confirmed_once_and_the_disk_holds_none(desk: Desk) -> None:
    """Each kill hits a run that goes on where the one before was hit; a batch that has ended is followed by a fresh one."""
    rng, kills, rounds = random.Random(time.time_ns() if CAMPAIGN else 3), 0, 0
    records = [record(n, findings=["severe_vomiting"]) for n in range(RECORDS)]
    # Words, ids and numbers of the records that no other file may hold.
    marks = [b"severe_vomiting", b"observations", b'"weight"', b"MCT1:", *(f"{40 + n / 10}".encode() for n in range(1, RECORDS, 7))]
    start = time.monotonic()
    assert desk_run(desk, records) == 0
    longest = time.monotonic() - start
    while kills < KILLS:
        run = desk.start("--printer", "desk", "--assume-printed")
        try:
            run.wait(rng.uniform(0, longest))
            assert run.returncode == 0
            finished(desk, records)
            rounds += 1
            fresh(desk, records)
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGKILL)
            run.wait()
            kills += 1
        forgotten(desk, marks)
    assert desk.batch("--printer", "desk", "--assume-printed").code == 0
    finished(desk, records)
    forgotten(desk, marks)


def test_killed_while_it_writes_files_every_record_is_confirmed_once_and_no_file_that_counts_is_lost(desk: Desk) -> None:
    """Each run is hit one change of the disk later than the one before; the input grows by a sheet, into a file of its own."""
    rng, kills, runs = random.Random(time.time_ns() if CAMPAIGN else 4), 0, 0
    records = [record(n, findings=["severe_vomiting"]) for n in range(16)]
    marks = [b"severe_vomiting", b"observations", b'"weight"', b"MCT1:", b"40.1"]
    while kills < FILE_KILLS:
        fresh(desk, records)
        counted: dict[Path, bytes] = {}
        for count in (8, 16):
            desk.given(records[:count])
            assert all(desk.batch("--out", path, "--assume-printed").code == 1 for path in counted)
            out = desk.home / f"{count}.pdf"
            while len(confirmations(desk.journal)) < count:
                runs += 1
                if struck(desk.home, desk.start("--out", out, "--assume-printed"), 1 + runs % CHANGES, rng.uniform(0, 0.002)):
                    kills += 1
                forgotten(desk, marks, {path.name for path in counted} | {out.name, f"{out.name}.part"})
                assert all(path.read_bytes() == content for path, content in counted.items())
            counted[out] = out.read_bytes()
        forgotten(desk, marks, {path.name for path in counted})
        assert set(confirmations(desk.journal).values()) == {1}
        assert sum(map(desk.weights, counted), Counter()) == Counter(map(weight, records))


def struck(folder: Path, run: subprocess.Popen[bytes], changes: int, later: float) -> bool:
    """Kill a run so many seconds after it has changed something in a folder so many times; False where it ends well before."""
    before = sizes_in(folder)
    while run.poll() is None:
        now = sizes_in(folder)
        changes -= now != before
        before = now
        if not changes:
            time.sleep(later)
            run.kill()
            break
        time.sleep(0.0002)
    assert run.wait() in (0, -signal.SIGKILL)
    return run.returncode != 0


def sizes_in(folder: Path) -> dict[str, int]:
    found = {}
    for entry in os.scandir(folder):
        with suppress(FileNotFoundError):  # renamed meanwhile
            found[entry.name] = entry.stat().st_size
    return found


def desk_run(desk: Desk, records: list[dict[str, Any]]) -> int:
    """One whole batch, to know how long it takes; then all is as it was."""
    desk.given(records)
    done = desk.batch("--printer", "desk", "--assume-printed")
    fresh(desk, records)
    return done.code


def fresh(desk: Desk, records: list[dict[str, Any]]) -> None:
    for path in (*desk.home.iterdir(), *desk.paper.iterdir()):
        path.unlink()
    desk.given(records)


def finished(desk: Desk, records: list[dict[str, Any]]) -> None:
    """Each record was confirmed once and is on paper; what was on its way when the run was hit may be there twice."""
    confirmed = confirmations(desk.journal)
    assert len(confirmed) == len(records) and set(confirmed.values()) == {1}
    assert set(desk.printed()) == {weight(one) for one in records}


def forgotten(desk: Desk, marks: list[bytes], asked_for: Collection[str] = ()) -> None:
    """Nothing but the input, the journal and the files asked for is there, and in the journal nothing of a record."""
    found = {path.relative_to(desk.home).as_posix() for path in desk.home.rglob("*") if path.is_file()}
    assert found <= {"in.ndjson", "in.ndjson.journal", *asked_for}
    if desk.journal.exists():
        data = desk.journal.read_bytes()
        assert not [mark for mark in marks if mark in data]
