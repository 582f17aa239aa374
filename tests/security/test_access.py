"""Who may call what: every RPC, tried by everybody."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import grpc
import jwt
import pytest
from every_rpc import CASES, case_of, gaps, id_of, new_request, owned_ids, sample
from google.protobuf.message import Message
from ids import is_set, named_ids, set_field
from sanset.v1 import (
    auth_pb2,
    cart_pb2,
    order_service_pb2,
    user_pb2,
)
from sanset.v1.access_pb2 import AccessRule
from support.every import every
from support.running_shop import Account, refusal
from world import METHODS, NO_PERMISSION, VENDOR_MAY, World, everything, everything_at_rest, rule

from server.auth.tokens import AccessTokens
from server.clock import utc_now
from server.contract import is_read

OK = grpc.StatusCode.OK
NOT_FOUND = grpc.StatusCode.NOT_FOUND

ENDS_ITS_SESSION = {"Logout", "RevokeSession"}

Someone = Callable[[World], Account]


def customer(world: World) -> Account:
    return world.shop.customer()


def vendor(world: World) -> Account:
    return world.vendor


def admin(world: World) -> Account:
    return world.admin


def test_every_rpc_is_tried() -> None:
    assert [gap for method in METHODS for gap in gaps(method)] == []
    assert CASES.keys() <= METHODS.keys(), "of an RPC that there is no more"


# ── Roles ───────────────────────────────────────────────────────────────────────────────────────────────


OPEN = [method for method in METHODS if rule(method).level in (AccessRule.PUBLIC, AccessRule.OPTIONAL)]


@pytest.mark.either
@every("method", OPEN)
def test_strangers_reach_what_is_public(world: World, method: str) -> None:
    request = new_request(world, method, customer(world))
    is_anothers = any(is_set(request, path) for path in owned_ids(method))
    assert world.code(method, request) == (NOT_FOUND if is_anothers else case_of(method).code)


@pytest.mark.either
@every("method", [method for method in METHODS if method not in OPEN])
def test_strangers_reach_nothing_else(world: World, method: str) -> None:
    _is_refused(world, method, sample(world, method), (), grpc.StatusCode.UNAUTHENTICATED, "TOKEN_MISSING")


@pytest.mark.either
@every("method", METHODS.keys())
@pytest.mark.parametrize("someone", [customer, vendor, admin])
def test_each_role_reaches_what_it_may(world: World, method: str, someone: Someone) -> None:
    needed = rule(method).permission
    may = not needed or someone is admin or (someone is vendor and needed in VENDOR_MAY)
    caller = someone(world) if may or someone is not customer else world.buyer
    if method in ENDS_ITS_SESSION and someone is not customer:
        caller = world.shop.sign_in(caller.email, *([] if someone is vendor else ["admin-secret-1"]))
    if may:
        assert world.code(method, new_request(world, method, caller), caller.metadata) == case_of(method).code
    else:
        denied = grpc.StatusCode.PERMISSION_DENIED
        facts = _is_refused(
            world, method, sample(world, method), caller.metadata, denied, "PERMISSION_MISSING"
        )
        assert facts == {
            "permission": AccessRule.Permission.Name(needed),
            "role": "CUSTOMER" if someone is customer else "VENDOR",
        }


@pytest.mark.either
def test_what_is_refused_changes_nothing(world: World) -> None:
    buyer = customer(world)
    requests = {method: sample(world, method) for method in METHODS}
    before = everything_at_rest(world)
    for method, request in requests.items():
        access = rule(method)
        if access.level not in (AccessRule.PUBLIC, AccessRule.OPTIONAL):
            assert world.code(method, request) == grpc.StatusCode.UNAUTHENTICATED
        if access.permission:
            assert world.code(method, request, buyer.metadata) == grpc.StatusCode.PERMISSION_DENIED
    assert everything(world) == before


def _is_refused(
    world: World, method: str, request: Message, metadata: Any, code: grpc.StatusCode, reason: str
) -> dict[str, str]:
    with pytest.raises(grpc.RpcError) as caught:
        world.call(method, request, metadata)
    refused = refusal(caught.value)
    assert (refused.code, refused.reason) == (code, reason)
    return refused.facts


# ── Tokens ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def bad_tokens(world: World) -> dict[str, str]:
    """What a caller may send who is not, or is not any more, who they say."""
    settings, victim = world.shop.settings, world.shop.customer()
    tokens = AccessTokens.of(settings)
    strange = settings.model_copy(update={"secret_key": type(settings.secret_key)("f" * 64)})
    good = victim.tokens.access_token
    session = jwt.decode(good, options={"verify_signature": False})["sid"]
    admin = ("ADMIN", session, utc_now())
    gone = world.shop.customer()
    world.call("Logout", auth_pb2.LogoutRequest(), gone.metadata)
    return {
        "expired": f"Bearer {tokens.issue(victim.user_id, 'ADMIN', session, utc_now() - timedelta(hours=2))}",
        "signed by a stranger": f"Bearer {AccessTokens.of(strange).issue(victim.user_id, *admin)}",
        "edited": f"Bearer {_promoted(good)}",
        "unsigned": f"Bearer {_unsigned(good)}",
        "signature cut off": f"Bearer {good.rpartition('.')[0]}.",
        "a refresh token": f"Bearer {victim.tokens.refresh_token}",
        "logged out": f"Bearer {gone.tokens.access_token}",
        "nothing": "Bearer ",
        "garbage": "Bearer a.b.c",
        "huge": f"Bearer {'a' * 5000}",
    }


def test_a_good_token_without_its_scheme_is_none(world: World) -> None:
    good = world.shop.customer().tokens.access_token
    for sent in (f"Basic {good}", good):
        with pytest.raises(grpc.RpcError) as caught:
            world.call("GetMe", sample(world, "GetMe"), (("authorization", sent),))
        refused = refusal(caught.value)
        assert (refused.code, refused.reason) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_MISSING")
        assert "Bearer <access_token>" in refused.message


@pytest.mark.either
@every("method", METHODS.keys())
def test_a_bad_token_is_worse_than_none(world: World, bad_tokens: dict[str, str], method: str) -> None:
    if rule(method).level == AccessRule.PUBLIC:  # it is not even read: a client may send what it has
        request = new_request(world, method, world.vendor)
        served = world.code(method, request, (("authorization", bad_tokens["expired"]),))
        assert served == case_of(method).code
        return
    texts = set()
    for token in bad_tokens.values():
        with pytest.raises(grpc.RpcError) as caught:
            world.call(method, sample(world, method), (("authorization", token),))
        refused = refusal(caught.value)
        assert (refused.code, refused.reason) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_INVALID")
        texts.add(refused.message)
    assert len(texts) == 1, "a forger must not learn what was wrong"


def _promoted(token: str) -> str:
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    edited = base64.urlsafe_b64encode(json.dumps(claims | {"role": "ADMIN"}).encode()).decode().rstrip("=")
    return f"{header}.{edited}.{signature}"


def _unsigned(token: str) -> str:
    claims = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode(claims | {"role": "ADMIN"}, None, algorithm="none", headers={"kid": "1"})


def test_a_good_token_works_in_any_case_of_its_scheme(world: World) -> None:
    for scheme in ("Bearer", "bearer", "BEARER"):
        metadata = (("authorization", f"{scheme} {world.vendor.tokens.access_token}"),)
        assert world.code("GetMe", user_pb2.GetMeRequest(), metadata) == OK


def test_headers_that_claim_an_identity_mean_nothing(world: World) -> None:
    admin_id = str(world.admin.user_id)
    claims = (("x-user-id", admin_id), ("x-user-role", "ADMIN"), ("x-sanset-edge", ""), ("cookie", "admin=1"))
    assert world.code("GetMe", user_pb2.GetMeRequest(), claims) == grpc.StatusCode.UNAUTHENTICATED
    caller = customer(world)
    me = world.call("GetMe", user_pb2.GetMeRequest(), caller.metadata + claims)
    assert me.id == caller.user_id


# ── Other people's things ───────────────────────────────────────────────────────────────────────────────


ANOTHERS = [
    (method, path)
    for method in METHODS
    if rule(method).permission == NO_PERMISSION
    for path in owned_ids(method)
]
"""The RPCs of users by which they can name what belongs to somebody, and the ids by which they do."""

each_of_anothers = pytest.mark.parametrize(
    ("method", "path"), ANOTHERS, ids=[f"{method}-{path}" for method, path in ANOTHERS]
)


def _naming(world: World, method: str, path: str, owner: Account, caller: Account) -> Message:
    """A request of the caller's that names something of the owner's."""
    request: Message = new_request(world, method, caller)
    set_field(request, path, id_of(method, path).make(world, owner))
    return request


@pytest.mark.either
@each_of_anothers
@pytest.mark.parametrize("someone", [customer, vendor])
def test_what_is_somebody_elses_is_not_there(world: World, method: str, path: str, someone: Someone) -> None:
    owner, other = customer(world), someone(world)
    request = _naming(world, method, path, owner, other)
    _is_refused(world, method, request, other.metadata, NOT_FOUND, id_of(method, path).reason)


@pytest.mark.either
@each_of_anothers
def test_what_is_somebody_elses_looks_like_what_never_was(world: World, method: str, path: str) -> None:
    owner, other = customer(world), customer(world)
    there = _naming(world, method, path, owner, other)
    never = type(there)()
    never.CopyFrom(there)
    set_field(never, path, id_of(method, path).never)
    answers = []
    for request in (there, never):
        with pytest.raises(grpc.RpcError) as caught:
            world.call(method, request, other.metadata)
        refused = refusal(caught.value)
        answers.append((refused.code, refused.reason, refused.facts.keys()))
    assert answers[0] == answers[1]


def test_calls_about_the_caller_leave_others_alone(world: World) -> None:
    owner, other = customer(world), world.shop.customer(address=False)
    world.shop.order(owner)
    world.filled_cart(owner)
    before = _possessions(world, owner)
    assert [len(part) for part in _possessions(world, other)[1:]] == [0, 0, 0]
    anothers = {method for method, _ in ANOTHERS}
    for method in sorted(METHODS.keys() - anothers - ENDS_ITS_SESSION):
        if rule(method).level in (AccessRule.SIGNED_IN, AccessRule.OPTIONAL):
            assert (
                world.code(method, new_request(world, method, other), other.metadata) == case_of(method).code
            )
    assert world.call("GetMe", user_pb2.GetMeRequest(), other.metadata).id == other.user_id
    assert world.code("Logout", auth_pb2.LogoutRequest(all_sessions=True), other.metadata) == OK
    gone = world.shop.customer()
    deletion = user_pb2.DeleteMyAccountRequest(current_password=world.password_of(gone))
    assert world.code("DeleteMyAccount", deletion, gone.metadata) == OK
    assert _possessions(world, owner) == before


def _possessions(world: World, account: Account) -> tuple[Any, ...]:
    see = world.shop
    return (
        see.users.GetMe(user_pb2.GetMeRequest(), metadata=account.metadata),
        list(see.users.ListAddresses(user_pb2.ListAddressesRequest(), metadata=account.metadata).items),
        list(see.cart.GetCart(cart_pb2.GetCartRequest(), metadata=account.metadata).items),
        list(see.orders.ListOrders(order_service_pb2.ListOrdersRequest(), metadata=account.metadata).items),
    )


def test_only_admins_list_everyones_orders(world: World) -> None:
    request = order_service_pb2.ListOrdersRequest(all_users=True)
    for account in (customer(world), world.vendor):
        denied = grpc.StatusCode.PERMISSION_DENIED
        _is_refused(world, "ListOrders", request, account.metadata, denied, "PERMISSION_MISSING")
    order = world.shop.order()
    listed = world.call("ListOrders", request, world.admin.metadata)
    assert order.id in [item.id for item in listed.items]


SEEN_BY_ADMINS = [
    (method, path)
    for method, path in ANOTHERS
    if is_read(METHODS[method]) and path in ("order_id", "user_id")
]


@pytest.mark.either
@pytest.mark.parametrize(("method", "path"), SEEN_BY_ADMINS)
def test_admins_see_what_is_their_users(world: World, method: str, path: str) -> None:
    request = _naming(world, method, path, customer(world), world.admin)
    assert world.code(method, request, world.admin.metadata) == OK


OF_PRODUCTS = {"product_id", "product.id", "variant.product_id", "image_id", "image.id"}
VENDORS_MAY = [method for method in METHODS if rule(method).permission in VENDOR_MAY]
OF_VENDORS = [method for method in VENDORS_MAY if OF_PRODUCTS & set(named_ids(method))]
OF_IMPORTS = [method for method in VENDORS_MAY if "import_id" in named_ids(method)]


def test_vendors_name_what_they_change_by_its_product() -> None:
    named = (*OF_VENDORS, *OF_IMPORTS, "GetVendorSales")  # which names nobody: it is about the caller
    others = [method for method in VENDORS_MAY if method not in named]
    assert [each for each in others if not each.startswith(("Create", "Export", "Import", "List"))] == []


@pytest.mark.either
@pytest.mark.parametrize("method", OF_VENDORS)
def test_vendors_change_only_their_own_products(world: World, method: str) -> None:
    request = new_request(world, method, world.vendor)
    denied = grpc.StatusCode.PERMISSION_DENIED
    _is_refused(world, method, request, world.new_vendor().metadata, denied, "NOT_THE_OWNER")
    request = new_request(world, method, world.admin)  # the shop's own
    _is_refused(world, method, request, world.vendor.metadata, denied, "NOT_THE_OWNER")


@pytest.mark.either
@pytest.mark.parametrize("method", OF_IMPORTS)
def test_vendors_see_only_their_own_imports(world: World, method: str) -> None:
    request = new_request(world, method, world.vendor)
    missing = grpc.StatusCode.NOT_FOUND
    _is_refused(world, method, request, world.new_vendor().metadata, missing, "IMPORT_NOT_FOUND")


def test_nobody_makes_themselves_more_than_they_are(world: World) -> None:
    caller = customer(world)
    user = user_pb2.User(
        id=world.admin.user_id, role=user_pb2.User.ADMIN, email="root@shop.test", full_name="Me"
    )
    me = world.call("UpdateMe", user_pb2.UpdateMeRequest(user=user), caller.metadata)
    assert (me.id, me.role, me.email) == (caller.user_id, user_pb2.User.CUSTOMER, caller.email)
    for path in ("role", "email", "id", "is_active", "password_hash"):
        request = user_pb2.UpdateMeRequest(user=user)
        request.update_mask.paths.append(path)
        invalid = grpc.StatusCode.INVALID_ARGUMENT
        _is_refused(world, "UpdateMe", request, caller.metadata, invalid, "INVALID_UPDATE_MASK")
