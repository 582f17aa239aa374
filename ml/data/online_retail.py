"""Reads UCI "Online Retail" as training data: the sales of goods to known customers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ml.data.dataset import Dataset, Events, Interactions, Products
from ml.data.invoice_file import Form, invoice_file
from ml.data.textfile import UnreadableFile

GOODS = re.compile(r"[0-9]{5}")
"""How the code of real goods begins; the others are postage, fees and corrections."""


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
    with invoice_file(path) as file:
        for record in file.records():
            try:
                if record.problem:
                    raise ValueError(record.problem)
                sale = _sale(record.cells, file.form)
            except ValueError as error:
                raise UnreadableFile(f"{path}, line {record.line}: {error}") from error
            if sale is not None:
                yield sale


def _sale(cells: Sequence[str], form: Form) -> _Sale | None:
    """The sale in a row; None for guests, cancellations, gifts and what is no goods."""
    invoice, code, description, quantity_text, moment, price, customer, _ = cells
    quantity, code = int(quantity_text), code.strip().upper()
    sold = customer.strip() and quantity > 0 and form.amount(price) > 0 and GOODS.match(code)
    if not sold or invoice.strip().upper().startswith("C"):
        return None
    at = form.moment(moment)
    return _Sale(int(invoice), code, description.strip(), quantity, at.timestamp(), int(float(customer)))
