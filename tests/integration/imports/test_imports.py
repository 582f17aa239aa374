"""The Online Retail import on a small file with every kind of line."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text
from support.forked_command import completed

from server.db.engine import connect
from server.db.schema import catalog, events, order, user
from server.imports import orders as order_writing
from server.imports.online_retail import ImportFailed, Rejected, Summary, import_online_retail
from server.imports.report import rejections
from server.progress import silent
from server.verify import verify

pytestmark = pytest.mark.either

LINES = """InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123a,WHITE HANGING HEART T-LIGHT HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
536365,71053,WHITE METAL LANTERN,6,2010-12-01 08:26:00,3.39,17850.0,United Kingdom
536366,85123A,CREAM HANGING HEART T-LIGHT HOLDER,120,2010-12-01 08:28:00,2.95,,France
536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,1,2010-12-01 08:27:00,2.55,17850.0,United Kingdom
C536379,71053,WHITE METAL LANTERN,-2,2010-12-01 09:41:00,3.39,14527.0,EIRE
536367,PADS,PADS TO MATCH ALL CUSHIONS,1,2010-12-02 10:00:00,0.001,12345.0,Germany
536367,POST,POSTAGE,3,2010-12-02 10:00:00,18.125,12345.0,Germany
536368,22139,damaged,56,2010-12-02 11:00:00,0.0,,United Kingdom
A563185,B,Adjust bad debt,1,2011-08-12 14:50:00,11062.06,,United Kingdom
536369,22139,,-10,2010-12-03 11:00:00,1.0,,United Kingdom
"""


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    one = connect(database_url)
    yield one
    one.dispose()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "sales.csv"
    path.write_text(LINES)
    return path


def run(engine: Engine, path: Path, limit: int | None = None) -> tuple[Summary, list[Rejected]]:
    refused: list[Rejected] = []
    summary = import_online_retail(engine, path, limit=limit, progress=silent, report=refused.append)
    return summary, refused


def value(engine: Engine, statement: Any) -> Any:
    with engine.connect() as connection:
        return connection.execute(statement).scalar()


def test_sales_become_delivered_orders_and_cancellations_cancelled_ones(engine: Engine, file: Path) -> None:
    summary, _ = run(engine, file)
    assert (summary.sales, summary.guest_sales, summary.cancellations) == (3, 1, 1)
    assert (summary.sale_lines, summary.cancelled_lines, summary.new_orders) == (6, 1, 4)
    with engine.connect() as connection:
        orders = connection.execute(
            select(
                order.Order.number, order.Order.status, order.Order.total_minor, order.Order.currency
            ).order_by(order.Order.number)
        ).all()
    assert [tuple(row) for row in orders] == [
        ("OR-536365", "DELIVERED", 1530 + 2034 + 255, "GBP"),
        ("OR-536366", "DELIVERED", 35400, "GBP"),
        ("OR-536367", "DELIVERED", 0 + 5438, "GBP"),
        ("OR-C536379", "CANCELLED", 678, "GBP"),
    ]
    assert summary.revenue.minor == sum(total for _, status, total, _ in orders if status == "DELIVERED")
    assert verify(engine) == []


def test_lines_of_one_invoice_are_one_order_wherever_they_stand(engine: Engine, file: Path) -> None:
    run(engine, file)
    lines = select(func.count()).select_from(order.OrderLine).join(order.Order)
    assert value(engine, lines.where(order.Order.number == "OR-536365")) == 3
    placed = select(order.Order.placed_at).where(order.Order.number == "OR-536365")
    assert value(engine, placed).isoformat() == "2010-12-01T08:26:00+00:00"


def test_a_row_that_cannot_be_an_order_line_is_reported_with_line_and_reason(
    engine: Engine, file: Path, tmp_path: Path
) -> None:
    summary, refused = run(engine, file)
    assert [(one.line, one.reason) for one in refused] == [
        (9, "price is zero"),
        (10, "invoice is neither a number nor C and a number"),
        (11, "quantity below zero on a sale"),
    ]
    assert summary.rejected.total() == 3
    with rejections(tmp_path / "var" / "refused.csv") as report:
        for one in refused:
            report(one)
    written = (tmp_path / "var" / "refused.csv").read_text().splitlines()
    assert written[1].startswith("9,price is zero,536368,22139,damaged,56,")


def test_products_are_named_priced_shelved_and_stocked(engine: Engine, file: Path) -> None:
    run(engine, file)
    product, level = catalog.Product, catalog.InventoryLevel
    wanted = (
        select(
            product.name,
            product.slug,
            product.price_minor,
            catalog.Category.slug,
            level.sold,
            level.available,
        )
        .join(catalog.Category, catalog.Category.id == product.category_id)
        .join(level, level.product_id == product.id)
    )
    with engine.connect() as connection:
        heart = connection.execute(wanted.where(product.sku == "85123A")).one()
    assert heart[:3] == ("White Hanging Heart T-Light Holder", "white-hanging-heart-t-light-holder", 255)
    assert heart[3] == "candles-home-fragrance"
    assert heart.sold == 127
    assert heart.available > 0
    cheapest = select(product.price_minor).where(product.sku == "PADS")
    assert value(engine, cheapest) == 1


def test_postage_is_part_of_its_orders_but_not_for_sale(engine: Engine, file: Path) -> None:
    run(engine, file)
    post = select(catalog.Product).where(catalog.Product.sku == "POST")
    with engine.connect() as connection:
        row = connection.execute(post).one()
    assert row.deleted_at is not None
    assert row.category_id is None
    assert value(engine, select(func.count()).where(catalog.Product.sku == "22139")) == 0


def test_customers_have_an_address_and_no_password(engine: Engine, file: Path) -> None:
    run(engine, file)
    with engine.connect() as connection:
        rows = connection.execute(
            select(user.User.email, user.User.full_name, user.User.password_hash, user.Address.country)
            .join(user.Address, user.Address.user_id == user.User.id)
            .order_by(user.User.email)
        ).all()
    assert [tuple(row) for row in rows] == [
        ("customer-12345@online-retail.invalid", "Customer 12345", None, "DE"),
        ("customer-14527@online-retail.invalid", "Customer 14527", None, "IE"),
        ("customer-17850@online-retail.invalid", "Customer 17850", None, "GB"),
    ]
    guests = select(func.count()).where(order.Order.user_id.is_(None))
    assert value(engine, guests) == 1


def test_a_second_import_changes_nothing(engine: Engine, file: Path) -> None:
    first, _ = run(engine, file)
    stock = select(func.sum(catalog.InventoryLevel.received))
    before = value(engine, stock)
    second, _ = run(engine, file)
    assert (second.new_orders, second.new_products, second.new_customers) == (0, 0, 0)
    assert second.sales == first.sales
    assert value(engine, stock) == before
    assert verify(engine) == []


def test_an_import_cut_short_is_completed_by_the_next(
    engine: Engine, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_writing, "ORDERS_PER_TRANSACTION", 1)
    whole = order_writing._move_stock
    moved = []

    def cut(tx: Any, invoices: Any, places: Any) -> None:
        if len(moved) == 2:
            raise KeyboardInterrupt
        moved.append(invoices)
        whole(tx, invoices, places)

    monkeypatch.setattr(order_writing, "_move_stock", cut)
    with pytest.raises(KeyboardInterrupt):
        run(engine, file)
    assert value(engine, select(func.count()).select_from(order.Order)) == 2
    assert verify(engine) == []
    monkeypatch.setattr(order_writing, "_move_stock", whole)
    summary, _ = run(engine, file)
    assert summary.new_orders == 2
    assert verify(engine) == []


def test_a_limit_takes_whole_invoices_and_the_rest_can_follow(engine: Engine, file: Path) -> None:
    summary, refused = run(engine, file, limit=2)
    assert (summary.rows, summary.sales, summary.sale_lines, summary.cancellations) == (2, 1, 3, 0)
    assert refused == []
    rest, _ = run(engine, file)
    assert (rest.new_orders, rest.new_products) == (3, 2)
    assert verify(engine) == []


def test_an_import_publishes_that_the_catalogue_changed(engine: Engine, file: Path) -> None:
    run(engine, file)
    with engine.connect() as connection:
        row = connection.execute(select(events.Event.topic, events.Event.key, events.Event.payload)).one()
    assert tuple(row) == ("catalog", "*", None)


def test_a_broken_file_writes_nothing(engine: Engine, tmp_path: Path) -> None:
    broken = tmp_path / "broken.csv.gz"
    broken.write_bytes(b"\x1f\x8b not gzip at all")
    with pytest.raises(ImportFailed):
        run(engine, broken)
    assert value(engine, text("SELECT count(*) FROM products")) == 0


UCI = """InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\r
536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,12/1/2010 8:26,2.55,17850,United Kingdom\r
536370,22728,ALARM CLOCK \xa3BAKELIKE PINK,24,12/13/2010 8:45,3.75,12583,France\r
"""


def test_the_file_as_uci_distributes_it_is_imported_whole(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "Online Retail.csv"
    path.write_bytes(UCI.encode("latin-1"))
    summary, refused = run(engine, path)
    assert (summary.sales, summary.lines, refused) == (2, 2, [])
    assert (
        value(engine, select(order.OrderLine.name).where(order.OrderLine.sku == "22728"))
        == "Alarm Clock £Bakelike Pink"
    )
    assert verify(engine) == []


def test_a_row_that_a_database_could_not_keep_is_one_rejected_row(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    odd = "1,A,X,1,9999-12-31 10:00:00,1,,France\n2,B," + "x" * 100_000 + ",1,2011-01-01 10:00:00,1,,France\n"
    path.write_text(LINES + odd)
    summary, refused = run(engine, path)
    assert summary.sales == 3
    assert [row.reason for row in refused[-2:]] == ["date lies in the future", "description too long"]
    assert verify(engine) == []


def sanset_import(
    url: str, home: Path, *arguments: str, stdin: Path = Path(os.devnull)
) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "ENVIRONMENT": "test", "DATABASE_URL": url, "DATA_DIR": str(home / "data"), "SECRET_KEY": "ab" * 32,
    }  # fmt: skip
    return completed(["import", "online-retail", *arguments], environment, home, stdin=stdin)


def test_the_command_says_how_the_file_was_read_and_fails_when_nothing_was(
    sqlite_url: str, tmp_path: Path
) -> None:
    good, empty = tmp_path / "good.csv", tmp_path / "empty.csv"
    good.write_bytes(UCI.encode("latin-1"))
    for _ in range(2):  # what is in the shop already was imported before, and is no failure
        taken = sanset_import(sqlite_url, tmp_path, "/dev/stdin", stdin=good)
        assert taken.returncode == 0, taken.stderr
        assert "Windows-1252, commas between columns" in taken.stdout
        assert "2 of 2 lines" in taken.stdout
    empty.write_text(UCI.splitlines()[0] + "\n1,A,X,1,soon,1,,=HYPERLINK(1)\n")
    nothing = sanset_import(sqlite_url, tmp_path, str(empty))
    assert nothing.returncode == 1
    assert nothing.stderr.endswith("nothing was imported: none of its 1 rows is an order line\n")
    assert ",'=HYPERLINK(1)" in (tmp_path / "data" / "import-rejected.csv").read_text("utf-8-sig")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("{home}",), "Is a directory"),
        (("{home}/absent.csv",), "no such file"),
        (("{home}/absent.csv", "--limit", "-1"), "'-1' is no whole number above 0"),
        (("{home}/absent.csv", "--limit", "0"), "'0' is no whole number above 0"),
    ],
)
def test_the_command_names_a_mistake_in_a_line(
    sqlite_url: str, tmp_path: Path, arguments: tuple[str, ...], why: str
) -> None:
    refused = sanset_import(sqlite_url, tmp_path, *(part.format(home=tmp_path) for part in arguments))
    assert refused.returncode in (1, 2)
    assert why in refused.stderr
    assert "Traceback" not in refused.stderr
