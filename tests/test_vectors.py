"""Every vector of spec/vectors through this library's reader (spec section 14)."""

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from healthcard import codec, sign, symbol
from healthcard.card import Reading, VerifiedReading, read
from healthcard.errors import TrustError, Unreadable
from healthcard.record import Record
from healthcard.sealed import decode_content, encode_content
from healthcard.trust.bundle import CARD_AAD, TrustBundle
from healthcard.trust.texts import bundle_from_texts

FOLDER = Path(__file__).parent.parent / "spec" / "vectors"
CARDS = sorted(path.stem for path in FOLDER.glob("*.txt"))
BUNDLES = sorted(path.stem for path in (FOLDER / "bundles").glob("*.txt"))
SEALED = sorted((FOLDER / "sealed").glob("*.txt"))
MERGED = sorted((FOLDER / "merged").glob("*.txt"))
SYMBOLS = sorted(path.stem for path in (FOLDER / "symbols").glob("*.txt"))

MERGING = ("unverified", "which-child", "other-cards")


@dataclass(frozen=True)
class Vector:
    head: dict[str, str]
    body: str


def load(path: Path) -> Vector:
    head, body = path.read_bytes().decode().split("\n\n", 1)
    return Vector(dict(line.split(": ", 1) for line in head.split("\n")), body)


@cache
def bundle(name: str) -> TrustBundle:
    return TrustBundle.load(bytes.fromhex(load(FOLDER / "bundles" / name).body))


@cache
def card(name: str) -> Vector:
    return load(FOLDER / f"{name}.txt")


@pytest.mark.parametrize("name", CARDS)
def test_a_card_reads_as_its_vector_says(name: str) -> None:
    vector = card(name)
    now, newest = date.fromisoformat(vector.head["now"]), vector.head.get("newest-card")
    newest_card = date.fromisoformat(newest) if newest else None
    reading = read(vector.body, bundle=bundle(vector.head["bundle"]), now=now, newest_card=newest_card)
    assert (reading.verdict, " ".join(reading.notices)) == (vector.head["expect"], vector.head.get("notices", "")), reading.top.reason
    assert isinstance(reading, VerifiedReading) == (vector.head["expect"] == "verified")
    record = reading.record.to_json() if reading.record else None
    assert record == (json.loads(vector.head["record"]) if "record" in vector.head else None)


@pytest.mark.parametrize("name", CARDS)
def test_a_card_is_taken_apart_as_its_vector_says(name: str) -> None:
    vector = card(name)
    try:
        network, token = symbol.parse_card_text(vector.body)
        taken = sign.inspect(token)
    except Unreadable:
        assert "payload" not in vector.head and "to-be-signed" not in vector.head
        return
    assert taken.payload.hex() == vector.head["payload"]
    assert taken.to_be_signed(CARD_AAD[network]).hex() == vector.head["to-be-signed"]


@pytest.mark.parametrize("name", [name for name in CARDS if "record" in card(name).head])
def test_what_reads_is_written_again_as_the_same_bytes(name: str) -> None:
    vector = card(name)
    held = bundle(vector.head["bundle"])
    payload = bytes.fromhex(vector.head["payload"])
    part = codec.decode(payload, held.organisation_names)
    assert codec.write(part, held.organisation_numbers) == payload
    assert Record.from_json(vector.head["record"]) == part.record


@pytest.mark.parametrize("path", SEALED, ids=lambda path: path.stem)
def test_a_sealed_part_opens_or_not_as_its_vector_says(path: Path) -> None:
    vector = load(path)
    reading = read_with_secrets(vector, vector.body)
    [part] = reading.parts
    assert (reading.verdict, part.seal) == (vector.head["expect"], vector.head["seal"]), part.reason
    assert " ".join(reading.notices) == vector.head.get("notices", "")
    assert reading.record and reading.record.to_json() == json.loads(vector.head["record"])
    payload = sign.inspect(symbol.parse_card_text(vector.body)[1]).payload
    assert payload.hex() == vector.head["payload"]
    if part.seal == "opened":
        content = bytes.fromhex(vector.head["content"])
        assert encode_content(decode_content(content)) == content, "one encoding"
        unopened = read(vector.body, bundle=bundle(vector.head["bundle"]), now=date.fromisoformat(vector.head["now"]))
        assert (unopened.verdict, unopened.parts[0].seal) == (reading.verdict, "closed")


@pytest.mark.parametrize("path", MERGED, ids=lambda path: path.stem)
def test_several_parts_say_in_any_order_what_their_vector_says(path: Path) -> None:
    vector = load(path)
    texts = vector.body.split("\n")
    expected = {
        "verdict": vector.head["expect"],
        "notices": vector.head.get("notices", "").split(),
        "issuer": None if vector.head["issuer"] == "null" else vector.head["issuer"],
        "record": json.loads(vector.head["record"]),
    }
    expected |= {name.replace("-", "_"): json.loads(vector.head[name]) for name in MERGING if name in vector.head}
    for ordered in itertools.permutations(texts):
        found = read_with_secrets(vector, *ordered, ordered[-1]).to_json()
        assert {name: value for name, value in found.items() if name in expected or name.replace("_", "-") in MERGING} == expected


def read_with_secrets(vector: Vector, *texts: str) -> Reading:
    secrets = [bytes.fromhex(secret) for secret in vector.head.get("epoch-secret", "").split()]
    return read(*texts, bundle=bundle(vector.head["bundle"]), now=date.fromisoformat(vector.head["now"]), unseal=secrets)


@pytest.mark.parametrize("name", BUNDLES)
def test_a_trust_bundle_loads_or_not_as_its_vector_says(name: str) -> None:
    vector = load(FOLDER / "bundles" / f"{name}.txt")
    raw = bytes.fromhex(vector.body)

    def loaded() -> TrustBundle:
        newer = TrustBundle.load(raw)
        return bundle(vector.head["held"]).update(newer) if "held" in vector.head else newer

    assert outcome(loaded) == vector.head["expect"]
    if "held" in vector.head:
        assert TrustBundle.load(raw).raw == raw, "only the update is refused"


@pytest.mark.parametrize("name", SYMBOLS)
def test_symbols_make_up_a_trust_bundle_or_not_as_their_vector_says(name: str) -> None:
    vector = load(FOLDER / "symbols" / f"{name}.txt")
    texts = vector.body.split("\n") if vector.body else []
    assert outcome(lambda: bundle_from_texts(texts)) == vector.head["expect"]
    if "bundle" in vector.head:
        assert bundle_from_texts(texts).raw == bundle(vector.head["bundle"]).raw


def outcome(load_bundle: Callable[[], object]) -> str:
    try:
        load_bundle()
    except TrustError as error:
        return error.code
    return "loads"


def test_the_two_keys_of_one_kid_are_two_keys() -> None:
    """The vectors sign_kid_shared_* are worth something only if the bundle really lists two keys under one kid."""
    first, second = (sign.inspect(symbol.parse_card_text(card(f"sign_kid_shared_{n}").body)[1]) for n in (1, 2))
    assert first.kid == second.kid
    assert len({match.station.key.public for match in bundle("network.txt").find(first.kid)}) == 2


def test_all_states_of_a_seal_have_vectors() -> None:
    assert {load(path).head["seal"] for path in SEALED} == {"none", "closed", "opened", "damaged"}


def test_all_verdicts_and_outcomes_have_vectors() -> None:
    verdicts = {card(name).head["expect"] for name in CARDS}
    assert verdicts == {"unreadable", "newer-version", "unknown-issuer", "altered", "not-authorised", "withdrawn", "verified"}
    outcomes = {load(path).head["expect"] for path in (FOLDER / "bundles").glob("*.txt")}
    assert outcomes == {"loads", "bad-bundle", "rollback"}
