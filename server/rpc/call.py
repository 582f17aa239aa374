"""One call as the server's methods see it, in place of gRPC's context."""

from __future__ import annotations

import os
import secrets
from asyncio import Future
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias
from urllib.parse import unquote

import grpc
from google.protobuf.message import Message

from server.db.deadline import Deadline
from server.identity import Identity
from server.rpc.networks import neighbours_of

Context: TypeAlias = "grpc.aio.ServicerContext[object, Message]"
"""gRPC's view of a call; it reads bytes, or the mark of their end."""

MAX_REQUEST_ID = 128
TRANSCODED_KEY = "x-envoy-original-path"
"""The gateway's header of calls that came over HTTP; it takes it from all others."""
ANSWER_SECONDS = 0.2
"""What is left of a caller's deadline for the answer that the time is over."""


@dataclass(slots=True)
class Call:
    """A call in progress: who, from where, until when."""

    method: str
    request_id: str
    address: str
    through_envoy: bool
    authorization: str | None
    deadline: Deadline
    caller: Identity | None = None
    headers: Mapping[str, str | bytes] = field(default_factory=dict)
    """What was sent along, by lower-case names; to be believed as much as the caller."""
    reply_headers: list[tuple[str, str]] = field(default_factory=list)
    """What a stream sends along before its first message."""
    streams: type[Message] | None = None
    """The type of the messages of a stream, once one of them was sent."""
    sending: Future[None] | None = None
    """The last message of a stream on its way, where it may not be taken yet."""

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


def read_call(method: str, context: Context, *, edge_token: str, default_seconds: float) -> Call:
    """The call behind gRPC's `context`.

    What the gateway's headers say of the caller's address, and how long a call may take that brings no deadline,
    count only where the edge token proves that it set them.
    """
    metadata: Mapping[str, str | bytes] = dict(context.invocation_metadata() or ())
    proof = metadata.get("x-sanset-edge")
    through_envoy = proof is not None and _proves(str(proof), edge_token)
    remaining = context.time_remaining()
    if through_envoy and remaining is not None and (seconds := metadata.get("x-sanset-seconds")):
        remaining = min(remaining, float(seconds))
    return Call(
        method=method,
        request_id=_request_id(metadata.get("x-request-id")),
        address=_text(metadata, "x-sanset-address") or "" if through_envoy else _peer(context.peer()),
        through_envoy=through_envoy,
        authorization=_text(metadata, "authorization"),
        deadline=_deadline(remaining, default_seconds),
        headers=metadata,
    )


def unread_call(method: str) -> Call:
    """What stands for a call whose headers cannot be read, so that it is refused and logged like any other."""
    return Call(method, _request_id(None), "", False, None, Deadline(0))


def _proves(proof: str, edge_token: str) -> bool:
    # As bytes: strings are compared only when they are ASCII, and a header need not be.
    return bool(edge_token) and secrets.compare_digest(proof.encode(), edge_token.encode())


def _deadline(remaining: float | None, default_seconds: float) -> Deadline:
    """The end of a call, a moment before its caller's own: after that no answer reaches them, and no reason."""
    if remaining is None:
        return Deadline(default_seconds)
    margin = min(ANSWER_SECONDS, max(remaining, 0) / 5)
    return Deadline(min(remaining, 3600.0) - margin, grace=margin / 2)


def _text(metadata: Mapping[str, str | bytes], name: str) -> str | None:
    """A header that is text, as all are whose name does not end in "-bin"."""
    value = metadata.get(name)
    return value if isinstance(value, str) else None


def _request_id(sent: object) -> str:
    if (
        sent
        and isinstance(sent, str)
        and len(sent) <= MAX_REQUEST_ID
        and sent.isascii()
        and sent.isprintable()
    ):
        return sent
    return os.urandom(16).hex()


@lru_cache(maxsize=10_000)
def _peer(peer: str) -> str:
    """The address in gRPC's peer string: "ipv4:10.0.0.7:5123" or "ipv6:%5B::1%5D:5123"."""
    _, _, rest = unquote(peer).partition(":")
    return rest.rpartition(":")[0].strip("[]") or peer
