"""A shop that a command works on: its database running, its schema the newest, its owner right."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from server.bootstrap import environments
from server.bootstrap.database import running_database
from server.db.schema_state import State, serving_state
from server.errors import CommandError
from server.settings import Settings


@contextmanager
def open_shop(settings: Settings) -> Iterator[Settings]:
    """The settings of a shop with its database running; raises CommandError when there is no shop in it."""
    with running_database(settings) as ready:
        require_schema(ready)
        environments.claim(ready)
        yield ready


def require_schema(settings: Settings) -> None:
    """Raise CommandError where the database has not the newest schema, or one that this code can serve on."""
    if serving_state(settings.url) in (State.EMPTY, State.OLD):
        command = "demo" if settings.environment == "demo" else "migrate"
        raise CommandError(f"the database has not the newest schema; run `sanset {command}` first")
