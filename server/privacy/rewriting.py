"""What stays of values that are personal in part, and how rows are told in which more is left."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sqlalchemy import ColumnElement, String, and_, or_
from sqlalchemy import cast as sql_cast

from server.db.base import AnyRow, Values
from server.events.order_steps import Step
from server.events.step_facts import StepFacts
from server.order.models import Order, OrderEvent
from server.order.placed import parcels_of
from server.order.steps import SENTENCES, message_of
from server.text.languages import ENGLISH
from server.webhooks.models import WebhookDelivery

_OF_ADDRESSES: Final = ("sealed", "id", "label", "line1", "city", "postal_code")
"""Of these every address has one."""

ORDER_IS_LEFT: Final[ColumnElement[bool]] = or_(
    *(Order.address[name].as_string().is_not(None) for name in _OF_ADDRESSES),
    Order.custom_metadata.is_not(None),
    Order.tracking_number != "",
)

STEP_IS_LEFT: Final[ColumnElement[bool]] = or_(
    OrderEvent.location != "",
    OrderEvent.facts["comment"].as_string().is_not(None),
    OrderEvent.facts[("return", "answer")].as_string().is_not(None),
    and_(OrderEvent.code == "", OrderEvent.message.not_in(["", *SENTENCES.values()])),
)

BODY_OF_NOBODY: Final = (
    '{"type":"' + WebhookDelivery.event_type + '","order_id":' + sql_cast(WebhookDelivery.order_id, String)
) + ',"erased":true}'
"""What stays of a delivery of a webhook."""


def order_of_nobody(row: AnyRow) -> Values:
    """What stays of an order: the country, which its tax was of, and what is in its parcels."""
    country = row.address.get("country")
    parcels = [
        replace(parcel, tracking_number="", tracking_url="").to_json() for parcel in parcels_of(row.shipments)
    ]
    return {"address": {"country": country} if country else {}, "shipments": parcels or None}


def step_of_nobody(row: AnyRow) -> Values:
    """What stays of a step of an order: what happened, without what people wrote of it."""
    facts = replace(StepFacts.of_json(row.facts or {}), comment="")
    known = row.message if row.message in SENTENCES.values() else ""
    step = Step(row.sequence, row.status, known, "", row.eta, row.occurred_at, code=row.code, facts=facts)
    return {
        "message": message_of(step, ENGLISH) if row.code in SENTENCES else known,
        "location": "",
        "facts": facts.to_json() or None,
    }
