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
from every_rpc import CASES, METHODS, World, everything, everything_at_rest, rule
from google.protobuf.message import Message
from sanset.v1 import (
    auth_pb2,
    behavior_pb2,
    cart_pb2,
    order_service_pb2,
    promotion_pb2,
    recommend_pb2,
    user_pb2,
)
from sanset.v1.access_pb2 import AccessRule
from support.running_shop import Account, refusal

from server.auth.tokens import AccessTokens
from server.clock import utc_now

OK = grpc.StatusCode.OK
NOT_FOUND = grpc.StatusCode.NOT_FOUND

VENDOR_MAY = {AccessRule.MANAGE_PRODUCTS, AccessRule.MANAGE_INVENTORY}
ENDS_ITS_SESSION = {"Logout", "RevokeSession"}

Someone = Callable[[World], Account]


def customer(world: World) -> Account:
    return world.shop.customer()


def vendor(world: World) -> Account:
    return world.vendor


def admin(world: World) -> Account:
    return world.admin


def test_every_rpc_is_tried() -> None:
    assert CASES.keys() == METHODS.keys()


# ── Roles ───────────────────────────────────────────────────────────────────────────────────────────────


OPEN = [method for method in CASES if rule(method).level in (AccessRule.PUBLIC, AccessRule.OPTIONAL)]


@pytest.mark.parametrize("method", OPEN)
def test_strangers_reach_what_is_public(world: World, method: str) -> None:
    case = CASES[method]
    served = case.to_strangers or case.code
    assert world.code(method, case.request(world, customer(world))) == served


@pytest.mark.either
@pytest.mark.parametrize("method", [method for method in CASES if method not in OPEN])
def test_strangers_reach_nothing_else(world: World, method: str) -> None:
    _is_refused(world, method, world.sample(method), (), grpc.StatusCode.UNAUTHENTICATED, "TOKEN_MISSING")


@pytest.mark.parametrize("method", CASES)
@pytest.mark.parametrize("someone", [customer, vendor, admin])
def test_each_role_reaches_what_it_may(world: World, method: str, someone: Someone) -> None:
    case, needed = CASES[method], rule(method).permission
    caller = someone(world)
    if method in ENDS_ITS_SESSION and someone is not customer:
        caller = world.shop.sign_in(caller.email, *([] if someone is vendor else ["admin-secret-1"]))
    may = not needed or someone is admin or (someone is vendor and needed in VENDOR_MAY)
    if may:
        assert world.code(method, case.request(world, caller), caller.metadata) == case.code
    else:
        denied = grpc.StatusCode.PERMISSION_DENIED
        facts = _is_refused(
            world, method, world.sample(method), caller.metadata, denied, "PERMISSION_MISSING"
        )
        assert facts == {
            "permission": AccessRule.Permission.Name(needed),
            "role": "CUSTOMER" if someone is customer else "VENDOR",
        }


def test_what_is_refused_changes_nothing(world: World) -> None:
    buyer = customer(world)
    requests = {method: world.sample(method) for method in CASES}
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
            world.call("GetMe", world.sample("GetMe"), (("authorization", sent),))
        refused = refusal(caught.value)
        assert (refused.code, refused.reason) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_MISSING")
        assert "Bearer <access_token>" in refused.message


@pytest.mark.either
@pytest.mark.parametrize("method", CASES)
def test_a_bad_token_is_worse_than_none(world: World, bad_tokens: dict[str, str], method: str) -> None:
    if rule(method).level == AccessRule.PUBLIC:  # it is not even read: a client may send what it has
        request = CASES[method].request(world, world.vendor)
        served = world.code(method, request, (("authorization", bad_tokens["expired"]),))
        assert served == CASES[method].code
        return
    texts = set()
    for token in bad_tokens.values():
        with pytest.raises(grpc.RpcError) as caught:
            world.call(method, world.sample(method), (("authorization", token),))
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


def _checkout_elsewhere(world: World, owner: Account, other: Account) -> Message:
    world.filled_cart(other)
    request = CASES["Checkout"].request(world, other)
    request.address_id = world.address_of(owner)
    return request


def _preview_elsewhere(world: World, owner: Account, other: Account) -> Message:
    world.filled_cart(other)
    return order_service_pb2.PreviewCheckoutRequest(address_id=world.address_of(owner))


def _taken_over(world: World, owner: Account, other: Account) -> Message:
    request = CASES["SyncCart"].request(world, owner)
    world.call("SyncCart", request, owner.metadata)
    return request


def _made_for_owner(method: str) -> Callable[[World, Account, Account], Message]:
    return lambda world, owner, other: CASES[method].request(world, owner)


ANOTHERS: dict[str, tuple[Callable[[World, Account, Account], Message], str]] = {
    "GetSession": (_made_for_owner("GetSession"), "SESSION_NOT_FOUND"),
    "RevokeSession": (_made_for_owner("RevokeSession"), "SESSION_NOT_FOUND"),
    "GetAddress": (_made_for_owner("GetAddress"), "ADDRESS_NOT_FOUND"),
    "UpdateAddress": (_made_for_owner("UpdateAddress"), "ADDRESS_NOT_FOUND"),
    "DeleteAddress": (_made_for_owner("DeleteAddress"), "ADDRESS_NOT_FOUND"),
    "UpdateItem": (_made_for_owner("UpdateItem"), "CART_ITEM_NOT_FOUND"),
    "RemoveItem": (_made_for_owner("RemoveItem"), "CART_ITEM_NOT_FOUND"),
    "PreviewCheckout": (_preview_elsewhere, "ADDRESS_NOT_FOUND"),
    "SyncCart": (_taken_over, "CART_NOT_FOUND"),
    "RemoveFromWishlist": (_made_for_owner("RemoveFromWishlist"), "WISHLIST_ITEM_NOT_FOUND"),
    "MoveToCart": (_made_for_owner("MoveToCart"), "WISHLIST_ITEM_NOT_FOUND"),
    "Checkout": (_checkout_elsewhere, "ADDRESS_NOT_FOUND"),
    "ListOrders": (
        lambda w, owner, other: order_service_pb2.ListOrdersRequest(user_id=owner.user_id),
        "USER_NOT_FOUND",
    ),
    "GetLoyalty": (
        lambda w, owner, other: promotion_pb2.GetLoyaltyRequest(user_id=owner.user_id),
        "USER_NOT_FOUND",
    ),
    "ListPoints": (
        lambda w, owner, other: promotion_pb2.ListPointsRequest(user_id=owner.user_id),
        "USER_NOT_FOUND",
    ),
    "GetOrder": (_made_for_owner("GetOrder"), "ORDER_NOT_FOUND"),
    "TrackOrder": (_made_for_owner("TrackOrder"), "ORDER_NOT_FOUND"),
    "GetTracking": (_made_for_owner("GetTracking"), "ORDER_NOT_FOUND"),
    "GetPaymentMethod": (_made_for_owner("GetPaymentMethod"), "PAYMENT_METHOD_NOT_FOUND"),
    "UpdatePaymentMethod": (_made_for_owner("UpdatePaymentMethod"), "PAYMENT_METHOD_NOT_FOUND"),
    "DeletePaymentMethod": (_made_for_owner("DeletePaymentMethod"), "PAYMENT_METHOD_NOT_FOUND"),
    "GetPayment": (_made_for_owner("GetPayment"), "ORDER_NOT_FOUND"),
    "CancelOrder": (_made_for_owner("CancelOrder"), "ORDER_NOT_FOUND"),
    "GetRefund": (_made_for_owner("GetRefund"), "REFUND_NOT_FOUND"),
    "ListRefunds": (_made_for_owner("ListRefunds"), "ORDER_NOT_FOUND"),
    "RequestReturn": (_made_for_owner("RequestReturn"), "ORDER_NOT_FOUND"),
    "GetReturn": (_made_for_owner("GetReturn"), "RETURN_NOT_FOUND"),
    "ListReturns": (_made_for_owner("ListReturns"), "ORDER_NOT_FOUND"),
    "GetRecommendations": (
        lambda w, owner, other: recommend_pb2.GetRecommendationsRequest(user_id=owner.user_id),
        "USER_NOT_FOUND",
    ),
    "GetReorder": (
        lambda w, owner, other: recommend_pb2.GetReorderRequest(user_id=owner.user_id),
        "USER_NOT_FOUND",
    ),
    "GetHistory": (
        lambda w, owner, other: behavior_pb2.GetHistoryRequest(user_id=owner.user_id),
        "USER_NOT_FOUND",
    ),
}
"""The RPCs that can name what belongs to somebody, and what others are told."""

NAMED_BY = {
    "GetPaymentMethod": "payment_method_id", "DeletePaymentMethod": "payment_method_id",
    "GetAddress": "address_id", "DeleteAddress": "address_id",
    "PreviewCheckout": "address_id", "Checkout": "address_id",
    "UpdateItem": "item_id", "RemoveItem": "item_id", "GetRefund": "refund_id", "GetReturn": "return_id",
    "RemoveFromWishlist": "product_id", "MoveToCart": "product_id",
    "ListOrders": "user_id", "GetRecommendations": "user_id",
    "GetReorder": "user_id", "GetHistory": "user_id", "GetLoyalty": "user_id", "ListPoints": "user_id",
}  # fmt: skip
NEVER = 2**62

ABOUT_THE_CALLER = {
    "Logout", "ListSessions", "GetMe", "UpdateMe", "ListAddresses", "CreateAddress",
    "GetCart", "AddItem", "ClearCart", "GetTotal", "ListCoupons", "ApplyCoupon", "RemoveCoupon", "RedeemPoints",
    "ListWishlist", "AddToWishlist", "ListPaymentMethods", "AddPaymentMethod",
    "GetGiftCardBalance",  # a card is its bearer's: who knows the code may know the balance
}  # fmt: skip
"""The RPCs that name nobody: they can only touch what is the caller's."""


def test_every_rpc_of_a_user_is_tried_by_another() -> None:
    of_users = {method for method in METHODS if rule(method).level == AccessRule.SIGNED_IN}
    # Visitors may call these as well; naming a user they are about that user, and a user's cart is the user's.
    of_users |= {
        "GetRecommendations",
        "GetCart",
        "AddItem",
        "UpdateItem",
        "RemoveItem",
        "ClearCart",
        "GetTotal",
    }
    assert of_users == ANOTHERS.keys() | ABOUT_THE_CALLER


@pytest.mark.parametrize("method", ANOTHERS)
@pytest.mark.parametrize("someone", [customer, vendor])
def test_what_is_somebody_elses_is_not_there(world: World, method: str, someone: Someone) -> None:
    owner, other = customer(world), someone(world)
    make, reason = ANOTHERS[method]
    request = make(world, owner, other)
    _is_refused(world, method, request, other.metadata, NOT_FOUND, reason)


@pytest.mark.parametrize("method", ANOTHERS)
def test_what_is_somebody_elses_looks_like_what_never_was(world: World, method: str) -> None:
    owner, other = customer(world), customer(world)
    there = ANOTHERS[method][0](world, owner, other)
    never = type(there)()
    never.CopyFrom(there)
    if method == "UpdateAddress":
        never.address.id = NEVER
    elif method == "UpdatePaymentMethod":
        never.payment_method.id = NEVER
    elif method in ("GetSession", "RevokeSession"):
        never.session_id = "f" * 32
    elif method == "SyncCart":
        never.cart_token = "f" * 43
    else:
        setattr(never, NAMED_BY.get(method, "order_id"), NEVER)
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
    for method in sorted(ABOUT_THE_CALLER - {"Logout"}):
        assert world.code(method, CASES[method].request(world, other), other.metadata) == OK
    assert world.call("GetMe", user_pb2.GetMeRequest(), other.metadata).id == other.user_id
    assert world.code("Logout", auth_pb2.LogoutRequest(all_sessions=True), other.metadata) == OK
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


def test_admins_see_what_is_their_users(world: World) -> None:
    owner = customer(world)
    for method in (
        "GetOrder",
        "TrackOrder",
        "GetTracking",
        "ListOrders",
        "GetRecommendations",
        "GetLoyalty",
        "ListPoints",
    ):
        request = ANOTHERS[method][0](world, owner, world.admin)
        assert world.code(method, request, world.admin.metadata) == OK


OF_VENDORS = {"UpdateProduct", "DeleteProduct", "UndeleteProduct", "SetInventory", "AdjustInventory"}


def test_every_rpc_on_a_vendors_product_is_tried_by_another_vendor() -> None:
    guarded = {method for method in METHODS if rule(method).permission in VENDOR_MAY}
    assert guarded == OF_VENDORS | {"CreateProduct", "ExportProducts"}


@pytest.mark.parametrize("method", sorted(OF_VENDORS))
def test_vendors_change_only_their_own_products(world: World, method: str) -> None:
    request = CASES[method].request(world, world.vendor)
    denied = grpc.StatusCode.PERMISSION_DENIED
    _is_refused(world, method, request, world.new_vendor().metadata, denied, "NOT_THE_OWNER")
    request = CASES[method].request(world, world.admin)  # the shop's own
    _is_refused(world, method, request, world.vendor.metadata, denied, "NOT_THE_OWNER")


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
