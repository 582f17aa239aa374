"""Sanset's calls as the bench makes them."""

from __future__ import annotations

from google.protobuf.message import Message
from sanset.v1 import (
    analytics_pb2,
    auth_pb2,
    cart_pb2,
    category_pb2,
    model_service_pb2,
    order_service_pb2,
    payment_pb2,
    product_pb2,
    recommend_pb2,
    recovery_pb2,
    search_pb2,
    user_pb2,
)

from bench.calls import PreparedCall
from bench.shops.shop import Buyer

QUALIFIED = "/sanset.v1."


def register(email: str, password: str) -> PreparedCall:
    """AuthService.Register."""
    return _call(
        "AuthService/Register",
        "",
        auth_pb2.RegisterRequest(full_name="A Customer", email=email, password=password),
    )


def login(email: str, password: str) -> PreparedCall:
    """AuthService.Login."""
    return _call("AuthService/Login", "", auth_pb2.LoginRequest(email=email, password=password))


def access_token(reply: bytes) -> str:
    """The access token in the reply to Login."""
    return auth_pb2.Tokens.FromString(reply).access_token


def forgot_password(email: str) -> PreparedCall:
    """AuthService.ForgotPassword."""
    return _call("AuthService/ForgotPassword", "", recovery_pb2.ForgotPasswordRequest(email=email))


def resend_verification(email: str) -> PreparedCall:
    """AuthService.ResendVerification."""
    return _call("AuthService/ResendVerification", "", recovery_pb2.ResendVerificationRequest(email=email))


def reset_password(email: str, code: str, new_password: str) -> PreparedCall:
    """AuthService.ResetPassword."""
    request = recovery_pb2.ResetPasswordRequest(email=email, otp=code, new_password=new_password)
    return _call("AuthService/ResetPassword", "", request)


def create_address(token: str, address: user_pb2.Address) -> PreparedCall:
    """UserService.CreateAddress."""
    return _call("UserService/CreateAddress", token, user_pb2.CreateAddressRequest(address=address))


def create_category(token: str, category: category_pb2.Category) -> PreparedCall:
    """CatalogService.CreateCategory."""
    return _call(
        "CatalogService/CreateCategory", token, category_pb2.CreateCategoryRequest(category=category)
    )


def create_product(token: str, product: product_pb2.Product) -> PreparedCall:
    """CatalogService.CreateProduct."""
    return _call("CatalogService/CreateProduct", token, product_pb2.CreateProductRequest(product=product))


def get_product(token: str, product_id: int) -> PreparedCall:
    """CatalogService.GetProduct."""
    return _call("CatalogService/GetProduct", token, product_pb2.GetProductRequest(product_id=product_id))


def list_products(token: str, category: str) -> PreparedCall:
    """CatalogService.ListProducts, twenty of a category."""
    request = product_pb2.ListProductsRequest(category=category, page_size=20)
    return _call("CatalogService/ListProducts", token, request)


def list_popular(token: str, page_size: int, min_price: str) -> PreparedCall:
    """CatalogService.ListProducts, the best sold of the whole shop, from a price on."""
    request = product_pb2.ListProductsRequest(
        sort=product_pb2.ListProductsRequest.POPULARITY, page_size=page_size, min_price=min_price
    )
    return _call("CatalogService/ListProducts", token, request)


def search_products(token: str, text: str) -> PreparedCall:
    """SearchService.SearchProducts, the first twenty with all facets."""
    return _call("SearchService/SearchProducts", token, search_pb2.SearchProductsRequest(q=text))


def suggest(token: str, text: str) -> PreparedCall:
    """SearchService.Suggest, ten completions."""
    return _call("SearchService/Suggest", token, search_pb2.SuggestRequest(q=text))


def recommendations(token: str, user_id: int) -> PreparedCall:
    """RecommendService.GetRecommendations, ten."""
    request = recommend_pb2.GetRecommendationsRequest(user_id=user_id, limit=10)
    return _call("RecommendService/GetRecommendations", token, request)


def own_recommendations(token: str, limit: int, min_price: str = "") -> PreparedCall:
    """RecommendService.GetRecommendations, for the caller."""
    request = recommend_pb2.GetRecommendationsRequest(limit=limit, min_price=min_price)
    return _call("RecommendService/GetRecommendations", token, request)


def list_models(token: str) -> PreparedCall:
    """ModelService.ListModels."""
    return _call("ModelService/ListModels", token, model_service_pb2.ListModelsRequest())


def activate_model(token: str, model_id: int) -> PreparedCall:
    """ModelService.ActivateModel."""
    request = model_service_pb2.ActivateModelRequest(model_id=model_id)
    return _call("ModelService/ActivateModel", token, request)


def get_dashboard(token: str) -> PreparedCall:
    """AnalyticsService.GetDashboard, of the last thirty days."""
    request = analytics_pb2.GetDashboardRequest(range=analytics_pb2.SalesPeriod.LAST_30_DAYS)
    return _call("AnalyticsService/GetDashboard", token, request)


def get_sales(token: str) -> PreparedCall:
    """AnalyticsService.GetSales, of a year by days."""
    request = analytics_pb2.GetSalesRequest(
        range=analytics_pb2.SalesPeriod.LAST_365_DAYS, granularity=analytics_pb2.GetSalesRequest.DAY
    )
    return _call("AnalyticsService/GetSales", token, request)


def get_cohorts(token: str) -> PreparedCall:
    """AnalyticsService.GetCohorts, of twelve months."""
    return _call("AnalyticsService/GetCohorts", token, analytics_pb2.GetCohortsRequest())


def add_item(buyer: Buyer, product_id: int) -> PreparedCall:
    """CartService.AddItem, one of a product."""
    return _call(
        "CartService/AddItem", buyer.token, cart_pb2.AddItemRequest(product_id=product_id, quantity=1)
    )


def get_cart(token: str) -> PreparedCall:
    """CartService.GetCart."""
    return _call("CartService/GetCart", token, cart_pb2.GetCartRequest())


def list_orders(token: str, page_size: int) -> PreparedCall:
    """OrderService.ListOrders, the caller's newest."""
    return _call("OrderService/ListOrders", token, order_service_pb2.ListOrdersRequest(page_size=page_size))


def checkout(buyer: Buyer, request_id: str) -> PreparedCall:
    """OrderService.Checkout, paid by card."""
    request = order_service_pb2.CheckoutRequest(
        payment_method=payment_pb2.Payment.CARD, address_id=buyer.address_id, request_id=request_id
    )
    return _call("OrderService/Checkout", buyer.token, request)


def _call(method: str, token: str, request: Message) -> PreparedCall:
    return PreparedCall(QUALIFIED + method, token, request.SerializeToString())
