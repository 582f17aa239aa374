"""People who work for the shop: roles of its own, and accounts that have them."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sanset.v1 import role_pb2, user_admin_pb2
from sanset.v1.access_pb2 import AccessRule
from support.running_shop import Account, RunningShop

from server.auth.tokens import TokenVerifier
from server.db.database import Database
from server.events.follower import Follower
from server.identity import Identity
from server.roles.table import RoleTable
from server.service_accounts.errors import ApiKeyInvalid
from server.service_accounts.table import ApiKeys


def new_role(shop: RunningShop, *permissions: AccessRule.Permission.ValueType) -> role_pb2.Role:
    """A role of the shop's own with these permissions."""
    role = role_pb2.Role(name=f"R{uuid.uuid4().hex[:20].upper()}", permissions=permissions)
    return shop.roles.CreateRole(role_pb2.CreateRoleRequest(role=role), metadata=shop.admin.metadata)


def permit(
    shop: RunningShop, role: role_pb2.Role, *permissions: AccessRule.Permission.ValueType
) -> role_pb2.Role:
    """Have a role permit this and nothing else."""
    changed = role_pb2.Role(id=role.id, permissions=permissions)
    request = role_pb2.UpdateRoleRequest(role=changed, update_mask={"paths": ["permissions"]})
    return shop.roles.UpdateRole(request, metadata=shop.admin.metadata)


def give(shop: RunningShop, account: Account, role: str) -> None:
    """Give an account a role."""
    request = user_admin_pb2.SetUserRoleRequest(user_id=account.user_id, role=role)
    assert shop.user_admin.SetUserRole(request, metadata=shop.admin.metadata).role == role


def employee(shop: RunningShop, *permissions: AccessRule.Permission.ValueType) -> Account:
    """Somebody with a role of these permissions, signed in since before they got it."""
    account = shop.customer(address=False)
    give(shop, account, new_role(shop, *permissions).name)
    return account


def seconds_until(happens: Callable[[], bool]) -> float:
    """How long it takes until something is so."""
    begun = time.monotonic()
    while not happens():
        assert time.monotonic() - begun < 60
        time.sleep(0.005)
    return time.monotonic() - begun


@contextmanager
def another_keys(shop: RunningShop) -> Iterator[Callable[[str], bool]]:
    """Tells whether another worker takes an API key that may do something."""
    database = Database(shop.settings.url)
    roles, follower = RoleTable(), Follower(database)
    keys = ApiKeys(roles, time.time)
    roles.attach(follower)
    keys.attach(follower)

    async def start() -> None:
        follower.start()

    def may(key: str) -> bool:
        try:
            return bool(keys.verify(key, "127.0.0.1").role.permissions)
        except ApiKeyInvalid:
            return False

    shop.run(start())
    roles.load(database)
    keys.load(database)
    try:
        yield may
    finally:
        follower.stop()
        database.close()


@contextmanager
def another_verifier(shop: RunningShop) -> Iterator[Callable[[str], Identity]]:
    """Tells as another worker does whom a token proves."""
    database = Database(shop.settings.url)
    roles = RoleTable()
    verifier, follower = TokenVerifier.of(shop.settings, roles), Follower(database)
    roles.attach(follower)
    verifier.attach(follower)

    async def start() -> None:
        follower.start()

    shop.run(start())
    roles.load(database)
    verifier.load(database)
    try:
        yield verifier.verify
    finally:
        follower.stop()
        database.close()
