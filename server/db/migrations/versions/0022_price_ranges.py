"""The index of listings by price holds every sort key: a range of prices is sorted without looking up its rows."""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

EXPANDS = True

_NAME = "ix_product_listings_price_minor"
_EARLIER = ["list_key", "in_stock", "price_minor", "product_id", "valid_from", "valid_until"]


def upgrade() -> None:
    op.drop_index(_NAME, table_name="product_listings")
    op.create_index(_NAME, "product_listings", [*_EARLIER, "created_at", "name_key", "sold", "rating"])


def downgrade() -> None:
    op.drop_index(_NAME, table_name="product_listings")
    op.create_index(_NAME, "product_listings", _EARLIER)
