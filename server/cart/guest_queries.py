"""SQL of guests' carts that end: taken over by a user, or expired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, exists, or_, select, update

from server.cart.models import Cart, CartItem
from server.cart.owner import Guest
from server.db.base import AnyRow
from server.db.upsert import insert_for


def claim(tx: Connection, guest: Guest, user_id: int) -> int | None:
    """Lock the guest's cart and mark it as taken over by the user; its id, or None when there is none to take."""
    return tx.execute(
        update(Cart)
        .where(Cart.token_hash == guest.token_hash)
        .where(Cart.merged_user_id.is_(None), Cart.expires_at > guest.now)
        .values(
            merged_user_id=user_id, version=Cart.version + 1, updated_at=guest.now, expires_at=guest.until
        )
        .returning(Cart.id)
    ).scalar()


def was_claimed(connection: Connection, guest: Guest, user_id: int) -> bool:
    """Whether the user took the guest's cart over before."""
    same = (Cart.token_hash == guest.token_hash, Cart.merged_user_id == user_id, Cart.expires_at > guest.now)
    return connection.execute(select(Cart.id).where(*same)).scalar() is not None


_LINE = (CartItem.variant_id, CartItem.quantity, CartItem.added_price_minor)


def take_lines(tx: Connection, cart_id: int) -> Sequence[AnyRow]:
    """Empty a cart and return its lines, oldest first."""
    taken = delete(CartItem).where(CartItem.cart_id == cart_id)
    return sorted(tx.execute(taken.returning(CartItem.id, *_LINE)))


def lines(connection: Connection, cart_id: int) -> Sequence[AnyRow]:
    """The lines of a cart."""
    return connection.execute(select(*_LINE).where(CartItem.cart_id == cart_id)).all()


def put_lines(tx: Connection, cart_id: int, rows: Sequence[Mapping[str, int]]) -> None:
    """Give the cart these lines, in place of those of the same variants."""
    insert = insert_for(tx)(CartItem).values([{"cart_id": cart_id, **row} for row in rows])
    named = {name: insert.excluded[name] for name in ("quantity", "added_price_minor")}
    tx.execute(
        insert.on_conflict_do_update(index_elements=[CartItem.cart_id, CartItem.variant_id], set_=named)
    )


def delete_ended(tx: Connection, expired_by: datetime, unused_since: datetime, limit: int) -> int:
    """Delete guests' carts that have expired and users' that have been empty for long; returns how many.

    Those that somebody is changing now are left for the next time: waiting for them could become a deadlock.
    """
    empty = ~exists().where(CartItem.cart_id == Cart.id)
    ended = (
        select(Cart.id)
        .where(
            or_(
                Cart.expires_at <= expired_by,
                Cart.user_id.is_not(None) & (Cart.updated_at < unused_since) & empty,
            )
        )
        .order_by(Cart.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(tx.scalars(ended))
    if ids:
        tx.execute(delete(Cart).where(Cart.id.in_(ids)))
    return len(ids)
