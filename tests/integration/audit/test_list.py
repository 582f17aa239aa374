"""The list of the audit log: filters, pages, and who may read it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from google.protobuf.json_format import MessageToDict
from google.protobuf.timestamp_pb2 import Timestamp
from sanset.v1 import access_pb2, audit_pb2, inventory_pb2
from support.page_by_page import page_by_page
from support.running_shop import RunningShop, refused
from support.staff_story import employee, new_role

from server.audit.events import SecurityEvent
from server.audit.log import Actor, insert_entry
from server.clock import utc_now


def listed(shop: RunningShop, **filters: object) -> list[audit_pb2.AuditLog]:
    """The entries that filters let in."""
    request = audit_pb2.ListAuditLogsRequest(page_size=100, **filters)  # type: ignore[arg-type]
    return list(shop.audit.ListAuditLogs(request, metadata=shop.admin.metadata).items)


def test_an_entry_is_shown_as_it_was_written(shop: RunningShop) -> None:
    product = shop.product()
    request = inventory_pb2.AdjustInventoryRequest(product_id=product.id, delta=7)
    shop.inventory.AdjustInventory(request, metadata=shop.admin.metadata)
    newest, created = listed(shop, object=f"product/{product.id}")
    assert (newest.action, newest.actor_id, newest.address) == (
        "AdjustInventory",
        shop.admin.user_id,
        "127.0.0.1",
    )
    assert (newest.is_service_account, newest.occurrences, newest.security_event) == (False, 1, 0)
    assert MessageToDict(newest.request) == {"product_id": product.id, "delta": 7}
    assert newest.time.ToDatetime() >= created.time.ToDatetime()
    assert created.action == "CreateProduct"


def test_filters_narrow_the_list_together(shop: RunningShop) -> None:
    role = new_role(shop, access_pb2.AccessRule.MANAGE_REVIEWS)
    subject, address, actor_id = f"role/{role.id}", "203.0.113.77", 2**41 + role.id
    with shop.app.db.transaction() as tx:
        for ago in (3, 2, 1):
            at = utc_now() - timedelta(days=ago)
            insert_entry(tx, Actor(actor_id, "", address), f"Act{ago}", subject, at, details={})
    own = {"actor_id": actor_id, "object": subject, "address": address}
    assert [entry.action for entry in listed(shop, **own)] == ["Act1", "Act2", "Act3"]
    assert [entry.action for entry in listed(shop, **own, action="Act2")] == ["Act2"]
    start, end = Timestamp(), Timestamp()
    start.FromDatetime(utc_now() - timedelta(days=2, hours=1))
    end.FromDatetime(utc_now() - timedelta(days=1, hours=1))
    assert [entry.action for entry in listed(shop, **own, start_time=start, end_time=end)] == ["Act2"]
    assert listed(shop, **own, security_events=True) == []
    (created,) = listed(shop, object=subject, security_events=True)
    assert created.security_event == audit_pb2.AuditLog.ROLE_CHANGED
    kind = audit_pb2.AuditLog.ROLE_CHANGED
    assert listed(shop, object=subject, security_event=kind) == [created]
    assert listed(shop, object=subject, security_event=audit_pb2.AuditLog.ROLE_ASSIGNED) == []
    assert not list(listed(shop, object="role/0"))


def test_a_list_is_read_page_by_page(shop: RunningShop) -> None:
    subject = f"test/{utc_now().timestamp()}"
    with shop.app.db.transaction() as tx:
        for number in range(5):
            insert_entry(tx, Actor(), f"Act{number}", subject, utc_now(), details={})
    pages = page_by_page(
        lambda token: shop.audit.ListAuditLogs(
            audit_pb2.ListAuditLogsRequest(object=subject, page_size=2, page_token=token),
            metadata=shop.admin.metadata,
        )
    )
    assert [[entry.action for entry in page.items] for page in pages] == [
        ["Act4", "Act3"],
        ["Act2", "Act1"],
        ["Act0"],
    ]


def test_a_list_costs_one_query_and_its_own_entry(shop: RunningShop) -> None:
    with shop.counted_queries() as statements:
        listed(shop)
    assert len(statements) == 1 + 1


@pytest.mark.parametrize(
    "permission", [access_pb2.AccessRule.VIEW_AUDIT_LOG, access_pb2.AccessRule.MANAGE_USERS]
)
def test_a_permission_of_its_own_lets_read_it(shop: RunningShop, permission: int) -> None:
    account = employee(shop, permission)
    request = audit_pb2.ListAuditLogsRequest(action="ListAuditLogs", actor_id=account.user_id)
    if permission == access_pb2.AccessRule.VIEW_AUDIT_LOG:
        assert not shop.audit.ListAuditLogs(request, metadata=account.metadata).items
        assert shop.audit.ListAuditLogs(request, metadata=account.metadata).items, "who reads it is in it"
    else:
        assert refused(shop.audit.ListAuditLogs, request, account).reason == "PERMISSION_MISSING"


def test_every_event_is_one_of_the_contracts() -> None:
    named = set(audit_pb2.AuditLog.SecurityEvent.keys())
    assert named - {"SECURITY_EVENT_UNSPECIFIED"} == set(SecurityEvent)
