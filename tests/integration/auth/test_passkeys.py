"""Passkeys: made by who has just signed in, and what signs in: each answer once, of the right device and site."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sanset.v1 import auth_pb2
from sanset.v1 import passkey_pb2 as pb
from structlog.testing import capture_logs
from support.auth_shop import AuthShop
from support.passkey_device import PRESENT, VERIFIED, PasskeyDevice

from server.auth import throttle
from server.auth.passkeys.service import LIFETIME, MAX_PASSKEYS
from server.auth.passkeys.site import Site, site_of
from server.errors import Refusal
from server.identity import Identity, Permission
from server.rpc.access import must_have
from server.settings import load

pytestmark = pytest.mark.either

JOHN = "john@example.com"


@pytest.fixture
def shop(database_url: str) -> Iterator[AuthShop]:
    """The accounts of a shop, on each database."""
    shop = AuthShop(database_url, public_url="https://shop.test")
    yield shop
    shop.close()


def confirmed(shop: AuthShop, email: str = JOHN) -> Identity:
    """A customer with a confirmed address, signed in."""
    caller = shop.signed_in(email)
    shop.change_user(email, email_verify_time=shop.now)
    return caller


def asked_to_make(shop: AuthShop, caller: Identity) -> str:
    """What a device is asked to make."""
    options = shop.call("BeginPasskeyRegistration", pb.BeginPasskeyRegistrationRequest(), caller)
    return str(options.options_json)


def asked_to_sign(shop: AuthShop) -> str:
    """What a device is asked to sign."""
    return str(shop.call("BeginPasskeySignIn", pb.BeginPasskeySignInRequest()).options_json)


def register(shop: AuthShop, caller: Identity, device: PasskeyDevice, name: str = "Phone") -> pb.Passkey:
    """Have a device make a passkey."""
    made = device.create(asked_to_make(shop, caller))
    request = pb.FinishPasskeyRegistrationRequest(credential_json=made, name=name)
    passkey: pb.Passkey = shop.call("FinishPasskeyRegistration", request, caller)
    return passkey


def signed(shop: AuthShop, credential_json: str) -> auth_pb2.Tokens:
    """Sign in by what a device signed."""
    request = pb.FinishPasskeySignInRequest(credential_json=credential_json)
    tokens: auth_pb2.Tokens = shop.call("FinishPasskeySignIn", request)
    return tokens


def sign_in(shop: AuthShop, device: PasskeyDevice) -> auth_pb2.Tokens:
    """Sign in by a device."""
    return signed(shop, device.sign(asked_to_sign(shop)))


def ended(call: Callable[[], object]) -> str:
    """How a call ends."""
    try:
        call()
    except Refusal as refusal:
        return refusal.reason
    return "OK"


def test_a_passkey_signs_in_as_two_factors_do(database_url: str) -> None:
    shop = AuthShop(database_url, public_url="https://shop.test", require_staff_second_factor=True)
    caller, device = confirmed(shop), PasskeyDevice()
    shop.change_user(JOHN, role="ADMIN")
    shop.mails()
    passkey = register(shop, caller, device)
    assert shop.mail("passkey_added", JOHN).subject == "A passkey of your account"
    assert (passkey.name, passkey.HasField("last_use_time")) == ("Phone", False)
    for counts in (True, True):
        device.counts = counts
        tokens = sign_in(shop, device)
        assert shop.who(tokens).user_id == caller.user_id
        for proven in (tokens, shop.refresh(tokens.refresh_token)):
            must_have(shop.who(proven), Permission.MANAGE_ORDERS)
    (listed,) = shop.call("ListPasskeys", pb.ListPasskeysRequest(), caller).items
    assert (listed.id, listed.HasField("last_use_time")) == (passkey.id, True)
    synced = PasskeyDevice(counts=False)
    register(shop, caller, synced, "Cloud")
    assert [ended(lambda: sign_in(shop, synced)) for _ in range(2)] == ["OK", "OK"]
    shop.close()


@pytest.mark.both
def test_what_a_device_signed_signs_in_once(shop: AuthShop) -> None:
    device = PasskeyDevice()
    register(shop, confirmed(shop), device)
    credential = device.sign(asked_to_sign(shop))

    async def race() -> list[str]:
        request = pb.FinishPasskeySignInRequest(credential_json=credential)
        calls = (shop.call_async("FinishPasskeySignIn", request) for _ in range(4))
        answers = await asyncio.gather(*calls, return_exceptions=True)
        return sorted(getattr(answer, "reason", "OK") for answer in answers)

    assert asyncio.run(race()) == ["OK"] + ["PASSKEY_INVALID"] * 3
    late = device.sign(asked_to_sign(shop))
    shop.later(LIFETIME.total_seconds())
    assert ended(lambda: signed(shop, late)) == "PASSKEY_INVALID"


@pytest.mark.either
def test_what_is_not_signed_as_it_must_be_does_not_sign_in(shop: AuthShop) -> None:
    john, jane = confirmed(shop), confirmed(shop, "jane@example.com")
    device, others = PasskeyDevice(), PasskeyDevice()
    register(shop, john, device)
    register(shop, jane, others)

    def erring(**ways: Any) -> PasskeyDevice:
        same: dict[str, Any] = {"key": device.key, "credential_id": device.credential_id, "signatures": 50}
        return PasskeyDevice(**same | {"user_handle": device.user_handle} | ways)

    for name, one in {
        "another site": erring(origin="https://shop.test.evil.example"),
        "another domain": erring(rp_id="evil.example"),
        "no verification": erring(flags=PRESENT),
        "nobody there": erring(flags=VERIFIED),
        "another key": erring(key=others.key),
        "another user": erring(user_handle=others.user_handle),
        "no user": erring(user_handle=b""),
        "unknown": PasskeyDevice(user_handle=device.user_handle),
    }.items():
        assert ended(lambda: sign_in(shop, one)) == "PASSKEY_INVALID", name  # noqa: B023
    registration = PasskeyDevice().create(asked_to_make(shop, john))
    for credential in ("{}", "[]", "null", "no json", "[" * 8000, registration, '{"id": 1}'):
        shop.later(20)
        assert ended(lambda: signed(shop, credential)) == "PASSKEY_INVALID", credential[:20]  # noqa: B023
    shop.change_user(JOHN, is_active=False)
    assert ended(lambda: sign_in(shop, erring())) == "PASSKEY_INVALID"
    shop.change_user(JOHN, is_active=True)
    assert ended(lambda: sign_in(shop, erring())) == "OK"


@pytest.mark.either
def test_a_device_that_counts_fewer_signatures_than_before_was_copied_and_is_refused(shop: AuthShop) -> None:
    device = PasskeyDevice()
    register(shop, confirmed(shop), device)
    copy = PasskeyDevice(
        key=device.key, credential_id=device.credential_id, user_handle=device.user_handle, signatures=1
    )
    for _ in range(3):
        sign_in(shop, device)
    with capture_logs() as logs:
        assert ended(lambda: sign_in(shop, copy)) == "PASSKEY_INVALID"
    assert ["may have been copied" in each["problem"] for each in logs] == [True]


@pytest.mark.either
def test_failures_are_limited_by_address_and_keep_nobody_out(shop: AuthShop) -> None:
    device = PasskeyDevice()
    register(shop, confirmed(shop), device)
    reasons = [ended(lambda: signed(shop, "{}")) for _ in range(throttle.PER_ADDRESS + 1)]
    assert reasons == ["PASSKEY_INVALID"] * throttle.PER_ADDRESS + ["TOO_MANY_SIGN_INS"]
    shop.later(60)
    for _ in range(throttle.PER_ADDRESS + 1):
        assert ended(lambda: sign_in(shop, device)) == "OK"


def test_a_passkey_is_registered_by_who_has_just_signed_in_and_asked_for_it(shop: AuthShop) -> None:
    john, jane = confirmed(shop), confirmed(shop, "jane@example.com")
    device = PasskeyDevice()

    def finish(caller: Identity, credential: str, name: str = "") -> str:
        request = pb.FinishPasskeyRegistrationRequest(credential_json=credential, name=name)
        return ended(lambda: shop.call("FinishPasskeyRegistration", request, caller))

    assert finish(jane, device.create(asked_to_make(shop, john))) == "PASSKEY_REFUSED"
    made = device.create(asked_to_make(shop, john))
    assert finish(john, made, "two\nlines") == "INVALID_FIELD"
    assert [finish(john, made), finish(john, made)] == ["OK", "PASSKEY_REFUSED"]
    twin = PasskeyDevice(key=device.key, credential_id=device.credential_id)
    assert finish(jane, twin.create(asked_to_make(shop, jane))) == "PASSKEY_TAKEN"
    for one in (PasskeyDevice(origin="https://evil.example"), PasskeyDevice(flags=PRESENT)):
        assert finish(john, one.create(asked_to_make(shop, john))) == "PASSKEY_REFUSED"
    assert finish(john, device.sign(asked_to_sign(shop))) == "PASSKEY_REFUSED"
    shop.change_user("jane@example.com", email_verify_time=None)
    assert ended(lambda: asked_to_make(shop, jane)) == "EMAIL_NOT_VERIFIED"
    begun = [PasskeyDevice().create(asked_to_make(shop, john)) for _ in range(MAX_PASSKEYS)]
    assert [finish(john, each) for each in begun] == ["OK"] * (MAX_PASSKEYS - 1) + ["TOO_MANY"]
    assert ended(lambda: asked_to_make(shop, john)) == "TOO_MANY"
    shop.later(16 * 60)
    assert ended(lambda: asked_to_make(shop, john)) == "REAUTHENTICATION_REQUIRED"


@pytest.mark.either
def test_a_passkey_is_deleted_unless_it_is_the_last_way_to_sign_in(shop: AuthShop) -> None:
    john, jane, device = confirmed(shop), confirmed(shop, "jane@example.com"), PasskeyDevice()
    passkey = register(shop, john, device)
    delete = pb.DeletePasskeyRequest(passkey_id=passkey.id)
    assert ended(lambda: shop.call("DeletePasskey", delete, jane)) == "PASSKEY_NOT_FOUND"
    shop.change_user(JOHN, password_hash=None)
    assert ended(lambda: shop.call("DeletePasskey", delete, john)) == "LAST_WAY_TO_SIGN_IN"
    register(shop, john, PasskeyDevice())
    shop.later(16 * 60)
    assert ended(lambda: shop.call("DeletePasskey", delete, john)) == "REAUTHENTICATION_REQUIRED"
    john = shop.who(sign_in(shop, device))
    shop.mails()
    shop.call("DeletePasskey", delete, john)
    assert shop.mail("passkey_removed", JOHN).subject == "A passkey of your account was deleted"
    assert ended(lambda: sign_in(shop, device)) == "PASSKEY_INVALID"


def test_the_site_follows_from_where_the_shop_is_reached() -> None:
    def site(**changes: Any) -> Site | None:
        return site_of(load(_env_file=None, environment="test", cors_origins=[], **changes))

    assert site() == Site("localhost", "sanset", ("http://localhost:8000",))
    shop = {"public_url": "https://shop.example.com"}
    assert site(**shop) == Site("shop.example.com", "sanset", ("https://shop.example.com",))
    app = "android:apk-key-hash:2jmj7l5rSw0yVb"
    named = site(
        **shop,
        webauthn_rp_id="example.com",
        webauthn_rp_name="Shop",
        webauthn_origins=["https://www.example.com/", "https://badexample.com", app],
    )
    assert named == Site("example.com", "Shop", ("https://www.example.com", app))
    assert site(public_url="https://192.0.2.7") is None


@pytest.mark.either
def test_a_shop_without_a_site_says_so(database_url: str) -> None:
    shop = AuthShop(database_url, public_url="https://192.0.2.7")
    assert ended(lambda: asked_to_sign(shop)) == "PASSKEYS_OFF"
    assert ended(lambda: signed(shop, json.dumps({}))) == "PASSKEYS_OFF"
    shop.close()
