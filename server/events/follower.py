"""Each worker's one follower of the event table: it reads what other processes wrote and tells the listeners.

The table is the truth. NOTIFY on PostgreSQL, and SQLite's data version, only say when to look; a look at least
every 100 ms backs them up.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import threading
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from typing import Any

import psycopg
import structlog
from sqlalchemy import Connection, select, text, tuple_
from sqlalchemy.exc import SQLAlchemyError

from server.db.database import Announcement, Database
from server.events.models import Event
from server.events.position import Position, end, horizon

CHANNEL = "sanset_events"
POLL_SECONDS = 0.1
SQLITE_LOOK_SECONDS = 0.01
NOTIFY_SECONDS = 0.01
"""NOTIFY takes a lock of the whole cluster at commit, so a burst of commits shares one."""
BATCH = 1000
KEPT_LOCAL_IDS = 50_000

Listener = Callable[[Announcement], None]

log = structlog.get_logger()


class Follower:
    """Tells listeners of events, on the event loop's thread, in the order of the table.

    Events of this process are told right after their commit, before the caller has its reply, and not again
    when they come up in the table.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._name = secrets.token_hex(8)
        self._listeners: defaultdict[str, list[Listener]] = defaultdict(list)
        self._told: OrderedDict[int, None] = OrderedDict()
        self._wake = threading.Event()
        self._notify = threading.Event()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._last_look = time.monotonic()

    def listen(self, topic: str, listener: Listener) -> None:
        """Have `listener` told of every event of `topic`."""
        self._listeners[topic].append(listener)

    @property
    def lag_seconds(self) -> float:
        """Seconds since the table was last read successfully."""
        return time.monotonic() - self._last_look

    def start(self) -> None:
        """Begin to follow from now on. Call it on the running event loop, before any cache is filled."""
        self._loop = asyncio.get_running_loop()
        self._database.on_commit = self._committed
        with self._database.read() as connection:
            position = end(connection)
        self._spawn(self._follow, position)
        if self._database.is_postgresql:
            self._spawn(self._listen_to_notify)
            self._spawn(self._send_notify)

    def stop(self) -> None:
        """End the threads."""
        self._stopping.set()
        self._wake.set()
        self._notify.set()
        for thread in self._threads:
            thread.join(timeout=2)

    def _spawn(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, name=target.__name__, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _committed(self, announcements: list[Announcement]) -> None:
        """Tell this process's own events at once, then wake the others."""
        self._hand_over(announcements, local=True)
        self._notify.set()

    def _hand_over(self, announcements: list[Announcement], *, local: bool) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to be told
                self._loop.call_soon_threadsafe(self._tell, announcements, local)

    def _tell(self, announcements: list[Announcement], local: bool) -> None:
        for announcement in announcements:
            if local:
                self._told[announcement.id] = None
            elif announcement.id in self._told:
                del self._told[announcement.id]
                continue
            for listener in self._listeners[announcement.topic]:
                try:
                    listener(announcement)
                except Exception:
                    log.exception("event_listener_failed", topic=announcement.topic, key=announcement.key)
        while len(self._told) > KEPT_LOCAL_IDS:
            self._told.popitem(last=False)

    def _follow(self, position: Position) -> None:
        pause = 0.0
        while not self._stopping.is_set():
            try:
                with self._database.read() as connection:
                    while not self._stopping.is_set():
                        position, pause = self._look(connection, position, pause)
                        self._await_news(connection, pause or POLL_SECONDS)
            except SQLAlchemyError as error:
                log.warning("event_follower_retries", error=type(error).__name__)
                self._stopping.wait(0.5)

    def _look(self, connection: Connection, position: Position, pause: float) -> tuple[Position, float]:
        """Read on from `position`; return the new one, and when to look again if rows are held back."""
        self._wake.clear()
        rows = connection.execute(
            select(
                Event.id,
                Event.transaction_id,
                Event.topic,
                Event.key,
                Event.payload,
                horizon(connection.engine),
            )
            .where(tuple_(Event.transaction_id, Event.id) > position)
            .order_by(Event.transaction_id, Event.id)
            .limit(BATCH)
        ).all()
        self._last_look = time.monotonic()
        settled = [row for row in rows if row[1] < row[5]]
        if settled:
            self._hand_over([Announcement(row[0], row[2], row[3], row[4]) for row in settled], local=False)
            position = (settled[-1][1], settled[-1][0])
        if len(settled) == BATCH:
            return position, 0.0001
        # Rows at or above the horizon wait for an older transaction that may still add rows before them.
        held_back = len(settled) < len(rows)
        return position, min((pause or 0.001) * 2, POLL_SECONDS) if held_back else 0.0

    def _await_news(self, connection: Connection, seconds: float) -> None:
        if self._database.is_postgresql:
            self._wake.wait(seconds)
            return
        version = text("PRAGMA data_version")
        seen, until = connection.scalar(version), time.monotonic() + seconds
        while time.monotonic() < until and not self._wake.wait(SQLITE_LOOK_SECONDS):
            if connection.scalar(version) != seen:
                return

    def _listen_to_notify(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._own_connection() as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    while not self._stopping.is_set():
                        for notice in connection.notifies(timeout=1.0, stop_after=1):
                            if notice.payload != self._name:  # our own events were told already
                                self._wake.set()
            except psycopg.Error:
                self._stopping.wait(1.0)  # the follower polls meanwhile

    def _own_connection(self) -> psycopg.Connection[Any]:
        """A connection outside the pool: NOTIFY waits on one for as long as the worker lives."""
        url = self._database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        return psycopg.connect(url, autocommit=True, application_name="sanset-events")

    def _send_notify(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._own_connection() as connection:
                    while not self._stopping.is_set():
                        self._notify.wait()
                        self._notify.clear()
                        connection.execute(f"NOTIFY {CHANNEL}, '{self._name}'")
                        self._stopping.wait(NOTIFY_SECONDS)
            except psycopg.Error as error:
                log.warning("notify_failed", error=type(error).__name__)
                self._stopping.wait(1.0)
