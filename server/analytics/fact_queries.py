"""SQL that reads orders as the analytics count them, and the facts that are stored of them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Final

from sqlalchemy import Connection, Text, bindparam, delete, func, select
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB

from server.analytics.calendar import ShopCalendar
from server.analytics.facts import LineFacts, OrderFacts, Sums
from server.analytics.models import OrderFactsRow
from server.db.base import AnyRow, AnySelect
from server.db.id_lists import ids_named, ids_value
from server.db.upsert import Insert
from server.order.line_facts import LINE_COST, NET_UNITS, NEVER_SOLD
from server.order.models import Order, OrderLine
from server.payment.models import Payment
from server.payment.status import FAILED
from server.refund.models import Refund

_ORDERS = (
    select(
        *(Order.id, Order.placed_at, Order.currency, Order.user_id, Order.coupon_id),
        Order.address["country"].as_string().label("country"),
        *(Order.subtotal_minor, Order.product_discount_minor, Order.tier_discount_minor),
        *(Order.coupon_discount_minor, Order.points_discount_minor, Order.tax_minor),
        *(Order.shipping_minor, Order.total_minor),
        func.coalesce(Payment.refunded_minor, 0).label("refunded_minor"),
    )
    .outerjoin(Payment, Payment.order_id == Order.id)
    .where(Order.status.not_in(NEVER_SOLD))
)
_LINES = select(
    *(OrderLine.order_id, OrderLine.product_id, OrderLine.quantity, OrderLine.refunded_minor),
    NET_UNITS.label("kept"),
    LINE_COST.label("paid_minor"),
).order_by(OrderLine.order_id, OrderLine.position)
_REFUNDED_PARTS = (
    select(
        Refund.order_id,
        func.sum(Refund.tax_minor).label("tax_minor"),
        func.sum(Refund.shipping_minor).label("shipping_minor"),
    )
    .where(Refund.status != FAILED)
    .group_by(Refund.order_id)
)


def facts_of(
    connection: Connection, order_ids: Collection[int], calendar: ShopCalendar
) -> dict[int, OrderFacts]:
    """These orders as they are to be counted now, by id; those that do not count are left out."""
    dialect = connection.dialect.name
    orders = connection.execute(_orders(dialect), _ids(connection, order_ids)).all()
    if not orders:
        return {}
    lines: defaultdict[int, list[AnyRow]] = defaultdict(list)
    for line in connection.execute(_lines(dialect), _ids(connection, [row.id for row in orders])).all():
        lines[line.order_id].append(line)
    paid_back = [row.id for row in orders if row.refunded_minor]
    parts = {}
    if paid_back:
        for row in connection.execute(_refunded_parts(dialect), _ids(connection, paid_back)):
            parts[row.order_id] = (int(row.tax_minor), int(row.shipping_minor))
    return {row.id: _facts(row, lines[row.id], parts.get(row.id, (0, 0)), calendar) for row in orders}


def _ids(connection: Connection, order_ids: Collection[int]) -> dict[str, object]:
    return {"ids": ids_value(connection, order_ids)}


@cache
def _orders(dialect: str) -> AnySelect:
    return _ORDERS.where(Order.id.in_(ids_named("ids", dialect)))


@cache
def _lines(dialect: str) -> AnySelect:
    return _LINES.where(OrderLine.order_id.in_(ids_named("ids", dialect)))


@cache
def _refunded_parts(dialect: str) -> AnySelect:
    return _REFUNDED_PARTS.where(Refund.order_id.in_(ids_named("ids", dialect)))


@cache
def _stored(dialect: str) -> AnySelect:
    row = OrderFactsRow
    return select(row.order_id, row.facts).where(row.order_id.in_(ids_named("ids", dialect)))


def _facts(
    row: AnyRow, lines: Sequence[AnyRow], refunded_parts: tuple[int, int], calendar: ShopCalendar
) -> OrderFacts:
    by_product: dict[int, LineFacts] = {}
    for line in lines:
        before = by_product.get(line.product_id, LineFacts(line.product_id, 0, 0, 0, 0))
        by_product[line.product_id] = LineFacts(
            line.product_id,
            before.units + line.quantity,
            before.kept_units + line.kept,
            before.paid_minor + line.paid_minor,
            before.refunded_minor + line.refunded_minor,
        )
    products = tuple(by_product.values())
    refunded_tax, refunded_shipping = refunded_parts
    return OrderFacts(
        day=calendar.day_of(row.placed_at),
        hour=calendar.hour_of(row.placed_at),
        currency=row.currency,
        user_id=row.user_id,
        country=(row.country or "")[:2],
        coupon_id=row.coupon_id,
        sums=Sums(
            orders=1,
            units=sum(line.units for line in products),
            kept_units=sum(line.kept_units for line in products),
            list_minor=row.subtotal_minor,
            product_discount_minor=row.product_discount_minor,
            tier_discount_minor=row.tier_discount_minor,
            coupon_discount_minor=row.coupon_discount_minor,
            points_discount_minor=row.points_discount_minor,
            tax_minor=row.tax_minor,
            shipping_minor=row.shipping_minor,
            paid_minor=row.total_minor,
            refunded_minor=row.refunded_minor,
            refunded_tax_minor=refunded_tax,
            refunded_shipping_minor=refunded_shipping,
        ),
        lines=products,
    )


def stored_facts(connection: Connection, order_ids: Collection[int]) -> dict[int, OrderFacts]:
    """These orders as they are counted, by id."""
    rows = connection.execute(_stored(connection.dialect.name), _ids(connection, order_ids))
    return {row.order_id: OrderFacts.of_json(row.facts) for row in rows}


def store_facts(tx: Connection, facts: Mapping[int, OrderFacts | None]) -> None:
    """Store how orders are counted from now on, by id; None: not any more."""
    gone = [order_id for order_id, each in facts.items() if each is None]
    if gone:
        tx.execute(delete(OrderFactsRow).where(OrderFactsRow.order_id.in_(gone)))
    rows = [
        {
            "order_id": order_id,
            "day": each.day,
            "currency": each.currency,
            "units": each.sums.units,
            "kept_units": each.sums.kept_units,
            "paid_minor": each.sums.paid_minor,
            "refunded_minor": each.sums.refunded_minor,
            "facts": each.to_json(),
        }
        for order_id, each in facts.items()
        if each is not None
    ]
    if not rows:
        return
    if tx.dialect.name == "postgresql":
        tx.execute(_STORE, {"rows": json.dumps([list(row.values()) for row in rows], default=str)})
    else:
        tx.execute(_or_replace(sqlite.insert(OrderFactsRow)), rows)


def _or_replace(statement: Insert) -> Insert:
    columns = OrderFactsRow.__table__.columns
    changed = {each.name: statement.excluded[each.name] for each in columns if not each.primary_key}
    return statement.on_conflict_do_update(index_elements=["order_id"], set_=changed)


def _stored_at_once() -> Insert:
    """The statement that stores rows that are one JSON array of arrays: one for each row costs many times that."""
    row = func.jsonb_array_elements(sql_cast(bindparam("rows", type_=Text), JSONB)).column_valued("row")
    columns = OrderFactsRow.__table__.columns
    *plain, facts = range(len(columns))
    cells = [sql_cast(row.op("->>")(place), columns.values()[place].type) for place in plain]
    return _or_replace(
        postgresql.insert(OrderFactsRow).from_select(columns.keys(), select(*cells, row.op("->")(facts)))
    )


_STORE: Final = _stored_at_once()


def order_ids_after(connection: Connection, order_id: int, limit: int) -> list[int]:
    """The ids of the next orders."""
    query = select(Order.id).where(Order.id > order_id).order_by(Order.id).limit(limit)
    return list(connection.scalars(query))


def order_count(connection: Connection) -> int:
    """How many orders there are."""
    return connection.scalar(select(func.count()).select_from(Order)) or 0
