"""Products have vectors by which a search finds what means the same."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

EXPANDS = True


def upgrade() -> None:
    op.create_table(
        "product_vectors",
        sa.Column("product_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("model", sa.String(length=32), nullable=False),
        sa.Column("text_hash", sa.String(length=32), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products.id"],
            name=op.f("fk_product_vectors_product_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("product_id", "model", name=op.f("pk_product_vectors")),
    )
    op.create_index(op.f("ix_product_vectors_text_hash"), "product_vectors", ["text_hash"])


def downgrade() -> None:
    op.drop_table("product_vectors")
