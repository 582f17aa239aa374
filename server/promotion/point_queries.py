"""SQL of points: accounts and their ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select, update

from server.db.base import AnyRow, Statement
from server.db.prepared import Prepared
from server.db.upsert import insert_of
from server.promotion.models import LoyaltyAccount, PointsEntry


@dataclass(frozen=True, slots=True)
class Account:
    """A user's points, what they owe of points that were spent and taken back, and what counts for the tier."""

    points: int
    owed: int
    lifetime: int


_SPEND = Prepared(
    update(LoyaltyAccount)
    .where(LoyaltyAccount.user_id == bindparam("owner"), LoyaltyAccount.points >= bindparam("spent"))
    .values(points=LoyaltyAccount.points - bindparam("spent"))
    .returning(LoyaltyAccount.points)
)


def spend(tx: Connection, user_id: int, points: int) -> bool:
    """Take points from a user's account; False when there are fewer."""
    return _SPEND.first(tx, owner=user_id, spent=points) is not None


def _credit_on(dialect: str) -> Statement:
    names = ("user_id", "points", "owed", "lifetime")
    new = insert_of(dialect)(LoyaltyAccount).values({name: bindparam(name) for name in names})
    moved = (LoyaltyAccount.points, LoyaltyAccount.owed, LoyaltyAccount.lifetime)
    statement: Statement = new.on_conflict_do_update(
        index_elements=[LoyaltyAccount.user_id],
        set_={column.key: column + new.excluded[column.key] for column in moved},
    )
    return statement


_CREDIT = Prepared(_credit_on)


def credit(tx: Connection, user_id: int, points: int, owed: int = 0, lifetime: int = 0) -> None:
    """Move a user's points, what of them is owed, and those that count for the tier; opens the account."""
    _CREDIT.run(tx, user_id=user_id, points=points, owed=owed, lifetime=lifetime)


_INSERT_ENTRY = Prepared(insert(PointsEntry))


def insert_entry(tx: Connection, values: Mapping[str, object]) -> None:
    """Add an entry to the ledger. The unique index refuses one that is booked already."""
    _INSERT_ENTRY.later(tx, **({"order_id": None, "reason": "", "ref": ""} | dict(values)))


def lock_account(tx: Connection, user_id: int) -> tuple[int, int]:
    """A user's points and what they owe, locked until the transaction ends where they have an account."""
    row = tx.execute(
        select(LoyaltyAccount.points, LoyaltyAccount.owed)
        .where(LoyaltyAccount.user_id == user_id)
        .with_for_update()
    ).one_or_none()
    return (row.points, row.owed) if row else (0, 0)


def booked(connection: Connection, order_id: int) -> Sequence[AnyRow]:
    """What the ledger holds of an order: kind, points and ref of each entry."""
    return connection.execute(
        select(PointsEntry.kind, PointsEntry.points, PointsEntry.ref).where(PointsEntry.order_id == order_id)
    ).all()


def account(connection: Connection, user_id: int) -> Account:
    """Where a user's points stand."""
    row = connection.execute(
        select(LoyaltyAccount.points, LoyaltyAccount.owed, LoyaltyAccount.lifetime).where(
            LoyaltyAccount.user_id == user_id
        )
    ).one_or_none()
    return Account(row.points, row.owed, row.lifetime) if row else Account(0, 0, 0)


def entry_page(
    connection: Connection, user_id: int, after: Sequence[object] | None, limit: int
) -> Sequence[AnyRow]:
    """A user's ledger, the newest first, after the key (id)."""
    statement = select(*PointsEntry.__table__.columns).where(PointsEntry.user_id == user_id)
    if after is not None:
        statement = statement.where(PointsEntry.id < after[0])
    return connection.execute(statement.order_by(PointsEntry.id.desc()).limit(limit)).all()
