"""Reads a stream on a thread, and lets a test wait for what it should bring."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar

import grpc

PATIENCE = 60.0
"""Seconds that a test waits for what should come at once."""

M = TypeVar("M")


class StreamReader(Generic[M]):
    """An open stream and everything it has brought."""

    def __init__(self, stream: Any) -> None:
        self.messages: list[M] = []
        self.error: grpc.RpcError | None = None
        self.ended = False
        self._news = threading.Condition()
        self._stream = stream
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            for message in self._stream:
                with self._news:
                    self.messages.append(message)
                    self._news.notify_all()
        except grpc.RpcError as error:
            self.error = error
        with self._news:
            self.ended = True
            self._news.notify_all()

    def kinds(self) -> list[str]:
        """What each message was, as its `content` says: heartbeat, reconnect …"""
        contents: list[Any] = list(self.messages)
        return [message.WhichOneof("content") or "" for message in contents]

    def until(self, seen: Callable[[Self], object]) -> Self:
        """Wait until `seen` holds; fail when it does not in time."""
        with self._news:
            assert self._news.wait_for(lambda: seen(self), PATIENCE), (self.messages, self.error)
        return self

    def cancel(self) -> None:
        """Hang up."""
        self._stream.cancel()
        self._thread.join(PATIENCE)
