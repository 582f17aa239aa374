"""Imports of products: their progress, files and refused rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.db.base import BigId, UtcDateTime

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

EXPANDS = True

_HAS_ID = sa.text("request_id IS NOT NULL")
_IS_OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    counts = ("line", "rows", "created", "updated", "unchanged", "refused", "problems")
    op.create_table(
        "product_imports",
        sa.Column("id", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("request_id", sa.String(36)),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("encoding", sa.String(16), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("create_categories", sa.Boolean(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("message", sa.Text(), server_default="", nullable=False),
        sa.Column("read_bytes", sa.BigInteger(), server_default="0", nullable=False),
        *(sa.Column(name, sa.Integer(), server_default="0", nullable=False) for name in counts),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("id", name="pk_product_imports"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_product_imports_user_id"),
    )
    op.create_index("ix_product_imports_user", "product_imports", ["user_id", "id"])
    op.create_index(
        "uq_product_imports_request",
        "product_imports",
        ["user_id", "request_id"],
        unique=True,
        sqlite_where=_HAS_ID,
        postgresql_where=_HAS_ID,
    )
    op.create_index(
        "ix_product_imports_open", "product_imports", ["id"], sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN
    )
    op.create_table(
        "product_import_pieces",
        sa.Column("import_id", BigId, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("import_id", "position", name="pk_product_import_pieces"),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["product_imports.id"],
            name="fk_product_import_pieces_import_id",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "product_import_problems",
        sa.Column("import_id", BigId, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("column_name", sa.String(120), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("sku", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("import_id", "number", name="pk_product_import_problems"),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["product_imports.id"],
            name="fk_product_import_problems_import_id",
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    for table in ("product_import_problems", "product_import_pieces", "product_imports"):
        op.drop_table(table)
