"""Each worker's one follower of the event table: it reads what other processes wrote and tells the listeners.

The table is the truth. NOTIFY on PostgreSQL, and SQLite's data version, only say when to look; a look every second
backs them up. Every event is told as soon as it can be seen. On PostgreSQL one with an earlier id may come later:
its id is looked for until its transaction has ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import threading
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError

from server.db.database import Announcement, Database
from server.events.notify import Notifier
from server.events.progress import Progress
from server.events.publishers import Publishers
from server.events.sources import POLL_SECONDS as POLL_SECONDS
from server.events.sources import EventSource, source_of
from server.events.topics import Topic

BATCH = 1000
MAX_LOCAL_IDS = 50_000
FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.005, 0.1
"""While an id is missing the next look comes soon, and then later and later."""
RECONNECT_SECONDS = 0.2

Listener = Callable[[Announcement], None]
E = TypeVar("E", bound=Topic)
T = TypeVar("T")

log = structlog.get_logger()


class Follower:
    """Tells listeners of events, on the event loop's thread, as soon as they can be seen.

    Events of this process are told right after their commit, before the caller has its reply, and not again
    when they come up in the table. Those of one row's changes are told in the order of the changes.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._name = secrets.token_hex(8)
        self._source = source_of(database, self._name)
        self._notifier = Notifier(database, self._name)
        self._publishers = Publishers()
        self._progress = Progress(0)
        self._listeners: defaultdict[str, list[Listener]] = defaultdict(list)
        self._readers: dict[type[Topic], list[Callable[[Any], None]]] = {}
        self._delivered: OrderedDict[int, None] = OrderedDict()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._last_look = time.monotonic()

    def listen(self, topic: str, listener: Listener) -> None:
        """Have `listener` told of every event of `topic`."""
        self._listeners[topic].append(listener)

    def on(self, kind: type[E], listener: Callable[[E], None]) -> None:
        """Have `listener` told of every event of the topic of `kind`, as such an object."""
        if kind not in self._readers:
            self._readers[kind] = []
            self.listen(kind.topic, partial(self._read, kind))
        self._readers[kind].append(listener)

    @property
    def silent_seconds(self) -> float:
        """Seconds since the table was last read."""
        return time.monotonic() - self._last_look

    @property
    def lag_seconds(self) -> float:
        """The age of the oldest that waits: to be read at all, or for a slow transaction, as the outboxes do."""
        missing = next(iter(self._progress.missing.values()), None)
        delay = time.monotonic() - missing if missing is not None else 0.0
        return max(self.silent_seconds - self._source.poll_seconds, delay, 0.0)

    def start(self) -> None:
        """Begin to follow from now on. Call it on the running event loop, before any cache is filled."""
        self._loop = asyncio.get_running_loop()
        self._database.on_commit = self._committed
        with self._source.opened():
            self._progress = Progress(self._source.horizon().settled)
        self._thread = threading.Thread(target=self._follow, name="follow-events", daemon=True)
        self._thread.start()
        self._notifier.start()

    def stop(self) -> None:
        """End the threads."""
        self._stopping.set()
        self._source.wake()
        self._notifier.stop()
        if self._thread is not None:
            self._thread.join(timeout=2)

    def _committed(self, announcements: list[Announcement]) -> None:
        """Tell this process's own events at once, then wake the others."""
        self._hand_over(announcements, local=True)
        self._notifier.wake()

    def _hand_over(self, announcements: Sequence[Announcement], *, local: bool) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to be told
                self._loop.call_soon_threadsafe(self._tell, announcements, local)

    def _tell(self, announcements: Sequence[Announcement], local: bool) -> None:
        for announcement in announcements:
            if local:
                self._delivered[announcement.id] = None
            elif announcement.id in self._delivered:
                del self._delivered[announcement.id]
                continue
            for listener in self._listeners[announcement.topic]:
                _tell_one(listener, announcement, announcement)
        while len(self._delivered) > MAX_LOCAL_IDS:
            self._delivered.popitem(last=False)

    def _read(self, kind: type[Topic], announcement: Announcement) -> None:
        """Read an event once, for all who want it as an object of `kind`."""
        event = kind.of_json(announcement.key, announcement.payload)
        for listener in self._readers[kind]:
            _tell_one(listener, event, announcement)

    def _follow(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._source.opened():
                    self._stay_within_the_table()
                    self._look_again_and_again(self._source)
            except (SQLAlchemyError, psycopg.Error, OSError) as error:
                log.warning("event_follower_reconnects", error=type(error).__name__)
                self._stopping.wait(RECONNECT_SECONDS)

    def _look_again_and_again(self, source: EventSource) -> None:
        pause = 0.0
        while not self._stopping.is_set():
            full = self._look(source)
            if not self._progress.missing:
                pause = 0.0
            else:
                pause = min(max(pause * 2, FIRST_PAUSE_SECONDS), MAX_PAUSE_SECONDS)
                self._publishers.watch(source, self._progress.missing)
            if not full:
                source.await_news(pause or source.poll_seconds)

    def _look(self, source: EventSource) -> bool:
        """Read on and tell; say whether there may be more at once."""
        progress = self._progress
        events = source.read(progress.read_to, list(progress.missing), BATCH)
        if progress.is_whole(events):
            progress.take(events, settled=0, now=time.monotonic())
        else:
            # Asked for before the events are read once more: what had ended by then is whole.
            settled = source.horizon().settled
            events = source.read(progress.read_to, list(progress.missing), BATCH)
            progress.take(events, settled, time.monotonic())
        self._last_look = time.monotonic()
        if events:
            self._hand_over(events, local=False)
        return len(events) >= BATCH

    def _stay_within_the_table(self) -> None:
        """Go back to the table's end when it lies before what was read, as on a standby that lost rows."""
        horizon = self._source.horizon()
        if horizon.drawn < self._progress.read_to:
            log.warning("events_went_back", read_to=self._progress.read_to, last=horizon.drawn)
            self._progress = Progress(horizon.settled)


def _tell_one(listener: Callable[[T], None], event: T, announcement: Announcement) -> None:
    """Tell a listener, whose failure is its own."""
    try:
        listener(event)
    except Exception:
        log.exception("event_listener_failed", topic=announcement.topic, key=announcement.key)
