"""What a vector is, and how it stands in its file (spec section 14)."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import cbor2
from vector_world import NOW, ORGANISATIONS, STATION

from healthcard import codec, sign, symbol, vocabulary
from healthcard.record import Record
from healthcard.sign import SoftwareSigner
from healthcard.trust.bundle import CARD_AAD


@dataclass(frozen=True)
class Case:
    """A card text and what a reader must make of it; `token` is None where the text can't be taken apart."""

    name: str
    expect: str
    musts: str
    comment: str
    text: str
    token: bytes | None = None
    record: Mapping[str, Any] | None = None
    notices: str = ""
    now: date = NOW
    newest: date | None = None
    bundle: str = "network"
    network: str = "test"

    def file(self) -> bytes:
        lines = [f"expect: {self.expect}"]
        if self.notices:
            lines.append(f"notices: {self.notices}")
        lines += [f"comment: {self.comment}", f"musts: {self.musts}", f"now: {self.now}", f"bundle: {self.bundle}.txt"]
        if self.newest is not None:
            lines.append(f"newest-card: {self.newest}")
        if self.token is not None:
            taken = sign.inspect(self.token)
            lines += [f"payload: {taken.payload.hex()}", f"to-be-signed: {taken.to_be_signed(CARD_AAD[self.network]).hex()}"]
        if self.record is not None:
            lines.append(f"record: {json.dumps(self.record, ensure_ascii=False)}")
        return ("\n".join(lines) + "\n\n" + self.text).encode()


@dataclass(frozen=True)
class BundleCase:
    """A trust bundle and whether it loads; with `held`, whether it may replace that one."""

    name: str
    expect: str
    musts: str
    comment: str
    raw: bytes
    held: str = ""

    def file(self) -> bytes:
        lines = [f"expect: {self.expect}", f"comment: {self.comment}", f"musts: {self.musts}"]
        if self.held:
            lines.append(f"held: {self.held}.txt")
        return ("\n".join(lines) + "\n\n" + self.raw.hex() + "\n").encode()


@dataclass(frozen=True)
class SymbolsCase:
    """The texts of scanned symbols, and the bundle that they make up."""

    name: str
    expect: str
    musts: str
    comment: str
    texts: Sequence[str]
    bundle: str = ""

    def file(self) -> bytes:
        lines = [f"expect: {self.expect}", f"comment: {self.comment}", f"musts: {self.musts}"]
        if self.bundle:
            lines.append(f"bundle: {self.bundle}.txt")
        return ("\n".join(lines) + "\n\n" + "\n".join(self.texts)).encode()


def id_of(name: str) -> bytes:
    """The id of a vector's part: fixed, and another for each."""
    return hashlib.sha256(name.encode()).digest()[: codec.ID_SIZE]


def token_case(
    name: str,
    musts: str,
    comment: str,
    payload: bytes,
    expect: str = "verified",
    *,
    signer: SoftwareSigner = STATION,
    network: str = "test",
    **fields: Any,
) -> Case:
    """A payload, right or wrong, under a right signature."""
    token = sign.sign(payload, signer, CARD_AAD[network])
    return Case(name, expect, musts, comment, symbol.card_text(token, network), token, network=network, **fields)


def part_case(name: str, musts: str, comment: str, items: list[Any], expect: str = "unreadable", **fields: Any) -> Case:
    """A part written out element by element, as no honest writer may have made it."""
    return token_case(name, musts, comment, cbor2.dumps(items), expect, **fields)


def record_case(
    name: str,
    musts: str,
    comment: str,
    data: Mapping[str, Any],
    *,
    issued: date = NOW,
    part_id: bytes | None = None,
    continues: bytes | None = None,
    refs: tuple[int, ...] | None = None,
    sealed: bytes = b"",
    **fields: Any,
) -> Case:
    """A record as a writer writes it."""
    record = Record.from_json(data)
    refs = refs or tuple(range(len(record.people)))
    kind: codec.Kind = "continuation" if continues else "card"
    part = codec.Part(kind, part_id or id_of(name), continues, issued, record, refs, sealed)
    payload = codec.write(part, ORGANISATIONS, vocabulary.default())
    return token_case(name, musts, comment, payload, record=record.to_json(), **fields)


def mother(*contacts: Mapping[str, Any], **profile: Any) -> dict[str, Any]:
    return {"role": "mother", **profile, "contacts": list(contacts)}


def infant(*contacts: Mapping[str, Any], **profile: Any) -> dict[str, Any]:
    return {"role": "infant", **profile, "contacts": list(contacts)}


def family(*people: Mapping[str, Any], language: str = "es", count: bool = False) -> dict[str, Any]:
    return {"language": language, "choices": {"import": False, "count": count}, "people": list(people)}
