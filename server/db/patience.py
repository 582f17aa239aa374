"""Connections to PostgreSQL that do not wait for ever.

The server ends what takes too long, but a server that is gone, or a proxy that has frozen, ends nothing. So
this side has limits of its own: the deadline of the call that a thread works for, and for a connection that has
fallen silent, the word of the server, asked on another one, that it is at work.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NoReturn, Self

import psycopg
import structlog
from psycopg.abc import RV, PQGen
from psycopg.adapt import Transformer
from psycopg.rows import TupleRow

from server.db import deadline

SILENT_SECONDS = 3.0
"""After so long without an answer the server is asked whether it is at work, and again each time."""
POOLED_SILENT_SECONDS = 8.0
"""The same for a call behind a pooler, where nobody can be asked: then the connection is dead."""
PROBE_SECONDS = 3
GRACE_SECONDS = 0.5
"""So much longer than the call's deadline a statement may take, and one that tidies up after it."""
CANCEL_SECONDS = 1.0

KEEPALIVE: dict[str, int] = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 8000,
}
"""What the kernel does about a peer that is gone; a URL may say otherwise."""

_OURS = frozenset({"context", "row_factory", "cursor_factory", "prepare_threshold", "autocommit", "conninfo"})

log = structlog.get_logger()


class SilentConnection(psycopg.OperationalError):
    """The database did not answer; the connection was closed."""


class PatientConnection(psycopg.Connection[TupleRow]):
    """A connection whose every statement ends within the call's deadline, or when it has fallen silent."""

    is_pooled = False
    """Whether a pooler stands between, which may give each transaction another process of the server."""

    limits: Mapping[str, int] = MappingProxyType({})
    """The server's limits for what runs on it, in milliseconds by the names of their settings."""

    answers_within: float | None = None
    """What it is used for is answered so soon, or never."""

    _libpq: dict[str, Any]
    _born: datetime | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.prepared: OrderedDict[bytes, bytes] = OrderedDict()
        """The names of the statements that are prepared on it: see server/db/round_trip.py."""
        self.adapter = Transformer(self)
        """Writes and reads the values of these."""

    @classmethod
    def connect(cls, conninfo: str = "", **arguments: Any) -> Self:
        """Open a connection; `arguments` are libpq's, besides psycopg's own."""
        arguments = KEEPALIVE | arguments
        connection = super().connect(conninfo, **arguments)
        connection._libpq = {name: value for name, value in arguments.items() if name not in _OURS}
        connection._libpq["conninfo"] = conninfo
        return connection

    def _deallocate(self, name: bytes | None) -> PQGen[None]:
        if (
            name is None
        ):  # psycopg forgets all that is prepared, ours too, when a table or a savepoint is undone
            self.prepared.clear()
        return super()._deallocate(name)

    def know_the_other_end(self) -> None:
        """Learn which process answers, and whether a pooler stands between. Needs autocommit."""
        row = self.execute(
            "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()", prepare=False
        ).fetchone()
        assert row is not None
        self.is_pooled = row[0] != self.info.backend_pid
        self._born = row[1]

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """Wait for an answer. Raises SilentConnection when none comes, QueryCanceled when the call is over."""
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        return self._wait(gen, interval, GRACE_SECONDS)

    def wait_for_commit(self, gen: PQGen[RV]) -> RV:
        """The same where the commit was sent as well: nothing begins to commit after the deadline."""
        return self._wait(gen, 0.1, 0.0)

    def _wait(self, gen: PQGen[RV], interval: float, grace: float) -> RV:
        began = time.monotonic()
        remaining = deadline.remaining()
        until = began + max(remaining, 0.0) + grace if remaining is not None else math.inf
        patience = self.answers_within or SILENT_SECONDS
        while True:
            try:
                return super().wait(gen, interval, min(patience, max(until - time.monotonic(), 0.0)))
            except psycopg.errors._WaitTimeout:
                pass
            if time.monotonic() >= until:
                return self._cancelled(gen, interval)
            if self.answers_within is not None or not self._is_at_work(time.monotonic() - began):
                self._give_up()

    def _is_at_work(self, waited: float) -> bool:
        """Whether the server works on a statement of this connection; if not, its process is ended as well.

        It may hold locks that the next try needs.
        """
        if self.is_pooled:  # its process changes
            return waited < POOLED_SILENT_SECONDS or deadline.remaining() is None
        own = {"connect_timeout": PROBE_SECONDS, "application_name": "sanset-probe"}
        try:
            with PatientConnection.connect(**(self._libpq | own), autocommit=True) as probe:
                probe.answers_within = PROBE_SECONDS
                state = probe.execute(
                    "SELECT state = 'active' OR NOT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE pid = %s AND backend_start = %s",
                    (self.info.backend_pid, self._born),
                ).fetchone()
        except (psycopg.errors.ConnectionTimeout, SilentConnection):
            return True  # nobody is answered, as on a machine that is too busy: that says nothing of this one
        except psycopg.Error:
            return False
        return state is not None and bool(state[0])

    def _cancelled(self, gen: PQGen[RV], interval: float) -> RV:
        """Have the server end the statement, whose caller does not wait any more."""
        try:
            self.cancel_safe(timeout=CANCEL_SECONDS)
            return super().wait(gen, interval, CANCEL_SECONDS)
        except psycopg.errors._WaitTimeout:
            self._give_up()
        except psycopg.errors.QueryCanceled:
            raise
        except psycopg.OperationalError:
            self._give_up()

    def _give_up(self) -> NoReturn:
        log.warning("database_connection_silent", pid=self.info.backend_pid)
        self.pgconn.finish()
        raise SilentConnection("the database does not answer on this connection, which was closed")
