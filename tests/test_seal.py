"""The sealed part: sizes, binding, keys, and the same answers as an implementation that shares no code with ours."""

import hashlib
import itertools
import json
from pathlib import Path
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from healthcard import keyfile, seal
from healthcard.errors import KeyFileError, NoSealingKey, SealError, SealTooLarge
from healthcard.sign import ALGORITHMS, ED25519
from tests.elsewhere import Ask, asking

ROOT = Path(__file__).parents[1]
REQUIREMENT = "pyhpke==0.6.5"
VECTOR = {
    name: value if name == "source" else bytes.fromhex(value)
    for name, value in json.loads((ROOT / "tests" / "data" / "hpke_x25519_sha256_aes256gcm.json").read_text()).items()
}
CARD, OTHER_CARD = bytes(range(8)), bytes(range(1, 9))


def pair(name: str) -> tuple[bytes, bytes]:
    """Secret and public key of an epoch, the same each time."""
    secret = hashlib.sha256(f"healthcard tests: epoch {name}".encode()).digest()
    return secret, X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


SECRET, PUBLIC = pair("July")
CONTENT = bytes.fromhex("8183000083221a2f00")


def opened(sealed: bytes, *secrets: bytes, network: str = "real", card: bytes = CARD) -> bytes:
    return seal.open_sealed(sealed, secrets or [SECRET], network, card)


def padded_as(plaintext: bytes, card: bytes = CARD) -> bytes:
    """A sealed part that is right but for its plaintext."""
    public = X25519PublicKey.from_public_bytes(PUBLIC)
    return seal.kid(PUBLIC) + seal._suite().encrypt(plaintext, public, info=b"healthcard/0/sealed" + card)


# --- form ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 40, 63])
def test_whatever_fits_a_block_is_sealed_in_114_bytes(size: int) -> None:
    content = bytes(range(size))
    sealed = seal.seal(content, PUBLIC, "real", CARD)
    assert len(sealed) == seal.SIZE == 114
    assert opened(sealed) == content


@given(st.binary(max_size=300))
def test_what_was_sealed_opens(content: bytes) -> None:
    blocks = seal.blocks_for(content)
    sealed = seal.seal(content, PUBLIC, "test", CARD, blocks)
    assert len(sealed) == 114 + 64 * (blocks - 1)
    assert opened(sealed, network="test") == content


def test_content_that_ends_like_padding_comes_back_whole() -> None:
    for content in (b"\x80", b"\0", b"\x80\0\0", b"a\x80\0"):
        assert opened(seal.seal(content, PUBLIC, "real", CARD)) == content


def test_the_same_content_is_never_sealed_to_the_same_bytes() -> None:
    assert seal.seal(CONTENT, PUBLIC, "real", CARD)[2:] != seal.seal(CONTENT, PUBLIC, "real", CARD)[2:]


def test_more_than_a_block_is_refused_until_it_is_allowed() -> None:
    with pytest.raises(SealTooLarge, match="2 blocks"):
        seal.seal(bytes(64), PUBLIC, "real", CARD)
    assert seal.blocks_for(bytes(64)) == 2
    assert opened(seal.seal(bytes(64), PUBLIC, "real", CARD, 2)) == bytes(64)


def test_a_network_may_always_seal_two_blocks() -> None:
    assert opened(seal.seal(CONTENT, PUBLIC, "real", CARD, 2)) == CONTENT


def test_kid_is_the_beginning_of_the_cose_key_thumbprint() -> None:
    key = cbor2.dumps({1: 1, -1: 4, -2: PUBLIC}, canonical=True)
    assert seal.kid(PUBLIC) == hashlib.sha256(key).digest()[:2] == seal.seal(CONTENT, PUBLIC, "real", CARD)[:2]


# --- what does not open ----------------------------------------------------------------------------------------------


def test_every_changed_bit_is_noticed() -> None:
    """Also the highest one of enc, which X25519 itself ignores."""
    sealed = seal.seal(CONTENT, PUBLIC, "real", CARD)
    for place, bit in itertools.product(range(len(sealed)), range(8)):
        changed = bytearray(sealed)
        changed[place] ^= 1 << bit
        with pytest.raises(NoSealingKey if place < 2 else SealError):
            opened(bytes(changed))


def test_shorter_and_longer_parts_are_refused() -> None:
    sealed = seal.seal(CONTENT, PUBLIC, "real", CARD)
    for size in range(len(sealed)):
        with pytest.raises(SealError):
            opened(sealed[:size])
    for more in (b"\0", bytes(63), bytes(64)):
        with pytest.raises(SealError):
            opened(sealed + more)


def test_a_sealed_part_opens_on_its_own_card_only() -> None:
    sealed = seal.seal(CONTENT, PUBLIC, "real", CARD)
    with pytest.raises(SealError, match="another card"):
        opened(sealed, card=OTHER_CARD)


def test_a_sealed_part_opens_in_its_own_network_only() -> None:
    sealed = seal.seal(CONTENT, PUBLIC, "test", CARD)
    with pytest.raises(SealError, match="another card"):
        opened(sealed, network="real")


def test_without_the_epochs_key_it_says_so() -> None:
    sealed = seal.seal(CONTENT, PUBLIC, "real", CARD)
    with pytest.raises(NoSealingKey):
        opened(sealed, pair("June")[0])
    with pytest.raises(NoSealingKey):
        seal.open_sealed(sealed, [], "real", CARD)


def test_the_right_key_is_found_among_many() -> None:
    sealed = seal.seal(CONTENT, PUBLIC, "real", CARD)
    assert opened(sealed, pair("June")[0], SECRET, pair("May")[0]) == CONTENT


def test_of_two_keys_with_one_kid_each_is_tried() -> None:
    by_kid: dict[bytes, bytes] = {}
    for n in itertools.count():
        secret, public = pair(str(n))
        other = by_kid.setdefault(seal.kid(public), secret)
        if other != secret:
            break
    sealed = seal.seal(CONTENT, public, "real", CARD)
    assert opened(sealed, other, secret) == opened(sealed, secret, other) == CONTENT
    with pytest.raises(SealError):
        opened(sealed, other)


@pytest.mark.parametrize(
    "plaintext",
    [bytes(64), b"\x80" + bytes(62) + b"\x01", CONTENT.ljust(64, b"\0"), CONTENT.ljust(64, b"\xff"), b"\x81" + bytes(63)],
    ids=["no 80", "not zeros", "no 80 after content", "ones", "81"],
)
def test_wrong_padding_is_refused(plaintext: bytes) -> None:
    with pytest.raises(SealError, match="padded"):
        opened(padded_as(plaintext))


@pytest.mark.parametrize("size", [16, 32, 63, 65, 96])
def test_a_size_that_no_writer_makes_is_refused_although_it_is_sealed_rightly(size: int) -> None:
    with pytest.raises(SealError, match="size"):
        opened(padded_as(b"\x80".ljust(size, b"\0")))


def test_right_padding_by_the_same_way_is_not_refused() -> None:
    assert opened(padded_as((CONTENT + b"\x80").ljust(64, b"\0"))) == CONTENT


@pytest.mark.parametrize("public", [bytes(32), b"\x01" + bytes(31), b"", bytes(31), bytes(33)])
def test_nothing_is_sealed_to_a_degenerate_key(public: bytes) -> None:
    with pytest.raises(SealError):
        seal.seal(CONTENT, public, "real", CARD)


def test_no_message_holds_content() -> None:
    marked = b"canary-7391" * 9
    with pytest.raises(SealTooLarge) as refused:
        seal.seal(marked, PUBLIC, "real", CARD)
    assert "canary" not in str(refused.value)
    assert marked.hex() not in str(refused.value)


# --- key files -------------------------------------------------------------------------------------------------------


def test_an_epoch_key_opens_what_was_sealed_to_its_public_half(tmp_path: Path) -> None:
    about = seal.generate_epoch_key(tmp_path / "july.key", "test", "july 2026", "correct horse")
    assert (about.purpose, about.algorithm, about.network) == ("epoch", "X25519", "test")
    assert keyfile.describe(tmp_path / "july.key") == about
    sealed = seal.seal(CONTENT, about.public, "test", CARD)
    assert opened(sealed, seal.epoch_secret(tmp_path / "july.key", "correct horse"), network="test") == CONTENT


def test_other_keys_are_no_epoch_keys_and_the_other_way_round(tmp_path: Path) -> None:
    keyfile.generate(tmp_path / "station.key", "station", "test", "tent", ALGORITHMS[ED25519], "correct horse")
    with pytest.raises(KeyFileError, match="opens no sealed part"):
        seal.epoch_secret(tmp_path / "station.key", "correct horse")
    seal.generate_epoch_key(tmp_path / "july.key", "test", "july", "correct horse")
    with pytest.raises(KeyFileError, match="does not sign"):
        keyfile.signer(tmp_path / "july.key", "correct horse")


def test_an_epoch_key_whose_public_half_is_of_another_is_refused(tmp_path: Path) -> None:
    about = keyfile.KeyFile("epoch", "test", "mixed", "X25519", pair("June")[1])
    keyfile.save(tmp_path / "mixed.key", SECRET, about, "correct horse")
    with pytest.raises(KeyFileError, match="not that of the secret"):
        seal.epoch_secret(tmp_path / "mixed.key", "correct horse")


def test_a_label_that_could_not_be_read_back_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="label"):
        seal.generate_epoch_key(tmp_path / "x.key", "test", "July!", "correct horse")
    assert not (tmp_path / "x.key").exists()


# --- other implementations -------------------------------------------------------------------------------------------



@pytest.fixture(scope="session")
def pyhpke() -> Ask:
    return asking(".venv-hpke", REQUIREMENT, "interop_hpke.py")


def test_our_suite_opens_the_published_vector() -> None:
    """With associated data, which the published vectors have and our sealed part has not."""
    secret = X25519PrivateKey.from_private_bytes(VECTOR["skRm"])
    assert secret.public_key().public_bytes_raw() == VECTOR["pkRm"]
    sealed = VECTOR["enc"] + VECTOR["ct"]
    assert openssl.hpke._decrypt_with_aad(seal._suite(), sealed, secret, VECTOR["info"], VECTOR["aad"]) == VECTOR["pt"]


def test_the_other_implementation_seals_the_published_vector(pyhpke: Ask) -> None:
    request = {"do": "seal", "public": VECTOR["pkRm"], "plaintext": VECTOR["pt"], "ephemeral": VECTOR["skEm"]}
    answer = pyhpke([request | {"info": VECTOR["info"], "aad": VECTOR["aad"]}])
    assert answer == [{"enc": VECTOR["enc"].hex(), "ciphertext": VECTOR["ct"].hex()}]


def test_what_is_sealed_here_opens_there(pyhpke: Ask) -> None:
    requests = []
    contents = [b"", CONTENT, bytes(63), bytes(range(100))]
    for content in contents:
        sealed = seal.seal(content, PUBLIC, "real", CARD, seal.blocks_for(content))
        parts = {"enc": sealed[2:34], "ciphertext": sealed[34:], "info": b"healthcard/0/sealed" + CARD, "aad": b""}
        requests.append({"do": "open", "secret": SECRET, **parts})
    for content, answer in zip(contents, pyhpke(requests), strict=True):
        plaintext = bytes.fromhex(answer["plaintext"])
        assert plaintext.rstrip(b"\0") == content + b"\x80"
        assert len(plaintext) % 64 == 0


def test_what_is_sealed_there_opens_here(pyhpke: Ask) -> None:
    contents = [b"", CONTENT, bytes(63)]
    request = {"do": "seal", "public": PUBLIC, "info": b"healthcard-test/0/sealed" + CARD, "aad": b""}
    requests = [request | {"plaintext": (content + b"\x80").ljust(64, b"\0")} for content in contents]
    for content, answer in zip(contents, pyhpke(requests), strict=True):
        sealed = seal.kid(PUBLIC) + bytes.fromhex(answer["enc"] + answer["ciphertext"])
        assert opened(sealed, network="test") == content


def test_what_we_refuse_is_refused_there(pyhpke: Ask) -> None:
    """Else it would prove nothing: another card, another network, associated data, a changed byte, another key."""
    sealed = seal.seal(CONTENT, PUBLIC, "real", CARD)
    right = {"do": "open", "secret": SECRET, "enc": sealed[2:34], "ciphertext": sealed[34:]}
    right |= {"info": b"healthcard/0/sealed" + CARD, "aad": b""}
    wrong: list[dict[str, Any]] = [
        {"info": b"healthcard/0/sealed" + OTHER_CARD},
        {"info": b"healthcard-test/0/sealed" + CARD},
        {"aad": b"x"},
        {"ciphertext": sealed[34:-1] + bytes([sealed[-1] ^ 1])},
        {"secret": pair("June")[0]},
    ]
    first, *others = pyhpke([right, *(right | change for change in wrong)])
    assert "plaintext" in first
    assert all("refused" in answer for answer in others)
