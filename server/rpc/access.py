"""Access: who the caller is, and whether the rule declared on the method lets them in. No rule means no."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple, Self

from google.protobuf.descriptor import ServiceDescriptor
from sanset.v1 import access_pb2
from sanset.v1.access_pb2 import AccessRule

from server.errors import PermissionDenied, TokenInvalid, Unauthenticated
from server.identity import Identity, Permission
from server.rpc.call import Call

Verify = Callable[[str], Identity]
"""Turns an access token into the caller it proves now; raises TokenInvalid, of one that has expired too."""

VerifyKey = Callable[[str, str], Identity]
"""Turns an API key, and the address it comes from, into the back end that it proves; raises its refusal."""

API_KEY: Final = "sk_"
"""How API keys begin, and access tokens do not."""

BEARER = "Bearer "
"""How almost everybody writes it; it may have any case."""


class _Gate(NamedTuple):
    """A rule as plain values, which are read faster than a message's fields."""

    is_public: bool
    admits_anyone: bool
    """Whether nobody need be signed in; a token that is sent must be valid all the same."""
    admits_every_role: bool
    permission: Permission | None

    @classmethod
    def of(cls, rule: AccessRule) -> Self:
        """As a rule says."""
        return cls(
            rule.level == AccessRule.PUBLIC,
            rule.level == AccessRule.OPTIONAL,
            rule.level in (AccessRule.OPTIONAL, AccessRule.SIGNED_IN) and not rule.permission,
            permission_of(rule),
        )


def permission_of(rule: AccessRule) -> Permission | None:
    """The permission that a rule demands; None when it demands none."""
    return Permission(AccessRule.Permission.Name(rule.permission)) if rule.permission else None


_NO_GATE = _Gate.of(AccessRule())


class TokenMissing(Unauthenticated):
    """The method needs a signed-in caller, or what was sent is no bearer token."""

    message = "Sign in first: send the metadata 'authorization: Bearer <access_token>'."


class PermissionMissing(PermissionDenied):
    """The role is not enough."""

    message = "This needs the permission {permission}, which the role {role} does not have."


def _no_key(key: str, address: str) -> Identity:
    raise TokenInvalid()


class SecondFactorNeeded(PermissionDenied, reason="SECOND_FACTOR_REQUIRED"):
    """The role would do, once its holder signs in with a second factor."""

    message = (
        "The permission {permission} needs a sign-in with a second factor. Set one up, and sign in again."
    )


class Access:
    """Enforces the rules that the protos declare."""

    def __init__(
        self, services: Iterable[ServiceDescriptor], verify: Verify, verify_key: VerifyKey = _no_key
    ) -> None:
        self._gates = {path: _Gate.of(rule) for path, rule in rules(services).items()}
        self._verify = verify
        self._verify_key = verify_key

    def check_of(self, method: str) -> Callable[[Call], None]:
        """What sets the caller of a method's calls; it raises what they are refused by."""
        is_public, admits_anyone, admits_every_role, permission = self._gates.get(method, _NO_GATE)
        identify = self._identify

        def check(call: Call) -> None:
            if is_public:
                return
            if call.authorization:
                call.caller = caller = identify(call.authorization, call.address)
            elif admits_anyone:
                return
            else:
                raise TokenMissing()
            if not admits_every_role:
                if permission is None:
                    raise PermissionMissing(permission="that no rule grants", role=caller.role)
                must_have(caller, permission)

        return check

    def _identify(self, authorization: str, address: str) -> Identity:
        if authorization.startswith(BEARER):
            token = authorization[len(BEARER) :]
        else:
            scheme, _, token = authorization.partition(" ")
            if scheme.lower() != "bearer":
                raise TokenMissing()
        return self._verify_key(token, address) if token.startswith(API_KEY) else self._verify(token)


def must_have(caller: Identity, permission: Permission) -> None:
    """Raise PermissionMissing when the caller's role lacks a permission."""
    if caller.lacks_second_factor:
        raise SecondFactorNeeded(permission=permission)
    if permission not in caller.role.permissions:
        raise PermissionMissing(permission=permission, role=caller.role)


def rules(services: Iterable[ServiceDescriptor]) -> dict[str, AccessRule]:
    """The rule of each method that declares one, by its path: "/sanset.v1.CartService/AddItem"."""
    return {
        f"/{service.full_name}/{method.name}": method.GetOptions().Extensions[access_pb2.access]
        for service in services
        for method in service.methods
        if method.GetOptions().HasExtension(access_pb2.access)
    }
