"""The second implementation of the reader (web/): all vectors, and the same inputs as the Python reader, whose answers it must give.

Each test runs with the curves of WebCrypto and with those of the fallback. Longer: `python -m tests.web_fuzz 1000000`.
"""

import hashlib
import json
import random
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from healthcard import card as cards
from healthcard import errors, keyfile, seal
from healthcard.errors import TrustError
from healthcard.sign import Key
from healthcard.trust.texts import bundle_texts
from tests import web_fuzz
from tests.test_keys import L, P, add, encodings, small_order_points, times
from tests.test_spec import table_words
from tests.test_vectors import BUNDLES, CARDS, FOLDER, MERGED, SEALED, SYMBOLS, Vector, card, load
from tests.test_vectors import bundle as bundle_of
from tests.web_reader import WebReader


@pytest.fixture(scope="module", params=["", "--without-webcrypto-curves"], ids=["webcrypto", "fallback"])
def reader(request: pytest.FixtureRequest) -> Iterator[WebReader]:
    with WebReader(*filter(None, [request.param])) as started:
        yield started


def raw(name: str) -> str:
    return load(FOLDER / "bundles" / name).body.strip()


def question(vector: Vector, *texts: str) -> dict[str, Any]:
    return {
        "ask": "read", "texts": texts, "bundle": raw(vector.head["bundle"]), "now": vector.head["now"],
        "newestCard": vector.head.get("newest-card"), "unseal": vector.head.get("epoch-secret", "").split(),
    }  # fmt: skip


def test_cards(reader: WebReader) -> None:
    vectors = {name: card(name) for name in CARDS}
    answers = reader.ask([question(vector, vector.body) for vector in vectors.values()])
    for (name, vector), answer in zip(vectors.items(), answers, strict=True):
        reading = answer.get("answer", answer)
        record = json.loads(vector.head["record"]) if "record" in vector.head else None
        expected = (vector.head["expect"], vector.head.get("notices", "").split(), record)
        assert (reading["verdict"], reading["notices"], reading["record"]) == expected, (name, reading)


def test_cards_are_taken_apart(reader: WebReader) -> None:
    vectors = {name: card(name) for name in CARDS}
    answers = reader.ask([{"ask": "inspect", "text": vector.body} for vector in vectors.values()])
    for (name, vector), answer in zip(vectors.items(), answers, strict=True):
        if "payload" in vector.head:
            assert answer["answer"] == {"payload": vector.head["payload"], "toBeSigned": vector.head["to-be-signed"]}, name
        else:
            assert answer == {"error": "unreadable"}, name


def test_sealed_parts(reader: WebReader) -> None:
    vectors = {path.stem: load(path) for path in SEALED}
    answers = reader.ask([question(vector, vector.body) for vector in vectors.values()])
    for (name, vector), answer in zip(vectors.items(), answers, strict=True):
        reading = answer.get("answer", answer)
        [part] = reading["parts"]
        found = (reading["verdict"], part["sealed"], reading["record"], " ".join(reading["notices"]))
        expected = (vector.head["expect"], vector.head["seal"], json.loads(vector.head["record"]), vector.head.get("notices", ""))
        assert found == expected, (name, reading)


def test_merged_parts(reader: WebReader) -> None:
    for path in MERGED:
        vector = load(path)
        texts = vector.body.split("\n")
        orders = [texts, texts[::-1], [*texts, texts[0]], texts[1:] + texts[:1]]
        expected = {name: json.loads(vector.head[name]) for name in ("unverified", "which-child", "other-cards") if name in vector.head}
        expected |= {"verdict": vector.head["expect"], "notices": vector.head.get("notices", "").split()}
        expected |= {"issuer": None if vector.head["issuer"] == "null" else vector.head["issuer"]}
        expected |= {"record": json.loads(vector.head["record"])}
        for answer in reader.ask([question(vector, *order) for order in orders]):
            reading = {name.replace("_", "-"): value for name, value in answer.get("answer", answer).items()}
            ignored = {"issued", "bundle-age-days", "parts", "handover"}
            assert {name: value for name, value in reading.items() if name not in ignored} == expected, (path.stem, answer)


def test_bundles(reader: WebReader) -> None:
    vectors = {name: load(FOLDER / "bundles" / f"{name}.txt") for name in BUNDLES}
    asked = [{"ask": "load", "raw": v.body.strip()} | ({"held": raw(v.head["held"])} if "held" in v.head else {}) for v in vectors.values()]
    for (name, vector), answer in zip(vectors.items(), reader.ask(asked), strict=True):
        assert ("loads" if "answer" in answer else answer.get("error", answer)) == vector.head["expect"], name


def test_symbols_of_bundles(reader: WebReader) -> None:
    vectors = {name: load(FOLDER / "symbols" / f"{name}.txt") for name in SYMBOLS}
    answers = reader.ask([{"ask": "symbols", "texts": v.body.split("\n") if v.body else []} for v in vectors.values()])
    for (name, vector), answer in zip(vectors.items(), answers, strict=True):
        assert ("loads" if "answer" in answer else answer.get("error", answer)) == vector.head["expect"], name
        if "bundle" in vector.head:
            assert answer["answer"]["raw"] == raw(vector.head["bundle"]), name


def test_symbols_that_are_shown(reader: WebReader) -> None:
    names = ("empty.txt", "large.txt")
    answers = reader.ask([{"ask": "texts", "raw": raw(name)} for name in names])
    assert [answer["answer"]["texts"] for answer in answers] == [bundle_texts(bundle_of(name)) for name in names]


def test_the_words_are_those_of_the_library_and_the_specification(reader: WebReader) -> None:
    [answer] = reader.ask([{"ask": "words"}])
    said = answer["answer"]
    assert said["verdicts"] == list(cards.PRECEDENCE)
    assert said["notices"] == list(cards.NOTICES)
    for kind in said["classes"]:
        ours = getattr(errors, kind["name"])
        assert (ours.code, ours.__base__.__name__.replace("Exception", "Error")) == (kind["code"], kind["parent"])
    assert {kind["code"] for kind in said["classes"]} - {"error"} == set(table_words("8")) - {"verified", *cards.NOTICES}


# --- keys and signatures ---------------------------------------------------------------------------------------------


def test_public_keys_are_refused_alike(reader: WebReader) -> None:
    chance = random.Random("public keys")
    given = set().union(*map(encodings, small_order_points())) | {value.to_bytes(32, "little") for value in range(P, 2**255)}
    given |= {chance.randbytes(32) for _ in range(40)} | {b"\x02" + chance.randbytes(32) for _ in range(40)}
    given |= {b"", bytes(31), bytes(33), b"\x04" + bytes(32), b"\x02" + b"\xff" * 32, b"\x03" + (5).to_bytes(32), bytes(65)}
    answers = reader.ask([{"ask": "key", "key": key.hex()} for key in given])
    usable = [usable_key(key) for key in given]
    assert [answer["answer"]["usable"] for answer in answers] == usable
    assert 20 < sum(usable) < 60


def usable_key(key: bytes) -> bool:
    try:
        return Key(key).public == key
    except TrustError:
        return False


def test_sealing_keys_are_refused_alike(reader: WebReader) -> None:
    chance = random.Random("sealing keys")
    u = {(1 + y) * pow(1 - y, -1, P) % P if y != 1 else 0 for _, y in small_order_points()}
    reduced_or_not = [value for low in (*u, P - 1) for value in (low, low + P) if value < 2**255]
    given = [(value | top << 255).to_bytes(32, "little") for value in reduced_or_not for top in (0, 1)]
    small = len(given)
    given += [chance.randbytes(32) for _ in range(20)]
    answers = reader.ask([{"ask": "key", "purpose": "sealing", "key": key.hex()} for key in given])
    assert [answer["answer"]["usable"] for answer in answers] == [gives_a_secret(key) for key in given] == [False] * small + [True] * 20


def gives_a_secret(key: bytes) -> bool:
    try:
        return bool(X25519PrivateKey.from_private_bytes(bytes(31) + b"\x40").exchange(X25519PublicKey.from_public_bytes(key)))
    except ValueError:
        return False


def test_a_signature_counts_without_cofactor(reader: WebReader) -> None:
    """Under a key with a part of small order some signatures fit only those who multiply by 8."""
    asked = []
    order_8 = next(point for point in small_order_points() if times(4, point) != (0, 1))
    base = next(point for point in [(15112221349535400772501151409588531511454012693041857206046113283949847762202, 4 * pow(5, -1, P) % P)])
    public, commitment = packed(add(times(7, base), order_8)), packed(times(11, base))
    for n in range(24):
        message = bytes([n])
        challenge = int.from_bytes(hashlib.sha512(commitment + public + message).digest(), "little") % L
        signature = commitment + ((11 + challenge * 7) % L).to_bytes(32, "little")
        asked.append((public, signature, message))
    honest = Ed25519PrivateKey.from_private_bytes(bytes(32))
    asked.append((honest.public_key().public_bytes_raw(), honest.sign(b"honest"), b"honest"))
    answers = reader.ask([{"ask": "signature", "key": k.hex(), "signature": s.hex(), "message": m.hex()} for k, s, m in asked])
    fits = [Key(key).check(signature, message) for key, signature, message in asked]
    assert [answer["answer"]["fits"] for answer in answers] == fits
    assert 1 < sum(fits) < 10


def packed(point: tuple[int, int]) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def test_an_epoch_key_file_opens_with_its_passphrase(reader: WebReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyfile, "MEMORY_KIB", 64)
    path, other = tmp_path / "epoch.key", tmp_path / "station.key"
    seal.generate_epoch_key(path, "test", "epoch of a test", "quiet harbour")
    keyfile.generate(other, "station", "test", "", "Ed25519", "quiet harbour")
    text = path.read_text()
    changed = text.replace('"label": "epoch', '"label": "other')
    tried = [(text, "quiet harbour"), (text, "quiet harbor"), (changed, "quiet harbour"), (other.read_text(), "quiet harbour"), ("{", "")]
    answers = reader.ask([{"ask": "epoch", "text": given, "passphrase": phrase, "network": "test"} for given, phrase in tried])
    assert answers == [
        {"answer": {"secret": seal.epoch_secret(path, "quiet harbour").hex()}},
        {"error": "wrong-passphrase"}, {"error": "wrong-passphrase"}, {"error": "bad-key-file"}, {"error": "bad-key-file"},
    ]  # fmt: skip
    assert reader.ask([{"ask": "epoch", "text": text, "passphrase": "", "network": "real"}]) == [{"error": "bad-key-file"}]


def test_the_newest_card_is_kept(reader: WebReader) -> None:
    vector = card("good_muac_only")
    [answer] = reader.ask([question(vector, vector.body)])
    asked = [{"ask": "newest", "reading": answer["answer"], "before": before} for before in (None, "2026-01-01", "2026-12-01")]
    issued = answer["answer"]["issued"]
    assert [found["answer"]["day"] for found in reader.ask(asked)] == [issued, issued, "2026-12-01"]


def test_a_card_dated_ahead_moves_no_now(reader: WebReader) -> None:
    """It is verified and has its notice; the next card is read as of the same day, by both readers. From its day on it counts."""
    vector = card("trust_issued_tomorrow")
    [early, due] = reader.ask([question(vector, vector.body), question(vector, vector.body) | {"now": "2026-07-11"}])
    assert (early["answer"]["verdict"], early["answer"]["notices"], early["answer"]["issued"]) == ("verified", ["clock"], "2026-07-11")
    kept = reader.ask([{"ask": "newest", "reading": one["answer"], "before": "2026-07-01"} for one in (early, due)])
    assert [found["answer"]["day"] for found in kept] == ["2026-07-01", "2026-07-11"]
    for now, day in ((date(2026, 7, 10), date(2026, 7, 1)), (date(2026, 7, 11), date(2026, 7, 11))):
        reading = cards.read(vector.body, bundle=bundle_of(vector.head["bundle"]), now=now)
        assert reading.newest_card(date(2026, 7, 1)) == day


def test_a_device_whose_date_is_not_believed_goes_by_the_cards(reader: WebReader) -> None:
    vector = card("trust_issued_tomorrow")
    asked = question(vector, vector.body) | {"now": "1970-01-01"}
    [found] = reader.ask([asked])
    [kept] = reader.ask([{"ask": "newest", "reading": found["answer"] | {"clockBehind": True}, "before": None}])
    reading = cards.read(vector.body, bundle=bundle_of(vector.head["bundle"]), now=date(1970, 1, 1))
    assert reading.newest_card() == date.fromisoformat(kept["answer"]["day"]) == reading.issued


# --- the same inputs -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tally() -> web_fuzz.Tally:
    return web_fuzz.campaign(20_000)


def test_the_two_readers_agree_on_twenty_thousand_mutants(tally: web_fuzz.Tally) -> None:
    assert not tally.disagreements, str(tally)
    assert tally.inputs == 20_000


def test_the_mutants_reach_every_part_of_a_reader(tally: web_fuzz.Tally) -> None:
    """Else the run would only have tried the first check again and again."""
    sealed = ("sealed part opened verified", "sealed part damaged verified")
    reached = ("verified", "altered", "newer-version", "withdrawn", "several parts verified", *sealed)
    assert all(tally.outcomes[f"read: {word}"] > 50 for word in reached), str(tally)
    assert sum(count for word, count in tally.outcomes.items() if word.startswith("read: which child")) > 10, str(tally)
    assert min(tally.outcomes["symbols: accepted"], tally.outcomes["load: accepted"]) > 10


def test_the_fuzzer_finds_readers_that_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "PRECEDENCE", ("altered", *cards.PRECEDENCE))
    monkeypatch.setattr(cards, "NOTICES", cards.NOTICES[::-1])
    with web_fuzz.own_reader():
        assert web_fuzz.run(1, 300).disagreements
    web_fuzz.own_reader.cache_clear()
