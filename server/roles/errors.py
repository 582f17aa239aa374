"""Refusals of the roles."""

from __future__ import annotations

from server.errors import AlreadyExists, FailedPrecondition, NotFound, PermissionDenied


class RoleNotFound(NotFound):
    """No such role."""

    message = "There is no role {role_id}."


class RoleTaken(AlreadyExists):
    """Another role has the name."""

    message = "There is another role {role}: choose another name."


class RoleInUse(FailedPrecondition):
    """Accounts have the role."""

    message = "Accounts have the role {role}: give them another one first."


class RoleBuiltIn(FailedPrecondition):
    """The role is one of those that every shop has."""

    message = "The role {role} is built in: it cannot be changed or deleted."


class BeyondOwnPermissions(PermissionDenied):
    """The caller would decide on permissions that they do not have."""

    message = "Your role {role} lacks {permissions}: you can neither give nor take that."
