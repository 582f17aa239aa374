"""The one function that says what lines cost, in integer minor units; it prices carts, orders and refunds.

Reductions come in one order: the product's own discount, the buyer's tier, a coupon, points. Tax is due on what
remains, and shipping is judged by it. Every amount is spread over the lines, so that the lines sum to the whole
and a line can be paid back by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from server.money import decimals, share_bp, to_minor, to_minor_from
from server.pricing.tiers import Tiers
from server.settings import Settings

POINTS_PER_UNIT: Final = 100
"""So many points are worth one major unit of a currency."""


@dataclass(frozen=True)
class PriceRules:
    """What the shop charges on top of its goods, and what its loyal buyers get off them."""

    tax_rate: Decimal
    tax_rates: Mapping[str, Decimal]
    shipping_fee: Mapping[str, Decimal]
    free_shipping_from: Mapping[str, Decimal]
    tiers: Tiers = field(default_factory=Tiers)

    @classmethod
    def of(cls, settings: Settings) -> PriceRules:
        """The rules that the settings state."""
        return cls(
            settings.tax_rate,
            settings.tax_rates,
            settings.shipping_fee,
            settings.free_shipping_from,
            Tiers.of(settings),
        )


@dataclass(frozen=True, slots=True)
class Item:
    """Units of a variant: the price of one before the product's discount, and the price of one now."""

    variant_id: int
    list_minor: int
    price_minor: int
    quantity: int


@dataclass(frozen=True, slots=True)
class CouponRule:
    """What a coupon takes off: a share in basis points or an amount, from a minimum and up to a maximum."""

    id: int
    code: str
    percent_bp: int | None
    amount_minor: int | None
    max_discount_minor: int | None
    min_purchase_minor: int


@dataclass(frozen=True, slots=True)
class Reductions:
    """What the buyer gets off: by their tier, by a coupon, by points they want to redeem, and have."""

    tier_bp: int = 0
    coupon: CouponRule | None = None
    points: int = 0


NONE: Final = Reductions()


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A line with its part of everything; `total` is today's price times the quantity."""

    variant_id: int
    quantity: int
    list_total: int
    total: int
    tier_discount: int
    coupon_discount: int
    points_discount: int
    tax: int
    shipping: int

    @property
    def discount(self) -> int:
        """What tier, coupon and points take off."""
        return self.tier_discount + self.coupon_discount + self.points_discount

    @property
    def goods(self) -> int:
        """What the goods cost after every reduction, before tax."""
        return self.total - self.discount

    @property
    def paid(self) -> int:
        """What is paid for the line, all in."""
        return self.goods + self.tax + self.shipping


@dataclass(frozen=True, kw_only=True)
class Totals:
    """What an order costs; total = subtotal - discount + tax + shipping. `subtotal` is at list prices."""

    currency: str
    subtotal: int
    product_discount: int = 0
    tier_discount: int = 0
    coupon_discount: int = 0
    points_discount: int = 0
    points_redeemed: int = 0
    points_earned: int = 0
    tax: int
    shipping: int

    @property
    def discount(self) -> int:
        """All reductions."""
        return self.product_discount + self.tier_discount + self.coupon_discount + self.points_discount

    @property
    def total(self) -> int:
        """What is to be paid."""
        return self.subtotal - self.discount + self.tax + self.shipping


@dataclass(frozen=True, kw_only=True)
class Priced(Totals):
    """Priced lines, in the order they came, and their totals."""

    lines: tuple[PricedLine, ...]
    coupon_short: int = 0
    """How far the goods are below the coupon's minimum; above 0 the coupon took nothing off."""


def price(
    items: Sequence[Item],
    currency: str,
    country: str | None,
    rules: PriceRules,
    reductions: Reductions = NONE,
) -> Priced:
    """Price items that go to `country` (None: not known yet, the general rate).

    Tier and tax are rounded half-up on each line. A coupon and points are taken off the whole, and spread over
    the lines by what these still cost; a coupon's minimum is judged by the same. The sequence of the items changes
    nothing.
    """
    ids = [item.variant_id for item in items]
    totals = [item.price_minor * item.quantity for item in items]
    tier = [share_bp(total, reductions.tier_bp) for total in totals]
    left = _less(totals, tier)
    short = _short_of(reductions.coupon, sum(left))
    coupon_off = 0 if short else _taken_by(reductions.coupon, sum(left))
    coupon = spread(coupon_off, left, ids)
    left = _less(left, coupon)
    redeemed, points_off = _redeemed(reductions.points, sum(left), currency)
    points = spread(points_off, left, ids)
    left = _less(left, points)
    tax = _taxes(left, rules.tax_rates.get(country or "", rules.tax_rate))
    shipping_fee = _shipping(sum(left), currency, rules) if items else 0
    shipping = spread(shipping_fee, left if any(left) else totals, ids)
    lists = [item.list_minor * item.quantity for item in items]
    parts = zip(items, lists, totals, tier, coupon, points, tax, shipping, strict=True)
    return Priced(
        points_earned=points_for(sum(left) + sum(tax) + shipping_fee, currency),
        currency=currency,
        subtotal=sum(lists),
        product_discount=sum(lists) - sum(totals),
        tier_discount=sum(tier),
        coupon_discount=coupon_off,
        points_discount=points_off,
        points_redeemed=redeemed,
        tax=sum(tax),
        shipping=shipping_fee,
        lines=tuple([PricedLine(item.variant_id, item.quantity, *rest) for item, *rest in parts]),
        coupon_short=short,
    )


def portion(minor: int, quantity: int, before: int, units: int) -> int:
    """The share of `minor` that falls to `units` units of a line of `quantity`, when `before` had theirs already.

    It is rounded so that the shares of all units sum to `minor`, however they are taken. A refund takes the
    portions of a line's goods, tax and shipping each for itself: none of these can be below zero, as a difference
    could.
    """
    return _half_up(minor * (before + units), quantity) - _half_up(minor * before, quantity)


def spread(minor: int, weights: Sequence[int], keys: Sequence[int]) -> list[int]:
    """Spread an amount by weights, by the largest remainder; nobody gets more than their weight of it, rounded up.

    What is left over goes to equal remainders in the order of their keys, so that the order of the lines does not
    decide. Without any weight it is spread evenly.
    """
    if not minor or not weights:
        return [0] * len(weights)
    whole = sum(weights)
    if not whole:
        return spread(minor, [1] * len(weights), keys)
    shares = [minor * weight // whole for weight in weights]
    over = minor - sum(shares)
    if over:
        remainder = [minor * weight % whole for weight in weights]
        first = sorted(range(len(weights)), key=lambda i: (-remainder[i], -weights[i], keys[i]))
        for i in first[:over]:
            shares[i] += 1
    return shares


def points_value(points: int, currency: str) -> int:
    """What points are worth, in whole minor units."""
    return points * _minor_units(currency) // POINTS_PER_UNIT


def points_worth(minor: int, currency: str) -> int:
    """The most points that are worth no more than `minor`."""
    if _minor_units(currency) >= POINTS_PER_UNIT:
        return minor * POINTS_PER_UNIT // _minor_units(currency)
    return minor * (POINTS_PER_UNIT // _minor_units(currency))


def points_for(paid: int, currency: str) -> int:
    """The points that a payment earns: one for each full major unit."""
    return paid // _minor_units(currency)


def _minor_units(currency: str) -> int:
    units: int = 10 ** decimals(currency)
    return units


def _short_of(coupon: CouponRule | None, goods: int) -> int:
    return max(0, coupon.min_purchase_minor - goods) if coupon else 0


def _taken_by(coupon: CouponRule | None, left: int) -> int:
    """What a coupon takes off goods that still cost `left`."""
    if coupon is None:
        return 0
    off = share_bp(left, coupon.percent_bp) if coupon.percent_bp is not None else coupon.amount_minor or 0
    if coupon.max_discount_minor is not None:
        off = min(off, coupon.max_discount_minor)
    return min(off, left)


def _redeemed(points: int, left: int, currency: str) -> tuple[int, int]:
    """The points that goods which still cost `left` redeem, and what they take off."""
    off = points_value(min(points, points_worth(left, currency)), currency)
    return points_worth(off, currency), off  # yen have no cents: 199 points pay one yen, as 100 do


def _taxes(amounts: Sequence[int], rate: Decimal) -> list[int]:
    numerator, denominator = rate.as_integer_ratio()
    return [_half_up(minor * numerator, denominator) for minor in amounts]


def _less(amounts: Sequence[int], taken: Sequence[int]) -> list[int]:
    return [amount - off for amount, off in zip(amounts, taken, strict=True)]


def _half_up(numerator: int, denominator: int) -> int:
    """A quotient that is not below zero, rounded half-up."""
    return (2 * numerator + denominator) // (2 * denominator)


def _shipping(goods: int, currency: str, rules: PriceRules) -> int:
    free_from = rules.free_shipping_from.get(currency)
    if free_from is not None and goods >= to_minor_from(free_from, currency):
        return 0
    return to_minor(rules.shipping_fee.get(currency, Decimal(0)), currency)
