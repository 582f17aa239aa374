"""The stock is read by location; a location's levels take up what serves from it in pieces."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

EXPANDS = True


def upgrade() -> None:
    op.create_index("ix_inventory_levels_location_id", "inventory_levels", ["location_id", "product_id"])
    with op.batch_alter_table("locations") as table:
        table.add_column(sa.Column("levels_pending", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("locations") as table:
        table.drop_column("levels_pending")
    op.drop_index("ix_inventory_levels_location_id", "inventory_levels")
