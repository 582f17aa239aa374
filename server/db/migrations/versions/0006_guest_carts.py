"""Carts without a user, and wishlists."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    # SQLite makes the table anew: env.py has its foreign keys rest meanwhile, so that no cart is emptied.
    with op.batch_alter_table("carts") as batch_op:
        batch_op.alter_column("user_id", existing_type=_ID, nullable=True)
        batch_op.add_column(sa.Column("token_hash", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("merged_user_id", _ID, nullable=True))
        batch_op.add_column(sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_carts_merged_user_id"), "users", ["merged_user_id"], ["id"], ondelete="CASCADE"
        )
        batch_op.create_check_constraint(op.f("ck_carts_owner"), "(user_id IS NULL) <> (token_hash IS NULL)")
        batch_op.create_check_constraint(
            op.f("ck_carts_expiry"), "(token_hash IS NULL) = (expires_at IS NULL)"
        )
        batch_op.create_check_constraint(op.f("ck_carts_merged"), "merged_user_id IS NULL OR user_id IS NULL")
    op.create_index("uq_carts_token_hash", "carts", ["token_hash"], unique=True)
    op.create_index("ix_carts_expires_at", "carts", ["expires_at"])
    op.create_table(
        "wishlist_items",
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("product_id", _ID, nullable=False),
        sa.Column("variant_id", _ID, nullable=True),
        sa.Column("added_price_minor", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_wishlist_items_user_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_wishlist_items_product_id")),
        sa.ForeignKeyConstraint(["variant_id"], ["variants.id"], name=op.f("fk_wishlist_items_variant_id")),
        sa.PrimaryKeyConstraint("user_id", "product_id", name=op.f("pk_wishlist_items")),
    )


def downgrade() -> None:
    op.drop_table("wishlist_items")
    op.drop_index("ix_carts_expires_at", "carts")
    op.drop_index("uq_carts_token_hash", "carts")
    # What guests put into their carts has no place any more. In this order: on SQLite nothing cascades here.
    op.execute("DELETE FROM cart_items WHERE cart_id IN (SELECT id FROM carts WHERE user_id IS NULL)")
    op.execute("DELETE FROM carts WHERE user_id IS NULL")
    with op.batch_alter_table("carts") as batch_op:
        for check in ("ck_carts_merged", "ck_carts_expiry", "ck_carts_owner"):
            batch_op.drop_constraint(op.f(check), type_="check")
        batch_op.drop_constraint(op.f("fk_carts_merged_user_id"), type_="foreignkey")
        batch_op.drop_column("expires_at")
        batch_op.drop_column("merged_user_id")
        batch_op.drop_column("token_hash")
        batch_op.alter_column("user_id", existing_type=_ID, nullable=False)
