"""SQL of the mails. They are about orders and accounts, so they may read their tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Integer, bindparam, exists, func, literal, or_, select, text, update
from sqlalchemy.orm import aliased

from server.auth.recovery.models import AccountNotice
from server.catalog.models import ORDERABLE, InventoryLevel, Product, Variant
from server.crypto.vault import Cell, Vault
from server.db.base import AnyRow, Statement, UtcDateTime
from server.db.prepared import Prepared
from server.db.rows import columns_of, replaced
from server.db.sealing import vault_of
from server.db.upsert import insert_of
from server.mail.models import Mail
from server.order import status
from server.order.models import Order, OrderEvent, OrderLine
from server.payment.models import PaymentAlert
from server.user.models import User
from server.user.sealed_addresses import open_snapshot

KEEP_TRYING = timedelta(days=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMail:
    """A mail to be written, with the values of its columns."""

    key: str
    kind: str
    recipient: str
    subject: str
    plain: str
    html: str
    order_id: int | None = None
    user_id: int | None = None
    about: Sequence[int] | None = None
    status: str = "PENDING"
    attempts: int = 0
    error: str = ""
    created_at: datetime
    next_attempt_at: datetime
    retry_until: datetime


def new_mail(
    *,
    key: str,
    kind: str,
    recipient: str,
    subject: str,
    plain: str,
    html: str,
    now: datetime,
    order_id: int | None = None,
    user_id: int | None = None,
    about: Sequence[int] | None = None,
) -> NewMail:
    """A mail that is to be sent from now on."""
    return NewMail(
        key=key,
        order_id=order_id,
        user_id=user_id,
        kind=kind,
        recipient=recipient,
        subject=subject,
        plain=plain,
        html=html,
        about=about,
        created_at=now,
        next_attempt_at=now,
        retry_until=now + KEEP_TRYING,
    )


def orders(connection: Connection, order_ids: Sequence[int]) -> dict[int, AnyRow]:
    """Orders with the name and address of their buyers, opened.

    Those of guests, and of accounts that were deleted, are left out: nobody is to be written to.
    """
    statement = (
        select(*Order.__table__.columns, User.email, User.full_name)
        .join(User, User.id == Order.user_id)
        .where(Order.id.in_(order_ids), User.email != "")
    )
    vault = vault_of(connection)
    return {
        row.id: replaced(row, address=open_snapshot(vault, row.address, row.id))
        for row in connection.execute(statement)
    }


def lines(connection: Connection, order_ids: Sequence[int]) -> dict[int, list[AnyRow]]:
    """The lines of orders, by order, in their order."""
    statement = select(
        OrderLine.order_id,
        OrderLine.position,
        OrderLine.sku,
        OrderLine.name,
        OrderLine.options,
        OrderLine.quantity,
        OrderLine.total_minor,
    ).where(OrderLine.order_id.in_(order_ids))
    by_order: dict[int, list[AnyRow]] = {order_id: [] for order_id in order_ids}
    for row in connection.execute(statement.order_by(OrderLine.order_id, OrderLine.position)):
        by_order[row.order_id].append(row)
    return by_order


def acknowledged(connection: Connection, order_ids: Sequence[int]) -> set[int]:
    """Those of the orders that were ever paid, so that their buyers got a mail."""
    statement = select(OrderEvent.order_id).where(
        OrderEvent.order_id.in_(order_ids), OrderEvent.status == status.CONFIRMED
    )
    return set(connection.execute(statement).scalars())


def low_stock(connection: Connection, threshold: int) -> list[int]:
    """The variants on sale of which at most `threshold` units are left, the scarcest first."""
    units = func.sum(ORDERABLE)
    statement = (
        select(Variant.id)
        .join(Product, Product.id == Variant.product_id)
        .join(InventoryLevel, InventoryLevel.variant_id == Variant.id)
        .where(Product.deleted_at.is_(None), Variant.deleted_at.is_(None))
        .group_by(Variant.id)
        .having(units <= threshold)
        .order_by(units, Variant.id)
    )
    return list(connection.execute(statement).scalars())


def stock_of(connection: Connection, variant_ids: Sequence[int]) -> Sequence[AnyRow]:
    """The names and options of variants, and the units left of each, the scarcest first."""
    units = func.sum(ORDERABLE).label("units")
    left = (
        select(InventoryLevel.variant_id, units)
        .join(Variant, Variant.id == InventoryLevel.variant_id)
        .where(Variant.id.in_(variant_ids))
        .group_by(InventoryLevel.variant_id)
        .subquery()
    )
    return connection.execute(
        select(Variant.id, Variant.sku, Variant.options, Product.name, left.c.units)
        .join(left, left.c.variant_id == Variant.id)
        .join(Product, Product.id == Variant.product_id)
        .order_by(left.c.units, Variant.id)
    ).all()


def last_low_stock(connection: Connection) -> AnyRow | None:
    """The last mail about low stock."""
    return connection.execute(
        select(Mail.id, Mail.about).where(Mail.kind == "low_stock").order_by(Mail.id.desc()).limit(1)
    ).one_or_none()


def set_about(tx: Connection, mail_id: int, variant_ids: list[int] | None) -> None:
    """Note which variants of a mail about low stock are still low; None when a later one notes them."""
    tx.execute(update(Mail).where(Mail.id == mail_id).values(about=variant_ids))


def unreported_alerts(tx: Connection, limit: int) -> Sequence[AnyRow]:
    """Alerts that no mail has reported yet, the oldest first."""
    return tx.execute(
        select(
            PaymentAlert.id,
            PaymentAlert.kind,
            PaymentAlert.gateway,
            PaymentAlert.problem,
            PaymentAlert.created_at,
        )
        .where(PaymentAlert.mailed_at.is_(None))
        .order_by(PaymentAlert.id)
        .limit(limit)
    ).all()


def mark_alerts_reported(tx: Connection, alert_ids: Sequence[int], now: datetime) -> None:
    """Note that a mail reports these alerts."""
    tx.execute(
        update(PaymentAlert).where(PaymentAlert.id.in_(alert_ids)).values({PaymentAlert.mailed_at: now})
    )


THE_SHOP: Final = 0
"""Whose a mail is that is sealed before the shop seals by cell: no user's."""

BODIES: Final = ("plain", "html")
"""The columns that say where an order goes: they are sealed."""

_NEW_COLUMNS = tuple(field.name for field in fields(NewMail))
_INSERT = Prepared(
    lambda dialect: (
        insert_of(dialect)(Mail).on_conflict_do_nothing(index_elements=[Mail.key]).returning(Mail.id)
    )
)


def insert(tx: Connection, mails: Sequence[NewMail]) -> None:
    """Write mails; one whose key exists already is left out."""
    vault = vault_of(tx)
    for mail in mails:
        sealed = {name: vault.seal(getattr(mail, name), cell_of(name, mail.key)) for name in BODIES}
        _INSERT.later(tx, **columns_of(mail, _NEW_COLUMNS) | sealed)


def cell_of(body: str, key: str) -> Cell:
    """Where a body of a mail is sealed to."""
    return Cell(f"mails.{body}", key)


# The state stands in the text for the index's sake.
_WAITS = text("mails.status = 'PENDING'")
_ANY_WAITS = Prepared(
    select(literal(1)).where(or_(select(Mail.id).where(_WAITS).exists(), select(AccountNotice.key).exists()))
)


def any_waits(connection: Connection) -> bool:
    """True while a mail is still to be sent, now or later, or to be written from a notice."""
    return _ANY_WAITS.first(connection) is not None


def _due() -> Statement:
    earlier = aliased(Mail, name="earlier")
    waits_for_another = exists().where(
        earlier.order_id == Mail.order_id, text("earlier.status = 'PENDING'"), earlier.id < Mail.id
    )
    return (
        select(*Mail.__table__.columns)
        .where(_WAITS, Mail.next_attempt_at <= bindparam("now", type_=UtcDateTime), ~waits_for_another)
        .order_by(Mail.id)
        .limit(bindparam("most", type_=Integer))
    )


_DUE = Prepared(_due())


def due(connection: Connection, now: datetime, limit: int) -> Sequence[AnyRow]:
    """The mails to send now; of each order only the first that waits."""
    return _DUE.all(connection, now=now, most=limit)


def opened(vault: Vault, mail: AnyRow) -> AnyRow:
    """A mail with its bodies open. Raises Unreadable."""
    bodies = {
        name: vault.open_token(getattr(mail, name), cell_of(name, mail.key), THE_SHOP) for name in BODIES
    }
    return replaced(mail, **bodies)


_MARK_SENT = Prepared(
    update(Mail)
    .where(Mail.id == bindparam("taken"), _WAITS)
    .values(attempts=Mail.attempts + 1, status="SENT", error="", sent_at=bindparam("now", type_=UtcDateTime))
)


def mark_sent(tx: Connection, mail_id: int, now: datetime) -> None:
    """Record that a mail was taken, unless another worker has sent it meanwhile."""
    _MARK_SENT.later(tx, taken=mail_id, now=now)


def mark_failed(tx: Connection, mail_id: int, error: str) -> None:
    """Record that a mail will never be taken, unless another worker has sent it meanwhile."""
    _mark(tx, mail_id, status="FAILED", error=error)


def postpone(tx: Connection, mail_id: int, error: str, next_attempt: datetime, retry_until: datetime) -> None:
    """Record that a mail was not taken, and is tried again at `next_attempt`, unless it was sent meanwhile."""
    _mark(tx, mail_id, error=error, next_attempt_at=next_attempt, retry_until=retry_until)


def _mark(tx: Connection, mail_id: int, **values: object) -> None:
    tx.execute(
        update(Mail)
        .where(Mail.id == mail_id, Mail.status == "PENDING")
        .values(attempts=Mail.attempts + 1, **values)
    )
