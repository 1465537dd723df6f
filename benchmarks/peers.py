"""The same record in other stacks, each by its own rules, as a measure for ours."""

import gzip
import json
import zlib
from datetime import date
from typing import Any

import cbor2

from healthcard import symbol, vocabulary
from healthcard.record import Record

SIGNATURE = 64


def gzipped_json(record: Record) -> int:
    """Bytes of minified JSON, gzip and a bare signature."""
    text = json.dumps(record.to_json(), separators=(",", ":"), ensure_ascii=False)
    return len(gzip.compress(text.encode(), 9, mtime=0)) + SIGNATURE


def compressed_cwt(record: Record) -> tuple[int, int]:
    """Bytes of the token and characters of the text of a CWT with integer keys, zlib and base45 (the way of the EU DCC)."""
    token = _cwt(-260, {1: with_integer_keys(record.to_json())})
    return len(token), len("HC1:") + len(symbol.base45_encode(zlib.compress(token, 9)))


def dcc_text(record: Record) -> str:
    """The text of a symbol in the way of the EU DCC."""
    return "HC1:" + symbol.base45_encode(zlib.compress(_cwt(-260, {1: with_integer_keys(record.to_json())}), 9))


def claim169_text(record: Record) -> str:
    """The text of a symbol in the way of MOSIP's Claim 169: keys counted anew in each map, zlib, base45, no prefix."""
    return symbol.base45_encode(zlib.compress(_cwt(169, with_small_keys(record.to_json(), "")), 9))


def _cwt(claim: int, content: Any) -> bytes:
    payload = cbor2.dumps({1: "mx-rc", 6: 1_790_000_000, 4: 1_850_000_000, claim: content}, canonical=True)
    protected = cbor2.dumps({1: -7, 4: bytes(8)})
    return cbor2.dumps(cbor2.CBORTag(18, [protected, {}, payload, bytes(range(SIGNATURE))]))


def with_small_keys(value: Any, place: str) -> Any:
    """The record's JSON with a count from 1 for the keys of each kind of map, and numbers for words of the vocabulary."""
    if isinstance(value, dict):
        numbers = _SMALL_KEYS.setdefault(place, {})
        return {numbers.setdefault(key, len(numbers) + 1): with_small_keys(item, f"{place}.{key}") for key, item in value.items()}
    if isinstance(value, list):
        return [with_small_keys(item, place) for item in value]
    return with_integer_keys(value)


def with_integer_keys(value: Any) -> Any:
    """The record's JSON with numbers for keys and for words of the vocabulary."""
    if isinstance(value, dict):
        return {_number(key): with_integer_keys(item) for key, item in value.items()}
    if isinstance(value, list):
        return [with_integer_keys(item) for item in value]
    if isinstance(value, str):
        _fill_words()
        if len(value) == 10 and value[4] == "-":
            return (date.fromisoformat(value) - date(1970, 1, 1)).days
        return _WORDS.get(value, value)
    return value


_WORDS: dict[str, int] = {}
_KEYS: dict[str, int] = {}
_SMALL_KEYS: dict[str, dict[str, int]] = {}


def _fill_words() -> None:
    if not _WORDS:
        for table in vocabulary.default().tables().values():
            _WORDS.update({entry.key: entry.number for entry in table.entries})


def _number(key: str) -> int:
    return _KEYS.setdefault(key, len(_KEYS))
