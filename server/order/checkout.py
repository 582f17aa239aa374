"""Checkout: reserve, pay, confirm; a short sequence of transactions that can be taken up where it was left.

It is a long call (see server/repeats/long_call.py): its request id is claimed in the transaction that reserves,
and its reply is stored in the one that settles the order, whoever settles it. A repeat may carry on in the place
of a call that died: the gateway knows the order's number and does not charge it twice, and only one caller can
move the order out of PENDING_PAYMENT.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Generic, TypeAlias, TypeVar

import structlog
from sqlalchemy import Connection

from server.cart.shown import remember_refused
from server.clock import Clock
from server.crypto.vault import Cell, Unreadable, Vault
from server.db.deadline import Deadline
from server.db.faults import refusal_of
from server.db.work import Work
from server.errors import Aborted, Unavailable
from server.order import lookup, payment_queries, queries
from server.order.errors import PriceChanged, UnseenTotal
from server.order.placed import PlacedOrder
from server.order.reserve import CheckoutRules, Purchase, reserve
from server.order.settlement import R, Settlement, declined, misfit_of, remember, unpaid
from server.order.status import CANCELLED, PENDING_PAYMENT
from server.payment.customers import Customers
from server.payment.errors import PaymentUnavailable
from server.payment.gateway import (
    CAPTURED,
    DECLINED,
    Charge,
    ChargeRefused,
    CustomerUnknown,
    Gateway,
    GatewayAway,
    Gateways,
    Outcome,
)
from server.payment.models import MAX_PAYMENT_URL
from server.payment.order_payment import TOKENS
from server.repeats.long_call import FIRST_WAIT, MAX_WAIT, Begun, Ended, LongCall, store_refusal
from server.user import payment_methods

SETTLE_SECONDS = 30.0
"""Time to settle an order once its payment is known, whatever the caller's deadline."""

log = structlog.get_logger()

T = TypeVar("T")

Finish: TypeAlias = Callable[[Connection, Purchase, PlacedOrder, Outcome], T]


class Checkout(Generic[R]):
    """Places orders."""

    def __init__(
        self,
        work: Work,
        gateways: Gateways,
        settlement: Settlement[R],
        *,
        calls: LongCall[R],
        rules: CheckoutRules,
        clock: Clock,
        vault: Vault,
    ) -> None:
        self._work = work
        self._gateways = gateways
        self._settlement = settlement
        self._calls = calls
        self._rules = rules
        self._clock = clock
        self._vault = vault
        self._customers = Customers(work, clock)

    async def check_out(self, purchase: Purchase, deadline: Deadline) -> R:
        """Place an order, or return the reply of the first call with the same request id.

        Raises what `reserve` raises, and PaymentMethodNotFound, IdempotencyMismatch, StillRunning,
        PaymentDeclined, OrderCancelled and PaymentUnavailable.
        """
        ended = await self._calls.run(
            purchase.claim,
            deadline,
            begin=partial(self._begin, purchase, deadline),
            carry_on=partial(self._work.write, self._take_up, purchase, deadline=deadline),
            finish=partial(self._settle, purchase),
        )
        if ended.reply is None:
            order = await self._work.read(
                lookup.without_lines,
                purchase.user_id,
                purchase.request_id,
                deadline=Deadline(SETTLE_SECONDS),
                vital=True,
            )
            raise unpaid(order)
        return ended.reply

    async def _begin(self, purchase: Purchase, deadline: Deadline) -> PlacedOrder:
        """An order to settle. Raises what `reserve` raises, and AlreadyClaimed."""
        try:
            return await self._work.write(self._claim, purchase, deadline=deadline)
        except (PriceChanged, UnseenTotal) as refused:  # it shows the total: who asks again agrees to it
            seen = purchase.user_id, refused.version, refused.minor
            await self._work.write(remember_refused, *seen, vital=True)
            raise

    def _claim(self, tx: Connection, purchase: Purchase) -> PlacedOrder:
        return self._calls.claim(tx, purchase.claim, self._clock(), partial(self._reserve, purchase))

    def _take_up(self, tx: Connection, purchase: Purchase) -> Begun[PlacedOrder] | Ended[R] | None:
        return self._calls.take_up(tx, purchase.claim, self._clock(), partial(self._resume, purchase))

    def _reserve(self, purchase: Purchase, tx: Connection, now: datetime) -> PlacedOrder:
        gateway = self._gateways.for_method(purchase.payment_method).name
        token = _payment_token(tx, purchase)
        return reserve(tx, replace(purchase, gateway=gateway, payment_token=token), self._rules, now)

    def _resume(self, purchase: Purchase, tx: Connection, _: datetime) -> Begun[PlacedOrder] | Ended[R]:
        order = lookup.by_request(tx, purchase.user_id, purchase.request_id)
        if order.status == PENDING_PAYMENT:
            return Begun(order)
        if order.status == CANCELLED:
            store_refusal(tx, purchase.claim.key)
            return Ended(None)
        reply = self._settlement.render(order, "")
        self._calls.store(tx, purchase.claim.key, reply)
        return Ended(reply)

    async def _settle(self, purchase: Purchase, order: PlacedOrder) -> Ended[R] | None:
        """Pay an order and end it accordingly; None when somebody else did, and the reply is to be read again."""
        outcome = await self._pay(purchase, order)
        if outcome is None:
            return None
        if outcome.status == CAPTURED:
            if misfit := misfit_of(order, outcome):
                await self._work.write(
                    self._settlement.alert, misfit, deadline=Deadline(SETTLE_SECONDS), vital=True
                )
                raise PaymentUnavailable()
            return await self._insist(self._confirm, purchase, order, outcome)
        if outcome.status == DECLINED:
            ended = await self._insist(self._release, purchase, order, outcome)
            if ended is None:  # a repeat reads the same from the payment
                raise declined(outcome.problem, outcome.decline_code)
            return ended
        return await self._insist(self._leave_open, purchase, order, outcome)

    async def _insist(self, finish: Finish[T], purchase: Purchase, order: PlacedOrder, outcome: Outcome) -> T:
        """Settle an order whose payment is known, through overload and a database that is away for a while.

        Repeating is harmless: only one call moves the order out of PENDING_PAYMENT.
        """
        deadline = Deadline(SETTLE_SECONDS)
        wait = FIRST_WAIT
        while True:
            try:
                return await self._work.write(finish, purchase, order, outcome, deadline=deadline, vital=True)
            except Exception as error:
                refusal = refusal_of(error)
                if not isinstance(refusal, Unavailable | Aborted) or deadline.remaining < wait:
                    raise
                log.warning("settling_again", order=order.number, reason=refusal.reason)
            await asyncio.sleep(wait)
            wait = min(2 * wait, MAX_WAIT)

    async def _pay(self, purchase: Purchase, order: PlacedOrder) -> Outcome | None:
        """What the gateway answers; None when the order was given up before it could be charged.

        Raises PaymentUnavailable when it does not answer, or the token was sealed under another SECRET_KEY: the
        order stays, for a repeat or the sweeper to end.
        """
        if order.charge.is_free:
            return Outcome(CAPTURED, "")
        try:
            async with asyncio.timeout(self._rules.payment_seconds):
                return await self._charge(purchase, order)
        except (TimeoutError, GatewayAway, Unreadable) as error:
            log.warning(
                "payment_unavailable",
                order=order.number,
                gateway=order.charge.gateway,
                error=type(error).__name__,
            )
            raise PaymentUnavailable() from None

    async def _charge(self, purchase: Purchase, order: PlacedOrder) -> Outcome | None:
        payment = order.charge
        gateway = self._gateways.named(payment.gateway)
        charge = Charge(
            key=order.number,
            amount=payment.amount,
            method=payment.method,
            token=self._vault.open_token(payment.token, Cell(TOKENS, order.id), purchase.user_id),
        )
        gateway_id = payment.gateway_id
        if not gateway_id:
            try:
                gateway_id = await self._open(gateway, charge, purchase)
            except ChargeRefused as refused:
                return Outcome(DECLINED, "", str(refused), decline_code=refused.decline_code)
            deadline = Deadline(self._rules.payment_seconds)
            if gateway_id and not await self._work.write(
                remember, order.id, gateway_id, self._clock(), deadline=deadline, vital=True
            ):
                return None
        return await gateway.charge(charge, gateway_id)

    async def _open(self, gateway: Gateway, charge: Charge, purchase: Purchase) -> str:
        """Make the payment known to the gateway: with a saved method as the buyer's, so that it can pay again."""
        if not purchase.payment_method_id:
            return await gateway.open(charge)
        customer = await self._customers.of(gateway, purchase.user_id, charge.key)
        try:
            return await gateway.open(replace(charge, customer=customer))
        except CustomerUnknown:
            await self._customers.forget(gateway, purchase.user_id, customer)
            raise

    def _confirm(self, tx: Connection, purchase: Purchase, order: PlacedOrder, outcome: Outcome) -> Ended[R]:
        reply = self._settlement.confirm(tx, order, outcome)
        return self._calls.ended_elsewhere(tx, purchase.claim) if reply is None else Ended(reply)

    def _release(
        self, tx: Connection, purchase: Purchase, order: PlacedOrder, outcome: Outcome
    ) -> Ended[R] | None:
        """Cancel the order; how another call ended it when that was faster."""
        return (
            None
            if self._settlement.decline(tx, order, outcome)
            else self._calls.ended_elsewhere(tx, purchase.claim)
        )

    def _leave_open(
        self, tx: Connection, purchase: Purchase, order: PlacedOrder, outcome: Outcome
    ) -> Ended[R]:
        """Send the buyer to the page where the payment goes on; a webhook or the sweeper ends the order."""
        url = outcome.url if len(outcome.url) <= MAX_PAYMENT_URL else ""
        now = self._clock()
        queries.touch(tx, order.id, now)  # first, as everybody who locks both rows
        payment_queries.remember_payment_url(tx, order.id, url, now)
        waiting = replace(order.charge, gateway_id=outcome.gateway_id, payment_url=url, updated_at=now)
        order = replace(order, payment=waiting, updated_at=now)
        return self._calls.end(tx, purchase.claim, self._settlement.render(order, url))


def _payment_token(tx: Connection, purchase: Purchase) -> str:
    if not purchase.payment_method_id:
        return purchase.payment_token
    return payment_methods.token_for_checkout(
        tx, purchase.user_id, purchase.payment_method_id, purchase.payment_method
    )
