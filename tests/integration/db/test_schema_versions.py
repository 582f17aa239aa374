"""Schemas of other releases: several migrate at once, older code meets a newer schema, nothing is lost unsaid."""

from __future__ import annotations

import os
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sanset.v1 import order_pb2, refund_service_pb2
from sqlalchemy import create_engine, make_url, text
from support.command_line import Sanset
from support.forked_command import completed
from support.running_shop import RunningShop, test_settings

from server.db import migrate, schema_state
from server.db.engine import connect
from server.db.schema_state import State
from server.keys.state import SEALED_SINCE
from server.verify.run import verify


def _run(url: str, *statements: str) -> None:
    engine = connect(url, pool_size=1)
    with engine.begin() as tx:
        for statement in statements:
            tx.execute(text(statement))
    engine.dispose()


def test_of_several_that_migrate_an_empty_postgresql_at_once_all_succeed(
    postgres_server: str, tmp_path: Path
) -> None:
    name = f"empty_{uuid.uuid4().hex}"
    admin = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    url = make_url(postgres_server).set(database=name).render_as_string(hide_password=False)
    environment = {
        **os.environ,
        "ENVIRONMENT": "test",
        "BCRYPT_COST": "4",
        "SECRET_KEY": "0123456789abcdef" * 4,
        "DATABASE_URL": url,
        "DATA_DIR": str(tmp_path / "data"),
        "FIRST_SUPERUSER_EMAIL": "boss@shop.test",
        "FIRST_SUPERUSER_PASSWORD": "a-long-password-1",
    }
    with ThreadPoolExecutor(3) as operators:
        ended = list(operators.map(lambda _: completed(["migrate"], environment, tmp_path), range(3)))
    assert [command.returncode for command in ended] == [0, 0, 0], ended
    assert schema_state.is_current(url)
    engine = connect(url, pool_size=1)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM users WHERE role = 'ADMIN'")) == 1
    engine.dispose()
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()


def test_code_serves_on_a_later_schema_that_says_so(database_url: str, sanset: Sanset) -> None:
    head = schema_state.current(database_url)
    _run(
        database_url,
        "UPDATE alembic_version SET version_num = '9999'",
        f"UPDATE schema_serves SET oldest_revision = '{head}'",
    )
    assert schema_state.state(database_url) is State.NEWER
    status, said = sanset("verify", DATABASE_URL=database_url)
    assert status == 0, said
    status, said = sanset("migrate", DATABASE_URL=database_url)
    assert status == 0
    assert "made by a later release" in said
    assert schema_state.current(database_url) == "9999"


@pytest.mark.parametrize("command", [("serve",), ("verify",), ("migrate",), ("migrate", "--to", "0010")])
def test_code_that_a_later_schema_has_left_behind_says_so_in_a_line(
    database_url: str, sanset: Sanset, command: tuple[str, ...]
) -> None:
    _run(
        database_url,
        "UPDATE alembic_version SET version_num = '9999'",
        "UPDATE schema_serves SET oldest_revision = '9998'",
    )
    status, said = sanset(*command, DATABASE_URL=database_url)
    assert status == 1
    assert said.count("\n") == 1
    assert "9999" in said
    assert "later release" in said


def test_each_schema_says_which_code_may_serve_on_it(database_url: str) -> None:
    def oldest() -> str:
        engine = connect(database_url, pool_size=1)
        with engine.begin() as tx:
            migrate.mark(tx)
            found = tx.scalar(text("SELECT oldest_revision FROM schema_serves"))
        engine.dispose()
        return str(found)

    scripts = {script.revision: script for script in migrate._scripts()}
    assert oldest() == SEALED_SINCE, "a new shop seals from the start, and no code of before reads that"
    _run(database_url, "DELETE FROM shop_properties WHERE name = 'sealing_since'")
    at_head = oldest()
    assert not getattr(scripts[at_head].module, "EXPANDS", False)
    assert all(getattr(script.module, "EXPANDS", False) for name, script in scripts.items() if name > at_head)


@pytest.mark.either
@pytest.mark.parametrize(
    ("now", "to", "left_behind"),
    [("0018", "0019", None), ("0017", "0018", "0018"), ("0016", "0019", "0018"), ("0020", "head", "0021")],
)
def test_a_migration_says_which_releases_it_leaves_behind(
    database_url: str, sanset: Sanset, now: str, to: str, left_behind: str | None
) -> None:
    migrate.downgrade(database_url, now)
    status, said = sanset("migrate", "--to", to, DATABASE_URL=database_url)
    assert status == 0
    if left_behind is None:
        assert said == ""
    else:
        assert said.count("\n") == 1
        assert f"no release before schema {left_behind} can serve on" in said


def test_a_migration_of_an_empty_database_leaves_nobody_behind(tmp_path: Path, sanset: Sanset) -> None:
    assert sanset("migrate", DATABASE_URL=f"sqlite:///{tmp_path / 'new.db'}") == (0, "")


def test_a_revision_there_is_not_is_refused_by_name(database_url: str, sanset: Sanset) -> None:
    status, said = sanset("migrate", "--to", "nope", DATABASE_URL=database_url)
    assert status == 1
    assert said.startswith("sanset: there is no revision 'nope'; there are base, 0001, ")


def test_going_back_asks_before_it_loses_what_the_newer_schema_holds(
    database_url: str, sanset: Sanset
) -> None:
    assert sanset("migrate", "--to", "0007", DATABASE_URL=database_url) == (0, ""), "nothing is lost"
    assert sanset("migrate", DATABASE_URL=database_url)[0] == 0
    _run(
        database_url,
        "INSERT INTO mails (id, key, kind, recipient, subject, plain, html, status, attempts, error, created_at, "
        "next_attempt_at, retry_until) VALUES (1, 'a', 'low_stock', 'a@b.test', '', '', '', 'PENDING', 0, '', "
        "CURRENT_TIMESTAMP, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)",
    )
    before = schema_state.current(database_url)
    status, said = sanset("migrate", "--to", "0006", DATABASE_URL=database_url)
    assert status == 1
    assert said.count("\n") == 1
    assert "would lose 1 rows of mails;" in said
    assert "--lose-data" in said
    assert schema_state.current(database_url) == before
    assert sanset("migrate", "--to", "0006", "--lose-data", DATABASE_URL=database_url)[0] == 0
    assert schema_state.current(database_url) == "0006"


def test_a_value_that_every_new_row_has_is_no_loss(database_url: str, sanset: Sanset) -> None:
    _run(
        database_url,
        "INSERT INTO segments (id, name, name_key, kind, description, created_at, updated_at) "
        "VALUES (1, 'New', 'new', 'TRAINED', '', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)",
    )
    _run(database_url, "UPDATE segments SET version = 2")
    status, said = sanset("migrate", "--to", "0030", DATABASE_URL=database_url)
    assert (status, "would lose segments.version of 1 rows;" in said) == (1, True)
    _run(database_url, "UPDATE segments SET version = 1")
    assert sanset("migrate", "--to", "0030", DATABASE_URL=database_url) == (0, "")


@pytest.fixture
def traded_url(database_url: str, tmp_path: Path) -> str:
    """A database in which was bought, delivered, cancelled and written about."""
    shop = RunningShop(test_settings(database_url, tmp_path))
    buyer = shop.customer()
    delivered, cancelled, fresh = shop.order(buyer), shop.order(buyer), shop.order(buyer)
    for status in (order_pb2.Order.PROCESSING, order_pb2.Order.SHIPPED, order_pb2.Order.DELIVERED):
        shop.move(delivered.id, status)
    shop.refunds.CancelOrder(
        refund_service_pb2.CancelOrderRequest(order_id=cancelled.id), metadata=buyer.metadata
    )
    shop.run(shop.app.rooms.mail.outbox.run())
    shop.run(shop.app.rooms.webhooks.outbox.run())
    assert fresh.id
    shop.stop()
    return database_url


def test_going_back_and_forth_breaks_no_rule(traded_url: str) -> None:
    engine = connect(traded_url, pool_size=1)
    assert verify(engine) == []
    for revision in ("0008", "0007", "0006"):
        migrate.downgrade(traded_url, revision)
        migrate.upgrade(traded_url)
        assert [str(violation) for violation in verify(engine)] == [], revision
    engine.dispose()


def test_a_new_schema_knows_which_refunds_came_before_their_order_was_shipped(
    database_url: str, tmp_path: Path
) -> None:
    shop = RunningShop(test_settings(database_url, tmp_path))
    buyer = shop.customer()
    unshipped, shipped = shop.order(buyer, 3), shop.order(buyer, 3)
    for status in (order_pb2.Order.PROCESSING, order_pb2.Order.SHIPPED):
        shop.move(shipped.id, status)
    for order in (unshipped, shipped):
        unit = order_pb2.LineQuantity(variant_id=order.items[0].variant_id, quantity=1)
        refund = refund_service_pb2.RefundOrderRequest(order_id=order.id, items=[unit])
        shop.refunds.RefundOrder(refund, metadata=shop.admin.metadata)
    shop.stop()
    migrate.downgrade(database_url, "0030")
    migrate.upgrade(database_url)
    engine = connect(database_url, pool_size=1)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT order_id, before_shipping FROM refunds")).all()
    engine.dispose()
    assert {order_id: bool(before) for order_id, before in rows} == {unshipped.id: True, shipped.id: False}
