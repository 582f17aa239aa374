"""Why orders refuse."""

from __future__ import annotations

from server.errors import Aborted, FailedPrecondition, NotFound


class OrderNotFound(NotFound):
    """No such order, or another user's."""

    message = "There is no order {order_id}."


class PriceChanged(FailedPrecondition):
    """The order would cost another amount than the buyer agreed to."""

    message = "The order costs {total} now, not {expected}: read the cart and confirm the new total."
    version = minor = 0


class UnseenTotal(Aborted):
    """No reply has shown the buyer what the order would cost."""

    message = "The order costs {total} now, which you were not shown: repeat the call to agree to it."
    version = minor = 0


UnseenTotal.reason = PriceChanged.reason


class TooManyUnpaid(FailedPrecondition):
    """Each of them holds goods that others could buy."""

    message = "You have {unpaid} unpaid orders, and may have {limit}: pay or cancel one of them first."


class PurchaseLimit(FailedPrecondition):
    """A customer may have only so many in a time."""

    message = (
        "{product}: at most {limit} in {days} days for one customer; you had {bought}, and want {wanted}."
    )


class PaymentDeclined(FailedPrecondition):
    """The gateway said no."""

    message = "{reason} Nothing was charged and your cart is as before; use a new request id to try again."


class OrderCancelled(FailedPrecondition):
    """Somebody cancelled the order while it was being paid: it may have been charged by then."""

    message = (
        "Order {order_id} was cancelled before it was paid; what is charged for it goes back to you, "
        "and what it held is in your cart again."
    )


class RequestIdUsed(Aborted):
    """The first call with this request id was so long ago that its reply is forgotten; what it made is not."""

    message = "This request id was used before, for {used_for}: use a new one."


class IllegalTransition(FailedPrecondition):
    """The order cannot take this step."""

    message = "What is {status} cannot become {wanted}. It can become: {legal}."


class OrderDisputed(FailedPrecondition):
    """A bank holds money of the order, or asks about it: what becomes of it is decided there."""

    message = (
        "The payment of order {order_id} is disputed ({amount}): it can be shipped, cancelled or paid back once "
        "the buyer's bank has decided."
    )


class OrderPaidBack(FailedPrecondition):
    """Nobody ships what was paid back."""

    message = "Order {order_id} was paid back, {amount} in all: it cannot become {wanted}."
