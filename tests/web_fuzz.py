"""The reader in Python and the one in JavaScript on the same inputs: no disagreement on verdict, notices or record.

    python -m tests.web_fuzz 1000000

Mutants of tests/fuzz.py, an older edition of the vocabulary, several parts of one card, sealed content, trust bundles and their
symbols. The seeds are fixed: `python -m tests.web_fuzz --chunk N` shows the inputs of one seed again.
"""

import argparse
import copy
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from multiprocessing import get_context
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from healthcard import card, seal, symbol, vocabulary
from healthcard.errors import TrustError
from healthcard.sign import ED25519, ESP256, inspect
from healthcard.trust import bundle as trust
from healthcard.trust.bundle import TrustBundle
from healthcard.trust.texts import bundle_from_texts, bundle_texts
from healthcard.vocabulary import Vocabulary
from tests import fuzz
from tests.genuine import TODAY, Genuine, Network, secret
from tests.web_reader import WebReader

CHUNK = 1000  # inputs of one seed
TODAY_NUMBER = (TODAY - trust.EPOCH).days
EPOCH_SECRET = secret("web fuzz epoch")
EPOCH_KEY = X25519PrivateKey.from_private_bytes(EPOCH_SECRET).public_key().public_bytes_raw()
# Words that readers of three older editions lack.
EDITIONS: tuple[tuple[tuple[str, str], ...], ...] = (
    (("findings", "severe_headache"), ("observations", "weight"), ("medicines", "iron_folic_acid"), ("timings", "once_daily")),
    (("profile", "lmp"), ("profile", "born"), ("vaccines", "td"), ("services", "first_aid"), ("allergies", "sulfonamides")),
    (("observations", "hiv_test"), ("findings", "hiv"), ("observations", "muac"), ("profile", "allergies"), ("profile", "dating")),
)
Question = tuple[dict[str, Any], Callable[[], Any]]  # what JavaScript is asked, and how Python answers


@dataclass
class Tally:
    """What became of the inputs of one or more chunks."""

    inputs: int = 0
    seconds: float = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    disagreements: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        self.inputs, self.seconds = self.inputs + other.inputs, self.seconds + other.seconds
        self.outcomes += other.outcomes
        self.disagreements += other.disagreements

    def __str__(self) -> str:
        counted = ", ".join(f"{word} {n:,}" for word, n in sorted(self.outcomes.items()))
        about = f"{self.inputs:,} inputs in {self.seconds:,.0f} s of both readers: {counted}"
        return "\n".join([about, f"{len(self.disagreements)} disagreements", *self.disagreements[:20]])


# --- what is asked ---------------------------------------------------------------------------------------------------


def reading(texts: list[str], trusted: TrustBundle, sealed: bool = False, edition: int | None = None) -> Question:
    asked: dict[str, Any] = {"ask": "read", "texts": texts, "bundle": trusted.raw.hex(), "now": TODAY.isoformat()}
    known = None
    if sealed:
        asked["unseal"] = [EPOCH_SECRET.hex()]
    if edition is not None:
        asked["without"], known = EDITIONS[edition], older(edition)

    def answer() -> Any:
        found = card.read(*texts, bundle=trusted, now=TODAY, unseal=[EPOCH_SECRET] if sealed else (), known=known)
        return {"answer": comparable(found.to_json())}

    return asked, answer


@cache
def older(edition: int) -> Vocabulary:
    return vocabulary.default().without(*EDITIONS[edition])


def comparable(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer without why a part is unreadable, which each implementation says in words of its own."""
    if "parts" in answer:
        answer = dict(answer)
        answer["parts"] = [part | ({"reason": ""} if part["verdict"] == "unreadable" else {}) for part in answer["parts"]]
    return answer


def refused_or(load: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return {"answer": load()}
    except TrustError as error:
        return {"error": error.code}


def outcome(expected: dict[str, Any]) -> str:
    """What became of an input, in a few words, so that a run shows how deep it went."""
    if "error" in expected:
        return str(expected["error"])
    answer = expected["answer"]
    read = [part for part in answer.get("parts", ()) if "id" in part]
    verdict = str(answer.get("verdict", "accepted"))
    if "which_child" in answer:
        return f"which child {verdict}"
    if len(read) > 1:
        return f"several parts {verdict}"
    return f"sealed part {read[0]['sealed']} {verdict}" if read and read[0]["sealed"] != "none" else verdict


def one_card(chunk: int, n: int, _: random.Random) -> Question:
    one, _payload, text = fuzz.mutant(chunk, n)
    return reading([text], one.network.bundle)


def older_edition(chunk: int, n: int, chance: random.Random) -> Question:
    one, _payload, text = fuzz.mutant(chunk, n | 1)
    return reading([text], one.network.bundle, edition=chance.randrange(len(EDITIONS)))


def withdrawn(_: int, __: int, chance: random.Random) -> Question:
    """A genuine card or one signed again, under a bundle that withdraws cards, keys and organisations."""
    one = chance.choice([one for one in fuzz.cards() if one.network is networks()[0]])
    text = one.text if chance.randrange(3) else one.network.text(one.payload, chance.choice((ED25519, ESP256)))
    return reading([text], withdrawing(chance.randrange(24)))


@cache
def withdrawing(number: int) -> TrustBundle:
    return TrustBundle.load(signed_content(random.Random(f"withdrawing {number}"), mutations=0))


def signed_content(chance: random.Random, mutations: int) -> bytes:
    """A bundle of lists that are full, rightly signed whatever they say."""
    network = networks()[0]
    number, roots, [payload, *_signature] = cbor2.loads(network.bundle.raw)
    items = cbor2.loads(payload)
    own = [one for one in fuzz.cards() if one.network is network]
    hashes = sorted({trust.card_hash(one.part.id) for one in chance.sample(own, chance.randrange(6))})
    items[4] = [b"".join(hashes), *(chance.randrange(1, 60) for _ in hashes)]
    keys = chance.sample(list(network.stations.values()), chance.randrange(3))
    items[5] = sorted([trust.key_hash(signer.key), TODAY_NUMBER + chance.randrange(-2, 3), *issued(own, chance)] for signer in keys)
    items[6] = sorted([TODAY_NUMBER - n, 90, EPOCH_KEY] for n in range(chance.randrange(3)))
    if chance.randrange(4) == 0:
        chance.choice(items[3])[5] = TODAY_NUMBER
    for _step in range(mutations):
        items = fuzz.mutated_item(items, chance, cbor2.loads(payload))
    signed = trust.message(cbor2.dumps(items), [network.root], trust.aad(network.bundle.network, "bundle"))
    return cbor2.dumps([number, roots, signed])


def issued(cards: Sequence[Genuine], chance: random.Random) -> list[bytes]:
    """For half of the keys a list of the parts that they signed, some of them left out."""
    if chance.randrange(2):
        return []
    parts = [inspect(one.token).to_be_signed(trust.CARD_AAD[one.network.bundle.network]) for one in cards if chance.randrange(2)]
    return [b"".join(sorted({trust.listed_hash(part) for part in parts}))]


def bundle(_: int, __: int, chance: random.Random) -> Question:
    mutated = fuzz.mutated_bundle(chance) if chance.randrange(2) else signed_content(chance, chance.choice((1, 1, 2)))
    held = chance.choice(networks()).bundle if chance.randrange(2) else None
    asked = {"ask": "load", "raw": mutated.hex()} | ({"held": held.raw.hex()} if held else {})
    return asked, lambda: refused_or(lambda: loaded(mutated, held))


def loaded(mutated: bytes, held: TrustBundle | None) -> dict[str, Any]:
    newer = TrustBundle.load(mutated)
    if held:
        held.update(newer)
    keys = [station.key.public.hex() for owner in newer.content.organisations for station in owner.stations]
    return {"network": newer.network, "version": newer.version, "keys": keys}


def symbols(_: int, __: int, chance: random.Random) -> Question:
    texts = list(bundle_texts(chance.choice(networks()).bundle))
    for _step in range(chance.randrange(3)):
        at = chance.randrange(len(texts))
        match chance.randrange(5):
            case 0:
                texts.append(texts[at])
            case 1 if len(texts) > 1:
                del texts[at]
            case 2:
                texts.append(chance.choice(bundle_texts(chance.choice(networks()).bundle)))
            case 3:
                prefix, _colon, encoded = chance.choice(bundle_texts(chance.choice(networks()).bundle)).partition(":")
                piece = cbor2.loads(symbol.base45_decode(encoded))
                texts[at] = f"{prefix}:{symbol.base45_encode(cbor2.dumps(fuzz.mutated_item(piece, chance, piece)))}"
            case _:
                place = chance.randrange(len(texts[at]))
                texts[at] = texts[at][:place] + chance.choice(fuzz.ALPHABET) + texts[at][place + chance.randrange(2) :]
    chance.shuffle(texts)
    return {"ask": "symbols", "texts": texts}, lambda: refused_or(lambda: {"raw": bundle_from_texts(texts).raw.hex()})


@cache
def networks() -> tuple[Network, ...]:
    return tuple({one.network.bundle.network: one.network for one in fuzz.cards()}.values())


# --- several parts of one card ---------------------------------------------------------------------------------------


# Cards of one child, who then has the same role in each part.
INFANTS = ("child_severe_wasting", "muac_only", "continuation for a later person, ESP256")


def several(_: int, __: int, chance: random.Random) -> Question:
    network = fuzz.cards()[0].network
    texts = []
    one_child = chance.randrange(3) == 0
    payloads = [one.payload for one in fuzz.cards() if not one_child or one.name in INFANTS]
    for _n in range(chance.choice((2, 3, 4, 5, 6))):
        of = secret("id family" if chance.randrange(8) else "id mother")[:8]
        item = variant(chance.choice(payloads), of, [3] if one_child else [0, 1, 2, 3], chance)
        if chance.randrange(6) == 0:
            item = fuzz.mutated_item(item, chance, cbor2.loads(chance.choice(fuzz.payloads())))
        token = bytearray(chance.choice(networks() + (network,) * 9).token(cbor2.dumps(item), chance.choice((ED25519, ESP256))))
        if chance.randrange(6) == 0:
            token[-1] ^= 1
        texts.append(symbol.PREFIXES["test"] + symbol.base45_encode(bytes(token)))
    return reading(texts, network.bundle)


def variant(payload: bytes, of: bytes, places: list[int], chance: random.Random) -> list[Any]:
    """`payload` as a card of the id `of`, or as a continuation of it, with some of its people under the numbers `places`."""
    _head, _id, _continues, first, _issued, holder, _sealed, *people = cbor2.loads(payload)
    indices, own = list(range(len(people))), of
    if kind := chance.choice((0, 1, 1, 1)):
        people = chance.sample(people, min(len(people), len(places), chance.choice((1, 2))))
        indices = sorted(chance.sample(places, len(people)))
        own = chance.choice([secret(f"id sticker {n}")[:8] for n in range(4)])
    for index, person in zip(indices, people, strict=True):
        person[0] = index * 2 + person[0] % 2
        if chance.randrange(2):  # a contact alone, as stickers are
            rows = [row for row in person[2:] if isinstance(row, list)]
            person[1:] = [(0x0B if person[0] % 2 else 0x7F), *rows]
    dated = [[row for row in person[2:] if isinstance(row, list) and row[0] is not None] for person in people]
    earliest = min((rows[0][0] for rows in dated if rows), default=0)
    for rows in dated:
        if rows:
            rows[0][0] -= earliest
    latest = first + max((sum(row[0] for row in rows) for rows in dated), default=0) + earliest
    issued = max(0, TODAY_NUMBER - latest) if any(dated) and chance.randrange(5) else 0
    return [kind, own, of if kind else None, first + earliest, issued, holder, b"", *people]


# --- sealed content --------------------------------------------------------------------------------------------------

EVENTS: tuple[Any, ...] = (
    4, 5, 24, 64, 65, 70, 150, 199, 200, 203, 900, -1, -2, -10, -18, -100, [3, 2], [3, 2], [64, -3, 30], [64, 3, 1, 30], [122, -2, 30],
    [400, 5, 9, 3], [-1, 201, 1, 64], [-1, 901, 9, 151, 4711], [-2, 40], [-3, 0, 5], [-3, 1, 3], [-3, 9, 2], [-3, 47, 1], [-3, 48, 9],
    [-3, 77, -4], [-4, 1, 3], [-4, 2, 5], [-4, 3, 20], [-4, 9, 12], [-4, 10, 2], [-4, 20, 7], [-4, -1, 0], [-5, 1], [-5, 3],
    [-5, 4711], [-6, 1],
)  # fmt: skip


def sealed(_: int, __: int, chance: random.Random) -> Question:
    one = chance.choice([one for one in fuzz.cards() if one.part.kind == "card"])
    item = cbor2.loads(one.payload)
    content: list[Any] = [secret("id before")[:8]] if not chance.randrange(4) else []
    places = {(chance.choice(item[7:])[0], chance.choice((-1, -1, 0, 0, 1, 2))) for _n in range(chance.randrange(4))}
    for ref, row in sorted(places):
        undated = [event for event in EVENTS if not isinstance(event, list) or event[0] in (-4, -5)]
        pool = undated if row < 0 and chance.randrange(5) else EVENTS
        events = copy.deepcopy(chance.sample(pool, chance.choice((1, 1, 2, 3))))
        content.append([ref, row, *sorted(events, key=cbor2.dumps)])
    if chance.randrange(4) == 0:
        content = fuzz.mutated_item(content, chance, item)
    data = cbor2.dumps(content)
    if chance.randrange(12) == 0:
        data = fuzz.mutated_bytes(data, chance)
    item[6] = seal.seal(data, EPOCH_KEY, one.network.bundle.network, item[1], seal.blocks_for(data))
    return reading([one.network.text(cbor2.dumps(item), chance.choice((ED25519, ESP256)))], one.network.bundle, sealed=True)


# --- runs ------------------------------------------------------------------------------------------------------------

KINDS = (one_card,) * 7 + (older_edition, several, sealed)
RARE = (bundle, bundle, symbols, withdrawn)  # one input in twenty


def questions(chunk: int, inputs: int) -> Iterator[tuple[str, Question]]:
    for n in range(inputs):
        chance = random.Random(f"web {chunk} {n}")
        kind = chance.choice(RARE) if n % 20 == 19 else KINDS[chance.randrange(len(KINDS))]
        yield f"chunk {chunk} input {n} ({kind.__name__})", kind(chunk, n, chance)


def run(chunk: int, inputs: int = CHUNK) -> Tally:
    """The inputs of one seed; disagreements are collected, not raised."""
    tally, started = Tally(), time.perf_counter()
    asked = list(questions(chunk, inputs))
    for n in range(0, len(asked), 200):
        batch = asked[n : n + 200]
        answers = own_reader().ask([question for _, (question, _) in batch])
        for (name, (question, python)), answer in zip(batch, answers, strict=True):
            found = {"answer": comparable(answer["answer"])} if "answer" in answer else answer
            expected = json.loads(json.dumps(python()))
            tally.inputs += 1
            tally.outcomes[f"{question['ask']}: {outcome(expected)}"] += 1
            if found != expected:
                tally.disagreements.append(f"{name}\n  asked {json.dumps(question)}\n  python {expected}\n  web    {found}")
    tally.seconds = time.perf_counter() - started
    return tally


@cache
def own_reader() -> WebReader:
    """The reader of this process."""
    return WebReader()


def campaign(inputs: int, workers: int = 2) -> Tally:
    """Chunks until there were so many inputs, on several processes, with a line a minute."""
    total, shown = Tally(), time.monotonic()
    chunks = range(-(-inputs // CHUNK))
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        for done, tally in enumerate(pool.map(run, chunks), 1):
            total.add(tally)
            if time.monotonic() - shown > 60:
                shown = time.monotonic()
                print(f"{done:,} of {len(chunks):,} chunks, {len(total.disagreements)} disagreements", flush=True)
    return total


def main() -> int:
    parser = argparse.ArgumentParser(description="The Python reader and the JavaScript reader on the same mutants.")
    parser.add_argument("inputs", type=int, nargs="?", default=20_000)
    parser.add_argument("--chunk", type=int, help="run this seed alone")
    given = parser.parse_args()
    total = campaign(given.inputs) if given.chunk is None else run(given.chunk)
    print(total)
    return 1 if total.disagreements else 0


if __name__ == "__main__":
    sys.exit(main())
