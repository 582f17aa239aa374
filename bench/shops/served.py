"""A filled shop as it is served for real: supervisor, workers, Envoy."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import servers
from bench.calls import PreparedCall, Protocol, Target
from bench.cpu import Processes
from bench.servers import ServerFailed
from bench.shops.sanset import FilledShop, SansetShop
from server.process.ports import free_ports

READY_SECONDS = 60.0
LOOK_SECONDS = 0.01


@dataclass(frozen=True)
class ServedShop:
    """A shop under its supervisor, called as JSON at Envoy's port."""

    target: Target
    supervisor: int
    envoy: int
    workers: tuple[int, ...]
    database: tuple[int, ...]
    ready_seconds: float
    """From the command's start until the gateway said that it is ready."""

    @property
    def gateway(self) -> Processes:
        """Envoy alone."""
        return Processes((self.envoy,))


@contextmanager
def serving(
    shop: FilledShop, directory: Path, *, workers: int = 2, jobs: bool = False, core: int | None = None
) -> Iterator[ServedShop]:
    """Serve a filled shop by `workers` more, and Envoy; on one core, or on all of them.

    Raises ServerFailed when it does not get ready.
    """
    directory.mkdir()
    port, grpc_port = free_ports(2)
    environment = {
        **shop.environment,
        "WORKERS": str(workers),
        "PORT": str(port),
        "GRPC_PORT": str(grpc_port),
        "RUN_JOBS": str(jobs).lower(),
        "DRAIN_NOTICE_SECONDS": "0",
        "DRAIN_SECONDS": "2",
    }
    log = directory / "log"
    began = time.monotonic()
    with servers.python(["-m", "server", "serve"], port, log, environment, core=core) as supervisor:
        _wait_until_ready(port, log)
        ready_seconds = time.monotonic() - began
        envoy, started = _pids(Path(shop.environment["DATA_DIR"], "run", "shop.json"), log)
        yield ServedShop(
            target=Target(Protocol.HTTP, port),
            supervisor=supervisor,
            envoy=envoy,
            workers=started,
            database=shop.databases,
            ready_seconds=ready_seconds,
        )


def get_product(shop: SansetShop, product_id: int) -> PreparedCall:
    """GET a product, signed in."""
    return PreparedCall(f"/api/v1/products/{shop.products[product_id]}", shop.buyer(1).token)


def list_products(shop: SansetShop, category: str) -> PreparedCall:
    """GET twenty products of a category."""
    return PreparedCall(f"/api/v1/products?category={category}&page_size=20", shop.buyer(1).token)


def recommendations(shop: SansetShop, customer: int) -> PreparedCall:
    """GET ten recommendations of a customer's own."""
    return PreparedCall("/api/v1/products/recommendations?limit=10", shop.buyer(customer).token)


def get_cart(shop: SansetShop, customer: int) -> PreparedCall:
    """GET a customer's cart."""
    return PreparedCall("/api/v1/cart", shop.buyer(customer).token)


def list_orders(shop: SansetShop, customer: int) -> PreparedCall:
    """GET a customer's twenty newest orders."""
    return PreparedCall("/api/v1/orders?page_size=20", shop.buyer(customer).token)


def add_item(shop: SansetShop, customer: int, product_id: int) -> PreparedCall:
    """POST a product into a customer's cart."""
    body = b'{"product_id": %d, "quantity": 1}' % shop.products[product_id]
    return PreparedCall("/api/v1/cart/add", shop.buyer(customer).token, body)


def _pids(state_file: Path, log: Path) -> tuple[int, tuple[int, ...]]:
    """Envoy's and the workers' pids, which the supervisor writes down a moment after the gateway answers."""
    give_up = time.monotonic() + READY_SECONDS
    while time.monotonic() < give_up:
        state = json.loads(state_file.read_text())
        pids = [state["envoy"]["pid"], *(worker["pid"] for worker in state["workers"])]
        if all(pids):
            return pids[0], tuple(pids[1:])
        time.sleep(LOOK_SECONDS)
    raise ServerFailed(f"a process of the shop did not start: {log.read_text(errors='replace')[-1500:]}")


def _wait_until_ready(port: int, log: Path) -> None:
    give_up = time.monotonic() + READY_SECONDS
    while time.monotonic() < give_up:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(LOOK_SECONDS)
    raise ServerFailed(f"the shop did not get ready: {log.read_text(errors='replace')[-1500:]}")
