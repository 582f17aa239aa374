"""Variants have options, unique within their product, a version and an end of their own; orders keep options."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

EXPANDS = True

_NAME = "uq_variants_options"
_LIVE = sa.text("deleted_at IS NULL")
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table("variants", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("options_key", sa.String(64), server_default="", nullable=False))
        batch_op.add_column(sa.Column("compare_at_minor", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("version", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("removed", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("order_lines", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("options", _JSON, nullable=True))
    # The shop has made none but default variants; what others have put beside them differs from all else.
    op.execute("UPDATE variants SET options_key = 'variant ' || id WHERE NOT is_default")
    op.create_index(
        _NAME,
        "variants",
        ["product_id", "options_key"],
        unique=True,
        sqlite_where=_LIVE,
        postgresql_where=_LIVE,
    )


def downgrade() -> None:
    op.drop_index(_NAME, table_name="variants")
    with op.batch_alter_table("order_lines", recreate="never") as batch_op:
        batch_op.drop_column("options")
    with op.batch_alter_table("variants", recreate="never") as batch_op:
        batch_op.drop_column("removed")
        batch_op.drop_column("version")
        batch_op.drop_column("compare_at_minor")
        batch_op.drop_column("options_key")
