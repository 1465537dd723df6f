"""The desk of one station in a browser: unlock, fill in, preview, issue, print, check, hand over, and add to cards.

It listens on loopback only, to one browser that was let in by a word that is good once, and does nothing before the passphrase of the
station's key is given. Cards and drafts stay in this process (desk.py). Never mixed with the verifier: this one signs.
"""

import asyncio
import json
import socket
import webbrowser
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing, suppress
from datetime import date
from functools import partial
from typing import Annotated, Any

import uvicorn
from fastapi import FastAPI, Query, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse, StreamingResponse

import healthcard
from healthcard import picture as pictures
from healthcard.errors import HealthcardError, RecordError
from healthcard.printing import printers

from . import problems
from .desk import Desk, Face, Settings, forgetting
from .drafts import Draft, listed
from .guard import LOGGING, SERVER, Guard, limited_body
from .held import HeldBundle
from .pages import Pages
from .station_bodies import Changed, Drafted, Given, Passphrase, Printed, Printer, Signed, Texts, json_of, sent
from .visitor import Loopback, Visitor

LARGEST_BATCH = 16 * 1024 * 1024
LOOK_SECONDS = 5.0  # between two looks whether the station was left alone for long enough to lock itself
STATUS = {"locked": 423, "wrong-passphrase": 403, "not-found": 404, "bad-key-file": 409, "bad-bundle": 409}  # any other refusal: 422


def create_app(settings: Settings, port: int, *, now: Callable[[], date] = date.today) -> FastAPI:
    """The station as an ASGI application; `app.state.entrance` is the path that lets a browser in, once."""
    held = HeldBundle(settings.bundle)
    desk = Desk(settings, held.current, now=now)
    worker = ThreadPoolExecutor(1, "desk")  # one piece of work at a time: the desk is one nurse's
    visitor = Visitor(port)
    app = FastAPI(title="healthcard station", version=healthcard.__version__, openapi_url=None, docs_url=None, redoc_url=None,
                  redirect_slashes=False, lifespan=watching(desk),
                  telemetry={"tracing": False, "metrics": False, "logs": False})  # as the verifier's  # fmt: skip
    app.add_middleware(Loopback, visitor=visitor)
    app.add_middleware(Guard)
    problems.install(app)
    app.add_exception_handler(HealthcardError, _refused)
    app.state.entrance, app.state.desk = visitor.entrance, desk

    async def at_desk(work: Callable[..., Any], *arguments: Any, **how: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(worker, lambda: work(*arguments, **how))

    @app.get("/enter/{word}")
    async def enter(word: str) -> Response:
        """Let the browser in that was started with the station."""
        if not visitor.let_in(word):
            raise problems.refusal(404)
        response = RedirectResponse("/station/", 303)
        response.set_cookie(visitor.cookie, visitor.session, httponly=True, samesite="strict")
        return response

    @app.get("/")
    async def start() -> Response:
        return RedirectResponse("/station/", 303)

    @app.get("/api/state")
    async def state() -> Response:
        """What the page has to know, locked or not; nothing of anybody."""
        bundle, match = held.current(), desk.match
        station = {"organisation": match.organisation.name, "number": match.station.number}
        window = {"first": match.station.first.isoformat(), "last": match.station.last.isoformat()}
        ages = {"version": bundle.version, "issued": bundle.issued.isoformat(), "expires": bundle.expires.isoformat()}
        age = (now() - bundle.issued).days
        return JSONResponse({
            "locked": desk.locked, "csrf": visitor.csrf, "network": bundle.network, "today": now().isoformat(), "station": station | window,
            "bundle": ages | {"age_days": age}, "clock_wrong": age < -1, "basis": settings.basis,
            "sealing": bundle.sealing_key(now()) is not None, "unseals": settings.epoch_key is not None,
            "idle_seconds": settings.idle_seconds,
        })  # fmt: skip

    @app.post("/api/unlock")
    async def unlock(request: Request) -> Response:
        """Open the station's key with its passphrase."""
        await at_desk(desk.unlock, (await sent(request, Passphrase)).passphrase)
        if not desk.warm:
            worker.submit(desk.warm_up)
        return Response(status_code=204)

    @app.post("/api/lock")
    async def lock() -> Response:
        desk.lock()
        return Response(status_code=204)

    @app.get("/api/draft")
    async def draft() -> Response:
        """The form as it was left; null where there is none."""
        desk.signer()
        return JSONResponse(desk.draft)

    @app.put("/api/draft")
    async def keep_draft(request: Request) -> Response:
        """Remember the form in this process, so that a reload keeps it."""
        desk.signer()
        desk.used()
        desk.draft = await json_of(request)
        return Response(status_code=204)

    async def draft_of(request: Request) -> tuple[Printed, Callable[[], Draft]]:
        desk.signer()
        asked = (await sent(request, Drafted)).root
        if isinstance(asked, Given):
            return asked, partial(desk.new, asked.record, asked.profile)
        return asked, partial(desk.continued, asked.texts, asked.change, asked.profile, **asked.how())

    @app.post("/api/check")
    async def check(request: Request) -> Response:
        """What can't be, what must be typed again, what is asked, the size and the summary of a new card or of one that is continued."""
        _, draft = await draft_of(request)
        return JSONResponse(await at_desk(desk.check, draft))

    @app.post("/api/preview")
    async def preview(request: Request) -> Response:
        """A picture of the face before anything is signed."""
        asked, draft = await draft_of(request)
        return Response(await at_desk(desk.preview, draft, asked.face()), media_type="image/png")

    @app.post("/api/issue")
    async def issue(request: Request) -> Response:
        """Sign, print into memory and read back a card."""
        given = await sent(request, Signed)
        number = await at_desk(desk.issue, given.record, given.typed_again, given.profile, given.face())
        return made(number)

    @app.post("/api/extend")
    async def extend(request: Request) -> Response:
        """A sticker, or a new card in the place of one."""
        asked = await sent(request, Changed)
        how = asked.how() | {"lose_sealed": asked.lose_sealed, "profile": asked.profile}
        number = await at_desk(desk.extend, asked.texts, asked.change, asked.typed_again, asked.face(), **how)
        return made(number)

    def made(number: int) -> Response:
        card = desk.made(number).card
        found = {"card": number, "kind": card.part.kind, "record": card.record.to_json(), "handover": card.handover.to_json()}
        return JSONResponse(found | {"text": card.text, "files": sorted(desk.made(number).files)}, 201)

    @app.get("/api/cards/{number}/{name}")
    async def file(number: int, name: str) -> Response:
        """One printed form of a card: card.pdf, card.png, card.txt."""
        files = desk.made(number).files
        suffix = name.removeprefix("card")
        if suffix not in files:
            raise problems.refusal(404)
        kinds = {".pdf": "application/pdf", ".png": "image/png", ".txt": "text/plain"}
        return Response(files[suffix], media_type=kinds.get(suffix, "application/octet-stream"))

    @app.get("/api/templates")
    async def templates() -> Response:
        """The formats of cards and stickers."""
        desk.signer()
        return JSONResponse([
            {"name": one.name, "kind": one.kind, "width_mm": one.width_mm, "height_mm": one.height_mm, "ruler": one.ruler}
            for one in desk.templates()
        ])  # fmt: skip

    @app.get("/api/printers")
    async def names() -> Response:
        """The printers of this computer; none where it has no CUPS."""
        desk.signer()
        return JSONResponse(await at_desk(printers.names))

    @app.post("/api/cards/{number}/print")
    async def to_printer(request: Request, number: int) -> Response:
        """Give a card to a printer of this computer."""
        await at_desk(desk.print, number, (await sent(request, Printer)).printer)
        return Response(status_code=204)

    @app.post("/api/cards/{number}/check")
    async def check_print(request: Request, number: int, ruler_mm: Annotated[float | None, Query(gt=0, le=200)] = None) -> Response:
        """The check scan: whether a picture shows a print of this card that can be handed over."""
        found = await at_desk(desk.check_print, number, await limited_body(request, pictures.MAX_FILE), ruler_mm)
        return JSONResponse({"passed": all(one.passed for one in found), "results": [one.to_json() for one in found]})

    @app.post("/api/batch")
    async def batch(request: Request, template: str = "a7", language: str | None = None, text_light: bool = False) -> Response:
        """Cards for the records of a file (NDJSON), on sheets: a line of JSON for every step, the last says how it went."""
        desk.signer()
        records = await limited_body(request, LARGEST_BATCH)
        steps: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def tell(step: dict[str, Any] | None) -> None:
            loop.call_soon_threadsafe(steps.put_nowait, step)

        def work() -> None:
            try:
                desk.batch(records, Face(template, language, text_light), tell)
            except HealthcardError as error:
                tell(dict(problems.body(STATUS.get(error.code, 422), error.code, str(error))))
            finally:
                tell(None)

        async def told() -> AsyncIterator[bytes]:
            working = loop.run_in_executor(worker, work)
            while (step := await steps.get()) is not None:
                yield json.dumps(step).encode() + b"\n"
            await working

        return StreamingResponse(told(), media_type="application/x-ndjson")

    @app.get("/api/batch/sheets.pdf")
    async def sheets() -> Response:
        """The sheets of the last batch."""
        return Response(desk.sheets().pdf, media_type="application/pdf")

    @app.post("/api/batch/handed-over")
    async def batch_handed_over() -> Response:
        """The cards of the batch are given out: counted, of those who said yes, and forgotten."""
        await at_desk(desk.sheets_handed_over)
        return Response(status_code=204)

    @app.post("/api/cards/{number}/handed-over")
    async def handed_over(number: int) -> Response:
        """She has the card: it is counted, if she said yes, and forgotten."""
        await at_desk(desk.handed_over, number)
        return Response(status_code=204)

    @app.post("/api/cards/{number}/discard")
    async def discard(number: int) -> Response:
        desk.discard(number)
        return Response(status_code=204)

    @app.post("/api/read")
    async def read(request: Request) -> Response:
        """What a card says: its texts as JSON, or a picture of it; the texts come back for a continuation."""
        desk.signer()
        if request.headers.get("content-type", "").startswith("application/json"):
            texts = (await sent(request, Texts)).texts
        else:
            texts = await at_desk(pictures.scan, await limited_body(request, pictures.MAX_FILE))
        found = await at_desk(desk.read, texts)
        return JSONResponse(found.to_json() | {"texts": texts})

    @app.get("/api/counts")
    async def counts() -> Response:
        """What was given today, of those who agreed to be counted; a cell from 1 to 9 is null (DP-16)."""
        desk.signer()
        return JSONResponse({"day": now().isoformat(), "services": desk.counts.of_day(now())})

    @app.get("/sw.js")
    async def worker_script() -> Response:
        """Not here: the worker of the scanner keeps pages, and would go on showing a browser the desk of an earlier version."""
        raise problems.refusal(404)

    app.mount("/", Pages())
    return app


def watching(desk: Desk) -> Callable[[FastAPI], Any]:
    """While the application runs, a desk that was left alone is locked, whether anything is asked of it or not."""

    async def watch() -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            desk.lock_unused()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(watch())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    return lifespan


async def _refused(request: Request, error: Exception) -> JSONResponse:
    """A failure of the library as a problem with its word and, of a record, every place."""
    assert isinstance(error, HealthcardError)
    request.state.outcome = error.code
    status = STATUS.get(error.code, 422)
    said: dict[str, Any] = dict(problems.body(status, error.code, str(error)))
    if isinstance(error, RecordError):
        said["problems"] = listed(error.problems)
    return JSONResponse(said, status, media_type=problems.MEDIA_TYPE)


def serve(settings: Settings, port: int, browser: bool, tell: Callable[[str], None]) -> None:
    """Run the station until it is stopped; raises TrustError, KeyFileError and OSError where it can't start."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as listening:
        listening.bind(("127.0.0.1", port))
        port = listening.getsockname()[1]
        app = create_app(settings, port)
        address = f"http://127.0.0.1:{port}{app.state.entrance}"
        server = uvicorn.Server(uvicorn.Config(app, log_config=LOGGING, **SERVER))
        tell(address)
        if browser:
            webbrowser.open(address)
        with forgetting(app.state.desk):
            server.run([listening])
