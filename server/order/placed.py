"""A placed order as the rules see it: built from its rows here, and nowhere else.

The fields are named like the columns of `models.Order` and `models.OrderLine`, which say what they mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.catalog.variants.options import Options, options_of
from server.db.base import AnyRow
from server.db.rows import from_row
from server.events.models import JsonObject
from server.events.order_steps import Parcel
from server.metadata import Metadata
from server.order.status import PENDING_PAYMENT
from server.payment.order_payment import OrderPayment
from server.payment.records import OrderDispute
from server.promotion.service import RewardedOrder
from server.user.sealed_addresses import AddressSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedLine:
    """A line of an order."""

    position: int
    product_id: int
    variant_id: int
    sku: str
    name: str
    quantity: int
    price_minor: int
    total_minor: int
    list_price_minor: int
    discount_minor: int
    tax_minor: int
    shipping_minor: int
    options: Options = ()
    refunded_quantity: int = 0
    returning_quantity: int = 0
    returned_quantity: int = 0
    restocked_quantity: int = 0
    refunded_minor: int = 0
    withheld_quantity: int = 0
    released_quantity: int = 0

    @property
    def shippable(self) -> int:
        """Units that parcels may hold in all: a refund that failed lets its units go."""
        return self.quantity - self.withheld_quantity + self.released_quantity

    @property
    def first_shipped(self) -> int:
        """Units that left with the step to SHIPPED, where no parcel says which."""
        return self.quantity - self.withheld_quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedOrder:
    """An order with its lines, its payment, unless it was imported, and the dispute to show, if there is one."""

    id: int
    number: str
    user_id: int | None
    request_id: str | None
    status: str
    currency: str
    subtotal_minor: int
    discount_minor: int
    product_discount_minor: int
    tier_discount_minor: int
    coupon_discount_minor: int
    points_discount_minor: int
    points_redeemed: int
    points_earned: int
    coupon_id: int | None
    coupon_code: str
    tax_minor: int
    shipping_minor: int
    total_minor: int
    address: AddressSnapshot
    """As it is stored: sealed, but for its country."""
    delivery_option: str
    language: str = ""
    tracking_number: str
    shipments: Sequence[Parcel] = ()
    custom_metadata: Metadata | None = None
    metadata_version: int = 0
    eta: datetime | None
    last_sequence: int
    reserved_until: datetime | None
    delivered_at: datetime | None = None
    points_counted_at: datetime | None = None
    placed_at: datetime
    updated_at: datetime
    lines: Sequence[PlacedLine] = ()
    payment: OrderPayment | None = None
    dispute: OrderDispute | None = None

    @property
    def version(self) -> int:
        """Counts the changes of the order."""
        return self.last_sequence + self.metadata_version

    @property
    def units(self) -> dict[int, int]:
        """Units by variant."""
        return {line.variant_id: line.quantity for line in self.lines}

    @property
    def rewards(self) -> RewardedOrder:
        """What coupons and points need to know of it."""
        return RewardedOrder(
            id=self.id,
            user_id=self.user_id,
            total_minor=self.total_minor,
            points_earned=self.points_earned,
            points_redeemed=self.points_redeemed,
            coupon_id=self.coupon_id,
            delivered_at=self.delivered_at,
            points_counted_at=self.points_counted_at,
        )

    @property
    def charge(self) -> OrderPayment:
        """The payment of an order that a checkout made: each has one."""
        if self.payment is None:
            raise AssertionError(f"order {self.number} has no payment")
        return self.payment


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedOrder:
    """What a step needs to know of an order, which is locked until the transaction ends."""

    id: int
    user_id: int | None
    status: str
    last_sequence: int
    eta: datetime | None
    delivery_option: str
    shipments: Sequence[Parcel]
    custom_metadata: Metadata | None
    metadata_version: int

    @property
    def version(self) -> int:
        """Counts the changes of the order."""
        return self.last_sequence + self.metadata_version


def order_of(
    row: AnyRow, lines: Sequence[PlacedLine] = (), dispute: OrderDispute | None = None
) -> PlacedOrder:
    """Build an order from its row of `queries.order`."""
    return from_row(
        PlacedOrder,
        row,
        lines=tuple(lines),
        shipments=parcels_of(row.shipments),
        payment=payment_of(row),
        dispute=dispute,
    )


def parcels_of(json: Sequence[JsonObject] | None) -> tuple[Parcel, ...]:
    """Build the parcels that an order's row keeps."""
    return tuple(map(Parcel.of_json, json or ()))


def line_of(row: AnyRow) -> PlacedLine:
    """Build a line from its row."""
    return from_row(PlacedLine, row, options=options_of(row.options))


def payment_of(row: AnyRow) -> OrderPayment | None:
    """Build the payment that a row of `queries.order` holds; None for an imported order."""
    if row.payment_method is None:
        return None
    return OrderPayment(
        gateway=row.payment_gateway,
        gateway_id=row.gateway_id,
        method=row.payment_method,
        token=row.payment_token,
        status=row.payment_status,
        currency=row.currency,
        amount_minor=row.payment_minor,
        captured_minor=row.payment_captured_minor,
        refunded_minor=row.payment_refunded_minor,
        problem=row.payment_problem,
        decline_code=row.payment_decline_code,
        disputed=row.payment_disputed,
        payment_url=row.payment_url if row.status == PENDING_PAYMENT else "",
        updated_at=row.payment_updated_at,
    )
