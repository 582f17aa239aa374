"""SQL of the second factor: one function per question."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from server.auth.second_factor.models import RecoveryCode, SecondFactor
from server.db.base import AnyRow
from server.db.prepared import Prepared
from server.db.upsert import insert_for

_FACTOR = Prepared(select(*SecondFactor.__table__.columns).where(SecondFactor.user_id == bindparam("owner")))


def factor(connection: Connection, user_id: int) -> AnyRow | None:
    """The second factor of a user, confirmed or not."""
    return _FACTOR.first(connection, owner=user_id)


def put_unconfirmed(tx: Connection, user_id: int, sealed_secret: str, now: datetime) -> bool:
    """Store a secret that is not confirmed yet, in place of another such; False where one is confirmed."""
    values = {"secret": sealed_secret, "created_at": now, "last_step": 0}
    statement = (
        insert_for(tx)(SecondFactor)
        .values(user_id=user_id, **values)
        .on_conflict_do_update(
            index_elements=[SecondFactor.user_id], set_=values, where=SecondFactor.confirmed_at.is_(None)
        )
        .returning(SecondFactor.user_id)
    )
    return tx.execute(statement).one_or_none() is not None


def confirm(tx: Connection, user_id: int, step: int, now: datetime) -> bool:
    """Have the stored secret count from now on; False where it does already, or there is none."""
    statement = (
        update(SecondFactor)
        .where(SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_(None))
        .values(confirmed_at=now, last_step=step)
    )
    return tx.execute(statement).rowcount == 1


def use_step(tx: Connection, user_id: int, step: int) -> bool:
    """Use the code of a step up; False when that one, or a later one, was used before."""
    statement = (
        update(SecondFactor)
        .where(SecondFactor.user_id == user_id, SecondFactor.last_step < step)
        .values(last_step=step)
    )
    return tx.execute(statement).rowcount == 1


def use_recovery_code(tx: Connection, user_id: int, code_hash: str, now: datetime) -> bool:
    """Use a recovery code up; False when there is none such that is left."""
    statement = (
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user_id,
            RecoveryCode.code_hash == code_hash,
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
    )
    return tx.execute(statement).rowcount == 1


def replace_recovery_codes(tx: Connection, user_id: int, code_hashes: Sequence[str]) -> None:
    """Store new recovery codes in place of all others."""
    tx.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    tx.execute(insert(RecoveryCode), [{"user_id": user_id, "code_hash": each} for each in code_hashes])


def recovery_codes_left(connection: Connection, user_id: int) -> int:
    """How many recovery codes were not used."""
    unused = select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return connection.execute(unused).scalar_one()


def remove(tx: Connection, user_id: int) -> bool:
    """Delete a user's second factor with its codes; whether there was one."""
    return tx.execute(delete(SecondFactor).where(SecondFactor.user_id == user_id)).rowcount == 1
