"""RefundService: cancellations, refunds and returns."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sanset.v1 import order_pb2, payment_pb2, refund_service_pb2_grpc
from sanset.v1 import refund_service_pb2 as pb
from sanset.v1.refund_pb2 import Refund, Return
from sqlalchemy import Connection

from server.audit.log import Actor
from server.clock import Clock
from server.db.database import Database
from server.db.work import Work
from server.order import convert, service
from server.order import queries as order_queries
from server.order.errors import OrderNotFound
from server.paging import Pages
from server.refund import convert as wire
from server.refund import lookup, queries, return_queries, returns
from server.refund import service as refunding
from server.refund.cancellations import cancel
from server.refund.processor import RefundProcessor
from server.refund.refund_call import METHOD, RefundCall, RefundRequest
from server.refund.service import key_of
from server.repeats.claims import claim_of
from server.repeats.short_call import first_reply, keep_reply, once
from server.rpc.call import Call
from server.rpc.detached import DetachedTasks
from server.rpc.ownership import must_see_all_orders, owner_for

GiveUp = Callable[[int], Coroutine[None, None, object]]
"""Settles the payment of a cancelled order: it is never charged any more, or paid back."""


@dataclass(frozen=True)
class RefundUseCases:
    """What cancels, pays back and takes back; `return_within` of its delivery an order may be sent back."""

    refunds: RefundProcessor
    refund_call: RefundCall[Refund]
    give_up: GiveUp
    return_within: timedelta


class RefundServicer(refund_service_pb2_grpc.RefundServiceServicer):
    """Translates calls about cancellations, refunds and returns."""

    def __init__(
        self,
        db: Database,
        work: Work,
        pages: Pages,
        *,
        clock: Clock,
        use_cases: RefundUseCases,
        detached: DetachedTasks,
    ) -> None:
        self._db = db
        self._work = work
        self._pages = pages
        self._clock = clock
        self._use_cases = use_cases
        self._detached = detached

    async def CancelOrder(self, request: pb.CancelOrderRequest, call: Call) -> order_pb2.Order:
        reply, refund_id = await self._work.write(self._cancel, request, call, deadline=call.deadline)
        if refund_id is not None:
            await self._detached.run(self._use_cases.refunds.process(refund_id), call.deadline)
        elif reply.payment.status == payment_pb2.Payment.PENDING:
            await self._detached.run(self._use_cases.give_up(reply.id), call.deadline)
        return reply

    def _cancel(
        self, tx: Connection, request: pb.CancelOrderRequest, call: Call
    ) -> tuple[order_pb2.Order, int | None]:
        """The cancelled order, and the refund to pay back; a repeat has none."""
        now = self._clock()
        first = first_reply(tx, request, call, now, order_pb2.Order)
        if first is not None:
            return first, None
        refund_id = cancel(
            tx,
            request.order_id,
            owner_for(call.identity),
            reason=request.reason,
            key=key_of(call.identity.user_id, call.short_method, request.request_id),
            actor=Actor.of(call),
            now=now,
        )
        reply = convert.order_to_wire(service.read_order(tx, call.identity, request.order_id), self._db.vault)
        keep_reply(tx, request, call, reply)
        return reply, refund_id

    async def RefundOrder(self, request: pb.RefundOrderRequest, call: Call) -> Refund:
        refund_request = RefundRequest(
            wire.terms_from_wire(request),
            Actor.of(call),
            claim_of(call.identity.user_id, METHOD, request),
        )
        run = partial(self._detached.run, deadline=call.deadline)
        return await self._use_cases.refund_call.refund(refund_request, call.deadline, run)

    def PreviewRefund(self, request: pb.PreviewRefundRequest, call: Call) -> pb.PreviewRefundResponse:
        with self._db.read() as connection:
            preview = refunding.preview(connection, wire.previewed_terms_from_wire(request))
        return wire.preview_to_wire(preview)

    def GetRefund(self, request: pb.GetRefundRequest, call: Call) -> Refund:
        with self._db.read() as connection:
            read = lookup.read_refund(connection, request.refund_id, owner_for(call.identity))
        return wire.refund_to_wire(*read)

    def ListRefunds(self, request: pb.ListRefundsRequest, call: Call) -> pb.ListRefundsResponse:
        scope = ("ListRefunds", call.identity.user_id, request.order_id)
        size = self._pages.size(request.page_size)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            self._check_order(connection, request.order_id, call)
            refunds = queries.refund_page(connection, request.order_id, after, size + 1)
            lines = queries.refund_lines(connection, [refund.id for refund in refunds[:size]])
        items, token = self._pages.page(
            refunds,
            size,
            lambda refund: wire.refund_to_wire(refund, lines[refund.id]),
            lambda refund: [refund.id],
            *scope,
        )
        return pb.ListRefundsResponse(items=items, next_page_token=token)

    def _check_order(self, connection: Connection, order_id: int, call: Call) -> None:
        if not order_queries.is_visible(connection, order_id, owner_for(call.identity)):
            raise OrderNotFound(order_id=order_id)

    @once(Return)
    def RequestReturn(
        self, tx: Connection, request: pb.RequestReturnRequest, call: Call, now: datetime
    ) -> Return:
        return_id = returns.request(
            tx,
            request.order_id,
            owner_for(call.identity),
            None if request.all else wire.units_from_wire(request.items),
            reason=request.reason,
            within=self._use_cases.return_within,
            actor=Actor.of(call),
            now=now,
        )
        return _read_return(tx, return_id)

    def GetReturn(self, request: pb.GetReturnRequest, call: Call) -> Return:
        with self._db.read() as connection:
            read = lookup.read_return(connection, request.return_id, owner_for(call.identity))
        return wire.return_to_wire(*read)

    def ListReturns(self, request: pb.ListReturnsRequest, call: Call) -> pb.ListReturnsResponse:
        user_id = None if request.all_users else call.identity.user_id
        if request.all_users:
            must_see_all_orders(call.identity)
        state = Return.Status.Name(request.status) if request.status else None
        scope = ("ListReturns", call.identity.user_id, user_id, request.order_id, state)
        size = self._pages.size(request.page_size)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            if request.order_id:
                self._check_order(connection, request.order_id, call)
            rows = return_queries.return_page(
                connection,
                user_id=user_id,
                order_id=request.order_id or None,
                state=state,
                after=after,
                limit=size + 1,
            )
            lines = return_queries.return_lines(connection, [row.id for row in rows[:size]])
        items, token = self._pages.page(
            rows,
            size,
            lambda row: wire.return_to_wire(row, lines[row.id]),
            lambda row: [row.created_at, row.id],
            *scope,
        )
        return pb.ListReturnsResponse(items=items, next_page_token=token)

    @once(Return)
    def ApproveReturn(
        self, tx: Connection, request: pb.ApproveReturnRequest, call: Call, now: datetime
    ) -> Return:
        decision = returns.ReturnDecision(request.return_id, request.comment, request.etag)
        returns.approve(tx, decision, Actor.of(call), now)
        return _read_return(tx, request.return_id)

    @once(Return)
    def RejectReturn(
        self, tx: Connection, request: pb.RejectReturnRequest, call: Call, now: datetime
    ) -> Return:
        decision = returns.ReturnDecision(request.return_id, request.comment, request.etag)
        returns.reject(tx, decision, Actor.of(call), now)
        return _read_return(tx, request.return_id)

    async def ReceiveReturn(self, request: pb.ReceiveReturnRequest, call: Call) -> Return:
        reply, refund_id = await self._work.write(self._receive, request, call, deadline=call.deadline)
        if refund_id is not None:
            await self._detached.run(self._use_cases.refunds.process(refund_id), call.deadline)
        return reply

    def _receive(
        self, tx: Connection, request: pb.ReceiveReturnRequest, call: Call
    ) -> tuple[Return, int | None]:
        """The return, and the refund to pay back; a repeat has none."""
        now = self._clock()
        first = first_reply(tx, request, call, now, Return)
        if first is not None:
            return first, None
        refund_id = returns.receive(
            tx,
            request.return_id,
            wire.units_from_wire(request.restock_items),
            etag=request.etag,
            key=key_of(call.identity.user_id, call.short_method, request.request_id),
            actor=Actor.of(call),
            now=now,
        )
        reply = _read_return(tx, request.return_id)
        keep_reply(tx, request, call, reply)
        return reply, refund_id


def _read_return(tx: Connection, return_id: int) -> Return:
    return wire.return_to_wire(*lookup.read_return(tx, return_id, None))
