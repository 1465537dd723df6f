"""The web pages as they lie in `web/`: plain files under one strict policy, asked for again each time but sent only when they changed."""

from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.routing import Match, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from healthcard import resources

# DP-29: nothing from anywhere else. WebAssembly is the reader of codes; blob: are pictures and video of the page's own making.
POLICY = "; ".join(
    (
        "default-src 'self'", "script-src 'self' 'wasm-unsafe-eval'", "img-src 'self' blob: data:", "media-src 'self' blob:",
        "object-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
    )
)  # fmt: skip
HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}


class Pages(StaticFiles):
    """Files of `web/`; a folder is its index.html."""

    def __init__(self, directory: Path | None = None) -> None:
        super().__init__(directory=directory or resources.folder("web"), html=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                if scope["path"].endswith(".mjs") or scope["path"].endswith(".js"):
                    headers["Content-Type"] = "text/javascript; charset=utf-8"  # Windows' registry may say otherwise
                if scope["path"].endswith(".wasm"):
                    headers["Content-Type"] = "application/wasm"
            await send(message)

        await super().__call__(scope, receive, with_policy)


class PagesBeside(Mount):
    """The pages beside a service: for what is fetched, and nothing below /v1, so that the service refuses in its own words."""

    def __init__(self) -> None:
        super().__init__("/", Pages())

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD") or scope["path"].startswith("/v1/"):
            return Match.NONE, {}
        return super().matches(scope)
