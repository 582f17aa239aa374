"""Imports the UCI "Online Retail" data: a year of invoices of a British gift shop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine

from server.catalog.listings import count_sales
from server.events.log import publish
from server.events.topics import CatalogReplaced
from server.imports.catalogue import write_customers, write_products
from server.imports.ledger import Ledger
from server.imports.orders import ShopIds, lock, write_orders
from server.imports.rows import CURRENCY, ImportFailed, Rejected, read_rows
from server.money import Money
from server.progress import ProgressReport

__all__ = ["ImportFailed", "Rejected", "Summary", "import_online_retail"]


@dataclass(slots=True)
class Summary:
    """The contents of the file in numbers, and how many of each are new to the shop."""

    rows: int = 0
    sale_lines: int = 0
    """Lines of sales, which become lines of DELIVERED orders."""
    cancelled_lines: int = 0
    sales: int = 0
    guest_sales: int = 0
    cancellations: int = 0
    revenue: Money = field(default_factory=lambda: Money(0, CURRENCY))
    """The worth of the sales: each line rounded half-up to the penny."""
    products: int = 0
    new_products: int = 0
    customers: int = 0
    new_customers: int = 0
    new_orders: int = 0
    """Orders written now; the others of sales and cancellations were there already."""
    rejected: Counter[str] = field(default_factory=Counter)
    """The number of rows that are no order lines, by reason."""
    form: str = ""
    """The format that was recognised."""

    @property
    def lines(self) -> int:
        """The number of rows that are order lines."""
        return self.sale_lines + self.cancelled_lines


def import_online_retail(
    engine: Engine,
    path: Path,
    *,
    limit: int | None = None,
    progress: ProgressReport,
    report: Callable[[Rejected], None],
) -> Summary:
    """Bring the invoices of `path` (CSV, plain or gzipped) into the shop as products, customers and orders.

    One invoice is one order, wherever its lines stand. With `limit`, the import takes the invoices that begin
    within the first `limit` rows, each of them whole. What the shop has already stays as it is, so that an import
    can be repeated, and continued where it was cut short. `report` is called with every row that is no order line.
    Raises ImportFailed: the file cannot be read; nothing is written then, nor when no row is an order line.
    """
    summary = Summary()
    ledger = _read(path, limit, summary, progress, report)
    _count(ledger, summary)
    if not summary.lines:
        return summary
    progress("Writing products", 0, summary.products)
    with engine.begin() as tx:
        lock(tx)
        product_ids, summary.new_products = write_products(tx, ledger)
    progress("Writing products", summary.products, summary.products)
    with engine.begin() as tx:
        lock(tx)
        user_ids, summary.new_customers = write_customers(tx, ledger.customers.values())
    summary.new_orders = write_orders(engine, ledger, ShopIds(product_ids, user_ids), progress)
    counted = 1
    while counted:
        with engine.begin() as tx:
            counted = count_sales(tx)
    with engine.begin() as tx:
        publish(tx, CatalogReplaced())
    return summary


def _read(
    path: Path,
    limit: int | None,
    summary: Summary,
    progress: ProgressReport,
    report: Callable[[Rejected], None],
) -> Ledger:
    ledger = Ledger()

    def form_seen(form: object) -> None:
        summary.form = str(form)

    for row in read_rows(path, lambda read, size: progress("Reading the file", read, size), form_seen):
        beyond = limit is not None and summary.rows >= limit
        if isinstance(row, Rejected):
            if not beyond:
                summary.rows += 1
                summary.rejected[row.reason] += 1
                report(row)
            continue
        if beyond and row.invoice not in ledger.invoices:
            continue
        summary.rows += not beyond
        ledger.add(row)
    return ledger


def _count(ledger: Ledger, summary: Summary) -> None:
    pence = 0
    for invoice in ledger.invoices.values():
        if invoice.cancelled:
            summary.cancellations += 1
            summary.cancelled_lines += len(invoice.lines)
            continue
        summary.sales += 1
        summary.guest_sales += invoice.customer is None
        summary.sale_lines += len(invoice.lines)
        pence += invoice.total_minor
    summary.revenue = Money(pence, CURRENCY)
    summary.products, summary.customers = len(ledger.goods), len(ledger.customers)
