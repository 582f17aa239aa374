"""What is wrong with a database that cannot be used, in one line for the operator."""

from __future__ import annotations

import sqlite3

import psycopg
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError


def sentence_of(error: BaseException, url: str) -> str | None:
    """The line that says why the database at `url` cannot be used; None when the fault is another."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, psycopg.errors.InsufficientPrivilege):
        return (
            f"DATABASE_URL: the role may not do this in {_location(url)}: {_line(cause)}; a role that owns the "
            "database, or has CREATE on its schema, may"
        )
    if isinstance(cause, psycopg.errors.ReadOnlySqlTransaction):
        return f"DATABASE_URL: {_location(url)} is read-only now, as a standby is"
    if isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
        return f"DATABASE_URL: cannot use {_location(url)}: {_line(cause)}"
    if isinstance(cause, sqlite3.DatabaseError) and not isinstance(cause, sqlite3.IntegrityError):
        return f"DATABASE_URL or DATA_DIR: cannot use the database file {make_url(url).database}: {cause}"
    if isinstance(error, ArgumentError):
        return f"DATABASE_URL: {_line(error)}"
    return None


def _location(url: str) -> str:
    parts = make_url(url)
    port = f":{parts.port}" if parts.port else ""
    return f"the database {parts.database} at {parts.host or 'the local socket'}{port}"


def _line(error: BaseException) -> str:
    """The last thing that was said: with several addresses each says its own, and the last is as good as any."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[-1] if lines else type(error).__name__
    return text.rpartition("FATAL:  ")[2].removeprefix("connection failed: ").rstrip(".")
