"""Webhooks' secrets are rotated with an overlap; gift cards can be disabled."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

EXPANDS = True


def upgrade() -> None:
    with op.batch_alter_table("webhook_endpoints", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("old_salt", sa.String(32), nullable=True))
        batch_op.add_column(sa.Column("old_salt_until", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("gift_cards", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("gift_cards", recreate="never") as batch_op:
        batch_op.drop_column("active")
    with op.batch_alter_table("webhook_endpoints", recreate="never") as batch_op:
        batch_op.drop_column("old_salt_until")
        batch_op.drop_column("old_salt")
