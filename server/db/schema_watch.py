"""Tells a running worker when another release has changed the schema so that its own code cannot serve on it."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import text

from server.db.database import Database
from server.db.schema_state import State, state

_STANDING = text(
    "SELECT version_num AS revision, (SELECT max(oldest_revision) FROM schema_serves) AS oldest "
    "FROM alembic_version"
)


class _Standing(NamedTuple):
    """What the schema says of itself: SQLite's migrations change the first before the second."""

    revision: str
    oldest: str | None


class SchemaWatch:
    """Compares what the schema says of itself with what this code has accepted."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._accepted: _Standing | None = None

    def outgrown(self) -> str | None:
        """The revision of a schema that this code cannot serve on; None while it can.

        Raises SQLAlchemyError when the database does not answer.
        """
        standing = self._standing()
        if standing == self._accepted:
            return None
        url = self._db.engine.url.render_as_string(hide_password=False)
        if state(url) not in (State.CURRENT, State.NEWER):
            return standing.revision
        self._accepted = standing
        return None

    def _standing(self) -> _Standing:
        with self._db.read() as connection:
            row = connection.execute(_STANDING).one_or_none()
        return _Standing("", None) if row is None else _Standing(*row)
