"""Sessions say from where their user signed in, beside the address that last used them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0048"
branch_labels = None
depends_on = None

EXPANDS = True


def upgrade() -> None:
    op.add_column("sessions", sa.Column("signed_in_from", sa.String(64)))
    # Of a session that was carried on nobody knows any more where it began.
    op.execute(
        "UPDATE sessions SET signed_in_from = ip "
        "WHERE last_used_at = created_at AND revoked_at IS NULL AND ip <> ''"
    )


def downgrade() -> None:
    with op.batch_alter_table("sessions") as table:
        table.drop_column("signed_in_from")
