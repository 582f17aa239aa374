"""WebhookService: endpoints, and what was delivered to them."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from google.protobuf.empty_pb2 import Empty
from sanset.v1 import webhook_pb2 as pb
from sanset.v1 import webhook_pb2_grpc
from sqlalchemy import Connection

from server.audit import log as audit
from server.audit.log import Actor
from server.clock import Clock
from server.crypto.vault import Vault
from server.db.database import Database
from server.db.work import Work
from server.paging import Pages
from server.repeats.short_call import earlier_reply, once
from server.rpc.call import Call
from server.webhooks import queries, service
from server.webhooks.address import check_url
from server.webhooks.convert import (
    answer_to_wire,
    changes_from_wire,
    delivery_summary_to_wire,
    delivery_to_wire,
    endpoint_to_wire,
    event_types_from_wire,
    overlap_from_wire,
    ping_body,
)
from server.webhooks.courier import Courier
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
        vault: Vault,
        signer: EndpointSigner,
        courier: Courier,
        allow_private: bool,
    ) -> None:
        """`allow_private` lets endpoints be in private networks."""
        self._db = db
        self._work = work
        self._pages = pages
        self._clock = clock
        self._vault = vault
        self._signer = signer
        self._courier = courier
        self._allow_private = allow_private

    async def CreateWebhookEndpoint(
        self, request: pb.CreateWebhookEndpointRequest, call: Call
    ) -> pb.WebhookEndpoint:
        reply = None
        if request.request_id:
            earlier = partial(earlier_reply, self, request, call, pb.WebhookEndpoint, "secret")
            reply = await self._work.run(earlier, deadline=call.deadline)
        if reply is None:
            await check_url(request.endpoint.url, allow_private=self._allow_private)
            reply = await self._work.run(self._create, request, call, deadline=call.deadline)
        return reply

    @once(pb.WebhookEndpoint, sealed="secret")
    def _create(
        self, tx: Connection, request: pb.CreateWebhookEndpointRequest, call: Call, now: datetime
    ) -> pb.WebhookEndpoint:
        endpoint = request.endpoint
        active = endpoint.active or not endpoint.HasField("active")
        salt, event_types = self._signer.new_salt(), event_types_from_wire(endpoint)
        row = service.create(tx, endpoint.url, event_types, salt, active=active, now=now)
        service.note(tx, "CreateWebhookEndpoint", row, Actor.of(call))
        return endpoint_to_wire(row, now, secret=self._signer.secret(row.salt))

    def GetWebhookEndpoint(self, request: pb.GetWebhookEndpointRequest, call: Call) -> pb.WebhookEndpoint:
        with self._db.read() as connection:
            row = service.read(connection, request.endpoint_id)
        return endpoint_to_wire(row, self._clock())

    def ListWebhookEndpoints(
        self, request: pb.ListWebhookEndpointsRequest, call: Call
    ) -> pb.ListWebhookEndpointsResponse:
        scope = ("ListWebhookEndpoints",)
        size = self._pages.size(request.page_size)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            rows = queries.endpoint_page(connection, after, size + 1)
        to_wire = partial(endpoint_to_wire, now=self._clock())
        items, token = self._pages.page(rows, size, to_wire, lambda row: [row.id], *scope)
        return pb.ListWebhookEndpointsResponse(items=items, next_page_token=token)

    async def UpdateWebhookEndpoint(
        self, request: pb.UpdateWebhookEndpointRequest, call: Call
    ) -> pb.WebhookEndpoint:
        reply = None
        if request.request_id:
            earlier = partial(earlier_reply, self, request, call, pb.WebhookEndpoint)
            reply = await self._work.run(earlier, deadline=call.deadline)
        if reply is None:
            changes = changes_from_wire(request.endpoint, request.update_mask)
            if changes.url is not None:
                await check_url(changes.url, allow_private=self._allow_private)
            update = partial(self._update, request, call, changes=changes)
            reply = await self._work.run(update, deadline=call.deadline)
        return reply

    @once(pb.WebhookEndpoint)
    def _update(
        self,
        tx: Connection,
        request: pb.UpdateWebhookEndpointRequest,
        call: Call,
        now: datetime,
        *,
        changes: EndpointChanges,
    ) -> pb.WebhookEndpoint:
        row = service.change(
            tx, request.endpoint.id, changes, request.endpoint.etag, actor=Actor.of(call), now=now
        )
        return endpoint_to_wire(row, now)

    async def PingWebhookEndpoint(
        self, request: pb.PingWebhookEndpointRequest, call: Call
    ) -> pb.PingWebhookEndpointResponse:
        endpoint = await self._work.read(service.read, request.endpoint_id, deadline=call.deadline)
        now = self._clock()
        body = ping_body(now)
        answer = await self._courier.post(endpoint.url, self._signer.headers(endpoint, 0, body, now), body)
        return answer_to_wire(answer)

    @once(pb.WebhookEndpoint, sealed="secret")
    def RotateWebhookSecret(
        self, tx: Connection, request: pb.RotateWebhookSecretRequest, call: Call, now: datetime
    ) -> pb.WebhookEndpoint:
        salt, overlap = self._signer.new_salt(), overlap_from_wire(request)
        row = service.rotate_secret(tx, request.endpoint_id, salt, overlap, now)
        service.note(tx, "RotateWebhookSecret", row, Actor.of(call))
        return endpoint_to_wire(row, now, secret=self._signer.secret(row.salt))

    @once(Empty)
    def DeleteWebhookEndpoint(
        self, tx: Connection, request: pb.DeleteWebhookEndpointRequest, call: Call, now: datetime
    ) -> Empty:
        service.remove(tx, request.endpoint_id, request.etag)
        audit.write(tx, Actor.of(call), "DeleteWebhookEndpoint", f"webhook/{request.endpoint_id}", now)
        return Empty()

    def GetWebhookDelivery(self, request: pb.GetWebhookDeliveryRequest, call: Call) -> pb.WebhookDelivery:
        with self._db.read() as connection:
            return delivery_to_wire(service.read_delivery(connection, request.delivery_id))

    def ListWebhookDeliveries(
        self, request: pb.ListWebhookDeliveriesRequest, call: Call
    ) -> pb.ListWebhookDeliveriesResponse:
        status = pb.WebhookDelivery.Status.Name(request.status) if request.status else None
        is_full = request.view == pb.WebhookDelivery.FULL
        scope = ("ListWebhookDeliveries", request.endpoint_id, status, is_full)
        size = self._pages.size(request.page_size)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            service.read(connection, request.endpoint_id)
            rows = queries.delivery_page(connection, request.endpoint_id, status, after, size + 1)
        to_wire = delivery_to_wire if is_full else delivery_summary_to_wire
        items, token = self._pages.page(rows, size, to_wire, lambda row: [row.id], *scope)
        return pb.ListWebhookDeliveriesResponse(items=items, next_page_token=token)

    @once(pb.WebhookDelivery)
    def ReplayWebhookDelivery(
        self, tx: Connection, request: pb.ReplayWebhookDeliveryRequest, call: Call, now: datetime
    ) -> pb.WebhookDelivery:
        row = service.replay(tx, request.delivery_id, now)
        audit.write(
            tx, Actor.of(call), "ReplayWebhookDelivery", f"webhook_delivery/{request.delivery_id}", now
        )
        return delivery_to_wire(row)
