"""SQL of the saved payment methods: one function per question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, delete, func, insert, select, tuple_, update

from server.db.base import AnyRow
from server.db.ids import next_id
from server.user.models import PaymentMethod

_SHOWN = tuple(column for column in PaymentMethod.__table__.columns if column.name != "token")


def payment_method_page(
    connection: Connection, user_id: int, after: Sequence[object] | None, limit: int
) -> Sequence[AnyRow]:
    """A user's saved payment methods without their tokens, the default first, then the newest.

    Only those after the keys (is_default, id).
    """
    keys = (PaymentMethod.is_default, PaymentMethod.id)
    statement = select(*_SHOWN).where(PaymentMethod.user_id == user_id)
    if after is not None:
        statement = statement.where(tuple_(*keys) < tuple(after))
    return connection.execute(statement.order_by(*(key.desc() for key in keys)).limit(limit)).all()


def payment_method(connection: Connection, user_id: int, payment_method_id: int) -> AnyRow | None:
    """One of a user's saved payment methods, without its token."""
    return connection.execute(
        select(*_SHOWN).where(PaymentMethod.id == payment_method_id, PaymentMethod.user_id == user_id)
    ).one_or_none()


def token(connection: Connection, user_id: int, payment_method_id: int) -> AnyRow | None:
    """The kind and the token of one of a user's payment methods."""
    return connection.execute(
        select(PaymentMethod.kind, PaymentMethod.token).where(
            PaymentMethod.id == payment_method_id, PaymentMethod.user_id == user_id
        )
    ).one_or_none()


def count(tx: Connection, user_id: int) -> tuple[int, int]:
    """Return how many payment methods a user has saved, and an unused id for another one."""
    new_id = next_id(PaymentMethod, tx.dialect.name)
    saved, method_id = tx.execute(select(func.count(), new_id).where(PaymentMethod.user_id == user_id)).one()
    return saved, method_id


def add(tx: Connection, user_id: int, values: Mapping[str, object]) -> AnyRow:
    """Save a payment method and return it, without its token."""
    return tx.execute(insert(PaymentMethod).values(user_id=user_id, **values).returning(*_SHOWN)).one()


def clear_default(tx: Connection, user_id: int) -> None:
    """Leave a user without a default payment method."""
    tx.execute(
        update(PaymentMethod)
        .where(PaymentMethod.user_id == user_id, PaymentMethod.is_default)
        .values(is_default=False, version=PaymentMethod.version + 1)
    )


def make_default(tx: Connection, user_id: int, payment_method_id: int) -> AnyRow:
    """Make one of a user's payment methods, which must exist, the default and return it, without its token."""
    return tx.execute(
        update(PaymentMethod)
        .where(PaymentMethod.id == payment_method_id, PaymentMethod.user_id == user_id)
        .values(is_default=True, version=PaymentMethod.version + 1)
        .returning(*_SHOWN)
    ).one()


def make_newest_default(tx: Connection, user_id: int) -> None:
    """Make a user's newest payment method the default; does nothing when there is none."""
    newest = select(func.max(PaymentMethod.id)).where(PaymentMethod.user_id == user_id).scalar_subquery()
    tx.execute(
        update(PaymentMethod)
        .where(PaymentMethod.id == newest)
        .values(is_default=True, version=PaymentMethod.version + 1)
    )


def remove(tx: Connection, user_id: int, payment_method_id: int) -> bool | None:
    """Delete a payment method; whether it was the default, or None when the user has none with this id."""
    return tx.scalar(
        delete(PaymentMethod)
        .where(PaymentMethod.id == payment_method_id, PaymentMethod.user_id == user_id)
        .returning(PaymentMethod.is_default)
    )
