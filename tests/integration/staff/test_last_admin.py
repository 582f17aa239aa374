"""One admin always remains, whoever is demoted or closed, and however many at once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from sanset.v1 import user_admin_pb2
from support.module_shop import module_shop
from support.running_shop import RunningShop, refused
from support.staff_story import give

__all__ = ["module_shop"]

ROUNDS, ADMINS = 6, 4


@pytest.fixture(autouse=True)
def _its_admin_again(shop: RunningShop) -> Iterator[None]:
    yield
    shop.sql("UPDATE users SET role = 'ADMIN', is_active = true WHERE id = :id", id=shop.admin.user_id)


def _admins(shop: RunningShop) -> list[int]:
    rows = shop.sql("SELECT id FROM users WHERE role = 'ADMIN' AND is_active ORDER BY id")
    return [row.id for row in rows]


def test_the_last_admin_is_neither_demoted_nor_closed(shop: RunningShop) -> None:
    assert _admins(shop) == [shop.admin.user_id]
    demote = user_admin_pb2.SetUserRoleRequest(user_id=shop.admin.user_id, role="CUSTOMER")
    close = user_admin_pb2.SetUserActiveRequest(user_id=shop.admin.user_id, active=False)
    assert refused(shop.user_admin.SetUserRole, demote, shop.admin).reason == "LAST_ADMIN"
    said = refused(shop.user_admin.SetUserActive, close, shop.admin)
    assert (said.code, said.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "LAST_ADMIN")
    assert said.facts == {"user_id": str(shop.admin.user_id)}
    assert _admins(shop) == [shop.admin.user_id]


def test_of_all_admins_who_are_dismissed_at_once_one_remains(shop: RunningShop) -> None:
    """Each admin dismisses each other one at the same time, by either call; a closed one comes back."""
    accounts = [shop.customer(address=False) for _ in range(ADMINS)]
    chance = random.Random(7)
    for _ in range(ROUNDS):
        for account in accounts:
            shop.sql("UPDATE users SET role = 'ADMIN', is_active = true WHERE id = :id", id=account.user_id)
        shop.sql("UPDATE users SET role = 'CUSTOMER' WHERE id = :id", id=shop.admin.user_id)

        def dismiss(user_id: int, by_role: bool) -> str:
            if by_role:
                call = shop.user_admin.SetUserRole
                request = user_admin_pb2.SetUserRoleRequest(user_id=user_id, role="CUSTOMER")
            else:
                call = shop.user_admin.SetUserActive
                request = user_admin_pb2.SetUserActiveRequest(user_id=user_id, active=False)
            try:
                call(request, metadata=shop.admin.metadata, timeout=60)
            except grpc.RpcError as error:
                return str(error.code().name)
            return "OK"

        meant = [(account.user_id, chance.random() < 0.5) for account in accounts]
        with ThreadPoolExecutor(ADMINS) as pool:
            ended = list(pool.map(lambda one: dismiss(*one), meant))
        assert sorted(ended) == ["FAILED_PRECONDITION"] + ["OK"] * (ADMINS - 1)
        assert len(_admins(shop)) == 1


def test_an_admin_who_makes_another_one_may_leave(shop: RunningShop) -> None:
    successor = shop.customer(address=False)
    give(shop, successor, "ADMIN")
    request = user_admin_pb2.SetUserRoleRequest(user_id=shop.admin.user_id, role="CUSTOMER")
    assert shop.user_admin.SetUserRole(request, metadata=successor.metadata).role == "CUSTOMER"
    back = user_admin_pb2.SetUserRoleRequest(user_id=shop.admin.user_id, role="ADMIN")
    assert shop.user_admin.SetUserRole(back, metadata=successor.metadata).role == "ADMIN"
    give(shop, successor, "CUSTOMER")
