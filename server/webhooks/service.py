"""The rules of the webhooks' addresses and deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from server.audit.log import Actor, write
from server.db.base import AnyRow
from server.db.rows import changed_columns
from server.errors import TooMany
from server.etags import check_etag, etag_of_content
from server.events.log import publish
from server.events.topics import WebhookChanged
from server.webhooks import queries
from server.webhooks.address import origin
from server.webhooks.errors import DeliveryNotFound, WebhookNotFound, WebhookSwitchedOff

CONSUMER: Final = "webhooks"
MAX_ENDPOINTS: Final = 20
KEEP_TRYING: Final = timedelta(days=1)
EVENT_TYPES: Final = frozenset(
    {
        "order.placed",
        "order.confirmed",
        "order.processing",
        "order.shipped",
        "order.shipment_changed",
        "order.delivered",
        "order.cancelled",
        "order.return_requested",
        "order.returned",
        "order.refunded",
    }
)


@dataclass(frozen=True)
class EndpointChanges:
    """What an endpoint shall be; None leaves it as it is."""

    url: str | None = None
    event_types: Sequence[str] | None = None
    active: bool | None = None


def create(
    tx: Connection, url: str, event_types: Sequence[str], salt: str, *, active: bool, now: datetime
) -> AnyRow:
    """Register an endpoint, whose secret follows from the salt. Raises TooMany."""
    if queries.count_endpoints(tx, CONSUMER) >= MAX_ENDPOINTS:
        raise TooMany(limit=MAX_ENDPOINTS, resources="webhook endpoints")
    endpoint_id = queries.insert_endpoint(
        tx,
        {
            "url": url,
            "event_types": sorted(event_types),
            "salt": salt,
            "active": active,
            "disabled_reason": "",
            "failing_since": None,
            "created_at": now,
            "updated_at": now,
        },
    )
    return read(tx, endpoint_id)


def read(connection: Connection, endpoint_id: int) -> AnyRow:
    """An endpoint. Raises WebhookNotFound."""
    row = queries.endpoint(connection, endpoint_id)
    if row is None:
        raise WebhookNotFound(endpoint_id=endpoint_id)
    return row


def etag_of(endpoint: AnyRow) -> str:
    """Return the etag of an endpoint."""
    return etag_of_content(
        endpoint.version,
        endpoint.url,
        endpoint.event_types,
        endpoint.active,
        endpoint.disabled_reason,
        endpoint.salt,
    )


def change(
    tx: Connection, endpoint_id: int, changes: EndpointChanges, etag: str, *, actor: Actor, now: datetime
) -> AnyRow:
    """Change an endpoint; one that is switched on or off by hand is forgiven its failures.

    Whoever sends the whole endpoint as it was read has not switched it. Raises WebhookNotFound and StaleEtag.
    """
    before = _lock(tx, endpoint_id, etag)
    is_whole = changes.url is not None
    values: dict[str, object] = {}
    if changes.url is not None:
        values |= {"url": changes.url}
    if changes.event_types is not None:
        values |= {"event_types": sorted(changes.event_types)}
    if changes.active is not None and not (is_whole and changes.active == before.active):
        values |= {"active": changes.active, "disabled_reason": "", "failing_since": None}
    values = changed_columns(before, values)
    if not values:
        return before
    queries.update_endpoint(tx, endpoint_id, values | {"updated_at": now})
    publish(tx, WebhookChanged(endpoint_id))
    changed = read(tx, endpoint_id)
    note(tx, "UpdateWebhookEndpoint", changed, actor)
    return changed


def note(tx: Connection, action: str, endpoint: AnyRow, actor: Actor) -> None:
    """Note in the audit log what an endpoint is now; of its address the origin, for the rest may be secret."""
    facts = {"origin": origin(endpoint.url), "active": endpoint.active}
    write(tx, actor, action, f"webhook/{endpoint.id}", endpoint.updated_at, **facts)


def rotate_secret(tx: Connection, endpoint_id: int, salt: str, overlap: timedelta, now: datetime) -> AnyRow:
    """Give an endpoint another salt, and so a new secret, beside which the old one signs for a while.

    Raises WebhookNotFound.
    """
    until = now + overlap if overlap else None
    if not queries.replace_salt(tx, endpoint_id, salt, until, now):
        raise WebhookNotFound(endpoint_id=endpoint_id)
    return read(tx, endpoint_id)


def remove(tx: Connection, endpoint_id: int, etag: str) -> None:
    """Delete an endpoint and its deliveries. Raises WebhookNotFound and StaleEtag."""
    _lock(tx, endpoint_id, etag)
    queries.delete_endpoint(tx, endpoint_id)


def _lock(tx: Connection, endpoint_id: int, etag: str) -> AnyRow:
    """An endpoint, which nobody else changes meanwhile. Raises WebhookNotFound and StaleEtag."""
    endpoint = queries.endpoint(tx, endpoint_id, lock=True)
    if endpoint is None:
        raise WebhookNotFound(endpoint_id=endpoint_id)
    check_etag(etag, etag_of(endpoint), "webhook endpoint")
    return endpoint


def read_delivery(connection: Connection, delivery_id: int) -> AnyRow:
    """A delivery. Raises DeliveryNotFound."""
    row = queries.delivery(connection, delivery_id)
    if row is None:
        raise DeliveryNotFound(delivery_id=delivery_id)
    return row


def replay(tx: Connection, delivery_id: int, now: datetime) -> AnyRow:
    """Have a delivery sent once more, and for a day. Raises DeliveryNotFound and WebhookSwitchedOff."""
    is_replayed = queries.replay(tx, delivery_id, now, now + KEEP_TRYING)
    row = read_delivery(tx, delivery_id)
    if not is_replayed:
        raise WebhookSwitchedOff(endpoint_id=row.endpoint_id)
    publish(tx, WebhookChanged(row.endpoint_id))
    return row
