"""What a database fault means to the caller, and which faults are worth another try."""

from __future__ import annotations

import sqlite3

import psycopg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from server.errors import Conflict, OutOfTime, Overloaded, Refusal, ResourceExhausted, UnavailableNow

_LOST_RACES = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)
_TOO_SLOW = (psycopg.errors.QueryCanceled,)
_DISK = (psycopg.errors.DiskFull,)


class DiskFull(ResourceExhausted):
    """The database cannot grow."""

    message = "The shop cannot store anything at the moment; try again later."


def lost_race(error: DBAPIError) -> bool:
    """Whether the transaction was undone because of another one, and may succeed when repeated."""
    return isinstance(error.orig, _LOST_RACES)


def row_is_locked(error: DBAPIError) -> bool:
    """Whether a row, or SQLite's one write lock, stayed locked by another for longer than a thread waits."""
    return isinstance(error.orig, psycopg.errors.LockNotAvailable) or (
        isinstance(error.orig, sqlite3.OperationalError) and "locked" in str(error.orig)
    )


def connection_lost(error: DBAPIError) -> bool:
    """Whether the connection broke before the commit was sent, so that nothing was done."""
    return error.connection_invalidated or (
        isinstance(error, OperationalError | InterfaceError)
        and isinstance(error.orig, psycopg.OperationalError)
        and error.orig.sqlstate is None
    )


def refusal_of(error: BaseException) -> Refusal | None:
    """The refusal that a database fault amounts to; None for a fault of ours."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, PoolTimeout):
        return Overloaded()
    if isinstance(error, TimeoutError):
        return OutOfTime()
    if not isinstance(error, DBAPIError):
        return None
    if lost_race(error) or row_is_locked(error):
        return Conflict()
    if isinstance(error.orig, _TOO_SLOW):
        return OutOfTime()
    if isinstance(error.orig, _DISK) or "disk is full" in str(error.orig):
        return DiskFull()
    if connection_lost(error) or isinstance(error.orig, psycopg.OperationalError):
        return UnavailableNow()
    return None
