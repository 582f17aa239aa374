"""Scheduled work: once in the cluster, at its time, tried again when it fails, taken over when its worker dies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select
from support.payment_shop import eventually
from support.running_shop import RunningShop, test_settings

from server.cli.jobs import list_jobs
from server.db.database import Database
from server.db.pool import Pool
from server.db.work import Work
from server.events.follower import Follower
from server.events.log import publish
from server.events.topics import WebhookChanged
from server.jobs import runner
from server.jobs.models import JobRow
from server.jobs.runner import LEASE, Job, Jobs

MORNING = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


class Cluster:
    """Workers on one database, and a clock that tests move."""

    def __init__(self, url: str) -> None:
        self.db = Database(url, pool_size=4)
        self.pool = Pool(threads=4, max_queued=100)
        self.now = MORNING
        self.runs: list[str] = []

    def worker(self, *jobs: Job) -> Jobs:
        """A worker of the cluster."""
        return Jobs(Work(self.db, self.pool), lambda: self.now, jobs)

    def job(self, name: str, does: Callable[[], Awaitable[None]] | None = None, **when: Any) -> Job:
        """A job that notes its runs."""

        async def run() -> None:
            self.runs.append(name)
            if does is not None:
                await does()

        return Job(name, run, **when)

    def row(self, name: str) -> Any:
        """How a job stands."""
        with self.db.read() as connection:
            return connection.execute(select(JobRow.__table__).where(JobRow.name == name)).one()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something to come true."""
    while not condition():  # noqa: ASYNC110 - the clock of the tests wakes nobody
        await asyncio.sleep(0.01)


def play(url: str, story: Callable[[Cluster], Awaitable[None]]) -> None:
    """Run a story on a cluster."""

    async def whole() -> None:
        async with cluster(url) as one, asyncio.timeout(30):
            await story(one)

    asyncio.run(whole())


@asynccontextmanager
async def cluster(url: str) -> AsyncIterator[Cluster]:
    one = Cluster(url)
    yield one
    one.pool.close()
    one.db.close()


def test_one_of_many_workers_runs_a_job_each_time_it_is_due(database_url: str) -> None:
    async def story(one: Cluster) -> None:
        job = one.job("tidy", every=HOUR)
        workers = [one.worker(job) for _ in range(4)]
        for place in range(1, 4):
            ran = await asyncio.gather(*(worker.look(job) for worker in workers))
            assert sorted(ran) == [False, False, False, True]
            assert len(one.runs) == place
            assert not any([await worker.look(job) for worker in workers])
            one.now += HOUR
        assert one.row("tidy").last_finished_at == MORNING + 2 * HOUR

    play(database_url, story)


def test_a_daily_job_runs_at_its_time_and_makes_up_for_a_missed_day(database_url: str) -> None:
    async def story(one: Cluster) -> None:
        job = one.job("nightly", daily_at="09:30")
        worker, other = one.worker(job), one.worker(job)
        assert not await worker.look(job)  # a new shop has missed nothing
        one.now = MORNING + 1.5 * HOUR
        assert await worker.look(job)
        assert not await other.look(job)
        one.now = MORNING + 3 * 24 * HOUR
        assert await one.worker(job).look(job)  # one that was started after its time
        assert not await worker.look(job)
        assert len(one.runs) == 2

    play(database_url, story)


@pytest.mark.parametrize("at", ["off", ""])
def test_a_job_that_is_off_never_runs_by_itself(database_url: str, at: str) -> None:
    async def story(one: Cluster) -> None:
        worker = one.worker(one.job("nightly", daily_at=at))
        worker.start()
        await asyncio.sleep(0.05)
        await worker.stop()
        assert one.runs == []
        await worker.run("nightly")
        assert one.runs == ["nightly"]

    play(database_url, story)


def test_a_job_that_fails_says_why_and_is_tried_again(database_url: str) -> None:
    async def story(one: Cluster) -> None:
        async def fail() -> None:
            if len(one.runs) < 3:
                raise ValueError("the shelf is bare")

        job = one.job("nightly", fail, daily_at="07:00")
        worker = one.worker(job)
        worker._since = MORNING - 2 * HOUR
        assert await worker.look(job)
        assert one.row("nightly").last_error == "ValueError: the shelf is bare"
        assert not await worker.look(job)
        for _ in range(2):
            one.now += runner.RETRY
            assert await worker.look(job)
        assert one.row("nightly").last_error == ""
        one.now += runner.RETRY
        assert not await worker.look(job)

    play(database_url, story)


def test_the_job_of_a_dead_worker_is_taken_over_when_its_lease_runs_out(database_url: str) -> None:
    async def story(one: Cluster) -> None:
        began = asyncio.Event()

        async def hang() -> None:
            began.set()
            await asyncio.sleep(3600)

        dying = asyncio.create_task(one.worker(job := one.job("tidy", hang, every=HOUR)).look(job))
        await began.wait()
        heir = one.worker(other := one.job("tidy", every=HOUR))
        one.now += HOUR  # the dead renew no lease
        assert await heir.look(other)
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
        assert one.row("tidy").last_finished_at == one.now

    play(database_url, story)


def test_a_long_run_keeps_its_lease(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "LEASE", timedelta(seconds=0.5))

    async def story(one: Cluster) -> None:
        async def take_long() -> None:
            for _ in range(20):
                await asyncio.sleep(0.05)
                one.now += timedelta(seconds=0.05)

        job = one.job("tidy", take_long, every=10 * SECOND)
        worker, other = one.worker(job), one.worker(job)
        long = asyncio.create_task(worker.look(job))
        await until(lambda: bool(one.runs))
        while one.now < MORNING + timedelta(seconds=0.9):
            await asyncio.sleep(0.02)
            assert not await other.look(job)
        assert await long
        assert one.runs == ["tidy"]
        assert one.row("tidy").last_error == ""

    play(database_url, story)


def test_a_run_whose_lease_is_lost_is_ended(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "LEASE", timedelta(seconds=0.15))

    async def story(one: Cluster) -> None:
        async def hang() -> None:
            await asyncio.sleep(3600)

        job = one.job("tidy", hang, every=HOUR)
        running = asyncio.create_task(one.worker(job).look(job))
        await until(lambda: bool(one.runs))
        with one.db.transaction() as tx:
            tx.execute(JobRow.__table__.update().values(holder="another"))
        assert await running
        assert one.row("tidy").holder == "another"
        assert one.row("tidy").last_finished_at is None

    play(database_url, story)


def test_a_frequent_job_writes_nothing_for_most_of_its_runs(database_url: str) -> None:
    async def story(one: Cluster) -> None:
        job = one.job("outbox", every=SECOND)
        worker, other = one.worker(job), one.worker(job)
        assert await worker.look(job)
        statements: list[str] = []
        event.listen(one.db.engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
        for _ in range(14):
            one.now += SECOND
            assert await worker.look(job)
        assert statements == []
        for _ in range(60):
            one.now += SECOND
            assert await worker.look(job)
            assert not await other.look(job)
        assert one.row("outbox").leased_until > one.now
        assert one.runs == ["outbox"] * 75

    play(database_url, story)


def test_a_worker_that_stops_leaves_its_jobs_to_the_others_at_once(database_url: str) -> None:
    async def story(one: Cluster) -> None:
        began = asyncio.Event()

        async def hang() -> None:
            began.set()
            await asyncio.sleep(3600)

        jobs = [one.job("outbox", every=SECOND), one.job("tidy", hang, every=HOUR)]
        worker = one.worker(*jobs)
        worker.start()
        await began.wait()
        await until(lambda: "outbox" in one.runs)
        started = asyncio.get_running_loop().time()
        await worker.stop()
        assert asyncio.get_running_loop().time() - started < 1
        assert one.row("outbox").leased_until <= one.now
        one.now += SECOND
        assert await one.worker(*jobs).look(jobs[0])

    play(database_url, story)


def test_waking_runs_a_frequent_job_now(database_url: str) -> None:
    async def story(one: Cluster) -> None:
        worker = one.worker(one.job("outbox", every=5 * SECOND))
        worker.start()
        await until(lambda: bool(one.runs))
        await asyncio.sleep(0.05)
        worker.wake("outbox")
        await until(lambda: len(one.runs) > 1)
        await worker.stop()

    play(database_url, story)


def test_wake_ups_during_a_jobs_pause_share_one_run(database_url: str) -> None:
    async def story(one: Cluster) -> None:
        worker = one.worker(one.job("outbox", every=5 * SECOND, pause=SECOND / 5))
        worker.start()
        await until(lambda: bool(one.runs))
        for _ in range(10):
            worker.wake("outbox")
            await asyncio.sleep(0.005)
        assert len(one.runs) == 1
        await until(lambda: len(one.runs) == 2)
        await asyncio.sleep(0.25)
        assert len(one.runs) == 2
        await worker.stop()

    play(database_url, story)


def test_an_event_wakes_the_jobs_that_name_its_topic(database_url: str) -> None:
    async def story(one: Cluster) -> None:
        worker = one.worker(
            one.job("outbox", every=5 * SECOND, woken_by=(WebhookChanged,)),
            one.job("other", every=5 * SECOND),
        )
        follower = Follower(one.db)
        worker.attach(follower)
        follower.start()
        worker.start()
        await until(lambda: sorted(one.runs) == ["other", "outbox"])
        with one.db.transaction() as tx:
            publish(tx, WebhookChanged(1))
        await until(lambda: len(one.runs) > 2)
        await worker.stop()
        follower.stop()
        assert sorted(one.runs) == ["other", "outbox", "outbox"]

    play(database_url, story)


def test_a_run_wakes_the_job_that_it_makes_work_for(database_url: str) -> None:
    async def story(one: Cluster) -> None:
        report = one.job("report", every=HOUR, wakes="outbox")
        worker = one.worker(one.job("outbox", every=5 * SECOND), report)
        worker.start()
        await until(lambda: sorted(set(one.runs)) == ["outbox", "report"])
        await asyncio.sleep(0.05)
        one.runs.clear()
        one.now += HOUR
        await worker.look(report)
        await until(lambda: one.runs == ["report", "outbox"])
        await worker.stop()

    play(database_url, story)


def test_the_jobs_survive_a_database_that_is_away(database_url: str) -> None:
    async def story(one: Cluster) -> None:
        job = one.job("tidy", every=timedelta(milliseconds=20))
        worker = one.worker(job)
        engine, one.db._reader = one.db._reader, None  # type: ignore[assignment]
        worker.start()
        await asyncio.sleep(0.05)
        assert one.runs == []
        one.db._reader = engine
        one.now += LEASE
        worker._loops["tidy"].wake()
        while len(one.runs) < 2:
            await asyncio.sleep(0.01)
            one.now += SECOND
        await worker.stop()

    play(database_url, story)


def test_an_error_that_looks_like_markup_is_listed_as_it_is(
    database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story(one: Cluster) -> None:
        async def break_down() -> None:
            raise ValueError("no [/x] in [bold]")

        worker = one.worker(one.job("tidy", break_down, every=HOUR))
        await worker.look(worker.jobs["tidy"])
        assert list_jobs(one.db) == 1

    play(database_url, story)
    assert "no [/x] in [bold]" in " ".join(capsys.readouterr().out.split())


@pytest.mark.either
def test_every_worker_shows_the_result_of_the_last_check(database_url: str, tmp_path: Path) -> None:
    with ExitStack() as closing:
        workers = [RunningShop(test_settings(database_url, tmp_path / name)) for name in ("one", "two")]
        for worker in workers:
            closing.callback(worker.stop)
        one, two = workers
        one.order()
        for checking, change, breaks in ((one, 1, True), (two, -1, False)):
            one.sql("UPDATE payments SET amount_minor = amount_minor + :more", more=change)
            checking.run(checking.app.jobs.run("verify"))
            for worker in workers:
                eventually(partial(_shows, worker, breaks))


def _shows(shop: RunningShop, breaks: bool) -> bool:
    shown = shop.app.core.registry.get_sample_value("sanset_verify_violations")
    assert shown is not None
    return shown > 0 if breaks else shown == 0
