"""Units of a sale as callers name them, refused where more are named than are left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from server.errors import LineRefusal
from server.order.units import NamedUnits, positions
from server.refund.sale import Sale


def units_by_position(
    sale: Sale, units: Sequence[NamedUnits], left: Mapping[int, int], refusal: type[LineRefusal]
) -> dict[int, int]:
    """Units by the position of their line; `left` are those that each line has left.

    Raises `refusal` for a variant of which more are named, and InvalidField for what was not ordered.
    """
    named, missing = positions(sale.lines, units, left)
    for variant, too_many in missing.items():
        lines = [line for line in sale.lines if line.variant_id == variant]
        available = sum(left.get(line.position, 0) for line in lines)
        raise refusal(
            item_id=None,
            product_id=lines[0].product_id,
            variant_id=variant,
            name=lines[0].name,
            requested=available + too_many,
            available=available,
        )
    return named
