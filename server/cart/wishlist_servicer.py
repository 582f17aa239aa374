"""The wishlist's part of CartService."""

from __future__ import annotations

from google.protobuf.empty_pb2 import Empty
from sanset.v1 import cart_pb2 as pb
from sanset.v1 import cart_pb2_grpc

from server.cart import convert, wishlist
from server.clock import Clock
from server.db.database import Database
from server.paging import Pages
from server.rpc.call import Call


class WishlistServicer(cart_pb2_grpc.CartServiceServicer):
    """Translates calls to the wishlist; the cart's servicer is one of these."""

    _db: Database
    _pages: Pages
    _clock: Clock

    def ListWishlist(self, request: pb.ListWishlistRequest, call: Call) -> pb.ListWishlistResponse:
        user_id = call.identity.user_id
        scope = ("wishlist", user_id)
        size = self._pages.size(request.page_size)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            found = wishlist.wishes(connection, user_id, self._clock(), after=after, limit=size + 1)
        items, token = self._pages.page(
            found, size, convert.wish_to_wire, lambda wish: [wish.created_at, wish.offer.product_id], *scope
        )
        return pb.ListWishlistResponse(items=items, next_page_token=token)

    def AddToWishlist(self, request: pb.AddToWishlistRequest, call: Call) -> pb.WishlistItem:
        with self._db.transaction() as tx:
            wish = wishlist.add(
                tx, call.identity.user_id, request.product_id, request.variant_id or None, self._clock()
            )
        return convert.wish_to_wire(wish)

    def RemoveFromWishlist(self, request: pb.RemoveFromWishlistRequest, call: Call) -> Empty:
        with self._db.transaction() as tx:
            wishlist.remove(tx, call.identity.user_id, request.product_id)
        return Empty()
