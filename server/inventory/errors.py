"""Why the stock refuses."""

from __future__ import annotations

from server.errors import Aborted, FailedPrecondition, LineRefusal


class OutOfStock(LineRefusal, FailedPrecondition):
    """Less is left than wanted."""

    message = "Only {available} of {name} left; {requested} wanted."


class StockChanged(Aborted):
    """Something was sold or came back since the stock was counted."""

    message = "{available} units can be ordered by now, {expected} when they were counted: count again."
    also = ("product_id", "variant_id")


class NegativeStock(FailedPrecondition):
    """More would be taken than is there."""

    message = "Only {available} are in stock; {requested} cannot be taken."
    also = ("product_id", "variant_id")
