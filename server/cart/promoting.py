"""What a buyer puts on their cart to lower its price: a coupon, and points to redeem."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from server.cart import queries
from server.cart.owner import Member
from server.cart.view import CartView, view
from server.pricing.prices import PriceRules
from server.promotion import coupons, point_queries
from server.promotion import queries as promotion_queries
from server.promotion import service as promotions
from server.promotion.errors import CouponUnknown


def apply_coupon(
    tx: Connection, user_id: int, code: str, currency: str, rules: PriceRules, now: datetime
) -> CartView:
    """Put a coupon on the user's cart, in place of another, and return the cart.

    Raises CouponUnknown, and why the coupon would take nothing off now.
    """
    stored_code = coupons.normal(code)
    rows = promotion_queries.coupon_page(tx, stored_code, None, 1)
    if not stored_code or not rows:
        raise CouponUnknown(code=code)
    cart = queries.open_cart(tx, user_id, currency, now)
    queries.promote(tx, cart.id, rows[0].id, cart.points)
    promoted = view(tx, Member(user_id), currency, rules, now)
    if promoted.problem is not None:
        raise promoted.problem
    return promoted


def remove_coupon(tx: Connection, user_id: int, now: datetime) -> None:
    """Take the coupon off the user's cart, if there is one."""
    cart = queries.lock_cart(tx, Member(user_id), now)
    if cart is not None:
        queries.promote(tx, cart.id, None, cart.points)


def redeem_points(tx: Connection, user_id: int, points: int | None, currency: str, now: datetime) -> None:
    """Set how many points the user's next checkout redeems; None: all there are.

    Raises PointsTooFew and PointsHeld.
    """
    owned = point_queries.account(tx, user_id).points
    redeemed = owned if points is None else points
    if redeemed > owned:
        raise promotions.too_few(tx, user_id, redeemed)
    cart = queries.open_cart(tx, user_id, currency, now)
    queries.promote(tx, cart.id, cart.coupon_id, redeemed)
