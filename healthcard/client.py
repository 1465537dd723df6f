"""A client of the verifier service, for programs of partners (docs/partners.md).

    service = Client("https://verifier.example.org", key)
    found = service.decode(Path("card.png"))                # or the texts of the card's codes: service.decode("MCH1:...")
    if found.import_allowed:
        document = service.export(Path("card.png"), to="fhir")

A call raises Refused with the service's own word, ImportNotAllowed where the holder did not say yes, PictureError for a picture that
shows no card, NoAnswer where nobody answers. Nothing is logged and nothing is kept. No other host is asked, whatever the service says.
"""

import base64
import binascii
import http.client
import json
import re
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import urlencode

from healthcard import files
from healthcard.errors import HealthcardError, ImportNotAllowed, NoAnswer, NoCode, PictureError, RecordError, Refused
from healthcard.picture import MAX_FILE
from healthcard.record import Record
from healthcard.trust.bundle import TrustBundle
from healthcard.trust.travel import NO_ADDRESS, Fetched, http_address

SECONDS = 60  # to connect, and again for each piece of the answer
LARGEST_ANSWER = 64 * 1024 * 1024
LARGEST_TEXTS, LARGEST_BATCH = 64 * 1024, 2 * 1024 * 1024  # bytes of JSON that a service takes; of a picture MAX_FILE
LONGEST_SAID = 300  # characters of a refusal
JSON = "application/json"
PICTURES: Mapping[bytes, str] = {b"\x89PNG": "image/png", b"\xff\xd8": "image/jpeg", b"%PDF": "application/pdf"}
Form = Literal["fhir", "csv", "kobo"]
Taken = TypeVar("Taken")


@dataclass(frozen=True)
class Verdict:
    """What the service said of a card; `parts` has the verdict on each of its codes."""

    verdict: str
    notices: tuple[str, ...]
    issuer: str | None
    issued: date | None
    bundle_age_days: int
    parts: tuple[Mapping[str, Any], ...] = field(repr=False)


@dataclass(frozen=True)
class Decoded(Verdict):
    """A verdict with the record, or None where nothing could be read; of another verdict than `verified` it is as told by the holder."""

    record: Record | None = field(repr=False)
    handover: Mapping[str, Any] | None = field(repr=False)
    import_allowed: bool
    unverified: frozenset[tuple[int, int]] = field(repr=False)
    which_child: frozenset[int]
    other_cards: int


@dataclass(frozen=True)
class Revocation:
    """A message by which an organisation withdrew cards; `uploads.read_withdrawals` says whether it is to be believed."""

    organisation: str
    day: date
    message: bytes = field(repr=False)


class Client:
    """One verifier and, where it asks for one, the key that it knows us by."""

    def __init__(self, address: str, key: str | None = None, *, seconds: float = SECONDS, tls: ssl.SSLContext | None = None) -> None:
        """Raises NoAnswer for what is no address, or http:// to another machine: cards and keys would travel unencrypted."""
        asked = http_address(address)
        if asked is None or asked.query:
            raise NoAnswer(NO_ADDRESS)
        if asked.scheme == "http" and asked.hostname not in ("localhost", "127.0.0.1", "::1"):
            raise NoAnswer(f"{asked.hostname}: cards and keys are sent over https:// only")
        self._asked, self._host, self._seconds, self._tls = asked, asked.hostname, seconds, tls
        self._key = key

    def verify(self, *card: str | bytes | Path) -> Verdict:
        """The verdict on a card: the texts of its codes, or one picture or PDF as bytes or a path."""
        return _answered(_verdict, self._card("/v1/verify", card))

    def decode(self, *card: str | bytes | Path) -> Decoded:
        """The verdict on a card, given as to `verify`, and its record."""
        return _answered(_decoded, self._card("/v1/decode", card))

    def verify_batch(self, cards: Sequence[Sequence[str]]) -> list[Verdict | Refused]:
        """The verdict on each of up to 500 cards, in their order; for one that is not a list of 1 to 16 texts, its refusal."""
        return self._batch(cards, "verify", _verdict)

    def decode_batch(self, cards: Sequence[Sequence[str]]) -> list[Decoded | Refused]:
        """As `verify_batch`, with records."""
        return self._batch(cards, "decode", _decoded)

    def export(
        self, *card: str | bytes | Path, to: Form, vital_interest: str | None = None, language: str | None = None
    ) -> str:
        """The record of a card in the form `to`; without her yes only for a reason of `choice.VITAL_INTEREST`, which is counted."""
        asked = {"to": to, "vital_interest": vital_interest, "language": language}
        answer = self._card("/v1/export", card, {name: value for name, value in asked.items() if value is not None})
        return answer.body.decode()

    def trust(self, etag: str | None = None) -> Fetched:
        """The trust bundle, not yet believed (`TrustBundle.update`), or None where it still is the one of `etag`."""
        answer = self._ask("GET", "/v1/trust", headers={"If-None-Match": etag} if etag else {})
        return Fetched(None if answer.status == 304 else TrustBundle.load(answer.body), answer.headers.get("etag"))

    def revocations(self) -> tuple[Revocation, ...]:
        """Every message by which cards were withdrawn since the trust bundle, as it was signed."""

        def taken(found: Mapping[str, Any]) -> tuple[Revocation, ...]:
            return tuple(
                Revocation(one["organisation"], date.fromisoformat(one["day"]), base64.b64decode(one["message"], validate=True))
                for one in found["revocations"]
            )

        return _answered(taken, self._ask("GET", "/v1/revocations"))

    # --- how -------------------------------------------------------------------------------------------------------

    def _batch(self, cards: Sequence[Sequence[str]], scope: str, taken: Callable[[Any], Taken]) -> list[Taken | Refused]:
        body = json.dumps({"items": [{"texts": list(texts)} for texts in cards]}).encode()
        answer = self._ask("POST", f"/v1/batch?scope={scope}", body, {"Content-Type": JSON}, LARGEST_BATCH)

        def one(found: Mapping[str, Any]) -> Taken | Refused:
            return taken(found) if "verdict" in found else _refused(found, None)

        results = _answered(lambda found: [one(each) for each in found["results"]], answer)
        if len(results) != len(cards):
            raise NoAnswer(f"{self._host}: not one result for each card")
        return results

    def _card(self, path: str, card: Sequence[str | bytes | Path], parameters: Mapping[str, str] | None = None) -> "_Answer":
        if parameters:
            path += "?" + urlencode(parameters)
        texts = [one for one in card if isinstance(one, str)]
        if len(texts) == len(card):
            return self._ask("POST", path, json.dumps({"texts": texts}).encode(), {"Content-Type": JSON}, LARGEST_TEXTS)
        if len(card) != 1:
            raise PictureError("one picture at a time, or the texts of a card's codes")
        picture = files.read(card[0], MAX_FILE) if isinstance(card[0], Path) else card[0]
        assert isinstance(picture, bytes)
        kind = next((media_type for start, media_type in PICTURES.items() if picture.startswith(start)), None)
        if kind is None:
            raise PictureError("a picture for the service is PNG, JPEG or PDF")
        return self._ask("POST", path, picture, {"Content-Type": kind}, MAX_FILE)

    def _ask(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None, most: int = 0) -> "_Answer":
        """The answer of 200 or 304; raises for every other, and for a body of more than `most` bytes."""
        if len(body) > most:  # not sent: a refusal that comes before all of it went out is not always heard
            raise Refused("too-large", f"{len(body)} bytes, the service takes {most}", 413, None)
        sent = {"User-Agent": "healthcard", "Accept": "*/*"} | dict(headers or {})
        if self._key:
            sent["Authorization"] = f"Bearer {self._key}"
        connection = self._connection()
        try:
            connection.request(method, self._asked.path.rstrip("/") + path, body or None, sent)
            response = connection.getresponse()
            given = {name.lower(): value for name, value in response.getheaders()}
            answer = _Answer(response.status, given, response.read(LARGEST_ANSWER + 1))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NoAnswer(f"{self._host}: no answer that can be read ({type(error).__name__})") from None
        finally:
            connection.close()
        if len(answer.body) > LARGEST_ANSWER:
            raise NoAnswer(f"{self._host}: an answer of more than {LARGEST_ANSWER >> 20} MiB")
        if answer.status in (200, 304):
            return answer
        raise _answered(lambda found: _refusal(found, answer.headers.get("retry-after")), answer)

    def _connection(self) -> http.client.HTTPConnection:
        if self._asked.scheme == "http":
            return http.client.HTTPConnection(self._asked.hostname or "", self._asked.port, timeout=self._seconds)
        context = self._tls or ssl.create_default_context()
        return http.client.HTTPSConnection(self._asked.hostname or "", self._asked.port, timeout=self._seconds, context=context)


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


def _answered(taken: Callable[[Any], Taken], answer: _Answer) -> Taken:
    """What `taken` makes of the JSON of an answer; raises NoAnswer where it is not as the service writes it."""
    try:
        return taken(json.loads(answer.body))
    except (ValueError, KeyError, TypeError, AttributeError, RecordError, binascii.Error):
        raise NoAnswer(f"an answer ({answer.status}) that no verifier of this release gives") from None


def _verdict(found: Mapping[str, Any]) -> Verdict:
    return Verdict(**_fields(found))


def _decoded(found: Mapping[str, Any]) -> Decoded:
    record = found["record"]
    return Decoded(
        **_fields(found),
        record=Record.from_json(record) if record is not None else None,
        handover=found["handover"],
        import_allowed=found["import_allowed"],
        unverified=frozenset((person, contact) for person, contact in found.get("unverified") or ()),
        which_child=frozenset(found.get("which_child") or ()),
        other_cards=found.get("other_cards") or 0,
    )


def _fields(found: Mapping[str, Any]) -> dict[str, Any]:
    """What a verdict and a decoded card have in common."""
    names = ("verdict", "issuer", "bundle_age_days")
    lists = {name: tuple(found[name]) for name in ("notices", "parts")}
    return {name: found[name] for name in names} | lists | {"issued": date.fromisoformat(found["issued"]) if found["issued"] else None}


def _refusal(found: Mapping[str, Any], retry_after: str | None) -> HealthcardError:
    """The problem of a service (RFC 9457) as an exception."""
    code, detail = _said(found)
    if code == ImportNotAllowed.code:
        return ImportNotAllowed(found["reason"], detail)
    if code in (NoCode.code, PictureError.code):
        return NoCode(detail) if code == NoCode.code else PictureError(detail)
    return _refused(found, retry_after)


def _refused(found: Mapping[str, Any], retry_after: str | None) -> Refused:
    return Refused(*_said(found), found["status"], int(retry_after) if retry_after and retry_after.isdecimal() else None)


def _said(found: Mapping[str, Any]) -> tuple[str, str]:
    """The word of a problem and what it says for people."""
    return re.sub(r"[^a-z0-9-]", "", found["code"])[:LONGEST_SAID], str(found.get("detail") or found["title"])[:LONGEST_SAID]
