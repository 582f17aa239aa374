"""Keeps a worker's key ring at what the database says of the keys."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from server.crypto.ring import KeyRing, KeyUnknown
from server.db.database import Database
from server.db.work import Work
from server.events.follower import Follower
from server.events.topics import KeysTurned
from server.keys import state

RETRY_SECONDS: Final = 1.0

log = structlog.get_logger()


class KeyKeeper:
    """Reads what the database says at the start, and whenever an event tells that it changed.

    Order: `attach` before the follower starts, `start` after it, so that no event falls between.
    """

    def __init__(self, db: Database, work: Work, ring: KeyRing) -> None:
        self._db = db
        self._work = work
        self._ring = ring
        self._reading: set[asyncio.Task[None]] = set()
        self._one_by_one = asyncio.Lock()

    def attach(self, follower: Follower) -> None:
        """Learn from the events that another key is used."""
        follower.on(KeysTurned, lambda _: self._turned())

    async def start(self) -> None:
        """Learn which key is used. Raises KeyUnknown when it is not among the settings'."""
        await asyncio.to_thread(state.adopt, self._db.engine, self._ring)
        if self._ring.newest != self._ring.state.current:
            log.warning(
                "keys_wait_for_rotation", hint="run `sanset rotate-keys` once every server knows both"
            )

    def _turned(self) -> None:
        task = asyncio.ensure_future(self._read())
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)

    async def stop(self) -> None:
        """End what still reads."""
        for task in self._reading:
            task.cancel()

    async def _read(self) -> None:
        """Learn it, however long the database is away. One after the other: the last has the last news."""
        async with self._one_by_one:
            learned = False
            while not learned:
                learned = await self._learn()

    async def _learn(self) -> bool:
        """Whether it was learned; else only after a while."""
        try:
            said = await self._work.read(state.read, self._ring, vital=True)
            if said is not None:
                self._ring.adopt(said)
        except KeyUnknown as error:
            # It goes on with the one of before; its next start will say so.
            log.error("key_unknown", problem=str(error))
        except Exception as error:
            log.warning("keys_not_read", error=type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)
            return False
        return True
