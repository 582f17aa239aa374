"""The client interceptor: a token, a deadline, safe repeats and readable errors on every call."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

import grpc
from google.protobuf.message import Message

from sanset_client.contract import CART_TOKEN, Contract, Rpc
from sanset_client.errors import ClientClosed, SansetError, make_error, read_error
from sanset_client.retry import Attempts
from sanset_client.session import Session

if TYPE_CHECKING:
    from grpc import _CallFuture, _CallIterator

Request = TypeVar("Request")
Reply = TypeVar("Reply")
Open = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class CallDetails(grpc.ClientCallDetails):
    """The details of a call in the form that gRPC takes."""

    method: str
    timeout: float | None
    metadata: tuple[tuple[str, str | bytes], ...] | None
    credentials: grpc.CallCredentials | None
    wait_for_ready: bool | None
    compression: grpc.Compression | None


class Calls(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    """Makes every call of a client."""

    def __init__(self, contract: Contract, session: Session, timeout: float) -> None:
        self._contract = contract
        self._session = session
        self._timeout = timeout
        self.closed = False

    def intercept_unary_unary(
        self,
        continuation: Callable[[grpc.ClientCallDetails, Request], _CallFuture[Reply]],
        client_call_details: grpc.ClientCallDetails,
        request: Request,
    ) -> _CallFuture[Reply]:
        """Make a call that has one reply. Raises SansetError."""
        rpc = self._contract.rpc(client_call_details.method, client_call_details.metadata)
        sealed = rpc.sealed(cast(Message, request))
        cart_token = self._session.cart_token if rpc.takes_cart_token else ""

        def attempt(token: str, timeout: float) -> _CallFuture[Reply]:
            details = with_token(client_call_details, token, timeout, cart_token)
            return continuation(details, cast(Request, sealed))

        try:
            call = self._insist(rpc, attempt, client_call_details.timeout or self._timeout)
            if rpc.takes_cart_token:
                self._session.cart_token = getattr(call.result(), "token", "") or self._session.cart_token
            return call
        except SansetError as error:
            error.request_id = getattr(sealed, "request_id", "")
            raise

    def intercept_unary_stream(
        self,
        continuation: Callable[[grpc.ClientCallDetails, Request], _CallIterator[Reply]],
        client_call_details: grpc.ClientCallDetails,
        request: Request,
    ) -> _CallIterator[Reply]:
        """Open a stream, without a deadline unless one is given. Raises SansetError, here and later."""
        if self.closed:
            raise ClientClosed
        rpc = self._contract.rpc(client_call_details.method, client_call_details.metadata)

        def start(token: str) -> _CallIterator[Reply]:
            return continuation(with_token(client_call_details, token, client_call_details.timeout), request)

        session = self._session if rpc.authorized else None
        return cast("_CallIterator[Reply]", RenewedStream(start, session, self._timeout))

    def _insist(
        self, rpc: Rpc, attempt: Callable[[str, float], _CallFuture[Reply]], timeout: float
    ) -> _CallFuture[Reply]:
        attempts = Attempts(timeout, repeatable=rpc.repeatable)
        token = self._session.token(attempts.left) if rpc.authorized else ""
        while True:
            if self.closed:
                raise ClientClosed
            call = attempt(token, attempts.left)
            failure = call.exception()
            if failure is None:
                return call
            error = from_rpc(failure)
            if token and attempts.may_renew(error):
                token = self._session.replace(token, attempts.left)
                if not token:
                    raise error from failure
            else:
                pause = attempts.pause_after(error)
                if pause is None:
                    raise error from failure
                time.sleep(pause)


class RenewedStream:
    """A stream of replies that begins again with another token when the first is refused at once.

    Everything else asked of it (`code()`, `trailing_metadata()` …) is answered by the call underneath.
    """

    def __init__(self, start: Open, session: Session | None, timeout: float) -> None:
        self._start = start
        self._session = session
        self._timeout = timeout
        self._token = session.token(timeout) if session else ""
        self._call = start(self._token)
        self._untried = bool(self._token)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        try:
            message = next(self._call)
        except grpc.RpcError as failure:
            error = from_rpc(failure)
            if not self._renewed(error):
                raise error from failure
            message = next(self)
        self._untried = False
        return message

    def cancel(self) -> bool:
        """End the stream. Returns whether it was still open."""
        self._untried = False
        return bool(self._call.cancel())

    def _renewed(self, error: SansetError) -> bool:
        if not self._untried or self._session is None or error.reason != "TOKEN_INVALID":
            return False
        self._untried = False
        self._token = self._session.replace(self._token, self._timeout)
        if not self._token:
            return False
        self._call = self._start(self._token)
        return True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._call, name)


def with_token(
    details: grpc.ClientCallDetails, token: str, timeout: float | None, cart_token: str = ""
) -> CallDetails:
    """Return `details` with a timeout in seconds and what the tokens there are become."""
    metadata = tuple(details.metadata or ())
    if token:
        metadata += (("authorization", f"Bearer {token}"),)
    if cart_token:
        metadata += ((CART_TOKEN, cart_token),)
    return CallDetails(
        details.method,
        timeout,
        metadata,
        details.credentials,
        details.wait_for_ready,
        details.compression,
    )


def from_rpc(failure: BaseException) -> SansetError:
    """Return what a failed call stands for. Raises `failure` itself when it is no answer of gRPC."""
    if isinstance(failure, grpc.RpcError) and isinstance(failure, grpc.Call):
        return read_error(failure.code(), failure.details(), failure.trailing_metadata())
    if isinstance(failure, grpc.FutureCancelledError):
        return make_error(grpc.StatusCode.CANCELLED, "The call was cancelled.")
    raise failure
