"""`sanset roles` and `sanset api-keys`: the first back end of a shop, from the command line."""

from __future__ import annotations

import uuid

import grpc
import pytest
from sanset.v1.order_service_pb2 import ListOrdersRequest
from support.command_line import Sanset
from support.running_shop import RunningShop, refusal
from support.staff_story import seconds_until

from server.cli import api_keys, roles

pytestmark = pytest.mark.either

READ_ALL = ListOrdersRequest(all_users=True, page_size=1)


def _reason(shop: RunningShop, key: str) -> str:
    """Why a call with a key is refused; "" when it is not."""
    try:
        shop.orders.ListOrders(READ_ALL, metadata=(("authorization", f"Bearer {key}"),))
    except grpc.RpcError as error:
        return refusal(error).reason
    return ""


def test_a_back_end_gets_a_role_and_keys_which_hold_in_the_running_shop(
    shop: RunningShop, sanset: Sanset, capsys: pytest.CaptureFixture[str]
) -> None:
    url = {"DATABASE_URL": shop.settings.url}
    name = f"ERP_{uuid.uuid4().hex[:10].upper()}"
    words = [name.lower(), "manage_orders", "--description", "Of the ERP"]
    assert sanset("roles", "create", *words, **url) == (0, "")
    db = shop.app.core.db
    first = api_keys.create(db, name, name, ["127.0.0.1"])
    seconds_until(lambda: _reason(shop, first) == "")
    status, told = sanset("api-keys", "create", name, **url)
    assert (status, told) == (0, "This key is told once: keep it where the back end finds it.\n")
    api_keys.list_keys(db)
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith(name)]
    assert [first[:10] in row for row in rows] == [True, False], "it has two keys"
    key_id = shop.sql("SELECT min(id) AS id FROM api_keys WHERE hint = :hint", hint=first[:10])[0].id
    assert sanset("api-keys", "revoke", name, "--key", str(key_id), **url) == (0, "")
    seconds_until(lambda: _reason(shop, first) == "API_KEY_INVALID")
    roles.list_roles(db)
    assert name in capsys.readouterr().out


def test_what_is_wrong_is_said_in_a_line(shop: RunningShop, sanset: Sanset) -> None:
    url = {"DATABASE_URL": shop.settings.url}
    for words, said in (
        (["roles", "create"], "say `sanset roles`"),
        (["roles", "create", "SUPPORT", "FLY"], "there is no permission FLY; there are: MANAGE_PRODUCTS"),
        (["roles", "create", "a b", "MANAGE_ORDERS"], "role.name: "),
        (["roles", "create", "ADMIN"], "There is another role ADMIN"),
        (["api-keys", "create", "Nobody's"], "there is no back end Nobody's: say with --role"),
        (
            ["api-keys", "create", "ERP", "--role", "ADMIN"],
            "service_account.role: must be a role of the shop's own",
        ),
        (["api-keys", "create", "ERP", "--role", "NONE"], "service_account.role: must be one of ADMIN"),
        (["api-keys", "revoke", "Nobody's", "--key", "1"], "there is no back end Nobody's."),
        (["api-keys", "revoke", "ERP"], "say `sanset api-keys`"),
    ):
        status, told = sanset(*words, **url)
        assert (status, told.count("\n")) == (1, 1), told
        assert told.startswith(f"sanset: {said}"), told
