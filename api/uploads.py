"""Routes by which the network's own tell the service what changed, and ask for what was told: signed uploads, the next trust bundle.

An upload needs no partner's key: the signature of a station or an organisation says who speaks. It is on the disk before it is answered,
and the same one again changes nothing.
"""

import asyncio
import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response

from healthcard.errors import CardError, Rollback, StoreError, TrustError
from healthcard.trust import changes, uploads
from healthcard.trust.bundle import LARGEST, TrustBundle, key_hash

from . import aggregates, documents, problems
from .access import REPORTS, UPLOADS, Access
from .documents import Accepted, Aggregates
from .guard import limited_body, revalidated
from .held import Held
from .readings import media_type
from .store import Revocation


def router(held: Held, access: Access, now: Callable[[], date]) -> APIRouter:
    """The routes of one instance."""
    routes = APIRouter()
    keepers, readers = Depends(access.needs("admin")), Depends(access.needs("export"))
    anybody = Depends(access.anybody(REPORTS))

    @contextmanager
    def believed() -> Iterator[None]:
        """As `told`; what nobody rightly signed counts against a limit for all senders, and never keeps a signed message out."""
        try:
            with told():
                yield
        except HTTPException:
            access.count_refused(UPLOADS)
            raise

    async def kept(write: Callable[..., Any], *arguments: Any) -> None:
        """Written to the disk, and known to this instance at once."""
        await asyncio.to_thread(write, *arguments)
        with suppress(StoreError, TrustError):  # what is written is written; the next look at the store finds it
            await held.refresh()

    @routes.post("/v1/revocations", **documents.upload(uploads.Withdrawals))
    async def revocations(request: Request) -> Accepted:
        """Withdraw cards of the sender's own organisation."""
        with believed():
            upload = uploads.read_withdrawals(await upload_body(request), held.current(), now())
        await kept(held.store.add_withdrawals, upload, now())
        return Accepted(organisation=upload.sender.organisation.name, entries=len(upload.hashes))

    @routes.get("/v1/revocations", dependencies=[anybody], **documents.revocations())
    async def reported(request: Request) -> Response:
        """What organisations withdrew since, for readers that verify offline: hashes of card ids, and the signed messages."""
        names, found = held.current().organisation_names, await asyncio.to_thread(held.store.revocations)
        listed = [withdrawal(message, names[message.organisation]) for message in found if message.organisation in names]
        return revalidated(request, json.dumps({"revocations": listed}).encode(), documents.JSON)

    @routes.post("/v1/issued", **documents.upload(uploads.IssuedHashes))
    async def issued(request: Request) -> Accepted:
        """Keep hashes of what a station issued, for the day that its key is stolen."""
        with believed():
            upload = uploads.read_issued(await upload_body(request), held.current(), now())
        await kept(held.store.add_issued, upload, now())
        return Accepted(organisation=upload.sender.organisation.name, entries=len(upload.hashes))

    @routes.get("/v1/issued", dependencies=[keepers], **documents.issued_list())
    async def issued_list(
        station: Annotated[str, Query(max_length=30, description="mx-rc/2, or its kid in hexadecimal")],
        until: Annotated[date, Query(description="the last day that its hashes were told on")],
    ) -> Response:
        """The issued list of a station until a day, as a file for `healthcard trust issued-list`."""
        try:
            _, found = changes.station(held.current().content, station)
        except TrustError:
            raise problems.refusal(404) from None
        hashes = await asyncio.to_thread(held.store.issued, key_hash(found.key), until)
        return Response(b"".join(sorted(hashes)), media_type="application/octet-stream")

    @routes.post("/v1/aggregates", **documents.upload(uploads.MonthlyCounts, "superseded-upload"))
    async def count(request: Request) -> Accepted:
        """Take a station's counts of a month in the place of its earlier ones."""
        with believed():
            body = await upload_body(request)
            upload = uploads.read_counts(body, held.current(), now())
        assert upload.sender.station
        await kept(held.store.replace_counts, key_hash(upload.sender.station.key), upload, hashlib.sha256(body).digest())
        return Accepted(organisation=upload.sender.organisation.name, entries=len(upload.counts))

    @routes.get("/v1/aggregates", dependencies=[readers], **documents.aggregates())
    async def counts() -> Aggregates:
        """Counts by month, organisation and service, of months that are over and of people who agreed; no cell below 10, all in fives."""
        found = await asyncio.to_thread(held.store.counts, now().replace(day=1))
        return Aggregates.model_validate(aggregates.shown(found, held.current().organisation_names))

    @routes.put("/v1/trust", dependencies=[keepers], **documents.next_bundle())
    async def next_bundle(request: Request) -> documents.Version:
        """Go by a newer trust bundle, on every instance; never by an older one."""
        require(request, "application/cbor")
        with told():
            offered = TrustBundle.load(await limited_body(request, LARGEST))
            held.current().update(offered)
            await kept(held.store.keep_bundle, offered)
        return documents.Version(bundle_version=held.current().version)

    return routes


def withdrawal(message: Revocation, organisation: str) -> dict[str, Any]:
    """A message as JSON."""
    return {
        "organisation": organisation,
        "day": message.day.isoformat(),
        "hashes": [one.hex() for one in uploads.withdrawn_hashes(message.raw)],
        "message": base64.b64encode(message.raw).decode(),
    }


@contextmanager
def told() -> Iterator[None]:
    """What can't be believed is refused with its word."""
    try:
        yield
    except CardError as error:
        raise problems.refusal(error.code) from None
    except Rollback:
        raise problems.refusal("rollback") from None
    except TrustError:
        raise problems.refusal("bad-bundle") from None


async def upload_body(request: Request) -> bytes:
    """The signed message that a request brings."""
    require(request, "application/cose")
    return await limited_body(request, uploads.LARGEST)


def require(request: Request, wanted: str) -> None:
    """Refuses a body of any other type."""
    if media_type(request) != wanted:
        raise problems.refusal("unsupported-upload")
