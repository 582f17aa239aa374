"""SQL of the recovery: one function per question."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, Integer, bindparam, case, delete, insert, or_, select, update

from server.auth.recovery.models import AccountNotice, EmailProof
from server.db.base import AnyRow, UtcDateTime
from server.db.prepared import Prepared

_INSERT_PROOF = Prepared(insert(EmailProof))


def insert_proof(tx: Connection, values: Mapping[str, object]) -> None:
    """Store a proof whose secret is not made yet."""
    _INSERT_PROOF.later(tx, **values)


_SET_SECRET = Prepared(
    update(EmailProof)
    .where(
        EmailProof.id == bindparam("proof"), EmailProof.secret_hash.is_(None), EmailProof.used_at.is_(None)
    )
    .values(secret_hash=bindparam("hashed"))
    .returning(EmailProof.id)
)


def set_secret(tx: Connection, proof_id: str, secret_hash: str) -> bool:
    """Note the hash of a proof's secret; returns False where the proof was voided meanwhile."""
    return _SET_SECRET.first(tx, proof=proof_id, hashed=secret_hash) is not None


_CODES = Prepared(
    select(*EmailProof.__table__.columns)
    .where(EmailProof.address_key == bindparam("address"), EmailProof.purpose == "RESET")
    .order_by(EmailProof.id)
    .with_for_update()
)


def lock_codes(tx: Connection, address_key: str) -> Sequence[AnyRow]:
    """Every code of an address, old and used ones too, held until the transaction ends."""
    return _CODES.all(tx, address=address_key)


def count_tries(tx: Connection, proof_ids: Collection[str], elsewhere: Collection[str]) -> None:
    """Count a try of each code, and of those of `elsewhere` one from another network."""
    is_elsewhere = EmailProof.id.in_(elsewhere)
    tx.execute(
        update(EmailProof)
        .where(EmailProof.id.in_(proof_ids))
        .values(
            attempts=EmailProof.attempts + 1,
            attempts_elsewhere=EmailProof.attempts_elsewhere + case((is_elsewhere, 1), else_=0),
        )
    )


_LINK = Prepared(select(*EmailProof.__table__.columns).where(EmailProof.secret_hash == bindparam("hashed")))


def link(connection: Connection, secret_hash: str) -> AnyRow | None:
    """The proof of a link."""
    return _LINK.first(connection, hashed=secret_hash)


_USE = Prepared(
    update(EmailProof)
    .where(EmailProof.id == bindparam("proof"), EmailProof.used_at.is_(None))
    .values(used_at=bindparam("now", type_=UtcDateTime))
    .returning(EmailProof.id)
)


def use(tx: Connection, proof_id: str, now: datetime) -> bool:
    """Use a proof up; returns whether it was still there to be used."""
    return _USE.first(tx, proof=proof_id, now=now) is not None


def void(tx: Connection, user_id: int, now: datetime) -> None:
    """End an account's codes, and its links that would change the address."""
    own = EmailProof.user_id == user_id
    tx.execute(delete(EmailProof).where(own, EmailProof.purpose == "CHANGE", EmailProof.used_at.is_(None)))
    tx.execute(
        update(EmailProof)
        .where(own, EmailProof.purpose == "RESET", EmailProof.used_at.is_(None))
        .values(used_at=now)
    )


def forget(tx: Connection, user_id: int, email: str) -> None:
    """Delete an account's links and codes, and what was to be mailed of it."""
    of_account = or_(AccountNotice.user_id == user_id, AccountNotice.recipient == email)
    tx.execute(delete(AccountNotice).where(of_account))
    tx.execute(delete(EmailProof).where(EmailProof.user_id == user_id))


_INSERT_NOTICE = Prepared(insert(AccountNotice))


def insert_notice(tx: Connection, values: Mapping[str, object]) -> None:
    """Store what is to be mailed."""
    _INSERT_NOTICE.later(tx, **values)


_ANY_NOTICE = Prepared(select(AccountNotice.key).limit(1))


def any_notice(connection: Connection) -> bool:
    """Return whether anything is to be mailed."""
    return _ANY_NOTICE.first(connection) is not None


_TAKE_NOTICES = Prepared(
    delete(AccountNotice)
    .where(
        AccountNotice.key.in_(
            select(AccountNotice.key)
            .order_by(AccountNotice.created_at)
            .limit(bindparam("count", type_=Integer))
        )
    )
    .returning(*AccountNotice.__table__.columns)
)


def take_notices(tx: Connection, limit: int) -> Sequence[AnyRow]:
    """Take the oldest notices out of the table; of two who do so at once, each gets others."""
    return sorted(_TAKE_NOTICES.all(tx, count=limit), key=lambda row: row.created_at)
