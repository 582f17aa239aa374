"""Refunds and returns with their lines, as their readers see them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from server.order import queries as order_queries
from server.refund import queries, return_queries
from server.refund.errors import RefundNotFound, ReturnNotFound
from server.refund.records import OrderRefund, OrderReturn, RefundedUnits, ReturnedUnits


def read_refund(
    connection: Connection, refund_id: int, owner: int | None
) -> tuple[OrderRefund, Sequence[RefundedUnits]]:
    """A refund of an order of the owner's; None reads any. Raises RefundNotFound."""
    refund = queries.refund(connection, refund_id)
    if refund is None or not order_queries.is_visible(connection, refund.order_id, owner):
        raise RefundNotFound(refund_id=refund_id)
    return refund, queries.refund_lines(connection, [refund_id])[refund_id]


def read_return(
    connection: Connection, return_id: int, owner: int | None
) -> tuple[OrderReturn, Sequence[ReturnedUnits]]:
    """A return of an order of the owner's; None reads any. Raises ReturnNotFound."""
    returned = return_queries.return_of(connection, return_id)
    if returned is None or not order_queries.is_visible(connection, returned.order_id, owner):
        raise ReturnNotFound(return_id=return_id)
    return returned, return_queries.return_lines(connection, [return_id])[return_id]
