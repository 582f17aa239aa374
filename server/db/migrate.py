"""Brings a database to the newest schema, and back."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, inspect, select

from server.db import schema_state
from server.db.compatibility import SchemaServes
from server.db.properties import SEALING, ShopProperty, property_of
from server.db.schema_state import SCRIPTS, SchemaTooNew
from server.errors import CommandError


class NoSuchRevision(CommandError):
    """There is no such migration; the text says which there are."""


def upgrade(url: str, revision: str = "head") -> None:
    """Apply every migration up to `revision`. Any number of processes may do so at once; one does it."""
    command.upgrade(_config(url), revision)


def downgrade(url: str, revision: str) -> None:
    """Undo every migration down to `revision`; "base" undoes all. server/db/losses.py says what it loses."""
    command.downgrade(_config(url), revision)


def outdates_code_before(url: str, revision: str = "head") -> str | None:
    """The last step to `revision` that code of before cannot serve on; None where all of that may go on serving.

    An empty database has no code of before.
    """
    now = schema_state.current(url)
    scripts = _scripts()
    revisions = [script.revision for script in scripts]
    if now not in revisions:
        return None
    first = 0 if revision == "head" else revisions.index(revision)
    for script in scripts[first : revisions.index(now)]:
        if not _expands(script):
            return script.revision
    return None


def goes_back(url: str, revision: str) -> bool:
    """Whether `revision` lies before the database's schema. Raises NoSuchRevision, and SchemaTooNew."""
    now, revisions = schema_state.current(url), schema_state.revisions()
    if revision not in (*revisions, "base"):
        raise NoSuchRevision(f"there is no revision {revision!r}; there are base, {', '.join(revisions)}")
    if now is not None and now not in revisions:
        raise SchemaTooNew(
            f"the database's schema ({now}) was made by a later release, and only that one can change it"
        )
    return now is not None and (revision == "base" or revisions.index(revision) < revisions.index(now))


def undone(url: str, revision: str) -> Iterator[Script]:
    """The migrations that going back to `revision` undoes, the newest first."""
    now = schema_state.current(url)
    past_now = False
    for script in _scripts():
        past_now = past_now or script.revision == now
        if script.revision == revision:
            return
        if past_now:
            yield script


def mark(connection: Connection) -> None:
    """Note in the database which code may serve on its schema: back to the last step that older code cannot."""
    if not inspect(connection).has_table(SchemaServes.__tablename__):
        return
    revision = MigrationContext.configure(connection).get_current_revision()
    oldest, sealed_since = None, _sealed_since(connection)
    for script in _scripts():
        if oldest is None and script.revision != revision:
            continue
        oldest = script.revision
        if not _expands(script) or oldest == sealed_since:
            break
    if connection.scalar(select(SchemaServes.oldest_revision)) != oldest:
        connection.execute(SchemaServes.__table__.delete())  # type: ignore[attr-defined]
        if oldest is not None:
            connection.execute(SchemaServes.__table__.insert().values(oldest_revision=oldest))  # type: ignore[attr-defined]


def _sealed_since(connection: Connection) -> str | None:
    """The schema from which on code reads what this database has sealed; None while nothing is."""
    if not inspect(connection).has_table(ShopProperty.__tablename__):
        return None
    return property_of(connection, SEALING)


def _scripts() -> list[Script]:
    """Every migration, the newest first."""
    return list(ScriptDirectory(str(SCRIPTS)).walk_revisions())


def _expands(script: Script) -> bool:
    """Whether code of before the migration can serve on the schema that it leaves."""
    return bool(getattr(script.module, "EXPANDS", False))


def _config(url: str) -> Config:
    config = Config()
    # In a configuration a % begins a name
    config.set_main_option("script_location", re.sub("%", "%%", str(SCRIPTS)))
    config.attributes["url"] = url
    return config
