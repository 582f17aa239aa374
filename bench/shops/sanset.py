"""Sanset itself: one worker, called at its own loopback port, on SQLite or on a PostgreSQL of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bench import servers
from bench.calls import PreparedCall, Protocol, Target
from bench.cpu import SERVER_CORE, Processes
from bench.dataset import BenchData
from bench.shops import sanset_calls, sanset_seed
from bench.shops.shop import Buyer
from server.process.ports import free_ports

ADMIN_EMAIL = "bench-admin@example.com"
ADMIN_PASSWORD = "Bench-4711-administrator"
SETTINGS = {
    "ENVIRONMENT": "test",
    "SECRET_KEY": "f3b1c5d79e2a4608b7d1c3e5f7091b2d4f6a8c0e",
    "BCRYPT_COST": "4",  # signing in is not what is measured
    "RATE_LIMIT": "0",
    "MAX_WAIT_SECONDS": "15",  # the shops are filled by as many calls at once as they take
    "ACCESS_TOKEN_EXPIRE_MINUTES": "600",
    "MAX_STREAMS_PER_USER": "2000",
    "MAX_OPEN_STREAMS": "6000",
    "FIRST_SUPERUSER_EMAIL": ADMIN_EMAIL,
    "FIRST_SUPERUSER_PASSWORD": ADMIN_PASSWORD,
}


BEFORE = "before"
"""The name of the shop of another checkout."""


class DatabaseKind(StrEnum):
    """The databases that Sanset runs on."""

    POSTGRES = "postgres"
    SQLITE = "sqlite"


@dataclass(frozen=True)
class SansetShop:
    """A running worker, filled."""

    name: str
    target: Target
    worker: int
    processes: Processes
    admin: str
    products: Mapping[int, int]
    """The shop's id of each product of the data set."""
    customers: Mapping[int, sanset_seed.ShopCustomer]
    """The shop's account of each customer of the data set."""
    environment: Mapping[str, str]
    """The environment to start another worker of this shop with."""

    @property
    def filled(self) -> FilledShop:
        """The shop without its worker."""
        ids = sanset_seed.Filled(self.admin, self.products, self.customers)
        return FilledShop(self.environment, self.processes.database, ids)

    def get_product(self, product_id: int) -> PreparedCall:
        """See Reader."""
        return sanset_calls.get_product(self.buyer(1).token, self.products[product_id])

    def list_products(self, category: str) -> PreparedCall:
        """See MeasuredShop."""
        return sanset_calls.list_products(self.buyer(1).token, category)

    def recommendations(self, customer: int) -> PreparedCall:
        """See MeasuredShop."""
        return sanset_calls.recommendations(self.admin, self.customers[customer].user_id)

    def buyer(self, number: int) -> Buyer:
        """See MeasuredShop."""
        return self.customers[number].buyer

    def add_item(self, buyer: Buyer, product_id: int) -> PreparedCall:
        """See MeasuredShop."""
        return sanset_calls.add_item(buyer, self.products[product_id])

    def login(self, number: int) -> PreparedCall:
        """See MeasuredShop."""
        return sanset_calls.login(sanset_seed.email(number), sanset_seed.PASSWORD)

    def get_cart(self, buyer: Buyer) -> PreparedCall:
        """See MeasuredShop."""
        return sanset_calls.get_cart(buyer.token)

    def list_orders(self, buyer: Buyer, page_size: int) -> PreparedCall:
        """See MeasuredShop."""
        return sanset_calls.list_orders(buyer.token, page_size)

    def checkout(self, buyer: Buyer, request_id: str) -> PreparedCall:
        """See MeasuredShop."""
        return sanset_calls.checkout(buyer, request_id)


@contextmanager
def started_worker(
    environment: Mapping[str, str], log: Path, checkout: Path | None = None, core: int = SERVER_CORE
) -> Iterator[tuple[Target, int]]:
    """Run a worker on a core; yield where it is called, and its pid."""
    port, metrics_port = free_ports(2)
    command = ["-m", "server", "worker", f"--port={port}", f"--metrics-port={metrics_port}"]
    with servers.python(command, port, log, environment, checkout, core=core) as pid:
        yield Target(Protocol.GRPC, port), pid


@dataclass(frozen=True)
class FilledShop:
    """A shop whose model is trained, without a worker."""

    environment: Mapping[str, str]
    databases: tuple[int, ...]
    ids: sanset_seed.Filled


@contextmanager
def running(
    directory: Path,
    database: DatabaseKind,
    dataset: BenchData,
    checkout: Path | None = None,
    *,
    jobs: bool = False,
) -> Iterator[SansetShop]:
    """Run a worker under `directory`, of a shop that is filled with the data set, its model trained.

    `checkout` is another checkout of the project, whose worker it is then. With `jobs` the worker does the
    scheduled work too, and what follows orders, such as their mails.
    """
    with (
        filled(directory, database, dataset, checkout, jobs=jobs) as shop,
        started_worker(shop.environment, directory / "log", checkout) as (target, worker),
    ):
        yield SansetShop(
            name=f"sanset_{database}" if checkout is None else BEFORE,
            target=target,
            worker=worker,
            processes=Processes((worker,), shop.databases),
            admin=shop.ids.admin,
            products=shop.ids.products,
            customers=shop.ids.customers,
            environment=shop.environment,
        )


@contextmanager
def filled(
    directory: Path,
    database: DatabaseKind,
    dataset: BenchData,
    checkout: Path | None = None,
    *,
    jobs: bool = False,
) -> Iterator[FilledShop]:
    """Fill a shop through the calls of a worker that is stopped then, and train its model."""
    directory.mkdir()
    with ExitStack() as stack:
        environment = {**SETTINGS, "DATA_DIR": str(directory / "var"), "RUN_JOBS": str(jobs).lower()}
        databases: tuple[int, ...] = ()
        if database is DatabaseKind.POSTGRES:
            url, postmaster = stack.enter_context(servers.database(directory / "postgres"))
            environment["DATABASE_URL"], databases = url, (postmaster,)
        servers.run_python(["-m", "server", "migrate"], environment, checkout)
        with started_worker(environment, directory / "filling.log", checkout) as (target, _):
            ids = sanset_seed.fill(target, dataset, ADMIN_EMAIL, ADMIN_PASSWORD)
        servers.run_python(["-m", "server", "train"], environment, checkout)
        yield FilledShop(environment, databases, ids)
