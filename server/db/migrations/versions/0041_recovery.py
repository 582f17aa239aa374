"""Users confirm their e-mail addresses, by links and codes that are mailed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.db.base import BigId, Json, UtcDateTime

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

EXPANDS = True

_HAS_SECRET = sa.text("secret_hash IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table("users", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("email_verify_time", UtcDateTime(), nullable=True))
    op.create_table(
        "email_proofs",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("address_key", sa.String(64), nullable=False),
        sa.Column("user_id", BigId),
        sa.Column("secret_hash", sa.String(64)),
        sa.Column("network", sa.String(64), nullable=False),
        sa.Column("new_email", sa.String(254)),
        sa.Column("session_id", sa.String(32)),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempts_elsewhere", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("id", name="pk_email_proofs"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_email_proofs_user_id", ondelete="CASCADE"
        ),
    )
    for column in ("address_key", "user_id", "expires_at"):
        op.create_index(f"ix_email_proofs_{column}", "email_proofs", [column])
    op.create_index(
        "uq_email_proofs_secret_hash",
        "email_proofs",
        ["secret_hash"],
        unique=True,
        sqlite_where=_HAS_SECRET,
        postgresql_where=_HAS_SECRET,
    )
    op.create_table(
        "account_notices",
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("recipient", sa.String(254), nullable=False),
        sa.Column("full_name", sa.String(200), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("facts", Json, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_account_notices"),
    )
    op.create_index("ix_account_notices_created_at", "account_notices", ["created_at"])


def downgrade() -> None:
    op.drop_table("account_notices")
    op.drop_table("email_proofs")
    with op.batch_alter_table("users", recreate="never") as batch_op:
        batch_op.drop_column("email_verify_time")
