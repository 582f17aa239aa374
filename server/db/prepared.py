"""Statements of the hottest paths: compiled once per database, run on the driver's own cursor.

SQLAlchemy spends about 200 µs of CPU on each execution, three times what the driver and PostgreSQL need together
(`python -m bench --only checkout` shows it). Sixteen statements make a checkout, so the cart and the checkout run
theirs this way. They are written, typed and compiled by SQLAlchemy all the same; what is left out is its
execution context: column defaults of Python's, result objects, and expanding lists.

Writes that nobody waits for can go `later`: on PostgreSQL they share the round trip of the next statement where
that makes no difference. See server/db/waiting.py.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Dialect
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from server.db import driver, waiting
from server.db.base import AnyRow, Statement
from server.db.driver import Arguments

Convert = Callable[[object], object]


@dataclass(slots=True, kw_only=True)
class _Compiled:
    sql: str
    positions: tuple[str, ...] | None  # the names in their order, where the driver wants a sequence
    fixed: Arguments
    converts: tuple[tuple[str, Convert], ...]
    row: Callable[[Sequence[object]], AnyRow]
    types: list[TypeEngine[object]]
    reach: waiting.Reach | None
    results: list[tuple[int, Convert]] | None = None  # known once the driver has told its column codes


class Prepared:
    """A statement whose parameters are named like its `bindparam`s, or like the columns of a plain INSERT."""

    def __init__(self, statement: Statement | Callable[[str], Statement]) -> None:
        """`statement`, or what makes it from the name of the database where the two differ."""
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def all(self, connection: Connection, **values: object) -> list[AnyRow]:
        """Run the statement and return its rows, as named tuples."""
        compiled, cursor = self._run(connection, values)
        try:
            rows = cursor.fetchall()
            if compiled.results is None:
                compiled.results = _converters(compiled.types, cursor.description, connection.dialect)
        finally:
            cursor.close()
        if compiled.results:
            rows = [_converted(row, compiled.results) for row in rows]
        make = compiled.row
        return [make(row) for row in rows]

    def first(self, connection: Connection, **values: object) -> AnyRow | None:
        """Run the statement and return its first row, or None."""
        rows = self.all(connection, **values)
        return rows[0] if rows else None

    def one(self, connection: Connection, **values: object) -> AnyRow:
        """Run a statement that always has a row, and return its first."""
        return self.all(connection, **values)[0]

    def run(self, connection: Connection, **values: object) -> int:
        """Run the statement and return how many rows it changed."""
        _, cursor = self._run(connection, values)
        changed: int = cursor.rowcount
        cursor.close()
        return changed

    def later(self, connection: Connection, **values: object) -> None:
        """Run the statement before the next one, or the commit; what it raises is raised there.

        Where it can, it shares the round trip of that one. For writes whose outcome decides nothing: not for a
        lock under which something is read.
        """
        if waiting.can_wait(connection):
            compiled, arguments = self._bound(connection, values)
            if compiled.reach is not None:
                waiting.wait(connection, waiting.Write(compiled.sql, arguments, compiled.reach.table))
                return
        self.run(connection, **values)

    def _run(self, connection: Connection, values: Arguments) -> tuple[_Compiled, DBAPICursor]:
        compiled, arguments = self._bound(connection, values)
        if compiled.positions is not None:
            return compiled, driver.execute(
                connection, compiled.sql, tuple([arguments[name] for name in compiled.positions])
            )
        sql, arguments = waiting.take_along(connection, compiled.sql, arguments, compiled.reach)
        return compiled, driver.execute(connection, sql, arguments)

    def _bound(self, connection: Connection, values: Arguments) -> tuple[_Compiled, Arguments]:
        compiled = self._compiled.get(connection.dialect.name) or self._compile(connection.dialect, values)
        arguments = {**compiled.fixed, **values}
        for name, convert in compiled.converts:
            arguments[name] = convert(arguments[name])
        return compiled, arguments

    def _compile(self, dialect: Dialect, values: Arguments) -> _Compiled:
        statement = self._statement(dialect.name) if callable(self._statement) else self._statement
        compiled = self._compiled[dialect.name] = _compile(statement, dialect, list(values))
        return compiled


def _compile(statement: Statement, dialect: Dialect, parameters: list[str]) -> _Compiled:
    compiler = statement.compile(dialect=dialect, column_keys=parameters)
    assert isinstance(compiler, SQLCompiler)
    if compiler.insert_prefetch or compiler.update_prefetch:
        missing = [column.name for column in (*compiler.insert_prefetch, *compiler.update_prefetch)]
        raise ValueError(f"give {', '.join(missing)}: a prepared statement fills in no defaults")
    columns = statement.exported_columns
    # By name: a parameter that stands in two places is two objects.
    binders = {name: _binder(bound.type, dialect) for bound, name in compiler.bind_names.items()}
    return _Compiled(
        sql=compiler.string,
        positions=tuple(compiler.positiontup) if compiler.positiontup is not None else None,
        fixed=dict(compiler.params),
        converts=tuple((name, convert) for name, convert in binders.items() if convert is not None),
        row=namedtuple("Row", columns.keys(), rename=True)._make,  # type: ignore[attr-defined]
        types=[column.type for column in columns.values()],
        reach=waiting.reach_of(compiler.string),
    )


def _binder(kind: TypeEngine[object], dialect: Dialect) -> Convert | None:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _converters(
    types: Sequence[TypeEngine[object]], description: Sequence[Sequence[object]], dialect: Dialect
) -> list[tuple[int, Convert]]:
    converters = [
        kind.dialect_impl(dialect).result_processor(dialect, column[1])
        for kind, column in zip(types, description, strict=True)
    ]
    return [(i, convert) for i, convert in enumerate(converters) if convert is not None]


def _converted(row: Sequence[object], results: list[tuple[int, Convert]]) -> list[object]:
    values = list(row)
    for i, convert in results:
        values[i] = convert(values[i])
    return values
