"""How a trust bundle reaches a reader: as a file, in a folder (a USB stick), over HTTP, or from a colleague's screen.

Whichever way it came, the bytes are believed by their signatures alone, and replace the bundle held only by `TrustBundle.update`.
"""

import http.client
import threading
import urllib.error
import urllib.request
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from healthcard import files, picture
from healthcard.errors import PictureError, Rollback, TrustError
from healthcard.trust.bundle import LARGEST, TrustBundle
from healthcard.trust.texts import BUNDLE_PREFIXES, bundle_from_texts

SUFFIX = ".bundle"
MOST_FILES = 200  # of a folder that are looked at
SECONDS = 20  # to connect, and again for each piece of the answer
WHOLE_SECONDS = 60  # for all of it: a server that sends a byte at a time is not waited for
LONGEST_ETAG = 200
NO_ADDRESS = "an address begins with http:// or https:// and a host; a port is a number up to 65535"


def newest(candidates: Iterable[bytes], held: TrustBundle | None = None) -> TrustBundle | None:
    """The highest version among those that load and may replace `held`; without `held`, raises TrustError for those of several networks."""
    best = held
    for raw in candidates:
        try:
            found = TrustBundle.load(raw)
        except TrustError:
            continue
        try:
            best = best.update(found) if best else found
        except Rollback:
            continue
        except TrustError:
            if held is None:
                raise TrustError("trust bundles of several networks: name the file of yours") from None
    return best if best is not held else None


def from_folder(folder: Path, held: TrustBundle | None = None) -> TrustBundle:
    """The newest trust bundle among the files *.bundle of a folder; raises TrustError where none may replace `held`."""
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == SUFFIX and path.is_file())[:MOST_FILES]
        found = newest((files.read(path, LARGEST) for path in paths), held)
    except OSError as error:
        raise TrustError(f"{error.filename or folder}: {error.strerror}") from None
    if found is None:
        raise TrustError(f"{folder}: no trust bundle (*{SUFFIX}) that is newer than the one held, of {len(paths)} looked at")
    return found


def from_pictures(pictures: Iterable[bytes | Path]) -> TrustBundle:
    """The trust bundle in the symbols of pictures; raises PictureError, which names the file, and TrustError."""
    return bundle_from_texts(text for one in pictures for text in _scanned(one))


def _scanned(one: bytes | Path) -> list[str]:
    try:
        return picture.scan(one, prefixes=tuple(BUNDLE_PREFIXES.values()))
    except PictureError as error:
        raise type(error)(f"{one}: {error}" if isinstance(one, Path) else str(error)) from None


@dataclass(frozen=True)
class Fetched:
    """What a server sent: the bundle, or None where it is the one of the ETag that was named; and the ETag to name next time."""

    bundle: TrustBundle | None
    etag: str | None


def http_address(url: str) -> SplitResult | None:
    """The parts of an address of HTTP; None for what is none, or has a name or password in it."""
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and parts.hostname and parts.username is None and parts.port != 0
    except ValueError:  # a bracket left open, a port that is none
        return None
    return parts if known else None


def fetch(url: str, etag: str | None = None, *, seconds: float = SECONDS, whole_seconds: float = WHOLE_SECONDS) -> Fetched:
    """The trust bundle at an address given by the user, as a verifier's /v1/trust; no other host is asked, whatever the server says.

    Raises TrustError for what is no address, does not answer in time, is larger than 256 KiB, or is no trust bundle.
    """
    asked = http_address(url)
    if asked is None:
        raise TrustError(NO_ADDRESS)
    request = urllib.request.Request(url, headers={"Accept": "application/cbor", "User-Agent": "healthcard"})
    if etag:
        request.add_header("If-None-Match", etag)
    answer: Future[tuple[bytes | None, str]] = Future()
    # In a thread that is left behind where it is too slow: a limit on each read does not stop a server that sends a byte at a time.
    threading.Thread(target=_answer, args=(answer, request, seconds), daemon=True).start()
    try:
        body, given = answer.result(whole_seconds)
    except TimeoutError:
        raise TrustError(f"{asked.hostname}: too slow") from None
    except urllib.error.HTTPError as error:
        raise TrustError(f"{asked.hostname}: answered {error.code}") from None
    except (OSError, http.client.HTTPException, ValueError):
        raise TrustError(f"{asked.hostname}: no answer that can be read") from None
    if body is None:
        return Fetched(None, etag)
    return Fetched(TrustBundle.load(body), given if 0 < len(given) <= LONGEST_ETAG and given.isprintable() else None)


def _answer(answer: Future[tuple[bytes | None, str]], request: urllib.request.Request, seconds: float) -> None:
    """Put body and ETag into `answer`, no body where the server says that ours is its newest; or what went wrong."""
    try:
        with urllib.request.build_opener(_SameHost).open(request, timeout=seconds) as response:
            body = response.read(LARGEST + 1)
            answer.set_result((body, response.headers.get("ETag", "")))
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 304 and request.has_header("If-none-match"):
            answer.set_result((None, ""))
        else:
            answer.set_exception(error)
    except Exception as error:
        answer.set_exception(error)


class _SameHost(urllib.request.HTTPRedirectHandler):
    """Follows a server only to itself: same scheme, host and port."""

    max_redirections = 3

    def redirect_request(  # type: ignore[no-untyped-def]
        self, req, fp, code, msg, headers, newurl
    ) -> urllib.request.Request | None:
        if urlsplit(newurl)[:2] != urlsplit(req.full_url)[:2]:
            fp.close()
            raise TrustError(f"{urlsplit(req.full_url).hostname}: sends us to another host, which is not asked")
        return super().redirect_request(req, fp, code, msg, headers, newurl)
