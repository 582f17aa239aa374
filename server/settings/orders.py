"""Settings of orders, guests' carts and returns."""

from __future__ import annotations

from pydantic import Field

from server.settings.group import Group


class OrderSettings(Group):
    """Reservations, guests' carts, returns and low stock."""

    reservation_minutes: int = Field(
        10, ge=1, le=525_600, description="How long an unpaid order holds its stock"
    )
    max_unpaid_orders: int = Field(
        3, ge=1, le=1000, description="Orders of one buyer that may wait for their payment"
    )
    guest_cart_days: int = Field(
        30, ge=1, le=3650, description="How long a guest's cart lives after its last change"
    )
    return_days: int = Field(
        30, ge=1, le=3650, description="For how long after its delivery an order can be sent back"
    )
    low_stock_threshold: int = Field(10, ge=1, le=1_000_000, description="Below how many units stock is low")
