"""Reads the lines of an Online Retail file, and says of each bad one why it cannot be an order line."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from server.money import MAX_MINOR, round_half_up, to_minor

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
MAX_QUANTITY: Final = 10_000_000
"""A hundred times the largest quantity of the real data; keeps every sum far from the columns' limits."""
MAX_INVOICE_LENGTH: Final = 20
MAX_SKU_LENGTH: Final = 64
MAX_CUSTOMER: Final = 10**12


class ImportFailed(Exception):
    """The file cannot be imported at all; the text says why in one line."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that is no order line: its line in the file (1 is the heading), the reason, and the row
    itself.
    """

    line: int
    reason: str
    row: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SaleRow:
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


class _Unfit(Exception):
    """The row cannot be an order line; the text is the reason."""


def read_rows(path: Path) -> Iterator[SaleRow | Rejected]:
    """Every row of a CSV file, plain or gzipped, in its order.

    Times are taken as UTC: the data does not name its zone. Raises ImportFailed: the file cannot be read or
    is cut short, or its heading lacks a column.
    """
    try:
        with path.open("rb") as raw:
            zipped = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            binary = gzip.open(raw) if zipped else raw
            # Bytes that are no UTF-8 survive decoding as lone surrogates, so that one bad row
            # stays one bad row
            with io.TextIOWrapper(binary, "utf-8-sig", errors="surrogateescape", newline="") as text:  # type: ignore[arg-type]
                yield from _rows(csv.reader(text), path)
    except FileNotFoundError as error:
        raise ImportFailed(f"{path}: no such file") from error
    except (OSError, EOFError, zlib.error) as error:
        raise ImportFailed(f"{path}: cannot be read to its end: {error}") from error


def _rows(reader: Iterator[list[str]], path: Path) -> Iterator[SaleRow | Rejected]:
    heading = [name.strip() for name in next(reader, [])]
    missing = [name for name in COLUMNS if name not in heading]
    if missing:
        raise ImportFailed(f"{path}: not an Online Retail file: its heading lacks {', '.join(missing)}")
    places = [heading.index(name) for name in COLUMNS]
    dates: dict[str, datetime] = {}
    while True:
        row: Sequence[str] = ()
        try:
            row = next(reader)
            if row:
                yield _sale(reader.line_num, row, places, len(heading), dates)  # type: ignore[attr-defined]
        except StopIteration:
            return
        except csv.Error as error:
            yield Rejected(reader.line_num, f"not CSV: {error}", ())  # type: ignore[attr-defined]
        except _Unfit as unfit:
            yield Rejected(reader.line_num, str(unfit), tuple(row))  # type: ignore[attr-defined]


def _sale(
    line: int, row: Sequence[str], places: list[int], width: int, dates: dict[str, datetime]
) -> SaleRow:
    if len(row) != width:
        raise _Unfit("wrong number of columns")
    if not all(value.isascii() for value in row):
        _check_text(row)
    invoice, sku, description, quantity_text, date, price_text, customer, country = (row[i] for i in places)
    if "\0" in invoice + sku + description + country:
        raise _Unfit("holds a NUL character")
    invoice, cancelled = _invoice(invoice)
    sku = sku.strip().upper()
    if not sku or len(sku) > MAX_SKU_LENGTH:
        raise _Unfit("no stock code" if not sku else "stock code too long")
    quantity = _quantity(quantity_text, cancelled)
    price = _price(price_text)
    price_minor, total_minor = to_minor(price, CURRENCY), round_half_up(price * quantity * 100)
    return SaleRow(
        line=line,
        invoice=invoice,
        cancelled=cancelled,
        sku=sku,
        description=description,
        quantity=quantity,
        price_minor=price_minor,
        total_minor=total_minor,
        time=_time(date, dates),
        customer=_customer(customer),
        country=country.strip(),
    )


def _check_text(row: Sequence[str]) -> None:
    """Refuse a row that is no UTF-8."""
    try:
        "".join(row).encode()
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
    try:
        quantity = int(text)
    except ValueError:
        raise _Unfit("quantity is not a whole number") from None
    if cancelled:
        quantity = abs(quantity)
    if quantity <= 0:
        raise _Unfit("quantity is zero" if quantity == 0 else "quantity below zero on a sale")
    if quantity > MAX_QUANTITY:
        raise _Unfit("quantity out of range")
    return quantity


def _price(text: str) -> Decimal:
    try:
        price = Decimal(text.strip())
    except InvalidOperation:
        raise _Unfit("price is not a number") from None
    if not price.is_finite():
        raise _Unfit("price is not a number")
    if price <= 0:
        raise _Unfit("price is zero" if price == 0 else "price below zero")
    if price * 100 > MAX_MINOR // MAX_QUANTITY:
        raise _Unfit("price out of range")
    return price


def _time(text: str, known: dict[str, datetime]) -> datetime:
    """The moment written as 2010-12-01 08:26:00; the lines of an invoice share theirs, so each is read
    once.
    """
    moment = known.get(text)
    if moment is None:
        try:
            moment = datetime.strptime(text.strip(), "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        except ValueError:
            raise _Unfit("date is not written as 2010-12-01 08:26:00") from None
        known[text] = moment
    return moment


def _customer(text: str) -> int | None:
    """The customer's number, which the file writes as 17850.0; None when it is empty."""
    number = text.strip().removesuffix(".0")
    if not number:
        return None
    if not (number.isascii() and number.isdigit()) or int(number) > MAX_CUSTOMER or int(number) == 0:
        raise _Unfit("customer is not a number")
    return int(number)
