"""What an outbox wrote and somebody lost: verify tells of each mail and delivery that is gone, and of no other."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sanset.v1 import order_pb2, refund_service_pb2, webhook_pb2
from sqlalchemy import Delete, delete, text, update
from support.outbox_desk import Desk, PostOffice, smtp_server, to
from support.webhook_receiver import receiver

from server.mail.models import Mail
from server.verify import verify
from server.webhooks.models import WebhookDelivery, WebhookEndpoint


def found(desk: Desk) -> set[str]:
    """The rules that are broken."""
    return {one.rule for one in verify(desk.shop.app.db.engine)}


def refunded_order(desk: Desk) -> None:
    """An order that was placed, shipped, and half paid back."""
    order = desk.shop.order(quantity=2)
    for state in (order_pb2.Order.PROCESSING, order_pb2.Order.SHIPPED):
        desk.shop.move(order.id, state)
    line = order_pb2.LineQuantity(variant_id=order.items[0].variant_id, quantity=1)
    request = refund_service_pb2.RefundOrderRequest(order_id=order.id, items=[line])
    desk.shop.refunds.RefundOrder(request, metadata=desk.shop.admin.metadata)


@pytest.mark.parametrize(
    ("lost", "rules"),
    [
        (delete(Mail).where(Mail.kind == "refunded"), {"mail-missing-refunded"}),
        (delete(Mail).where(Mail.kind == "placed"), {"mail-missing-placed"}),
        (
            delete(WebhookDelivery).where(WebhookDelivery.event_type == "order.shipped"),
            {"delivery-missing"},
        ),
        (
            delete(WebhookDelivery).where(WebhookDelivery.event_type == "order.refunded"),
            {"delivery-missing-refunded"},
        ),
    ],
)
def test_a_lost_mail_or_delivery_breaks_a_rule(desk: Desk, lost: Delete, rules: set[str]) -> None:
    shop = desk.shop
    with receiver() as hook, smtp_server(PostOffice()) as port:
        endpoint = webhook_pb2.WebhookEndpoint(url=hook.url)
        request = webhook_pb2.CreateWebhookEndpointRequest(endpoint=endpoint)
        shop.webhooks.CreateWebhookEndpoint(request, metadata=shop.admin.metadata)
        with (
            desk.db.transaction() as tx
        ):  # the desk emptied the tables: what was before is not to be looked for
            tx.execute(
                text("UPDATE consumers SET first_event_id = (SELECT COALESCE(MAX(id), 0) FROM events)")
            )
            tx.execute(update(WebhookEndpoint).values(updated_at=desk.now() - timedelta(hours=1)))
        refunded_order(desk)
        desk.send_webhooks()
        asyncio.run(desk.mails(to(port)).run())
    assert found(desk) == set()
    with desk.db.transaction() as tx:
        tx.execute(lost)
    assert found(desk) == rules
