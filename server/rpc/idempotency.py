"""Request ids: the same id and body get the first reply, whoever asks again and however often."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from google.protobuf.message import Message
from sqlalchemy import ColumnElement, Connection, bindparam, exists, select, update

from server.db.prepared import Prepared
from server.db.upsert import insert_of
from server.errors import Aborted
from server.events.models import IdempotencyKey
from server.rpc.call import Call

M = TypeVar("M", bound=Message)


class IdempotencyMismatch(Aborted):
    """The request id belongs to another request."""

    message = "The request id {request_id} was used for another request: use a new one."


def body_hash(request: Any) -> str:
    """A hash of what `request` asks, its request id aside."""
    body = type(request)()
    body.CopyFrom(request)
    body.ClearField("request_id")
    return hashlib.sha256(body.SerializeToString(deterministic=True)).hexdigest()


def once(
    tx: Connection, request: Any, call: Call, reply_type: type[M], now: datetime, use_case: Callable[[], M]
) -> M:
    """Run `use_case` unless the caller's request id was used before; then return the first reply.

    For use cases of one transaction: the claim, the effect and the reply are committed together, so a second
    call waits at the claim until the first has ended. Raises IdempotencyMismatch when the body is another.
    """
    if not request.request_id:
        return use_case()
    key = (call.identity.user_id, call.short_method, request.request_id.lower())
    if not claim(tx, key, body_hash(request), now):
        return reply_type.FromString(first_reply(tx, key, body_hash(request)) or b"")
    reply = use_case()
    store_reply(tx, key, reply.SerializeToString())
    return reply


Key = tuple[int, str, str]
"""Whose request id, for which method, and the id."""


_CLAIM = Prepared(
    lambda dialect: (
        insert_of(dialect)(IdempotencyKey).on_conflict_do_nothing().returning(IdempotencyKey.request_id)
    )
)


def claim(tx: Connection, key: Key, hashed: str, now: datetime, leased_until: datetime | None = None) -> bool:
    """Take the request id; False when it is taken. Waits for another transaction that is taking it."""
    user_id, method, request_id = key
    claimed = _CLAIM.first(
        tx,
        user_id=user_id,
        method=method,
        request_id=request_id,
        body_hash=hashed,
        created_at=now,
        leased_until=leased_until,
    )
    return claimed is not None


def first_reply(tx: Connection, key: Key, hashed: str) -> bytes | None:
    """The stored reply; None while the first call is still running. Raises IdempotencyMismatch."""
    row = tx.execute(select(IdempotencyKey.body_hash, IdempotencyKey.reply).where(*_is(key))).one()
    if row.body_hash != hashed:
        raise IdempotencyMismatch(request_id=key[2])
    reply: bytes | None = row.reply
    return reply


_STORE_REPLY = Prepared(
    update(IdempotencyKey)
    .where(
        IdempotencyKey.user_id == bindparam("owner"),
        IdempotencyKey.method == bindparam("called"),
        IdempotencyKey.request_id == bindparam("asked"),
        IdempotencyKey.reply.is_(None),
    )
    .values(reply=bindparam("first_reply"), leased_until=None)
)


def store_reply(tx: Connection, key: Key, reply: bytes) -> None:
    """Keep the reply for those who ask again, unless there is one: the first reply stays."""
    user_id, method, request_id = key
    _STORE_REPLY.later(tx, owner=user_id, called=method, asked=request_id, first_reply=reply)


def take_lease(tx: Connection, key: Key, now: datetime, until: datetime) -> bool:
    """Take over a claim whose first call has died; False while its lease runs or when it has its reply."""
    taken = tx.execute(
        update(IdempotencyKey)
        .where(*_is(key), IdempotencyKey.reply.is_(None), IdempotencyKey.leased_until < now)
        .values(leased_until=until)
    )
    return taken.rowcount == 1


def abandoned(user_id: Any, method: str, request_id: Any, now: datetime) -> ColumnElement[bool]:
    """Whether the call that claimed a request id died: in a query, by the columns that hold user and id."""
    return exists().where(
        IdempotencyKey.user_id == user_id,
        IdempotencyKey.method == method,
        IdempotencyKey.request_id == request_id,
        IdempotencyKey.reply.is_(None),
        IdempotencyKey.leased_until < now,
    )


def _is(key: Key) -> tuple[Any, ...]:
    user_id, method, request_id = key
    return (
        IdempotencyKey.user_id == user_id,
        IdempotencyKey.method == method,
        IdempotencyKey.request_id == request_id,
    )
