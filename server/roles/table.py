"""What each role may do now, in memory: every call of a signed-in user asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from server.db.database import Database
from server.events.follower import Follower
from server.events.topics import RoleChanged
from server.identity import BUILT_IN, Role
from server.roles import queries

Listener = Callable[[str], None]
"""Is told the name of a role that has other permissions now."""


class _Version(NamedTuple):
    """How new what is known of a role is; a name that is used again has a larger id."""

    id: int
    version: int


_NEVER: Final = _Version(0, 0)


class RoleTable:
    """The roles by name, for use on the event loop; one that does not exist has no permissions."""

    def __init__(self) -> None:
        self._roles = dict(BUILT_IN)
        self._versions: dict[str, _Version] = {}
        self._listeners: list[Listener] = []

    def role(self, name: str) -> Role:
        """The role of a name."""
        return self._roles.get(name) or Role(name)

    def on_change(self, listener: Listener) -> None:
        """Have `listener` told of roles that changed."""
        self._listeners.append(listener)

    def attach(self, follower: Follower) -> None:
        """Learn of changes from the events."""
        follower.on(RoleChanged, self._take)

    def load(self, database: Database) -> None:
        """Learn what the roles are. Call it after the follower has started: no change is missed."""
        with database.read() as connection:
            for stored in queries.all_roles(connection):
                self._take(RoleChanged(stored.name, stored.id, stored.version, tuple(stored.permissions)))

    def _take(self, event: RoleChanged) -> None:
        """Keep what an event says, unless more is known: it may be told late, and twice."""
        version = _Version(event.id, event.version)
        if event.name in BUILT_IN or version <= self._versions.get(event.name, _NEVER):
            return
        self._versions[event.name] = version
        self._roles[event.name] = queries.role_of(event.name, event.permissions)
        for listener in self._listeners:
            listener(event.name)
