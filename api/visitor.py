"""The one browser that may talk to a station: let in by a word that is good once, known by its cookie, asked for a CSRF word."""

import hmac
import secrets

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from . import problems

CSRF_HEADER = "x-healthcard-csrf"
SAFE_METHODS = ("GET", "HEAD")


class Visitor:
    """The one browser that may talk to the station."""

    def __init__(self, port: int) -> None:
        self.hosts = frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost"))
        self.cookie = f"healthcard-station-{port}"
        self.session, self.csrf, self._word = (secrets.token_urlsafe(32) for _ in range(3))

    @property
    def entrance(self) -> str:
        return f"/enter/{self._word}"

    def let_in(self, word: str) -> bool:
        """Whether the word is right; it is good once."""
        right = bool(self._word) and hmac.compare_digest(word.encode(), self._word.encode())
        if right:
            self._word = ""
        return right

    def refuses(self, method: str, path: str, headers: Headers) -> bool:
        """Whether a request is not from that browser and this page: another host name, another origin, no cookie, no CSRF word."""
        host = headers.get("host", "")
        if host not in self.hosts or headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return True
        if headers.get("origin", f"http://{host}") != f"http://{host}":
            return True
        if not path.startswith("/api/"):
            return False
        cookies = dict(pair.strip().partition("=")[::2] for pair in headers.get("cookie", "").split(";"))
        if not hmac.compare_digest(cookies.get(self.cookie, "").encode(), self.session.encode()):
            return True
        return method not in SAFE_METHODS and not hmac.compare_digest(headers.get(CSRF_HEADER, "").encode(), self.csrf.encode())


class Loopback:
    """Middleware: a request that the visitor did not make is refused before anything looks at it."""

    def __init__(self, app: ASGIApp, visitor: Visitor) -> None:
        self.app, self.visitor = app, visitor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self.visitor.refuses(scope["method"], scope["path"], Headers(scope=scope)):
            detail = "open the station with the address that it printed when it was started"
            return await problems.response(403, "not-this-browser", detail)(scope, receive, send)
        await self.app(scope, receive, send)
