"""An order as the analytics count it, and what it adds to each roll-up. Pure.

Paid is what the order cost, and refunded all that went or is to go back of it. An order counts once it was
confirmed, and no more once it is cancelled: what was paid for that went back as if it had never been. One that is
REFUNDED or RETURNED counts, with its refunds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, Self, TypeAlias

from server.analytics.models import (
    DAY,
    CouponSales,
    CustomerSales,
    ProductSales,
    RegionSales,
    SalesDay,
    SalesHour,
)
from server.db.base import Base
from server.events.models import JsonObject

Contribution: TypeAlias = tuple[type[Base], tuple[object, ...], Sequence[int]]
"""What is added to a row: its table, its key and the numbers, in the order of the table's columns."""


class Sums(NamedTuple):
    """What is summed up of whole orders, as the columns of `SALES_SUMS`."""

    orders: int
    units: int
    kept_units: int
    list_minor: int
    product_discount_minor: int
    tier_discount_minor: int
    coupon_discount_minor: int
    points_discount_minor: int
    tax_minor: int
    shipping_minor: int
    paid_minor: int
    refunded_minor: int
    refunded_tax_minor: int
    refunded_shipping_minor: int


class LineFacts(NamedTuple):
    """The lines of an order that have one product, together."""

    product_id: int
    units: int
    kept_units: int
    paid_minor: int
    refunded_minor: int


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """An order as it is counted."""

    day: date
    hour: datetime
    currency: str
    user_id: int | None
    country: str
    coupon_id: int | None
    sums: Sums
    lines: tuple[LineFacts, ...]

    def to_json(self) -> JsonObject:
        """The facts as they are stored: there is a row for every order, so names are short."""
        return {
            "d": self.day.isoformat(),
            "h": self.hour.isoformat(),
            "c": self.currency,
            "u": self.user_id,
            "r": self.country,
            "k": self.coupon_id,
            "s": list(self.sums),
            "l": [list(line) for line in self.lines],
        }

    @classmethod
    def of_json(cls, json: JsonObject) -> Self:
        """The facts that `to_json` wrote."""
        return cls(
            day=date.fromisoformat(json["d"]),
            hour=datetime.fromisoformat(json["h"]),
            currency=json["c"],
            user_id=json["u"],
            country=json["r"],
            coupon_id=json["k"],
            sums=Sums(*json["s"]),
            lines=tuple(LineFacts(*line) for line in json["l"]),
        )

    def contributions(self) -> Iterator[Contribution]:
        """What the order adds to the roll-ups, of spans to those of its day: months are the sums of their days."""
        sums, day, currency = self.sums, self.day, self.currency
        yield SalesHour, (self.hour, currency), sums
        yield SalesDay, (day, currency), sums
        whole = (1, sums.units, sums.paid_minor, sums.refunded_minor)
        for product_id, *counts in self.lines:
            yield ProductSales, (DAY, day, currency, product_id), (1, *counts)
        yield RegionSales, (DAY, day, currency, self.country), whole
        if self.user_id is not None:
            yield CustomerSales, (DAY, day, currency, self.user_id), whole
        if self.coupon_id is not None:
            of_coupon = (1, sums.units, sums.coupon_discount_minor, sums.paid_minor, sums.refunded_minor)
            yield CouponSales, (DAY, day, currency, self.coupon_id), of_coupon
