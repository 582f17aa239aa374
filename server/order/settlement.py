"""What becomes of an order once its payment is known, whoever learns it: the checkout, a webhook, or the sweeper.

Each way ends in one transaction that moves the order out of PENDING_PAYMENT, or finds that another did; only one
can. It also stores the reply of the checkout that made the order, so that a buyer who asks again hears how it
ended. So does CancelOrder, which leaves the payment to these ways.

An order is given up in this order: first the gateway is told never to charge it, then the goods go back. A
payment that was captured nevertheless, because the order was cancelled in between, is paid back in the same
transaction that learns of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Generic, TypeAlias, TypeVar

import structlog
from sqlalchemy import Connection

from server.clock import Clock
from server.errors import Refusal
from server.events.log import publish
from server.order import payment_queries, queries, status
from server.order.errors import OrderCancelled, PaymentDeclined
from server.order.outcomes import confirm, release
from server.order.placed import PlacedOrder
from server.payment.alerts import OTHER_AMOUNT, OTHER_CURRENCY, OTHER_PAYMENT, Alert, Alerts
from server.payment.declines import Decline
from server.payment.gateway import (
    CAPTURED,
    DECLINED,
    NO_REASON,
    PENDING,
    VOIDED,
    GatewayAway,
    Gateways,
    Outcome,
)
from server.repeats.claims import Key
from server.repeats.long_call import LongCall, Reply, store_refusal

METHOD = "Checkout"
NOT_IN_TIME = "The order was not paid in time."

log = structlog.get_logger()

R = TypeVar("R", bound=Reply)
R_co = TypeVar("R_co", bound=Reply, covariant=True)

Render: TypeAlias = Callable[[PlacedOrder, str], R]
"""Makes the reply of a checkout from its order and the page where the payment goes on."""
PayBack = Callable[[Connection, PlacedOrder, int, datetime], None]
"""Records, in the caller's transaction, that the money of an order that was given up goes back. Repeatable."""


class Misfit(GatewayAway):
    """What was captured is not what the order holds: only a person can say what is to become of it."""


class Settlement(Generic[R_co]):
    """Ends orders whose payment is known, each in the transaction of its caller."""

    def __init__(
        self,
        clock: Clock,
        *,
        checkouts: LongCall[R_co],
        render: Render[R_co],
        pay_back: PayBack,
        alerts: Alerts,
    ) -> None:
        """`checkouts` are the calls whose replies `render` makes."""
        self._clock = clock
        self._checkouts = checkouts
        self._alerts = alerts
        self.render = render
        self._pay_back = pay_back

    def alert(self, tx: Connection, misfit: Alert) -> None:
        """Tell a person of a capture that does not fit its order, which waits for them."""
        self._alerts.note(tx, misfit)

    def confirm(self, tx: Connection, order: PlacedOrder, outcome: Outcome) -> R_co | None:
        """Confirm a paid order and return its reply; None when it was confirmed before, or given up.

        The capture fits the order: see `misfit_of`. What was captured for an order that was given up is paid back.
        """
        now = self._clock()
        confirmed = confirm(tx, order, outcome, now)
        if confirmed is None:
            self._capture_late(tx, order, outcome, now)
            return None
        after, event = confirmed
        reply = self.render(after, "")
        key = checkout_key(order)
        if key is not None:
            self._checkouts.store(tx, key, reply)
        publish(tx, event)
        return reply

    def decline(self, tx: Connection, order: PlacedOrder, outcome: Outcome) -> bool:
        """Cancel an order whose payment the gateway declined; False when it moved on meanwhile."""
        if not release(tx, order, outcome, self._clock()):
            return False
        end_unpaid(tx, order)
        return True

    def give_up(self, tx: Connection, order: PlacedOrder, outcome: Outcome) -> bool:
        """Cancel an order that the gateway cannot charge any more; False when its payment moved on meanwhile.

        `order` is as it was when the gateway was told: an id that the payment got since was not cancelled.
        """
        now = self._clock()
        gateway_id = order.charge.gateway_id
        locked = queries.lock_order(tx, order.id)
        payment = queries.order(tx, order.id)
        if locked is None or payment is None or payment.gateway_id != gateway_id:
            return False
        if locked.status != status.PENDING_PAYMENT:  # cancelled by its buyer, who left the payment to us
            return locked.status == status.CANCELLED and self._void(tx, order.id, gateway_id, now)
        final = replace(outcome, gateway_id=outcome.gateway_id or gateway_id)
        if not release(tx, order, final, now):
            return False
        end_unpaid(tx, order)
        return True

    def _void(self, tx: Connection, order_id: int, gateway_id: str, now: datetime) -> bool:
        queries.touch(tx, order_id, now)
        return payment_queries.void_payment(tx, order_id, gateway_id, now)

    def _capture_late(self, tx: Connection, order: PlacedOrder, outcome: Outcome, now: datetime) -> None:
        locked = queries.lock_order(tx, order.id)
        if locked is None or locked.status != status.CANCELLED:
            return
        minor = payment_queries.capture_late(tx, order.id, outcome.gateway_id, now)
        if minor:
            queries.touch(tx, order.id, now)
            log.warning("captured_late", order=order.number)
            self._pay_back(tx, order, minor, now)


def remember(tx: Connection, order_id: int, gateway_id: str, now: datetime) -> bool:
    """Note the gateway's id of a payment before it is charged; False when it must not be charged any more.

    Under the lock of the order: who gives the order up either sees the id and cancels it, or was first.
    """
    order = queries.lock_order(tx, order_id)
    if order is None or order.status != status.PENDING_PAYMENT:
        return False
    queries.touch(tx, order_id, now)
    payment_queries.remember_gateway_id(tx, order_id, gateway_id, now)
    return True


def misfit_of(order: PlacedOrder, outcome: Outcome) -> Alert | None:
    """What keeps a capture from counting for an order: it is of another payment, amount or currency.

    The order's own payment is the one whose id it holds. What a gateway's object says of itself, in its metadata,
    decides nothing: whoever has the account can write there.
    """
    payment, number = order.charge, order.number
    if payment.is_free:
        return None
    cost, received, own_id = payment.amount, outcome.received, payment.gateway_id
    if own_id and outcome.gateway_id != own_id:
        kind, problem = (
            OTHER_PAYMENT,
            f"Payment {outcome.gateway_id} is not the one of order {number}, {own_id}",
        )
    elif received is not None and received.currency != cost.currency:
        kind, problem = OTHER_CURRENCY, f"{received} were received for order {number}, which costs {cost}"
    elif received != cost:
        what = received or "An amount that cannot be read"
        kind, problem = OTHER_AMOUNT, f"{what} was received for order {number}, which costs {cost}"
    else:
        return None
    problem += ": the order was not confirmed."
    return Alert(kind, payment.gateway, outcome.gateway_id, problem, order.id)


def checkout_key(order: PlacedOrder) -> Key | None:
    """The request id of the checkout that made an order; some orders no checkout made."""
    return Key(order.user_id, METHOD, order.request_id) if order.user_id and order.request_id else None


def end_unpaid(tx: Connection, order: PlacedOrder) -> None:
    """End the checkout that made an order that was not paid."""
    key = checkout_key(order)
    if key is not None:
        store_refusal(tx, key)


def declined(problem: str, decline_code: str) -> PaymentDeclined:
    """The refusal of a checkout whose payment was declined, for a reason if one is known."""
    return PaymentDeclined(problem=problem or NO_REASON, decline_code=decline_code or Decline.OTHER)


def unpaid(order: PlacedOrder | None) -> Refusal:
    """What a checkout is told whose order was not paid: declined, or cancelled while it was being paid.

    Only a payment that the shop gave up itself put the goods back into the cart, and says why.
    """
    if order is None:
        return declined("", "")
    payment = order.charge
    ran_out = payment.status == VOIDED and payment.problem
    if payment.status != DECLINED and not ran_out:
        return OrderCancelled(order_id=order.id)
    return declined(payment.problem, payment.decline_code)


async def ask(gateways: Gateways, order: PlacedOrder, *, give_up: bool) -> Outcome | None:
    """What the gateway says of an order's payment; with `give_up` it must not charge it any more afterwards.

    None when nothing was charged and still may be. Raises GatewayAway.
    """
    gateway = gateways.named(order.charge.gateway)
    key, gateway_id = order.number, order.charge.gateway_id
    outcome = await gateway.find(key, gateway_id)
    if outcome is not None and outcome.status == CAPTURED:
        return outcome
    ended = outcome is not None and outcome.status == DECLINED
    if not (give_up or ended):
        return None
    cancelled = await gateway.cancel(key, gateway_id)
    if cancelled.status in (CAPTURED, PENDING):
        return cancelled
    # One that is cancelled already ran out of time: a sweep told the gateway so, and died.
    if outcome is not None and ended and not outcome.cancelled:
        return outcome
    return Outcome(VOIDED, cancelled.gateway_id, NOT_IN_TIME, decline_code=Decline.NOT_PAID_IN_TIME)
