"""Files of products, read row by row: what is sound, and what is wrong with the rest."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.exports.csv_file import csv_of, original_text, plain_text
from server.imports.products.columns import WrongFile
from server.imports.products.file import MAX_ROWS, FileKind, RowBatch, batches, form_of, head_and_rest
from server.imports.products.lines import MAX_LINE_BYTES
from server.imports.products.records import Encoding
from server.imports.products.rows import CategoryName, ProductRow, RowProblem

HEADING = "sku,name,price\n"


def read(
    data: str | bytes, *, encoding: Encoding = Encoding.UTF_8, cut: int = 1000, after_line: int = 0
) -> tuple[list[ProductRow], list[RowProblem]]:
    """The rows and problems of a file that comes in pieces of `cut` bytes."""
    content = data.encode() if isinstance(data, str) else data
    head, whole = head_and_rest(content[i : i + cut] for i in range(0, len(content), cut))
    every: Iterator[RowBatch] = batches(whole, form_of(head, None, encoding), "USD", after_line)
    rows, problems = [], []
    for batch in every:
        rows += batch.rows
        problems += batch.problems
    return rows, problems


def why_not(data: str | bytes) -> str:
    """Why a file cannot be imported at all."""
    with pytest.raises(WrongFile) as wrong:
        read(data)
    return str(wrong.value)


def places(problems: list[RowProblem]) -> list[tuple[int, str]]:
    return [(problem.line, problem.column) for problem in problems]


def test_a_row_sets_what_the_file_has_a_column_for() -> None:
    (row,), problems = read(
        "sku,name,price,compare_at_price,category,tags,stock,attr:Material,options,description\r\n"
        'A1, Mug ,12.5,15.00,Kitchen > Mugs,"new, red ,new",7,oak,"{""size"": ""M""}","two\r\nlines"\r\n'
    )
    assert problems == []
    assert (row.line, row.sku, row.variant_sku, row.stock) == (2, "A1", "", 7)
    assert row.values == {
        "name": "Mug",
        "price_minor": 1250,
        "compare_at_minor": 1500,
        "tags": ["new", "red"],
        "description": "two\nlines",
    }
    assert row.category == CategoryName(("Kitchen", "Mugs"), is_path=True)
    assert row.attributes == {"Material": "oak"}
    assert row.options == {"size": "M"}


def test_empty_cells_clear_but_not_what_a_product_must_have() -> None:
    (row,), _ = read(
        "sku,name,brand,tags,attr:Material,price,slug,max_quantity,stock,category\nA1,,,,,,,,,\n"
    )
    assert row.values == {"brand": "", "tags": []}
    assert row.attributes == {"Material": None}
    assert row.stock is None
    assert row.category == CategoryName((), is_path=True)


def test_json_lines_say_the_same_with_their_own_types() -> None:
    rows, problems = read(
        '{"sku": "A1", "name": "Mug", "price": 12.5, "tags": ["a"], "attributes": {"w": 3}, "stock": 4}\n'
        "\n"
        '{"sku": "A2", "name": "Cup", "price": "3", "description": null, "colour": "red"}\n'
        '{"sku": "A3", "name": "\\ud800"}\n'
        '{"sku": "A4", "sku": "A5"}\n'
        '{"sku": "A6", "attributes": {"x": NaN}}\n'
        "[1]\n" + "[" * 100_000 + "\n" + '{"sku": "A7", "name": "Jar", "price": 1, "stock": -1}\n'
    )
    assert [row.sku for row in rows] == ["A1"]
    assert rows[0].values == {"name": "Mug", "price_minor": 1250, "tags": ["a"], "attributes": {"w": 3}}
    assert places(problems) == [(3, "colour"), (4, ""), (5, ""), (6, ""), (7, ""), (8, ""), (9, "stock")]


def test_every_wrong_row_is_told_by_line_column_and_reason_and_the_others_stand() -> None:
    rows, problems = read(
        HEADING
        + "A1,Mug,1\n"
        + "A1,Mug again,1\n"
        + ",nameless,1\n"
        + "A3,free,0\n"
        + "A4,dear,1e9\n"
        + "A5,fine,1.234\n"
        + "A6,\x07bell,1\n"
        + "A7,nul\x00,1\n"
        + "A8,too,many,cells\n"
        + "A9,few\n"
        + "A 10,blank,1\n"
        + "A11,Mug,1,\n"
    )
    assert [row.sku for row in rows] == ["A1", "A11"]
    assert places(problems) == [
        *((3, "sku"), (4, "sku"), (5, "price"), (6, "price"), (7, "price"), (8, "name"), (9, "")),
        *((10, ""), (11, ""), (12, "sku")),
    ]
    assert problems[0].reason == "is on line 2 already"
    assert problems[0].sku == "A1"


def test_a_row_tells_all_of_its_problems() -> None:
    _, problems = read("sku,name,price,stock,slug\nA1,\x07,x,y,Z Z\n")
    assert places(problems) == [(2, "name"), (2, "price"), (2, "stock"), (2, "slug")]


def test_a_quote_that_never_closes_costs_its_own_line() -> None:
    rows, problems = read(
        HEADING + 'A1,"never,1\n' + "".join(f"B{i},ok,1\n" for i in range(3000)) + "A2,ok,1\n"
    )
    assert places(problems) == [(2, "")]
    assert len(rows) == 3001
    rows, problems = read(HEADING + 'A1,"open,1\nA2,ok,1\n')
    assert (places(problems), [row.sku for row in rows]) == ([(2, "")], ["A2"])


def test_quotes_inside_cells_and_over_lines_are_text() -> None:
    rows, problems = read(
        'sku,name,description\nA1,3.5" disk,"says ""hi"", and\nmore"\nA2,5" and 6" disks,plain\n', cut=3
    )
    assert problems == []
    assert [row.values["name"] for row in rows] == ['3.5" disk', '5" and 6" disks']
    assert rows[0].values["description"] == 'says "hi", and\nmore'
    assert rows[1].line == 4


def test_hostile_files_are_read_in_time_and_in_pieces() -> None:
    started = time.monotonic()
    rows, problems = read(HEADING.encode() + b"x" * 10_000_000 + b"\nA1,ok,1\n", cut=65_536)
    assert ([row.sku for row in rows], places(problems)) == (["A1"], [(2, "")])
    rows, problems = read(HEADING + '"a\nb,c,d\n' * 20_000)
    assert not rows
    long = "d" * (MAX_LINE_BYTES - 10)
    rows, problems = read(f"sku,description\nA1,{long}{long}\nA2,fine\n")
    assert ([row.sku for row in rows], places(problems)) == (["A2"], [(2, "")])
    assert time.monotonic() - started < 20


def test_files_of_spreadsheets_are_read_by_their_separators_and_marks() -> None:
    (row,), _ = read(b"\xef\xbb\xbfSKU;Name;Price\r\nA1;Gr\xc3\xb6\xc3\x9fe;1,50\r\n")
    assert row.values == {"name": "Größe", "price_minor": 150}
    (row,), _ = read("sku\tname\nA1\ta;b,c\n")
    assert row.values == {"name": "a;b,c"}


def test_bytes_are_text_in_the_encoding_that_is_named() -> None:
    data = HEADING.encode() + "A1,Größe,1\nA2,Mug,1\n".encode("cp1252")
    rows, problems = read(data)
    assert ([row.sku for row in rows], places(problems)) == (["A2"], [(2, "")])
    rows, problems = read(data, encoding=Encoding.WINDOWS_1252)
    assert (rows[0].values["name"], problems) == ("Größe", [])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b"PK\x03\x04rest", "zip archive"),
        (b"\x1f\x8b\x08", "gzip"),
        ("sku,name\n".encode("utf-16"), "UTF-16"),
        (b"%PDF-1.4", "PDF"),
        (b'[{"sku": "A"}]', "JSON array"),
        (b"<html>", "web page"),
        (b"\x00\x01\x02", "no text"),
        (b"sku,naem\nA,B\n", '"naem"; did you mean "name"'),
        (b"name,price\nA,1\n", 'no column "sku"'),
        (b"sku,name,name\n", "twice"),
        (b"sku," + b"x" * 10_000_000, "longer than a heading may be"),
        (b"sku,attr:\nA,b\n", '"attr:"'),
    ],
)
def test_what_is_no_such_file_is_refused_whole(data: bytes, reason: str) -> None:
    assert reason in why_not(data)


def test_a_file_is_of_the_kind_that_is_named() -> None:
    with pytest.raises(WrongFile):
        form_of(b'{"sku": "A"}', FileKind.CSV, Encoding.UTF_8)
    with pytest.raises(WrongFile):
        form_of(b"sku,name", FileKind.JSONL, Encoding.UTF_8)


def test_a_file_has_a_bounded_number_of_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_ROWS >= 100_000
    monkeypatch.setattr("server.imports.products.file.MAX_ROWS", 3)
    assert "more than 3 rows" in why_not(HEADING + "".join(f"A{i},x,1\n" for i in range(4)))


def test_reading_goes_on_behind_a_line_and_knows_what_was_before() -> None:
    data = HEADING + "A1,x,1\nA2,x,1\nA1,x,1\nA3,x,1\n"
    rows, problems = read(data, after_line=3)
    assert ([row.sku for row in rows], places(problems)) == (["A3"], [(4, "sku")])


def test_rows_of_one_product_are_its_variants() -> None:
    rows, problems = read("sku,variant_sku,options\nT,T-S,\nT,T-M,\nT,,\nT,T-M,\n")
    assert [(row.variant_sku, row.is_further_variant) for row in rows] == [
        ("T-S", False),
        ("T-M", True),
        ("", True),
    ]
    assert places(problems) == [(5, "variant_sku")]
    rows, _ = read("parent_sku,sku,option:Size\n,T,\nT,T-M,M\n")
    assert [(row.sku, row.variant_sku, row.options) for row in rows] == [
        ("T", "", None),
        ("T", "T-M", {"Size": "M"}),
    ]
    rows, _ = read("sku,variant_sku\nT,T\n")
    assert [(row.sku, row.variant_sku) for row in rows] == [("T", "T")]


def test_a_row_of_json_has_a_bounded_number_of_columns_and_problems() -> None:
    many = json.dumps({"sku": "A"} | {f"pric{i}": 1 for i in range(10_000)})
    several = json.dumps({"sku": "A"} | {f"pric{i}": 1 for i in range(100)})
    _, problems = read(f"{many}\n{several}\n")
    assert [(problem.line, problem.column) for problem in problems] == [
        (1, ""),
        *((2, f"pric{i}") for i in range(5)),
    ]


@given(st.text(alphabet="=-+@'\"`\t\n\r;|a \x00\ufeff,é＝"))
def test_what_was_kept_from_running_as_a_formula_is_read_as_it_was(text: str) -> None:
    assert original_text(plain_text(text)) == text


def test_formulas_are_text_from_an_export_to_an_import() -> None:
    name = '=HYPERLINK("http://evil.test";"Mug")'
    content = csv_of([["sku", "name"], ["A1", name]])
    (row,), problems = read(content)
    assert problems == []
    assert row.values["name"] == name
