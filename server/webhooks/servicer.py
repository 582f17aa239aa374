"""WebhookService: endpoints, and what was delivered to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from google.protobuf.empty_pb2 import Empty
from sanset.v1 import webhook_pb2 as pb
from sanset.v1 import webhook_pb2_grpc
from sqlalchemy import Connection

from server.audit import log as audit
from server.audit.log import Actor
from server.clock import Clock
from server.db.base import AnyRow
from server.db.database import Database
from server.db.work import Work
from server.paging import Pages
from server.repeats.short_call import once
from server.rpc.call import Call
from server.webhooks import queries, service
from server.webhooks.address import check_url, origin
from server.webhooks.convert import (
    changes_from_wire,
    delivery_to_wire,
    endpoint_to_wire,
    event_types_from_wire,
)
from server.webhooks.service import EndpointChanges
from server.webhooks.signing import EndpointSigner


class WebhookServicer(webhook_pb2_grpc.WebhookServiceServicer):
    """Translates calls about webhooks."""

    def __init__(
        self,
        db: Database,
        work: Work,
        pages: Pages,
        *,
        clock: Clock,
        signer: EndpointSigner,
        allow_private: bool,
    ) -> None:
        """`allow_private` lets endpoints be in private networks."""
        self._db = db
        self._work = work
        self._pages = pages
        self._clock = clock
        self._signer = signer
        self._allow_private = allow_private

    async def CreateWebhookEndpoint(
        self, request: pb.CreateWebhookEndpointRequest, call: Call
    ) -> pb.WebhookEndpoint:
        await check_url(request.endpoint.url, allow_private=self._allow_private)
        return await self._work.write(self._create_with_secret, request, call, deadline=call.deadline)

    def _create_with_secret(
        self, tx: Connection, request: pb.CreateWebhookEndpointRequest, call: Call
    ) -> pb.WebhookEndpoint:
        event_types = event_types_from_wire(request.endpoint)
        reply = self._create(tx, request, call, self._clock(), event_types)
        # Added here, so that no secret lies among the stored replies.
        row = queries.endpoint(tx, reply.id)
        if row is not None:
            reply.secret = self._signer.secret(row.salt)
        return reply

    @once(pb.WebhookEndpoint)
    def _create(
        self,
        tx: Connection,
        request: pb.CreateWebhookEndpointRequest,
        call: Call,
        now: datetime,
        event_types: Sequence[str],
    ) -> pb.WebhookEndpoint:
        endpoint = request.endpoint
        active = endpoint.active or not endpoint.HasField("active")
        row = service.create(tx, endpoint.url, event_types, active, now)
        self._note(tx, "CreateWebhookEndpoint", row, call)
        return endpoint_to_wire(row)

    def ListWebhookEndpoints(
        self, request: pb.ListWebhookEndpointsRequest, call: Call
    ) -> pb.ListWebhookEndpointsResponse:
        scope = ("ListWebhookEndpoints",)
        size = self._pages.size(request.page_size)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            rows = queries.endpoint_page(connection, after, size + 1)
        items, token = self._pages.page(rows, size, endpoint_to_wire, lambda row: [row.id], *scope)
        return pb.ListWebhookEndpointsResponse(items=items, next_page_token=token)

    async def UpdateWebhookEndpoint(
        self, request: pb.UpdateWebhookEndpointRequest, call: Call
    ) -> pb.WebhookEndpoint:
        changes = changes_from_wire(request.endpoint, request.update_mask)
        if changes.url is not None:
            await check_url(changes.url, allow_private=self._allow_private)
        return await self._work.write(self._update, request.endpoint, changes, call, deadline=call.deadline)

    def _update(
        self, tx: Connection, endpoint: pb.WebhookEndpoint, changes: EndpointChanges, call: Call
    ) -> pb.WebhookEndpoint:
        row = service.change(tx, endpoint.id, changes, endpoint.etag, self._clock())
        self._note(tx, "UpdateWebhookEndpoint", row, call)
        return endpoint_to_wire(row)

    def _note(self, tx: Connection, action: str, row: AnyRow, call: Call) -> None:
        """Note in the audit log what an endpoint is now; of its address the origin, for the rest may be secret."""
        facts = {"url": origin(row.url), "active": row.active}
        audit.write(tx, Actor.of(call), action, f"webhook/{row.id}", row.updated_at, **facts)

    def DeleteWebhookEndpoint(self, request: pb.DeleteWebhookEndpointRequest, call: Call) -> Empty:
        now = self._clock()
        with self._db.transaction() as tx:
            service.remove(tx, request.endpoint_id, request.etag)
            audit.write(tx, Actor.of(call), "DeleteWebhookEndpoint", f"webhook/{request.endpoint_id}", now)
        return Empty()

    def ListWebhookDeliveries(
        self, request: pb.ListWebhookDeliveriesRequest, call: Call
    ) -> pb.ListWebhookDeliveriesResponse:
        status = pb.WebhookDelivery.Status.Name(request.status) if request.status else None
        scope = ("ListWebhookDeliveries", request.endpoint_id, status)
        size = self._pages.size(request.page_size)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            service.read(connection, request.endpoint_id)
            rows = queries.delivery_page(connection, request.endpoint_id, status, after, size + 1)
        items, token = self._pages.page(rows, size, delivery_to_wire, lambda row: [row.id], *scope)
        return pb.ListWebhookDeliveriesResponse(items=items, next_page_token=token)

    def ReplayWebhookDelivery(
        self, request: pb.ReplayWebhookDeliveryRequest, call: Call
    ) -> pb.WebhookDelivery:
        now = self._clock()
        with self._db.transaction() as tx:
            row = service.replay(tx, request.delivery_id, now)
            audit.write(
                tx, Actor.of(call), "ReplayWebhookDelivery", f"webhook_delivery/{request.delivery_id}", now
            )
        return delivery_to_wire(row)
