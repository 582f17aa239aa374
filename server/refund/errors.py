"""Why refunds and returns are refused."""

from __future__ import annotations

from server.errors import FailedPrecondition, NotFound


class NotRefundable(FailedPrecondition):
    """Nothing was paid that could be paid back."""

    message = "Nothing was paid for order {order_id} that could be paid back."


class RefundTooLarge(FailedPrecondition):
    """More than was captured, or than units were not paid back yet."""

    message = "{wanted} cannot be paid back: {left} can."


class NotDelivered(FailedPrecondition):
    """Goods that did not arrive cannot be sent back."""

    message = "Order {order_id} is {status}, and was not delivered yet."


class ReturnTooLate(FailedPrecondition):
    """The time for sending back is over."""

    message = "Order {order_id} could be returned until {until}, {days} days after its delivery."


class NotReturnable(FailedPrecondition):
    """These units cannot be sent back, or not now."""

    message = "{problem} {left} units can be returned."


class RefundNotFound(NotFound):
    """No such refund, or one of another's order."""

    message = "There is no refund {refund_id}."


class ReturnNotFound(NotFound):
    """No such return."""

    message = "There is no return {return_id}."
