"""Forgetting a person: what the log knows of them goes, and the chain stays whole."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, and_, or_, update

from server.audit.log import THE_SHOP, insert_entry
from server.audit.models import AuditEntry

FORGETTING: Final = "ForgetPerson"
"""What the log says of it: without such an entry, a value that is gone was not forgotten but taken away."""


def forget_person(tx: Connection, user_id: int, now: datetime) -> None:
    """Erase the addresses and details of what a user did, and of what strangers tried with their account.

    What staff did with the account stays, with the address of whoever did it; nothing personal is in it.
    """
    subject = f"user/{user_id}"
    of_person = or_(
        AuditEntry.actor_id == user_id, and_(AuditEntry.actor_id.is_(None), AuditEntry.subject == subject)
    )
    tx.execute(update(AuditEntry).where(of_person).values(address="", details={}, personal_salt=None))
    insert_entry(tx, THE_SHOP, FORGETTING, subject, now, details={})
