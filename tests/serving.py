"""Servers on loopback: our own applications at work, and one that answers as a test wants it to, right or wrong."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import uvicorn

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def at_work(server: uvicorn.Server, *listening: socket.socket) -> Iterator[None]:
    """An application's server while it runs in a thread, on its own port or on sockets that listen already."""
    thread = threading.Thread(target=server.run, args=(list(listening) or None,))
    thread.start()
    try:
        deadline = time.monotonic() + 20
        while not server.started:
            assert thread.is_alive() and time.monotonic() < deadline, "the server did not start"
            time.sleep(0.01)
        yield
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """The address of a server that gives `answer` to each GET."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            pass  # a client that went away

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def sending(body: bytes, status: int = 200, **headers: str) -> Answer:
    """An answer of this body and these headers."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return answer
