"""The rules of the outboxes: no event is lost on the way to a mail or delivery, and none is sent twice."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    String,
    case,
    cast,
    exists,
    extract,
    func,
    literal,
    select,
)

from server.events.log import ORDER
from server.events.models import ConsumerPosition, Event
from server.mail.compose import KIND_OF_STATUS, SEVERAL
from server.mail.models import Mail
from server.order.models import OrderEvent
from server.order.status import CONFIRMED, PENDING_PAYMENT
from server.user.models import Erasure
from server.verify.rule import Rule
from server.webhooks.models import WebhookDelivery, WebhookEndpoint

SETTLED_SECONDS: Final = 600
"""An endpoint counts from so long after its last change: which of the events about that time it was to be told of
depends on clocks and commits."""

_STATUS = Event.payload["status"].as_string()
_IS_STEP = Event.payload["note"].as_boolean().is_distinct_from(True)
_REFUND = Event.payload[("refund", "id")].as_string()
_FAILED_REFUND = Event.payload[("refund_failed", "id")].as_string()
_STEP_TYPE = "order." + case((_STATUS == PENDING_PAYMENT, "placed"), else_=func.lower(_STATUS))


def _passed(consumer: str) -> Select[int, str]:
    """The orders' events that an outbox has behind it, and had business with."""
    return (
        select(Event.id, Event.key)
        .select_from(Event)
        .join(ConsumerPosition, ConsumerPosition.name == consumer)
        .where(
            Event.topic == ORDER,
            Event.id > ConsumerPosition.first_event_id,
            # Of a place that the version before left, what lies behind it is not known by the ids alone.
            ConsumerPosition.transaction_id == 0,
            Event.id <= ConsumerPosition.event_id,
        )
        .order_by(Event.id)
    )


def _without_mail(key: ColumnElement[str]) -> Select[int, str]:
    """Events that call for a mail to a buyer whose account is still there, and no mail has the key."""
    buyer = Event.payload["user_id"].as_integer()
    return _passed("mail").where(
        buyer.is_not(None), ~exists().where(Mail.key == key), ~exists().where(Erasure.user_id == buyer)
    )


def _was_acknowledged() -> ColumnElement[bool]:
    """True when the event's order was ever paid; the buyer of one that was not never got a mail."""
    return exists().where(OrderEvent.order_id == cast(Event.key, BigInteger), OrderEvent.status == CONFIRMED)


def _without_delivery(event_type: ColumnElement[str]) -> Select[int, str, int]:
    """Events that call for a delivery to an endpoint, and there is none.

    Only of endpoints that have been switched on, and unchanged, since before the event.
    """
    subscribed = cast(WebhookEndpoint.event_types, String)
    return (
        _passed("webhooks")
        .add_columns(WebhookEndpoint.id.label("endpoint"))
        .where(
            WebhookEndpoint.active,
            extract("epoch", Event.created_at)
            > extract("epoch", WebhookEndpoint.updated_at) + SETTLED_SECONDS,
            (subscribed == "[]") | subscribed.contains('"' + event_type + '"'),
            ~exists().where(
                WebhookDelivery.endpoint_id == WebhookEndpoint.id,
                WebhookDelivery.event_id == Event.id,
                WebhookDelivery.event_type == event_type,
            ),
        )
    )


OUTBOXES: Final = (
    Rule(
        # The key is unique: two mails of one step, or of one refund, cannot have it.
        "mail-key",
        "mail {id}: is a {kind} mail of order {order_id}, but its key is {key}",
        """
        SELECT id, kind, order_id, key
        FROM mails
        WHERE order_id IS NOT NULL
          AND key <> kind || '/' || order_id
          AND (kind NOT IN :several OR key NOT LIKE kind || '/' || order_id || '/%')
        ORDER BY id
        """,
        {"several": sorted(SEVERAL)},
    ),
    Rule(
        "mail-sent",
        "mail {id}: is {status} after {attempts} attempts, but its time of sending says otherwise",
        """
        SELECT id, status, attempts
        FROM mails
        WHERE status NOT IN ('PENDING', 'SENT', 'FAILED')
           OR (status = 'SENT') <> (sent_at IS NOT NULL)
           OR (status = 'SENT' AND attempts < 1)
        ORDER BY id
        """,
    ),
    *(
        Rule(
            f"mail-missing-{kind}",
            f"order {{key}}: became {status}, and the outbox has passed event {{id}}, but there is no mail of it",
            _without_mail(f"{kind}/" + Event.key).where(status == _STATUS, _IS_STEP, _was_acknowledged()),
        )
        for status, kind in KIND_OF_STATUS.items()
    ),
    Rule(
        "mail-missing-refunded",
        "order {key}: was paid money back, and the outbox has passed event {id}, but there is no mail of it",
        _without_mail("refunded/" + Event.key + "/" + _REFUND).where(_REFUND.is_not(None)),
    ),
    Rule(
        "mail-missing-refund_failed",
        "order {key}: a refund failed, and the outbox has passed event {id}, but there is no mail of it",
        _without_mail("refund_failed/" + Event.key + "/" + _FAILED_REFUND).where(_FAILED_REFUND.is_not(None)),
    ),
    Rule(
        "mail-missing-proof",
        "email proof {id}: its link or code was made, but there is no mail of it",
        """
        SELECT id
        FROM email_proofs
        WHERE secret_hash IS NOT NULL
          AND NOT EXISTS (
            SELECT 1 FROM mails
            WHERE mails.key IN (
              'verify_email/' || email_proofs.id,
              'confirm_email/' || email_proofs.id,
              'reset_code/' || email_proofs.id
            )
          )
        ORDER BY id
        """,
    ),
    Rule(
        "delivery-missing",
        "order {key}: the outbox has passed event {id}, but endpoint {endpoint} has no delivery of this step",
        _without_delivery(_STEP_TYPE).where(_STATUS.is_not(None), _IS_STEP),
    ),
    Rule(
        "delivery-missing-refunded",
        "order {key}: the outbox has passed event {id}, but endpoint {endpoint} has no delivery of the refund",
        _without_delivery(literal("order.refunded")).where(_REFUND.is_not(None)),
    ),
    Rule(
        "delivery-sent",
        "webhook delivery {id}: is {status} after {attempts} attempts, but its time of delivery says otherwise",
        """
        SELECT id, status, attempts
        FROM webhook_deliveries
        WHERE status NOT IN ('PENDING', 'DELIVERED', 'FAILED')
           OR (status = 'DELIVERED') <> (delivered_at IS NOT NULL)
           OR (status <> 'PENDING' AND attempts < 1)
        ORDER BY id
        """,
    ),
    Rule(
        "delivery-body",
        "webhook delivery {id}: does not tell of order {order_id}",
        """
        SELECT id, order_id
        FROM webhook_deliveries
        WHERE body NOT LIKE '{"type":"' || event_type || '","order_id":' || order_id || ',%'
        ORDER BY id
        """,
    ),
)
