"""What a checkout reads of the cart that it empties, under the locks of the cart and of its stock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Protocol

from sqlalchemy import BigInteger, Connection, bindparam, func, select, text

from server.cart import service as carts
from server.cart.errors import CartEmpty
from server.cart.fitting import LineUnits
from server.cart.models import Cart, CartItem
from server.catalog.models import InventoryLevel, Product, Variant
from server.catalog.offers import SOLD_AS, Offer, offer_from
from server.db.base import AnyRow, Statement
from server.db.ids import next_id
from server.db.prepared import Prepared
from server.inventory.levels import StockLevel, level_of
from server.order.errors import RequestIdUsed
from server.order.models import Order
from server.promotion import queries as promotion_queries
from server.promotion.models import Coupon
from server.promotion.service import code_of
from server.user import address_queries


class Ordering(Protocol):
    """What names the cart, and what goes with it into the order."""

    @property
    def user_id(self) -> int: ...

    @property
    def request_id(self) -> str: ...

    @property
    def address_id(self) -> int | None: ...

    @property
    def coupon_code(self) -> str: ...


@dataclass(frozen=True, slots=True)
class LockedCart:
    """A cart that an order empties: its lines as they were added, and all else that decides about the order.

    `head` is a row of `_head`, which has the buyer's address and what lowers the price beside the cart's own.
    `levels` is all the stock of what is in it, by location.
    """

    head: AnyRow
    lines: Sequence[LineUnits]
    levels: Sequence[StockLevel]

    @property
    def order_id(self) -> int:
        """The id for the order."""
        return int(self.head.order_id)

    @property
    def version(self) -> int:
        """The version of the cart that its owner saw."""
        return int(self.head.cart_version) - 1

    @property
    def is_promoted(self) -> bool:
        """Whether it has a coupon or points, which go with its lines."""
        return self.head.cart_coupon_id is not None or self.head.cart_points > 0

    @property
    def units(self) -> dict[int, int]:
        """Units by variant."""
        return {line.offer.variant_id: line.quantity for line in self.lines}

    @property
    def offers(self) -> dict[int, Offer]:
        """What they are sold as, by variant."""
        return {line.offer.variant_id: line.offer for line in self.lines}

    @property
    def address(self) -> AnyRow | None:
        """Where the order goes; None when the buyer has no such address."""
        return address_queries.joined_address(self.head)


def lock_cart(tx: Connection, ordering: Ordering, now: datetime) -> LockedCart:
    """Lock the cart and its stock, in the order of variants and locations, and return what is known of them.

    Raises CartEmpty, and RequestIdUsed when the request id made an order so long ago that its reply is forgotten.
    """
    carts.lock_for_order(tx, ordering.user_id, now)
    code = code_of(ordering.coupon_code)
    values: dict[str, object] = {"buyer": ordering.user_id, "used_id": ordering.request_id}
    if ordering.address_id:
        values["meant_address"] = ordering.address_id
    if code:
        values["coupon_code"] = code
    heads = _head(by_code=bool(code), default_address=not ordering.address_id).later(tx, **values)
    rows = _LINES.all(tx, buyer=ordering.user_id)
    head = heads.first()
    if head is not None and head.made_before is not None:
        raise RequestIdUsed(resource="order", resource_id=head.made_before)
    if head is None or not rows:
        raise CartEmpty()
    levels = [level_of(row) for row in rows]
    return LockedCart(head, _lines(rows, levels, now), levels)


def _lines(rows: Sequence[AnyRow], levels: Sequence[StockLevel], now: datetime) -> list[LineUnits]:
    """The lines in the order in which they were added; each has a row for every location of its variant."""
    orderable: dict[int, int] = {}
    first: dict[int, AnyRow] = {}
    for row, level in zip(rows, levels, strict=True):
        orderable[row.item_id] = orderable.get(row.item_id, 0) + level.orderable
        first.setdefault(row.item_id, row)
    return [
        LineUnits(item_id, offer_from(first[item_id], now, orderable[item_id]), first[item_id].quantity)
        for item_id in sorted(first)
    ]


@lru_cache(maxsize=4)
def _head(*, by_code: bool, default_address: bool) -> Prepared:
    """The cart's own columns with its buyer's address and reductions, in one row."""
    buyer = bindparam("buyer", type_=BigInteger)
    # The state stands in the text for the index's sake.
    unpaid = select(func.count()).where(Order.user_id == buyer, text("orders.status = 'PENDING_PAYMENT'"))
    made_before = select(Order.id).where(Order.user_id == buyer, Order.request_id == bindparam("used_id"))
    is_coupon = Coupon.code == bindparam("coupon_code") if by_code else Coupon.id == Cart.coupon_id

    def build(dialect: str) -> Statement:
        cart = select(
            Cart.id.label("cart_id"),
            Cart.version.label("cart_version"),
            Cart.coupon_id.label("cart_coupon_id"),
            Cart.points.label("cart_points"),
            Cart.shown.label("cart_shown"),
            unpaid.scalar_subquery().label("unpaid"),
            made_before.scalar_subquery().label("made_before"),
            next_id(Order, dialect).label("order_id"),
        ).where(Cart.user_id == buyer)
        reduced = promotion_queries.joined(cart, Cart.user_id, is_coupon)
        return address_queries.joined(reduced, Cart.user_id, default=default_address)

    return Prepared(build)


_LINES = Prepared(
    select(
        *SOLD_AS,
        InventoryLevel.location_id,
        InventoryLevel.available,
        InventoryLevel.priority,
        CartItem.id.label("item_id"),
        CartItem.quantity,
    )
    .join_from(Variant, Product, Product.id == Variant.product_id)
    .join(InventoryLevel, InventoryLevel.variant_id == Variant.id)
    .join(CartItem, CartItem.variant_id == Variant.id)
    .join(Cart, Cart.id == CartItem.cart_id)
    .where(Cart.user_id == bindparam("buyer"))
    .order_by(InventoryLevel.variant_id, InventoryLevel.location_id)
    .with_for_update(of=InventoryLevel)
)
"""The lines of a cart with what they are sold as and their stock at each location, which is locked."""
