"""Prices in parts, coupons and loyalty."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


_ORDERS_AT_ONCE = 1_000


def upgrade() -> None:
    _add_promotions()
    _add_prices()
    _fill_prices()


def downgrade() -> None:
    _drop_prices()
    _drop_promotions()


def _add_prices() -> None:
    with op.batch_alter_table("products", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("discount_bp", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("discount_minor", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("discount_from", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("discount_until", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("orders", recreate="never") as batch_op:
        for name in _ORDER_PARTS:
            batch_op.add_column(sa.Column(name, sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("coupon_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("coupon_code", sa.String(length=32), server_default="", nullable=False))
    with op.batch_alter_table("order_lines", recreate="never") as batch_op:
        for name in _LINE_PARTS:
            batch_op.add_column(sa.Column(name, sa.BigInteger(), server_default="0", nullable=False))


_ORDER_PARTS = (
    "product_discount_minor", "tier_discount_minor", "coupon_discount_minor", "points_discount_minor",
    "points_redeemed", "points_earned",
)  # fmt: skip
_LINE_PARTS = ("list_price_minor", "discount_minor", "tax_minor", "shipping_minor")


def _drop_prices() -> None:
    for table, names in (
        ("order_lines", _LINE_PARTS),
        ("orders", (*_ORDER_PARTS, "coupon_id", "coupon_code")),
        ("products", ("discount_bp", "discount_minor", "discount_from", "discount_until")),
    ):
        with op.batch_alter_table(table, recreate="never") as batch_op:
            for name in names:
                batch_op.drop_column(name)


def _fill_prices() -> None:
    """Give the lines of orders that exist their list price, and their parts of tax and shipping."""
    connection = op.get_bind()
    connection.execute(sa.text("UPDATE order_lines SET list_price_minor = price_minor"))
    fill = sa.text(
        "UPDATE order_lines SET tax_minor = :tax, shipping_minor = :shipping "
        "WHERE order_id = :order_id AND position = :position"
    )
    for rows in _orders_with_tax(connection):
        parts = []
        for _, group in groupby(rows, key=lambda row: row.order_id):
            lines = list(group)
            weights = [line.total_minor for line in lines]
            taxes = _spread(int(lines[0].tax_minor), weights)
            shippings = _spread(int(lines[0].shipping_minor), weights)
            parts += [
                {"order_id": line.order_id, "position": line.position, "tax": tax, "shipping": shipping}
                for line, tax, shipping in zip(lines, taxes, shippings, strict=True)
            ]
        connection.execute(fill, parts)


def _orders_with_tax(connection: sa.Connection) -> Iterator[list[sa.Row[tuple[int, ...]]]]:
    """The lines of orders with tax or shipping, those of some orders at a time."""
    find = sa.text(
        "SELECT id FROM orders WHERE id > :after AND (tax_minor > 0 OR shipping_minor > 0) "
        "ORDER BY id LIMIT :count"
    )
    read = sa.text(
        "SELECT order_lines.order_id, order_lines.position, order_lines.total_minor, orders.tax_minor, "
        "orders.shipping_minor FROM order_lines JOIN orders ON orders.id = order_lines.order_id "
        "WHERE orders.id BETWEEN :first AND :last AND (orders.tax_minor > 0 OR orders.shipping_minor > 0) "
        "ORDER BY order_lines.order_id, order_lines.position"
    )
    last = 0
    while ids := connection.execute(find, {"after": last, "count": _ORDERS_AT_ONCE}).scalars().all():
        last = ids[-1]
        yield list(connection.execute(read, {"first": ids[0], "last": last}))


def _spread(minor: int, weights: list[int]) -> list[int]:
    """Spread an amount by weights, by the largest remainder; evenly where nothing has a weight."""
    whole = sum(weights)
    if not whole:
        weights, whole = [1] * len(weights), len(weights)
    shares = [minor * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(minor * weights[i] % whole), i))
    for i in by_remainder[: minor - sum(shares)]:
        shares[i] += 1
    return shares


def _add_promotions() -> None:
    op.create_table(
        "coupons",
        sa.Column("id", _ID, nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("description", sa.String(length=500), server_default="", nullable=False),
        sa.Column("percent_bp", sa.Integer(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("min_purchase_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("max_discount_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), server_default="", nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("min_tier", sa.String(length=16), server_default="", nullable=False),
        sa.Column("usage_limit", sa.Integer(), server_default="0", nullable=False),
        sa.Column("per_user_limit", sa.Integer(), server_default="0", nullable=False),
        sa.Column("used", sa.Integer(), server_default="0", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(percent_bp IS NULL) <> (amount_minor IS NULL)", name=op.f("ck_coupons_discount")
        ),
        sa.CheckConstraint("used >= 0", name=op.f("ck_coupons_used")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupons")),
    )
    op.create_index("uq_coupons_code", "coupons", ["code"], unique=True)
    op.create_table(
        "coupon_users",
        sa.Column("coupon_id", _ID, nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.CheckConstraint("used >= 0", name=op.f("ck_coupon_users_used")),
        sa.ForeignKeyConstraint(["coupon_id"], ["coupons.id"], name=op.f("fk_coupon_users_coupon_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_coupon_users_user_id")),
        sa.PrimaryKeyConstraint("coupon_id", "user_id", name=op.f("pk_coupon_users")),
    )
    op.create_table(
        "coupon_uses",
        sa.Column("order_id", _ID, nullable=False),
        sa.Column("coupon_id", _ID, nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_coupon_uses_order_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["coupon_id"], ["coupons.id"], name=op.f("fk_coupon_uses_coupon_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_coupon_uses_user_id")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_coupon_uses")),
    )
    op.create_index("ix_coupon_uses_coupon", "coupon_uses", ["coupon_id", "user_id"])
    op.create_table(
        "loyalty_accounts",
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("points", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("lifetime", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_loyalty_accounts_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_loyalty_accounts")),
    )
    op.create_table(
        "points_entries",
        sa.Column("id", _ID, nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("order_id", _ID, nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=200), server_default="", nullable=False),
        sa.Column("ref", sa.String(length=64), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_points_entries_user_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_points_entries_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_entries")),
    )
    op.create_index("uq_points_entries_booked", "points_entries", ["order_id", "kind", "ref"], unique=True)
    op.create_index("ix_points_entries_user", "points_entries", ["user_id", "id"])
    with op.batch_alter_table("carts", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("coupon_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("points", sa.BigInteger(), server_default="0", nullable=False))


def _drop_promotions() -> None:
    with op.batch_alter_table("carts", recreate="never") as batch_op:
        batch_op.drop_column("points")
        batch_op.drop_column("coupon_id")
    for table in ("points_entries", "loyalty_accounts", "coupon_uses", "coupon_users", "coupons"):
        op.drop_table(table)
