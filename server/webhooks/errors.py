"""Why webhooks refuse."""

from __future__ import annotations

from server.errors import FailedPrecondition, InvalidArgument, NotFound, Violation


class WebhookUrlRefused(InvalidArgument):
    """The address is not https, or not public."""

    message = "url: {problem}."
    prose = ("problem",)

    def __init__(self, problem: str) -> None:
        super().__init__(problem=problem)
        self.violations = (Violation("endpoint.url", problem, self.reason),)


class WebhookNotFound(NotFound):
    """No endpoint has the id."""

    message = "There is no webhook endpoint {endpoint_id}."


class DeliveryNotFound(NotFound):
    """No delivery has the id."""

    message = "There is no webhook delivery {delivery_id}."


class WebhookSwitchedOff(FailedPrecondition):
    """Nothing is sent to the endpoint."""

    message = "The webhook endpoint {endpoint_id} is switched off: switch it on, and what waits is sent."
