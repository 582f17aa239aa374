"""The rule of the audit log: no entry was altered, taken out or put in. It takes keys: no SQL can tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, Engine, select

from server.audit.chain import ends_of, link_digest
from server.audit.forgetting import FORGETTING
from server.audit.models import AuditChain, AuditEntry
from server.audit.signing import EntryFacts, is_signed, personal_digest
from server.clock import utc_now
from server.crypto.vault import Vault
from server.db.base import AnyRow
from server.db.reading import reading
from server.db.sealing import vault_of

AUDIT_CHAIN: Final = "audit-chain"
PAGE: Final = 2000
MAX_TRIES: Final = 5
"""Reads of a chain that is cut at its old end meanwhile, with age."""


def broken_entries(engine: Engine) -> Iterator[str]:
    """What of the chain is not as the shop wrote it, in a sentence each; the engine has the shop's vault."""
    with reading(engine).connect() as connection:
        yield from flaws_of_log(connection)


def flaws_of_log(connection: Connection) -> Iterator[str]:
    """The same, as a connection sees it."""
    vault = vault_of(connection)
    for _ in range(MAX_TRIES):
        chain = _chain(connection)
        if chain is None:
            yield "audit_chain has no row: nothing tells where the log begins and ends"
            return
        flaws = [*_flaws_of(connection, vault, chain), *_strangers(connection, vault, chain)]
        after = _chain(connection)
        if after is not None and after.base_sequence == chain.base_sequence:
            yield from flaws
            return


def _chain(connection: Connection) -> AnyRow | None:
    return connection.execute(select(*AuditChain.__table__.columns)).one_or_none()


def _flaws_of(connection: Connection, vault: Vault, chain: AnyRow) -> Iterator[str]:
    if chain.head_sequence == 0:
        if connection.scalar(select(AuditEntry.id).where(AuditEntry.sequence.is_not(None)).limit(1)):
            yield "audit_chain says that the log is empty, and it is not"
        return
    if not is_signed(vault, ends_of(chain), chain.signature):
        yield "audit_chain: the ends of the log are not those that the shop has signed"
    sequence, digest = chain.base_sequence, chain.base_digest
    for entry in _entries(connection, chain):
        if entry.sequence != sequence + 1:
            yield f"{_positions(sequence + 1, entry.sequence - 1)} of the log are missing"
        elif entry.chain_digest != link_digest(digest, entry.sequence, entry.id, entry.signature or ""):
            yield f"audit_entries {entry.id} does not follow the entry before it"
        yield from _flaws_of_entry(connection, vault, entry)
        sequence, digest = entry.sequence, entry.chain_digest
    if sequence < chain.head_sequence:
        yield f"{_positions(sequence + 1, chain.head_sequence)}, the last of the log, are missing"
    elif digest != chain.head_digest:
        yield "audit_chain does not end with the last entry"


def _positions(first: int, last: int) -> str:
    return f"entries {first} to {last}"


def _entries(connection: Connection, chain: AnyRow) -> Iterator[AnyRow]:
    after, page = 0, True
    while page:
        rows = connection.execute(
            select(*AuditEntry.__table__.columns)
            .where(AuditEntry.sequence > after, AuditEntry.sequence <= chain.head_sequence)
            .order_by(AuditEntry.sequence)
            .limit(PAGE)
        ).all()
        yield from rows
        page = len(rows) == PAGE
        after = rows[-1].sequence if rows else after


def _flaws_of_entry(connection: Connection, vault: Vault, entry: AnyRow) -> Iterator[str]:
    if not is_signed(vault, bytes(EntryFacts.of(entry)), entry.signature or ""):
        yield f"audit_entries {entry.id} was altered"
    elif entry.personal_salt is not None:
        if entry.personal_digest != personal_digest(entry.personal_salt, entry.address, entry.details):
            yield f"audit_entries {entry.id}: address or details were altered"
    elif entry.address or entry.details:
        yield f"audit_entries {entry.id}: address or details were put where they had been forgotten"
    elif not _is_forgotten(connection, entry):
        yield f"audit_entries {entry.id}: address and details were taken away, and no person was forgotten"


def _is_forgotten(connection: Connection, entry: AnyRow) -> bool:
    subject = f"user/{entry.actor_id}" if entry.actor_id is not None else entry.subject
    forgetting = select(AuditEntry.id).where(AuditEntry.subject == subject, AuditEntry.action == FORGETTING)
    return connection.scalar(forgetting.limit(1)) is not None


def _strangers(connection: Connection, vault: Vault, chain: AnyRow) -> Iterator[str]:
    """Entries without a place that the shop did not write; its own wait for theirs a moment."""
    statement = select(*AuditEntry.__table__.columns).where(AuditEntry.sequence.is_(None))
    for entry in connection.execute(statement.order_by(AuditEntry.id).limit(PAGE)):
        is_of_earlier_release = entry.signature is None and utc_now() < chain.adopts_until
        if is_of_earlier_release or is_signed(vault, bytes(EntryFacts.of(entry)), entry.signature or ""):
            continue
        yield f"audit_entries {entry.id} was not written by the shop"
