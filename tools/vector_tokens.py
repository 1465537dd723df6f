"""Vectors of card text and token (spec sections 2 and 4)."""

from collections.abc import Iterator
from typing import Any

import cbor2
from vector_case import Case, family, record_case
from vector_codec import DATE, GIRL, part, seen
from vector_world import REAL_STATION, SAME_KID, STATION, STATION_ESP256, STRANGER

from healthcard import cbor, sign, symbol
from healthcard.sign import SoftwareSigner
from healthcard.trust.bundle import CARD_AAD

AAD = CARD_AAD["test"]
PAYLOAD = cbor2.dumps(part(GIRL))
RECORD = family({"role": "infant", "sex": "female", "born": "2025-05-12", "contacts": [{"date": DATE, "observations": {"muac": 131}}]})
TOKEN = sign.sign(PAYLOAD, STATION, AAD)
TEXT = symbol.card_text(TOKEN, "test")
ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def cases() -> Iterator[Case]:
    yield from _texts()
    yield from _tokens()


def _texts() -> Iterator[Case]:
    def bad(name: str, musts: str, comment: str, text: str) -> Case:
        return Case(f"text_{name}", "unreadable", musts, comment, text)

    body = TEXT.removeprefix("MCT1:")
    yield bad("empty", "M1", "no text", "")
    yield bad("prefix_alone", "M12", "a prefix without a token", "MCT1:")
    yield bad("prefix_unknown", "M1", "another prefix", "MCT2:" + body)
    yield bad("prefix_lower_case", "M1", "the prefix in small letters", "mct1:" + body)
    yield bad("prefix_missing", "M1", "base45 alone", body)
    yield bad("space_before", "M1 M3", "a space before the prefix", " " + TEXT)
    yield bad("url", "M1", "a card text in a URL", "https://example.org/#" + TEXT)
    yield bad("line_end_after", "M3", "a line end after the text", TEXT + "\n")
    yield bad("space_after", "M2 M3", "a space after the text, which is a base45 character", TEXT + " ")
    yield bad("three_characters_after", "M12", "a whole base45 group after the text", TEXT + "000")
    yield bad("lower_case", "M2", "base45 in small letters", "MCT1:" + body.lower())
    yield bad("character_outside_base45", "M2", "an underscore", TEXT[:40] + "_" + TEXT[41:])
    yield bad("character_outside_ascii", "M2", "a full-width A", TEXT[:40] + "\uff21" + TEXT[41:])
    yield bad("triple_too_large", "M2", "three characters above 65535", "MCT1::::" + body[3:])
    assert len(TOKEN) % 2, "the last two characters of the text are one byte"
    pair = ord(TOKEN[-1:])
    yield bad("pair_too_large", "M2", "two characters above 255", TEXT[:-2] + symbol.base45_encode((pair + 256).to_bytes(2))[:2])
    yield bad("character_left_over", "M2", "one character after the last group", TEXT[:-1])
    yield bad("4097_characters", "M4", "a text longer than a reader looks at", "MCT1:" + "0" * 4092)
    longest = cbor2.dumps(part(GIRL, sealed=bytes(1024 - len(TOKEN) - 3)))
    good = symbol.card_text(sign.sign(longest, STATION, AAD), "test")
    yield Case(
        "text_token_of_1024_bytes",
        "verified",
        "M4",
        "the longest token that a reader takes",
        good,
        sign.sign(longest, STATION, AAD),
        RECORD,
    )
    longer = sign.sign(cbor2.dumps(part(GIRL, sealed=bytes(1025 - len(TOKEN) - 3))), STATION, AAD)
    yield bad("token_of_1025_bytes", "M4", "a token longer than a reader takes", "MCT1:" + symbol.base45_encode(longer))
    yield Case(
        "text_other_network",
        "unknown-issuer",
        "M5",
        "a test card that says it is a real one",
        "MCH1:" + body,
        TOKEN,
        RECORD,
        network="real",
    )
    yield record_case(
        "text_card_of_the_real_network",
        "M5 M57",
        "a real card, read with the bundle of the test network",
        seen({}),
        expect="unknown-issuer",
        network="real",
        signer=REAL_STATION,
    )
    yield record_case(
        "good_real_network",
        "M1 M17",
        "a real card, read with the real bundle",
        seen({}),
        network="real",
        signer=REAL_STATION,
        bundle="real",
    )


def _tokens() -> Iterator[Case]:
    header, payload = STATION.key.protected, cbor.dumps(PAYLOAD)

    def signed(protected: bytes, aad: bytes = AAD, signer: SoftwareSigner = STATION) -> bytes:
        return signer.sign(sign.to_be_signed(protected, aad, PAYLOAD))

    def token(
        protected: bytes = header,
        unprotected: bytes = b"\xa0",
        body: bytes = payload,
        signature: bytes | None = None,
        start: bytes = b"\x84",
    ) -> bytes:
        return start + cbor.dumps(protected) + unprotected + body + cbor.dumps(signature or signed(protected))

    def bad(name: str, musts: str, comment: str, raw: bytes) -> Case:
        return Case(f"sign_{name}", "unreadable", musts, comment, symbol.card_text(raw, "test"))

    def read(name: str, expect: str, musts: str, comment: str, raw: bytes, **fields: Any) -> Case:
        return Case(f"sign_{name}", expect, musts, comment, symbol.card_text(raw, "test"), raw, fields.pop("record", RECORD), **fields)

    assert token() == TOKEN
    kid = STATION.key.kid
    yield bad("tagged", "M12", "COSE tag 18 before the token", b"\xd2" + TOKEN)
    yield bad("three_elements", "M12", "no signature", b"\x83" + TOKEN[1:-66])
    yield bad("five_elements", "M12", "a null after the signature", b"\x85" + TOKEN[1:] + b"\xf6")
    yield bad("bytes_after", "M12", "a byte after the token", TOKEN + b"\x00")
    yield bad("cut_off", "M12", "the last byte missing", TOKEN[:-1])
    yield bad("kid_first", "M12", "the header's keys in another order", token(b"\xa2\x04\x44" + kid + b"\x01\x32"))
    yield bad("header_with_content_type", "M12", "a third header", token(b"\xa3\x01\x32\x03\x00\x04\x44" + kid))
    yield bad("header_without_kid", "M12", "no kid", token(b"\xa1\x01\x32"))
    yield bad("header_not_shortest", "M12 M8", "-19 in two bytes", token(b"\xa2\x01\x38\x12\x04\x44" + kid))
    yield bad("kid_of_8_bytes", "M12", "a kid of 8 bytes", token(b"\xa2\x01\x32\x04\x48" + STATION.key.thumbprint[:8]))
    yield bad("payload_head_not_shortest", "M12 M8", "the payload's length in three bytes", token(body=b"\x59\x00" + payload[1:]))
    yield bad("payload_detached", "M12", "null for the payload", token(body=b"\xf6"))
    yield bad("payload_in_chunks", "M12 M9", "the payload of indefinite length", token(body=b"\x5f" + payload + b"\xff"))
    yield bad("signature_of_63_bytes", "M12", "a short signature", token(signature=signed(header)[:63]))
    yield bad("signature_empty", "M12", "a signature of no bytes", TOKEN[:-66] + b"\x40")
    yield bad("algorithm_eddsa", "M13", "-8, EdDSA of RFC 9053, whose curve depends on the key", token(b"\xa2\x01\x27\x04\x44" + kid))
    yield bad("algorithm_es256", "M13", "-7, ES256 of RFC 9053", token(b"\xa2\x01\x26\x04\x44" + STATION_ESP256.key.kid))
    yield bad("algorithm_hmac", "M13", "5, HMAC", token(b"\xa2\x01\x05\x04\x44" + kid))
    yield bad("unprotected_kid", "M14", "the kid in the unprotected header too", token(unprotected=b"\xa1\x04\x44" + kid))
    yield bad("unprotected_array", "M14", "an array for the unprotected header", token(unprotected=b"\x80"))

    yield read("kid_unknown", "unknown-issuer", "M15 M57", "a key that is not in the bundle", sign.sign(PAYLOAD, STRANGER, AAD))
    esp256_header = b"\xa2\x01\x28\x04\x44" + kid
    yield read("algorithm_not_of_the_key", "unknown-issuer", "M16", "header ESP256 with the kid of an Ed25519 key", token(esp256_header))
    for n, signer in enumerate(SAME_KID, 1):
        yield read(f"kid_shared_{n}", "verified", "M15", f"key {n} of two that share a kid", sign.sign(PAYLOAD, signer, AAD))
    shared = SAME_KID[0].key.protected
    yield read("kid_shared_neither", "altered", "M15", "the kid of two keys, signed by neither", token(shared))
    yield read("other_key", "altered", "M17", "the kid of one key, signed by another", token(signature=signed(header, signer=STRANGER)))
    yield read("bit_flipped", "altered", "M17", "one bit of the signature", TOKEN[:-1] + bytes([TOKEN[-1] ^ 1]))
    yield read("zeros", "altered", "M17 M18", "a signature of zeros", token(signature=bytes(64)))
    changed = cbor2.dumps(part(GIRL, holder=8))
    yield read(
        "payload_changed",
        "altered",
        "M17",
        "another language under the old signature",
        token(body=cbor.dumps(changed), signature=signed(header)),
        record={**RECORD, "language": "en"},
    )
    yield read("wrong_aad", "altered", "M17", "signed for the real network", token(signature=signed(header, CARD_AAD["real"])))
    yield read("version_1_aad", "altered", "M17", "signed for version 1", token(signature=signed(header, b"healthcard-test/1")))
    yield read("no_aad", "altered", "M17", "signed without external_aad", token(signature=signed(header, b"")))
    yield read("purpose_aad", "altered", "M17", "signed as a list of stations", token(signature=signed(header, AAD + b"/stations")))
    plain = STATION.sign(PAYLOAD)
    yield read("payload_alone", "altered", "M17", "a signature over the payload alone", token(signature=plain))
    others = b"\x85\x69Signature\x40" + sign.to_be_signed(header, AAD, PAYLOAD)[12:]
    yield read("signature_context", "altered", "M17", "the Sig_structure of COSE_Sign", token(signature=STATION.sign(others)))
    s = int.from_bytes(TOKEN[-32:], "little") + ED25519_ORDER
    yield read("ed25519_s_too_large", "altered", "M18", "S plus the group order", TOKEN[:-32] + s.to_bytes(32, "little"))
    esp256 = sign.sign(PAYLOAD, STATION_ESP256, AAD)
    high = P256_ORDER - int.from_bytes(esp256[-32:])
    yield read("esp256_high_s", "altered", "M19", "the other form of the same signature", esp256[:-32] + high.to_bytes(32))
    yield read("esp256_zeros", "altered", "M19", "r and s are 0", esp256[:-64] + bytes(64))
    yield read("esp256_r_too_large", "altered", "M19", "r is 2^256 - 1", esp256[:-64] + b"\xff" * 32 + esp256[-32:])
