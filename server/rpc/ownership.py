"""Whose orders, refunds and returns a caller reaches."""

from __future__ import annotations

from server.identity import Identity, Permission
from server.rpc.access import PermissionMissing


def must_see_all_orders(caller: Identity) -> None:
    """Raise PermissionMissing when the caller may not see everyone's orders and returns."""
    if not caller.sees_all_orders:
        raise PermissionMissing(permission=Permission.MANAGE_ORDERS, role=caller.role)


def owner_for(caller: Identity) -> int | None:
    """Whose orders a caller reaches; None for everyone's."""
    return None if caller.sees_all_orders else caller.user_id
