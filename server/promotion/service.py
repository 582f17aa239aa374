"""What lowers the price of an order beyond its products: who gets what off, and what a checkout holds of it.

A checkout takes a use of its coupon and the points it redeems in the transaction that reserves the stock. They
come back when the order is not paid or is cancelled. What an order earns can be spent once it was delivered, and
counts for the tier once it cannot be sent back any more, so that nobody keeps what an undone order had brought.
What it earned is taken back in proportion to the money that is paid back, and what it redeemed returns so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from server.db.base import AnyRow
from server.errors import Refusal
from server.money import Money
from server.pricing.prices import CouponRule, Priced, Reductions
from server.pricing.tiers import Tier, Tiers
from server.promotion import point_queries, queries
from server.promotion.errors import (
    CouponBelowMinimum,
    CouponCurrency,
    CouponDisabled,
    CouponExpired,
    CouponHeld,
    CouponNotStarted,
    CouponTierTooLow,
    CouponUnknown,
    CouponUsedByYou,
    CouponUsedUp,
    PointsHeld,
    PointsTooFew,
)
from server.promotion.ledger import ABANDONED, EARNED, REDEEMED, RETURNED, REVERSED, OrderLedger, enter


@dataclass(frozen=True, slots=True)
class Offered:
    """What a buyer gets off. `problem` is why the coupon of `code` takes nothing off; they have `owned_points`."""

    reductions: Reductions
    code: str = ""
    problem: Refusal | None = None
    owned_points: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardedOrder:
    """What coupons and points need to know of an order."""

    id: int
    user_id: int | None
    total_minor: int
    points_earned: int
    points_redeemed: int = 0
    coupon_id: int | None = None
    delivered_at: datetime | None = None
    points_counted_at: datetime | None = None


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
    code = code_of(coupon_code)
    row = queries.offered_to(connection, user_id, None if code else coupon_id, code)
    return offered_by(connection, user_id, row, tiers, now, currency=currency, code=code, points=points)


def code_of(entered: str) -> str:
    """The code of a coupon as it is stored, of what a user entered."""
    return entered.strip().upper()


def offered_by(
    connection: Connection,
    user_id: int,
    row: AnyRow,
    tiers: Tiers,
    now: datetime,
    *,
    currency: str,
    code: str,
    points: int,
) -> Offered:
    """What a row of a `queries.joined` statement says, and why; by `code`, unless empty, its coupon was sought."""
    offered = offered_from(row, tiers, now, currency=currency, points=points)
    if code and row.offered_id is None:
        return Offered(offered.reductions, code, CouponUnknown(code=code), offered.owned_points)
    return explained(connection, user_id, row.offered_id, offered)


def explained(connection: Connection, user_id: int, coupon_id: int | None, offered: Offered) -> Offered:
    """The same, and when the coupon is taken only by orders that are not paid yet, it says so."""
    if coupon_id is None or not isinstance(offered.problem, CouponUsedUp | CouponUsedByYou):
        return offered
    return replace(offered, problem=_taken(connection, user_id, coupon_id, offered.problem))


def _taken(connection: Connection, user_id: int, coupon_id: int, problem: Refusal) -> Refusal:
    """Why a coupon that is taken cannot be had; `problem` unless an unpaid order holds it."""
    own = queries.unpaid_holder(connection, coupon_id, user_id)
    if own is not None:
        return CouponHeld(
            code=problem.facts["code"], holder=f"your unpaid order {own.number}", order_id=own.id
        )
    if isinstance(problem, CouponUsedUp) and queries.unpaid_holder(connection, coupon_id, None):
        return CouponHeld(code=problem.facts["code"], holder="an order that is not paid yet", order_id=None)
    return problem


def offered_from(row: AnyRow, tiers: Tiers, now: datetime, *, currency: str, points: int) -> Offered:
    """What a row of a `queries.joined` statement says; no more points than the user has."""
    tier = tiers.at(row.owned_lifetime)
    redeemed = max(0, min(points, row.owned_points))
    if row.offered_id is None:
        return Offered(Reductions(tier.discount_bp, None, redeemed), owned_points=row.owned_points)
    problem = _problem(row, tiers, tier, now, currency)
    coupon = None if problem else _rule(row)
    return Offered(
        Reductions(tier.discount_bp, coupon, redeemed), row.offered_code, problem, row.owned_points
    )


def _rule(row: AnyRow) -> CouponRule:
    return CouponRule(
        id=row.offered_id,
        code=row.offered_code,
        percent_bp=row.percent_bp,
        amount_minor=row.amount_minor,
        max_discount_minor=row.max_discount_minor,
        min_purchase_minor=row.min_purchase_minor,
    )


def _problem(row: AnyRow, tiers: Tiers, tier: Tier, now: datetime, currency: str) -> Refusal | None:
    """Why the coupon cannot be used, whatever the goods are worth."""
    code = row.offered_code
    if not row.coupon_active:
        return CouponDisabled(code=code)
    if row.valid_from is not None and now < row.valid_from:
        return CouponNotStarted(code=code, valid_from=row.valid_from)
    if row.valid_until is not None and now >= row.valid_until:
        return CouponExpired(code=code, valid_until=row.valid_until)
    if row.min_tier and row.min_tier not in tiers.reached(row.owned_lifetime):
        return CouponTierTooLow(code=code, tier=row.min_tier, your_tier=tier.level)
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
        _take_use(tx, user_id, coupon)
    points = priced.points_redeemed
    if points and not point_queries.spend(tx, user_id, points):
        raise too_few(tx, user_id, points)
    # What was read decides; these go with the writes that follow.
    if coupon is not None:
        queries.insert_use(tx, order_id, coupon.id, user_id)
    if points:
        enter(tx, user_id, order_id, REDEEMED, -points, now)


def _take_use(tx: Connection, user_id: int, coupon: CouponRule) -> None:
    limit = queries.take_use(tx, coupon.id)
    if limit is None:
        raise _taken(tx, user_id, coupon.id, CouponUsedUp(code=coupon.code))
    if not queries.take_use_of_user(tx, coupon.id, user_id, limit):
        raise _taken(tx, user_id, coupon.id, CouponUsedByYou(code=coupon.code, limit=limit))


def too_few(connection: Connection, user_id: int, requested: int) -> Refusal:
    """Why a user cannot redeem so many points: they have fewer, or unpaid orders of theirs hold them."""
    points, reserved = (
        point_queries.account(connection, user_id).points,
        queries.reserved_points(connection, user_id),
    )
    if reserved and points + reserved >= requested:
        return PointsHeld(points=points, requested=requested, held=reserved)
    return PointsTooFew(points=points, requested=requested)


def earn(tx: Connection, order: RewardedOrder, refunded_minor: int, now: datetime) -> None:
    """Give the buyer the points of an order that was delivered, less the share that was paid back by then.

    Until then they are pending: the order can be cancelled, but not what its points had bought. They count for the
    tier later still: see `count`. Repeating is harmless.
    """
    user_id, points = order.user_id, order.points_earned
    if user_id is None or not points:
        return
    ledger = OrderLedger(tx, user_id, order.id, now)
    earned = ledger.sum(EARNED) or points
    remaining = earned - share(earned, order.total_minor, refunded_minor)
    counted = order.points_counted_at is not None
    ledger.book(
        counted=counted,
        EARNED=earned - ledger.sum(EARNED),
        REVERSED=remaining - earned - ledger.sum(REVERSED),
    )


def give_back(tx: Connection, order: RewardedOrder, now: datetime) -> None:
    """Undo `hold` for an order that was not paid: coupon and points return. Repeating is harmless."""
    give_back_coupon(tx, order, now)
    user_id = order.user_id
    if user_id is None or not order.points_redeemed:
        return
    ledger = OrderLedger(tx, user_id, order.id, now)
    ledger.book(ref=ABANDONED, RETURNED=order.points_redeemed - ledger.sum(RETURNED))


def give_back_coupon(tx: Connection, order: RewardedOrder, now: datetime) -> None:
    """Give back the use of the coupon of an order that is cancelled. Repeating is harmless.

    Before `reverse`, where both are called: a checkout takes the coupon before the points as well.
    """
    if order.coupon_id is not None:
        queries.release_use(tx, order.id, now)


def reverse(tx: Connection, order: RewardedOrder, refunded_minor: int, now: datetime) -> None:
    """Bring the ledger to where an order is of which `refunded_minor` were paid back, all refunds together.

    That share of the points it earned, if it was delivered, is taken back, and that share of those it redeemed
    returned, both rounded down, so that everything paid back is everything reversed. The sum counts, not the step:
    repeating is harmless, and a refund that failed is undone by the smaller sum. An order that was given up unpaid
    earned nothing, and has its points back already.
    """
    user_id = order.user_id
    if user_id is None or not (order.points_earned or order.points_redeemed):
        return
    ledger = OrderLedger(tx, user_id, order.id, now)
    earned = ledger.sum(EARNED)
    taken = share(earned, order.total_minor, refunded_minor) if order.delivered_at is not None else earned
    returned = 0
    if not ledger.was_abandoned:
        returned = share(order.points_redeemed, order.total_minor, refunded_minor) - ledger.sum(RETURNED)
    counted = order.points_counted_at is not None
    ledger.book(counted=counted, REVERSED=-taken - ledger.sum(REVERSED), RETURNED=returned)


def count(tx: Connection, order: RewardedOrder, now: datetime) -> None:
    """Let what an order earned count for its buyer's tier from now on; the caller marks the order."""
    if order.user_id is None:
        return
    ledger = OrderLedger(tx, order.user_id, order.id, now)
    point_queries.credit(tx, order.user_id, 0, lifetime=ledger.sum(EARNED) + ledger.sum(REVERSED))


def share(points: int, total_minor: int, refunded_minor: int) -> int:
    """The share of an order's points that follows what of it was paid back, rounded down."""
    return points if refunded_minor >= total_minor else points * refunded_minor // total_minor
