"""The canonical refusals: one class per gRPC meaning; the domains derive theirs from these.

A refusal is a class and a sentence. Its reason is the class name in UPPER_SNAKE, an `ErrorReason` of the
contract, or that of another refusal which clients treat alike; the facts fill the sentence and travel as
`ErrorInfo.metadata`.
"""

from __future__ import annotations

import re
from typing import ClassVar


class CommandError(Exception):
    """A command cannot do what it was given; the text is one line that says why and what to do."""


class Refusal(Exception):
    """A call that cannot be served as asked.

    Raises KeyError when a fact that the sentence needs is missing, so that a slip fails where it is made.
    """

    code: ClassVar[str] = "INTERNAL"
    message: ClassVar[str] = ""
    reason: ClassVar[str] = ""
    retry_after_seconds: float | None = None
    begun: bool = True
    """False where nothing of the call was done: the gateway hands it to another worker, a write too."""

    def __init_subclass__(cls, *, reason: str = "") -> None:
        """Derive the reason from the name, unless it is passed: OutOfStock is OUT_OF_STOCK."""
        super().__init_subclass__()
        cls.reason = reason or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).upper()

    def __init__(self, **facts: object) -> None:
        self.facts = {name: str(value) for name, value in facts.items()}
        super().__init__(self.message.format(**self.facts))


class InvalidArgument(Refusal):
    """The request is wrong whatever the state of the shop."""

    code = "INVALID_ARGUMENT"


class Unauthenticated(Refusal):
    """The caller is not known."""

    code = "UNAUTHENTICATED"
    challenge = "Bearer"
    """What HTTP's header WWW-Authenticate says of it."""


class PermissionDenied(Refusal):
    """The caller is known and may not do this."""

    code = "PERMISSION_DENIED"


class NotFound(Refusal):
    """It does not exist, or the caller may not know that it does."""

    code = "NOT_FOUND"


class AlreadyExists(Refusal):
    """It exists already."""

    code = "ALREADY_EXISTS"


class Aborted(Refusal):
    """A race was lost; reading again and repeating may succeed."""

    code = "ABORTED"


class FailedPrecondition(Refusal):
    """The shop is not in the state that the call needs."""

    code = "FAILED_PRECONDITION"


class ResourceExhausted(Refusal):
    """Too much, for now."""

    code = "RESOURCE_EXHAUSTED"
    retry_after_seconds: float | None = 1.0


class Unavailable(Refusal):
    """A part that the call needs is away for a moment."""

    code = "UNAVAILABLE"
    retry_after_seconds: float | None = 1.0


class DeadlineExceeded(Refusal):
    """The time is over."""

    code = "DEADLINE_EXCEEDED"


class InvalidField(InvalidArgument):
    """One or more fields are missing or out of range."""

    message = "{summary}"

    def __init__(self, *violations: tuple[str, str]) -> None:
        """`violations` are pairs of a field path and what is wrong with it."""
        self.violations = violations
        super().__init__(summary="; ".join(f"{field}: {text}" for field, text in violations))
        self.facts = {}


class MalformedRequest(InvalidArgument):
    """The message cannot be decoded."""

    message = "The request is not a valid {message_type}."


class RequestTooLarge(InvalidArgument):
    """The message cannot be one that keeps the limits of its fields."""

    message = "The request has {size} bytes; {method} takes at most {limit}."


class InvalidUpdateMask(InvalidArgument):
    """The update mask names what cannot be changed."""

    message = "update_mask: {path!s} cannot be changed here; these can: {allowed}."


class InvalidMoney(InvalidArgument):
    """An amount that cannot be a price."""

    message = "{field}: {problem}."


class StaleEtag(Aborted):
    """Someone else was faster."""

    message = "The {resource} changed since it was read: read it again and repeat."


class Conflict(Aborted):
    """The database gave the transaction up several times."""

    message = "Too many changes at once; try again."
    retry_after_seconds = 0.2


class UnavailableNow(Unavailable):
    """The database is away."""

    message = "The shop's database is not reachable for a moment; try again."


class ServerStopping(Unavailable):
    """The worker is about to end; what it had begun and not committed is undone."""

    message = "This server is being stopped; try again."


class Overloaded(ResourceExhausted):
    """The queue is full."""

    message = "The server is busy; try again in a second."


class OutOfTime(DeadlineExceeded, reason="DEADLINE"):
    """The call's time is over; nothing was changed."""

    message = "The call took longer than its deadline."


class TooMany(FailedPrecondition):
    """There is a bound on how many there may be."""

    message = "There may be at most {limit} {things}."


class UserNotFound(NotFound):
    """No such user."""

    message = "There is no user {user_id}."


class TokenInvalid(Unauthenticated):
    """One sentence for every flaw of a token, so that a forger learns nothing."""

    message = "The access token is not valid any more; refresh it or sign in again."
    challenge = 'Bearer error="invalid_token"'
