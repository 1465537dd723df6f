"""What every piece of a trust bundle shares: networks and purposes of signatures, days, and items of a required form (spec section 9).

The takers raise Unreadable for an item of any other form.
"""

import itertools
from datetime import date, timedelta

from healthcard import cbor
from healthcard.cbor import Item
from healthcard.errors import Unreadable

NETWORKS = ("real", "test")
CARD_AAD = {"real": b"healthcard/0", "test": b"healthcard-test/0"}
LARGEST = 256 * 1024  # bytes of a bundle
EPOCH = date(2020, 1, 1)
LAST_DAY = 2**16 - 1


def aad(network: str, purpose: str) -> bytes:
    """What separates signatures of one purpose from all others: b"healthcard-test/0/bundle"."""
    return CARD_AAD[network] + b"/" + purpose.encode()


def array(item: Item, size: int | None = None) -> list[Item]:
    if not isinstance(item, list) or (size is not None and len(item) != size):
        raise Unreadable("not an array of its size")
    return item


def byte_string(item: Item, size: int | None = None) -> bytes:
    if not isinstance(item, bytes) or (size is not None and len(item) != size):
        raise Unreadable("not a byte string of its size")
    return item


def number(item: Item, low: int = 0, high: int = cbor.LARGEST) -> int:
    if not isinstance(item, int) or not low <= item <= high:
        raise Unreadable("not a number in its range")
    return item


def pieces(item: Item, size: int) -> list[bytes]:
    """Hashes of `size` bytes each that stand in one byte string, ascending, each once."""
    data = byte_string(item)
    found = [data[n : n + size] for n in range(0, len(data), size)]
    if len(data) % size or any(a >= b for a, b in itertools.pairwise(found)):
        raise Unreadable("hashes not in order")
    return found


def day_number(day: date) -> int:
    return (day - EPOCH).days


def day(item: Item) -> date:
    return EPOCH + timedelta(number(item, 0, LAST_DAY))


def window(first: date, last: date) -> tuple[int, int]:
    """A first day and a number of days, as a window travels."""
    return day_number(first), (last - first).days + 1


def days(first: Item, length: Item) -> tuple[date, date]:
    """First and last day of a window."""
    start = day(first)
    return start, start + timedelta(number(length, 1, 2**16) - 1)
