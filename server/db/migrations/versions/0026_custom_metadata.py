"""Orders, users, addresses, products and events keep metadata of their callers'."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

EXPANDS = True

_TABLES = ("orders", "users", "addresses", "products", "behavior_events")


def upgrade() -> None:
    metadata = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    for table in _TABLES:
        with op.batch_alter_table(table, recreate="never") as batch_op:
            batch_op.add_column(sa.Column("custom_metadata", metadata, nullable=True))
    with op.batch_alter_table("orders", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("metadata_version", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("orders", recreate="never") as batch_op:
        batch_op.drop_column("metadata_version")
    for table in _TABLES:
        with op.batch_alter_table(table, recreate="never") as batch_op:
            batch_op.drop_column("custom_metadata")
