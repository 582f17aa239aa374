"""The FastAPI peer, started with uvicorn on a PostgreSQL of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt

from bench import servers
from bench.calls import PreparedCall, Protocol, Target
from bench.cpu import Processes
from bench.dataset import BenchData
from bench.peers.fastapi_shop.seed import ADMIN, PASSWORD, seed
from bench.shops.shop import Buyer
from server.process.ports import free_ports

NAME = "fastapi"
SECRET = "the-peer-signs-its-tokens-with-this"
APPLICATION = "bench.peers.fastapi_shop.app:create_app"


@dataclass(frozen=True)
class FastApiShop:
    """The running peer."""

    target: Target
    processes: Processes
    admin: str
    name: str = NAME

    def get_product(self, product_id: int) -> PreparedCall:
        """See MeasuredShop."""
        return PreparedCall(f"/products/{product_id}", self.buyer(1).token)

    def list_products(self, category: str) -> PreparedCall:
        """See MeasuredShop."""
        return PreparedCall(f"/products?category={category}&page_size=20", self.buyer(1).token)

    def recommendations(self, customer: int) -> PreparedCall:
        """See MeasuredShop."""
        return PreparedCall(f"/recommendations/{customer}?limit=10", self.admin)

    def buyer(self, number: int) -> Buyer:
        """See MeasuredShop."""
        return Buyer(_token(number), number)

    def add_item(self, buyer: Buyer, product_id: int) -> PreparedCall:
        """See MeasuredShop."""
        return PreparedCall("/cart/items", buyer.token, _body(product_id=product_id, quantity=1))

    def login(self, number: int) -> PreparedCall:
        """See MeasuredShop."""
        return PreparedCall("/login", "", _body(email=f"user{number}@example.com", password=PASSWORD))

    def get_cart(self, buyer: Buyer) -> PreparedCall:
        """See MeasuredShop."""
        return PreparedCall("/cart", buyer.token)

    def list_orders(self, buyer: Buyer, page_size: int) -> PreparedCall:
        """See MeasuredShop."""
        return PreparedCall(f"/orders?page_size={page_size}", buyer.token)

    def checkout(self, buyer: Buyer, request_id: str) -> PreparedCall:
        """See MeasuredShop."""
        body = _body(request_id=request_id, address_id=buyer.address_id, payment_method="CARD")
        return PreparedCall("/checkout", buyer.token, body)


@contextmanager
def running(directory: Path, dataset: BenchData) -> Iterator[FastApiShop]:
    """Run the peer under `directory`, filled with the data set."""
    directory.mkdir()
    (port,) = free_ports(1)
    with servers.database(directory / "postgres") as (url, postmaster):
        seed(url, dataset)
        command = [
            "-m",
            "uvicorn",
            APPLICATION,
            "--factory",
            f"--port={port}",
            "--loop=uvloop",
            "--http=httptools",
            "--no-access-log",
        ]
        environment = {"PEER_DATABASE_URL": url, "PEER_SECRET_KEY": SECRET}
        with servers.python(command, port, directory / "log", environment) as pid:
            yield FastApiShop(Target(Protocol.HTTP, port), Processes((pid,), (postmaster,)), _token(ADMIN))


def _token(user_id: int) -> str:
    claims = {"sub": str(user_id), "exp": datetime.now(UTC) + timedelta(hours=6)}
    return jwt.encode(claims, SECRET, algorithm="HS256")


def _body(**fields: object) -> bytes:
    return json.dumps(fields).encode()
