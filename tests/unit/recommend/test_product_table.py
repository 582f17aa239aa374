"""The product table: filters over the whole catalogue agree with the rows they were made from."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from server.recommend.serving import product_slots as module
from server.recommend.serving.product_slots import SPARE
from server.recommend.serving.product_table import ProductTable
from server.recommend.serving.queries import ProductSnapshot
from server.recommend.serving.query import UNFILTERED, Filters

FILTERS = [
    UNFILTERED,
    Filters(category_ids=frozenset({1})),
    Filters(category_ids=frozenset({1, 3})),
    Filters(category_ids=frozenset()),
    Filters(min_price=500),
    Filters(max_price=500),
    Filters(max_price=0),
    Filters(category_ids=frozenset({2}), min_price=300, max_price=700),
]


def _snapshot(product_id: int, chance: random.Random) -> ProductSnapshot:
    return ProductSnapshot(
        product_id,
        chance.choice([None, 1, 2, 3]),
        available=chance.choice([0, 5]),
        sold=chance.randint(0, 9),
        price_minor=chance.choice([0, 100, 500, 1000]),
        currency=chance.choice(["USD", "USD", "EUR"]),
    )


def _passes(snapshot: ProductSnapshot, filters: Filters) -> bool:
    by_price = filters.min_price is not None or filters.max_price is not None
    return (
        snapshot.available > 0
        and (filters.category_ids is None or snapshot.category_id in filters.category_ids)
        and not (by_price and snapshot.currency != "USD")
        and snapshot.price_minor >= (filters.min_price or 0)
        and (filters.max_price is None or snapshot.price_minor <= filters.max_price)
    )


def _eligible(table: ProductTable, filters: Filters, left_out: set[int], among: range) -> set[int]:
    mask = table.choose(filters, sorted(left_out))
    return {product_id for product_id in among if mask[table.slots.of(product_id)]}


@pytest.mark.parametrize("seed", range(5))
def test_what_is_chosen_is_what_the_rows_say_whatever_happened_to_them(seed: int) -> None:
    chance, everything = random.Random(seed), range(1, SPARE + 600)
    rows = {product_id: _snapshot(product_id, chance) for product_id in range(1, 400)}
    table = ProductTable("USD", list(rows.values()))
    for round_ in range(4):
        for product_id in chance.sample(everything, 300 if round_ else SPARE + 500):
            if product_id in rows and chance.random() < 0.3:
                del rows[product_id]
                table.remove(product_id)
            else:
                before = rows.get(product_id)
                rows[product_id] = _snapshot(product_id, chance)
                arrived = table.put(rows[product_id])
                came = any(
                    _passes(rows[product_id], filters) and not (before and _passes(before, filters))
                    for filters in FILTERS
                )
                assert arrived or not came
        left_out = set(chance.sample(everything, 50))
        for filters in FILTERS:
            passing = {snapshot.product_id for snapshot in rows.values() if _passes(snapshot, filters)}
            assert _eligible(table, filters, left_out, everything) == passing - left_out
            assert all(
                table.fits(product_id, filters) == (product_id in passing) for product_id in everything
            )
        assert {each for each in everything if each in table} == set(rows)
        assert all(table.category_of(each) == snapshot.category_id for each, snapshot in rows.items())


def test_best_sellers_come_by_sales_then_what_is_not_ranked_yet() -> None:
    table = ProductTable(
        "USD", [ProductSnapshot(i, None, 5, sold, 100, "USD") for i, sold in ((1, 3), (2, 9), (3, 9), (4, 0))]
    )
    table.put(ProductSnapshot(9, None, 5, 99, 100, "USD"))
    mask = table.choose(UNFILTERED, [4])
    assert table.best_sellers(mask, 10) == [3, 2, 1, 9]
    assert table.best_sellers(mask, 2) == [3, 2]
    table.rank(table.by_sales())
    assert table.best_sellers(mask, 2) == [9, 3]


def test_what_is_unknown_cannot_be_sold() -> None:
    table = ProductTable("USD")
    assert not table.fits(1, UNFILTERED)
    assert table.category_of(1) is None
    assert 1 not in table
    assert table.best_sellers(table.choose(UNFILTERED, [1, 2]), 5) == []
    table.remove(1)


@pytest.mark.parametrize("longest", [0, 50, 20_000_000])
def test_many_are_found_as_one_by_one(longest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_LOOKUP", longest)
    table = ProductTable("USD", [ProductSnapshot(i, None, 5, 0, 100, "USD") for i in range(10, 200, 2)])
    table.put(ProductSnapshot(9, None, 5, 0, 100, "USD"))
    table.put(ProductSnapshot(10**6, None, 5, 0, 100, "USD"))
    product_ids = [*range(300), 10**6, 10**6 + 1, 2**62]
    assert table.slots.of_all(np.array(product_ids)).tolist() == [
        table.slots.of(product_id) for product_id in product_ids
    ]
    assert [slot for slot in table.slots.of_all(np.array(product_ids)).tolist() if slot >= 0] == [
        table.slots.of(product_id) for product_id in product_ids if product_id in table
    ]


def test_a_price_that_begins_by_the_clock_counts_from_then_until_it_ends() -> None:
    begins, ends = datetime(2026, 6, 2, tzinfo=UTC), datetime(2026, 6, 3, tzinfo=UTC)
    phases = [(None, begins, 900), (begins, ends, 90), (ends, None, 900)]
    table = ProductTable(
        "USD",
        [ProductSnapshot(1, None, 5, 0, 900, "USD", phases), ProductSnapshot(2, None, 5, 0, 100, "USD")],
    )
    cheap = Filters(max_price=200)
    for moment, fits in (
        (begins - timedelta(microseconds=1), False),
        (begins, True),
        (ends - timedelta(microseconds=1), True),
        (ends, False),
    ):
        if table.phases.next_turn is not None and table.phases.next_turn <= moment:
            table.turn(moment)
        assert table.fits(1, cheap) is fits
        assert table.fits(2, cheap)
    assert table.phases.next_turn is None


def test_a_price_that_began_and_ended_while_nobody_looked_is_passed_over() -> None:
    begins, ends = datetime(2026, 6, 2, tzinfo=UTC), datetime(2026, 6, 3, tzinfo=UTC)
    table = ProductTable(
        "USD",
        [
            ProductSnapshot(
                1, None, 5, 0, 900, "USD", [(None, begins, 900), (begins, ends, 90), (ends, None, 950)]
            )
        ],
    )
    table.turn(ends + timedelta(days=9))
    assert table.fits(1, Filters(min_price=950))
    table.put(ProductSnapshot(1, None, 5, 0, 900, "USD"))
    assert table.fits(1, Filters(max_price=900))
