"""The data of a shop whose analytics are measured: two years of orders, written by plain SQL on PostgreSQL."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text

from bench import large_data
from server.analytics.models import SALES_SUMS
from server.db.engine import connect

PRODUCTS: Final = 2_000
ORDERS_PER_CUSTOMER: Final = 5
YEARS: Final = 2
ZONE: Final = "Europe/Berlin"


@dataclass(frozen=True)
class Trade:
    """How much a shop sold."""

    orders: int

    @property
    def customers(self) -> int:
        """How many people bought."""
        return self.orders // ORDERS_PER_CUSTOMER

    @property
    def lookers_a_day(self) -> int:
        """How many come on a day besides those who buy."""
        return 3 * self.orders // (365 * YEARS)


_CUSTOMERS: Final = """
    INSERT INTO users (email, email_key, full_name, phone, role, preferences, created_at, updated_at)
    SELECT name, name, 'A Customer', '', 'CUSTOMER', '{}', opened, opened
    FROM (
        SELECT 'customer' || number || '@example.com' AS name,
               now() - make_interval(secs => random() * :days * 86400) AS opened
        FROM generate_series(1, :customers) AS number
    ) AS people
"""
# Some products and some people are much oftener bought, or buy, than others; one in ten has no account.
_LINES: Final = """
    CREATE TEMPORARY TABLE bench_lines AS
    SELECT numbers.number, position, products.id AS product_id, variants.id AS variant_id, products.sku,
           quantity, products.price_minor, quantity * products.price_minor AS total_minor,
           quantity * products.price_minor / 5 AS tax_minor
    FROM (
        SELECT number, position, 1 + floor(:products * random() ^ 2)::int AS rank,
               1 + floor(3 * random())::int AS quantity
        FROM generate_series(1, :orders) AS number, generate_series(1, 1 + number % 4) AS position
    ) AS numbers
    JOIN (SELECT *, row_number() OVER (ORDER BY id) AS rank FROM products) AS products USING (rank)
    JOIN variants ON variants.product_id = products.id
"""
_ORDERS: Final = """
    INSERT INTO orders (id, number, user_id, status, currency, subtotal_minor, coupon_discount_minor,
                        discount_minor, coupon_id, tax_minor, shipping_minor, total_minor, address,
                        delivery_option, tracking_number, last_sequence, placed_at, updated_at)
    SELECT number, 'A-' || number,
           CASE WHEN number % 10 > 0 THEN :first_user + floor(:customers * random() ^ 2)::int END,
           'DELIVERED', 'USD', goods, coupon, coupon, CASE WHEN coupon > 0 THEN 1 + number % 20 END, tax, 499,
           goods - coupon + tax + 499,
           json_build_object('country', (ARRAY['US', 'DE', 'GB', 'FR', 'JP'])[1 + number % 5]), 'STANDARD', '', 5,
           placed, placed
    FROM (
        SELECT number, SUM(total_minor)::bigint AS goods, SUM(tax_minor)::bigint AS tax,
               CASE WHEN number % 8 = 0 THEN SUM(total_minor)::bigint / 10 ELSE 0 END AS coupon,
               now() - make_interval(secs => random() * :days * 86400) AS placed
        FROM bench_lines GROUP BY number
    ) AS sums
"""
_ORDER_LINES: Final = """
    INSERT INTO order_lines (order_id, position, product_id, variant_id, sku, name, quantity, price_minor,
                             total_minor, discount_minor, tax_minor, shipping_minor, refunded_quantity,
                             refunded_minor)
    SELECT number, position, product_id, variant_id, sku, '', quantity, price_minor, total_minor, 0, tax_minor, 0,
           CASE WHEN refunded THEN quantity ELSE 0 END, CASE WHEN refunded THEN total_minor + tax_minor ELSE 0 END
    FROM (SELECT *, position = 1 AND number % 20 = 1 AS refunded FROM bench_lines) AS lines
"""
_PAYMENTS: Final = """
    INSERT INTO payments (order_id, gateway, method, token, status, amount_minor, captured_minor, refunded_minor,
                          currency, gateway_id, updated_at)
    SELECT orders.id, 'demo', 'CARD', '', 'CAPTURED', total_minor, total_minor, refunded_minor, 'USD', '',
           placed_at
    FROM orders
    JOIN (SELECT order_id, SUM(refunded_minor) AS refunded_minor FROM order_lines GROUP BY order_id) AS lines
      ON lines.order_id = orders.id
"""
# The roll-ups, as `sanset verify` accepts them: counted one by one, half a million orders would take very long.
_FACTS: Final = """
    CREATE TEMPORARY TABLE bench_facts AS
    SELECT orders.id AS order_id, (placed_at AT TIME ZONE :zone)::date AS day,
           date_trunc('hour', placed_at) AS hour, currency, user_id, coupon_id, address->>'country' AS country,
           1 AS orders, lines.units, lines.units AS kept_units, subtotal_minor AS list_minor,
           0 AS product_discount_minor, 0 AS tier_discount_minor, coupon_discount_minor,
           0 AS points_discount_minor, tax_minor, shipping_minor, total_minor AS paid_minor, lines.refunded_minor,
           0 AS refunded_tax_minor, 0 AS refunded_shipping_minor
    FROM orders
    JOIN (
        SELECT order_id, SUM(quantity) AS units, SUM(refunded_minor) AS refunded_minor
        FROM order_lines GROUP BY order_id
    ) AS lines ON lines.order_id = orders.id
"""
_ORDER_FACTS: Final = """
    INSERT INTO order_facts (order_id, day, currency, units, kept_units, paid_minor, refunded_minor, facts)
    SELECT order_id, day, currency, units, kept_units, paid_minor, refunded_minor, '{}' FROM bench_facts
"""


def _sums(names: Sequence[str]) -> str:
    return ", ".join(f"SUM({name})" for name in names)


def _whole(table: str, period: str) -> str:
    return f"""
        INSERT INTO {table} ({period}, currency, {", ".join(SALES_SUMS)})
        SELECT {period}, currency, {_sums(SALES_SUMS)} FROM bench_facts GROUP BY {period}, currency
    """


def _spanned(table: str, key: str, source: str, *names: str) -> str:
    return f"""
        INSERT INTO {table} (span, day, currency, {key}, {", ".join(names)})
        SELECT span, CASE WHEN span = 1 THEN day ELSE date_trunc('month', day)::date END AS period, currency,
               {key}, {_sums(names)}
        FROM ({source}) AS facts, (VALUES (1), (2)) AS spans (span)
        WHERE {key} IS NOT NULL GROUP BY span, period, currency, {key}
    """


_BY_PRODUCT: Final = """
    SELECT day, facts.currency, product_id, order_id, 1 AS orders, SUM(quantity) AS units,
           SUM(quantity) AS kept_units,
           SUM(lines.total_minor - lines.discount_minor + lines.tax_minor + lines.shipping_minor) AS paid_minor,
           SUM(lines.refunded_minor) AS refunded_minor
    FROM order_lines AS lines JOIN bench_facts AS facts USING (order_id)
    GROUP BY day, facts.currency, product_id, order_id
"""
_BY_COUPON: Final = "SELECT *, coupon_discount_minor AS discount_minor FROM bench_facts"
_WHOLE: Final = ("orders", "units", "paid_minor", "refunded_minor")
_COHORTS: Final = """
    INSERT INTO sales_cohorts (cohort, month, currency, customers, orders, paid_minor, refunded_minor)
    SELECT cohort, day, currency, COUNT(*), SUM(orders), SUM(paid_minor), SUM(refunded_minor)
    FROM (
        SELECT *, MIN(day) OVER (PARTITION BY user_id, currency) AS cohort FROM customer_sales WHERE span = 2
    ) AS months
    GROUP BY cohort, day, currency
"""
_STATE: Final = "UPDATE analytics_state SET time_zone = :zone, filled_id = NULL"
_ROLL_UPS: Final = (
    _FACTS,
    _ORDER_FACTS,
    _whole("sales_hours", "hour"),
    _whole("sales_days", "day"),
    _spanned("product_sales", "product_id", _BY_PRODUCT, "orders", "units", "kept_units", *_WHOLE[2:]),
    _spanned("customer_sales", "user_id", "SELECT * FROM bench_facts", *_WHOLE),
    _spanned("region_sales", "country", "SELECT * FROM bench_facts", *_WHOLE),
    _spanned("coupon_sales", "coupon_id", _BY_COUPON, "orders", "units", "discount_minor", *_WHOLE[2:]),
    _COHORTS,
    _STATE,
)
# Who was there on a day: those who bought, and others.
_ACTIVE: Final = """
    INSERT INTO active_users (day, user_id)
    SELECT day, user_id FROM customer_sales WHERE span = 1
    UNION
    SELECT first + number / CAST(:lookers AS int), :first_user + floor(:customers * random())::int
    FROM generate_series(0, CAST(:lookers AS int) * :days - 1) AS number,
         (SELECT MIN(day) AS first FROM sales_days) AS days
"""
_COUNTED: Final = """
    INSERT INTO activity_days (day, visitors, views, cart_additions, checkouts, counted_at)
    SELECT day, 100, 1000, 100, 10, now() FROM sales_days
"""


def write_orders(url: str, trade: Trade) -> None:
    """Fill an empty shop with products, customers and orders."""
    engine = connect(url, pool_size=1)
    try:
        with engine.begin() as tx:
            large_data.write_products(tx, random.Random(large_data.SEED), PRODUCTS)
            tx.execute(text("SELECT setseed(0.23)"))
            _run(tx, trade, (_CUSTOMERS, _LINES, _ORDERS, _ORDER_LINES, _PAYMENTS))
            tx.execute(
                text("SELECT setval(pg_get_serial_sequence('orders', 'id'), :orders)"),
                {"orders": trade.orders},
            )
    finally:
        engine.dispose()


def count_orders(url: str, trade: Trade) -> None:
    """Fill the roll-ups from the orders, and say who was there on each day."""
    engine = connect(url, pool_size=1)
    try:
        with engine.begin() as tx:
            _run(tx, trade, (*_ROLL_UPS, _ACTIVE, _COUNTED))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
    finally:
        engine.dispose()


def _run(tx: Connection, trade: Trade, statements: Sequence[str]) -> None:
    for statement in statements:
        first = tx.scalar(text("SELECT MIN(id) FROM users WHERE role = 'CUSTOMER'"))
        values = {
            "products": PRODUCTS,
            "orders": trade.orders,
            "customers": trade.customers,
            "lookers": trade.lookers_a_day,
            "days": 365 * YEARS,
            "first_user": first,
            "zone": ZONE,
        }
        tx.execute(text(statement), {name: each for name, each in values.items() if f":{name}" in statement})
