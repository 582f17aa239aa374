"""A TCP proxy that can freeze the connections that are open, as network devices do: new ones work."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import make_url


class FreezingProxy:
    """Stands before a database."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[_Link] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def freeze(self) -> int:
        """Carry nothing more on the connections that are open, and keep them open; say how many."""
        links, self._open = self._open, []
        for link in links:
            link.frozen.set()
        self._frozen = links
        return len(links)

    def close(self) -> None:
        """End everything."""
        self._listener.close()
        for link in [*self._open, *getattr(self, "_frozen", [])]:
            link.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._open.append(_Link(client, socket.create_connection(self._target)))


class _Link:
    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.frozen = threading.Event()
        self._ends = (client, server)
        for source, sink in ((client, server), (server, client)):
            threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if self.frozen.is_set():
                    return
                sink.sendall(data)
        if not self.frozen.is_set():
            self.close()

    def close(self) -> None:
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@contextmanager
def proxied(url: str) -> Iterator[tuple[str, FreezingProxy]]:
    """A URL that leads to a database through a proxy, and the proxy."""
    target = make_url(url)
    assert target.host is not None
    assert target.port is not None
    proxy = FreezingProxy(target.host, target.port)
    try:
        yield target.set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False), proxy
    finally:
        proxy.close()
