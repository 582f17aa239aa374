"""Databases that tests make and throw away."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import make_url


@contextmanager
def postgres_database(server: str, template: str = "template1") -> Iterator[str]:
    """The URL of a new database on a server, empty or a copy of another one."""
    name = f"shop_{uuid.uuid4().hex}"
    # Copying files costs a third of writing every page to the log, where nothing is synced to the disk.
    administer(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield sibling(server, name)
    administer(server, f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def copied_database(url: str, directory: Path) -> Iterator[str]:
    """The URL of a copy of a database that nobody is connected to."""
    original = make_url(url)
    assert original.database is not None
    if original.get_backend_name() == "sqlite":
        yield sqlite_database(directory, Path(original.database))
        return
    with postgres_database(sibling(url, "postgres"), original.database) as copy:
        yield copy


def copy_again(original: str, copy: str) -> None:
    """Make a database a copy of another one once more; nobody is connected to either."""
    source, target = make_url(original), make_url(copy)
    assert source.database is not None
    assert target.database is not None
    if source.get_backend_name() == "sqlite":
        for rest in ("-wal", "-shm"):
            Path(target.database + rest).unlink(missing_ok=True)
        shutil.copy(source.database, target.database)
        return
    server = sibling(original, "postgres")
    administer(server, f"DROP DATABASE {target.database} WITH (FORCE)")
    administer(server, f"CREATE DATABASE {target.database} TEMPLATE {source.database} STRATEGY FILE_COPY")


def sqlite_database(directory: Path, template: Path) -> str:
    """The URL of a copy of a SQLite file."""
    return f"sqlite:///{shutil.copy(template, directory / 'shop.db')}"


def sibling(url: str, name: str) -> str:
    """The URL of another database on the same server."""
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def administer(url: str, statement: str) -> None:
    """Run a statement that no transaction may hold."""
    conninfo = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(statement.encode())
