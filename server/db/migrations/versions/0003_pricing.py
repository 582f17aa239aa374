"""Prices in parts, coupons and loyalty."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _add_promotions()


def downgrade() -> None:
    _drop_promotions()


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
        sa.CheckConstraint("(percent_bp IS NULL) <> (amount_minor IS NULL)", name=op.f("ck_coupons_discount")),
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
