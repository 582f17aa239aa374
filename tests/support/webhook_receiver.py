"""A real HTTP server that takes webhooks, or does not."""

from __future__ import annotations

import hashlib
import hmac
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Received:
    """One POST."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def told(self) -> dict[str, Any]:
        """The body."""
        told: dict[str, Any] = json.loads(self.body)
        return told

    def is_signed_with(self, secret: str) -> bool:
        """What a receiver checks: one of the signatures is under its secret."""
        time, *signatures = self.headers["sanset-signature"].split(",")
        signed = time.removeprefix("t=").encode() + b"." + self.body
        expected = "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        return any(hmac.compare_digest(expected, signature) for signature in signatures)


@dataclass
class Receiver:
    """What was received. `answer` says how to answer: a status, or a function that writes its own answer."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answer: Callable[[Received], int | Callable[[BaseHTTPRequestHandler], None]] = lambda received: 200
    busy: int = 0
    busiest: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def sequences(self, order_id: int) -> list[int]:
        """The steps of an order, as they arrived."""
        return [one.told["sequence"] for one in self.received if one.told["order_id"] == order_id]


@contextmanager
def receiver(tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[Receiver]:
    """A receiver on a free port."""
    one = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if len(body) < int(self.headers["Content-Length"]):  # the sender died over it
                self.close_connection = True
                return
            got = Received(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            with one.lock:
                one.received.append(got)
                one.busy += 1
                one.busiest = max(one.busiest, one.busy)
            try:
                answer = one.answer(got)
                if callable(answer):
                    answer(self)
                    return
                self.send_response(answer)
                self.send_header("Content-Length", "0")
                self.end_headers()
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True
            finally:
                with one.lock:
                    one.busy -= 1

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            """Senders that die are what some tests are about."""

    server = Server((host, 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    scheme = "https" if tls is not None else "http"
    one.url = f"{scheme}://{host}:{server.server_address[1]}/hook"
    try:
        yield one
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
