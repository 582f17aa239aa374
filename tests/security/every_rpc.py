"""Every RPC with a request that it serves: what the tests of access and of bad input call and spoil."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import grpc
from google.api.httpbody_pb2 import HttpBody
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.type.money_pb2 import Money
from sanset.v1 import access_pb2
from sanset.v1.access_pb2 import AccessRule
from sanset.v1.auth_pb2 import (
    GetSessionRequest,
    ListSessionsRequest,
    LoginRequest,
    LogoutRequest,
    RefreshRequest,
    RegisterRequest,
    RevokeSessionRequest,
)
from sanset.v1.behavior_pb2 import BehaviorEvent, GetHistoryRequest, TrackEventRequest
from sanset.v1.cart_pb2 import (
    AddItemRequest,
    ApplyCouponRequest,
    ClearCartRequest,
    GetCartRequest,
    GetTotalRequest,
    RedeemPointsRequest,
    RemoveCouponRequest,
    RemoveItemRequest,
    SyncCartRequest,
    UpdateItemRequest,
)
from sanset.v1.category_pb2 import (
    Category,
    CreateCategoryRequest,
    DeleteCategoryRequest,
    GetCategoryRequest,
    ListCategoriesRequest,
    UpdateCategoryRequest,
)
from sanset.v1.gift_card_pb2 import (
    CreateGiftCardRequest,
    GetGiftCardBalanceRequest,
    GetGiftCardRequest,
    GiftCard,
    ListGiftCardsRequest,
    UpdateGiftCardRequest,
)
from sanset.v1.inventory_pb2 import AdjustInventoryRequest, GetInventoryRequest, SetInventoryRequest
from sanset.v1.model_pb2 import Model
from sanset.v1.model_service_pb2 import (
    ActivateModelRequest,
    CancelTrainingRequest,
    EndExperimentRequest,
    GetExperimentRequest,
    GetModelMetricsRequest,
    GetModelRequest,
    GetTrainingRequest,
    ListExperimentsRequest,
    ListModelsRequest,
    ListTrainingsRequest,
    StartExperimentRequest,
    TrainModelRequest,
    WatchTrainingRequest,
)
from sanset.v1.order_pb2 import LineQuantity, Order
from sanset.v1.order_service_pb2 import (
    CheckoutRequest,
    ExportOrdersRequest,
    GetOrderRequest,
    ListOrdersRequest,
    ListPendingOrdersRequest,
    PreviewCheckoutRequest,
    UpdateOrderRequest,
    UpdateOrderStatusRequest,
)
from sanset.v1.payment_method_pb2 import (
    AddPaymentMethodRequest,
    DeletePaymentMethodRequest,
    GetPaymentMethodRequest,
    ListPaymentMethodsRequest,
    PaymentMethod,
    UpdatePaymentMethodRequest,
)
from sanset.v1.payment_pb2 import (
    ClosePaymentAlertRequest,
    GetPaymentRequest,
    ListPaymentAlertsRequest,
    Payment,
    ReceivePaymentWebhookRequest,
)
from sanset.v1.product_pb2 import (
    BatchGetProductsRequest,
    CreateProductRequest,
    DeleteProductRequest,
    ExportProductsRequest,
    GetProductRequest,
    ListProductsRequest,
    Product,
    UndeleteProductRequest,
    UpdateProductRequest,
)
from sanset.v1.promotion_pb2 import (
    AdjustPointsRequest,
    Coupon,
    CreateCouponRequest,
    GetCouponRequest,
    GetLoyaltyRequest,
    ListAllCouponsRequest,
    ListCouponsRequest,
    ListPointsRequest,
    ListTiersRequest,
    Tier,
    UpdateCouponRequest,
)
from sanset.v1.recommend_pb2 import (
    GetFrequentlyBoughtTogetherRequest,
    GetRecommendationsRequest,
    GetReorderRequest,
    GetSimilarProductsRequest,
    GetTrendingRequest,
)
from sanset.v1.refund_pb2 import Return
from sanset.v1.refund_service_pb2 import (
    ApproveReturnRequest,
    CancelOrderRequest,
    GetRefundRequest,
    GetReturnRequest,
    ListRefundsRequest,
    ListReturnsRequest,
    ReceiveReturnRequest,
    RefundOrderRequest,
    RejectReturnRequest,
    RequestReturnRequest,
)
from sanset.v1.segment_pb2 import (
    AnalyzeSegmentRequest,
    CreateSegmentRequest,
    DeleteSegmentRequest,
    GetSegmentRequest,
    ListSegmentMembersRequest,
    ListSegmentsRequest,
    Segment,
    SegmentRules,
    UpdateSegmentRequest,
)
from sanset.v1.tracking_pb2 import GetTrackingRequest, TrackOrderRequest
from sanset.v1.user_pb2 import (
    Address,
    CreateAddressRequest,
    DeleteAddressRequest,
    GetAddressRequest,
    GetMeRequest,
    ListAddressesRequest,
    UpdateAddressRequest,
    UpdateMeRequest,
    User,
)
from sanset.v1.webhook_pb2 import (
    CreateWebhookEndpointRequest,
    DeleteWebhookEndpointRequest,
    GetWebhookDeliveryRequest,
    GetWebhookEndpointRequest,
    ListWebhookDeliveriesRequest,
    ListWebhookEndpointsRequest,
    PingWebhookEndpointRequest,
    ReplayWebhookDeliveryRequest,
    RotateWebhookSecretRequest,
    UpdateWebhookEndpointRequest,
    WebhookEndpoint,
)
from sanset.v1.wishlist_pb2 import (
    AddToWishlistRequest,
    ListWishlistRequest,
    MoveToCartRequest,
    RemoveFromWishlistRequest,
)
from sqlalchemy import insert, select, update
from support.running_shop import PASSWORD, Account, RunningShop

from server.clock import utc_now
from server.contract import SERVICES
from server.db.base import Base
from server.payment.models import PaymentAlert
from server.recommend.feedback.impressions import FLUSH_SECONDS
from server.recommend.training.models import TrainingRun
from server.user.models import User as UserRow
from server.webhooks.models import WebhookDelivery

METHODS: dict[str, MethodDescriptor] = {m.name: m for service in SERVICES for m in service.methods}


def rule(method: str) -> AccessRule:
    """Who may call a method."""
    return METHODS[method].GetOptions().Extensions[access_pb2.access]


def path(method: str) -> str:
    """Where a method is called."""
    return f"/{METHODS[method].containing_service.full_name}/{method}"


class World:
    """A running shop, its staff, and short ways to call any RPC as anybody."""

    def __init__(self, shop: RunningShop) -> None:
        self.shop = shop
        self._samples: dict[str, Message] = {}
        # A training that never ends: none is started for real, and there is one to watch.
        now, later = utc_now(), datetime(2100, 1, 1, tzinfo=UTC)
        with shop.app.db.transaction() as tx:
            run = {"model_type": "ALL", "state": "RUNNING", "started_at": now, "heartbeat_at": later}
            self.training_id = tx.scalar(insert(TrainingRun).values(run).returning(TrainingRun.id)) or 0

    @cached_property
    def vendor(self) -> Account:
        """A vendor."""
        return self.new_vendor()

    @cached_property
    def buyer(self) -> Account:
        """A customer whose session no test ends."""
        return self.shop.customer()

    @cached_property
    def admin(self) -> Account:
        """An admin, whose session no test ends; with an address, so that they can shop too."""
        self.shop.add_address(self.shop.admin)
        return self.shop.admin

    def sample(self, method: str) -> Message:
        """A request of a customer's that may be sent again and again: to be refused."""
        if method not in self._samples:
            self._samples[method] = CASES[method].request(self, self.shop.customer())
        return self._samples[method]

    def new_vendor(self) -> Account:
        """A customer who was made a vendor."""
        account = self.shop.customer()
        with self.shop.app.db.transaction() as tx:
            tx.execute(update(UserRow).where(UserRow.id == account.user_id).values(role="VENDOR"))
        return self.shop.sign_in(account.email)

    def product_of(self, owner: Account) -> Product:
        """A product that a vendor or admin has created."""
        price = Money(currency_code="USD", units=10)
        product = Product(name=f"Mug {uuid.uuid4().hex[:8]}", price=price, stock=1000)
        return self.shop.catalog.CreateProduct(CreateProductRequest(product=product), metadata=owner.metadata)

    def category(self) -> Category:
        """A new category without products."""
        category = Category(name=f"Shelf {uuid.uuid4().hex[:8]}")
        request = CreateCategoryRequest(category=category)
        return self.shop.catalog.CreateCategory(request, metadata=self.shop.admin.metadata)

    def endpoint(self) -> WebhookEndpoint:
        """A new webhook endpoint, the only one."""
        self.forget_endpoints()
        endpoint = WebhookEndpoint(url="https://8.8.8.8/hook", event_types=["order.shipped"])
        request = CreateWebhookEndpointRequest(endpoint=endpoint)
        return self.shop.webhooks.CreateWebhookEndpoint(request, metadata=self.shop.admin.metadata)

    def unreachable_endpoint_id(self) -> int:
        """A new webhook endpoint to which no connection is made, as it is not public."""
        endpoint = self.endpoint()
        self.shop.sql(
            "UPDATE webhook_endpoints SET url = 'https://127.0.0.1/hook' WHERE id = :id", id=endpoint.id
        )
        return endpoint.id

    def forget_endpoints(self) -> None:
        """Delete every webhook endpoint."""
        self.shop.sql("DELETE FROM webhook_endpoints")

    def delivery_id(self) -> int:
        """A delivery to a webhook endpoint, which is switched off."""
        order, endpoint = self.shop.order(), self.endpoint()
        values = {
            "endpoint_id": endpoint.id, "event_id": 1, "event_type": "order.shipped", "order_id": order.id,
            "body": f'{{"type":"order.shipped","order_id":{order.id},"sequence":4}}', "status": "PENDING",
            "attempts": 0, "response_code": 0, "error": "", "created_at": utc_now(), "next_attempt_at": utc_now(),
            "retry_until": utc_now(),
        }  # fmt: skip
        with self.shop.app.db.transaction() as tx:
            inserted = insert(WebhookDelivery).values(values).returning(WebhookDelivery.id)
            return int(tx.execute(inserted).scalar_one())

    def alert_id(self) -> int:
        """An alert about a payment."""
        values = {
            "key": uuid.uuid4().hex, "kind": "UNKNOWN_ORDER", "gateway": "stripe", "gateway_id": "pi_1",
            "problem": "It is labelled with an order that this shop does not have.", "created_at": utc_now(),
        }  # fmt: skip
        with self.shop.app.db.transaction() as tx:
            inserted = insert(PaymentAlert).values(values).returning(PaymentAlert.id)
            return int(tx.execute(inserted).scalar_one())

    def filled_cart(self, account: Account) -> int:
        """The id of a line in the account's cart."""
        return self.shop.add(account, self.shop.product().id).items[-1].id

    def address_of(self, account: Account) -> int:
        """The id of a new address; a full address book is thinned out."""
        known = self.shop.users.ListAddresses(ListAddressesRequest(page_size=100), metadata=account.metadata)
        for address in known.items[10:]:
            request = DeleteAddressRequest(address_id=address.id)
            self.shop.users.DeleteAddress(request, metadata=account.metadata)
        return self.shop.add_address(account).id

    def call(
        self, method: str, request: Message | bytes, metadata: Any = (), *, timeout: float = 30
    ) -> Message:
        """The reply, or the first message of a stream; raises grpc.RpcError."""
        descriptor = METHODS[method]
        kinds = (
            self.shop.channel.unary_stream if descriptor.server_streaming else self.shop.channel.unary_unary
        )
        rpc = kinds(
            path(method),
            request_serializer=lambda r: r if isinstance(r, bytes) else r.SerializeToString(),
            response_deserializer=GetMessageClass(descriptor.output_type).FromString,
        )
        if not descriptor.server_streaming:
            return rpc(request, metadata=metadata, timeout=timeout)
        stream = rpc(request, metadata=metadata, timeout=timeout)
        try:
            return next(iter(stream))
        finally:
            stream.cancel()

    def code(self, method: str, request: Message | bytes, metadata: Any = ()) -> grpc.StatusCode:
        """How a call ends."""
        try:
            self.call(method, request, metadata)
        except grpc.RpcError as error:
            return error.code()  # type: ignore[no-any-return]
        return grpc.StatusCode.OK


def everything_at_rest(world: World) -> dict[str, list[str]]:
    """Every row of every table, once all is written that earlier calls left for the background."""
    rows = everything(world)
    for _ in range(30):
        time.sleep(FLUSH_SECONDS + 0.2)
        before, rows = rows, everything(world)
        if rows == before:
            return rows
    raise AssertionError("the shop is never at rest")


def everything(world: World) -> dict[str, list[str]]:
    """Every row of every table."""
    with world.shop.app.db.read() as connection:
        return {
            name: sorted(map(repr, connection.execute(select(table))))
            for name, table in Base.metadata.tables.items()
        }


@dataclass(frozen=True)
class Case:
    """A request that an RPC serves, made for the account that sends it; the code says how it is served.

    `to_strangers` says how it is served to somebody else, where strangers may call it and that differs.
    """

    request: Callable[[World, Account], Message]
    code: grpc.StatusCode = grpc.StatusCode.OK
    to_strangers: grpc.StatusCode | None = None


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


def _address() -> Address:
    return Address(
        label="Home", line1="1 Main Street", line2="Floor 2", city="Springfield", state="IL",
        postal_code="62701", country="US", lat=39.8, lng=-89.6,
    )  # fmt: skip


def _update_address(world: World, caller: Account) -> Message:
    address = _address()
    address.id = world.address_of(caller)
    return UpdateAddressRequest(address=address)


def _session_id(world: World, caller: Account) -> str:
    request = ListSessionsRequest(page_size=1)
    sessions = world.shop.auth.ListSessions(request, metadata=caller.metadata)
    return sessions.items[0].id


def _product(name: str) -> Product:
    product = Product(
        name=name, sku=uuid.uuid4().hex, slug=f"mug-{uuid.uuid4().hex}", description="A mug", brand="Best",
        price=Money(currency_code="USD", units=10), compare_at_price=Money(currency_code="USD", units=12),
        stock=5, max_quantity=10, tags=["red"], seo_title="Mug", seo_description="A mug",
    )  # fmt: skip
    product.attributes.update({"material": "oak", "sizes": [1, {"deep": True}]})
    return product


def _create_product(world: World, caller: Account) -> Message:
    return CreateProductRequest(product=_product("Mug"), request_id=str(uuid.uuid4()))


def _update_product(world: World, caller: Account) -> Message:
    product = _product("Mug")
    product.id = _owned_product(world, caller)
    return UpdateProductRequest(product=product)


def _owned_product(world: World, caller: Account) -> int:
    """A product that the caller may change, if anybody may."""
    owner = caller if caller.user_id == world.vendor.user_id else world.shop.admin
    return world.product_of(owner).id


def _any_product(world: World, caller: Account) -> int:
    return world.shop.product().id


def _checkout(world: World, caller: Account) -> Message:
    world.filled_cart(caller)
    return CheckoutRequest(payment_method=Payment.CARD, request_id=str(uuid.uuid4()))


def _order_id(world: World, caller: Account) -> int:
    return world.shop.order(caller).id


def _add_payment_method(world: World, caller: Account) -> Message:
    method = PaymentMethod(kind=Payment.CARD, token="pm_1", brand="Visa", last_four="4242")
    return AddPaymentMethodRequest(payment_method=method, request_id=str(uuid.uuid4()))


def _payment_method_id(world: World, caller: Account) -> int:
    """A saved payment method of the caller's; of many the oldest is deleted, since an account has at most 20."""
    users, known = world.shop.users, ListPaymentMethodsRequest()
    saved = users.ListPaymentMethods(known, metadata=caller.metadata).items
    if len(saved) > 10:
        oldest = DeletePaymentMethodRequest(payment_method_id=saved[-1].id)
        users.DeletePaymentMethod(oldest, metadata=caller.metadata)
    return users.AddPaymentMethod(_add_payment_method(world, caller), metadata=caller.metadata).id


def _gift_card(world: World, caller: Account) -> Message:
    card = GiftCard(balance=Money(currency_code="USD", units=25))
    return CreateGiftCardRequest(gift_card=card, request_id=str(uuid.uuid4()))


def _new_gift_card(world: World, caller: Account) -> GiftCard:
    request = _gift_card(world, caller)
    return world.shop.payments.CreateGiftCard(request, metadata=world.admin.metadata)


def _update_gift_card(world: World, caller: Account) -> Message:
    card = GiftCard(id=_new_gift_card(world, caller).id, active=False)
    card.expire_time.FromJsonString("2100-01-01T00:00:00Z")
    return UpdateGiftCardRequest(gift_card=card)


def _update_order(world: World, caller: Account) -> Message:
    return UpdateOrderStatusRequest(
        order_id=_order_id(world, caller), status=Order.PROCESSING, message="Packing", location="Here"
    )


def _update_metadata(world: World, caller: Account) -> Message:
    order = Order(id=_order_id(world, caller))
    order.metadata.update({"erp": {"id": "A-1", "lines": [1, 2]}})
    return UpdateOrderRequest(order=order)


def _cancel(world: World, caller: Account) -> Message:
    order_id = _order_id(world, caller)
    return CancelOrderRequest(order_id=order_id, reason="Too late", request_id=str(uuid.uuid4()))


def _refund(world: World, caller: Account) -> RefundOrderRequest:
    order = world.shop.order(caller, 2)
    return RefundOrderRequest(
        order_id=order.id, items=[LineQuantity(variant_id=order.items[0].variant_id, quantity=1)],
        reason="Scratched", restock=True, request_id=str(uuid.uuid4()),
    )  # fmt: skip


def _get_refund(world: World, caller: Account) -> Message:
    refunded = world.shop.refunds.RefundOrder(_refund(world, caller), metadata=world.admin.metadata)
    return GetRefundRequest(refund_id=refunded.id)


def _ask_return(world: World, caller: Account) -> RequestReturnRequest:
    order = world.shop.order(caller, 2)
    for status in (Order.PROCESSING, Order.SHIPPED, Order.DELIVERED):
        world.shop.move(order.id, status)
    return RequestReturnRequest(
        order_id=order.id, items=[LineQuantity(variant_id=order.items[0].variant_id, quantity=1)],
        reason="Too small", request_id=str(uuid.uuid4()),
    )  # fmt: skip


def _return(world: World, caller: Account) -> Return:
    """A return that was asked for."""
    return world.shop.refunds.RequestReturn(_ask_return(world, caller), metadata=caller.metadata)


def _list_returns(world: World, caller: Account) -> Message:
    return ListReturnsRequest(page_size=5, order_id=_return(world, caller).order_id, status=Return.REQUESTED)


def _receive_return(world: World, caller: Account) -> Message:
    asked = _return(world, caller)
    world.shop.refunds.ApproveReturn(
        ApproveReturnRequest(return_id=asked.id), metadata=world.shop.admin.metadata
    )
    return ReceiveReturnRequest(return_id=asked.id, restocked=asked.items, request_id=str(uuid.uuid4()))


def _preview(world: World, caller: Account) -> Message:
    world.filled_cart(caller)
    return PreviewCheckoutRequest()


def _sync(world: World, caller: Account) -> Message:
    token = world.shop.cart.AddItem(AddItemRequest(product_id=_any_product(world, caller))).token
    return SyncCartRequest(cart_token=token, strategy=SyncCartRequest.KEEP_MINE)


def _wished(world: World, caller: Account) -> int:
    request = AddToWishlistRequest(product_id=_any_product(world, caller))
    return world.shop.cart.AddToWishlist(request, metadata=caller.metadata).product_id


def _events(world: World, caller: Account) -> Message:
    event = BehaviorEvent(kind=BehaviorEvent.VIEW, product_id=_any_product(world, caller), query="mug")
    event.time.GetCurrentTime()
    return TrackEventRequest(events=[event], visitor_id="visitor-1234")


def _endpoint(world: World) -> WebhookEndpoint:
    world.forget_endpoints()  # a shop has at most 20
    return WebhookEndpoint(url="https://8.8.8.8/hook", event_types=["order.shipped"])


def _update_endpoint(world: World, caller: Account) -> Message:
    endpoint = world.endpoint()
    endpoint.url = "https://8.8.4.4/hook"
    return UpdateWebhookEndpointRequest(endpoint=endpoint)


def _rotate_secret(world: World, caller: Account) -> Message:
    endpoint_id = world.endpoint().id
    return RotateWebhookSecretRequest(
        endpoint_id=endpoint_id, overlap_seconds=3600, request_id=str(uuid.uuid4())
    )


def _export_orders(world: World, caller: Account) -> Message:
    request = ExportOrdersRequest(format=ExportOrdersRequest.CSV)
    request.start_time.GetCurrentTime()
    request.end_time.GetCurrentTime()
    return request


def _coupon() -> Coupon:
    coupon = Coupon(
        code=f"T{uuid.uuid4().hex[:12]}", description="For the tests", discount_basis_points=1050,
        min_tier=Tier.BRONZE, max_discount=Money(currency_code="USD", units=5), usage_limit=9, per_user_limit=1,
        active=True,
    )  # fmt: skip
    coupon.valid_from.FromJsonString("2024-01-01T00:00:00Z")
    coupon.valid_until.FromJsonString("2100-01-01T00:00:00Z")
    return coupon


def _new_coupon(world: World) -> Coupon:
    request = CreateCouponRequest(coupon=_coupon())
    return world.shop.promotions.CreateCoupon(request, metadata=world.shop.admin.metadata)


def _update_coupon(world: World, caller: Account) -> Message:
    coupon = _coupon()
    coupon.id = _new_coupon(world).id
    coupon.code = ""
    return UpdateCouponRequest(coupon=coupon)


def _inventory(kind: type[Any], **fields: int) -> Callable[[World, Account], Message]:
    return lambda world, caller: kind(
        product_id=_owned_product(world, caller), request_id=str(uuid.uuid4()), **fields
    )


def _new_segment(world: World, caller: Account) -> CreateSegmentRequest:
    rules = SegmentRules(
        min_orders=1, max_orders=9, min_spent="1.00", max_spent="99.99", ordered_within_days=30,
        not_ordered_for_days=2, registered_within_days=90, bought_category=world.category().slug, country="US",
    )  # fmt: skip
    name = f"Segment {uuid.uuid4().hex}"
    return CreateSegmentRequest(segment=Segment(name=name, description="They buy.", rules=rules))


def _update_segment(world: World, caller: Account) -> Message:
    segment = _new_segment(world, caller).segment
    segment.id = _segment_id(world, caller)
    return UpdateSegmentRequest(segment=segment)


def _segment_id(world: World, caller: Account) -> int:
    request = _new_segment(world, caller)
    return world.shop.segments.CreateSegment(request, metadata=world.shop.admin.metadata).id


NOT_FOUND = grpc.StatusCode.NOT_FOUND
PERMISSION_DENIED = grpc.StatusCode.PERMISSION_DENIED

CASES: dict[str, Case] = {
    # Accounts
    "Register": Case(_register),
    "Login": Case(_login),
    "Refresh": Case(_refresh),
    "Logout": Case(lambda world, caller: LogoutRequest()),
    "ListSessions": Case(lambda world, caller: ListSessionsRequest(page_size=5)),
    "GetSession": Case(lambda world, caller: GetSessionRequest(session_id=_session_id(world, caller))),
    "RevokeSession": Case(lambda world, caller: RevokeSessionRequest(session_id=_session_id(world, caller))),
    "GetMe": Case(lambda world, caller: GetMeRequest()),
    "UpdateMe": Case(_update_me),
    "ListAddresses": Case(lambda world, caller: ListAddressesRequest(page_size=5)),
    "GetAddress": Case(lambda world, caller: GetAddressRequest(address_id=world.address_of(caller))),
    "CreateAddress": Case(
        lambda world, caller: (world.address_of(caller), CreateAddressRequest(address=_address()))[1]
    ),
    "UpdateAddress": Case(_update_address),
    "DeleteAddress": Case(lambda world, caller: DeleteAddressRequest(address_id=world.address_of(caller))),
    "ListPaymentMethods": Case(lambda world, caller: ListPaymentMethodsRequest()),
    "GetPaymentMethod": Case(
        lambda world, caller: GetPaymentMethodRequest(payment_method_id=_payment_method_id(world, caller))
    ),
    "AddPaymentMethod": Case(_add_payment_method),
    "UpdatePaymentMethod": Case(
        lambda world, caller: UpdatePaymentMethodRequest(
            payment_method=PaymentMethod(id=_payment_method_id(world, caller), is_default=True)
        )
    ),
    "DeletePaymentMethod": Case(
        lambda world, caller: DeletePaymentMethodRequest(payment_method_id=_payment_method_id(world, caller))
    ),
    # Catalogue
    "GetProduct": Case(lambda world, caller: GetProductRequest(product_id=_any_product(world, caller))),
    "BatchGetProducts": Case(
        lambda world, caller: BatchGetProductsRequest(product_ids=[_any_product(world, caller)])
    ),
    "ListProducts": Case(lambda world, caller: ListProductsRequest(page_size=2)),
    "CreateProduct": Case(_create_product),
    "UpdateProduct": Case(_update_product),
    "UndeleteProduct": Case(
        lambda world, caller: UndeleteProductRequest(product_id=_owned_product(world, caller))
    ),
    "DeleteProduct": Case(
        lambda world, caller: DeleteProductRequest(product_id=_owned_product(world, caller))
    ),
    "ListCategories": Case(lambda world, caller: ListCategoriesRequest()),
    "GetCategory": Case(lambda world, caller: GetCategoryRequest(category_id=world.category().id)),
    "CreateCategory": Case(
        lambda world, caller: CreateCategoryRequest(
            category=Category(name=f"Shelf {uuid.uuid4().hex}", parent_id=world.category().id)
        )
    ),
    "UpdateCategory": Case(
        lambda world, caller: UpdateCategoryRequest(
            category=Category(
                id=world.category().id, name=f"Shelf {uuid.uuid4().hex}", parent_id=world.category().id
            )
        )
    ),
    "DeleteCategory": Case(lambda world, caller: DeleteCategoryRequest(category_id=world.category().id)),
    "GetInventory": Case(lambda world, caller: GetInventoryRequest(product_id=_any_product(world, caller))),
    "SetInventory": Case(_inventory(SetInventoryRequest, quantity=7)),
    "AdjustInventory": Case(_inventory(AdjustInventoryRequest, delta=7)),
    # Cart
    "GetCart": Case(lambda world, caller: GetCartRequest()),
    "AddItem": Case(lambda world, caller: AddItemRequest(product_id=_any_product(world, caller), quantity=2)),
    "UpdateItem": Case(
        lambda world, caller: UpdateItemRequest(item_id=world.filled_cart(caller), quantity=3),
        to_strangers=NOT_FOUND,
    ),
    "RemoveItem": Case(
        lambda world, caller: RemoveItemRequest(item_id=world.filled_cart(caller)), to_strangers=NOT_FOUND
    ),
    "ClearCart": Case(lambda world, caller: ClearCartRequest()),
    "GetTotal": Case(lambda world, caller: GetTotalRequest()),
    "PreviewCheckout": Case(_preview),
    "SyncCart": Case(_sync),
    "ListWishlist": Case(lambda world, caller: ListWishlistRequest(page_size=5)),
    "AddToWishlist": Case(lambda world, caller: AddToWishlistRequest(product_id=_any_product(world, caller))),
    "RemoveFromWishlist": Case(
        lambda world, caller: RemoveFromWishlistRequest(product_id=_wished(world, caller))
    ),
    "MoveToCart": Case(
        lambda world, caller: MoveToCartRequest(product_id=_wished(world, caller), quantity=2)
    ),
    # Coupons and points
    "ListCoupons": Case(lambda world, caller: ListCouponsRequest(page_size=5)),
    "ApplyCoupon": Case(lambda world, caller: ApplyCouponRequest(code=_new_coupon(world).code)),
    "RemoveCoupon": Case(lambda world, caller: RemoveCouponRequest()),
    "GetLoyalty": Case(lambda world, caller: GetLoyaltyRequest()),
    "ListTiers": Case(lambda world, caller: ListTiersRequest()),
    "ListPoints": Case(lambda world, caller: ListPointsRequest(page_size=5)),
    "RedeemPoints": Case(lambda world, caller: RedeemPointsRequest(points=0)),
    "AdjustPoints": Case(
        lambda world, caller: AdjustPointsRequest(
            user_id=caller.user_id, points=5, reason="Sorry", request_id=str(uuid.uuid4())
        )
    ),
    "ListAllCoupons": Case(lambda world, caller: ListAllCouponsRequest(page_size=5, code="WELCOME")),
    "GetCoupon": Case(lambda world, caller: GetCouponRequest(coupon_id=_new_coupon(world).id)),
    "CreateCoupon": Case(
        lambda world, caller: CreateCouponRequest(coupon=_coupon(), request_id=str(uuid.uuid4()))
    ),
    "UpdateCoupon": Case(_update_coupon),
    # Orders
    "Checkout": Case(_checkout),
    "ListOrders": Case(lambda world, caller: ListOrdersRequest(page_size=5)),
    "GetOrder": Case(lambda world, caller: GetOrderRequest(order_id=_order_id(world, caller))),
    "UpdateOrder": Case(_update_metadata),
    "UpdateOrderStatus": Case(_update_order),
    "TrackOrder": Case(lambda world, caller: TrackOrderRequest(order_id=_order_id(world, caller))),
    "GetTracking": Case(lambda world, caller: GetTrackingRequest(order_id=_order_id(world, caller))),
    # Webhooks
    "CreateWebhookEndpoint": Case(
        lambda world, caller: CreateWebhookEndpointRequest(endpoint=_endpoint(world))
    ),
    "ListWebhookEndpoints": Case(lambda world, caller: ListWebhookEndpointsRequest()),
    "GetWebhookEndpoint": Case(
        lambda world, caller: GetWebhookEndpointRequest(endpoint_id=world.endpoint().id)
    ),
    "UpdateWebhookEndpoint": Case(_update_endpoint),
    "PingWebhookEndpoint": Case(
        lambda world, caller: PingWebhookEndpointRequest(endpoint_id=world.unreachable_endpoint_id())
    ),
    "RotateWebhookSecret": Case(_rotate_secret),
    "GetWebhookDelivery": Case(
        lambda world, caller: GetWebhookDeliveryRequest(delivery_id=world.delivery_id())
    ),
    "DeleteWebhookEndpoint": Case(
        lambda world, caller: DeleteWebhookEndpointRequest(endpoint_id=world.endpoint().id)
    ),
    "ListWebhookDeliveries": Case(
        lambda world, caller: ListWebhookDeliveriesRequest(endpoint_id=world.endpoint().id)
    ),
    "ReplayWebhookDelivery": Case(
        lambda world, caller: ReplayWebhookDeliveryRequest(delivery_id=world.delivery_id())
    ),
    "ListPaymentAlerts": Case(lambda world, caller: ListPaymentAlertsRequest(page_size=5)),
    "ClosePaymentAlert": Case(lambda world, caller: ClosePaymentAlertRequest(alert_id=world.alert_id())),
    "ListPendingOrders": Case(lambda world, caller: ListPendingOrdersRequest(page_size=5)),
    "ExportOrders": Case(_export_orders),
    "ExportProducts": Case(lambda world, caller: ExportProductsRequest(format=ExportProductsRequest.CSV)),
    # Payments
    "GetPayment": Case(lambda world, caller: GetPaymentRequest(order_id=_order_id(world, caller))),
    # Only a gateway that signs is served
    "ReceivePaymentWebhook": Case(
        lambda world, caller: ReceivePaymentWebhookRequest(payload=HttpBody(data=b"{}")), PERMISSION_DENIED
    ),
    "CreateGiftCard": Case(_gift_card),
    "ListGiftCards": Case(lambda world, caller: ListGiftCardsRequest(page_size=5)),
    "GetGiftCard": Case(
        lambda world, caller: GetGiftCardRequest(gift_card_id=_new_gift_card(world, caller).id)
    ),
    "UpdateGiftCard": Case(_update_gift_card),
    "GetGiftCardBalance": Case(
        lambda world, caller: GetGiftCardBalanceRequest(code=_new_gift_card(world, caller).code)
    ),
    "CancelOrder": Case(_cancel),
    "RefundOrder": Case(_refund),
    "GetRefund": Case(_get_refund),
    "ListRefunds": Case(lambda world, caller: ListRefundsRequest(order_id=_order_id(world, caller))),
    "RequestReturn": Case(_ask_return),
    "GetReturn": Case(lambda world, caller: GetReturnRequest(return_id=_return(world, caller).id)),
    "ListReturns": Case(_list_returns),
    "ApproveReturn": Case(
        lambda world, caller: ApproveReturnRequest(return_id=_return(world, caller).id, answer="Yes")
    ),
    "RejectReturn": Case(
        lambda world, caller: RejectReturnRequest(return_id=_return(world, caller).id, answer="No")
    ),
    "ReceiveReturn": Case(_receive_return),
    # Recommendations
    "GetRecommendations": Case(lambda world, caller: GetRecommendationsRequest(limit=3)),
    "GetReorder": Case(lambda world, caller: GetReorderRequest(limit=3)),
    "GetSimilarProducts": Case(
        lambda world, caller: GetSimilarProductsRequest(product_id=_any_product(world, caller))
    ),
    "GetFrequentlyBoughtTogether": Case(
        lambda world, caller: GetFrequentlyBoughtTogetherRequest(product_id=_any_product(world, caller))
    ),
    "GetTrending": Case(lambda world, caller: GetTrendingRequest(limit=3)),
    "TrackEvent": Case(_events),
    "GetHistory": Case(lambda world, caller: GetHistoryRequest(page_size=5)),
    # Models: this shop has none, and a training that never ends.
    "TrainModel": Case(
        lambda world, caller: TrainModelRequest(
            model_type=Model.ALL,
            parameters=TrainModelRequest.Parameters(factors=8, regularization=0.1, iterations=2),
        ),
        grpc.StatusCode.ABORTED,
    ),
    "CancelTraining": Case(lambda world, caller: CancelTrainingRequest(training_id=10**9), NOT_FOUND),
    "GetTraining": Case(lambda world, caller: GetTrainingRequest(training_id=world.training_id)),
    "ListTrainings": Case(lambda world, caller: ListTrainingsRequest(page_size=5)),
    "WatchTraining": Case(lambda world, caller: WatchTrainingRequest()),
    "GetModel": Case(lambda world, caller: GetModelRequest(model_id=1), NOT_FOUND),
    "ListModels": Case(lambda world, caller: ListModelsRequest(page_size=5)),
    "GetModelMetrics": Case(lambda world, caller: GetModelMetricsRequest(model_id=1), NOT_FOUND),
    "ActivateModel": Case(lambda world, caller: ActivateModelRequest(model_id=1), NOT_FOUND),
    "StartExperiment": Case(
        lambda world, caller: StartExperimentRequest(challenger_model_id=1, percent=10), NOT_FOUND
    ),
    "GetExperiment": Case(lambda world, caller: GetExperimentRequest(experiment_id=1), NOT_FOUND),
    "ListExperiments": Case(lambda world, caller: ListExperimentsRequest(page_size=5)),
    "EndExperiment": Case(lambda world, caller: EndExperimentRequest(experiment_id=1), NOT_FOUND),
    # Segments
    "ListSegments": Case(lambda world, caller: ListSegmentsRequest(page_size=5)),
    "CreateSegment": Case(_new_segment),
    "UpdateSegment": Case(_update_segment),
    "GetSegment": Case(lambda world, caller: GetSegmentRequest(segment_id=_segment_id(world, caller))),
    "DeleteSegment": Case(lambda world, caller: DeleteSegmentRequest(segment_id=_segment_id(world, caller))),
    "AnalyzeSegment": Case(
        lambda world, caller: AnalyzeSegmentRequest(segment_id=_segment_id(world, caller))
    ),
    "ListSegmentMembers": Case(
        lambda world, caller: ListSegmentMembersRequest(segment_id=_segment_id(world, caller), page_size=5)
    ),
}
