"""A large shop, written straight into its database: one worker with a trained model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sanset.v1 import auth_pb2

from bench import large_data, load, servers
from bench.calls import PreparedCall, Target
from bench.cpu import Processes
from bench.large_data import Size
from bench.shops import sanset_calls
from bench.shops.sanset import ADMIN_EMAIL, ADMIN_PASSWORD, SETTINGS, started_worker
from bench.shops.shop import Buyer
from server.auth.tokens import AccessTokens
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

    def recommendations(self, customer: int, limit: int, min_price: str = "") -> PreparedCall:
        """A customer's own recommendations, from a price on."""
        return sanset_calls.own_recommendations(self.tokens[customer], limit, min_price)

    def list_orders(self, customer: int, page_size: int) -> PreparedCall:
        """A customer's newest orders."""
        return sanset_calls.list_orders(self.tokens[customer], page_size)

    def list_popular(self, page_size: int, min_price: str = "") -> PreparedCall:
        """The most popular products of the whole shop, from a price on."""
        return sanset_calls.list_popular(self.tokens[0], page_size, min_price)

    def buyer(self, number: int) -> Buyer:
        """A customer, signed in, without an address."""
        return Buyer(self.tokens[number], 0)

    def get_product(self, product_id: int) -> PreparedCall:
        """See Reader."""
        return sanset_calls.get_product(self.tokens[0], self.products[product_id])


@contextmanager
def running(directory: Path, size: Size) -> Iterator[LargeShop]:
    """Run one worker on a PostgreSQL under `directory`, its model trained with the default preset."""
    directory.mkdir()
    with servers.database(directory / "postgres") as (url, postmaster):
        environment = {**SETTINGS, "DATA_DIR": str(directory / "var"), "DATABASE_URL": url}
        servers.run_python(["-m", "server", "migrate"], environment)
        products, customers = large_data.write(url, size)
        servers.run_python(["-m", "server", "train"], environment)
        with started_worker(environment, directory / "log") as (target, worker):
            yield LargeShop(
                name=f"sanset_{size.products}",
                target=target,
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
