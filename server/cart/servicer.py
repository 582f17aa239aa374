"""CartService: every call is one short transaction or read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import structlog
from sanset.v1 import cart_pb2 as pb
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from server.auth import addresses
from server.cart import convert, delivery, guest_carts, promotions, service, shown, wishlist
from server.cart.errors import CartEmpty
from server.cart.loyalty import ReadWaiting
from server.cart.owner import TOKEN_HEADER, Guest, Member, Owner, token_from
from server.cart.pricing import PriceRules
from server.cart.promotion_servicer import PromotionServicer
from server.cart.service import Addition
from server.cart.view import CartView, view
from server.cart.wishlist_servicer import WishlistServicer
from server.catalog.inventory import Offer
from server.clock import Clock
from server.db.database import Database
from server.errors import Refusal
from server.paging import Pages
from server.rpc.call import Call
from server.rpc.wire import time_to_wire

AddedFrom = Callable[[str, Connection, int, int, str], str]
"""`service.Added`, with the address of the caller first."""

CheckPeriods = Callable[[Connection, int, Sequence[tuple[Offer, int]], datetime], None]
"""Raises when these units are more than a user may buy in the products' periods; the cart knows no orders."""

log = structlog.get_logger()


class CartServicer(WishlistServicer, PromotionServicer):
    """Translates calls to the cart."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        rules: PriceRules,
        currency: str,
        added: AddedFrom,
        *,
        pages: Pages,
        guest_life: timedelta,
        waiting: ReadWaiting,
        check_periods: CheckPeriods,
    ) -> None:
        """`added` records what comes into carts, from which address and which list of recommendations."""
        self._db = db
        self._clock = clock
        self._rules = rules
        self._currency = currency
        self._added = added
        self._pages = pages
        self._guest_life = guest_life
        self._waiting = waiting
        self._check_periods = check_periods

    def GetCart(self, request: pb.GetCartRequest, call: Call) -> pb.Cart:
        with self._db.read() as connection:
            cart = self._view(connection, self._owner(call))
        self._showed(cart, cart.priced.total)
        return convert.cart_to_wire(cart)

    def AddItem(self, request: pb.AddItemRequest, call: Call) -> pb.Cart:
        quantity = request.quantity if request.HasField("quantity") else 1
        wanted = Addition(request.product_id, request.variant_id or None, quantity, request.attribution_token)
        with self._db.transaction() as tx:
            cart = service.add_item(
                tx, self._owner(call), wanted, partial(self._added, call.address), self._rules, self._clock()
            )
        return convert.cart_to_wire(cart)

    def UpdateItem(self, request: pb.UpdateItemRequest, call: Call) -> pb.Cart:
        with self._db.transaction() as tx:
            owner = self._owner(call)
            service.update_item(tx, owner, request.item_id, request.quantity, request.etag, self._clock())
            return self._cart(tx, owner)

    def RemoveItem(self, request: pb.RemoveItemRequest, call: Call) -> pb.Cart:
        with self._db.transaction() as tx:
            owner = self._owner(call)
            service.remove_item(
                tx, owner, item_id=request.item_id, product_id=request.product_id, now=self._clock()
            )
            return self._cart(tx, owner)

    def ClearCart(self, request: pb.ClearCartRequest, call: Call) -> pb.Cart:
        with self._db.transaction() as tx:
            owner = self._owner(call)
            service.clear(tx, owner, request.etag, self._clock())
            return self._cart(tx, owner)

    def GetTotal(self, request: pb.GetTotalRequest, call: Call) -> pb.Totals:
        with self._db.read() as connection:
            cart = self._view(connection, self._owner(call))
        self._showed(cart, cart.priced.total)
        return convert.totals_to_wire(cart.priced)

    def PreviewCheckout(self, request: pb.PreviewCheckoutRequest, call: Call) -> pb.PreviewCheckoutResponse:
        user_id = call.identity.user_id
        with self._db.read() as connection:
            cart = self._view(connection, Member(user_id))
            if request.coupon_code:
                offered = promotions.reductions(
                    connection,
                    user_id,
                    self._rules.tiers,
                    self._clock(),
                    currency=cart.currency,
                    coupon_code=request.coupon_code,
                    points=cart.points,
                )
                cart = replace(cart, offered=offered)
            address = addresses.get_for_checkout(connection, user_id, request.address_id or None)
            wanted = [(line.offer, line.quantity) for line in cart.lines]
            self._check_periods(connection, user_id, wanted, self._clock())
        if not cart.lines:
            raise CartEmpty()
        for offer, quantity in wanted:
            service.check_quantity(offer, quantity)
        service.check_limits(wanted)
        priced = cart.priced_for(address.country, self._rules)
        promotions.check(cart.offered, priced)
        self._showed(cart, priced.total)
        option = convert.delivery_from_wire(request.delivery_option)
        return pb.PreviewCheckoutResponse(
            items=[
                convert.line_to_wire(line, part) for line, part in zip(cart.lines, priced.lines, strict=True)
            ],
            totals=convert.totals_to_wire(priced),
            eta=time_to_wire(delivery.eta(option, self._clock())),
        )

    def SyncCart(self, request: pb.SyncCartRequest, call: Call) -> pb.Cart:
        user_id = call.identity.user_id
        guest = self._guest(request.cart_token or call.headers.get(TOKEN_HEADER))
        strategy = convert.strategy_from_wire(request.strategy)
        with self._db.transaction() as tx:
            left_out = guest_carts.take_over(tx, user_id, guest, strategy, self._clock())
            cart = self._view(tx, Member(user_id))
            shown.remember(tx, cart, cart.priced.total)
        return convert.cart_to_wire(replace(cart, left_out=tuple(left_out)))

    def MoveToCart(self, request: pb.MoveToCartRequest, call: Call) -> pb.Cart:
        quantity = request.quantity if request.HasField("quantity") else 1
        with self._db.transaction() as tx:
            cart = wishlist.move_to_cart(
                tx,
                call.identity.user_id,
                request.product_id,
                quantity,
                partial(self._added, call.address),
                self._rules,
                self._clock(),
            )
        return convert.cart_to_wire(cart)

    def _cart(self, tx: Connection, owner: Owner) -> pb.Cart:
        """What the reply to a change shows."""
        cart = self._view(tx, owner)
        shown.remember(tx, cart, cart.priced.total)
        return convert.cart_to_wire(cart)

    def _showed(self, cart: CartView, total: int) -> None:
        """Remember what a read shows. It is answered also where that fails: then a checkout asks once more."""
        if not shown.is_new(cart, total):
            return
        try:
            with self._db.transaction() as tx:
                shown.remember(tx, cart, total)
        except (SQLAlchemyError, Refusal) as error:
            log.warning("total_not_remembered", error=type(error).__name__)

    def _view(self, connection: Connection, owner: Owner) -> CartView:
        return view(connection, owner, self._currency, self._rules, self._clock())

    def _owner(self, call: Call) -> Owner:
        """Whose cart a call is about: a signed-in caller's own, whatever token they send."""
        if call.caller is not None:
            return Member(call.caller.user_id)
        return self._guest(call.headers.get(TOKEN_HEADER))

    def _guest(self, token: object) -> Guest:
        now = self._clock()
        return Guest(token_from(token), now, now + self._guest_life)
