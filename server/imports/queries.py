"""SQL of the imports of products: one function per question."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import Final, cast

from sqlalchemy import Connection, Table, delete, func, insert, select, update

from server.db.base import AnyRow, Values
from server.db.bulk import write_rows
from server.imports.models import ImportPiece, ImportProblem, ProductImport
from server.imports.products.rows import RowProblem

PIECES_AT_ONCE: Final = 16
_PIECES, _PROBLEMS = cast(Table, ImportPiece.__table__), cast(Table, ImportProblem.__table__)
_IMPORT = tuple(ProductImport.__table__.columns)


def insert_import(tx: Connection, values: Values) -> int:
    """Insert an import and return its id. Raises IntegrityError where the request id is taken."""
    return tx.execute(insert(ProductImport).values(**values).returning(ProductImport.id)).scalar_one()


def write_pieces(tx: Connection, import_id: int, pieces: Iterable[bytes]) -> None:
    """Keep the file of an import."""
    rows = ((import_id, i, zlib.compress(piece, 1)) for i, piece in enumerate(pieces))
    while some := list(islice(rows, PIECES_AT_ONCE)):
        write_rows(tx, _PIECES, ("import_id", "position", "data"), some)


def piece(connection: Connection, import_id: int, position: int) -> bytes | None:
    """A piece of the file of an import; None behind the last."""
    data = connection.scalar(
        select(ImportPiece.data).where(ImportPiece.import_id == import_id, ImportPiece.position == position)
    )
    return None if data is None else zlib.decompress(data)


def by_request(connection: Connection, user_id: int, request_id: str) -> AnyRow | None:
    """The import that a user asked for by this request id."""
    return connection.execute(
        select(*_IMPORT).where(ProductImport.user_id == user_id, ProductImport.request_id == request_id)
    ).one_or_none()


def by_id(
    connection: Connection, import_id: int, user_id: int | None, *, lock: bool = False
) -> AnyRow | None:
    """An import; with `user_id` only where it is that user's."""
    statement = select(*_IMPORT).where(ProductImport.id == import_id)
    if user_id is not None:
        statement = statement.where(ProductImport.user_id == user_id)
    return connection.execute(statement.with_for_update() if lock else statement).one_or_none()


def page(connection: Connection, user_id: int | None, before: int | None, limit: int) -> Sequence[AnyRow]:
    """Up to `limit` imports before the one with this id, the newest first."""
    statement = select(*_IMPORT).order_by(ProductImport.id.desc()).limit(limit)
    if user_id is not None:
        statement = statement.where(ProductImport.user_id == user_id)
    if before is not None:
        statement = statement.where(ProductImport.id < before)
    return connection.execute(statement).all()


def count_open(connection: Connection, user_id: int) -> int:
    """How many imports of a user have not ended."""
    statement = select(func.count()).select_from(ProductImport)
    return connection.execute(
        statement.where(ProductImport.ended_at.is_(None), ProductImport.user_id == user_id)
    ).scalar_one()


def oldest_open(connection: Connection) -> AnyRow | None:
    """The import whose turn it is."""
    statement = select(*_IMPORT).where(ProductImport.ended_at.is_(None)).order_by(ProductImport.id)
    return connection.execute(statement.limit(1)).one_or_none()


def advance(tx: Connection, import_id: int, values: Values) -> None:
    """Change columns of an import."""
    tx.execute(update(ProductImport).where(ProductImport.id == import_id).values(**values))


def end(tx: Connection, import_id: int, state: str, message: str, now: datetime) -> None:
    """Note how an import ended, and let go of its file."""
    advance(tx, import_id, {"state": state, "message": message, "ended_at": now})
    tx.execute(delete(ImportPiece).where(ImportPiece.import_id == import_id))


def write_problems(tx: Connection, import_id: int, after: int, problems: Sequence[RowProblem]) -> None:
    """Keep problems of an import, which has `after` of them."""
    rows = (
        (import_id, number, one.line, one.column, one.reason, one.sku)
        for number, one in enumerate(problems, after + 1)
    )
    write_rows(tx, _PROBLEMS, ("import_id", "number", "line", "column_name", "reason", "sku"), rows)


def problems(connection: Connection, import_id: int, after: int, limit: int) -> Sequence[AnyRow]:
    """Up to `limit` problems of an import behind the one with this number."""
    return connection.execute(
        select(*_PROBLEMS.c)
        .where(ImportProblem.import_id == import_id, ImportProblem.number > after)
        .order_by(ImportProblem.number)
        .limit(limit)
    ).all()


def delete_old(tx: Connection, before: datetime, limit: int) -> int:
    """Delete up to `limit` imports that ended before this time; return how many."""
    old = select(ProductImport.id).where(ProductImport.ended_at < before).limit(limit)
    return tx.execute(delete(ProductImport).where(ProductImport.id.in_(old))).rowcount
