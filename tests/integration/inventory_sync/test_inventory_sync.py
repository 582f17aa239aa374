"""The stock is brought up to a list from elsewhere: row by row, from a file or an address, by hand or as a job."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from support.catalog_shop import add_variant
from support.command_line import Sanset
from support.running_shop import RunningShop, test_settings
from support.stock_places import MAIN, change_location, new_location, stock

from server.inventory_sync import sources, sync
from server.inventory_sync.rows import SourceUnusable
from server.inventory_sync.sources import source_of
from server.inventory_sync.sync import InventorySync, SyncReport

pytestmark = pytest.mark.either

HEADER = "sku,location,quantity,variant\n"


def _sync(shop: RunningShop, place: str, *, allow_private: bool = False) -> SyncReport:
    source = source_of(place, allow_private=allow_private)
    return shop.run(InventorySync(shop.app.core.work, source).sync())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the list is."""
    return tmp_path / "stock.csv"


def test_a_list_sets_what_is_where_and_says_it_once(shop: RunningShop, path: Path) -> None:
    mug, shirt, store = shop.product(stock=3), shop.product(stock=5), new_location(shop)
    red = add_variant(shop, shirt.id, stock=0, sku=f"RED-{shirt.sku}", color="Red").id
    path.write_text(
        f"{HEADER}{mug.sku},Main warehouse,8,\n{mug.sku},{store.name},2,\n"
        f"{shirt.sku},{store.name},4,RED-{shirt.sku}\n"
    )
    report = _sync(shop, str(path))
    assert (report.rows, report.changed, report.refused) == (3, 3, 0)
    assert stock(shop, mug.id) == {MAIN: 8, store.id: 2}
    rows = shop.sql(
        "SELECT variant_id, available FROM inventory_levels WHERE product_id = :id AND location_id = :at",
        id=shirt.id,
        at=store.id,
    )
    assert [tuple(row) for row in rows] == [(red, 4)]
    [before] = shop.sql("SELECT max(id) AS id FROM events")
    again = _sync(shop, str(path))
    assert (again.rows, again.changed, again.refused) == (3, 0, 0)
    [after] = shop.sql("SELECT max(id) AS id FROM events")
    assert after.id == before.id, "what is so already is no change"


def test_bad_rows_are_reported_and_good_ones_land(shop: RunningShop, path: Path) -> None:
    mug, other, store = shop.product(stock=3), shop.product(stock=3), new_location(shop)
    path.write_bytes(
        (
            f"{HEADER}{mug.sku},Main warehouse,8,\n"
            "no-such-sku,Main warehouse,1,\n"
            f"{other.sku},Nowhere,1,\n"
            f"{mug.sku},Main warehouse,9,\n"
            f"{other.sku},{store.name},1,{mug.sku}\n"
            f"{other.sku},Main warehouse,some,\n"
        ).encode()
        + b"\xff\xfe,Main warehouse,1,\n"
        + f"{other.sku},Main warehouse,6,\n".encode()
    )
    report = _sync(shop, str(path))
    assert (report.rows, report.changed, report.refused) == (8, 2, 6)
    assert [(row.line, row.column) for row in report.reasons] == [
        (3, "sku"), (4, "location"), (5, "sku"), (6, "variant"), (7, "quantity"), (8, "sku"),
    ]  # fmt: skip
    assert (stock(shop, mug.id), stock(shop, other.id)) == ({MAIN: 8}, {MAIN: 6})


def test_many_rows_are_written_some_at_a_time(
    shop: RunningShop, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "ROWS_AT_ONCE", 2)
    products = [shop.product(stock=0) for _ in range(5)]
    path.write_text(HEADER + "".join(f"{one.sku},Main warehouse,{at},\n" for at, one in enumerate(products)))
    report = _sync(shop, str(path))
    assert (report.rows, report.changed) == (5, 4)
    assert [stock(shop, one.id)[MAIN] for one in products] == [0, 1, 2, 3, 4]


def test_a_closed_location_is_counted_too(shop: RunningShop, path: Path) -> None:
    mug, store = shop.product(stock=1), new_location(shop)
    change_location(shop, store.id, active=False)
    path.write_text(f"{HEADER}{mug.sku},{store.name},4,\n")
    _sync(shop, str(path))
    assert stock(shop, mug.id) == {MAIN: 1, store.id: 4}


def test_what_is_no_list_changes_nothing(
    shop: RunningShop, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in (path, path.parent):
        with pytest.raises(SourceUnusable):
            _sync(shop, str(place))
    path.write_text("name,quantity\nmug,4\n")
    with pytest.raises(SourceUnusable, match="must name the columns"):
        _sync(shop, str(path))
    monkeypatch.setattr(sources, "MAX_BYTES", 10)
    path.write_text(HEADER)
    with pytest.raises(SourceUnusable, match="more than 10 bytes"):
        _sync(shop, str(path))


@pytest.fixture
def address() -> Iterator[str]:
    """A server of this host: /stock.csv is what `Answers.body` says, /moved leads there."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/moved":
                self.send_response(302)
                self.send_header("location", "/stock.csv")
                self.end_headers()
                return
            self.send_response(200 if self.path.startswith("/stock.csv") else 404)
            self.end_headers()
            self.wfile.write(HEADER.encode() + self.path.partition("?")[2].encode() + b"\n")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.both
def test_an_address_is_asked(shop: RunningShop, address: str) -> None:
    mug, store = shop.product(stock=1), new_location(shop, name=f"Mall-{uuid.uuid4().hex}")
    report = _sync(shop, f"{address}/stock.csv?{mug.sku},{store.name},9,", allow_private=True)
    assert (report.rows, report.changed) == (1, 1)
    assert stock(shop, mug.id) == {MAIN: 1, store.id: 9}


@pytest.mark.either
def test_addresses_that_must_not_be_asked_are_not(shop: RunningShop, address: str) -> None:
    for place, allow_private, why in (
        (f"{address}/stock.csv", False, "https"),
        ("https://127.0.0.1:1/stock.csv", False, "not a public address"),
        ("https://localhost/stock.csv", False, "not a public address"),
        ("https://169.254.169.254/latest/meta-data", False, "not a public address"),
        (f"{address}/moved", True, "answered 302"),
        (f"{address}/other", True, "answered 404"),
        ("http://127.0.0.1:9/stock.csv", True, "ConnectError"),
    ):
        with pytest.raises(SourceUnusable, match=why):
            _sync(shop, place, allow_private=allow_private)


def test_a_shop_with_a_source_has_the_job(database_url: str, tmp_path: Path) -> None:
    path = tmp_path / "stock.csv"
    shop = RunningShop(test_settings(database_url, tmp_path / "home", inventory_source=str(path)))
    try:
        mug = shop.product(stock=1)
        path.write_text(f"{HEADER}{mug.sku},Main warehouse,9,\nnone,Main warehouse,1,\n")
        shop.run(shop.app.jobs.run("sync inventory"))
        assert stock(shop, mug.id) == {MAIN: 9}
        path.unlink()
        with pytest.raises(SourceUnusable):
            shop.run(shop.app.jobs.run("sync inventory"))
    finally:
        shop.stop()


def test_by_hand_it_says_what_was_refused(sanset: Sanset, database_url: str, tmp_path: Path) -> None:
    code, said = sanset("sync-inventory", DATABASE_URL=database_url)
    assert (code, said) == (1, "sanset: name a source, or set INVENTORY_SOURCE.\n")
    (tmp_path / "stock.csv").write_text(f"{HEADER}none,Main warehouse,1,\n")
    code, said = sanset("sync-inventory", "stock.csv", DATABASE_URL=database_url)
    assert (code, said) == (1, "")
    code, said = sanset("sync-inventory", DATABASE_URL=database_url, INVENTORY_SOURCE="missing.csv")
    assert code == 1
    assert said.startswith("sanset: missing.csv: missing.csv cannot be read")
