"""What an order that was not paid gives back to its buyer's cart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from server.cart import guest_queries, line_queries, queries
from server.cart.changes import CartChange, Change
from server.cart.service import MAX_LINES
from server.db.base import AnyRow

MAX_NOTES: Final = 20
"""Changes that a cart keeps, the latest."""


@dataclass(frozen=True, slots=True)
class Since:
    """Units of a variant in the buyer's later orders: in those that stand, and in those given up unpaid."""

    ordered: int = 0
    put_back: int = 0


ReadSince = Callable[[Connection], Mapping[int, Since]]
"""Reads, once the cart is locked, what became of each variant since."""


@dataclass(frozen=True, slots=True)
class UnpaidLine:
    """Units of a variant that an unpaid order holds, with its name and price as they were."""

    product_id: int
    variant_id: int
    name: str
    quantity: int
    price_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpaid:
    """An order that nobody pays: what it took from the cart, and what it cost."""

    number: str
    user_id: int
    currency: str
    total_minor: int
    lines: Sequence[UnpaidLine]
    coupon_id: int | None
    points: int


@dataclass(frozen=True, slots=True)
class _Left:
    """What becomes of a line: the units that return, and what is to be said of the others."""

    line: UnpaidLine
    units: int
    note: CartChange | None = None


def put_back(tx: Connection, order: Unpaid, read_since: ReadSince, now: datetime, *, tell: bool) -> None:
    """Put what an order took back into the cart, at its prices, beside what was added since.

    The coupon and the points return as well, unless the buyer has chosen others meanwhile. What they ordered since
    does not return, nor what would be a line too many, nor anything to a cart that is in another currency by then:
    the cart says so, and with `tell` also that something returned.
    """
    cart = queries.open_for_return(tx, order.user_id, order.currency, now)
    if cart.currency != order.currency:
        note = CartChange(
            code=Change.ORDER_LEFT_OUT_CURRENCY,
            order_number=order.number,
            currency=order.currency,
            cart_currency=cart.currency,
        )
        _note(tx, cart, [note], cart.shown)
        return
    coupon_id, points = cart.coupon_id or order.coupon_id, cart.points or order.points
    promoted = (coupon_id, points) != (cart.coupon_id, cart.points)
    if promoted:
        queries.promote(tx, cart.id, coupon_id, points)
    in_cart = {line.variant_id: line.quantity for line in guest_queries.lines(tx, cart.id)}
    returning = list(_returning(order.lines, in_cart, read_since(tx)))
    notes = [one.note for one in returning if one.note]
    rows = [_row(one.line, one.units) for one in returning if one.units]
    if rows:
        line_queries.add_lines(tx, cart.id, rows)
    put_back = CartChange(code=Change.ORDER_PUT_BACK, order_number=order.number)
    notice = [put_back] if rows and tell else []
    as_it_was = not in_cart and not notes  # then the buyer has agreed to what it costs
    shown = str(order.total_minor) if as_it_was else "" if rows or promoted else cart.shown
    _note(tx, cart, [*notice, *notes], shown)


def _note(tx: Connection, cart: AnyRow, notes: list[CartChange], shown: str) -> None:
    every = "\n".join([*cart.notes.splitlines(), *(note.to_line() for note in notes)][-MAX_NOTES:])
    if (every, shown) != (cart.notes, cart.shown):
        queries.note(tx, cart.id, every, shown)


def _returning(
    lines: Sequence[UnpaidLine], in_cart: Mapping[int, int], since: Mapping[int, Since]
) -> Iterator[_Left]:
    free = MAX_LINES - len(in_cart)
    for line in lines:
        variant_id, quantity = line.variant_id, line.quantity
        later = since.get(variant_id, Since())
        ordered = min(later.ordered, quantity)
        note = _change_of(line, Change.ORDERED_SINCE, requested=ordered) if ordered else None
        # What a later attempt at the same purchase gave back lies in the cart already.
        units = quantity - ordered - min(later.put_back, in_cart.get(variant_id, 0))
        if units <= 0:
            yield _Left(line, 0, note)
        elif variant_id not in in_cart and free <= 0:
            yield _Left(
                line, 0, _change_of(line, Change.LEFT_OUT_CART_FULL, requested=units, limit=MAX_LINES)
            )
        else:
            free -= variant_id not in in_cart
            yield _Left(line, units, note)


def _change_of(line: UnpaidLine, code: Change, *, requested: int, limit: int = 0) -> CartChange:
    return CartChange(
        code=code,
        product_id=line.product_id,
        variant_id=line.variant_id,
        name=line.name,
        requested=requested,
        limit=limit,
    )


def _row(line: UnpaidLine, units: int) -> dict[str, int]:
    return {
        "product_id": line.product_id,
        "variant_id": line.variant_id,
        "quantity": units,
        "added_price_minor": line.price_minor,
    }
