"""The entry of a call: begun with its request, and written by the transaction that the call commits."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

from sqlalchemy import Connection

from server.audit.log import Actor, insert_entry
from server.audit.values import bounded, masked
from server.clock import Clock


class Described(Protocol):
    """What is known of the calls of a method; server/audit/convert.py says it of the contract's."""

    @property
    def action(self) -> str:
        """The name of the method."""

    @property
    def event(self) -> str:
        """What its success means for security; "" for nothing."""

    @property
    def hides(self) -> Collection[str]:
        """Columns, and facts of the rules, of which the log keeps no value."""

    def subject_of(self, request: Any) -> str:
        """What a request is about; "" where it names nothing."""

    def subject_of_reply(self, reply: Any) -> str:
        """What was created."""

    def content_of(self, request: Any) -> dict[str, Any]:
        """What a request says, without what is secret or of a person."""


class AuditDraft:
    """An entry that is still to be written; a server.db.record.CallRecord."""

    def __init__(
        self,
        method: Described,
        request: Any,
        actor: Actor,
        clock: Clock,
        on_written: Callable[[str], None],
    ) -> None:
        """`on_written` hears which security event an entry that was committed is."""
        self._method = method
        self._request = request
        self._actor = actor
        self._clock = clock
        self._on_written = on_written
        self._writing = False
        self.is_due = True
        self.begin()

    def begin(self) -> None:
        """Forget what an attempt told that was undone."""
        self._writing = False
        self._subject = ""
        self._facts: dict[str, Any] = {}
        self._before: dict[str, object] = {}
        self._after: dict[str, object] = {}

    def take_facts(self, actor: Actor, subject: str, facts: Mapping[str, Any]) -> bool:
        """Take what a rule knows of what the caller does; what the shop does by itself is another entry."""
        if not self.is_due or actor.user_id != self._actor.user_id or actor.user_id is None:
            return False
        self._subject = self._subject or subject
        self._facts |= facts
        return True

    def take_change(self, before: Mapping[str, object], after: Mapping[str, object]) -> None:
        """Add what columns held, and hold now; of one that changes twice what it held first."""
        self._before = {**before, **self._before}
        self._after |= after

    def take_reply(self, reply: object) -> None:
        """Learn what was created, where the request could not name it."""
        self._subject = self._subject or self._method.subject_of(self._request)
        self._subject = self._subject or self._method.subject_of_reply(reply)

    def write(self, tx: Connection) -> None:
        """Write the entry, where it is due."""
        if not self.is_due:
            return
        insert_entry(
            tx,
            self._actor,
            self._method.action,
            self._subject or self._method.subject_of(self._request),
            self._clock(),
            details=self._details(),
            event=self._method.event,
        )
        self._writing = True

    def committed(self) -> None:
        """Take it for written, if this transaction wrote it."""
        if self._writing and self.is_due:
            self.is_due = False
            self._on_written(self._method.event)

    def settle(self) -> None:
        """Write nothing: the call repeats another."""
        self.is_due = False

    def _details(self) -> dict[str, Any]:
        parts = {
            "request": self._method.content_of(self._request),
            "before": masked(self._before, self._method.hides),
            "after": masked(self._after, self._method.hides),
            "facts": masked(self._facts, self._method.hides),
        }
        return {name: bounded(values) for name, values in parts.items() if values}
