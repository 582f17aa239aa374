"""A shop of its own for hostile calls, on each database: nothing else in the session shares its data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.databases import postgres_database, sqlite_database
from support.running_shop import RunningShop, test_settings
from world import World


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A running worker with users of every role."""
    home = tmp_path_factory.mktemp("hostile")
    if request.param == "sqlite":
        yield from _world(sqlite_database(home, request.getfixturevalue("sqlite_template")), home)
        return
    server, name = (request.getfixturevalue(f"postgres_{part}") for part in ("server", "template"))
    with postgres_database(server, name) as url:
        yield from _world(url, home)


def _world(url: str, home: Path) -> Iterator[World]:
    # A stream asked to begin after the last step there can be says nothing but its heartbeats.
    shop = RunningShop(test_settings(url, home, heartbeat_seconds=0.3))
    yield World(shop)
    shop.stop()
