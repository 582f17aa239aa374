"""SQL of the webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, exists, func, insert, or_, select, text, update
from sqlalchemy.orm import aliased

from server.db.base import AnyRow
from server.db.prepared import Prepared
from server.db.upsert import insert_for
from server.events.models import ConsumerPosition
from server.webhooks.models import WebhookDelivery, WebhookEndpoint

_ENDPOINTS = select(*WebhookEndpoint.__table__.columns)
_DELIVERIES = select(*WebhookDelivery.__table__.columns)
_RECEIVING = Prepared(
    _ENDPOINTS.where(or_(WebhookEndpoint.active, WebhookEndpoint.disabled_reason != "")).order_by(
        WebhookEndpoint.id
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelivery:
    """A delivery to be written, with the values of its columns."""

    endpoint_id: int
    event_id: int
    event_type: str
    order_id: int
    body: str
    status: str = "PENDING"
    attempts: int = 0
    response_code: int = 0
    error: str = ""
    created_at: datetime
    next_attempt_at: datetime
    retry_until: datetime


def endpoint_page(connection: Connection, after: Sequence[object] | None, limit: int) -> Sequence[AnyRow]:
    """The endpoints, the oldest first, after the key (id)."""
    statement = _ENDPOINTS
    if after is not None:
        statement = statement.where(WebhookEndpoint.id > after[0])
    return connection.execute(statement.order_by(WebhookEndpoint.id).limit(limit)).all()


def receiving_endpoints(connection: Connection) -> Sequence[AnyRow]:
    """The endpoints for which deliveries are written: all but those that were switched off by hand."""
    return _RECEIVING.all(connection)


def endpoint(connection: Connection, endpoint_id: int, *, lock: bool = False) -> AnyRow | None:
    """An endpoint; `lock` holds it until the transaction ends."""
    statement = _ENDPOINTS.where(WebhookEndpoint.id == endpoint_id)
    return connection.execute(statement.with_for_update() if lock else statement).one_or_none()


def count_endpoints(tx: Connection, consumer: str) -> int:
    """Return how many endpoints there are; nobody else counts them until the transaction has ended."""
    tx.execute(select(ConsumerPosition.name).where(ConsumerPosition.name == consumer).with_for_update()).all()
    return tx.execute(select(func.count()).select_from(WebhookEndpoint)).scalar_one()


def insert_endpoint(tx: Connection, values: dict[str, object]) -> int:
    """Insert an endpoint and return its id."""
    return int(tx.execute(insert(WebhookEndpoint).values(values).returning(WebhookEndpoint.id)).scalar_one())


def update_endpoint(tx: Connection, endpoint_id: int, values: dict[str, object]) -> None:
    """Change an endpoint and count its version up."""
    statement = update(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id)
    tx.execute(statement.values(**values, version=WebhookEndpoint.version + 1))


def replace_salt(
    tx: Connection, endpoint_id: int, salt: str, old_until: datetime | None, now: datetime
) -> bool:
    """Give an endpoint another salt, and keep the old one until then, if at all; False when there is none.

    One statement: of two at once, the second keeps the first one's as the old one.
    """
    changed = tx.execute(
        update(WebhookEndpoint)
        .where(WebhookEndpoint.id == endpoint_id)
        .values(
            salt=salt,
            old_salt=None if old_until is None else WebhookEndpoint.salt,
            old_salt_until=old_until,
            updated_at=now,
            version=WebhookEndpoint.version + 1,
        )
    )
    return changed.rowcount == 1


def delete_endpoint(tx: Connection, endpoint_id: int) -> None:
    """Delete an endpoint with its deliveries."""
    tx.execute(delete(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id))


def insert_deliveries(tx: Connection, deliveries: Sequence[NewDelivery]) -> None:
    """Write deliveries; one that was written already, or whose endpoint was deleted meanwhile, is left out."""
    if not deliveries:
        return
    # The lock holds off who deletes an endpoint until its deliveries are there to be deleted with it.
    statement = select(WebhookEndpoint.id).with_for_update(read=True, key_share=True)
    endpoint_ids = set(tx.execute(statement).scalars())
    rows = [asdict(delivery) for delivery in deliveries if delivery.endpoint_id in endpoint_ids]
    if rows:  # row by row: in one statement thousands would have more parameters than a database takes
        tx.execute(insert_for(tx)(WebhookDelivery).on_conflict_do_nothing(), rows)


def delivery(connection: Connection, delivery_id: int) -> AnyRow | None:
    """A delivery."""
    return connection.execute(_DELIVERIES.where(WebhookDelivery.id == delivery_id)).one_or_none()


def delivery_page(
    connection: Connection, endpoint_id: int, status: str | None, after: Sequence[object] | None, limit: int
) -> Sequence[AnyRow]:
    """The deliveries of an endpoint, the newest first, after the key (id)."""
    statement = _DELIVERIES.where(WebhookDelivery.endpoint_id == endpoint_id)
    if status is not None:
        statement = statement.where(WebhookDelivery.status == status)
    if after is not None:
        statement = statement.where(WebhookDelivery.id < after[0])
    return connection.execute(statement.order_by(WebhookDelivery.id.desc()).limit(limit)).all()


def replay(tx: Connection, delivery_id: int, now: datetime, retry_until: datetime) -> bool:
    """Have a delivery sent once more; False when there is none, or its endpoint is switched off."""
    active = exists().where(WebhookEndpoint.id == WebhookDelivery.endpoint_id, WebhookEndpoint.active)
    replayed = tx.execute(
        update(WebhookDelivery)
        .where(WebhookDelivery.id == delivery_id, active)
        .values(status="PENDING", attempts=0, next_attempt_at=now, retry_until=retry_until, delivered_at=None)
    )
    return replayed.rowcount == 1


def waiting_endpoints(connection: Connection, now: datetime) -> Sequence[AnyRow]:
    """The active endpoints to which something is to be sent now."""
    # The first one is looked for, in order: EXISTS would have PostgreSQL go through all that waits.
    first = (
        select(WebhookDelivery.id)
        .where(WebhookDelivery.endpoint_id == WebhookEndpoint.id, _due(now))
        .order_by(WebhookDelivery.id)
        .limit(1)
        .correlate(WebhookEndpoint)
        .scalar_subquery()
    )
    return connection.execute(_ENDPOINTS.where(WebhookEndpoint.active, first.is_not(None))).all()


# The state stands in the text for the index's sake.
_FIRST_PENDING = (
    select(WebhookDelivery.id)
    .where(WebhookDelivery.endpoint_id == WebhookEndpoint.id, text("webhook_deliveries.status = 'PENDING'"))
    .limit(1)
    .correlate(WebhookEndpoint)
    .scalar_subquery()
)
_ANY_WAITS = Prepared(
    select(WebhookEndpoint.id).where(WebhookEndpoint.active, _FIRST_PENDING.is_not(None)).limit(1)
)


def any_waits(connection: Connection) -> bool:
    """Return whether a delivery is still to be sent to an active endpoint, now or later."""
    return _ANY_WAITS.first(connection) is not None


def due(connection: Connection, endpoint_id: int, now: datetime, limit: int) -> Sequence[AnyRow]:
    """Return what is to be sent to an endpoint now; of each order only the first that waits."""
    return connection.execute(
        _DELIVERIES.where(WebhookDelivery.endpoint_id == endpoint_id, _due(now))
        .order_by(WebhookDelivery.id)
        .limit(limit)
    ).all()


def _due(now: datetime) -> ColumnElement[bool]:
    earlier = aliased(WebhookDelivery)
    waits_for_another = exists().where(
        earlier.endpoint_id == WebhookDelivery.endpoint_id,
        earlier.order_id == WebhookDelivery.order_id,
        earlier.status == "PENDING",
        earlier.id < WebhookDelivery.id,
    )
    return (
        (WebhookDelivery.status == "PENDING") & (WebhookDelivery.next_attempt_at <= now) & ~waits_for_another
    )


def mark(tx: Connection, delivery_id: int, attempts: int, values: dict[str, object]) -> None:
    """Record an attempt, unless another worker recorded one, or the delivery was replayed, meanwhile."""
    tx.execute(
        update(WebhookDelivery)
        .where(
            WebhookDelivery.id == delivery_id,
            WebhookDelivery.status == "PENDING",
            WebhookDelivery.attempts == attempts,
        )
        .values(attempts=attempts + 1, **values)
    )


def note_success(tx: Connection, endpoint_id: int) -> None:
    """An endpoint works."""
    tx.execute(
        update(WebhookEndpoint)
        .where(WebhookEndpoint.id == endpoint_id, WebhookEndpoint.failing_since.is_not(None))
        .values(failing_since=None)
    )


def note_failure(tx: Connection, endpoint_id: int, now: datetime) -> None:
    """An endpoint does not work."""
    tx.execute(
        update(WebhookEndpoint)
        .where(WebhookEndpoint.id == endpoint_id, WebhookEndpoint.failing_since.is_(None))
        .values(failing_since=now)
    )


def disable(tx: Connection, endpoint_id: int, failing_before: datetime, reason: str, now: datetime) -> bool:
    """Switch an endpoint off that has not worked since then."""
    disabled = tx.execute(
        update(WebhookEndpoint)
        .where(
            WebhookEndpoint.id == endpoint_id,
            WebhookEndpoint.active,
            WebhookEndpoint.failing_since <= failing_before,
        )
        .values(active=False, disabled_reason=reason, updated_at=now, version=WebhookEndpoint.version + 1)
    )
    return disabled.rowcount == 1
