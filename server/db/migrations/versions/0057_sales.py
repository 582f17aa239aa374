"""What the shop sold is counted by hours, days and months."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from server.db.base import BigId, Json

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

EXPANDS = True

_WHOLE = (
    *("orders", "units", "kept_units", "list_minor", "product_discount_minor", "tier_discount_minor"),
    *("coupon_discount_minor", "points_discount_minor", "tax_minor", "shipping_minor", "paid_minor"),
    *("refunded_minor", "refunded_tax_minor", "refunded_shipping_minor"),
)
_PERIOD: dict[str, Any] = {"span": sa.SmallInteger(), "day": sa.Date(), "currency": sa.String(3)}
_MONEY = ("paid_minor", "refunded_minor")


def upgrade() -> None:
    op.create_table(
        "analytics_state",
        sa.Column("id", sa.SmallInteger(), nullable=False),
        sa.Column("time_zone", sa.String(64), nullable=False),
        sa.Column("filled_id", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analytics_state")),
    )
    # The orders that are there already are counted by the job.
    op.execute("INSERT INTO analytics_state (id, time_zone, filled_id) VALUES (1, 'UTC', 0)")
    op.create_table(
        "order_facts",
        sa.Column("order_id", BigId, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        *_numbers("units", "kept_units", *_MONEY),
        sa.Column("facts", Json, nullable=False),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_order_facts")),
    )
    hour: dict[str, Any] = {"hour": sa.DateTime(timezone=True), "currency": sa.String(3)}
    _roll_up("sales_hours", hour, *_WHOLE)
    _roll_up("sales_days", {"day": sa.Date(), "currency": sa.String(3)}, *_WHOLE)
    product: dict[str, Any] = {**_PERIOD, "product_id": sa.BigInteger()}
    _roll_up("product_sales", product, "orders", "units", "kept_units", *_MONEY)
    op.create_index("ix_product_sales_product", "product_sales", ["product_id", "span", "day"])
    _roll_up("customer_sales", {**_PERIOD, "user_id": sa.BigInteger()}, "orders", "units", *_MONEY)
    op.create_index("ix_customer_sales_user", "customer_sales", ["user_id", "span", "day"])
    _roll_up("region_sales", {**_PERIOD, "country": sa.String(2)}, "orders", "units", *_MONEY)
    coupon: dict[str, Any] = {**_PERIOD, "coupon_id": sa.BigInteger()}
    _roll_up("coupon_sales", coupon, "orders", "units", "discount_minor", *_MONEY)
    cohort: dict[str, Any] = {"cohort": sa.Date(), "month": sa.Date(), "currency": sa.String(3)}
    _roll_up("sales_cohorts", cohort, "customers", "orders", *_MONEY)


def downgrade() -> None:
    for table in (
        *("sales_cohorts", "coupon_sales", "region_sales", "customer_sales", "product_sales"),
        *("sales_days", "sales_hours", "order_facts", "analytics_state"),
    ):
        op.drop_table(table)


def _roll_up(table: str, key: dict[str, Any], *numbers: str) -> None:
    op.create_table(
        table,
        *(sa.Column(name, kind, nullable=False) for name, kind in key.items()),
        *_numbers(*numbers),
        sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{table}")),
    )


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]
