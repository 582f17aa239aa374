"""Request ids in the database: who claimed one, for which body, until when, and the reply that it got."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute

from server.crypto.vault import Cell, Unreadable
from server.db.base import Statement, UtcDateTime
from server.db.prepared import Prepared
from server.db.sealing import vault_of
from server.db.upsert import broken_constraint, insert_of
from server.db.waiting import StatementResult
from server.repeats.errors import IdempotencyMismatch, ReplyUnreadable
from server.repeats.models import IdempotencyKey

MAX_OF_ONE: Final = 10_000
"""Replies that are kept for one caller at a time. Nobody shops that much in a day; whoever runs a shop may."""


class RepeatableRequest(Protocol):
    """A request message that brings a request id."""

    request_id: str

    def SerializeToString(self, *, deterministic: bool = ...) -> bytes:
        """Return the message as bytes."""


@dataclass(frozen=True, slots=True)
class Key:
    """A request id, whose it is, and for which method."""

    user_id: int
    """Of a user; or a number up to 0 that stands for guests."""
    method: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A key, and the hash of the body that came with it."""

    key: Key
    body_hash: str


def cell_of(key: Key) -> Cell:
    """Where the reply of a request is sealed to."""
    return Cell("idempotency_keys.reply", f"{key.user_id} {key.method} {key.request_id}")


def claim_of(user_id: int, method: str, request: RepeatableRequest) -> Claim:
    """Return what a request claims."""
    return Claim(Key(user_id, method, request.request_id.lower()), _body_hash(request))


def _body_hash(request: RepeatableRequest) -> str:
    request_id, request.request_id = request.request_id, ""
    body = request.SerializeToString(deterministic=True)
    request.request_id = request_id
    return hashlib.sha256(body).hexdigest()


_TAKE = Prepared(
    lambda dialect: (
        insert_of(dialect)(IdempotencyKey).on_conflict_do_nothing().returning(IdempotencyKey.request_id)
    )
)


def take(
    tx: Connection, claim: Claim, now: datetime, leased_until: datetime | None = None
) -> StatementResult:
    """Take the request id, with the next statement; there is no row when it is taken.

    Waits for another transaction that is taking it.
    """
    return _TAKE.later(tx, **_row(claim, None, now), leased_until=leased_until)


_ROW = ("user_id", "method", "request_id", "body_hash", "reply", "created_at")
_MINE = select(literal(1)).where(IdempotencyKey.user_id == bindparam("user_id")).limit(MAX_OF_ONE).subquery()
_FEW = select(func.count()).select_from(_MINE).scalar_subquery() < MAX_OF_ONE


def _claim_within_limit_on(dialect: str) -> Statement:
    columns = IdempotencyKey.__table__.columns
    row = select(*(bindparam(name, type_=columns[name].type) for name in _ROW)).where(_FEW)
    statement: Statement = (
        insert_of(dialect)(IdempotencyKey)
        .from_select(_ROW, row)
        .on_conflict_do_nothing()
        .returning(IdempotencyKey.request_id)
    )
    return statement


_CLAIM_WITHIN_LIMIT = Prepared(_claim_within_limit_on)


def claim_first(tx: Connection, claim: Claim, now: datetime, *, limited: bool) -> bool:
    """Take the request id before there is a reply.

    False when it is taken, or when the caller is `limited` and has taken MAX_OF_ONE. Waits for another transaction
    that is taking it.
    """
    if not limited:
        return take(tx, claim, now).first() is not None
    return _CLAIM_WITHIN_LIMIT.first(tx, **_row(claim, None, now)) is not None


_KEEP = Prepared(insert(IdempotencyKey))
# There is no row without its time: of too many none is written, and nothing of their transaction.
_KEEP_WITHIN_LIMIT = Prepared(
    insert(IdempotencyKey).values(
        {name: bindparam(name) for name in _ROW}
        | {"created_at": case((_FEW, bindparam("created_at", type_=UtcDateTime)))}
    )
)


def keep(tx: Connection, claim: Claim, reply: bytes, now: datetime, *, limited: bool) -> None:
    """Take the request id together with the reply, at the end of its transaction.

    This fails, as `is_refused` tells, when the id is taken, or when the caller is `limited` and has taken
    MAX_OF_ONE. It waits for another transaction that is taking it.
    """
    sealed = vault_of(tx).seal_bytes(reply, cell_of(claim.key))
    (_KEEP_WITHIN_LIMIT if limited else _KEEP).later(tx, **_row(claim, sealed, now))


def is_refused(error: IntegrityError) -> bool:
    """Whether a transaction failed since its request id was not to be had."""
    return IdempotencyKey.__tablename__ in broken_constraint(error)


def _row(claim: Claim, reply: bytes | None, now: datetime) -> dict[str, object]:
    return {
        "user_id": claim.key.user_id,
        "method": claim.key.method,
        "request_id": claim.key.request_id,
        "body_hash": claim.body_hash,
        "reply": reply,
        "created_at": now,
    }


def take_over(tx: Connection, key: Key, now: datetime, leased_until: datetime) -> bool:
    """Take over a claim whose first call has died; False while its lease runs or when it has its reply."""
    updated = tx.execute(
        update(IdempotencyKey)
        .where(*_is(key), IdempotencyKey.reply.is_(None), IdempotencyKey.leased_until < now)
        .values(leased_until=leased_until)
    )
    return updated.rowcount == 1


def stored_reply(tx: Connection, claim: Claim) -> bytes | None:
    """Return the first call's reply; None while it is still running, or when there was none.

    Raises IdempotencyMismatch, and ReplyUnreadable.
    """
    query = select(IdempotencyKey.body_hash, IdempotencyKey.reply).where(*_is(claim.key))
    row = tx.execute(query).one_or_none()
    if row is None:
        return None
    if row.body_hash != claim.body_hash:
        raise IdempotencyMismatch(request_id=claim.key.request_id)
    if row.reply is None:
        return None
    try:
        return vault_of(tx).open_bytes(row.reply, cell_of(claim.key))
    except Unreadable:
        raise ReplyUnreadable(request_id=claim.key.request_id) from None


_STORE_REPLY = Prepared(
    update(IdempotencyKey)
    .where(
        IdempotencyKey.user_id == bindparam("owner"),
        IdempotencyKey.method == bindparam("called"),
        IdempotencyKey.request_id == bindparam("used_id"),
        IdempotencyKey.reply.is_(None),
    )
    .values(reply=bindparam("first_reply"), leased_until=None)
)


def store_reply(tx: Connection, key: Key, reply: bytes) -> None:
    """Keep the reply for repeats, unless there is one: the first reply stays."""
    sealed = vault_of(tx).seal_bytes(reply, cell_of(key))
    _STORE_REPLY.later(tx, owner=key.user_id, called=key.method, used_id=key.request_id, first_reply=sealed)


def is_abandoned(
    user_id: InstrumentedAttribute[int | None],
    method: str,
    request_id: InstrumentedAttribute[str | None],
    now: datetime,
) -> ColumnElement[bool]:
    """Whether the call that claimed a request id died: in a query, by the columns that hold user and id."""
    return exists().where(
        IdempotencyKey.user_id == user_id,
        IdempotencyKey.method == method,
        IdempotencyKey.request_id == request_id,
        IdempotencyKey.reply.is_(None),
        IdempotencyKey.leased_until < now,
    )


def _is(key: Key) -> tuple[ColumnElement[bool], ...]:
    return (
        IdempotencyKey.user_id == key.user_id,
        IdempotencyKey.method == key.method,
        IdempotencyKey.request_id == key.request_id,
    )
