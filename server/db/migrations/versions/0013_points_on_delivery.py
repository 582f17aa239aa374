"""Points are earned on delivery, count for the tier later, and are owed rather than below zero."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_ENTRIES = sa.table(
    "points_entries",
    sa.column("user_id", sa.BigInteger),
    sa.column("order_id", sa.BigInteger),
    sa.column("kind", sa.String),
    sa.column("points", sa.BigInteger),
    sa.column("reason", sa.String),
    sa.column("ref", sa.String),
    sa.column("created_at", _TIME),
)
_UNCOUNTED = sa.text("points_earned > 0 AND points_counted_at IS NULL AND delivered_at IS NOT NULL")
_NET = """
    SELECT orders.id, orders.user_id, orders.points_earned, orders.total_minor,
           COALESCE(payments.refunded_minor, 0) AS refunded,
           COALESCE(SUM(CASE WHEN points_entries.kind = 'EARNED' THEN points_entries.points ELSE 0 END), 0)
               AS earned,
           COALESCE(SUM(CASE WHEN points_entries.kind = 'REVERSED' THEN points_entries.points ELSE 0 END), 0)
               AS reversed,
           COUNT(CASE WHEN points_entries.kind = 'REVERSED' THEN 1 END) AS reversals
    FROM orders
    LEFT JOIN payments ON payments.order_id = orders.id
    LEFT JOIN points_entries ON points_entries.order_id = orders.id
    WHERE orders.user_id IS NOT NULL AND orders.points_earned > 0 AND orders.delivered_at IS NULL {more}
    GROUP BY orders.id, orders.user_id, orders.points_earned, orders.total_minor, payments.refunded_minor
"""


def upgrade() -> None:
    with op.batch_alter_table("loyalty_accounts", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("owed", sa.BigInteger(), server_default="0", nullable=False))
    with op.batch_alter_table("orders", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("points_counted_at", _TIME, nullable=True))
    # What was delivered before counts already, as was promised then.
    op.execute(
        "UPDATE orders SET points_counted_at = delivered_at WHERE points_earned > 0 AND delivered_at IS NOT NULL"
    )
    op.create_index(
        "ix_orders_points_uncounted",
        "orders",
        ["delivered_at"],
        sqlite_where=_UNCOUNTED,
        postgresql_where=_UNCOUNTED,
    )
    _take_back_what_is_pending()
    _sum_up(counted="AND orders.points_counted_at IS NOT NULL")
    _owe_what_is_missing()


def _take_back_what_is_pending() -> None:
    """The orders on their way give theirs on their delivery, anew."""
    _book(
        _entry(row, "REVERSED", -row.earned - row.reversed, str(row.reversals))
        for row in _orders("")
        if row.earned + row.reversed
    )


def _owe_what_is_missing() -> None:
    below = (
        op.get_bind().execute(sa.text("SELECT user_id, points FROM loyalty_accounts WHERE points < 0")).all()
    )
    _book(
        {"user_id": row.user_id, "order_id": None, "kind": "OWED", "points": -row.points, "ref": ""}
        for row in below
    )
    op.execute("UPDATE loyalty_accounts SET owed = -points, points = 0 WHERE points < 0")


def downgrade() -> None:
    op.execute("DELETE FROM points_entries WHERE kind IN ('OWED', 'REPAID')")
    paid = (
        "AND EXISTS (SELECT 1 FROM order_events WHERE order_events.order_id = orders.id "
        "AND order_events.status = 'CONFIRMED')"
    )
    rows = _orders(paid)
    _book(_entry(row, "EARNED", row.points_earned, "") for row in rows if not row.earned)
    _book(
        _entry(row, "REVERSED", -_share(row) - row.reversed, str(row.reversals))
        for row in rows
        if _share(row) + row.reversed
    )
    op.execute(
        "INSERT INTO loyalty_accounts (user_id) SELECT DISTINCT user_id FROM points_entries "
        "WHERE user_id NOT IN (SELECT user_id FROM loyalty_accounts)"
    )
    _sum_up(counted="")
    op.drop_index("ix_orders_points_uncounted", table_name="orders")
    with op.batch_alter_table("orders", recreate="never") as batch_op:
        batch_op.drop_column("points_counted_at")
    with op.batch_alter_table("loyalty_accounts", recreate="never") as batch_op:
        batch_op.drop_column("owed")


def _orders(more: str) -> Sequence[Any]:
    """The orders that were not delivered, with what the ledger holds of them."""
    return op.get_bind().execute(sa.text(_NET.format(more=more))).all()


def _share(row: Any) -> int:
    earned: int = row.points_earned
    return earned if row.refunded >= row.total_minor else earned * row.refunded // row.total_minor


def _entry(row: Any, kind: str, points: int, ref: str) -> dict[str, Any]:
    return {"user_id": row.user_id, "order_id": row.id, "kind": kind, "points": points, "ref": ref}


def _book(entries: Any) -> None:
    now = datetime.now(UTC)
    rows = [{**entry, "reason": "", "created_at": now} for entry in entries]
    if rows:
        op.get_bind().execute(sa.insert(_ENTRIES), rows)


def _sum_up(counted: str) -> None:
    """Make the accounts what their ledgers say."""
    op.execute(
        f"""
        UPDATE loyalty_accounts SET
            points = COALESCE((SELECT SUM(points_entries.points) FROM points_entries
                               WHERE points_entries.user_id = loyalty_accounts.user_id), 0),
            lifetime = COALESCE((SELECT SUM(points_entries.points) FROM points_entries
                                 JOIN orders ON orders.id = points_entries.order_id
                                 WHERE points_entries.user_id = loyalty_accounts.user_id
                                   AND points_entries.kind IN ('EARNED', 'REVERSED') {counted}), 0)
        """  # noqa: S608 - put together from this module's own text
    )
