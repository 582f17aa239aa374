"""Defines the roles of the shop's own beside the three that every shop has, CUSTOMER, VENDOR and ADMIN.

Generated from the protos by proto/generate.py; do not edit. What is more than an RPC stands in `shortcuts`.
"""

from __future__ import annotations

from google.protobuf import empty_pb2, field_mask_pb2
from sanset.v1 import role_pb2

from sanset_client.rpc import Metadata, Prepared, Items, Unary, prepare


def list_roles(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists the roles, the built-in ones first, then the oldest."""
    return prepare(
        role_pb2.ListRolesRequest,
        timeout,
        metadata,
        page_size=page_size,
        page_token=page_token,
    )


def create_role(
    *,
    role: role_pb2.Role | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Creates a role, which nobody has yet, and returns it.

    Returns ALREADY_EXISTS (ROLE_TAKEN), PERMISSION_DENIED (BEYOND_OWN_PERMISSIONS), and FAILED_PRECONDITION (TOO_MANY)
    beyond 200 roles.
    """
    return prepare(
        role_pb2.CreateRoleRequest,
        timeout,
        metadata,
        role=role,
        request_id=request_id,
    )


def get_role(
    *,
    role_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets a role. Returns NOT_FOUND (ROLE_NOT_FOUND)."""
    return prepare(
        role_pb2.GetRoleRequest,
        timeout,
        metadata,
        role_id=role_id,
    )


def update_role(
    *,
    role: role_pb2.Role | None = None,
    update_mask: field_mask_pb2.FieldMask | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Updates a role of the shop's own, for all accounts that have it, and returns it.

    Over HTTP PUT replaces the role, PATCH changes what is sent, null clears; the name stays. Streams of accounts that
    have it end, and can be opened again by those who still may. Returns NOT_FOUND (ROLE_NOT_FOUND), ABORTED
    (STALE_ETAG), PERMISSION_DENIED (BEYOND_OWN_PERMISSIONS), and FAILED_PRECONDITION (ROLE_BUILT_IN).
    """
    return prepare(
        role_pb2.UpdateRoleRequest,
        timeout,
        metadata,
        role=role,
        update_mask=update_mask,
        request_id=request_id,
    )


def delete_role(
    *,
    role_id: int | None = None,
    etag: str | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Deletes a role of the shop's own that nobody has.

    Returns NOT_FOUND (ROLE_NOT_FOUND), ABORTED (STALE_ETAG), PERMISSION_DENIED (BEYOND_OWN_PERMISSIONS), and
    FAILED_PRECONDITION (ROLE_IN_USE, ROLE_BUILT_IN).
    """
    return prepare(
        role_pb2.DeleteRoleRequest,
        timeout,
        metadata,
        role_id=role_id,
        etag=etag,
        request_id=request_id,
    )


class RoleMethods:
    """Defines the roles of the shop's own beside the three that every shop has, CUSTOMER, VENDOR and ADMIN."""

    list_roles = Unary("ListRoles", list_roles, role_pb2.ListRolesResponse)
    iter_roles = Items("ListRoles", list_roles.request, role_pb2.Role)
    create_role = Unary("CreateRole", create_role, role_pb2.Role)
    get_role = Unary("GetRole", get_role, role_pb2.Role)
    update_role = Unary("UpdateRole", update_role, role_pb2.Role)
    delete_role = Unary("DeleteRole", delete_role, empty_pb2.Empty)
