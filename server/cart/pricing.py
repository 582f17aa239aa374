"""What a set of lines costs: tax, shipping and total, in integer minor units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from server.money import share, to_minor
from server.settings import Settings


@dataclass(frozen=True)
class PriceRules:
    """What the shop charges on top of its goods."""

    tax_rate: Decimal
    tax_rates: Mapping[str, Decimal]
    shipping_fee: Mapping[str, Decimal]
    free_shipping_from: Mapping[str, Decimal]

    @classmethod
    def of(cls, settings: Settings) -> PriceRules:
        """The rules that the settings state."""
        return cls(settings.tax_rate, settings.tax_rates, settings.shipping_fee, settings.free_shipping_from)


@dataclass(frozen=True)
class Totals:
    """What an order costs; total = subtotal - discount + tax + shipping."""

    currency: str
    subtotal: int
    discount: int
    tax: int
    shipping: int

    @property
    def total(self) -> int:
        """What is to be paid."""
        return self.subtotal - self.discount + self.tax + self.shipping


def totals(line_totals: Sequence[int], currency: str, country: str | None, rules: PriceRules) -> Totals:
    """Price lines that go to `country` (None: not known yet, the general rate).

    Tax is rounded half-up on each line, so that the lines' shares always sum to the whole. Shipping is judged on
    the goods before tax, and nothing costs nothing.
    """
    subtotal = sum(line_totals)
    rate = rules.tax_rates.get(country or "", rules.tax_rate)
    return Totals(
        currency=currency,
        subtotal=subtotal,
        discount=0,
        tax=sum(share(line, rate) for line in line_totals),
        shipping=_shipping(subtotal, currency, rules) if line_totals else 0,
    )


def _shipping(goods: int, currency: str, rules: PriceRules) -> int:
    free_from = rules.free_shipping_from.get(currency)
    if free_from is not None and goods >= to_minor(free_from, currency):
        return 0
    return to_minor(rules.shipping_fee.get(currency, Decimal(0)), currency)
