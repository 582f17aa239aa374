"""One call as the server's methods see it, in place of gRPC's context."""

from __future__ import annotations

import secrets
from asyncio import Future
from collections.abc import AsyncGenerator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from random import getrandbits
from typing import Final, TypeAlias
from urllib.parse import unquote

import grpc
from google.protobuf.message import Message

from server.db.deadline import Deadline
from server.identity import Identity
from server.rpc.networks import neighbours_of
from server.text.languages import ENGLISH, preferred, speak
from server.text.shop_languages import ShopLanguages, tell_in

Context: TypeAlias = "grpc.aio.ServicerContext[object, Message]"
"""gRPC's view of a call; it reads bytes, or the mark of their end."""
Metadata: TypeAlias = tuple[tuple[str, str | bytes], ...]
"""The headers of a call as gRPC passes them."""

headers_sent: Final[ContextVar[Metadata | None]] = ContextVar("headers_sent", default=None)
"""Those of the call that the current task answers, which gRPC passes where it looks for the call's handler. They
are kept, because it would make them anew for whoever asks its context."""

MAX_REQUEST_ID = 128
TRANSCODED_KEY = "x-envoy-original-path"
"""The gateway's header of calls that came over HTTP; it takes it from all others."""
IDEMPOTENCY_KEY = "idempotency-key"
IF_MATCH = "if-match"
ANSWER_SECONDS = 0.2
"""What is left of a caller's deadline for the answer that the time is over."""


@dataclass
class Call:
    """A call in progress: who, from where, until when.

    One is made for each call, so what few need is not set when it is made.
    """

    method: str
    request_id: str
    address: str
    through_envoy: bool
    authorization: str | None
    deadline: Deadline
    caller: Identity | None = None
    headers: Mapping[str, str | bytes] = field(default_factory=dict)
    """What was sent along, by lower-case names; to be believed as much as the caller."""
    streams: type[Message] | None = field(default=None, init=False)
    """The type of the messages of a stream, once one of them was sent."""
    sending: Future[None] | None = field(default=None, init=False)
    """The last message of a stream on its way, where it may not be taken yet."""

    @cached_property
    def reply_headers(self) -> list[tuple[str, str]]:
        """What a stream sends along before its first message."""
        return []

    @cached_property
    def pieces(self) -> AsyncGenerator[Message]:
        """The messages after the first, where callers stream them; the interceptor sets it."""
        return _nothing()

    @property
    def is_transcoded(self) -> bool:
        """Whether the gateway makes JSON, or a file, of the reply."""
        return self.through_envoy and TRANSCODED_KEY in self.headers

    @property
    def neighbours(self) -> str:
        """The network that the call comes from, whose addresses are mostly in one hand."""
        return neighbours_of(self.address)

    @property
    def user_agent(self) -> str:
        """The program that calls, as far as it says."""
        return str(self.headers.get("user-agent") or "")[:200]

    @property
    def identity(self) -> Identity:
        """The caller of a method that only signed-in users reach."""
        if self.caller is None:
            raise RuntimeError(f"{self.method} reads the identity of a caller who need not be signed in")
        return self.caller

    @property
    def short_method(self) -> str:
        """The RPC's bare name: "Checkout"."""
        return self.method.rpartition("/")[2]


class CallReader:
    """Reads the calls behind gRPC's contexts, and speaks to their callers in their languages.

    What the gateway's headers say of the caller's address, and how long a call may take that brings no deadline,
    count only where the edge token proves that it set them.
    """

    def __init__(
        self, edge_token: str, default_seconds: float, languages: ShopLanguages | None = None
    ) -> None:
        """`languages` are those of the shop's texts."""
        self._languages = languages or ShopLanguages(ENGLISH)
        self._edge_token = edge_token.encode()
        self._default_seconds = default_seconds

    def read(self, method: str, context: Context) -> Call:
        """The call of a method."""
        # By index: gRPC's pairs are no plain tuples, and dict() makes a list of each.
        sent = headers_sent.get() or context.invocation_metadata() or ()
        headers = {header[0]: header[1] for header in sent}
        header = headers.get
        if (languages := header("accept-language")) is not None:
            speak(preferred(str(languages)))
            if self._languages.further:
                language = self._languages.of("", languages)
                tell_in(language if language != self._languages.own else None)
        remaining = context.time_remaining()
        proof = header("x-sanset-edge")
        if through_envoy := proof is not None and self._is_edge_token(proof):
            address = _text(header("x-sanset-address")) or ""
            if remaining is not None and (seconds := header("x-sanset-seconds")):
                remaining = min(remaining, float(seconds))
        else:
            address = _peer(context.peer())
        request_id = header("x-request-id")
        return Call(
            method,
            random_id() if request_id is None else _request_id(request_id),
            address,
            through_envoy,
            _text(header("authorization")),
            Deadline(self._default_seconds) if remaining is None else _deadline(remaining),
            None,
            headers,
        )

    def _is_edge_token(self, proof: str | bytes) -> bool:
        # As bytes: strings are compared only when they are ASCII, and a header need not be.
        return bool(self._edge_token) and secrets.compare_digest(str(proof).encode(), self._edge_token)


async def _nothing() -> AsyncGenerator[Message]:
    messages: tuple[Message, ...] = ()
    for message in messages:
        yield message


def unread_call(method: str) -> Call:
    """What stands for a call whose headers cannot be read, so that it is refused and logged like any other."""
    return Call(method, random_id(), "", False, None, Deadline(0))


def _text(header: str | bytes | None) -> str | None:
    """A header that is text, as all are whose name does not end in "-bin"."""
    return header if isinstance(header, str) else None


def random_id() -> str:
    """A request id for a call that brings none."""
    return getrandbits(128).to_bytes(16, "big").hex()


def _request_id(sent: str | bytes) -> str:
    """The request id that was sent, if it is one."""
    if isinstance(sent, str) and 0 < len(sent) <= MAX_REQUEST_ID and sent.isascii() and sent.isprintable():
        return sent
    return random_id()


def _deadline(remaining: float) -> Deadline:
    """The end of a call, a moment before its caller's own: after that no answer reaches them, and no reason."""
    margin = min(ANSWER_SECONDS, max(remaining, 0) / 5)
    return Deadline(min(remaining, 3600.0) - margin, grace=margin / 2)


@lru_cache(maxsize=10_000)
def _peer(peer: str) -> str:
    """The address in gRPC's peer string: "ipv4:10.0.0.7:5123" or "ipv6:%5B::1%5D:5123"."""
    _, _, rest = unquote(peer).partition(":")
    return rest.rpartition(":")[0].strip("[]") or peer
