"""The migrations: up, down and up again, and the schema they make is the one that the code declares."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import inspect

from server.db import migrate
from server.db.engine import connect
from server.db.schema import metadata


@pytest.fixture
def empty_url(database_url: str) -> str:
    """The URL of a database without a schema: the migrations undid what they had done."""
    migrate.downgrade(database_url, "base")
    return database_url


def _tables(url: str) -> set[str]:
    engine = connect(url, pool_size=1)
    try:
        return set(inspect(engine).get_table_names()) - {"alembic_version"}
    finally:
        engine.dispose()


def _indexes(url: str) -> set[str]:
    """The names of all indexes, those of expressions too."""
    engine = connect(url, pool_size=1)
    catalogue = (
        "SELECT name FROM sqlite_master WHERE type = 'index'"
        if url.startswith("sqlite")
        else "SELECT indexname FROM pg_indexes WHERE schemaname = 'public'"
    )
    try:
        with engine.connect() as connection:
            return set(connection.exec_driver_sql(catalogue).scalars())
    finally:
        engine.dispose()


def test_down_leaves_nothing_and_up_makes_all_tables_again(empty_url: str) -> None:
    assert _tables(empty_url) == set()
    assert migrate.current(empty_url) is None
    assert not migrate.is_current(empty_url)
    migrate.upgrade(empty_url)
    assert _tables(empty_url) == set(metadata.tables)
    assert migrate.is_current(empty_url)


def test_an_upgrade_of_what_is_current_changes_nothing(database_url: str) -> None:
    before = migrate.current(database_url)
    migrate.upgrade(database_url)
    assert migrate.current(database_url) == before


# Alembic says that it cannot compare expressions; the test below looks for their indexes.
@pytest.mark.filterwarnings("ignore:.*expression-based index")
def test_the_migrations_make_the_schema_that_the_code_declares(database_url: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate.SCRIPTS))
    config.attributes["url"] = database_url
    command.check(config)


def test_every_declared_index_exists_also_those_that_cannot_be_compared(database_url: str) -> None:
    declared = {str(index.name) for table in metadata.tables.values() for index in table.indexes}
    assert declared <= _indexes(database_url)


def test_a_database_is_made_where_there_was_none(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    assert migrate.current(url) is None
    migrate.upgrade(url)
    assert _tables(url) == set(metadata.tables)
