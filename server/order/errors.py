"""Why orders refuse."""

from __future__ import annotations

from server.errors import Aborted, FailedPrecondition, LineRefusal, NotFound


class OrderNotFound(NotFound):
    """No such order, or another user's."""

    message = "There is no order {order_id}."


class OrderOfRequestNotFound(NotFound, reason="ORDER_NOT_FOUND"):
    """No order was made with the request id."""

    message = "There is no order with the request id {request_id}."


class PriceChanged(FailedPrecondition):
    """The order would cost another amount than the buyer agreed to."""

    message = "The order costs {total} now, not {expected}: read the cart and confirm the new total."
    version = minor = 0


class UnseenTotal(Aborted, reason=PriceChanged.reason):
    """No reply has shown the buyer what the order would cost."""

    message = "The order costs {total} now, which you were not shown: repeat the call to agree to it."
    version = minor = 0


class TooManyUnpaid(FailedPrecondition):
    """Each of them holds goods that others could buy."""

    message = "You have {unpaid} unpaid orders, and may have {limit}: pay or cancel one of them first."


class PurchaseLimit(LineRefusal, FailedPrecondition):
    """A customer may have only so many in a time."""

    message = (
        "{name}: at most {limit} in {days} days for one customer; you had {bought}, and want {requested}."
    )


class PaymentDeclined(FailedPrecondition):
    """The gateway said no."""

    message = "{problem} Nothing was charged and your cart is as before; use a new request id to try again."
    also = ("decline_code",)
    prose = terms = ("problem",)


class OrderCancelled(FailedPrecondition):
    """Somebody cancelled the order while it was being paid: it may have been charged by then."""

    message = (
        "Order {order_id} was cancelled before it was paid; what is charged for it goes back to you, "
        "and what it held is in your cart again."
    )


class RequestIdUsed(Aborted):
    """The first call with this request id was so long ago that its reply is forgotten; what it made is not."""

    message = "This request id was used before, for {resource} {resource_id}: use a new one."
    terms = ("resource",)


class IllegalTransition(FailedPrecondition):
    """The order cannot take this step."""

    message = "What is {status} cannot become {requested}. It can become: {choices}."
    also = ("legal",)
    prose = terms = ("choices",)


class OrderDisputed(FailedPrecondition):
    """A bank holds money of the order, or asks about it: what becomes of it is decided there."""

    message = (
        "The payment of order {order_id} is disputed ({amount}): it can be shipped, cancelled or paid back once "
        "the buyer's bank has decided."
    )


class OrderPaidBack(FailedPrecondition):
    """Nobody ships what was paid back."""

    message = "Order {order_id} was paid back, {amount} in all: it cannot become {requested}."
