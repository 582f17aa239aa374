"""The log of the searches: each page of results gets a token, and is recorded in the background.

A search by somebody who is known, a user or a visitor, also stands in their history, once however often they turn
the pages or come back to it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple, cast

from prometheus_client import CollectorRegistry
from sqlalchemy import Connection, Table, select

from server.clock import Clock
from server.db.bulk import write_rows
from server.db.work import Work
from server.recommend.feedback import behavior_queries
from server.recommend.feedback.attribution import new_list_id
from server.recommend.feedback.behavior_queries import BehaviorRow
from server.recommend.feedback.flood import Buckets, Flood
from server.recommend.feedback.impressions import Impressions, Kind
from server.recommend.feedback.models import BehaviorEvent
from server.recommend.feedback.row_log import RowLog
from server.recommend.feedback.tracking import SEARCH, SEARCH_VERSION, EventActor, Tracker
from server.search.analytics.models import SearchRow
from server.search.analytics.recorded_text import recorded

SEARCHES_PER_MINUTE: Final = 60
"""What is recorded of one user or visitor; of an address five times as many, and 10,000 a day."""
MAX_PER_MINUTE: Final = 1_000
MAX_BURST: Final = 60_000
"""What a worker records of everybody: a flood from many addresses fills no disk."""
ONCE_WITHIN: Final = timedelta(minutes=30)
"""How long somebody's search for the same is the same search of their history."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownResults:
    """A page of results: what was searched for, the products in their order, and how many there are in all."""

    query: str
    product_ids: Sequence[int]
    result_count: int
    corrected: bool = False
    first_position: int = 0
    """How many results the pages before have."""


class RecordedSearch(NamedTuple):
    """A page of results as its row: the fields are the columns of `searches`."""

    list_id: str
    query: str
    result_count: int
    shown_count: int
    first_position: int
    corrected: bool
    user_id: int | None
    visitor_id: str | None
    origin: str
    searched_at: datetime


class SearchLog:
    """Records searches; for use on a worker's event loop. With `keep` off their pages are signed and forgotten."""

    def __init__(
        self,
        impressions: Impressions,
        tracker: Tracker,
        work: Work,
        clock: Clock,
        registry: CollectorRegistry,
        *,
        keep: bool,
    ) -> None:
        self._impressions = impressions
        self._tracker = tracker
        self._clock = clock
        self._keep = keep
        self._flood = Flood(SEARCHES_PER_MINUTE)
        self._all = Buckets(MAX_PER_MINUTE, MAX_BURST)
        self._log: RowLog[RecordedSearch] = RowLog(
            "searches", work, registry, write=write, write_rest=write_rest
        )

    def record(self, results: ShownResults, user_id: int | None, visitor_id: str, address: str) -> str:
        """The token of a page that is shown to a user, or else a visitor, or nobody known; it is recorded.

        A list of everything, without a query, is none that was searched for.
        """
        if not self._keep or not results.query.strip():
            return self._impressions.sign(SEARCH_VERSION)
        actor = self._tracker.actor(user_id, visitor_id, address)
        if not self._is_admitted(actor):
            return self._impressions.sign(SEARCH_VERSION)
        list_id = new_list_id()
        visitor = visitor_id if visitor_id and user_id is None else None
        self._log.add(
            RecordedSearch(
                list_id=list_id,
                query=recorded(results.query),
                result_count=results.result_count,
                shown_count=len(results.product_ids),
                first_position=results.first_position,
                corrected=results.corrected,
                user_id=user_id,
                visitor_id=visitor,
                origin=actor.origin,
                searched_at=self._clock(),
            )
        )
        return self._impressions.show(
            Kind.SEARCH,
            SEARCH_VERSION,
            results.product_ids,
            user_id=user_id,
            visitor_id=visitor_id,
            list_id=list_id,
        )

    def start(self) -> None:
        """Begin to write; call it on the running event loop."""
        if self._keep:
            self._log.start()

    async def stop(self) -> None:
        """Write what waits, and end."""
        await self._log.stop()

    async def flush(self) -> None:
        """Write all that waits."""
        await self._log.flush()

    def _is_admitted(self, actor: EventActor) -> bool:
        """Whether a search is recorded: not of somebody who searches more than people do."""
        now = time.monotonic()
        if self._all.wait_for("", 1, now):
            return False
        name = actor.key if actor.user_id is not None or actor.visitor_id else actor.origin
        if self._flood.wait_or_count(name, actor.origin, 1):
            return False
        self._all.take("", 1, now)
        return True


def write(tx: Connection, rows: Sequence[RecordedSearch]) -> None:
    """Write searches, and what they add to histories."""
    write_rows(tx, cast(Table, SearchRow.__table__), RecordedSearch._fields, rows)
    events = _new_events(tx, rows)
    if events:
        behavior_queries.add(tx, events)


def write_rest(tx: Connection, rows: Sequence[RecordedSearch]) -> None:
    """Write those of `rows` that an earlier attempt, whose outcome is unknown, did not."""
    query = select(SearchRow.list_id).where(SearchRow.list_id.in_([row.list_id for row in rows]))
    written = set(tx.scalars(query))
    write(tx, [row for row in rows if row.list_id not in written])


def _new_events(tx: Connection, rows: Sequence[RecordedSearch]) -> list[BehaviorRow]:
    """The searches that are not in the history of who searched yet, as events of it."""
    events: dict[tuple[int | str | None, str], BehaviorRow] = {}
    for row in rows:
        who = row.user_id or row.visitor_id
        if who and row.query and not row.first_position:
            events.setdefault((who, row.query), _event(row))
    if not events:
        return []
    since = min(event.occurred_at for event in events.values()) - ONCE_WITHIN
    for earlier in _earlier(tx, list(events.values()), since):
        events.pop(earlier, None)
    return list(events.values())


def _event(row: RecordedSearch) -> BehaviorRow:
    return BehaviorRow(
        user_id=row.user_id,
        visitor_id=row.visitor_id,
        kind=SEARCH,
        product_id=None,
        query=row.query,
        custom_metadata=None,
        list_id=row.list_id,
        model_version=SEARCH_VERSION,
        origin=row.origin,
        occurred_at=row.searched_at,
    )


def _earlier(
    tx: Connection, events: Sequence[BehaviorRow], since: datetime
) -> Sequence[tuple[int | str | None, str]]:
    """Who of those that searched had searched for what since then."""
    earlier: list[tuple[int | str | None, str]] = []
    for column, people in (
        (BehaviorEvent.user_id, {event.user_id for event in events if event.user_id is not None}),
        (BehaviorEvent.visitor_id, {event.visitor_id for event in events if event.visitor_id is not None}),
    ):
        if people:
            query = select(column, BehaviorEvent.query).where(
                column.in_(people), BehaviorEvent.occurred_at >= since, BehaviorEvent.kind == SEARCH
            )
            earlier += [(who, recorded(text)) for who, text in tx.execute(query)]
    return earlier
