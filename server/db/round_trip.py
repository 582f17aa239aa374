"""One round trip to PostgreSQL for any number of statements, each of which a connection prepares once.

psycopg's cursors send BEGIN, every statement and COMMIT one by one, and spend on each three times what libpq and
the server do. This is libpq's pipeline mode without them; how values are written and read is psycopg's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final, Self

import psycopg
from psycopg import generators, pq
from psycopg.abc import Buffer, PQGen
from psycopg.adapt import PyFormat
from psycopg.pq.abc import PGconn, PGresult

from server.db.patience import PatientConnection

MAX_PREPARED: Final = 200
"""Statements that a connection keeps prepared; the one that was not used for longest makes room."""

_PARAMETER = re.compile(r"%(?:\((\w+)\)s|%)")
_FAILED = (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE)
_COMMIT = -1
"""The number of COMMIT; BEGIN, and what prepares a command, have that of the command after it."""
_NAMES = count()


@dataclass(frozen=True, slots=True)
class NumberedQuery:
    """A statement as PostgreSQL reads it: its parameters are numbered, and `names` are those they stand for."""

    sql: bytes
    names: tuple[str, ...]
    formats: tuple[PyFormat, ...]

    @classmethod
    def of(cls, sql: str) -> Self:
        """The same statement, whose parameters are written like %(id)s."""
        numbers: dict[str, int] = {}

        def numbered(match: re.Match[str]) -> str:
            name = match[1]
            return "%" if name is None else f"${numbers.setdefault(name, len(numbers) + 1)}"

        numbered_sql = _PARAMETER.sub(numbered, sql)
        # As text: what type a parameter has is told by the statement, not by the size of a number.
        return cls(numbered_sql.encode(), tuple(numbers), (PyFormat.TEXT,) * len(numbers))


@dataclass(frozen=True, slots=True)
class BoundQuery:
    """A query with the values of its parameters, in the order of their names."""

    query: NumberedQuery
    values: Sequence[object]


class CommandFailed(Exception):
    """The command of this number failed, and with it the transaction; none after it has run."""

    def __init__(self, number: int, error: psycopg.Error) -> None:
        super().__init__(number, error)
        self.number = number
        self.error = error


def exchange(
    connection: PatientConnection, commands: Sequence[BoundQuery], *, commit: bool = False
) -> list[PGresult]:
    """Run commands in their order, after the BEGIN that is due and before a COMMIT, and return their results.

    Raises CommandFailed, and psycopg's errors where it is the connection that fails, or the COMMIT.
    """
    dumped = _dumped(connection, commands)
    pgconn = connection.pgconn
    with connection.lock:
        try:
            pgconn.enter_pipeline_mode()
            pipeline = _Pipeline(connection)
            if not connection.autocommit and pgconn.transaction_status == pq.TransactionStatus.IDLE:
                pipeline.send(0, b"BEGIN")
            for number, (command, values) in enumerate(zip(commands, dumped, strict=True)):
                pipeline.send_command(number, command.query, values)
            if commit:
                pipeline.send(_COMMIT, b"COMMIT")
            pgconn.pipeline_sync()
            results: list[PGresult] = []
            try:
                wait = connection.wait_for_commit if commit else connection.wait
                wait(_answers(pgconn, results))
            except psycopg.OperationalError:
                pipeline.check(results)  # a command that failed first says that nothing was committed
                raise
        finally:
            if pgconn.pipeline_status != pq.PipelineStatus.OFF:
                pgconn.finish()  # what of it is still on its way would be taken for the answer to something else
    return pipeline.checked(results)


class _Pipeline:
    """What is sent together, and of which command each result will be."""

    def __init__(self, connection: PatientConnection) -> None:
        self._connection = connection
        self._pgconn = connection.pgconn
        self._numbers: list[int] = []
        self._prepared: list[tuple[int, bytes]] = []

    def send(self, number: int, sql: bytes) -> None:
        """Send a statement without parameters, whose result says nothing."""
        self._pgconn.send_query_params(sql, None)
        self._numbers.append(number)

    def send_command(self, number: int, query: NumberedQuery, values: Sequence[Buffer | None]) -> None:
        """Send a command, prepared unless another may have the server's process the next time."""
        if self._connection.is_pooled:
            self._pgconn.send_query_params(query.sql, values)
        else:
            names = self._connection.prepared
            name = names.get(query.sql)
            if name is None:
                name = self._prepare(number, query.sql)
            else:
                names.move_to_end(query.sql)
            self._pgconn.send_query_prepared(name, values)
        self._numbers.append(number)

    def _prepare(self, number: int, sql: bytes) -> bytes:
        names = self._connection.prepared
        if len(names) >= MAX_PREPARED:
            self.send(number, b"DEALLOCATE " + names.popitem(last=False)[1])
        name = names[sql] = b"sanset_%d" % next(_NAMES)
        self._prepared.append((len(self._numbers), sql))
        self._pgconn.send_prepare(name, sql)
        self._numbers.append(number)
        return name

    def checked(self, results: Sequence[PGresult]) -> list[PGresult]:
        """The result of each command, the last of those that have its number. Raises as `exchange` does."""
        for index, sql in self._prepared:
            if index >= len(results) or results[index].status != pq.ExecStatus.COMMAND_OK:
                self._connection.prepared.pop(sql, None)
        self.check(results)
        if len(results) < len(self._numbers):
            raise psycopg.OperationalError("the connection was lost")
        last = dict(zip(self._numbers, results, strict=True))
        last.pop(_COMMIT, None)
        return list(last.values())

    def check(self, results: Sequence[PGresult]) -> None:
        """Raise what the first of the results that failed says, as `exchange` does."""
        for number, result in zip(self._numbers, results, strict=False):
            if result.status in _FAILED:
                error = psycopg.errors.error_from_result(result, self._connection.info.encoding)
                raise error if number == _COMMIT else CommandFailed(number, error)


def _dumped(connection: PatientConnection, commands: Sequence[BoundQuery]) -> list[Sequence[Buffer | None]]:
    """The values as PostgreSQL reads them; before anything is sent, for what cannot be written."""
    dumped = []
    for number, command in enumerate(commands):
        try:
            dumped.append(connection.adapter.dump_sequence(command.values, command.query.formats))
        except psycopg.Error as error:
            raise CommandFailed(number, error) from None
    return dumped


def _answers(pgconn: PGconn, results: list[PGresult]) -> PQGen[None]:
    """Send what is in the pipeline, and wait for every result; those that came are there when it fails, too."""
    yield from generators.send(pgconn)
    while batch := (yield from generators.fetch_many(pgconn)):
        if batch[0].status == pq.ExecStatus.PIPELINE_SYNC:
            pgconn.exit_pipeline_mode()
            break
        results += batch
