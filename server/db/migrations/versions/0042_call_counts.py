"""Calls are counted for all workers together."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

EXPANDS = True


def upgrade() -> None:
    op.create_table(
        "call_counts",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("minute", sa.BigInteger(), nullable=False),
        sa.Column("taken", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_call_counts")),
    )
    if op.get_bind().dialect.name == "postgresql":
        # Counters of a minute need not outlive a crash, and so need no log, nor a commit that waits for the disk.
        op.execute("ALTER TABLE call_counts SET UNLOGGED")


def downgrade() -> None:
    op.drop_table("call_counts")
