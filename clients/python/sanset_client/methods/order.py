"""Places orders, moves them and tracks them live.

Generated from the protos by proto/generate.py; do not edit. What is more than an RPC stands in `shortcuts`.
"""

from __future__ import annotations

from google.api import httpbody_pb2
from google.protobuf import field_mask_pb2, struct_pb2, timestamp_pb2
from google.type import money_pb2
from sanset.v1 import order_pb2, order_service_pb2, payment_pb2, tracking_pb2
from typing import Literal

from sanset_client.rpc import Metadata, Prepared, Items, Stream, Unary, prepare

DeliveryOptionName = Literal["OPTION_UNSPECIFIED", "STANDARD", "EXPRESS"]
ExportOrdersRequestFormatName = Literal["FORMAT_UNSPECIFIED", "CSV", "XLSX"]
ListOrdersRequestSortName = Literal["SORT_UNSPECIFIED", "NEWEST", "UPDATED"]
OrderStatusName = Literal["STATUS_UNSPECIFIED", "PENDING_PAYMENT", "CONFIRMED", "PROCESSING", "SHIPPED", "DELIVERED", "CANCELLED", "RETURN_REQUESTED", "RETURNED", "REFUNDED"]
OrderViewName = Literal["VIEW_UNSPECIFIED", "SUMMARY", "FULL"]
PaymentMethodName = Literal["METHOD_UNSPECIFIED", "CARD", "UPI", "GIFT_CARD"]


def preview_checkout(
    *,
    address_id: int | None = None,
    delivery_option: order_pb2.Delivery.Option.ValueType | DeliveryOptionName | None = None,
    coupon_code: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Says what Checkout would charge and by when it would be delivered, without changing anything.

    Fails as Checkout would, of the cart, the coupon and the address: CART_EMPTY, OUT_OF_STOCK, PURCHASE_LIMIT,
    QUANTITY_ABOVE_LIMIT, ADDRESS_NOT_FOUND, COUPON_EXPIRED and so on; without any address INVALID_FIELD.
    """
    return prepare(
        order_service_pb2.PreviewCheckoutRequest,
        timeout,
        metadata,
        address_id=address_id,
        delivery_option=delivery_option,
        coupon_code=coupon_code,
    )


def checkout(
    *,
    payment_method: payment_pb2.Payment.Method.ValueType | PaymentMethodName | None = None,
    payment_token: str | None = None,
    address_id: int | None = None,
    delivery_option: order_pb2.Delivery.Option.ValueType | DeliveryOptionName | None = None,
    request_id: str | None = None,
    expected_total: money_pb2.Money | None = None,
    coupon_code: str | None = None,
    payment_method_id: int | None = None,
    metadata_: struct_pb2.Struct | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Turns the caller's cart into an order, pays it, and returns it.

    Stock is taken, the prices of this moment are frozen and the cart is emptied in one step; nobody can
    oversell. `request_id` makes the call safe to repeat: the same id with the same body returns the first
    reply, the same id with another body is ABORTED (IDEMPOTENCY_MISMATCH), and a repeat while the first
    still runs waits for its reply, until its deadline, then is ABORTED (STILL_RUNNING). Returns
    UNAVAILABLE (PAYMENT_UNAVAILABLE) when the gateway did not answer in time: repeat it with the same id. Lines that
    cannot be bought (OUT_OF_STOCK, PURCHASE_LIMIT, CURRENCY_MISMATCH; QUANTITY_ABOVE_LIMIT is INVALID_ARGUMENT) are
    all in LineFailure. An `address_id` that is not the caller's is NOT_FOUND (ADDRESS_NOT_FOUND); without one, and
    without a default address, the field is missing (INVALID_FIELD). A coupon is refused as by ApplyCoupon. Returns
    FAILED_PRECONDITION: CART_EMPTY, PRICE_CHANGED, TOO_MANY_UNPAID beyond three orders that wait for
    their payment, PURCHASE_LIMIT, PAYMENT_DECLINED, after which the stock and the cart are as before and another
    attempt needs a new `request_id`, or ORDER_CANCELLED when the order was cancelled while it was being paid. A
    total that neither `expected_total` names nor a reply has shown (of GetCart, GetTotal, PreviewCheckout, or to a
    change of the cart) is ABORTED (PRICE_CHANGED) with the total in PriceChange; the same call again
    agrees to it. Replies are kept for a day; after that a repeat is ABORTED (REQUEST_ID_USED).
    """
    return prepare(
        order_service_pb2.CheckoutRequest,
        timeout,
        metadata,
        payment_method=payment_method,
        payment_token=payment_token,
        address_id=address_id,
        delivery_option=delivery_option,
        request_id=request_id,
        expected_total=expected_total,
        coupon_code=coupon_code,
        payment_method_id=payment_method_id,
        metadata=metadata_,
    )


def list_orders(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    status: order_pb2.Order.Status.ValueType | OrderStatusName | None = None,
    user_id: int | None = None,
    all_users: bool | None = None,
    number: str | None = None,
    start_time: timestamp_pb2.Timestamp | None = None,
    end_time: timestamp_pb2.Timestamp | None = None,
    updated_since: timestamp_pb2.Timestamp | None = None,
    sort: order_service_pb2.ListOrdersRequest.Sort.ValueType | ListOrdersRequestSortName | None = None,
    view: order_pb2.Order.View.ValueType | OrderViewName | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists the caller's orders, filtered, the newest first: their summaries, or with `view` FULL all of them. Admins may
    list another user's, or everyone's.

    An order that changes during a walk in the order of changes comes once more, at its end.
    """
    return prepare(
        order_service_pb2.ListOrdersRequest,
        timeout,
        metadata,
        page_size=page_size,
        page_token=page_token,
        status=status,
        user_id=user_id,
        all_users=all_users,
        number=number,
        start_time=start_time,
        end_time=end_time,
        updated_since=updated_since,
        sort=sort,
        view=view,
    )


def get_order(
    *,
    order_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets an order. Returns NOT_FOUND (ORDER_NOT_FOUND) when it does not exist or is another user's; admins get any."""
    return prepare(
        order_service_pb2.GetOrderRequest,
        timeout,
        metadata,
        order_id=order_id,
    )


def update_order(
    *,
    order: order_pb2.Order | None = None,
    update_mask: field_mask_pb2.FieldMask | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Replaces the `metadata` of an order, and returns it. It is no step: nobody is written, and webhooks tell nothing.

    Returns NOT_FOUND, ABORTED (STALE_ETAG) when the order has an `etag` that is not its own any more.
    """
    return prepare(
        order_service_pb2.UpdateOrderRequest,
        timeout,
        metadata,
        order=order,
        update_mask=update_mask,
        request_id=request_id,
    )


def update_order_status(
    *,
    order_id: int | None = None,
    status: order_pb2.Order.Status.ValueType | OrderStatusName | None = None,
    message: str | None = None,
    location: str | None = None,
    eta: timestamp_pb2.Timestamp | None = None,
    etag: str | None = None,
    shipment: order_pb2.Shipment | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Moves an order to its next status, and returns it.

    The steps are CONFIRMED → PROCESSING → SHIPPED → DELIVERED. A step that is not next is
    FAILED_PRECONDITION (ILLEGAL_TRANSITION), naming those that are. Repeating the current status is
    accepted and changes nothing, unless it brings a `shipment`: another parcel, or a correction of one, which is
    INVALID_ARGUMENT without a number, link or units, with more units than are left to ship, beyond 20 parcels, and
    beside a parcel that lists no units: correct that one first. TOO_MANY after 400 steps of an order.
    Goods whose money is gone do not leave: PROCESSING and SHIPPED are
    FAILED_PRECONDITION while the payment is disputed (ORDER_DISPUTED), and once all of it was paid back, or
    was decided to be (ORDER_PAID_BACK).
    """
    return prepare(
        order_service_pb2.UpdateOrderStatusRequest,
        timeout,
        metadata,
        order_id=order_id,
        status=status,
        message=message,
        location=location,
        eta=eta,
        etag=etag,
        shipment=shipment,
        request_id=request_id,
    )


def track_order(
    *,
    order_id: int | None = None,
    after_sequence: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Streams the steps of an order: those so far, then each new one as it happens.

    Every step carries a sequence, 1, 2, 3 …, without gaps. To resume, repeat the call with
    `after_sequence` set to the last one seen. A heartbeat comes at least every 30 seconds. `reconnect` asks
    to call again from where it says; `end` says that the order reached DELIVERED, CANCELLED, RETURNED or
    REFUNDED, and is the last message. A stream that stops without `end` was cut: resume it. Over HTTP the
    reply is JSON lines, or server-sent events when asked with `Accept: text/event-stream`: a step's `id:` is its
    sequence, and `Last-Event-ID` counts as `after_sequence` when it is the later one. A stream ends with
    UNAUTHENTICATED (TOKEN_INVALID) when its sign-in does, over HTTP with `error` as its last message. Returns
    NOT_FOUND (ORDER_NOT_FOUND) when the order does not exist or is another user's.
    """
    return prepare(
        tracking_pb2.TrackOrderRequest,
        timeout,
        metadata,
        order_id=order_id,
        after_sequence=after_sequence,
    )


def get_tracking(
    *,
    order_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets the steps of an order so far. Returns NOT_FOUND as GetOrder."""
    return prepare(
        tracking_pb2.GetTrackingRequest,
        timeout,
        metadata,
        order_id=order_id,
    )


def list_pending_orders(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    view: order_pb2.Order.View.ValueType | OrderViewName | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists the orders that wait for their payment, the oldest first: their summaries, or with `view` FULL all of them."""
    return prepare(
        order_service_pb2.ListPendingOrdersRequest,
        timeout,
        metadata,
        page_size=page_size,
        page_token=page_token,
        view=view,
    )


def export_orders(
    *,
    format: order_service_pb2.ExportOrdersRequest.Format.ValueType | ExportOrdersRequestFormatName | None = None,
    start_time: timestamp_pb2.Timestamp | None = None,
    end_time: timestamp_pb2.Timestamp | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Streams all orders, a row per line, as a file.

    The pieces are to be joined. CSV comes as it is read; XLSX begins when the file is complete. Money is in units:
    12.99. What has begun outlives its sign-in. A file that cannot be completed ends with the status of its failure,
    over HTTP as a broken transfer: what ends well is complete.
    """
    return prepare(
        order_service_pb2.ExportOrdersRequest,
        timeout,
        metadata,
        format=format,
        start_time=start_time,
        end_time=end_time,
    )


class OrderMethods:
    """Places orders, moves them and tracks them live."""

    preview_checkout = Unary("PreviewCheckout", preview_checkout, order_service_pb2.PreviewCheckoutResponse)
    checkout = Unary("Checkout", checkout, order_service_pb2.CheckoutResponse)
    list_orders = Unary("ListOrders", list_orders, order_service_pb2.ListOrdersResponse)
    iter_orders = Items("ListOrders", list_orders.request, order_pb2.Order)
    get_order = Unary("GetOrder", get_order, order_pb2.Order)
    update_order = Unary("UpdateOrder", update_order, order_pb2.Order)
    update_order_status = Unary("UpdateOrderStatus", update_order_status, order_pb2.Order)
    track_order = Stream("TrackOrder", track_order, tracking_pb2.TrackOrderResponse)
    get_tracking = Unary("GetTracking", get_tracking, order_pb2.Tracking)
    list_pending_orders = Unary("ListPendingOrders", list_pending_orders, order_service_pb2.ListPendingOrdersResponse)
    iter_pending_orders = Items("ListPendingOrders", list_pending_orders.request, order_pb2.Order)
    export_orders = Stream("ExportOrders", export_orders, httpbody_pb2.HttpBody)
