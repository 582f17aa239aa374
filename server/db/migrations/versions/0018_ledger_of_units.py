"""A line of an order counts its units that are sent back, and a refund those of them that it pays for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

EXPANDS = False  # code of before does not keep the ledger

_COUNTS = {
    "order_lines": ("returning_quantity", "returned_quantity"),
    "refund_lines": ("returned_quantity",),
    "return_lines": ("restocked_by_refund",),
}
_UNITS = "ck_refund_lines_units"
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for table, names in _COUNTS.items():
        with op.batch_alter_table(table, recreate="never") as batch_op:
            for name in names:
                batch_op.add_column(sa.Column(name, sa.Integer(), server_default="0", nullable=False))
    _bound_units("quantity >= 0 AND amount_minor >= 0", before="quantity > 0 AND amount_minor >= 0")
    _count_returns()
    _count_paid_returns()


def downgrade() -> None:
    op.execute("DELETE FROM refund_lines WHERE quantity = 0")
    _bound_units("quantity > 0 AND amount_minor >= 0", before="quantity >= 0 AND amount_minor >= 0")
    for table, names in _COUNTS.items():
        with op.batch_alter_table(table, recreate="never") as batch_op:
            for name in names:
                batch_op.drop_column(name)


def _bound_units(bound: str, *, before: str) -> None:
    """Change the bound on the units of a refund's line; SQLite makes the table anew for it."""
    table = sa.Table(
        "refund_lines",
        sa.MetaData(),
        sa.Column("refund_id", _ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("variant_id", _ID, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("returned_quantity", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint(before, name=op.f(_UNITS)),
        sa.ForeignKeyConstraint(
            ["refund_id"], ["refunds.id"], name=op.f("fk_refund_lines_refund_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["variant_id"], ["variants.id"], name=op.f("fk_refund_lines_variant_id")),
        sa.PrimaryKeyConstraint("refund_id", "position", name=op.f("pk_refund_lines")),
    )
    with op.batch_alter_table("refund_lines", copy_from=table) as batch_op:
        batch_op.drop_constraint(op.f(_UNITS), type_="check")
        batch_op.create_check_constraint(op.f(_UNITS), bound)


def _count_returns() -> None:
    op.execute(
        """
        UPDATE order_lines SET
            returning_quantity = (
                SELECT COALESCE(SUM(return_lines.quantity), 0)
                FROM return_lines JOIN returns ON returns.id = return_lines.return_id
                WHERE returns.order_id = order_lines.order_id AND return_lines.position = order_lines.position
                  AND returns.status IN ('REQUESTED', 'APPROVED')
            ),
            returned_quantity = (
                SELECT COALESCE(SUM(return_lines.quantity), 0)
                FROM return_lines JOIN returns ON returns.id = return_lines.return_id
                WHERE returns.order_id = order_lines.order_id AND return_lines.position = order_lines.position
                  AND returns.status = 'RECEIVED'
            )
        WHERE order_id IN (SELECT order_id FROM returns WHERE status <> 'REJECTED')
        """
    )


def _count_paid_returns() -> None:
    # What a return paid back itself, when its goods came.
    op.execute(
        """
        UPDATE refund_lines SET returned_quantity = quantity
        WHERE refund_id IN (SELECT id FROM refunds WHERE return_id IS NOT NULL)
        """
    )
    # Units beyond those of the line were paid back and sent back: refunds by hand paid for them under way.
    connection = op.get_bind()
    for line in connection.execute(sa.text(_COUNTED_TWICE)).all():
        units = line.units
        for paid in connection.execute(sa.text(_BY_HAND), {"of": line.order_id, "at": line.position}).all():
            counted = min(units, paid.quantity)
            units -= counted
            connection.execute(sa.text(_COUNT), {"id": paid.refund_id, "at": line.position, "units": counted})


_COUNTED_TWICE = """
    SELECT order_lines.order_id, order_lines.position,
           order_lines.refunded_quantity + order_lines.returning_quantity + order_lines.returned_quantity
           - order_lines.quantity - COALESCE(SUM(paid.returned_quantity), 0) AS units
    FROM order_lines
    LEFT JOIN (
        SELECT refunds.order_id, refund_lines.position, refund_lines.returned_quantity
        FROM refund_lines JOIN refunds ON refunds.id = refund_lines.refund_id
        WHERE refunds.status <> 'FAILED' AND refund_lines.returned_quantity > 0
    ) AS paid ON paid.order_id = order_lines.order_id AND paid.position = order_lines.position
    WHERE order_lines.returning_quantity + order_lines.returned_quantity > 0 AND order_lines.refunded_quantity > 0
    GROUP BY order_lines.order_id, order_lines.position, order_lines.quantity, order_lines.refunded_quantity,
             order_lines.returning_quantity, order_lines.returned_quantity
    HAVING order_lines.refunded_quantity + order_lines.returning_quantity + order_lines.returned_quantity
           - order_lines.quantity - COALESCE(SUM(paid.returned_quantity), 0) > 0
"""
_BY_HAND = """
    SELECT refund_lines.refund_id, refund_lines.quantity
    FROM refund_lines JOIN refunds ON refunds.id = refund_lines.refund_id
    WHERE refunds.order_id = :of AND refund_lines.position = :at
      AND refunds.return_id IS NULL AND refunds.status <> 'FAILED'
    ORDER BY refund_lines.refund_id DESC
"""
_COUNT = "UPDATE refund_lines SET returned_quantity = :units WHERE refund_id = :id AND position = :at"
