"""Locations are described and ordered, and it is recorded which of them an order was served from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

EXPANDS = True

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_COLUMNS = (
    ("kind", sa.String(length=16), "WAREHOUSE"),
    ("line1", sa.String(length=200), ""),
    ("line2", sa.String(length=200), ""),
    ("city", sa.String(length=100), ""),
    ("state", sa.String(length=100), ""),
    ("postal_code", sa.String(length=20), ""),
    ("country", sa.String(length=2), ""),
    ("active", sa.Boolean(), sa.true()),
    ("priority", sa.Integer(), "0"),
    ("version", sa.Integer(), "1"),
)


def upgrade() -> None:
    with op.batch_alter_table("locations", recreate="never") as batch_op:
        for name, kind, default in _COLUMNS:
            batch_op.add_column(sa.Column(name, kind, server_default=default, nullable=False))
    if op.get_bind().dialect.name == "postgresql":  # the first one was inserted under its id
        op.execute("SELECT setval(pg_get_serial_sequence('locations', 'id'), max(id)) FROM locations")
    with op.batch_alter_table("inventory_levels", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("priority", sa.Integer(), server_default="0", nullable=True))
    op.create_table(
        "stock_allocations",
        sa.Column("order_id", _ID, nullable=False),
        sa.Column("variant_id", _ID, nullable=False),
        sa.Column("location_id", _ID, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("restocked_quantity", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "quantity > 0 AND restocked_quantity >= 0 AND restocked_quantity <= quantity",
            name=op.f("ck_stock_allocations_units"),
        ),
        sa.ForeignKeyConstraint(
            ["location_id"], ["locations.id"], name=op.f("fk_stock_allocations_location_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_stock_allocations_order_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variants.id"], name=op.f("fk_stock_allocations_variant_id")
        ),
        sa.PrimaryKeyConstraint("order_id", "variant_id", "location_id", name=op.f("pk_stock_allocations")),
    )


# Every variant has a level at the location 1, and the code of before knows no other: it serves orders from there,
# and gives the units of any order back there.
_GATHERED = """
    UPDATE inventory_levels SET (available, received, sold) = (
        SELECT sum(available), sum(received), sum(sold) FROM inventory_levels AS every
        WHERE every.variant_id = inventory_levels.variant_id
    )
    WHERE location_id = 1 AND variant_id IN (SELECT variant_id FROM inventory_levels WHERE location_id <> 1)
"""
_IN_STOCK = """
    UPDATE product_listings SET in_stock = NOT in_stock WHERE in_stock <> EXISTS (
        SELECT 1 FROM inventory_levels JOIN variants ON variants.id = inventory_levels.variant_id
        WHERE inventory_levels.product_id = product_listings.product_id AND inventory_levels.available > 0
        AND variants.deleted_at IS NULL
    )
"""


def downgrade() -> None:
    op.execute(_GATHERED)
    op.execute("DELETE FROM inventory_levels WHERE location_id <> 1")
    op.execute(_IN_STOCK)  # what lay where no orders were served from can be ordered now
    op.drop_table("stock_allocations")
    with op.batch_alter_table("inventory_levels", recreate="never") as batch_op:
        batch_op.drop_column("priority")
    with op.batch_alter_table("locations", recreate="never") as batch_op:
        for name, *_ in reversed(_COLUMNS):
            batch_op.drop_column(name)
