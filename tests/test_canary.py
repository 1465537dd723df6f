"""Station and reader forget (DP-12, DP-14, DP-15, DP-34): a thousand cards with marked values are issued, read and mistreated, and then no
marked value stands in any file left behind, any temporary file, any line of log, any text of an exception, or any `repr`.
"""

import json
import logging
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest

from healthcard import card, sign, symbol
from healthcard.card import Card, Reading
from healthcard.errors import HealthcardError
from healthcard.printing import rendering as printing
from healthcard.record import Record
from healthcard.trust import changes, custody
from healthcard.trust.bundle import TrustBundle
from tests import builders
from tests.command import program
from tests.test_verifier import running
from tests.world import World

TODAY = date(2026, 7, 2)
CARDS, RENDERED, ASKED, TYPED = 1000, 3, 100, 2
MARKED_FINDING, MARKED_CONDITION = "severe_vomiting", "diabetes_in_pregnancy"
MARKED_WORD = "Xochiquetzal"


def marked_record(n: int) -> Record:
    """A mother's record that has a day, a weight and a combination of values of its own."""
    contact = builders.contact(
        TODAY - timedelta(1 + n % 7),
        observations={"weight": 40 + n / 10, "systolic": 90 + n % 60, "temperature": 36.7},
        findings=[MARKED_FINDING],
        medicines=[{"medicine": "ors", "amount": 1 + n % 5}],
    )
    lmp = date(2026, 1, 1) + timedelta(n % 100)
    return builders.mother(contacts=[contact], pregnancy={"lmp": lmp.isoformat()}, conditions=[MARKED_CONDITION])


def markers(made: Card) -> list[bytes]:
    """What must not be found anywhere: the card in every form, and what its record says, as text."""
    content = json.dumps(made.record.to_json())
    words = [MARKED_FINDING, MARKED_CONDITION, made.text[:40], made.id.hex(), made.token.hex()[40:80], content[60:120]]
    words += [str(made.record.to_json()["people"][0]["pregnancy"]["lmp"])]
    return [made.id, made.token[14:46], made.token[-64:], *(word.encode() for word in words)]


@dataclass
class Heard:
    """Everything that was said: texts of exceptions, logs, representations."""

    said: list[str]

    def of(self, error: BaseException) -> None:
        self.said += [str(error), repr(error), "".join(traceback.format_exception(error))]


def mistreated(made: Card, bundle: TrustBundle, heard: Heard) -> Iterator[Reading]:
    """The card as readers meet it: whole, damaged in several ways, of another network, withdrawn."""
    text, at = made.text, 40 + made.id[0] % 60
    other = "0" if text[at] != "0" else "1"
    for shown in (text, text[:at] + other + text[at + 1 :], text[:-3], text + "0", text.replace("MCT1:", "MCH1:"), text.lower()):
        yield card.read(shown, bundle=bundle, now=TODAY)
    try:
        sign.inspect(made.token[:-1])
    except HealthcardError as error:
        heard.of(error)
    try:
        symbol.parse_card_text(text + "é")
    except HealthcardError as error:
        heard.of(error)


def bad_records(made: Card) -> Iterator[dict[str, object]]:
    """The record with a fault whose value is marked."""
    for path, value in (("observations", {"weight": 40.123456}), ("findings", [MARKED_WORD]), ("medicines", [{"medicine": MARKED_WORD}]),
                        ("date", MARKED_WORD), ("source", MARKED_WORD), ("phone", MARKED_WORD), ("findings", MARKED_WORD)):  # fmt: skip
        data = made.record.to_json()
        data["people"][0]["contacts"][0][path] = value
        yield data
    yield made.record.to_json() | {"language": MARKED_WORD}


def test_a_thousand_cards_leave_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    home = tmp_path / "home"
    home.mkdir()
    for name in ("TMPDIR", "HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.setattr(tempfile, "tempdir", None)  # read TMPDIR again
    monkeypatch.chdir(home)
    caplog.set_level(logging.DEBUG)
    heard, world = Heard([]), World.build(TODAY)
    world.bundle.save(home / "trust.bundle")
    cards = [world.issue(marked_record(n)) for n in range(CARDS)]
    searched = [marker for made in cards for marker in markers(made)]
    assert len({made.text for made in cards}) == CARDS

    content = changes.revoke_cards(world.bundle.content, [made.id for made in cards[::2]], TODAY)
    half = custody.complete(custody.next_version(world.bundle, content, TODAY).signed_by(world.root_signer))
    half.save(home / "trust.bundle")
    verdicts = set()
    for made in cards:
        for reading in mistreated(made, half, heard):
            verdicts.add(reading.verdict)
            heard.said += [repr(reading), *(part.reason for part in reading.parts), repr(reading.parts)]
        heard.said.append(repr(made))
    assert verdicts >= {"verified", "withdrawn", "unreadable", "altered", "unknown-issuer"}
    for made in cards[:ASKED]:
        for data in bad_records(made):
            with pytest.raises(HealthcardError) as refused:
                Record.from_json(json.dumps(data))
            heard.of(refused.value)
    for made in cards[:RENDERED]:
        printing.checked_files(made)
    with running(home / "trust.bundle", TODAY) as client:
        for made in cards[:ASKED]:
            for route, shown in (("decode", made.text), ("verify", made.text[:-1])):
                assert client.post(f"/v1/{route}", json={"texts": [shown]}).status_code == 200
            assert client.post("/v1/verify", json={"texts": made.text}).status_code == 400
            client.get(f"/v1/{made.text}")
    assert "/v1/decode verified" in caplog.text
    ours = [line for line in caplog.records if not line.name.startswith(("httpx", "httpcore"))]  # what the client here says is not ours
    heard.said += [f"{line.name} {line.getMessage()} {line.args} {line.exc_text}" for line in ours]

    everything = "\n".join(heard.said).encode() + b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert len(everything) > 1_000_000
    found = [marker for marker in (*searched, MARKED_WORD.encode(), b"40.123456") if marker in everything]
    assert not found, f"{len(found)} markers, such as {found[0]!r}"


def test_commands_leave_only_the_files_that_they_name(demo: Path, tmp_path: Path) -> None:
    """What `issue` and `read` leave in a home of their own, once the card's own files have gone with her: nothing of the card."""
    home, out, work = tmp_path / "home", tmp_path / "home" / "out", tmp_path / "home" / "work"
    for folder in (home, out, work):
        folder.mkdir()
    environment = dict.fromkeys(("TMPDIR", "HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"), str(home))
    said, found = [], []
    for n in range(TYPED):
        record = builders.mother(on=date.today() - timedelta(1), findings=[MARKED_FINDING], observations={"weight": 61.7, "systolic": 121})
        path = out / f"record{n}.json"
        path.write_text(json.dumps(record.to_json()))
        done = program("issue", path, "--key", demo / "station.key", "--bundle", demo / "trust.bundle", "--out", out,
                       "--issued-list", work / "station.issued", **environment)  # fmt: skip
        assert done.code == 0, done.err
        said += [done.out, done.err]
        text = path.with_suffix(".txt").read_text().strip()
        reading = program("read", path.with_suffix(".png"), "--bundle", demo / "trust.bundle", "--json", **environment)
        part = json.loads(reading.out)["parts"][0]
        damaged = program("read", "-", "--bundle", demo / "trust.bundle", stdin=text[:-1].encode(), **environment)
        assert (reading.code, damaged.code) == (0, 3)
        said += [reading.err, damaged.out, damaged.err]
        network, token = symbol.parse_card_text(text)
        assert network == "test"
        words = [text[:40], part["id"], MARKED_FINDING, "61.7"]
        found += [bytes.fromhex(part["id"]), token[14:40], token[-64:], *(word.encode() for word in words)]
    named = {Path(line) for line in "\n".join(said).splitlines() if line.startswith(str(out))}
    assert {path.suffix for path in named} == {".txt", ".pdf", ".png"}
    for path in [*named, *out.glob("record*.json")]:
        path.unlink()
    left = [path for path in home.rglob("*") if path.is_file()]
    assert work / "station.issued" in left
    everything = "\n".join(said).encode() + b"".join(path.read_bytes() for path in left)
    assert [marker for marker in found if marker in everything] == []
    assert (work / "station.issued").stat().st_size == 16 * TYPED


def test_the_search_would_find_a_marker(tmp_path: Path) -> None:
    """A card that was written somewhere is found by each of its markers that can stand there."""
    made = World.build(TODAY).issue(marked_record(1))
    content = json.dumps(made.record.to_json()).encode()
    places = {"text": made.text.encode(), "token": made.token, "record": content, "id": made.id.hex().encode()}
    found = {name: sum(marker in data for marker in markers(made)) for name, data in places.items()}
    assert all(found.values()), found
