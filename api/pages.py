"""The web pages as they lie in `web/`: plain files under one strict policy, asked for again each time but sent only when they changed."""

import gzip
import os
from functools import lru_cache
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import FileResponse, Response
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
    "Accept-Ranges": "none",
    "Cache-Control": "no-cache",
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}
SMALLER_COMPRESSED = {".html", ".css", ".js", ".mjs", ".json", ".svg", ".wasm", ".webmanifest"}


@lru_cache(maxsize=256)
def compressed(path: str, changed_ns: int) -> bytes:
    """A file as gzip, made once for each of its states: the 950 KB of the code reader are sent as 410."""
    return gzip.compress(Path(path).read_bytes(), mtime=0)


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

        # A part of a file is never sent, as RFC 9110 section 14.2 allows: a wrong range would be answered in words that are not ours.
        whole = {**scope, "headers": [header for header in scope["headers"] if header[0] != b"range"]}
        await super().__call__(whole, receive, with_policy)

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """The file, as gzip where that is smaller and the browser takes it."""
        plain = super().file_response(full_path, stat_result, scope, status_code)
        path = os.fspath(full_path)
        takes_gzip = "gzip" in Headers(scope=scope).get("accept-encoding", "")
        if Path(path).suffix not in SMALLER_COMPRESSED or not isinstance(plain, FileResponse):
            return plain
        plain.headers["Vary"] = "Accept-Encoding"
        if not takes_gzip:
            return plain
        sent = Response(compressed(path, stat_result.st_mtime_ns), status_code, media_type=plain.media_type)
        for name in ("etag", "last-modified", "vary"):
            sent.headers[name] = plain.headers[name]
        sent.headers["content-encoding"] = "gzip"
        return sent


class PagesBeside(Mount):
    """The pages beside a service: for what is fetched, and nothing below /v1, so that the service refuses in its own words."""

    def __init__(self) -> None:
        super().__init__("/", Pages())

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"].startswith("/v1/"):
            return Match.NONE, {}
        return super().matches(scope)
