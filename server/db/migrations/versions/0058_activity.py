"""What people did is counted by days; accounts are found by the time of their opening."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

EXPANDS = True


def upgrade() -> None:
    op.create_table(
        "activity_days",
        sa.Column("day", sa.Date(), nullable=False),
        *_numbers("visitors", "views", "cart_additions", "checkouts"),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_activity_days")),
    )
    op.create_table(
        "product_activity",
        sa.Column("day", sa.Date(), nullable=False),
        *_numbers("product_id", "views", "viewers", "cart_additions", "checkouts"),
        sa.PrimaryKeyConstraint("day", "product_id", name=op.f("pk_product_activity")),
    )
    op.create_index("ix_product_activity_product", "product_activity", ["product_id", "day"])
    op.create_table(
        "active_users",
        sa.Column("day", sa.Date(), nullable=False),
        *_numbers("user_id"),
        sa.PrimaryKeyConstraint("day", "user_id", name=op.f("pk_active_users")),
    )
    op.create_table(
        "recommended_sales",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        *_numbers("orders", "revenue_minor"),
        sa.PrimaryKeyConstraint("day", "currency", name=op.f("pk_recommended_sales")),
    )
    op.create_index("ix_users_created_at", "users", ["created_at"])


def downgrade() -> None:
    op.drop_index("ix_users_created_at", "users")
    for table in ("recommended_sales", "active_users", "product_activity", "activity_days"):
        op.drop_table(table)


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]
