"""What lowers the price of an order beyond its products: who gets what off, and what a checkout holds of it.

A checkout takes a use of its coupon and the points it redeems in the transaction that reserves the stock. They
come back when the order is not paid or is cancelled. What an order earned is taken back in proportion to the money
that is paid back, and what it redeemed returns so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from server.cart import promotion_queries as queries
from server.cart.errors import (
    CouponBelowMinimum,
    CouponCurrency,
    CouponDisabled,
    CouponExpired,
    CouponNotStarted,
    CouponTierTooLow,
    CouponUnknown,
    CouponUsedByYou,
    CouponUsedUp,
    PointsTooFew,
)
from server.cart.pricing import CouponRule, Priced, Reductions
from server.cart.tiers import Tier, Tiers
from server.errors import Refusal
from server.money import Money

EARNED: Final = "EARNED"
REDEEMED: Final = "REDEEMED"
RETURNED: Final = "RETURNED"
REVERSED: Final = "REVERSED"
ADJUSTED: Final = "ADJUSTED"
GIVEN_UP: Final = "given up"
"""The `ref` of points that returned because their order was not paid."""


@dataclass(frozen=True, slots=True)
class Offered:
    """What a buyer gets off. `problem` is why the coupon of `code` takes nothing off; they have `owned_points`."""

    reductions: Reductions
    code: str = ""
    problem: Refusal | None = None
    owned_points: int = 0


NOTHING: Final = Offered(Reductions())
"""What a guest gets off."""


def reductions(
    connection: Connection,
    user_id: int,
    tiers: Tiers,
    now: datetime,
    *,
    currency: str,
    coupon_id: int | None = None,
    coupon_code: str = "",
    points: int = 0,
) -> Offered:
    """What a user gets off goods in `currency`; a code wins over the cart's coupon. One query."""
    code = coupon_code.strip().upper()
    row = queries.offered_to(connection, user_id, None if code else coupon_id, code)
    if code and row.offered_id is None:
        offered = offered_from(row, tiers, now, currency=currency, points=points)
        return Offered(offered.reductions, code, CouponUnknown(code=code), offered.owned_points)
    return offered_from(row, tiers, now, currency=currency, points=points)


def offered_from(row: Any, tiers: Tiers, now: datetime, *, currency: str, points: int) -> Offered:
    """What a row of a `promotion_queries.joined` statement says; no more points than the user has."""
    tier = tiers.at(row.owned_lifetime)
    redeemed = max(0, min(points, row.owned_points))
    if row.offered_id is None:
        return Offered(Reductions(tier.discount_bp, None, redeemed), owned_points=row.owned_points)
    problem = _problem(row, tiers, tier, now, currency)
    coupon = None if problem else _rule(row)
    return Offered(
        Reductions(tier.discount_bp, coupon, redeemed), row.offered_code, problem, row.owned_points
    )


def _rule(row: Any) -> CouponRule:
    return CouponRule(
        id=row.offered_id,
        code=row.offered_code,
        percent_bp=row.percent_bp,
        amount_minor=row.amount_minor,
        max_discount_minor=row.max_discount_minor,
        min_purchase_minor=row.min_purchase_minor,
    )


def _problem(row: Any, tiers: Tiers, tier: Tier, now: datetime, currency: str) -> Refusal | None:
    """Why the coupon cannot be used, whatever the goods are worth."""
    code = row.offered_code
    if not row.coupon_active:
        return CouponDisabled(code=code)
    if row.valid_from is not None and now < row.valid_from:
        return CouponNotStarted(code=code, valid_from=row.valid_from.isoformat())
    if row.valid_until is not None and now >= row.valid_until:
        return CouponExpired(code=code, valid_until=row.valid_until.isoformat())
    if row.min_tier and row.min_tier not in tiers.reached(row.owned_lifetime):
        return CouponTierTooLow(code=code, tier=row.min_tier, yours=tier.level)
    if row.coupon_currency not in ("", currency):
        return CouponCurrency(code=code, currency=row.coupon_currency, cart_currency=currency)
    if row.usage_limit and row.coupon_used >= row.usage_limit:
        return CouponUsedUp(code=code)
    if row.per_user_limit and row.used_by_them >= row.per_user_limit:
        return CouponUsedByYou(code=code, limit=row.per_user_limit)
    return None


def problem_of(offered: Offered, priced: Priced) -> Refusal | None:
    """Why the coupon takes nothing off these goods; None when it does, or there is none."""
    coupon = offered.reductions.coupon
    if coupon is None or not priced.coupon_short:
        return offered.problem
    return CouponBelowMinimum(
        code=coupon.code,
        minimum=Money(coupon.min_purchase_minor, priced.currency),
        missing=Money(priced.coupon_short, priced.currency),
    )


def check(offered: Offered, priced: Priced) -> None:
    """Raise why the coupon takes nothing off."""
    problem = problem_of(offered, priced)
    if problem is not None:
        raise problem


def hold(
    tx: Connection, order_id: int, user_id: int, priced: Priced, coupon: CouponRule | None, now: datetime
) -> None:
    """Take for an order a use of its coupon and the points that it redeems, after its stock was taken.

    Raises CouponUsedUp, CouponUsedByYou and PointsTooFew: conditional updates decide, whatever was read before.
    """
    if coupon is not None:
        limit = queries.take_use(tx, coupon.id)
        if limit is None:
            raise CouponUsedUp(code=coupon.code)
        if not queries.take_use_of_user(tx, coupon.id, user_id, limit):
            raise CouponUsedByYou(code=coupon.code, limit=limit)
        queries.insert_use(tx, order_id, coupon.id, user_id)
    points = priced.points_redeemed
    if points:
        if not queries.spend(tx, user_id, points):
            raise PointsTooFew(points=queries.account(tx, user_id)[0], wanted=points)
        _book(tx, user_id, order_id, REDEEMED, -points, now)


def earn(tx: Connection, order: Mapping[str, Any], now: datetime) -> None:
    """Give the buyer the points that a paid order earns. Books once: the ledger refuses a second time."""
    user_id, points = order["user_id"], order["points_earned"]
    if user_id is None or not points:
        return
    queries.credit_later(tx, user_id, points, lifetime=points)
    _book(tx, user_id, order["id"], EARNED, points, now)


def give_back(tx: Connection, order: Mapping[str, Any], now: datetime) -> None:
    """Undo `hold` for an order that was not paid: coupon and points return. Repeating is harmless."""
    give_back_coupon(tx, order, now)
    user_id = order["user_id"]
    if user_id is None or not order["points_redeemed"]:
        return
    queries.lock_account(tx, user_id)
    returned = _Booked(tx, order["id"]).sum(RETURNED)
    points = order["points_redeemed"] - returned
    if points:
        queries.credit(tx, user_id, points)
        _book(tx, user_id, order["id"], RETURNED, points, now, ref=GIVEN_UP)


def give_back_coupon(tx: Connection, order: Mapping[str, Any], now: datetime) -> None:
    """Give back the use of the coupon of an order that is cancelled. Repeating is harmless.

    Before `reverse`, where both are called: a checkout takes the coupon before the points as well.
    """
    if order["coupon_id"] is not None:
        queries.release_use(tx, order["id"], now)


def reverse(tx: Connection, order: Mapping[str, Any], refunded_minor: int, now: datetime) -> None:
    """Bring the ledger to where an order is of which `refunded_minor` were paid back, all refunds together.

    That share of the points it earned is taken back, even below zero, and that share of those it redeemed
    returned, both rounded down, so that everything paid back is everything reversed. The sum counts, not the step:
    repeating is harmless, and a refund that failed is undone by the smaller sum. An order that was given up unpaid
    earned nothing, and has its points back already.
    """
    user_id = order["user_id"]
    if user_id is None or not (order["points_earned"] or order["points_redeemed"]):
        return
    queries.lock_account(tx, user_id)
    booked = _Booked(tx, order["id"])
    reversed_ = -_part(booked.sum(EARNED), order, refunded_minor) - booked.sum(REVERSED)
    returned = 0
    if not booked.was_given_up:
        returned = _part(order["points_redeemed"], order, refunded_minor) - booked.sum(RETURNED)
    if reversed_ or returned:
        queries.credit(tx, user_id, reversed_ + returned, lifetime=reversed_)
    for kind, points in ((REVERSED, reversed_), (RETURNED, returned)):
        if points:
            _book(tx, user_id, order["id"], kind, points, now, ref=booked.next_ref(kind))


def _part(points: int, order: Mapping[str, Any], refunded_minor: int) -> int:
    total: int = order["total_minor"]
    return points if refunded_minor >= total else points * refunded_minor // total


class _Booked:
    """What the ledger holds of an order, read under the lock of the account."""

    def __init__(self, tx: Connection, order_id: int) -> None:
        self._entries = queries.booked(tx, order_id)

    def sum(self, kind: str) -> int:
        return sum(entry.points for entry in self._entries if entry.kind == kind)

    def next_ref(self, kind: str) -> str:
        return str(sum(entry.kind == kind for entry in self._entries))

    @property
    def was_given_up(self) -> bool:
        return any(entry.ref == GIVEN_UP for entry in self._entries)


def _book(
    tx: Connection, user_id: int, order_id: int, kind: str, points: int, now: datetime, ref: str = ""
) -> None:
    values = {"user_id": user_id, "order_id": order_id, "kind": kind, "points": points, "ref": ref}
    queries.insert_entry(tx, values | {"created_at": now})
