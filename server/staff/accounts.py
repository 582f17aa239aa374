"""The rules of accounts that others decide on: nobody beyond what they may themselves, and one admin remains."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from server.audit.log import Actor, note_change, write
from server.auth import sessions, throttle
from server.auth.recovery import notices
from server.auth.recovery.codes import RecoveryCodes
from server.auth.recovery.limits import forget_mails
from server.auth.recovery.notices import Notice, NoticeKind
from server.auth.second_factor import queries as second_factors
from server.db.base import AnyRow
from server.errors import UserNotFound
from server.events.log import publish
from server.events.topics import RoleAssigned
from server.identity import Identity, Role
from server.roles import queries as role_queries
from server.roles import service as roles
from server.staff import queries
from server.staff.errors import LastAdmin, OwnSecondFactor, UserHasNoSecondFactor
from server.user import service as users


def get(connection: Connection, user_id: int, now: datetime) -> AnyRow:
    """An account with its state and points. Raises UserNotFound."""
    row = queries.account(connection, user_id, now)
    if row is None:
        raise UserNotFound(user_id=user_id)
    return row


def set_role(tx: Connection, caller: Identity, user_id: int, name: str, actor: Actor, now: datetime) -> None:
    """Give an account another role; one that has it stays as it is.

    Raises InvalidField for a role that does not exist, UserNotFound, BeyondOwnPermissions and LastAdmin.
    """
    # In this order for everybody: the admins' row, the role, the account.
    role_queries.hold_admins(tx)
    role = roles.hold_named(tx, name, "role")
    current = _lock(tx, caller, user_id)
    if current.role == role.name:
        return
    roles.must_hold_role(caller, role)
    must_not_be_last_admin(tx, user_id, current.role, is_active=current.is_active)
    version = queries.update_account(tx, user_id, {"role": role.name, "role_assigned_at": now}, now)
    note_change({"role": current.role}, {"role": role.name})
    write(tx, actor, "SetUserRole", f"user/{user_id}", now)
    publish(tx, RoleAssigned(user_id, role.name, version))


def set_active(
    tx: Connection, caller: Identity, user_id: int, active: bool, actor: Actor, now: datetime
) -> None:
    """Close or open an account; the sessions of one that is closed end.

    Raises UserNotFound, BeyondOwnPermissions and LastAdmin.
    """
    role_queries.hold_admins(tx)
    current = _lock(tx, caller, user_id)
    if current.is_active == active:
        return
    if not active:
        must_not_be_last_admin(tx, user_id, current.role, is_active=current.is_active)
    queries.update_account(tx, user_id, {"is_active": active}, now)
    note_change({"active": current.is_active}, {"active": active})
    write(tx, actor, "SetUserActive", f"user/{user_id}", now)
    if not active:
        sessions.revoke_all(tx, user_id, now)


def unlock(
    tx: Connection, caller: Identity, user_id: int, codes: RecoveryCodes, actor: Actor, now: datetime
) -> None:
    """Forget the sign-ins of an account that failed, and the codes that were asked for.

    Raises UserNotFound, and BeyondOwnPermissions: who may unlock an account can have its password guessed.
    """
    role_queries.hold_admins(tx)
    had_failures = throttle.unlock(tx, user_id)  # before the account is locked, as who signs in does
    current = _lock(tx, caller, user_id)
    had_mails = forget_mails(tx, codes.address_key(current.email))
    if had_failures or had_mails:
        write(tx, actor, "UnlockUser", f"user/{user_id}", now)


def reset_second_factor(tx: Connection, caller: Identity, user_id: int, actor: Actor, now: datetime) -> None:
    """Remove the second factor of somebody who has lost it, end their sessions, and have it mailed.

    Raises UserNotFound, BeyondOwnPermissions, UserHasNoSecondFactor, and OwnSecondFactor: a session that was left
    open must not be rid of it.
    """
    if user_id == caller.user_id:
        raise OwnSecondFactor()
    role_queries.hold_admins(tx)
    _lock(tx, caller, user_id)
    contact = users.contact(tx, user_id)
    if contact is None or not second_factors.remove(tx, user_id):
        raise UserHasNoSecondFactor(user_id=user_id)
    write(tx, actor, "ResetSecondFactor", f"user/{user_id}", now)
    sessions.revoke_all(tx, user_id, now)
    # In the shop's language: that of the call is the caller's.
    reset, email, name = NoticeKind.FACTOR_RESET, contact.email, contact.full_name
    notice = Notice(kind=reset, user_id=user_id, recipient=email, full_name=name, language="")
    notices.post(tx, now, notice)


def _lock(tx: Connection, caller: Identity, user_id: int) -> AnyRow:
    """An account that the caller may decide on, locked."""
    current = queries.lock_account(tx, user_id)
    if current is None:
        raise UserNotFound(user_id=user_id)
    roles.must_hold_role(caller, roles.hold_named(tx, current.role, "role"))
    return current


def must_not_be_last_admin(tx: Connection, user_id: int, role: str, *, is_active: bool) -> None:
    """Raise LastAdmin when nobody else could run the shop; who asks holds the admins' row."""
    is_admin = role == Role.ADMIN.name and is_active
    if is_admin and not queries.another_admin_exists(tx, user_id):
        raise LastAdmin(user_id=user_id)
