"""A shop of 40,000 products, 5,000 customers and 200,000 order lines: one worker with a trained model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sanset.v1 import auth_pb2

from bench import large_data, load, servers
from bench.calls import PreparedCall, Protocol, Target
from bench.cpu import Processes
from bench.shops import sanset_calls
from bench.shops.sanset import ADMIN_EMAIL, ADMIN_PASSWORD, SETTINGS
from bench.shops.shop import Buyer
from server.auth.tokens import AccessTokens
from server.process.ports import free_ports
from server.settings import load as load_settings


@dataclass(frozen=True)
class LargeShop:
    """A running worker with a trained model."""

    name: str
    target: Target
    worker: int
    processes: Processes
    tokens: Sequence[str]
    """An access token of each customer."""
    products: Mapping[int, int]
    """A few product ids, to read: by number."""
    environment: Mapping[str, str]

    def recommendations(self, customer: int, limit: int) -> PreparedCall:
        """A customer's own recommendations."""
        return sanset_calls.own_recommendations(self.tokens[customer], limit)

    def buyer(self, number: int) -> Buyer:
        """A customer, signed in, without an address."""
        return Buyer(self.tokens[number], 0)

    def get_product(self, product_id: int) -> PreparedCall:
        """See Reader."""
        return sanset_calls.get_product(self.tokens[0], self.products[product_id])


@contextmanager
def running(directory: Path) -> Iterator[LargeShop]:
    """Run one worker on a PostgreSQL under `directory`, its model trained with the default preset."""
    directory.mkdir()
    with servers.database(directory / "postgres") as (url, postmaster):
        environment = {**SETTINGS, "DATA_DIR": str(directory / "var"), "DATABASE_URL": url}
        servers.run_python(["-m", "server", "migrate"], environment)
        products, customers = large_data.write(url)
        servers.run_python(["-m", "server", "train"], environment)
        port, metrics_port = free_ports(2)
        command = ["-m", "server", "worker", f"--port={port}", f"--metrics-port={metrics_port}"]
        with servers.python(command, port, directory / "log", environment) as worker:
            yield LargeShop(
                name="sanset_40k",
                target=Target(Protocol.GRPC, port),
                worker=worker,
                processes=Processes((worker,), (postmaster,)),
                tokens=_tokens(url, directory, customers),
                products=dict(enumerate(products[:40], 1)),
                environment=environment,
            )


def admin_token(shop: LargeShop) -> str:
    """Sign in the administrator."""
    (answer,) = load.send(shop.target, [sanset_calls.login(ADMIN_EMAIL, ADMIN_PASSWORD)])
    return auth_pb2.Tokens.FromString(answer.body).access_token


def _tokens(url: str, directory: Path, customers: Sequence[int]) -> list[str]:
    settings = load_settings(
        environment="test",
        secret_key=SETTINGS["SECRET_KEY"],
        access_token_expire_minutes=int(SETTINGS["ACCESS_TOKEN_EXPIRE_MINUTES"]),
        database_url=url,
        data_dir=directory / "var",
    )
    issuer, now = AccessTokens.of(settings), datetime.now(UTC)
    return [issuer.issue(user_id, "CUSTOMER", f"bench-{user_id}", now) for user_id in customers]
