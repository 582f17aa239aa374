"""Security events: each kind once, floods in few entries, and a number on a metric for all of them."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from sanset.v1 import access_pb2, auth_pb2, recovery_pb2, role_pb2, service_account_pb2, user_admin_pb2
from sanset.v1.errors_pb2 import ErrorReason
from sqlalchemy import Row, func, select
from support.running_shop import PASSWORD, RunningShop
from support.staff_story import new_role

from server.audit import security
from server.audit.events import OF_PERMITTED, OF_REFUSALS, OF_SUCCESSES
from server.audit.models import AuditEntry
from server.contract import METHODS
from server.db.deadline import Deadline
from server.rpc.call import Call

pytestmark = pytest.mark.either


def last_id(shop: RunningShop) -> int:
    with shop.app.db.read() as connection:
        return connection.scalar(select(func.max(AuditEntry.id))) or 0


def events_since(shop: RunningShop, last: int, count: int, *of: Any) -> list[Row[Any]]:
    """The events after an entry, of some conditions, once there are so many: they are written a moment later."""
    statement = select(*AuditEntry.__table__.columns)
    statement = statement.where(AuditEntry.id > last, AuditEntry.event != "", *of).order_by(AuditEntry.id)
    rows: list[Row[Any]] = []
    for _ in range(300):
        with shop.app.db.read() as connection:
            rows = list(connection.execute(statement))
        if len(rows) >= count:
            break
        time.sleep(0.1)
    return rows


def fails(call: Callable[[], object]) -> None:
    with pytest.raises(grpc.RpcError):
        call()


def test_a_sign_in_that_fails_tells_whose_and_from_where(shop: RunningShop) -> None:
    account, last = shop.customer(address=False), last_id(shop)
    request = auth_pb2.LoginRequest(email=account.email, password="not-the-password-1")
    fails(lambda: shop.auth.Login(request))
    (event,) = events_since(shop, last, 1, AuditEntry.subject == f"user/{account.user_id}")
    assert (event.event, event.action) == ("SIGN_IN_FAILED", "Login")
    assert (event.actor_id, event.address, event.occurrences) == (None, "127.0.0.1", 1)
    assert event.details == {"facts": {"reason": "INVALID_CREDENTIALS"}}


def test_of_nobody_no_name_is_kept(shop: RunningShop) -> None:
    last, name = last_id(shop), f"nobody-{uuid.uuid4().hex}@shop.test"
    fails(lambda: shop.auth.Login(auth_pb2.LoginRequest(email=name, password="not-the-password-1")))
    assert events_since(shop, last, 1, AuditEntry.event == "SIGN_IN_FAILED", AuditEntry.subject == "")
    assert name not in str(events_since(shop, 0, 1))


def test_a_call_that_lacks_a_permission_is_an_event_of_its_caller(shop: RunningShop) -> None:
    buyer, last = shop.customer(address=False), last_id(shop)
    request = user_admin_pb2.ListUsersRequest()
    fails(lambda: shop.user_admin.ListUsers(request, metadata=buyer.metadata))
    (event,) = events_since(shop, last, 1, AuditEntry.actor_id == buyer.user_id)
    assert (event.event, event.action) == ("PERMISSION_REFUSED", "ListUsers")


def test_a_password_that_is_changed_and_a_token_that_is_none(shop: RunningShop) -> None:
    account, last = shop.customer(address=False), last_id(shop)
    request = recovery_pb2.ChangePasswordRequest(current_password=PASSWORD, new_password="another-horse-2")
    shop.auth.ChangePassword(request, metadata=account.metadata)
    fails(lambda: shop.auth.Refresh(auth_pb2.RefreshRequest(refresh_token="x" * 64)))
    (changed,) = events_since(shop, last, 1, AuditEntry.actor_id == account.user_id)
    assert (changed.event, changed.action) == ("PASSWORD_CHANGED", "ChangePassword")
    assert events_since(shop, last, 1, AuditEntry.event == "REFRESH_REFUSED")[0].actor_id is None


def test_keys_of_back_ends_are_told_of(shop: RunningShop) -> None:
    role = new_role(shop, access_pb2.AccessRule.MANAGE_ROLES)
    account = shop.service_accounts.CreateServiceAccount(
        service_account_pb2.CreateServiceAccountRequest(
            service_account=service_account_pb2.ServiceAccount(
                name=f"ERP {uuid.uuid4().hex[:8]}", role=role.name
            )
        ),
        metadata=shop.admin.metadata,
    )
    added = service_account_pb2.AddApiKeyRequest(service_account_id=account.id)
    last = last_id(shop)
    key = shop.service_accounts.AddApiKey(added, metadata=shop.admin.metadata).key
    metadata = (("authorization", f"Bearer {key}"),)
    shop.roles.ListRoles(role_pb2.ListRolesRequest(), metadata=metadata)
    for _ in range(3):
        fails(lambda: shop.user_admin.ListUsers(user_admin_pb2.ListUsersRequest(), metadata=metadata))
    wrong = (("authorization", "Bearer sk_wrong"),)
    fails(lambda: shop.user_admin.ListUsers(user_admin_pb2.ListUsersRequest(), metadata=wrong))
    (added_key,) = events_since(shop, last, 1, AuditEntry.subject == f"service_account/{account.id}")
    assert (added_key.event, added_key.action) == ("API_KEY_CHANGED", "AddApiKey")
    assert events_since(shop, last, 1, AuditEntry.event == "API_KEY_REFUSED")
    own = events_since(shop, last, 2, AuditEntry.actor_id == account.id)
    assert {event.event for event in own} == {"API_KEY_USED", "PERMISSION_REFUSED"}
    assert all(event.is_service for event in own)


class Clock:
    """A clock of the test's."""

    def __init__(self) -> None:
        self.seconds = 600_000_000.0

    def __call__(self) -> float:
        return self.seconds


def test_a_flood_makes_few_entries_and_all_are_counted(shop: RunningShop) -> None:
    """Of one kind one entry, and one for the others; of too many kinds only their number."""
    last, clock, registry, flood = last_id(shop), Clock(), CollectorRegistry(), 3 * security.MAX_KINDS
    kind = security.SecurityEvent.CODE_FAILED

    async def attempts() -> None:
        log = security.SecurityLog(shop.app.core.work, shop.app.core.clock, clock, registry)
        for number in range(flood):
            address = f"2001:db8::{number:x}"
            call = Call("/sanset.v1.AuthService/Login", "", address, False, None, Deadline(10))
            for _ in range(5):
                log._take(call, kind)
        await log.close()

    shop.run(attempts())
    events = events_since(shop, last, 1, AuditEntry.event == kind)
    assert len(events) <= 2 * (security.MAX_KINDS + 1)
    assert sum(event.occurrences for event in events) == 5 * flood
    counted = f'sanset_security_events_total{{event="{kind}"}} {5 * flood}.0'
    assert counted in generate_latest(registry).decode()


def test_the_methods_and_reasons_that_are_named_exist() -> None:
    assert OF_REFUSALS.keys() <= set(ErrorReason.keys())
    assert {*OF_PERMITTED, *OF_SUCCESSES} <= {method.name for method in METHODS}
