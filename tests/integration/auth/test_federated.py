"""Signing in at an OpenID provider: who gets which account, and what neither a client nor a provider may do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pyotp
import pytest
from sanset.v1 import auth_pb2, recovery_pb2, second_factor_pb2
from sanset.v1 import identity_pb2 as pb
from structlog.testing import capture_logs
from support.auth_shop import PASSWORD, AuthShop
from support.openid_provider import (
    CLIENT_ID,
    OTHER_REDIRECT_URI,
    Claims,
    OpenIdProvider,
    SigningKey,
    User,
    ec_key,
    openid_provider,
    rsa_key,
)

from server.auth import throttle
from server.auth.errors import InvalidCredentials
from server.auth.federated import providers
from server.auth.federated.flow import LIFETIME, Flow
from server.bootstrap.providers import check_providers
from server.errors import InvalidField, Refusal
from server.identity import Identity
from server.settings import InvalidSettings, environment_of, load

pytestmark = pytest.mark.either

FLOW_INVALID = "FEDERATED_SIGN_IN_INVALID"


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenIdProvider]:
    """A provider, which the shop asks again as soon as it was away."""
    monkeypatch.setattr(providers, "REST_SECONDS", 0.0)
    with openid_provider() as one:
        yield one


@pytest.fixture
def shop(database_url: str, provider: OpenIdProvider) -> Iterator[AuthShop]:
    """The accounts of a shop whose users may sign in there, on each database."""
    shop = AuthShop(database_url, oidc_providers=provider.settings())
    provider.now = lambda: shop.now.timestamp()
    yield shop
    shop.close()


class Visit:
    """A sign-in of a user by one client."""

    def __init__(
        self, shop: AuthShop, provider: OpenIdProvider, caller: Identity | None = None, redirect_uri: str = ""
    ) -> None:
        self.shop = shop
        self.caller = caller
        kind = pb.StartFederatedSignInRequest if caller is None else pb.StartIdentityLinkRequest
        request = kind(provider="local", redirect_uri=redirect_uri)
        name = "StartFederatedSignIn" if caller is None else "StartIdentityLink"
        self.flow = shop.call(name, request, caller)
        self.back = provider.visit(self.flow.authorization_url)
        assert self.back["state"] == self.flow.state

    def request(self, **changes: str) -> pb.FinishFederatedSignInRequest:
        """What the client sends once its user is back."""
        sent = {
            "state": self.back["state"],
            "authorization_code": self.back["code"],
            "issuer": self.back["iss"],
            "flow_secret": self.flow.flow_secret,
        }
        return pb.FinishFederatedSignInRequest(**sent | changes)

    def finish(self, **changes: str) -> auth_pb2.Tokens:
        """Finish the sign-in."""
        tokens: auth_pb2.Tokens = self.shop.call("FinishFederatedSignIn", self.request(**changes))
        return tokens

    def link(self, caller: Identity | None = None) -> pb.LinkedIdentity:
        """Finish the link."""
        sent = self.request()
        request = pb.LinkIdentityRequest(
            state=sent.state, authorization_code=sent.authorization_code, flow_secret=sent.flow_secret
        )
        linked: pb.LinkedIdentity = self.shop.call("LinkIdentity", request, caller or self.caller)
        return linked


def ended(call: Callable[[], object]) -> str:
    """How a call ends."""
    try:
        call()
    except Refusal as refusal:
        return refusal.reason
    return "OK"


def signed_in(shop: AuthShop, provider: OpenIdProvider) -> Identity:
    """Who signs in there now."""
    return shop.who(Visit(shop, provider).finish())


def verified(shop: AuthShop, email: str = "john@example.com") -> Identity:
    """A customer with a password and a confirmed address, signed in."""
    caller = shop.signed_in(email)
    shop.change_user(email, email_verify_time=shop.now)
    return caller


def identities(shop: AuthShop, caller: Identity) -> list[pb.LinkedIdentity]:
    """Those of an account."""
    return list(shop.call("ListIdentities", pb.ListIdentitiesRequest(), caller).items)


# Whose account it is


def test_who_is_new_gets_an_account_without_a_password_and_comes_back_to_it(
    shop: AuthShop, provider: OpenIdProvider
) -> None:
    first = signed_in(shop, provider)
    row = shop.user()
    assert (row.id, row.full_name, row.role, row.password_hash) == (
        first.user_id,
        "John Doe",
        "CUSTOMER",
        None,
    )
    assert row.email_verify_time is not None
    provider.user.email = "moved@example.com"
    again = Visit(shop, provider, redirect_uri=OTHER_REDIRECT_URI).finish()
    assert shop.who(again).user_id == first.user_id, "the subject is who it is, not the address"
    assert shop.refresh(again.refresh_token).access_token
    with pytest.raises(InvalidCredentials):
        shop.login()
    assert [(one.provider, one.email) for one in identities(shop, first)] == [("local", "john@example.com")]
    listed = shop.call("ListIdentityProviders", pb.ListIdentityProvidersRequest())
    assert [(one.name, one.title) for one in listed.items] == [("local", "Local")]


def test_a_password_is_set_by_a_code_and_only_then_the_identity_may_go(
    shop: AuthShop, provider: OpenIdProvider
) -> None:
    caller = signed_in(shop, provider)
    (identity,) = identities(shop, caller)
    unlink = pb.UnlinkIdentityRequest(identity_id=identity.id)
    assert ended(lambda: shop.call("UnlinkIdentity", unlink, caller)) == "LAST_WAY_TO_SIGN_IN"
    shop.call("ForgotPassword", recovery_pb2.ForgotPasswordRequest(email="john@example.com"))
    code = shop.mail("reset_code", "john@example.com").code
    reset = recovery_pb2.ResetPasswordRequest(email="john@example.com", otp=code, new_password=PASSWORD)
    shop.call("ResetPassword", reset)
    caller = shop.who(shop.login())
    shop.mails()
    shop.call("UnlinkIdentity", unlink, caller)
    assert "signed in to at Local any more" in shop.mail("identity_removed", "john@example.com").text
    assert identities(shop, caller) == []
    assert ended(lambda: shop.call("UnlinkIdentity", unlink, caller)) == "IDENTITY_NOT_FOUND"


def test_a_confirmed_account_of_the_address_is_linked_and_told(
    shop: AuthShop, provider: OpenIdProvider
) -> None:
    caller = verified(shop)
    shop.mails()
    assert signed_in(shop, provider).user_id == caller.user_id
    assert "signed in to at Local now" in shop.mail("identity_linked", "john@example.com").text
    assert shop.login().access_token, "the password still signs in"


def test_who_registered_with_somebody_elses_address_is_out_once_its_reader_comes(
    shop: AuthShop, provider: OpenIdProvider
) -> None:
    shop.register()
    squatter = shop.login()
    shop.call("ForgotPassword", recovery_pb2.ForgotPasswordRequest(email="john@example.com"))
    code = shop.mail("reset_code", "john@example.com").code
    owner = signed_in(shop, provider)
    assert owner.user_id == shop.user().id
    assert shop.user().email_verify_time is not None
    with pytest.raises(InvalidCredentials):
        shop.login()
    assert ended(lambda: shop.refresh(squatter.refresh_token)) == "REFRESH_TOKEN_INVALID"
    reset = recovery_pb2.ResetPasswordRequest(email="john@example.com", otp=code, new_password=PASSWORD)
    assert ended(lambda: shop.call("ResetPassword", reset)) == "CODE_USED"


@pytest.mark.either
def test_an_address_that_the_provider_does_not_vouch_for_opens_nothing_and_tells_nothing(
    shop: AuthShop, provider: OpenIdProvider
) -> None:
    verified(shop)
    statements = []
    for email in ("john@example.com", "nobody@example.com"):
        for vouched in (False, None, "false", 1, "yes"):
            provider.user = User(sub=f"{email} {vouched}", email=email, email_verified=vouched)  # type: ignore[arg-type]
            visit = Visit(shop, provider)
            with pytest.raises(Refusal) as refused, shop.statements() as seen:
                visit.finish()
            assert refused.value.reason == "PROVIDER_EMAIL_UNVERIFIED"
            assert str(refused.value) == (
                "Local does not say that your e-mail address is confirmed; confirm it there."
            )
            statements.append([each for each in seen if "SELECT" in each or "INSERT" in each])
            shop.later(60)
    assert all(each == statements[0] for each in statements)
    for email in ("", "no address", "a" * 250 + "@example.com"):
        provider.user = User(sub=f"none {email[:9]}", email=email)
        assert ended(Visit(shop, provider).finish) == "PROVIDER_EMAIL_UNVERIFIED"
    provider.user = User(email="text@example.com", email_verified="true")
    assert ended(Visit(shop, provider).finish) == "OK"


@pytest.mark.either
def test_no_provider_opens_an_account_of_staff_or_one_that_is_closed_by_its_address(
    shop: AuthShop, provider: OpenIdProvider
) -> None:
    caller = verified(shop)
    shop.change_user("john@example.com", role="ADMIN")
    assert ended(Visit(shop, provider).finish) == "IDENTITY_NOT_LINKED"
    Visit(shop, provider, caller).link()
    assert signed_in(shop, provider).user_id == caller.user_id
    shop.change_user("john@example.com", is_active=False)
    assert ended(Visit(shop, provider).finish) == FLOW_INVALID
    verified(shop, "jane@example.com")
    shop.change_user("jane@example.com", is_active=False)
    provider.user = User(sub="jane", email="jane@example.com")
    assert ended(Visit(shop, provider).finish) == FLOW_INVALID


def test_an_address_that_a_provider_tells_apart_from_the_token_is_read(
    shop: AuthShop, provider: OpenIdProvider
) -> None:
    provider.claims_in_token = False
    provider.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert signed_in(shop, provider).user_id == shop.user().id


# Whose sign-in it is


def test_a_sign_in_is_finished_once_and_by_the_client_that_began_it(
    shop: AuthShop, provider: OpenIdProvider
) -> None:
    visit = Visit(shop, provider)
    stranger = Flow.begin().secret
    assert ended(lambda: visit.finish(flow_secret=stranger)) == FLOW_INVALID
    assert ended(lambda: visit.finish(state=Flow.begin().state)) == FLOW_INVALID
    assert ended(visit.finish) == "OK", "a stranger's try does not use it up"
    assert ended(visit.finish) == FLOW_INVALID
    attack, victim = Visit(shop, provider), Visit(shop, provider)
    sent_to_victim = {"state": attack.back["state"], "authorization_code": attack.back["code"]}
    assert ended(lambda: victim.finish(**sent_to_victim)) == FLOW_INVALID
    used = attack.back["code"]
    attack.finish()
    assert ended(lambda: victim.finish(authorization_code=used)) == FLOW_INVALID, "a code is used once"
    stolen, own = Visit(shop, provider), Visit(shop, provider)
    assert ended(lambda: own.finish(authorization_code=stolen.back["code"])) == FLOW_INVALID, "PKCE"
    late = Visit(shop, provider)
    shop.later(LIFETIME.total_seconds())
    assert ended(late.finish) == FLOW_INVALID
    mixed_up = Visit(shop, provider)
    assert ended(lambda: mixed_up.finish(issuer="https://another.example.com")) == FLOW_INVALID


@pytest.mark.both
def test_of_finishes_at_once_one_succeeds_and_two_of_a_new_person_make_one_account(
    shop: AuthShop, provider: OpenIdProvider
) -> None:
    visit = Visit(shop, provider)

    async def race(*requests: pb.FinishFederatedSignInRequest) -> list[str]:
        calls = (shop.call_async("FinishFederatedSignIn", request) for request in requests)
        answers = await asyncio.gather(*calls, return_exceptions=True)
        return sorted(getattr(answer, "reason", "OK") for answer in answers)

    assert asyncio.run(race(*[visit.request()] * 4)) == [FLOW_INVALID] * 3 + ["OK"]
    provider.user = User(sub="jane", email="jane@example.com")
    several = [Visit(shop, provider).request() for _ in range(3)]
    assert asyncio.run(race(*several)) == ["OK"] * 3
    caller = signed_in(shop, provider)
    assert caller.user_id == shop.user("jane@example.com").id
    assert len(identities(shop, caller)) == 1


@pytest.mark.either
def test_a_sign_in_that_links_is_the_accounts_that_began_it(shop: AuthShop, provider: OpenIdProvider) -> None:
    john, jane = verified(shop), verified(shop, "jane@example.com")
    visit = Visit(shop, provider, john)
    assert ended(lambda: visit.link(jane)) == "IDENTITY_LINK_INVALID"
    assert ended(lambda: Visit(shop, provider, john).finish()) == FLOW_INVALID, "a link is no sign-in"
    assert ended(lambda: Visit(shop, provider).link(john)) == "IDENTITY_LINK_INVALID"
    shop.mails()
    linked = Visit(shop, provider, john).link()
    assert (
        shop.mail("identity_linked", "john@example.com").subject == "Another way to sign in to your account"
    )
    assert Visit(shop, provider, john).link().id == linked.id, "once more changes nothing"
    assert ended(lambda: Visit(shop, provider, jane).link()) == "IDENTITY_TAKEN"
    unlink = pb.UnlinkIdentityRequest(identity_id=linked.id)
    assert ended(lambda: shop.call("UnlinkIdentity", unlink, jane)) == "IDENTITY_NOT_FOUND"
    shop.change_user("jane@example.com", email_verify_time=None)
    provider.user.sub = "jane"
    assert ended(lambda: Visit(shop, provider, jane).link()) == "EMAIL_NOT_VERIFIED"
    shop.later(16 * 60)
    for rpc, request in (
        ("StartIdentityLink", pb.StartIdentityLinkRequest(provider="local")),
        ("UnlinkIdentity", unlink),
    ):
        assert ended(lambda: shop.call(rpc, request, john)) == "REAUTHENTICATION_REQUIRED"  # noqa: B023


def test_an_account_with_a_second_factor_asks_for_a_code_once_who_it_is_was_proven(
    shop: AuthShop, provider: OpenIdProvider
) -> None:
    caller = verified(shop)
    setup = second_factor_pb2.SetUpSecondFactorRequest(current_password=PASSWORD)
    totp = pyotp.TOTP(shop.call("SetUpSecondFactor", setup, caller).secret)

    def code() -> str:
        shop.later(30)
        return totp.at(int(shop.now.timestamp()))

    shop.call("ConfirmSecondFactor", second_factor_pb2.ConfirmSecondFactorRequest(code=code()), caller)
    visit = Visit(shop, provider)
    assert ended(visit.finish) == "SECOND_FACTOR_REQUIRED"
    assert ended(lambda: visit.finish(second_factor_code="123")) == "SECOND_FACTOR_WRONG"
    stranger = Flow.begin()
    assert ended(lambda: visit.finish(flow_secret=stranger.secret, second_factor_code=code())) == FLOW_INVALID
    assert ended(visit.finish) == "SECOND_FACTOR_REQUIRED"
    assert visit.finish(second_factor_code=code()).access_token
    assert ended(lambda: visit.finish(second_factor_code=code())) == FLOW_INVALID
    assert Visit(shop, provider).finish(second_factor_code=code()).access_token, "or at one go"
    guessed = Visit(shop, provider)
    assert ended(guessed.finish) == "SECOND_FACTOR_REQUIRED"
    tries = [ended(lambda: guessed.finish(second_factor_code="12")) for _ in range(throttle.PER_ACCOUNT + 1)]
    assert tries[-1] == "TOO_MANY_SIGN_INS"


@pytest.mark.either
def test_what_cannot_be_finished_is_limited_by_address_and_locks_nobody_out(
    shop: AuthShop, provider: OpenIdProvider
) -> None:
    flow = Flow.begin()
    request = pb.FinishFederatedSignInRequest(
        state=flow.state, authorization_code="x", flow_secret=flow.secret
    )
    reasons = [ended(lambda: shop.call("FinishFederatedSignIn", request)) for _ in range(22)]
    assert reasons == [FLOW_INVALID] * throttle.PER_ADDRESS + ["TOO_MANY_SIGN_INS"] * 2
    shop.later(60)
    for _ in range(throttle.PER_ADDRESS + 2):
        assert ended(Visit(shop, provider).finish) == "OK"


# What a provider says


def _forged(claims: Claims, key: SigningKey) -> str:
    """Signed with the public key as if it were a secret."""
    return jwt.encode(claims, key.jwk["x"] * 2, algorithm="HS256", headers={"kid": key.kid})


HOSTILE: dict[str, dict[str, Any]] = {
    "no signature": {"encode": lambda claims, key: jwt.encode(claims, "", algorithm="none")},
    "the public key as a secret": {"encode": _forged},
    "another's key of the name": {
        "encode": lambda claims, key: jwt.encode(
            claims, ec_key("first").private, algorithm="ES256", headers={"kid": key.kid}
        )
    },
    "no token": {"encode": lambda claims, key: "no.token"},
    "a long one": {"encode": lambda claims, key: "e30." * 10_000},
    "no such key": {"encode": lambda claims, key: jwt.encode(claims, key.private, "ES256", {"kid": "x"})},
    "another nonce": {"spoil": lambda claims: {**claims, "nonce": "another"}},
    "no nonce": {"spoil": lambda claims: {name: claims[name] for name in claims if name != "nonce"}},
    "another client": {"spoil": lambda claims: {**claims, "aud": "another"}},
    "two clients and no party": {"spoil": lambda claims: {**claims, "aud": [CLIENT_ID, "another"]}},
    "another party": {"spoil": lambda claims: {**claims, "azp": "another"}},
    "another issuer": {"spoil": lambda claims: {**claims, "iss": "https://another.example.com"}},
    "expired": {"spoil": lambda claims: {**claims, "exp": claims["iat"] - 61}},
    "for ever": {"spoil": lambda claims: {**claims, "exp": float("inf")}},
    "of tomorrow": {"spoil": lambda claims: {**claims, "iat": claims["iat"] + 61}},
    "times that are none": {"spoil": lambda claims: {**claims, "nbf": "now"}},
    "nobody": {"spoil": lambda claims: {**claims, "sub": ""}},
    "a long subject": {"spoil": lambda claims: {**claims, "sub": "x" * 300}},
}


@pytest.mark.either
def test_a_token_that_is_none_of_the_providers_for_this_sign_in_opens_nothing(
    shop: AuthShop, provider: OpenIdProvider
) -> None:
    honest = {"encode": provider.encode, "spoil": provider.spoil}
    for name, errs in HOSTILE.items():
        for attribute, value in (honest | errs).items():
            setattr(provider, attribute, value)
        with capture_logs() as logs:
            assert ended(Visit(shop, provider).finish) == FLOW_INVALID, name
        assert [each["kind"] for each in logs] == ["federated_sign_in_refused"], name
        shop.later(4)
    for attribute, value in honest.items():
        setattr(provider, attribute, value)
    provider.spoil = lambda claims: {**claims, "aud": [CLIENT_ID, "another"], "azp": CLIENT_ID}
    assert ended(Visit(shop, provider).finish) == "OK"


@pytest.mark.either
def test_keys_are_kept_and_read_again_for_a_name_that_is_new_but_not_for_each(
    shop: AuthShop, provider: OpenIdProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        signed_in(shop, provider)
    assert (
        provider.requests.count("/keys") == provider.requests.count("/.well-known/openid-configuration") == 1
    )
    provider.keys = [rsa_key("second"), *provider.keys]
    assert ended(Visit(shop, provider).finish) == FLOW_INVALID, "they were read a moment ago"
    monkeypatch.setattr(providers, "KEYS_AGAIN_SECONDS", 0.0)
    with openid_provider() as other:
        other.keys = [rsa_key("one")]
        shop_keys = providers.Provider(_settings_of(other))
        assert asyncio.run(shop_keys.keys("one"))
        other.keys = [rsa_key("two")]
        assert [key["kid"] for key in asyncio.run(shop_keys.keys("two"))] == ["two"]
        other.down = True
        assert asyncio.run(shop_keys.keys("three")) == [], "while it is away, those that are known"
        assert asyncio.run(shop_keys.keys("two"))


def _settings_of(provider: OpenIdProvider) -> Any:
    loaded = load(_env_file=None, environment="test", oidc_providers=provider.settings())
    return loaded.oidc_providers[0]


@pytest.mark.either
def test_a_provider_that_is_away_is_unavailable_and_passwords_sign_in(
    shop: AuthShop, provider: OpenIdProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.register()
    start = pb.StartFederatedSignInRequest(provider="local")
    for errs in (
        {"down": True},
        {"huge": True},
        {"redirect_to": "http://127.0.0.1/"},
        {"issuer": "https://x.test"},
    ):
        for attribute, value in errs.items():
            setattr(provider, attribute, value)
        assert ended(lambda: shop.call("StartFederatedSignIn", start)) == "PROVIDER_UNAVAILABLE", errs
        provider.down, provider.huge, provider.redirect_to, provider.issuer = False, False, "", ""
        assert shop.login().access_token
    monkeypatch.setattr("server.auth.federated.http.ANSWER_SECONDS", 0.2)
    provider.slow_seconds = 1.0
    assert ended(lambda: shop.call("StartFederatedSignIn", start)) == "PROVIDER_UNAVAILABLE"
    provider.slow_seconds = 0.0
    monkeypatch.undo()
    visit = Visit(shop, provider)
    provider.down = True
    assert ended(visit.finish) == "PROVIDER_UNAVAILABLE"
    provider.down = False
    provider.metadata = {"token_endpoint": "http://10.0.0.1/token"}
    elsewhere = AuthShop(shop.settings.database_url, oidc_providers=provider.settings())
    assert ended(Visit(elsewhere, provider).finish) == "PROVIDER_UNAVAILABLE", "a private host is not asked"
    elsewhere.close()


@pytest.mark.either
def test_a_sign_in_names_a_provider_and_an_address_of_the_shop(shop: AuthShop) -> None:
    unknown = pb.StartFederatedSignInRequest(provider="another")
    assert ended(lambda: shop.call("StartFederatedSignIn", unknown)) == "PROVIDER_NOT_FOUND"
    elsewhere = pb.StartFederatedSignInRequest(provider="local", redirect_uri="https://evil.test/")
    with pytest.raises(InvalidField):
        shop.call("StartFederatedSignIn", elsewhere)


@pytest.mark.either
def test_nothing_that_could_finish_a_sign_in_is_stored(shop: AuthShop, provider: OpenIdProvider) -> None:
    visit = Visit(shop, provider)
    with shop.db.read() as connection:
        rows = str(list(connection.exec_driver_sql("SELECT * FROM sign_in_challenges")))
    flow = Flow(visit.flow.flow_secret)
    assert not any(each in rows for each in (flow.secret, flow.state, flow.nonce, flow.code_verifier))


# The start


def test_a_wrong_issuer_stops_the_start_and_one_that_is_away_does_not(
    provider: OpenIdProvider, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = load(
        _env_file=None, environment="test", oidc_providers=provider.settings(client_secret="hidden-1")
    )
    check_providers(settings)
    provider.issuer = "https://another.example.com"
    with pytest.raises(InvalidSettings) as refused:
        check_providers(settings)
    assert str(refused.value) == (
        f"OIDC_PROVIDERS: local: {provider.url} says that it is the issuer 'https://another.example.com'"
    )
    provider.issuer, provider.metadata = "", {"authorization_endpoint": "javascript:alert(1)"}
    with pytest.raises(InvalidSettings, match="which is not https"):
        check_providers(settings)
    provider.down = True
    check_providers(settings)
    assert "local cannot be asked" in " ".join(capsys.readouterr().err.split())
    assert "hidden-1" not in str(settings.masked())
    assert json.loads(environment_of(settings)["OIDC_PROVIDERS"])[0]["client_secret"] == "hidden-1"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"issuer": "accounts.example.com"}, "is no issuer"),
        ({"redirect_uris": []}, "at least 1"),
        ({"redirect_uris": ["/signed-in"]}, "is no address"),
        ({"name": "No name"}, "pattern"),
        ({"secret": "x"}, "not permitted"),
    ],
)
def test_a_provider_that_is_none_is_refused(change: dict[str, object], problem: str) -> None:
    whole: dict[str, object] = {
        "name": "local",
        "issuer": "https://accounts.example.com",
        "client_id": "shop",
        "redirect_uris": ["https://shop.test/"],
    }
    with pytest.raises(InvalidSettings, match=problem) as refused:
        load(_env_file=None, environment="test", oidc_providers=[whole | change])
    assert str(refused.value).startswith("OIDC_PROVIDERS")
    with pytest.raises(InvalidSettings, match="given twice"):
        load(_env_file=None, environment="test", oidc_providers=[whole, whole])
