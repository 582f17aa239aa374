"""Whose an API key is, in memory: every call of a back end asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import structlog

from server.addresses import Network, address_of, network_named
from server.db.database import Database
from server.events.follower import Follower
from server.events.topics import ServiceAccountChanged
from server.identity import Identity
from server.roles.table import RoleTable
from server.service_accounts import queries
from server.service_accounts.errors import AddressNotAllowed, ApiKeyInvalid
from server.service_accounts.keys import MAX_KEY_CHARS, hash_of
from server.service_accounts.service import announcement

NEVER: Final = 4_102_444_800.0
"""When a key expires: it does not, but is revoked."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Holder:
    """Whose a key is, and from where it may be used."""

    key_id: int
    identity: Identity
    networks: tuple[Network, ...]

    def admits(self, address: str) -> bool:
        """Whether the key may be used from an address."""
        if not self.networks:
            return True
        caller = address_of(address)
        return caller is not None and any(caller in network for network in self.networks)


class ApiKeys:
    """Tells who an API key proves, for use on the event loop."""

    def __init__(self, roles: RoleTable, now: Callable[[], float]) -> None:
        self._roles = roles
        self._now = now
        self._accounts: dict[int, ServiceAccountChanged] = {}
        self._by_hash: dict[str, _Holder] = {}
        self._used: dict[int, float] = {}
        roles.on_change(lambda _: self._index())

    def verify(self, key: str, address: str) -> Identity:
        """The back end that `key` proves, calling from `address`. Raises ApiKeyInvalid and AddressNotAllowed."""
        holder = self._by_hash.get(hash_of(key)) if len(key) <= MAX_KEY_CHARS else None
        if holder is None:
            raise ApiKeyInvalid()
        if not holder.admits(address):
            log.warning(
                "security_event",
                kind="api_key_from_elsewhere",
                user_id=holder.identity.user_id,
                key_id=holder.key_id,
                address=address,
            )
            raise AddressNotAllowed(address=address)
        self._used[holder.key_id] = self._now()
        return holder.identity

    def attach(self, follower: Follower) -> None:
        """Learn of changes from the events."""
        follower.on(ServiceAccountChanged, self._take)

    def load(self, database: Database) -> None:
        """Learn which keys there are. Call it after the follower has started: no change is missed."""
        with database.read() as connection:
            rows = queries.all_accounts(connection)
            keys = queries.keys_of(connection, [row.id for row in rows])
        for row in rows:
            self._keep(announcement(row, {key.key_hash: key.id for key in keys if key.account_id == row.id}))
        self._index()

    def take_uses(self) -> list[tuple[int, datetime]]:
        """When each key was used last, since this was asked before."""
        used, self._used = self._used, {}
        return [(key_id, datetime.fromtimestamp(at, UTC)) for key_id, at in used.items()]

    def put_back(self, uses: Iterable[tuple[int, datetime]]) -> None:
        """Have uses noted later that could not be; those that came meanwhile count."""
        for key_id, at in uses:
            self._used.setdefault(key_id, at.timestamp())

    def _take(self, event: ServiceAccountChanged) -> None:
        if self._keep(event):
            self._index()

    def _keep(self, event: ServiceAccountChanged) -> bool:
        """Keep what an event says, and return whether it was new: it may be told late, and twice."""
        before = self._accounts.get(event.id)
        if before is not None and before.version >= event.version:
            return False
        self._accounts[event.id] = event
        return True

    def _index(self) -> None:
        self._by_hash = {
            key_hash: _Holder(
                key_id,
                Identity(account.id, self._roles.role(account.role), f"key {key_id}", NEVER, is_service=True),
                tuple(network_named(network) for network in account.networks),
            )
            for account in self._accounts.values()
            if account.is_active
            for key_hash, key_id in account.keys.items()
        }
