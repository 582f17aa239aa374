"""A payment knows the page where its buyer goes on, while it waits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

EXPANDS = True


def upgrade() -> None:
    with op.batch_alter_table("payments", recreate="never") as batch_op:
        batch_op.add_column(
            sa.Column("payment_url", sa.String(length=2000), server_default="", nullable=False)
        )


def downgrade() -> None:
    with op.batch_alter_table("payments", recreate="never") as batch_op:
        batch_op.drop_column("payment_url")
