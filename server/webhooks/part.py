"""Composes the room of the webhooks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sanset.v1.webhook_pb2_grpc import add_WebhookServiceServicer_to_server

from server.core import Core
from server.events.order_steps import OrderStepped
from server.events.topics import WebhookChanged
from server.jobs.runner import Job
from server.part import Part
from server.webhooks.courier import Courier
from server.webhooks.outbox import ReadMetadata, WebhookOutbox
from server.webhooks.servicer import WebhookServicer
from server.webhooks.signing import EndpointSigner

MAX_DELAY = timedelta(seconds=2)
"""How late the outbox is when something waits and no event wakes it, as for a retry."""
PAUSE = timedelta(seconds=0.5)
"""A run costs about the same for one event as for fifty, so those of a busy moment share one."""


@dataclass(frozen=True, kw_only=True)
class WebhookPart(Part):
    """Webhooks, and their outbox."""

    outbox: WebhookOutbox


def build(core: Core, courier: Courier | None = None, *, read_metadata: ReadMetadata) -> WebhookPart:
    """WebhookService, and the job that sends. `courier` posts; without one, as the settings say."""
    courier = courier or Courier(allow_private=core.settings.webhook_allow_private)
    signer = EndpointSigner(core.ring)
    outbox = WebhookOutbox(
        core.db, core.work, courier, clock=core.clock, signer=signer, read_metadata=read_metadata
    )
    servicer = WebhookServicer(
        core.db,
        core.work,
        core.pages,
        clock=core.clock,
        vault=core.vault,
        signer=signer,
        courier=courier,
        allow_private=core.settings.webhook_allow_private,
    )
    return WebhookPart(
        outbox=outbox,
        servicers=[partial(add_WebhookServiceServicer_to_server, servicer)],
        jobs=[
            Job(
                "send webhooks",
                outbox.run,
                every=MAX_DELAY,
                pause=PAUSE,
                woken_by=(OrderStepped, WebhookChanged),
            )
        ],
        stop=outbox.close,
    )
