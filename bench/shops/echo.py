"""The ceiling: a bare grpc.aio server with Sanset's own product messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sanset.v1 import product_pb2

from bench import load, servers
from bench.calls import PreparedCall, Protocol, Target
from bench.cpu import Processes
from bench.large_shop import LargeShop
from bench.shops import sanset_calls
from bench.shops.sanset import SansetShop
from server.process.ports import free_ports


@dataclass(frozen=True)
class EchoServer:
    """The running ceiling."""

    target: Target
    processes: Processes
    products: Mapping[int, int]
    token: str
    name: str = "echo"

    def get_product(self, product_id: int) -> PreparedCall:
        """See Reader; the token is sent as to Sanset, and not read."""
        return sanset_calls.get_product(self.token, self.products[product_id])


@contextmanager
def running(directory: Path, shop: SansetShop | LargeShop) -> Iterator[EchoServer]:
    """Run the echo under `directory` with the products that `shop` answers with."""
    directory.mkdir()
    answers = load.send(shop.target, [shop.get_product(number) for number in shop.products])
    products = [product_pb2.Product.FromString(answer.body) for answer in answers]
    (port,) = free_ports(1)
    batch = directory / "products"
    batch.write_bytes(product_pb2.BatchGetProductsResponse(items=products).SerializeToString())
    with servers.python(["-m", "bench.echo", str(port), str(batch)], port, directory / "log") as pid:
        yield EchoServer(Target(Protocol.GRPC, port), Processes((pid,)), shop.products, shop.buyer(1).token)
