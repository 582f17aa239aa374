"""Roles: protobuf to plain values and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask
from sanset.v1 import role_pb2 as pb
from sanset.v1.access_pb2 import AccessRule

from server.identity import Permission
from server.roles.queries import StoredRole
from server.rpc.updates import EVERYTHING, masked_values
from server.rpc.wire import time_to_wire


def role_to_wire(role: StoredRole) -> pb.Role:
    """A role."""
    return pb.Role(
        id=role.id,
        name=role.name,
        description=role.description,
        permissions=permissions_to_wire(role.role.permissions),
        built_in=role.is_built_in,
        create_time=time_to_wire(role.created_at),
        update_time=time_to_wire(role.updated_at),
        etag=role.etag,
    )


def permissions_to_wire(permissions: Iterable[Permission]) -> list[AccessRule.Permission.ValueType]:
    """Permissions in the order of the contract."""
    return sorted(AccessRule.Permission.Value(each) for each in permissions)


def new_role_from_wire(role: pb.Role) -> dict[str, Any]:
    """The columns of a role to create."""
    return {"name": role.name, **_values(role, EVERYTHING)}


def role_changes(request: pb.UpdateRoleRequest) -> dict[str, Any]:
    """What UpdateRole changes, by column. Raises InvalidUpdateMask."""
    return _values(request.role, request.update_mask)


def _values(role: pb.Role, mask: FieldMask) -> dict[str, Any]:
    return masked_values(
        role,
        mask,
        "role",
        permissions=lambda sent: [AccessRule.Permission.Name(each) for each in sorted(sent.permissions)],
    )
