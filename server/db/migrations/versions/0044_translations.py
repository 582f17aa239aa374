"""Products and categories have texts in further languages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

EXPANDS = True


def upgrade() -> None:
    for table in ("products", "categories"):
        op.add_column(
            table, sa.Column("translations", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=True)
        )


def downgrade() -> None:
    for table in ("products", "categories"):
        op.drop_column(table, "translations")
