"""SQL that keeps what people do."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import BigInteger, Connection, bindparam, func, insert, select, update

from server.catalog.models import Product
from server.db.prepared import Prepared
from server.metadata import Metadata
from server.recommend.feedback.models import BehaviorEvent
from server.user.models import User

# One view at a time is what is reported most.
_ONE = Prepared(
    select(Product.id).where(
        Product.id == bindparam("product_id", type_=BigInteger), Product.deleted_at.is_(None)
    )
)
_ADD_ONE = Prepared(insert(BehaviorEvent))


def existing(connection: Connection, product_ids: Collection[int]) -> set[int]:
    """Which of these products exist and were not deleted."""
    if len(product_ids) == 1:
        return {row.id for row in _ONE.all(connection, product_id=next(iter(product_ids)))}
    query = select(Product.id).where(Product.id.in_(product_ids), Product.deleted_at.is_(None))
    return set(connection.execute(query).scalars())


class BehaviorRow(NamedTuple):
    """Something that was done, as its row: the fields are the columns of `behavior_events`."""

    user_id: int | None
    visitor_id: str | None
    kind: str
    product_id: int | None
    query: str
    custom_metadata: Metadata | None
    list_id: str | None
    model_version: str
    origin: str
    occurred_at: datetime


def add(tx: Connection, rows: Sequence[BehaviorRow]) -> None:
    """Write what was done."""
    if len(rows) == 1:
        _ADD_ONE.later(tx, **rows[0]._asdict())
    else:
        tx.execute(insert(BehaviorEvent), [row._asdict() for row in rows])


def first_account(connection: Connection, since: datetime) -> int:
    """The first account of those that were made since; the next one that will be made when there is none."""
    first = select(func.min(User.id)).where(User.created_at >= since).scalar_subquery()
    following = select(func.coalesce(func.max(User.id), 0) + 1).scalar_subquery()
    return int(connection.scalar(select(func.coalesce(first, following))) or 0)


def take_over(tx: Connection, visitor_id: str, user_id: int) -> int:
    """Make a user's own what a visitor did, and return how many events those were."""
    event = BehaviorEvent
    return tx.execute(
        update(event)
        .where(event.visitor_id == visitor_id, event.user_id.is_(None))
        .values(user_id=user_id, visitor_id=None)
    ).rowcount
