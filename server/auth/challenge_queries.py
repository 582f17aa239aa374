"""SQL of what clients bring back to finish what they began: stored by its hash, and used once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, bindparam, delete, insert, select

from server.auth.models import SignInChallenge
from server.db.base import UtcDateTime
from server.db.prepared import Prepared


class ChallengePurpose(StrEnum):
    """What a challenge is good for; at most 16 letters."""

    FEDERATED = "FEDERATED"
    """A sign-in at a provider."""
    FEDERATED_LINK = "FEDERATED_LINK"
    """The same, to link an identity with the account."""
    SECOND_FACTOR = "SECOND_FACTOR"
    """A sign-in at a provider that was proven, to an account that asks for a code, too."""
    PASSKEY = "PASSKEY"
    """A sign-in by a passkey."""
    NEW_PASSKEY = "NEW_PASSKEY"


@dataclass(frozen=True, slots=True)
class Challenge:
    """What was noted of one: the account that it is of, if any, and what its purpose needs."""

    user_id: int | None
    facts: Mapping[str, str]


_PUT = Prepared(insert(SignInChallenge))
_OF_KEY = (
    SignInChallenge.key_hash == bindparam("hashed"),
    SignInChallenge.purpose == bindparam("good_for"),
    SignInChallenge.expires_at > bindparam("now", type_=UtcDateTime),
)
_READ = Prepared(select(SignInChallenge.user_id, SignInChallenge.facts).where(*_OF_KEY))
_TAKE = Prepared(
    delete(SignInChallenge).where(*_OF_KEY).returning(SignInChallenge.user_id, SignInChallenge.facts)
)


def put(
    tx: Connection,
    key: bytes,
    purpose: ChallengePurpose,
    *,
    expires_at: datetime,
    user_id: int | None = None,
    facts: Mapping[str, str] | None = None,
) -> None:
    """Store a challenge by the hash of its key, which is random: it cannot be guessed from that."""
    _PUT.run(
        tx,
        key_hash=_hash_of(key),
        purpose=purpose.value,
        user_id=user_id,
        facts=dict(facts or {}),
        expires_at=expires_at,
    )


def read(connection: Connection, key: bytes, purpose: ChallengePurpose, now: datetime) -> Challenge | None:
    """The challenge of a key; None when there is none that is good for this now."""
    row = _READ.first(connection, hashed=_hash_of(key), good_for=purpose.value, now=now)
    return None if row is None else Challenge(row.user_id, row.facts)


def take(tx: Connection, key: bytes, purpose: ChallengePurpose, now: datetime) -> Challenge | None:
    """The same, and use it up: of two who do so at once one gets it."""
    row = _TAKE.first(tx, hashed=_hash_of(key), good_for=purpose.value, now=now)
    return None if row is None else Challenge(row.user_id, row.facts)


def _hash_of(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()
