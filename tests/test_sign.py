"""COSE_Sign1 in one shape: published vectors, an independent computation of every byte, and whoever tries to get past it."""

import hashlib
import random
from collections.abc import Iterable
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from healthcard import sign
from healthcard.errors import Altered, UnknownIssuer, Unreadable
from healthcard.sign import ED25519, ESP256, Key, SoftwareSigner

BOTH = pytest.mark.parametrize("algorithm", [ED25519, ESP256], ids=["Ed25519", "ESP256"])
AAD = b"healthcard-test/0"
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def signer(algorithm: int, name: str = "a signer") -> SoftwareSigner:
    return SoftwareSigner.from_secret(algorithm, hashlib.sha256(name.encode()).digest())


def accepts(token: bytes, keys: Iterable[Key], aad: bytes = AAD) -> bool:
    keys = list(keys)
    try:
        sign.inspect(token).verify(lambda _: keys, aad)
    except (Altered, UnknownIssuer, Unreadable):
        return False
    return True


def token_with(header: bytes, payload: bytes, found: SoftwareSigner) -> bytes:
    """A token with any protected header, rightly signed by `found`."""
    return cbor2.dumps([header, {}, payload, found.sign(sign.to_be_signed(header, AAD, payload))])


# --- published vectors -----------------------------------------------------------------------------------------------


def test_ed25519_signs_as_rfc_8032_test_3() -> None:
    found = SoftwareSigner.from_secret(ED25519, bytes.fromhex("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7"))
    assert found.key.public.hex() == "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"
    expected = (
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
    )  # fmt: skip
    assert found.sign(bytes.fromhex("af82")).hex() == expected


def test_esp256_signs_as_rfc_6979_appendix_a_2_5_but_with_the_low_s() -> None:
    secret = bytes.fromhex("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721")
    found = SoftwareSigner.from_secret(ESP256, secret)
    r = 0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716
    s = 0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8
    assert s > P256_ORDER // 2
    assert found.sign(b"sample") == r.to_bytes(32) + (P256_ORDER - s).to_bytes(32)


def test_thumbprint_of_the_example_of_rfc_9679_section_6() -> None:
    x = bytes.fromhex("65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d")
    y = bytes.fromhex("1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c")
    key = Key(bytes([2 + y[-1] % 2]) + x)
    assert key.thumbprint.hex() == "496bd8afadf307e5b08c64b0421bf9dc01528a344a43bda88fadd1669da253ec"
    assert key.kid.hex() == "496bd8af"


# --- every byte computed in another way ------------------------------------------------------------------------------


def cose_key(found: SoftwareSigner) -> dict[int, Any]:
    """The required members of the COSE_Key (RFC 9679 section 4), from the private key."""
    public = found.private.public_key()
    if isinstance(public, Ed25519PublicKey):
        return {1: 1, -1: 6, -2: public.public_bytes_raw()}
    numbers = public.public_numbers()
    return {1: 2, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}


@BOTH
def test_the_thumbprint_is_the_hash_of_the_canonical_cose_key(algorithm: int) -> None:
    for n in range(20):
        found = signer(algorithm, f"key {n}")
        encoded = cbor2.dumps(cose_key(found), canonical=True)
        assert found.key.thumbprint == hashlib.sha256(encoded).digest()


@BOTH
@pytest.mark.parametrize("size", [0, 1, 23, 24, 255, 256, 300, 1000, 65535])
def test_token_and_signed_bytes_are_those_of_rfc_9052(algorithm: int, size: int) -> None:
    found, payload = signer(algorithm), random.Random(size).randbytes(size)
    header = cbor2.dumps({1: algorithm, 4: found.key.kid})
    token = sign.sign(payload, found, AAD)
    message = sign.inspect(token)
    assert message.to_be_signed(AAD) == cbor2.dumps(["Signature1", header, AAD, payload])
    assert token == cbor2.dumps([header, {}, payload, message.signature])
    assert (message.payload, message.protected, message.algorithm, message.kid) == (payload, header, algorithm, found.key.kid)
    assert message.verify(lambda _: [found.key], AAD) == sign.Verified(payload, found.key)
    if algorithm == ED25519:
        Ed25519PublicKey.from_public_bytes(found.key.public).verify(message.signature, cbor2.dumps(["Signature1", header, AAD, payload]))


@BOTH
def test_signing_the_same_bytes_twice_gives_the_same_token(algorithm: int) -> None:
    assert sign.sign(b"payload", signer(algorithm), AAD) == sign.sign(b"payload", signer(algorithm), AAD)


@BOTH
def test_a_signer_comes_back_from_its_secret(algorithm: int) -> None:
    fresh = SoftwareSigner.generate(algorithm)
    assert SoftwareSigner.from_secret(algorithm, fresh.secret).key == fresh.key
    assert fresh.key.algorithm == algorithm


# --- what must not verify --------------------------------------------------------------------------------------------


@BOTH
def test_another_payload_purpose_network_or_signature_is_altered(algorithm: int) -> None:
    found = signer(algorithm)
    token = sign.sign(b"payload", found, AAD)
    message = sign.inspect(token)
    others = [
        (token.replace(b"payload", b"pAyload"), AAD),
        (token, b"healthcard/0"),
        (token, b"healthcard-test/0/bundle"),
        (token, b""),
        (token[:-64] + bytes(64), AAD),
        (token[:-64] + message.signature[32:] + message.signature[:32], AAD),
        (token[:-64] + signer(algorithm, "another").sign(message.to_be_signed(AAD)), AAD),
    ]
    for changed, aad in others:
        with pytest.raises(Altered):
            sign.inspect(changed).verify(lambda _: [found.key], aad)


@BOTH
def test_without_a_key_the_issuer_is_unknown(algorithm: int) -> None:
    message = sign.inspect(sign.sign(b"payload", signer(algorithm), AAD))
    with pytest.raises(UnknownIssuer):
        message.verify(lambda _: [], AAD)


@BOTH
def test_a_key_of_another_kid_is_never_tried(algorithm: int) -> None:
    """Even the right key does not verify a token that names another one."""
    found, other = signer(algorithm), signer(algorithm, "another")
    forged = token_with(other.key.protected, b"payload", found)
    with pytest.raises(UnknownIssuer):
        sign.inspect(forged).verify(lambda _: [found.key], AAD)


@BOTH
def test_the_header_cannot_choose_the_algorithm(algorithm: int) -> None:
    real = signer(algorithm)
    other = ESP256 if algorithm == ED25519 else ED25519
    token = token_with(cbor2.dumps({1: other, 4: real.key.kid}), b"payload", real)
    assert (sign.inspect(token).algorithm, sign.inspect(token).kid) == (other, real.key.kid)
    with pytest.raises(UnknownIssuer):
        sign.inspect(token).verify(lambda _: [real.key], AAD)


# Two pairs of keys whose thumbprints start with the same four bytes, found by counting.
COLLIDING = [((ED25519, 57569), (ED25519, 95798)), ((ESP256, 1630), (ED25519, 105596))]


@pytest.mark.parametrize(("one", "two"), COLLIDING, ids=["same algorithm", "two algorithms"])
def test_of_two_keys_with_one_kid_each_verifies_its_own_tokens(one: tuple[int, int], two: tuple[int, int]) -> None:
    first, second = (signer(algorithm, f"colliding key {number}") for algorithm, number in (one, two))
    assert first.key.kid == second.key.kid
    assert first.key.thumbprint != second.key.thumbprint
    for keys in ([first.key, second.key], [second.key, first.key]):
        for found in (first, second):
            message = sign.inspect(sign.sign(b"payload", found, AAD))
            assert message.verify(lambda _, keys=keys: keys, AAD).key == found.key  # type: ignore[misc]
    assert not accepts(sign.sign(b"payload", first, AAD), [second.key])


@BOTH
def test_only_one_form_of_a_signature_is_right(algorithm: int) -> None:
    """s and order - s sign the same bytes under ECDSA, S and S + order under sloppy Ed25519: a card has one token."""
    found = signer(algorithm)
    for n in range(20):
        token = sign.sign(bytes([n]), found, AAD)
        assert accepts(token, [found.key])
        if algorithm == ESP256:
            other = P256_ORDER - int.from_bytes(token[-32:])
            changed = token[:-32] + other.to_bytes(32)
            assert other > P256_ORDER // 2
        else:
            order = 2**252 + 27742317777372353535851937790883648493
            changed = token[:-32] + (int.from_bytes(token[-32:], "little") + order).to_bytes(32, "little")
        assert not accepts(changed, [found.key])


def test_the_high_s_that_is_refused_is_a_right_signature_to_ecdsa() -> None:
    found = signer(ESP256)
    token = sign.sign(b"payload", found, AAD)
    message = sign.inspect(token)
    public = found.private.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    for s in (int.from_bytes(token[-32:]), P256_ORDER - int.from_bytes(token[-32:])):
        signature = encode_dss_signature(int.from_bytes(token[-64:-32]), s)
        public.verify(signature, message.to_be_signed(AAD), ec.ECDSA(hashes.SHA256()))


def test_signers_always_give_the_low_s() -> None:
    found = signer(ESP256)
    assert isinstance(found.private, ec.EllipticCurvePrivateKey)
    high = 0
    for n in range(100):
        message = bytes([n])
        assert int.from_bytes(found.sign(message)[32:]) <= P256_ORDER // 2
        _, s = decode_dss_signature(found.private.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))
        high += s > P256_ORDER // 2
    assert high > 20, "the rule was never needed"


@pytest.mark.parametrize("r", [0, P256_ORDER, P256_ORDER + 1, 2**256 - 1])
@pytest.mark.parametrize("s", [0, 1, P256_ORDER // 2, P256_ORDER, 2**256 - 1])
def test_degenerate_ecdsa_numbers_are_no_signature(r: int, s: int) -> None:
    assert not signer(ESP256).key.check(r.to_bytes(32) + s.to_bytes(32), b"message")


# --- the one shape ---------------------------------------------------------------------------------------------------

HEADER = {1: ED25519, 4: b"\x01\x02\x03\x04"}
SHAPES: dict[str, Any] = {
    "tagged": cbor2.CBORTag(18, [cbor2.dumps(HEADER), {}, b"p", bytes(64)]),
    "tagged as CWT": cbor2.CBORTag(61, [cbor2.dumps(HEADER), {}, b"p", bytes(64)]),
    "EdDSA (-8)": [cbor2.dumps({1: -8, 4: bytes(4)}), {}, b"p", bytes(64)],
    "ES256 (-7)": [cbor2.dumps({1: -7, 4: bytes(4)}), {}, b"p", bytes(64)],
    "an algorithm by name": [cbor2.dumps({1: "ES256", 4: bytes(4)}), {}, b"p", bytes(64)],
    "HMAC (5)": [cbor2.dumps({1: 5, 4: bytes(4)}), {}, b"p", bytes(64)],
    "no kid": [cbor2.dumps({1: ED25519}), {}, b"p", bytes(64)],
    "no algorithm": [cbor2.dumps({4: bytes(4)}), {}, b"p", bytes(64)],
    "kid of 3 bytes": [cbor2.dumps({1: ED25519, 4: bytes(3)}), {}, b"p", bytes(64)],
    "kid of 8 bytes": [cbor2.dumps({1: ED25519, 4: bytes(8)}), {}, b"p", bytes(64)],
    "kid as text": [cbor2.dumps({1: ED25519, 4: "abcd"}), {}, b"p", bytes(64)],
    "kid before the algorithm": [cbor2.dumps({4: bytes(4), 1: ED25519}), {}, b"p", bytes(64)],
    "a critical header": [cbor2.dumps(HEADER | {2: [1]}), {}, b"p", bytes(64)],
    "a content type": [cbor2.dumps(HEADER | {3: 0}), {}, b"p", bytes(64)],
    "an empty protected header": [b"", HEADER, b"p", bytes(64)],
    "the header as a map": [HEADER, {}, b"p", bytes(64)],
    "something unprotected": [cbor2.dumps(HEADER), {4: bytes(4)}, b"p", bytes(64)],
    "unprotected null": [cbor2.dumps(HEADER), None, b"p", bytes(64)],
    "unprotected array": [cbor2.dumps(HEADER), [], b"p", bytes(64)],
    "a detached payload": [cbor2.dumps(HEADER), {}, None, bytes(64)],
    "a payload that is text": [cbor2.dumps(HEADER), {}, "p", bytes(64)],
    "a payload that is an array": [cbor2.dumps(HEADER), {}, [], bytes(64)],
    "a signature of 63 bytes": [cbor2.dumps(HEADER), {}, b"p", bytes(63)],
    "a signature of 65 bytes": [cbor2.dumps(HEADER), {}, b"p", bytes(65)],
    "no signature": [cbor2.dumps(HEADER), {}, b"p", None],
    "three elements": [cbor2.dumps(HEADER), {}, b"p"],
    "five elements": [cbor2.dumps(HEADER), {}, b"p", bytes(64), None],
    "a map": {},
    "a byte string": b"p",
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_any_other_shape_is_unreadable(shape: Any) -> None:
    assert sign.inspect(cbor2.dumps([cbor2.dumps(HEADER), {}, b"p", bytes(64)])).kid == HEADER[4]
    with pytest.raises(Unreadable):
        sign.inspect(cbor2.dumps(shape))


def test_other_encodings_of_our_shape_are_unreadable() -> None:
    header = cbor2.dumps(HEADER)
    right = cbor2.dumps([header, {}, b"p", bytes(64)])
    changed = [
        right + b"\x00",
        right[:-1],
        b"\x9f" + right[1:] + b"\xff",
        b"\x98\x04" + right[1:],
        right.replace(b"\x84\x49", b"\x84\x58\x09"),
        right.replace(b"\xa0\x41p", b"\xa0\x58\x01p"),
        right.replace(b"\xa0\x41p", b"\xb8\x00\x41p"),
        right.replace(b"\xa0\x41p", b"\xbf\xff\x41p"),
        right.replace(b"\xa0\x41p", b"\xa0\x5f\x41p\xff"),
        right.replace(b"\x58\x40", b"\x59\x00\x40"),
        right.replace(b"\x32\x04\x44", b"\x38\x12\x04\x44"),
        b"",
    ]
    assert len({right, *changed}) == len(changed) + 1
    for token in changed:
        with pytest.raises(Unreadable):
            sign.inspect(token)


@given(st.binary(max_size=120))
def test_random_bytes_are_unreadable_and_nothing_else(token: bytes) -> None:
    try:
        sign.inspect(token)
    except Unreadable:
        return
    assert cbor2.dumps(cbor2.loads(token)) == token


@given(st.binary(min_size=64, max_size=64), st.sampled_from([ED25519, ESP256]))
def test_random_signatures_are_refused_quietly(signature: bytes, algorithm: int) -> None:
    assert not signer(algorithm).key.check(signature, b"message")
