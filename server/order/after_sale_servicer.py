"""The part of OrderService that comes after the sale: cancellations, refunds and returns."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sanset.v1 import after_sale_pb2 as pb
from sanset.v1 import order_pb2, order_pb2_grpc
from sanset.v1.access_pb2 import AccessRule
from sqlalchemy import Connection

from server.audit.log import Actor
from server.clock import Clock
from server.db.database import Database
from server.db.deadline import Deadline
from server.db.pool import Pool
from server.order import after_sale_convert as wire
from server.order import after_sale_queries, convert, returns, service
from server.order.cancellations import cancel
from server.order.errors import OrderNotFound, ReturnNotFound
from server.order.paying_back import Refunds
from server.order.refunding import Asked, Refunding
from server.order.refunds import key_of
from server.paging import Pages
from server.rpc.access import PermissionMissing
from server.rpc.call import Call
from server.rpc.idempotency import body_hash, once
from server.rpc.identity import Identity

REPLY_SECONDS = 0.3
"""What is kept of a caller's time for the reply itself."""

GiveUp = Callable[[int], Awaitable[object]]
"""Settles the payment of a cancelled order: it is never charged any more, or paid back."""


@dataclass(frozen=True)
class AfterSale:
    """What the methods below need beside the database."""

    refunds: Refunds
    refunding: Refunding
    give_up: GiveUp
    return_within: timedelta


class AfterSaleServicer(order_pb2_grpc.OrderServiceServicer):
    """Translates calls about what comes after a sale."""

    _db: Database
    _pool: Pool
    _pages: Pages
    _clock: Clock
    _after_sale: AfterSale
    _ending: set[asyncio.Task[None]]
    """Work that goes on although its caller may have gone; the server waits for it when it stops."""

    async def CancelOrder(self, request: pb.CancelOrderRequest, call: Call) -> order_pb2.Order:
        reply, refund_id = await self._pool.run(call.deadline, self._cancel, request, call)
        if refund_id is not None:
            await self._run(self._after_sale.refunds.settle(refund_id), call.deadline)
        elif reply.payment.status == order_pb2.Payment.PENDING:
            await self._run(self._give_up(reply.id), call.deadline)
        return reply

    def _cancel(self, request: pb.CancelOrderRequest, call: Call) -> tuple[order_pb2.Order, int | None]:
        now = self._clock()
        refund_id: int | None = None

        def use_case() -> order_pb2.Order:
            nonlocal refund_id
            key = key_of(call.identity.user_id, call.short_method, request.request_id)
            owner = _owner(call.identity)
            refund_id = cancel(tx, request.order_id, owner, request.reason, key, Actor.of(call), now)
            return convert.order_to_wire(service.read_order(tx, call.identity, request.order_id))

        with self._db.transaction() as tx:
            reply = once(tx, request, call, order_pb2.Order, now, use_case)
        return reply, refund_id

    async def _give_up(self, order_id: int) -> None:
        await self._after_sale.give_up(order_id)

    async def RefundOrder(self, request: pb.RefundOrderRequest, call: Call) -> pb.Refund:
        asked = Asked(
            wire.wanted_from_wire(request),
            Actor.of(call),
            call.identity.user_id,
            request.request_id.lower(),
            body_hash(request),
        )

        async def run(work: Coroutine[Any, Any, None]) -> None:
            await self._run(work, call.deadline)

        return pb.Refund.FromString(await self._after_sale.refunding.refund(asked, call.deadline, run))

    def ListRefunds(self, request: pb.ListRefundsRequest, call: Call) -> pb.ListRefundsResponse:
        with self._db.read() as connection:
            self._check_order(connection, request.order_id, call)
            rows = after_sale_queries.refunds(connection, request.order_id)
            lines = after_sale_queries.refund_lines(connection, [row.id for row in rows])
        return pb.ListRefundsResponse(items=[wire.refund_to_wire(row, lines[row.id]) for row in rows])

    def _check_order(self, connection: Connection, order_id: int, call: Call) -> None:
        if not after_sale_queries.is_visible(connection, order_id, _owner(call.identity)):
            raise OrderNotFound(order_id=order_id)

    def RequestReturn(self, request: pb.RequestReturnRequest, call: Call) -> pb.Return:
        now = self._clock()

        def use_case() -> pb.Return:
            return_id = returns.request(
                tx,
                request.order_id,
                _owner(call.identity),
                None if request.all else wire.units_from_wire(request.items),
                request.reason,
                self._after_sale.return_within,
                Actor.of(call),
                now,
            )
            return _read_return(tx, return_id)

        with self._db.transaction() as tx:
            return once(tx, request, call, pb.Return, now, use_case)

    def ListReturns(self, request: pb.ListReturnsRequest, call: Call) -> pb.ListReturnsResponse:
        user_id = None if request.all_users else call.identity.user_id
        if request.all_users:
            must_manage_orders(call.identity)
        state = pb.Return.Status.Name(request.status) if request.status else None
        scope = ("ListReturns", call.identity.user_id, user_id, request.order_id, state)
        size = self._pages.size(request.page_size)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            if request.order_id:
                self._check_order(connection, request.order_id, call)
            rows = after_sale_queries.return_page(
                connection,
                user_id=user_id,
                order_id=request.order_id or None,
                state=state,
                after=after,
                limit=size + 1,
            )
            lines = after_sale_queries.return_lines(connection, [row.id for row in rows[:size]])
        items, token = self._pages.page(
            rows,
            size,
            lambda row: wire.return_to_wire(row, lines[row.id]),
            lambda row: [row.created_at, row.id],
            *scope,
        )
        return pb.ListReturnsResponse(items=items, next_page_token=token)

    def ApproveReturn(self, request: pb.ApproveReturnRequest, call: Call) -> pb.Return:
        with self._db.transaction() as tx:
            returns.approve(tx, request.return_id, request.answer, Actor.of(call), self._clock())
            return _read_return(tx, request.return_id)

    def RejectReturn(self, request: pb.RejectReturnRequest, call: Call) -> pb.Return:
        with self._db.transaction() as tx:
            returns.reject(tx, request.return_id, request.answer, Actor.of(call), self._clock())
            return _read_return(tx, request.return_id)

    async def ReceiveReturn(self, request: pb.ReceiveReturnRequest, call: Call) -> pb.Return:
        reply, refund_id = await self._pool.run(call.deadline, self._receive, request, call)
        if refund_id is not None:
            await self._run(self._after_sale.refunds.settle(refund_id), call.deadline)
        return reply

    def _receive(self, request: pb.ReceiveReturnRequest, call: Call) -> tuple[pb.Return, int | None]:
        now = self._clock()
        refund_id: int | None = None

        def use_case() -> pb.Return:
            nonlocal refund_id
            key = key_of(call.identity.user_id, call.short_method, request.request_id)
            restocked = wire.units_from_wire(request.restocked)
            refund_id = returns.receive(tx, request.return_id, restocked, key, Actor.of(call), now)
            return _read_return(tx, request.return_id)

        with self._db.transaction() as tx:
            reply = once(tx, request, call, pb.Return, now, use_case)
        return reply, refund_id

    async def _run(self, work: Coroutine[Any, Any, None], deadline: Deadline) -> None:
        """Wait for work while the caller does; it goes on when they have gone."""
        task = asyncio.create_task(work)
        self._ending.add(task)
        task.add_done_callback(self._ended)
        await asyncio.wait({task}, timeout=max(deadline.remaining - REPLY_SECONDS, 0))

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._ending.discard(task)
        if not task.cancelled():
            task.exception()  # read: the sweeper and the job take up what was left


def must_manage_orders(caller: Identity) -> None:
    """Raise PermissionMissing when the caller may not see everyone's orders and returns."""
    if not caller.is_admin:
        permission = AccessRule.Permission.Name(AccessRule.MANAGE_ORDERS)
        raise PermissionMissing(permission=permission, role=caller.role)


def _owner(caller: Identity) -> int | None:
    """Whose orders a caller reaches; None for everyone's."""
    return None if caller.is_admin else caller.user_id


def _read_return(tx: Connection, return_id: int) -> pb.Return:
    row = after_sale_queries.return_of(tx, return_id)
    if row is None:
        raise ReturnNotFound(return_id=return_id)
    return wire.return_to_wire(row, after_sale_queries.return_lines(tx, [return_id])[return_id])
