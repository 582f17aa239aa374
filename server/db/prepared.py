"""Statements of the hottest paths: compiled once per database, and run without SQLAlchemy's execution.

They are written, typed and compiled by SQLAlchemy all the same; what is left out is its execution context (column
defaults of Python's, result objects, expanding lists) and, on PostgreSQL, psycopg's cursor, which together cost
five times what libpq does.

Statements whose outcome does not decide what comes next go `later`: on PostgreSQL they share the round trip of the
next statement, or of the commit. See server/db/waiting.py.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from psycopg.pq.abc import PGresult
from sqlalchemy import Connection, Dialect, Insert
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from server.db import driver, waiting
from server.db.base import AnyRow, Statement
from server.db.driver import Arguments
from server.db.patience import PatientConnection
from server.db.round_trip import NumberedQuery
from server.db.waiting import Pending, StatementResult

Convert: TypeAlias = Callable[[object], object]
MakeRow: TypeAlias = Callable[[Sequence[object]], AnyRow]


@dataclass(slots=True, kw_only=True)
class _Compiled:
    sql: str
    positions: tuple[str, ...] | None  # the names in their order, where the driver wants a sequence
    query: NumberedQuery | None  # what PostgreSQL is sent
    fixed: Arguments
    converts: tuple[tuple[str, Convert], ...]
    row: MakeRow
    types: list[TypeEngine[object]]
    dialect: Dialect
    results: list[tuple[int, Convert]] | None = None  # known once the driver has told its column codes

    def bound(self, values: Arguments) -> Arguments:
        """The arguments, as the driver takes them."""
        arguments = {**self.fixed, **values}
        for name, convert in self.converts:
            arguments[name] = convert(arguments[name])
        return arguments

    def make(self, codes: Iterable[object]) -> MakeRow:
        """What makes a row of the driver's values; `codes` are its names for the types of the columns."""
        if self.results is None:
            self.results = _converters(self.types, codes, self.dialect)
        results, make = self.results, self.row
        return (lambda row: make(_converted(row, results))) if results else make

    def load(self, connection: PatientConnection, result: PGresult) -> list[AnyRow]:
        """The rows of a result of PostgreSQL's."""
        adapter = connection.adapter
        adapter.set_pgresult(result)
        return adapter.load_rows(0, result.ntuples, self.make(map(result.ftype, range(result.nfields))))


class Prepared:
    """A statement whose parameters are named like its `bindparam`s, or like the columns of a plain INSERT."""

    def __init__(self, statement: Statement | Callable[[str], Statement]) -> None:
        """`statement`, or what makes it from the name of the database where the two differ."""
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def all(self, connection: Connection, **values: object) -> list[AnyRow]:
        """Run the statement and return its rows, as named tuples."""
        return self._run(connection, values, waiting.run).all()

    def first(self, connection: Connection, **values: object) -> AnyRow | None:
        """Run the statement and return its first row, or None."""
        return self._run(connection, values, waiting.run).first()

    def one(self, connection: Connection, **values: object) -> AnyRow:
        """Run a statement that always has a row, and return its first."""
        return self._run(connection, values, waiting.run).one()

    def run(self, connection: Connection, **values: object) -> int:
        """Run the statement and return how many rows it changed."""
        return self._run(connection, values, waiting.run).rowcount()

    def later(self, connection: Connection, **values: object) -> StatementResult:
        """Run the statement before the next one, or with the commit; what it raises is raised there.

        On PostgreSQL it shares the round trip of that one. To look at the outcome has it run, too.
        """
        return self._run(connection, values, waiting.wait)

    def _run(
        self, connection: Connection, values: Arguments, send: Callable[[Pending, Connection], None]
    ) -> StatementResult:
        dialect = connection.dialect
        compiled = self._compiled.get(dialect.name) or self._compile(dialect, values)
        arguments = compiled.bound(values)
        if compiled.query is not None:
            pending = Pending(connection, compiled.sql, compiled.query, arguments, compiled.load)
            send(pending, connection)
            return pending
        assert compiled.positions is not None
        cursor = driver.execute(connection, compiled.sql, tuple([arguments[n] for n in compiled.positions]))
        try:
            rows = cursor.fetchall() if cursor.description else []
            make = compiled.make(column[1] for column in cursor.description or ())
            return StatementResult([make(row) for row in rows], cursor.rowcount)
        finally:
            cursor.close()

    def _compile(self, dialect: Dialect, values: Arguments) -> _Compiled:
        statement = self._statement(dialect.name) if callable(self._statement) else self._statement
        compiled = self._compiled[dialect.name] = _compile(statement, dialect, list(values))
        return compiled


def _compile(statement: Statement, dialect: Dialect, parameters: list[str]) -> _Compiled:
    if isinstance(statement, Insert):
        statement = statement.inline()  # else it returns the ids of rows that nobody asks for
    compiler = statement.compile(dialect=dialect, column_keys=parameters)
    assert isinstance(compiler, SQLCompiler)
    if compiler.insert_prefetch or compiler.update_prefetch:
        missing = [column.name for column in (*compiler.insert_prefetch, *compiler.update_prefetch)]
        raise ValueError(f"give {', '.join(missing)}: a prepared statement fills in no defaults")
    columns = statement.exported_columns
    positions = tuple(compiler.positiontup) if compiler.positiontup is not None else None
    # By name: a parameter that stands in two places is two objects.
    binders = {name: _binder(bound.type, dialect) for bound, name in compiler.bind_names.items()}
    return _Compiled(
        sql=compiler.string,
        positions=positions,
        query=NumberedQuery.of(compiler.string) if positions is None else None,
        fixed=dict(compiler.params),
        converts=tuple((name, convert) for name, convert in binders.items() if convert is not None),
        row=namedtuple("Row", columns.keys(), rename=True)._make,  # type: ignore[attr-defined]
        types=[column.type for column in columns.values()],
        dialect=dialect,
    )


def _binder(kind: TypeEngine[object], dialect: Dialect) -> Convert | None:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _converters(
    types: Sequence[TypeEngine[object]], codes: Iterable[object], dialect: Dialect
) -> list[tuple[int, Convert]]:
    converters = [
        kind.dialect_impl(dialect).result_processor(dialect, code)
        for kind, code in zip(types, codes, strict=True)
    ]
    return [(i, convert) for i, convert in enumerate(converters) if convert is not None]


def _converted(row: Sequence[object], results: list[tuple[int, Convert]]) -> list[object]:
    values = list(row)
    for i, convert in results:
        values[i] = convert(values[i])
    return values
