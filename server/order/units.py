"""Units of an order as callers name them, and the lines that they are of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.errors import InvalidField
from server.order.placed import PlacedLine


@dataclass(frozen=True, slots=True)
class NamedUnits:
    """Units as a caller names them: by their variant or their product; 0 is not named."""

    variant_id: int
    product_id: int
    quantity: int


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
