"""Why the stock refuses."""

from __future__ import annotations

from server.errors import Aborted, FailedPrecondition, NotFound


class VariantNotFound(NotFound):
    """The product has no such variant."""

    message = "The product {product_id} has no variant {variant_id}."


class OutOfStock(FailedPrecondition):
    """Less is left than wanted."""

    message = "Only {available} of {product} left; {wanted} wanted."


class StockChanged(Aborted):
    """Something was sold or came back since the stock was counted."""

    message = "{available} units can be ordered by now, {expected} when they were counted: count again."


class NegativeStock(FailedPrecondition):
    """More would be taken than is there."""

    message = "Only {available} are in stock; {taken} cannot be taken."
