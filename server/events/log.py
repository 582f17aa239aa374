"""Writes to the event table, in the transaction that makes the event true."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any, Final, Protocol

from sqlalchemy import ColumnElement, Connection, bindparam, func, insert, literal_column, select

from server.clock import utc_now
from server.db.base import Json, Statement, UtcDateTime
from server.db.database import CHANNEL, Announcement, announce
from server.db.prepared import Prepared
from server.events.models import Event, JsonObject

# What the topics mean, and their keys. A key of "*" means every one.
PRODUCT = "product"  # id of a product that changed or was deleted; payload {"lists": [names]} where it moved
STOCK = "stock"  # payload {"products": [ids]}: their stock changed; "flipped": false if none sold out or came back
# also "levels": [[product, variant, location, available]], those that moved, with what is there now
SALES = "sales"  # "*": the sales by which products are sorted were counted
CATEGORY = "category"  # the tree changed
ORDER = "order"  # id of an order that took a step; payload: the step, and of a confirmed one what it holds
SESSION = "session"  # id of a session that was revoked
BEHAVIOR = "behavior"  # id of the user, or v:visitor, who did something; payload: what, and where from
CART = "cart"  # id of the user whose cart holds other products now; payload {"added": id} after adding
MODEL = "model"  # id of the model that was activated, or is tried by an experiment that began or ended
TRAINING = "training"  # id of a training that moved on
VERIFIED = "verified"  # payload {"violations": count}: the whole database was checked
WEBHOOK = "webhook"  # id of an endpoint that was changed, or to which something is to be sent again
SERVICE_ACCOUNT = (
    "service_account"  # id of a back end's account; payload: what it may, and the hashes of its keys
)
ROLE = "role"  # name of a role of the shop's own; payload: which version of it, and what it may do
ACCOUNT = "account"  # id of a user who has another role; payload {"role": name, "version": count of changes}
IMPORT = "import"  # id of an import of products that moved on
CATALOG = "catalog"  # "*": everything may have changed, as after an import
SYNONYMS = "synonyms"  # "*": a synonym was created, changed or deleted
SUGGESTIONS = "suggestions"  # "*": other queries may be suggested
NOTICE = "notice"  # "*": something is to be mailed of an account
KEYS = "keys"  # "*": what is new is made with another key
EMBEDDED = "embedded"  # "*"; payload {"products": [ids]}: a sentence model placed them

_THIS_TRANSACTION: ColumnElement[int] = literal_column("(pg_current_xact_id()::text)::bigint")
_NO_TRANSACTION: ColumnElement[int] = literal_column("0")


URGENT = frozenset({SESSION, ROLE, ACCOUNT, SERVICE_ACCOUNT, CATALOG, KEYS})
"""Of these the commit itself tells, which costs it a lock of the whole cluster: a session that was revoked, or a
permission that was taken away, must not be accepted for longer because a worker died right after, and the
processes of imports and of a rotation of keys tell nobody."""

MAX_NAMED: Final = 16
"""Events that are written with parameters of their own, by a statement for each number of them; more are one."""

_NOTIFY = Prepared(select(func.pg_notify(CHANNEL, "")))


def _transaction(dialect: str) -> ColumnElement[int]:
    return _THIS_TRANSACTION if dialect == "postgresql" else _NO_TRANSACTION


def _written_at(dialect: str) -> ColumnElement[datetime]:
    if dialect == "postgresql":
        return literal_column("clock_timestamp()")
    return bindparam("created_at", type_=UtcDateTime)


@cache
def _insert(count: int) -> Prepared:
    """Inserts `count` events; the parameters of the second are named topic_1, key_1 …"""

    def build(dialect: str) -> Statement:
        rows = [
            {
                "transaction_id": _transaction(dialect),
                "topic": bindparam(f"topic_{i}"),
                "key": bindparam(f"key_{i}"),
                "payload": bindparam(f"payload_{i}", type_=Json),
                "created_at": _written_at(dialect),
            }
            for i in range(count)
        ]
        return insert(Event).values(rows).returning(Event.id)

    return Prepared(build)


def _insert_many(dialect: str) -> Statement:
    """Inserts any number of events, [topic, key, payload] each, in their order."""
    parameter = bindparam("events", type_=Json)
    if dialect == "postgresql":
        rows = (
            func.jsonb_array_elements(parameter)
            .table_valued("value", with_ordinality="position")
            .render_derived()
        )
        values: list[ColumnElement[Any]] = [
            literal_column(part) for part in ("value ->> 0", "value ->> 1", "value -> 2")
        ]
        position: ColumnElement[int] = rows.c.position
    else:
        rows = func.json_each(parameter).table_valued("value", "key")
        part = rows.c.value
        values = [func.json_extract(part, "$[0]"), func.json_extract(part, "$[1]")]
        values.append(func.json_quote(func.json_extract(part, "$[2]")))
        position = rows.c.key
    selected = (
        select(_transaction(dialect), *values, _written_at(dialect)).select_from(rows).order_by(position)
    )
    columns = ["transaction_id", "topic", "key", "payload", "created_at"]
    return insert(Event).from_select(columns, selected).returning(Event.id)


_INSERT_MANY = Prepared(_insert_many)


class Publishable(Protocol):
    """An event as it is written; server/events/topics.py has a type per topic."""

    @property
    def topic(self) -> str:
        """What it is about."""
        ...

    @property
    def key(self) -> str:
        """Which one of these changed."""
        ...

    def to_json(self) -> JsonObject | None:
        """What is to be told beside the key."""
        ...


def publish(tx: Connection, *events: Publishable) -> None:
    """Write events in one statement; every worker learns of them once the transaction is committed."""
    values: dict[str, object] = {} if tx.dialect.name == "postgresql" else {"created_at": utc_now()}
    rows = [(event.topic, event.key, event.to_json()) for event in events]
    if tx.dialect.name == "postgresql" and any(topic in URGENT for topic, _, _ in rows):
        _NOTIFY.later(tx)
    if len(rows) > MAX_NAMED:
        written = _INSERT_MANY.later(tx, events=rows, **values)
    else:
        for i, (topic, key, payload) in enumerate(rows):
            values |= {f"topic_{i}": topic, f"key_{i}": key, f"payload_{i}": payload}
        written = _insert(len(rows)).later(tx, **values)

    def numbered() -> Iterator[Announcement]:
        # One INSERT numbers its rows in their order, but need not return them in it.
        ids = sorted(row.id for row in written.all()) if written.has_run else []
        return (Announcement(i, *row) for i, row in zip(ids, rows, strict=False))

    announce(tx, numbered)
