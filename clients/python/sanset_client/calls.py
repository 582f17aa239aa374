"""What every call gets, on threads and on an event loop: a token, a deadline, safe repeats, readable errors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from google.protobuf.message import Message
from sanset.v1.auth_pb2 import Tokens

from sanset_client.contract import CART_TOKEN, DEVICE_ID, Contract, Metadata, Rpc
from sanset_client.errors import ClientClosed, SansetError
from sanset_client.retry import Attempts
from sanset_client.session import Session

Call = TypeVar("Call")


class Details(Protocol):
    """What gRPC says of a call before it is made."""

    @property
    def method(self) -> str | bytes:
        """The path of the RPC."""

    @property
    def timeout(self) -> float | None:
        """Seconds, when the caller named them."""

    @property
    def metadata(self) -> Metadata:
        """What the caller sends along."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one attempt of a call is made with, beside what its caller says."""

    timeout: float | None
    token: str = ""
    cart_token: str = ""
    device_id: str = ""

    def headers(self) -> list[tuple[str, str]]:
        """Return the metadata that the tokens become."""
        headers = [("authorization", f"Bearer {self.token}")] if self.token else []
        others = ((CART_TOKEN, self.cart_token), (DEVICE_ID, self.device_id))
        return headers + [(name, value) for name, value in others if value]


Send = Callable[[Message, Attempt], Awaitable[tuple[Call, Message]]]
"""Makes one attempt; returns gRPC's call and its reply. Raises SansetError."""


class Calls(ABC):
    """Makes every call of a client; how to send and how to sleep is left to the transport."""

    def __init__(self, contract: Contract, session: Session, timeout: float) -> None:
        self.closed = False
        self._contract = contract
        self._session = session
        self._timeout = timeout

    async def call(self, details: Details, request: Message, send: Send[Call]) -> Call:
        """Make a call that has one reply. Raises SansetError."""
        rpc = self._contract.rpc(details.method, details.metadata)
        sealed = rpc.sealed(request)
        try:
            call, reply = await self._insist(rpc, sealed, details.timeout or self._timeout, send)
        except SansetError as error:
            error.request_id = getattr(sealed, "request_id", "")
            raise
        if rpc.takes_cart_token:
            self._session.cart_token = getattr(reply, "token", "") or self._session.cart_token
        if isinstance(reply, Tokens):
            self._session.device_id = reply.device_id or self._session.device_id
        return call

    def opening(self, details: Details) -> Opening:
        """Begin a stream. Raises ClientClosed."""
        if self.closed:
            raise ClientClosed
        rpc = self._contract.rpc(details.method, details.metadata)
        return Opening(self._session if rpc.authorized else None, self._timeout)

    @abstractmethod
    async def sleep(self, seconds: float) -> None:
        """Wait."""

    async def _insist(
        self,
        rpc: Rpc,
        request: Message,
        timeout: float,  # noqa: ASYNC109 - sent to the server
        send: Send[Call],
    ) -> tuple[Call, Message]:
        attempts = Attempts(timeout, repeatable=rpc.repeatable)
        token = await self._session.token(attempts.left) if rpc.authorized else ""
        cart_token = self._session.cart_token if rpc.takes_cart_token else ""
        device_id = self._session.device_id if rpc.takes_device_id else ""
        while True:
            if self.closed:
                raise ClientClosed
            try:
                return await send(request, Attempt(attempts.left, token, cart_token, device_id))
            except SansetError as error:
                if token and attempts.may_renew(error):
                    token = await self._session.replace(token, attempts.left)
                    if not token:
                        raise
                else:
                    pause = attempts.pause_after(error)
                    if pause is None:
                        raise
                    await self.sleep(pause)


class Opening:
    """The beginning of a stream: its token, which is replaced once when the server refuses it at once."""

    def __init__(self, session: Session | None, seconds: float) -> None:
        """`session` is None when the stream needs no token; getting one takes at most `seconds`."""
        self._session = session
        self._seconds = seconds
        self._token = ""
        self._untried = False

    async def token(self) -> str:
        """Return the token to begin with; "" when there is none."""
        if self._session is not None:
            self._token = await self._session.token(self._seconds)
        self._untried = bool(self._token)
        return self._token

    def done(self) -> None:
        """Take note that a message came, or that the stream was given up: its token stays."""
        self._untried = False

    async def another(self, error: SansetError) -> str:
        """Return the token to begin again with. Raises `error` when the stream has failed."""
        if not self._untried or self._session is None or error.reason != "TOKEN_INVALID":
            raise error
        self._untried = False
        self._token = await self._session.replace(self._token, self._seconds)
        if not self._token:
            raise error
        return self._token
