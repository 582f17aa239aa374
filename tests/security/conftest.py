"""A shop of its own for hostile calls, on each database: nothing else in the session shares its data."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from every_rpc import World
from running_shop import RunningShop, test_settings
from sqlalchemy import create_engine, make_url


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A running worker with users of every role."""
    home = tmp_path_factory.mktemp("hostile")
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        url = f"sqlite:///{shutil.copy(template, home / 'shop.db')}"
    else:
        server: str = request.getfixturevalue("postgres_server")
        url = _copy(server, request.getfixturevalue("postgres_template"), f"hostile_{uuid.uuid4().hex}")
    # A stream asked to begin after the last step there can be says nothing but its heartbeats.
    shop = RunningShop(test_settings(url, home, heartbeat_seconds=0.3))
    yield World(shop)
    shop.stop()


def _copy(server: str, template: str, name: str) -> str:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
    engine.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)
