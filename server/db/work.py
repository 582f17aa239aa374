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
WRITE_SECONDS: Final = 30.0
"""What work may take that the shop does by itself; work for a call has the deadline of the call."""


class Work:
    """Runs functions of a connection on the pool's threads, one transaction each."""

    def __init__(self, db: Database, pool: Pool) -> None:
        self._db = db
        self._pool = pool

    async def read(
        self,
        query: Callable[[Connection, *Ts], T],
        *args: *Ts,
        deadline: Deadline | None = None,
    ) -> T:
        """Run `query` with a connection and `args`. Raises as `Pool.run` does.

        Without a `deadline` it is the shop's own work, which has READ_SECONDS.
        """
        return await self._pool.run(deadline or Deadline(READ_SECONDS), lambda: self._read(query, *args))

    async def write(
        self,
        rule: Callable[[Connection, *Ts], T],
        *args: *Ts,
        deadline: Deadline | None = None,
        vital: bool = False,
    ) -> T:
        """Run `rule` with a transaction and `args`, and commit. Raises as `Pool.run` does.

        It runs again when its transaction lost a race, so it does nothing but read and write. `vital` work must
        end once it has begun, as when money has moved: it is not refused however much waits. Without a `deadline`
        it is the shop's own work, which has WRITE_SECONDS.
        """
        run = self._pool.run_vital if vital else self._pool.run
        return await run(deadline or Deadline(WRITE_SECONDS), lambda: self._write(rule, *args))

    def _read(self, query: Callable[[Connection, *Ts], T], *args: *Ts) -> T:
        with self._db.read() as connection:
            return query(connection, *args)

    def _write(self, rule: Callable[[Connection, *Ts], T], *args: *Ts) -> T:
        with self._db.transaction() as tx:
            return rule(tx, *args)
