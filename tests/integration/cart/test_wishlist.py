"""The wishlist: what a user wishes for, until it moves into the cart."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import grpc
import pytest
from google.type.money_pb2 import Money
from sanset.v1 import cart_pb2, inventory_pb2, product_pb2
from sanset.v1 import wishlist_pb2 as pb
from support.cart_shop import read_cart, second_variant
from support.running_shop import Account, RunningShop, refusal, refused

from server.cart import wishlist

pytestmark = pytest.mark.either


def _wish(shop: RunningShop, user: Account, product_id: int, variant_id: int = 0) -> pb.WishlistItem:
    request = pb.AddToWishlistRequest(product_id=product_id, variant_id=variant_id)
    return shop.cart.AddToWishlist(request, metadata=user.metadata, timeout=30)


def _list(shop: RunningShop, user: Account, **fields: Any) -> pb.ListWishlistResponse:
    return shop.cart.ListWishlist(pb.ListWishlistRequest(**fields), metadata=user.metadata)


def _wished(shop: RunningShop, user: Account) -> list[int]:
    return [item.product_id for item in _list(shop, user, page_size=100).items]


def _move(shop: RunningShop, user: Account, product_id: int, **fields: int) -> cart_pb2.Cart:
    request = pb.MoveToCartRequest(product_id=product_id, **fields)
    return shop.cart.MoveToCart(request, metadata=user.metadata, timeout=30)


def _delete(shop: RunningShop, product_id: int) -> None:
    request = product_pb2.DeleteProductRequest(product_id=product_id)
    shop.catalog.DeleteProduct(request, metadata=shop.admin.metadata)


def test_what_is_wished_for_is_listed_with_its_price_then_and_now(shop: RunningShop) -> None:
    user, product = shop.customer(), shop.product(units=10)
    added = _wish(shop, user, product.id)
    assert (added.product_id, added.variant_id, added.name) == (product.id, 0, product.name)
    assert (added.price.units, added.added_price.units, added.available) == (10, 10, True)
    assert added.HasField("create_time")
    new = product_pb2.Product(id=product.id, price=Money(units=8))
    shop.catalog.UpdateProduct(product_pb2.UpdateProductRequest(product=new), metadata=shop.admin.metadata)
    (item,) = _list(shop, user).items
    assert (item.price.units, item.added_price.units) == (8, 10)
    assert item.create_time == added.create_time


def test_a_second_wish_for_a_product_changes_nothing(shop: RunningShop) -> None:
    user, product, other = shop.customer(), shop.product(), shop.product()
    first = _wish(shop, user, product.id)
    _wish(shop, user, other.id)
    assert _wish(shop, user, product.id) == first
    assert _wish(shop, user, product.id, second_variant(shop, product.id, 300)) == first
    assert _wished(shop, user) == [other.id, product.id]


def test_a_variant_is_wished_for_at_its_own_price(shop: RunningShop) -> None:
    user, product = shop.customer(), shop.product(units=10)
    variant = second_variant(shop, product.id, 300)
    _wish(shop, user, product.id, variant)
    (item,) = _list(shop, user).items
    assert (item.variant_id, item.price.units, item.size) == (variant, 3, "Second")
    (line,) = _move(shop, user, product.id, quantity=2).items
    assert (line.variant_id, line.quantity) == (variant, 2)


def test_a_wishlist_is_read_in_pages_the_latest_first(shop: RunningShop) -> None:
    user = shop.customer()
    ids = [_wish(shop, user, shop.product().id).product_id for _ in range(5)]
    found, token = [], ""
    for expected in (2, 2, 1):
        page = _list(shop, user, page_size=2, page_token=token)
        assert len(page.items) == expected
        found += [item.product_id for item in page.items]
        token = page.next_page_token
    assert (found, token) == (ids[::-1], "")
    first = _list(shop, user, page_size=2).next_page_token
    said = refused(shop.cart.ListWishlist, pb.ListWishlistRequest(page_token=first), shop.customer())
    assert said.reason == "INVALID_PAGE_TOKEN"


def test_what_cannot_be_ordered_stays_and_says_so(shop: RunningShop) -> None:
    user, gone, sold_out = shop.customer(), shop.product(), shop.product(stock=1)
    for product in (gone, sold_out):
        _wish(shop, user, product.id)
    _delete(shop, gone.id)
    empty = inventory_pb2.SetInventoryRequest(product_id=sold_out.id, quantity=0)
    shop.inventory.SetInventory(empty, metadata=shop.admin.metadata)
    assert [(item.name, item.available) for item in _list(shop, user).items] == [
        (sold_out.name, False),
        (gone.name, False),
    ]
    for product, reason in ((gone, "PRODUCT_NOT_FOUND"), (sold_out, "OUT_OF_STOCK")):
        said = refused(shop.cart.MoveToCart, pb.MoveToCartRequest(product_id=product.id), user)
        assert said.reason == reason
    assert _wished(shop, user) == [sold_out.id, gone.id]
    assert read_cart(shop, user).item_count == 0
    shop.cart.RemoveFromWishlist(pb.RemoveFromWishlistRequest(product_id=gone.id), metadata=user.metadata)
    assert _wished(shop, user) == [sold_out.id]


def test_an_unknown_product_cannot_be_wished_for(shop: RunningShop) -> None:
    user, gone, product = shop.customer(), shop.product(), shop.product()
    _delete(shop, gone.id)
    for request in (
        pb.AddToWishlistRequest(product_id=2**53),
        pb.AddToWishlistRequest(product_id=gone.id),
        pb.AddToWishlistRequest(product_id=product.id, variant_id=2**53),
    ):
        said = refused(shop.cart.AddToWishlist, request, user)
        assert (said.code, said.reason) == (grpc.StatusCode.NOT_FOUND, "PRODUCT_NOT_FOUND")
    assert _wished(shop, user) == []


def test_a_move_takes_it_off_the_list_and_into_the_cart(shop: RunningShop) -> None:
    user, product = shop.customer(), shop.product()
    shop.add(user, product.id, 2)
    _wish(shop, user, product.id)
    assert [line.quantity for line in _move(shop, user, product.id).items] == [3]
    assert _wished(shop, user) == []


@pytest.mark.parametrize(
    ("fields", "reason"), [({"quantity": 3}, "QUANTITY_ABOVE_LIMIT"), ({"quantity": 0}, "INVALID_FIELD")]
)
def test_a_move_that_fails_leaves_it_on_the_list(
    shop: RunningShop, fields: dict[str, int], reason: str
) -> None:
    user, product = shop.customer(), shop.product(max_quantity=2)
    _wish(shop, user, product.id)
    said = refused(shop.cart.MoveToCart, pb.MoveToCartRequest(product_id=product.id, **fields), user)
    assert said.reason == reason
    assert _wished(shop, user) == [product.id]


def test_a_wishlist_belongs_to_one_user(shop: RunningShop) -> None:
    owner, other, product = shop.customer(), shop.customer(), shop.product()
    _wish(shop, owner, product.id)
    calls: list[tuple[Callable[..., Any], Any]] = [
        (shop.cart.RemoveFromWishlist, pb.RemoveFromWishlistRequest(product_id=product.id)),
        (shop.cart.MoveToCart, pb.MoveToCartRequest(product_id=product.id)),
    ]
    for method, request in calls:
        for stranger in (other, shop.admin):
            said = refused(method, request, stranger)
            assert (said.code, said.reason) == (grpc.StatusCode.NOT_FOUND, "WISHLIST_ITEM_NOT_FOUND")
    assert _wished(shop, other) == []
    assert _wished(shop, owner) == [product.id]


def _reason(call: Callable[[], Any]) -> str:
    """Why a call was refused; empty when it was not."""
    try:
        call()
    except grpc.RpcError as error:
        return refusal(error).reason
    return ""


@pytest.mark.both
def test_a_wishlist_has_a_most_of_products_also_for_many_calls_at_once(
    shop: RunningShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wishlist, "MAX_WISHES", 3)
    user = shop.customer()
    kept = [_wish(shop, user, shop.product().id).product_id for _ in range(2)]
    adding = [partial(_wish, shop, user, shop.product().id) for _ in range(4)]
    with ThreadPoolExecutor(4) as clients:
        reasons = list(clients.map(_reason, adding))
    assert sorted(reasons) == ["", "TOO_MANY", "TOO_MANY", "TOO_MANY"]
    assert len(_wished(shop, user)) == 3
    assert _reason(partial(_wish, shop, user, kept[0])) == "", "what is there already needs no room"


@pytest.mark.both
def test_of_many_moves_at_once_one_moves(shop: RunningShop) -> None:
    user, product = shop.customer(), shop.product()
    _wish(shop, user, product.id)

    with ThreadPoolExecutor(6) as clients:
        reasons = list(clients.map(_reason, [partial(_move, shop, user, product.id)] * 6))
    assert sorted(reasons) == ["", *["WISHLIST_ITEM_NOT_FOUND"] * 5]
    assert read_cart(shop, user).item_count == 1


@pytest.mark.both
def test_a_wishlist_costs_one_query_whatever_its_size(shop: RunningShop) -> None:
    user, taken = shop.customer(), []
    for wishes in (1, 9):
        for _ in range(wishes):
            _wish(shop, user, shop.product().id)
        with shop.counted_queries() as queries:
            _list(shop, user)
        taken.append(len(queries))
    assert taken == [1, 1]
