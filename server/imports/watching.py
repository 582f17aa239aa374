"""Watches imports: those who wait for one learn of each of its moves, on whichever worker it is."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import Connection

from server.db.base import AnyRow
from server.db.work import Work
from server.events.follower import Follower
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


@dataclass(frozen=True, slots=True)
class ImportEnd:
    """The import has ended."""

    state: str


WatchMessage = ShownImport | ImportHeartbeat | ImportReconnect | ImportEnd


class ImportWatch:
    """Wakes those who watch; for use on a worker's event loop."""

    def __init__(self, work: Work, heartbeat_seconds: float, lifetime_seconds: float) -> None:
        self._work = work
        self._heartbeat = heartbeat_seconds
        self._lifetime = lifetime_seconds
        self._watchers: defaultdict[int, set[asyncio.Event]] = defaultdict(set)
        self._draining = False

    def attach(self, follower: Follower) -> None:
        """Learn of the moves of imports."""
        follower.on(ImportMoved, self._moved)

    async def drain(self) -> None:
        """Send those who watch to another server."""
        self._draining = True
        for watchers in self._watchers.values():
            for moved in watchers:
                moved.set()

    async def watch(self, caller: Identity, import_id: int) -> AsyncGenerator[WatchMessage]:
        """Yield how an import stands, now and after each change, until it has ended. Raises ImportNotFound."""
        moved = asyncio.Event()
        self._watchers[import_id].add(moved)
        try:
            shown = await self._read(caller, import_id)
            yield shown
            until = asyncio.get_running_loop().time() + self._lifetime
            while shown.row.ended_at is None:
                if self._draining or asyncio.get_running_loop().time() > until:
                    yield ImportReconnect(import_id)
                    return
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._heartbeat):
                        await moved.wait()
                moved.clear()
                before, shown = shown, await self._read(caller, import_id)
                yield ImportHeartbeat() if shown == before else shown
            yield ImportEnd(shown.row.state)
        finally:
            self._watchers[import_id].discard(moved)
            if not self._watchers[import_id]:
                del self._watchers[import_id]

    async def _read(self, caller: Identity, import_id: int) -> ShownImport:
        return await self._work.read(shown, caller, import_id)

    def _moved(self, event: ImportMoved) -> None:
        for moved in self._watchers.get(event.id, ()):
            moved.set()


def shown(connection: Connection, caller: Identity, import_id: int) -> ShownImport:
    """An import with the first of its problems. Raises ImportNotFound."""
    row = service.read(connection, caller, import_id)
    return ShownImport(row, tuple(queries.problems(connection, row.id, 0, SHOWN_PROBLEMS)))
