"""SQL of the lines of carts: one function per question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, bindparam, delete, insert, update

from server.cart.models import CartItem
from server.catalog.offers import Offer
from server.db.base import AnyRow
from server.db.prepared import Prepared
from server.db.upsert import Insert, insert_for

_INSERT_LINE = Prepared(insert(CartItem))
_SET_LINE = Prepared(
    update(CartItem)
    .where(CartItem.id == bindparam("line"))
    .values(quantity=bindparam("units"), added_price_minor=bindparam("price_minor"))
)


def insert_line(tx: Connection, cart_id: int, item_id: int, offer: Offer, quantity: int) -> None:
    """Put a line into a locked cart, at the price of the offer."""
    _INSERT_LINE.later(
        tx,
        id=item_id,
        cart_id=cart_id,
        product_id=offer.product_id,
        variant_id=offer.variant_id,
        quantity=quantity,
        added_price_minor=offer.price_minor,
    )


def set_line(tx: Connection, item_id: int, offer: Offer, quantity: int) -> None:
    """Set the units of a line of a locked cart, at the price of the offer."""
    _SET_LINE.later(tx, line=item_id, units=quantity, price_minor=offer.price_minor)


def add_lines(tx: Connection, cart_id: int, rows: Sequence[Mapping[str, int]]) -> None:
    """Add units of many variants in one statement; the rows are named like the columns of a line."""
    tx.execute(_merge(insert_for(tx)(CartItem).values([{"cart_id": cart_id, **row} for row in rows])))


def _merge(new: Insert) -> Insert:
    return new.on_conflict_do_update(
        index_elements=[CartItem.cart_id, CartItem.variant_id],
        set_={
            "quantity": CartItem.quantity + new.excluded.quantity,
            "added_price_minor": new.excluded.added_price_minor,
        },
    )


def set_quantity(tx: Connection, cart_id: int, item_id: int, quantity: int) -> int | None:
    """Set the units of a line and return its variant; None when the cart has no such line."""
    return tx.execute(
        update(CartItem)
        .where(CartItem.cart_id == cart_id, CartItem.id == item_id)
        .values(quantity=quantity)
        .returning(CartItem.variant_id)
    ).scalar()


def delete_item(tx: Connection, cart_id: int, *, item_id: int = 0, product_id: int = 0) -> bool:
    """Delete a line by its id, or else every line of a product; False when there is none."""
    target = CartItem.id == item_id if item_id else CartItem.product_id == product_id
    return tx.execute(delete(CartItem).where(CartItem.cart_id == cart_id, target)).rowcount > 0


_TAKE_ITEMS = Prepared(
    delete(CartItem)
    .where(CartItem.cart_id == bindparam("cart_id"))
    .returning(CartItem.id, CartItem.variant_id, CartItem.quantity)
)


def take_items(tx: Connection, cart_id: int) -> list[AnyRow]:
    """Empty a cart and return what it held: variant and quantity, in the order they were added."""
    return sorted(_TAKE_ITEMS.all(tx, cart_id=cart_id))


_DELETE_ALL = Prepared(delete(CartItem).where(CartItem.cart_id == bindparam("cart_id")))


def delete_all(tx: Connection, cart_id: int) -> None:
    """Empty a cart."""
    _DELETE_ALL.later(tx, cart_id=cart_id)
