"""Why a call with a request id is refused."""

from __future__ import annotations

from server.errors import Aborted


class IdempotencyMismatch(Aborted):
    """The request id belongs to another request."""

    message = "The request id {request_id} was used for another request: use a new one."


class StillRunning(Aborted):
    """Another call with this request id is at work."""

    message = "The first call with the request id {request_id} is still running; repeat it in a moment."
    retry_after_seconds = 1.0
