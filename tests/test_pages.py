"""The pages as the services send them: compressed where it helps, asked for again but not sent again, never outside their folder."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from api.pages import HEADERS, Pages
from healthcard import resources
from tests.test_verifier import running_app

WEB = resources.folder("web")
WASM = "vendor/zxing-wasm/reader/zxing_reader.wasm"


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with running_app(Starlette(routes=[Mount("/", Pages())])) as client:
        yield client


def sent(client: httpx.Client, path: str, **headers: str) -> tuple[httpx.Response, bytes]:
    """The answer, and its body as it went over the wire."""
    with client.stream("GET", f"/{path}", headers={name.replace("_", "-"): value for name, value in headers.items()}) as response:
        return response, b"".join(response.iter_raw())


@pytest.mark.parametrize("path", ["index.html", "scanner/app.js", "data/labels.json", "style.css", WASM])
def test_a_file_is_sent_compressed_to_who_takes_it(client: httpx.Client, path: str) -> None:
    plain = (WEB / path).read_bytes()
    response, body = sent(client, path, accept_encoding="gzip, br")
    assert response.headers["content-encoding"] == "gzip" and response.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(body) == plain and len(body) < 0.6 * len(plain) and int(response.headers["content-length"]) == len(body)
    response, body = sent(client, path, accept_encoding="identity")
    assert "content-encoding" not in response.headers and response.headers["vary"] == "Accept-Encoding" and body == plain


def test_the_policy_and_the_type_are_the_same_either_way(client: httpx.Client) -> None:
    for path, kind in (("scanner/app.js", "text/javascript; charset=utf-8"), (WASM, "application/wasm"), ("index.html", "text/html")):
        for encoding in ("gzip", "identity"):
            response, _ = sent(client, path, accept_encoding=encoding)
            assert response.headers["content-type"].startswith(kind)
            assert HEADERS.items() <= {name.title(): value for name, value in response.headers.items()}.items()


def test_a_picture_is_sent_as_it_is(client: httpx.Client) -> None:
    response, body = sent(client, "icons/icon-192.png", accept_encoding="gzip")
    assert "content-encoding" not in response.headers and body == (WEB / "icons" / "icon-192.png").read_bytes()


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_what_has_not_changed_is_not_sent_again(client: httpx.Client, encoding: str) -> None:
    first, _ = sent(client, "style.css", accept_encoding=encoding)
    again, body = sent(client, "style.css", accept_encoding=encoding, if_none_match=first.headers["etag"])
    assert again.status_code == 304 and body == b""


def test_a_file_that_changed_is_compressed_anew(tmp_path: Path) -> None:
    page = tmp_path / "index.html"
    page.write_text("before")
    with running_app(Starlette(routes=[Mount("/", Pages(tmp_path))])) as client:
        assert client.get("/").text == "before"
        page.write_text("afterwards")
        assert client.get("/").text == "afterwards"


@pytest.mark.parametrize("path", ["style.css", "icons/icon-192.png"])
@pytest.mark.parametrize("part", ["bytes=0-9", "bytes=abc", "bytes=99999999-", "lines=1"])
def test_a_file_is_sent_whole_whatever_part_is_asked_for(client: httpx.Client, path: str, part: str) -> None:
    response, body = sent(client, path, accept_encoding="identity", range=part)
    assert (response.status_code, response.headers["accept-ranges"]) == (200, "none") and body == (WEB / path).read_bytes()
