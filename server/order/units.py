"""The ledger of an order's units, which refunds, returns and cancellations share.

A line counts how many of its units were sold, paid back, are being sent back, came back, and are in stock again.
Units of a line are alike, so one rule says which of them are meant: units that are or were sent back are paid and
restocked before those that the buyer keeps, and of these two those that came back before those still awaited. So
whoever pays for a unit, by RefundOrder or when its return arrives, the other finds it paid.

`settled_quantity` are the units that are both: paid back, and sent back or about to be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server.errors import InvalidField
from server.order.placed import PlacedLine

Line = Mapping[str, Any]
"""A line of an order, as `sale.open_sale` reads it."""


@dataclass(frozen=True, slots=True)
class NamedUnits:
    """Units as a caller names them: by their variant or their product; 0 is not named."""

    variant_id: int
    product_id: int
    quantity: int


def unpaid(line: Line) -> int:
    """Units that were not paid back."""
    return int(line["quantity"] - line["refunded_quantity"])


def returnable(line: Line) -> int:
    """Units that can be sent back: neither sent back, nor about to be, nor paid back."""
    return int(unpaid(line) - _sent_back(line) + line["settled_quantity"])


def unpaid_sent_back(line: Line) -> int:
    """Units that are or were sent back and that nobody paid yet."""
    settled: int = line["settled_quantity"]
    return max(_sent_back(line) - settled, 0)


def unpaid_returning(line: Line) -> int:
    """Units of the open return that nobody paid yet."""
    returning: int = line["returning_quantity"]
    return min(returning, unpaid_sent_back(line))


def restockable(line: Line, units: int) -> tuple[int, int]:
    """How many of `units` that are paid back now can go into stock: those of returns, and those that were kept."""
    of_returns = min(units, unpaid_sent_back(line))
    there = line["returns_restocked"]
    away = max(_sent_back(line) - there, 0)
    own = max(line["quantity"] - _sent_back(line) - (line["restocked_quantity"] - there), 0)
    return min(of_returns, away), min(units - of_returns, own)


def _sent_back(line: Line) -> int:
    return int(line["returning_quantity"] + line["returned_quantity"])


def positions(
    lines: Sequence[PlacedLine],
    named: Sequence[NamedUnits],
    open_units: Mapping[int, int],
    field: str = "items",
) -> tuple[dict[int, int], dict[int, int]]:
    """Units as they are named as units by the position of their line, and those that no line has left, by variant.

    `open_units` are those that each line has left. Units named twice count twice. Raises InvalidField for what was
    not ordered, and for a product of which several variants were.
    """
    missing: dict[int, int] = {}
    for one in named:
        variant_id = _variant(lines, one, field)
        missing[variant_id] = missing.get(variant_id, 0) + one.quantity
    by_position = {}
    for line in lines:  # an imported order may have several lines of a variant
        taken = min(missing.get(line.variant_id, 0), open_units.get(line.position, 0))
        if taken > 0:
            by_position[line.position] = taken
            missing[line.variant_id] -= taken
    return by_position, {variant: count for variant, count in missing.items() if count}


def _variant(lines: Sequence[PlacedLine], named: NamedUnits, field: str) -> int:
    variants = sorted(
        {
            line.variant_id
            for line in lines
            if named.variant_id in (0, line.variant_id) and named.product_id in (0, line.product_id)
        }
    )
    if not variants:
        thing = f"variant {named.variant_id}" if named.variant_id else ""
        of_product = f"product {named.product_id}" if named.product_id else ""
        raise InvalidField((field, f"{' of '.join(filter(None, (thing, of_product)))} is not in the order"))
    if len(variants) > 1:
        choice = " or ".join(map(str, variants))
        raise InvalidField((field, f"several variants of product {named.product_id}: name variant {choice}"))
    return int(variants[0])
