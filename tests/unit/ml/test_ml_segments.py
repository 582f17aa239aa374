"""Segments of customers: who is alike, what they are called, and shops too small or too uniform for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from shop_database import make_shop

from ml.artifacts.schema import Contents, InvalidContents, check
from ml.data import interactions
from ml.data.dataset import GUEST, Orders
from ml.models import segments
from ml.models.segment_names import ALL_CUSTOMERS, ARCHETYPES, named

DAY = 86_400.0
NEWEST = 1_700_000_000.0


def orders_of(customers: Sequence[tuple[int, float, int, int]]) -> Orders:
    """Orders of (customer, days since the last order, number of orders, what each came to)."""
    rows = [
        (user, NEWEST - DAY * (recency + 3 * number), total)
        for user, recency, count, total in customers
        for number in range(count)
    ]
    users, times, totals = zip(*rows, strict=True)
    return Orders(np.array(users, np.int64), np.array(times, np.float64), np.array(totals, np.int64))


def crowd(seed: int = 0, each: int = 40) -> list[tuple[int, float, int, int]]:
    """Four crowds that nobody could mix up: the ids tell them apart by their thousands."""
    chance = np.random.default_rng(seed)
    kinds = {1: (0, 25, 9_000), 2: (4, 1, 1_500), 3: (200, 22, 8_000), 4: (350, 1, 1_200)}
    return [
        (
            1000 * kind + place,
            float(recency * chance.uniform(0.7, 1.3)),
            max(1, round(count * chance.uniform(0.8, 1.2))),
            round(total * chance.uniform(0.8, 1.2)),
        )
        for kind, (recency, count, total) in kinds.items()
        for place in range(each)
    ]


def members_by_name(orders: Orders, seed: int = 0) -> dict[str, set[int]]:
    arrays, texts = segments.train(orders, seed=seed)
    return {
        name: set(arrays["segments_user_ids"][arrays["segments_labels"] == row].tolist())
        for row, name in enumerate(texts["segments_names"])
    }


def test_crowds_are_found_and_called_what_they_are():
    found = members_by_name(orders_of(crowd()))
    assert {name: {user // 1000 for user in users} for name, users in found.items()} == {
        "Champions": {1},
        "New": {2},
        "At risk": {3},
        "One-time buyers": {4},
    }
    assert sum(map(len, found.values())) == 160


def test_every_customer_has_one_segment_with_their_numbers():
    arrays, texts = segments.train(orders_of(crowd()))
    assert (np.diff(arrays["segments_user_ids"]) > 0).all()
    assert {len(array) for array in arrays.values()} == {160}
    assert len(texts["segments_names"]) == len(texts["segments_descriptions"]) == 4
    champion = np.flatnonzero(arrays["segments_user_ids"] == 1000)[0]
    assert arrays["segments_recency"][champion] == 0
    assert arrays["segments_frequency"][champion] > 15
    assert arrays["segments_monetary"][champion] > 15 * 7_000


def test_a_description_says_what_is_typical_in_numbers():
    _, texts = segments.train(orders_of(crowd()))
    described = dict(zip(texts["segments_names"], texts["segments_descriptions"], strict=True))
    assert described["One-time buyers"].startswith(
        "They bought once, and not again. Half of them ordered within"
    )
    assert "; 1 order is typical, spending 0." in described["One-time buyers"]
    assert all(len(text) <= 500 for text in described.values()), "what the database takes"


def test_the_same_orders_make_the_same_segments_whatever_their_order():
    orders = orders_of(crowd(seed=3, each=70))
    shuffled = np.random.default_rng(1).permutation(len(orders.times))
    again = Orders(orders.user_ids[shuffled], orders.times[shuffled], orders.totals[shuffled])
    assert members_by_name(orders) == members_by_name(again)


def test_guests_are_no_customers():
    customers = crowd(each=20)
    orders = orders_of([*customers, (GUEST, 0, 500, 99_999)])
    assert GUEST not in segments.train(orders)[0]["segments_user_ids"]
    assert members_by_name(orders) == members_by_name(orders_of(customers))


def test_large_amounts_are_summed_exactly():
    orders = Orders(np.ones(3, np.int64), np.full(3, NEWEST), np.array([2**53, 1, 2**53], np.int64))
    assert segments.customers_of(orders).monetary.tolist() == [2**54 + 1]


@pytest.mark.parametrize("customers", [0, 1, segments.MIN_CUSTOMERS - 1])
def test_too_few_customers_are_not_grouped(customers: int):
    orders = orders_of(crowd(each=3)[:customers]) if customers else Orders.none()
    arrays, texts = segments.train(orders)
    assert {name: (array.shape, array.dtype.str) for name, array in arrays.items()} == {
        "segments_user_ids": ((0,), "<i8"),
        "segments_labels": ((0,), "<i4"),
        "segments_recency": ((0,), "<i4"),
        "segments_frequency": ((0,), "<i4"),
        "segments_monetary": ((0,), "<i8"),
    }
    assert texts == {"segments_names": [], "segments_descriptions": []}


@pytest.mark.parametrize(("customers", "most"), [(10, 2), (30, 3), (200, 6)])
def test_a_small_shop_has_few_segments(customers: int, most: int):
    chance = np.random.default_rng(customers)
    rows = [
        (user, float(chance.integers(0, 300)), int(chance.integers(1, 20)), int(chance.integers(100, 9_999)))
        for user in range(1, customers + 1)
    ]
    names = segments.train(orders_of(rows))[1]["segments_names"]
    assert 2 <= len(names) <= most
    assert len(set(names)) == len(names)


def test_customers_who_are_all_alike_are_one_segment():
    arrays, texts = segments.train(orders_of([(user, 5, 2, 1_000) for user in range(1, 50)]))
    assert texts["segments_names"] == [ALL_CUSTOMERS.name]
    assert not arrays["segments_labels"].any()


def test_two_sorts_of_customers_are_two_segments():
    rows = [(user, 5 if user % 2 else 90, 2, 1_000) for user in range(1, 61)]
    found = members_by_name(orders_of(rows))
    assert sorted(len(users) for users in found.values()) == [30, 30]


@pytest.mark.parametrize("seed", range(20))
def test_names_are_unique_and_true(seed: int):
    """Whatever the groups are, none is called what it is not."""
    chance = np.random.default_rng(seed)
    points = np.repeat(chance.normal(0, 0.9, (6, 3)), 5, axis=0)
    points -= points.mean(axis=0)
    labels = np.repeat(np.arange(6), 5)
    orders = np.repeat(chance.integers(1, 9, 6), 5)
    kinds = {kind.name: kind for kind in ARCHETYPES}
    new, names, _ = named(labels, points, orders * 3, orders, orders * 100)
    assert len(set(names)) == 6
    assert len(np.unique(np.stack([labels, new]), axis=1).T) == 6, "renumbered, not mixed"
    for row, name in enumerate(names):
        centre, kind = points[new == row].mean(axis=0), kinds[name]
        assert all(side * place >= 0 for side, place in zip(kind.sides, centre, strict=True)), name
        assert np.median(orders[new == row]) <= kind.max_orders


def test_orders_are_read_with_their_totals_in_the_currency_most_used(tmp_path: Path):
    orders = interactions.read(make_shop(tmp_path / "shop.db")).orders
    assert sorted(zip(orders.user_ids.tolist(), orders.totals.tolist(), strict=True)) == [
        (GUEST, 0),
        (5, 1_250),
    ]


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("segments_labels", 4, "points outside its table"),
        ("segments_labels", -1, "points outside its table"),
        ("segments_user_ids", 0, "are not ascending positive ids"),
    ],
)
def test_an_artifact_with_segments_that_do_not_fit_is_refused(
    contents: Contents, name: str, value: int, problem: str
):
    arrays, texts = segments.train(orders_of(crowd()))
    whole = contents | Contents(arrays, texts)
    check(whole)
    arrays[name][0] = value
    with pytest.raises(InvalidContents, match=f"{name} {problem}"):
        check(whole | Contents(arrays, texts))
