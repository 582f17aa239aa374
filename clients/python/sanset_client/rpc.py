"""Turns a line per RPC into a typed method, for both kinds of client.

`list_products = Unary("ListProducts", list_products, ListProductsResponse)` makes a method that takes the fields
of the request as keywords and returns the reply: at once on a `Service`, as a coroutine on an `AsyncService`.
What a method does is written once, as a coroutine; the service says how it is run (see `blocking`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Coroutine, Generator, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import update_wrapper
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, Self, TypeVar, overload

from google.protobuf.message import Message

from sanset_client.blocking import Blocking, iterate, run

P = ParamSpec("P")
Reply = TypeVar("Reply")
Metadata = Sequence[tuple[str, str | bytes]]

PIECE_BYTES = 256 * 1024
"""Of a file in one message."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request with what its call is to be made with.

    timeout: seconds; None means the client's own, and for a stream no deadline.
    metadata: pairs to send beside those of the client.
    """

    request: Message | Iterable[Message]
    timeout: float | None = None
    metadata: Metadata = ()


def prepare(
    request: Callable[..., Message], timeout: float | None, metadata: Metadata, /, **fields: object
) -> Prepared:
    """Make a request with the fields that are not None."""
    return Prepared(request(**fields), timeout, tuple(metadata))


class Opened(Protocol):
    """A stream of replies under way."""

    def cancel(self) -> bool:
        """End the stream."""


class Caller(Protocol):
    """A service as its methods see it, whatever it waits with."""

    async def call(self, rpc: str, prepared: Prepared) -> Any:
        """Call an RPC and return its reply. Raises SansetError."""

    def open(self, rpc: str, prepared: Prepared) -> tuple[Opened, AsyncIterable[Any]]:
        """Open a stream; return it, and its messages."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


class Service:
    """A service of a `Client`: its methods block."""

    async def call(self, rpc: str, prepared: Prepared) -> Any:
        """Call an RPC and return its reply. Raises SansetError."""
        return _stub(self, rpc, prepared)

    def open(self, rpc: str, prepared: Prepared) -> tuple[Opened, AsyncIterable[Any]]:
        """Open a stream; return it, and its messages."""
        stream = _stub(self, rpc, prepared)
        return stream, Blocking(stream)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)  # noqa: ASYNC251 - runs without an event loop


class AsyncService:
    """A service of an `AsyncClient`: its methods are awaited."""

    async def call(self, rpc: str, prepared: Prepared) -> Any:
        """Call an RPC and return its reply. Raises SansetError."""
        return await _stub(self, rpc, prepared)

    def open(self, rpc: str, prepared: Prepared) -> tuple[Opened, AsyncIterable[Any]]:
        """Open a stream; return it, and its messages."""
        stream = _stub(self, rpc, prepared)
        return stream, stream

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class Unary(Generic[P, Reply]):
    """Calls an RPC and returns its reply."""

    def __init__(self, rpc: str, request: Callable[P, Prepared], reply: type[Reply]) -> None:
        self.rpc = rpc
        self.request = request
        self.reply = reply

    @overload
    def __get__(self, service: None, owner: type) -> Self: ...
    @overload
    def __get__(self, service: Service, owner: type) -> Callable[P, Reply]: ...
    @overload
    def __get__(self, service: AsyncService, owner: type) -> Callable[P, Coroutine[Any, Any, Reply]]: ...
    def __get__(self, service: Service | AsyncService | None, owner: type) -> Any:
        """Return the method, bound to a service."""
        if service is None:
            return self

        def call(*args: P.args, **fields: P.kwargs) -> Any:
            work = service.call(self.rpc, self.prepared(*args, **fields))
            return run(work) if isinstance(service, Service) else work

        return update_wrapper(call, self.request)

    def prepared(self, *args: P.args, **fields: P.kwargs) -> Prepared:
        """The call."""
        return self.request(*args, **fields)


class Upload(Unary[P, Reply]):
    """Calls an RPC that takes a file, which is sent in pieces, and returns its reply."""

    def prepared(self, *args: P.args, **fields: P.kwargs) -> Prepared:
        """The call, its request in pieces."""
        whole = super().prepared(*args, **fields)
        return replace(whole, request=pieces(whole.request))


def pieces(request: Any) -> list[Any]:
    """The messages that a request with a whole `file` is sent as: the rest of it goes with the first."""
    data: bytes = request.file.data
    first = type(request)()
    first.CopyFrom(request)
    first.file.data = data[:PIECE_BYTES]
    rest = [type(request)() for _ in range(PIECE_BYTES, len(data), PIECE_BYTES)]
    for number, piece in enumerate(rest, start=1):
        piece.file.data = data[number * PIECE_BYTES : (number + 1) * PIECE_BYTES]
    return [first, *rest]


class Many(Generic[P, Reply]):
    """Makes a method with many results, one after the other, of a function that yields them."""

    def __init__(self, results: Callable[Concatenate[Caller, P], AsyncGenerator[Reply, None]]) -> None:
        self.results = results

    @overload
    def __get__(self, service: None, owner: type) -> Self: ...
    @overload
    def __get__(self, service: Service, owner: type) -> Callable[P, Generator[Reply, None, None]]: ...
    @overload
    def __get__(self, service: AsyncService, owner: type) -> Callable[P, AsyncGenerator[Reply, None]]: ...
    def __get__(self, service: Service | AsyncService | None, owner: type) -> Any:
        """Return the method, bound to a service."""
        if service is None:
            return self

        def call(*args: P.args, **fields: P.kwargs) -> Any:
            results = self.results(service, *args, **fields)
            return iterate(results) if isinstance(service, Service) else results

        return update_wrapper(call, self.results)


class Stream(Many[P, Reply]):
    """Opens a stream of replies, which ends when it is cut."""

    def __init__(self, rpc: str, request: Callable[P, Prepared], reply: type[Reply]) -> None:
        def results(service: Caller, /, *args: P.args, **fields: P.kwargs) -> AsyncGenerator[Reply, None]:
            return _messages(service, rpc, request(*args, **fields))

        update_wrapper(results, request)
        super().__init__(results)
        self.rpc = rpc
        self.request = request
        self.reply = reply


class Items(Many[P, Reply]):
    """Goes through the items of a list, fetching page after page as they are needed."""

    def __init__(self, rpc: str, request: Callable[P, Prepared], item: type[Reply]) -> None:
        def results(service: Caller, /, *args: P.args, **fields: P.kwargs) -> AsyncGenerator[Reply, None]:
            return _items(service, rpc, request(*args, **fields))

        update_wrapper(results, request)
        super().__init__(results)
        self.rpc = rpc
        self.request = request
        self.item = item


async def _messages(service: Caller, rpc: str, prepared: Prepared) -> AsyncGenerator[Any, None]:
    with ExitStack() as leaving:
        stream, messages = service.open(rpc, prepared)
        leaving.callback(stream.cancel)  # frees the server also when the caller leaves the loop
        async for message in messages:
            yield message


async def _items(service: Caller, rpc: str, prepared: Prepared) -> AsyncGenerator[Any, None]:
    request: Any = prepared.request
    while True:
        page = await service.call(rpc, prepared)
        for item in page.items:
            yield item
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


def _stub(service: Service | AsyncService, rpc: str, prepared: Prepared) -> Any:
    """Call the generated stub, which both kinds of service have under the RPC's own name."""
    stub = getattr(service, rpc)
    return stub(prepared.request, timeout=prepared.timeout, metadata=prepared.metadata)
