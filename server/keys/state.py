"""Reads what the database says of the keys, and turns to another one."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import Connection, Engine

from server.crypto.purposes import LASTING, Purpose
from server.crypto.ring import KeyRing, KeyState, KeyUnknown
from server.crypto.vault import Cell, Unreadable, Vault
from server.db.database import Database
from server.db.engine import connect
from server.db.properties import SEALING
from server.db.reading import reading
from server.db.sealing import give_vault
from server.events.log import publish
from server.events.topics import KeysTurned
from server.keys import queries
from server.settings import Settings

SEALED_SINCE: Final = "0045"
"""The schema whose code reads what is sealed."""

log = structlog.get_logger()


def open_database(settings: Settings, *, pool_size: int, despite_lost_key: bool = False) -> Database:
    """The database of a shop with its keys, for a command.

    Raises KeyUnknown, unless it is to go on without the key.
    """
    db = Database(settings.url, pool_size=pool_size, vault=Vault(settings.ring))
    try:
        adopt(db.engine, settings.ring)
    except KeyUnknown:
        if not despite_lost_key:
            raise
        with db.transaction() as tx:
            queries.set_current(tx, settings.ring.oldest)
            publish(tx, KeysTurned())
        adopt(db.engine, settings.ring)
    return db


def open_engine(settings: Settings, *, pool_size: int) -> Engine:
    """The same without limits of time, for what takes long."""
    engine = connect(settings.url, pool_size=pool_size)
    adopt(engine, settings.ring)
    give_vault(engine, Vault(settings.ring))
    return engine


def adopt(engine: Engine, ring: KeyRing) -> None:
    """Have a ring go by what the database says; of a shop that says nothing yet its oldest secret is the first.

    Raises KeyUnknown.
    """
    with reading(engine).connect() as connection:
        state = read(connection, ring)
    if state is None:
        with engine.begin() as tx:
            queries.claim(tx, ring.oldest)
            state = read(tx, ring)
        assert state is not None  # it has just been claimed
    ring.adopt(state)


def read(connection: Connection, ring: KeyRing) -> KeyState | None:
    """What the database says of the keys; None while it says nothing."""
    said = queries.properties(connection)
    if queries.CURRENT not in said:
        return None
    return KeyState(
        first=said[queries.FIRST],
        current=said[queries.CURRENT],
        is_sealing=SEALING in said,
        stored=_stored(connection, ring),
    )


def turn(tx: Connection, ring: KeyRing, now: datetime) -> bool:
    """Have everything new made with SECRET_KEY, keep the keys that outlive their secret, and begin to seal.

    False where all that was done before. Workers learn of it with the commit.
    """
    state = read(tx, ring)
    assert state is not None  # who turns has adopted what the database says
    turned = KeyState(first=state.first, current=ring.newest, is_sealing=True, stored=state.stored)
    if turned == state and not _to_keep(ring, turned):
        return False
    ring.adopt(turned)
    for (purpose, name), key in _to_keep(ring, turned).items():
        queries.keep(tx, purpose, name, _sealed(ring, purpose, name, key), now)
    for (purpose, name), key in state.stored.items():
        queries.keep(tx, purpose, name, _sealed(ring, purpose, name, key), now)
    queries.set_current(tx, ring.newest)
    queries.begin_sealing(tx, SEALED_SINCE)
    publish(tx, KeysTurned())
    return True


def _to_keep(ring: KeyRing, state: KeyState) -> dict[tuple[Purpose, str], bytes]:
    """The keys that would be lost with PREVIOUS_SECRET_KEYS."""
    wanted = [(purpose, name) for purpose in LASTING for name in ring.ids if name != state.current]
    return {
        (purpose, name): key
        for purpose, name in wanted
        if (purpose, name) not in state.stored and (key := ring.key(purpose, name)) is not None
    }


def _stored(connection: Connection, ring: KeyRing) -> dict[tuple[Purpose, str], bytes]:
    vault, stored = Vault(ring), {}
    for row in queries.kept_keys(connection):
        try:
            opened = vault.open(row.sealed, stored_key_cell(row.purpose, row.key_id))
        except Unreadable:  # `sanset verify` says so, too
            log.error("kept_key_unreadable", purpose=row.purpose, key=row.key_id)
            continue
        stored[Purpose(row.purpose), row.key_id] = base64.urlsafe_b64decode(opened)
    return stored


def _sealed(ring: KeyRing, purpose: Purpose, name: str, key: bytes) -> str:
    return Vault(ring).seal(base64.urlsafe_b64encode(key).decode(), stored_key_cell(purpose, name))


def stored_key_cell(purpose: str, name: str) -> Cell:
    """Where a stored key is sealed to."""
    return Cell("kept_keys.sealed", f"{purpose} {name}")
