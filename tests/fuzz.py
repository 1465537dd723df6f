"""Mutants of genuine cards and trust bundles, half of them rightly signed again, and what a reader may say of them.

    python -m tests.fuzz 1000000

The seeds are fixed: a fault comes back with `python -m tests.fuzz --chunk N`, and so does the mutant that shows it.
"""

import argparse
import copy
import json
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import cbor2

from healthcard import card, cbor, codec, sign, symbol
from healthcard.errors import TrustError
from healthcard.record import Record
from healthcard.sign import ED25519, ESP256
from healthcard.trust import bundle as trust
from healthcard.trust.bundle import TrustBundle
from tests import genuine
from tests.genuine import TODAY, Genuine, Network

CHUNK = 2000  # inputs of one seed
BUNDLES_PER_CHUNK = 40
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
BOUNDARIES = [
    *(sign * (1 << power) + step for power in (0, 3, 4, 5, 6, 7, 8, 16, 24, 28, 29, 30, 31) for sign in (1, -1) for step in (-1, 0, 1)),
    *(23, 24, 25, -23, -24, -25, 95, 96, 199, 200, 3660, 3661, 999_999, 1_000_000, -25_567, -25_568, 2**32, 2**63, -(2**63), 2**64 - 1),
]
HEADS = [bytes.fromhex(head) for head in ("80", "f6", "18", "5affffffff", "9affffffff", "9f", "ff", "d818")]
OTHER_TYPES: list[Any] = [None, b"", b"\x00", bytes(8), bytes(9), [], [[]], [None], [0], [-4], {}, {1: 2}, "", "x", 0.0, 1.5, True, False]


class Fault(AssertionError):
    """A mutant that a reader should have taken another way; the message says which and how."""


@dataclass
class Tally:
    """What became of the inputs of one or more chunks."""

    inputs: int = 0
    signed: int = 0
    bundles: int = 0
    seconds: float = 0
    slowest: float = 0  # seconds for one input, all checks of the fuzzer aside
    verdicts: Counter[str] = field(default_factory=Counter)
    signed_verdicts: Counter[str] = field(default_factory=Counter)
    bundle_verdicts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        self.inputs, self.signed, self.bundles = self.inputs + other.inputs, self.signed + other.signed, self.bundles + other.bundles
        self.seconds, self.slowest = self.seconds + other.seconds, max(self.slowest, other.slowest)
        self.verdicts += other.verdicts
        self.signed_verdicts += other.signed_verdicts
        self.bundle_verdicts += other.bundle_verdicts
        self.faults += other.faults

    def __str__(self) -> str:
        def line(name: str, count: int, verdicts: Counter[str]) -> str:
            return f"{count:>9,} {name}: " + ", ".join(f"{word} {n:,}" for word, n in verdicts.most_common())

        return "\n".join(
            [
                line("mutants rightly signed again", self.signed, self.signed_verdicts),
                line("mutants not signed again", self.inputs - self.signed, self.verdicts - self.signed_verdicts),
                line("mutated trust bundles", self.bundles, self.bundle_verdicts),
                f"{self.seconds:,.0f} s of computing, slowest input {self.slowest * 1000:.1f} ms, {len(self.faults)} faults",
                *self.faults[:20],
            ]
        )


@cache
def cards() -> tuple[Genuine, ...]:
    return genuine.cards()


@cache
def payloads() -> tuple[bytes, ...]:
    return tuple(one.payload for one in cards())


@cache
def originals() -> frozenset[str]:
    """The texts that are allowed to read as verified without having been signed by the fuzzer."""
    return frozenset(texts())


@cache
def texts() -> tuple[str, ...]:
    return tuple(one.text for one in cards())


# --- mutations -------------------------------------------------------------------------------------------------------


def nodes(item: Any, path: tuple[int, ...] = ()) -> Iterator[tuple[int, ...]]:
    """The paths of everything inside `item`, itself left out."""
    if isinstance(item, list):
        for n, inner in enumerate(item):
            yield (*path, n)
            yield from nodes(inner, (*path, n))


def mutated_item(item: Any, chance: random.Random, other: Any) -> Any:
    """`item` with one change that knows what it is made of; it may lie outside the CBOR subset. Changes `item` itself."""
    places = list(nodes(item))
    if not places:
        return copy.deepcopy(chance.choice(OTHER_TYPES))
    *above, at = chance.choice(places)
    owner = item
    for step in above:
        owner = owner[step]
    value = owner[at]
    match chance.randrange(10):
        case 0 | 1 | 2 if isinstance(value, int):
            near = [value + 1, value - 1, -value, -1 - value, value ^ 1 << chance.randrange(31)]
            owner[at] = chance.choice([*near, *chance.sample(BOUNDARIES, 3)])
        case 0 | 1 if isinstance(value, list):
            owner[at] = [chance.choice(BOUNDARIES), *value[1:]] if value else [chance.choice(BOUNDARIES)]
        case 0 | 1 if isinstance(value, bytes):
            owner[at] = mutated_bytes(value, chance)
        case 2:
            owner[at] = [value]
        case 3:
            owner[at] = copy.deepcopy(chance.choice(OTHER_TYPES)) if chance.randrange(3) else chance.choice(BOUNDARIES)
        case 4:
            del owner[at]
        case 5:
            owner.insert(chance.randrange(len(owner) + 1), copy.deepcopy(value))
        case 6:
            swap = chance.randrange(len(owner))
            owner[at], owner[swap] = owner[swap], owner[at]
        case 7:
            owner.insert(at, chance.choice(BOUNDARIES))
        case 8:
            chance.shuffle(owner)
        case _:
            for step in chance.choice(list(nodes(other))):
                other = other[step]
            owner[at] = copy.deepcopy(other)
    return item


def mutated_bytes(data: bytes, chance: random.Random) -> bytes:
    """`data` with one to three flips, insertions, deletions, cuts, or pieces that stand elsewhere."""
    out = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3))):
        at = chance.randrange(len(out) + 1)
        match chance.randrange(8):
            case 0 | 1 if at < len(out):
                out[at] ^= 1 << chance.randrange(8)
            case 2 if at < len(out):
                out[at] = chance.randrange(256)
            case 3:
                out[at:at] = chance.randbytes(chance.choice((1, 1, 2, 8)))
            case 4:
                del out[at : at + chance.choice((1, 1, 2, 8))]
            case 5:
                del out[at:]
            case 6:
                piece = out[at : at + chance.randrange(1, 9)]
                place = chance.randrange(len(out) + 1)
                out[place:place] = piece
            case _:
                out[at:at] = chance.choice(HEADS)
    return bytes(out)


def mutated_payload(number: int, chance: random.Random) -> bytes:
    payload = payloads()[number]
    if chance.randrange(4) == 0:
        return mutated_bytes(payload, chance)
    item = cbor2.loads(payload)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        item = mutated_item(item, chance, cbor2.loads(chance.choice(payloads())))
    return cbor2.dumps(item)


def mutated_text(number: int, chance: random.Random) -> str:
    """A text with its bytes, its characters or its envelope changed, not signed again."""
    one, text = cards()[number], texts()[number]
    token = one.token
    match chance.randrange(8):
        case 0 | 1:
            token = mutated_bytes(token, chance)
        case 2:
            payload = mutated_payload(number, chance)
            header, signature = token[2:11], token[-64:]
            token = cbor2.dumps([header, {}, payload, signature])
        case 3:
            envelope = cbor2.loads(token)
            envelope[0] = chance.choice([key.key.protected for key in one.network.stations.values()] + [b"", cbor2.dumps({1: -19})])
            token = cbor2.dumps(mutated_item(envelope, chance, cbor2.loads(chance.choice(cards()).token)))
        case 4:
            other = chance.choice(cards()).token
            cut = chance.randrange(len(token))
            token = token[:cut] + other[chance.randrange(len(other)) :]
        case 5:
            return "".join(chance.choices(ALPHABET, k=chance.randrange(600)))
        case 6:
            return chance.choice(("MCH1:", "MCT1:", "")) + symbol.base45_encode(chance.randbytes(chance.randrange(400)))
        case _:
            characters = list(text)
            for _ in range(chance.choice((1, 1, 2, 3))):
                at = chance.randrange(len(characters))
                characters[at : at + chance.randrange(2)] = chance.choices(ALPHABET + "a\u00e9\x00", k=chance.randrange(3))
            return "".join(characters)
    return (symbol.PREFIXES[one.network.bundle.network] + symbol.base45_encode(token)) if token else ""


def mutant(chunk: int, n: int) -> tuple[Genuine, bytes | None, str]:
    """Input `n` of a seed: the card it was, the payload where it is signed again (every other one is), and its text."""
    chance = random.Random(f"card {chunk} {n}")
    number = chance.randrange(len(cards()))
    one = cards()[number]
    if n % 2 == 0:
        return one, None, mutated_text(number, chance)
    payload = mutated_payload(number, chance)
    token = one.network.token(payload, chance.choice((ED25519, ESP256))) if len(payload) < 2**16 else b""
    return one, payload, symbol.PREFIXES[one.network.bundle.network] + symbol.base45_encode(token)


# --- judgement -------------------------------------------------------------------------------------------------------


def judge_card(text: str, network: Network, payload: bytes | None, whole: bool) -> tuple[str, float]:
    """The verdict on a text and how long it took; raises Fault. `payload` is what the fuzzer signed, None if it did not.

    With `whole` the reading is also turned into JSON, and its record read again as a file would be.
    """
    started = time.perf_counter()
    reading = card.read(text, bundle=network.bundle, now=TODAY)
    seconds = time.perf_counter() - started
    [part] = reading.parts
    if part.part is not None:
        written = codec.write(part.part, network.bundle.organisation_numbers)
        held = payload if payload is not None else sign.inspect(symbol.parse_card_text(text)[1]).payload
        if written != held:
            raise Fault("read, but written again as other bytes")
        if cbor2.dumps(cbor2.loads(held)) != held:
            raise Fault("read, but not in the only encoding of CBOR")
        if whole:
            json.dumps(reading.to_json())
            if Record.from_json(json.loads(json.dumps(part.part.record.to_json()))) != part.part.record:
                raise Fault("read, but another record when it comes from a file")
    if part.verdict == "verified" and (part.part is None or (payload is None and text not in originals())):
        raise Fault("verified without having been signed")
    return part.verdict, seconds


def judge_bundle(raw: bytes) -> str:
    """Whether a bundle loads; raises Fault where it loads and is not the only encoding of what it says."""
    try:
        bundle = TrustBundle.load(raw)
    except TrustError:
        return "refused"
    if cbor.dumps(cbor.loads(raw)) != raw or cbor.dumps(cbor.loads(bundle.content.encode())) != bundle.content.encode():
        raise Fault("a bundle that loads in another encoding")
    for organisation in bundle.content.organisations:
        for station in organisation.stations:
            if bundle.match(station.key) is None:
                raise Fault("a station that is listed but not found")
    return "loaded"


def mutated_bundle(chance: random.Random) -> bytes:
    """A bundle with changed bytes, or with changed content or station list that is rightly signed again."""
    network = chance.choice([cards()[0].network, next(one.network for one in cards() if one.network.bundle.network == "real")])
    raw, name = network.bundle.raw, network.bundle.network
    number, roots, [payload, header, signature] = cbor2.loads(raw)
    match chance.randrange(5):
        case 0:
            return mutated_bytes(raw, chance)
        case 1:
            return cbor2.dumps(mutated_item([number, roots, [payload, header, signature]], chance, cbor2.loads(payload)))
        case 2:
            content = mutated_bytes(payload, chance)
        case 3:
            content = cbor2.dumps(mutated_item(cbor2.loads(payload), chance, cbor2.loads(payload)))
        case _:
            items = cbor2.loads(payload)
            organisation = chance.choice([o for o in items[3] if o[6]])
            listed = cbor2.loads(sign.inspect(organisation[6]).payload)
            changed = mutated_bytes(cbor2.dumps(listed), chance)
            if chance.randrange(2):
                changed = cbor2.dumps(mutated_item(listed, chance, listed))
            signer = network.organisations[organisation[1].decode()]
            organisation[6] = sign.sign(changed, signer, trust.aad(name, "stations"))
            content = cbor2.dumps(items)
    return cbor2.dumps([number, roots, trust.message(content, [network.root], trust.aad(name, "bundle"))])


# --- runs ------------------------------------------------------------------------------------------------------------


def run(chunk: int, inputs: int = CHUNK, bundles: int = BUNDLES_PER_CHUNK) -> Tally:
    """The inputs of one seed; faults are collected, not raised."""
    tally, started = Tally(), time.perf_counter()
    for n in range(inputs):
        one, payload, text = mutant(chunk, n)
        try:
            verdict, seconds = judge_card(text, one.network, payload, whole=n % 8 < 2)
        except Exception:
            tally.faults.append(f"chunk {chunk} input {n} ({one.name}): {traceback.format_exc(limit=-3)}\n{text}")
            continue
        tally.inputs += 1
        tally.signed += n % 2
        tally.slowest = max(tally.slowest, seconds)
        tally.verdicts[verdict] += 1
        tally.signed_verdicts[verdict] += n % 2
    for n in range(bundles):
        chance = random.Random(f"bundle {chunk} {n}")
        raw = mutated_bundle(chance)
        try:
            tally.bundle_verdicts[judge_bundle(raw)] += 1
            tally.bundles += 1
        except Exception:
            tally.faults.append(f"chunk {chunk} bundle {n}: {traceback.format_exc(limit=-3)}\n{raw.hex()}")
    tally.seconds = time.perf_counter() - started
    return tally


def campaign(inputs: int, workers: int = 2) -> Tally:
    """Chunks until there were so many inputs, on several processes, with a line a minute."""
    total, shown = Tally(), time.monotonic()
    chunks = range(-(-inputs // CHUNK))
    with ProcessPoolExecutor(workers) as pool:
        for done, tally in enumerate(pool.map(run, chunks), 1):
            total.add(tally)
            if time.monotonic() - shown > 60:
                shown = time.monotonic()
                print(f"{done:,} of {len(chunks):,} chunks, {len(total.faults)} faults", flush=True)
    return total


def main() -> int:
    parser = argparse.ArgumentParser(description="Mutants of genuine cards and bundles against the reader.")
    parser.add_argument("inputs", type=int, nargs="?", default=20_000)
    parser.add_argument("--chunk", type=int, help="run this seed alone")
    asked = parser.parse_args()
    total = campaign(asked.inputs) if asked.chunk is None else run(asked.chunk)
    print(total)
    return 1 if total.faults else 0


if __name__ == "__main__":
    sys.exit(main())
