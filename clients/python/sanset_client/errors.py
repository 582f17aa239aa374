"""Errors of refused and failed calls: the code, the reason and the facts, ready to branch on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, TypeVar

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2, status_pb2

STATUS_DETAILS = "grpc-status-details-bin"

M = TypeVar("M", bound=Message)


class SansetError(Exception):
    """A call that was refused or failed.

    code: the gRPC status code.
    message: a sentence for people.
    reason: the name of an `ErrorReason` of the contract, such as "OUT_OF_STOCK"; "" when none was given,
        as when the network failed.
    metadata: the facts behind the refusal, as text; `detail` has those that are typed.
    violations: the fields that are wrong, each with `field`, `description` and `reason`.
    retry_after: seconds to wait before trying again; None when the server gave none.
    request_id: the `request_id` the failed call carried, made by the caller or the client. Repeat the call
        with it, and what it does is done once.
    """

    _by_code: ClassVar[dict[grpc.StatusCode, type[SansetError]]] = {}

    def __init_subclass__(cls, *, code: grpc.StatusCode | None = None) -> None:
        """Register the class for `code`; a class without one is raised by name only."""
        super().__init_subclass__()
        if code is not None:
            SansetError._by_code[code] = cls

    def __init__(
        self,
        code: grpc.StatusCode,
        message: str,
        *,
        reason: str = "",
        metadata: Mapping[str, str] | None = None,
        violations: Sequence[error_details_pb2.BadRequest.FieldViolation] = (),
        retry_after: float | None = None,
        details: Sequence[AnyMessage] = (),
    ) -> None:
        super().__init__(f"{reason or code.name}: {message}")
        self.code = code
        self.message = message
        self.reason = reason
        self.metadata = dict(metadata or {})
        self.violations = tuple(violations)
        self.retry_after = retry_after
        self.request_id = ""
        self._details = tuple(details)

    def detail(self, kind: type[M]) -> M | None:
        """Return the facts of a message type of `error_details.proto`, such as LineFailure; None without them."""
        message = kind()
        return message if any(detail.Unpack(message) for detail in self._details) else None


class InvalidArgument(SansetError, code=grpc.StatusCode.INVALID_ARGUMENT):
    """The request is wrong whatever the state of the shop; see `violations`."""


class NotFound(SansetError, code=grpc.StatusCode.NOT_FOUND):
    """It does not exist, or is not the caller's to see."""


class AlreadyExists(SansetError, code=grpc.StatusCode.ALREADY_EXISTS):
    """It exists already."""


class Unauthenticated(SansetError, code=grpc.StatusCode.UNAUTHENTICATED):
    """Nobody is signed in, or the session is over: log in again."""


class PermissionDenied(SansetError, code=grpc.StatusCode.PERMISSION_DENIED):
    """The caller is known and may not do this."""


class FailedPrecondition(SansetError, code=grpc.StatusCode.FAILED_PRECONDITION):
    """The shop is not in the state that the call needs; `reason` says how."""


class Aborted(SansetError, code=grpc.StatusCode.ABORTED):
    """A race was lost, an etag was stale, or a request id was used for something else."""


class ResourceExhausted(SansetError, code=grpc.StatusCode.RESOURCE_EXHAUSTED):
    """Too many calls; see `retry_after`."""


class Unavailable(SansetError, code=grpc.StatusCode.UNAVAILABLE):
    """The server cannot be reached, or is away for a moment."""


class DeadlineExceeded(SansetError, code=grpc.StatusCode.DEADLINE_EXCEEDED):
    """The call took longer than its deadline. It may have had its effect."""


class ClientClosed(SansetError):
    """The client was closed before or during the call."""

    def __init__(self) -> None:
        super().__init__(grpc.StatusCode.CANCELLED, "The client is closed.")


def make_error(code: grpc.StatusCode, message: str) -> SansetError:
    """Make the error of `code` with nothing but a sentence, as for a failure on this side."""
    return SansetError._by_code.get(code, SansetError)(code, message)


def not_renewed_in_time() -> SansetError:
    """Make the error of a call whose deadline came while it waited for another's renewal of the token."""
    return make_error(grpc.StatusCode.DEADLINE_EXCEEDED, "The access token was not renewed in time.")


def read_error(
    code: grpc.StatusCode, message: str | None, trailers: Iterable[tuple[str, str | bytes]] | None
) -> SansetError:
    """Make the error that a status with its trailing metadata stands for."""
    info = error_details_pb2.ErrorInfo()
    bad_request = error_details_pb2.BadRequest()
    retry = error_details_pb2.RetryInfo()
    details = _status(trailers).details
    for detail in details:
        for part in (info, bad_request, retry):
            detail.Unpack(part)
    return SansetError._by_code.get(code, SansetError)(
        code,
        message or code.name.replace("_", " ").capitalize(),
        reason=info.reason,
        metadata=info.metadata,
        violations=bad_request.field_violations,
        retry_after=retry.retry_delay.ToTimedelta().total_seconds()
        if retry.HasField("retry_delay")
        else None,
        details=details,
    )


def _status(trailers: Iterable[tuple[str, str | bytes]] | None) -> status_pb2.Status:
    for key, value in trailers or ():
        if key == STATUS_DETAILS and isinstance(value, bytes):
            try:
                return status_pb2.Status.FromString(value)
            except DecodeError:  # a proxy's mangled trailer must not hide the status itself
                break
    return status_pb2.Status()
