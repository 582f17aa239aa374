"""Back ends: what their keys let them do, from where, and until when."""

from __future__ import annotations

import uuid
from typing import Any

import grpc
import pytest
from sanset.v1 import order_service_pb2, product_pb2, user_admin_pb2, user_pb2
from sanset.v1 import service_account_pb2 as pb
from sanset.v1.access_pb2 import AccessRule
from sanset.v1.inventory_watch_pb2 import WatchInventoryRequest
from sanset_client import Client
from sanset_client.errors import Unauthenticated
from support.clients_page import block
from support.running_shop import Account, RunningShop, refusal, refused
from support.staff_story import another_keys, employee, new_role, permit, seconds_until

pytestmark = pytest.mark.either

READ_ALL = order_service_pb2.ListOrdersRequest(all_users=True, page_size=1)


def _account(
    shop: RunningShop, *permissions: AccessRule.Permission.ValueType, **fields: Any
) -> pb.ServiceAccount:
    role = new_role(shop, *permissions).name
    account = pb.ServiceAccount(name=f"ERP {uuid.uuid4().hex}", role=role, **fields)
    request = pb.CreateServiceAccountRequest(service_account=account)
    return shop.service_accounts.CreateServiceAccount(request, metadata=shop.admin.metadata)


def _key(shop: RunningShop, account: pb.ServiceAccount, **fields: Any) -> pb.ApiKey:
    request = pb.AddApiKeyRequest(service_account_id=account.id, **fields)
    return shop.service_accounts.AddApiKey(request, metadata=shop.admin.metadata)


def _sent(key: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {key}"),)


def _reason(shop: RunningShop, key: str) -> str:
    """Why a call with a key is refused; "" when it is not."""
    try:
        shop.orders.ListOrders(READ_ALL, metadata=_sent(key))
    except grpc.RpcError as error:
        return refusal(error).reason
    return ""


def _read(shop: RunningShop, account: pb.ServiceAccount) -> pb.ServiceAccount:
    request = pb.GetServiceAccountRequest(service_account_id=account.id)
    return shop.service_accounts.GetServiceAccount(request, metadata=shop.admin.metadata)


def _change(shop: RunningShop, account: pb.ServiceAccount, **fields: Any) -> pb.ServiceAccount:
    changed = pb.ServiceAccount(id=account.id, **fields)
    request = pb.UpdateServiceAccountRequest(service_account=changed, update_mask={"paths": list(fields)})
    return shop.service_accounts.UpdateServiceAccount(request, metadata=shop.admin.metadata)


def _revoke(shop: RunningShop, account: pb.ServiceAccount, key: pb.ApiKey) -> None:
    request = pb.RevokeApiKeyRequest(service_account_id=account.id, api_key_id=key.id)
    shop.service_accounts.RevokeApiKey(request, metadata=shop.admin.metadata)


def test_a_key_lets_a_back_end_do_what_its_role_may(shop: RunningShop) -> None:
    account = _account(shop, AccessRule.MANAGE_ORDERS)
    key = _key(shop, account).key
    shop.orders.ListOrders(READ_ALL, metadata=_sent(key))
    product = product_pb2.CreateProductRequest(
        product=product_pb2.Product(name="Mug", price={"currency_code": "USD", "units": 1})
    )
    with pytest.raises(grpc.RpcError) as caught:
        shop.catalog.CreateProduct(product, metadata=_sent(key))
    assert refusal(caught.value).facts == {"permission": "MANAGE_PRODUCTS", "role": account.role}
    me = shop.users.GetMe(user_pb2.GetMeRequest(), metadata=_sent(key))
    assert (me.id, me.full_name, me.role_name) == (account.id, account.name, account.role)


def test_what_a_back_end_does_is_audited_as_its_own(shop: RunningShop) -> None:
    account = _account(shop, AccessRule.MANAGE_ORDERS)
    order = shop.order()
    step = order_service_pb2.UpdateOrderStatusRequest(order_id=order.id, status="PROCESSING")
    shop.orders.UpdateOrderStatus(step, metadata=_sent(_key(shop, account).key))
    rows = shop.sql("SELECT actor_id FROM audit_entries WHERE subject = :order", order=f"order/{order.id}")
    assert account.id in [row.actor_id for row in rows]


def test_keys_rotate_without_a_gap_and_are_told_once(shop: RunningShop) -> None:
    account, repeat = _account(shop, AccessRule.MANAGE_ORDERS), str(uuid.uuid4())
    old = _key(shop, account, request_id=repeat)
    assert old.key.startswith("sk_")
    assert old.key.startswith(old.hint)
    assert _key(shop, account, request_id=repeat).key == old.key, "a lost reply is told again"
    new = _key(shop, account)
    assert [_reason(shop, each.key) for each in (old, new)] == ["", ""]
    third = pb.AddApiKeyRequest(service_account_id=account.id)
    assert refused(shop.service_accounts.AddApiKey, third, shop.admin).reason == "TOO_MANY"
    _revoke(shop, account, old)
    assert [_reason(shop, each.key) for each in (old, new)] == ["API_KEY_INVALID", ""]
    again = pb.RevokeApiKeyRequest(service_account_id=account.id, api_key_id=old.id)
    assert refused(shop.service_accounts.RevokeApiKey, again, shop.admin).reason == "API_KEY_NOT_FOUND"
    assert [(key.id, key.key) for key in _read(shop, account).keys] == [(new.id, "")]
    stored = shop.sql("SELECT * FROM api_keys WHERE id = :id", id=new.id)
    assert new.key not in repr(stored)


def test_keys_that_are_none_are_refused_alike(shop: RunningShop) -> None:
    good = _key(shop, _account(shop, AccessRule.MANAGE_ORDERS)).key
    for bad in (
        "sk_",
        "sk_x",
        good[:-1],
        good + "A",
        good.swapcase().replace("SK_", "sk_"),
        "sk_" + "a" * 5000,
    ):
        assert _reason(shop, bad) == "API_KEY_INVALID"


def test_an_account_that_is_not_active_is_refused(shop: RunningShop) -> None:
    account = _account(shop, AccessRule.MANAGE_ORDERS)
    key = _key(shop, account).key
    assert not _change(shop, account, active=False).active
    assert _reason(shop, key) == "API_KEY_INVALID"
    _change(shop, account, active=True)
    assert _reason(shop, key) == ""


def test_a_key_is_good_from_its_networks_alone(shop: RunningShop) -> None:
    account = _account(shop, AccessRule.MANAGE_ORDERS, networks=["203.0.113.7/24", "::/0"])
    assert list(account.networks) == ["203.0.113.0/24", "::/0"]
    key = _key(shop, account).key
    assert _reason(shop, key) == "ADDRESS_NOT_ALLOWED"
    for local in ("127.0.0.0/8", "::ffff:127.0.0.0/104"):
        assert list(_change(shop, account, networks=[local]).networks) == ["127.0.0.0/8"]
        assert _reason(shop, key) == ""
    wrong = pb.ServiceAccount(id=account.id, networks=["10.0.0.0/8", "10.0.0.0/99"])
    request = pb.UpdateServiceAccountRequest(service_account=wrong)
    said = refused(shop.service_accounts.UpdateServiceAccount, request, shop.admin)
    assert said.fields == ["service_account.networks[1]"]


def test_streams_of_a_key_end_with_it(shop: RunningShop) -> None:
    account = _account(shop, AccessRule.MANAGE_INVENTORY)
    key = _key(shop, account)
    request = WatchInventoryRequest(product_ids=[shop.product().id])
    stream = shop.inventory.WatchInventory(request, metadata=_sent(key.key), timeout=60)
    next(stream)
    _revoke(shop, account, key)
    with pytest.raises(grpc.RpcError) as caught:
        list(stream)
    assert caught.value.code() == grpc.StatusCode.UNAUTHENTICATED


def test_another_worker_knows_within_250_ms(shop: RunningShop) -> None:
    role = new_role(shop, AccessRule.MANAGE_ORDERS)
    request = pb.CreateServiceAccountRequest(
        service_account=pb.ServiceAccount(name=uuid.uuid4().hex, role=role.name)
    )
    account = shop.service_accounts.CreateServiceAccount(request, metadata=shop.admin.metadata)
    first = _key(shop, account)
    with another_keys(shop) as may:
        assert may(first.key)
        key = _key(shop, account)
        measured = [seconds_until(lambda: may(key.key))]
        permit(shop, role)
        measured.append(seconds_until(lambda: not may(key.key)))
        permit(shop, role, AccessRule.MANAGE_ORDERS)
        measured.append(seconds_until(lambda: may(key.key)))
        _revoke(shop, account, key)
        measured.append(seconds_until(lambda: not may(key.key)))
        assert may(first.key)
    assert sorted(measured)[1] < 0.25


@pytest.mark.both
def test_when_a_key_was_used_is_noted(shop: RunningShop) -> None:
    account = _account(shop, AccessRule.MANAGE_ORDERS)
    key = _key(shop, account)
    assert not _read(shop, account).keys[0].HasField("last_use_time")
    with shop.counted_queries() as statements:
        assert _reason(shop, key.key) == ""
    assert not [each for each in statements if "api_keys" in each], "not by the call itself"
    uses = shop.app.rooms.service_accounts.keys
    uses.put_back(uses.take_uses())  # as where the database is away for a moment
    shop.run(shop.app.rooms.service_accounts.drain())
    assert _read(shop, account).keys[0].HasField("last_use_time")


def test_nobody_makes_a_back_end_that_may_more(shop: RunningShop) -> None:
    clerk = employee(shop, AccessRule.MANAGE_SERVICE_ACCOUNTS, AccessRule.MANAGE_ORDERS)
    stronger = _account(shop, AccessRule.MANAGE_MODELS)
    role = new_role(shop, AccessRule.MANAGE_MODELS)
    calls: list[tuple[str, Any]] = [
        ("CreateServiceAccount", {"service_account": {"name": uuid.uuid4().hex, "role": role.name}}),
        ("UpdateServiceAccount", {"service_account": {"id": stronger.id, "description": "Mine"}}),
        ("AddApiKey", {"service_account_id": stronger.id}),
        ("RevokeApiKey", {"service_account_id": stronger.id, "api_key_id": 1}),
    ]
    for method, fields in calls:
        request = getattr(pb, f"{method}Request")(**fields)
        said = refused(getattr(shop.service_accounts, method), request, clerk)
        assert said.reason == "BEYOND_OWN_PERMISSIONS", method


def test_what_is_wrong_with_a_service_account_is_said(shop: RunningShop) -> None:
    def create(by: Account, **fields: Any) -> Any:
        request = pb.CreateServiceAccountRequest(service_account=pb.ServiceAccount(**fields))
        return refused(shop.service_accounts.CreateServiceAccount, request, by)

    for role in ("ADMIN", "VENDOR", "CUSTOMER", "NOBODY"):
        assert create(shop.admin, name=uuid.uuid4().hex, role=role).fields == ["service_account.role"]
    account = _account(shop, AccessRule.MANAGE_ORDERS)
    never = pb.GetServiceAccountRequest(service_account_id=2**62)
    said = refused(shop.service_accounts.GetServiceAccount, never, shop.admin)
    assert said.reason == "SERVICE_ACCOUNT_NOT_FOUND"
    said = create(shop.admin, name=account.name, role=account.role)
    assert said.reason == "SERVICE_ACCOUNT_TAKEN"


def test_a_back_end_is_nobody_among_the_users(shop: RunningShop) -> None:
    account = _account(shop, AccessRule.MANAGE_ORDERS)
    read = user_admin_pb2.GetUserRequest(user_id=account.id)
    assert refused(shop.user_admin.GetUser, read, shop.admin).reason == "USER_NOT_FOUND"
    give = user_admin_pb2.SetUserRoleRequest(user_id=account.id, role="ADMIN")
    assert refused(shop.user_admin.SetUserRole, give, shop.admin).reason == "USER_NOT_FOUND"
    listed = user_admin_pb2.ListUsersRequest(role=account.role)
    assert not shop.user_admin.ListUsers(listed, metadata=shop.admin.metadata).items


def test_a_back_end_is_written_as_the_documentation_says(
    shop: RunningShop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    order = shop.order()
    monkeypatch.setenv("SHOP", shop.target)
    monkeypatch.setenv("SHOP_KEY", _key(shop, _account(shop, AccessRule.MANAGE_ORDERS)).key)
    exec(block("Back ends with an API key", "python"), {})
    assert f"{order.id} {order.number}\n" in capsys.readouterr().out


def test_the_python_client_calls_with_a_key(shop: RunningShop) -> None:
    account = _account(shop, AccessRule.MANAGE_ORDERS)
    key = _key(shop, account)
    with Client(shop.target, api_key=key.key) as client:
        client.orders.list_orders(all_users=True)
        _revoke(shop, account, key)
        with pytest.raises(Unauthenticated) as caught:
            client.orders.list_orders(all_users=True)
        assert caught.value.reason == "API_KEY_INVALID"
    with pytest.raises(ValueError, match="api_key: an API key begins with sk_"):
        Client(shop.target, api_key="hunter2")
