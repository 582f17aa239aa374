"""Refunds, returns and the audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    _add_columns()
    _fill_columns()
    _create_returns()
    _create_refunds()
    op.create_table(
        "audit_entries",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=128), nullable=False),
        sa.Column("details", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    op.create_index("ix_audit_entries_subject", "audit_entries", ["subject", "id"])
    op.create_index("ix_audit_entries_at", "audit_entries", ["at"])


def _add_columns() -> None:
    with op.batch_alter_table("orders", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("order_lines", recreate="never") as batch_op:
        for name, kind in (
            ("refunded_quantity", sa.Integer()),
            ("restocked_quantity", sa.Integer()),
            ("refunded_minor", sa.BigInteger()),
        ):
            batch_op.add_column(sa.Column(name, kind, server_default="0", nullable=False))


def _fill_columns() -> None:
    op.execute(
        """
        UPDATE orders SET delivered_at = (
            SELECT MIN(order_events.occurred_at) FROM order_events
            WHERE order_events.order_id = orders.id AND order_events.status = 'DELIVERED'
        )
        WHERE status IN ('DELIVERED', 'RETURN_REQUESTED', 'RETURNED', 'REFUNDED')
        """
    )
    # Until now the units of an order that ended so were back in stock as a whole.
    op.execute(
        """
        UPDATE order_lines SET restocked_quantity = quantity
        WHERE order_id IN (SELECT id FROM orders WHERE status IN ('CANCELLED', 'RETURNED', 'REFUNDED'))
        """
    )


def _create_returns() -> None:
    op.create_table(
        "returns",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("order_id", BIG_ID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("answer", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_returns_order_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_returns_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_returns")),
    )
    op.create_index(op.f("ix_returns_order_id"), "returns", ["order_id"])
    op.create_index("ix_returns_user", "returns", ["user_id", "created_at", "id"])
    op.create_index("ix_returns_created", "returns", ["created_at", "id"])
    op.create_index(
        "uq_returns_open",
        "returns",
        ["order_id"],
        unique=True,
        sqlite_where=sa.text("status IN ('REQUESTED', 'APPROVED')"),
        postgresql_where=sa.text("status IN ('REQUESTED', 'APPROVED')"),
    )
    op.create_table(
        "return_lines",
        sa.Column("return_id", BIG_ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("variant_id", BIG_ID, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("restocked", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "quantity > 0 AND restocked >= 0 AND restocked <= quantity", name=op.f("ck_return_lines_units")
        ),
        sa.ForeignKeyConstraint(
            ["return_id"], ["returns.id"], name=op.f("fk_return_lines_return_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["variant_id"], ["variants.id"], name=op.f("fk_return_lines_variant_id")),
        sa.PrimaryKeyConstraint("return_id", "position", name=op.f("pk_return_lines")),
    )


def _create_refunds() -> None:
    op.create_table(
        "refunds",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("order_id", BIG_ID, nullable=False),
        sa.Column("return_id", BIG_ID, nullable=True),
        sa.Column("actor_id", BIG_ID, nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("shipping_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("gateway_id", sa.String(length=128), nullable=False),
        sa.Column("problem", sa.String(length=500), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_refunds_amount")),
        sa.CheckConstraint(
            "tax_minor >= 0 AND shipping_minor >= 0 AND tax_minor + shipping_minor <= amount_minor",
            name=op.f("ck_refunds_parts"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_refunds_order_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["return_id"], ["returns.id"], name=op.f("fk_refunds_return_id")),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name=op.f("fk_refunds_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
    )
    op.create_index(op.f("ix_refunds_order_id"), "refunds", ["order_id"])
    op.create_index(op.f("ix_refunds_return_id"), "refunds", ["return_id"])
    op.create_index("uq_refunds_key", "refunds", ["key"], unique=True)
    op.create_index(
        "ix_refunds_pending",
        "refunds",
        ["next_attempt_at"],
        sqlite_where=sa.text("status = 'PENDING'"),
        postgresql_where=sa.text("status = 'PENDING'"),
    )
    op.create_table(
        "refund_lines",
        sa.Column("refund_id", BIG_ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("variant_id", BIG_ID, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity > 0 AND amount_minor >= 0", name=op.f("ck_refund_lines_units")),
        sa.ForeignKeyConstraint(
            ["refund_id"], ["refunds.id"], name=op.f("fk_refund_lines_refund_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["variant_id"], ["variants.id"], name=op.f("fk_refund_lines_variant_id")),
        sa.PrimaryKeyConstraint("refund_id", "position", name=op.f("pk_refund_lines")),
    )


def downgrade() -> None:
    for table in ("audit_entries", "refund_lines", "refunds", "return_lines", "returns"):
        op.drop_table(table)  # and its indexes
    with op.batch_alter_table("order_lines", recreate="never") as batch_op:
        for name in ("refunded_minor", "restocked_quantity", "refunded_quantity"):
            batch_op.drop_column(name)
    with op.batch_alter_table("orders", recreate="never") as batch_op:
        batch_op.drop_column("delivered_at")
