"""How two carts become one: which quantities fit, and what is left out. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from server.cart.changes import CartChange, Change
from server.catalog.offers import Offer


class Strategy(StrEnum):
    """What happens to a variant that is in both carts."""

    SUM = "SUM"
    KEEP_MINE = "KEEP_MINE"
    KEEP_GUEST = "KEEP_GUEST"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a cart: how many of a variant, and its price when it was added."""

    variant_id: int
    quantity: int
    added_price_minor: int


@dataclass(frozen=True)
class Merged:
    """The lines that the cart gets or that change in it, and what did not fit."""

    lines: list[Line]
    left_out: list[CartChange]


@dataclass(frozen=True, slots=True)
class Room:
    """What the cart that takes the others' lines may hold."""

    currency: str
    most_lines: int


def merge(
    mine: Sequence[Line], guests: Sequence[Line], offers: Mapping[int, Offer], room: Room, strategy: Strategy
) -> Merged:
    """Fit the guest's lines, oldest first, into a cart that holds `mine`.

    No line grows above the stock or what one order may hold, and none of `mine` is lowered by adding.
    """
    existing = {line.variant_id: line for line in mine}
    merged = Merged([], [])
    free = room.most_lines - len(existing)
    for line in guests:
        own = existing.get(line.variant_id)
        if own and strategy is Strategy.KEEP_MINE:
            continue
        offer = offers[line.variant_id]
        if own is None and free <= 0:
            merged.left_out.append(
                CartChange.of(
                    Change.LEFT_OUT_CART_FULL, offer, requested=line.quantity, limit=room.most_lines
                )
            )
            continue
        fitting, flaw = _fit(line, own if strategy is Strategy.SUM else None, offer, room.currency)
        if flaw:
            merged.left_out.append(flaw)
        if fitting:
            merged.lines.append(fitting)
            free -= own is None
    return merged


def _fit(
    line: Line, added_to: Line | None, offer: Offer, currency: str
) -> tuple[Line | None, CartChange | None]:
    """What the line becomes, None when nothing of it fits, and what is to be told of it."""
    if offer.currency != currency:
        return None, CartChange.of(
            Change.LEFT_OUT_CURRENCY, offer, requested=line.quantity, cart_currency=currency
        )
    if not offer.on_sale:
        return None, CartChange.of(Change.LEFT_OUT_WITHDRAWN, offer, requested=line.quantity)
    most = min(offer.available, offer.max_quantity)
    before = added_to.quantity if added_to else 0
    requested = before + line.quantity
    quantity = max(min(requested, most), before)
    if quantity <= 0:
        return None, CartChange.of(Change.LEFT_OUT_SOLD_OUT, offer, requested=requested)
    price = added_to.added_price_minor if added_to else line.added_price_minor
    lowered = None
    if quantity < requested:
        lowered = CartChange.of(Change.LOWERED, offer, requested=requested, available=quantity)
    return Line(line.variant_id, quantity, price), lowered
