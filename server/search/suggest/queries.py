"""SQL of what is suggested: products with their sales, categories, and what many searched for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, func, select

from server.catalog.category_queries import translated_name
from server.catalog.listings import EVERYTHING
from server.catalog.models import Category, Listing, Product
from server.search.suggest.models import SuggestedQuery


class ProductName(NamedTuple):
    """A product by its name, with what puts it with others, and what sold of it."""

    id: int
    name: str
    brand: str
    category_id: int | None
    sold: int


class NamedCategory(NamedTuple):
    """A category by its name."""

    id: int
    name: str


class PopularQuery(NamedTuple):
    """A query, and how many people searched for it."""

    text: str
    searchers: int


def _name(table: type[Product] | type[Category], language: str | None) -> ColumnElement[str]:
    return table.name.expression if language is None else translated_name(table, language)


def product_names(connection: Connection, language: str | None, limit: int) -> Sequence[ProductName]:
    """The products, by id: of more than `limit` those that sold most, of equals the newer."""
    listed = (
        select(Listing.product_id, Listing.sold)
        .where(Listing.list_key == EVERYTHING, Listing.phase == 0)
        .order_by(Listing.sold.desc(), Listing.product_id.desc())
        .limit(limit)
        .subquery()
    )
    query = (
        select(Product.id, _name(Product, language), Product.brand, Product.category_id, listed.c.sold)
        .join(listed, listed.c.product_id == Product.id)
        .order_by(Product.id)
    )
    return [ProductName(*row) for row in connection.execute(query)]


def names_of(
    connection: Connection, language: str | None, product_ids: Collection[int]
) -> Sequence[ProductName]:
    """The same of these products, as far as they were not deleted."""
    query = (
        select(
            *(Product.id, _name(Product, language), Product.brand, Product.category_id),
            func.coalesce(Listing.sold, 0),
        )
        .outerjoin(
            Listing,
            (Listing.product_id == Product.id) & (Listing.list_key == EVERYTHING) & (Listing.phase == 0),
        )
        .where(Product.id.in_(product_ids), Product.deleted_at.is_(None))
        .order_by(Product.id)
    )
    return [ProductName(*row) for row in connection.execute(query)]


def category_names(connection: Connection, language: str | None) -> Sequence[NamedCategory]:
    """All categories."""
    query = select(Category.id, _name(Category, language)).order_by(Category.id)
    return [NamedCategory(*row) for row in connection.execute(query)]


def suggested_queries(connection: Connection) -> Sequence[PopularQuery]:
    """The queries that may be suggested."""
    query = select(SuggestedQuery.query, SuggestedQuery.searcher_count).order_by(SuggestedQuery.query)
    return [PopularQuery(*row) for row in connection.execute(query)]
