"""Access: a method without a rule is closed, and every rule lets in exactly whom it names."""

from __future__ import annotations

import time

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool
from sanset.v1 import access_pb2, cart_pb2, catalog_pb2
from sanset.v1.access_pb2 import AccessRule

from server.db.deadline import Deadline
from server.errors import Refusal, TokenInvalid
from server.identity import BUILT_IN, Identity, Permission, Role
from server.rpc.access import Access, rules
from server.rpc.call import Call

RULES = {
    "Public": AccessRule(level=AccessRule.PUBLIC),
    "Optional": AccessRule(level=AccessRule.OPTIONAL),
    "SignedIn": AccessRule(level=AccessRule.SIGNED_IN),
    "Products": AccessRule(permission=AccessRule.MANAGE_PRODUCTS),
    "Orders": AccessRule(permission=AccessRule.MANAGE_ORDERS),
    "Unspecified": AccessRule(),
    "Unguarded": None,
}


def _service() -> object:
    """A service with one method per kind of rule, in a pool of its own."""
    file = descriptor_pb2.FileDescriptorProto(name="test/guarded.proto", package="test", syntax="proto3")
    file.dependency.append(access_pb2.DESCRIPTOR.name)
    file.message_type.add(name="Nothing")
    service = file.service.add(name="Guarded")
    for name, rule in RULES.items():
        method = service.method.add(name=name, input_type=".test.Nothing", output_type=".test.Nothing")
        if rule is not None:
            method.options.Extensions[access_pb2.access].CopyFrom(rule)
    return descriptor_pool.Default().AddSerializedFile(file.SerializeToString()).services_by_name["Guarded"]


def _verify(token: str) -> Identity:
    role, _, seconds = token.partition("/")
    if seconds.startswith("-"):
        raise TokenInvalid()
    named = BUILT_IN.get(role) or Role(role, frozenset({Permission.MANAGE_ORDERS}))
    return Identity(1, named, "s", time.time() + 60)


ACCESS = Access([_service()], _verify)  # type: ignore[list-item]


def _answer(method: str, authorization: str | None) -> str:
    call = Call(f"/test.Guarded/{method}", "r", "127.0.0.1", False, authorization, Deadline(5))
    try:
        ACCESS.check_of(call.method)(call)
    except Refusal as refusal:
        return refusal.reason
    return call.caller.role.name if call.caller else "let in unnamed"


@pytest.mark.parametrize(
    ("method", "anonymous", "customer", "vendor", "admin"),
    [
        ("Public", "let in unnamed", "let in unnamed", "let in unnamed", "let in unnamed"),
        ("Optional", "let in unnamed", "CUSTOMER", "VENDOR", "ADMIN"),
        ("SignedIn", "TOKEN_MISSING", "CUSTOMER", "VENDOR", "ADMIN"),
        ("Products", "TOKEN_MISSING", "PERMISSION_MISSING", "VENDOR", "ADMIN"),
        ("Orders", "TOKEN_MISSING", "PERMISSION_MISSING", "PERMISSION_MISSING", "ADMIN"),
        ("Unspecified", "TOKEN_MISSING", "PERMISSION_MISSING", "PERMISSION_MISSING", "PERMISSION_MISSING"),
        ("Unguarded", "TOKEN_MISSING", "PERMISSION_MISSING", "PERMISSION_MISSING", "PERMISSION_MISSING"),
        ("Nowhere", "TOKEN_MISSING", "PERMISSION_MISSING", "PERMISSION_MISSING", "PERMISSION_MISSING"),
    ],
)
def test_a_rule_lets_in_whom_it_names(
    method: str, anonymous: str, customer: str, vendor: str, admin: str
) -> None:
    assert _answer(method, None) == anonymous
    assert _answer(method, "Bearer CUSTOMER") == customer
    assert _answer(method, "bearer VENDOR") == vendor
    assert _answer(method, "Bearer ADMIN") == admin


def test_a_role_of_the_shops_own_reaches_what_it_has_permissions_for() -> None:
    assert _answer("SignedIn", "Bearer PACKER") == "PACKER"
    assert _answer("Orders", "Bearer PACKER") == "PACKER"
    assert _answer("Products", "Bearer PACKER") == "PERMISSION_MISSING"
    assert _answer("Unguarded", "Bearer PACKER") == "PERMISSION_MISSING"


def test_the_server_knows_every_permission_of_the_contract() -> None:
    named = AccessRule.Permission.keys()
    assert list(Permission) == [name for name in named if name != "PERMISSION_UNSPECIFIED"]


@pytest.mark.parametrize(
    ("authorization", "reason"),
    [
        ("Basic YTpi", "TOKEN_MISSING"),
        ("ADMIN", "TOKEN_MISSING"),
        ("Token ADMIN", "TOKEN_MISSING"),
        ("Bearer ADMIN/-1", "TOKEN_INVALID"),
    ],
)
def test_a_header_that_proves_nothing_is_refused_even_where_none_is_needed(
    authorization: str, reason: str
) -> None:
    assert _answer("Optional", authorization) == reason
    assert _answer("SignedIn", authorization) == reason


def test_the_rules_are_read_by_path() -> None:
    found = rules([cart_pb2.DESCRIPTOR.services_by_name["CartService"]])
    assert found["/sanset.v1.CartService/AddItem"].level == AccessRule.OPTIONAL
    assert found["/sanset.v1.CartService/SyncCart"].level == AccessRule.SIGNED_IN
    catalog = rules([catalog_pb2.DESCRIPTOR.services_by_name["CatalogService"]])
    assert catalog["/sanset.v1.CatalogService/GetProduct"].level == AccessRule.OPTIONAL
    assert catalog["/sanset.v1.CatalogService/CreateProduct"].permission == AccessRule.MANAGE_PRODUCTS
