"""Statements of the hottest paths: compiled once per database, run on the driver's own cursor.

SQLAlchemy spends about 200 µs of CPU on each execution, three times what the driver and PostgreSQL need together
(`python -m bench --only checkout` shows it). Sixteen statements make a checkout, so the cart and the checkout run
theirs this way. They are written, typed and compiled by SQLAlchemy all the same; what is left out is its
execution context: column defaults of Python's, result objects, and expanding lists.

Writes that nobody waits for can go `later`: PostgreSQL gets them in one round trip with the next statement.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect, literal, select
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

Convert = Callable[[Any], Any]


@dataclass(slots=True)
class _Compiled:
    sql: str
    positions: tuple[str, ...] | None  # the names in their order, where the driver wants a sequence
    fixed: dict[str, Any]
    converts: tuple[tuple[str, Convert], ...]
    row: Callable[[Sequence[Any]], Any]
    types: list[TypeEngine[Any]]
    results: list[tuple[int, Convert]] | None = None  # known once the driver has told its column codes


class Prepared:
    """A statement whose parameters are named like its `bindparam`s, or like the columns of a plain INSERT."""

    def __init__(self, statement: Executable | Callable[[str], Executable]) -> None:
        """`statement`, or what makes it from the name of the database where the two differ."""
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}
        self._combined: dict[tuple[str, ...], str] = {}

    def all(self, connection: Connection, **values: Any) -> list[Any]:
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

    def first(self, connection: Connection, **values: Any) -> Any:
        """Run the statement and return its first row, or None."""
        rows = self.all(connection, **values)
        return rows[0] if rows else None

    def run(self, connection: Connection, **values: Any) -> int:
        """Run the statement and return how many rows it changed."""
        _, cursor = self._run(connection, values)
        changed: int = cursor.rowcount
        cursor.close()
        return changed

    def later(self, connection: Connection, **values: Any) -> None:
        """Run the statement at the latest before the commit; where it can, together with the one that follows.

        For writes that are independent of each other and of that one: PostgreSQL runs them on one snapshot, in
        an order of its own. A key to a row of an earlier statement is fine.
        """
        if connection.dialect.name == "postgresql":
            waiting_writes(connection).append((self, values))
        else:
            self.run(connection, **values)

    def _run(self, connection: Connection, values: dict[str, Any]) -> tuple[_Compiled, Any]:
        compiled, parameters = self._bound(connection, values)
        sql, arguments = compiled.sql, parameters
        waiting = connection.info.get(_WAITING)
        if waiting:
            sql, arguments = self._together(connection, waiting, sql, parameters)
            waiting.clear()
        elif compiled.positions is not None:
            arguments = tuple([parameters[name] for name in compiled.positions])
        return compiled, _execute(connection, sql, arguments)

    def _bound(self, connection: Connection, values: dict[str, Any]) -> tuple[_Compiled, Any]:
        compiled = self._compiled.get(connection.dialect.name) or self._compile(connection.dialect, values)
        parameters = {**compiled.fixed, **values}
        for name, convert in compiled.converts:
            parameters[name] = convert(parameters[name])
        return compiled, parameters

    def _together(
        self, connection: Connection, waiting: list[_Write], sql: str, parameters: dict[str, Any]
    ) -> tuple[str, dict[str, Any]]:
        """One statement of PostgreSQL's that runs the waiting writes as well; each keeps its names by a prefix."""
        arguments = dict(parameters)
        parts = []
        for i, (prepared, values) in enumerate(waiting):
            compiled, bound = prepared._bound(connection, values)
            arguments |= {f"w{i}_{name}": value for name, value in bound.items()}
            parts.append(compiled.sql)
        key = (*parts, sql)
        if key not in self._combined:
            writes = [f"w{i} AS ({part.replace('%(', f'%(w{i}_')})" for i, part in enumerate(parts)]
            self._combined[key] = f"WITH {', '.join(writes)} {sql}"
        return self._combined[key], arguments

    def _compile(self, dialect: Dialect, values: dict[str, Any]) -> _Compiled:
        statement = self._statement(dialect.name) if callable(self._statement) else self._statement
        compiler = statement.compile(dialect=dialect, column_keys=list(values))  # type: ignore[attr-defined]
        compiled = self._compiled[dialect.name] = _read(compiler, dialect)
        return compiled


_Write = tuple[Prepared, dict[str, Any]]
_WAITING = "sanset.waiting"
_NOTHING = Prepared(select(literal(1)))


def write_out(connection: Connection) -> None:
    """Run the writes that were left for later; to be called before a commit."""
    if connection.info.get(_WAITING):
        _NOTHING.all(connection)


def waiting_writes(connection: Connection) -> list[_Write]:
    """The writes that were left for later; clear them when their transaction is undone."""
    waiting: list[_Write] = connection.info.setdefault(_WAITING, [])
    return waiting


def _execute(connection: Connection, sql: str, arguments: Any) -> Any:
    cursor = connection.connection.cursor()
    if connection.engine._has_events:
        for listener in connection.engine.dispatch.before_cursor_execute:
            listener(connection, cursor, sql, arguments, None, False)
    try:
        cursor.execute(sql, arguments)
    except connection.dialect.loaded_dbapi.Error as error:
        # SQLAlchemy's own way of wrapping it, and of giving up a connection that broke.
        connection._handle_dbapi_exception(error, sql, None, cursor, None)
    return cursor


def _read(compiler: SQLCompiler, dialect: Dialect) -> _Compiled:
    if compiler.insert_prefetch or compiler.update_prefetch:
        missing = [column.name for column in (*compiler.insert_prefetch, *compiler.update_prefetch)]
        raise ValueError(f"give {', '.join(missing)}: a prepared statement fills in no defaults")
    columns = compiler._result_columns
    converts = compiler._bind_processors
    names = [column.keyname for column in columns]
    return _Compiled(
        sql=compiler.string,
        positions=tuple(compiler.positiontup) if compiler.positiontup is not None else None,
        fixed=dict(compiler.construct_params(_check=False)),
        converts=tuple(converts.items()),  # type: ignore[arg-type]
        row=namedtuple("Row", names, rename=True)._make,  # type: ignore[attr-defined]
        types=[column.type for column in columns],
    )


def _converters(
    types: Sequence[TypeEngine[Any]], description: Sequence[Any], dialect: Dialect
) -> list[tuple[int, Convert]]:
    found = [
        kind._cached_result_processor(dialect, told[1]) for kind, told in zip(types, description, strict=True)
    ]
    return [(i, convert) for i, convert in enumerate(found) if convert is not None]


def _converted(row: Sequence[Any], results: list[tuple[int, Convert]]) -> list[Any]:
    values = list(row)
    for i, convert in results:
        values[i] = convert(values[i])
    return values
