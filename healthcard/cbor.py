"""The strict CBOR subset of the card: one encoding for every value (spec section 3).

Integers of magnitude up to 2^31 - 1, definite byte strings and arrays, and null; shortest heads only; nothing after the item;
arrays at most 8 deep. Everything else is refused, so two readers can't disagree on what was signed.
"""

from collections.abc import Iterator
from itertools import islice
from typing import TypeAlias

import cbor2

from healthcard.errors import Unreadable

Item: TypeAlias = "int | bytes | list[Item] | None"

LARGEST = 2**31 - 1
DEEPEST = 8

# What one byte says by itself: 0..23, -1..-24 and null; anything longer is looked at in `_long`.
_LONG = object()
_SHORT: list[object] = [_LONG] * 256
_SHORT[0x00:0x18] = range(24)
_SHORT[0x20:0x38] = range(-1, -25, -1)
_SHORT[0xF6] = None


def loads(data: bytes, depth: int = 0) -> Item:
    """The one item that `data` is; `depth` arrays are around it already.

    Raises Unreadable for anything outside the subset, and for bytes after the item.
    """
    rest = iter(data)
    item = _items(rest, 1, depth)[0]
    if next(rest, None) is not None:
        raise Unreadable("bytes after the CBOR item")
    return item


def dumps(item: Item) -> bytes:
    """`item` in its only encoding."""
    return cbor2.dumps(item)


def byte_string(data: bytes, start: int) -> tuple[bytes, int]:
    """The byte string at `start` and the place after it; raises Unreadable for anything else."""
    head = data[start] if start < len(data) else 0
    if 0x40 <= head < 0x58:
        begin, length, least = start + 1, head - 0x40, 0
    elif head == 0x58:
        begin, length, least = start + 2, int.from_bytes(data[start + 1 : start + 2]), 24
    elif head == 0x59:
        begin, length, least = start + 3, int.from_bytes(data[start + 1 : start + 3]), 256
    elif head == 0x5A:
        begin, length, least = start + 5, int.from_bytes(data[start + 1 : start + 5]), 65536
    else:
        raise Unreadable("not a byte string")
    end = begin + length
    if length < least or end > len(data):
        raise Unreadable("a byte string that is cut off, or whose head is not the shortest")
    return data[begin:end], end


def byte_string_head(length: int) -> bytes:
    """The head of a byte string of `length`."""
    if length < 24:
        return bytes((0x40 + length,))
    if length < 256:
        return b"\x58" + length.to_bytes(1)
    return b"\x59" + length.to_bytes(2) if length < 65536 else b"\x5a" + length.to_bytes(4)


def _items(rest: Iterator[int], count: int, depth: int) -> list[Item]:
    """The next `count` items, taken from the bytes that are left."""
    out: list[Item] = []
    append = out.append
    for head in islice(rest, count):  # the heads; what belongs to an item is taken from `rest` inside
        short = _SHORT[head]
        if short is not _LONG:
            append(short)  # type: ignore[arg-type]
            continue
        major, length = head >> 5, head & 31
        if length >= 24:
            if length > 26:
                raise Unreadable("a CBOR head outside the subset")
            if length == 24:
                length, least = next(rest, 0), 24
            else:
                size = 2 if length == 25 else 4
                length, least = int.from_bytes(_bytes(rest, size)), 256 if size == 2 else 65536
            if length < least:
                raise Unreadable("a CBOR head that is not the shortest, or cut off")
        if major == 4:
            if depth == DEEPEST:
                raise Unreadable("CBOR arrays too deep")
            append(_items(rest, length, depth + 1))
        elif major < 2:
            if length > LARGEST - major:
                raise Unreadable("an integer outside the subset")
            append(-1 - length if major else length)
        elif major == 2:
            append(_bytes(rest, length))
        else:
            raise Unreadable("a CBOR type outside the subset")
    if len(out) < count:
        raise Unreadable("CBOR ends too early")
    return out


def _bytes(rest: Iterator[int], length: int) -> bytes:
    taken = bytes(islice(rest, length))
    if len(taken) < length:
        raise Unreadable("CBOR ends too early")
    return taken
