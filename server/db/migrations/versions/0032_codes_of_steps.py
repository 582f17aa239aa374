"""A step knows by a code what happened, and the facts of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

EXPANDS = True


def upgrade() -> None:
    facts = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    with op.batch_alter_table("order_events", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("code", sa.String(length=32), server_default="", nullable=False))
        batch_op.add_column(sa.Column("facts", facts, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("order_events", recreate="never") as batch_op:
        batch_op.drop_column("facts")
        batch_op.drop_column("code")
