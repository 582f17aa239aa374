"""Engines: how Sanset talks to SQLite and to PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, Engine, ExceptionContext, create_engine, event

from server.db import reading, waiting
from server.db.patience import PatientConnection
from server.db.reading import is_reading

SQLITE_BUSY_MS = 10_000
"""How long a writer waits for SQLite's one write lock."""

LOCK_MS = 5_000
STATEMENT_MS = 15_000
IDLE_MS = 30_000
"""How long a call may wait for a row, take for a statement, and sit in a transaction: a thread that is stuck
behind someone's forgotten transaction is a thread less for everybody."""
LIMITS = {
    "lock_timeout": LOCK_MS,
    "statement_timeout": STATEMENT_MS,
    "idle_in_transaction_session_timeout": IDLE_MS,
}

_USELESS = (
    psycopg.errors.ReadOnlySqlTransaction,  # the server has become a standby; the name leads to another now
    psycopg.errors.InvalidSqlStatementName,  # what was prepared is not there: a pooler gave it to somebody else
    psycopg.errors.DuplicatePreparedStatement,
)
"""Errors after which a connection is of no use, although it answers."""


def connect(
    url: str | URL, *, pool_size: int = 8, impatient: bool = False, lock_ms: int | None = None
) -> Engine:
    """An engine for `url`, with the pragmas and pool that the shop needs.

    An `impatient` one is for calls: PostgreSQL ends statements and waits that no caller would sit out. `lock_ms`
    is how long a transaction waits for a row, or for SQLite's write lock, where that is not as long as usual.

    Every SQLite transaction takes the write lock at its start: one that reads first and then writes could fail
    at once, whatever the busy timeout, because its snapshot is old.
    """
    if str(url).startswith("sqlite"):
        engine = create_engine(
            url,
            pool_size=pool_size,
            max_overflow=2,
            hide_parameters=True,  # of failed statements, in logs: they hold hashes and addresses
            connect_args={"timeout": (lock_ms or SQLITE_BUSY_MS) / 1000},
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate)
        return engine
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=2,
        hide_parameters=True,
        pool_pre_ping=False,  # a ping per check-out costs a round trip; a lost connection is retried instead
        pool_recycle=1800,
        pool_timeout=5,
        connect_args={"prepare_threshold": 3, "application_name": "sanset"},
    )
    limits = LIMITS | {"lock_timeout": lock_ms or LOCK_MS} if impatient else {}
    event.listen(engine, "do_connect", _connect_patiently)
    event.listen(engine, "connect", lambda connection, _record: _prepare_postgres(connection, limits))
    event.listen(engine, "handle_error", _drop_the_useless)
    reading.watch(engine)
    waiting.watch(engine)
    return engine


def lone_connection(url: URL, name: str, *, answers_within: float) -> PatientConnection:
    """A connection to PostgreSQL outside any pool, in autocommit, for short statements that go on all the time."""
    conninfo = url.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = PatientConnection.connect(conninfo, autocommit=True, application_name=name)
    connection.answers_within = answers_within
    try:
        _prepare_postgres(connection, {})
    except BaseException:
        connection.close()
        raise
    return connection


def _connect_patiently(
    _dialect: object, _record: object, cargs: Sequence[str], cparams: dict[str, Any]
) -> PatientConnection:
    return PatientConnection.connect(*cargs, **cparams)


def _prepare_postgres(connection: PatientConnection, limits: dict[str, int]) -> None:
    """Set what would be startup options, which poolers refuse; what they cannot keep is left to transactions."""
    connection.limits = limits
    autocommit, connection.autocommit = connection.autocommit, True
    connection.know_the_other_end()
    settings = ["SET timezone = 'UTC'"]
    if connection.is_pooled:
        connection.prepare_threshold = None
    else:
        settings += [f"SET {name} = {value}" for name, value in limits.items()]
    connection.execute("; ".join(settings).encode(), prepare=False)
    connection.autocommit = autocommit


def limit_transaction(connection: Connection) -> None:
    """Bring the limits that behind a pooler no session keeps; call it when a transaction has begun."""
    driver = connection.connection.driver_connection
    if isinstance(driver, PatientConnection) and driver.is_pooled and driver.limits:
        driver.execute("; ".join(f"SET LOCAL {name} = {ms}" for name, ms in driver.limits.items()).encode())


def _drop_the_useless(context: ExceptionContext) -> None:
    """Replace connections that the server's state has outgrown; what they were to do is done anew on others."""
    error = context.original_exception
    if isinstance(error, _USELESS) or _outgrown(error):
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = True


def _outgrown(error: BaseException) -> bool:
    """Whether a prepared statement's plan is of a schema that has changed since."""
    return isinstance(error, psycopg.errors.FeatureNotSupported) and "cached plan" in str(error)


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions by itself
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",  # NORMAL may lose the last orders when the power goes
        "foreign_keys=ON",
        "cache_size=-32000",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    if not is_reading(connection):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
