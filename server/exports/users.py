"""All accounts, the oldest first: what a shop knows of its users, and nothing of their passwords."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, func, select

from server.db.base import AnyRow
from server.exports.source import Chunk, ExportSource, Keys, Row
from server.metadata import metadata_json
from server.promotion.models import LoyaltyAccount
from server.service_accounts.queries import IS_PERSON
from server.user.models import User
from server.user.sealed_phones import opened_account

USERS_PER_CHUNK: Final = 1000

COLUMNS: Final = (
    *("user_id", "email", "username", "full_name", "phone", "role", "active", "created_at", "updated_at"),
    *("points", "lifetime_points", "metadata"),
)


def users() -> ExportSource:
    """Every account of a person."""

    def count(connection: Connection) -> int:
        return connection.execute(select(func.count()).select_from(User).where(IS_PERSON)).scalar_one()

    def read(connection: Connection, after: Keys | None) -> Chunk:
        rows = _accounts(connection, after)
        full = len(rows) == USERS_PER_CHUNK
        return Chunk([_row(row) for row in rows], len(rows), (rows[-1].id,) if full else None)

    return ExportSource("Users", COLUMNS, count, read)


def _accounts(connection: Connection, after: Keys | None) -> list[AnyRow]:
    page = (
        select(
            *(User.id, User.email, User.username, User.full_name, User.phone, User.role, User.is_active),
            *(User.sealed_phone, User.created_at, User.updated_at, User.custom_metadata),
            func.coalesce(LoyaltyAccount.points, 0).label("points"),
            func.coalesce(LoyaltyAccount.lifetime, 0).label("lifetime"),
        )
        .outerjoin(LoyaltyAccount, LoyaltyAccount.user_id == User.id)
        .where(IS_PERSON)
        .order_by(User.id)
        .limit(USERS_PER_CHUNK)
    )
    if after is not None:
        page = page.where(User.id > after[0])
    return [opened_account(connection, row) for row in connection.execute(page)]


def _row(row: AnyRow) -> Row:
    return (
        *(row.id, row.email, row.username or "", row.full_name, row.phone, row.role),
        *("true" if row.is_active else "false", row.created_at, row.updated_at),
        *(row.points, row.lifetime, metadata_json(row.custom_metadata)),
    )
