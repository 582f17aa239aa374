"""SQL of the list of changes, by which other systems follow the catalogue: products by their last change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, or_, select, tuple_

from server.catalog.models import Product
from server.db.base import AnyRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFilter:
    """Which products a list of changes holds; None and () filter nothing.

    `deleted`: also products that were deleted, of `owner_id` alone where there is one.
    """

    vendor_id: int | None = None
    product_ids: tuple[int, ...] = ()
    updated_since: datetime | None = None
    deleted: bool = False
    owner_id: int | None = None

    def scope(self) -> tuple[object, ...]:
        """Return what a page token is bound to."""
        return astuple(self)

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """Yield what a product must meet."""
        if not self.deleted:
            yield Product.deleted_at.is_(None)
        elif self.owner_id is not None:
            yield or_(Product.deleted_at.is_(None), Product.vendor_id == self.owner_id)
        if self.vendor_id is not None:
            yield Product.vendor_id == self.vendor_id
        if self.product_ids:
            yield Product.id.in_(self.product_ids)
        if self.updated_since is not None:
            yield Product.updated_at >= self.updated_since


def changed_page(
    connection: Connection, changes: ChangeFilter, after: Sequence[object] | None, limit: int
) -> Sequence[AnyRow]:
    """Up to `limit` rows (id, time of the last change) after the keys `after`, the last changed last."""
    keys = (Product.updated_at, Product.id)
    statement = select(Product.id.label("product_id"), Product.updated_at.label("sort_key"))
    statement = statement.where(*changes.conditions())
    if after is not None:
        statement = statement.where(tuple_(*keys) > tuple(after))
    return connection.execute(statement.order_by(*keys).limit(limit)).all()
