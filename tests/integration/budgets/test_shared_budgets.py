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
from structlog.testing import capture_logs
from support.redis_server import redis_server
from support.rooms import core_of
from support.running_shop import PASSWORD, RunningShop, refusal, refused, test_settings

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


def test_two_servers_of_three_workers_admit_one_more_for_each_worker_and_in_the_next_minute_none(
    database_url: str, tmp_path: Path
) -> None:
    homes = [tmp_path / server / str(worker) for server in ("a", "b") for worker in range(3)]
    cores = [core_of(test_settings(database_url, home, workers=3), utc_now) for home in homes]
    moment = [NOON]

    async def flood(core: Core) -> int:
        admitted = [core.budgets.spend(Limit("anonymous", LIMIT), "203.0.113.7") for _ in range(2 * LIMIT)]
        return sum([each if isinstance(each, bool) else await each for each in admitted])

    async def scenario() -> list[int]:
        for core in cores:
            core.budgets._now = lambda: moment[0]
        sums = []
        for _ in range(2):
            sums.append(sum(await asyncio.gather(*map(flood, cores))))
            moment[0] += 60
        return sums

    first, second = asyncio.run(scenario())
    assert LIMIT <= first <= LIMIT + len(cores)
    assert second == LIMIT
    for core in cores:
        _close(core)


def test_without_its_table_reads_are_served_and_sign_ins_are_counted_and_the_log_says_so(
    database_url: str, tmp_path: Path
) -> None:
    shop = RunningShop(test_settings(database_url, tmp_path, rate_limit=LIMIT))
    with capture_logs() as logs:
        shop.sql("ALTER TABLE call_counts RENAME TO call_counts_away")
        email = shop.customer(address=False).email
        assert [ended(shop) for _ in range(10)] == ["OK"] * 10
        wrong = auth_pb2.LoginRequest(email=email, password=PASSWORD + "x")
        reasons = [refused(shop.auth.Login, wrong).reason for _ in range(7)]
    assert reasons == ["INVALID_CREDENTIALS"] * 5 + ["TOO_MANY_SIGN_INS"] * 2
    (away,) = (log for log in logs if log["event"] == "rate_limit_store_away")
    assert (away["log_level"], away["effect"]) == ("warning", "each worker counts alone")
    shop.stop()


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
