"""OrderService: checkout, lists, steps, and the tracking stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from functools import partial
from typing import Any

from google.api.httpbody_pb2 import HttpBody
from sanset.v1 import order_pb2 as pb
from sqlalchemy import Connection

from server.audit.log import Actor
from server.clock import Clock
from server.db.base import AnyRow
from server.db.database import Database
from server.db.deadline import Deadline
from server.db.pool import Pool
from server.errors import UserNotFound
from server.order import convert, queries, service
from server.order.after_sale_servicer import AfterSale, AfterSaleServicer, must_manage_orders
from server.order.checkout import Checkout
from server.order.payment_servicer import PaymentServicer
from server.order.payments.gift_cards import Codes
from server.order.reports import Reports
from server.order.steps import Step
from server.order.tracking import Tracking
from server.order.webhook_servicer import Webhooks, WebhookServicer
from server.paging import Pages
from server.rpc.call import Call
from server.rpc.identity import Identity
from server.rpc.wire import time_from_wire

READ_SECONDS = 10.0

ExportOrders = Callable[[pb.ExportOrdersRequest, Call], AsyncGenerator[HttpBody]]
"""Streams the orders as a file: exports read tables that are not the orders'."""

ReadPage = Callable[[Connection, Sequence[Any] | None, int], Sequence[AnyRow]]
"""Reads the orders of a list: those after the keys, as many as the limit."""


class OrderServicer(PaymentServicer, AfterSaleServicer, WebhookServicer):
    """Translates calls to the orders."""

    def __init__(
        self,
        db: Database,
        pool: Pool,
        pages: Pages,
        clock: Clock,
        checkout: Checkout,
        tracking: Tracking,
        export_orders: ExportOrders,
        reports: Reports,
        codes: Codes,
        after_sale: AfterSale,
        webhooks: Webhooks,
    ) -> None:
        self._db = db
        self._pool = pool
        self._pages = pages
        self._clock = clock
        self._checkout = checkout
        self._tracking = tracking
        self._export_orders = export_orders
        self._reports = reports
        self._codes = codes
        self._after_sale = after_sale
        self._webhooks = webhooks
        self._ending: set[asyncio.Task[None]] = set()
        self._placing: set[asyncio.Task[bytes]] = set()

    async def Checkout(self, request: pb.CheckoutRequest, call: Call) -> pb.CheckoutResponse:
        purchase = convert.purchase_from_wire(request, call.identity.user_id)
        # A caller who hangs up between reservation and payment must not leave the order unpaid.
        placing = asyncio.create_task(self._checkout.place(purchase, call.deadline))
        self._placing.add(placing)
        placing.add_done_callback(self._placed)
        return pb.CheckoutResponse.FromString(await asyncio.shield(placing))

    def _placed(self, placing: asyncio.Task[bytes]) -> None:
        self._placing.discard(placing)
        if not placing.cancelled():
            placing.exception()  # read, for a caller who has gone

    async def settle(self) -> None:
        """Wait for the checkouts and refunds whose callers have gone."""
        if working := self._placing | self._ending:
            await asyncio.wait(working)

    def ListOrders(self, request: pb.ListOrdersRequest, call: Call) -> pb.ListOrdersResponse:
        user_id = _whose(request, call.identity)
        status = pb.Order.Status.Name(request.status) if request.status else None
        scope = ("ListOrders", call.identity.user_id, user_id, status)
        return self._page(request, scope, partial(queries.order_page, user_id=user_id, status=status))

    def ListPendingOrders(self, request: pb.ListPendingOrdersRequest, call: Call) -> pb.ListOrdersResponse:
        return self._page(request, ("ListPendingOrders", call.identity.user_id), queries.pending_page)

    def _page(
        self,
        request: pb.ListOrdersRequest | pb.ListPendingOrdersRequest,
        scope: tuple[object, ...],
        read: ReadPage,
    ) -> pb.ListOrdersResponse:
        size = self._pages.size(request.page_size)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            rows = read(connection, after, size + 1)
            orders = {order.id: order for order in service.complete(connection, rows[:size])}
        items, token = self._pages.page(
            rows,
            size,
            lambda row: convert.order_to_wire(orders[row.id]),
            lambda row: [row.placed_at, row.id],
            *scope,
        )
        return pb.ListOrdersResponse(items=items, next_page_token=token)

    def GetOrder(self, request: pb.GetOrderRequest, call: Call) -> pb.Order:
        with self._db.read() as connection:
            return convert.order_to_wire(service.read_order(connection, call.identity, request.order_id))

    def UpdateOrderStatus(self, request: pb.UpdateOrderStatusRequest, call: Call) -> pb.Order:
        with self._db.transaction() as tx:
            service.advance(
                tx,
                request.order_id,
                pb.Order.Status.Name(request.status),
                message=request.message,
                location=request.location,
                eta=time_from_wire(request, "eta"),
                shipment=convert.parcel_from_wire(request),
                etag=request.etag,
                actor=Actor.of(call),
                now=self._clock(),
            )
            return convert.order_to_wire(service.read_order(tx, call.identity, request.order_id))

    async def TrackOrder(
        self, request: pb.TrackOrderRequest, call: Call
    ) -> AsyncIterator[pb.TrackOrderResponse]:
        async def read(after: int) -> tuple[str, list[Step]]:
            return await self._pool.run(
                Deadline(READ_SECONDS), self._steps, call.identity, request.order_id, after
            )

        async for message in self._tracking.watch(request.order_id, request.after_sequence, read):
            yield convert.message_to_wire(message, self._clock())

    def _steps(self, caller: Identity, order_id: int, after: int) -> tuple[str, list[Step]]:
        with self._db.read() as connection:
            order, steps = service.read_steps(connection, caller, order_id, after)
        return order.values["status"], steps

    def GetTracking(self, request: pb.GetTrackingRequest, call: Call) -> pb.Tracking:
        with self._db.read() as connection:
            order, steps = service.read_steps(connection, call.identity, request.order_id, 0)
        return convert.tracking_to_wire(order, steps)

    def ExportOrders(self, request: pb.ExportOrdersRequest, call: Call) -> AsyncGenerator[HttpBody]:
        return self._export_orders(request, call)


def _whose(request: pb.ListOrdersRequest, caller: Identity) -> int | None:
    """Whose orders a list holds; None for everyone's."""
    if request.all_users:
        must_manage_orders(caller)
        return None
    if request.user_id and request.user_id != caller.user_id and not caller.is_admin:
        raise UserNotFound(user_id=request.user_id)
    return request.user_id or caller.user_id
