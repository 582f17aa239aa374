"""Gathers order lines into invoices, products and customers."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from server.imports.countries import country_code
from server.imports.rows import SaleRow

MONTH_DAYS: Final = 30
MIN_STOCK, MAX_STOCK = 12, 1_000

SERVICES: Final = frozenset(
    {"AMAZONFEE", "B", "BANK CHARGES", "C2", "CRUK", "D", "DOT", "M", "POST", "S", "23444", "23702"}
)
"""Codes of postage, fees, discounts, samples and the like: part of old orders, but nothing to sell again."""

Line = tuple[str, str, int, int, int]
"""Stock code, name on the invoice, units, unit price and total in pence."""


@dataclass(slots=True)
class Invoice:
    """A future order: the invoice's lines, wherever they stood in the file, and its earliest time."""

    number: str
    cancelled: bool
    time: datetime
    customer: int | None
    country: str
    lines: list[Line] = field(default_factory=list)

    @property
    def total_minor(self) -> int:
        """The price of all lines, in pence."""
        return sum(line[4] for line in self.lines)


@dataclass(slots=True)
class LedgerProduct:
    """The facts in the file about one stock code."""

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

        The median is a price that was really charged, and neither wholesale rebates nor typing errors move it.
        """
        return max(1, statistics.median_low(list(self.prices.elements())))

    @property
    def stock(self) -> int:
        """A month's usual sales, from a dozen to a thousand: the data has no stock, and a shop needs some."""
        if self.first is None or self.last is None:
            return MIN_STOCK
        months = max(1.0, (self.last - self.first).days / MONTH_DAYS)
        return min(MAX_STOCK, max(MIN_STOCK, round(self.sold / months)))


@dataclass(slots=True)
class LedgerCustomer:
    """The facts in the file about one customer: the first invoice's time, and the country of the latest."""

    number: int
    since: datetime
    latest: datetime
    country: str


class Ledger:
    """The contents of the file, gathered in one reading."""

    def __init__(self) -> None:
        self.invoices: dict[str, Invoice] = {}
        self.goods: dict[str, LedgerProduct] = {}
        self.customers: dict[int, LedgerCustomer] = {}

    def add(self, row: SaleRow) -> None:
        """Enter one order line."""
        goods = self.goods.get(row.sku)
        if goods is None:
            goods = self.goods[row.sku] = LedgerProduct()
        _add_to_product(goods, row)
        invoice = self.invoices.get(row.invoice)
        if invoice is None:
            country = country_code(row.country)
            invoice = Invoice(row.invoice, row.cancelled, row.time, row.customer, country)
            self.invoices[row.invoice] = invoice
        invoice.time = min(invoice.time, row.time)
        invoice.customer = invoice.customer or row.customer
        invoice.lines.append((row.sku, row.name, row.quantity, row.price_minor, row.total_minor))
        if row.customer is not None:
            self._add_to_customer(row.customer, row.time, invoice.country)

    def _add_to_customer(self, number: int, time: datetime, country: str) -> None:
        customer = self.customers.get(number)
        if customer is None:
            self.customers[number] = LedgerCustomer(number, time, time, country)
            return
        customer.since = min(customer.since, time)
        if time >= customer.latest:
            customer.latest, customer.country = time, country


def _add_to_product(goods: LedgerProduct, row: SaleRow) -> None:
    if row.name:
        # Taken out and put back, the name met last stands last
        goods.names[row.name] = goods.names.pop(row.name, 0) + 1
    goods.prices[row.price_minor] += 1
    if not row.cancelled:
        goods.sold += row.quantity
    goods.first = row.time if goods.first is None else min(goods.first, row.time)
    goods.last = row.time if goods.last is None else max(goods.last, row.time)
