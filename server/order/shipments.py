"""The parcels of an order: who carries each, under which number, and what is in it. Pure.

They are a list on the order's row, which the order's lock protects. Nothing in it is made up: a number is the
carrier's, as the staff sent it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from server.errors import FieldReason, InvalidField
from server.events.order_steps import Parcel, ParcelItem
from server.order.placed import PlacedLine, PlacedOrder
from server.order.status import SHIPPED
from server.order.units import NamedUnits, positions

MAX_PARCELS: Final = 20
MAX_PARCEL_LINES: Final = 300
"""Entries in the parcels of an order together: a page of orders shows them all."""


def is_listed(parcels: Sequence[Parcel]) -> bool:
    """Whether it is known of each unit if it was handed over."""
    return bool(parcels) and all(parcel.items for parcel in parcels)


def shipped_units(order: PlacedOrder) -> dict[int, int]:
    """The units that were handed over, by position: all that did not stay where no parcel lists any."""
    if is_listed(order.shipments):
        items = [item for parcel in order.shipments for item in parcel.items]
        return {
            line.position: sum(item.quantity for item in items if item.position == line.position)
            for line in order.lines
        }
    has_left = bool(order.shipments) or order.delivered_at is not None or order.status == SHIPPED
    return {line.position: line.first_shipped if has_left else 0 for line in order.lines}


@dataclass(frozen=True, slots=True)
class ParcelDraft:
    """A parcel as the staff sends it; `id` is 0 for a new one."""

    id: int
    carrier: str
    tracking_number: str
    tracking_url: str
    items: Sequence[NamedUnits]


def put(
    parcels: Sequence[Parcel], lines: Sequence[PlacedLine], draft: ParcelDraft, now: datetime
) -> tuple[Sequence[Parcel], Parcel | None]:
    """The parcels with the one that is sent, and that one; None when it is there already, just so.

    Raises InvalidField for one that says nothing, of more units than are left, of an id that there is not, and for
    one of several that does not name its units.
    """
    if not (draft.tracking_number or draft.tracking_url or draft.items):
        raise InvalidField(
            ("shipment", "give its tracking_number, its tracking_url or its items", FieldReason.REQUIRED)
        )
    others = [parcel for parcel in parcels if parcel.id != draft.id]
    before = next((parcel for parcel in parcels if parcel.id == draft.id), None)
    if draft.id and before is None:
        raise InvalidField(("shipment.id", f"there is no parcel {draft.id}"))
    if before is None:
        if any(_repeats(parcel, lines, draft) for parcel in parcels):
            return parcels, None
        _check_another(parcels)
    if others and not draft.items:
        raise InvalidField(
            ("shipment.items", "say which units are in it, beside others", FieldReason.REQUIRED)
        )
    parcel = Parcel(
        id=before.id if before else max((one.id for one in parcels), default=0) + 1,
        carrier=draft.carrier.strip(),
        tracking_number=draft.tracking_number.strip(),
        tracking_url=draft.tracking_url,
        items=_items(others, lines, draft),
        shipped_at=before.shipped_at if before else now,
    )
    if parcel == before:
        return parcels, None
    if sum(len(one.items) for one in [*others, parcel]) > MAX_PARCEL_LINES:
        problem = f"the parcels of an order list at most {MAX_PARCEL_LINES} lines together"
        raise InvalidField(("shipment.items", problem, FieldReason.TOO_MANY_ENTRIES))
    return sorted([*others, parcel], key=lambda one: one.id), parcel


def _repeats(parcel: Parcel, lines: Sequence[PlacedLine], draft: ParcelDraft) -> bool:
    """Whether a draft says of a new parcel just what one says already."""
    return (
        (parcel.carrier, parcel.tracking_number, parcel.tracking_url)
        == (draft.carrier.strip(), draft.tracking_number.strip(), draft.tracking_url)
    ) and parcel.items == _named(lines, draft)


def _check_another(parcels: Sequence[Parcel]) -> None:
    unlisted = next((parcel for parcel in parcels if not parcel.items), None)
    if unlisted is not None:
        raise InvalidField(
            ("shipment", f"parcel {unlisted.id} holds everything: say which units it holds first")
        )
    if len(parcels) >= MAX_PARCELS:
        raise InvalidField(
            ("shipment", f"an order has at most {MAX_PARCELS} parcels", FieldReason.TOO_MANY_ENTRIES)
        )


def _items(
    others: Sequence[Parcel], lines: Sequence[PlacedLine], draft: ParcelDraft
) -> tuple[ParcelItem, ...]:
    left = {line.position: line.shippable for line in lines}
    for parcel in others:
        for item in parcel.items:
            left[item.position] -= item.quantity
    named, missing = positions(lines, draft.items, left, "shipment.items")
    if missing:
        raise InvalidField(
            (
                "shipment.items",
                f"more units of variant {min(missing)} than are left to ship",
                FieldReason.OUT_OF_RANGE,
            )
        )
    return _listed(lines, named)


def _named(lines: Sequence[PlacedLine], draft: ParcelDraft) -> tuple[ParcelItem, ...]:
    """The units as they are named, whether or not they are left."""
    whole = {line.position: line.quantity for line in lines}
    return _listed(lines, positions(lines, draft.items, whole, "shipment.items")[0])


def _listed(lines: Sequence[PlacedLine], units: Mapping[int, int]) -> tuple[ParcelItem, ...]:
    return tuple(
        ParcelItem(
            line.position,
            line.variant_id,
            line.product_id,
            units[line.position],
            sku=line.sku,
            options=line.options,
        )
        for line in lines
        if line.position in units
    )
