"""Payments in full, gift cards, saved payment methods, the books of the gateways that live here."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("payments", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("captured_minor", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("refunded_minor", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("problem", sa.String(length=300), server_default="", nullable=False))
    op.create_index(
        "ix_payments_pending",
        "payments",
        ["order_id"],
        sqlite_where=sa.text("status = 'PENDING'"),
        postgresql_where=sa.text("status = 'PENDING'"),
    )
    # What was captured before is known from the status. Its charges are not in the books, which begin now: they
    # are entered, so that they can be paid back as any other.
    op.execute("UPDATE payments SET captured_minor = amount_minor WHERE status = 'CAPTURED'")
    op.execute("UPDATE payments SET token = '' WHERE status <> 'PENDING'")

    op.create_table(
        "gift_cards",
        sa.Column("id", _ID, nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("last_four", sa.String(length=4), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("balance_minor", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("balance_minor >= 0", name=op.f("ck_gift_cards_balance")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gift_cards")),
    )
    op.create_index("uq_gift_cards_code_hash", "gift_cards", ["code_hash"], unique=True)
    op.create_table(
        "gift_card_entries",
        sa.Column("id", _ID, nullable=False),
        sa.Column("gift_card_id", _ID, nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["gift_card_id"], ["gift_cards.id"], name=op.f("fk_gift_card_entries_gift_card_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gift_card_entries")),
    )
    op.create_index("ix_gift_card_entries_gift_card_id", "gift_card_entries", ["gift_card_id"])
    op.create_index("uq_gift_card_entries_key", "gift_card_entries", ["key"], unique=True)
    op.create_table(
        "gateway_charges",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("gateway_id", sa.String(length=64), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("problem", sa.String(length=200), nullable=False),
        sa.Column("gift_card_id", _ID, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("refunded_minor <= amount_minor", name=op.f("ck_gateway_charges_refunded")),
        sa.ForeignKeyConstraint(
            ["gift_card_id"], ["gift_cards.id"], name=op.f("fk_gateway_charges_gift_card_id")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_gateway_charges")),
    )
    op.create_table(
        "gateway_refunds",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("charge_key", sa.String(length=64), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["charge_key"], ["gateway_charges.key"], name=op.f("fk_gateway_refunds_charge_key")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_gateway_refunds")),
    )
    op.create_index("ix_gateway_refunds_charge_key", "gateway_refunds", ["charge_key"])
    op.create_table(
        "payment_events",
        sa.Column("gateway", sa.String(length=16), nullable=False),
        sa.Column("event_id", sa.String(length=128), nullable=False),
        sa.Column("charge_key", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("gateway", "event_id", name=op.f("pk_payment_events")),
    )
    op.create_index("ix_payment_events_received_at", "payment_events", ["received_at"])
    op.create_table(
        "payment_methods",
        sa.Column("id", _ID, nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("token", sa.String(length=128), nullable=False),
        sa.Column("brand", sa.String(length=32), nullable=False),
        sa.Column("last_four", sa.String(length=4), nullable=False),
        sa.Column("is_default", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_payment_methods_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_methods")),
    )
    op.create_index("ix_payment_methods_user_id", "payment_methods", ["user_id"])
    op.create_index(
        "uq_payment_methods_default",
        "payment_methods",
        ["user_id"],
        unique=True,
        sqlite_where=sa.text("is_default"),
        postgresql_where=sa.text("is_default"),
    )
    _enter_earlier_charges()


def _enter_earlier_charges() -> None:
    op.execute(
        """
        INSERT INTO gateway_charges (key, gateway_id, method, status, amount_minor, refunded_minor, currency,
                                     problem, created_at)
        SELECT orders.number, payments.gateway_id, payments.method, 'CAPTURED', payments.amount_minor, 0,
               payments.currency, '', payments.updated_at
        FROM payments JOIN orders ON orders.id = payments.order_id
        WHERE payments.status = 'CAPTURED' AND payments.gateway = 'demo'
        """
    )


def downgrade() -> None:
    op.drop_table("payment_methods")
    op.drop_table("payment_events")
    op.drop_table("gateway_refunds")
    op.drop_table("gateway_charges")
    op.drop_table("gift_card_entries")
    op.drop_table("gift_cards")
    op.drop_index("ix_payments_pending", table_name="payments")
    with op.batch_alter_table("payments", recreate="never") as batch_op:
        batch_op.drop_column("problem")
        batch_op.drop_column("refunded_minor")
        batch_op.drop_column("captured_minor")
