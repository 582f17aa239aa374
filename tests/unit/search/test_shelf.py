"""The shelf: items one by one and many at once say the same, and prices turn by the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from server.search.index.shelf import Shelf, ShelfColumns, ShelfItem

NOW = datetime(2026, 11, 29, tzinfo=UTC)
ITEMS = [
    ShelfItem(product_id=4, price_minor=500, in_stock=False, sold=3, rating=4.5, created=7),
    ShelfItem(product_id=9, price_minor=900, sold=0, created=8),
]
REDUCED = ShelfItem(
    product_id=6,
    price_minor=100,
    phases=[(None, NOW + timedelta(hours=1), 100), (NOW + timedelta(hours=1), None, 200)],
)
COLUMNS = ("exists", "in_stock", "prices", "sold", "popularity", "ratings", "created")


def _columns(items: list[ShelfItem], *changing: ShelfItem) -> ShelfColumns:
    rows = [
        (item.product_id, item.price_minor, item.in_stock, item.sold, item.rating, item.created)
        for item in items
    ]
    return ShelfColumns.of(rows, changing)


def _of(shelf: Shelf, product_id: int) -> list[object]:
    [slot] = shelf.slots_of(np.array([product_id])).tolist()
    return [getattr(shelf, name)[slot] for name in COLUMNS]


def test_many_at_once_are_what_they_are_one_by_one() -> None:
    singly, together = Shelf([*ITEMS, REDUCED]), Shelf((), _columns(ITEMS, REDUCED))
    later = Shelf()
    later.put_columns(_columns(ITEMS, REDUCED))
    for product_id in (4, 6, 9, 1_000_000):
        assert _of(singly, product_id) == _of(together, product_id) == _of(later, product_id)


def test_a_price_turns_by_the_clock_until_it_is_one_that_stays() -> None:
    shelf = Shelf((), _columns(ITEMS, REDUCED))
    before = shelf.price_generation
    shelf.turn(NOW + timedelta(hours=2))
    assert _of(shelf, 6)[2] == 200
    assert shelf.price_generation > before
    shelf.put_columns(_columns([*ITEMS, ShelfItem(product_id=6, price_minor=150)]))
    shelf.turn(NOW + timedelta(hours=9))
    assert _of(shelf, 6)[2] == 150


def test_what_comes_and_goes_is_another_shelf() -> None:
    shelf = Shelf(ITEMS)
    seen = {shelf.existence}
    shelf.remove([4])
    seen.add(shelf.existence)
    shelf.put(ITEMS[:1])
    seen.add(shelf.existence)
    assert len(seen) == 3
    shelf.put(ITEMS)  # nothing came, and no price is another
    assert (shelf.existence in seen, _of(shelf, 4)[0]) == (True, True)
