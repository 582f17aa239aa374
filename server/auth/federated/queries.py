"""SQL of the identities: one function per question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, update

from server.auth.federated.models import LinkedIdentity
from server.db.base import AnyRow
from server.db.upsert import insert_for


def user_of(connection: Connection, issuer: str, subject: str) -> int | None:
    """The account that an identity signs in to."""
    return connection.scalar(
        select(LinkedIdentity.user_id).where(
            LinkedIdentity.issuer == issuer, LinkedIdentity.subject == subject
        )
    )


def insert(tx: Connection, values: Mapping[str, object]) -> AnyRow | None:
    """Store an identity, and return it; None where it is there already."""
    statement = insert_for(tx)(LinkedIdentity).values(**values).on_conflict_do_nothing()
    return tx.execute(statement.returning(*LinkedIdentity.__table__.columns)).one_or_none()


def use(tx: Connection, user_id: int, issuer: str, subject: str, now: datetime) -> bool:
    """Note a sign-in with an identity; False where it is not the user's any more."""
    statement = (
        update(LinkedIdentity)
        .where(
            LinkedIdentity.user_id == user_id,
            LinkedIdentity.issuer == issuer,
            LinkedIdentity.subject == subject,
        )
        .values(last_used_at=now)
    )
    return tx.execute(statement).rowcount == 1


def identity(connection: Connection, user_id: int, issuer: str, subject: str) -> AnyRow | None:
    """An identity of a user's."""
    return connection.execute(
        select(LinkedIdentity.__table__).where(
            LinkedIdentity.user_id == user_id,
            LinkedIdentity.issuer == issuer,
            LinkedIdentity.subject == subject,
        )
    ).one_or_none()


def page(connection: Connection, user_id: int, after: int, limit: int) -> Sequence[AnyRow]:
    """A user's identities beyond an id, the oldest first."""
    statement = select(LinkedIdentity.__table__).where(
        LinkedIdentity.user_id == user_id, LinkedIdentity.id > after
    )
    return connection.execute(statement.order_by(LinkedIdentity.id).limit(limit)).all()


def count(connection: Connection, user_id: int) -> int:
    """How many identities a user has."""
    return connection.execute(
        select(func.count()).select_from(LinkedIdentity).where(LinkedIdentity.user_id == user_id)
    ).scalar_one()


def remove(tx: Connection, user_id: int, identity_id: int) -> str | None:
    """Delete one of a user's identities; its issuer, or None where it is none of theirs."""
    statement = delete(LinkedIdentity).where(
        LinkedIdentity.id == identity_id, LinkedIdentity.user_id == user_id
    )
    return tx.execute(statement.returning(LinkedIdentity.issuer)).scalar_one_or_none()


def remove_all(tx: Connection, user_id: int) -> None:
    """Delete a user's identities."""
    tx.execute(delete(LinkedIdentity).where(LinkedIdentity.user_id == user_id))
