"""Why the stock refuses."""

from __future__ import annotations

from server.errors import Aborted, AlreadyExists, FailedPrecondition, LineRefusal


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


class SequenceForgotten(FailedPrecondition):
    """A stream of the stock would go on where nothing is kept any more."""

    message = "What followed {sequence} is not kept any more: read the stock, and watch it from now on."


class LocationTaken(AlreadyExists):
    """Another location has the name."""

    message = "There is another location {location}: choose another name."


class LocationInUse(FailedPrecondition):
    """Stock is there, or orders were served from there: what comes back goes there."""

    message = "The location {location_id} has stock, or orders were served from it: make it inactive instead."
