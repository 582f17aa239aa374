"""Tells the other processes by NOTIFY that there are events to be read."""

from __future__ import annotations

import threading

import psycopg
import structlog

from server.db.database import CHANNEL, Database
from server.db.engine import lone_connection
from server.events.sources import SILENT_SECONDS

BURST_SECONDS = 0.03
"""NOTIFY takes a lock of the whole cluster at commit, so a burst of commits shares one."""
AGAIN_SECONDS = 1.0

log = structlog.get_logger()


class Notifier:
    """A thread with a connection of its own; there is nothing to do on SQLite."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to tell."""
        if self._database.is_postgresql:
            self._thread = threading.Thread(target=self._run, name="notify", daemon=True)
            self._thread.start()

    def wake(self) -> None:
        """Something was committed."""
        self._woken.set()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join(timeout=2)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with lone_connection(
                    self._database.engine.url, "sanset-events", answers_within=SILENT_SECONDS
                ) as connection:
                    while not self._stopping.is_set():
                        self._woken.wait()
                        self._woken.clear()
                        connection.execute(f"NOTIFY {CHANNEL}, '{self._name}'")
                        self._stopping.wait(BURST_SECONDS)
            except (psycopg.Error, OSError) as error:  # the others poll meanwhile
                log.warning("notify_failed", error=type(error).__name__)
                self._stopping.wait(AGAIN_SECONDS)
