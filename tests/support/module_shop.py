"""A running worker for the tests of one module: where what holds in all of a shop is asked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.running_shop import RunningShop, test_settings


@pytest.fixture(scope="module", name="shop")
def module_shop(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    """A running worker, on each database in turn; the shop of the session has rows that tests have spoilt."""
    running = RunningShop(test_settings(module_database_url, tmp_path_factory.mktemp("shop")))
    yield running
    running.stop()
