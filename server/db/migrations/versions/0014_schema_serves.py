"""Which code may serve on the schema (see server/db/compatibility.py)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

EXPANDS = True


def upgrade() -> None:
    op.create_table(
        "schema_serves",
        sa.Column("oldest_revision", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("oldest_revision", name=op.f("pk_schema_serves")),
    )


def downgrade() -> None:
    op.drop_table("schema_serves")
