"""The rules of the outboxes: nothing is lost on the way to a mail, nothing is told twice."""

from __future__ import annotations

from typing import Final

from sqlalchemy import exists, select, tuple_

from server.events.log import ORDER
from server.events.models import Consumer, Event
from server.mail.compose import KIND_OF_STATUS
from server.mail.models import Mail
from server.verify.rule import Rule

_STATUS = Event.payload["status"].as_string()

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
          AND (kind <> 'refunded' OR key NOT LIKE 'refunded/' || order_id || '/%')
        ORDER BY id
        """,
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
            select(Event.id, Event.key)
            .join(Consumer, Consumer.name == "mail")
            .where(
                Event.topic == ORDER,
                Event.id > Consumer.first_event_id,
                tuple_(Event.transaction_id, Event.id) <= tuple_(Consumer.transaction_id, Consumer.event_id),
                status == _STATUS,
                Event.payload["note"].as_boolean().is_distinct_from(True),
                Event.payload["user_id"].as_integer().is_not(None),
                ~exists().where(Mail.key == f"{kind}/" + Event.key),
            )
            .order_by(Event.id),
        )
        for status, kind in KIND_OF_STATUS.items()
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
