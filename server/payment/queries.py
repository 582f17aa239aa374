"""SQL of the books: charges, refunds and gift cards; one function per question."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, case, delete, insert, select, update

from server.db.base import AnyRow, UtcDateTime
from server.db.prepared import Prepared
from server.db.upsert import insert_for, insert_of
from server.payment.models import (
    Dispute,
    GatewayCharge,
    GatewayCustomer,
    GatewayRefund,
    GiftCard,
    GiftCardEntry,
    PaymentAlert,
    PaymentEvent,
)
from server.payment.status import OPEN

_NEW_CHARGE = Prepared(
    lambda dialect: (
        insert_of(dialect)(GatewayCharge).on_conflict_do_nothing().returning(GatewayCharge.gateway_id)
    )
)
_CHARGE = Prepared(
    select(
        GatewayCharge.status,
        GatewayCharge.gateway_id,
        GatewayCharge.problem,
        GatewayCharge.amount_minor,
        GatewayCharge.currency,
    ).where(GatewayCharge.key == bindparam("asked"))
)


def new_charge(tx: Connection, values: dict[str, Any]) -> bool:
    """Enter a charge; False when its key is taken. Waits for another transaction that is taking it."""
    return _NEW_CHARGE.first(tx, **values, refunded_minor=0) is not None


def charge(connection: Connection, key: str) -> Any:
    """What became of a charge: status, gateway_id, problem and amount; None when there is none."""
    return _CHARGE.first(connection, asked=key)


def decline_charge(tx: Connection, key: str, problem: str) -> None:
    """Turn a charge that was just entered into a declined one."""
    tx.execute(
        update(GatewayCharge)
        .where(GatewayCharge.key == key)
        .values(status="DECLINED", problem=problem, gift_card_id=None)
    )


def book_gift_card(tx: Connection, key: str, gift_card_id: int) -> None:
    """Note which card paid a charge."""
    tx.execute(update(GatewayCharge).where(GatewayCharge.key == key).values(gift_card_id=gift_card_id))


def new_refund(tx: Connection, key: str, charge_key: str, minor: int, now: datetime) -> bool:
    """Enter a refund; False when its key is taken."""
    entered = tx.execute(
        insert_for(tx)(GatewayRefund)
        .values(key=key, charge_key=charge_key, amount_minor=minor, created_at=now)
        .on_conflict_do_nothing()
        .returning(GatewayRefund.key)
    )
    return entered.one_or_none() is not None


def take_from_charge(tx: Connection, key: str, minor: int, currency: str) -> AnyRow | None:
    """Count money as paid back from a captured charge and return its gift card; None when less is left."""
    return tx.execute(
        update(GatewayCharge)
        .where(
            GatewayCharge.key == key,
            GatewayCharge.status == "CAPTURED",
            GatewayCharge.currency == currency,
            GatewayCharge.refunded_minor + minor <= GatewayCharge.amount_minor,
        )
        .values(refunded_minor=GatewayCharge.refunded_minor + minor)
        .returning(GatewayCharge.gift_card_id)
    ).one_or_none()


def new_gift_card(tx: Connection, values: dict[str, Any]) -> AnyRow:
    """Insert a gift card and return it."""
    return tx.execute(insert(GiftCard).values(**values).returning(*GiftCard.__table__.columns)).one()


def gift_card(connection: Connection, code_hash: str) -> AnyRow | None:
    """The card with a code."""
    return connection.execute(
        select(*GiftCard.__table__.columns).where(GiftCard.code_hash == code_hash)
    ).one_or_none()


def take_from_gift_card(
    tx: Connection, code_hash: str, minor: int, currency: str, now: datetime
) -> int | None:
    """Take money from a card that has it, and return the card's id; None when it has not."""
    still_pays = GiftCard.expires_at.is_(None) | (GiftCard.expires_at > now)
    return tx.execute(
        update(GiftCard)
        .where(
            GiftCard.code_hash == code_hash,
            GiftCard.currency == currency,
            GiftCard.balance_minor >= minor,
            still_pays,
        )
        .values(balance_minor=GiftCard.balance_minor - minor)
        .returning(GiftCard.id)
    ).scalar_one_or_none()


def put_on_gift_card(tx: Connection, gift_card_id: int, minor: int, pays_until: datetime) -> None:
    """Put money back on a card, which pays until then at least; one without an end keeps none."""
    moment = bindparam("pays_until", pays_until, type_=UtcDateTime)
    later = case((GiftCard.expires_at < moment, moment), else_=GiftCard.expires_at)
    tx.execute(
        update(GiftCard)
        .where(GiftCard.id == gift_card_id)
        .values(balance_minor=GiftCard.balance_minor + minor, expires_at=later)
    )


def new_entry(tx: Connection, gift_card_id: int, key: str, minor: int, now: datetime) -> None:
    """Note a movement of a card's money."""
    tx.execute(
        insert(GiftCardEntry).values(gift_card_id=gift_card_id, key=key, amount_minor=minor, created_at=now)
    )


def take_event(tx: Connection, values: dict[str, Any]) -> bool:
    """Note that a webhook was taken; False when it had been before."""
    taken = tx.execute(
        insert_for(tx)(PaymentEvent)
        .values(**values)
        .on_conflict_do_nothing()
        .returning(PaymentEvent.event_id)
    )
    return taken.one_or_none() is not None


def customer(connection: Connection, user_id: int, gateway: str) -> str:
    """The id that a gateway knows a user by; empty when it knows none."""
    customer_id = connection.scalar(
        select(GatewayCustomer.customer_id).where(
            GatewayCustomer.user_id == user_id, GatewayCustomer.gateway == gateway
        )
    )
    return str(customer_id or "")


def new_customer(tx: Connection, values: dict[str, Any]) -> None:
    """Note who a gateway knows a user as, unless another call did first."""
    tx.execute(insert_for(tx)(GatewayCustomer).values(**values).on_conflict_do_nothing())


def forget_customer(tx: Connection, user_id: int, gateway: str, customer_id: str) -> None:
    """Forget a customer whom the gateway does not know any more."""
    tx.execute(
        delete(GatewayCustomer).where(
            GatewayCustomer.user_id == user_id,
            GatewayCustomer.gateway == gateway,
            GatewayCustomer.customer_id == customer_id,
        )
    )


def new_alert(tx: Connection, values: dict[str, Any]) -> bool:
    """Note what a person must look at; False when it was noted before."""
    noted = tx.execute(
        insert_for(tx)(PaymentAlert)
        .values(**values)
        .on_conflict_do_nothing(index_elements=[PaymentAlert.key])
        .returning(PaymentAlert.id)
    )
    return noted.one_or_none() is not None


def dispute(tx: Connection, gateway: str, gateway_id: str) -> AnyRow | None:
    """A dispute as its gateway knows it."""
    return tx.execute(
        select(*Dispute.__table__.columns).where(Dispute.gateway == gateway, Dispute.gateway_id == gateway_id)
    ).one_or_none()


def new_dispute(tx: Connection, values: dict[str, Any]) -> AnyRow:
    """Note a dispute, and return it."""
    return tx.execute(insert(Dispute).values(**values).returning(*Dispute.__table__.columns)).one()


def change_dispute(tx: Connection, dispute_id: int, values: dict[str, Any]) -> None:
    """Change a dispute."""
    tx.execute(update(Dispute).where(Dispute.id == dispute_id).values(**values))


def disputes(connection: Connection, order_ids: Sequence[int]) -> dict[int, list[AnyRow]]:
    """The disputes of orders, by order, the oldest first."""
    statement = select(*Dispute.__table__.columns).where(Dispute.order_id.in_(order_ids))
    by_order: dict[int, list[AnyRow]] = {}
    for row in connection.execute(statement.order_by(Dispute.order_id, Dispute.id)):
        by_order.setdefault(row.order_id, []).append(row)
    return by_order


def alert_page(
    connection: Connection, *, include_closed: bool, after: int | None, limit: int
) -> Sequence[AnyRow]:
    """Alerts, the newest first, those before the id `after`."""
    statement = select(*PaymentAlert.__table__.columns)
    if not include_closed:
        statement = statement.where(PaymentAlert.closed_at.is_(None))
    if after is not None:
        statement = statement.where(PaymentAlert.id < after)
    return connection.execute(statement.order_by(PaymentAlert.id.desc()).limit(limit)).all()


def close_alert(tx: Connection, alert_id: int, now: datetime) -> bool:
    """Note that a person is done with an alert; False when it is closed already, or there is none."""
    closed = tx.execute(
        update(PaymentAlert)
        .where(PaymentAlert.id == alert_id, PaymentAlert.closed_at.is_(None))
        .values(closed_at=now)
    )
    return closed.rowcount == 1


def alert(connection: Connection, alert_id: int) -> AnyRow | None:
    """An alert."""
    return connection.execute(
        select(*PaymentAlert.__table__.columns).where(PaymentAlert.id == alert_id)
    ).one_or_none()


def latest_disputes(connection: Connection, order_ids: list[int]) -> dict[int, AnyRow]:
    """The dispute to show of each order that has any: one that is open before one that is not, then the newest."""
    by_order = disputes(connection, order_ids)
    return {
        order_id: max(rows, key=lambda row: (row.status == OPEN, row.id))
        for order_id, rows in by_order.items()
    }
