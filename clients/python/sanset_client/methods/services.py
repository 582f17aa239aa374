"""The services of both clients: the generated stubs, with a method for each RPC.

Generated from the protos by proto/generate.py; do not edit. What is more than an RPC stands in `shortcuts`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
from grpc import aio
from sanset.v1.analytics_pb2_grpc import AnalyticsServiceStub
from sanset.v1.audit_pb2_grpc import AuditServiceStub
from sanset.v1.auth_pb2_grpc import AuthServiceStub
from sanset.v1.cart_pb2_grpc import CartServiceStub
from sanset.v1.catalog_pb2_grpc import CatalogServiceStub
from sanset.v1.identity_pb2_grpc import IdentityServiceStub
from sanset.v1.import_pb2_grpc import ImportServiceStub
from sanset.v1.inventory_pb2_grpc import InventoryServiceStub
from sanset.v1.media_pb2_grpc import MediaServiceStub
from sanset.v1.model_service_pb2_grpc import ModelServiceStub
from sanset.v1.order_service_pb2_grpc import OrderServiceStub
from sanset.v1.passkey_pb2_grpc import PasskeyServiceStub
from sanset.v1.payment_pb2_grpc import PaymentServiceStub
from sanset.v1.promotion_pb2_grpc import PromotionServiceStub
from sanset.v1.recommend_pb2_grpc import RecommendServiceStub
from sanset.v1.refund_service_pb2_grpc import RefundServiceStub
from sanset.v1.review_pb2_grpc import ReviewServiceStub
from sanset.v1.role_pb2_grpc import RoleServiceStub
from sanset.v1.search_service_pb2_grpc import SearchServiceStub
from sanset.v1.second_factor_pb2_grpc import SecondFactorServiceStub
from sanset.v1.segment_pb2_grpc import SegmentServiceStub
from sanset.v1.service_account_pb2_grpc import ServiceAccountServiceStub
from sanset.v1.settings_pb2_grpc import SettingsServiceStub
from sanset.v1.user_admin_pb2_grpc import UserAdminServiceStub
from sanset.v1.user_pb2_grpc import UserServiceStub
from sanset.v1.webhook_pb2_grpc import WebhookServiceStub

from sanset_client.methods.analytics import AnalyticsMethods
from sanset_client.methods.audit import AuditMethods
from sanset_client.methods.auth import AuthMethods
from sanset_client.methods.catalog import CatalogMethods
from sanset_client.methods.identity import IdentityMethods
from sanset_client.methods.imports import ImportMethods
from sanset_client.methods.inventory import InventoryMethods
from sanset_client.methods.media import MediaMethods
from sanset_client.methods.model import ModelMethods
from sanset_client.methods.passkey import PasskeyMethods
from sanset_client.methods.payment import PaymentMethods
from sanset_client.methods.promotion import PromotionMethods
from sanset_client.methods.recommend import RecommendMethods
from sanset_client.methods.refund import RefundMethods
from sanset_client.methods.review import ReviewMethods
from sanset_client.methods.role import RoleMethods
from sanset_client.methods.search import SearchMethods
from sanset_client.methods.second_factor import SecondFactorMethods
from sanset_client.methods.segment import SegmentMethods
from sanset_client.methods.service_account import ServiceAccountMethods
from sanset_client.methods.settings import SettingsMethods
from sanset_client.methods.user_admin import UserAdminMethods
from sanset_client.methods.user import UserMethods
from sanset_client.methods.webhook import WebhookMethods
from sanset_client.rpc import AsyncService, Service
from sanset_client.shortcuts import CartShortcuts, OrderShortcuts

if TYPE_CHECKING:  # the async stubs are types only: at run time one stub is enough
    from sanset.v1.analytics_pb2_grpc import AnalyticsServiceAsyncStub
    from sanset.v1.audit_pb2_grpc import AuditServiceAsyncStub
    from sanset.v1.auth_pb2_grpc import AuthServiceAsyncStub
    from sanset.v1.cart_pb2_grpc import CartServiceAsyncStub
    from sanset.v1.catalog_pb2_grpc import CatalogServiceAsyncStub
    from sanset.v1.identity_pb2_grpc import IdentityServiceAsyncStub
    from sanset.v1.import_pb2_grpc import ImportServiceAsyncStub
    from sanset.v1.inventory_pb2_grpc import InventoryServiceAsyncStub
    from sanset.v1.media_pb2_grpc import MediaServiceAsyncStub
    from sanset.v1.model_service_pb2_grpc import ModelServiceAsyncStub
    from sanset.v1.order_service_pb2_grpc import OrderServiceAsyncStub
    from sanset.v1.passkey_pb2_grpc import PasskeyServiceAsyncStub
    from sanset.v1.payment_pb2_grpc import PaymentServiceAsyncStub
    from sanset.v1.promotion_pb2_grpc import PromotionServiceAsyncStub
    from sanset.v1.recommend_pb2_grpc import RecommendServiceAsyncStub
    from sanset.v1.refund_service_pb2_grpc import RefundServiceAsyncStub
    from sanset.v1.review_pb2_grpc import ReviewServiceAsyncStub
    from sanset.v1.role_pb2_grpc import RoleServiceAsyncStub
    from sanset.v1.search_service_pb2_grpc import SearchServiceAsyncStub
    from sanset.v1.second_factor_pb2_grpc import SecondFactorServiceAsyncStub
    from sanset.v1.segment_pb2_grpc import SegmentServiceAsyncStub
    from sanset.v1.service_account_pb2_grpc import ServiceAccountServiceAsyncStub
    from sanset.v1.settings_pb2_grpc import SettingsServiceAsyncStub
    from sanset.v1.user_admin_pb2_grpc import UserAdminServiceAsyncStub
    from sanset.v1.user_pb2_grpc import UserServiceAsyncStub
    from sanset.v1.webhook_pb2_grpc import WebhookServiceAsyncStub
else:
    from sanset.v1.analytics_pb2_grpc import AnalyticsServiceStub as AnalyticsServiceAsyncStub
    from sanset.v1.audit_pb2_grpc import AuditServiceStub as AuditServiceAsyncStub
    from sanset.v1.auth_pb2_grpc import AuthServiceStub as AuthServiceAsyncStub
    from sanset.v1.cart_pb2_grpc import CartServiceStub as CartServiceAsyncStub
    from sanset.v1.catalog_pb2_grpc import CatalogServiceStub as CatalogServiceAsyncStub
    from sanset.v1.identity_pb2_grpc import IdentityServiceStub as IdentityServiceAsyncStub
    from sanset.v1.import_pb2_grpc import ImportServiceStub as ImportServiceAsyncStub
    from sanset.v1.inventory_pb2_grpc import InventoryServiceStub as InventoryServiceAsyncStub
    from sanset.v1.media_pb2_grpc import MediaServiceStub as MediaServiceAsyncStub
    from sanset.v1.model_service_pb2_grpc import ModelServiceStub as ModelServiceAsyncStub
    from sanset.v1.order_service_pb2_grpc import OrderServiceStub as OrderServiceAsyncStub
    from sanset.v1.passkey_pb2_grpc import PasskeyServiceStub as PasskeyServiceAsyncStub
    from sanset.v1.payment_pb2_grpc import PaymentServiceStub as PaymentServiceAsyncStub
    from sanset.v1.promotion_pb2_grpc import PromotionServiceStub as PromotionServiceAsyncStub
    from sanset.v1.recommend_pb2_grpc import RecommendServiceStub as RecommendServiceAsyncStub
    from sanset.v1.refund_service_pb2_grpc import RefundServiceStub as RefundServiceAsyncStub
    from sanset.v1.review_pb2_grpc import ReviewServiceStub as ReviewServiceAsyncStub
    from sanset.v1.role_pb2_grpc import RoleServiceStub as RoleServiceAsyncStub
    from sanset.v1.search_service_pb2_grpc import SearchServiceStub as SearchServiceAsyncStub
    from sanset.v1.second_factor_pb2_grpc import SecondFactorServiceStub as SecondFactorServiceAsyncStub
    from sanset.v1.segment_pb2_grpc import SegmentServiceStub as SegmentServiceAsyncStub
    from sanset.v1.service_account_pb2_grpc import ServiceAccountServiceStub as ServiceAccountServiceAsyncStub
    from sanset.v1.settings_pb2_grpc import SettingsServiceStub as SettingsServiceAsyncStub
    from sanset.v1.user_admin_pb2_grpc import UserAdminServiceStub as UserAdminServiceAsyncStub
    from sanset.v1.user_pb2_grpc import UserServiceStub as UserServiceAsyncStub
    from sanset.v1.webhook_pb2_grpc import WebhookServiceStub as WebhookServiceAsyncStub


class Analytics(AnalyticsMethods, Service, AnalyticsServiceStub):
    """Tells those who run the shop what it sold, to whom, and how it does."""


class Audit(AuditMethods, Service, AuditServiceStub):
    """Tells who did what in the shop."""


class Auth(AuthMethods, Service, AuthServiceStub):
    """Registers users, signs them in and out, and keeps their sessions."""


class Cart(CartShortcuts, Service, CartServiceStub):
    """Fills a cart and calculates its cost."""


class Catalog(CatalogMethods, Service, CatalogServiceStub):
    """Shows and manages products, their variants, and categories."""


class Identity(IdentityMethods, Service, IdentityServiceStub):
    """Signs users in at the OpenID providers that the shop's settings name, by authorization code and PKCE."""


class Imports(ImportMethods, Service, ImportServiceStub):
    """Takes files of products."""


class Inventory(InventoryMethods, Service, InventoryServiceStub):
    """Shows and counts the stock of products, at each warehouse and store."""


class Media(MediaMethods, Service, MediaServiceStub):
    """Takes, shows and serves the images of products."""


class Models(ModelMethods, Service, ModelServiceStub):
    """Trains the models behind the recommendations, puts them into use and compares them."""


class Orders(OrderShortcuts, Service, OrderServiceStub):
    """Places orders, moves them and tracks them live."""


class Passkeys(PasskeyMethods, Service, PasskeyServiceStub):
    """Registers passkeys, and signs users in by them."""


class Payments(PaymentMethods, Service, PaymentServiceStub):
    """Says how orders were paid, takes what payment gateways report, and keeps gift cards."""


class Promotions(PromotionMethods, Service, PromotionServiceStub):
    """Manages coupons, and says where users stand in the loyalty programme."""


class Recommend(RecommendMethods, Service, RecommendServiceStub):
    """Recommends products and learns from every purchase."""


class Refunds(RefundMethods, Service, RefundServiceStub):
    """Cancels orders, pays them back and takes goods back."""


class Reviews(ReviewMethods, Service, ReviewServiceStub):
    """Takes reviews from buyers, shows them, and lets staff moderate them."""


class Roles(RoleMethods, Service, RoleServiceStub):
    """Defines the roles of the shop's own beside the three that every shop has, CUSTOMER, VENDOR and ADMIN."""


class Searchs(SearchMethods, Service, SearchServiceStub):
    """Finds products by words."""


class SecondFactor(SecondFactorMethods, Service, SecondFactorServiceStub):
    """Sets up, shows and removes the second factor of the caller's account."""


class Segments(SegmentMethods, Service, SegmentServiceStub):
    """Groups customers by rules and by training, and tells admins what each group has in common."""


class ServiceAccounts(ServiceAccountMethods, Service, ServiceAccountServiceStub):
    """Creates accounts for back ends, and gives them API keys, so that no user's password belongs in a program."""


class Settings(SettingsMethods, Service, SettingsServiceStub):
    """Tells how the shop is set up."""


class UserAdmin(UserAdminMethods, Service, UserAdminServiceStub):
    """Finds, opens and closes the accounts of users, and gives them roles."""


class Users(UserMethods, Service, UserServiceStub):
    """Keeps what users say about themselves: their profile, their addresses and how they pay."""


class Webhooks(WebhookMethods, Service, WebhookServiceStub):
    """Registers webhook endpoints for orders, and shows the deliveries to them."""


class AsyncAnalytics(AnalyticsMethods, AsyncService, AnalyticsServiceAsyncStub):
    """Tells those who run the shop what it sold, to whom, and how it does."""


class AsyncAudit(AuditMethods, AsyncService, AuditServiceAsyncStub):
    """Tells who did what in the shop."""


class AsyncAuth(AuthMethods, AsyncService, AuthServiceAsyncStub):
    """Registers users, signs them in and out, and keeps their sessions."""


class AsyncCart(CartShortcuts, AsyncService, CartServiceAsyncStub):
    """Fills a cart and calculates its cost."""


class AsyncCatalog(CatalogMethods, AsyncService, CatalogServiceAsyncStub):
    """Shows and manages products, their variants, and categories."""


class AsyncIdentity(IdentityMethods, AsyncService, IdentityServiceAsyncStub):
    """Signs users in at the OpenID providers that the shop's settings name, by authorization code and PKCE."""


class AsyncImports(ImportMethods, AsyncService, ImportServiceAsyncStub):
    """Takes files of products."""


class AsyncInventory(InventoryMethods, AsyncService, InventoryServiceAsyncStub):
    """Shows and counts the stock of products, at each warehouse and store."""


class AsyncMedia(MediaMethods, AsyncService, MediaServiceAsyncStub):
    """Takes, shows and serves the images of products."""


class AsyncModels(ModelMethods, AsyncService, ModelServiceAsyncStub):
    """Trains the models behind the recommendations, puts them into use and compares them."""


class AsyncOrders(OrderShortcuts, AsyncService, OrderServiceAsyncStub):
    """Places orders, moves them and tracks them live."""


class AsyncPasskeys(PasskeyMethods, AsyncService, PasskeyServiceAsyncStub):
    """Registers passkeys, and signs users in by them."""


class AsyncPayments(PaymentMethods, AsyncService, PaymentServiceAsyncStub):
    """Says how orders were paid, takes what payment gateways report, and keeps gift cards."""


class AsyncPromotions(PromotionMethods, AsyncService, PromotionServiceAsyncStub):
    """Manages coupons, and says where users stand in the loyalty programme."""


class AsyncRecommend(RecommendMethods, AsyncService, RecommendServiceAsyncStub):
    """Recommends products and learns from every purchase."""


class AsyncRefunds(RefundMethods, AsyncService, RefundServiceAsyncStub):
    """Cancels orders, pays them back and takes goods back."""


class AsyncReviews(ReviewMethods, AsyncService, ReviewServiceAsyncStub):
    """Takes reviews from buyers, shows them, and lets staff moderate them."""


class AsyncRoles(RoleMethods, AsyncService, RoleServiceAsyncStub):
    """Defines the roles of the shop's own beside the three that every shop has, CUSTOMER, VENDOR and ADMIN."""


class AsyncSearchs(SearchMethods, AsyncService, SearchServiceAsyncStub):
    """Finds products by words."""


class AsyncSecondFactor(SecondFactorMethods, AsyncService, SecondFactorServiceAsyncStub):
    """Sets up, shows and removes the second factor of the caller's account."""


class AsyncSegments(SegmentMethods, AsyncService, SegmentServiceAsyncStub):
    """Groups customers by rules and by training, and tells admins what each group has in common."""


class AsyncServiceAccounts(ServiceAccountMethods, AsyncService, ServiceAccountServiceAsyncStub):
    """Creates accounts for back ends, and gives them API keys, so that no user's password belongs in a program."""


class AsyncSettings(SettingsMethods, AsyncService, SettingsServiceAsyncStub):
    """Tells how the shop is set up."""


class AsyncUserAdmin(UserAdminMethods, AsyncService, UserAdminServiceAsyncStub):
    """Finds, opens and closes the accounts of users, and gives them roles."""


class AsyncUsers(UserMethods, AsyncService, UserServiceAsyncStub):
    """Keeps what users say about themselves: their profile, their addresses and how they pay."""


class AsyncWebhooks(WebhookMethods, AsyncService, WebhookServiceAsyncStub):
    """Registers webhook endpoints for orders, and shows the deliveries to them."""


class Services:
    """Every service of the contract, by its noun."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.analytics = Analytics(channel)
        self.audit = Audit(channel)
        self.auth = Auth(channel)
        self.cart = Cart(channel)
        self.catalog = Catalog(channel)
        self.identity = Identity(channel)
        self.imports = Imports(channel)
        self.inventory = Inventory(channel)
        self.media = Media(channel)
        self.models = Models(channel)
        self.orders = Orders(channel)
        self.passkeys = Passkeys(channel)
        self.payments = Payments(channel)
        self.promotions = Promotions(channel)
        self.recommend = Recommend(channel)
        self.refunds = Refunds(channel)
        self.reviews = Reviews(channel)
        self.roles = Roles(channel)
        self.searchs = Searchs(channel)
        self.second_factor = SecondFactor(channel)
        self.segments = Segments(channel)
        self.service_accounts = ServiceAccounts(channel)
        self.settings = Settings(channel)
        self.user_admin = UserAdmin(channel)
        self.users = Users(channel)
        self.webhooks = Webhooks(channel)


class AsyncServices:
    """Every service of the contract, by its noun."""

    def __init__(self, channel: aio.Channel) -> None:
        self.analytics = AsyncAnalytics(channel)
        self.audit = AsyncAudit(channel)
        self.auth = AsyncAuth(channel)
        self.cart = AsyncCart(channel)
        self.catalog = AsyncCatalog(channel)
        self.identity = AsyncIdentity(channel)
        self.imports = AsyncImports(channel)
        self.inventory = AsyncInventory(channel)
        self.media = AsyncMedia(channel)
        self.models = AsyncModels(channel)
        self.orders = AsyncOrders(channel)
        self.passkeys = AsyncPasskeys(channel)
        self.payments = AsyncPayments(channel)
        self.promotions = AsyncPromotions(channel)
        self.recommend = AsyncRecommend(channel)
        self.refunds = AsyncRefunds(channel)
        self.reviews = AsyncReviews(channel)
        self.roles = AsyncRoles(channel)
        self.searchs = AsyncSearchs(channel)
        self.second_factor = AsyncSecondFactor(channel)
        self.segments = AsyncSegments(channel)
        self.service_accounts = AsyncServiceAccounts(channel)
        self.settings = AsyncSettings(channel)
        self.user_admin = AsyncUserAdmin(channel)
        self.users = AsyncUsers(channel)
        self.webhooks = AsyncWebhooks(channel)
