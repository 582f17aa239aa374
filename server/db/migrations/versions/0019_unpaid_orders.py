"""Carts know which totals they showed and what came back to them; limits over a customer's orders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

EXPANDS = True

_UNPAID = sa.text("status = 'PENDING_PAYMENT'")


def upgrade() -> None:
    with op.batch_alter_table("carts", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("shown", sa.String(length=200), server_default="", nullable=False))
        batch_op.add_column(sa.Column("notes", sa.Text(), server_default="", nullable=False))
    with op.batch_alter_table("products", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("max_quantity_days", sa.Integer(), server_default="0", nullable=False))
    op.create_index("ix_orders_unpaid", "orders", ["user_id"], sqlite_where=_UNPAID, postgresql_where=_UNPAID)


def downgrade() -> None:
    op.drop_index("ix_orders_unpaid", table_name="orders")
    with op.batch_alter_table("products", recreate="never") as batch_op:
        batch_op.drop_column("max_quantity_days")
    with op.batch_alter_table("carts", recreate="never") as batch_op:
        batch_op.drop_column("notes")
        batch_op.drop_column("shown")
