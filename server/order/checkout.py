"""Checkout: reserve, pay, confirm; a short sequence of transactions that can be taken up where it was left.

The request id is claimed in the transaction that reserves, so that its effect and the claim stand or fall
together, and the reply is stored in the transaction that confirms. A repeat finds the reply; or the first call
still at work, and waits; or its lease run out because it died, and carries on in its place: the gateway knows the
order's number and does not charge it twice, and only one caller can move the order out of PENDING_PAYMENT.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from server.cart.pricing import PriceRules
from server.clock import Clock
from server.db.database import Database
from server.db.deadline import Deadline
from server.errors import Aborted, Unavailable
from server.events.log import publish
from server.money import Money
from server.order.errors import PaymentDeclined, PaymentUnavailable, StillRunning
from server.order.payments.gateway import Charge, Gateway, Outcome
from server.order.reserve import PlacedOrder, Purchase, confirm, read_placed, release, reserve
from server.rpc.faults import refusal_of
from server.rpc.idempotency import Key, claim, first_reply, store_reply, take_lease
from server.rpc.pool import Pool

METHOD = "Checkout"
DECLINED = b""
"""The stored reply of a declined checkout; a real one always holds an order id."""
SETTLE_SECONDS = 30.0
"""Time to settle an order once its payment is known, whatever the caller's deadline."""
LEASE_MARGIN = timedelta(seconds=2)
FIRST_WAIT, LONGEST_WAIT = 0.02, 0.25

log = structlog.get_logger()

Finish = Callable[[Purchase, PlacedOrder, Outcome], bytes]
Render = Callable[[PlacedOrder], bytes]
"""Makes the reply that is sent, and stored for repeats."""


@dataclass(frozen=True)
class CheckoutRules:
    """What the shop decides about its checkout."""

    prices: PriceRules
    held_for: timedelta
    payment_seconds: float


class Checkout:
    """Places orders."""

    def __init__(
        self, db: Database, pool: Pool, gateway: Gateway, rules: CheckoutRules, clock: Clock, render: Render
    ) -> None:
        self._db = db
        self._pool = pool
        self._gateway = gateway
        self._rules = rules
        self._clock = clock
        self._render = render
        self._lease = timedelta(seconds=rules.payment_seconds) + LEASE_MARGIN

    async def place(self, purchase: Purchase, deadline: Deadline) -> bytes:
        """Place an order, or return the reply of the first call with the same request id.

        Raises what `reserve` raises, and IdempotencyMismatch, StillRunning, PaymentDeclined and
        PaymentUnavailable.
        """
        wait = FIRST_WAIT
        while True:
            found = await self._pool.run(deadline, self._begin, purchase)
            if isinstance(found, PlacedOrder):
                return await self._settle(purchase, found)
            if found is not None:
                return _answer(found)
            if deadline.remaining < 2 * wait:
                raise StillRunning(request_id=purchase.request_id)
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)

    def _begin(self, purchase: Purchase) -> PlacedOrder | bytes | None:
        """An order to settle, the reply of the first call, or None while that is still at work."""
        now = self._clock()
        key = _key(purchase)
        with self._db.transaction() as tx:
            if claim(tx, key, purchase.body_hash, now, leased_until=now + self._lease):
                return reserve(tx, purchase, self._rules.prices, now, self._rules.held_for)
            reply = first_reply(tx, key, purchase.body_hash)
            if reply is None and take_lease(tx, key, now, now + self._lease):
                return read_placed(tx, purchase.user_id, purchase.request_id)
            return reply

    async def _settle(self, purchase: Purchase, order: PlacedOrder) -> bytes:
        outcome = await self._charge(order)
        finish = self._confirm if outcome.captured else self._release
        return _answer(await self._insist(finish, purchase, order, outcome), outcome)

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

    async def _charge(self, order: PlacedOrder) -> Outcome:
        values = order.values
        charge = Charge(
            idempotency_key=values["number"],
            amount=Money(values["total_minor"], values["currency"]),
            method=values["payment_method"],
            token=values["payment_token"],
        )
        try:
            async with asyncio.timeout(self._rules.payment_seconds):
                return await self._gateway.charge(charge)
        except TimeoutError:
            log.warning("payment_timeout", order=values["number"], gateway=self._gateway.name)
            raise PaymentUnavailable() from None

    def _confirm(self, purchase: Purchase, order: PlacedOrder, outcome: Outcome) -> bytes:
        with self._db.transaction() as tx:
            confirmed = confirm(tx, order, outcome, self._clock())
            if confirmed is None:  # another call took this one for dead and was faster
                return first_reply(tx, _key(purchase), purchase.body_hash) or DECLINED
            placed, event = confirmed
            reply = self._render(placed)
            store_reply(tx, _key(purchase), reply)
            publish(tx, event)
        return reply

    def _release(self, purchase: Purchase, order: PlacedOrder, outcome: Outcome) -> bytes:
        with self._db.transaction() as tx:
            if not release(tx, order, outcome, self._clock()):
                return first_reply(tx, _key(purchase), purchase.body_hash) or DECLINED
            store_reply(tx, _key(purchase), DECLINED)
        return DECLINED


def _key(purchase: Purchase) -> Key:
    return purchase.user_id, METHOD, purchase.request_id


def _answer(reply: bytes, outcome: Outcome | None = None) -> bytes:
    if reply == DECLINED:
        raise PaymentDeclined(
            reason=outcome.reason if outcome and outcome.reason else "The payment was declined."
        )
    return reply
