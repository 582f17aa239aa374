"""The stock: filters over the whole catalogue agree with the rows they were made from."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from server.recommend.serving import product_slots as module
from server.recommend.serving.product_slots import SPARE
from server.recommend.serving.product_table import ProductTable
from server.recommend.serving.queries import Offer
from server.recommend.serving.query import UNFILTERED, Filters

WISHES = [
    UNFILTERED,
    Filters(category_ids=frozenset({1})),
    Filters(category_ids=frozenset({1, 3})),
    Filters(category_ids=frozenset()),
    Filters(min_price=500),
    Filters(max_price=500),
    Filters(max_price=0),
    Filters(category_ids=frozenset({2}), min_price=300, max_price=700),
]


def _good(product_id: int, chance: random.Random) -> Offer:
    return Offer(
        product_id,
        chance.choice([None, 1, 2, 3]),
        available=chance.choice([0, 5]),
        sold=chance.randint(0, 9),
        price_minor=chance.choice([0, 100, 500, 1000]),
        currency=chance.choice(["USD", "USD", "EUR"]),
    )


def _wanted(good: Offer, wish: Filters) -> bool:
    by_price = wish.min_price is not None or wish.max_price is not None
    return (
        good.available > 0
        and (wish.category_ids is None or good.category_id in wish.category_ids)
        and not (by_price and good.currency != "USD")
        and good.price_minor >= (wish.min_price or 0)
        and (wish.max_price is None or good.price_minor <= wish.max_price)
    )


def _chosen(stock: ProductTable, wish: Filters, left_out: set[int], among: range) -> set[int]:
    mask = stock.choose(wish, left_out)
    return {product_id for product_id in among if mask[stock.slots.of(product_id)]}


@pytest.mark.parametrize("seed", range(5))
def test_what_is_chosen_is_what_the_rows_say_whatever_happened_to_them(seed: int) -> None:
    chance, everything = random.Random(seed), range(1, SPARE + 600)
    rows = {product_id: _good(product_id, chance) for product_id in range(1, 400)}
    stock = ProductTable("USD", list(rows.values()))
    for round_ in range(4):
        for product_id in chance.sample(everything, 300 if round_ else SPARE + 500):
            if product_id in rows and chance.random() < 0.3:
                del rows[product_id]
                stock.remove(product_id)
            else:
                before = rows.get(product_id)
                rows[product_id] = _good(product_id, chance)
                arrived = stock.put(rows[product_id])
                came = any(
                    _wanted(rows[product_id], wish) and not (before and _wanted(before, wish))
                    for wish in WISHES
                )
                assert arrived or not came
        left_out = set(chance.sample(everything, 50))
        for wish in WISHES:
            wanted = {good.product_id for good in rows.values() if _wanted(good, wish)}
            assert _chosen(stock, wish, left_out, everything) == wanted - left_out
            assert all(stock.fits(product_id, wish) == (product_id in wanted) for product_id in everything)
        assert {each for each in everything if each in stock} == set(rows)
        assert all(stock.category_of(each) == good.category_id for each, good in rows.items())


def test_best_sellers_come_by_sales_then_what_is_not_ranked_yet() -> None:
    stock = ProductTable(
        "USD", [Offer(i, None, 5, sold, 100, "USD") for i, sold in ((1, 3), (2, 9), (3, 9), (4, 0))]
    )
    stock.put(Offer(9, None, 5, 99, 100, "USD"))
    mask = stock.choose(UNFILTERED, [4])
    assert stock.best_sellers(mask, 10) == [3, 2, 1, 9]
    assert stock.best_sellers(mask, 2) == [3, 2]
    stock.rank(stock.by_sales())
    assert stock.best_sellers(mask, 2) == [9, 3]


def test_what_is_unknown_cannot_be_sold() -> None:
    stock = ProductTable("USD")
    assert not stock.fits(1, UNFILTERED)
    assert stock.category_of(1) is None
    assert 1 not in stock
    assert stock.best_sellers(stock.choose(UNFILTERED, [1, 2]), 5) == []
    stock.remove(1)


@pytest.mark.parametrize("longest", [0, 50, 20_000_000])
def test_many_are_found_as_one_by_one(longest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_LOOKUP", longest)
    stock = ProductTable("USD", [Offer(i, None, 5, 0, 100, "USD") for i in range(10, 200, 2)])
    stock.put(Offer(9, None, 5, 0, 100, "USD"))
    stock.put(Offer(10**6, None, 5, 0, 100, "USD"))
    asked = [*range(300), 10**6, 10**6 + 1, 2**62]
    assert stock.slots.of_all(np.array(asked)).tolist() == [
        stock.slots.of(product_id) for product_id in asked
    ]
    assert [slot for slot in stock.slots.of_all(np.array(asked)).tolist() if slot >= 0] == [
        stock.slots.of(product_id) for product_id in asked if product_id in stock
    ]


def test_a_price_that_begins_by_the_clock_counts_from_then_until_it_ends() -> None:
    begins, ends = datetime(2026, 6, 2, tzinfo=UTC), datetime(2026, 6, 3, tzinfo=UTC)
    phases = [(None, begins, 900), (begins, ends, 90), (ends, None, 900)]
    stock = ProductTable("USD", [Offer(1, None, 5, 0, 900, "USD", phases), Offer(2, None, 5, 0, 100, "USD")])
    cheap = Filters(max_price=200)
    for moment, fits in (
        (begins - timedelta(microseconds=1), False),
        (begins, True),
        (ends - timedelta(microseconds=1), True),
        (ends, False),
    ):
        if stock.next_turn is not None and stock.next_turn <= moment:
            stock.turn(moment)
        assert stock.fits(1, cheap) is fits
        assert stock.fits(2, cheap)
    assert stock.next_turn is None


def test_a_price_that_began_and_ended_while_nobody_looked_is_passed_over() -> None:
    begins, ends = datetime(2026, 6, 2, tzinfo=UTC), datetime(2026, 6, 3, tzinfo=UTC)
    stock = ProductTable(
        "USD",
        [Offer(1, None, 5, 0, 900, "USD", [(None, begins, 900), (begins, ends, 90), (ends, None, 950)])],
    )
    stock.turn(ends + timedelta(days=9))
    assert stock.fits(1, Filters(min_price=950))
    stock.put(Offer(1, None, 5, 0, 900, "USD"))
    assert stock.fits(1, Filters(max_price=900))
