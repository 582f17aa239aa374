"""The Online Retail protocol: which lines count, what is held out, and that it measures what serves."""

from __future__ import annotations

import csv
import gzip
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from small_shop import OPTIONS, quiet

from ml.benchmarks import next_basket
from ml.data.online_retail import read_online_retail
from ml.data.split import hold_out
from ml.data.textfile import UnreadableFile
from ml.evaluation import holdout
from ml.training.train import InsufficientData

HEADING = [
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
]
DAY_ONE = datetime(2011, 1, 3, 9)  # noqa: DTZ001 - as the file writes it
CUSTOMERS, INVOICES, GOODS = 40, 8, 40


def row(invoice: object, code: str, customer: object, days: int, **other: object) -> dict[str, object]:
    return {
        "InvoiceNo": invoice,
        "StockCode": code,
        "Description": f"PRODUCT {code}",
        "Quantity": 6,
        "InvoiceDate": f"{DAY_ONE + timedelta(days=days):%Y-%m-%d %H:%M:%S}",
        "UnitPrice": "2.55",
        "CustomerID": f"{customer}.0" if customer else "",
        "Country": "United Kingdom",
    } | other


def write(path: Path, rows: list[dict[str, object]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, HEADING)
        writer.writeheader()
        writer.writerows(rows)
    return path


def code(number: int) -> str:
    return f"{10_000 + number}"


def shop_of_habits() -> list[dict[str, object]]:
    """Each customer buys three things in every invoice, and others of their half of the catalogue by chance."""
    rng = np.random.default_rng(0)
    rows = []
    for customer in range(1, CUSTOMERS + 1):
        half = customer % 2 * GOODS // 2
        habits = half + rng.choice(GOODS // 2, 3, replace=False)
        for number in range(INVOICES):
            chance = half + rng.choice(GOODS // 2, 2, replace=False)
            basket = {*habits.tolist(), *chance.tolist()}
            invoice = 500_000 + customer * 100 + number
            rows += [row(invoice, code(product), customer, 7 * number) for product in sorted(basket)]
    return rows


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("retail") / "retail.csv", shop_of_habits())


def test_only_sales_of_goods_to_known_customers_are_read(tmp_path: Path) -> None:
    rows = [
        row(1, "85123A", 17850, 0),
        row(1, "85123a", 17850, 0),
        row(2, "22752", None, 0),
        row("C3", "22752", 17850, 0, Quantity=-1),
        row("C4", "22752", 17850, 0),
        row(5, "22752", 17850, 0, Quantity=0),
        row(6, "22752", 17850, 0, UnitPrice="0"),
        row(7, "POST", 17850, 0),
        row(8, "2275", 17850, 0),
    ]
    dataset = read_online_retail(write(tmp_path / "a.csv", rows))
    assert dataset.interactions.order_ids.tolist() == [1, 1]
    assert dataset.interactions.user_ids.tolist() == [17850, 17850]
    assert dataset.products.names == ["PRODUCT 85123a"]


def test_an_invoice_happens_when_its_first_line_is_written(tmp_path: Path) -> None:
    rows = [
        row(1, "22752", 5, 0, InvoiceDate="2011-01-03 09:01:00"),
        row(1, "22753", 5, 0, InvoiceDate="2011-01-03 09:00:00"),
    ]
    times = read_online_retail(write(tmp_path / "a.csv", rows)).interactions.times
    assert times.tolist() == [1294045200.0, 1294045200.0]


def test_a_gzipped_file_reads_alike(shop: Path, tmp_path: Path) -> None:
    zipped = tmp_path / "retail.csv.gz"
    zipped.write_bytes(gzip.compress(shop.read_bytes()))
    assert read_online_retail(zipped).fingerprint() == read_online_retail(shop).fingerprint()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"Quantity": "six"}, "line 3: .*six"),
        ({"InvoiceDate": "1/3/2011"}, "line 3: "),
        ({"UnitPrice": ""}, "line 3: "),
        ({"InvoiceNo": "A1"}, "line 3: "),
    ],
)
def test_a_row_that_cannot_be_understood_is_named_by_its_line(
    tmp_path: Path, change: dict[str, object], words: str
) -> None:
    path = write(tmp_path / "a.csv", [row(1, "22752", 5, 0), row(2, "22752", 5, 1, **change)])
    with pytest.raises(UnreadableFile, match=words):
        read_online_retail(path)


def test_a_row_cut_short_is_named_by_its_line(shop: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.csv"
    path.write_bytes(shop.read_bytes()[:200].rpartition(b",")[0].rpartition(b",")[0])
    with pytest.raises(UnreadableFile, match=r"cut\.csv, line \d: "):
        read_online_retail(path)


def test_files_that_are_no_online_retail_are_refused(tmp_path: Path, shop: Path) -> None:
    with pytest.raises(UnreadableFile, match="no such file"):
        read_online_retail(tmp_path / "absent.csv")
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    with pytest.raises(UnreadableFile, match="its heading lacks InvoiceNo"):
        read_online_retail(other)
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(gzip.compress(shop.read_bytes())[:-200])
    with pytest.raises(UnreadableFile, match="cannot be read to its end"):
        read_online_retail(cut)
    binary = tmp_path / "binary.csv"
    binary.write_bytes(shop.read_bytes() + b"\xff\xfe\n")
    with pytest.raises(UnreadableFile, match=r"line \d+: wrong number of columns"):
        read_online_retail(binary)


def test_the_last_invoice_is_held_out_and_known_to_nothing_before_it(shop: Path) -> None:
    dataset = read_online_retail(shop)
    split = hold_out(dataset)
    orders = list(holdout.holdout_orders(split))
    assert len(orders) == CUSTOMERS
    assert not np.isin(
        [500_000 + user * 100 + INVOICES - 1 for user in split.baskets], split.training.interactions.order_ids
    ).any()
    for order in orders:
        assert (order.purchases.times < order.time).all()
        assert len(np.unique(order.purchases.order_ids)) == INVOICES - 1
        assert order.history()[0] in order.purchases.product_ids[-5:]


def test_the_report_tells_habits_from_popularity(shop: Path) -> None:
    report = next_basket.online_retail(shop, OPTIONS, quiet)
    found = {(each.task, each.name): each for each in report.lists}
    assert found["next basket", "blend"].recall > found["next basket", "popularity"].recall
    # Three of about five products of an invoice are habits; of the others, not all were bought before.
    assert found["next basket", "reorder"].recall > 0.7
    assert found["next basket", "reorder"].ndcg > 0.7
    assert found["new items", "blend"].users < CUSTOMERS
    assert report.reorder is not None
    assert report.reorder["auc"] > 0.85
    assert report.fit_seconds > 0
    told = report.as_json()
    assert {"task", "name", "recall@20", "ndcg@20", "users", "us_per_user"} == told["models"][0].keys()
    assert {"models", "reorder", "fit_s", "peak_mb"} == told.keys()


def test_a_file_with_too_few_invoices_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", [row(number, "22752", 5, number) for number in range(1, 4)])
    with pytest.raises(InsufficientData, match="Training needs at least"):
        next_basket.online_retail(path, OPTIONS, quiet)
