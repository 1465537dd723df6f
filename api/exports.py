"""Routes for data officers: many cards at once, and a record in the form that another system takes, where the holder lets it.

    curl -d '{"items": [{"texts": ["MCH1:..."]}, ...]}' -H 'Content-Type: application/json' 'localhost:8000/v1/batch?scope=decode'
    curl --data-binary @card.png -H 'Content-Type: image/png' 'localhost:8000/v1/export?to=fhir'
"""

import asyncio
import json
from collections.abc import Callable
from datetime import date
from enum import Enum
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import ValidationError

from healthcard.client import LARGEST_BATCH
from healthcard.errors import NewerVersion, Unreadable
from healthcard.exchange import targets
from healthcard.exchange.choice import VITAL_INTEREST, import_allowed
from healthcard.words.labels import LANGUAGES

from . import documents, problems
from .access import Access
from .documents import MOST_TEXTS, OTHER_CARDS_HEADER, VERDICT_HEADER, WHICH_CHILD_HEADER, Batch, Texts
from .guard import limited_body
from .held import Held
from .readings import Readings, answer, decoded_json, media_type, verdict_json

CODES_A_REQUEST = 10  # so many codes of a batch count as one request
Form = Enum("Form", {name: name for name in targets.TARGETS}, type=str)  # type: ignore[misc]
Language = Enum("Language", {name: name for name in LANGUAGES}, type=str)  # type: ignore[misc]
ENGLISH = Language("en")


def router(held: Held, access: Access, readings: Readings, now: Callable[[], date]) -> APIRouter:
    """The routes of one instance."""
    routes = APIRouter()

    @routes.post("/v1/batch", **documents.batch())
    async def batch(
        request: Request,
        scope: Annotated[Literal["verify", "decode"], Query(description="what is wanted of each card; the key needs it")] = "verify",
    ) -> Response:
        """Up to 500 cards, one result each in their order; a bad one changes nothing for the others. Ten codes count as one request."""
        access.admit(request, scope)
        items = await batch_items(request)
        access.count_more(request.state.partner, (sum(map(codes, items)) - 1) // CODES_A_REQUEST)
        results = []
        for item in items:
            results.append(result(request, item, scope))
            await asyncio.sleep(0)  # others are answered meanwhile
        return answer({"results": results})

    def result(request: Request, item: object, scope: str) -> dict[str, Any]:
        try:
            texts = Texts.model_validate(item).texts
        except ValidationError:
            return problems.body(400, *problems.WORDS[400])
        reading = readings.read(request, texts)
        return decoded_json(reading) if scope == "decode" else verdict_json(reading)

    @routes.post("/v1/export", dependencies=[Depends(access.needs("export"))], **documents.export())
    async def export(
        request: Request,
        to: Annotated[Form, Query(description="the form of export")],
        vital_interest: Annotated[
            str | None,
            Query(description="why it is exported without her yes: counted, not linked", json_schema_extra={"enum": [*VITAL_INTEREST]}),
        ] = None,
        language: Annotated[Language, Query(description="of the labels in CSV")] = ENGLISH,
    ) -> Response:
        """The record of a card for another system, several parts merged, where the holder lets a partner import it."""
        reading = await readings.of(request)
        try:
            text = targets.export(reading, to.value, vital_interest, language.value)
        except NewerVersion:
            raise problems.refusal("newer-version") from None
        except Unreadable:
            raise problems.refusal("no-record") from None
        if vital_interest and not import_allowed(reading):
            await asyncio.to_thread(held.store.count_vital_interest, now(), vital_interest)
        headers = {VERDICT_HEADER: reading.verdict}
        if len(reading.cards) > 1:
            headers[OTHER_CARDS_HEADER] = str(len(reading.cards) - 1)
        if ambiguous := reading.cards[0].ambiguous:
            headers[WHICH_CHILD_HEADER] = ",".join(map(str, sorted(ambiguous)))
        return Response(text, headers=headers, media_type=targets.TARGETS[to.value].media_type)

    return routes


def codes(item: Any) -> int:
    """How many codes of a card an item has; the work that it is grows with them."""
    texts = item.get("texts") if isinstance(item, dict) else None
    return min(max(len(texts), 1), MOST_TEXTS) if isinstance(texts, list) else 1


async def batch_items(request: Request) -> list[Any]:
    """The items of a batch, whatever each is: read by Python's json, for pydantic's refuses all of them for half a character in one."""
    if media_type(request) != documents.JSON:
        raise problems.refusal(415)
    try:
        body = (await limited_body(request, LARGEST_BATCH)).decode()
        return Batch.model_validate(json.loads(body, parse_int=float)).items  # an int may have too many digits; none is wanted
    except (ValueError, RecursionError):
        raise problems.refusal(400) from None
