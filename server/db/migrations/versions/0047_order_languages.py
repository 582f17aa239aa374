"""An order knows the language that its checkout asked for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

EXPANDS = True


def upgrade() -> None:
    op.add_column("orders", sa.Column("language", sa.String(8), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("orders", "language")
