"""Batches that are written side by side: the shop is the same as if each had waited for the one before."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from server.clock import utc_now
from server.db.database import Database
from server.imports.products import file as product_file
from server.imports.products.command import OWNER, FileSummary, import_products, products_of
from server.imports.products.judging import Terms
from server.imports.products.records import Encoding
from server.imports.products.rows import CategoryName, ProductRow, RowProblem
from server.imports.products.side_by_side import WRITERS
from server.imports.products.whole import write_whole
from server.imports.products.writing import BatchOutcome
from server.progress import silent
from server.verify import verify

TERMS = Terms(caller=OWNER, currency="USD", create_categories=True)
HEADING = "sku,name,price,stock,category_path,variant_sku,option:Size\n"


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    one = Database(database_url, pool_size=WRITERS + 1)
    yield one
    one.close()


def imported(db: Database, path: Path, content: str) -> tuple[FileSummary, list[RowProblem]]:
    path.write_text(content)
    problems: list[RowProblem] = []
    read = products_of("USD", Encoding.UTF_8)
    return import_products(db, path, read, TERMS, progress=silent, report=problems.append), problems


def column(db: Database, statement: str) -> list[object]:
    with db.read() as connection:
        return list(connection.execute(text(statement)).scalars())


def test_products_of_one_name_in_new_categories_and_variants_of_earlier_rows_are_all_there(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(product_file, "BATCH_ROWS", 3)
    rows = []
    for number in range(120):
        rows.append(f"S{number},Same name,5,3,Shelf {number // 10} > Box {number // 5},,")
        if number % 7 == 0:
            rows.append(f"S{number // 2},Same name,5,3,,V{number},L{number}")
        if number % 11 == 0:
            rows.append(f"S{number},Same name,wrong,3,,,")
    content = HEADING + "\n".join(rows) + "\n"
    summary, problems = imported(db, tmp_path / "products.csv", content)
    assert (summary.rows, summary.refused) == (len(rows), len(problems))
    assert {problem.column for problem in problems} == {"price"}
    assert summary.created == len(rows) - len(problems)
    assert len(set(column(db, "SELECT slug FROM products"))) == 120
    assert len(column(db, "SELECT id FROM categories")) == 12 + 24
    assert [problem.line for problem in problems] == sorted(problem.line for problem in problems)
    again, _ = imported(db, tmp_path / "products.csv", content)
    assert (again.created, again.updated) == (0, 0)
    assert verify(db.engine) == []


def test_a_category_that_another_makes_meanwhile_is_the_one_of_both(db: Database) -> None:
    if not db.is_postgresql:
        pytest.skip("SQLite has one writer")
    others_may, first_waits = threading.Event(), threading.Event()

    def hold_open(_tx: Connection, _outcome: BatchOutcome) -> None:
        first_waits.set()
        others_may.wait(10)

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(write, db, "A", hold_open)
        assert first_waits.wait(10)
        second = threads.submit(write, db, "B", lambda *_: None)
        await_a_waiting_transaction(db)
        others_may.set()
        outcomes = [first.result(), second.result()]
    assert [(one.created, one.problems) for one in outcomes if one] == [(1, []), (1, [])]
    assert len(set(column(db, "SELECT category_id FROM products"))) == 1


def write(db: Database, sku: str, record: Callable[[Connection, BatchOutcome], None]) -> BatchOutcome | None:
    row = ProductRow(
        line=1,
        sku=sku,
        variant_sku="",
        values={"sku": sku, "name": f"Product {sku}", "price_minor": 500},
        category=CategoryName(("Garden", "Tools"), is_path=True),
    )
    return write_whole(db, [row], TERMS, utc_now(), hold=lambda _: True, record=record)


def await_a_waiting_transaction(db: Database) -> None:
    waits = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    give_up = time.monotonic() + 10
    while not column(db, waits):
        assert time.monotonic() < give_up
        time.sleep(0.01)
