"""Why a call with a request id is refused."""

from __future__ import annotations

from server.errors import Aborted, FailedPrecondition, ResourceExhausted


class IdempotencyMismatch(Aborted):
    """The request id belongs to another request."""

    message = "The request id {request_id} was used for another request: use a new one."


class ReplyUnreadable(FailedPrecondition):
    """The call was done, and the key is lost that its reply was sealed with."""

    message = "The request {request_id} was done before, but its reply can no longer be read."


class StillRunning(Aborted):
    """Another call with this request id is at work."""

    message = "The first call with the request id {request_id} is still running; repeat it in a moment."
    retry_after_seconds = 1.0


class TooManyRequestIds(ResourceExhausted):
    """The caller has used more request ids within a day than are remembered."""

    message = "At most {limit} request ids of one caller are remembered: try again later."
    retry_after_seconds = 3600.0


class TooManyGuestRequestIds(ResourceExhausted, reason="TOO_MANY_REQUEST_IDS"):
    """Guests without a cart have used more request ids from one network within a day than are remembered."""

    message = (
        "At most {limit} request ids of guests without a cart are remembered from one network: "
        "try again later, or without one."
    )
    retry_after_seconds = 3600.0
