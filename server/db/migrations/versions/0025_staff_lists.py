"""Indexes of the lists of staff: returns by status, deliveries of an endpoint, alerts that are open."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

EXPANDS = True


def upgrade() -> None:
    op.create_index("ix_returns_status", "returns", ["status", "created_at", "id"])
    op.create_index("ix_webhook_deliveries_endpoint", "webhook_deliveries", ["endpoint_id", "id"])
    _create_partial(
        "ix_webhook_deliveries_failed", "webhook_deliveries", ["endpoint_id", "id"], "status = 'FAILED'"
    )
    _create_partial("ix_payment_alerts_open", "payment_alerts", ["id"], "closed_at IS NULL")


def _create_partial(name: str, table: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    op.drop_index("ix_payment_alerts_open", table_name="payment_alerts")
    op.drop_index("ix_webhook_deliveries_failed", table_name="webhook_deliveries")
    op.drop_index("ix_webhook_deliveries_endpoint", table_name="webhook_deliveries")
    op.drop_index("ix_returns_status", table_name="returns")
