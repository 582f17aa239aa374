"""A small shop with tastes that a model can find: who buys from one shelf buys there again."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, update

from server.cart.models import Cart, CartItem
from server.catalog.models import DEFAULT_LOCATION_ID, Category, InventoryLevel, Product, Variant
from server.order.models import Order, OrderLine
from server.user.models import User

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SHELVES = {
    "Coffee": ["Espresso Beans", "Filter Beans", "Paper Filters", "Milk Frother", "Burr Grinder", "Moka Pot"],
    "Garden": ["Watering Can", "Pruning Shears", "Potting Soil", "Tomato Seeds", "Rake", "Garden Gloves"],
    "Books": ["Crime Novel", "Cook Book", "Travel Guide", "Poetry Book", "History Book", "Comic Book"],
}
PRODUCTS = sum(len(names) for names in SHELVES.values())
USERS = 30
NEW_USER = USERS + 1
"""A user who never ordered."""


def fill(tx: Connection, *, orders_per_user: int = 4, now: datetime = NOW) -> None:
    """Write the shelves, the users, and their orders up to yesterday. Ids count from 1."""
    names = [(category, name) for category, names in SHELVES.items() for name in names]
    tx.execute(
        insert(Category),
        [{"name": name, "slug": name.lower(), "description": ""} for name in SHELVES],
    )
    tx.execute(insert(Product), [_product(name, _shelf(category), now) for category, name in names])
    tx.execute(
        insert(Variant),
        [{"product_id": i, "sku": f"P{i}", "options": {}, "is_default": True} for i in _ids(PRODUCTS)],
    )
    tx.execute(insert(InventoryLevel), [_level(i, 100) for i in _ids(PRODUCTS)])
    tx.execute(insert(User), [_user(i, now) for i in _ids(NEW_USER)])
    chance = random.Random(7)
    orders, lines = [], []
    for user_id in _ids(USERS):
        shelf = (user_id % len(SHELVES)) * 6
        for number in range(orders_per_user):
            picked = chance.sample(range(shelf + 1, shelf + 7), 2) + chance.sample(range(1, PRODUCTS + 1), 1)
            product_ids = sorted(set(picked))
            placed_at = now - timedelta(days=1 + 7 * number, minutes=user_id)
            orders.append(_order(user_id, len(product_ids), placed_at, "DELIVERED"))
            lines += [_line(len(orders), position, i) for position, i in enumerate(product_ids, 1)]
    tx.execute(insert(Order), orders)
    tx.execute(insert(OrderLine), lines)


def add_product(tx: Connection, name: str, category: str, *, available: int = 10) -> int:
    """Put a new product on a shelf and return its id."""
    row = insert(Product).values(_product(name, _shelf(category), NOW)).returning(Product.id)
    product_id = tx.execute(row).scalar_one()
    variant = insert(Variant).values(product_id=product_id, sku=f"P{product_id}", options={}, is_default=True)
    variant_id = tx.execute(variant.returning(Variant.id)).scalar_one()
    tx.execute(insert(InventoryLevel).values(_level(product_id, available) | {"variant_id": variant_id}))
    return product_id


def place_order(
    tx: Connection,
    user_id: int | None,
    product_ids: Sequence[int],
    placed_at: datetime,
    status: str = "DELIVERED",
) -> int:
    """Write an order of one unit each and return its id; of one that is RETURNED everything came back."""
    values = _order(user_id, len(product_ids), placed_at, status)
    order_id = tx.execute(insert(Order).values(values).returning(Order.id)).scalar_one()
    back = {"returned_quantity": int(status == "RETURNED")}
    tx.execute(
        insert(OrderLine),
        [_line(order_id, position, product_id) | back for position, product_id in enumerate(product_ids, 1)],
    )
    return order_id


def fill_cart(tx: Connection, user_id: int, product_ids: Sequence[int], now: datetime) -> None:
    """Put one of each product into a user's new cart."""
    cart = insert(Cart).values(user_id=user_id, currency="USD", version=1, updated_at=now)
    line = {
        "cart_id": tx.execute(cart.returning(Cart.id)).scalar_one(),
        "quantity": 1,
        "added_price_minor": 100,
    }
    tx.execute(insert(CartItem), [line | {"product_id": each, "variant_id": each} for each in product_ids])


def set_stock(tx: Connection, product_id: int, available: int) -> None:
    """Set what can be sold of a product."""
    tx.execute(
        update(InventoryLevel)
        .where(InventoryLevel.product_id == product_id)
        .values(available=available, received=available + InventoryLevel.sold)
    )


def delete_product(tx: Connection, product_id: int) -> None:
    """Delete a product."""
    tx.execute(update(Product).where(Product.id == product_id).values(deleted_at=NOW))


def shelf_of(user_id: int) -> range:
    """The products of the shelf that a user buys from."""
    first = (user_id % len(SHELVES)) * 6 + 1
    return range(first, first + 6)


def _ids(count: int) -> range:
    return range(1, count + 1)


def _shelf(category: str) -> int:
    return list(SHELVES).index(category) + 1


def _product(name: str, category_id: int, now: datetime) -> dict[str, Any]:
    slug = name.lower().replace(" ", "-")
    return {
        "sku": slug,
        "slug": slug,
        "name": name,
        "description": f"A good {name.lower()}.",
        "category_id": category_id,
        "price_minor": 100,
        "currency": "USD",
        "attributes": {},
        "tags": [],
        "created_at": now,
        "updated_at": now,
    }


def _level(product_id: int, available: int) -> dict[str, Any]:
    sold = PRODUCTS - product_id if product_id <= PRODUCTS else 0
    return {
        "variant_id": product_id,
        "location_id": DEFAULT_LOCATION_ID,
        "product_id": product_id,
        "available": available,
        "received": available + sold,
        "sold": sold,
    }


def _user(user_id: int, now: datetime) -> dict[str, Any]:
    email = f"user{user_id}@example.com"
    return {
        "email": email,
        "email_key": email,
        "full_name": f"User {user_id}",
        "preferences": {},
        "created_at": now - timedelta(days=60),
        "updated_at": now,
    }


def _order(user_id: int | None, lines: int, placed_at: datetime, status: str) -> dict[str, Any]:
    return {
        "number": f"T-{random.getrandbits(60)}",
        "user_id": user_id,
        "status": status,
        "currency": "USD",
        "subtotal_minor": 100 * lines,
        "tax_minor": 0,
        "shipping_minor": 0,
        "total_minor": 100 * lines,
        "address": {},
        "tracking_number": "T",
        "last_sequence": 1,
        "placed_at": placed_at,
        "updated_at": placed_at,
    }


def _line(order_id: int, position: int, product_id: int) -> dict[str, Any]:
    return {
        "order_id": order_id,
        "position": position,
        "product_id": product_id,
        "variant_id": product_id,
        "sku": f"P{product_id}",
        "name": f"Product {product_id}",
        "quantity": 1,
        "price_minor": 100,
        "total_minor": 100,
    }
