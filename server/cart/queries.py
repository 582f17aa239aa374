"""SQL of the carts: one function per question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, case, delete, exists, func, literal_column, select, update

from server.cart.models import Cart, CartItem
from server.catalog.models import Variant
from server.db.base import AnyRow
from server.db.upsert import built_once, insert_for

_CART_WITH_ITEMS = (
    select(
        Cart.currency,
        Cart.version,
        Cart.updated_at,
        CartItem.id,
        CartItem.product_id,
        CartItem.variant_id,
        CartItem.quantity,
        CartItem.added_price_minor,
    )
    .outerjoin(CartItem, CartItem.cart_id == Cart.id)
    .where(Cart.user_id == bindparam("user_id"))
    .order_by(CartItem.id)
)


def cart_with_items(connection: Connection, user_id: int) -> Sequence[AnyRow]:
    """The user's cart, a row per item in the order they were added; one row without item for an empty cart."""
    return connection.execute(_CART_WITH_ITEMS, {"user_id": user_id}).all()


def product_ids(connection: Connection, user_id: int) -> list[int]:
    """The products in the user's cart."""
    statement = select(CartItem.product_id).join(Cart, Cart.id == CartItem.cart_id)
    return list(connection.scalars(statement.where(Cart.user_id == user_id).order_by(CartItem.id)))


@built_once
def _open_cart(insert: Any) -> Any:
    new = insert(Cart).values(version=1)
    # By name: Cart.id would bring all carts into the subquery, for ON CONFLICT has no FROM to correlate with.
    filled = exists().where(CartItem.cart_id == literal_column("carts.id"))
    return new.on_conflict_do_update(
        index_elements=[Cart.user_id],
        set_={
            "version": Cart.version + 1,
            "updated_at": new.excluded.updated_at,
            "currency": case((filled, Cart.currency), else_=new.excluded.currency),
        },
    ).returning(Cart.id, Cart.currency)


def open_cart(tx: Connection, user_id: int, currency: str, now: datetime) -> AnyRow:
    """Lock the user's cart, made when absent, count its version up, and return its id and currency.

    An empty cart takes `currency`; one with items keeps its own.
    """
    values = {"user_id": user_id, "currency": currency, "updated_at": now}
    row: AnyRow = tx.execute(_open_cart(tx), values).one()
    return row


_LOCK_CART = (
    update(Cart)
    .where(Cart.user_id == bindparam("owner"))
    .values(version=Cart.version + 1, updated_at=bindparam("now"))
    .returning(Cart.id, Cart.version, Cart.currency)
)


def lock_cart(tx: Connection, user_id: int, now: datetime) -> AnyRow | None:
    """Lock the user's cart, count its version up, and return id, version and currency; None when there is none."""
    return tx.execute(_LOCK_CART, {"owner": user_id, "now": now}).one_or_none()


def add_units(
    tx: Connection, cart_id: int, product_id: int, variant_id: int, quantity: int, price_minor: int
) -> int:
    """Add units of a variant, at this price, and return how many the line holds now."""
    row = {
        "cart_id": cart_id,
        "product_id": product_id,
        "variant_id": variant_id,
        "quantity": quantity,
        "added_price_minor": price_minor,
    }
    return int(tx.execute(_merge_one(tx), row).scalar_one())


def add_lines(tx: Connection, cart_id: int, rows: Sequence[Mapping[str, int]]) -> None:
    """Add units of many variants in one statement; the rows are named like the columns of a line."""
    tx.execute(_merge(insert_for(tx)(CartItem).values([{"cart_id": cart_id, **row} for row in rows])))


@built_once
def _merge_one(insert: Any) -> Any:
    return _merge(insert(CartItem)).returning(CartItem.quantity)


def _merge(insert: Any) -> Any:
    return insert.on_conflict_do_update(
        index_elements=[CartItem.cart_id, CartItem.variant_id],
        set_={
            "quantity": CartItem.quantity + insert.excluded.quantity,
            "added_price_minor": insert.excluded.added_price_minor,
        },
    )


_COUNT_ITEMS = select(func.count()).select_from(CartItem).where(CartItem.cart_id == bindparam("cart_id"))


def count_items(connection: Connection, cart_id: int) -> int:
    """How many lines a cart has."""
    return connection.execute(_COUNT_ITEMS, {"cart_id": cart_id}).scalar_one()


def set_quantity(tx: Connection, cart_id: int, item_id: int, quantity: int) -> int | None:
    """Set the units of a line and return its variant; None when the cart has no such line."""
    return tx.execute(
        update(CartItem)
        .where(CartItem.cart_id == cart_id, CartItem.id == item_id)
        .values(quantity=quantity)
        .returning(CartItem.variant_id)
    ).scalar()


def delete_item(tx: Connection, cart_id: int, *, item_id: int = 0, product_id: int = 0) -> bool:
    """Delete a line by its id, or that of a product's default variant, else its oldest.

    False when there is none.
    """
    chosen = (
        select(CartItem.id)
        .join(Variant, Variant.id == CartItem.variant_id)
        .where(CartItem.cart_id == cart_id)
        .where(CartItem.id == item_id if item_id else CartItem.product_id == product_id)
        .order_by(Variant.is_default.desc(), CartItem.id)
        .limit(1)
    )
    return tx.execute(delete(CartItem).where(CartItem.id == chosen.scalar_subquery())).rowcount > 0


_TAKE_ITEMS = (
    delete(CartItem)
    .where(CartItem.cart_id == bindparam("cart_id"))
    .returning(CartItem.id, CartItem.variant_id, CartItem.quantity)
)


def take_items(tx: Connection, cart_id: int) -> Sequence[AnyRow]:
    """Empty a cart and return what it held: variant and quantity, in the order they were added."""
    return sorted(tx.execute(_TAKE_ITEMS, {"cart_id": cart_id}).all())
