"""Guessing passwords: five a minute for an account, twenty from an address, however they are sent; ten lock it."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from sanset.v1 import auth_pb2 as pb
from structlog.testing import capture_logs
from support.auth_shop import PASSWORD, AuthShop
from support.running_shop import RunningShop, refused

from server.auth import throttle
from server.auth.errors import AccountLocked, InvalidCredentials, TooManyCodes, TooManySignIns
from server.auth.passwords import MAX_QUEUED
from server.auth.throttle import PER_ACCOUNT, PER_ADDRESS
from server.errors import OutOfTime, Overloaded, Refusal

pytestmark = pytest.mark.either

WRONG = "wrong-shop-1"


@pytest.fixture
def shop(database_url: str) -> Iterator[AuthShop]:
    """The accounts of a shop, on each database."""
    shop = AuthShop(database_url)
    yield shop
    shop.close()


def tried(
    shop: AuthShop,
    email: str = "john@example.com",
    password: str = WRONG,
    *,
    ip: str = "",
    device_id: str = "",
    **name: str,
) -> str:
    """How a sign-in ends."""
    request = pb.LoginRequest(**({"email": email} | name), password=password)
    try:
        shop.call("Login", request, ip=ip, device_id=device_id)
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


@pytest.mark.both
def test_guesses_at_once_are_no_more_than_guesses_one_after_the_other(shop: AuthShop) -> None:
    shop.register()
    request = pb.LoginRequest(email="john@example.com", password=WRONG)

    async def race() -> list[Any]:
        calls = (shop.call_async("Login", request, ip=f"203.0.113.{n}") for n in range(40))
        return await asyncio.gather(*calls, return_exceptions=True)

    answers = asyncio.run(race())
    assert sum(isinstance(answer, InvalidCredentials) for answer in answers) == PER_ACCOUNT
    # More than may wait for a hash are refused before they are counted.
    assert sum(isinstance(answer, TooManySignIns | Overloaded) for answer in answers) == 40 - PER_ACCOUNT


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


def test_user_names_and_addresses_are_refused_and_locked_alike_whether_anybody_has_them(
    shop: AuthShop,
) -> None:
    shop.register(username="john")
    names = [{"email": "john@example.com"}, {"username": "john"}]
    of_nobody = [{"email": "nobody@example.com"}, {"username": "nobody"}]
    # One after the other: the names of an account share its count, those of nobody have one each.
    for name in (*names, *of_nobody):
        ended = []
        for n in range(14):
            ended.append(tried(shop, **({"email": ""} | name), ip=f"203.0.113.{n}"))
            shop.later(12 if n != 9 else 1)
        assert Counter(ended) == {"INVALID_CREDENTIALS": 10, "ACCOUNT_LOCKED": 4}, name
        shop.later(49 * 3600)


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


def test_where_a_refresh_token_was_used_is_no_place_that_the_owner_signed_in_from(shop: AuthShop) -> None:
    shop.register()
    tokens = shop.login(ip="198.51.100.1")
    request = pb.RefreshRequest(refresh_token=tokens.refresh_token)
    shop.call("Refresh", request, ip="198.51.100.66")
    for n in range(10):
        tried(shop, "john@example.com", ip=f"203.0.113.{n}")
    assert tried(shop, "john@example.com", PASSWORD, ip="198.51.100.66") == "TOO_MANY_SIGN_INS"
    assert tried(shop, "john@example.com", PASSWORD, ip="198.51.100.1") == "OK", "where the session began"


def test_a_place_whose_sessions_were_revoked_is_known_no_more(shop: AuthShop) -> None:
    shop.register()
    stolen = shop.who(shop.login(ip="198.51.100.66"))
    owner = shop.who(shop.login(ip="198.51.100.1"))
    shop.call("RevokeSession", pb.RevokeSessionRequest(session_id=stolen.session_id), owner)
    for n in range(10):
        tried(shop, "john@example.com", ip=f"203.0.113.{n}")
    assert tried(shop, "john@example.com", PASSWORD, ip="198.51.100.66") == "TOO_MANY_SIGN_INS"
    assert tried(shop, "john@example.com", PASSWORD, ip="198.51.100.1") == "OK"


def test_an_owner_is_known_in_their_household_whatever_address_they_have_there_today(shop: AuthShop) -> None:
    shop.register()
    shop.login(ip="2001:db8:1:2:aaaa::1")
    for n in range(10):
        tried(shop, ip=f"203.0.113.{n}")
    assert tried(shop, password=PASSWORD, ip="2001:db8:1:3::1") == "TOO_MANY_SIGN_INS"
    assert tried(shop, password=PASSWORD, ip="2001:db8:1:22::1") == "TOO_MANY_SIGN_INS"
    assert tried(shop, password=PASSWORD, ip="2001:db8:1:2:bbbb::2") == "OK"


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


@pytest.mark.either
def test_sign_ins_that_wait_for_a_hash_until_their_time_is_over_are_not_counted(shop: AuthShop) -> None:
    shop.register()

    async def hurried() -> list[Any]:
        turns = shop.passwords._turns
        held = [await turns.take(None, again=False, within=60) for _ in range(shop.passwords._threads)]
        request = pb.LoginRequest(email="john@example.com", password=PASSWORD)
        calls = (shop.call_async("Login", request, seconds=0.5) for _ in range(PER_ACCOUNT))
        answers = await asyncio.gather(*calls, return_exceptions=True)
        for turn in held:
            turns.give_back(turn)
        return answers

    assert all(isinstance(answer, TimeoutError | OutOfTime) for answer in asyncio.run(hurried()))
    assert tried(shop, "john@example.com", PASSWORD) == "OK"


# Ten in a row


def guess_until_locked(shop: AuthShop, email: str = "john@example.com", **caller: str) -> int:
    """Guess until the account is locked, from an address after the other; how many guesses were judged."""
    for judged in range(100):
        ended = tried(shop, email, ip=f"203.0.{judged}.{shop.now.minute}", **caller)
        if ended == "ACCOUNT_LOCKED":
            return judged
        assert ended == "INVALID_CREDENTIALS"
        shop.later(15)
    raise AssertionError("it is never locked")


def test_ten_failures_in_a_row_lock_an_account_for_a_quarter_of_an_hour(shop: AuthShop) -> None:
    shop.register()
    assert guess_until_locked(shop) == throttle.FAILURES_TO_LOCK
    with pytest.raises(AccountLocked) as caught:
        shop.login(ip="203.0.113.200")
    assert caught.value.retry_after_seconds == 15 * 60 - 15
    shop.later(15 * 60 - 15)
    assert tried(shop, password=PASSWORD, ip="203.0.113.200") == "OK"


@pytest.mark.either
def test_an_account_that_does_not_exist_is_locked_alike(shop: AuthShop) -> None:
    assert guess_until_locked(shop, "nobody@example.com") == throttle.FAILURES_TO_LOCK


@pytest.mark.either
def test_each_lock_is_twice_as_long_up_to_a_day(shop: AuthShop) -> None:
    user_id = shop.register().id
    seconds = []
    for _ in range(9):
        guess_until_locked(shop)
        with shop.db.read() as connection:
            until = throttle.lock_of(connection, user_id).until
        assert until is not None
        seconds.append((until - shop.now).total_seconds() + 15)
        shop.later(seconds[-1])
    minutes = [round(each / 60) for each in seconds]
    assert minutes == [15, 30, 60, 120, 240, 480, 960, 1440, 1440]


@pytest.mark.either
def test_a_sign_in_that_succeeds_ends_the_row(shop: AuthShop) -> None:
    shop.register()
    for _ in range(3):
        for _ in range(throttle.FAILURES_TO_LOCK - 1):
            assert tried(shop) == "INVALID_CREDENTIALS"
            shop.later(15)
        assert tried(shop, password=PASSWORD) == "OK"


@pytest.mark.either
def test_failures_of_last_week_are_not_in_a_row_with_those_of_today(shop: AuthShop) -> None:
    shop.register()
    for _ in range(3):
        for _ in range(throttle.FAILURES_TO_LOCK - 1):
            assert tried(shop) == "INVALID_CREDENTIALS"
            shop.later(15)
        shop.later(throttle.MEMORY.total_seconds())


@pytest.mark.either
def test_the_tenth_sign_in_may_still_succeed(shop: AuthShop) -> None:
    shop.register()
    for _ in range(throttle.FAILURES_TO_LOCK - 1):
        tried(shop)
        shop.later(15)
    assert [tried(shop, password=PASSWORD) for _ in range(2)] == ["OK", "OK"]


def test_a_device_that_signed_in_before_gets_in_while_strangers_have_the_account_locked(
    shop: AuthShop,
) -> None:
    shop.register()
    known = shop.login(ip="198.51.100.1").device_id
    for _ in range(PER_ADDRESS):  # an address that is used up, too
        tried(shop, "somebody@example.com", ip="198.51.100.2")
    guess_until_locked(shop)
    assert tried(shop, password=PASSWORD, ip="198.51.100.2", device_id=known) == "OK"
    assert tried(shop, password=PASSWORD, ip="198.51.100.3") == "ACCOUNT_LOCKED"


@pytest.mark.either
def test_a_device_that_guesses_is_locked_out_by_itself(shop: AuthShop) -> None:
    shop.register()
    known = shop.login(ip="198.51.100.1").device_id
    assert guess_until_locked(shop, device_id=known) == throttle.FAILURES_TO_LOCK
    assert tried(shop, password=PASSWORD, ip="198.51.100.9") == "OK", "elsewhere nothing failed"


@pytest.mark.either
def test_a_device_is_known_to_the_accounts_that_signed_in_on_it_and_to_no_others(shop: AuthShop) -> None:
    for name in ("john", "jane", "mallory"):
        shop.register(f"{name}@example.com")
    device = shop.login("jane@example.com", ip="198.51.100.1").device_id
    device = shop.login("john@example.com", ip="198.51.100.1", device_id=device).device_id
    guess_until_locked(shop, "john@example.com")
    guess_until_locked(shop, "mallory@example.com")
    assert tried(shop, "john@example.com", PASSWORD, ip="198.51.100.2", device_id=device) == "OK"
    assert (
        tried(shop, "mallory@example.com", PASSWORD, ip="198.51.100.2", device_id=device) == "ACCOUNT_LOCKED"
    )


@pytest.mark.either
@pytest.mark.parametrize(
    "spoil",
    [
        str.upper,
        lambda sent: sent[:-1],
        lambda sent: ("B" if sent[0] == "A" else "A") + sent[1:],
        lambda _: "é.",
        bytes,
    ],
)
def test_a_device_id_that_is_not_ours_is_none(shop: AuthShop, spoil: Any) -> None:
    shop.register()
    known = shop.login(ip="198.51.100.1").device_id
    guess_until_locked(shop)
    spoilt = known.encode() if spoil is bytes else spoil(known)
    assert tried(shop, password=PASSWORD, ip="198.51.100.2", device_id=spoilt) == "ACCOUNT_LOCKED"


@pytest.mark.either
def test_a_refresh_keeps_the_device_known(shop: AuthShop) -> None:
    shop.register()
    tokens = shop.login(ip="198.51.100.1")
    renewed = shop.call(
        "Refresh", pb.RefreshRequest(refresh_token=tokens.refresh_token), device_id=tokens.device_id
    )
    assert renewed.device_id == tokens.device_id


@pytest.mark.either
def test_refreshes_make_no_further_devices_to_guess_from(shop: AuthShop) -> None:
    for name in ("john", "mallory"):
        shop.register(f"{name}@example.com")
    stolen, ended = shop.login(ip="198.51.100.1"), []
    for shown in ("", "", shop.login("mallory@example.com", ip="203.0.113.5").device_id):
        request = pb.RefreshRequest(refresh_token=stolen.refresh_token)
        stolen = shop.call("Refresh", request, ip="203.0.113.5", device_id=shown)
        ended += [tried(shop, ip="203.0.113.6", device_id=stolen.device_id) for _ in range(PER_ACCOUNT + 1)]
    # What it shows of another account's device is worth what a stranger's guesses are.
    assert Counter(ended) == {"INVALID_CREDENTIALS": 2 * PER_ACCOUNT, "TOO_MANY_SIGN_INS": PER_ACCOUNT + 3}


@pytest.mark.either
def test_twenty_refresh_tokens_that_are_none_end_the_minute_of_their_address(shop: AuthShop) -> None:
    shop.register()
    tokens = shop.login(ip="198.51.100.1")

    def refreshed(token: str, ip: str) -> str:
        try:
            shop.call("Refresh", pb.RefreshRequest(refresh_token=token), ip=ip)
        except Refusal as refusal:
            return refusal.reason
        return "OK"

    ended = Counter(refreshed(f"none-{n}", "203.0.113.9") for n in range(30))
    assert ended == {"REFRESH_TOKEN_INVALID": 20, "RATE_LIMITED": 10}
    assert refreshed(tokens.refresh_token, "198.51.100.1") == "OK"


def test_unlocking_an_account_forgets_its_failures(shop: AuthShop) -> None:
    user_id = shop.register().id
    guess_until_locked(shop)
    with shop.db.transaction() as tx:
        assert throttle.unlock(tx, user_id)
        assert throttle.lock_of(tx, user_id) == throttle.Lock(0, None)
        assert not throttle.unlock(tx, user_id)
    assert tried(shop, password=PASSWORD, ip="203.0.113.200") == "OK"


@pytest.mark.both
def test_a_thousand_addresses_guess_no_more_than_one(shop: AuthShop) -> None:
    shop.register()
    known = shop.login(ip="198.51.100.1").device_id

    async def storm() -> list[Any]:
        request = pb.LoginRequest(email="john@example.com", password=WRONG)
        calls = (shop.call_async("Login", request, ip=f"10.{n // 250}.{n % 250}.1") for n in range(1000))
        return await asyncio.gather(*calls, return_exceptions=True)

    ended = Counter(type(each).__name__ for each in asyncio.run(storm()))
    assert ended["InvalidCredentials"] == PER_ACCOUNT
    assert tried(shop, password=PASSWORD, ip="198.51.100.2", device_id=known) == "OK"


@pytest.mark.either
def test_a_lock_out_is_a_security_event(shop: AuthShop) -> None:
    user_id = shop.register().id
    with capture_logs() as logs:
        guess_until_locked(shop)
    locks = [each for each in logs if each.get("kind") == "account_locked"]
    assert [each["user_id"] for each in locks] == [user_id]


@pytest.mark.either
def test_codes_are_counted_by_themselves(shop: AuthShop) -> None:
    user_id = shop.register().id
    guess = throttle.Guess(user_id=user_id, name="john@example.com", address="a", network="a")

    def counted() -> None:
        with shop.db.transaction() as tx:
            throttle.begin(tx, guess, shop.now, purpose=throttle.GuessKind.CODE)

    for _ in range(PER_ACCOUNT):
        counted()
    with pytest.raises(TooManyCodes):
        counted()
    assert tried(shop) == "INVALID_CREDENTIALS"


@pytest.mark.either
def test_a_flood_of_sign_ins_is_refused_before_anything_is_done_for_it(shop: AuthShop) -> None:
    shop.register()

    async def flood() -> list[Any]:
        request = pb.LoginRequest(email="john@example.com", password=WRONG)
        calls = (shop.call_async("Login", request, ip=f"10.0.{n}.1") for n in range(200))
        return await asyncio.gather(*calls, return_exceptions=True)

    with shop.statements() as statements:
        ended = Counter(type(each).__name__ for each in asyncio.run(flood()))
    assert ended["Overloaded"] >= 200 - MAX_QUEUED - (os.cpu_count() or 1)
    assert len(statements) < 10 * (200 - ended["Overloaded"])


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
