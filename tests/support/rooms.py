"""Rooms without a server around them: built as a worker builds them, their methods called as its pipeline does."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

import grpc

from server.clock import Clock, utc_now
from server.core import Core
from server.part import Part
from server.rpc.call import Call
from server.settings import Settings


def core_of(settings: Settings, now: Clock | None = None) -> Core:
    """What rooms build on. By `now` they tell the time, if it is given, and not by the database's clock."""
    core = Core.of(settings, utc_now)
    return core if now is None else replace(core, clock=now)


class Methods:
    """The methods of parts, by name: a server as far as servicers are added to it."""

    def __init__(self, core: Core, parts: Iterable[Part]) -> None:
        self._core = core
        self._methods: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}
        for part in parts:
            for add in part.servicers:
                add(cast(grpc.aio.Server, self))

    def add_generic_rpc_handlers(self, handlers: object) -> None:
        """Nothing: the methods come by their names as well."""

    def add_registered_method_handlers(
        self, service: str, handlers: Mapping[str, grpc.RpcMethodHandler[Any, Any]]
    ) -> None:
        """Learn the methods of a service."""
        self._methods |= handlers

    async def call(self, method: str, request: Any, call: Call) -> Any:
        """Call a unary method: on the pool, unless it is async."""
        behaviour = cast(Callable[..., Any], self._methods[method].unary_unary)
        if inspect.iscoroutinefunction(behaviour):
            return await behaviour(request, call)
        return await self._core.pool.run(call.deadline, behaviour, request, call)

    def stream(self, method: str, request: Any, call: Call) -> AsyncIterator[Any]:
        """Open a stream."""
        behaviour = cast(Callable[..., AsyncIterator[Any]], self._methods[method].unary_stream)
        return behaviour(request, call)
