"""Reads carts for replies, and remembers the totals that the replies show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Self

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from server.cart import shown
from server.cart.owner import Owner
from server.cart.view import CartView, view
from server.clock import Clock
from server.db.database import Database
from server.errors import Refusal
from server.pricing.prices import PriceRules
from server.settings import Settings

log = structlog.get_logger()


@dataclass(frozen=True)
class CartSettings:
    """The shop's decisions about carts: prices, the currency of a new cart, and how long a guest's lives."""

    rules: PriceRules
    currency: str
    guest_life: timedelta

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As the settings say."""
        return cls(PriceRules.of(settings), settings.currency, timedelta(days=settings.guest_cart_days))


class CartViews:
    """Shows carts as they are now."""

    def __init__(self, db: Database, clock: Clock, settings: CartSettings) -> None:
        self._db = db
        self._clock = clock
        self._settings = settings

    def read(self, owner: Owner) -> CartView:
        """Read a cart and remember its total."""
        with self._db.read() as connection:
            cart = self.within(connection, owner)
        self.showed(cart, cart.priced.total)
        return cart

    def changed(self, tx: Connection, owner: Owner) -> CartView:
        """Read a cart that this transaction has changed, and remember its total."""
        cart = self.within(tx, owner)
        shown.remember(tx, cart, cart.priced.total)
        return cart

    def within(self, connection: Connection, owner: Owner) -> CartView:
        """Read a cart, and remember nothing."""
        return view(connection, owner, self._settings.currency, self._settings.rules, self._clock())

    def showed(self, cart: CartView, total: int) -> None:
        """Remember what a read shows. It is answered also where that fails: then a checkout asks once more."""
        if not shown.is_new(cart, total):
            return
        try:
            with self._db.transaction() as tx:
                shown.remember(tx, cart, total)
        except (SQLAlchemyError, Refusal) as error:
            log.warning("total_not_remembered", error=type(error).__name__)
