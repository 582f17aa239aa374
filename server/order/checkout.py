"""Checkout: reserve, pay, confirm; a short sequence of transactions that can be taken up where it was left.

The request id is claimed in the transaction that reserves, so that its effect and the claim stand or fall
together, and the reply is stored in the transaction that settles the order, whoever settles it. A repeat finds
the reply; or the first call still at work, and waits; or its lease run out because it died, and carries on in
its place: the gateway knows the order's number and does not charge it twice, and only one caller can move the
order out of PENDING_PAYMENT.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from server.auth import payment_methods
from server.cart.pricing import PriceRules
from server.clock import Clock
from server.db.database import Database
from server.db.deadline import Deadline
from server.db.prepared import write_out
from server.errors import Aborted, Unavailable
from server.money import Money
from server.order import queries
from server.order.errors import PaymentDeclined, PaymentUnavailable
from server.order.payments.gateway import CAPTURED, DECLINED, Charge, GatewayAway, Gateways, Outcome
from server.order.repeats import FIRST_WAIT, LONGEST_WAIT, first_or_wait
from server.order.reserve import NO_GATEWAY, PlacedOrder, Purchase, read_placed, reserve
from server.order.settlement import METHOD, NOT_PAID, Render, Settlement
from server.order.status import CANCELLED, PENDING_PAYMENT
from server.rpc.faults import refusal_of
from server.rpc.idempotency import Key, claim, first_reply, store_reply, take_lease
from server.rpc.pool import Pool

SETTLE_SECONDS = 30.0
"""Time to settle an order once its payment is known, whatever the caller's deadline."""
LEASE_MARGIN = timedelta(seconds=2)

log = structlog.get_logger()

Finish = Callable[[Purchase, PlacedOrder, Outcome], bytes]


@dataclass(frozen=True)
class CheckoutRules:
    """What the shop decides about its checkout."""

    prices: PriceRules
    held_for: timedelta
    payment_seconds: float


class Checkout:
    """Places orders."""

    def __init__(
        self,
        db: Database,
        pool: Pool,
        gateways: Gateways,
        settlement: Settlement,
        rules: CheckoutRules,
        clock: Clock,
        render: Render,
    ) -> None:
        self._db = db
        self._pool = pool
        self._gateways = gateways
        self._settlement = settlement
        self._rules = rules
        self._clock = clock
        self._render = render
        self._lease = timedelta(seconds=rules.payment_seconds) + LEASE_MARGIN

    async def place(self, purchase: Purchase, deadline: Deadline) -> bytes:
        """Place an order, or return the reply of the first call with the same request id.

        Raises what `reserve` raises, and PaymentMethodNotFound, IdempotencyMismatch, StillRunning, PaymentDeclined
        and PaymentUnavailable.
        """

        async def begin() -> bytes | None:
            found = await self._pool.run(deadline, self._begin, purchase)
            if isinstance(found, PlacedOrder):
                return await self._settle(purchase, found)
            return found

        return await self._answer(purchase, await first_or_wait(deadline, purchase.request_id, begin))

    def _begin(self, purchase: Purchase) -> PlacedOrder | bytes | None:
        """An order to settle, the reply of the first call, or None while that is still at work."""
        now = self._clock()
        key = _key(purchase)
        with self._db.transaction() as tx:
            if claim(tx, key, purchase.body_hash, now, leased_until=now + self._lease):
                gateway = self._gateways.for_method(purchase.payment_method).name
                paying = replace(purchase, gateway=gateway)
                if purchase.payment_method_id:
                    saved = payment_methods.token_for_checkout(
                        tx, purchase.user_id, purchase.payment_method_id, purchase.payment_method
                    )
                    paying = replace(paying, payment_token=saved)
                return reserve(tx, paying, self._rules.prices, now, self._rules.held_for)
            reply = first_reply(tx, key, purchase.body_hash)
            if reply is None and take_lease(tx, key, now, now + self._lease):
                order = read_placed(tx, purchase.user_id, purchase.request_id)
                if order.values["status"] == PENDING_PAYMENT:
                    return order
                reply = NOT_PAID if order.values["status"] == CANCELLED else self._render(order, "")
                store_reply(tx, key, reply)
            return reply

    async def _settle(self, purchase: Purchase, order: PlacedOrder) -> bytes | None:
        """Pay an order and end it accordingly; None when somebody else did, and the reply is to be read again."""
        outcome = await self._pay(order)
        if outcome is None:
            return None
        if outcome.status == CAPTURED:
            return await self._insist(self._confirm, purchase, order, outcome)
        if outcome.status == DECLINED:
            reply = await self._insist(self._release, purchase, order, outcome)
            if reply == NOT_PAID and outcome.problem:
                raise PaymentDeclined(reason=outcome.problem)  # a repeat reads it from the payment
            return reply
        return await self._insist(self._leave_open, purchase, order, outcome)

    async def _insist(
        self, finish: Finish, purchase: Purchase, order: PlacedOrder, outcome: Outcome
    ) -> bytes:
        """Settle an order whose payment is known, through overload and a database that is away for a while.

        Repeating is harmless: only one call moves the order out of PENDING_PAYMENT.
        """
        deadline = Deadline(SETTLE_SECONDS)
        wait = FIRST_WAIT
        while True:
            try:
                return await self._pool.run_vital(deadline, finish, purchase, order, outcome)
            except Exception as error:
                refusal = refusal_of(error)
                if not isinstance(refusal, Unavailable | Aborted) or deadline.remaining < wait:
                    raise
                log.warning("settling_again", order=order.values["number"], reason=refusal.reason)
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)

    async def _pay(self, order: PlacedOrder) -> Outcome | None:
        """What the gateway answers; None when the order was given up before it could be charged.

        Raises PaymentUnavailable when it does not answer: the order stays, for a repeat or the sweeper to end.
        """
        values = order.values
        if values["payment_gateway"] == NO_GATEWAY:
            return Outcome(CAPTURED, "")
        try:
            async with asyncio.timeout(self._rules.payment_seconds):
                return await self._charge(order)
        except (TimeoutError, GatewayAway) as error:
            log.warning(
                "payment_unavailable",
                order=values["number"],
                gateway=values["payment_gateway"],
                error=type(error).__name__,
            )
            raise PaymentUnavailable() from None

    async def _charge(self, order: PlacedOrder) -> Outcome | None:
        values = order.values
        gateway = self._gateways.named(values["payment_gateway"])
        charge = Charge(
            key=values["number"],
            amount=Money(values["payment_minor"], values["currency"]),
            method=values["payment_method"],
            token=values["payment_token"],
        )
        gateway_id = values["gateway_id"]
        if not gateway_id:
            gateway_id = await gateway.open(charge)
            if gateway_id and not await self._pool.run_vital(
                Deadline(self._rules.payment_seconds), self._settlement.remember, order.id, gateway_id
            ):
                return None
        return await gateway.charge(charge, gateway_id)

    def _confirm(self, purchase: Purchase, order: PlacedOrder, outcome: Outcome) -> bytes:
        return self._settlement.captured(order, outcome) or self._first_reply(purchase)

    def _release(self, purchase: Purchase, order: PlacedOrder, outcome: Outcome) -> bytes:
        reply = self._settlement.declined(order, outcome)
        return self._first_reply(purchase) if reply is None else reply

    def _leave_open(self, purchase: Purchase, order: PlacedOrder, outcome: Outcome) -> bytes:
        """Send the buyer to the page where the payment goes on; a webhook or the sweeper ends the order."""
        with self._db.transaction() as tx:
            store_reply(tx, _key(purchase), self._render(order, outcome.url))
            write_out(tx)
            return first_reply(tx, _key(purchase), purchase.body_hash) or NOT_PAID

    def _first_reply(self, purchase: Purchase) -> bytes:
        """The reply that another call stored, which took this one for dead and was faster."""
        with self._db.transaction() as tx:
            return first_reply(tx, _key(purchase), purchase.body_hash) or NOT_PAID

    async def _answer(self, purchase: Purchase, reply: bytes) -> bytes:
        if reply == NOT_PAID:
            problem = await self._pool.run_vital(Deadline(SETTLE_SECONDS), self._problem, purchase)
            raise PaymentDeclined(reason=problem or "The payment was declined.")
        return reply

    def _problem(self, purchase: Purchase) -> str:
        with self._db.read() as connection:
            row = queries.order_by_request(connection, purchase.user_id, purchase.request_id)
        return str(row.payment_problem or "") if row else ""


def _key(purchase: Purchase) -> Key:
    return purchase.user_id, METHOD, purchase.request_id
