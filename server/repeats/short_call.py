"""Repeats of calls that are one transaction: the same id and body get the first reply, however often.

The claim, the effect and the reply are committed together, so a second call waits at the claim until the first
has ended.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Concatenate, ParamSpec, TypeAlias, TypeVar

from google.protobuf.message import Message
from sqlalchemy import Connection

from server.repeats.claims import Key, RepeatableRequest, claim_of, store_reply, stored_reply, take
from server.rpc.call import Call

S = TypeVar("S")
M = TypeVar("M", bound=Message)
Q = TypeVar("Q", bound=RepeatableRequest)
P = ParamSpec("P")

UseCase: TypeAlias = Callable[Concatenate[S, Connection, Q, Call, datetime, P], M]


def once(reply_type: type[M]) -> Callable[[UseCase[S, Q, P, M]], UseCase[S, Q, P, M]]:
    """Make a servicer's use case run once for each request id; a repeat returns the first reply.

    Calls without a request id run every time. Raises IdempotencyMismatch when the body is another.
    """

    def decorate(use_case: UseCase[S, Q, P, M]) -> UseCase[S, Q, P, M]:
        @wraps(use_case)
        def run(
            self: S,
            tx: Connection,
            request: Q,
            call: Call,
            now: datetime,
            /,
            *args: P.args,
            **kwargs: P.kwargs,
        ) -> M:
            first = first_reply(tx, request, call, now, reply_type)
            if first is not None:
                return first
            reply = use_case(self, tx, request, call, now, *args, **kwargs)
            keep_reply(tx, request, call, reply)
            return reply

        return run

    return decorate


def first_reply(
    tx: Connection, request: RepeatableRequest, call: Call, now: datetime, reply_type: type[M]
) -> M | None:
    """Claim the request id of a call; return the first reply when it was used before.

    For use cases that have more to tell than their reply; others are decorated with `once`.
    """
    if not request.request_id:
        return None
    claim = claim_of(call.identity.user_id, call.short_method, request)
    if take(tx, claim, now):
        return None
    return reply_type.FromString(stored_reply(tx, claim) or b"")


def keep_reply(tx: Connection, request: RepeatableRequest, call: Call, reply: Message) -> None:
    """Keep the reply of a call for its repeats."""
    if request.request_id:
        key = Key(call.identity.user_id, call.short_method, request.request_id.lower())
        store_reply(tx, key, reply.SerializeToString())
