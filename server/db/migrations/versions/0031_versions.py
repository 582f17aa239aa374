"""What is updated with an etag counts its changes, and a line of an order which units stayed in the house."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

EXPANDS = True

VERSIONED = (
    "users",
    "addresses",
    "payment_methods",
    "categories",
    "gift_cards",
    "webhook_endpoints",
    "segments",
)


def upgrade() -> None:
    for table in VERSIONED:
        with op.batch_alter_table(table, recreate="never") as batch_op:
            batch_op.add_column(sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    with op.batch_alter_table("order_lines", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("withheld_quantity", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("released_quantity", sa.Integer(), server_default="0", nullable=False))
    with op.batch_alter_table("refunds", recreate="never") as batch_op:
        batch_op.add_column(
            sa.Column("before_shipping", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
    op.execute(
        "UPDATE refunds SET before_shipping = true "
        "WHERE order_id IN (SELECT id FROM orders WHERE status IN ('PENDING_PAYMENT', 'CONFIRMED', 'PROCESSING'))"
    )


def downgrade() -> None:
    with op.batch_alter_table("refunds", recreate="never") as batch_op:
        batch_op.drop_column("before_shipping")
    with op.batch_alter_table("order_lines", recreate="never") as batch_op:
        batch_op.drop_column("released_quantity")
        batch_op.drop_column("withheld_quantity")
    for table in VERSIONED:
        with op.batch_alter_table(table, recreate="never") as batch_op:
            batch_op.drop_column("version")
