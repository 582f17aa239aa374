"""The second factor: set up, asked for at each sign-in, its codes used once, and demanded of staff."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pyotp
import pytest
from sanset.v1 import auth_pb2, recovery_pb2
from sanset.v1 import second_factor_pb2 as pb
from support.auth_shop import PASSWORD, AuthShop

from server.auth import throttle
from server.auth.errors import AccountLocked, InvalidCredentials
from server.auth.first_admin import ensure_first_admin
from server.auth.recovery.errors import EmailNotVerified
from server.auth.second_factor.codes import RECOVERY_CODES
from server.auth.second_factor.errors import (
    SecondFactorActive,
    SecondFactorCodeWrong,
    SecondFactorMissing,
    SecondFactorRequired,
    SecondFactorWrong,
)
from server.errors import Refusal
from server.identity import Identity, Permission
from server.rpc.access import SecondFactorNeeded, must_have

pytestmark = pytest.mark.either


@pytest.fixture
def shop(database_url: str) -> Iterator[AuthShop]:
    """The accounts of a shop, on each database."""
    shop = AuthShop(database_url)
    yield shop
    shop.close()


class Authenticator:
    """The device of John's that shows codes."""

    def __init__(self, shop: AuthShop, caller: Identity | None = None) -> None:
        self._shop = shop
        self.caller = caller or shop.signed_in()
        shop.change_user("john@example.com", email_verify_time=shop.now)
        request = pb.SetUpSecondFactorRequest(current_password=PASSWORD)
        made = shop.call("SetUpSecondFactor", request, self.caller)
        totp = pyotp.parse_uri(made.uri)
        assert isinstance(totp, pyotp.TOTP)
        assert totp.secret == made.secret
        self._totp = totp

    @property
    def secret(self) -> str:
        """What it has read."""
        return self._totp.secret

    @property
    def code(self) -> str:
        """What it shows now."""
        return self._totp.at(int(self._shop.now.timestamp()))

    @property
    def next_code(self) -> str:
        """What it shows once half a minute has passed, as it does then."""
        self._shop.later(30)
        return self.code

    def confirm(self) -> list[str]:
        """Have it count; the recovery codes."""
        request = pb.ConfirmSecondFactorRequest(code=self.code)
        return list(self._shop.call("ConfirmSecondFactor", request, self.caller).items)


def sign_in(shop: AuthShop, code: str = "", password: str = PASSWORD) -> auth_pb2.Tokens:
    """Sign John in."""
    request = auth_pb2.LoginRequest(email="john@example.com", password=password, code=code)
    tokens: auth_pb2.Tokens = shop.call("Login", request)
    return tokens


def state_of(shop: AuthShop, caller: Identity) -> Any:
    """What a user sees of their second factor."""
    return shop.call("GetSecondFactor", pb.GetSecondFactorRequest(), caller)


def test_it_counts_once_it_is_confirmed_and_then_each_sign_in_needs_a_code(shop: AuthShop) -> None:
    phone = Authenticator(shop)
    assert sign_in(shop).access_token
    assert not state_of(shop, phone.caller).active
    assert len(set(phone.confirm())) == RECOVERY_CODES
    state = state_of(shop, phone.caller)
    assert (state.active, state.recovery_codes_left) == (True, RECOVERY_CODES)
    with pytest.raises(SecondFactorRequired):
        sign_in(shop)
    with pytest.raises(SecondFactorWrong):
        sign_in(shop, "nonsense")
    with pytest.raises(InvalidCredentials):
        sign_in(shop, phone.next_code, "wrong-shop-1")
    assert sign_in(shop, phone.code).access_token


def test_who_had_the_address_of_the_first_admin_leaves_no_second_factor(shop: AuthShop) -> None:
    squatter = Authenticator(shop)
    squatter.confirm()
    hashed = shop.user().password_hash
    with shop.db.transaction() as tx:
        assert ensure_first_admin(tx, "john@example.com", hashed, shop.now)
    assert sign_in(shop).access_token


def test_a_code_is_used_once_and_none_from_before_it(shop: AuthShop) -> None:
    phone = Authenticator(shop)
    phone.confirm()
    first, code = phone.code, phone.next_code
    assert sign_in(shop, code).access_token
    for used in (code, first):
        with pytest.raises(SecondFactorWrong):
            sign_in(shop, used)


@pytest.mark.either
def test_a_code_is_too_old_after_a_minute(shop: AuthShop) -> None:
    phone = Authenticator(shop)
    phone.confirm()
    code = phone.next_code
    shop.later(60)
    with pytest.raises(SecondFactorWrong):
        sign_in(shop, code)


@pytest.mark.both
def test_of_sign_ins_at_once_with_one_code_one_succeeds(shop: AuthShop) -> None:
    phone = Authenticator(shop)
    phone.confirm()
    request = auth_pb2.LoginRequest(email="john@example.com", password=PASSWORD, code=phone.next_code)

    async def race() -> list[Any]:
        calls = (shop.call_async("Login", request) for _ in range(4))
        return await asyncio.gather(*calls, return_exceptions=True)

    ended = sorted(type(each).__name__ for each in asyncio.run(race()))
    assert ended == ["SecondFactorWrong"] * 3 + ["Tokens"]


def test_a_recovery_code_stands_for_the_phone_once_however_it_is_typed(shop: AuthShop) -> None:
    phone = Authenticator(shop)
    first, second, *_ = phone.confirm()
    assert sign_in(shop, first.upper().replace("-", " ")).access_token
    with pytest.raises(SecondFactorWrong):
        sign_in(shop, first)
    assert state_of(shop, phone.caller).recovery_codes_left == RECOVERY_CODES - 1
    renewed = shop.call("RenewRecoveryCodes", pb.RenewRecoveryCodesRequest(code=second), phone.caller).items
    assert state_of(shop, phone.caller).recovery_codes_left == RECOVERY_CODES
    with pytest.raises(SecondFactorWrong):
        sign_in(shop, second)
    assert sign_in(shop, renewed[0]).access_token


@pytest.mark.either
def test_wrong_codes_lock_the_account_as_wrong_passwords_do(shop: AuthShop) -> None:
    phone = Authenticator(shop)
    phone.confirm()
    ended = []
    for number in range(throttle.FAILURES_TO_LOCK + 1):
        request = auth_pb2.LoginRequest(email="john@example.com", password=PASSWORD, code=f"x{number}")
        try:
            shop.call("Login", request, ip=f"203.0.113.{number}")
        except Refusal as refusal:
            ended.append(refusal.reason)
        shop.later(15)
    assert ended == ["SECOND_FACTOR_WRONG"] * throttle.FAILURES_TO_LOCK + ["ACCOUNT_LOCKED"]


@pytest.mark.either
def test_a_password_without_a_code_counts_as_nothing(shop: AuthShop) -> None:
    phone = Authenticator(shop)
    phone.confirm()
    for _ in range(2 * throttle.FAILURES_TO_LOCK):
        with pytest.raises(SecondFactorRequired):
            sign_in(shop)
    assert sign_in(shop, phone.next_code).access_token


def test_it_is_removed_by_a_code_which_cannot_be_guessed_in_a_session_left_open(shop: AuthShop) -> None:
    phone = Authenticator(shop)
    phone.confirm()
    wrong = pb.RemoveSecondFactorRequest(code="nonsense")
    for _ in range(throttle.FAILURES_TO_LOCK):
        with pytest.raises(SecondFactorCodeWrong):
            shop.call("RemoveSecondFactor", wrong, phone.caller, ip="203.0.113.1")
        shop.later(15)
    with pytest.raises(AccountLocked):
        shop.call("RemoveSecondFactor", wrong, phone.caller, ip="203.0.113.1")
    shop.call("RemoveSecondFactor", pb.RemoveSecondFactorRequest(code=phone.code), phone.caller)
    assert not state_of(shop, phone.caller).active
    assert sign_in(shop).access_token


def test_it_is_set_up_once_and_with_the_password(shop: AuthShop) -> None:
    caller = shop.signed_in()
    with pytest.raises(Refusal) as refused:
        shop.call("SetUpSecondFactor", pb.SetUpSecondFactorRequest(current_password="wrong-shop-1"), caller)
    assert refused.value.reason == "CURRENT_PASSWORD_WRONG"
    for rpc, request in (
        ("ConfirmSecondFactor", pb.ConfirmSecondFactorRequest(code="123456")),
        ("RemoveSecondFactor", pb.RemoveSecondFactorRequest(code="123456")),
    ):
        with pytest.raises(SecondFactorMissing):
            shop.call(rpc, request, caller)
    phone = Authenticator(shop, caller)
    with pytest.raises(SecondFactorCodeWrong):
        shop.call("ConfirmSecondFactor", pb.ConfirmSecondFactorRequest(code="12345"), caller)
    phone.confirm()
    with pytest.raises(SecondFactorActive):
        phone.confirm()
    with pytest.raises(SecondFactorActive):
        Authenticator(shop, caller)


@pytest.mark.either
def test_who_has_not_confirmed_the_address_cannot_lock_its_owner_out_by_one(shop: AuthShop) -> None:
    caller = shop.signed_in()
    request = pb.SetUpSecondFactorRequest(current_password=PASSWORD)
    with pytest.raises(EmailNotVerified):
        shop.call("SetUpSecondFactor", request, caller)
    link = shop.mail("verify_email", "john@example.com").token
    shop.call("VerifyEmail", recovery_pb2.VerifyEmailRequest(token=link))
    assert shop.call("SetUpSecondFactor", request, caller).secret


@pytest.mark.either
def test_nothing_of_it_is_stored_in_plain(shop: AuthShop) -> None:
    phone = Authenticator(shop)
    codes = phone.confirm()
    with shop.db.read() as connection:
        tables = ("second_factors", "second_factor_codes")
        rows = [list(connection.exec_driver_sql("SELECT * FROM " + table)) for table in tables]
    assert phone.secret not in str(rows)
    assert not any(code in str(rows) or code.replace("-", "") in str(rows) for code in codes)


@pytest.mark.either
def test_staff_has_its_permissions_only_after_a_sign_in_with_it_where_the_shop_says_so(
    database_url: str,
) -> None:
    shop = AuthShop(database_url, require_staff_second_factor=True)
    shop.register()
    shop.change_user("john@example.com", role="ADMIN")
    caller = shop.who(sign_in(shop))
    with pytest.raises(SecondFactorNeeded):
        must_have(caller, Permission.MANAGE_ORDERS)
    assert not caller.sees_all_orders
    phone = Authenticator(shop, caller)
    phone.confirm()
    tokens = sign_in(shop, phone.next_code)
    for proven in (tokens, shop.refresh(tokens.refresh_token)):
        must_have(shop.who(proven), Permission.MANAGE_ORDERS)
    shop.close()
