"""Transactions that publish, and take too long over it: named in the log, and at last ended."""

from __future__ import annotations

import time
from collections.abc import Mapping

import psycopg
import structlog

from server.events.position import HOLDERS
from server.events.sources import EventSource, PostgresSource

NAMED_AFTER_SECONDS = 1.0
NAMED_AGAIN_SECONDS = 10.0
ENDED_AFTER_SECONDS = 30.0
"""As long as a call's transaction may idle: no honest one publishes first and commits so much later."""

_NAME = f"""
    SELECT pid, application_name, state,
        round(extract(epoch FROM clock_timestamp() - xact_start)::numeric, 1)::float {HOLDERS}
"""  # noqa: S608 - nothing in it comes from outside
_END = f"SELECT pid, pg_terminate_backend(pid) {HOLDERS}"

log = structlog.get_logger()


class Publishers:
    """Looks after those that hold the outboxes back."""

    def __init__(self) -> None:
        self._named_at = -NAMED_AGAIN_SECONDS

    def watch(self, source: EventSource, missing: Mapping[int, float]) -> None:
        """Name who keeps the oldest missing id open for too long; end them when it takes even longer."""
        if not isinstance(source, PostgresSource):
            return
        event_id, since = next(iter(missing.items()))
        now = time.monotonic()
        if now - since < NAMED_AFTER_SECONDS:
            return
        if now - since >= ENDED_AFTER_SECONDS:
            self._end(source, event_id)
        elif now - self._named_at >= NAMED_AGAIN_SECONDS:
            self._named_at = now
            for pid, application, state, seconds in source.query(_NAME, (event_id,)):
                log.warning(
                    "events_held_back",
                    pid=pid,
                    application=application,
                    state=state,
                    transaction_seconds=seconds,
                    waiting_seconds=round(now - since, 1),
                )

    def _end(self, source: PostgresSource, event_id: int) -> None:
        try:
            ended = [pid for pid, _ in source.query(_END, (event_id,))]
        except psycopg.errors.InsufficientPrivilege as error:
            if time.monotonic() - self._named_at >= NAMED_AGAIN_SECONDS:
                self._named_at = time.monotonic()
                log.error("publisher_not_ended", error=str(error))
            return
        for pid in ended:
            log.error("publisher_ended", pid=pid, seconds=ENDED_AFTER_SECONDS)
