"""Repeats of calls that are one transaction: the same id and body get the first reply, however often.

The request id is taken, with the reply, by the last statement of the transaction, which goes with its commit.
Whoever finds it taken there, or was refused before, as the first call has changed what it met, is undone and gets
the reply of the first. Of two at once one waits for the other's rows, or at the latest there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeAlias, TypeVar, cast

from google.protobuf.message import Message
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from server.clock import Clock
from server.crypto.vault import Unreadable, Vault
from server.db.database import Database
from server.db.record import current_record, repeated
from server.errors import DeadlineExceeded, Refusal, Unavailable
from server.identity import Role
from server.repeats import owners
from server.repeats.claims import (
    MAX_OF_ONE,
    Claim,
    Key,
    RepeatableRequest,
    cell_of,
    claim_first,
    claim_of,
    is_refused,
    keep,
    store_reply,
    stored_reply,
)
from server.repeats.errors import TooManyGuestRequestIds, TooManyRequestIds
from server.rpc.call import IDEMPOTENCY_KEY, Call


class Servicer(Protocol):
    """What opens transactions."""

    @property
    def _db(self) -> Database: ...

    @property
    def _clock(self) -> Clock: ...


class SecretKeeper(Protocol):
    """What seals secrets for storing."""

    @property
    def _vault(self) -> Vault: ...


S = TypeVar("S", bound=Servicer)
M = TypeVar("M", bound=Message)
Q = TypeVar("Q", bound=RepeatableRequest)
P = ParamSpec("P")

UseCase: TypeAlias = Callable[Concatenate[S, Connection, Q, Call, datetime, P], M]
Method: TypeAlias = Callable[Concatenate[S, Q, Call, P], M]

NameGuest: TypeAlias = Callable[[Any, Call], str]
"""The name that a guest is known by in this call, "" for none. Any: the request of the method it is passed for."""


def once(
    reply_type: type[M], *, guest: NameGuest | None = None, sealed: str = ""
) -> Callable[[UseCase[S, Q, P, M]], Method[S, Q, P, M]]:
    """Make a use case a method that runs it in a transaction, once for each request id.

    Without a request id it runs every time. `guest` says who calls where nobody need be signed in. `sealed` is a
    field of the reply that holds a secret: the servicer's vault seals what is kept of it. The vault is needed too
    where a guest may have no name.

    Raises IdempotencyMismatch when the body is another, TooManyRequestIds and TooManyGuestRequestIds.
    """

    def decorate(use_case: UseCase[S, Q, P, M]) -> Method[S, Q, P, M]:
        @wraps(use_case)
        def run(self: S, request: Q, call: Call, /, *args: P.args, **kwargs: P.kwargs) -> M:
            if not request.request_id:
                with self._db.transaction() as tx:
                    return _noted(use_case(self, tx, request, call, self._clock(), *args, **kwargs))
            claim = _claim(self, request, call, guest)
            try:
                with self._db.transaction() as tx:
                    now = self._clock()
                    reply = _noted(use_case(self, tx, request, call, now, *args, **kwargs))
                    stored = _seal(self, reply, sealed, claim.key) if sealed else reply
                    keep(tx, claim, stored.SerializeToString(), now, limited=_is_limited(call))
                return reply
            except (DeadlineExceeded, Unavailable):
                raise
            except IntegrityError as error:
                if not is_refused(error):
                    raise
                refusal = _too_many(claim)
            except Refusal as error:  # which the effect of the first call may have caused
                refusal = error
            first = _stored(self, claim, reply_type, sealed)
            if first is None:
                raise refusal
            return first

        return run

    return decorate


def _noted(reply: M) -> M:
    """A reply, of which the record of the call has learnt."""
    record = current_record()
    if record is not None:
        record.take_reply(reply)
    return reply


def earlier_reply(
    servicer: Servicer,
    request: RepeatableRequest,
    call: Call,
    reply_type: type[M],
    sealed: str = "",
    guest: NameGuest | None = None,
) -> M | None:
    """The reply that the request id of a call got before; None for the first call, or without an id.

    For methods that look at something before `once` begins, which may have changed since the first call. `sealed`
    and `guest` are as there. Raises IdempotencyMismatch.
    """
    if not request.request_id:
        return None
    return _stored(servicer, _claim(servicer, request, call, guest), reply_type, sealed)


def _stored(servicer: Servicer, claim: Claim, reply_type: type[M], sealed: str) -> M | None:
    with servicer._db.read() as connection:
        first = stored_reply(connection, claim)
    if first is None:
        return None
    repeated()
    reply = reply_type.FromString(first)
    return _open(servicer, reply, sealed, claim.key) if sealed else reply


def _claim(servicer: object, request: RepeatableRequest, call: Call, guest: NameGuest | None) -> Claim:
    if call.caller is not None:
        return claim_of(call.caller.user_id, call.short_method, request)
    name = guest(request, call) if guest else ""
    if name:
        owner = owners.guest(name)
    else:
        field = IDEMPOTENCY_KEY if IDEMPOTENCY_KEY in call.headers else "request_id"
        owners.check_unguessable(request.request_id, field)
        owner = owners.stranger(_vault_of(servicer).number_of(call.neighbours))
    return claim_of(owner, call.short_method, request)


def _too_many(claim: Claim) -> Refusal:
    """Why no more request ids are kept for an owner."""
    if owners.is_stranger(claim.key.user_id):
        return TooManyGuestRequestIds(limit=MAX_OF_ONE)
    return TooManyRequestIds(limit=MAX_OF_ONE)


def _is_limited(call: Call) -> bool:
    """Whether the caller may take only so many, as all but the staff."""
    return call.caller is None or call.caller.role.name == Role.CUSTOMER.name


def _seal(servicer: object, reply: M, field: str, key: Key) -> M:
    vault = _vault_of(servicer)
    if vault.is_sealing:
        return reply  # which is sealed as a whole
    sealed = type(reply)()
    sealed.CopyFrom(reply)
    setattr(sealed, field, vault.seal_token(getattr(reply, field), cell_of(key), key.user_id))
    return sealed


def _open(servicer: object, reply: M, field: str, key: Key) -> M:
    try:
        secret = _vault_of(servicer).open_token(getattr(reply, field), cell_of(key), key.user_id)
    except Unreadable:  # the shop has another SECRET_KEY since
        secret = ""
    setattr(reply, field, secret)
    return reply


def _vault_of(servicer: object) -> Vault:
    """The vault of a servicer that names a field to seal."""
    return cast(SecretKeeper, servicer)._vault


def first_reply(
    tx: Connection, request: RepeatableRequest, call: Call, now: datetime, reply_type: type[M]
) -> M | None:
    """Claim the request id of a call; return the first reply when it was used before.

    For use cases that have more to tell than their reply; others are decorated with `once`. Raises as those do.
    """
    if not request.request_id:
        return None
    claim = claim_of(call.identity.user_id, call.short_method, request)
    if claim_first(tx, claim, now, limited=_is_limited(call)):
        return None
    first = stored_reply(tx, claim)
    if first is None:
        raise TooManyRequestIds(limit=MAX_OF_ONE)
    repeated()
    return reply_type.FromString(first)


def keep_reply(tx: Connection, request: RepeatableRequest, call: Call, reply: Message) -> None:
    """Keep the reply of a call for its repeats."""
    _noted(reply)
    if request.request_id:
        key = Key(call.identity.user_id, call.short_method, request.request_id.lower())
        store_reply(tx, key, reply.SerializeToString())
