"""Phone numbers at rest: sealed, beside a keyed hash by which one that is known is found."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, Connection, or_

from server.crypto.vault import Cell, Vault
from server.db.base import AnyRow
from server.db.rows import replaced
from server.db.sealing import vault_of
from server.user.models import User

PHONES: Final = "users.sealed_phone"


def phone_columns(vault: Vault, phone: str, user_id: int) -> dict[str, object]:
    """The columns of a user's phone number as they are stored."""
    key = next(iter(vault.phone_keys(phone)), None)
    if not phone or not vault.is_sealing:
        return {"phone": phone, "sealed_phone": None, "phone_key": key}
    return {"phone": "", "sealed_phone": vault.seal(phone, Cell(PHONES, user_id)), "phone_key": key}


def phone_of(vault: Vault, row: AnyRow) -> str:
    """The phone number in an account's row. Raises Unreadable."""
    if not row.sealed_phone:
        return str(row.phone)
    return vault.open(row.sealed_phone, Cell(PHONES, row.id))


def opened_account(connection: Connection, row: AnyRow) -> AnyRow:
    """An account's row with its phone number open. Raises Unreadable."""
    if not row.sealed_phone:
        return row
    return replaced(row, phone=phone_of(vault_of(connection), row))


def has_phone(connection: Connection, phone: str) -> ColumnElement[bool]:
    """Whether an account has a phone number, however it is written, as a condition of a query.

    One that lies open, of before the shop sealed them, is found as it is written.
    """
    keys = vault_of(connection).phone_keys(phone)
    return or_(User.phone_key.in_(keys), User.phone == phone)
