"""Finds, opens and closes the accounts of users, and gives them roles.

Generated from the protos by proto/generate.py; do not edit. What is more than an RPC stands in `shortcuts`.
"""

from __future__ import annotations

from sanset.v1 import user_admin_pb2

from sanset_client.rpc import Metadata, Prepared, Unary, prepare


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
    (USER_NOT_FOUND), PERMISSION_DENIED (PERMISSION_NOT_HELD), and FAILED_PRECONDITION (LAST_ADMIN) for the last admin.
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

    Returns NOT_FOUND (USER_NOT_FOUND), PERMISSION_DENIED (PERMISSION_NOT_HELD), and FAILED_PRECONDITION (LAST_ADMIN)
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


class UserAdminMethods:
    """Finds, opens and closes the accounts of users, and gives them roles."""

    set_user_role = Unary("SetUserRole", set_user_role, user_admin_pb2.UserAccount)
    set_user_active = Unary("SetUserActive", set_user_active, user_admin_pb2.UserAccount)
