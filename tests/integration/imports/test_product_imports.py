"""Files of products that are sent, imported row by row, watched, resumed, and read back from exports."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal
from typing import Any

import grpc
import pytest
from google.api.httpbody_pb2 import HttpBody
from google.type.money_pb2 import Money
from sanset.v1 import category_pb2, inventory_pb2, product_pb2
from sanset.v1 import import_pb2 as pb
from sqlalchemy import text
from support.running_shop import Account, RunningShop, refusal, refused
from support.stock_places import MAIN
from support.stock_watcher import StockWatcher

from server.catalog.errors import LocationNotFound
from server.errors import UnavailableNow
from server.imports import job, queries, service
from server.imports.products import file as product_file
from server.imports.products.rows import ProductRow
from server.imports.uploads import FileIntake, UploadedFile
from server.verify import Discrepancy, verify

pytestmark = pytest.mark.either

State = pb.ProductImport.State
SECONDS = 60


def word() -> str:
    """A word that no other test uses."""
    return f"w{uuid.uuid4().hex[:10]}"


def pieces(content: bytes | str, size: int = 1000, **fields: object) -> Iterator[pb.ImportProductsRequest]:
    """The messages that a file is sent in."""
    data = content.encode() if isinstance(content, str) else content
    yield pb.ImportProductsRequest(file=HttpBody(data=data[:size]), **fields)  # type: ignore[arg-type]
    for start in range(size, len(data), size):
        yield pb.ImportProductsRequest(file=HttpBody(data=data[start : start + size]))


def begun(
    shop: RunningShop, content: bytes | str, who: Account | None = None, **fields: object
) -> pb.ProductImport:
    """An import whose file has arrived, and which waits for its turn."""
    account = who or shop.admin
    return shop.imports.ImportProducts(pieces(content, **fields), metadata=account.metadata, timeout=SECONDS)


def work(shop: RunningShop) -> None:
    """Have what waits imported, as a worker does it on its own."""
    shop.run(shop.app.jobs.run("import products"))


def imported(
    shop: RunningShop, content: bytes | str, who: Account | None = None, **fields: object
) -> pb.ProductImport:
    """An import from its file to its end."""
    import_id = begun(shop, content, who, **fields).id
    work(shop)
    return read(shop, import_id, who)


def read(shop: RunningShop, import_id: int, who: Account | None = None) -> pb.ProductImport:
    account = who or shop.admin
    return shop.imports.GetImport(pb.GetImportRequest(import_id=import_id), metadata=account.metadata)


def by_slug(shop: RunningShop, slug: str) -> product_pb2.Product:
    return shop.catalog.GetProduct(product_pb2.GetProductRequest(slug=slug))


def counts(done: pb.ProductImport) -> tuple[int, int, int, int, int]:
    """Rows: all, created, updated, unchanged, refused."""
    return (
        *(done.row_count, done.created_count, done.updated_count, done.unchanged_count),
        done.refused_count,
    )


def problems(done: pb.ProductImport) -> list[tuple[int, str]]:
    return [(problem.line, problem.column) for problem in done.problems]


@pytest.fixture
def discrepancies_before(shop: RunningShop) -> list[Discrepancy]:
    """What others left in the shop, which all tests share."""
    return verify(shop.app.db.engine)


def test_a_file_creates_what_there_is_not_and_changes_what_there_is(
    shop: RunningShop, discrepancies_before: list[Discrepancy]
) -> None:
    mark = word()
    old = shop.product(sku=f"{mark}-1", slug=f"{mark}-old", name="Old name", stock=3, brand="Acme")
    heading = "sku,name,slug,price,compare_at_price,stock,tags,attr:Material,category,description\n"
    done = imported(
        shop,
        heading
        + f'{mark}-1,New name,,12.50,15,8,"{mark}, red",oak,{mark} Kitchen > Mugs,Fine\n'
        + f"{mark}-2,Second,{mark}-second,5,,4,,,,\n"
        + f"{mark}-3,,,5,,4,,,,\n",
        create_categories=True,
    )
    assert (done.state, counts(done), problems(done)) == (State.SUCCEEDED, (3, 1, 1, 0, 1), [(4, "name")])
    assert (done.progress_percent, done.line) == (100, 4)
    product = by_slug(shop, old.slug)
    assert (product.name, product.brand, product.stock) == ("New name", "Acme", 8)
    assert product.price == Money(currency_code="USD", units=12, nanos=500_000_000)
    assert product.compare_at_price.units == 15
    assert (list(product.tags), dict(product.attributes)) == ([mark, "red"], {"Material": "oak"})
    assert product.category == "Mugs"
    tree = shop.catalog.GetCategory(category_pb2.GetCategoryRequest(category_id=product.category_id))
    assert tree.parent_id
    second = by_slug(shop, f"{mark}-second")
    assert (second.stock, second.sku, second.max_quantity) == (4, f"{mark}-2", 99)
    listed = shop.catalog.ListProducts(product_pb2.ListProductsRequest(tags=[mark]))
    assert [item.id for item in listed.items] == [old.id]
    assert verify(shop.app.db.engine) == discrepancies_before


def test_the_same_file_again_changes_nothing(shop: RunningShop) -> None:
    mark = word()
    content = f"sku,name,price,stock,tags\n{mark},Mug {mark},5,3,{mark}\n"
    assert counts(imported(shop, content)) == (1, 1, 0, 0, 0)
    (product,) = shop.catalog.ListProducts(product_pb2.ListProductsRequest(tags=[mark])).items
    assert counts(imported(shop, content)) == (1, 0, 0, 1, 0)
    assert by_slug(shop, product.slug).etag == product.etag


def test_stock_is_the_units_that_can_be_ordered(
    shop: RunningShop, discrepancies_before: list[Discrepancy]
) -> None:
    product = shop.product(sku=word(), stock=5)
    buyer = shop.customer()
    shop.add(buyer, product.id, 2)
    shop.checkout(buyer)
    assert counts(imported(shop, f"sku,stock\n{product.sku},7\n")) == (1, 0, 1, 0, 0)
    inventory = shop.inventory.GetInventory(inventory_pb2.GetInventoryRequest(product_id=product.id))
    assert inventory.total_available == 7
    assert counts(imported(shop, f"sku,name\n{product.sku},Another name\n")) == (1, 0, 1, 0, 0)
    assert by_slug(shop, product.slug).stock == 7
    assert verify(shop.app.db.engine) == discrepancies_before


def test_a_dry_run_tells_what_would_be_and_writes_nothing(shop: RunningShop) -> None:
    mark = word()
    product = shop.product(sku=f"{mark}-1", name="Old name")
    content = f"sku,name,price,category\n{mark}-1,New name,5,\n{mark}-2,New,5,{mark} Shelf\n{mark}-3,,5,\n"
    done = imported(shop, content, dry_run=True, create_categories=True)
    assert (done.dry_run, counts(done), problems(done)) == (True, (3, 1, 1, 0, 1), [(4, "name")])
    assert by_slug(shop, product.slug).etag == product.etag
    assert shop.sql("SELECT 1 FROM products WHERE sku = :sku", sku=f"{mark}-2") == []
    assert shop.sql("SELECT 1 FROM categories WHERE name = :name", name=f"{mark} Shelf") == []


def test_rows_are_refused_by_themselves(shop: RunningShop) -> None:
    mark = word()
    other = shop.product(sku=f"{mark}-other", slug=f"{mark}-taken")
    done = imported(
        shop,
        "sku,name,price,compare_at_price,slug,category,variant_sku\n"
        f"{mark}-1,A,5,4,,,\n"
        f"{mark}-2,B,5,,{other.slug},,\n"
        f"{mark}-3,C,5,,,{mark} nowhere,\n"
        f"{mark}-4,D,5,,,,{other.sku}\n"
        f"{mark}-5,E,5,,{mark}-own,,\n"
        f"{mark}-6,F,5,,{mark}-own,,\n"
        f"{mark}-7,=cmd|' /C calc'!A1,5,,,,\n",
    )
    assert counts(done) == (7, 2, 0, 0, 5)
    assert problems(done) == [
        *((2, "compare_at_price"), (3, "slug"), (4, "category"), (5, "sku"), (7, "slug")),
    ]
    (row,) = shop.sql("SELECT name FROM products WHERE sku = :sku", sku=f"{mark}-7")
    assert row.name == "=cmd|' /C calc'!A1"


def test_vendors_import_their_own_products(shop: RunningShop) -> None:
    mark, vendor = word(), shop.vendor()
    product = shop.product(sku=f"{mark}-1")
    done = imported(shop, f"sku,name,price\n{mark}-1,Mine now,1\n{mark}-2,Mine {mark},1\n", vendor)
    assert (counts(done), problems(done)) == ((2, 1, 0, 0, 1), [(2, "sku")])
    assert by_slug(shop, product.slug).name == product.name
    (row,) = shop.sql("SELECT vendor_id FROM products WHERE sku = :sku", sku=f"{mark}-2")
    assert row.vendor_id == vendor.user_id
    stranger = shop.vendor()
    for method, request in (
        (shop.imports.GetImport, pb.GetImportRequest(import_id=done.id)),
        (shop.imports.CancelImport, pb.CancelImportRequest(import_id=done.id)),
        (shop.imports.ListImportProblems, pb.ListImportProblemsRequest(import_id=done.id)),
    ):
        assert refused(method, request, stranger).reason == "IMPORT_NOT_FOUND"
        method(request, metadata=shop.admin.metadata)
    listed = shop.imports.ListImports(pb.ListImportsRequest(), metadata=stranger.metadata)
    assert list(listed.items) == []
    with pytest.raises(grpc.RpcError) as caught:
        begun(shop, "sku\n", vendor, create_categories=True)
    assert refusal(caught.value).reason == "PERMISSION_MISSING"


@pytest.mark.parametrize("content", [b"PK\x03\x04", b"", b"sku,naem\nA,B\n", b"x" * 200_000])
def test_a_file_that_is_none_is_refused_before_anything_is_kept(shop: RunningShop, content: bytes) -> None:
    vendor = shop.vendor()
    with pytest.raises(grpc.RpcError) as caught:
        begun(shop, content, vendor)
    refused_as = refusal(caught.value)
    assert (refused_as.code, refused_as.reason, refused_as.fields) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "INVALID_FILE",
        ["file"],
    )
    assert list(shop.imports.ListImports(pb.ListImportsRequest(), metadata=vendor.metadata).items) == []


def test_a_file_has_a_bounded_number_of_bytes(shop: RunningShop, monkeypatch: pytest.MonkeyPatch) -> None:
    take = FileIntake.take

    async def taken(intake: FileIntake, *arguments: Any, **named: Any) -> UploadedFile:
        intake.max_bytes = 100
        return await take(intake, *arguments, **named)

    monkeypatch.setattr(FileIntake, "take", taken)
    with pytest.raises(grpc.RpcError) as caught:
        begun(shop, "sku,name\n" + "x" * 100)
    assert (refusal(caught.value).reason, refusal(caught.value).fields) == ("FILE_TOO_LARGE", ["file"])


def test_a_repeat_with_the_same_id_is_the_same_import(shop: RunningShop) -> None:
    mark, request_id = word(), str(uuid.uuid4())
    content = f"sku,name,price\n{mark},Mug,1\n"
    first = begun(shop, content, request_id=request_id)
    again = begun(shop, content, request_id=request_id.upper())
    assert again.id == first.id
    work(shop)
    assert begun(shop, content, request_id=request_id).state == State.SUCCEEDED
    for fields in ({"dry_run": True}, {}):
        other = content if fields else f"{content}{mark}-2,Cup,1\n"
        with pytest.raises(grpc.RpcError) as caught:
            begun(shop, other, request_id=request_id, **fields)
        assert refusal(caught.value).reason == "IDEMPOTENCY_MISMATCH"


@pytest.mark.both
def test_repeats_at_once_are_one_import(shop: RunningShop) -> None:
    mark, request_id = word(), str(uuid.uuid4())
    ids: list[int] = []

    def send() -> None:
        ids.append(begun(shop, f"sku,name,price\n{mark},Mug,1\n", request_id=request_id).id)

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 2
    assert len(set(ids)) == 1


def test_an_upload_that_is_cut_has_begun_nothing(shop: RunningShop) -> None:
    vendor = shop.vendor()

    def cut() -> Iterator[pb.ImportProductsRequest]:
        yield pb.ImportProductsRequest(file=HttpBody(data=b"sku,name,price\nA,"))
        raise RuntimeError("the caller is gone")

    with pytest.raises(grpc.RpcError):
        shop.imports.ImportProducts(cut(), metadata=vendor.metadata, timeout=SECONDS)
    assert list(shop.imports.ListImports(pb.ListImportsRequest(), metadata=vendor.metadata).items) == []


def test_only_the_first_message_says_what_is_done_with_the_file(shop: RunningShop) -> None:
    vendor = shop.vendor()
    pieces = [
        pb.ImportProductsRequest(file=HttpBody(data=b"sku,name,price\n")),
        pb.ImportProductsRequest(file=HttpBody(data=b"A,Mug,5\n"), dry_run=True),
    ]
    with pytest.raises(grpc.RpcError) as refused:
        shop.imports.ImportProducts(iter(pieces), metadata=vendor.metadata, timeout=SECONDS)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "dry_run" in refused.value.details()
    assert list(shop.imports.ListImports(pb.ListImportsRequest(), metadata=vendor.metadata).items) == []


def test_an_import_goes_on_where_it_was_left(shop: RunningShop, monkeypatch: pytest.MonkeyPatch) -> None:
    work(shop)  # what other tests have left
    monkeypatch.setattr(product_file, "BATCH_ROWS", 3)
    mark = word()
    rows = [f"{mark}-{i},Mug {i},1,5" for i in range(7)] + [f"{mark}-0,Again,1,5", f"{mark}-7,Last,1,5"]
    begin = begun(shop, "\n".join(["sku,name,price,stock", *rows]))
    written, whole = [], job.write_whole

    def dying(*arguments: object, **named: object) -> object:
        written.append(1)
        if len(written) == 2:
            raise UnavailableNow
        return whole(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(job, "write_whole", dying)
    with pytest.raises(UnavailableNow):
        work(shop)
    half = read(shop, begin.id)
    assert (half.state, half.row_count, half.line) == (State.RUNNING, 3, 4)
    # What is written is written once: by now its stock is another.
    (row,) = shop.sql("SELECT id FROM products WHERE sku = :sku", sku=f"{mark}-0")
    changed = inventory_pb2.SetInventoryRequest(product_id=row.id, quantity=4)
    shop.inventory.SetInventory(changed, metadata=shop.admin.metadata)
    work(shop)
    done = read(shop, begin.id)
    assert (done.state, counts(done), problems(done)) == (State.SUCCEEDED, (9, 8, 0, 0, 1), [(9, "sku")])
    inventory = shop.inventory.GetInventory(inventory_pb2.GetInventoryRequest(product_id=row.id))
    assert inventory.total_available == 4
    assert shop.sql("SELECT 1 FROM product_import_pieces WHERE import_id = :id", id=begin.id) == []


def test_an_import_that_is_refused_for_good_ends_and_holds_up_no_other(
    shop: RunningShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    work(shop)  # what other tests have left
    mark, whole = word(), job.write_whole
    refusing = begun(shop, f"sku,name,price\n{mark}-1,Mug,1\n")
    waiting = begun(shop, f"sku,name,price\n{mark}-2,Mug,1\n")

    def refused_for_good(db: object, rows: list[ProductRow], *rest: object, **named: object) -> object:
        if rows[0].sku == f"{mark}-1":
            raise LocationNotFound(location_id=7)
        return whole(db, rows, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(job, "write_whole", refused_for_good)
    work(shop)
    assert read(shop, refusing.id).state == State.FAILED
    assert read(shop, waiting.id).state == State.SUCCEEDED


def test_a_batch_that_somebody_else_wrote_is_not_written_again(shop: RunningShop) -> None:
    mark = word()
    begin = begun(shop, f"sku,name,price\n{mark},Mug,1\n")
    with shop.app.db.transaction() as tx:
        assert service.hold_turn(tx, begin.id, 0, shop.app.core.clock())
        queries.advance(tx, begin.id, {"line": 2})
    with shop.app.db.transaction() as tx:
        assert not service.hold_turn(tx, begin.id, 0, shop.app.core.clock())
        service.finish(tx, begin.id, service.FAILED, "by the test", shop.app.core.clock())


def test_an_import_is_watched_to_its_end(shop: RunningShop) -> None:
    begin = begun(shop, f"sku,name,price\n{word()},Mug,1\n")
    assert begin.state == State.QUEUED
    watch = shop.imports.WatchImport(
        pb.WatchImportRequest(import_id=begin.id), metadata=shop.admin.metadata, timeout=SECONDS
    )
    assert next(watch).product_import.id == begin.id
    work(shop)
    *states, end = (message for message in watch if message.WhichOneof("content") != "heartbeat")
    assert end.end.state == State.SUCCEEDED
    assert states[-1].product_import.created_count == 1


def test_an_import_is_cancelled_with_what_is_written(shop: RunningShop) -> None:
    begin = begun(shop, f"sku,name,price\n{word()},Mug,1\n")
    request = pb.CancelImportRequest(import_id=begin.id)
    for _ in range(2):
        ended = shop.imports.CancelImport(request, metadata=shop.admin.metadata)
        assert (ended.state, ended.HasField("end_time")) == (State.CANCELLED, True)
    work(shop)
    assert counts(read(shop, begin.id)) == (0, 0, 0, 0, 0)


def test_one_user_has_a_bounded_number_of_imports_under_way(shop: RunningShop) -> None:
    vendor = shop.vendor()
    begins = [begun(shop, "sku\nA\n", vendor) for _ in range(service.MAX_OPEN)]
    with pytest.raises(grpc.RpcError) as caught:
        begun(shop, "sku\nA\n", vendor)
    assert refusal(caught.value).reason == "TOO_MANY"
    for one in begins:
        shop.imports.CancelImport(pb.CancelImportRequest(import_id=one.id), metadata=vendor.metadata)


@pytest.mark.both
def test_files_at_once_are_no_more_than_a_user_may_have(
    shop: RunningShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor = shop.vendor()
    for _ in range(service.MAX_OPEN - 1):
        begun(shop, "sku\nA\n", vendor)
    both, count_open = threading.Barrier(2), queries.count_open

    def counted(*arguments: Any) -> int:
        count = count_open(*arguments)
        with suppress(threading.BrokenBarrierError):
            both.wait(1)  # the other one counts now, unless it has to wait
        return count

    monkeypatch.setattr(queries, "count_open", counted)
    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(begun, shop, "sku\nA\n", vendor) for _ in range(2)]
        errors = [call.exception() for call in calls]
    assert sorted(error is None for error in errors) == [False, True]
    listed = shop.imports.ListImports(pb.ListImportsRequest(), metadata=vendor.metadata)
    assert len(listed.items) == service.MAX_OPEN
    for one in listed.items:
        shop.imports.CancelImport(pb.CancelImportRequest(import_id=one.id), metadata=vendor.metadata)


def test_who_is_no_vendor_any_more_imports_nothing_more(shop: RunningShop) -> None:
    mark, vendor = word(), shop.vendor()
    begin = begun(shop, f"sku,name,price\n{mark},Mug,1\n", vendor)
    with shop.app.db.transaction() as tx:
        tx.execute(text("UPDATE users SET role = 'CUSTOMER' WHERE id = :id"), {"id": vendor.user_id})
    work(shop)
    done = read(shop, begin.id, shop.admin)
    assert (done.state, done.message, done.row_count) == (State.FAILED, service.ROLE_CHANGED, 0)
    assert shop.sql("SELECT id FROM products WHERE sku = :sku", sku=mark) == []


def test_problems_are_listed_in_pages_and_the_first_of_very_many_kept(
    shop: RunningShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_PROBLEMS", 30)
    done = imported(shop, "sku,name,price\n" + "".join(f"bad {i},x,1\n" for i in range(50)))
    assert (done.refused_count, len(done.problems)) == (50, 20)
    lines: list[int] = []
    request = pb.ListImportProblemsRequest(import_id=done.id, page_size=25)
    while True:
        page = shop.imports.ListImportProblems(request, metadata=shop.admin.metadata)
        lines += [problem.line for problem in page.items]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert lines == list(range(2, 32))


def test_variants_are_rows_of_their_product(
    shop: RunningShop, discrepancies_before: list[Discrepancy]
) -> None:
    mark = word()
    content = (
        "sku,variant_sku,name,slug,price,stock,option:size\n"
        f"{mark},{mark}-S,Shirt,{mark},20,1,S\n"
        f"{mark},{mark}-M,Shirt,,20,2,M\n"
        f"{mark},{mark}-L,Shirt,,25,0,L\n"
    )
    assert counts(imported(shop, content)) == (3, 3, 0, 0, 0)
    assert by_slug(shop, mark).stock == 3
    assert counts(imported(shop, content)) == (3, 0, 0, 3, 0)
    again = imported(shop, f"sku,variant_sku,price,stock\n{mark},{mark}-L,30,4\n")
    assert counts(again) == (1, 0, 1, 0, 0)
    product = by_slug(shop, mark)
    assert (product.stock, product.price.units) == (7, 20)
    assert verify(shop.app.db.engine) == discrepancies_before


def test_the_opening_stock_of_what_is_imported_is_told_to_who_watches(shop: RunningShop) -> None:
    mark = word()
    columns = "sku,variant_sku,name,slug,price,stock,option:size\n"
    watcher = StockWatcher(shop, shop.customer(), all=True)
    imported(shop, f"{columns}{mark},{mark}-S,Shirt,{mark},20,1,S\n{mark},{mark}-M,Shirt,,20,2,M\n")
    product_id = by_slug(shop, mark).id
    watcher.until_quantities(product_id, (MAIN, 1), (MAIN, 2))
    imported(shop, f"{columns}{mark},{mark}-L,Shirt,,20,3,L\n")
    watcher.until_quantities(product_id, (MAIN, 1), (MAIN, 2), (MAIN, 3))
    watcher.cancel()


def test_what_is_exported_can_be_imported_again(shop: RunningShop) -> None:
    mark, vendor = word(), shop.vendor()
    facts = {"w": [1, "=x"], "note": "a;-b"}
    rows = [
        {
            "sku": f"{mark}-1",
            "name": '=HYPERLINK("http://evil.test";"x")',
            "slug": f"{mark}-1",
            "price": "12.50",
            "compare_at_price": 20,
            "description": "'quoted'\n-second line",
            "brand": "@brand",
            "tags": [mark, "-5"],
            "attributes": facts,
            "metadata": {"erp": "1"},
            "seo_title": "+title",
            "stock": 3,
        },
        {
            "sku": f"{mark}-2",
            "variant_sku": f"{mark}-2-S",
            "name": "Shirt",
            "price": 5,
            "options": {"size": "S"},
        },
        {
            "sku": f"{mark}-2",
            "variant_sku": f"{mark}-2-M",
            "name": "Shirt",
            "price": 6,
            "options": {"size": "M"},
        },
    ]
    done = imported(shop, "\n".join(map(json.dumps, rows)), vendor)
    assert counts(done) == (3, 3, 0, 0, 0), done
    exported = _exported(shop, vendor)
    before = by_slug(shop, f"{mark}-1")
    assert before.name == rows[0]["name"]
    again = imported(shop, exported, vendor)
    assert (counts(again), problems(again)) == ((3, 0, 0, 3, 0), [])
    changed = exported.replace(b"12.50", b"13.50")
    assert counts(imported(shop, changed, vendor)) == (3, 0, 1, 2, 0)
    after = by_slug(shop, f"{mark}-1")
    assert Decimal(after.price.units) + Decimal(after.price.nanos) / 10**9 == Decimal("13.5")
    assert (after.description, dict(after.attributes)) == (before.description, dict(before.attributes))


def _exported(shop: RunningShop, who: Account) -> bytes:
    stream: Iterable[HttpBody] = shop.catalog.ExportProducts(
        product_pb2.ExportProductsRequest(), metadata=who.metadata, timeout=SECONDS
    )
    return b"".join(piece.data for piece in stream)
