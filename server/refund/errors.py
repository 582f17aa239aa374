"""Why refunds and returns are refused."""

from __future__ import annotations

from server.errors import FailedPrecondition, LineRefusal, NotFound


class NotRefundable(FailedPrecondition):
    """Nothing was paid that could be paid back."""

    message = "Nothing was paid for order {order_id} that could be paid back."


class RefundTooLarge(FailedPrecondition):
    """More than is left of what was captured."""

    message = "{requested} cannot be paid back: {available} can."
    also = ("order_id",)


class PaidBackAlready(FailedPrecondition, reason=RefundTooLarge.reason):
    """An amount has paid back what these units cost."""

    message = "What an amount has paid back already cannot be paid back: {available} can."
    also = ("order_id",)


class UnitsPaidBack(LineRefusal, FailedPrecondition, reason=RefundTooLarge.reason):
    """More units of a line than were not paid back yet."""

    message = "{requested} of {name} cannot be paid back: {available} of {name} can."


class NotDelivered(FailedPrecondition):
    """Goods that did not arrive cannot be sent back."""

    message = "Order {order_id} is {status}, and was not delivered yet."


class ReturnTooLate(FailedPrecondition):
    """The time for sending back is over."""

    message = "Order {order_id} could be returned until {until}, {days} days after its delivery."


class NotReturnable(FailedPrecondition):
    """Nothing of the order can be sent back, or not now."""

    message = "{problem} {available} units can be returned."
    also = ("order_id",)
    prose = terms = ("problem",)


class UnitsNotReturnable(LineRefusal, FailedPrecondition, reason=NotReturnable.reason):
    """Not so many units of a line can be sent back."""

    message = "Of {name} not so many can be sent back. {available} units can be returned."


class RefundNotFound(NotFound):
    """No such refund, or one of another's order."""

    message = "There is no refund {refund_id}."


class ReturnNotFound(NotFound):
    """No such return."""

    message = "There is no return {return_id}."
