"""Vectors of the sealed part: what opens with an epoch's secret, what stays closed, what is damaged (spec section 11)."""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from vector_case import Case, family, id_of, infant, mother, record_case
from vector_world import STRANGER

from healthcard import sign, symbol, vocabulary
from healthcard.record import Record

OPEN: dict[str, Any] = family(
    mother({"date": "2026-06-28"}, {"date": "2026-06-30", "observations": {"weight": 58.4}, "findings": ["severe_headache"]}, age_years=27),
    infant({"date": "2026-06-30"}, sex="female"),
)
PREVIOUS = bytes(range(8, 16))
HIV = 64
INFO = {"test": b"healthcard-test/0/sealed", "real": b"healthcard/0/sealed"}


def epoch_secret(n: int) -> bytes:
    """The secret of an epoch that everybody knows."""
    return hashlib.sha256(f"healthcard published epoch key {n}".encode()).digest()


EPOCH, OTHER_EPOCH = epoch_secret(0), epoch_secret(1)
SAME_KID = epoch_secret(22), epoch_secret(188)  # both have the kid 805f


@dataclass(frozen=True)
class SealedCase(Case):
    """A card and what the secrets of a reader open of it; `content` is what was sealed, where it can be told."""

    secrets: tuple[bytes, ...] = (EPOCH,)
    seal: str = "opened"
    content: bytes | None = None

    def file(self) -> bytes:
        head, text = super().file().split(b"\n\n", 1)
        lines = [f"epoch-secret: {' '.join(secret.hex() for secret in self.secrets)}"] if self.secrets else []
        lines.append(f"seal: {self.seal}")
        if self.content is not None:
            lines.append(f"content: {self.content.hex()}")
        return head + ("\n" + "\n".join(lines) + "\n\n").encode() + text


# --- RFC 9180, base mode, with an ephemeral key that is no secret: so that a vector is the same each time ---------------------


def hpke_seal(plaintext: bytes, public: bytes, info: bytes, ephemeral: bytes, associated: bytes = b"") -> bytes:
    """enc and ciphertext: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM."""
    secret = X25519PrivateKey.from_private_bytes(ephemeral)
    enc = secret.public_key().public_bytes_raw()
    kem, suite = b"KEM\x00\x20", b"HPKE\x00\x20\x00\x01\x00\x02"
    shared = _expand(
        kem, _extract(kem, b"", b"eae_prk", secret.exchange(X25519PublicKey.from_public_bytes(public))), b"shared_secret", enc + public, 32
    )
    context = b"\x00" + _extract(suite, b"", b"psk_id_hash", b"") + _extract(suite, b"", b"info_hash", info)
    schedule = _extract(suite, shared, b"secret", b"")
    key, nonce = _expand(suite, schedule, b"key", context, 32), _expand(suite, schedule, b"base_nonce", context, 12)
    return enc + AESGCM(key).encrypt(nonce, plaintext, associated)


def _extract(suite: bytes, salt: bytes, label: bytes, material: bytes) -> bytes:
    return hmac.digest(salt, b"HPKE-v1" + suite + label + material, "sha256")


def _expand(suite: bytes, secret: bytes, label: bytes, info: bytes, length: int) -> bytes:
    return hmac.digest(secret, length.to_bytes(2) + b"HPKE-v1" + suite + label + info + b"\x01", "sha256")[:length]


def sealed_bytes(padded: bytes, name: str, secret: bytes = EPOCH, info: bytes | None = None, associated: bytes = b"") -> bytes:
    """A sealed part of the card `name`, right but for what `padded` and `info` have wrong."""
    public = X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
    kid = hashlib.sha256(bytes.fromhex("a301012004215820") + public).digest()[:2]
    ephemeral = hashlib.sha256(f"ephemeral key of {name}".encode()).digest()
    return kid + hpke_seal(padded, public, INFO["test"] + id_of(name) if info is None else info, ephemeral, associated)


def pad(content: bytes, blocks: int = 1) -> bytes:
    return (content + b"\x80").ljust(64 * blocks, b"\0")


# --- cases --------------------------------------------------------------------------------------------------------------------


def with_entries(*changes: tuple[tuple[str | int, ...], Any]) -> dict[str, Any]:
    """The open record with entries put in, each at its place."""
    data = Record.from_json(OPEN).to_json()
    for place, value in changes:
        at: Any = data
        for step in place[:-1]:
            at = at[step] if isinstance(step, int) else at.setdefault(step, {})
        at[place[-1]] = value
    return Record.from_json(data).to_json()


FIRST, SECOND = ("people", 0, "contacts", 0), ("people", 0, "contacts", 1)


def cases() -> Iterator[SealedCase]:
    yield from _opened()
    yield from _closed()
    yield from _damaged_seals()
    yield from _damaged_content()


def _case(
    name: str, musts: str, comment: str, content: bytes | None = None, sealed: bytes | None = None, *, seal: str = "opened",
    data: dict[str, Any] | None = None, record: dict[str, Any] | None = None, secrets: tuple[bytes, ...] = (EPOCH,), **fields: Any,
) -> SealedCase:  # fmt: skip
    """A card of the open record `data` with a sealed part; `record` is what the two say together."""
    if sealed is None:
        assert content is not None
        sealed = sealed_bytes(pad(content, len(content) // 64 + 1), name)
    case = record_case(name, musts, comment, data or OPEN, part_id=id_of(name), sealed=sealed, **fields)
    return SealedCase(**vars(case) | {"record": record or case.record}, secrets=secrets, seal=seal, content=content)


def _good(name: str, musts: str, comment: str, items: list[Any], record: dict[str, Any] | None = None, **fields: Any) -> SealedCase:
    return _case(name, musts, comment, cbor2.dumps(items), record=record, **fields)


def _opened() -> Iterator[SealedCase]:
    yield _good("nothing", "M90 M91 M93 M98", "a card without sensitive entries: sealed all the same", [])
    entries = [[0, 0, HIV, [122, -13, 30], [-3, 47, 1]]]
    given = {"medicine": "tenofovir_lamivudine_dolutegravir", "amount": 1, "timing": "once_daily", "days": 30}
    told = with_entries(
        ((*FIRST, "findings"), ["hiv"]), ((*FIRST, "medicines"), [given]), ((*FIRST, "observations", "hiv_test"), "positive")
    )
    yield _good("entries", "M91 M94 M95 M96", "a finding, a medicine and a test of the first contact", entries, told)
    yield _good("entries_of_a_child", "M95", "a test of the second person", [[3, 0, [-3, 55, 0]]],
                with_entries((("people", 1, "contacts", 0, "observations", "hiv_test"), "negative")))  # fmt: skip
    yield _good("beside_open_entries", "M96", "entries beside those of the open part", [[0, 1, HIV, 224, [-3, 48, 0]]], with_entries(
        ((*SECOND, "findings"), ["hiv", "severe_headache"]), ((*SECOND, "services"), ["hiv_services"]),
        ((*SECOND, "observations", "syphilis_test"), "negative")))  # fmt: skip
    referral = {"service": "antenatal_care", "urgency": "soon", "reason": "hiv"}
    wire = _wire_of({"referral": referral})
    yield _good("referral", "M96", "a referral with its reason", [[0, 0, wire]], with_entries(((*FIRST, "referral"), referral)))
    yield _good("vaccine", "M96", "a vaccine: whatever came sealed is read", [[0, 0, -1]],
                with_entries(((*FIRST, "vaccines"), [{"vaccine": _first_vaccine(), "dose": 0}])))  # fmt: skip
    yield _good("observation_with_a_bit", "M96", "a weight, by the number of its bit", [[0, 0, [-3, 0, -16]]],
                with_entries(((*FIRST, "observations", "weight"), 58.4)))  # fmt: skip
    yield _good("history_and_profile", "M97", "a condition, told by the holder, and an outcome", [[0, -1, HIV, [-5, 1], [-4, 10, 2]]],
                with_entries((("people", 0, "conditions"), ["hiv"]), (("people", 0, "history_source"), "holder"),
                             (("people", 0, "pregnancy"), {"outcome": _outcome(2)})))  # fmt: skip
    yield _good("history_of_the_issuer", "M97", "a condition, vouched for by the issuer", [[0, -1, HIV]],
                with_entries((("people", 0, "conditions"), ["hiv"])))  # fmt: skip
    day = with_entries((("people", 0, "pregnancy"), {"delivered": "2026-06-20"}))
    yield _good("profile_day", "M97", "a day of birth, from the first contact", [[0, -1, [-4, 9, -8]]], day)
    same_day = family(mother(
        {"date": "2026-06-28", "time": "09:00", "source": "hn-rc", "observations": {"weight": 60}}, {"date": "2026-06-28", "time": "17:00"},
    ))  # fmt: skip
    both = Record.from_json(same_day).to_json()
    both["people"][0]["contacts"][0]["findings"], both["people"][0]["contacts"][1]["findings"] = ["hiv"], ["syphilis"]
    yield _good("rows_in_wire_order", "M95", "two contacts of one day: the later one comes first on the wire",
                [[0, 0, 66], [0, 1, HIV]], both, data=same_day, notices="copied")  # fmt: skip
    yield _good("two_blocks", "M90", "more than one block", [[0, 0, *range(64, 70), *[[122, -13, n] for n in range(1, 13)]]], _many())
    name = "two_blocks_of_nothing"
    yield _case(name, "M90 M93", "a block more than is needed", b"\x80", sealed_bytes(pad(b"\x80", 2), name))
    yield _good("previous", "M94 M99", "the id of the card before this one", [PREVIOUS])
    yield _good("previous_and_entries", "M94 M99", "that id, then entries", [PREVIOUS, [0, 0, HIV]], _first("hiv"))
    yield _good("level_3", "M100", "an entry that no writer seals is read", [[0, 0, 70]], _first("sexual_violence"))
    name = "key_of_the_same_kid"
    yield _case(name, "M92", "two secrets of one kid, the wrong one first", b"\x80", sealed_bytes(pad(b"\x80"), name, SAME_KID[0]),
                secrets=SAME_KID[::-1])  # fmt: skip
    yield _good("secret_of_another_epoch_too", "M92", "two secrets, the second of this epoch", [[0, 0, HIV]], _first("hiv"),
                secrets=(OTHER_EPOCH, EPOCH))  # fmt: skip
    yield _good("unknown_issuer", "M98", "opened, and not believed any more for it", [[0, 0, HIV]], _first("hiv"), signer=STRANGER,
                expect="unknown-issuer")  # fmt: skip
    case = _good("altered", "M98", "opened under a signature that does not fit", [[0, 0, HIV]], _first("hiv"))
    assert case.token
    yield _altered(case)


def _closed() -> Iterator[SealedCase]:
    content = cbor2.dumps([[0, 0, HIV]])
    yield _case("no_secret", "M98", "no secret held", content, seal="closed", secrets=())
    yield _case("other_epoch", "M92 M98", "the secret of another epoch", content, seal="closed", secrets=(OTHER_EPOCH,))
    name = "kid_changed"
    sealed = sealed_bytes(pad(content), name)
    yield _case(name, "M92", "a kid that is of no secret held", content, bytes([sealed[0] ^ 1]) + sealed[1:], seal="closed")
    yield _case("no_sealed_part", "M98", "a card of a network without a sealing key", None, b"", seal="none")


def _damaged_seals() -> Iterator[SealedCase]:
    def bad(name: str, musts: str, comment: str, sealed: bytes, **fields: Any) -> SealedCase:
        return _case(name, f"{musts} M98", comment, sealed=sealed, seal="damaged", **fields)

    good, content = pad(cbor2.dumps([[0, 0, HIV]])), cbor2.dumps([[0, 0, HIV]])

    def changed(name: str, at: int) -> bytes:
        sealed = bytearray(sealed_bytes(good, name))
        sealed[at] ^= 1
        return bytes(sealed)

    for name, comment, at in (
        ("enc_changed", "a bit of enc", 2),
        ("ciphertext_changed", "a bit of the ciphertext", 34),
        ("tag_changed", "the last bit", -1),
    ):
        yield bad(name, "M91", f"{comment} changed before signing", changed(name, at))
    name = "enc_of_small_order"
    yield bad(name, "M91", "enc is all zeros", (sealed := sealed_bytes(good, name))[:2] + bytes(32) + sealed[34:])
    name = "of_another_card"
    yield bad(name, "M91", "the sealed part of another card", sealed_bytes(good, name, info=INFO["test"] + PREVIOUS))
    name = "of_another_network"
    yield bad(name, "M91", "sealed for the real network", sealed_bytes(good, name, info=INFO["real"] + id_of(name)))
    name = "without_the_id"
    yield bad(name, "M91", "info without the card's id", sealed_bytes(good, name, info=INFO["test"]))
    name = "associated_data"
    yield bad(name, "M91", "the id as associated data too", sealed_bytes(good, name, associated=id_of(name)))
    name = "key_of_the_same_kid_not_held"
    yield bad(name, "M92", "the secret held has the kid, and is another's", sealed_bytes(good, name, SAME_KID[0]), secrets=SAME_KID[1:])
    for size, comment in ((1, "one byte"), (50, "no block"), (113, "a byte too few"), (115, "a byte too many")):
        name = f"size_{size}"
        yield bad(name, "M90", comment, (sealed_bytes(good, name) + bytes(1))[:size])
    name = "plaintext_of_63_bytes"
    yield bad(name, "M90", "a block cut short before sealing", sealed_bytes(good[:63], name))
    name = "plaintext_of_65_bytes"
    yield bad(name, "M90", "a byte more than a block before sealing", sealed_bytes(good + b"\0", name))
    for name, comment, padded in (
        ("padding_of_another_byte", "an 81 after the content", (content + b"\x81").ljust(64, b"\0")),
        ("padding_missing", "zeros right after the content", content.ljust(64, b"\0")),
        ("padding_all_zeros", "zeros alone", bytes(64)),
        ("padding_not_zeros", "a byte 01 after the 80", (content + b"\x80").ljust(63, b"\0") + b"\x01"),
    ):
        yield bad(name, "M93", comment, sealed_bytes(padded, name))


def _damaged_content() -> Iterator[SealedCase]:
    def bad(name: str, musts: str, comment: str, items: Any, **fields: Any) -> SealedCase:
        content = items if isinstance(items, bytes) else cbor2.dumps(items)
        return _case(name, f"{musts} M98", comment, content, seal="damaged", **fields)

    deep: Any = []
    for _ in range(4):
        deep = [deep]
    yield bad("content_empty", "M94", "padding alone", b"")
    yield bad("content_not_an_array", "M94", "an integer", 0)
    yield bad("content_map", "M94", "a map", {})
    yield bad("content_text", "M94", "a text among the rows", ["hiv"])
    yield bad("content_bytes_after", "M94", "a byte after the array", b"\x80\x00")
    yield bad("content_indefinite", "M94", "an array without a length", b"\x9f\xff")
    yield bad("content_not_shortest", "M94", "a finding in three bytes", bytes.fromhex("81830000190040"))
    yield bad("content_too_deep", "M94", "an array deeper than in an open part", [[0, 0, [-4, deep]]])
    yield bad("previous_of_7_bytes", "M94", "an id of 7 bytes", [PREVIOUS[:7]])
    yield bad("previous_twice", "M94", "two ids", [PREVIOUS, PREVIOUS])
    yield bad("previous_last", "M94", "the id after a row", [[0, 0, HIV], PREVIOUS])
    yield bad("row_without_events", "M94", "a row of nothing", [[0, 0]])
    yield bad("rows_out_of_order", "M94", "the second contact first", [[0, 1, HIV], [0, 0, HIV]])
    yield bad("rows_out_of_order_by_person", "M94", "the child first", [[3, 0, 65], [0, 0, HIV]])
    yield bad("row_twice", "M94", "one contact twice", [[0, 0, HIV], [0, 0, 66]])
    yield bad("row_minus_2", "M94", "row -2", [[0, -2, HIV]])
    yield bad("events_out_of_order", "M94", "a greater finding first", [[0, 0, 66, HIV]])
    yield bad("event_twice", "M94", "a finding twice", [[0, 0, HIV, HIV]])
    yield bad("events_33", "M96", "more events than a row holds", [[0, 0, *range(64, 97)]])
    yield bad("ref_not_on_the_card", "M95", "of a third person", [[5, 0, 65]])
    yield bad("ref_of_another_role", "M95", "person 0 as an infant", [[1, 0, 65]])
    yield bad("row_not_on_the_card", "M95", "of a third contact", [[0, 2, HIV]])
    for name, comment, event in (
        ("event_0", "event 0", 0),
        ("event_null", "null", None),
        ("event_bytes", "a byte string", b"\x40"),
        ("event_empty_array", "an empty array", []),
        ("event_time", "a time of day, which is never sealed", [-2, 36]),
        ("event_short_observation", "an observation without its value", [-3, 47]),
        ("event_small_dose_in_the_long_form", "a small dose in the long form", [122, 1, 1, 30]),
        ("observation_null", "an observation without a value", [-3, 47, None]),
        ("observation_negative_number", "observation -1", [-3, -1, 1]),
    ):
        yield bad(name, "M96", comment, [[0, 0, event]])
    yield bad("observation_twice", "M96", "two values of one test", [[0, 0, [-3, 47, 0], [-3, 47, 1]]])
    yield bad("finding_open_too", "M96", "a finding that the open part has", [[0, 1, _finding("severe_headache")]])
    yield bad("observation_open_too", "M96", "a weight that the open part has", [[0, 1, [-3, 0, 0]]])
    unknown = family(mother({"date": "2026-06-28", "unknown": ["822601"]}))
    yield bad(
        "unknown_event_open_too", "M96", "an unknown event that the open part has", [[0, 0, [-7, 1]]], data=unknown, notices="unknown-code"
    )
    conditions = sorted(entry.key for entry in vocabulary.default().findings.by_key.values() if entry.sensitivity == 0)[:32]
    full = family(mother({"date": "2026-06-28", "findings": conditions}))
    yield bad("events_33_together", "M96", "one event more than a row holds with those of the open part", [[0, 0, HIV]], data=full)
    yield bad("profile_open_too", "M97", "an age that the open part has", [[0, -1, [-4, 0, 0]]])
    yield bad("profile_bit_31", "M97", "bit 31", [[0, -1, [-4, 31, 0]]])
    yield bad("profile_bit_twice", "M97", "bit 10 twice", [[0, -1, [-4, 10, 1], [-4, 10, 2]]])
    yield bad("profile_value_null", "M97", "a profile value without a value", [[0, -1, [-4, 10, None]]])
    yield bad("history_service", "M97", "a service in undated history", [[0, -1, 224]])
    yield bad("history_danger_sign", "M97", "a danger sign in undated history", [[0, -1, _finding("severe_headache")]])
    yield bad("history_medicine", "M97", "a medicine in undated history", [[0, -1, [122, 1]]])
    yield bad("history_observation", "M97", "an observation in undated history", [[0, -1, [-3, 47, 0]]])
    yield bad("history_unknown_event", "M97", "an event of another form in undated history", [[0, -1, [-6, 0]]])
    yield bad("source_0", "M97", "the issuer as the source, which goes without saying", [[0, -1, HIV, [-5, 0]]])
    yield bad("source_twice", "M97", "two sources", [[0, -1, HIV, [-5, 1], [-5, 2]]])
    yield bad("source_alone", "M97", "a source without a history", [[0, -1, [-5, 1]]])
    told = family(mother({"date": "2026-06-28"}, conditions=["asthma"]))
    yield bad(
        "source_beside_open_history", "M97", "a source, and the open part has a history of its own", [[0, -1, HIV, [-5, 1]]], data=told
    )


def _first(finding: str) -> dict[str, Any]:
    return with_entries(((*FIRST, "findings"), [finding]))


def _many() -> dict[str, Any]:
    findings = ["hiv", "hiv_exposed_infant", "syphilis", "other_sti", "hepatitis_b", "tuberculosis"]
    given = {"medicine": "tenofovir_lamivudine_dolutegravir", "amount": 1, "timing": "once_daily"}
    return with_entries(((*FIRST, "findings"), findings), ((*FIRST, "medicines"), [given | {"days": n} for n in range(1, 13)]))


def _wire_of(entries: dict[str, Any]) -> Any:
    """The first event of a contact with these entries, as the open part has it."""
    case = record_case("wire", "", "", family(mother({"date": "2026-06-28", **entries})))
    assert case.token
    return cbor2.loads(sign.inspect(case.token).payload)[7][2][3]


def _finding(word: str) -> int:
    return vocabulary.default().findings.number(word)


def _first_vaccine() -> str:
    return vocabulary.default().vaccines.word(1)


def _outcome(number: int) -> str:
    return vocabulary.default().enumerations["outcome"].word(number)


def _altered(case: SealedCase) -> SealedCase:
    """The same card with the last bit of its signature changed."""
    assert case.token
    token = case.token[:-1] + bytes([case.token[-1] ^ 1])
    return replace(case, expect="altered", token=token, text=symbol.card_text(token, "test"))
