"""The rules of imports: asking for one, its turn, each batch of it once, and its end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from server.db.base import AnyRow
from server.db.record import repeated
from server.errors import TooMany
from server.events.log import publish
from server.events.topics import ImportMoved
from server.identity import BUILT_IN, Identity, Permission, Role
from server.imports import queries
from server.imports.errors import ImportNotFound
from server.imports.products.file import FileForm, FileKind, RowBatch
from server.imports.products.records import Encoding
from server.imports.products.writing import BatchOutcome
from server.repeats.errors import IdempotencyMismatch
from server.roles.queries import of_account
from server.user.queries import lock_user

QUEUED, RUNNING, SUCCEEDED = "QUEUED", "RUNNING", "SUCCEEDED"
FAILED, CANCELLED = "FAILED", "CANCELLED"

MAX_OPEN: Final = 10
"""Imports of one user that have not ended: each keeps its file in the database."""
MAX_PROBLEMS: Final = 10_000
_TO_IMPORT: Final = frozenset({Permission.MANAGE_PRODUCTS})
_TO_CREATE_CATEGORIES: Final = _TO_IMPORT | {Permission.MANAGE_CATEGORIES}
ROLE_CHANGED: Final = "Its user has another role by now, or is not active any more. What is written stays."


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOrder:
    """What is asked for, and of which file."""

    form: FileForm
    dry_run: bool
    create_categories: bool
    request_id: str
    digest: str
    size_bytes: int


def existing(connection: Connection, caller: Identity, order: ImportOrder) -> AnyRow | None:
    """The import that the caller asked for before by this request id. Raises IdempotencyMismatch."""
    if not order.request_id:
        return None
    row = queries.by_request(connection, caller.user_id, order.request_id)
    if row is not None and row.digest != order.digest:
        raise IdempotencyMismatch(request_id=order.request_id)
    if row is not None:
        repeated()
    return row


def create(
    tx: Connection, caller: Identity, order: ImportOrder, pieces: Iterable[bytes], now: datetime
) -> AnyRow:
    """Keep a file and have it imported.

    Raises TooMany, IdempotencyMismatch, and IntegrityError where a repeat was first.
    """
    row = existing(tx, caller, order)
    if row is not None:
        return row
    lock_user(tx, caller.user_id)  # two files at once must not both be the last one
    if queries.count_open(tx, caller.user_id) >= MAX_OPEN:
        raise TooMany(limit=MAX_OPEN, resources="imports that have not ended")
    import_id = queries.insert_import(
        tx,
        {
            "user_id": caller.user_id,
            "role": str(caller.role),
            "request_id": order.request_id or None,
            "digest": order.digest,
            "kind": str(order.form.kind),
            "encoding": str(order.form.encoding),
            "dry_run": order.dry_run,
            "create_categories": order.create_categories,
            "size_bytes": order.size_bytes,
            "state": QUEUED,
            "created_at": now,
        },
    )
    queries.write_pieces(tx, import_id, pieces)
    publish(tx, ImportMoved(import_id))
    return read(tx, caller, import_id)


def read(connection: Connection, caller: Identity, import_id: int) -> AnyRow:
    """An import of the caller's; who manages everybody's products reads any. Raises ImportNotFound."""
    row = queries.by_id(connection, import_id, owner_of(caller))
    if row is None:
        raise ImportNotFound(import_id=import_id)
    return row


def owner_of(caller: Identity) -> int | None:
    """Whose imports a caller may see; None: everybody's."""
    return None if caller.may_for_all(Permission.MANAGE_PRODUCTS) else caller.user_id


def cancel(tx: Connection, caller: Identity, import_id: int, now: datetime) -> None:
    """End an import that has not ended. Raises ImportNotFound."""
    row = queries.by_id(tx, import_id, owner_of(caller), lock=True)
    if row is None:
        raise ImportNotFound(import_id=import_id)
    if row.ended_at is None:
        end(tx, import_id, CANCELLED, "", now)


def finish(tx: Connection, import_id: int, state: str, message: str, now: datetime) -> None:
    """End an import that its job is done with, unless somebody did before."""
    row = queries.by_id(tx, import_id, None, lock=True)
    if row is not None and row.ended_at is None:
        end(tx, import_id, state, message, now)


def end(tx: Connection, import_id: int, state: str, message: str, now: datetime) -> None:
    """End an import, and tell those who watch it."""
    queries.end(tx, import_id, state, message, now)
    publish(tx, ImportMoved(import_id))


def hold_turn(tx: Connection, import_id: int, line: int, now: datetime) -> bool:
    """Lock an import to write what is behind `line`; False where it has ended, or somebody else wrote it.

    It ends where its user may not do any more what they might when they asked for it.
    """
    row = queries.by_id(tx, import_id, None, lock=True)
    if row is None or row.ended_at is not None or row.line != line:
        return False
    role = of_account(tx, row.user_id)
    if role is None or role.name != row.role or not _needed(row) <= role.permissions:
        end(tx, import_id, FAILED, ROLE_CHANGED, now)
        return False
    return True


def record(tx: Connection, import_id: int, batch: RowBatch, outcome: BatchOutcome, read_bytes: int) -> None:
    """Note what came of a batch, in the transaction that wrote it."""
    row = queries.by_id(tx, import_id, None)
    assert row is not None  # hold_turn has locked it
    problems = sorted([*batch.problems, *outcome.problems], key=lambda one: one.line)
    stored = problems[: max(0, MAX_PROBLEMS - row.problems)]
    queries.write_problems(tx, import_id, row.problems, stored)
    queries.advance(
        tx,
        import_id,
        {
            "state": RUNNING,
            "line": batch.last_line,
            "read_bytes": read_bytes,
            "rows": row.rows + batch.read,
            "created": row.created + outcome.created,
            "updated": row.updated + outcome.updated,
            "unchanged": row.unchanged + outcome.unchanged,
            "refused": row.refused + len({one.line for one in problems}),
            "problems": row.problems + len(stored),
        },
    )
    publish(tx, ImportMoved(import_id))


def form_of(row: AnyRow) -> FileForm:
    """How the file of an import is to be read."""
    return FileForm(FileKind(row.kind), Encoding(row.encoding))


def caller_of(row: AnyRow) -> Identity:
    """On whose behalf an import writes."""
    # That they still may is looked at before each batch is written.
    role = BUILT_IN.get(row.role) or Role(row.role, _needed(row))
    return Identity(row.user_id, role, session_id="", expires_at=0)


def _needed(row: AnyRow) -> frozenset[Permission]:
    return _TO_CREATE_CATEGORIES if row.create_categories else _TO_IMPORT
