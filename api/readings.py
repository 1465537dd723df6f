"""How a request becomes a reading: the card's texts, or the picture or PDF of it, read with what the service holds."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from typing import Any, TypeVar

from fastapi import Request, Response
from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from healthcard import card as cards
from healthcard import picture as pictures
from healthcard import seal
from healthcard.card import Reading
from healthcard.client import LARGEST_TEXTS
from healthcard.errors import PictureError, SettingError
from healthcard.exchange.choice import import_allowed

from . import documents, problems
from .access import Access
from .documents import Texts
from .guard import limited_body
from .held import Held
from .pdf_reader import PdfReader
from .settings import Settings

SCAN_THREADS = max(1, (os.cpu_count() or 1) - 1)
SCAN_SECONDS = 10  # of the processor, for one picture
MOST_WAITING = 16  # pictures in memory, those that arrive or are being looked at included; half of them without a key
Model = TypeVar("Model", bound=BaseModel)


class Readings:
    """Reads cards for the routes of one instance; raises KeyFileError where a key of an epoch can't be unlocked."""

    def __init__(self, settings: Settings, held: Held, access: Access, now: Callable[[], date]) -> None:
        self._held, self._access, self._now = held, access, now
        self._secrets, self._scanner = unlocked(settings), Scanner()

    def close(self) -> None:
        """Leave no process behind."""
        self._scanner.close()

    async def of(self, request: Request) -> Reading:
        """What the card says that a request brings, whichever way; its verdict is the outcome of the request."""
        found = self.read(request, await self._texts(request))
        request.state.outcome = found.verdict
        return found

    def read(self, request: Request, texts: list[str]) -> Reading:
        """The reading of the parts of one card, with its sealed entries where the caller may see them."""
        unseal = self._secrets if self._access.may_unseal(request.state.partner) else ()
        return cards.read(*texts, bundle=self._held.current(), now=self._now(), unseal=unseal)

    async def _texts(self, request: Request) -> list[str]:
        kind = media_type(request)
        if kind in documents.PICTURES:
            texts = await self._scanner.scan(request)
            if len(texts) > documents.MOST_TEXTS:  # a sheet of a hundred codes would keep the others waiting
                raise PictureError(f"more than {documents.MOST_TEXTS} codes: send a picture of one card and what continues it")
            return texts
        return (await json_body(request, kind, Texts, LARGEST_TEXTS)).texts


async def json_body(request: Request, kind: str, model: type[Model], limit: int) -> Model:
    """The JSON that a request of this media type brings, of at most `limit` bytes."""
    if kind != documents.JSON:
        raise problems.refusal(415)
    try:
        return model.model_validate_json(await limited_body(request, limit))
    except ValidationError:
        raise problems.refusal(400) from None


def media_type(request: Request) -> str:
    """What the body is; nothing that we take where it is compressed on its way."""
    if request.headers.get("content-encoding", "identity") != "identity":
        return ""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def verdict_json(reading: Reading) -> dict[str, Any]:
    """A reading without what the card says of people."""
    return {
        "verdict": reading.verdict,
        "notices": list(reading.notices),
        "issuer": reading.issuer,
        "issued": reading.issued.isoformat() if reading.issued else None,
        "bundle_age_days": reading.bundle_age_days,
        "parts": [part.to_json() for part in reading.parts],
    }


def decoded_json(reading: Reading) -> dict[str, Any]:
    """The whole reading, and whether the holder lets a partner import it."""
    return reading.to_json() | {"import_allowed": import_allowed(reading)}


def answer(content: dict[str, Any]) -> Response:
    """The JSON of a reading or of many, written by pydantic, which is quicker than Python's json."""
    return Response(to_json(content), media_type=documents.JSON)


def unlocked(settings: Settings) -> list[bytes]:
    """The secrets of the epoch keys that this instance may unseal with; raises SettingError or KeyFileError."""
    if not settings.unseal_passphrase_file:
        return []
    try:
        passphrase = settings.unseal_passphrase_file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise SettingError("HEALTHCARD_UNSEAL_PASSPHRASE_FILE: not a file of UTF-8 text") from None
    return [seal.epoch_secret(file, passphrase) for file in settings.unseal]


class Scanner:
    """Looks at pictures in threads of its own, few at a time, so that card texts are answered meanwhile; at PDFs one by one."""

    def __init__(self) -> None:
        self._pool, self._pdf_thread = ThreadPoolExecutor(SCAN_THREADS, "scan"), ThreadPoolExecutor(1, "pdf")
        self._pdf_reader = PdfReader()
        self._waiting = 0

    async def scan(self, request: Request) -> list[str]:
        """The card texts in the picture or PDF of a request, which is refused unread while too many wait; raises PictureError."""
        if self._waiting >= (MOST_WAITING if request.state.partner else MOST_WAITING // 2):
            raise problems.refusal(503, {"Retry-After": "5"})
        self._waiting += 1
        try:
            picture, loop = await limited_body(request, pictures.MAX_FILE), asyncio.get_running_loop()
            if pictures.is_pdf(picture):
                return await loop.run_in_executor(self._pdf_thread, self._pdf_reader.scan, picture)
            return await loop.run_in_executor(self._pool, partial(pictures.scan, picture, seconds=SCAN_SECONDS))
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Give up what is being looked at."""
        self._pdf_reader.close()
