"""A shop of their own for the tests of what comes after a sale: they check every invariant of a whole database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.running_shop import RunningShop, test_settings


@pytest.fixture(scope="module")
def shop(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    """A running worker, on each database in turn."""
    running = RunningShop(test_settings(module_database_url, tmp_path_factory.mktemp("shop")))
    yield running
    running.stop()
