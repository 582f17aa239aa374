"""Fills the peer's database with the bench's data set."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations
from math import sqrt

import bcrypt
from sqlalchemy import create_engine, insert, text
from sqlalchemy.orm import Session

from bench.dataset import SHELVES, STOCK, BenchData
from bench.peers.fastapi_shop.models import (
    Address,
    Base,
    Category,
    Neighbour,
    Order,
    OrderLine,
    Product,
    User,
)

PASSWORD = "a-Customer-of-the-bench-1"
BCRYPT_COST = 4
"""As in the other shops: the hash is not what is measured."""
ADMIN = 1_000_000
"""Id of the administrator, out of the way of customers."""
NEIGHBOURS = 20
"""Neighbours kept per product."""


def seed(url: str, dataset: BenchData) -> None:
    """Make the tables in the empty database at `url` and fill them; a customer's address has their own id."""
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        _add_goods(session, dataset)
        _add_people(session, dataset.customers)
        _add_orders(session, dataset)
        session.execute(insert(Neighbour), neighbours(dataset))
        session.commit()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()


def neighbours(dataset: BenchData) -> list[dict[str, float]]:
    """The strongest co-purchase ties of each product, by cosine of the baskets they share."""
    alone = Counter(product for basket in dataset.baskets for product in basket.products)
    together = Counter(pair for basket in dataset.baskets for pair in permutations(basket.products, 2))
    ties: dict[int, list[tuple[float, int]]] = {}
    for (product, other), baskets in together.items():
        ties.setdefault(product, []).append((baskets / sqrt(alone[product] * alone[other]), other))
    return [
        {"product_id": product, "neighbour_id": other, "score": score}
        for product, others in ties.items()
        for score, other in sorted(others, reverse=True)[:NEIGHBOURS]
    ]


def _add_goods(session: Session, dataset: BenchData) -> None:
    shelves = {slug: number for number, slug in enumerate(SHELVES, start=1)}
    sold = Counter(product for basket in dataset.baskets for product in basket.products)
    session.execute(
        insert(Category),
        [{"id": number, "slug": slug, "name": SHELVES[slug][0]} for slug, number in shelves.items()],
    )
    session.execute(
        insert(Product),
        [
            {
                "id": item.id,
                "sku": item.sku,
                "name": item.name,
                "slug": item.slug,
                "description": item.description,
                "brand": item.brand,
                "category_id": shelves[item.category],
                "price": item.price,
                "currency": "USD",
                "stock": STOCK,
                "max_quantity": 99,
                "attributes": item.attributes,
                "tags": list(item.tags),
                "sold": sold[item.id],
            }
            for item in dataset.items
        ],
    )


def _add_people(session: Session, customers: int) -> None:
    ids = [*range(1, customers + 1), ADMIN]
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(BCRYPT_COST)).decode()
    session.execute(
        insert(User),
        [
            {
                "id": key,
                "email": f"user{key}@example.com",
                "full_name": f"User {key}",
                "hashed_password": hashed,
                "is_admin": key == ADMIN,
            }
            for key in ids
        ],
    )
    session.execute(
        insert(Address),
        [
            {
                "id": key,
                "user_id": key,
                "line1": f"{key} Mill Lane",
                "city": "Springfield",
                "postal_code": "12345",
                "country": "US",
            }
            for key in ids
        ],
    )
    # The rows above brought their own ids; those that the shop adds count on from them
    for table in ("users", "addresses"):
        session.execute(text(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))"))


def _add_orders(session: Session, dataset: BenchData) -> None:
    prices = {item.id: item.price for item in dataset.items}
    skus = {item.id: item.sku for item in dataset.items}
    names = {item.id: item.name for item in dataset.items}
    start = datetime.now(UTC) - timedelta(days=90)
    step = timedelta(days=90) / len(dataset.baskets)
    session.execute(
        insert(Order),
        [
            {
                "id": number,
                "user_id": basket.customer,
                "address_id": basket.customer,
                "request_id": f"seed-{number}",
                "request_hash": "",
                "number": f"S-{number}",
                "tracking_number": f"TRK{number:016}",
                "status": "DELIVERED",
                "currency": "USD",
                "subtotal": sum(prices[product] for product in basket.products),
                "tax": Decimal("0.00"),
                "shipping": Decimal("0.00"),
                "total": sum(prices[product] for product in basket.products),
                "eta": start + step * number,
                "created_at": start + step * number,
            }
            for number, basket in enumerate(dataset.baskets, start=1)
        ],
    )
    session.execute(
        insert(OrderLine),
        [
            {
                "order_id": number,
                "product_id": product,
                "sku": skus[product],
                "name": names[product],
                "quantity": 1,
                "unit_price": prices[product],
                "line_total": prices[product],
            }
            for number, basket in enumerate(dataset.baskets, start=1)
            for product in basket.products
        ],
    )
    session.execute(text("SELECT setval('orders_id_seq', (SELECT max(id) FROM orders))"))
