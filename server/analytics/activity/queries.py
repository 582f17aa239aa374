"""SQL that counts what people did on a day, and reads the counts of days."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Connection,
    Date,
    SQLColumnExpression,
    String,
    and_,
    bindparam,
    case,
    cast,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    union,
    union_all,
    update,
)

from server.analytics.activity.models import ActiveUser, ActivityDay, ProductActivity, RecommendedSales
from server.analytics.models import ProductSales, SalesDay
from server.analytics.ranges import Days
from server.analytics.spans import rows_of
from server.catalog.models import Product
from server.db.prepared import Prepared
from server.order.models import Order, OrderLine
from server.recommend.feedback.models import BehaviorEvent, ShownList
from server.recommend.feedback.touches import WINDOW, Scope, purchases_of, touches_of
from server.recommend.feedback.tracking import SEARCH_VERSION

VIEW, ADD_TO_CART = "VIEW", "ADD_TO_CART"

ACTIVITY_LOCK: Final = 7_236_540_813
"""PostgreSQL's advisory lock of who counts days; SQLite has one writer."""

_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
_COUNTED: Final = (ActivityDay, ProductActivity, ActiveUser, RecommendedSales)


class CountedDay(NamedTuple):
    """When a day was counted, and the revision that its sales had."""

    at: datetime
    sales_revision: int


class DayActivity(NamedTuple):
    """What happened on a day."""

    users: int
    visitors: int


class Funnel(NamedTuple):
    """How many steps were taken from looking to buying."""

    views: int
    cart_additions: int
    checkouts: int
    orders: int


class ProductFunnel(NamedTuple):
    """The same of a product, with those who looked on each day, the units, and what they brought in a currency."""

    product_id: int
    name: str
    views: int
    viewers: int
    cart_additions: int
    checkouts: int
    orders: int
    units: int
    revenue_minor: int


_ACTIVE: Final = Prepared(
    select(ActiveUser.user_id)
    .where(ActiveUser.day.between(bindparam("first", type_=Date), bindparam("last", type_=Date)))
    .distinct()
)
_PRODUCT_STEPS: Final = ProductFunnel._fields[2:]


def counted(connection: Connection, days: Collection[date]) -> dict[date, CountedDay]:
    """How each of these days was counted last, of those that were."""
    row = ActivityDay
    query = select(row.day, row.counted_at, row.sales_revision).where(row.day.in_(days))
    return {each.day: CountedDay(each.counted_at, each.sales_revision) for each in connection.execute(query)}


def sales_revisions(connection: Connection, days: Collection[date]) -> dict[date, int]:
    """How often anything of what was sold on these days has changed."""
    total = func.sum(SalesDay.revision).label("total")
    query = select(SalesDay.day, total).where(SalesDay.day.in_(days)).group_by(SalesDay.day)
    return {row.day: int(row.total) for row in connection.execute(query)}


def lock(tx: Connection) -> None:
    """Let no other worker count until this transaction ends: of orders anybody may."""
    if tx.dialect.name == "postgresql":
        tx.execute(select(func.pg_advisory_xact_lock(ACTIVITY_LOCK)))


def count_day(tx: Connection, day: date, start: datetime, end: datetime, now: datetime) -> None:
    """Count a day anew, which lasts from `start` to `end`."""
    lock(tx)
    for table in _COUNTED:
        tx.execute(delete(table).where(table.day == day))
    event = BehaviorEvent
    during = and_(event.occurred_at >= start, event.occurred_at < end)
    placed = and_(Order.placed_at >= start, Order.placed_at < end)
    whole = tx.execute(
        select(
            func.count(event.visitor_id.distinct()),
            func.coalesce(func.sum(_is(VIEW)), 0),
            func.coalesce(func.sum(_is(ADD_TO_CART)), 0),
        ).where(during)
    ).one()
    checkouts = tx.scalar(select(func.count()).select_from(Order).where(placed)) or 0
    values = dict(zip(("visitors", "views", "cart_additions"), map(int, whole), strict=True))
    revision = sales_revisions(tx, [day]).get(day, 0)
    tx.execute(
        insert(ActivityDay).values(
            day=day, checkouts=checkouts, counted_at=now, sales_revision=revision, **values
        )
    )
    _count_products(tx, day, during, placed)
    people = union(
        select(event.user_id).where(during, event.user_id.is_not(None)),
        select(Order.user_id).where(placed, Order.user_id.is_not(None)),
    ).subquery("people")
    users = select(literal(day, Date), people.c.user_id)
    tx.execute(insert(ActiveUser).from_select(["day", "user_id"], users))
    _count_recommended(tx, day, start, end)


def count_recommended(tx: Connection, day: date, start: datetime, end: datetime) -> None:
    """Count anew what a day's orders brought from recommendations: some of them changed later."""
    lock(tx)
    revision = sales_revisions(tx, [day]).get(day, 0)
    tx.execute(update(ActivityDay).where(ActivityDay.day == day).values(sales_revision=revision))
    tx.execute(delete(RecommendedSales).where(RecommendedSales.day == day))
    _count_recommended(tx, day, start, end)


def count_again(tx: Connection) -> None:
    """Have every day counted anew whose behaviour is still there."""
    tx.execute(update(ActivityDay).values(counted_at=_NEVER))


def _count_products(
    tx: Connection, day: date, during: ColumnElement[bool], placed: ColumnElement[bool]
) -> None:
    event = BehaviorEvent
    # An account and a visitor of one number are two people.
    person = func.coalesce(cast(event.user_id, String), "v" + event.visitor_id)
    seen = (
        select(
            event.product_id,
            func.sum(_is(VIEW)).label("views"),
            func.count(case((event.kind == VIEW, person)).distinct()).label("viewers"),
            func.sum(_is(ADD_TO_CART)).label("cart_additions"),
        )
        .where(during, event.product_id.is_not(None), event.kind.in_([VIEW, ADD_TO_CART]))
        .group_by(event.product_id)
    )
    rows = {
        row.product_id: [int(row.views), int(row.viewers), int(row.cart_additions), 0]
        for row in tx.execute(seen)
    }
    begun = (
        select(OrderLine.product_id, func.count(OrderLine.order_id.distinct()).label("checkouts"))
        .join(Order, Order.id == OrderLine.order_id)
        .where(placed)
        .group_by(OrderLine.product_id)
    )
    for row in tx.execute(begun):
        rows.setdefault(row.product_id, [0, 0, 0, 0])[3] = row.checkouts
    names = ("views", "viewers", "cart_additions", "checkouts")
    if rows:
        tx.execute(
            insert(ProductActivity),
            [
                {"day": day, "product_id": product_id, **dict(zip(names, counts, strict=True))}
                for product_id, counts in sorted(rows.items())
            ],
        )


def _count_recommended(tx: Connection, day: date, start: datetime, end: datetime) -> None:
    """What the day's orders brought of products that were clicked, or put into the cart, from recommendations."""
    since = start - WINDOW
    shown = (
        select(ShownList.model_version)
        .where(ShownList.shown_at >= since, ShownList.shown_at < end)
        .distinct()
    )
    versions = [each for each in tx.scalars(shown) if each != SEARCH_VERSION]
    if not versions:
        return
    line = purchases_of(tx, touches_of(tx, Scope(versions, since, end))).c
    query = (
        select(
            line.currency,
            func.count(line.order_id.distinct()).label("orders"),
            func.sum(line.amount).label("amount"),
        )
        .join(Order, Order.id == line.order_id)
        .where(Order.placed_at >= start, Order.placed_at < end)
        .group_by(line.currency)
    )
    for row in tx.execute(query).all():
        tx.execute(
            insert(RecommendedSales).values(
                day=day, currency=row.currency, orders=row.orders, revenue_minor=int(row.amount)
            )
        )


def by_day(connection: Connection, days: Days) -> dict[date, DayActivity]:
    """Who was there on each day."""
    users = (
        select(ActiveUser.day, func.count().label("users"))
        .where(_during(ActiveUser.day, days))
        .group_by(ActiveUser.day)
    )
    counts = {row.day: row.users for row in connection.execute(users)}
    visitors = select(ActivityDay.day, ActivityDay.visitors).where(_during(ActivityDay.day, days))
    others = {row.day: row.visitors for row in connection.execute(visitors)}
    return {day: DayActivity(counts.get(day, 0), others.get(day, 0)) for day in counts.keys() | others.keys()}


def active_ids(connection: Connection, days: Days) -> Sequence[int]:
    """The users who did something."""
    return [row.user_id for row in _ACTIVE.all(connection, first=days.first, last=days.last)]


def funnel(connection: Connection, days: Days) -> Funnel:
    """The steps in all; orders of every currency."""
    day = ActivityDay
    columns = (func.coalesce(func.sum(each), 0) for each in (day.views, day.cart_additions, day.checkouts))
    steps = connection.execute(select(*columns).where(_during(day.day, days))).one()
    orders = select(func.coalesce(func.sum(SalesDay.orders), 0)).where(_during(SalesDay.day, days))
    views, additions, checkouts = map(int, steps)
    return Funnel(views, additions, checkouts, int(connection.scalar(orders) or 0))


def product_funnels(
    connection: Connection, days: Days, currency: str, after: tuple[int, int] | None, limit: int
) -> list[ProductFunnel]:
    """The products that were looked at or bought, those that were looked at most first, after (views, product)."""
    steps = _steps_of_products(days, currency).subquery("steps")
    sums = {name: func.sum(steps.c[name]).label(name) for name in _PRODUCT_STEPS}
    whole = (
        select(steps.c.product_id, *sums.values())
        .group_by(steps.c.product_id)
        .having(or_(*(each > 0 for each in sums.values())))
        .subquery("funnels")
    )
    query = (
        select(whole, Product.name)
        .join(Product, Product.id == whole.c.product_id)
        .order_by(whole.c.views.desc(), whole.c.product_id)
        .limit(limit)
    )
    if after is not None:
        views, product_id = after
        query = query.where(
            or_(whole.c.views < views, and_(whole.c.views == views, whole.c.product_id > product_id))
        )
    return [
        ProductFunnel(row.product_id, row.name, *(int(getattr(row, name)) for name in _PRODUCT_STEPS))
        for row in connection.execute(query)
    ]


def _steps_of_products(days: Days, currency: str) -> CompoundSelect[Any]:
    """What was done to each product on days, and what it sold: in every currency, but for what that brought."""
    seen = ProductActivity
    activity = select(
        *(seen.product_id, seen.views, seen.viewers, seen.cart_additions, seen.checkouts),
        *(literal(0, BigInteger).label(name) for name in ("orders", "units", "revenue_minor")),
    ).where(_during(seen.day, days))
    sold = rows_of(ProductSales, days, None).c
    revenue = case((sold.currency == currency, sold.paid_minor - sold.refunded_minor), else_=0)
    sales = select(
        sold.product_id,
        *(literal(0, BigInteger) for _ in ("views", "viewers", "cart_additions", "checkouts")),
        *(sold.orders, sold.kept_units, revenue),
    )
    return union_all(activity, sales)


def recommended(connection: Connection, days: Days, currency: str) -> tuple[int, int]:
    """Orders that followed from recommendations, and what they brought."""
    row = RecommendedSales
    query = select(
        func.coalesce(func.sum(row.orders), 0), func.coalesce(func.sum(row.revenue_minor), 0)
    ).where(_during(row.day, days), row.currency == currency)
    orders, revenue = connection.execute(query).one()
    return int(orders), int(revenue)


def _is(kind: str) -> ColumnElement[int]:
    return case((BehaviorEvent.kind == kind, 1), else_=0)


def _during(day: SQLColumnExpression[date], days: Days) -> ColumnElement[bool]:
    return day.between(days.first, days.last)
