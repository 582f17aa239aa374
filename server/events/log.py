"""Writes to the event table, in the transaction that makes the event true."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, literal_column
from sqlalchemy.sql.dml import ReturningInsert

from server.clock import utc_now
from server.db.database import Announcement, announce
from server.events.models import Event

# What the topics mean, and their keys. A key of "*" means every one.
PRODUCT = "product"  # id of a product that changed or was deleted
STOCK = "stock"  # payload {"products": [ids]}: their stock changed
CATEGORY = "category"  # the tree changed
ORDER = "order"  # id of an order that took a step; payload: the step
SESSION = "session"  # id of a session that was revoked
BEHAVIOR = "behavior"  # id of the user, or v:visitor, who did something
MODEL = "model"  # id of the model that was activated
TRAINING = "training"  # id of a training that moved on
CATALOG = "catalog"  # "*": everything may have changed, as after an import

_THIS_TRANSACTION: ColumnElement[int] = literal_column("(pg_current_xact_id()::text)::bigint")
_NO_TRANSACTION: ColumnElement[int] = literal_column("0")


@cache
def _insert(dialect: str) -> ReturningInsert[int]:
    transaction = _THIS_TRANSACTION if dialect == "postgresql" else _NO_TRANSACTION
    return insert(Event).values(transaction_id=transaction).returning(Event.id)


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to write."""

    topic: str
    key: str = "*"
    payload: dict[str, Any] | None = None


def publish(tx: Connection, *events: NewEvent) -> None:
    """Write events in one statement; every worker learns of them once the transaction is committed."""
    now = utc_now()
    rows = [
        {"topic": event.topic, "key": event.key, "payload": event.payload, "created_at": now}
        for event in events
    ]
    ids = tx.execute(_insert(tx.dialect.name), rows).scalars().all()
    # One INSERT numbers its rows in their order, but need not return them in it.
    pairs = zip(sorted(ids), events, strict=True)
    announce(tx, [Announcement(i, e.topic, e.key, e.payload) for i, e in pairs])
