"""Writes to the audit log, in the transaction that the entry is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from sqlalchemy import Connection, insert

from server.audit.models import AuditEntry
from server.audit.signing import EntryFacts, new_salt, personal_digest, sign
from server.audit.values import bounded, masked
from server.db.prepared import Prepared
from server.db.record import current_record
from server.db.sealing import vault_of
from server.identity import Identity

MAX_ADDRESS: Final = 64
MAX_SUBJECT: Final = 64


class ActingCall(Protocol):
    """What a call says of who acts."""

    request_id: str
    address: str

    @property
    def identity(self) -> Identity:
        """The caller."""


@dataclass(frozen=True, slots=True)
class Actor:
    """The user who acts, and the call they act in. Without a user it is the shop itself."""

    user_id: int | None = None
    request_id: str = ""
    address: str = ""
    is_service: bool = False

    @classmethod
    def of(cls, call: ActingCall) -> Actor:
        """The caller."""
        caller = call.identity
        return cls(caller.user_id, call.request_id, call.address[:MAX_ADDRESS], caller.is_service)


THE_SHOP = Actor()
"""No user: a job, or a gateway's report."""


_INSERT: Final = Prepared(insert(AuditEntry))


def write(tx: Connection, actor: Actor, action: str, subject: str, now: datetime, **details: object) -> None:
    """Record that `actor` did `action` ("RefundOrder") to `subject` ("order/123").

    In a call that leaves an entry anyway, as all do that need a permission, it is that one which tells so.
    """
    facts = masked(details, ())
    record = current_record()
    if record is not None and record.take_facts(actor, subject, facts):
        return
    insert_entry(tx, actor, action, subject, now, details=bounded(facts))


def note_change(before: Mapping[str, object], after: Mapping[str, object]) -> None:
    """Tell the entry of the call what something was before, and is now."""
    record = current_record()
    if record is not None:
        record.take_change(before, after)


def insert_entry(
    tx: Connection,
    actor: Actor,
    action: str,
    subject: str,
    now: datetime,
    *,
    details: dict[str, Any],
    event: str = "",
    occurrences: int = 1,
) -> None:
    """Write an entry, signed; on PostgreSQL it shares the round trip of what comes next, or of the commit."""
    salt = new_salt()
    facts = EntryFacts(
        at=now,
        actor_id=actor.user_id,
        is_service=actor.is_service,
        action=action,
        subject=subject[:MAX_SUBJECT],
        event=event,
        occurrences=occurrences,
        request_id=actor.request_id,
        personal_digest=personal_digest(salt, actor.address, details),
    )
    _INSERT.later(
        tx,
        **{name: getattr(facts, name) for name in EntryFacts.__slots__},
        address=actor.address,
        details=details,
        personal_salt=salt,
        signature=sign(vault_of(tx), bytes(facts)),
    )
