"""Points of before: what was earned on payment waits for its delivery, and nobody is below zero any more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from support.old_schemas import rows, taken_back

from server.db import migrate
from server.verify import verify

TIME = "2026-11-01 10:00:00+00:00"
USER = (
    "INSERT INTO users (id, email, email_key, full_name, phone, role, preferences, created_at, updated_at) "
    "VALUES ({id}, 'u{id}@shop.test', 'u{id}@shop.test', 'Ann', '', 'CUSTOMER', '{{}}', '{time}', '{time}')"
)
ORDER = (
    "INSERT INTO orders (id, number, user_id, status, currency, subtotal_minor, discount_minor, tax_minor, "
    "shipping_minor, total_minor, points_earned, address, delivery_option, tracking_number, last_sequence, "
    "delivered_at, placed_at, updated_at) "
    "VALUES ({id}, 'O-{id}', {user}, '{status}', 'USD', 10000, 0, 0, 0, 10000, 100, '{{}}', 'STANDARD', '', 2, "
    "{delivered}, '{time}', '{time}')"
)
PAYMENT = (
    "INSERT INTO payments (order_id, gateway, method, token, status, amount_minor, captured_minor, "
    "refunded_minor, currency, gateway_id, updated_at) "
    "VALUES ({id}, 'demo', 'CARD', '', 'CAPTURED', 10000, 10000, {back}, 'USD', '', '{time}')"
)
PAID = (
    "INSERT INTO order_events (order_id, sequence, status, message, location, occurred_at) "
    "VALUES ({id}, 2, 'CONFIRMED', '', '', '{time}')"
)
ENTRY = (
    "INSERT INTO points_entries (user_id, order_id, kind, points, ref, created_at) "
    "VALUES ({user}, {order}, '{kind}', {points}, '{ref}', '{time}')"
)
ACCOUNT = "INSERT INTO loyalty_accounts (user_id, points, lifetime) VALUES ({user}, {points}, {lifetime})"


def order(number: int, user: int, status: str, *, back: int = 0, delivered: bool = False) -> list[str]:
    """A paid order of before, that earned its 100 points at once, less the share that was paid back."""
    at = f"'{TIME}'" if delivered else "NULL"
    rows = [
        ORDER.format(id=number, user=user, status=status, delivered=at, time=TIME),
        PAYMENT.format(id=number, back=back, time=TIME),
        PAID.format(id=number, time=TIME),
        ENTRY.format(user=user, order=number, kind="EARNED", points=100, ref="", time=TIME),
    ]
    if back:
        rows.append(
            ENTRY.format(user=user, order=number, kind="REVERSED", points=-back // 100, ref="0", time=TIME)
        )
    return rows


BEFORE = [
    *(USER.format(id=user, time=TIME) for user in (1, 2)),
    *order(1, 1, "DELIVERED", delivered=True),
    *order(2, 1, "SHIPPED", back=3000),
    *order(3, 1, "CANCELLED", back=10_000),
    *order(4, 2, "CONFIRMED"),
    ENTRY.format(user=2, order="NULL", kind="ADJUSTED", points=-120, ref="", time=TIME),
    ACCOUNT.format(user=1, points=170, lifetime=170),
    ACCOUNT.format(user=2, points=-20, lifetime=100),
]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """The database of a shop of before."""
    with taken_back(database_url, "0012", BEFORE) as one:
        yield one


def points_are_sound(engine: Engine) -> bool:
    return not [str(one) for one in verify(engine) if one.rule.startswith("points")]


ACCOUNTS = "SELECT points, lifetime FROM loyalty_accounts ORDER BY user_id"


def test_points_of_orders_on_their_way_wait_and_debts_are_owed(engine: Engine, database_url: str) -> None:
    migrate.upgrade(database_url)
    assert rows(engine, ACCOUNTS) == [(100, 100), (0, 0)]
    assert rows(engine, "SELECT owed FROM loyalty_accounts ORDER BY user_id") == [(0,), (120,)]
    counted = rows(engine, "SELECT id FROM orders WHERE points_counted_at IS NOT NULL")
    assert counted == [(1,)], "what was delivered before counts as it did"
    assert points_are_sound(engine)


def test_the_way_back_gives_every_account_what_it_had(engine: Engine, database_url: str) -> None:
    migrate.upgrade(database_url)
    migrate.downgrade(database_url, "0012")
    assert rows(engine, ACCOUNTS) == [(170, 170), (-20, 100)]
    migrate.upgrade(database_url)
    assert rows(engine, ACCOUNTS) == [(100, 100), (0, 0)]
    assert points_are_sound(engine)
