"""Every RPC with a request that it serves: what the tests of access and of bad input call and spoil.

Most requests follow from the contract (`Case`).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import grpc
import samples
from google.api.httpbody_pb2 import HttpBody
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from ids import IDS, NOBODYS, Id, is_required, name_of, named_ids, names_something, nested_ids, set_id
from sanset.v1.access_pb2 import AccessRule
from sanset.v1.auth_pb2 import (
    LoginRequest,
    RefreshRequest,
    RegisterRequest,
)
from sanset.v1.behavior_pb2 import BehaviorEvent, TrackEventRequest
from sanset.v1.cart_pb2 import (
    AddItemRequest,
    ApplyCouponRequest,
    RedeemPointsRequest,
    RemoveItemRequest,
    SyncCartRequest,
    UpdateItemRequest,
)
from sanset.v1.category_pb2 import (
    Category,
    CreateCategoryRequest,
    GetCategoryRequest,
    UpdateCategoryRequest,
)
from sanset.v1.gift_card_pb2 import (
    GetGiftCardBalanceRequest,
    GiftCard,
    UpdateGiftCardRequest,
)
from sanset.v1.inventory_pb2 import AdjustInventoryRequest, SetInventoryRequest
from sanset.v1.model_pb2 import Model
from sanset.v1.model_service_pb2 import (
    CancelTrainingRequest,
    GetModelMetricsRequest,
    StartExperimentRequest,
    TrainModelRequest,
)
from sanset.v1.order_pb2 import Order
from sanset.v1.order_service_pb2 import (
    CheckoutRequest,
    ExportOrdersRequest,
    PreviewCheckoutRequest,
    UpdateOrderRequest,
    UpdateOrderStatusRequest,
)
from sanset.v1.payment_method_pb2 import (
    PaymentMethod,
    UpdatePaymentMethodRequest,
)
from sanset.v1.payment_pb2 import (
    Payment,
    ReceivePaymentWebhookRequest,
)
from sanset.v1.product_pb2 import (
    BatchGetProductsRequest,
    CreateProductRequest,
    ExportProductsRequest,
    GetProductRequest,
    UpdateProductRequest,
)
from sanset.v1.promotion_pb2 import (
    AdjustPointsRequest,
    CreateCouponRequest,
    ListAllCouponsRequest,
    UpdateCouponRequest,
)
from sanset.v1.refund_pb2 import Return
from sanset.v1.refund_service_pb2 import (
    ApproveReturnRequest,
    CancelOrderRequest,
    ListReturnsRequest,
    ReceiveReturnRequest,
    RejectReturnRequest,
)
from sanset.v1.segment_pb2 import (
    CreateSegmentRequest,
    UpdateSegmentRequest,
)
from sanset.v1.user_pb2 import (
    CreateAddressRequest,
    UpdateAddressRequest,
    UpdateMeRequest,
    User,
)
from sanset.v1.webhook_pb2 import (
    CreateWebhookEndpointRequest,
    PingWebhookEndpointRequest,
    RotateWebhookSecretRequest,
    UpdateWebhookEndpointRequest,
    WebhookEndpoint,
)
from sanset.v1.wishlist_pb2 import (
    MoveToCartRequest,
)
from support.running_shop import PASSWORD, Account
from world import METHODS, NO_PERMISSION, VENDOR_MAY, World, rule

Request = Callable[[World, Account], Message]
Change = Callable[[Any], None]

NOT_FOUND, PERMISSION_DENIED = grpc.StatusCode.NOT_FOUND, grpc.StatusCode.PERMISSION_DENIED


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is to be said of an RPC, as the contract does not say it.

    `request` makes one that is served, for the account that sends it; without it a request has the ids that are
    required, and nothing else. `code` is how it is served. `ids` are those that name something else than they say.
    `other_body` makes another request of one, where the next would be the same and has no id.
    """

    request: Request | None = None
    code: grpc.StatusCode = grpc.StatusCode.OK
    ids: Mapping[str, Id] = field(default_factory=dict)
    other_body: Change | None = None


def new_request(world: World, method: str, caller: Account) -> Any:
    """A request that is served."""
    request = case_of(method).request
    return request(world, caller) if request is not None else _by_contract(world, method, caller)


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
    for name in _required(method) if case_of(method).request is None else ():
        if names_something(name) and name not in (*IDS, "request_id"):
            yield f"{method} requires `{name}`: say in IDS of tests/security/ids.py how a test gets one"
        elif name not in (*IDS, "request_id"):
            yield f"{method} requires `{name}`: it needs a `request` in CASES of tests/security/every_rpc.py"
    if rule(method).level == AccessRule.PUBLIC or rule(method).permission not in (NO_PERMISSION, *VENDOR_MAY):
        return  # nobody's, or all of it staff's
    for path in (*named_ids(method), *nested_ids(method)):
        if name_of(path) not in NOBODYS | IDS.keys():
            yield f"{method} has `{path}`: say in tests/security/ids.py what it names (IDS), or that it is NOBODYS"
    for path in nested_ids(method):
        if name_of(path) in IDS and id_of(method, path).reason:
            yield f"{method} has `{path}` in a list or resource: test that it is the caller's, and say so in `ids`"


def _by_contract(world: World, method: str, caller: Account) -> Message:
    request = GetMessageClass(METHODS[method].input_type)()
    for name in _required(method):
        made_up = name == "request_id"
        set_id(request, name, str(uuid.uuid4()) if made_up else id_of(method, name).make(world, caller))
    if "page_size" in METHODS[method].input_type.fields_by_name:
        set_id(request, "page_size", 5)
    return request


def _required(method: str) -> list[str]:
    return [each.name for each in METHODS[method].input_type.fields if is_required(each)]


def _register(world: World, caller: Account) -> Message:
    name = f"user-{uuid.uuid4().hex[:12]}"
    return RegisterRequest(full_name="Ann Buyer", email=f"{name}@shop.test", password=PASSWORD, username=name)


def _login(world: World, caller: Account) -> Message:
    # Of an account of its own, whose failures keep nobody else out
    return LoginRequest(email=world.shop.customer(address=False).email, password=PASSWORD)


def _refresh(world: World, caller: Account) -> Message:
    return RefreshRequest(refresh_token=world.shop.sign_in(world.vendor.email).tokens.refresh_token)


def _update_me(world: World, caller: Account) -> Message:
    request = UpdateMeRequest(user=User(full_name="Ann Other", phone="+1 555"))
    request.user.preferences.update({"diet": "vegan", "sizes": [1, 2]})
    return request


def _create_address(world: World, caller: Account) -> Message:
    world.address_of(caller)  # which keeps the address book short
    return CreateAddressRequest(address=samples.address())


def _update_address(world: World, caller: Account) -> Message:
    address = samples.address()
    address.id = world.address_of(caller)
    return UpdateAddressRequest(address=address)


def _update_payment_method(world: World, caller: Account) -> Message:
    method = PaymentMethod(id=samples.payment_method_id(world, caller), is_default=True)
    return UpdatePaymentMethodRequest(payment_method=method)


def _update_product(world: World, caller: Account) -> Message:
    product = samples.product("Mug")
    product.id = samples.product_id(world, caller)
    return UpdateProductRequest(product=product)


def _category(world: World) -> Category:
    return Category(name=f"Shelf {uuid.uuid4().hex}", parent_id=world.category().id)


def _update_category(world: World, caller: Account) -> Message:
    category = _category(world)
    category.id = world.category().id
    return UpdateCategoryRequest(category=category)


def _inventory(kind: type[Any], **fields: int) -> Request:
    return lambda world, caller: kind(
        product_id=samples.product_id(world, caller), request_id=str(uuid.uuid4()), **fields
    )


def _preview(world: World, caller: Account) -> Message:
    world.filled_cart(caller)
    return PreviewCheckoutRequest()


def _checkout(world: World, caller: Account) -> Message:
    world.filled_cart(caller)
    return CheckoutRequest(payment_method=Payment.CARD, request_id=str(uuid.uuid4()))


def _sync(world: World, caller: Account) -> Message:
    return SyncCartRequest(cart_token=samples.guest_cart_token(world), strategy=SyncCartRequest.KEEP_MINE)


def _adjust_points(world: World, caller: Account) -> Message:
    return AdjustPointsRequest(user_id=caller.user_id, points=5, reason="Sorry", request_id=str(uuid.uuid4()))


def _update_coupon(world: World, caller: Account) -> Message:
    coupon = samples.coupon()
    coupon.id = samples.coupon_of(world).id
    coupon.code = ""
    return UpdateCouponRequest(coupon=coupon)


def _update_gift_card(world: World, caller: Account) -> Message:
    card = GiftCard(id=samples.gift_card(world).id, active=False)
    card.expire_time.FromJsonString("2100-01-01T00:00:00Z")
    return UpdateGiftCardRequest(gift_card=card)


def _update_order(world: World, caller: Account) -> Message:
    order = Order(id=samples.order_id(world, caller))
    order.metadata.update({"erp": {"id": "A-1", "lines": [1, 2]}})
    return UpdateOrderRequest(order=order)


def _move_order(world: World, caller: Account) -> Message:
    order_id = samples.order_id(world, caller)
    return UpdateOrderStatusRequest(
        order_id=order_id, status=Order.PROCESSING, message="Packing", location="Here"
    )


def _export_orders(world: World, caller: Account) -> Message:
    request = ExportOrdersRequest(format=ExportOrdersRequest.CSV)
    request.start_time.GetCurrentTime()
    request.end_time.GetCurrentTime()
    return request


def _cancel(world: World, caller: Account) -> Message:
    order_id = samples.order_id(world, caller)
    return CancelOrderRequest(order_id=order_id, reason="Too late", request_id=str(uuid.uuid4()))


def _list_returns(world: World, caller: Account) -> Message:
    order_id = samples.requested_return(world, caller).order_id
    return ListReturnsRequest(page_size=5, order_id=order_id, status=Return.REQUESTED)


def _approve_return(world: World, caller: Account) -> Message:
    return ApproveReturnRequest(return_id=samples.requested_return(world, caller).id, answer="Yes")


def _reject_return(world: World, caller: Account) -> Message:
    return RejectReturnRequest(return_id=samples.requested_return(world, caller).id, answer="No")


def _receive_return(world: World, caller: Account) -> Message:
    requested = samples.requested_return(world, caller)
    approval = ApproveReturnRequest(return_id=requested.id)
    world.shop.refunds.ApproveReturn(approval, metadata=world.shop.admin.metadata)
    return ReceiveReturnRequest(
        return_id=requested.id, restock_items=requested.items, request_id=str(uuid.uuid4())
    )


def _create_endpoint(world: World, caller: Account) -> Message:
    world.forget_endpoints()  # a shop has at most 20
    endpoint = WebhookEndpoint(url="https://8.8.8.8/hook", event_types=["order.shipped"])
    return CreateWebhookEndpointRequest(endpoint=endpoint)


def _update_endpoint(world: World, caller: Account) -> Message:
    endpoint = world.endpoint()
    endpoint.url = "https://8.8.4.4/hook"
    return UpdateWebhookEndpointRequest(endpoint=endpoint)


def _rotate_secret(world: World, caller: Account) -> Message:
    endpoint_id = world.endpoint().id
    return RotateWebhookSecretRequest(
        endpoint_id=endpoint_id, overlap_seconds=3600, request_id=str(uuid.uuid4())
    )


def _events(world: World, caller: Account) -> Message:
    event = BehaviorEvent(kind=BehaviorEvent.VIEW, product_id=world.shop.product().id, query="mug")
    event.time.GetCurrentTime()
    return TrackEventRequest(events=[event], visitor_id="visitor-1234")


def _train(world: World, caller: Account) -> Message:
    parameters = TrainModelRequest.Parameters(factors=8, regularization=0.1, iterations=2)
    return TrainModelRequest(model_type=Model.ALL, parameters=parameters)


def _update_segment(world: World, caller: Account) -> Message:
    segment = samples.segment(world)
    segment.id = samples.segment_id(world)
    return UpdateSegmentRequest(segment=segment)


_PLAIN: Final = Case()
_WISHED: Final = {"product_id": Id(samples.wished_product_id, "WISHLIST_ITEM_NOT_FOUND")}

CASES: Final[dict[str, Case]] = {
    # Accounts
    "Register": Case(
        request=_register, other_body=lambda request: setattr(request, "password", "another-horse-2")
    ),
    "Login": Case(request=_login),
    "Refresh": Case(request=_refresh),
    "UpdateMe": Case(
        request=_update_me, other_body=lambda request: setattr(request.user, "full_name", "Ann Third")
    ),
    "CreateAddress": Case(
        request=_create_address, other_body=lambda request: setattr(request.address, "label", "Work")
    ),
    "UpdateAddress": Case(request=_update_address),
    "CreatePaymentMethod": Case(
        request=lambda world, caller: samples.payment_method_request(),
        other_body=lambda request: setattr(request.payment_method, "last_four", "4243"),
    ),
    "UpdatePaymentMethod": Case(request=_update_payment_method),
    # Catalogue
    "GetProduct": Case(request=lambda world, caller: GetProductRequest(product_id=world.shop.product().id)),
    "BatchGetProducts": Case(
        request=lambda world, caller: BatchGetProductsRequest(product_ids=[world.shop.product().id])
    ),
    "CreateProduct": Case(
        request=lambda world, caller: CreateProductRequest(
            product=samples.product("Mug"), request_id=str(uuid.uuid4())
        )
    ),
    "UpdateProduct": Case(request=_update_product),
    "GetCategory": Case(request=lambda world, caller: GetCategoryRequest(category_id=world.category().id)),
    "CreateCategory": Case(request=lambda world, caller: CreateCategoryRequest(category=_category(world))),
    "UpdateCategory": Case(request=_update_category),
    "ExportProducts": Case(
        request=lambda world, caller: ExportProductsRequest(format=ExportProductsRequest.CSV)
    ),
    "SetInventory": Case(request=_inventory(SetInventoryRequest, quantity=7)),
    "AdjustInventory": Case(request=_inventory(AdjustInventoryRequest, delta=7)),
    # Cart
    "AddItem": Case(
        request=lambda world, caller: AddItemRequest(product_id=world.shop.product().id, quantity=2)
    ),
    "UpdateItem": Case(
        request=lambda world, caller: UpdateItemRequest(item_id=world.filled_cart(caller), quantity=3)
    ),
    "RemoveItem": Case(request=lambda world, caller: RemoveItemRequest(item_id=world.filled_cart(caller))),
    "ClearCart": Case(other_body=lambda request: setattr(request, "etag", "another")),
    "PreviewCheckout": Case(request=_preview),
    "SyncCart": Case(request=_sync),
    "RemoveFromWishlist": Case(ids=_WISHED),
    "MoveToCart": Case(
        request=lambda world, caller: MoveToCartRequest(
            product_id=samples.wished_product_id(world, caller), quantity=2
        ),
        ids=_WISHED,
    ),
    # Coupons, points and gift cards
    "ApplyCoupon": Case(request=lambda world, caller: ApplyCouponRequest(code=samples.coupon_of(world).code)),
    "RedeemPoints": Case(
        request=lambda world, caller: RedeemPointsRequest(points=0),
        other_body=lambda request: setattr(request, "points", 1),
    ),
    "AdjustPoints": Case(request=_adjust_points, other_body=lambda request: setattr(request, "points", 6)),
    "ListAllCoupons": Case(request=lambda world, caller: ListAllCouponsRequest(page_size=5, code="WELCOME")),
    "CreateCoupon": Case(
        request=lambda world, caller: CreateCouponRequest(
            coupon=samples.coupon(), request_id=str(uuid.uuid4())
        )
    ),
    "UpdateCoupon": Case(request=_update_coupon),
    "CreateGiftCard": Case(
        request=lambda world, caller: samples.gift_card_request(),
        other_body=lambda request: setattr(request.gift_card.balance, "units", 26),
    ),
    "UpdateGiftCard": Case(request=_update_gift_card),
    "GetGiftCardBalance": Case(
        request=lambda world, caller: GetGiftCardBalanceRequest(code=samples.gift_card(world).code)
    ),
    # Orders and payments
    "Checkout": Case(
        request=_checkout, other_body=lambda request: setattr(request, "coupon_code", "ANOTHER")
    ),
    "UpdateOrder": Case(request=_update_order),
    "UpdateOrderStatus": Case(request=_move_order),
    "ExportOrders": Case(request=_export_orders),
    # Only a gateway that signs is served
    "ReceivePaymentWebhook": Case(
        request=lambda world, caller: ReceivePaymentWebhookRequest(payload=HttpBody(data=b"{}")),
        code=PERMISSION_DENIED,
    ),
    "CancelOrder": Case(request=_cancel),
    "RefundOrder": Case(request=samples.refund_request),
    "RequestReturn": Case(request=samples.return_request),
    "ListReturns": Case(request=_list_returns),
    "ApproveReturn": Case(request=_approve_return),
    "RejectReturn": Case(request=_reject_return),
    "ReceiveReturn": Case(request=_receive_return),
    # Webhooks
    "CreateWebhookEndpoint": Case(
        request=_create_endpoint,
        other_body=lambda request: setattr(request.endpoint, "url", "https://8.8.8.8/other"),
    ),
    "UpdateWebhookEndpoint": Case(request=_update_endpoint),
    "PingWebhookEndpoint": Case(
        request=lambda world, caller: PingWebhookEndpointRequest(endpoint_id=world.unreachable_endpoint_id())
    ),
    "RotateWebhookSecret": Case(request=_rotate_secret),
    # Recommendations: this shop has no model, and a training that never ends
    "TrackEvent": Case(request=_events),
    "TrainModel": Case(request=_train, code=grpc.StatusCode.ABORTED),
    "CancelTraining": Case(
        request=lambda world, caller: CancelTrainingRequest(training_id=10**9), code=NOT_FOUND
    ),
    "GetModel": Case(code=NOT_FOUND),
    "GetModelMetrics": Case(request=lambda world, caller: GetModelMetricsRequest(model_id=1), code=NOT_FOUND),
    "ActivateModel": Case(code=NOT_FOUND),
    "StartExperiment": Case(
        request=lambda world, caller: StartExperimentRequest(challenger_model_id=1, challenger_percent=10),
        code=NOT_FOUND,
    ),
    "GetExperiment": Case(code=NOT_FOUND),
    "EndExperiment": Case(code=NOT_FOUND),
    # Segments
    "CreateSegment": Case(request=lambda world, caller: CreateSegmentRequest(segment=samples.segment(world))),
    "UpdateSegment": Case(request=_update_segment),
}
"""What is said of RPCs. One that is not among them needs nothing said."""
