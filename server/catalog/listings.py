"""The lists of the shop: which products stand on each, with the keys that they are sorted and filtered by.

A product stands on the list of everything, on those of its category and all above it, of its brand, of its vendor
and of each tag. Its row on each holds every sort key, so that a page of any list in any order is a short walk
along one index, however large the shop.

The price is that of the cheapest variant, in stock or not: a sale moves no product in the order of prices.

Who writes the rows of a product holds its stock: a sale and a change of the product cannot overwrite each other.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self, TypeAlias, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Exists,
    Table,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import aliased

from server.catalog.discounts import Discount
from server.catalog.models import ORDERABLE, Category, InventoryLevel, Listing, Product, Variant
from server.db.base import AnyRow
from server.db.bulk import write_fanned
from server.text.name_key import name_key

EVERYTHING: Final = "all"
MAX_KEY_LENGTH: Final = 160
"""Of a list; one that would be longer is named by its hash."""
MAX_NAME_LENGTH: Final = 200
AT_ONCE: Final = 500
"""Products whose rows are written together."""


def category_list(category_id: int) -> str:
    """The list of a category with all below it."""
    return f"category {category_id}"


def brand_list(brand: str) -> str:
    """The list of a brand, whatever its case."""
    return _bounded(f"brand {name_key(brand)}")


def tag_list(tag: str) -> str:
    """The list of a tag."""
    return _bounded(f"tag {tag}")


def vendor_list(vendor_id: int) -> str:
    """The list of a vendor."""
    return f"vendor {vendor_id}"


def _bounded(key: str) -> str:
    if len(key) <= MAX_KEY_LENGTH:
        return key
    return f"{key.split(' ', 1)[0]} #{hashlib.sha256(key.encode()).hexdigest()}"


def relist(tx: Connection, product_ids: Collection[int], now: datetime) -> set[str]:
    """Make the rows of these products what they should be; those of deleted products go.

    Returns the lists on which they stood or stand.
    """
    ordered = sorted(product_ids)
    lists: set[str] = set()
    for start in range(0, len(ordered), AT_ONCE):
        lists |= _relist(tx, ordered[start : start + AT_ONCE], now)
    return lists


def _relist(tx: Connection, product_ids: Sequence[int], now: datetime) -> set[str]:
    levels = hold_stock(tx, product_ids)
    products = tx.execute(
        select(*_KEYS).where(Product.id.in_(product_ids), Product.deleted_at.is_(None)).order_by(Product.id)
    ).all()
    above = _lineages(tx, {row.category_id for row in products if row.category_id is not None})
    left = _delete(tx, product_ids)
    listed = [ListedProduct.of(row) for row in products]
    return left | _write(
        tx, (_rows(one, levels[one.id], _ancestors(above, one.category_id), now) for one in listed)
    )


def list_new(tx: Connection, stocked: Sequence[tuple[ListedProduct, int]], now: datetime) -> set[str]:
    """Put products that were just inserted, each with its opening stock, on their lists; return these."""
    above = _lineages(tx, {one.category_id for one, _ in stocked if one.category_id is not None})
    return _write(
        tx, (_rows(one, _Level(stock), _ancestors(above, one.category_id), now) for one, stock in stocked)
    )


def _ancestors(lineages: Mapping[int, Sequence[int]], category_id: int | None) -> Sequence[int]:
    return lineages.get(category_id, ()) if category_id is not None else ()


def _write(tx: Connection, rows: Iterable[_RowsOfProduct]) -> set[str]:
    written = list(rows)
    write_fanned(tx, _TABLE, _COLUMNS, ((lists, phase) for lists, phases in written for phase in phases))
    return {name for lists, _ in written for name in lists}


def _delete(tx: Connection, product_ids: Collection[int]) -> set[str]:
    gone = delete(Listing).where(Listing.product_id.in_(product_ids)).returning(Listing.list_key)
    return set(tx.execute(gone).scalars())


def unlist(tx: Connection, product_id: int) -> set[str]:
    """Take a product off all lists, and return these."""
    hold_stock(tx, [product_id])
    return _delete(tx, [product_id])


_CHEAPEST = (
    select(func.min(func.coalesce(Variant.price_minor, Product.price_minor)))
    .where(Variant.product_id == Product.id, Variant.deleted_at.is_(None))
    .correlate(Product)
    .scalar_subquery()
)
_KEYS = (
    Product.id, Product.name, Product.category_id, Product.brand, Product.vendor_id, Product.tags,
    func.coalesce(_CHEAPEST, Product.price_minor).label("price_minor"), Product.discount_bp,
    Product.discount_minor, Product.discount_from, Product.discount_until, Product.rating, Product.created_at,
)  # fmt: skip
_COLUMNS = (
    "list_key", "product_id", "phase", "valid_from", "valid_until", "in_stock", "price_minor", "created_at",
    "name_key", "sold", "rating",
)  # fmt: skip
_RowsOfProduct: TypeAlias = tuple[Collection[str], Sequence[tuple[object, ...]]]
"""The lists that a product stands on, and what its rows say on each of them."""


_TABLE = cast(Table, Listing.__table__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedProduct:
    """What the lists tell of a product, beside its stock; the price is the list price of its cheapest variant."""

    id: int
    name: str
    category_id: int | None
    brand: str = ""
    vendor_id: int | None
    tags: Sequence[str] = ()
    price_minor: int
    discount: Discount
    rating: float = 0.0
    created_at: datetime

    @classmethod
    def of(cls, row: AnyRow) -> Self:
        """The product in a row of _KEYS."""
        return cls(
            id=row.id,
            name=row.name,
            category_id=row.category_id,
            brand=row.brand,
            vendor_id=row.vendor_id,
            tags=row.tags,
            price_minor=row.price_minor,
            discount=Discount.of(row),
            rating=row.rating,
            created_at=row.created_at,
        )


@dataclass
class _Level:
    """The stock of a product over its variants and locations: what can be ordered, and what was sold.

    Of variants that were deleted nothing can be ordered.
    """

    available: int = 0
    sold: int = 0


def hold_stock(tx: Connection, product_ids: Collection[int]) -> Mapping[int, _Level]:
    """The stock of products, which nobody moves before the transaction ends."""
    level = InventoryLevel
    levels: defaultdict[int, _Level] = defaultdict(_Level)
    for row in tx.execute(
        select(level.product_id, ORDERABLE.label("available"), level.sold, Variant.deleted_at)
        .join_from(level, Variant, Variant.id == level.variant_id)
        .where(level.product_id.in_(product_ids))
        .order_by(level.variant_id, level.location_id)
        .with_for_update(of=level)
    ):
        levels[row.product_id].available += row.available if row.deleted_at is None else 0
        levels[row.product_id].sold += row.sold
    return levels


def _lineages(tx: Connection, category_ids: Collection[int]) -> Mapping[int, Sequence[int]]:
    """Each category with all above it; none of them can be moved before the transaction ends."""
    if not category_ids:
        return {}
    categories = select(Category.id).where(Category.id.in_(category_ids)).order_by(Category.id)
    tx.execute(categories.with_for_update(read=True, key_share=True)).all()
    start = select(Category.id.label("below"), Category.id, Category.parent_id).where(
        Category.id.in_(category_ids)
    )
    line = start.cte("lineage", recursive=True)
    parent = aliased(Category)
    # UNION, not UNION ALL: a circle, which cannot be, would not go on for ever.
    line = line.union(
        select(line.c.below, parent.id, parent.parent_id).join(line, parent.id == line.c.parent_id)
    )
    lineages: defaultdict[int, list[int]] = defaultdict(list)
    for below, category_id in tx.execute(select(line.c.below, line.c.id)):
        lineages[below].append(category_id)
    return lineages


def _rows(product: ListedProduct, level: _Level, above: Iterable[int], now: datetime) -> _RowsOfProduct:
    """The rows of a product: one on each list, for each price that it has or will have."""
    lists = [EVERYTHING, *(category_list(category_id) for category_id in above)]
    if product.brand:
        lists.append(brand_list(product.brand))
    if product.vendor_id is not None:
        lists.append(vendor_list(product.vendor_id))
    lists += [tag_list(tag) for tag in dict.fromkeys(product.tags)]
    key = name_key(product.name)[:MAX_NAME_LENGTH]
    prices = enumerate(product.discount.phases(product.price_minor, now))
    common = (product.created_at, key, level.sold, product.rating)
    return dict.fromkeys(lists), [
        (product.id, phase, begins, ends, level.available > 0, price, *common)
        for phase, (begins, ends, price) in prices
    ]


def sold_out(tx: Connection, product_ids: Iterable[int], levels: Collection[tuple[int, int]]) -> None:
    """Say of these products that they are sold out, unless they have stock at other levels than these.

    The caller takes the last units of `levels`, by variant and location, sooner or later in this transaction:
    their rows are not looked at. Others of the same variants may have come while it waited for these.
    """
    ordered = sorted(product_ids)
    _hold_availability(tx, ordered)
    other = _orderable(tuple_(InventoryLevel.variant_id, InventoryLevel.location_id).not_in(levels))
    tx.execute(
        update(Listing)
        .where(Listing.product_id.in_(ordered), Listing.in_stock, ~other)
        .values(in_stock=False)
    )


def stock_changed(tx: Connection, product_ids: Collection[int]) -> None:
    """Say of these products whether they are in stock; the caller moved it, and holds its rows."""
    ordered = sorted(product_ids)
    _hold_availability(tx, ordered)
    tx.execute(
        update(Listing)
        .where(Listing.product_id.in_(ordered), Listing.in_stock != _orderable())
        .values(in_stock=~Listing.in_stock)
    )


def _hold_availability(tx: Connection, ordered_ids: Sequence[int]) -> None:
    """Let nobody else say of these products whether they are in stock before the transaction ends.

    Who moves the stock of one variant does not hold that of another. Two that sell the last units of two variants
    would each see the other's, and the product would stay in stock. So they follow each other here, and a
    statement that comes after this one sees what the one before left.
    """
    rows = select(Listing.product_id).where(
        Listing.list_key == EVERYTHING, Listing.product_id.in_(ordered_ids)
    )
    tx.execute(rows.order_by(Listing.product_id, Listing.phase).with_for_update()).all()


def _orderable(*conditions: ColumnElement[bool]) -> Exists:
    """Whether a variant of a listed product can be ordered, by levels for which `conditions` hold."""
    return exists().where(
        InventoryLevel.product_id == Listing.product_id,
        InventoryLevel.available > 0,
        InventoryLevel.priority.is_not(None),
        Variant.id == InventoryLevel.variant_id,
        Variant.deleted_at.is_(None),
        *conditions,
    )


def rate(tx: Connection, product_id: int, rating: float) -> set[str]:
    """Say how a product is rated, and return the lists on which it stands."""
    hold_stock(tx, [product_id])
    rated = update(Listing).where(Listing.product_id == product_id).values(rating=rating)
    return set(tx.execute(rated.returning(Listing.list_key)).scalars())


def move_category(tx: Connection, category_id: int, left: Collection[int], entered: Collection[int]) -> None:
    """Take what stands on a category's list off those of the categories `left`, and put it on those `entered`."""
    own = select(Listing.product_id).where(Listing.list_key == category_list(category_id))
    hold_stock(tx, tx.execute(own.distinct()).scalars().all())
    for gone in left:
        tx.execute(
            delete(Listing).where(Listing.list_key == category_list(gone), Listing.product_id.in_(own))
        )
    for new in entered:
        columns = [literal(category_list(new)), *(getattr(Listing, name) for name in _COLUMNS[1:])]
        copied = select(*columns).where(Listing.list_key == category_list(category_id))
        tx.execute(insert(Listing).from_select(list(_COLUMNS), copied))


def count_sales(tx: Connection) -> int:
    """Bring the sales that lists are sorted by up to date, of AT_ONCE products at most; returns of how many.

    A sale itself does not write them: every buyer of a product would wait for the others at all of its rows.
    """
    level = InventoryLevel
    sold = select(level.product_id, func.sum(level.sold).label("sold")).group_by(level.product_id).subquery()
    stale = (
        select(sold.c.product_id)
        .join(Listing, and_(Listing.product_id == sold.c.product_id, Listing.list_key == EVERYTHING))
        .where(Listing.sold != sold.c.sold)
        .distinct()
        .limit(AT_ONCE)
    )
    changed = sorted(tx.execute(stale).scalars())
    if changed:
        levels = hold_stock(tx, changed)
        tx.execute(
            update(_TABLE).where(_TABLE.c.product_id == bindparam("of")).values(sold=bindparam("units")),
            [{"of": product_id, "units": levels[product_id].sold} for product_id in changed],
        )
    return len(changed)
