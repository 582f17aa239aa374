"""Watching the stock: every change of it, to as many streams as there are."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from server.alarms import Alarms
from server.db.work import Work
from server.events.follower import Follower
from server.events.streams import Bell, Reconnect, life_ends, why_it_ends
from server.inventory import feed
from server.inventory.feed import StockChange, StockChanges, StockFeed

MAX_WAITING: Final = 64
"""Messages that wait for a client that reads slowly; beyond them its stream ends, and says where to go on."""

TOO_SLOW: Final = "The changes come faster than they are read."
REPLACED: Final = "All stock may have changed: read it anew."

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class StockHeartbeat:
    """Nothing happened up to `sequence`."""

    sequence: int


Render = Callable[[Sequence[StockChange], int], R]
"""Makes a message of changes, up to an event."""


class _Batch(Generic[R]):
    """Changes that were read together, and the message that all streams get which watch everything."""

    __slots__ = ("_messages", "_render", "changes")

    def __init__(self, changes: StockChanges, render: Render[R]) -> None:
        self.changes = changes
        self._render = render
        self._messages: dict[bool, R | None] = {}
        """Of all changes behind the event before them; by whether they are the public ones only."""

    def message(self, product_ids: Collection[int] | None, after: int, *, public_only: bool) -> R | None:
        """The message of those of some products (None: of all) behind an event; None when there are none."""
        if product_ids is not None or after > self.changes.after:
            return self._message(product_ids, after, public_only=public_only)
        if public_only not in self._messages:
            self._messages[public_only] = self._message(None, 0, public_only=public_only)
        return self._messages[public_only]

    def _message(self, product_ids: Collection[int] | None, after: int, *, public_only: bool) -> R | None:
        own = self.changes.of(product_ids, after, public_only=public_only)
        return self._render(own, self.changes.sequence) if own else None


class _StockWatcher(Bell, Generic[R]):
    """Where one stream stands: what it has sent, and what waits for it.

    It is `live` once it has all that was there before it: then it takes what comes.
    """

    __slots__ = ("_waiting", "live", "missed", "product_ids", "public_only", "sequence")

    def __init__(self, product_ids: frozenset[int] | None, *, public_only: bool) -> None:
        super().__init__()
        self.product_ids = product_ids
        self.public_only = public_only
        self.sequence = 0
        self.live = False
        self.missed = ""
        """Why it cannot go on: it has missed something, or is about to."""
        self._waiting: deque[_Batch[R]] = deque()

    def offer(self, batch: _Batch[R]) -> None:
        """Take changes that were just read."""
        if not self.live or self.missed:
            return
        self._waiting.append(batch)
        if len(self._waiting) > MAX_WAITING:
            self.missed = TOO_SLOW
            self._waiting.clear()
        self.wake()

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits for it: news may come in the moment in which it has waited long enough."""
        return not self._waiting and not self.missed

    def take(self) -> _Batch[R] | None:
        """What comes next."""
        return self._waiting.popleft() if self._waiting else None

    def message_of(self, batch: _Batch[R]) -> R | None:
        """The message of changes, some of which it may have had; it stands behind them then."""
        changes = batch.changes
        if changes.sequence <= self.sequence:
            return None
        message = batch.message(self.product_ids, self.sequence, public_only=self.public_only)
        self.sequence = changes.sequence
        if changes.was_replaced:
            self.missed = REPLACED
        return message


class StockWatch(Generic[R]):
    """Hands the changes of the stock to the streams that watch it, on the event loop."""

    def __init__(
        self, work: Work, render: Render[R], *, heartbeat_seconds: float, lifetime_seconds: float
    ) -> None:
        self._work = work
        self._render = render
        self._heartbeat = heartbeat_seconds
        self._lifetime = lifetime_seconds
        self._everything: set[_StockWatcher[R]] = set()
        self._by_product: defaultdict[int, set[_StockWatcher[R]]] = defaultdict(set)
        self._feed = StockFeed(work, self._offer, lambda: self.open_streams)
        self._alarms = Alarms()
        self._draining = False
        self.open_streams = 0

    def attach(self, follower: Follower) -> None:
        """Learn when stock moves on this database."""
        self._feed.attach(follower)

    async def drain(self) -> None:
        """Ask every stream to reconnect elsewhere: this worker is about to stop."""
        self._draining = True
        for watcher in self._watchers():
            watcher.wake()

    async def stop(self) -> None:
        """Read no more."""
        await self._feed.stop()

    async def watch(
        self, product_ids: frozenset[int] | None, after: int, *, public_only: bool
    ) -> AsyncIterator[R | StockHeartbeat | Reconnect]:
        """Yield the changes of products (None: of all) behind an event, and what the stream itself has to say.

        With `after` 0 they are those from now on; an event that is not there yet counts as the last. It begins
        with a heartbeat, which says where. With `public_only` it tells of active locations only.
        Raises SequenceForgotten.
        """
        until = life_ends(self._lifetime)
        watcher: _StockWatcher[R] = _StockWatcher(product_ids, public_only=public_only)
        self._enter(watcher)
        try:
            now_at = await self._feed.join()
            watcher.sequence = await self._work.read(feed.resume_point, after) if after else now_at
            yield StockHeartbeat(watcher.sequence)
            async for message in self._past(watcher):
                yield message
            while (ending := self._ending(watcher, until)) is None:
                batch = watcher.take()
                if batch is not None:
                    if (news := watcher.message_of(batch)) is not None:
                        yield news
                elif not await watcher.wait(self._alarms, self._heartbeat) and watcher.is_idle:
                    watcher.sequence = max(watcher.sequence, self._feed.position)
                    yield StockHeartbeat(watcher.sequence)
            yield ending
        finally:
            self._leave(watcher)

    async def _past(self, watcher: _StockWatcher[R]) -> AsyncIterator[R]:
        """What was there before a stream; it takes what comes from the moment at which it has all of that."""
        while watcher.sequence < self._feed.position and not watcher.missed:
            changes = await self._work.read(feed.read, watcher.sequence)
            if changes.sequence == watcher.sequence:  # a standby that lost its last rows has taken over
                break
            if (message := watcher.message_of(_Batch(changes, self._render))) is not None:
                yield message
        watcher.live = True

    def _ending(self, watcher: _StockWatcher[R], until: float) -> Reconnect | None:
        """Why a stream ends now, if it does."""
        reason = watcher.missed or why_it_ends(until, is_draining=self._draining)
        return Reconnect(watcher.sequence, reason) if reason else None

    def _offer(self, changes: StockChanges) -> None:
        batch = _Batch(changes, self._render)
        products = {change.product_id for change in changes.changes} & self._by_product.keys()
        concerned = self._everything.union(*(self._by_product[product_id] for product_id in products))
        for watcher in self._watchers() if changes.was_replaced else concerned:
            watcher.offer(batch)

    def _watchers(self) -> set[_StockWatcher[R]]:
        return self._everything.union(*self._by_product.values())

    def _enter(self, watcher: _StockWatcher[R]) -> None:
        self.open_streams += 1
        if watcher.product_ids is None:
            self._everything.add(watcher)
        for product_id in watcher.product_ids or ():
            self._by_product[product_id].add(watcher)

    def _leave(self, watcher: _StockWatcher[R]) -> None:
        self.open_streams -= 1
        self._everything.discard(watcher)
        for product_id in watcher.product_ids or ():
            self._by_product[product_id].discard(watcher)
            if not self._by_product[product_id]:
                del self._by_product[product_id]
