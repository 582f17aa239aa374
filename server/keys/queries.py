"""SQL of what the database says of the keys; one function per question."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from server.db.base import AnyRow
from server.db.properties import SEALING, ShopProperty, set_once
from server.db.upsert import insert_for
from server.keys.models import KeptKey

FIRST: Final = "first_key"
CURRENT: Final = "current_key"


def properties(connection: Connection) -> dict[str, str]:
    """What the shop says of its keys, by name."""
    statement = select(ShopProperty.name, ShopProperty.value).where(
        ShopProperty.name.in_([FIRST, CURRENT, SEALING])
    )
    return {row.name: row.value for row in connection.execute(statement)}


def claim(tx: Connection, name: str) -> None:
    """Note the first key of a shop, unless it has one."""
    set_once(tx, FIRST, name)
    set_once(tx, CURRENT, name)


def set_current(tx: Connection, name: str) -> None:
    """Note which key is used for what is new."""
    statement = insert_for(tx)(ShopProperty).values(name=CURRENT, value=name)
    tx.execute(
        statement.on_conflict_do_update(
            index_elements=[ShopProperty.name], set_={"value": statement.excluded.value}
        )
    )


def begin_sealing(tx: Connection, revision: str) -> None:
    """Note that personal values are sealed, which code from before this schema cannot read."""
    set_once(tx, SEALING, revision)


def kept_keys(connection: Connection) -> Sequence[AnyRow]:
    """The keys that are kept, sealed."""
    return connection.execute(select(KeptKey.purpose, KeptKey.key_id, KeptKey.sealed)).all()


def keep(tx: Connection, purpose: str, key_id: str, sealed: str, now: datetime) -> None:
    """Keep a key, in place of what is kept of it."""
    statement = insert_for(tx)(KeptKey).values(purpose=purpose, key_id=key_id, sealed=sealed, kept_at=now)
    tx.execute(
        statement.on_conflict_do_update(
            index_elements=[KeptKey.purpose, KeptKey.key_id], set_={"sealed": statement.excluded.sealed}
        )
    )
