"""OrderService: previews, checkout, lists, steps, and the tracking stream."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol

from google.api.httpbody_pb2 import HttpBody
from sanset.v1 import order_pb2, order_service_pb2_grpc, tracking_pb2
from sanset.v1 import order_service_pb2 as pb
from sqlalchemy import Connection

from server.audit.log import Actor
from server.clock import Clock
from server.db.base import AnyRow
from server.db.database import Database
from server.db.sealing import vault_of
from server.db.work import Work
from server.errors import UserNotFound
from server.identity import Identity
from server.order import convert, list_queries, service
from server.order.checkout import Checkout
from server.order.preview import Previews
from server.order.tracking import StepsSoFar, Tracking
from server.paging import Pages
from server.repeats.short_call import once
from server.rpc.call import Call
from server.rpc.detached import DetachedTasks
from server.rpc.ownership import must_see_all_orders

ExportOrders = Callable[[pb.ExportOrdersRequest, Call], AsyncGenerator[HttpBody]]
"""Streams the orders as a file: exports read tables that are not the orders'."""


class ReadPage(Protocol):
    """Reads the orders of a list: those after the keys, as many as the limit, whole or to be summarized."""

    def __call__(
        self, connection: Connection, /, *, after: Sequence[object] | None, limit: int, whole: bool
    ) -> Sequence[AnyRow]: ...


@dataclass(frozen=True, kw_only=True)
class OrderUseCases:
    """What previews and places orders, and follows them."""

    previews: Previews
    checkout: Checkout[pb.CheckoutResponse]
    tracking: Tracking
    export_orders: ExportOrders


class OrderServicer(order_service_pb2_grpc.OrderServiceServicer):
    """Translates calls to the orders."""

    def __init__(
        self,
        db: Database,
        work: Work,
        pages: Pages,
        *,
        clock: Clock,
        use_cases: OrderUseCases,
        detached: DetachedTasks,
    ) -> None:
        self._db = db
        self._work = work
        self._pages = pages
        self._clock = clock
        self._use_cases = use_cases
        self._detached = detached

    def PreviewCheckout(self, request: pb.PreviewCheckoutRequest, call: Call) -> pb.PreviewCheckoutResponse:
        preview = self._use_cases.previews.preview(
            call.identity.user_id,
            request.address_id or None,
            delivery_option=convert.delivery_from_wire(request.delivery_option),
            coupon_code=request.coupon_code,
        )
        return convert.preview_to_wire(preview)

    async def Checkout(self, request: pb.CheckoutRequest, call: Call) -> pb.CheckoutResponse:
        purchase = convert.purchase_from_wire(request, call.identity.user_id)
        # A caller who hangs up between reservation and payment must not leave the order unpaid.
        placing = self._use_cases.checkout.check_out(purchase, call.deadline)
        return await self._detached.result(placing)

    def ListOrders(self, request: pb.ListOrdersRequest, call: Call) -> pb.ListOrdersResponse:
        orders = convert.filter_from_wire(request, _whose(request, call.identity))
        scope = ("ListOrders", call.identity.user_id, *orders.scope(), request.view == order_pb2.Order.FULL)
        read = partial(list_queries.order_page, orders=orders)
        items, token = self._page(request, scope, read, orders.keys)
        return pb.ListOrdersResponse(items=items, next_page_token=token)

    def ListPendingOrders(
        self, request: pb.ListPendingOrdersRequest, call: Call
    ) -> pb.ListPendingOrdersResponse:
        scope = ("ListPendingOrders", call.identity.user_id, request.view == order_pb2.Order.FULL)
        items, token = self._page(request, scope, list_queries.pending_page, list_queries.pending_keys)
        return pb.ListPendingOrdersResponse(items=items, next_page_token=token)

    def _page(
        self,
        request: pb.ListOrdersRequest | pb.ListPendingOrdersRequest,
        scope: tuple[object, ...],
        read: ReadPage,
        keys: Callable[[AnyRow], Sequence[object]],
    ) -> tuple[list[order_pb2.Order], str]:
        size = self._pages.size(request.page_size)
        after = self._pages.open(request.page_token, *scope)
        whole = request.view == order_pb2.Order.FULL
        with self._db.read() as connection:
            rows = read(connection, after=after, limit=size + 1, whole=whole)
            to_wire = _whole(connection, rows[:size]) if whole else _summaries(connection, rows[:size])
        return self._pages.page(rows, size, to_wire, keys, *scope)

    def GetOrder(self, request: pb.GetOrderRequest, call: Call) -> order_pb2.Order:
        with self._db.read() as connection:
            order = service.read_order(connection, call.identity, request.order_id)
        return convert.order_to_wire(order, self._db.vault)

    @once(order_pb2.Order)
    def UpdateOrder(
        self, tx: Connection, request: pb.UpdateOrderRequest, call: Call, now: datetime
    ) -> order_pb2.Order:
        changes = convert.order_changes_from_wire(request)
        if changes is not None:
            service.update(tx, changes, actor=Actor.of(call), now=now)
        return convert.order_to_wire(service.read_order(tx, call.identity, request.order.id), self._db.vault)

    @once(order_pb2.Order)
    def UpdateOrderStatus(
        self, tx: Connection, request: pb.UpdateOrderStatusRequest, call: Call, now: datetime
    ) -> order_pb2.Order:
        step = convert.next_step_from_wire(request)
        service.advance(tx, request.order_id, step, actor=Actor.of(call), now=now)
        return convert.order_to_wire(service.read_order(tx, call.identity, request.order_id), self._db.vault)

    async def TrackOrder(
        self, request: tracking_pb2.TrackOrderRequest, call: Call
    ) -> AsyncIterator[tracking_pb2.TrackOrderResponse]:
        async def read(after: int) -> StepsSoFar:
            order, steps = await self._work.read(service.read_steps, call.identity, request.order_id, after)
            return StepsSoFar(order.status, order.last_sequence, steps)

        after = convert.resume_point(request, call.headers.get("last-event-id", ""))
        async for message in self._use_cases.tracking.watch(request.order_id, after, read):
            yield convert.message_to_wire(message, self._clock())

    def GetTracking(self, request: tracking_pb2.GetTrackingRequest, call: Call) -> order_pb2.Tracking:
        with self._db.read() as connection:
            order, steps = service.read_steps(connection, call.identity, request.order_id, 0)
        return convert.tracking_to_wire(order, steps)

    def ExportOrders(self, request: pb.ExportOrdersRequest, call: Call) -> AsyncGenerator[HttpBody]:
        return self._use_cases.export_orders(request, call)


def _whole(connection: Connection, rows: Sequence[AnyRow]) -> Callable[[AnyRow], order_pb2.Order]:
    """What makes whole messages of these rows of ORDERS."""
    orders = {order.id: order for order in service.complete(connection, rows)}
    vault = vault_of(connection)
    return lambda row: convert.order_to_wire(orders[row.id], vault)


def _summaries(connection: Connection, rows: Sequence[AnyRow]) -> Callable[[AnyRow], order_pb2.Order]:
    """What makes messages of these rows of SUMMARIES."""
    disputes = service.shown_disputes(connection, rows)
    return lambda row: convert.summary_to_wire(row, disputes.get(row.id))


def _whose(request: pb.ListOrdersRequest, caller: Identity) -> int | None:
    """Whose orders a list holds; None for everyone's."""
    if request.all_users:
        must_see_all_orders(caller)
        return None
    if request.user_id and request.user_id != caller.user_id and not caller.sees_all_orders:
        raise UserNotFound(user_id=request.user_id)
    return request.user_id or caller.user_id
