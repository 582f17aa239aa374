"""Reads UCI "Online Retail" as training data: the sales of goods to known customers."""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import numpy as np

from ml.dataset import Dataset, Events, Interactions, Products

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID")
GOODS = re.compile(r"[0-9]{5}")
"""How the code of real goods begins; the others are postage, fees and corrections."""

GZIP_MAGIC = b"\x1f\x8b"


class UnreadableFile(Exception):
    """The file cannot be measured on; the text says why, and in which line."""


def read_online_retail(path: Path) -> Dataset:
    """The sales of goods to known customers; products are numbered by stock code, from 1.

    An invoice happened when its first line was written. Raises UnreadableFile.
    """
    lines = list(_sales(path))
    codes = sorted({line.code for line in lines})
    numbers = {code: number for number, code in enumerate(codes, 1)}
    names = {line.code: line.description for line in lines if line.description}
    times: dict[int, float] = {}
    for line in lines:
        times[line.invoice] = min(line.time, times.get(line.invoice, line.time))
    interactions = Interactions(
        np.array([line.customer for line in lines], dtype=np.int64),
        np.array([numbers[line.code] for line in lines], dtype=np.int64),
        np.array([line.invoice for line in lines], dtype=np.int64),
        np.array([line.quantity for line in lines], dtype=np.float32),
        np.array([times[line.invoice] for line in lines], dtype=np.float64),
    )
    count = len(codes)
    products = Products(
        np.arange(1, count + 1, dtype=np.int64),
        [names.get(code, code) for code in codes],
        [""] * count,
        [""] * count,
        np.zeros(count, np.int64),
        {},
        {},
    )
    events = Events(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.uint8), np.empty(0))
    return Dataset(products, interactions, events)


@dataclass(frozen=True, slots=True)
class _Sale:
    invoice: int
    code: str
    description: str
    quantity: int
    time: float
    customer: int


def _sales(path: Path) -> Iterator[_Sale]:
    with _opened(path) as text:
        reader = csv.DictReader(text)
        missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
        if missing:
            raise UnreadableFile(f"{path}: not an Online Retail file: its heading lacks {', '.join(missing)}")
        try:
            for row in reader:
                sale = _sale(row)
                if sale is not None:
                    yield sale
        except UnicodeDecodeError:
            raise
        except (ValueError, AttributeError, TypeError, csv.Error) as error:
            raise UnreadableFile(f"{path}, line {reader.line_num}: {error}") from error


def _sale(row: dict[str, str]) -> _Sale | None:
    """The sale in a row; None for guests, cancellations, gifts and what is no goods."""
    quantity, code = int(row["Quantity"]), row["StockCode"].strip().upper()
    sold = row["CustomerID"] and quantity > 0 and float(row["UnitPrice"]) > 0 and GOODS.match(code)
    if not sold or row["InvoiceNo"].startswith("C"):
        return None
    at = datetime.strptime(row["InvoiceDate"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    return _Sale(
        int(row["InvoiceNo"]),
        code,
        row["Description"].strip(),
        quantity,
        at.timestamp(),
        int(float(row["CustomerID"])),
    )


@contextmanager
def _opened(path: Path) -> Iterator[IO[str]]:
    try:
        with path.open("rb") as raw:
            zipped = raw.read(2) == GZIP_MAGIC
        opener = gzip.open if zipped else open
        with opener(path, "rt", encoding="utf-8-sig", newline="") as text:
            yield text
    except FileNotFoundError as error:
        raise UnreadableFile(f"{path}: no such file") from error
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise UnreadableFile(f"{path}: cannot be read to its end: {error}") from error
