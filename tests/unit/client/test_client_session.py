"""Signing in and out, and renewing tokens, from threads."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sanset.v1.auth_pb2 import Tokens
from sanset.v1.user_pb2 import GetMeRequest
from sanset_client import Client, DeadlineExceeded, Unauthenticated, Unavailable
from sanset_client.blocking import run
from shop_double import Refusal, ShopDouble


def test_login_takes_an_email_address_or_a_user_name(shop: ShopDouble, address: str) -> None:
    with Client(address, user_agent="kiosk/7") as client:
        client.login("john@example.com", "a")
        client.login("john", "b")
    by_email, by_name = shop.requests("Login")
    assert (by_email.email, by_email.username) == ("john@example.com", "")
    assert (by_name.email, by_name.username) == ("", "john")
    assert shop.seen[0].user_agent.startswith("kiosk/7")


def test_calls_carry_the_token_and_public_ones_do_not(shop: ShopDouble, client: Client) -> None:
    client.users.get_me()
    client.login("jane@example.com", "secret-2")
    assert shop.tokens("GetMe") == ["access-1"]
    assert shop.tokens("Login") == ["", ""]


def test_a_client_shows_where_its_user_signed_in_before_and_keeps_that_after_the_sign_out(
    shop: ShopDouble, client: Client, address: str
) -> None:
    shop.revoke()
    client.users.get_me()
    assert shop.devices("Refresh") == ["device-1"]
    assert shop.devices("GetMe") == ["", ""], "only signing in needs it"
    client.logout()
    assert client.device_id == "device-3"
    client.login("john@example.com", "secret-1")
    with Client(address, device_id=client.device_id) as other:
        other.login("john@example.com", "secret-1")
    with Client(address, tokens=other.tokens) as restored:
        assert restored.device_id == "device-6"
    assert shop.devices("Login") == ["", "device-3", "device-5"]


def test_a_token_is_renewed_shortly_before_it_expires(shop: ShopDouble, client: Client) -> None:
    shop.expires_in = 1
    client.login("john@example.com", "secret-1")
    time.sleep(0.92)  # a tenth of its life is left
    client.users.get_me()
    assert shop.requests("Refresh")[0].refresh_token == "refresh-2"
    assert shop.tokens("GetMe") == ["access-3"]


def test_twenty_parallel_calls_with_an_expired_token_cause_one_refresh(
    shop: ShopDouble, client: Client
) -> None:
    shop.refresh_seconds = 0.2
    shop.revoke()
    with ThreadPoolExecutor(20) as pool:
        users = list(pool.map(lambda _: client.users.get_me(), range(20)))
    assert [user.id for user in users] == [1] * 20
    assert len(shop.requests("Refresh")) == 1
    assert client.tokens is not None
    assert client.tokens.refresh_token == "refresh-3"


def test_a_refused_token_is_replaced_for_calls_that_must_not_be_repeated_too(
    shop: ShopDouble, client: Client
) -> None:
    shop.revoke()
    assert client.cart.add(product_id=7, quantity=2).item_count == 2
    assert shop.tokens("AddItem") == ["access-1", "access-3"]


def test_a_call_asks_for_another_token_only_once(shop: ShopDouble, client: Client) -> None:
    shop.refuse("GetMe", *[Refusal("UNAUTHENTICATED", "TOKEN_INVALID")] * 2)
    with pytest.raises(Unauthenticated):
        client.users.get_me()
    assert len(shop.requests("Refresh")) == 1


def test_the_hook_sees_every_change_of_the_tokens(shop: ShopDouble, address: str) -> None:
    kept: list[Tokens | None] = []
    with Client(address, on_tokens=kept.append) as client:
        client.login("john@example.com", "secret-1")
        shop.revoke()
        client.users.get_me()
        client.logout()
        assert client.tokens is None
    assert [tokens and tokens.refresh_token for tokens in kept] == ["refresh-1", "refresh-3", None]


def test_a_logout_whose_reply_was_lost_is_repeated(shop: ShopDouble, client: Client) -> None:
    shop.refuse("Logout", Refusal("UNAVAILABLE"), Refusal("UNAUTHENTICATED", "TOKEN_INVALID"))
    shop.refuse("Refresh", Refusal("UNAUTHENTICATED", "REFRESH_TOKEN_INVALID"))
    client.logout()
    assert client.tokens is None
    assert len(shop.requests("Logout")) == 2


def test_stored_tokens_sign_in_again_even_the_refresh_token_alone(shop: ShopDouble, address: str) -> None:
    with Client(address, tokens=Tokens(access_token="access-0")) as client:
        assert client.users.get_me().id == 1
    with Client(address, tokens=Tokens(refresh_token="refresh-0")) as client:
        assert client.users.get_me().id == 1
    assert [request.refresh_token for request in shop.requests("Refresh")] == ["refresh-0"]
    with pytest.raises(ValueError, match="refresh token"):
        Client(address, tokens=Tokens())


def test_a_session_that_is_over_is_forgotten(shop: ShopDouble, address: str) -> None:
    kept: list[Tokens | None] = []
    with Client(address, on_tokens=kept.append) as client:
        client.login("john@example.com", "secret-1")
        shop.revoke()
        shop.refuse("Refresh", Refusal("UNAUTHENTICATED", "REFRESH_TOKEN_INVALID"))
        with pytest.raises(Unauthenticated) as caught:
            client.users.get_me()
        assert caught.value.reason == "REFRESH_TOKEN_INVALID"
        assert (client.tokens, kept[-1]) == (None, None)
        client.logout()
        assert client.catalog.get_product(product_id=1).id == 1
    assert shop.requests("Logout") == []


def test_an_early_renewal_that_fails_leaves_the_old_token_in_use(shop: ShopDouble, client: Client) -> None:
    grant = client._session._grant
    assert grant is not None
    client._session._grant = replace(grant, renew_at=0)
    shop.refuse("Refresh", Refusal("RESOURCE_EXHAUSTED", "RATE_LIMITED"))
    client.users.get_me()
    client.users.get_me()
    assert shop.tokens("GetMe") == ["access-1"] * 2
    assert len(shop.requests("Refresh")) == 1


def test_a_refresh_whose_reply_was_lost_is_repeated_once(shop: ShopDouble, client: Client) -> None:
    shop.revoke()
    shop.refuse("Refresh", Refusal("UNAVAILABLE"))
    client.users.get_me()
    assert [request.refresh_token for request in shop.requests("Refresh")] == ["refresh-1"] * 2


def test_a_server_that_is_away_does_not_end_the_session(shop: ShopDouble, client: Client) -> None:
    shop.revoke()
    shop.refuse("Refresh", *[Refusal("UNAVAILABLE")] * 2)
    with pytest.raises(Unavailable):
        client.users.get_me()
    assert client.users.get_me().id == 1


def test_waiting_for_anothers_renewal_ends_with_the_deadline(shop: ShopDouble, client: Client) -> None:
    shop.revoke()
    shop.refresh_seconds = 0.6
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(client.users.get_me)
        time.sleep(0.2)
        with pytest.raises(DeadlineExceeded):
            client.users.GetMe(GetMeRequest(), timeout=0.1)
        assert first.result().id == 1


def test_a_logout_during_a_renewal_wins(shop: ShopDouble, client: Client) -> None:
    shop.revoke()
    shop.refresh_seconds = 0.4
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(client.users.get_me)
        time.sleep(0.2)
        run(client._session.put(None))
        with pytest.raises(Unauthenticated):
            call.result()
    assert client.tokens is None


def test_a_token_given_with_the_call_is_left_alone(shop: ShopDouble, client: Client) -> None:
    with pytest.raises(Unauthenticated):
        client.users.GetMe(GetMeRequest(), metadata=(("authorization", "Bearer mine"),))
    assert shop.tokens("GetMe") == ["mine"]
    assert shop.requests("Refresh") == []
