"""SQL of the passkeys: one function per question."""

from __future__ import annotations

from sqlalchemy import Connection, delete

from server.auth.passkeys.models import Passkey


def remove_all(tx: Connection, user_id: int) -> None:
    """Delete a user's passkeys."""
    tx.execute(delete(Passkey).where(Passkey.user_id == user_id))
