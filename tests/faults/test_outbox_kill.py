"""The outboxes are killed between two steps: every mail and webhook still arrives, in order, written once.

`make test` kills them at some steps; `make faults` (SANSET_OUTBOX_STEP=1) at each.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import outbox_process
import pytest
from sanset.v1 import order_pb2
from sanset.v1 import webhook_pb2 as pb
from sqlalchemy import select
from support.forked_command import Conversation
from support.outbox_desk import PostOffice, smtp_server
from support.running_shop import RunningShop, test_settings
from support.webhook_receiver import receiver

from server.mail.models import Mail
from server.verify import verify
from server.webhooks.models import WebhookDelivery

EVERY = int(os.environ.get("SANSET_OUTBOX_STEP", "37"))
"""How many steps further on each death is than the one before."""


@contextmanager
def mortal() -> Iterator[Conversation]:
    """The process that forks those who die."""
    process = Conversation(outbox_process.main, os.environ)
    yield process
    process.end()


def run(process: Conversation, **order: object) -> str:
    """Have a child run the outboxes; how it ended."""
    process.say(json.dumps(order))
    return process.hear()


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[RunningShop]:
    """A shop whose outboxes only the test runs."""
    shop = RunningShop(test_settings(database_url, tmp_path, webhook_allow_private=True))
    yield shop
    shop.stop()


def test_outboxes_that_are_killed_between_two_steps_lose_and_double_nothing(shop: RunningShop) -> None:
    office = PostOffice()
    key = shop.settings.secret_key.get_secret_value()
    buyer, products = shop.customer(), [shop.product(stock=10_000) for _ in range(2)]
    with receiver() as hook, smtp_server(office) as smtp, mortal() as process:
        request = pb.CreateWebhookEndpointRequest(endpoint=pb.WebhookEndpoint(url=hook.url))
        shop.webhooks.CreateWebhookEndpoint(request, metadata=shop.admin.metadata)
        orders, deaths, die_at = [], 0, 1
        while True:
            for product in products:  # something to do each time
                shop.add(buyer, product.id)
                orders.append(shop.checkout(buyer).order)
            shop.move(orders[-1].id, order_pb2.Order.PROCESSING)
            shop.move(orders[-1].id, order_pb2.Order.SHIPPED)
            ended = run(process, url=shop.settings.url, smtp=smtp, key=key, die_at=die_at)
            if ended != "killed":
                break
            deaths += 1
            die_at += EVERY
        assert int(ended) < die_at
        assert run(process, url=shop.settings.url, smtp=smtp, key=key, die_at=0).isdigit()
    shipped = [order for place, order in enumerate(orders) if place % 2]
    wanted = {f"Your order {order.number}" for order in orders}
    later = ("is being packed", "is on its way")
    wanted |= {f"Your order {order.number} {news}" for order in shipped for news in later}
    assert set(office.subjects) == wanted
    ids = {message["Message-ID"]: message["Subject"] for message in office.taken}
    assert len(ids) == len(wanted), "a repeat has the Message-ID of the first"
    for order in shipped:
        ours = [subject for subject in office.subjects if order.number in subject]
        steps_told = [f"Your order {order.number}", *(f"Your order {order.number} {news}" for news in later)]
        assert ours == sorted(ours, key=steps_told.index), "in the order of the steps"
    for order in orders:
        steps = hook.sequences(order.id)
        assert steps == sorted(steps)
        assert set(steps) == set(range(1, 5 if order in shipped else 3))
    with shop.app.db.read() as connection:
        keys = connection.execute(select(Mail.key, Mail.status)).all()
        told = connection.execute(
            select(WebhookDelivery.order_id, WebhookDelivery.event_type, WebhookDelivery.status)
        ).all()
    assert {row.status for row in keys} == {"SENT"}
    assert len(keys) == len(wanted)
    assert {row.status for row in told} == {"DELIVERED"}
    assert len(told) == len(set(told)) == 2 * len(orders) + 2 * len(shipped)
    assert [one for one in verify(shop.app.db.engine) if "mail" in one.rule or "deliver" in one.rule] == []
    repeats = len(office.taken) - len(wanted), len(hook.received) - len(told)
    print(f"\n{shop.app.db.engine.dialect.name}: {deaths} deaths, {repeats} mails and webhooks sent again")
