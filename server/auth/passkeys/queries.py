"""SQL of the passkeys: one function per question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, func, literal, or_, select, update

from server.auth.passkeys.models import Passkey
from server.db.base import AnyRow
from server.db.upsert import insert_for


def of_credential(connection: Connection, credential_id: bytes) -> AnyRow | None:
    """The passkey of a credential id."""
    statement = select(Passkey.__table__).where(Passkey.credential_id == credential_id)
    return connection.execute(statement).one_or_none()


def use(tx: Connection, passkey_id: int, sign_count: int, now: datetime, *, backed_up: bool) -> bool:
    """Note a sign-in with a passkey; False where it has counted no further, or is gone.

    One that does not count says 0 each time.
    """
    never_counts = Passkey.sign_count + literal(sign_count) == 0
    statement = (
        update(Passkey)
        .where(Passkey.id == passkey_id, or_(Passkey.sign_count < sign_count, never_counts))
        .values(sign_count=sign_count, last_used_at=now, backed_up=backed_up)
    )
    return tx.execute(statement).rowcount == 1


def insert(tx: Connection, values: Mapping[str, object]) -> AnyRow | None:
    """Store a passkey, and return it; None where it is there already."""
    statement = insert_for(tx)(Passkey).values(**values).on_conflict_do_nothing()
    return tx.execute(statement.returning(*Passkey.__table__.columns)).one_or_none()


def credential_ids(connection: Connection, user_id: int) -> Sequence[bytes]:
    """Those of a user's passkeys."""
    return connection.scalars(select(Passkey.credential_id).where(Passkey.user_id == user_id)).all()


def count(connection: Connection, user_id: int) -> int:
    """How many passkeys a user has."""
    statement = select(func.count()).select_from(Passkey).where(Passkey.user_id == user_id)
    return connection.execute(statement).scalar_one()


def page(connection: Connection, user_id: int, after: int, limit: int) -> Sequence[AnyRow]:
    """A user's passkeys beyond an id, the oldest first."""
    statement = select(Passkey.__table__).where(Passkey.user_id == user_id, Passkey.id > after)
    return connection.execute(statement.order_by(Passkey.id).limit(limit)).all()


def remove(tx: Connection, user_id: int, passkey_id: int) -> str | None:
    """Delete one of a user's passkeys; its name, or None where it is none of theirs."""
    statement = delete(Passkey).where(Passkey.id == passkey_id, Passkey.user_id == user_id)
    return tx.execute(statement.returning(Passkey.name)).scalar_one_or_none()


def remove_all(tx: Connection, user_id: int) -> None:
    """Delete a user's passkeys."""
    tx.execute(delete(Passkey).where(Passkey.user_id == user_id))
