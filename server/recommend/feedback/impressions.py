"""The lists of recommendations that were shown: their tokens, and the log of what stood where.

A call pays for a token and an append. What was shown is written in the background, many lists in one statement,
and may be lost: with a worker that is killed, or while the database cannot keep up. Only measures build on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from prometheus_client import CollectorRegistry
from sqlalchemy import Connection, Table, delete, select

from server.background import BackgroundLoop
from server.clock import Clock
from server.db.bulk import write_rows
from server.db.work import Work
from server.recommend.feedback.attribution import Attributions, new_list_id
from server.recommend.feedback.models import ShownList
from server.recommend.feedback.row_log import RowLog

FIRST_PRUNING = timedelta(minutes=5)
PRUNING = timedelta(days=1)
PRUNED_AT_ONCE = 1_000


class Kind(StrEnum):
    """Where a list is shown."""

    HOMEPAGE = "HOMEPAGE"
    PRODUCT = "PRODUCT"
    CART = "CART"
    SIMILAR = "SIMILAR"
    TOGETHER = "TOGETHER"
    TRENDING = "TRENDING"
    REORDER = "REORDER"
    SEARCH = "SEARCH"


class Impression(NamedTuple):
    """A list that was shown, as its row: the fields are the columns of `shown_lists`."""

    list_id: str
    model_version: str
    kind: str
    user_id: int | None
    visitor_id: str | None
    experiment_id: int | None
    product_ids: list[int]
    shown_at: datetime


class Impressions:
    """Signs lists, and keeps what they held; for use on a worker's event loop.

    With `keep` off, lists are signed and forgotten.
    """

    def __init__(
        self,
        attributions: Attributions,
        work: Work,
        clock: Clock,
        registry: CollectorRegistry,
        *,
        keep: bool,
        retention: timedelta,
    ) -> None:
        """Lists are kept for so long."""
        self._attributions = attributions
        self._work = work
        self._clock = clock
        self._keep = keep
        self._retention = retention
        self._log: RowLog[Impression] = RowLog(
            "shown_lists", work, registry, write=write, write_rest=write_rest
        )
        self._pruning = BackgroundLoop(
            "impressions_pruning", self.prune, every=PRUNING, first_retry=PRUNING, max_retry=PRUNING
        )

    def show(
        self,
        kind: Kind,
        model_version: str,
        product_ids: Iterable[int],
        *,
        user_id: int | None = None,
        visitor_id: str = "",
        experiment_id: int | None = None,
        list_id: str = "",
    ) -> str:
        """The token of a new list for a user, or else a visitor, or nobody known; what it holds is logged.

        `list_id` is its id where it has one already.
        """
        list_id = list_id or new_list_id()
        shown = list(product_ids)
        if shown and self._keep:
            visitor = visitor_id if visitor_id and user_id is None else None
            self._log.add(
                Impression(
                    list_id, model_version, kind, user_id, visitor, experiment_id, shown, self._clock()
                )
            )
        return self._attributions.issue_for(list_id, model_version)

    def sign(self, model_version: str) -> str:
        """The token of a list that is shown to no customer: an admin looks what one would get."""
        return self._attributions.issue(model_version)

    def start(self) -> None:
        """Begin to write the log, and to thin it out; call it on the running event loop."""
        if self._keep:
            self._log.start()
            # In every worker: what one has deleted, the others do not find.
            self._pruning.start(after=FIRST_PRUNING)

    async def stop(self) -> None:
        """Write what waits, and end."""
        await self._pruning.stop()
        await self._log.stop()

    async def flush(self) -> None:
        """Write all that waits."""
        await self._log.flush()

    async def prune(self) -> None:
        """Delete the lists that were shown too long ago, some at a time."""
        while await self._work.write(delete_some, self._clock() - self._retention) == PRUNED_AT_ONCE:
            pass


def write(tx: Connection, rows: Sequence[Impression]) -> None:
    """Write shown lists in one statement."""
    table = ShownList.__table__
    assert isinstance(table, Table)
    write_rows(tx, table, Impression._fields, rows)


def write_rest(tx: Connection, rows: Sequence[Impression]) -> None:
    """Write those of `rows` that an earlier attempt, whose outcome is unknown, did not."""
    query = select(ShownList.list_id).where(ShownList.list_id.in_([row.list_id for row in rows]))
    written = set(tx.scalars(query))
    write(tx, [row for row in rows if row.list_id not in written])


def delete_some(tx: Connection, before: datetime) -> int:
    """Delete up to PRUNED_AT_ONCE lists that were shown before then, and return how many."""
    oldest = (
        select(ShownList.list_id)
        .where(ShownList.shown_at < before)
        .order_by(ShownList.shown_at)
        .limit(PRUNED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    return tx.execute(delete(ShownList).where(ShownList.list_id.in_(oldest))).rowcount
