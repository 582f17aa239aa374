"""Real shops: processes, sockets, Envoy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from real_stack import Stack, stack_of
from sqlalchemy import create_engine, make_url


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A shop of two workers on SQLite, shared by the session."""
    with stack_of(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture(scope="session")
def postgres_stack(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A shop of two workers on PostgreSQL, shared by the session."""
    engine = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE DATABASE stack_shop")
    engine.dispose()
    url = make_url(postgres_server).set(database="stack_shop").render_as_string(hide_password=False)
    with stack_of(tmp_path_factory.mktemp("postgres-stack"), database_url=url) as running:
        yield running


@pytest.fixture(params=["stack", "postgres_stack"], ids=["sqlite", "postgres"])
def any_stack(request: pytest.FixtureRequest) -> Stack:
    """A running shop, on each database in turn."""
    running: Stack = request.getfixturevalue(request.param)
    return running
