"""CartService: every call is one short transaction or read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

from google.protobuf.empty_pb2 import Empty
from sanset.v1 import cart_pb2 as pb
from sanset.v1 import cart_pb2_grpc, pricing_pb2, wishlist_pb2
from sqlalchemy import Connection

from server.cart import convert, guest_carts, promoting, service, shown, wishlist
from server.cart.owner import TOKEN_HEADER, Guest, Member, Owner, token_from
from server.cart.service import Addition
from server.cart.views import CartSettings, CartViews
from server.clock import Clock
from server.crypto.vault import Vault
from server.db.database import Database
from server.paging import Pages
from server.repeats.short_call import once
from server.rpc.call import Call

AddedFrom = Callable[[str, Connection, int, int, str], str]
"""`service.Added`, with the address of the caller first."""


def _guests_cart(_: object, call: Call) -> str:
    """The name of a guest to whom request ids belong: the token of their cart."""
    token = token_from(call.headers.get(TOKEN_HEADER))
    return f"cart {token}" if token else ""


class CartServicer(cart_pb2_grpc.CartServiceServicer):
    """Translates calls to the cart and the wishlist."""

    def __init__(
        self,
        db: Database,
        pages: Pages,
        clock: Clock,
        vault: Vault,
        *,
        settings: CartSettings,
        added: AddedFrom,
    ) -> None:
        """`added` records what comes into carts, from which address and which list of recommendations."""
        self._db = db
        self._pages = pages
        self._clock = clock
        self._vault = vault
        self._settings = settings
        self._added = added
        self._views = CartViews(db, clock, settings)

    def GetCart(self, request: pb.GetCartRequest, call: Call) -> pb.Cart:
        return convert.cart_to_wire(self._views.read(_owner(call, self._clock(), self._settings)))

    @once(pb.Cart, guest=_guests_cart, sealed="token")
    def AddItem(self, tx: Connection, request: pb.AddItemRequest, call: Call, now: datetime) -> pb.Cart:
        quantity = request.quantity if request.HasField("quantity") else 1
        addition = Addition(
            request.product_id, request.variant_id or None, quantity, request.attribution_token
        )
        added = partial(self._added, call.address)
        owner = _owner(call, now, self._settings)
        return convert.cart_to_wire(service.add_item(tx, owner, addition, added, self._settings.rules, now))

    @once(pb.Cart, guest=_guests_cart, sealed="token")
    def UpdateItem(self, tx: Connection, request: pb.UpdateItemRequest, call: Call, now: datetime) -> pb.Cart:
        owner = _owner(call, now, self._settings)
        service.update_item(tx, owner, request.item_id, request.quantity, request.etag, now)
        return convert.cart_to_wire(self._views.changed(tx, owner))

    @once(pb.Cart, guest=_guests_cart, sealed="token")
    def RemoveItem(self, tx: Connection, request: pb.RemoveItemRequest, call: Call, now: datetime) -> pb.Cart:
        owner = _owner(call, now, self._settings)
        service.remove_item(tx, owner, item_id=request.item_id, product_id=request.product_id, now=now)
        return convert.cart_to_wire(self._views.changed(tx, owner))

    @once(pb.Cart, guest=_guests_cart, sealed="token")
    def ClearCart(self, tx: Connection, request: pb.ClearCartRequest, call: Call, now: datetime) -> pb.Cart:
        owner = _owner(call, now, self._settings)
        service.clear(tx, owner, request.etag, now)
        return convert.cart_to_wire(self._views.changed(tx, owner))

    def GetTotal(self, request: pb.GetTotalRequest, call: Call) -> pricing_pb2.Totals:
        return convert.totals_to_wire(self._views.read(_owner(call, self._clock(), self._settings)).priced)

    @once(pb.Cart)
    def SyncCart(self, tx: Connection, request: pb.SyncCartRequest, call: Call, now: datetime) -> pb.Cart:
        user_id = call.identity.user_id
        guest = _guest(request.cart_token or call.headers.get(TOKEN_HEADER), now, self._settings)
        strategy = convert.strategy_from_wire(request.strategy)
        left_out = guest_carts.take_over(tx, user_id, guest, strategy, now)
        cart = self._views.changed(tx, Member(user_id))
        return convert.cart_to_wire(replace(cart, left_out=tuple(left_out)))

    @once(pb.Cart)
    def ApplyCoupon(
        self, tx: Connection, request: pb.ApplyCouponRequest, call: Call, now: datetime
    ) -> pb.Cart:
        rules, currency = self._settings.rules, self._settings.currency
        cart = promoting.apply_coupon(tx, call.identity.user_id, request.code, currency, rules, now)
        shown.remember(tx, cart, cart.priced.total)
        return convert.cart_to_wire(cart)

    @once(pb.Cart)
    def RemoveCoupon(
        self, tx: Connection, request: pb.RemoveCouponRequest, call: Call, now: datetime
    ) -> pb.Cart:
        user_id = call.identity.user_id
        promoting.remove_coupon(tx, user_id, now)
        return convert.cart_to_wire(self._views.changed(tx, Member(user_id)))

    @once(pb.Cart)
    def RedeemPoints(
        self, tx: Connection, request: pb.RedeemPointsRequest, call: Call, now: datetime
    ) -> pb.Cart:
        user_id = call.identity.user_id
        points = request.points if request.HasField("points") else None
        promoting.redeem_points(tx, user_id, points, self._settings.currency, now)
        return convert.cart_to_wire(self._views.changed(tx, Member(user_id)))

    def ListWishlist(
        self, request: wishlist_pb2.ListWishlistRequest, call: Call
    ) -> wishlist_pb2.ListWishlistResponse:
        user_id = call.identity.user_id
        scope = ("wishlist", user_id)
        size = self._pages.size(request.page_size)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            wishes = wishlist.wishes(connection, user_id, self._clock(), after=after, limit=size + 1)
        items, token = self._pages.page(
            wishes, size, convert.wish_to_wire, lambda wish: [wish.created_at, wish.offer.product_id], *scope
        )
        return wishlist_pb2.ListWishlistResponse(items=items, next_page_token=token)

    def AddToWishlist(
        self, request: wishlist_pb2.AddToWishlistRequest, call: Call
    ) -> wishlist_pb2.WishlistItem:
        user_id, variant_id = call.identity.user_id, request.variant_id or None
        with self._db.transaction() as tx:
            wish = wishlist.add(tx, user_id, request.product_id, variant_id, self._clock())
        return convert.wish_to_wire(wish)

    @once(Empty)
    def RemoveFromWishlist(
        self, tx: Connection, request: wishlist_pb2.RemoveFromWishlistRequest, call: Call, now: datetime
    ) -> Empty:
        wishlist.remove(tx, call.identity.user_id, request.product_id)
        return Empty()

    @once(pb.Cart)
    def MoveToCart(
        self, tx: Connection, request: wishlist_pb2.MoveToCartRequest, call: Call, now: datetime
    ) -> pb.Cart:
        quantity = request.quantity if request.HasField("quantity") else 1
        cart = wishlist.move_to_cart(
            tx,
            call.identity.user_id,
            request.product_id,
            quantity,
            partial(self._added, call.address),
            self._settings.rules,
            now,
        )
        return convert.cart_to_wire(cart)


def _owner(call: Call, now: datetime, settings: CartSettings) -> Owner:
    """Whose cart a call is about: a signed-in caller's own, whatever token they send."""
    if call.caller is not None:
        return Member(call.caller.user_id)
    return _guest(call.headers.get(TOKEN_HEADER), now, settings)


def _guest(token: object, now: datetime, settings: CartSettings) -> Guest:
    return Guest(token_from(token), now, now + settings.guest_life)
