"""Every RPC with a request that it serves: what the tests of access and of bad input call and spoil.

A request follows from the contract; what does not is said in CASES.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import grpc
import pyotp
import samples
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp
from ids import IDS, NOBODYS, Id, is_required, name_of, named_ids, names_something, nested_ids
from sanset.v1 import second_factor_pb2, second_factor_pb2_grpc
from sanset.v1.access_pb2 import AccessRule
from sqlalchemy import insert
from support.pictures import another_png
from support.running_shop import PASSWORD, Account
from world import METHODS, NO_PERMISSION, VENDOR_MAY, World, rule

from server.auth.second_factor.models import SecondFactor
from server.clock import utc_now

Fields = Mapping[str, object]

NOT_FOUND, PERMISSION_DENIED = grpc.StatusCode.NOT_FOUND, grpc.StatusCode.PERMISSION_DENIED


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is to be said of an RPC, as the contract does not say it.

    `fields` are those of a request that is served, beside the ids that are required; some are made for the account
    that sends it. `code` is how it is served. `ids` are those that name something else than they say. `other` is a
    field with another value, where the next request would be the same and has no id.
    """

    fields: Fields | Callable[[World, Account], Fields] = field(default_factory=dict)
    code: grpc.StatusCode = grpc.StatusCode.OK
    ids: Mapping[str, Id] = field(default_factory=dict)
    other: tuple[str, object] | None = None


def new_request(world: World, method: str, caller: Account) -> Any:
    """A request that is served."""
    said = case_of(method).fields
    fields = {**(said(world, caller) if callable(said) else said)}
    message = METHODS[method].input_type
    for name in _required(method) - fields.keys():
        made_up = name == "request_id"
        fields[name] = str(uuid.uuid4()) if made_up else id_of(method, name).make(world, caller)
    if "page_size" in message.fields_by_name:
        fields.setdefault("page_size", 5)
    return GetMessageClass(message)(**fields)


@cache
def sample(world: World, method: str) -> Any:
    """A request of a customer's that may be sent again and again: to be refused."""
    return new_request(world, method, world.shop.customer())


def case_of(method: str) -> Case:
    """What is said of an RPC."""
    return CASES.get(method, _PLAIN)


def id_of(method: str, path: str) -> Id:
    """What an id in the requests of an RPC names."""
    return case_of(method).ids.get(path) or IDS[name_of(path)]


def owned_ids(method: str) -> list[str]:
    """The paths of the ids by which an RPC names what belongs to a user."""
    return [path for path in named_ids(method) if name_of(path) in IDS and id_of(method, path).reason]


def gaps(method: str) -> Iterator[str]:
    """What has to be said of an RPC, as neither the contract nor a table here says it."""
    said = case_of(method).fields
    for name in sorted(_required(method) - {"request_id"} - IDS.keys()) if not callable(said) else ():
        if names_something(name) and name not in said:
            yield f"{method} requires `{name}`: say in IDS of tests/security/ids.py how a test gets one"
        elif name not in said:
            yield f"{method} requires `{name}`: say it in CASES of tests/security/every_rpc.py"
    if rule(method).level == AccessRule.PUBLIC or rule(method).permission not in (NO_PERMISSION, *VENDOR_MAY):
        return  # nobody's, or all of it staff's
    for path in (*named_ids(method), *nested_ids(method)):
        if name_of(path) not in NOBODYS | IDS.keys():
            yield f"{method} has `{path}`: say in tests/security/ids.py what it names (IDS), or that it is NOBODYS"
    for path in nested_ids(method):
        if name_of(path) in IDS and id_of(method, path).reason:
            yield f"{method} has `{path}` in a list or resource: test that it is the caller's, and say so in `ids`"


def _required(method: str) -> set[str]:
    return {each.name for each in METHODS[method].input_type.fields if is_required(each)}


def _register(world: World, caller: Account) -> Fields:
    name = f"user-{uuid.uuid4().hex[:12]}"
    return {
        "full_name": "Ann Buyer",
        "email": f"{name}@shop.test",
        "password": PASSWORD,
        "username": name,
    }


def _login(world: World, caller: Account) -> Fields:
    # Of an account of its own, whose failures keep nobody else out
    return {"email": world.shop.customer(address=False).email, "password": PASSWORD}


def _refresh(world: World, caller: Account) -> Fields:
    return {"refresh_token": world.shop.sign_in(world.vendor.email).tokens.refresh_token}


def _new_email() -> str:
    return f"user-{uuid.uuid4().hex[:12]}@shop.test"


def _forgot_password(world: World, caller: Account) -> Fields:
    return {"email": _new_email()}  # as an address gets a few codes an hour


def _reset_password(world: World, caller: Account) -> Fields:
    account = world.shop.customer(address=False)
    return {"email": account.email, "otp": samples.code(world, account), "new_password": PASSWORD}


def _change_email(world: World, caller: Account) -> Fields:
    return {"email": _new_email(), "current_password": world.password_of(caller)}


def _change_password(world: World, caller: Account) -> Fields:
    password = world.password_of(caller)  # which stays, for the next call
    return {"current_password": password, "new_password": password}


def _delete_my_account(world: World, caller: Account) -> Fields:
    world.shop.sql("DELETE FROM second_factors WHERE user_id = :id", id=caller.user_id)
    return {"code": "123456"}


def _set_up_second_factor(world: World, caller: Account) -> Fields:
    world.shop.sql("DELETE FROM second_factors WHERE user_id = :id", id=caller.user_id)
    confirmed = "UPDATE users SET email_verify_time = CURRENT_TIMESTAMP WHERE id = :id"
    world.shop.sql(confirmed, id=caller.user_id)
    return {"current_password": world.password_of(caller)}


def _confirm_second_factor(world: World, caller: Account) -> Fields:
    request = second_factor_pb2.SetUpSecondFactorRequest(**_set_up_second_factor(world, caller))
    made = _second_factors(world).SetUpSecondFactor(request, metadata=caller.metadata)
    return {"code": pyotp.TOTP(made.secret).now()}


def _recovery_code(world: World, caller: Account) -> Fields:
    request = second_factor_pb2.ConfirmSecondFactorRequest(**_confirm_second_factor(world, caller))
    return {"code": _second_factors(world).ConfirmSecondFactor(request, metadata=caller.metadata).items[0]}


def _begin_passkey(world: World, caller: Account) -> Fields:
    samples.just_signed_in(world, caller)
    confirmed = "UPDATE users SET email_verify_time = CURRENT_TIMESTAMP WHERE id = :id"
    world.shop.sql(confirmed, id=caller.user_id)
    return {}


def _with_second_factor(world: World) -> Fields:
    """Somebody whose second factor others may reset."""
    user_id = world.shop.customer(address=False).user_id
    values = {"user_id": user_id, "secret": "", "created_at": utc_now()}
    with world.shop.app.db.transaction() as tx:
        tx.execute(insert(SecondFactor).values(**values))
    return {"user_id": user_id}


def _second_factors(world: World) -> Any:
    return second_factor_pb2_grpc.SecondFactorServiceStub(world.shop.channel)


def _create_address(world: World, caller: Account) -> Fields:
    world.address_of(caller)  # which keeps the address book short
    return {"address": samples.address()}


def _with_id(resource: Any, resource_id: int) -> Any:
    resource.id = resource_id
    return resource


def _category(world: World) -> dict[str, object]:
    return {"name": f"Shelf {uuid.uuid4().hex}", "parent_id": world.category().id}


def _variant(world: World, caller: Account) -> Fields:
    variant = samples.variant_of(world, caller)
    return {"product_id": variant.product_id, "variant_id": variant.id}


def _cart(world: World, caller: Account) -> Fields:
    world.filled_cart(caller)
    return {}


def _checkout(world: World, caller: Account) -> Fields:
    return {**_cart(world, caller), "payment_method": "CARD"}


def _update_coupon(world: World, caller: Account) -> Fields:
    coupon = samples.coupon()
    coupon.id = samples.coupon_of(world).id
    coupon.code = ""
    return {"coupon": coupon}


def _update_gift_card(world: World, caller: Account) -> Fields:
    expire_time = Timestamp(seconds=4_102_444_800)
    return {"gift_card": {"id": samples.gift_card(world).id, "active": False, "expire_time": expire_time}}


def _update_order(world: World, caller: Account) -> Fields:
    metadata = {"erp": {"id": "A-1", "lines": [1, 2]}}
    return {"order": {"id": samples.order_id(world, caller), "metadata": metadata}}


def _export_orders(world: World, caller: Account) -> Fields:
    now = Timestamp()
    now.GetCurrentTime()
    return {"format": "CSV", "start_time": now, "end_time": now}


def _list_returns(world: World, caller: Account) -> Fields:
    return {"order_id": samples.requested_return(world, caller).order_id, "status": "REQUESTED"}


def _receive_return(world: World, caller: Account) -> Fields:
    requested = samples.approved_return(world, caller)
    return {"return_id": requested.id, "restock_items": requested.items}


def _create_review(world: World, caller: Account) -> Fields:
    review = {"rating": 4, "title": "Good", "text": "Holds\ncoffee."}
    return {"product_id": samples.delivered_product_id(world, caller), "review": review}


def _create_endpoint(world: World, caller: Account) -> Fields:
    world.forget_endpoints()  # a shop has at most 20
    return {"endpoint": {"url": "https://8.8.8.8/hook", "event_types": ["order.shipped"]}}


def _update_endpoint(world: World, caller: Account) -> Fields:
    endpoint = world.endpoint()
    endpoint.url = "https://8.8.4.4/hook"
    return {"endpoint": endpoint}


def _events(world: World, caller: Account) -> Fields:
    event = {"kind": "VIEW", "product_id": world.shop.product().id, "query": "mug", "time": Timestamp()}
    event["time"].GetCurrentTime()
    return {"events": [event], "visitor_id": "visitor-1234"}


def _somebody(world: World) -> Fields:
    """An account on which others may decide; each is somebody else's."""
    return {"user_id": world.shop.customer(address=False).user_id}


_PLAIN: Final = Case()
_COMING_BACK: Final = {"state": "none", "authorization_code": "none", "flow_secret": "none"}
_WISHED: Final = {"product_id": Id(samples.wished_product_id, "WISHLIST_ITEM_NOT_FOUND")}

CASES: Final[dict[str, Case]] = {
    # Accounts
    "Register": Case(fields=_register, other=("password", "another-horse-2")),
    "Login": Case(fields=_login),
    "Refresh": Case(fields=_refresh),
    "VerifyEmail": Case(fields=lambda world, caller: {"token": samples.link_token(world, caller)}),
    "ResendVerification": Case(fields=lambda world, caller: {"email": _new_email()}),
    "ForgotPassword": Case(fields=_forgot_password),
    "ResetPassword": Case(fields=_reset_password, other=("new_password", "another-horse-2")),
    "ChangePassword": Case(fields=_change_password, other=("new_password", "another-horse-2")),
    "StartFederatedSignIn": Case(fields={"provider": "none"}, code=NOT_FOUND),  # this shop has none
    "FinishFederatedSignIn": Case(fields=_COMING_BACK, code=grpc.StatusCode.UNAUTHENTICATED),
    "StartIdentityLink": Case(fields={"provider": "none"}, code=NOT_FOUND),
    "LinkIdentity": Case(fields=_COMING_BACK, code=grpc.StatusCode.INVALID_ARGUMENT),
    "BeginPasskeyRegistration": Case(fields=_begin_passkey),
    "FinishPasskeySignIn": Case(fields={"credential_json": "{}"}, code=grpc.StatusCode.UNAUTHENTICATED),
    "FinishPasskeyRegistration": Case(
        fields={"credential_json": "{}", "name": "Phone"}, code=grpc.StatusCode.INVALID_ARGUMENT
    ),
    "SetUpSecondFactor": Case(fields=_set_up_second_factor),
    "ConfirmSecondFactor": Case(fields=_confirm_second_factor),
    "RenewRecoveryCodes": Case(fields=_recovery_code),
    "RemoveSecondFactor": Case(fields=_recovery_code),
    # With the password each would be its account's last call: tests/integration/privacy does that.
    "DeleteMyAccount": Case(fields=_delete_my_account, code=grpc.StatusCode.FAILED_PRECONDITION),
    "ChangeEmail": Case(fields=_change_email, other=("email", "another@shop.test")),
    "UpdateMe": Case(
        fields={
            "user": {
                "full_name": "Ann Other",
                "phone": "+1 555",
                "preferences": {"diet": "vegan", "sizes": [1, 2]},
            }
        },
        other=("user.full_name", "Ann Third"),
    ),
    "CreateAddress": Case(fields=_create_address, other=("address.label", "Work")),
    "UpdateAddress": Case(
        fields=lambda world, caller: {"address": _with_id(samples.address(), world.address_of(caller))}
    ),
    "CreatePaymentMethod": Case(
        fields={"payment_method": samples.payment_method()}, other=("payment_method.last_four", "4243")
    ),
    "UpdatePaymentMethod": Case(
        fields=lambda world, caller: {
            "payment_method": {"id": samples.payment_method_id(world, caller), "is_default": True}
        }
    ),
    # Catalogue
    "GetProduct": Case(fields=lambda world, caller: {"product_id": world.shop.product().id}),
    "BatchGetProducts": Case(fields=lambda world, caller: {"product_ids": [world.shop.product().id]}),
    "CreateProduct": Case(fields=lambda world, caller: {"product": samples.product("Mug")}),
    "UpdateProduct": Case(
        fields=lambda world, caller: {
            "product": _with_id(samples.product("Mug"), samples.product_id(world, caller))
        }
    ),
    "GetVariant": Case(fields=_variant),
    "CreateVariant": Case(
        fields=lambda world, caller: {
            "product_id": samples.product_id(world, caller),
            "variant": samples.variant(),
        },
        other=("variant.sku", "another"),
    ),
    "UpdateVariant": Case(
        fields=lambda world, caller: {
            "variant": _with_id(samples.variant(), samples.variant_of(world, caller).id)
        }
    ),
    "DeleteVariant": Case(fields=_variant),
    "GetCategory": Case(fields=lambda world, caller: {"category_id": world.category().id}),
    "CreateCategory": Case(fields=lambda world, caller: {"category": _category(world)}),
    "UpdateCategory": Case(
        fields=lambda world, caller: {"category": {**_category(world), "id": world.category().id}}
    ),
    "ExportProducts": Case(fields={"format": "CSV"}),
    "ImportProducts": Case(fields=samples.file_of_products, other=("dry_run", True)),
    "SetInventory": Case(fields={"quantity": 7}),
    "AdjustInventory": Case(fields={"delta": 7}),
    "TransferStock": Case(fields={"quantity": 2}),
    "WatchInventory": Case(fields=lambda world, caller: {"product_ids": [world.shop.product().id]}),
    "CreateLocation": Case(fields=lambda world, caller: {"location": samples.location(world)}),
    "UpdateLocation": Case(
        fields=lambda world, caller: {"location": _with_id(samples.location(world), world.location().id)}
    ),
    # Images
    "UploadImage": Case(
        fields=lambda world, caller: {"file": {"data": another_png()}, "alt": "A mug"}, other=("alt", "A cup")
    ),
    "UpdateImage": Case(
        fields=lambda world, caller: {"image": {"id": samples.image_id(world, caller), "alt": "A mug"}}
    ),
    "ReorderImages": Case(fields=samples.reordered_images),
    "GetMediaFile": Case(fields=lambda world, caller: {"name": samples.file_name(world, caller)}),
    # Cart
    "AddItem": Case(fields={"quantity": 2}),
    "UpdateItem": Case(fields={"quantity": 3}),
    "RemoveItem": Case(fields=lambda world, caller: {"item_id": world.filled_cart(caller)}),
    "ClearCart": Case(other=("etag", "another")),
    "PreviewCheckout": Case(fields=_cart),
    "SyncCart": Case(
        fields=lambda world, caller: {"cart_token": samples.guest_cart_token(world), "strategy": "KEEP_MINE"}
    ),
    "RemoveFromWishlist": Case(ids=_WISHED),
    "MoveToCart": Case(fields={"quantity": 2}, ids=_WISHED),
    # Coupons, points and gift cards
    "ApplyCoupon": Case(fields=lambda world, caller: {"code": samples.coupon_of(world).code}),
    "RedeemPoints": Case(fields={"points": 0}, other=("points", 1)),
    "AdjustPoints": Case(fields={"points": 5, "reason": "Sorry"}, other=("points", 6)),
    "ListAllCoupons": Case(fields={"code": "WELCOME"}),
    "CreateCoupon": Case(fields=lambda world, caller: {"coupon": samples.coupon()}),
    "UpdateCoupon": Case(fields=_update_coupon),
    "CreateGiftCard": Case(
        fields={"gift_card": samples.new_gift_card()}, other=("gift_card.balance.units", 26)
    ),
    "UpdateGiftCard": Case(fields=_update_gift_card),
    "GetGiftCardBalance": Case(fields=lambda world, caller: {"code": samples.gift_card(world).code}),
    # Orders and payments
    "Checkout": Case(fields=_checkout, other=("coupon_code", "ANOTHER")),
    "UpdateOrder": Case(fields=_update_order),
    "UpdateOrderStatus": Case(fields={"status": "PROCESSING", "message": "Packing", "location": "Here"}),
    "ExportOrders": Case(fields=_export_orders),
    # Only a gateway that signs is served
    "ReceivePaymentWebhook": Case(fields={"payload": {"data": b"{}"}}, code=PERMISSION_DENIED),
    "CancelOrder": Case(fields={"reason": "Too late"}),
    "RefundOrder": Case(fields=samples.refund),
    "PreviewRefund": Case(fields={"all": True}),
    "RequestReturn": Case(fields=samples.return_of_one),
    "ListReturns": Case(fields=_list_returns),
    "ApproveReturn": Case(fields={"comment": "Yes"}),
    "RejectReturn": Case(fields={"comment": "No"}),
    "ReceiveReturn": Case(fields=_receive_return),
    # Reviews: what is published is everybody's
    "CreateReview": Case(fields=_create_review),
    "GetReview": Case(ids={"review_id": Id(samples.review_id)}),
    "UpdateReview": Case(
        fields=lambda world, caller: {"review": {"id": samples.review_id(world, caller), "rating": 2}}
    ),
    "ModerateReview": Case(fields={"status": "REJECTED"}, ids={"review_id": Id(samples.review_id)}),
    # Webhooks
    "CreateWebhookEndpoint": Case(fields=_create_endpoint, other=("endpoint.url", "https://8.8.8.8/other")),
    "UpdateWebhookEndpoint": Case(fields=_update_endpoint),
    "PingWebhookEndpoint": Case(
        fields=lambda world, caller: {"endpoint_id": world.unreachable_endpoint_id()}
    ),
    "RotateWebhookSecret": Case(fields={"overlap_seconds": 3600}),
    # Recommendations: this shop has no model, and a training that never ends
    "TrackEvent": Case(fields=_events),
    "TrainModel": Case(
        fields={
            "model_type": "ALL",
            "parameters": {"factors": 8, "regularization": 0.1, "iterations": 2},
        },
        code=grpc.StatusCode.ABORTED,
    ),
    "CancelTraining": Case(fields={"training_id": 10**9}, code=NOT_FOUND),
    "GetModel": Case(code=NOT_FOUND),
    "GetModelMetrics": Case(fields={"model_id": 1}, code=NOT_FOUND),
    "ActivateModel": Case(code=NOT_FOUND),
    "StartExperiment": Case(
        fields={"challenger_model_id": 1, "challenger_percent": 10},
        code=NOT_FOUND,
    ),
    "GetExperiment": Case(code=NOT_FOUND),
    "EndExperiment": Case(code=NOT_FOUND),
    # Search
    "CreateSynonym": Case(fields=lambda world, caller: {"synonym": samples.synonym()}),
    "UpdateSynonym": Case(
        fields=lambda world, caller: {"synonym": _with_id(samples.synonym(), samples.synonym_id(world))}
    ),
    # Roles and accounts
    "CreateRole": Case(fields=lambda world, caller: {"role": samples.new_role(world)}),
    "UpdateRole": Case(
        fields=lambda world, caller: {
            "role": {
                "id": samples.role(world).id,
                "description": "Answers",
                "permissions": ["MANAGE_REVIEWS"],
            }
        }
    ),
    "SetUserRole": Case(
        fields=lambda world, caller: {**_somebody(world), "role": "CUSTOMER"}, other=("role", "VENDOR")
    ),
    "CreateServiceAccount": Case(
        fields=lambda world, caller: {"service_account": samples.new_service_account(world)}
    ),
    "UpdateServiceAccount": Case(
        fields=lambda world, caller: {
            "service_account": {"id": samples.service_account(world).id, "networks": ["203.0.113.0/24"]}
        }
    ),
    "RevokeApiKey": Case(fields=samples.api_key),
    "UnlockUser": Case(fields=lambda world, caller: _somebody(world)),
    "ResetSecondFactor": Case(fields=lambda world, caller: _with_second_factor(world)),
    "ExportUsers": Case(fields={"format": "CSV"}),
    "SetUserActive": Case(fields=lambda world, caller: {**_somebody(world), "active": True}),
    # Segments
    "CreateSegment": Case(fields=lambda world, caller: {"segment": samples.segment(world)}),
    "UpdateSegment": Case(
        fields=lambda world, caller: {"segment": _with_id(samples.segment(world), samples.segment_id(world))}
    ),
}
"""What is said of RPCs. One that is not among them needs nothing said."""
