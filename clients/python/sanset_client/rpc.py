"""Turns a line per RPC into a typed method, for both kinds of client.

`list_products = Unary(ListProductsRequest, ListProductsResponse)` makes a method that takes the fields of the
request as keywords and returns the reply: at once on a `Service`, as a coroutine on an `AsyncService`. The
types come from the generated messages, so there is no second description of any request.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, Generic, ParamSpec, Self, TypeVar, overload

from google.protobuf.message import Message

P = ParamSpec("P")
Reply = TypeVar("Reply")


class Service:
    """Marks the services of a `Client`."""


class AsyncService:
    """Marks the services of an `AsyncClient`."""


class _Method(Generic[P, Reply]):
    """A method of a service: the RPC it calls, by default the one of its own name."""

    def __init__(self, request: Callable[P, Message], reply: type[Reply], *, rpc: str = "") -> None:
        self.request = request
        self.reply = reply
        self.rpc = rpc

    def __set_name__(self, owner: type, name: str) -> None:
        """Derive the RPC from the attribute: list_products calls ListProducts."""
        self.rpc = self.rpc or "".join(word.capitalize() for word in name.split("_"))

    def _stub(self, service: object) -> Callable[[Message], Any]:
        return getattr(service, self.rpc)  # type: ignore[no-any-return]


class Unary(_Method[P, Reply]):
    """Calls an RPC and returns its reply, or the field `part` of it."""

    def __init__(
        self, request: Callable[P, Message], reply: type[Reply], *, rpc: str = "", part: str = ""
    ) -> None:
        super().__init__(request, reply, rpc=rpc)
        self.part = part

    @overload
    def __get__(self, service: None, owner: type) -> Self: ...
    @overload
    def __get__(self, service: Service, owner: type) -> Callable[P, Reply]: ...
    @overload
    def __get__(self, service: AsyncService, owner: type) -> Callable[P, Coroutine[Any, Any, Reply]]: ...
    def __get__(self, service: object, owner: type) -> Any:
        """Return the method, bound to a service."""
        if service is None:
            return self
        stub = self._stub(service)

        def call(*args: P.args, **fields: P.kwargs) -> Reply:
            return self._part(stub(self.request(*args, **fields)))

        async def call_async(*args: P.args, **fields: P.kwargs) -> Reply:
            return self._part(await stub(self.request(*args, **fields)))

        return call if isinstance(service, Service) else call_async

    def _part(self, reply: Any) -> Reply:
        return getattr(reply, self.part) if self.part else reply  # type: ignore[no-any-return]


class Stream(_Method[P, Reply]):
    """Opens a stream of replies, which ends when it is cut."""

    @overload
    def __get__(self, service: None, owner: type) -> Self: ...
    @overload
    def __get__(self, service: Service, owner: type) -> Callable[P, Iterator[Reply]]: ...
    @overload
    def __get__(self, service: AsyncService, owner: type) -> Callable[P, AsyncIterator[Reply]]: ...
    def __get__(self, service: object, owner: type) -> Any:
        """Return the method, bound to a service."""
        if service is None:
            return self
        stub = self._stub(service)

        def call(*args: P.args, **fields: P.kwargs) -> Iterator[Reply]:
            return iter(stub(self.request(*args, **fields)))

        async def call_async(*args: P.args, **fields: P.kwargs) -> AsyncIterator[Reply]:
            async for message in stub(self.request(*args, **fields)):
                yield message

        return call if isinstance(service, Service) else call_async


class Items(_Method[P, Reply]):
    """Goes through the items of a list, fetching page after page as they are needed."""

    @overload
    def __get__(self, service: None, owner: type) -> Self: ...
    @overload
    def __get__(self, service: Service, owner: type) -> Callable[P, Iterator[Reply]]: ...
    @overload
    def __get__(self, service: AsyncService, owner: type) -> Callable[P, AsyncIterator[Reply]]: ...
    def __get__(self, service: object, owner: type) -> Any:
        """Return the method, bound to a service."""
        if service is None:
            return self
        stub = self._stub(service)

        def items(*args: P.args, **fields: P.kwargs) -> Iterator[Reply]:
            request: Any = self.request(*args, **fields)
            while True:
                page = stub(request)
                yield from page.items
                if not page.next_page_token:
                    return
                request.page_token = page.next_page_token

        async def items_async(*args: P.args, **fields: P.kwargs) -> AsyncIterator[Reply]:
            request: Any = self.request(*args, **fields)
            while True:
                page = await stub(request)
                for item in page.items:
                    yield item
                if not page.next_page_token:
                    return
                request.page_token = page.next_page_token

        return items if isinstance(service, Service) else items_async
