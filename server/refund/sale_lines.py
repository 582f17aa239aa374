"""The ledger of the units of an order's line, which refunds, returns and cancellations share.

A line counts how many of its units were sold, paid back, are being sent back, came back, and are in stock again.
Units of a line are alike, so one rule says which of them are meant: units that are or were sent back are paid and
restocked before those that the buyer keeps, and of these two those that came back before those still awaited. So
whoever pays for a unit, by RefundOrder or when its return arrives, the other finds it paid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from server.order.placed import PlacedLine
from server.refund.records import StandingReturnLine


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleLine(PlacedLine):
    """A line of an order with what its returns say of its units.

    `settled_quantity` are the units that are both: paid back, and sent back or about to be; `returns_restocked`
    those of its returns that are in stock again.
    """

    settled_quantity: int = 0
    returns_restocked: int = 0

    @property
    def cost_minor(self) -> int:
        """What all of its units cost together."""
        return self.total_minor - self.discount_minor + self.tax_minor + self.shipping_minor

    @property
    def left_minor(self) -> int:
        """What was not paid back yet of what it cost."""
        return self.cost_minor - self.refunded_minor

    @property
    def unpaid(self) -> int:
        """Units that were not paid back."""
        return self.quantity - self.refunded_quantity

    @property
    def sent_back(self) -> int:
        """Units that came back, or are about to."""
        return self.returning_quantity + self.returned_quantity

    @property
    def returnable(self) -> int:
        """Units that can be sent back: neither sent back, nor about to be, nor paid back."""
        return self.unpaid - self.sent_back + self.settled_quantity

    @property
    def unpaid_sent_back(self) -> int:
        """Units that are or were sent back and that nobody paid yet."""
        return max(self.sent_back - self.settled_quantity, 0)

    @property
    def unpaid_returning(self) -> int:
        """Units of the open return that nobody paid yet."""
        return min(self.returning_quantity, self.unpaid_sent_back)

    @property
    def own_restocked(self) -> int:
        """Units in stock again that no return brought."""
        return self.restocked_quantity - self.returns_restocked

    def restockable(self, units: int) -> tuple[int, int]:
        """How many of `units` that are paid back now can go into stock: of those of returns, and of the others."""
        of_returns = min(units, self.unpaid_sent_back)
        away = max(self.sent_back - self.returns_restocked, 0)
        own = max(self.quantity - self.sent_back - self.own_restocked, 0)
        return min(of_returns, away), min(units - of_returns, own)


def sale_line(
    line: PlacedLine, settled: Mapping[int, int], returns: Sequence[StandingReturnLine]
) -> SaleLine:
    """Build a line with what the order's returns say of it, `settled` by position."""
    columns = {field.name: getattr(line, field.name) for field in fields(PlacedLine)}
    return SaleLine(
        **columns,
        settled_quantity=settled.get(line.position, 0),
        returns_restocked=sum(one.in_stock for one in returns if one.position == line.position),
    )
