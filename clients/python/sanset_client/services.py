"""The services of a `Client`: the generated stubs (`GetProduct`) with a method per RPC (`get_product`)."""

from __future__ import annotations

from collections.abc import Generator

from sanset.v1 import (
    auth_pb2_grpc,
    cart_pb2_grpc,
    catalog_pb2_grpc,
    inventory_pb2_grpc,
    model_pb2_grpc,
    order_service_pb2_grpc,
    payment_pb2_grpc,
    promotion_pb2_grpc,
    recommend_pb2_grpc,
    refund_pb2_grpc,
    segment_pb2_grpc,
    user_pb2_grpc,
    webhook_pb2_grpc,
)
from sanset.v1.order_pb2 import OrderEvent

from sanset_client.methods import (
    AuthMethods,
    CatalogMethods,
    InventoryMethods,
    ModelMethods,
    PaymentMethods,
    PromotionMethods,
    RecommendMethods,
    RefundMethods,
    SegmentMethods,
    UserMethods,
    WebhookMethods,
)
from sanset_client.rpc import Service
from sanset_client.shortcuts import CartShortcuts, OrderShortcuts
from sanset_client.tracking import PATIENCE, Trail, follow


class Auth(AuthMethods, Service, auth_pb2_grpc.AuthServiceStub):
    """Signing in, and sessions. `login` and `logout` of the client keep the tokens; these do not."""


class Users(UserMethods, Service, user_pb2_grpc.UserServiceStub):
    """The caller's profile, addresses and saved payment methods."""


class Catalog(CatalogMethods, Service, catalog_pb2_grpc.CatalogServiceStub):
    """Products and categories."""


class Inventory(InventoryMethods, Service, inventory_pb2_grpc.InventoryServiceStub):
    """The stock of products."""


class Cart(CartShortcuts, Service, cart_pb2_grpc.CartServiceStub):
    """The caller's cart and wishlist."""


class Orders(OrderShortcuts, Service, order_service_pb2_grpc.OrderServiceStub):
    """Orders, and following them."""

    def track(
        self, order_id: int, after_sequence: int = 0, *, patience: float = PATIENCE
    ) -> Generator[OrderEvent, None, None]:
        """Yield each step of an order, those so far and then live, until its last.

        Goes on by itself after cuts, server restarts and token expiry; no step is left out or repeated.
        Gives up after `patience` seconds without a word from the server. Raises NotFound when the order does
        not exist or is another user's, and the SansetError that made it give up.
        """
        return follow(self.TrackOrder, Trail(order_id, after_sequence, patience))


class Promotions(PromotionMethods, Service, promotion_pb2_grpc.PromotionServiceStub):
    """Coupons, loyalty tiers and points."""


class Payments(PaymentMethods, Service, payment_pb2_grpc.PaymentServiceStub):
    """Payments and gift cards."""


class Refunds(RefundMethods, Service, refund_pb2_grpc.RefundServiceStub):
    """Cancellations, refunds and returns."""


class Webhooks(WebhookMethods, Service, webhook_pb2_grpc.WebhookServiceStub):
    """Webhooks to the shop's own systems."""


class Recommend(RecommendMethods, Service, recommend_pb2_grpc.RecommendServiceStub):
    """Recommendations, and what customers do."""


class Models(ModelMethods, Service, model_pb2_grpc.ModelServiceStub):
    """The models behind the recommendations: training, activation and experiments."""


class Segments(SegmentMethods, Service, segment_pb2_grpc.SegmentServiceStub):
    """Groups of customers."""
