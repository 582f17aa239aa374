"""Keeps what a worker searches: opens the stored index, follows the events, and sees to it that it is built anew.

What is stored is shared by all workers of a machine, and named by the event up to which it has everything; what
changed since, each worker reads by itself. So a change is found on every worker as soon as its event has come, and
a worker that starts reads what it lacks. The file is built by whoever gets its lock, while all of them go on with
what they have; the lock ends with its process.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import Connection

from server.background import BackgroundLoop
from server.clock import Clock
from server.db.deadline import Deadline
from server.db.work import Work
from server.events.follower import Follower
from server.events.topics import CatalogReplaced, CategoryChanged, ProductChanged, SalesCounted, StockMoved
from server.search.engine.engine import Engine
from server.search.engine.interpretation import NoSynonyms, Synonyms
from server.search.errors import SearchNotReady
from server.search.index import file
from server.search.index.documents import entry_of
from server.search.index.file import StoredIndex
from server.search.index.index import NOTHING
from server.search.index.shelf import Shelf
from server.search.index.words import Wording
from server.search.upkeep import queries
from server.search.upkeep.current import Current, Reading
from server.search.upkeep.opening import MAX_NEWER, catch_up, stored_index
from server.search.upkeep.rebuild import Rebuild

LOOK_EVERY: Final = timedelta(seconds=1)
PAUSE: Final = timedelta(seconds=0.05)
"""Between two readings: a burst of changes is read once."""
ITEMS_AT_ONCE: Final = 1_000
MAX_BREATH: Final = 0.3
REST_SECONDS: Final = 5.0
"""Between two builds, and at least as long as the last one took."""
READY_SECONDS: Final = 5.0
"""So long a call waits for a worker that has just started."""
READ_SECONDS: Final = 60.0

log = structlog.get_logger()


@dataclass(slots=True)
class _Pending:
    """What events told of that was not read yet."""

    texts: set[int] = field(default_factory=set)
    items: set[int] = field(default_factory=set)
    all_items: bool = False
    categories: bool = False
    everything: bool = False

    def add(self, other: _Pending) -> None:
        self.texts |= other.texts
        self.items |= other.items
        self.all_items |= other.all_items
        self.categories |= other.categories
        self.everything |= other.everything


class IndexKeeper:
    """Keeps one worker's engine. For use on one event loop."""

    def __init__(self, work: Work, clock: Clock, rebuild: Rebuild) -> None:
        self._work = work
        self._clock = clock
        self._rebuild = rebuild
        self._wording = rebuild.wording
        self._synonyms: Synonyms = NoSynonyms()
        self._pending = _Pending(everything=True)
        self._current: Current | None = None
        self._engine: Engine | None = None
        self._opened: tuple[int, int, int] | None = None
        """The file that was there when it was last opened."""
        self._is_outdated = False
        """Whether the file must be built before what there is can be searched whole."""
        self._ready = asyncio.Event()
        self._building: asyncio.Task[None] | None = None
        self._next_build = 0.0
        self._loop = BackgroundLoop(
            "search_index", self._step, every=LOOK_EVERY, pause=PAUSE, first_retry=LOOK_EVERY
        )

    def attach(self, follower: Follower) -> None:
        """Hear what changes."""
        follower.on(ProductChanged, lambda event: self._heard(_Pending(texts={event.id})))
        follower.on(StockMoved, self._stock_moved)
        follower.on(SalesCounted, lambda _: self._heard(_Pending(all_items=True)))
        follower.on(CategoryChanged, lambda _: self._heard(_Pending(categories=True)))
        follower.on(CatalogReplaced, lambda _: self._heard(_Pending(everything=True)))

    def start(self) -> None:
        """Begin; must be called on the running event loop."""
        self._loop.start()

    async def stop(self) -> None:
        """End, and a build with it."""
        await self._loop.stop()
        if self._building is not None:
            self._building.cancel()
            await asyncio.wait([self._building])

    async def engine(self) -> Engine:
        """What answers queries now; raises SearchNotReady."""
        if self._engine is None:
            try:
                await asyncio.wait_for(self._ready.wait(), READY_SECONDS)
            except TimeoutError:
                raise SearchNotReady() from None
            assert self._engine is not None
        self._engine.goods.shelf.turn(self._clock())
        return self._engine

    @property
    def document_count(self) -> int:
        """How many products it knows."""
        return 0 if self._engine is None else int(self._engine.goods.index.counts.sum())

    def use(self, synonyms: Synonyms) -> None:
        """Take these synonyms, from the next query on; also when they were changed in themselves."""
        self._synonyms = synonyms
        if self._current is not None:
            self._engine = self._current.engine(synonyms, self._wording)

    def _heard(self, news: _Pending) -> None:
        self._pending.add(news)
        self._loop.wake()

    def _stock_moved(self, event: StockMoved) -> None:
        if event.flipped:
            self._heard(_Pending(items=set(event.product_ids)))

    async def _step(self) -> None:
        pending, self._pending = self._pending, _Pending()
        try:
            if pending.categories and self._current is not None:
                pending.everything |= await self._work.read(_are_renamed, self._current, self._wording)
            is_opened = False
            if pending.everything or file.identity_of(self._rebuild.path) != self._opened:
                is_opened = await self._open()
            if self._current is not None and not is_opened:
                await self._follow(self._current, pending)
        except BaseException:
            self._pending.add(pending)
            raise
        self._build_if_needed()

    async def _open(self) -> bool:
        """Search with the index that is stored and what changed since; or, of a small shop, with all of it.

        False when the index must be built first: what there is goes on. A worker that has nothing yet takes what
        is stored, however old its words are; stock and prices are those of the moment.
        """
        identity = file.identity_of(self._rebuild.path)
        stored = await asyncio.to_thread(stored_index, self._rebuild)
        current = await self._stored(stored) if stored is not None else None
        if current is not None and self._current is None:
            await self._show(current)
        stamp = stored.stamp if stored is not None else None
        missing = await self._work.read(
            catch_up, stamp, self._wording, self._clock(), deadline=Deadline(READ_SECONDS)
        )
        self._is_outdated = missing is None
        if missing is not None:
            if current is None or missing.is_whole:
                current = Current(NOTHING, Shelf(missing.items), {})
            current.take(await asyncio.to_thread(missing.reading))
            await self._show(current)
        self._opened = identity
        return not self._is_outdated

    async def _stored(self, stored: StoredIndex) -> Current:
        """The stored index with what its products are sold as now."""
        columns = await self._work.read(queries.shelf_columns, self._clock(), deadline=Deadline(READ_SECONDS))
        shelf = await asyncio.to_thread(Shelf, (), columns)
        return Current(stored.segment, shelf, stored.stamp.categories)

    async def _follow(self, current: Current, pending: _Pending) -> None:
        """Read what changed."""
        if len(pending.texts) > MAX_NEWER:
            self._is_outdated = True
        elif pending.texts:
            now = self._clock()
            began = time.monotonic()
            current.take(await self._work.read(_read, sorted(pending.texts), self._wording, now))
            await self._show(current)
            # However much changes, calls have most of the time.
            await asyncio.sleep(min(time.monotonic() - began, MAX_BREATH))
            self._is_outdated |= current.newer_count > MAX_NEWER
        if pending.all_items or len(pending.items) > ITEMS_AT_ONCE:
            columns = await self._work.read(
                queries.shelf_columns, self._clock(), deadline=Deadline(READ_SECONDS)
            )
            current.shelf.put_columns(columns)
        elif pending.items:
            ids = sorted(pending.items)
            current.take_items(ids, await self._work.read(queries.shelf_items, ids, self._clock()))

    async def _show(self, current: Current) -> None:
        await asyncio.to_thread(current.index)
        self._engine = current.engine(self._synonyms, self._wording)
        self._current = current
        self._ready.set()

    def _build_if_needed(self) -> None:
        if self._building is not None and self._building.done():
            self._building = None
        if self._is_outdated and self._building is None and time.monotonic() >= self._next_build:
            self._building = asyncio.create_task(self._build(), name="search_index_build")

    async def _build(self) -> None:
        """Have the file built, which the next step opens."""
        began = time.monotonic()
        try:
            await self._rebuild.run(unless=lambda: file.identity_of(self._rebuild.path) != self._opened)
        except Exception as error:
            log.warning("search_index_not_built", error=type(error).__name__, problem=str(error))
        self._next_build = time.monotonic() + max(REST_SECONDS, time.monotonic() - began)
        self._loop.wake()


def _read(connection: Connection, product_ids: Sequence[int], wording: Wording, now: datetime) -> Reading:
    names = queries.categories(connection, wording)
    entries = [entry_of(document) for document in queries.documents(connection, product_ids, names)]
    return Reading(product_ids, entries, queries.shelf_items(connection, product_ids, now), names.texts)


def _are_renamed(connection: Connection, current: Current, wording: Wording) -> bool:
    return queries.categories(connection, wording).differ_from(current.lineages)
