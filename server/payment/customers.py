"""Who the gateways know our buyers as.

A saved payment method belongs to the buyer's customer at the gateway; without one, Stripe takes it only once. The
customer is made when a saved method first pays, outside any transaction, and noted afterwards: of two calls that
make one each, the first to note it counts, and the other's stays unused.
"""

from __future__ import annotations

from typing import Final

from server.clock import Clock
from server.db.database import Database
from server.db.deadline import Deadline
from server.db.pool import Pool
from server.payment import queries
from server.payment.gateway import Gateway

SECONDS: Final = 10.0


class Customers:
    """The customers at the gateways, by user."""

    def __init__(self, db: Database, pool: Pool, clock: Clock) -> None:
        self._db = db
        self._pool = pool
        self._clock = clock

    async def of(self, gateway: Gateway, user_id: int, key: str) -> str:
        """A user's customer at a gateway, made with `key` if there is none; empty when the gateway needs none.

        Raises GatewayAway.
        """
        known = await self._pool.run_vital(Deadline(SECONDS), self._known, gateway.name, user_id)
        made = known or await gateway.new_customer(key)
        if known or not made:
            return made
        return await self._pool.run_vital(Deadline(SECONDS), self._note, gateway.name, user_id, made)

    async def forget(self, gateway: Gateway, user_id: int, customer_id: str) -> None:
        """Forget a customer whom the gateway does not know any more: what is saved anew gets another."""
        await self._pool.run_vital(Deadline(SECONDS), self._forget, gateway.name, user_id, customer_id)

    def _known(self, gateway: str, user_id: int) -> str:
        with self._db.read() as connection:
            return queries.customer(connection, user_id, gateway)

    def _note(self, gateway: str, user_id: int, customer_id: str) -> str:
        values = {
            "user_id": user_id,
            "gateway": gateway,
            "customer_id": customer_id,
            "created_at": self._clock(),
        }
        with self._db.transaction() as tx:
            queries.new_customer(tx, values)
            return queries.customer(tx, user_id, gateway)

    def _forget(self, gateway: str, user_id: int, customer_id: str) -> None:
        with self._db.transaction() as tx:
            queries.forget_customer(tx, user_id, gateway, customer_id)
