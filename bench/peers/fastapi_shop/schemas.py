"""The peer's requests and replies, as pydantic models."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class Out(BaseModel):
    """Base of every reply; reads its fields from mapped objects."""

    model_config = ConfigDict(from_attributes=True)


class CategoryOut(Out):
    """A category as products show it."""

    slug: str
    name: str


class ProductOut(Out):
    """A product."""

    id: int
    sku: str
    name: str
    slug: str
    description: str
    brand: str
    category: CategoryOut
    price: Decimal
    compare_at_price: Decimal | None
    currency: str
    stock: int
    stock_status: str
    max_quantity: int
    attributes: dict[str, Any]
    tags: list[str]
    seo_title: str
    seo_description: str
    vendor_id: int | None
    rating: float
    reviews_count: int
    created_at: datetime
    updated_at: datetime


class ProductPage(Out):
    """One page of products and the token of the next."""

    items: list[ProductOut]
    next_page_token: str
    total_size: int | None


class AddItemIn(BaseModel):
    """An item to put into the cart."""

    product_id: int = Field(gt=0)
    quantity: int = Field(1, ge=1, le=99)


class CartLineOut(Out):
    """One line of the cart at today's price."""

    id: int
    product_id: int
    name: str
    quantity: int
    price: Decimal
    line_total: Decimal
    added_price: Decimal
    price_changed: bool
    stock: int
    available: bool


class CartOut(Out):
    """The cart with what it holds."""

    items: list[CartLineOut]
    currency: str
    subtotal: Decimal
    item_count: int
    updated_at: datetime


class LoginIn(BaseModel):
    """The credentials of a user."""

    email: str = Field(max_length=254)
    password: str = Field(max_length=200)


class TokenOut(Out):
    """A token to sign calls with."""

    access_token: str


class CheckoutIn(BaseModel):
    """The options of an order."""

    request_id: UUID
    address_id: int = Field(gt=0)
    payment_method: Literal["CARD", "UPI", "GIFT_CARD"]


class AddressOut(Out):
    """A delivery address."""

    id: int
    line1: str
    city: str
    postal_code: str
    country: str


class OrderLineOut(Out):
    """One line of an order."""

    product_id: int
    sku: str
    name: str
    quantity: int
    unit_price: Decimal
    line_total: Decimal


class PaymentOut(Out):
    """A charge."""

    method: str
    status: str
    amount: Decimal
    gateway_reference: str


class OrderOut(Out):
    """A placed order."""

    id: int
    user_id: int
    number: str
    tracking_number: str
    status: str
    currency: str
    subtotal: Decimal
    tax: Decimal
    shipping: Decimal
    total: Decimal
    eta: datetime
    created_at: datetime
    address: AddressOut
    lines: list[OrderLineOut]
    payment: PaymentOut


class OrderPage(Out):
    """One page of orders and the token of the next."""

    items: list[OrderOut]
    next_page_token: str


class RecommendationOut(Out):
    """One recommended product and why it is shown."""

    product_id: int
    score: float
    reason: str
    source: str


class RecommendationsOut(Out):
    """Recommended products, best first."""

    items: list[RecommendationOut]
