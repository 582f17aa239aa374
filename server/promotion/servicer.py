"""PromotionService: coupons, tiers and points."""

from __future__ import annotations

from datetime import datetime

from sanset.v1 import promotion_pb2 as pb
from sanset.v1 import promotion_pb2_grpc
from sqlalchemy import Connection

from server.audit.log import Actor
from server.clock import Clock
from server.db.database import Database
from server.errors import UserNotFound
from server.identity import Permission
from server.paging import Pages
from server.pricing.tiers import Tiers
from server.promotion import convert as promotion_convert
from server.promotion import coupons, loyalty, point_queries, queries
from server.promotion.coupon_terms import Changes
from server.promotion.loyalty import ReadWaiting
from server.repeats.short_call import once
from server.rpc.call import Call
from server.user import service as accounts


class PromotionServicer(promotion_pb2_grpc.PromotionServiceServicer):
    """Translates calls about coupons, tiers and points."""

    def __init__(
        self,
        db: Database,
        pages: Pages,
        clock: Clock,
        *,
        tiers: Tiers,
        currency: str,
        waiting: ReadWaiting,
    ) -> None:
        """`waiting` reads the points of a user's orders that do not count yet."""
        self._db = db
        self._pages = pages
        self._clock = clock
        self._tiers = tiers
        self._currency = currency
        self._waiting = waiting

    def ListCoupons(self, request: pb.ListCouponsRequest, call: Call) -> pb.ListCouponsResponse:
        user_id = call.identity.user_id
        scope = ("ListCoupons", user_id)
        size = self._pages.size(request.page_size)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            rows = coupons.usable(connection, user_id, self._tiers, self._clock(), after, size + 1)
        items, token = self._pages.page(
            rows, size, promotion_convert.coupon_to_wire, lambda row: [row.id], *scope
        )
        return pb.ListCouponsResponse(items=items, next_page_token=token)

    def GetLoyalty(self, request: pb.GetLoyaltyRequest, call: Call) -> pb.Loyalty:
        with self._db.read() as connection:
            return self._loyalty(connection, _whose(connection, request.user_id, call))

    def ListTiers(self, request: pb.ListTiersRequest, call: Call) -> pb.ListTiersResponse:
        size = self._pages.size(request.page_size)
        after = self._pages.open(request.page_token, "ListTiers")
        # By their numbers on the ladder: the steps are few, and settings.
        ladder = list(enumerate(self._tiers.steps))[after[0] + 1 if after else 0 :]
        items, token = self._pages.page(
            ladder[: size + 1],
            size,
            lambda row: promotion_convert.tier_to_wire(row[1]),
            lambda row: [row[0]],
            "ListTiers",
        )
        return pb.ListTiersResponse(items=items, next_page_token=token)

    def ListPoints(self, request: pb.ListPointsRequest, call: Call) -> pb.ListPointsResponse:
        size = self._pages.size(request.page_size)
        with self._db.read() as connection:
            user_id = _whose(connection, request.user_id, call)
            scope = ("ListPoints", user_id)
            after = self._pages.open(request.page_token, *scope)
            rows = point_queries.entry_page(connection, user_id, after, size + 1)
        items, token = self._pages.page(
            rows, size, promotion_convert.entry_to_wire, lambda row: [row.id], *scope
        )
        return pb.ListPointsResponse(items=items, next_page_token=token)

    @once(pb.Loyalty)
    def AdjustPoints(
        self, tx: Connection, request: pb.AdjustPointsRequest, call: Call, now: datetime
    ) -> pb.Loyalty:
        loyalty.adjust(tx, request.user_id, request.points, request.reason, Actor.of(call), now)
        return self._loyalty(tx, request.user_id)

    def ListAllCoupons(self, request: pb.ListAllCouponsRequest, call: Call) -> pb.ListAllCouponsResponse:
        code = coupons.normal(request.code)
        scope = ("ListAllCoupons", code)
        size = self._pages.size(request.page_size)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            rows = queries.coupon_page(connection, code, after, size + 1)
        items, token = self._pages.page(
            rows, size, promotion_convert.coupon_to_wire, lambda row: [row.id], *scope
        )
        return pb.ListAllCouponsResponse(items=items, next_page_token=token)

    def GetCoupon(self, request: pb.GetCouponRequest, call: Call) -> pb.Coupon:
        with self._db.read() as connection:
            return promotion_convert.coupon_to_wire(coupons.get(connection, request.coupon_id))

    @once(pb.Coupon)
    def CreateCoupon(
        self, tx: Connection, request: pb.CreateCouponRequest, call: Call, now: datetime
    ) -> pb.Coupon:
        terms = promotion_convert.new_coupon_from_wire(request.coupon, self._currency)
        row = coupons.create(tx, request.coupon.code, terms, Actor.of(call), now)
        return promotion_convert.coupon_to_wire(row)

    @once(pb.Coupon)
    def UpdateCoupon(
        self, tx: Connection, request: pb.UpdateCouponRequest, call: Call, now: datetime
    ) -> pb.Coupon:
        coupon = request.coupon

        def changes_in(currency: str) -> Changes:
            return promotion_convert.coupon_from_wire(coupon, request.update_mask, currency or self._currency)

        row = coupons.update(tx, coupon.id, coupon.code, coupon.etag, changes_in, Actor.of(call), now)
        return promotion_convert.coupon_to_wire(row)

    def _loyalty(self, connection: Connection, user_id: int) -> pb.Loyalty:
        waiting = self._waiting(connection, user_id)
        standing = loyalty.standing(connection, user_id, self._tiers, waiting)
        return promotion_convert.loyalty_to_wire(standing, self._currency)


def _whose(connection: Connection, user_id: int, call: Call) -> int:
    """Whose points a call asks for: the caller's own, or those of any user when they may manage points."""
    if user_id in (0, call.identity.user_id):
        return call.identity.user_id
    if not call.identity.may(Permission.MANAGE_PROMOTIONS):
        raise UserNotFound(user_id=user_id)
    accounts.get_me(connection, user_id)
    return user_id
