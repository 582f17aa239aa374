"""Access: who the caller is, and whether the rule declared on the method lets them in. No rule means no."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import NamedTuple, Self

from google.protobuf.descriptor import ServiceDescriptor
from sanset.v1 import access_pb2
from sanset.v1.access_pb2 import AccessRule

from server.errors import PermissionDenied, TokenInvalid, Unauthenticated
from server.identity import Identity, Role
from server.rpc.call import Call

Verify = Callable[[str], Identity]
"""Turns an access token into the caller it proves; raises TokenInvalid."""


class _Gate(NamedTuple):
    """A rule as plain values, which are read faster than a message's fields."""

    is_public: bool
    admits_anyone: bool
    """Whether nobody need be signed in; a token that is sent must be valid all the same."""
    admits_every_role: bool
    permission: AccessRule.Permission.ValueType

    @classmethod
    def of(cls, rule: AccessRule) -> Self:
        """As a rule says."""
        return cls(
            rule.level == AccessRule.PUBLIC,
            rule.level == AccessRule.OPTIONAL,
            rule.level in (AccessRule.OPTIONAL, AccessRule.SIGNED_IN) and not rule.permission,
            rule.permission,
        )


_NO_GATE = _Gate.of(AccessRule())

_PERMISSIONS: dict[Role, frozenset[int]] = {
    Role.CUSTOMER: frozenset(),
    Role.VENDOR: frozenset({AccessRule.MANAGE_PRODUCTS, AccessRule.MANAGE_INVENTORY}),
    Role.ADMIN: frozenset(AccessRule.Permission.values()),
}


def permits(role: Role, permission: int) -> bool:
    """Whether a role holds `permission` (an AccessRule.Permission)."""
    return permission in _PERMISSIONS[role]


class TokenMissing(Unauthenticated):
    """The method needs a signed-in caller, or what was sent is no bearer token."""

    message = "Sign in first: send the metadata 'authorization: Bearer <access_token>'."


class PermissionMissing(PermissionDenied):
    """The role is not enough."""

    message = "This needs the permission {permission}, which the role {role} does not have."


class Access:
    """Enforces the rules that the protos declare."""

    def __init__(
        self,
        services: Iterable[ServiceDescriptor],
        verify: Verify,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._gates = {path: _Gate.of(rule) for path, rule in rules(services).items()}
        self._verify = verify
        self._now = now

    def check(self, call: Call) -> None:
        """Set `call.caller`; raise TokenMissing, TokenInvalid or PermissionMissing."""
        gate = self._gates.get(call.method, _NO_GATE)
        if gate.is_public:
            return
        if call.authorization:
            call.caller = self._identify(call.authorization)
        elif gate.admits_anyone:
            return
        else:
            raise TokenMissing()
        if not gate.admits_every_role:
            _check_permission(call.caller.role, gate.permission)

    def _identify(self, authorization: str) -> Identity:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise TokenMissing()
        identity = self._verify(token)
        if identity.expires_at <= self._now():
            raise TokenInvalid()
        return identity


def _check_permission(role: Role, permission: AccessRule.Permission.ValueType) -> None:
    if not permission:
        raise PermissionMissing(permission="that no rule grants", role=role)
    if not permits(role, permission):
        raise PermissionMissing(permission=AccessRule.Permission.Name(permission), role=role)


def rules(services: Iterable[ServiceDescriptor]) -> dict[str, AccessRule]:
    """The rule of each method that declares one, by its path: "/sanset.v1.CartService/AddItem"."""
    return {
        f"/{service.full_name}/{method.name}": method.GetOptions().Extensions[access_pb2.access]
        for service in services
        for method in service.methods
        if method.GetOptions().HasExtension(access_pb2.access)
    }
