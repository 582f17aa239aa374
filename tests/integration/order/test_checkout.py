"""Checkout through its public interface, on both databases: what it costs, what it freezes, what it refuses."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.type.money_pb2 import Money
from sanset.v1 import cart_pb2, order_service_pb2, payment_pb2, product_pb2, user_pb2
from sanset.v1 import order_pb2 as pb
from support.cart_shop import CENT, buyer_of, cart_of, cents, forget, refused, stock_of
from support.running_shop import RunningShop, counted_round_trips, refusal, test_settings

pytestmark = pytest.mark.either


def costs(order: pb.Order) -> tuple[int, int, int, int]:
    """Subtotal, tax, shipping and total, in cents."""
    totals = order.totals
    return cents(totals.subtotal), cents(totals.tax), cents(totals.shipping), cents(totals.total)


@pytest.fixture(scope="module")
def shelves() -> dict[int, list[int]]:
    """The shelf of each shop."""
    return {}


@pytest.fixture
def shelf(shop: RunningShop, shelves: dict[int, list[int]]) -> list[int]:
    """Thirty products, made once."""
    if shop.port not in shelves:
        shelves[shop.port] = [shop.product().id for _ in range(30)]
    return shelves[shop.port]


# What it costs


def test_tax_is_rounded_on_each_line(shop: RunningShop) -> None:
    buyer = shop.customer()
    for _ in range(3):  # 8 % of 0.07 is 0.0056: 0.01 on each line, where 8 % of the sum would be 0.02
        shop.add(buyer, shop.product(units=0, nanos=7 * CENT).id)
    assert costs(shop.checkout(buyer).order) == (21, 3, 599, 623)


def test_a_line_is_price_times_quantity_before_tax(shop: RunningShop) -> None:
    buyer, _ = buyer_of(shop, 333, quantity=3)
    order = shop.checkout(buyer).order
    assert [(cents(line.price), line.quantity, cents(line.line_total)) for line in order.items] == [
        (333, 3, 999)
    ]
    assert costs(order) == (999, 80, 599, 1678)


@pytest.mark.parametrize(("goods", "shipping"), [(4999, 599), (5000, 0), (5001, 0)])
def test_shipping_is_free_from_fifty(shop: RunningShop, goods: int, shipping: int) -> None:
    buyer, _ = buyer_of(shop, goods)
    assert cents(shop.checkout(buyer).order.totals.shipping) == shipping


def test_the_preview_and_the_cart_say_what_the_order_will_cost(shop: RunningShop) -> None:
    buyer, _ = buyer_of(shop, 1299, quantity=2)
    total = shop.cart.GetTotal(cart_pb2.GetTotalRequest(), metadata=buyer.metadata)
    preview = shop.orders.PreviewCheckout(order_service_pb2.PreviewCheckoutRequest(), metadata=buyer.metadata)
    assert shop.checkout(buyer).order.totals == preview.totals == total


# What it does


def test_a_demo_checkout_ends_confirmed_and_captured(shop: RunningShop) -> None:
    buyer, _ = buyer_of(shop, 1000)
    reply = shop.checkout(buyer, payment_method=payment_pb2.Payment.UPI)
    order = reply.order
    assert (reply.order_id, order.user_id, order.status) == (order.id, buyer.user_id, pb.Order.CONFIRMED)
    assert (order.payment.method, order.payment.status) == (
        payment_pb2.Payment.UPI,
        payment_pb2.Payment.CAPTURED,
    )
    assert order.payment.amount == order.totals.total
    assert order.payment.gateway_id
    assert order.number.startswith("SO-")
    assert order.tracking_number == ""  # the carrier's, once there is one
    assert reply.payment_url == ""


@pytest.mark.parametrize(
    ("option", "minutes"),
    [("STANDARD", 3 * 24 * 60), ("EXPRESS", 30), ("OPTION_UNSPECIFIED", 3 * 24 * 60)],
)
def test_the_delivery_option_sets_the_eta(shop: RunningShop, option: str, minutes: int) -> None:
    buyer, _ = buyer_of(shop, 1000)
    order = shop.checkout(buyer, delivery_option=option).order
    assert order.eta.seconds - order.create_time.seconds == minutes * 60


def test_a_checkout_takes_the_stock_and_empties_the_cart(shop: RunningShop) -> None:
    buyer, product_id = buyer_of(shop, 1000, quantity=3, stock=10)
    shop.checkout(buyer)
    assert (cart_of(shop, buyer), stock_of(shop, product_id)) == ({}, 7)


def test_lines_keep_the_order_of_the_cart(shop: RunningShop) -> None:
    buyer = shop.customer()
    ids = [shop.product().id for _ in range(4)]
    ids = [ids[2], ids[0], ids[3], ids[1]]
    for product_id in ids:
        shop.add(buyer, product_id)
    assert [line.product_id for line in shop.checkout(buyer).order.items] == ids


def test_an_order_keeps_its_prices_and_names(shop: RunningShop) -> None:
    buyer, product_id = buyer_of(shop, 1000)
    placed = shop.checkout(buyer).order
    dearer = product_pb2.Product(id=product_id, name="Renamed", price=Money(currency_code="USD", units=99))
    request = product_pb2.UpdateProductRequest(product=dearer, update_mask=FieldMask(paths=["name", "price"]))
    shop.catalog.UpdateProduct(request, metadata=shop.admin.metadata)
    assert (
        shop.orders.GetOrder(order_service_pb2.GetOrderRequest(order_id=placed.id), metadata=buyer.metadata)
        == placed
    )


def test_an_order_keeps_its_address(shop: RunningShop) -> None:
    buyer, _ = buyer_of(shop, 1000)
    second = shop.add_address(buyer, line1="2 Side Street", city="Paris", country="fr")
    placed = shop.checkout(buyer, address_id=second.id).order
    assert (placed.address.line1, placed.address.country) == ("2 Side Street", "FR")
    shop.users.DeleteAddress(user_pb2.DeleteAddressRequest(address_id=second.id), metadata=buyer.metadata)
    read = shop.orders.GetOrder(
        order_service_pb2.GetOrderRequest(order_id=placed.id), metadata=buyer.metadata
    )
    assert read.address == placed.address


@pytest.mark.both
@pytest.mark.parametrize("lines", [1, 30])
def test_a_checkout_takes_as_many_queries_whatever_its_lines(
    shop: RunningShop, shelf: list[int], lines: int
) -> None:
    buyer = shop.customer()
    for product_id in shelf[:lines]:
        shop.add(buyer, product_id)
    with shop.counted_queries() as queries, counted_round_trips() as round_trips:
        shop.checkout(buyer)
    assert len(queries) == 17, queries
    assert len(round_trips) == (5 if shop.app.db.is_postgresql else 0), round_trips


# What it refuses


def test_the_agreed_total_is_kept_or_nothing_happens(shop: RunningShop) -> None:
    buyer, product_id = buyer_of(shop, 1000, stock=5)
    request_id = str(uuid.uuid4())
    wrong = Money(currency_code="USD", units=16, nanos=78 * CENT)
    answer = refused(shop, buyer, request_id=request_id, expected_total=wrong)
    assert (answer.code, answer.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "PRICE_CHANGED")
    assert (answer.facts["total"], answer.facts["expected"]) == ("16.79 USD", "16.78 USD")
    assert (cart_of(shop, buyer), stock_of(shop, product_id)) == ({product_id: 1}, 5)
    right = Money(units=16, nanos=79 * CENT)  # no currency: the order's own
    # Nothing happened, so the id is free for another body.
    order = shop.checkout(buyer, request_id=request_id, expected_total=right).order
    assert (order.totals.total.units, order.totals.total.nanos) == (16, 79 * CENT)


@pytest.mark.parametrize("currency", ["EUR", "ZZZ", "U S", "USDOLLAR"])
def test_a_total_agreed_in_another_currency_is_refused(shop: RunningShop, currency: str) -> None:
    buyer, product_id = buyer_of(shop, 1000)
    answer = refused(shop, buyer, expected_total=Money(currency_code=currency, units=16, nanos=79 * CENT))
    assert (answer.code, answer.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_MONEY")
    assert answer.fields == [answer.facts["field"]] == ["expected_total"]
    assert cart_of(shop, buyer) == {product_id: 1}


def test_an_empty_cart_cannot_be_ordered(shop: RunningShop) -> None:
    answer = refused(shop, shop.customer())
    assert (answer.code, answer.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "CART_EMPTY")


def test_stock_that_went_meanwhile_refuses_the_whole_order(shop: RunningShop) -> None:
    buyer, scarce = buyer_of(shop, 1000, quantity=2, stock=2)
    plenty = shop.product(stock=9).id
    shop.add(buyer, plenty)
    other = shop.customer()
    shop.add(other, scarce)
    shop.checkout(other)
    answer = refused(shop, buyer)
    assert (answer.code, answer.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "OUT_OF_STOCK")
    assert (answer.facts["available"], answer.facts["requested"]) == ("1", "2")
    assert cart_of(shop, buyer) == {scarce: 2, plenty: 1}
    assert (stock_of(shop, scarce), stock_of(shop, plenty)) == (1, 9)


def test_a_deleted_product_cannot_be_ordered(shop: RunningShop) -> None:
    buyer, product_id = buyer_of(shop, 1000)
    shop.catalog.DeleteProduct(
        product_pb2.DeleteProductRequest(product_id=product_id), metadata=shop.admin.metadata
    )
    answer = refused(shop, buyer)
    assert (answer.reason, answer.facts["available"]) == ("OUT_OF_STOCK", "0")


def test_a_limit_that_was_lowered_meanwhile_counts(shop: RunningShop) -> None:
    buyer, product_id = buyer_of(shop, 1000, quantity=5)
    request = product_pb2.UpdateProductRequest(
        product=product_pb2.Product(id=product_id, max_quantity=4),
        update_mask=FieldMask(paths=["max_quantity"]),
    )
    shop.catalog.UpdateProduct(request, metadata=shop.admin.metadata)
    answer = refused(shop, buyer)
    assert (answer.code, answer.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "QUANTITY_ABOVE_LIMIT")


def test_another_users_address_is_not_found(shop: RunningShop) -> None:
    buyer, product_id = buyer_of(shop, 1000)
    theirs = shop.add_address(shop.customer())
    answer = refused(shop, buyer, address_id=theirs.id)
    assert (answer.code, answer.reason) == (grpc.StatusCode.NOT_FOUND, "ADDRESS_NOT_FOUND")
    assert cart_of(shop, buyer) == {product_id: 1}


def test_a_buyer_without_an_address_is_told_so(shop: RunningShop) -> None:
    buyer = shop.customer(address=False)
    shop.add(buyer, shop.product().id)
    answer = refused(shop, buyer)
    assert (answer.code, answer.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["address_id"])


@pytest.mark.either
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("request_id", "not-a-uuid"),
        ("request_id", "0" * 32),
        ("payment_method", 0),
        ("payment_method", 77),
        ("payment_token", "4111 1111 1111 1111"),
        ("payment_token", "x" * 129),
        ("address_id", -1),
        ("delivery_option", 77),
    ],
)
def test_a_field_out_of_range_is_named(shop: RunningShop, field: str, value: object) -> None:
    buyer = shop.customer()
    answer = refused(shop, buyer, **{field: value})
    assert (answer.code, answer.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert answer.fields == [field]


def test_a_checkout_without_request_id_is_refused(shop: RunningShop) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        shop.orders.Checkout(
            order_service_pb2.CheckoutRequest(payment_method=payment_pb2.Payment.CARD),
            metadata=shop.customer().metadata,
        )
    answer = refusal(caught.value)
    assert (answer.code, answer.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["request_id"])


# Payments that fail


def test_a_declined_payment_puts_stock_and_cart_back(shop: RunningShop) -> None:
    buyer, product_id = buyer_of(shop, 1000, quantity=2, stock=5)
    answer = refused(shop, buyer, payment_token="tok_decline")
    assert (answer.code, answer.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "PAYMENT_DECLINED")
    assert (cart_of(shop, buyer), stock_of(shop, product_id)) == ({product_id: 2}, 5)
    [order] = shop.placed_by(buyer)
    assert (order.status, order.payment.status) == (pb.Order.CANCELLED, payment_pb2.Payment.DECLINED)


def test_a_decline_is_the_answer_of_its_request_id(shop: RunningShop) -> None:
    buyer, _ = buyer_of(shop, 1000)
    request_id = str(uuid.uuid4())
    first = refused(shop, buyer, request_id=request_id, payment_token="tok_decline")
    again = refused(shop, buyer, request_id=request_id, payment_token="tok_decline")
    assert (again.code, again.reason) == (first.code, first.reason)
    assert len(shop.placed_by(buyer)) == 1
    # A new id is a new attempt.
    assert shop.checkout(buyer, payment_token="tok_fine").order.status == pb.Order.CONFIRMED


def test_what_was_declined_joins_what_was_added_meanwhile(shop: RunningShop) -> None:
    buyer, product_id = buyer_of(shop, 1000, quantity=2)
    other = shop.product().id
    shop.add(buyer, other, 4)
    refused(shop, buyer, payment_token="tok_decline")
    shop.add(buyer, product_id)
    assert cart_of(shop, buyer) == {product_id: 3, other: 4}


@pytest.mark.both
@pytest.mark.parametrize("lines", [1, 30])
def test_a_decline_takes_as_many_queries_whatever_its_lines(
    shop: RunningShop, shelf: list[int], lines: int
) -> None:
    buyer = shop.customer()
    for product_id in shelf[:lines]:
        shop.add(buyer, product_id)
    with shop.counted_queries() as queries, counted_round_trips() as round_trips:
        refused(shop, buyer, payment_token="tok_decline")
    assert len(queries) == 24, queries
    assert len(round_trips) == (8 if shop.app.db.is_postgresql else 0), round_trips


# Repeats


def test_a_repeat_with_the_same_request_id_gets_the_first_reply(shop: RunningShop) -> None:
    buyer, product_id = buyer_of(shop, 1000, stock=5)
    request_id = str(uuid.uuid4())
    first = shop.checkout(buyer, request_id=request_id)
    shop.move(first.order_id, pb.Order.PROCESSING)
    assert shop.checkout(buyer, request_id=request_id) == first
    assert shop.checkout(buyer, request_id=request_id.upper()) == first
    assert stock_of(shop, product_id) == 4


def test_a_repeat_leaves_a_new_cart_alone(shop: RunningShop) -> None:
    buyer, product_id = buyer_of(shop, 1000)
    request_id = str(uuid.uuid4())
    first = shop.checkout(buyer, request_id=request_id)
    shop.add(buyer, product_id, 2)
    assert shop.checkout(buyer, request_id=request_id) == first
    assert cart_of(shop, buyer) == {product_id: 2}


def test_the_same_request_id_with_another_body_is_refused(shop: RunningShop) -> None:
    buyer, product_id = buyer_of(shop, 1000)
    request_id = str(uuid.uuid4())
    shop.checkout(buyer, request_id=request_id)
    shop.add(buyer, product_id)
    answer = refused(shop, buyer, request_id=request_id, payment_token="another")
    assert (answer.code, answer.reason) == (grpc.StatusCode.ABORTED, "IDEMPOTENCY_MISMATCH")
    assert cart_of(shop, buyer) == {product_id: 1}


@pytest.mark.parametrize("again", [0, 1])
def test_an_order_is_not_placed_twice_when_the_reply_of_its_request_id_is_forgotten(
    shop: RunningShop, again: int
) -> None:
    buyer, product_id = buyer_of(shop, 1000)
    request_id = str(uuid.uuid4())
    order = shop.checkout(buyer, request_id=request_id).order
    forget(shop, request_id)
    if again:
        shop.add(buyer, product_id, again)
    answer = refused(shop, buyer, request_id=request_id)
    assert (answer.code, answer.reason) == (grpc.StatusCode.ABORTED, "REQUEST_ID_USED")
    assert answer.facts == {"resource": "order", "resource_id": str(order.id)}
    assert (cart_of(shop, buyer), stock_of(shop, product_id)) == ({product_id: 1} if again else {}, 4)


def test_two_users_may_use_the_same_request_id(shop: RunningShop) -> None:
    request_id = str(uuid.uuid4())
    orders = [shop.checkout(buyer_of(shop, 1000)[0], request_id=request_id).order_id for _ in range(2)]
    assert orders[0] != orders[1]


@pytest.fixture
def brisk(database_url: str, tmp_path: Path) -> Iterator[RunningShop]:
    """A shop that soon gives a payment up, and taxes France at 5 %."""
    shop = RunningShop(
        test_settings(database_url, tmp_path, payment_timeout_seconds=0.2, tax_rates={"FR": "0.05"})
    )
    yield shop
    shop.stop()


def test_a_payment_that_is_not_answered_can_be_repeated(brisk: RunningShop) -> None:
    buyer, product_id = buyer_of(brisk, 1000, stock=5)
    request_id = str(uuid.uuid4())
    answer = refused(brisk, buyer, request_id=request_id, payment_token="tok_timeout")
    assert (answer.code, answer.reason) == (grpc.StatusCode.UNAVAILABLE, "PAYMENT_UNAVAILABLE")
    assert answer.retry_seconds
    [held] = brisk.placed_by(buyer)
    assert held.status == pb.Order.PENDING_PAYMENT
    # A repeat that has no time to wait for the first call's lease is told to come again.
    answer = refused(brisk, buyer, request_id=request_id, payment_token="tok_timeout", timeout=0.5)
    assert (answer.code, answer.reason) == (grpc.StatusCode.ABORTED, "STILL_RUNNING")
    assert answer.retry_seconds
    with brisk.app.db.transaction() as tx:  # the gateway is well again
        tx.exec_driver_sql(f"UPDATE payments SET token = 'tok_fine' WHERE order_id = {held.id}")
    order = brisk.checkout(buyer, request_id=request_id, payment_token="tok_timeout").order
    assert (order.id, order.status) == (held.id, pb.Order.CONFIRMED)
    assert (cart_of(brisk, buyer), stock_of(brisk, product_id)) == ({}, 4)


def test_half_a_cent_of_tax_is_rounded_up(brisk: RunningShop) -> None:
    buyer = brisk.customer(address=False)
    brisk.add_address(buyer, country="FR")
    for _ in range(2):  # 5 % of 0.10 is half a cent; rounding half to even would make it nothing
        brisk.add(buyer, brisk.product(units=0, nanos=10 * CENT).id)
    assert costs(brisk.checkout(buyer).order) == (20, 2, 599, 621)


@pytest.mark.parametrize("code", ["UK", "ZZ", ""])
def test_an_address_from_before_countries_were_checked_is_corrected_before_it_is_ordered_to(
    shop: RunningShop, code: str
) -> None:
    buyer = shop.customer()
    shop.add(buyer, shop.product().id)
    shop.sql("UPDATE addresses SET country = :code WHERE user_id = :id", code=code, id=buyer.user_id)
    (address,) = shop.users.ListAddresses(user_pb2.ListAddressesRequest(), metadata=buyer.metadata).items
    checkout = order_service_pb2.CheckoutRequest(
        request_id=str(uuid.uuid4()), payment_method=payment_pb2.Payment.CARD
    )
    preview = order_service_pb2.PreviewCheckoutRequest(address_id=address.id)
    for method, request in ((shop.orders.Checkout, checkout), (shop.orders.PreviewCheckout, preview)):
        with pytest.raises(grpc.RpcError) as caught:
            method(request, metadata=buyer.metadata)
        said = refusal(caught.value)
        assert (said.code, said.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["address_id"])
        assert "country" in said.message
    assert ("GB" in said.message) is (code == "UK")
    right = user_pb2.UpdateAddressRequest(address=user_pb2.Address(id=address.id, country="gb"))
    shop.users.UpdateAddress(right, metadata=buyer.metadata)
    assert shop.checkout(buyer).order.address.country == "GB"
