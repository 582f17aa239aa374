"""The calls of CartService about coupons and points."""

from __future__ import annotations

from sanset.v1 import cart_pb2, cart_pb2_grpc
from sanset.v1 import promotion_pb2 as pb
from sanset.v1.access_pb2 import AccessRule
from sqlalchemy import Connection

from server.audit.log import Actor
from server.auth import service as accounts
from server.cart import convert, coupons, loyalty, promotion_convert, shown
from server.cart import promotion_queries as queries
from server.cart.loyalty import ReadWaiting
from server.cart.owner import Member
from server.cart.pricing import PriceRules
from server.cart.view import view
from server.clock import Clock
from server.db.database import Database
from server.errors import UserNotFound
from server.paging import Pages
from server.rpc.call import Call
from server.rpc.idempotency import once


class PromotionServicer(cart_pb2_grpc.CartServiceServicer):
    """Translates calls about coupons and points; CartServicer is one."""

    _db: Database
    _clock: Clock
    _pages: Pages
    _rules: PriceRules
    _currency: str
    _waiting: ReadWaiting

    def ListCoupons(self, request: pb.ListCouponsRequest, call: Call) -> pb.ListCouponsResponse:
        user_id = call.identity.user_id
        scope = ("ListCoupons", user_id)
        size = self._pages.size(request.page_size)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            rows = coupons.usable(connection, user_id, self._rules.tiers, self._clock(), after, size + 1)
        items, token = self._pages.page(
            rows, size, promotion_convert.coupon_to_wire, lambda row: [row.id], *scope
        )
        return pb.ListCouponsResponse(items=items, next_page_token=token)

    def ApplyCoupon(self, request: pb.ApplyCouponRequest, call: Call) -> cart_pb2.Cart:
        with self._db.transaction() as tx:
            cart = coupons.apply(
                tx, call.identity.user_id, request.code, self._currency, self._rules, self._clock()
            )
            shown.remember(tx, cart, cart.priced.total)
        return convert.cart_to_wire(cart)

    def RemoveCoupon(self, request: pb.RemoveCouponRequest, call: Call) -> cart_pb2.Cart:
        with self._db.transaction() as tx:
            coupons.remove(tx, call.identity.user_id, self._clock())
            return self._own_cart(tx, call)

    def GetLoyalty(self, request: pb.GetLoyaltyRequest, call: Call) -> pb.Loyalty:
        with self._db.read() as connection:
            return self._loyalty(connection, _whose(connection, request.user_id, call))

    def ListTiers(self, request: pb.ListTiersRequest, call: Call) -> pb.ListTiersResponse:
        steps = self._rules.tiers.steps
        return pb.ListTiersResponse(items=[promotion_convert.tier_to_wire(step) for step in steps])

    def ListPoints(self, request: pb.ListPointsRequest, call: Call) -> pb.ListPointsResponse:
        size = self._pages.size(request.page_size)
        with self._db.read() as connection:
            user_id = _whose(connection, request.user_id, call)
            scope = ("ListPoints", user_id)
            after = self._pages.open(request.page_token, *scope)
            rows = queries.entry_page(connection, user_id, after, size + 1)
        items, token = self._pages.page(
            rows, size, promotion_convert.entry_to_wire, lambda row: [row.id], *scope
        )
        return pb.ListPointsResponse(items=items, next_page_token=token)

    def RedeemPoints(self, request: pb.RedeemPointsRequest, call: Call) -> cart_pb2.Cart:
        with self._db.transaction() as tx:
            points = request.points if request.HasField("points") else None
            loyalty.redeem(tx, call.identity.user_id, points, self._currency, self._clock())
            return self._own_cart(tx, call)

    def AdjustPoints(self, request: pb.AdjustPointsRequest, call: Call) -> pb.Loyalty:
        now = self._clock()
        with self._db.transaction() as tx:

            def adjust() -> pb.Loyalty:
                loyalty.adjust(tx, request.user_id, request.points, request.reason, Actor.of(call), now)
                return self._loyalty(tx, request.user_id)

            return once(tx, request, call, pb.Loyalty, now, adjust)

    def ListAllCoupons(self, request: pb.ListAllCouponsRequest, call: Call) -> pb.ListCouponsResponse:
        code = coupons.normal(request.code)
        scope = ("ListAllCoupons", code)
        size = self._pages.size(request.page_size)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            rows = queries.coupon_page(connection, code, after, size + 1)
        items, token = self._pages.page(
            rows, size, promotion_convert.coupon_to_wire, lambda row: [row.id], *scope
        )
        return pb.ListCouponsResponse(items=items, next_page_token=token)

    def CreateCoupon(self, request: pb.CreateCouponRequest, call: Call) -> pb.Coupon:
        now = self._clock()
        terms = promotion_convert.new_coupon_from_wire(request.coupon, self._currency)
        with self._db.transaction() as tx:

            def create() -> pb.Coupon:
                row = coupons.create(tx, request.coupon.code, terms, Actor.of(call), now)
                return promotion_convert.coupon_to_wire(row)

            return once(tx, request, call, pb.Coupon, now, create)

    def UpdateCoupon(self, request: pb.UpdateCouponRequest, call: Call) -> pb.Coupon:
        coupon = request.coupon

        def changes_in(currency: str) -> coupons.Changes:
            return promotion_convert.coupon_from_wire(coupon, request.update_mask, currency or self._currency)

        with self._db.transaction() as tx:
            row = coupons.update(
                tx, coupon.id, coupon.code, coupon.etag, changes_in, Actor.of(call), self._clock()
            )
        return promotion_convert.coupon_to_wire(row)

    def _own_cart(self, tx: Connection, call: Call) -> cart_pb2.Cart:
        cart = view(tx, Member(call.identity.user_id), self._currency, self._rules, self._clock())
        shown.remember(tx, cart, cart.priced.total)
        return convert.cart_to_wire(cart)

    def _loyalty(self, connection: Connection, user_id: int) -> pb.Loyalty:
        waiting = self._waiting(connection, user_id)
        standing = loyalty.standing(connection, user_id, self._rules.tiers, waiting)
        return promotion_convert.loyalty_to_wire(standing, self._currency)


def _whose(connection: Connection, user_id: int, call: Call) -> int:
    """Whose points a call asks for: the caller's own, or those of any user when it is an admin's."""
    if user_id in (0, call.identity.user_id):
        return call.identity.user_id
    if not call.identity.may(AccessRule.MANAGE_PROMOTIONS):
        raise UserNotFound(user_id=user_id)
    accounts.get_me(connection, user_id)
    return user_id
