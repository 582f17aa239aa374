"""Reading the lines of an Online Retail file."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from server.imports.rows import ImportFailed, Rejected, SaleRow, read_rows

HEADING = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
GOOD = "536365,85123a,WHITE HANGING HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n"


def rows_of(path: Path, text: str | bytes) -> list[SaleRow | Rejected]:
    body = text.encode() if isinstance(text, str) else text
    path.write_bytes(HEADING.encode() + body)
    return list(read_rows(path, lambda read, size: None))


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
        ("1,A,X,1,01/12/2010,1,,France\n", "date is not written as 2010-12-31 08:26 or 12/31/2010 8:26"),
        (
            "1,A,X,1,2011-02-29 10:00:00,1,,France\n",
            "date is not written as 2010-12-31 08:26 or 12/31/2010 8:26",
        ),
        ("1,A,X,1,9999-12-31 10:00:00,1,,France\n", "date lies in the future"),
        ("1,A,X,1,1066-10-14 10:00:00,1,,France\n", "date before 1970"),
        (f"1,A,{'X' * 201},1,2011-01-01 10:00:00,1,,France\n", "description too long"),
        (f"1,A,{'A W/ ' * 35},1,2011-01-01 10:00:00,1,,France\n", "description too long"),
        (f"1,A,X,1,2011-01-01 10:00:00,1,,{'F' * 101}\n", "country too long"),
        ("1,A,X\x1bY,1,2011-01-01 10:00:00,1,,France\n", "holds a control character"),
        ("1,A,X\u2028Y,1,2011-01-01 10:00:00,1,,France\n", "holds a control character"),
        ('1,A,"X,1,2011-01-01 10:00:00,1,,France\n', "the quote before “X,1,2011-01-01 10:00” is not closed"),
        ('1,A"B,"X,1,2011-01-01 10:00:00,1,,France\n', "a quote is not closed"),
        ("1,A,X,1,2011-01-01 10:00:00,1,abc,France\n", "customer is not a number"),
        ("1,A,X\0Y,1,2011-01-01 10:00:00,1,,France\n", "holds a NUL character"),
    ],
)
def test_a_bad_line_is_refused_with_its_reason(tmp_path: Path, line: str | bytes, reason: str) -> None:
    assert reason_of(tmp_path / "a.csv", line) == reason


def test_bytes_that_are_no_text_in_a_utf8_file_are_one_bad_line(tmp_path: Path) -> None:
    good = GOOD.replace("HEART", "CAFÉ").encode()
    rows = rows_of(tmp_path / "a.csv", good + b"1,A,caf\xe9,1,2011-01-01 10:00:00,1,,France\n" + good)
    assert [type(row) for row in rows] == [SaleRow, Rejected, SaleRow]
    assert isinstance(rows[1], Rejected)
    assert (rows[1].line, rows[1].reason) == (3, "not UTF-8")


@pytest.mark.parametrize(
    ("written", "day_first", "time"),
    [
        ("12/1/2010 8:26", False, "2010-12-01T08:26"),
        ("12/31/2010 18:26", False, "2010-12-31T18:26"),
        ("12/1/10 8:26", False, "2010-12-01T08:26"),
        ("01/12/2010 08:26:59", True, "2010-12-01T08:26"),
        ("1.12.2010 08:26", True, "2010-12-01T08:26"),
        ("2010-12-01T08:26:00", False, "2010-12-01T08:26"),
        ("2010/12/01 08:26", True, "2010-12-01T08:26"),
    ],
)
def test_dates_are_read_as_the_whole_file_writes_them(
    tmp_path: Path, written: str, day_first: bool, time: str
) -> None:
    deciding = "31/1/2011 9:00" if day_first else "1/31/2011 9:00"
    rows = rows_of(tmp_path / "a.csv", f"1,A,X,1,{written},1,,France\n2,A,X,1,{deciding},1,,France\n")
    assert [isinstance(row, SaleRow) for row in rows] == [True, True]
    assert isinstance(rows[0], SaleRow)
    assert rows[0].time.isoformat().startswith(time)


HEAD = HEADING.strip().split(",")
LINE = ["536365", "85123A", "CAFÉ £5 MUG", "6", "12/1/2010 8:26", "2.55", "17850", "United Kingdom"]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_encodings_and_separators_are_recognised_and_reported(
    tmp_path: Path, encoding: str, separator: str
) -> None:
    cells = [cell.replace(".", ",") if separator == ";" and cell == "2.55" else cell for cell in LINE]
    text = "\r\n".join(separator.join(row) for row in (HEAD, cells, cells)) + "\r\n"
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode(encoding))
    forms: list[str] = []
    rows = list(read_rows(path, lambda read, size: None, lambda form: forms.append(str(form))))
    assert [isinstance(row, SaleRow) for row in rows] == [True, True]
    assert isinstance(rows[0], SaleRow)
    assert (rows[0].name, rows[0].total_minor, rows[0].customer) == ("Café £5 Mug", 1530, 17850)
    [form] = forms
    assert {"latin-1": "Windows-1252", "cp1252": "Windows-1252", "utf-16": "UTF-16"}.get(
        encoding, "UTF-8"
    ) in form
    assert {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}[separator] in form


def test_the_headings_of_online_retail_ii_are_recognised(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    heading = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n"
    path.write_text(heading + GOOD)
    (row,) = read_rows(path, lambda read, size: None)
    assert isinstance(row, SaleRow)
    assert (row.price_minor, row.customer) == (255, 17850)


def test_an_unclosed_quote_costs_its_own_line(tmp_path: Path) -> None:
    opened = GOOD.replace("WHITE", '"WHITE')
    rows = rows_of(tmp_path / "a.csv", GOOD + opened + GOOD * 50)
    refused = [row for row in rows if isinstance(row, Rejected)]
    assert [(row.line, row.reason) for row in refused] == [
        (3, "the quote before “WHITE HANGING HEART,” is not closed")
    ]
    assert [row.line for row in rows if isinstance(row, SaleRow)] == [2, *range(4, 54)]


def test_two_unclosed_quotes_cost_two_lines(tmp_path: Path) -> None:
    opened = GOOD.replace("WHITE", '"WHITE')
    rows = rows_of(tmp_path / "a.csv", opened + GOOD + opened + GOOD)
    assert [type(row) for row in rows] == [Rejected, SaleRow, Rejected, SaleRow]


def test_a_text_with_a_line_end_is_one_row_of_the_line_where_it_begins(tmp_path: Path) -> None:
    rows = rows_of(
        tmp_path / "a.csv",
        GOOD.replace("WHITE HANGING", '"WHITE\r\n""HANGING""').replace("HEART", 'HEART"') + GOOD,
    )
    assert [isinstance(row, SaleRow) for row in rows] == [True, True]
    assert isinstance(rows[0], SaleRow)
    assert (rows[0].line, rows[0].name) == (2, 'White "Hanging" Heart')
    assert isinstance(rows[1], SaleRow)
    assert rows[1].line == 4


def test_a_pipe_is_read_like_a_file(tmp_path: Path) -> None:
    for data in ((HEADING + GOOD).encode(), gzip.compress((HEADING + GOOD).encode())):
        reading, writing = os.pipe()
        os.write(writing, data)
        os.close(writing)
        (row,) = read_rows(Path(f"/dev/fd/{reading}"), lambda read, size: None)
        os.close(reading)
        assert isinstance(row, SaleRow)


def test_one_bad_line_does_not_cost_its_neighbours(tmp_path: Path) -> None:
    rows = rows_of(tmp_path / "a.csv", GOOD.encode() + b"\x00,\n" + GOOD.encode())
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
    (row,) = read_rows(path, lambda read, size: None)
    assert isinstance(row, SaleRow)
    assert (row.country, row.total_minor, row.customer) == ("France", 600, None)


def test_a_file_that_is_something_else_or_cut_short_is_refused_whole(tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match="no such file"):
        list(read_rows(tmp_path / "absent.csv", lambda read, size: None))
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    with pytest.raises(ImportFailed, match="lacks InvoiceNo"):
        list(read_rows(other, lambda read, size: None))
    workbook = tmp_path / "a.xlsx"
    workbook.write_bytes(b"PK\x03\x04rest")
    with pytest.raises(ImportFailed, match="a ZIP or Excel file"):
        list(read_rows(workbook, lambda read, size: None))
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(gzip.compress((HEADING + GOOD * 2000).encode())[:-40])
    with pytest.raises(ImportFailed, match="cannot be read to its end"):
        list(read_rows(cut, lambda read, size: None))
