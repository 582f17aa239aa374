"""The changes of the stock as the event table has them: each a quantity that a level has from an event on.

They are read up to where the table is settled, in the order of their ids: nothing comes up behind what was read,
and of one level a later change is never told before an earlier one, whichever workers made them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import Connection

from server.alarms import Alarms
from server.db.base import AnyRow
from server.db.work import Work
from server.events.follower import Follower
from server.events.position import horizon
from server.events.streams import Bell
from server.events.topics import CatalogReplaced, StockMoved
from server.inventory import feed_queries, location_queries
from server.inventory.errors import SequenceForgotten

EVENTS_AT_ONCE: Final = 500
MAX_CHANGES: Final = 1000
"""Of a message, which has all changes of an event: no event has as many."""
LOOK_SECONDS: Final = 1.0
"""After so long the table is read without any news."""
RETRY_SECONDS: Final = 1.0
MIN_PAUSE, MAX_PAUSE, PAUSE_PER_STREAM = 0.02, 0.2, 0.0002
"""Between two reads. Changes that come close to each other share a message: sent one by one to a thousand streams,
each would cost a tenth of a second."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class StockChange:
    """The units that are available of a variant at a location from an event on."""

    sequence: int
    time: datetime
    product_id: int
    variant_id: int
    location_id: int
    location: str
    available: int
    is_public: bool
    """Whether its location is active: others are shown to staff alone."""


@dataclass(frozen=True, slots=True)
class StockChanges:
    """All changes behind an event, `after`, up to another, `sequence`; `drawn` is the last that may come later.

    `was_replaced`: with the last of them all stock may have changed, and nobody says to what.
    """

    after: int
    sequence: int
    drawn: int
    changes: Sequence[StockChange] = ()
    was_replaced: bool = False

    def of(
        self, product_ids: Collection[int] | None, after: int = 0, *, public_only: bool
    ) -> list[StockChange]:
        """Those of some products (None: of all) behind an event."""
        return [
            change
            for change in self.changes
            if change.sequence > after
            and (product_ids is None or change.product_id in product_ids)
            and (change.is_public or not public_only)
        ]


def settled(connection: Connection) -> int:
    """The event up to which all changes can be read."""
    return horizon(connection).settled


def resume_point(connection: Connection, after: int) -> int:
    """The event behind which a stream goes on; one that there is not yet counts as the last.

    Raises SequenceForgotten when events behind it are gone.
    """
    if after + 1 < feed_queries.first_event_id(connection):
        raise SequenceForgotten(sequence=after)
    return min(after, horizon(connection).drawn)


def read(connection: Connection, after: int) -> StockChanges:
    """The next changes behind an event: all that there are, or as many as a message takes."""
    drawn, until = horizon(connection)  # asked for before the events are read: by then it is whole
    if until <= after:
        return StockChanges(after, after, drawn)
    rows = feed_queries.events_after(connection, after, until, EVENTS_AT_ONCE)
    if len(rows) == EVENTS_AT_ONCE:
        until = rows[-1].id
    locations = location_queries.by_id(connection) if rows else {}
    changes: list[StockChange] = []
    for before, row in zip([None, *rows], rows, strict=False):
        if row.topic == CatalogReplaced.topic:
            return StockChanges(after, row.id, drawn, changes, was_replaced=True)
        own = _changes(row, locations)
        if before is not None and len(changes) + len(own) > MAX_CHANGES:
            return StockChanges(after, before.id, drawn, changes)
        changes += own
    return StockChanges(after, until, drawn, changes)


def _changes(row: AnyRow, locations: Mapping[int, AnyRow]) -> list[StockChange]:
    changes = []
    for level in StockMoved.of_json(row.key, row.payload).levels:
        location = locations.get(level.location_id)
        name, is_public = (location.name, location.active) if location is not None else ("", False)
        changes.append(StockChange(row.id, row.created_at, *level[:3], name, level.available, is_public))
    return changes


class StockFeed:
    """Reads the changes on the event loop, once for all who follow, while there are any."""

    def __init__(
        self, work: Work, offer: Callable[[StockChanges], None], followers: Callable[[], int]
    ) -> None:
        """`offer` gets all changes behind `position`, in their order; `followers` says how many there are."""
        self._work = work
        self._offer = offer
        self._followers = followers
        self._alarms = Alarms()
        self._bell = Bell()
        self._has_news = False
        self._reading: asyncio.Task[None] | None = None
        self.position = 0

    def attach(self, follower: Follower) -> None:
        """Learn when there is something to read."""
        follower.on(StockMoved, self._wake)
        follower.on(CatalogReplaced, self._wake)

    async def join(self) -> int:
        """Begin to read, if nobody followed before; the last event of now, which may be behind `position`."""
        now_at = await self._work.read(settled, vital=True)
        if self._reading is None or self._reading.done():
            self.position = now_at
            self._reading = asyncio.get_running_loop().create_task(self._read_on())
        return now_at

    async def stop(self) -> None:
        """Read no more."""
        if self._reading is not None:
            self._reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reading

    def _wake(self, _: object) -> None:
        self._has_news = True
        self._bell.wake()

    async def _read_on(self) -> None:
        while followers := self._followers():
            self._has_news = False
            try:
                changes = await self._work.read(read, self.position, vital=True)
            except Exception as error:
                log.warning("stock_not_read", error=type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            if changes.changes or changes.was_replaced:
                self._offer(changes)
            self.position = changes.sequence
            await asyncio.sleep(min(MIN_PAUSE + followers * PAUSE_PER_STREAM, MAX_PAUSE))
            if self.position >= changes.drawn and not self._has_news:
                await self._bell.wait(self._alarms, LOOK_SECONDS)
        self._reading = None
