"""What complete days came to is in memory until one of them changes, and adds up with what is not over."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from server.analytics import remembered
from server.analytics.memory import ENTRY_BYTES, DayMemory, Numbers
from server.analytics.ranges import Days
from server.analytics.sales_queries import ProductSum

FIRST = date(2026, 3, 1)


def numbers(*values: int) -> Numbers:
    """An array."""
    return np.array(values, np.int64)


def test_numbers_are_read_again_where_their_stamp_is_another() -> None:
    memory, reads = DayMemory(), []

    def read() -> Numbers:
        reads.append(1)
        return numbers(len(reads))

    assert [memory.get("a", stamp, read)[0] for stamp in (1, 1, 2, 2, 1)] == [1, 1, 2, 2, 3]
    assert memory.get("b", 1, read)[0] == 4


def test_what_was_used_least_lately_is_forgotten() -> None:
    memory = DayMemory(max_bytes=3 * (ENTRY_BYTES + 8))
    for key in ("a", "b", "c"):
        memory.get(key, 1, lambda: numbers(1))
    memory.get("a", 1, lambda: numbers(2))
    memory.get("d", 1, lambda: numbers(1))
    assert memory.get("a", 1, lambda: numbers(2))[0] == 1
    assert memory.get("b", 1, lambda: numbers(2))[0] == 2
    assert len(memory.get("large", 1, lambda: numbers(*range(400)))) == 400
    assert memory.get("a", 1, lambda: numbers(3))[0] == 3


def test_numbers_that_are_none_take_room_too() -> None:
    memory = DayMemory(max_bytes=3 * ENTRY_BYTES)
    for key in range(10):
        memory.get(key, 1, numbers)
    assert len(memory._entries) == 3


@given(st.integers(0, 20), st.integers(1, 20), st.integers(-5, 45))
def test_days_are_split_without_losing_or_doubling_any(first: int, length: int, at: int) -> None:
    days = Days(FIRST + timedelta(days=first), FIRST + timedelta(days=first + length - 1))
    day = FIRST + timedelta(days=at)
    earlier, later = days.split(day)
    assert sum(len(part) for part in (earlier, later) if part is not None) == length
    assert earlier is None or (earlier.first == days.first and earlier.last < day)
    assert later is None or (later.last == days.last and later.first >= day)


@given(st.sets(st.integers(1, 30)), st.sets(st.integers(1, 30)))
def test_people_of_both_parts_count_once(some: set[int], others: set[int]) -> None:
    assert remembered.different([numbers(*sorted(some)), numbers(*sorted(others))]) == len(some | others)


@given(
    st.lists(st.tuples(st.integers(1, 12), st.integers(-2, 9), st.integers(-500, 500))),
    st.lists(st.tuples(st.integers(1, 12), st.integers(-2, 9), st.integers(-500, 500))),
    st.integers(1, 5),
)
def test_the_best_sold_products_are_those_of_both_parts(
    some: list[tuple[int, int, int]], others: list[tuple[int, int, int]], limit: int
) -> None:
    units: Counter[int] = Counter()
    revenue: Counter[int] = Counter()
    for product_id, count, amount in (*some, *others):
        units[product_id] += count
        revenue[product_id] += amount
    ranked = sorted((-count, product_id) for product_id, count in units.items() if count > 0)
    shall = [ProductSum(product_id, -count, revenue[product_id]) for count, product_id in ranked[:limit]]
    parts = [np.array(rows, np.int64).reshape(-1, 3) for rows in (some, others)]
    assert remembered.best(remembered.added(parts), limit) == shall
