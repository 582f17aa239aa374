"""What is deleted gives its sku and slug free; names that must be unique are compared by a key."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_LIVE = sa.text("deleted_at IS NULL")
_UNIQUE = (("products", "sku"), ("products", "slug"), ("variants", "sku"))


def upgrade() -> None:
    with op.batch_alter_table("products") as batch_op:
        batch_op.drop_constraint(op.f("uq_products_sku"), type_="unique")
        batch_op.drop_constraint(op.f("uq_products_slug"), type_="unique")
    with op.batch_alter_table("variants") as batch_op:
        batch_op.drop_constraint(op.f("uq_variants_sku"), type_="unique")
        batch_op.add_column(sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE variants SET deleted_at = "
        "(SELECT products.deleted_at FROM products WHERE products.id = variants.product_id)"
    )
    for table, column in _UNIQUE:
        op.create_index(
            f"uq_{table}_{column}", table, [column], unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE
        )
    op.add_column("categories", sa.Column("name_key", sa.Text(), server_default="", nullable=False))
    _fill_keys("categories", "parent_id")
    op.create_index(
        "uq_categories_name", "categories", [sa.text("coalesce(parent_id, 0)"), "name_key"], unique=True
    )
    op.execute("UPDATE segments SET name_key = 'segment ' || id")  # so that none is in another's way
    _fill_keys("segments")
    op.execute("UPDATE addresses SET country = 'GB' WHERE country = 'UK'")


def downgrade() -> None:
    op.drop_index("uq_categories_name", table_name="categories")
    op.drop_column("categories", "name_key")
    for table, column in _UNIQUE:
        op.drop_index(f"uq_{table}_{column}", table_name=table)
    # Before, a sku and a slug were for ever. Those of what was deleted make way.
    for table, column in _UNIQUE:
        op.execute(
            f"UPDATE {table} SET {column} = 'deleted-' || id "  # noqa: S608 - names of ours
            f"WHERE deleted_at IS NOT NULL AND EXISTS (SELECT 1 FROM {table} AS other "
            f"WHERE other.{column} = {table}.{column} AND other.id <> {table}.id)"
        )
    with op.batch_alter_table("variants") as batch_op:
        batch_op.drop_column("deleted_at")
        batch_op.create_unique_constraint(op.f("uq_variants_sku"), ["sku"])
    with op.batch_alter_table("products") as batch_op:
        batch_op.create_unique_constraint(op.f("uq_products_sku"), ["sku"])
        batch_op.create_unique_constraint(op.f("uq_products_slug"), ["slug"])


def losses(connection: sa.Connection) -> list[str]:
    """What going back would lose: the skus and slugs of deleted products that others have by now."""
    found = []
    for table, column in _UNIQUE:
        shared = connection.scalar(
            sa.text(
                f"SELECT COUNT(*) FROM {table} WHERE deleted_at IS NOT NULL AND EXISTS "  # noqa: S608
                f"(SELECT 1 FROM {table} AS other WHERE other.{column} = {table}.{column} "
                f"AND other.id <> {table}.id)"
            )
        )
        if shared:
            found.append(f"the {column} of {shared} deleted {table}")
    return found


def _fill_keys(table: str, within: str | None = None) -> None:
    """Write the keys of names; of several that are the same by now, those after the first keep a number."""
    columns = ["id", "name", *([within] if within else [])]
    named = sa.table(table, *map(sa.column, [*columns, "name_key"]))
    connection = op.get_bind()
    rows: Iterable[Any] = connection.execute(
        sa.select(*(named.c[name] for name in columns)).order_by(named.c.id)
    ).all()
    seen: set[tuple[object, str]] = set()
    for row in rows:
        place = getattr(row, within) if within else None
        key = _name_key(row.name)
        if (place, key) in seen:
            key = f"{key} #{row.id}"
        seen.add((place, key))
        connection.execute(named.update().where(named.c.id == row.id).values(name_key=key))


def _name_key(name: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join(folded.split())[:300]
