"""CartService: every call is one short transaction or read."""

from __future__ import annotations

from sanset.v1 import cart_pb2 as pb
from sanset.v1 import cart_pb2_grpc
from sqlalchemy import Connection

from server.auth import addresses
from server.cart import convert, delivery, service
from server.cart.errors import CartEmpty
from server.cart.pricing import PriceRules, totals
from server.cart.service import Added, Addition
from server.clock import Clock
from server.db.database import Database
from server.rpc.call import Call
from server.rpc.wire import time_to_wire


class CartServicer(cart_pb2_grpc.CartServiceServicer):
    """Translates calls to the cart."""

    def __init__(self, db: Database, clock: Clock, rules: PriceRules, currency: str, added: Added) -> None:
        """`added` records what comes into carts, and from which list of recommendations."""
        self._db = db
        self._clock = clock
        self._rules = rules
        self._currency = currency
        self._added = added

    def GetCart(self, request: pb.GetCartRequest, call: Call) -> pb.Cart:
        with self._db.read() as connection:
            return self._cart(connection, call)

    def AddItem(self, request: pb.AddItemRequest, call: Call) -> pb.Cart:
        quantity = request.quantity if request.HasField("quantity") else 1
        wanted = Addition(request.product_id, request.variant_id or None, quantity, request.attribution_token)
        with self._db.transaction() as tx:
            cart = service.add_item(tx, call.identity.user_id, wanted, self._added, self._clock())
        return convert.cart_to_wire(cart)

    def UpdateItem(self, request: pb.UpdateItemRequest, call: Call) -> pb.Cart:
        with self._db.transaction() as tx:
            service.update_item(
                tx, call.identity.user_id, request.item_id, request.quantity, request.etag, self._clock()
            )
            return self._cart(tx, call)

    def RemoveItem(self, request: pb.RemoveItemRequest, call: Call) -> pb.Cart:
        with self._db.transaction() as tx:
            service.remove_item(
                tx,
                call.identity.user_id,
                item_id=request.item_id,
                product_id=request.product_id,
                now=self._clock(),
            )
            return self._cart(tx, call)

    def ClearCart(self, request: pb.ClearCartRequest, call: Call) -> pb.Cart:
        with self._db.transaction() as tx:
            service.clear(tx, call.identity.user_id, request.etag, self._clock())
            return self._cart(tx, call)

    def GetTotal(self, request: pb.GetTotalRequest, call: Call) -> pb.Totals:
        user_id = call.identity.user_id
        with self._db.read() as connection:
            cart = service.view(connection, user_id, self._currency)
            country = addresses.default_country(connection, user_id)
        lines = [line.total_minor for line in cart.lines]
        return convert.totals_to_wire(totals(lines, cart.currency, country, self._rules))

    def PreviewCheckout(self, request: pb.PreviewCheckoutRequest, call: Call) -> pb.PreviewCheckoutResponse:
        user_id = call.identity.user_id
        with self._db.read() as connection:
            cart = service.view(connection, user_id, self._currency)
            address = addresses.get_for_checkout(connection, user_id, request.address_id or None)
        if not cart.lines:
            raise CartEmpty()
        for line in cart.lines:
            service.check_quantity(line.offer, line.quantity)
        lines = [line.total_minor for line in cart.lines]
        option = convert.delivery_from_wire(request.delivery_option)
        return pb.PreviewCheckoutResponse(
            items=[convert.line_to_wire(line) for line in cart.lines],
            totals=convert.totals_to_wire(totals(lines, cart.currency, address.country, self._rules)),
            eta=time_to_wire(delivery.eta(option, self._clock())),
        )

    def _cart(self, connection: Connection, call: Call) -> pb.Cart:
        return convert.cart_to_wire(service.view(connection, call.identity.user_id, self._currency))
