"""PostgreSQL behind a pooler that shares its processes, and databases that change meanwhile."""

from __future__ import annotations

import concurrent.futures
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from sanset.v1 import cart_pb2, order_pb2, order_service_pb2, product_pb2
from sqlalchemy import make_url, text
from support.running_shop import RunningShop, refused, test_settings

from server.db import migrate
from server.db.database import Database
from server.db.patience import PatientConnection
from server.process.ports import free_ports

PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@pytest.fixture
def marked_url(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database of which the server believes that a pooler stands before it."""
    know = PatientConnection.know_the_other_end

    def know_a_pooler(self: PatientConnection) -> None:
        know(self)
        self.is_pooled = True

    monkeypatch.setattr(PatientConnection, "know_the_other_end", know_a_pooler)
    return postgres_url


@pytest.fixture
def pgbouncer_url(postgres_url: str, tmp_path: Path) -> Iterator[str]:
    """A database behind Debian's pgbouncer in transaction mode, with few processes for many."""
    assert PGBOUNCER is not None
    url = make_url(postgres_url)
    (port,) = free_ports(1)
    home = tmp_path / "pgbouncer"
    home.mkdir()
    (home / "users").write_text(f'"{url.username}" "{url.password}"\n')
    (home / "ini").write_text(
        f"[databases]\n* = host={url.host} port={url.port} user={url.username} password={url.password}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = trust\n"
        f"auth_file = {home}/users\npool_mode = transaction\ndefault_pool_size = 3\nmax_client_conn = 200\n"
    )
    command = [PGBOUNCER, str(home / "ini")]
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        for path in (home, home / "users", home / "ini"):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
        for parent in [*home.parents][: len(home.parents) - 1]:
            parent.chmod(parent.stat().st_mode | 0o011)
        command = [*command, "-u", "nobody"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        give_up = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert time.monotonic() < give_up, "pgbouncer does not listen"
                time.sleep(0.02)
        yield url.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(params=["marked", *(["pgbouncer"] if PGBOUNCER else [])])
def pooled_url(request: pytest.FixtureRequest) -> str:
    """A pooled database: always by its mark, and behind the real program where it is installed."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


def test_behind_a_pooler_nothing_stays_in_the_session(pooled_url: str) -> None:
    db = Database(pooled_url, pool_size=1)
    for n in range(10):
        with db.read() as connection:
            assert connection.execute(text("SELECT CAST(:n AS integer) + 1"), {"n": n}).scalar_one() == n + 1
    with db.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM pg_prepared_statements")).scalar_one() == 0
        assert connection.execute(text("SHOW statement_timeout")).scalar_one() == "0"
    with db.transaction() as tx:
        assert tx.execute(text("SHOW statement_timeout")).scalar_one() == "15s"
        assert tx.execute(text("SHOW lock_timeout")).scalar_one() != "0"
        assert tx.execute(text("SHOW timezone")).scalar_one() == "UTC"
    db.close()


def test_without_a_pooler_statements_are_prepared_and_limits_are_the_sessions(postgres_url: str) -> None:
    db = Database(postgres_url, pool_size=1)
    for n in range(10):
        with db.read() as connection:
            connection.execute(text("SELECT CAST(:n AS integer) + 1"), {"n": n})
    with db.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM pg_prepared_statements")).scalar_one() >= 1
        assert connection.execute(text("SHOW statement_timeout")).scalar_one() == "15s"
        driver = connection.connection.driver_connection
        assert isinstance(driver, PatientConnection)
        assert not driver.info.options, "poolers refuse startup options"
    db.close()


def test_a_shop_works_behind_a_pooler(pooled_url: str, tmp_path: Path) -> None:
    migrate.upgrade(pooled_url)
    shop = RunningShop(test_settings(pooled_url, tmp_path))
    try:
        product = shop.product(stock=1000)

        def buy(number: int) -> order_pb2.Order.Status.ValueType:
            buyer = shop.customer()
            for again in range(5):
                # A range of prices that nobody asked for yet is in nobody's memory.
                listed = product_pb2.ListProductsRequest(page_size=3, min_price=f"{number}.{again}")
                shop.catalog.ListProducts(listed, timeout=30)
                shop.cart.GetCart(cart_pb2.GetCartRequest(), metadata=buyer.metadata, timeout=30)
            shop.add(buyer, product.id)
            return shop.checkout(buyer).order.status

        with concurrent.futures.ThreadPoolExecutor(6) as threads:
            assert set(threads.map(buy, range(18))) == {order_pb2.Order.CONFIRMED}
    finally:
        shop.stop()


@pytest.fixture
def own_shop(postgres_url: str, tmp_path: Path) -> Iterator[RunningShop]:
    shop = RunningShop(test_settings(postgres_url, tmp_path))
    yield shop
    shop.stop()


def test_a_database_that_is_read_only_is_unavailable_and_its_connections_are_dropped(
    own_shop: RunningShop,
) -> None:
    buyer, product = own_shop.customer(), own_shop.product()
    name = make_url(own_shop.settings.url).database
    own_shop.sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    own_shop.app.db.engine.dispose()
    request = cart_pb2.AddItemRequest(product_id=product.id, quantity=1)
    answer = refused(own_shop.cart.AddItem, request, buyer)
    assert answer.code == grpc.StatusCode.UNAVAILABLE
    assert answer.retry_seconds
    own_shop.catalog.GetProduct(product_pb2.GetProductRequest(product_id=product.id))
    with own_shop.app.db.read() as connection:
        connection.execute(text("SET default_transaction_read_only = off"))
        connection.execute(text(f"ALTER DATABASE {name} RESET default_transaction_read_only"))
        connection.execute(text("SET default_transaction_read_only = on"))
    own_shop.add(buyer, product.id)


def test_a_plan_that_the_schema_outgrew_is_prepared_anew_within_the_call(own_shop: RunningShop) -> None:
    buyer = own_shop.customer()
    order = own_shop.order(buyer)

    def ask() -> None:
        own_shop.orders.ListOrders(order_service_pb2.ListOrdersRequest(), metadata=buyer.metadata)
        own_shop.orders.GetOrder(
            order_service_pb2.GetOrderRequest(order_id=order.id), metadata=buyer.metadata
        )
        own_shop.cart.GetCart(cart_pb2.GetCartRequest(), metadata=buyer.metadata)

    for _ in range(12):
        ask()
    for change in (
        "ALTER TABLE orders ALTER COLUMN number TYPE varchar(60)",
        "ALTER TABLE order_lines ALTER COLUMN quantity TYPE bigint",
        "ALTER TABLE carts ALTER COLUMN version TYPE bigint",
    ):
        own_shop.sql(change)
        ask()
    own_shop.add(buyer, own_shop.product().id)
    own_shop.checkout(buyer)
