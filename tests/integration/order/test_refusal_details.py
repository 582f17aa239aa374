"""The facts of refusals as typed details, on both databases: every line at once, numbers, amounts."""

from __future__ import annotations

import uuid

import pytest
from sanset.v1 import cart_pb2, error_details_pb2, order_service_pb2
from sanset.v1.order_pb2 import Order
from sanset.v1.payment_pb2 import Payment
from support.cart_shop import buyer_of, cents, read_cart, refused
from support.running_shop import RunningShop
from support.running_shop import refused as refused_call

pytestmark = pytest.mark.either

Line = error_details_pb2.LineFailure.Line


@pytest.mark.both
def test_a_checkout_names_every_line_that_does_not_fit_at_once(shop: RunningShop) -> None:
    buyer, limited = buyer_of(shop, quantity=5)
    twin, other_twin = (shop.product(name="Twin") for _ in range(2))
    foreign = shop.product(name="Foreign").id
    for product_id in (twin.id, other_twin.id):
        shop.add(buyer, product_id, 4)
    shop.add(buyer, foreign)
    items = {item.product_id: item for item in read_cart(shop, buyer).items}
    shop.sql("UPDATE products SET max_quantity = 4 WHERE id = :id", id=limited)
    shop.sql("UPDATE products SET currency = 'EUR' WHERE id = :id", id=foreign)
    for product_id in (twin.id, other_twin.id):
        shop.sql(
            "UPDATE inventory_levels SET available = 1, received = sold + 1 WHERE variant_id = :id",
            id=items[product_id].variant_id,
        )
    answer = refused(shop, buyer)
    preview = order_service_pb2.PreviewCheckoutRequest()
    for said in (answer, refused_call(shop.orders.PreviewCheckout, preview, buyer)):
        lines = said.detail(error_details_pb2.LineFailure).lines
        assert [(line.product_id, line.reason) for line in lines] == [
            (limited, "QUANTITY_ABOVE_LIMIT"),
            (twin.id, "OUT_OF_STOCK"),
            (other_twin.id, "OUT_OF_STOCK"),
            (foreign, "CURRENCY_MISMATCH"),
        ]
        assert [(line.item_id, line.variant_id, line.name) for line in lines] == [
            (items[line.product_id].id, items[line.product_id].variant_id, items[line.product_id].name)
            for line in lines
        ]
        assert lines[0] == Line(limit=4, requested=5, **_named(lines[0]))
        assert lines[1] == Line(available=1, requested=4, **_named(lines[1]))
        assert lines[3] == Line(currency="EUR", cart_currency="USD", requested=1, **_named(lines[3]))
    assert answer.reason == "QUANTITY_ABOVE_LIMIT"
    assert answer.facts["product_id"] == str(limited)
    assert "Only 1 of Twin left; 4 wanted." in answer.message


def _named(line: Line) -> dict[str, object]:
    return {name: getattr(line, name) for name in ("reason", "item_id", "product_id", "variant_id", "name")}


def test_a_line_that_the_cart_does_not_have_yet_has_no_id(shop: RunningShop) -> None:
    buyer = shop.customer()
    product = shop.product(stock=3)
    request = cart_pb2.AddItemRequest(product_id=product.id, quantity=4)
    said = refused_call(shop.cart.AddItem, request, buyer)
    (line,) = said.detail(error_details_pb2.LineFailure).lines
    assert (line.item_id, line.product_id, line.available, line.requested) == (0, product.id, 3, 4)
    assert "item_id" not in said.facts
    item = shop.add(buyer, product.id, 3).items[0]
    said = refused_call(shop.cart.AddItem, cart_pb2.AddItemRequest(product_id=product.id), buyer)
    (line,) = said.detail(error_details_pb2.LineFailure).lines
    assert (line.item_id, line.available, line.requested) == (item.id, 3, 4)
    assert said.facts["item_id"] == str(item.id)


def test_a_quantity_above_the_limit_is_the_fault_of_its_field(shop: RunningShop) -> None:
    buyer = shop.customer()
    product = shop.product(stock=500)
    request = cart_pb2.AddItemRequest(product_id=product.id, quantity=100)
    assert refused_call(shop.cart.AddItem, request, buyer).fields == ["quantity"]


def test_a_price_that_changed_comes_as_amounts(shop: RunningShop) -> None:
    buyer, _ = buyer_of(shop, 1000)
    without_currency = cart_pb2.Cart().subtotal
    without_currency.units = 1
    answer = refused(shop, buyer, expected_total=without_currency)
    change = answer.detail(error_details_pb2.PriceChange)
    assert (cents(change.total), cents(change.expected)) == (1679, 100)
    assert answer.facts == {"total": "16.79 USD", "expected": "1.00 USD"}


def test_very_many_lines_still_fit_into_a_header(shop: RunningShop) -> None:
    buyer = shop.customer()
    products = [shop.product(name="ж" * 200).id for _ in range(100)]
    for product_id in products:
        shop.add(buyer, product_id)
    shop.sql("UPDATE products SET currency = 'EUR' WHERE id > :id", id=products[0])
    answer = refused(shop, buyer)
    assert answer.reason == "CURRENCY_MISMATCH"
    assert 5 < len(answer.detail(error_details_pb2.LineFailure).lines) < 99


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("tok_decline", Payment.OTHER),
        ("tok_decline_insufficient_funds", Payment.INSUFFICIENT_FUNDS),
        ("tok_decline_unheard_of", Payment.OTHER),
    ],
)
def test_a_declined_payment_says_why_by_a_code(shop: RunningShop, token: str, code: int) -> None:
    buyer, _ = buyer_of(shop)
    request_id = str(uuid.uuid4())
    for _ in ("first", "repeat"):
        answer = refused(shop, buyer, payment_token=token, request_id=request_id)
        assert answer.detail(error_details_pb2.PaymentFailure).decline_code == code
        assert answer.facts == {"decline_code": Payment.DeclineCode.Name(code)}  # type: ignore[arg-type]
    (order,) = shop.orders.ListOrders(
        order_service_pb2.ListOrdersRequest(view=Order.FULL), metadata=buyer.metadata
    ).items
    assert order.payment.decline_code == code
