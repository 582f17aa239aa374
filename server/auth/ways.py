"""The ways to sign in to an account: its password, identities at providers, and passkeys."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from server.auth.errors import LastWayToSignIn
from server.auth.federated.models import LinkedIdentity
from server.auth.passkeys.models import Passkey
from server.user.service import Credentials


def must_be_left(tx: Connection, user: Credentials) -> None:
    """Refuse to leave an account that is held without a way to sign in. Raises LastWayToSignIn."""
    identities = select(func.count()).where(LinkedIdentity.user_id == user.user_id).scalar_subquery()
    passkeys = select(func.count()).where(Passkey.user_id == user.user_id).scalar_subquery()
    ways = tx.execute(select(identities + passkeys)).scalar_one() + (user.password_hash is not None)
    if not ways:
        raise LastWayToSignIn()
