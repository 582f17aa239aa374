"""Phone numbers and addresses can be sealed, and keys outlive the secret that they followed from.

Nothing is sealed yet in a shop that has accounts: a release from before may still serve, and reads what lies open.
`sanset rotate-keys` begins to seal, and leaves such releases behind. An empty shop seals from the start.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

EXPANDS = True

_PHONES = "phone_key IS NOT NULL"


def upgrade() -> None:
    op.create_table(
        "kept_keys",
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("key_id", sa.String(length=8), nullable=False),
        sa.Column("sealed", sa.String(length=160), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("purpose", "key_id", name=op.f("pk_kept_keys")),
    )
    op.add_column("users", sa.Column("sealed_phone", sa.Text(), nullable=True))
    op.add_column("users", sa.Column("phone_key", sa.String(length=32), nullable=True))
    op.create_index(
        "ix_users_phone_key",
        "users",
        ["phone_key"],
        sqlite_where=sa.text(_PHONES),
        postgresql_where=sa.text(_PHONES),
    )
    op.add_column("addresses", sa.Column("sealed", sa.Text(), nullable=True))
    op.execute(
        "INSERT INTO shop_properties (name, value) "
        "SELECT 'sealing_since', '0045' WHERE NOT EXISTS (SELECT 1 FROM users)"
    )


def losses(connection: sa.Connection) -> list[str]:
    """Say what `downgrade` deletes, for `sanset migrate --to`."""
    counts = {what: connection.scalar(sa.text(f"SELECT count(*) {rows}")) for what, rows in _LOST.items()}
    return [f"{count} {what}" for what, count in counts.items() if count]


_DELETE_REPLIES = {
    "postgresql": "DELETE FROM idempotency_keys WHERE substr(reply, 1, 4) = '\\x0073323a'::bytea",
    "sqlite": "DELETE FROM idempotency_keys WHERE substr(reply, 1, 4) = x'0073323a'",
}
_LOST = {
    "addresses of orders, which are sealed": "FROM orders WHERE CAST(address AS TEXT) LIKE '%\"s2:%'",
    "saved payment methods, which are sealed": "FROM payment_methods WHERE token LIKE 's2:%'",
    "tokens of unpaid orders, which are sealed": "FROM payments WHERE token LIKE 's2:%'",
    "texts of mails, which are sealed": "FROM mails WHERE plain LIKE 's2:%'",
    "passwords over 72 bytes": "FROM users WHERE password_hash LIKE '%|%'",
}


def downgrade() -> None:
    # The code of before cannot read what is sealed: it would send parcels to it.
    dialect = op.get_bind().dialect.name
    op.execute("DELETE FROM addresses WHERE sealed IS NOT NULL")
    op.execute(
        "UPDATE orders SET address = jsonb_build_object('country', address->'country') WHERE address ? 'sealed'"
        if dialect == "postgresql"
        else "UPDATE orders SET address = json_object('country', json_extract(address, '$.country')) "
        "WHERE json_extract(address, '$.sealed') IS NOT NULL"
    )
    op.execute("DELETE FROM payment_methods WHERE token LIKE 's2:%'")
    op.execute("UPDATE payments SET token = '' WHERE token LIKE 's2:%'")
    op.execute(
        "UPDATE mails SET plain = '', html = '', "
        "status = CASE status WHEN 'PENDING' THEN 'FAILED' ELSE status END WHERE plain LIKE 's2:%'"
    )
    op.execute(_DELETE_REPLIES[dialect])
    op.execute("UPDATE users SET password_hash = substr(password_hash, 1, 60) WHERE password_hash LIKE '%|%'")
    op.execute("DELETE FROM shop_properties WHERE name IN ('sealing_since', 'first_key', 'current_key')")
    op.drop_column("addresses", "sealed")
    op.drop_index("ix_users_phone_key", table_name="users")
    op.drop_column("users", "phone_key")
    op.drop_column("users", "sealed_phone")
    op.drop_table("kept_keys")
