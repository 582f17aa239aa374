"""Two servers with one store: what they admit together, on each database and in a real Redis."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import grpc
import pytest
from sanset.v1 import auth_pb2, category_pb2
from sqlalchemy import Connection
from support.redis_server import redis_server
from support.rooms import core_of
from support.running_shop import PASSWORD, RunningShop, refusal, test_settings

from server.budgets import budgets
from server.budgets.budgets import Budgets, Limit
from server.clock import utc_now
from server.core import Core
from server.retention.cleanup import Cleanup, Periods

LIMIT = 30
NOON = 1_800_000_000.0


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for the store however busy the machine is."""
    monkeypatch.setattr(budgets, "PATIENCE_SECONDS", 60.0)


def two_servers(url: str, home: Path, **settings: object) -> tuple[RunningShop, RunningShop]:
    """Two servers of one shop, as replicas are."""
    own = {"rate_limit": LIMIT} | settings
    first, second = (RunningShop(test_settings(url, home / name, **own)) for name in ("a", "b"))
    for server in (first, second):  # a minute that does not end while the test runs
        server.app.core.budgets._now = lambda: NOON
    return first, second


def ended(server: RunningShop) -> str:
    """How a call of a stranger ends."""
    try:
        server.catalog.ListCategories(category_pb2.ListCategoriesRequest(), timeout=60)
    except grpc.RpcError as error:
        return refusal(error).reason
    return "OK"


def test_two_servers_admit_the_limit_together(database_url: str, tmp_path: Path) -> None:
    first, second = two_servers(database_url, tmp_path)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ended, [first, second] * 60))
    assert set(answers) == {"OK", "RATE_LIMITED"}
    assert LIMIT <= answers.count("OK") <= LIMIT + 2
    for server in (first, second):
        server.stop()


def test_in_redis_too_and_without_it_reads_are_served_and_sign_ins_counted(
    sqlite_url: str, tmp_path: Path
) -> None:
    with redis_server(tmp_path) as url:
        first, second = two_servers(sqlite_url, tmp_path, rate_limit_store=url)
        answers = [ended(server) for server in [first, second] * 60]
        assert LIMIT <= answers.count("OK") <= LIMIT + 2
    for server in (first, second):
        server.app.core.budgets._now = lambda: NOON + 60
    # The store is away: each server counts alone.
    assert [ended(server) for server in [first, second] * 5] == ["OK"] * 10
    email = first.customer(address=False).email
    reasons = []
    for server in [first, second] * 4:
        with pytest.raises(grpc.RpcError) as caught:
            server.auth.Login(auth_pb2.LoginRequest(email=email, password=PASSWORD + "x"))
        reasons.append(refusal(caught.value).reason)
    assert reasons == ["INVALID_CREDENTIALS"] * 5 + ["TOO_MANY_SIGN_INS"] * 3
    for server in (first, second):
        server.stop()


def test_counts_of_minutes_that_are_over_are_deleted(database_url: str, tmp_path: Path) -> None:
    core = core_of(test_settings(database_url, tmp_path), utc_now)

    async def scenario() -> list[int]:
        now = core.clock().timestamp()
        for moment in (now - 7200, now):
            own = Budgets(core.budgets._store, partial(float, moment))
            for _ in range(2):
                admitted = own.spend(Limit("anonymous", 5), f"10.0.0.{int(moment)}")
                assert admitted if isinstance(admitted, bool) else await admitted
        await Cleanup(core.work, core.clock, Periods()).run()
        return await core.work.read(_minutes)

    assert len(asyncio.run(scenario())) == 1
    _close(core)


def _minutes(connection: Connection) -> list[int]:
    return list(connection.exec_driver_sql("SELECT minute FROM call_counts").scalars())


def _close(core: Core) -> None:
    core.pool.close()
    core.db.close()
