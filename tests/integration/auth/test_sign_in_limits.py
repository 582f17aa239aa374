"""Guessing passwords: five a minute for an account, twenty from an address, however they are sent."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from sanset.v1 import auth_pb2 as pb
from support.auth_shop import PASSWORD, AuthShop
from support.running_shop import RunningShop, refused

from server.auth.errors import InvalidCredentials
from server.auth.throttle import PER_ACCOUNT, PER_ADDRESS, TooManySignIns
from server.errors import Overloaded, Refusal

WRONG = "wrong-shop-1"


@pytest.fixture
def shop(database_url: str) -> Iterator[AuthShop]:
    """The accounts of a shop, on each database."""
    shop = AuthShop(database_url)
    yield shop
    shop.close()


def tried(shop: AuthShop, email: str, password: str = WRONG, *, ip: str = "", **name: str) -> str:
    """How a sign-in ends."""
    request = pb.LoginRequest(**({"email": email} | name), password=password)
    try:
        shop.call("Login", request, ip=ip)
    except Refusal as refusal:
        return refusal.reason
    return "OK"


def test_five_failures_a_minute_are_judged_and_then_the_right_password_is_not_either(shop: AuthShop) -> None:
    shop.register()
    ended = Counter(tried(shop, "john@example.com") for _ in range(110))
    assert ended == {"INVALID_CREDENTIALS": PER_ACCOUNT, "TOO_MANY_SIGN_INS": 110 - PER_ACCOUNT}
    shop.later(20)
    with pytest.raises(TooManySignIns) as caught:
        shop.login()
    assert caught.value.retry_after_seconds == 40
    assert str(caught.value) == "Too many sign-ins failed; try again in 40 seconds."
    shop.later(40)
    assert shop.login().access_token


def test_guesses_at_once_are_no_more_than_guesses_one_after_the_other(shop: AuthShop) -> None:
    shop.register()
    request = pb.LoginRequest(email="john@example.com", password=WRONG)

    async def race() -> list[Any]:
        calls = (shop.call_async("Login", request, ip=f"203.0.113.{n}") for n in range(40))
        return await asyncio.gather(*calls, return_exceptions=True)

    answers = asyncio.run(race())
    assert sum(isinstance(answer, InvalidCredentials) for answer in answers) == PER_ACCOUNT
    assert sum(isinstance(answer, TooManySignIns) for answer in answers) == 40 - PER_ACCOUNT


def test_an_account_that_does_not_exist_is_refused_alike(shop: AuthShop) -> None:
    shop.register()
    for name in ("john@example.com", "nobody@example.com"):
        ended = [tried(shop, name, ip="203.0.113.9") for _ in range(PER_ACCOUNT + 2)]
        assert ended == ["INVALID_CREDENTIALS"] * PER_ACCOUNT + ["TOO_MANY_SIGN_INS"] * 2


def test_the_name_and_the_address_of_an_account_are_one_account(shop: AuthShop) -> None:
    shop.register(username="john")
    ended = [tried(shop, "", username=name) for name in ("john", "JOHN")]
    ended += [tried(shop, email) for email in ("john@example.com", "JOHN@example.com", "john@EXAMPLE.com")]
    assert ended == ["INVALID_CREDENTIALS"] * 5
    assert tried(shop, "", username="john") == "TOO_MANY_SIGN_INS"


def test_twenty_failures_from_an_address_end_its_minute_whatever_the_accounts(shop: AuthShop) -> None:
    ended = Counter(tried(shop, f"user-{n}@example.com", ip="203.0.113.9") for n in range(30))
    assert ended == {"INVALID_CREDENTIALS": PER_ADDRESS, "TOO_MANY_SIGN_INS": 30 - PER_ADDRESS}
    assert tried(shop, "user-1@example.com", ip="203.0.113.10") == "INVALID_CREDENTIALS"


def test_a_household_of_ipv6_is_one_address(shop: AuthShop) -> None:
    ended = Counter(tried(shop, f"user-{n}@example.com", ip=f"2001:db8::{n:x}") for n in range(30))
    assert ended["INVALID_CREDENTIALS"] == PER_ADDRESS
    assert tried(shop, "user-1@example.com", ip="2001:db8:0:1::1") == "INVALID_CREDENTIALS"


def test_strangers_who_guess_do_not_keep_the_owner_out_where_they_signed_in_before(shop: AuthShop) -> None:
    shop.register()
    shop.login(ip="198.51.100.1")
    for n in range(10):
        tried(shop, "john@example.com", ip=f"203.0.113.{n}")
    assert tried(shop, "john@example.com", PASSWORD, ip="198.51.100.2") == "TOO_MANY_SIGN_INS"
    assert tried(shop, "john@example.com", PASSWORD, ip="198.51.100.1") == "OK"


def test_sign_ins_that_succeed_are_not_counted(shop: AuthShop) -> None:
    shop.register()
    for _ in range(PER_ACCOUNT - 1):
        assert tried(shop, "john@example.com") == "INVALID_CREDENTIALS"
    for _ in range(PER_ADDRESS + 5):
        assert tried(shop, "john@example.com", PASSWORD) == "OK"


def test_sign_ins_that_nobody_had_time_for_are_not_counted(
    shop: AuthShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.register()

    async def busy(*_: object) -> bool:
        raise Overloaded()

    with monkeypatch.context() as patched:
        patched.setattr(shop.passwords, "verify", busy)
        assert [tried(shop, "john@example.com") for _ in range(10)] == ["OVERLOADED"] * 10
    assert tried(shop, "john@example.com", PASSWORD) == "OK"


def test_the_refusal_says_when_to_come_back_on_the_wire(running: RunningShop) -> None:
    email = running.customer(address=False).email
    request = pb.LoginRequest(email=email, password=WRONG)
    for _ in range(PER_ACCOUNT):
        assert refused(running.auth.Login, request).reason == "INVALID_CREDENTIALS"
    refusal = refused(running.auth.Login, request)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_SIGN_INS")
    assert refusal.retry_seconds is not None
    assert 0 < refusal.retry_seconds <= 60


@pytest.fixture(params=["sqlite", "postgres"])
def running(request: pytest.FixtureRequest) -> RunningShop:
    """A running worker, on each database in turn."""
    running_shop: RunningShop = request.getfixturevalue(f"{request.param}_shop")
    return running_shop
