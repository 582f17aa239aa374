"""Variants through the public interface: what they are, what they cost, and what becomes of them."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.type.money_pb2 import Money
from sanset.v1 import cart_pb2, inventory_pb2, product_pb2
from sanset.v1 import variant_pb2 as pb
from support.cart_shop import cents, read_cart, stock_of
from support.cart_shop import refused as checkout_refused
from support.catalog_shop import add_variant, variants_of
from support.running_shop import Account, RunningShop, refused

from server.catalog.listing_queries import ProductFilter, product_page
from server.clock import utc_now
from server.recommend.serving.queries import snapshots

pytestmark = pytest.mark.either

Sort = product_pb2.ListProductsRequest
ALREADY_EXISTS = grpc.StatusCode.ALREADY_EXISTS


def _product(shop: RunningShop, product_id: int) -> product_pb2.Product:
    return shop.catalog.GetProduct(product_pb2.GetProductRequest(product_id=product_id))


def _update(shop: RunningShop, variant_id: int, *paths: str, **fields: Any) -> pb.Variant:
    variant = pb.Variant(id=variant_id, **fields)
    mask = FieldMask(paths=paths) if paths else None
    request = pb.UpdateVariantRequest(variant=variant, update_mask=mask)
    return shop.catalog.UpdateVariant(request, metadata=shop.admin.metadata)


def _delete(shop: RunningShop, variant: pb.Variant) -> None:
    request = pb.DeleteVariantRequest(product_id=variant.product_id, variant_id=variant.id)
    shop.catalog.DeleteVariant(request, metadata=shop.admin.metadata)


def _default(shop: RunningShop, product_id: int) -> pb.Variant:
    (variant,) = (each for each in variants_of(shop, product_id) if each.is_default)
    return variant


def _options(**values: str) -> list[pb.Variant.Option]:
    return [pb.Variant.Option(name=name, value=value) for name, value in values.items()]


def _add(shop: RunningShop, buyer: Account, variant: pb.Variant, quantity: int = 1) -> cart_pb2.CartItem:
    request = cart_pb2.AddItemRequest(product_id=variant.product_id, variant_id=variant.id, quantity=quantity)
    cart = shop.cart.AddItem(request, metadata=buyer.metadata)
    return next(line for line in cart.items if line.variant_id == variant.id)


# ── What a product has


def test_a_product_has_the_variant_that_it_came_with(shop: RunningShop) -> None:
    product = shop.product(units=10, stock=7)
    (variant,) = variants_of(shop, product.id)
    assert (variant.id, variant.product_id, variant.sku) == (
        product.default_variant_id, product.id, product.sku,
    )  # fmt: skip
    assert (variant.is_default, variant.stock, list(variant.options)) == (True, 7, [])
    assert (cents(variant.list_price), cents(variant.effective_price)) == (1000, 1000)
    assert not variant.HasField("price")
    assert (product.variants_count, list(product.options), product.HasField("price_range")) == (1, [], False)


def test_a_product_says_what_its_variants_differ_in_and_cost(shop: RunningShop) -> None:
    product = shop.product(units=10, stock=2, discount={"basis_points": 1000})
    _update(shop, product.default_variant_id, options=_options(Size="M", Colour="Red"))
    add_variant(shop, product.id, size="L", color="red", cents=2000, stock=3)
    add_variant(shop, product.id, size="S", color="Blue", cents=500, stock=4)
    now = _product(shop, product.id)
    assert list(now.sizes) == ["M", "L", "S"]
    assert list(now.colors) == ["Red"], "color is another name than colour"
    assert [(each.name, list(each.values)) for each in now.options] == [
        ("Size", ["M", "L", "S"]), ("Colour", ["Red"]), ("color", ["red", "Blue"]),
    ]  # fmt: skip
    assert (now.variants_count, now.stock, cents(now.effective_price)) == (3, 9, 900)
    assert (cents(now.price_range.min_price), cents(now.price_range.max_price)) == (450, 1800)
    assert now.etag != product.etag
    listed = shop.catalog.BatchGetProducts(product_pb2.BatchGetProductsRequest(product_ids=[product.id]))
    assert (list(listed.items[0].sizes), list(listed.items[0].options)) == (["M", "L", "S"], [])


def test_variants_are_created_with_what_was_sent_and_listed_in_their_order(shop: RunningShop) -> None:
    product = shop.product(units=10)
    made = add_variant(shop, product.id, color="Red", size="M", cents=1250, stock=3, sku=uuid.uuid4().hex)
    assert [(each.name, each.value) for each in made.options] == [("color", "Red"), ("size", "M")]
    assert (made.color, made.size, made.stock, cents(made.price)) == ("Red", "M", 3, 1250)
    assert made.stock_status == product_pb2.Product.LOW_STOCK
    nameless = add_variant(shop, product.id, size="L")
    assert nameless.sku.startswith("SKU-")
    listed = variants_of(shop, product.id)
    assert [each.id for each in listed] == [product.default_variant_id, made.id, nameless.id]
    request = pb.GetVariantRequest(product_id=product.id, variant_id=made.id)
    assert shop.catalog.GetVariant(request) == made == listed[1]
    first = shop.catalog.ListVariants(pb.ListVariantsRequest(product_id=product.id, page_size=2))
    rest = pb.ListVariantsRequest(product_id=product.id, page_size=2, page_token=first.next_page_token)
    assert [*first.items, *shop.catalog.ListVariants(rest).items] == listed


def test_a_product_or_variant_that_is_not_there_is_not_found(shop: RunningShop) -> None:
    product, other = shop.product(), shop.product()
    said = refused(shop.catalog.ListVariants, pb.ListVariantsRequest(product_id=2**53))
    assert (said.code, said.reason) == (grpc.StatusCode.NOT_FOUND, "PRODUCT_NOT_FOUND")
    of_other = {"product_id": other.id, "variant_id": product.default_variant_id}
    for method, request in (
        (shop.catalog.GetVariant, pb.GetVariantRequest(**of_other)),
        (shop.catalog.DeleteVariant, pb.DeleteVariantRequest(**of_other)),
        (
            shop.catalog.UpdateVariant,
            pb.UpdateVariantRequest(variant={"id": product.default_variant_id, "product_id": other.id}),
        ),
    ):
        said = refused(method, request, shop.admin)
        assert (said.code, said.reason) == (grpc.StatusCode.NOT_FOUND, "VARIANT_NOT_FOUND")
        assert said.facts == {"product_id": str(other.id), "variant_id": str(product.default_variant_id)}


# ── What is taken


def test_no_two_variants_of_a_product_have_the_same_options_whatever_their_order_and_case(
    shop: RunningShop,
) -> None:
    product, other = shop.product(), shop.product()
    red = add_variant(shop, product.id, color="Red", size="M")
    same = pb.Variant(options=_options(Size=" m ", COLOR="red"))
    for method, request in (
        (shop.catalog.CreateVariant, pb.CreateVariantRequest(product_id=product.id, variant=same)),
        (
            shop.catalog.UpdateVariant,
            pb.UpdateVariantRequest(variant={"id": product.default_variant_id, "options": same.options}),
        ),
    ):
        said = refused(method, request, shop.admin)
        assert (said.code, said.reason) == (ALREADY_EXISTS, "OPTIONS_TAKEN")
        assert said.facts == {
            "product_id": str(product.id), "variant_id": str(red.id), "options": "Red, M",
        }  # fmt: skip
    assert add_variant(shop, other.id, color="Red", size="M").id, "another product may have them"
    again = _update(shop, red.id, options=_options(color="RED", size="M"))
    assert again.color == "RED", "it may be written otherwise"


@pytest.mark.both
def test_of_many_creates_with_the_same_options_one_wins(shop: RunningShop) -> None:
    product = shop.product()

    def create(_: int) -> str:
        try:
            add_variant(shop, product.id, size="M", is_default=True)
        except grpc.RpcError as error:
            return str(error.code())  # type: ignore[attr-defined]
        return "created"

    with ThreadPoolExecutor(8) as clients:
        answers = sorted(clients.map(create, range(8)))
    assert answers == [*[str(ALREADY_EXISTS)] * 7, "created"]
    assert [each.is_default for each in variants_of(shop, product.id)] == [False, True]


def test_a_sku_is_that_of_one_variant(shop: RunningShop) -> None:
    product, other = shop.product(), shop.product()
    request = pb.CreateVariantRequest(
        product_id=product.id, variant={"sku": other.sku, "options": _options(size="M")}
    )
    said = refused(shop.catalog.CreateVariant, request, shop.admin)
    assert (said.code, said.reason, said.facts) == (ALREADY_EXISTS, "SKU_TAKEN", {"sku": other.sku})
    variant = add_variant(shop, product.id, size="M")
    change = pb.UpdateVariantRequest(variant={"id": variant.id, "sku": product.sku})
    assert refused(shop.catalog.UpdateVariant, change, shop.admin).reason == "SKU_TAKEN"
    assert _update(shop, variant.id, sku=variant.sku) == variant


@pytest.mark.parametrize(
    ("variant", "reason", "fields"),
    [
        ({}, "INVALID_FIELD", ["variant.options"]),
        ({"options": _options(size=" ")}, "INVALID_FIELD", ["variant.options[0].value"]),
        (
            {"options": [*_options(size="M"), *_options(Size="L")]},
            "INVALID_FIELD",
            ["variant.options[1].name"],
        ),
        (
            {"options": _options(a="1", b="2", c="3", d="4")},
            "INVALID_FIELD",
            ["variant.options"],
        ),
        ({"options": _options(size="x" * 33)}, "INVALID_FIELD", ["variant.options[0].value"]),
        ({"options": _options(size="M"), "price": Money(units=0)}, "INVALID_MONEY", ["variant.price"]),
        ({"options": _options(size="M"), "price": Money(units=3)}, "INVALID_MONEY", ["variant.price"]),
        (
            {"options": _options(size="M"), "price": Money(units=9, currency_code="EUR")},
            "INVALID_MONEY",
            ["variant.price"],
        ),
        (
            {"options": _options(size="M"), "compare_at_price": Money(units=9)},
            "INVALID_MONEY",
            ["variant.compare_at_price"],
        ),
        (
            {"options": _options(size="M"), "price": Money(units=9), "compare_at_price": Money(units=8)},
            "INVALID_MONEY",
            ["variant.compare_at_price"],
        ),
        ({"options": _options(size="M"), "stock": -1}, "INVALID_FIELD", ["variant.stock"]),
        ({"options": _options(size="M"), "sku": "a b"}, "INVALID_FIELD", ["variant.sku"]),
    ],
)
@pytest.mark.either
def test_what_no_variant_can_be_is_refused_by_the_path_of_the_field(
    shop: RunningShop, variant: dict[str, Any], reason: str, fields: list[str]
) -> None:
    product = shop.product(units=10, discount={"amount": Money(units=4)})
    request = pb.CreateVariantRequest(product_id=product.id, variant=variant)
    said = refused(shop.catalog.CreateVariant, request, shop.admin)
    assert (said.code, said.reason, said.fields) == (grpc.StatusCode.INVALID_ARGUMENT, reason, fields)


@pytest.mark.either
def test_a_product_has_a_hundred_variants_and_three_kinds_of_options_at_most(shop: RunningShop) -> None:
    product = shop.product()
    for number in range(99):
        add_variant(shop, product.id, size=str(number))
    said = refused(
        shop.catalog.CreateVariant,
        pb.CreateVariantRequest(product_id=product.id, variant={"options": _options(size="100")}),
        shop.admin,
    )
    assert (said.code, said.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "TOO_MANY")
    assert len(variants_of(shop, product.id)) == 100
    assert _product(shop, product.id).variants_count == 100
    _delete(shop, variants_of(shop, product.id)[-1])
    request = pb.CreateVariantRequest(product_id=product.id)
    request.variant.options.extend(_options(a="1", b="2", c="3"))
    assert refused(shop.catalog.CreateVariant, request, shop.admin).fields == ["variant.options"]


# ── Changes


def test_the_default_is_moved_and_never_missing(shop: RunningShop) -> None:
    product = shop.product()
    other = add_variant(shop, product.id, size="M")
    assert _update(shop, other.id, is_default=True).is_default
    assert [each.is_default for each in variants_of(shop, product.id)] == [False, True]
    assert _product(shop, product.id).default_variant_id == other.id
    said = refused(
        shop.catalog.UpdateVariant,
        pb.UpdateVariantRequest(variant={"id": other.id, "is_default": False}),
        shop.admin,
    )
    assert (said.reason, said.fields) == ("INVALID_FIELD", ["variant.is_default"])
    assert shop.add(shop.customer(), product.id).items[0].variant_id == other.id


@pytest.mark.both
def test_a_product_is_ordered_while_its_default_moves(shop: RunningShop) -> None:
    product = shop.product(stock=100)
    ids = [product.default_variant_id, add_variant(shop, product.id, size="M", stock=100).id]
    buyers = [shop.customer() for _ in range(6)]
    with ThreadPoolExecutor(8) as clients:
        moves = clients.map(lambda n: _update(shop, ids[n % 2], is_default=True), range(20))
        carts = [*clients.map(lambda buyer: shop.add(buyer, product.id), buyers)]
        orders = [*clients.map(shop.checkout, buyers)]
        list(moves)
    assert {cart.items[0].variant_id for cart in carts} <= set(ids)
    assert len(orders) == 6
    assert sum(each.is_default for each in variants_of(shop, product.id)) == 1
    assert stock_of(shop, product.id) == 194


def test_a_price_of_its_own_is_set_and_cleared_and_gets_the_products_discount(shop: RunningShop) -> None:
    product = shop.product(units=10, discount={"basis_points": 2000})
    variant = add_variant(shop, product.id, size="M", cents=500)
    assert (cents(variant.list_price), cents(variant.effective_price)) == (500, 400)
    dear = _update(shop, variant.id, price=Money(units=30))
    assert (cents(dear.effective_price), dear.etag != variant.etag) == (2400, True)
    cleared = _update(shop, variant.id, "price")
    assert (cleared.HasField("price"), cents(cleared.effective_price)) == (False, 800)
    assert not _product(shop, product.id).HasField("price_range")


def test_a_discount_is_not_above_the_price_of_any_variant(shop: RunningShop) -> None:
    product = shop.product(units=10)
    add_variant(shop, product.id, size="M", cents=500)
    request = product_pb2.UpdateProductRequest(
        product={"id": product.id, "discount": {"amount": Money(units=6)}},
        update_mask=FieldMask(paths=["discount"]),
    )
    said = refused(shop.catalog.UpdateProduct, request, shop.admin)
    assert (said.reason, said.fields) == ("INVALID_MONEY", ["product.discount.amount"])


def test_a_new_sku_of_a_product_is_that_of_the_variant_which_had_the_old_one(shop: RunningShop) -> None:
    product = shop.product()
    other = add_variant(shop, product.id, size="M", is_default=True)
    request = product_pb2.UpdateProductRequest(product={"id": product.id, "sku": uuid.uuid4().hex})
    renamed = shop.catalog.UpdateProduct(request, metadata=shop.admin.metadata)
    assert [each.sku for each in variants_of(shop, product.id)] == [renamed.sku, other.sku]


def test_a_stale_etag_is_refused(shop: RunningShop) -> None:
    product = shop.product()
    variant = add_variant(shop, product.id, size="M")
    _update(shop, variant.id, sku=uuid.uuid4().hex)
    stale = {"id": variant.id, "etag": variant.etag, "sku": "x"}
    update = pb.UpdateVariantRequest(variant=stale)
    delete = pb.DeleteVariantRequest(product_id=product.id, variant_id=variant.id, etag=variant.etag)
    for method, request in ((shop.catalog.UpdateVariant, update), (shop.catalog.DeleteVariant, delete)):
        said = refused(method, request, shop.admin)
        assert (said.code, said.reason) == (grpc.StatusCode.ABORTED, "STALE_ETAG")


def test_vendors_manage_the_variants_of_their_own_products(shop: RunningShop) -> None:
    vendor, other = shop.vendor(), shop.vendor()
    request = product_pb2.CreateProductRequest(product={"name": "Shirt", "price": Money(units=9)})
    product = shop.catalog.CreateProduct(request, metadata=vendor.metadata)
    variant = add_variant(shop, product.id, vendor, size="M")
    ids = {"product_id": product.id, "variant_id": variant.id}
    for method, refusable in (
        (
            shop.catalog.CreateVariant,
            pb.CreateVariantRequest(product_id=product.id, variant={"options": _options(size="L")}),
        ),
        (shop.catalog.UpdateVariant, pb.UpdateVariantRequest(variant={"id": variant.id, "sku": "X"})),
        (shop.catalog.DeleteVariant, pb.DeleteVariantRequest(**ids)),
    ):
        said = refused(method, refusable, other)
        assert (said.code, said.reason) == (grpc.StatusCode.PERMISSION_DENIED, "NOT_THE_OWNER")
        assert refused(method, refusable, shop.customer()).code == grpc.StatusCode.PERMISSION_DENIED


# ── Deleting


def test_a_deleted_variant_is_gone_and_its_sku_and_options_are_free(shop: RunningShop) -> None:
    product = shop.product(stock=2)
    variant = add_variant(shop, product.id, size="M", stock=5)
    assert (_product(shop, product.id).stock, stock_of(shop, product.id)) == (7, 7)
    _delete(shop, variant)
    now = _product(shop, product.id)
    assert (now.stock, stock_of(shop, product.id), now.variants_count, list(now.sizes)) == (2, 2, 1, [])
    ids = {"product_id": product.id, "variant_id": variant.id}
    adjust = inventory_pb2.AdjustInventoryRequest(**ids, delta=1)
    for method, request in (
        (shop.catalog.GetVariant, pb.GetVariantRequest(**ids)),
        (shop.catalog.DeleteVariant, pb.DeleteVariantRequest(**ids)),
        (shop.catalog.UpdateVariant, pb.UpdateVariantRequest(variant={"id": variant.id, "sku": "X"})),
        (shop.inventory.AdjustInventory, adjust),
    ):
        assert refused(method, request, shop.admin).reason == "VARIANT_NOT_FOUND"
    said = refused(shop.cart.AddItem, cart_pb2.AddItemRequest(**ids), shop.customer())
    assert said.reason == "PRODUCT_NOT_FOUND"
    again = add_variant(shop, product.id, size="M", sku=variant.sku)
    assert again.id != variant.id


def test_with_the_default_variant_the_oldest_that_is_left_becomes_it_and_the_last_one_stays(
    shop: RunningShop,
) -> None:
    product = shop.product()
    first, second = (add_variant(shop, product.id, size=size) for size in "ML")
    _delete(shop, _default(shop, product.id))
    assert _default(shop, product.id).id == first.id == _product(shop, product.id).default_variant_id
    _delete(shop, second)
    ids = {"product_id": product.id, "variant_id": first.id}
    said = refused(shop.catalog.DeleteVariant, pb.DeleteVariantRequest(**ids), shop.admin)
    assert (said.code, said.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "LAST_VARIANT")
    assert said.facts == {name: str(value) for name, value in ids.items()}


@pytest.mark.both
def test_of_all_deletions_at_once_one_variant_is_left(shop: RunningShop) -> None:
    product = shop.product()
    every = [_default(shop, product.id), *(add_variant(shop, product.id, size=size) for size in "SML")]

    def delete(variant: pb.Variant) -> str:
        try:
            _delete(shop, variant)
        except grpc.RpcError as error:
            return str(error.code())  # type: ignore[attr-defined]
        return "deleted"

    with ThreadPoolExecutor(4) as clients:
        answers = sorted(clients.map(delete, every))
    assert answers == [str(grpc.StatusCode.FAILED_PRECONDITION), *["deleted"] * 3]
    (left,) = variants_of(shop, product.id)
    assert left.is_default


def test_a_line_of_a_deleted_variant_cannot_be_ordered_and_past_orders_keep_theirs(shop: RunningShop) -> None:
    buyer, product = shop.customer(), shop.product()
    variant = add_variant(shop, product.id, size="M", color="Red", cents=700)
    line = _add(shop, buyer, variant)
    assert (line.sku, line.size, line.color) == (variant.sku, "M", "Red")
    order = shop.checkout(buyer).order
    _add(shop, buyer, variant)
    _delete(shop, variant)
    cart = read_cart(shop, buyer)
    assert (cart.items[0].available, cart.items[0].stock, cart.items[0].counted_quantity) == (False, 0, 0)
    assert [change.message for change in cart.changes] == [f"{product.name} is not sold any more."]
    assert checkout_refused(shop, buyer).reason == "OUT_OF_STOCK"
    (kept,) = shop.placed_by(buyer)[0].items
    assert kept == order.items[0]
    assert (kept.variant_id, kept.sku, kept.size, kept.color) == (variant.id, variant.sku, "M", "Red")


def test_a_line_follows_the_price_and_options_of_its_variant_and_an_order_keeps_them(
    shop: RunningShop,
) -> None:
    buyer, product = shop.customer(), shop.product(units=10)
    variant = add_variant(shop, product.id, size="M", cents=700)
    _add(shop, buyer, variant)
    order = shop.checkout(buyer).order
    _add(shop, buyer, variant, 2)
    _update(shop, variant.id, price=Money(units=8), options=_options(Size="Medium", Fit="Slim"))
    (line,) = read_cart(shop, buyer).items
    assert (line.price_changed, cents(line.price), cents(line.subtotal)) == (True, 800, 1600)
    assert [(each.name, each.value) for each in line.options] == [("Size", "Medium"), ("Fit", "Slim")]
    (sold,) = shop.placed_by(buyer)[0].items
    assert sold == order.items[0]
    assert [(each.name, each.value) for each in sold.options] == [("size", "M")]


def test_recommendations_count_the_stock_of_what_can_be_ordered(shop: RunningShop) -> None:
    product = shop.product(stock=2)
    variant = add_variant(shop, product.id, size="M", stock=5)
    for units in (7, 2):
        with shop.app.db.read() as connection:
            (snapshot,) = snapshots(connection, [product.id], utc_now())
        assert snapshot.available == units
        if units == 7:
            _delete(shop, variant)


@pytest.mark.both
def test_variants_are_deleted_while_they_are_ordered(shop: RunningShop) -> None:
    product = shop.product(stock=100)
    variant = add_variant(shop, product.id, size="M", stock=100)
    buyers = [shop.customer() for _ in range(8)]
    for buyer in buyers:
        _add(shop, buyer, variant)

    def order(buyer: Account) -> int:
        try:
            return len(shop.checkout(buyer).order.items)
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.FAILED_PRECONDITION:  # type: ignore[attr-defined]
                raise
            return 0

    with ThreadPoolExecutor(9) as clients:
        orders = [clients.submit(order, buyer) for buyer in buyers]
        clients.submit(_delete, shop, variant).result()
        sold = sum(each.result() for each in orders)
    assert refused(shop.cart.AddItem, cart_pb2.AddItemRequest(
        product_id=product.id, variant_id=variant.id), buyers[0]).reason == "PRODUCT_NOT_FOUND"  # fmt: skip
    (row,) = shop.sql("SELECT available, sold FROM inventory_levels WHERE variant_id = :id", id=variant.id)
    assert tuple(row) == (100 - sold, sold)


def test_with_its_product_those_come_back_that_fell_with_it(shop: RunningShop) -> None:
    product = shop.product(stock=1)
    before, kept = (add_variant(shop, product.id, size=size, stock=2) for size in "ML")
    _delete(shop, before)
    shop.catalog.DeleteProduct(
        product_pb2.DeleteProductRequest(product_id=product.id), metadata=shop.admin.metadata
    )
    said = refused(shop.catalog.ListVariants, pb.ListVariantsRequest(product_id=product.id))
    assert said.reason == "PRODUCT_NOT_FOUND"
    other = shop.product()
    taker = add_variant(shop, other.id, size="L", sku=kept.sku)
    undelete = product_pb2.UndeleteProductRequest(product_id=product.id)
    said = refused(shop.catalog.UndeleteProduct, undelete, shop.admin)
    assert (said.reason, said.facts) == ("SKU_TAKEN", {"sku": kept.sku})
    _update(shop, taker.id, sku=uuid.uuid4().hex)
    back = shop.catalog.UndeleteProduct(undelete, metadata=shop.admin.metadata)
    assert (back.stock, back.variants_count, list(back.sizes)) == (3, 2, ["L"])
    assert [each.id for each in variants_of(shop, product.id)] == [product.default_variant_id, kept.id]


def test_a_product_keeps_its_sku_when_the_variant_of_that_sku_is_deleted(shop: RunningShop) -> None:
    product = shop.product(sku=uuid.uuid4().hex)
    add_variant(shop, product.id, size="M")
    _delete(shop, _default(shop, product.id))
    price = Money(currency_code="USD", units=1)
    other = product_pb2.Product(name="Another", sku=product.sku, price=price)
    said = refused(shop.catalog.CreateProduct, product_pb2.CreateProductRequest(product=other), shop.admin)
    assert (said.reason, said.facts) == ("SKU_TAKEN", {"sku": product.sku})


def test_a_deleted_variant_leaves_a_product_sold_out_whose_other_variants_are(shop: RunningShop) -> None:
    tag = uuid.uuid4().hex
    product = shop.product(stock=0, tags=[tag])
    variant = add_variant(shop, product.id, size="M", stock=1)

    def in_stock() -> bool:
        listed = shop.catalog.ListProducts(product_pb2.ListProductsRequest(tags=[tag], in_stock=True))
        return bool(listed.items)

    assert in_stock()
    _delete(shop, variant)
    assert not in_stock()
    adjust = inventory_pb2.AdjustInventoryRequest(product_id=product.id, delta=1)
    shop.inventory.AdjustInventory(adjust, metadata=shop.admin.metadata)
    assert in_stock()
    buyer = shop.customer()
    shop.add(buyer, product.id)
    shop.checkout(buyer)
    assert not in_stock(), "what is left of the deleted variant cannot be ordered"


# ── Lists


def _listed(shop: RunningShop, tag: str, **arguments: Any) -> list[int]:
    reply = shop.catalog.ListProducts(product_pb2.ListProductsRequest(tags=[tag], **arguments))
    return [product.id for product in reply.items]


def test_lists_sort_and_filter_by_the_price_of_the_cheapest_variant(shop: RunningShop) -> None:
    tag = uuid.uuid4().hex
    five, ten = shop.product(units=5, tags=[tag]).id, shop.product(units=10, tags=[tag]).id
    assert _listed(shop, tag, sort=Sort.PRICE_ASC) == [five, ten]
    cheap = add_variant(shop, ten, size="S", cents=300, stock=0)
    assert _listed(shop, tag, sort=Sort.PRICE_ASC) == [ten, five], "in stock or not"
    assert _listed(shop, tag, max_price="3") == [ten]
    dear = _update(shop, cheap.id, price=Money(units=12))
    assert _listed(shop, tag, sort=Sort.PRICE_ASC) == [five, ten]
    assert _listed(shop, tag, min_price="10", max_price="10") == [ten]
    _update(shop, dear.id, price=Money(units=4))
    assert _listed(shop, tag, sort=Sort.PRICE_DESC) == [five, ten]
    _delete(shop, dear)
    assert _listed(shop, tag, sort=Sort.PRICE_ASC) == [five, ten]
    assert _listed(shop, tag, max_price="9") == [five]


def test_the_phases_of_a_discount_count_from_the_price_of_the_cheapest_variant(shop: RunningShop) -> None:
    tag, begins = uuid.uuid4().hex, utc_now() + timedelta(days=1)
    discount = product_pb2.Discount(basis_points=5000)
    discount.start_time.FromDatetime(begins)
    product = shop.product(units=10, tags=[tag], discount=discount)
    add_variant(shop, product.id, size="S", cents=600)
    with shop.app.db.read() as connection:
        for moment, price in ((utc_now(), 600), (begins, 300)):
            page = product_page(connection, ProductFilter(tags=(tag,)), "PRICE_ASC", None, 2, moment)
            assert [tuple(row) for row in page] == [(product.id, price)]


# ── Costs


@pytest.mark.both
def test_a_product_with_variants_is_read_in_one_statement(shop: RunningShop) -> None:
    product = shop.product()
    for size in "SML":
        add_variant(shop, product.id, size=size)
    with shop.counted_queries() as statements:
        assert _product(shop, product.id).variants_count == 4
        assert _product(shop, product.id).variants_count == 4
    assert len(statements) == 1


@pytest.mark.both
def test_variants_are_listed_in_one_statement_and_created_in_as_many_whatever_their_number(
    shop: RunningShop,
) -> None:
    product = shop.product()
    counts = []
    for size in "SML":
        with shop.counted_queries() as statements:
            add_variant(shop, product.id, size=size)
        counts.append(len(statements))
    assert len(set(counts)) == 1
    with shop.counted_queries() as statements:
        variants_of(shop, product.id)
    assert len(statements) == 1
