"""The audit log tells of every call that needs a permission, and of security events, and is chained."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from server.db.base import BigId

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

EXPANDS = True

ADOPTION = timedelta(days=2)
"""How long the release before may write entries beside this one, without signatures."""

_INDEXES = ("actor_id", "action", "address")


def upgrade() -> None:
    for column in (
        sa.Column("is_service", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("event", sa.String(32), server_default="", nullable=False),
        sa.Column("occurrences", sa.Integer(), server_default="1", nullable=False),
        sa.Column("address", sa.String(64), server_default="", nullable=False),
        sa.Column("personal_salt", sa.String(32)),
        sa.Column("personal_digest", sa.String(64), server_default="", nullable=False),
        sa.Column("signature", sa.String(80)),
        sa.Column("sequence", sa.BigInteger()),
        sa.Column("chain_digest", sa.String(64)),
    ):
        op.add_column("audit_entries", column)
    for name in _INDEXES:
        op.create_index(f"ix_audit_entries_{name}", "audit_entries", [name, "id"])
    op.create_index("uq_audit_entries_sequence", "audit_entries", ["sequence"], unique=True)
    for name, condition in (("event", "event <> ''"), ("unchained", "sequence IS NULL")):
        where = sa.text(condition)
        op.create_index(
            f"ix_audit_entries_{name}", "audit_entries", ["id"], postgresql_where=where, sqlite_where=where
        )
    chain = op.create_table(
        "audit_chain",
        sa.Column("id", BigId, nullable=False),
        sa.Column("base_sequence", sa.BigInteger(), nullable=False),
        sa.Column("base_digest", sa.String(64), nullable=False),
        sa.Column("head_sequence", sa.BigInteger(), nullable=False),
        sa.Column("head_digest", sa.String(64), nullable=False),
        sa.Column("adopts_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signature", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_chain")),
    )
    begins = {"id": 1, "base_sequence": 0, "base_digest": "", "head_sequence": 0, "head_digest": ""}
    op.bulk_insert(chain, [begins | {"adopts_until": datetime.now(UTC) + ADOPTION, "signature": ""}])


def downgrade() -> None:
    op.drop_table("audit_chain")
    for name in ("unchained", "event", *_INDEXES):
        op.drop_index(f"ix_audit_entries_{name}", "audit_entries")
    op.drop_index("uq_audit_entries_sequence", "audit_entries")
    with op.batch_alter_table("audit_entries") as table:
        for name in (
            "chain_digest",
            "sequence",
            "signature",
            "personal_digest",
            "personal_salt",
            "address",
            "occurrences",
            "event",
            "is_service",
        ):
            table.drop_column(name)
