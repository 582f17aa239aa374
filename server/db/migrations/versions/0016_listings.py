"""Lists of products are kept as rows with their sort keys, instead of being found among all products."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_AT_ONCE = 500
_SORTS = ("created_at", "price_minor", "name_key", "sold", "rating")
_EARLIER: tuple[tuple[str, str, list[Any]], ...] = (
    ("ix_products_created_at", "products", ["created_at", "id"]),
    ("ix_products_price", "products", ["price_minor", "id"]),
    ("ix_products_name", "products", [sa.text("lower(name)"), "id"]),
    ("ix_products_rating", "products", ["rating", "id"]),
    ("ix_products_brand", "products", [sa.text("lower(brand)")]),
    ("ix_inventory_levels_sold", "inventory_levels", ["sold", "product_id"]),
)


def upgrade() -> None:
    listings = op.create_table(
        "product_listings",
        sa.Column("list_key", sa.String(length=160), nullable=False),
        sa.Column("product_id", _ID, nullable=False),
        sa.Column("phase", sa.SmallInteger(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("in_stock", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("name_key", sa.String(length=200), nullable=False),
        sa.Column("sold", sa.BigInteger(), nullable=False),
        sa.Column("rating", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_product_listings_product_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("list_key", "product_id", "phase", name=op.f("pk_product_listings")),
    )
    op.create_index("ix_product_listings_product_id", "product_listings", ["product_id"])
    _fill(listings)
    for key in _SORTS:
        columns = ["list_key", "in_stock", key, "product_id", "price_minor", "valid_from", "valid_until"]
        op.create_index(f"ix_product_listings_{key}", "product_listings", list(dict.fromkeys(columns)))
    op.drop_table("product_tags")
    for name, table, _ in _EARLIER:
        op.drop_index(name, table_name=table)


def downgrade() -> None:
    for name, table, columns in _EARLIER:
        op.create_index(name, table, columns)
    tags = op.create_table(
        "product_tags",
        sa.Column("tag", sa.String(length=50), nullable=False),
        sa.Column("product_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_product_tags_product_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tag", "product_id", name=op.f("pk_product_tags")),
    )
    op.create_index("ix_product_tags_product_id", "product_tags", ["product_id"])
    connection = op.get_bind()
    for rows in _products(connection):
        values = [{"tag": tag, "product_id": row.id} for row in rows for tag in dict.fromkeys(row.tags)]
        if values:
            connection.execute(tags.insert(), values)
    op.drop_table("product_listings")


# What the application did when this migration was written, said again: a migration must not change with it.


def _fill(listings: sa.Table) -> None:
    connection = op.get_bind()
    categories = connection.execute(sa.text("SELECT id, parent_id FROM categories"))
    above: dict[int, int | None] = {row.id: row.parent_id for row in categories}
    now = datetime.now(UTC)
    for rows in _products(connection):
        values = [value for row in rows if row.deleted_at is None for value in _listed(row, above, now)]
        if values:
            connection.execute(listings.insert(), values)


def _products(connection: sa.Connection) -> Iterator[list[Any]]:
    """The products, some at a time."""
    products = sa.table(
        "products",
        sa.column("id", _ID),
        sa.column("tags", _JSON),
        *(sa.column(name) for name in ("name", "category_id", "brand", "vendor_id", "price_minor")),
        *(sa.column(name) for name in ("discount_bp", "discount_minor", "rating")),
        *(
            sa.column(name, sa.DateTime(timezone=True))
            for name in ("discount_from", "discount_until", "created_at", "deleted_at")
        ),
    )
    levels = sa.table("inventory_levels", *map(sa.column, ("product_id", "available", "sold")))
    total = [
        sa.select(sa.func.coalesce(sa.func.sum(levels.c[name]), 0))
        .where(levels.c.product_id == products.c.id)
        .scalar_subquery()
        .label(name)
        for name in ("available", "sold")
    ]
    query = sa.select(products, *total).order_by(products.c.id).limit(_AT_ONCE)
    after = 0
    while rows := connection.execute(query.where(products.c.id > after)).all():
        yield list(rows)
        after = rows[-1].id


def _listed(row: Any, above: Mapping[int, int | None], now: datetime) -> Iterator[dict[str, Any]]:
    keys = ["all"]
    category = row.category_id
    while category is not None:
        keys.append(f"category {category}")
        category = above.get(category)
    keys += [_bounded(f"brand {_name_key(row.brand)}")] if row.brand else []
    keys += [f"vendor {row.vendor_id}"] if row.vendor_id is not None else []
    tags = json.loads(row.tags) if isinstance(row.tags, str) else row.tags
    keys += [_bounded(f"tag {tag}") for tag in tags]
    for phase, (begins, ends, price) in enumerate(_phases(row, now)):
        for key in dict.fromkeys(keys):
            yield {
                "list_key": key,
                "product_id": row.id,
                "phase": phase,
                "valid_from": begins,
                "valid_until": ends,
                "in_stock": row.available > 0,
                "created_at": row.created_at,
                "price_minor": price,
                "name_key": _name_key(row.name)[:200],
                "sold": int(row.sold),
                "rating": row.rating,
            }


def _phases(row: Any, now: datetime) -> list[tuple[datetime | None, datetime | None, int]]:
    if row.discount_bp is None and row.discount_minor is None:
        return [(None, None, row.price_minor)]
    off = row.discount_minor
    if row.discount_bp is not None:
        off = (row.price_minor * row.discount_bp + 5_000) // 10_000
    begins, ends = row.discount_from, row.discount_until
    spans = [(begins, ends, max(0, row.price_minor - off))]
    if begins is not None:
        spans.insert(0, (None, begins, row.price_minor))
    if ends is not None:
        spans.append((ends, None, row.price_minor))
    moment = now.replace(tzinfo=None) if ends is not None and ends.tzinfo is None else now
    if begins is not None and begins.tzinfo is None:
        moment = now.replace(tzinfo=None)
    return [span for span in spans if span[1] is None or span[1] > moment]


def _name_key(name: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join(folded.split())[:300]


def _bounded(key: str) -> str:
    if len(key) <= 160:
        return key
    return f"{key.split(' ', 1)[0]} #{hashlib.sha256(key.encode()).hexdigest()}"
