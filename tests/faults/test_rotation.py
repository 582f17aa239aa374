"""A rotation of keys that is killed again and again, while customers call: no call fails, nothing is lost.

`make test` has few accounts and kills; SANSET_ROTATION_USERS=100000 SANSET_ROTATION_KILLS=20 is what was promised.
"""

from __future__ import annotations

import json
import os
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import rotation_process
from sanset.v1 import user_pb2
from support.forked_command import Conversation
from support.running_shop import Account, RunningShop, test_settings

from server.clock import utc_now
from server.db.bulk import reserve_ids, write_rows
from server.db.schema import metadata
from server.user.sealed_addresses import sealed_columns
from server.user.sealed_phones import phone_columns
from server.verify.run import verify

USERS = int(os.environ.get("SANSET_ROTATION_USERS", "400"))
KILLS = int(os.environ.get("SANSET_ROTATION_KILLS", "3"))
EVERY = 20 if USERS < 10_000 else 400
"""How many steps further on each death is than the one before."""
OLD, NEW = "a" * 40, "b" * 40


def fill(shop: RunningShop, count: int) -> None:
    """Make accounts with a phone number and an address each, sealed with the key of before."""
    vault, now, street = shop.app.core.vault, utc_now(), {"city": "X", "country": "US"}
    with shop.app.db.transaction() as tx:
        users, addresses = metadata.tables["users"], metadata.tables["addresses"]
        user_ids = reserve_ids(tx, users, count)
        address_ids = reserve_ids(tx, addresses, count)
        rows = [
            {
                "id": user_id, "email": f"r{user_id}@shop.test", "email_key": f"r{user_id}@shop.test",
                "full_name": "Ann", "role": "CUSTOMER", "preferences": {}, "created_at": now, "updated_at": now,
                **phone_columns(vault, f"+49 {user_id}", user_id),
            }
            for user_id in user_ids
        ]  # fmt: skip
        write_rows(tx, users, tuple(rows[0]), (tuple(row.values()) for row in rows))
        places = [
            {
                "id": address_id, "user_id": user_id, "is_default": True, "created_at": now,
                **sealed_columns(vault, street | {"line1": f"{user_id} Main Street"}, address_id),
            }
            for address_id, user_id in zip(address_ids, user_ids, strict=True)
        ]  # fmt: skip
        write_rows(tx, addresses, tuple(places[0]), (tuple(row.values()) for row in places))


class Customers:
    """People who call all the time, and what went wrong."""

    def __init__(self, shop: RunningShop, accounts: list[Account]) -> None:
        self._shop = shop
        self.calls = 0
        self.failures: list[str] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._shopping, args=(each,)) for each in accounts]

    def __enter__(self) -> Customers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=60)

    def _shopping(self, account: Account) -> None:
        product = self._shop.product(stock=1_000_000).id
        turn = 0
        while not self._stop.is_set():
            turn += 1
            try:
                self._once(account, product, f"+1 555 {turn:06}")
            except Exception as error:
                self.failures.append(repr(error)[:500])

    def _once(self, account: Account, product: int, phone: str) -> None:
        shop = self._shop
        request = user_pb2.UpdateMeRequest(
            user=user_pb2.User(phone=phone), update_mask={"paths": ["phone"]}, request_id=str(uuid.uuid4())
        )
        shop.users.UpdateMe(request, metadata=account.metadata)
        repeated = shop.users.UpdateMe(request, metadata=account.metadata)
        assert repeated.phone == shop.users.GetMe(user_pb2.GetMeRequest(), metadata=account.metadata).phone
        shop.add(account, product)
        order = shop.checkout(account).order
        assert order.address.line1 == "1 Main Street"
        self.calls += 5


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[RunningShop]:
    """A shop with a new secret beside the one that everything is sealed with."""
    before = RunningShop(test_settings(database_url, tmp_path, secret_key=OLD))
    fill(before, USERS)
    before.stop()
    shop = RunningShop(test_settings(database_url, tmp_path, secret_key=NEW, previous_secret_keys=[OLD]))
    yield shop
    shop.stop()


def test_a_rotation_that_is_killed_under_load_fails_no_call_and_loses_nothing(shop: RunningShop) -> None:
    order = {
        "url": shop.settings.url,
        "models": str(shop.settings.models_dir),
        "keys": [NEW, OLD],
    }
    process = Conversation(rotation_process.main, os.environ)
    accounts = [shop.customer() for _ in range(3)]
    with Customers(shop, accounts) as customers:
        for kill in range(KILLS):
            # At first in the turn itself, then ever further on: each goes on where the one before was killed.
            process.say(json.dumps(order | {"die_at": 7 + EVERY * kill}))
            ended = process.hear()
            assert ended == "killed" or int(ended) < 7 + EVERY * kill, ended
        process.say(json.dumps(order | {"die_at": 0}))
        assert process.hear().isdigit()
        calls = customers.calls
    process.end()
    assert customers.failures == []
    assert calls > 0
    assert shop.app.core.ring.state.current == shop.app.core.ring.newest
    broken = [str(one) for one in verify(shop.app.db.engine, opens_sealed=True) if "sealed" in one.rule]
    assert broken == []
    account = accounts[0]
    assert shop.users.GetMe(user_pb2.GetMeRequest(), metadata=account.metadata).phone
