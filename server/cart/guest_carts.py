"""Guests' carts: taken over at login, and deleted when nobody came back for them."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from server.cart import guest_queries, queries
from server.cart.changes import CartChange
from server.cart.errors import CartNotFound
from server.cart.merging import Line, Room, Strategy, merge
from server.cart.owner import Guest
from server.cart.service import MAX_LINES
from server.catalog import offers as catalog_offers
from server.events.log import publish
from server.events.topics import CartChanged

UNUSED_DAYS = 7
"""How long a user's empty cart is kept."""


def take_over(
    tx: Connection, user_id: int, guest: Guest, strategy: Strategy, now: datetime
) -> list[CartChange]:
    """Move what the guest's cart holds into the user's, and return what was left out.

    The guest's cart is locked first and the user's after it; whoever holds a user's cart, as a checkout does,
    never waits for a guest's, so nobody waits in a circle. A repeat changes nothing. Raises CartNotFound.
    """
    guests_id = guest_queries.claim(tx, guest, user_id) if guest.token else None
    if guests_id is None:
        if guest.token and guest_queries.was_claimed(tx, guest, user_id):
            return []
        raise CartNotFound()
    guests = [Line(*row[1:]) for row in guest_queries.take_lines(tx, guests_id)]
    if not guests:
        return []
    offers = catalog_offers.offers(tx, [line.variant_id for line in guests], now)
    cart = queries.open_cart(tx, user_id, offers[guests[0].variant_id].currency, now)
    mine = [Line(*row) for row in guest_queries.lines(tx, cart.id)]
    merged = merge(mine, guests, offers, Room(cart.currency, MAX_LINES), strategy)
    if merged.lines:
        rows = [_row(line, offers[line.variant_id].product_id) for line in merged.lines]
        guest_queries.put_lines(tx, cart.id, rows)
        publish(tx, CartChanged(user_id))
    return merged.left_out


def _row(line: Line, product_id: int) -> dict[str, int]:
    return {
        "product_id": product_id,
        "variant_id": line.variant_id,
        "quantity": line.quantity,
        "added_price_minor": line.added_price_minor,
    }


def delete_expired(tx: Connection, now: datetime, limit: int) -> int:
    """Delete up to `limit` carts: guests' that have expired, and users' that were empty for a week.

    Returns how many; call it again while it is `limit`.
    """
    return guest_queries.delete_ended(tx, now, now - timedelta(days=UNUSED_DAYS), limit)
