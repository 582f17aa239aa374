"""Registers webhook endpoints for orders, and shows the deliveries to them.

Generated from the protos by proto/generate.py; do not edit. What is more than an RPC stands in `shortcuts`.
"""

from __future__ import annotations

from google.protobuf import empty_pb2, field_mask_pb2
from sanset.v1 import webhook_pb2
from typing import Literal

from sanset_client.rpc import Metadata, Prepared, Items, Unary, prepare

WebhookDeliveryStatusName = Literal["STATUS_UNSPECIFIED", "PENDING", "DELIVERED", "FAILED"]
WebhookDeliveryViewName = Literal["VIEW_UNSPECIFIED", "SUMMARY", "FULL"]


def create_webhook_endpoint(
    *,
    endpoint: webhook_pb2.WebhookEndpoint | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Registers an endpoint, and returns it with its signing secret, which no later reply contains.

    Returns INVALID_ARGUMENT (WEBHOOK_URL_REFUSED) unless the address is https and public, FAILED_PRECONDITION
    (TOO_MANY) beyond 20.
    """
    return prepare(
        webhook_pb2.CreateWebhookEndpointRequest,
        timeout,
        metadata,
        endpoint=endpoint,
        request_id=request_id,
    )


def list_webhook_endpoints(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists the registered endpoints, the oldest first."""
    return prepare(
        webhook_pb2.ListWebhookEndpointsRequest,
        timeout,
        metadata,
        page_size=page_size,
        page_token=page_token,
    )


def get_webhook_endpoint(
    *,
    endpoint_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets an endpoint, without its secret. Returns NOT_FOUND (WEBHOOK_NOT_FOUND)."""
    return prepare(
        webhook_pb2.GetWebhookEndpointRequest,
        timeout,
        metadata,
        endpoint_id=endpoint_id,
    )


def update_webhook_endpoint(
    *,
    endpoint: webhook_pb2.WebhookEndpoint | None = None,
    update_mask: field_mask_pb2.FieldMask | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Updates an endpoint, and returns it; `active: true` switches it on again, and sends what waited.

    Over HTTP PUT replaces the endpoint, PATCH changes what is sent, null clears. Returns NOT_FOUND (WEBHOOK_NOT_FOUND),
    ABORTED (STALE_ETAG), INVALID_ARGUMENT (WEBHOOK_URL_REFUSED) unless a new address is https and public.
    """
    return prepare(
        webhook_pb2.UpdateWebhookEndpointRequest,
        timeout,
        metadata,
        endpoint=endpoint,
        update_mask=update_mask,
        request_id=request_id,
    )


def delete_webhook_endpoint(
    *,
    endpoint_id: int | None = None,
    etag: str | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Deletes an endpoint and what was not delivered to it. Returns NOT_FOUND (WEBHOOK_NOT_FOUND)."""
    return prepare(
        webhook_pb2.DeleteWebhookEndpointRequest,
        timeout,
        metadata,
        endpoint_id=endpoint_id,
        etag=etag,
        request_id=request_id,
    )


def ping_webhook_endpoint(
    *,
    endpoint_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Sends a test to an endpoint, signed as its events are, and says what it answered.

    The body is `{"id":0,"type":"ping","time":…}`. An endpoint that is switched off is tried as well; nothing is
    stored or tried again, and what the endpoint answers changes nothing. Returns NOT_FOUND (WEBHOOK_NOT_FOUND).
    """
    return prepare(
        webhook_pb2.PingWebhookEndpointRequest,
        timeout,
        metadata,
        endpoint_id=endpoint_id,
    )


def rotate_webhook_secret(
    *,
    endpoint_id: int | None = None,
    overlap_seconds: int | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gives an endpoint a new signing secret, and returns the endpoint with it: no later reply contains it.

    For the overlap each delivery carries a signature under the new and one under the old secret, so that receivers
    can be changed meanwhile without missing anything. Another rotation ends an overlap: the secret before the old one
    is no longer signed with. Returns NOT_FOUND (WEBHOOK_NOT_FOUND).
    """
    return prepare(
        webhook_pb2.RotateWebhookSecretRequest,
        timeout,
        metadata,
        endpoint_id=endpoint_id,
        overlap_seconds=overlap_seconds,
        request_id=request_id,
    )


def get_webhook_delivery(
    *,
    delivery_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets a delivery. Returns NOT_FOUND (DELIVERY_NOT_FOUND)."""
    return prepare(
        webhook_pb2.GetWebhookDeliveryRequest,
        timeout,
        metadata,
        delivery_id=delivery_id,
    )


def list_webhook_deliveries(
    *,
    endpoint_id: int | None = None,
    page_size: int | None = None,
    page_token: str | None = None,
    status: webhook_pb2.WebhookDelivery.Status.ValueType | WebhookDeliveryStatusName | None = None,
    view: webhook_pb2.WebhookDelivery.View.ValueType | WebhookDeliveryViewName | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists the deliveries to an endpoint, the newest first. Returns NOT_FOUND (WEBHOOK_NOT_FOUND)."""
    return prepare(
        webhook_pb2.ListWebhookDeliveriesRequest,
        timeout,
        metadata,
        endpoint_id=endpoint_id,
        page_size=page_size,
        page_token=page_token,
        status=status,
        view=view,
    )


def replay_webhook_delivery(
    *,
    delivery_id: int | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Sends a delivery once more, whatever became of it. Returns NOT_FOUND (DELIVERY_NOT_FOUND),
    FAILED_PRECONDITION (WEBHOOK_SWITCHED_OFF) while its endpoint is switched off.
    """
    return prepare(
        webhook_pb2.ReplayWebhookDeliveryRequest,
        timeout,
        metadata,
        delivery_id=delivery_id,
        request_id=request_id,
    )


class WebhookMethods:
    """Registers webhook endpoints for orders, and shows the deliveries to them."""

    create_webhook_endpoint = Unary("CreateWebhookEndpoint", create_webhook_endpoint, webhook_pb2.WebhookEndpoint)
    list_webhook_endpoints = Unary("ListWebhookEndpoints", list_webhook_endpoints, webhook_pb2.ListWebhookEndpointsResponse)
    iter_webhook_endpoints = Items("ListWebhookEndpoints", list_webhook_endpoints.request, webhook_pb2.WebhookEndpoint)
    get_webhook_endpoint = Unary("GetWebhookEndpoint", get_webhook_endpoint, webhook_pb2.WebhookEndpoint)
    update_webhook_endpoint = Unary("UpdateWebhookEndpoint", update_webhook_endpoint, webhook_pb2.WebhookEndpoint)
    delete_webhook_endpoint = Unary("DeleteWebhookEndpoint", delete_webhook_endpoint, empty_pb2.Empty)
    ping_webhook_endpoint = Unary("PingWebhookEndpoint", ping_webhook_endpoint, webhook_pb2.PingWebhookEndpointResponse)
    rotate_webhook_secret = Unary("RotateWebhookSecret", rotate_webhook_secret, webhook_pb2.WebhookEndpoint)
    get_webhook_delivery = Unary("GetWebhookDelivery", get_webhook_delivery, webhook_pb2.WebhookDelivery)
    list_webhook_deliveries = Unary("ListWebhookDeliveries", list_webhook_deliveries, webhook_pb2.ListWebhookDeliveriesResponse)
    iter_webhook_deliveries = Items("ListWebhookDeliveries", list_webhook_deliveries.request, webhook_pb2.WebhookDelivery)
    replay_webhook_delivery = Unary("ReplayWebhookDelivery", replay_webhook_delivery, webhook_pb2.WebhookDelivery)
