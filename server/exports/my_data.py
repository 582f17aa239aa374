"""All that the shop has stored of a user, as JSON lines: a line for each row, table after table.

Each chunk is a read of its own, and follows the primary key, as those of other exports do.
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, cast

from sqlalchemy import Connection, Table, select, tuple_

from server.db.base import AnyRow
from server.db.deadline import Deadline
from server.db.rows import replaced
from server.db.sealing import vault_of
from server.db.work import Work
from server.exports.file import CHUNK_SECONDS, PIECE_BYTES
from server.exports.personal_columns import OWNED, names
from server.order.models import Order
from server.user.models import Address, User
from server.user.sealed_addresses import open_snapshot, opened_row
from server.user.sealed_phones import opened_account

CONTENT_TYPE: Final = "application/x-ndjson"
CHUNK_ROWS: Final = 500
_SEALED: Final = {User.__tablename__: ("sealed_phone",), Address.__tablename__: ("sealed",)}
"""Columns that hold what others do not show, as it is sealed."""
_TABLES: Final = tuple((cast(Table, mapped.__table__), condition) for mapped, condition in OWNED.items())


@dataclass(frozen=True, slots=True)
class _Position:
    """Where the export goes on: the number of a table, and the primary key that it has come to there."""

    table: int = 0
    after: Sequence[object] = ()


class MyData:
    """Reads what is stored of users."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def pieces(self, user_id: int) -> AsyncGenerator[bytes]:
        """The file in pieces."""
        position: _Position | None = _Position()
        while position is not None:
            text, position = await self._work.read(
                _chunk, user_id, position, deadline=Deadline(CHUNK_SECONDS), vital=True
            )
            for start in range(0, len(text), PIECE_BYTES):
                yield text[start : start + PIECE_BYTES]


def _chunk(connection: Connection, user_id: int, position: _Position) -> tuple[bytes, _Position | None]:
    """Lines until there are enough of them, and where the next ones are."""
    lines: list[bytes] = []
    while position.table < len(_TABLES):
        table = _TABLES[position.table][0]
        rows = _rows(connection, user_id, position, CHUNK_ROWS - len(lines))
        lines += [_line(table, row) for row in rows]
        if len(lines) == CHUNK_ROWS:
            keys = [getattr(rows[-1], column.name) for column in table.primary_key]
            return b"".join(lines), _Position(position.table, keys)
        position = _Position(position.table + 1)
    return b"".join(lines), None


def _rows(connection: Connection, user_id: int, position: _Position, limit: int) -> Sequence[AnyRow]:
    table, condition = _TABLES[position.table]
    keys = list(table.primary_key)
    shown = dict.fromkeys([*keys, *(table.c[name] for name in names(table.name, secret=False))])
    shown |= dict.fromkeys(table.c[name] for name in _SEALED.get(table.name, ()))
    statement = select(*shown).where(condition).order_by(*keys).limit(limit)
    if position.after:
        statement = statement.where(tuple_(*keys) > tuple_(*position.after))
    return [_opened(connection, table, row) for row in connection.execute(statement, {"user_id": user_id})]


def _opened(connection: Connection, table: Table, row: AnyRow) -> AnyRow:
    """A row with what is sealed of it open."""
    vault = vault_of(connection)
    if table.name == User.__tablename__:
        return opened_account(connection, row)
    if table.name == Address.__tablename__:
        return opened_row(vault, row)
    if table.name == Order.__tablename__:
        return replaced(row, address=open_snapshot(vault, row.address, row.id))
    return row


def _line(table: Table, row: AnyRow) -> bytes:
    columns = row._asdict()
    values = {name: columns[name] for name in names(table.name, secret=False)}
    text = json.dumps({"table": table.name, "row": values}, default=_as_json, ensure_ascii=False)
    return text.encode() + b"\n"


def _as_json(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value)
