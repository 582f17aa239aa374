"""SQL of the list of changes, by which other systems follow the catalogue: products by their last change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, exists, or_, select, tuple_

from server.catalog.listing_queries import ProductFilter
from server.catalog.models import Listing, Product
from server.db.base import AnyRow


@dataclass(frozen=True, kw_only=True)
class ChangeFilter:
    """Which products a list of changes holds; None and () filter nothing.

    `listed` are the filters of the shop's lists. `deleted`: also products that were deleted, of `owner_id` alone
    where there is one.
    """

    listed: ProductFilter
    product_ids: tuple[int, ...] = ()
    updated_since: datetime | None = None
    deleted: bool = False
    owner_id: int | None = None

    def scope(self) -> tuple[object, ...]:
        """Return what a page token is bound to, besides the category as the caller names it."""
        return (*self.listed.scope(), self.product_ids, self.updated_since, self.deleted, self.owner_id)

    def conditions(self, now: datetime) -> Iterator[ColumnElement[bool]]:
        """Yield what a product must meet, at the prices of `now`."""
        if not self.deleted:
            yield Product.deleted_at.is_(None)
        elif self.owner_id is not None:
            yield or_(Product.deleted_at.is_(None), Product.vendor_id == self.owner_id)
        if self.product_ids:
            yield Product.id.in_(self.product_ids)
        if self.updated_since is not None:
            yield Product.updated_at >= self.updated_since
        if self.deleted:  # it is on no list: only its vendor can be told
            if self.listed.vendor_id is not None:
                yield Product.vendor_id == self.listed.vendor_id
        elif self.listed != ProductFilter():
            yield from self._on_lists(now)

    def _on_lists(self, now: datetime) -> Iterator[ColumnElement[bool]]:
        first, *others = self.listed.lists()
        yield _on_list(first, *_offer(self.listed, now))
        for other in others:
            yield _on_list(other)


def changed_page(
    connection: Connection, changes: ChangeFilter, after: Sequence[object] | None, limit: int, now: datetime
) -> Sequence[AnyRow]:
    """Up to `limit` rows (id, time of the last change) after the keys `after`, the last changed last."""
    keys = (Product.updated_at, Product.id)
    statement = select(Product.id.label("product_id"), Product.updated_at.label("sort_key"))
    statement = statement.where(*changes.conditions(now))
    if after is not None:
        statement = statement.where(tuple_(*keys) > tuple(after))
    return connection.execute(statement.order_by(*keys).limit(limit)).all()


def _on_list(name: str, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(Listing.list_key == name, Listing.product_id == Product.id, *conditions)


def _offer(products: ProductFilter, now: datetime) -> Iterator[ColumnElement[bool]]:
    """Yield what the row of a list must meet that holds what a shopper pays at `now`."""
    yield or_(Listing.valid_from.is_(None), Listing.valid_from <= now)
    yield or_(Listing.valid_until.is_(None), Listing.valid_until > now)
    if products.in_stock is not None:
        yield Listing.in_stock == products.in_stock
    if products.min_price_minor is not None:
        yield Listing.price_minor >= products.min_price_minor
    if products.max_price_minor is not None:
        yield Listing.price_minor <= products.max_price_minor
