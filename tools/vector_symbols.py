"""Vectors of trust bundles as QR symbols: what a reader makes of the texts that it scanned (spec section 9.1)."""

from collections.abc import Iterator, Sequence

from vector_bundles import large_content
from vector_case import SymbolsCase
from vector_world import BUNDLE_EXPIRES, BUNDLE_ISSUED, Listed, bundle, network_content

from healthcard import cbor
from healthcard.cbor import Item
from healthcard.symbol import base45_decode, base45_encode, card_text
from healthcard.trust.bundle import Content, TrustBundle
from healthcard.trust.texts import BUNDLE_PREFIXES, bundle_texts

TEST = BUNDLE_PREFIXES["test"]


def cases(listed: Listed) -> Iterator[SymbolsCase]:
    small = TrustBundle.load(bundle(Content(1, BUNDLE_ISSUED, BUNDLE_EXPIRES)))
    large = TrustBundle.load(bundle(large_content(network_content(listed))))
    [one], several = bundle_texts(small), bundle_texts(large)
    pieces = [taken_apart(text) for text in several]
    assert len(pieces) > 1

    yield _loads("one", "M79 M80", "a small bundle in one symbol", [one], "empty")
    yield _loads("one_twice", "M81", "the same symbol scanned twice", [one, one], "empty")
    yield _loads("several", "M79 M80 M81", "a larger bundle in several symbols", several, "large")
    yield _loads("several_reversed", "M81", "the last symbol first", several[::-1], "large")
    yield _loads("several_twice", "M81", "each symbol scanned twice", [*several, *several], "large")
    yield _bad("none", "M81", "no symbol", [])
    yield _bad("one_missing", "M81", "the last symbol missing", several[:-1])
    yield _bad("two_bundles", "M81", "a symbol of another bundle among them", [*several, one])
    yield _bad("prefix_of_a_card", "M79", "a card's prefix", [one.replace(TEST, "MCT1:")])
    yield _bad("prefix_in_small_letters", "M79", "the prefix in small letters", [one.replace(TEST, TEST.lower())])
    yield _bad("prefix_of_the_other_network", "M79", "a test bundle that says it is of a real network", [one.replace(TEST, "MCHB1:")])
    yield _bad("card", "M79", "a card text", [card_text(bytes(100), "test")])
    yield _bad("line_end", "M79", "a carriage return after the text", [one + "\r"])
    yield _bad("base45_left_over", "M79", "a base45 character too many", [one + "0"])
    yield _bad("too_long", "M79", "4097 characters", [TEST + "0" * (4097 - len(TEST))])
    yield _bad("array_of_5", "M80", "a piece with a null after it", [text([*pieces[0], None]), several[1]])
    yield _bad("array_of_2", "M80", "an array of 2", [text([0, 1])])
    number, of, checksum, share = pieces[0]
    yield _bad("number_0", "M80", "number 0", [text([0, of, checksum, share]), *several[1:]])
    yield _bad("number_above_count", "M80 M81", "a number above the count", [text([len(pieces) + 1, of, checksum, share]), *several])
    yield _bad("count_1", "M80", "a piece that says it is the only one", [text([1, 1, checksum, large.raw])])
    yield _bad("count_176", "M80", "176 symbols", [text([1, 176, checksum, share])])
    yield _bad("checksum_of_7_bytes", "M80", "a short checksum", [text([n, of, checksum[:7], data]) for n, _, _, data in pieces])  # type: ignore[index]
    yield _bad("checksum_of_another", "M81", "pieces of one checksum that make up something else",
               [text([n, of, bytes(8), data]) for n, _, _, data in pieces])  # fmt: skip
    yield _bad("two_pieces_of_one_number", "M81", "two pieces of one number", [text([number, of, checksum, b"other"]), *several])
    yield _bad("counts_differ", "M81", "pieces that differ in their count", [text([number, 3, checksum, share]), *several[1:]])


def taken_apart(one: str) -> list[Item]:
    """The elements of a piece."""
    items = cbor.loads(base45_decode(one.removeprefix(TEST)))
    assert isinstance(items, list) and len(items) == 4
    return items


def text(items: list[Item]) -> str:
    """A symbol of these elements, right or wrong."""
    return TEST + base45_encode(cbor.dumps(items))


def _loads(name: str, musts: str, comment: str, texts: Sequence[str], made: str) -> SymbolsCase:
    return SymbolsCase(name, "loads", musts, comment, texts, made)


def _bad(name: str, musts: str, comment: str, texts: Sequence[str]) -> SymbolsCase:
    return SymbolsCase(name, "bad-bundle", musts, comment, texts)
