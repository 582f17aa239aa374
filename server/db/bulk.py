"""Writes many rows at once: COPY on PostgreSQL, one prepared statement on SQLite."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Final

import psycopg
from psycopg import sql
from sqlalchemy import JSON, Connection, Table, column, insert, table, text

from server.db import driver, waiting

_ESCAPED: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
COPY = sql.SQL("COPY {table} ({columns}) FROM STDIN")


def write_rows(
    tx: Connection, target: Table, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Insert `rows`, tuples in the order of `columns`, into `target`.

    Values are what the table's types take (aware times, dicts for JSON). Python-side defaults do not apply:
    every column that is neither nullable nor defaulted by the database must be named. Raises
    sqlalchemy.exc.IntegrityError when a constraint refuses.
    """
    converters = [(i, one) for i, name in enumerate(columns) if (one := _converter(target, name, tx))]
    converted = (_converted(row, converters) for row in rows) if converters else rows
    if tx.dialect.name == "postgresql":
        _copy(tx, target, columns, converted)
        return
    # A bare table: the mapped one would add its Python-side defaults to the statement
    statement = insert(table(target.name, *(column(name) for name in columns)))
    batch = [tuple(row) for row in converted]
    if batch:
        tx.exec_driver_sql(str(statement.compile(dialect=tx.dialect)), batch)


def write_fanned(
    tx: Connection,
    target: Table,
    columns: Sequence[str],
    rows: Iterable[tuple[Iterable[str], Sequence[object]]],
) -> None:
    """Insert rows that differ in nothing but the text in their first column: these texts, with the other values.

    In the order of the texts, as an index on them is: neighbours share its pages. What rows have in common is
    written once for all of them. Raises as `write_rows` does.
    """
    if tx.dialect.name == "postgresql":
        lines = [f"{_copied(name)}\t{rest}" for names, rest in _rests(rows) for name in names]
        _copy(tx, target, columns, "".join(sorted(lines)))
        return
    whole = ((name, *rest) for names, rest in rows for name in names)
    write_rows(tx, target, columns, sorted(whole, key=itemgetter(0)))


def _rests(
    rows: Iterable[tuple[Iterable[str], Sequence[object]]],
) -> Iterator[tuple[Iterable[str], str]]:
    for names, rest in rows:
        yield names, "\t".join(map(_copied, rest)) + "\n"


def _copied(value: object) -> str:
    """A value as COPY reads it."""
    match value:
        case str():
            return value.translate(_ESCAPED) if "\\" in value or not value.isprintable() else value
        case None:
            return "\\N"
        case bool():
            return "t" if value else "f"
        case int() | float():
            return repr(value)
        case datetime() if value.tzinfo is not None:
            return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not written in common")


def reserve_ids(tx: Connection, target: Table, count: int) -> range | list[int]:
    """`count` unused ids of `target`, ascending, for rows that this transaction will insert.

    On SQLite the transaction holds the only write lock, so counting on from the largest id is safe.
    """
    if count == 0:
        return []
    if tx.dialect.name == "postgresql":
        drawn = text("SELECT nextval(pg_get_serial_sequence(:target, 'id')) FROM generate_series(1, :count)")
        return sorted(tx.execute(drawn, {"target": target.name, "count": count}).scalars())
    largest = tx.execute(target.select().with_only_columns(target.c.id).order_by(target.c.id.desc()).limit(1))
    first = (largest.scalar() or 0) + 1
    return range(first, first + count)


def _converted(
    row: Sequence[object], converters: Sequence[tuple[int, Callable[[object], object]]]
) -> Sequence[object]:
    values = list(row)
    for i, convert in converters:
        values[i] = convert(values[i])
    return values


def _converter(target: Table, name: str, tx: Connection) -> Callable[[object], object] | None:
    """How the column's type turns a value into what the driver takes; None when it does nothing."""
    kind = target.c[name].type.dialect_impl(tx.dialect)
    if isinstance(kind, JSON) and tx.dialect.name == "postgresql":
        # COPY reads the text itself: the driver's wrapper around each value would cost as much again.
        return _optional_json if kind.none_as_null else json.dumps
    return kind.bind_processor(tx.dialect)


def _optional_json(value: object) -> str | None:
    return None if value is None else json.dumps(value)


def _copy(
    tx: Connection, target: Table, columns: Sequence[str], rows: Iterable[Sequence[object]] | str
) -> None:
    """Insert rows, or the lines that they are to COPY."""
    waiting.flush(tx)  # no listener hears of a COPY
    connection = tx.connection.driver_connection
    assert isinstance(connection, psycopg.Connection)
    statement = COPY.format(
        table=sql.Identifier(target.name), columns=sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    try:
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            if isinstance(rows, str):
                copy.write(rows)
                return
            for row in rows:
                copy.write_row(row)
    except tx.dialect.loaded_dbapi.Error as error:
        driver.raise_from(error, tx, statement.as_string())
