"""Engines: how Sanset talks to SQLite and to PostgreSQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, create_engine, event

SQLITE_BUSY_MS = 10_000
"""How long a writer waits for SQLite's one write lock."""

LOCK_MS = 5_000
STATEMENT_MS = 15_000
IDLE_MS = 30_000
"""How long a call may wait for a row, take for a statement, and sit in a transaction: a thread that is stuck
behind someone's forgotten transaction is a thread less for everybody."""


def connect(url: str, *, pool_size: int = 8, impatient: bool = False) -> Engine:
    """An engine for `url`, with the pragmas and pool that the shop needs.

    An `impatient` one is for calls: PostgreSQL ends statements and waits that no caller would sit out.

    Every SQLite transaction takes the write lock at its start: one that reads first and then writes could fail
    at once, whatever the busy timeout, because its snapshot is old.
    """
    if url.startswith("sqlite"):
        engine = create_engine(
            url,
            pool_size=pool_size,
            max_overflow=2,
            hide_parameters=True,  # of failed statements, in logs: they hold hashes and addresses
            connect_args={"timeout": SQLITE_BUSY_MS / 1000},
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate)
        return engine
    options = "-c timezone=UTC"
    if impatient:
        options += f" -c lock_timeout={LOCK_MS} -c statement_timeout={STATEMENT_MS}"
        options += f" -c idle_in_transaction_session_timeout={IDLE_MS}"
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=2,
        hide_parameters=True,
        pool_pre_ping=False,  # a ping per check-out costs a round trip; a lost connection is retried instead
        pool_recycle=1800,
        pool_timeout=5,
        connect_args={"prepare_threshold": 3, "application_name": "sanset", "options": options},
    )


def reading(engine: Engine) -> Engine:
    """The same pool without transactions, for a plain read: it saves BEGIN and ROLLBACK."""
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions by itself
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",  # NORMAL may lose the last orders when the power goes
        "foreign_keys=ON",
        f"busy_timeout={SQLITE_BUSY_MS}",
        "cache_size=-32000",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Any) -> None:
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
