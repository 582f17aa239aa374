"""Between the webhooks' protobuf messages and plain values."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Final

from google.protobuf.field_mask_pb2 import FieldMask
from sanset.v1 import webhook_pb2 as pb

from server.db.base import AnyRow
from server.errors import InvalidField
from server.rpc.updates import masked_values
from server.rpc.wire import time_to_wire
from server.webhooks.courier import Answer
from server.webhooks.outbox import sent_body
from server.webhooks.service import EVENT_TYPES, EndpointChanges, etag_of

DEFAULT_OVERLAP: Final = timedelta(days=1)


def changes_from_wire(endpoint: pb.WebhookEndpoint, mask: FieldMask | None) -> EndpointChanges:
    """Return what an update makes of an endpoint (see updates.masked_values).

    Raises InvalidUpdateMask, and InvalidField for events that there are not.
    """
    return EndpointChanges(
        **masked_values(
            endpoint,
            mask,
            "endpoint",
            stays=("active",),  # whoever replaces everything need not switch anything on or off
            event_types=event_types_from_wire,
            active=lambda sent: sent.active or not sent.HasField("active"),
        )
    )


def overlap_from_wire(request: pb.RotateWebhookSecretRequest) -> timedelta:
    """How long an old secret signs beside a new one."""
    is_said = request.HasField("overlap_seconds")
    return timedelta(seconds=request.overlap_seconds) if is_said else DEFAULT_OVERLAP


def ping_body(now: datetime) -> bytes:
    """The JSON of a test."""
    return json.dumps({"id": 0, "type": "ping", "time": now.isoformat()}, separators=(",", ":")).encode()


def answer_to_wire(answer: Answer) -> pb.PingWebhookEndpointResponse:
    """What an endpoint answered to a test."""
    return pb.PingWebhookEndpointResponse(
        delivered=answer.is_taken, response_code=answer.code, error=answer.error
    )


def event_types_from_wire(endpoint: pb.WebhookEndpoint) -> list[str]:
    """Return the events that an endpoint wants. Raises InvalidField for unknown ones."""
    for index, event_type in enumerate(endpoint.event_types):
        if event_type not in EVENT_TYPES:
            types = ", ".join(sorted(EVENT_TYPES))
            raise InvalidField((f"endpoint.event_types[{index}]", f"must be one of {types}"))
    return list(endpoint.event_types)


def endpoint_to_wire(row: AnyRow, now: datetime, secret: str = "") -> pb.WebhookEndpoint:
    """An endpoint; with its secret only when that is new."""
    overlaps = row.old_salt_until is not None and now < row.old_salt_until
    return pb.WebhookEndpoint(
        id=row.id,
        url=row.url,
        event_types=row.event_types,
        active=row.active,
        secret=secret,
        disabled_reason=row.disabled_reason,
        old_secret_expire_time=time_to_wire(row.old_salt_until) if overlaps else None,
        create_time=time_to_wire(row.created_at),
        update_time=time_to_wire(row.updated_at),
        etag=etag_of(row),
    )


def delivery_summary_to_wire(row: AnyRow) -> pb.WebhookDelivery:
    """What a list shows of a delivery."""
    summary = delivery_to_wire(row)
    summary.ClearField("body")
    return summary


def delivery_to_wire(row: AnyRow) -> pb.WebhookDelivery:
    """A delivery."""
    waiting = row.status == "PENDING"
    return pb.WebhookDelivery(
        id=row.id,
        endpoint_id=row.endpoint_id,
        event_type=row.event_type,
        order_id=row.order_id,
        status=pb.WebhookDelivery.Status.Value(row.status),
        attempt_count=row.attempts,
        response_code=row.response_code,
        error=row.error,
        body=sent_body(row),
        create_time=time_to_wire(row.created_at),
        next_attempt_time=time_to_wire(row.next_attempt_at if waiting else None),
        deliver_time=time_to_wire(row.delivered_at),
    )
