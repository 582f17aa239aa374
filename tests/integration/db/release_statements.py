"""The statements by which a release writes: recorded from its own, and tried on another's schema."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine, event, inspect

DIRECTORY = Path(__file__).with_name("statements")
"""A file for each revision and kind of database, with one statement on each line."""

_WRITES = ("INSERT", "UPDATE", "DELETE", "WITH ")
_INSERT = re.compile(r'INSERT INTO "?(\w+)"? \(([^)]*)\)')
_NAMED = re.compile(r"%\((\w+)\)s")


def file_of(revision: str, kind: str) -> Path:
    """Where the statements of a revision's code are kept."""
    return DIRECTORY / f"{revision}.{kind}.sql"


@contextmanager
def recorded(engine: Engine) -> Iterator[set[str]]:
    """Collect the statements that write meanwhile."""
    statements: set[str] = set()

    def record(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith(_WRITES):
            statements.add(" ".join(statement.split()))

    event.listen(engine, "before_cursor_execute", record)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", record)


def refused(engine: Engine, statements: Iterable[str]) -> dict[str, str]:
    """Those that the schema does not take, and why: planned, not run."""
    required = _required(engine)
    answers = ((statement, _answer(engine, statement, required)) for statement in statements)
    return {statement: answer for statement, answer in answers if answer}


def _answer(engine: Engine, statement: str, required: dict[str, Collection[str]]) -> str:
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        try:
            if engine.dialect.name == "postgresql":
                driver.execute(f"EXPLAIN (GENERIC_PLAN) {_numbered(statement)}")
            else:
                driver.execute(f"EXPLAIN {statement}", [None] * statement.count("?"))
        except (psycopg.Error, sqlite3.Error) as error:
            return str(error).splitlines()[0]
        finally:
            connection.connection.rollback()
    for table, columns in _INSERT.findall(statement):
        missing = set(required[table]) - {column.strip(' "') for column in columns.split(",")}
        if missing:
            return f"{table} requires {', '.join(sorted(missing))}"
    return ""


def _required(engine: Engine) -> dict[str, Collection[str]]:
    """The columns of each table that an INSERT must name; ids are given by the database."""
    inspector = inspect(engine)
    return {
        table: {
            column["name"]
            for column in inspector.get_columns(table)
            if not column["nullable"] and column["default"] is None and column["name"] != "id"
        }
        for table in inspector.get_table_names()
    }


def _numbered(statement: str) -> str:
    """The statement with PostgreSQL's own parameters, $1 and so on, for those of its driver."""
    numbers: dict[str, int] = {}
    numbered = _NAMED.sub(lambda match: f"${numbers.setdefault(match[1], len(numbers) + 1)}", statement)
    return numbered.replace("%%", "%")
