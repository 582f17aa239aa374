"""The log of security events that no transaction writes: refusals, sign-ins that fail, keys that are used.

Events are gathered for half a second and written together. Those that are alike (what, whose, from where) are one
entry for the first, and one more for all others of the same minute; beyond MAX_KINDS of them in a minute only
their number is kept. So a flood of attempts makes so many rows, and never more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextvars import Context
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple, Protocol

import structlog
from prometheus_client import CollectorRegistry, Counter
from sqlalchemy import Connection

from server.audit.events import OF_REFUSALS, OF_SUCCESSES, SecurityEvent
from server.audit.log import MAX_ADDRESS, Actor, insert_entry
from server.clock import Clock
from server.db.work import Work
from server.errors import Refusal
from server.identity import Identity

GATHER_SECONDS: Final = 0.5
AWAY_SECONDS: Final = 10.0
"""The time until a database that could not be written to is tried again."""
WINDOW_SECONDS: Final = 60
KEY_USE_SECONDS: Final = 3600
"""How often it is told that a key is in use at an address."""
MAX_KINDS: Final = 200
MAX_WAITING: Final = 2000
"""Entries that wait while the database is away; more are dropped, and counted on the metric all the same."""

log = structlog.get_logger()


class ReportedCall(Protocol):
    """What a call says of who calls, and from where."""

    request_id: str
    address: str
    caller: Identity | None

    @property
    def short_method(self) -> str:
        """The RPC's name."""


class EventKind(NamedTuple):
    """What makes events alike."""

    event: SecurityEvent
    actor_id: int | None = None
    is_service: bool = False
    address: str = ""
    action: str = ""
    subject: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An event, or several alike, to be written."""

    kind: EventKind
    at: datetime
    request_id: str
    occurrences: int = 1


@dataclass(slots=True)
class RepeatCount:
    """How often an event came again after its first entry."""

    count: int = 0
    request_id: str = ""


@dataclass(slots=True)
class EventWindow:
    """The events of a minute."""

    number: int = -1
    repeats: dict[EventKind, RepeatCount] = field(default_factory=dict)


class SecurityLog:
    """Takes security events on the event loop, counts them, and has them written."""

    def __init__(
        self, work: Work, clock: Clock, now: Callable[[], float], registry: CollectorRegistry
    ) -> None:
        """`now` are the seconds since the epoch."""
        self._work = work
        self._clock = clock
        self._now = now
        self._waiting: list[NewEntry] = []
        self._window = EventWindow()
        self._keys: dict[tuple[int, str], int] = {}
        self._task: asyncio.Task[None] | None = None
        self._is_away = False
        self._counter = Counter(
            "sanset_security_events",
            "Security events, as the audit log knows them",
            labelnames=["event"],
            registry=registry,
        )

    def count(self, event: str) -> None:
        """Count an event that an entry of a transaction tells; "" is none."""
        if event:
            self._counter.labels(event).inc()

    def refused(self, call: ReportedCall, refusal: Refusal) -> None:
        """Report a call that was refused, where that concerns security."""
        event = OF_REFUSALS.get(refusal.reason)
        if event is None and refusal.code == "PERMISSION_DENIED":
            event = SecurityEvent.PERMISSION_REFUSED
        if refusal.reason == "SECOND_FACTOR_REQUIRED" and refusal.code != "PERMISSION_DENIED":
            event = None  # the usual course of a sign-in
        if event is not None:
            self._take(call, event, refusal.account_id, refusal.reason)
        if refusal.locks:
            self._take(call, SecurityEvent.ACCOUNT_LOCKED, refusal.account_id, refusal.reason)

    def succeeded(self, call: ReportedCall) -> None:
        """Report a call that changed how an account is signed in to."""
        self._take(call, OF_SUCCESSES[call.short_method])

    def key_used(self, call: ReportedCall) -> None:
        """Report that a key is in use, once in a while for each address."""
        assert call.caller is not None
        use, hour = (call.caller.user_id, call.address), int(self._now()) // KEY_USE_SECONDS
        if self._keys.get(use) == hour:
            return
        if len(self._keys) >= MAX_KINDS:
            self._keys.clear()
        self._keys[use] = hour
        self._take(call, SecurityEvent.API_KEY_USED)

    async def close(self) -> None:
        """Write what waits."""
        if self._task is not None:
            self._task.cancel()
        self._end_window()
        await self._write()

    def _take(
        self, call: ReportedCall, event: SecurityEvent, account_id: int | None = None, reason: str = ""
    ) -> None:
        self.count(event)
        caller = call.caller
        kind = EventKind(
            event,
            caller.user_id if caller else None,
            caller is not None and caller.is_service,
            call.address[:MAX_ADDRESS],
            call.short_method[:32],
            f"user/{account_id}" if account_id is not None else "",
            reason,
        )
        self._begin_window()
        if kind not in self._window.repeats and len(self._window.repeats) >= MAX_KINDS:
            kind = EventKind(event)
        repeats = self._window.repeats.get(kind)
        if repeats is None:
            self._window.repeats[kind] = RepeatCount()
            self._waiting.append(NewEntry(kind, self._clock(), call.request_id))
        else:
            repeats.count += 1
            repeats.request_id = call.request_id
        if self._task is None or self._task.done():
            # In a context of its own: it works for no call.
            self._task = asyncio.get_running_loop().create_task(self._write_on(), context=Context())

    def _begin_window(self) -> None:
        number = int(self._now()) // WINDOW_SECONDS
        if number != self._window.number:
            self._end_window()
            self._window = EventWindow(number)

    def _end_window(self) -> None:
        at = self._clock()
        for kind, repeats in self._window.repeats.items():
            if repeats.count:
                self._waiting.append(NewEntry(kind, at, repeats.request_id, repeats.count))
        self._window = EventWindow()

    async def _write_on(self) -> None:
        """Write until nothing is left, neither new nor of the minute."""
        while self._waiting or any(repeats.count for repeats in self._window.repeats.values()):
            await asyncio.sleep(AWAY_SECONDS if self._is_away else GATHER_SECONDS)
            if int(self._now()) // WINDOW_SECONDS != self._window.number:
                self._end_window()
            await self._write()

    async def _write(self) -> None:
        entries, self._waiting = self._waiting, []
        if not entries:
            return
        self._is_away = False
        try:
            await self._work.write(_insert, entries)
        except Exception as error:  # the shop goes on without its log, and says so
            log.warning("security_events_wait", error=type(error).__name__, entries=len(entries))
            self._waiting = [*entries, *self._waiting][:MAX_WAITING]
            self._is_away = True


def _insert(tx: Connection, entries: list[NewEntry]) -> None:
    for entry in entries:
        kind = entry.kind
        facts: Mapping[str, str] = {"reason": kind.reason} if kind.reason else {}
        insert_entry(
            tx,
            Actor(kind.actor_id, entry.request_id, kind.address, kind.is_service),
            kind.action,
            kind.subject,
            entry.at,
            details={"facts": facts} if facts else {},
            event=kind.event,
            occurrences=entry.occurrences,
        )
