"""Stock at several locations: where orders are served from, where units go that come back, and moving them."""

from __future__ import annotations

import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import grpc
import pytest
from sanset.v1 import inventory_pb2 as pb
from sanset.v1 import location_pb2, order_pb2, product_pb2, refund_service_pb2
from sanset.v1.allocation_pb2 import Allocation, ListAllocationsRequest
from sqlalchemy import text
from support.refund_story import refund, sent_back, units
from support.running_shop import Account, RunningShop, refusal, refused
from support.stock_places import (
    MAIN,
    books,
    buy,
    change_location,
    count,
    delete_location,
    new_location,
    stock,
    transfer,
)
from support.variant_storm import VariantStorm

from server.inventory import convert, location_queries, locations, queries
from server.inventory.serving import LocationServing
from server.verify import verify

pytestmark = pytest.mark.either

CODE = grpc.StatusCode


def _listed(shop: RunningShop, who: Account | None = None) -> dict[int, location_pb2.Location]:
    request = location_pb2.ListLocationsRequest(page_size=100)
    reply = shop.inventory.ListLocations(request, metadata=who.metadata if who else None)
    return {location.id: location for location in reply.items}


@dataclass(frozen=True)
class Spread:
    """A product with three units in the main warehouse, ten in the location that serves next, five in the last."""

    product_id: int
    variant_id: int
    second: int
    last: int

    def at(self, main: int, second: int, last: int) -> dict[int, int]:
        """What should be where."""
        return {MAIN: main, self.second: second, self.last: last}


@pytest.fixture
def spread(shop: RunningShop) -> Spread:
    """The main warehouse serves first: no other has a priority before it, or is older."""
    product = shop.product(stock=3)
    second, last = new_location(shop, priority=1).id, new_location(shop, priority=9).id
    count(shop, product.id, 10, second)
    count(shop, product.id, 5, last)
    return Spread(product.id, product.default_variant_id, second, last)


def _sound(shop: RunningShop, spread: Spread) -> None:
    """Nothing that verify says is about the stock of a product."""
    about = f"variant {spread.variant_id} ", f"variant {spread.variant_id}:", f"product {spread.product_id}:"
    assert [str(one) for one in verify(shop.app.db.engine) if one.sentence.startswith(about)] == []


# ── Locations


def test_a_location_is_described_listed_and_changed(shop: RunningShop) -> None:
    made = new_location(
        shop, kind=location_pb2.Location.STORE, city=" Springfield ", country="us", priority=70
    )
    assert (made.kind, made.city, made.country, made.active) == (
        location_pb2.Location.STORE,
        "Springfield",
        "US",
        True,
    )
    assert _listed(shop)[made.id] == made
    after = change_location(shop, made.id, name=f"{made.name}!", active=False)
    assert (after.name, after.active, after.city) == (f"{made.name}!", False, "Springfield")
    assert made.id not in _listed(shop), "one that is closed is no customer's business"
    assert made.id not in _listed(shop, shop.customer())
    closed = location_pb2.GetLocationRequest(location_id=made.id)
    assert refused(shop.inventory.GetLocation, closed).reason == "LOCATION_NOT_FOUND"
    assert shop.inventory.GetLocation(closed, metadata=shop.admin.metadata) == after
    assert _listed(shop, shop.admin)[made.id] == after
    assert _listed(shop, shop.vendor())[made.id] == after
    delete_location(shop, made.id)
    assert made.id not in _listed(shop, shop.admin)


def test_locations_are_listed_in_the_order_in_which_they_serve(shop: RunningShop) -> None:
    late, early = new_location(shop, priority=900_002).id, new_location(shop, priority=900_001).id
    third = new_location(shop, priority=900_001).id
    order = [each for each in _listed(shop) if each in (late, early, third)]
    assert order == [early, third, late]
    for location_id in order:
        delete_location(shop, location_id)


def test_a_new_location_is_an_active_warehouse_unless_it_is_said_to_be_another(shop: RunningShop) -> None:
    made = new_location(shop)
    assert (made.kind, made.active, made.priority) == (location_pb2.Location.WAREHOUSE, True, 0)
    delete_location(shop, made.id)


def test_an_order_and_a_new_name_of_its_location_do_not_wait_for_each_other(
    postgres_shop: RunningShop,
) -> None:
    """An order refers to the location whose stock it holds; SQLite has no two writers."""
    shop, product = postgres_shop, postgres_shop.product()
    store = new_location(shop, priority=3)
    count(shop, product.id, 5, store.id)
    blocked = text("SELECT count(*) FROM pg_locks WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))")
    with ThreadPoolExecutor(1) as client, shop.app.db.engine.begin() as tx:
        queries.lock(tx, [product.default_variant_id])
        fields = {"name": f"{store.name}!", "priority": 4}
        changing = client.submit(lambda: change_location(shop, store.id, **fields))
        while not changing.done() and not tx.execute(blocked).scalar_one():
            pass
        tx.execute(text("SET LOCAL lock_timeout = 500"))
        tx.execute(text("SELECT FROM locations WHERE id = :id FOR KEY SHARE"), {"id": store.id})
    assert changing.result().name == f"{store.name}!"


def test_two_locations_cannot_have_one_name(shop: RunningShop) -> None:
    first, second = new_location(shop), new_location(shop)
    for call in (
        lambda: new_location(shop, name=first.name),
        lambda: change_location(shop, second.id, name=first.name),
    ):
        with pytest.raises(grpc.RpcError) as caught:
            call()
        said = refusal(caught.value)
        assert (said.code, said.reason) == (CODE.ALREADY_EXISTS, "LOCATION_TAKEN")
    for one in (first, second):
        delete_location(shop, one.id)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": "  "}, "location.name"),
        ({"name": "a\nb"}, "location.name"),
        ({"country": "ZZ"}, "location.country"),
        ({"priority": -1}, "location.priority"),
    ],
)
def test_what_a_location_cannot_be_is_refused_by_name(
    shop: RunningShop, fields: dict[str, object], field: str
) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        new_location(shop, **fields)
    said = refusal(caught.value)
    assert said.code == CODE.INVALID_ARGUMENT
    assert field in said.fields


def test_a_location_with_stock_or_with_sales_and_the_main_one_cannot_be_deleted(shop: RunningShop) -> None:
    product, store = shop.product(stock=0), new_location(shop, priority=50).id

    def refused_deletion(location_id: int) -> str:
        request = location_pb2.DeleteLocationRequest(location_id=location_id)
        return refused(shop.inventory.DeleteLocation, request, shop.admin).reason

    count(shop, product.id, 1, store)
    assert refused_deletion(store) == "LOCATION_IN_USE"
    order = buy(shop, product.id, 1)
    assert stock(shop, product.id) == {MAIN: 0, store: 0}
    assert refused_deletion(store) == "LOCATION_IN_USE", "what is sent back goes there"
    refund(shop, order.id, items=units(order, 1), restock=True)
    count(shop, product.id, 0, store)
    assert refused_deletion(store) == "LOCATION_IN_USE", "the order still says that it came from there"
    assert refused_deletion(MAIN) == "LOCATION_IN_USE"
    assert refused_deletion(2**53) == "LOCATION_NOT_FOUND"


def test_a_location_whose_stock_left_can_be_deleted(shop: RunningShop) -> None:
    product, store = shop.product(stock=4), new_location(shop).id
    transfer(shop, product.id, MAIN, store, 4)
    transfer(shop, product.id, store, MAIN, 4)
    delete_location(shop, store)
    assert books(shop, product.id) == {MAIN: (4, 4, 0)}


# ── Serving orders


def test_an_order_is_served_by_priority_and_takes_from_the_next_what_one_lacks(
    shop: RunningShop, spread: Spread
) -> None:
    buy(shop, spread.product_id, 2)
    assert stock(shop, spread.product_id) == spread.at(1, 10, 5)
    buy(shop, spread.product_id, 14)
    assert books(shop, spread.product_id) == {
        MAIN: (0, 3, 3),
        spread.second: (0, 10, 10),
        spread.last: (2, 5, 3),
    }
    _sound(shop, spread)


def test_all_locations_together_are_what_can_be_ordered(shop: RunningShop, spread: Spread) -> None:
    shown = shop.catalog.GetProduct(product_pb2.GetProductRequest(product_id=spread.product_id))
    assert shown.stock == 18
    buyer = shop.customer()
    with pytest.raises(grpc.RpcError) as caught:
        shop.add(buyer, spread.product_id, 19)
    assert refusal(caught.value).facts["available"] == "18"
    assert shop.add(buyer, spread.product_id, 18).items[-1].quantity == 18
    shop.checkout(buyer)
    assert sum(stock(shop, spread.product_id).values()) == 0
    sold_out = shop.catalog.GetProduct(product_pb2.GetProductRequest(product_id=spread.product_id))
    assert sold_out.stock_status == product_pb2.Product.OUT_OF_STOCK
    _sound(shop, spread)


def test_a_location_that_is_not_active_serves_nothing_and_keeps_what_it_has(
    shop: RunningShop, spread: Spread
) -> None:
    change_location(shop, spread.second, active=False)
    request = pb.GetInventoryRequest(product_id=spread.product_id)
    inventory = shop.inventory.GetInventory(request, metadata=shop.admin.metadata)
    assert inventory.total_available == 8
    assert {level.location_id for level in inventory.levels if not level.active} == {spread.second}
    public = shop.inventory.GetInventory(request)
    assert list(public.levels) == [level for level in inventory.levels if level.active]
    assert (public.total_available, public.status) == (8, inventory.status)
    buy(shop, spread.product_id, 4)
    assert stock(shop, spread.product_id) == spread.at(0, 10, 4)
    change_location(shop, spread.second, active=True)
    buy(shop, spread.product_id, 1)
    assert stock(shop, spread.product_id) == spread.at(0, 9, 4)
    _sound(shop, spread)


def test_a_product_is_in_stock_while_a_location_that_serves_has_it(shop: RunningShop) -> None:
    tag = uuid.uuid4().hex
    product, store = shop.product(stock=0, tags=[tag]), new_location(shop).id

    def listed() -> bool:
        request = product_pb2.ListProductsRequest(tags=[tag], in_stock=True)
        return [each.id for each in shop.catalog.ListProducts(request).items] == [product.id]

    assert not listed()
    count(shop, product.id, 2, store)
    assert listed()
    change_location(shop, store, active=False)
    assert not listed()
    count(shop, product.id, 3, store)
    assert not listed()
    change_location(shop, store, active=True)
    assert listed()
    transfer(shop, product.id, store, MAIN, 3)
    change_location(shop, store, active=False)
    assert listed()
    _sound(shop, Spread(product.id, product.default_variant_id, store, store))


def _serving(shop: RunningShop, location_id: int) -> list[bool]:
    """Whether orders are served from each level at a location."""
    rows = shop.sql(
        "SELECT priority FROM inventory_levels WHERE location_id = :id ORDER BY variant_id", id=location_id
    )
    return [row.priority is not None for row in rows]


def test_levels_follow_their_location_some_at_a_time_and_whoever_dies_has_a_successor(
    shop: RunningShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locations, "LEVELS_AT_ONCE", 2)
    store, products = new_location(shop), [shop.product(stock=0).id for _ in range(5)]
    for product_id in products:
        count(shop, product_id, 1, store.id)
    change_location(shop, store.id, active=False)
    assert _serving(shop, store.id) == [False] * 5
    with shop.app.db.transaction() as tx:
        locations.change(tx, store.id, {"active": True}, "")
    for expected in ([True] * 2 + [False] * 3, [True] * 4 + [False]):
        with shop.app.db.transaction() as tx:
            after = locations.serve_some(tx, store.id, 0)
        assert after
        assert _serving(shop, store.id) == expected
    shown = shop.catalog.BatchGetProducts(product_pb2.BatchGetProductsRequest(product_ids=products))
    assert [product.stock for product in shown.items] == [1, 1, 1, 1, 0]
    assert not [one for one in verify(shop.app.db.engine) if str(one).startswith("stock-priority")]
    serving = LocationServing(shop.app.core.work)
    for _ in range(2):
        shop.run(serving.run())
        assert _serving(shop, store.id) == [True] * 5
    with shop.app.db.read() as connection:
        assert store.id not in location_queries.with_pending_levels(connection)


def test_a_location_that_changes_again_meanwhile_is_followed_to_the_end(
    shop: RunningShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locations, "LEVELS_AT_ONCE", 2)
    store = new_location(shop)
    for _ in range(3):
        count(shop, shop.product(stock=0).id, 1, store.id)
    with shop.app.db.transaction() as tx:
        locations.change(tx, store.id, {"active": False}, "")
    with shop.app.db.transaction() as tx:
        after = locations.serve_some(tx, store.id, 0)
    with shop.app.db.transaction() as tx:
        locations.change(tx, store.id, {"active": True, "priority": 7}, "")
    while after is not None:
        with shop.app.db.transaction() as tx:
            after = locations.serve_some(tx, store.id, after)
    rows = shop.sql("SELECT priority FROM inventory_levels WHERE location_id = :id", id=store.id)
    assert [row.priority for row in rows] == [7] * 3


def test_what_is_closed_takes_no_place_of_what_is_open_in_a_long_inventory(
    shop: RunningShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convert, "MAX_LEVELS", 2)
    product = shop.product(stock=1)
    closed, stores = new_location(shop, active=False).id, [new_location(shop).id for _ in range(2)]
    for location_id in (closed, *stores):
        count(shop, product.id, 1, location_id)

    def shown(who: Account | None) -> list[int]:
        request = pb.GetInventoryRequest(product_id=product.id)
        reply = shop.inventory.GetInventory(request, metadata=who.metadata if who else None)
        assert reply.total_available == 3
        return [level.location_id for level in reply.levels]

    assert shown(None) == [MAIN, stores[0]]
    assert shown(shop.admin) == [MAIN, closed]


def test_another_priority_serves_the_next_orders(shop: RunningShop, spread: Spread) -> None:
    change_location(shop, spread.last, priority=0)  # among equals the older one is first
    buy(shop, spread.product_id, 6)
    assert stock(shop, spread.product_id) == spread.at(0, 10, 2)
    _sound(shop, spread)


def test_a_checkout_of_the_main_warehouse_alone_needs_no_record(shop: RunningShop) -> None:
    order = buy(shop, shop.product(stock=5).id, 2)
    assert not shop.sql("SELECT * FROM stock_allocations WHERE order_id = :id", id=order.id)


@pytest.mark.both
def test_the_statements_of_a_checkout_do_not_grow_with_the_locations(
    shop: RunningShop, spread: Spread
) -> None:
    plain = shop.product(stock=10).id

    def statements(product_id: int, quantity: int) -> int:
        buyer = shop.customer()
        shop.add(buyer, product_id, quantity)
        with shop.counted_queries() as queries:
            shop.checkout(buyer)
        return len(queries)

    statements(plain, 1)
    alone, one = statements(plain, 1), statements(spread.product_id, 1)
    assert one == alone
    two, three = statements(spread.product_id, 4), statements(spread.product_id, 10)
    assert two == three <= alone + 1, "the record of what came from elsewhere"


# ── Coming back


def test_a_declined_order_gives_back_what_it_took_where_it_took_it(shop: RunningShop, spread: Spread) -> None:
    buyer = shop.customer()
    shop.add(buyer, spread.product_id, 16)
    with pytest.raises(grpc.RpcError) as caught:
        shop.checkout(buyer, payment_token="tok_decline")
    assert refusal(caught.value).reason == "PAYMENT_DECLINED"
    assert stock(shop, spread.product_id) == spread.at(3, 10, 5)
    _sound(shop, spread)


def test_a_cancelled_order_gives_back_what_it_took_where_it_took_it(
    shop: RunningShop, spread: Spread
) -> None:
    buyer = shop.customer()
    order = buy(shop, spread.product_id, 16, buyer)
    cancel = refund_service_pb2.CancelOrderRequest(order_id=order.id, reason="Too late")
    shop.refunds.CancelOrder(cancel, metadata=buyer.metadata)
    assert books(shop, spread.product_id) == {
        MAIN: (3, 3, 0),
        spread.second: (10, 10, 0),
        spread.last: (5, 5, 0),
    }
    _sound(shop, spread)


def test_units_that_are_paid_back_go_where_they_came_from_and_no_further(
    shop: RunningShop, spread: Spread
) -> None:
    order = buy(shop, spread.product_id, 16)  # three, ten and three
    refund(shop, order.id, items=units(order, 11), restock=True)
    assert stock(shop, spread.product_id) == spread.at(0, 10, 3), "those that are recorded first"
    _sound(shop, spread)
    refund(shop, order.id, items=units(order, 5), restock=True)
    assert stock(shop, spread.product_id) == spread.at(3, 10, 5)
    _sound(shop, spread)


def test_units_that_are_sent_back_go_to_a_location_that_was_closed_meanwhile(
    shop: RunningShop, spread: Spread
) -> None:
    buyer = shop.customer()
    order = buy(shop, spread.product_id, 5, buyer)
    for status in (order_pb2.Order.PROCESSING, order_pb2.Order.SHIPPED, order_pb2.Order.DELIVERED):
        shop.move(order.id, status)
    change_location(shop, spread.second, active=False)
    sent_back(shop, buyer, order, 5)
    assert stock(shop, spread.product_id) == spread.at(3, 10, 5)
    shown = shop.inventory.GetInventory(pb.GetInventoryRequest(product_id=spread.product_id))
    assert shown.total_available == 8
    _sound(shop, spread)


def test_what_unpaid_orders_hold_is_shown_where_it_is(shop: RunningShop, spread: Spread) -> None:
    order = buy(shop, spread.product_id, 5)
    shop.sql("UPDATE orders SET status = 'PENDING_PAYMENT' WHERE id = :id", id=order.id)
    shown = shop.inventory.GetInventory(pb.GetInventoryRequest(product_id=spread.product_id))
    held = {level.location_id: (level.on_hand, level.reserved, level.available) for level in shown.levels}
    assert held == {MAIN: (3, 3, 0), spread.second: (10, 2, 8), spread.last: (5, 0, 5)}
    shop.sql("UPDATE orders SET status = 'CONFIRMED' WHERE id = :id", id=order.id)


def test_staff_is_shown_what_is_to_be_sent_from_where(shop: RunningShop, spread: Spread) -> None:
    buyer, plain = shop.customer(), shop.product(stock=5)
    shop.add(buyer, spread.product_id, 14)
    shop.add(buyer, plain.id, 2)
    order = shop.checkout(buyer).order
    refund(shop, order.id, items=units(order, 3, 1), restock=True)
    items: list[Allocation] = []
    token = ""
    while not items or token:
        request = ListAllocationsRequest(order_id=order.id, page_size=3, page_token=token)
        reply = shop.inventory.ListAllocations(request, metadata=shop.admin.metadata)
        items, token = [*items, *reply.items], reply.next_page_token
    parts = [(item.product_id, item.location_id, item.quantity, item.restocked_quantity) for item in items]
    assert parts == [
        (spread.product_id, spread.second, 10, 3),
        (spread.product_id, spread.last, 1, 0),
        (spread.product_id, MAIN, 3, 0),
        (plain.id, MAIN, 2, 1),
    ]
    assert items[2].location == "Main warehouse"
    missing = ListAllocationsRequest(order_id=2**53)
    assert refused(shop.inventory.ListAllocations, missing, shop.admin).reason == "ORDER_NOT_FOUND"


# ── Counting and moving


def test_counts_and_adjustments_are_of_the_default_location_unless_another_is_named(
    shop: RunningShop, spread: Spread
) -> None:
    count(shop, spread.product_id, 11)
    request = pb.AdjustInventoryRequest(product_id=spread.product_id, delta=-2, location_id=spread.last)
    shop.inventory.AdjustInventory(request, metadata=shop.admin.metadata)
    assert stock(shop, spread.product_id) == spread.at(11, 10, 3)
    short = pb.AdjustInventoryRequest(product_id=spread.product_id, delta=-11, location_id=spread.second)
    said = refused(shop.inventory.AdjustInventory, short, shop.admin)
    assert (said.reason, said.facts["available"]) == ("NEGATIVE_STOCK", "10")
    stale = pb.SetInventoryRequest(
        product_id=spread.product_id, quantity=1, expected_quantity=4, location_id=spread.second
    )
    assert refused(shop.inventory.SetInventory, stale, shop.admin).facts["available"] == "10"
    _sound(shop, spread)


def test_a_transfer_moves_units_and_the_books_balance(shop: RunningShop, spread: Spread) -> None:
    buy(shop, spread.product_id, 4)
    request_id = str(uuid.uuid4())
    first = transfer(shop, spread.product_id, spread.second, MAIN, 4, request_id=request_id)
    assert transfer(shop, spread.product_id, spread.second, MAIN, 4, request_id=request_id) == first
    assert books(shop, spread.product_id) == {
        MAIN: (4, 7, 3),
        spread.second: (5, 6, 1),
        spread.last: (5, 5, 0),
    }
    _sound(shop, spread)


def test_what_cannot_be_moved_is_refused(shop: RunningShop, spread: Spread) -> None:
    def said(origin: int, target: int, quantity: int = 1) -> tuple[str, list[str]]:
        request = pb.TransferStockRequest(
            product_id=spread.product_id, from_location_id=origin, to_location_id=target, quantity=quantity
        )
        answer = refused(shop.inventory.TransferStock, request, shop.admin)
        return answer.reason, answer.fields

    assert said(MAIN, spread.second, 4) == ("NEGATIVE_STOCK", [])
    assert said(MAIN, MAIN) == ("INVALID_FIELD", ["to_location_id"])
    assert said(MAIN, 2**53) == ("LOCATION_NOT_FOUND", [])
    assert said(2**53, MAIN) == ("LOCATION_NOT_FOUND", [])
    assert said(MAIN, spread.second, 0) == ("INVALID_FIELD", ["quantity"])
    assert stock(shop, spread.product_id) == spread.at(3, 10, 5)


def test_a_vendor_moves_the_stock_of_their_own_products_only(shop: RunningShop, spread: Spread) -> None:
    request = pb.TransferStockRequest(
        product_id=spread.product_id, from_location_id=MAIN, to_location_id=spread.second, quantity=1
    )
    assert refused(shop.inventory.TransferStock, request, shop.vendor()).reason == "NOT_THE_OWNER"


@pytest.mark.both
def test_first_counts_of_a_variant_at_a_location_at_once_are_one_level(shop: RunningShop) -> None:
    product, store = shop.product(stock=1), new_location(shop).id
    request = pb.AdjustInventoryRequest(product_id=product.id, delta=1, location_id=store)
    with ThreadPoolExecutor(8) as clients:
        list(
            clients.map(
                lambda _: shop.inventory.AdjustInventory(request, metadata=shop.admin.metadata), range(16)
            )
        )
    assert stock(shop, product.id) == {MAIN: 1, store: 16}


@pytest.mark.both
def test_transfers_counts_and_checkouts_at_once_lose_nothing(shop: RunningShop, spread: Spread) -> None:
    buyers = [shop.customer() for _ in range(12)]
    for buyer in buyers:
        shop.add(buyer, spread.product_id, 1)

    def act(number: int) -> str:
        if number % 3 == 0:
            shop.checkout(buyers[number // 3])
            return "SOLD"
        origin, target = (MAIN, spread.second) if number % 2 else (spread.second, MAIN)
        try:
            transfer(shop, spread.product_id, origin, target, 1)
        except grpc.RpcError as error:
            return refusal(error).reason
        return "MOVED"

    with ThreadPoolExecutor(8) as clients:
        ends = Counter(clients.map(act, range(36)))
    assert ends["SOLD"] == 12
    assert ends.keys() <= {"SOLD", "MOVED", "NEGATIVE_STOCK"}
    assert sum(stock(shop, spread.product_id).values()) == 18 - 12
    _sound(shop, spread)


def test_buyers_of_three_variants_at_two_locations_get_what_there_is(shop: RunningShop) -> None:
    storm = VariantStorm.of([shop], variants=3, units=2)
    storm.rage(storm.carts(24), threads=8, counts=4)
    storm.check()
    for variant_id in storm.variants:
        _sound(shop, Spread(storm.product_id, variant_id, storm.store, storm.store))
