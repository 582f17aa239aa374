"""SQL of the books, gateways' events and customers, and disputes; one function per question."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from server.db.prepared import Prepared
from server.db.upsert import insert_for, insert_of
from server.db.waiting import StatementResult
from server.money import Money
from server.payment.gateway import CAPTURED, DECLINED, Disputed, Report
from server.payment.models import (
    Dispute,
    GatewayCharge,
    GatewayCustomer,
    GatewayRefund,
    PaymentEvent,
)
from server.payment.records import BookedCharge, OrderDispute, PayingCharge
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
        GatewayCharge.decline_code,
        GatewayCharge.amount_minor,
        GatewayCharge.currency,
    ).where(GatewayCharge.key == bindparam("charge_key"))
)
_DISPUTE = select(*Dispute.__table__.columns)


def new_charge(tx: Connection, charge: BookedCharge, method: str, now: datetime) -> StatementResult:
    """Enter a charge, with the next statement or the commit; there is no row when its key is taken.

    Waits for another transaction that is taking it.
    """
    return _NEW_CHARGE.later(
        tx,
        key=charge.key,
        gateway_id=charge.gateway_id,
        method=method,
        status=charge.status,
        amount_minor=charge.amount_minor,
        refunded_minor=0,
        currency=charge.currency,
        problem=charge.problem,
        decline_code=charge.decline_code,
        gift_card_id=None,
        created_at=now,
    )


def charge(connection: Connection, key: str) -> BookedCharge | None:
    """The charge that was entered with a key."""
    row = _CHARGE.first(connection, charge_key=key)
    return BookedCharge(key=key, **row._asdict()) if row else None


def decline_charge(tx: Connection, key: str, problem: str, decline_code: str) -> None:
    """Turn a charge that was just entered into a declined one."""
    tx.execute(
        update(GatewayCharge)
        .where(GatewayCharge.key == key)
        .values(status=DECLINED, problem=problem, decline_code=decline_code, gift_card_id=None)
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


def take_from_charge(tx: Connection, key: str, minor: int, currency: str) -> PayingCharge | None:
    """Count money as paid back from a captured charge and return that; None when less is left."""
    row = tx.execute(
        update(GatewayCharge)
        .where(
            GatewayCharge.key == key,
            GatewayCharge.status == CAPTURED,
            GatewayCharge.currency == currency,
            GatewayCharge.refunded_minor + minor <= GatewayCharge.amount_minor,
        )
        .values(refunded_minor=GatewayCharge.refunded_minor + minor)
        .returning(GatewayCharge.gift_card_id)
    ).one_or_none()
    return PayingCharge(**row._mapping) if row else None


def take_event(tx: Connection, gateway: str, report: Report, now: datetime) -> bool:
    """Note that a webhook was taken; False when it had been before."""
    content = report.outcome or report.dispute
    taken = tx.execute(
        insert_for(tx)(PaymentEvent)
        .values(
            gateway=gateway,
            event_id=report.event_id[:128],
            charge_key=report.key[:64],
            status=content.status if content else "",
            received_at=now,
        )
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


def new_customer(tx: Connection, user_id: int, gateway: str, customer_id: str, now: datetime) -> None:
    """Note who a gateway knows a user as, unless another call did first."""
    tx.execute(
        insert_for(tx)(GatewayCustomer)
        .values(user_id=user_id, gateway=gateway, customer_id=customer_id, created_at=now)
        .on_conflict_do_nothing()
    )


def forget_customer(tx: Connection, user_id: int, gateway: str, customer_id: str) -> None:
    """Forget a customer whom the gateway does not know any more."""
    tx.execute(
        delete(GatewayCustomer).where(
            GatewayCustomer.user_id == user_id,
            GatewayCustomer.gateway == gateway,
            GatewayCustomer.customer_id == customer_id,
        )
    )


def dispute(tx: Connection, gateway: str, gateway_id: str) -> OrderDispute | None:
    """A dispute as its gateway knows it."""
    row = tx.execute(
        _DISPUTE.where(Dispute.gateway == gateway, Dispute.gateway_id == gateway_id)
    ).one_or_none()
    return OrderDispute(**row._mapping) if row else None


def new_dispute(
    tx: Connection, order_id: int, gateway: str, reported: Disputed, *, amount: Money, now: datetime
) -> OrderDispute:
    """Note that a dispute is open, and return it; `amount` is what it is over."""
    statement = insert(Dispute).values(
        order_id=order_id,
        refund_id=None,
        gateway=gateway,
        gateway_id=reported.gateway_id[:128],
        status=OPEN,
        amount_minor=amount.minor,
        currency=amount.currency,
        reason=reported.reason,
        respond_by=reported.respond_by,
        opened_at=now,
        closed_at=None,
    )
    row = tx.execute(statement.returning(*Dispute.__table__.columns)).one()
    return OrderDispute(**row._mapping)


def update_dispute(tx: Connection, dispute: OrderDispute) -> None:
    """Write what may change of a dispute."""
    tx.execute(
        update(Dispute)
        .where(Dispute.id == dispute.id)
        .values(
            refund_id=dispute.refund_id,
            respond_by=dispute.respond_by,
            status=dispute.status,
            closed_at=dispute.closed_at,
        )
    )


def latest_disputes(connection: Connection, order_ids: Sequence[int]) -> dict[int, OrderDispute]:
    """The dispute to show of each order that has any: one that is open before one that is not, then the newest."""
    rows = connection.execute(_DISPUTE.where(Dispute.order_id.in_(order_ids)))
    latest: dict[int, OrderDispute] = {}
    for one in sorted((OrderDispute(**row._mapping) for row in rows), key=_precedence):
        latest[one.order_id] = one
    return latest


def _precedence(dispute: OrderDispute) -> tuple[bool, int]:
    return dispute.status == OPEN, dispute.id
