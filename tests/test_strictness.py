"""No single change of a genuine card reads as verified: bits, bytes and characters, all of them at every place.

With HEALTHCARD_CAMPAIGN=1 all 256 values are inserted at every place, else those that are most likely to go unnoticed.
"""

import os
from collections.abc import Iterator

import pytest

from healthcard import card, symbol, vocabulary
from healthcard.sign import ED25519, ESP256
from tests import genuine
from tests.genuine import TODAY, Genuine

CAMPAIGN = "HEALTHCARD_CAMPAIGN" in os.environ
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
# CBOR heads of every kind: null, empty array, map and byte string, zero, one, minus one, a two-byte head, break.
USUAL = b"\x00\x01\x20\x18\x40\x80\xa0\xf6\xff"

CARDS = genuine.cards()
each_card = pytest.mark.parametrize("one", CARDS, ids=[one.name for one in CARDS])


def verdict(one: Genuine, text: str) -> str:
    return card.read_part(text, one.network.bundle, TODAY, vocabulary.default()).verdict


def test_there_are_twenty_shapes_and_all_are_genuine() -> None:
    assert [verdict(one, one.text) for one in CARDS] == ["verified"] * 20
    assert len({one.token for one in CARDS}) == 20
    assert {one.algorithm for one in CARDS} == {ED25519, ESP256}
    assert {one.network.bundle.network for one in CARDS} == {"real", "test"}
    assert {one.part.kind for one in CARDS} == {"card", "continuation"}
    assert {len(one.part.record.people) for one in CARDS} >= {1, 2, 3, 8}
    assert any(one.part.sealed for one in CARDS)
    assert sum("unknown-code" in card.read(one.text, bundle=one.network.bundle, now=TODAY).notices for one in CARDS) == 2


def changed_tokens(token: bytes) -> Iterator[bytes]:
    """Every single-bit flip, insertion, deletion, truncation and appended byte."""
    for at in range(len(token)):
        for bit in range(8):
            yield token[:at] + bytes([token[at] ^ 1 << bit]) + token[at + 1 :]
        yield token[:at] + token[at + 1 :]
        yield token[:at]
    for at in range(len(token) + 1):
        values = range(256) if CAMPAIGN or at == len(token) else {*USUAL, *token[max(0, at - 1) : at + 1]}
        for value in values:
            yield token[:at] + bytes([value]) + token[at:]


@each_card
def test_no_changed_token_reads_as_verified(one: Genuine) -> None:
    token, network, seen = one.token, one.network.bundle.network, 0
    for changed in changed_tokens(token):
        assert changed != token
        assert verdict(one, symbol.card_text(changed, network)) != "verified"
        seen += 1
    assert seen > 20 * len(token)


@each_card
def test_no_changed_character_reads_as_verified(one: Genuine) -> None:
    text, seen = one.text, 0
    for at, present in enumerate(text):
        before, after = text[:at], text[at + 1 :]
        for character in ALPHABET:
            if character != present:
                assert verdict(one, f"{before}{character}{after}") != "verified"
                seen += 1
    assert seen == 44 * len(text)


@each_card
def test_no_longer_shorter_or_dressed_text_reads_as_verified(one: Genuine) -> None:
    text = one.text
    dressed = [
        f" {text}", f"{text} ", f"{text}\n", f"\n{text}", f"{text}\x00", f"\ufeff{text}", f"{text}\r\n", f"'{text}'", f"{text}{text}",
        text.lower(), text.replace("MC", "mc", 1), text[5:], f"https://example.org/{text}", f"HC1:{text[5:]}", text[::-1],
        *(text[:at] + text[at + 1 :] for at in range(len(text))), *(text[:at] for at in range(len(text))),
        *(text[:at] + character + text[at:] for at in range(len(text) + 1) for character in "0 :"),
        *(text[:at] + text[at + 1] + text[at] + text[at + 2 :] for at in range(len(text) - 1) if text[at] != text[at + 1]),
        *(text[:at] + chr(ord(text[at]) + 0xFEE0) + text[at + 1 :] for at in range(0, len(text), 7)),  # full-width forms
    ]  # fmt: skip
    assert text not in dressed
    assert {verdict(one, changed) for changed in dressed}.isdisjoint({"verified"})
