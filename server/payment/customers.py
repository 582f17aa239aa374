"""Who the gateways know our buyers as.

A saved payment method belongs to the buyer's customer at the gateway; without one, Stripe takes it only once. The
customer is made when a saved method first pays, outside any transaction, and noted afterwards: of two calls that
make one each, the first to note it counts, and the other's stays unused.
"""

from __future__ import annotations

from sqlalchemy import Connection

from server.clock import Clock
from server.db.work import Work
from server.payment import queries
from server.payment.gateway import Gateway


class Customers:
    """The customers at the gateways, by user."""

    def __init__(self, work: Work, clock: Clock) -> None:
        self._work = work
        self._clock = clock

    async def of(self, gateway: Gateway, user_id: int, key: str) -> str:
        """A user's customer at a gateway, made with `key` if there is none; empty when the gateway needs none.

        Raises GatewayAway.
        """
        current = await self._work.read(queries.customer, user_id, gateway.name, vital=True)
        if current:
            return current
        new = await gateway.new_customer(key)
        if not new:
            return ""
        return await self._work.write(self._note, gateway.name, user_id, new, vital=True)

    async def forget(self, gateway: Gateway, user_id: int, customer_id: str) -> None:
        """Forget a customer whom the gateway does not know any more: what is saved anew gets another."""
        await self._work.write(queries.forget_customer, user_id, gateway.name, customer_id, vital=True)

    def _note(self, tx: Connection, gateway: str, user_id: int, customer_id: str) -> str:
        queries.new_customer(tx, user_id, gateway, customer_id, self._clock())
        return queries.customer(tx, user_id, gateway)
