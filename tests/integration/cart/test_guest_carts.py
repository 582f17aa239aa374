"""Carts of those who are not signed in: by their token, until they expire or are taken over at login."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from sanset.v1 import cart_pb2 as pb
from sanset.v1 import inventory_pb2, order_service_pb2, payment_pb2, product_pb2
from sqlalchemy import text
from support.cart_shop import told
from support.running_shop import Account, Refused, RunningShop, refusal, refused

from server.cart import guest_carts, service
from server.cart.guest_carts import delete_expired
from server.clock import utc_now

pytestmark = pytest.mark.either

NOBODYS = "nobody-has-this-token-but-it-is-long-enough"
SUM, KEEP_MINE, KEEP_GUEST = (
    pb.SyncCartRequest.SUM,
    pb.SyncCartRequest.KEEP_MINE,
    pb.SyncCartRequest.KEEP_GUEST,
)

Metadata = tuple[tuple[str, str], ...]


def _as(token: str) -> Metadata:
    return (("x-cart-token", token),) if token else ()


def _add(shop: RunningShop, token: str, product_id: int, quantity: int = 1) -> pb.Cart:
    """Add to the cart of the token as a guest; without one, to a new cart."""
    request = pb.AddItemRequest(product_id=product_id, quantity=quantity)
    return shop.cart.AddItem(request, metadata=_as(token), timeout=30)


def _cart(shop: RunningShop, owner: str | Account) -> pb.Cart:
    metadata = owner.metadata if isinstance(owner, Account) else _as(owner)
    return shop.cart.GetCart(pb.GetCartRequest(), metadata=metadata)


def _sync(
    shop: RunningShop, user: Account, token: str, strategy: pb.SyncCartRequest.Strategy.ValueType = SUM
) -> pb.Cart:
    request = pb.SyncCartRequest(cart_token=token, strategy=strategy)
    return shop.cart.SyncCart(request, metadata=user.metadata, timeout=30)


def _refused(method: Callable[..., Any], request: Message, token: str) -> Refused:
    with pytest.raises(grpc.RpcError) as caught:
        method(request, metadata=_as(token))
    return refusal(caught.value)


def _units(cart: pb.Cart) -> dict[int, int]:
    return {line.product_id: line.quantity for line in cart.items}


def _stock(shop: RunningShop, product_id: int, quantity: int) -> None:
    request = inventory_pb2.SetInventoryRequest(product_id=product_id, quantity=quantity)
    shop.inventory.SetInventory(request, metadata=shop.admin.metadata)


@pytest.mark.both
def test_a_guests_repeats_are_one_addition_from_the_first_on(shop: RunningShop) -> None:
    request = pb.AddItemRequest(product_id=shop.product().id, request_id=str(uuid.uuid4()))
    with ThreadPoolExecutor(2) as threads:
        first, again = threads.map(lambda _: shop.cart.AddItem(request, timeout=30), range(2))
    assert first == again
    assert _units(_cart(shop, first.token)) == {request.product_id: 1}
    stored = shop.sql("SELECT reply FROM idempotency_keys WHERE request_id = :id", id=request.request_id)
    assert first.token.encode() not in bytes(stored[0][0])

    added = [shop.cart.AddItem(request, metadata=_as(first.token)) for _ in range(2)]
    assert [_units(cart) for cart in added] == [{request.product_id: 2}] * 2, "in the cart it is another id"
    removal = pb.RemoveItemRequest(item_id=first.items[0].id, request_id=request.request_id)
    removed = [shop.cart.RemoveItem(removal, metadata=_as(first.token)) for _ in range(2)]
    assert removed[0] == removed[1]
    assert removed[0].token == first.token


def test_a_key_that_can_be_guessed_gives_nobody_a_guests_first_cart(shop: RunningShop) -> None:
    request = pb.AddItemRequest(product_id=shop.product().id)
    with pytest.raises(grpc.RpcError) as caught:
        shop.cart.AddItem(request, metadata=(("idempotency-key", "1"),))
    assert refusal(caught.value).fields == ["idempotency-key"], "as it was sent"
    named = pb.AddItemRequest(
        product_id=request.product_id, request_id=str(uuid.uuid5(uuid.NAMESPACE_URL, "1"))
    )
    with pytest.raises(grpc.RpcError) as caught:
        shop.cart.AddItem(named)
    assert refusal(caught.value).fields == ["request_id"]
    first, another = _add(shop, "", request.product_id), _add(shop, "", request.product_id)
    for guest in (first, another):
        metadata = (("idempotency-key", "1"), *_as(guest.token))
        carts = [shop.cart.AddItem(request, metadata=metadata) for _ in range(2)]
        assert [(cart.token, cart.item_count) for cart in carts] == [(guest.token, 2)] * 2


def test_a_repeated_takeover_names_again_what_did_not_fit(shop: RunningShop) -> None:
    guest, buyer = _add(shop, "", shop.product().id), shop.customer()
    _stock(shop, guest.items[0].product_id, 0)
    request = pb.SyncCartRequest(cart_token=guest.token, request_id=str(uuid.uuid4()))
    first, again = (shop.cart.SyncCart(request, metadata=buyer.metadata) for _ in range(2))
    assert first == again
    assert len(first.changes) == 1


def _expire(shop: RunningShop, cart: pb.Cart) -> None:
    past = utc_now() - timedelta(seconds=1)
    if not shop.app.db.is_postgresql:
        past = past.replace(tzinfo=None)
    items = "SELECT cart_id FROM cart_items WHERE id = :item"
    shop.sql(
        f"UPDATE carts SET expires_at = :past WHERE id = ({items})", past=str(past), item=cart.items[0].id
    )


# ── A guest shops


def test_the_first_product_makes_a_cart_whose_token_finds_it_again(shop: RunningShop) -> None:
    product = shop.product()
    cart = _add(shop, "", product.id, 2)
    assert _units(cart) == {product.id: 2}
    assert len(cart.token) == 43
    assert _cart(shop, cart.token) == cart
    more = _add(shop, cart.token, product.id)
    assert (more.token, _units(more)) == (cart.token, {product.id: 3})


def test_who_sends_no_token_has_an_empty_cart(shop: RunningShop) -> None:
    _add(shop, "", shop.product().id)
    cart = _cart(shop, "")
    assert (list(cart.items), cart.token, cart.subtotal.currency_code) == ([], "", "USD")


def test_every_reply_about_a_guests_cart_carries_its_token(shop: RunningShop) -> None:
    cart = _add(shop, "", shop.product().id)
    token, line = cart.token, cart.items[0]
    guest = {"metadata": _as(token)}
    update = pb.UpdateItemRequest(item_id=line.id, quantity=4)
    assert shop.cart.UpdateItem(update, **guest).token == token
    assert shop.cart.UpdateItem(update, **guest).item_count == 4
    assert shop.cart.RemoveItem(pb.RemoveItemRequest(item_id=line.id), **guest).token == token
    assert shop.cart.ClearCart(pb.ClearCartRequest(), **guest).token == token
    assert _cart(shop, token).token == token


def test_two_guests_have_two_carts(shop: RunningShop) -> None:
    product = shop.product()
    one, other = _add(shop, "", product.id), _add(shop, "", product.id)
    assert one.token != other.token
    for method, request in (
        (shop.cart.UpdateItem, pb.UpdateItemRequest(item_id=one.items[0].id, quantity=9)),
        (shop.cart.RemoveItem, pb.RemoveItemRequest(item_id=one.items[0].id)),
    ):
        for token in (other.token, NOBODYS, ""):
            said = _refused(method, request, token)
            assert (said.code, said.reason) == (grpc.StatusCode.NOT_FOUND, "CART_ITEM_NOT_FOUND")
        assert refused(method, request, shop.customer()).reason == "CART_ITEM_NOT_FOUND"
    assert _cart(shop, one.token) == one


def test_a_signed_in_callers_own_cart_is_meant_whatever_token_they_send(shop: RunningShop) -> None:
    user, product = shop.customer(), shop.product()
    guest = _add(shop, "", shop.product().id)
    metadata = (*user.metadata, *_as(guest.token))
    cart = shop.cart.AddItem(pb.AddItemRequest(product_id=product.id), metadata=metadata)
    assert (_units(cart), cart.token) == ({product.id: 1}, "")
    assert _units(shop.cart.GetCart(pb.GetCartRequest(), metadata=metadata)) == {product.id: 1}
    assert _cart(shop, guest.token) == guest


@pytest.mark.parametrize("token", ["x", NOBODYS, "a" * 5000, "' OR 1=1 --", NOBODYS + "="])
def test_a_token_that_is_none_finds_nothing_and_gets_a_new_cart(shop: RunningShop, token: str) -> None:
    product = shop.product()
    assert _cart(shop, token) == _cart(shop, "")
    assert shop.cart.ClearCart(pb.ClearCartRequest(), metadata=_as(token)).token == ""
    added = _add(shop, token, product.id)
    assert added.token not in ("", token)
    assert _units(added) == {product.id: 1}


def test_what_is_refused_leaves_no_cart_behind(shop: RunningShop) -> None:
    product = shop.product(stock=1)
    before = shop.sql("SELECT COUNT(*) FROM carts")[0][0]
    request = pb.AddItemRequest(product_id=product.id, quantity=2)
    assert _refused(shop.cart.AddItem, request, "").reason == "OUT_OF_STOCK"
    assert shop.sql("SELECT COUNT(*) FROM carts")[0][0] == before


@pytest.fixture
def most_lines(monkeypatch: pytest.MonkeyPatch) -> int:
    """How many lines a cart holds at most: few, so that it is filled soon."""
    for module in (service, guest_carts):
        monkeypatch.setattr(module, "MAX_LINES", 4)
    return 4


def test_the_limits_of_carts_hold_for_guests(shop: RunningShop, most_lines: int) -> None:
    token = _add(shop, "", shop.product().id).token
    for _ in range(most_lines - 1):
        _add(shop, token, shop.product().id)
    more = pb.AddItemRequest(product_id=shop.product().id)
    assert _refused(shop.cart.AddItem, more, token).reason == "CART_FULL"
    few = pb.AddItemRequest(product_id=shop.product(max_quantity=2).id, quantity=3)
    assert _refused(shop.cart.AddItem, few, token).reason == "QUANTITY_ABOVE_LIMIT"
    assert len(_cart(shop, token).items) == most_lines


def test_a_guests_etag_guards_their_cart(shop: RunningShop) -> None:
    first = _add(shop, "", shop.product().id)
    second = _add(shop, first.token, shop.product().id)
    stale = pb.ClearCartRequest(etag=first.etag)
    assert _refused(shop.cart.ClearCart, stale, first.token).reason == "STALE_ETAG"
    assert _cart(shop, first.token) == second


def test_a_guest_sees_totals_and_cannot_check_out(shop: RunningShop) -> None:
    token = _add(shop, "", shop.product(units=100).id).token
    total = shop.cart.GetTotal(pb.GetTotalRequest(), metadata=_as(token))
    assert (total.subtotal.units, total.tax.units, total.total.units) == (100, 8, 108)
    checkout = order_service_pb2.CheckoutRequest(
        payment_method=payment_pb2.Payment.CARD, request_id=str(uuid.uuid4())
    )
    for method, request in (
        (shop.orders.Checkout, checkout),
        (shop.orders.PreviewCheckout, order_service_pb2.PreviewCheckoutRequest()),
        (shop.cart.SyncCart, pb.SyncCartRequest(cart_token=token)),
    ):
        assert _refused(method, request, token).reason == "TOKEN_MISSING"


def test_the_token_itself_is_not_stored(shop: RunningShop) -> None:
    token = _add(shop, "", shop.product().id).token
    assert all(token not in repr(row) for row in shop.sql("SELECT * FROM carts"))
    assert all(token not in repr(row) for row in shop.sql("SELECT * FROM events"))


@pytest.mark.both
def test_a_guest_costs_as_many_queries_for_thirty_lines_as_for_one(shop: RunningShop) -> None:
    token = _add(shop, "", shop.product().id).token
    taken = []
    for lines in (1, 30):
        for _ in range(lines - 1):
            _add(shop, token, shop.product().id)
        with shop.counted_queries() as reading:
            line = _cart(shop, token).items[0]
        with shop.counted_queries() as adding:
            _add(shop, token, line.product_id)
        with shop.counted_queries() as nothing:
            _cart(shop, "")
        taken.append((len(reading), len(adding), len(nothing)))
    assert taken == [(1, 4, 0), (1, 4, 0)]


# ── Expiry


@pytest.mark.both
def test_an_expired_cart_is_gone_and_a_new_one_is_made(shop: RunningShop) -> None:
    cart = _add(shop, "", shop.product().id)
    _expire(shop, cart)
    assert _cart(shop, cart.token) == _cart(shop, "")
    update = pb.UpdateItemRequest(item_id=cart.items[0].id, quantity=2)
    assert _refused(shop.cart.UpdateItem, update, cart.token).reason == "CART_ITEM_NOT_FOUND"
    sync = pb.SyncCartRequest(cart_token=cart.token)
    assert refused(shop.cart.SyncCart, sync, shop.customer()).reason == "CART_NOT_FOUND"
    product = shop.product()
    again = _add(shop, cart.token, product.id)
    assert again.token != cart.token
    assert _units(again) == {product.id: 1}


def test_a_change_lets_a_cart_live_on_and_a_look_does_not(shop: RunningShop) -> None:
    cart = _add(shop, "", shop.product().id)
    item = cart.items[0].id

    def until() -> str:
        carts = "SELECT expires_at FROM carts JOIN cart_items ON cart_items.cart_id = carts.id"
        return str(shop.sql(f"{carts} WHERE cart_items.id = :item", item=item)[0][0])

    first = until()
    _cart(shop, cart.token)
    assert until() == first
    changed = [first]
    for change in (
        lambda: _add(shop, cart.token, cart.items[0].product_id),
        lambda: shop.cart.UpdateItem(
            pb.UpdateItemRequest(item_id=item, quantity=5), metadata=_as(cart.token)
        ),
    ):
        change()
        changed.append(until())
    assert changed == sorted(set(changed))
    alive = utc_now() + timedelta(days=shop.settings.guest_cart_days)
    assert changed[-1][:10] in {str(alive)[:10], str(alive - timedelta(minutes=1))[:10]}


@pytest.mark.both
def test_the_cleanup_deletes_what_has_expired_and_what_nobody_filled(shop: RunningShop) -> None:
    with shop.app.db.transaction() as tx:
        while delete_expired(tx, utc_now(), 100):
            pass
    expired, alive, merged = (_add(shop, "", shop.product().id) for _ in range(3))
    _expire(shop, expired)
    _sync(shop, shop.customer(), merged.token)
    empty, fresh, full = (shop.customer() for _ in range(3))
    for user in (empty, fresh, full):
        shop.add(user, shop.product().id)
    for user in (empty, fresh):
        shop.cart.ClearCart(pb.ClearCartRequest(), metadata=user.metadata)
    old = utc_now() - timedelta(days=7, minutes=1)
    for user in (empty, full):
        shop.sql(
            "UPDATE carts SET updated_at = :old WHERE user_id = :id",
            old=str(old if shop.app.db.is_postgresql else old.replace(tzinfo=None)),
            id=user.user_id,
        )
    with shop.app.db.transaction() as tx:
        assert [delete_expired(tx, utc_now(), 1) for _ in range(3)] == [1, 1, 0]
    left = {row[0] for row in shop.sql("SELECT user_id FROM carts WHERE user_id IS NOT NULL")}
    assert left & {empty.user_id, fresh.user_id, full.user_id} == {fresh.user_id, full.user_id}
    assert shop.sql("SELECT 1 FROM cart_items WHERE id = :id", id=expired.items[0].id) == []
    assert _cart(shop, alive.token) == alive
    shop.add(empty, shop.product().id)


def test_the_cleanup_waits_for_nobody(postgres_shop: RunningShop) -> None:
    shop = postgres_shop
    cart = _add(shop, "", shop.product().id)
    _expire(shop, cart)
    with shop.app.db.engine.begin() as busy:
        busy.execute(
            text(
                "SELECT 1 FROM carts WHERE id = (SELECT cart_id FROM cart_items WHERE id = :item) FOR UPDATE"
            ),
            {"item": cart.items[0].id},
        )
        with shop.app.db.transaction() as tx:
            delete_expired(tx, utc_now(), 100)
    assert shop.sql("SELECT 1 FROM cart_items WHERE id = :id", id=cart.items[0].id) != []


# ── Taken over at login


@pytest.mark.parametrize(("strategy", "expected"), [(0, 5), (SUM, 5), (KEEP_MINE, 3), (KEEP_GUEST, 2)])
def test_a_login_moves_the_guests_cart_into_the_users(
    shop: RunningShop, strategy: pb.SyncCartRequest.Strategy.ValueType, expected: int
) -> None:
    user = shop.customer()
    both, mine, theirs = (shop.product().id for _ in range(3))
    shop.add(user, both, 3)
    shop.add(user, mine, 1)
    token = _add(shop, _add(shop, "", both, 2).token, theirs, 4).token
    cart = _sync(shop, user, token, strategy)
    assert _units(cart) == {both: expected, mine: 1, theirs: 4}
    assert (cart.token, told(cart)) == ("", [])
    assert _cart(shop, user) == cart
    assert _cart(shop, token) == _cart(shop, "")
    assert _add(shop, token, mine).token != token


def test_the_token_may_come_as_metadata(shop: RunningShop) -> None:
    user, product = shop.customer(), shop.product()
    token = _add(shop, "", product.id).token
    cart = shop.cart.SyncCart(pb.SyncCartRequest(), metadata=(*user.metadata, *_as(token)))
    assert _units(cart) == {product.id: 1}


def test_a_repeat_changes_nothing_and_others_get_nothing(shop: RunningShop) -> None:
    user, other = shop.customer(), shop.customer()
    product = shop.product()
    token = _add(shop, "", product.id, 2).token
    first = _sync(shop, user, token)
    for strategy in (SUM, KEEP_GUEST):
        assert _sync(shop, user, token, strategy) == first
    said = refused(shop.cart.SyncCart, pb.SyncCartRequest(cart_token=token), other)
    assert (said.code, said.reason) == (grpc.StatusCode.NOT_FOUND, "CART_NOT_FOUND")
    assert _units(_cart(shop, other)) == {}


@pytest.mark.parametrize("token", ["", "x", NOBODYS])
def test_a_token_of_no_cart_is_not_found(shop: RunningShop, token: str) -> None:
    said = refused(shop.cart.SyncCart, pb.SyncCartRequest(cart_token=token), shop.customer())
    assert (said.code, said.reason) == (grpc.StatusCode.NOT_FOUND, "CART_NOT_FOUND")


def test_an_emptied_guests_cart_is_taken_over_too(shop: RunningShop) -> None:
    user, product = shop.customer(), shop.product()
    before = shop.add(user, product.id)
    token = _add(shop, "", product.id).token
    shop.cart.ClearCart(pb.ClearCartRequest(), metadata=_as(token))
    assert _sync(shop, user, token) == before


def test_what_does_not_fit_is_left_out_and_named(shop: RunningShop) -> None:
    user = shop.customer()
    few, limited = shop.product(stock=4), shop.product(max_quantity=3)
    sold_out, deleted = shop.product(), shop.product()
    shop.add(user, few.id, 2)
    shop.add(user, limited.id, 2)
    token = ""
    for product, quantity in ((few, 3), (limited, 2), (sold_out, 1), (deleted, 1)):
        token = _add(shop, token, product.id, quantity).token
    _stock(shop, sold_out.id, 0)
    gone = product_pb2.DeleteProductRequest(product_id=deleted.id)
    shop.catalog.DeleteProduct(gone, metadata=shop.admin.metadata)
    cart = _sync(shop, user, token)
    assert _units(cart) == {few.id: 4, limited.id: 3}
    assert told(cart) == [
        f"5 of {few.name} were wanted, 4 could be kept.",
        f"4 of {limited.name} were wanted, 3 could be kept.",
        f"{sold_out.name} was left out: it is sold out.",
        f"{deleted.name} was left out: it is not sold any more.",
    ]
    assert told(_cart(shop, user)) == []


def test_another_currency_is_left_out_unless_the_cart_is_empty(shop: RunningShop) -> None:
    user, newcomer = shop.customer(), shop.customer()
    mine, theirs = shop.product(), shop.product()
    shop.add(user, mine.id)
    tokens = [_add(shop, "", theirs.id).token for _ in range(2)]
    shop.sql("UPDATE products SET currency = 'EUR' WHERE id = :id", id=theirs.id)
    cart = _sync(shop, user, tokens[0])
    assert (_units(cart), cart.subtotal.currency_code) == ({mine.id: 1}, "USD")
    assert "sold in EUR" in told(cart)[0]
    cart = _sync(shop, newcomer, tokens[1])
    assert (_units(cart), cart.subtotal.currency_code) == ({theirs.id: 1}, "EUR")


def test_a_full_cart_takes_what_it_has_already(shop: RunningShop, most_lines: int) -> None:
    user, extra = shop.customer(), shop.product()
    held = [shop.product().id for _ in range(most_lines)]
    token = ""
    for product_id in held:
        token = _add(shop, token, product_id).token
    _sync(shop, user, token)
    guest = _add(shop, _add(shop, "", extra.id).token, held[0], 2).token
    cart = _sync(shop, user, guest)
    assert len(cart.items) == most_lines
    assert _units(cart)[held[0]] == 3
    assert told(cart) == [f"{extra.name} was left out: a cart holds at most {most_lines} products."]


def test_a_price_that_changed_since_the_guest_saw_it_is_pointed_out(shop: RunningShop) -> None:
    user, product = shop.customer(), shop.product(units=10)
    token = _add(shop, "", product.id).token
    shop.sql("UPDATE products SET price_minor = 1200 WHERE id = :id", id=product.id)
    (line,) = _sync(shop, user, token).items
    assert (line.added_price.units, line.price.units, line.price_changed) == (10, 12, True)


@pytest.mark.both
@pytest.mark.parametrize("lines", [1, 30])
def test_a_take_over_costs_as_many_queries_for_thirty_lines_as_for_one(shop: RunningShop, lines: int) -> None:
    user, token = shop.customer(), ""
    shop.add(user, shop.product().id)
    for _ in range(lines):
        token = _add(shop, token, shop.product().id).token
    with shop.counted_queries() as queries:
        _sync(shop, user, token)
    assert len(queries) == 9, queries


# ── Races


def _at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run the calls at the same moment, and return their replies or refusals."""
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return call()
        except grpc.RpcError as error:
            return refusal(error)

    with ThreadPoolExecutor(len(calls)) as clients:
        return list(clients.map(run, calls))


@pytest.mark.both
def test_one_user_who_syncs_many_times_at_once_gets_the_goods_once(shop: RunningShop) -> None:
    user, product = shop.customer(), shop.product()
    shop.add(user, product.id)
    token = _add(shop, "", product.id, 2).token
    replies = _at_once(*[partial(_sync, shop, user, token)] * 8)
    assert [_units(reply) for reply in replies] == [{product.id: 3}] * 8
    assert _units(_cart(shop, user)) == {product.id: 3}


@pytest.mark.both
def test_of_many_users_who_sync_at_once_one_gets_the_goods(shop: RunningShop) -> None:
    users, product = [shop.customer(address=False) for _ in range(6)], shop.product()
    token = _add(shop, "", product.id, 2).token
    replies = _at_once(*[partial(_sync, shop, user, token) for user in users])
    losers = [reply.reason for reply in replies if isinstance(reply, Refused)]
    assert losers == ["CART_NOT_FOUND"] * 5
    assert sorted(_cart(shop, user).item_count for user in users) == [0, 0, 0, 0, 0, 2]


@pytest.mark.both
def test_nothing_is_lost_when_a_guest_adds_while_logging_in(shop: RunningShop) -> None:
    for _ in range(5):
        user, products = shop.customer(address=False), [shop.product().id for _ in range(3)]
        token = _add(shop, "", products[0]).token
        first, *added = _at_once(
            partial(_sync, shop, user, token),
            *[partial(_add, shop, token, product) for product in products for _ in range(2)],
        )
        assert not isinstance(first, Refused)
        strays = {cart.token for cart in added} - {token}
        carts = [_cart(shop, user), *(_cart(shop, stray) for stray in strays)]
        found = {product: sum(_units(cart).get(product, 0) for cart in carts) for product in products}
        assert found == {products[0]: 3, products[1]: 2, products[2]: 2}


@pytest.mark.both
def test_nothing_is_lost_when_a_user_checks_out_while_logging_in(shop: RunningShop) -> None:
    for _ in range(5):
        user, mine, theirs = shop.customer(), shop.product().id, shop.product().id
        shop.add(user, mine, 2)
        token = _add(shop, _add(shop, "", theirs).token, mine).token
        placed, synced, _ = _at_once(
            partial(shop.checkout, user), partial(_sync, shop, user, token), partial(shop.add, user, theirs)
        )
        assert not isinstance(placed, Refused)
        assert not isinstance(synced, Refused)
        ordered: dict[int, int] = {}
        for item in placed.order.items:
            ordered[item.product_id] = item.quantity
        left = _units(_cart(shop, user))
        assert {each: ordered.get(each, 0) + left.get(each, 0) for each in (mine, theirs)} == {
            mine: 3,
            theirs: 2,
        }


@pytest.mark.both
def test_many_guests_of_one_user_all_arrive(shop: RunningShop) -> None:
    user, products = shop.customer(), [shop.product().id for _ in range(4)]
    tokens = []
    for turn in range(6):
        token = ""
        for product in products[turn % 4 :] + products[: turn % 4]:
            token = _add(shop, token, product).token
        tokens.append(token)
    replies = _at_once(*[partial(_sync, shop, user, token) for token in tokens])
    assert not [reply for reply in replies if isinstance(reply, Refused)]
    assert _units(_cart(shop, user)) == dict.fromkeys(products, 6)
