"""WatchInventory: every change of the stock, in order, to whoever watches, and where to go on after a break."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import grpc
import pytest
from sanset.v1.inventory_watch_pb2 import WatchInventoryRequest
from support.catalog_shop import add_variant
from support.refund_story import refund, units
from support.running_shop import RunningShop, refusal, refused, test_settings
from support.stock_places import MAIN, buy, change_location, count, new_location, transfer
from support.stock_watcher import StockWatcher

from server.events.log import publish
from server.events.topics import CatalogReplaced
from server.inventory.watching import MAX_WAITING

pytestmark = pytest.mark.either


def test_each_way_to_move_stock_is_told_with_what_is_there_now(shop: RunningShop) -> None:
    product, store = (
        shop.product(stock=10),
        new_location(shop, priority=3, name=f"Mall {time.monotonic_ns()}"),
    )
    watcher = StockWatcher(shop, product_ids=[product.id])
    count(shop, product.id, 2)
    transfer(shop, product.id, MAIN, store.id, 1)
    order = buy(shop, product.id, 2)
    refund(shop, order.id, items=units(order, 2), restock=True)
    watcher.until_quantities(
        product.id, (MAIN, 2), (MAIN, 1), (store.id, 1), (MAIN, 0), (store.id, 0), (MAIN, 1), (store.id, 1)
    )
    changes = watcher.changes
    assert [change.sequence for change in changes] == sorted(change.sequence for change in changes)
    assert {change.variant_id for change in changes} == {product.default_variant_id}
    assert {change.location for change in changes if change.location_id == store.id} == {store.name}
    watcher.cancel()


def test_the_opening_stock_of_a_new_variant_is_told(shop: RunningShop) -> None:
    product_id = shop.product(stock=10).id
    watcher = StockWatcher(shop, product_ids=[product_id])
    variant = add_variant(shop, product_id, stock=4, size="L")
    watcher.until_quantities(product_id, (MAIN, 4))
    assert [change.variant_id for change in watcher.changes] == [variant.id]
    watcher.cancel()


def test_a_watcher_of_some_products_hears_of_no_others(shop: RunningShop) -> None:
    first, second, other = (shop.product(stock=10).id for _ in range(3))
    watcher = StockWatcher(shop, product_ids=[first, second])
    everything = StockWatcher(shop, shop.customer(), all=True)
    for product_id in (other, second, first):
        count(shop, product_id, 3)
    watcher.until_quantities(first, (MAIN, 3)).until_quantities(second, (MAIN, 3))
    everything.until_quantities(first, (MAIN, 3)).until_quantities(other, (MAIN, 3))
    assert other not in {change.product_id for change in watcher.changes}
    watcher.cancel()
    everything.cancel()


def test_the_first_message_says_from_where_on_changes_are_told(shop: RunningShop) -> None:
    product_id = shop.product(stock=10).id
    watcher = StockWatcher(shop, product_ids=[product_id])
    assert watcher.kinds() == ["heartbeat"]
    begun = watcher.sequence
    watcher.cancel()
    count(shop, product_id, 1)
    count(shop, product_id, 2)
    again = StockWatcher(shop, product_ids=[product_id], after_sequence=begun)
    again.until_quantities(product_id, (MAIN, 1), (MAIN, 2)).cancel()


def test_a_stream_that_is_resumed_misses_nothing_and_repeats_nothing(shop: RunningShop) -> None:
    product_id, seen, after = shop.product(stock=0).id, [], 0
    for quantity in range(1, 13):
        watcher = StockWatcher(shop, product_ids=[product_id], after_sequence=after)
        count(shop, product_id, quantity)
        expected = quantity - len(seen)
        watcher.until(lambda one, expected=expected: len(one.quantities(product_id)) >= expected)
        seen += [left for _, left in watcher.quantities(product_id)]
        after = watcher.sequence
        watcher.cancel()
    assert seen == list(range(1, 13))


def test_many_changes_before_a_stream_come_in_pages_and_the_next_live(
    shop: RunningShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.inventory.feed.EVENTS_AT_ONCE", 3)
    product_id = shop.product(stock=0).id
    begun = StockWatcher(shop, product_ids=[product_id])
    for quantity in range(1, 11):
        count(shop, product_id, quantity)
    begun.until_quantities(product_id, *((MAIN, quantity) for quantity in range(1, 11)))
    late = StockWatcher(shop, product_ids=[product_id], after_sequence=begun.messages[0].heartbeat.sequence)
    late.until(lambda one: len(one.quantities(product_id)) >= 10)
    count(shop, product_id, 11)
    late.until_quantities(product_id, *((MAIN, quantity) for quantity in range(1, 12)))
    begun.cancel()
    late.cancel()


def test_a_sequence_that_is_not_reached_counts_as_the_last(shop: RunningShop) -> None:
    product_id = shop.product(stock=0).id
    watcher = StockWatcher(shop, product_ids=[product_id], after_sequence=2**60)
    assert watcher.sequence < 2**60
    count(shop, product_id, 5)
    watcher.until_quantities(product_id, (MAIN, 5)).cancel()


def test_a_browser_resumes_by_the_id_of_the_last_event(shop: RunningShop) -> None:
    product_id = shop.product(stock=0).id
    watcher = StockWatcher(shop, product_ids=[product_id])
    begun = watcher.sequence
    watcher.cancel()
    count(shop, product_id, 5)
    request = WatchInventoryRequest(product_ids=[product_id], after_sequence=1)
    stream = shop.inventory.WatchInventory(request, metadata=(("last-event-id", str(begun)),), timeout=60)
    assert next(stream).heartbeat.sequence == begun
    assert next(stream).changes.changes[0].new_quantity == 5
    stream.cancel()


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"all": True, "product_ids": [1]},
        {"product_ids": [0]},
        {"product_ids": [1, 1]},
        {"product_ids": range(1, 102)},
        {"product_ids": [1], "after_sequence": -1},
    ],
)
def test_what_is_no_scope_is_refused(shop: RunningShop, fields: dict[str, object]) -> None:
    def watch(request: WatchInventoryRequest, **arguments: object) -> object:
        return next(shop.inventory.WatchInventory(request, **arguments))

    said = refused(watch, WatchInventoryRequest(**fields), shop.admin)  # type: ignore[arg-type]
    assert said.code == grpc.StatusCode.INVALID_ARGUMENT


def test_only_who_is_signed_in_watches_everything(shop: RunningShop) -> None:
    def watch(request: WatchInventoryRequest, **arguments: object) -> object:
        return next(shop.inventory.WatchInventory(request, **arguments))

    said = refused(watch, WatchInventoryRequest(all=True))
    assert (said.code, said.reason) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_MISSING")


def test_changes_that_are_not_kept_any_more_are_said_to_be_gone(
    shop: RunningShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.inventory.feed_queries.first_event_id", lambda connection: 10)
    watcher = StockWatcher(shop, product_ids=[1], after_sequence=8).until_end()
    assert watcher.error is not None
    assert refusal(watcher.error).reason == "SEQUENCE_FORGOTTEN"
    StockWatcher(shop, product_ids=[1], after_sequence=9).cancel()


def test_a_location_that_closes_moves_no_stock(shop: RunningShop) -> None:
    product_id, store = shop.product(stock=1).id, new_location(shop).id
    count(shop, product_id, 4, store)
    watcher = StockWatcher(shop, product_ids=[product_id])
    change_location(shop, store, active=False)
    count(shop, product_id, 2)
    watcher.until_quantities(product_id, (MAIN, 2)).cancel()


def test_what_lies_at_a_location_that_is_not_active_is_told_to_staff_alone(shop: RunningShop) -> None:
    product_id, closed = shop.product(stock=10).id, new_location(shop, active=False)
    anyone = StockWatcher(shop, product_ids=[product_id])
    customer = StockWatcher(shop, shop.customer(), all=True)
    staff = StockWatcher(shop, shop.admin, product_ids=[product_id])
    count(shop, product_id, 7, closed.id)
    count(shop, product_id, 3)
    for watcher in (anyone, customer):
        watcher.until_quantities(product_id, (MAIN, 3)).cancel()
    staff.until_quantities(product_id, (closed.id, 7), (MAIN, 3)).cancel()


def test_an_import_ends_the_streams_which_go_on_after_it(shop: RunningShop) -> None:
    product_id = shop.product(stock=1).id
    watcher = StockWatcher(shop, product_ids=[product_id])
    count(shop, product_id, 7)
    with shop.app.db.transaction() as tx:
        publish(tx, CatalogReplaced())
    watcher.until_end()
    assert watcher.error is None
    assert watcher.kinds()[-1] == "reconnect"
    assert watcher.quantities(product_id) == [(MAIN, 7)]
    count(shop, product_id, 8)
    again = StockWatcher(shop, product_ids=[product_id], after_sequence=watcher.sequence)
    again.until_quantities(product_id, (MAIN, 8)).cancel()


@pytest.fixture
def quick(database_url: str, tmp_path: Path) -> Iterator[RunningShop]:
    """A worker with short heartbeats."""
    shop = RunningShop(test_settings(database_url, tmp_path).model_copy(update={"heartbeat_seconds": 0.05}))
    yield shop
    shop.stop()


@pytest.mark.either
def test_a_silent_stream_beats_and_ends_when_the_worker_stops(quick: RunningShop) -> None:
    watcher = StockWatcher(quick, product_ids=[quick.product().id])
    watcher.until(lambda one: one.kinds().count("heartbeat") >= 3)
    quick.run(quick.app.rooms.inventory.drain())
    watcher.until_end()
    assert watcher.error is None
    assert watcher.kinds()[-1] == "reconnect"


@pytest.mark.both
def test_changes_of_two_workers_are_told_by_both_in_one_order(database_url: str, tmp_path: Path) -> None:
    with ExitStack() as closing:
        shops = []
        for name in ("first", "second"):
            shops.append(RunningShop(test_settings(database_url, tmp_path / name)))
            closing.callback(shops[-1].stop)
        product_id, buyer = shops[0].product(stock=0).id, shops[0].customer()
        watchers = [StockWatcher(shop, buyer, all=True) for shop in shops for _ in range(3)]
        for quantity in range(1, 41):
            count(shops[quantity % 2], product_id, quantity)
        expected = [(MAIN, quantity) for quantity in range(1, 41)]
        for watcher in watchers:
            watcher.until_quantities(product_id, *expected).cancel()


@pytest.mark.either
def test_a_slow_reader_is_cut_and_resumes_where_it_stood(
    shop: RunningShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.inventory.feed.MIN_PAUSE", 0.0)
    monkeypatch.setattr("server.inventory.feed.EVENTS_AT_ONCE", 1)
    product_id, watch = shop.product(stock=0).id, shop.app.rooms.inventory.watch  # type: ignore[attr-defined]
    changes = MAX_WAITING + 20

    async def begin() -> object:
        stream = watch.watch(frozenset([product_id]), 0, public_only=True)
        await anext(stream)
        reading = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        return stream, reading

    stream, reading = shop.run(begin())  # type: ignore[misc]
    for quantity in range(1, changes + 1):
        count(shop, product_id, quantity)
    last = StockWatcher(shop, product_ids=[product_id])
    count(shop, product_id, 0)
    last.until(lambda one: one.quantities(product_id)[-1:] == [(MAIN, 0)]).cancel()

    async def rest() -> list[object]:
        return [await reading, *[message async for message in stream]]

    first, *_, end = shop.run(rest())
    assert isinstance(first, bytes)
    assert not isinstance(end, bytes)
    resumed = StockWatcher(shop, product_ids=[product_id], after_sequence=end.sequence)  # type: ignore[attr-defined]
    resumed.until(lambda one: one.quantities(product_id)[-1:] == [(MAIN, 0)])
    seen = [left for _, left in resumed.quantities(product_id)]
    assert seen == [*range(2, changes + 1), 0]
    resumed.cancel()
