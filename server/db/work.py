"""The bridge between the event loop and the database: queries and rules run on the pool, and are awaited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar, TypeVarTuple

from sqlalchemy import Connection

from server.db.database import Database
from server.db.deadline import Deadline
from server.db.pool import Pool

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

READ_SECONDS: Final = 10.0
WRITE_SECONDS: Final = 10.0
"""What work may take that the shop does by itself; work for a call has the deadline of the call.

A job renews its lease by a write, which must have ended well before the lease does.
"""


class Work:
    """Runs functions on the pool's threads, each with a connection or a transaction of its own.

    `vital` work must end once it has begun, as when money has moved: it is not refused however much waits. All
    raise what the function raises, and as `Pool.run` does.
    """

    def __init__(self, db: Database, pool: Pool) -> None:
        self._db = db
        self._pool = pool

    async def read(
        self,
        query: Callable[[Connection, *Ts], T],
        *args: *Ts,
        deadline: Deadline | None = None,
        vital: bool = False,
    ) -> T:
        """Run `query` with a connection; without a `deadline` it has READ_SECONDS."""
        return await self.run(
            self._read, query, *args, deadline=deadline or Deadline(READ_SECONDS), vital=vital
        )

    async def write(
        self,
        rule: Callable[[Connection, *Ts], T],
        *args: *Ts,
        deadline: Deadline | None = None,
        vital: bool = False,
    ) -> T:
        """Run `rule` with a transaction, and commit; without a `deadline` it has WRITE_SECONDS.

        It runs again when its transaction lost a race, so it must have no other effect.
        """
        return await self.run(self._write, rule, *args, deadline=deadline, vital=vital)

    async def run(
        self,
        use_case: Callable[[*Ts], T],
        *args: *Ts,
        deadline: Deadline | None = None,
        vital: bool = False,
    ) -> T:
        """Run a function that opens its transactions itself, because it needs more than one."""
        run = self._pool.run_vital if vital else self._pool.run
        return await run(deadline or Deadline(WRITE_SECONDS), lambda: use_case(*args))

    def _read(self, query: Callable[[Connection, *Ts], T], *args: *Ts) -> T:
        with self._db.read() as connection:
            return query(connection, *args)

    def _write(self, rule: Callable[[Connection, *Ts], T], *args: *Ts) -> T:
        with self._db.transaction() as tx:
            return rule(tx, *args)
