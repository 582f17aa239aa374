"""Watches imports: those who wait for one learn of each of its moves, on whichever worker it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from sqlalchemy import Connection

from server.alarms import Alarms
from server.db.base import AnyRow
from server.db.work import Work
from server.events.follower import Follower
from server.events.streams import Bell, life_ends, why_it_ends
from server.events.topics import ImportMoved
from server.identity import Identity
from server.imports import queries, service

SHOWN_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class ShownImport:
    """An import, with the first of its problems."""

    row: AnyRow
    problems: tuple[AnyRow, ...]


@dataclass(frozen=True, slots=True)
class ImportHeartbeat:
    """Nothing has moved for a while."""


@dataclass(frozen=True, slots=True)
class ImportReconnect:
    """The stream ends before the import does: watch it again."""

    import_id: int
    message: str


@dataclass(frozen=True, slots=True)
class ImportEnd:
    """The import has ended."""

    state: str


WatchMessage = ShownImport | ImportHeartbeat | ImportReconnect | ImportEnd


class _ImportWatcher(Bell):
    """What a stream waits by: the import may move while it is read."""

    __slots__ = ("has_moved",)

    def __init__(self) -> None:
        super().__init__()
        self.has_moved = False

    def move(self) -> None:
        """Say that the import has moved."""
        self.has_moved = True
        self.wake()


class ImportWatch:
    """Wakes those who watch; for use on a worker's event loop."""

    def __init__(self, work: Work, heartbeat_seconds: float, lifetime_seconds: float) -> None:
        self._work = work
        self._heartbeat = heartbeat_seconds
        self._lifetime = lifetime_seconds
        self._watchers: defaultdict[int, set[_ImportWatcher]] = defaultdict(set)
        self._alarms = Alarms()
        self._draining = False

    def attach(self, follower: Follower) -> None:
        """Learn of the moves of imports."""
        follower.on(ImportMoved, self._moved)

    async def drain(self) -> None:
        """Send those who watch to another server."""
        self._draining = True
        for watchers in self._watchers.values():
            for watcher in watchers:
                watcher.wake()

    async def watch(self, caller: Identity, import_id: int) -> AsyncGenerator[WatchMessage]:
        """Yield how an import stands, now and after each change, until it has ended. Raises ImportNotFound."""
        until = life_ends(self._lifetime)
        watcher = _ImportWatcher()
        self._watchers[import_id].add(watcher)
        try:
            shown = await self._read(caller, import_id)
            yield shown
            while shown.row.ended_at is None:
                if reason := why_it_ends(until, is_draining=self._draining):
                    yield ImportReconnect(import_id, reason)
                    return
                if not watcher.has_moved:
                    await watcher.wait(self._alarms, self._heartbeat)
                watcher.has_moved = False
                before, shown = shown, await self._read(caller, import_id)
                yield ImportHeartbeat() if shown == before else shown
            yield ImportEnd(shown.row.state)
        finally:
            self._watchers[import_id].discard(watcher)
            if not self._watchers[import_id]:
                del self._watchers[import_id]

    async def _read(self, caller: Identity, import_id: int) -> ShownImport:
        return await self._work.read(shown, caller, import_id)

    def _moved(self, event: ImportMoved) -> None:
        for watcher in self._watchers.get(event.id, ()):
            watcher.move()


def shown(connection: Connection, caller: Identity, import_id: int) -> ShownImport:
    """An import with the first of its problems. Raises ImportNotFound."""
    row = service.read(connection, caller, import_id)
    return ShownImport(row, tuple(queries.problems(connection, row.id, 0, SHOWN_PROBLEMS)))
