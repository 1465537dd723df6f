"""Other people's software on our cards: `cwt` makes and verifies tokens, `zbarimg` reads symbols; neither shares code with ours."""

import contextlib
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from healthcard import card, sign, symbol
from healthcard.errors import TooLarge
from healthcard.sign import ED25519, ESP256, SoftwareSigner
from healthcard.trust.bundle import CARD_AAD
from tests import genuine
from tests.elsewhere import Ask, asking
from tests.genuine import TODAY, Genuine

ROOT = Path(__file__).parents[1]
REQUIREMENT = "cwt==3.3.0"  # wants cbor2 < 6, so it lives in an environment of its own
CARDS = genuine.cards()
each_card = pytest.mark.parametrize("one", CARDS, ids=[one.name for one in CARDS])
each_algorithm = pytest.mark.parametrize("algorithm", [ED25519, ESP256], ids=["Ed25519", "ESP256"])



@pytest.fixture(scope="session")
def cwt() -> Ask:
    return asking(".venv-cwt", REQUIREMENT, "interop_cwt.py")


def key_fields(signer: SoftwareSigner) -> dict[str, Any]:
    """What the other side is told of a public key."""
    public = signer.private.public_key()
    fields = {"algorithm": signer.key.algorithm, "kid": signer.key.kid.hex()}
    if isinstance(public, Ed25519PublicKey):
        return fields | {"x": public.public_bytes_raw().hex()}
    numbers = public.public_numbers()
    return fields | {"x": numbers.x.to_bytes(32).hex(), "y": numbers.y.to_bytes(32).hex()}


def verify_request(one: Genuine, token: bytes, aad: bytes | None = None) -> dict[str, Any]:
    aad = CARD_AAD[one.network.bundle.network] if aad is None else aad
    return {"do": "verify", "key": key_fields(one.network.stations[one.algorithm]), "token": token.hex(), "aad": aad.hex()}


def test_cwt_verifies_every_card_of_ours(cwt: Ask) -> None:
    answers = cwt([verify_request(one, one.token) for one in CARDS])
    for one, answer in zip(CARDS, answers, strict=True):
        kid = one.network.stations[one.algorithm].key.kid
        assert answer == {"payload": one.payload.hex(), "algorithm": one.algorithm, "kid": kid.hex()}, one.name
    assert {answer["algorithm"] for answer in answers} == {-19, -9}


def test_cwt_refuses_what_we_refuse(cwt: Ask) -> None:
    """Else it would prove nothing: a changed payload or signature, another network, another purpose, another key."""
    requests = []
    for one in CARDS:
        token, other = one.token, next(card for card in CARDS if card.algorithm == one.algorithm and card.network is not one.network)
        changed_id = bytes([one.part.id[0] ^ 1]) + one.part.id[1:]
        requests += [
            verify_request(one, token.replace(one.part.id, changed_id)),
            verify_request(one, token[:-1] + bytes([token[-1] ^ 1])),
            verify_request(one, token, b""),
            verify_request(one, token, CARD_AAD["real" if one.network.bundle.network == "test" else "test"]),
            verify_request(one, token, CARD_AAD[one.network.bundle.network] + b"/bundle"),
            verify_request(other, token),
        ]
    answers = cwt(requests)
    assert len(answers) == 6 * len(CARDS)
    assert all("refused" in answer for answer in answers)


def test_we_verify_what_cwt_signed_in_our_shape(cwt: Ask) -> None:
    requests = [
        {
            "do": "sign",
            "key": key_fields(one.network.stations[one.algorithm]) | {"d": one.network.stations[one.algorithm].secret.hex()},
            "payload": one.payload.hex(),
            "aad": CARD_AAD[one.network.bundle.network].hex(),
        }
        for one in CARDS
    ]
    for one, answer in zip(CARDS, cwt(requests), strict=True):
        token = bytes.fromhex(answer["token"])
        text = symbol.card_text(token, one.network.bundle.network)
        reading = card.read(text, bundle=one.network.bundle, now=TODAY)
        assert reading.verdict == "verified", (one.name, reading.parts[0].reason)
        assert reading.record == one.part.record
        assert sign.inspect(token).payload == one.payload
        if one.algorithm == ED25519:  # deterministic: the very same token
            assert token == one.token


@each_algorithm
def test_what_cwt_signed_for_another_network_or_purpose_is_altered_to_us(cwt: Ask, algorithm: int) -> None:
    one = next(card for card in CARDS if card.algorithm == algorithm and card.network.bundle.network == "test")
    station = one.network.stations[algorithm]
    key = key_fields(station) | {"d": station.secret.hex()}
    aads = [b"", CARD_AAD["real"], CARD_AAD["test"] + b"/bundle"]
    for answer in cwt([{"do": "sign", "key": key, "payload": one.payload.hex(), "aad": aad.hex()} for aad in aads]):
        text = symbol.card_text(bytes.fromhex(answer["token"]), "test")
        assert card.read(text, bundle=one.network.bundle, now=TODAY).verdict == "altered"


# --- symbols ---------------------------------------------------------------------------------------------------------


def zbar(picture: Path) -> str:
    program = shutil.which("zbarimg")
    assert program, "these tests need zbarimg (package zbar-tools)"
    found = subprocess.run([program, "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", picture], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    return found.stdout.removesuffix("\n")


def symbols(text: str) -> dict[str, symbol.Symbol]:
    """Symbols of a text at each level it can have, by printing it smaller and larger."""
    made = {}
    for version in range(1, 19):
        with contextlib.suppress(TooLarge):
            drawn = symbol.symbol(text, side_mm=0.40 * (17 + 4 * version + 8))
            made[drawn.level] = drawn
    return made


@each_card
def test_zbar_reads_every_card_at_every_level(one: Genuine, tmp_path: Path) -> None:
    made = symbols(one.text)
    assert "M" in made or len(one.text) <= 20
    for level, drawn in made.items():
        picture = tmp_path / f"{level}.png"
        drawn.image(6).save(picture)
        assert zbar(picture) == one.text


def test_the_cards_that_zbar_reads_have_every_level() -> None:
    levels = [level for one in CARDS for level in symbols(one.text)]
    assert {level: levels.count(level) > 5 for level in "MQH"} == {"M": True, "Q": True, "H": True}
