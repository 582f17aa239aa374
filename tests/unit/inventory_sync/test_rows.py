"""The rows of a list of stock: what is read of them, and why one is refused."""

from __future__ import annotations

import io

import pytest

from server.inventory_sync import rows
from server.inventory_sync.rows import RefusedRow, SourceUnusable, StockRow, read_rows


def read(text: str) -> list[StockRow | RefusedRow]:
    return list(read_rows(io.StringIO(text, newline="")))


def test_columns_are_found_by_their_names_in_any_order() -> None:
    assert read("Quantity , note,SKU,location\r\n 4 ,x, A-1,Main\r\n") == [StockRow(2, "A-1", "Main", 4)]
    [row] = read('sku,location,quantity,variant\nSHIRT,"Mall, first floor",0,SHIRT-RED\n')
    assert row == StockRow(2, "SHIRT", "Mall, first floor", 0, "SHIRT-RED")
    assert isinstance(row, StockRow)
    assert row.variant_sku == "SHIRT-RED"


@pytest.mark.parametrize(
    "text", ["", "\n", "sku,quantity\nA,1\n", "A,Main,4\n", "sku;location;quantity\nA;M;1\n"]
)
def test_a_list_without_its_columns_is_refused_whole(text: str) -> None:
    with pytest.raises(SourceUnusable, match="must name the columns sku, location, quantity"):
        read(text)


def test_a_column_that_is_named_twice_is_refused() -> None:
    with pytest.raises(SourceUnusable, match="sku twice"):
        read("sku,location,quantity,sku\n")


@pytest.mark.parametrize(
    ("line", "column"),
    [
        (",Main,4", "sku"),
        ("A,,4", "location"),
        ("A,Main", "quantity"),
        ("A,Main,four", "quantity"),
        ("A,Main,-1", "quantity"),
        ("A,Main,1.5", "quantity"),
        ("A,Main,٤", "quantity"),
        ("A,Main,100000001", "quantity"),
        ("A,Main,=1+1", "quantity"),
        (f"{'A' * 101},Main,4", "sku"),
        ("A\x00,Main,4", "sku"),
        ('A,"Main"x,4', ""),
    ],
)
def test_a_row_that_cannot_be_is_refused_and_the_next_one_read(line: str, column: str) -> None:
    refused, good = read(f"sku,location,quantity\n{line}\nB,Main,7\n")
    assert isinstance(refused, RefusedRow)
    assert (refused.line, refused.column) == (2, column)
    assert good == StockRow(3, "B", "Main", 7)


def test_empty_lines_say_nothing() -> None:
    assert read("sku,location,quantity\n\n , ,\nB,Main,7\n") == [StockRow(4, "B", "Main", 7)]


def test_rows_beyond_the_bound_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MAX_ROWS", 2)
    *good, last = read("sku,location,quantity\n" + "A,Main,1\n" * 5)
    assert len(good) == 2
    assert isinstance(last, RefusedRow)
    assert "only 2 rows" in str(last)
