"""Writes that wait for the next statement of their transaction, and share its round trip to PostgreSQL.

They become parts of one statement, whose parts all see the rows of its start and run in no set order. So only what
cannot tell the difference from running in order is put together: writes that each touch one table, all different
ones, and the INSERT of given values that takes them along, which reads nothing. Every other statement, and the
commit, runs after what waits: `watch` has the engine see to it, and nobody else needs to think of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Connection, Engine, event

from server.db import driver
from server.db.driver import Arguments
from server.db.reading import is_reading

_WRITING = re.compile(r"(INSERT INTO|UPDATE) (\S+) ")
_READING = re.compile(r"\b(SELECT|FROM|TABLE)\b", re.IGNORECASE)
_PARAMETER = re.compile(r"(?<!%)((?:%%)*)%\(")
_WRITES = "sanset.waiting"


@dataclass(frozen=True, slots=True)
class Reach:
    """The one table that a statement touches."""

    table: str
    is_insert: bool
    """Whether it inserts given values: then it reads nothing."""


@dataclass(frozen=True, slots=True)
class Write:
    """A statement that waits, with its arguments by name."""

    sql: str
    arguments: Arguments
    table: str


def reach_of(sql: str) -> Reach | None:
    """The reach of a write; None when it may touch other tables, as far as its text tells, or is no write."""
    writing = _WRITING.match(sql)
    if writing is None or _READING.search(sql):
        return None
    return Reach(table=writing[2], is_insert=writing[1] == "INSERT INTO")


def can_wait(connection: Connection) -> bool:
    """Whether there is a commit to come, on a database that is worth the trouble."""
    return (
        connection.dialect.name == "postgresql" and connection.in_transaction() and not is_reading(connection)
    )


def wait(connection: Connection, write: Write) -> None:
    """Leave a write for later; an earlier one to the same table runs first."""
    writes: list[Write] = connection.info.setdefault(_WRITES, [])
    if any(earlier.table == write.table for earlier in writes):
        flush(connection)
        writes = connection.info.setdefault(_WRITES, [])
    writes.append(write)


def take_along(
    connection: Connection, sql: str, arguments: Arguments, reach: Reach | None
) -> tuple[str, Arguments]:
    """Join what waits to a statement if that makes no difference; otherwise it stays, to run before."""
    writes: list[Write] | None = connection.info.get(_WRITES)
    if not writes or reach is None or not reach.is_insert or any(w.table == reach.table for w in writes):
        return sql, arguments
    del connection.info[_WRITES]
    return _joined(writes, sql, arguments)


def flush(connection: Connection) -> None:
    """Run what waits now, in one statement. Raises what any of them raises."""
    writes: list[Write] | None = connection.info.pop(_WRITES, None)
    if writes:
        *earlier, last = writes
        driver.execute(connection, *_joined(earlier, last.sql, last.arguments)).close()


def watch(engine: Engine) -> None:
    """Have what waits run before every other statement and the commit, and forgotten by a rollback."""
    event.listen(engine, "before_cursor_execute", lambda connection, *_: flush(connection))
    event.listen(engine, "commit", flush)
    event.listen(engine, "rollback", _forget)
    event.listen(engine, "rollback_savepoint", lambda connection, *_: _forget(connection))


def _forget(connection: Connection) -> None:
    if not connection.invalidated:  # a connection that broke has forgotten by itself
        connection.info.pop(_WRITES, None)


def _joined(writes: Sequence[Write], sql: str, arguments: Arguments) -> tuple[str, Arguments]:
    if not writes:
        return sql, arguments
    together = dict(arguments)
    for i, write in enumerate(writes):
        together |= {f"w{i}_{name}": value for name, value in write.arguments.items()}
    return joined_sql((*(write.sql for write in writes), sql)), together


@lru_cache(maxsize=1024)
def joined_sql(statements: tuple[str, ...]) -> str:
    """One statement that runs them all; the parameters of all but the last have a prefix."""
    *writes, last = statements
    parts = []
    for i, sql in enumerate(writes):
        prefixed = _PARAMETER.sub(rf"\g<1>%(w{i}_", sql)
        parts.append(f"w{i} AS ({prefixed})")
    return f"WITH {', '.join(parts)} {last}"
