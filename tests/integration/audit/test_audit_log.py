"""What an entry of the audit log tells: who, from where, what was before and after, and nothing of a secret."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.type.money_pb2 import Money
from sanset.v1 import (
    access_pb2,
    inventory_pb2,
    order_service_pb2,
    product_pb2,
    role_pb2,
    user_admin_pb2,
    webhook_pb2,
)
from sqlalchemy import Row, select
from support.running_shop import RunningShop, refused
from support.staff_story import new_role

from server.audit.forgetting import forget_person
from server.audit.models import AuditEntry
from server.audit.signing import EntryFacts, is_signed, personal_digest
from server.audit.values import MASK
from server.clock import utc_now

pytestmark = pytest.mark.either


def entries(shop: RunningShop, subject: str) -> list[Row[Any]]:
    """The entries about something, the oldest first."""
    statement = select(*AuditEntry.__table__.columns).where(AuditEntry.subject == subject)
    with shop.app.db.read() as connection:
        return list(connection.execute(statement.order_by(AuditEntry.id)))


def test_an_entry_tells_who_did_what_from_where(shop: RunningShop) -> None:
    product = shop.product()
    metadata = (*shop.admin.metadata, ("x-request-id", "told-by-the-caller"))
    request = inventory_pb2.AdjustInventoryRequest(product_id=product.id, delta=7)
    shop.inventory.AdjustInventory(request, metadata=metadata)
    entry = entries(shop, f"product/{product.id}")[-1]
    assert (entry.action, entry.actor_id, entry.is_service) == ("AdjustInventory", shop.admin.user_id, False)
    assert (entry.request_id, entry.address) == ("told-by-the-caller", "127.0.0.1")
    assert entry.details["request"] == {"product_id": product.id, "delta": 7}
    ((where, before),) = entry.details["before"].items()
    assert entry.details["after"] == {where: before + 7}


def test_an_update_tells_what_was_before_and_after(shop: RunningShop) -> None:
    product = shop.product()
    changed = product_pb2.Product(id=product.id, name="Cup", price=Money(currency_code="USD", units=12))
    request = product_pb2.UpdateProductRequest(product=changed)
    shop.catalog.UpdateProduct(request, metadata=shop.admin.metadata)
    entry = entries(shop, f"product/{product.id}")[-1]
    assert entry.action == "UpdateProduct"
    assert entry.details["before"]["name"] == product.name
    assert entry.details["after"]["name"] == "Cup"
    assert entry.details["request"]["product"]["price"] == {"currency_code": "USD", "units": "12"}


def test_a_role_that_is_given_is_told_with_the_one_before(shop: RunningShop) -> None:
    account, role = shop.customer(address=False), new_role(shop, access_pb2.AccessRule.MANAGE_REVIEWS)
    request = user_admin_pb2.SetUserRoleRequest(user_id=account.user_id, role=role.name)
    shop.user_admin.SetUserRole(request, metadata=shop.admin.metadata)
    (entry,) = entries(shop, f"user/{account.user_id}")
    assert entry.event == "ROLE_ASSIGNED"
    assert (entry.details["before"], entry.details["after"]) == ({"role": "CUSTOMER"}, {"role": role.name})


def test_what_was_created_is_named(shop: RunningShop) -> None:
    role = new_role(shop, access_pb2.AccessRule.MANAGE_REVIEWS)
    (entry,) = entries(shop, f"role/{role.id}")
    assert (entry.action, entry.event) == ("CreateRole", "ROLE_CHANGED")
    assert entry.details["facts"]["name"] == role.name


def test_secrets_and_what_is_of_a_person_are_masked(shop: RunningShop) -> None:
    secret = f"secret{uuid.uuid4().hex}"
    endpoint = webhook_pb2.WebhookEndpoint(url=f"https://8.8.8.8/{secret}", event_types=["order.shipped"])
    shop.webhooks.CreateWebhookEndpoint(
        webhook_pb2.CreateWebhookEndpointRequest(endpoint=endpoint), metadata=shop.admin.metadata
    )
    shop.user_admin.ListUsers(user_admin_pb2.ListUsersRequest(q=secret), metadata=shop.admin.metadata)
    order = shop.order()
    step = order_service_pb2.UpdateOrderStatusRequest(order_id=order.id, status="PROCESSING", message=secret)
    shop.orders.UpdateOrderStatus(step, metadata=shop.admin.metadata)
    told = entries(shop, f"order/{order.id}")[-1]
    assert told.details["request"]["message"] == MASK
    assert told.details["request"]["status"] == "PROCESSING"
    with shop.app.db.read() as connection:
        every = [str(details) for (details,) in connection.execute(select(AuditEntry.details))]
    assert not [details for details in every if secret in details]


def test_a_refused_call_leaves_no_entry_of_something_done(shop: RunningShop) -> None:
    role = new_role(shop, access_pb2.AccessRule.MANAGE_REVIEWS)
    changed = role_pb2.Role(id=role.id, description="Changed", etag="stale")
    mask = FieldMask(paths=["description"])
    request = role_pb2.UpdateRoleRequest(role=changed, update_mask=mask)
    assert refused(shop.roles.UpdateRole, request, shop.admin).reason == "STALE_ETAG"
    assert [entry.action for entry in entries(shop, f"role/{role.id}")] == ["CreateRole"]


@pytest.mark.parametrize("column", ["action", "subject", "actor_id", "request_id", "at", "personal_digest"])
def test_the_signature_is_of_everything_that_stays(shop: RunningShop, column: str) -> None:
    role = new_role(shop, access_pb2.AccessRule.MANAGE_REVIEWS)
    (entry,) = entries(shop, f"role/{role.id}")
    vault, facts = shop.app.db.vault, EntryFacts.of(entry)
    assert entry.personal_digest == personal_digest(entry.personal_salt, entry.address, entry.details)
    assert is_signed(vault, bytes(facts), entry.signature)
    altered = {name: getattr(facts, name) for name in EntryFacts.__slots__}
    altered[column] = {"actor_id": 1 + shop.admin.user_id, "at": utc_now()}.get(column, "another")
    assert not is_signed(vault, bytes(EntryFacts(**altered)), entry.signature)


def test_a_person_who_is_forgotten_leaves_entries_that_name_no_place(shop: RunningShop) -> None:
    role = new_role(shop, access_pb2.AccessRule.MANAGE_ROLES)
    account = shop.customer(address=False)
    give = user_admin_pb2.SetUserRoleRequest(user_id=account.user_id, role=role.name)
    shop.user_admin.SetUserRole(give, metadata=shop.admin.metadata)
    staff = shop.sign_in(account.email)
    shop.roles.ListRoles(role_pb2.ListRolesRequest(), metadata=staff.metadata)
    with shop.app.db.transaction() as tx:
        forget_person(tx, account.user_id, utc_now())
    statement = select(*AuditEntry.__table__.columns).where(AuditEntry.actor_id == account.user_id)
    with shop.app.db.read() as connection:
        (entry,) = connection.execute(statement)
    assert (entry.action, entry.address, entry.details) == ("ListRoles", "", {})
    assert is_signed(shop.app.db.vault, bytes(EntryFacts.of(entry)), entry.signature)
    given, forgotten = entries(shop, f"user/{account.user_id}")
    assert (given.action, given.address) == ("SetUserRole", "127.0.0.1")
    assert forgotten.action == "ForgetPerson"
