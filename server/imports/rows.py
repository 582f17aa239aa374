"""Reads the lines of an Online Retail file, and says of each bad one why it cannot be an order line."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple

from server.errors import CommandError
from server.money import to_minor

CURRENCY: Final = "GBP"
COLUMNS: Final = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)
GZIP_MAGIC: Final = b"\x1f\x8b"
ROWS_PER_REPORT: Final = 5_000
MAX_QUANTITY: Final = 10_000_000
"""A hundred times the largest quantity of the real data; keeps every sum far from the columns' limits."""
MAX_PENCE: Final = 10_000_000
"""The highest believable price of one unit, for the same reason."""
MAX_INVOICE_LENGTH: Final = 20
MAX_SKU_LENGTH: Final = 64
MAX_CUSTOMER: Final = 10**12
# int() and Decimal() take more than people write: 1_000, １２, NaN, 1e999
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,20}")
_DECIMAL: Final = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{0,20})?|[+-]?\.[0-9]{1,20}")


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
    description: str
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


class _Known:
    """What was read before: the same prices and times come again and again, and invoices in runs of lines."""

    def __init__(self) -> None:
        self.invoice_text: str | None = None
        self.invoice = ("", False)
        self.prices: dict[str, _Price] = {}
        self.times: dict[str, datetime] = {}
        self.customers: dict[str, int | None] = {}


class _Unfit(Exception):
    """The row cannot be an order line; the text is the reason."""


def read_rows(path: Path, position: Callable[[int], None]) -> Iterator[SaleRow | Rejected]:
    """Every row of a CSV file, plain or gzipped, in its order; `position` is told how many bytes are read.

    Times are taken as UTC: the data does not name its zone. Raises ImportFailed: the file cannot be read or
    is cut short, or its heading lacks a column.
    """
    try:
        with ExitStack() as stack:
            raw = stack.enter_context(path.open("rb"))
            zipped = raw.read(2) == GZIP_MAGIC
            raw.seek(0)
            binary: Any = stack.enter_context(gzip.open(raw)) if zipped else raw
            # Bytes that are no UTF-8 survive as lone surrogates, so that one bad row stays one bad row
            text = io.TextIOWrapper(binary, "utf-8-sig", errors="surrogateescape", newline="")
            for count, row in enumerate(_rows(csv.reader(stack.enter_context(text)), path)):
                if count % ROWS_PER_REPORT == 0:
                    position(raw.tell())
                yield row
    except FileNotFoundError as error:
        raise ImportFailed(f"{path}: no such file") from error
    except (OSError, EOFError, zlib.error) as error:
        raise ImportFailed(f"{path}: cannot be read to its end: {error}") from error


def _rows(reader: Any, path: Path) -> Iterator[SaleRow | Rejected]:
    heading = [name.strip() for name in next(reader, [])]
    missing = [name for name in COLUMNS if name not in heading]
    if missing:
        raise ImportFailed(f"{path}: not an Online Retail file: its heading lacks {', '.join(missing)}")
    places = [heading.index(name) for name in COLUMNS]
    known = _Known()
    while True:
        row: Sequence[str] = ()
        try:
            row = next(reader)
            if row:
                yield _sale(reader.line_num, row, places, len(heading), known)
        except StopIteration:
            return
        except csv.Error as error:
            yield Rejected(reader.line_num, f"not CSV: {error}", ())
        except _Unfit as unfit:
            yield Rejected(reader.line_num, str(unfit), tuple(row))


def _sale(line: int, row: Sequence[str], places: list[int], width: int, known: _Known) -> SaleRow:
    if len(row) != width:
        raise _Unfit("wrong number of columns")
    whole = "".join(row)
    if not whole.isascii():
        _check_text(whole)
    if "\0" in whole:
        raise _Unfit("holds a NUL character")
    invoice_text, sku, description, quantity_text, date, price_text, customer, country = map(
        row.__getitem__, places
    )
    if known.invoice_text != invoice_text:
        known.invoice, known.invoice_text = _invoice(invoice_text), invoice_text
    invoice, cancelled = known.invoice
    sku = sku.strip().upper()
    if not sku or len(sku) > MAX_SKU_LENGTH:
        raise _Unfit("stock code too long" if sku else "no stock code")
    quantity = _quantity(quantity_text, cancelled)
    price = known.prices.get(price_text)
    if price is None:
        price = known.prices[price_text] = _price(price_text)
    time = known.times.get(date)
    if time is None:
        time = known.times[date] = _time(date)
    if customer not in known.customers:
        known.customers[customer] = _customer(customer)
    total = price.minor * quantity if price.exact else to_minor(price.amount * quantity, CURRENCY)
    buyer = known.customers[customer]
    place = (line, invoice, cancelled, sku, description)
    return SaleRow(*place, quantity, price.minor, total, time, buyer, country)


def _check_text(text: str) -> None:
    """Refuse a row that is no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _Unfit("not UTF-8") from None


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


def _price(text: str) -> _Price:
    if not _DECIMAL.fullmatch(text.strip()):
        raise _Unfit("price is not a number")
    price = Decimal(text.strip())
    if price <= 0:
        raise _Unfit("price is zero" if price == 0 else "price below zero")
    if price * 100 > MAX_PENCE:
        raise _Unfit("price out of range")
    minor = to_minor(price, CURRENCY)
    return _Price(price, minor, price * 100 == minor)


def _time(text: str) -> datetime:
    """The moment written as 2010-12-01 08:26:00."""
    try:
        return datetime.strptime(text.strip(), "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        raise _Unfit("date is not written as 2010-12-01 08:26:00") from None


def _customer(text: str) -> int | None:
    """The customer's number, which the file writes as 17850.0; None when it is empty."""
    number = text.strip().removesuffix(".0")
    if not number:
        return None
    if not (number.isascii() and number.isdigit()) or int(number) > MAX_CUSTOMER or int(number) == 0:
        raise _Unfit("customer is not a number")
    return int(number)
