"""A step knows the parcel that it handed over or corrected."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

EXPANDS = True


def upgrade() -> None:
    with op.batch_alter_table("order_events", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("shipment_id", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("order_events", recreate="never") as batch_op:
        batch_op.drop_column("shipment_id")
