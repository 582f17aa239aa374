"""Limits: how often one address may call, and how many streams may be open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

from google.protobuf.message import Message

from server.budgets.budgets import Budgets, Limit
from server.contract import FILES_A_MINUTE, REPORTS_A_MINUTE
from server.errors import ResourceExhausted
from server.rpc.address_limits import AddressLimit, Count, limit_of_searches, no_limit
from server.rpc.call import Call
from server.rpc.networks import network_of


class TooManyStreams(ResourceExhausted):
    """Too many open streams."""

    message = "Too many streams are open ({limit} are allowed); close one first."


class Limits:
    """Counts calls by address, out of budgets that all workers share, and streams by caller, in this worker.

    Envoy counts as well, what comes through it alone: what one caller sends far too often is refused there, where
    that costs least.
    """

    def __init__(
        self,
        budgets: Budgets,
        *,
        anonymous: int,
        signed_in: int,
        streams_per_user: int,
        streams: int,
        searches: int = 60,
        report_methods: Collection[str] = (),
        file_methods: Collection[str] = (),
        search_methods: Collection[str] = (),
    ) -> None:
        """`anonymous` and `signed_in` are calls per minute and address; 0 anonymous turns both off.

        `report_methods` are those by which machines report, and `file_methods` those that send what never changes;
        they have limits of their own. Of `search_methods` an address may call so many `searches` among its calls.
        """
        self._enabled = anonymous > 0
        self._anonymous = AddressLimit(budgets, Limit("anonymous", anonymous))
        self._signed_in = AddressLimit(budgets, Limit("signed-in", signed_in))
        self._searches = limit_of_searches(budgets, searches)
        self._search_methods = frozenset(search_methods)
        self._own = {
            **dict.fromkeys(report_methods, AddressLimit(budgets, Limit("reports", REPORTS_A_MINUTE))),
            **dict.fromkeys(file_methods, AddressLimit(budgets, Limit("files", FILES_A_MINUTE))),
        }
        self._streams_per_user = streams_per_user
        self._streams = streams
        self._open: Counter[int | str] = Counter()

    @property
    def open_streams(self) -> int:
        """How many streams are open."""
        return self._open.total()

    def count_of(self, method: str) -> Count:
        """What counts a method's calls."""
        own = self._own.get(method)
        signed_in, anonymous = own or self._signed_in, own or self._anonymous

        def count(call: Call) -> Awaitable[None] | None:
            return (anonymous if call.caller is None else signed_in).count(call)

        def count_search(call: Call) -> Awaitable[None] | None:
            general = count(call)
            return self._searches.count(call) if general is None else self._search(general, call)

        if not self._enabled:
            return no_limit
        return count_search if method in self._search_methods else count

    async def _search(self, general: Awaitable[None], call: Call) -> None:
        await general
        waiting = self._searches.count(call)
        if waiting is not None:
            await waiting

    @contextmanager
    def stream(self, call: Call) -> Iterator[None]:
        """Hold a place for a stream; raise TooManyStreams when the caller or the worker has none left."""
        owner = call.caller.user_id if call.caller else network_of(call.address)
        if self._open[owner] >= self._streams_per_user:
            raise TooManyStreams(limit=self._streams_per_user)
        if self.open_streams >= self._streams:
            raise TooManyStreams(limit=self._streams)
        self._open[owner] += 1
        try:
            yield
        finally:
            self._open[owner] -= 1
            if not self._open[owner]:
                del self._open[owner]

    def counted(self, behaviour: Callable[..., Any]) -> Callable[[Message, Call], Awaitable[Message]]:
        """A method that is sent a stream, as one that counts it: who sends slowly holds it for long."""

        async def count(request: Message, call: Call) -> Message:
            with self.stream(call):
                reply: Message = await behaviour(request, call)
                return reply

        return count
