"""The strict CBOR subset: what is in it, that everything else is refused, and that refusing is cheap."""

import random
import time
import tracemalloc
from io import BytesIO
from typing import Any

import cbor2
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from healthcard import cbor
from healthcard.errors import Unreadable

# RFC 8949 appendix F.1: not well-formed encoded data items, in the order of the appendix.
MALFORMED = {
    "end of input in a head": (
        "18 19 1a 1b 1901 1a0102 1b01020304050607 38 58 78 98 9a01ff00 b8 d8 f8 f900 fa0000 fb000000"
    ),
    "definite-length strings with short data": (
        "41 61 5affffffff00 5bffffffffffffffff010203 7affffffff00 7b7fffffffffffffff010203"
    ),
    "definite-length maps and arrays not closed with enough items": "81 818181818181818181 8200 a1 a20102 a100 a2000000",
    "tag number not followed by tag content": "c0",
    "indefinite-length strings not closed by a break": "5f4100 7f6100",
    "indefinite-length maps and arrays not closed by a break": (
        "9f 9f0102 bf bf01020102 819f 9f8000 9f9f9f9f9fffffffff 9f819f819f9fffffff"
    ),
    "reserved additional information values": (
        "1c 1d 1e 3c 3d 3e 5c 5d 5e 7c 7d 7e 9c 9d 9e bc bd be dc dd de fc fd fe"
    ),
    "reserved two-byte encodings of simple values": "f800 f801 f818 f81f",
    "indefinite-length string chunks not of the correct type": "5f00ff 5f21ff 5f6100ff 5f80ff 5fa0ff 5fc000ff 5fe0ff 7f4100ff",
    "indefinite-length string chunks not definite length": "5f5f4100ffff 7f7f6100ffff",
    "break occurring on its own outside of an indefinite-length item": "ff",
    "break occurring in a definite-length array or map or a tag": (
        "81ff 8200ff a1ff a1ff00 a100ff a20000ff 9f81ff 9f829f819f9fffffffff"
    ),
    "break in an indefinite-length map that would lead to an odd number of items": "bf00ff bf000000ff",
    "major type 0, 1, 6 with additional information 31": "1f 3f df",
}  # fmt: skip
MALFORMED_ITEMS = [item for items in MALFORMED.values() for item in items.split()]

# Well-formed and valid CBOR that says something our cards never say.
OUTSIDE = {
    "an empty map": "a0",
    "a map": "a10102",
    "an empty text": "60",
    "a text": "6161",
    "false": "f4",
    "true": "f5",
    "undefined": "f7",
    "an unassigned simple value": "e0",
    "an unassigned simple value in two bytes": "f8ff",
    "a half float": "f93c00",
    "a single float": "fa47c35000",
    "a double float": "fb3ff199999999999a",
    "a half infinity": "f97c00",
    "not a number": "f97e00",
    "a tagged time": "c11a514b67b0",
    "a big number": "c249010000000000000000",
    "a negative big number": "c349010000000000000000",
    "a decimal fraction of 10^9 digits": "c4821a3b9aca0001",
    "a shared reference": "d81c80",
    "self-described CBOR": "d9d9f700",
    "embedded CBOR": "d8184100",
    "an integer above 2^31 - 1": "1a80000000",
    "an integer of 32 bits": "1affffffff",
    "an integer of 64 bits": "1b0000000100000000",
    "the largest integer": "1bffffffffffffffff",
    "an integer below -(2^31 - 1)": "3a7fffffff",
    "the smallest integer": "3bffffffffffffffff",
    "an indefinite array": "9fff",
    "an indefinite array with an item": "9f01ff",
    "an indefinite byte string": "5fff",
    "an indefinite byte string with a chunk": "5f4101ff",
    "an indefinite text": "7fff",
    "an indefinite map": "bfff",
    "a map inside an array": "81a0",
    "a float inside an array": "81f90000",
    "a text inside an array": "8160",
    "a tag inside an array": "81c100",
}

NOT_SHORTEST = [
    "1800", "1817", "190000", "1900ff", "1a00000000", "1a0000ffff", "1b0000000000000000", "1b000000007fffffff",
    "3800", "3817", "3900ff", "3a0000ffff", "3b000000007ffffffe",
    "5800", "580100", "5817" + "00" * 23, "590000", "590018" + "00" * 24, "5a00000000", "5b0000000000000000",
    "9800", "980100", "990000", "9900" + "00", "9a00000000", "9b0000000000000000",
    "81" + "1800", "8158" + "00", "82009800",
]  # fmt: skip

# The examples of RFC 8949 appendix A that lie inside the subset, and the bounds of every head.
INSIDE: dict[str, Any] = {
    "00": 0, "01": 1, "0a": 10, "17": 23, "1818": 24, "1819": 25, "1864": 100, "18ff": 255, "190100": 256, "1903e8": 1000,
    "19ffff": 65535, "1a00010000": 65536, "1a000f4240": 1000000, "1a7fffffff": 2**31 - 1,
    "20": -1, "29": -10, "37": -24, "3818": -25, "3863": -100, "38ff": -256, "390100": -257, "3903e7": -1000, "3a7ffffffe": -(2**31) + 1,
    "f6": None, "40": b"", "4401020304": b"\x01\x02\x03\x04", "57" + "00" * 23: bytes(23), "5818" + "00" * 24: bytes(24),
    "58ff" + "00" * 255: bytes(255), "590100" + "00" * 256: bytes(256),
    "80": [], "83010203": [1, 2, 3], "8301820203820405": [1, [2, 3], [4, 5]],
    "98190102030405060708090a0b0c0d0e0f101112131415161718181819": list(range(1, 26)), "81f6": [None], "8140": [b""],
}  # fmt: skip

ITEMS = st.recursive(
    st.integers(-(2**31) + 1, 2**31 - 1) | st.binary(max_size=300) | st.none(), lambda inner: st.lists(inner, max_size=30), max_leaves=40
)


def depth(item: Any) -> int:
    return 1 + max(map(depth, item), default=0) if isinstance(item, list) else 0


def refused(data: bytes) -> bool:
    try:
        cbor.loads(data)
    except Unreadable:
        return True
    return False


def test_the_list_of_malformed_examples_is_the_whole_of_appendix_f() -> None:
    assert len(MALFORMED_ITEMS) == len(set(MALFORMED_ITEMS)) == 94


@pytest.mark.parametrize("item", MALFORMED_ITEMS)
def test_malformed_cbor_of_rfc_8949_is_refused(item: str) -> None:
    with pytest.raises(Unreadable):
        cbor.loads(bytes.fromhex(item))


@pytest.mark.parametrize("item", MALFORMED_ITEMS)
def test_malformed_cbor_is_refused_inside_an_array_too(item: str) -> None:
    with pytest.raises(Unreadable):
        cbor.loads(b"\x82\x00" + bytes.fromhex(item))


@pytest.mark.parametrize("item", OUTSIDE.values(), ids=OUTSIDE.keys())
def test_valid_cbor_outside_the_subset_is_refused(item: str) -> None:
    file = BytesIO(bytes.fromhex(item))
    if item != "c4821a3b9aca0001":  # would be a number of 10^9 digits
        cbor2.load(file)
        assert not file.read(1), "the example itself is not one well-formed item"
    with pytest.raises(Unreadable):
        cbor.loads(bytes.fromhex(item))


@pytest.mark.parametrize("item", NOT_SHORTEST)
def test_a_head_that_is_not_the_shortest_is_refused(item: str) -> None:
    with pytest.raises(Unreadable):
        cbor.loads(bytes.fromhex(item))


@pytest.mark.parametrize(("item", "value"), INSIDE.items())
def test_what_the_subset_holds_is_read_and_written(item: str, value: Any) -> None:
    assert cbor.loads(bytes.fromhex(item)) == value
    assert cbor.dumps(value) == bytes.fromhex(item)


def test_every_first_byte_is_decided_by_its_type() -> None:
    """Of the 256 one-byte inputs only short integers, null, and the empty byte string and array are items."""
    accepted = {byte for byte in range(256) if not refused(bytes([byte]))}
    assert accepted == {*range(0x18), *range(0x20, 0x38), 0x40, 0x80, 0xF6}


def test_eight_arrays_deep_is_read_and_nine_is_refused() -> None:
    assert depth(cbor.loads(b"\x81" * 7 + b"\x80")) == 8
    with pytest.raises(Unreadable, match="deep"):
        cbor.loads(b"\x81" * 8 + b"\x80")
    with pytest.raises(Unreadable, match="deep"):
        cbor.loads(b"\x81" * 1000 + b"\x80")


def test_arrays_that_are_around_an_item_already_count() -> None:
    assert cbor.loads(b"\x81" * 4 + b"\x80", depth=3) == [[[[[]]]]]
    with pytest.raises(Unreadable, match="deep"):
        cbor.loads(b"\x81" * 5 + b"\x80", depth=3)


@pytest.mark.parametrize("tail", ["00", "f6", "80", "ff"])
def test_bytes_after_the_item_are_refused(tail: str) -> None:
    with pytest.raises(Unreadable, match="after"):
        cbor.loads(bytes.fromhex("83010203" + tail))


def test_nothing_at_all_is_refused() -> None:
    with pytest.raises(Unreadable):
        cbor.loads(b"")


@given(ITEMS)
@settings(max_examples=300)
def test_whatever_is_written_is_read_back_if_it_is_shallow_enough(item: Any) -> None:
    assume(depth(item) <= 8)
    assert cbor.loads(cbor.dumps(item)) == item


@given(ITEMS)
@settings(max_examples=300)
def test_no_proper_prefix_of_an_item_is_an_item(item: Any) -> None:
    assume(depth(item) <= 8)
    data = cbor.dumps(item)
    for end in {*range(min(len(data), 40)), len(data) - 1}:
        assert refused(data[:end])


@given(st.binary(max_size=60))
@example(bytes.fromhex("8301f643010203"))
@settings(max_examples=1000)
def test_bytes_are_refused_or_are_the_only_encoding_of_their_item(data: bytes) -> None:
    judge(data)


def test_mutated_items_are_refused_or_are_the_only_encoding_of_what_they_say() -> None:
    chance = random.Random(1)
    heads = bytes(b for b in range(256) if b >> 5 in (0, 1, 2, 4) or b == 0xF6)
    for _ in range(20_000):
        data = bytearray(cbor.dumps(some_item(chance, 0)))
        for _ in range(chance.randrange(4)):
            at = chance.randrange(len(data) + 1)
            data[at : at + chance.randrange(2)] = chance.choices(heads, k=chance.randrange(2))
        judge(bytes(data))


def some_item(chance: random.Random, deep: int) -> Any:
    kind = chance.randrange(6 if deep < 6 else 4)
    if kind < 2:
        return chance.choice((0, 23, 24, 255, 256, 65535, 65536, 2**31 - 1, chance.randrange(2**31))) * chance.choice((1, -1))
    if kind == 2:
        return chance.randbytes(chance.choice((0, 3, 23, 24, 30)))
    return None if kind == 3 else [some_item(chance, deep + 1) for _ in range(chance.randrange(5))]


def judge(data: bytes) -> None:
    """Our reader refuses `data`, or agrees with cbor2 on it, and cbor2 writes the same bytes again."""
    try:
        item = cbor.loads(data)
    except Unreadable:
        return
    file = BytesIO(data)
    assert cbor2.load(file) == item
    assert not file.read(1)
    assert cbor2.dumps(item) == data == cbor.dumps(item)
    assert depth(item) <= 8


HUGE_CLAIMS = "5a7fffffff 5affffffff 5bffffffffffffffff 9a7fffffff 9affffffff 9bffffffffffffffff 5a00010000 9a00010000"


@pytest.mark.parametrize("claim", HUGE_CLAIMS.split())
def test_a_huge_claimed_length_costs_no_memory(claim: str) -> None:
    for wrapped in (bytes.fromhex(claim), b"\x81" * 7 + bytes.fromhex(claim), bytes.fromhex(claim) + bytes(1000)):
        tracemalloc.start()
        try:
            assert refused(wrapped)
            assert tracemalloc.get_traced_memory()[1] < 64 * 1024
        finally:
            tracemalloc.stop()


def test_the_most_wasteful_kilobyte_is_read_within_bounds() -> None:
    """Nested and empty arrays are what a byte costs most memory for."""
    worst = cbor.dumps([[[[[[[[]] * 200]]]] * 20]]), b"\x99\x03\xfd" + b"\x80" * 1021, b"\x99\x03\xfd" + b"\x40" * 1021
    for data in worst:
        tracemalloc.start()
        started = time.perf_counter()
        try:
            assert cbor.loads(data[:1024]) if len(data) <= 1024 else refused(data[:1024])
            assert tracemalloc.get_traced_memory()[1] < 512 * 1024
        finally:
            tracemalloc.stop()
        assert time.perf_counter() - started < 0.5


@given(st.binary(max_size=300), st.binary(max_size=5), st.binary(max_size=5))
def test_a_byte_string_is_read_in_place(content: bytes, before: bytes, after: bytes) -> None:
    data = before + cbor.dumps(content) + after
    assert cbor.byte_string(data, len(before)) == (content, len(data) - len(after))
    assert cbor.byte_string_head(len(content)) + content == cbor.dumps(content)


@pytest.mark.parametrize("length", [23, 24, 255, 256, 65535, 65536])
def test_a_byte_string_of_any_length_has_the_shortest_head(length: int) -> None:
    assert cbor.byte_string(cbor.byte_string_head(length) + bytes(length), 0)[0] == bytes(length)


@pytest.mark.parametrize("data", ["", "00", "80", "6161", "4201", "58", "5801", "f6", "5f4100ff", "5a00000001ff"])
def test_anything_else_is_no_byte_string(data: str) -> None:
    with pytest.raises(Unreadable):
        cbor.byte_string(bytes.fromhex(data), 0)
