"""A shop with several locations can go back to a schema that knows one, which has all its stock then."""

from __future__ import annotations

from pathlib import Path

from support.old_schemas import rows, taken_back
from support.running_shop import RunningShop, test_settings
from support.stock_places import MAIN, buy, change_location, count, new_location

from server.db import migrate
from server.verify import verify

BEFORE = "0036"
LEVELS = "SELECT location_id, available, received, sold FROM inventory_levels WHERE product_id = {}"
LISTED = "SELECT DISTINCT in_stock FROM product_listings WHERE product_id = {}"


def test_the_stock_of_all_locations_is_at_the_default_one(database_url: str, tmp_path: Path) -> None:
    shop = RunningShop(test_settings(database_url, tmp_path))
    spread, closed = shop.product(stock=2).id, shop.product(stock=0).id
    first, last = new_location(shop, priority=1).id, new_location(shop, priority=2).id
    for location_id in (first, last):
        count(shop, spread, 3, location_id)
    count(shop, closed, 4, last)
    buy(shop, spread, 6)
    change_location(shop, last, active=False)
    shop.stop()
    with taken_back(database_url, BEFORE, []) as engine:
        assert rows(engine, LEVELS.format(spread)) == [(MAIN, 2, 8, 6)]
        assert rows(engine, LEVELS.format(closed)) == [(MAIN, 4, 4, 0)]
        assert [bool(in_stock) for (in_stock,) in rows(engine, LISTED.format(closed))] == [True]
        migrate.upgrade(database_url)
        assert verify(engine) == []
