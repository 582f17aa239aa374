"""Between the protobuf messages of coupons and points, and plain values."""

from __future__ import annotations

from google.protobuf.field_mask_pb2 import FieldMask
from google.type.money_pb2 import Money as MoneyMessage
from sanset.v1 import promotion_pb2 as pb

from server.db.base import AnyRow
from server.errors import FieldReason, InvalidField
from server.etags import etag_of
from server.money import Money, is_currency
from server.pricing.prices import POINTS_PER_UNIT, points_value
from server.pricing.tiers import Tier
from server.promotion.loyalty import Standing
from server.rpc.updates import EVERYTHING, masked_values
from server.rpc.wire import money_from_wire, money_to_wire, time_from_wire, time_to_wire

_AMOUNTS = ("discount_amount", "max_discount", "min_purchase")
_TERMS = {"discount_basis_points": "percent_bp", "discount_amount": "amount"}
"""Names of the contract that `CouponTerms` calls otherwise."""

_BP_PER_PERCENT = 100


def coupon_to_wire(row: AnyRow) -> pb.Coupon:
    """A row of the coupons."""
    coupon = pb.Coupon(
        id=row.id,
        code=row.code,
        description=row.description,
        active=row.active,
        usage_limit=row.usage_limit,
        per_user_limit=row.per_user_limit,
        usage_count=row.used,
        valid_from=time_to_wire(row.valid_from),
        valid_until=time_to_wire(row.valid_until),
        create_time=time_to_wire(row.created_at),
        update_time=time_to_wire(row.updated_at),
        etag=etag_of(row.version),
    )
    if row.percent_bp is not None:
        coupon.discount_basis_points = row.percent_bp
    if row.min_tier:
        coupon.min_tier = pb.Tier.Level.Value(row.min_tier)
    amounts = (row.amount_minor, row.max_discount_minor, row.min_purchase_minor or None)
    for field, minor in zip(_AMOUNTS, amounts, strict=True):
        if minor is not None:
            getattr(coupon, field).CopyFrom(money_to_wire(minor, row.currency))
    return coupon


def coupon_from_wire(coupon: pb.Coupon, mask: FieldMask | None, currency: str) -> dict[str, object]:
    """What an update makes of a coupon (see CouponTerms); amounts that name no currency are in `currency`."""
    values = masked_values(
        coupon,
        mask,
        "coupon",
        stays=("active",),  # whoever replaces everything need not switch a disabled coupon on
        discount_basis_points=_basis_points,
        discount_amount=lambda sent: _amount(sent, "discount_amount", currency),
        min_purchase=lambda sent: _amount(sent, "min_purchase", currency),
        max_discount=lambda sent: _amount(sent, "max_discount", currency),
        valid_from=lambda sent: time_from_wire(sent, "valid_from"),
        valid_until=lambda sent: time_from_wire(sent, "valid_until"),
        active=lambda sent: sent.active or not sent.HasField("active"),
        min_tier=lambda sent: pb.Tier.Level.Name(sent.min_tier) if sent.min_tier else "",
    )
    return {_TERMS.get(name, name): value for name, value in values.items()}


def new_coupon_from_wire(coupon: pb.Coupon, currency: str) -> dict[str, object]:
    """What a coupon to create shall be; amounts that name no currency are in that of the others, or `currency`."""
    named = [getattr(coupon, field).currency_code for field in _AMOUNTS]
    return coupon_from_wire(coupon, EVERYTHING, next(filter(None, named), currency).upper())


def _basis_points(coupon: pb.Coupon) -> int | None:
    is_share = coupon.WhichOneof("discount") == "discount_basis_points"
    return coupon.discount_basis_points if is_share else None


def _amount(coupon: pb.Coupon, name: str, currency: str) -> Money | None:
    if not coupon.HasField(name):  # type: ignore[arg-type]
        return None
    sent: MoneyMessage = getattr(coupon, name)
    named = sent.currency_code.upper() or currency
    if not is_currency(named):
        raise InvalidField(
            (
                f"coupon.{name}.currency_code",
                "must be an ISO 4217 code such as USD",
                FieldReason.INVALID_FORMAT,
            )
        )
    return money_from_wire(sent, f"coupon.{name}", currency=named)


def tier_to_wire(tier: Tier) -> pb.Tier:
    """A step of the loyalty programme."""
    percent = f"{tier.discount_bp / _BP_PER_PERCENT:g}"
    benefits = [f"{percent} % off every product."] if tier.discount_bp else []
    return pb.Tier(
        level=pb.Tier.Level.Value(tier.level),
        name=tier.level.capitalize(),
        from_points=tier.from_points,
        discount_basis_points=tier.discount_bp,
        benefits=[
            *benefits,
            f"A point for every 1.00 you pay, once it is delivered; {POINTS_PER_UNIT} points are worth 1.00.",
        ],
    )


def loyalty_to_wire(standing: Standing, currency: str) -> pb.Loyalty:
    """Where a user stands; the worth of their points in the shop's currency."""
    return pb.Loyalty(
        user_id=standing.user_id,
        tier=tier_to_wire(standing.tier),
        points=standing.points,
        lifetime_points=standing.lifetime,
        next_tier=tier_to_wire(standing.next_tier) if standing.next_tier else None,
        points_to_next_tier=standing.missing,
        value=money_to_wire(points_value(standing.points, currency), currency),
        pending_points=standing.waiting.pending,
        tier_pending_points=standing.waiting.uncounted,
        owed_points=standing.owed,
    )


def entry_to_wire(row: AnyRow) -> pb.PointsEntry:
    """A row of the points ledger."""
    return pb.PointsEntry(
        id=row.id,
        kind=pb.PointsEntry.Kind.Value(row.kind),
        points=row.points,
        order_id=row.order_id or 0,
        reason=row.reason,
        create_time=time_to_wire(row.created_at),
    )
