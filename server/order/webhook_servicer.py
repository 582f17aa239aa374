"""The calls of OrderService about webhooks."""

from __future__ import annotations

from dataclasses import dataclass

from google.protobuf.empty_pb2 import Empty
from sanset.v1 import order_pb2_grpc
from sanset.v1 import webhook_pb2 as pb

from server.audit import log as audit
from server.audit.log import Actor
from server.clock import Clock
from server.db.database import Database
from server.paging import Pages
from server.rpc.call import Call
from server.rpc.idempotency import once
from server.rpc.pool import Pool
from server.webhooks import queries, service
from server.webhooks.address import check_url
from server.webhooks.convert import delivery_to_wire, endpoint_to_wire, wanted_from_wire
from server.webhooks.signing import Signer


@dataclass(frozen=True)
class Webhooks:
    """What the calls about webhooks need."""

    signer: Signer
    allow_private: bool


class WebhookServicer(order_pb2_grpc.OrderServiceServicer):
    """Translates calls about webhooks; OrderServicer is one."""

    _db: Database
    _pool: Pool
    _pages: Pages
    _clock: Clock
    _webhooks: Webhooks

    async def CreateWebhookEndpoint(
        self, request: pb.CreateWebhookEndpointRequest, call: Call
    ) -> pb.WebhookEndpoint:
        await check_url(request.endpoint.url, allow_private=self._webhooks.allow_private)
        return await self._pool.run(call.deadline, self._create, request, call)

    def _create(self, request: pb.CreateWebhookEndpointRequest, call: Call) -> pb.WebhookEndpoint:
        wanted, now = wanted_from_wire(request.endpoint), self._clock()
        with self._db.transaction() as tx:

            def create() -> pb.WebhookEndpoint:
                row = service.create(tx, wanted, now)
                audit.write(
                    tx, Actor.of(call), "CreateWebhookEndpoint", f"webhook/{row.id}", now, url=row.url
                )
                return endpoint_to_wire(row)

            reply = once(tx, request, call, pb.WebhookEndpoint, now, create)
            # Added here, so that no secret lies among the stored replies.
            row = queries.endpoint(tx, reply.id)
        if row is not None:
            reply.secret = self._webhooks.signer.secret(row.salt)
        return reply

    def ListWebhookEndpoints(
        self, request: pb.ListWebhookEndpointsRequest, call: Call
    ) -> pb.ListWebhookEndpointsResponse:
        with self._db.read() as connection:
            rows = queries.endpoints(connection)
        return pb.ListWebhookEndpointsResponse(items=[endpoint_to_wire(row) for row in rows])

    async def UpdateWebhookEndpoint(
        self, request: pb.UpdateWebhookEndpointRequest, call: Call
    ) -> pb.WebhookEndpoint:
        await check_url(request.endpoint.url, allow_private=self._webhooks.allow_private)
        return await self._pool.run(call.deadline, self._update, request, call)

    def _update(self, request: pb.UpdateWebhookEndpointRequest, call: Call) -> pb.WebhookEndpoint:
        wanted, now = wanted_from_wire(request.endpoint), self._clock()
        with self._db.transaction() as tx:
            row = service.change(tx, request.endpoint.id, wanted, now)
            audit.write(
                tx,
                Actor.of(call),
                "UpdateWebhookEndpoint",
                f"webhook/{row.id}",
                now,
                url=row.url,
                active=row.active,
            )
        return endpoint_to_wire(row)

    def DeleteWebhookEndpoint(self, request: pb.DeleteWebhookEndpointRequest, call: Call) -> Empty:
        now = self._clock()
        with self._db.transaction() as tx:
            service.remove(tx, request.endpoint_id)
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
        page = rows[:size]
        response = pb.ListWebhookDeliveriesResponse(items=[delivery_to_wire(row) for row in page])
        if len(rows) > size:
            response.next_page_token = self._pages.seal([page[-1].id], *scope)
        return response

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
