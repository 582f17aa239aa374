"""The sweeper: ends the orders that nobody ends, by asking their gateways.

It takes up what a checkout left when it died, once its lease has run out, and gives up what was not paid in
time. However many sweepers run beside each other and beside the checkouts: the gateways' keys and the one
step out of PENDING_PAYMENT decide. A gateway that is away is asked again at the next sweep; until then the goods
stay held.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVarTuple

import structlog
from sqlalchemy import Connection

from server.clock import Clock
from server.db.deadline import Deadline
from server.db.work import Work
from server.order import lookup, queries
from server.order.placed import PlacedOrder
from server.order.queries import Unsettled
from server.order.settlement import Misfit, Settlement, ask, misfit_of
from server.order.status import PENDING_PAYMENT
from server.payment.gateway import (
    CAPTURED,
    DECLINED,
    PENDING,
    VOIDED,
    GatewayAway,
    Gateways,
    Outcome,
    in_time,
)
from server.repeats.long_call import Reply

SECONDS = 30.0
AT_ONCE = 8
"""Orders that are settled beside each other; each waits for its gateway most of the time."""
PAGE = 100

log = structlog.get_logger()

Ts = TypeVarTuple("Ts")


class Sweeper:
    """Settles unpaid orders."""

    def __init__(
        self,
        work: Work,
        gateways: Gateways,
        settlement: Settlement[Reply],
        *,
        clock: Clock,
        gateway_seconds: float,
    ) -> None:
        self._work = work
        self._gateways = gateways
        self._settlement = settlement
        self._clock = clock
        self._gateway_seconds = gateway_seconds

    async def sweep(self) -> None:
        """Settle every order that needs it, once."""
        after = 0
        while page := await self._page(after):
            for start in range(0, len(page), AT_ONCE):
                by_buyer: dict[int | None, list[Unsettled]] = {}
                for due in page[start : start + AT_ONCE]:
                    by_buyer.setdefault(due.user_id, []).append(due)
                await asyncio.gather(*map(self._resolve_in_turn, by_buyer.values()))
            after = page[-1].order_id

    async def resolve(self, order_id: int, *, give_up: bool = True) -> str:
        """Learn what became of an order's payment, end the order accordingly, and return the payment's status.

        With `give_up` an order that was not paid is cancelled, after its gateway was told never to charge it.
        Raises OrderNotFound, and GatewayAway when the gateway cannot say.
        """
        order = await self._work.read(lookup.by_id, order_id, deadline=Deadline(SECONDS), vital=True)
        if order.payment is None:
            return ""
        if order.payment.status != PENDING:
            return order.payment.status
        outcome = await self._ask(order, give_up=give_up)
        if outcome is None or outcome.status == PENDING:
            return PENDING
        await self._end(order, outcome)
        return outcome.status

    async def _end(self, order: PlacedOrder, outcome: Outcome) -> None:
        if outcome.status != CAPTURED:
            await self._write(self._settlement.give_up, order, outcome)
        elif misfit := misfit_of(order, outcome):
            await self._write(self._settlement.alert, misfit)
            raise Misfit(misfit.problem)
        else:
            await self._write(self._settlement.confirm, order, outcome)

    async def _write(self, rule: Callable[[Connection, *Ts], object], *args: *Ts) -> None:
        await self._work.write(rule, *args, deadline=Deadline(SECONDS), vital=True)

    async def _ask(self, order: PlacedOrder, *, give_up: bool) -> Outcome | None:
        if order.charge.is_free:  # it costs nothing: there is nobody to ask
            return Outcome(CAPTURED if order.status == PENDING_PAYMENT else VOIDED, "")
        return await in_time(ask(self._gateways, order, give_up=give_up), self._gateway_seconds)

    async def _resolve_in_turn(self, orders: list[Unsettled]) -> None:
        """The orders of one buyer, the oldest first: what returns to the cart depends on those that follow."""
        for due in orders:
            await self._resolve(due.order_id, give_up=due.over)

    async def _resolve(self, order_id: int, *, give_up: bool) -> None:
        """Settle one of many: what fails is told, and does not keep the others from their turn."""
        try:
            ended = await self.resolve(order_id, give_up=give_up)
        except GatewayAway as error:
            log.warning("gateway_away", order_id=order_id, error=str(error))
        except Exception as error:
            log.error("sweep_failed", order_id=order_id, exc_info=error)
        else:
            if ended in (CAPTURED, DECLINED, VOIDED):
                log.info("swept", order_id=order_id, payment=ended)

    async def _page(self, after: int) -> Sequence[Unsettled]:
        return await self._work.read(
            queries.unsettled, self._clock(), after, PAGE, deadline=Deadline(SECONDS), vital=True
        )
