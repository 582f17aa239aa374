"""The parcels of an order: who carries each, under which number, and what is in it. Pure.

They are a list on the order's row, which the order's lock protects. Nothing in it is made up: a number is the
carrier's, as the staff sent it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from server.errors import InvalidField
from server.order.placed import PlacedLine
from server.order.units import NamedUnits, positions

MAX_PARCELS: Final = 20


@dataclass(frozen=True, slots=True)
class Parcel:
    """A parcel as the staff sends it; `id` is 0 for a new one."""

    id: int
    carrier: str
    tracking_number: str
    tracking_url: str
    items: Sequence[NamedUnits]


def put(
    known: Sequence[dict[str, Any]], lines: Sequence[PlacedLine], sent: Parcel, now: datetime
) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """The parcels with the one that is sent, and that one; None when it is there already, just so.

    Raises InvalidField for one that says nothing, of more units than are left, of an id that there is not, and for
    another one that does not name its units.
    """
    if not (sent.tracking_number or sent.tracking_url or sent.items):
        raise InvalidField(("shipment", "give its tracking_number, its tracking_url or its items"))
    others = [one for one in known if one["id"] != sent.id]
    before = next((one for one in known if one["id"] == sent.id), None)
    if sent.id and before is None:
        raise InvalidField(("shipment.id", f"there is no parcel {sent.id}"))
    fields = {
        "carrier": sent.carrier.strip(),
        "tracking_number": sent.tracking_number.strip(),
        "tracking_url": sent.tracking_url,
    }
    if before is None:
        same = [one for one in known if fields.items() <= one.items()]
        if any(one["items"] == _named(lines, sent) for one in same):
            return list(known), None
        if known and not sent.items:
            raise InvalidField(("shipment.items", "say which units are in another parcel"))
        if len(known) >= MAX_PARCELS:
            raise InvalidField(("shipment", f"an order has at most {MAX_PARCELS} parcels"))
    parcel = {
        "id": before["id"] if before else max((one["id"] for one in known), default=0) + 1,
        **fields,
        "items": _items(others, lines, sent),
        "shipped_at": before["shipped_at"] if before else now.isoformat(),
    }
    if parcel == before:
        return list(known), None
    return sorted([*others, parcel], key=lambda one: int(one["id"])), parcel


def _items(
    others: Sequence[dict[str, Any]], lines: Sequence[PlacedLine], sent: Parcel
) -> list[dict[str, int]]:
    left = {line.position: line.quantity for line in lines}
    for one in others:
        for item in one["items"]:
            left[item["position"]] -= item["quantity"]
    named, missing = positions(lines, sent.items, left, "shipment.items")
    if missing:
        raise InvalidField(("shipment.items", f"more units of variant {min(missing)} than are left to ship"))
    return _listed(lines, named)


def _named(lines: Sequence[PlacedLine], sent: Parcel) -> list[dict[str, int]]:
    """The units as they are named, whether or not they are left."""
    whole = {line.position: line.quantity for line in lines}
    return _listed(lines, positions(lines, sent.items, whole, "shipment.items")[0])


def _listed(lines: Sequence[PlacedLine], units: dict[int, int]) -> list[dict[str, int]]:
    return [
        {
            "position": line.position,
            "variant_id": line.variant_id,
            "product_id": line.product_id,
            "quantity": units[line.position],
        }
        for line in lines
        if line.position in units
    ]
