"""Cancels orders, pays them back and takes goods back.

Generated from the protos by proto/generate.py; do not edit. What is more than an RPC stands in `shortcuts`.
"""

from __future__ import annotations

from collections.abc import Iterable
from google.type import money_pb2
from sanset.v1 import order_pb2, refund_pb2, refund_service_pb2
from typing import Literal

from sanset_client.rpc import Metadata, Prepared, Items, Unary, prepare

ReturnStatusName = Literal["STATUS_UNSPECIFIED", "REQUESTED", "APPROVED", "REJECTED", "RECEIVED"]


def cancel_order(
    *,
    order_id: int | None = None,
    reason: str | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Cancels an order that was not shipped, and returns it: stock, points, coupon and money go back.

    What an unpaid order held is in its buyer's cart again, but for what they have ordered since: see `Cart.changes`.
    The buyer cancels their own, an admin any. Repeating it changes nothing. Returns FAILED_PRECONDITION
    (ILLEGAL_TRANSITION) once it was shipped; then RequestReturn is the way. While the buyer's bank holds money
    of it, until a dispute is decided, it is FAILED_PRECONDITION (ORDER_DISPUTED).
    """
    return prepare(
        refund_service_pb2.CancelOrderRequest,
        timeout,
        metadata,
        order_id=order_id,
        reason=reason,
        request_id=request_id,
    )


def refund_order(
    *,
    order_id: int | None = None,
    items: Iterable[order_pb2.LineQuantity] | None = None,
    amount: money_pb2.Money | None = None,
    reason: str | None = None,
    restock: bool | None = None,
    request_id: str | None = None,
    all: bool | None = None,
    etag: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Pays back an order: all that is left, some units with their shares of tax and shipping, or an amount.

    Units get what they cost, less what an amount has paid for them before, and never more than is left. Returns
    INVALID_ARGUMENT unless exactly one of `items`, `amount` and `all` is sent, FAILED_PRECONDITION (REFUND_TOO_LARGE),
    naming what is left, beyond what was captured or the units that were not refunded yet, NOT_REFUNDABLE when nothing
    was paid, TOO_MANY after 200 refunds of the order, and ORDER_DISPUTED for money that the buyer's bank holds until a
    dispute is decided, ABORTED (STALE_ETAG) also without an etag when a return arrived and was paid while the call
    waited for it. Money paid back at the gateway itself counts. A refund that the gateway does not confirm at once
    is PENDING and tried again; an order is REFUNDED once the gateway has confirmed all of its money and no return is
    open, not before.
    """
    return prepare(
        refund_service_pb2.RefundOrderRequest,
        timeout,
        metadata,
        order_id=order_id,
        items=items,
        amount=amount,
        reason=reason,
        restock=restock,
        request_id=request_id,
        all=all,
        etag=etag,
    )


def preview_refund(
    *,
    order_id: int | None = None,
    items: Iterable[order_pb2.LineQuantity] | None = None,
    amount: money_pb2.Money | None = None,
    all: bool | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Says what RefundOrder would pay back now, without changing anything. Fails as RefundOrder, but for TOO_MANY.

    What was paid back at the gateway itself a moment ago, and has not been told yet, is not counted.
    """
    return prepare(
        refund_service_pb2.PreviewRefundRequest,
        timeout,
        metadata,
        order_id=order_id,
        items=items,
        amount=amount,
        all=all,
    )


def get_refund(
    *,
    refund_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets a refund of an order of the caller's; admins get any. Returns NOT_FOUND (REFUND_NOT_FOUND) otherwise."""
    return prepare(
        refund_service_pb2.GetRefundRequest,
        timeout,
        metadata,
        refund_id=refund_id,
    )


def list_refunds(
    *,
    order_id: int | None = None,
    page_size: int | None = None,
    page_token: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists the refunds of an order of the caller's, or of any for admins, the oldest first. Returns NOT_FOUND as
    GetOrder.
    """
    return prepare(
        refund_service_pb2.ListRefundsRequest,
        timeout,
        metadata,
        order_id=order_id,
        page_size=page_size,
        page_token=page_token,
    )


def request_return(
    *,
    order_id: int | None = None,
    items: Iterable[order_pb2.LineQuantity] | None = None,
    reason: str | None = None,
    request_id: str | None = None,
    all: bool | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Asks to send goods back, within RETURN_DAYS (a setting of the shop) after their delivery.

    Returns INVALID_ARGUMENT unless exactly one of `items` and `all` is sent, FAILED_PRECONDITION: NOT_DELIVERED before
    that, RETURN_TOO_LATE after it with the last day, NOT_RETURNABLE for units that were returned or refunded, and while
    another return of the order is open.
    """
    return prepare(
        refund_service_pb2.RequestReturnRequest,
        timeout,
        metadata,
        order_id=order_id,
        items=items,
        reason=reason,
        request_id=request_id,
        all=all,
    )


def get_return(
    *,
    return_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets a return of the caller's; admins get any. Returns NOT_FOUND (RETURN_NOT_FOUND) otherwise."""
    return prepare(
        refund_service_pb2.GetReturnRequest,
        timeout,
        metadata,
        return_id=return_id,
    )


def list_returns(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    order_id: int | None = None,
    status: refund_pb2.Return.Status.ValueType | ReturnStatusName | None = None,
    all_users: bool | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists the caller's returns, the newest first. Admins may list everyone's. Returns NOT_FOUND for the returns of an
    order that is another user's.
    """
    return prepare(
        refund_service_pb2.ListReturnsRequest,
        timeout,
        metadata,
        page_size=page_size,
        page_token=page_token,
        order_id=order_id,
        status=status,
        all_users=all_users,
    )


def approve_return(
    *,
    return_id: int | None = None,
    comment: str | None = None,
    etag: str | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Agrees to a return; the goods are awaited. Repeating it changes nothing.

    Returns NOT_FOUND (RETURN_NOT_FOUND), FAILED_PRECONDITION (ILLEGAL_TRANSITION) when it was rejected or received,
    ABORTED (STALE_ETAG) when an `etag` was sent and the return has moved since.
    """
    return prepare(
        refund_service_pb2.ApproveReturnRequest,
        timeout,
        metadata,
        return_id=return_id,
        comment=comment,
        etag=etag,
        request_id=request_id,
    )


def reject_return(
    *,
    return_id: int | None = None,
    comment: str | None = None,
    etag: str | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Refuses a return; the order is DELIVERED again. Fails as ApproveReturn."""
    return prepare(
        refund_service_pb2.RejectReturnRequest,
        timeout,
        metadata,
        return_id=return_id,
        comment=comment,
        etag=etag,
        request_id=request_id,
    )


def receive_return(
    *,
    return_id: int | None = None,
    restock_items: Iterable[order_pb2.LineQuantity] | None = None,
    request_id: str | None = None,
    etag: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Takes in the goods of an approved return, pays them back, and returns the return.

    The order is RETURNED, or REFUNDED when everything was paid back. Fails as ApproveReturn.
    """
    return prepare(
        refund_service_pb2.ReceiveReturnRequest,
        timeout,
        metadata,
        return_id=return_id,
        restock_items=restock_items,
        request_id=request_id,
        etag=etag,
    )


class RefundMethods:
    """Cancels orders, pays them back and takes goods back."""

    cancel_order = Unary("CancelOrder", cancel_order, order_pb2.Order)
    refund_order = Unary("RefundOrder", refund_order, refund_pb2.Refund)
    preview_refund = Unary("PreviewRefund", preview_refund, refund_service_pb2.PreviewRefundResponse)
    get_refund = Unary("GetRefund", get_refund, refund_pb2.Refund)
    list_refunds = Unary("ListRefunds", list_refunds, refund_service_pb2.ListRefundsResponse)
    iter_refunds = Items("ListRefunds", list_refunds.request, refund_pb2.Refund)
    request_return = Unary("RequestReturn", request_return, refund_pb2.Return)
    get_return = Unary("GetReturn", get_return, refund_pb2.Return)
    list_returns = Unary("ListReturns", list_returns, refund_service_pb2.ListReturnsResponse)
    iter_returns = Items("ListReturns", list_returns.request, refund_pb2.Return)
    approve_return = Unary("ApproveReturn", approve_return, refund_pb2.Return)
    reject_return = Unary("RejectReturn", reject_return, refund_pb2.Return)
    receive_return = Unary("ReceiveReturn", receive_return, refund_pb2.Return)
