"""Gathers order lines into invoices, and what they tell of products and customers."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from server.imports.countries import country_code
from server.imports.rows import SaleRow

MONTH_DAYS: Final = 30
LEAST_STOCK, MOST_STOCK = 12, 1_000

SERVICES: Final = frozenset(
    {"AMAZONFEE", "B", "BANK CHARGES", "C2", "CRUK", "D", "DOT", "M", "POST", "S", "23444", "23702"}
)
"""Codes of postage, fees, discounts, samples and the like: part of old orders, but nothing to sell again."""

Line = tuple[str, str, int, int, int]
"""Stock code, name on the invoice, units, unit price and total in pence."""


@dataclass(slots=True)
class Invoice:
    """One order to be: the invoice's lines wherever they stood in the file, and its earliest time."""

    number: str
    cancelled: bool
    time: datetime
    customer: int | None
    country: str
    lines: list[Line] = field(default_factory=list)

    @property
    def total_minor(self) -> int:
        """What the goods cost, in pence."""
        return sum(line[4] for line in self.lines)


@dataclass(slots=True)
class Goods:
    """What the file tells of one stock code."""

    names: Counter[str] = field(default_factory=Counter)
    prices: Counter[int] = field(default_factory=Counter)
    sold: int = 0
    first: datetime | None = None
    last: datetime | None = None

    @property
    def name(self) -> str:
        """Its most frequent name; of two as frequent, the one met last."""
        most = max(self.names.values(), default=0)
        return next((name for name in reversed(self.names) if self.names[name] == most), "")

    @property
    def price_minor(self) -> int:
        """The median of the prices it was sold at, in pence, at least one.

        The median is a price that was really asked, and is moved neither by wholesale rebates nor by slips.
        """
        return max(1, statistics.median_low(list(self.prices.elements())))

    @property
    def stock(self) -> int:
        """A month's usual sales, from a dozen to a thousand: the data has no stock, and a shop needs some."""
        if self.first is None or self.last is None:
            return LEAST_STOCK
        months = max(1.0, (self.last - self.first).days / MONTH_DAYS)
        return min(MOST_STOCK, max(LEAST_STOCK, round(self.sold / months)))


@dataclass(slots=True)
class Customer:
    """What the file tells of one customer: since when, and the country of the latest invoice."""

    number: int
    since: datetime
    latest: datetime
    country: str


class Ledger:
    """Everything the file tells, gathered in one reading."""

    def __init__(self) -> None:
        self.invoices: dict[str, Invoice] = {}
        self.goods: dict[str, Goods] = {}
        self.customers: dict[int, Customer] = {}

    def add(self, row: SaleRow) -> None:
        """Enter one order line."""
        goods = self.goods.get(row.sku)
        if goods is None:
            goods = self.goods[row.sku] = Goods()
        _tell_goods(goods, row)
        invoice = self.invoices.get(row.invoice)
        if invoice is None:
            country = country_code(row.country)
            invoice = Invoice(row.invoice, row.cancelled, row.time, row.customer, country)
            self.invoices[row.invoice] = invoice
        invoice.time = min(invoice.time, row.time)
        invoice.customer = invoice.customer or row.customer
        invoice.lines.append((row.sku, row.name, row.quantity, row.price_minor, row.total_minor))
        if row.customer is not None:
            self._tell_customer(row.customer, row.time, invoice.country)

    def _tell_customer(self, number: int, time: datetime, country: str) -> None:
        customer = self.customers.get(number)
        if customer is None:
            self.customers[number] = Customer(number, time, time, country)
            return
        customer.since = min(customer.since, time)
        if time >= customer.latest:
            customer.latest, customer.country = time, country


def _tell_goods(goods: Goods, row: SaleRow) -> None:
    if row.name:
        # Taken out and put back, the name met last stands last
        goods.names[row.name] = goods.names.pop(row.name, 0) + 1
    goods.prices[row.price_minor] += 1
    if not row.cancelled:
        goods.sold += row.quantity
    goods.first = row.time if goods.first is None else min(goods.first, row.time)
    goods.last = row.time if goods.last is None else max(goods.last, row.time)
