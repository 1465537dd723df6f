"""How a trust bundle travels: symbols on a screen, folders, HTTP; and its keys as a JSON Web Key Set."""

import hashlib
import json
import random
import time
from base64 import urlsafe_b64decode
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

from healthcard import picture, symbol
from healthcard.errors import NoCode, TrustError
from healthcard.sign import ESP256, SoftwareSigner
from healthcard.trust import bundle as trust
from healthcard.trust import changes, custody, jwks, travel
from healthcard.trust.bundle import CONTINUE, ISSUE, RevokedKey, TrustBundle, published_signer
from healthcard.trust.texts import BUNDLE_PREFIXES, bundle_from_texts, bundle_texts, on_screen
from tests.serving import sending, serving
from tests.test_end_to_end import read_by_zbar
from tests.world import SINCE, World

TODAY = date(2026, 7, 2)
SMALL_SYMBOL_BYTES = 1300


@pytest.fixture(scope="module")
def world() -> World:
    return World.build(TODAY)


def small_network() -> TrustBundle:
    """4 organisations, 12 stations, 20 revocations (18 cards and 2 keys) over three quarters of a year; a real network, one root key."""
    root = SoftwareSigner.from_secret(trust.published_signer(0).key.algorithm, hashlib.sha256(b"a root for sizes").digest())
    bundle = custody.found("real", [root], 1, TODAY)
    for name in ("pa-rc", "cr-rc", "hn-rc", "mx-rc"):
        owner = SoftwareSigner.generate()
        bundle = custody.add_organisation(bundle, [root], name, owner.key, TODAY)
        for _ in range(3):
            bundle = custody.add_station(bundle, [root], name, owner, SoftwareSigner.generate().key, ISSUE | CONTINUE, TODAY, TODAY)
    chance = random.Random(0)
    withdrawn = {chance.randbytes(5): TODAY - timedelta(14 * n) for n in range(18)}
    revoked = tuple(RevokedKey(chance.randbytes(8), TODAY - timedelta(90 * n)) for n in range(2))
    return custody.revise(bundle, [root], TODAY, withdrawn=withdrawn, revoked=revoked)


def large_network(world: World) -> TrustBundle:
    withdrawn = {trust.card_hash(n.to_bytes(8)): TODAY for n in range(1000)}
    return custody.revise(world.bundle, [world.root_signer], TODAY, withdrawn=withdrawn)


# --- on a screen -----------------------------------------------------------------------------------------------------


def test_a_small_network_fits_one_symbol_that_two_readers_read(tmp_path: Path) -> None:
    bundle = small_network()
    assert len(bundle.raw) <= SMALL_SYMBOL_BYTES
    [text] = bundle_texts(bundle)
    path = tmp_path / "trust.png"
    on_screen(text).save(path)
    assert picture.scan(path, prefixes=tuple(BUNDLE_PREFIXES.values())) == [text]
    assert read_by_zbar(path) == [text]
    assert travel.from_pictures([path]).raw == bundle.raw


def test_a_larger_network_takes_numbered_symbols_each_of_which_two_readers_read(world: World, tmp_path: Path) -> None:
    bundle = large_network(world)
    texts = bundle_texts(bundle)
    assert len(texts) == -(-len(bundle.raw) // 1500) > 3
    pictures = []
    for n, text in enumerate(texts):
        pictures.append(tmp_path / f"{n}.png")
        on_screen(text).save(pictures[-1])
        assert read_by_zbar(pictures[-1]) == [text]
    random.Random(1).shuffle(pictures)
    assert travel.from_pictures([*pictures, pictures[0]]).raw == bundle.raw


def test_missing_symbols_are_named(world: World) -> None:
    texts = bundle_texts(large_network(world))
    with pytest.raises(TrustError, match=rf"of {len(texts)} symbols these are missing: 2, {len(texts)}$"):
        bundle_from_texts([texts[0], *texts[2:-1]])


def test_the_largest_bundle_has_symbols() -> None:
    """No bundle that loads is too large for the numbers of symbols that a reader takes."""
    assert 175 * 1500 >= trust.LARGEST > 174 * 1500


def test_a_card_beside_it_in_the_picture_is_no_symbol_of_a_bundle(world: World) -> None:
    with pytest.raises(NoCode, match="not one of ours"):
        travel.from_pictures([symbol.symbol(symbol.card_text(b"card" * 25, "test")).png(300, 40)])
    with pytest.raises(NoCode, match="not one of ours"):
        picture.scan(on_screen(bundle_texts(world.bundle)[0]))


@given(st.lists(st.text(max_size=60).map(lambda text: "MCTB1:" + text) | st.text(), max_size=4))
def test_any_texts_are_a_bundle_or_a_trust_error(texts: list[str]) -> None:
    with pytest.raises(TrustError):
        bundle_from_texts(texts)


@given(st.integers(0, 10**6), st.sampled_from("0Z:/ a"))
def test_one_wrong_character_in_a_symbol_is_refused(at: int, character: str) -> None:
    [text] = bundle_texts(custody.found("test", [published_signer(0)], 1, TODAY))
    at %= len(text)
    changed = text[:at] + character + text[at + 1 :]
    if changed != text:
        with pytest.raises(TrustError):
            bundle_from_texts([changed])


# --- in a folder -----------------------------------------------------------------------------------------------------


def test_the_newest_bundle_of_a_stick_is_taken_whatever_else_is_on_it(world: World, tmp_path: Path) -> None:
    newer = world.next_bundle()
    (tmp_path / "a.bundle").write_bytes(world.bundle.raw)
    (tmp_path / "b.bundle").write_bytes(newer.raw)
    (tmp_path / "c.bundle").write_bytes(newer.raw[:-1] + bytes([newer.raw[-1] ^ 1]))
    (tmp_path / "d.bundle").write_bytes(custody.revise(newer, [world.root_signer], TODAY).raw + b"\0")
    (tmp_path / "stranger.bundle").write_bytes(custody.found("test", [published_signer(20)], 1, TODAY).raw)
    (tmp_path / "large.bundle").write_bytes(bytes(300_000))
    (tmp_path / "folder.bundle").mkdir()
    (tmp_path / "holiday.jpg").write_bytes(b"\xff\xd8")
    assert travel.from_folder(tmp_path, world.bundle).raw == newer.raw
    with pytest.raises(TrustError, match="no trust bundle"):
        travel.from_folder(tmp_path, custody.revise(newer, [world.root_signer], TODAY))
    with pytest.raises(TrustError, match="several networks"):  # whoever holds none is not asked about a stranger's
        travel.from_folder(tmp_path)
    (tmp_path / "stranger.bundle").unlink()
    assert travel.from_folder(tmp_path).raw == newer.raw


def test_an_empty_folder_and_none_are_said(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(TrustError, match=str(folder)):
            travel.from_folder(folder)


# --- over HTTP -------------------------------------------------------------------------------------------------------


def test_a_server_is_asked_with_its_etag_and_does_not_send_the_same_bundle_again(world: World) -> None:
    asked: list[str | None] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.headers.get("If-None-Match"))
        same = asked[-1] == '"one"'
        sending(b"" if same else world.bundle.raw, 304 if same else 200, ETag='"one"')(request)

    with serving(answer) as address:
        first = travel.fetch(f"{address}/v1/trust")
        assert first.bundle and first.bundle.raw == world.bundle.raw
        assert travel.fetch(f"{address}/v1/trust", first.etag) == travel.Fetched(None, '"one"')
    assert asked == [None, '"one"']


def test_a_redirect_to_the_same_host_is_followed_and_to_another_it_is_not(world: World) -> None:
    reached = []

    def elsewhere(request: BaseHTTPRequestHandler) -> None:
        reached.append(request.path)
        sending(world.bundle.raw)(request)

    with serving(elsewhere) as other:

        def answer(request: BaseHTTPRequestHandler) -> None:
            match request.path:
                case "/same":
                    sending(b"", 302, Location="/v1/trust")(request)
                case "/round":
                    sending(b"", 302, Location="/round")(request)
                case "/v1/trust":
                    sending(world.bundle.raw)(request)
                case path:
                    sending(b"", int(path[1:4]), Location=f"{other}/v1/trust")(request)

        with serving(answer) as address:
            found = travel.fetch(f"{address}/same").bundle
            assert found and found.raw == world.bundle.raw
            for status in (301, 302, 303, 307, 308):
                with pytest.raises(TrustError, match="another host"):
                    travel.fetch(f"{address}/{status}")
            with pytest.raises(TrustError):
                travel.fetch(f"{address}/round")
    assert reached == []


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (sending(b"", 404), "answered 404"),
        (sending(b"", 304), "answered 304"),
        (sending(b"", 500), "answered 500"),
        (sending(b"<html>"), "not a trust bundle"),
        (sending(bytes(300_000)), "larger than 256 KiB"),
        (lambda request: request.wfile.write(b"nonsense\r\n\r\n"), "no answer that can be read"),
        (lambda request: request.connection.close(), "no answer that can be read"),
    ],
    ids=["missing", "nothing new though nothing is held", "broken", "another page", "too large", "nonsense", "nothing"],
)
def test_an_answer_that_is_no_bundle_is_said_in_words(answer: Any, message: str) -> None:
    with serving(answer) as address, pytest.raises(TrustError, match=message):
        travel.fetch(f"{address}/v1/trust")


@pytest.mark.parametrize("head", [b"", b"HTTP/1.0 200 OK\r\n", b"HTTP/1.0 200 OK\r\n\r\n"], ids=["nothing", "in the head", "in the body"])
def test_a_server_that_sends_a_byte_at_a_time_is_not_waited_for(head: bytes) -> None:
    def drip(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(head)
        for _ in range(40):
            request.wfile.write(b"x")
            request.wfile.flush()
            time.sleep(0.05)

    with serving(drip) as address:
        started = time.monotonic()
        with pytest.raises(TrustError, match="too slow"):
            travel.fetch(f"{address}/v1/trust", seconds=5, whole_seconds=0.3)
        assert time.monotonic() - started < 1.5


def test_a_host_that_is_not_there_is_said(unused: str = "http://127.0.0.1:9/v1/trust") -> None:
    with pytest.raises(TrustError, match=r"127\.0\.0\.1: no answer"):
        travel.fetch(unused)


@pytest.mark.parametrize("url", [
    "file:///etc/passwd", "ftp://host/x", "trust.bundle", "http://", "https://user:word@host/", "data:,x", "https://[::1/v1",
    "https://host:99999/v1", "https://host:port/v1",
])  # fmt: skip
def test_only_a_web_address_is_an_address(url: str) -> None:
    with pytest.raises(TrustError, match="an address begins with"):
        travel.fetch(url)


# --- as a JSON Web Key Set -------------------------------------------------------------------------------------------


def unpadded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_a_signature_verifies_under_the_key_that_the_key_set_names(world: World) -> None:
    other, owner = SoftwareSigner.generate(ESP256), world.organisation_signers["hn-rc"]
    bundle = custody.add_station(world.bundle, [world.root_signer], "hn-rc", owner, other.key, ISSUE, TODAY, TODAY)
    keys = json.loads(json.dumps(jwks.key_set(bundle)))["keys"]
    by_issuer = {key["issuer"]: key for key in keys}
    assert by_issuer.keys() == {"mx-rc", "hn-rc"}
    first, second = by_issuer["mx-rc"], by_issuer["hn-rc"]
    assert (first["kty"], first["crv"], first["alg"], first["use"]) == ("OKP", "Ed25519", "Ed25519", "sig")
    assert (second["kty"], second["crv"], second["alg"], second["use"]) == ("EC", "P-256", "ES256", "sig")
    assert first["kid"] == world.station_signer.key.kid.hex()
    assert (first["first_day"], first["scope"]) == ((TODAY - SINCE).isoformat(), ["issue", "continue"])
    Ed25519PublicKey.from_public_bytes(unpadded(first["x"])).verify(world.station_signer.sign(b"message"), b"message")
    numbers = ec.EllipticCurvePublicNumbers(*(int.from_bytes(unpadded(second[axis])) for axis in "xy"), ec.SECP256R1())
    assert all(len(unpadded(second[axis])) == 32 for axis in "xy")
    signature = other.sign(b"message")
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    numbers.public_key().verify(encode_dss_signature(r, s), b"message", ec.ECDSA(SHA256()))


def test_keys_that_do_not_count_any_more_are_in_no_key_set(world: World) -> None:
    """A key set has no words for a withdrawal, so whoever goes by it must not see the key at all."""

    def issuers(content: trust.Content) -> list[str]:
        made = custody.complete(custody.next_version(world.bundle, content, TODAY).signed_by(world.root_signer))
        return [key["issuer"] for key in jwks.key_set(made)["keys"]]

    held, key = world.bundle.content, world.station_signer.key
    assert issuers(held) == ["mx-rc"]
    assert issuers(changes.revoke_key(held, key, TODAY)) == []
    assert issuers(changes.issued_list(held, key, [], TODAY)) == []
    assert issuers(changes.delist_organisation(held, "mx-rc", TODAY)) == []
