"""How a database's schema stands to this code.

Every worker and command asks before it begins, so this does without alembic, which takes a process a quarter of a
second to load: the names of the migrations' files begin with their revisions, and sort as the chain goes.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from functools import cache
from pathlib import Path
from typing import Final

from sqlalchemy import column, inspect, make_url, select, table

from server.db.compatibility import SchemaServes
from server.db.engine import connect
from server.db.reading import reading
from server.errors import CommandError

SCRIPTS: Final = Path(__file__).parent / "migrations"
_REVISION: Final = re.compile(r"(\d{4})_\w+\.py")
_VERSION: Final = table("alembic_version", column("version_num"))


class State(Enum):
    """How a database's schema stands to this code."""

    EMPTY = auto()
    OLD = auto()
    CURRENT = auto()
    NEWER = auto()
    """Made by a later release, and this code serves on it."""
    TOO_NEW = auto()
    """Made by a later release, and this code does not know what to make of it."""


class SchemaTooNew(CommandError):
    """The database belongs to a later release; the text says so."""


@cache
def revisions() -> tuple[str, ...]:
    """Every revision that this code knows, the oldest first."""
    names = (_REVISION.fullmatch(path.name) for path in (SCRIPTS / "versions").iterdir())
    return tuple(sorted(name[1] for name in names if name is not None))


def head() -> str:
    """The newest revision that this code knows."""
    return revisions()[-1]


def current(url: str) -> str | None:
    """The revision of the database's schema; None for an empty database, or a file that is not there."""
    return _look(url)[0]


def is_current(url: str) -> bool:
    """Whether the database has the newest schema."""
    return state(url) is State.CURRENT


def state(url: str) -> State:
    """How the database's schema stands to this code."""
    return _judged(*_look(url))


def serving_state(url: str) -> State:
    """The state of a schema that is not too new; raises SchemaTooNew when this code cannot serve on it."""
    revision, oldest = _look(url)
    judged = _judged(revision, oldest)
    if judged is State.TOO_NEW:
        raise SchemaTooNew(
            f"the database's schema ({revision}) was made by a later release than this one, which knows "
            f"{head()}; run that release, or have it go back first: `sanset migrate --to {head()}`"
        )
    return judged


def _judged(revision: str | None, oldest: str | None) -> State:
    if revision is None:
        return State.EMPTY
    if revision in revisions():
        return State.CURRENT if revision == head() else State.OLD
    return State.NEWER if oldest in revisions() else State.TOO_NEW


def _look(url: str) -> tuple[str | None, str | None]:
    """The revision of the schema, and the oldest code that serves on it."""
    path = make_url(url).database
    if url.startswith("sqlite") and path and not Path(path).exists():
        return None, None  # looking would make the file
    engine = connect(url, pool_size=1)
    try:
        with reading(engine).connect() as connection:
            tables = inspect(connection)
            if not tables.has_table(_VERSION.name):
                return None, None
            revision = connection.scalar(select(_VERSION.c.version_num))
            marked = tables.has_table(SchemaServes.__tablename__)
            return revision, connection.scalar(select(SchemaServes.oldest_revision)) if marked else None
    finally:
        engine.dispose()
