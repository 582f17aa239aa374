"""The chain of the entries: each that follows is bound to all before it, so that none can be taken out or put in.

Entries are written without a place, so that no transaction waits for another; a job gives them one, in the order
in which it sees them. It runs every few seconds on one worker, and the row of `audit_chain`, which it locks, keeps
two that run at once apart. That row names both ends and is signed: cutting off at either end does not go unseen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import Connection, bindparam, delete, select, update

from server.audit.models import AuditChain, AuditEntry
from server.audit.signing import EntryFacts, is_signed, new_salt, personal_digest, sign
from server.audit.values import canonical
from server.clock import Clock
from server.db.base import AnyRow
from server.db.sealing import vault_of
from server.db.work import Work

BATCH: Final = 500
CHAIN_EVERY: Final = timedelta(seconds=5)

_LINK: Final = (
    update(AuditEntry)
    .where(AuditEntry.id == bindparam("entry_id"))
    .values(
        sequence=bindparam("position"),
        chain_digest=bindparam("digest"),
        signature=bindparam("signed"),
        personal_salt=bindparam("salt"),
        personal_digest=bindparam("personal"),
    )
)

log = structlog.get_logger()


class Chaining:
    """Binds new entries to the chain, as a job."""

    def __init__(self, work: Work, clock: Clock) -> None:
        self._work = work
        self._clock = clock

    async def run(self) -> None:
        """Bind what has come."""
        if not await self._work.read(has_unchained):
            return  # a look alone takes no lock
        after: int | None = 0
        while after is not None:
            after = await self._work.write(extend, self._clock(), after, vital=True)


def has_unchained(connection: Connection) -> bool:
    """Whether an entry has no place yet."""
    return connection.scalar(select(AuditEntry.id).where(AuditEntry.sequence.is_(None)).limit(1)) is not None


def extend(tx: Connection, now: datetime, after: int = 0) -> int | None:
    """Bind the next entries above an id, and return the last one looked at; None when there are no more.

    What the shop did not write is left out: `sanset verify` names it.

    An entry without a signature is of an earlier release, which may still serve for a while: it is signed here.
    """
    chain, vault = _locked(tx), vault_of(tx)
    if chain is None or not vault.ring.secrets:
        return None
    sequence, digest = chain.head_sequence, chain.head_digest
    links = []
    entries = _unchained(tx, after)
    for entry in entries:
        facts = _genuine(tx, entry, adopts=now < chain.adopts_until)
        if facts is None:
            continue
        sequence += 1
        digest = link_digest(digest, sequence, entry.id, facts["signed"])
        links.append({"entry_id": entry.id, "position": sequence, "digest": digest, **facts})
    if links:
        tx.execute(_LINK, links)
        _set(tx, head_sequence=sequence, head_digest=digest)
    return entries[-1].id if len(entries) == BATCH else None


def prune(tx: Connection, before: datetime, limit: int) -> int:
    """Delete entries from before a time, the oldest of the chain first, and return how many.

    The chain begins behind them then, and what it began with is signed anew.
    """
    chain = _locked(tx)
    if chain is None or not vault_of(tx).ring.secrets:
        return 0
    oldest = tx.execute(
        select(AuditEntry.sequence, AuditEntry.at, AuditEntry.chain_digest)
        .where(AuditEntry.sequence > chain.base_sequence)
        .order_by(AuditEntry.sequence)
        .limit(limit)
    )
    last, count = None, 0
    for entry in oldest:
        if entry.at >= before:
            break
        last, count = entry, count + 1
    if last is None:
        return 0
    tx.execute(delete(AuditEntry).where(AuditEntry.sequence <= last.sequence))
    _set(tx, base_sequence=last.sequence, base_digest=last.chain_digest)
    log.info("audit_log_pruned", entries=count, until=last.at.isoformat(), digest=last.chain_digest)
    return count


def link_digest(previous: str, sequence: int, entry_id: int, signature: str) -> str:
    """What binds an entry to the one before it."""
    return hashlib.sha256(canonical([previous, sequence, entry_id, signature])).hexdigest()


def ends_of(chain: AnyRow) -> bytes:
    """What of the chain's row is signed."""
    return canonical([chain.base_sequence, chain.base_digest, chain.head_sequence, chain.head_digest])


def _locked(tx: Connection) -> AnyRow | None:
    return tx.execute(select(*AuditChain.__table__.columns).with_for_update()).one_or_none()


def _unchained(tx: Connection, after: int) -> Sequence[AnyRow]:
    statement = select(*AuditEntry.__table__.columns)
    statement = statement.where(AuditEntry.sequence.is_(None), AuditEntry.id > after)
    return tx.execute(statement.order_by(AuditEntry.id).limit(BATCH)).all()


def _genuine(tx: Connection, entry: AnyRow, *, adopts: bool) -> Mapping[str, Any] | None:
    """What an entry is bound with; None for one that the shop did not write."""
    vault = vault_of(tx)
    if entry.signature is not None:
        if not is_signed(vault, bytes(EntryFacts.of(entry)), entry.signature):
            return None
        return {
            "signed": entry.signature,
            "salt": entry.personal_salt,
            "personal": entry.personal_digest,
        }
    if not adopts:
        return None
    salt = new_salt()
    digest = personal_digest(salt, entry.address, entry.details)
    facts = {name: getattr(entry, name) for name in EntryFacts.__slots__} | {"personal_digest": digest}
    return {"signed": sign(vault, bytes(EntryFacts(**facts))), "salt": salt, "personal": digest}


def _set(tx: Connection, **ends: object) -> None:
    """Move an end of the chain, and sign both."""
    tx.execute(update(AuditChain).values(**ends))
    chain = tx.execute(select(*AuditChain.__table__.columns)).one()
    tx.execute(update(AuditChain).values(signature=sign(vault_of(tx), ends_of(chain))))
