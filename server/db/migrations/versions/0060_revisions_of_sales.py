"""Changes of a day's sales are counted, so that what was read of it is known to be as it was."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

EXPANDS = True

_COLUMNS = (
    ("analytics_state", "rebuilds"),
    ("sales_days", "revision"),
    ("activity_days", "sales_revision"),
)


def upgrade() -> None:
    for table, name in _COLUMNS:
        op.add_column(table, sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    for table, name in reversed(_COLUMNS):
        op.drop_column(table, name)
