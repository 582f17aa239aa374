"""SQL of what a person must look at; one function per question."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select, update

from server.db.upsert import insert_for
from server.payment.models import PaymentAlert
from server.payment.records import RecordedAlert

_ALERT = select(
    PaymentAlert.id,
    PaymentAlert.kind,
    PaymentAlert.gateway,
    PaymentAlert.gateway_id,
    PaymentAlert.order_id,
    PaymentAlert.problem,
    PaymentAlert.created_at,
    PaymentAlert.closed_at,
)


def new_alert(
    tx: Connection,
    key: str,
    *,
    kind: str,
    gateway: str,
    gateway_id: str,
    order_id: int | None,
    problem: str,
    now: datetime,
) -> bool:
    """Note what a person must look at; False when it was noted before."""
    noted = tx.execute(
        insert_for(tx)(PaymentAlert)
        .values(
            key=key,
            kind=kind,
            gateway=gateway,
            gateway_id=gateway_id,
            order_id=order_id,
            problem=problem,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=[PaymentAlert.key])
        .returning(PaymentAlert.id)
    )
    return noted.one_or_none() is not None


def alert_page(
    connection: Connection, *, include_closed: bool, after: int | None, limit: int
) -> list[RecordedAlert]:
    """Alerts, the newest first, those before the id `after`."""
    statement = _ALERT
    if not include_closed:
        statement = statement.where(PaymentAlert.closed_at.is_(None))
    if after is not None:
        statement = statement.where(PaymentAlert.id < after)
    rows = connection.execute(statement.order_by(PaymentAlert.id.desc()).limit(limit))
    return [RecordedAlert(**row._mapping) for row in rows]


def close_alert(tx: Connection, alert_id: int, now: datetime) -> bool:
    """Note that a person is done with an alert; False when it is closed already, or there is none."""
    closed = tx.execute(
        update(PaymentAlert)
        .where(PaymentAlert.id == alert_id, PaymentAlert.closed_at.is_(None))
        .values(closed_at=now)
    )
    return closed.rowcount == 1


def alert(connection: Connection, alert_id: int) -> RecordedAlert | None:
    """An alert."""
    row = connection.execute(_ALERT.where(PaymentAlert.id == alert_id)).one_or_none()
    return RecordedAlert(**row._mapping) if row else None
