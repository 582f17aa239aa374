"""Payment tokens are sealed, which makes them longer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _resize(128, 256)


def losses(connection: sa.Connection) -> list[str]:
    """Say what `downgrade` deletes, for `sanset migrate --to`."""
    sealed = connection.scalar(
        sa.text("SELECT count(*) FROM payment_methods WHERE token LIKE 'sealed1:%'"),
    )
    unpaid = connection.scalar(sa.text("SELECT count(*) FROM payments WHERE token LIKE 'sealed1:%'"))
    counts = {"saved payment methods": sealed, "tokens of unpaid orders": unpaid}
    return [f"{count} {what}" for what, count in counts.items() if count]


def downgrade() -> None:
    # The code of before cannot read what is sealed: it would hand it to the gateways as if it were a token.
    op.execute("DELETE FROM payment_methods WHERE token LIKE 'sealed1:%'")
    op.execute("UPDATE payments SET token = '' WHERE token LIKE 'sealed1:%'")
    _resize(256, 128)


def _resize(before: int, after: int) -> None:
    """Change how long the tokens may be; SQLite bounds no text, and could only make its tables anew."""
    if op.get_bind().dialect.name == "sqlite":
        return
    for table in ("payment_methods", "payments"):
        op.alter_column(
            table,
            "token",
            existing_type=sa.String(length=before),
            type_=sa.String(length=after),
            existing_nullable=False,
        )
