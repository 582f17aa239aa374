"""Reading the lines of an Online Retail file."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from server.imports.rows import ImportFailed, Rejected, SaleRow, read_rows

HEADING = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
GOOD = "536365,85123a,WHITE HANGING HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n"


def rows_of(path: Path, text: str | bytes) -> list[SaleRow | Rejected]:
    body = text.encode() if isinstance(text, str) else text
    path.write_bytes(HEADING.encode() + body)
    return list(read_rows(path, lambda read: None))


def reason_of(path: Path, line: str | bytes) -> str:
    (row,) = rows_of(path, line)
    assert isinstance(row, Rejected)
    assert row.line == 2
    return row.reason


def test_a_good_line_is_read_in_full(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path / "a.csv", GOOD)
    assert isinstance(row, SaleRow)
    assert (row.invoice, row.cancelled, row.sku, row.quantity) == ("536365", False, "85123A", 6)
    assert (row.price_minor, row.total_minor, row.customer) == (255, 1530, 17850)
    assert row.time.isoformat() == "2010-12-01T08:26:00+00:00"


def test_the_line_is_rounded_half_up_and_not_its_unit_price(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path / "a.csv", "1,A,X,3,2011-01-01 10:00:00,0.125,,France\n")
    assert isinstance(row, SaleRow)
    assert (row.price_minor, row.total_minor) == (13, 38)


def test_a_cancellation_has_its_units_without_the_sign(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path / "a.csv", "c77,A,X,-4,2011-01-01 10:00:00,1.5,,France\n")
    assert isinstance(row, SaleRow)
    assert (row.invoice, row.cancelled, row.quantity, row.total_minor) == ("C77", True, 4, 600)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1,A,X,1\n", "wrong number of columns"),
        (",A,X,1,2011-01-01 10:00:00,1,,France\n", "no invoice number"),
        (
            "A563185,B,Adjust,1,2011-01-01 10:00:00,1,,France\n",
            "invoice is neither a number nor C and a number",
        ),
        ("1,,X,1,2011-01-01 10:00:00,1,,France\n", "no stock code"),
        (f"1,{'A' * 65},X,1,2011-01-01 10:00:00,1,,France\n", "stock code too long"),
        ("1,A,X,1.5,2011-01-01 10:00:00,1,,France\n", "quantity is not a whole number"),
        ("1,A,X,1_0,2011-01-01 10:00:00,1,,France\n", "quantity is not a whole number"),
        ("1,A,X,0,2011-01-01 10:00:00,1,,France\n", "quantity is zero"),
        ("1,A,X,-3,2011-01-01 10:00:00,1,,France\n", "quantity below zero on a sale"),
        ("1,A,X,99999999,2011-01-01 10:00:00,1,,France\n", "quantity out of range"),
        ("1,A,X,1,2011-01-01 10:00:00,NaN,,France\n", "price is not a number"),
        ("1,A,X,1,2011-01-01 10:00:00,,,France\n", "price is not a number"),
        ("1,A,X,1,2011-01-01 10:00:00,0.0,,France\n", "price is zero"),
        ("1,A,X,1,2011-01-01 10:00:00,-11062.06,,France\n", "price below zero"),
        ("1,A,X,1,2011-01-01 10:00:00,99999999999,,France\n", "price out of range"),
        ("1,A,X,1,01/12/2010,1,,France\n", "date is not written as 2010-12-01 08:26:00"),
        ("1,A,X,1,2011-01-01 10:00:00,1,abc,France\n", "customer is not a number"),
        ("1,A,X\0Y,1,2011-01-01 10:00:00,1,,France\n", "holds a NUL character"),
        (b"1,A,caf\xe9,1,2011-01-01 10:00:00,1,,France\n", "not UTF-8"),
    ],
)
def test_a_bad_line_is_refused_with_its_reason(tmp_path: Path, line: str | bytes, reason: str) -> None:
    assert reason_of(tmp_path / "a.csv", line) == reason


def test_one_bad_line_does_not_cost_its_neighbours(tmp_path: Path) -> None:
    rows = rows_of(tmp_path / "a.csv", GOOD.encode() + b"\xff,\n" + GOOD.encode())
    assert [type(row) for row in rows] == [SaleRow, Rejected, SaleRow]


def test_a_field_beyond_the_limit_of_csv_is_one_bad_line(tmp_path: Path) -> None:
    rows = rows_of(tmp_path / "a.csv", f"1,A,{'x' * 200_000},1,2011-01-01 10:00:00,1,,France\n{GOOD}")
    assert isinstance(rows[0], Rejected)
    assert rows[0].reason.startswith("not CSV")
    assert isinstance(rows[-1], SaleRow)


def test_columns_may_stand_in_any_order_and_the_file_may_be_gzipped(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    text = (
        "\ufeffCountry,UnitPrice,InvoiceNo,StockCode,Description,Quantity,InvoiceDate,CustomerID,Note\n"
        "France,2,1,A,X,3,2011-01-01 10:00:00,,hello\n"
    )
    path.write_bytes(gzip.compress(text.encode()))
    (row,) = read_rows(path, lambda read: None)
    assert isinstance(row, SaleRow)
    assert (row.country, row.total_minor, row.customer) == ("France", 600, None)


def test_a_file_that_is_something_else_or_cut_short_is_refused_whole(tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match="no such file"):
        list(read_rows(tmp_path / "absent.csv", lambda read: None))
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    with pytest.raises(ImportFailed, match="lacks InvoiceNo"):
        list(read_rows(other, lambda read: None))
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(gzip.compress((HEADING + GOOD * 2000).encode())[:-40])
    with pytest.raises(ImportFailed, match="cannot be read to its end"):
        list(read_rows(cut, lambda read: None))
