"""Which totals a buyer has seen of their cart, so that a checkout charges none that they have not.

The cart remembers the totals of the replies about it as it is: those of several addresses or codes that a preview
showed, too. A change of the cart forgets them, and its reply shows a new one. A read writes only when it shows a
total that is not remembered: when a price, a tier, a coupon or the address has changed what the cart costs.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from server.cart import queries
from server.cart.view import CartView

REMEMBERED: Final = 8
"""Totals of a cart at a time; more would be no buyer's who compares, but a program that tries addresses."""


def totals(stored: str) -> list[int]:
    """The totals that a cart remembers."""
    return [int(total) for total in stored.split()]


def with_total(stored: str, total: int) -> str:
    """What a cart remembers once it showed a total, too."""
    latest = [*(one for one in totals(stored) if one != total), total]
    return " ".join(map(str, latest[-REMEMBERED:]))


def is_new(cart: CartView, total: int) -> bool:
    """Whether a total of a user's cart is to be remembered; nobody can order what a guest has, or nothing."""
    return cart.user_id is not None and bool(cart.lines) and total not in totals(cart.shown)


def remember(tx: Connection, cart: CartView, total: int) -> None:
    """Remember a total that a reply shows of a user's cart."""
    if cart.user_id is not None and is_new(cart, total):
        queries.show(tx, cart.user_id, cart.version, with_total(cart.shown, total))


def remember_refused(tx: Connection, user_id: int, version: int, total: int) -> None:
    """Remember the total that the refusal of a checkout shows, once its transaction was undone."""
    row = queries.shown(tx, user_id)
    if row is not None and row.version == version:
        queries.show(tx, user_id, version, with_total(row.shown, total))
