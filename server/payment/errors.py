"""Why payments refuse."""

from __future__ import annotations

from server.errors import NotFound, PermissionDenied, Unavailable


class PaymentUnavailable(Unavailable):
    """The gateway did not answer."""

    message = "The payment gateway did not answer in time; repeat the call with the same request id."


class SignatureInvalid(PermissionDenied):
    """One sentence for every flaw, so that a forger learns nothing."""

    message = "The webhook is not signed by the payment gateway, or was signed too long ago."


class GiftCardNotFound(NotFound):
    """No card has this id or code; one sentence also for a code that is close."""

    message = "There is no such gift card."


class PaymentAlertNotFound(NotFound):
    """No such alert."""

    message = "There is no alert {alert_id} about payments."
