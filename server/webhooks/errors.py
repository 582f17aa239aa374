"""Why webhooks refuse."""

from __future__ import annotations

from server.errors import InvalidArgument, NotFound


class WebhookUrlRefused(InvalidArgument):
    """The address is not https, or not public."""

    message = "url: {problem}."


class WebhookNotFound(NotFound):
    """No endpoint has the id."""

    message = "There is no webhook endpoint {endpoint_id}."


class DeliveryNotFound(NotFound):
    """No delivery has the id."""

    message = "There is no webhook delivery {delivery_id}."
