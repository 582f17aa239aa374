"""What a checkout would charge, without changing anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from server.cart import fitting
from server.cart.errors import CartEmpty
from server.cart.owner import Member
from server.cart.view import CartLine, CartView
from server.cart.views import CartSettings, CartViews
from server.clock import Clock
from server.db.database import Database
from server.order.buyers_limits import above_periods
from server.pricing import delivery
from server.pricing.prices import Priced
from server.promotion import service as promotions
from server.user import addresses


@dataclass(frozen=True)
class Preview:
    """The lines that would be ordered, what they would cost, and when they would arrive."""

    lines: Sequence[CartLine]
    priced: Priced
    eta: datetime


class Previews:
    """Makes previews of checkouts."""

    def __init__(self, db: Database, clock: Clock, settings: CartSettings) -> None:
        self._db = db
        self._clock = clock
        self._settings = settings
        self._views = CartViews(db, clock, settings)

    def preview(
        self, user_id: int, address_id: int | None, *, delivery_option: str, coupon_code: str
    ) -> Preview:
        """Price the user's cart as a checkout would; a code stands in for the cart's coupon.

        Raises what a checkout would raise of the cart, the coupon and the address.
        """
        rules = self._settings.rules
        with self._db.read() as connection:
            cart = self._views.within(connection, Member(user_id))
            if coupon_code:
                cart = self._with_coupon(connection, user_id, cart, coupon_code)
            address = addresses.get_for_checkout(connection, user_id, address_id)
            lines = [line.units for line in cart.lines]
            above = above_periods(connection, user_id, lines, self._clock())
        if not cart.lines:
            raise CartEmpty()
        fitting.check(lines, above)
        priced = cart.priced_for(address.country, rules)
        promotions.check(cart.offered, priced)
        self._views.showed(cart, priced.total)
        return Preview(cart.lines, priced, delivery.eta(delivery_option, self._clock()))

    def _with_coupon(self, connection: Connection, user_id: int, cart: CartView, code: str) -> CartView:
        offered = promotions.reductions(
            connection,
            user_id,
            self._settings.rules.tiers,
            self._clock(),
            currency=cart.currency,
            coupon_code=code,
            points=cart.points,
        )
        return replace(cart, offered=offered)
