"""Accounts are locked after too many failed sign-ins in a row."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.db.base import BigId

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

EXPANDS = True

TABLE = "sign_in_counts"


def upgrade() -> None:
    with op.batch_alter_table(TABLE) as table:
        table.add_column(sa.Column("user_id", BigId, nullable=True))
        table.add_column(sa.Column("failures", sa.Integer(), nullable=False, server_default=sa.text("0")))
        table.add_column(sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True))
        table.create_foreign_key(
            op.f("fk_sign_in_counts_user_id"), "users", ["user_id"], ["id"], ondelete="CASCADE"
        )
        table.create_index(op.f("ix_sign_in_counts_user_id"), ["user_id"])


def downgrade() -> None:
    with op.batch_alter_table(TABLE) as table:
        table.drop_index(op.f("ix_sign_in_counts_user_id"))
        table.drop_constraint(op.f("fk_sign_in_counts_user_id"), type_="foreignkey")
        table.drop_column("locked_until")
        table.drop_column("failures")
        table.drop_column("user_id")
