"""Orders and products as files: complete, adding up, harmless to open, and light on the shop."""

from __future__ import annotations

import asyncio
import csv
import io
import os
import subprocess
import threading
import time
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import grpc
import openpyxl
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money
from sanset.v1 import auth_pb2, cart_pb2, order_pb2, order_service_pb2, product_pb2, variant_pb2
from sqlalchemy import Connection, update
from support.catalog_shop import add_variant
from support.forked_command import completed
from support.page_by_page import page_by_page
from support.running_shop import ADMIN, Account, RunningShop, refused

from server.db.work import Work
from server.exports import orders as order_rows
from server.exports.csv_file import BOM, csv_of, heading_of, plain_text
from server.exports.file import Exports, Format, write_file
from server.exports.orders import orders
from server.exports.source import Chunk, ExportSource, Keys
from server.exports.workbook import Workbook
from server.order.models import Order

pytestmark = pytest.mark.either

NASTY = '=HYPERLINK("http://evil.test","Mug, ""big""")'


@pytest.fixture
def since(shop: RunningShop) -> Timestamp:
    """The moment at which the test begins: orders of other tests are older."""
    moment = Timestamp()
    moment.GetCurrentTime()
    return moment


def ordered(shop: RunningShop, request: order_service_pb2.ExportOrdersRequest) -> bytes:
    """The exported orders as one file."""
    pieces = shop.orders.ExportOrders(request, metadata=shop.admin.metadata, timeout=60)
    return b"".join(piece.data for piece in pieces)


def offered(shop: RunningShop, who: Account) -> list[dict[str, str]]:
    """The exported products of somebody."""
    pieces = shop.catalog.ExportProducts(
        product_pb2.ExportProductsRequest(), metadata=who.metadata, timeout=60
    )
    return table(b"".join(piece.data for piece in pieces))


def table(text: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"), newline="")))


def bought(shop: RunningShop, *products: tuple[int, int]) -> order_pb2.Order:
    """An order of units of products."""
    buyer = shop.customer()
    for product_id, quantity in products:
        shop.add(buyer, product_id, quantity)
    return shop.checkout(buyer).order


def test_a_row_per_line_and_the_lines_of_an_order_add_up_to_its_total(
    shop: RunningShop, since: Timestamp
) -> None:
    mug, bag = shop.product(units=12, nanos=990_000_000), shop.product(units=3)
    order = bought(shop, (mug.id, 3), (bag.id, 1))
    rows = table(ordered(shop, order_service_pb2.ExportOrdersRequest(start_time=since)))
    assert [(row["sku"], row["quantity"]) for row in rows] == [(mug.sku, "3"), (bag.sku, "1")]
    total = Decimal(rows[0]["order_total"])
    assert sum(Decimal(row["line_total"]) for row in rows) == total
    assert total == order.totals.total.units + Decimal(order.totals.total.nanos) / 10**9
    assert (
        rows[0]
        | {
            "order": order.number,
            "status": "CONFIRMED",
            "customer_id": str(order.user_id),
            "country": "US",
            "list_price": "12.99",
            "price": "12.99",
            "discount": "0.00",
            "currency": "USD",
            "coupon": "",
            "payment_method": "CARD",
            "tracking_number": order.tracking_number,
        }
        == rows[0]
    )
    assert rows[0]["email"].endswith("@shop.test")
    placed = datetime.fromisoformat(rows[0]["placed_at"])
    assert abs(placed - order.create_time.ToDatetime(tzinfo=UTC)) < timedelta(seconds=1)


def test_text_from_customers_is_no_formula(shop: RunningShop, since: Timestamp) -> None:
    bought(shop, (shop.product(name=NASTY).id, 1))
    request = order_service_pb2.ExportOrdersRequest(start_time=since)
    [row] = table(ordered(shop, request))
    assert row["name"] == f"'{NASTY}"
    request.format = order_service_pb2.ExportOrdersRequest.XLSX
    [heads, cells] = sheet(ordered(shop, request))
    cell = dict(zip([head.value for head in heads], cells, strict=True))["name"]
    assert (cell.value, cell.data_type, cell.hyperlink) == (NASTY, "s", None)


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_each_beginning_of_a_formula_is_defused_but_numbers_stay_numbers(begin: str) -> None:
    text = csv_of([(f"{begin}1+1", Decimal("-1.50"), -3, None)])
    [[name, *numbers]] = csv.reader(io.StringIO(text.decode(), newline=""))
    assert name == f"'{begin}1+1"
    assert numbers == ["-1.50", "-3", ""]


INVISIBLE = ["\u00a0", "\ufeff", "\u200b", "\u2060", "\u00ad", "\u202e", " ", "\u3000", "'", '"']


@pytest.mark.parametrize("before", INVISIBLE)
def test_invisible_characters_hide_no_formula(before: str) -> None:
    [[name]] = csv.reader(io.StringIO(csv_of([(f"{before}=1+1",)]).decode(), newline=""))
    assert name == f"'{before}=1+1"


@pytest.mark.parametrize("separator", [";", "\t", "\n", "\r\n", "|", "\u2028"])
@pytest.mark.parametrize("gap", ["", " ", '"', "\u200b"])
def test_a_part_that_another_separator_makes_a_cell_is_no_formula(separator: str, gap: str) -> None:
    assert plain_text(f"x{separator}{gap}=cmd|' /C calc'!A0") == f"x{separator}'{gap}=cmd|' /C calc'!A0"


def test_text_that_no_spreadsheet_runs_stays_as_it_is() -> None:
    for text in ("Mug, -20 % off", "a = b", "Tea; 50 g", "me@shop.test", "1-2-3", "Crème brûlée ☕"):
        assert plain_text(text) == text


def test_a_file_says_that_it_is_utf8_once() -> None:
    assert heading_of(("Crème",)).decode() == f"{BOM}Crème\r\n"
    assert BOM not in csv_of([("Crème",)]).decode()


def sheet(file: bytes) -> list[tuple[Any, ...]]:
    """The rows of a workbook's first sheet."""
    return list(openpyxl.load_workbook(io.BytesIO(file)).worksheets[0].iter_rows())


def test_a_workbook_holds_the_same_rows_with_their_types(shop: RunningShop, since: Timestamp) -> None:
    order = bought(shop, (shop.product(units=12, nanos=990_000_000).id, 2))
    request = order_service_pb2.ExportOrdersRequest(start_time=since)
    [row] = table(ordered(shop, request))
    request.format = order_service_pb2.ExportOrdersRequest.XLSX
    [heads, cells] = sheet(ordered(shop, request))
    found = dict(zip([head.value for head in heads], cells, strict=True))
    assert list(found) == list(row)
    assert (found["price"].value, found["price"].number_format) == (12.99, "0.00")
    assert (found["quantity"].value, found["order"].value) == (2, order.number)
    assert found["placed_at"].value == datetime.fromisoformat(row["placed_at"]).replace(tzinfo=None)
    assert (found["coupon"].value or "") == row["coupon"]


def test_rows_beyond_a_sheet_go_on_in_the_next(tmp_path: Path) -> None:
    book = Workbook(tmp_path / "many.xlsx", "Things", ("number",), max_rows=4)
    book.add([(number,) for number in range(8)])
    book.save()
    book.close()
    sheets = openpyxl.load_workbook(tmp_path / "many.xlsx").worksheets
    assert [sheet.title for sheet in sheets] == ["Things", "Things 2", "Things 3"]
    values = [[row[0].value for row in sheet.iter_rows()] for sheet in sheets]
    assert values == [["number", 0, 1, 2], ["number", 3, 4, 5], ["number", 6, 7]]


def test_chunks_neither_skip_nor_repeat_rows(
    shop: RunningShop, since: Timestamp, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mug, bag = shop.product(), shop.product()
    placed = [bought(shop, (mug.id, 1), (bag.id, 1)) for _ in range(6)]
    with shop.app.db.transaction() as tx:  # three at one moment, across the border of two chunks
        moment = placed[3].create_time.ToDatetime(tzinfo=UTC)
        tx.execute(update(Order).where(Order.id.in_([o.id for o in placed[2:5]])).values(placed_at=moment))
    for size in (1, 2, 3, 4, 6, 7):
        monkeypatch.setattr(order_rows, "ORDERS_PER_CHUNK", size)
        source, told = orders(since.ToDatetime(tzinfo=UTC), datetime.now(UTC)), []
        rows = write_file(
            tmp_path / "orders.csv",
            source,
            Format.CSV,
            shop.app.db.read,
            lambda stage, done, total, told=told: told.append((done, total)),
        )
        numbers = [row["order"] for row in table((tmp_path / "orders.csv").read_bytes())]
        assert numbers == [order.number for order in placed for _ in range(2)]
        assert (rows, told[0], told[-1]) == (12, (0, 6), (6, 6))


def test_only_orders_of_the_requested_time_are_exported(shop: RunningShop, since: Timestamp) -> None:
    first, second = shop.order(), shop.order()
    until = order_service_pb2.ExportOrdersRequest(start_time=since, end_time=second.create_time)
    assert [row["order"] for row in table(ordered(shop, until))] == [first.number]
    on = order_service_pb2.ExportOrdersRequest(start_time=second.create_time)
    assert [row["order"] for row in table(ordered(shop, on))] == [second.number]
    none = order_service_pb2.ExportOrdersRequest(start_time=since, end_time=since)
    assert ordered(shop, none) == heading_of(order_rows.COLUMNS)


def test_a_time_that_ends_before_it_begins_is_refused(shop: RunningShop) -> None:
    request = order_service_pb2.ExportOrdersRequest()
    request.start_time.FromSeconds(2)
    request.end_time.FromSeconds(1)
    with pytest.raises(grpc.RpcError) as caught:
        ordered(shop, request)
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_vendors_export_their_own_products_and_admins_all(shop: RunningShop) -> None:
    vendor = shop.vendor()
    price = shop.product().price
    request = product_pb2.CreateProductRequest(
        product=product_pb2.Product(name="My mug", price=price, stock=7, tags=["red", "oak"])
    )
    mine = shop.catalog.CreateProduct(request, metadata=vendor.metadata)
    gone = shop.catalog.CreateProduct(
        product_pb2.CreateProductRequest(product=product_pb2.Product(name="Gone", price=price)),
        metadata=vendor.metadata,
    )
    shop.catalog.DeleteProduct(product_pb2.DeleteProductRequest(product_id=gone.id), metadata=vendor.metadata)
    [row] = offered(shop, vendor)
    assert (
        row
        | {
            "product_id": str(mine.id),
            "sku": mine.sku,
            "vendor_id": str(vendor.user_id),
            "variant_id": str(mine.default_variant_id)
            if hasattr(mine, "default_variant_id")
            else row["variant_id"],
            "price": "10.00",
            "list_price": "10.00",
            "currency": "USD",
            "available": "7",
            "sold": "0",
            "tags": "red, oak",
        }
        == row
    )
    everybodys = offered(shop, shop.admin)
    assert row in everybodys
    assert {other["vendor_id"] for other in everybodys} > {row["vendor_id"]}


def test_each_variant_has_a_row_with_its_options_and_prices_and_lines_have_their_options(
    shop: RunningShop, since: Timestamp
) -> None:
    vendor = shop.vendor()
    request = product_pb2.CreateProductRequest(
        product={"name": "Shirt", "price": Money(units=10), "compare_at_price": Money(units=12)}
    )
    shirt = shop.catalog.CreateProduct(request, metadata=vendor.metadata)
    red = add_variant(shop, shirt.id, vendor, cents=900, stock=3, size="M", color="Red")
    gone = add_variant(shop, shirt.id, vendor, size="L")
    delete = variant_pb2.DeleteVariantRequest(product_id=shirt.id, variant_id=gone.id)
    shop.catalog.DeleteVariant(delete, metadata=vendor.metadata)
    shown = [
        [row[name] for name in ("variant_sku", "options", "list_price", "compare_at_price", "available")]
        for row in offered(shop, vendor)
    ]
    assert shown == [
        [shirt.sku, "", "10.00", "12.00", "0"],
        [red.sku, '{"size": "M", "color": "Red"}', "9.00", "", "3"],
    ]
    buyer = shop.customer()
    shop.cart.AddItem(
        cart_pb2.AddItemRequest(product_id=shirt.id, variant_id=red.id), metadata=buyer.metadata
    )
    order = shop.checkout(buyer).order
    rows = table(ordered(shop, order_service_pb2.ExportOrdersRequest(start_time=since)))
    (line,) = (row for row in rows if row["order"] == order.number)
    assert (line["sku"], line["options"]) == (red.sku, '{"size": "M", "color": "Red"}')


def test_a_file_comes_in_pieces_with_its_name_and_type_sent_once(shop: RunningShop) -> None:
    shop.order()
    for form, kind, ending in (
        (order_service_pb2.ExportOrdersRequest.CSV, "text/csv; charset=utf-8", ".csv"),
        (
            order_service_pb2.ExportOrdersRequest.XLSX,
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            ".xlsx",
        ),
    ):
        stream = shop.orders.ExportOrders(
            order_service_pb2.ExportOrdersRequest(format=form), metadata=shop.admin.metadata, timeout=60
        )
        pieces = list(stream)
        assert [piece.content_type for piece in pieces] == [kind] + [""] * (len(pieces) - 1)
        name = dict(stream.initial_metadata())["content-disposition"]
        assert name.startswith('attachment; filename="orders-')
        assert name.endswith(f'{ending}"')


@pytest.mark.both
def test_a_download_that_has_begun_outlives_its_sign_in(
    shop: RunningShop, since: Timestamp, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_out, lines = threading.Event(), order_rows._lines

    def waiting(connection: Connection, placed: Any, after: Keys | None) -> Any:
        assert after is None or signed_out.wait(20)
        return lines(connection, placed, after)

    monkeypatch.setattr(order_rows, "ORDERS_PER_CHUNK", 1)
    monkeypatch.setattr(order_rows, "_lines", waiting)
    numbers = [shop.order().number for _ in range(3)]
    admin = shop.sign_in(*ADMIN)
    request = order_service_pb2.ExportOrdersRequest(start_time=since)
    pieces = shop.orders.ExportOrders(request, metadata=admin.metadata, timeout=60)
    first = next(pieces).data
    shop.auth.Logout(auth_pb2.LogoutRequest(), metadata=admin.metadata)
    gone = refused(shop.orders.ListPendingOrders, order_service_pb2.ListPendingOrdersRequest(), admin)
    assert gone.reason == "TOKEN_INVALID"
    signed_out.set()
    rest = b"".join(piece.data for piece in pieces)
    assert [row["order"] for row in table(first + rest)] == numbers


def test_nothing_is_read_before_the_caller_takes_it(shop: RunningShop) -> None:
    """A slow reader holds no thread and no transaction, and no more memory than a chunk."""
    reads: list[Keys | None] = []

    def read(connection: Connection, after: Keys | None) -> Chunk:
        reads.append(after)
        return Chunk([("x" * 100,)] * 10, 10, (len(reads),))  # there is always more

    endless = ExportSource("Things", ("thing",), lambda connection: 0, read)

    async def take(pieces: int) -> None:
        async with aclosing(
            Exports(shop.app.db, Work(shop.app.db, shop.app.core.pool)).pieces(endless, Format.CSV)
        ) as stream:
            for _ in range(pieces):
                await anext(stream)
            await asyncio.sleep(0.05)

    shop.run(take(3))
    assert reads == [None, (1,), (2,)]
    until(lambda: shop.app.core.pool.busy == 0)


def test_a_workbook_that_nobody_waits_for_is_given_up(
    shop: RunningShop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr(order_rows, "ORDERS_PER_CHUNK", 1)
    for _ in range(3):
        shop.order()
    request = order_service_pb2.ExportOrdersRequest(format=order_service_pb2.ExportOrdersRequest.XLSX)
    stream = shop.orders.ExportOrders(request, metadata=shop.admin.metadata)
    until(lambda: list(tmp_path.iterdir()))
    stream.cancel()
    until(lambda: not list(tmp_path.iterdir()))


def until(holds: Any) -> None:
    give_up = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.005)


def sanset_export(url: str, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in `home`."""
    environment = os.environ | {
        "ENVIRONMENT": "test", "DATABASE_URL": url, "DATA_DIR": str(home), "SECRET_KEY": "ab" * 32,
    }  # fmt: skip
    return completed(["export", *arguments], environment, home)


def test_the_command_writes_the_file(database_url: str, tmp_path: Path) -> None:
    january = ("--from", "2026-01-01", "--to", "2026-02-01T10:00+01:00")
    written = sanset_export(database_url, tmp_path, "orders", "orders.csv", *january)
    assert written.returncode == 0, written.stderr
    assert written.stdout == "0 rows: orders.csv\n"
    assert "Exporting orders" in written.stderr
    assert (tmp_path / "orders.csv").read_bytes() == heading_of(order_rows.COLUMNS)
    assert sanset_export(database_url, tmp_path, "products", "products.xlsx").returncode == 0
    assert openpyxl.load_workbook(tmp_path / "products.xlsx").sheetnames == ["Products"]


def test_the_command_says_what_is_wrong_and_writes_nothing(sqlite_url: str, tmp_path: Path) -> None:
    for wrong, why in (
        (("products", "p.csv", "--from", "2026-01-01"), "products have no such time"),
        (("orders", "o.csv", "--from", "2026-01-02", "--to", "2026-01-01"), "must not be after --to"),
        (("orders", "nowhere/o.csv"), "there is no directory"),
        (("orders", "."), "is a directory; name a file in it"),
        (("orders", "o.csv", "--from", "yesterday"), "'yesterday' is no time; write it like 2026-11-21"),
    ):
        answer = sanset_export(sqlite_url, tmp_path, *wrong)
        assert answer.returncode in (1, 2)
        assert why in answer.stderr
        assert "Traceback" not in answer.stderr
    assert not [path for path in tmp_path.iterdir() if path.suffix in (".csv", ".xlsx")]


# Orders that wait for their payment


def test_pending_orders_come_the_oldest_first_and_in_pages(shop: RunningShop) -> None:
    placed = [shop.order() for _ in range(5)]
    waiting = [order.id for order in placed[:2] + placed[3:]]
    with shop.app.db.transaction() as tx:
        tx.execute(update(Order).where(Order.id.in_(waiting)).values(status="PENDING_PAYMENT"))

    def read(token: str) -> order_service_pb2.ListPendingOrdersResponse:
        request = order_service_pb2.ListPendingOrdersRequest(
            page_size=3, page_token=token, view=order_pb2.Order.FULL
        )
        return shop.orders.ListPendingOrders(request, metadata=shop.admin.metadata)

    try:
        seen: list[order_pb2.Order] = []
        for page in page_by_page(read):
            assert len(page.items) <= 3
            seen += page.items
        assert [order.id for order in seen if order.id in {o.id for o in placed}] == waiting
        assert all(order.status == order_pb2.Order.PENDING_PAYMENT for order in seen)
        assert seen[-1].items
        customer = shop.customer(address=False)
        answer = refused(
            shop.orders.ListPendingOrders, order_service_pb2.ListPendingOrdersRequest(), customer
        )
        assert answer.code == grpc.StatusCode.PERMISSION_DENIED
    finally:
        with shop.app.db.transaction() as tx:
            tx.execute(update(Order).where(Order.id.in_(waiting)).values(status="CONFIRMED"))
