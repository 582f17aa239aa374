"""SQL of the categories: one function per question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from server.catalog.category_tree import MAX_LEVELS
from server.catalog.models import Category, Product
from server.db.base import AnyRow, Values


def translated_name(table: type[Product] | type[Category], language: str) -> ColumnElement[str]:
    """Its name in a language, as far as it is translated."""
    return func.coalesce(table.translations[(language, "name")].as_string(), table.name)


def categories(connection: Connection, *, lock: bool) -> Sequence[AnyRow]:
    """All categories in the order of their ids, locked until the transaction ends where they are to change."""
    statement = select(
        Category.id,
        Category.parent_id,
        Category.name,
        Category.slug,
        Category.description,
        Category.version,
        Category.translations,
    ).order_by(Category.id)
    return connection.execute(statement.with_for_update() if lock else statement).all()


def category_lineages(connection: Connection, language: str | None = None) -> Mapping[int, Sequence[str]]:
    """The names of each category and of those above it, from the top; as far as there are any, in a language."""
    named = Category.name.expression if language is None else translated_name(Category, language)
    rows = connection.execute(select(named, Category.parent_id, Category.id)).all()
    above = {category_id: (parent_id, name) for name, parent_id, category_id in rows}
    lineages: dict[int, Sequence[str]] = {}
    for category_id in above:
        names: list[str] = []
        current: int | None = category_id
        while current is not None and len(names) < MAX_LEVELS:  # a circle, which cannot be, would not end
            current, name = above[current]
            names.append(name)
        lineages[category_id] = names[::-1]
    return lineages


def hold(tx: Connection, category_id: int) -> bool:
    """Keep a category from being deleted before the transaction ends; whether there is such a category."""
    category = select(Category.id).where(Category.id == category_id)
    return tx.scalar(category.with_for_update(read=True, key_share=True)) is not None


def insert_category(tx: Connection, values: Values) -> int:
    """Insert a category and return its id. Raises IntegrityError when its slug or name is taken."""
    return tx.execute(insert(Category).values(**values).returning(Category.id)).scalar_one()


def update_category(tx: Connection, category_id: int, values: Values) -> None:
    """Change columns of a category, and its version. Raises IntegrityError when its slug or name is taken."""
    statement = update(Category).where(Category.id == category_id)
    tx.execute(statement.values(**values, version=Category.version + 1))


def has_products(connection: Connection, category_id: int) -> bool:
    """Return whether a product that was not deleted is in the category itself."""
    product = select(Product.id).where(Product.category_id == category_id, Product.deleted_at.is_(None))
    return connection.scalar(product.limit(1)) is not None


def delete_category(tx: Connection, category_id: int) -> None:
    """Delete a category; deleted products that were in it are in none."""
    tx.execute(update(Product).where(Product.category_id == category_id).values(category_id=None))
    tx.execute(delete(Category).where(Category.id == category_id))
