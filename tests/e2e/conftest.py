"""Real shops: processes, sockets, Envoy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.databases import postgres_database
from support.real_stack import Stack, stack_of


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A shop of two workers on SQLite, shared by the session."""
    with stack_of(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture(scope="session")
def postgres_stack(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A shop of two workers on PostgreSQL, shared by the session."""
    home = tmp_path_factory.mktemp("postgres-stack")
    with postgres_database(postgres_server) as url, stack_of(home, database_url=url) as running:
        yield running


@pytest.fixture(params=["stack", "postgres_stack"], ids=["sqlite", "postgres"])
def any_stack(request: pytest.FixtureRequest) -> Stack:
    """A running shop, on each database in turn."""
    running: Stack = request.getfixturevalue(request.param)
    return running
