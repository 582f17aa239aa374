"""Indexes of lists: orders by their status, and orders and products by their last change."""

from __future__ import annotations

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

EXPANDS = True

_INDEXES = {
    "ix_orders_status": ("orders", ["status", "placed_at", "id"]),
    "ix_orders_updated": ("orders", ["updated_at", "id"]),
    "ix_products_updated": ("products", ["updated_at", "id"]),
}


def upgrade() -> None:
    for name, (table, columns) in _INDEXES.items():
        op.create_index(name, table, columns)


def downgrade() -> None:
    for name, (table, _) in _INDEXES.items():
        op.drop_index(name, table_name=table)
