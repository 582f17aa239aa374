"""Whose orders, refunds and returns a caller reaches."""

from __future__ import annotations

from sanset.v1.access_pb2 import AccessRule

from server.identity import Identity
from server.rpc.access import PermissionMissing


def must_manage_orders(caller: Identity) -> None:
    """Raise PermissionMissing when the caller may not see everyone's orders and returns."""
    if not caller.is_admin:
        permission = AccessRule.Permission.Name(AccessRule.MANAGE_ORDERS)
        raise PermissionMissing(permission=permission, role=caller.role)


def owner_for(caller: Identity) -> int | None:
    """Whose orders a caller reaches; None for everyone's."""
    return None if caller.is_admin else caller.user_id
