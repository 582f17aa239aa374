"""An index tells when the price of any product next changes by the clock."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

EXPANDS = True

_NAME = "ix_product_listings_valid_until"
_HAS_END = sa.text("valid_until IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        _NAME, "product_listings", ["valid_until"], sqlite_where=_HAS_END, postgresql_where=_HAS_END
    )


def downgrade() -> None:
    op.drop_index(_NAME, table_name="product_listings")
