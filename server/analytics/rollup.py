"""Keeps the roll-ups: an order that changed is taken out as it was counted, and added as it is now.

So the effect of counting an order is the same however often, by whom and in which order it is done: by the
consumer of the events, by an import or by a rebuild. Whoever counts holds the lock of the state.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date
from typing import TypeAlias

from sqlalchemy import Connection

from server.analytics import fact_queries, rollup_queries
from server.analytics.activity import queries as activity_queries
from server.analytics.calendar import ShopCalendar, month_of
from server.analytics.facts import OrderFacts
from server.analytics.models import MONTH, SPANNED, CustomerSales, SalesCohort, SalesDay
from server.analytics.rollup_queries import CustomerMonth, Key, RollUpState
from server.db.base import Base

Changes: TypeAlias = dict[type[Base], dict[Key, list[int]]]
"""What is to be added to the rows of each roll-up."""
Months: TypeAlias = Mapping[date, CustomerMonth]


def count_orders(tx: Connection, order_ids: Collection[int]) -> None:
    """Bring the roll-ups up to what these orders are now."""
    if order_ids:
        _count(tx, order_ids, rollup_queries.locked_state(tx))


def begin_rebuild(tx: Connection, time_zone: str) -> None:
    """Empty the roll-ups, to be filled anew in a zone by `fill`; orders are counted meanwhile all the same."""
    before = rollup_queries.locked_state(tx)
    rollup_queries.clear(tx)
    activity_queries.count_again(tx)
    rollup_queries.set_state(tx, RollUpState(time_zone, 0, before.rebuilds + 1))


def fill(tx: Connection, limit: int) -> int:
    """Count up to so many more orders of a rebuild, and say how many there were; 0: it is complete."""
    state = rollup_queries.locked_state(tx)
    if state.filled_id is None:
        return 0
    order_ids = fact_queries.order_ids_after(tx, state.filled_id, limit)
    _count(tx, order_ids, state)
    rollup_queries.set_state(tx, state._replace(filled_id=order_ids[-1] if order_ids else None))
    return len(order_ids)


def _count(tx: Connection, order_ids: Collection[int], state: RollUpState) -> None:
    before = fact_queries.stored_facts(tx, order_ids)
    now = fact_queries.facts_of(tx, order_ids, ShopCalendar.of(state.time_zone))
    changed = {each: now.get(each) for each in order_ids if before.get(each) != now.get(each)}
    if not changed:
        return
    changes: Changes = defaultdict(lambda: defaultdict(list))
    for order_id, facts in changed.items():
        _add(changes, before.get(order_id), -1)
        _add(changes, facts, 1)
    for numbers in changes[SalesDay].values():
        numbers.append(1)  # the revision
    for spanned in SPANNED:
        _add_months(changes[spanned])
    changes[SalesCohort] = _cohort_changes(tx, changes.get(CustomerSales, {}))
    for model, additions in changes.items():
        rollup_queries.add(tx, model, additions)
    fact_queries.store_facts(tx, changed)


def _add(changes: Changes, facts: OrderFacts | None, sign: int) -> None:
    for model, key, numbers in facts.contributions() if facts is not None else ():
        _sum_up(changes[model], key, numbers, sign)


def _add_months(rows: dict[Key, list[int]]) -> None:
    """Add what days have to the rows of their months: here, since many orders share a day."""
    for (_, day, *rest), numbers in list(rows.items()):
        assert isinstance(day, date)
        _sum_up(rows, (MONTH, month_of(day), *rest), numbers)


def _sum_up(rows: dict[Key, list[int]], key: Key, numbers: Collection[int], sign: int = 1) -> None:
    row = rows.get(key)
    if row is None:
        rows[key] = list(numbers) if sign > 0 else [-number for number in numbers]
    else:
        rows[key] = [one + sign * other for one, other in zip(row, numbers, strict=True)]


def _cohort_changes(tx: Connection, customers: Mapping[Key, list[int]]) -> dict[Key, list[int]]:
    """What becomes of the cohorts when these numbers are added to the sales of customers.

    A customer may change the cohort, as when an earlier order is imported: then all months of theirs move.
    """
    additions: defaultdict[tuple[int, str], dict[date, list[int]]] = defaultdict(dict)
    for (span, month, currency, user_id), (orders, _, paid, refunded) in customers.items():
        if span == MONTH:
            assert isinstance(user_id, int)
            assert isinstance(month, date)
            additions[user_id, str(currency)][month] = [orders, paid, refunded]
    before = rollup_queries.months_of_customers(tx, {user_id for user_id, _ in additions})
    changes: dict[Key, list[int]] = {}
    for customer, added in additions.items():
        months = before.get(customer, {})
        after = _with(months, added)
        stays = months and after and min(months) == min(after)
        moved = added.keys() if stays else months.keys() | after.keys()
        _place(changes, customer[1], months, moved, -1)
        _place(changes, customer[1], after, moved, 1)
    return changes


def _with(months: Months, added: Mapping[date, list[int]]) -> Months:
    result = dict(months)
    for month, numbers in added.items():
        before = months.get(month, CustomerMonth(month, 0, 0, 0))
        result[month] = CustomerMonth(month, *(a + b for a, b in zip(before[1:], numbers, strict=True)))
    return {month: each for month, each in result.items() if each.orders}


def _place(
    changes: dict[Key, list[int]], currency: str, months: Months, moved: Collection[date], sign: int
) -> None:
    """Count those of a customer's months that moved with the cohort of the first."""
    if months:
        first = min(months)
        for month in moved:
            if month in months:
                _sum_up(changes, (first, month, currency), (1, *months[month][1:]), sign)
