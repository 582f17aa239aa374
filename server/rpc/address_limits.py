"""How often one address may call in a minute, counted out of budgets that all workers share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from server.budgets.budgets import Budgets, Limit
from server.errors import ResourceExhausted
from server.rpc.call import Call
from server.rpc.networks import network_of

Count: TypeAlias = Callable[[Call], Awaitable[None] | None]
"""Counts a call, and raises RateLimited for an address that has used up this minute; or returns what is to be
awaited, because it may raise that."""


class RateLimited(ResourceExhausted):
    """Too many calls from one address."""

    message = (
        "Too many calls from your address: {limit} a minute are allowed. Try again in {seconds} seconds."
    )


@dataclass(frozen=True, slots=True)
class AddressLimit:
    """A limit of calls a minute for each address, and for each account of a back end wherever it calls from."""

    budgets: Budgets
    limit: Limit

    def count(self, call: Call) -> Awaitable[None] | None:
        """Count a call: see Count."""
        caller = call.caller
        if caller is not None and caller.is_service:
            payer = f"account {caller.user_id}"  # wherever it calls from, and whoever else does from there
        else:
            payer = network_of(call.address)
        admitted = self.budgets.spend(self.limit, payer)
        if admitted is True:
            return None
        if admitted is False:
            raise self._refusal()
        return self._await(admitted)

    async def _await(self, admitted: Awaitable[bool]) -> None:
        if not await admitted:
            raise self._refusal()

    def _refusal(self) -> RateLimited:
        seconds = self.budgets.seconds_left
        refusal = RateLimited(limit=self.limit.calls, seconds=seconds)
        refusal.retry_after_seconds = float(seconds)
        return refusal


def limit_of_searches(budgets: Budgets, calls: int) -> AddressLimit:
    """The limit of searches, by whichever RPC somebody searches."""
    return AddressLimit(budgets, Limit("searches", calls))


def no_limit(_: Call) -> Awaitable[None] | None:
    """Count nothing."""
    return None
