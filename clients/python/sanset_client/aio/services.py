"""The services of an `AsyncClient`: the generated stubs (`GetProduct`) with a method per RPC (`get_product`)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from sanset.v1.order_pb2 import OrderEvent

from sanset_client.aio.tracking import follow
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
from sanset_client.rpc import AsyncService
from sanset_client.shortcuts import CartShortcuts, OrderShortcuts
from sanset_client.tracking import PATIENCE, Trail

if TYPE_CHECKING:  # the async stubs are types only: at run time one stub serves both kinds of channel
    from sanset.v1.auth_pb2_grpc import AuthServiceAsyncStub
    from sanset.v1.cart_pb2_grpc import CartServiceAsyncStub
    from sanset.v1.catalog_pb2_grpc import CatalogServiceAsyncStub
    from sanset.v1.inventory_pb2_grpc import InventoryServiceAsyncStub
    from sanset.v1.model_pb2_grpc import ModelServiceAsyncStub
    from sanset.v1.order_service_pb2_grpc import OrderServiceAsyncStub
    from sanset.v1.payment_pb2_grpc import PaymentServiceAsyncStub
    from sanset.v1.promotion_pb2_grpc import PromotionServiceAsyncStub
    from sanset.v1.recommend_pb2_grpc import RecommendServiceAsyncStub
    from sanset.v1.refund_pb2_grpc import RefundServiceAsyncStub
    from sanset.v1.segment_pb2_grpc import SegmentServiceAsyncStub
    from sanset.v1.user_pb2_grpc import UserServiceAsyncStub
    from sanset.v1.webhook_pb2_grpc import WebhookServiceAsyncStub
else:
    from sanset.v1.auth_pb2_grpc import AuthServiceStub as AuthServiceAsyncStub
    from sanset.v1.cart_pb2_grpc import CartServiceStub as CartServiceAsyncStub
    from sanset.v1.catalog_pb2_grpc import CatalogServiceStub as CatalogServiceAsyncStub
    from sanset.v1.inventory_pb2_grpc import InventoryServiceStub as InventoryServiceAsyncStub
    from sanset.v1.model_pb2_grpc import ModelServiceStub as ModelServiceAsyncStub
    from sanset.v1.order_service_pb2_grpc import OrderServiceStub as OrderServiceAsyncStub
    from sanset.v1.payment_pb2_grpc import PaymentServiceStub as PaymentServiceAsyncStub
    from sanset.v1.promotion_pb2_grpc import PromotionServiceStub as PromotionServiceAsyncStub
    from sanset.v1.recommend_pb2_grpc import RecommendServiceStub as RecommendServiceAsyncStub
    from sanset.v1.refund_pb2_grpc import RefundServiceStub as RefundServiceAsyncStub
    from sanset.v1.segment_pb2_grpc import SegmentServiceStub as SegmentServiceAsyncStub
    from sanset.v1.user_pb2_grpc import UserServiceStub as UserServiceAsyncStub
    from sanset.v1.webhook_pb2_grpc import WebhookServiceStub as WebhookServiceAsyncStub


class AsyncAuth(AuthMethods, AsyncService, AuthServiceAsyncStub):
    """Signing in, and sessions. `login` and `logout` of the client keep the tokens; these do not."""


class AsyncUsers(UserMethods, AsyncService, UserServiceAsyncStub):
    """The caller's profile, addresses and saved payment methods."""


class AsyncCatalog(CatalogMethods, AsyncService, CatalogServiceAsyncStub):
    """Products and categories."""


class AsyncInventory(InventoryMethods, AsyncService, InventoryServiceAsyncStub):
    """The stock of products."""


class AsyncCart(CartShortcuts, AsyncService, CartServiceAsyncStub):
    """The caller's cart and wishlist."""


class AsyncOrders(OrderShortcuts, AsyncService, OrderServiceAsyncStub):
    """Orders, and following them."""

    def track(
        self, order_id: int, after_sequence: int = 0, *, patience: float = PATIENCE
    ) -> AsyncGenerator[OrderEvent, None]:
        """Yield each step of an order, those so far and then live, until its last.

        Goes on by itself after cuts, server restarts and token expiry; no step is left out or repeated.
        Gives up after `patience` seconds without a word from the server. Raises NotFound when the order does
        not exist or is another user's, and the SansetError that made it give up.
        """
        return follow(self.TrackOrder, Trail(order_id, after_sequence, patience))


class AsyncPromotions(PromotionMethods, AsyncService, PromotionServiceAsyncStub):
    """Coupons, loyalty tiers and points."""


class AsyncPayments(PaymentMethods, AsyncService, PaymentServiceAsyncStub):
    """Payments and gift cards."""


class AsyncRefunds(RefundMethods, AsyncService, RefundServiceAsyncStub):
    """Cancellations, refunds and returns."""


class AsyncWebhooks(WebhookMethods, AsyncService, WebhookServiceAsyncStub):
    """Webhooks to the shop's own systems."""


class AsyncRecommend(RecommendMethods, AsyncService, RecommendServiceAsyncStub):
    """Recommendations, and what customers do."""


class AsyncModels(ModelMethods, AsyncService, ModelServiceAsyncStub):
    """The models behind the recommendations: training, activation and experiments."""


class AsyncSegments(SegmentMethods, AsyncService, SegmentServiceAsyncStub):
    """Groups of customers."""
