"""Finds, opens and closes the accounts of users, and gives them roles.

Generated from the protos by proto/generate.py; do not edit. What is more than an RPC stands in `shortcuts`.
"""

from __future__ import annotations

from collections.abc import Iterable
from google.api import httpbody_pb2
from sanset.v1 import promotion_pb2, user_admin_pb2
from typing import Literal

from sanset_client.rpc import Metadata, Prepared, Items, Stream, Unary, prepare

ExportUsersRequestFormatName = Literal["FORMAT_UNSPECIFIED", "CSV", "XLSX"]
TierLevelName = Literal["LEVEL_UNSPECIFIED", "BRONZE", "SILVER", "GOLD", "PLATINUM"]
UserAccountStateName = Literal["STATE_UNSPECIFIED", "ACTIVE", "DEACTIVATED", "LOCKED"]


def list_users(
    *,
    q: str | None = None,
    role: str | None = None,
    state: user_admin_pb2.UserAccount.State.ValueType | UserAccountStateName | None = None,
    tier: promotion_pb2.Tier.Level.ValueType | TierLevelName | None = None,
    page_size: int | None = None,
    page_token: str | None = None,
    user_ids: Iterable[int] | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists accounts, the newest first, by what is known of a person, by role, state and tier, or by their ids.

    Returns INVALID_ARGUMENT for a role that does not exist, which names those that do.
    """
    return prepare(
        user_admin_pb2.ListUsersRequest,
        timeout,
        metadata,
        q=q,
        role=role,
        state=state,
        tier=tier,
        page_size=page_size,
        page_token=page_token,
        user_ids=user_ids,
    )


def get_user(
    *,
    user_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets an account with what is needed to help its user: orders, points, sessions, and sign-ins that failed.

    Returns NOT_FOUND (USER_NOT_FOUND).
    """
    return prepare(
        user_admin_pb2.GetUserRequest,
        timeout,
        metadata,
        user_id=user_id,
    )


def set_user_role(
    *,
    user_id: int | None = None,
    role: str | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gives an account another role, and returns the account.

    Whoever is signed in stays so, and may do what the new role may; their streams end, and can be opened again by
    those who still may. A role that does not exist is INVALID_ARGUMENT, which names those that do. Returns NOT_FOUND
    (USER_NOT_FOUND), PERMISSION_DENIED (BEYOND_OWN_PERMISSIONS), and FAILED_PRECONDITION (LAST_ADMIN) for the last admin.
    """
    return prepare(
        user_admin_pb2.SetUserRoleRequest,
        timeout,
        metadata,
        user_id=user_id,
        role=role,
        request_id=request_id,
    )


def set_user_active(
    *,
    user_id: int | None = None,
    active: bool | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Closes or opens an account, and returns it. Nobody can sign in to one that is closed; its sessions end.

    Returns NOT_FOUND (USER_NOT_FOUND), PERMISSION_DENIED (BEYOND_OWN_PERMISSIONS), and FAILED_PRECONDITION (LAST_ADMIN)
    for the last admin.
    """
    return prepare(
        user_admin_pb2.SetUserActiveRequest,
        timeout,
        metadata,
        user_id=user_id,
        active=active,
        request_id=request_id,
    )


def unlock_user(
    *,
    user_id: int | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Forgets the failed sign-ins of an account, and the codes and links that were asked for by mail, so that its user
    can try again at once, and returns it.

    Returns NOT_FOUND (USER_NOT_FOUND) and PERMISSION_DENIED (BEYOND_OWN_PERMISSIONS).
    """
    return prepare(
        user_admin_pb2.UnlockUserRequest,
        timeout,
        metadata,
        user_id=user_id,
        request_id=request_id,
    )


def reset_second_factor(
    *,
    user_id: int | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Removes the second factor of an account whose user has lost the authenticator and the recovery codes, and returns it.

    Ends the sessions of the account, and mails that: be sure who asks. Its passkeys stay. Returns NOT_FOUND
    (USER_NOT_FOUND), PERMISSION_DENIED (BEYOND_OWN_PERMISSIONS), FAILED_PRECONDITION (SECOND_FACTOR_MISSING; for
    the caller's own account SECOND_FACTOR_ACTIVE: RemoveSecondFactor takes a code of it).
    """
    return prepare(
        user_admin_pb2.ResetSecondFactorRequest,
        timeout,
        metadata,
        user_id=user_id,
        request_id=request_id,
    )


def export_users(
    *,
    format: user_admin_pb2.ExportUsersRequest.Format.ValueType | ExportUsersRequestFormatName | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Streams all accounts as a file, the oldest first; of passwords nothing is in it.

    A row is as it was when it was read. Over HTTP a file that is cut off ends the connection.
    """
    return prepare(
        user_admin_pb2.ExportUsersRequest,
        timeout,
        metadata,
        format=format,
    )


class UserAdminMethods:
    """Finds, opens and closes the accounts of users, and gives them roles."""

    list_users = Unary("ListUsers", list_users, user_admin_pb2.ListUsersResponse)
    iter_users = Items("ListUsers", list_users.request, user_admin_pb2.UserAccount)
    get_user = Unary("GetUser", get_user, user_admin_pb2.UserDetails)
    set_user_role = Unary("SetUserRole", set_user_role, user_admin_pb2.UserAccount)
    set_user_active = Unary("SetUserActive", set_user_active, user_admin_pb2.UserAccount)
    unlock_user = Unary("UnlockUser", unlock_user, user_admin_pb2.UserAccount)
    reset_second_factor = Unary("ResetSecondFactor", reset_second_factor, user_admin_pb2.UserAccount)
    export_users = Stream("ExportUsers", export_users, httpbody_pb2.HttpBody)
