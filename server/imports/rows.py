"""Reads the rows of an Online Retail file, and gives the reason for each that cannot be an order line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final, NamedTuple

from ml.data.invoice_file import COLUMNS, Form, InvoiceFile, Record, invoice_file
from ml.data.textfile import UnreadableFile
from server.errors import CommandError
from server.imports.naming import natural_name
from server.money import to_minor
from server.text.allowed import problem_of_lines

__all__ = ["COLUMNS", "CURRENCY", "ImportFailed", "Rejected", "SaleRow", "read_rows"]

CURRENCY: Final = "GBP"
ROWS_PER_REPORT: Final = 5_000
MAX_QUANTITY: Final = 10_000_000
"""A hundred times the largest quantity of the real data; keeps every sum far from the columns' limits."""
MAX_PENCE: Final = 10_000_000
"""The highest believable price of one unit, for the same reason."""
MAX_INVOICE_LENGTH: Final = 20
MAX_SKU_LENGTH: Final = 64
MAX_CUSTOMER: Final = 10**12
MAX_NAME_LENGTH: Final = 200
MAX_COUNTRY_LENGTH: Final = 100
EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
AHEAD: Final = timedelta(days=1)
"""The most an invoice may lie in the future: its time zone is not recorded."""
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,20}")  # int() accepts more than people write: 1_000, １２


class ImportFailed(CommandError):
    """The file cannot be imported at all; the text says why in one line."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that is no order line: its line in the file (1 is the heading), the reason, and the row
    itself.
    """

    line: int
    reason: str
    row: tuple[str, ...]


class SaleRow(NamedTuple):
    """An order line. Money in pence; `cancelled` when its invoice calls a sale off, `customer` None
    for a guest.
    """

    line: int
    invoice: str
    cancelled: bool
    sku: str
    name: str
    """The description as a product name; empty when there is none."""
    quantity: int
    price_minor: int
    total_minor: int
    time: datetime
    customer: int | None
    country: str


class _Price(NamedTuple):
    """A unit price; `exact` when it is whole pence, so that no line total of it needs rounding."""

    amount: Decimal
    minor: int
    exact: bool


class _Unfit(Exception):
    """The row cannot be an order line; the text is the reason."""


def read_rows(
    path: Path, position: Callable[[int, int], None], form_seen: Callable[[Form], None] = lambda form: None
) -> Iterator[SaleRow | Rejected]:
    """Every row of an Online Retail file, plain or gzipped, in its order.

    `position` is called with the bytes read and their total; `form_seen` with the file's format. Times are
    taken as UTC: the data does not name its zone. Raises ImportFailed: the file cannot be read or is cut short, or
    its heading lacks a column.
    """
    try:
        with invoice_file(path) as file:
            form_seen(file.form)
            yield from _rows(file, position)
    except UnreadableFile as error:
        raise ImportFailed(str(error)) from error


def _rows(file: InvoiceFile, position: Callable[[int, int], None]) -> Iterator[SaleRow | Rejected]:
    reader = _Reader(file.form, datetime.now(UTC) + AHEAD)
    for count, record in enumerate(file.records()):
        if count % ROWS_PER_REPORT == 0:
            position(file.position(), file.size)
        try:
            yield reader.sale(record)
        except _Unfit as unfit:
            yield Rejected(record.line, str(unfit), tuple(record.whole))
    position(file.size, file.size)


class _Reader:
    """Makes sales of records.

    Parsed values are cached: the same prices, names and times recur, and an invoice's lines follow each other.
    """

    def __init__(self, form: Form, latest: datetime) -> None:
        self._form = form
        self._latest = latest
        self._invoice_text: str | None = None
        self._invoice = ("", False)
        self._prices: dict[str, _Price] = {}
        self._times: dict[str, datetime] = {}
        self._customers: dict[str, int | None] = {}
        self._names: dict[str, str] = {}

    def sale(self, record: Record) -> SaleRow:
        """The order line in a record; raises _Unfit."""
        if record.problem:
            raise _Unfit(record.problem)
        whole = "".join(record.whole)
        if not whole.isascii() or not whole.isprintable():
            self._check_text(whole)
        invoice_text, sku, description, quantity_text, date, price_text, customer, country = record.cells
        if self._invoice_text != invoice_text:
            self._invoice, self._invoice_text = _invoice(invoice_text), invoice_text
        invoice, cancelled = self._invoice
        sku = sku.strip().upper()
        if not sku or len(sku) > MAX_SKU_LENGTH:
            raise _Unfit("stock code too long" if sku else "no stock code")
        if len(country) > MAX_COUNTRY_LENGTH:
            raise _Unfit("country too long")
        quantity = _quantity(quantity_text, cancelled)
        price = self._price(price_text)
        time = self._time(date)
        if customer not in self._customers:
            self._customers[customer] = _customer(customer)
        total = price.minor * quantity if price.exact else to_minor(price.amount * quantity, CURRENCY)
        start = (record.line, invoice, cancelled, sku, self._name(description))
        return SaleRow(*start, quantity, price.minor, total, time, self._customers[customer], country)

    def _check_text(self, text: str) -> None:
        """Refuse a row whose bytes are no text, or that holds what cannot be printed."""
        try:
            text.encode()
        except UnicodeEncodeError:
            raise _Unfit(f"not {self._form.encoding_name}") from None
        if "\0" in text:
            raise _Unfit("holds a NUL character")
        if problem_of_lines(text.replace("\r", "\n")):
            raise _Unfit("holds a control character")

    def _name(self, description: str) -> str:
        name = self._names.get(description)
        if name is None:
            name = natural_name(" ".join(description.split()))
            if max(len(name), len(description)) > MAX_NAME_LENGTH:
                raise _Unfit("description too long")
            self._names[description] = name
        return name

    def _price(self, text: str) -> _Price:
        price = self._prices.get(text)
        if price is None:
            price = self._prices[text] = _price(self._form, text)
        return price

    def _time(self, text: str) -> datetime:
        time = self._times.get(text)
        if time is None:
            time = _time(self._form, text)
            if not EARLIEST <= time <= self._latest:
                raise _Unfit("date lies in the future" if time > EARLIEST else "date before 1970")
            self._times[text] = time
        return time


def _invoice(text: str) -> tuple[str, bool]:
    """The invoice's number, and whether it cancels."""
    invoice = text.strip().upper()
    digits = invoice.removeprefix("C")
    if not (digits.isascii() and digits.isdigit()) or len(invoice) > MAX_INVOICE_LENGTH:
        raise _Unfit("invoice is neither a number nor C and a number" if invoice else "no invoice number")
    return invoice, digits != invoice


def _quantity(text: str, cancelled: bool) -> int:
    """The units of the line; a cancellation counts them below zero."""
    if not _WHOLE.fullmatch(text.strip()):
        raise _Unfit("quantity is not a whole number")
    quantity = int(text)
    if cancelled:
        quantity = abs(quantity)
    if quantity <= 0:
        raise _Unfit("quantity is zero" if quantity == 0 else "quantity below zero on a sale")
    if quantity > MAX_QUANTITY:
        raise _Unfit("quantity out of range")
    return quantity


def _price(form: Form, text: str) -> _Price:
    try:
        price = form.amount(text)
    except ValueError:
        raise _Unfit("price is not a number") from None
    if price <= 0:
        raise _Unfit("price is zero" if price == 0 else "price below zero")
    if price * 100 > MAX_PENCE:
        raise _Unfit("price out of range")
    minor = to_minor(price, CURRENCY)
    return _Price(price, minor, price * 100 == minor)


def _time(form: Form, text: str) -> datetime:
    try:
        return form.moment(text)
    except ValueError:
        raise _Unfit(f"date is not written as {form.date_example}") from None


def _customer(text: str) -> int | None:
    """The customer's number, which the file writes as 17850.0; None when it is empty."""
    number = text.strip().removesuffix(".0")
    if not number:
        return None
    if not (number.isascii() and number.isdigit()) or int(number) > MAX_CUSTOMER or int(number) == 0:
        raise _Unfit("customer is not a number")
    return int(number)
