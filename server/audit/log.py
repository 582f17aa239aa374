"""Writes to the audit log, in the transaction that the entry is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection, insert

from server.audit.models import AuditEntry
from server.identity import Identity


class ActingCall(Protocol):
    """What a call says of who acts."""

    request_id: str

    @property
    def identity(self) -> Identity:
        """The caller."""


@dataclass(frozen=True, slots=True)
class Actor:
    """The user who acts, and the call they act in. Without a user it is the shop itself."""

    user_id: int | None = None
    request_id: str = ""

    @classmethod
    def of(cls, call: ActingCall) -> Actor:
        """The caller."""
        return cls(call.identity.user_id, call.request_id)


THE_SHOP = Actor()
"""No user: a job, or a gateway's report."""


def write(tx: Connection, actor: Actor, action: str, subject: str, now: datetime, **details: object) -> None:
    """Record that `actor` did `action` ("RefundOrder") to `subject` ("order/123")."""
    tx.execute(
        insert(AuditEntry).values(
            at=now,
            actor_id=actor.user_id,
            action=action,
            subject=subject,
            request_id=actor.request_id,
            details=details,
        )
    )
