"""The client for asyncio: the same promises, kept for tasks."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextlib import aclosing

import grpc
import pytest
from sanset.v1.auth_pb2 import Tokens
from sanset.v1.payment_pb2 import Payment
from sanset.v1.tracking_pb2 import TrackOrderRequest
from sanset.v1.user_pb2 import GetMeRequest
from sanset_client import (
    AsyncClient,
    ClientClosed,
    DeadlineExceeded,
    FailedPrecondition,
    NotFound,
    ResourceExhausted,
    SansetError,
    Unauthenticated,
    Unavailable,
)
from shop_double import PRODUCTS, Refusal, ShopDouble, end, event, heartbeat, reconnect

AWAY = Refusal("UNAVAILABLE")
Scenario = Callable[[AsyncClient], Awaitable[None]]
Run = Callable[[Scenario], None]


@pytest.fixture
def run(shop: ShopDouble, address: str) -> Run:
    """Run a scenario with a client that has a user signed in."""

    async def with_client(scenario: Scenario) -> None:
        async with AsyncClient(address) as client:
            await client.login("john@example.com", "secret-1")
            await scenario(client)

    return lambda scenario: asyncio.run(with_client(scenario), debug=True)


def test_twenty_parallel_calls_with_an_expired_token_cause_one_refresh(shop: ShopDouble, run: Run) -> None:
    async def scenario(client: AsyncClient) -> None:
        shop.refresh_seconds = 0.2
        shop.revoke()
        users = await asyncio.gather(*(client.users.get_me() for _ in range(20)))
        assert [user.id for user in users] == [1] * 20

    run(scenario)
    assert len(shop.requests("Refresh")) == 1


def test_a_caller_who_gives_up_does_not_take_down_the_renewal(shop: ShopDouble, run: Run) -> None:
    async def scenario(client: AsyncClient) -> None:
        shop.refresh_seconds = 0.3
        shop.revoke()
        call = asyncio.create_task(client.users.get_me())
        await asyncio.sleep(0.1)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        with pytest.raises(DeadlineExceeded):
            await client.users.GetMe(GetMeRequest(), timeout=0.05)
        assert (await client.users.get_me()).id == 1

    run(scenario)
    assert len(shop.requests("Refresh")) == 1


def test_closing_waits_for_the_renewal(shop: ShopDouble, address: str) -> None:
    kept: list[Tokens | None] = []

    async def keep(tokens: Tokens | None) -> None:
        await asyncio.sleep(0)
        kept.append(tokens)

    async def scenario() -> None:
        async with AsyncClient(address, on_tokens=keep) as client:
            await client.login("john@example.com", "secret-1")
            shop.refresh_seconds = 0.2
            shop.revoke()
            call = asyncio.create_task(client.users.get_me())
            await asyncio.sleep(0.1)
        with pytest.raises((ClientClosed, asyncio.CancelledError)):
            await call

    asyncio.run(scenario(), debug=True)
    assert [tokens and tokens.refresh_token for tokens in kept] == ["refresh-1", "refresh-3"]


def test_a_session_that_is_over_is_forgotten_and_logout_tells_the_hook(
    shop: ShopDouble, address: str
) -> None:
    kept: list[Tokens | None] = []

    async def scenario() -> None:
        async with AsyncClient(address, on_tokens=kept.append) as client:
            await client.login("john", "secret-1")
            await client.logout()
            await client.login("john", "secret-1")
            shop.revoke()
            shop.refuse("Refresh", Refusal("UNAUTHENTICATED", "REFRESH_TOKEN_INVALID"))
            with pytest.raises(Unauthenticated, match="REFRESH_TOKEN_INVALID"):
                await client.users.get_me()
            assert client.tokens is None
            await client.logout()

    asyncio.run(scenario(), debug=True)
    assert [tokens and tokens.access_token for tokens in kept] == ["access-1", None, "access-3", None]


def test_only_calls_that_are_safe_to_repeat_are_repeated(shop: ShopDouble, run: Run) -> None:
    async def scenario(client: AsyncClient) -> None:
        shop.refuse("GetProduct", AWAY, Refusal("RESOURCE_EXHAUSTED", "OVERLOADED", retry_after=0.05))
        assert (await client.catalog.get_product(product_id=7)).id == 7
        shop.refuse("AddItem", AWAY)
        await client.cart.add(product_id=7)
        shop.refuse("Login", Refusal("RESOURCE_EXHAUSTED", "RATE_LIMITED", retry_after=0.05))
        with pytest.raises(ResourceExhausted):
            await client.login("ann@shop.test", "correct-horse-1")
        shop.refuse("Login", AWAY)
        with pytest.raises(Unavailable):
            await client.login("ann@shop.test", "correct-horse-1")

    run(scenario)
    assert len(shop.requests("GetProduct")) == 3
    assert len({request.request_id for request in shop.requests("AddItem")}) == 1
    assert len(shop.requests("AddItem")) == 2
    assert len(shop.requests("Login")) == 3, "one of them is the client's own, before"


def test_checkout_keeps_its_request_id_and_deadline_through_repeats(shop: ShopDouble, run: Run) -> None:
    async def scenario(client: AsyncClient) -> None:
        shop.refuse("Checkout", AWAY, Refusal("ABORTED", "STILL_RUNNING", retry_after=0.05))
        shop.refuse("Checkout", Refusal("UNAUTHENTICATED", "TOKEN_INVALID"))
        assert (await client.orders.checkout(payment_method=Payment.CARD)).order.id == 9
        shop.refuse("Checkout", Refusal("FAILED_PRECONDITION", "OUT_OF_STOCK"))
        with pytest.raises(FailedPrecondition) as caught:
            await client.orders.checkout(payment_method=Payment.CARD)
        assert caught.value.request_id == shop.requests("Checkout")[-1].request_id

    run(scenario)
    ids = [request.request_id for request in shop.requests("Checkout")]
    assert len(ids) == 5
    assert len(set(ids[:4])) == 1
    assert ids[4] != ids[0] != ""
    assert all(seen.seconds_left is not None and seen.seconds_left <= 10.1 for seen in shop.seen)


def test_lists_are_gone_through_page_by_page(shop: ShopDouble, run: Run) -> None:
    async def scenario(client: AsyncClient) -> None:
        ids = [product.id async for product in client.catalog.iter_products(page_size=20)]
        assert ids == list(range(1, PRODUCTS + 1))

    run(scenario)


def test_an_order_is_followed_through_cuts_gaps_repeats_and_token_expiry(shop: ShopDouble, run: Run) -> None:
    shop.streams.extend(
        [
            [event(1)],
            [event(1), event(2), AWAY],
            [heartbeat(), Refusal("INTERNAL")],
            [event(3), reconnect(7)],
            [event(4), event(6)],
            [event(5), end(6)],
            [heartbeat(), shop.revoke, Refusal("UNAUTHENTICATED", "TOKEN_INVALID")],
            [event(6), end(6)],
        ]
    )

    async def scenario(client: AsyncClient) -> None:
        assert [step.sequence async for step in client.orders.track(9)] == [1, 2, 3, 4, 5, 6]

    run(scenario)
    asked = [request.after_sequence for request in shop.requests("TrackOrder")]
    assert asked == [0, 1, 2, 2, 3, 4, 5, 5, 5]  # the last but one came with the expired token


def test_following_an_order_ends_with_a_refusal_and_with_patience(shop: ShopDouble, run: Run) -> None:
    async def scenario(client: AsyncClient) -> None:
        shop.refuse("TrackOrder", Refusal("NOT_FOUND", "ORDER_NOT_FOUND"))
        with pytest.raises(NotFound):
            await anext(aiter(client.orders.track(9)))
        shop.streams.append([Refusal("INTERNAL", "INTERNAL_ERROR")])
        with pytest.raises(SansetError, match="INTERNAL_ERROR"):
            await anext(aiter(client.orders.track(9)))
        shop.streams.extend([[Refusal("CANCELLED")]] * 100)
        with pytest.raises(SansetError) as caught:
            await anext(aiter(client.orders.track(9, patience=0.2)))
        assert caught.value.code is grpc.StatusCode.CANCELLED

    run(scenario)


def test_leaving_the_loop_frees_the_stream(shop: ShopDouble, run: Run) -> None:
    async def scenario(client: AsyncClient) -> None:
        shop.streams.append([event(1), *[heartbeat()] * 3, lambda: released.wait(5)])
        async with aclosing(client.orders.track(9)) as steps:
            async for step in steps:
                assert step.sequence == 1
                break
        await asyncio.to_thread(shop.stream_ended.wait, 2)
        released.set()

    released = threading.Event()
    run(scenario)
    assert shop.stream_ended.is_set()


def test_a_raw_stream_is_opened_again_when_its_token_is_refused_at_once(shop: ShopDouble, run: Run) -> None:
    async def scenario(client: AsyncClient) -> None:
        shop.streams.append([event(1), AWAY])
        shop.revoke()
        messages = aiter(client.orders.TrackOrder(TrackOrderRequest(order_id=9)))
        assert (await anext(messages)).event.sequence == 1
        with pytest.raises(Unavailable):
            await anext(messages)

    run(scenario)


def test_a_closed_client_says_so_and_a_client_needs_a_loop(shop: ShopDouble, address: str) -> None:
    async def scenario() -> None:
        client = AsyncClient(address)
        await client.close()
        with pytest.raises(ClientClosed):
            await client.catalog.get_product(product_id=1)
        with pytest.raises(ClientClosed):
            await anext(aiter(client.orders.track(9)))

    asyncio.run(scenario(), debug=True)
    with pytest.raises(RuntimeError, match="event loop"):
        AsyncClient(address)
