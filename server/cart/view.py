"""A cart as its owner sees it: its lines at the prices of the moment, what they cost, and what changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from server.cart import queries
from server.cart.changes import CartChange, Change, notes_of
from server.cart.fitting import LineUnits
from server.cart.owner import Member, Owner
from server.catalog import offers as catalog_offers
from server.catalog.offers import Offer
from server.db.base import AnyRow
from server.errors import Refusal
from server.pricing.prices import Item, Priced, PricedLine, PriceRules, price
from server.promotion import service as promotions
from server.promotion.service import NOTHING, Offered


@dataclass(frozen=True, slots=True)
class CartLine:
    """A line of a cart beside what its variant is sold as now.

    `limit` is what earlier lines leave of an order's limit. `counted` are the units that could be ordered now; the
    others are shown, but count for nothing.
    """

    item_id: int
    quantity: int
    added_price_minor: int
    offer: Offer
    limit: int
    counted: int

    @property
    def can_be_ordered(self) -> bool:
        """Whether the product is on sale and enough of it is left."""
        return self.counted == self.quantity

    @property
    def units(self) -> LineUnits:
        """What it asks of the shop."""
        return LineUnits(self.item_id, self.offer, self.quantity)

    @property
    def item(self) -> Item:
        """What is to be priced."""
        return Item(self.offer.variant_id, self.offer.list_minor, self.offer.price_minor, self.counted)

    def changes(self) -> Iterator[CartChange]:
        """What changed since it was added."""
        offer = self.offer
        if not offer.on_sale:
            yield self._change(Change.WITHDRAWN)
            return
        if self.quantity > self.limit:
            yield self._change(Change.ABOVE_LIMIT, limit=offer.max_quantity)
        if offer.available <= 0:
            yield self._change(Change.SOLD_OUT)
        elif self.quantity > offer.available:
            yield self._change(Change.FEWER_LEFT, available=offer.available)
        if offer.price_minor != self.added_price_minor:
            rose = offer.price_minor > self.added_price_minor
            yield self._change(
                Change.PRICE_ROSE if rose else Change.PRICE_FELL,
                price_before_minor=self.added_price_minor,
                price_minor=offer.price_minor,
            )

    def _change(self, code: Change, **facts: int) -> CartChange:
        return CartChange.of(code, self.offer, item_id=self.item_id, requested=self.quantity, **facts)


@dataclass(frozen=True)
class CartView:
    """A cart with its lines, priced for the owner's default address. `version` 0 is a cart that was never used.

    `problem` is why its coupon takes nothing off now; a checkout would be refused with it.
    """

    currency: str
    version: int
    updated_at: datetime | None
    lines: list[CartLine]
    offered: Offered
    priced: Priced
    coupon_code: str = ""
    points: int = 0
    token: str = ""
    """Of a guest's cart: who shows it has the cart."""
    user_id: int | None = None
    """Of a user's cart."""
    shown: str = ""
    """The totals that were shown of it before: see `server.cart.shown`."""
    notes: tuple[CartChange, ...] = ()
    """What became of unpaid orders whose goods came back."""
    left_out: tuple[CartChange, ...] = ()
    """What could not be taken over from a guest's cart."""

    @property
    def problem(self) -> Refusal | None:
        """Why the coupon takes nothing off now; None when it does, and without one."""
        return promotions.problem_of(self.offered, self.priced)

    @property
    def changes(self) -> list[CartChange]:
        """What changed since things were added."""
        lines = [change for line in self.lines for change in line.changes()]
        return [*self.left_out, *self.notes, *lines, *self._fewer_points()]

    def _fewer_points(self) -> Iterator[CartChange]:
        if self.points > self.offered.owned_points:
            yield CartChange(
                code=Change.FEWER_POINTS, requested=self.points, available=self.offered.owned_points
            )

    @property
    def priced_lines(self) -> Iterator[tuple[CartLine, PricedLine]]:
        """Each line with its part of the price; one that cannot be ordered has none."""
        parts = {part.variant_id: part for part in self.priced.lines}
        for line in self.lines:
            yield line, parts.get(line.offer.variant_id) or _no_part(line)

    def priced_for(self, country: str, rules: PriceRules) -> Priced:
        """What the cart costs when it goes to `country`."""
        return price(_items(self.lines), self.currency, country, rules, self.offered.reductions)


@dataclass(frozen=True, slots=True)
class CartEntry:
    """Units that lie in a cart."""

    item_id: int
    quantity: int
    added_price_minor: int
    offer: Offer


def view(connection: Connection, owner: Owner, currency: str, rules: PriceRules, now: datetime) -> CartView:
    """The owner's cart, in one query whatever its size; `currency` is that of a new cart."""
    rows = queries.lines(connection, owner)
    if not rows:
        return CartView(currency, 0, None, [], NOTHING, price([], currency, None, rules))
    return view_of(connection, owner, rows[0], entries_of(rows, now), rules, now=now)


def entries_of(rows: list[AnyRow], now: datetime) -> list[CartEntry]:
    """What lies in a cart, by the rows of `queries.lines`."""
    return [
        CartEntry(
            row.item_id,
            row.quantity,
            row.added_price_minor,
            catalog_offers.offer_from(row, now, row.available),
        )
        for row in rows
        if row.item_id is not None
    ]


def view_of(
    connection: Connection,
    owner: Owner,
    head: AnyRow,
    entries: list[CartEntry],
    rules: PriceRules,
    *,
    now: datetime,
) -> CartView:
    """A cart that holds `entries`; `head` is a row of `queries.lines`."""
    lines = _lines(entries)
    offered = NOTHING
    if isinstance(owner, Member):
        offered = _offered(head, rules, now)
        offered = promotions.explained(connection, owner.user_id, head.offered_id, offered)
    return CartView(
        head.cart_currency,
        head.cart_version,
        head.cart_updated_at,
        lines,
        offered,
        price(_items(lines), head.cart_currency, head.cart_country, rules, offered.reductions),
        coupon_code=offered.code,
        points=head.cart_points,
        token="" if isinstance(owner, Member) else owner.token,
        user_id=owner.user_id,
        shown=head.cart_shown,
        notes=notes_of(head.cart_notes),
    )


def _lines(entries: list[CartEntry]) -> list[CartLine]:
    taken: dict[int, int] = {}
    lines = []
    for entry in entries:
        offer, quantity = entry.offer, entry.quantity
        before = taken.get(offer.product_id, 0)
        taken[offer.product_id] = before + quantity
        limit = max(0, offer.max_quantity - before)
        counted = max(0, min(quantity, offer.available, limit)) if offer.on_sale else 0
        lines.append(CartLine(entry.item_id, quantity, entry.added_price_minor, offer, limit, counted))
    return lines


def _items(lines: list[CartLine]) -> list[Item]:
    return [line.item for line in lines if line.counted]


def _no_part(line: CartLine) -> PricedLine:
    return PricedLine(line.offer.variant_id, 0, 0, 0, 0, 0, 0, 0, 0)


def _offered(head: AnyRow, rules: PriceRules, now: datetime) -> Offered:
    return promotions.offered_from(
        head, rules.tiers, now, currency=head.cart_currency, points=head.cart_points
    )
