"""Twenty thousand mutants, and what is refused before it is looked at. The engine and a million more: `python -m tests.fuzz 1000000`."""

import random
import time
import tracemalloc
from typing import Any

import pytest

from healthcard import card, cbor, codec, sign, symbol
from healthcard.errors import Unreadable
from healthcard.sign import ED25519
from tests import fuzz
from tests.genuine import TODAY

BUNDLE = fuzz.cards()[0].network.bundle


@pytest.fixture(scope="module")
def tally() -> fuzz.Tally:
    total = fuzz.Tally()
    for chunk in range(10):
        total.add(fuzz.run(chunk))
    return total


def test_mutants_raise_nothing_and_none_is_believed_that_was_not_signed(tally: fuzz.Tally) -> None:
    assert not tally.faults, str(tally)
    assert tally.inputs == 20_000
    assert tally.bundles == 400


def test_half_of_the_mutants_are_rightly_signed_and_many_of_them_read(tally: fuzz.Tally) -> None:
    """Else the run would only have tried the first check again and again."""
    assert tally.signed == 10_000
    assert 1000 < tally.signed_verdicts["verified"] < 5000
    assert tally.signed_verdicts["altered"] == tally.signed_verdicts["unknown-issuer"] == 0
    assert set(tally.signed_verdicts) >= {"unreadable", "newer-version", "not-authorised"}
    assert set(tally.verdicts) >= {"altered", "unknown-issuer"}
    assert tally.bundle_verdicts["loaded"] > 20


def test_no_mutant_takes_long(tally: fuzz.Tally) -> None:
    assert tally.slowest < 0.5  # a pause of the machine included


def test_the_engine_finds_a_reader_that_believes_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fuzzer itself is tried: with every signature right, and with a reader that crashes, it must complain."""
    monkeypatch.setattr(sign.Key, "check", lambda self, signature, message: True)
    assert any("without having been signed" in fault for fault in fuzz.run(0, 400, 0).faults)
    monkeypatch.undo()

    def crash(*_: Any) -> Any:
        raise IndexError

    monkeypatch.setattr(codec, "decode", crash)
    assert len(fuzz.run(0, 50, 0).faults) > 20


def test_a_seed_gives_the_same_mutants_each_time() -> None:
    first, second = (fuzz.run(3, 200, 20) for _ in range(2))
    assert (first.verdicts, first.bundle_verdicts) == (second.verdicts, second.bundle_verdicts)


# --- hostile size ----------------------------------------------------------------------------------------------------


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which looking at the characters of a text is an error."""

    def looked(*_: Any) -> Any:
        raise AssertionError("it was looked at")

    monkeypatch.setattr(symbol, "base45_decode", looked)
    monkeypatch.setattr(sign, "inspect", looked)


TOO_LONG = {
    "a text of 4097 characters": "MCT1:" + "0" * 4092,
    "a text of a million": "MCT1:" + "0" * 1_000_000,
    "a million characters of something else": "x" * 1_000_000,
    "a token of 1025 bytes": "MCT1:" + symbol.base45_encode(bytes(1025)),
    "a genuine card and a lot more": fuzz.texts()[0] + "0" * 4000,
}


@pytest.mark.usefixtures("unread")
@pytest.mark.parametrize("text", TOO_LONG.values(), ids=TOO_LONG.keys())
def test_what_is_too_long_is_refused_unread(text: str) -> None:
    tracemalloc.start()
    started = time.perf_counter()
    try:
        reading = card.read(text, bundle=BUNDLE, now=TODAY)
        assert tracemalloc.get_traced_memory()[1] < 64 * 1024
    finally:
        tracemalloc.stop()
    assert time.perf_counter() - started < 0.1
    assert (reading.verdict, reading.record) == ("unreadable", None)


def test_the_longest_that_is_read_is_4096_characters_and_1024_bytes() -> None:
    longest = "MCT1:" + symbol.base45_encode(bytes(1024))
    assert symbol.parse_card_text(longest) == ("test", bytes(1024))
    with pytest.raises(Unreadable, match="more than 1024 bytes"):
        symbol.parse_card_text(longest + "00")
    with pytest.raises(Unreadable, match="not a card text"):
        symbol.parse_card_text("x" * 4096)
    with pytest.raises(Unreadable, match="more than 4096 characters"):
        symbol.parse_card_text("x" * 4097)


def kilobytes() -> dict[str, bytes]:
    """Payloads that fill a token with what a reader could be made to work hard on."""
    head: list[Any] = [0, bytes(8), None, 0, 0, 4, b""]
    row: list[Any] = [0, 0, 0x1FF]
    numbers: list[Any] = [0, *[2**31 - 1] * 184]
    same_day: list[Any] = [[*row, n + 1, *range(200, 203)] for n in range(62)]
    equal: list[Any] = [[*row, *[[1, 1]] * 32] for _ in range(8)]
    masks: list[Any] = [[0, 0, 0x1FF ^ 0x7FFFFFFF, *[1] * 31]] * 20
    unknown: list[Any] = [[n, 0, 0x1FF, *[[-4, m] for m in range(18)]] for n in range(12)]
    return {
        "noise": random.Random(0).randbytes(930),
        "empty arrays": b"\x99\x03\x80" + b"\x80" * 0x380,
        "nulls": b"\x99\x03\x80" + b"\xf6" * 0x380,
        "empty byte strings": b"\x99\x03\x80" + b"\x40" * 0x380,
        "arrays in arrays": b"\x81" * 900,
        "long whole numbers": cbor.dumps(numbers),
        "people without end": cbor.dumps([*head, [0, 0x7F, *[[]] * 880]]),
        "rows of one day": cbor.dumps([*head, [0, 0x7F, *same_day]]),
        "events that are equal": cbor.dumps([*head, [0, 0x7F, *equal]]),
        "all bits of both masks": cbor.dumps([*head, [0, 0x7F ^ 0x7FFFFFFF, *[1] * 31, *masks]]),
        "unknown events": cbor.dumps([*head, [0, 0x7F, *unknown]]),
    }


@pytest.mark.parametrize("name", kilobytes())
def test_a_kilobyte_made_to_be_hard_is_answered_at_once(name: str) -> None:
    network = fuzz.cards()[0].network
    text = network.text(kilobytes()[name], ED25519)
    assert 800 < len(symbol.parse_card_text(text)[1]) <= 1024
    assert card.read(text, bundle=network.bundle, now=TODAY).verdict in ("unreadable", "not-authorised")  # 2020 is before the station
    tracemalloc.start()
    try:
        card.read(text, bundle=network.bundle, now=TODAY)
        assert tracemalloc.get_traced_memory()[1] < 4 * 2**20
    finally:
        tracemalloc.stop()
    started = time.perf_counter()
    card.read(text, bundle=network.bundle, now=TODAY)
    assert time.perf_counter() - started < 0.1
