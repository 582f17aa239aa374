"""Reading a shop's database (SQLite here; the same queries run on PostgreSQL)."""

from __future__ import annotations

from pathlib import Path

import pytest
from shop_database import DAY_ONE, make_shop
from sqlalchemy.exc import SQLAlchemyError

from ml.data import interactions
from ml.data.dataset import EVENT_KINDS, GUEST


@pytest.fixture
def url(tmp_path: Path) -> str:
    return make_shop(tmp_path / "shop.db")


def test_only_orders_that_were_bought_count(url: str):
    lines = interactions.read(url).interactions
    assert sorted(zip(lines.order_ids.tolist(), lines.product_ids.tolist(), strict=True)) == [
        (1, 1),
        (1, 2),
        (2, 2),
    ]
    assert dict(zip(lines.order_ids.tolist(), lines.user_ids.tolist(), strict=True)) == {1: 5, 2: GUEST}


def test_times_are_seconds_in_utc(url: str):
    lines = interactions.read(url).interactions
    assert lines.times[lines.order_ids == 1][0] == pytest.approx(DAY_ONE + 0.5, abs=0.01)


def test_products_on_sale_come_with_their_words(url: str):
    products = interactions.read(url).products
    assert products.ids.tolist() == [1, 2, 3]
    assert list(products.names) == ["Mug", "Cup", "Bare"]
    assert list(products.brands) == ["Acme", "", ""]
    assert products.category_ids.tolist() == [11, 10, 0]
    assert products.category_paths == {10: "Kitchen", 11: "Kitchen Mugs"}


def test_events_are_folded_and_nameless_ones_left_out(url: str):
    events = interactions.read(url).events
    found = {
        (user, product, EVENT_KINDS[kind]): time
        for user, product, kind, time in zip(
            events.user_ids.tolist(),
            events.product_ids.tolist(),
            events.kinds.tolist(),
            events.times.tolist(),
            strict=True,
        )
    }
    assert found.keys() == {(5, 1, "VIEW"), (5, 2, "ADD_TO_CART")}
    assert found[5, 1, "VIEW"] == pytest.approx(DAY_ONE + 86_400, abs=0.01), "the latest of two"


def test_chunks_join(url: str, monkeypatch: pytest.MonkeyPatch):
    whole = interactions.read(url)
    monkeypatch.setattr(interactions, "CHUNK", 1)
    assert interactions.read(url).fingerprint() == whole.fingerprint()


def test_a_database_that_is_no_shop_is_an_error(tmp_path: Path):
    with pytest.raises(SQLAlchemyError):
        interactions.read(f"sqlite:///{tmp_path / 'empty.db'}")
