"""What questions to the analytics cost, with 500,000 orders and with 50,000, and what counting an order costs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from sqlalchemy import Engine, text

from bench import comparisons, gateway, load, pacer, rounds, sales_data, servers
from bench.calls import PreparedCall, Target
from bench.cpu import SERVER_CORE, Processes, pinned
from bench.report import Figure, cost_row
from bench.rounds import Load, Side
from bench.sales_data import Trade
from bench.shops import sanset_calls
from bench.shops.sanset import ADMIN_EMAIL, ADMIN_PASSWORD, SETTINGS, SansetShop, started_worker
from server.db.engine import connect

SIZES: Final = (Trade(orders=500_000), Trade(orders=50_000))
QUESTIONS: Final[Mapping[str, Callable[[str], PreparedCall]]] = {
    "dashboard": sanset_calls.get_dashboard,
    "sales_year": sanset_calls.get_sales,
    "cohorts": sanset_calls.get_cohorts,
}
CALLS: Final = 40
"""Of a round."""
A_SECOND: Final = 10.0
SECONDS: Final = 60
"""How long times are taken: one call in a hundred is six calls then."""


@dataclass(frozen=True)
class SellingShop:
    """A running worker of a shop that sold a lot, and its administrator."""

    trade: Trade
    target: Target
    processes: Processes
    engine: Engine
    admin: str

    def ask(self, question: str, count: int) -> list[PreparedCall]:
        """A question, so many times."""
        return [QUESTIONS[question](self.admin)] * count

    def revise(self, days_ago: int) -> None:
        """Let a day's sales be others than before, as after an order or a refund."""
        day = "(SELECT day FROM sales_days ORDER BY day DESC OFFSET :ago LIMIT 1)"
        with self.engine.begin() as tx:
            statement = f"UPDATE sales_days SET revision = revision + 1 WHERE day = {day}"
            tx.execute(text(statement), {"ago": days_ago})


@contextmanager
def running(directory: Path, trade: Trade) -> Iterator[SellingShop]:
    """Run one worker on a PostgreSQL under `directory`, once its orders are counted."""
    directory.mkdir()
    with servers.database(directory / "postgres") as (url, postmaster):
        environment = {
            **SETTINGS,
            "DATA_DIR": str(directory / "var"),
            "DATABASE_URL": url,
            "TIME_ZONE": sales_data.ZONE,
            "RUN_JOBS": "false",
        }
        servers.run_python(["-m", "server", "migrate"], environment)
        sales_data.write_orders(url, trade)
        sales_data.count_orders(url, trade)
        engine = connect(url, pool_size=1)
        try:
            with started_worker(environment, directory / "log") as (target, worker):
                (answer,) = load.send(target, [sanset_calls.login(ADMIN_EMAIL, ADMIN_PASSWORD)])
                admin = sanset_calls.access_token(answer.body)
                processes = Processes((worker,), (postmaster,))
                yield SellingShop(trade, target, processes, engine, admin)
        finally:
            engine.dispose()


def measure(shops: Sequence[SellingShop], count: int, on_round: Callable[[], None]) -> list[Figure]:
    """The cost of each question, that of the largest shop beside that of the smallest.

    Orders come in: today is another before each round. `dashboard_anew` follows a change of a day that is over.
    """
    sides = [_side(shop, question) for shop in shops for question in QUESTIONS]
    sides += [_anew(shop) for shop in shops]
    costs = rounds.measure(sides, count, on_round)
    large, small = shops[0].trade.orders, shops[-1].trade.orders
    rows = [cost_row(f"analytics_{name}", each) for name, each in costs.items()]
    for question in QUESTIONS:
        first, second = costs[f"{question}_{large}"], costs[f"{question}_{small}"]
        ratio = first.against(second)
        rows.append(cost_row(f"analytics_{question}_growth", first, against=f"{small:,} orders", ratio=ratio))
    return rows


def measure_latency(shop: SellingShop, on_row: Callable[[], None]) -> list[Figure]:
    """The times of each question, ten a second."""
    rows: list[Figure] = []
    for question in QUESTIONS:
        milliseconds = pacer.paced(shop.target, shop.ask(question, round(A_SECOND * SECONDS)), A_SECOND)
        rows += gateway.latency_rows(f"analytics_{question}_{shop.trade.orders}", milliseconds)
        on_row()
    return rows


def _side(shop: SellingShop, question: str) -> Side:
    def prepare(number: int) -> Load:
        shop.revise(0)
        calls = shop.ask(question, CALLS)
        return lambda: len(load.send(shop.target, calls))

    return Side(f"{question}_{shop.trade.orders}", shop.processes, prepare)


def _anew(shop: SellingShop) -> Side:
    def prepare(number: int) -> Load:
        shop.revise(1 + number % 20)
        return lambda: len(load.send(shop.target, shop.ask("dashboard", 1)))

    return Side(f"dashboard_anew_{shop.trade.orders}", shop.processes, prepare)


def roll_up_rows(shop: SansetShop, count: int, on_round: Callable[[], None]) -> list[Figure]:
    """What counting an order costs beside its checkout; those of a round are counted together."""
    with _counter(shop) as (counter, said):
        counts = Processes((counter,), shop.processes.database)
        (checkout,) = comparisons.checkout([shop])

        def count_all() -> int:
            said[0].write("count\n")
            said[0].flush()
            return int(said[1].readline())

        def prepare(number: int) -> Load:
            count_all()
            checkout.prepare(number)()
            return count_all

        costs = rounds.measure([checkout, Side("roll_ups", counts, prepare)], count, on_round)
    ours, whole = costs["roll_ups"], costs[checkout.name]
    return [
        cost_row("analytics_checkout", whole),
        cost_row("analytics_roll_ups", ours, against="checkout", ratio=ours.against(whole)),
    ]


@contextmanager
def _counter(shop: SansetShop) -> Iterator[tuple[int, tuple[IO[str], IO[str]]]]:
    """A process that counts orders when it is told to, and says how many there were."""
    command = [sys.executable, "-m", "bench.sales_counter", shop.environment["DATABASE_URL"]]
    with pinned(SERVER_CORE):
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process.pid, (process.stdin, process.stdout)
    finally:
        process.stdin.close()
        process.wait(servers.STOP_SECONDS)
