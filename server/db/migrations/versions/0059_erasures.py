"""Accounts may be deleted; mails say whose account they tell of, so that they are found when it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.db.base import BigId

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None

EXPANDS = True

_OF_ACCOUNTS = """
    UPDATE mails SET user_id = (SELECT id FROM users WHERE users.email_key = lower(mails.recipient))
    WHERE order_id IS NULL AND kind NOT IN ('low_stock', 'payment_alert')
"""


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("user_id", BigId, autoincrement=False, nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("erased_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_erasures_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_erasures")),
    )
    due = sa.text("due_at IS NOT NULL")
    op.create_index("ix_erasures_due", "erasures", ["due_at"], sqlite_where=due, postgresql_where=due)
    for name in ("mails", "account_notices"):
        op.add_column(name, sa.Column("user_id", sa.BigInteger()))
    of_user = sa.text("user_id IS NOT NULL")
    op.create_index("ix_mails_user", "mails", ["user_id"], sqlite_where=of_user, postgresql_where=of_user)
    op.execute(_OF_ACCOUNTS)


def downgrade() -> None:
    op.drop_index("ix_mails_user", "mails")
    for name in ("account_notices", "mails"):
        op.drop_column(name, "user_id")
    op.drop_table("erasures")
