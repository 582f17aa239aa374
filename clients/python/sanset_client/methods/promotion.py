"""Manages coupons, and says where users stand in the loyalty programme.

Generated from the protos by proto/generate.py; do not edit. What is more than an RPC stands in `shortcuts`.
"""

from __future__ import annotations

from google.protobuf import field_mask_pb2
from sanset.v1 import promotion_pb2

from sanset_client.rpc import Metadata, Prepared, Items, Unary, prepare


def list_coupons(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists the coupons that the caller could use now, whatever their cart holds, the newest first."""
    return prepare(
        promotion_pb2.ListCouponsRequest,
        timeout,
        metadata,
        page_size=page_size,
        page_token=page_token,
    )


def list_all_coupons(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    code: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists every coupon, the newest first."""
    return prepare(
        promotion_pb2.ListAllCouponsRequest,
        timeout,
        metadata,
        page_size=page_size,
        page_token=page_token,
        code=code,
    )


def get_coupon(
    *,
    coupon_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets a coupon. Returns NOT_FOUND (COUPON_NOT_FOUND)."""
    return prepare(
        promotion_pb2.GetCouponRequest,
        timeout,
        metadata,
        coupon_id=coupon_id,
    )


def create_coupon(
    *,
    coupon: promotion_pb2.Coupon | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Creates a coupon. Returns ALREADY_EXISTS (COUPON_CODE_TAKEN) when the code is taken."""
    return prepare(
        promotion_pb2.CreateCouponRequest,
        timeout,
        metadata,
        coupon=coupon,
        request_id=request_id,
    )


def update_coupon(
    *,
    coupon: promotion_pb2.Coupon | None = None,
    update_mask: field_mask_pb2.FieldMask | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Changes a coupon; `active: false` disables it, and is what there is instead of deleting: orders refer to it. Those
    that use it already keep what they got.

    Over HTTP PUT replaces the coupon, PATCH changes what is sent, null clears.
    Returns NOT_FOUND (COUPON_NOT_FOUND), ABORTED (STALE_ETAG), INVALID_ARGUMENT for the code, which is fixed.
    """
    return prepare(
        promotion_pb2.UpdateCouponRequest,
        timeout,
        metadata,
        coupon=coupon,
        update_mask=update_mask,
        request_id=request_id,
    )


def list_tiers(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists the tiers of the loyalty programme."""
    return prepare(
        promotion_pb2.ListTiersRequest,
        timeout,
        metadata,
        page_size=page_size,
        page_token=page_token,
    )


def get_loyalty(
    *,
    user_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets the caller's tier and points, and those that wait: for a delivery, and for the tier."""
    return prepare(
        promotion_pb2.GetLoyaltyRequest,
        timeout,
        metadata,
        user_id=user_id,
    )


def list_points(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    user_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists how points came and went, the latest first."""
    return prepare(
        promotion_pb2.ListPointsRequest,
        timeout,
        metadata,
        page_size=page_size,
        page_token=page_token,
        user_id=user_id,
    )


def adjust_points(
    *,
    user_id: int | None = None,
    points: int | None = None,
    reason: str | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gives points to a user or takes them, and returns where they stand then. Returns NOT_FOUND (USER_NOT_FOUND),
    FAILED_PRECONDITION (POINTS_TOO_FEW) when they have fewer than are taken.
    """
    return prepare(
        promotion_pb2.AdjustPointsRequest,
        timeout,
        metadata,
        user_id=user_id,
        points=points,
        reason=reason,
        request_id=request_id,
    )


class PromotionMethods:
    """Manages coupons, and says where users stand in the loyalty programme."""

    list_coupons = Unary("ListCoupons", list_coupons, promotion_pb2.ListCouponsResponse)
    iter_coupons = Items("ListCoupons", list_coupons.request, promotion_pb2.Coupon)
    list_all_coupons = Unary("ListAllCoupons", list_all_coupons, promotion_pb2.ListAllCouponsResponse)
    iter_all_coupons = Items("ListAllCoupons", list_all_coupons.request, promotion_pb2.Coupon)
    get_coupon = Unary("GetCoupon", get_coupon, promotion_pb2.Coupon)
    create_coupon = Unary("CreateCoupon", create_coupon, promotion_pb2.Coupon)
    update_coupon = Unary("UpdateCoupon", update_coupon, promotion_pb2.Coupon)
    list_tiers = Unary("ListTiers", list_tiers, promotion_pb2.ListTiersResponse)
    iter_tiers = Items("ListTiers", list_tiers.request, promotion_pb2.Tier)
    get_loyalty = Unary("GetLoyalty", get_loyalty, promotion_pb2.Loyalty)
    list_points = Unary("ListPoints", list_points, promotion_pb2.ListPointsResponse)
    iter_points = Items("ListPoints", list_points.request, promotion_pb2.PointsEntry)
    adjust_points = Unary("AdjustPoints", adjust_points, promotion_pb2.Loyalty)
