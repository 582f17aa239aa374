"""What is said of an imported file is what plain arithmetic over its lines says, also where clocks are set."""

from __future__ import annotations

import csv
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money
from sanset.v1 import analytics_pb2 as pb
from support.counted_sales import count
from support.running_shop import RunningShop, test_settings

from server.imports.online_retail import Rejected, import_online_retail
from server.progress import silent
from server.verify import verify

BERLIN = ZoneInfo("Europe/Berlin")
NIGHTS = tuple(datetime(2011, month, day, 12, tzinfo=UTC) for month, day in ((3, 26), (10, 29), (12, 31)))
"""Half a day before clocks go forward, go back, and the year ends."""
HEADING = (
    *("InvoiceNo", "StockCode", "Description", "Quantity"),
    *("InvoiceDate", "UnitPrice", "CustomerID", "Country"),
)
COUNTRIES = {"United Kingdom": "GB", "Germany": "DE", "France": "FR"}
GRANULARITY = pb.GetSalesRequest.Granularity
WIRE = pb.ListTopSalesRequest


class Line(NamedTuple):
    """A line of a sale, as the file has it."""

    invoice: str
    sku: str
    units: int
    at: datetime
    pence: int
    customer: str
    country: str


def rows_of(draw: random.Random) -> Iterator[tuple[Any, ...]]:
    """The rows of a file: invoices of hours around each night, one in eight cancelled, one in six a guest's."""
    for number in range(150):
        at = draw.choice(NIGHTS) + timedelta(minutes=draw.randrange(30 * 60))
        mark = "C" if draw.random() < 0.125 else ""
        customer = "" if draw.random() < 0.17 else f"{draw.randint(12_346, 12_358)}.0"
        country = draw.choice(list(COUNTRIES))
        for sku in draw.sample(range(20_001, 20_013), draw.randint(1, 4)):
            units, price = draw.randint(1, 9), f"{draw.randrange(1, 900) / 100:.3f}"
            yield (
                *(f"{mark}{540_000 + number}", sku, f"THING {sku}", -units if mark else units),
                *(f"{at:%Y-%m-%d %H:%M:%S}", price, customer, country),
            )


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of sales."""
    path = tmp_path_factory.mktemp("sales") / "sales.csv"
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADING)
        writer.writerows(rows_of(random.Random(7)))
    return path


@pytest.fixture(scope="module")
def lines(file: Path) -> list[Line]:
    """The lines of its sales, each rounded to the penny."""
    result = []
    with file.open(newline="") as stream:
        for row in csv.DictReader(stream):
            if row["InvoiceNo"].startswith("C"):
                continue
            cost = Decimal(row["UnitPrice"]) * int(row["Quantity"]) * 100
            pence = int(cost.quantize(Decimal(1), ROUND_HALF_UP))
            at = datetime.fromisoformat(row["InvoiceDate"]).replace(tzinfo=UTC)
            named = (row["CustomerID"], COUNTRIES[row["Country"]])
            result.append(Line(row["InvoiceNo"], row["StockCode"], int(row["Quantity"]), at, pence, *named))
    return result


@pytest.fixture(scope="module")
def shop(
    module_database_url: str, tmp_path_factory: pytest.TempPathFactory, file: Path
) -> Iterator[RunningShop]:
    """A shop in Berlin that imported the file while another had still its days in UTC."""
    settings = test_settings(module_database_url, tmp_path_factory.mktemp("shop"), time_zone=BERLIN.key)
    running = RunningShop(settings)
    refused: list[Rejected] = []
    import_online_retail(running.app.db.engine, file, progress=silent, report=refused.append)
    assert refused == []
    count(running, BERLIN.key)
    yield running
    running.stop()


def timestamp(moment: datetime) -> Timestamp:
    """A time on the wire."""
    result = Timestamp()
    result.FromDatetime(moment)
    return result


RANGE: dict[str, Any] = {
    "start_time": timestamp(datetime(2011, 3, 1, tzinfo=BERLIN)),
    "end_time": timestamp(datetime(2012, 2, 1, tzinfo=BERLIN)),
    "currency_code": "GBP",
}


def minor(money: Money) -> int:
    """Pence."""
    return money.units * 100 + money.nanos // 10_000_000


def sums(lines: list[Line], key: Callable[[Line], Any]) -> dict[Any, tuple[int, int, int]]:
    """Invoices, units and pence of the lines, by a key; lines without one are left out."""
    groups: defaultdict[Any, list[Line]] = defaultdict(list)
    for line in lines:
        if name := key(line):
            groups[name].append(line)
    return {name: _sums_of(own) for name, own in groups.items()}


def _sums_of(lines: list[Line]) -> tuple[int, int, int]:
    invoices = {line.invoice for line in lines}
    return len(invoices), sum(line.units for line in lines), sum(line.pence for line in lines)


def first_of(at: datetime, granularity: Any) -> datetime:
    """The first moment of a point in Berlin."""
    if granularity == GRANULARITY.HOUR:
        return at.replace(minute=0, second=0)
    day = at.astimezone(BERLIN).replace(hour=0, minute=0, second=0, fold=0)
    match granularity:
        case GRANULARITY.WEEK:
            day -= timedelta(days=day.weekday())
        case GRANULARITY.MONTH:
            day = day.replace(day=1)
        case GRANULARITY.YEAR:
            day = max(day.replace(day=1, month=1), datetime(2011, 3, 1, tzinfo=BERLIN))
    return day.astimezone(UTC)


@pytest.mark.parametrize("granularity", GRANULARITY.values()[1:], ids=GRANULARITY.keys()[1:])
def test_sales_are_those_of_the_lines(shop: RunningShop, lines: list[Line], granularity: Any) -> None:
    asked = [RANGE]
    if granularity == GRANULARITY.HOUR:
        nights = [night.replace(hour=0, tzinfo=UTC) for night in NIGHTS]
        asked = [
            RANGE | {"start_time": timestamp(night), "end_time": timestamp(night + timedelta(days=3))}
            for night in nights
        ]
    got = {}
    for fields in asked:
        request = pb.GetSalesRequest(granularity=granularity, **fields)
        reply = shop.analytics.GetSales(request, metadata=shop.admin.metadata)
        assert (reply.period.time_zone, reply.period.complete) == (BERLIN.key, True)
        for point in reply.points:
            totals = point.totals
            if totals.order_count:
                at = point.start_time.ToDatetime(tzinfo=UTC)
                got[at] = (totals.order_count, totals.unit_count, minor(totals.revenue))
    assert got == sums(lines, lambda line: first_of(line.at, granularity))


RANKED = {"product": WIRE.PRODUCT, "user": WIRE.USER, "country": WIRE.COUNTRY}


@pytest.mark.parametrize("dimension", RANKED.values(), ids=RANKED)
def test_what_sold_most_is_that_of_the_lines(shop: RunningShop, lines: list[Line], dimension: Any) -> None:
    request = WIRE(dimension=dimension, page_size=100, **RANGE)
    items = shop.analytics.ListTopSales(request, metadata=shop.admin.metadata).items
    names = {row.id: row.sku for row in shop.sql("SELECT id, sku FROM products")}
    emails = {row.id: row.email for row in shop.sql("SELECT id, email FROM users")}
    match dimension:
        case WIRE.PRODUCT:
            shall = sums(lines, lambda line: line.sku)
            got = {names[item.id]: (item.order_count, item.unit_count, minor(item.revenue)) for item in items}
        case WIRE.USER:
            number = {line.customer: line.customer.removesuffix(".0") for line in lines}
            shall = sums(lines, lambda line: number[line.customer])
            got = {
                next(each for each in shall if each in emails[item.id]): (
                    *(item.order_count, item.unit_count, minor(item.revenue)),
                )
                for item in items
            }
        case _:
            shall = sums(lines, lambda line: line.country)
            got = {item.name: (item.order_count, item.unit_count, minor(item.revenue)) for item in items}
    assert got == shall
    ranked = [minor(item.revenue) for item in items]
    assert ranked == sorted(ranked, reverse=True)


def test_cohorts_and_buyers_are_those_of_the_lines(shop: RunningShop, lines: list[Line]) -> None:
    months: defaultdict[str, set[str]] = defaultdict(set)
    days: defaultdict[str, set[str]] = defaultdict(set)
    for line in lines:
        if line.customer:
            local = line.at.astimezone(BERLIN)
            months[line.customer].add(f"{local:%Y-%m}")
            days[f"{local:%Y-%m-%d}"].add(line.customer)
    cohorts = Counter((min(each), month) for each in months.values() for month in each)
    request = pb.GetCohortsRequest(months=12, currency_code="GBP", end_time=RANGE["end_time"])
    reply = shop.analytics.GetCohorts(request, metadata=shop.admin.metadata)
    got = {}
    for cohort in reply.cohorts:
        start = cohort.start_time.ToDatetime(tzinfo=UTC).astimezone(BERLIN)
        for month in cohort.months:
            year, place = divmod(start.year * 12 + start.month - 1 + month.number, 12)
            got[f"{start:%Y-%m}", f"{year}-{place + 1:02}"] = month.customer_count
    assert got == cohorts
    users = shop.analytics.GetUserActivity(pb.GetUserActivityRequest(**RANGE), metadata=shop.admin.metadata)
    by_day = {
        f"{day.start_time.ToDatetime(tzinfo=UTC).astimezone(BERLIN):%Y-%m-%d}": day.buyer_count
        for day in users.days
        if day.buyer_count
    }
    assert by_day == {day: len(buyers) for day, buyers in days.items()}
    assert users.buyer_count == len(months)
    assert len(users.days) == 337
    assert [each for each in verify(shop.app.db.engine) if each.rule.startswith("sales-")] == []
