"""The index of a vendor's products is in the order of their changes."""

from __future__ import annotations

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

EXPANDS = True

_NAME = "ix_products_vendor"


def upgrade() -> None:
    op.drop_index(_NAME, table_name="products")
    op.create_index(_NAME, "products", ["vendor_id", "updated_at", "id"])


def downgrade() -> None:
    op.drop_index(_NAME, table_name="products")
    op.create_index(_NAME, "products", ["vendor_id"])
