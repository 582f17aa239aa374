"""Orders have parcels with their carriers' numbers; the numbers that the shop had made up are forgotten."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

EXPANDS = False  # code of before would mail a number that it makes up


def upgrade() -> None:
    parcels = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    with op.batch_alter_table("orders", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("shipments", parcels, nullable=True))
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("orders", "tracking_number", type_=sa.String(64), existing_nullable=False)
    op.execute("UPDATE orders SET tracking_number = '' WHERE tracking_number LIKE 'TRK____________'")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("UPDATE orders SET tracking_number = SUBSTR(tracking_number, 1, 32)")
        op.alter_column("orders", "tracking_number", type_=sa.String(32), existing_nullable=False)
    with op.batch_alter_table("orders", recreate="never") as batch_op:
        batch_op.drop_column("shipments")
