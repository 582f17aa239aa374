"""Returns of before have their place in the ledger of units, also those that were paid by hand meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from support.old_schemas import rows, taken_back

from server.db import migrate
from server.verify import verify

BEFORE = "0017"
TIMES = ("2026-11-01 10:00:00+00:00", "2026-11-02 10:00:00+00:00", "2026-11-03 10:00:00+00:00")
GOODS = [
    "INSERT INTO products (id, sku, name, slug, description, brand, currency, price_minor, max_quantity, "
    "attributes, tags, seo_title, seo_description, created_at, updated_at) "
    "VALUES (1, 'MUG', 'Mug', 'mug', '', '', 'USD', 1000, 99, '{{}}', '[]', '', '', '{0}', '{0}')",
    "INSERT INTO variants (id, product_id, sku, options, is_default) VALUES (1, 1, 'MUG', '{{}}', TRUE)",
]
ORDER = (
    "INSERT INTO orders (id, number, status, currency, subtotal_minor, discount_minor, tax_minor, shipping_minor, "
    "total_minor, address, delivery_option, tracking_number, last_sequence, placed_at, updated_at) "
    "VALUES ({id}, 'O-{id}', '{status}', 'USD', 3000, 0, 0, 0, 3000, '{{}}', 'STANDARD', '', 2, '{at}', '{at}')"
)
LINE = (
    "INSERT INTO order_lines (order_id, position, product_id, variant_id, sku, name, quantity, price_minor, "
    "total_minor, list_price_minor, refunded_quantity, refunded_minor) "
    "VALUES ({id}, 1, 1, 1, 'MUG', 'Mug', 3, 1000, 3000, 1000, {paid}, {paid} * 1000)"
)
RETURN = (
    "INSERT INTO returns (id, order_id, status, reason, answer, created_at, updated_at) "
    "VALUES ({id}, {order}, '{status}', 'Why', '', '{asked}', '{ended}')"
)
RETURN_LINE = (
    "INSERT INTO return_lines (return_id, position, variant_id, quantity) VALUES ({id}, 1, 1, {units})"
)
REFUND = (
    "INSERT INTO refunds (id, order_id, return_id, amount_minor, tax_minor, shipping_minor, currency, reason, "
    "status, key, gateway_id, problem, attempts, created_at, updated_at) "
    "VALUES ({id}, {order}, {of}, {units} * 1000, 0, 0, 'USD', '', 'SUCCEEDED', 'k{id}', '', '', 1, "
    "'{at}', '{at}')"
)
REFUND_LINE = (
    "INSERT INTO refund_lines (refund_id, position, variant_id, quantity, amount_minor) "
    "VALUES ({id}, 1, 1, {units}, {units} * 1000)"
)


def history() -> list[str]:
    """Order 1: all 3 sent back, 1 of them paid by hand meanwhile. Order 2: 2 under way. Order 3: paid twice."""
    asked, meanwhile, arrived = TIMES
    rows = [statement.format(asked) for statement in GOODS]
    for order, status, paid in ((1, "RETURNED", 3), (2, "RETURN_REQUESTED", 0), (3, "RETURNED", 2)):
        rows += [ORDER.format(id=order, status=status, at=asked), LINE.format(id=order, paid=paid)]
    for order, status, units in ((1, "RECEIVED", 3), (2, "APPROVED", 2), (3, "RECEIVED", 1)):
        rows.append(RETURN.format(id=order, order=order, status=status, asked=asked, ended=arrived))
        rows.append(RETURN_LINE.format(id=order, units=units))
    for refund, order, of, units, at in (
        (1, 1, "NULL", 1, meanwhile),
        (2, 1, "1", 2, arrived),
        (3, 3, "NULL", 1, meanwhile),
        (4, 3, "3", 1, arrived),
    ):
        rows.append(REFUND.format(id=refund, order=order, of=of, units=units, at=at))
        rows.append(REFUND_LINE.format(id=refund, units=units))
    return rows


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """The database of a shop of before."""
    with taken_back(database_url, BEFORE, history()) as one:
        yield one


def test_returns_of_before_are_counted_and_what_was_paid_for_them_is_found(
    engine: Engine, database_url: str
) -> None:
    migrate.upgrade(database_url)
    counted = rows(engine, "SELECT returning_quantity, returned_quantity FROM order_lines ORDER BY order_id")
    assert counted == [(0, 3), (2, 0), (0, 1)]
    paid = rows(engine, "SELECT returned_quantity FROM refund_lines ORDER BY refund_id")
    assert paid == [(1,), (2,), (0,), (1,)]
    names = ("line-sent-back", "line-ledger", "return-paid-twice", "return-restocked-twice")
    broken = [str(one) for one in verify(engine) if one.rule in names]
    assert broken == [
        "return-paid-twice: refund 4 of order 3, line 1: paid for units of return 3 that refund 3 had paid while "
        "they travelled"
    ]


def test_the_way_back_leaves_refunds_as_they_were(engine: Engine, database_url: str) -> None:
    migrate.upgrade(database_url)
    migrate.downgrade(database_url, BEFORE)
    assert rows(engine, "SELECT refund_id, quantity, amount_minor FROM refund_lines ORDER BY refund_id") == [
        (1, 1, 1000), (2, 2, 2000), (3, 1, 1000), (4, 1, 1000),
    ]  # fmt: skip
