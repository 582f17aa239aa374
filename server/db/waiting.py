"""Statements that wait for the next one of their transaction, and share its round trip to PostgreSQL.

They run in their order, before that statement or together with the commit; what one of them raises is raised
there. `watch` has the engine see to it, and nobody else needs to think of it. On SQLite, which has no round trips,
they run at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import psycopg
from psycopg import pq
from psycopg.pq.abc import PGresult
from sqlalchemy import Connection, Engine, event

from server.db import driver
from server.db.base import AnyRow
from server.db.driver import Arguments
from server.db.patience import PatientConnection
from server.db.reading import is_reading
from server.db.round_trip import BoundQuery, CommandFailed, NumberedQuery, exchange

COMMIT = "COMMIT"
"""What an error says of its statement when it is not known whether the transaction was committed."""
_WAITING = "sanset.waiting"

Load = Callable[[PatientConnection, PGresult], list[AnyRow]]
"""Reads the rows of a result."""


class StatementResult:
    """What a statement returned."""

    __slots__ = ("_rowcount", "_rows")

    def __init__(self, rows: list[AnyRow] | None, rowcount: int) -> None:
        self._rows = rows
        self._rowcount = rowcount

    @property
    def has_run(self) -> bool:
        """Whether the statement has run; one that waited never does when its transaction is undone."""
        return self._rows is not None

    def all(self) -> list[AnyRow]:
        """The rows, as named tuples."""
        assert self._rows is not None
        return self._rows

    def first(self) -> AnyRow | None:
        """The first row, or None."""
        rows = self.all()
        return rows[0] if rows else None

    def one(self) -> AnyRow:
        """The first row of a statement that always has one."""
        return self.all()[0]

    def rowcount(self) -> int:
        """How many rows were changed."""
        self.all()
        return self._rowcount


class Pending(StatementResult):
    """What a statement returns that may not have been sent yet: whoever looks has it sent."""

    __slots__ = ("_connection", "_load", "arguments", "query", "sql")

    def __init__(
        self, connection: Connection, sql: str, query: NumberedQuery, arguments: Arguments, load: Load
    ) -> None:
        """`sql` is the statement as the engine's listeners know it."""
        super().__init__(None, -1)
        self._connection = connection
        self._load = load
        self.sql = sql
        self.query = query
        self.arguments = arguments

    def all(self) -> list[AnyRow]:
        if self._rows is None:
            flush(self._connection)
        if self._rows is None:
            raise RuntimeError("what waited was undone with its transaction, or has failed")
        return self._rows

    def settle(self, connection: PatientConnection, result: PGresult) -> None:
        """Take the result, while the connection is still ours."""
        self._rows = self._load(connection, result) if result.nfields else []
        self._rowcount = result.ntuples if result.nfields else result.command_tuples or 0


def wait(statement: Pending, connection: Connection) -> None:
    """Leave a statement for the next one of its transaction, or the commit; without one it is sent now."""
    if connection.in_transaction() and not is_reading(connection):
        connection.info.setdefault(_WAITING, []).append(statement)
    else:
        _send(connection, [statement])


def run(statement: Pending, connection: Connection) -> None:
    """Send a statement now, with what waits before it."""
    _send(connection, [*connection.info.pop(_WAITING, ()), statement])


def flush(connection: Connection) -> None:
    """Send what waits now. Raises what any of it raises."""
    statements: list[Pending] | None = connection.info.pop(_WAITING, None)
    if statements:
        _send(connection, statements)


def watch(engine: Engine) -> None:
    """Have what waits sent before every other statement and with the commit, and forgotten by a rollback."""
    event.listen(engine, "before_cursor_execute", lambda connection, *_: flush(connection))
    event.listen(engine, "commit", _commit)
    event.listen(engine, "rollback", _forget)
    event.listen(engine, "rollback_savepoint", lambda connection, *_: _forget(connection))


def _commit(connection: Connection) -> None:
    """Commit together with what waits; the driver, asked to commit after that, has nothing to do."""
    statements: list[Pending] = connection.info.pop(_WAITING, [])
    own = _driver_of(connection)
    if not statements and own.pgconn.transaction_status != pq.TransactionStatus.INTRANS:
        return
    try:
        _send(connection, statements, commit=True)
    except BaseException:
        _undo(connection, own)
        raise


def _undo(connection: Connection, own: PatientConnection) -> None:
    """Undo a transaction whose commit failed, whatever failed: SQLAlchemy takes that for its end."""
    if connection.invalidated:
        return
    try:
        own.rollback()
    except psycopg.Error as broken:  # the server undoes it
        connection.invalidate(broken)


def _forget(connection: Connection) -> None:
    if not connection.invalidated:  # a connection that broke has forgotten by itself
        connection.info.pop(_WAITING, None)


def _send(connection: Connection, statements: Sequence[Pending], *, commit: bool = False) -> None:
    for statement in statements:
        for listener in connection.engine.dispatch.before_cursor_execute:
            listener(connection, None, statement.sql, statement.arguments, None, False)
    own = _driver_of(connection)
    commands = [
        BoundQuery(one.query, [one.arguments[name] for name in one.query.names]) for one in statements
    ]
    try:
        results = exchange(own, commands, commit=commit)
    except CommandFailed as failed:
        driver.raise_from(failed.error, connection, statements[failed.number].sql)
    except psycopg.Error as error:
        driver.raise_from(error, connection, COMMIT if commit else statements[-1].sql)
    for statement, result in zip(statements, results, strict=True):
        statement.settle(own, result)


def _driver_of(connection: Connection) -> PatientConnection:
    own = connection.connection.driver_connection
    assert isinstance(own, PatientConnection)
    return own
