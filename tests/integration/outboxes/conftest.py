"""A shop of the outboxes' own on each database: other tests' orders would be mailed too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from outbox_desk import Desk
from running_shop import RunningShop, test_settings


@pytest.fixture(scope="module")
def own_shop(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    """A running shop, whose webhooks may go to this host."""
    home = tmp_path_factory.mktemp("outboxes")
    shop = RunningShop(test_settings(module_database_url, home, webhook_allow_private=True))
    yield shop
    shop.stop()


@pytest.fixture
def desk(own_shop: RunningShop) -> Iterator[Desk]:
    """The shop's outboxes, with nothing in them."""
    desk = Desk(own_shop)
    yield desk
    desk.close()
