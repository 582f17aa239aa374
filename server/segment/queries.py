"""SQL of the segments: one function per question."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import CTE, ColumnElement, Connection, delete, func, literal, null, select, union_all, update

from server.catalog.models import Category, Product
from server.db.base import AnySelect, Base
from server.db.bulk import write_rows
from server.db.upsert import insert_for
from server.order.line_facts import HAS_NET_UNITS
from server.order.models import Order, OrderLine
from server.segment.membership import BOUGHT, CUSTOMER, Moment, Segment, belongs, customers, members
from server.segment.models import SegmentMember, SegmentRow
from server.segment.rules import Rules
from server.user.models import User

RULES, TRAINED = "RULES", "TRAINED"
"""Kinds of segments."""

MAX_FAVOURITES = 10
CATEGORIES, PRODUCTS = "categories", "products"


class SegmentSummary(NamedTuple):
    """The customers of the shop, and the orders of those in a segment."""

    customers: int
    members: int
    orders: int
    priced: int
    """Orders in the shop's currency."""
    spent: int
    """What these come to, in minor units."""
    days: float | None
    """How many days ago a member ordered last, on average over those who ordered; None when nobody did."""


class Favourite(NamedTuple):
    """A category or product that members bought: how many of them did, in how many orders."""

    id: int
    name: str
    members: int
    orders: int


class MemberAccount(NamedTuple):
    """A member."""

    id: int
    full_name: str
    email: str


class OrderTotals(NamedTuple):
    """The orders of a customer: number, what they come to, the last."""

    orders: int
    spent: int
    last_at: datetime | None


NO_ORDERS = OrderTotals(0, 0, None)

_SEGMENTS = select(
    SegmentRow.id,
    SegmentRow.name,
    SegmentRow.description,
    SegmentRow.rules,
    SegmentRow.created_at,
    SegmentRow.updated_at,
    SegmentRow.version,
)


def segment(connection: Connection, segment_id: int, *, lock: bool = False) -> Segment | None:
    """A segment; `lock` holds it until the transaction ends. None when there is no such segment."""
    query = _SEGMENTS.where(SegmentRow.id == segment_id)
    segments = _segments(connection, query.with_for_update() if lock else query)
    return segments[0] if segments else None


def segment_page(connection: Connection, after: str | None, limit: int) -> Sequence[Segment]:
    """Segments by name, those after the name key `after`."""
    query = _SEGMENTS.order_by(SegmentRow.name_key).limit(limit)
    return _segments(connection, query if after is None else query.where(SegmentRow.name_key > after))


def _segments(connection: Connection, query: AnySelect) -> list[Segment]:
    return [
        Segment(id_, name, description, None if rules is None else Rules.of(rules), created, updated, version)
        for id_, name, description, rules, created, updated, version in connection.execute(query)
    ]


def insert_segment(tx: Connection, values: Mapping[str, object]) -> int | None:
    """Insert a segment and return its id; None when its name is taken."""
    statement = insert_for(tx)(SegmentRow).values(**values).on_conflict_do_nothing().returning(SegmentRow.id)
    return tx.execute(statement).scalar()


def update_segment(tx: Connection, segment_id: int, values: Mapping[str, object]) -> None:
    """Change a segment and count its version up. Raises IntegrityError when its name is taken."""
    statement = update(SegmentRow).where(SegmentRow.id == segment_id)
    tx.execute(statement.values(**values, version=SegmentRow.version + 1))


def delete_segment(tx: Connection, segment_id: int) -> None:
    """Delete a segment."""
    tx.execute(delete(SegmentRow).where(SegmentRow.id == segment_id))


def keep_trained(tx: Connection, values: Mapping[str, object], now: datetime) -> int | None:
    """Insert a trained segment, or renew that of the same name; its id, or None when people made that one."""
    row = {**values, "kind": TRAINED, "rules": null(), "created_at": now, "updated_at": now}
    statement = insert_for(tx)(SegmentRow).values(row)
    renewed = {name: statement.excluded[name] for name in ("name", "description", "updated_at")}
    statement = statement.on_conflict_do_update(
        index_elements=["name_key"],
        set_={**renewed, "version": SegmentRow.version + 1},
        where=SegmentRow.kind == TRAINED,
    )
    return tx.execute(statement.returning(SegmentRow.id)).scalar()


def clear_trained(tx: Connection, segment_ids: Sequence[int]) -> None:
    """Delete all stored members, and the trained segments that are not among `segment_ids`."""
    tx.execute(delete(SegmentMember))
    tx.execute(delete(SegmentRow).where(SegmentRow.kind == TRAINED, SegmentRow.id.not_in(segment_ids)))


def user_ids(connection: Connection) -> set[int]:
    """The ids of all accounts."""
    return set(connection.execute(select(User.id)).scalars())


def insert_members(tx: Connection, rows: Iterable[Sequence[int]]) -> None:
    """Store members: rows of segment, user, days since their last order, number of orders, minor units."""
    columns = ("segment_id", "user_id", "recency_days", "order_count", "spent_minor")
    write_rows(tx, Base.metadata.tables[SegmentMember.__tablename__], columns, rows)


def member_counts(connection: Connection, segments: Collection[Segment], moment: Moment) -> dict[int, int]:
    """The number of each segment's members: one query for all trained segments, one for all with rules."""
    counts = dict.fromkeys((each.id for each in segments), 0)
    trained = [each.id for each in segments if each.rules is None]
    if trained:
        query = select(SegmentMember.segment_id, func.count().label("members")).join(
            User, User.id == SegmentMember.user_id
        )
        query = query.where(SegmentMember.segment_id.in_(trained), CUSTOMER)
        rows = connection.execute(query.group_by(SegmentMember.segment_id))
        counts |= {row.segment_id: row.members for row in rows}
    ruled = [each for each in segments if each.rules is not None]
    if ruled:
        totals = moment.totals() if any(each.rules and each.rules.sum_up_orders for each in ruled) else None
        columns = [func.count().filter(belongs(each, moment, totals)) for each in ruled]
        row = connection.execute(select(*columns).select_from(customers(totals)).where(CUSTOMER)).one()
        counts |= {each.id: count for each, count in zip(ruled, row, strict=True)}
    return counts


def summary(connection: Connection, segment: Segment, moment: Moment) -> SegmentSummary:
    """The customers, and the orders of those who are members."""
    totals = moment.totals()
    inside = belongs(segment, moment, totals)
    row = connection.execute(
        select(
            func.count().label("customers"),
            func.count().filter(inside).label("members"),
            *(
                func.coalesce(func.sum(totals.c[name]).filter(inside), 0).label(name)
                for name in ("orders", "priced", "spent")
            ),
            func.avg(_days_before(connection, totals.c.last_at, moment.now)).filter(inside).label("days"),
        )
        .select_from(customers(totals))
        .where(CUSTOMER)
    ).one()
    return SegmentSummary(
        customers=row.customers,
        members=row.members,
        orders=int(row.orders),
        priced=int(row.priced),
        spent=int(row.spent),
        days=None if row.days is None else float(row.days),
    )


def _days_before(
    connection: Connection, column: ColumnElement[datetime], now: datetime
) -> ColumnElement[float | Decimal]:
    if connection.dialect.name == "sqlite":
        return func.julianday(now.replace(tzinfo=None).isoformat(" ")) - func.julianday(column)
    return func.extract("epoch", now - column) / 86_400.0


def favourites(connection: Connection, segment: Segment, moment: Moment) -> dict[str, list[Favourite]]:
    """The favourites of the members, by CATEGORIES and PRODUCTS."""
    # A CTE that is used twice, and so read once: what members bought is the expensive part.
    bought = (
        select(Order.user_id, Order.id.label("order_id"), OrderLine.product_id, Product.category_id)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(Product, Product.id == OrderLine.product_id)
        .where(BOUGHT, HAS_NET_UNITS, Order.user_id.in_(members(segment, moment)))
        .cte("bought")
    )
    by_kind: dict[str, list[Favourite]] = {CATEGORIES: [], PRODUCTS: []}
    categories = _top(bought, bought.c.category_id, Category, CATEGORIES)
    for row in connection.execute(
        union_all(categories, _top(bought, bought.c.product_id, Product, PRODUCTS))
    ):
        by_kind[row.kind].append(Favourite(row.id, row.name, row.members, int(row.orders)))
    for ranked in by_kind.values():
        ranked.sort(key=lambda favourite: (-favourite.members, -favourite.orders, favourite.id))
    return by_kind


def _top(
    bought: CTE, thing: ColumnElement[int], table: type[Category] | type[Product], kind: str
) -> AnySelect:
    members, orders = func.count(bought.c.user_id.distinct()), func.count(bought.c.order_id.distinct())
    top = (
        select(thing.label("id"), members.label("members"), orders.label("orders"))
        .where(thing.is_not(None))
        .group_by(thing)
        .order_by(members.desc(), orders.desc(), thing)
        .limit(MAX_FAVOURITES)
        .subquery()
    )
    named = select(literal(kind).label("kind"), top.c.id, table.name, top.c.members, top.c.orders)
    return named.join(table, table.id == top.c.id)


def member_page(
    connection: Connection, segment: Segment, moment: Moment, after: int | None, limit: int
) -> Sequence[MemberAccount]:
    """Members by id, those after the id `after`."""
    query = members(segment, moment).add_columns(User.full_name, User.email).order_by(User.id).limit(limit)
    rows = connection.execute(query if after is None else query.where(User.id > after))
    return [MemberAccount(*row) for row in rows]


def totals_of(connection: Connection, user_ids: Collection[int], moment: Moment) -> dict[int, OrderTotals]:
    """The orders of each of these users who has any."""
    totals = moment.totals()
    rows = connection.execute(select(totals).where(totals.c.user_id.in_(user_ids)))
    return {row.user_id: OrderTotals(row.orders, int(row.spent), row.last_at) for row in rows}
