"""What gateways do by themselves: refunds and disputes made there, and reports that wait for a person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

EXPANDS = False  # code of before does not note when a refund was paid, which counts what was paid

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("payments", sa.Column("disputed", sa.String(length=8), server_default="", nullable=False))
    held = sa.text("gateway_id <> ''")
    op.create_index(
        "ix_payments_gateway_id", "payments", ["gateway_id"], sqlite_where=held, postgresql_where=held
    )
    op.add_column("refunds", sa.Column("origin", sa.String(length=8), server_default="SHOP", nullable=False))
    op.add_column("refunds", sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(sa.text("UPDATE refunds SET paid_at = updated_at WHERE status = 'SUCCEEDED'"))
    op.create_table(
        "disputes",
        sa.Column("id", _ID, nullable=False),
        sa.Column("order_id", _ID, nullable=False),
        sa.Column("refund_id", _ID, nullable=True),
        sa.Column("gateway", sa.String(length=16), nullable=False),
        sa.Column("gateway_id", sa.String(length=128), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("respond_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_disputes_order_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["refund_id"], ["refunds.id"], name=op.f("fk_disputes_refund_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
    )
    op.create_index("uq_disputes_gateway_id", "disputes", ["gateway", "gateway_id"], unique=True)
    op.create_index(op.f("ix_disputes_order_id"), "disputes", ["order_id"])
    op.create_table(
        "payment_alerts",
        sa.Column("id", _ID, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("gateway", sa.String(length=16), nullable=False),
        sa.Column("gateway_id", sa.String(length=128), nullable=False),
        sa.Column("order_id", _ID, nullable=True),
        sa.Column("problem", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_payment_alerts_order_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_alerts")),
        sa.UniqueConstraint("key", name=op.f("uq_payment_alerts_key")),
    )
    op.create_index(op.f("ix_payment_alerts_order_id"), "payment_alerts", ["order_id"])
    untold = sa.text("told_at IS NULL")
    op.create_index(
        "ix_payment_alerts_untold", "payment_alerts", ["id"], sqlite_where=untold, postgresql_where=untold
    )


def downgrade() -> None:
    op.drop_table("payment_alerts")
    op.drop_table("disputes")
    with op.batch_alter_table("refunds", recreate="never") as batch_op:
        batch_op.drop_column("paid_at")
        batch_op.drop_column("origin")
    op.drop_index("ix_payments_gateway_id", table_name="payments")
    with op.batch_alter_table("payments", recreate="never") as batch_op:
        batch_op.drop_column("disputed")
