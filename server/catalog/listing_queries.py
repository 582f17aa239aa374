"""SQL of the lists of products: pages and totals, each a short walk along one index of the listings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Final

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    SQLColumnExpression,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from server.catalog.listings import EVERYTHING, brand_list, category_list, tag_list, vendor_list
from server.catalog.models import InventoryLevel, Listing, Location, Variant
from server.db.base import AnyRow, AnySelect, UtcDateTime, Values
from server.db.prepared import Prepared

COUNTED_UP_TO: Final = 1000
"""A total above this is not counted further."""

FEW: Final = COUNTED_UP_TO - 1
"""So many products in a range of prices are sorted, from the index of the prices alone; more are found along the
order. In a list of 100,000 both take about as long at this number."""

MAX_SORTED: Final = 10 * FEW
"""A total is some seconds old: the few may be more by now. Of a location, more may come while a page is read."""


@dataclass(frozen=True)
class ProductFilter:
    """Which products a list holds. None and () filter nothing."""

    category_id: int | None = None
    brand: str | None = None
    tags: tuple[str, ...] = ()
    min_price_minor: int | None = None
    max_price_minor: int | None = None
    in_stock: bool | None = None
    vendor_id: int | None = None
    location_id: int | None = None
    """Where it must be in stock."""

    def scope(self) -> tuple[object, ...]:
        """Return what a page token is bound to, besides the category as the caller names it."""
        filters = vars(replace(self, category_id=None))
        if self.location_id is None:  # tokens of the release before know no locations
            del filters["location_id"]
        return tuple(filters.values())

    @property
    def bounds_prices(self) -> bool:
        """Return whether it asks for a range of prices."""
        return self.min_price_minor is not None or self.max_price_minor is not None

    def lists(self) -> list[str]:
        """The lists that a product must stand on; the first, likely the shortest, is the one that is walked."""
        names = [tag_list(tag) for tag in self.tags]
        if self.brand is not None:
            names.append(brand_list(self.brand))
        if self.vendor_id is not None:
            names.append(vendor_list(self.vendor_id))
        if self.category_id is not None:
            names.append(category_list(self.category_id))
        return names or [EVERYTHING]


# The order of each sort: its column, and whether it descends. The id breaks ties.
_SORTS: Final[dict[str, tuple[InstrumentedAttribute[object], bool]]] = {
    "NEWEST": (Listing.created_at, True),
    "PRICE_ASC": (Listing.price_minor, False),
    "PRICE_DESC": (Listing.price_minor, True),
    "NAME": (Listing.name_key, False),
    "POPULARITY": (Listing.sold, True),
    "RATING": (Listing.rating, True),
}


@dataclass(frozen=True)
class _Shape:
    """What two filters have in common whose statements differ in nothing but values."""

    others: int
    in_stock: bool | None
    low: bool
    high: bool
    located: bool

    @classmethod
    def of(cls, products: ProductFilter) -> _Shape:
        low, high = products.min_price_minor is not None, products.max_price_minor is not None
        located = products.location_id is not None
        return cls(len(products.lists()) - 1, products.in_stock, low, high, located)


def sorts_by_price(sort: str) -> bool:
    """Return whether a range of prices is a piece of the index that this order walks along."""
    return _SORTS[sort][0] is Listing.price_minor


def product_page(
    connection: Connection,
    products: ProductFilter,
    sort: str,
    after: Sequence[object] | None,
    limit: int,
    now: datetime,
    *,
    few: bool = False,
) -> Sequence[AnyRow]:
    """Up to `limit` rows (id, sort key) of a list at the prices of `now`, after the row with the keys `after`.

    `few`: that at most FEW products match, which are sorted, where more are found along the order.
    """
    statement = _page(_Shape.of(products), sort, resumed=after is not None, few=few)
    values = _values(products, now) | {"most": limit}
    if after is not None:
        values |= {"after_key": after[0], "after_id": after[1]}
    return statement.all(connection, **values)


@dataclass(frozen=True, slots=True)
class LocationGoods:
    """What lists are to know of a location: whether it is active, and whether it has at most FEW goods."""

    serves: bool
    few: bool


def goods_at(connection: Connection, location_id: int) -> LocationGoods | None:
    """What can be ordered from a location; None when there is none such."""
    row = _GOODS.first(connection, location=location_id)
    return None if row is None else LocationGoods(row.active, row.goods <= FEW)


def located_page(
    connection: Connection,
    products: ProductFilter,
    sort: str,
    after: Sequence[object] | None,
    limit: int,
    now: datetime,
) -> Sequence[AnyRow]:
    """The same page as `product_page`, of a location with few goods: they are sorted, and nothing else is read."""
    statement = _located_page(_Shape.of(products), sort, resumed=after is not None)
    values = _values(products, now) | {"most": limit}
    if after is not None:
        values |= {"after_key": after[0], "after_id": after[1]}
    return statement.all(connection, **values)


def in_order_of_names(connection: Connection, product_ids: Sequence[int]) -> Sequence[int]:
    """Those of these products that are listed, by name, A to Z."""
    names = select(Listing.product_id).where(
        Listing.list_key == EVERYTHING, Listing.product_id.in_(product_ids)
    )
    ordered = names.group_by(Listing.product_id, Listing.name_key).order_by(
        Listing.name_key, Listing.product_id
    )
    return connection.execute(ordered).scalars().all()


def count_products(
    connection: Connection, products: ProductFilter, now: datetime, *, few_there: bool = False
) -> int:
    """Return how many products a list holds, counted up to COUNTED_UP_TO.

    `few_there`: that its location has few goods. These are looked through then, as they are for the list of
    everything, on which all of them stand; else the list is.
    """
    from_location = few_there or (products.location_id is not None and products.lists() == [EVERYTHING])
    count = _located_count if from_location else _count
    row = count(_Shape.of(products)).one(connection, **_values(products, now))
    return int(row.products)


def next_turn(connection: Connection, now: datetime) -> datetime | None:
    """Return when the price of any product next changes by the clock alone; None: never."""
    moment: datetime | None = _NEXT_TURN.one(connection, now=now).turn
    return moment


_NEXT_TURN = Prepared(
    select(func.min(Listing.valid_until).label("turn")).where(
        Listing.valid_until > bindparam("now", type_=UtcDateTime)
    )
)


def _values(products: ProductFilter, now: datetime) -> Values:
    driver, *others = products.lists()
    values: Values = {"list_key": driver, "now": now}
    values |= {f"other_{i}": other for i, other in enumerate(others)}
    if products.min_price_minor is not None:
        values["low"] = products.min_price_minor
    if products.max_price_minor is not None:
        values["high"] = products.max_price_minor
    if products.location_id is not None:
        values["location"] = products.location_id
    return values


@lru_cache(maxsize=1024)
def _page(shape: _Shape, sort: str, *, resumed: bool, few: bool) -> Prepared:
    column, descending = _SORTS[sort]
    by_price = few or sorts_by_price(sort)
    most = bindparam("most", type_=Integer)
    walks = []
    for stocked in _stock_halves(shape):
        walk = select(Listing.product_id, column.label("sort_key")).where(
            Listing.list_key == bindparam("list_key"),
            Listing.in_stock == literal(stocked),
            *_conditions(shape, by_price=by_price),
        )
        if resumed:
            walk = walk.where(_after(column, column, Listing.product_id, descending=descending))
        if few and not sorts_by_price(sort):
            # The limit keeps the database from walking along the whole order in search of the few.
            walks.append(walk.order_by(Listing.price_minor).limit(MAX_SORTED))
        else:
            walks.append(_ordered(walk, column, Listing.product_id, descending).limit(most))
    both = union_all(*(select(walk.subquery()) for walk in walks)).subquery()
    page = select(both.c.product_id, both.c.sort_key)
    return Prepared(_ordered(page, both.c.sort_key, both.c.product_id, descending).limit(most))


def _after(
    column: InstrumentedAttribute[object],
    key: SQLColumnExpression[object],
    product_id: SQLColumnExpression[int],
    *,
    descending: bool,
) -> ColumnElement[bool]:
    """That a row, whose `key` is of the column, comes after the last one of the page before."""
    last = tuple_(bindparam("after_key", type_=column.type), bindparam("after_id", type_=BigInteger))
    keys = tuple_(key, product_id)
    return keys < last if descending else keys > last


def _ordered(
    statement: AnySelect,
    key: SQLColumnExpression[object],
    product_id: SQLColumnExpression[int],
    descending: bool,
) -> AnySelect:
    if descending:
        return statement.order_by(key.desc(), product_id.desc())
    return statement.order_by(key.asc(), product_id.asc())


@lru_cache(maxsize=256)
def _count(shape: _Shape) -> Prepared:
    # Each half by itself: the indexes of the sort keys begin with whether the product is in stock.
    halves = [
        select(Listing.product_id)
        .where(
            Listing.list_key == bindparam("list_key"),
            Listing.in_stock == literal(stocked),
            *_conditions(shape, by_price=True),
        )
        .order_by(Listing.price_minor)
        .limit(COUNTED_UP_TO)
        .subquery()
        for stocked in _stock_halves(shape)
    ]
    counted = union_all(*(select(half) for half in halves)).limit(COUNTED_UP_TO).subquery()
    return Prepared(select(func.count().label("products")).select_from(counted))


def _stock_halves(shape: _Shape) -> tuple[bool, ...]:
    return (True, False) if shape.in_stock is None else (shape.in_stock,)


_LOCATION = bindparam("location", type_=BigInteger)
_AT_LOCATION = (
    InventoryLevel.location_id == _LOCATION,
    InventoryLevel.available > 0,
    InventoryLevel.priority.is_not(None),
)
_THERE = (
    select(InventoryLevel.product_id)
    .join(Variant, Variant.id == InventoryLevel.variant_id)
    .where(*_AT_LOCATION, Variant.removed.is_(False))
)
"""The products that can be ordered from a location, once for each of their variants there."""

_GOODS = Prepared(
    select(
        Location.active,
        select(func.count())
        .select_from(select(literal(1)).where(*_AT_LOCATION).limit(COUNTED_UP_TO).subquery())
        .scalar_subquery()
        .label("goods"),
    ).where(Location.id == _LOCATION)
)


@lru_cache(maxsize=256)
def _located_page(shape: _Shape, sort: str, *, resumed: bool) -> Prepared:
    column, descending = _SORTS[sort]
    # Step by step: at once, the database might walk along the list in search of the few, or of what comes after.
    there = _step(_THERE.distinct().limit(MAX_SORTED), "there")
    listed = _step(
        select(Listing.product_id, column.label("sort_key"))
        .join_from(there, Listing, Listing.product_id == there.c.product_id)
        .where(*_on_list(shape))
        .limit(MAX_SORTED),
        "listed",
    )
    key, product_id = listed.c.sort_key, listed.c.product_id
    page = select(product_id, key)
    if resumed:
        page = page.where(_after(column, key, product_id, descending=descending))
    return Prepared(_ordered(page, key, product_id, descending).limit(bindparam("most", type_=Integer)))


def _step(statement: AnySelect, name: str) -> CTE:
    return statement.cte(name).prefix_with("MATERIALIZED", dialect="postgresql")


@lru_cache(maxsize=256)
def _located_count(shape: _Shape) -> Prepared:
    # In the order of the index of the locations, so that it ends where enough are counted.
    there = (
        _THERE.distinct()
        .join(Listing, Listing.product_id == InventoryLevel.product_id)
        .where(*_on_list(shape))
        .order_by(InventoryLevel.product_id)
        .limit(COUNTED_UP_TO)
        .subquery()
    )
    return Prepared(select(func.count().label("products")).select_from(there))


def _on_list(shape: _Shape) -> list[ColumnElement[bool]]:
    """That a row of the listings is of the list, and passes the filters but for the location."""
    conditions = _conditions(replace(shape, located=False), by_price=True)
    if shape.in_stock is not None:
        conditions.append(Listing.in_stock == literal(shape.in_stock))
    return [Listing.list_key == bindparam("list_key"), *conditions]


_STOCK_THERE = (
    _THERE.with_only_columns(literal(1), maintain_column_froms=True)
    .where(InventoryLevel.product_id == Listing.product_id)
    .limit(1)
    .correlate(Listing)
    .scalar_subquery()
)
"""1 where a product can be ordered from a location."""


def _conditions(shape: _Shape, *, by_price: bool) -> list[ColumnElement[bool]]:
    now = bindparam("now", type_=UtcDateTime)
    # Where the walk is along another order, a sum keeps the database from the index of the prices.
    price = Listing.price_minor if by_price else Listing.price_minor + literal(0, BigInteger)
    # Most rows are valid always, which is asked first. The rest is put so that PostgreSQL guesses so too where it
    # has no statistics yet, and walks along the order until the page is full; were it put as it is meant, it would
    # guess that few are valid, and read and sort the whole list.
    conditions: list[ColumnElement[bool]] = [
        or_(Listing.valid_from.is_(None), (Listing.valid_from > now).is_not(true())),
        or_(Listing.valid_until.is_(None), (Listing.valid_until <= now).is_not(true())),
    ]
    if shape.low:
        conditions.append(price >= bindparam("low", type_=BigInteger))
    if shape.high:
        conditions.append(price <= bindparam("high", type_=BigInteger))
    if shape.located:
        conditions.append(literal(0) < _STOCK_THERE)
    for i in range(shape.others):
        other = aliased(Listing)
        there = and_(other.list_key == bindparam(f"other_{i}"), other.product_id == Listing.product_id)
        # Not EXISTS, which the database may answer by reading both lists to their ends; nor that it equals 1, of
        # which PostgreSQL guesses that it is rare.
        exists = select(literal(1)).where(there).limit(1).correlate(Listing)
        conditions.append(exists.scalar_subquery() > literal(0))
    return conditions
