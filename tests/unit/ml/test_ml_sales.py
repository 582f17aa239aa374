"""Counting sales by day: windows, what later sales must not tell, and products that never sold."""

from __future__ import annotations

import numpy as np
import pytest
from small_shop import make_interactions

from ml.data.dataset import DAY, GUEST
from ml.models import sales
from ml.models.sales import WINDOWS, Sales

START = 20_000 * DAY
IDS = np.array([1, 2, 3], dtype=np.int64)


def counted(lines: list[tuple[int, int, int, float]]) -> Sales:
    return Sales(sales.train(make_interactions(lines), IDS))


LINES = [
    (5, 1, 1, START),
    (5, 2, 1, START + 10 * DAY),
    (6, 3, 1, START + 10 * DAY),
    (6, 3, 2, START + 10 * DAY),
    (7, 4, 2, START + 40 * DAY),
]


def test_a_window_holds_the_days_before_and_not_the_day_itself() -> None:
    known = counted(LINES).before(np.array([0, 1]), START + 10 * DAY + 3600)
    assert known.shares[:, WINDOWS.index(14)].tolist() == [1.0, 0.0]
    assert known.shares[:, -1].tolist() == [1.0, 0.0]
    later = counted(LINES).before(np.array([0, 1]), START + 11 * DAY)
    assert later.shares[:, WINDOWS.index(7)].tolist() == [1.0, 0.5]
    assert later.shares[:, WINDOWS.index(14)].tolist() == [1.0, pytest.approx(1 / 3)]


def test_what_sells_later_is_not_known_earlier() -> None:
    rows, early = np.array([0, 1, 2]), START + 11 * DAY
    with_later, without = counted(LINES).before(rows, early), counted(LINES[:-1]).before(rows, early)
    assert np.array_equal(with_later.shares, without.shares)
    assert np.array_equal(with_later.ages, without.ages, equal_nan=True)


def test_after_the_last_day_its_knowledge_stands() -> None:
    shop = counted(LINES)
    next_day, next_year = (shop.before(IDS - 1, START + days * DAY) for days in (41, 400))
    assert np.array_equal(next_day.shares, next_year.shares)
    assert next_day.shares[1, WINDOWS.index(7)] == 1.0


def test_a_repeat_is_an_order_of_a_user_who_had_bought_it_before() -> None:
    known = counted(LINES).before(np.array([0, 1]), START + 50 * DAY)
    prior = sales.REPEATS_PRIOR, sales.ORDERS_PRIOR
    assert known.repeat_rates.tolist() == [(1 + prior[0]) / (3 + prior[1]), prior[0] / (2 + prior[1])]


def test_ages_count_from_the_first_and_the_last_sale() -> None:
    known = counted(LINES).before(np.array([0, 1, 2, -1]), START + 20 * DAY)
    assert known.ages.tolist()[:2] == [20, 10]
    assert known.idle.tolist()[:2] == [10, 10]
    assert np.isnan(known.ages[2:]).all()
    assert np.isnan(known.idle[2:]).all()
    assert not known.shares[2:].any()


def test_guests_and_repeated_lines_of_an_order_do_not_count() -> None:
    guest = (GUEST, 9, 3, START + 10 * DAY)
    known = counted([*LINES, guest, LINES[0]]).before(IDS - 1, START + 12 * DAY)
    assert np.array_equal(known.shares, counted(LINES).before(IDS - 1, START + 12 * DAY).shares)


def test_a_shop_without_orders_knows_nothing() -> None:
    empty = make_interactions(LINES).where(np.zeros(len(LINES), dtype=np.bool_))
    known = Sales(sales.train(empty, IDS)).before(IDS - 1, START)
    assert not known.shares.any()
    assert np.isnan(known.idle).all()
