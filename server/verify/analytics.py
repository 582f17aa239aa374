"""The rules of the analytics: what is counted of orders is what they are, and all roll-ups add up to it.

Orders of which an event waits to be counted are left out, and all of them while a rebuild is under way.
"""

from __future__ import annotations

from typing import Final

from server.order.line_facts import NEVER_SOLD
from server.verify.rule import Rule

_COMPLETE = "EXISTS (SELECT 1 FROM analytics_state WHERE filled_id IS NULL)"
_WAITING = """
    SELECT CAST(events.key AS BIGINT) FROM events
    WHERE events.topic = 'order' AND events.id > (
        SELECT COALESCE(MAX(event_id), 0) FROM consumers WHERE name = 'analytics'
    )
"""
_SENT_BACK = """
    CASE WHEN returned_quantity > restocked_quantity THEN returned_quantity ELSE restocked_quantity END
"""


def _agree(name: str, sentence: str, keys: str, first: str, second: str, numbers: tuple[str, ...]) -> Rule:
    """A rule that two queries have the same sums of the numbers, by the same keys."""
    sums = ", ".join(f"SUM({each}) AS {each}" for each in numbers)
    missing = ", ".join(f"SUM(other_{each}) AS other_{each}" for each in numbers)
    one = ", ".join(f"{each}, 0 AS other_{each}" for each in numbers)
    other = ", ".join(f"0 AS {each}, {each} AS other_{each}" for each in numbers)
    differ = " OR ".join(f"SUM({each}) <> SUM(other_{each})" for each in numbers)
    query = f"""
        SELECT {keys}, {sums}, {missing} FROM (
            SELECT {keys}, {one} FROM ({first}) AS first
            UNION ALL
            SELECT {keys}, {other} FROM ({second}) AS second
        ) AS sums
        GROUP BY {keys} HAVING {differ} ORDER BY {keys}
    """  # noqa: S608 - nothing in it comes from outside
    return Rule(name, sentence, query)


ANALYTICS: Final = (
    Rule(
        "sales-counted",
        "order {id}: {units} units of which {kept_units} were kept, {paid_minor} paid and {refunded_minor} paid "
        "back, but it is counted as {counted_units}, {counted_kept}, {counted_paid} and {counted_refunded}",
        f"""
        SELECT orders.id, lines.units, lines.kept_units, orders.total_minor AS paid_minor,
               COALESCE(payments.refunded_minor, 0) AS refunded_minor, order_facts.units AS counted_units,
               order_facts.kept_units AS counted_kept, order_facts.paid_minor AS counted_paid,
               order_facts.refunded_minor AS counted_refunded
        FROM orders
        JOIN (
            SELECT order_id, SUM(quantity) AS units, SUM(quantity - {_SENT_BACK}) AS kept_units
            FROM order_lines GROUP BY order_id
        ) AS lines ON lines.order_id = orders.id
        LEFT JOIN payments ON payments.order_id = orders.id
        LEFT JOIN order_facts ON order_facts.order_id = orders.id
        WHERE {_COMPLETE}
          AND ((orders.status NOT IN :never_sold) <> (order_facts.order_id IS NOT NULL)
               OR order_facts.units <> lines.units OR order_facts.kept_units <> lines.kept_units
               OR order_facts.paid_minor <> orders.total_minor
               OR order_facts.refunded_minor <> COALESCE(payments.refunded_minor, 0)
               OR order_facts.currency <> orders.currency)
          AND orders.id NOT IN ({_WAITING})
        ORDER BY orders.id
        """,  # noqa: S608 - nothing in it comes from outside
        {"never_sold": NEVER_SOLD},
    ),
    _agree(
        "sales-days",
        "sales of {day} in {currency}: {orders} orders, {paid_minor} paid and {refunded_minor} paid back, but the "
        "orders say {other_orders}, {other_paid_minor} and {other_refunded_minor}",
        "day, currency",
        "SELECT day, currency, orders, units, kept_units, paid_minor, refunded_minor FROM sales_days",
        "SELECT day, currency, 1 AS orders, units, kept_units, paid_minor, refunded_minor FROM order_facts",
        ("orders", "units", "kept_units", "paid_minor", "refunded_minor"),
    ),
    _agree(
        "sales-hours",
        "sales in {currency}: by hours {orders} orders and {paid_minor} paid, by days {other_orders} and "
        "{other_paid_minor}",
        "currency",
        "SELECT * FROM sales_hours",
        "SELECT * FROM sales_days",
        ("orders", "units", "paid_minor", "refunded_minor", "tax_minor", "list_minor"),
    ),
    *(
        _agree(
            f"sales-{name}",
            f"{table} of {{{key}}} in {{currency}}: by days {{orders}} orders and {{paid_minor}} paid, by months "
            "{other_orders} and {other_paid_minor}",
            f"{key}, currency",
            f"SELECT * FROM {table} WHERE span = 1",  # noqa: S608 - nothing in it comes from outside
            f"SELECT * FROM {table} WHERE span = 2",  # noqa: S608
            ("orders", "units", "paid_minor", "refunded_minor"),
        )
        for name, table, key in (
            ("products", "product_sales", "product_id"),
            ("customers", "customer_sales", "user_id"),
            ("regions", "region_sales", "country"),
            ("coupons", "coupon_sales", "coupon_id"),
        )
    ),
    _agree(
        "sales-regions-whole",
        "sales of {day} in {currency}: by countries {orders} orders and {paid_minor} paid, in all {other_orders} "
        "and {other_paid_minor}",
        "day, currency",
        "SELECT * FROM region_sales WHERE span = 1",
        "SELECT * FROM sales_days",
        ("orders", "units", "paid_minor", "refunded_minor"),
    ),
    _agree(
        "sales-cohorts",
        "those who first bought in {cohort}, in {month} and {currency}: {customers} customers with {orders} "
        "orders, but their sales say {other_customers} with {other_orders}",
        "cohort, month, currency",
        "SELECT cohort, month, currency, customers, orders, paid_minor, refunded_minor FROM sales_cohorts",
        """
        SELECT firsts.cohort, own.day AS month, own.currency, 1 AS customers, own.orders, own.paid_minor,
               own.refunded_minor
        FROM customer_sales AS own
        JOIN (
            SELECT user_id, currency, MIN(day) AS cohort FROM customer_sales
            WHERE span = 2 AND orders > 0 GROUP BY user_id, currency
        ) AS firsts ON firsts.user_id = own.user_id AND firsts.currency = own.currency
        WHERE own.span = 2 AND own.orders > 0
        """,
        ("customers", "orders", "paid_minor", "refunded_minor"),
    ),
)
