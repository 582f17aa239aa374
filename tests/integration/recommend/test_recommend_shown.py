"""The log of shown lists: bounded, written in the background, and no burden on anybody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Connection, event, select
from support import recommend_data as data

from server.crypto.ring import KeyRing
from server.db.base import AnyRow
from server.db.database import Database
from server.db.pool import Pool
from server.db.work import Work
from server.errors import UnavailableNow
from server.recommend.feedback import impressions, row_log
from server.recommend.feedback.attribution import Attributions
from server.recommend.feedback.impressions import Impression, Impressions, Kind
from server.recommend.feedback.models import ShownList

pytestmark = pytest.mark.either

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DROPPED = "sanset_shown_lists_dropped_total"

Story = Callable[["Log"], Awaitable[None]]


class Log:
    """A worker's log, its database, and the statements that it runs."""

    def __init__(self, url: str, *, keep: bool = True) -> None:
        self.db = Database(url)
        self.pool = Pool(threads=2, max_queued=10)
        self.registry = CollectorRegistry()
        self.attributions = Attributions(KeyRing([b"a secret of more than 32 characters"]))
        self.lists = Impressions(
            self.attributions,
            Work(self.db, self.pool),
            lambda: NOW,
            self.registry,
            keep=keep,
            retention=timedelta(days=90),
        )
        self.statements: list[str] = []
        event.listen(self.db.engine, "before_cursor_execute", lambda *call: self.statements.append(call[2]))

    @property
    def dropped(self) -> float | None:
        """How many lists were lost, as it is exported."""
        return self.registry.get_sample_value(DROPPED)

    def show(self, *products: int, user_id: int | None = None) -> str:
        """Show a list on the front page."""
        return self.lists.show(Kind.HOMEPAGE, "all_1", products, user_id=user_id)

    def rows(self) -> list[AnyRow]:
        """What is in the table, in the order of time."""
        table = ShownList.__table__
        with self.db.read() as connection:
            return list(connection.execute(select(table).order_by(table.c.shown_at)))

    async def written(self) -> None:
        """Wait until something is in the table."""
        async with asyncio.timeout(10):
            while not self.rows():  # noqa: ASYNC110 - the log tells nobody when it writes
                await asyncio.sleep(0.02)


@asynccontextmanager
async def _opened(url: str, *, keep: bool = True) -> AsyncIterator[Log]:
    log = Log(url, keep=keep)
    try:
        yield log
    finally:
        await log.lists.stop()
        log.pool.close()
        log.db.close()


def play(url: str, story: Story, *, keep: bool = True) -> None:
    """Run a story with a log."""

    async def run() -> None:
        async with _opened(url, keep=keep) as log:
            await story(log)

    asyncio.run(run())


def test_a_list_is_kept_under_the_id_that_its_token_tells(database_url: str) -> None:
    async def story(log: Log) -> None:
        with log.db.transaction() as tx:
            data.fill(tx)
        token = log.lists.show(Kind.CART, "all_1", (3, 1, 2), user_id=7, visitor_id="visitor-1")
        anonymous = log.lists.show(Kind.SIMILAR, "all_1", (4,), visitor_id="visitor-1")
        await log.lists.flush()
        rows = {row.list_id: row for row in log.rows()}
        said = [log.attributions.read(text) for text in (token, anonymous)]
        assert said[0] is not None
        assert said[1] is not None
        kept, other = rows[said[0].list_id], rows[said[1].list_id]
        assert (kept.model_version, kept.kind, kept.product_ids) == ("all_1", "CART", [3, 1, 2])
        assert (kept.user_id, kept.visitor_id, kept.experiment_id, kept.shown_at) == (7, None, None, NOW)
        assert (other.user_id, other.visitor_id) == (None, "visitor-1")

    play(database_url, story)


@pytest.mark.both
def test_many_lists_are_one_write_and_showing_asks_the_database_nothing(database_url: str) -> None:
    async def story(log: Log) -> None:
        log.lists.start()
        for product in range(1, 401):
            log.show(product)
        assert log.statements == []
        await log.lists.flush()
        assert len(log.rows()) == 400
        writes = [text for text in log.statements if text.startswith("INSERT INTO shown_lists")]
        assert len(writes) == (0 if log.db.is_postgresql else 1)  # there it is a COPY, which is not seen here

    play(database_url, story)


def test_it_writes_by_itself_and_the_rest_when_it_stops(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_log, "FLUSH_SECONDS", 0.05)

    async def story(log: Log) -> None:
        log.lists.start()
        log.show(1)
        await log.written()
        assert len(log.rows()) == 1
        monkeypatch.setattr(row_log, "FLUSH_SECONDS", 60)
        log.show(2)
        await log.lists.stop()
        assert len(log.rows()) == 2

    play(sqlite_url, story)


def test_a_full_batch_does_not_wait(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_log, "FLUSH_SECONDS", 60)

    async def story(log: Log) -> None:
        log.lists.start()
        for _ in range(row_log.FLUSH_ROWS):
            log.show(1)
        await log.written()
        assert len(log.rows()) == row_log.FLUSH_ROWS

    play(sqlite_url, story)


def test_what_does_not_fit_is_dropped_and_counted_and_still_signed(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_log, "MAX_WAITING", 3)

    async def story(log: Log) -> None:
        tokens = [log.show(number) for number in range(1, 6)]
        assert all(log.attributions.read(token) for token in tokens)
        assert log.dropped == 2
        await log.lists.flush()
        assert len(log.rows()) == 3

    play(sqlite_url, story)


def test_a_write_that_fails_once_is_repeated_and_loses_nothing(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_log, "RETRY_SECONDS", 0)

    async def story(log: Log) -> None:
        transaction = log.db.transaction
        failed: list[bool] = []

        @contextmanager
        def unheard() -> Iterator[Connection]:
            with transaction() as tx:
                yield tx
            if not failed:
                failed.append(True)
                raise UnavailableNow()  # committed, but the connection broke before it was said

        monkeypatch.setattr(log.db, "transaction", unheard)
        log.show(1)
        log.show(2)
        await log.lists.flush()
        assert failed
        assert len(log.rows()) == 2
        assert log.dropped == 0

    play(sqlite_url, story)


def test_a_write_that_fails_twice_is_given_up_and_counted(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_log, "RETRY_SECONDS", 0)

    async def story(log: Log) -> None:
        log.show(1, user_id=999_999)  # there is no such user: the whole batch is refused
        log.show(2)
        await log.lists.flush()
        assert log.dropped == 2
        log.show(3)
        await log.lists.flush()
        assert [row.product_ids for row in log.rows()] == [[3]]

    play(sqlite_url, story)


def test_switched_off_or_empty_nothing_is_kept(sqlite_url: str) -> None:
    async def off(log: Log) -> None:
        log.lists.start()
        assert log.attributions.read(log.show(1)) is not None
        await log.lists.stop()
        assert log.rows() == []

    async def empty(log: Log) -> None:
        assert log.attributions.read(log.show()) is not None
        assert log.attributions.read(log.lists.sign("all_1")) is not None
        await log.lists.flush()
        assert log.rows() == []

    play(sqlite_url, off, keep=False)
    play(sqlite_url, empty)


@pytest.mark.both
def test_lists_of_more_than_ninety_days_ago_are_deleted_some_at_a_time(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(impressions, "PRUNED_AT_ONCE", 2)

    async def story(log: Log) -> None:
        ages = [91, 91, 92, 93, 200, 89, 0]
        with log.db.transaction() as tx:
            impressions.write(
                tx,
                [
                    Impression(f"{i:016x}", "all_1", "CART", None, None, None, [1], NOW - timedelta(days=age))
                    for i, age in enumerate(ages)
                ],
            )
        log.statements.clear()
        await log.lists.prune()
        assert [row.shown_at for row in log.rows()] == [NOW - timedelta(days=89), NOW]
        assert sum(text.startswith("DELETE") for text in log.statements) == 3
        await log.lists.prune()
        assert len(log.rows()) == 2

    play(database_url, story)
