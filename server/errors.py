"""The canonical refusals: one class per gRPC meaning; the domains derive theirs from these.

A refusal is a class and a sentence. Its reason is the class name in UPPER_SNAKE, an `ErrorReason` of the
contract, or that of another refusal which clients treat alike; the facts fill the sentence and travel as
`ErrorInfo.metadata`, under the keys that stand beside the reason in the contract.
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import ClassVar, NamedTuple, Self


class FieldReason(StrEnum):
    """Why a field is wrong, for programs: the contract's `FieldReason`."""

    REQUIRED = "FIELD_REQUIRED"
    INVALID_VALUE = "FIELD_INVALID_VALUE"
    INVALID_FORMAT = "FIELD_INVALID_FORMAT"
    OUT_OF_RANGE = "FIELD_OUT_OF_RANGE"
    TOO_SHORT = "FIELD_TOO_SHORT"
    TOO_LONG = "FIELD_TOO_LONG"
    TOO_FEW_ENTRIES = "FIELD_TOO_FEW_ENTRIES"
    TOO_MANY_ENTRIES = "FIELD_TOO_MANY_ENTRIES"
    DUPLICATE = "FIELD_DUPLICATE"
    IMMUTABLE = "FIELD_IMMUTABLE"
    CONFLICT = "FIELD_CONFLICT"


class CommandError(Exception):
    """A command cannot do what it was given; the text is one line that says why and what to do."""


class Violation(NamedTuple):
    """A field that is wrong: its path, a sentence that follows its name, and why for programs."""

    field: str
    description: str
    reason: str = FieldReason.INVALID_VALUE


class Term(str):
    """Words of ours in a refusal, which other languages have too: "cart"; never a name of the shop's."""

    __slots__ = ()


class Refusal(Exception):
    """A call that cannot be served as asked.

    Its facts are those that its sentence names, and those of `also`; a fact of None is not told. Those of `prose`
    only fill the sentence; those of `terms` are words of ours. Raises TypeError for other facts, so that a slip
    fails where it is made.
    """

    code: ClassVar[str] = "INTERNAL"
    message: ClassVar[str] = ""
    reason: ClassVar[str] = ""
    also: ClassVar[tuple[str, ...]] = ()
    prose: ClassVar[tuple[str, ...]] = ()
    terms: ClassVar[tuple[str, ...]] = ()
    names: ClassVar[frozenset[str]] = frozenset()
    """All of its facts."""
    retry_after_seconds: float | None = None
    begun: bool = True
    """False where nothing of the call was done: the gateway hands it to another worker, a write too."""
    violations: Sequence[Violation] = ()
    """The fields that are at fault."""
    account_id: int | None = None
    """Whose account a guess was at, for the log of security events; no caller is told."""
    locks: bool = False
    """Whether the guess locked the account; as little told."""

    def __init_subclass__(cls, *, reason: str = "") -> None:
        """Derive the reason from the name, unless it is passed: OutOfStock is OUT_OF_STOCK."""
        super().__init_subclass__()
        cls.reason = reason or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).upper()
        named = (name for _, name, _, _ in string.Formatter().parse(cls.message) if name)
        cls.names = frozenset((*named, *cls.also))

    def __init__(self, **values: object) -> None:
        if values.keys() != self.names:
            raise TypeError(f"{type(self).__name__} is told {', '.join(sorted(self.names)) or 'nothing'}")
        self.values = {name: self._marked(name, value) for name, value in values.items()}
        super().__init__(self.message.format(**{name: fact(value) for name, value in values.items()}))

    def _marked(self, name: str, value: object) -> object:
        return Term(value) if name in self.terms and isinstance(value, str) else value

    @property
    def facts(self) -> dict[str, str]:
        """The facts as the metadata of an error: numbers as digits, times by RFC 3339, amounts as "12.99 USD"."""
        told = ((name, value) for name, value in self.values.items() if name not in self.prose)
        return {name: fact(value) for name, value in told if value is not None}

    def at(self, field: str) -> Self:
        """Return the refusal as one that a field of the request is at fault for."""
        self.violations = (Violation(field, str(self), self.reason),)
        return self


def fact(value: object) -> str:
    """A fact as text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value)


class LineRefusal(Refusal):
    """A line of a cart that cannot be bought as it is; `lines` are all that cannot, this one first."""

    also = ("item_id", "product_id", "variant_id", "requested")
    lines: Sequence[LineRefusal] = ()

    def together(self, lines: Sequence[LineRefusal]) -> Self:
        """Return the refusal as the first of all `lines` that are refused."""
        self.lines = (self, *(line for line in lines if line is not self))
        return self

    def __str__(self) -> str:
        """Tell each line."""
        return " ".join(dict.fromkeys(BaseException.__str__(line) for line in self.lines or (self,)))


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
    prose = ("summary",)

    def __init__(self, *violations: tuple[str, str] | tuple[str, str, str]) -> None:
        """`violations` are, for each field, its path, what is wrong with it, and why for programs."""
        self.violations = tuple(Violation(*violation) for violation in violations)
        super().__init__(summary="; ".join(f"{one.field}: {one.description}" for one in self.violations))


class MalformedRequest(InvalidArgument):
    """The message cannot be decoded."""

    message = "The request cannot be read as one of {method}."


class RequestTooLarge(InvalidArgument):
    """The message cannot be one that keeps the limits of its fields."""

    message = "The request has {size} bytes; {method} takes at most {limit}."


class InvalidUpdateMask(InvalidArgument):
    """The update mask names what cannot be changed."""

    message = "update_mask: {path} cannot be changed here; these can: {allowed}."

    def __init__(self, *, path: str, allowed: str) -> None:
        super().__init__(path=path, allowed=allowed)
        self.violations = (
            Violation("update_mask", f"{path} cannot be changed here; these can: {allowed}", self.reason),
        )


class InvalidMoney(InvalidArgument):
    """An amount that cannot be a price."""

    message = "{field}: {problem}."
    prose = ("problem",)

    def __init__(self, *, field: str, problem: str) -> None:
        super().__init__(field=field, problem=problem)
        self.violations = (Violation(field, problem, self.reason),)


class StaleEtag(Aborted):
    """Someone else was faster."""

    message = "The {resource} changed since it was read: read it again and repeat."
    terms = ("resource",)


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


class CommitUnanswered(DeadlineExceeded, reason="DEADLINE"):
    """The call's time was over before the database answered its commit."""

    message = (
        "The call took longer than its deadline, and may be done all the same: look before you repeat it."
    )


class TooMany(FailedPrecondition):
    """There is a bound on how many there may be."""

    message = "There may be at most {limit} {resources}."
    terms = ("resources",)


class UserNotFound(NotFound):
    """No such user."""

    message = "There is no user {user_id}."


class ClientCertificateMissing(PermissionDenied):
    """The gateway demands one on this port."""

    message = "This port is for callers with a client certificate of an authority that the shop trusts."


class TokenInvalid(Unauthenticated):
    """One sentence for every flaw of a token, so that a forger learns nothing."""

    message = "The access token is not valid any more; refresh it or sign in again."
    challenge = 'Bearer error="invalid_token"'
