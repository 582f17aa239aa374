"""How much of an order a refund pays back: amounts by units, and what of them is tax and shipping. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from server.pricing.prices import portion, spread
from server.refund.sale_lines import SaleLine


@dataclass(frozen=True, slots=True)
class Parts:
    """An amount to pay back, with the parts of it that are tax and shipping; the rest is goods."""

    amount: int
    tax: int = 0
    shipping: int = 0

    @property
    def goods(self) -> int:
        """What of it the goods cost."""
        return self.amount - self.tax - self.shipping

    def __sub__(self, other: Parts) -> Parts:
        """What is left of it after another amount went."""
        return Parts(self.amount - other.amount, self.tax - other.tax, self.shipping - other.shipping)


@dataclass(frozen=True, slots=True)
class PaidUnits:
    """Units of an order's line, and what is paid back for them."""

    position: int
    variant_id: int
    quantity: int
    amount: int


def of_units(line: SaleLine, units: int) -> Parts:
    """What `units` more units of an order's line cost, with their shares of tax and shipping.

    The last units get what is left of the line, whatever became of earlier refunds: all together get what it cost.
    """
    quantity, before = line.quantity, line.refunded_quantity
    tax = portion(line.tax_minor, quantity, before, units)
    shipping = portion(line.shipping_minor, quantity, before, units)
    goods = portion(line.total_minor - line.discount_minor, quantity, before, units)
    left = line.left_minor
    amount = left if before + units == quantity else min(goods + tax + shipping, left)
    return Parts(amount, tax, shipping)


def fitted(parts: Parts, left: Parts) -> Parts:
    """The same amount, its tax and shipping moved as little as needed so that no part is above what is left of it.

    So the refunds of an order never pay back more tax, shipping or goods than it had, and those that pay back
    everything pay back all of each.
    """
    amount = parts.amount
    tax = _between(amount - left.goods - left.shipping, parts.tax, min(left.tax, amount))
    shipping = _between(amount - left.goods - tax, parts.shipping, min(left.shipping, amount - tax))
    return Parts(amount, tax, shipping)


def share_of(amount: int, left: Parts) -> Parts:
    """An amount without units: tax and shipping have the share in it that they have in what is left."""
    if left.amount == 0:
        return Parts(amount)
    tax = portion(left.tax, left.amount, 0, amount)
    shipping = portion(left.shipping, left.amount, 0, amount)
    return fitted(Parts(amount, tax, shipping), left)


def all_units(lines: Sequence[SaleLine], amount: int) -> list[PaidUnits]:
    """Every unit that was not paid back yet, `amount` spread over them by what is left of their lines."""
    open_lines = [line for line in lines if line.unpaid > 0]
    shares = spread(amount, [line.left_minor for line in open_lines], [line.position for line in open_lines])
    return [
        PaidUnits(line.position, line.variant_id, line.unpaid, share)
        for line, share in zip(open_lines, shares, strict=True)
    ]


def cost_of_units(lines: Sequence[SaleLine], units: Mapping[int, int]) -> tuple[Parts, list[PaidUnits]]:
    """What units, by position, cost together, and those of each line."""
    paid, tax, shipping = [], 0, 0
    for line in lines:
        if count := units.get(line.position, 0):
            parts = of_units(line, count)
            tax += parts.tax
            shipping += parts.shipping
            paid.append(PaidUnits(line.position, line.variant_id, count, parts.amount))
    return Parts(sum(one.amount for one in paid), tax, shipping), paid


def respread(lines: Sequence[PaidUnits], amount: int) -> list[PaidUnits]:
    """The same units, for a smaller amount in all."""
    shares = spread(amount, [one.amount for one in lines], [one.position for one in lines])
    return [replace(one, amount=share) for one, share in zip(lines, shares, strict=True)]


def _between(low: int, value: int, high: int) -> int:
    return min(max(low, value, 0), high)
